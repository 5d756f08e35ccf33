"""What would have to give: the smallest change of one limit, or of several together, that gives an answer.

Changes are log ratios, so that a limit halved and one doubled have changed alike. For several together, every
limit but the frame rate is loosened by the same change, and the frame rate lowered by no more; the least
change that admits a candidate is sought; then each limit is taken back as far as that candidate allows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from advisor.limits import LEAST_PERCENT, Constraint
from advisor.quantities import PERCENT
from advisor.solve.candidates.candidate import Candidate, candidate_at
from advisor.solve.candidates.candidates import Candidates
from advisor.solve.candidates.uncertainty import FAR
from advisor.solve.recommend.rates import AtRate, changes_with_rate
from advisor.solve.recommend.recommendation import Loosened, Relaxation
from advisor.solve.recommend.verdicts import Verdict, Verdicts

if TYPE_CHECKING:
    from advisor.catalog.records import Floats, Integers

FEWEST_DIGITS, MOST_DIGITS = 3, 17
"""Limits are offered with so few digits if they keep the pick; with so many every float is exact."""

Limits = Mapping[str, float]
"""Changed limits, by `Constraint.key`."""


class Trial:
    """Asks again.

    Args:
        verdicts: how the candidates stand to the limits as they were asked.
        positions: those to ask of.
    """

    def __init__(self, verdicts: Verdicts, positions: Integers) -> None:
        self.constraints = verdicts.constraints
        self.objective, self.confidence = verdicts.objective, verdicts.confidence
        self.proven = verdicts.proven
        self.pool = verdicts.candidates.take(positions)

    def changed(self, limits: Limits) -> tuple[Constraint, ...]:
        """The limits, some of them changed."""
        return tuple(
            replace(each, limit=limits.get(each.key, each.limit)) for each in self.constraints
        )

    def verdicts(self, limits: Limits) -> Verdicts:
        """How the candidates stand to the changed limits, at the frame rate that these require."""
        constraints = self.changed(limits)
        fps = next((each.limit for each in constraints if each.sets_rate), None)
        return Verdicts.of(
            replace(self.pool, fps=fps),
            constraints,
            self.objective,
            self.confidence,
            proven=self.proven,
        )

    def answers(self, limits: Limits) -> bool:
        """Whether some candidate meets the changed limits."""
        return bool(len(self.verdicts(limits).feasible))

    def pick(self, limits: Limits) -> int | None:
        """The pick under the changed limits, as a position in the pool."""
        verdicts = self.verdicts(limits)
        return verdicts.least(verdicts.feasible) if len(verdicts.feasible) else None

    def relaxation(self, limits: Limits) -> Relaxation | None:
        """What changing limits so would give; each is offered loosened to few digits, too."""
        pick = self.pick(limits)
        if pick is None:
            return None
        typed = self._rounded(limits, pick)
        found = tuple(
            Loosened(each, limits[each.key], replace(each, limit=typed[each.key]))
            for each in self.constraints
            if each.key in limits
        )
        return Relaxation(found, self._candidate(limits, pick))

    def _candidate(self, limits: Limits, pick: int) -> Candidate:
        return candidate_at(self.verdicts(limits).candidates, pick, self.changed(limits))

    def _rounded(self, limits: Limits, pick: int) -> Limits:
        """The limits, loosened to the fewest digits that give the same pick and can be typed."""
        for digits in range(FEWEST_DIGITS, MOST_DIGITS):
            rounded = {
                each.key: _loosened(limits[each.key], digits, down=each.sense == "min")
                for each in self.constraints
                if each.key in limits
            }
            if all(map(_can_be_typed, self.changed(rounded))) and self.pick(rounded) == pick:
                return rounded
        return limits


def _can_be_typed(constraint: Constraint) -> bool:
    percent = constraint.dimension is PERCENT
    least = LEAST_PERCENT if percent else constraint.dimension.range[0]
    return least <= constraint.limit <= constraint.dimension.largest


def _loosened(value: float, digits: int, *, down: bool) -> float:
    """`value` rounded to so many significant digits, downwards or upwards."""
    nearest = float(f"{value:.{digits}g}")
    if nearest == value or (nearest < value) == down:
        return nearest
    step = 10.0 ** (math.floor(math.log10(value)) - digits + 1)
    return float(f"{nearest + (-step if down else step):.{digits}g}")


PRECISION = 1e-6
"""To which log ratio limits are found; figures are not known that well."""

HAIR = 1e-9
"""A limit computed backwards can miss by a rounding error; by a hair looser, it holds."""

RATES_TRIED = 65
"""So many frame rates are tried for a candidate, where a lower one helps some limits and hurts others."""

MOST_TRIED, BLOCK = 300, 4096
"""Of so many candidates the highest frame rate is sought, of so many at once; a large catalog has many
alike."""


def relaxations(verdicts: Verdicts) -> tuple[Relaxation, ...]:
    """The limits whose change alone would give an answer, the smallest relative change first.

    Args:
        verdicts: how the candidates stand to the limits; none meets all.
    """
    found = [_relaxation(verdicts, verdict) for verdict in verdicts.each]
    known = [each for each in found if each is not None]
    return tuple(sorted(known, key=lambda each: each.change))


def _relaxation(verdicts: Verdicts, verdict: Verdict) -> Relaxation | None:
    constraint = verdict.constraint
    others = [
        each.met
        for each in verdicts.each
        if each is not verdict and not (constraint.sets_rate and changes_with_rate(each.constraint))
    ]
    pool = np.flatnonzero(np.logical_and.reduce([np.ones(len(verdicts.failed), np.bool_), *others]))
    trial = Trial(verdicts, pool)
    if constraint.sets_rate:
        limit = _highest_rate(verdicts, trial, pool, verdict)
    else:
        limit = _least_loose(trial, verdict, _needed(trial, verdict))
    return None if limit is None else trial.relaxation({constraint.key: limit})


def _needed(trial: Trial, verdict: Verdict) -> Floats:
    """What the limit would have to be for each candidate to meet it, by itself, with the asked confidence.

    Those that need a looser limit than the asked one only, the least loose first; then a limit that
    every figure meets for certain, since several limits together ask for more than each alone.
    """
    constraint, least = verdict.constraint, verdict.constraint.sense == "min"
    needed = AtRate(trial.pool, (), trial.confidence).needed(constraint)
    needed = needed[np.isfinite(needed) & (needed > 0)]
    value, below, above = trial.pool.spread(constraint.metric)
    with np.errstate(over="ignore", invalid="ignore"):
        far = value * np.exp(-FAR * below if least else FAR * above)
    ends = far[np.isfinite(far) & (far > 0)] if trial.confidence else far[:0]
    end = [float(ends.min() if least else ends.max())] if len(ends) else []
    limits = np.append(needed, end)
    looser = limits < constraint.limit if least else limits > constraint.limit
    return np.sort(limits[looser])[:: -1 if least else 1]


def _least_loose(trial: Trial, verdict: Verdict, limits: Floats) -> float | None:
    """The least loose limit that gives an answer.

    Args:
        trial: asks again.
        verdict: on the limit.
        limits: each looser than the one before; a looser limit never takes a candidate away, so that
            halving finds the first of them that does, and then the place between it and the one before.
    """
    key = verdict.constraint.key
    hair = 1 - HAIR if verdict.constraint.sense == "min" else 1 + HAIR
    first, last = 0, len(limits)
    while first < last:
        middle = (first + last) // 2
        if trial.answers({key: float(limits[middle]) * hair}):
            last = middle
        else:
            first = middle + 1
    if first == len(limits):
        return None
    found = float(limits[first])
    found = found if trial.answers({key: found}) else found * hair
    before = float(limits[first - 1]) if first else verdict.constraint.limit
    return _between(trial, key, before, found) if trial.confidence else found


def _between(trial: Trial, key: str, too_tight: float, enough: float) -> float:
    """The limit between one that gives no answer and one that gives some, nearly to `PRECISION`."""
    while abs(math.log(enough / too_tight)) > PRECISION:
        middle = math.sqrt(enough * too_tight)
        if trial.answers({key: middle}):
            enough = middle
        else:
            too_tight = middle
    return enough


def _highest_rate(
    verdicts: Verdicts, trial: Trial, pool: Integers, verdict: Verdict
) -> float | None:
    """The highest frame rate below that asked for at which some candidate meets all limits.

    Throughput and each limit by itself bound it from above; with a confidence, all limits together leave a
    little less of it.
    """
    at = AtRate(trial.pool, verdicts.constraints, trial.confidence)
    throughput = at.figure(trial.pool, "fps", upwards=False)
    most = np.minimum(throughput, verdict.constraint.limit)
    order = np.argsort(-most, kind="stable")[: np.count_nonzero(most > 0)]
    best: float | None = None
    left = MOST_TRIED
    for start in range(0, len(order), BLOCK):
        block = order[start : start + BLOCK]
        if not left or (best is not None and most[block[0]] <= best * (1 + PRECISION)):
            break
        highest = at.take(block).highest(most[block])
        for place in np.argsort(-highest, kind="stable").tolist():
            high = float(highest[place])
            if not left or not high or (best is not None and high <= best * (1 + PRECISION)):
                break
            left -= 1
            one = Trial(verdicts, pool[[block[place]]])
            low = max(best or 0.0, high / 1e4)
            best = _highest_of(one, verdict.constraint.key, low, high) or best
    return best


def _highest_of(one: Trial, key: str, low: float, high: float) -> float | None:
    """The highest frame rate between two at which one candidate meets all limits."""
    before = None
    near = [high, high * (1 - HAIR)]
    between = _rates_between(high, low) if one.confidence else []
    for rate in [*near, *between]:
        if one.answers({key: rate}):
            return rate if before is None or rate in near else _between(one, key, before, rate)
        before = rate
    return None


def _rates_between(high: float, low: float) -> list[float]:
    """Frame rates to try, densely down to half the highest: what keeps it from being met is near there."""
    half = max(high / 2, low)
    dense: list[float] = np.geomspace(high, half, RATES_TRIED).tolist()
    return dense if half == low else [*dense, *np.geomspace(half, low, RATES_TRIED).tolist()]


Changes: TypeAlias = Mapping[str, float]
"""By how much each limit is loosened, as a log ratio, by `Constraint.key`."""

HALVINGS = 40
SLOWINGS = 17
"""How many frame rates are tried for one candidate, where a lower one helps some limits and hurts others."""

MUCH = 50.0
"""No limit is loosened further."""

MARGIN = 0.1
"""By so much more than each limit alone, as a log ratio, all of them together hardly ever ask."""


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
        slowing: by how much the frame rate is best lowered for it, as far as its figures show.
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
        found = self._at_most(least + 1e-12) or self._at_most(high)
        while found is None and high < min(most - PRECISION, MUCH):
            low, high = high, min(2 * high, most - PRECISION)
            found = self._at_most(high)
        while found and max(found.values()) - low > PRECISION:
            middle = (low + max(found.values())) / 2
            better = self._at_most(middle)
            low, found = (low, better) if better else (middle, found)
        return found

    def _at_most(self, most: float) -> Changes | None:
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

    For those that can have the least it is exact where figures count as they are; else each limit is held
    against the figure that is met with the asked confidence by itself, and all together ask for a little
    more. The others' is a rough one.
    """
    floor, slowings = _floor(verdicts)
    bounds = floor.copy()
    near = np.argpartition(floor, BLOCK)[:BLOCK] if len(floor) > BLOCK else np.arange(len(floor))
    least = _exact(verdicts, near)[0].min(initial=np.inf)
    contenders = np.flatnonzero(floor <= least + MARGIN)
    bounds[contenders], slowings[contenders] = _exact(verdicts, contenders)
    return bounds, slowings


