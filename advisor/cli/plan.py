"""`advisor plan`: which networks to run on a board that has several workloads."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from advisor.cli.options import CatalogOption, JsonOption
from advisor.cli.output import emit, emit_table, warn


def command(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE", help="The workloads and what they share (`advisor schema plan-file`)."
        ),
    ],
    page: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write a page, too: a bar for each budget, and other choices to try.",
            show_default=False,
        ),
    ] = None,
    as_json: JsonOption = False,
    catalog: CatalogOption = None,
) -> None:
    """Which networks to run together on one board, within its time, memory and power.

    Exits with 1 where nothing keeps every limit.
    """
    from advisor.catalog.files import check_folder_of
    from advisor.solve.plan.plan import plan

    if page is not None:
        check_folder_of(page)  # before what takes its time
    answer = plan(file, catalog)
    warn(answer.notes)
    if page is not None and answer.chosen:
        from advisor.report.explorer.plan_page import plan_page

        plan_page(answer, page)
    elif page is not None:
        warn([f"{page} was not written: a workload has no candidate"])
    if as_json:
        from advisor.report.answer_documents import plan_json

        emit(plan_json(answer))
    else:
        from advisor.report.plan_text import plan_text

        emit_table(plan_text(answer))
    if not answer.fits:
        raise typer.Exit(1)
