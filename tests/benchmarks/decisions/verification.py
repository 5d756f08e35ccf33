"""Verification where a table stands for the device."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.records import Z90, Values
from advisor.prediction.transfer.networks import designs_of
from advisor.prediction.transfer.regression import Measured, Regression
from advisor.solve.candidates.uncertainty import chance_below
from advisor.solve.verify.standing import Standing
from advisor.solve.verify.verification import verify
from tests.benchmarks.decisions.queries import order_of, spread_of
from tests.benchmarks.decisions.tables import Boards

if TYPE_CHECKING:
    from advisor.catalog.records import Floats, Integers


class Transfers:
    """The transfer after the first measurements: where each query's verification begins."""

    def __init__(self, boards: Boards, first: Integers) -> None:
        self.boards, self.first = boards, first
        self.groups = designs_of(boards.names)
        self.logs = np.log(boards.time_ms)

    def predicted(self, places: Integers) -> Values:
        """The time per image of all networks, once these are measured."""
        measured = Measured(places, self.logs[places], self.groups[places])
        regression = Regression.fit(self.boards.evidence, measured)
        mean, deviation = regression.predict(np.arange(len(self.logs)))
        half = Z90 * deviation
        columns = [np.exp(mean), np.exp(mean - half), np.exp(mean + half)]
        for column in columns:
            column[places] = self.boards.time_ms[places]
        return Values(*columns)


class TableWorld:
    """A query whose candidates are measured by looking them up."""

    def __init__(self, transfers: Transfers, limit_ms: float, confidence: float) -> None:
        self.transfers, self.limit_ms, self.confidence = transfers, limit_ms, confidence
        self.places = transfers.first

    def standing(self) -> Standing:
        """The networks as they stand now; those of unknown accuracy are no candidates."""
        boards = self.transfers.boards
        predicted = self.transfers.predicted(self.places)
        chance: Floats = chance_below(
            spread_of(predicted), np.full(len(boards.names), self.limit_ms)
        )
        chance = np.where(np.isnan(boards.top1), 0.0, chance)
        measured = np.isin(np.arange(len(boards.names)), self.places)
        return Standing.of(chance, order_of(boards, predicted), measured, self.confidence)

    def measure(self, place: int) -> None:
        """Look one up."""
        self.places = np.append(self.places, place)


def verified(
    transfers: Transfers, limit_ms: float, confidence: float, most: int
) -> tuple[int, int]:
    """The pick of a query after verification, -1 if there is none, and how many measurements it took."""
    world = TableWorld(transfers, limit_ms, confidence)
    ending = verify(world, most, 1 - confidence)
    pick = ending.standing.pick
    return -1 if pick is None else pick, len(ending.steps)
