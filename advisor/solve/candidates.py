"""What could be deployed on a board, as columns; metrics are derived when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.measurements_table import estimate_at
from advisor.catalog.records import (
    ORIGINS,
    Architecture,
    Board,
    Estimate,
    Measurements,
    Metered,
    Values,
    Weights,
)
from advisor.solve.candidate import Candidate, Headroom
from advisor.solve.limits import Constraint
from advisor.solve.metrics import (
    METRICS,
    average_power_w,
    battery_hours,
    board_energy_j,
    energy_j,
    response_ms,
    throughput_fps,
    time_per_image_ms,
)

if TYPE_CHECKING:
    from advisor.catalog.records import Integers


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

    @cached_property
    def batch(self) -> Integers:
        """For each candidate, its batch size."""
        return self.measurements.batch[self.rows]

    @cached_property
    def _columns(self) -> dict[str, Values]:
        return {}

    def values(self, key: str) -> Values:
        """A metric of all candidates, with its interval; NaN where unknown. Computed once.

        Args:
            key: one of `METRICS`, or of the tails in `advisor.solve.metrics.TAILS`.
        """
        if key not in self._columns:
            self._columns[key] = DERIVATIONS[key].column(self)
        return self._columns[key]

    def measured(self, key: str) -> Values:
        """A column of the measurements."""
        metered: Metered = getattr(self.measurements, key)
        return Values(*(column[self.rows] for column in metered.values))

    def tail(self, key: str) -> Values:
        """A column of the latency's tail, whose own error is unknown."""
        column = getattr(self.measurements, key)[self.rows]
        unknown = np.full(len(self), np.nan)
        return Values(column, unknown, unknown)

    def response(self, latency_ms: Values) -> Values:
        """The response that follows from a latency, at the required frame rate."""
        return response_ms(latency_ms, self.batch, self.fps, self.overhead_ms)

    def accuracy(self) -> Values:
        """Top-1 accuracy of each candidate's weights."""
        return _looked_up([each.top1_percent for each in self.weights], self.weights_index)

    def complexity(self, key: str) -> Values:
        """A figure of each candidate's architecture."""
        figures = [
            _figure(each, board, key) for board in self.boards for each in self.architectures
        ]
        return _looked_up(figures, self.network_index)

    def idle_power_w(self) -> Values:
        """The idle power of each candidate's board."""
        return _looked_up([each.idle_power_w for each in self.boards], self.board_index)

    @cached_property
    def unlike_scopes(self) -> tuple[str, ...]:
        """Which figures, "power" or "memory", cover unlike things on the boards that know them."""
        unlike = []
        for name, key in SCOPED.items():
            known = ~np.isnan(getattr(self.measurements, key).values.value)
            boards = [self.boards[place] for place in np.unique(self.row_board[known]).tolist()]
            if len({getattr(board, f"{name}_scope") for board in boards}) > 1:
                unlike.append(name)
        return tuple(unlike)

    def candidate(self, position: int, constraints: tuple[Constraint, ...]) -> Candidate:
        """One candidate as a record, with its head-room to each of `constraints`."""
        from advisor.solve.confidence import chance  # which reads candidates itself

        one = self.take(np.array([position]))
        row, index = int(one.rows[0]), int(one.weights_index[0])
        weights = self.weights[index] if index >= 0 else None
        table = self.measurements
        return Candidate(
            architecture=table.architecture.names[table.architecture.index[row]],
            weights=weights.name if weights else None,
            board=self.boards[int(one.board_index[0])].name,
            runtime=table.runtime.names[table.runtime.index[row]],
            precision=table.precision.names[table.precision.index[row]],
            batch=int(table.batch[row]),
            **{key: one._estimate(key, row) for key in METRICS},
            headroom=tuple(_headroom(one, constraint) for constraint in constraints),
            chance=float(chance(one, constraints)[0]),
            unlike_scopes=tuple(name for name in self.unlike_scopes if one.knows(SCOPED[name])),
        )

    def knows(self, key: str) -> bool:
        """Whether the only candidate has a figure in a column of the measurements."""
        return not np.isnan(self.measured(key).value[0])

    def _estimate(self, key: str, row: int) -> Estimate | None:
        """The metric of the only candidate, with where it comes from."""
        value, low, high = (float(column[0]) for column in self.values(key))
        if np.isnan(value):
            return None
        names = [
            name
            for name in DERIVATIONS[key].parts
            if name != "latency_ms" or key not in RESTING or self.fps is not None
        ]
        parts = [self._part(name, row) for name in names]
        origin, source = _provenance([part for part in parts if part is not None])
        known = not (np.isnan(low) or np.isnan(high))
        return Estimate(value, low if known else None, high if known else None, origin, source)

    def _part(self, key: str, row: int) -> Estimate | None:
        """What stands in the catalog, from which the only candidate's metrics are derived."""
        if key == "idle_power_w":
            return self.boards[int(self.board_index[0])].idle_power_w
        if key == "top1_percent":
            return self.weights[int(self.weights_index[0])].top1_percent
        if key in ("params", "operations"):
            board = self.boards[int(self.board_index[0])]
            return _figure(self.architectures[int(self.architecture_index[0])], board, key)
        return estimate_at(getattr(self.measurements, key), row)


