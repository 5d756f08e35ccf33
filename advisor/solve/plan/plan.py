"""Several networks on one board: which of them to run, so that together they keep every budget.

The board runs one batch at a time, to its end, in the order in which batches are complete. So the shares
of its time add up, and what a workload's response waits for is the longest batch of any other.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from advisor.arguments import checked
from advisor.catalog.records import Z90, Estimate
from advisor.catalog.store import Catalog
from advisor.solve.plan.offers import (
    Column,
    Offer,
    considered,
    gather_offers,
    needed_amount,
    runtime_floor,
    unlike_accuracies,
)
from advisor.solve.plan.optimum import Programme, best, best_plan
from advisor.solve.plan.plan_answer import (
    NONE,
    Achieved,
    Amount,
    Budget,
    Chosen,
    Guarantee,
    Plan,
    Response,
    Use,
)
from advisor.solve.plan.workloads import PlanRequest, read_plan_file, read_plan_mapping

if TYPE_CHECKING:
    from advisor.catalog.records import Floats


@checked
def plan(
    request: str | os.PathLike[str] | Mapping[str, object] | PlanRequest,
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
        request: the path of the YAML file that asks, or a mapping of what would stand in it.
        catalog: folder of your own catalog, which overlays the shipped one; else that of
            `ADVISOR_CATALOG`, else the platform's user data folder.

    Returns:
        The plan. Where nothing keeps every budget and limit, `fits` is false, and it is the choice
        that breaks them least: by the least sum of what is short, each relative to its limit.

    Raises:
        AdvisorError: something asked for cannot be read or is not known, or a file is broken.
    """
    opened = Catalog.open(catalog)
    if isinstance(request, Mapping):
        request = read_plan_mapping(request, opened)
    elif not isinstance(request, PlanRequest):
        request = read_plan_file(Path(request), opened)
    board = opened.board(request.board)
    # What ran on the board by itself fits it; only together may networks need more than it has.
    alone = request.memory_mb is None and len(request.workloads) == 1
    memory_mb = board.memory_mb if request.memory_mb is None else request.memory_mb
    memory_mb = None if alone else memory_mb
    found, guarantee = gather_offers(opened, request, memory_mb)
    unlike = unlike_accuracies(request, found)
    floor_mb, notes = runtime_floor(opened, board, found, request.runtime_floor_mb)
    budgets = Budgets(
        request.share,
        memory_mb,
        request.most_power_w,
        floor_mb,
        _idle(board.idle_power_w, guarantee),
    )
    if memory_mb is None and not alone:
        notes = (*notes, f"the memory of {board.name} is unknown, so it limits nothing")
    notes = tuple(
        dict.fromkeys([*notes, *unlike, *(n for each in found for n in each.candidates.notes)])
    )
    answer = Plan(
        request=request,
        board=board,
        fits=False,
        objective=Achieved(request.objective),
        chosen=(),
        budgets=(),
        guarantee=guarantee,
        runtime_floor_mb=floor_mb,
        idle_power_w=budgets.idle_power_w,
        considered=tuple(considered(each) for each in found),
        notes=notes,
        catalog=opened.own_name,
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
    places = (optimum.items - starts).tolist()
    by_name = {each.workload.name: each for each in chosen_of(usable, places, budgets)}
    others = {
        each.workload.name: each.alternatives(place, budgets.floor_mb)
        for each, place in zip(usable, places, strict=True)
    }
    chosen = tuple(by_name[each.name] for each in request.workloads)
    answer = replace(
        answer,
        chosen=chosen,
        budgets=uses_of(chosen, budgets),
        alternatives=tuple(others[each.name] for each in request.workloads),
    )
    # In plain arithmetic, since the solver itself keeps limits to within a millionth only.
    answer = replace(answer, fits=not answer.shortfalls)
    if not answer.fits:
        return answer
    return replace(answer, objective=_achieved(answer, optimum.left))


def _achieved(answer: Plan, left: float) -> Achieved:
    """The objective's value; and from what the solver left of its costs unproven, the relative gap."""
    name = answer.objective.name
    if name == "power":
        value = next(
            each.used.value for each in answer.budgets if each.budget == name and each.used
        )
        return Achieved(name, value, left / value)
    accuracies = [(each, each.accuracy.value) for each in answer.chosen if each.accuracy]
    if name == "worst-accuracy":  # its costs are shares of 1
        value = min(accuracy for _, accuracy in accuracies)
        return Achieved(name, value, 100 * left / value)
    value = _mean(accuracies)
    return Achieved(name, value, left / value)


def _mean(accuracies: Sequence[tuple[Chosen, float]]) -> float:
    """The mean accuracy by weight."""
    weights = [each.workload.counts for each, _ in accuracies]
    return float(np.average([accuracy for _, accuracy in accuracies], weights=weights))


@dataclass(frozen=True)
class Budgets:
    """What the workloads share.

    Attributes:
        share: of the board's time, how much may be used.
        memory_mb, power_w: how much may be used; `None` for any.
        floor_mb: what the runtime takes of the memory, once.
        idle_power_w: what the board draws doing nothing; `None` where unknown.
    """

    share: float
    memory_mb: float | None
    power_w: float | None
    floor_mb: float
    idle_power_w: Amount | None


def programme_of(offers: Sequence[Offer], budgets: Budgets) -> tuple[Programme, Floats]:
    """Every budget and response as a limit of 1 on what one candidate of each workload uses together.

    The response of a workload is limited once for every other that it may have to wait for: since
    exactly one candidate of each is taken, the longest wait is kept if each of them is.

    Returns:
        The programme; and its slacks, one for each budget and each response, shape (rows, slacks).
    """
    group = np.repeat(np.arange(len(offers)), [len(each) for each in offers])
    rows, most = [], []
    slack: list[int] = []
    for coefficients, fixed in _budget_rows(offers, budgets):
        rows.append(coefficients)
        most.append(1 - fixed)
        slack.append(len(slack))
    first = len(slack)
    for place, coefficients in _response_rows(offers):
        rows.append(coefficients)
        most.append(1.0)
        slack.append(first + place)
    relief = (np.array(slack)[:, np.newaxis] == np.unique(slack)).astype(np.float64)
    return Programme(group, np.array(rows), np.array(most)), relief


def _budget_rows(offers: Sequence[Offer], budgets: Budgets) -> Iterator[tuple[Floats, float]]:
    """What each candidate uses of each budget, and what is used anyway."""
    yield _all([each.share for each in offers]) / budgets.share, 0.0
    if budgets.memory_mb is not None:
        used = _all([each.beyond_floor_mb(budgets.floor_mb) for each in offers])
        used = np.where(
            np.isfinite(used), used, 0.0
        )  # what nobody knows takes nothing, and it is said
        yield used / budgets.memory_mb, budgets.floor_mb / budgets.memory_mb
    if budgets.power_w is not None and budgets.idle_power_w is not None:
        drawn = _all([each.draw_w for each in offers])
        yield drawn / budgets.power_w, budgets.idle_power_w.bound / budgets.power_w


def _response_rows(offers: Sequence[Offer]) -> Iterator[tuple[int, Floats]]:
    """For each workload with a limited response and each other one, what their candidates add to it."""
    ends = np.cumsum([len(each) for each in offers])
    spans = [slice(end - len(each), end) for each, end in zip(offers, ends.tolist(), strict=True)]
    for place, (offer, span) in enumerate(zip(offers, spans, strict=True)):
        limit = offer.workload.response
        for other, waited_for in zip(offers, spans, strict=True):
            if limit is not None and other is not offer:
                row = np.zeros(int(ends[-1]))
                row[span] = offer.own_ms.bound / limit.limit
                row[waited_for] = other.latency_ms.bound / limit.limit
                yield place, row


def _all(columns: Sequence[Column]) -> Floats:
    return np.concatenate([each.bound for each in columns])


def chosen_of(
    offers: Sequence[Offer], places: Sequence[int], budgets: Budgets
) -> tuple[Chosen, ...]:
    """What each workload runs.

    Args:
        offers: what the workloads may be.
        places: for each, the place of its candidate.
        budgets: what they share.
    """
    return tuple(
        Chosen(
            workload=offer.workload,
            candidate=offer.candidate(place),
            accuracy=offer.accuracy.at(place),
            response=_response(offers, places, offer),
            share=needed_amount(offer.share.at(place)),
            power_w=offer.draw_w.at(place),
            memory_mb=offer.beyond_floor_mb(budgets.floor_mb).at(place),
        )
        for offer, place in zip(offers, places, strict=True)
    )


def _response(offers: Sequence[Offer], places: Sequence[int], offer: Offer) -> Response:
    runs = {
        each.workload.name: needed_amount(each.latency_ms.at(place))
        for each, place in zip(offers, places, strict=True)
    }
    own = runs.pop(offer.workload.name)
    place = next(at for each, at in zip(offers, places, strict=True) if each is offer)
    waits_for = max(sorted(runs), key=lambda name: runs[name].bound, default=None)
    longest = max((each.value for each in runs.values()), default=0.0)
    return Response(
        fill_ms=float(offer.fill_ms[place]),
        wait_ms=Amount(longest, runs[waits_for].bound) if waits_for else NONE,
        run_ms=own,
        overhead_ms=offer.workload.requirements.overhead_ms,
        waits_for=waits_for,
    )


def uses_of(chosen: Sequence[Chosen], budgets: Budgets) -> tuple[Use, ...]:
    """What is used of the board's time, memory and power, in plain sums."""
    floor = Amount(budgets.floor_mb, budgets.floor_mb)
    return (
        _use("time", [each.share for each in chosen], budgets.share),
        _use("memory", [floor, *(each.memory_mb for each in chosen)], budgets.memory_mb),
        _use("power", [budgets.idle_power_w, *(each.power_w for each in chosen)], budgets.power_w),
    )


def _use(budget: Budget, parts: Sequence[Amount | None], limit: float | None) -> Use:
    """The sum of parts; unknown where one of them is."""
    summed = [each for each in parts if each is not None]
    known = sum(summed, NONE)
    return Use(budget, None, known if len(summed) == len(parts) else None, limit, known)
