"""A board's `measurements.csv`, and what it shares with other tables of estimates."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.csv_file import Table, read_csv
from advisor.catalog.records import (
    ORIGINS,
    STATUSES,
    Estimate,
    Labels,
    Measurements,
    Metered,
    Values,
)
from advisor.errors import shown
from advisor.quantities import MEMORY, PERCENT, POWER, TIME, Dimension

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
    "latency_low_ms",
    "latency_high_ms",
    "latency_p90_ms",
    "latency_p99_ms",
    "net_power_low_w",
    "net_power_high_w",
    "memory_low_mb",
    "memory_high_mb",
    "latency_origin",
    "net_power_origin",
    "memory_origin",
    "latency_source",
    "net_power_source",
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
    "gross_power_w",
    "reason",
)
"""What else a row may hold. `origin` and `source` speak for the whole row, unless a metric has its
own."""

LARGEST_BATCH = 1_000_000
LARGEST_COUNT = 1e9


def read_measurements(
    path: Path, architectures: Collection[str] | None, sources: Collection[str]
) -> Measurements:
    """Read a board's `measurements.csv`.

    Args:
        path: the file.
        architectures: those that it may name; `None` for any.
        sources: those that it may name.

    Raises:
        BrokenFileError: with every fault of the file.
    """
    table = read_csv(path, MEASUREMENT_COLUMNS, FURTHER_MEASUREMENT_COLUMNS)
    architecture = table.labels("architecture", architectures)
    runtime = table.labels("runtime")
    precision = table.labels("precision")
    batch = _batches(table)
    status = table.labels("status", STATUSES, default=_constant("ok", len(table)))
    rows = provenance(table, sources)
    measurements = Measurements(
        architecture=architecture,
        runtime=runtime,
        precision=precision,
        batch=batch,
        status=status,
        latency_ms=metered(table, "latency", TIME, rows),
        net_power_w=metered(table, "net_power", POWER, rows),
        memory_mb=metered(table, "memory", MEMORY, rows),
        latency_p90_ms=table.numbers("latency_p90_ms", *TIME.range),
        latency_p99_ms=table.numbers("latency_p99_ms", *TIME.range),
        verdict=table.texts("verdict"),
    )
    table.texts("reason")
    for name in ("sessions", "repeats", "spread_within", "spread_between"):
        table.numbers(name, 0, LARGEST_COUNT)
    table.numbers("memory_above_runtime_mb", 0, MEMORY.largest)
    table.numbers("gross_power_w", *POWER.range)
    latency, p90 = measurements.latency_ms.values.value, measurements.latency_p90_ms
    refuse_less(table, "latency_p90_ms", p90, "latency_ms", latency)
    refuse_less(table, "latency_p99_ms", measurements.latency_p99_ms, "latency_p90_ms", p90)
    fits = status.index == status.position.get("ok", -1)
    refuse_missing(table, "latency_ms", np.where(fits, measurements.latency_ms.values.value, 0.0))
    _refuse_values_without_run(table, fits)
    key = (architecture.index, runtime.index, precision.index, batch)
    refuse_repeats(table, key, "an (architecture, runtime, precision, batch) key")
    table.finish()
    return measurements


def called(table: Measurements, others: Mapping[str, str]) -> Measurements:
    """The same rows, some of the networks under other names."""
    labels = table.architecture
    told = [others.get(name, name) for name in labels.names]
    names = tuple(sorted(set(told)))
    place = {name: index for index, name in enumerate(names)}
    moved = np.array([place[name] for name in told], dtype=np.int64)
    return replace(table, architecture=Labels(names, moved[labels.index]))


def estimate_at(metered: Metered, row: int) -> Estimate | None:
    """The estimate in one row of a column, `None` where it is unknown."""
    value, low, high = (float(column[row]) for column in metered.values)
    if math.isnan(value):
        return None
    return Estimate(
        value,
        None if math.isnan(low) else low,
        None if math.isnan(high) else high,
        metered.origin.names[metered.origin.index[row]],
        metered.source.names[metered.source.index[row]],
    )


def _constant(name: str, rows: int) -> Labels:
    return Labels((name,), np.zeros(rows, dtype=np.int64))


def _batches(table: Table) -> NDArray[np.int64]:
    numbers = table.numbers("batch", 1, LARGEST_BATCH)
    refuse_missing(table, "batch", numbers)
    known = np.nan_to_num(numbers, nan=1.0, posinf=1.0, neginf=1.0)
    for row in np.flatnonzero(known % 1).tolist():
        table.note(row, "batch", shown(table.cells("batch")[row]), "a whole number")
    return known.astype(np.int64)


@dataclass(frozen=True)
class Provenance:
    """Where the values of each row come from, unless a metric's own column says otherwise."""

    origin: Labels
    source: Labels
    sources: Collection[str]


def provenance(table: Table, sources: Collection[str]) -> Provenance:
    """The origin and source columns of the rows."""
    nothing = _constant("", len(table))
    return Provenance(
        table.labels("origin", ORIGINS, default=nothing),
        table.labels("source", sources, default=nothing),
        sources,
    )


def metered(table: Table, metric: str, dimension: Dimension, rows: Provenance) -> Metered:
    """A metric's value, interval, origin and source columns."""
    unit = "percent" if dimension is PERCENT else dimension.unit.lower()
    names = f"{metric}_{unit}", f"{metric}_low_{unit}", f"{metric}_high_{unit}"
    values = Values(*(table.numbers(name, *dimension.range) for name in names))
    known, low, high = (~np.isnan(column) for column in values)
    bad = (low != high) | (low & ~known)
    bad |= low & high & ((values.low > values.value) | (values.value > values.high))
    for row in np.flatnonzero(bad).tolist():
        found = " to ".join(table.cells(name)[row] or "nothing" for name in names[1:])
        expected = f"both ends of an interval around {table.cells(names[0])[row] or 'a value'}"
        table.note(row, names[1], found, expected)
    origin = table.labels(f"{metric}_origin", ORIGINS, default=rows.origin)
    source = table.labels(f"{metric}_source", rows.sources, default=rows.source)
    for what, labels in (("origin", origin), ("source", source)):
        missing = known & (labels.index == labels.position.get("", -1))
        for row in np.flatnonzero(missing).tolist():
            table.note(row, what, "nothing", f"the {what} of {metric}")
    return Metered(values, origin, source)


def refuse_missing(table: Table, column: str, values: NDArray[np.float64]) -> None:
    """Note empty cells of a column that needs a value (what is no number is noted already)."""
    cells = table.cells(column)
    for row in np.flatnonzero(np.isnan(values)).tolist():
        if not cells[row]:
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


def _refuse_values_without_run(table: Table, ran: NDArray[np.bool_]) -> None:
    """Note figures in rows whose status says that nothing ran."""
    for column in ("latency_ms", "net_power_w", "memory_mb"):
        cells = table.cells(column)
        for row in np.flatnonzero(~ran).tolist():
            if cells[row]:
                status = table.cells("status")[row]
                table.note(
                    row, column, shown(cells[row]), f"nothing, since the status is {status!r}"
                )


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
