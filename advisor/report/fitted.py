"""Tables that give up their least important columns where the terminal is narrow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table


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
            for column in table.columns:
                column.no_wrap = False
        yield table


def _width(console: Console, options: ConsoleOptions, table: Table) -> int:
    """The least width at which no number or name is broken."""
    wide = options.update_width(10_000)
    width = Measurement.get(console, wide, table).minimum
    for column in table.columns:
        if column.no_wrap:  # else it is measured by its longest word
            cells = [
                Measurement.get(console, wide, each) for each in (column.header, *column.cells)
            ]
            width += max(each.maximum for each in cells) - max(each.minimum for each in cells)
    return width
