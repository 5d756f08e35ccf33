"""What an import of foreign tables did, in lines for a terminal."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from advisor.catalog.import_accuracies import Accuracies
from advisor.catalog.import_timm import Benchmark
from advisor.report.figures import counted


def dropped_lines(dropped: Mapping[str, int]) -> Iterator[str]:
    """How many rows of a table were left out, and why."""
    for why, count in dropped.items():
        yield f"left out: {counted(count, 'row')} {why}"


def accuracies_lines(read: Accuracies, place: Path) -> Iterator[str]:
    """What a table of accuracies told, and where it went."""
    yield (
        f"{counted(len(read.rows), 'set')} of weights of {counted(read.networks, 'network')} "
        f"(name and size) in {place}"
    )
    yield from dropped_lines(read.dropped)


def benchmark_lines(
    read: Benchmark, place: Path, kept: int, with_accuracy: Collection[str]
) -> Iterator[str]:
    """What a table of timm's told, and where it went.

    Args:
        read: the table.
        place: the board's folder.
        kept: of how many networks the cost of an earlier import stays, though another.
        with_accuracy: the networks of which an accuracy is known.
    """
    networks, variant = read.networks, read.variant
    yield (
        f"{counted(len(read.times_ms), 'row')} of {counted(len(networks), 'network')} in {place}: "
        f"{variant.runtime}, {variant.precision}"
    )
    yield from dropped_lines(read.dropped)
    if variant.precision == "unknown":
        yield "the file's name does not tell the precision: --precision states it"
    if read.by_rate:
        rows = counted(read.by_rate, "row")
        yield f"{rows}: no step time that agrees with the rate, so the rate tells the time"
    if read.unlike:
        yield f"{counted(read.unlike, 'network')} with several costs in this file: the first counts"
    if kept:
        yield f"{counted(kept, 'network')} with another cost in an earlier import: that one stays"
    if bare := sum(1 for each in networks.values() if not each.tells_cost):
        yield f"{counted(bare, 'network')} without parameters or multiply-adds in this file"
    known = sum(1 for name in networks if name in with_accuracy)
    hint = "" if known else " (--accuracy results-imagenet.csv brings it)"
    yield f"accuracy known of {known} of {counted(len(networks), 'network')}{hint}"
