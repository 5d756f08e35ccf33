"""Candidates as records: every metric with its interval and where it comes from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from advisor.catalog.records import ORIGINS, Estimate, Metered
from advisor.solve.candidates.candidate import Candidate, Headroom
from advisor.solve.candidates.candidates import SCOPED, Candidates, cost_of
from advisor.solve.candidates.confidence import chance, chance_alone
from advisor.solve.candidates.derivations import DERIVATIONS, RESTING
from advisor.solve.question.limits import Constraint
from advisor.solve.question.metrics import METRICS


def records(
    these: Candidates, constraints: Sequence[Constraint], unlike_scopes: Sequence[str]
) -> list[Candidate]:
    """All of these candidates, in their order.

    Args:
        these: the candidates.
        constraints: the limits to which each is to show its head-room.
        unlike_scopes: figures, "power" or "memory", that cover unlike things on the boards compared.
    """
    chances = chance(these, constraints).tolist()
    headrooms = [_headrooms(these, each) for each in constraints]
    return [
        _record(
            these,
            place,
            headroom=tuple(each[place] for each in headrooms),
            chance=chances[place],
            unlike_scopes=tuple(
                name for name in unlike_scopes if not np.isnan(these.figure(SCOPED[name])[place])
            ),
        )
        for place in range(len(these))
    ]


def _record(
    these: Candidates,
    place: int,
    headroom: tuple[Headroom, ...],
    chance: float,
    unlike_scopes: tuple[str, ...],
) -> Candidate:
    table, row = these.measurements, int(these.rows[place])
    index = int(these.weights_index[place])
    return Candidate(
        architecture=table.architecture.names[table.architecture.index[row]],
        weights=these.weights[index].name if index >= 0 else None,
        board=these.boards[int(these.board_index[place])].name,
        runtime=table.runtime.names[table.runtime.index[row]],
        precision=table.precision.names[table.precision.index[row]],
        batch=int(table.batch[row]),
        **{key: _estimate(these, place, key) for key in METRICS},
        headroom=headroom,
        chance=chance,
        unlike_scopes=unlike_scopes,
    )


def _estimate(these: Candidates, place: int, key: str) -> Estimate | None:
    """A metric of one candidate, with where it comes from."""
    value, low, high = (float(column[place]) for column in these.values(key))
    if np.isnan(value):
        return None
    names = [
        name
        for name in DERIVATIONS[key].parts
        if name != "latency_ms" or key not in RESTING or these.fps is not None
    ]
    parts = [part for name in names if (part := _part(these, place, name)) is not None]
    origin = max((part.origin for part in parts), key=ORIGINS.index)
    source = ", ".join(dict.fromkeys(part.source for part in parts))
    known = not (np.isnan(low) or np.isnan(high))
    return Estimate(value, low if known else None, high if known else None, origin, source)


def _part(these: Candidates, place: int, key: str) -> Estimate | None:
    """What stands in the catalog, from which a candidate's metrics are derived."""
    board = these.boards[int(these.board_index[place])]
    if key == "idle_power_w":
        return board.idle_power_w
    if key == "top1_percent":
        return these.weights[int(these.weights_index[place])].top1_percent
    if key in ("params", "operations"):
        return cost_of(these.architectures[int(these.architecture_index[place])], board.cost, key)
    column: Metered = getattr(these.measurements, key)
    return column.estimate(int(these.rows[place]))


def _headrooms(these: Candidates, constraint: Constraint) -> list[Headroom]:
    """How all of these stand to one limit."""
    columns = (*these.values(constraint.metric), chance_alone(these, constraint))
    return [
        _headroom(constraint, *figures)
        for figures in zip(*(column.tolist() for column in columns), strict=True)
    ]


def _headroom(
    constraint: Constraint, value: float, low: float, high: float, chance: float
) -> Headroom:
    if np.isnan(value):
        return Headroom(constraint, None, None, within_error=False, chance=0.0)
    ratio = value / constraint.limit
    margin = ratio - 1 if constraint.sense == "min" else 1 - ratio
    return Headroom(constraint, value, margin, low < constraint.limit < high, chance)
