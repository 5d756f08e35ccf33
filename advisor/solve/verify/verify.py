"""Closing the loop: what leads is measured, until it is known to lead.

A choice among predictions is a choice of the luckiest of them. So the pick is measured, and it is chosen anew
from all that is known then, until the pick is measured and hardly anything else would take its place. Where
nothing is sure enough to be picked, or something better is unsure, the best of what probably meets every
limit is tried, then the best of what may well do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Floats, Integers

    Booleans = NDArray[np.bool_]

Found = TypeVar("Found")
Found_co = TypeVar("Found_co", covariant=True)

PROBABLE = 0.5
"""What meets every limit with more than this is tried before anything less probable."""


@dataclass(frozen=True)
class Standing:
    """How all candidates stand, as far as is known now; arrays have the shape (candidates,).

    Attributes:
        pick: the best of those that meet every limit with the asked confidence; `None` where none does.
        chance: the probability that each takes the pick's place once it is measured: 0 for the pick, and for
            what the objective does not prefer to it. Where there is no pick, that it meets every limit.
        order: the place of each in the order of preference, limits not considered; 0 is the best.
        measured: what measuring can tell no more of.
    """

    pick: int | None
    chance: Floats
    order: Integers
    measured: Booleans

    @classmethod
    def of(cls, chance: Floats, order: Integers, measured: Booleans, confidence: float) -> Standing:
        """How candidates stand whose order of preference is known for certain.

        Args:
            chance: the probability that each meets every limit.
            order: the place of each in the order of preference; 0 is the best.
            measured: what is measured.
            confidence: the probability with which the pick is to meet every limit.
        """
        sure = np.flatnonzero(chance >= confidence)
        if not len(sure):
            return cls(None, chance, order, measured)
        pick = int(sure[np.argmin(order[sure])])
        return cls(pick, np.where(order < order[pick], chance, 0.0), order, measured)

    @cached_property
    def rivals(self) -> Integers:
        """What is not measured and might take the pick's place."""
        return np.flatnonzero(~self.measured & (self.chance > 0))

    @property
    def pick_is_measured(self) -> bool:
        """Whether there is a pick, and it is measured."""
        return self.pick is not None and bool(self.measured[self.pick])

    @property
    def likeliest(self) -> int | None:
        """Of the rivals the one that most probably takes the pick's place; `None` where there are none."""
        if not len(self.rivals):
            return None
        return int(self.rivals[np.argmax(self.chance[self.rivals])])

    def next_to_measure(self, risk: float) -> int | None:
        """What to measure next; `None` where nothing is left that matters.

        Args:
            risk: the probability with which something that is not measured may be better than the pick.
        """
        if self.pick is not None and not self.measured[self.pick]:
            return self.pick
        chances = self.chance[self.rivals]
        for least in (max(PROBABLE, risk), risk):
            worth = self.rivals[chances > least]
            if len(worth):
                return int(worth[np.argmin(self.order[worth])])
        return None


class World(Protocol[Found_co]):
    """Where candidates stand and can be measured."""

    def standing(self) -> Standing:
        """How all candidates stand, after all that was measured."""
        ...

    def measure(self, place: int) -> Found_co:
        """Measure the candidate at a place of the present standing.

        From then on it counts as measured or, where it did not run, is no candidate or has no chance.
        """
        ...


@dataclass(frozen=True)
class Step(Generic[Found]):
    """One measurement.

    Attributes:
        number: which one it is, counted from 1.
        place: what was measured, as a place in `before`.
        before: how the candidates stood.
        found: what the world says of it.
        after: how the candidates stand since.
    """

    number: int
    place: int
    before: Standing
    found: Found
    after: Standing


@dataclass(frozen=True)
class Ending(Generic[Found]):
    """What the loop came to.

    Attributes:
        steps: the measurements, in order.
        standing: how the candidates stand at the end.
        risk: the probability with which something that is not measured might be better than the pick.
        settled: whether the pick, if there is one, is measured, and nothing that is not measured takes its
            place with a probability above `risk`. Else all measurements were spent before that.
    """

    steps: tuple[Step[Found], ...]
    standing: Standing
    risk: float
    settled: bool


def verify(
    world: World[Found],
    most: int,
    risk: float,
    tell: Callable[[Step[Found]], None] = lambda step: None,  # noqa: ARG005
) -> Ending[Found]:
    """Measure what leads, one by one, until the pick is settled or all measurements are spent.

    What does not run counts as a measurement, too.

    Args:
        world: the candidates.
        most: how many measurements may be spent.
        risk: the probability with which something that is not measured may be better than the pick; what is
            less probable is not worth a measurement.
        tell: hears of each measurement when it is done.
    """
    steps: list[Step[Found]] = []
    standing = world.standing()
    while (place := standing.next_to_measure(risk)) is not None and len(steps) < most:
        found = world.measure(place)
        after = world.standing()
        steps.append(Step(len(steps) + 1, place, standing, found, after))
        tell(steps[-1])
        standing = after
    return Ending(tuple(steps), standing, risk, settled=place is None)
