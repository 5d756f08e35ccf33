/* What would have to give where nothing fits, in words, each with a button that gives it. */

const MOST_SETS = 3; // so many sets of limits that nothing meets are named
const OFFERED_AFTER_MS = 60; // what takes longer than a frame waits until the answer has been drawn
const SLICE_MS = 12; // so long it is looked for at a time, before the page may do something else

/** A list in the page of what to relax; `change` takes a function from settings to new ones. */
function offersList(change) {
  let pending = null; // what is still to be looked for

  /** Show what to relax for an answer, once that has been drawn. */
  function show(answer) {
    cancel();
    const isAsked = answer.best === null && answer.considered.length > 0 && !answer.inPassing;
    byId("offers").hidden = !isAsked;
    if (isAsked) look(answer);
  }

  /** Look no further for an earlier answer, for which nobody is to wait either. */
  function cancel() {
    clearTimeout(pending?.timer);
    pending?.resolve();
    pending = null;
    byId("offers").setAttribute("aria-busy", "false");
  }

  function look(answer) {
    byId("offers").setAttribute("aria-busy", "true");
    const many = answer.considered.length > MANY ? ` among ${WHOLE.format(answer.considered.length)} candidates` : "";
    byId("offers-list").replaceChildren(element("li", { class: "quiet" }, `Looking for what would have to give${many} \u2026`));
    const { promise, resolve } = Promise.withResolvers();
    const steps = offersOf(answer);
    const own = { promise, resolve, timer: setTimeout(goOn, OFFERED_AFTER_MS) };
    pending = own;

    function goOn() {
      const until = performance.now() + SLICE_MS;
      let step = steps.next();
      while (!step.done && performance.now() < until) step = steps.next();
      if (!step.done) return void (own.timer = setTimeout(goOn));
      pending = null;
      byId("offers-list").replaceChildren(...step.value);
      byId("offers").setAttribute("aria-busy", "false");
      resolve();
    }
  }

  function* offersOf(answer) {
    const { table } = answer;
    const { alone, together } = yield* relaxationsOf(answer);
    const impossible = (yield* impossibleLimits(answer)).slice(0, MOST_SETS).map((limits) =>
      `No candidate meets ${limitsText(table, limits)}${limits.length > 1 ? " together" : ""}.`);
    if (!alone.length) impossible.push("No single limit, changed alone, gives an answer.");
    const line = (text, ...more) => element("li", {}, element("span", {}, text), ...more);
    return [
      ...impossible.map((text) => line(text)),
      ...alone.map((each) => line(relaxingText(answer, each), applying(each))),
      ...(together ? [line(`${relaxingText(answer, together)} That changes no limit by more than a factor of ${Math.exp(changeOf(together)).toPrecision(3)}.`, applying(together))] : []),
    ];
  }

  function relaxingText(answer, { limits, row }) {
    return `Relaxing to ${limitsText(answer.table, limits.map(({ asked }) => asked))} makes ${nameAmong(answer, row)} feasible.`;
  }

  /** A button that asks with the relaxed limits; null where one of them has no control of its own. */
  function applying({ limits }) {
    if (limits.some(({ constraint }) => constraint.text)) return null;
    const asked = limits.map((each) => each.asked);
    const button = element("button", { type: "button" }, "Relax", element("span", { class: "hidden" }, ` ${listed(asked.map(({ name }) => name))}`));
    button.addEventListener("click", () => {
      change((settings) => ({ ...settings, limits: { ...settings.limits, ...Object.fromEntries(asked.map(({ name, limit }) => [name, limit])) } }));
      byId("pick").focus();
    });
    return button;
  }

  /** Wait until there is nothing more to look for. */
  async function done() {
    while (pending) await pending.promise;
  }

  return { show, done };
}
