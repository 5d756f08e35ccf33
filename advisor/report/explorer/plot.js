/* The plot: what of an answer stands in it, and its names where they do not overlap. */

const BOUND_POINTS = 48;
const CHARACTER_WIDTH = 0.56;
const LEGEND_MOST = 30;
const POINTED = ["symbol", "text"]; // marks that stand for one candidate; a line does not

/** A plot in `place` that shows answers, the latest one; `hover` is told the row under the pointer. */
function makePlot(place, table, hover) {
  let view = null;
  let drawn = "";
  let plotted = "";
  let theme = themeOf(place);
  let size = sizeOf(place);
  let latest = null;
  let work = Promise.resolve();

  /** Show an answer; resolves when it stands there. */
  function show(answer) {
    latest = answer;
    work = work.then(draw);
    return work;
  }

  async function draw() {
    if (!latest) return;
    const answer = latest;
    latest = null;
    const axes = axesOf(answer);
    const data = axes && dataOf(answer, axes, theme);
    showMarks(answer, data);
    if (!axes) return;
    const wanted = JSON.stringify([axes, theme, size], (key, value) => (["low", "high"].includes(key) ? undefined : value));
    const ends = axisParameters(axes, size);
    if (wanted !== drawn) {
      view?.finalize();
      view = await embedded(axes);
      drawn = wanted;
      plotted = "";
    }
    if (JSON.stringify(ends) !== plotted) {
      plotted = JSON.stringify(ends);
      for (const [name, value] of Object.entries(ends)) view.signal(name, value);
      await view.runAsync(); // so that the names find their places by the scales as they are
    }
    for (const [name, values] of Object.entries({ ...data, labels: labelsOf(answer, axes, view) })) view.data(name, values);
    await view.runAsync();
  }

  /** Look again how large the plot may be, and in which colours; costly, since it lays the page out. */
  function measure() {
    theme = themeOf(place);
    size = sizeOf(place);
  }

  async function embedded(axes) {
    const options = { actions: false, renderer: "canvas", defaultStyle: false, tooltip: false, patch: followParameters };
    const { view: made } = await vegaEmbed(place, plotSpec(axes, theme, size), options);
    for (const type of ["pointermove", "click"]) {
      made.addEventListener(type, (event, item) => hover(event, POINTED.includes(item?.mark?.marktype) ? item.datum.row : null));
    }
    return made;
  }

  place.addEventListener("pointerleave", (event) => hover(event, null));

  return { show, measure, settled: () => work };
}

/** Both axes of an answer, on all boards and batches that may be chosen; null where a figure is unknown. */
function axesOf(answer) {
  const { table, settings } = answer;
  const [x, y] = [settings.x, settings.y].map((metric) => axisOf(answer, metric));
  if (!x || !y) return null;
  return { x: { ...x, name: "x" }, y: { ...y, name: "y" }, step: table.metrics[x.metric].more_is_better ? "step-before" : "step-after" };
}

function sizeOf(place) {
  const width = Math.max(240, Math.floor(place.clientWidth));
  return { width, height: Math.round(Math.min(Math.max(0.62 * width, 270), 460)) };
}

function themeOf(place) {
  const style = getComputedStyle(place);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  return { ink: colour("ink"), surface: colour("surface"), quiet: colour("quiet"), line: colour("line"), accent: colour("accent"), lightening: parseFloat(colour("lightening")) / 100, font: style.fontFamily };
}

