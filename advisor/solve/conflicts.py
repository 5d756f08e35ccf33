"""Which limits no candidate meets together."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from advisor.solve.confidence import chance_alone
from advisor.solve.limits import Constraint
from advisor.solve.verdicts import Verdicts

if TYPE_CHECKING:
    from advisor.catalog.records import Integers

MOST = 3
"""So many sets of limits are told."""


def impossible(verdicts: Verdicts) -> tuple[tuple[Constraint, ...], ...]:
    """The smallest sets of limits that no candidate meets, each limit with the asked confidence by itself.

    A set is told only if every smaller part of it can be met. There is none where the limits can all be
    met by themselves, and only the confidence in all of them together is missing.
    """
    constraints = verdicts.constraints
    met = set(np.unique(_met(verdicts)).tolist())
    found: list[int] = []
    for size in range(1, len(constraints) + 1):
        for limits in map(_bits, itertools.combinations(range(len(constraints)), size)):
            minimal = all(smaller & limits != smaller for smaller in found)
            if minimal and all(each & limits != limits for each in met):
                found.append(limits)
        if len(found) >= MOST:
            break
    return tuple(tuple(_named(each, constraints)) for each in found[:MOST])


def _met(verdicts: Verdicts) -> Integers:
    """For each candidate, which limits it meets by themselves, as bits."""
    met = np.zeros(len(verdicts.candidates), dtype=np.int64)
    for place, verdict in enumerate(verdicts.each):
        enough = verdict.met
        if verdicts.confidence:
            alone = chance_alone(verdicts.candidates, verdict.constraint)
            enough = enough & (alone >= verdicts.confidence)
        met |= enough.astype(np.int64) << place
    return met


def _bits(places: tuple[int, ...]) -> int:
    return sum(1 << place for place in places)


def _named(limits: int, constraints: tuple[Constraint, ...]) -> Iterator[Constraint]:
    return (each for place, each in enumerate(constraints) if limits >> place & 1)
