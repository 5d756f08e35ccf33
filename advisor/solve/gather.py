"""Which candidates a question may choose from: the rows of its boards, joined with sets of weights."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.records import Architecture, Board, Measurements, Weights
from advisor.catalog.store import Catalog, Surveyed
from advisor.errors import AdvisorError, closest, shown
from advisor.solve.candidates import Candidates
from advisor.solve.requirements import Requirements
from advisor.solve.selection import selected
from advisor.solve.stacking import stacked

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Integers

    Booleans = NDArray[np.bool_]

QUANTISED = "int8"
"""The precision whose rows take only sets of weights whose name says so: `paper-int8`."""


def gather(catalog: Catalog, requirements: Requirements) -> Candidates:
    """Read what a question needs from the catalog; see `candidates_on` for the rest.

    Raises:
        AdvisorError: a board is unknown, a file is broken, or as `candidates_on` has it.
    """
    notes: list[str] = []
    if requirements.boards is None:
        surveyed, broken = catalog.survey()
        notes += [f"left out, since a file is broken: {error.message}" for error in broken]
    else:
        boards = [catalog.board(name) for name in requirements.boards]
        surveyed = [Surveyed(board, catalog.measurements(board)) for board in boards]
    if requirements.selection.completes:
        batches = requirements.selection.batches or ()
        for place, each in enumerate(surveyed):
            table, told = _with_predictions(catalog, each.board, each.measurements, batches)
            surveyed[place] = Surveyed(each.board, table)
            notes += told
    found = candidates_on(surveyed, catalog.architectures, catalog.weights, requirements)
    return replace(found, notes=tuple(notes))


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
    surveyed: Sequence[Surveyed],
    architectures: Mapping[str, Architecture],
    weights: Mapping[tuple[str, str], Weights],
    requirements: Requirements,
) -> Candidates:
    """The candidates that a question may choose from.

    Args:
        surveyed: the boards with their rows.
        architectures: every network by name.
        weights: every set of weights by network and name.
        requirements: the question.

    Raises:
        AdvisorError: the set of weights is unknown, a pattern or a batch size matches nothing, or
            nothing is left to choose from.
    """
    boards = tuple(each.board for each in surveyed)
    table, row_board = stacked([each.measurements for each in surveyed])
    asked = selected(boards, table, architectures, requirements.selection)
    ran = table.status.index == table.status.position.get("ok", -1)
    did_not_fit = table.status.index == table.status.position.get("does_not_fit", -1)
    named = requirements.selection.weights
    rows, weights_index, sets = _with_weights(
        boards, table, row_board, np.flatnonzero(asked & ran), weights, named
    )
    without = 0
    if named is not None:
        bare = weights_index < 0
        without = len(np.unique(table.architecture.index[rows[bare]]))
        rows, weights_index = rows[~bare], weights_index[~bare]
    return Candidates(
        boards=boards,
        measurements=table,
        row_board=row_board,
        architectures=tuple(architectures[name] for name in table.architecture.names),
        weights=sets,
        rows=rows,
        weights_index=weights_index,
        fps=requirements.fps,
        overhead_ms=requirements.overhead_ms,
        battery_j=requirements.battery_j,
        did_not_fit=int(np.count_nonzero(asked & did_not_fit)),
        did_not_run=int(np.count_nonzero(asked & ~ran & ~did_not_fit)),
        without_weights=without,
    )


def _with_weights(
    boards: Sequence[Board],
    table: Measurements,
    row_board: Integers,
    rows: Integers,
    weights: Mapping[tuple[str, str], Weights],
    named: str | None,
) -> tuple[Integers, Integers, tuple[Weights, ...]]:
    """Rows and sets of weights, board by board, since each board's source used its own."""
    wanted = [_wanted_weights(weights, board, named) for board in boards]
    keys = sorted({key for each in wanted for key in each})
    place = {key: index for index, key in enumerate(keys)}
    parts = []
    for index, each in enumerate(wanted):
        own = rows[row_board[rows] == index] if len(boards) > 1 else rows
        for some, fitting in _by_precision(table, own, each):
            places = np.array([place[key] for key in fitting], dtype=np.int64)
            joined, which = _joined(table, some, [key[0] for key in fitting])
            parts.append((joined, np.append(places, -1)[which]))
    sets = tuple(weights[key] for key in keys)
    if len(parts) == 1:
        return (*parts[0], sets)
    found, which = (np.concatenate(each) for each in zip(*parts, strict=True))
    return found, which, sets


def _wanted_weights(
    sets: Mapping[tuple[str, str], Weights], board: Board, asked: str | None
) -> list[tuple[str, str]]:
    """The sets of weights that were asked for, and their quantised ones, by architecture and name."""
    name = board.weights if asked is None else asked
    known = {key[1] for key in sets} | {"any"}
    if name and name not in known:
        place = "" if asked else f" in {board.folder / 'board.yaml'}"
        raise AdvisorError(f"unknown weights {shown(name)}{place}", closest(name, known))
    return [key for key in sorted(sets) if name == "any" or key[1] in (name, f"{name}-{QUANTISED}")]


def _by_precision(
    table: Measurements, rows: Integers, keys: Sequence[tuple[str, str]]
) -> Iterator[tuple[Integers, list[tuple[str, str]]]]:
    """The rows with the sets of weights that tell of them: a quantised network's accuracy is its own."""
    quantised = table.precision.index[rows] == table.precision.position.get(QUANTISED, -1)
    for some, is_quantised in ((rows[~quantised], False), (rows[quantised], True)):
        if len(some) or not is_quantised:
            yield some, [key for key in keys if (QUANTISED in key[1]) == is_quantised]


def _joined(
    table: Measurements, rows: Integers, owners: Sequence[str]
) -> tuple[Integers, Integers]:
    """Each row once for every set of weights of its architecture; once alone, as -1, if there is none.

    Args:
        table: where the rows stand.
        rows: the rows.
        owners: the architecture of each set, sorted.
    """
    place = table.architecture.position
    known = [(place[name], index) for index, name in enumerate(owners) if name in place]
    owner = np.array([each[0] for each in known], dtype=np.int64)
    sets = np.array([each[1] for each in known], dtype=np.int64)
    count = np.bincount(owner, minlength=len(place))
    if count.max(initial=0) <= 1:
        only = np.full(len(place), -1)
        only[owner] = sets
        return rows, only[table.architecture.index[rows]]
    first = np.cumsum(count) - count
    repeats = np.maximum(count[table.architecture.index[rows]], 1)
    joined = np.repeat(rows, repeats)
    step = np.arange(len(joined)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    owner_of_joined = table.architecture.index[joined]
    padded = np.append(sets, -1)
    index = np.where(
        count[owner_of_joined] > 0, padded[np.minimum(first[owner_of_joined] + step, len(sets))], -1
    )
    return joined, index
