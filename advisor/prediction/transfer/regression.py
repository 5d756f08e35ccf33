"""Regression from the networks that a board has run to all that other boards know.

What a new board takes for a network is what a reference takes, times a factor that is nearly the same for all
networks: its logarithm is a Gaussian process, a sum of independent parts: an offset; so much of how each
other reference deviates from this one; slopes along the features; a smooth rest; what a family has of its
own; and two that a network shares with no other, of which one fades as networks grow. Which reference it is,
how large the parts are, as between boards of one kind or of unlike kinds, and how large all of them are
together, nobody knows: every answer is tried, and counts as much as the measurements are probable under it.
From nine networks on a sum of shares is tried, too: so much of what each reference takes, so much an
operation.

The process is that of Rasmussen and Williams, Gaussian Processes for Machine Learning (2006), equations 2.25,
2.26, 2.30 and 5.10 to 5.12.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from advisor.prediction.model import LEAST_GROUPS
from advisor.prediction.transfer.networks import Evidence, Networks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Floats, Integers

REACH = 3.0
"""Over how many standard deviations of the features networks resemble each other."""


@dataclass(frozen=True)
class Variances:
    """How much each part varies, on the logarithm.

    Attributes:
        offset: what all networks share.
        slopes: along the features.
        smooth: a smooth rest.
        family: what a family has of its own.
        deviations: along the deviations of the other references.
        fading: what a network shares with no other, and has the less the larger it is.
        own: what it shares with no other.
    """

    offset: float
    slopes: float
    smooth: float
    family: float
    deviations: float
    fading: float
    own: float

    def shared(self, first: Networks, second: Networks) -> Floats:
        """What networks share of slopes, smooth rest and family; shape (first, second)."""
        slopes = first.features @ second.features.T / first.features.shape[1]
        smooth = np.exp(-_squared_distance(first.features, second.features) / (2 * REACH**2))
        same_family = first.family[:, np.newaxis] == second.family
        shared: Floats = self.slopes * slopes + (self.smooth + self.family * same_family) * smooth
        return shared

    def alone(self, networks: Networks) -> Floats:
        """What networks share with no other; shape (networks,)."""
        alone: Floats = self.fading * networks.smallness + self.own
        return alone

    def whole(self, networks: Networks) -> Floats:
        """All that they have but the offset and what goes along deviations; shape (networks,)."""
        slopes = (networks.features**2).mean(axis=1)
        whole: Floats = self.slopes * slopes + self.smooth + self.family + self.alone(networks)
        return whole


ALIKE = Variances(
    offset=9.0, slopes=0.01, smooth=0.02, family=0.005, deviations=0.5, fading=0.001, own=0.003
)
"""Between boards of one kind."""

UNLIKE = Variances(
    offset=9.0, slopes=0.1, smooth=0.05, family=0.03, deviations=0.45, fading=0.003, own=0.005
)
"""Between boards of unlike kinds."""

SCALES = np.linspace(-3.0, 3.0, 7)
"""By what all variances but the offset's are multiplied, on the logarithm."""

FREEDOM = 1.5
"""How far that is usually from nothing: the standard deviation of a normal distribution."""

MOST_SHARES = 4
"""Of how many references, the most probable ones, a sum of shares is made."""

NEXT_TO_NOTHING = 1e-12
HEARSAY = 1e-9
"""How much one counts of a network that it does not know, against one that does."""


def _squared_distance(first: Floats, second: Floats) -> Floats:
    across = (first**2).sum(axis=1)[:, np.newaxis] + (second**2).sum(axis=1)
    distance: Floats = np.maximum(across - 2 * first @ second.T, 0.0)
    return distance


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

    @property
    def count(self) -> int:
        """How many groups there are."""
        return len(np.unique(self.groups))

    @property
    def groups_by_size(self) -> Iterator[Integers]:
        """The places of the networks of each group, groups of one size together; shape (groups, size)."""
        _, group, sizes = np.unique(self.groups, return_inverse=True, return_counts=True)
        for size in np.unique(sizes).tolist():
            mine = np.flatnonzero(sizes[group] == size)
            yield mine[np.argsort(group[mine], kind="stable")].reshape(-1, size)


@dataclass(frozen=True)
class Mean:
    """What the new board may take but for a factor.

    Attributes:
        logs: the logarithm of it for every network; shape (networks,).
        deviations: how the references deviate from it; shape (networks, references).
        off: by how much the measured networks are off it, as logarithms; shape (measured,).
        held_out: the same where it was made without each of them.
        known: 1 where it rests on what somebody found, else `HEARSAY`; shape (networks,).
        reference: the place of the reference that it is; `None` for a sum of shares.
    """

    logs: Floats
    deviations: Floats
    off: Floats
    held_out: Floats
    known: Floats
    reference: int | None


