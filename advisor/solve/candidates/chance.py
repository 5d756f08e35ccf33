"""How probable it is that a candidate meets its limits, errors of measuring and predicting included.

Limits on metrics that follow from the same inputs are met or not together: frame rate, response, energy and
average power all err with the latency. The others are independent.

One limit is judged by its figure's interval, to which errors add in quadrature; of several, joint samples of
the inputs show how far they are met together. Of a sum, of the smaller of two and of a lopsided product the
two do not quite agree, so that the single chances bound the joint one from both sides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from advisor.limits import Constraint
from advisor.solve.candidates.candidates import Candidates
from advisor.solve.candidates.uncertainty import chance_below, joint_chance

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Floats

HARDLY = 0.01
"""What is less probable is written as less than that."""

BLOCK = 512
"""So many candidates are sampled at once, which bounds the memory."""


def chance(candidates: Candidates, constraints: Sequence[Constraint]) -> Floats:
    """The probability that each candidate meets all limits; 0 where a figure is unknown.

    Returns:
        Shape (candidates,).
    """
    joint = np.ones(len(candidates))
    for group in _sharing_inputs(candidates, constraints):
        alone = np.array([chance_alone(candidates, each) for each in group])
        joint *= alone[0] if len(group) == 1 else _all_of(candidates, group, alone)
    return joint


def likeliest(candidates: Candidates, constraints: Sequence[Constraint]) -> int:
    """The position of the candidate that most probably meets all limits; of equal ones the first.

    Chances of several limits take long, so that they are found only of those that can be the greatest.
    """
    most = np.ones(len(candidates))
    for group in _sharing_inputs(candidates, constraints):
        most *= np.min([chance_alone(candidates, each) for each in group], axis=0)
    order = np.argsort(-most, kind="stable")
    best, position = -1.0, 0
    for start in range(0, len(order), BLOCK):
        block = order[start : start + BLOCK]
        if most[block[0]] < best:
            break
        chances = chance(candidates.take(block), constraints)
        for place in np.flatnonzero(chances == chances.max()).tolist():
            if (chances[place], -block[place]) > (best, -position):
                best, position = float(chances[place]), int(block[place])
    return position


def _all_of(candidates: Candidates, group: Sequence[Constraint], alone: Floats) -> Floats:
    """The probability that limits are met together which share inputs, given those of each by itself.

    It is never above the least of these, nor below what is left if no two are missed together.
    """
    sampled = np.empty(len(candidates))
    for start in range(0, len(candidates), BLOCK):
        block = np.arange(start, min(start + BLOCK, len(candidates)))
        sampled[block] = _together(candidates.take(block), group)
    missed = np.sum(1 - alone, axis=0)
    return np.clip(sampled, np.maximum(1 - missed, 0.0), np.min(alone, axis=0))


def chance_alone(candidates: Candidates, constraint: Constraint) -> Floats:
    """The probability that each candidate meets one limit; 0 where its figure is unknown."""
    figure = candidates.spread(constraint.metric)
    below = chance_below(figure, np.float64(constraint.limit))
    chances: Floats = below if constraint.sense == "max" else 1 - below
    exactly = (figure.value == constraint.limit) & (chances == 0)
    chances = np.where(exactly, 1.0, chances)  # a figure without error, met exactly
    return np.where(np.isnan(figure.value), 0.0, chances)


def chance_unknown(candidates: Candidates, constraints: Sequence[Constraint]) -> NDArray[np.bool_]:
    """Whether nothing can be said of how probably each candidate meets all limits.

    So it is where a limited figure could be anything, unless another limit is missed all but surely.
    """
    anything = [candidates.could_be_anything(each.metric) for each in constraints]
    unknown: NDArray[np.bool_] = np.logical_or.reduce(
        [np.zeros(len(candidates), dtype=np.bool_), *anything]
    )
    if not unknown.any():
        return unknown
    least = np.ones(len(candidates))
    for each, is_anything in zip(constraints, anything, strict=True):
        least = np.minimum(least, np.where(is_anything, 1.0, chance_alone(candidates, each)))
    unknown &= least >= HARDLY
    return unknown


def meets(constraint: Constraint, figures: Floats) -> NDArray[np.bool_]:
    """Whether figures are known and within a limit."""
    if constraint.sense == "min":
        return figures >= constraint.limit
    return figures <= constraint.limit


def _together(candidates: Candidates, constraints: Sequence[Constraint]) -> Floats:
    names = {
        name: None for each in constraints for name in candidates.uncertain_inputs(each.metric)
    }
    return joint_chance(
        [(each.metric, partial(meets, each)) for each in constraints],
        {name: candidates.input_spread(name) for name in names},
        candidates.input_figure,
    )


def _sharing_inputs(
    candidates: Candidates, constraints: Sequence[Constraint]
) -> Iterator[list[Constraint]]:
    """The limits in groups whose metrics share no uncertain input."""
    groups: list[tuple[set[str], list[Constraint]]] = []
    for constraint in constraints:
        inputs, group = set(candidates.uncertain_inputs(constraint.metric)), [constraint]
        for each in [other for other in groups if other[0] & inputs]:
            groups.remove(each)
            inputs, group = inputs | each[0], each[1] + group
        groups.append((inputs, group))
    return (group for _, group in groups)
