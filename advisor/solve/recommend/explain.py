"""Why: what each limit rejects, what keeps the pick from being better, and why a network is not the pick."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.records import distinct
from advisor.errors import AdvisorError, closest, shown
from advisor.limits import Constraint
from advisor.metrics import expression
from advisor.objective import Step
from advisor.prediction.bound import least_line_above
from advisor.quality import ACCURACY
from advisor.solve.candidates.candidate import Candidate, candidate_at, records
from advisor.solve.candidates.chance import likeliest
from advisor.solve.recommend.ranking import badness, in_order, preferred
from advisor.solve.recommend.recommendation import (
    Binding,
    KnownBound,
    Overlooked,
    Rejection,
    Unsure,
    WhyNot,
)
from advisor.solve.recommend.verdicts import Verdict, Verdicts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Floats, Integers

    Booleans = NDArray[np.bool_]

MOST, LARGEST = 20, 4
"""So many sets are named, of so many limits; the number of larger ones grows without bound."""


def rejections(verdicts: Verdicts, pick: int | None) -> tuple[Rejection, ...]:
    """What each limit rejects, which of it comes nearest, and what is excluded for want of a figure.

    Args:
        verdicts: how the candidates stand to the limits.
        pick: the position of the pick; `None` where nothing fits.
    """
    any_unknown = any(verdict.unknown.any() for verdict in verdicts.each)
    leading = _might_lead(verdicts, pick) if any_unknown else None
    nearest = {
        place: verdicts.least(rejected, verdicts.failed.take, verdict.excess)
        for place, verdict in enumerate(verdicts.each)
        if len(rejected := np.flatnonzero(verdict.violated))
    }
    positions = np.array([*nearest.values()], dtype=np.int64)
    found = records(verdicts.candidates, positions, verdicts.constraints)
    candidates = dict(zip(nearest, found, strict=True))
    return tuple(
        Rejection(
            constraint=verdict.constraint,
            rejected=int(np.count_nonzero(verdict.violated)),
            unknown=int(np.count_nonzero(verdict.unknown)),
            unknown_since=_unknown_since(verdicts, verdict),
            might_lead=0 if leading is None else int(np.count_nonzero(verdict.unknown & leading)),
            nearest=candidates.get(place),
            also_fails=tuple(
                each
                for each in (verdicts.failed_by(nearest[place]) if place in nearest else ())
                if each != verdict.constraint
            ),
        )
        for place, verdict in enumerate(verdicts.each)
    )


def _might_lead(verdicts: Verdicts, pick: int | None) -> Booleans:
    """Which candidates no limit is known to reject, and might be better than the pick."""
    possible = _not_rejected(verdicts)
    if pick is None:
        return possible
    candidates = verdicts.candidates
    better = np.zeros(len(candidates), dtype=np.bool_)
    better[preferred(candidates, verdicts.objective, verdicts.feasible, pick)] = True
    for _, unknown, _ in _undecided(verdicts, possible, pick):
        better |= unknown
    return possible & better


def _not_rejected(verdicts: Verdicts) -> Booleans:
    """Which candidates no limit is known to reject; quantised, a network is no better than in floats."""
    candidates = verdicts.candidates
    possible = np.ones(len(candidates), dtype=np.bool_)
    for verdict in verdicts.each:
        possible &= ~verdict.violated
        limit = verdict.constraint
        if limit.metric == ACCURACY and limit.sense == "min" and verdict.unknown.any():
            possible &= ~(verdict.unknown & (candidates.float_percent < limit.limit))
    return possible


def _unknown_since(verdicts: Verdicts, verdict: Verdict) -> dict[str, int]:
    """Of how many candidates a figure is unknown for a reason that their source gives, by reason."""
    candidates, needed = verdicts.candidates, expression(verdict.constraint.metric).count
    reasons = {}
    if any(name.startswith("latency_") for name in needed) and "throughput_fps" not in needed:
        timed = ~np.isnan(candidates.figure("batch_latency_ms"))
        reasons["only throughput reported"] = ~timed & ~np.isnan(candidates.figure("fps"))
    if "net_power_w" in needed:
        gross = ~np.isnan(candidates.figure("gross_energy_j"))
        reasons["only gross power reported, and idle power unknown"] = gross
    found = {why: int(np.count_nonzero(so & verdict.unknown)) for why, so in reasons.items()}
    return {why: count for why, count in found.items() if count}


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
    better = preferred(verdicts.candidates, verdicts.objective, verdicts.feasible, pick)
    if not len(better):
        return None
    position = nearest(verdicts, better)
    networks = distinct(verdicts.candidates.network_index[better])
    return Binding(
        constraints=verdicts.failed_by(position),
        candidate=candidate_at(verdicts.candidates, position, verdicts.constraints),
        networks=len(networks),
    )


def overlooked(verdicts: Verdicts, pick: int) -> Overlooked | None:
    """What might be better than the pick if more were known of it.

    Args:
        verdicts: how the candidates stand to the limits.
        pick: the position of the pick.

    Returns:
        Of the first metric of the objective that is unknown of a candidate which no limit is known to reject.
    """
    candidates = verdicts.candidates
    for step, unknown, floats in _undecided(verdicts, _not_rejected(verdicts), pick):
        if len(positions := np.flatnonzero(unknown)):
            most = int(positions[np.argmax(np.nan_to_num(floats[positions]))])
            return Overlooked(
                metric=step.metric.key,
                count=len(positions),
                networks=len(distinct(candidates.architecture_index[positions])),
                candidate=candidate_at(candidates, most, verdicts.constraints),
                float_percent=None if np.isnan(floats[most]) else float(floats[most]),
            )
    return None


def _undecided(
    verdicts: Verdicts, possible: Booleans, pick: int
) -> Iterator[tuple[Step, Booleans, Floats]]:
    """Step by step of the objective, of which candidates that are level with the pick its figure is unknown.

    Args:
        verdicts: how the candidates stand to the limits.
        possible: the candidates that may come up.
        pick: the position of the pick.

    Yields:
        The step; these candidates, but those that are no better even in floats; and the accuracies in floats,
        where those are the metric.
    """
    candidates = verdicts.candidates
    level = possible.copy()
    level[pick] = False
    for step in verdicts.objective:
        figures = candidates.figure(step.metric.key)
        is_accuracy = step.metric.key == ACCURACY
        floats = candidates.float_percent if is_accuracy else np.full(len(candidates), np.nan)
        yield step, level & np.isnan(figures) & ~(floats <= figures[pick]), floats
        scores = badness(candidates, step)
        level &= scores <= step.worst_accepted(scores[pick])


def nearest(verdicts: Verdicts, positions: Integers) -> int:
    """Of these, the one whose largest excess over any limit is smallest; of such, with the fewest misses.

    Those with an unknown figure come after all others.
    """

    def largest(these: Integers) -> Floats:
        most: Floats = np.zeros(len(these))
        for each in verdicts.each:
            np.maximum(most, each.excess(these), out=most)
        return most

    def known(these: Integers) -> Floats:
        total: Floats = np.zeros(len(these))
        for each in verdicts.each:
            excess = each.excess(these)
            total += np.where(np.isinf(excess), 0.0, excess)
        return total

    return verdicts.least(positions, largest, verdicts.failed.take, known)


def unsure(verdicts: Verdicts) -> Unsure | None:
    """What meets every limit by its figures, but not with the asked confidence; `None` where nothing does."""
    is_doubtful = verdicts.failed == 0
    is_doubtful[verdicts.likely] = False
    doubtful = np.flatnonzero(is_doubtful)
    if not len(doubtful):
        return None
    position = int(doubtful[likeliest(verdicts.candidates.take(doubtful), verdicts.constraints)])
    return Unsure(len(doubtful), candidate_at(verdicts.candidates, position, verdicts.constraints))


def accuracy_bound(verdicts: Verdicts) -> KnownBound | None:
    """What no known network exceeds in accuracy at the asked frame rate, where both were asked for."""
    asked = {each.name: each for each in verdicts.constraints if each.sense == "min"}
    candidates = verdicts.candidates
    rate, accuracy = (candidates.figure(key) for key in ("fps", "accuracy_percent"))
    known = ~np.isnan(rate) & ~np.isnan(accuracy) & ~candidates.predicted("fps")
    if not {"fps", "accuracy"} <= set(asked) or not np.any(known):
        return None
    bound = least_line_above(rate[known], accuracy[known])
    networks = len(distinct(candidates.architecture_index[known]))
    return KnownBound(bound, asked["fps"].limit, networks)


def impossible(verdicts: Verdicts) -> tuple[tuple[Constraint, ...], ...]:
    """The smallest sets of limits that no candidate's figures meet, up to `LARGEST` limits.

    A set is named only if every smaller part of it can be met. There is none where figures meet all limits,
    and only the confidence is missing.
    """
    constraints = verdicts.constraints
    met = set(distinct(_met(verdicts)).tolist())
    found: list[int] = []
    for size in range(1, min(LARGEST, len(constraints)) + 1):
        for limits in map(_bits, itertools.combinations(range(len(constraints)), size)):
            minimal = all(smaller & limits != smaller for smaller in found)
            if minimal and all(each & limits != limits for each in met):
                found.append(limits)
        if len(found) >= MOST:
            break
    return tuple(tuple(_named(each, constraints)) for each in found[:MOST])


def _met(verdicts: Verdicts) -> Integers:
    """For each candidate, which limits its figures meet, as bits."""
    met = np.zeros(len(verdicts.candidates), dtype=np.int64)
    for place, verdict in enumerate(verdicts.each):
        met |= verdict.met.astype(np.int64) << place
    return met


def _bits(places: tuple[int, ...]) -> int:
    return sum(1 << place for place in places)


def _named(limits: int, constraints: tuple[Constraint, ...]) -> Iterator[Constraint]:
    return (each for place, each in enumerate(constraints) if limits >> place & 1)


def why_not(verdicts: Verdicts, name: str) -> tuple[WhyNot, ...]:
    """Why a network is not the pick, board by board.

    Raises:
        AdvisorError: none of the boards has heard of it.
    """
    candidates = verdicts.candidates
    place = candidates.measurements.architecture.position.get(name)
    if place is None:
        known = candidates.measurements.architecture.names
        raise AdvisorError(
            f"explain: {shown(name)} is no network that could be chosen here",
            f"{closest(name, known)} (--candidates all brings in those without rows)",
        )
    return tuple(_on(verdicts, name, place, board) for board in range(len(candidates.boards)))


def _on(verdicts: Verdicts, name: str, place: int, board: int) -> WhyNot:
    candidates = verdicts.candidates
    positions = np.flatnonzero(
        (candidates.architecture_index == place) & (candidates.board_index == board)
    )
    order = positions[np.argsort(candidates.batch[positions], kind="stable")]
    table = candidates.measurements
    rows = (table.architecture.index == place) & (candidates.row_board == board)
    ran = table.ran
    too_large = rows & table.out_of_memory
    feasible = np.intersect1d(positions, verdicts.feasible)
    return WhyNot(
        architecture=name,
        board=candidates.boards[board].name,
        candidates=tuple(records(candidates, order, verdicts.constraints)),
        nearest=_nearest(verdicts, positions),
        feasible=bool(len(feasible)),
        out_of_memory=tuple(distinct(table.batch[too_large]).tolist()),
        left_out=bool((rows & ran).any()) and not len(positions),
    )


def _nearest(verdicts: Verdicts, positions: Integers) -> Candidate | None:
    """Of these, the best that meets every limit; else the one that is closest to it."""
    if not len(positions):
        return None
    feasible = np.intersect1d(positions, verdicts.feasible)
    nominal = np.intersect1d(positions, verdicts.nominal)
    unsure = in_order(verdicts.candidates, verdicts.objective, nominal)  # of like chances the best
    if len(feasible):
        position = verdicts.least(feasible)
    elif len(unsure):
        position = int(unsure[likeliest(verdicts.candidates.take(unsure), verdicts.constraints)])
    else:
        position = nearest(verdicts, positions)
    return candidate_at(verdicts.candidates, position, verdicts.constraints)
