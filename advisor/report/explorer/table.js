/* The table of all candidates: what is feasible first, best first, then what comes nearest to it. */

const VARIANTS = ["board", "weights", "runtime", "precision", "processor", "threads"];

/** A table in the page that shows answers; more rows, and all that is known of one, on request. */
function candidatesTable() {
  let answer = null;
  let shown = ROWS_AT_ONCE;
  const opened = new Set();

  byId("more").addEventListener("click", () => {
    const first = shown;
    shown += 5 * ROWS_AT_ONCE;
    draw();
    byId("table").querySelectorAll("tbody button")[first]?.focus();
  });
  byId("table").addEventListener("click", ({ target }) => {
    const button = target.closest("button[data-row]");
    if (button) toggle(button);
  });

  function show(next) {
    answer = next;
    shown = ROWS_AT_ONCE;
    draw();
  }

  function draw() {
    const { table, settings, feasible, considered } = answer;
    const wanted = () => (settings.every_batch ? () => true : onceEach(table));
    const [count, all] = [feasible, considered].map((rows) => rows.filter(wanted()).length);
    const varying = VARIANTS.filter((name) => varies(answer, name));
    const what = settings.every_batch ? "candidate" : "network";
    const metrics = metricsTabled(answer, [settings.x, settings.y]);
    const fit = `${WHOLE.format(count)} of ${counted(all, what)} ${count === 1 ? "fits" : "fit"}`;
    const several = varying.includes("board");
    const fits = new Set(feasible);
    byId("listing").textContent = several && !settings.every_batch ? `${fit}, counted on each board` : fit;
    byId("table").replaceChildren(
      element("thead", {}, headings(varying, metrics)),
      element("tbody", {}, firstRows(wanted()).flatMap((row) => lines(row, fits, varying, metrics))));
    byId("more").hidden = all <= shown;
    byId("more").textContent = `Show more of ${WHOLE.format(all)}`;
  }

  /** The rows to show: of those that are wanted the first, what fits before the rest. */
  function firstRows(isWanted) {
    const found = [];
    for (const rows of [answer.inTurn(), rejectedInTurn(answer)]) {
      for (const row of rows) {
        if (found.length === shown) return found;
        if (isWanted(row)) found.push(row);
      }
    }
    return found;
  }

  function headings(varying, metrics) {
    return element("tr", {},
      ["network", "meets limits", ...varying].map((text) => element("th", { scope: "col" }, text)),
      headingsOf(answer, metrics));
  }

  function lines(row, fits, varying, metrics) {
    const { table, best } = answer;
    const architecture = table.architectures[table.rows.architecture[row]];
    const open = opened.has(row);
    const name = element("button", { type: "button", class: "network", "data-row": row, "aria-expanded": String(open) },
      swatch(architecture), architecture.name, row === best ? element("span", { class: "badge" }, "pick") : null);
    const line = element("tr", { class: row === best ? "pick" : fits.has(row) ? "fits" : "rejected" },
      element("th", { scope: "row" }, name),
      element("td", { class: "standing" }, standingText(answer, row, fits.has(row))),
      varying.map((each) => element("td", {}, variantCell(answer, each, row))),
      [String(table.rows.batch[row]), ...metrics.map((metric) => markedText(answer, metric, row))].map((text) =>
        element("td", { class: "number" }, text)));
    return open ? [line, detailLine(row, line.children.length)] : [line];
  }

  function detailLine(row, width) {
    return element("tr", { class: "detail" },
      element("td", { colspan: width }, element("div", { class: "opened" }, detailsOf(answer, row))));
  }

  function toggle(button) {
    const row = Number(button.dataset.row);
    const line = button.closest("tr");
    const opening = !opened.delete(row);
    button.setAttribute("aria-expanded", String(opening));
    if (opening) {
      opened.add(row);
      line.after(detailLine(row, line.children.length));
    } else line.nextElementSibling.remove();
  }

  return { show };
}

/** The headings of a candidate's batch size and figures. */
function headingsOf({ table }, metrics) {
  return [{ heading: "batch" }, ...metrics.map((metric) => table.metrics[metric])].map(({ heading, unit }) =>
    element("th", { scope: "col", class: "number" }, element("span", { class: "whole" }, heading), unit ? element("span", { class: "unit" }, ` ${unit}`) : null));
}

/** How a candidate stands to the limits, in a few words. */
function standingText(answer, row, isFit) {
  const { table, constraints, column, missed, isUnknown: isChanceUnknown, isLikely, unproven } = answer;
  if (!missed(row).length && isChanceUnknown(row)) return "unknown";
  if (!missed(row).length && unproven(row)) return "unproven";
  if (isFit) return constraints.length ? markOf(table, (least) => isLikely(row, least)) : "\u2013";
  const isUnknown = ({ metric }) => Number.isNaN(column(metric)[row]);
  const names = (limits) => limits.map(({ name }) => name).join(", ");
  const [beyond, unknown] = [missed(row).filter((each) => !isUnknown(each)), missed(row).filter(isUnknown)].map(names);
  if (!beyond && !unknown) return `unsure: ${chanceOfText(answer, row)}`;
  return [beyond && `fails ${beyond}`, unknown && `${unknown} unknown`].filter(Boolean).join("; ");
}

/** Whether candidates differ in what stands in a column. */
function varies({ table: { rows, weights }, considered }, name) {
  const column = rows[name].index ?? rows[name];
  const standsAt = name === "weights" ? (row) => weights[column[row]] : (row) => column[row];
  return considered.some((row) => standsAt(row) !== standsAt(considered[0]));
}

/** What stands in a column in which candidates vary. */
function variantCell(answer, name, row) {
  const { rows, weights } = answer.table;
  if (name === "board") return boardText(answer, row);
  return name === "weights" ? weights[rows.weights[row]] ?? "?" : named(rows[name], row) || "?";
}
