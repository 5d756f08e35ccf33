"""What a run of `advisor measure` found, on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.text import Text

from advisor.measure.findings import Heat
from advisor.measure.verdict import MOST_DRIFT
from advisor.report.figures import plain_table, significant

Row = Mapping[str, str | int | float | None]


@dataclass(frozen=True)
class _Verdict:
    """A verdict taken apart: "noisy: reason; reason (unknown: what, what)"."""

    word: str
    reasons: tuple[str, ...]
    unknown: str

    @classmethod
    def of(cls, row: Row) -> _Verdict:
        text = str(row.get("verdict") or f"{row['status']}: {row.get('reason')}")
        told, _, unknown = text.partition(" (unknown: ")
        word, _, reasons = told.partition(": ")
        return cls(word, tuple(reasons.split("; ")) if reasons else (), unknown.rstrip(")"))


def measured_text(rows: Sequence[Row]) -> RenderableType:
    """A line a row: latency with the half-width of its interval, memory, power, and the verdict.

    What every verdict says is said once, below.
    """
    verdicts = [_Verdict.of(row) for row in rows]
    common = set.intersection(*(set(each.reasons) for each in verdicts)) if verdicts else set()
    with_power = any(row.get("net_power_w") for row in rows)
    power = ["net W"] if with_power else []
    table = plain_table("network", "batch", "ms", "+-", "MB", *power, "verdict")
    table.columns[-1].justify = "left"
    table.columns[-1].no_wrap = False
    for row, verdict in zip(rows, verdicts, strict=True):
        cells = [_figure(row, "latency_ms"), _half_width(row), _figure(row, "memory_mb")]
        cells += [_figure(row, "net_power_w")] if with_power else []
        own = "; ".join(reason for reason in verdict.reasons if reason not in common)
        text = f"{verdict.word}: {own}" if own else verdict.word
        style = None if verdict.word == "stable" else "dim"
        table.add_row(str(row["architecture"]), str(row["batch"]), *cells, text, style=style)
    notes = [f"In every row: {'; '.join(sorted(common))}."] if common else []
    untold = sorted({each.unknown for each in verdicts if each.unknown})
    notes += [f"Could not be told here: {'; '.join(untold)}."] if untold else []
    return Group(table, *([""] if notes else []), *map(Text, notes))


def heat_text(heat: Heat) -> Text:
    """What heating the board showed, in a line."""
    found, minutes = heat.found, heat.found.seconds / 60
    steady = abs(found.still_changing) <= MOST_DRIFT
    end = "steady" if steady else f"{found.still_changing:+.0%} in the last quarter alone"
    what = "Heated" if heat.when == "before" else "Heated again after timing"
    return Text(f"{what} with {heat.cell} for {minutes:.1f} min: {found.pace_ms:.4g} ms, {end}.")


def _figure(row: Row, name: str) -> str:
    value = row.get(name)
    return significant(value) if isinstance(value, float) else ""


def _half_width(row: Row) -> str:
    low, high, value = (row.get(f"latency_{end}ms") for end in ("low_", "high_", ""))
    if isinstance(low, float) and isinstance(high, float) and isinstance(value, float):
        return f"{(high - low) / 2 / value:.0%}"
    return ""
