/* How probable it is that a candidate meets its limits, as advisor/solve/candidates/chance.py has it: limits on metrics
   that follow from the same inputs are met or not together, the others independently. A limit is
   {name, metric, sense: "min" | "max", limit}. */

const HARDLY = 0.01; // what is less probable is written as less than that

/** Whether a figure is known and within a limit. */
function meets({ sense, limit }, figure) {
  return sense === "min" ? figure >= limit : figure <= limit;
}

/** The probability that a row meets all limits, as a function of the row; 0 where a figure is unknown. */
function chancesOf(figures, constraints) {
  const groups = sharingInputs(figures, constraints);
  const ofGroup = (group, row) =>
    (group.length > 1 ? chanceTogether(figures, group, row) : chanceAlone(figures, group[0], row));
  return remembered((row) => groups.reduce((joint, group) => joint * ofGroup(group, row), 1));
}

/** The probability that a row meets one limit. */
function chanceAlone(figures, { metric, sense, limit }, row) {
  const figure = figures.spread(metric, row);
  if (Number.isNaN(figure.value)) return 0;
  const below = chanceBelow(figure, limit);
  const found = sense === "max" ? below : 1 - below;
  return figure.value === limit && found === 0 ? 1 : found; // no error, met exactly
}

/** The probability that several limits are met together: sampled, and bounded by what each is by itself. */
function chanceTogether(figures, constraints, row) {
  const alone = constraints.map((each) => chanceAlone(figures, each, row));
  const missed = alone.reduce((sum, each) => sum + (1 - each), 0);
  return Math.min(Math.max(shareMet(figures, constraints, row), 1 - missed), ...alone);
}

/** Whether nothing can be said of that: a limited figure could be anything, and no other limit is missed all but surely. */
function chanceUnknown(figures, constraints, row) {
  const isAnything = ({ metric }) => figures.isAnything(metric, row);
  const others = constraints.filter((each) => !isAnything(each));
  return others.length < constraints.length && others.every((each) => chanceAlone(figures, each, row) >= HARDLY);
}

/** The share of joint samples of the inputs that meet several limits. */
function shareMet(figures, constraints, row) {
  const names = [...new Set(constraints.flatMap(({ metric }) => figures.inputs(metric)))];
  const sampled = figures.sampled(names, names.map((name) => figures.inputSpread(name, row)), row);
  const met = new Uint8Array(figures.table.lattices[0][0].length).fill(1);
  for (const constraint of constraints) {
    const samples = sampled(constraint.metric);
    for (let place = 0; place < met.length; place++) met[place] &= meets(constraint, samples[place]);
  }
  return met.reduce((sum, each) => sum + each) / met.length;
}

/** The limits in groups whose metrics share no uncertain input. */
function sharingInputs({ inputs }, constraints) {
  return constraints.reduce((groups, constraint) => {
    const own = new Set(inputs(constraint.metric));
    const shares = (group) => group.some(({ metric }) => inputs(metric).some((name) => own.has(name)));
    const shared = groups.filter(shares).reduce((merged, group) => [...group, ...merged], [constraint]);
    return [...groups.filter((group) => !shares(group)), shared];
  }, []);
}
