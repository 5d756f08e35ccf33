"""Which candidates a question may choose from: a board's rows, joined with sets of weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.records import Board, Measurements, Weights
from advisor.catalog.store import Catalog
from advisor.errors import AdvisorError, closest, shown
from advisor.solve.candidates import Candidates
from advisor.solve.requirements import Requirements

if TYPE_CHECKING:
    from advisor.catalog.records import Integers


def gather(catalog: Catalog, requirements: Requirements) -> Candidates:
    """The candidates that a question may choose from.

    Raises:
        AdvisorError: the board or the set of weights is unknown, no batch size asked for has rows,
            or a file is broken.
    """
    board = catalog.board(requirements.board)
    table = catalog.measurements(board)
    asked = np.ones(len(table), dtype=np.bool_)
    if requirements.batches is not None:
        asked = np.isin(table.batch, sorted(requirements.batches))
    ran = table.status.index == table.status.position.get("ok", -1)
    rows = np.flatnonzero(asked & ran)
    if not len(rows):
        known = ", ".join(map(str, np.unique(table.batch[ran]).tolist())) or "no rows at all"
        raise AdvisorError(
            f"board {board.name} has no rows at batch {requirements.batches_text}",
            f"it has: {known}",
        )
    weights = _selected_weights(catalog, board, requirements.weights)
    rows, weights_index = _joined(table, rows, weights)
    return Candidates(
        board=board,
        measurements=table,
        architectures=tuple(catalog.architectures[name] for name in table.architecture.names),
        weights=weights,
        rows=rows,
        weights_index=weights_index,
        fps=requirements.fps,
        overhead_ms=requirements.overhead_ms,
        did_not_fit=int(np.count_nonzero(asked & ~ran)),
    )


def _selected_weights(catalog: Catalog, board: Board, asked: str | None) -> tuple[Weights, ...]:
    name = board.weights if asked is None else asked
    sets = catalog.weights
    known = {key[1] for key in sets} | {"any"}
    if asked is not None and name not in known:
        raise AdvisorError(f"unknown weights {shown(name)}", closest(name, known))
    return tuple(sets[key] for key in sorted(sets) if name in ("any", key[1]))


def _joined(
    table: Measurements, rows: Integers, weights: tuple[Weights, ...]
) -> tuple[Integers, Integers]:
    """Each row once for every set of weights of its architecture; once alone if there is none."""
    place = table.architecture.position
    owners = [place[each.architecture] for each in weights if each.architecture in place]
    which = [index for index, each in enumerate(weights) if each.architecture in place]
    owner = np.array(owners, dtype=np.int64)
    sets = np.array(which, dtype=np.int64)
    count = np.bincount(owner, minlength=len(place))
    first = np.cumsum(count) - count
    architecture = table.architecture.index[rows]
    repeats = np.maximum(count[architecture], 1)
    joined = np.repeat(rows, repeats)
    step = np.arange(len(joined)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    owner_of_joined = table.architecture.index[joined]
    padded = np.append(sets, -1)
    index = np.where(
        count[owner_of_joined] > 0, padded[np.minimum(first[owner_of_joined] + step, len(sets))], -1
    )
    return joined, index
