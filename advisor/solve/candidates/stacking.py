"""The rows of several tables as one, and some of the rows of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.records import Labels, Measurements, Metered, Values

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Integers


def stacked(tables: Sequence[Measurements]) -> tuple[Measurements, Integers]:
    """The tables below one another, and for each row which table it comes from."""
    lengths = [len(table) for table in tables]
    origin = np.repeat(np.arange(len(tables)), lengths)
    if len(tables) == 1:
        return tables[0], origin

    def metered(name: str) -> Metered:
        columns: list[Metered] = [getattr(table, name) for table in tables]
        parts = zip(*(column.values for column in columns), strict=True)
        return Metered(
            Values(*map(np.concatenate, parts)),
            joined_labels([column.origin for column in columns]),
            joined_labels([column.source for column in columns]),
        )

    def numbers(name: str) -> Integers:
        joined: Integers = np.concatenate([getattr(table, name) for table in tables])
        return joined

    def labels(name: str) -> Labels:
        return joined_labels([getattr(table, name) for table in tables])

    return (
        Measurements(
            architecture=labels("architecture"),
            runtime=labels("runtime"),
            precision=labels("precision"),
            batch=numbers("batch"),
            status=labels("status"),
            latency_ms=metered("latency_ms"),
            net_power_w=metered("net_power_w"),
            memory_mb=metered("memory_mb"),
            latency_p90_ms=np.concatenate([table.latency_p90_ms for table in tables]),
            latency_p99_ms=np.concatenate([table.latency_p99_ms for table in tables]),
            verdict=labels("verdict"),
        ),
        origin,
    )


def where(table: Measurements, rows: NDArray[np.bool_]) -> Measurements:
    """Some of the rows of a table; of the names in its columns those that are left."""

    def labels(column: Labels) -> Labels:
        used, index = np.unique(column.index[rows], return_inverse=True)
        return Labels(tuple(column.names[place] for place in used.tolist()), index)

    def metered(column: Metered) -> Metered:
        values = Values(*(each[rows] for each in column.values))
        return Metered(values, labels(column.origin), labels(column.source))

    return Measurements(
        architecture=labels(table.architecture),
        runtime=labels(table.runtime),
        precision=labels(table.precision),
        batch=table.batch[rows],
        status=labels(table.status),
        latency_ms=metered(table.latency_ms),
        net_power_w=metered(table.net_power_w),
        memory_mb=metered(table.memory_mb),
        latency_p90_ms=table.latency_p90_ms[rows],
        latency_p99_ms=table.latency_p99_ms[rows],
        verdict=labels(table.verdict),
    )


def joined_labels(columns: Sequence[Labels]) -> Labels:
    """Columns of names below one another."""
    names = tuple(sorted({name for column in columns for name in column.names}))
    place = {name: index for index, name in enumerate(names)}
    index = [
        np.array([place[name] for name in column.names], dtype=np.int64)[column.index]
        for column in columns
        if len(column.index)
    ]
    return Labels(names, np.concatenate(index) if index else np.zeros(0, dtype=np.int64))
