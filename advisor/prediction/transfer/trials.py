"""How decisions turn out that rest on predictions: reference boards taken as new, predicted from the others.

What is picked is the best of all that seem to keep a limit, and so may be the luckiest. How often such a pick
breaks its limit is counted where the truth is known: on boards that ran networks as the new board does. Each
of them is predicted from boards of other devices, given the very networks that were measured on the new one,
and asked for the largest network that keeps a limit with 90 %. That is harder than a question for the most
accurate one: its picks come closer to the limit, and break it more often.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from advisor.prediction.calibration import Calibration
from advisor.prediction.transfer.boards import LEAST_DEVICES
from advisor.prediction.transfer.networks import Evidence
from advisor.prediction.transfer.regression import Measured, Regression

if TYPE_CHECKING:
    from advisor.catalog.records import Floats

MOST_TRIED = 12
"""Of so many ways in which references ran networks, the weightiest ones, decisions are counted."""

LIMITS = 40
EXTREMES = (0.05, 0.95)
"""So many limits lie between these quantiles of what a board's networks take, evenly on the logarithm."""

SURE_FROM = 1.2815515655446004
"""So many standard deviations below a limit, a prediction keeps it with 90 %."""

MOST_BROKEN = 0.1

MARGINS = np.linspace(1.0, 4.0, 61).round(2)


@dataclass(frozen=True)
class Trial:
    """A reference board taken as new; arrays of shape (networks,), the largest network first.

    Attributes:
        device: its name.
        mean: what is predicted of the networks that were not measured, as logarithms.
        deviation: the standard deviation of that.
        found: what the board found.
    """

    device: str
    mean: Floats
    deviation: Floats
    found: Floats

    def decisions(self, margin: float) -> tuple[int, int]:
        """How many limits some network surely keeps, and how many of the picks break theirs.

        Args:
            margin: how many times as wide errors count.
        """
        low, high = np.quantile(self.found, EXTREMES).tolist()
        limits = np.linspace(low, high, LIMITS)
        sure = self.mean + margin * SURE_FROM * self.deviation <= limits[:, np.newaxis]
        answered = sure.any(axis=1)
        broken = answered & (self.found[sure.argmax(axis=1)] > limits)
        return int(answered.sum()), int(broken.sum())


def calibrated(
    evidence: Evidence, measured: Measured, devices: Sequence[str], like: Sequence[int]
) -> Calibration | None:
    """By how much wider errors have to count, so that of the picks that are 90 % sure at most 10 % break.

    That is the mean share of the references' ways of running networks, and its standard error on top of it.

    Args:
        evidence: what references know of networks.
        measured: those that the new board has measured.
        devices: that of each reference; those of one device do not predict each other.
        like: the places of the references that ran networks as the new board did, the weightiest first.

    Returns:
        `None` where fewer than three devices ran networks as the new board did.
    """
    tried = list(_trials(evidence, measured, devices, like))
    counts = len({each.device for each in tried})
    if counts < LEAST_DEVICES:
        return None
    for margin in MARGINS.tolist():
        picks, broken = np.array([each.decisions(margin) for each in tried]).T
        shares = broken / np.maximum(picks, 1)
        if shares.mean() + shares.std(ddof=1) / np.sqrt(len(shares)) <= MOST_BROKEN:
            break
    return Calibration(margin, int(picks.sum()), counts, float(shares.mean()))


def _trials(
    evidence: Evidence, measured: Measured, devices: Sequence[str], like: Sequence[int]
) -> Iterator[Trial]:
    """References that ran networks as the new board did, as far as boards of other devices know these."""
    of_device = np.array(devices, dtype=np.str_)
    for place in list(like)[:MOST_TRIED]:
        others = np.flatnonzero(of_device != devices[place])
        known, found = evidence.known[place], evidence.references[place]
        wanted = known & evidence.known[others].any(axis=0)
        wanted[measured.places] = False
        new, ran = np.flatnonzero(wanted), known[measured.places]
        if not len(new) or not ran.any():
            continue
        from_others = evidence.of_references(others)
        new = new[np.argsort(-from_others.described.size[new], kind="stable")]
        seen = measured.places[ran]
        as_measured = Measured(seen, found[seen], measured.groups[ran])
        mean, deviation = Regression.fit(from_others, as_measured).predict(new)
        yield Trial(devices[place], mean, deviation, found[new])
