/* Drawing on the plot's canvas: axes, regions, lines, points and names, in the page's colours. Places are in pixels. */

const LABEL_SIZE = 12;
const TITLE_SIZE = 12.5;
const [ABOVE, BESIDE, BELOW] = [8, 12, 46]; // the frame, so far from the edges
const TICK_GAP = 7;
const TICK_TEXT = new Intl.NumberFormat("en-GB", { maximumSignificantDigits: 12 });
const SYMBOL_SIDE = 12; // of the symbols of elements.js, whose circles have a diameter of 9
const SYMBOL_DIAMETER = 9;

/** A pen on an empty canvas of a size. */
function penOn(canvas, { width, height }, theme) {
  const ratio = devicePixelRatio;
  Object.assign(canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
  Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  pen.font = `${LABEL_SIZE}px ${theme.font}`;
  return pen;
}

/** The frame of a plot, and functions from the figures on its axes to pixels. */
function scalesOf(pen, axes, { width, height }) {
  const [frame, ticks] = [{ right: width - BESIDE, top: ABOVE, bottom: height - BELOW }, {}];
  ticks.x = ticksOf(axes.x, Math.max(3, Math.floor(width / 75)));
  ticks.y = ticksOf(axes.y, Math.max(3, Math.floor(height / 55)));
  frame.left = 2 * TICK_GAP + 2 * TITLE_SIZE + Math.max(...ticks.y.map((tick) => pen.measureText(TICK_TEXT.format(tick)).width));
  const scale = ({ low, high, log }, from, to) => {
    const place = log ? Math.log : Number;
    const slope = (to - from) / (place(high) - place(low));
    return (figure) => from + slope * (place(figure) - place(low));
  };
  return { frame, ticks, across: scale(axes.x, frame.left, frame.right), upwards: scale(axes.y, frame.bottom, frame.top) };
}

/** The grid, the figures along both axes, and what they are of. */
function drawAxes(pen, axes, { frame, ticks, across, upwards }, theme) {
  Object.assign(pen, { strokeStyle: theme.line, lineWidth: 1 });
  const lines = [
    ...[frame.left, ...ticks.x.map(across)].map((x) => [x, frame.top, x, frame.bottom]),
    ...[frame.bottom, ...ticks.y.map(upwards)].map((y) => [frame.left, y, frame.right, y]),
  ];
  for (const ends of lines) drawLine(pen, ends.map((end) => Math.floor(end) + 0.5));
  pen.fillStyle = theme.quiet;
  Object.assign(pen, { textAlign: "center", textBaseline: "top" });
  for (const tick of ticks.x) {
    const text = TICK_TEXT.format(tick);
    const rightmost = frame.right + BESIDE - pen.measureText(text).width / 2 - 1;
    pen.fillText(text, Math.min(across(tick), rightmost), frame.bottom + TICK_GAP);
  }
  Object.assign(pen, { textAlign: "right", textBaseline: "middle" });
  for (const tick of ticks.y) pen.fillText(TICK_TEXT.format(tick), frame.left - TICK_GAP, upwards(tick));
  Object.assign(pen, { textAlign: "center", textBaseline: "alphabetic", fillStyle: theme.ink });
  pen.font = `500 ${TITLE_SIZE}px ${theme.font}`;
  pen.fillText(axes.x.title, (frame.left + frame.right) / 2, frame.bottom + BELOW - TICK_GAP);
  pen.save();
  pen.translate(TITLE_SIZE + 2, (frame.top + frame.bottom) / 2);
  pen.rotate(-Math.PI / 2);
  pen.fillText(axes.y.title, 0, 0);
  pen.restore();
}

/** A line through places [x, y, x, y, ...]; nothing where one of them is nowhere. */
function drawLine(pen, places) {
  if (!places.every(Number.isFinite)) return;
  pen.beginPath();
  for (let at = 0; at < places.length; at += 2) pen.lineTo(places[at], places[at + 1]);
  pen.stroke();
}

/** Draw within the frame alone. */
function drawWithin(pen, { left, right, top, bottom }, draw) {
  pen.save();
  pen.beginPath();
  pen.rect(left, top, right - left, bottom - top);
  pen.clip();
  draw();
  pen.restore();
}

/** What stamps points: a picture of every look {shape, fill, stroke, width} is made once, `diameter` pixels wide. */
function stampsOf(diameter) {
  const scale = diameter / SYMBOL_DIAMETER;
  const pictures = new Map();
  const pictureOf = ({ shape, fill, stroke, width }) => {
    const key = [shape, fill, stroke, width, devicePixelRatio].join();
    if (!pictures.has(key)) pictures.set(key, pictured(shape, fill, stroke, width));
    return pictures.get(key);
  };
  function pictured(shape, fill, stroke, width) {
    const side = Math.ceil((SYMBOL_SIDE * scale + 2 * width) * devicePixelRatio);
    const picture = element("canvas", { width: side, height: side });
    const pen = picture.getContext("2d");
    const path = new Path2D(SYMBOLS[shape] ?? SYMBOLS.circle);
    pen.translate(side / 2, side / 2);
    pen.scale(scale * devicePixelRatio, scale * devicePixelRatio);
    pen.translate(-SYMBOL_SIDE / 2, -SYMBOL_SIDE / 2);
    Object.assign(pen, { fillStyle: fill, strokeStyle: stroke ?? "transparent", lineWidth: width / scale });
    pen.fill(path);
    if (stroke) pen.stroke(path);
    return picture;
  }
  return pictureOf;
}

/** Stamp pictures at places, each on whole pixels of the screen, which is fast. */
function stamp(pen, opacity, rows, placeOf, pictureOf) {
  pen.save();
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.globalAlpha = opacity;
  for (const row of rows) {
    const [x, y] = placeOf(row);
    if (!Number.isFinite(x + y)) continue;
    const picture = pictureOf(row);
    pen.drawImage(picture, Math.round(x * devicePixelRatio - picture.width / 2), Math.round(y * devicePixelRatio - picture.height / 2));
  }
  pen.restore();
}

/** Names beside their points, as labelsOf has them, on a ground that keeps them readable. */
function drawNames(pen, names, theme) {
  for (const { x, y, text, align, baseline, dx, dy, fontWeight } of names) {
    pen.font = `${fontWeight} ${LABEL_SIZE}px ${theme.font}`;
    Object.assign(pen, { textAlign: align, textBaseline: baseline, lineJoin: "round", lineWidth: 4, strokeStyle: theme.surface, fillStyle: theme.ink });
    pen.globalAlpha = 0.85;
    pen.strokeText(text, x + dx, y + dy);
    pen.globalAlpha = 1;
    pen.fillText(text, x + dx, y + dy);
  }
}
