/* The answer in words and figures: the pick, what binds, or what rejects how many. */

const ROWS_AT_ONCE = 30; // so many candidates are listed before more are asked for
const MOST_NAMED = 4; // so many boards at most are named in a sentence

/** The metrics worth showing: the usual ones, those limited, those of the objective, and any others named. */
function metricsShown({ table, settings, constraints }, others) {
  const asked = [...settings.objective, ...constraints].map(({ metric }) => metric);
  const wanted = new Set([...table.shown, ...asked, ...others]);
  const concerned = ({ needs_battery }) => needs_battery && settings.battery_j !== null;
  return Object.keys(table.metrics).filter((metric) => wanted.has(metric) || concerned(table.metrics[metric]));
}

/** Those of them of which something is known here, or that are asked about: what tables have columns of. */
function metricsTabled(answer, others) {
  const { settings, constraints, column, considered } = answer;
  const asked = new Set([...settings.objective, ...constraints].map(({ metric }) => metric));
  const isKnown = (metric) => considered.some((row) => !Number.isNaN(column(metric)[row]));
  return metricsShown(answer, others).filter((metric) => asked.has(metric) || isKnown(metric));
}

function showAnswer(answer) {
  const { table, best, settings, considered } = answer;
  const found = best !== null;
  const verdict = found ? "Ship this" : considered.length ? "Nothing fits" : "Nothing to choose from";
  const pick = found ? nameOf(answer, best) : nothingText(answer);
  const detail = found ? `${placeText(answer, best)}${sureText(answer)}` : consideredText(answer);
  for (const [id, text] of Object.entries({ verdict, pick, "pick-detail": detail, command: commandOf(table, settings) })) {
    byId(id).textContent = text;
  }
  byId("answer").classList.toggle("infeasible", !found);
  byId("figures").replaceChildren(...(found ? figuresShown(answer) : []));
  byId("rejections").hidden = found || !considered.length;
  byId("rejections").replaceChildren(...(byId("rejections").hidden ? [] : [rejectionsTable(answer)]));
  byId("why").classList.toggle("passing", answer.inPassing); // what stood there until now
  if (!answer.inPassing) {
    const sentences = [...(found ? whyThis(answer) : whyNothing(answer)), ...doubtsOf(answer)];
    byId("why").replaceChildren(...sentences.map((text) => element("p", {}, text)));
  }
  const figures = found ? table.shown.slice(0, 2).map((metric) => figureWithUnit(answer, metric, best)) : [];
  byId("bar").textContent = [...(found ? [] : [verdict]), pick, ...figures].join(" \u00b7 ");
  byId("bar").classList.toggle("infeasible", !found);
  document.title = `${found ? pick : "nothing fits"} \u2013 advisor explorer`;
}

function sureText({ table, constraints, chanceOf, isUnknown, unproven, best }) {
  if (!constraints.length) return "";
  if (isUnknown(best)) return "; with an unknown probability, since a limited figure is predicted with an error that nobody knows";
  if (unproven(best)) return "; unproven, since a limited figure is stated without any error";
  const [limits, chance] = [constraints.length === 1 ? "the limit" : "all limits", chanceOf(best)];
  return `; meets ${limits} with a probability of ${chanceText(chance)}: ${markOf(table, (least) => chance >= least)}`;
}

function nothingText({ table, constraints, considered, settings }) {
  if (considered.length) return limitsText(table, constraints);
  return `no row of ${settings.boards?.join(", ") ?? "any board"} is of this batch size and run so`;
}

function consideredText({ table, settings, considered }) {
  const more = outOfMemory(table, settings);
  return `${counted(considered.length, "candidate")} considered${more ? `; ${more} more out of memory` : ""}.`;
}

/** The pick's figures, each with its interval and how it stands to its limits. */
function figuresShown(answer) {
  const { table, column, constraints, best, isPredicted } = answer;
  return metricsShown(answer, ["params", "operations"]).map((metric) => {
    const { heading, unit } = table.metrics[metric];
    const text = markedText(answer, metric, best);
    const limited = constraints.filter((each) => each.metric === metric);
    const notes = [
      intervalText(answer, metric, best),
      ...limited.map((each) => headroomText(each, column(metric)[best])),
      isPredicted(metric, best) && text !== "?" ? "predicted" : "",
    ].filter(Boolean);
    return element("div", { class: limited.length ? "figure limited" : "figure" },
      element("dt", {}, heading),
      element("dd", {},
        element("span", { class: "value" }, text, element("span", { class: "unit" }, unit && text !== "?" ? ` ${unit}` : "")),
        notes.map((note) => element("span", { class: "note" }, note))));
  });
}

