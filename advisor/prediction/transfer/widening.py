"""By what intervals must be wider than a regression says, from what it was off when held out."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.records import Z90
from advisor.prediction.law import LEVEL
from advisor.prediction.transfer.evidence import Evidence
from advisor.prediction.transfer.regression import Measured, Regression

if TYPE_CHECKING:
    from advisor.catalog.records import Floats


def widening(off: Floats, deviation: Floats) -> float:
    """By what the standard deviations of a regression are to be multiplied.

    So that the intervals would have held for nine in ten of the networks held out: the conformal quantile
    of what was off, in standard deviations (Vovk, Gammerman and Shafer, Algorithmic Learning in a Random
    World, 2005). It holds for new networks as far as these are like those measured.

    Args:
        off: how far it was off each network, its group held out; shape (networks,).
        deviation: the standard deviation that it had said.

    Returns:
        The factor.
    """
    rank = math.ceil(LEVEL * (len(off) + 1) - 1e-9)
    quantile = float(np.sort(np.abs(off) / deviation)[min(rank, len(off)) - 1])
    return quantile / Z90


def borrowed_widening(
    evidence: Evidence, measured: Measured, off: Floats, deviation: Floats
) -> float:
    """The same where too few networks were measured to rank them: what the references lend.

    Each reference in turn takes the place of the new board, with the same networks measured; what it was
    off all others is known. The largest factor stands, that of the worst network held out on the new board
    among them; and none narrows, since a board may be less like the references than these are alike.

    Args:
        evidence: the networks that the references know.
        measured: those that were measured.
        off: as `widening` takes it.
        deviation: likewise.

    Returns:
        The factor; NaN where a single reference has no other to be held against.
    """
    if len(evidence.references) < 2 or len(measured.places) == len(evidence.names):
        return math.nan
    lent = [
        _factor_for(evidence.without(place), reference, measured)
        for place, reference in enumerate(evidence.references)
    ]
    return max(1.0, *lent, float(np.max(np.abs(off) / deviation)) / Z90)


def _factor_for(evidence: Evidence, found: Floats, measured: Measured) -> float:
    """What the intervals of one reference, told from the others, would have needed."""
    rest = np.setdiff1d(np.arange(len(found)), measured.places)
    as_measured = replace(measured, found=found[measured.places])
    mean, deviation = Regression.fit(evidence, as_measured).predict(rest)
    return float(np.quantile(np.abs(found[rest] - mean) / deviation, LEVEL)) / Z90
