/* The figures of every candidate: those that stand in the document, and the metrics that follow from them by its
   formulas. A candidate is a row number. An estimate is [value, low, high], the ends of its 90 % interval. */

const MOST_SITUATIONS = 8; // so many keep their columns, those looked at last

/**
 * The table of a document's first task, which is that of the question; `ofTask` gives that of any of its `tasks`. In all
 * the same networks are `labelled`.
 */
function readTable({ common, tasks, labelled }) {
  const documents = tasks.map((own) => merged(common, own));
  const names = documents.map(({ accuracy }) => accuracy.quality.task);
  const ofTask = remembered((task) => ({ ...readTask(documents[names.indexOf(task)]), task, tasks: names, ofTask, labelled: new Set(labelled) }));
  return ofTask(names[0]);
}

/** What is common, completed by what is one's own, to any depth. */
function merged(common, own) {
  if (Array.isArray(common)) return common.map((each, place) => merged(each, own[place]));
  const found = { ...common };
  for (const [name, value] of Object.entries(own)) found[name] = Object.hasOwn(common, name) ? merged(common[name], value) : value;
  return found;
}

/**
 * A document of one task, with its inputs of formulas as {value, low, high: columns, usual: the figure that chances are about, where
 * it is another; decided: the same with the errors that count in decisions, origin, source: of a row, and whether a row's
 * figure is predicted, could be anything, lacks an error that it should have}.
 */
function readTask(document) {
  const { inputs, count } = document;
  const rows = { ...document.rows };
  const kinds = document.boards.map(({ cost }) => cost * document.architectures.length);
  rows.cost = rows.architecture.map((architecture, row) => kinds[rows.board[row]] + architecture);
  const read = ({ at, stated, origin, source, usual, decided, ...figures }) => {
    const places = rows[at] ?? null; // none: a figure for each row
    const column = (figures) => spreadOut(figures, places, count);
    const withEnds = ({ value, low, high, ratio }) => withRatios([value, low, high].map(column), ratio ? column(ratio) : null);
    const columns = withEnds(figures);
    const name = (column) => (row) => column && named(column, places ? places[row] : row);
    const about = { usual: usual ? column(usual) : null };
    return {
      ...columns,
      ...about,
      ...standings(columns, origin, stated, places),
      decided: { ...(decided ? withEnds(decided) : columns), ...about },
      home: at,
      origin: name(origin),
      source: name(source),
    };
  };
  const readers = Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, read(input)]));
  const lattices = document.lattices.map((dimensions) => dimensions.map((normals) => Float64Array.from(normals)));
  rows.batch = readers.batch.value;
  const sizes = new Map(document.boards.map((board) => [board, new Set()]));
  const variants = new Map(document.boards.map((board) => [board, Object.fromEntries(VARIANT.map((name) => [name, new Set()]))]));
  for (let row = 0; row < count; row++) {
    const board = document.boards[rows.board[row]];
    sizes.get(board).add(rows.batch[row]);
    for (const name of VARIANT) variants.get(board)[name].add(named(rows[name], row));
  }
  const predicts = Object.values(readers).some(({ predicted }) => predicted);
  return { ...document, rows, inputs: readers, lattices, sizes, variants, predicts, situations: new Map(), fixed: new Map() };
}

/** The same table of some of its rows alone, in this order; interrupted after each column. */
function* rowsOfTable(table, chosen) {
  const known = new Map([[null, null]]); // of columns some stand in several places
  function* taken(column) {
    if (!known.has(column)) {
      const found = new column.constructor(chosen.length);
      for (let place = 0; place < chosen.length; place++) found[place] = column[chosen[place]];
      known.set(column, found);
      yield;
    }
    return known.get(column);
  }
  const [inputs, rows] = [{}, {}];
  for (const [name, input] of Object.entries(table.inputs)) {
    const own = { ...input, decided: {}, origin: (row) => input.origin(chosen[row]), source: (row) => input.source(chosen[row]) };
    for (const [key, each] of Object.entries(input)) if (ArrayBuffer.isView(each)) own[key] = yield* taken(each);
    for (const [key, each] of Object.entries(input.decided)) own.decided[key] = yield* taken(each);
    inputs[name] = own;
  }
  for (const [name, each] of Object.entries(table.rows)) rows[name] = each.index ? { ...each, index: yield* taken(each.index) } : yield* taken(each);
  return { ...table, count: chosen.length, rows, inputs, situations: new Map(), fixed: new Map() };
}

/** A column of figures as numbers, each at the place of its row; one figure stands for all. */
function spreadOut(figures, places, count) {
  const found = new Float64Array(count);
  if (!Array.isArray(figures)) return found.fill(figures ?? NaN);
  for (let row = 0; row < count; row++) found[row] = figures[places ? places[row] : row] ?? NaN;
  return found;
}

