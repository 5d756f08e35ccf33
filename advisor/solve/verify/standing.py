"""How the candidates of a question stand: the pick, and what might take its place once it is measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from advisor.solve.candidates.candidates import Candidates
from advisor.solve.candidates.confidence import chance
from advisor.solve.candidates.derivations import DERIVATIONS
from advisor.solve.candidates.spread import predicted
from advisor.solve.question.limits import Constraint
from advisor.solve.question.requirements import Requirements
from advisor.solve.recommend.ranking import contenders, in_order, preferred
from advisor.solve.recommend.verdicts import Verdicts
from advisor.solve.verify.verify import Standing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Floats, Integers

    Booleans = NDArray[np.bool_]

MEASURED = ("latency_ms", "net_power_w", "memory_mb")
"""What measuring tells; accuracy, parameters and operations are known without."""


def standing_of(candidates: Candidates, requirements: Requirements, tried: Booleans) -> Standing:
    """How the candidates stand.

    Where the objective itself rests on what was not measured, a candidate that is predicted to be worse than
    the pick may be better: then its chance is that of meeting every limit and being better. In an objective
    of several steps that holds of the last one; in those before it, predictions count as they are.

    Args:
        candidates: the candidates.
        requirements: the question.
        tried: those of which measuring has told what it can; shape (candidates,).
    """
    asked = requirements
    verdicts = Verdicts.of(candidates, asked.constraints, asked.objective, asked.confidence)
    measured = ~_rests_on_predictions(candidates, asked) | tried
    everyone = np.arange(len(candidates))
    fitting = verdicts.fitting
    if not len(fitting):
        order = in_order(candidates, asked.objective, everyone)
        return Standing(None, chance(candidates, asked.constraints), _places(order), measured)
    pick = verdicts.least(fitting)
    better = preferred(candidates, asked.objective, fitting, pick)
    first = np.append(in_order(candidates, asked.objective, better), pick)
    rest = in_order(candidates, asked.objective, np.setdiff1d(everyone, first))
    places = _places(np.concatenate([first, rest]))
    return Standing(pick, _chances(verdicts, pick, better), places, measured)


def _rests_on_predictions(candidates: Candidates, asked: Requirements) -> Booleans:
    """Where a figure that the question asks about is predicted."""
    keys = {"latency_ms", *(each.metric for each in asked.constraints)}
    keys |= {step.metric.key for step in asked.objective}
    rests: Booleans = np.any([predicted(candidates, key) for key in sorted(keys)], axis=0)
    return rests


def _chances(verdicts: Verdicts, pick: int, better: Integers) -> Floats:
    """The probability that each candidate takes the pick's place, once it is measured."""
    candidates, constraints = verdicts.candidates, verdicts.constraints
    chances = np.zeros(len(candidates))
    chances[better] = chance(candidates.take(better), constraints)
    ahead = _better_than(verdicts, pick)
    if ahead is not None:
        ousting, level = contenders(candidates, verdicts.objective, verdicts.fitting, pick)
        compared = np.flatnonzero(level & ~ousting)
        chances[compared] = chance(candidates.take(compared), [*constraints, ahead])
        chances[pick] = 0.0
    return chances


def _better_than(verdicts: Verdicts, pick: int) -> Constraint | None:
    """Being better than the pick in the last step of the objective, as a limit.

    Returns:
        `None` where measuring tells nothing of that, or the pick's figure is unknown.
    """
    metric = verdicts.objective[-1].metric
    figure = float(verdicts.candidates.figure(metric.key)[pick])
    if np.isnan(figure) or not set(DERIVATIONS[metric.key].parts) & set(MEASURED):
        return None
    return Constraint(metric.name, metric.key, "min" if metric.more_is_better else "max", figure)


def _places(order: Integers) -> Integers:
    """The place of each position in an order."""
    places = np.empty(len(order), dtype=np.int64)
    places[order] = np.arange(len(order))
    return places
