"""A table of libraries' networks and what they cost: in the catalog's `zoo` folder, and in the cache."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from advisor.architectures.names import identity_of_plain
from advisor.catalog.csv_file import Table, read_csv
from advisor.catalog.entries import shapes_in
from advisor.catalog.records import Architecture, Cost, Estimate, Labels
from advisor.catalog.reported_table import FIGURES, Reported
from advisor.errors import shown
from advisor.quantities import COUNT

if TYPE_CHECKING:
    from numpy.typing import NDArray

COUNTS = ("params", "operations", "activations", "layers", "window_reads", "peak_activations")
"""The counts of a network, in the order in which a `Cost` has them."""
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
        reported: what a table of timm's tells of it, where one was imported; the network is then called
            as there.
    """

    architecture: str
    library: str
    version: str
    family: str
    input_shape: tuple[int, int, int]
    counts: tuple[int, ...] | None
    fault: str = ""
    reported: Reported | None = None

    @property
    def identity(self) -> str:
        """What its library's networks are called where no table was imported."""
        return identity_of_plain(self.architecture) if self.reported else self.architecture

    @cached_property
    def known(self) -> Architecture | None:
        """The network as the rest of the catalog has it; `None` where no one tells what it costs.

        One of an imported table is known even so, since boards have rows of it.
        """
        if self.counts is None and self.reported is None:
            return None
        return Architecture(
            name=self.architecture,
            family=self.family,
            input_shape=self.input_shape,
            reference=f"{self.library} {self.version}".strip(),
            reported=self.reported.cost if self.reported else None,
            counted=None if self.counts is None else exact_cost(self.counts),
            note="",
        )

    @property
    def figures(self) -> Mapping[str, int]:
        """What it costs, by the names of `COUNTS`, as far as that is known: counted, else reported."""
        if self.counts is not None:
            return dict(zip(COUNTS, self.counts, strict=True))
        told = zip(FIGURES, self.reported.figures if self.reported else (), strict=False)
        return {name: figure for name, figure in told if figure is not None}

    def as_counted(self) -> ZooNetwork:
        """The same as its library has it, whatever a table tells of it."""
        return replace(self, architecture=self.identity, reported=None)

    def as_imported(self, reported: Reported) -> ZooNetwork:
        """The same as a table of timm's has it, with what was counted."""
        return replace(self, architecture=reported.architecture, reported=reported)


def imported(reported: Reported) -> ZooNetwork:
    """A network that only a table of timm's tells of."""
    return ZooNetwork(
        architecture=reported.architecture,
        library="timm",
        version="",
        family=reported.family,
        input_shape=reported.input_shape,
        counts=None,
        reported=reported,
    )


def exact_cost(counts: Sequence[int]) -> Cost:
    """The cost of a network that was counted.

    Args:
        counts: those of `COUNTS`.
    """
    return Cost(*(Estimate(each, each, each, "measured", SOURCE) for each in map(float, counts)))


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
    names = [
        _told(table.labels(column)) for column in ("architecture", "library", "version", "family")
    ]
    columns = (*names, shapes_in(table), _counts(table), _told(table.texts("fault")))
    found: dict[str, ZooNetwork] = {}
    for row, cells in enumerate(zip(*columns, strict=True)):
        if cells[0] in found:
            table.note(row, "architecture", shown(cells[0]), "each network once")
        found[cells[0]] = ZooNetwork(*cells)
    table.finish()
    return found


def _told(labels: Labels) -> list[str]:
    """The column's names, row by row."""
    return [labels.names[index] for index in labels.index.tolist()]


def _counts(table: Table) -> list[tuple[int, ...] | None]:
    """The counts of each row; `None` where it has none."""
    least = {"window_reads": 0.0}
    counts = np.column_stack(
        [table.numbers(name, least.get(name, 1.0), COUNT.largest) for name in COUNTS]
    )
    given = ~np.isnan(counts)
    whole: NDArray[np.bool_] = np.logical_and.reduce(given, axis=1)
    for row in np.flatnonzero(given.any(axis=1) & ~whole).tolist():
        missing = COUNTS[given[row].tolist().index(False)]
        table.note(row, missing, "nothing", "a count, or none in the whole row")
    rows: list[list[int]] = np.nan_to_num(counts).astype(np.int64).tolist()
    return [tuple(row) if told else None for row, told in zip(rows, whole, strict=True)]


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
