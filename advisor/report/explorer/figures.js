/* The figures of every candidate: those that stand in the document, and the formulas that derive the
   others from them. The twin of advisor/solve/question/metrics.py and advisor/solve/candidates/intervals.py,
   operation for operation, so that both give the very same numbers. Unknown is NaN. A column is
   {value, low, high}, each with a number a row. */

const JOULES_PER_WATT_HOUR = 3600;
const METERED = ["latency_ms", "net_power_w", "memory_mb"];

/** A document's rows, with its figures as columns and its names looked up. */
function readTable(document) {
  const rows = document.rows;
  const count = rows.batch.length;
  const every = (figureOf) => estimates(count, figureOf);
  const architecture = (row) => document.architectures[rows.architecture[row]];
  const board = (row) => document.boards[rows.board[row]];
  const cost = (key) => every((row) => architecture(row).cost[board(row).cost][key]);
  const table = {
    ...document,
    count,
    board: rows.board,
    architecture: rows.architecture,
    weights_index: rows.weights,
    batch: rows.batch,
    runtime: rows.runtime,
    precision: rows.precision,
    verdict: rows.verdict,
    idle_power_w: every((row) => board(row).idle_power_w),
    top1_percent: every((row) => (rows.weights[row] < 0 ? null : document.weights[rows.weights[row]].top1_percent)),
    params: cost("params"),
    operations: cost("operations"),
    latency_p90_ms: withoutInterval(rows.latency_p90_ms),
    latency_p99_ms: withoutInterval(rows.latency_p99_ms),
  };
  for (const key of METERED) {
    table[key] = {
      value: numbers(rows[key].value),
      low: numbers(rows[key].low),
      high: numbers(rows[key].high),
      origin: rows[key].origin,
      source: rows[key].source,
    };
  }
  return table;
}

function numbers(column) {
  return Float64Array.from(column, (number) => (number === null ? NaN : number));
}

function withoutInterval(column) {
  const unknown = new Float64Array(column.length).fill(NaN);
  return { value: numbers(column), low: unknown, high: unknown };
}

/** A column of figures that stand alone, [value, low, high, origin, source] or null. */
function estimates(count, figureOf) {
  const column = emptyColumn(count);
  for (let row = 0; row < count; row++) {
    const [value, low, high] = figureOf(row) ?? [null, null, null];
    column.value[row] = value ?? NaN;
    column.low[row] = low ?? NaN;
    column.high[row] = high ?? NaN;
  }
  return column;
}

function emptyColumn(count) {
  return { value: new Float64Array(count), low: new Float64Array(count), high: new Float64Array(count) };
}

/**
 * The metrics of every row, in a situation: {fps, overheadMs, batteryJ}, null where not asked for.
 * Returns a function from a metric's key to its column; each is computed once.
 */
function figuresIn(table, situation) {
  const known = new Map();
  const column = (key) => {
    if (!known.has(key)) known.set(key, DERIVATIONS[key](table, situation, column));
    return known.get(key);
  };
  return column;
}

const DERIVATIONS = {
  accuracy_top1_percent: (table) => table.top1_percent,
  batch_latency_ms: (table) => table.latency_ms,
  time_per_image_ms: (table) => mapped(table.latency_ms, (figure, row) => figure / table.batch[row]),
  response_ms: (table, situation) => response(table.latency_ms, table.batch, situation),
  response_p90_ms: (table, situation) => response(table.latency_p90_ms, table.batch, situation),
  response_p99_ms: (table, situation) => response(table.latency_p99_ms, table.batch, situation),
  fps: (table) => throughput(table.latency_ms, table.batch),
  energy_j: (table) => energyPerImage(table.latency_ms, table.batch, table.net_power_w),
  net_power_w: (table) => table.net_power_w,
  average_power_w: (table, situation, column) =>
    averagePower(column("energy_j"), table.net_power_w, table.idle_power_w, situation.fps),
  board_energy_j: (_, situation, column) =>
    mapped(column("average_power_w"), (power) => power * (situation.fps === null ? NaN : 1 / situation.fps)),
  battery_hours: (_, situation, column) => batteryHours(column("average_power_w"), situation.batteryJ),
  memory_mb: (table) => table.memory_mb,
  params: (table) => table.params,
  operations: (table) => table.operations,
};

function mapped(column, change) {
  return { value: column.value.map(change), low: column.low.map(change), high: column.high.map(change) };
}