/** Figures with the ends of their intervals, where these stand as the ratio of one to the next. */
function withRatios([value, low, high], ratio) {
  for (let row = 0; ratio && row < value.length; row++) {
    if (Number.isNaN(ratio[row])) continue;
    low[row] = value[row] / ratio[row];
    high[row] = value[row] * ratio[row];
  }
  return { value, low, high };
}

/** Which figures of a column are predicted, could be anything, and are stated without an error; null for none. */
function standings({ value, low }, origin, stated, places) {
  const where = (origins, isSo) => {
    const wanted = origin?.names.map((name) => origins.includes(name)) ?? [];
    if (!wanted.some(Boolean)) return null;
    return Uint8Array.from(value, (_, row) => wanted[origin.index[places ? places[row] : row]] && isSo(row) ? 1 : 0);
  };
  return {
    predicted: where(["predicted"], () => true),
    anything: where(["predicted"], (row) => Number.isNaN(low[row])),
    bare: where(stated, (row) => Number.isNaN(low[row]) && !Number.isNaN(value[row])),
  };
}

/** What stands at a place of a column of names. */
function named({ names, index }, place) {
  return names[index[place]];
}

/** All metrics in a situation: the figures, by their names, of the inputs that stand in the question. Kept for a while. */
function figuresIn(table, situation) {
  const { situations } = table;
  const key = Object.values(situation).join();
  const found = situations.get(key) ?? computedIn(table, situation);
  situations.delete(key);
  situations.set(key, found);
  if (situations.size > MOST_SITUATIONS) situations.delete(situations.keys().next().value);
  return found;
}

