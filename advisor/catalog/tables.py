"""The catalog's CSV tables of networks: their weights, what they cost as counted, and as reported."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from advisor.architectures.names import identity_of_plain, split_prefix
from advisor.catalog.accuracy_table import ANY_SET, TOP5, with_interval
from advisor.catalog.csv_table import Table, csv_text, read_csv
from advisor.catalog.files import File
from advisor.catalog.measurements_table import (
    metered,
    provenance,
    refuse_less,
    refuse_missing,
    refuse_repeats,
)
from advisor.catalog.precision import read_precision
from advisor.catalog.records import IMAGENET_TOP1, Architecture, Cost, Estimate, Labels, Weights
from advisor.errors import shown
from advisor.limits import LEAST_PERCENT
from advisor.quality import CLASSIFICATION, read_task
from advisor.quantities import COUNT, PERCENT

WEIGHTS_COLUMNS = (
    "architecture",
    "weights",
    "top1_percent",
    "top1_low_percent",
    "top1_high_percent",
    "top5_percent",
    "origin",
    "source",
)

_QUANTISED_FORMAT = re.compile(r"u?int\d+|fp8|w\d+a\d+")

QUANTISED = "int8"
"""Sets of weights whose name ends with it are of networks at this precision: `paper-int8`."""


def read_weights(
    file: File, architectures: Collection[str] | None, sources: Collection[str] | None
) -> dict[tuple[str, str], Weights]:
    """Read `weights.csv`.

    Args:
        file: where it lies, or what it holds.
        architectures: the names that are accepted; `None` for any.
        sources: the known sources; `None` for any.

    Returns:
        The sets of weights by (architecture, name), in the order of the file.

    Raises:
        BrokenFileError: with every fault of the file.
    """
    table = read_csv(file, WEIGHTS_COLUMNS)
    architecture = table.labels("architecture", architectures)
    name = table.labels("weights")
    top1 = metered(table, "top1", PERCENT, provenance(table, sources))
    top5 = table.numbers("top5_percent", *PERCENT.range)
    refuse_missing(table, "top1_percent", top1.values.value)
    refuse_less(table, "top5_percent", top5, "top1_percent", top1.values.value)
    for row in np.flatnonzero(top1.values.value < LEAST_PERCENT).tolist():
        table.note(row, "top1_percent", shown(table.cells("top1_percent")[row]), "a percentage")
    for row in np.flatnonzero(name.where(ANY_SET)).tolist():
        table.note(row, "weights", "'any'", "another name, since that one stands for all")
    refuse_repeats(table, (architecture.index, name.index), "an (architecture, weights) pair")
    table.finish()
    sets = {}
    for row in range(len(table)):
        key = architecture.at(row), name.at(row)
        top1_percent = top1.estimate(row)
        assert top1_percent is not None  # noqa: S101  (a missing one was refused above)
        top1_percent = with_interval(top1_percent, IMAGENET_TOP1)
        top5_percent = None
        if not math.isnan(top5[row]):
            fifth = Estimate(float(top5[row]), None, None, top1_percent.origin, top1_percent.source)
            top5_percent = with_interval(fifth, replace(IMAGENET_TOP1, metric=TOP5))
        precision = quantised_as(key[1])
        sets[key] = Weights(*key, top1_percent, top5_percent, precision=precision)
    return sets


def quantised_as(name: str) -> str:
    """The quantised precision that a set's name ends in, as `paper-int8` and `vendor_w8a8` do; else ""."""
    last = read_precision(re.split("[-_]", name)[-1])
    return last if _QUANTISED_FORMAT.fullmatch(last) else ""


def best_of_each(sets: Mapping[tuple[str, str], Weights]) -> dict[str, Weights]:
    """By network, its most accurate set; the first of those that are equal.

    Args:
        sets: by (network, name), all of one quality a task.
    """
    best: dict[str, Weights] = {}
    for (architecture, _), each in sets.items():
        other = best.get(architecture)
        if other is None or each.accuracy_percent.value > other.accuracy_percent.value:
            best[architecture] = each
    return best


TIMM = "timm"
FIGURES = ("params", "operations", "activations")
REPORTED_COLUMNS = ("architecture", "family", "input", *FIGURES, "source")
REPORTED_FURTHER = ("task", "licence")


