"""Figures that contradict others: frame rates the latencies beside them, memory the weights in it."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.catalog.measurements_table import Row
from advisor.catalog.precision import weights_mb

SLOWER = 10.0
"""By how many times a frame rate below batch / latency is suspicious: a board does not wait so long."""
FASTER = 50.0
"""By how many times one above it is: so many batches are under way at once in no pipeline."""
MOST_SAID = 5
SUSPICIOUS = "suspicious"
"""What the verdict on such a row begins with."""


def little_memory(memory_mb: float | None, params: float | None, precision: str) -> str:
    """A verdict on a peak memory that is less than what the weights alone take; "" where it is none.

    Args:
        memory_mb: the memory in MB; `None` where unknown.
        params: the network's parameters, likewise.
        precision: its number format.
    """
    least = weights_mb(params, precision) if params else 0.0
    if memory_mb is None or memory_mb >= least:
        return ""
    return f"{SUSPICIOUS}: less memory than the weights take, {least:.3g} MB"


def with_suspicions(rows: Sequence[Row], lines: Sequence[int], notes: list[str]) -> list[Row]:
    """The rows, with a verdict on those whose frame rate and latency contradict each other.

    Args:
        rows: rows of a board.
        lines: where each stands in the table.
        notes: what a reader must know of the rows, in words; added to.
    """
    found, said = [*rows], []
    for place, row in enumerate(rows):
        latency, fps, batch = (
            float(row.get(name) or 0) for name in ("latency_ms", "throughput_fps", "batch")
        )
        if not latency or not fps or 1 / SLOWER <= fps * latency / (1000 * batch) <= FASTER:
            continue
        what = f"{fps:g} fps beside {latency:g} ms at batch {batch:g}"
        found[place] = {**row, "verdict": f"{SUSPICIOUS}: {what}"}
        said.append(f"line {lines[place]}: {what}")
    if said:
        more = [f"{len(said) - MOST_SAID} more"] if len(said) > MOST_SAID else []
        listed = "; ".join([*said[:MOST_SAID], *more])
        notes.append(f"suspicious, since rate and latency contradict each other: {listed}")
    return found
