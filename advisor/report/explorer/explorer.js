/* The page: settings in, everything that shows them out. */

const SPOKEN_AFTER_MS = 700;
const KEPT_AFTER_MS = 250;
const POINTER_GAP = 14;
const AT_REST_AFTER_MS = 250;
const MANY = 4000; // candidates, of which not everything is drawn while a slider moves

const first = readTable(JSON.parse(await unpacked(byId("data").textContent)));
let { settings, refused } = settingsOfHash(first, location.hash);
let table = null; // that of the task of the settings
let answer = null;
let scheduled = null; // a drawing with the next frame
let inPassing = false; // whether that one is
let owed = 0; // the drawing of everything, after one in passing
let speaking = 0;
let keeping = 0;

const plot = makePlot(byId("plot"), showTooltip);
const rows = candidatesTable();
const boards = boardsTable((name) => change((now) => withBoards(first, now, [name])));
const offers = offersList(change);
const showControls = makeControls(first, change);

/**
 * Take new settings, made from the present ones; the page follows with the next frame. In passing, while something
 * moves, it shows of many candidates what can be shown at once, and the rest when it comes to rest.
 */
function change(next, { inPassing: passing = false } = {}) {
  settings = next(settings);
  refused = [];
  clearTimeout(keeping);
  keeping = setTimeout(keepInAddress, KEPT_AFTER_MS);
  return redraw(passing && first.ofTask(settings.task).count > MANY);
}

/** Draw once, with the next frame, however many changes there are until then. */
function redraw(passing = false) {
  inPassing = passing && (inPassing || !scheduled);
  clearTimeout(owed);
  owed = 0;
  scheduled ??= new Promise((resolve) => requestAnimationFrame(resolve)).then(() => {
    scheduled = null;
    if (inPassing) owed = setTimeout(redraw, AT_REST_AFTER_MS);
    show();
  });
  return scheduled;
}

function show() {
  if (table?.task !== settings.task) {
    table = first.ofTask(settings.task);
    fillAxes();
  }
  answer = { ...choose(table, settings, { inPassing }), unlike: unlikeScopes(table, settings) };
  hideTooltip();
  showControls(settings);
  showAnswer(answer);
  offers.show(answer);
  showPrecisions(answer);
  showWhere();
  if (!inPassing) {
    rows.show(answer);
    boards.show(answer);
  }
  byId("x-axis").value = settings.x;
  byId("y-axis").value = settings.y;
  byId("every-batch").checked = settings.every_batch;
  clearTimeout(speaking);
  const spoken = `${byId("verdict").textContent}: ${byId("pick").textContent}`;
  speaking = setTimeout(() => (byId("spoken").textContent = spoken), SPOKEN_AFTER_MS);
  plot.show(answer);
}

/** Wait until everything is drawn. */
async function drawn() {
  do {
    while (scheduled || owed) await (scheduled ?? redraw());
    await offers.done(); // during which something else may be asked
  } while (scheduled || owed);
}

function showWhere() {
  const [board, ...more] = boardsIn(table, settings);
  const goesWithoutSaying = table.tasks.length === 1 && table.task === table.defaults.task;
  const aim = goesWithoutSaying ? "" : `for ${table.task} `;
  byId("where").textContent = `${aim}on ${more.length ? `${more.length + 1} boards` : `${board.name} (${board.title})`}`;
  byId("asked").textContent = `Asked: ${questionText(table, settings)}.`;
  const unknown = refused.map((word) => `The address asks for something that this page does not have: ${word}`);
  const notes = [...table.notes, ...unknown];
  byId("notes").replaceChildren(...notes.map((note) => element("li", {}, note)));
  byId("notes").hidden = !notes.length;
}

/** The address as it reproduces the view. Written late, since browsers limit how often it may change. */
function keepInAddress() {
  history.replaceState(null, "", `#${hashOf(first.ofTask(settings.task), settings)}`);
}

function showTooltip(event, row) {
  if (row === null) return hideTooltip();
  const tooltip = byId("tooltip");
  if (tooltip.hidden || tooltip.dataset.row !== String(row)) tooltip.replaceChildren(...detailsOf(answer, row));
  tooltip.dataset.row = row;
  tooltip.hidden = false;
  const { width, height } = tooltip.getBoundingClientRect();
  const fits = event.clientX + POINTER_GAP + width < innerWidth;
  const left = fits ? event.clientX + POINTER_GAP : event.clientX - POINTER_GAP - width;
  tooltip.style.left = `${Math.max(4, Math.min(left, innerWidth - width - 4))}px`;
  tooltip.style.top = `${Math.max(4, Math.min(event.clientY + POINTER_GAP, innerHeight - height - 4))}px`;
}

function hideTooltip() {
  byId("tooltip").hidden = true;
}

async function copyCommand() {
  const selection = getSelection();
  selection.selectAllChildren(byId("command"));
  let copied = true;
  try {
    await navigator.clipboard.writeText(byId("command").textContent);
  } catch {
    copied = document.execCommand("copy"); // where the clipboard is not to be had
  }
  said(byId("copy"), copied ? "Copied" : "Press Ctrl+C");
}

/** Hand on the question and its answer in words, with the address that asks it again. */
async function share() {
  keepInAddress();
  const text = sharedText();
  try {
    await navigator.clipboard.writeText(text);
    said(byId("share"), "Copied");
  } catch {
    prompt("Copy this:", text.replaceAll("\n", " "));
  }
}

function sharedText() {
  const where = byId("where").textContent;
  return `Which network to ship ${where}? ${byId("asked").textContent}\n${byId("verdict").textContent}: ${byId("pick").textContent}\n${location.href}`;
}

/** Let a button say something for a moment. */
function said(button, text) {
  button.dataset.says ??= button.textContent;
  button.textContent = text;
  setTimeout(() => (button.textContent = button.dataset.says), 1600);
}

function fillAxes() {
  for (const id of ["x", "y"]) {
    const select = byId(`${id}-axis`);
    select.replaceChildren(...metricsOf(table).map((key) => element("option", { value: key }, table.metrics[key].title)));
  }
}

for (const id of ["x", "y"]) {
  byId(`${id}-axis`).addEventListener("change", ({ target }) => change((now) => ({ ...now, [id]: target.value })));
}
byId("copy").addEventListener("click", copyCommand);
byId("share").addEventListener("click", share);
byId("every-batch").addEventListener("change", ({ target }) => change((now) => ({ ...now, every_batch: target.checked })));
addEventListener("hashchange", () => {
  ({ settings, refused } = settingsOfHash(first, location.hash));
  redraw();
});
addEventListener("keydown", ({ key }) => key === "Escape" && hideTooltip());
addEventListener("scroll", hideTooltip, { passive: true });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", plot.fit);
// Where the controls stand below the answer, the pick stays in sight.
new IntersectionObserver(([{ isIntersecting }]) => (byId("bar").hidden = isIntersecting)).observe(byId("headline"));
new ResizeObserver(plot.fit).observe(byId("picture"));

/** For a console, and for tests: what the page would answer, and when it has drawn. */
window.explorer = {
  get table() { return table; },
  choose, askedSettings, boardsIn, commandOf, hashOf, settingsOfHash, bindingOf, rejectionsOf, unsureOf,
  settings: () => settings,
  sharedText,
  change,
  drawn,
};
redraw();
