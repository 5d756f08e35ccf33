"""The best choice of a plan: one candidate of each workload within linear limits, to the proven optimum.

A mixed-integer programme, solved by branch and cut: HiGHS (Q. Huangfu, J. A. J. Hall, Mathematical
Programming Computation 10, 2018), through `scipy.optimize.milp`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from advisor.errors import AdvisorError
from advisor.solve.plan.offers import Offer
from advisor.solve.plan.plan_answer import ROUNDING
from advisor.solve.plan.workloads import PlanRequest

if TYPE_CHECKING:
    from advisor.catalog.records import Floats, Integers

TIME_LIMIT_S = 60.0
SPAN = 1000.0
"""What the costs are scaled to, so that the solver's absolute tolerance of 1e-6 is a billionth of it."""

OPTIMAL, OUT_OF_TIME, INFEASIBLE = 0, 1, 2
MOST_REFUSED = 200

Check: TypeAlias = Callable[["Integers"], bool]
"""Whether a choice of items is acceptable."""


@dataclass(frozen=True)
class Programme:
    """One of each group is to be taken, such that no row of what is taken sums up to more than its limit.

    Attributes:
        group: the group of each item, counted from 0; shape (items,).
        rows: what each item uses of each limit; shape (rows, items).
        most: the limits, of the order of 1; shape (rows,).
    """

    group: Integers
    rows: Floats
    most: Floats

    def with_row(self, row: Floats, most: float) -> Programme:
        """The same with one more limit."""
        return Programme(self.group, np.vstack([self.rows, row]), np.append(self.most, most))

    def kept(self, items: Integers) -> bool:
        """Whether a choice keeps every limit, but for rounding."""
        return bool(np.all(self.rows[:, items].sum(axis=1) <= self.most + ROUNDING))


@dataclass(frozen=True)
class Optimum:
    """The best choice.

    Attributes:
        items: one of each group, in the order of the groups; shape (groups,).
        left: how much less, in the unit of the costs, another could at most cost: what is unproven.
    """

    items: Integers
    left: float


def best_plan(
    programme: Programme, offers: Sequence[Offer], request: PlanRequest
) -> Optimum | None:
    """The best choice that keeps every limit; of equally good ones the proven, then the quickest to respond.

    Of those with the same worst accuracy, that with the best mean; of those that respond alike, the one
    whose candidates come first by energy, memory, batch and name. Objectives take figures as they are,
    limits at their bounds.

    Returns:
        The choice, one item of the programme for each workload, and what is left unproven in the unit of
        the objective: percent, W, or for the worst accuracy a share of 1; `None` where nothing fits.

    Raises:
        AdvisorError: the solver ran out of time without an answer.
    """
    keeps: Check = programme.kept
    left = 0.0
    narrowed = programme
    if request.objective == "worst-accuracy":
        worst = _best_worst(programme, offers)
        if worst is None:
            return None
        left, narrowed = worst.left, _at_least_as_accurate(programme, offers, worst.items)
    cost = _cost(offers, request)
    optimum = best(narrowed, cost, keeps)
    if optimum is None:
        return None
    if request.objective != "worst-accuracy":
        left = optimum.left
    unproven = _together([each.unproven.astype(np.float64) for each in offers])
    responses = _together([each.own_ms.bound for each in offers])
    for tie_break in (*([unproven] if unproven.any() else []), responses, _places(offers)):
        narrowed, as_good = _as_good(narrowed, cost, optimum.items, keeps)
        try:
            found = best(narrowed, tie_break, as_good)
        except AdvisorError:  # out of time, though there is an answer: the one that was found
            break
        optimum, cost, keeps = found or optimum, tie_break, as_good
    return replace(optimum, left=left)


def _as_good(
    programme: Programme, cost: Floats, items: Integers, keeps: Check
) -> tuple[Programme, Check]:
    """The programme of all choices that cost no more than some items, and the check that goes with it."""
    scaled, _ = _scaled_costs(cost, programme.group)
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
    return best(levelled, np.zeros(len(programme.group)), programme.kept, relief[:, np.newaxis])


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
    total = sum(each.counts for each in request.workloads)
    return _together([-each.workload.counts / total * each.accuracy.value for each in offers])


