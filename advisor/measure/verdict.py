"""Whether a figure was measured in peace."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from advisor.measure.disturbance import Disturbance
from advisor.measure.statistics import Summary

MOST_SPREAD = 0.10
MOST_DRIFT = 0.05
MOST_STOLEN = 0.02
MOST_OTHERS = 0.10
MOST_FREQUENCY_CHANGE = 0.10


def verdict(
    summary: Summary,
    wanted_half_width: float,
    drift: float | None,
    disturbances: Sequence[Disturbance],
    still_changing: float = 0.0,
) -> str:
    """Whether the sessions were quiet: "stable", or "noisy: " and why; and what could not be told.

    Args:
        summary: what the sessions say.
        wanted_half_width: the relative half-width of the 95 % interval that was asked for.
        drift: how much the whole machine drifted; `None` where the run was too short to tell.
        disturbances: what else happened during each session.
        still_changing: by how much the times still changed at the end of a load, where there was one.
    """
    stolen = _mean([each.stolen for each in disturbances])
    others = _mean([each.others for each in disturbances])
    speeds = [each.mhz for each in disturbances if each.mhz is not None]
    throttled = [each.throttled for each in disturbances if each.throttled is not None]
    half = min(summary.half_width_95, 9.99)
    slow, fast = np.quantile(speeds, [0.1, 0.9]) if speeds else (1.0, 1.0)
    reasons = {
        f"sessions spread by {summary.spread_between:.0%}": summary.spread_between > MOST_SPREAD,
        f"known to {half:.1%} instead of {wanted_half_width:.0%}": half > wanted_half_width,
        f"machine drifted by {drift or 0:.0%}": (drift or 0) > MOST_DRIFT,
        f"{stolen or 0:.0%} of processor time stolen": (stolen or 0) > MOST_STOLEN,
        f"other load of {others or 0:.0%}": (others or 0) > MOST_OTHERS,
        f"frequency from {slow:.0f} to {fast:.0f} MHz": fast > (1 + MOST_FREQUENCY_CHANGE) * slow,
        "processor throttled": sum(throttled) > 0,
        f"still changing by {still_changing:.0%} after the load": still_changing > MOST_DRIFT,
    }
    told = [reason for reason, applies in reasons.items() if applies]
    untold = {
        "drift": drift is None,
        "stolen time": stolen is None,
        "frequency": not speeds,
        "throttling": not throttled,
    }
    unknown = ", ".join(what for what, applies in untold.items() if applies)
    text = "noisy: " + "; ".join(told) if told else "stable"
    return f"{text} (unknown: {unknown})" if unknown else text


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
