/* The axes of the plot: what stands on them, from where to where, and their round numbers. */

const FIRST_AXES = ["time_per_image_ms", "energy_j", "memory_mb", "fps", "params", "operations"];
const AXIS_FACTORS = { params: ["M", 1e6], operations: ["G", 1e9] };

/** What can stand on an axis, the usual ones first. */
function axisChoices(table, first) {
  const tails = Object.values(table.tails);
  return [...new Set([...first, ...Object.keys(table.metrics)])].filter((key) => !tails.includes(key));
}

/** An axis from its figures: {metric, title, factor, log, low, high}; null where none is known. */
function axisOf(table, metric, value, positions) {
  const [prefix, factor] = AXIS_FACTORS[metric] ?? [table.metrics[metric].unit, 1];
  let [low, high] = [Infinity, -Infinity];
  for (const row of positions) {
    if (!Number.isFinite(value[row])) continue;
    low = Math.min(low, value[row] / factor);
    high = Math.max(high, value[row] / factor);
  }
  if (low > high) return null;
  const log = metric !== "accuracy_top1_percent" && low > 0 && high / low > WORTH_A_LOG;
  const title = `${table.metrics[metric].title}${prefix ? `, ${prefix}` : ""}`;
  return { metric, title, factor, log, ...widened(low, high, log) };
}

/** A little more than the figures span, so that no point stands on the edge. */
function widened(low, high, log) {
  if (log) {
    const margin = (high / low) ** 0.05;
    return { low: low / margin, high: high * margin };
  }
  const margin = 0.06 * (high - low) || Math.abs(high) / 10 || 1;
  return { low: low - margin, high: high + margin };
}

/** Round numbers on an axis, at most so many. */
function ticksOf({ low, high, log }, most) {
  if (log) {
    for (const digits of [[1, 2, 5], [1, 3], [1]]) {
      const found = decades(low, high, digits);
      if (found.length > 1 && found.length <= most) return found;
    }
  }
  const power = Math.floor(Math.log10((high - low) / most));
  const steps = [0, 1].flatMap((more) => [1, 2, 5].map((digit) => Number(`${digit}e${power + more}`)));
  const step = steps.find((each) => Math.floor(high / each) - Math.ceil(low / each) < most);
  const found = [];
  for (let count = Math.ceil(low / step); count <= Math.floor(high / step); count++) found.push(Number((count * step).toPrecision(12)));
  return found;
}

function decades(low, high, digits) {
  const found = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    found.push(...digits.map((digit) => Number(`${digit}e${power}`)));
  }
  return found.filter((number) => low <= number && number <= high);
}

/** Where a limit stands on an axis, in its unit; null where it says nothing there. */
function limitOnAxis({ metric, factor }, constraint) {
  const inverse = { fps: "time_per_image_ms", time_per_image_ms: "fps" };
  if (constraint.metric === metric) return { at: constraint.limit / factor, sense: constraint.sense };
  if (inverse[constraint.metric] !== metric) return null;
  return { at: 1000 / constraint.limit, sense: constraint.sense === "min" ? "max" : "min" };
}