/** (batch - 1) / fps + latency + overhead; without a frame rate no frame waits for its batch to fill. */
function response(latency, batch, situation) {
  const fill = (row) => (situation.fps === null ? 0 : (batch[row] - 1) * (1000 / situation.fps));
  return mapped(latency, (figure, row) => figure + (fill(row) + situation.overheadMs));
}

function throughput(latency, batch) {
  const rate = (figure, row) => (1000 * batch[row]) / figure;
  return { value: latency.value.map(rate), low: latency.high.map(rate), high: latency.low.map(rate) };
}

/** Net power x time per image, the errors of latency and power in quadrature on the logarithm. */
function energyPerImage(latency, batch, power) {
  const found = emptyColumn(batch.length);
  for (let row = 0; row < batch.length; row++) {
    const value = power.value[row] * (latency.value[row] / batch[row] / 1000);
    const below = quadrature(Math.log(latency.value[row] / latency.low[row]), Math.log(power.value[row] / power.low[row]));
    const above = quadrature(Math.log(latency.high[row] / latency.value[row]), Math.log(power.high[row] / power.value[row]));
    found.value[row] = value;
    found.low[row] = value * Math.exp(-below);
    found.high[row] = value * Math.exp(above);
  }
  return found;
}

/** Idle + net power x the share of the time that the board runs; without a frame rate it never rests. */
function averagePower(energy, net, idle, fps) {
  const found = emptyColumn(net.value.length);
  const running = (part, row) =>
    fps === null ? net[part][row] : Math.min(energy[part][row] * fps, net[part][row]);
  for (let row = 0; row < found.value.length; row++) {
    const run = running("value", row);
    const value = idle.value[row] + run;
    found.value[row] = value;
    found.low[row] = value - quadrature(run - running("low", row), idle.value[row] - idle.low[row]);
    found.high[row] = value + quadrature(running("high", row) - run, idle.high[row] - idle.value[row]);
  }
  return found;
}

function batteryHours(power, batteryJ) {
  const hours = batteryJ === null ? NaN : batteryJ / JOULES_PER_WATT_HOUR;
  const life = (figure) => hours / figure;
  return { value: power.value.map(life), low: power.high.map(life), high: power.low.map(life) };
}

/** Independent errors added up; what is unknown counts as none beside what is known. */
function quadrature(first, second) {
  if (Number.isNaN(first) && Number.isNaN(second)) return NaN;
  const [one, other] = [first, second].map((error) => (Number.isNaN(error) ? 0 : error));
  return Math.sqrt(one * one + other * other);
}

/** From what one row's figure of a metric is derived: its parts as {origin, source}. */
function partsOf(table, key, row, fps) {
  const told = [];
  for (const part of table.metrics[key].parts) {
    if (part === "latency_ms" && table.metrics[key].rests && fps === null) continue;
    const found = partOf(table, part, row);
    if (found) told.push(found);
  }
  return told;
}

function partOf(table, part, row) {
  const board = table.boards[table.board[row]];
  if (METERED.includes(part)) {
    const { value, origin, source } = table[part];
    if (Number.isNaN(value[row])) return null;
    return { origin: origin.names[origin.index[row]], source: source.names[source.index[row]] };
  }
  const estimate = {
    idle_power_w: () => board.idle_power_w,
    top1_percent: () => table.weights[table.weights_index[row]]?.top1_percent,
    params: () => table.architectures[table.architecture[row]].cost[board.cost].params,
    operations: () => table.architectures[table.architecture[row]].cost[board.cost].operations,
  }[part]();
  return estimate ? { origin: estimate[3], source: estimate[4] } : null;
}

/** The least trusted origin of a figure's parts, and all their sources. */
function provenance(table, key, row, fps) {
  const parts = partsOf(table, key, row, fps);
  const trust = parts.map((part) => table.origins.indexOf(part.origin));
  const sources = [...new Set(parts.map((part) => part.source))];
  return { origin: table.origins[Math.max(...trust)] ?? "", source: sources.join(", ") };
}

/** Whether a metric of a row rests on something predicted; of which no interval is known, if so asked. */
function isPredicted(table, key, row, withoutInterval = false) {
  return table.metrics[key].parts.some((part) => {
    if (!METERED.includes(part)) return false;
    const { names, index } = table[part].origin;
    const predicted = names[index[row]] === "predicted";
    return predicted && (!withoutInterval || Number.isNaN(table[part].low[row]));
  });
}
