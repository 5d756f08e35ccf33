"""A board's `measurements.csv`, read and written, and what it shares with other tables of estimates."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.csv_table import Table, read_csv
from advisor.catalog.files import File, bytes_of
from advisor.catalog.plain_cells import NotPlain
from advisor.catalog.plain_table import PlainTable
from advisor.catalog.precision import UNKNOWN, read_precision
from advisor.catalog.records import (
    MEDIAN,
    ORIGINS,
    PROCESSORS,
    STATISTICS,
    STATUSES,
    Labels,
    Measurements,
    Metered,
    Values,
)
from advisor.errors import shown
from advisor.quantities import MEMORY, PERCENT, POWER, RATE, TIME, Dimension

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Integers


MEASUREMENT_COLUMNS = (
    "architecture",
    "runtime",
    "precision",
    "batch",
    "latency_ms",
    "net_power_w",
    "memory_mb",
)
"""The columns with which every `measurements.csv` begins."""

FURTHER_MEASUREMENT_COLUMNS = (
    "processor",
    "threads",
    "latency_low_ms",
    "latency_high_ms",
    "latency_statistic",
    "latency_min_ms",
    "latency_max_ms",
    "latency_p90_ms",
    "latency_p99_ms",
    "throughput_fps",
    "throughput_low_fps",
    "throughput_high_fps",
    "net_power_low_w",
    "net_power_high_w",
    "gross_power_low_w",
    "gross_power_high_w",
    "memory_low_mb",
    "memory_high_mb",
    "file_size_mb",
    "latency_origin",
    "throughput_origin",
    "net_power_origin",
    "gross_power_origin",
    "memory_origin",
    "latency_source",
    "throughput_source",
    "net_power_source",
    "gross_power_source",
    "memory_source",
    "origin",
    "source",
    "status",
    "verdict",
    "sessions",
    "repeats",
    "spread_within",
    "spread_between",
    "memory_above_runtime_mb",
    "precision_word",
    "gross_power_w",
    "reason",
)
"""What else a row may hold. `origin` and `source` speak for the whole row, unless a metric has its
own. `precision_word` is the source's own word for the precision, where that is another."""

NUMERIC_COLUMNS = frozenset(
    name
    for name in (*MEASUREMENT_COLUMNS, *FURTHER_MEASUREMENT_COLUMNS)
    if name.endswith(("_ms", "_fps", "_w", "_mb"))
) | {"batch", "threads", "sessions", "repeats", "spread_within", "spread_between"}
"""Those of them that hold numbers; the others hold texts."""

Row = Mapping[str, str | int | float | None]
"""A row as it is to be written, by column."""

_OF_A_RUN = (
    "latency_ms",
    "throughput_fps",
    "net_power_w",
    "gross_power_w",
    "memory_mb",
    "file_size_mb",
)
"""What is known only of what ran."""

LARGEST_BATCH = 1_000_000
MOST_THREADS = 4096
LARGEST_COUNT = 1e9


def read_measurements(
    file: File, architectures: Collection[str] | None, sources: Collection[str] | None
) -> Measurements:
    """Read a board's `measurements.csv`.

    Args:
        file: where it lies, or what it holds.
        architectures: those that it may name; `None` for any.
        sources: those that it may name; `None` for any.

    Raises:
        BrokenFileError: with every fault of the file.
    """
    return read_all_measurements([file], architectures, sources)[0]


def read_all_measurements(
    files: Sequence[File], architectures: Collection[str] | None, sources: Collection[str] | None
) -> tuple[Measurements, Integers]:
    """Read the `measurements.csv` of many boards as one table, which spares what each of them takes.

    Args:
        files: where they lie, or what they hold; at least one.
        architectures: those that they may name; `None` for any.
        sources: those that they may name; `None` for any.

    Returns:
        The rows of all of them, below one another, and how many are of each.

    Raises:
        BrokenFileError: one of them is broken; the fault need not name it.
    """
    try:
        return read_plain(files, architectures, sources)
    except NotPlain:
        return read_strictly(files, architectures, sources)


def read_plain(
    files: Sequence[File], architectures: Collection[str] | None, sources: Collection[str] | None
) -> tuple[Measurements, Integers]:
    """The same in bulk, of files without faults.

    Raises:
        NotPlain: one may have a fault, or is written in an uncommon way.
        BrokenFileError: one cannot be read.
    """
    table = PlainTable.read(
        [bytes_of(each) for each in files],
        MEASUREMENT_COLUMNS,
        FURTHER_MEASUREMENT_COLUMNS,
        NUMERIC_COLUMNS,
    )
    return _of_files(table, table.counts, architectures, sources)


def read_strictly(
    files: Sequence[File], architectures: Collection[str] | None, sources: Collection[str] | None
) -> tuple[Measurements, Integers]:
    """The same cell by cell, which finds every fault.

    Raises:
        BrokenFileError: one of them is broken.
    """
    tables = [read_csv(each, MEASUREMENT_COLUMNS, FURTHER_MEASUREMENT_COLUMNS) for each in files]
    table = tables[0] if len(tables) == 1 else Table.joined(tables)
    return _of_files(table, [len(each) for each in tables], architectures, sources)


