"""What runtimes and precisions gain, on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from advisor.report.compare_text import word
from advisor.report.terminal import Fitted, counted, plain_table, significant
from advisor.solve.compare import Compared
from advisor.solve.gains import BASE, Gains

BASE_NAME = " ".join(BASE)


def _interval(row: Compared) -> str:
    if row.low is None or row.high is None:
        return "?"
    return f"{1 / row.high:.2f} to {1 / row.low:.2f}"


COLUMNS: Mapping[str, Callable[[Compared], str]] = {
    "network": lambda row: row.architecture,
    "batch": lambda row: str(row.batch),
    "runtime": lambda row: f"{row.runtime} {row.precision}",
    f"{BASE_NAME}\nms": lambda row: significant(row.first_ms),
    "ms": lambda row: significant(row.second_ms),
    "gain": lambda row: f"{1 / row.ratio:.2f}",
    "90 %\ninterval": _interval,
    "": word,
}
"""What is told of each row, by heading."""

DROPPABLE = (f"{BASE_NAME}\nms", "ms", "batch")
"""What a narrow terminal can do without, the first first."""


def gains_text(board: str, found: Sequence[Gains]) -> RenderableType:
    """A line a row, then the mean of each runtime and precision.

    Args:
        board: the board's name.
        found: at least one.
    """
    rows = [row for each in found for row in each.rows]
    table = Fitted(lambda headings: _table(rows, headings), tuple(COLUMNS), DROPPABLE)
    title = Text(f"{board}: how many times as fast as {BASE_NAME}\n")
    return Group(title, table, "", *(Text(_mean(each)) for each in found))


def _table(rows: Sequence[Compared], headings: Sequence[str]) -> Table:
    table = plain_table(*headings)
    for heading, column in zip(headings, table.columns, strict=True):
        column.no_wrap = True
        if heading in ("runtime", ""):
            column.justify = "left"
    for row in rows:
        style = "bold" if row.significant else None
        table.add_row(*(COLUMNS[heading](row) for heading in headings), style=style)
    return table


def slower_text(found: Sequence[Gains]) -> list[str]:
    """A sentence for each runtime and precision that is significantly slower than the base somewhere."""
    return [_slower(each) for each in found if each.slower]


def _slower(each: Gains) -> str:
    name, rows = f"{each.runtime} {each.precision}", each.slower
    worst = max(rows, key=lambda row: row.ratio)
    where = (
        "everywhere" if len(rows) == len(each.rows) else f"in {len(rows)} of {len(each.rows)} rows"
    )
    return (
        f"{name} is slower than {BASE_NAME} {where}: {worst.ratio:.2g} times as long for "
        f"{worst.architecture} at batch {worst.batch}, {each.factor:.2g} times as fast on geometric mean."
    )


def _mean(each: Gains) -> str:
    return (
        f"{each.runtime} {each.precision} is {each.factor:.2f} times as fast on geometric mean of "
        f"{counted(len(each.rows), 'row')}; significantly faster in {len(each.faster)}, "
        f"significantly slower in {len(each.slower)}."
    )
