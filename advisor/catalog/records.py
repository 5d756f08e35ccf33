"""What the catalog's entries are: immutable records, and measurements as columns."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Booleans = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

ORIGINS = ("measured", "reported", "declared", "predicted")
"""Where a value comes from, the most trusted first."""

Z90 = 1.6448536269514722
"""Half the width of a 90 % interval of a normal distribution, in standard deviations."""

STATUSES = ("ok", "does_not_fit", "crashed", "timed_out", "failed")
"""How an attempt to run an (architecture, batch) pair ended."""


@dataclass(frozen=True)
class Estimate:
    """One number and how far it can be trusted.

    Attributes:
        value: the number, in the unit that its name carries.
        low: lower end of the 90 % interval, `None` where no error is known.
        high: upper end of the 90 % interval, likewise.
        origin: one of `ORIGINS`.
        source: keys of `sources.yaml`, joined by ", ".
    """

    value: float
    low: float | None
    high: float | None
    origin: str
    source: str


@dataclass(frozen=True)
class Source:
    """Where numbers were taken from.

    Attributes:
        key: its name in the catalog.
        citation: the work, and the place in it.
        read: how the numbers were read off it.
        error: how exact that reading is.
    """

    key: str
    citation: str
    read: str
    error: str


@dataclass(frozen=True)
class Cost:
    """What a network costs on paper, for one image's forward pass.

    What was not counted is `None`, never 0.

    Attributes:
        params: trainable parameters.
        operations: floating-point operations, a multiply and an add counted as two.
        activations: numbers that convolutions and matrix products put out.
        layers: how many convolutions and matrix products there are.
        window_reads: numbers that pooling windows read, each as often as windows hold it.
        peak_activations: the most numbers that are alive at once, the image included, weights not.
    """

    params: Estimate | None
    operations: Estimate | None
    activations: Estimate | None
    layers: Estimate | None
    window_reads: Estimate | None
    peak_activations: Estimate | None


OWN = "own"
"""Who has the user's own networks, and their family. Their version is a digest of their content."""


@dataclass(frozen=True)
class Architecture:
    """A network's design at one input size.

    Attributes:
        name: its identity in the catalog.
        family: the family that it belongs to.
        input_shape: channels, height, width.
        reference: the work that introduced it.
        reported: the cost of the network that its authors ran, as they published it.
        counted: the cost of the network of that name that is built here, as counted on it.
        note: what a reader must know of these figures; may be empty.
    """

    name: str
    family: str
    input_shape: tuple[int, int, int]
    reference: str
    reported: Cost | None
    counted: Cost | None
    note: str

    @property
    def family_or_name(self) -> str:
        """Its family; itself where nobody says of which it is, as of the user's own."""
        return self.name if self.family in ("", OWN) else self.family

    def cost(self, kind: str) -> Cost | None:
        """The cost of the kind that a board's rows go with, "reported" or "counted".

        A row goes with the cost of the network that was really run; the other kind stands in only
        where that one is unknown.
        """
        return (
            self.reported or self.counted if kind == "reported" else self.counted or self.reported
        )


@dataclass(frozen=True)
class Weights:
    """One trained set of weights for an architecture: accuracy belongs here.

    Attributes:
        architecture: the architecture's name.
        name: the set's name, unique within the architecture.
        top1_percent: ImageNet-1k validation accuracy, single central crop.
        top5_percent: likewise, among the first five answers.
    """

    architecture: str
    name: str
    top1_percent: Estimate
    top5_percent: Estimate | None


@dataclass(frozen=True)
class Board:
    """A machine in one power mode on which things were measured.

    Attributes:
        name: its folder's name.
        title: what people call it.
        processor, accelerator, software, date, power_meter, note: as text; may be empty.
        memory_mb: memory size in MB (1e6 bytes); `None` where unknown.
        memory_shared: whether processor and accelerator share that memory; `None` where unknown.
        idle_power_w: power drawn while idle; `None` where no meter measured it.
        power_scope: what the power covers.
        memory_scope: what the memory figures cover.
        weights: the weights that its source used.
        cost: which cost of an architecture its rows go with: "reported" where the source ran
            networks of its own, "counted" where those built here were run.
        source: key of the source of the board's description.
        details: further facts by name, as text.
        folder: where its files lie.
        layer: which catalog it comes from.
    """

    name: str
    title: str
    processor: str
    accelerator: str
    memory_mb: float | None
    memory_shared: bool | None
    idle_power_w: Estimate | None
    power_scope: str
    power_meter: str
    memory_scope: str
    software: str
    weights: str
    cost: str
    date: str
    source: str
    details: Mapping[str, str]
    note: str
    folder: Path
    layer: str


