/* The choice: keep what meets every limit, rank it, account for the rest, as in advisor/solve/recommend. Pure:
   settings in, answer out. Settings are what settings.js describes. */

const ERROR_OF_SAMPLING = 0.02; // no chance of several limits is further off
const MOST_LOOKED_AT = 200; // so many of the best are looked at in passing

/**
 * What follows from a table and settings. `feasible` is what may be picked, in whatever order, and `inTurn` gives it best
 * first. In passing, while a slider moves over many candidates, the pick is found, and of the others only the best are
 * held against the confidence.
 */
function choose(table, settings, { inPassing = false } = {}) {
  const { objective } = settings;
  const constraints = constraintsOf(table, settings);
  const judged = judge(table, constraints, settings, eligible(table, settings));
  const { nominal, isSure, isOut, isFeasible } = judged;
  const looked = inPassing ? bestAmong(judged, objective, nominal, isFeasible) : nominal;
  const likely = looked.filter(isSure);
  const feasible = likely.filter((row) => !isOut(row));
  const ranked = () => (inPassing ? feasible : inTurn(feasible, keysOf(judged, objective, feasible)));
  return {
    ...judged, settings, constraints, likely, feasible, inTurn: ranked, best: firstOf(ranked()),
    left_out: likely.length - feasible.length, inPassing,
  };
}

/** How rows of a table stand to limits, at the confidence of some settings: `nominal` meet all by their figures. */
function judge(table, constraints, settings, considered) {
  const confidence = confidenceOf(table, settings);
  const known = figuresIn(table, situationOf(settings, constraints));
  const unproven = remembered((row) => constraints.some(({ metric }) => known.isUnproven(metric, row)));
  const figures = { ...known, unproven };
  const values = constraints.map(({ metric }) => figures.column(metric));
  const missed = (row) => constraints.filter((each, place) => !meets(each, values[place][row]));
  const failed = countsOfMissed(constraints, values, table.count);
  const chanceOf = chancesOf(figures, constraints);
  const isUnknown = remembered((row) => chanceUnknown(figures, constraints, row));
  const aloneOf = remembered((row) => constraints.map((each) => chanceAlone(figures, each, row)));

  /** Whether a row's chance is at least that. Joint ones are costly: at least 1 - sum(1 - p), at most the least p. */
  function isLikely(row, probability) {
    if (probability <= 0) return true;
    const alone = aloneOf(row);
    if (1 - alone.reduce((sum, each) => sum + (1 - each), 0) >= probability) return true;
    return Math.min(...alone) >= probability && chanceOf(row) >= probability;
  }

  const nominal = considered.filter((row) => !failed[row]);
  const isSure = remembered((row) => isLikely(row, confidence));
  const isOut = (row) => Boolean(settings.confidence) && unproven(row); // a confidence that is said asks for proof
  const isFeasible = (row) => isSure(row) && !isOut(row);
  return { ...figures, considered, nominal, missed, failed, aloneOf, chanceOf, isUnknown, isLikely, isSure, isOut, isFeasible };
}

/** The probability with which candidates are to meet all limits; 0 where their figures are enough. */
function confidenceOf(table, { confidence }) {
  return confidence ?? table.defaults.usual_confidence;
}

/** The best of rows by their figures, in order, as many as it takes to find one that is feasible. */
function bestAmong(figures, objective, rows, isFeasible) {
  const found = [];
  let none = true;
  for (const row of inTurn(rows, keysOf(figures, objective, rows, isFeasible))) {
    found.push(row);
    none &&= !isFeasible(row);
    if (!none && found.length >= MOST_LOOKED_AT) break;
  }
  return found;
}

/** How many limits each row misses. */
function countsOfMissed(constraints, values, count) {
  const found = new Uint8Array(count);
  constraints.forEach((each, place) => {
    const figures = values[place];
    for (let row = 0; row < count; row++) if (!meets(each, figures[row])) found[row] += 1;
  });
  return found;
}

/** All limits of some settings, in the order in which answers list them. */
function constraintsOf(table, settings) {
  const found = [...settings.conditions];
  for (const { name, metric, sense, tails } of table.limits) {
    const limit = settings.limits[name] ?? null;
    const without = table.metrics[metric].needs_battery && settings.battery_j === null;
    if (limit !== null && !without) found.push({ name, metric: tails[settings.statistic] ?? metric, sense, limit });
  }
  const order = Object.keys(table.metrics);
  const rank = ({ metric, sense }) => 2 * order.indexOf(metric) + (sense === "min");
  return found.sort((one, other) => rank(one) - rank(other));
}

