/* Numbers and limits as people read them, and the command line that asks the same. */

const SIGNS = { min: "\u2265", max: "\u2264" };
const PREFIXES = [["T", 12], ["G", 9], ["M", 6], ["k", 3], ["", 0]];
const WATT_HOUR_J = 3600;
const FAR_FROM_NONE = 0.05;
const WHOLE = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });

/** A metric's figure without its unit; "?" where unknown. */
function figureText({ kind }, value) {
  if (Number.isNaN(value)) return "?";
  if (kind === "percentage") return value.toFixed(2);
  if (kind === "quantity") return significant(value);
  const [prefix, power] = prefixOf(value);
  return (value / 10 ** power).toPrecision(3) + prefix;
}

/** Three significant digits, whole numbers from 100 on: 0.313, 25.4, 1,383. */
function significant(value) {
  if (value === Infinity) return "\u221e";
  return Math.abs(value) >= 99.95 ? WHOLE.format(value) : value.toPrecision(3);
}

/** The SI prefix for a count, and its power of ten. */
function prefixOf(value) {
  return PREFIXES.find(([, power]) => value >= 10 ** power) ?? PREFIXES.at(-1);
}

/** A metric's figure with its unit. */
function withUnit(metric, value) {
  return `${figureText(metric, value)} ${metric.unit}`.trim();
}

/** How a figure stands to a limit: "31 % head-room", "2 % short". */
function headroomText({ sense, limit }, value) {
  if (Number.isNaN(value)) return "unknown";
  const margin = sense === "min" ? value / limit - 1 : 1 - value / limit;
  return `${percentText(100 * Math.abs(margin))} ${margin >= 0 ? "head-room" : sense === "min" ? "short" : "over"}`;
}

/** A percentage; what is out of proportion is not spelt out. */
function percentText(percent) {
  if (percent > 999.5) return ">999 %";
  return percent > 0 && percent < FAR_FROM_NONE ? "<0.1 %" : `${percent.toFixed(percent < 1 ? 1 : 0)} %`;
}

/** A probability, never rounded up to certainty. */
function chanceText(probability) {
  if (probability > 0.99) return "over 99 %";
  return probability < 0.01 ? "under 1 %" : `${Math.floor(100 * probability + 1e-6)} %`;
}

/** The probability that a candidate meets all limits, in words. */
function chanceOfText({ chanceOf, isUnknown }, row) {
  return isUnknown(row) ? "unknown" : chanceText(chanceOf(row));
}

/** How probably a candidate meets all limits, in a word, from whether its chance is at least a probability. */
function markOf({ marks }, isAtLeast) {
  return Object.keys(marks).find((mark) => isAtLeast(marks[mark] - 1e-6));
}

function counted(count, noun) {
  return `${WHOLE.format(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** Words as a sentence lists them: "a, b and c". */
function listed(words) {
  return words.length > 1 ? `${words.slice(0, -1).join(", ")} and ${words.at(-1)}` : words.join("");
}

/** A limit as people read it: "fps \u2265 30", "response \u2264 33 ms@p99". */
function limitText(table, constraint) {
  return `${constraint.name} ${SIGNS[constraint.sense]} ${quantityText(table, constraint, " ")}`;
}

function limitsText(table, constraints) {
  return listed(constraints.map((each) => limitText(table, each)));
}

/** The exact text of a limit, as `advisor pick` reads it back: "0.5J", "25M", "30", "33ms@p99". */
function quantityText(table, { metric, limit }, space = "") {
  const { kind, typed_unit: unit, statistic } = table.metrics[metric];
  const text = kind === "count" ? countText(limit) : unit ? `${limit}${space}${unit}` : String(limit);
  return statistic === "median" ? text : `${text}@${statistic}`;
}

/** The shortest text with a prefix that stands for exactly this count. */
function countText(value) {
  const exact = ([, power]) => value >= 10 ** power && Number(`${value / 10 ** power}e${power}`) === value;
  const [prefix, power] = PREFIXES.find(exact) ?? PREFIXES.at(-1);
  return `${value / 10 ** power}${prefix}`;
}

/** A battery's energy, exactly. */
function batteryText(battery_j) {
  return Number.isInteger(battery_j / WATT_HOUR_J) ? `${battery_j / WATT_HOUR_J}Wh` : `${battery_j}J`;
}

/** The `advisor pick` that gives the same answer. */
function commandOf(table, settings) {
  const { defaults } = table;
  const words = ["advisor", "pick"];
  for (const constraint of constraintsOf(table, settings)) {
    words.push(...(constraint.text ? ["--where", constraint.text] : [`--${constraint.name}`, quantityText(table, constraint)]));
  }
  words.push("--board", boardsText(settings.boards));
  if (settings.task !== usualTask(table, settings.boards)) words.push("--task", settings.task);
  if (settings.batches !== null) words.push("--batch", settings.batches.join(","));
  for (const name of VARIANT) if (settings.variant[name] !== null) words.push(`--${name}`, settings.variant[name].join(","));
  words.push(...table.words);
  const objective = objectiveText(settings.objective);
  if (objective !== defaults.objective) words.push("--objective", objective);
  if (settings.overhead_ms) words.push("--overhead", `${settings.overhead_ms}ms`);
  if (settings.battery_j !== null) words.push("--battery", batteryText(settings.battery_j));
  if (settings.confidence !== defaults.confidence) words.push("--confidence", confidenceText(settings.confidence));
  return words.map(quoted).join(" ");
}

/** The question in words: "fps \u2265 30 and energy \u2264 0.5 J; the highest top-1 accuracy". */
function questionText(table, settings) {
  const constraints = constraintsOf(table, settings);
  const run = VARIANT.filter((name) => settings.variant[name] !== null).map((name) => `${name} ${settings.variant[name].join(" or ")}`);
  const sizes = settings.batches === null ? [] : [`batch ${settings.batches.join(" or ")}`];
  const confidence = constraints.length && confidenceOf(table, settings) ? ` with ${Number((100 * confidenceOf(table, settings)).toPrecision(6))} % confidence` : "";
  const parts = [
    constraints.length ? `${limitsText(table, constraints)}${confidence}` : "no limits",
    ...run, ...sizes,
    settings.battery_j === null ? "" : `battery ${batteryText(settings.battery_j)}`,
    settings.overhead_ms ? `overhead ${settings.overhead_ms} ms` : "",
    `best is ${objectiveWords(table, settings.objective)}`,
  ];
  return parts.filter(Boolean).join("; ");
}

/** What ranks, in words: "the highest top-1 accuracy". */
function objectiveWords(table, objective) {
  if (objective.length > 1) return objectiveText(objective);
  const { title, more_is_better } = table.metrics[objective[0].metric];
  return `the ${more_is_better ? "highest" : "lowest"} ${title}`;
}

function boardsText(boards) {
  return boards === null ? "any" : boards.join(",");
}

function objectiveText(objective) {
  return objective.map((step) => step.text).join(", ");
}

function confidenceText(confidence) {
  return confidence ? String(confidence) : "none";
}

/** A word as a shell reads it. */
function quoted(word) {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`;
}
