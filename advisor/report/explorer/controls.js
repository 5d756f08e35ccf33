/* The controls: a field and a slider for each quantity, and what is chosen from lists. */

const GROUPS = [
  ["Limits", ["fps", "response", "energy", "power", "memory", "accuracy"]],
  ["Size of the network", ["params", "ops"]],
  ["Battery and overhead", ["battery", "hours", "overhead"]],
];

/**
 * Fill the form. `change` takes a function from settings to new ones. Returns a function that puts
 * settings into the controls.
 */
function makeControls(table, change) {
  const quantities = quantitiesOf(table).map((quantity) => quantityControl(table, quantity, change));
  const named = Object.fromEntries(quantities.map((control) => [control.id, control]));
  const lists = [boardControl, batchControl, objectiveControl].map((make) => make(table, change));
  const conditions = conditionsControl(table, change);
  const reset = element("button", { type: "button" }, "Reset to what was asked");
  reset.addEventListener("click", () => change(() => askedSettings(table)));
  const all = [...lists, ...quantities, conditions];
  byId("controls").append(
    group("Choosing from", [lists[0], lists[1]]),
    ...GROUPS.map(([title, ids]) => group(title, [...ids.map((id) => named[id]), ...(title === "Limits" ? [conditions] : [])])),
    group("Choosing by", [lists[2], named.confidence]),
    reset);
  byId("controls").addEventListener("submit", (event) => event.preventDefault());
  return (settings) => all.forEach((control) => control.show(settings));
}

function group(title, controls) {
  return element("fieldset", {}, element("legend", {}, title), controls.map((control) => control.node));
}

/** A quantity's field and slider. */
function quantityControl(table, quantity, change) {
  const { id, label, sign, unit } = quantity;
  const field = element("input", { type: "number", id, step: "any", min: 0, inputmode: "decimal", placeholder: "any", "aria-describedby": `${id}-hint` });
  const slider = element("input", { type: "range", min: 0, max: SLIDER_STEPS, step: 1, id: `${id}-slider`, "aria-label": `${label}, slider` });
  const hint = element("small", { id: `${id}-hint`, class: "hint" });
  const statistic = id === "response" ? statisticControl(table, change) : null;
  slider.disabled = quantity.range === null;

  let [now, before, text] = [null, null, ""]; // what is applied, what was before this number, and as typed
  const set = (value) => change((settings) => quantity.set(settings, value));
  field.addEventListener("focus", () => ([before, text] = [now, field.value]));
  slider.addEventListener("input", () => set(valueAt(quantity, slider.valueAsNumber)));
  field.addEventListener("input", () => {
    if (!field.value.startsWith(text)) before = now; // another number, not more digits of this one
    text = field.value;
    const fault = faultOf(quantity, field);
    say(fault);
    // The digits of a number that is refused in the end must not stand in for it.
    set(fault ? before : field.value === "" ? null : quantity.read(field.value));
  });

  function say(fault) {
    field.setAttribute("aria-invalid", String(Boolean(fault)));
    hint.textContent = fault || (quantity.range === null ? "no figures of this here" : "");
  }

  function show(settings) {
    const value = quantity.get(settings);
    now = value;
    const refused = document.activeElement === field && field.getAttribute("aria-invalid") === "true";
    const off = Boolean(quantity.needsBattery) && settings.batteryJ === null;
    field.disabled = off;
    slider.disabled = off || quantity.range === null;
    const typed = field.value === "" ? null : quantity.read(field.value);
    if (!refused && (typed !== value || field.validity.badInput)) {
      field.value = value === null ? "" : quantity.shown(value);
      say("");
    }
    if (off) hint.textContent = "of which battery?";
    else if (hint.textContent === "of which battery?") say("");
    const place = placeOf(quantity, value);
    if (slider.valueAsNumber !== place) slider.value = place;
    slider.setAttribute("aria-valuetext", value === null ? quantity.empty ?? "any" : `${sign} ${quantity.shown(value)} ${unit}`);
    const share = `${(100 * place) / SLIDER_STEPS}%`;
    slider.style.setProperty("--from", quantity.loose === "left" ? share : "0%");
    slider.style.setProperty("--to", quantity.loose === "left" ? "100%" : share);
    slider.classList.toggle("unset", value === null);
    statistic?.show(settings);
  }

  field.placeholder = quantity.empty ? "none" : id === "battery" ? "none" : id === "overhead" ? "0" : "any";
  const node = element("div", { class: "control" },
    element("label", { for: id }, label[0].toUpperCase() + label.slice(1)),
    statistic?.node ?? null,
    element("span", { class: "field" }, element("span", { class: "sign" }, sign), field, element("span", { class: "unit" }, unit)),
    slider, hint);
  return { id, node, show };
}

