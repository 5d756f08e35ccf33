"""Which candidates a question may choose from: a board's rows, joined with sets of weights."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.records import Architecture, Board, Measurements, Weights
from advisor.catalog.store import Catalog
from advisor.errors import AdvisorError, closest, shown
from advisor.solve.candidates import Candidates
from advisor.solve.requirements import Requirements

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Integers

    Booleans = NDArray[np.bool_]


def gather(catalog: Catalog, requirements: Requirements) -> Candidates:
    """Read what a question needs from the catalog; see `candidates_on` for the rest.

    Raises:
        AdvisorError: the board is unknown, a file is broken, or as `candidates_on` has it.
    """
    board = catalog.board(requirements.board)
    table = catalog.measurements(board)
    notes: tuple[str, ...] = ()
    if requirements.completes:
        table, notes = _with_predictions(catalog, board, table, requirements.batches or ())
    found = candidates_on(board, table, catalog.architectures, catalog.weights, requirements)
    return replace(found, notes=notes)


def _with_predictions(
    catalog: Catalog, board: Board, table: Measurements, batches: Collection[int]
) -> tuple[Measurements, tuple[str, ...]]:
    """The table completed by the board's laws; as it is, with a note, where these cannot be used."""
    from advisor.predict.fit_file import current_fit
    from advisor.solve.complete import completed

    known = catalog.architectures
    fit, why_not = current_fit(board, table, known)
    if fit is None:
        return table, (f"nothing is predicted: {why_not}",)
    notes = (
        [f"its intervals are made of the residuals of {fit.residuals_from}"]
        if fit.residuals_from
        else []
    )
    beyond = sorted(size for size in batches if not table.batch.min() <= size <= table.batch.max())
    if beyond:
        sizes = ", ".join(map(str, beyond))
        notes.append(
            f"batch {sizes} lies outside what the laws have seen: intervals are too narrow there"
        )
    whole = completed(board, table, known, fit, batches)
    asked = np.isin(whole.batch, sorted(batches)) if batches else np.ones(len(whole), np.bool_)
    told = len(np.unique(whole.architecture.index[asked]))
    if told < len(known):
        notes.append(
            f"of {len(known) - told} networks no law knows enough there, so they are left out"
        )
    return whole, tuple(f"{board.name}: {each}" for each in notes)


def candidates_on(
    board: Board,
    table: Measurements,
    architectures: Mapping[str, Architecture],
    weights: Mapping[tuple[str, str], Weights],
    requirements: Requirements,
) -> Candidates:
    """The candidates that a question may choose from.

    Raises:
        AdvisorError: the set of weights is unknown, or the board has no rows at a batch size asked
            for.
    """
    asked = _asked_rows(board, table, requirements)
    ran = table.status.index == table.status.position.get("ok", -1)
    did_not_fit = table.status.index == table.status.position.get("does_not_fit", -1)
    selected = _selected_weights(weights, board, requirements.weights)
    rows, weights_index = _joined(table, np.flatnonzero(asked & ran), selected)
    without = 0
    if requirements.weights is not None:
        bare = weights_index < 0
        without = len(np.unique(table.architecture.index[rows[bare]]))
        rows, weights_index = rows[~bare], weights_index[~bare]
    return Candidates(
        board=board,
        measurements=table,
        architectures=tuple(architectures[name] for name in table.architecture.names),
        weights=selected,
        rows=rows,
        weights_index=weights_index,
        fps=requirements.fps,
        overhead_ms=requirements.overhead_ms,
        did_not_fit=int(np.count_nonzero(asked & did_not_fit)),
        did_not_run=int(np.count_nonzero(asked & ~ran & ~did_not_fit)),
        without_weights=without,
    )


def _asked_rows(board: Board, table: Measurements, requirements: Requirements) -> Booleans:
    """Which rows have a batch size that was asked for."""
    if requirements.batches is None:
        return np.ones(len(table), dtype=np.bool_)
    known = np.unique(table.batch).tolist()
    missing = sorted(requirements.batches.difference(known))
    if missing:
        raise AdvisorError(
            f"board {board.name} has no rows at batch {', '.join(map(str, missing))}",
            f"it has: {', '.join(map(str, known)) or 'none at all'}",
        )
    return np.isin(table.batch, sorted(requirements.batches))


def _selected_weights(
    sets: Mapping[tuple[str, str], Weights], board: Board, asked: str | None
) -> tuple[Weights, ...]:
    """The sets of weights that were asked for, sorted by architecture and name."""
    name = board.weights if asked is None else asked
    known = {key[1] for key in sets} | {"any"}
    if name and name not in known:
        place = "" if asked else f" in {board.folder / 'board.yaml'}"
        raise AdvisorError(f"unknown weights {shown(name)}{place}", closest(name, known))
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