/** The figures of the inputs that stand in the question. */
function situationOf({ overhead_ms, battery_j }, constraints) {
  const rate = constraints.find(({ name, sense }) => name === "fps" && sense === "min")?.limit;
  return { required_fps: rate ?? NaN, arrival_fps: rate ?? Infinity, overhead_ms, battery_j: battery_j ?? NaN };
}

/** The rows on the boards, of the batch sizes, and run as some settings have it. */
function eligible(table, settings) {
  const { boards, rows } = table;
  const chosen = new Set(boardsIn(table, settings));
  const sizes = boards.map((board) => (chosen.has(board) ? settings.batches ?? board.own_batches : []));
  const asked = VARIANT.filter((name) => settings.variant[name] !== null);
  const wanted = asked.map((name) => rows[name].names.map((each) => settings.variant[name].includes(each)));
  const places = asked.map((name) => rows[name].index);
  const found = [];
  for (let row = 0; row < table.count; row++) {
    if (sizes[rows.board[row]].includes(rows.batch[row]) && wanted.every((isWanted, place) => isWanted[places[place][row]])) found.push(row);
  }
  return found;
}

/** How many more candidates are known not to fit in their board's memory. */
function outOfMemory(table, settings) {
  const chosen = new Set(boardsIn(table, settings));
  return table.out_of_memory.filter((each) => {
    const board = table.boards[each.board];
    return chosen.has(board) && (settings.batches ?? board.own_batches).includes(each.batch)
      && VARIANT.every((name) => settings.variant[name]?.includes(each[name]) ?? true);
  }).length;
}

/** Of rows in their order, the first of each board, as many as there are. */
function bestOfEachBoard({ table, feasible, inTurn }) {
  const { board } = table.rows;
  const left = new Set(feasible.map((row) => board[row]));
  const found = [];
  for (const row of left.size ? inTurn() : []) {
    if (left.delete(board[row])) found.push(row);
    if (!left.size) break;
  }
  return found;
}

/** Of each of some boards, by their places, on which nothing fits, what comes nearest; null where there is nothing at all. */
function nearestOnBoards(answer, places) {
  const { failed, largest } = nearnessOf(answer);
  const { board } = answer.table.rows;
  return places.map((place) => leastBy(answer, answer.considered.filter((row) => board[row] === place), failed, largest));
}

/** How far a figure is beyond a limit, as a log ratio: 0 within it, infinite where unknown. */
function excess({ column }, constraint, row) {
  const value = column(constraint.metric)[row];
  if (meets(constraint, value)) return 0;
  return Number.isNaN(value) ? Infinity : Math.abs(Math.log(value / constraint.limit));
}

/** The figures by which candidates are near to meeting all limits. */
function nearnessOf(answer) {
  const excesses = remembered((row) => answer.constraints.map((each) => excess(answer, each, row)));
  return {
    failed: (row) => answer.failed[row],
    largest: remembered((row) => Math.max(0, ...excesses(row))),
    known: (row) => excesses(row).reduce((sum, each) => sum + (each === Infinity ? 0 : each), 0),
  };
}

/** What is not feasible, the nearest first: by how many limits it fails, and by how much; one after the other. */
function rejectedInTurn(answer) {
  const feasible = new Set(answer.feasible);
  const { failed, largest } = nearnessOf(answer);
  const rest = answer.considered.filter((row) => !feasible.has(row));
  return inTurn(rest, [failed, largest, ...keysOf(answer, answer.settings.objective, rest)]);
}

/** The accuracy of a row's network in floats; NaN where that is unknown. */
function inFloats({ accuracy, rows }, row) {
  return accuracy.in_floats[rows.architecture[row]] ?? NaN;
}

/** What no limit is known to reject; quantised, a network is no better than in floats. */
function notRejected({ table, constraints, column, considered }) {
  const values = constraints.map(({ metric }) => column(metric));
  const mayMeet = (constraint, value, row) => {
    if (!Number.isNaN(value)) return meets(constraint, value);
    const { metric, sense, limit } = constraint;
    return !(metric === table.accuracy.metric && sense === "min" && inFloats(table, row) < limit);
  };
  return considered.filter((row) => constraints.every((each, place) => mayMeet(each, values[place][row], row)));
}

