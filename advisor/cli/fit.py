"""`advisor fit`: the laws of a board, fitted to its rows."""

from __future__ import annotations

from typing import Annotated

import typer

from advisor.cli.options import CatalogOption
from advisor.cli.output import emit, emit_table
from advisor.errors import AdvisorError


def command(
    board: Annotated[str, typer.Argument(metavar="BOARD", help="The board.")],
    borrow: Annotated[
        str | None,
        typer.Option(
            "--residuals-from",
            metavar="BOARD",
            help="A board whose residuals stand in where this one has too few networks for intervals.",
        ),
    ] = None,
    catalog: CatalogOption = None,
) -> None:
    """Fit every law to a board's rows, and say how far they are off networks they have not seen."""
    from advisor.catalog.store import Catalog
    from advisor.predict.fit_board import borrow_residuals, fit_board
    from advisor.predict.fit_file import current_fit, write_fit
    from advisor.report.fit_text import fit_text

    opened = Catalog.open(catalog)
    known = opened.architectures
    described = opened.board(board)
    fitted = fit_board(described, opened.measurements(described), known)
    if borrow is not None:
        lender = opened.board(borrow)
        lent, why_not = current_fit(lender, opened.measurements(lender), known)
        if lent is None:
            raise AdvisorError(f"{borrow} cannot lend its residuals: {why_not}")
        fitted = borrow_residuals(described, fitted, lender, lent, known)
    emit_table(fit_text(board, fitted))
    place = write_fit(described.folder, fitted)
    emit(f"\nwritten to {place}\n")
