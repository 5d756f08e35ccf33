"""What the catalog's entries are: immutable records, and measurements as columns."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeVar

import numpy as np

from advisor.catalog.precision import has_float_accuracy
from advisor.catalog.run_as import Variant
from advisor.quality import CLASSIFICATION, TASKS, Quality

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Booleans = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

ORIGINS = ("measured", "reported", "declared", "predicted")
"""Where a value comes from, the most trusted first."""

TAKEN_AS_STATED = ("reported", "declared")
"""Origins of values of whose error nobody here can say anything, unless their source does."""

Z90 = 1.6448536269514722
"""Half the width of a 90 % interval of a normal distribution, in standard deviations."""

STATUSES = ("ok", "does_not_fit", "crashed", "timed_out", "failed")
"""How an attempt to run an (architecture, batch) pair ended."""

PROCESSORS = ("cpu", "gpu", "npu", "dsp")
"""What of a board may run a network, where its rows say which."""

MEDIAN, MEAN, MINIMUM = "median", "mean", "minimum"
STATISTICS = (MEDIAN, MEAN, MINIMUM, "unknown")
"""What a latency may be of the runs that were timed; the median goes without saying."""

OUTLIER = "outlier"
"""What a verdict begins with on a figure that is far from what others say of the like."""


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
        accuracy_spread: by how many points the accuracy of one network in one precision and runtime differs
            at most between its boards; `None` where unknown.
        reproducibility: how far another run of the same is off, relative, with 90 % probability; `None` where
            nobody knows.
        evidence: how that is known.
        repository, file, version: where a published table lies, and which state of it was read.
        licence: on what terms it is published.
        sha256: the digest of its content, to recognise it by.
    """

    key: str
    citation: str
    read: str
    error: str
    accuracy_spread: float | None = None
    reproducibility: float | None = None
    evidence: str = ""
    repository: str = ""
    file: str = ""
    version: str = ""
    licence: str = ""
    sha256: str = ""


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