/** Step by step of the objective, of which of some rows that are level with the pick its figure is unknown: {metric, rows}. */
function* undecidedAmong(answer, possible) {
  const { table, settings, column, best } = answer;
  let level = possible.filter((row) => row !== best);
  for (const step of settings.objective) {
    const figures = column(step.metric);
    const isNoBetter = (row) => step.metric === table.accuracy.metric && inFloats(table, row) <= figures[best];
    yield { metric: step.metric, rows: level.filter((row) => Number.isNaN(figures[row]) && !isNoBetter(row)) };
    const badness = badnessOf(answer, step);
    level = level.filter((row) => badness(row) <= worstAccepted(step, badness(best)));
  }
}

/** What might be better than the pick if more were known of it: {metric, count, networks, row: the most promising}; or null. */
function overlookedOf(answer) {
  const { table } = answer;
  for (const { metric, rows } of undecidedAmong(answer, notRejected(answer))) {
    if (!rows.length) continue;
    const promise = (row) => (metric === table.accuracy.metric ? inFloats(table, row) || 0 : 0);
    const row = rows.reduce((most, each) => (promise(each) > promise(most) ? each : most));
    return { metric, count: rows.length, networks: new Set(rows.map((each) => table.rows.architecture[each])).size, row };
  }
  return null;
}

/** What no limit is known to reject and might be better than the pick; where there is none, whatever may meet all limits. */
function mightLead(answer) {
  const { settings, considered, feasible, best } = answer;
  const possible = notRejected(answer);
  if (best === null) return new Set(possible);
  const better = new Set(preferred(answer, settings.objective, considered, feasible, best));
  for (const { rows } of undecidedAmong(answer, possible)) rows.forEach((row) => better.add(row));
  return new Set(possible.filter((row) => better.has(row)));
}

/** What each limit rejects, how many figures it lacks and of how many of these that could matter, and which of the rejected comes nearest. */
function rejectionsOf(answer) {
  const { failed } = nearnessOf(answer);
  const ahead = mightLead(answer);
  return answer.constraints.map((constraint) => {
    const values = answer.column(constraint.metric);
    const unknown = answer.considered.filter((row) => Number.isNaN(values[row]));
    const rejected = answer.considered.filter((row) => !Number.isNaN(values[row]) && !meets(constraint, values[row]));
    const nearest = leastBy(answer, rejected, failed, (row) => excess(answer, constraint, row));
    const alsoFails = nearest === null ? [] : answer.missed(nearest).filter((each) => each !== constraint);
    const leading = unknown.filter((row) => ahead.has(row)).length;
    return { constraint, rejected: rejected.length, unknown: unknown.length, leading, nearest, alsoFails };
  });
}

/** What keeps the pick from being better: the nearest of what the objective prefers; or null. */
function bindingOf(answer) {
  const { settings, considered, feasible, best, missed } = answer;
  const { largest, failed, known } = nearnessOf(answer);
  const better = preferred(answer, settings.objective, considered, feasible, best);
  const row = leastBy(answer, better, largest, failed, known);
  return row === null ? null : { row, constraints: missed(row) };
}

/** What meets every limit by its figures, but is not sure enough; or null. */
function unsureOf(answer) {
  const sure = new Set(answer.likely);
  const doubtful = answer.nominal.filter((row) => !sure.has(row));
  return doubtful.length ? { count: doubtful.length, likeliest: likeliestOf(answer, doubtful) } : null;
}

/** The first of the likeliest rows. No row is likelier than its least likely limit, but for the error of sampling. */
function likeliestOf({ aloneOf, chanceOf }, rows) {
  const least = remembered((row) => Math.min(...aloneOf(row)));
  let best = rows[0];
  for (const row of inTurn(rows, [(row) => -least(row)])) {
    if (least(row) < chanceOf(best) - ERROR_OF_SAMPLING) break;
    const gap = chanceOf(row) - chanceOf(best);
    if (gap > 0 || (gap === 0 && row < best)) best = row;
  }
  return best;
}

/** Of some rows, that with the least first figure, then second, ..., then the best; or null. */
function leastBy(answer, rows, ...figures) {
  for (const figure of figures) {
    const least = leastOf(rows, figure);
    rows = rows.filter((row) => figure(row) === least);
  }
  return firstOf(inTurn(rows, keysOf(answer, answer.settings.objective, rows)));
}
