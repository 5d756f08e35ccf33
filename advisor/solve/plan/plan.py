"""Several networks on one board: which of them to run, so that together they keep every budget."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from advisor.catalog.records import Z90, Estimate
from advisor.catalog.store import Catalog
from advisor.errors import AdvisorError, shown
from advisor.solve.plan.gather_offers import gather_offers
from advisor.solve.plan.mixed_integer import best
from advisor.solve.plan.offers import Offer, considered
from advisor.solve.plan.plan_answer import Amount, Chosen, Guarantee, Plan
from advisor.solve.plan.plan_file import read_plan_file
from advisor.solve.plan.plan_objective import best_plan
from advisor.solve.plan.runtime_floor import runtime_floor
from advisor.solve.plan.sharing import Budgets, chosen_of, programme_of, uses_of
from advisor.solve.plan.workloads import PlanRequest


def plan(
    request: str | os.PathLike[str] | PlanRequest,
    catalog: str | os.PathLike[str] | None = None,
) -> Plan:
    """Which networks to run on a board that has several workloads.

    The workloads share the board's time (the sum of fps x time per image), its memory (what the
    runtime takes by itself, once, and what each network takes beyond that) and its average power
    (idle + the sum of net power x fps x time per image). A batch runs to its end, in the order in
    which batches are complete, so a response is: fill + longest batch of any other workload + own
    batch + overhead. What every budget and limit uses is counted as `Guarantee` says; the objective
    takes figures as they are. Of all choices that keep the limits, the answer is a proven optimum of
    the objective; of those that are equally good (for the worst accuracy: that with the best mean
    first), that with the least sum of responses, the waits for one another left out.

    Args:
        request: the question, or the path of the YAML file that asks it.
        catalog: folder of your own catalog, which overlays the shipped one; else that of
            `ADVISOR_CATALOG`, else the platform's user data folder.

    Returns:
        The plan. Where nothing keeps every budget and limit, `fits` is false, and it is the choice
        that breaks them least: by the least sum of what is short, each relative to its limit.

    Raises:
        AdvisorError: something asked for cannot be read or is not known, or a file is broken.
    """
    if not isinstance(catalog, str | os.PathLike | None):
        raise AdvisorError(f"catalog: {catalog!r} is not a folder", "give a path as text")
    if not isinstance(request, str | os.PathLike | PlanRequest):
        raise AdvisorError(f"plan: {shown(str(request))} is not a file", "give a path as text")
    opened = Catalog.open(catalog)
    if not isinstance(request, PlanRequest):
        request = read_plan_file(Path(request), opened)
    board = opened.board(request.board)
    # What ran on the board by itself fits it; only together may networks need more than it has.
    alone = request.memory_mb is None and len(request.workloads) == 1
    memory_mb = board.memory_mb if request.memory_mb is None else request.memory_mb
    memory_mb = None if alone else memory_mb
    found, guarantee = gather_offers(opened, request, memory_mb)
    floor_mb, notes = runtime_floor(opened, board, found, request.runtime_floor_mb)
    budgets = Budgets(
        request.share, memory_mb, request.power_w, floor_mb, _idle(board.idle_power_w, guarantee)
    )
    if memory_mb is None and not alone:
        notes = (*notes, f"the memory of {board.name} is unknown, so it limits nothing")
    notes = tuple(dict.fromkeys([*notes, *(n for each in found for n in each.candidates.notes)]))
    answer = Plan(
        request=request,
        board=board,
        fits=False,
        chosen=(),
        budgets=(),
        value=None,
        gap=None,
        guarantee=guarantee,
        floor_mb=floor_mb,
        idle_power_w=budgets.idle_power_w,
        considered=tuple(considered(each) for each in found),
        notes=notes,
        catalog=None if opened.own_folder is None else os.fspath(opened.own_folder),
    )
    return answer if answer.impossible else _chosen(answer, found, budgets)


def _idle(idle: Estimate | None, guarantee: Guarantee) -> Amount | None:
    """The idle power, counted like any other figure."""
    if idle is None:
        return None
    width = 0.0 if idle.high is None else float(np.log(idle.high / idle.value)) / Z90
    return Amount(idle.value, idle.value * float(np.exp(guarantee.deviations * width)))


def _chosen(answer: Plan, found: Sequence[Offer], budgets: Budgets) -> Plan:
    """The answer, with what is chosen."""
    request = answer.request
    # The order of the workloads in the file must not decide between equals.
    usable = sorted(
        (each.take(np.flatnonzero(each.alone)) for each in found),
        key=lambda each: each.workload.name,
    )
    programme, relief = programme_of(usable, budgets)
    optimum = best_plan(programme, usable, request)
    if optimum is None:
        optimum = best(programme, np.zeros(len(programme.group)), relief=relief)
    if optimum is None:
        raise ArithmeticError("no plan was found although every budget was loosened")
    starts = np.cumsum([0, *(len(each) for each in usable[:-1])])
    by_name = {
        each.workload.name: each
        for each in chosen_of(usable, (optimum.items - starts).tolist(), budgets)
    }
    chosen = tuple(by_name[each.name] for each in request.workloads)
    answer = replace(answer, chosen=chosen, budgets=uses_of(chosen, budgets))
    # In plain arithmetic, since the solver itself keeps limits to within a millionth only.
    answer = replace(answer, fits=not answer.shortfalls)
    if not answer.fits:
        return answer
    value, unit = _value(answer)
    return replace(answer, value=value, gap=optimum.left * unit / value)


def _value(answer: Plan) -> tuple[float, float]:
    """The objective's value, and the unit of the costs in which its gap is told."""
    if answer.request.objective == "power":
        used = next(each.used for each in answer.budgets if each.name == "power")
        return (used.value if used else np.nan), 1.0
    known = [(each, each.accuracy.value) for each in answer.chosen if each.accuracy]
    if answer.request.objective == "worst-accuracy":
        return min(accuracy for _, accuracy in known), 100.0
    return _mean(known), 1.0


def _mean(accuracies: Sequence[tuple[Chosen, float]]) -> float:
    """The mean accuracy by weight."""
    weights = [each.workload.weight for each, _ in accuracies]
    return float(np.average([accuracy for _, accuracy in accuracies], weights=weights))
