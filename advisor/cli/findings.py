"""`advisor findings`: the paper's findings, tested on a board."""

from __future__ import annotations

from typing import Annotated

import typer

from advisor.cli.options import CatalogOption
from advisor.cli.output import emit, emit_table


def command(
    board: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="The board.", show_default="$ADVISOR_BOARD or jetson-tx1"
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    catalog: CatalogOption = None,
) -> None:
    """What holds on a board of the paper's four findings and its stated figures."""
    from advisor.paper.board_findings import findings, findings_json, findings_text

    found = findings(board, catalog=catalog)
    if as_json:
        emit(findings_json(found))
    else:
        emit_table(findings_text(found))
