"""Which networks a board is to run together, on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from advisor.catalog.files import SHIPPED
from advisor.metrics import METRICS
from advisor.quality import ACCURACY
from advisor.report.candidate_text import (
    PREDICTED_MARK,
    UPPER_MARK,
    accuracy_notes,
    bound_notes,
    is_predicted,
    listed,
    marked,
    note_mark,
    variant_cell,
    varying,
)
from advisor.report.terminal import (
    Fitted,
    TextTable,
    counted,
    figure,
    magnitude,
    plain_table,
    significant,
    with_unit,
)
from advisor.solve.candidates.candidate import Candidate
from advisor.solve.plan.plan_answer import Amount, Chosen, Considered, OwnLimit, Plan, Use

MARK = "mark"
"""The column that says whose choice is unproven, where some are."""

COLUMNS = {
    "batch": "batch\n",
    "fps": "rate\nfps",
    "accuracy": "{accuracy}\n%",
    "response": "response\nms",
    "limit": "at most\nms",
    "time": "time\n%",
    "power": "power\nW",
    "memory": "memory\nMB",
    MARK: "keeps\nlimits",
}
DROPPABLE = ("fps", "limit", "accuracy", "response", "batch")
"""What a narrow terminal gives up first, after what is shared without a limit; with one, it keeps that."""

OBJECTIVES = {
    "accuracy": "mean accuracy {:.2f} %",
    "worst-accuracy": "least accuracy {:.2f} %",
    "power": "average power {:.3g} W",
}
NEGLIGIBLE = 1e-8
"""A gap below it is rounding."""

RESTS_ON = {
    "response": "response_ms",
    "time": "time_per_image_ms",
    "power": "energy_j",
    "memory": "memory_mb",
}
"""By column, the metric of the candidate that it follows from."""


def plan_text(plan: Plan) -> RenderableType:
    """The whole answer."""
    if plan.impossible:
        lines = [line for each in plan.impossible for line in _impossible(each)]
        return Group(_headline(plan), "", *map(Text, [*_battery(plan), *lines, *_excluded(plan)]))
    keys = tuple(key for key in COLUMNS if key != MARK or plan.unproven)
    judged = "accuracy" if plan.objective.name.endswith("accuracy") else plan.objective.name
    unlimited = [each.budget for each in plan.budgets if each.limit is None]
    droppable = [key for key in (*unlimited, *DROPPABLE) if key != judged]
    needed = [key for key in DROPPABLE if key == judged]  # its mean stands above
    table = Fitted(lambda keys: _table(plan, keys), keys, droppable, needed)
    return Group(_headline(plan), "", table, "", *map(Text, sentences(plan)))


def _headline(plan: Plan) -> Text:
    count = counted(len(plan.request.workloads), "workload")
    board = plan.board
    origin = "" if board.layer == SHIPPED else f", from {board.layer}"
    if plan.impossible:
        answer = Text("No plan: a workload has no candidate", style="bold red")
    elif plan.objective.value is None:
        answer = Text("No plan keeps every limit", style="bold red")
    else:
        objective = OBJECTIVES[plan.objective.name].format(plan.objective.value)
        answer = Text(f"A plan with {objective}", style="bold green")
    variants = {each.candidate.variant for each in plan.chosen}
    alike = f", {', '.join(variants.pop().words)}" if len(variants) == 1 else ""
    return answer + Text(f"\n{count} on {board.name} ({board.title}{origin}){alike}")


def _table(plan: Plan, keys: Sequence[str]) -> TextTable:
    names = varying([each.candidate for each in plan.chosen])
    metrics = {each.candidate.quality.metric for each in plan.chosen}
    as_what = metrics.pop() if len(metrics) == 1 else "accuracy"
    headings = [COLUMNS[key].format(accuracy=as_what) for key in keys]
    table = plain_table("workload", "network", *names, *headings, left=2 + len(names))
    blank = [""] * len(names)
    for each in plan.chosen:
        cells = _cells(each)
        variant = [variant_cell(each.candidate, name) for name in names]
        figures = [cells[key] for key in keys]
        table.add_row(each.workload.name, each.candidate.architecture, *variant, *figures)
    for title, cells in _footer(plan):
        figures = [cells.get(key, "") for key in keys]
        table.add_row(title, "", *blank, *figures, style="dim")
    return table


def _cells(chosen: Chosen) -> dict[str, str]:
    """A workload's row; figures as the limits count them."""
    limit, candidate = chosen.workload.response, chosen.candidate
    return {
        "batch": str(candidate.batch),
        "fps": f"{chosen.workload.fps:g}",
        "accuracy": figure(ACCURACY, chosen.accuracy.value if chosen.accuracy else None)
        + note_mark(candidate.accuracy_note),
        "response": marks(candidate, "response") + significant(chosen.response.total.bound),
        "limit": f"{limit.limit:g}" if limit else "",
        "time": marks(candidate, "time") + _percent(chosen.share),
        "power": marks(candidate, "power") + _bound(chosen.power_w),
        "memory": marks(candidate, "memory") + _bound(chosen.memory_mb),
        MARK: candidate.mark if candidate.chance is None else "",
    }


