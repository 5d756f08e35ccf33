"""The time of a network as a sum of shares: so much of what each reference took, so much an operation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from advisor.prediction.law import LEAST_GROUPS
from advisor.prediction.transfer.evidence import Evidence

if TYPE_CHECKING:
    from advisor.catalog.records import Floats, Integers

NEXT_TO_NOTHING = 1e-12


@dataclass(frozen=True)
class Shares:
    """A sum of terms with coefficients that are not negative, to begin with before the regression.

    Attributes:
        coefficients: of a constant, the costs where these are known, and each reference; shape (terms,).
    """

    coefficients: Floats

    @classmethod
    def fit(cls, evidence: Evidence, seen: Integers, found: Floats, groups: int) -> Shares:
        """The coefficients of least relative error.

        From fewer than nine groups so many cannot be told; then the references count alike.

        Args:
            evidence: what is known of the networks.
            seen: the places of the measured ones.
            found: the logarithm of what was found of these; shape (seen,).
            groups: how many architectures the measured ones are of.
        """
        from advisor.prediction.regression import least_squares

        terms = evidence.terms
        if groups >= LEAST_GROUPS:
            return cls(least_squares(terms[seen], np.exp(found), relative=True))
        references = len(evidence.references)
        alike = np.zeros(terms.shape[1])
        alike[-references:] = 1 / references
        return cls(alike)

    def __call__(self, evidence: Evidence) -> Floats:
        """The logarithm of the sum for each network; shape (networks,)."""
        total: Floats = np.log(np.maximum(evidence.terms @ self.coefficients, NEXT_TO_NOTHING))
        return total
