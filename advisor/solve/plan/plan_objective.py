"""The objective of a plan: the best choice that keeps every limit, and which of equally good ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from advisor.errors import AdvisorError
from advisor.solve.plan.mixed_integer import SPAN, Optimum, Programme, best, scaled_costs
from advisor.solve.plan.offers import Offer
from advisor.solve.plan.plan_answer import ROUNDING
from advisor.solve.plan.sharing import kept
from advisor.solve.plan.workloads import PlanRequest

if TYPE_CHECKING:
    from advisor.catalog.records import Floats, Integers


def best_plan(
    programme: Programme, offers: Sequence[Offer], request: PlanRequest
) -> Optimum | None:
    """The best choice that keeps every limit; of equally good ones the quickest to respond.

    Of those with the same worst accuracy, that with the best mean; of those that respond alike, the one
    whose candidates come first by energy, memory, batch and name. Objectives take figures as they are,
    limits at their bounds.

    Returns:
        The choice, one item of the programme for each workload, and what is left unproven in the unit of
        the objective: percent, W, or for the worst accuracy a share of 1; `None` where nothing fits.

    Raises:
        AdvisorError: the solver ran out of time without an answer.
    """
    keeps: Check = partial(kept, programme)
    left = 0.0
    within = programme
    if request.objective == "worst-accuracy":
        worst = _best_worst(programme, offers)
        if worst is None:
            return None
        left, within = worst.left, _at_least_as_accurate(programme, offers, worst.items)
    cost = _cost(offers, request)
    optimum = best(within, cost, keeps)
    if optimum is None:
        return None
    if request.objective != "worst-accuracy":
        left = optimum.left
    for tie_break in (_together([each.own_ms.bound for each in offers]), _places(offers)):
        within, as_good = _as_good(within, cost, optimum.items, keeps)
        try:
            found = best(within, tie_break, as_good)
        except AdvisorError:  # out of time, though there is an answer: the one that was found
            break
        optimum, cost, keeps = found or optimum, tie_break, as_good
    return replace(optimum, left=left)


Check: TypeAlias = Callable[["Integers"], bool]


def _as_good(
    programme: Programme, cost: Floats, items: Integers, keeps: Check
) -> tuple[Programme, Check]:
    """The programme of all choices that cost no more than some items, and the check that goes with it."""
    scaled, _ = scaled_costs(cost, programme.group)
    most = float(scaled[items].sum())

    def as_good(others: Integers) -> bool:
        return keeps(others) and float(scaled[others].sum()) <= most + ROUNDING * SPAN

    return programme.with_row(scaled, most), as_good


def _places(offers: Sequence[Offer]) -> Floats:
    """The place of each candidate among those of its workload, by energy, memory, batch and name."""
    places = []
    for offer in offers:
        these = offer.candidates
        keys = (these.figure("energy_j"), these.figure("memory_mb"), these.batch)
        order = np.lexsort((np.arange(len(these)), *keys[::-1]))  # offers stand by name
        places.append(np.argsort(order).astype(np.float64))
    return _together(places)


def _best_worst(programme: Programme, offers: Sequence[Offer]) -> Optimum | None:
    """The choice whose least accuracy is highest: the greatest lack of any workload is the cost."""
    groups = np.arange(len(offers))[:, np.newaxis]
    lacks = np.where(programme.group == groups, 1 - _accuracy(offers) / 100, 0.0)
    levelled = programme
    for lack in lacks:
        levelled = levelled.with_row(lack, 0.0)
    relief = (np.arange(len(levelled.rows)) >= len(programme.rows)).astype(np.float64)
    return best(
        levelled,
        np.zeros(len(programme.group)),
        partial(kept, programme),
        relief[:, np.newaxis],
    )


def _at_least_as_accurate(
    programme: Programme, offers: Sequence[Offer], items: Integers
) -> Programme:
    """The programme without whatever is less accurate than the least accurate of some items."""
    accuracy = _accuracy(offers)
    return programme.with_row((accuracy < accuracy[items].min()).astype(np.float64), 0.0)


def _cost(offers: Sequence[Offer], request: PlanRequest) -> Floats:
    """What the objective makes of each candidate, less being better."""
    if request.objective == "power":
        return _together([each.draw_w.value for each in offers])
    total = sum(each.weight for each in request.workloads)
    return _together([-each.workload.weight / total * each.accuracy.value for each in offers])


def _accuracy(offers: Sequence[Offer]) -> Floats:
    return _together([each.accuracy.value for each in offers])


def _together(columns: Sequence[Floats]) -> Floats:
    joined: Floats = np.concatenate(columns)
    return joined