def means(evidence: Evidence, measured: Measured) -> Iterator[Mean]:
    """Each reference in turn."""
    for place, logs in enumerate(evidence.references):
        off = measured.found - logs[measured.places]
        known = np.maximum(evidence.known[place], HEARSAY)
        yield Mean(logs, evidence.deviations_from(place), off, off, known, place)


def shares_of(evidence: Evidence, measured: Measured, references: Integers) -> Mean:
    """The sum of shares of least relative error: a constant, the costs where these are known, references.

    Args:
        evidence: what is known of the networks.
        measured: the measured ones, of nine groups at least.
        references: of which references.
    """
    from advisor.prediction.training import least_squares

    terms = evidence.terms(references)

    def fitted(rows: NDArray[np.bool_]) -> Floats:
        """The logarithm of the sum for every network, from some of the measured ones."""
        places, found = measured.places[rows], measured.found[rows]
        shares = least_squares(terms[places], np.exp(found), relative=True)
        total: Floats = np.log(np.maximum(terms @ shares, NEXT_TO_NOTHING))
        return total

    logs = fitted(np.ones(len(measured.found), dtype=np.bool_))
    held_out = np.empty(len(measured.found))
    for group in np.unique(measured.groups):
        mine = measured.groups == group
        held_out[mine] = (measured.found - fitted(~mine)[measured.places])[mine]
    off = measured.found - logs[measured.places]
    known = np.maximum(evidence.known[references].all(axis=0), HEARSAY)
    return Mean(logs, evidence.deviations_from(None), off, held_out, known, None)


@dataclass(frozen=True)
class Hypotheses:
    """One mean with parts as large as they may be, at every scale.

    Attributes:
        mean: the mean.
        variances: of the parts, at scale 1.
        near: how the references deviate from the mean at the measured networks; shape (measured, references).
        inverse: of the covariance of the measured networks; shape (scales, measured, measured).
        logs: the logarithm of how probable each is, after the measurements; shape (scales,).
    """

    mean: Mean
    variances: Variances
    near: Floats
    inverse: Floats
    logs: Floats

    @classmethod
    def of(cls, mean: Mean, variances: Variances, near: Floats, covariance: Floats) -> Hypotheses:
        """Those of a mean.

        Args:
            mean: the mean.
            variances: of the parts, at scale 1.
            near: how the references deviate from the mean at the measured networks.
            covariance: of these, but for the offset and what goes along deviations.
        """
        whole = covariance + variances.deviations * near @ near.T
        inverse = np.linalg.inv(
            np.exp(SCALES)[:, np.newaxis, np.newaxis] * whole + variances.offset
        )
        fit = np.einsum("sij,i,j->s", inverse, mean.held_out, mean.held_out)
        logs = (np.linalg.slogdet(inverse)[1] - fit - (SCALES / FREEDOM) ** 2) / 2
        return cls(mean, variances, near, inverse, logs)

    def predict(self, at: Floats, shared: Floats, whole: Floats) -> tuple[Floats, Floats]:
        """Means and variances of the factor's logarithm for networks that were not measured.

        Args:
            at: how the references deviate from the mean there.
            shared: what they share with the measured ones, as `Variances.shared` has it.
            whole: all that they have, as `Variances.whole` has it.

        Returns:
            Each of shape (scales, new).
        """
        scale, variances = np.exp(SCALES)[:, np.newaxis], self.variances
        along = shared + variances.deviations * at @ self.near.T
        across = scale[:, :, np.newaxis] * along + variances.offset
        gain = across @ self.inverse
        before = scale * (whole + variances.deviations * (at**2).sum(axis=1)) + variances.offset
        return gain @ self.mean.off, before - (gain * across).sum(axis=2)

    def without(self, groups: Integers) -> tuple[Floats, Floats, Floats]:
        """What is predicted of groups of measured networks, each from all others, and how probable that is.

        Args:
            groups: the places of the networks of each among the measured ones; shape (groups, size).

        Returns:
            By how much the mean prediction is off, and its variance, each of shape (scales, groups, size);
            and the logarithm of the probability of each hypothesis without each group, of (scales, groups).
        """
        block = np.linalg.inv(self.inverse[:, groups[:, :, np.newaxis], groups[:, np.newaxis, :]])
        pull = (self.inverse @ self.mean.held_out)[:, groups]
        off = np.einsum("sgij,sgj->sgi", block, pull)
        density = -(np.linalg.slogdet(block)[1] + (off * pull).sum(axis=2)) / 2
        variance = np.diagonal(block, axis1=2, axis2=3)
        return off, variance, self.logs[:, np.newaxis] - density