def marks(candidate: Candidate, use: str) -> str:
    """What stands before a use of a candidate, of those in `RESTS_ON`: that it is predicted, or a bound."""
    return marked(candidate, RESTS_ON[use], "")


def _footer(plan: Plan) -> Iterator[tuple[str, dict[str, str]]]:
    """What is used anyway, what is used in all, and of how much."""
    idle_is_bound = plan.board.idle_is_bound
    anyway = {"power": UPPER_MARK * idle_is_bound + _bound(plan.idle_power_w)}
    if plan.runtime_floor_mb:
        anyway["memory"] = significant(plan.runtime_floor_mb)
    yield "board itself", anyway
    used: dict[str, str] = {}
    limits: dict[str, str] = {}
    shares: dict[str, str] = {}
    for each in plan.budgets:
        percent = each.budget == "time"
        used[each.budget] = _percent(each.used) if percent else _bound(each.used)
        if each.budget == "power" and each.used and idle_is_bound:
            used[each.budget] = UPPER_MARK + used[each.budget]
        if each.limit is not None:
            limits[each.budget] = f"{100 * each.limit if percent else each.limit:g}"
        if each.ratio is not None:
            shares[each.budget] = magnitude(each.ratio)
    yield "together", used
    yield "limit", limits
    yield "used of it", shares


def _bound(amount: Amount | None) -> str:
    return "?" if amount is None else significant(amount.bound)


def _percent(amount: Amount | None) -> str:
    return "?" if amount is None else significant(100 * amount.bound)


def sentences(plan: Plan) -> Iterator[str]:
    """What stands below the table."""
    yield from _battery(plan)
    yield from map(_short, plan.shortfalls)
    if not plan.fits:
        yield "Of all choices, this one is short by the least sum of these shares."
    elif plan.objective.gap is not None:
        yield _optimality(plan, plan.objective.gap)
    yield from (_response(each) for each in plan.chosen if _has_parts(each))
    if len(plan.chosen) > 1:
        yield (
            "No batch is interrupted; they run in the order in which they are complete. A response counts "
            "one batch of another workload ahead of it, the longest; where several are complete at once, "
            "a frame waits for each of them: longer than said here, perhaps than its limit."
        )
    yield from _guarantee(plan)
    yield from accuracy_notes(each.candidate for each in plan.chosen)
    yield from _idle_bound(plan)
    if any(is_predicted(each.candidate, key) for each in plan.chosen for key in RESTS_ON.values()):
        yield f"{PREDICTED_MARK} is predicted; see advisor predict."
    if plan.runtime_floor_mb and len(plan.chosen) > 1:
        floor = with_unit("memory_mb", plan.runtime_floor_mb)
        stated = plan.request.runtime_floor_mb is not None
        yield (
            f"The {floor} of memory that the runtime takes by itself are counted once; "
            f"{'the stated figure' if stated else 'the fitted model of memory'} is taken as exact."
        )
    yield from _unknown_memory(plan)
    yield from _excluded(plan)


def _short(use: Use) -> str:
    what = use.budget if use.workload is None else f"response of {use.workload}"
    unit = "" if use.budget == "time" else f" {use.unit}"
    write = "{:.2f}" if use.budget == "time" else "{:.4g}"
    used, limit = write.format(use.known.bound), write.format(use.limit)
    least = "at least " if use.used is None else ""
    endless = (
        "; batches queue up without end" if use.budget == "time" and use.known.bound > 1 else ""
    )
    return f"{what}: {least}{used} of {limit}{unit}, short by {least}{magnitude(use.short_by)}{endless}."


def _optimality(plan: Plan, gap: float) -> str:
    if gap >= NEGLIGIBLE:
        return (
            f"The solver ran out of time: another choice may be better by up to {magnitude(gap)}."
        )
    able = listed([f"{each.possible_alone} for {each.workload}" for each in plan.considered])
    return (
        f"No other choice of the candidates that are known well enough ({able}) is better and keeps every "
        "limit: the solver proved it (gap 0)."
    )


def _battery(plan: Plan) -> Iterator[str]:
    """How long the battery lasts; first of all where the idle board alone empties it too soon."""
    asked, idle, lasts = plan.request.battery_hours, plan.idle_battery_hours, plan.battery_hours
    if asked is not None and idle is not None and idle.bound < asked:
        power = with_unit("net_power_w", plan.idle_power_w.bound) if plan.idle_power_w else ""
        yield (
            f"The idle board alone, {power}, empties the battery in "
            f"{with_unit('battery_hours', idle.bound)}; {asked:g} h were asked for."
        )
    elif lasts is not None:
        least = "" if asked is None else f" of the {asked:g} h asked for"
        yield f"The battery lasts {with_unit('battery_hours', lasts.bound)}{least}."


