"""Which boards to learn from: those whose networks tell the most of the new board's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from advisor.prediction.transfer.figures import Figures
from advisor.prediction.transfer.groups import LEAST_MEASURED, Question
from advisor.prediction.transfer.tell import held_out_errors

LEAST_GAIN = 0.02
"""By how much another reference must raise the mean log density of what was held out to be taken."""


LEAST_SHARE = 0.5
"""Of the networks by which others are judged, a reference must know this share to be judged beside them."""


def common(own: Figures, other: Figures) -> int:
    """How many of the new board's networks a board knows."""
    return len(own.by_network.keys() & other.by_network.keys())


def chosen(question: Question) -> Sequence[Figures]:
    """The best of a question's references, one after another while each makes the rest surer.

    Judged by how probable the measured figures are when their networks are held out, of the networks that
    all of the references know; those that know too few of them to be judged so are left out.

    Returns:
        The references, by name.
    """
    left, own = _comparable(question)
    taken: list[Figures] = []
    best = -math.inf
    while left:
        densities = [
            _density(replace(question, own=own, references=[*taken, each])) for each in left
        ]
        highest = max(densities)
        if highest < best + LEAST_GAIN:
            break
        best = highest
        taken.append(left.pop(densities.index(highest)))
    return sorted(taken, key=lambda each: each.board)


def _comparable(question: Question) -> tuple[list[Figures], Figures]:
    """The references that know most of the measured networks, and the figures of those that all know."""
    by_overlap = sorted(
        question.references, key=lambda each: (-common(question.own, each), each.board)
    )
    kept: list[Figures] = []
    names = set(question.own.by_network)
    for each in by_overlap:
        shared = names & each.by_network.keys()
        if len(shared) >= max(LEAST_MEASURED, LEAST_SHARE * len(names)):
            kept.append(each)
            names = shared
    own = Figures(
        question.own.board, {name: question.own.by_network[name] for name in sorted(names)}
    )
    return kept, own


def _density(question: Question) -> float:
    errors = held_out_errors(question)
    return errors.density if errors else -math.inf
