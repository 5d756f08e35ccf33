"""What is measured, or else predicted, of a network on boards, batch size by batch size."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.records import ORIGINS, Architecture, Board, Estimate, Measurements, Values
from advisor.catalog.store import Catalog
from advisor.prediction.board_model import BoardFit, runs_of
from advisor.prediction.fit_store import current_fit
from advisor.prediction.model import first_that_knows
from advisor.solve.candidates.batch_sizes import usual_sizes
from advisor.solve.candidates.complete import SOURCE, completed
from advisor.solve.candidates.intervals import energy_interval_j

if TYPE_CHECKING:
    from advisor.catalog.records import Floats


@dataclass(frozen=True)
class Forecast:
    """What is known or predicted of one network on one board at one batch size.

    Attributes:
        board, architecture, runtime, precision, batch: what runs where.
        input_size: its input's height and width in pixels; `None` where the network is known by its
            cost alone.
        latency_ms, energy_j, memory_mb: the figures; `None` where nothing tells.
        outside: which columns of the network lie outside what the law of the latency has seen.
    """

    board: str
    architecture: str
    input_size: int | None
    runtime: str
    precision: str
    batch: int
    latency_ms: Estimate
    energy_j: Estimate | None
    memory_mb: Estimate | None
    outside: tuple[str, ...]


def forecast(
    catalog: Catalog,
    board_name: str,
    wanted: Sequence[Architecture] | None,
    batches: Collection[int] | None = None,
) -> tuple[list[Forecast], list[str]]:
    """What is known of some networks on a board.

    Args:
        catalog: everything that is known.
        board_name: the board.
        wanted: the networks; the catalog need not know them. `None` for all that it describes, and all
            that the board ran or other boards tell of.
        batches: the batch sizes; `None` for those that the board has.

    Returns:
        The forecasts by network and batch size; and notes: why nothing is predicted, where that is so,
        and what became of each asked batch size of which there is no forecast.

    Raises:
        AdvisorError: there is no such board, or a file is broken.
    """
    board = catalog.board(board_name)
    own = catalog.measurements(board)
    known = catalog.architectures_with(own)
    fit, why_not = current_fit(board, own, known)
    if wanted is None:
        told = fit.transfer.rows.architecture.names if fit and fit.transfer else ()
        known |= {
            name: catalog.architectures[name] for name in told if name in catalog.architectures
        }
        wanted = list(known.values())
    known |= {each.name: each for each in wanted}
    table = own if fit is None else completed(board, own, known, fit, batches or ())
    runs = runs_of(board, table, known)
    ran = table.status.index == table.status.position.get("ok", -1)
    sizes = set(usual_sizes(own)) if batches is None else set(batches)
    found: list[Forecast] = []
    notes = [f"Nothing is predicted: {why_not}."] if why_not else []
    if fit and fit.residuals_from:
        notes.append(f"{board.name}: intervals are made of the residuals of {fit.residuals_from}.")
    for architecture in wanted:
        place = table.architecture.position.get(architecture.name, -1)
        rows = np.flatnonzero(ran & (table.architecture.index == place))
        if batches is not None:
            rows = rows[np.isin(table.batch[rows], sorted(sizes))]
        rows = rows[np.argsort(table.batch[rows], kind="stable")]
        found += [_forecast(board, table, fit, architecture, row, runs) for row in rows.tolist()]
        missing = sizes - set(table.batch[rows].tolist()) if batches or len(wanted) == 1 else set()
        if missing and fit is not None:
            notes.append(_missing(board, table, architecture, place, missing))
    return found, notes


def _missing(
    board: Board, table: Measurements, architecture: Architecture, place: int, sizes: set[int]
) -> str:
    """What became of the batch sizes of which there is no forecast."""
    misfit = table.status.index == table.status.position.get("does_not_fit", -1)
    least = table.batch[misfit & (table.architecture.index == place)].min(initial=sys.maxsize)
    listed = ", ".join(map(str, sorted(sizes)))
    what = f"{architecture.name} at batch {listed} on {board.name}"
    if min(sizes) >= least:
        return f"{what}: does not fit in the board's memory."
    return f"{what}: no law knows enough of it, or it does not fit."


def _forecast(
    board: Board,
    table: Measurements,
    fit: BoardFit | None,
    architecture: Architecture,
    row: int,
    runs: Floats,
) -> Forecast:
    variant = (
        table.runtime.names[table.runtime.index[row]],
        table.precision.names[table.precision.index[row]],
    )
    latency = _certain(table.latency_ms.estimate(row))
    run = runs[row : row + 1]
    outside: tuple[str, ...] = ()
    if fit is not None and latency.source == SOURCE:
        laws = fit.models[variant]["latency_ms"]
        (outside,) = laws[int(first_that_knows(laws, run)[0])].outside(run)
    return Forecast(
        board=board.name,
        architecture=architecture.name,
        input_size=architecture.input_shape[-1] if architecture.family else None,
        runtime=variant[0],
        precision=variant[1],
        batch=int(table.batch[row]),
        latency_ms=latency,
        energy_j=_energy(latency, table.net_power_w.estimate(row), int(table.batch[row])),
        memory_mb=table.memory_mb.estimate(row),
        outside=outside,
    )


def _certain(latency: Estimate | None) -> Estimate:
    """The latency of a row that ran, which the catalog's reader makes sure of."""
    if latency is None:
        raise ValueError("a row that ran has no latency")
    return latency


def _energy(latency: Estimate, power: Estimate | None, batch: int) -> Estimate | None:
    if power is None:
        return None
    value, low, high = (
        float(column[0])
        for column in energy_interval_j(_one(latency), np.array([batch]), _one(power))
    )
    origin = max(latency.origin, power.origin, key=ORIGINS.index)
    source = ", ".join(dict.fromkeys((latency.source, power.source)))
    sure = not np.isnan(low + high)
    return Estimate(value, low if sure else None, high if sure else None, origin, source)


def _one(estimate: Estimate) -> Values:
    bounds = (estimate.value, estimate.low, estimate.high)
    return Values(*(np.array([np.nan if each is None else each]) for each in bounds))