/** What is wrong with the text of a field; "" where nothing is. */
function faultOf(quantity, field) {
  if (field.validity.badInput) return "write a number";
  if (field.value === "") return "";
  const value = quantity.read(field.value);
  if (!(value >= quantity.least)) return `not applied: give ${quantity.least < 1e-6 ? "a number above 0" : `at least ${quantity.shown(quantity.least)}`}`;
  return value > quantity.most ? `not applied: give at most ${quantity.shown(quantity.most)}` : "";
}

/** Which statistic of the latency is limited, where any row tells of its tail. */
function statisticControl(table, change) {
  const known = Object.keys(table.tails).filter((tail) => table[`latency_${tail}_ms`].value.some((value) => !Number.isNaN(value)));
  const asked = table.asked.statistic;
  const choices = ["median", ...Object.keys(table.tails).filter((tail) => known.includes(tail) || tail === asked)];
  if (choices.length === 1) return null;
  const select = element("select", { "aria-label": "Statistic of the response", class: "statistic" }, options(choices));
  select.addEventListener("change", () => change((settings) => ({ ...settings, statistic: select.value })));
  return { node: select, show: (settings) => (select.value = settings.statistic) };
}

function options(texts) {
  return texts.map((text) => element("option", { value: text }, text));
}

/** A list from which one entry is chosen; `entries` are {text, value}, `same` compares values. */
function listControl(id, label, entries, { get, set }, change) {
  const select = element("select", { id }, entries.map(({ text }, place) => element("option", { value: place }, text)));
  select.addEventListener("change", () => change((settings) => set(settings, entries[select.value].value)));
  const show = (settings) => {
    const text = JSON.stringify(get(settings));
    select.value = entries.findIndex(({ value }) => JSON.stringify(value) === text);
  };
  return { node: element("div", { class: "control" }, element("label", { for: id }, label), select), show };
}

function boardControl(table, change) {
  const entries = boardChoices(table).map((value) => {
    const board = value?.length === 1 ? table.boards.find(({ name }) => name === value[0]) : null;
    return { value, text: board ? `${board.name} (${board.title})` : "all of these boards" };
  });
  const set = (settings, boards) => {
    const there = batchesOn(table, boards);
    const batches = settings.batches?.filter((size) => there.includes(size)) ?? [];
    return { ...settings, boards, batches: batches.length ? batches : null };
  };
  return listControl("board", "Board", entries, { get: (settings) => settings.boards, set }, change);
}

function objectiveControl(table, change) {
  const entries = objectivesOf(table).map((value) => {
    const [step] = value;
    const { title, more_is_better: more } = table.metrics[step.metric];
    return { value, text: value.length > 1 ? objectiveText(value) : `${more ? "highest" : "lowest"} ${title}` };
  });
  const set = (settings, objective) => ({ ...settings, objective });
  return listControl("objective", "Best is the", entries, { get: (settings) => settings.objective, set }, change);
}

/** A box for each batch size; none ticked is any. */
function batchControl(table, change) {
  const sizes = batchesOn(table, null);
  const boxes = sizes.map((size) => element("input", { type: "checkbox", value: size }));
  const chips = boxes.map((box, place) => element("label", { class: "chip" }, box, element("span", {}, String(sizes[place]))));
  const state = element("span", { class: "quiet" });
  const chosen = () => boxes.filter((box) => box.checked).map((box) => Number(box.value));
  boxes.forEach((box) => box.addEventListener("change", () => {
    change((settings) => ({ ...settings, batches: chosen().length ? chosen() : null }));
  }));
  const show = (settings) => {
    const there = batchesOn(table, settings.boards);
    boxes.forEach((box, place) => {
      box.checked = settings.batches?.includes(sizes[place]) ?? false;
      box.disabled = !there.includes(sizes[place]) && !box.checked;
    });
    state.textContent = settings.batches === null ? "any" : "";
  };
  const node = element("div", { class: "control chips", role: "group", "aria-label": "Batch sizes" },
    element("span", { class: "label" }, "Batch size ", state), element("div", { class: "row" }, chips));
  return { node, show };
}

/** The further conditions of the question, each of which can be dropped. */
function conditionsControl(table, change) {
  const boxes = table.asked.conditions.map((condition) => {
    const box = element("input", { type: "checkbox" });
    box.addEventListener("change", () => change((settings) => ({
      ...settings,
      conditions: table.asked.conditions.filter((each) =>
        each === condition ? box.checked : settings.conditions.some(({ text }) => text === each.text)),
    })));
    return { condition, box };
  });
  const show = (settings) => boxes.forEach(({ condition, box }) => {
    box.checked = settings.conditions.some(({ text }) => text === condition.text);
  });
  const lines = boxes.map(({ condition, box }) => element("label", { class: "toggle" }, box, ` ${limitText(table, condition)}`));
  return { node: element("div", { class: "conditions" }, lines), show };
}
