"""A board's table completed by its laws: what was not measured, marked as predicted."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.records import Architecture, Board, Labels, Measurements, Metered, Values
from advisor.predict.board_fit import (
    METRICS,
    BoardFit,
    anchors_of,
    describe,
    predicted,
    rows_of,
    runs_of,
)
from advisor.predict.terms import COLUMNS
from advisor.solve.batch_sizes import has_ladder, usual_sizes
from advisor.solve.stacking import stacked, where

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Integers

    Booleans = NDArray[np.bool_]

PREDICTED, SOURCE = "predicted", "advisor-fit"


def completed(
    board: Board,
    table: Measurements,
    architectures: Mapping[str, Architecture],
    fit: BoardFit,
    batches: Collection[int],
    added: Collection[str] | None = None,
) -> Measurements:
    """The table with a row for every network at every batch size, and predictions for what it lacks.

    What other boards tell goes before the board's own laws: a network that they know gets rows at the
    batch sizes that they tell of, and by the laws only at those asked for. Where each network of the board
    ran at a batch size of its own, the others get one row, too.

    A pair that is known not to fit keeps its row, and no larger batch of that network gets one; a pair
    whose predicted memory is more than the board has is taken not to fit. A pair of which no law knows
    the latency gets no row.

    Args:
        board: the board.
        table: its rows.
        architectures: every network, by name.
        fit: the board's laws, fitted to these rows.
        batches: the batch sizes that are wanted beside those of the table.
        added: the networks that get rows, while the table's own stay as they are; `None` for all.
    """
    names = sorted(architectures if added is None else added)
    told = _transferred(board, table, architectures, fit, names)
    new = [
        _added(
            board,
            table,
            architectures,
            fit,
            variant,
            _missing(table, told, variant, names, batches),
        )
        for variant in fit.laws
    ]
    if added is None:
        table = _all_filled(board, table, architectures, fit)
    table = stacked([table, told])[0] if len(told) else table
    count = sum(len(each) for each in new)
    ran = np.concatenate([each.fits for each in new]) if new else np.zeros(0, np.bool_)
    return Measurements(
        architecture=_longer(table.architecture, [name for each in new for name in each.names]),
        runtime=_longer(table.runtime, [each.variant[0] for each in new for _ in each.names]),
        precision=_longer(table.precision, [each.variant[1] for each in new for _ in each.names]),
        batch=np.concatenate([table.batch, *(each.batch for each in new)]),
        status=_longer(table.status, ["ok" if fits else "does_not_fit" for fits in ran.tolist()]),
        **{
            metric: _metered(getattr(table, metric), [each.told[metric] for each in new])
            for metric in METRICS
        },
        latency_p90_ms=np.concatenate([table.latency_p90_ms, np.full(count, np.nan)]),
        latency_p99_ms=np.concatenate([table.latency_p99_ms, np.full(count, np.nan)]),
        verdict=_longer(table.verdict, [""] * count),
    )


def _transferred(
    board: Board,
    table: Measurements,
    architectures: Mapping[str, Architecture],
    fit: BoardFit,
    names: Collection[str],
) -> Measurements:
    """What other boards tell of these networks; what they do not tell of, the laws do where they can."""
    if fit.transfer is None:
        return where(table, np.zeros(len(table), dtype=np.bool_))
    rows = fit.transfer.rows
    wanted = np.isin(np.array(rows.architecture.names, dtype=np.str_), sorted(names))
    told = where(rows, wanted[rows.architecture.index])
    return _all_filled(board, told, architectures, fit)


def _missing(
    table: Measurements,
    told: Measurements,
    variant: tuple[str, str],
    names: Sequence[str],
    batches: Collection[int],
) -> list[tuple[str, int]]:
    """The (network, batch size) pairs of which a law is to tell."""
    there, rows = _pairs_of(told, variant), rows_of(table, variant)
    there |= _pairs_of(table, variant)
    settled = set() if has_ladder(table) else {name for name, _ in there}
    least = _least_misfits(table, rows)
    return [
        (name, size)
        for name in names
        for size in sorted({*batches, *([] if name in settled else usual_sizes(table))})
        if (name, size) not in there and size < least.get(name, math.inf)
    ]


def _pairs_of(table: Measurements, variant: tuple[str, str]) -> set[tuple[str, int]]:
    return {
        (table.architecture.names[table.architecture.index[row]], int(table.batch[row]))
        for row in rows_of(table, variant).tolist()
    }


@dataclass(frozen=True)
class _Added:
    """New rows of one (runtime, precision)."""

    variant: tuple[str, str]
    names: list[str]
    batch: Integers
    fits: Booleans
    told: Mapping[str, Values]

    def __len__(self) -> int:
        return len(self.names)


def _added(
    board: Board,
    table: Measurements,
    architectures: Mapping[str, Architecture],
    fit: BoardFit,
    variant: tuple[str, str],
    pairs: Sequence[tuple[str, int]],
) -> _Added:
    rows = rows_of(table, variant)
    costs = {name: describe(architectures[name].cost(board.cost), math.nan) for name, _ in pairs}
    runs = np.array([costs[name] for name, _ in pairs]).reshape(-1, len(COLUMNS))
    runs[:, COLUMNS.index("batch")] = [size for _, size in pairs]
    told = predicted(fit, variant, runs, anchors_of(board, table, architectures, variant, pairs))
    known = ~np.isnan(told["latency_ms"].value)
    if "memory_mb" in fit.laws[variant]:
        # Of what was run here: what fits at a larger batch fits; beyond, unknown memory is no promise.
        largest = _largest_runs(table, rows)
        within = np.array(
            [size <= largest.get(name, math.inf) for name, size in pairs], dtype=np.bool_
        )
        known &= within | ~np.isnan(told["memory_mb"].value)
    told = {metric: Values(*(column[known] for column in told[metric])) for metric in METRICS}
    memory = told["memory_mb"].value
    fits = np.isnan(memory) | (memory <= (board.memory_mb or np.inf))
    return _Added(
        variant,
        [name for (name, _), wanted in zip(pairs, known.tolist(), strict=True) if wanted],
        np.array([size for _, size in pairs], dtype=np.int64)[known],
        fits,
        {metric: _where(fits, told[metric]) for metric in METRICS},
    )


def _least_misfits(table: Measurements, rows: Integers) -> dict[str, int]:
    """The smallest batch size at which each network is known not to fit."""
    misfit = table.status.position.get("does_not_fit", -1)
    least: dict[str, int] = {}
    for row in rows[table.status.index[rows] == misfit].tolist():
        name = table.architecture.names[table.architecture.index[row]]
        least[name] = min(int(table.batch[row]), least.get(name, int(table.batch[row])))
    return least


def _largest_runs(table: Measurements, rows: Integers) -> dict[str, int]:
    """The largest batch size at which each network ran."""
    ran = table.status.position.get("ok", -1)
    largest: dict[str, int] = {}
    for row in rows[table.status.index[rows] == ran].tolist():
        name = table.architecture.names[table.architecture.index[row]]
        largest[name] = max(int(table.batch[row]), largest.get(name, 0))
    return largest


def _where(kept: Booleans, values: Values) -> Values:
    return Values(*(np.where(kept, column, np.nan) for column in values))


def _all_filled(
    board: Board,
    table: Measurements,
    architectures: Mapping[str, Architecture],
    fit: BoardFit,
) -> Measurements:
    """The table, its gaps filled where the pair ran and a law knows enough."""
    return replace(
        table,
        latency_ms=_filled(board, table, architectures, fit, "latency_ms"),
        net_power_w=_filled(board, table, architectures, fit, "net_power_w"),
        memory_mb=_filled(board, table, architectures, fit, "memory_mb"),
    )


def _filled(
    board: Board,
    table: Measurements,
    architectures: Mapping[str, Architecture],
    fit: BoardFit,
    metric: str,
) -> Metered:
    """A column of the table, its gaps filled where the pair ran and a law knows enough."""
    metered: Metered = getattr(table, metric)
    ran = table.status.index == table.status.position.get("ok", -1)
    values = np.array(metered.values)
    filled = np.zeros(len(table), dtype=np.bool_)
    runs = runs_of(board, table, architectures)
    for variant in fit.laws:
        rows = rows_of(table, variant)
        rows = rows[np.isnan(metered.values.value[rows]) & ran[rows]]
        pairs = [
            (table.architecture.names[table.architecture.index[row]], int(table.batch[row]))
            for row in rows.tolist()
        ]
        anchors = anchors_of(board, table, architectures, variant, pairs)
        values[:, rows] = fit.predict(variant, metric, runs[rows], anchors[metric])
        filled[rows] = True
    filled &= ~np.isnan(values[0])
    return Metered(
        Values(*values),
        _replaced(metered.origin, filled, PREDICTED),
        _replaced(metered.source, filled, SOURCE),
    )


def _metered(metered: Metered, added: Sequence[Values]) -> Metered:
    """A column with the predictions of new rows at its end."""
    count = sum(len(each.value) for each in added)
    return Metered(
        Values(*(np.concatenate(parts) for parts in zip(metered.values, *added, strict=True))),
        _longer(metered.origin, [PREDICTED] * count),
        _longer(metered.source, [SOURCE] * count),
    )


def _longer(labels: Labels, more: Sequence[str]) -> Labels:
    """A column of names with more of them at its end."""
    names = tuple(sorted({*labels.names, *more}))
    place = {name: index for index, name in enumerate(names)}
    own = np.array([place[name] for name in labels.names], dtype=np.int64)
    index = own[labels.index] if len(labels.index) else labels.index
    return Labels(
        names, np.concatenate([index, np.array([place[name] for name in more], np.int64)])
    )


def _replaced(labels: Labels, rows: Booleans, name: str) -> Labels:
    """A column of names with one name in some of its rows."""
    longer = _longer(labels, [name])
    return Labels(longer.names, np.where(rows, longer.index[-1], longer.index[:-1]))
