/* The plot: what of an answer stands in it, and its names where they do not overlap. */

const BOUND_POINTS = 48;
const CHARACTER_WIDTH = 0.56;
const LEGEND_MOST = 30;
const MOST_IN_PASSING = 2000; // so many points are drawn at most while a slider moves, those that fit always
const [FEASIBLE_SIZE, REJECTED_SIZE, PICK_SIZE] = [9.7, 6.5, 20.7]; // in pixels across
const REJECTED_OPACITY = 0.36;
const REACH = 7; // so near a point is pointed at

/** A plot in `place` that shows answers; `hover` is given the row under the pointer. */
function makePlot(place, hover) {
  const canvas = element("canvas", { role: "img" });
  const stamps = { feasible: stampsOf(FEASIBLE_SIZE), rejected: stampsOf(REJECTED_SIZE) };
  let drawn = []; // what can be pointed at, and where it stands
  let latest = null;
  let theme = themeOf(place);
  let size = sizeOf(place);
  place.replaceChildren(canvas);

  function show(answer) {
    latest = answer;
    const axes = axesOf(answer);
    showMarks(answer, axes);
    drawn = [];
    if (!axes) return;
    canvas.setAttribute("aria-label", `${axes.y.title} against ${axes.x.title}; the table below lists the same candidates.`);
    const pen = penOn(canvas, size, theme);
    const scales = scalesOf(pen, axes, size);
    const placeOf = placesOf(answer, axes, scales);
    const points = pointsOf(answer);
    drawAxes(pen, axes, scales, theme);
    drawWithin(pen, scales.frame, () => drawLimits(pen, answer, axes, scales, theme));
    drawWithin(pen, scales.frame, () => drawFrontier(pen, answer, axes, placeOf, theme));
    // Edges would double the time to draw what does not fit; the better ones stand above.
    stamp(pen, REJECTED_OPACITY, points.rejected, placeOf, picturesOf(answer, theme, null, stamps.rejected));
    stamp(pen, 1, points.feasible, placeOf, picturesOf(answer, theme, theme.ink, stamps.feasible));
    drawWithin(pen, scales.frame, () => drawPick(pen, answer, axes, scales, placeOf, theme));
    drawNames(pen, labelsOf(answer, points.best, scales.frame, placeOf), theme);
    drawn = [points.rejected, points.feasible].map((rows) => ({ rows, placeOf }));
  }

  /** Look again how large the plot may be, and in which colours, and draw it so; costly, since it lays the page out. */
  function fit() {
    const before = JSON.stringify([theme, size]);
    theme = themeOf(place);
    size = sizeOf(place);
    if (latest && JSON.stringify([theme, size]) !== before) show(latest);
  }

  /** The row nearest to the pointer; one that fits before one that does not. */
  function pointed({ offsetX, offsetY }) {
    let found = null;
    for (const { rows, placeOf } of drawn) {
      let nearest = REACH;
      for (const row of rows) {
        const [x, y] = placeOf(row);
        const distance = Math.hypot(x - offsetX, y - offsetY);
        if (distance <= nearest) [found, nearest] = [row, distance];
      }
    }
    return found;
  }

  for (const type of ["pointermove", "click"]) canvas.addEventListener(type, (event) => hover(event, pointed(event)));
  place.addEventListener("pointerleave", (event) => hover(event, null));

  return { show, fit };
}

