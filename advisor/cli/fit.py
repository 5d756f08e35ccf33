"""`advisor fit`: the models of a board, fitted to its rows."""

from __future__ import annotations

from typing import Annotated

import typer

from advisor.cli.completion import boards
from advisor.cli.options import CatalogOption
from advisor.cli.output import emit, emit_table, warn


def command(
    board: Annotated[
        str, typer.Argument(metavar="BOARD", help="The board.", autocompletion=boards)
    ],
    borrow: Annotated[
        str | None,
        typer.Option(
            "--residuals-from",
            autocompletion=boards,
            metavar="BOARD|none",
            help="A board whose residuals stand in where this one has too few networks for intervals; "
            "kept when it is fitted again, until none drops it.",
        ),
    ] = None,
    like: Annotated[
        list[str] | None,
        typer.Option(
            autocompletion=boards,
            metavar="BOARD|auto|none",
            help="A board from which those networks are predicted that it has run and this one has not, "
            "beside all boards that ran networks alike (auto, which goes without saying). May be repeated, "
            "and be a pattern; none leaves this board's own models alone. Kept when it is fitted again.",
        ),
    ] = None,
    unlike: Annotated[
        list[str] | None,
        typer.Option(
            metavar="BOARD|none",
            help="A board that is not to be among those that ran networks alike. May be repeated, and be a "
            "pattern; kept when the board is fitted again, until none drops it.",
        ),
    ] = None,
    catalog: CatalogOption = None,
) -> None:
    """Fit every model to a board's rows, and say how far they are off networks they have not seen."""
    from advisor.prediction.fitting import fit
    from advisor.report.fit_text import fit_text

    fitted = fit(
        board, like=like or None, unlike=unlike or None, residuals_from=borrow, catalog=catalog
    )
    warn(fitted.warnings)
    emit_table(fit_text(board, fitted.fit))
    emit(f"\nwritten to {fitted.file}\n")
