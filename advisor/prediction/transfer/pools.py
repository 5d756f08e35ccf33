"""Networks measured at one batch size, and what follows from them for all that the references know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from advisor.architectures.names import device_of
from advisor.catalog.records import Z90, Architecture, Values
from advisor.prediction.board_model import TransferErrors
from advisor.prediction.calibration import Calibration
from advisor.prediction.transfer.boards import Figures
from advisor.prediction.transfer.networks import Evidence, costs_of, designs_of, family_of
from advisor.prediction.transfer.regression import Measured, Regression
from advisor.prediction.transfer.trials import calibrated

if TYPE_CHECKING:
    from advisor.catalog.records import Floats

LEAST_MEASURED = 5
"""With fewer networks in common nothing is predicted."""

ENOUGH = 200
"""Of more measured networks so many, evenly among their sizes, say as much of the others."""


def errors_of(off: Floats, expected: Floats) -> TransferErrors:
    """What residuals and expected deviations of networks held out say together."""
    density = -0.5 * (off / expected) ** 2 - np.log(expected * np.sqrt(2 * np.pi))
    return TransferErrors(
        len(off), float(np.mean(np.abs(np.exp(-off) - 1))), float(np.mean(density))
    )


@dataclass(frozen=True)
class Question:
    """What is asked of a transfer: one metric at given batch sizes.

    Attributes:
        own: what the new board found.
        references: what the reference boards found.
        architectures: every network by name.
        cost: which cost of a network the new board's rows go with.
        designs: the design that each network is of, by name; that of its name where it is missing.
        like: of each reference, whether it ran networks as the new board does; without it, nobody knows.
    """

    own: Figures
    references: Sequence[Figures]
    architectures: Mapping[str, Architecture]
    cost: str
    designs: Mapping[str, str] = field(default_factory=dict)
    like: Sequence[bool] = ()


@dataclass(frozen=True)
class Pool:
    """Networks measured at the batch sizes of a question, and those that follow from them.

    Attributes:
        references: which of the question's references know enough of the measured networks to be of use.
        evidence: what these know of the measured networks and of those wanted.
        seen: the measured ones; `found` is the logarithm of what was found; shape (seen,).
        wanted: those to be predicted, with their batch sizes.
        designs: as `Question` has them; those of one design are held out together.
        like: the places of the references that ran networks as the new board does.
    """

    references: Sequence[Figures]
    evidence: Evidence
    seen: Sequence[str]
    found: Floats
    wanted: Mapping[str, int]
    designs: Mapping[str, str]
    like: Sequence[int]

    @cached_property
    def regression(self) -> Regression:
        """What those seen say of the others."""
        places = self.evidence.described.places(self.seen)
        measured = Measured(places, self.found, designs_of(self.seen, self.designs))
        return Regression.fit(self.evidence, measured)

    @property
    def errors(self) -> TransferErrors:
        """How far it is off those seen, each held out with its other sizes, and how decisions turn out."""
        return replace(errors_of(*self.regression.held_out()), calibration=self.calibration)

    @property
    def calibration(self) -> Calibration | None:
        """How decisions turn out on the references that ran networks as the new board does."""
        weights = self.regression.weights()
        weightiest = sorted(self.like, key=lambda place: -weights[place])
        devices = [device_of(each.board) for each in self.references]
        return calibrated(self.evidence, self.regression.measured, devices, weightiest)

    @property
    def weights(self) -> Mapping[str, float]:
        """How much each reference board counts, the weightiest first."""
        counted: dict[str, float] = {}
        for each, weight in zip(self.references, self.regression.weights().tolist(), strict=True):
            counted[each.board] = counted.get(each.board, 0.0) + weight
        return dict(sorted(counted.items(), key=lambda pair: (-pair[1], pair[0])))

    def intervals(self) -> Values:
        """What is predicted of those wanted."""
        mean, deviation = self.regression.predict(self.evidence.described.places(list(self.wanted)))
        half = Z90 * deviation
        return Values(np.exp(mean), np.exp(mean - half), np.exp(mean + half))


def pool_of(question: Question, measured: Mapping[str, int]) -> Pool | None:
    """What networks measured at these batch sizes say; `None` if they are too few."""
    batches = _target_batches(question, measured)
    of_use = [
        place
        for place, each in enumerate(question.references)
        if len(each.by_network.keys() & measured) >= LEAST_MEASURED
    ]
    references = [question.references[place] for place in of_use]
    names = sorted(name for name in batches if any(name in each.by_network for each in references))
    seen = _evenly([name for name in names if name in measured], question.own, measured)
    if len(seen) < LEAST_MEASURED:
        return None
    table = [
        [each.near(name, batches[name]) if name in each.by_network else np.nan for name in names]
        for each in references
    ]
    costs = costs_of(names, question.architectures, question.cost)
    return Pool(
        references=references,
        evidence=Evidence.of(
            names,
            np.array(table),
            None if np.isnan(costs).all(axis=0).any() else costs,
            [family_of(question.architectures, name) for name in names],
        ),
        seen=seen,
        found=np.array([question.own.near(name, measured[name]) for name in seen]),
        wanted={name: batches[name] for name in names if name not in measured},
        designs=question.designs,
        like=[at for at, place in enumerate(of_use) if question.like and question.like[place]],
    )


def _evenly(names: list[str], own: Figures, measured: Mapping[str, int]) -> list[str]:
    """The measured networks, or of very many `ENOUGH`, evenly by what they take."""
    if len(names) <= ENOUGH:
        return names
    ordered = sorted(names, key=lambda name: (own.near(name, measured[name]), name))
    return sorted(ordered[place * len(names) // ENOUGH] for place in range(ENOUGH))


def _target_batches(question: Question, measured: Mapping[str, int]) -> dict[str, int]:
    """Every network that a reference knows, with the batch size at which it is predicted.

    That of the measured ones where they share one. Else of the references' own the nearest to the largest
    of these, if it lies among them; if not, the one that most of them have: what is predicted per image is
    predicted of batches like those measured, whatever batches the references ran.
    """
    counts = Counter(measured.values())
    usual = min(counts, key=lambda size: (-counts[size], size), default=1)
    least, largest = min(counts, default=1), max(counts, default=1)
    near: dict[str, set[int]] = {}
    for each in question.references:
        for name in each.by_network:
            near.setdefault(name, set()).add(each.nearest_batch(name, largest))
    batches = {}
    for name, theirs in near.items():
        nearest = min(theirs, key=lambda size: (abs(np.log(size / largest)), size))
        size = nearest if least <= nearest <= largest else usual
        batches[name] = measured.get(name, size)
    return batches


@dataclass(frozen=True)
class Transferred:
    """One metric of networks that were not measured.

    Attributes:
        names, batch: what is predicted; shape (networks,).
        values: time per image in ms, or power in W, or memory in MB, with 90 % intervals.
        errors: where most networks were measured; `None` if nothing is predicted.
        weights: how much each reference board counts there, the weightiest first.
    """

    names: tuple[str, ...]
    batch: tuple[int, ...]
    values: Values
    errors: TransferErrors | None
    weights: Mapping[str, float]


def transferred(question: Question) -> Transferred:
    """Predict a metric of every network that a reference knows and the new board has not run.

    Where the new board ran networks at several batch sizes each, every batch size is predicted by itself.
    Else each network is predicted at the one that all ran at, or at the reference's own.
    """
    found = [pool_of(question, measured) for measured in _measured_at(question.own)]
    pools = [each for each in found if each and each.wanted]
    columns = [each.intervals() for each in pools] or [Values(*[np.zeros(0)] * 3)]
    fullest = max(pools, key=lambda each: len(each.seen), default=None)
    return Transferred(
        names=tuple(name for each in pools for name in each.wanted),
        batch=tuple(batch for each in pools for batch in each.wanted.values()),
        values=Values(*map(np.concatenate, zip(*columns, strict=True))),
        errors=fullest.errors if fullest else None,
        weights=fullest.weights if fullest else {},
    )


def _measured_at(own: Figures) -> list[dict[str, int]]:
    """The measured networks with their batch sizes, in portions that are predicted one by one."""
    if not own.has_ladder:
        return [{name: max(at) for name, at in own.by_network.items()}]
    return [
        {name: batch for name, at in own.by_network.items() if batch in at} for batch in own.batches
    ]


def common(own: Figures, other: Figures) -> int:
    """How many of the new board's networks a board knows."""
    return len(own.by_network.keys() & other.by_network.keys())
