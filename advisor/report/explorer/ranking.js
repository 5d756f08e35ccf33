/* Which candidate is better: the objective and the order of ties, as in advisor/solve/recommend/ranking.py, and what
   nothing beats. An objective is a list of steps {metric, tolerance, relative}. */

const TIES = ["response_ms", "energy_j", "memory_mb"];

/** A step's metric of a row as a figure of which less is better; unknown is infinitely bad. */
function badnessOf({ table, column }, { metric }) {
  const values = column(metric);
  const sign = table.metrics[metric].more_is_better ? -1 : 1;
  return (row) => (Number.isNaN(values[row]) ? Infinity : sign * values[row]);
}

/** How bad a candidate may be beside a best of this badness. */
function worstAccepted({ tolerance, relative }, badness) {
  return badness + 1e-12 * Math.abs(badness) + tolerance * (relative ? Math.abs(badness) : 1);
}

function leastOf(rows, figure) {
  return rows.reduce((least, row) => Math.min(least, figure(row)), Infinity);
}

/** Rows sorted by the first figure, then the second, ... */
function sortedBy(rows, keys) {
  return [...rows].sort((one, other) => {
    for (const key of keys) {
      const gap = key(one) - key(other); // NaN between infinite ones
      if (gap) return gap;
    }
    return 0;
  });
}

/** Rows, best first: those that come through every step, then those that fell out at one, the later the better. */
function inOrder(figures, objective, rows) {
  const { board, architecture, weights, batch, runtime, precision, processor, threads } = figures.table.rows;
  const places = [batch, architecture, weights, runtime.index, precision.index, processor.index, threads.index, board];
  const byPlace = places.map((column) => (row) => column[row]);
  const ordered = (step, group) => {
    const steps = [step, ...objective];
    const ties = TIES.map((metric) => badnessOf(figures, { metric }));
    const decide = steps.map((each) => badnessOf(figures, each));
    const proven = (row) => Number(figures.unproven?.(row) ?? false);
    return sortedBy(group, [...decide, proven, ...ties, ...byPlace]);
  };
  let found = [];
  for (const step of objective.slice(0, -1)) {
    const badness = badnessOf(figures, step);
    const worst = worstAccepted(step, leastOf(rows, badness));
    found = [...ordered(step, rows.filter((row) => !(badness(row) <= worst))), ...found];
    rows = rows.filter((row) => badness(row) <= worst);
  }
  return [...ordered(objective.at(-1), rows), ...found];
}

/** Of rows in order, the first of every network on every board. */
function firstOfEach({ table }, rows) {
  const seen = new Set();
  return rows.filter((row) => {
    const network = table.rows.board[row] * table.architectures.length + table.rows.architecture[row];
    return !seen.has(network) && seen.add(network);
  });
}

/** The rows that would take the pick's place if they, too, met every limit. */
function preferred(figures, objective, rows, feasible, pick) {
  let ousting = [];
  for (const step of objective.slice(0, -1)) {
    const badness = badnessOf(figures, step);
    const worst = worstAccepted(step, leastOf(feasible, badness));
    ousting = ousting.concat(rows.filter((row) => worstAccepted(step, badness(row)) < badness(pick)));
    [rows, feasible] = [rows, feasible].map((these) => these.filter((row) => badness(row) <= worst));
  }
  const badness = badnessOf(figures, objective.at(-1));
  return [...new Set([...ousting, ...rows.filter((row) => badness(row) < badness(pick))])];
}

/** How each step of the objective but the last narrowed the choice. */
function narrowingsOf(figures, objective, rows) {
  return objective.slice(0, rows.length ? -1 : 0).map((step) => {
    const badness = badnessOf(figures, step);
    const best = leastOf(rows, badness);
    rows = rows.filter((row) => badness(row) <= worstAccepted(step, best));
    return { step, best: Math.abs(best), left: rows.length };
  });
}

/** The rows that no other one beats on two metrics, along the first; of equal ones the first stays. */
function frontierOf(figures, metrics, rows) {
  const badness = metrics.map((metric) => badnessOf(figures, { metric }));
  const known = rows.filter((row) => badness.every((figure) => figure(row) < Infinity));
  let least = Infinity;
  return sortedBy(known, badness).filter((row) => badness[1](row) < least && ((least = badness[1](row)), true));
}
