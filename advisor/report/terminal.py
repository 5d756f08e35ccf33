"""What all answers on a terminal share: numbers as people read them, and tables that fit."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import NamedTuple

from rich import box
from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, JustifyMethod, RenderResult
from rich.table import Column, Table

from advisor.metrics import EVERY
from advisor.quality import Quality
from advisor.quantities import COUNT, PERCENT, Dimension, rounded

BEST_WEIGHTS = "each network's best published weights"
"""What is chosen from where a board's source names none, or a network lacks the set that it names."""


def significant(value: float) -> str:
    """Three significant digits, whole numbers from 100 on: 0.313, 25.4, 1,383."""
    return f"{value:,.0f}" if value >= 99.95 else f"{value:#.3g}".removesuffix(".")


def written(value: float, dimension: Dimension) -> str:
    """A figure as tables show it, in the dimension's unit."""
    if dimension is PERCENT:
        return f"{value:.2f}"
    return rounded(value) if dimension is COUNT else significant(value)


def heading(key: str, quality: Quality) -> str:
    """What stands above a column of a metric, where accuracy is stated in this."""
    metric = quality.worded(key)
    return f"{metric.heading}\n{metric.unit}"


def figure(key: str, value: float | None) -> str:
    """A metric's figure without its unit; "?" where unknown."""
    return "?" if value is None else written(value, EVERY[key].dimension)


def with_unit(key: str, value: float | None) -> str:
    """A metric's figure with its unit."""
    return f"{figure(key, value)} {EVERY[key].unit}".strip()


def magnitude(ratio: float) -> str:
    """An unsigned percentage: "31%", "0.4%"; what is out of proportion is not spelt out."""
    hundredfold = 100 * abs(ratio)
    if hundredfold > 999.5:
        return ">999%"
    if 0 < hundredfold < 0.05:
        return "<0.1%"
    return f"{hundredfold:.1f}%" if hundredfold < 1 else f"{hundredfold:.0f}%"


def percent(ratio: float) -> str:
    """A signed percentage: "+31%", "-0.4%"; what is out of proportion is not spelt out."""
    size = magnitude(ratio)
    bound, digits = (size[0], size[1:]) if size[0] in "<>" else ("", size)
    if ratio >= 0:
        return f"{bound}+{digits}"
    flipped = {"<": ">", ">": "<"}.get(bound, "")  # beyond -999% is below it
    return f"{flipped}-{digits}"


def counted(count: int, noun: str) -> str:
    """A count with its noun: "1 board", "2 boards"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def duration_text(seconds: float) -> str:
    """Seconds where there are few, else minutes."""
    minutes = seconds / 60
    return f"{seconds:.0f} s" if minutes < 2 else f"{minutes:.0f} min"


_RULE = box.Box("    \n    \n -- \n    \n    \n    \n    \n    \n")
"""A line below the header and nothing else, so that rows stay narrow."""

LONG_NAME = 24
"""Of names longer than that a narrow table shows both ends, before it leaves out a column; lines it wraps."""
SHORT_NAME = 16
"""In columns that are narrower than that names take two lines: less would not say which is meant."""
NARROW = 12
"""Before a column of words that has such long ones is narrower, columns of figures are left out."""
NARROWEST = 6
"""It is never narrower than that."""
ELLIPSIS = "..."
_PARTS = re.compile(r"(?<=[-_:/])|(?<=\.)(?!\d)|(?=@)")
"""Where a name may be folded."""


def plain_table(*headings: str, left: int | Collection[str] = 1) -> TextTable:
    """An empty table in the house style.

    Args:
        headings: above its columns.
        left: the columns of words, by heading or the first so many. They stand to the left, and may be
            wrapped and shortened; all others hold figures, which are shown whole at any width.
    """
    padding = 1 if len(headings) <= 9 else 0
    table = TextTable(box=_RULE, padding=(0, padding, 0, 0), show_edge=False, pad_edge=False)
    for place, heading in enumerate(headings):
        words = place < left if isinstance(left, int) else heading in left
        justify: JustifyMethod = "left" if words else "right"
        table.add_column(heading, justify=justify, overflow="fold", no_wrap=not words)
    return table


class _Width(NamedTuple):
    """How wide a column is: in the extreme, at least, long names shortened, words or lines whole."""

    narrowest: int
    narrow: int
    least: int
    word: int
    line: int

    @classmethod
    def of(cls, column: Column) -> _Width:
        """The widths of a column, by its heading and its cells."""
        lines = [line for each in (column.header, *column.cells) for line in str(each).split("\n")]
        whole = max(map(cell_len, lines))
        if column.justify == "right":
            return cls(*[whole] * 5)
        heading, word = _longest_word([str(column.header)]), _longest_word(lines)
        narrowest, narrow = (max(heading, min(word, limit)) for limit in (NARROWEST, NARROW))
        least = max(heading, min(whole, LONG_NAME))
        return cls(narrowest, narrow, least, word, whole)


def _longest_word(lines: Sequence[str]) -> int:
    """How long it is, with what a line is indented by."""
    return max(cell_len(each) for line in lines for each in re.findall(r"^\s*\S*|\S+", line))


class TextTable(Table):
    """A table whose words give way to its figures: they are wrapped, then shortened in their middle."""

    @property
    def narrow_width(self) -> int:
        """The least width at which all figures are whole."""
        return sum(_Width.of(each).narrow for each in self.columns) + self._between

    @property
    def least_width(self) -> int:
        """The least width at which names are whole, too, but for long ones."""
        return sum(_Width.of(each).least for each in self.columns) + self._between

    @property
    def _between(self) -> int:
        """What stands between the columns, all together."""
        return (len(self.columns) - 1) * (1 + self.padding[1])

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the table; wider than the terminal where figures alone are."""
        widths = _shared(
            [_Width.of(each) for each in self.columns], options.max_width - self._between
        )
        drawn = copy(self)
        drawn.columns, drawn.rows = [], []
        for column, width in zip(self.columns, widths, strict=True):
            drawn.columns.append(replace(column, width=width, _cells=[]))
        columns = [
            _shortened([str(cell) for cell in column.cells], width)
            for column, width in zip(self.columns, widths, strict=True)
        ]
        for row, cells in zip(self.rows, zip(*columns, strict=True), strict=True):
            drawn.add_row(*cells, style=row.style)
        width = max(options.max_width, sum(widths) + self._between)
        yield from Table.__rich_console__(drawn, console, options.update_width(width))


