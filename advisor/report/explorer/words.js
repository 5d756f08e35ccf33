/* Numbers and limits as people read them, and the command line that asks the same. */

const SIGNS = { min: "\u2265", max: "\u2264" };
const PREFIXES = [["T", 12], ["G", 9], ["M", 6], ["k", 3]];
const FAR_FROM_NONE = 0.05;
const WHOLE = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });

/** A metric's figure without its unit; "?" where unknown. */
function figureText(metric, value) {
  if (value === null || Number.isNaN(value)) return "?";
  if (metric === "accuracy_top1_percent") return value.toFixed(2);
  if (metric === "params" || metric === "operations") return withPrefix(value);
  return significant(value);
}

/** Three significant digits, whole numbers from 100 on: 0.313, 25.4, 1,383. */
function significant(value) {
  if (!Number.isFinite(value)) return value > 0 ? "\u221e" : "?";
  if (Math.abs(value) >= 99.95) return WHOLE.format(value);
  return value.toPrecision(3);
}

/** Three significant digits and an SI prefix: 11.7M. */
function withPrefix(value) {
  const [prefix, power] = PREFIXES.find(([, each]) => value >= 10 ** each) ?? ["", 0];
  return `${(value / 10 ** power).toPrecision(3)}${prefix}`;
}

/** A metric's figure with its unit. */
function withUnit(table, metric, value) {
  return `${figureText(metric, value)} ${table.metrics[metric].unit}`.trim();
}

/** A signed percentage: +31 %, −0.4 %. */
function percentText(ratio) {
  const size = 100 * Math.abs(ratio);
  const sign = ratio < 0 ? "\u2212" : "+";
  if (size > 999.5) return `${sign}>999 %`;
  if (size > 0 && size < FAR_FROM_NONE) return `${sign}<0.1 %`;
  return `${sign}${size < 1 ? size.toFixed(1) : size.toFixed(0)} %`;
}

/** A probability, never rounded up to certainty. */
function chanceText(probability) {
  if (probability > 0.99) return "over 99 %";
  return probability < 0.01 ? "under 1 %" : `${Math.floor(100 * probability + 1e-6)} %`;
}

/** How probably a candidate meets all limits, in a word. */
function markOf(probability) {
  const chance = probability + 1e-6; // sums of weights may miss by a rounding error
  return chance >= 0.9 ? "sure" : chance >= 0.5 ? "likely" : "unlikely";
}

function counted(count, noun) {
  return `${WHOLE.format(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** Words as a sentence lists them: "a, b and c". */
function listed(words) {
  return words.length > 1 ? `${words.slice(0, -1).join(", ")} and ${words.at(-1)}` : words.join("");
}

/** A limit as people read it: "fps ≥ 30", "p99 latency ≤ 33 ms". */
function limitText(table, { name, metric, sense, limit }) {
  const tail = Object.keys(table.tails).find((each) => table.tails[each] === metric);
  return `${tail ? `${tail} ` : ""}${name} ${SIGNS[sense]} ${quantityText(table, metric, limit, " ")}`;
}

/** The exact text of a quantity, as `advisor pick` reads it back: "0.5 J", "25M", "30". */
function quantityText(table, metric, value, space = "") {
  if (metric === "params" || metric === "operations") return countText(value);
  const unit = table.metrics[metric].written;
  return unit ? `${value}${space}${unit}` : String(value);
}

/** The shortest text with a prefix that stands for exactly this count. */
function countText(value) {
  for (const [prefix, power] of PREFIXES) {
    const digits = String(value / 10 ** power);
    if (value >= 10 ** power && !digits.includes("e") && Number(`${digits}e${power}`) === value) return digits + prefix;
  }
  return String(value);
}

/** A battery's energy, exactly. */
function batteryText(batteryJ) {
  const hours = batteryJ / JOULES_PER_WATT_HOUR;
  return Number.isInteger(hours) && hours * JOULES_PER_WATT_HOUR === batteryJ ? `${hours}Wh` : `${batteryJ}J`;
}

/** The `advisor pick` that gives the same answer. */
function commandOf(table, settings) {
  const words = ["advisor", "pick"];
  for (const { name, metric } of table.limits) {
    const limit = settings.limits[name] ?? null;
    if (limit === null) continue;
    const tail = name === "response" && settings.statistic !== "median" ? `@${settings.statistic}` : "";
    words.push(`--${name}`, quantityText(table, metric, limit) + tail);
  }
  for (const condition of settings.conditions) words.push("--where", condition.text);
  words.push("--board", settings.boards === null ? "any" : settings.boards.join(","));
  if (settings.batches !== null) words.push("--batch", settings.batches.join(","));
  words.push(...table.words);
  const objective = objectiveText(settings.objective);
  if (objective !== "accuracy") words.push("--objective", objective);
  if (settings.overheadMs) words.push("--overhead", `${settings.overheadMs}ms`);
  if (settings.batteryJ !== null) words.push("--battery", batteryText(settings.batteryJ));
  if (settings.confidence !== DEFAULT_CONFIDENCE) words.push("--confidence", confidenceText(settings.confidence));
  return words.map(quoted).join(" ");
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
