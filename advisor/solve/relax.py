"""What would have to give: for each limit, its smallest change that alone gives an answer."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from advisor.solve.candidate import Candidate
from advisor.solve.candidates import Candidates
from advisor.solve.confidence import SURE, average_w, spread
from advisor.solve.limits import Constraint
from advisor.solve.recommendation import Loosened, Relaxation
from advisor.solve.verdicts import Verdict, Verdicts

if TYPE_CHECKING:
    from advisor.catalog.records import Floats, Integers

AT_RATE = ("latency", "power", "hours", "board-energy")
"""Limits on figures that change with the frame rate: a batch fills slower, the board rests."""

MOST_DIGITS = 17
"""With so many significant digits every float is written exactly."""


def relaxations(verdicts: Verdicts) -> tuple[Relaxation, ...]:
    """The limits whose change alone would give an answer, the smallest relative change first.

    Args:
        verdicts: how the candidates stand to the limits; none meets all.
    """
    found = [_relaxation(verdicts, verdict) for verdict in verdicts.each]
    known = [each for each in found if each is not None]
    return tuple(sorted(known, key=lambda each: each.change))


def _relaxation(verdicts: Verdicts, verdict: Verdict) -> Relaxation | None:
    constraint = verdict.constraint
    changed = AT_RATE if constraint.sets_rate else ()
    others = [
        each.met
        for each in verdicts.each
        if each is not verdict and each.constraint.name not in changed
    ]
    pool = np.flatnonzero(np.logical_and.reduce([np.ones(len(verdicts.failed), np.bool_), *others]))
    asking = _Asking(verdicts, constraint, pool)
    if constraint.sets_rate:
        # Some that keep the rate by their figures may only do so surely at a lower one.
        starts = [_highest_fps(verdicts, pool)]
        starts += [constraint.limit] if verdicts.confidence else []
        exact = max((found for each in starts if (found := _slower(asking, each))), default=None)
    else:
        exact = _looser(asking, _needed(verdicts, verdict, pool))
    pick = None if exact is None else asking.at(exact)
    if exact is None or pick is None:
        return None
    asked = replace(constraint, limit=asking.rounded(exact, pick))
    return Relaxation((Loosened(constraint, exact, asked),), asking.candidate(exact, pick))


def _needed(verdicts: Verdicts, verdict: Verdict, pool: Integers) -> Floats:
    """What the limit would have to be for each candidate to meet it, by itself, with the asked confidence.

    Those that need a looser limit than the asked one only, the least loose first; then a limit that
    every figure meets for certain, since several limits together ask for more than each alone.
    """
    from statistics import NormalDist  # which only those need for whom nothing fits

    constraint = verdict.constraint
    value, below, above = spread(verdicts.candidates.take(pool), constraint.metric)
    least = constraint.sense == "min"
    z = NormalDist().inv_cdf(verdicts.confidence) if verdicts.confidence > 0.5 else 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        needed, certain = (
            value * np.exp(np.where(width == 0, 0.0, -width if least else width))
            for width in ((z * (below if least else above)), SURE * (below if least else above))
        )
    ends = certain[np.isfinite(certain) & (certain > 0)] if z else certain[:0]
    needed = needed[np.isfinite(needed) & (needed > 0)]
    limits = np.append(
        needed, ends[np.argmin(ends) if least else np.argmax(ends)] if len(ends) else []
    )
    looser = limits < constraint.limit if least else limits > constraint.limit
    return np.sort(limits[looser])[:: -1 if least else 1]


def _looser(asking: _Asking, limits: Floats) -> float | None:
    """The least loose limit that gives an answer.

    Args:
        asking: asks again.
        limits: each looser than the one before; a looser limit never takes a candidate away, so that
            halving finds the first of them that does, and then the place between it and the one before.
    """
    # A limit computed backwards can miss by a rounding error; a hair looser, it holds.
    hair = 1 - 1e-9 if asking.constraint.sense == "min" else 1 + 1e-9
    first, last = 0, len(limits)
    while first < last:
        middle = (first + last) // 2
        if asking.at(float(limits[middle]) * hair) is None:
            first = middle + 1
        else:
            last = middle
    if first == len(limits):
        return None
    found = float(limits[first])
    found = found if asking.at(found) is not None else found * hair
    before = float(limits[first - 1]) if first else asking.constraint.limit
    return _between(asking, before, found) if asking.confidence else found


def _between(asking: _Asking, too_tight: float, enough: float) -> float:
    """The limit between one that gives no answer and one that gives some, to a millionth."""
    while abs(math.log(enough / too_tight)) > 1e-6:
        middle = math.sqrt(enough * too_tight)
        if asking.at(middle) is None:
            too_tight = middle
        else:
            enough = middle
    return enough


SLOWER = (0.0, 1e-9, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
"""By which shares a frame rate is lowered until it is met with the asked confidence: a lower rate helps
throughput and power, but lets batches fill slower, so that halving alone would not do."""


def _slower(asking: _Asking, fps: float | None) -> float | None:
    """The highest frame rate that gives an answer, at or below one that would if figures were exact."""
    before = None
    for share in SLOWER if fps is not None else ():
        tried = (fps or 0.0) * (1 - share)
        if asking.at(tried) is not None:
            return tried if before is None or share < 1e-6 else _between(asking, before, tried)
        before = tried
    return None


def _highest_fps(verdicts: Verdicts, pool: Integers) -> float | None:
    """The highest frame rate below that asked for at which some candidate meets all other limits.

    Throughput and average power bound it from above, the fill of the batch from below.
    """
    these = verdicts.candidates.take(pool)
    asked = these.fps or math.inf
    highest = these.figure("fps")
    lowest: Floats = np.zeros(len(pool))
    idle_w, energy_j = these.idle_figure_w(), these.figure("energy_j")
    for constraint in (each for each in verdicts.constraints if each.name in AT_RATE):
        if constraint.name == "latency":
            # Without a frame rate, the response is what is left when no fill is waited for.
            run_ms = replace(these, fps=None).figure(constraint.metric)
            left_ms = constraint.limit - run_ms
            fill_ms = (these.batch - 1) * 1000.0
            with np.errstate(divide="ignore", invalid="ignore"):
                needed = np.where(fill_ms > 0, fill_ms / left_ms, 0.0)
            lowest = np.maximum(lowest, np.where(left_ms >= 0, needed, np.inf))
        elif constraint.name == "board-energy":
            left_j = constraint.limit - energy_j
            with np.errstate(divide="ignore", invalid="ignore"):
                lowest = np.maximum(lowest, np.where(left_j > 0, idle_w / left_j, np.inf))
        else:
            running_w = average_w(these, constraint) - idle_w
            highest = np.minimum(highest, running_w / energy_j)
    possible = highest[(highest >= lowest) & (highest > 0) & (highest < asked)]
    return float(possible.max()) if len(possible) else None


class _Asking:
    """Asks the question again with one limit changed, of the candidates that can matter."""

    def __init__(self, verdicts: Verdicts, constraint: Constraint, pool: Integers) -> None:
        self.constraint = constraint
        self.constraints = verdicts.constraints
        self.objective, self.confidence = verdicts.objective, verdicts.confidence
        self.pool = verdicts.candidates.take(pool)

    def candidates(self, limit: float) -> Candidates:
        return replace(self.pool, fps=limit) if self.constraint.sets_rate else self.pool

    def changed(self, limit: float) -> tuple[Constraint, ...]:
        return tuple(
            replace(each, limit=limit) if each == self.constraint else each
            for each in self.constraints
        )

    def at(self, limit: float) -> int | None:
        """The pick at another limit, as a position in the pool."""
        verdicts = Verdicts.of(
            self.candidates(limit), self.changed(limit), self.objective, self.confidence
        )
        fitting = verdicts.fitting
        return verdicts.least(fitting) if len(fitting) else None

    def rounded(self, limit: float, pick: int) -> float:
        """`limit`, loosened to the fewest digits (three at least) that still give the same pick."""
        for digits in range(3, MOST_DIGITS):
            loosened = loosened_to(limit, digits, down=self.constraint.sense == "min")
            if loosened <= self.constraint.dimension.largest and self.at(loosened) == pick:
                return loosened
        return limit

    def candidate(self, limit: float, pick: int) -> Candidate:
        """The pick at another limit."""
        return self.candidates(limit).candidate(pick, self.changed(limit))


def loosened_to(value: float, digits: int, *, down: bool) -> float:
    """`value` rounded to so many significant digits, downwards or upwards."""
    nearest = float(f"{value:.{digits}g}")
    if nearest == value or (nearest < value) == down:
        return nearest
    step = 10.0 ** (math.floor(math.log10(value)) - digits + 1)
    return float(f"{nearest + (-step if down else step):.{digits}g}")
