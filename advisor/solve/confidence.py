"""How probable it is that a candidate meets its limits, errors of measuring and predicting included.

A figure's error is taken as normal on the logarithm, with one width below and one above the figure, as its
90 % interval tells them. Frame rate, response, energy and average power all follow from the latency, so
they err together: given the latency, what is left to chance is the power. The errors of memory, accuracy
and cost are independent of it and of each other.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.records import Metered, Values
from advisor.solve.candidates import Candidates
from advisor.solve.metrics import TAILS
from advisor.solve.requirements import Constraint

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Floats

    Booleans = NDArray[np.bool_]

Z90 = 1.6448536269514722
"""Half the width of a 90 % interval, in standard deviations."""

SURE = 4.0
"""Beyond so many standard deviations a limit is met or not, for certain."""

STEPS = 32
"""In how many pieces the latency's distribution is taken where power matters, too."""

ON_LATENCY = ("fps", "latency", "energy", "power")
"""Limits on figures that share the latency's error."""


def chance(candidates: Candidates, constraints: Sequence[Constraint]) -> Floats:
    """The probability that each candidate meets all limits; 0 where a figure is unknown.

    Returns:
        Shape (candidates,).
    """
    joint = np.ones(len(candidates))
    shared = [each for each in constraints if _shares_latency(each)]
    for constraint in constraints:
        if constraint not in shared:
            joint *= chance_alone(candidates, constraint)
    if len(shared) == 1:
        joint *= chance_alone(candidates, shared[0])
    elif shared:
        joint *= _together(candidates, shared)
    bounded: Floats = np.clip(joint, 0.0, 1.0)  # sums of weights may miss by a rounding error
    return bounded


def _shares_latency(constraint: Constraint) -> bool:
    # The tail's own error is unknown, so that it is taken as it stands.
    return constraint.name in ON_LATENCY and constraint.metric not in TAILS.values()


def chance_alone(candidates: Candidates, constraint: Constraint) -> Floats:
    """The probability that each candidate meets one limit; 0 where its figure is unknown."""
    figure = spread(candidates, constraint.metric)
    below = _chance_below(figure, np.float64(constraint.limit))
    chances: Floats = below if constraint.sense == "max" else 1 - below
    exactly = (figure.value == constraint.limit) & (chances == 0)
    chances = np.where(exactly, 1.0, chances)  # a figure without error, met exactly
    return np.where(np.isnan(figure.value), 0.0, chances)


def spread(candidates: Candidates, key: str) -> Values:
    """A metric of all candidates, and the standard deviations of its logarithm below and above.

    A figure without an interval is taken as exact if it was measured or reported; what is predicted
    without one could be anything.
    """
    value, low, high = candidates.values(key)
    with np.errstate(divide="ignore", invalid="ignore"):
        below = np.log(value / np.maximum(low, np.finfo(np.float64).tiny)) / Z90
        above = np.log(high / value) / Z90
    without = np.where(predicted(candidates, key), np.inf, 0.0)
    return Values(
        value, np.where(np.isnan(below), without, below), np.where(np.isnan(above), without, above)
    )


def predicted(candidates: Candidates, key: str) -> Booleans:
    """Where a metric rests on something predicted."""
    from advisor.solve.candidates import DERIVATIONS

    rests = np.zeros(len(candidates), dtype=np.bool_)
    for part in DERIVATIONS[key].parts:
        metered = getattr(candidates.measurements, part, None)
        if isinstance(metered, Metered):
            place = metered.origin.position.get("predicted", -1)
            rests |= metered.origin.index[candidates.rows] == place
    return rests


def _chance_below(figure: Values, limit: Floats) -> Floats:
    """The probability that a figure is at most `limit`; 0 where the figure is unknown."""
    chances = normal_cdf(_deviations(figure, limit))
    return np.where(np.isnan(figure.value), 0.0, chances)


def _deviations(figure: Values, limit: Floats) -> Floats:
    """How many standard deviations a limit lies above a figure.

    None where the figure could be anything, infinitely many where it is exact.
    """
    value, below, above = figure
    with np.errstate(divide="ignore", invalid="ignore"):
        off = np.log(limit / value)
        width = np.where(off < 0, below, above)
        z = np.where(width > 0, off / width, np.where(off >= 0, np.inf, -np.inf))
    return np.where(np.isinf(width), 0.0, z)


def _together(candidates: Candidates, constraints: Sequence[Constraint]) -> Floats:
    """The probability of meeting several limits that all depend on the latency.

    The limits on time leave the latency up to some length; for each piece of its distribution up to
    there, energy and average power are limits on the power.
    """
    latency, power = spread(candidates, "latency_ms"), spread(candidates, "net_power_w")
    with np.errstate(all="ignore"):
        most = _deviations(latency, _longest_ms(candidates, constraints))
        total = normal_cdf(most)
        if any(each.name in ("energy", "power") for each in constraints):
            total = np.zeros(len(candidates))
            edges = np.linspace(-SURE, SURE, STEPS + 1)
            edges[0], edges[-1] = -np.inf, np.inf
            for low, high in itertools.pairwise(edges):
                top = np.clip(most, low, high)
                weight = normal_cdf(top) - normal_cdf(np.float64(low))
                z = (np.clip(low, -SURE, SURE) + np.clip(top, -SURE, SURE)) / 2
                width = np.where(z < 0, latency.low, latency.high)
                length_ms = latency.value * np.exp(np.where(np.isinf(width), 0.0, z * width))
                most_w = _most_power_w(candidates, constraints, length_ms)
                total += np.where(weight > 0, weight * _chance_below(power, most_w), 0.0)
    return np.where(np.isnan(latency.value), 0.0, total)


def _longest_ms(candidates: Candidates, constraints: Sequence[Constraint]) -> Floats:
    """How long a batch may take for the frame rate and the response to hold."""
    longest: Floats = np.full(len(candidates), np.inf)
    nothing = np.zeros(len(candidates))
    waiting_ms = candidates.response(Values(nothing, nothing, nothing)).value
    for constraint in constraints:
        if constraint.name == "fps":
            longest = np.minimum(longest, 1000 * candidates.batch / constraint.limit)
        elif constraint.name == "latency":
            longest = np.minimum(longest, np.maximum(constraint.limit - waiting_ms, 0.0))
    return longest


def _most_power_w(
    candidates: Candidates, constraints: Sequence[Constraint], latency_ms: Floats
) -> Floats:
    """The most net power with which energy and average power hold at these latencies."""
    most_w: Floats = np.full(len(candidates), np.inf)
    time_s = latency_ms / candidates.batch / 1000
    idle = candidates.board.idle_power_w
    for constraint in constraints:
        if constraint.name == "energy":
            most_w = np.minimum(most_w, constraint.limit / time_s)
        elif constraint.name == "power":
            share = np.minimum(1.0, (candidates.fps or np.inf) * time_s)
            left_w = 0.0 if idle is None else max(constraint.limit - idle.value, 0.0)
            most_w = np.minimum(most_w, left_w / share)
    return most_w


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
