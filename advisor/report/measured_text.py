"""What a run of `advisor measure` found, on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.table import Table

from advisor.report.figures import plain_table, significant

Row = Mapping[str, str | int | float | None]


def measured_text(rows: Sequence[Row]) -> Table:
    """A line a row: latency with the half-width of its interval, memory, power, and the verdict."""
    with_power = any(row.get("net_power_w") for row in rows)
    power = ["net W"] if with_power else []
    table = plain_table("network", "batch", "ms", "+-", "MB", *power, "verdict")
    table.columns[-1].justify = "left"
    table.columns[-1].no_wrap = False
    for row in rows:
        cells = [_figure(row, "latency_ms"), _half_width(row), _figure(row, "memory_mb")]
        cells += [_figure(row, "net_power_w")] if with_power else []
        verdict = row.get("verdict") or f"{row['status']}: {row.get('reason')}"
        style = None if str(verdict).startswith("stable") else "dim"
        table.add_row(
            str(row["architecture"]), str(row["batch"]), *cells, str(verdict), style=style
        )
    return table


def _figure(row: Row, name: str) -> str:
    value = row.get(name)
    return significant(value) if isinstance(value, float) else ""


def _half_width(row: Row) -> str:
    low, high, value = (row.get(f"latency_{end}ms") for end in ("low_", "high_", ""))
    if isinstance(low, float) and isinstance(high, float) and isinstance(value, float):
        return f"{(high - low) / 2 / value:.0%}"
    return ""
