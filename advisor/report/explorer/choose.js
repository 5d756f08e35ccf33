/* The choice: keep what meets every limit, rank it, account for the rest, as in advisor/solve/recommend. Pure:
   settings in, answer out. Settings are what settings.js describes. */

/** What follows from a table and settings. */
function choose(table, settings) {
  const { objective } = settings;
  const confidence = settings.confidence ?? table.defaults.usual_confidence;
  const constraints = constraintsOf(table, settings);
  const known = figuresIn(table, situationOf(settings, constraints));
  const unproven = remembered((row) => constraints.some(({ metric }) => known.isUnproven(metric, row)));
  const figures = { ...known, unproven };
  const considered = eligible(table, settings);
  const values = constraints.map(({ metric }) => figures.column(metric));
  const missed = (row) => constraints.filter((each, place) => !meets(each, values[place][row]));
  const chanceOf = chancesOf(figures, constraints);
  const aloneOf = remembered((row) => constraints.map((each) => chanceAlone(figures, each, row)));

  /** Whether a row's chance is at least that. Joint ones are costly: at least 1 - sum(1 - p), at most the least p. */
  function isLikely(row, probability) {
    const alone = aloneOf(row);
    if (probability <= 0 || 1 - alone.reduce((sum, each) => sum + (1 - each), 0) >= probability) return true;
    return Math.min(...alone) >= probability && chanceOf(row) >= probability;
  }

  const nominal = considered.filter((row) => !missed(row).length);
  const likely = nominal.filter((row) => isLikely(row, confidence));
  const isOut = (row) => Boolean(settings.confidence) && unproven(row); // a confidence that is said asks for proof
  const feasible = inOrder(figures, objective, likely.filter((row) => !isOut(row)));
  const best = feasible[0] ?? null;
  return {
    ...figures, settings, constraints, considered, nominal, likely, feasible, best, missed, chanceOf, isLikely,
    left_out: likely.filter(isOut).length,
  };
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

/** The rows on the boards and of the batch sizes of some settings. */
function eligible({ boards, rows }, settings) {
  const sizes = boards.map(({ name, own_batches }) =>
    settings.boards?.includes(name) === false ? [] : settings.batches ?? own_batches);
  return [...rows.batch.keys()].filter((row) => sizes[rows.board[row]].includes(rows.batch[row]));
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
    failed: remembered((row) => answer.missed(row).length),
    largest: remembered((row) => Math.max(0, ...excesses(row))),
    known: (row) => excesses(row).reduce((sum, each) => sum + (each === Infinity ? 0 : each), 0),
  };
}

/** What is not feasible, the nearest first: by how many limits it fails, and by how much. */
function rejectedInOrder(answer) {
  const feasible = new Set(answer.feasible);
  const { failed, largest } = nearnessOf(answer);
  const rest = answer.considered.filter((row) => !feasible.has(row));
  return sortedBy(inOrder(answer, answer.settings.objective, rest), [failed, largest]);
}

/** What each limit rejects, how many figures it lacks, and which of the rejected comes nearest. */
function rejectionsOf(answer) {
  const { failed } = nearnessOf(answer);
  return answer.constraints.map((constraint) => {
    const values = answer.column(constraint.metric);
    const unknown = answer.considered.filter((row) => Number.isNaN(values[row])).length;
    const rejected = answer.considered.filter((row) => !Number.isNaN(values[row]) && !meets(constraint, values[row]));
    const nearest = leastBy(answer, rejected, failed, (row) => excess(answer, constraint, row));
    const alsoFails = nearest === null ? [] : answer.missed(nearest).filter((each) => each !== constraint);
    return { constraint, rejected: rejected.length, unknown, nearest, alsoFails };
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
function unsureOf({ nominal, likely, chanceOf }) {
  const sure = new Set(likely);
  const doubtful = nominal.filter((row) => !sure.has(row));
  if (!doubtful.length) return null;
  return { count: doubtful.length, likeliest: sortedBy(doubtful, [(row) => -chanceOf(row)])[0] };
}

/** Of some rows, that with the least first figure, then second, ..., then the best; or null. */
function leastBy(answer, rows, ...figures) {
  for (const figure of figures) {
    const least = leastOf(rows, figure);
    rows = rows.filter((row) => figure(row) === least);
  }
  return inOrder(answer, answer.settings.objective, rows)[0] ?? null;
}
