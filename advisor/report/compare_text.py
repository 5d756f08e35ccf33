"""A comparison on a terminal."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from advisor.report.terminal import Fitted, counted, plain_table, significant
from advisor.solve.compare import Compared

BY_CHANCE = 0.10
"""How many of the 90 % intervals of equal things leave 1 out."""


def compare_text(
    first: str, second: str, rows: Sequence[Compared], note: str = ""
) -> RenderableType:
    """A line a row; what the intervals cannot tell apart stays plain."""
    columns: Mapping[str, Callable[[Compared], str]] = {
        "network": lambda row: row.architecture,
        "batch": lambda row: str(row.batch),
        f"{first}\nms": lambda row: significant(row.first_ms),
        f"{second}\nms": lambda row: significant(row.second_ms),
        "ratio": lambda row: f"{row.ratio:.2f}",
        "90 % interval": _interval,
        "": word,
    }

    def table_of(headings: Sequence[str]) -> Table:
        table = plain_table(*headings)
        table.columns[-1].justify = "left"
        for row in rows:
            style = "bold" if row.significant else None
            table.add_row(*(columns[heading](row) for heading in headings), style=style)
        return table

    table = Fitted(table_of, tuple(columns), (f"{first}\nms", f"{second}\nms"))
    notes = [Text(note)] if note else []
    return Group(table, "", Text(_summary(second, rows)), *notes)


def _interval(row: Compared) -> str:
    return "?" if row.low is None or row.high is None else f"{row.low:.2f} to {row.high:.2f}"


def word(row: Compared) -> str:
    """What a row says, where it says anything for certain."""
    if not row.significant:
        return ""
    return "faster" if row.ratio < 1 else "slower"


def _summary(second: str, rows: Sequence[Compared]) -> str:
    clear = [row for row in rows if row.significant]
    faster = sum(row.ratio < 1 for row in clear)
    mean = math.exp(sum(math.log(row.ratio) for row in rows) / len(rows))
    chance = round(BY_CHANCE * sum(row.low is not None for row in rows))
    return (
        f"{second} takes {mean:.2f} times as long on geometric mean of {counted(len(rows), 'row')}; "
        f"significantly faster in {faster}, significantly slower in {len(clear) - faster}"
        f"{f' (about {chance} would be so by chance)' if chance and clear else ''}."
    )
