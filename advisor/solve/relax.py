"""What would have to give: for each limit, its smallest change that alone gives an answer."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from advisor.solve.candidate import Candidate
from advisor.solve.candidates import Candidates
from advisor.solve.recommendation import Relaxation
from advisor.solve.requirements import Constraint
from advisor.solve.verdicts import Verdict, Verdicts

if TYPE_CHECKING:
    from advisor.catalog.records import Floats, Integers

DEPENDS_ON_FPS = ("fps", "latency", "power")
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
    return tuple(sorted(known, key=lambda each: abs(math.log(each.limit / each.constraint.limit))))


def _relaxation(verdicts: Verdicts, verdict: Verdict) -> Relaxation | None:
    constraint = verdict.constraint
    changed = DEPENDS_ON_FPS if constraint.name == "fps" else (constraint.name,)
    others = [each.met for each in verdicts.each if each.constraint.name not in changed]
    pool = np.flatnonzero(np.logical_and.reduce([np.ones(len(verdicts.failed), np.bool_), *others]))
    asking = _Asking(verdicts, constraint, pool)
    limit = _highest_fps(verdicts, pool) if constraint.name == "fps" else _nearest(verdict, pool)
    if limit is None:
        return None
    # A limit computed backwards can miss by a rounding error; a hair looser, it holds.
    hair = 1 - 1e-12 if constraint.sense == "min" else 1 + 1e-12
    for exact in (limit, limit * hair):
        pick = asking.at(exact)
        if pick is not None:
            asked = replace(constraint, limit=asking.rounded(exact, pick))
            candidate = asking.candidate(exact, pick)
            return Relaxation(constraint, exact, asked, candidate)
    return None


def _nearest(verdict: Verdict, pool: Integers) -> float | None:
    """The figure beyond the limit that is nearest to it."""
    beyond = verdict.value[pool[verdict.violated[pool]]]
    if not len(beyond):
        return None
    return float(beyond.max() if verdict.constraint.sense == "min" else beyond.min())


def _highest_fps(verdicts: Verdicts, pool: Integers) -> float | None:
    """The highest frame rate below that asked for at which some candidate meets all other limits.

    Throughput and average power bound it from above, the fill of the batch from below.
    """
    these = verdicts.candidates.take(pool)
    asked = these.fps or math.inf
    highest = these.values("fps").value
    lowest: Floats = np.zeros(len(pool))
    for constraint in verdicts.constraints:
        if constraint.name == "latency":
            # Without a frame rate, the response is what is left when no fill is waited for.
            run_ms = replace(these, fps=None).values(constraint.metric).value
            left_ms = constraint.limit - run_ms
            fill_ms = (these.batch - 1) * 1000.0
            with np.errstate(divide="ignore", invalid="ignore"):
                needed = np.where(fill_ms > 0, fill_ms / left_ms, 0.0)
            lowest = np.where(left_ms >= 0, needed, np.inf)
        elif constraint.name == "power" and these.board.idle_power_w is not None:
            running_w = constraint.limit - these.board.idle_power_w.value
            highest = np.minimum(highest, running_w / these.values("energy_j").value)
        elif constraint.name == "power":
            return None
    possible = highest[(highest >= lowest) & (highest > 0) & (highest < asked)]
    return float(possible.max()) if len(possible) else None


class _Asking:
    """Asks the question again with one limit changed, of the candidates that can matter."""

    def __init__(self, verdicts: Verdicts, constraint: Constraint, pool: Integers) -> None:
        self.constraint = constraint
        self.constraints = verdicts.constraints
        self.objective = verdicts.objective
        self.pool = verdicts.candidates.take(pool)

    def candidates(self, limit: float) -> Candidates:
        return replace(self.pool, fps=limit) if self.constraint.name == "fps" else self.pool

    def changed(self, limit: float) -> tuple[Constraint, ...]:
        return tuple(
            replace(each, limit=limit) if each == self.constraint else each
            for each in self.constraints
        )

    def at(self, limit: float) -> int | None:
        """The pick at another limit, as a position in the pool."""
        verdicts = Verdicts.of(self.candidates(limit), self.changed(limit), self.objective)
        fitting = verdicts.fitting
        return verdicts.least(fitting) if len(fitting) else None

    def rounded(self, limit: float, pick: int) -> float:
        """`limit`, loosened to the fewest digits (three at least) that still give the same pick."""
        for digits in range(3, MOST_DIGITS):
            loosened = _loosened(limit, digits, down=self.constraint.sense == "min")
            if loosened <= self.constraint.dimension.largest and self.at(loosened) == pick:
                return loosened
        return limit

    def candidate(self, limit: float, pick: int) -> Candidate:
        """The pick at another limit."""
        return self.candidates(limit).candidate(pick, self.changed(limit))


def _loosened(value: float, digits: int, *, down: bool) -> float:
    """`value` rounded to so many significant digits, downwards or upwards."""
    nearest = float(f"{value:.{digits}g}")
    if nearest == value or (nearest < value) == down:
        return nearest
    step = 10.0 ** (math.floor(math.log10(value)) - digits + 1)
    return float(f"{nearest + (-step if down else step):.{digits}g}")
