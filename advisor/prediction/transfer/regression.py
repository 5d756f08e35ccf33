"""Regression from the networks that a board has run to all that other boards know.

First the time of a network is taken as a sum of shares: so much of what each reference took, so much an
operation. What the new board does differently from that is a Gaussian process, a sum of independent parts:
an offset common to all networks; slopes along the features; a smooth rest; what a family has of its own;
and two that a network shares with no other, of which one fades as networks grow. How large each part is
comes from the measurements, drawn towards what is usual, so that five of them suffice.

The process is that of Rasmussen and Williams, Gaussian Processes for Machine Learning (2006), equations
2.25, 2.26 and 5.9.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.records import Z90
from advisor.prediction.model import LEAST_GROUPS, LEVEL
from advisor.prediction.transfer.networks import Evidence, Networks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Floats, Integers

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
    same_family = first.family[:, np.newaxis] == second.family
    return np.array([np.ones(slopes.shape), slopes, smooth, smooth * same_family])


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
        best = minimize(
            _negative_log_posterior,
            start,
            args=(parts, off - off.mean()),
            jac=True,
            method="L-BFGS-B",
        )
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


def _negative_log_posterior(logs: Floats, parts: Floats, deviation: Floats) -> tuple[float, Floats]:
    """The negative logarithm of how probable variances are (their usual size included), and its slope."""
    scaled = np.exp(logs)[:, np.newaxis, np.newaxis] * parts
    covariance = scaled.sum(axis=0)
    inverse = _inverted(covariance)
    weights = inverse @ deviation
    away = (logs - np.log(USUAL)) / FREEDOM
    value = (deviation @ weights + np.linalg.slogdet(covariance)[1] + away @ away) / 2
    slope = (np.tensordot(scaled, inverse, axes=2) - scaled @ weights @ weights) / 2
    return float(value), slope + away / FREEDOM


NEXT_TO_NOTHING = 1e-12


@dataclass(frozen=True)
class Shares:
    """A sum of terms with coefficients that are not negative, to begin with before the regression.

    Attributes:
        coefficients: of a constant, the costs where these are known, and each reference; shape (terms,).
    """

    coefficients: Floats

    @classmethod
    def fit(cls, evidence: Evidence, seen: Integers, found: Floats, groups: int) -> Shares:
        """The coefficients of least relative error.

        From fewer than nine groups so many cannot be fitted; then the references count alike.

        Args:
            evidence: what is known of the networks.
            seen: the places of the measured ones.
            found: the logarithm of what was found of these; shape (seen,).
            groups: how many architectures the measured ones are of.
        """
        from advisor.prediction.training import least_squares

        terms = evidence.terms
        if groups >= LEAST_GROUPS:
            return cls(least_squares(terms[seen], np.exp(found), relative=True))
        references = len(evidence.references)
        alike = np.zeros(terms.shape[1])
        alike[-references:] = 1 / references
        return cls(alike)

    def __call__(self, evidence: Evidence) -> Floats:
        """The logarithm of the sum for each network; shape (networks,)."""
        total: Floats = np.log(np.maximum(evidence.terms @ self.coefficients, NEXT_TO_NOTHING))
        return total


@dataclass(frozen=True)
class Measured:
    """The networks that were measured.

    Attributes:
        places: where they stand among those of the evidence; shape (measured,), as all that follow.
        found: the logarithm of what was found.
        groups: the architecture of each, whatever its input size.
    """

    places: Integers
    found: Floats
    groups: NDArray[np.str_]

    def where(self, rows: NDArray[np.bool_]) -> Measured:
        """Some of them."""
        return Measured(self.places[rows], self.found[rows], self.groups[rows])

    @property
    def count(self) -> int:
        """How many groups there are."""
        return len(np.unique(self.groups))


@dataclass(frozen=True)
class Regression:
    """What the measured networks say of all others.

    Attributes:
        evidence: what is known of all networks.
        shares: what is expected of each.
        process: by how much it is off that.
    """

    evidence: Evidence
    shares: Shares
    process: Process

    @classmethod
    def fit(
        cls, evidence: Evidence, measured: Measured, variances: Floats | None = None
    ) -> Regression:
        """Fit both, one after the other.

        Args:
            evidence: what is known of all networks.
            measured: the measured ones.
            variances: of the process, where they are known.
        """
        shares = Shares.fit(evidence, measured.places, measured.found, measured.count)
        seen = evidence.described.at(measured.places)
        off = measured.found - shares(evidence)[measured.places]
        if variances is None:
            return cls(evidence, shares, Process.fit(seen, off))
        return cls(evidence, shares, Process.given(variances, seen, off))

    def predict(self, places: Integers) -> tuple[Floats, Floats]:
        """The mean and the standard deviation of the logarithm for some networks that were not measured."""
        mean, deviation = self.process.predict(self.evidence.described.at(places))
        return mean + self.shares(self.evidence)[places], deviation

    def held_out(self, measured: Measured) -> tuple[Floats, Floats]:
        """How far it is off each measured network when its group is left out.

        The shares are fitted anew without it; the variances of the parts stay.

        Returns:
            What was found less the mean, and the standard deviation; each of shape (measured,).
        """
        off, deviation = np.empty(len(measured.found)), np.empty(len(measured.found))
        for group in np.unique(measured.groups):
            own = measured.groups == group
            rest = Regression.fit(self.evidence, measured.where(~own), self.process.variances)
            mean, deviation[own] = rest.predict(measured.places[own])
            off[own] = measured.found[own] - mean
        return off, deviation


def widening(off: Floats, deviation: Floats) -> float:
    """By what the standard deviations of a regression are to be multiplied.

    So that the intervals would have held for nine in ten of the networks held out: the conformal quantile
    of what was off, in standard deviations (Vovk, Gammerman and Shafer, Algorithmic Learning in a Random
    World, 2005). It holds for new networks as far as these are like those measured.

    Args:
        off: how far it was off each network, its group held out; shape (networks,).
        deviation: the standard deviation that it had said.

    Returns:
        The factor.
    """
    rank = math.ceil(LEVEL * (len(off) + 1) - 1e-9)
    quantile = float(np.sort(np.abs(off) / deviation)[min(rank, len(off)) - 1])
    return quantile / Z90


def borrowed_widening(
    evidence: Evidence, measured: Measured, off: Floats, deviation: Floats
) -> float:
    """The same where too few networks were measured to rank them: what the references lend.

    Each reference in turn takes the place of the new board, with the same networks measured; what it was
    off all others is known. The largest factor stands, that of the worst network held out on the new board
    among them; and none narrows, since a board may be less like the references than these are alike.

    Args:
        evidence: the networks that the references know.
        measured: those that were measured.
        off: as `widening` takes it.
        deviation: likewise.

    Returns:
        The factor; NaN where a single reference has no other to be held against.
    """
    if len(evidence.references) < 2 or len(measured.places) == len(evidence.names):
        return math.nan
    lent = [
        _factor_for(evidence.without(place), reference, measured)
        for place, reference in enumerate(evidence.references)
    ]
    return max(1.0, *lent, float(np.max(np.abs(off) / deviation)) / Z90)


def _factor_for(evidence: Evidence, found: Floats, measured: Measured) -> float:
    """What the intervals of one reference, predicted from the others, would have needed."""
    rest = np.setdiff1d(np.arange(len(found)), measured.places)
    as_measured = replace(measured, found=found[measured.places])
    mean, deviation = Regression.fit(evidence, as_measured).predict(rest)
    return float(np.quantile(np.abs(found[rest] - mean) / deviation, LEVEL)) / Z90
