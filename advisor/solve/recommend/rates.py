"""What another frame rate does to candidates' figures: batches fill slower, the board rests longer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from advisor.limits import Constraint
from advisor.metrics import EVERY
from advisor.solve.candidates.candidates import Candidates
from advisor.solve.candidates.chance import meets
from advisor.solve.candidates.uncertainty import normal_quantile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Floats, Integers

HALVINGS = 60
LOWEST_SHARE = 1e-9
"""No rate is sought below this share of the highest."""


def changes_with_rate(constraint: Constraint) -> bool:
    """Whether a limit is on a figure that changes with the required frame rate."""
    return EVERY[constraint.metric].changes_with_rate


class AtRate:
    """Figures of candidates at other frame rates, each such that a limit on it is met by itself.

    Where there is a confidence, a figure stands where it lies, with that probability, on the good side:
    a limit on it is met with the confidence exactly if this figure meets it.

    Args:
        candidates: the candidates.
        constraints: the limits.
        confidence: the probability; figures are taken as they are up to one half, since a candidate's
            figures are to meet the limits in any case.
    """

    def __init__(
        self, candidates: Candidates, constraints: Sequence[Constraint], confidence: float
    ) -> None:
        self.z = float(normal_quantile(np.float64(confidence))) if confidence > 0.5 else 0.0
        self.confidence = confidence
        self.candidates = candidates
        self.constraints = [each for each in constraints if changes_with_rate(each)]

    def take(self, positions: Integers) -> AtRate:
        """The same of some of the candidates."""
        return AtRate(self.candidates.take(positions), self.constraints, self.confidence)

    def figure(self, candidates: Candidates, key: str, *, upwards: bool) -> Floats:
        """A metric, moved to its worse side as far as the confidence asks."""
        if not self.z:
            return candidates.figure(key)
        value, below, above = candidates.spread(key)
        with np.errstate(over="ignore", invalid="ignore"):
            width = self.z * above if upwards else -self.z * below
            figure: Floats = value * np.exp(np.where(np.isnan(width), 0.0, width))
        return figure

    def needed(self, constraint: Constraint) -> Floats:
        """The figure that a limit is held against, at the required frame rate."""
        return self.figure(self.candidates, constraint.metric, upwards=constraint.sense == "max")

    def at(self, constraint: Constraint, fps: Floats) -> Floats:
        """The figure that a limit is held against, at a frame rate of each candidate's own."""
        there = replace(self.candidates, fps=fps)
        return self.figure(there, constraint.metric, upwards=constraint.sense == "max")

    def easier_slower(self, constraint: Constraint) -> bool:
        """Whether a lower frame rate makes a limit easier to meet, or else harder."""
        rate = self.candidates.fps or 1.0
        fast, slow = (
            replace(self.candidates, fps=rate * share).figure(constraint.metric)
            for share in (1.0, LOWEST_SHARE)
        )
        better: NDArray[np.bool_] = slow > fast if constraint.sense == "min" else slow < fast
        return bool(better.any())

    def highest(self, most: Floats) -> Floats:
        """The highest frame rate up to `most` at which each candidate meets all limits, each by itself.

        Returns:
            Shape (candidates,); 0 where no rate will do.
        """
        highest: Floats = most.copy()
        harder = []
        for each in self.constraints:
            if self.easier_slower(each):
                highest = np.minimum(highest, self._edge(each, highest))
            else:
                harder.append(each)
        for each in harder:
            highest = np.where(meets(each, self.at(each, highest)), highest, 0.0)
        return highest

    def _edge(self, constraint: Constraint, most: Floats) -> Floats:
        """The highest rate up to `most` that meets a limit that is easier to meet at lower rates."""
        met, missed = most * LOWEST_SHARE, most.copy()
        never = ~meets(constraint, self.at(constraint, met))
        always = meets(constraint, self.at(constraint, missed))
        for _ in range(HALVINGS):
            middle = np.sqrt(met * missed)
            holds = meets(constraint, self.at(constraint, middle))
            met, missed = np.where(holds, middle, met), np.where(holds, missed, middle)
        edge: Floats = np.where(always, most, np.where(never, 0.0, met))
        return edge
