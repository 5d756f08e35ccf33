"""A board's table completed by its models: what was not measured, marked as predicted."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.predicted_rows import predicted_rows
from advisor.catalog.records import Architecture, Board, Labels, Measurements, Metered, Values
from advisor.catalog.run_as import Variant
from advisor.prediction.board_model import (
    BoardFit,
    Families,
    anchors_of,
    describe,
    predicted,
    runs_of,
)
from advisor.prediction.rows import METRICS, is_ladder
from advisor.prediction.terms import COLUMNS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Floats, Integers

    Booleans = NDArray[np.bool_]

Run = tuple[str, Variant]
"""A network, and how it is run."""

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

    What is predicted from other boards goes before the board's own models: a network that they know gets
    rows at the batch sizes that they know, and by the models only at those asked for. Where each network
    of the board ran at a batch size of its own, the others get one row, too.

    A pair that is known not to fit keeps its row, and no larger batch of that network gets one; a pair
    whose predicted memory is more than the board has is taken not to fit. A pair of which no model knows
    the latency gets no row.

    Args:
        board: the board.
        table: its rows.
        architectures: every network, by name.
        fit: the board's models, fitted to these rows.
        batches: the batch sizes that are wanted beside those of the table.
        added: the networks that get rows, while the table's own stay as they are; `None` for all.
    """
    names = sorted(architectures if added is None else added)
    transferred = _transferred(board, table, architectures, fit, names)
    new = [
        _added(
            board,
            table,
            architectures,
            fit,
            variant,
            names,
            _lacking(table, transferred, variant, names, batches),
        )
        for variant in fit.models
    ]
    if added is None:
        table = _all_filled(board, table, table, architectures, fit)
    return Measurements.stacked([table, *([transferred] if transferred else []), *new])


def _transferred(
    board: Board,
    table: Measurements,
    architectures: Mapping[str, Architecture],
    fit: BoardFit,
    names: Collection[str],
) -> Measurements | None:
    """What other boards predict of these networks; the models fill what they do not know."""
    if fit.transfer is None:
        return None
    rows = known_from_others(table, fit, set(names))
    kept = [architectures[name].runs_in(variant.precision) for name, variant in runs_of_rows(rows)]
    rows = rows.take(np.array(kept, dtype=np.bool_))
    return within_memory(board, _all_filled(board, table, rows, architectures, fit))


def _added(
    board: Board,
    table: Measurements,
    architectures: Mapping[str, Architecture],
    fit: BoardFit,
    variant: Variant,
    names: Sequence[str],
    lacking: _Lacking,
) -> Measurements:
    """New rows of one variant, by name and batch size."""
    rows = table.rows_of(variant)
    runs_so = np.array([architectures[name].runs_in(variant.precision) for name in names], np.bool_)
    network, size = np.nonzero(lacking.pairs & runs_so[:, np.newaxis])
    batch = np.array(lacking.sizes, dtype=np.int64)[size]
    costs = [describe(architectures[name].cost(board.cost), math.nan) for name in names]
    runs = np.array(costs).reshape(-1, len(COLUMNS))[network]
    runs[:, COLUMNS.index("batch")] = batch
    anchors = anchors_of(board, table, architectures, variant, (names, network, batch))
    family_names = [architectures[names[place]].family_or_name for place in network.tolist()]
    families = Families.of(board, table, architectures, variant, family_names)
    figures = predicted(fit, variant, runs, anchors, families)
    known = ~np.isnan(figures["latency_ms"].value)
    if "memory_mb" in fit.models[variant]:
        # Of what was run here: what fits at a larger batch fits; beyond, unknown memory is no promise.
        largest = _largest_runs(table, rows)
        most = np.array([largest.get(name, math.inf) for name in names])
        known &= (batch <= most[network]) | ~np.isnan(figures["memory_mb"].value)
    figures = {metric: Values(*(column[known] for column in figures[metric])) for metric in METRICS}
    return _predicted_rows(
        board, variant, Labels(tuple(names), network[known]).used(), batch[known], figures
    )


@dataclass(frozen=True)
class _Lacking:
    """Which pairs the models are to predict.

    Attributes:
        sizes: the batch sizes.
        pairs: whether a network lacks a row at each of these; shape (networks, sizes).
    """

    sizes: Sequence[int]
    pairs: Booleans


