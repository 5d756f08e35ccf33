"""Why: what each limit rejects, and what keeps the pick from being better."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from advisor.prediction.bound import least_line_above
from advisor.solve.candidates.candidate import Candidate
from advisor.solve.candidates.confidence import chance
from advisor.solve.candidates.spread import predicted
from advisor.solve.question.limits import Constraint
from advisor.solve.recommend.ranking import preferred
from advisor.solve.recommend.recommendation import Binding, KnownBound, Rejection, Unsure
from advisor.solve.recommend.verdicts import Verdict, Verdicts

if TYPE_CHECKING:
    from advisor.catalog.records import Floats, Integers


def rejections(verdicts: Verdicts) -> tuple[Rejection, ...]:
    """What each limit rejects, and which of the rejected comes nearest."""
    return tuple(_rejection(verdicts, verdict) for verdict in verdicts.each)


def _rejection(verdicts: Verdicts, verdict: Verdict) -> Rejection:
    rejected = np.flatnonzero(verdict.violated)
    nearest: Candidate | None = None
    also_fails: tuple[Constraint, ...] = ()
    if len(rejected):
        position = verdicts.least(rejected, verdicts.failed, verdict.excess)
        nearest = verdicts.candidates.candidate(position, verdicts.constraints)
        failed = verdicts.failed_by(position)
        also_fails = tuple(each for each in failed if each != verdict.constraint)
    return Rejection(
        constraint=verdict.constraint,
        rejected=len(rejected),
        unknown=int(np.count_nonzero(verdict.unknown)),
        nearest=nearest,
        also_fails=also_fails,
    )


def binding(verdicts: Verdicts, pick: int) -> Binding | None:
    """What keeps the pick from being better.

    Args:
        verdicts: how the candidates stand to the limits.
        pick: the position of the pick.

    Returns:
        Of the candidates that the objective prefers to the pick, the one whose largest excess over
        any limit is smallest, those with an unknown figure after all others; `None` where the
        objective prefers none.
    """
    better = preferred(verdicts.candidates, verdicts.objective, verdicts.fitting, pick)
    if not len(better):
        return None
    position = nearest(verdicts, better)
    networks = np.unique(verdicts.candidates.network_index[better])
    return Binding(
        constraints=verdicts.failed_by(position),
        candidate=verdicts.candidates.candidate(position, verdicts.constraints),
        networks=len(networks),
    )


def nearest(verdicts: Verdicts, positions: Integers) -> int:
    """Of these, the one whose largest excess over any limit is smallest; of such, with the fewest misses.

    Those with an unknown figure come after all others.
    """
    largest: Floats = np.zeros(len(verdicts.candidates))
    known: Floats = np.zeros(len(verdicts.candidates))
    for verdict in verdicts.each:
        np.maximum(largest, verdict.excess, out=largest)
        known += np.where(np.isinf(verdict.excess), 0.0, verdict.excess)
    return verdicts.least(positions, largest, verdicts.failed, known)


def unsure(verdicts: Verdicts) -> Unsure | None:
    """What meets every limit by its figures, but not with the asked confidence; `None` where nothing does."""
    doubtful = np.setdiff1d(verdicts.within, verdicts.fitting)
    if not len(doubtful):
        return None
    likelihood = chance(verdicts.candidates.take(doubtful), verdicts.constraints)
    position = int(doubtful[np.argmax(likelihood)])
    return Unsure(len(doubtful), verdicts.candidates.candidate(position, verdicts.constraints))


def accuracy_bound(verdicts: Verdicts) -> KnownBound | None:
    """What no known network exceeds in accuracy at the asked frame rate, where both were asked for."""
    asked = {each.name: each for each in verdicts.constraints if each.sense == "min"}
    candidates = verdicts.candidates
    rate, accuracy = (candidates.figure(key) for key in ("fps", "accuracy_top1_percent"))
    known = ~np.isnan(rate) & ~np.isnan(accuracy) & ~predicted(candidates, "fps")
    if not {"fps", "accuracy"} <= set(asked) or not np.any(known):
        return None
    bound = least_line_above(rate[known], accuracy[known])
    networks = len(np.unique(candidates.architecture_index[known]))
    return KnownBound(bound, asked["fps"].limit, networks)