def _accuracy(offers: Sequence[Offer]) -> Floats:
    return _together([each.accuracy.value for each in offers])


def _together(columns: Sequence[Floats]) -> Floats:
    joined: Floats = np.concatenate(columns)
    return joined


def best(
    programme: Programme,
    cost: Floats,
    accept: Check = lambda items: True,  # noqa: ARG005
    relief: Floats | None = None,
) -> Optimum | None:
    """The choice of the least total cost.

    The solver keeps limits to within 1e-6 only. Hence each answer is checked by `accept`; one that is
    refused is ruled out, and the rest solved again, so that what is returned is the best of all that
    would be accepted.

    Args:
        programme: the items and their limits.
        cost: of each item; shape (items,).
        accept: checks an answer in plain arithmetic.
        relief: by how much each of several slack variables, at a cost of 1 per unit, loosens each row;
            shape (rows, slacks). Items are then without cost.

    Returns:
        The choice; `None` where there is none.

    Raises:
        AdvisorError: none was found within `TIME_LIMIT_S`.
        ArithmeticError: the solver failed.
    """
    for _ in range(MOST_REFUSED):
        found = _solved(programme, cost, relief)
        if found is None or accept(found.items):
            return found
        ruled_out = np.zeros(len(cost))
        ruled_out[found.items] = 1.0
        programme = programme.with_row(ruled_out, len(found.items) - 1)
        relief = None if relief is None else np.vstack([relief, np.zeros(relief.shape[1])])
    raise ArithmeticError(f"the solver's answer broke a limit {MOST_REFUSED} times")


def _solved(programme: Programme, cost: Floats, relief: Floats | None) -> Optimum | None:
    from scipy.optimize import Bounds, LinearConstraint, milp

    items, groups = len(programme.group), int(programme.group.max()) + 1
    slacks = np.zeros((len(programme.rows), 0)) if relief is None else relief
    free = slacks.shape[1]
    one_each = (programme.group == np.arange(groups)[:, np.newaxis]).astype(np.float64)
    scaled, unit = _scaled_costs(cost, programme.group)
    result = milp(
        scaled if relief is None else np.concatenate([0 * scaled, np.ones(free)]),
        integrality=np.repeat([1, 0], [items, free]),
        bounds=Bounds(0, np.repeat([1, np.inf], [items, free])),
        constraints=[
            LinearConstraint(np.hstack([one_each, np.zeros((groups, free))]), 1, 1),
            LinearConstraint(np.hstack([programme.rows, -slacks]), -np.inf, programme.most),
        ],
        options={"mip_rel_gap": 0.0, "time_limit": TIME_LIMIT_S},
    )
    if result.status == INFEASIBLE:
        return None
    if result.status == OUT_OF_TIME and result.x is None:
        hint = "name fewer candidates, or loosen the limits"
        raise AdvisorError(f"no plan was found within {TIME_LIMIT_S:g} s", hint)
    if result.status not in (OPTIMAL, OUT_OF_TIME):
        raise ArithmeticError(f"the solver failed: {result.message}")
    taken = result.x[:items]
    chosen = [
        int(members[np.argmax(taken[members])])
        for members in (np.flatnonzero(programme.group == group) for group in range(groups))
    ]
    left = max(0.0, result.fun - result.mip_dual_bound) * (unit if relief is None else 1.0)
    return Optimum(np.array(chosen), float(left))


def _scaled_costs(cost: Floats, group: Integers) -> tuple[Floats, float]:
    """Costs from 0 to `SPAN`, each group's least being 0; and their unit."""
    least = np.full(int(group.max()) + 1, np.inf)
    np.minimum.at(least, group, cost)
    above = cost - least[group]
    unit = float(above.max()) / SPAN or 1.0
    return above / unit, unit
