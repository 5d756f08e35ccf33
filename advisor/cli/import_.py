"""`advisor import`: other tools' results as a board."""

from __future__ import annotations

from collections.abc import Iterable
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
    from advisor.catalog.files import layers_with, target_folder
    from advisor.catalog.importers.imported import rows_before, source_key, write_board
    from advisor.catalog.importers.results import assumed, read_map, read_rows
    from advisor.catalog.store import Catalog

    names = read_map(columns or [])
    source = source_key(board, [file])
    folder = target_folder(catalog)
    known = Catalog(layers_with(folder)).architectures
    rows = read_rows(file, names, known, source)
    title = f"imported from {file.name}"
    had = rows_before(folder, board)
    place = write_board(folder, board, {"title": title}, rows, [file], source)
    emit(f"{len(rows)} rows in {place}\n")
    _tell_replaced(board, had)
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
    from advisor.catalog.files import layers_with, target_folder
    from advisor.catalog.importers.imported import rows_before, source_key, write_board
    from advisor.catalog.importers.trtexec import read_log, refuse_repeats
    from advisor.catalog.store import Catalog

    source = source_key(board, logs)
    folder = target_folder(catalog)
    known = Catalog(layers_with(folder)).architectures
    rows = [read_log(log, known, source, architecture, batch, precision) for log in logs]
    refuse_repeats(rows, logs)
    had = rows_before(folder, board)
    place = write_board(folder, board, {"title": "TensorRT, by trtexec"}, rows, logs, source)
    emit(f"{len(rows)} rows in {place}\n")
    _tell_replaced(board, had)


@app.command("accuracies")
def accuracies_command(
    file: Annotated[Path, typer.Argument(help="Your copy of timm's results-imagenet.csv.")],
    catalog: CatalogOption = None,
) -> None:
    """The accuracies of timm's networks, joined on name and input size, into your own catalog."""
    from advisor.catalog.files import layers_with, target_folder
    from advisor.catalog.importers.accuracies import read_accuracies
    from advisor.catalog.importers.imported import write_accuracies
    from advisor.catalog.store import Catalog
    from advisor.report.catalog_text import accuracies_lines
    from advisor.report.terminal import counted

    read = read_accuracies(file)
    folder = target_folder(catalog)
    _tell(accuracies_lines(read, write_accuracies(folder, read, file)))
    zoo = Catalog(layers_with(folder)).zoo
    known = {*zoo.architectures, *zoo.plain}
    waiting = len({name for name, *_ in read.rows} - known)
    if waiting:
        emit(
            f"{counted(waiting, 'network')} of them cannot be chosen before they are counted: "
            "advisor zoo --count timm\n"
        )


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
            help="What ran them, where the file's name does not tell.",
            show_default="eager",
        ),
    ] = None,
    precision: Annotated[
        str | None,
        typer.Option(metavar="fp16", help="The precision, where the file's name does not tell."),
    ] = None,
    catalog: CatalogOption = None,
) -> None:
    """A benchmark table of timm's: how long its networks take, and what they cost; each is name@size."""
    from advisor.catalog.files import layers_with, target_folder
    from advisor.catalog.importers.accuracies import read_accuracies
    from advisor.catalog.importers.imported import rows_before, source_key, write_timm_board
    from advisor.catalog.importers.timm import read_benchmark, read_names, variant_of
    from advisor.catalog.store import Catalog
    from advisor.report.catalog_text import accuracies_lines, benchmark_lines

    variant = variant_of(file, runtime, precision)
    source = source_key(board, [file])
    names = None if only is None else read_names(only)
    folder = target_folder(catalog)
    zoo = Catalog(layers_with(folder)).zoo
    read = read_benchmark(file, variant, source, names, zoo.not_timms)
    accuracies = None if accuracy is None else (read_accuracies(accuracy), accuracy)
    had = rows_before(folder, board)
    written = write_timm_board(folder, board, read, file, source, zoo.reported, accuracies)
    if accuracies and written.accuracies:
        _tell(accuracies_lines(accuracies[0], written.accuracies))
    known = Catalog(layers_with(folder)).zoo.best_weights
    _tell(benchmark_lines(read, written.board, written.kept, known))
    _tell_replaced(board, had)


def _tell(lines: Iterable[str]) -> None:
    for line in lines:
        emit(line + "\n")


def _tell_replaced(board: str, had: int) -> None:
    from advisor.report.terminal import counted

    if had:
        complain(f"warning: the {counted(had, 'row')} that {board} had are replaced")
    from advisor.catalog.files import shipped_folder

    if (shipped_folder() / "boards" / board).exists():
        complain(f"warning: with this catalog, {board} now means these rows, not the shipped board")
