/* The settings of the page, and how its address keeps them. Settings are
   {boards: names or null for all, batches: sizes or null for any, limits: a number by name, null for none,
    statistic: of the latency, conditions: further limits, objective: steps, overheadMs, batteryJ,
    confidence, x, y: the axes' metrics, everyBatch: whether the table lists each batch size}. */

const DEFAULT_CONFIDENCE = 0.9;
const [DEFAULT_X, DEFAULT_Y] = ["time_per_image_ms", "accuracy_top1_percent"];

/** What the page opens with: what was asked for. */
function askedSettings({ asked }) {
  return {
    boards: asked.boards,
    batches: asked.batches,
    limits: { ...asked.limits },
    statistic: asked.statistic,
    conditions: [...asked.conditions],
    objective: asked.objective.steps,
    overheadMs: asked.overhead_ms,
    batteryJ: asked.battery_j,
    confidence: asked.confidence,
    x: DEFAULT_X,
    y: DEFAULT_Y,
    everyBatch: false,
  };
}

/** The objectives that can be chosen: that of the question, and each metric. */
function objectivesOf(table) {
  const single = Object.entries(table.metrics)
    .filter(([key]) => !Object.values(table.tails).includes(key))
    .map(([key, { name }]) => [{ text: name, metric: key, tolerance: 0, relative: false }]);
  const { steps } = table.asked.objective;
  return steps.length > 1 ? [steps, ...single] : single;
}

/** The boards that can be chosen: each by itself, and all together. */
function boardChoices(table) {
  const names = table.boards.map((board) => board.name);
  return [...names.map((name) => [name]), ...(names.length > 1 ? [table.asked.boards] : [])];
}

function boardsText(boards) {
  return boards === null ? "any" : boards.join(",");
}

/** Settings as the part of an address that follows "#". */
function hashOf(table, settings) {
  const words = new URLSearchParams();
  words.set("board", boardsText(settings.boards));
  if (settings.batches !== null) words.set("batch", settings.batches.join(","));
  for (const { name } of table.limits) {
    const limit = settings.limits[name] ?? null;
    if (limit !== null) words.set(name, String(limit));
  }
  if (settings.statistic !== "median") words.set("statistic", settings.statistic);
  for (const condition of settings.conditions) words.append("where", condition.text);
  words.set("objective", objectiveText(settings.objective));
  if (settings.overheadMs) words.set("overhead", String(settings.overheadMs));
  if (settings.batteryJ !== null) words.set("battery", String(settings.batteryJ));
  words.set("confidence", confidenceText(settings.confidence));
  words.set("x", table.metrics[settings.x].name);
  words.set("y", table.metrics[settings.y].name);
  if (settings.everyBatch) words.set("rows", "every-batch");
  return words.toString();
}

/**
 * The settings of an address, and what it says that this page cannot do. Without anything after "#" they
 * are what was asked for; else what it does not say is left to its default.
 */
function settingsOfHash(table, hash) {
  const asked = askedSettings(table);
  const words = new URLSearchParams(hash.replace(/^#/, ""));
  if (![...words].length) return { settings: asked, refused: [] };
  const refused = [];
  const settings = {
    ...asked, batches: null, limits: {}, statistic: "median", conditions: [],
    objective: objectivesOf(table).find(([step, ...more]) => step.text === "accuracy" && !more.length),
    overheadMs: 0, batteryJ: null, confidence: DEFAULT_CONFIDENCE,
  };
  const readers = readersOf(table, settings);
  for (const [name, text] of words) {
    if (!Object.hasOwn(readers, name) || !readers[name](text)) refused.push(`${name}=${text}`);
  }
  if (settings.batteryJ === null && settings.limits.hours !== undefined) {
    refused.push(`hours=${settings.limits.hours} without a battery`);
    delete settings.limits.hours;
  }
  return { settings, refused };
}

/** For each word of an address what puts its text into `settings`, and tells whether it could. */
function readersOf(table, settings) {
  const set = (key, value) => {
    if (value === undefined) return false;
    settings[key] = value;
    return true;
  };
  const metric = (text) => Object.keys(table.metrics).find((key) => table.metrics[key].name === text);
  const between = (text, least, most) => {
    const number = text.trim() === "" ? NaN : Number(text);
    return number >= least && number <= most ? number : undefined;
  };
  const readers = {
    board: (text) => set("boards", boardChoices(table).find((boards) => boardsText(boards) === text)),
    batch: (text) => set("batches", sizesIn(table, text)),
    statistic: (text) => set("statistic", ["median", ...Object.keys(table.tails)].find((each) => each === text)),
    where: (text) => {
      const condition = table.asked.conditions.find((each) => each.text === text);
      if (condition) settings.conditions.push(condition);
      return condition !== undefined;
    },
    objective: (text) => set("objective", objectivesOf(table).find((steps) => objectiveText(steps) === text)),
    overhead: (text) => set("overheadMs", between(text, 0, 1e9)),
    battery: (text) => set("batteryJ", between(text, 1e-9, 1e9)),
    confidence: (text) => set("confidence", text === "none" ? 0 : between(text, 1e-9, 1 - 1e-9)),
    x: (text) => set("x", metric(text)),
    y: (text) => set("y", metric(text)),
    rows: (text) => set("everyBatch", text === "every-batch" ? true : undefined),
  };
  for (const { name, least, most } of table.limits) {
    readers[name] = (text) => {
      const limit = between(text, least, most);
      if (limit !== undefined) settings.limits[name] = limit;
      return limit !== undefined;
    };
  }
  return readers;
}

/** Batch sizes as "1,4", if the page has rows of each. */
function sizesIn(table, text) {
  const known = new Set(table.batch);
  const sizes = [...new Set(text.split(",").map(Number))].sort((one, other) => one - other);
  return sizes.every((size) => known.has(size)) ? sizes : undefined;
}

/** The batch sizes that can be chosen on some boards. */
function batchesOn(table, boards) {
  const known = new Set();
  for (let row = 0; row < table.count; row++) {
    if (boards === null || boards.includes(table.boards[table.board[row]].name)) known.add(table.batch[row]);
  }
  return [...known].sort((one, other) => one - other);
}