/** Why the pick is no better. */
function whyThis(answer) {
  const { table, settings, best, column } = answer;
  const narrowings = narrowingsOf(answer, settings.objective, answer.feasible).map((each) => narrowingText(table, each));
  const binding = bindingOf(answer);
  const { metric } = settings.objective.at(-1);
  const { title, more_is_better } = table.metrics[metric];
  const has = answer.considered.some((row) => Number.isNaN(column(metric)[row])) ? "is known to have" : "has";
  const better = narrowings.length ? "other candidate would be preferred"
    : `candidate here ${has} a ${more_is_better ? "higher" : "lower"} ${title}`;
  return [
    ...narrowings,
    binding ? bindingText(answer, binding) : `Nothing is binding: no ${better}.`,
    overlookedText(answer),
    Number.isNaN(column(metric)[best]) ? `The ${title} of these is unknown, so it decides nothing.` : "",
    table.rows.batch[best] > 1 && !Number.isNaN(column("response_ms")[best]) ? waitingText(answer) : "",
  ].filter(Boolean);
}

/** What might be better than the pick if a figure that decides were known of it; "" where nothing might. */
function overlookedText(answer) {
  const { table, column, constraints } = answer;
  const found = overlookedOf(answer);
  if (!found) return "";
  const { title, unit } = table.metrics[found.metric];
  const of = found.networks > 1 ? ` of ${counted(found.networks, "network")}` : "";
  const floats = found.metric === table.accuracy.metric ? inFloats(table, found.row) : NaN;
  const promising = `${nameAmong(answer, found.row)}${Number.isNaN(floats) ? "" : `, ${figureText(table.metrics[found.metric], floats)} ${unit} in floats`}`;
  const unknown = constraints.filter(({ metric }) => metric !== found.metric && Number.isNaN(column(metric)[found.row]));
  const titles = listed(unknown.map(({ metric }) => table.metrics[metric].title));
  const how = titles ? `, whose ${titles} ${unknown.length === 1 ? "is" : "are"} unknown, too`
    : found.metric === table.accuracy.metric ? " (--accuracy-of and --quantised-loss state it)" : "";
  return `${counted(found.count, "candidate")}${of} might be better than the pick, since ${found.count === 1 ? "its" : "their"} ${title} is unknown: ${promising}${how}.`;
}

function narrowingText(table, { step, best, left }) {
  const metric = table.metrics[step.metric];
  const tolerance = step.text.split(" within ")[1];
  const within = `${tolerance ? `Within ${tolerance} of` : "At"} the best ${metric.title}`;
  const are = left === 1 ? "is 1 candidate that meets" : `are ${left} candidates that meet`;
  return `${within} (${withUnit(metric, best)}) ${are} every limit.`;
}

function bindingText(answer, { row, constraints }) {
  const { table, column, settings, chanceOf, unproven } = answer;
  const figures = settings.objective.map(({ metric }) => figureWithUnit(answer, metric, row));
  const subject = `${nameAmong(answer, row)} (${figures.join(", ")})`;
  if (!constraints.length && unproven(row)) {
    return `The confidence is binding: ${subject} would be better, but a limited figure is stated without any error.`;
  }
  if (!constraints.length) {
    const chance = answer.isUnknown(row) ? "a probability that is unknown" : `a probability of ${chanceText(chanceOf(row))}`;
    return `The confidence is binding: ${subject} would be better, but meets every limit only with ${chance}.`;
  }
  const are = (limits) => (limits.length === 1 ? "is" : "are");
  const unknown = constraints.filter(({ metric }) => Number.isNaN(column(metric)[row]));
  if (unknown.length) {
    const titles = unknown.map(({ metric }) => table.metrics[metric].title);
    return `${subject} would be better, but its ${listed(titles)} ${are(unknown)} unknown.`;
  }
  const has = constraints.map((each) => figureAgainst(answer, each, row));
  const limits = `${limitsText(table, constraints)} ${are(constraints)} binding`;
  return `${limits}: the nearest better candidate, ${subject}, has ${listed(has)}.`;
}

/** A candidate's figure, and how it stands to a limit. */
function figureAgainst(answer, constraint, row) {
  const { metric } = constraint;
  return `${figureWithUnit(answer, metric, row)} (${headroomText(constraint, answer.column(metric)[row])})`;
}