/** Both axes of what is drawn of an answer, on all boards and batches that may be chosen; null where nothing is. */
function axesOf(answer) {
  const { table, settings, column, considered } = answer;
  const figures = [settings.x, settings.y].map(column);
  const rows = considered.filter((row) => figures.every((each) => Number.isFinite(each[row])));
  const [x, y] = [settings.x, settings.y].map((metric) => axisOf(answer, metric, rows));
  if (!x || !y) return null;
  return { x: { ...x, name: "x" }, y: { ...y, name: "y" }, isMoreBetter: table.metrics[x.metric].more_is_better };
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

/** The rows that are drawn: what fits, the best last, and the rest, of which a part is enough in passing. */
function pointsOf({ feasible, inTurn, considered, inPassing }) {
  const best = firstFew(inTurn(), MOST_LOOKED_AT);
  const [fits, leads] = [new Set(feasible), new Set(best)];
  const rest = considered.filter((row) => !fits.has(row));
  const every = inPassing ? Math.ceil(rest.length / MOST_IN_PASSING) : 1;
  return {
    best,
    feasible: [...feasible.filter((row) => !leads.has(row)), ...[...best].reverse()],
    rejected: every > 1 ? rest.filter((_, place) => place % every === 0) : rest,
  };
}

/** Where a row stands in the plot, as a function; NaN where a figure is unknown. */
function placesOf({ column }, axes, { across, upwards }) {
  const [x, y] = [axes.x, axes.y].map(({ metric }) => column(metric));
  return (row) => [across(x[row] / axes.x.factor), upwards(y[row] / axes.y.factor)];
}

/** The pictures of rows, with such an edge; hollow where a figure is predicted. */
function picturesOf({ table, settings, isPredicted }, theme, edge, pictureOf) {
  const isHollow = (row) => table.predicts && (isPredicted(settings.x, row) || isPredicted(settings.y, row));
  const pictured = (hollow) => remembered((place) => {
    const { colour, shape } = table.architectures[place];
    const own = lightened(colour, theme.lightening);
    return pictureOf(hollow ? { shape, fill: "transparent", stroke: own, width: 1.8 } : { shape, fill: own, stroke: edge, width: 0.7 });
  });
  const [solid, hollow] = [false, true].map(pictured);
  return (row) => (isHollow(row) ? hollow : solid)(table.rows.architecture[row]);
}

/** The sides of limits that are not accepted, the lines between, and what no known network exceeds. */
function drawLimits(pen, answer, axes, scales, theme) {
  const { table, constraints } = answer;
  for (const axis of [axes.x, axes.y]) {
    for (const limit of constraints.map((each) => limitOnAxis(table, axis, each)).filter(Boolean)) {
      const { outside, edge } = regionOf(axis, limit, scales);
      pen.save();
      Object.assign(pen, { globalAlpha: 0.06, fillStyle: theme.ink });
      pen.fillRect(...outside);
      pen.restore();
      Object.assign(pen, { strokeStyle: theme.quiet, lineWidth: 1 });
      drawLine(pen, edge);
    }
  }
  Object.assign(pen, { strokeStyle: theme.ink, lineWidth: 1.5 });
  pen.setLineDash([6, 4]);
  drawLine(pen, boundLine(answer, axes).flatMap(({ x, y }) => [scales.across(x), scales.upwards(y)]));
}

/** A line in steps through what nothing that fits beats. */
function drawFrontier(pen, answer, axes, placeOf, theme) {
  const places = frontierOf(answer, [axes.x.metric, axes.y.metric], answer.feasible).map(placeOf).sort(([one], [other]) => one - other);
  const corner = ([x, y], [nextX, nextY]) => (axes.isMoreBetter ? [x, nextY] : [nextX, y]);
  const steps = places.flatMap((place, at) => (at ? [corner(places[at - 1], place), place] : [place]));
  Object.assign(pen, { strokeStyle: theme.accent, lineWidth: 2, globalAlpha: 0.8 });
  drawLine(pen, steps.flat());
}

/** A ring around the pick, and its 90 % interval along both axes. */
function drawPick(pen, answer, axes, scales, placeOf, theme) {
  const { best } = answer;
  if (best === null) return;
  const [x, y] = placeOf(best);
  Object.assign(pen, { strokeStyle: theme.accent, lineWidth: 1.6 });
  const ends = ({ metric, factor }, scale) => answer.estimate(metric, best).slice(1).map((end) => scale(end / factor));
  const [[left, right], [low, high]] = [ends(axes.x, scales.across), ends(axes.y, scales.upwards)];
  drawLine(pen, [left, y, right, y]);
  drawLine(pen, [x, low, x, high]);
  if (!Number.isFinite(x + y)) return;
  pen.lineWidth = 2.6;
  pen.beginPath();
  pen.arc(x, y, PICK_SIZE / 2, 0, 2 * Math.PI);
  pen.stroke();
}

/** A colour "#rrggbb" mixed with white. */
function lightened(colour, share) {
  const parts = [1, 3, 5].map((start) => parseInt(colour.slice(start, start + 2), 16));
  return `rgb(${parts.map((part) => Math.round(part + share * (255 - part))).join(" ")})`;
}

/** The side of a limit that is not accepted, [left, top, width, height], and the line between. */
function regionOf({ name, low, high }, { at, sense }, { frame, across, upwards }) {
  const there = Math.min(Math.max(at, low), high);
  const [from, to] = sense === "min" ? [low, there] : [there, high];
  const { left, right, top, bottom } = frame;
  if (name === "x") {
    return { outside: [across(from), top, across(to) - across(from), bottom - top], edge: [across(at), top, across(at), bottom] };
  }
  return { outside: [left, upwards(to), right - left, upwards(from) - upwards(to)], edge: [left, upwards(at), right, upwards(at)] };
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

/** The names of the pick and of networks that are asked for, and where there is room those of the best others. */
function labelsOf({ table, feasible, considered, best }, rows, frame, placeOf) {
  const taken = feasible.map((row) => around(...placeOf(row), row === best ? 12 : 6)).filter(({ left }) => !Number.isNaN(left));
  const found = [];
  const named = new Set();
  const nameOf = (row) => table.architectures[table.rows.architecture[row]].name;
  const isAsked = (row) => table.labelled.has(nameOf(row));
  const asked = table.labelled.size ? [...rows, ...feasible, ...considered].filter((row) => isAsked(row) && Number.isFinite(placeOf(row)[0] + placeOf(row)[1])) : [];
  const firsts = [...rows.slice(0, 1), ...asked, ...rows].filter((row) => !named.has(table.rows.architecture[row]) && named.add(table.rows.architecture[row]));
  for (const row of firsts.slice(0, LEGEND_MOST + table.labelled.size)) {
    const [x, y] = placeOf(row);
    if (!Number.isFinite(x + y)) continue;
    const text = nameOf(row);
    const places = placesAround(row === best ? 15 : 9);
    const inside = places.filter((place) => within(labelBox(x, y, text, place), frame));
    const free = inside.find((place) => !taken.some((other) => overlap(labelBox(x, y, text, place), other)));
    const place = free ?? (row === best || isAsked(row) ? inside[0] ?? places[0] : null);
    if (!place) continue;
    taken.push(labelBox(x, y, text, place));
    found.push({ x, y, text, ...place, fontWeight: row === best ? "bold" : "normal" });
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
function showMarks(answer, axes) {
  const { table, settings, column, considered, best, isPredicted } = answer;
  byId("plot").hidden = byId("marks").hidden = byId("legend").hidden = !axes;
  const drawn = [...new Set([settings.x, settings.y])];
  const unknown = drawn.filter((metric) => considered.some((row) => Number.isNaN(column(metric)[row])));
  const titles = unknown.map((metric) => table.metrics[metric].title);
  const isHidden = (row) => row !== null && unknown.some((metric) => Number.isNaN(column(metric)[row]));
  const hidden = unknown.length ? considered.filter(isHidden).length : 0;
  byId("plot-note").textContent = !hidden ? ""
    : axes ? `${counted(hidden, "candidate")} not drawn, since ${titles.join(" or ")} is unknown${isHidden(best) ? "; the pick is one of them" : ""}.`
    : `Nothing to draw: the ${titles.join(" or ")} of every candidate here is unknown.`;
  if (!axes) return;
  const marks = [["ring", "the pick"], ["bright", "meets every limit"], ["faint", "does not"], ["step", "frontier: nothing that fits beats it"]];
  if (boundLine(answer, axes).length) marks.push(["dash", "no known network lies above"]);
  if (table.predicts && considered.some((row) => drawn.some((metric) => isPredicted(metric, row)))) marks.push(["hollow", "predicted"]);
  byId("marks").replaceChildren(...marks.map(([mark, text]) => element("li", {}, element("span", { class: `mark ${mark}` }), text)));
  const shown = [...new Set(considered.map((row) => table.rows.architecture[row]))].sort((one, other) => one - other);
  const networks = shown.length > LEGEND_MOST ? [] : shown.map((place) => table.architectures[place]);
  byId("legend").hidden = !networks.length;
  byId("legend").replaceChildren(...networks.map((each) => element("li", {}, swatch(each), each.name)));
}
