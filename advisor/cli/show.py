"""`advisor show NAME`: all that is known of one network, or of a board."""

from __future__ import annotations

from typing import Annotated

import typer

from advisor.cli.completion import boards, boards_and_networks
from advisor.cli.options import CatalogOption, JsonOption
from advisor.cli.output import emit, emit_table, note
from advisor.errors import AdvisorError


def command(
    name: Annotated[
        str,
        typer.Argument(
            autocompletion=boards_and_networks,
            help="A network, such as resnet-50; a board or a device, such as jetson-tx1.",
        ),
    ],
    board: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            autocompletion=boards,
            help="Only a network's rows on this board, device, or pattern of boards.",
        ),
    ] = None,
    as_json: JsonOption = False,
    catalog: CatalogOption = None,
) -> None:
    """All that is known of a network, by board, or of a device's boards; with sources."""
    from advisor.catalog.listing import show, show_boards
    from advisor.report.answer_documents import SHOW_BOARDS, answer_json
    from advisor.report.catalog_text import known_boards_text
    from advisor.report.known_network import architecture_text, show_json

    try:
        known = show(name, catalog, board=board)
    except AdvisorError as unknown:
        if board is not None:
            raise
        try:
            boards = show_boards(name, catalog)
        except AdvisorError:
            raise unknown from None
        if as_json:
            emit(answer_json(SHOW_BOARDS, boards))
        else:
            emit_table(known_boards_text(boards))
        return
    if as_json:
        emit(show_json(known))
    else:
        emit_table(architecture_text(known, board))
    if known.note:
        note(known.note)
    for message in known.left_out:
        note(f"left out: {message}")
