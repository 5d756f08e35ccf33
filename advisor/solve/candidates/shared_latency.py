"""How probably limits that all depend on the latency are met together.

Frame rate, response, energy and average power all follow from the latency, so they err together: given the
latency, what is left to chance is the power, and the power that the board draws idle.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.records import Z90, Values
from advisor.solve.candidates.candidates import Candidates
from advisor.solve.candidates.spread import FAR, chance_below, deviations, normal_cdf, spread
from advisor.solve.question.limits import Constraint
from advisor.solve.question.metrics import JOULES_PER_WATT_HOUR

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Floats

    Booleans = NDArray[np.bool_]

STEPS = 32
"""In how many pieces the latency's distribution is taken where power matters, too."""

IDLE_STEPS = (-1.5341, -0.8871, -0.4888, -0.1573, 0.1573, 0.4888, 0.8871, 1.5341)
"""The middles of eight equally probable parts of a normal distribution, in standard deviations."""

TIMED = ("fps", "response_ms", "latency_ms", "time_per_image_ms")
POWERED = ("net_power_w", "energy_j", "average_power_w", "board_energy_j", "battery_hours")
"""Metrics that follow from the latency alone, and from the power and (all but the first) the latency."""


def shares_latency(constraint: Constraint) -> bool:
    """Whether a limit is on a figure that follows from latency or power."""
    # The tail's own error is unknown, so that it is taken as it stands.
    return constraint.metric in TIMED + POWERED


def chance_together(candidates: Candidates, constraints: Sequence[Constraint]) -> Floats:
    """The probability of meeting several limits that all depend on latency or power.

    The limits on time leave the latency between two lengths; for each piece of its distribution in
    between, the other limits leave the power between two levels.
    """
    latency, power = spread(candidates, "latency_ms"), spread(candidates, "net_power_w")
    powered = [each for each in constraints if each.metric in POWERED]
    with np.errstate(all="ignore"):
        shortest_ms, longest_ms = _latencies_ms(candidates, constraints)
        least, most = deviations(latency, shortest_ms), deviations(latency, longest_ms)
        total = np.maximum(normal_cdf(most) - normal_cdf(least), 0.0)
        exact = (latency.low == 0) & (latency.high == 0)
        met = (shortest_ms <= latency.value) & (latency.value <= longest_ms)
        total = np.where(exact, np.where(met, 1.0, 0.0), total)
        if powered:
            figures, ends = (latency, power), (least, most)
            shares = [
                _integrated(candidates, powered, figures, ends, exact & met, idle_w)
                for idle_w in _idle_powers_w(candidates, powered)
            ]
            total = np.mean(shares, axis=0)
    return np.where(np.isnan(latency.value), 0.0, total)


def _integrated(
    candidates: Candidates,
    powered: Sequence[Constraint],
    figures: tuple[Values, Values],
    ends: tuple[Floats, Floats],
    exactly: Booleans,
    idle_w: Floats,
) -> Floats:
    """The probability of limits on the power, summed over pieces of the latency's distribution.

    Arrays below have the shape (pieces, candidates).

    Args:
        candidates: the candidates.
        powered: the limits that leave the power between two levels, given the latency.
        figures: the spread of the latency and of the power.
        ends: between which standard deviations the latency may lie.
        exactly: where the latency has no error and lies between them.
        idle_w: the idle power.
    """
    latency, power = figures
    edges = np.linspace(-FAR, FAR, STEPS + 1)[:, np.newaxis]
    edges[0], edges[-1] = -np.inf, np.inf
    bottom, top = np.clip(ends[0], edges[:-1], edges[1:]), np.clip(ends[1], edges[:-1], edges[1:])
    weight = np.maximum(normal_cdf(top) - normal_cdf(bottom), 0.0)
    z = (np.clip(bottom, -FAR, FAR) + np.clip(top, -FAR, FAR)) / 2
    width = np.where(z < 0, latency.low, latency.high)
    length_ms = latency.value * np.exp(np.where(np.isinf(width), 0.0, z * width))
    met = _power_chance(candidates, powered, power, length_ms, idle_w)
    total = np.where(weight > 0, weight * met, 0.0).sum(axis=0)
    certain = _power_chance(candidates, powered, power, latency.value, idle_w)
    return np.where((latency.low == 0) & (latency.high == 0), exactly * certain, total)


def _power_chance(
    candidates: Candidates,
    powered: Sequence[Constraint],
    power: Values,
    latency_ms: Floats,
    idle_w: Floats,
) -> Floats:
    """The probability that the power lies where these limits leave it, at these latencies."""
    least_w, most_w = _powers_w(candidates, powered, latency_ms, idle_w)
    below = chance_below(power, most_w)
    chances: Floats = np.maximum(below - chance_below(power, least_w, strictly=True), 0.0)
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


def _idle_powers_w(candidates: Candidates, constraints: Sequence[Constraint]) -> list[Floats]:
    """Equally probable idle powers of each candidate's board; one, where it does not matter."""
    value, low, high = candidates.idle_power_w()
    if all(each.metric in ("net_power_w", "energy_j") for each in constraints):
        return [value]
    below, above = (np.nan_to_num(np.log(ratio) / Z90) for ratio in (value / low, high / value))
    if not np.any(below + above):
        return [value]
    return [value * np.exp(z * (below if z < 0 else above)) for z in IDLE_STEPS]


def _powers_w(
    candidates: Candidates,
    constraints: Sequence[Constraint],
    latency_ms: Floats,
    idle_w: Floats,
) -> tuple[Floats, Floats]:
    """Between which levels the net power must lie for these limits, at these latencies."""
    time_s = latency_ms / candidates.batch / 1000
    least, most = np.zeros(latency_ms.shape), np.full(latency_ms.shape, np.inf)
    power_w: Floats
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
