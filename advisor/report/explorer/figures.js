/* The figures of every candidate: those that stand in the document, and the metrics that follow from them by its
   formulas. A candidate is a row number. An estimate is [value, low, high], the ends of its 90 % interval. */

/** A document, with its inputs of formulas as {value, low, high: columns, origin, source: of a row}. */
function readTable(document) {
  const { rows, inputs } = document;
  const read = ({ at, stated, origin, source, ...figures }) => {
    const place = (row) => (at === "row" ? row : rows[at][row]);
    const column = (part) => Float64Array.from(rows.board, (_, row) => figures[part]?.[place(row)] ?? NaN);
    const name = (labels) => (row) => labels && named(labels, place(row));
    const [value, low, high] = ["value", "low", "high"].map(column);
    return { value, low, high, stated, origin: name(origin), source: name(source) };
  };
  const readers = Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, read(input)]));
  const lattices = document.lattices.map((dimensions) => dimensions.map((normals) => Float64Array.from(normals)));
  const count = rows.board.length;
  return { ...document, rows: { ...rows, batch: inputs.batch.value }, count, inputs: readers, lattices };
}

/** What stands at a place of a column of names. */
function named({ names, index }, place) {
  return names[index[place]];
}

/** All metrics in a situation: the figures, by their names, of the inputs that stand in the question. */
function figuresIn(table, situation) {
  const formula = Number.isNaN(situation.required_fps) ? "without_rate" : "at_rate";
  const formulaOf = (metric) => table.metrics[metric][formula];
  const inputs = (metric) => formulaOf(metric).uncertain;
  const given = (part) => (typeof part === "number" ? part : situation[part]);
  const columnwiseOf = (metric, leaf, length) => columnOf(evaluated(formulaOf(metric).tree, leaf, columnwise), length);

  /** A metric of every row. */
  const column = remembered((metric) =>
    columnwiseOf(metric, (part) => given(part) ?? table.inputs[part].value, table.count));

  /** A part of a formula at a row, [value, low, high]. */
  function partAt(part, row) {
    const { value, low, high } = table.inputs[part] ?? {};
    return value ? [value[row], low[row], high[row]] : [given(part), NaN, NaN];
  }

  /** Whether an input was predicted without an interval: it could be anything. */
  const couldBeAnything = (row) => (name) => {
    const { low, origin } = table.inputs[name];
    return Number.isNaN(low[row]) && origin(row) === "predicted";
  };

  /** A metric of a row with its 90 % interval; none where it rests on something that could be anything. */
  function estimate(metric, row) {
    const found = withInterval(metric, row);
    return restsOn(metric, row).some(couldBeAnything(row)) ? [found[0], NaN, NaN] : found;
  }

  /** The interval is propagated, unless an input stands in the formula twice. */
  function withInterval(metric, row) {
    const { tree, uncertain, repeats } = formulaOf(metric);
    if (!repeats) return evaluated(tree, (part) => partAt(part, row), withErrors);
    const parts = uncertain.map((name) => partAt(name, row));
    const samples = sampled(uncertain, parts.map(spreadOf), row)(metric).sort();
    const exact = parts.every(([, low]) => Number.isNaN(low));
    return [column(metric)[row], ...[0.05, 0.95].map((share) => (exact ? NaN : quantile(samples, share)))];
  }

  /** Metrics of a row as columns of samples, jointly of the inputs that have these spreads. */
  function sampled(names, spreads, row) {
    const normals = table.lattices[names.length - 1];
    const drawn = Object.fromEntries(names.map((name, place) => [name, samplesOf(spreads[place], normals[place])]));
    return (metric) => columnwiseOf(metric, (part) => drawn[part] ?? partAt(part, row)[0], normals[0].length);
  }

  /** The uncertain inputs that a metric of a row rests on, where its formula has another way beside a seldom known one. */
  function restsOn(metric, row) {
    const leaf = (part) => ({ known: !Number.isNaN(partAt(part, row)[0]), names: inputs(metric).filter((name) => name === part) });
    const combined = (operation, one, other) => {
      if (operation === "else") return one.known ? one : other;
      return { known: one.known && other.known, names: [...one.names, ...other.names] };
    };
    return evaluated(formulaOf(metric).tree, leaf, combined).names;
  }

  const isPredicted = (metric, row) => restsOn(metric, row).some((name) => table.inputs[name].origin(row) === "predicted");

  /** Whether a metric of a row is known, and rests on something that was reported or declared without any error. */
  function isUnproven(metric, row) {
    const lacksError = ({ value, low, origin, stated }) =>
      !Number.isNaN(value[row]) && Number.isNaN(low[row]) && stated.includes(origin(row));
    const tail = table.tails_of_latency.some((name) => String(formulaOf(metric).tree).split(",").includes(name));
    const names = [...restsOn(metric, row), ...(tail ? ["latency_ms"] : [])];
    const madeUp = names.includes(table.accuracy.metric) && table.accuracy.unproven[table.rows.weights[row]];
    return !Number.isNaN(column(metric)[row]) && (Boolean(madeUp) || names.some((name) => lacksError(table.inputs[name])));
  }

  /** A figure's spread, infinite where an input could be anything. */
  function spreadAt(found, names, row) {
    const { value, below, above } = spreadOf(found);
    return names.some(couldBeAnything(row))
      ? { value, below: Infinity, above: Infinity }
      : { value, below, above };
  }
  const inputSpread = (name, row) => spreadAt(partAt(name, row), [name], row);
  const spread = (metric, row) => spreadAt(estimate(metric, row), restsOn(metric, row), row);

  /** The least trusted origin of what a metric follows from, and all its sources. */
  function provenance(metric, row) {
    const parts = [...new Set(restsOn(metric, row))].map((name) => table.inputs[name]).filter(({ value }) => !Number.isNaN(value[row]));
    const origin = table.origins[Math.max(...parts.map((part) => table.origins.indexOf(part.origin(row))))];
    return { origin: origin ?? "", sources: [...new Set(parts.map((part) => part.source(row)))] };
  }

  return { table, column, inputs, estimate, sampled, inputSpread, spread, isPredicted, isUnproven, provenance };
}
