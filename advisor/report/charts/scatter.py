"""Balls between two axes, named where there is room, with lines and a key of sizes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import altair as alt

from advisor.catalog.records import Estimate
from advisor.report.charts.figure import Axis, Dot, Figure, Line, Panel, shows_intervals
from advisor.report.charts.labels import Ball, Box, Placed, apart, free_corner, place, wrapped
from advisor.report.charts.marks import (
    DASHES,
    FAINT,
    INK,
    LABEL_SIZE,
    QUIET,
    Record,
    axis_of,
    families_extent,
    families_key,
    lines_extent,
    lines_key,
    of_records,
    records,
    round_sizes,
    sizes_extent,
    sizes_key,
    words_in,
)
from advisor.report.charts.palette import SHAPES
from advisor.report.charts.scales import WIDTH, Scale, scale_for

Named: TypeAlias = tuple[Ball, Placed | None]

ALONE, STACKED = 470.0, 320.0
"""Height of a panel that is alone, and of one of several, in pixels."""
BESIDE = 90.0
"""Between two panels that stand side by side, with the figures and the title of an axis, in pixels."""
LARGEST_ALONE, LARGEST_STACKED = 52.0, 23.0
"""Radius of the largest ball, likewise."""
MANY = 20
"""From so many balls on they get smaller."""
SMALL, SMALLEST = 6.0, 3.2
"""Radius of a ball whose area means nothing; that where there are very many."""
FULL = 60
"""From so many of these on they get smaller."""
SPECK = 1.5
"""Radius of the least ball, which would be too small to be seen."""
RING = 5.0
"""Between a point and the ring around it, in pixels."""
GRAIN = 3.0
"""Of faint points nearer to each other than these many pixels one is drawn."""
MOST_NAMES = 60
"""More names than these find no room."""
MOST_LINES = 4
"""More lines than these are not spent on names that found none."""
BELOW_THE_AXIS = 52.0
"""Room for the figures and the title of an axis, in pixels."""


@dataclass(frozen=True)
class Field:
    """Where a figure's panels have what.

    Attributes:
        x, y: the scales.
        area_unit: how many square pixels of a ball's radius squared stand for one of its area; 0 where
            areas mean nothing.
        small: the radius of a ball whose area is unknown or means nothing.
        intervals: the axes on which intervals are drawn.
    """

    x: Scale
    y: Scale
    area_unit: float
    small: float
    intervals: tuple[str, ...]

    def radius(self, area: float | None) -> float:
        """The radius of a ball, in pixels."""
        if not (self.area_unit and area):
            return self.small
        return max(math.sqrt(self.area_unit * area), SPECK)

    def ball(self, dot: Dot, name: str = "") -> Ball:
        """Where a dot stands, and what it is called."""
        x, y = self.x.pixel(dot.x.value), self.y.pixel(dot.y.value)
        radius = self.radius(dot.area) + (RING if dot.picked else 0.0)
        return Ball(x, y, radius, name or dot.name, asked=dot.asked)

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


def field_of(figure: Figure, panels: Sequence[Panel]) -> Field:
    """Scales on which everything in some panels has room; they have the axes of the first."""
    dots = [dot for panel in panels for dot in panel.dots]
    along: dict[str, list[Estimate]] = {axis: [getattr(dot, axis) for dot in dots] for axis in "xy"}
    axes = axes_of(figure, panels[0])
    ends = [_ends(panels, along[axis], place) for place, axis in enumerate("xy")]
    (width, height), radius = dimensions(figure)
    largest = max((dot.area or 0.0 for dot in dots), default=0.0) if figure.area else 0.0
    margin = (radius if largest else SMALL) + 8
    return Field(
        scale_for(ends[0], width, margin=margin, logarithmic=axes[0].logarithmic),
        scale_for(ends[1], height, margin=margin, downwards=True, logarithmic=axes[1].logarithmic),
        radius**2 / largest if largest else 0.0,
        max(SMALL / max(math.sqrt(len(dots) / FULL), 1), SMALLEST),
        tuple(axis for axis in "xy" if shows_intervals(along[axis])),
    )


def axes_of(figure: Figure, panel: Panel) -> tuple[Axis, Axis]:
    """The axes of a panel: its own, else the figure's."""
    return panel.x or figure.x, panel.y or figure.y


def _ends(panels: Sequence[Panel], along: Sequence[Estimate], place: int) -> list[float]:
    """What an axis must have room for."""
    ends = [end for each in along for end in (each.value, each.low, each.high) if end]
    ends += [corner[place] for panel in panels for corner in panel.behind]
    for panel in panels:
        corners = [corner[place] for line in panel.all_lines for corner in line.corners]
        ends += [max(corners)] if corners else []
        diagonal = [corner[place] for line in panel.lines if panel.band for corner in line.corners]
        ends += [min(diagonal)] if diagonal else []
    return ends


