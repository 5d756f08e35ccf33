"""`advisor import`: other tools' results as a board."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from advisor.catalog.importers.published import FORMATS, import_boards
from advisor.cli.options import CatalogOption
from advisor.cli.output import complain, emit

if TYPE_CHECKING:
    from advisor.catalog.importers.imported import Imported

app = typer.Typer(
    add_completion=False,
    help="Make a board of results that other tools measured.",
    no_args_is_help=True,
)

BoardOption = Annotated[
    str, typer.Option("--board", metavar="NAME", help="What to call the board.")
]


@app.command("csv")
def csv_command(
    file: Annotated[Path, typer.Argument(help="A CSV file with a header.")],
    board: BoardOption,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="OURS=THEIRS[:UNIT]",
            help="Which of the file's columns is ours, as latency_ms=step_time:s; what all rows have, as "
            "runtime==tflite; what a word means, as precision:True=int8; or a YAML file of such pairs. "
            "May be repeated.",
        ),
    ] = None,
    rows: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN=CELL",
            help="Only rows with that in one of the file's columns, as system=rpi4. May be repeated.",
        ),
    ] = None,
    skip_bad: Annotated[
        bool,
        typer.Option("--skip-bad", help="Leave rows out that cannot be read, and count them."),
    ] = False,
    title: Annotated[str | None, typer.Option(help="What people call the board.")] = None,
    idle_power: Annotated[
        str | None,
        typer.Option(
            metavar="1.3W", help="What it draws while idle; '<= 2W' where that is a bound."
        ),
    ] = None,
    memory: Annotated[
        str | None, typer.Option(metavar="4GB", help="How much memory it has.")
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The sets of weights that the table is of."),
    ] = None,
    memory_scope: Annotated[
        str | None, typer.Option(metavar="TEXT", help="What its memory figures cover.")
    ] = None,
    power_scope: Annotated[
        str | None, typer.Option(metavar="TEXT", help="What its power figures cover.")
    ] = None,
    catalog: CatalogOption = None,
) -> None:
    """A CSV file of results; columns are ours by their headings, or by --map."""
    from advisor.catalog.importers.imported import import_table

    _print(
        import_table(
            "csv",
            file,
            board,
            columns=columns or (),
            rows=rows or (),
            skip_bad=skip_bad,
            title=title,
            idle_power=idle_power,
            memory=memory,
            weights=weights,
            memory_scope=memory_scope,
            power_scope=power_scope,
            catalog=catalog,
        )
    )


@app.command("trtexec")
def trtexec_command(
    logs: Annotated[list[Path], typer.Argument(help="Logs that trtexec printed.")],
    board: BoardOption,
    architecture: Annotated[
        str | None,
        typer.Option(
            "--arch", metavar="NAME", help="The network, where its file's name does not say."
        ),
    ] = None,
    batch: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="The batch size, where a log does not say."),
    ] = None,
    precision: Annotated[
        str | None, typer.Option(metavar="fp16", help="The precision, where a log does not say.")
    ] = None,
    catalog: CatalogOption = None,
) -> None:
    """Logs of TensorRT's trtexec, each run that passed a row; the GPU compute time is the latency."""
    from advisor.catalog.importers.imported import import_table

    _print(
        import_table(
            "trtexec",
            logs,
            board,
            architecture=architecture,
            batch=batch,
            precision=precision,
            catalog=catalog,
        )
    )


@app.command("accuracies")
def accuracies_command(
    file: Annotated[Path, typer.Argument(help="Your copy of timm's results-imagenet.csv.")],
    data_set: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The data set, where it is not ImageNet-1k and the file's name is silent.",
        ),
    ] = None,
    catalog: CatalogOption = None,
) -> None:
    """The accuracies of timm's networks, joined on name and input size, into your own catalog."""
    from advisor.catalog.importers.imported import import_table

    _print(import_table("accuracies", file, data_set=data_set, catalog=catalog))


@app.command("timm")
def timm_command(
    file: Annotated[Path, typer.Argument(help="Your copy of one of timm's benchmark-infer-*.csv.")],
    board: BoardOption,
    accuracy: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Your copy of timm's results-imagenet.csv, imported as well."
        ),
    ] = None,
    only: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Only these networks: one name, or name@size, a line."),
    ] = None,
    runtime: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="What ran them, where the file's name does not say.",
            show_default="eager",
        ),
    ] = None,
    precision: Annotated[
        str | None,
        typer.Option(metavar="fp16", help="The precision, where the file's name does not say."),
    ] = None,
    catalog: CatalogOption = None,
) -> None:
    """A benchmark table of timm's: how long its networks take, and what they cost; each is name@size."""
    from advisor.catalog.importers.imported import import_table

    _print(
        import_table(
            "timm",
            file,
            board,
            accuracy=accuracy,
            only=only,
            runtime=runtime,
            precision=precision,
            catalog=catalog,
        )
    )


def _published(format: str, said: str) -> None:
    """Declare the command that imports one published table."""

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

        found = import_boards(format, path, only=only or (), dry_run=dry_run, catalog=catalog)
        for line in published_lines(found):
            emit(line + "\n")

    app.command(format, help=said)(command)


for _format, _said in FORMATS.items():
    _published(_format, _said)


def _print(imported: Imported) -> None:
    from advisor.report.catalog_text import imported_lines, imported_warnings

    for line in imported_lines(imported):
        emit(line + "\n")
    for warning in imported_warnings(imported):
        complain(f"warning: {warning}")
