/* The controls: a field and a slider for each quantity, and what is chosen from lists. Each is {group: the heading
   under which it stands, node: what stands there, show: puts settings into it}. */

const GROUPS = ["Choosing from", "Limits", "How it runs", "Size of the network", "Battery and overhead", "Choosing by"];
const MOST_COMPARED = 12; // so many boards are listed to be left out one by one
const OPEN_CHOICES = 6; // so many stand open, more of them behind their name

/**
 * Fill the form. `change` takes a function from settings to new ones. Returns a function that puts
 * settings into the controls.
 */
function makeControls(table, change) {
  const reset = element("button", { type: "button" }, "Reset to what was asked");
  reset.addEventListener("click", () => change(() => askedSettings(table)));
  const groups = GROUPS.map((title) => element("fieldset", {}, element("legend", {}, title)));
  const place = (controls) => controls.forEach(({ group, node }) => groups[GROUPS.indexOf(group)].append(node));
  const ofAllTasks = [taskControl(table, change), boardControl(table, change)].filter(Boolean);
  const ofTask = remembered((task) => controlsOfTask(table.ofTask(task), change));
  let shown = [];
  place(ofAllTasks);
  byId("controls").append(...groups, reset);
  byId("controls").addEventListener("submit", (event) => event.preventDefault());
  return (settings) => {
    const wanted = ofTask(settings.task);
    if (shown !== wanted) {
      shown.forEach(({ node }) => node.remove());
      place(wanted);
      shown = wanted;
    }
    for (const control of [...ofAllTasks, ...shown]) control.show(settings);
    for (const group of groups) group.hidden = ![...group.querySelectorAll(".control")].some((control) => !control.hidden);
  };
}

/** The controls whose choices and ranges are those of one task. */
function controlsOfTask(table, change) {
  return [
    batchControl(table, change), objectiveControl(table, change),
    ...quantitiesOf(table).map((quantity) => quantityControl(table, quantity, change)),
    conditionsControl(table, change),
    ...VARIANT.map((name) => variantControl(table, name, change)).filter(Boolean),
  ];
}

/** What the networks are for, where the page has several tasks. */
function taskControl(table, change) {
  if (table.tasks.length < 2) return null;
  const take = (task) => change((settings) => withTask(table, settings, task));
  return { group: "Choosing from", ...listControl("task", "Task", table.tasks, table.tasks, ({ task }) => task, take) };
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
    element("label", { for: id }, headed(label)),
    statistic?.node ?? null,
    element("span", { class: "field" }, element("span", { class: "sign" }, sign), field, element("span", { class: "unit" }, unit)),
    slider, hint);
  return { group, node, show };
}

