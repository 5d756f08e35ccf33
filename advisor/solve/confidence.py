"""How probable it is that a candidate meets its limits, errors of measuring and predicting included.

A figure's error is taken as normal on the logarithm, with one width below and one above the figure, as its
90 % interval tells them. Frame rate, response, energy and average power all follow from the latency, so
they err together: given the latency, what is left to chance is the power. The errors of memory, accuracy
and cost are independent of it and of each other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.records import Metered, Values
from advisor.solve.candidates import Candidates
from advisor.solve.limits import Constraint
from advisor.solve.metrics import JOULES_PER_WATT_HOUR

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

BLOCK = 20_000
"""So many candidates are integrated at once, which bounds the memory."""

TIMED = ("fps", "response_ms", "latency_ms", "time_per_image_ms")
POWERED = ("net_power_w", "energy_j", "average_power_w", "board_energy_j", "battery_hours")
"""Metrics that follow from the latency alone, and from the power and (all but the first) the latency."""


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
        for start in range(0, len(candidates), BLOCK):
            block = np.arange(start, min(start + BLOCK, len(candidates)))
            joint[block] *= _together(candidates.take(block), shared)
    bounded: Floats = np.clip(joint, 0.0, 1.0)  # sums of weights may miss by a rounding error
    return bounded


def _shares_latency(constraint: Constraint) -> bool:
    # The tail's own error is unknown, so that it is taken as it stands.
    return constraint.metric in TIMED + POWERED


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
    from advisor.solve.derivations import DERIVATIONS

    rests = np.zeros(len(candidates), dtype=np.bool_)
    for part in DERIVATIONS[key].parts:
        metered = getattr(candidates.measurements, part, None)
        if isinstance(metered, Metered):
            place = metered.origin.position.get("predicted", -1)
            rests |= metered.origin.index[candidates.rows] == place
    return rests


def _chance_below(figure: Values, limit: Floats, *, strictly: bool = False) -> Floats:
    """The probability that a figure is at most, or strictly below, a limit; 0 where it is unknown."""
    z = _deviations(figure, limit)
    exact = (figure.low == 0) & (figure.high == 0)
    z = np.where(exact & (figure.value == limit) & strictly, -np.inf, z)
    return np.where(np.isnan(figure.value) | np.isnan(limit), 0.0, normal_cdf(z))


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
    """The probability of meeting several limits that all depend on latency or power.

    The limits on time leave the latency between two lengths; for each piece of its distribution in
    between, the other limits leave the power between two levels.
    """
    latency, power = spread(candidates, "latency_ms"), spread(candidates, "net_power_w")
    powered = [each for each in constraints if each.metric in POWERED]
    with np.errstate(all="ignore"):
        shortest_ms, longest_ms = _latencies_ms(candidates, constraints)
        least, most = _deviations(latency, shortest_ms), _deviations(latency, longest_ms)
        total = np.maximum(normal_cdf(most) - normal_cdf(least), 0.0)
        exact = (latency.low == 0) & (latency.high == 0)
        met = (shortest_ms <= latency.value) & (latency.value <= longest_ms)
        total = np.where(exact, np.where(met, 1.0, 0.0), total)
        if powered:
            total = _integrated(candidates, powered, (latency, power), (least, most), exact & met)
    return np.where(np.isnan(latency.value), 0.0, total)


def _integrated(
    candidates: Candidates,
    powered: Sequence[Constraint],
    figures: tuple[Values, Values],
    ends: tuple[Floats, Floats],
    exactly: Booleans,
) -> Floats:
    """The probability of limits on the power, summed over pieces of the latency's distribution.

    Arrays below have the shape (pieces, candidates).

    Args:
        candidates: the candidates.
        powered: the limits that leave the power between two levels, given the latency.
        figures: the spread of the latency and of the power.
        ends: between which standard deviations the latency may lie.
        exactly: where the latency has no error and lies between them.
    """
    latency, power = figures
    edges = np.linspace(-SURE, SURE, STEPS + 1)[:, np.newaxis]
    edges[0], edges[-1] = -np.inf, np.inf
    bottom, top = np.clip(ends[0], edges[:-1], edges[1:]), np.clip(ends[1], edges[:-1], edges[1:])
    weight = np.maximum(normal_cdf(top) - normal_cdf(bottom), 0.0)
    z = (np.clip(bottom, -SURE, SURE) + np.clip(top, -SURE, SURE)) / 2
    width = np.where(z < 0, latency.low, latency.high)
    length_ms = latency.value * np.exp(np.where(np.isinf(width), 0.0, z * width))
    met = _power_chance(candidates, powered, power, length_ms)
    total = np.where(weight > 0, weight * met, 0.0).sum(axis=0)
    certain = _power_chance(candidates, powered, power, latency.value)
    return np.where((latency.low == 0) & (latency.high == 0), exactly * certain, total)


def _power_chance(
    candidates: Candidates, powered: Sequence[Constraint], power: Values, latency_ms: Floats
) -> Floats:
    """The probability that the power lies where these limits leave it, at these latencies."""
    least_w, most_w = _powers_w(candidates, powered, latency_ms)
    below = _chance_below(power, most_w)
    chances: Floats = np.maximum(below - _chance_below(power, least_w, strictly=True), 0.0)
    return chances


def _latencies_ms(
    candidates: Candidates, constraints: Sequence[Constraint]
) -> tuple[Floats, Floats]:
    """Between which lengths a batch's latency must lie for all limits on time."""
    shortest: Floats = np.zeros(len(candidates))
    longest: Floats = np.full(len(candidates), np.inf)
    nothing = np.zeros(len(candidates))
    waiting_ms = candidates.response_ms(nothing)
    for constraint in constraints:
        length_ms = {
            "fps": 1000 * candidates.batch / constraint.limit,
            "response_ms": constraint.limit - waiting_ms,
            "latency_ms": constraint.limit + nothing,
            "time_per_image_ms": constraint.limit * candidates.batch,
        }.get(constraint.metric, np.inf + nothing)
        if constraint.metric not in TIMED:
            continue
        if (constraint.sense == "max") != (constraint.metric == "fps"):
            longest = np.minimum(longest, np.maximum(length_ms, 0.0))
        else:
            shortest = np.maximum(shortest, length_ms)
    return shortest, longest


