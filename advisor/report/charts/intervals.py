"""Points with their intervals, a row each: few rows with their names, of many the ends alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from advisor.report.charts.figure import Axis, Dot, Figure, Panel
from advisor.report.charts.labels import shortened, text_width, wrapped
from advisor.report.charts.marks import INK, LABEL_SIZE, QUIET, axis_of, of_records, words_in
from advisor.report.charts.palette import colour
from advisor.report.charts.scales import WIDTH, Scale, scale_for
from advisor.report.terminal import significant

ROW = 20.0
"""Height of a row that has a name, in pixels."""
TALL = 250.0
"""Height of a panel whose rows have none."""
NARROWEST = 130.0
BESIDE, BELOW = 28.0, 22.0
"""Between two panels that stand side by side, or below each other, in pixels."""
EDGE = 16.0
"""Room above the first and below the last of many rows, for the names of these."""
LONGEST_NAME = 60
AXIS = 40
"""About what the figures of a y axis take, which rows do not have, in pixels."""
BEYOND = 0.15
"""By how much of the range of many figures their axis is longer; intervals are cut off there."""


def intervals(figure: Figure) -> alt.LayerChart | alt.ConcatChart:
    """A figure of intervals; the y of a dot is its row, counted from 0 at the top.

    Panels beside each other have the same rows where all of these are named; names stand left of the first.
    """
    dots = [dot for panel in figure.panels for dot in panel.dots]
    whole = all(dot.named for dot in dots)
    names = {dot.y.value: shortened(dot.network, LONGEST_NAME) for dot in dots if whole}
    left = max((text_width(name, LABEL_SIZE) for name in names.values()), default=0) + 12
    said = [_figure(figure, panel, dot) for panel in figure.panels for dot in panel.dots]
    right = max(text_width(each, LABEL_SIZE) for each in said) + 12 if figure.columns == 1 else 0.0
    between = BESIDE if whole else 2 * BESIDE
    room = WIDTH + AXIS - (left if whole else 0) - right - between * (figure.columns - 1)
    width = max(room / figure.columns, NARROWEST)
    if figure.columns == 1:
        drawn = [_panel(figure, panel, width, left=left, right=right) for panel in figure.panels]
    else:
        drawn = [
            _panel(figure, panel, width, names=None if place % figure.columns else names, left=left)
            for place, panel in enumerate(figure.panels)
        ]
    chart: alt.LayerChart | alt.ConcatChart = drawn[0]
    if len(drawn) > 1:
        chart = alt.concat(
            *drawn, columns=figure.columns, spacing={"row": BELOW, "column": between}
        )
    return chart


def _panel(
    figure: Figure,
    panel: Panel,
    width: float,
    *,
    names: Mapping[float, str] | None = None,
    left: float,
    right: float = 0.0,
) -> Any:
    """A panel.

    Args:
        figure: whose panel it is.
        panel: what is in it.
        width: of the part between its axes, in pixels.
        names: what stands left of which row; in a figure of one column its own names do.
        left: the room for those, in pixels.
        right: that for the figures right of the rows; these are not written where it is 0.
    """
    if not panel.dots:
        title = _title(panel.title, "", width + right)
        return words_in(width, 60, [panel.words]).properties(title=title)
    whole = all(dot.named for each in figure.panels for dot in each.dots)
    if figure.columns == 1:
        names = {dot.y.value: shortened(dot.network, LONGEST_NAME) for dot in panel.dots}
    axis = panel.x or figure.x
    across = _scale(axis, panel, width, whole=whole)
    height, along = _rows(figure, panel, whole=whole)
    marks = [line.corners[0][0] for line in panel.lines]
    ticks = max(min(8, int(width / 40)), 3)
    titled = "\n".join(wrapped(axis.title.split(), " ", width, 13, most_lines=3)).split("\n")
    at_x = axis_of(across, alt.X, "x", title=titled, tickCount=ticks, domain=False)
    at_y = alt.Y(
        "row:Q",
        axis=None,
        scale=alt.Scale(domain=[along.low, along.high], reverse=True, nice=False),
    )
    data = [_record(dot, across) for dot in panel.dots]
    base = of_records(data).encode(y=at_y)
    thick = 1.8 if whole else 1.0
    layers = [
        of_records([{"x": mark} for mark in marks])
        .mark_rule(color=INK, strokeDash=[4, 3], strokeWidth=1.3)
        .encode(x=at_x),
        base.mark_rule(strokeWidth=thick, opacity=1 if whole else 0.45)
        .encode(x=at_x, x2="x_high:Q", stroke=alt.Stroke("colour:N", scale=None, legend=None))
        .transform_calculate(x="datum.x_low"),
        base.mark_point(size=62 if whole else 9, opacity=1, strokeWidth=1.2)
        .encode(
            x=at_x,
            fill=alt.Fill("colour:N", scale=None, legend=None),
            stroke=alt.Stroke("colour:N", scale=None, legend=None),
        )
        .transform_filter(f"datum.x >= {across.low} && datum.x <= {across.high}"),
    ]
    if not whole:
        layers += _ends(panel.dots, across, at_x, at_y)
    elif names:
        layers += [*_names(names, at_y), _margin(left, height)]
    if right:
        said = [{"row": dot.y.value, "said": _figure(figure, panel, dot)} for dot in panel.dots]
        text = of_records(said).mark_text(align="left", fontSize=LABEL_SIZE, color=INK)
        layers.append(text.encode(x=alt.value(width + 10), y=at_y, text="said:N"))
    drawn = alt.layer(*layers).properties(width=width, height=height)
    if not panel.title:
        return drawn
    return drawn.properties(title=_title(panel.title, panel.words, width + right))


def _rows(figure: Figure, panel: Panel, *, whole: bool) -> tuple[float, Scale]:
    """The height of a panel, and the scale of its rows."""
    dots = (
        panel.dots if figure.columns == 1 else [dot for each in figure.panels for dot in each.dots]
    )
    last = max(dot.y.value for dot in dots)
    if whole:
        return ROW * (last + 1), Scale(-0.5, last + 0.5, ROW * (last + 1))
    edge = last * EDGE / (TALL - 2 * EDGE)
    return TALL, Scale(-edge, last + edge, TALL)


def _record(dot: Dot, across: Scale) -> dict[str, Any]:
    low, high = dot.x.low, dot.x.high
    return {
        "network": dot.network,
        "row": dot.y.value,
        "x": dot.x.value,
        "x_low": max(dot.x.value if low is None else low, across.low),
        "x_high": min(dot.x.value if high is None else high, across.high),
        "colour": colour(dot.network, dot.family),
    }


def _scale(axis: Axis, panel: Panel, width: float, *, whole: bool) -> Scale:
    """An axis with room for all intervals, or of many rows for all figures."""
    marks = [line.corners[0][0] for line in panel.lines]
    values = [dot.x.value for dot in panel.dots] + marks
    if whole:
        ends = [end for dot in panel.dots for end in (dot.x.low, dot.x.high) if end is not None]
        values += [end for end in ends if end > 0 or not axis.logarithmic]
        return scale_for(values, width, logarithmic=axis.logarithmic)
    if axis.logarithmic:
        return scale_for([each for each in values if each > 0], width, logarithmic=True, margin=20)
    spare = BEYOND * (max(values) - min(values))
    return Scale(min(values) - spare, max(values) + spare, width)


def _figure(figure: Figure, panel: Panel, dot: Dot) -> str:
    """What is written at the end of a row."""
    decimals = (panel.x or figure.x).decimals

    def written(value: float) -> str:
        return significant(value) if decimals is None else f"{value:.{decimals}f}"

    if dot.x.low is None or dot.x.high is None:
        return written(dot.x.value)
    return f"{written(dot.x.value)} ({written(dot.x.low)} to {written(dot.x.high)})"


def _names(names: Mapping[float, str], at_y: Any) -> list[Any]:
    values = [{"row": row, "label": name} for row, name in names.items()]
    text = of_records(values).mark_text(align="right", fontSize=LABEL_SIZE, color=INK)
    return [text.encode(x=alt.value(-10), y=at_y, text="label:N")]


def _margin(left: float, height: float) -> Any:
    """Nothing, as wide as the longest name, so that the axes of panels below each other are in line."""
    return (
        of_records([{}])
        .mark_rect(opacity=0)
        .encode(x=alt.value(-left), x2=alt.value(0), y=alt.value(0), y2=alt.value(height))
    )


def _ends(dots: Sequence[Dot], across: Scale, at_x: Any, at_y: Any) -> list[Any]:
    """The names of the rows that are named: above their points, or of the last below."""
    drawn = []
    last = max(dot.y.value for dot in dots)
    for dot in (each for each in dots if each.named):
        left, right = across.pixel(dot.x.value), across.length - across.pixel(dot.x.value)
        half = text_width(dot.network, LABEL_SIZE - 1) / 2
        align: Any = "right" if right < half else "left" if left < half else "center"
        record = {"row": dot.y.value, "x": dot.x.value, "label": dot.network}
        base = of_records([record]).encode(x=at_x, y=at_y, text="label:N")
        style: dict[str, Any] = {
            "align": align,
            "dy": 11 if dot.y.value == last else -10,
            "fontSize": LABEL_SIZE - 1,
        }
        # What lies below a name would be read as part of it.
        drawn.append(base.mark_text(stroke="white", strokeWidth=3, strokeJoin="round", **style))
        drawn.append(base.mark_text(color="#1a1a1a", **style))
    return drawn


def _title(title: str, words: str, width: float) -> alt.TitleParams:
    return alt.TitleParams(
        text=wrapped(title.split(), " ", width, 13, most_lines=4),
        subtitle=wrapped(words.split(), " ", width, LABEL_SIZE, most_lines=4) if words else [],
        anchor="start",
        frame="group",
        fontSize=13,
        subtitleFontSize=LABEL_SIZE,
        subtitleColor=QUIET,
        subtitlePadding=4,
        offset=6,
        color=INK,
    )
