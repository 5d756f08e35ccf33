/* The choice: keep what meets every limit, rank it, account for the rest. The twin of
   advisor/solve/recommend/recommend.py. Pure: settings in, answer out. Settings are what settings.js describes. */

/** What follows from a table and settings. */
function choose(table, settings) {
  const constraints = constraintsOf(table, settings);
  const situation = situationOf(settings, constraints);
  const column = figuresIn(table, situation);
  const positions = eligible(table, settings);
  const verdicts = verdictsOf(column, constraints, positions);
  const { objective, confidence } = settings;
  const within = positions.filter((row) => verdicts.failed[row] === 0);
  const fitting = inOrder(table, column, objective, within.filter(sureEnough));
  const chanceOf = (row) => chance({ table, column, situation, row }, constraints);

  function sureEnough(row) {
    if (!constraints.length || !confidence) return true;
    const case_ = { table, column, situation, row };
    const alone = constraints.map((each) => chanceAlone(case_, each));
    if (1 - alone.reduce((sum, each) => sum + (1 - each), 0) >= confidence) return true;
    return Math.min(...alone) >= confidence && chance(case_, constraints) >= confidence;
  }

  const answer = { table, settings, constraints, situation, column, positions, verdicts, fitting, within };
  return { ...answer, chanceOf, best: fitting[0] ?? null };
}

/** All limits of some settings, in the order in which answers list them. */
function constraintsOf(table, settings) {
  const order = Object.values(table.metrics).map((metric) => metric.name);
  const found = [...settings.conditions];
  for (const { name, metric, sense } of table.limits) {
    const limit = settings.limits[name] ?? null;
    if (limit === null) continue;
    const tail = name === "response" ? table.tails[settings.statistic] : undefined;
    found.push({ name, metric: tail ?? metric, sense, limit });
  }
  const rank = ({ name, sense }) => 2 * order.indexOf(name) + (sense === "min");
  return found.sort((one, other) => rank(one) - rank(other));
}

/** What the metrics depend on beside the candidate. */
function situationOf(settings, constraints) {
  const rate = constraints.find(({ name, sense }) => name === "fps" && sense === "min");
  return { fps: rate ? rate.limit : null, overheadMs: settings.overheadMs, batteryJ: settings.batteryJ };
}

/** The rows on the boards and of the batch sizes of some settings. */
function eligible(table, { boards, batches }) {
  const found = [];
  for (let row = 0; row < table.count; row++) {
    const board = table.boards[table.board[row]];
    const sizes = batches ?? board.own_batches;
    if ((boards === null || boards.includes(board.name)) && sizes.includes(table.batch[row])) found.push(row);
  }
  return found;
}

/** How every candidate stands to every limit. */
function verdictsOf(column, constraints, positions) {
  const values = constraints.map(({ metric }) => column(metric).value);
  const failed = [];
  const isMet = (place, row) => {
    const { sense, limit } = constraints[place];
    return sense === "min" ? values[place][row] >= limit : values[place][row] <= limit;
  };
  const excess = (place, row) => {
    if (isMet(place, row)) return 0;
    const ratio = Math.abs(Math.log(values[place][row] / constraints[place].limit));
    return Number.isNaN(ratio) ? Infinity : ratio;
  };
  const largestExcess = (row) => constraints.reduce((most, _, place) => Math.max(most, excess(place, row)), 0);
  for (const row of positions) {
    failed[row] = constraints.reduce((count, _, place) => count + !isMet(place, row), 0);
  }
  const knownExcess = (row) => constraints.reduce((sum, _, place) => {
    const each = excess(place, row);
    return sum + (each === Infinity ? 0 : each);
  }, 0);
  return { values, failed, isMet, excess, largestExcess, knownExcess };
}

/** What does not fit, the nearest first: by how many limits it fails, and by how much. */
function rejectedInOrder({ table, column, settings, positions, fitting, verdicts }) {
  const fits = new Set(fitting);
  const rest = inOrder(table, column, settings.objective, positions.filter((row) => !fits.has(row)));
  const excess = new Map(rest.map((row) => [row, verdicts.largestExcess(row)]));
  return sortedBy(rest, [(row) => verdicts.failed[row], (row) => excess.get(row)]);
}

/** What each limit rejects, how many figures it lacks, and which of the rejected comes nearest. */
function rejectionsOf(answer) {
  const { constraints, verdicts, positions } = answer;
  return constraints.map((constraint, place) => {
    const unknown = positions.filter((row) => Number.isNaN(verdicts.values[place][row]));
    const rejected = positions.filter(
      (row) => !verdicts.isMet(place, row) && !Number.isNaN(verdicts.values[place][row]),
    );
    const nearest = leastBy(answer, rejected, (row) => verdicts.failed[row], (row) => verdicts.excess(place, row));
    const alsoFails = constraints.filter(
      (_, other) => nearest !== null && other !== place && !verdicts.isMet(other, nearest),
    );
    return { constraint, rejected: rejected.length, unknown: unknown.length, nearest, alsoFails };
  });
}

/** What keeps the pick from being better: the nearest of what the objective prefers; or null. */
function bindingOf(answer) {
  const { table, column, settings, positions, fitting, best, constraints, verdicts } = answer;
  const better = preferred(table, column, settings.objective, positions, fitting, best);
  const row = leastBy(answer, better, verdicts.largestExcess, (each) => verdicts.failed[each], verdicts.knownExcess);
  return row === null ? null : { row, constraints: constraints.filter((_, place) => !verdicts.isMet(place, row)) };
}

/** What meets every limit by its figures, but is not sure enough; or null. */
function unsureOf({ within, fitting, chanceOf }) {
  const fits = new Set(fitting);
  const doubtful = within.filter((row) => !fits.has(row));
  if (!doubtful.length) return null;
  const chances = doubtful.map(chanceOf);
  return { count: doubtful.length, likeliest: doubtful[chances.indexOf(Math.max(...chances))] };
}

/** Of some rows, that with the least first figure, then second, ..., then the best; or null. */
function leastBy({ table, column, settings }, positions, ...figures) {
  for (const figure of figures) {
    const least = leastOf(positions, figure);
    positions = positions.filter((row) => figure(row) === least);
  }
  return inOrder(table, column, settings.objective, positions)[0] ?? null;
}
