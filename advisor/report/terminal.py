"""What all answers on a terminal share: numbers as people read them, and tables that fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, JustifyMethod, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

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


def plain_table(*headings: str, left: int = 1) -> Table:
    """An empty table in the house style: the first `left` columns to the left, the rest right."""
    padding = 1 if len(headings) <= 9 else 0
    table = Table(box=_RULE, padding=(0, padding, 0, 0), show_edge=False, pad_edge=False)
    for place, heading in enumerate(headings):
        justify: JustifyMethod = "left" if place < left else "right"
        table.add_column(heading, justify=justify, overflow="fold", no_wrap=justify == "right")
    return table


@dataclass(frozen=True)
class Fitted:
    """A table that is built again with fewer columns until it fits.

    Attributes:
        build: makes the table with these columns.
        keys: all columns, in their order.
        droppable: those that may be left out, the least important first.
    """

    build: Callable[[Sequence[str]], Table]
    keys: Sequence[str]
    droppable: Sequence[str]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the widest table that fits; the narrowest, its cells folded, if none does."""
        keys = list(self.keys)
        table = self.build(keys)
        for key in self.droppable:
            if _width(console, options, table) <= options.max_width:
                break
            keys.remove(key)
            table = self.build(keys)
        if _width(console, options, table) > options.max_width:
            for column in table.columns:  # words may be folded; a figure cut in two is another one
                column.no_wrap = column.justify == "right"
        yield table


def _width(console: Console, options: ConsoleOptions, table: Table) -> int:
    """The least width at which no number or name is broken."""
    wide = options.update_width(10_000)
    table = _widest_cells(table)
    width = Measurement.get(console, wide, table).minimum
    for column in table.columns:
        if column.no_wrap:  # else it is measured by its longest word
            cells = [
                Measurement.get(console, wide, each) for each in (column.header, *column.cells)
            ]
            width += max(each.maximum for each in cells) - max(each.minimum for each in cells)
    return width


def _widest_cells(table: Table) -> Table:
    """A table as wide as this one, of each column's cells with the longest word and the longest line alone.

    Measuring takes long, and is done for every column that may have to be left out.
    """
    columns = [list(column.cells) for column in table.columns]
    widest = [[max(cells, key=_line), max(cells, key=_word)] for cells in columns if cells]
    if len(table.rows) <= 2 or not all(
        isinstance(cell, str | Text) for each in columns for cell in each
    ):
        return table
    slim = copy(table)
    slim.columns, slim.rows = [column.copy() for column in table.columns], []
    for row in zip(*widest, strict=True):
        slim.add_row(*row)
    return slim


def _line(cell: RenderableType) -> int:
    return max(map(cell_len, str(cell).split("\n")))


def _word(cell: RenderableType) -> int:
    return max(map(cell_len, str(cell).split()), default=0)
