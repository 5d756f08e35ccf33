"""`advisor suggest`: which networks to measure on a new board."""

from __future__ import annotations

from typing import Annotated

import typer

from advisor.cli.options import CatalogOption
from advisor.cli.output import emit, emit_table
from advisor.errors import AdvisorError


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
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print the names alone, one a line.")
    ] = False,
    catalog: CatalogOption = None,
) -> None:
    """Which networks to measure on a new board, so that `fit --like` predicts all others best.

    They differ from each other in what boards make of them; of those worth nearly as much, the cheapest.
    """
    if as_json and as_csv:
        raise AdvisorError("--json and --csv exclude each other", "give one of them")
    from advisor.prediction.transfer.suggestions import suggest
    from advisor.report.answer_documents import SUGGEST, answer_json
    from advisor.report.suggest_text import suggest_text

    answer = suggest(count, like=like or (), board=board, catalog=catalog)
    if as_json:
        emit(answer_json(SUGGEST, answer))
    elif as_csv:
        emit("".join(f"{each}\n" for each in answer.names))
    else:
        emit_table(suggest_text(answer))
