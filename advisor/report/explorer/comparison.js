/* Boards side by side: what each of them would be given for the same question, as `advisor pick --by board` has it. */

const BOARDS_AT_ONCE = 10;

/** A table in the page that compares boards; `only` is given the name of one that is to be asked alone. */
function boardsTable(only) {
  let answer = null;
  let isWhole = false;

  byId("more-boards").addEventListener("click", () => {
    isWhole = true;
    draw();
    byId("boards-table").querySelectorAll("tbody button")[BOARDS_AT_ONCE]?.focus();
  });
  byId("boards-table").addEventListener("click", ({ target }) => {
    const button = target.closest("button[data-board]");
    if (button) only(button.dataset.board);
  });

  function show(next) {
    answer = next;
    draw();
  }

  function draw() {
    const { table, settings } = answer;
    const boards = boardsIn(table, settings);
    byId("comparison").hidden = boards.length < 2;
    if (boards.length < 2) return;
    const best = bestOfEachBoard(answer);
    const found = new Set(best.map((row) => boardOf(answer, row)));
    const without = boards.filter((board) => !found.has(board));
    const most = isWhole ? boards.length : BOARDS_AT_ONCE;
    const nearest = nearestOnBoards(answer, without.slice(0, Math.max(most - best.length, 0)).map((board) => table.boards.indexOf(board)));
    const metrics = metricsTabled(answer, []);
    const ofRow = (row) => line(boardOf(answer, row), row, standingText(answer, row, true), metrics);
    const ofNone = (row, place) => line(without[place], row, row === null ? "no candidate" : standingText(answer, row, false), metrics);
    byId("boards-listing").textContent = `The same question to each board: something fits ${best.length} of ${boards.length}`;
    byId("boards-table").replaceChildren(
      element("thead", {}, headings(metrics)),
      element("tbody", {}, best.slice(0, most).map(ofRow), nearest.map(ofNone)));
    byId("more-boards").hidden = boards.length <= most;
    byId("more-boards").textContent = `Show all ${boards.length} boards`;
  }

  function headings(metrics) {
    return element("tr", {},
      ["board", "its pick", "meets limits"].map((text) => element("th", { scope: "col" }, text)),
      headingsOf(answer, metrics));
  }

  function line(board, row, standing, metrics) {
    const isFit = row !== null && boardOf(answer, row) === board && !answer.missed(row).length;
    const kind = row !== null && row === answer.best ? "pick" : isFit ? "fits" : "rejected";
    const name = element("button", { type: "button", class: "board", "data-board": board.name, title: `${board.title}: ask it alone` },
      board.name, kind === "pick" ? element("span", { class: "badge" }, "pick") : null);
    const { rows, architectures } = answer.table;
    const figures = row === null ? [] : [String(rows.batch[row]), ...metrics.map((metric) => markedText(answer, metric, row))];
    const network = row === null ? [] : networkParts(architectures[rows.architecture[row]], variantOf(answer, row));
    return element("tr", { class: kind },
      element("th", { scope: "row" }, name, element("span", { class: "under" }, board.title)),
      element("td", {}, network),
      element("td", { class: "standing" }, standing),
      ["batch", ...metrics].map((_, place) => element("td", { class: "number" }, figures[place] ?? "")));
  }

  function networkParts(architecture, variant) {
    return [element("span", { class: "named" }, swatch(architecture), element("span", {}, architecture.name)), element("span", { class: "under" }, variant)];
  }

  return { show };
}