def _of_files(
    table: Table,
    lengths: Sequence[int],
    architectures: Collection[str] | None,
    sources: Collection[str] | None,
) -> tuple[Measurements, Integers]:
    counts = np.array(lengths, dtype=np.int64)
    part = np.repeat(np.arange(len(counts)), counts)
    return _measurements(table, part, architectures, sources), counts


def _measurements(
    table: Table,
    part: Integers,
    architectures: Collection[str] | None,
    sources: Collection[str] | None,
) -> Measurements:
    """The rows of a table of one or more boards, in each of whose parts a key stands once."""
    architecture = table.labels("architecture", architectures)
    runtime = table.labels("runtime")
    precision, precision_word = _precisions(table)
    processor = table.labels("processor", PROCESSORS, default=Labels.constant("", len(table)))
    threads = _whole(table, "threads", table.numbers("threads", 1, MOST_THREADS), unknown=0)
    batch = _batches(table)
    status = table.labels("status", STATUSES, default=Labels.constant("ok", len(table)))
    rows = provenance(table, sources)
    least, most, p90, p99 = (
        table.numbers(f"latency_{end}_ms", *TIME.range) for end in ("min", "max", "p90", "p99")
    )
    measurements = Measurements(
        architecture=architecture,
        runtime=runtime,
        precision=precision,
        precision_word=precision_word,
        processor=processor,
        threads=threads,
        batch=batch,
        status=status,
        latency_ms=metered(table, "latency", TIME, rows),
        latency_statistic=table.labels(
            "latency_statistic", STATISTICS, default=Labels.constant(MEDIAN, len(table))
        ),
        latency_min_ms=least,
        latency_max_ms=most,
        latency_p90_ms=p90,
        latency_p99_ms=p99,
        throughput_fps=metered(table, "throughput", RATE, rows),
        net_power_w=metered(table, "net_power", POWER, rows),
        gross_power_w=metered(table, "gross_power", POWER, rows),
        memory_mb=metered(table, "memory", MEMORY, rows),
        file_size_mb=metered(table, "file_size", MEMORY, rows),
        verdict=table.texts("verdict"),
    )
    table.texts("reason")
    for name in ("sessions", "repeats", "spread_within", "spread_between"):
        table.numbers(name, 0, LARGEST_COUNT)
    table.numbers("memory_above_runtime_mb", 0, MEMORY.largest)
    _refuse_contradictions(table, measurements)
    key = (part, architecture.index, measurements.variant_index, batch)
    refuse_repeats(
        table, key, "an (architecture, runtime, precision, processor, threads, batch) key"
    )
    table.finish()
    return measurements


def _precisions(table: Table) -> tuple[Labels, Labels]:
    """The number formats in the catalog's words, and the sources' own words where they are others."""
    written = table.labels("precision", default=Labels.constant(UNKNOWN, len(table)))
    read = {word: read_precision(word) for word in written.names}
    own = written.renamed({word: "" if word == to else word for word, to in read.items()})
    kept = table.texts("precision_word")
    if kept.names == ("",):
        return written.renamed(read), own
    words = [word or other for word, other in zip(kept.tolist(), own.tolist(), strict=True)]
    return written.renamed(read), Labels.of(words)


def _batches(table: Table) -> NDArray[np.int64]:
    numbers = table.numbers("batch", 1, LARGEST_BATCH)
    refuse_missing(table, "batch", numbers)
    return _whole(table, "batch", numbers, unknown=1)


def _whole(
    table: Table, column: str, numbers: NDArray[np.float64], *, unknown: int
) -> NDArray[np.int64]:
    """A column's numbers as whole ones; `unknown` stands for an empty cell, and for a fault."""
    known = np.where(np.isfinite(numbers), numbers, unknown)
    for row in np.flatnonzero(known % 1).tolist():
        table.note(row, column, shown(table.cells(column)[row]), "a whole number")
    return known.astype(np.int64)


@dataclass(frozen=True)
class Provenance:
    """Where the values of each row come from, unless a metric's own column says otherwise."""

    origin: Labels
    source: Labels
    sources: Collection[str] | None


def provenance(table: Table, sources: Collection[str] | None) -> Provenance:
    """The origin and source columns of the rows."""
    nothing = Labels.constant("", len(table))
    return Provenance(
        table.labels("origin", ORIGINS, default=nothing),
        table.labels("source", sources, default=nothing),
        sources,
    )


