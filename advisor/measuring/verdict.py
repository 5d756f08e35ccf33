"""Whether a figure was measured in peace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from advisor.measuring.disturbance import Disturbance
from advisor.measuring.statistics import Summary

MOST_SPREAD = 0.10
MOST_DRIFT = 0.05
MOST_STOLEN = 0.02
MOST_OTHERS = 0.10
MOST_FREQUENCY_CHANGE = 0.10
MOST_UNSETTLED = 0.25
LEAST_SESSIONS = 3


@dataclass(frozen=True)
class Conditions:
    """Under which conditions the sessions of a cell ran.

    Attributes:
        disturbances: what else happened during each session that counts.
        set_aside: how many sessions do not count, since others used the machine meanwhile.
        unsettled: how many sessions began before the warm-up had settled.
        unsteady: by which share a heated board's times still changed.
        on_gpu: whether they ran on an accelerator, of which the processor's counters tell nothing.
    """

    disturbances: Sequence[Disturbance]
    set_aside: int = 0
    unsettled: int = 0
    unsteady: float = 0.0
    on_gpu: bool = False


def verdict(
    summary: Summary, wanted_half_width: float, drift: float | None, conditions: Conditions
) -> str:
    """Whether the sessions were quiet: "stable", or "noisy: " and why; and what could not be told.

    Args:
        summary: what the sessions say.
        wanted_half_width: the relative half-width of the 95 % interval that was asked for.
        drift: how much the whole machine drifted; `None` where the run was too short to tell.
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
    told = [reason for reason, applies in reasons.items() if applies]
    untold = {
        "drift": drift is None,
        "stolen time": stolen is None,
        "frequency": not speeds,
        "throttling": not throttled,
        "the accelerator's clock, throttling and other load": conditions.on_gpu,
    }
    unknown = ", ".join(what for what, applies in untold.items() if applies)
    text = "noisy: " + "; ".join(told) if told else "stable"
    return f"{text} (unknown: {unknown})" if unknown else text


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
