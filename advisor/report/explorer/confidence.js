/* How probable it is that a candidate meets its limits: the twin of confidence.py, shared_latency.py and
   spread.py in advisor/solve, row by row. A constraint is {name, metric, sense: "min" | "max", limit};
   `case_` is one candidate: {table, column, situation, row}. */

const Z90 = 1.6448536269514722;
const CERTAIN = 4;
const STEPS = 32;
const IDLE_STEPS = [-1.5341, -0.8871, -0.4888, -0.1573, 0.1573, 0.4888, 0.8871, 1.5341];
const TINY = 2.2250738585072014e-308;
const TIMED = ["fps", "response_ms", "batch_latency_ms", "time_per_image_ms"];
const POWERED = ["net_power_w", "energy_j", "average_power_w", "board_energy_j", "battery_hours"];

/** The probability that a candidate meets all limits; 0 where a figure is unknown. */
function chance(case_, constraints) {
  let joint = 1;
  const shared = constraints.filter(({ metric }) => TIMED.includes(metric) || POWERED.includes(metric));
  for (const constraint of constraints) {
    if (!shared.includes(constraint)) joint *= chanceAlone(case_, constraint);
  }
  if (shared.length === 1) joint *= chanceAlone(case_, shared[0]);
  else if (shared.length) joint *= chanceTogether(case_, shared);
  return Math.min(Math.max(joint, 0), 1);
}

/** The probability that a candidate meets one limit. */
function chanceAlone(case_, constraint) {
  const figure = spread(case_, constraint.metric);
  if (Number.isNaN(figure.value)) return 0;
  const below = chanceBelow(figure, constraint.limit);
  const found = constraint.sense === "max" ? below : 1 - below;
  return figure.value === constraint.limit && found === 0 ? 1 : found; // no error, met exactly
}

/** A figure, and the standard deviations of its logarithm below and above it. */
function spread({ table, column, row }, metric) {
  const figures = column(metric);
  const value = figures.value[row];
  const below = Math.log(value / Math.max(figures.low[row], TINY)) / Z90;
  const above = Math.log(figures.high[row] / value) / Z90;
  if (isPredicted(table, metric, row, true)) return { value, below: Infinity, above: Infinity };
  return { value, below: Number.isNaN(below) ? 0 : below, above: Number.isNaN(above) ? 0 : above };
}

function isExact(figure) {
  return figure.below === 0 && figure.above === 0;
}

function chanceBelow(figure, limit, strictly = false) {
  if (Number.isNaN(figure.value) || Number.isNaN(limit)) return 0;
  if (strictly && isExact(figure) && figure.value === limit) return 0;
  return normalCdf(deviations(figure, limit));
}

/** How many standard deviations a limit lies above a figure. */
function deviations(figure, limit) {
  const off = Math.log(limit / figure.value);
  const width = off < 0 ? figure.below : figure.above;
  if (width === Infinity) return 0;
  if (width > 0) return off / width;
  return off >= 0 ? Infinity : -Infinity;
}

/** The probability of meeting several limits that all depend on latency or power. */
function chanceTogether(case_, constraints) {
  const latency = spread(case_, "batch_latency_ms");
  if (Number.isNaN(latency.value)) return 0;
  const power = spread(case_, "net_power_w");
  const powered = constraints.filter(({ metric }) => POWERED.includes(metric));
  const [shortest, longest] = latenciesBetween(case_, constraints);
  if (isExact(latency)) {
    const met = shortest <= latency.value && latency.value <= longest;
    if (!met || !powered.length) return met ? 1 : 0;
    return overIdling(case_, powered, (idle) => powerChance(case_, powered, power, latency.value, idle));
  }
  const ends = [deviations(latency, shortest), deviations(latency, longest)];
  if (powered.length) {
    return overIdling(case_, powered, (idle) => integrated(case_, powered, latency, power, ends, idle));
  }
  return Math.max(normalCdf(ends[1]) - normalCdf(ends[0]), 0);
}