/** A candidate, and its board and what runs it where they are not the pick's, or where without one candidates vary. */
function nameAmong(answer, row) {
  const { table: { rows }, best } = answer;
  const differs = (name, column) => (best === null ? varies(answer, name) : column[row] !== column[best]);
  const board = differs("board", rows.board) ? ` on ${boardOf(answer, row).name}` : "";
  const variant = variantOf(answer, row, VARIANT.filter((name) => differs(name, rows[name].index)));
  return `${nameOf(answer, row)}${board}${variant ? ` with ${variant}` : ""}`;
}

function waitingText({ table, column, settings, best }) {
  const [response, running] = ["response_ms", "batch_latency_ms"].map((metric) => column(metric)[best]);
  const [overhead, filling] = [settings.overhead_ms, response - running - settings.overhead_ms];
  const time = (ms) => withUnit(table.metrics.response_ms, ms);
  const parts = [
    filling > 1e-9 ? `${time(filling)} for its batch to fill` : "", // without a frame rate that is left out
    `${time(running)} to run`,
    overhead ? `${time(overhead)} overhead` : "",
  ].filter(Boolean);
  return `The first image of a batch waits ${time(response)} for its answer: ${parts.join(", ")}.`;
}

function askedConfidence({ settings, table }) {
  return confidenceOf(table, settings);
}

/** What a reader must know of the figures, and what was excluded for want of them. */
function doubtsOf(answer) {
  const { table, column, settings, constraints, considered, best, isPredicted } = answer;
  const hasPredicted = table.predicts && considered.some((row) => table.shown.some((metric) => isPredicted(metric, row)));
  const sentences = [];
  if (best !== null && constraints.some(({ metric }) => isPredicted(metric, best))) {
    sentences.push(`${named(table.rows.calibration, best)} --verify 5 measures it before it ships, and what may be better.`);
  }
  const silent = best === null ? [] : silentSources(answer);
  if (silent.length) {
    const say = silent.length === 1 ? "does not say" : "do not say";
    sentences.push(`The figures are of one published run: ${listed(silent)} ${say} how far a run of your own would be off.`);
  }
  const unsure = unsureOf(answer);
  if (unsure) {
    const { count, likeliest } = unsure;
    const meet = `${WHOLE.format(count)}${best === null ? "" : " more"} ${count === 1 ? "candidate meets" : "candidates meet"}`;
    const chance = `the likeliest, ${nameAmong(answer, likeliest)}, with ${chanceOfText(answer, likeliest)}`;
    sentences.push(`${meet} every limit by the figures, but not with ${chanceText(askedConfidence(answer))} confidence; ${chance}.`);
  }
  if (answer.left_out) {
    sentences.push(`${counted(answer.left_out, "candidate")} excluded, since a figure that would meet a limit is stated without any error.`);
  }
  for (const { constraint, unknown, leading } of rejectionsOf(answer).filter((each) => each.unknown)) {
    const excluded = `${WHOLE.format(unknown)} of ${counted(considered.length, "candidate")} excluded`;
    const could = best === null ? "met every limit" : "been better than the pick";
    sentences.push(`${excluded}: ${table.metrics[constraint.metric].title} unknown; ${leading ? WHOLE.format(leading) : "none"} of them could have ${could}.`);
  }
  for (const name of answer.unlike) sentences.push(`* ${name} is not the same on all boards: ${scopesText(name, boardsIn(table, settings))}.`);
  sentences.push(...boundNotes(answer));
  if (hasPredicted) sentences.push("~ is predicted.");
  sentences.push(...signsOf(answer));
  return sentences;
}

