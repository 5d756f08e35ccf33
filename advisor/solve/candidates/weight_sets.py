"""Which sets of weights the rows of boards go with, and what these reach there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.accuracy import Accuracies, Place
from advisor.catalog.records import Board, Measurements, Weights, distinct, source_keys
from advisor.catalog.run_as import Variant
from advisor.catalog.store import Surveyed
from advisor.catalog.tables import QUANTISED
from advisor.errors import AdvisorError, closest, shown

if TYPE_CHECKING:
    from advisor.catalog.records import Integers

Key = tuple[str, str]
"""An architecture, and the name of a set of its weights."""

OWN = "own"
"""What a set of weights is called whose accuracy only the user knows."""


@dataclass(frozen=True)
class Wanted:
    """The sets of weights that a board's rows go with.

    Attributes:
        keys: the sets, sorted.
        only_best: whether each network goes with one alone: that of which the accuracy was found there, else
            the best.
    """

    keys: Sequence[Key]
    only_best: bool

    @cached_property
    def by_architecture(self) -> Mapping[str, Sequence[Key]]:
        """The sets of each network, sorted."""
        found: dict[str, list[Key]] = {}
        for key in self.keys:
            found.setdefault(key[0], []).append(key)
        return found


def with_weights(
    surveyed: Sequence[Surveyed],
    table: Measurements,
    row_board: Integers,
    rows: Integers,
    accuracies: Accuracies,
    wanted: Sequence[Wanted],
) -> tuple[Integers, Integers, tuple[Weights, ...]]:
    """Rows and sets of weights, board by board and variant by variant, since each has its own accuracies.

    Args:
        surveyed: the boards with their rows.
        table: the rows of all of them.
        row_board: for each row, its place among the boards; shape (rows,).
        rows: the rows that may be chosen.
        accuracies: what is known of the sets.
        wanted: for each board, its sets.

    Returns:
        Rows, each as often as there are sets for it; the place of the set, or -1; and the sets.
    """
    parts: list[tuple[Integers, list[Weights]]] = []
    for index, each in enumerate(surveyed):
        own = rows[row_board[rows] == index] if len(wanted) > 1 else rows
        place_of = Place.on(each.board, each.measurements)
        for some, variant in _by_variant(table, own):
            names = [
                table.architecture.names[each] for each in distinct(table.architecture.index[some])
            ]
            parts.append((some, _fitting(accuracies, wanted[index], names, place_of(variant))))
    sets = sorted({id(each): each for _, found in parts for each in found}.values(), key=_order)
    at = {id(each): index for index, each in enumerate(sets)}
    joined = []
    for some, found in parts:
        repeated, which = _joined(table, some, [each.architecture for each in found])
        places = np.array([at[id(each)] for each in found], dtype=np.int64)
        joined.append((repeated, np.append(places, -1)[which]))
    if len(joined) == 1:
        return (*joined[0], tuple(sets))
    nothing = np.zeros(0, dtype=np.int64)
    all_rows, which = (
        np.concatenate([nothing, *each])
        for each in (zip(*joined, strict=True) if joined else ((), ()))
    )
    return all_rows, which, tuple(sets)


def _order(each: Weights) -> tuple[str, ...]:
    return each.architecture, each.name, *each.scope, each.note


def _by_variant(table: Measurements, rows: Integers) -> Iterator[tuple[Integers, Variant]]:
    """The rows of each variant."""
    index = table.variant_index[rows]
    found = distinct(index).tolist()
    for place in found:
        yield rows if len(found) == 1 else rows[index == place], table.variants[place]


def _fitting(
    accuracies: Accuracies, wanted: Wanted, names: Iterable[str], place: Place
) -> list[Weights]:
    """What the wanted sets of some networks reach in some place; the user's own goes before others."""
    fitting: list[Weights] = []
    for name in names:
        keys = wanted.by_architecture.get(name, ())
        sets = [each for key in keys if (each := accuracies.at(key, place)) is not None]
        if not sets and accuracies.losses and not place.in_floats:
            sets = [each for key in keys if (each := accuracies.less_loss(key, place)) is not None]
        if not sets and accuracies.measured_losses and not place.in_floats:
            sets = [
                each for key in keys if (each := accuracies.carried_loss(key, place)) is not None
            ]
        own = [each for each in sets if each.name == OWN]
        if own or (wanted.only_best and len(sets) > 1):
            sets = own or [max(sets, key=lambda each: _preference(each, place, accuracies))]
        fitting += sets
    return fitting


def _preference(
    each: Weights, place: Place, accuracies: Accuracies
) -> tuple[bool, bool, bool, float]:
    """What is preferred of a network's sets: the one that the board's source used, there first; the best."""
    known = accuracies.known.get((each.architecture, each.name), ())
    used = any(
        of.board and not place.sources.isdisjoint(source_keys(of.accuracy_percent.source))
        for of in known
    )
    return each.board == place.board, bool(each.board), used, each.accuracy_percent.value


def wanted_weights(
    known: Collection[Key],
    board: Board,
    asked: str | None,
    stand_ins: Mapping[str, str],
    sets: Collection[str],
) -> Wanted:
    """The sets of weights that were asked for, and their quantised ones, by architecture and name.

    Args:
        known: every set of which something is known.
        board: the board.
        asked: the name of the sets that are asked for, "any", or `None` for those of the board.
        stand_ins: by network, the set that counts where it lacks the one that the board names.
        sets: the names of all sets, those included whose accuracy is stated otherwise.

    Raises:
        AdvisorError: there are no sets of that name.
    """
    name = board.weights if asked is None else asked
    names = {key[1] for key in known} | {"any"}
    foreign = asked is None and name not in names and name in sets  # for networks of another task
    if not name or foreign:
        return Wanted(sorted(known), only_best=True)
    # a table of the user's own need not know the board's
    replaced = asked is None and OWN in stand_ins.values()
    if name not in names and not replaced:
        place = "" if asked else f" in {board.folder / 'board.yaml'}"
        raise AdvisorError(f"unknown weights {shown(name)}{place}", closest(name, names))
    wanted = {key for key in known if name == "any" or key[1] in (name, f"{name}-{QUANTISED}", OWN)}
    wanted |= {key for key in stand_ins.items() if (key[0], name) not in known}
    return Wanted(sorted(wanted), only_best=False)


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
