"""Dots as the data of a chart: what stands where, how sure, and how it looks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from advisor.report.charts.figure import Dot
from advisor.report.charts.labels import shortened
from advisor.report.charts.palette import colour, shape

Record = dict[str, Any]


def records(dots: Iterable[Dot]) -> list[Record]:
    """One record for each dot, in their order."""
    return [
        {
            "network": dot.network.name,
            "label": shortened(dot.network.name),
            "batch": dot.batch,
            "x": dot.x.value,
            "x_low": dot.x.low,
            "x_high": dot.x.high,
            "y": dot.y.value,
            "y_low": dot.y.low,
            "y_high": dot.y.high,
            "area": dot.area,
            "predicted": dot.predicted,
            "colour": colour(dot.network.name, dot.network.family),
            "fill": "white" if dot.predicted else colour(dot.network.name, dot.network.family),
            "shape": shape(dot.network.family),
        }
        for dot in dots
    ]
