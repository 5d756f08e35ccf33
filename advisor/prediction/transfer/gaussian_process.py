"""Gaussian-process regression between networks: what a few say of all others, and how surely.

What a new board does differently from what was expected of it is taken as a sum of independent parts: an
offset common to all networks; slopes along the features; a smooth rest; what a family has of its own; and
two that a network shares with no other, of which one fades as networks grow. How large each part is comes
from the measurements, drawn towards what is usual, so that five of them suffice.

The regression is Rasmussen and Williams, Gaussian Processes for Machine Learning (2006), equations 2.25,
2.26 and 5.9.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from advisor.prediction.transfer.networks import Networks

if TYPE_CHECKING:
    from advisor.catalog.records import Floats

REACH = 3.0
"""Over how many standard deviations of the features networks resemble each other."""

USUAL = (0.3, 0.1, 0.05, 0.03, 0.003, 0.005)
"""The usual variance of each part on the logarithm: offset, slopes, smooth rest, family, what fades as
networks grow, what does not."""

FREEDOM = 1.5
"""The standard deviation of a part's variance about the usual one, on the logarithm."""


def shared(first: Networks, second: Networks) -> Floats:
    """How much each pair of networks shares of the offset, slopes, smooth rest and family.

    Returns:
        Shape (4, len(first), len(second)).
    """
    slopes = first.features @ second.features.T / first.features.shape[1]
    smooth = np.exp(-_squared_distance(first.features, second.features) / (2 * REACH**2))
    kin = first.family[:, np.newaxis] == second.family
    return np.array([np.ones(slopes.shape), slopes, smooth, smooth * kin])


def _squared_distance(first: Floats, second: Floats) -> Floats:
    across = (first**2).sum(axis=1)[:, np.newaxis] + (second**2).sum(axis=1)
    distance: Floats = np.maximum(across - 2 * first @ second.T, 0.0)
    return distance


def own(networks: Networks) -> Floats:
    """What each network shares with no other; shape (2, networks)."""
    return np.array([networks.smallness, np.ones(len(networks))])


def _with_itself(networks: Networks) -> Floats:
    """What `shared` says of each network and itself; shape (4, networks)."""
    slopes = (networks.features**2).mean(axis=1)
    ones = np.ones(len(networks))
    return np.array([ones, slopes, ones, ones])


@dataclass(frozen=True)
class Process:
    """A regression that has seen some networks.

    Attributes:
        variances: of each part; shape (6,).
        seen: the networks.
        centre: the mean of by how much they were off what was expected.
        inverse: of their covariance; shape (seen, seen).
        weights: the inverse times what they were off, less the centre; shape (seen,).
    """

    variances: Floats
    seen: Networks
    centre: float
    inverse: Floats
    weights: Floats

    @classmethod
    def fit(cls, seen: Networks, off: Floats) -> Process:
        """The most probable variances of the parts, and the regression with these.

        Args:
            seen: the networks that were measured.
            off: the logarithm of what was found over what was expected; shape (seen,).
        """
        from scipy.optimize import minimize

        parts = _parts(seen)
        start = np.log(USUAL)
        best = minimize(_misfit, start, args=(parts, off - off.mean()), jac=True, method="L-BFGS-B")
        return cls.given(np.exp(best.x), seen, off)

    @classmethod
    def given(cls, variances: Floats, seen: Networks, off: Floats) -> Process:
        """The regression with known variances; as `fit` otherwise."""
        centre = float(np.mean(off))
        inverse = _inverted(np.tensordot(variances, _parts(seen), axes=1))
        return cls(variances, seen, centre, inverse, inverse @ (off - centre))

    def predict(self, new: Networks) -> tuple[Floats, Floats]:
        """By how much networks that were not seen are off what is expected of them, as logarithms.

        Returns:
            Means and standard deviations; each of shape (new,).
        """
        across = np.tensordot(self.variances[:4], shared(new, self.seen), axes=1)
        mean = self.centre + across @ self.weights
        before = self.variances[:4] @ _with_itself(new) + self.variances[4:] @ own(new)
        variance = before - np.einsum("ij,jk,ik->i", across, self.inverse, across)
        return mean, np.sqrt(np.maximum(variance, np.finfo(np.float64).tiny))


def _inverted(covariance: Floats) -> Floats:
    """The inverse of a covariance."""
    return np.asarray(np.linalg.inv(covariance), dtype=np.float64)


def _parts(seen: Networks) -> Floats:
    """The covariance of each part at variance 1; shape (6, seen, seen)."""
    return np.concatenate([shared(seen, seen), [np.diag(each) for each in own(seen)]])


def _misfit(logs: Floats, parts: Floats, deviation: Floats) -> tuple[float, Floats]:
    """The negative logarithm of how probable variances are (their usual size included), and its slope."""
    scaled = np.exp(logs)[:, np.newaxis, np.newaxis] * parts
    covariance = scaled.sum(axis=0)
    inverse = _inverted(covariance)
    weights = inverse @ deviation
    away = (logs - np.log(USUAL)) / FREEDOM
    value = (deviation @ weights + np.linalg.slogdet(covariance)[1] + away @ away) / 2
    slope = (np.tensordot(scaled, inverse, axes=2) - scaled @ weights @ weights) / 2
    return float(value), slope + away / FREEDOM
