"""All that is known of a network, as one JSON document: its rows one by one."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from advisor.catalog.listing import KnownNetwork
from advisor.catalog.records import Board, Estimate, Labels, Measurements, Metered
from advisor.catalog.run_as import Variant
from advisor.catalog.store import Surveyed
from advisor.documents import document, document_text, schema_text

if TYPE_CHECKING:
    from advisor.catalog.records import Floats, Integers

SHOW = "advisor.show/1"
"""Name and version of the document's shape."""


@dataclass(frozen=True)
class KnownRow:
    """A row of a board's; what is unknown is null.

    Attributes:
        architecture: what the board calls the network.
        variant: how it was run.
        precision_word: the source's own word for the number format; null where it is the same.
        batch: images per forward pass.
        status: how the attempt to run it ended; "ok" where it ran.
        latency_ms: of a whole batch.
        latency_statistic: which of the timed runs' latencies that is: median, mean, minimum or unknown.
        latency_min_ms, latency_max_ms: the shortest and the longest of them.
        latency_p90_ms, latency_p99_ms: upper bounds of the tail.
        throughput_fps: images per second, where the source reports them apart from the latency.
        net_power_w: watts above idle while running.
        gross_power_w: watts while running, idle power included.
        memory_mb: peak memory to serve that batch.
        verdict: whether the measuring was quiet, and whether the figure can be relied on.
    """

    architecture: str
    variant: Variant
    precision_word: str | None
    batch: int
    status: str
    latency_ms: Estimate | None
    latency_statistic: str
    latency_min_ms: float | None
    latency_max_ms: float | None
    latency_p90_ms: float | None
    latency_p99_ms: float | None
    throughput_fps: Estimate | None
    net_power_w: Estimate | None
    gross_power_w: Estimate | None
    memory_mb: Estimate | None
    verdict: str | None

    @classmethod
    def of(cls, table: Measurements, row: int) -> KnownRow:
        """One row of a table."""
        columns = {
            each.name: getattr(table, each.name) for each in fields(cls) if each.name != "variant"
        }
        found = {name: _cell(column, row) for name, column in columns.items()}
        return cls(variant=table.variant(row), **found)


def _cell(column: Labels | Metered | Floats | Integers, row: int) -> Any:
    """What stands in a row of a column; `None` where that is nothing."""
    if isinstance(column, Metered):
        return column.estimate(row)
    if isinstance(column, Labels):
        return column.at(row) or None
    value = column[row].item()
    return None if math.isnan(value) else value


@dataclass(frozen=True)
class BoardRows:
    """A board with its rows of one network.

    Attributes:
        board: what it is.
        rows: by variant and batch size.
    """

    board: Board
    rows: tuple[KnownRow, ...]

    @classmethod
    def of(cls, surveyed: Surveyed) -> BoardRows:
        """The same of a board's columns."""
        table = surveyed.measurements
        return cls(surveyed.board, tuple(KnownRow.of(table, row) for row in range(len(table))))


def show_json(known: KnownNetwork) -> str:
    """All that is known of a network as one JSON document."""
    boards = document([BoardRows.of(each) for each in known.boards])
    return document_text({"schema": SHOW, **document(known), "boards": boards})


def show_schema() -> str:
    """The JSON Schema of that document."""
    return schema_text(SHOW, KnownNetwork, boards=tuple[BoardRows, ...])
