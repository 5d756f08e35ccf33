"""The boards on a terminal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from advisor.catalog.layers import SHIPPED
from advisor.catalog.records import Board
from advisor.catalog.store import Surveyed
from advisor.report.figures import BEST_WEIGHTS, plain_table


def boards_text(boards: Sequence[Surveyed]) -> RenderableType:
    """A table of the boards, then what each of them covers."""
    table = plain_table("board", "what it is", "networks", "batches", "idle W", "from", left=2)
    table.columns[5].justify = "left"
    notes = []
    for each in boards:
        board, rows = each.board, each.measurements
        idle = board.idle_power_w
        table.add_row(
            board.name,
            board.title,
            str(len(np.unique(rows.architecture.index))),
            _span(sorted(set(rows.batch.tolist()))),
            f"{idle.value:.2f}" if idle else "?",
            "shipped" if board.layer == SHIPPED else "own",
        )
        notes.append(Text(_covers(board)))
    return Group(table, "", *notes)


def _span(batches: Sequence[int]) -> str:
    return (
        "none" if not batches else f"{batches[0]}-{batches[-1]}" if batches[1:] else str(batches[0])
    )


def _covers(board: Board) -> str:
    power, memory = board.power_scope or "unknown", board.memory_scope or "unknown"
    weights = f"weights {board.weights}" if board.weights else BEST_WEIGHTS
    origin = "" if board.layer == SHIPPED else f", from {board.layer}"
    return f"{board.name}{origin}: power covers {power}; memory is {memory}; {weights}."
