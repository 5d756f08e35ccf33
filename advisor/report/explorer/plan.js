/* The page of a plan: which network each workload runs in, what that uses out. */

/* Of M. Okabe and K. Ito, Color Universal Design, 2008; without the yellow, which is lost on white. */
const COLOURS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00"];
const BOARD = { colour: "#8a9299", striped: false };
const OBJECTIVES = { accuracy: "mean accuracy", "worst-accuracy": "least accuracy", power: "average power" };
const SIDE = 0.04; // of the width, that is free beyond the longer of use and limit

const plan = JSON.parse(await unpacked(byId("data").textContent));
const planned = plan.workloads.map(({ chosen }) => chosen);
let places = placesOf(location.hash);

/** The choice that an address asks for, as far as the page has it; else the plan's. */
function placesOf(hash) {
  const asked = hash.slice(1).split(",").map(Number);
  const known = asked.length === planned.length && asked.every((place, which) => plan.workloads[which].networks[place]);
  return hash && known ? asked : [...planned];
}

/** How a workload's parts look; after as many as there are colours, these again and striped. */
function lookOf(which) {
  return { colour: COLOURS[which % COLOURS.length], striped: which >= COLOURS.length };
}

function look({ colour, striped }, kind) {
  return { class: striped ? `${kind} striped` : kind, style: `--own: ${colour}` };
}

/** An amount of a budget, in its unit, after what marks it. */
function amountText(budget, value, marks = "") {
  if (value === null) return "unknown";
  return marks + (budget.budget === "time" ? `${significant(100 * value)} %` : `${significant(value)} ${budget.unit}`);
}

/** What marks a sum: that a part is a bound, that a part is predicted. */
function marksTogether(marks) {
  return ["<=", "~"].filter((mark) => marks.some((each) => each.includes(mark))).join("");
}

function shareText(share) {
  return `${significant(100 * share)} %`;
}

function show() {
  const uses = usesOf(plan, places);
  const responses = responsesOf(plan, places);
  showVerdict(uses, responses);
  byId("budgets").replaceChildren(...uses.map(budgetBar));
  showWorkloads(responses);
  byId("spoken").textContent = `${byId("verdict").textContent}: ${byId("value").textContent}`;
}

function showVerdict(uses, responses) {
  const short = [...uses.filter((use) => use.short).map(shortText), ...responses.flatMap(({ total, short: by }, which) => {
    const { name, most_response_ms: limit } = plan.workloads[which];
    return by ? [`response of ${name}: ${significant(total)} of ${significant(limit)} ms, short by ${shareText(by)}`] : [];
  })];
  const unsure = [...uses.filter(({ limit, used }) => limit !== null && used === null).map(unknownText), ...unprovenTexts()];
  const asPlanned = places.every((place, which) => place === planned[which]);
  const value = achievedBy(plan, places);
  const unit = plan.objective === "power" ? "W" : "%";
  const text = value === null ? "unknown" : `${unit === "W" ? significant(value) : value.toFixed(2)} ${unit}`;
  const keeps = unsure.length ? "Keeps every limit, as far as is known" : "Keeps every limit";
  byId("answer").classList.toggle("infeasible", short.length > 0);
  byId("verdict").textContent = short.length ? "Does not keep every limit" : asPlanned ? "The plan" : keeps;
  byId("value").textContent = `${OBJECTIVES[plan.objective]} ${text}`;
  byId("short").replaceChildren(...[...short, ...unsure].map((each) => element("li", {}, each)));
  byId("back").hidden = asPlanned;
  byId("notes-of").hidden = asPlanned;
}

function shortText(use) {
  const least = use.used === null ? "at least " : "";
  const endless = use.budget === "time" && use.known > 1 ? "; batches queue up without end" : "";
  return `${use.budget}: ${least}${amountText(use, use.known)} of ${amountText(use, use.limit)}, short by ${least}${shareText(use.short)}${endless}`;
}

function unknownText({ budget, anyway, parts }) {
  const lacking = parts.flatMap((part, which) => (part === null ? [plan.workloads[which].name] : []));
  return `${budget} of ${listed([...(anyway === null ? ["the board itself"] : []), ...lacking])} is unknown`;
}

function unprovenTexts() {
  const names = networksAt(plan, places).flatMap(({ unproven }, which) => (unproven ? [plan.workloads[which].name] : []));
  return names.length ? [`unproven: a limited figure of ${listed(names)} is stated without any error`] : [];
}

/** A budget as a bar of what each workload uses, with its limit. */
function budgetBar(use) {
  const marks = networksAt(plan, places).map((network) => network.marks[use.budget]);
  const idle = use.budget === "power" ? plan.idle_mark : "";
  const parts = [["board itself", use.anyway, BOARD, idle], ...use.parts.map((part, which) => [plan.workloads[which].name, part, lookOf(which), marks[which]])]
    .filter(([, part]) => part !== 0);
  const full = Math.max(use.known, use.limit ?? 0) * (1 + SIDE) || 1;
  const share = (value) => `${(100 * value) / full}%`;
  const limit = use.limit === null ? "no limit" : `${use.used === null ? "" : `${shareText(use.used / use.limit)} of `}${amountText(use, use.limit)}`;
  const used = use.used === null ? "unknown" : `${amountText(use, use.used, marksTogether([idle, ...marks]))} used`;
  return element("div", { class: `budget${use.short ? " short" : ""}` },
    element("p", { class: "name" }, element("strong", {}, BUDGETS[use.budget]), `${used}, ${limit}`),
    element("div", { class: "track", "aria-hidden": "true" },
      parts.filter(([, part]) => part !== null).map(([name, part, looks]) => {
        const { class: kind, style } = look(looks, "part");
        return element("span", { class: kind, style: `${style}; width: ${share(part)}`, title: name });
      }),
      use.short ? element("span", { class: "beyond", style: `left: ${share(use.limit)}; right: ${share(full - use.known)}` }) : null,
      use.limit === null ? null : element("span", { class: "limit", style: `left: ${share(use.limit)}` })),
    element("ul", { class: "uses" }, parts.map(([name, part, looks, mark]) => element("li", {}, block(looks), `${name} ${amountText(use, part, mark)}`))));
}

