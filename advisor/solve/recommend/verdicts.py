"""How every candidate stands to every limit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from advisor.limits import Constraint
from advisor.objective import Objective
from advisor.solve.candidates.candidates import Candidates
from advisor.solve.candidates.chance import chance, chance_alone, meets
from advisor.solve.recommend.ranking import in_order

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Floats, Integers

    Booleans = NDArray[np.bool_]


@dataclass(frozen=True)
class Verdict:
    """How every candidate stands to one limit; arrays of shape (candidates,).

    Attributes:
        constraint: the limit.
        value: the limited figure; NaN where unknown.
        met: whether the figure is known and within the limit.
    """

    constraint: Constraint
    value: Floats
    met: Booleans

    @cached_property
    def unknown(self) -> Booleans:
        """Whether the figure is unknown."""
        return np.isnan(self.value)

    @cached_property
    def violated(self) -> Booleans:
        """Whether the figure is known and beyond the limit."""
        return ~self.met & ~self.unknown

    def excess(self, positions: Integers | slice) -> Floats:
        """How far the figures of these candidates are beyond the limit, as log ratios.

        0 where the limit is met, infinite where the figure is unknown.
        """
        with np.errstate(divide="ignore", invalid="ignore"):  # there is no logarithm of nothing
            ratio = np.abs(np.log(self.value[positions] / self.constraint.limit))
        unknown = self.unknown[positions]
        return np.where(self.met[positions], 0.0, np.where(unknown, np.inf, ratio))


@dataclass(frozen=True)
class Verdicts:
    """How every candidate stands to every limit.

    Attributes:
        candidates: the candidates.
        objective: what ranks them where two stand alike.
        each: a verdict a limit, in the order of the question.
        confidence: the probability with which a candidate is to meet all limits together.
        proven: whether figures without any error are no proof that a limit is met.
    """

    candidates: Candidates
    objective: Objective
    each: tuple[Verdict, ...]
    confidence: float
    proven: bool

    @classmethod
    def of(
        cls,
        candidates: Candidates,
        constraints: Sequence[Constraint],
        objective: Objective,
        confidence: float,
        *,
        proven: bool = False,
    ) -> Verdicts:
        """Hold every candidate against every limit."""
        verdicts = []
        for constraint in constraints:
            value = candidates.figure(constraint.metric)
            verdicts.append(Verdict(constraint, value, meets(constraint, value)))
        return cls(candidates, objective, tuple(verdicts), confidence, proven)

    @cached_property
    def failed(self) -> Integers:
        """How many limits each candidate does not meet."""
        failed = np.zeros(len(self.candidates), dtype=np.int64)
        for verdict in self.each:
            failed += ~verdict.met
        return failed

    @cached_property
    def nominal(self) -> Integers:
        """The positions of the candidates whose figures meet every limit, however unsure they are."""
        return np.flatnonzero(self.failed == 0)

    @cached_property
    def feasible(self) -> Integers:
        """The positions of the candidates that may be picked: likely enough, and proven where asked."""
        return self.likely[~self._is_out] if self.proven else self.likely

    @cached_property
    def unproven(self) -> Integers:
        """The positions of the candidates that are likely enough, and out since they are unproven."""
        return self.likely[self._is_out] if self.proven else self.likely[:0]

    @cached_property
    def _is_out(self) -> Booleans:
        return self.candidates.take(self.likely).is_unproven

    @cached_property
    def likely(self) -> Integers:
        """The positions of the candidates that meet every limit with the asked confidence.

        Figures without any error are taken as they stand.
        """
        nominal = self.nominal
        if not self.each or not self.confidence or not len(nominal):
            return nominal
        these = self.candidates.take(nominal)
        alone = [chance_alone(these, each) for each in self.constraints]
        # Joint chances are costly, and rarely needed: at least 1 - sum(1 - p), at most the least p.
        enough = 1 - np.sum([1 - each for each in alone], axis=0) >= self.confidence
        doubtful = np.flatnonzero(~enough & (np.min(alone, axis=0) >= self.confidence))
        together = chance(these.take(doubtful), self.constraints)
        enough[doubtful] = together >= self.confidence
        sure: Integers = nominal[enough]
        return sure

    @property
    def constraints(self) -> tuple[Constraint, ...]:
        """The limits, in the order of the question."""
        return tuple(verdict.constraint for verdict in self.each)

    def failed_by(self, position: int) -> tuple[Constraint, ...]:
        """The limits that one candidate does not meet."""
        return tuple(each.constraint for each in self.each if not each.met[position])

    def least(self, positions: Integers, *figures: Callable[[Integers], Floats | Integers]) -> int:
        """Of `positions`, that with the least first figure, then second, ..., then the best.

        Figures are functions of the positions that are left.
        """
        for figure in figures:
            of_these = figure(positions)
            positions = positions[of_these == of_these.min()]
        return int(in_order(self.candidates, self.objective, positions)[0])