/** A label as it begins a line: "Top-1 accuracy"; what is written with a small letter before large ones stays: "mAP50-95". */
function headed(label) {
  return /^[a-z](?![A-Z])/.test(label) ? label[0].toUpperCase() + label.slice(1) : label;
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

/** A field in which boards are found by typing: a name, that of a device, a part of it or of a title, or several with commas. */
function boardControl(table, change) {
  const field = boardField("board", `any of ${table.boards.length}`);
  const hint = element("small", { id: "board-hint", class: "hint" });
  const known = table.boards.map(({ name, title }) => element("option", { value: name }, title));
  const more = comparedBoards(table, change);
  field.addEventListener("input", () => {
    const boards = field.value.trim() ? boardsAsked(table, field.value) : table.asked.boards;
    field.setAttribute("aria-invalid", String(boards === undefined));
    if (boards === undefined) hint.textContent = "no board here is called so";
    else change((settings) => withBoards(table, settings, boards), { inPassing: true });
  });
  const show = (settings) => {
    const [board, ...others] = boardsIn(table, settings);
    hint.textContent = others.length ? `${others.length + 1} boards` : board.title;
    field.setAttribute("aria-invalid", "false");
    if (document.activeElement !== field) field.value = settings.boards === null ? "" : boardsText(settings.boards);
    more.show(settings);
  };
  const node = element("div", { class: "control" }, element("label", { for: "board" }, "Board"), field, hint, more.node,
    element("datalist", { id: "boards" }, known));
  return { group: "Choosing from", node, show };
}

function boardField(id, placeholder) {
  return element("input", { type: "search", id, list: "boards", placeholder, "aria-describedby": `${id}-hint`, spellcheck: "false" });
}

/** The boards that are compared, each of which can be left out, and a field that adds another one. */
function comparedBoards(table, change) {
  const list = element("ul", { class: "row", "aria-label": "Boards compared" });
  const field = boardField("another-board", "add a board");
  const hint = element("small", { id: "another-board-hint", class: "hint" });
  const node = element("div", { class: "compared" }, list, element("label", { for: "another-board" }, "Compare with"), field, hint);
  let names = [];
  const take = (boards) => change((settings) => withBoards(table, settings, boards));
  field.addEventListener("change", () => {
    const boards = field.value.trim() ? boardsAsked(table, field.value) : null;
    field.setAttribute("aria-invalid", String(boards === undefined));
    hint.textContent = boards === undefined ? "no board here is called so" : "";
    if (!boards) return;
    field.value = "";
    take([...new Set([...names, ...namesOfBoards(table, boards)])]);
  });
  const leaving = (name) => {
    const button = element("button", { type: "button", "aria-label": `Leave out ${name}` }, name, element("span", { "aria-hidden": "true" }, " \u00d7"));
    button.addEventListener("click", () => {
      take(names.filter((each) => each !== name));
      field.focus();
    });
    return element("li", {}, button);
  };
  const show = (settings) => {
    names = namesOfBoards(table, settings.boards);
    const isLong = names.length > MOST_COMPARED;
    node.hidden = table.boards.length < 2 || isLong;
    list.replaceChildren(...(names.length > 1 && !isLong ? names.map(leaving) : []));
  };
  return { node, show };
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
  const take = (batches) => change((settings) => ({ ...settings, batches }));
  const chips = chipsOf(sizes, take);
  const state = element("span", { class: "quiet" });
  const show = ({ boards, batches }) => {
    chips.show(batches, batchesOn(table, boards));
    state.textContent = batches === null ? "any" : "";
  };
  const node = element("div", { class: "control chips", role: "group", "aria-label": "Batch sizes" },
    element("span", { class: "label" }, "Batch size ", state), chips.node);
  return { group: "Choosing from", node, show };
}

/** Boxes of which none ticked is any; `take` is given what is ticked, or null. */
function chipsOf(choices, take) {
  const boxes = choices.map((choice) => element("input", { type: "checkbox", value: choice }));
  const chips = boxes.map((box, place) => element("label", { class: "chip" }, box, element("span", {}, String(choices[place]))));
  boxes.forEach((box) => box.addEventListener("change", () => {
    const chosen = choices.filter((_, place) => boxes[place].checked);
    take(chosen.length ? chosen : null);
  }));
  const show = (chosen, there, hides = false) => boxes.forEach((box, place) => {
    box.checked = chosen?.includes(choices[place]) ?? false;
    box.disabled = !there.includes(choices[place]) && !box.checked;
    chips[place].hidden = hides && box.disabled;
  });
  return { node: element("div", { class: "row" }, chips), show };
}

/** Runtimes, precisions, processors or numbers of threads, where the chosen boards have several; null where no board has. */
function variantControl(table, name, change) {
  const choices = variantsOn(table, table.boards, name);
  if (choices.length < 2) return null;
  const take = (names) => change((settings) => ({ ...settings, variant: { ...settings.variant, [name]: names } }));
  const chips = chipsOf(choices, take);
  const state = element("span", { class: "quiet" });
  const title = name[0].toUpperCase() + name.slice(1);
  const node = element("details", { class: "control chips" },
    element("summary", {}, `${title} `, state), element("div", { role: "group", "aria-label": title }, chips.node));
  node.open = choices.length <= OPEN_CHOICES;
  const show = (settings) => {
    const there = variantsOn(table, boardsIn(table, settings), name);
    const chosen = settings.variant[name];
    chips.show(chosen, there, true);
    state.textContent = chosen === null ? `any of ${there.length}` : chosen.join(", ");
    node.hidden = there.length < 2 && chosen === null;
  };
  return { group: "How it runs", node, show };
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
