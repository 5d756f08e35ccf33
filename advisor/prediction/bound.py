"""What no known network exceeds: the least line above all points."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from advisor.catalog.records import Floats


@dataclass(frozen=True)
class Bound:
    """y <= intercept - slope * x, for known points.

    Attributes:
        intercept: in the unit of y.
        slope: not negative; unit of y per unit of x.
        range: the least and greatest x of the points; beyond it the line says nothing.
        points: how many points there are.
    """

    intercept: float
    slope: float
    range: tuple[float, float]
    points: int

    def __call__(self, x: Floats) -> Floats:
        """The bound at each x."""
        return self.intercept - self.slope * x

    def holds_at(self, x: float) -> bool:
        """Whether x lies within the range of the points."""
        return self.range[0] <= x <= self.range[1]


def least_line_above(x: Floats, y: Floats) -> Bound:
    """The line on or above all points, nowhere rising, of the least mean distance to them.

    It runs along the edge of the points' upper hull that spans their mean x; where the hull still
    rises there, it is level.

    Raises:
        ValueError: there is no point.
    """
    if not len(x):
        raise ValueError("a bound needs points")
    hull = _upper_hull(x, y)
    edges = itertools.pairwise(hull)
    middle, highest = float(np.mean(x)), float(np.max(y))
    intercept, slope = highest, 0.0
    for (x0, y0), (x1, y1) in edges:
        if x0 <= middle <= x1 and y1 < y0:
            slope = (y0 - y1) / (x1 - x0)
            intercept = y0 + slope * x0
    return Bound(intercept, slope, (float(np.min(x)), float(np.max(x))), len(x))


def _upper_hull(x: Floats, y: Floats) -> list[tuple[float, float]]:
    """The falling corners of the upper convex hull, from left to right."""
    order = np.argsort(-x)
    highest = np.maximum.accumulate(y[order])
    # Only points above all that lie to their right can be corners of a falling hull.
    kept = order[np.append(True, y[order][1:] > highest[:-1])]
    kept = kept[np.lexsort((y[kept], x[kept]))]
    hull: list[tuple[float, float]] = []
    for point in zip(x[kept].tolist(), y[kept].tolist(), strict=True):
        while hull and (hull[-1][0] == point[0] or _not_above(hull, point)):
            hull.pop()
        hull.append(point)
    return hull


def _not_above(hull: list[tuple[float, float]], point: tuple[float, float]) -> bool:
    """Whether the last corner lies on or below the line from the one before it to `point`."""
    if len(hull) < 2:
        return False
    (x0, y0), (x1, y1) = hull[-2:]
    return (y1 - y0) * (point[0] - x0) <= (point[1] - y0) * (x1 - x0)
