"""Which networks to measure on a new board, so that a transfer fitted to them becomes best."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from advisor.prediction.transfer.gaussian_process import USUAL, own, shared
from advisor.prediction.transfer.networks import Networks

if TYPE_CHECKING:
    from advisor.catalog.records import Floats

NEARLY = 0.8
"""A network of this share of the best one's worth is worth as much if it is cheaper."""

TIED = 3
"""Among how many of the cheapest of these chance decides, where it is asked to."""


def suggest(
    networks: Networks,
    count: int,
    measured: Sequence[str] = (),
    chance: np.random.Generator | None = None,
) -> list[str]:
    """The networks whose measuring leaves the least variance over all others, one after another.

    The covariance is that of the transfer with its usual variances, so nothing needs to be measured yet;
    each choice takes the earlier ones into account. Of those that are worth nearly as much, the cheapest
    on the references is taken.

    Args:
        networks: those that may be measured.
        count: how many to name, at most.
        measured: those that were measured already; others are not looked up.
        chance: where given, it decides among the cheapest few, so that suggestions differ.

    Returns:
        Their names, the most telling first.
    """
    covariance = np.tensordot(np.array(USUAL[:4]), shared(networks, networks), axes=1)
    alone = np.array(USUAL[4:]) @ own(networks)
    left = np.ones(len(networks), dtype=np.bool_)
    for place in np.flatnonzero(np.isin(networks.names, list(measured))).tolist():
        covariance = _knowing(covariance, alone, place)
        left[place] = False
    names: list[str] = []
    for _ in range(min(count, int(left.sum()))):
        worth = (covariance**2).sum(axis=0) / (np.diag(covariance) + alone)
        worth = np.where(left, worth, -np.inf)
        good = np.flatnonzero(worth >= NEARLY * worth.max())
        cheapest = good[np.lexsort((networks.names[good], networks.size[good]))][:TIED]
        place = int(cheapest[0] if chance is None else chance.choice(cheapest))
        covariance = _knowing(covariance, alone, place)
        left[place] = False
        names.append(str(networks.names[place]))
    return names


def _knowing(covariance: Floats, alone: Floats, place: int) -> Floats:
    """What covariance remains once one network was measured."""
    column = covariance[:, place]
    remaining: Floats = covariance - np.outer(column, column) / (column[place] + alone[place])
    return remaining
