"""Two sets of measurements side by side: the ratio of their latencies, and whether it means anything."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from advisor.catalog.measurements_table import estimate_at
from advisor.catalog.records import Estimate, Measurements

Key = tuple[str, str, str, int]
"""Architecture, runtime, precision, batch."""


@dataclass(frozen=True)
class Compared:
    """One row that both sets have.

    Attributes:
        architecture, runtime, precision, batch: what was run.
        first_ms: its latency in the first set.
        second_ms: its latency in the second.
        ratio: second / first.
        low: lower end of the ratio's 90 % interval; `None` where an interval is unknown.
        high: its upper end.
    """

    architecture: str
    runtime: str
    precision: str
    batch: int
    first_ms: float
    second_ms: float
    ratio: float
    low: float | None
    high: float | None

    @property
    def significant(self) -> bool:
        """Whether the interval leaves 1 out."""
        return self.low is not None and self.high is not None and not self.low <= 1 <= self.high


def latencies(rows: Measurements) -> dict[Key, Estimate]:
    """The latencies of a board by what was run."""
    known: dict[Key, Estimate] = {}
    for row in range(len(rows)):
        estimate = estimate_at(rows.latency_ms, row)
        if estimate is not None:
            key = (
                rows.architecture.names[rows.architecture.index[row]],
                rows.runtime.names[rows.runtime.index[row]],
                rows.precision.names[rows.precision.index[row]],
                int(rows.batch[row]),
            )
            known[key] = estimate
    return known


def compare(
    first: Mapping[Key, Estimate], second: Mapping[Key, Estimate], *, any_runtime: bool = False
) -> list[Compared]:
    """The rows that both sets have, by name and batch.

    Args:
        first: latencies of the first set.
        second: latencies of the second.
        any_runtime: whether rows of unlike runtime or precision may stand side by side, where each
            set has only one of the architecture and batch.
    """
    if any_runtime:
        first, second = _only_ones(first), _only_ones(second)
    shared = sorted(set(first) & set(second), key=lambda key: (key[0], key[3], key[1], key[2]))
    return [compared(key, first[key], second[key]) for key in shared]


def _only_ones(estimates: Mapping[Key, Estimate]) -> dict[Key, Estimate]:
    by_pair: dict[tuple[str, int], list[Estimate]] = {}
    for (architecture, _, _, batch), estimate in estimates.items():
        by_pair.setdefault((architecture, batch), []).append(estimate)
    return {
        (architecture, "any", "any", batch): found[0]
        for (architecture, batch), found in by_pair.items()
        if len(found) == 1
    }


def compared(key: Key, first: Estimate, second: Estimate) -> Compared:
    """One row's latencies side by side; `key` is what the second ran."""
    ratio = second.value / first.value
    low = high = None
    if first.low and first.high and second.low and second.high:
        below = math.hypot(math.log(second.value / second.low), math.log(first.high / first.value))
        above = math.hypot(math.log(second.high / second.value), math.log(first.value / first.low))
        if first.origin == second.origin == "measured":
            # Each measured interval is for what another run finds, and so holds both runs' errors.
            below, above = below / math.sqrt(2), above / math.sqrt(2)
        low, high = ratio * math.exp(-below), ratio * math.exp(above)
    return Compared(*key, first.value, second.value, ratio, low, high)
