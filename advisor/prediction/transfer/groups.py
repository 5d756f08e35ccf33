"""Networks of which the same is known, so that one regression predicts all of them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.records import Z90, Architecture, Values
from advisor.prediction.board_model import TransferErrors
from advisor.prediction.model import LEAST_GROUPS
from advisor.prediction.transfer.boards import Figures
from advisor.prediction.transfer.networks import Evidence, costs_of, designs_of, family_of
from advisor.prediction.transfer.regression import (
    Measured,
    Regression,
    borrowed_widening,
    widening,
)

if TYPE_CHECKING:
    from advisor.catalog.records import Floats


def errors_of(off: Floats, expected: Floats) -> TransferErrors:
    """What residuals and expected deviations of networks held out say together."""
    density = -0.5 * (off / expected) ** 2 - np.log(expected * np.sqrt(2 * np.pi))
    return TransferErrors(
        len(off), float(np.mean(np.abs(np.exp(-off) - 1))), float(np.mean(density))
    )


LEAST_MEASURED = 5
"""With fewer networks in common nothing is predicted."""

LEAST_GAIN = 0.02
"""By how much another reference must raise the mean log density of what was held out to be taken."""

LEAST_SHARE = 0.5
"""Of the networks by which others are judged, a reference must know this share to be judged beside them."""


@dataclass(frozen=True)
class Question:
    """What is asked of a transfer: one metric at given batch sizes.

    Attributes:
        own: what the new board found.
        references: what the reference boards found.
        architectures: every network by name.
        cost: which cost of a network the new board's rows go with.
        designs: the design that each network is of, by name; that of its name where it is missing.
    """

    own: Figures
    references: Sequence[Figures]
    architectures: Mapping[str, Architecture]
    cost: str
    designs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Group:
    """Networks known to the same references, with known costs or without.

    Attributes:
        known: which references.
        evidence: what is known of these networks and of the measured ones of which no less is known.
        seen: the measured ones; `found` is the logarithm of what was found; shape (seen,).
        wanted: those to be predicted, with their batch sizes.
        designs: as `Question` has them; those of one design are held out together.
    """

    known: tuple[int, ...]
    evidence: Evidence
    seen: Sequence[str]
    found: Floats
    wanted: Mapping[str, int]
    designs: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def measured(self) -> Measured:
        """Those seen, as the regression takes them."""
        places = self.evidence.described.places(self.seen)
        return Measured(places, self.found, designs_of(self.seen, self.designs))

    @cached_property
    def regression(self) -> Regression:
        """What those seen say of the others."""
        return Regression.fit(self.evidence, self.measured)

    @cached_property
    def off(self) -> tuple[Floats, Floats]:
        """How far it is off those seen, each held out with its other sizes, and what it expects."""
        return self.regression.held_out(self.measured)

    @property
    def errors(self) -> TransferErrors:
        """The same in short."""
        return errors_of(*self.off)

    @property
    def factor(self) -> float:
        """By what intervals must be wider than the regression says."""
        if self.measured.count >= LEAST_GROUPS:
            return widening(*self.off)
        return borrowed_widening(self.evidence, self.measured, *self.off)

    def intervals(self) -> Values:
        """What is predicted of those wanted."""
        places = self.evidence.described.places(list(self.wanted))
        mean, deviation = self.regression.predict(places)
        half = Z90 * self.factor * deviation
        return Values(np.exp(mean), np.exp(mean - half), np.exp(mean + half))


def groups_of(question: Question, measured: Mapping[str, int]) -> Iterator[Group]:
    """All that the references know beside networks measured at these batch sizes, group by group.

    Groups that have too few measured networks are left out.
    """
    batches = _target_batches(question, measured)
    names = sorted(batches)
    costs = costs_of(names, question.architectures, question.cost)
    kinds = _kinds(question, names, costs)
    for kind in sorted(set(kinds.values())):
        places = [place for place, name in enumerate(names) if _includes(kinds[name], kind)]
        alike = [names[place] for place in places]
        seen = [name for name in alike if name in measured]
        if len(seen) < LEAST_MEASURED:
            continue
        known, costed = kind
        references = [
            np.array([question.references[one].near(name, batches[name]) for name in alike])
            for one in known
        ]
        yield Group(
            known=known,
            evidence=Evidence(
                names=alike,
                references=references,
                costs=costs[places] if costed else None,
                families=[family_of(question.architectures, name) for name in alike],
            ),
            seen=seen,
            found=np.array([question.own.near(name, measured[name]) for name in seen]),
            wanted={
                name: batches[name]
                for name in alike
                if kinds[name] == kind and name not in measured
            },
            designs=question.designs,
        )


Kind = tuple[tuple[int, ...], bool]
"""Which references know a network, and whether its cost is known."""


def _kinds(question: Question, names: Sequence[str], costs: Floats) -> dict[str, Kind]:
    costed = np.logical_not(np.isnan(costs).any(axis=1)).tolist()
    return {
        name: (
            tuple(
                place for place, each in enumerate(question.references) if name in each.by_network
            ),
            costed[row],
        )
        for row, name in enumerate(names)
    }


def _includes(kind: Kind, other: Kind) -> bool:
    """Whether at least as much is known of networks of one kind as of those of another."""
    return set(kind[0]) >= set(other[0]) and kind[1] >= other[1]


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
        values: time per image in ms, or power in W, or memory in MB, with 90 % intervals; NaN where
            there are too few measurements for one.
        errors: of the largest group of networks that share what is known of them; `None` if nothing
            is predicted.
    """

    names: tuple[str, ...]
    batch: tuple[int, ...]
    values: Values
    errors: TransferErrors | None


