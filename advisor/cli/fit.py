"""`advisor fit`: the models of a board, fitted to its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from advisor.cli.options import CatalogOption
from advisor.cli.output import emit, emit_table, warn

if TYPE_CHECKING:
    from advisor.prediction.fitting import Refitted


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
    like: Annotated[
        list[str] | None,
        typer.Option(
            metavar="BOARD|auto",
            help="A board that has run many networks: from a few that both ran, all others are told. "
            "May be repeated; auto takes those boards that tell the most.",
        ),
    ] = None,
    catalog: CatalogOption = None,
) -> None:
    """Fit every model to a board's rows, and say how far they are off networks they have not seen."""
    from advisor.catalog.store import Catalog
    from advisor.prediction.fit_store import write_fit
    from advisor.prediction.fitting import refit, with_residuals_of
    from advisor.report.fit_text import fit_text

    opened = Catalog.open(catalog)
    described = opened.board(board)
    done = refit(opened, described, like or ())
    warn(_doubts(board, done))
    fitted = with_residuals_of(opened, described, done.fit, borrow or "")
    emit_table(fit_text(board, fitted))
    place = write_fit(described.folder, fitted)
    emit(f"\nwritten to {place}\n")


def _doubts(board: str, done: Refitted) -> list[str]:
    """What could not be fitted, though it was asked for."""
    told = []
    if done.why_no_transfer:
        told.append(f"{done.why_no_transfer}: {board} is told by its own models alone")
    if done.why_no_models:
        told.append(f"no models of its own: {done.why_no_models}")
    return told
