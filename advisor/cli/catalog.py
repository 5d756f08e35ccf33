"""`advisor catalog`: are all its files as they should be, and of the present format?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from advisor.cli.options import CatalogOption
from advisor.cli.output import emit

app = typer.Typer(
    add_completion=False, help="The files that advisor answers from.", no_args_is_help=True
)


@app.callback()
def _catalog() -> None:
    pass


@app.command("check")
def check_command(catalog: CatalogOption = None) -> None:
    """Read every file of the catalog and print all that is wrong; exits with 1 if anything is."""
    from advisor.api import check_catalog
    from advisor.report.terminal import counted

    checked = check_catalog(catalog)
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


@app.command("index")
def index_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a catalog.")],
) -> None:
    """Write index.json, so that the folder can be hosted as files and read by --catalog https://..."""
    from advisor.catalog.hosted import INDEX, write_index
    from advisor.report.terminal import counted

    found = write_index(folder)
    emit(f"{folder / INDEX}: {counted(len(found), 'file')}\n")


@app.command("merge")
def merge_command(
    folders: Annotated[
        list[Path], typer.Argument(metavar="DIR...", help="Catalogs that were measured apart.")
    ],
    catalog: CatalogOption = None,
) -> None:
    """Take catalogs that were measured apart into your own; no run counts twice.

    Exits with 1 where something was left out, since it contradicts what is there.
    """
    from advisor.measuring.merging import merge
    from advisor.report.terminal import counted

    merged = merge(folders, catalog=catalog)
    for each in merged.boards:
        said = each.refused or f"{counted(each.added, 'new run')}, {each.known} known"
        emit(f"{each.source}: {each.board}: {said}\n")
    for count, noun, of_what in (
        (merged.accuracies, "new row", " of accuracies"),
        (merged.weights, "new set", " of weights"),
        (merged.aliases, "new name", " of networks or devices"),
        (merged.evaluations, "new run", " on images"),
    ):
        if count:
            emit(f"{counted(count, noun)}{of_what}\n")
    for reason in merged.refused:
        emit(f"{reason}\n")
    if not merged.complete:
        raise typer.Exit(1)


@app.command("migrate")
def migrate_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a catalog.")],
) -> None:
    """Rewrite a catalog of an earlier format in the present one; what it was is kept beside it.

    Catalogs of earlier formats are read as they are: none has to be rewritten.
    """
    from advisor.catalog.migration import migrate

    migrated = migrate(folder)
    if migrated.backup is None:
        emit(f"{folder} is of format {migrated.format} already: nothing was changed\n")
        return
    for path in migrated.changed:
        emit(f"{path}\n")
    emit(
        f"{folder} was of format {migrated.before} and is of format {migrated.format} now; "
        f"as it was: {migrated.backup}\n"
    )