def _lacking(
    table: Measurements,
    transferred: Measurements | None,
    variant: Variant,
    names: Sequence[str],
    batches: Collection[int],
) -> _Lacking:
    """The pairs of which there is neither a row nor one that says that less does not fit.

    On a board each of whose networks ran at a batch size of its own, a network that has a row lacks only
    the batch sizes asked for.
    """
    sizes = sorted({*usual_sizes(table), *batches})
    asked = np.isin(sizes, sorted(batches))
    pairs = np.ones((len(names), len(sizes)), dtype=np.bool_)
    place = {name: index for index, name in enumerate(names)}
    least = least_out_of_memory(table)
    ladder = has_ladder(table)
    for each in (table, transferred):
        if each is None:
            continue
        for row in each.rows_of(variant).tolist():
            name = each.architecture.names[each.architecture.index[row]]
            if name in place:
                lacks = pairs[place[name]]
                lacks &= np.array(sizes) != each.batch[row]
                lacks &= np.array(sizes) < least.get((name, variant), math.inf)
                lacks &= ladder | asked
    return _Lacking(sizes, pairs)


def _predicted_rows(
    board: Board,
    variant: Variant,
    architecture: Labels,
    batch: Integers,
    figures: Mapping[str, Values],
) -> Measurements:
    """Rows with these predictions; those of more memory than the board has do not fit."""
    rows = predicted_rows(architecture, [variant] * len(batch), batch, figures, SOURCE)
    return within_memory(board, rows)


def _largest_runs(table: Measurements, rows: Integers) -> dict[str, int]:
    """The largest batch size at which each network ran."""
    largest: dict[str, int] = {}
    for row in rows[table.ran[rows]].tolist():
        name = table.architecture.at(row)
        largest[name] = max(int(table.batch[row]), largest.get(name, 0))
    return largest


def _all_filled(
    board: Board,
    own: Measurements,
    table: Measurements,
    architectures: Mapping[str, Architecture],
    fit: BoardFit,
) -> Measurements:
    """The table, its gaps filled where the pair ran and a model of the board's own rows knows enough."""
    runs = runs_of(board, table, architectures)
    latency_ms, net_power_w, memory_mb = (
        _filled(board, own, table, runs, architectures, fit, metric) for metric in METRICS
    )
    return replace(table, latency_ms=latency_ms, net_power_w=net_power_w, memory_mb=memory_mb)


def _filled(
    board: Board,
    own: Measurements,
    table: Measurements,
    runs: Floats,
    architectures: Mapping[str, Architecture],
    fit: BoardFit,
    metric: str,
) -> Metered:
    """A column of the table, its gaps filled where the pair ran and a model knows enough."""
    metered: Metered = getattr(table, metric)
    ran = table.ran
    values = np.array(metered.values)
    filled = np.zeros(len(table), dtype=np.bool_)
    for variant in fit.models:
        rows = table.rows_of(variant)
        rows = rows[np.isnan(metered.values.value[rows]) & ran[rows]]
        names, index = table.architecture.names, table.architecture.index[rows]
        wanted = (names, index, table.batch[rows])
        anchors = anchors_of(board, table, architectures, variant, wanted)
        family_names = [architectures[names[place]].family_or_name for place in index.tolist()]
        families = Families.of(board, own, architectures, variant, family_names)
        values[:, rows] = fit.predict(variant, metric, runs[rows], anchors[metric], families)
        filled[rows] = True
    filled &= ~np.isnan(values[0])
    return Metered(
        Values(*values),
        metered.origin.replaced(filled, PREDICTED),
        metered.source.replaced(filled, SOURCE),
    )


def known_from_others(table: Measurements, fit: BoardFit, names: Collection[str]) -> Measurements:
    """The predicted rows of these networks that the board has no row of, nor knows to be out of memory.

    Args:
        table: the board's rows, those included that say that something did not run.
        fit: the board's fit, which has a transfer.
        names: the networks that are wanted.
    """
    if fit.transfer is None:
        raise ValueError("nothing is predicted from other boards")
    rows = fit.transfer.rows
    there = set(zip(runs_of_rows(table), table.batch.tolist(), strict=True))
    least = least_out_of_memory(table)
    kept = [
        run[0] in names and (run, batch) not in there and batch < least.get(run, math.inf)
        for run, batch in zip(runs_of_rows(rows), rows.batch.tolist(), strict=True)
    ]
    return rows.take(np.array(kept, dtype=np.bool_))


