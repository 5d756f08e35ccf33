/* The controls: a field and a slider for each quantity, and what is chosen from lists. Each is {group: the heading
   under which it stands, node: what stands there, show: puts settings into it}. */

const GROUPS = ["Choosing from", "Limits", "Size of the network", "Battery and overhead", "Choosing by"];

/**
 * Fill the form. `change` takes a function from settings to new ones. Returns a function that puts
 * settings into the controls.
 */
function makeControls(table, change) {
  const controls = [
    boardControl(table, change), batchControl(table, change), objectiveControl(table, change),
    ...quantitiesOf(table).map((quantity) => quantityControl(table, quantity, change)),
    conditionsControl(table, change),
  ];
  const reset = element("button", { type: "button" }, "Reset to what was asked");
  reset.addEventListener("click", () => change(() => askedSettings(table)));
  const groups = GROUPS.map((title) => element("fieldset", {}, element("legend", {}, title),
    controls.filter(({ group }) => group === title).map(({ node }) => node)));
  byId("controls").append(...groups, reset);
  byId("controls").addEventListener("submit", (event) => event.preventDefault());
  return (settings) => controls.forEach((control) => control.show(settings));
}

/** A quantity's field and slider. */
function quantityControl(table, quantity, change) {
  const { id, group, label, sign, unit, empty } = quantity;
  const field = element("input", { type: "number", id, step: "any", min: 0, inputmode: "decimal", placeholder: empty, "aria-describedby": `${id}-hint` });
  const slider = element("input", { type: "range", min: 0, max: SLIDER_STEPS, step: 1, id: `${id}-slider`, "aria-label": `${label}, slider` });
  const hint = element("small", { id: `${id}-hint`, class: "hint" });
  const statistic = statisticControl(table, id, change);

  let [now, before, text] = [null, null, ""]; // what is applied, what was before this number, and as typed
  const set = (value, how) => change((settings) => quantity.set(settings, value), how);
  field.addEventListener("focus", () => ([before, text] = [now, field.value]));
  slider.addEventListener("input", () => set(valueAt(quantity, slider.valueAsNumber), { inPassing: true }));
  slider.addEventListener("change", () => change((settings) => settings)); // let go
  field.addEventListener("input", () => {
    if (!field.value.startsWith(text)) before = now; // another number, not more digits of this one
    text = field.value;
    const fault = faultOf(quantity, field);
    say(fault);
    // The digits of a number that is refused in the end must not stand in for it.
    set(fault ? before : field.value === "" ? null : quantity.read(field.value));
  });

  function say(fault, otherwise = "") {
    field.setAttribute("aria-invalid", String(Boolean(fault)));
    hint.textContent = fault || otherwise;
  }

  function show(settings) {
    now = quantity.get(settings);
    const refused = document.activeElement === field && field.getAttribute("aria-invalid") === "true";
    const off = Boolean(quantity.needs_battery) && settings.battery_j === null;
    field.disabled = off;
    slider.disabled = off || quantity.range === null;
    const typed = field.value === "" ? null : quantity.read(field.value);
    if (!refused && (typed !== now || field.validity.badInput)) field.value = now === null ? "" : quantity.shown(now);
    if (!refused) say("", off ? "of which battery?" : quantity.range === null ? "no figures of this here" : "");
    const place = placeOf(quantity, now);
    if (slider.valueAsNumber !== place) slider.value = place;
    slider.setAttribute("aria-valuetext", now === null ? empty : `${sign} ${quantity.shown(now)} ${unit}`);
    const share = `${(100 * place) / SLIDER_STEPS}%`;
    slider.style.setProperty("--from", quantity.loose === "left" ? share : "0%");
    slider.style.setProperty("--to", quantity.loose === "left" ? "100%" : share);
    slider.classList.toggle("unset", now === null);
    statistic?.show(settings);
  }

  const node = element("div", { class: "control" },
    element("label", { for: id }, label[0].toUpperCase() + label.slice(1)),
    statistic?.node ?? null,
    element("span", { class: "field" }, element("span", { class: "sign" }, sign), field, element("span", { class: "unit" }, unit)),
    slider, hint);
  return { group, node, show };
}

/** What is wrong with the text of a field; "" where nothing is. */
function faultOf({ read, shown, least, most }, field) {
  if (field.validity.badInput) return "write a number";
  if (field.value === "") return "";
  const value = read(field.value);
  if (!(value >= least)) return `not applied: give ${least < 1e-6 ? "a number above 0" : `at least ${shown(least)}`}`;
  return value > most ? `not applied: give at most ${shown(most)}` : "";
}