def _powers_w(
    candidates: Candidates, constraints: Sequence[Constraint], latency_ms: Floats
) -> tuple[Floats, Floats]:
    """Between which levels the net power must lie for these limits, at these latencies."""
    time_s = latency_ms / candidates.batch / 1000
    least, most = np.zeros(latency_ms.shape), np.full(latency_ms.shape, np.inf)
    power_w: Floats
    idle_w = candidates.idle_figure_w()
    fps = np.inf if candidates.fps is None else candidates.fps
    share = np.minimum(1.0, fps * time_s)
    for constraint in constraints:
        if constraint.metric == "net_power_w":
            power_w = np.full(latency_ms.shape, constraint.limit)
        elif constraint.metric == "energy_j":
            power_w = constraint.limit / time_s
        else:
            power_w = np.maximum(average_w(candidates, constraint) - idle_w, 0.0) / share
        if (constraint.sense == "max") != (constraint.metric == "battery_hours"):
            most = np.minimum(most, power_w)
        else:
            least = np.maximum(least, power_w)
    return least, most


def average_w(candidates: Candidates, constraint: Constraint) -> float:
    """The average power that meets a limit on it, on the battery's life or on a frame's energy exactly."""
    if constraint.metric == "board_energy_j":
        return math.nan if candidates.fps is None else constraint.limit * candidates.fps
    if constraint.metric == "battery_hours":
        joules = math.nan if candidates.battery_j is None else candidates.battery_j
        return joules / JOULES_PER_WATT_HOUR / constraint.limit
    return constraint.limit


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
