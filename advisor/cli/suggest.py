"""`advisor suggest`: which networks to measure on a new board."""

from __future__ import annotations

from typing import Annotated

import typer

from advisor.cli.options import CatalogOption
from advisor.cli.output import emit, emit_table


def command(
    count: Annotated[int, typer.Option(min=1, metavar="N", help="How many networks.")] = 20,
    like: Annotated[
        list[str] | None,
        typer.Option(
            metavar="BOARD",
            help="A board that has run them, from which the new one will be predicted. May be repeated.",
            show_default="the boards of most networks",
        ),
    ] = None,
    board: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="The new board, if it has rows already: these are not named again."
        ),
    ] = None,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print the names alone, one a line.")
    ] = False,
    catalog: CatalogOption = None,
) -> None:
    """Which networks to measure on a new board, so that `fit --like` predicts all others best.

    They differ from each other in what boards make of them; of those worth nearly as much, the cheapest.
    """
    from advisor.prediction.transfer.suggestions import suggest
    from advisor.report.suggest_text import suggest_text

    answer = suggest(count, like=like or (), board=board, catalog=catalog)
    if as_csv:
        emit("".join(f"{each.name}\n" for each in answer.networks))
    else:
        emit_table(suggest_text(answer))
