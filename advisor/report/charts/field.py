"""The field of a scatter: its scales, and what lies where in it, in pixels."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from advisor.catalog.records import Estimate
from advisor.report.charts.figure import Dot, Figure, Panel, shows_intervals
from advisor.report.charts.geometry import Ball
from advisor.report.charts.labels import shortened
from advisor.report.charts.marks import Record, records
from advisor.report.charts.scales import WIDTH, Scale, scale_for

ALONE, STACKED = 470.0, 320.0
"""Height of a panel that is alone, and of one of several, in pixels."""
LARGEST_ALONE, LARGEST_STACKED = 52.0, 23.0
"""Radius of the largest ball, likewise."""
MANY = 20
"""From so many balls on they get smaller."""
SMALL = 6.0
"""Radius of a ball that tells nothing by its area."""


@dataclass(frozen=True)
class Field:
    """Where a figure's panels have what.

    Attributes:
        x, y: the scales.
        area_unit: how many square pixels of a ball's radius squared stand for one of its area; 0 where
            areas tell nothing.
        intervals: the axes on which intervals are drawn.
    """

    x: Scale
    y: Scale
    area_unit: float
    intervals: tuple[str, ...]

    def radius(self, area: float | None) -> float:
        """The radius of a ball, in pixels."""
        return math.sqrt(self.area_unit * area) if self.area_unit and area else SMALL

    def ball(self, dot: Dot) -> Ball:
        """Where a dot stands, and what it is called."""
        name = shortened(dot.network.name)
        x, y = self.x.pixel(dot.x.value), self.y.pixel(dot.y.value)
        return Ball(x, y, self.radius(dot.area), name)

    def along(self, corners: Sequence[tuple[float, float]]) -> list[Ball]:
        """A line as a row of little balls, which names keep clear of."""
        found = []
        pixels = [(self.x.pixel(x), self.y.pixel(y)) for x, y in corners]
        for (x0, y0), (x1, y1) in itertools.pairwise(pixels):
            steps = max(int(math.hypot(x1 - x0, y1 - y0) / 7), 1)
            found += [
                Ball(x0 + (x1 - x0) * step / steps, y0 + (y1 - y0) * step / steps, 1.0, "")
                for step in range(steps + 1)
            ]
        return found


def field_of(figure: Figure) -> Field:
    """Scales on which everything has room."""
    dots = [dot for panel in figure.panels for dot in panel.dots]
    laws = [law for panel in figure.panels for law in (*panel.lines, panel.bound) if law]
    corners = [corner for law in laws for corner in law.corners]
    along: dict[str, list[Estimate]] = {axis: [getattr(dot, axis) for dot in dots] for axis in "xy"}
    ends = [
        [end for each in along[axis] for end in (each.value, each.low, each.high) if end]
        + [max(corner[place] for corner in corners) for _ in corners[:1]]
        for place, axis in enumerate("xy")
    ]
    height, radius = dimensions(figure)
    largest = max((dot.area or 0.0 for dot in dots), default=0.0) if figure.area else 0.0
    margin = (radius if largest else SMALL) + 8
    return Field(
        scale_for(ends[0], WIDTH, margin=margin),
        scale_for(ends[1], height, margin=margin, downwards=True),
        radius**2 / largest if largest else 0.0,
        tuple(axis for axis in "xy" if shows_intervals(along[axis])),
    )


def dimensions(figure: Figure) -> tuple[float, float]:
    """The height of a panel, and the radius of the largest ball, which is less where there are many."""
    alone = len(figure.panels) == 1
    height, radius = (ALONE, LARGEST_ALONE) if alone else (STACKED, LARGEST_STACKED)
    crowd = max(len(panel.dots) for panel in figure.panels)
    return height, radius / max(math.sqrt(crowd / MANY), 1)


def ball_records(panel: Panel, field: Field) -> list[Record]:
    """The data of a panel's balls, the largest first, so that they are drawn below the small."""
    found = [
        # Vega's size of a circle is that of the square around it.
        record | {"size": 4 * field.radius(record["area"]) ** 2}
        for record in records(panel.dots)
    ]
    return sorted(found, key=lambda record: -record["size"])


def bar(dot: Dot, axis: str) -> tuple[tuple[float, float], ...]:
    """The bar of a dot's interval, as corners."""
    estimate = dot.x if axis == "x" else dot.y
    if estimate.low is None or estimate.high is None:
        return ()
    if axis == "x":
        return (estimate.low, dot.y.value), (estimate.high, dot.y.value)
    return (dot.x.value, estimate.low), (dot.x.value, estimate.high)
