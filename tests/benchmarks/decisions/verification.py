"""Verification where a table stands for the device."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.records import Z90, Values
from advisor.prediction.model import LEAST_GROUPS
from advisor.prediction.transfer.networks import designs_of
from advisor.prediction.transfer.regression import Measured, Regression, borrowed_widening, widening
from advisor.solve.candidates.uncertainty import chance_below
from advisor.solve.verify.standing import Standing
from advisor.solve.verify.verification import verify
from tests.benchmarks.decisions.queries import order_of, spread_of
from tests.benchmarks.decisions.tables import Boards

if TYPE_CHECKING:
    from advisor.catalog.records import Floats, Integers


class Transfers:
    """The transfer after the first measurements: where each query's verification begins.

    What is measured later changes the shares and the regression; the variances of its parts and the width
    of its intervals stay as first fitted, so that a hundred thousand refits take minutes.
    """

    def __init__(self, boards: Boards, first: Integers) -> None:
        self.boards = boards
        self.groups = designs_of(boards.names)
        self.logs = np.log(boards.time_ms)
        measured = self.measured(first)
        self.begun = Regression.fit(boards.evidence, measured)
        off = self.begun.held_out(measured)
        self.factor = (
            widening(*off)
            if measured.count >= LEAST_GROUPS
            else borrowed_widening(boards.evidence, measured, *off)
        )
        self.first = first

    def measured(self, places: Integers) -> Measured:
        """Some networks as measured ones."""
        return Measured(places, self.logs[places], self.groups[places])

    def predicted(self, places: Integers) -> Values:
        """The time per image of all networks, once these are measured."""
        variances = self.begun.process.variances
        regression = Regression.fit(self.boards.evidence, self.measured(places), variances)
        mean, deviation = regression.predict(np.arange(len(self.logs)))
        half = Z90 * self.factor * deviation
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
