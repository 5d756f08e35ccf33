/* What networks use together of one board, by the sums of advisor/solve/plan/plan.py; unknown is null. */

const ROUNDING = 1e-9;
const BUDGETS = { time: "Time", memory: "Memory", power: "Power" };

/** The network that each workload runs, from their places. */
function networksAt({ workloads }, places) {
  return workloads.map(({ networks }, which) => networks[places[which]]);
}

/** The sum; null where a part is unknown. */
function sumOf(parts) {
  return parts.includes(null) ? null : parts.reduce((one, other) => one + other, 0);
}

/** By how much, at least, a limit is short, relatively; 0 where none is seen. */
function shortBy(known, limit) {
  if (limit === null) return 0;
  const beyond = known / limit - 1;
  return beyond > ROUNDING ? beyond : 0;
}

/**
 * Each budget: {budget, unit, limit, used, known: what is used as far as it is known, anyway: what is used whatever
 * runs, parts: of each workload, short}.
 */
function usesOf(plan, places) {
  const networks = networksAt(plan, places);
  return plan.budgets.map((each) => {
    const anyway = plan.anyway[each.budget];
    const parts = networks.map((network) => network[each.budget]);
    const known = sumOf([anyway, ...parts].filter((part) => part !== null));
    return { ...each, anyway, parts, known, used: sumOf([anyway, ...parts]), short: shortBy(known, each.limit) };
  });
}

/** How long a frame of each workload waits: {fill, wait, run, overhead, behind: a workload's name or null, total, short}. */
function responsesOf(plan, places) {
  const networks = networksAt(plan, places);
  return plan.workloads.map(({ overhead_ms: overhead, most_response_ms: limit }, which) => {
    let [wait, behind] = [0, null];
    networks.forEach(({ latency_ms }, other) => {
      if (other !== which && (behind === null || latency_ms > wait)) [wait, behind] = [latency_ms, plan.workloads[other].name];
    });
    const { fill_ms: fill, latency_ms: run } = networks[which];
    const total = fill + wait + run + overhead;
    return { fill, wait, behind, run, overhead, total, short: shortBy(total, limit) };
  });
}

/** The objective's value, of figures as they are; null where one is unknown. */
function achievedBy(plan, places) {
  const networks = networksAt(plan, places);
  if (plan.objective === "power") return sumOf([plan.idle_power_w, ...networks.map(({ power_as_it_is }) => power_as_it_is)]);
  const accuracies = networks.map(({ accuracy }) => accuracy);
  if (accuracies.includes(null)) return null;
  if (plan.objective === "worst-accuracy") return Math.min(...accuracies);
  const weights = plan.workloads.map(({ weight }) => weight);
  return sumOf(accuracies.map((each, which) => each * weights[which])) / sumOf(weights);
}
