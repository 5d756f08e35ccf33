"""`advisor findings`: the paper's findings, tested on a board or on many."""

from __future__ import annotations

from typing import Annotated

import typer

from advisor.cli.completion import boards
from advisor.cli.options import CatalogOption, JsonOption, PlotOption
from advisor.cli.output import emit, emit_table


def command(
    board: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            autocompletion=boards,
            help="The board; of several (a device's, a pattern, a list, any) the effects' sizes.",
            show_default="$ADVISOR_BOARD or jetson-tx1",
        ),
    ] = None,
    plot: PlotOption = None,
    as_json: JsonOption = False,
    catalog: CatalogOption = None,
) -> None:
    """What holds on a board of the paper's four findings and its stated figures, or how much on many."""
    from advisor.paper.board_findings import findings_json, findings_text
    from advisor.paper.survey import Survey, findings_or_survey
    from advisor.paper.survey_text import survey_json, survey_text

    found = findings_or_survey(board, catalog=catalog)
    if plot is not None:
        from advisor.api import draw

        draw(found, plot)
    if isinstance(found, Survey):
        return emit(survey_json(found)) if as_json else emit_table(survey_text(found))
    return emit(findings_json(found)) if as_json else emit_table(findings_text(found))