function block(looks) {
  return element("span", { ...look(looks, "block"), "aria-hidden": "true" });
}

/** The workloads; what has the focus keeps it, since only their figures change. */
function showWorkloads(responses) {
  plan.workloads.forEach((workload, which) => {
    const [select, cells] = rows[which];
    select.value = String(places[which]);
    const { accuracy, accuracy_mark: mark, how, marks } = workload.networks[places[which]];
    const response = responses[which];
    cells.how.textContent = how;
    cells.printed.textContent = select.selectedOptions[0].textContent;
    cells.accuracy.textContent = accuracy === null ? "?" : accuracy.toFixed(2) + mark;
    cells.response.textContent = marks.response + significant(response.total);
    cells.response.classList.toggle("short", response.short > 0);
    cells.parts.textContent = partsText(response);
  });
}

/** What a response is made of. */
function partsText({ fill, wait, behind, run, overhead }) {
  const parts = [[fill, "for its batch to fill"], [wait, `behind ${behind}`], [run, "to run"], [overhead, "overhead"]];
  return parts.filter(([ms]) => ms).map(([ms, what]) => `${significant(ms)} ${what}`).join(" + ");
}

function makeWorkloads() {
  const [first] = plan.workloads;
  const metric = plan.workloads.every((each) => each.metric === first.metric) ? first.metric : "accuracy";
  const heads = [[metric, "%"], ["rate", "fps"], ["response", "ms"], ["at most", "ms"]];
  const keys = ["accuracy", "fps", "response", "limit"];
  const head = element("tr", {}, element("th", { scope: "col" }, "workload and its network"),
    heads.map(([name, unit]) => element("th", { scope: "col", class: "number" }, `${name} `, element("span", { class: "unit" }, unit))),
    element("th", { scope: "col" }, "the response in parts, ms"));
  const made = plan.workloads.map((workload, which) => {
    const select = element("select", { "aria-label": `Network for ${workload.name}` },
      workload.networks.map((network, place) => element("option", { value: String(place) }, networkText(workload, network, place))));
    select.addEventListener("change", () => choose(places.with(which, Number(select.value))));
    const cells = Object.fromEntries(keys.map((key) => [key, element("td", { class: "number" })]));
    cells.parts = element("td", { class: "parts" });
    cells.fps.textContent = String(workload.fps);
    cells.limit.textContent = workload.most_response_ms === null ? "" : significant(workload.most_response_ms);
    cells.how = element("span", { class: "under" });
    cells.printed = element("span", { class: "printed" });
    const named = element("th", { scope: "row" }, block(lookOf(which)), workload.name, element("span", { class: "choice" }, select, cells.printed, cells.how));
    const row = element("tr", {}, named, [...keys, "parts"].map((key) => cells[key]));
    return [select, cells, row];
  });
  byId("workloads").replaceChildren(element("thead", {}, head), element("tbody", {}, made.map(([, , row]) => row)));
  return made;
}

function networkText({ chosen }, { name, batch, variant, accuracy, accuracy_mark: mark, unproven }, place) {
  const points = accuracy === null ? "" : `${accuracy.toFixed(2)}${mark} %`;
  const how = [`${name}, batch ${batch}`, points, variant, unproven ? "unproven" : "", place === chosen ? "plan" : ""];
  return how.filter(Boolean).join(" \u00b7 ");
}

/** What the marks mean that some network has. */
function signsText() {
  const networks = plan.workloads.flatMap((workload) => workload.networks);
  const all = marksTogether([plan.idle_mark, ...networks.flatMap(({ marks }) => Object.values(marks))]);
  const accuracies = new Set(networks.map(({ accuracy_mark }) => accuracy_mark));
  const signs = [[all.includes("~"), "~ is predicted."], [all.includes("<="), "<= is an upper bound."],
    [accuracies.has("^"), "^ accuracy was found on another board."], [accuracies.has("!"), "! accuracy is made up of another one."]];
  return signs.flatMap(([is, text]) => (is ? [text] : [])).join(" ");
}

function choose(next) {
  places = next;
  history.replaceState(null, "", `#${places.join(",")}`);
  show();
}

const rows = makeWorkloads();
byId("signs").textContent = signsText();
byId("where").textContent = `on ${plan.title}`;
byId("notes").replaceChildren(...plan.notes.map((note) => element("li", {}, note)));
byId("back").addEventListener("click", () => choose([...planned]));
addEventListener("hashchange", () => {
  places = placesOf(location.hash);
  show();
});
show();

/** For a console, and for tests. */
window.explorer = { plan, usesOf, responsesOf, achievedBy, places: () => places, choose, drawn: () => null };
