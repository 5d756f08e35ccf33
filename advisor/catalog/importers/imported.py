"""Tables of other tools made part of the user's catalog: boards, what networks cost, accuracies."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

from advisor.architectures.names import NAME, NAME_EXPECTED
from advisor.arguments import checked
from advisor.catalog.accuracy_table import accuracy_table
from advisor.catalog.csv_table import csv_text
from advisor.catalog.entries import read_architectures
from advisor.catalog.files import layers_with, shipped_folder, target_folder, write_whole
from advisor.catalog.importers.accuracies import Accuracies, read_accuracies
from advisor.catalog.importers.board_files import (
    add_source,
    check_board,
    drop_former_sources,
    rows_before,
    same_board,
    source_key,
    stated_entries,
    weights_of,
    write_board,
)
from advisor.catalog.importers.column_map import read_map
from advisor.catalog.importers.data_sets import data_set_of
from advisor.catalog.importers.table_accuracy import accuracies_in, write_accuracies
from advisor.catalog.importers.table_networks import Networks, write_networks
from advisor.catalog.importers.table_rows import read_table
from advisor.catalog.importers.timm import read_benchmark, read_names, variant_of
from advisor.catalog.importers.trtexec import Stated, read_logs
from advisor.catalog.measurements_table import Row
from advisor.catalog.precision import read_precision
from advisor.catalog.records import Estimate, Variant, Weights
from advisor.catalog.store import ACCURACY, Catalog
from advisor.catalog.tables import WEIGHTS_COLUMNS, Reported, reported_table
from advisor.catalog.writers import writing
from advisor.catalog.zoo import ACCURACY_END, REPORTED_FILE
from advisor.errors import AdvisorError, closest, shown
from advisor.quality import CLASSIFICATION, IMAGENET, TASKS, Quality, read_data_set

AnyPath: TypeAlias = str | os.PathLike[str]

ACCURACIES_FILE = "zoo/timm-weights.csv"
"""Where a user's catalog keeps the accuracies of timm's networks on ImageNet-1k."""

STATED = ("title", "idle_power", "memory", "weights", "memory_scope", "power_scope")
"""What a user may state of the board of a table of their own."""

OPTIONS = {
    "csv": {"board", "columns", "rows", "skip_bad", *STATED},
    "trtexec": {"board", "architecture", "batch", "precision"},
    "timm": {"board", "accuracy", "only", "runtime", "precision"},
    "accuracies": {"data_set"},
}
"""The formats, and the options that each takes."""


@dataclass(frozen=True)
class ImportedBoard:
    """A board that was made of another tool's results.

    Attributes:
        name: what it is called.
        folder: where it lies.
        rows: how many rows it has.
        networks: of how many networks these are.
        variants: how its rows were run, each once.
        left_out: how many rows of the table were left out, by why.
        assumed: what columns that the table lacks were taken as, by column.
        notes: what else a reader must know of its rows, in words.
        replaced: how many rows a board of that name had before, which are gone.
        hides_shipped: whether a shipped board of that name can no longer be asked about.
        costs: what a table of timm's reports of what its networks cost; `None` for other tables.
    """

    name: str
    folder: Path
    rows: int
    networks: int
    variants: tuple[Variant, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)
    assumed: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    replaced: int = 0
    hides_shipped: bool = False
    costs: ImportedCosts | None = None


@dataclass(frozen=True)
class ImportedCosts:
    """What a table of timm's reports of its networks beside their times.

    Attributes:
        by_rate: of how many rows only the rate counts, since the step time is missing or contradicts it.
        several: of how many networks the table reports several costs, of which the first counts.
        kept: of how many networks an earlier import reported another cost, which stays.
        missing: of how many networks it lacks parameters or multiply-adds.
        with_accuracy: of how many networks an accuracy is known now.
    """

    by_rate: int
    several: int
    kept: int
    missing: int
    with_accuracy: int


@dataclass(frozen=True)
class ImportedAccuracies:
    """The accuracies of timm's networks, as they were imported.

    Attributes:
        file: where they lie.
        sets: how many sets of weights they are of.
        networks: how many networks, each at one size.
        left_out: how many rows of the table were left out, by why.
        uncounted: how many of the networks cannot be chosen before they are counted.
        data_set: on which images they were found.
    """

    file: Path
    sets: int
    networks: int
    left_out: Mapping[str, int]
    uncounted: int
    data_set: str = IMAGENET


@dataclass(frozen=True)
class Imported:
    """What an import brought.

    Attributes:
        board: the board that was made; `None` where accuracies alone were imported.
        accuracies: the accuracies; `None` where none were imported.
    """

    board: ImportedBoard | None
    accuracies: ImportedAccuracies | None


@checked
def import_table(
    format: str,
    files: AnyPath | Iterable[AnyPath],
    board: str | None = None,
    *,
    columns: Sequence[str] = (),
    rows: Sequence[str] = (),
    skip_bad: bool = False,
    title: str | None = None,
    idle_power: str | None = None,
    memory: str | None = None,
    weights: str | None = None,
    memory_scope: str | None = None,
    power_scope: str | None = None,
    architecture: str | None = None,
    batch: int | None = None,
    runtime: str | None = None,
    precision: str | None = None,
    accuracy: AnyPath | None = None,
    only: AnyPath | None = None,
    data_set: str | None = None,
    catalog: AnyPath | None = None,
) -> Imported:
    """Make another tool's results part of your own catalog.

    Args:
        format: "csv", a table of your own; "trtexec", logs of TensorRT's; "timm", one of timm's
            benchmark-infer-*.csv; "accuracies", timm's results-imagenet.csv.
        files: the table; of trtexec one or more logs, each run in which becomes a row.
        board: what to call the board that is made; an earlier import of that name is replaced.
        columns: of csv, which of the table's columns is ours, as "latency_ms=step_time:s", what all rows
            have, as "runtime==tflite", what a word of the table means, as "precision:True=int8"; or YAML
            files of such pairs.
        rows: of csv, which rows are wanted, by what stands in a column, as "system=rpi4"; all without.
        skip_bad: of csv, whether to leave rows out that cannot be read, instead of refusing the table.
        title: of csv, what people call the board.
        idle_power: of csv, what it draws while idle, as "1.3 W"; "<= 2 W" where only a bound is known.
        memory: of csv, how much memory it has, as "4 GB".
        weights: of csv, the name of the sets of weights that the table is of.
        memory_scope: of csv, what its memory figures cover.
        power_scope: of csv, what its power figures cover.
        architecture: of trtexec, the network, where the name of the model's file is not known.
        batch: of trtexec, the batch size, where a log does not say.
        runtime: of timm, what ran the networks, where the file's name does not say; else "eager".
        precision: of trtexec and timm, the precision, where the log or the file's name does not say.
        accuracy: of timm, its results-imagenet.csv, to be imported as well.
        data_set: of accuracies, the data set, where it is not ImageNet-1k and the file's name does not say.
        only: of timm, a file of the networks that are wanted, one name or name@size a line.
        catalog: your own catalog's folder; else that of `ADVISOR_CATALOG`, else the platform's.

    Raises:
        AdvisorError: a file is broken or lacks what is needed, an option is not for that format, or the
            board exists and was not imported. Then nothing was written.
    """
    if format not in OPTIONS:
        raise AdvisorError(f"unknown format {shown(format)}", closest(format, OPTIONS))
    stated_of_board = {
        "title": title,
        "idle_power": idle_power,
        "memory": memory,
        "weights": weights,
        "memory_scope": memory_scope,
        "power_scope": power_scope,
    }
    given = {
        **stated_of_board,
        "board": board,
        "columns": columns,
        "rows": rows,
        "skip_bad": skip_bad,
        "architecture": architecture,
        "batch": batch,
        "runtime": runtime,
        "precision": precision,
        "data_set": data_set,
        "accuracy": accuracy,
        "only": only,
    }
    for name, value in given.items():
        if value not in (None, (), False) and name not in OPTIONS[format]:
            takers = " and ".join(each for each, taken in OPTIONS.items() if name in taken)
            raise AdvisorError(f"{name} is not for the format {format}", f"it is for {takers}")
    paths = [Path(each) for each in ([files] if isinstance(files, str | os.PathLike) else files)]
    if not paths or (len(paths) > 1 and format != "trtexec"):
        raise AdvisorError(
            f"{len(paths)} files where the format {format} takes one", "give one file"
        )
    if board is None and format != "accuracies":
        raise AdvisorError("a board needs a name", "give one by board")
    folder = target_folder(catalog)
    with writing(folder):
        if board is None:
            return Imported(None, _import_accuracies(folder, paths[0], data_set))
        if format == "csv":
            read = _import_csv(
                folder, board, paths[0], columns, rows, stated_of_board, skip_bad=skip_bad
            )
            return Imported(read, None)
        if format == "trtexec":
            stated = Stated(architecture, batch, precision)
            return Imported(_import_logs(folder, board, paths, stated), None)
        return _import_timm(
            folder,
            board,
            paths[0],
            runtime,
            precision,
            None if accuracy is None else Path(accuracy),
            None if only is None else Path(only),
        )


def _import_csv(
    folder: Path,
    board: str,
    file: Path,
    columns: Sequence[str],
    rows: Sequence[str],
    stated: Mapping[str, str | None],
    *,
    skip_bad: bool,
) -> ImportedBoard:
    mapped, only = read_map(columns), _only(rows)
    source = source_key(board, [file])
    entries = stated_entries(source, stated)
    catalog = Catalog(layers_with(folder))
    described = folder / "architectures.yaml"
    own = read_architectures(described, None) if described.exists() else {}
    networks = Networks(catalog, source, own)
    table = read_table(
        file, mapped, source, networks.name_of, networks.costs_of, skip_bad=skip_bad, only=only
    )
    had = rows_before(folder, board)
    check_board(folder, board, table.rows, source)
    used = {str(row["architecture"]): None for row in table.rows}
    new = [networks.made[name] for name in used if name in networks.made]
    tasks = {name: known[name].task for name in used if name in (known := catalog.architectures)}
    weights = stated["weights"] or weights_of(folder, board) or board
    accuracies = accuracies_in(table, board, weights, source, tasks)
    if accuracies:
        entries = {"weights": weights, **entries}
    add_source(folder / "sources.yaml", source, [file])
    write_networks(described, new, source, file.name)
    write_accuracies(folder / ACCURACY, accuracies, source, catalog.architectures)
    # Last, since its rows name what stands in the other files.
    description = {"title": f"imported from {file.name}"}
    place = write_board(folder, board, description, table.rows, [file], source, entries)
    drop_former_sources(folder, source)
    return _imported(
        place,
        table.rows,
        had,
        left_out=table.left_out,
        assumed=table.assumed,
        notes=[*table.notes, *networks.said(used)],
    )


def _only(pairs: Sequence[str]) -> dict[str, str]:
    """Which rows are wanted: what stands in a column of theirs, by its heading."""
    only = {}
    for pair in pairs:
        heading, equals, cell = pair.partition("=")
        if not equals:
            raise AdvisorError(
                f"rows: {shown(pair)} is not a pair", "write COLUMN=WHAT STANDS THERE"
            )
        only[heading.strip()] = cell.strip()
    return only


def _import_logs(folder: Path, board: str, logs: Sequence[Path], stated: Stated) -> ImportedBoard:
    source = source_key(board, logs)
    found = read_logs(logs, Catalog(layers_with(folder)), source, stated)
    had = rows_before(folder, board)
    place = write_board(folder, board, {"title": "TensorRT, by trtexec"}, found.rows, logs, source)
    drop_former_sources(folder, source)
    return _imported(place, found.rows, had, left_out=found.left_out, notes=found.notes)


def _import_timm(
    folder: Path,
    board: str,
    file: Path,
    runtime: str | None,
    precision: str | None,
    accuracy: Path | None,
    only: Path | None,
) -> Imported:
    variant = variant_of(file, runtime, precision)
    source = source_key(board, [file])
    names = None if only is None else read_names(only)
    zoo = Catalog(layers_with(folder)).zoo
    read = read_benchmark(file, variant, source, names, zoo.not_timms)
    accuracies = None if accuracy is None else read_accuracies(accuracy)
    if accuracies and accuracy:
        _data_set(folder, accuracies, accuracy, IMAGENET)
    rows = read.rows(source)
    had = rows_before(folder, board)
    check_board(folder, board, rows, source)
    networks, kept = merged(zoo.reported, read.networks)
    add_source(folder / "sources.yaml", source, [file])
    write_whole(folder / REPORTED_FILE, reported_table(networks.values()), make_folder=True)
    if accuracies and accuracy:
        _write_accuracies(folder, accuracies, accuracy)
    description = {
        "title": f"timm's {file.stem.removeprefix('benchmark-infer-')}",
        "cost": "reported",
        "note": "As timm reports it; not measured by advisor. A row is the mean time of a batch.",
    }
    # Last, since its rows name what stands in the other files.
    board_folder = write_board(folder, board, description, rows, [file], source)
    drop_former_sources(folder, source)
    known = Catalog(layers_with(folder)).zoo
    costs = ImportedCosts(
        by_rate=read.by_rate,
        several=read.unlike,
        kept=kept,
        missing=sum(not each.has_cost for each in read.networks.values()),
        with_accuracy=sum(name in known.best_weights for name in read.networks),
    )
    return Imported(
        _imported(board_folder, rows, had, left_out=read.dropped, costs=costs),
        None if accuracies is None else _imported_accuracies(folder, accuracies),
    )


def _imported(
    folder: Path,
    rows: Sequence[Row],
    had: int,
    *,
    left_out: Mapping[str, int] | None = None,
    assumed: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
    costs: ImportedCosts | None = None,
) -> ImportedBoard:
    variants = sorted({_variant_of(row) for row in rows})
    return ImportedBoard(
        name=folder.name,
        folder=folder,
        rows=len(rows),
        networks=len({row["architecture"] for row in rows}),
        variants=tuple(variants),
        left_out=left_out or {},
        assumed=assumed or {},
        notes=tuple(notes),
        replaced=had,
        hides_shipped=(shipped_folder() / "boards" / folder.name).exists(),
        costs=costs,
    )


def _variant_of(row: Row) -> Variant:
    runtime, precision, processor = (
        str(row.get(name) or "") for name in ("runtime", "precision", "processor")
    )
    return Variant(runtime, read_precision(precision), processor, int(row.get("threads") or 0))


def merged(
    known: Mapping[str, Reported], new: Mapping[str, Reported]
) -> tuple[dict[str, Reported], int]:
    """What several tables report of networks: of each the cost that was known first.

    An earlier import of the same board does not count as known: it is replaced.

    Returns:
        All networks by name; and of how many of `new` another cost is kept.
    """
    found = dict(known)
    kept = 0
    for name, each in new.items():
        earlier = known.get(name)
        again = earlier is not None and same_board(earlier.source, each.source)
        if earlier is None or (each.has_cost and (again or not earlier.has_cost)):
            found[name] = each
        elif each.has_cost and each.figures != earlier.figures:
            kept += 1
    return found, kept


def _import_accuracies(folder: Path, file: Path, stated: str | None) -> ImportedAccuracies:
    read = read_accuracies(file)
    data_set = _data_set(folder, read, file, stated)
    if data_set == IMAGENET:
        _write_accuracies(folder, read, file)
        return _imported_accuracies(folder, read)
    source = source_key(f"accuracies-{data_set}", [file])
    place = folder / "zoo" / f"timm-{data_set}{ACCURACY_END}"
    quality = replace(TASKS[CLASSIFICATION], data_set=data_set)
    add_source(folder / "sources.yaml", source, [file])
    write_whole(
        place,
        accuracy_table(_as_weights(each, quality, source) for each in read.rows),
        make_folder=True,
    )
    drop_former_sources(folder, source)
    return replace(_imported_accuracies(folder, read), file=place, data_set=data_set)


def _data_set(folder: Path, read: Accuracies, file: Path, stated: str | None) -> str:
    """Of which data set accuracies are, held against what the catalog knows of ImageNet-1k."""
    catalog = Catalog(layers_with(folder))
    known = {key: each.accuracy_percent.value for key, each in catalog.zoo.weights.items()}
    if stated is not None and not NAME.fullmatch(read_data_set(stated)):
        raise AdvisorError(f"data-set: {shown(stated)} is not a name", f"give {NAME_EXPECTED}")
    return data_set_of(file, read.figures, known, stated, compares=read.compares)


def _as_weights(row: Sequence[str], quality: Quality, source: str) -> Weights:
    """A row of a result table as what a set of weights reaches."""
    architecture, name, top1, top5 = row
    figures = [
        Estimate(float(each), None, None, "reported", source) if each else None
        for each in (top1, top5)
    ]
    assert figures[0] is not None  # noqa: S101  (rows without an accuracy were left out)
    return Weights(architecture, name, figures[0], figures[1], quality=quality)


def _write_accuracies(folder: Path, accuracies: Accuracies, file: Path) -> None:
    """Write them into the user's catalog, in place of those of an earlier import."""
    source = source_key("accuracies", [file])
    rows = (
        [architecture, weights, top1, "", "", top5, "reported", source]
        for architecture, weights, top1, top5 in accuracies.rows
    )
    add_source(folder / "sources.yaml", source, [file])
    try:
        write_whole(folder / ACCURACIES_FILE, csv_text(WEIGHTS_COLUMNS, rows), make_folder=True)
    except AdvisorError as error:
        raise AdvisorError(error.message, "name a --catalog that can be written") from None
    drop_former_sources(folder, source)


def _imported_accuracies(folder: Path, read: Accuracies) -> ImportedAccuracies:
    zoo = Catalog(layers_with(folder)).zoo
    known = {*zoo.architectures, *zoo.plain}
    return ImportedAccuracies(
        file=folder / ACCURACIES_FILE,
        sets=len(read.rows),
        networks=read.networks,
        left_out=read.dropped,
        uncounted=len({name for name, *_ in read.rows} - known),
    )