/** A probability over all idle powers that there may be, where limits depend on it. */
function overIdling({ table, row }, powered, probability) {
  const [value, low, high] = ["value", "low", "high"].map((part) => table.idle_power_w[part][row]);
  const [below, above] = [value / low, high / value].map((ratio) => Math.log(ratio) / Z90 || 0);
  const matters = powered.some(({ metric }) => metric !== "net_power_w" && metric !== "energy_j");
  if (!matters || !(below + above)) return probability(value);
  const powers = IDLE_STEPS.map((z) => value * Math.exp(z * (z < 0 ? below : above)));
  return powers.reduce((sum, idle) => sum + probability(idle), 0) / powers.length;
}

/** The probability of limits on the power, summed over pieces of the latency's distribution. */
function integrated(case_, powered, latency, power, [least, most], idle) {
  let total = 0;
  for (let step = 0; step < STEPS; step++) {
    const from = step === 0 ? -Infinity : -CERTAIN + (2 * CERTAIN * step) / STEPS;
    const to = step === STEPS - 1 ? Infinity : -CERTAIN + (2 * CERTAIN * (step + 1)) / STEPS;
    const bottom = clipped(least, from, to);
    const top = clipped(most, from, to);
    const weight = Math.max(normalCdf(top) - normalCdf(bottom), 0);
    if (!(weight > 0)) continue;
    const z = (clipped(bottom, -CERTAIN, CERTAIN) + clipped(top, -CERTAIN, CERTAIN)) / 2;
    const width = z < 0 ? latency.below : latency.above;
    const length = latency.value * Math.exp(width === Infinity ? 0 : z * width);
    total += weight * powerChance(case_, powered, power, length, idle);
  }
  return total;
}

function clipped(number, least, most) {
  return Math.min(Math.max(number, least), most);
}

function powerChance(case_, powered, power, latencyMs, idle) {
  const [least, most] = powersBetween(case_, powered, latencyMs, idle);
  return Math.max(chanceBelow(power, most) - chanceBelow(power, least, true), 0);
}

/** Between which lengths a batch's latency must lie for all limits on time. */
function latenciesBetween({ table, situation, row }, constraints) {
  const batch = table.batch[row];
  const fill = situation.fps === null ? 0 : (batch - 1) * (1000 / situation.fps);
  const waiting = 0 + (fill + situation.overheadMs);
  let [shortest, longest] = [0, Infinity];
  for (const { metric, sense, limit } of constraints) {
    if (!TIMED.includes(metric)) continue;
    const length = {
      fps: (1000 * batch) / limit,
      response_ms: limit - waiting,
      batch_latency_ms: limit,
      time_per_image_ms: limit * batch,
    }[metric];
    if ((sense === "max") !== (metric === "fps")) longest = Math.min(longest, Math.max(length, 0));
    else shortest = Math.max(shortest, length);
  }
  return [shortest, longest];
}

/** Between which levels the net power must lie for these limits, at this latency and idle power. */
function powersBetween({ table, situation, row }, constraints, latencyMs, idle) {
  const timeS = latencyMs / table.batch[row] / 1000;
  const share = Math.min(1, (situation.fps === null ? Infinity : situation.fps) * timeS);
  let [least, most] = [0, Infinity];
  for (const constraint of constraints) {
    const { metric, sense, limit } = constraint;
    const power =
      metric === "net_power_w" ? limit
      : metric === "energy_j" ? limit / timeS
      : Math.max(averagePowerAt(constraint, situation) - idle, 0) / share;
    if ((sense === "max") !== (metric === "battery_hours")) most = Math.min(most, power);
    else least = Math.max(least, power);
  }
  return [least, most];
}

/** The average power that meets a limit on it, on a frame's energy or on the battery's life exactly. */
function averagePowerAt({ metric, limit }, { fps, batteryJ }) {
  if (metric === "board_energy_j") return fps === null ? NaN : limit * fps;
  if (metric === "battery_hours") return (batteryJ === null ? NaN : batteryJ) / JOULES_PER_WATT_HOUR / limit;
  return limit;
}

/** The standard normal distribution function, to 1e-7 (Abramowitz and Stegun 7.1.26). */
function normalCdf(z) {
  if (z === Infinity) return 1;
  if (z === -Infinity) return 0;
  const x = Math.abs(clipped(z, -40, 40)) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const series =
    t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const upper = 0.5 * series * Math.exp(-(x * x));
  return z < 0 ? upper : 1 - upper;
}