IMAGENET_TOP1 = TASKS[CLASSIFICATION]

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
        task: what it is for.
        licence: on what terms its code and weights are published; "" where unknown.
        precision: the number format of its file, where that is the only one that it runs in; "" for any.
    """

    UNDOCUMENTED: ClassVar = ("precision",)

    name: str
    family: str
    input_shape: tuple[int, int, int]
    reference: str
    reported: Cost | None
    counted: Cost | None
    note: str
    task: str = CLASSIFICATION
    licence: str = ""
    precision: str = ""

    def runs_in(self, precision: str) -> bool:
        """Whether it can be run in a number format."""
        return self.precision in ("", precision)

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
    """How good one trained set of weights is, run in some way: accuracy belongs here.

    Attributes:
        architecture: the architecture's name.
        name: the set's name, unique within the architecture.
        accuracy_percent: how well it does its task, in the metric of `quality`.
        top5_percent: of classification, how often the right answer is among the first five.
        quality: what that accuracy means.
        runtime: what ran it; "" for any.
        precision: the number format that it ran in; "" for all that keep the accuracy of floats.
        processor: one of `PROCESSORS`, on which; "" where nobody says.
        board: where it was found; "" for any.
        images: on how many images; `None` where unknown.
        note: how it follows from another figure, in words; "" where it is the figure itself.
        loss_points: by how many points it is below that in fp32 on the same images, whose interval is
            narrower than that of either; `None` where unknown.
    """

    architecture: str
    name: str
    accuracy_percent: Estimate
    top5_percent: Estimate | None
    quality: Quality = IMAGENET_TOP1
    runtime: str = ""
    precision: str = ""
    processor: str = ""
    board: str = ""
    images: int | None = None
    note: str = ""
    loss_points: Estimate | None = None

    @property
    def scope(self) -> tuple[str, str, str, str]:
        """What it holds of: a runtime, a precision, a processor, a board; "" for any."""
        return self.runtime, self.precision, self.processor, self.board

    def is_unproven(self, figure: str = "accuracy_percent") -> bool:
        """Whether one of its figures has no error: of how many images it is, nobody says.

        One that is predicted could be anything then, which is another matter.
        """
        estimate: Estimate | None = getattr(self, figure)
        return estimate is not None and estimate.low is None and estimate.origin != "predicted"

    @property
    def in_floats(self) -> bool:
        """Whether it is that of a format which keeps the accuracy of floats."""
        return not self.precision or has_float_accuracy(self.precision)

    @property
    def is_of_floats(self) -> bool:
        """Whether it holds wherever the network runs in floats."""
        return not any(self.scope)


@dataclass(frozen=True)
class BetweenRuns:
    """How much the speed of a board as a whole changes from one run of measurements to another.

    All its rows share that part of their intervals, so that it says nothing of their ratios.

    Attributes:
        within: half the 90 % interval of its level on another day, relative.
        days: runs of how many days show it; 1 where the usual share stands for it.
    """

    within: float
    days: int


@dataclass(frozen=True)
class Board:
    """A machine in one power mode on which things were measured.

    Attributes:
        name: its folder's name.
        title: what people call it.
        processor, accelerator, software, date, power_meter, note: as text; may be empty.
        memory_mb: memory size in MB (1e6 bytes); `None` where unknown.
        memory_shared: whether processor and accelerator share that memory; `None` where unknown.
        idle_power_w: power drawn while idle, in the scope of `power_scope`; an upper bound where its low
            end is 0; `None` where no meter measured it.
        power_scope: what the power covers.
        memory_scope: what the memory figures cover.
        weights: the weights that its source used.
        cost: which cost of an architecture its rows go with: "reported" where the source ran
            networks of its own, "counted" where those built here were run.
        source: key of the source of the board's description.
        details: further facts by name, as text.
        between_runs: how much its speed changes from run to run; `None` where that is unknown.
        folder: where its files lie.
        layer: which catalog it comes from.
    """

    UNDOCUMENTED: ClassVar = ("folder",)

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
    between_runs: BetweenRuns | None
    folder: Path
    layer: str

    @property
    def idle_is_bound(self) -> bool:
        """Whether the idle power is known as an upper bound only."""
        idle = self.idle_power_w
        return idle is not None and idle.low == 0 and idle.high == idle.value

    @property
    def certain_idle_w(self) -> Estimate | None:
        """What of the idle power is drawn for certain: nothing where only an upper bound is known."""
        idle = self.idle_power_w
        return replace(idle, value=0.0) if idle and self.idle_is_bound else idle


@cache
def source_keys(*joined: str) -> tuple[str, ...]:
    """The keys of `sources.yaml` that figures name, each once; several of one figure are joined by ", "."""
    return tuple(dict.fromkeys(key for each in joined for key in each.split(", ") if key))


def distinct(numbers: Integers) -> Integers:
    """The distinct ones of whole numbers from 0 on, ascending.

    `numpy.unique` gives the same, but loads masked arrays for it, which a quick answer can do without.
    """
    return np.flatnonzero(np.bincount(numbers))


@dataclass(frozen=True)
class Labels:
    """A column of names, stored as indices into its few distinct values.

    Attributes:
        names: the distinct values, sorted, so that the order of indices is the order of names.
        index: for each row, which of `names` it holds; shape (rows,), whole numbers of whatever size.
    """

    names: tuple[str, ...]
    index: Integers

    @classmethod
    def of(cls, names: Sequence[str]) -> Labels:
        """The column that holds these names, row by row."""
        distinct = sorted(set(names))
        position = {name: index for index, name in enumerate(distinct)}
        index = np.fromiter(map(position.__getitem__, names), dtype=np.int64, count=len(names))
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
        names = tuple(map(self.names.__getitem__, np.flatnonzero(held).tolist()))
        return (
            self
            if len(names) == len(self.names)
            else Labels(names, (np.cumsum(held) - 1).astype(self.index.dtype)[self.index])
        )

    def renamed(self, others: Mapping[str, str]) -> Labels:
        """The same rows, some of the names replaced by others."""
        named = [others.get(name, name) for name in self.names]
        names = tuple(sorted(set(named)))
        position = {name: index for index, name in enumerate(names)}
        moved = np.array([position[name] for name in named], dtype=self.index.dtype)
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

    def otherwise(self, other: Metered) -> Metered:
        """These estimates where they are known, else the other ones, row by row."""
        unknown = np.isnan(self.values.value)
        rows = np.arange(len(unknown)) + np.where(unknown, len(unknown), 0)
        return Metered.joined([self, other]).take(rows)

    @cached_property
    def lacks_error(self) -> Booleans:
        """Where a figure was reported or declared without any error; shape (rows,)."""
        stated = np.zeros(len(self.origin), dtype=np.bool_)
        for origin in TAKEN_AS_STATED:
            stated |= self.origin.where(origin)
        return stated & np.isnan(self.values.low) & ~np.isnan(self.values.value)

    @cached_property
    def is_unknown(self) -> bool:
        """Whether no row has a figure."""
        return bool(np.isnan(self.values.value).all())

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
        architecture, runtime, status: names.
        precision: number formats, in the words of `advisor.catalog.precision`.
        precision_word: the source's own word for it, where that is another; else "".
        processor: one of `PROCESSORS`; "" for the board's own, which nobody names.
        threads: how many threads; 0 where unknown.
        batch: images per forward pass.
        latency_ms: latency of a whole batch.
        latency_statistic: one of `STATISTICS`, which of the timed runs' latencies that is.
        latency_min_ms, latency_max_ms: the shortest and the longest of them; NaN where unknown.
        latency_p90_ms, latency_p99_ms: upper bounds of the tail, likewise.
        throughput_fps: images per second, where the source reports them apart from the latency.
        net_power_w: watts above idle while running.
        gross_power_w: watts while running, idle power included.
        memory_mb: peak memory to serve that batch, in MB (1e6 bytes).
        file_size_mb: size on disk of what the network is served from, in MB (1e6 bytes).
        verdict: whether the measuring was quiet: "stable", "noisy: ..."; "outlier: ..." of what cannot be
            relied on; "" where none was given.
    """

    architecture: Labels
    runtime: Labels
    precision: Labels
    precision_word: Labels
    processor: Labels
    threads: Integers
    batch: Integers
    status: Labels
    latency_ms: Metered
    latency_statistic: Labels
    latency_min_ms: Floats
    latency_max_ms: Floats
    latency_p90_ms: Floats
    latency_p99_ms: Floats
    throughput_fps: Metered
    net_power_w: Metered
    gross_power_w: Metered
    memory_mb: Metered
    file_size_mb: Metered
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
    def metered(self) -> Sequence[Metered]:
        """The columns of estimates."""
        columns = (getattr(self, each.name) for each in fields(self))
        return [each for each in columns if isinstance(each, Metered)]

    @property
    def ran(self) -> Booleans:
        """Which rows are of a run that came to its end; shape (rows,)."""
        return self.status.where("ok")

    @property
    def out_of_memory(self) -> Booleans:
        """Which rows say that the batch does not fit in the board's memory; shape (rows,)."""
        return self.status.where("does_not_fit")

    @cached_property
    def rate_fps(self) -> Metered:
        """Images per second: what the source states, else batch / latency."""
        with np.errstate(divide="ignore"):
            value, high, low = (1000.0 * self.batch / each for each in self.latency_ms.values)
        by_latency = replace(self.latency_ms, values=Values(value, low, high))
        return self.throughput_fps.otherwise(by_latency)

    @cached_property
    def usual_latency_ms(self) -> Floats | None:
        """The middle of the interval of latencies that are those of the shortest run; `None` for nowhere."""
        shortest = self.latency_statistic.where(MINIMUM)
        if not shortest.any():
            return None
        _, low, high = self.latency_ms.values
        return np.where(shortest, np.sqrt(low * high), np.nan)

    def variant(self, row: int) -> Variant:
        """How one row is run."""
        runtime, precision = self.runtime.at(row), self.precision.at(row)
        return Variant(runtime, precision, self.processor.at(row), int(self.threads[row]))

    @property
    def variants(self) -> Sequence[Variant]:
        """Every variant of the rows, sorted."""
        return self._by_variant[0]

    @property
    def variant_index(self) -> Integers:
        """For each row, the place of its variant in `variants`; shape (rows,)."""
        return self._by_variant[1]

    @cached_property
    def _by_variant(self) -> tuple[Sequence[Variant], Integers]:
        threads = Labels((), self.threads)
        if self.threads.any():
            counts = distinct(self.threads)
            place = np.zeros(int(counts[-1]) + 1, dtype=np.int64)
            place[counts] = np.arange(len(counts))
            threads = Labels(tuple(map(str, counts.tolist())), place[self.threads])
        key: Integers = np.zeros(len(self), dtype=np.int64)
        for each in (self.runtime, self.precision, self.processor, threads):
            key = key * max(1, len(each.names)) + each.index  # in the order of the names
        there = np.bincount(key) > 0
        index = (np.cumsum(there) - 1)[key]
        first = np.zeros(np.count_nonzero(there), dtype=np.int64)
        first[index[::-1]] = np.arange(len(self))[::-1]
        return tuple(map(self.variant, first.tolist())), index

    @property
    def repeats(self) -> Mapping[int, int]:
        """The rows whose network, variant and batch size an earlier one has, with that row."""
        keys = np.stack([self.architecture.index, self.variant_index, self.batch])
        _, first, group = np.unique(keys, axis=1, return_index=True, return_inverse=True)
        earlier = first[group.reshape(-1)]
        later = np.flatnonzero(earlier != np.arange(len(self)))
        return dict(zip(later.tolist(), earlier[later].tolist(), strict=True))

    def rows_of(self, variant: Variant) -> Integers:
        """The numbers of the rows of a variant, ascending."""
        place = self.variants.index(variant) if variant in self.variants else -1
        return np.flatnonzero(self.variant_index == place)


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
