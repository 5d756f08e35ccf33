/* The axes of the plot: what stands on them, from where to where, and their round numbers. */

/** An axis from the figures of rows: {metric, title, factor, log, low, high}; null where there are none. */
function axisOf({ table, column }, metric, rows) {
  const { kind, unit, title } = table.metrics[metric];
  const figures = column(metric);
  let [least, most] = [Infinity, -Infinity];
  for (const row of rows) {
    least = Math.min(least, figures[row]);
    most = Math.max(most, figures[row]);
  }
  if (least > most) return null;
  const [prefix, power] = kind === "count" ? prefixOf(Math.sqrt(least * most)) : [unit, 0];
  const factor = 10 ** power;
  const log = kind !== "percentage" && least > 0 && most / least > WORTH_A_LOG;
  const ends = widened(least / factor, most / factor, log);
  return { metric, title: `${title}${prefix ? `, ${prefix}` : ""}`, factor, log, ...ends };
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
  const between = (numbers) => numbers.filter((number) => low <= number && number <= high);
  const powers = Array.from({ length: log ? Math.ceil(Math.log10(high / low)) + 1 : 0 }, (_, place) => Math.floor(Math.log10(low)) + place);
  const decades = (digits, every = 1) => between(powers.filter((power) => power % every === 0).flatMap((power) =>
    digits.map((digit) => Number(`${digit}e${power}`))));
  const sparse = [2, 3, 4].map((every) => decades([1], every));
  const logarithmic = log ? [...[[1, 2, 5], [1, 3], [1]].map((digits) => decades(digits)), ...sparse] : [];
  const power = Math.floor(Math.log10((high - low) / most));
  const steps = [1, 2, 5, 10, 20, 50].map((digits) => Number(`${digits}e${power}`));
  const step = steps.find((each) => Math.floor(high / each) - Math.ceil(low / each) < most);
  const linear = Array.from({ length: most + 1 }, (_, count) => Number(((Math.ceil(low / step) + count) * step).toPrecision(12)));
  return logarithmic.find((found) => found.length > 1 && found.length <= most) ?? between(linear);
}

/** A function from figures of one metric to those of another that is the same or always its reciprocal; else null. */
function conversion({ metrics }, from, to) {
  const product = metrics[from].reciprocals[to];
  return from === to ? (figure) => figure : product ? (figure) => product / figure : null;
}

/** Where a limit stands on an axis, in its unit; null where it says nothing there. */
function limitOnAxis(table, { metric, factor }, constraint) {
  const convert = conversion(table, constraint.metric, metric);
  if (!convert) return null;
  const sense = metric === constraint.metric ? constraint.sense : { min: "max", max: "min" }[constraint.sense];
  return { at: convert(constraint.limit) / factor, sense };
}

/** What no known network on the chosen boards exceeds in accuracy at a frame rate; null where that is not known. */
function boundAt(table, settings, rate) {
  const bound = boundOf(table, settings);
  return bound && bound.range[0] <= rate && rate <= bound.range[1] ? bound.intercept - bound.slope * rate : null;
}

function boundOf(table, settings) {
  const [board, ...more] = boardsIn(table, settings);
  return more.length ? table.bound : board.bound;
}
