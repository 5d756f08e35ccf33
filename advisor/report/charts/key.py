"""What explains the marks of a scatter: balls of known size, and lines by their names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from advisor.report.charts.geometry import Box
from advisor.report.charts.labels import text_width
from advisor.report.charts.style import FAINT, INK, LABEL_SIZE, of_records

Size = tuple[float, float]
PAD, ROOM = 12.0, 14.0
DASHES = ([1, 0], [7, 4])
"""How the first and the second line of a panel are drawn."""


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
        drawn.append(_text(middle, box[3] - 32, f"{size:,g}", align="center"))
        left += room + ROOM
    return drawn


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


def _text(x: float, y: float, text: str, align: Any = "left") -> Any:
    mark = _one(text=text).mark_text(align=align, fontSize=LABEL_SIZE, color=INK)
    return mark.encode(x=alt.value(x), y=alt.value(y), text="text:N")


def _one(**record: str) -> alt.Chart:
    """A chart of one record, for marks that stand at given pixels."""
    return of_records([record])
