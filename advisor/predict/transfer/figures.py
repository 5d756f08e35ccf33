"""One metric of a board's networks, ready to be held against another board's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from advisor.catalog.records import Board, Measurements
from advisor.predict.board_fit import fitted_values, rows_of, variants

SCOPES = {"net_power_w": "power_scope", "memory_mb": "memory_scope"}
"""What two boards must agree in for a metric of one to tell of the other."""


@dataclass(frozen=True)
class Figures:
    """One metric of a board, of one (runtime, precision).

    Attributes:
        board: the board's name.
        by_network: for each network and batch size the logarithm of the figure: of the time per image,
            of the power, of the memory.
    """

    board: str
    by_network: Mapping[str, Mapping[int, float]]

    @property
    def has_ladder(self) -> bool:
        """Whether networks ran at several batch sizes each, rather than each at one of its own."""
        return any(len(batches) > 1 for batches in self.by_network.values())

    @property
    def batches(self) -> list[int]:
        """All batch sizes, in rising order."""
        return sorted({batch for batches in self.by_network.values() for batch in batches})

    @property
    def usual_batch(self) -> int:
        """The batch size that most networks ran at, the smaller of two."""
        counts = Counter(batch for batches in self.by_network.values() for batch in batches)
        return min(counts, key=lambda batch: (-counts[batch], batch))

    def nearest_batch(self, network: str, batch: int) -> int:
        """Of the batch sizes of a network that is known here, the nearest to one, the smaller of two."""
        return min(self.by_network[network], key=lambda each: (abs(np.log(each / batch)), each))

    def near(self, network: str, batch: int) -> float:
        """The figure of a network that is known here at the batch size nearest to one."""
        return self.by_network[network][self.nearest_batch(network, batch)]


def figures_of(board: Board, table: Measurements, metric: str, variant: tuple[str, str]) -> Figures:
    """What was found of a metric on a board, by one runtime in one precision."""
    rows = rows_of(table, variant)
    values = fitted_values(getattr(table, metric))[rows]
    batches = table.batch[rows]
    per_image = values / batches if metric == "latency_ms" else values
    by_network: dict[str, dict[int, float]] = {}
    for row, batch, value in zip(rows.tolist(), batches.tolist(), per_image.tolist(), strict=True):
        if value > 0:
            name = table.architecture.names[table.architecture.index[row]]
            by_network.setdefault(name, {})[batch] = float(np.log(value))
    return Figures(board.name, by_network)


def like_variant(table: Measurements, variant: tuple[str, str]) -> tuple[str, str]:
    """The (runtime, precision) of a board that is most like another: the same, else its fullest."""
    mine = variants(table)
    return variant if variant in mine else max(mine, key=lambda each: len(rows_of(table, each)))


def in_scope(board: Board, reference: Board, metric: str) -> bool:
    """Whether a metric covers the same on two boards."""
    scope = SCOPES.get(metric)
    return scope is None or (getattr(board, scope) == getattr(reference, scope) != "")