/** Which statistic of a metric is limited, where any row has its tails. */
function statisticControl(table, id, change) {
  const tails = table.limits.find(({ name }) => name === id)?.tails ?? {};
  const { column } = figuresIn(table, situationOf(table.asked, []));
  const known = (tail) => tail === table.asked.statistic || column(tails[tail]).some((value) => !Number.isNaN(value));
  const choices = Object.keys(tails).filter(known);
  if (!choices.length) return null;
  const select = element("select", { "aria-label": "Statistic of the response", class: "statistic" }, options(["median", ...choices]));
  select.addEventListener("change", () => change((settings) => ({ ...settings, statistic: select.value })));
  return { node: select, show: ({ statistic }) => (select.value = statistic) };
}

function options(values, texts = values) {
  return values.map((value, place) => element("option", { value }, texts[place]));
}

/** A list from which a value is chosen, by their texts. */
function listControl(id, label, values, texts, get, take) {
  const select = element("select", { id }, options([...values.keys()], texts));
  select.addEventListener("change", () => take(values[select.value]));
  const show = (settings) => {
    select.value = values.findIndex((value) => JSON.stringify(value) === JSON.stringify(get(settings)));
  };
  return { node: element("div", { class: "control" }, element("label", { for: id }, label), select), show };
}

/** A field in which boards are found by typing: a name, that of a device, a part of it, or several with commas. */
function boardControl(table, change) {
  const field = element("input", { type: "search", id: "board", list: "boards", placeholder: `any of ${table.boards.length}`, "aria-describedby": "board-hint", spellcheck: "false" });
  const hint = element("small", { id: "board-hint", class: "hint" });
  const known = table.boards.map(({ name, title }) => element("option", { value: name }, title));
  field.addEventListener("input", () => {
    const boards = field.value.trim() ? boardsAsked(table, field.value) : table.asked.boards;
    field.setAttribute("aria-invalid", String(boards === undefined));
    if (boards === undefined) hint.textContent = "no board here is called so";
    else change((settings) => withBoards(table, settings, boards), { inPassing: true });
  });
  const show = (settings) => {
    const [board, ...more] = boardsIn(table, settings);
    hint.textContent = more.length ? `${more.length + 1} boards` : board.title;
    field.setAttribute("aria-invalid", "false");
    if (document.activeElement !== field) field.value = settings.boards === null ? "" : boardsText(settings.boards);
  };
  const node = element("div", { class: "control" }, element("label", { for: "board" }, "Board"), field, hint, element("datalist", { id: "boards" }, known));
  return { group: "Choosing from", node, show };
}

/** Settings on other boards; of their batch sizes, those that these have. */
function withBoards(table, settings, boards) {
  const sizes = batchesOn(table, boards);
  const batches = settings.batches?.filter((size) => sizes.includes(size)) ?? [];
  return { ...settings, boards, batches: batches.length ? batches : null };
}

function objectiveControl(table, change) {
  const choices = objectivesOf(table);
  const texts = choices.map((steps) => {
    const { title, more_is_better } = table.metrics[steps[0].metric];
    return steps.length > 1 ? objectiveText(steps) : `${more_is_better ? "highest" : "lowest"} ${title}`;
  });
  const take = (objective) => change((settings) => ({ ...settings, objective }));
  return { group: "Choosing by", ...listControl("objective", "Best is the", choices, texts, ({ objective }) => objective, take) };
}

/** A box for each batch size; none ticked is any. */
function batchControl(table, change) {
  const sizes = batchesOn(table, null);
  const boxes = sizes.map((size) => element("input", { type: "checkbox", value: size }));
  const chips = boxes.map((box, place) => element("label", { class: "chip" }, box, element("span", {}, String(sizes[place]))));
  const state = element("span", { class: "quiet" });
  boxes.forEach((box) => box.addEventListener("change", () => {
    const chosen = sizes.filter((_, place) => boxes[place].checked);
    change((settings) => ({ ...settings, batches: chosen.length ? chosen : null }));
  }));
  const show = ({ boards, batches }) => {
    const there = batchesOn(table, boards);
    boxes.forEach((box, place) => {
      box.checked = batches?.includes(sizes[place]) ?? false;
      box.disabled = !there.includes(sizes[place]) && !box.checked;
    });
    state.textContent = batches === null ? "any" : "";
  };
  const node = element("div", { class: "control chips", role: "group", "aria-label": "Batch sizes" },
    element("span", { class: "label" }, "Batch size ", state), element("div", { class: "row" }, chips));
  return { group: "Choosing from", node, show };
}

/** The further conditions of the question, each of which can be dropped. */
function conditionsControl(table, change) {
  const conditions = table.asked.conditions;
  const boxes = conditions.map(() => element("input", { type: "checkbox" }));
  boxes.forEach((box) => box.addEventListener("change", () =>
    change((settings) => ({ ...settings, conditions: conditions.filter((_, place) => boxes[place].checked) }))));
  const show = (settings) => boxes.forEach((box, place) => {
    box.checked = settings.conditions.some(({ text }) => text === conditions[place].text);
  });
  const lines = boxes.map((box, place) => element("label", { class: "toggle" }, box, ` ${limitText(table, conditions[place])}`));
  return { group: "Limits", node: element("div", { class: "conditions" }, lines), show };
}
