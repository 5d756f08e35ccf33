"""How workloads share a board: time, memory, average power, and the wait for one another.

The board runs one batch at a time, to its end, in the order in which batches are complete. So the shares
of its time add up, and what a workload's response waits for is the longest batch of any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from advisor.solve.plan.mixed_integer import Programme
from advisor.solve.plan.offers import MEMORY, Column, Offer
from advisor.solve.plan.plan_answer import NONE, ROUNDING, Amount, Chosen, Response, Use

if TYPE_CHECKING:
    from advisor.catalog.records import Floats, Integers


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
        used = _all([_beyond_floor(each, budgets) for each in offers])
        yield used / budgets.memory_mb, budgets.floor_mb / budgets.memory_mb
    if budgets.power_w is not None and budgets.idle_power_w is not None:
        drawn = _all([each.draw_w for each in offers])
        yield drawn / budgets.power_w, budgets.idle_power_w.bound / budgets.power_w


def _response_rows(offers: Sequence[Offer]) -> Iterator[tuple[int, Floats]]:
    """For each workload with a limited response and each other one, what their candidates add to it."""
    ends = np.cumsum([len(each) for each in offers])
    spans = [slice(end - len(each), end) for each, end in zip(offers, ends.tolist(), strict=True)]
    for place, (offer, span) in enumerate(zip(offers, spans, strict=True)):
        limit = offer.workload.latency
        for other, waited_for in zip(offers, spans, strict=True):
            if limit is not None and other is not offer:
                row = np.zeros(int(ends[-1]))
                row[span] = offer.own_ms.bound / limit.limit
                row[waited_for] = other.latency_ms.bound / limit.limit
                yield place, row


def _beyond_floor(offer: Offer, budgets: Budgets) -> Column:
    return offer.columns[MEMORY].plus(-budgets.floor_mb)


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
            share=_known(offer.share.at(place)),
            power_w=offer.draw_w.at(place),
            memory_mb=_beyond_floor(offer, budgets).at(place),
        )
        for offer, place in zip(offers, places, strict=True)
    )


def _response(offers: Sequence[Offer], places: Sequence[int], offer: Offer) -> Response:
    runs = {
        each.workload.name: _known(each.latency_ms.at(place))
        for each, place in zip(offers, places, strict=True)
    }
    own = runs.pop(offer.workload.name)
    place = next(at for each, at in zip(offers, places, strict=True) if each is offer)
    waits_for = max(sorted(runs), key=lambda name: runs[name].bound, default="")
    longest = max((each.value for each in runs.values()), default=0.0)
    return Response(
        fill_ms=float(offer.fill_ms[place]),
        wait_ms=Amount(longest, runs[waits_for].bound) if waits_for else NONE,
        run_ms=own,
        overhead_ms=offer.workload.requirements.overhead_ms,
        waits_for=waits_for,
    )


def _known(amount: Amount | None) -> Amount:
    if amount is None:
        raise ValueError("a candidate of unknown latency was chosen")
    return amount


def uses_of(chosen: Sequence[Chosen], budgets: Budgets) -> tuple[Use, ...]:
    """What is used of the board's time, memory and power, in plain sums."""
    floor = Amount(budgets.floor_mb, budgets.floor_mb)
    return (
        Use("time", _sum([NONE, *(each.share for each in chosen)]), budgets.share),
        Use("memory", _sum([floor, *(each.memory_mb for each in chosen)]), budgets.memory_mb),
        Use(
            "power",
            _sum([budgets.idle_power_w, *(each.power_w for each in chosen)]),
            budgets.power_w,
        ),
    )


def _sum(amounts: Sequence[Amount | None]) -> Amount | None:
    """The sum; unknown where one of them is."""
    known = [each for each in amounts if each is not None]
    return sum(known, NONE) if len(known) == len(amounts) else None


def kept(programme: Programme, items: Integers) -> bool:
    """Whether a choice keeps every limit, but for rounding."""
    return bool(np.all(programme.rows[:, items].sum(axis=1) <= programme.most + ROUNDING))
