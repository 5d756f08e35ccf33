"""Power that contradicts a board's idle power, of which nothing follows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.records import Board, Measurements, Values
from advisor.catalog.stack import Stack

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Booleans = NDArray[np.bool_]


def without_power_below_idle(board: Board, table: Measurements) -> tuple[Measurements, int]:
    """The table without gross power that is no more than what the board draws idle.

    Net power would not be above zero there: one of both figures is not what it is said to be.

    Args:
        board: the board.
        table: its rows.

    Returns:
        The table, and how many rows have such a figure and no net power of their own.
    """
    below = _below_idle(Stack.of([board], [table]))
    if not below.any():
        return table, 0
    return _without_gross_power(table, below), int(below.sum())


def without_powers_below_idle(stack: Stack) -> tuple[Stack, list[str]]:
    """The same of many boards; and what is to be said of those that have such figures."""
    below = _below_idle(stack)
    if not below.any():
        return stack, []
    counts = np.bincount(stack.row_board[below], minlength=len(stack))
    return replace(stack, table=_without_gross_power(stack.table, below)), [
        below_idle_text(stack.boards[place], int(counts[place]))
        for place in np.flatnonzero(counts).tolist()
    ]


def _below_idle(stack: Stack) -> Booleans:
    """Which rows have gross power, no net power, and no more of it than their board draws idle."""
    gross, known = stack.table.gross_power_w, [each.certain_idle_w for each in stack.boards]
    idle = np.array([each.value if each else 0.0 for each in known])
    if gross.is_unknown or not (idle > 0).any():
        return np.zeros(len(stack.table), dtype=np.bool_)
    drawn = idle[stack.row_board]
    below: Booleans = (drawn > 0) & (gross.values.value <= drawn)
    return below & np.isnan(stack.table.net_power_w.values.value)


def _without_gross_power(table: Measurements, rows: Booleans) -> Measurements:
    gross = table.gross_power_w
    values = Values(*(np.where(rows, np.nan, each) for each in gross.values))
    return replace(table, gross_power_w=replace(gross, values=values))


def below_idle_text(board: Board, rows: int) -> str:
    """What is to be said of so many rows."""
    have = "1 row has" if rows == 1 else f"{rows} rows have"
    return (
        f"{board.name}: {have} a gross power no higher than the board's idle power, which cannot be: "
        "power and energy are unknown there"
    )
