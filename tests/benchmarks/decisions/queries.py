"""Queries, what each method picks, and how good the picks are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.records import Z90, Values
from advisor.solve.candidates.uncertainty import chance_below
from tests.benchmarks.decisions.tables import Boards

if TYPE_CHECKING:
    from advisor.catalog.records import Floats, Integers

EXTREMES = (0.05, 0.95)
"""Limits lie between these quantiles of what the networks of known accuracy take, evenly on the logarithm."""


@dataclass(frozen=True)
class Judged:
    """What became of some queries; each array has the shape (queries,).

    Attributes:
        answered: whether there was a pick.
        broken: whether the pick breaks the limit, as 1 or 0; NaN without a pick.
        overrun: by which share of the limit it does; NaN where it does not.
        lost: by how many points the pick is less accurate than the best that meets the limit; NaN where it
            breaks the limit, or there is no pick.
        spent: how many measurements it took beside the first ones.
    """

    answered: Floats
    broken: Floats
    overrun: Floats
    lost: Floats
    spent: Floats


def draw_limits_ms(boards: Boards, count: int, chance: np.random.Generator) -> Floats:
    """Limits on the time per image."""
    low, high = np.quantile(np.log(boards.time_ms[boards.rated]), EXTREMES)
    return np.exp(chance.uniform(low, high, count))


def spread_of(predicted: Values) -> Values:
    """Values with the standard deviations of their logarithms; without an interval, infinite."""
    below, above = (
        np.log(predicted.value / predicted.low) / Z90,
        np.log(predicted.high / predicted.value) / Z90,
    )
    return Values(predicted.value, *(np.nan_to_num(each, nan=np.inf) for each in (below, above)))


def order_of(boards: Boards, predicted: Values) -> Integers:
    """The place of each network in the objective's order: the most accurate first, then the faster."""
    order = np.lexsort(
        (np.array(boards.names), predicted.value, -np.nan_to_num(boards.top1, nan=-np.inf))
    )
    places = np.empty(len(order), dtype=np.int64)
    places[order] = np.arange(len(order))
    return places


def picks(boards: Boards, predicted: Values, limits_ms: Floats, confidence: float) -> Integers:
    """The pick of each query: the most accurate network that keeps the limit surely enough; -1 if none."""
    spread, order = spread_of(predicted), order_of(boards, predicted)
    rated = boards.rated[np.argsort(order[boards.rated])]
    some = Values(*(column[rated] for column in spread))
    found = []
    for limit_ms in limits_ms.tolist():
        sure = chance_below(some, np.full(len(rated), limit_ms)) >= confidence
        found.append(int(rated[np.argmax(sure)]) if sure.any() else -1)
    return np.array(found, dtype=np.int64)


def judge(boards: Boards, limits_ms: Floats, chosen: Integers, spent: Floats) -> Judged:
    """Hold picks against the truth."""
    rated = boards.rated
    best = np.array(
        [
            boards.top1[rated][boards.time_ms[rated] <= each].max(initial=-np.inf)
            for each in limits_ms
        ]
    )
    answered = chosen >= 0
    time_ms = np.where(answered, boards.time_ms[chosen], np.nan)
    broken = np.where(answered, time_ms > limits_ms, np.nan)
    return Judged(
        answered=answered.astype(np.float64),
        broken=broken,
        overrun=np.where(broken == 1, time_ms / limits_ms - 1, np.nan),
        lost=np.where(broken == 0, best - boards.top1[chosen], np.nan),
        spent=spent,
    )
