"""Ways to predict all networks from those that were measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from advisor.catalog.records import Z90, Values
from advisor.prediction.board_model import describe
from advisor.prediction.model import Form
from advisor.prediction.training import Data, LatencyModel, fit_model
from advisor.prediction.transfer.networks import designs_of
from advisor.prediction.transfer.regression import Measured, Regression
from tests.benchmarks.decisions.tables import Boards

if TYPE_CHECKING:
    from advisor.catalog.records import Floats, Integers

OPERATIONS: Form = (("constant", "operations"),)
THREE_COSTS: Form = (("constant", "operations", "activations", "params"),)

Predict = Callable[[Boards, NDArray[np.int64]], Values]
"""From the places of the measured networks, the time per image of all; the measured ones exact."""


def by_transfer(boards: Boards, measured: Integers) -> Values:
    """What follows from the references and the measured networks."""
    unmeasured = np.setdiff1d(np.arange(len(boards.names)), measured)
    groups = designs_of(boards.names)[measured]
    found = Measured(measured, np.log(boards.time_ms[measured]), groups)
    mean, deviation = Regression.fit(boards.evidence, found).predict(unmeasured)
    half = Z90 * deviation
    ends = Values(np.exp(mean), np.exp(mean - half), np.exp(mean + half))
    return _with_measured(boards, unmeasured, ends)


def by_transfer_at_random(boards: Boards, measured: Integers) -> Values:
    """The same from as many networks drawn at random, instead of those that were suggested."""
    chance = np.random.default_rng(measured.tolist())
    drawn = chance.choice(len(boards.names), len(measured), replace=False)
    return by_transfer(boards, np.sort(drawn))


def by_costs(form: Form) -> Predict:
    """What a model of some cost terms predicts, fitted to the measured networks alone."""

    def predicted(boards: Boards, measured: Integers) -> Values:
        runs = runs_of(boards)
        groups = designs_of(boards.names)
        data = Data(runs[measured], boards.time_ms[measured], groups[measured])
        model = fit_model(LatencyModel, [form], data)
        if model is None:
            raise ValueError("a model needs three networks")
        unmeasured = np.setdiff1d(np.arange(len(runs)), measured)
        return _with_measured(boards, unmeasured, model.predict(runs[unmeasured]))

    return predicted


METHODS: Mapping[str, Predict] = {
    "operations law": by_costs(OPERATIONS),
    "three cost terms": by_costs(THREE_COSTS),
    "transfer": by_transfer,
}

TRIED: Mapping[str, Predict] = {
    "transfer, random networks": by_transfer_at_random,
}
"""What was tried beside these."""


def runs_of(boards: Boards) -> Floats:
    """The networks as runs of one image."""
    costs = [boards.architectures[name].cost("reported") for name in boards.names]
    return np.array([describe(cost, 1.0) for cost in costs])


def _with_measured(boards: Boards, unmeasured: Integers, predicted: Values) -> Values:
    columns = []
    for column in predicted:
        whole = boards.time_ms.copy()
        whole[unmeasured] = column
        columns.append(whole)
    return Values(*columns)


@dataclass(frozen=True)
class Errors:
    """How far a method is off the networks that were not measured.

    Attributes:
        relative: the relative error of each; NaN of the measured ones; shape (networks,).
        held: whether its interval held, as 1 or 0; NaN of the measured ones, or without an interval.
        width: the relative width of the interval; likewise.
    """

    relative: Floats
    held: Floats
    width: Floats


def errors_of(boards: Boards, measured: Integers, predicted: Values) -> Errors:
    """Hold what a method predicted against the truth."""
    held = ((predicted.low <= boards.time_ms) & (boards.time_ms <= predicted.high)).astype(
        np.float64
    )
    held[np.isnan(predicted.low)] = np.nan
    columns = [
        np.abs(predicted.value / boards.time_ms - 1),
        held,
        (predicted.high - predicted.low) / predicted.value,
    ]
    for column in columns:
        column[measured] = np.nan
    return Errors(*columns)