def metered(table: Table, metric: str, dimension: Dimension, rows: Provenance) -> Metered:
    """A metric's value, interval, origin and source columns."""
    unit = "percent" if dimension is PERCENT else dimension.unit.lower()
    names = f"{metric}_{unit}", f"{metric}_low_{unit}", f"{metric}_high_{unit}"
    whose = f"{metric}_origin", f"{metric}_source"
    if not table.has(*names, *whose):
        unknown = np.full(len(table), np.nan)
        return Metered(Values(unknown, unknown, unknown), rows.origin, rows.source)
    values = Values(*(table.numbers(name, *dimension.range) for name in names))
    known, low, high = (~np.isnan(column) for column in values)
    bad = (low != high) | (low & ~known)
    bad |= low & high & ((values.low > values.value) | (values.value > values.high))
    for row in np.flatnonzero(bad).tolist():
        found = " to ".join(table.cells(name)[row] or "nothing" for name in names[1:])
        expected = f"both ends of an interval around {table.cells(names[0])[row] or 'a value'}"
        table.note(row, names[1], found, expected)
    origin = table.labels(whose[0], ORIGINS, default=rows.origin)
    source = table.labels(whose[1], rows.sources, default=rows.source)
    for what, labels in (("origin", origin), ("source", source)):
        missing = known & labels.where("")
        for row in np.flatnonzero(missing).tolist():
            table.note(row, what, "nothing", f"the {what} of {metric}")
    return Metered(values, origin, source)


def refuse_missing(table: Table, column: str, values: NDArray[np.float64]) -> None:
    """Note empty cells of a column that needs a value (what is no number is noted already)."""
    for row in np.flatnonzero(np.isnan(values) & ~table.given(column)).tolist():
        table.note(row, column, "nothing", "a number above zero")


def refuse_less(
    table: Table,
    column: str,
    values: NDArray[np.float64],
    other: str,
    least: NDArray[np.float64],
) -> None:
    """Note figures below what they cannot be below."""
    for row in np.flatnonzero(values < least).tolist():
        table.note(row, column, shown(table.cells(column)[row]), f"{other} or more")


def _refuse_contradictions(table: Table, rows: Measurements) -> None:
    """Note rows without a time or a rate, and figures that cannot stand beside each other."""
    latency, p90 = rows.latency_ms.values.value, rows.latency_p90_ms
    least, most = rows.latency_min_ms, rows.latency_max_ms
    refuse_less(table, "latency_ms", latency, "latency_min_ms", least)
    refuse_less(table, "latency_max_ms", most, "latency_ms", latency)
    refuse_less(table, "latency_max_ms", most, "latency_min_ms", least)
    # A few slow runs can raise a mean above the 90th percentile.
    median = np.where(rows.latency_statistic.where("mean"), np.nan, latency)
    refuse_less(table, "latency_p90_ms", p90, "latency_ms", median)
    refuse_less(table, "latency_p99_ms", rows.latency_p99_ms, "latency_p90_ms", p90)
    # So slow that a mean is above the 99th percentile are hardly any; of a median the 90th says it already.
    middle = np.where(np.isnan(p90) | rows.latency_statistic.where("mean"), latency, np.nan)
    refuse_less(table, "latency_p99_ms", rows.latency_p99_ms, "latency_ms", middle)
    ran = rows.ran
    if table.has("throughput_fps"):
        timed = table.given("latency_ms") | table.given("throughput_fps")
        for row in np.flatnonzero(ran & ~timed).tolist():
            table.note(row, "latency_ms", "nothing", "a latency, or a throughput_fps")
    else:
        refuse_missing(table, "latency_ms", np.where(ran, latency, 0.0))
    _refuse_values_without_run(table, ran)


def _refuse_values_without_run(table: Table, ran: NDArray[np.bool_]) -> None:
    """Note figures in rows whose status says that nothing ran."""
    for column in _OF_A_RUN:
        for row in np.flatnonzero(~ran & table.given(column)).tolist():
            found, status = (table.cells(name)[row] for name in (column, "status"))
            table.note(row, column, shown(found), f"nothing, since the status is {status!r}")


def refuse_repeats(table: Table, key: tuple[NDArray[np.int64], ...], what: str) -> None:
    """Note every row whose key an earlier row has."""
    if not len(table):
        return
    folded = np.zeros(len(table), dtype=np.int64)
    for column in key:
        folded = folded * (column.max() + 1) + column
    _, first, group = np.unique(folded, return_index=True, return_inverse=True)
    earlier = first[group]
    repeats = np.flatnonzero(earlier != np.arange(len(table)))
    for row in repeats.tolist():
        found = f"{what} that line {table.lines[earlier[row]]} has already"
        table.note(row, "architecture", found, "each key once")


def measurements_csv(rows: Iterable[Row]) -> str:
    """Rows as the text of a `measurements.csv`; columns that all of them leave empty are left out."""
    written = [_in_our_words({name: _cell(value) for name, value in row.items()}) for row in rows]
    further = [
        name for name in FURTHER_MEASUREMENT_COLUMNS if any(row.get(name) for row in written)
    ]
    stream = io.StringIO()
    columns = (*MEASUREMENT_COLUMNS, *further)
    writer = csv.DictWriter(stream, columns, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(written)
    return stream.getvalue()


def _in_our_words(row: dict[str, str]) -> dict[str, str]:
    """The row with the catalog's word for its precision, and beside it the source's where it is another."""
    word = row.get("precision", "")
    precision = read_precision(word)
    return row if precision == word else {"precision_word": word, **row, "precision": precision}


def _cell(value: str | float | None) -> str:
    if value is None:
        return ""
    return f"{value:.5g}" if isinstance(value, float) else str(value)
