"""Whether a figure was measured in peace."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from advisor.measure.host import Disturbance
from advisor.measure.statistics import Summary

MOST_SPREAD = 0.10
MOST_DRIFT = 0.05
MOST_STOLEN = 0.02
MOST_OTHERS = 0.10
MOST_FREQUENCY_CHANGE = 0.05


def verdict(
    summary: Summary, wanted_half_width: float, drift: float, disturbances: Sequence[Disturbance]
) -> str:
    """Whether the sessions were quiet: "stable", or "noisy: " and why.

    Args:
        summary: what the sessions say.
        wanted_half_width: the relative half-width of the 95 % interval that was asked for.
        drift: how much the whole machine drifted during the run.
        disturbances: what else happened during each session.
    """
    reasons = []
    if summary.spread_between > MOST_SPREAD:
        reasons.append(f"sessions spread by {summary.spread_between:.0%}")
    if summary.half_width_95 > wanted_half_width:
        reasons.append(
            f"known to {min(summary.half_width_95, 9.99):.1%} instead of {wanted_half_width:.0%}"
        )
    if drift > MOST_DRIFT:
        reasons.append(f"machine drifted by {drift:.0%}")
    stolen = _mean([each.stolen for each in disturbances])
    if stolen is not None and stolen > MOST_STOLEN:
        reasons.append(f"{stolen:.0%} of processor time stolen")
    others = _mean([each.others for each in disturbances])
    if others is not None and others > MOST_OTHERS:
        reasons.append(f"other load of {others:.0%}")
    speeds = [each.mhz for each in disturbances if each.mhz is not None]
    if speeds and max(speeds) > (1 + MOST_FREQUENCY_CHANGE) * min(speeds):
        reasons.append(f"frequency from {min(speeds):.0f} to {max(speeds):.0f} MHz")
    return "noisy: " + "; ".join(reasons) if reasons else "stable"


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
