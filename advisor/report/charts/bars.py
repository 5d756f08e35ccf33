"""Bars from zero, one a network, with the figure at the end of each."""

from __future__ import annotations

import altair as alt

from advisor.report.charts.figure import Figure, shows_intervals
from advisor.report.charts.labels import LONGEST_IN_LINE, text_width
from advisor.report.charts.marks import INK, LABEL_SIZE, Record, of_records, records
from advisor.report.charts.scales import WIDTH
from advisor.report.terminal import significant

STEP = 24
"""Height of one bar and the room below it, in pixels."""
NAME_SIZE = LABEL_SIZE + 1
AXIS = 40
"""About what the figures of a y axis take, which bars do not have, in pixels."""


def bars(figure: Figure) -> alt.LayerChart:
    """A figure of bars, in the order of its dots."""
    (panel,) = figure.panels
    data = bar_records(figure)
    order = [record["place"] for record in data]
    names = max(text_width(record["label"], NAME_SIZE) for record in data)
    base = of_records(data).encode(
        x=alt.X(
            "x:Q",
            scale=alt.Scale(domain=[0, 1.1 * max(record["end"] for record in data)], nice=False),
            axis=alt.Axis(title=figure.x.title, tickCount=8),
        ),
        y=alt.Y("place:O", sort=order, axis=None, scale=alt.Scale(domain=order)),
    )
    bar = base.mark_bar(height=0.66 * STEP, strokeWidth=1.5).encode(
        fill=alt.Fill("fill:N", scale=None, legend=None),
        stroke=alt.Stroke("colour:N", scale=None, legend=None),
    )
    name = base.mark_text(align="right", dx=-8, fontSize=NAME_SIZE, color=INK).encode(
        x=alt.value(0), text="label:N"
    )
    value = base.mark_text(align="left", dx=7, fontSize=LABEL_SIZE, color=INK).encode(
        x="end:Q", text="said:N"
    )
    drawn = [bar, name, value]
    if shows_intervals([dot.x for dot in panel.dots]):
        interval = base.mark_rule(color=INK, strokeWidth=1.2).encode(x="x_low:Q", x2="x_high:Q")
        drawn.append(interval.transform_filter("isValid(datum.x_low)"))
    chart: alt.LayerChart = alt.layer(*drawn).properties(
        width=WIDTH + AXIS - names, height=STEP * len(data)
    )
    return chart


def bar_records(figure: Figure) -> list[Record]:
    """The data of the bars, from top to bottom."""
    (panel,), decimals = figure.panels, figure.x.decimals
    shown = shows_intervals([dot.x for dot in panel.dots])
    return [
        record
        | {
            "place": place,
            "end": max(record["x"], record["x_high"] or 0.0) if shown else record["x"],
            "said": significant(record["x"]) if decimals is None else f"{record['x']:.{decimals}f}",
        }
        for place, record in enumerate(records(panel.dots, LONGEST_IN_LINE))
    ]
