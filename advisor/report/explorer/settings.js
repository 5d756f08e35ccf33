/* The settings of the page, and how its address keeps them. Settings are
   {task: what networks are for, boards: names, those of devices, or patterns, or null for all, batches: sizes or null for any,
    variant: names or null for any, by what they are names of, limits: a number by name, null for none,
    statistic: of the response, conditions: further limits, objective: steps, overhead_ms, battery_j,
    confidence: null for the usual one, x, y: the axes' metrics, every_batch: whether the table lists each batch size}. */

/** What says how a candidate is run. */
const VARIANT = ["runtime", "precision", "processor", "threads"];
const ANY_VARIANT = Object.fromEntries(VARIANT.map((name) => [name, null]));

/** What the page opens with: what was asked for. */
function askedSettings({ task, asked, defaults }) {
  return { ...asked, task, x: defaults.x, y: defaults.y, every_batch: false };
}

/** What an address without words asks for, on the boards of the question. */
function plainSettings(table) {
  const { confidence } = table.defaults;
  return {
    ...askedSettings(table), batches: null, variant: ANY_VARIANT, limits: {}, statistic: "median", conditions: [],
    objective: usualObjective(table),
    overhead_ms: 0, battery_j: null, confidence,
  };
}

/** The metrics of which there are columns and axes: all but the tails. */
function metricsOf(table) {
  return Object.keys(table.metrics).filter((key) => table.metrics[key].statistic === "median");
}

/** The objectives that can be chosen: that of the question, and each metric. */
function objectivesOf(table) {
  const single = metricsOf(table).map((metric) => [{ text: table.metrics[metric].name, metric, tolerance: 0, relative: false }]);
  const { objective } = table.asked;
  return objective.length > 1 ? [objective, ...single] : single;
}

/** The objective that goes without saying. */
function usualObjective(table) {
  return objectivesOf(table).find((steps) => objectiveText(steps) === table.defaults.objective);
}

/** The boards of some settings. */
function boardsIn(table, { boards }) {
  return boards === null ? table.boards : table.boards.filter((board) => boards.some((word) => isMeant(word, board)));
}

/** Whether a word means a board: by its name, by that of its device, or as a pattern such as "raspberry*". */
function isMeant(word, { name }) {
  const pattern = patternOf(word);
  return word === name || pattern.test(folded(name)) || pattern.test(folded(name.split(".")[0]));
}

/** A name as it is looked up: in whatever case, its words joined by -, _ or a space. */
function folded(name) {
  return name.trim().toLowerCase().replace(/[-_\s]+/g, "-");
}

