"""What a run of `advisor measure` will do, and what it found, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.text import Text

from advisor.catalog.records import BetweenRuns, Estimate
from advisor.catalog.run_as import Variant
from advisor.measuring.answers import WRONG
from advisor.measuring.board_run import SUSTAINED
from advisor.measuring.measure import MeasuringPlan
from advisor.measuring.run_findings import Heat
from advisor.measuring.statistics import MOST_DRIFT
from advisor.report.comparison import slower_text
from advisor.report.terminal import (
    Fitted,
    TextTable,
    counted,
    duration_text,
    plain_table,
    significant,
)
from advisor.solve.latency_ratios import Key, speedups

Row = Mapping[str, str | int | float | None]


VARYING = ("runtime", "precision", "threads")
"""What a row says of how it was run, where the rows differ in it."""


@dataclass(frozen=True)
class _Verdict:
    """A verdict taken apart: "noisy: reason; reason (unknown: what, what)"."""

    word: str
    reasons: tuple[str, ...]
    unknown: str

    @classmethod
    def of(cls, row: Row) -> _Verdict:
        text = str(row.get("verdict") or row["status"])
        if row["status"] != "ok":
            text = f"{text}: {row.get('reason')}"
        known, _, unknown = text.partition(" (unknown: ")
        word, _, reasons = known.partition(": ")
        return cls(word, tuple(reasons.split("; ")) if reasons else (), unknown.rstrip(")"))

    def beside(self, common: Set[str]) -> str:
        """The verdict with those reasons that not every row has."""
        own = "; ".join(reason for reason in self.reasons if reason not in common)
        return f"{self.word}: {own}" if own else self.word


def plan_text(plan: MeasuringPlan) -> str:
    """The board, the networks, how thoroughly, and about how long that takes."""
    run, wanted = plan.run, plan.run.thoroughness
    machine = plan.host.accelerator or plan.host.processor
    lines = [
        f"board {plan.board}: {machine}, {run.device}{_threads_text(run.threads)}, "
        + ", ".join(map(" ".join, run.variants)),
        f"{counted(len(run.architectures), 'network')} at batch {', '.join(map(str, run.batches))}: "
        f"{wanted.least_sessions} to {wanted.most_sessions} sessions each, until known to "
        f"+-{wanted.half_width:.0%}",
    ]
    lines += [f"left out: {each}" for each in plan.left_out]
    if run.calibrating:
        lines.append(f"int8 ranges are set by {counted(len(run.calibrating), 'image')}")
    lines += [] if run.check else ["answers are not held against a reference"]
    if plan.sustained_s:
        lines.append(
            f"then hot, as board {plan.board}{SUSTAINED}, after {duration_text(plan.sustained_s)} "
            "of heating"
        )
    return "\n".join([*lines, f"about {duration_text(plan.seconds)} or more\n"])


def _threads_text(counts: Sequence[int]) -> str:
    """With how many threads, where they count."""
    several = "s" if counts[-1] > 1 else ""
    return f", {' and '.join(map(str, counts))} thread{several}" if any(counts) else ""


def measured_text(rows: Sequence[Row], between_runs: BetweenRuns | None = None) -> RenderableType:
    """A line a row: latency with the half-width of its interval, memory, power, and the verdict.

    What every verdict says is said once, below; so is where a runtime or precision is slower than
    eager fp32.
    """
    verdicts = [_Verdict.of(row) for row in rows]
    common = set.intersection(*(set(each.reasons) for each in verdicts)) if verdicts else set()
    varying = [name for name in VARYING if len({row[name] for row in rows}) > 1]
    power = ["net W"] if any(row.get("net_power_w") for row in rows) else []
    headings = ["network", "batch", *varying, "ms", "+-", "MB", *power, "verdict"]

    def table_of(shown: Sequence[str]) -> TextTable:
        table = plain_table(*shown, left=("network", *varying, "verdict"))
        for row, verdict in zip(rows, verdicts, strict=True):
            cells = {
                "network": str(row["architecture"]),
                "batch": str(row["batch"]),
                **{name: str(row[name]) for name in varying},
                "ms": _figure(row, "latency_ms"),
                "+-": _half_width(row),
                "MB": _figure(row, "memory_mb"),
                "net W": _figure(row, "net_power_w"),
                "verdict": verdict.beside(common),
            }
            style = None if verdict.word == "stable" else "dim"
            table.add_row(*(cells[heading] for heading in shown), style=style)
        return table

    table = Fitted(table_of, headings, (), [*power, "MB", "+-"])
    notes = [f"In every row: {'; '.join(sorted(common))}."] if common else []
    unknown = sorted({each.unknown for each in verdicts if each.unknown})
    notes += [f"Unknown here: {'; '.join(unknown)}."] if unknown else []
    notes += slower_text(speedups(_latencies(rows), between_runs))
    return Group(table, *([""] if notes else []), *map(Text, notes))


def describe_rows(rows: Sequence[Row]) -> str:
    """How many rows there are, and how they fell."""
    ran = [row for row in rows if row.get("status") == "ok"]
    stable = sum(str(row.get("verdict")).startswith("stable") for row in ran)
    rows_text = "1 row" if len(ran) == 1 else f"{len(ran)} rows"
    text = f"{rows_text}, {stable} stable and {len(ran) - stable} noisy"
    wrong = sum(row.get("verdict") == WRONG for row in rows)
    stopped = len(rows) - len(ran) - wrong
    text += f"; {stopped} did not run" if stopped else ""
    return text + (f"; {wrong} with {WRONG} left out of every choice" if wrong else "")


def _latencies(rows: Sequence[Row]) -> dict[Key, Estimate]:
    """The latencies of the rows that ran, by what was run."""
    found = {}
    for row in rows:
        value, low, high = (row.get(f"latency_{end}ms") for end in ("", "low_", "high_"))
        if isinstance(value, float):
            threads = int(row["threads"] or 0)
            runtime, precision, processor = (
                str(row[name] or "") for name in ("runtime", "precision", "processor")
            )
            variant = Variant(runtime, precision, processor, threads)
            key = str(row["architecture"]), variant, int(str(row["batch"]))
            ends = (
                low if isinstance(low, float) else None,
                high if isinstance(high, float) else None,
            )
            found[key] = Estimate(value, *ends, "measured", str(row["source"]))
    return found


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
