"""Which boards to learn from: those whose networks tell the most of the new board's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from advisor.predict.transfer.figures import Figures
from advisor.predict.transfer.groups import LEAST_MEASURED, Question
from advisor.predict.transfer.tell import held_out_errors

LEAST_GAIN = 0.02
"""By how much another reference must raise the mean log density of what was held out to be taken."""


def common(own: Figures, other: Figures) -> int:
    """How many of the new board's networks a board knows."""
    return len(own.by_network.keys() & other.by_network.keys())


def chosen(question: Question) -> Sequence[Figures]:
    """The best of a question's references, one after another while each makes the rest surer.

    Judged by how probable the measured figures are when their networks are held out. All are judged by the
    networks that every one of them knows, as long as these are enough.
    """
    left = [each for each in question.references if common(question.own, each) >= LEAST_MEASURED]
    taken: list[Figures] = []
    best = -math.inf
    while left:
        densities = [_density(replace(question, references=[*taken, each])) for each in left]
        highest = max(densities)
        if highest < best + LEAST_GAIN:
            break
        best = highest
        taken.append(left.pop(densities.index(highest)))
    return taken


def _density(question: Question) -> float:
    errors = held_out_errors(question)
    return errors.density if errors else -math.inf
