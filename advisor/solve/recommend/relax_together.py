"""What would have to give together: the change of all limits whose largest part is smallest.

Changes are log ratios, so that a limit halved and one doubled have changed alike. With every limit but the
frame rate loosened by the same change, and the frame rate lowered by no more, the least change that admits
a candidate is sought; then each limit is taken back as far as that candidate allows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from advisor.solve.candidates.candidates import Candidates
from advisor.solve.candidates.frame_rate import AtRate, easier_slower
from advisor.solve.question.limits import Constraint
from advisor.solve.recommend.recommendation import Relaxation
from advisor.solve.recommend.relax import PRECISION
from advisor.solve.recommend.trial import Trial
from advisor.solve.recommend.verdicts import Verdicts

if TYPE_CHECKING:
    from advisor.catalog.records import Floats

Changes: TypeAlias = Mapping[str, float]
"""By how much each limit is loosened, as a log ratio, by `Constraint.key`."""

HALVINGS = 40
SLOWINGS = 17
"""How many frame rates are tried for one candidate, where a lower one helps some limits and hurts others."""

MUCH = 50.0
"""No limit is loosened further."""


def relax_together(verdicts: Verdicts, alone: Sequence[Relaxation]) -> Relaxation | None:
    """The change of several limits together whose largest part is smallest.

    Args:
        verdicts: how the candidates stand to the limits; none meets all.
        alone: the changes of one limit that give an answer.

    Returns:
        The changed limits, and the pick that one would get; `None` where no change helps, or none whose
        largest part is smaller than the change of one limit alone.
    """
    bounds, slowings = _least_changes(verdicts)
    most = min((each.change for each in alone), default=math.inf) * 0.999
    found: tuple[int, Changes] | None = None
    for position in np.argsort(bounds, kind="stable").tolist():
        if not bounds[position] < most - PRECISION:
            break
        one = _One(verdicts, position, float(slowings[position]))
        changes = one.least_change(float(bounds[position]), most)
        if changes is not None:
            found, most = (position, changes), max(changes.values())
    if found is None:
        return None
    position, changes = found
    needed = _One(verdicts, position, 0.0).taken_back(changes)
    pool = np.flatnonzero(bounds <= most + 0.05)  # rounding loosens by less
    return Trial(verdicts, pool).relaxation(
        {key: limit for key, limit in _limits(verdicts.constraints, needed).items() if needed[key]}
    )


def _limits(constraints: Sequence[Constraint], changes: Changes) -> dict[str, float]:
    """The limits when they are loosened."""
    return {
        each.key: each.limit * math.exp((-1 if each.sense == "min" else 1) * changes[each.key])
        for each in constraints
    }


class _One:
    """One candidate, asked whether it meets limits loosened in some way.

    Args:
        verdicts: how the candidates stand to the limits as they were asked.
        position: which candidate.
        slowing: by how much the frame rate is best lowered for it, as far as its figures tell.
    """

    def __init__(self, verdicts: Verdicts, position: int, slowing: float) -> None:
        self.trial = Trial(verdicts, np.array([position]))
        self.constraints, self.slowing = verdicts.constraints, slowing
        at = AtRate(self.trial.pool, self.constraints, verdicts.confidence)
        self.torn = self.trial.pool.fps is not None and bool(at.constraints)

    def meets(self, changes: Changes) -> bool:
        return self.trial.answers(_limits(self.constraints, changes))

    def least_change(self, least: float, most: float) -> Changes | None:
        """The least change of all limits that admits it, between a lower bound and `most`."""
        # Where figures are exact the bound is met; a hair more makes up for rounding.
        low, high = least, min(max(least * 1.001, PRECISION), most - PRECISION)
        found = self._within(least + 1e-12) or self._within(high)
        while found is None and high < min(most - PRECISION, MUCH):
            low, high = high, min(2 * high, most - PRECISION)
            found = self._within(high)
        while found and max(found.values()) - low > PRECISION:
            middle = (low + max(found.values())) / 2
            better = self._within(middle)
            low, found = (low, better) if better else (middle, found)
        return found

    def _within(self, most: float) -> Changes | None:
        """A change of at most `most` that admits it, if there is one."""
        slowings = np.linspace(most, 0, SLOWINGS if self.torn else 1).tolist()
        for slowing in [min(self.slowing + 1e-12, most), *slowings]:
            changes = {each.key: slowing if each.sets_rate else most for each in self.constraints}
            if self.meets(changes):
                return changes
        return None

    def taken_back(self, changes: Changes) -> dict[str, float]:
        """The change with each limit in turn as near to the asked one as the candidate allows."""
        left = dict(changes)
        for key in changes:
            enough, too_tight = left[key], 0.0
            if self.meets({**left, key: 0.0}):
                enough = 0.0
            while enough - too_tight > PRECISION:
                middle = (enough + too_tight) / 2
                if self.meets({**left, key: middle}):
                    enough = middle
                else:
                    too_tight = middle
            left[key] = enough
        return left


def _least_changes(verdicts: Verdicts) -> tuple[Floats, Floats]:
    """For each candidate, a lower bound of the change that admits it, and that of the frame rate in it.

    Exact, for those that can have the least, where figures count as they are; else each limit is held
    against the figure that is met with the asked confidence by itself, and all together ask for a little
    more.
    """
    reach = _Reach(verdicts.candidates, verdicts)
    slowing, bounds = reach.slowing(), reach.others()
    bounds = np.maximum(bounds, slowing)
    without = np.maximum(bounds, np.maximum(reach.harder(slowing), reach.easier(slowing)))
    if not reach.torn or not len(bounds):
        return without, slowing
    # Only here can a still lower rate help; of those that can win, how much lower?
    contenders = np.flatnonzero(bounds <= without.min())
    bounds[contenders], slowing[contenders] = _at_best_rate(
        _Reach(verdicts.candidates.take(contenders), verdicts), slowing[contenders]
    )
    return bounds, slowing


def _at_best_rate(reach: _Reach, low: Floats) -> tuple[Floats, Floats]:
    """The least change where the frame rate is lowered by at least `low`, and by how much is best."""
    wanted = reach.easier(low)
    high = np.where(wanted > np.maximum(reach.harder(low), low), np.minimum(wanted, MUCH), low)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        more = reach.easier(middle) > np.maximum(middle, reach.harder(middle))
        low, high = np.where(more, middle, low), np.where(more, high, middle)
    least = np.maximum(reach.harder(high), reach.easier(high))
    return np.maximum(np.maximum(reach.others(), high), least), high


class _Reach:
    """How far each limit must be loosened for each candidate, by its own figures."""

    def __init__(self, candidates: Candidates, asked: Verdicts) -> None:
        self.candidates, self.fps = candidates, candidates.fps
        self.at_rate = AtRate(candidates, asked.constraints, asked.confidence)
        self.constraints = asked.constraints
        changing = self.at_rate.constraints if self.fps is not None else []
        self.eased = [each for each in changing if easier_slower(each)]
        self.hardened = [each for each in changing if not easier_slower(each)]
        self.torn = bool(self.eased)

    def others(self) -> Floats:
        """For all limits that do not depend on the frame rate; for all, where none is required."""
        changing = [*self.eased, *self.hardened]
        most: Floats = np.zeros(len(self.candidates))
        for each in self.constraints:
            if not each.sets_rate and each not in changing:
                most = np.maximum(most, _excess(self.at_rate.needed(each), each))
        return most

    def slowing(self) -> Floats:
        """For the frame rate itself; 0 where none is required."""
        for each in self.constraints:
            if each.sets_rate:
                return _excess(self.at_rate.needed(each), each)
        return np.zeros(len(self.candidates))

    def harder(self, slowing: Floats) -> Floats:
        """For the limits that a lower frame rate makes harder: batches fill slower, say."""
        return self._most(self.hardened, slowing)

    def easier(self, slowing: Floats) -> Floats:
        """For the limits that a lower frame rate makes easier: the board rests, say."""
        return self._most(self.eased, slowing)

    def _most(self, constraints: Sequence[Constraint], slowing: Floats) -> Floats:
        most: Floats = np.zeros(len(self.candidates))
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            fps = (self.fps or np.nan) * np.exp(-slowing)
            for each in constraints:
                most = np.maximum(most, _excess(self.at_rate.at(each, fps), each))
        return most


def _excess(figure: Floats, constraint: Constraint) -> Floats:
    """How far a limit must be loosened for a figure, as a log ratio; infinite where it is unknown."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(figure / constraint.limit)
    off = -ratio if constraint.sense == "min" else ratio
    return np.where(np.isnan(off), np.inf, np.maximum(off, 0.0))
