"""Which limits no candidate meets together."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from advisor.solve.question.limits import Constraint
from advisor.solve.recommend.verdicts import Verdicts

if TYPE_CHECKING:
    from advisor.catalog.records import Integers

MOST, LARGEST = 20, 4
"""So many sets are told, of so many limits; the number of larger ones grows without bound."""


def impossible(verdicts: Verdicts) -> tuple[tuple[Constraint, ...], ...]:
    """The smallest sets of limits that no candidate's figures meet, up to `LARGEST` limits.

    A set is told only if every smaller part of it can be met. There is none where figures meet all limits,
    and only the confidence is missing.
    """
    constraints = verdicts.constraints
    met = set(np.unique(_met(verdicts)).tolist())
    found: list[int] = []
    for size in range(1, min(LARGEST, len(constraints)) + 1):
        for limits in map(_bits, itertools.combinations(range(len(constraints)), size)):
            minimal = all(smaller & limits != smaller for smaller in found)
            if minimal and all(each & limits != limits for each in met):
                found.append(limits)
        if len(found) >= MOST:
            break
    return tuple(tuple(_named(each, constraints)) for each in found[:MOST])


def _met(verdicts: Verdicts) -> Integers:
    """For each candidate, which limits its figures meet, as bits."""
    met = np.zeros(len(verdicts.candidates), dtype=np.int64)
    for place, verdict in enumerate(verdicts.each):
        met |= verdict.met.astype(np.int64) << place
    return met


def _bits(places: tuple[int, ...]) -> int:
    return sum(1 << place for place in places)


def _named(limits: int, constraints: tuple[Constraint, ...]) -> Iterator[Constraint]:
    return (each for place, each in enumerate(constraints) if limits >> place & 1)
