/* Making parts of the page. Text only ever goes in as text. */

const SVG = "http://www.w3.org/2000/svg";

const SYMBOLS = {
  circle: "M6 1.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 1 0 0-9Z",
  square: "M2 2H10V10H2Z",
  diamond: "M6 0.8L11.2 6L6 11.2L0.8 6Z",
  cross: "M4.3 1H7.7V4.3H11V7.7H7.7V11H4.3V7.7H1V4.3H4.3Z",
  "triangle-up": "M6 1L11.3 10.3H0.7Z",
  "triangle-down": "M6 11L0.7 1.7H11.3Z",
  "triangle-right": "M11 6L1.7 11.3V0.7Z",
  "triangle-left": "M1 6L10.3 0.7V11.3Z",
};

function byId(id) {
  return document.getElementById(id);
}

/** A text that the page holds compressed by gzip, in base64. */
function unpacked(text) {
  const packed = atob(text);
  const bytes = new Uint8Array(packed.length);
  for (let place = 0; place < bytes.length; place++) bytes[place] = packed.charCodeAt(place);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}

/** An element with attributes and children; a child that is no node is its text. */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null) continue;
    made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null));
  return made;
}

/** A network's point as it stands in the plot. */
function swatch(architecture) {
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("viewBox", "0 0 12 12");
  drawing.setAttribute("class", "swatch");
  drawing.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", SYMBOLS[architecture.shape] ?? SYMBOLS.circle);
  path.style.setProperty("--own", architecture.colour);
  drawing.append(path);
  return drawing;
}
