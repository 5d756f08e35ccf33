"""From figures to files: the look that all share, and words where there is nothing to draw."""

from __future__ import annotations

import io
from typing import Any, TypeAlias

import altair as alt

from advisor.errors import printable
from advisor.report.charts.bars import bars
from advisor.report.charts.curves import curves
from advisor.report.charts.figure import Figure
from advisor.report.charts.intervals import intervals
from advisor.report.charts.labels import WIDER, wrapped
from advisor.report.charts.marks import FONT, words_in
from advisor.report.charts.scales import WIDTH
from advisor.report.charts.scatter import scatter

Chart: TypeAlias = alt.LayerChart | alt.ConcatChart | alt.VConcatChart
FORMS = {"bars": bars, "curves": curves, "intervals": intervals, "scatter": scatter}

TITLE_SIZE, SUBTITLE_SIZE = 19, 12.5


def chart(figure: Figure) -> Chart:
    """A figure as an Altair chart, in the house style."""
    if any(panel.dots for panel in figure.panels):
        drawn: Chart = FORMS[figure.form](figure)
    else:
        drawn = words_in(WIDTH, 200, list(dict.fromkeys(figure.lacks)))
    title = alt.TitleParams(
        text=figure.title,
        subtitle=wrapped(figure.said, " · ", (WIDTH + 40) / WIDER, SUBTITLE_SIZE, most_lines=8),
        anchor="start",
        fontSize=TITLE_SIZE,
        subtitleFontSize=SUBTITLE_SIZE,
        subtitleColor="#555555",
        subtitlePadding=6,
        subtitleLineHeight=17,
        offset=14,
    )
    finished: Chart = _configured(drawn.properties(title=title, background="white", padding=14))
    return finished


def _configured(drawn: Any) -> Any:
    return (
        drawn.configure(font=FONT)
        .configure_view(stroke=None)
        .configure_axis(
            labelFontSize=12,
            titleFontSize=13,
            titleFontWeight="normal",
            titleColor="#333333",
            labelColor="#333333",
            gridColor="#e8e8e8",
            domainColor="#999999",
            tickColor="#999999",
            titlePadding=8,
        )
        .configure_legend(
            labelFontSize=12, titleFontSize=12, titleFontWeight="normal", titleColor="#333333"
        )
        .configure_concat(spacing=26)
    )


def picture(figure: Figure, file_format: str) -> bytes:
    """A figure as the content of a file, drawn without a browser or a network.

    Args:
        figure: the figure.
        file_format: "svg" or "png" (at twice the size, for sharp screens).
    """
    # The drawing library ends the process where a character cannot stand in XML.
    drawn = alt.Chart.from_dict(_printable(chart(figure).to_dict()))
    if file_format == "svg":
        text = io.StringIO()
        drawn.save(text, format="svg")
        return text.getvalue().encode("utf-8")
    image = io.BytesIO()
    drawn.save(image, format="png", scale_factor=2)
    return image.getvalue()


def _printable(value: Any) -> Any:
    """A part of a chart's description with all text in it printable."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {_printable(key): _printable(each) for key, each in value.items()}
    return [_printable(each) for each in value] if isinstance(value, list) else value
