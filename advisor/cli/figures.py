"""`advisor figures`: the paper's ten figures for any board, as files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from advisor.cli.options import CatalogOption
from advisor.cli.output import complain, emit
from advisor.errors import AdvisorError, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from advisor.report.charts.figure import Figure

FORMATS = ("svg", "png")


def command(
    board: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="The board.", show_default="$ADVISOR_BOARD or jetson-tx1"
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
    catalog: CatalogOption = None,
) -> None:
    """Draw the paper's ten figures for a board: accuracy, time, power, memory, and what bounds them.

    What a board lacks is a figure that says so. Prints the files that it wrote.
    """
    from advisor.catalog.store import Catalog
    from advisor.catalog.writing import write_whole
    from advisor.report.charts.board_data import board_data
    from advisor.report.charts.paper import FIGURES
    from advisor.solve.question.reading import default_board

    if file_format not in FORMATS:
        raise AdvisorError(f"format: {shown(file_format)} is none", "write svg or png")
    numbers = read_numbers(only, FIGURES)
    picture = _drawing()
    data = board_data(Catalog.open(catalog), board or default_board())
    figures = [FIGURES[number](data) for number in numbers]
    # All are drawn before the first is written: an error leaves no half of a set.
    drawn = [(figure, picture(figure, file_format)) for figure in figures]
    for figure, content in drawn:
        path = folder / f"{figure.file_stem}.{file_format}"
        write_whole(path, content)
        emit(f"{path}\n")
    if data.unpredicted:
        complain(f"nothing is predicted: {data.unpredicted}")
    for figure in figures:
        for words in dict.fromkeys(figure.lacks):
            complain(f"figure {figure.number}: {words}")


def read_numbers(only: str | None, known: Mapping[int, object]) -> list[int]:
    """The numbers of the figures that are wanted, in their order.

    Raises:
        AdvisorError: something is no number of a figure.
    """
    if only is None:
        return sorted(known)
    numbers = set()
    for word in (part.strip() for part in only.split(",")):
        if not word.isascii() or not word.isdecimal() or int(word) not in known:
            raise AdvisorError(
                f"only: {shown(word)} is no figure",
                f"they are numbered 1 to {max(known)}; write --only 2,9",
            )
        numbers.add(int(word))
    return sorted(numbers)


def _drawing() -> Callable[[Figure, str], bytes]:
    """What draws; only here are the plotting libraries imported.

    Raises:
        AdvisorError: they are not installed.
    """
    try:
        import vl_convert  # noqa: F401  # altair would miss it only when it saves

        from advisor.report.charts.drawing import picture
    except ModuleNotFoundError as error:
        if error.name not in ("altair", "vl_convert"):
            raise
        raise AdvisorError(
            f"drawing needs {error.name}, which is not installed",
            "install it: pip install 'dnn-advisor[report]'",
        ) from None
    return picture