def outside_seen(
    board: Board,
    table: Measurements,
    architectures: Mapping[str, Architecture],
    fit: BoardFit,
) -> Booleans:
    """What of rows whose latency the board's models predict lies outside what these have seen.

    Returns:
        By row and column of `advisor.prediction.terms.COLUMNS`; shape (rows, len(COLUMNS)).
    """
    found = np.zeros((len(table), len(COLUMNS)), dtype=np.bool_)
    ours = table.latency_ms.source.where(SOURCE) & ~np.isnan(table.latency_ms.values.value)
    if not ours.any():
        return found
    runs = runs_of(board, table, architectures)
    for variant in fit.models:
        rows = table.rows_of(variant)
        rows = rows[ours[rows]]
        found[rows] = fit.outside(variant, runs[rows])
    return found


def without_intervals(table: Measurements, rows: Booleans) -> Measurements:
    """The table, nothing said of the errors of what is predicted in some of its rows."""

    def bare(metered: Metered) -> Metered:
        here = rows & metered.origin.where(PREDICTED)
        value, low, high = metered.values
        ends = (np.where(here, np.nan, each) for each in (low, high))
        return replace(metered, values=Values(value, *ends))

    return replace(
        table,
        latency_ms=bare(table.latency_ms),
        net_power_w=bare(table.net_power_w),
        memory_mb=bare(table.memory_mb),
    )


def within_memory(board: Board, table: Measurements) -> Measurements:
    """The rows; those that need more memory than the board has are out of memory, and have no figures."""
    memory = table.memory_mb.values.value
    fits = np.isnan(memory) | (memory <= (board.memory_mb or np.inf))
    if fits.all():
        return table
    return replace(
        table,
        status=Labels(("does_not_fit", "ok"), fits.astype(np.int64)),
        latency_ms=_only(table.latency_ms, fits),
        net_power_w=_only(table.net_power_w, fits),
        memory_mb=_only(table.memory_mb, fits),
    )


def _only(metered: Metered, rows: NDArray[np.bool_]) -> Metered:
    values = Values(*(np.where(rows, column, np.nan) for column in metered.values))
    return Metered(values, metered.origin, metered.source)


def has_ladder(table: Measurements) -> bool:
    """Whether networks ran at several batch sizes each, rather than each at one of its own.

    As `advisor.prediction.rows.is_ladder` has it.
    """
    keys = np.stack([table.architecture.index, table.variant_index], axis=1)
    _, counts = np.unique(keys, axis=0, return_counts=True)
    return is_ladder(counts.tolist())


def usual_sizes(table: Measurements) -> list[int]:
    """The batch sizes at which a network that a board has not run is predicted.

    All that the board has; but where each of its networks ran at a size of its own, only the commonest, the
    smaller of two.
    """
    sizes, counts = np.unique(table.batch, return_counts=True)
    if has_ladder(table) or not len(sizes):
        found: list[int] = sizes.tolist()
        return found
    return [int(sizes[counts.argmax()])]


def runs_of_rows(table: Measurements, rows: Integers | None = None) -> list[Run]:
    """What each of some rows is of; of all rows where none are named."""
    chosen = np.arange(len(table)) if rows is None else rows
    names, variants = table.architecture.names, table.variants
    places = table.architecture.index[chosen].tolist(), table.variant_index[chosen].tolist()
    return [(names[name], variants[variant]) for name, variant in zip(*places, strict=True)]


def least_out_of_memory(table: Measurements) -> dict[Run, int]:
    """The smallest batch size at which each is known not to fit."""
    too_large = np.flatnonzero(table.out_of_memory)
    least: dict[Run, int] = {}
    batches = table.batch[too_large].tolist()
    for run, batch in zip(runs_of_rows(table, too_large), batches, strict=True):
        least[run] = min(batch, least.get(run, batch))
    return least
