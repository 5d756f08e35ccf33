"""The catalog's `accuracy.csv`: what sets of weights reach, by data set, runtime, precision, board."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from advisor.catalog.csv_table import Table, csv_text, read_csv
from advisor.catalog.files import File
from advisor.catalog.measurements_table import provenance, refuse_missing, refuse_repeats
from advisor.catalog.precision import read_precision
from advisor.catalog.records import PROCESSORS, Z90, Estimate, Labels, Weights
from advisor.errors import shown
from advisor.limits import LEAST_PERCENT
from advisor.quality import (
    CLASSIFICATION,
    IMAGES,
    SHARES,
    Quality,
    read_data_set,
    read_metric,
    read_task,
    usual,
)
from advisor.quantities import PERCENT

REQUIRED = ("architecture", "weights", "task", "metric", "data_set", "value")
SCOPE = ("runtime", "precision", "processor", "board")
LOSS = ("loss", "loss_low", "loss_high")
FURTHER = ("low", "high", "images", *SCOPE, "origin", "source", *LOSS)
COLUMNS = (*REQUIRED, *FURTHER)
"""Empty runtime, precision and board mean wherever the network runs in floats; an empty task is the
network's, an empty metric or data set what the task usually goes by. `loss` is by how many points the
value is below that in fp32 on the same images, with its own interval."""

MOST_IMAGES = 1e9
TOP5 = "top-5"
ANY_SET = "any"
"""What stands for every set of weights; none is called so."""


def read_accuracies(
    file: File,
    architectures: Collection[str] | None,
    sources: Collection[str] | None,
    task_of: Callable[[str], str] = lambda _: CLASSIFICATION,
) -> list[Weights]:
    """Read an `accuracy.csv`.

    Args:
        file: where it lies, or what it holds.
        architectures: the names that are accepted; `None` for any.
        sources: the known sources; `None` for any.
        task_of: what a network is for, where a row does not say.

    Returns:
        What the sets reach, in the order of the file; a top-5 accuracy with the top-1 accuracy beside it.

    Raises:
        BrokenFileError: with every fault of the file.
    """
    table = read_csv(file, REQUIRED, FURTHER)
    architecture, name = table.labels("architecture", architectures), table.labels("weights")
    scope = {
        column: table.labels(column, default=Labels.constant("", len(table)))
        for column in ("task", "metric", "data_set", "runtime", "precision", "board")
    }
    scope["processor"] = table.labels(
        "processor", PROCESSORS, default=Labels.constant("", len(table))
    )
    known = architecture.names if architectures is None else architectures
    scope["task"] = scope["task"].renamed({word: read_task(word) for word in scope["task"].names})
    tasks = [
        task or (task_of(network) if network in known else CLASSIFICATION)
        for network, task in zip(architecture.tolist(), scope["task"].tolist(), strict=True)
    ]
    further = (scope["metric"].tolist(), scope["data_set"].tolist())
    quality = [_quality(*words) for words in zip(tasks, *further, strict=True)]
    for row in np.flatnonzero(name.where(ANY_SET)).tolist():
        table.note(row, "weights", "'any'", "another name, since that one stands for all")
    estimates, images = _estimates(table, quality, scope["board"], sources)
    losses = _losses(table, estimates)
    names, sets = architecture.tolist(), name.tolist()
    words = {word: read_precision(word) if word else "" for word in scope["precision"].names}
    scope["precision"] = scope["precision"].renamed(words)
    runtimes, precisions, processors, boards = (
        scope[column].tolist() for column in ("runtime", "precision", "processor", "board")
    )
    found = [
        Weights(
            architecture=names[row],
            name=sets[row],
            accuracy_percent=estimate,
            top5_percent=None,
            quality=quality[row],
            runtime=runtimes[row],
            precision=precisions[row],
            processor=processors[row],
            board=boards[row],
            images=images[row],
            loss_points=losses[row],
        )
        for row, estimate in enumerate(estimates)
    ]
    keys = Labels.of(
        [" ".join((*key_of(each)[:2], str(each.quality), *each.scope)) for each in found]
    )
    refuse_repeats(table, (keys.index,), "an accuracy of a set, metric, data set and way to run")
    table.finish()
    return _with_top5(found)


def key_of(each: Weights) -> tuple[str, str, Quality, tuple[str, ...]]:
    """What distinguishes accuracies: of which set, as what, and run in which way."""
    return each.architecture, each.name, each.quality, each.scope


@cache
def _quality(task: str, metric: str, data_set: str) -> Quality:
    by_default = usual(task)
    return Quality(
        by_default.task,
        read_metric(metric) or by_default.metric,
        read_data_set(data_set) or by_default.data_set,
    )


def _estimates(
    table: Table, quality: Sequence[Quality], board: Labels, sources: Collection[str] | None
) -> tuple[list[Estimate], list[int | None]]:
    """What each row says, with an interval: the one that it states, else that of its images."""
    columns = [table.numbers(column, *PERCENT.range) for column in ("value", "low", "high")]
    value, low, high = columns
    refuse_missing(table, "value", value)
    images = table.numbers("images", 1, MOST_IMAGES)
    for row in np.flatnonzero(value < LEAST_PERCENT).tolist():
        table.note(row, "value", shown(table.cells("value")[row]), "a percentage")
    stated = ~np.isnan(low) | ~np.isnan(high)
    with np.errstate(invalid="ignore"):
        around = (low <= value) & (value <= high)
    for row in np.flatnonzero(stated & ~around).tolist():
        found = " to ".join(table.cells(name)[row] or "nothing" for name in ("low", "high"))
        table.note(row, "low", found, "both ends of an interval around the value")
    rows = provenance(table, sources)
    for what, labels in (("origin", rows.origin), ("source", rows.source)):
        for row in np.flatnonzero(labels.where("")).tolist():
            table.note(row, what, "nothing", f"the {what} of the accuracy")
    estimates, counts = [], [None if math.isnan(each) else int(each) for each in images.tolist()]
    figures: list[list[Any]] = [each.tolist() for each in (value, low, high, around)]
    words = [each.tolist() for each in (rows.origin, rows.source, board)]
    for percent, least, most, has_ends, origin, source, place, of, count in zip(
        *figures, *words, quality, counts, strict=True
    ):
        if has_ends:
            estimates.append(Estimate(percent, least, most, origin, source))
            continue
        estimate = Estimate(percent, None, None, origin, source)
        estimates.append(with_interval(estimate, of, count, place))
    return estimates, counts


def _losses(table: Table, estimates: Sequence[Estimate]) -> list[Estimate | None]:
    """By how many points each row is below fp32, where it says so."""
    columns = [table.numbers(name, -100, 100).tolist() for name in LOSS]
    found: list[Estimate | None] = []
    for row, (value, low, high) in enumerate(zip(*columns, strict=True)):
        if math.isnan(value):
            found.append(None)
            continue
        known, has_ends = estimates[row], not (math.isnan(low) or math.isnan(high))
        if has_ends and not low <= value <= high:
            table.note(row, "loss_low", f"{low:g} to {high:g}", "an interval around the loss")
        ends = (low, high) if has_ends else (None, None)
        found.append(Estimate(value, ends[0], ends[1], known.origin, known.source))
    return found


def _with_top5(found: Sequence[Weights]) -> list[Weights]:
    """Top-5 accuracies beside the top-1 accuracies that go with them; by themselves where none does."""
    others = {key_of(each): each for each in found if each.quality.metric == TOP5}
    if not others:
        return list(found)
    joined = []
    for each in found:
        beside = key_of(replace(each, quality=replace(each.quality, metric=TOP5)))
        if each.quality.metric == "top-1" and beside in others:
            joined.append(replace(each, top5_percent=others.pop(beside).accuracy_percent))
        elif each.quality.metric != TOP5:
            joined.append(each)
    return [*joined, *others.values()]


def accuracy_table(accuracies: Iterable[Weights]) -> str:
    """The text of such a table, without the intervals that follow from the number of images.

    Without processors and losses, too, where nobody says any.
    """
    rows: list[dict[str, object]] = []
    for each in accuracies:
        figures = [(each.quality.metric, each.accuracy_percent)]
        figures += [(TOP5, each.top5_percent)] if each.top5_percent else []
        for metric, figure in figures:
            bare = replace(figure, low=None, high=None)
            quality = replace(each.quality, metric=metric)
            follows = with_interval(bare, quality, each.images, each.board) == figure
            ends = (None, None) if follows else (figure.low, figure.high)
            lost = each.loss_points if metric != TOP5 else None
            losses = [None, None, None] if lost is None else [lost.value, lost.low, lost.high]
            losses = [None if each is None else round(each, 6) for each in losses]
            cells = (
                *(each.architecture, each.name, each.quality.task, metric),
                *(each.quality.data_set, f"{figure.value:g}", *ends, each.images),
                *(*each.scope, figure.origin, figure.source, *losses),
            )
            rows.append(dict(zip(COLUMNS, cells, strict=True)))
    seldom = ("processor", *LOSS)
    said = {name for name in seldom if any(row[name] not in (None, "") for row in rows)}
    columns = [name for name in COLUMNS if name not in seldom or name in said]
    return csv_text(columns, ([row[name] for name in columns] for row in rows))


def with_interval(
    estimate: Estimate, quality: Quality, images: int | None = None, board: str = ""
) -> Estimate:
    """An accuracy with the interval of a share of its images, where it is one and has none.

    Args:
        estimate: the accuracy in percent.
        quality: what it means.
        images: on how many images it was found. Where that is not said, what is reported of weights is
            taken to be of the whole data set; nothing is known of what was found on a board, where people
            take fewer, nor of what the user found or states.
        board: where it was found; "" for any.
    """
    if images is None and not board and estimate.origin == "reported":
        images = IMAGES.get(quality.data_set)
    if estimate.low is not None or images is None or quality.metric not in SHARES:
        return estimate
    low, high = interval_of_share(estimate.value, images)
    return Estimate(estimate.value, low, high, estimate.origin, estimate.source)


def interval_of_share(percent: float, images: int) -> tuple[float, float]:
    """The 90 % interval of a share that was found on so many images, in percent.

    That of E. B. Wilson: Probable inference, the law of succession, and statistical inference, 1927.
    """
    share = percent / 100
    centre = share + Z90 * Z90 / (2 * images)
    half = Z90 * math.sqrt(share * (1 - share) / images + Z90 * Z90 / (4 * images * images))
    scale = 1 + Z90 * Z90 / images
    return 100 * (centre - half) / scale, 100 * (centre + half) / scale
