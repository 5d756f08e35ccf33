"""How large an effect is, with a 90 % interval: what networks show of a mean, a spread, a rank, a slope."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from advisor.paper.evidence import rank_correlation

if TYPE_CHECKING:
    from collections.abc import Callable

    from advisor.catalog.records import Floats

TAIL = 0.05
"""What a 90 % interval leaves out at each end."""


@dataclass(frozen=True)
class Effect:
    """An effect's size.

    Attributes:
        value: what these networks show.
        low: lower end of its 90 % interval, over networks that might have been taken instead.
        high: its upper end.
    """

    value: float
    low: float
    high: float

    def map(self, change: Callable[[float], float]) -> Effect:
        """The same in other terms, which must rise with these."""
        return Effect(change(self.value), change(self.low), change(self.high))


def mean_effect(values: Floats, tail: float = TAIL) -> Effect:
    """The mean of at least two values, by Student's t; the interval leaves out `tail` at each end."""
    error = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    return _with_error(float(np.mean(values)), error, len(values) - 1, tail)


def spread_effect(values: Floats) -> Effect:
    """The relative standard deviation of at least two positive values, that of their logarithms.

    Its interval is the chi-square's, exact where they are log-normal.
    """
    from scipy.special import chdtri

    spread, freedom = float(np.std(np.log(values), ddof=1)), len(values) - 1
    low, high = (spread * math.sqrt(freedom / chdtri(freedom, at)) for at in (TAIL, 1 - TAIL))
    return Effect(spread, low, high)


def rank_effect(x: Floats, y: Floats, tail: float = TAIL) -> Effect:
    """Spearman's rank correlation of at least four pairs; the interval leaves out `tail` at each end.

    It is that of Fisher's z, with the variance of Bonett and Wright (Psychometrika 65, 2000).
    """
    from scipy.special import ndtri

    value = rank_correlation(x, y)
    most = 1 - 1 / len(x) ** 2  # ranks that agree in all pairs at hand need not agree in all others
    at = math.atanh(max(-most, min(most, value)))
    half = float(ndtri(1 - tail)) * math.sqrt((1 + value**2 / 2) / (len(x) - 3))
    low, high = math.tanh(at - half), math.tanh(at + half)
    return Effect(value, min(value, low), max(value, high))


def slope_effect(x: Floats, y: Floats, tail: float = TAIL) -> Effect:
    """The slope of the least-squares line through at least three points, likewise."""
    slope, intercept = np.polyfit(x, y, 1)
    off = y - intercept - slope * x
    variance = float(np.sum(off**2)) / (len(x) - 2) / float(np.sum((x - np.mean(x)) ** 2))
    return _with_error(float(slope), math.sqrt(variance), len(x) - 2, tail)


def _with_error(value: float, error: float, freedom: int, tail: float) -> Effect:
    from scipy.special import stdtrit

    half = float(stdtrit(freedom, 1 - tail)) * error
    return Effect(value, value - half, value + half)
