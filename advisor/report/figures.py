"""Numbers as people read them, and how tables of the terminal look."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rich import box
from rich.console import JustifyMethod
from rich.table import Table

from advisor.quantities import rounded
from advisor.solve.question.metrics import TAILS

_RULE = box.Box("    \n    \n -- \n    \n    \n    \n    \n    \n")
"""A line below the header and nothing else, so that rows stay narrow."""


@dataclass(frozen=True)
class Column:
    """How a metric stands in a table: its heading, its unit, and a figure of it."""

    heading: str
    unit: str
    write: Callable[[float], str]


BEST_WEIGHTS = "each network's best published weights"
"""What is chosen from on a board whose source names none."""
FIRST_WEIGHTS = "a library's first set"
"""What a library's network goes with that lacks the set of a board's source."""


def significant(value: float) -> str:
    """Three significant digits, whole numbers from 100 on: 0.313, 25.4, 1,383."""
    return f"{value:,.0f}" if value >= 99.95 else f"{value:#.3g}".removesuffix(".")


def _two_decimals(value: float) -> str:
    return f"{value:.2f}"


COLUMNS = {
    "accuracy_top1_percent": Column("top-1", "%", _two_decimals),
    "fps": Column("rate", "fps", significant),
    "response_ms": Column("response", "ms", significant),
    TAILS["p90"]: Column("p90 resp.", "ms", significant),
    TAILS["p99"]: Column("p99 resp.", "ms", significant),
    "latency_ms": Column("latency", "ms", significant),
    "time_per_image_ms": Column("time", "ms", significant),
    "energy_j": Column("energy", "J", significant),
    "net_power_w": Column("net power", "W", significant),
    "average_power_w": Column("power", "W", significant),
    "board_energy_j": Column("board energy", "J", significant),
    "battery_hours": Column("battery", "h", significant),
    "memory_mb": Column("memory", "MB", significant),
    "params": Column("params", "", rounded),
    "operations": Column("ops", "", rounded),
}
"""How each metric is shown, in the order of a table's columns."""


def figure(key: str, value: float | None) -> str:
    """A metric's figure without its unit; "?" where unknown."""
    return "?" if value is None else COLUMNS[key].write(value)


def with_unit(key: str, value: float | None) -> str:
    """A metric's figure with its unit."""
    return f"{figure(key, value)} {COLUMNS[key].unit}".strip()


def magnitude(ratio: float) -> str:
    """An unsigned percentage: "31%", "0.4%"; what is out of proportion is not spelt out."""
    hundredfold = 100 * abs(ratio)
    if hundredfold > 999.5:
        return ">999%"
    if 0 < hundredfold < 0.05:
        return "<0.1%"
    return f"{hundredfold:.1f}%" if hundredfold < 1 else f"{hundredfold:.0f}%"


def percent(ratio: float) -> str:
    """A signed percentage: "+31%", "-0.4%"; what is out of proportion is not spelt out."""
    size = magnitude(ratio)
    bound, digits = (size[0], size[1:]) if size[0] in "<>" else ("", size)
    if ratio >= 0:
        return f"{bound}+{digits}"
    flipped = {"<": ">", ">": "<"}.get(bound, "")  # beyond -999% is below it
    return f"{flipped}-{digits}"


def counted(count: int, noun: str) -> str:
    """A count with its noun: "1 board", "2 boards"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def plain_table(*headings: str, left: int = 1) -> Table:
    """An empty table in the house style: the first `left` columns to the left, the rest right."""
    padding = 1 if len(headings) <= 9 else 0
    table = Table(box=_RULE, padding=(0, padding, 0, 0), show_edge=False, pad_edge=False)
    for place, heading in enumerate(headings):
        justify: JustifyMethod = "left" if place < left else "right"
        table.add_column(heading, justify=justify, overflow="fold", no_wrap=justify == "right")
    return table


def duration_text(seconds: float) -> str:
    """Seconds where there are few, else minutes."""
    minutes = seconds / 60
    return f"{seconds:.0f} s" if minutes < 2 else f"{minutes:.0f} min"
