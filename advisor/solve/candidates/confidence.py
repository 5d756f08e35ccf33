"""How probable it is that a candidate meets its limits, errors of measuring and predicting included.

The errors of memory, accuracy and cost are independent of each other and of the latency; all limits on what
follows from the latency are met or not together, as `shared_latency` tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from advisor.solve.candidates.candidates import Candidates
from advisor.solve.candidates.shared_latency import chance_together, shares_latency
from advisor.solve.candidates.spread import chance_below, spread
from advisor.solve.question.limits import Constraint

if TYPE_CHECKING:
    from advisor.catalog.records import Floats

BLOCK = 20_000
"""So many candidates are integrated at once, which bounds the memory."""


def chance(candidates: Candidates, constraints: Sequence[Constraint]) -> Floats:
    """The probability that each candidate meets all limits; 0 where a figure is unknown.

    Returns:
        Shape (candidates,).
    """
    joint = np.ones(len(candidates))
    shared = [each for each in constraints if shares_latency(each)]
    for constraint in constraints:
        if constraint not in shared:
            joint *= chance_alone(candidates, constraint)
    if len(shared) == 1:
        joint *= chance_alone(candidates, shared[0])
    elif shared:
        for start in range(0, len(candidates), BLOCK):
            block = np.arange(start, min(start + BLOCK, len(candidates)))
            joint[block] *= chance_together(candidates.take(block), shared)
    bounded: Floats = np.clip(joint, 0.0, 1.0)  # sums of weights may miss by a rounding error
    return bounded


def chance_alone(candidates: Candidates, constraint: Constraint) -> Floats:
    """The probability that each candidate meets one limit; 0 where its figure is unknown."""
    figure = spread(candidates, constraint.metric)
    below = chance_below(figure, np.float64(constraint.limit))
    chances: Floats = below if constraint.sense == "max" else 1 - below
    exactly = (figure.value == constraint.limit) & (chances == 0)
    chances = np.where(exactly, 1.0, chances)  # a figure without error, met exactly
    return np.where(np.isnan(figure.value), 0.0, chances)
