"""`advisor import`: other tools' results as a board."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from advisor.cli.options import CatalogOption
from advisor.cli.output import complain, emit

app = typer.Typer(help="Make a board of results that other tools measured.", no_args_is_help=True)

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
            help="Which of the file's columns is ours, as latency_ms=step_time:s. May be repeated.",
        ),
    ] = None,
    catalog: CatalogOption = None,
) -> None:
    """A CSV file of results; columns are ours by name, or by --map."""
    from advisor.catalog.import_board import source_key, write_board
    from advisor.catalog.import_csv import assumed, read_map, read_rows
    from advisor.catalog.layers import layers_with, target_folder
    from advisor.catalog.store import Catalog

    names = read_map(columns or [])
    source = source_key(board, [file])
    folder = target_folder(catalog)
    known = Catalog(layers_with(folder)).architectures
    rows = read_rows(file, names, known, source)
    place = write_board(folder, board, f"imported from {file.name}", rows, [file], source)
    emit(f"{len(rows)} rows in {place}\n")
    _tell_replaced(board)
    if without := assumed(file, names):
        emit(f"{without}: the file has no such column\n")


@app.command("trtexec")
def trtexec_command(
    logs: Annotated[list[Path], typer.Argument(help="Logs that trtexec printed.")],
    board: BoardOption,
    architecture: Annotated[
        str | None,
        typer.Option(
            "--arch", metavar="NAME", help="The network, where its file's name does not tell."
        ),
    ] = None,
    batch: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="The batch size, where a log does not tell."),
    ] = None,
    precision: Annotated[
        str | None, typer.Option(metavar="fp16", help="The precision, where a log does not tell.")
    ] = None,
    catalog: CatalogOption = None,
) -> None:
    """Logs of TensorRT's trtexec, one a row; the GPU compute time is the latency."""
    from advisor.catalog.import_board import source_key, write_board
    from advisor.catalog.import_trtexec import read_log, refuse_repeats
    from advisor.catalog.layers import layers_with, target_folder
    from advisor.catalog.store import Catalog

    source = source_key(board, logs)
    folder = target_folder(catalog)
    known = Catalog(layers_with(folder)).architectures
    rows = [read_log(log, known, source, architecture, batch, precision) for log in logs]
    refuse_repeats(rows, logs)
    place = write_board(folder, board, "TensorRT, by trtexec", rows, logs, source)
    emit(f"{len(rows)} rows in {place}\n")
    _tell_replaced(board)


@app.command("accuracies")
def accuracies_command(
    file: Annotated[Path, typer.Argument(help="Your copy of timm's results-imagenet.csv.")],
    catalog: CatalogOption = None,
) -> None:
    """The accuracies of timm's networks, joined on name and input size, into your own catalog."""
    from advisor.catalog.import_accuracies import read_accuracies, write_accuracies
    from advisor.catalog.layers import layers_with, target_folder
    from advisor.catalog.store import Catalog
    from advisor.report.figures import counted

    read = read_accuracies(file)
    folder = target_folder(catalog)
    place = write_accuracies(folder, read, file)
    emit(
        f"{counted(len(read.rows), 'set')} of weights of {counted(read.networks, 'network')} "
        f"(name and size) in {place}\n"
    )
    for why, count in read.dropped.items():
        emit(f"left out: {counted(count, 'row')} {why}\n")
    zoo = Catalog(layers_with(folder)).zoo
    waiting = len({name for name, *_ in read.rows} - zoo.architectures.keys())
    if waiting:
        emit(
            f"{counted(waiting, 'network')} of them cannot be chosen before they are counted: "
            "advisor zoo --count timm\n"
        )


def _tell_replaced(board: str) -> None:
    from advisor.catalog.layers import shipped_folder

    if (shipped_folder() / "boards" / board).exists():
        complain(f"warning: with this catalog, {board} now means these rows, not the shipped board")