def _shared(columns: Sequence[_Width], room: int) -> list[int]:
    """The widths of columns in so much room: words are made whole before lines are."""
    widths = [each.least for each in columns]
    while sum(widths) > room:
        yielding = [place for place, each in enumerate(columns) if widths[place] > each.narrowest]
        if not yielding:
            return widths
        widths[max(yielding, key=widths.__getitem__)] -= 1
    for wanted in ([each.word for each in columns], [each.line for each in columns]):
        lack = [max(want - width, 0) for want, width in zip(wanted, widths, strict=True)]
        spare = min(room - sum(widths), sum(lack))
        for place, each in enumerate(lack):
            widths[place] += spare * each // (sum(lack) or 1)
    return widths


def _shortened(cells: Sequence[str], width: int) -> list[str]:
    """Cells of which words that are too long for so much width show both ends, if no two look alike so."""
    words = {word for cell in cells for word in cell.split()}
    short = {word: _ends(word, width) for word in words}
    times = Counter(short.values())
    short |= {word: _folded(word, width) for word in words if times[short[word]] > 1}
    return [re.sub(r"\S+", lambda found: short[found[0]], cell) for cell in cells]


def _ends(word: str, width: int) -> str:
    two_lines = width < SHORT_NAME
    if cell_len(word) <= width:
        return word
    if two_lines and cell_len(word) <= 2 * width:
        folded = _folded(word, width)
        return folded if folded.count("\n") == 1 else word  # the column folds it where it is full
    tail = width if two_lines else (width - len(ELLIPSIS)) // 2
    head = width - len(ELLIPSIS) - (0 if two_lines else tail)
    return set_cell_size(word, head) + ELLIPSIS + set_cell_size(word[::-1], tail)[::-1]


def _folded(word: str, width: int) -> str:
    """A word in lines, broken between its parts where that is possible, so that no number in it is."""
    lines = []
    while cell_len(word) > width:
        ends = [found.start() for found in _PARTS.finditer(word)]
        fitting = [end for end in ends if end > 0 and cell_len(word[:end]) <= width]
        end = max(fitting, default=len(set_cell_size(word, width).rstrip()) or 1)
        lines.append(word[:end])
        word = word[end:]
    return "\n".join([*lines, word])


@dataclass(frozen=True)
class Fitted:
    """A table that is built again with fewer columns until it fits.

    Attributes:
        build: makes the table with these columns.
        keys: all columns, in their order.
        droppable: those that may be left out, the least important first.
        needed: those that are left out only where names cannot be shortened any more, likewise.
    """

    build: Callable[[Sequence[str]], TextTable]
    keys: Sequence[str]
    droppable: Sequence[str]
    needed: Sequence[str] = ()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the widest table that fits, its names shortened where they must be; else the narrowest."""
        table = self.build(self.keys)
        keys = list(self.keys)
        for key in self.droppable:
            if table.least_width <= options.max_width:
                break
            keys.remove(key)
            table = self.build(keys)
        for key in self.needed:
            if table.narrow_width <= options.max_width:
                break
            keys.remove(key)
            table = self.build(keys)
        yield table
