"""What would have to give together: the change of all limits whose largest part is smallest.

Changes are log ratios, so that a limit halved and one doubled have changed alike. With every limit but the
frame rate loosened by the same `change`, and the frame rate lowered by no more, the least change that admits
a candidate is sought; then each limit is taken back as far as that candidate allows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from advisor.solve.candidates import Candidates
from advisor.solve.confidence import average_w, spread
from advisor.solve.limits import Constraint
from advisor.solve.recommendation import Loosened, Relaxation
from advisor.solve.relax import AT_RATE, MOST_DIGITS, loosened_to
from advisor.solve.verdicts import Verdicts

if TYPE_CHECKING:
    from advisor.catalog.records import Floats

HALVINGS = 40
PRECISION = 1e-6
"""To which log ratio changes are found; figures are not known that well."""

FALLING = ("power", "hours")
"""Limits that a lower frame rate makes easier, since the board rests."""

SLOWINGS = 9
"""How many frame rates are tried for one candidate, where a lower one helps some limits and hurts others."""


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
    least_alone = min((each.change for each in alone), default=math.inf)
    found: _Change | None = None
    for position in np.argsort(bounds, kind="stable").tolist():
        most = found.largest if found else least_alone * 0.999
        if not bounds[position] < most - PRECISION:
            break
        one = _One(verdicts, position, float(slowings[position]))
        found = one.change(float(bounds[position]), most) or found
    if found is None:
        return None
    changes = _One(verdicts, found.position, 0.0).taken_back(found.by)
    if sum(by > 0 for by in changes.values()) < 2:
        return None
    pool = np.flatnonzero(bounds <= found.largest + 0.05)  # rounding loosens by less
    return _asked(verdicts, verdicts.candidates.take(pool), changes)


@dataclass(frozen=True)
class _Change:
    """By how much each limit is loosened, for one candidate."""

    position: int
    by: Mapping[str, float]

    @property
    def largest(self) -> float:
        return max(self.by.values())


def changed(constraint: Constraint, by: float) -> Constraint:
    """The limit, loosened by a log ratio."""
    return replace(
        constraint, limit=constraint.limit * math.exp(-by if constraint.sense == "min" else by)
    )


class _One:
    """One candidate, asked whether it meets limits loosened in some way."""

    def __init__(self, verdicts: Verdicts, position: int, slowing: float) -> None:
        self.position, self.slowing = position, slowing
        self.candidate = verdicts.candidates.take(np.array([position]))
        self.constraints, self.confidence = verdicts.constraints, verdicts.confidence
        self.objective = verdicts.objective
        names = {each.name for each in self.constraints}
        self.torn = self.candidate.fps is not None and not names.isdisjoint(AT_RATE)

    def meets(self, by: Mapping[str, float]) -> bool:
        return bool(len(_verdicts(self, self.candidate, by).fitting))

    def change(self, least: float, most: float) -> _Change | None:
        """The least change of all limits that admits it, between a lower bound and `most`."""
        # Where figures are exact the bound is met; a hair more makes up for rounding.
        low, high = least, min(max(least * 1.001, PRECISION), most - PRECISION)
        found = self._within(least + 1e-12) or self._within(high)
        while found is None and high < min(most - PRECISION, 50.0):
            low, high = high, min(2 * high, most - PRECISION)
            found = self._within(high)
        if found is None:
            return None
        for _ in range(HALVINGS):
            if found.largest - low <= PRECISION:
                break
            middle = (low + found.largest) / 2
            better = self._within(middle)
            low, found = (low, better) if better else (middle, found)
        return found

    def _within(self, most: float) -> _Change | None:
        """A change of at most `most` that admits it, if there is one."""
        slowings = np.linspace(most, 0, SLOWINGS if self.torn else 1).tolist()
        for slowing in [min(self.slowing + 1e-12, most), *slowings]:
            by = {each.key: slowing if each.sets_rate else most for each in self.constraints}
            if self.meets(by):
                return _Change(self.position, by)
        return None

    def taken_back(self, by: Mapping[str, float]) -> dict[str, float]:
        """The change with each limit in turn as near to the asked one as the candidate allows."""
        changes = dict(by)
        for key in by:
            enough, too_tight = changes[key], 0.0
            if self.meets({**changes, key: 0.0}):
                enough = 0.0
            while enough - too_tight > PRECISION:
                middle = (enough + too_tight) / 2
                if self.meets({**changes, key: middle}):
                    enough = middle
                else:
                    too_tight = middle
            changes[key] = enough
        return changes


def _verdicts(asking: _One | Verdicts, pool: Candidates, by: Mapping[str, float]) -> Verdicts:
    """How a pool stands to the limits when they are loosened."""
    constraints = [changed(each, by[each.key]) for each in asking.constraints]
    return _of(asking, pool, constraints)


def _of(asking: _One | Verdicts, pool: Candidates, constraints: Sequence[Constraint]) -> Verdicts:
    fps = next((each.limit for each in constraints if each.sets_rate), None)
    return Verdicts.of(replace(pool, fps=fps), constraints, asking.objective, asking.confidence)


def _asked(verdicts: Verdicts, pool: Candidates, by: Mapping[str, float]) -> Relaxation | None:
    """The relaxation with limits of few digits, and the pick that one gets with them."""
    exact = [changed(each, by[each.key]) for each in verdicts.constraints]
    at_exact = _of(verdicts, pool, exact)
    if not len(at_exact.fitting):
        return None
    pick = at_exact.least(at_exact.fitting)
    asked = exact
    for digits in range(3, MOST_DIGITS):
        rounded = [
            each
            if not by[each.key]
            else replace(each, limit=loosened_to(each.limit, digits, down=each.sense == "min"))
            for each in exact
        ]
        found = _of(verdicts, pool, rounded)
        if len(found.fitting) and found.least(found.fitting) == pick:
            asked = rounded
            break
    limits = tuple(
        Loosened(constraint, needed.limit, typed)
        for constraint, needed, typed in zip(verdicts.constraints, exact, asked, strict=True)
        if by[constraint.key]
    )
    return Relaxation(limits, at_exact.candidates.candidate(pick, tuple(exact)))


def _least_changes(verdicts: Verdicts) -> tuple[Floats, Floats]:
    """For each candidate, a lower bound of the change that admits it, and that of the frame rate in it.

    Exact, for those that can have the least, where figures count as they are; else each limit is held
    against the figure that is met with the asked confidence by itself, and all together ask for a little
    more.
    """
    reach = _Reach(verdicts.candidates, verdicts)
    slowing, bounds = reach.slowing(), reach.others()
    bounds = np.maximum(bounds, slowing)
    without = np.maximum(bounds, np.maximum(reach.rising(slowing), reach.falling(slowing)))
    if not reach.powered or not len(bounds):
        return without, slowing
    # Only here can a still lower rate help; of those that can win, how much lower?
    contenders = np.flatnonzero(bounds <= without.min())
    bounds[contenders], slowing[contenders] = _at_best_rate(
        _Reach(verdicts.candidates.take(contenders), verdicts), slowing[contenders]
    )
    return bounds, slowing


def _at_best_rate(reach: _Reach, low: Floats) -> tuple[Floats, Floats]:
    """The least change where the frame rate is lowered by at least `low`, and by how much is best."""
    most = np.maximum(reach.others(), low)
    wanted = reach.falling(low)
    high = np.where(wanted > np.maximum(reach.rising(low), low), wanted, low)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        more = reach.falling(middle) > np.maximum(middle, reach.rising(middle))
        low, high = np.where(more, middle, low), np.where(more, high, middle)
    least = np.maximum(reach.rising(high), reach.falling(high))
    return np.maximum(np.maximum(most, high), least), high


class _Reach:
    """How far each limit must be loosened for each candidate, by its own figures."""

    def __init__(self, candidates: Candidates, asked: Verdicts) -> None:
        from statistics import NormalDist  # which only those need for whom nothing fits

        self.z = NormalDist().inv_cdf(asked.confidence) if asked.confidence > 0.5 else 0.0
        self.candidates, self.constraints = candidates, asked.constraints
        self.fps = candidates.fps
        named = {each.name for each in self.constraints}
        self.powered = self.fps is not None and not named.isdisjoint(FALLING)
        at_rest = replace(candidates, fps=None)
        self.run_ms = {
            each.metric: self.figure(at_rest, each.metric, each.sense)
            for each in self.constraints
            if each.name == "latency"
        }
        if self.fps is not None and not named.isdisjoint(("board-energy", *FALLING)):
            self.at_rate_w = self.figure(candidates, "energy_j", "max") * self.fps
            self.flat_out_w = self.figure(candidates, "net_power_w", "max")
            self.idle_w = candidates.idle_figure_w()

    def figure(self, candidates: Candidates, key: str, sense: str) -> Floats:
        """A figure that holds with the asked confidence."""
        value, below, above = spread(candidates, key)
        with np.errstate(over="ignore", invalid="ignore"):
            width = -self.z * below if sense == "min" else self.z * above
            figure: Floats = value * np.exp(np.where(np.isnan(width), 0.0, width))
        return figure

    def excess(self, figure: Floats, constraint: Constraint) -> Floats:
        """How far a limit must be loosened for a figure, as a log ratio; infinite where it is unknown."""
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.log(figure / constraint.limit)
        off = -ratio if constraint.sense == "min" else ratio
        return np.where(np.isnan(off), np.inf, np.maximum(off, 0.0))

    def others(self) -> Floats:
        """For all limits that do not depend on the frame rate; for all, where none is required."""
        most: Floats = np.zeros(len(self.candidates))
        for each in self.constraints:
            if self.fps is None or not (each.sets_rate or each.name in AT_RATE):
                figure = self.figure(self.candidates, each.metric, each.sense)
                most = np.maximum(most, self.excess(figure, each))
        return most

    def slowing(self) -> Floats:
        """For the frame rate itself; 0 where none is required."""
        for each in self.constraints:
            if each.sets_rate:
                return self.excess(self.figure(self.candidates, "fps", "min"), each)
        return np.zeros(len(self.candidates))

    def rising(self, slowing: Floats) -> Floats:
        """For limits that a lower frame rate makes harder: batches fill slower, frames pay more idling."""
        most: Floats = np.zeros(len(self.candidates))
        if self.fps is None:
            return most
        with np.errstate(invalid="ignore"):  # at batch 1 even the slowest rate fills at once
            fill_ms = (self.candidates.batch - 1) * 1000 / self.fps * np.exp(slowing)
        for each in self.constraints:
            if each.name == "latency":
                most = np.maximum(most, self.excess(self.run_ms[each.metric] + fill_ms, each))
            elif each.name == "board-energy":
                most = np.maximum(most, self._average(slowing, each) + slowing)
        return most

    def falling(self, slowing: Floats) -> Floats:
        """For limits that a lower frame rate makes easier, since the board rests."""
        most: Floats = np.zeros(len(self.candidates))
        for each in self.constraints if self.powered else ():
            if each.name in FALLING:
                most = np.maximum(most, self._average(slowing, each))
        return most

    def _average(self, slowing: Floats, constraint: Constraint) -> Floats:
        running_w = np.minimum(self.at_rate_w * np.exp(-slowing), self.flat_out_w)
        with np.errstate(invalid="ignore", divide="ignore"):
            off = np.log((self.idle_w + running_w) / average_w(self.candidates, constraint))
        return np.where(np.isnan(off), np.inf, np.maximum(off, 0.0))
