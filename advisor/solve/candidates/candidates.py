"""What could be deployed on a board, as columns; metrics are derived when they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.records import (
    Architecture,
    Board,
    Estimate,
    Measurements,
    Metered,
    Values,
    Weights,
)
from advisor.solve.candidates.candidate import Candidate
from advisor.solve.question.limits import Constraint
from advisor.solve.question.metrics import response_ms

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Floats, Integers

SCOPED = {"power": "net_power_w", "memory": "memory_mb"}
"""Figures that do not cover the same on every board, and their columns."""


@dataclass(frozen=True)
class Candidates:
    """Candidates as columns; a row is one of them.

    Attributes:
        boards: the boards that they run on.
        measurements: the rows of all boards.
        row_board: for each of these rows, its place in `boards`; shape (rows,).
        architectures: the architectures, aligned with `measurements.architecture.names`.
        weights: the sets of weights, sorted by architecture and name.
        rows: for each candidate, its row of `measurements`; shape (candidates,).
        weights_index: for each candidate, its set of weights, or -1; shape (candidates,).
        fps: the required frame rate, or `None`.
        overhead_ms: time per batch for pre- and post-processing.
        battery_j: the energy of the battery, or `None`.
        did_not_fit: how many pairs were left out because they are known not to fit.
        did_not_run: how many pairs were left out because running them failed.
        without_weights: how many networks were left out because they lack the weights asked for.
        notes: what could not be done as it was asked, in words.
    """

    boards: tuple[Board, ...]
    measurements: Measurements
    row_board: Integers
    architectures: tuple[Architecture, ...]
    weights: tuple[Weights, ...]
    rows: Integers
    weights_index: Integers
    fps: float | None
    overhead_ms: float
    battery_j: float | None
    did_not_fit: int
    did_not_run: int
    without_weights: int
    notes: tuple[str, ...] = ()
    _tables: dict[str, NDArray[np.float64]] = field(
        default_factory=dict, repr=False, compare=False
    )  # figures of boards, networks and weights; alike for every selection of the candidates

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, selected: Integers) -> Candidates:
        """Only the candidates at these positions, in this order."""
        return replace(self, rows=self.rows[selected], weights_index=self.weights_index[selected])

    @cached_property
    def architecture_index(self) -> Integers:
        """For each candidate, its place in `architectures`, which is sorted by name."""
        return self.measurements.architecture.index[self.rows]

    @cached_property
    def board_index(self) -> Integers:
        """For each candidate, its place in `boards`."""
        return self.row_board[self.rows]

    @cached_property
    def network_index(self) -> Integers:
        """For each candidate, a number that tells its network and board, less than `networks`."""
        return self.board_index * len(self.architectures) + self.architecture_index

    @property
    def networks(self) -> int:
        """How many pairs of a board and a network there could be."""
        return len(self.boards) * len(self.architectures)

    @property
    def variants(self) -> int:
        """In how many pairs of runtime and precision the candidates run."""
        runtime, precision = self.measurements.runtime, self.measurements.precision
        pair = runtime.index[self.rows] * len(precision.names) + precision.index[self.rows]
        return int(np.count_nonzero(np.bincount(pair)))

    @property
    def weights_used(self) -> frozenset[str]:
        """The names of the sets of weights that candidates have."""
        used = np.bincount(self.weights_index[self.weights_index >= 0])
        return frozenset(self.weights[place].name for place in np.flatnonzero(used).tolist())

    @cached_property
    def batch(self) -> Integers:
        """For each candidate, its batch size."""
        return self.measurements.batch[self.rows]

    @cached_property
    def _values(self) -> dict[str, Values]:
        return {}

    @cached_property
    def _figures(self) -> dict[str, Floats]:
        return {}

    def values(self, key: str) -> Values:
        """A metric of all candidates, with its interval; NaN where unknown. Computed once.

        Args:
            key: one of `METRICS`, or of the tails in `advisor.solve.question.metrics.TAILS`.
        """
        from advisor.solve.candidates.derivations import (
            DERIVATIONS,  # which reads candidates itself
        )

        if key not in self._values:
            self._values[key] = DERIVATIONS[key].values(self)
        return self._values[key]

    def figure(self, key: str) -> Floats:
        """A metric of all candidates without its interval, which takes a third of the time."""
        from advisor.solve.candidates.derivations import (
            DERIVATIONS,  # which reads candidates itself
        )

        if key not in self._figures:
            known = self._values.get(key)
            self._figures[key] = DERIVATIONS[key].figure(self) if known is None else known.value
        return self._figures[key]

    def measured(self, key: str) -> Values:
        """A column of the measurements."""
        metered: Metered = getattr(self.measurements, key)
        return Values(*(column[self.rows] for column in metered.values))

    def measured_figure(self, key: str) -> Floats:
        """A column of the measurements without its interval."""
        metered: Metered = getattr(self.measurements, key)
        return metered.values.value[self.rows]

    def response_ms(self, latency_ms: Floats) -> Floats:
        """The response that follows from a latency, at the required frame rate."""
        return response_ms(latency_ms, self.batch, self.fps, self.overhead_ms)

    def accuracy(self) -> Values:
        """Top-1 accuracy of each candidate's weights."""
        if "accuracy" not in self._tables:
            self._tables["accuracy"] = _table([each.top1_percent for each in self.weights])
        return Values(*self._tables["accuracy"][:, self.weights_index])

    def complexity(self, key: str) -> Values:
        """A figure of each candidate's architecture: "params" or "operations"."""
        kinds = sorted({board.cost for board in self.boards})  # few, however many boards there are
        if key not in self._tables:
            self._tables[key] = _table(
                [cost_of(each, kind, key) for kind in kinds for each in self.architectures]
            )
        kind_of_board = np.array([kinds.index(board.cost) for board in self.boards])
        of_kind = kind_of_board[self.board_index] * len(self.architectures)
        return Values(*self._tables[key][:, of_kind + self.architecture_index])

    def idle_power_w(self) -> Values:
        """The idle power of each candidate's board."""
        return Values(*self._idle_power_w[:, self.board_index])

    def idle_figure_w(self) -> Floats:
        """The idle power of each candidate's board, without its interval."""
        idle_w: Floats = self._idle_power_w[0]
        return idle_w[self.board_index]

    @property
    def _idle_power_w(self) -> NDArray[np.float64]:
        if "idle" not in self._tables:
            self._tables["idle"] = _table([each.idle_power_w for each in self.boards])
        return self._tables["idle"]

    @cached_property
    def unlike_scopes(self) -> tuple[str, ...]:
        """Which figures, "power" or "memory", cover unlike things on the boards that know them."""
        unlike = []
        for name, key in SCOPED.items() if len(self.boards) > 1 else ():
            known = ~np.isnan(getattr(self.measurements, key).values.value)
            boards = [self.boards[place] for place in np.unique(self.row_board[known]).tolist()]
            if len({getattr(board, f"{name}_scope") for board in boards}) > 1:
                unlike.append(name)
        return tuple(unlike)

    def candidate(self, position: int, constraints: Sequence[Constraint]) -> Candidate:
        """One candidate as a record, with its head-room to each of `constraints`."""
        return self.records(np.array([position]), constraints)[0]

    def records(self, positions: Integers, constraints: Sequence[Constraint]) -> list[Candidate]:
        """The candidates at these positions as records, with their head-room to the `constraints`."""
        from advisor.solve.candidates.candidate_records import (
            records,  # which reads candidates itself
        )

        return records(self.take(positions), constraints, self.unlike_scopes)


def cost_of(architecture: Architecture, kind: str, key: str) -> Estimate | None:
    """A figure of the network, of the kind of cost that a board's rows go with."""
    cost = architecture.cost(kind)
    figure: Estimate | None = getattr(cost, key) if cost else None
    return figure


def _table(estimates: Sequence[Estimate | None]) -> NDArray[np.float64]:
    """Values, lows and highs, and at the end, for index -1, unknown; shape (3, estimates + 1)."""
    unknown = (np.nan, np.nan, np.nan)
    rows = [
        unknown if each is None else (each.value, each.low, each.high)
        for each in (*estimates, None)
    ]
    table: Floats = np.array(rows, dtype=np.float64).T  # no interval, which is `None`, is NaN
    return table
