"""The paper's ten figures for any board, as files."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from advisor.arguments import checked
from advisor.catalog.files import make_last_folder, write_whole
from advisor.catalog.store import Catalog
from advisor.errors import AdvisorError, shown
from advisor.option_kinds import read_names
from advisor.options import default_board
from advisor.paper import batch_figures, cost_figures
from advisor.paper.board_data import BoardData, board_data
from advisor.report.charts.answer_figures import FORMATS, asked_names, drawing
from advisor.report.charts.figure import Figure, Panel
from advisor.stages import counted_off

FIGURES: Mapping[int, Callable[[BoardData], Figure]] = {
    1: cost_figures.top1,
    2: cost_figures.top1_against_operations,
    3: batch_figures.time_against_batch,
    4: batch_figures.power_against_batch,
    5: batch_figures.memory_against_batch,
    6: cost_figures.memory_against_parameters,
    7: cost_figures.operations_against_time,
    8: cost_figures.operations_against_power,
    9: cost_figures.top1_against_rate,
    10: cost_figures.accuracy_per_parameter,
}
"""What each shows of a board, by their numbers in the paper."""


@dataclass(frozen=True)
class DrawnFigure:
    """A figure that was drawn.

    Attributes:
        number: its number in the paper.
        title: what is held against what.
        path: its file.
        lacks: what it says that the board lacks.
    """

    number: int
    title: str
    path: Path
    lacks: tuple[str, ...]


@dataclass(frozen=True)
class DrawnFigures:
    """The figures that were drawn of a board.

    Attributes:
        board: the board's name.
        figures: by their numbers.
        unpredicted: why nothing in them is predicted; "" if something could be.
    """

    board: str
    figures: tuple[DrawnFigure, ...]
    unpredicted: str


@checked
def figures(
    board: str | None = None,
    folder: str | os.PathLike[str] = "figures",
    *,
    format: str = "svg",
    only: str | Iterable[int] | None = None,
    label: str | Iterable[str] | None = None,
    catalog: str | os.PathLike[str] | None = None,
) -> DrawnFigures:
    """Draw the paper's ten figures for a board, and write them; what a board lacks, they say.

    All are drawn before the first is written: an error while drawing leaves no half of a set.

    Args:
        board: the board; else that of `ADVISOR_BOARD`, else `jetson-tx1`.
        folder: where the files go; it is made where it is missing, the folder that it is to lie in is not.
        format: "svg" or "png".
        only: the numbers of the figures that are wanted, "2,9" or (2, 9); else all ten.
        label: networks whose names are written in any case, as a list or with commas between them.
        catalog: folder of your own catalog, which overlays the shipped one; else that of
            `ADVISOR_CATALOG`, else the user data folder.

    Raises:
        AdvisorError: there is no such board, figure, network or format, a file is broken or cannot be
            written, or the plotting libraries are not installed.
    """
    if format not in FORMATS:
        raise AdvisorError(f"unknown format {shown(format)}", "write svg or png")
    numbers = read_numbers(only)
    picture = drawing()
    opened = Catalog.open(catalog)
    data = board_data(opened, board or default_board())
    here = {network.name for network in data.networks}
    asked = asked_names(read_names("label", label), here, opened.identities)
    wanted = [_naming(FIGURES[number](data), asked) for number in numbers]
    contents = [picture(figure, format) for figure in counted_off(wanted, "drawing figures")]
    place = Path(folder)
    make_last_folder(place)
    drawn = []
    for figure, content in zip(wanted, contents, strict=True):
        path = place / f"{figure.file_stem}.{format}"
        write_whole(path, content)
        drawn.append(DrawnFigure(figure.number, figure.title, path, figure.lacks))
    return DrawnFigures(data.board.name, tuple(drawn), data.unpredicted)


def _naming(figure: Figure, asked: Collection[str]) -> Figure:
    """A figure that writes the names that are asked for."""

    def named(panel: Panel) -> Panel:
        dots = (replace(dot, asked=dot.network in asked) for dot in panel.dots)
        return replace(panel, dots=tuple(dots))

    return replace(figure, panels=tuple(map(named, figure.panels))) if asked else figure


def read_numbers(only: str | Iterable[int] | None) -> list[int]:
    """The numbers of the figures that are wanted, in their order, each once.

    Raises:
        AdvisorError: there is no such figure.
    """
    if only is None:
        return sorted(FIGURES)
    words = only.split(",") if isinstance(only, str) else map(str, only)
    numbers = set()
    for word in (each.strip() for each in words):
        if not word.isascii() or not word.isdecimal() or int(word) not in FIGURES:
            raise AdvisorError(
                f"only: unknown figure {shown(word)}",
                f"they are numbered 1 to {max(FIGURES)}; write --only 2,9",
            )
        numbers.add(int(word))
    return sorted(numbers)