/** What stands in the plot, by the name of its data. */
function dataOf(answer, axes, theme) {
  const { table, feasible, considered, constraints, best } = answer;
  const fits = new Set(feasible);
  const colourOf = remembered((own) => lightened(own, theme.lightening));
  const drawn = (rows, edge = theme.ink) =>
    rows.map((row) => pointOf(answer, axes, colourOf, edge, row)).filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y));
  const pick = best === null ? [] : drawn([best]);
  const regions = [axes.x, axes.y].flatMap((axis) =>
    constraints.map((each) => limitOnAxis(table, axis, each)).filter(Boolean).map((limit) => regionOf(axes, axis, limit)));
  return {
    outside: regions.map(({ outside }) => outside),
    edges: regions.map(({ edge }) => edge),
    bound: boundLine(answer, axes),
    frontier: drawn(frontierOf(answer, [axes.x.metric, axes.y.metric], feasible)),
    rejected: drawn(considered.filter((row) => !fits.has(row)), null), // edges would double the time to draw them
    feasible: drawn([...feasible].reverse()), // the better ones above
    interval: pick.flatMap(() => intervalsOf(answer, axes)),
    pick,
  };
}

/** Where a row stands in the plot. */
function placeIn(axes, { column }, row) {
  const [x, y] = [axes.x, axes.y].map(({ metric, factor }) => column(metric)[row] / factor);
  return { x, y };
}

/** A row as a point of the plot, with such an edge; hollow where it is predicted. */
function pointOf(answer, axes, colourOf, edge, row) {
  const { table, isPredicted } = answer;
  const { colour: own, shape } = table.architectures[table.rows.architecture[row]];
  const colour = colourOf(own);
  const predicted = isPredicted(axes.x.metric, row) || isPredicted(axes.y.metric, row);
  const look = predicted ? { fill: "transparent", stroke: colour, width: 1.8 } : { fill: colour, stroke: edge, width: 0.7 };
  return { row, ...placeIn(axes, answer, row), shape, ...look };
}

/** A colour "#rrggbb" mixed with white. */
function lightened(colour, share) {
  const parts = [1, 3, 5].map((start) => parseInt(colour.slice(start, start + 2), 16));
  return `rgb(${parts.map((part) => Math.round(part + share * (255 - part))).join(" ")})`;
}

/** The side of a limit that is not accepted, and the line between. */
function regionOf(axes, axis, { at, sense }) {
  const edge = { x: axes.x.low, x2: axes.x.high, y: axes.y.low, y2: axes.y.high };
  const outside = { ...edge };
  const { name, low, high } = axis;
  const there = Math.min(Math.max(at, low), high);
  outside[name] = sense === "min" ? low : there;
  outside[`${name}2`] = sense === "min" ? there : high;
  edge[name] = edge[`${name}2`] = at;
  return { outside, edge };
}

/** The 90 % interval of the pick along both axes. */
function intervalsOf(answer, axes) {
  return ["x", "y"].flatMap((along) => {
    const { metric, factor } = axes[along];
    const [, low, high] = answer.estimate(metric, answer.best);
    const { x, y } = placeIn(axes, answer, answer.best);
    return Number.isNaN(low + high) ? [] : [{ x, x2: x, y, y2: y, [along]: low / factor, [`${along}2`]: high / factor }];
  });
}

/** What no known network exceeds in accuracy, within the range of their frame rates. */
function boundLine({ table, settings }, { x, y }) {
  const bound = y.metric === "accuracy_percent" ? boundOf(table, settings) : null;
  const convert = conversion(table, "fps", x.metric);
  if (!bound || !convert) return [];
  const [low, high] = bound.range;
  return Array.from({ length: BOUND_POINTS }, (_, step) => {
    const rate = low * (high / low) ** (step / (BOUND_POINTS - 1));
    return { x: convert(rate), y: bound.intercept - bound.slope * rate };
  });
}

