"""How the candidates of a question stand: the pick, and what might take its place once it is measured."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.records import Z90
from advisor.limits import Constraint
from advisor.options import Requirements
from advisor.solve.candidates.candidates import Candidates
from advisor.solve.candidates.chance import chance
from advisor.solve.recommend.ranking import contenders, in_order, preferred
from advisor.solve.recommend.verdicts import Verdicts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Floats, Integers

    Booleans = NDArray[np.bool_]

MEASURED = ("latency_ms", "net_power_w", "memory_mb")
"""What measuring finds out; parameters and operations are known without, and so is accuracy, unless it is
predicted on images of the user's own."""

PROBABLE = 0.5
"""What meets every limit with more than this is tried before anything less probable."""

SUPPOSED_ERROR = np.log(3.0) / Z90
"""How far off a prediction without an interval is taken to be where it is only to be decided what to measure:
a factor of three, nine times of ten, as a standard deviation of the logarithm. Models of fewer than nine
networks have no interval; of families that they had not seen, those of more were off by 60 % at worst."""


@dataclass(frozen=True)
class Standing:
    """How all candidates stand, as far as is known now; arrays have the shape (candidates,).

    Attributes:
        pick: the best of those that meet every limit with the asked confidence; `None` where none does.
        chance: the probability that each takes the pick's place once it is measured: 0 for the pick, and for
            what the objective does not prefer to it. Where there is no pick, that it meets every limit.
        order: the place of each in the order of preference, limits not considered; 0 is the best.
        measured: of what measuring can find out no more.
        too_long: what cannot be measured in the time that is left; `None` where time does not matter.
    """

    pick: int | None
    chance: Floats
    order: Integers
    measured: Booleans
    too_long: Booleans | None = None

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

    @property
    def in_time(self) -> Standing:
        """The same, as if nothing more could be found out of what takes too long."""
        return (
            self if self.too_long is None else replace(self, measured=self.measured | self.too_long)
        )

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


def standing_of(candidates: Candidates, requirements: Requirements, tried: Booleans) -> Standing:
    """How the candidates stand.

    Where the objective itself rests on what was not measured, a candidate that is predicted to be worse than
    the pick may be better: then its chance is that of meeting every limit and being better. In an objective
    of several steps that holds of the last one; in those before it, predictions count as they are.

    Args:
        candidates: the candidates.
        requirements: the question.
        tried: those of which measuring has found out what it can; shape (candidates,).
    """
    asked = requirements
    verdicts = Verdicts.of(
        candidates, asked.constraints, asked.objective, asked.confidence, proven=asked.proven
    )
    measured = ~_rests_on_predictions(candidates, asked) | tried
    everyone = np.arange(len(candidates))
    feasible = verdicts.feasible
    if not len(feasible):
        order = in_order(candidates, asked.objective, everyone)
        chances = chance(_supposed(candidates), asked.constraints)
        return Standing(None, chances, _places(order), measured)
    pick = verdicts.least(feasible)
    better = preferred(candidates, asked.objective, feasible, pick)
    first = np.append(in_order(candidates, asked.objective, better), pick)
    rest = in_order(candidates, asked.objective, np.setdiff1d(everyone, first))
    places = _places(np.concatenate([first, rest]))
    return Standing(pick, _chances(verdicts, pick, better), places, measured)


def _rests_on_predictions(candidates: Candidates, asked: Requirements) -> Booleans:
    """Where a figure that the question asks about is predicted."""
    keys = {"batch_latency_ms", *(each.metric for each in asked.constraints)}
    keys |= {step.metric.key for step in asked.objective}
    rests: Booleans = np.any([candidates.predicted(key) for key in sorted(keys)], axis=0)
    return rests


def _supposed(candidates: Candidates) -> Candidates:
    """The candidates, where a prediction without an interval is not taken to be anything at all."""
    return replace(candidates, unknown_error=SUPPOSED_ERROR)


def _chances(verdicts: Verdicts, pick: int, better: Integers) -> Floats:
    """The probability that each candidate takes the pick's place, once it is measured."""
    candidates, constraints = _supposed(verdicts.candidates), verdicts.constraints
    chances = np.zeros(len(candidates))
    chances[better] = chance(candidates.take(better), constraints)
    ahead = _better_than(verdicts, pick)
    if ahead is not None:
        ousting, level = contenders(candidates, verdicts.objective, verdicts.feasible, pick)
        compared = np.flatnonzero(level & ~ousting)
        chances[compared] = chance(candidates.take(compared), [*constraints, ahead])
        chances[pick] = 0.0
    return chances


def _better_than(verdicts: Verdicts, pick: int) -> Constraint | None:
    """Being better than the pick in the last step of the objective, as a limit.

    Returns:
        `None` where measuring finds out nothing of that, or the pick's figure is unknown.
    """
    metric = verdicts.objective[-1].metric
    candidates = verdicts.candidates
    figure = float(candidates.figure(metric.key)[pick])
    found_out = not set(MEASURED).isdisjoint(candidates.uncertain_inputs(metric.key))
    if np.isnan(figure) or not (found_out or candidates.predicted(metric.key).any()):
        return None
    return Constraint(metric.name, metric.key, "min" if metric.more_is_better else "max", figure)


def _places(order: Integers) -> Integers:
    """The place of each position in an order."""
    places = np.empty(len(order), dtype=np.int64)
    places[order] = np.arange(len(order))
    return places