def _floor(verdicts: Verdicts) -> tuple[Floats, Floats]:
    """The change that no candidate does without, from figures as they are, and that of the frame rate in it.

    Cheap, since the limits that another frame rate moves are left out, and no confidence is asked for.
    """
    floor, slowing = np.zeros(len(verdicts.candidates)), np.zeros(len(verdicts.candidates))
    for each in verdicts.each:
        if each.constraint.sets_rate or not changes_with_rate(each.constraint):
            excess = each.excess(slice(None))
            floor = np.maximum(floor, excess)
            slowing = excess if each.constraint.sets_rate else slowing
    return floor, slowing


def _exact(verdicts: Verdicts, positions: Integers) -> tuple[Floats, Floats]:
    """`_least_changes` of some candidates, each limit held against what is met with the confidence."""
    reach = _Reach(verdicts.candidates.take(positions), verdicts)
    slowing = reach.slowing()
    bounds = np.maximum(reach.others(), slowing)
    without = np.maximum(bounds, np.maximum(reach.harder(slowing), reach.easier(slowing)))
    if not reach.torn or not len(bounds):
        return without, slowing
    # Only here can a still lower rate help; of those that can win, how much lower?
    contenders = np.flatnonzero(bounds <= without.min())
    bounds[contenders], slowing[contenders] = _at_best_rate(
        _Reach(reach.candidates.take(contenders), verdicts), slowing[contenders]
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
        self.eased = [each for each in changing if self.at_rate.easier_slower(each)]
        self.hardened = [each for each in changing if each not in self.eased]
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
