"""The gross power of a user's rows held against what the board is said to draw while idle."""

from __future__ import annotations

from pathlib import Path

from advisor.catalog.importers.table_rows import TableRows
from advisor.errors import Fault, with_all_faults
from advisor.quantities import POWER, parse

MOST_LINES = 5
"""Of so many rows at most a note names the lines."""


def hold_against_idle(
    path: Path, table: TableRows, stated: str | None, known_w: float | None
) -> None:
    """Refuse an idle power above the gross power of rows, which leaves no net power.

    Of one that the board has already, the table gets a note: the net power of such rows is unknown.

    Args:
        path: the table, for messages.
        table: its rows.
        stated: the idle power as the user states it now, such as "1.3 W"; a bound refuses nothing.
        known_w: what the board is known to draw while idle, in W.

    Raises:
        BrokenFileError: with each row.
    """
    if stated and stated.strip().startswith("<="):
        return
    idle = parse(stated, POWER, "idle-power") if stated else known_w
    low = [] if idle is None else _below(table, idle)
    if not low:
        return
    if stated:
        place = table.bound.columns["gross_power_w"].place
        hint = (
            "write an idle power below it, measured in the same way, or leave --idle-power out; power above "
            "idle is --map net_power_w=..."
        )
        raise with_all_faults(
            Fault(
                path,
                table.lines[row],
                place,
                f"gross power {table.rows[row]['gross_power_w']:g} W is not above the idle power, {idle:g} W",
                hint,
                explains=True,
            )
            for row in low
        )
    lines = ", ".join(str(table.lines[row]) for row in low[:MOST_LINES])
    more = f" and {len(low) - MOST_LINES} more" if len(low) > MOST_LINES else ""
    which = f"{len(low)} rows is" if len(low) > 1 else "a row is"
    table.notes.append(
        f"the net power of {which} unknown: gross power is not above the {idle:g} W that the board is said "
        f"to draw while idle (line {lines}{more}): --idle-power states another"
    )


def _below(table: TableRows, idle_w: float) -> list[int]:
    """Which rows have no more gross power than that."""
    return [
        row
        for row, each in enumerate(table.rows)
        if each.get("gross_power_w") is not None and float(each["gross_power_w"] or 0) <= idle_w
    ]
