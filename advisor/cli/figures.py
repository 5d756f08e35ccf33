"""`advisor figures`: the paper's ten figures for any board, as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from advisor.cli.completion import boards
from advisor.cli.options import CatalogOption, LabelOption
from advisor.cli.output import emit, note


def command(
    board: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The board.",
            show_default="$ADVISOR_BOARD or jetson-tx1",
            autocompletion=boards,
        ),
    ] = None,
    folder: Annotated[
        Path, typer.Option("-o", "--output", metavar="DIR", help="Where the files go.")
    ] = Path("figures"),
    file_format: Annotated[
        str, typer.Option("--format", metavar="svg|png", help="What kind of files.")
    ] = "svg",
    only: Annotated[
        str | None, typer.Option(metavar="2,9", help="These figures.", show_default="all ten")
    ] = None,
    label: LabelOption = None,
    catalog: CatalogOption = None,
) -> None:
    """Draw the paper's ten figures for a board: accuracy, time, power, memory, and what bounds them.

    What a board lacks is a figure that says so. Prints the files that it wrote.
    """
    from advisor.paper.ten_figures import figures

    drawn = figures(board, folder, format=file_format, only=only, label=label, catalog=catalog)
    for figure in drawn.figures:
        emit(f"{figure.path}\n")
    if drawn.unpredicted:
        note(f"nothing is predicted: {drawn.unpredicted}")
    for figure in drawn.figures:
        for words in dict.fromkeys(figure.lacks):
            note(f"figure {figure.number}: {words}")
