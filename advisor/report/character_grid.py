"""Marks and words on a grid of characters, none on top of another."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from rich.text import Text

if TYPE_CHECKING:
    from advisor.catalog.records import Integers


class CharacterGrid:
    """A grid of characters, empty at first; row 0 is at the top.

    Attributes:
        width: columns.
        height: rows.
    """

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._cells: dict[tuple[int, int], tuple[str, str]] = {}

    def mark(self, rows: Integers, columns: Integers, mark: str, style: str) -> None:
        """Put a mark at each place that is still empty; all places lie on the grid."""
        for place in np.unique(rows * self.width + columns).tolist():
            self._cells.setdefault(divmod(place, self.width), (mark, style))

    def label(self, row: int, column: int, text: str, style: str) -> bool:
        """Write `text` beside a place, where there is room; return whether there was."""
        for beside, first in _spots(row, column, len(text)):
            if self._is_empty(beside, first, first + len(text)):
                for step, character in enumerate(text):
                    self._cells[beside, first + step] = (character, style)
                return True
        return False

    def _is_empty(self, row: int, first: int, end: int) -> bool:
        """Whether these columns and one to either side are empty, and off the grid's left edge."""
        if not (0 <= row < self.height and first > 0 and end <= self.width):
            return False
        return not any((row, column) in self._cells for column in range(first - 1, end + 1))

    def lines(self) -> list[Text]:
        """The rows, from the top."""
        lines = []
        for row in range(self.height):
            line = Text()
            for column in range(self.width):
                line.append(*self._cells.get((row, column), (" ", "")))
            lines.append(line)
        return lines


def _spots(row: int, column: int, length: int) -> Iterable[tuple[int, int]]:
    """Where a text of this length may begin beside a place, the clearest first."""
    right, left, centred = column + 1, column - length, column - length // 2
    return (
        *((row, right + 1), (row, left - 1)),
        *((row - 1, left), (row + 1, right), (row - 1, right), (row + 1, left)),
        *((row - 1, centred), (row + 1, centred)),
    )
