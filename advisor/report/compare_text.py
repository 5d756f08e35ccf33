"""A comparison on a terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from advisor.report.figures import counted, plain_table, significant
from advisor.solve.compare import Compared

BY_CHANCE = 0.10
"""How many of the 90 % intervals of equal things leave 1 out."""


def compare_text(
    first: str, second: str, rows: Sequence[Compared], note: str = ""
) -> RenderableType:
    """A line a row; what the intervals cannot tell apart stays plain."""
    table = plain_table(
        "network", "batch", f"{first}\nms", f"{second}\nms", "ratio", "90 % interval", ""
    )
    table.columns[6].justify = "left"
    for row in rows:
        interval = (
            "?" if row.low is None or row.high is None else f"{row.low:.2f} to {row.high:.2f}"
        )
        table.add_row(
            row.architecture,
            str(row.batch),
            significant(row.first_ms),
            significant(row.second_ms),
            f"{row.ratio:.2f}",
            interval,
            _word(row) if row.significant else "",
            style="bold" if row.significant else None,
        )
    notes = [Text(note)] if note else []
    return Group(table, "", Text(_summary(second, rows)), *notes)


def _word(row: Compared) -> str:
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
