"""`advisor check`: whether a network keeps a budget, for a pipeline that is to fail where it does not."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from advisor.cli.completion import boards
from advisor.cli.completion import networks as networks_known
from advisor.cli.options import CatalogOption, TrustOption
from advisor.cli.output import emit, emit_table, warn
from advisor.errors import AdvisorError

FORMATS = ("text", "json", "junit", "github")


def command(
    budget: Annotated[
        str,
        typer.Argument(
            metavar="BUDGET.yaml",
            help="A file that asks, as `advisor pick` takes it: its limits count.",
        ),
    ],
    networks: Annotated[
        list[str],
        typer.Argument(
            metavar="[NAME=]NETWORK...",
            help="A network of the catalog, a file (.onnx, .pt2), or code that makes one "
            "(MODULE:FACTORY).",
            autocompletion=networks_known,
        ),
    ],
    board: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Another board than the file's.",
            show_default=False,
            autocompletion=boards,
        ),
    ] = None,
    form: Annotated[
        str, typer.Option("--format", metavar="|".join(FORMATS), help="How to print it.")
    ] = "text",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write it there, and text here.",
            show_default=False,
        ),
    ] = None,
    trust: TrustOption = False,
    catalog: CatalogOption = None,
) -> None:
    """Whether networks keep a budget of frame rate, energy, memory and accuracy on a board.

    By what was measured there, which `advisor measure` adds to, else by prediction. Exits with 1
    where one does not.
    """
    if form not in FORMATS:
        raise AdvisorError(f"--format {form}", f"give one of {', '.join(FORMATS)}")
    if output is not None and form == "text":
        raise AdvisorError("--output goes with another --format", "give --format junit, say")
    from advisor.report.budget_text import budget_document, budget_text
    from advisor.solve.budget import check

    found = check(budget, networks, board=board, trust=trust, catalog=catalog)
    for each in found.networks:
        warn(each.notes)
    if form == "text":
        emit_table(budget_text(found))
    elif output is None:
        emit(budget_document(found, form, budget))
    else:
        from advisor.catalog.files import write_whole

        write_whole(output, budget_document(found, form, budget))
        emit_table(budget_text(found))
    if not found.kept:
        raise typer.Exit(1)
