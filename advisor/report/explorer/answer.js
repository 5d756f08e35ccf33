/* The answer in words and figures: the pick, what binds, or what rejects how many. */

const ALWAYS_SHOWN = ["accuracy_top1_percent", "fps", "response_ms", "energy_j", "average_power_w", "memory_mb"];

/** The metrics worth showing: the usual ones, those limited, those of the objective, and any others named. */
function metricsShown({ table, settings, constraints }, others = []) {
  const wanted = new Set([...ALWAYS_SHOWN, ...others, ...settings.objective.map((step) => step.metric)]);
  if (settings.batteryJ !== null) wanted.add("battery_hours");
  for (const { metric } of constraints) wanted.add(metric);
  const order = ["accuracy_top1_percent", "fps", "response_ms", ...Object.values(table.tails), ...Object.keys(table.metrics)];
  return [...new Set(order)].filter((metric) => wanted.has(metric));
}

function showAnswer(answer) {
  const { table, column, best, settings } = answer;
  const found = best !== null;
  byId("answer").classList.toggle("infeasible", !found);
  byId("verdict").textContent = found ? "Ship this" : answer.positions.length ? "Nothing fits" : "Nothing to choose from";
  byId("pick").textContent = found ? nameOf(table, best) : nothingText(answer);
  byId("pick-detail").textContent = found
    ? `on ${boardOf(table, best).name}, ${variantText(table, best)}${sureText(answer)}`
    : consideredText(answer);
  byId("figures").replaceChildren(...(found ? figuresShown(answer, ["params", "operations"]) : []));
  const rejections = found || !answer.positions.length ? [] : [rejectionsTable(answer)];
  byId("rejections").replaceChildren(...rejections);
  byId("rejections").hidden = !rejections.length;
  const sentences = found ? whyThis(answer) : whyNothing(answer);
  byId("why").replaceChildren(...sentences.map((text) => element("p", {}, text)));
  byId("command").textContent = commandOf(table, settings);
  const figures = found ? ALWAYS_SHOWN.slice(0, 2).map((metric) => withUnit(table, metric, column(metric).value[best])) : [];
  byId("bar").textContent = [byId("verdict").textContent, byId("pick").textContent].slice(found ? 1 : 0).concat(figures).join(" \u00b7 ");
  byId("bar").classList.toggle("infeasible", !found);
  document.title = `${found ? nameOf(table, best) : "nothing fits"} \u2013 advisor explorer`;
}

function sureText({ constraints, chanceOf, best }) {
  if (!constraints.length) return "";
  const probability = chanceOf(best);
  const limits = constraints.length === 1 ? "the limit" : "all limits";
  return `; meets ${limits} with a probability of ${chanceText(probability)}: ${markOf(probability)}`;
}

function nothingText({ table, constraints, positions, settings }) {
  if (!positions.length) return `no row of ${settings.boards?.join(", ") ?? "any board"} has this batch size`;
  return listed(constraints.map((each) => limitText(table, each)));
}

function consideredText({ table, settings, positions }) {
  const misfits = table.boards
    .filter(({ name }) => settings.boards === null || settings.boards.includes(name))
    .flatMap((board) => board.misfits.filter((size) => (settings.batches ?? board.own_batches).includes(size)));
  const considered = `${counted(positions.length, "candidate")} ${positions.length === 1 ? "was" : "were"} considered`;
  if (!misfits.length) return `${considered}.`;
  return `${considered}; ${misfits.length} more ${misfits.length === 1 ? "does" : "do"} not fit in the board\u2019s memory.`;
}

