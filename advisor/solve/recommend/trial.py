"""The question again, of some of the candidates, with other limits."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from advisor.solve.candidates.candidate import Candidate
from advisor.solve.question.limits import LEAST_ACCURACY, Constraint
from advisor.solve.recommend.recommendation import Loosened, Relaxation
from advisor.solve.recommend.verdicts import Verdicts

if TYPE_CHECKING:
    from advisor.catalog.records import Integers

FEWEST_DIGITS, MOST_DIGITS = 3, 17
"""Limits are offered with so few digits if they keep the pick; with so many every float is exact."""

Limits = Mapping[str, float]
"""Changed limits, by `Constraint.key`."""


class Trial:
    """Asks again.

    Args:
        verdicts: how the candidates stand to the limits as they were asked.
        positions: those to ask of.
    """

    def __init__(self, verdicts: Verdicts, positions: Integers) -> None:
        self.constraints = verdicts.constraints
        self.objective, self.confidence = verdicts.objective, verdicts.confidence
        self.pool = verdicts.candidates.take(positions)

    def changed(self, limits: Limits) -> tuple[Constraint, ...]:
        """The limits, some of them changed."""
        return tuple(
            replace(each, limit=limits.get(each.key, each.limit)) for each in self.constraints
        )

    def verdicts(self, limits: Limits) -> Verdicts:
        """How the candidates stand to the changed limits, at the frame rate that these require."""
        constraints = self.changed(limits)
        fps = next((each.limit for each in constraints if each.sets_rate), None)
        return Verdicts.of(
            replace(self.pool, fps=fps), constraints, self.objective, self.confidence
        )

    def answers(self, limits: Limits) -> bool:
        """Whether some candidate meets the changed limits."""
        return bool(len(self.verdicts(limits).fitting))

    def pick(self, limits: Limits) -> int | None:
        """The pick under the changed limits, as a position in the pool."""
        verdicts = self.verdicts(limits)
        return verdicts.least(verdicts.fitting) if len(verdicts.fitting) else None

    def relaxation(self, limits: Limits) -> Relaxation | None:
        """What changing limits so would give; each is offered loosened to few digits, too."""
        pick = self.pick(limits)
        if pick is None:
            return None
        typed = self._rounded(limits, pick)
        found = tuple(
            Loosened(each, limits[each.key], replace(each, limit=typed[each.key]))
            for each in self.constraints
            if each.key in limits
        )
        return Relaxation(found, self._candidate(limits, pick))

    def _candidate(self, limits: Limits, pick: int) -> Candidate:
        return self.verdicts(limits).candidates.candidate(pick, self.changed(limits))

    def _rounded(self, limits: Limits, pick: int) -> Limits:
        """The limits, loosened to the fewest digits that give the same pick and can be typed."""
        for digits in range(FEWEST_DIGITS, MOST_DIGITS):
            rounded = {
                each.key: _loosened(limits[each.key], digits, down=each.sense == "min")
                for each in self.constraints
                if each.key in limits
            }
            if all(map(_can_be_typed, self.changed(rounded))) and self.pick(rounded) == pick:
                return rounded
        return limits


def _can_be_typed(constraint: Constraint) -> bool:
    least = LEAST_ACCURACY if constraint.name == "accuracy" else constraint.dimension.range[0]
    return least <= constraint.limit <= constraint.dimension.largest


def _loosened(value: float, digits: int, *, down: bool) -> float:
    """`value` rounded to so many significant digits, downwards or upwards."""
    nearest = float(f"{value:.{digits}g}")
    if nearest == value or (nearest < value) == down:
        return nearest
    step = 10.0 ** (math.floor(math.log10(value)) - digits + 1)
    return float(f"{nearest + (-step if down else step):.{digits}g}")
