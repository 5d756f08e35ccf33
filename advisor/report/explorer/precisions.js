/* What each precision costs: the pick's network and weights on its board at its batch size, the fastest way of each precision. */

const FLOATS = ["fp32", "float", "tf32", "fp16", "bf16"]; // of which the first that there is is what others are held against

/**
 * A row and the fastest of each precision that differ from it in how they run alone, and which of them is the measure.
 * Rows of no known weights, whose accuracy is unknown, stand for a precision that those weights have no row of.
 */
function precisionsOf({ table, column }, row) {
  const { board, architecture, weights, batch, precision } = table.rows;
  const time = column("time_per_image_ms");
  const setOf = (each) => table.weights[weights[each]]; // by name: a set has a place of its own for each precision
  const isOwn = (each) => setOf(each) === setOf(row);
  const isAlike = (each) => board[each] === board[row] && architecture[each] === architecture[row] && batch[each] === batch[row]
    && (isOwn(each) || setOf(each) === undefined);
  const alike = [row, ...Array(table.count).keys()].filter((each) => isAlike(each) && named(precision, each) && !Number.isNaN(time[each]));
  const fastest = new Map();
  for (const each of alike.sort((one, other) => isOwn(other) - isOwn(one) || time[one] - time[other])) {
    const name = named(precision, each);
    if (!fastest.has(name)) fastest.set(name, each);
  }
  if (fastest.size < 2) return { base: null, rows: [] };
  const base = FLOATS.map((name) => fastest.get(name)).find((found) => found !== undefined) ?? null;
  const rows = [...new Set([row, ...fastest.values()])].sort((one, other) => (other === base) - (one === base) || time[one] - time[other]);
  return { base, rows };
}

/** What a row gains in accuracy, in points, and how many times faster it is than another one; NaN where unknown. */
function againstBase({ table, column }, row, base) {
  const [accuracy, time] = [table.accuracy.metric, "time_per_image_ms"].map(column);
  return { points: accuracy[row] - accuracy[base], speedUp: time[base] / time[row] };
}

/** Show them for the pick, where there are several. */
function showPrecisions(answer) {
  const { table, best, column } = answer;
  const { base, rows } = best === null || answer.inPassing ? { rows: [] } : precisionsOf(answer, best);
  byId("precisions").hidden = !rows.length;
  if (!rows.length) return byId("precisions-table").replaceChildren();
  const accuracy = table.metrics[table.accuracy.metric];
  byId("precisions-title").textContent = `What each precision costs ${table.architectures[table.rows.architecture[best]].name} here`;
  const heading = (text, isNumber) => element("th", { scope: "col", class: isNumber ? "number" : null }, text);
  const lines = rows.map((row) => {
    const { points, speedUp } = base === null ? { points: NaN, speedUp: NaN } : againstBase(answer, row, base);
    const held = row === base ? ["", ""] : [pointsText(points), Number.isNaN(speedUp) ? "?" : `${speedUp.toPrecision(3)}\u00d7`];
    const cells = [markedText(answer, table.accuracy.metric, row), held[0], withUnit(table.metrics.time_per_image_ms, column("time_per_image_ms")[row]), held[1]];
    return element("tr", { class: row === best ? "pick" : null },
      element("th", { scope: "row" }, named(table.rows.precision, row)),
      element("td", {}, variantOf(answer, row, VARIANT.filter((name) => name !== "precision"))),
      cells.map((text) => element("td", { class: "number" }, text)));
  });
  const than = base === null ? "" : ` than ${named(table.rows.precision, base)}`;
  byId("precisions-table").replaceChildren(
    element("thead", {}, element("tr", {}, heading("precision"), heading("run by"), heading(`${accuracy.heading} ${accuracy.unit}`, true),
      heading(`more${than}`, true), heading("time per image", true), heading(`faster${than}`, true))),
    element("tbody", {}, lines));
}

/** A difference in points of a percentage: "+0.20", "\u22120.85"; unknown where that is not known. */
function pointsText(points) {
  if (Number.isNaN(points)) return "unknown";
  const sign = points > 0 ? "+" : points < 0 ? "\u2212" : "";
  return `${sign}${Math.abs(points).toFixed(2)}`;
}