def dimensions(figure: Figure) -> tuple[tuple[float, float], float]:
    """Width and height of a panel, and the radius of the largest ball, which is less where there are many."""
    alone = len(figure.panels) == 1
    if any(panel.band for panel in figure.panels):  # one quantity against itself
        side = ALONE if alone else (WIDTH - BESIDE * (figure.columns - 1)) / figure.columns
        return (side, side), LARGEST_STACKED
    if any(panel.behind for panel in figure.panels):
        return (WIDTH, ALONE if alone else STACKED), LARGEST_STACKED
    height, radius = (ALONE, LARGEST_ALONE) if alone else (STACKED, LARGEST_STACKED)
    crowd = max(len(panel.dots) for panel in figure.panels)
    return (WIDTH, height), radius / max(math.sqrt(crowd / MANY), 1)


def ball_records(panel: Panel, field: Field) -> list[Record]:
    """The data of a panel's balls, the largest first, so that they are drawn below the small."""
    found = [
        # Vega's size of a circle is that of the square around it.
        record
        | {
            "size": 4 * field.radius(record["area"]) ** 2,
            "outline": "circle" if field.area_unit else record["shape"],
        }
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


def scatter(figure: Figure) -> alt.LayerChart | alt.VConcatChart | alt.ConcatChart:
    """A figure of balls; several panels have the same scales, but for those with axes of their own."""
    shared = [panel for panel in figure.panels if not panel.x]
    field = field_of(figure, shared) if shared else None
    drawn = [
        _panel(figure, panel, None if panel.x else field, keyed=place == 0)
        for place, panel in enumerate(figure.panels)
    ]
    chart: alt.LayerChart | alt.VConcatChart | alt.ConcatChart = drawn[0]
    # The figure's title would take the place of a single panel's own.
    if len(drawn) > 1 and figure.columns > 1:
        chart = alt.concat(*drawn, columns=figure.columns)
    elif len(drawn) > 1 or chart.title is not alt.Undefined:
        chart = alt.vconcat(*drawn)
    return chart


def _panel(figure: Figure, panel: Panel, shared: Field | None, *, keyed: bool) -> Any:
    if not panel.dots:
        width = dimensions(figure)[0][0] if figure.columns > 1 else WIDTH
        return words_in(width, 90, [panel.words]).properties(title=_heading(panel.title))
    field = shared or field_of(figure, [panel])
    across, upwards = axes_of(figure, panel)
    at_x = axis_of(field.x, alt.X, "x", title=across.title, domain=False)
    at_y = axis_of(field.y, alt.Y, "y", title=upwards.title, domain=False)
    data = ball_records(panel, field)
    taken = [field.ball(dot) for dot in panel.dots]
    taken += [ball for line in panel.all_lines for ball in field.along(line.corners)]
    key, room = _key(figure, panel, field, taken) if keyed else ([], None)
    named = _named(panel, field, room)
    layers = [
        *_shaded(panel.bound, field.y, at_x, at_y),
        *_band(panel.band, at_x, at_y),
        *_faint(panel.behind, field, at_x, at_y),
        *_lines(panel.lines, at_x, at_y),
        *_balls(data, at_x, at_y),
        *_intervals(field, data, at_x, at_y),
        *_picked(panel, field, at_x, at_y),
        *key,
        *_names(named, field, at_x, at_y, haloed=bool(panel.behind)),
    ]
    drawn = alt.layer(*layers).properties(width=field.x.length, height=field.y.length)
    title = ": ".join(part for part in (panel.title, panel.words) if part)
    nameless = _nameless(named, field.x.length)
    if title:
        lines = wrapped(title.split(), " ", field.x.length, 13.5, 2) if panel.x else title
        return drawn.properties(title=_heading(lines, nameless))
    return drawn.properties(title=_aside(nameless)) if nameless else drawn


def _nameless(named: Sequence[Named], width: float) -> list[str]:
    """What is said, in lines, of the balls whose names found no room."""
    left = [ball.name for ball, found in named if found is None]
    if not left:
        return []
    said = [f"No room for {len(left)} of {len(named)} names: {left[0]}", *left[1:]]
    *lines, last = wrapped(said, ", ", width, LABEL_SIZE, most_lines=MOST_LINES)
    return [*(f"{line}," for line in lines), last]


def _heading(title: str | list[str], said: Sequence[str] = ()) -> alt.TitleParams:
    return alt.TitleParams(
        text=title,
        subtitle=list(said),
        subtitleFontSize=LABEL_SIZE,
        subtitleColor=QUIET,
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
        color=QUIET,
    )


def _balls(data: list[Record], at_x: Any, at_y: Any) -> list[Any]:
    base = of_records(data).encode(x=at_x, y=at_y)
    ball = base.mark_point(opacity=1, fillOpacity=0.72, strokeWidth=1.6).encode(
        size=alt.Size("size:Q", scale=None, legend=None),
        shape=alt.Shape("outline:N", scale=None, legend=None),
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


def _band(band: tuple[Line, Line] | None, at_x: Any, at_y: Any) -> list[Any]:
    """The room between two lines that have their corners above each other."""
    if band is None:
        return []
    values = [
        {"x": x, "y": low, "top": high}
        for (x, low), (_, high) in zip(band[0].corners, band[1].corners, strict=True)
    ]
    base = of_records(values).encode(x=at_x, y=at_y)
    return [base.mark_area(color="#d9d9d9", opacity=0.6, clip=True).encode(y2="top:Q")]


def _faint(places: Sequence[tuple[float, float]], field: Field, at_x: Any, at_y: Any) -> list[Any]:
    """Small grey points; of those on the same pixels one."""
    seen: dict[tuple[int, int], tuple[float, float]] = {}
    for x, y in places:
        seen.setdefault((round(field.x.pixel(x) / GRAIN), round(field.y.pixel(y) / GRAIN)), (x, y))
    base = of_records([{"x": x, "y": y} for x, y in seen.values()]).encode(x=at_x, y=at_y)
    return [base.mark_circle(size=14, color="#b3b3b3", opacity=0.8)] if seen else []


def _picked(panel: Panel, field: Field, at_x: Any, at_y: Any) -> list[Any]:
    """A ring around what is picked."""
    picked = [dot for dot in panel.dots if dot.picked]
    values = [
        {"x": dot.x.value, "y": dot.y.value, "size": 4 * (field.radius(dot.area) + RING) ** 2}
        for dot in picked
    ]
    ring = of_records(values).mark_point(shape="circle", color=INK, strokeWidth=2.2, opacity=1)
    sized = ring.encode(x=at_x, y=at_y, size=alt.Size("size:Q", scale=None, legend=None))
    return [sized] if picked else []


def _lines(lines: Sequence[Line], at_x: Any, at_y: Any) -> list[Any]:
    drawn = []
    for line, dash in zip(lines, DASHES, strict=False):
        values = [{"x": along, "y": level} for along, level in line.corners]
        base = of_records(values).encode(x=at_x, y=at_y)
        drawn.append(base.mark_line(color=FAINT, strokeWidth=1.8, strokeDash=dash, clip=True))
    return drawn


def _key(
    figure: Figure, panel: Panel, field: Field, taken: Sequence[Ball]
) -> tuple[list[Any], Box | None]:
    """What explains sizes, lines or families, in a free corner, else below the axis; and its room."""
    labels = [line.label for line in panel.lines if line.label]
    frame = (field.x.length, field.y.length)
    families = families_of(figure)
    if field.area_unit:
        sizes = round_sizes(dimensions(figure)[1] ** 2 / field.area_unit)
        radii = [field.radius(size) for size in sizes]
        box = _room(sizes_extent(radii, figure.area), frame, taken)
        return sizes_key(box, sizes, radii, figure.area), box
    if labels:
        box = _room(lines_extent(labels), frame, taken)
        return lines_key(box, labels), box
    if families:
        box = _room(families_extent(families), frame, taken)
        return families_key(box, families), box
    return [], None


def families_of(figure: Figure) -> tuple[str, ...]:
    """The families of what is drawn, where there are few enough to tell them apart by shape and colour."""
    found = dict.fromkeys(dot.family for panel in figure.panels for dot in panel.dots)
    families = tuple(sorted(family for family in found if family))
    return families if 1 < len(families) <= len(SHAPES) else ()


def _room(size: tuple[float, float], frame: tuple[float, float], taken: Sequence[Ball]) -> Box:
    below = frame[1] + BELOW_THE_AXIS
    return free_corner(size, frame, taken) or (0.0, below, size[0], below + size[1])


def _named(panel: Panel, field: Field, room: Box | None) -> list[Named]:
    """The balls, and where their names stand; those come first whose names are asked for."""
    wanted = [dot for dot in panel.dots if dot.named or dot.asked]
    wanted.sort(key=lambda dot: (not dot.asked, not dot.picked))
    names = apart(dot.name for dot in wanted)
    balls = [field.ball(dot, names[dot.name]) for dot in wanted]
    nameless = [field.ball(dot) for dot in panel.dots if not (dot.named or dot.asked)]
    lines = [line.corners for line in panel.all_lines]
    lines += [bar(dot, axis) for axis in field.intervals for dot in panel.dots]
    others = [ball for corners in lines for ball in field.along(corners)]
    placed = place(
        balls[:MOST_NAMES],
        (field.x.length, field.y.length),
        LABEL_SIZE,
        [room] if room else [],
        [*balls[MOST_NAMES:], *nameless, *others],
    )
    return list(itertools.zip_longest(balls, placed))


def _names(
    named: Sequence[Named], field: Field, at_x: Any, at_y: Any, *, haloed: bool
) -> list[Any]:
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
    base = of_records(texts).encode(x=at_x, y=at_y, text="label:N")
    style: dict[str, Any] = {"align": "center", "baseline": "middle", "fontSize": LABEL_SIZE}
    # What lies below a name would be read as part of it.
    halo = [base.mark_text(stroke="white", strokeWidth=4, strokeJoin="round", **style)]
    return [
        rule.encode(x=at_x, y=at_y, x2="x2:Q", y2="y2:Q"),
        *(halo if haloed else []),
        base.mark_text(color="#1a1a1a", **style),
    ]
