"""Latencies side by side: of two sets of measurements, or of a board's runtimes and precisions."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from advisor.catalog.records import BetweenRuns, Estimate, Measurements
from advisor.catalog.run_as import Variant
from advisor.documents import computed

Key = tuple[str, Variant, int]
"""Architecture, how it is run, batch."""

BASE = Variant("eager", "fp32")
"""The runtime and precision that all others are held against, on the same processor and threads."""


@dataclass(frozen=True)
class LatencyRatio:
    """One row that both sets have.

    Attributes:
        architecture: the network.
        variant: how it was run, in the second set.
        batch: images per forward pass.
        first_ms: its latency in the first set.
        second_ms: its latency in the second.
        ratio: second / first.
        low: lower end of the ratio's 90 % interval; `None` where an interval is unknown.
        high: its upper end.
    """

    architecture: str
    variant: Variant
    batch: int
    first_ms: float
    second_ms: float
    ratio: float
    low: float | None
    high: float | None

    @computed
    def significant(self) -> bool:
        """Whether the interval leaves 1 out."""
        return self.low is not None and self.high is not None and not self.low <= 1 <= self.high

    @property
    def faster(self) -> bool:
        """Whether the second is significantly faster."""
        return self.significant and self.ratio < 1

    @property
    def slower(self) -> bool:
        """Whether the second is significantly slower."""
        return self.significant and self.ratio > 1


def mean_ratio(rows: Sequence[LatencyRatio]) -> float:
    """The geometric mean of the ratios of at least one row."""
    return math.exp(sum(math.log(row.ratio) for row in rows) / len(rows))


def latencies(rows: Measurements) -> dict[Key, Estimate]:
    """The latencies of a board by what was run."""
    known: dict[Key, Estimate] = {}
    for row in range(len(rows)):
        estimate = rows.latency_ms.estimate(row)
        if estimate is not None:
            known[rows.architecture.at(row), rows.variant(row), int(rows.batch[row])] = estimate
    return known


def latency_ratios(
    first: Mapping[Key, Estimate], second: Mapping[Key, Estimate], *, any_variant: bool = False
) -> list[LatencyRatio]:
    """The rows that both sets have, by name and batch.

    What one set does not name, a processor or a number of threads, may be that of the other.

    Args:
        first: latencies of the first set.
        second: latencies of the second.
        any_variant: whether rows of unlike variants may stand side by side, where each
            set has only one of the architecture and batch.
    """
    if any_variant:
        first, second = _of_any_variant(first), _of_any_variant(second)
    pairs = {key: key for key in first if key in second}
    of_second = _only_ones(second, lambda variant: variant[:2])
    for short, key in _only_ones(first, lambda variant: variant[:2]).items():
        other = of_second.get(short)
        if other is not None and key not in pairs and _may_be_alike(key[1], other[1]):
            pairs[key] = other
    shared = sorted(pairs.items(), key=lambda pair: (pair[1][0], pair[1][2], pair[1][1]))
    return [_ratio(theirs, first[key], second[theirs]) for key, theirs in shared]


def _may_be_alike(one: Variant, other: Variant) -> bool:
    """Whether two variants of one runtime and precision differ in nothing that both name."""
    return all(not a or not b or a == b for a, b in zip(one[2:], other[2:], strict=True))


def _of_any_variant(estimates: Mapping[Key, Estimate]) -> dict[Key, Estimate]:
    return {
        (key[0], Variant("any", "any"), key[2]): estimates[key]
        for key in _only_ones(estimates, lambda _: ()).values()
    }


def _only_ones(
    keys: Iterable[Key], part: Callable[[Variant], tuple[str, ...]]
) -> dict[tuple[str, tuple[str, ...], int], Key]:
    """The keys that are alone in having their architecture, batch and part of their variant, by these."""
    found: dict[tuple[str, tuple[str, ...], int], list[Key]] = {}
    for key in keys:
        found.setdefault((key[0], part(key[1]), key[2]), []).append(key)
    return {short: each[0] for short, each in found.items() if len(each) == 1}


def _ratio(
    key: Key, first: Estimate, second: Estimate, between_runs: BetweenRuns | None = None
) -> LatencyRatio:
    """One row's latencies side by side; `key` is what the second ran.

    Of one board's rows, its level from run to run cancels out.
    """
    first, second = (_beside_level(each, between_runs) for each in (first, second))
    ratio = second.value / first.value
    low = high = None
    if first.low and first.high and second.low and second.high:
        below = math.hypot(math.log(second.value / second.low), math.log(first.high / first.value))
        above = math.hypot(math.log(second.high / second.value), math.log(first.value / first.low))
        if first.origin == second.origin == "measured":
            # Each measured interval is for what another run finds, and so holds both runs' errors.
            below, above = below / math.sqrt(2), above / math.sqrt(2)
        low, high = ratio * math.exp(-below), ratio * math.exp(above)
    return LatencyRatio(*key, first.value, second.value, ratio, low, high)


def _beside_level(estimate: Estimate, between_runs: BetweenRuns | None) -> Estimate:
    """A measured latency without the error that it shares with all others of its board."""
    if between_runs is None or estimate.low is None or estimate.high is None:
        return estimate
    if estimate.origin != "measured":
        return estimate
    level = math.log1p(between_runs.within)
    below, above = (
        math.sqrt(max(0.0, math.log(ratio) ** 2 - level**2))
        for ratio in (estimate.value / estimate.low, estimate.high / estimate.value)
    )
    low, high = estimate.value * math.exp(-below), estimate.value * math.exp(above)
    return replace(estimate, low=low, high=high)


@dataclass(frozen=True)
class Speedup:
    """How many times as fast as eager PyTorch at fp32 one runtime at one precision is.

    Attributes:
        variant: what is held against eager fp32.
        rows: each network and batch size that both have; `first_ms` is eager's latency.
    """

    UNDOCUMENTED: ClassVar = ("rows",)

    variant: Variant
    rows: tuple[LatencyRatio, ...]

    @computed
    def factor(self) -> float:
        """The geometric mean over the rows."""
        return 1 / mean_ratio(self.rows)


def speedups(
    known: Mapping[Key, Estimate], between_runs: BetweenRuns | None = None
) -> list[Speedup]:
    """Every other variant of a board against eager fp32, by name.

    Args:
        known: what the board ran; see `latencies`.
        between_runs: how much its speed as a whole changes from run to run, of which ratios are free.
    """
    found: dict[Variant, list[LatencyRatio]] = {}
    for key in sorted(known, key=lambda key: (key[1], key[0], key[2])):
        architecture, variant, batch = key
        like = variant._replace(runtime=BASE.runtime, precision=BASE.precision)
        base = known.get((architecture, like, batch))
        if base is not None and variant != like:
            found.setdefault(variant, []).append(_ratio(key, base, known[key], between_runs))
    return [Speedup(variant, tuple(rows)) for variant, rows in found.items()]
