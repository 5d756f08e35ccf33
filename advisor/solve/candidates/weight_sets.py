"""Which sets of weights the rows of boards go with, and what these reach there."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.accuracy import Accuracies, Place
from advisor.catalog.accuracy_table import ANY_SET
from advisor.catalog.records import Board, Weights, distinct, source_keys
from advisor.catalog.stack import Stack, numbered_pairs
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
    stack: Stack, rows: Integers, accuracies: Accuracies, wanted: Sequence[Wanted]
) -> tuple[Integers, Integers, tuple[Weights, ...]]:
    """Rows and sets of weights, board by board and variant by variant, since each has its own accuracies.

    Boards on which networks have the same accuracies, since the same sources ran them in the same ways, are
    looked at as one.

    Args:
        stack: the boards with their rows.
        rows: the rows that may be chosen, ascending.
        accuracies: what is known of the sets.
        wanted: for each board, its sets.

    Returns:
        Rows, each as often as there are sets for it; the place of the set, or -1; and the sets.
    """
    table = stack.table
    variant = table.variant_index
    if len(table.variants) > 1:
        rows = rows[np.lexsort((variant[rows], stack.row_board[rows]))]
    boards, variants, way = numbered_pairs(
        stack.row_board[rows], variant[rows], len(table.variants)
    )
    places = _places(stack, boards, variants)
    first: dict[tuple[object, ...], int] = {}  # the first of those that are alike
    like = [
        first.setdefault((id(wanted[board]), *accuracies.kind_of(place)), number)
        for number, (board, place) in enumerate(zip(boards.tolist(), places, strict=True))
    ]
    networks = table.architecture.index[rows]
    ways, names, pair = numbered_pairs(
        np.array(like, dtype=np.int64)[way], networks, len(table.architecture.names)
    )
    fitting: list[list[Weights]] = [[] for _ in ways]
    sets: dict[int, Weights] = {}
    everywhere: dict[tuple[int, str], list[Weights]] = {}
    for number in np.lexsort((names, _first(pair, way))).tolist():
        at = int(ways[number])
        name = table.architecture.names[int(names[number])]
        of_board, place = wanted[int(boards[at])], places[at]
        same = everywhere.get((id(of_board), name)) if place.in_floats else None
        if same is None:
            same = _fitting(accuracies, of_board, name, place)
            sets.update({id(each): each for each in same})
            # Of several sets the one goes first that was found where the board's source ran it.
            is_best_anywhere = not of_board.only_best or name not in accuracies.found_on_boards
            if place.in_floats and name not in accuracies.scoped and is_best_anywhere:
                everywhere[id(of_board), name] = same
        fitting[number] = same
    in_order = sorted(sets.values(), key=_order)
    index = {id(each): place for place, each in enumerate(in_order)}
    indices = [[index[id(each)] for each in some] for some in fitting]
    return (*_joined(rows, pair, indices), tuple(in_order))


def _first(groups: Integers, figures: Integers) -> Integers:
    """Of each group, numbered from 0 on, the figure that comes first."""
    found = np.zeros(int(groups.max(initial=-1)) + 1, dtype=np.int64)
    found[groups[::-1]] = figures[::-1]
    return found


def _places(stack: Stack, boards: Integers, variants: Integers) -> list[Place]:
    """Where rows ran, by the places of their boards and of their variants."""
    table = stack.table
    sources = stack.distinct(table.latency_ms.source.index)
    of_boards = stack.distinct(table.variant_index)
    on = {
        board: Place.among(
            stack.boards[board],
            map(table.latency_ms.source.names.__getitem__, sources[board]),
            map(table.variants.__getitem__, of_boards[board]),
        )
        for board in distinct(boards).tolist()
    }
    each = zip(boards.tolist(), variants.tolist(), strict=True)
    return [on[board](table.variants[variant]) for board, variant in each]


def _order(each: Weights) -> tuple[str, ...]:
    return each.architecture, each.name, *each.scope, each.note


def _fitting(accuracies: Accuracies, wanted: Wanted, name: str, place: Place) -> list[Weights]:
    """What the wanted sets of a network reach in some place; the user's own goes before others."""
    keys = wanted.by_architecture.get(name, ())
    sets = [each for key in keys if (each := accuracies.at(key, place)) is not None]
    if not sets and accuracies.losses and not place.in_floats:
        sets = [each for key in keys if (each := accuracies.less_loss(key, place)) is not None]
    if not sets and accuracies.measured_losses and not place.in_floats:
        sets = [each for key in keys if (each := accuracies.carried_loss(key, place)) is not None]
    own = [each for each in sets if each.name == OWN]
    if own or (wanted.only_best and len(sets) > 1):
        sets = own or [max(sets, key=lambda each: _preference(each, place, accuracies))]
    return sets


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
    names = {key[1] for key in known} | {ANY_SET}
    foreign = asked is None and name not in names and name in sets  # for networks of another task
    if not name or foreign:
        return Wanted(sorted(known), only_best=True)
    if asked is None and names_unknown(known, board, stand_ins, sets):
        raise unknown_of(board, sets)
    if asked is not None and name not in names:
        raise AdvisorError(f"unknown weights {shown(name)}", closest(name, names))
    wanted = {
        key for key in known if name == ANY_SET or key[1] in (name, f"{name}-{QUANTISED}", OWN)
    }
    wanted |= {key for key in stand_ins.items() if (key[0], name) not in known}
    return Wanted(sorted(wanted), only_best=False)


def names_unknown(
    known: Collection[Key], board: Board, stand_ins: Mapping[str, str], sets: Collection[str]
) -> bool:
    """Whether a board names a set of weights of which nothing is known; see `wanted_weights`."""
    if not board.weights or board.weights in sets or board.weights == ANY_SET:
        return False
    # a table of the user's own need not know the board's
    return OWN not in stand_ins.values() and all(key[1] != board.weights for key in known)


def unknown_of(board: Board, sets: Collection[str]) -> AdvisorError:
    """What is wrong with a board that names a set of weights of which nothing is known; those are `sets`."""
    near = closest(board.weights, sets)
    meant = f"{near} " if near.startswith("did you mean") else ""
    return AdvisorError(
        f"unknown weights {shown(board.weights)} in {board.folder / 'board.yaml'}",
        f"{meant}import accuracies of them, or correct or remove that line; --weights any asks all that are "
        "known",
    )


def _joined(
    rows: Integers, group: Integers, sets: Sequence[Sequence[int]]
) -> tuple[Integers, Integers]:
    """Each row once for every set of weights of its group; once alone, as -1, if there is none.

    Args:
        rows: the rows.
        group: for each row, its group, which is a place in `sets`.
        sets: the sets of each group.
    """
    flat = np.array([*(each for some in sets for each in some), -1], dtype=np.int64)
    count = np.array(list(map(len, sets)), dtype=np.int64)
    first = np.where(count > 0, np.cumsum(count) - count, len(flat) - 1)
    if count.max(initial=0) <= 1:
        return rows, flat[first[group]]
    repeats = np.maximum(count, 1)[group]
    joined, group = np.repeat(rows, repeats), np.repeat(group, repeats)
    step = np.arange(len(joined)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    return joined, flat[first[group] + step]
