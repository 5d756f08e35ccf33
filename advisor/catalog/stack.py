"""Boards with their rows below one another: what is asked of all of them is asked once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.records import Board, Measurements, distinct

if TYPE_CHECKING:
    from advisor.catalog.records import Booleans, Integers

SPARSE = 30
"""Pairs are counted in a table of all that there could be, unless that is so many times larger."""


@dataclass(frozen=True)
class Stack:
    """Boards with their rows below one another.

    Attributes:
        boards: the boards.
        table: the rows of all of them.
        row_board: for each row, the place of its board, ascending; shape (rows,).
    """

    boards: tuple[Board, ...]
    table: Measurements
    row_board: Integers

    @classmethod
    def of(cls, boards: Sequence[Board], tables: Sequence[Measurements]) -> Stack:
        """Boards, and the rows of each."""
        row_board = np.repeat(np.arange(len(tables)), list(map(len, tables)))
        return cls(tuple(boards), Measurements.stacked(tables), row_board)

    @classmethod
    def merged(cls, stacks: Sequence[Stack]) -> Stack:
        """The boards of some stacks in the order of their names."""
        boards = [board for each in stacks for board in each.boards]
        order = sorted(range(len(boards)), key=lambda place: boards[place].name)
        place = np.empty(len(boards), dtype=np.int64)
        place[order] = np.arange(len(boards))
        before = np.cumsum([0, *map(len, stacks)])[:-1].tolist()
        row_board = place[
            np.concatenate(
                [each.row_board + start for each, start in zip(stacks, before, strict=True)]
            )
        ]
        rows = np.argsort(row_board, kind="stable")
        table = Measurements.stacked([each.table for each in stacks]).take(rows)
        return cls(tuple(boards[each] for each in order), table, row_board[rows])

    def __len__(self) -> int:
        return len(self.boards)

    @cached_property
    def _ends(self) -> list[int]:
        counts = np.bincount(self.row_board, minlength=len(self))
        return [0, *np.cumsum(counts).tolist()]

    def rows(self, place: int) -> slice:
        """Which rows are those of the board at a place."""
        return slice(self._ends[place], self._ends[place + 1])

    def measurements(self, place: int) -> Measurements:
        """The rows of the board at a place."""
        if len(self) == 1:
            return self.table
        rows = self.rows(place)
        return self.table.take(np.arange(rows.start, rows.stop))

    @property
    def networks(self) -> list[str]:
        """The networks of all rows, by name."""
        return [
            self.table.architecture.names[each] for each in distinct(self.table.architecture.index)
        ]

    @cached_property
    def pairs(self) -> tuple[Integers, Integers]:
        """Each board's networks: the place of the board and that of the name, ascending."""
        column = self.table.architecture
        return distinct_pairs(self.row_board, column.index, len(column.names))

    def distinct(self, numbers: Integers) -> list[list[int]]:
        """For each board, the distinct ones of a column of whole numbers from 0 on, ascending."""
        found: list[list[int]] = [[] for _ in self.boards]
        boards, each = distinct_pairs(self.row_board, numbers, int(numbers.max(initial=0)) + 1)
        for board, number in zip(boards.tolist(), each.tolist(), strict=True):
            found[board].append(number)
        return found

    def have(self, rows: Booleans) -> list[bool]:
        """For each board, whether it has any of some rows."""
        found: list[bool] = (np.bincount(self.row_board[rows], minlength=len(self)) > 0).tolist()
        return found


def distinct_pairs(one: Integers, other: Integers, many: int) -> tuple[Integers, Integers]:
    """The distinct pairs of two columns of whole numbers from 0 on, ascending.

    Args:
        one: of each pair the first number.
        other: the second, less than `many`.
        many: see `other`.

    Returns:
        The first and the second number of each distinct pair.
    """
    if not len(one):
        return one, one
    key = one * many + other
    found = np.unique(key) if _is_sparse(key) else np.flatnonzero(np.bincount(key))
    return found // many, found % many


def numbered_pairs(
    one: Integers, other: Integers, many: int
) -> tuple[Integers, Integers, Integers]:
    """The same, and for each pair of the columns which of these it is."""
    if not len(one):
        return one, one, one
    key = one * many + other
    if _is_sparse(key):
        found, which = np.unique(key, return_inverse=True)
    else:
        there = np.bincount(key) > 0
        found, which = np.flatnonzero(there), (np.cumsum(there) - 1)[key]
    return found // many, found % many, which


def _is_sparse(keys: Integers) -> bool:
    """Whether a table of all that there could be is too large to count them in."""
    return int(keys.max()) > SPARSE * len(keys) + 1_000_000
