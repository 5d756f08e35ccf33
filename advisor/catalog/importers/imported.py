"""Tables of other tools made part of the user's catalog: boards, what networks cost, accuracies."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from advisor.architectures.names import NAME, NAME_EXPECTED, device_of, split_prefix
from advisor.arguments import AnyPath, checked
from advisor.catalog.accuracy_table import accuracy_table
from advisor.catalog.csv_table import csv_text
from advisor.catalog.entries import read_architectures
from advisor.catalog.files import layers_with, shipped_folder, target_folder
from advisor.catalog.importers.accuracies import ResultTable, read_accuracies
from advisor.catalog.importers.board_files import (
    certain_idle,
    check_board,
    description_of,
    drop_former_sources,
    has_given_title,
    read_back,
    rows_before,
    same_board,
    source_key,
    stated_entries,
    text_of,
    title_of,
    weights_of,
    with_source,
    write_board,
    write_drafts,
)
from advisor.catalog.importers.column_map import read_map
from advisor.catalog.importers.data_sets import data_set_of
from advisor.catalog.importers.gross_power import hold_against_idle
from advisor.catalog.importers.import_options import (
    ACCURACIES,
    CSV,
    DESCRIBING,
    FORMATS,
    TIMM,
    TRTEXEC,
    read_options,
)
from advisor.catalog.importers.table_accuracy import accuracies_in, with_accuracies
from advisor.catalog.importers.table_networks import Networks, with_networks
from advisor.catalog.importers.table_rows import read_table
from advisor.catalog.importers.timm import read_benchmark, read_names, variant_of
from advisor.catalog.importers.trtexec import Stated, read_logs
from advisor.catalog.measurements_table import Row
from advisor.catalog.precision import read_precision
from advisor.catalog.records import Estimate, Weights
from advisor.catalog.run_as import Variant
from advisor.catalog.store import ACCURACY_FILE, Catalog
from advisor.catalog.tables import WEIGHTS_COLUMNS, Reported, read_reported, reported_table
from advisor.catalog.writers import writing
from advisor.catalog.zoo import ACCURACY_END, REPORTED_FILE
from advisor.errors import AdvisorError, closest, printable, shown
from advisor.quality import CLASSIFICATION, IMAGENET, TASKS, Quality, read_data_set
from advisor.stages import stage

ACCURACIES_FILE = "zoo/timm-weights.csv"
"""Where a user's catalog keeps the accuracies of timm's networks on ImageNet-1k."""


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
        joins: the other boards of the device that its name says, which are asked with it.
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
    joins: tuple[str, ...] = ()
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
    catalog: AnyPath | None = None,
    **options: object,
) -> Imported:
    """Make another tool's results part of your own catalog.

    Args:
        format: "csv", a table of your own; "trtexec", logs of TensorRT's; "timm", one of timm's
            benchmark-infer-*.csv; "accuracies", timm's results-imagenet.csv.
        files: the table; of trtexec one or more logs, each run in which becomes a row.
        board: what to call the board that is made; an earlier import of that name is replaced.
        catalog: your own catalog's folder; else that of `ADVISOR_CATALOG`, else the platform's.
        **options: what else is known of the table, as `advisor import FORMAT --help` has it and
            `advisor.catalog.importers.import_options` declares it: of csv `columns`, `rows`, `skip_bad`,
            `title`, `idle_power`, `memory`, `weights`, `memory_scope`, `power_scope`; of trtexec
            `architecture`, `batch`, `precision`; of timm `accuracy`, `only`, `runtime`, `precision`; of
            accuracies `data_set`.

    Raises:
        AdvisorError: a file is broken or lacks what is needed, an option is not for that format, or the
            board exists and was not imported. Then nothing was written.
    """
    if format not in FORMATS:
        raise AdvisorError(f"unknown format {shown(format)}", closest(format, FORMATS))
    chosen, described = read_options(format, options), FORMATS[format]
    paths = [Path(each) for each in ([files] if isinstance(files, str | os.PathLike) else files)]
    if not paths or (len(paths) > 1 and not described.several):
        raise AdvisorError(
            f"{len(paths)} files where the format {format} takes one", "give one file"
        )
    if board is None and described.board:
        raise AdvisorError("a board needs a name", "give one by board")
    if board is not None and not described.board:
        takers = " and ".join(each.name for each in FORMATS.values() if each.board)
        raise AdvisorError(f"board is not for the format {format}", f"it is for {takers}")
    folder = target_folder(catalog)
    with writing(folder), stage(f"importing {', '.join(each.name for each in paths)}"):
        return _IMPORTING[format](Asked(folder, board or "", paths, chosen))


@dataclass(frozen=True)
class Asked:
    """What is to be imported.

    Attributes:
        folder: the user's catalog folder.
        board: what to call the board; "" where none is made.
        files: the files.
        options: the value of each option.
    """

    folder: Path
    board: str
    files: Sequence[Path]
    options: Mapping[str, Any]

    @property
    def file(self) -> Path:
        """The one file."""
        return self.files[0]

    @property
    def source(self) -> str:
        """What rows of the board name as their source."""
        return source_key(self.board, self.files)


def _import_csv(asked: Asked) -> Imported:
    folder, board, file, source = asked.folder, asked.board, asked.file, asked.source
    stated = {each.name: asked.options[each.name] for each in DESCRIBING}
    entries: dict[str, str | Mapping[str, str] | None] = {**stated_entries(source, stated)}
    catalog = Catalog(layers_with(folder))
    described = folder / "architectures.yaml"
    own = read_architectures(described, None) if described.exists() else {}
    networks = Networks(catalog, source, own)
    table = read_table(
        file,
        read_map(asked.options["columns"]),
        source,
        networks.name_of,
        networks.costs_of,
        is_known=lambda name: catalog.identities.find(name) is not None,
        skip_bad=asked.options["skip_bad"],
        only=_only(asked.options["rows"]),
    )
    had = rows_before(folder, board)
    hold_against_idle(file, table, stated["idle_power"], certain_idle(folder, board))
    check_board(folder, board, table.rows, source)
    used = {str(row["architecture"]): None for row in table.rows}
    new = [networks.made[name] for name in used if name in networks.made]
    tasks = {name: known[name].task for name in used if name in (known := catalog.architectures)}
    weights = stated["weights"] or weights_of(folder, board) or board
    shapes = {
        name: (networks.made.get(name) or catalog.architecture(name)).input_shape for name in used
    }
    accuracies = accuracies_in(table, board, weights, source, tasks, shapes)
    if accuracies:
        entries = {"weights": weights, **entries}
    elif weights == board and not stated["weights"]:
        entries["weights"] = None  # that name of ours is of accuracies which are gone
    description = {"title": title_of([file])}
    if not has_given_title(folder, board):
        entries = {**description, **entries}
    reached = folder / ACCURACY_FILE
    drafts = {
        folder / "sources.yaml": with_source(folder, source, [file]),
        described: with_networks(text_of(described), new, source, printable(file.name)),
        reached: with_accuracies(reached, accuracies, source, catalog.architectures),
    }
    board_file = folder / "boards" / board / "board.yaml"
    read_back({**drafts, board_file: description_of(folder, board, description, source, entries)})
    write_drafts(drafts)
    # Last, since its rows name what stands in the other files.
    place = write_board(folder, board, description, table.rows, [file], source, entries)
    drop_former_sources(folder, source)
    found = _imported(
        place,
        table.rows,
        had,
        left_out=table.left_out,
        assumed=table.assumed,
        notes=[*table.notes, *networks.said(used)],
    )
    return Imported(found, None)


def _only(pairs: Sequence[str]) -> dict[str, set[str]]:
    """Which rows are wanted: what may stand in a column of theirs, by its heading."""
    only: dict[str, set[str]] = {}
    for pair in pairs:
        heading, equals, cell = pair.partition("=")
        if not equals:
            raise AdvisorError(
                f"rows: {shown(pair)} is not a pair", "write COLUMN=WHAT STANDS THERE"
            )
        only.setdefault(heading.strip(), set()).add(cell.strip())
    return only


def _import_logs(asked: Asked) -> Imported:
    folder, board, source = asked.folder, asked.board, asked.source
    stated = Stated(*(asked.options[each] for each in ("architecture", "batch", "precision")))
    found = read_logs(asked.files, Catalog(layers_with(folder)), source, stated)
    had = rows_before(folder, board)
    check_board(folder, board, found.rows, source, found.places)
    described = {"title": "TensorRT, by trtexec"}
    place = write_board(folder, board, described, found.rows, asked.files, source)
    drop_former_sources(folder, source)
    read = _imported(place, found.rows, had, left_out=found.left_out, notes=found.notes)
    return Imported(read, None)


def _import_timm(asked: Asked) -> Imported:
    folder, board, file, source = asked.folder, asked.board, asked.file, asked.source
    runtime, precision, accuracy, only = (
        asked.options[each] for each in ("runtime", "precision", "accuracy", "only")
    )
    variant = variant_of(file, runtime, precision)
    names = None if only is None else read_names(only)
    zoo = Catalog(layers_with(folder)).zoo
    others = {
        split_prefix(name)[1]: each
        for name, each in zoo.reported.items()
        if not same_board(each.source, source)
    }
    read = read_benchmark(file, variant, source, names, zoo.not_timms).told_apart(others)
    accuracies = None if accuracy is None else read_accuracies(accuracy)
    if accuracies and accuracy:
        _data_set(folder, accuracies, accuracy, IMAGENET)
    rows = read.rows(source)
    had = rows_before(folder, board)
    check_board(folder, board, rows, source)
    place = folder / REPORTED_FILE
    before = read_reported(place, None) if place.exists() else {}
    networks, kept = merged(before, read.networks)
    drafts = {
        folder / "sources.yaml": with_source(folder, source, [file]),
        place: reported_table(networks.values()),
    }
    read_back(drafts)
    if accuracies and accuracy:
        _write_accuracies(folder, accuracies, accuracy)
    write_drafts({**drafts, folder / "sources.yaml": with_source(folder, source, [file])})
    description = {
        "title": f"timm's {printable(file.stem).removeprefix('benchmark-infer-')}",
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
        joins=_others_of_device(folder),
        hides_shipped=(shipped_folder() / "boards" / folder.name).exists(),
        costs=costs,
    )


def _others_of_device(folder: Path) -> tuple[str, ...]:
    """The boards of other names that are of the device that a board is called after."""
    known = Catalog(layers_with(folder.parent.parent)).board_layers
    device = device_of(folder.name)
    return tuple(each for each in known if device_of(each) == device and each != folder.name)


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


def _import_accuracies(asked: Asked) -> Imported:
    folder, file = asked.folder, asked.file
    read = read_accuracies(file)
    data_set = _data_set(folder, read, file, asked.options["data_set"])
    if data_set == IMAGENET:
        _write_accuracies(folder, read, file)
        return Imported(None, _imported_accuracies(folder, read))
    source = source_key(f"accuracies-{data_set}", [file])
    place = folder / "zoo" / f"timm-{data_set}{ACCURACY_END}"
    quality = replace(TASKS[CLASSIFICATION], data_set=data_set)
    drafts = {
        folder / "sources.yaml": with_source(folder, source, [file]),
        place: accuracy_table(_as_weights(each, quality, source) for each in read.rows),
    }
    read_back(drafts)
    write_drafts(drafts)
    drop_former_sources(folder, source)
    found = replace(_imported_accuracies(folder, read), file=place, data_set=data_set)
    return Imported(None, found)


def _data_set(folder: Path, read: ResultTable, file: Path, stated: str | None) -> str:
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


def _write_accuracies(folder: Path, accuracies: ResultTable, file: Path) -> None:
    """Write them into the user's catalog, in place of those of an earlier import."""
    source = source_key("accuracies", [file])
    rows = (
        [architecture, weights, top1, "", "", top5, "reported", source]
        for architecture, weights, top1, top5 in accuracies.rows
    )
    drafts = {
        folder / "sources.yaml": with_source(folder, source, [file]),
        folder / ACCURACIES_FILE: csv_text(WEIGHTS_COLUMNS, rows),
    }
    read_back(drafts)
    try:
        write_drafts(drafts)
    except AdvisorError as error:
        raise AdvisorError(error.message, "name a --catalog that can be written") from None
    drop_former_sources(folder, source)


def _imported_accuracies(folder: Path, read: ResultTable) -> ImportedAccuracies:
    zoo = Catalog(layers_with(folder)).zoo
    known = {*zoo.architectures, *zoo.plain}
    return ImportedAccuracies(
        file=folder / ACCURACIES_FILE,
        sets=len(read.rows),
        networks=read.networks,
        left_out=read.dropped,
        uncounted=len({name for name, *_ in read.rows} - known),
    )


_IMPORTING: Mapping[str, Callable[[Asked], Imported]] = {
    CSV: _import_csv,
    TRTEXEC: _import_logs,
    TIMM: _import_timm,
    ACCURACIES: _import_accuracies,
}
