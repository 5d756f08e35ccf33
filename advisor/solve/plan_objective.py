"""The objective of a plan: the best choice that keeps every limit, and which of equally good ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from advisor.errors import AdvisorError
from advisor.solve.mixed_integer import SPAN, Optimum, Programme, best, scaled_costs
from advisor.solve.offers import Offer
from advisor.solve.plan_answer import ROUNDING
from advisor.solve.sharing import kept
from advisor.solve.workloads import PlanRequest

if TYPE_CHECKING:
    from advisor.catalog.records import Floats, Integers


def best_plan(
    programme: Programme, offers: Sequence[Offer], request: PlanRequest
) -> Optimum | None:
    """The best choice that keeps every limit; of equally good ones the quickest to respond.

    Of those with the same worst accuracy, that with the best mean. Objectives take figures as they
    are, limits at their bounds.

    Returns:
        The choice, one item of the programme for each workload, and what is left unproven in the unit of
        the objective: percent, W, or for the worst accuracy a share of 1; `None` where nothing fits.

    Raises:
        AdvisorError: the solver ran out of time without an answer.
    """

    def keeps(items: Integers) -> bool:
        return kept(programme, items, ROUNDING / 10)

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
    scaled, _ = scaled_costs(cost, within.group)
    most = float(scaled[optimum.items].sum())

    def as_good(items: Integers) -> bool:
        return keeps(items) and float(scaled[items].sum()) <= most + ROUNDING * SPAN

    quicker = within.with_row(scaled, most)
    try:
        quickest = best(quicker, _together([each.own_ms.bound for each in offers]), as_good)
    except AdvisorError:  # out of time, though there is an answer: the one that was found
        quickest = None
    return replace(quickest or optimum, left=left)


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
        lambda items: kept(programme, items, ROUNDING / 10),
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
