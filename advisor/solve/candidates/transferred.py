"""What other boards tell of a board's networks, as far as the board's own rows leave room for it."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.records import Board, Labels, Measurements, Metered, Values
from advisor.prediction.board_model import BoardFit
from advisor.solve.candidates.runs import least_misfits, runs_of_rows
from advisor.solve.candidates.stacking import where

if TYPE_CHECKING:
    from numpy.typing import NDArray


def told_by_others(table: Measurements, fit: BoardFit, names: Collection[str]) -> Measurements:
    """The predicted rows of these networks of which the board has no row, and knows of no misfit.

    Args:
        table: the board's rows, those included that say that something did not run.
        fit: the board's fit, which has a transfer.
        names: the networks that are wanted.
    """
    if fit.transfer is None:
        raise ValueError("nothing was told by other boards")
    rows = fit.transfer.rows
    there = set(zip(runs_of_rows(table), table.batch.tolist(), strict=True))
    least = least_misfits(table)
    kept = [
        run[0] in names and (run, batch) not in there and batch < least.get(run, math.inf)
        for run, batch in zip(runs_of_rows(rows), rows.batch.tolist(), strict=True)
    ]
    return where(rows, np.array(kept, dtype=np.bool_))


def within_memory(board: Board, table: Measurements) -> Measurements:
    """The rows; those that need more memory than the board has do not fit, and tell nothing."""
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
