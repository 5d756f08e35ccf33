"""What a workload of a plan may be, as columns; figures as they are, and as they are counted."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from advisor.solve.candidates.candidate import Candidate
from advisor.solve.candidates.candidates import Candidates
from advisor.solve.plan.plan_answer import Amount, Considered, OwnLimit
from advisor.solve.plan.workloads import Workload

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Floats, Integers

    Booleans = NDArray[np.bool_]

LATENCY, POWER, MEMORY = "latency_ms", "net_power_w", "memory_mb"
ACCURACY, IDLE_POWER = "accuracy_top1_percent", "idle_power_w"
SHOWN = (LATENCY, POWER, MEMORY, ACCURACY)
"""The figures that an answer tells of every choice, whether a limit uses them or not."""


@dataclass(frozen=True)
class Column:
    """A figure of all candidates; NaN where unknown. Arrays of shape (candidates,).

    Attributes:
        value: as it is.
        bound: as budgets and limits count it; infinite where it could be anything.
    """

    value: Floats
    bound: Floats

    def times(self, factor: Floats | float) -> Column:
        """This times a factor known exactly."""
        return Column(self.value * factor, self.bound * factor)

    def by(self, other: Column) -> Column:
        """The product of two figures."""
        return Column(self.value * other.value, self.bound * other.bound)

    def plus(self, term: Floats | float) -> Column:
        """This plus a term known exactly."""
        return Column(self.value + term, self.bound + term)

    def at(self, position: int) -> Amount | None:
        """One candidate's figure; `None` where it is unknown."""
        value, bound = float(self.value[position]), float(self.bound[position])
        return None if math.isnan(value) else Amount(value, bound)


@dataclass(frozen=True)
class Offer:
    """What one workload may be.

    Attributes:
        workload: the workload.
        candidates: in an order that does not depend on that of the rows in files.
        columns: figures by key: those in `SHOWN`, and whatever else its limits use.
        needed: the figures without which a candidate cannot be chosen.
    """

    workload: Workload
    candidates: Candidates
    columns: Mapping[str, Column]
    needed: frozenset[str]

    def __len__(self) -> int:
        return len(self.candidates)

    @property
    def latency_ms(self) -> Column:
        """How long a batch runs, and so keeps all others waiting."""
        return self.columns[LATENCY]

    @property
    def accuracy(self) -> Column:
        """Top-1 accuracy in percent."""
        return self.columns[ACCURACY]

    @property
    def fill_ms(self) -> Floats:
        """How long the first image waits for its batch to fill."""
        waited_for = (self.candidates.batch - 1).astype(np.float64)
        return waited_for * (1000.0 / self.workload.fps)

    @property
    def own_ms(self) -> Column:
        """The response if nothing else ran: fill + latency + overhead."""
        return self.latency_ms.plus(self.fill_ms + self.workload.requirements.overhead_ms)

    @property
    def share(self) -> Column:
        """Of the board's time, how much it takes: fps x time per image."""
        return self.latency_ms.times(self.workload.fps / self.candidates.batch / 1000)

    @property
    def draw_w(self) -> Column:
        """What it adds to the average power: net power x its share of the time."""
        return self.columns[POWER].by(self.share)

    def figure(self, name: str, key: str) -> Column:
        """The figure that one of the workload's own limits is on, nothing else running."""
        if name == "fps":
            return Column(*(1000.0 * self.candidates.batch / each for each in self._latencies))
        return self.own_ms if name == "latency" else self.columns[key]

    @property
    def _latencies(self) -> tuple[Floats, Floats]:
        return self.latency_ms.value, self.latency_ms.bound

    @property
    def unknown(self) -> Mapping[str, Booleans]:
        """By needed figure, which candidates lack it or know it so badly that it could be anything."""
        lacking = {}
        for key in sorted(self.needed):
            if key == IDLE_POWER:
                lacking[key] = np.full(len(self), self.candidates.boards[0].idle_power_w is None)
            else:
                bound = self.columns[key].bound
                lacking[key] = ~np.isfinite(bound) | (bound <= 0)
        return lacking

    @property
    def alone(self) -> Booleans:
        """Which candidates are known well enough, and meet the workload's own limits by themselves."""
        fits: Booleans = ~np.logical_or.reduce(
            [np.zeros(len(self), np.bool_), *self.unknown.values()]
        )
        for constraint in self.workload.requirements.constraints:
            bound = self.figure(constraint.name, constraint.metric).bound
            least = constraint.sense == "min"
            fits &= bound >= constraint.limit if least else bound <= constraint.limit
        return fits

    def take(self, positions: Integers) -> Offer:
        """Only the candidates at these positions."""
        columns = {
            key: Column(each.value[positions], each.bound[positions])
            for key, each in self.columns.items()
        }
        return replace(self, candidates=self.candidates.take(positions), columns=columns)

    def candidate(self, position: int) -> Candidate:
        """One candidate as a record."""
        return self.candidates.candidate(position, ())


def considered(offer: Offer) -> Considered:
    """What a workload could be chosen from, and why not more of it."""
    limits = []
    for constraint in offer.workload.requirements.constraints:
        figure = offer.figure(constraint.name, constraint.metric).bound
        known = figure[np.isfinite(figure)]
        least = constraint.sense == "min"
        beyond = known < constraint.limit if least else known > constraint.limit
        nearest = (known.max() if least else known.min()) if len(known) else None
        limits.append(
            OwnLimit(
                text=str(constraint),
                metric=constraint.metric,
                rejected=int(np.count_nonzero(beyond)),
                nearest=None if nearest is None else float(nearest),
            )
        )
    return Considered(
        workload=offer.workload.name,
        candidates=len(offer),
        possible=int(np.count_nonzero(offer.alone)),
        unknown={key: int(np.count_nonzero(each)) for key, each in offer.unknown.items()},
        limits=tuple(limits),
    )
