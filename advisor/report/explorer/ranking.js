/* Which candidate is better: the objective, and the order of ties. The twin of advisor/solve/recommend/ranking.py.
   An objective is a list of steps {metric, tolerance, relative}; positions are row numbers. */

/** A step's metric of one row as a figure of which less is better; unknown is infinitely bad. */
function badnessOf(table, column, step) {
  const { value } = column(step.metric);
  const sign = table.metrics[step.metric].more_is_better ? -1 : 1;
  return (row) => (Number.isNaN(value[row]) ? Infinity : sign * value[row]);
}

/** How bad a candidate may be beside a best of this badness. */
function worstAccepted(step, badness) {
  const hair = 1e-12 * Math.abs(badness);
  return badness + hair + step.tolerance * (step.relative ? Math.abs(badness) : 1);
}

/** `positions` in groups, the better group first, each with the step that ranks it. */
function groupsOf(table, column, objective, positions) {
  const fallen = [];
  for (const step of objective.slice(0, -1)) {
    const badness = badnessOf(table, column, step);
    const worst = worstAccepted(step, leastOf(positions, badness));
    fallen.unshift({ step, positions: positions.filter((row) => !(badness(row) <= worst)) });
    positions = positions.filter((row) => badness(row) <= worst);
  }
  return [{ step: objective.at(-1), positions }, ...fallen];
}

function leastOf(positions, figure) {
  return positions.reduce((least, row) => Math.min(least, figure(row)), Infinity);
}

/** `positions`, best first: the objective, then response, energy, memory, batch, and at last the names. */
function inOrder(table, column, objective, positions) {
  return groupsOf(table, column, objective, positions).flatMap((group) => {
    const steps = [group.step, ...objective.filter((step) => step !== group.step)];
    const figures = ["response_ms", "energy_j", "memory_mb"].map((key) => column(key).value);
    const keys = [
      ...steps.map((step) => badnessOf(table, column, step)),
      ...figures.map((value) => (row) => value[row]),
      ...[table.batch, table.architecture, table.weights_index].map((index) => (row) => index[row]),
      ...[table.runtime.index, table.precision.index, table.board].map((index) => (row) => index[row]),
    ];
    return sortedBy(group.positions, keys);
  });
}

/** Rows sorted by the first figure, then the second, ...; unknown figures come last. */
function sortedBy(positions, keys) {
  return [...positions].sort((one, other) => {
    for (const key of keys) {
      const [first, second] = [key(one), key(other)];
      if (first === second || (Number.isNaN(first) && Number.isNaN(second))) continue;
      if (Number.isNaN(first)) return 1;
      if (Number.isNaN(second)) return -1;
      return first < second ? -1 : 1;
    }
    return 0;
  });
}

/** Of rows in order, the first of every network on every board. */
function firstOfEach(table, positions) {
  const seen = new Set();
  return positions.filter((row) => {
    const network = table.board[row] * table.architectures.length + table.architecture[row];
    return !seen.has(network) && seen.add(network);
  });
}

/** The candidates that would take the pick's place if they, too, met every limit. */
function preferred(table, column, objective, positions, fitting, pick) {
  const ousting = new Set();
  let level = positions;
  for (const step of objective.slice(0, -1)) {
    const badness = badnessOf(table, column, step);
    for (const row of level) if (worstAccepted(step, badness(row)) < badness(pick)) ousting.add(row);
    const worst = worstAccepted(step, leastOf(fitting, badness));
    level = level.filter((row) => badness(row) <= worst);
    fitting = fitting.filter((row) => badness(row) <= worst);
  }
  const badness = badnessOf(table, column, objective.at(-1));
  for (const row of level) if (badness(row) < badness(pick)) ousting.add(row);
  return positions.filter((row) => ousting.has(row));
}

/** How each step of the objective but the last narrowed the choice. */
function narrowingsOf(table, column, objective, positions) {
  const told = [];
  for (const step of positions.length ? objective.slice(0, -1) : []) {
    const badness = badnessOf(table, column, step);
    const best = leastOf(positions, badness);
    positions = positions.filter((row) => badness(row) <= worstAccepted(step, best));
    told.push({ step, best: Math.abs(best), left: positions.length });
  }
  return told;
}
