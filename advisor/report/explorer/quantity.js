/* A number that people set, by a field or by a slider: how it is shown, and between which ends it slides. */

const SLIDER_STEPS = 240;
const WORTH_A_LOG = 8;

/** The quantities of the page: {id, label, sign, unit, get, set, range, log, loose, ...}. */
function quantitiesOf(table) {
  return [...table.limits.map((limit) => limitQuantity(table, limit)), overhead(), battery(), confidence()];
}

/** A limit; unset where the field is empty or the slider at its loose end. */
function limitQuantity(table, { name, metric, sense, least, most }) {
  const { title, unit } = table.metrics[metric];
  const power = { params: 6, ops: 9 }[name] ?? 0;
  const range = rangeOf(table, metric);
  return {
    id: name,
    label: title,
    sign: SIGNS[sense],
    unit: power ? PREFIXES.find(([, each]) => each === power)[0] : unit,
    least, most,
    range, log: name !== "accuracy" && range !== null && range[1] / range[0] > WORTH_A_LOG,
    loose: sense === "min" ? "left" : "right",
    get: (settings) => settings.limits[name] ?? null,
    set: (settings, value) => ({ ...settings, limits: { ...settings.limits, [name]: value } }),
    shown: (value) => Number((value / 10 ** power).toPrecision(15)),
    read: (text) => (power && !/e/i.test(text) ? Number(`${text}e${power}`) : Number(text) * 10 ** power),
    needsBattery: name === "hours",
  };
}

function overhead() {
  return {
    id: "overhead", label: "overhead per batch", sign: "+", unit: "ms", least: 0, most: 1e9,
    range: [0, 100], log: false, loose: "left",
    get: (settings) => settings.overheadMs || null,
    set: (settings, value) => ({ ...settings, overheadMs: value ?? 0 }),
    shown: (value) => value, read: Number,
  };
}

function battery() {
  return {
    id: "battery", label: "battery", sign: "", unit: "Wh", least: 1e-9, most: 1e9,
    range: [3600, 3.6e6], log: true, loose: "left",
    get: (settings) => settings.batteryJ,
    // Without a battery its life cannot be limited; with one again, it is limited as before.
    set: (settings, value) => {
      const hours = settings.limits.hours ?? settings.hoursBefore ?? null;
      return value === null
        ? { ...settings, batteryJ: null, hoursBefore: hours, limits: { ...settings.limits, hours: null } }
        : { ...settings, batteryJ: value, hoursBefore: null, limits: { ...settings.limits, hours } };
    },
    shown: (value) => Number((value / JOULES_PER_WATT_HOUR).toPrecision(15)),
    read: (text) => Number(text) * JOULES_PER_WATT_HOUR,
  };
}

function confidence() {
  return {
    id: "confidence", label: "confidence", sign: SIGNS.min, unit: "%", least: 1e-9, most: 1 - 1e-9,
    range: [0.5, 0.99], log: false, loose: "left", empty: "figures as they are",
    get: (settings) => settings.confidence || null,
    set: (settings, value) => ({ ...settings, confidence: value ?? 0 }),
    shown: (value) => Number((100 * value).toPrecision(15)),
    read: (text) => Number(text) / 100,
  };
}

/** Between which round numbers a limit on a metric slides; null where no candidate tells. */
function rangeOf(table, metric) {
  if (metric === "battery_hours") return [0.1, 1000];
  const column = figuresIn(table, { fps: null, overheadMs: 0, batteryJ: null })(metric);
  const idle = metric === "average_power_w" ? table.idle_power_w.value : [];
  const known = [...column.value, ...idle].filter((value) => value > 0 && value < Infinity);
  if (!known.length) return null;
  const [low, high] = known.reduce(([least, most], value) => [Math.min(least, value), Math.max(most, value)], [Infinity, 0]);
  const longest = metric === "response_ms" ? 2 * high : high; // frames wait for their batch to fill
  return [roundedTo(low, Math.floor), roundedTo(longest, Math.ceil)];
}

/** A number of two digits just below or above this one. */
function roundedTo(value, round) {
  const factor = 10 ** (1 - Math.floor(Math.log10(value)));
  return Number((round(value * factor) / factor).toPrecision(3));
}

/** The value at a place of the slider, 0 to SLIDER_STEPS; null at its loose end. */
function valueAt(quantity, place) {
  const share = quantity.loose === "left" ? (place - 1) / (SLIDER_STEPS - 1) : place / (SLIDER_STEPS - 1);
  if (share < 0 || share > 1) return null;
  const [low, high] = quantity.range;
  const value = quantity.log ? low * (high / low) ** share : low + share * (high - low);
  // Read back as if it were typed, so that it stands in the field with few digits.
  return quantity.read(String(Number(quantity.shown(value).toPrecision(3))));
}

/** The place of a value on the slider. */
function placeOf(quantity, value) {
  const left = quantity.loose === "left";
  if (value === null || quantity.range === null) return left ? 0 : SLIDER_STEPS;
  const [low, high] = quantity.range;
  const share = quantity.log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
  return Math.round(Math.min(Math.max(share, 0), 1) * (SLIDER_STEPS - 1)) + (left ? 1 : 0);
}
