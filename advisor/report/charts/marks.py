"""What all pictures share: dots as data, letters and sizes, and the keys that explain marks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import altair as alt

from advisor.quantities import rounded
from advisor.report.charts.figure import Dot
from advisor.report.charts.labels import LONGEST, Box, apart, text_width, wrapped
from advisor.report.charts.palette import colour, shape
from advisor.report.charts.scales import Scale

Record = dict[str, Any]
Size = tuple[float, float]

FONT = "Arial, Helvetica, Liberation Sans, sans-serif"
LABEL_SIZE = 12
INK, QUIET, FAINT = "#333333", "#5c5c5c", "#8a8a8a"
"""Of words that matter, of words beside them, of lines."""
MILLION = 1e6
"""From there on figures have SI prefixes."""
PAD, ROOM = 12.0, 14.0
DASHES = ([1, 0], [7, 4])
"""How the first and the second line of a panel are drawn."""


def records(dots: Sequence[Dot], longest: int = LONGEST) -> list[Record]:
    """One record for each dot, in their order; longer names are cut."""
    names = apart((dot.name for dot in dots), longest)
    return [
        {
            "network": dot.network,
            "label": names[dot.name],
            "batch": dot.batch,
            "x": dot.x.value,
            "x_low": dot.x.low,
            "x_high": dot.x.high,
            "y": dot.y.value,
            "y_low": dot.y.low,
            "y_high": dot.y.high,
            "area": dot.area,
            "predicted": dot.predicted,
            "colour": colour(dot.network, dot.family),
            "fill": "white" if dot.predicted else colour(dot.network, dot.family),
            "shape": shape(dot.family),
        }
        for dot in dots
    ]


def of_records(values: Sequence[Record]) -> alt.Chart:
    """A chart of these records, which stand in it as they are."""
    return alt.Chart(alt.InlineData(values=list(values)))


def axis_of(scale: Scale, channel: Any, field: str, **axis: Any) -> Any:
    """An encoding on a scale whose ends are given."""
    kind: Literal["log", "linear"] = "log" if scale.logarithmic else "linear"
    values: dict[str, Any] = {} if scale.downwards else {"labelSeparation": 5}
    if scale.logarithmic and "values" not in axis:
        values["values"] = scale.ticks()
    if scale.high >= MILLION:
        values["labelExpr"] = "datum.value >= 1000 ? format(datum.value, '~s') : datum.label"
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


def round_sizes(largest: float, most: int = 4) -> list[float]:
    """Up to `most` round numbers, the greatest near `largest`."""
    marks = [digit * 10.0**power for power in range(-3, 13) for digit in (1, 2, 5)]
    return [mark for mark in marks if mark <= largest][-most:]


def sizes_extent(radii: Sequence[float], title: str) -> Size:
    """The room that the key of sizes takes."""
    across = sum(max(2 * radius, 26) for radius in radii) + ROOM * (len(radii) - 1)
    return max(across, text_width(title, LABEL_SIZE)) + 2 * PAD, 2 * max(radii) + 56


def sizes_key(box: Box, sizes: Sequence[float], radii: Sequence[float], title: str) -> list[Any]:
    """Balls of round sizes side by side, standing on one line, their sizes and unit below them."""
    drawn, left = [_text((box[0] + box[2]) / 2, box[3] - 14, title, align="center")], box[0] + PAD
    for size, radius in zip(sizes, radii, strict=True):
        room = max(2 * radius, 26)
        middle = left + room / 2
        ball = _one().mark_circle(
            size=4 * radius**2,
            fill="white",
            fillOpacity=0.6,
            stroke=FAINT,
            strokeWidth=1.3,
            opacity=1,
        )
        drawn.append(ball.encode(x=alt.value(middle), y=alt.value(box[3] - 44 - radius)))
        drawn.append(_text(middle, box[3] - 32, _size_text(size), align="center"))
        left += room + ROOM
    return drawn


def _size_text(size: float) -> str:
    return rounded(size, 1) if size >= MILLION else f"{size:,g}"


def lines_extent(labels: Sequence[str]) -> Size:
    """The room that the key of lines takes."""
    return max(text_width(label, LABEL_SIZE) for label in labels) + 3 * PAD + 34, 20.0 * len(
        labels
    ) + 16


def lines_key(box: Box, labels: Sequence[str]) -> list[Any]:
    """A piece of each line with what it is called."""
    drawn: list[Any] = []
    for place, label in enumerate(labels):
        x, y = box[0] + PAD, box[1] + 16 + 20 * place
        line = _one().mark_rule(color=FAINT, strokeWidth=1.8, strokeDash=DASHES[place % 2])
        drawn.append(line.encode(x=alt.value(x), x2=alt.value(x + 34), y=alt.value(y)))
        drawn.append(_text(x + 34 + PAD, y, label))
    return drawn


def families_extent(families: Sequence[str]) -> Size:
    """The room that the key of families takes."""
    widest = max(text_width(family, LABEL_SIZE) for family in families)
    return widest + 3 * PAD + 10, 18.0 * len(families) + 12


def families_key(box: Box, families: Sequence[str]) -> list[Any]:
    """A point of each family with what that is called."""
    drawn: list[Any] = []
    for place, family in enumerate(families):
        x, y = box[0] + PAD + 5, box[1] + 15 + 18 * place
        point = _one().mark_point(
            shape=shape(family),
            size=90,
            fill=colour("", family),
            stroke=colour("", family),
            opacity=1,
            fillOpacity=0.72,
        )
        drawn.append(point.encode(x=alt.value(x), y=alt.value(y)))
        drawn.append(_text(x + 5 + PAD, y, family))
    return drawn


def _text(x: float, y: float, text: str, align: Any = "left") -> Any:
    mark = _one(text=text).mark_text(align=align, fontSize=LABEL_SIZE, color=INK)
    return mark.encode(x=alt.value(x), y=alt.value(y), text="text:N")


def _one(**record: str) -> alt.Chart:
    """A chart of one record, for marks that stand at given pixels."""
    return of_records([record])
