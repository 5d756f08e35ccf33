"""How far a figure may be off, and how probably it lies on one side of a limit.

A figure's error is taken as normal on the logarithm, with one width below and one above the figure, as its
90 % interval tells them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.records import Z90, Metered, Values
from advisor.solve.candidates.candidates import Candidates

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Floats

    Booleans = NDArray[np.bool_]

FAR = 4.0
"""So many standard deviations from a figure, a limit is met or not for certain."""


def spread(candidates: Candidates, key: str) -> Values:
    """A metric of all candidates, and the standard deviations of its logarithm below and above.

    A figure without an interval is taken as exact if it was measured or reported; what rests on something
    predicted without one could be anything.
    """
    value, low, high = candidates.values(key)
    with np.errstate(divide="ignore", invalid="ignore"):
        below = np.log(value / np.maximum(low, np.finfo(np.float64).tiny)) / Z90
        above = np.log(high / value) / Z90
    anything = predicted(candidates, key, without_interval=True)
    return Values(
        value,
        np.where(anything, np.inf, np.nan_to_num(below, posinf=np.inf)),
        np.where(anything, np.inf, np.nan_to_num(above, posinf=np.inf)),
    )


def predicted(candidates: Candidates, key: str, *, without_interval: bool = False) -> Booleans:
    """Where a metric rests on something predicted, of which no interval is known if so asked."""
    from advisor.solve.candidates.derivations import DERIVATIONS

    rests = np.zeros(len(candidates), dtype=np.bool_)
    for part in DERIVATIONS[key].parts:
        metered = getattr(candidates.measurements, part, None)
        if isinstance(metered, Metered):
            place = metered.origin.position.get("predicted", -1)
            here = metered.origin.index[candidates.rows] == place
            rests |= (
                here & np.isnan(metered.values.low[candidates.rows]) if without_interval else here
            )
    return rests


def chance_below(figure: Values, limit: Floats, *, strictly: bool = False) -> Floats:
    """The probability that a figure is at most, or strictly below, a limit; 0 where it is unknown."""
    z = deviations(figure, limit)
    exact = (figure.low == 0) & (figure.high == 0)
    z = np.where(exact & (figure.value == limit) & strictly, -np.inf, z)
    return np.where(np.isnan(figure.value) | np.isnan(limit), 0.0, normal_cdf(z))


def deviations(figure: Values, limit: Floats) -> Floats:
    """How many standard deviations a limit lies above a figure.

    None where the figure could be anything, infinitely many where it is exact.
    """
    value, below, above = figure
    with np.errstate(divide="ignore", invalid="ignore"):
        off = np.log(limit / value)
        width = np.where(off < 0, below, above)
        z = np.where(width > 0, off / width, np.where(off >= 0, np.inf, -np.inf))
    return np.where(np.isinf(width), 0.0, z)


def normal_cdf(z: Floats) -> Floats:
    """The standard normal distribution function, to 1e-7 (Abramowitz and Stegun 7.1.26)."""
    x = np.abs(np.clip(z, -40, 40)) / np.sqrt(2)
    t = 1 / (1 + 0.3275911 * x)
    series = t * (
        0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))
    )
    upper = 0.5 * series * np.exp(-(x**2))
    tails: Floats = np.where(z < 0, upper, 1 - upper)
    return np.where(np.isposinf(z), 1.0, np.where(np.isneginf(z), 0.0, tails))
