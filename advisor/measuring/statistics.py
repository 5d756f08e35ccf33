"""What many short sessions say together: a centre, how sure it is, the tail, the spread, and the verdict.

On a shared machine the noise is in time: one session's values agree with each other far better than
with those of a minute later. The unit of evidence is therefore the session, not the value. What another run
would find, `between_runs` says.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import bdtr, stdtrit

from advisor.measuring.between_runs import allowance
from advisor.measuring.timing import Disturbance

if TYPE_CHECKING:
    from advisor.catalog.records import Floats

TAIL_CONFIDENCE = 0.95
STRETCHES = 6
LEAST_IN_STRETCH = 5
MOST_SPREAD = 0.10
MOST_DRIFT = 0.05
MOST_STOLEN = 0.02
MOST_OTHERS = 0.10
MOST_FREQUENCY_CHANGE = 0.10
MOST_UNSETTLED = 0.25
LEAST_SESSIONS = 3

_CENTRE_INFLATION = math.sqrt(math.pi / 3)
"""Standard error of the Hodges-Lehmann centre against that of the mean, for normal noise."""


@dataclass(frozen=True)
class Summary:
    """What the sessions of one cell say together.

    Attributes:
        median_ms: the centre of the session medians.
        half_width_95: relative half-width of the 95 % interval of the centre; infinite with fewer
            than three sessions.
        p90_ms: upper bound of the 90th percentile, 95 % sure; `None` where there are too few values.
        p99_ms: likewise of the 99th.
        sessions: how many sessions.
        repeats: how many timed values in all.
        spread_within: median over the sessions of the relative interquartile range of their values.
        spread_between: relative standard deviation of the session medians.
    """

    median_ms: float
    half_width_95: float
    p90_ms: float | None
    p99_ms: float | None
    sessions: int
    repeats: int
    spread_within: float
    spread_between: float


def summarise(sessions: Sequence[Sequence[float]]) -> Summary:
    """Summarise one cell.

    The centre is the Hodges-Lehmann estimate (the median of all pairwise means) of the logarithms of
    the session medians: nearly as exact as their mean, and a disturbed session moves it little.

    Args:
        sessions: the timed values of each session, in ms; none empty.
    """
    medians = np.log([float(np.median(values)) for values in sessions])
    pooled = np.concatenate([np.asarray(values, dtype=np.float64) for values in sessions])
    return Summary(
        median_ms=math.exp(hodges_lehmann(medians)),
        half_width_95=_half_width_95(medians),
        p90_ms=tail_bound(pooled, 0.90),
        p99_ms=tail_bound(pooled, 0.99),
        sessions=len(medians),
        repeats=len(pooled),
        spread_within=float(np.median([_relative_iqr(values) for values in sessions])),
        spread_between=_spread(medians),
    )


def half_width_95(medians_ms: Sequence[float]) -> float:
    """How far the centre of these sessions is known; see `Summary`.

    Args:
        medians_ms: the median of each session.
    """
    return _half_width_95(np.log(medians_ms))


def _half_width_95(log_medians: Floats) -> float:
    count = len(log_medians)
    if count < LEAST_SESSIONS:
        return math.inf
    return math.expm1(float(stdtrit(count - 1, 0.975)) * centre_error(log_medians))


def centre_error(log_medians: Floats) -> float:
    """Standard error of the Hodges-Lehmann centre; 0 of a single session."""
    return _CENTRE_INFLATION * _spread(log_medians) / math.sqrt(len(log_medians))


def _spread(values: Floats) -> float:
    return float(np.std(values, ddof=1)) if len(values) > 1 else 0.0


def hodges_lehmann(values: Floats) -> float:
    """The median of the means of all pairs, each value paired with itself, too."""
    first, second = np.triu_indices(len(values))
    return float(np.median((values[first] + values[second]) / 2))


def tail_bound(values: Floats, quantile: float) -> float | None:
    """The least order statistic that is, with 95 % confidence, not below the quantile.

    No distribution is assumed: how many of `n` values lie below the quantile follows the binomial
    distribution. 29 values are needed for the 90th percentile, 299 for the 99th; with fewer the bound
    is `None`. Values of one session resemble each other, so that the bound is surer of the minutes in
    which it was measured than of other days.
    """
    count = len(values)
    enough = np.flatnonzero(bdtr(np.arange(count), count, quantile) >= TAIL_CONFIDENCE)
    return float(np.sort(values)[enough[0]]) if len(enough) else None


def drift_between(medians: Sequence[tuple[str, float]]) -> tuple[float, float] | None:
    """How much the machine's speed drifts from one stretch of a run to the next.

    Args:
        medians: every session in the order in which it ran: its cell, and its median in ms.

    Returns:
        Two relative standard deviations between `STRETCHES` pieces of the run, all cells taken
        together: what is beyond the noise within the pieces, and the most that may hide in it, the
        noise left in; `None` where a run is too short for that.
    """
    if len(medians) < STRETCHES * LEAST_IN_STRETCH:
        return None
    pieces = np.array_split(_residuals(medians), STRETCHES)
    spread = float(np.std([np.mean(piece) for piece in pieces], ddof=1))
    noise = float(np.mean([np.var(piece, ddof=1) / len(piece) for piece in pieces]))
    return math.sqrt(max(0.0, spread**2 - noise)), spread * allowance(STRETCHES)


def _residuals(medians: Sequence[tuple[str, float]]) -> Floats:
    """The log medians, each less the mean of its cell."""
    logs = np.log([median for _, median in medians])
    _, cell = np.unique([cell for cell, _ in medians], return_inverse=True)
    means = np.bincount(cell, weights=logs) / np.bincount(cell)
    residuals: Floats = logs - means[cell]
    return residuals


def _relative_iqr(values: Sequence[float]) -> float:
    low, middle, high = np.percentile(values, [25, 50, 75])
    return float((high - low) / middle)


@dataclass(frozen=True)
class Conditions:
    """Under which conditions the sessions of a cell ran.

    Attributes:
        disturbances: what else happened during each session that counts.
        set_aside: how many sessions do not count, since others used the machine meanwhile.
        unsettled: how many sessions began before the warm-up had settled.
        unsteady: by which share a heated board's times still changed.
        on_gpu: whether they ran on an accelerator, of which the processor's counters say nothing.
        units_apart: in words, by how much the board's units differ; "" where they do not.
    """

    disturbances: Sequence[Disturbance]
    set_aside: int = 0
    unsettled: int = 0
    unsteady: float = 0.0
    on_gpu: bool = False
    units_apart: str = ""


def verdict(
    summary: Summary, wanted_half_width: float, drift: float | None, conditions: Conditions
) -> str:
    """Whether the sessions were quiet: "stable", or "noisy: " and why; and what is unknown.

    Args:
        summary: what the sessions say.
        wanted_half_width: the relative half-width of the 95 % interval that was asked for.
        drift: how much the whole machine drifted; `None` where the run was too short for that.
        conditions: what else happened.
    """
    disturbances = conditions.disturbances
    stolen = _mean([each.stolen for each in disturbances])
    others = _mean([each.others for each in disturbances])
    speeds = [each.mhz for each in disturbances if each.mhz is not None]
    throttled = [each.throttled for each in disturbances if each.throttled is not None]
    half, few = summary.half_width_95, summary.sessions < LEAST_SESSIONS
    slow, fast = np.quantile(speeds, [0.1, 0.9]) if speeds else (1.0, 1.0)
    reasons = {
        f"sessions spread by {summary.spread_between:.0%}": summary.spread_between > MOST_SPREAD,
        f"known to {half:.1%} instead of {wanted_half_width:.0%}": (
            half > wanted_half_width and not few
        ),
        f"only {summary.sessions} sessions": few,
        f"machine drifted by {drift or 0:.0%}": (drift or 0) > MOST_DRIFT,
        conditions.units_apart: bool(conditions.units_apart),
        f"{stolen or 0:.0%} of processor time stolen": (stolen or 0) > MOST_STOLEN,
        f"other load of {others or 0:.0%}": (others or 0) > MOST_OTHERS,
        f"frequency from {slow:.0f} to {fast:.0f} MHz": fast > (1 + MOST_FREQUENCY_CHANGE) * slow,
        "processor throttled": sum(throttled) > 0,
        f"the heated board still changed by {conditions.unsteady:.0%}": (
            conditions.unsteady > MOST_DRIFT
        ),
        f"{conditions.set_aside} sessions set aside for other load": (
            conditions.set_aside > MOST_UNSETTLED * summary.sessions
        ),
        f"{conditions.unsettled} of {summary.sessions} sessions not warmed up": (
            conditions.unsettled > MOST_UNSETTLED * summary.sessions
        ),
    }
    noisy = [reason for reason, applies in reasons.items() if applies]
    unknown = {
        "drift": drift is None,
        "stolen time": stolen is None,
        "frequency": not speeds,
        "throttling": not throttled,
        "the accelerator's clock, throttling and other load": conditions.on_gpu,
    }
    not_known = ", ".join(what for what, applies in unknown.items() if applies)
    text = "noisy: " + "; ".join(noisy) if noisy else "stable"
    return f"{text} (unknown: {not_known})" if not_known else text


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
