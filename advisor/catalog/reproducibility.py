"""How far figures without an error may be off: what another run would give, as far as their source says.

Where it does not, the shortest and the longest run are the ends of a latency's interval. The shortest run is
no usual one, which lies somewhere between it and the longest: in 6,556 rows of ncnn's table the mean lies, on
the logarithm, 0.39 of the way up (0.11 to 0.64 in 90 % of them). So its interval is about the middle of both,
and as wide as what lies between them and what another run adds to that.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from advisor.catalog.records import (
    MINIMUM,
    OUTLIER,
    Board,
    Estimate,
    Measurements,
    Metered,
    Source,
    Values,
    source_keys,
)
from advisor.metrics import INPUTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Floats, Integers

    Booleans = NDArray[np.bool_]

Sources = Mapping[str, Source]


def rows_with_errors(rows: Measurements, sources: Sources, *, another_run: bool) -> Measurements:
    """The rows; what was reported without any error gets its source's reproducibility as its interval.

    A latency without it lies between its shortest and its longest run. The shortest run alone says only what
    a latency is not below: nothing but the longest makes an interval of it, to which the reproducibility
    adds. An outlier has no interval.

    Args:
        rows: the rows.
        sources: what their sources say.
        another_run: whether intervals are to be those of another run: what was reported with an error, which
            is that of the very run, gets the reproducibility on top of it, and loses its interval where that
            is unknown.
    """
    columns = {each.name: getattr(rows, each.name) for each in fields(rows)}
    shortest = rows.latency_statistic.where(MINIMUM)
    changed: dict[str, Any] = {
        name: _with_errors(
            column,
            sources,
            another_run=another_run,
            bounds=shortest if name == "latency_ms" else np.zeros_like(shortest),
        )
        for name, column in columns.items()
        if isinstance(column, Metered)
        and not INPUTS[name].exact
        and column.origin.where("reported").any()
    }
    found = replace(rows, **changed) if changed else rows
    return _without_outliers(_between_runs(found, sources, another_run=another_run))


def latencies_again(rows: Measurements, another: Measurements, sources: Sources) -> Metered:
    """Latencies with the intervals of what another run says of the same statistic, to be held against others.

    Of the shortest of some runs that is what the shortest of another run's takes. Where their source does not
    say how far it repeats itself, the interval is that of this run.

    Args:
        rows: a board's rows.
        another: the same with the intervals of another run, see `rows_with_errors`.
        sources: what their sources say.
    """
    latency = another.latency_ms
    further = _further(latency, sources)
    shortest = latency.origin.where("reported") & rows.latency_statistic.where(MINIMUM)
    value, low, high = latency.values
    alike = shortest & ~np.isnan(further) & ~_is_off(rows)
    low = np.where(alike, value * np.exp(-further), low)
    high = np.where(alike, value * np.exp(further), high)
    bare = np.isnan(low)
    this_run = rows.latency_ms.values
    ends = np.where(bare, this_run.low, low), np.where(bare, this_run.high, high)
    return replace(latency, values=Values(value, *ends))


def _is_off(rows: Measurements) -> Booleans:
    """Which rows others contradict."""
    is_off = np.array([each.startswith(OUTLIER) for each in rows.verdict.names])
    found: Booleans = is_off[rows.verdict.index]
    return found


def _without_outliers(rows: Measurements) -> Measurements:
    """The rows; how long those take of which others say something else, proves nothing."""
    off = _is_off(rows)
    if not off.any():
        return rows
    value, low, high = rows.latency_ms.values
    ends = (np.where(off, np.nan, each) for each in (low, high))
    return replace(rows, latency_ms=replace(rows.latency_ms, values=Values(value, *ends)))


def _between_runs(rows: Measurements, sources: Sources, *, another_run: bool) -> Measurements:
    """Latencies with the ends of their runs as their interval, where nothing says more.

    Its upper end is the 90th percentile where that is known: single slow runs say little of the usual one.
    Of another run only those get one that are of the shortest, where their source says how far it repeats
    itself.
    """
    latency = rows.latency_ms
    bare = np.flatnonzero(np.isnan(latency.values.low))
    value = latency.values.value[bare]
    most, p90 = rows.latency_max_ms[bare], rows.latency_p90_ms[bare]
    shortest = rows.latency_statistic.where(MINIMUM)[bare]
    least = np.where(shortest, value, rows.latency_min_ms[bare])
    upper = np.where(p90 >= value, np.fmin(p90, most), most)
    further = np.where(shortest, _further(latency, sources, bare), np.nan)
    says = ~np.isnan(further)
    known = least <= upper
    known &= says if another_run else says | (least < upper)
    if not known.any():
        return rows
    middle, half = np.sqrt(least * upper), np.hypot(np.log(upper / least) / 2, further)
    least = np.where(says, middle * np.exp(-half), least)
    upper = np.where(says, middle * np.exp(half), upper)
    ends = _with_ends(latency, bare[known], least[known], upper[known])
    return replace(rows, latency_ms=ends)


def board_with_errors(board: Board, sources: Sources, *, another_run: bool) -> Board:
    """The same of a board's idle power."""
    idle = board.idle_power_w
    if idle is None or idle.origin != "reported" or board.idle_is_bound:
        return board
    found = _estimate_with_errors(idle, sources, another_run=another_run)
    return board if found == idle else replace(board, idle_power_w=found)


def _with_errors(
    column: Metered, sources: Sources, *, another_run: bool, bounds: Booleans
) -> Metered:
    """A column with the errors that its sources say, but for `bounds`, which figures do not go below."""
    reported = column.origin.where("reported")
    wanted = np.flatnonzero(reported if another_run else reported & column.lacks_error)
    further = np.where(bounds[wanted], np.nan, _further(column, sources, wanted))
    if not another_run and np.isnan(further).all():
        return column
    value, low, high = (each[wanted] for each in column.values)
    with np.errstate(invalid="ignore", divide="ignore"):
        below, above = (np.hypot(_own(each), further) for each in (value / low, high / value))
        ends = value * np.exp(-below), value * np.exp(above)
    return _with_ends(column, wanted, *ends)


def _with_ends(column: Metered, rows: Integers, low: Floats, high: Floats) -> Metered:
    """A column with other ends of the intervals in some of its rows."""
    value, *ends = column.values
    lows, highs = (each.copy() for each in ends)
    lows[rows], highs[rows] = low, high
    return replace(column, values=Values(value, lows, highs))


def _further(column: Metered, sources: Sources, rows: Integers | slice = slice(None)) -> Floats:
    """By how much, on the logarithm, the sources of figures repeat themselves; NaN where they do not say."""
    by_source = np.array([_reproducibility(each, sources) for each in column.source.names])
    found: Floats = np.log1p(by_source)[column.source.index[rows]]
    return found


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
    each = [sources[key].reproducibility for key in source_keys(keys) if key in sources]
    known = [found for found in each if found is not None]
    return max(known) if known and len(known) == len(each) else math.nan
