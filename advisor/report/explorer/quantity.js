/* A number that people set, by a field or by a slider: how it is shown, and between which ends it slides. */

const SLIDER_STEPS = 240;
const WORTH_A_LOG = 8;
const BATTERIES_J = [WATT_HOUR_J, 1000 * WATT_HOUR_J];

/**
 * The quantities of the page: {id, group, label, sign, unit, empty: what stands in an empty field, least, most, range,
 * log, loose: at which end of the slider it is unset, get, set, and from its unit to what is shown and back}.
 */
function quantitiesOf(table) {
  const plain = { range: null, log: false, loose: "left", sign: "", shown: (value) => value, read: Number };
  return [
    {
      ...plain, id: "battery", group: "Battery and overhead", label: "battery", unit: "Wh",
      empty: "none", least: 1e-9, most: 1e9, range: BATTERIES_J, log: true,
      shown: (value) => Number((value / WATT_HOUR_J).toPrecision(15)),
      read: (text) => Number(text) * WATT_HOUR_J,
      get: ({ battery_j }) => battery_j,
      set: (settings, battery_j) => ({ ...settings, battery_j }),
    },
    ...table.limits.map((limit) => ({ ...plain, ...limitQuantity(table, limit) })),
    {
      ...plain, id: "overhead", group: "Battery and overhead", label: "overhead per batch", sign: "+", unit: "ms",
      empty: "0", least: 0, most: 1e9, range: [0, 100],
      get: ({ overhead_ms }) => overhead_ms || null,
      set: (settings, value) => ({ ...settings, overhead_ms: value ?? 0 }),
    },
    {
      ...plain, id: "confidence", group: "Choosing by", label: "confidence", sign: SIGNS.min, unit: "%",
      empty: "none", least: 1e-9, most: 1 - 1e-9, range: [0.5, 0.99],
      shown: (value) => Number((100 * value).toPrecision(15)),
      read: (text) => Number(text) / 100,
      get: ({ confidence }) => (confidence ?? table.defaults.usual_confidence) || null,
      set: (settings, value) => ({ ...settings, confidence: value ?? 0 }),
    },
  ];
}

/** A limit, as a quantity. */
function limitQuantity(table, { name, group, metric, sense, least, most }) {
  const { title, unit, kind, needs_battery } = table.metrics[metric];
  const range = rangeOf(table, metric);
  // The decimal point of a count is moved in its text, since 12.3 * 1e6 is not 12300000.
  const [prefix, power] = kind === "count" && range ? prefixOf(Math.sqrt(range[0] * range[1])) : ["", 0];
  return {
    id: name, group, needs_battery, label: title, sign: SIGNS[sense], unit: unit || prefix, empty: "any", least, most,
    range, log: kind !== "percentage" && range !== null && range[1] / range[0] > WORTH_A_LOG,
    loose: sense === "min" ? "left" : "right",
    get: ({ limits }) => limits[name] ?? null,
    set: (settings, value) => ({ ...settings, limits: { ...settings.limits, [name]: value } }),
    shown: (value) => Number((value / 10 ** power).toPrecision(15)),
    read: (text) => (/e/i.test(text) ? Number(text) * 10 ** power : Number(`${text}e${power}`)),
  };
}

/** Between which round numbers a limit slides: as the metric is without a frame rate, and at the slowest there is. */
function rangeOf(table, metric) {
  const at = (rate, battery_j) => {
    const required = rate ? [{ name: "fps", sense: "min", limit: rate }] : [];
    return figuresIn(table, situationOf({ overhead_ms: 0, battery_j }, required));
  };
  const [slowest] = endsOf([at(null, null).column("fps")]);
  const situations = [null, slowest].flatMap((rate) => BATTERIES_J.map((battery_j) => at(rate, battery_j)));
  const [low, high] = endsOf(new Set(situations.map((figures) => figures.column(metric))));
  return high ? [roundedTo(low, Math.floor), roundedTo(high, Math.ceil)] : null;
}

/** The least and the most of what is known and finite above 0 in some columns; 0 where there is none. */
function endsOf(columns) {
  let [low, high] = [Infinity, 0];
  for (const column of columns) {
    for (const value of column) {
      if (!(value > 0 && value < Infinity)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return [low === Infinity ? 0 : low, high];
}

/** A number of two digits just below or above this one. */
function roundedTo(value, round) {
  const factor = 10 ** (1 - Math.floor(Math.log10(value)));
  return Number((round(value * factor) / factor).toPrecision(3));
}

/** The value at a place of the slider, 0 to SLIDER_STEPS; null at its loose end. */
function valueAt({ loose, range: [low, high], log, read, shown }, place) {
  const share = (place - (loose === "left")) / (SLIDER_STEPS - 1);
  if (share < 0 || share > 1) return null;
  const value = log ? low * (high / low) ** share : low + share * (high - low);
  // Read back as if it were typed, so that it stands in the field with few digits.
  return read(String(Number(shown(value).toPrecision(3))));
}

/** The place of a value on the slider. */
function placeOf({ loose, range, log }, value) {
  if (value === null || range === null) return loose === "left" ? 0 : SLIDER_STEPS;
  const [low, high] = range;
  const share = log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
  return Math.round(Math.min(Math.max(share, 0), 1) * (SLIDER_STEPS - 1)) + (loose === "left");
}