const patternOf = remembered((word) => {
  const escaped = folded(word).replace(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`, "s");
});

/** The boards that a text asks for, as settings have them; a part of a name is enough. Undefined where it means none. */
function boardsAsked(table, text) {
  const { asked } = table;
  if (text === boardsText(asked.boards)) return asked.boards;
  const words = text.split(",").map((word) => word.trim()).filter(Boolean);
  const found = words.map((word) => boardsCalled(table, word));
  if (!words.length || found.some((each) => !each.length)) return undefined;
  // Of a page of some boards, the words could mean others, too.
  return asked.boards === null ? found.flat() : namesOfBoards(table, found.flat());
}

/** What one word asks for: by a name, by a part of one, or by a part of titles, whose boards' names stand for it. */
function boardsCalled(table, word) {
  const asked = [word, `*${word}*`].find((each) => boardsIn(table, { boards: [each] }).length);
  if (asked) return [asked];
  return table.boards.filter(({ title }) => folded(title).includes(folded(word))).map(({ name }) => name);
}

function namesOfBoards(table, boards) {
  return boardsIn(table, { boards }).map(({ name }) => name);
}

/** The batch sizes that can be chosen on some boards. */
function batchesOn(table, boards) {
  const sizes = boardsIn(table, { boards }).flatMap((board) => [...table.sizes.get(board)]);
  return [...new Set(sizes)].sort((one, other) => one - other);
}

/** The names of one part of how candidates are run that can be chosen on some boards. */
function variantsOn({ variants, rows }, boards, name) {
  const there = new Set(boards.flatMap((board) => [...variants.get(board)[name]]));
  return rows[name].names.filter((each) => each && there.has(each));
}

/**
 * Settings for another task: without limits on how good a network is for its task, and without what has no rows of it. Of
 * figures of that, which rank or are drawn, the accuracy alone is there for each task.
 */
function withTask({ ofTask }, settings, task) {
  if (task === settings.task) return settings;
  const table = ofTask(task);
  const isOfQuality = (metric) => table.accuracy.metrics.includes(metric);
  const limits = Object.fromEntries(Object.entries(settings.limits).filter(([name]) => !isOfQuality(table.limits.find((each) => each.name === name).metric)));
  const conditions = settings.conditions.filter(({ metric }) => !isOfQuality(metric));
  const isOfOne = (metric) => isOfQuality(metric) && metric !== table.accuracy.metric;
  const objective = settings.objective.some(({ metric }) => isOfOne(metric)) ? usualObjective(table) : settings.objective;
  const [x, y] = ["x", "y"].map((axis) => (isOfOne(settings[axis]) ? table.defaults[axis] : settings[axis]));
  return withRowsOf(table, { ...settings, task, limits, conditions, objective, x, y });
}

/** Settings on other boards; where these have nothing for the task, for the one that they have. */
function withBoards(table, settings, boards) {
  const there = tasksOn(table, boards);
  const task = there.includes(settings.task) ? settings.task : there[0] ?? settings.task;
  return withRowsOf(table.ofTask(task), { ...withTask(table, settings, task), boards });
}

/** The tasks of the page of which some boards have rows. */
function tasksOn(table, boards) {
  const known = new Set(boardsIn(table, { boards }).flatMap(({ tasks }) => tasks));
  return table.tasks.filter((task) => known.has(task));
}

/** The task that goes without saying on some boards: classification, or the only other one; null where there are several. */
function usualTask(table, boards) {
  const known = [...new Set(boardsIn(table, { boards }).flatMap(({ tasks }) => tasks))];
  if (known.includes(table.defaults.task) || !known.length) return table.defaults.task;
  return known.length === 1 ? known[0] : null;
}

/** Settings without those batch sizes and variants of which a table has no rows on their boards. */
function withRowsOf(table, settings) {
  const left = (asked, there) => {
    const found = asked?.filter((each) => there.includes(each)) ?? [];
    return found.length ? found : null;
  };
  const chosen = boardsIn(table, settings);
  const variant = Object.fromEntries(VARIANT.map((name) => [name, left(settings.variant[name], variantsOn(table, chosen, name))]));
  return { ...settings, batches: left(settings.batches, batchesOn(table, settings.boards)), variant };
}

/** Settings as the part of an address that follows "#". */
function hashOf(table, settings) {
  const words = [...(table.tasks.length > 1 ? [["task", settings.task]] : []), ["board", boardsText(settings.boards)]];
  if (settings.batches !== null) words.push(["batch", settings.batches.join(",")]);
  for (const name of VARIANT) if (settings.variant[name] !== null) words.push([name, settings.variant[name].join(",")]);
  for (const { text, name, limit } of constraintsOf(table, settings)) words.push(text ? ["where", text] : [name, limit]);
  if (settings.statistic !== "median") words.push(["statistic", settings.statistic]);
  words.push(["objective", objectiveText(settings.objective)]);
  if (settings.overhead_ms) words.push(["overhead", settings.overhead_ms]);
  if (settings.battery_j !== null) words.push(["battery", settings.battery_j]);
  if (settings.confidence !== null) words.push(["confidence", confidenceText(settings.confidence)]);
  words.push(["x", table.metrics[settings.x].name], ["y", table.metrics[settings.y].name]);
  if (settings.every_batch) words.push(["rows", "every-batch"]);
  return String(new URLSearchParams(words));
}

/**
 * The settings of an address, and what it says that this page cannot do. Without anything after "#" they
 * are what was asked for; else what it does not say is left to its default.
 */
function settingsOfHash(first, hash) {
  const words = [...new URLSearchParams(hash.replace(/^#/, ""))];
  if (!words.length) return { settings: askedSettings(first), refused: [] };
  const task = words.findLast(([name, text]) => name === "task" && first.tasks.includes(text))?.[1] ?? first.task;
  const table = task === first.task ? first : first.ofTask(task);
  const readers = readersOf(table);
  const settings = plainSettings(table);
  const refused = [];
  for (const [name, text] of words) {
    const read = Object.hasOwn(readers, name) ? readers[name](text, settings) : {};
    if (Object.values(read).some((value) => value !== undefined)) Object.assign(settings, read);
    else refused.push(`${name}=${text}`);
  }
  if (refused.length === words.length) return { settings: askedSettings(first), refused };
  for (const [name, limit] of Object.entries(settings.limits)) {
    if (constraintsOf(table, settings).some((each) => each.name === name)) continue;
    refused.push(`${name}=${limit} without a battery`);
    delete settings.limits[name];
  }
  return { settings, refused };
}

/** For each word of an address, the settings that its text stands for; undefined where it stands for none. */
function readersOf(table) {
  const between = (text, least, most) => {
    const number = text.trim() === "" ? NaN : Number(text);
    return number >= least && number <= most ? number : undefined;
  };
  const isCalled = (steps, text) => objectiveText(steps) === text
    || (steps.length === 1 && table.metrics[steps[0].metric].names.includes(text));
  const metric = (text) => metricsOf(table).find((key) => table.metrics[key].names.includes(text));
  const readers = {
    task: (text) => ({ task: table.tasks.includes(text) ? table.task : undefined }),
    board: (text) => ({ boards: boardsAsked(table, text) }),
    batch: (text) => ({ batches: sizesIn(table, text) }),
    ...Object.fromEntries(VARIANT.map((name) => [name, (text, { variant }) => {
      const names = variantNamesIn(table, name, text);
      return { variant: names && { ...variant, [name]: names } };
    }])),
    statistic: (text) => ({ statistic: Object.values(table.metrics).find(({ statistic }) => statistic === text)?.statistic }),
    where: (text, { conditions }) => {
      const condition = table.asked.conditions.find((each) => each.text === text);
      return { conditions: condition && [...conditions, condition] };
    },
    objective: (text) => ({ objective: objectivesOf(table).find((steps) => isCalled(steps, text)) }),
    overhead: (text) => ({ overhead_ms: between(text, 0, 1e9) }),
    battery: (text) => ({ battery_j: between(text, 1e-9, 1e9) }),
    confidence: (text) => ({ confidence: text === "none" ? 0 : between(text, 1e-9, 1 - 1e-9) }),
    x: (text) => ({ x: metric(text) }),
    y: (text) => ({ y: metric(text) }),
    rows: (text) => ({ every_batch: text === "every-batch" || undefined }),
  };
  for (const { name, metric: key, least, most } of table.limits) {
    for (const word of table.metrics[key].names) {
      readers[word] = (text, { limits }) => {
        const limit = between(text, least, most);
        return { limits: limit && { ...limits, [name]: limit } };
      };
    }
  }
  return readers;
}

/** Batch sizes as "1,4", if the page has rows of each. */
function sizesIn(table, text) {
  const known = new Set(table.rows.batch);
  const sizes = [...new Set(text.split(",").map(Number))].sort((one, other) => one - other);
  return sizes.every((size) => known.has(size)) ? sizes : undefined;
}

/** Names of one part of how candidates are run, as "fp16,int8", in the page's order, if it has rows of each. */
function variantNamesIn({ rows }, name, text) {
  const asked = text.split(",");
  const { names } = rows[name];
  return text && asked.every((each) => names.includes(each)) ? names.filter((each) => asked.includes(each)) : undefined;
}