/** The pick's figures, each with its interval and how it stands to its limits. */
function figuresShown(answer, others) {
  const { table, column, constraints, best } = answer;
  return metricsShown(answer, others).map((metric) => {
    const { heading, unit } = table.metrics[metric];
    const text = markedText(table, column, metric, best);
    const limited = constraints.filter((each) => each.metric === metric);
    const notes = [
      intervalText(metric, column(metric), best),
      ...limited.map((each) => headroomText(answer, each, best)),
      isPredicted(table, metric, best) && text !== "?" ? "predicted" : "",
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
  const told = narrowingsOf(table, column, settings.objective, answer.fitting).map((each) => narrowingText(answer, each));
  const binding = bindingOf(answer);
  const last = table.metrics[settings.objective.at(-1).metric];
  if (binding) told.push(bindingText(answer, binding));
  else if (told.length) told.push("Nothing is binding: no other candidate would be preferred.");
  else told.push(`Nothing is binding: no candidate here has a ${last.more_is_better ? "higher" : "lower"} ${last.title}.`);
  if (Number.isNaN(column(settings.objective.at(-1).metric).value[best])) {
    told.push(`The ${last.title} of these is unknown, so the next criterion decided.`);
  }
  if (table.batch[best] > 1) told.push(waitingText(answer));
  return [...told, ...doubtsOf(answer)];
}

function narrowingText({ table }, { step, best, left }) {
  const within = step.text.includes(" within ") ? step.text.split(" within ")[1] : "reach";
  const are = left === 1 ? "is 1 candidate that meets" : `are ${left} candidates that meet`;
  return `Within ${within} of the best ${table.metrics[step.metric].title} (${withUnit(table, step.metric, best)}) ${are} every limit.`;
}

function bindingText(answer, { row, constraints }) {
  const { table, column, settings } = answer;
  const figures = settings.objective.map(({ metric }) => withUnit(table, metric, column(metric).value[row]));
  const subject = `${nameOf(table, row)}${elsewhere(answer, row)} (${figures.join(", ")})`;
  if (!constraints.length) {
    return `The confidence is binding: ${subject} would be better, and meets every limit by its figures, but only with a probability of ${chanceText(answer.chanceOf(row))}.`;
  }
  const unknown = constraints.filter(({ metric }) => Number.isNaN(column(metric).value[row]));
  if (unknown.length) {
    return `${subject} would be better, but its ${listed(unknown.map(({ name }) => name))} ${unknown.length === 1 ? "is" : "are"} unknown.`;
  }
  const has = constraints.map((each) =>
    `${withUnit(table, each.metric, column(each.metric).value[row])} (${headroomText(answer, each, row)})`);
  return `${listed(constraints.map((each) => limitText(table, each)))} ${constraints.length === 1 ? "is" : "are"} binding: the nearest better candidate, ${subject}, has ${listed(has)}.`;
}

/** The board of another candidate than the pick, where it is another. */
function elsewhere({ table, best }, row) {
  return table.board[row] === table.board[best] ? "" : ` on ${boardOf(table, row).name}`;
}

function waitingText({ table, column, situation, best }) {
  const running = withUnit(table, "batch_latency_ms", column("batch_latency_ms").value[best]);
  if (situation.fps === null) return `The batch runs in ${running}; without a frame rate the wait to fill it is left out.`;
  const fill = withUnit(table, "response_ms", (table.batch[best] - 1) * (1000 / situation.fps));
  const overhead = situation.overheadMs ? `, ${withUnit(table, "response_ms", situation.overheadMs)} overhead` : "";
  return `The first image of a batch waits ${withUnit(table, "response_ms", column("response_ms").value[best])} for its answer: ${fill} for its batch to fill, ${running} to run${overhead}.`;
}

/** What a reader must know of the figures, and what fell out for want of them. */
function doubtsOf(answer) {
  const { table, settings, constraints, positions, fitting } = answer;
  const told = [];
  const unsure = unsureOf(answer);
  if (unsure) {
    const more = answer.best === null ? "" : " more";
    told.push(`${unsure.count}${more} ${unsure.count === 1 ? "candidate meets" : "candidates meet"} every limit by the figures, but not with ${chanceText(settings.confidence)} confidence; the likeliest, ${nameOf(table, unsure.likeliest)}${elsewhere(answer, unsure.likeliest)}, with ${chanceText(answer.chanceOf(unsure.likeliest))}.`);
  }
  rejectionsOf(answer).filter(({ unknown }) => unknown).forEach(({ constraint, unknown }) => {
    told.push(`${unknown} of ${counted(positions.length, "candidate")} fell out because their ${table.metrics[constraint.metric].title} is unknown.`);
  });
  for (const name of unlikeScopes(table, settings)) {
    const scopes = table.boards.map((board) => `${board.scopes[name] || "unknown"} (${board.name})`);
    told.push(`* ${name} is not the same on all boards: ${scopes.join("; ")}.`);
  }
  if (fitting.some((row) => isPredicted(table, "batch_latency_ms", row) || isPredicted(table, "memory_mb", row))) {
    told.push("~ is predicted.");
  }
  return told;
}

/** What each limit rejects. */
function rejectionsTable(answer) {
  const { table, column } = answer;
  const headings = ["limit", "rejects", "nearest", "has", "also fails"];
  const lines = rejectionsOf(answer).map(({ constraint, rejected, nearest, alsoFails }) => {
    const near = nearest === null ? ["none", "", ""] : [
      nameOf(table, nearest),
      `${withUnit(table, constraint.metric, column(constraint.metric).value[nearest])} (${headroomText(answer, constraint, nearest)})`,
      alsoFails.map(({ name }) => name).join(", "),
    ];
    return element("tr", {},
      element("th", { scope: "row" }, limitText(table, constraint)),
      element("td", { class: "number" }, String(rejected)),
      near.map((text) => element("td", {}, text)));
  });
  return element("table", {},
    element("thead", {}, element("tr", {}, headings.map((text, place) =>
      element("th", { scope: "col", class: place === 1 ? "number" : null }, text)))),
    element("tbody", {}, lines));
}

function whyNothing(answer) {
  const { table, column, positions, constraints } = answer;
  if (!positions.length) return ["Choose another batch size, or another board."];
  const least = (name) => constraints.find((each) => each.name === name && each.sense === "min");
  const [rate, accuracy] = [least("fps"), least("accuracy")];
  const bound = rate && accuracy ? accuracyBound(table, column, positions) : null;
  const told = [];
  if (bound && bound.range[0] <= rate.limit && rate.limit <= bound.range[1]) {
    const most = (bound.intercept - bound.slope * rate.limit).toFixed(1);
    told.push(`No network known here lies above ${most} % at ${rate.limit} fps; ${accuracy.limit} % is asked for.`);
  }
  return [...told, ...doubtsOf(answer)];
}
