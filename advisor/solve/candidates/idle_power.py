"""Power that contradicts a board's idle power, of which nothing follows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from advisor.catalog.records import Board, Measurements, Values


def without_power_below_idle(board: Board, table: Measurements) -> tuple[Measurements, int]:
    """The table without gross power that is no more than what the board draws idle.

    Net power would not be above zero there: one of both figures is not what it is said to be.

    Args:
        board: the board.
        table: its rows.

    Returns:
        The table, and how many rows have such a figure and no net power of their own.
    """
    idle, gross = board.certain_idle_w, table.gross_power_w
    if idle is None or idle.value <= 0 or gross.is_unknown:
        return table, 0
    below = (gross.values.value <= idle.value) & np.isnan(table.net_power_w.values.value)
    if not below.any():
        return table, 0
    values = Values(*(np.where(below, np.nan, each) for each in gross.values))
    return replace(table, gross_power_w=replace(gross, values=values)), int(below.sum())


def below_idle_text(board: Board, rows: int) -> str:
    """What is to be said of so many rows."""
    have = "1 row has" if rows == 1 else f"{rows} rows have"
    return (
        f"{board.name}: {have} a gross power no higher than the board's idle power, which cannot be: "
        "power and energy are unknown there"
    )
