"""The accuracies in a user's table: each holds of the way in which its row ran, on that board."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from advisor.catalog.accuracy_table import TOP5, accuracy_table, key_of, read_accuracies
from advisor.catalog.importers.board_files import same_board
from advisor.catalog.importers.cells import Values
from advisor.catalog.importers.table_networks import Shape
from advisor.catalog.importers.table_rows import TableRows
from advisor.catalog.measurements_table import Row
from advisor.catalog.precision import UNKNOWN, read_precision
from advisor.catalog.records import Architecture, Estimate, Weights
from advisor.quality import (
    CLASSIFICATION,
    IMAGENET,
    TASKS,
    Quality,
    read_data_set,
    read_metric,
    read_task,
    usual,
)

LEAST_OF_IMAGENET = 96
"""Below so many pixels a network's input is hardly one of ImageNet's."""


def accuracies_in(
    table: TableRows,
    board: str,
    weights: str,
    source: str,
    tasks: Mapping[str, str],
    shapes: Mapping[str, Shape],
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
        shapes: the inputs of the networks, by name.
    """
    found: dict[object, Weights] = {}
    small: dict[str, None] = {}
    for row, values in zip(table.rows, table.values, strict=True):
        if not {"accuracy_percent", "top5_percent"} & set(values):
            continue
        name = str(row["architecture"])
        quality = _quality(values, tasks.get(name, ""))
        if quality.data_set == IMAGENET and "data_set" not in values:
            _, height, width = shapes[name]
            if min(height, width) < LEAST_OF_IMAGENET:
                small[name] = None
                quality = replace(quality, data_set=UNKNOWN)
        each = _reached(row, values, quality, weights, source)
        each = replace(each, board=board)
        other = found.setdefault(key_of(each), each)
        if other.accuracy_percent.value != each.accuracy_percent.value:
            way = ", ".join(filter(None, (each.runtime, each.precision, each.processor)))
            what = f"{name}: several accuracies in {way}; the least counts"
            if what not in table.notes:
                table.notes.append(what)
            found[key_of(each)] = min(other, each, key=lambda one: one.accuracy_percent.value)
    if small:
        table.notes.append(
            f"of which data set the accuracy of {', '.join(small)} is, is unknown, and it is not compared: "
            f"an input below {LEAST_OF_IMAGENET} pixels is hardly {IMAGENET}'s; --map data_set==... says it"
        )
    table.notes += _not_compared(each.quality for each in found.values())
    known = [each.quality for each in found.values() if each.quality.data_set != UNKNOWN]
    qualities = dict.fromkeys(map(str, known))
    if qualities and not {"metric", "data_set"} <= set(table.bound.columns):
        table.assumed["accuracy"] = " and ".join(qualities)
    return list(found.values())


def _not_compared(qualities: Iterable[Quality]) -> list[str]:
    """What to know of accuracies in other metrics than their tasks go by."""
    of_others = {
        (each.metric, usual(each.task))
        for each in qualities
        if each.task in TASKS and each.metric not in (usual(each.task).metric, TOP5)
    }
    return [
        f"accuracies in {metric} are not compared, since {by.task} goes by {by.metric}: "
        f"--map metric=={by.metric}, or metric:{metric}={by.metric}, where they are that"
        for metric, by in sorted(of_others, key=str)
    ]


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
    value = float(values.get("accuracy_percent", 0))
    if not value:  # a top-5 accuracy by itself is one, too
        value, top5, quality = top5, 0.0, replace(quality, metric=TOP5)
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


def with_accuracies(
    path: Path,
    accuracies: Sequence[Weights],
    source: str,
    known: Mapping[str, Architecture],
) -> str:
    """A catalog's `accuracy.csv` with a board's accuracies, in place of those of an earlier import.

    Args:
        path: the file.
        accuracies: what it is to hold of that board.
        source: their source.
        known: the networks of the catalog, by name; they say what the other rows are of.

    Returns:
        What it is to hold; "" where nothing changes.

    Raises:
        AdvisorError: the file is broken.
    """
    before = []
    if path.exists():
        before = read_accuracies(path, known, None, lambda name: known[name].task)
    others = [each for each in before if not same_board(each.accuracy_percent.source, source)]
    if accuracies or len(others) < len(before):
        return accuracy_table([*others, *accuracies])
    return ""
