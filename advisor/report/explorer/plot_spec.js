/* The plot in Vega-Lite: layers of named data, and parameters for the ends of its axes, which plot.js fills. */

const LABEL_SIZE = 12;

/** The specification for two axes, in the page's colours. */
function plotSpec(axes, theme, size) {
  const [x, y] = [encoding(axes.x), encoding(axes.y)];
  const layer = (data, mark, encoding_) => ({ data: { name: data }, mark, encoding: { x, y, ...encoding_ } });
  const points = { shape: literal("shape", "nominal"), fill: literal("fill", "nominal"), stroke: literal("stroke", "nominal") };
  const ends = { x2: { field: "x2" }, y2: { field: "y2" } };
  const text = { text: { field: "text", type: "nominal" } };
  const name = { type: "text", fontSize: LABEL_SIZE };
  for (const part of ["align", "baseline", "dx", "dy", "fontWeight"]) name[part] = { expr: `datum.${part}` };
  const line = (colour, width, dash) => ({ type: "line", color: colour, strokeWidth: width, strokeDash: dash, clip: true });
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    description: `${axes.y.title} against ${axes.x.title}; the table below lists the same candidates.`,
    width: size.width,
    height: size.height,
    autosize: { type: "fit", contains: "padding" },
    background: "transparent",
    params: Object.entries(axisParameters(axes, size)).map(([name, value]) => ({ name, value })),
    padding: { left: 2, right: 8, top: 8, bottom: 2 },
    layer: [
      layer("outside", { type: "rect", color: theme.ink, opacity: 0.06, clip: true }, ends),
      layer("edges", { type: "rule", color: theme.quiet, strokeWidth: 1, clip: true }, ends),
      layer("bound", line(theme.ink, 1.5, [6, 4])),
      layer("frontier", { ...line(theme.accent, 2, [1, 0]), interpolate: axes.step, opacity: 0.8 }),
      layer("rejected", { type: "point", size: 42, opacity: 0.36, strokeWidth: 1.2 }, points),
      layer("feasible", { type: "point", size: 95, strokeWidth: { expr: "datum.width" }, opacity: 1 }, points),
      layer("interval", { type: "rule", color: theme.accent, strokeWidth: 1.6, clip: true }, ends),
      layer("pick", { type: "point", shape: "circle", size: 430, strokeWidth: 2.6, stroke: theme.accent, fill: null }),
      layer("labels", { ...name, color: theme.surface, stroke: theme.surface, strokeWidth: 4, strokeJoin: "round", opacity: 0.85 }, text),
      layer("labels", { ...name, color: theme.ink }, text),
    ],
    config: {
      font: theme.font,
      view: { stroke: null },
      axis: { domainColor: theme.line, gridColor: theme.line, tickColor: theme.line, labelColor: theme.quiet, titleColor: theme.ink, labelFontSize: 12, titleFontSize: 12.5, titleFontWeight: 500, titlePadding: 8 },
    },
  };
}

function literal(field, type) {
  return { field, type, scale: null, legend: null };
}

/** What of the axes changes with the figures, not with what stands on them. */
function axisParameters({ x, y }, size) {
  return {
    xLow: x.low, xHigh: x.high, xTicks: ticksOf(x, Math.max(3, Math.floor(size.width / 75))),
    yLow: y.low, yHigh: y.high, yTicks: ticksOf(y, Math.max(3, Math.floor(size.height / 55))),
  };
}

/** Let the axes follow their parameters, of which Vega-Lite's fixed domains know nothing. */
function followParameters(vega) {
  for (const scale of vega.scales) scale.domain = { signal: `[${scale.name}Low, ${scale.name}High]` };
  return vega;
}

function encoding({ name, title, log, low, high }) {
  const domain = [low, high];
  return {
    field: name,
    type: "quantitative",
    scale: log ? { type: "log", domain, nice: false } : { type: "linear", domain, nice: false, zero: false },
    axis: { title, values: { expr: `${name}Ticks` }, format: ",.12~g", grid: true },
  };
}
