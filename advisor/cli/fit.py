"""`advisor fit`: the models of a board, fitted to its rows."""

from __future__ import annotations

from typing import Annotated

import typer

from advisor.cli.completion import boards
from advisor.cli.options import (
    CatalogOption,
    InsecureOption,
    LabelOption,
    PlotOption,
    SpreadOption,
    TlsCaOption,
    TlsCertOption,
    TlsKeyOption,
    check_label,
    spreading,
)
from advisor.cli.output import complain, emit, emit_table, warn


def command(
    board: Annotated[
        list[str],
        typer.Argument(
            metavar="BOARD...", help="Boards, by names or patterns.", autocompletion=boards
        ),
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
    plot: PlotOption = None,
    label: LabelOption = None,
    on: SpreadOption = None,
    tls_ca_file: TlsCaOption = None,
    tls_cert: TlsCertOption = None,
    tls_key: TlsKeyOption = None,
    insecure: InsecureOption = False,
    catalog: CatalogOption = None,
) -> None:
    """Fit every model to a board's rows, and say how far they are off networks they have not seen.

    The picture shows predicted against measured, each network held out.
    Of several boards, one that cannot be fitted holds up no other; the exit status is then 1.
    """
    from advisor.prediction.board_model import Fitted
    from advisor.prediction.fitting import Unfitted, fit_each
    from advisor.report.fit_text import fit_text

    check_label(label, plot)
    if plot is not None:
        from advisor.api import check_fit_drawn

        check_fit_drawn(board, label=label, catalog=catalog)
    done, unfitted = list[Fitted](), list[Unfitted]()
    with spreading(on, tls_ca_file, tls_cert, tls_key, insecure) as spread:
        for each in fit_each(
            board,
            like=like or None,
            unlike=unlike or None,
            residuals_from=borrow,
            catalog=catalog,
            spread=spread,
        ):
            if isinstance(each, Unfitted):
                unfitted.append(each)
                continue
            done.append(each)
            warn(each.warnings)
            emit_table(fit_text(each.board, each.fit))
            emit(f"\nwritten to {each.file}\n")
    if plot is not None and done:
        from advisor.api import draw

        draw(done[0], plot, label=label, catalog=catalog)
    if len(unfitted) == 1 and not done:
        raise unfitted[0].error
    for failed in unfitted:
        complain(f"board {failed.board} is not fitted: {failed.error}")
    if unfitted:
        raise typer.Exit(1)
