"""Why: what each limit rejects, what binds the pick, and what would have to give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from advisor.solve.candidate import Candidate
from advisor.solve.candidates import Candidates
from advisor.solve.recommendation import Binding, Rejection, Relaxation
from advisor.solve.requirements import Constraint

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Integers

    Booleans = NDArray[np.bool_]
    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Verdict:
    """How every candidate stands to one limit; arrays of shape (candidates,).

    Attributes:
        constraint: the limit.
        met: whether the figure is known and within the limit.
        unknown: whether the figure is unknown.
        excess: how far the figure is beyond the limit, as a log ratio; 0 where the limit is met,
            infinite where the figure is unknown.
    """

    constraint: Constraint
    met: Booleans
    unknown: Booleans
    excess: Floats

    @property
    def violated(self) -> Booleans:
        """Whether the figure is known and beyond the limit."""
        return ~self.met & ~self.unknown


@dataclass(frozen=True)
class Verdicts:
    """How every candidate stands to every limit."""

    candidates: Candidates
    each: tuple[Verdict, ...]

    @classmethod
    def of(cls, candidates: Candidates, constraints: Sequence[Constraint]) -> Verdicts:
        """Hold every candidate against every limit."""
        return cls(candidates, tuple(_verdict(candidates, each) for each in constraints))

    @cached_property
    def failed(self) -> Integers:
        """How many limits each candidate does not meet."""
        failed = np.zeros(len(self.candidates), dtype=np.int64)
        for verdict in self.each:
            failed += ~verdict.met
        return failed

    @property
    def fits(self) -> Booleans:
        """Whether a candidate meets every limit."""
        fits: Booleans = self.failed == 0
        return fits

    @property
    def constraints(self) -> tuple[Constraint, ...]:
        """The limits, in the order of the question."""
        return tuple(verdict.constraint for verdict in self.each)

    def failed_by(self, position: int) -> tuple[Constraint, ...]:
        """The limits that one candidate does not meet."""
        return tuple(each.constraint for each in self.each if not each.met[position])


def _verdict(candidates: Candidates, constraint: Constraint) -> Verdict:
    value = candidates.values(constraint.metric).value
    unknown = np.isnan(value)
    if constraint.sense == "min":
        met = value >= constraint.limit
        beyond = constraint.limit / value
    else:
        met = value <= constraint.limit
        beyond = value / constraint.limit
    excess = np.where(met, 0.0, np.where(unknown, np.inf, np.log(beyond)))
    return Verdict(constraint, met, unknown, excess)


def _least(positions: Integers, *figures: Floats | Integers) -> int:
    """Of `positions`, the first that has the least of the first figure, then of the next, ..."""
    for figure in figures:
        of_these = figure[positions]
        positions = positions[of_these == of_these.min()]
    return int(positions[0])


def rejections(verdicts: Verdicts) -> tuple[Rejection, ...]:
    """What each limit rejects, and which of the rejected comes nearest."""
    return tuple(_rejection(verdicts, verdict) for verdict in verdicts.each)


def _rejection(verdicts: Verdicts, verdict: Verdict) -> Rejection:
    rejected = np.flatnonzero(verdict.violated)
    nearest: Candidate | None = None
    also_fails: tuple[Constraint, ...] = ()
    if len(rejected):
        position = _least(rejected, verdicts.failed, verdict.excess, *_tie_break(verdicts))
        nearest = verdicts.candidates.candidate(position, verdicts.constraints)
        failed = verdicts.failed_by(position)
        also_fails = tuple(each for each in failed if each != verdict.constraint)
    return Rejection(
        constraint=verdict.constraint,
        rejected=len(rejected),
        unknown=int(np.count_nonzero(verdict.unknown)),
        nearest=nearest,
        also_fails=also_fails,
    )


def _tie_break(verdicts: Verdicts) -> tuple[Integers, ...]:
    candidates = verdicts.candidates
    return candidates.batch, candidates.architecture_index, candidates.weights_index


def relaxations(verdicts: Verdicts) -> tuple[Relaxation, ...]:
    """For each limit, its smallest change that alone gives an answer; the smallest change first."""
    found = []
    for verdict in verdicts.each:
        only_this = np.flatnonzero((verdicts.failed == 1) & verdict.violated)
        if len(only_this):
            position = _least(only_this, verdict.excess, *_tie_break(verdicts))
            values = verdicts.candidates.values(verdict.constraint.metric).value
            candidate = verdicts.candidates.candidate(position, verdicts.constraints)
            relaxation = Relaxation(verdict.constraint, float(values[position]), candidate)
            found.append((float(verdict.excess[position]), relaxation))
    return tuple(relaxation for _, relaxation in sorted(found, key=lambda pair: pair[0]))


def binding(verdicts: Verdicts, better: Booleans) -> Binding | None:
    """What keeps the pick from being better.

    Args:
        verdicts: how the candidates stand to the limits.
        better: which candidates the objective prefers to the pick; shape (candidates,).

    Returns:
        The nearest of them by its largest excess over any limit; `None` where there is none, or
        every one has an unknown figure.
    """
    largest = np.zeros(len(verdicts.candidates))
    for verdict in verdicts.each:
        np.maximum(largest, verdict.excess, out=largest)
    positions = np.flatnonzero(better & np.isfinite(largest))
    if not len(positions):
        return None
    position = _least(positions, largest, *_tie_break(verdicts))
    networks = np.unique(verdicts.candidates.architecture_index[positions])
    return Binding(
        constraints=verdicts.failed_by(position),
        candidate=verdicts.candidates.candidate(position, verdicts.constraints),
        networks=len(networks),
    )
