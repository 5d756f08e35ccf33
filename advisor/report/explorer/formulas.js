/* Formulas, which come with the document as trees: [operation, left, right], an input's name, a number, or null for
   what nobody has a figure of.
   They are evaluated on columns of numbers, on figures with errors [value, low, high], and on joint samples of
   these, by the rules of advisor/solve/candidates/uncertainty.py. Unknown is NaN. */

const Z90 = 1.6448536269514722;
const [QUANTILES_TO, QUANTILES_PER_UNIT] = [6, 2000];
const TINY = 2.2250738585072014e-308;

/** A formula's result, from what stands for its inputs and numbers, and from how an operation combines two of these. */
function evaluated(formula, leaf, combined) {
  if (!Array.isArray(formula)) return leaf(formula ?? NaN);
  const [operation, left, right] = formula;
  return combined(operation, evaluated(left, leaf, combined), evaluated(right, leaf, combined));
}

/** The names of the inputs in a formula, each once. */
function partsOf(formula) {
  const names = evaluated(formula, (part) => (typeof part === "string" ? [part] : []), (_, one, other) => [...one, ...other]);
  return [...new Set(names)];
}

/** What an operation makes of two numbers. */
const CALCULATED = {
  "+": (one, other) => one + other,
  "-": (one, other) => one - other,
  "*": (one, other) => one * other,
  "/": (one, other) => one / other,
  else: (one, other) => (Number.isNaN(one) ? other : one),
  min: (one, other) => Math.min(one, other),
};

/** What it makes of columns of numbers, or of a column and one number for all places. */
function columnwise(operation, one, other) {
  const calculated = CALCULATED[operation];
  if (typeof one === "number" && typeof other === "number") return calculated(one, other);
  const found = new Float64Array(one.length ?? other.length);
  const [left, right] = [one, other].map((each) => columnOf(each, found.length));
  for (let place = 0; place < found.length; place++) found[place] = calculated(left[place], right[place]);
  return found;
}

/** A column that may have been one number for all places. */
function columnOf(figures, length) {
  return typeof figures === "number" ? new Float64Array(length).fill(figures) : figures;
}

/** What it makes of figures with errors. These are independent and add in quadrature, in a product on the logarithm. */
function withErrors(operation, one, other) {
  if (operation === "else") return Number.isNaN(one[0]) ? other : one;
  const value = CALCULATED[operation](one[0], other[0]);
  if (Number.isNaN(one[1]) && Number.isNaN(other[1])) return [value, NaN, NaN];
  if (operation === "min") return [0, 1, 2].map((end) => Math.min(...[one, other].map((each) => (Number.isNaN(each[end]) ? each[0] : each[end]))));
  // What is taken off, or divided by, is the larger the lower its low end is.
  const [least, most] = operation === "-" || operation === "/" ? [2, 1] : [1, 2];
  if (operation === "*" || operation === "/") {
    const below = inQuadrature(Math.log(one[0] / one[1]), Math.abs(Math.log(other[0] / other[least])));
    const above = inQuadrature(Math.log(one[2] / one[0]), Math.abs(Math.log(other[most] / other[0])));
    return [value, value * Math.exp(-below), value * Math.exp(above)];
  }
  const below = inQuadrature(one[0] - one[1], Math.abs(other[0] - other[least]));
  const above = inQuadrature(one[2] - one[0], Math.abs(other[most] - other[0]));
  return [value, value - below, value + above];
}

/** Independent errors added up; what is exact adds none. */
function inQuadrature(one, other) {
  return Math.sqrt((one || 0) ** 2 + (other || 0) ** 2);
}

/** A figure, and the standard deviations of its logarithm below and above it; 0 where no error is known. */
function spreadOf([value, low, high]) {
  if (value === 0) return { value, below: 0, above: 0 }; // stands for what a bound leaves out, and has no logarithm
  return { value, below: Math.log(value / Math.max(low, TINY)) / Z90 || 0, above: Math.log(high / value) / Z90 || 0 };
}

/** Samples of a figure with its spread, from quantiles of the normal distribution. */
function samplesOf({ value, below, above }, normals) {
  if (!below && !above) return value;
  const found = new Float64Array(normals.length);
  for (let place = 0; place < found.length; place++) {
    const z = normals[place];
    found[place] = value * Math.exp(z * (z < 0 ? below : above));
  }
  return found;
}

/** A function that computes the result for each argument once. */
function remembered(compute) {
  const known = new Map();
  return (argument) => {
    if (!known.has(argument)) known.set(argument, compute(argument));
    return known.get(argument);
  };
}

/** A share's place among ordered figures, interpolated. */
function quantile(ordered, share) {
  const place = share * (ordered.length - 1);
  const [below, above] = [ordered[Math.floor(place)], ordered[Math.ceil(place)]];
  return below + (place % 1) * (above - below);
}

/** The probability that a figure with its spread is at most a limit; it could be anything where that is infinite. */
function chanceBelow({ value, below, above }, limit) {
  const off = Math.log(limit / value);
  const width = off < 0 ? below : above;
  if (width === Infinity) return normalCdf(0); // which is no exact half, as in the command: at 50% it decides
  return normalCdf(width > 0 ? off / width : off >= 0 ? Infinity : -Infinity);
}

/** The standard normal distribution function, to 1e-7 (Abramowitz and Stegun 7.1.26). */
function normalCdf(z) {
  if (Math.abs(z) === Infinity) return z > 0 ? 1 : 0;
  const x = Math.min(Math.abs(z), 40) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const upper = 0.5 * series * Math.exp(-(x * x));
  return z < 0 ? upper : 1 - upper;
}

/** Its inverse, interpolated between places at which that is known. */
function normalQuantile(probability) {
  const placed = (place) => (place - QUANTILES_TO * QUANTILES_PER_UNIT) / QUANTILES_PER_UNIT;
  let [low, high] = [0, 2 * QUANTILES_TO * QUANTILES_PER_UNIT];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (normalCdf(placed(middle)) <= probability) low = middle;
    else high = middle;
  }
  const [below, above] = [low, high].map((place) => normalCdf(placed(place)));
  return placed(low) + (probability - below) / (above - below) / QUANTILES_PER_UNIT;
}
