"""The accuracies in a user's table: each holds of the way in which its row ran, on that board."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from advisor.catalog.accuracy_table import accuracy_table, key_of, read_accuracies
from advisor.catalog.files import write_whole
from advisor.catalog.importers.board_files import same_board
from advisor.catalog.importers.cells import Values
from advisor.catalog.importers.table_rows import TableRows
from advisor.catalog.measurements_table import Row
from advisor.catalog.precision import read_precision
from advisor.catalog.records import Architecture, Estimate, Weights
from advisor.quality import (
    CLASSIFICATION,
    Quality,
    read_data_set,
    read_metric,
    read_task,
    usual,
)


def accuracies_in(
    table: TableRows, board: str, weights: str, source: str, tasks: Mapping[str, str]
) -> list[Weights]:
    """What the rows of a table reach.

    Where several rows of one network, runtime, precision and processor differ, the least counts, and a note
    says so.

    Args:
        table: the rows.
        board: the board's name.
        weights: what the table's sets of weights are called.
        source: what the accuracies name as their source.
        tasks: what networks of the catalog are for, by name.
    """
    found: dict[object, Weights] = {}
    for row, values in zip(table.rows, table.values, strict=True):
        if "accuracy_percent" not in values:
            continue
        name = str(row["architecture"])
        each = _reached(row, values, _quality(values, tasks.get(name, "")), weights, source)
        each = replace(each, board=board)
        other = found.setdefault(key_of(each), each)
        if other.accuracy_percent.value != each.accuracy_percent.value:
            way = ", ".join(filter(None, (each.runtime, each.precision, each.processor)))
            what = f"{name}: several accuracies in {way}; the least counts"
            if what not in table.notes:
                table.notes.append(what)
            found[key_of(each)] = min(other, each, key=lambda one: one.accuracy_percent.value)
    qualities = {str(each.quality): None for each in found.values()}
    if qualities and not {"metric", "data_set"} <= set(table.bound.columns):
        table.assumed["accuracy"] = " and ".join(qualities)
    return list(found.values())


def _quality(values: Values, known_task: str) -> Quality:
    """In what a row states its accuracy: as it says, else as its task usually goes."""
    task = read_task(str(values.get("task", ""))) or known_task or CLASSIFICATION
    by_default = usual(task)
    return Quality(
        task,
        read_metric(str(values.get("metric", ""))) or by_default.metric,
        read_data_set(str(values.get("data_set", ""))) or by_default.data_set,
    )


def _reached(row: Row, values: Values, quality: Quality, weights: str, source: str) -> Weights:
    top5 = float(values.get("top5_percent", 0))
    value = float(values["accuracy_percent"])
    images = values.get("images")
    return Weights(
        architecture=str(row["architecture"]),
        name=weights,
        accuracy_percent=Estimate(value, None, None, "reported", source),
        top5_percent=Estimate(top5, None, None, "reported", source)
        if top5 >= value and quality.metric == "top-1"
        else None,
        quality=quality,
        runtime=str(row["runtime"]),
        precision=read_precision(str(row["precision"])),
        processor=str(row.get("processor") or ""),
        images=int(images) if images else None,
    )


def write_accuracies(
    path: Path,
    accuracies: Sequence[Weights],
    source: str,
    known: Mapping[str, Architecture],
) -> None:
    """Put a board's accuracies into a catalog's `accuracy.csv`, in place of those of an earlier import.

    Args:
        path: the file.
        accuracies: what it is to hold of that board.
        source: their source.
        known: the networks of the catalog, by name; they say what the other rows are of.

    Raises:
        AdvisorError: the file is broken, or cannot be written.
    """
    before = []
    if path.exists():
        before = read_accuracies(path, known, None, lambda name: known[name].task)
    others = [each for each in before if not same_board(each.accuracy_percent.source, source)]
    if accuracies or len(others) < len(before):
        write_whole(path, accuracy_table([*others, *accuracies]), make_folder=True)
