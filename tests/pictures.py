"""What tests ask of figures and pictures."""

from __future__ import annotations

from xml.etree import ElementTree

from advisor.report.charts.figure import Dot, Figure

SVG = "{http://www.w3.org/2000/svg}"


def dots(figure: Figure) -> list[Dot]:
    """All dots of a figure."""
    return [dot for panel in figure.panels for dot in panel.dots]


def texts(svg: bytes) -> list[str]:
    """Every text of a picture."""
    return ["".join(each.itertext()) for each in ElementTree.fromstring(svg).iter(f"{SVG}text")]
