/* The table of all candidates: what fits first, best first, then what comes nearest to fitting. */

const ROWS_AT_ONCE = 30;
const VARIANTS = ["board", "weights", "runtime", "precision"];

/** A table in the page that shows answers; more rows, and all that is known of one, on request. */
function candidatesTable() {
  let answer = null;
  let shown = ROWS_AT_ONCE;
  let unlike = [];
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
    unlike = unlikeScopes(answer.table, answer.settings);
    draw();
  }

  function draw() {
    const { table, settings, fitting } = answer;
    const ordered = [...fitting, ...rejectedInOrder(answer)];
    const rows = settings.everyBatch ? ordered : firstOfEach(table, ordered);
    const fits = new Set(fitting);
    const count = rows.filter((row) => fits.has(row)).length;
    const several = new Set(rows.map((row) => table.board[row])).size > 1;
    const what = settings.everyBatch ? "candidate" : "network";
    const varying = VARIANTS.filter((name) => new Set(rows.map((row) => variantCell(answer.table, name, row, unlike))).size > 1);
    const metrics = metricsShown(answer, [settings.x, settings.y]);
    byId("listing").textContent = `${count} of ${counted(rows.length, what)} ${count === 1 ? "fits" : "fit"}${several && !settings.everyBatch ? ", counted on each board" : ""}`;
    byId("table").replaceChildren(
      element("thead", {}, headings(table, varying, metrics)),
      element("tbody", {}, rows.slice(0, shown).flatMap((row) => lines(row, fits, varying, metrics))));
    byId("more").hidden = rows.length <= shown;
    byId("more").textContent = `Show more of ${WHOLE.format(rows.length)}`;
  }

  function headings(table, varying, metrics) {
    const texts = ["network", "meets limits", ...varying].map((text) => [text, "", false]);
    const figures = metrics.map((metric) => [table.metrics[metric].heading, table.metrics[metric].unit, true]);
    return element("tr", {}, [...texts, ["batch", "", true], ...figures].map(([text, unit, isNumber]) =>
      element("th", { scope: "col", class: isNumber ? "number" : null }, text,
        unit ? element("span", { class: "unit" }, ` ${unit}`) : null)));
  }

  function lines(row, fits, varying, metrics) {
    const { table, column, best } = answer;
    const architecture = table.architectures[table.architecture[row]];
    const open = opened.has(row);
    const name = element("button", { type: "button", class: "network", "data-row": row, "aria-expanded": String(open) },
      swatch(architecture), architecture.name, row === best ? element("span", { class: "badge" }, "pick") : null);
    const state = row === best ? "pick" : fits.has(row) ? "fits" : "rejected";
    const line = element("tr", { class: state },
      element("th", { scope: "row" }, name),
      element("td", { class: "standing" }, standing(row, fits)),
      varying.map((each) => element("td", {}, variantCell(table, each, row, unlike))),
      element("td", { class: "number" }, String(table.batch[row])),
      metrics.map((metric) => element("td", { class: "number" }, markedText(table, column, metric, row))));
    return open ? [line, detailLine(row, line.children.length)] : [line];
  }

  function standing(row, fits) {
    const { constraints, column, verdicts, chanceOf } = answer;
    if (fits.has(row)) return constraints.length ? markOf(chanceOf(row)) : "\u2013";
    const failed = constraints.filter((_, place) => !verdicts.isMet(place, row));
    if (!failed.length) return `unsure: ${chanceText(chanceOf(row))}`;
    const isUnknown = ({ metric }) => Number.isNaN(column(metric).value[row]);
    const beyond = failed.filter((each) => !isUnknown(each)).map(({ name }) => name);
    const unknown = failed.filter(isUnknown).map(({ name }) => name);
    return [beyond.length ? `fails ${beyond.join(", ")}` : "", unknown.length ? `${unknown.join(", ")} unknown` : ""].filter(Boolean).join("; ");
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

/** What stands in a column in which candidates vary. */
function variantCell(table, name, row, unlike) {
  if (name === "board") return boardText(table, row, unlike);
  if (name === "weights") return table.weights[table.weights_index[row]]?.name ?? "?";
  return table[name].names[table[name].index[row]];
}
