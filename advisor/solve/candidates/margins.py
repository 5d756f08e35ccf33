"""Predictions from other boards as they count in decisions: with the margin that these ask for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np

from advisor.catalog.records import Metered, Values
from advisor.prediction.board_model import TRANSFERRED, Transfer
from advisor.prediction.calibration import Calibration
from advisor.prediction.rows import METRICS
from advisor.solve.candidates.candidates import Candidates


def with_margins(candidates: Candidates, transfers: Mapping[str, Transfer]) -> Candidates:
    """The candidates, of which predictions are judged with the errors that decisions ask for.

    Args:
        candidates: the candidates.
        transfers: by board, on what its predictions rest.
    """
    table = candidates.measurements
    columns: dict[str, Metered] = {}
    for place, board in enumerate(candidates.boards):
        transfer = transfers.get(board.name)
        for variant, errors in transfer.errors.items() if transfer else ():
            rows = np.zeros(len(table), dtype=np.bool_)
            rows[table.rows_of(variant)] = True
            rows &= candidates.row_board == place
            for metric, each in errors.items():
                if each.calibration and each.calibration.margin > 1:
                    metered = columns.get(metric, getattr(table, metric))
                    here = rows & metered.source.where(TRANSFERRED)
                    columns[metric] = _widened(metered, np.where(here, each.calibration.margin, 1))
    decided = replace(table, **columns) if columns else None  # type: ignore[arg-type]
    return replace(candidates, transfers=transfers, decided=decided)


def _widened(metered: Metered, margin: np.typing.NDArray[np.float64]) -> Metered:
    """Figures with errors that are so many times as wide, on the logarithm."""
    value, low, high = metered.values
    with np.errstate(invalid="ignore"):
        ends = [value * (end / value) ** margin for end in (low, high)]
    return replace(metered, values=Values(value, *ends))


def calibrations_of(
    candidates: Candidates, position: int, names: Collection[str] = METRICS
) -> dict[str, Calibration | None]:
    """How decisions turned out by such predictions as some figures of a candidate are.

    Args:
        candidates: the candidates.
        position: which one it is.
        names: the figures.

    Returns:
        By those of them that are predicted; `None` where no decisions were tried.
    """
    table, row = candidates.measurements, int(candidates.rows[position])
    transfer = candidates.transfers.get(candidates.boards[int(candidates.row_board[row])].name)
    errors = transfer.errors.get(table.variant(row), {}) if transfer else {}
    found: dict[str, Calibration | None] = {}
    for name in METRICS:
        metered: Metered = getattr(table, name)
        if name in names and metered.origin.at(row) == "predicted":
            known = errors.get(name) if metered.source.at(row) == TRANSFERRED else None
            found[name] = known.calibration if known else None
    return found
