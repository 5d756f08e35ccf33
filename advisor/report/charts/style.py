"""What all pictures share: sizes, letters, and the marks that several kinds of figures need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import altair as alt

from advisor.report.charts.labels import wrapped
from advisor.report.charts.marks import Record
from advisor.report.charts.scales import Scale

FONT = "Arial, Helvetica, Liberation Sans, sans-serif"
LABEL_SIZE = 12
INK, FAINT = "#333333", "#8a8a8a"


def of_records(values: Sequence[Record]) -> alt.Chart:
    """A chart of these records, which stand in it as they are."""
    return alt.Chart(alt.InlineData(values=list(values)))


def axis_of(scale: Scale, channel: Any, field: str, **axis: Any) -> Any:
    """An encoding on a scale whose ends are given."""
    kind: Literal["log", "linear"] = "log" if scale.logarithmic else "linear"
    values = {"values": scale.ticks()} if scale.logarithmic and "values" not in axis else {}
    return channel(
        f"{field}:Q",
        scale=alt.Scale(domain=[scale.low, scale.high], type=kind, nice=False, zero=False),
        axis=alt.Axis(**{**values, "tickCount": 8, **axis}),
    )


def words_in(width: float, height: float, words: Sequence[str]) -> alt.LayerChart:
    """A field that says something, in place of what cannot be drawn."""
    lines = [
        line
        for each in words
        for line in wrapped(each.split(), " ", 0.75 * width, 15, most_lines=5)
    ]
    field = of_records([{}]).mark_rect(color="#f3f3f3", cornerRadius=6)
    text = of_records([{"lines": lines}]).mark_text(
        fontSize=15, color=INK, lineHeight=22, align="center", baseline="middle"
    )
    top = height / 2 - 11 * (len(lines) - 1)  # it is the first line that stands there
    drawn: alt.LayerChart = alt.layer(
        field.encode(x=alt.value(0), x2=alt.value(width), y=alt.value(0), y2=alt.value(height)),
        text.encode(x=alt.value(width / 2), y=alt.value(top), text="lines:N"),
    ).properties(width=width, height=height)
    return drawn