def transferred(question: Question) -> Transferred:
    """Predict a metric of every network that a reference knows and the new board has not run.

    Where the new board ran networks at several batch sizes each, every batch size is predicted by itself.
    Else each network is predicted at the one that all ran at, or at the reference's own.
    """
    groups = [group for group in _all_groups(question) if group.wanted]
    columns = [group.intervals() for group in groups] or [Values(*[np.zeros(0)] * 3)]
    return Transferred(
        names=tuple(name for group in groups for name in group.wanted),
        batch=tuple(batch for group in groups for batch in group.wanted.values()),
        values=Values(*map(np.concatenate, zip(*columns, strict=True))),
        errors=_of_most(groups),
    )


def held_out_errors(question: Question) -> TransferErrors | None:
    """How far transfer is off the new board's own networks, each held out; `None` if it predicts nothing.

    Of networks that every reference knows.
    """
    every = set(range(len(question.references)))
    return _of_most([group for group in _all_groups(question) if set(group.known) == every])


def _of_most(groups: Sequence[Group]) -> TransferErrors | None:
    """The errors of the group that has seen most networks."""
    return max((group.errors for group in groups), key=lambda each: each.networks, default=None)


def _all_groups(question: Question) -> list[Group]:
    return [group for pool in _pools(question.own) for group in groups_of(question, pool)]


def _pools(own: Figures) -> list[dict[str, int]]:
    """The measured networks with their batch sizes, in portions that are predicted one by one."""
    if not own.has_ladder:
        return [{name: max(at) for name, at in own.by_network.items()}]
    return [
        {name: batch for name, at in own.by_network.items() if batch in at} for batch in own.batches
    ]


def common(own: Figures, other: Figures) -> int:
    """How many of the new board's networks a board knows."""
    return len(own.by_network.keys() & other.by_network.keys())


def chosen(question: Question) -> Sequence[Figures]:
    """The best of a question's references, one after another while each makes the rest surer.

    Judged by how probable the measured figures are when their networks are held out, of the networks that
    all of the references know; those that know too few of them to be judged so are left out.

    Returns:
        The references, by name.
    """
    left, own = _comparable(question)
    taken: list[Figures] = []
    best = -math.inf
    while left:
        densities = [
            _density(replace(question, own=own, references=[*taken, each])) for each in left
        ]
        highest = max(densities)
        if highest < best + LEAST_GAIN:
            break
        best = highest
        taken.append(left.pop(densities.index(highest)))
    return sorted(taken, key=lambda each: each.board)


def _comparable(question: Question) -> tuple[list[Figures], Figures]:
    """The references that know most of the measured networks, and the figures of those that all know."""
    by_overlap = sorted(
        question.references, key=lambda each: (-common(question.own, each), each.board)
    )
    kept: list[Figures] = []
    names = set(question.own.by_network)
    for each in by_overlap:
        shared = names & each.by_network.keys()
        if len(shared) >= max(LEAST_MEASURED, LEAST_SHARE * len(names)):
            kept.append(each)
            names = shared
    own = Figures(
        question.own.board, {name: question.own.by_network[name] for name in sorted(names)}
    )
    return kept, own


def _density(question: Question) -> float:
    errors = held_out_errors(question)
    return errors.density if errors else -math.inf