@dataclass(frozen=True)
class Regression:
    """What the measured networks say of all others.

    Attributes:
        evidence: what is known of all networks.
        measured: the measured ones.
        hypotheses: all that may be so.
    """

    evidence: Evidence
    measured: Measured
    hypotheses: tuple[Hypotheses, ...]

    @classmethod
    def fit(cls, evidence: Evidence, measured: Measured) -> Regression:
        """Weigh every hypothesis by the measurements.

        Args:
            evidence: what is known of all networks.
            measured: the measured ones.
        """
        seen = evidence.described.at(measured.places)
        covariances = [
            (each, each.shared(seen, seen) + np.diag(each.alone(seen))) for each in (ALIKE, UNLIKE)
        ]

        def tried(mean: Mean) -> list[Hypotheses]:
            near = mean.deviations[measured.places]
            return [Hypotheses.of(mean, each, near, covariance) for each, covariance in covariances]

        found = [each for mean in means(evidence, measured) for each in tried(mean)]
        if measured.count >= LEAST_GROUPS:
            best = sorted(found, key=lambda each: -float(each.logs.max()))
            references = dict.fromkeys(each.mean.reference for each in best)
            taken = [each for each in references if each is not None][:MOST_SHARES]
            found += tried(shares_of(evidence, measured, np.array(sorted(taken))))
        return cls(evidence, measured, tuple(found))

    def predict(self, places: Integers) -> tuple[Floats, Floats]:
        """The mean and the standard deviation of the logarithm for some networks that were not measured.

        Of each network those count that know it.
        """
        described = self.evidence.described
        seen, new = described.at(self.measured.places), described.at(places)
        known = {each: (each.shared(new, seen), each.whole(new)) for each in (ALIKE, UNLIKE)}
        weights = _weights(np.array([each.logs for each in self.hypotheses]))
        total, mean, square = np.zeros((3, len(places)))
        for each, weight in zip(self.hypotheses, weights, strict=True):
            factor, variance = each.predict(each.mean.deviations[places], *known[each.variances])
            logs = each.mean.logs[places] + factor
            share = each.mean.known[places]
            total += weight.sum() * share
            mean += share * (weight @ logs)
            square += share * (weight @ (variance + logs**2))
        mean, square = mean / total, square / total
        return mean, _deviation(mean, square)

    def held_out(self) -> tuple[Floats, Floats]:
        """How far it is off each measured network when its group is left out.

        Returns:
            What was found less the mean, and the standard deviation; each of shape (measured,).
        """
        off, deviation = np.empty(len(self.measured.found)), np.empty(len(self.measured.found))
        for groups in self.measured.groups_by_size:
            parted = [each.without(groups) for each in self.hypotheses]
            weights = _weights(np.array([logs for _, _, logs in parted]))
            each_off = np.array([each for each, _, _ in parted])
            variance = np.array([each for _, each, _ in parted])
            mean = np.einsum("hsg,hsgi->gi", weights, each_off)
            square = np.einsum("hsg,hsgi->gi", weights, variance + each_off**2)
            off[groups], deviation[groups] = mean, _deviation(mean, square)
        return off, deviation

    def weights(self) -> Floats:
        """How much each reference counts, shape (references,); a sum of shares counts for none."""
        counted = np.zeros(len(self.evidence.references))
        logs = np.array([each.logs for each in self.hypotheses])
        for each, weight in zip(self.hypotheses, _weights(logs), strict=True):
            if each.mean.reference is not None:
                counted[each.mean.reference] += weight.sum()
        return counted


def _weights(logs: Floats) -> Floats:
    """Probabilities of hypotheses, of which the logarithms are known but for a constant.

    Args:
        logs: shape (means, scales), or (means, scales, questions) where they differ by question.
    """
    relative = np.exp(logs - logs.max(axis=(0, 1)))
    weights: Floats = relative / relative.sum(axis=(0, 1))
    return weights


def _deviation(mean: Floats, square: Floats) -> Floats:
    """The standard deviation by the mean of a mixture and that of its square."""
    deviation: Floats = np.sqrt(np.maximum(square - mean**2, np.finfo(np.float64).tiny))
    return deviation