@dataclass(frozen=True)
class Reported:
    """What a published table reports of a network.

    Attributes:
        architecture: of timm's plainly `name@size`, whichever other library has that name; else
            `prefix:name@size`, where the prefix says whose it is.
        family: the family that it belongs to.
        input_shape: channels, height, width.
        params, operations, activations: as reported, in the meaning of `Cost`; `None` where not.
        source: key of `sources.yaml`.
        task: what it is for.
        licence: of its code and weights, as its source has it; "" where unknown.
    """

    architecture: str
    family: str
    input_shape: tuple[int, int, int]
    params: int | None
    operations: int | None
    activations: int | None
    source: str
    task: str = CLASSIFICATION
    licence: str = ""

    @property
    def library(self) -> str:
        """Who has it."""
        return split_prefix(self.architecture)[0] or TIMM

    @property
    def figures(self) -> tuple[int | None, ...]:
        """The figures of `FIGURES`."""
        return self.params, self.operations, self.activations

    @property
    def has_cost(self) -> bool:
        """Whether both parameters and operations are known."""
        return self.params is not None and self.operations is not None

    @cached_property
    def cost(self) -> Cost | None:
        """The cost; `None` where neither parameters nor operations are known."""
        params, operations, activations = map(self._estimate, self.figures)
        known = params or operations
        return Cost(params, operations, activations, None, None, None) if known else None

    def _estimate(self, count: int | None) -> Estimate | None:
        return (
            None if count is None else Estimate(float(count), None, None, "reported", self.source)
        )


def read_reported(file: File, sources: Collection[str] | None) -> dict[str, Reported]:
    """Read a table of what networks cost as their publisher reports it.

    Returns:
        The networks by name, in the order of the file.

    Raises:
        BrokenFileError: with every fault of the file.
    """
    table = read_csv(file, REPORTED_COLUMNS, REPORTED_FURTHER)
    task, licence = (
        table.labels(name, default=Labels.constant("", len(table))) for name in REPORTED_FURTHER
    )
    architecture, family = (table.labels(column) for column in ("architecture", "family"))
    source = table.labels("source", sources)
    figures = {name: _whole_numbers(table, name) for name in FIGURES}
    found: dict[str, Reported] = {}
    for row, shape in enumerate(table.shapes("input")):
        name = architecture.at(row)
        if name in found:
            table.note(row, "architecture", shown(name), "each network once")
        found[name] = Reported(
            architecture=name,
            family=family.at(row),
            input_shape=shape,
            source=source.at(row),
            task=read_task(task.at(row)) or CLASSIFICATION,
            licence=licence.at(row),
            **{figure: column[row] for figure, column in figures.items()},
        )
    table.finish()
    return found


def _whole_numbers(table: Table, column: str) -> list[int | None]:
    numbers = table.numbers(column, 1.0, COUNT.largest).tolist()
    return [None if math.isnan(number) else int(number) for number in numbers]


def reported_table(networks: Iterable[Reported]) -> str:
    """The text of such a table."""
    return csv_text(
        (*REPORTED_COLUMNS, *REPORTED_FURTHER),
        (
            [
                each.architecture,
                each.family,
                _shape_text(each.input_shape),
                *each.figures,
                each.source,
                each.task,
                each.licence,
            ]
            for each in networks
        ),
    )


COUNTS = ("params", "operations", "activations", "layers", "window_reads", "peak_activations")
"""The counts of a network, in the order in which a `Cost` has them."""
ZOO_COLUMNS = ("architecture", "library", "version", "family", "input", *COUNTS, "fault")
SOURCE = "advisor-count"
NOT_COUNTED = "not counted"
"""What the note on a network begins with that could not be counted, or not wholly; why follows."""


@dataclass(frozen=True)
class ZooNetwork:
    """A library's network at one input size.

    Attributes:
        architecture: its identity, `name@size`.
        library: who has it.
        version: which version of the library was counted or listed.
        family: the family that it belongs to.
        input_shape: channels, height, width.
        counts: of one image, by the names of `COUNTS`, `None` for each that is unknown; `None` where
            nothing was counted.
        fault: why it cannot be counted, or not all of it; empty where it can, or was not tried.
        reported: what a published table reports of it, where one was imported; the network is then called
            as there.
        measured: whether the user's boards have rows of it, so that it is known whatever could be counted.
        task: what it is for, where no published table says so.
    """

    architecture: str
    library: str
    version: str
    family: str
    input_shape: tuple[int, int, int]
    counts: tuple[int | None, ...] | None
    fault: str = ""
    reported: Reported | None = None
    measured: bool = False
    task: str = CLASSIFICATION

    @property
    def identity(self) -> str:
        """What its library's networks are called where no table was imported."""
        return identity_of_plain(self.architecture) if self.reported else self.architecture

    @property
    def is_known(self) -> bool:
        """Whether anybody knows what it costs, or has measured it."""
        return self.counts is not None or self.reported is not None or self.measured

    @cached_property
    def known(self) -> Architecture | None:
        """The network as the rest of the catalog has it; `None` where nobody knows what it costs.

        One that was measured, or that an imported table has, is known even so: boards have rows of it.
        """
        if not self.is_known:
            return None
        return Architecture(
            name=self.architecture,
            family=self.family,
            input_shape=self.input_shape,
            reference=f"{self.library} {self.version}".strip(),
            reported=self.reported.cost if self.reported else None,
            counted=None if self.counts is None else exact_cost(self.counts),
            note=f"{NOT_COUNTED}: {self.fault}" if self.fault else "",
            task=self.reported.task if self.reported else self.task,
            licence=self.reported.licence if self.reported else "",
        )

    @property
    def figures(self) -> Mapping[str, int]:
        """What it costs, by the names of `COUNTS`, as far as that is known: counted, else reported."""
        if self.counts is not None:
            counted = zip(COUNTS, self.counts, strict=True)
            return {name: count for name, count in counted if count is not None}
        reported = zip(FIGURES, self.reported.figures if self.reported else (), strict=False)
        return {name: figure for name, figure in reported if figure is not None}

    def as_counted(self) -> ZooNetwork:
        """The same as its library has it, whatever a table reports of it."""
        return replace(self, architecture=self.identity, reported=None)

    def as_imported(self, reported: Reported) -> ZooNetwork:
        """The same as a table of timm's has it, with what was counted."""
        return replace(self, architecture=reported.architecture, reported=reported)


