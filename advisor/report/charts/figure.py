"""What a figure shows, before it is drawn: points, lines, axes, and words for what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from advisor.catalog.records import Estimate

Form = Literal["bars", "curves", "intervals", "scatter"]
DECADE = 10.0
"""The ratio of the greatest to the least figure from which an axis is logarithmic."""
VISIBLE = 0.025
"""The share of an axis that an interval takes before it sticks out of a point."""


@dataclass(frozen=True)
class Axis:
    """What is drawn along one side.

    Attributes:
        title: what it is, with its unit.
        logarithmic: whether equal ratios are equally far apart.
        decimals: of its figures where they are written; three significant digits if `None`.
    """

    title: str
    logarithmic: bool = False
    decimals: int | None = None


@dataclass(frozen=True)
class Dot:
    """One network at one place.

    Attributes:
        network: its name.
        family: its family, which decides how it looks; `None` where all look alike.
        x, y: where it stands; the height of a bar is its `x`, and its `y` means nothing.
        batch: the batch size; `None` where that does not matter.
        area: what the area of its ball stands for; `None` where that is unknown or it means nothing.
        named: whether its name is written beside it.
        asked: whether its name is written even where that covers something, since somebody asked for it.
        picked: whether it is the one that is picked.
        label: what is written for it; "" for its network's name.
    """

    network: str
    family: str | None
    x: Estimate
    y: Estimate
    batch: int | None = None
    area: float | None = None
    named: bool = True
    asked: bool = False
    picked: bool = False
    label: str = ""

    @property
    def name(self) -> str:
        """What is written for it."""
        return self.label or self.network

    @property
    def predicted(self) -> bool:
        """Whether it comes from a fitted model, at least in part."""
        return "predicted" in (self.x.origin, self.y.origin)


@dataclass(frozen=True)
class Line:
    """A relation of x and y.

    Attributes:
        corners: in the units of the axes.
        label: what it is called; "" where that is said elsewhere.
    """

    corners: tuple[tuple[float, float], ...]
    label: str = ""


@dataclass(frozen=True)
class Panel:
    """One field of a figure.

    Attributes:
        title: what is special about it; "" where it is alone.
        dots: what stands in it.
        lines: what is drawn through it.
        bound: a line above which it is shaded, since nothing lies there.
        band: two lines between which it is shaded.
        behind: places of what is drawn faint and nameless behind everything.
        x, y: its own axes, where its figures are of another kind than those of other panels.
        words: what it says instead of what is lacking.
    """

    title: str = ""
    dots: tuple[Dot, ...] = ()
    lines: tuple[Line, ...] = ()
    bound: Line | None = None
    band: tuple[Line, Line] | None = None
    behind: tuple[tuple[float, float], ...] = ()
    x: Axis | None = None
    y: Axis | None = None
    words: str = ""

    @property
    def all_lines(self) -> tuple[Line, ...]:
        """The lines, and the bound if there is one."""
        return (*self.lines, self.bound) if self.bound else self.lines


@dataclass(frozen=True)
class Figure:
    """A whole figure.

    Attributes:
        number: its number in the paper.
        slug: what its file is called.
        title: what is held against what.
        said: what a reader must know, clause by clause.
        form: how its dots are drawn.
        x, y: the axes.
        panels: row by row.
        columns: how many panels stand side by side.
        area: what the area of a ball stands for, with its unit; "" where it means nothing.
    """

    number: int
    slug: str
    title: str
    said: tuple[str, ...]
    form: Form
    x: Axis
    y: Axis
    panels: tuple[Panel, ...]
    columns: int = 1
    area: str = ""

    @property
    def dots(self) -> tuple[Dot, ...]:
        """What stands in all its panels."""
        return tuple(dot for panel in self.panels for dot in panel.dots)

    @property
    def lacks(self) -> tuple[str, ...]:
        """What it says that the board lacks, panel by panel."""
        return tuple(panel.words for panel in self.panels if panel.words)

    @property
    def file_stem(self) -> str:
        """The name of its file, without its ending."""
        return f"figure-{self.number:02d}-{self.slug}"


def exact(value: float) -> Estimate:
    """A number that is known, such as a batch size."""
    return Estimate(value, value, value, "declared", "")


def spans_decade(values: Sequence[float]) -> bool:
    """Whether figures are so far apart that equal ratios should be equally far apart."""
    least = min(values, default=0.0)
    return 0 < least * DECADE <= max(values)


def has_interval(estimate: Estimate) -> bool:
    """Whether an interval is known that has a width."""
    return estimate.low is not None and estimate.low != estimate.high


def shows_intervals(estimates: Sequence[Estimate]) -> bool:
    """Whether the intervals on an axis are worth drawing: some stick out of their points."""
    values = [each.value for each in estimates]
    extent = max(values, default=0.0) - min(values, default=0.0)
    widths = [each.high - each.low for each in estimates if each.high and each.low is not None]
    return max(widths, default=0.0) > VISIBLE * (extent or max(values, default=0.0))