@dataclass(frozen=True)
class Labels:
    """A column of names, stored as indices into its few distinct values.

    Attributes:
        names: the distinct values, sorted, so that the order of indices is the order of names.
        index: for each row, which of `names` it holds; shape (rows,).
    """

    names: tuple[str, ...]
    index: Integers

    @classmethod
    def of(cls, names: Sequence[str]) -> Labels:
        """The column that holds these names, row by row."""
        distinct = sorted(set(names))
        position = {name: index for index, name in enumerate(distinct)}
        index = np.fromiter((position[name] for name in names), dtype=np.int64, count=len(names))
        return cls(tuple(distinct), index)

    @classmethod
    def constant(cls, name: str, rows: int) -> Labels:
        """A column that says the same in every row."""
        return cls((name,), np.zeros(rows, dtype=np.int64))

    @classmethod
    def joined(cls, columns: Sequence[Labels]) -> Labels:
        """Columns below one another."""
        names = tuple(sorted({name for column in columns for name in column.names}))
        position = {name: index for index, name in enumerate(names)}
        index = [
            np.array([position[name] for name in column.names], dtype=np.int64)[column.index]
            for column in columns
            if len(column.index)
        ]
        return cls(names, np.concatenate(index) if index else np.zeros(0, dtype=np.int64))

    def __len__(self) -> int:
        return len(self.index)

    @cached_property
    def position(self) -> Mapping[str, int]:
        """The index of each name."""
        return {name: index for index, name in enumerate(self.names)}

    def at(self, row: int) -> str:
        """The name in one row."""
        return self.names[int(self.index[row])]

    def tolist(self) -> list[str]:
        """The names, row by row."""
        return [self.names[index] for index in self.index.tolist()]

    def where(self, name: str) -> Booleans:
        """Which rows hold that name; shape (rows,)."""
        found: Booleans = self.index == self.position.get(name, -1)
        return found

    def take(self, rows: Integers | Booleans) -> Labels:
        """Some of the rows, by number or by a mask; of the names those that are left."""
        return Labels(self.names, self.index[rows]).used()

    def used(self) -> Labels:
        """The same rows, and no name that none of them holds."""
        held = np.bincount(self.index, minlength=len(self.names)) > 0
        names = tuple(
            name for name, is_held in zip(self.names, held.tolist(), strict=True) if is_held
        )
        return (
            self
            if len(names) == len(self.names)
            else Labels(names, (np.cumsum(held) - 1)[self.index])
        )

    def renamed(self, others: Mapping[str, str]) -> Labels:
        """The same rows, some of the names replaced by others."""
        named = [others.get(name, name) for name in self.names]
        names = tuple(sorted(set(named)))
        position = {name: index for index, name in enumerate(names)}
        moved = np.array([position[name] for name in named], dtype=np.int64)
        return Labels(names, moved[self.index])

    def replaced(self, rows: Booleans, name: str) -> Labels:
        """The same column, with one name in some of its rows."""
        longer = Labels.joined([self, Labels.constant(name, 1)])
        return Labels(longer.names, np.where(rows, longer.index[-1], longer.index[:-1]))


class Values(NamedTuple):
    """A column of estimates; unknown is NaN. Each array has shape (rows,)."""

    value: Floats
    low: Floats
    high: Floats

    def take(self, rows: Integers | Booleans) -> Values:
        """Some of the rows, by number or by a mask."""
        return Values(*(column[rows] for column in self))

    @classmethod
    def joined(cls, columns: Sequence[Values]) -> Values:
        """Columns below one another."""
        return cls(*map(np.concatenate, zip(*columns, strict=True)))


