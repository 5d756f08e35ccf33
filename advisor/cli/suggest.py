"""`advisor suggest`: which networks to measure on a new board."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from advisor.cli.completion import boards
from advisor.cli.options import JsonOption, check_one_form
from advisor.cli.output import emit, emit_table, warn
from advisor.cli.question import asks


@asks()
def command(
    question: dict[str, Any],
    count: Annotated[int, typer.Option(min=1, metavar="N", help="How many networks.")] = 20,
    like: Annotated[
        list[str] | None,
        typer.Option(
            metavar="BOARD",
            autocompletion=boards,
            help="A board that has run them, from which the new one will be predicted. May be repeated.",
            show_default="the boards of most networks",
        ),
    ] = None,
    as_json: JsonOption = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print the names alone, one a line.")
    ] = False,
) -> None:
    """Which networks to measure on a new board, so that `fit` predicts all others best.

    They differ from each other in what boards make of them; of those worth nearly as much, the cheapest.
    Asked as `pick` is, networks count that could be picked, most of all those near a limit. `--board` is the
    new board, if it has rows already: these are not named again.
    """
    check_one_form(json=as_json, csv=as_csv)
    from advisor.report.answer_documents import SUGGEST, answer_json
    from advisor.report.suggest_text import suggest_text
    from advisor.solve.suggest import suggest

    answer = suggest(count, like=like or (), **question)
    warn(answer.notes)
    if as_json:
        emit(answer_json(SUGGEST, answer))
    elif as_csv:
        emit("".join(f"{each}\n" for each in answer.names))
    else:
        emit_table(suggest_text(answer, like=bool(like)))
