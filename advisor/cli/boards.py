"""`advisor boards`: the boards that can be asked about."""

from __future__ import annotations

from typing import Annotated

import typer

from advisor.cli.completion import boards
from advisor.cli.options import CatalogOption, JsonOption
from advisor.cli.output import emit, emit_table, note


def command(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[WORDS]...",
            help="A board or a device by its name; else only those whose name, title, processor, software, "
            "source or makers have all of these words.",
            show_default=False,
            autocompletion=boards,
        ),
    ] = None,
    task: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only those with networks for it.")
    ] = None,
    known: Annotated[
        str | None,
        typer.Option(
            "--with",
            metavar="KNOWN,...",
            help="Only those of which that is known: latency, throughput, energy, memory, accuracy.",
        ),
    ] = None,
    maker: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Only those made by them, or with a chip of theirs."),
    ] = None,
    as_json: JsonOption = False,
    catalog: CatalogOption = None,
) -> None:
    """The boards that can be asked about, and where each comes from."""
    from advisor.catalog.listing import boards as listed
    from advisor.report.answer_documents import BOARDS, answer_json
    from advisor.report.catalog_text import boards_text

    found = listed(words or (), task=task, known=known or (), maker=maker, catalog=catalog)
    if as_json:
        emit(answer_json(BOARDS, found))
    else:
        emit_table(boards_text(found))
    for message in found.left_out:
        note(f"left out: {message}")