def imported(reported: Reported) -> ZooNetwork:
    """A network that only a published table knows."""
    return ZooNetwork(
        architecture=reported.architecture,
        library=reported.library,
        version="",
        family=reported.family,
        input_shape=reported.input_shape,
        counts=None,
        reported=reported,
    )


def exact_cost(counts: Sequence[int | None]) -> Cost:
    """The cost of a network that was counted.

    Args:
        counts: those of `COUNTS`, `None` for each that is unknown.
    """
    numbers = (None if each is None else float(each) for each in counts)
    return Cost(
        *(
            None if each is None else Estimate(each, each, each, "measured", SOURCE)
            for each in numbers
        )
    )


def of_architecture(architecture: Architecture) -> ZooNetwork:
    """A library's network, or one of the user's own, as such a table has it, as far as it was counted."""
    library, _, version = architecture.reference.partition(" ")
    cost = architecture.counted
    counts = [getattr(cost, name) for name in COUNTS] if cost else []
    said, _, reason = architecture.note.partition(": ")
    return ZooNetwork(
        architecture=architecture.name,
        library=library,
        version=version,
        family=architecture.family,
        input_shape=architecture.input_shape,
        counts=tuple(None if each is None else int(each.value) for each in counts) or None,
        fault=reason if said == NOT_COUNTED else "",
        task=architecture.task,
    )


def read_zoo_table(file: File) -> dict[str, ZooNetwork]:
    """Read a table of libraries' networks and what they cost.

    Returns:
        The networks by identity, in the order of the file.

    Raises:
        BrokenFileError: with every fault of the file.
    """
    table = read_csv(file, ZOO_COLUMNS, ("task",))
    names = [
        table.labels(name).tolist() for name in ("architecture", "library", "version", "family")
    ]
    tasks = table.labels("task", default=Labels.constant("", len(table)))
    columns = (*names, table.shapes("input"), _counts(table), table.texts("fault").tolist())
    found: dict[str, ZooNetwork] = {}
    for row, cells in enumerate(zip(*columns, strict=True)):
        if cells[0] in found:
            table.note(row, "architecture", shown(cells[0]), "each network once")
        task = read_task(tasks.at(row)) or CLASSIFICATION
        found[cells[0]] = replace(ZooNetwork(*cells), task=task)
    table.finish()
    return found


def _counts(table: Table) -> list[tuple[int | None, ...] | None]:
    """The counts of each row; `None` where it has none."""
    columns = [table.numbers(name, 0.0, COUNT.largest).tolist() for name in COUNTS]
    rows = (
        tuple(None if math.isnan(each) else int(each) for each in row)
        for row in zip(*columns, strict=True)
    )
    return [row if any(each is not None for each in row) else None for row in rows]


def zoo_table(networks: Iterable[ZooNetwork]) -> str:
    """The text of such a table; tasks stand in it where there are others than classification."""
    listed = list(networks)
    with_tasks = any(each.task != CLASSIFICATION for each in listed)
    return csv_text(
        (*ZOO_COLUMNS, *(["task"] if with_tasks else [])),
        (
            [
                each.architecture,
                each.library,
                each.version,
                each.family,
                _shape_text(each.input_shape),
                *(each.counts or [None] * len(COUNTS)),
                each.fault,
                *([each.task] if with_tasks else []),
            ]
            for each in listed
        ),
    )


def _shape_text(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape))
