"""Networks of which the same is known, so that one regression tells of all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.records import Z90, Architecture, Values
from advisor.prediction.law import LEAST_GROUPS
from advisor.prediction.transfer.evidence import Evidence
from advisor.prediction.transfer.figures import Figures
from advisor.prediction.transfer.held_out import HeldOutErrors, bare_names, errors_of
from advisor.prediction.transfer.networks import costs_of
from advisor.prediction.transfer.regression import Measured, Regression
from advisor.prediction.transfer.widening import borrowed_widening, widening

if TYPE_CHECKING:
    from advisor.catalog.records import Floats

LEAST_MEASURED = 5
"""With fewer networks in common nothing is told."""


@dataclass(frozen=True)
class Question:
    """What is asked of a transfer: one metric at given batch sizes.

    Attributes:
        own: what the new board found.
        references: what the reference boards found.
        architectures: every network by name.
        cost: which cost of a network the new board's rows go with.
    """

    own: Figures
    references: Sequence[Figures]
    architectures: Mapping[str, Architecture]
    cost: str


@dataclass(frozen=True)
class Group:
    """Networks known to the same references, with known costs or without.

    Attributes:
        known: which references.
        evidence: what is known of these networks and of the measured ones of which no less is known.
        seen: the measured ones; `found` is the logarithm of what was found; shape (seen,).
        wanted: those to be told of, with their batch sizes.
    """

    known: tuple[int, ...]
    evidence: Evidence
    seen: Sequence[str]
    found: Floats
    wanted: Mapping[str, int]

    @cached_property
    def measured(self) -> Measured:
        """Those seen, as the regression takes them."""
        places = self.evidence.described.places(self.seen)
        return Measured(places, self.found, bare_names(self.seen))

    @cached_property
    def regression(self) -> Regression:
        """What those seen say of the others."""
        return Regression.fit(self.evidence, self.measured)

    @cached_property
    def off(self) -> tuple[Floats, Floats]:
        """How far it is off those seen, each held out with its other sizes, and what it expects."""
        return self.regression.held_out(self.measured)

    @property
    def errors(self) -> HeldOutErrors:
        """The same in short."""
        return errors_of(*self.off)

    @property
    def factor(self) -> float:
        """By what intervals must be wider than the regression says."""
        if self.measured.count >= LEAST_GROUPS:
            return widening(*self.off)
        return borrowed_widening(self.evidence, self.measured, *self.off)

    def intervals(self) -> Values:
        """What is told of those wanted."""
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
    """Every network that a reference knows, with the batch size at which it is told.

    That of the measured ones where they share one. Else of the references' own the nearest to the largest
    of these, if it lies among them; if not, the one that most of them have: what is told per image is told
    of batches like those measured, whatever batches the references ran.
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
        told = nearest if least <= nearest <= largest else usual
        batches[name] = measured.get(name, told)
    return batches


def family_of(architectures: Mapping[str, Architecture], name: str) -> str:
    """The kin of a network; itself where the catalog does not know it."""
    return architectures[name].family if name in architectures else name
