"""`advisor catalog check`: are all files of the catalog as they should be?"""

from __future__ import annotations

import typer

from advisor.cli.options import CatalogOption
from advisor.cli.output import emit

app = typer.Typer(help="The files that advisor answers from.", no_args_is_help=True)


@app.callback()
def _catalog() -> None:
    pass


@app.command("check")
def check_command(catalog: CatalogOption = None) -> None:
    """Read every file of the catalog and print all that is wrong; exits with 1 if anything is."""
    from advisor.api import check
    from advisor.report.terminal import counted

    checked = check(catalog)
    for fault in checked.faults:
        emit(f"{fault}\n")
    counts = (
        counted(checked.files, "file"),
        counted(checked.boards, "board"),
        counted(checked.rows, "measurement row"),
    )
    faults = counted(len(checked.faults), "fault") if checked.faults else "no faults"
    emit(f"{', '.join(counts)}: {faults}\n")
    if checked.faults:
        raise typer.Exit(1)
