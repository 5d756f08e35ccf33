"""Lines against the batch size, with the networks' names in a column beside them."""

from __future__ import annotations

import math
from typing import Any

import altair as alt

from advisor.report.charts.figure import Figure, Panel, shows_intervals
from advisor.report.charts.labels import LONGEST_IN_LINE, spread, text_width
from advisor.report.charts.marks import (
    FAINT,
    INK,
    LABEL_SIZE,
    Record,
    axis_of,
    of_records,
    records,
)
from advisor.report.charts.scales import WIDTH, Scale, scale_for

BEND, POINT, NAME = 6.0, 34.0, 44.0
"""Where what leads from a line to its name turns, and where the name's point and text begin, in pixels."""
GAP = 16.5
"""Between two names, in pixels."""
HEIGHT = 430
MOST_TICKS = 10
WIDE = 0.1
APART = 30.0
"""The most that the points of one batch size are set apart, in pixels."""


def curves(figure: Figure) -> alt.LayerChart:
    """A figure of lines; each ends at its network's name."""
    (panel,) = figure.panels
    data = records(panel.dots, LONGEST_IN_LINE)
    shown = shows_intervals([dot.y for dot in panel.dots])
    names = max(text_width(record["label"], LABEL_SIZE) for record in data)
    width = WIDTH - NAME - names
    networks = len({record["network"] for record in data})
    height = max(HEIGHT, GAP * networks)
    batches = sorted({record["x"] for record in data})
    x = scale_for(batches, width, logarithmic=True)
    bounds = [record[key] for record in data for key in ("y", "y_low", "y_high") if record[key]]
    y = scale_for(bounds, height, logarithmic=figure.y.logarithmic, downwards=True)
    ticks = batches
    if len(batches) > MOST_TICKS:
        ticks = [size for size in batches if math.log2(size) % 1 == 0] or [batches[0], batches[-1]]
    at_x = axis_of(x, alt.X, "x", title=figure.x.title, values=ticks, format="d")
    at_y = axis_of(y, alt.Y, "y", title=figure.y.title)
    if shown:
        data = beside_each_other(data, x)
    base = of_records(data).encode(x=at_x, y=at_y)
    stroke = alt.Stroke("colour:N", scale=None, legend=None)
    line = base.mark_line(strokeWidth=2, opacity=0.85).encode(stroke=stroke, detail="network:N")
    interval = base.mark_rule(strokeWidth=1.3, opacity=0.55).encode(
        y="y_low:Q", y2="y_high:Q", stroke=stroke
    )
    point = _points(base)
    layers = [*_lines(panel, at_x, at_y), *_names(name_records(data, x, y), at_x, at_y)]
    layers += [interval.transform_filter("isValid(datum.y_low)")] if shown else []
    drawn: alt.LayerChart = alt.layer(*layers, line, point).properties(width=width, height=height)
    return drawn


def beside_each_other(data: list[Record], x: Scale) -> list[Record]:
    """Networks with wide intervals a little apart, so that none covers another."""
    names = list(dict.fromkeys(record["network"] for record in data if _is_wide(record)))
    step = min(6.0, APART / max(len(names) - 1, 1))
    shift = {name: step * (place - (len(names) - 1) / 2) for place, name in enumerate(names)}
    return [
        record | {"x": x.value(x.pixel(record["x"]) + shift.get(record["network"], 0.0))}
        for record in data
    ]


def _is_wide(record: Record) -> bool:
    """Whether a dot's interval sticks out of it by so much that others could hide it."""
    known = record["y_low"] is not None
    return known and bool(record["y_high"] - record["y_low"] > WIDE * record["y"])


def _lines(panel: Panel, at_x: Any, at_y: Any) -> list[Any]:
    return [
        of_records([{"x": along, "y": level} for along, level in line.corners])
        .mark_line(color=FAINT, strokeWidth=1.8, strokeDash=[7, 4], clip=True)
        .encode(x=at_x, y=at_y)
        for line in panel.lines
    ]


def _points(base: Any) -> Any:
    """A network's points: shape by family, hollow where predicted."""
    return base.mark_point(size=58, strokeWidth=1.6, opacity=1).encode(
        stroke=alt.Stroke("colour:N", scale=None, legend=None),
        fill=alt.Fill("fill:N", scale=None, legend=None),
        shape=alt.Shape("shape:N", scale=None, legend=None),
    )


def name_records(data: list[Record], x: Scale, y: Scale) -> list[Record]:
    """The column of names: where each line ends, and where its name stands."""
    ends = {record["network"]: record for record in sorted(data, key=lambda each: each["x"])}
    ordered = sorted(ends.values(), key=lambda end: y.pixel(end["y"]))
    places = spread([y.pixel(end["y"]) for end in ordered], GAP, 4, y.length - 4)
    return [
        end
        | {
            "fill": end["colour"],
            "end_x": end["x"],
            "end_y": end["y"],
            "x": x.value(x.length + POINT),
            "bend": x.value(x.length + BEND),
            "y": y.value(place),
        }
        for end, place in zip(ordered, places, strict=True)
    ]


def _names(names: list[Record], at_x: Any, at_y: Any) -> list[Any]:
    """Names, a point of each network beside its own, and what leads from its line to it."""
    base = of_records(names).encode(x=at_x, y=at_y)
    paths = [
        {"network": name["network"], "colour": name["colour"], "step": step, "x": px, "y": py}
        for name in names
        for step, (px, py) in enumerate(
            [(name["end_x"], name["end_y"]), (name["bend"], name["end_y"]), (name["x"], name["y"])]
        )
    ]
    leader = (
        of_records(paths)
        .mark_line(strokeWidth=1, opacity=0.6, strokeDash=[2, 2])
        .encode(
            x=at_x,
            y=at_y,
            detail="network:N",
            order="step:Q",
            stroke=alt.Stroke("colour:N", scale=None, legend=None),
        )
    )
    text = base.mark_text(align="left", dx=NAME - POINT, fontSize=LABEL_SIZE, color=INK).encode(
        text="label:N"
    )
    return [leader, _points(base), text]