def _unknown_memory(plan: Plan) -> Iterator[str]:
    """What is chosen although nobody knows how much memory it takes."""
    memory = next((each for each in plan.budgets if each.budget == "memory"), None)
    lacking = [each.workload.name for each in plan.chosen if each.memory_mb is None]
    if lacking and memory is not None and memory.limit is not None:
        yield (
            f"The memory of {listed(lacking)} is unknown, so that all may need more together than "
            f"the {with_unit('memory_mb', memory.limit)} of the board; a limit on memory leaves out what is "
            "unknown."
        )


def _has_parts(chosen: Chosen) -> bool:
    response = chosen.response
    return bool(response.fill_ms or response.waits_for or response.overhead_ms)


def _response(chosen: Chosen) -> str:
    response = chosen.response
    parts = [f"{with_unit('response_ms', response.run_ms.bound)} to run"]
    if response.waits_for:
        wait = with_unit("response_ms", response.wait_ms.bound)
        parts.insert(0, f"{wait} behind {response.waits_for}")
    if response.fill_ms:
        parts.insert(0, f"{with_unit('response_ms', response.fill_ms)} for its batch to fill")
    if response.overhead_ms:
        parts.append(f"{with_unit('response_ms', response.overhead_ms)} overhead")
    total = with_unit("response_ms", response.total.bound)
    return f"{chosen.workload.name} responds in {total}: {', '.join(parts)}."


def _guarantee(plan: Plan) -> Iterator[str]:
    """How sure the limits are kept."""
    sure = plan.guarantee
    if not sure.confidence:
        yield "Figures are taken as they are, however unsure (confidence none)."
    elif not sure.figures:
        yield "No figure that a limit uses has a known error, so that all are taken as they are."
    else:
        verb = "holds" if sure.figures == 1 else "hold"
        together = f", hence all limits together with at least {100 * sure.confidence:.4g}%"
        yield (
            f"Times, power and memory are upper bounds: {counted(sure.figures, 'uncertain figure')} "
            f"{verb} with {100 * sure.level:.4g}% each{'' if plan.unproven else together}, however their "
            "errors go together."
        )
    if plan.unproven:
        yield (
            f"Unproven: a limited figure of {listed(plan.unproven)} is stated without any error and taken as "
            "it stands, so no probability is known (confidence: 0.9 in the file leaves such out)."
        )


def _idle_bound(plan: Plan) -> Iterator[str]:
    """What the marks of upper bounds mean."""
    if not plan.board.idle_is_bound:
        return
    said = list(bound_notes([each.candidate for each in plan.chosen], [RESTS_ON["power"]]))
    yield from said or [f"{UPPER_MARK} is an upper bound: of idle power only a bound is known."]


def _excluded(plan: Plan) -> Iterator[str]:
    """How many candidates cannot be chosen because something is not known of them."""
    for each in plan.considered:
        for key, count in each.unknown.items():
            if 0 < count < each.candidates:
                yield (
                    f"{each.workload}: {count} of {counted(each.candidates, 'candidate')} excluded: "
                    f"{_title(key, each)} unknown."
                )
        yield from _unproven(each)


def _unproven(workload: Considered) -> Iterator[str]:
    """How many candidates cannot be chosen because nobody knows how far off they are."""
    if workload.unproven:
        yield (
            f"{workload.workload}: {counted(workload.unproven, 'candidate')} excluded, since a figure that "
            "would keep a limit is stated without any error: unproven (leave out the confidence to take such "
            "figures as they stand)."
        )


def _title(key: str, workload: Considered) -> str:
    return workload.quality.worded(key).title if key in METRICS else "idle power of the board"


def _impossible(workload: Considered) -> Iterator[str]:
    """Why no candidate could serve a workload, nothing else running."""
    if not workload.candidates:
        yield (
            f"{workload.workload}: there is nothing to choose from; what it may be does not fit in the "
            f"board's memory, failed when measured, or lacks the weights asked for."
        )
        return
    lacking = [key for key, count in workload.unknown.items() if count == workload.candidates]
    if lacking:
        figures = listed([_title(key, workload) for key in lacking])
        every = counted(workload.candidates, "candidate")
        yield f"{workload.workload}: all {every} excluded: {figures} unknown."
        return
    if workload.unproven:
        return  # said with the rest of what is left out
    limits = listed([each.limit for each in workload.limits])
    yield (
        f"{workload.workload}: no candidate that is known well enough meets {limits}, "
        f"even if nothing else ran ({counted(workload.candidates, 'candidate')})."
    )
    for each in workload.limits:
        if each.rejected:
            yield f"  {each.limit} rejects {each.rejected}; the best has {_nearest(each)}."
    for key, count in workload.unknown.items():
        if count:
            yield f"  {count} more excluded: {_title(key, workload)} unknown."


def _nearest(limit: OwnLimit) -> str:
    return with_unit(limit.metric, limit.nearest)
