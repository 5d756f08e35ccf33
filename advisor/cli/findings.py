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
    from advisor.catalog.store import Catalog
    from advisor.prediction.findings import findings
    from advisor.prediction.measured_rows import MeasuredRows
    from advisor.prediction.statements import statements
    from advisor.report.findings_text import findings_json, findings_text
    from advisor.solve.question.reading import default_board

    name = board or default_board()
    evidence = MeasuredRows.of(Catalog.open(catalog), name)
    told = evidence, findings(evidence), statements(evidence)
    if as_json:
        emit(findings_json(*told))
    else:
        emit_table(findings_text(*told))
