"""A small scatter plot for the terminal, of plain characters that survive any pipe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from advisor.report.character_grid import CharacterGrid
from advisor.report.scale import Scale, tick_texts

if TYPE_CHECKING:
    from advisor.catalog.records import Floats

ROWS = 13
"""Rows of the plot itself; titles, ticks and the legend are five more."""

NARROWEST, WIDEST = 12, 110
"""Columns of the plot itself; a wider one would be flat."""

LONGEST_LABEL = 24
"""Characters; what is longer is cut."""


@dataclass(frozen=True)
class Axis:
    """What is drawn along one side.

    Attributes:
        title: what it is, with its unit.
        log: whether equal ratios are to be equally long; figures must then be above zero.
    """

    title: str
    log: bool = False


@dataclass(frozen=True)
class Series:
    """Points that are drawn alike.

    Attributes:
        mark: the character that stands for each.
        meaning: what the legend says of them.
        x: shape (points,).
        y: shape (points,).
        labels: what to write beside each point where there is room, "" for nothing; may be shorter
            than there are points. The first labels find room first.
        style: rich's name of the colour, which a pipe does not carry.
    """

    mark: str
    meaning: str
    x: Floats
    y: Floats
    labels: Sequence[str] = ()
    style: str = ""


@dataclass(frozen=True)
class Scatter:
    """A plot of several series, as wide as the console.

    Attributes:
        x: the axis below.
        y: the axis on the left.
        series: the most important first: where two fall into one cell, the first is seen.
    """

    x: Axis
    y: Axis
    series: Sequence[Series]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the plot line by line."""
        yield from scatter_lines(self, options.max_width)


def scatter_lines(scatter: Scatter, width: int) -> list[Text]:
    """The plot, from the title of the y axis down to the legend.

    Points that are not finite, or not above zero on a logarithmic axis, are not drawn; the legend
    says how many.

    Args:
        scatter: what to draw.
        width: columns; no line but the legend's is longer, unless that leaves the plot itself
            fewer than `NARROWEST`.
    """
    series = [_drawable(each, scatter.x, scatter.y) for each in scatter.series]
    left_out = sum(len(each.x) for each in scatter.series) - sum(len(each.x) for each in series)
    series = [each for each in series if len(each.x)]
    if not series:
        return [Text("There is no point to draw.")]
    across = Scale.of(np.concatenate([each.x for each in series]), log=scatter.x.log)
    up = Scale.of(np.concatenate([each.y for each in series]), log=scatter.y.log)
    heights = up.ticks(ROWS // 2)
    at = (ROWS - 1 - up.cells(np.array(heights), ROWS)).tolist()
    beside = dict(zip(at, tick_texts(heights), strict=True))
    margin = max(map(len, beside.values()), default=0)
    grid = CharacterGrid(max(NARROWEST, min(WIDEST, width - margin - 2)), ROWS)
    _draw(grid, series, across, up)
    return [
        Text(_title(scatter.y)),
        *(
            Text(f"{beside.get(row, ''):>{margin}} {'+' if row in beside else '|'}") + line
            for row, line in enumerate(grid.lines())
        ),
        *(Text(" " * (margin + 1) + line) for line in _below(across, grid.width)),
        Text(_title(scatter.x).rjust(margin + 2 + grid.width)),
        _legend(series, left_out),
    ]


def _title(axis: Axis) -> str:
    return f"{axis.title} (log)" if axis.log else axis.title


def _drawable(series: Series, x: Axis, y: Axis) -> Series:
    """Only the points that the axes can show, with their labels."""
    shown = np.isfinite(series.x) & np.isfinite(series.y)
    for figures, axis in ((series.x, x), (series.y, y)):
        shown &= (figures > 0) | (not axis.log)
    return replace(
        series,
        x=series.x[shown],
        y=series.y[shown],
        labels=[label for label, is_shown in zip(series.labels, shown, strict=False) if is_shown],
    )


def _draw(grid: CharacterGrid, series: Sequence[Series], across: Scale, up: Scale) -> None:
    """Put all marks on the grid, then the labels for which there is room left."""
    columns = [across.cells(each.x, grid.width) for each in series]
    rows = [grid.height - 1 - up.cells(each.y, grid.height) for each in series]
    for each, row, column in zip(series, rows, columns, strict=True):
        grid.mark(row, column, each.mark, each.style)
    longest = min(LONGEST_LABEL, grid.width // 2)
    for each, row, column in zip(series, rows, columns, strict=True):
        for place, label in enumerate(each.labels):
            if label:
                text = _plain(label)
                text = text if len(text) <= longest else text[: longest - 2] + ".."
                grid.label(int(row[place]), int(column[place]), text, each.style)


def _plain(text: str) -> str:
    """`text` with a character a column, whatever the terminal makes of letters beyond ASCII."""
    return "".join(each if " " <= each <= "~" else "?" for each in text)


def _below(across: Scale, width: int) -> Iterator[str]:
    """The line below the plot and the round numbers below it, both beginning at the corner."""
    line, numbers = ["+", *"-" * width], [" "] * (width + 1)
    ticks = across.ticks(max(2, width // 10))
    end = -2
    for column, text in zip(
        across.cells(np.array(ticks), width).tolist(), tick_texts(ticks), strict=True
    ):
        first = max(0, min(column + 1 - len(text) // 2, width + 1 - len(text)))
        if first > end + 1:
            end = first + len(text)
            line[column + 1] = "+"
            numbers[first:end] = text
    yield "".join(line)
    yield "".join(numbers)


def _legend(series: Sequence[Series], left_out: int) -> Text:
    legend = Text("   ").join(
        Text(each.mark, style=each.style) + Text(f" {each.meaning}") for each in series
    )
    return legend + Text(f"   {left_out} not drawn") if left_out else legend
