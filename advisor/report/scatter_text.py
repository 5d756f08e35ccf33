"""A small scatter plot for the terminal, of plain characters that survive any pipe."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

if TYPE_CHECKING:
    from advisor.catalog.records import Floats, Integers

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


_PREFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_LARGEST_PLAIN = 1e5
_ALIKE = 1e-9
"""Figures that differ by less than this share of themselves are drawn as one."""


@dataclass(frozen=True)
class Scale:
    """An axis made of characters: which cell a figure falls in, and its round numbers.

    Attributes:
        low, high: its ends; both are above zero where it is logarithmic.
        log: whether equal ratios are equally long.
    """

    low: float
    high: float
    log: bool = False

    @classmethod
    def of(cls, figures: Floats, *, log: bool = False) -> Scale:
        """From the least to the greatest of the figures; around it where there is but one.

        Args:
            figures: at least one, all finite, all above zero where `log`.
            log: whether equal ratios are to be equally long.
        """
        low, high = float(figures.min()), float(figures.max())
        if high - low > _ALIKE * max(abs(low), abs(high)):
            return cls(low, high, log)
        around = abs(high) / 10 or 1.0
        return cls(low - around, high + around, log)

    def cells(self, figures: Floats, count: int) -> Integers:
        """The cell of each figure: `low` is in the middle of the first, `high` of the last."""
        low, high, at = self.low, self.high, figures
        if self.log:
            low, high, at = math.log(low), math.log(high), np.log(at)
        found: Integers = np.rint((at - low) / (high - low) * (count - 1)).astype(np.int64)
        return found

    def ticks(self, most: int) -> list[float]:
        """Round numbers on the axis, ascending, about as many as `most` and not more."""
        if self.log:
            for digits in ((1, 2, 5), (1, 3), (1,)):
                found = self._decades(digits)
                if len(found) <= most:
                    break
            if len(found) > 1:
                return found[:: math.ceil(len(found) / most)]
        return self._multiples(most)

    def _decades(self, digits: tuple[int, ...]) -> list[float]:
        first, last = math.floor(math.log10(self.low)), math.floor(math.log10(self.high))
        numbers = (
            float(f"{digit}e{power}") for power in range(first, last + 1) for digit in digits
        )
        return [number for number in numbers if self.low <= number <= self.high]

    def _multiples(self, most: int) -> list[float]:
        """Multiples of the finest step of 1, 2 or 5 at which there are not more than `most`."""
        power = math.floor(math.log10((self.high - self.low) / most))
        steps = (float(f"{digit}e{power + more}") for more in range(3) for digit in (1, 2, 5))
        for step in steps:
            first, last = math.ceil(self.low / step), math.floor(self.high / step)
            if last - first < most:
                break
        return [round(number * step, 1 - power) for number in range(first, last + 1)]


def tick_texts(ticks: list[float]) -> list[str]:
    """Ticks as short as they can be read: "0.05", "20", "25M"; large ones all with a prefix."""
    plain = max(map(abs, ticks), default=0.0) < _LARGEST_PLAIN
    return [f"{tick:.12g}" if plain else _with_prefix(tick) for tick in ticks]


def _with_prefix(tick: float) -> str:
    factor, prefix = next((each for each in _PREFIXES if abs(tick) >= each[0]), (1.0, ""))
    return f"{tick / factor:.12g}{prefix}"


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
