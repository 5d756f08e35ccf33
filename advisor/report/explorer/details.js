/* All that is known of one candidate, for the pointer that rests on it and for its row of the table. */

/** What a candidate is called: "resnet-18 at batch 1". */
function nameOf(table, row) {
  return `${table.architectures[table.architecture[row]].name} at batch ${table.batch[row]}`;
}

/** Its weights, runtime and precision. */
function variantText(table, row) {
  const weights = table.weights[table.weights_index[row]];
  const runtime = table.runtime.names[table.runtime.index[row]];
  const precision = table.precision.names[table.precision.index[row]];
  return `${weights ? `weights ${weights.name}` : "no weights"}, ${runtime}, ${precision}`;
}

function boardOf(table, row) {
  return table.boards[table.board[row]];
}

/** A figure's interval, or "" where none is known. */
function intervalText(metric, figures, row) {
  const [low, high] = [figures.low[row], figures.high[row]];
  const [from, to] = [figureText(metric, low), figureText(metric, high)];
  return Number.isNaN(low + high) || from === to ? "" : `${from} to ${to}`;
}

/** The metrics that are shown of a candidate, in the order of the table's columns. */
function metricsKnown(table, column, row) {
  return Object.keys(table.metrics).filter((metric) => !Number.isNaN(column(metric).value[row]));
}

/** A figure marked where it is predicted. */
function markedText(table, column, metric, row) {
  const text = figureText(metric, column(metric).value[row]);
  return isPredicted(table, metric, row) && text !== "?" ? `~${text}` : text;
}

/** How a candidate stands to a limit: "31 % head-room", "2 % short". */
function headroomText({ column }, { metric, sense, limit }, row) {
  const value = column(metric).value[row];
  if (Number.isNaN(value)) return "unknown";
  const margin = sense === "min" ? value / limit - 1 : 1 - value / limit;
  const size = percentText(margin).slice(1);
  return margin >= 0 ? `${size} head-room` : `${size} ${sense === "min" ? "short" : "over"}`;
}

/** All that is known of a candidate, as elements. */
function detailsOf(answer, row) {
  const { table, column, constraints, situation } = answer;
  const sources = new Set();
  const lines = metricsKnown(table, column, row).map((metric) => {
    const { origin, source } = provenance(table, metric, row, situation.fps);
    source.split(", ").forEach((each) => sources.add(each));
    return element("tr", {},
      element("th", { scope: "row" }, table.metrics[metric].title),
      element("td", { class: "number" }, `${markedText(table, column, metric, row)} ${table.metrics[metric].unit}`.trim()),
      element("td", { class: "interval" }, intervalText(metric, column(metric), row)),
      element("td", { class: "origin" }, origin, element("span", { class: "source" }, `, ${source}`)));
  });
  const verdict = table.verdict.names[table.verdict.index[row]];
  const stands = constraints.map((each) => `${limitText(table, each)}: ${headroomText(answer, each, row)}`);
  if (constraints.length) stands.push(`all limits met with a probability of ${chanceText(answer.chanceOf(row))}`);
  return [
    element("p", { class: "detail-name" }, element("strong", {}, nameOf(table, row))),
    element("p", { class: "quiet" }, `on ${boardOf(table, row).name}, ${variantText(table, row)}`),
    element("table", { class: "details" }, element("tbody", {}, lines)),
    element("p", { class: "quiet sources" }, `from ${[...sources].join(", ")}`), // where there is no room for each
    stands.length ? element("p", {}, stands.join("; ")) : null,
    verdict ? element("p", { class: "quiet" }, verdict) : null,
  ].filter(Boolean);
}

/** Which figures, "power" or "memory", cover unlike things on the boards that are chosen from. */
function unlikeScopes(table, { boards }) {
  const chosen = table.boards.filter((board) => boards === null || boards.includes(board.name));
  return ["power", "memory"].filter((name) => {
    const knowing = chosen.filter((board) => board.knows.includes(name));
    return new Set(knowing.map((board) => board.scopes[name])).size > 1;
  });
}

/** A board's name, marked where its figures cover something else than those of another. */
function boardText(table, row, unlike) {
  const board = boardOf(table, row);
  const known = { power: table.net_power_w.value[row], memory: table.memory_mb.value[row] };
  return unlike.some((name) => !Number.isNaN(known[name])) ? `${board.name}*` : board.name;
}
