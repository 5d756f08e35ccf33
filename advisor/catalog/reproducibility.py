"""What another run of what was published would give, as far as its source says."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from advisor.catalog.records import Board, Estimate, Measurements, Metered, Source, Values

if TYPE_CHECKING:
    from advisor.catalog.records import Floats

Sources = Mapping[str, Source]


def rows_with_errors(rows: Measurements, sources: Sources, *, another_run: bool) -> Measurements:
    """The rows; what was reported without any error gets its source's reproducibility as its interval.

    Args:
        rows: the rows.
        sources: what their sources say.
        another_run: whether intervals are to be those of another run: what was reported with an error, which
            is that of the very run, gets the reproducibility on top of it, and loses its interval where that
            is unknown.
    """
    columns = {each.name: getattr(rows, each.name) for each in fields(rows)}
    changed: dict[str, Any] = {
        name: _with_errors(column, sources, another_run=another_run)
        for name, column in columns.items()
        if isinstance(column, Metered) and column.origin.where("reported").any()
    }
    return replace(rows, **changed) if changed else rows


def board_with_errors(board: Board, sources: Sources, *, another_run: bool) -> Board:
    """The same of a board's idle power."""
    idle = board.idle_power_w
    if idle is None or idle.origin != "reported" or board.idle_is_bound:
        return board
    found = _estimate_with_errors(idle, sources, another_run=another_run)
    return board if found == idle else replace(board, idle_power_w=found)


def _with_errors(column: Metered, sources: Sources, *, another_run: bool) -> Metered:
    by_source = np.array([_reproducibility(each, sources) for each in column.source.names])
    further = np.log1p(by_source)[column.source.index]
    reported = column.origin.where("reported")
    wanted = reported if another_run else reported & column.lacks_error
    if not another_run and np.isnan(further[wanted]).all():
        return column
    value, low, high = column.values
    with np.errstate(invalid="ignore", divide="ignore"):
        below, above = (np.hypot(_own(each), further) for each in (value / low, high / value))
        ends = (
            np.where(wanted, value * np.exp(-below), low),
            np.where(wanted, value * np.exp(above), high),
        )
    return replace(column, values=Values(value, *ends))


def _own(ratio: Floats) -> Floats:
    """The error that a figure comes with, on the logarithm; 0 where there is none."""
    found: Floats = np.nan_to_num(np.log(ratio), nan=0.0, posinf=np.inf)
    return found


def _estimate_with_errors(estimate: Estimate, sources: Sources, *, another_run: bool) -> Estimate:
    if estimate.low is not None and not another_run:
        return estimate
    further = math.log1p(_reproducibility(estimate.source, sources))
    if math.isnan(further):
        return replace(estimate, low=None, high=None) if another_run else estimate
    value = estimate.value
    below = math.log(value / estimate.low) if estimate.low else 0.0
    above = math.log(estimate.high / value) if estimate.high else 0.0
    return replace(
        estimate,
        low=value * math.exp(-math.hypot(below, further)),
        high=value * math.exp(math.hypot(above, further)),
    )


def _reproducibility(keys: str, sources: Sources) -> float:
    """That of the least reproducible of some sources; NaN where one of them says nothing."""
    each = [sources[key].reproducibility for key in keys.split(", ") if key in sources]
    known = [found for found in each if found is not None]
    return max(known) if known and len(known) == len(each) else math.nan
