"""What a runtime or a precision gains: each row of a board beside the one of eager PyTorch at fp32."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from advisor.catalog.records import Estimate
from advisor.solve.compare import Compared, Key, compared

BASE = ("eager", "fp32")
"""The runtime and precision that all others are held against."""

WAYS = ("runtime", "precision")


@dataclass(frozen=True)
class Gains:
    """What one runtime at one precision gains.

    Attributes:
        runtime, precision: what is held against eager fp32.
        rows: each network and batch size that both have; `first_ms` is eager's latency.
    """

    runtime: str
    precision: str
    rows: Sequence[Compared]

    @property
    def factor(self) -> float:
        """How many times as fast it is, as the geometric mean over the rows."""
        return math.exp(-sum(math.log(row.ratio) for row in self.rows) / len(self.rows))

    @property
    def faster(self) -> Sequence[Compared]:
        """The rows in which it is significantly faster."""
        return [row for row in self.rows if row.significant and row.ratio < 1]

    @property
    def slower(self) -> Sequence[Compared]:
        """The rows in which it is significantly slower."""
        return [row for row in self.rows if row.significant and row.ratio > 1]


def gains(latencies: Mapping[Key, Estimate]) -> list[Gains]:
    """Every runtime and precision of a board against eager fp32, by name.

    Args:
        latencies: what the board ran; see `advisor.solve.compare.latencies`.
    """
    found: dict[tuple[str, str], list[Compared]] = {}
    for key in sorted(latencies, key=lambda key: (key[1], key[2], key[0], key[3])):
        architecture, runtime, precision, batch = key
        base = latencies.get((architecture, *BASE, batch))
        if base is not None and (runtime, precision) != BASE:
            rows = found.setdefault((runtime, precision), [])
            rows.append(compared(key, base, latencies[key]))
    return [Gains(*variant, rows) for variant, rows in found.items()]


def gains_by(way: str, every: Iterable[Gains]) -> list[Gains]:
    """Those that tell of the runtimes at fp32, or of the other precisions of whatever runtime.

    Args:
        way: one of `WAYS`.
        every: what `gains` found.
    """
    at_fp32 = way == "runtime"
    return [each for each in every if (each.precision == BASE[1]) == at_fp32]