/** What the signs before figures that are bounds say, and between what the first of each lies, the best candidate first. */
function boundNotes(answer) {
  const { table, settings, constraints, considered, best, estimate, boundOf } = answer;
  const rows = [...(best === null ? rejectionsOf(answer).map(({ nearest }) => nearest) : firstFew(answer.inTurn(), ROWS_AT_ONCE)), ...considered];
  const bounded = metricsShown(answer, [settings.x, settings.y]).filter((metric) => table.metrics[metric].by_idle);
  const first = bounded.map((metric) => ({ metric, place: rows.findIndex((row) => row !== null && boundOf(metric, row)) }));
  const found = sortedBy(first.filter(({ place }) => place >= 0), [({ place }) => place]).map(({ metric, place }) => ({ metric, row: rows[place] }));
  if (!found.length) return [];
  const marks = ["max", "min"].filter((kind) => found.some(({ metric, row }) => boundOf(metric, row) === kind))
    .map((kind) => `${SIGNS[kind]} is ${kind === "max" ? "an upper" : "a lower"} bound`);
  const isByGross = found.some(({ row }) => boundOf("net_power_w", row));
  const why = isByGross ? "the published power includes idle power, of which only a bound is known" : "of idle power only a bound is known";
  const judged = new Set([...constraints, ...settings.objective.slice(-1)].map(({ metric }) => metric));
  const said = found.filter(({ metric }) => judged.has(metric));
  const lies = (said.length ? said : found).map(({ metric, row }) => {
    const [value, low, high] = estimate(metric, row);
    const [least, most] = [low > 0 ? figureText(table.metrics[metric], low) : "0", withUnit(table.metrics[metric], Number.isNaN(high) ? value : high)];
    return `${table.metrics[metric].title} of ${nameOf(answer, row)} lies between ${least} and ${most}`;
  });
  return [`${listed(marks)}: ${why}; the ${listed(lies)}.`];
}

/** What the signs behind the accuracies of what is considered say. */
function signsOf({ table, considered }) {
  const { signs, marks } = table.accuracy;
  const there = new Set(considered.map((row) => marks[table.rows.weights[row]]));
  return Object.keys(signs).filter((sign) => there.has(sign)).map((sign) => `${sign} ${signs[sign]}: the table says of each which.`);
}

/** The sources of published figures that the pick's limits rest on, with the error of that very run, and nothing of another. */
function silentSources({ table, constraints, best, estimate, provenance, isOfRuns }) {
  if (table.words.includes("--reproducible")) return [];
  const metrics = constraints.map(({ metric }) => metric).filter((metric) => isOfRuns(metric) && !Number.isNaN(estimate(metric, best)[1]));
  const origins = metrics.map((metric) => provenance(metric, best)).filter(({ origin }) => origin === "reported");
  const keys = origins.flatMap(({ sources }) => sources).flatMap((source) => source.split(", "));
  return [...new Set(keys)].filter((key) => table.silent.includes(key));
}

/** What a figure covers, and on which boards; of many, on how many. */
function scopesText(name, boards) {
  const boardsOf = new Map();
  for (const board of boards) {
    const scope = board.scopes[name] || "unknown";
    boardsOf.set(scope, [...(boardsOf.get(scope) ?? []), board.name]);
  }
  const where = (names) => (names.length > MOST_NAMED ? counted(names.length, "board") : names.join(", "));
  return [...boardsOf].map(([scope, names]) => `${scope} (${where(names)})`).join("; ");
}

/** What each limit rejects, and what of those that meet all by their figures is not sure enough. */
function rejectionsTable(answer) {
  const line = (limit, rejected, near) => element("tr", {},
    element("th", { scope: "row" }, limit),
    element("td", { class: "number" }, WHOLE.format(rejected)),
    near.map((text) => element("td", {}, text)));
  const lines = rejectionsOf(answer).map(({ constraint, rejected, nearest, alsoFails }) => {
    const near = nearest === null ? ["none", "", ""]
      : [nameOf(answer, nearest), figureAgainst(answer, constraint, nearest), alsoFails.map(({ name }) => name).join(", ")];
    return line(limitText(answer.table, constraint), rejected, near);
  });
  const unsure = unsureOf(answer);
  const count = answer.left_out + (unsure?.count ?? 0);
  if (count) {
    const { likeliest } = unsure ?? {};
    const near = unsure ? [nameOf(answer, likeliest), chanceOfText(answer, likeliest), ""] : ["unproven", "", ""];
    lines.push(line(`confidence ≥ ${chanceText(askedConfidence(answer))}`, count, near));
  }
  const headings = ["limit", "rejects", "nearest", "has", "also fails"].map((text) =>
    element("th", { scope: "col", class: text === "rejects" ? "number" : null }, text));
  return element("table", {}, element("thead", {}, element("tr", {}, headings)), element("tbody", {}, lines));
}

function whyNothing({ table, considered, constraints, settings }) {
  if (!considered.length) return ["Choose another batch size, another way to run it, or another board."];
  const least = (name) => constraints.find((each) => each.name === name && each.sense === "min");
  const [rate, accuracy] = [least("fps"), least("accuracy")];
  const most = rate && accuracy ? boundAt(table, settings, rate.limit) : null;
  if (most === null || most >= accuracy.limit) return [];
  return [`No network known here lies above ${most.toFixed(1)} % at ${rate.limit} fps; ${accuracy.limit} % is asked for.`];
}
