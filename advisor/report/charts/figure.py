"""What a figure shows, before it is drawn: points, lines, axes, and words where something lacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from advisor.catalog.records import Estimate
from advisor.report.charts.board_data import BoardData, Network

Form = Literal["bars", "curves", "scatter"]
VISIBLE = 0.025
"""The share of an axis that an interval takes before it sticks out of a point."""


@dataclass(frozen=True)
class Axis:
    """An axis: its title with the unit, and whether equal ratios are equally far apart."""

    title: str
    logarithmic: bool = False


@dataclass(frozen=True)
class Dot:
    """One network at one place.

    Attributes:
        network: the network.
        x, y: where it stands; the height of a bar is its `x`, and its `y` means nothing.
        batch: the batch size; `None` where that does not matter.
        area: what the area of its ball tells; `None` where that is unknown or nothing is told.
    """

    network: Network
    x: Estimate
    y: Estimate
    batch: int | None = None
    area: float | None = None

    @property
    def predicted(self) -> bool:
        """Whether a law told it, at least in part."""
        return "predicted" in (self.x.origin, self.y.origin)


@dataclass(frozen=True)
class Line:
    """A law: corners in the units of the axes, and what it is called; "" where that is said elsewhere."""

    corners: tuple[tuple[float, float], ...]
    label: str = ""


@dataclass(frozen=True)
class Panel:
    """One field of a figure.

    Attributes:
        title: what is special about it; "" where it is alone.
        dots: what stands in it.
        lines: laws that are drawn through it.
        bound: a line above which it is shaded, since nothing lies there.
        words: what it says instead of what is lacking.
    """

    title: str = ""
    dots: tuple[Dot, ...] = ()
    lines: tuple[Line, ...] = ()
    bound: Line | None = None
    words: str = ""


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
        panels: from top to bottom.
        area: what the area of a ball tells, with its unit; "" where it tells nothing.
    """

    number: int
    slug: str
    title: str
    said: tuple[str, ...]
    form: Form
    x: Axis
    y: Axis
    panels: tuple[Panel, ...]
    area: str = ""

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


def said_of(data: BoardData, *clauses: str, dots: Sequence[Dot] = ()) -> tuple[str, ...]:
    """What stands under a figure's title: the board, what of it is drawn, and how."""
    board, (runtime, precision) = data.board, data.variant
    name = board.name if board.title in ("", board.name) else f"{board.title} ({board.name})"
    said = [name, f"{runtime}, {precision}" if runtime else "no rows"]
    if data.other_variants:
        others = ", ".join("+".join(each) for each in data.other_variants)
        said[-1] += f" (most rows; not drawn: {others})"
    if any(dot.predicted for dot in dots):
        clauses = (*clauses, "hollow: predicted by the board's laws")
    if any(shows_intervals([getattr(dot, axis) for dot in dots]) for axis in ("x", "y")):
        clauses = (*clauses, "bars: 90 % intervals")
    elif any(_has_interval(each) for dot in dots for each in (dot.x, dot.y)):
        clauses = (*clauses, "90 % intervals: within the points")
    return (*said, *(clause for clause in clauses if clause))


def _has_interval(estimate: Estimate) -> bool:
    """Whether an interval is known that has a width."""
    return estimate.low is not None and estimate.low != estimate.high


def shows_intervals(estimates: Sequence[Estimate]) -> bool:
    """Whether the intervals on an axis are worth drawing: some stick out of their points."""
    values = [each.value for each in estimates]
    extent = max(values, default=0.0) - min(values, default=0.0)
    widths = [each.high - each.low for each in estimates if each.high and each.low is not None]
    return max(widths, default=0.0) > VISIBLE * (extent or max(values, default=0.0))


def accuracy_clause(data: BoardData) -> str:
    """Whose accuracy it is."""
    if data.board.weights:
        return f"weights: {data.weights}"
    return f"weights: {data.weights} (the board names none)"


def share_clause(shown: int, networks: int, why: str) -> str:
    """How many networks are left out, and why; "" where none is."""
    left = networks - shown
    if not left:
        return ""
    return f"{left} of {networks} networks left out: {why}"
