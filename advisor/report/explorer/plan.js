/* The page of a plan: which network each workload runs in, what that uses out. */

/* Of M. Okabe and K. Ito, Color Universal Design, 2008; without the yellow, which is lost on white. */
const COLOURS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00"];
const BOARD = "#8a9299";
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

function colourOf(which) {
  return COLOURS[which % COLOURS.length];
}

/** An amount of a budget, in its unit. */
function amountText(budget, value) {
  if (value === null) return "unknown";
  return budget.budget === "time" ? `${significant(100 * value)} %` : `${significant(value)} ${budget.unit}`;
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
  const short = [
    ...uses.filter((use) => use.short).map((use) => `${use.budget}: ${amountText(use, use.used)} of ${amountText(use, use.limit)}, short by ${shareText(use.short)}`),
    ...responses.flatMap(({ total, short: by }, which) => {
      const { name, most_response_ms: limit } = plan.workloads[which];
      return by ? [`response of ${name}: ${significant(total)} of ${significant(limit)} ms, short by ${shareText(by)}`] : [];
    }),
  ];
  const asPlanned = places.every((place, which) => place === planned[which]);
  const value = achievedBy(plan, places);
  const unit = plan.objective === "power" ? "W" : "%";
  const text = value === null ? "unknown" : `${unit === "W" ? significant(value) : value.toFixed(2)} ${unit}`;
  byId("answer").classList.toggle("infeasible", short.length > 0);
  byId("verdict").textContent = short.length ? "Does not keep every limit" : asPlanned ? "The plan" : "Keeps every limit";
  byId("value").textContent = `${OBJECTIVES[plan.objective]} ${text}`;
  byId("short").replaceChildren(...short.map((each) => element("li", {}, each)));
  byId("back").hidden = asPlanned;
}

/** A budget as a bar of what each workload uses, with its limit. */
function budgetBar(use) {
  const parts = [["board itself", use.anyway, BOARD], ...use.parts.map((part, which) => [plan.workloads[which].name, part, colourOf(which)])]
    .filter(([, part]) => part !== 0);
  const known = parts.reduce((sum, [, part]) => sum + (part ?? 0), 0);
  const full = Math.max(known, use.limit ?? 0) * (1 + SIDE) || 1;
  const width = (value) => `width: ${(100 * value) / full}%`;
  const limit = use.limit === null ? "no limit" : `${use.used === null ? "" : `${shareText(use.used / use.limit)} of `}${amountText(use, use.limit)}`;
  return element("div", { class: `budget${use.short ? " short" : ""}` },
    element("p", { class: "name" }, element("strong", {}, BUDGETS[use.budget]), `${amountText(use, use.used)}${use.used === null ? "" : " used"}, ${limit}`),
    element("div", { class: "track", "aria-hidden": "true" },
      parts.filter(([, part]) => part !== null).map(([, part, colour]) => element("span", { class: "part", style: `${width(part)}; --own: ${colour}` })),
      use.short ? element("span", { class: "beyond", style: `left: ${(100 * use.limit) / full}%; right: ${(100 * (full - known)) / full}%` }) : null,
      use.limit === null ? null : element("span", { class: "limit", style: `left: ${(100 * use.limit) / full}%` })),
    element("ul", { class: "uses" }, parts.map(([name, part, colour]) => element("li", {}, block(colour), `${name} ${amountText(use, part)}`))));
}

function block(colour) {
  return element("span", { class: "block", style: `--own: ${colour}`, "aria-hidden": "true" });
}

/** The workloads; what has the focus keeps it, since only their figures change. */
function showWorkloads(responses) {
  plan.workloads.forEach((workload, which) => {
    const [select, cells] = rows[which];
    select.value = places[which];
    const { accuracy } = workload.networks[places[which]];
    const response = responses[which];
    cells.accuracy.textContent = accuracy === null ? "?" : accuracy.toFixed(2);
    cells.response.textContent = significant(response.total);
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
  const head = element("tr", {}, ["workload", "network"].map((name) => element("th", { scope: "col" }, name)),
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
    const row = element("tr", {}, element("th", { scope: "row" }, block(colourOf(which)), workload.name), element("td", {}, select), Object.values(cells));
    return [select, cells, row];
  });
  byId("workloads").replaceChildren(element("thead", {}, head), element("tbody", {}, made.map(([, , row]) => row)));
  return made;
}

function networkText({ chosen }, { name, batch, variant, accuracy }, place) {
  const how = [`${name}, batch ${batch}`, variant, accuracy === null ? "" : `${accuracy.toFixed(2)} %`, place === chosen ? "plan" : ""];
  return how.filter(Boolean).join(" \u00b7 ");
}

function choose(next) {
  places = next;
  history.replaceState(null, "", `#${places.join(",")}`);
  show();
}

const rows = makeWorkloads();
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
