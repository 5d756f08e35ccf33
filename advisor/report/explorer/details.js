/* All that is known of one candidate, for the pointer that rests on it and for its row of the table. */

/** What a candidate is called: "resnet-18 at batch 1". */
function nameOf({ table }, row) {
  return `${table.architectures[table.rows.architecture[row]].name} at batch ${table.rows.batch[row]}`;
}

function boardOf({ table }, row) {
  return table.boards[table.rows.board[row]];
}

/** How what says how a candidate is run is written in a sentence. */
function variantText(name, text) {
  if (name === "threads") return text === "1" ? "1 thread" : `${text} threads`;
  return text === "unknown" ? `unknown ${name}` : text;
}

/** Where it runs: its board, weights, runtime and precision, and its processor and threads where they are known. */
function placeText(answer, row) {
  const { table } = answer;
  const weights = table.weights[table.rows.weights[row]];
  return `on ${boardOf(answer, row).name}, ${weights ? `weights ${weights}` : "no weights"}, ${variantOf(answer, row)}`;
}

/** How it is run, as far as that is known: "tflite, int8, cpu, 4 threads". */
function variantOf({ table }, row, names = VARIANT) {
  const known = names.map((name) => [name, named(table.rows[name], row)]).filter(([, text]) => text);
  return known.map(([name, text]) => variantText(name, text)).join(", ");
}

/** What marks a figure that is a bound, or predicted; "" for others, and where it is unknown. */
function markBefore({ column, isPredicted, boundOf }, metric, row) {
  if (Number.isNaN(column(metric)[row])) return "";
  return `${SIGNS[boundOf(metric, row)] ?? ""}${isPredicted(metric, row) ? "~" : ""}`;
}

/** A candidate's figure with its unit, marked. */
function figureWithUnit(answer, metric, row) {
  return markBefore(answer, metric, row) + withUnit(answer.table.metrics[metric], answer.column(metric)[row]);
}

/** A figure without its unit, marked, also where it is an accuracy that was found elsewhere or made up of another one. */
function markedText(answer, metric, row) {
  const { table, column } = answer;
  const { metric: accuracy, marks } = table.accuracy;
  const after = metric === accuracy ? marks[table.rows.weights[row]] ?? "" : "";
  return markBefore(answer, metric, row) + figureText(table.metrics[metric], column(metric)[row]) + after;
}

/** A figure's interval, or "" where none is known. */
function intervalText({ table, estimate }, metric, row) {
  const [, low, high] = estimate(metric, row);
  const [from, to] = [low, high].map((end) => figureText(table.metrics[metric], end));
  return Number.isNaN(low + high) || from === to ? "" : `${from} to ${to}`;
}

/** All that is known of a candidate, as elements. */
function detailsOf(answer, row) {
  const { table, column, constraints, provenance, unproven } = answer;
  const all = new Set();
  const lines = Object.keys(table.metrics).filter((metric) => !Number.isNaN(column(metric)[row])).map((metric) => {
    const { title, unit } = table.metrics[metric];
    const { origin, sources } = provenance(metric, row);
    sources.forEach((each) => all.add(each));
    return element("tr", {},
      element("th", { scope: "row" }, title),
      element("td", { class: "number" }, `${markedText(answer, metric, row)} ${unit}`.trim()),
      element("td", { class: "interval" }, intervalText(answer, metric, row)),
      element("td", { class: "origin" }, origin, element("span", { class: "source" }, `, ${sources.join(", ")}`)));
  });
  const note = named(table.rows.accuracy_note, row);
  const verdict = named(table.rows.verdict, row);
  const stands = constraints.map((each) => `${limitText(table, each)}: ${headroomText(each, column(each.metric)[row])}`);
  if (constraints.length) stands.push(unproven(row) ? "unproven" : `all limits met with a probability of ${chanceOfText(answer, row)}`);
  return [
    element("p", { class: "detail-name" }, element("strong", {}, nameOf(answer, row))),
    element("p", { class: "quiet" }, placeText(answer, row)),
    element("table", { class: "details" }, element("tbody", {}, lines)),
    element("p", { class: "quiet sources" }, `from ${[...all].join(", ")}`), // where there is no room for each
    stands.length ? element("p", {}, stands.join("; ")) : null,
    note ? element("p", { class: "quiet" }, `accuracy ${note}`) : null,
    verdict ? element("p", { class: "quiet" }, verdict) : null,
  ].filter(Boolean);
}

/** Which figures, "power" or "memory", cover unlike things on the boards that are chosen from. */
function unlikeScopes(table, settings) {
  return Object.keys(table.scoped).filter((name) => {
    const knowing = boardsIn(table, settings).filter((board) => board.knows.includes(name));
    return new Set(knowing.map((board) => board.scopes[name])).size > 1;
  });
}

/** A board's name, marked where its figures cover something else than those of another. */
function boardText(answer, row) {
  const marked = answer.unlike.some((name) => !Number.isNaN(answer.column(answer.table.scoped[name])[row]));
  return `${boardOf(answer, row).name}${marked ? "*" : ""}`;
}
