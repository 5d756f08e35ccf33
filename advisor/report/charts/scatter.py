"""Balls between two axes, named where there is room, with laws and a key of sizes."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, TypeAlias

import altair as alt

from advisor.report.charts.field import SMALL, Field, ball_records, bar, dimensions, field_of
from advisor.report.charts.figure import Figure, Line, Panel
from advisor.report.charts.geometry import Ball, Box, free_corner
from advisor.report.charts.key import (
    DASHES,
    lines_extent,
    lines_key,
    round_sizes,
    sizes_extent,
    sizes_key,
)
from advisor.report.charts.labels import wrapped
from advisor.report.charts.marks import Record
from advisor.report.charts.placing import Placed, place
from advisor.report.charts.scales import WIDTH, Scale
from advisor.report.charts.style import FAINT, INK, LABEL_SIZE, axis_of, of_records, words_in

Named: TypeAlias = tuple[Ball, Placed | None]

MOST_NAMES = 60
"""More names than these find no room."""
MOST_LINES = 4
"""More lines than these are not spent on names that found none."""
BELOW_THE_AXIS = 52.0
"""Room for the figures and the title of an axis, in pixels."""


def scatter(figure: Figure) -> alt.LayerChart | alt.VConcatChart:
    """A figure of balls; several panels stand above each other on the same scales."""
    field = field_of(figure)
    drawn = [
        _panel(figure, panel, field, keyed=place == 0) for place, panel in enumerate(figure.panels)
    ]
    # The figure's title would take the place of a single panel's own.
    alone = len(drawn) == 1 and drawn[0].title is alt.Undefined
    return drawn[0] if alone else alt.vconcat(*drawn)


def _panel(figure: Figure, panel: Panel, field: Field, *, keyed: bool) -> Any:
    if not panel.dots:
        return words_in(WIDTH, 90, [panel.words]).properties(title=_heading(panel.title))
    at_x = axis_of(field.x, alt.X, "x", title=figure.x.title, domain=False)
    at_y = axis_of(field.y, alt.Y, "y", title=figure.y.title, domain=False)
    data = ball_records(panel, field)
    laws = [each for each in (*panel.lines, panel.bound) if each]
    taken = [field.ball(dot) for dot in panel.dots]
    taken += [ball for law in laws for ball in field.along(law.corners)]
    key, room = _key(figure, panel, field, taken) if keyed else ([], None)
    named = _named(panel, field, room)
    layers = [
        *_shaded(panel.bound, field.y, at_x, at_y),
        *_laws(panel.lines, at_x, at_y),
        *_balls(data, at_x, at_y),
        *_intervals(field, data, at_x, at_y),
        *key,
        *_names(named, field, at_x, at_y),
    ]
    drawn = alt.layer(*layers).properties(width=field.x.length, height=field.y.length)
    title = ": ".join(part for part in (panel.title, panel.words) if part)
    nameless = _nameless(named)
    if title:
        return drawn.properties(title=_heading(title, nameless))
    return drawn.properties(title=_aside(nameless)) if nameless else drawn


def _nameless(named: Sequence[Named]) -> list[str]:
    """What is said, in lines, of the balls whose names found no room."""
    left = [ball.name for ball, found in named if found is None]
    if not left:
        return []
    said = [f"No room for {len(left)} of {len(named)} names: {left[0]}", *left[1:]]
    *lines, last = wrapped(said, ", ", WIDTH, LABEL_SIZE, most_lines=MOST_LINES)
    return [*(f"{line}," for line in lines), last]


def _heading(title: str, said: Sequence[str] = ()) -> alt.TitleParams:
    return alt.TitleParams(
        text=title,
        subtitle=list(said),
        subtitleFontSize=LABEL_SIZE,
        subtitleColor=FAINT,
        subtitlePadding=4,
        anchor="start",
        frame="group",
        fontSize=13.5,
        fontWeight="bold",
        offset=8,
        color=INK,
    )


def _aside(said: Sequence[str]) -> alt.TitleParams:
    """What stands above a panel that has no title."""
    return alt.TitleParams(
        text=list(said),
        anchor="start",
        frame="group",
        fontSize=LABEL_SIZE,
        fontWeight="normal",
        offset=8,
        color=FAINT,
    )


def _balls(data: list[Record], at_x: Any, at_y: Any) -> list[Any]:
    base = of_records(data).encode(x=at_x, y=at_y)
    ball = base.mark_circle(opacity=1, fillOpacity=0.72, strokeWidth=1.6).encode(
        size=alt.Size("size:Q", scale=None, legend=None),
        fill=alt.Fill("fill:N", scale=None, legend=None),
        stroke=alt.Stroke("colour:N", scale=None, legend=None),
    )
    centre = base.mark_circle(opacity=1, size=9, color="#4d4d4d")
    return [ball, centre.transform_filter(f"datum.size > {4 * SMALL**2 + 1}")]


def _intervals(field: Field, data: list[Record], at_x: Any, at_y: Any) -> list[Any]:
    base = of_records(data).encode(x=at_x, y=at_y)
    stroke = alt.Stroke("colour:N", scale=None, legend=None)
    rules = []
    for axis in field.intervals:
        ends: dict[str, Any] = {axis: f"{axis}_low:Q", f"{axis}2": f"{axis}_high:Q"}
        rule = base.mark_rule(strokeWidth=1.4).encode(stroke=stroke, **ends)
        rules.append(rule.transform_filter(f"isValid(datum.{axis}_low)"))
    return rules


def _shaded(bound: Line | None, y: Scale, at_x: Any, at_y: Any) -> list[Any]:
    """A bound, and the side of it where nothing lies."""
    if bound is None:
        return []
    values = [{"x": along, "y": level, "top": y.high} for along, level in bound.corners]
    base = of_records(values).encode(x=at_x, y=at_y)
    return [
        base.mark_area(color="#d9d9d9", opacity=0.6, clip=True).encode(y2="top:Q"),
        base.mark_line(color=FAINT, strokeWidth=1.8, clip=True),
    ]


def _laws(lines: Sequence[Line], at_x: Any, at_y: Any) -> list[Any]:
    drawn = []
    for line, dash in zip(lines, DASHES, strict=False):
        values = [{"x": along, "y": level} for along, level in line.corners]
        base = of_records(values).encode(x=at_x, y=at_y)
        drawn.append(base.mark_line(color=FAINT, strokeWidth=1.8, strokeDash=dash, clip=True))
    return drawn


def _key(
    figure: Figure, panel: Panel, field: Field, taken: Sequence[Ball]
) -> tuple[list[Any], Box | None]:
    """What explains sizes or lines, in a free corner, else below the axis; and the room it takes."""
    labels = [line.label for line in panel.lines if line.label]
    frame = (field.x.length, field.y.length)
    if field.area_unit:
        sizes = round_sizes(dimensions(figure)[1] ** 2 / field.area_unit)
        radii = [field.radius(size) for size in sizes]
        box = _room(sizes_extent(radii, figure.area), frame, taken)
        return sizes_key(box, sizes, radii, figure.area), box
    if labels:
        box = _room(lines_extent(labels), frame, taken)
        return lines_key(box, labels), box
    return [], None


def _room(size: tuple[float, float], frame: tuple[float, float], taken: Sequence[Ball]) -> Box:
    below = frame[1] + BELOW_THE_AXIS
    return free_corner(size, frame, taken) or (0.0, below, size[0], below + size[1])


def _named(panel: Panel, field: Field, room: Box | None) -> list[Named]:
    """The balls, and where their names stand."""
    balls = [field.ball(dot) for dot in panel.dots]
    lines = [each.corners for each in (*panel.lines, panel.bound) if each]
    lines += [bar(dot, axis) for axis in field.intervals for dot in panel.dots]
    others = [ball for corners in lines for ball in field.along(corners)]
    placed = place(
        balls[:MOST_NAMES],
        (field.x.length, field.y.length),
        LABEL_SIZE,
        [room] if room else [],
        [*balls[MOST_NAMES:], *others],
    )
    return list(itertools.zip_longest(balls, placed))


def _names(named: Sequence[Named], field: Field, at_x: Any, at_y: Any) -> list[Any]:
    texts, leaders = [], []
    for ball, found in named:
        if found is None:
            continue
        x, y = field.x.value(found.x), field.y.value(found.y)
        texts.append({"label": ball.name, "x": x, "y": y})
        if found.leader:
            x1, y1, x2, y2 = found.leader
            begin = {"x": field.x.value(x1), "y": field.y.value(y1)}
            leaders.append(begin | {"x2": field.x.value(x2), "y2": field.y.value(y2)})
    rule = of_records(leaders).mark_rule(color="#4d4d4d", strokeWidth=0.9)
    text = of_records(texts).mark_text(
        align="center", baseline="middle", fontSize=LABEL_SIZE, color="#1a1a1a"
    )
    return [
        rule.encode(x=at_x, y=at_y, x2="x2:Q", y2="y2:Q"),
        text.encode(x=at_x, y=at_y, text="label:N"),
    ]