/** The pick's name and those of the best other networks, where there is room for them. */
function labelsOf(answer, axes, view) {
  const { table, feasible, best } = answer;
  const [across, upwards] = [view.scale("x"), view.scale("y")];
  const field = { left: 0, right: Math.max(...across.range()), top: 0, bottom: Math.max(...upwards.range()) };
  const pixels = (row) => {
    const { x, y } = placeIn(axes, answer, row);
    return [across(x), upwards(y)];
  };
  const taken = feasible.map((row) => around(...pixels(row), row === best ? 12 : 6)).filter(({ left }) => !Number.isNaN(left));
  const found = [];
  const named = new Set();
  const firsts = feasible.filter((row) => !named.has(table.rows.architecture[row]) && named.add(table.rows.architecture[row]));
  for (const row of firsts.slice(0, LEGEND_MOST)) {
    const [x, y] = pixels(row);
    if (!Number.isFinite(x + y)) continue;
    const text = table.architectures[table.rows.architecture[row]].name;
    const places = placesAround(row === best ? 15 : 9);
    const inside = places.filter((place) => within(labelBox(x, y, text, place), field));
    const free = inside.find((place) => !taken.some((other) => overlap(labelBox(x, y, text, place), other)));
    const place = free ?? (row === best ? inside[0] ?? places[0] : null);
    if (!place) continue;
    taken.push(labelBox(x, y, text, place));
    found.push({ ...placeIn(axes, answer, row), row, text, ...place, fontWeight: row === best ? "bold" : "normal" });
  }
  return found;
}

/** Where a name can stand beside its point, in the order of preference. */
function placesAround(gap) {
  return [
    { align: "left", baseline: "middle", dx: gap, dy: 0 },
    { align: "right", baseline: "middle", dx: -gap, dy: 0 },
    { align: "center", baseline: "bottom", dx: 0, dy: -gap },
    { align: "center", baseline: "top", dx: 0, dy: gap },
  ];
}

function around(x, y, half) {
  return { left: x - half, right: x + half, top: y - half, bottom: y + half };
}

function labelBox(x, y, text, { align, baseline, dx, dy }) {
  const width = LABEL_SIZE * CHARACTER_WIDTH * text.length;
  const left = x + dx - { left: 0, center: width / 2, right: width }[align];
  const top = y + dy - { top: 0, middle: LABEL_SIZE / 2, bottom: LABEL_SIZE }[baseline];
  return { left, right: left + width, top, bottom: top + LABEL_SIZE };
}

function within(box, field) {
  return box.left >= field.left && box.right <= field.right && box.top >= field.top && box.bottom <= field.bottom;
}

function overlap(one, other) {
  return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
}

/** What the marks of the plot mean, which networks they are, and what is not drawn. */
function showMarks({ table, settings, column, considered }, data) {
  byId("plot").hidden = byId("marks").hidden = byId("legend").hidden = !data;
  const lacking = (metric) => considered.filter((row) => Number.isNaN(column(metric)[row]));
  const unknown = [...new Set([settings.x, settings.y])].filter((metric) => lacking(metric).length);
  const titles = listed(unknown.map((metric) => table.metrics[metric].title));
  const hidden = new Set(unknown.flatMap(lacking)).size;
  byId("plot-note").textContent = !hidden ? ""
    : data ? `${counted(hidden, "candidate")} not drawn: ${titles} unknown.`
    : `Nothing to draw: the ${titles} of every candidate here is unknown.`;
  if (!data) return;
  const marks = [["ring", "the pick"], ["bright", "meets every limit"], ["faint", "does not"], ["step", "frontier: nothing that fits beats it"]];
  if (data.bound.length) marks.push(["dash", "no known network lies above"]);
  if ([...data.feasible, ...data.rejected].some(({ fill }) => fill === "transparent")) marks.push(["hollow", "predicted"]);
  byId("marks").replaceChildren(...marks.map(([mark, text]) => element("li", {}, element("span", { class: `mark ${mark}` }), text)));
  const shown = [...new Set(considered.map((row) => table.rows.architecture[row]))].sort((one, other) => one - other);
  const networks = shown.map((place) => table.architectures[place]).slice(0, LEGEND_MOST);
  byId("legend").hidden = shown.length > LEGEND_MOST;
  byId("legend").replaceChildren(...networks.map((each) => element("li", {}, swatch(each), each.name)));
}
