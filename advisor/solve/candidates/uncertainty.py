"""Figures with errors: how they carry over to what follows from them, and how probably limits are met.

A figure's error is taken as normal on the logarithm, with one width below and one above the figure, as its
90 % interval has it. Errors of different inputs are independent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from advisor.catalog.records import Z90, Values
from advisor.formulas import Operand, Operation
from advisor.metrics import evaluate

if TYPE_CHECKING:
    from advisor.catalog.records import Floats

FAR = 4.0
"""So many standard deviations from a figure, a limit is met or not for certain."""

SAMPLES = 1024
"""So many joint quantiles stand for the errors of several inputs."""


@dataclass(frozen=True, eq=False)
class Uncertain(Operand):
    """Figures with the ends of their 90 % intervals; a formula evaluated on them propagates errors.

    Errors of independent parts add in quadrature: in a sum as they are, in a product on the logarithm.
    That is exact for products, and as long as no input stands in a formula twice. A part without an
    interval counts as exact beside one that has one; without any there is no interval.

    Attributes:
        value: the figures.
        low: the lower ends; NaN where no error is known.
        high: the upper ends, likewise.
    """

    value: Any
    low: Any
    high: Any

    def combined(self, operation: Operation, left: Any, right: Any) -> Uncertain:
        """What an operation makes of two figures, of which one may be exact."""
        with np.errstate(all="ignore"):
            if isinstance(left, Uncertain) and isinstance(right, Uncertain):
                return _COMBINED[operation](left, right)
            return _with_exact(operation, left, right)


def _uncertain(operand: Any) -> Uncertain:
    return operand if isinstance(operand, Uncertain) else Uncertain(operand, np.nan, np.nan)


_EXACTLY: Mapping[Operation, Callable[[Any, Any], Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "min": np.minimum,
}


def _with_exact(operation: Operation, left: Any, right: Any) -> Uncertain:
    """What an operation makes of a figure and an exact number, not negative: it moves the ends, too."""
    if operation == "else":
        return _first_known(*map(_uncertain, (left, right)))
    exactly = _EXACTLY[operation]
    if isinstance(left, Uncertain):
        return Uncertain(*(exactly(each, right) for each in (left.value, left.low, left.high)))
    value, low, high = (exactly(left, each) for each in (right.value, right.low, right.high))
    return Uncertain(value, high, low) if operation in "-/" else Uncertain(value, low, high)


def _sum(one: Uncertain, other: Uncertain) -> Uncertain:
    value = one.value + other.value
    below = _quadrature(one.value - one.low, other.value - other.low)
    above = _quadrature(one.high - one.value, other.high - other.value)
    return Uncertain(value, value - below, value + above)


def _product(one: Uncertain, other: Uncertain) -> Uncertain:
    value = one.value * other.value
    below = _quadrature(np.log(one.value / one.low), np.log(other.value / other.low))
    above = _quadrature(np.log(one.high / one.value), np.log(other.high / other.value))
    return Uncertain(value, value * np.exp(-below), value * np.exp(above))


def _quotient(one: Uncertain, other: Uncertain) -> Uncertain:
    inverse = Uncertain(1 / other.value, 1 / other.high, 1 / other.low)
    found = _product(one, inverse)
    return Uncertain(one.value / other.value, found.low, found.high)


def _difference(one: Uncertain, other: Uncertain) -> Uncertain:
    return _sum(one, Uncertain(-other.value, -other.high, -other.low))


def _least(one: Uncertain, other: Uncertain) -> Uncertain:
    ends = [
        [np.where(np.isnan(end), each.value, end) for end in (each.low, each.high)]
        for each in (one, other)
    ]
    unknown = np.isnan(one.low) & np.isnan(other.low)
    low, high = (np.where(unknown, np.nan, np.minimum(*pair)) for pair in zip(*ends, strict=True))
    return Uncertain(np.minimum(one.value, other.value), low, high)


def _first_known(one: Uncertain, other: Uncertain) -> Uncertain:
    unknown = np.isnan(one.value)
    ends = zip((one.value, one.low, one.high), (other.value, other.low, other.high), strict=True)
    return Uncertain(*(np.where(unknown, second, first) for first, second in ends))


_COMBINED: Mapping[Operation, Callable[[Uncertain, Uncertain], Uncertain]] = {
    "+": _sum,
    "-": _difference,
    "*": _product,
    "/": _quotient,
    "min": _least,
    "else": _first_known,
}


def _quadrature(one: Floats, other: Floats) -> Floats:
    """Independent errors added up; NaN where neither is known."""
    total = np.sqrt(np.fmax(one, 0.0) ** 2 + np.fmax(other, 0.0) ** 2)
    return np.where(np.isnan(one) & np.isnan(other), np.nan, total)


def widths(figure: Values) -> Values:
    """Figures with the standard deviations of their logarithm below and above; 0 without an interval.

    0 as well of nothing, which stands for what a bound leaves out, and has no logarithm.
    """
    value, low, high = figure
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        below = np.log(value / np.maximum(low, np.finfo(np.float64).tiny)) / Z90
        above = np.where(value == 0, 0.0, np.log(high / value) / Z90)
    return Values(value, np.fmax(below, 0.0), np.fmax(above, 0.0))


def chance_below(figure: Values, limit: Floats) -> Floats:
    """The probability that a figure is at most a limit; 0 where it is unknown.

    Args:
        figure: figures with their `widths`; infinite widths where a figure could be anything.
        limit: the limits.
    """
    value, below, above = figure
    with np.errstate(divide="ignore", invalid="ignore"):
        off = np.log(limit / value)
        width = np.where(off < 0, below, above)
        z = np.where(width > 0, off / width, np.where(off >= 0, np.inf, -np.inf))
    z = np.where(np.isinf(width), 0.0, z)
    return np.where(np.isnan(value) | np.isnan(limit), 0.0, normal_cdf(z))


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


def normal_quantile(probability: Floats) -> Floats:
    """The inverse of `normal_cdf`, as exact as that is."""
    z = np.linspace(-6, 6, 24_001)
    return np.interp(probability, normal_cdf(z), z)


@cache
def lattice(dimensions: int) -> Floats:
    """Joint quantiles of independent normal distributions, evenly spread; shape (dimensions, SAMPLES).

    The first coordinate takes the middles of equally probable parts, the others follow a Kronecker
    sequence, whose steps are powers of the generalised golden ratio (M. Roberts, The unreasonable
    effectiveness of quasirandom sequences, 2018).
    """
    ratio = 2.0
    for _ in range(40):  # the root of x^dimensions = x + 1
        ratio = (1 + ratio) ** (1 / dimensions)
    place = np.arange(SAMPLES) + 0.5
    steps = [1 / SAMPLES, *(ratio**-power for power in range(1, dimensions))]
    return normal_quantile(np.outer(steps, place) % 1.0)


def samples(inputs: Mapping[str, Values]) -> dict[str, Floats]:
    """Joint samples of some inputs, given with their `widths`; shape (SAMPLES, figures) each."""
    found = {}
    for (name, figure), normal in zip(inputs.items(), lattice(len(inputs)), strict=True):
        z = normal[:, np.newaxis]
        width = np.where(z < 0, figure.low, figure.high)
        with np.errstate(over="ignore"):
            found[name] = figure.value * np.exp(z * width)
    return found


def sampled_interval(
    key: str, inputs: Mapping[str, Values], figure_of: Callable[[str], Any]
) -> Values:
    """A metric with its 90 % interval, from joint samples of its uncertain inputs.

    Args:
        key: the metric's key.
        inputs: its uncertain inputs.
        figure_of: the figures of all its inputs.
    """
    value = evaluate(key, figure_of)
    drawn = samples({name: widths(each) for name, each in inputs.items()})
    with np.errstate(all="ignore"):
        found = evaluate(key, lambda name: drawn[name] if name in drawn else figure_of(name))
        low, high = _ends(np.sort(found, axis=0))
    without = np.logical_and.reduce([np.isnan(each.low) for each in inputs.values()])
    return Values(value, np.where(without, np.nan, low), np.where(without, np.nan, high))


def _ends(ordered: Floats) -> tuple[Floats, Floats]:
    """The 5th and 95th percentile of ordered samples, between two of them."""
    whole, share = divmod(0.05 * (SAMPLES - 1), 1)
    place = int(whole)
    low = ordered[place] + share * (ordered[place + 1] - ordered[place])
    high = ordered[-1 - place] + share * (ordered[-2 - place] - ordered[-1 - place])
    return low, high


def joint_chance(
    met: Sequence[tuple[str, Callable[[Floats], Any]]],
    inputs: Mapping[str, Values],
    figure_of: Callable[[str], Any],
) -> Floats:
    """The probability that several metrics meet their limits together.

    Args:
        met: a metric's key, and whether figures of it meet the limit.
        inputs: the uncertain inputs that they share, with their `widths`.
        figure_of: the figures of all inputs.
    """
    drawn = samples(inputs)
    together: Any = True
    with np.errstate(all="ignore"):
        for key, meets in met:
            figure = evaluate(key, lambda name: drawn[name] if name in drawn else figure_of(name))
            together = together & meets(figure)
    share: Floats = np.mean(together, axis=0)
    return share