function computedIn(table, situation) {
  const formula = Number.isNaN(situation.required_fps) ? "without_rate" : "at_rate";
  const formulaOf = (metric) => table.metrics[metric][formula];
  const inputs = (metric) => formulaOf(metric).uncertain;
  const given = (part) => (typeof part === "number" ? part : situation[part]);
  const columnwiseOf = (metric, leaf, length) => columnOf(evaluated(formulaOf(metric).tree, leaf, columnwise), length);

  /** A metric of every row; where its formula names no part of the question, the same in every situation. */
  const column = remembered((metric) => {
    const { tree } = formulaOf(metric);
    const isFixed = partsOf(tree).every((part) => part in table.inputs);
    const made = () => columnwiseOf(metric, (part) => given(part) ?? table.inputs[part].value, table.count);
    if (!isFixed) return made();
    const key = JSON.stringify(tree);
    if (!table.fixed.has(key)) table.fixed.set(key, made());
    return table.fixed.get(key);
  });

  /** The same of one row alone. */
  const figure = (metric, row) => evaluated(formulaOf(metric).tree, (part) => given(part) ?? table.inputs[part].value[row],
    (operation, one, other) => CALCULATED[operation](one, other));

  /** The same as figures of which less is better; unknown is infinitely bad. */
  const badness = remembered((metric) => {
    const sign = table.metrics[metric].more_is_better ? -1 : 1;
    return column(metric).map((value) => (Number.isNaN(value) ? Infinity : sign * value));
  });

  /** A part of a formula at a row, [value, low, high], the value as probably too high as too low. */
  const partAt = (part, row) => partOf(table.inputs[part], part, row);
  /** The same with the error that counts in decisions. */
  const decidedPartAt = (part, row) => partOf(table.inputs[part]?.decided, part, row);

  function partOf({ value, low, high, usual } = {}, part, row) {
    if (!value) return [given(part), NaN, NaN];
    return [usual && !Number.isNaN(usual[row]) ? usual[row] : value[row], low[row], high[row]];
  }

  /** Whether an input was predicted without an interval: it could be anything. */
  const couldBeAnything = (row) => (name) => Boolean(table.inputs[name].anything?.[row]);

  const isAnything = (metric, row) => restsOn(metric, row).some(couldBeAnything(row)) && !Number.isNaN(column(metric)[row]);

  /** A metric of a row with its 90 % interval; none where it rests on something that could be anything. */
  function estimate(metric, row) {
    const ends = withInterval(metric, row).slice(1);
    return [column(metric)[row], ...(restsOn(metric, row).some(couldBeAnything(row)) ? [NaN, NaN] : ends)];
  }

  /** The interval is propagated, unless an input stands in the formula twice. */
  function withInterval(metric, row, at = partAt) {
    const { tree, uncertain, repeats } = formulaOf(metric);
    if (!repeats) return evaluated(tree, (part) => at(part, row), withErrors);
    const parts = uncertain.map((name) => at(name, row));
    const value = evaluated(tree, (part) => at(part, row)[0], (operation, one, other) => CALCULATED[operation](one, other));
    if (Number.isNaN(value) || parts.every(([, low]) => Number.isNaN(low))) return [value, NaN, NaN];
    const samples = sampled(uncertain, parts.map(spreadOf), row)(metric).sort();
    return [value, ...[0.05, 0.95].map((share) => quantile(samples, share))];
  }

  /** Metrics of a row as columns of samples, jointly of the inputs that have these spreads. */
  function sampled(names, spreads, row) {
    const normals = table.lattices[names.length - 1];
    const drawn = Object.fromEntries(names.map((name, place) => [name, samplesOf(spreads[place], normals[place])]));
    return (metric) => columnwiseOf(metric, (part) => drawn[part] ?? partAt(part, row)[0], normals[0].length);
  }

  /** The inputs of a metric's formula, and, once found, on which of them a figure rests where these are known. */
  const ways = remembered((metric) => {
    const parts = partsOf(formulaOf(metric).tree).filter((part) => part in table.inputs);
    return { parts, columns: parts.map((part) => table.inputs[part].value), found: [] };
  });

  /** The uncertain inputs that a metric of a row rests on, where its formula has another way beside a seldom known one. */
  function restsOn(metric, row) {
    const { columns, found } = ways(metric);
    let known = 0;
    for (const figures of columns) known = 2 * known + (Number.isNaN(figures[row]) ? 0 : 1);
    return (found[known] ??= restsOnThere(metric, row));
  }

  function restsOnThere(metric, row) {
    const leaf = (part) => ({ known: !Number.isNaN(partAt(part, row)[0]), names: inputs(metric).filter((name) => name === part) });
    const combined = (operation, one, other) => {
      if (operation === "else") return one.known ? one : other;
      return { known: one.known && other.known, names: [...one.names, ...other.names] };
    };
    return [...new Set(evaluated(formulaOf(metric).tree, leaf, combined).names)];
  }

  const isPredicted = (metric, row) => table.predicts && restsOn(metric, row).some((name) => Boolean(table.inputs[name].predicted?.[row]));

  /** "max" or "min" for a figure that is such a bound, since of idle power only an upper bound is known; null for others. */
  function boundOf(metric, row) {
    const { by_idle } = table.metrics[metric];
    if (!by_idle || !table.boards[table.rows.board[row]].idle_is_bound || Number.isNaN(column(metric)[row])) return null;
    const [isNet, isGross] = ["net_power_w", "gross_power_w"].map((name) => !Number.isNaN(table.inputs[name]?.value[row] ?? NaN));
    if (by_idle === "above") return isGross && !isNet ? "max" : null;
    const rests = !Number.isNaN(situation.required_fps); // else gross power is what is drawn, whatever is drawn idle
    if (!rests && !isNet) return null;
    return by_idle === "with" ? "max" : "min";
  }

  /** Whether a metric of a row is known, and rests on something that was reported or declared without any error. */
  function isUnproven(metric, row) {
    if (Number.isNaN(column(metric)[row])) return false;
    const tail = table.tails_of_latency.some((name) => ways(metric).parts.includes(name));
    const names = [...restsOn(metric, row), ...(tail ? ["latency_ms"] : [])];
    const madeUp = names.includes(table.accuracy.metric) && table.accuracy.unproven[table.rows.weights[row]];
    return Boolean(madeUp) || names.some((name) => Boolean(table.inputs[name].bare?.[row]));
  }

  /** A figure's spread, infinite where an input could be anything. */
  function spreadAt(found, names, row) {
    const { value, below, above } = spreadOf(found);
    return names.some(couldBeAnything(row))
      ? { value, below: Infinity, above: Infinity }
      : { value, below, above };
  }
  const inputSpread = (name, row) => spreadAt(decidedPartAt(name, row), [name], row);
  const spreads = remembered((metric) => remembered((row) => spreadAt(withInterval(metric, row, decidedPartAt), restsOn(metric, row), row)));
  const spread = (metric, row) => spreads(metric)(row);

  /** The least trusted origin of what a metric follows from, and all its sources. */
  function provenance(metric, row) {
    const parts = restsOn(metric, row).map((name) => table.inputs[name]).filter(({ value }) => !Number.isNaN(value[row]));
    const origin = table.origins[Math.max(...parts.map((part) => table.origins.indexOf(part.origin(row))))];
    return { origin: origin ?? "", sources: [...new Set(parts.map((part) => part.source(row)))] };
  }

  /** Whether a metric follows from figures of a run or of a board. */
  const isOfRuns = (metric) => ways(metric).parts.some((name) => ["row", "board"].includes(table.inputs[name].home));

  return { table, isOfRuns, column, figure, badness, inputs, estimate, sampled, inputSpread, spread, isPredicted, boundOf, isAnything, isUnproven, provenance };
}
