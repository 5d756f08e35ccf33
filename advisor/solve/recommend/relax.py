"""What would have to give: for each limit, its smallest change that alone gives an answer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from advisor.solve.candidates.frame_rate import AT_RATE, AtRate
from advisor.solve.candidates.spread import FAR, spread
from advisor.solve.recommend.recommendation import Relaxation
from advisor.solve.recommend.trial import Trial
from advisor.solve.recommend.verdicts import Verdict, Verdicts

if TYPE_CHECKING:
    from advisor.catalog.records import Floats, Integers

PRECISION = 1e-6
"""To which log ratio limits are found; figures are not known that well."""

HAIR = 1e-9
"""A limit computed backwards can miss by a rounding error; by a hair looser, it holds."""

RATES_TRIED = 33
"""So many frame rates are tried for a candidate, where a lower one helps some limits and hurts others."""

MOST_TRIED = 300
"""Of so many candidates the highest frame rate is sought; a large catalog has many alike."""


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
        if each is not verdict and not (constraint.sets_rate and each.constraint.name in AT_RATE)
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
    value, below, above = spread(trial.pool, constraint.metric)
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

    Throughput and the rest of the board bound it from above, the fill of the batch from below. A
    candidate's own window of rates tells where to look; with a confidence, all limits together leave a
    little less of it.
    """
    at = AtRate(trial.pool, verdicts.constraints, trial.confidence)
    lowest, highest = at.window()
    throughput = at.figure(trial.pool, "fps", upwards=False)
    highest = np.minimum(np.minimum(highest, throughput), verdict.constraint.limit)
    possible = np.flatnonzero((highest >= lowest * (1 - HAIR)) & (highest > 0))
    best: float | None = None
    for place in possible[np.argsort(-highest[possible], kind="stable")].tolist()[:MOST_TRIED]:
        high = float(highest[place])
        if best is not None and high <= best * (1 + PRECISION):
            break
        one = Trial(verdicts, pool[[place]])
        low = max(float(lowest[place]), best or 0.0, high / 1e4)
        best = _highest_of(one, verdict.constraint.key, low, high) or best
    return best


def _highest_of(one: Trial, key: str, low: float, high: float) -> float | None:
    """The highest frame rate between two at which one candidate meets all limits."""
    before = None
    near = [high, high * (1 - HAIR)]
    between: list[float] = np.geomspace(high, low, RATES_TRIED).tolist() if one.confidence else []
    for rate in [*near, *between]:
        if one.answers({key: rate}):
            return rate if before is None or rate in near else _between(one, key, before, rate)
        before = rate
    return None
