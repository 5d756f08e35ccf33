"""`advisor pick`: which network to ship on a board."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from advisor.cli.output import complain, emit, emit_table, warn
from advisor.cli.question import asks
from advisor.errors import AdvisorError


@asks
def command(
    question: dict[str, Any],
    explain: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NETWORK",
            help="Tell why this network is not the pick; can be repeated.",
            show_default=False,
        ),
    ] = None,
    top: Annotated[
        str | None, typer.Option(metavar="N", help="How many networks to list.", show_default="5")
    ] = None,
    all_batches: Annotated[
        bool | None,
        typer.Option(
            "--all-batches/--best-batch",
            help="List every fitting batch size, or only the best.",
            show_default="best-batch",
        ),
    ] = None,
    plot: Annotated[
        bool,
        typer.Option("--plot", help="Draw accuracy against time of what meets every limit."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """Which network to ship on a board, and why.

    Exits with 1 where nothing meets every limit.
    """
    if as_json + as_csv + plot > 1:
        raise AdvisorError("--json, --csv and --plot exclude each other", "give one of them")
    from advisor.solve.pick import pick

    recommendation = pick(**question, explain=explain, top=top, all_batches=all_batches)
    warn(recommendation.notes)
    if as_json:
        from advisor.report.pick_documents import pick_json

        emit(pick_json(recommendation))
    elif as_csv:
        from advisor.report.pick_documents import pick_csv

        emit(pick_csv(recommendation))
        if recommendation.best is None:
            complain("nothing fits; without --csv the answer says why")
    else:
        from advisor.report.pick_text import pick_text

        emit_table(pick_text(recommendation))
        if plot and recommendation.best:
            _draw(question)
    if recommendation.best is None:
        raise typer.Exit(1)


def _draw(question: dict[str, Any]) -> None:
    """Accuracy against time of all that meets the limits."""
    from advisor.report.frontier_text import frontier_scatter
    from advisor.solve.frontier import frontier

    emit("\n")
    emit_table(frontier_scatter(frontier(**question)))
