"""Which sets of weights networks have: those that boards name, and the user's own accuracies."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.csv_table import read_csv
from advisor.catalog.precision import has_float_accuracy
from advisor.catalog.records import Board, Estimate, Measurements, Weights
from advisor.errors import AdvisorError, BrokenFileError, Fault, closest, shown
from advisor.limits import LEAST_PERCENT
from advisor.quantities import PERCENT

if TYPE_CHECKING:
    from advisor.catalog.records import Integers

COLUMNS = ("architecture", "top1_percent")
OWN = "own"
"""What a set of weights is called whose accuracy only the user knows."""
QUANTISED = "int8"
"""Sets of weights whose name ends with it are of networks at this precision: `paper-int8`."""


def with_weights(
    table: Measurements,
    row_board: Integers,
    rows: Integers,
    weights: Mapping[tuple[str, str], Weights],
    wanted: Sequence[Sequence[tuple[str, str]]],
) -> tuple[Integers, Integers, tuple[Weights, ...]]:
    """Rows and sets of weights, board by board, since each board's source used its own."""
    keys = sorted({key for each in wanted for key in each})
    place = {key: index for index, key in enumerate(keys)}
    parts = []
    for index, each in enumerate(wanted):
        own = rows[row_board[rows] == index] if len(wanted) > 1 else rows
        for some, fitting in _by_precision(table, own, each):
            places = np.array([place[key] for key in fitting], dtype=np.int64)
            joined, which = _joined(table, some, [key[0] for key in fitting])
            parts.append((joined, np.append(places, -1)[which]))
    sets = tuple(weights[key] for key in keys)
    if len(parts) == 1:
        return (*parts[0], sets)
    found, which = (np.concatenate(each) for each in zip(*parts, strict=True))
    return found, which, sets


def wanted_weights(
    sets: Mapping[tuple[str, str], Weights],
    board: Board,
    asked: str | None,
    stand_ins: Mapping[str, str],
    best: Mapping[str, str],
) -> list[tuple[str, str]]:
    """The sets of weights that were asked for, and their quantised ones, by architecture and name."""
    name = board.weights if asked is None else asked
    if not name:
        return sorted({**stand_ins, **best}.items())
    known = {key[1] for key in sets} | {"any"}
    replaced = asked is None and stand_ins  # a table of the user's own need not know the board's
    if name not in known and not replaced:
        place = "" if asked else f" in {board.folder / 'board.yaml'}"
        raise AdvisorError(f"unknown weights {shown(name)}{place}", closest(name, known))
    wanted = {key for key in sets if name == "any" or key[1] in (name, f"{name}-{QUANTISED}")}
    wanted |= {key for key in stand_ins.items() if (key[0], name) not in sets}
    return sorted(wanted)


def _by_precision(
    table: Measurements, rows: Integers, keys: Sequence[tuple[str, str]]
) -> Iterator[tuple[Integers, list[tuple[str, str]]]]:
    """The rows with the sets of weights that are theirs: a quantised network's accuracy is its own."""
    names = table.precision.names
    floats = np.array([has_float_accuracy(name) for name in names], dtype=np.bool_)
    quantised = np.array([name == QUANTISED for name in names], dtype=np.bool_)
    of_row = table.precision.index[rows]
    in_floats, in_int8 = floats[of_row], quantised[of_row]
    yield rows[in_floats], [key for key in keys if not _is_quantised(key[1])]
    if in_int8.any():
        yield rows[in_int8], [key for key in keys if _is_quantised(key[1])]
    if len(others := rows[~in_floats & ~in_int8]):
        yield others, []


def _is_quantised(name: str) -> bool:
    """Whether a set's name says that it is of a quantised network."""
    return name == QUANTISED or name.endswith(f"-{QUANTISED}")


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


def declared(architecture: str, top1_percent: float) -> Weights:
    """Weights of the user's own."""
    stated = Estimate(top1_percent, None, None, "declared", "advisor-declared")
    return Weights(architecture, OWN, stated, None)


def read_accuracy_table(path: Path, known: Collection[str]) -> dict[tuple[str, str], Weights]:
    """Read a table of the columns `architecture` and `top1_percent`.

    Args:
        path: the file.
        known: the networks that it may name.

    Returns:
        A set of weights for every network in it, by (network, name of the set).

    Raises:
        BrokenFileError: with every fault of the file.
    """
    table = read_csv(path, COLUMNS)
    names = table.labels("architecture", known)
    top1 = table.numbers("top1_percent", *PERCENT.range)
    for row, cell in enumerate(table.cells("top1_percent")):
        if not cell:
            table.note(row, "top1_percent", "nothing", "an accuracy in percent")
        elif top1[row] < LEAST_PERCENT:
            table.note(row, "top1_percent", shown(cell), "a percentage, such as 71.2")
    first = {int(row) for row in np.unique(names.index, return_index=True)[1]}
    for row in set(range(len(table))) - first:
        name = names.at(row)
        table.note(row, "architecture", f"{shown(name)} once more", "each network once")
    if not len(table) and not table.faults:
        raise BrokenFileError([Fault(path, 0, "", "no rows", "a row a network")])
    table.finish("mend the table")
    return {
        (name, OWN): declared(name, float(top1[row]))
        for row, name in enumerate(names.names[index] for index in names.index.tolist())
    }