@dataclass(frozen=True)
class Metered:
    """A column of estimates with the origin and source of each."""

    values: Values
    origin: Labels
    source: Labels

    def take(self, rows: Integers | Booleans) -> Metered:
        """Some of the rows, by number or by a mask."""
        return _columns_of(self, rows)

    @classmethod
    def joined(cls, columns: Sequence[Metered]) -> Metered:
        """Columns below one another."""
        return _stacked(columns)

    def estimate(self, row: int) -> Estimate | None:
        """The estimate in one row, `None` where it is unknown."""
        value, low, high = (float(column[row]) for column in self.values)
        if math.isnan(value):
            return None
        return Estimate(
            value,
            None if math.isnan(low) else low,
            None if math.isnan(high) else high,
            self.origin.at(row),
            self.source.at(row),
        )


@dataclass(frozen=True)
class Measurements:
    """All rows of one board, as columns of equal length, in the order of the file.

    Attributes:
        architecture, runtime, precision, status: names.
        batch: images per forward pass.
        latency_ms: median latency of a whole batch.
        net_power_w: watts above idle while running.
        memory_mb: peak memory to serve that batch, in MB (1e6 bytes).
        latency_p90_ms, latency_p99_ms: upper bounds of the tail; NaN where unknown.
        verdict: whether the measuring was quiet: "stable", "noisy: ..." or "" where none was given.
    """

    architecture: Labels
    runtime: Labels
    precision: Labels
    batch: Integers
    status: Labels
    latency_ms: Metered
    net_power_w: Metered
    memory_mb: Metered
    latency_p90_ms: Floats
    latency_p99_ms: Floats
    verdict: Labels

    def __len__(self) -> int:
        return len(self.batch)

    @classmethod
    def stacked(cls, tables: Sequence[Measurements]) -> Measurements:
        """The rows of several tables below one another."""
        return tables[0] if len(tables) == 1 else _stacked(tables)

    def take(self, rows: Integers | Booleans) -> Measurements:
        """Some of the rows, by number or by a mask; of the names in the columns those that are left."""
        return _columns_of(self, rows)

    def renamed(self, others: Mapping[str, str]) -> Measurements:
        """The same rows, some of the networks under other names."""
        return replace(self, architecture=self.architecture.renamed(others))

    @property
    def ran(self) -> Booleans:
        """Which rows are of a run that came to its end; shape (rows,)."""
        return self.status.where("ok")

    @property
    def out_of_memory(self) -> Booleans:
        """Which rows say that the batch does not fit in the board's memory; shape (rows,)."""
        return self.status.where("does_not_fit")

    def variant(self, row: int) -> tuple[str, str]:
        """The runtime and the precision of one row."""
        return self.runtime.at(row), self.precision.at(row)

    @cached_property
    def variants(self) -> Sequence[tuple[str, str]]:
        """Every (runtime, precision) of the rows, sorted."""
        pairs = set(zip(self.runtime.index.tolist(), self.precision.index.tolist(), strict=True))
        return sorted((self.runtime.names[r], self.precision.names[p]) for r, p in pairs)

    def rows_of(self, variant: tuple[str, str]) -> Integers:
        """The numbers of the rows of a (runtime, precision), ascending."""
        runtime, precision = variant
        return np.flatnonzero(self.runtime.where(runtime) & self.precision.where(precision))


Columns = TypeVar("Columns", Metered, Measurements)


def _columns_of(table: Columns, rows: Integers | Booleans) -> Columns:
    """Some of the rows of every column."""
    taken: dict[str, Any] = {}
    for each in fields(table):
        column = getattr(table, each.name)
        taken[each.name] = column[rows] if isinstance(column, np.ndarray) else column.take(rows)
    return type(table)(**taken)


def _stacked(tables: Sequence[Columns]) -> Columns:
    """Every column of several tables, below one another."""
    joined: dict[str, Any] = {}
    for each in fields(tables[0]):
        columns = [getattr(table, each.name) for table in tables]
        first = columns[0]
        joined[each.name] = (
            np.concatenate(columns)
            if isinstance(first, np.ndarray)
            else type(first).joined(columns)
        )
    return type(tables[0])(**joined)
