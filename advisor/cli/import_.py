"""`advisor import`: other tools' results as a board."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from advisor.catalog.importers import published
from advisor.catalog.importers.import_options import FORMATS, OPTIONS, Format, ImportOption
from advisor.cli.options import CatalogOption, parameter
from advisor.cli.output import emit, warn

if TYPE_CHECKING:
    from advisor.catalog.importers.imported import Imported

app = typer.Typer(help="Make a board of results that other tools measured.", no_args_is_help=True)

BoardOption = Annotated[
    str, typer.Option("--board", metavar="NAME", help="What to call the board.")
]
UNSAID = inspect.Parameter.empty


def _files(format: Format) -> inspect.Parameter:
    taken = list[Path] if format.several else Path
    name = "logs" if format.several else "file"
    return parameter(name, Annotated[taken, typer.Argument(help=format.files)], UNSAID)


def _option(option: ImportOption) -> inspect.Parameter:
    """An option as typer takes it."""
    info = typer.Option(
        option.flag,
        metavar=option.metavar or None,
        help=option.help,
        min=1 if option.kind is int else None,
        show_default=option.default or False,
    )
    taken = bool if option.kind is bool else list[str] if option.kind is list else option.kind
    default = False if option.kind is bool else None
    return parameter(
        option.name, Annotated[taken if default is False else taken | None, info], default
    )


def _command(format: Format) -> Callable[..., None]:
    """The subcommand of a format, with the options that it takes."""
    files = _files(format)
    parameters = [
        files,
        *([parameter("board", BoardOption, UNSAID)] if format.board else []),
        *(_option(each) for each in OPTIONS.values() if format.name in each.formats),
        parameter("catalog", CatalogOption),
    ]

    def command(**given: Any) -> None:
        from advisor.catalog.importers.imported import import_table

        said = {name: value for name, value in given.items() if value is not None}
        _print(import_table(format.name, said.pop(files.name), **said))

    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {each.name: each.annotation for each in parameters}
    return command


def _published(format: str) -> Callable[..., None]:
    """The subcommand that imports a published table of many boards."""

    def command(
        path: Annotated[
            Path, typer.Argument(help="Your copy: a file, or the folder of its files.")
        ],
        only: Annotated[
            list[str] | None,
            typer.Option(metavar="PATTERN", help="Only these boards, as 'raspberry*'. Repeatable."),
        ] = None,
        dry_run: Annotated[
            bool, typer.Option("--dry-run", help="Say what it brings, and write nothing.")
        ] = False,
        catalog: CatalogOption = None,
    ) -> None:
        from advisor.report.catalog_text import published_lines

        found = published.import_boards(
            format, path, only=only or (), dry_run=dry_run, catalog=catalog
        )
        for line in published_lines(found):
            emit(line + "\n")

    return command


for each in FORMATS.values():
    app.command(each.name, help=each.help)(_command(each))
for name, help_ in published.FORMATS.items():
    app.command(name, help=help_)(_published(name))


def _print(imported: Imported) -> None:
    from advisor.report.catalog_text import imported_lines, imported_warnings

    for line in imported_lines(imported):
        emit(line + "\n")
    warn(imported_warnings(imported))
