"""A board's rows as the paper's findings are told from: one figure a network and batch size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.records import Board
from advisor.catalog.store import Catalog
from advisor.prediction.rows import ends_early, fitted_values, fullest_variant

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Floats, Integers

Pair = tuple[str, int]


@dataclass(frozen=True)
class MeasuredRows:
    """The measured rows of one (runtime, precision) of a board; what is unknown is NaN.

    Attributes:
        board: the board.
        variant: runtime and precision.
        names: the network of each row; shape (rows,), like all that follow.
        batch: images per forward pass.
        time_ms: time per image.
        power_w: net power.
        memory_mb: peak memory.
        top1: accuracy of the weights that networks have on the board, in percent.
        params, operations: as the board's rows go with.
        ends_early: whether some batch size of a network is known not to fit in memory.
    """

    board: Board
    variant: tuple[str, str]
    names: NDArray[np.str_]
    batch: Integers
    time_ms: Floats
    power_w: Floats
    memory_mb: Floats
    top1: Floats
    params: Floats
    operations: Floats
    ends_early: bool

    @classmethod
    def of(cls, catalog: Catalog, board_name: str) -> MeasuredRows:
        """The rows of that (runtime, precision) of a board which has most of them.

        Raises:
            AdvisorError: there is no such board, or a file is broken.
        """
        board = catalog.board(board_name)
        table = catalog.measurements(board)
        variant, rows = fullest_variant(table)
        latency = fitted_values(table.latency_ms)
        names = np.array(table.architecture.names, dtype=np.str_)[table.architecture.index[rows]]
        costs = {name: catalog.architectures[name].cost(board.cost) for name in names.tolist()}
        weights = catalog.weights_on(board)
        top1 = {name: each.top1_percent.value for name, each in weights.items()}

        def looked_up(values: Mapping[str, float]) -> Floats:
            return np.array([values.get(name, np.nan) for name in names.tolist()], dtype=np.float64)

        return cls(
            board=board,
            variant=variant,
            names=names,
            batch=table.batch[rows],
            time_ms=latency[rows] / table.batch[rows],
            power_w=fitted_values(table.net_power_w)[rows],
            memory_mb=fitted_values(table.memory_mb)[rows],
            top1=looked_up(top1),
            params=looked_up({name: cost.params.value for name, cost in costs.items() if cost}),
            operations=looked_up(
                {name: cost.operations.value for name, cost in costs.items() if cost}
            ),
            ends_early=ends_early(table, variant),
        )

    @property
    def rate_fps(self) -> Floats:
        """Images per second."""
        return 1000 / self.time_ms

    @property
    def energy_j(self) -> Floats:
        """Net energy per image."""
        return self.power_w * self.time_ms / 1000

    @property
    def shared_batch(self) -> int:
        """The largest batch size that every network of the board ran; 0 if there is none."""
        batch = self.commonest_batch
        everyone = len(set(self.names.tolist()))
        return batch if self._networks_by_batch.get(batch) == everyone else 0

    @property
    def commonest_batch(self) -> int:
        """The batch size that most networks of the board ran, the largest of several; 0 without rows."""
        networks = self._networks_by_batch
        return max(networks, key=lambda size: (networks[size], size), default=0)

    @property
    def _networks_by_batch(self) -> Mapping[int, int]:
        """How many networks ran each batch size."""
        return {
            size: len(set(self.names[self.batch == size].tolist()))
            for size in np.unique(self.batch).tolist()
        }

    def at(self, batch: int) -> MeasuredRows:
        """The rows of one batch size."""
        return self.where(self.batch == batch)

    def where(self, rows: NDArray[np.bool_]) -> MeasuredRows:
        """Some of the rows."""
        columns = (
            "names",
            "batch",
            "time_ms",
            "power_w",
            "memory_mb",
            "top1",
            "params",
            "operations",
        )
        return MeasuredRows(
            self.board,
            self.variant,
            **{name: getattr(self, name)[rows] for name in columns},
            ends_early=self.ends_early,
        )

    def value(self, column: str, pair: Pair) -> float:
        """One figure; NaN where it is not known."""
        rows = (self.names == pair[0]) & (self.batch == pair[1])
        found: Floats = getattr(self, column)[rows]
        return float(found[0]) if len(found) else float("nan")

    def __len__(self) -> int:
        return len(self.names)
