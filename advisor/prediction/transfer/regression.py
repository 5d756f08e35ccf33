"""What is told from the measured networks: a sum of shares, and the regression on what it leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from advisor.prediction.transfer.evidence import Evidence
from advisor.prediction.transfer.gaussian_process import Process
from advisor.prediction.transfer.shares import Shares

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Floats, Integers


@dataclass(frozen=True)
class Measured:
    """The networks that were measured.

    Attributes:
        places: where they stand among those of the evidence; shape (measured,), as all that follow.
        found: the logarithm of what was found.
        groups: the architecture of each, whatever its input size.
    """

    places: Integers
    found: Floats
    groups: NDArray[np.str_]

    def where(self, rows: NDArray[np.bool_]) -> Measured:
        """Some of them."""
        return Measured(self.places[rows], self.found[rows], self.groups[rows])

    @property
    def count(self) -> int:
        """How many groups there are."""
        return len(np.unique(self.groups))


@dataclass(frozen=True)
class Regression:
    """What the measured networks say of all others.

    Attributes:
        evidence: what is known of all networks.
        shares: what is expected of each.
        process: by how much it is off that.
    """

    evidence: Evidence
    shares: Shares
    process: Process

    @classmethod
    def fit(
        cls, evidence: Evidence, measured: Measured, variances: Floats | None = None
    ) -> Regression:
        """Fit both, one after the other.

        Args:
            evidence: what is known of all networks.
            measured: the measured ones.
            variances: of the process, where they are known.
        """
        shares = Shares.fit(evidence, measured.places, measured.found, measured.count)
        seen = evidence.described.at(measured.places)
        off = measured.found - shares(evidence)[measured.places]
        if variances is None:
            return cls(evidence, shares, Process.fit(seen, off))
        return cls(evidence, shares, Process.given(variances, seen, off))

    def predict(self, places: Integers) -> tuple[Floats, Floats]:
        """The mean and the standard deviation of the logarithm for some networks that were not measured."""
        mean, deviation = self.process.predict(self.evidence.described.at(places))
        return mean + self.shares(self.evidence)[places], deviation

    def held_out(self, measured: Measured) -> tuple[Floats, Floats]:
        """How far it is off each measured network when its group is left out.

        The shares are fitted anew without it; the variances of the parts stay.

        Returns:
            What was found less the mean, and the standard deviation; each of shape (measured,).
        """
        off, deviation = np.empty(len(measured.found)), np.empty(len(measured.found))
        for group in np.unique(measured.groups):
            own = measured.groups == group
            rest = Regression.fit(self.evidence, measured.where(~own), self.process.variances)
            mean, deviation[own] = rest.predict(measured.places[own])
            off[own] = measured.found[own] - mean
        return off, deviation
