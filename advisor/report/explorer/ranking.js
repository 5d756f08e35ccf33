/* Which candidate is better: the objective and the order of ties, as in advisor/solve/recommend/ranking.py, and what
   nothing beats. An objective is a list of steps {metric, tolerance, relative}. */

const TIES = ["energy_j", "memory_mb"];
const AT_ONCE = 256;

/** A step's metric of a row as a figure of which less is better; unknown is infinitely bad. */
function badnessOf({ badness }, { metric }) {
  const figures = badness(metric);
  return (row) => figures[row];
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

/** The same one after the other, as they are asked for: for the first few of many, the others are not sorted. */
function* inTurn(rows, keys) {
  const [first, ...others] = keys;
  if (rows.length <= AT_ONCE || !first) return void (yield* sortedBy(rows, keys));
  const figures = Float64Array.from(rows, first).sort();
  let above = NaN;
  for (let [taken, size] = [0, AT_ONCE]; taken < rows.length; size *= 4) {
    const last = figures[Math.min(taken + size, rows.length) - 1];
    const level = rows.filter((row) => first(row) === last);
    const better = rows.filter((row) => first(row) < last && !(first(row) <= above));
    yield* sortedBy(better, keys);
    yield* inTurn(level, others);
    taken += better.length + level.length;
    above = last;
  }
}

/**
 * By what rows are ordered: those that come through every step, then those that fell out at one, the later the better.
 * The best of a step is the best of those that may be best.
 */
function keysOf(figures, objective, rows, mayBeBest = () => true) {
  const steps = objective.slice(0, -1).map((step) => {
    const badness = badnessOf(figures, step);
    const best = firstOf(inTurn(rows, [badness]), mayBeBest);
    const worst = worstAccepted(step, best === null ? Infinity : badness(best));
    rows = rows.filter((row) => badness(row) <= worst);
    return (row) => badness(row) <= worst;
  });
  const { board, architecture, weights, batch, runtime, precision, processor, threads } = figures.table.rows;
  const places = [batch, architecture, weights, runtime.index, precision.index, processor.index, threads.index, board];
  const badness = objective.map((step) => badnessOf(figures, step));
  const [response, rate] = ["response_ms", "fps"].map((metric) => badnessOf(figures, { metric }));
  const fell = (row) => {
    const place = steps.findIndex((isThrough) => !isThrough(row));
    return place < 0 ? steps.length : place;
  };
  return [
    ...(steps.length ? [(row) => -fell(row), (row) => badness[fell(row)](row)] : []),
    ...badness,
    (row) => Number(figures.unproven?.(row) ?? false),
    response,
    (row) => (response(row) === Infinity ? rate(row) : 0),
    ...TIES.map((metric) => badnessOf(figures, { metric })),
    ...places.map((column) => (row) => column[row]),
  ];
}

/** The first for which something is so; or null. */
function firstOf(rows, isSo = () => true) {
  for (const row of rows) if (isSo(row)) return row;
  return null;
}

/** The first few. */
function firstFew(rows, most) {
  const found = [];
  for (const row of rows) if (found.push(row) === most) break;
  return found;
}

/** Whether a row is the first that is asked for of its network on its board. */
function onceEach({ rows, architectures }) {
  const seen = new Set();
  return (row) => {
    const network = rows.board[row] * architectures.length + rows.architecture[row];
    return !seen.has(network) && Boolean(seen.add(network));
  };
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
