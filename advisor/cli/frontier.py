"""`advisor frontier`: what nothing beats."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from advisor.cli.options import (
    CsvOption,
    JsonOption,
    LabelOption,
    PlotOption,
    check_label,
    check_one_form,
)
from advisor.cli.output import emit, emit_table, warn
from advisor.cli.question import asks


@asks()
def command(
    question: dict[str, Any],
    x: Annotated[str, typer.Option(metavar="METRIC", help="The axis across.")] = "time",
    y: Annotated[str, typer.Option(metavar="METRIC", help="The axis upwards.")] = "accuracy",
    z: Annotated[
        str | None, typer.Option(metavar="METRIC", help="A third one.", show_default=False)
    ] = None,
    plot: PlotOption = None,
    label: LabelOption = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """The candidates that meet every limit and that no other one beats on two or three metrics.

    Exits with 1 where nothing meets every limit.
    """
    check_one_form(json=as_json, csv=as_csv)
    from advisor.solve.recommend.frontier import frontier

    check_label(label, plot)
    found = frontier(x=x, y=y, z=z, **question)
    warn(found.notes)
    if plot is not None and found.points:
        from advisor.api import draw

        draw(found, plot, label=label, catalog=question.get("catalog"))
    if as_json:
        from advisor.report.answer_documents import frontier_json

        emit(frontier_json(found))
    elif as_csv:
        from advisor.report.answer_documents import candidates_csv

        emit(candidates_csv(found.points))
    else:
        from advisor.report.frontier_text import frontier_text

        emit_table(frontier_text(found))
    if not found.points:
        raise typer.Exit(1)