def _figure(architecture: Architecture, board: Board, key: str) -> Estimate | None:
    """A figure of the network that was really run on the board."""
    cost = architecture.cost(board.cost)
    figure: Estimate | None = getattr(cost, key) if cost else None
    return figure


def _looked_up(estimates: list[Estimate | None] | list[Estimate], index: Integers) -> Values:
    """A column from a short list of estimates; index -1 is unknown."""
    table = np.full((3, len(estimates) + 1), np.nan)
    for place, estimate in enumerate(estimates):
        if estimate is not None:
            bounds = estimate.value, estimate.low, estimate.high
            table[:, place] = [np.nan if bound is None else bound for bound in bounds]
    return Values(*table[:, index])


def _provenance(parts: list[Estimate]) -> tuple[str, str]:
    """The least trusted origin of the parts, and all their sources."""
    origin = max((part.origin for part in parts), key=ORIGINS.index)
    return origin, ", ".join(dict.fromkeys(part.source for part in parts))


def _headroom(one: Candidates, constraint: Constraint) -> Headroom:
    from advisor.solve.confidence import chance_alone  # which reads candidates itself

    value, low, high = (float(column[0]) for column in one.values(constraint.metric))
    if np.isnan(value):
        return Headroom(constraint, None, None, within_error=False, chance=0.0)
    ratio = value / constraint.limit
    margin = ratio - 1 if constraint.sense == "min" else 1 - ratio
    chance = float(chance_alone(one, constraint)[0])
    return Headroom(constraint, value, margin, low < constraint.limit < high, chance)


@dataclass(frozen=True)
class Derivation:
    """How a metric is computed.

    Attributes:
        column: its values for all candidates.
        parts: what it is computed from, for its origin and sources.
    """

    column: Callable[[Candidates], Values]
    parts: tuple[str, ...]


def _time_per_image(these: Candidates) -> Values:
    return time_per_image_ms(these.measured("latency_ms"), these.batch)


def _throughput(these: Candidates) -> Values:
    return throughput_fps(these.measured("latency_ms"), these.batch)


def _energy(these: Candidates) -> Values:
    return energy_j(these.measured("latency_ms"), these.batch, these.measured("net_power_w"))


def _average_power(these: Candidates) -> Values:
    return average_power_w(
        these.values("energy_j"),
        these.measured("net_power_w"),
        these.idle_power_w(),
        these.fps,
    )


def _board_energy(these: Candidates) -> Values:
    return board_energy_j(these.values("average_power_w"), these.fps)


def _battery_hours(these: Candidates) -> Values:
    return battery_hours(these.values("average_power_w"), these.battery_j)


SCOPED = {"power": "net_power_w", "memory": "memory_mb"}
"""Figures that do not cover the same on every board, and their columns."""

RESTING = ("average_power_w", "battery_hours")
"""Figures in which the latency only matters where a required frame rate lets the board rest."""

_DUTY = ("latency_ms", "net_power_w", "idle_power_w")


DERIVATIONS: Mapping[str, Derivation] = {
    "accuracy_top1_percent": Derivation(Candidates.accuracy, ("top1_percent",)),
    "latency_ms": Derivation(lambda these: these.measured("latency_ms"), ("latency_ms",)),
    "time_per_image_ms": Derivation(_time_per_image, ("latency_ms",)),
    "response_ms": Derivation(
        lambda these: these.response(these.measured("latency_ms")), ("latency_ms",)
    ),
    "response_p90_ms": Derivation(
        lambda these: these.response(these.tail("latency_p90_ms")), ("latency_ms",)
    ),
    "response_p99_ms": Derivation(
        lambda these: these.response(these.tail("latency_p99_ms")), ("latency_ms",)
    ),
    "fps": Derivation(_throughput, ("latency_ms",)),
    "energy_j": Derivation(_energy, ("latency_ms", "net_power_w")),
    "net_power_w": Derivation(lambda these: these.measured("net_power_w"), ("net_power_w",)),
    "average_power_w": Derivation(_average_power, _DUTY),
    "board_energy_j": Derivation(_board_energy, _DUTY),
    "battery_hours": Derivation(_battery_hours, _DUTY),
    "memory_mb": Derivation(lambda these: these.measured("memory_mb"), ("memory_mb",)),
    "params": Derivation(lambda these: these.complexity("params"), ("params",)),
    "operations": Derivation(lambda these: these.complexity("operations"), ("operations",)),
}
"""Every metric by its key, the tails of the response included."""
