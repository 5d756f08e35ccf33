"""A table of libraries' networks and what they cost: in the catalog's `zoo` folder, and in the cache."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from advisor.catalog.csv_file import Table, read_csv
from advisor.catalog.entries import read_shape
from advisor.catalog.records import Architecture, Cost, Estimate
from advisor.errors import shown
from advisor.quantities import COUNT

COUNTS = ("params", "operations", "activations", "layers", "window_reads", "peak_activations")
ZOO_COLUMNS = ("architecture", "library", "version", "family", "input", *COUNTS, "fault")
SOURCE = "advisor-count"


@dataclass(frozen=True)
class ZooNetwork:
    """A library's network at one input size.

    Attributes:
        architecture: its identity, `name@size`.
        library: who has it.
        version: which version of the library was counted or listed.
        family: the kin that it belongs to.
        input_shape: channels, height, width.
        counts: of one image, by the names of `COUNTS`; `None` where not counted.
        fault: why it cannot be counted; empty where it can, or was not tried.
    """

    architecture: str
    library: str
    version: str
    family: str
    input_shape: tuple[int, int, int]
    counts: tuple[int, ...] | None
    fault: str = ""

    @cached_property
    def known(self) -> Architecture | None:
        """The network as the rest of the catalog has it; `None` where it was not counted."""
        if self.counts is None:
            return None
        cost = Cost(
            **{
                name: Estimate(float(count), float(count), float(count), "measured", SOURCE)
                for name, count in zip(COUNTS, self.counts, strict=True)
            }
        )
        return Architecture(
            name=self.architecture,
            family=self.family,
            input_shape=self.input_shape,
            reference=f"{self.library} {self.version}",
            reported=None,
            counted=cost,
            note="",
        )


def of_architecture(architecture: Architecture) -> ZooNetwork:
    """A counted network of a library as such a table has it."""
    library, _, version = architecture.reference.partition(" ")
    cost = architecture.counted
    told = [getattr(cost, name) for name in COUNTS]
    return ZooNetwork(
        architecture=architecture.name,
        library=library,
        version=version,
        family=architecture.family,
        input_shape=architecture.input_shape,
        counts=tuple(int(each.value) for each in told),
    )


def read_zoo_table(path: Path) -> dict[str, ZooNetwork]:
    """Read such a table.

    Returns:
        The networks by identity, in the order of the file.

    Raises:
        BrokenFileError: with every fault of the file.
    """
    table = read_csv(path, ZOO_COLUMNS)
    names = [table.labels(column) for column in ("architecture", "library", "version", "family")]
    faults = table.texts("fault")
    shapes = [_shape(table, row, cell) for row, cell in enumerate(table.cells("input"))]
    least = {"window_reads": 0.0}
    counts = [table.numbers(name, least.get(name, 1.0), COUNT.largest) for name in COUNTS]
    found: dict[str, ZooNetwork] = {}
    for row, shape in enumerate(shapes):
        architecture, library, version, family = (
            each.names[int(each.index[row])] for each in names
        )
        told = [column[row] for column in counts]
        given = [not math.isnan(each) for each in told]
        if any(given) and not all(given):
            missing = COUNTS[given.index(False)]
            table.note(row, missing, "nothing", "a count, or none in the whole row")
        if architecture in found:
            table.note(row, "architecture", shown(architecture), "each network once")
        found[architecture] = ZooNetwork(
            architecture=architecture,
            library=library,
            version=version,
            family=family,
            input_shape=shape,
            counts=tuple(map(int, told)) if all(given) else None,
            fault=faults.names[int(faults.index[row])],
        )
    table.finish()
    return found


def _shape(table: Table, row: int, cell: str) -> tuple[int, int, int]:
    shape = read_shape(cell)
    if shape is None:
        table.note(row, "input", shown(cell), "channels x height x width, like 3x224x224")
    return shape or (1, 1, 1)


def zoo_table(networks: Iterable[ZooNetwork]) -> str:
    """The text of such a table."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(ZOO_COLUMNS)
    for each in networks:
        writer.writerow(
            [
                each.architecture,
                each.library,
                each.version,
                each.family,
                "x".join(map(str, each.input_shape)),
                *(each.counts or [""] * len(COUNTS)),
                each.fault,
            ]
        )
    return stream.getvalue()
