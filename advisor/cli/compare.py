"""`advisor compare`: two boards, or two runs of one, side by side; or one board's runtimes."""

from __future__ import annotations

from typing import Annotated

import typer

from advisor.cli.completion import boards
from advisor.cli.options import CatalogOption, JsonOption, PlotOption
from advisor.cli.output import emit, emit_table

HELP = "A board, or one of its runs or units as BOARD/RUN or BOARD/UNIT."


def command(
    first: Annotated[str, typer.Argument(metavar="BOARD", help=HELP, autocompletion=boards)],
    second: Annotated[
        str | None,
        typer.Argument(
            metavar="[BOARD]", help="Likewise.", show_default=False, autocompletion=boards
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            metavar="runtime|precision",
            help="How many times as fast as eager fp32 each runtime, or precision, of one board is.",
        ),
    ] = None,
    plot: PlotOption = None,
    as_json: JsonOption = False,
    catalog: CatalogOption = None,
) -> None:
    """The ratio of latencies, with its interval; only what is significant is stressed."""
    from advisor.report.answer_documents import COMPARE, answer_json
    from advisor.report.comparison import compare, comparison_text

    found = compare(first, second, by=by, catalog=catalog)
    if plot is not None:
        from advisor.api import draw

        draw(found, plot)
    if as_json:
        emit(answer_json(COMPARE, found))
    else:
        emit_table(comparison_text(found))
