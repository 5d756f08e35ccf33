"""From a board's runs to its catalog files: rows that pool all runs, none picked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from advisor.catalog.records import Estimate
from advisor.catalog.writing import Row, measurements_csv, write_whole, yaml_text
from advisor.errors import AdvisorError
from advisor.measure.findings import Findings, Found
from advisor.measure.host import Host
from advisor.measure.journal import load
from advisor.measure.plan import Plan
from advisor.measure.tasks import Cell
from advisor.measure.verdict import verdict

MEASURED, DECLARED = "advisor-measure", "advisor-declared"
LEAST_SESSIONS = 3
"""A cell that broke off later than this keeps its figures."""


def publish(board_folder: Path, plan: Plan, host: Host) -> list[Row]:
    """Write `measurements.csv` and `board.yaml` from all runs of the board.

    Returns:
        The rows.

    Raises:
        AdvisorError: a file cannot be written, or a journal is broken.
    """
    findings = Findings(load(board_folder / "runs"))
    rows = measured_rows(findings, plan)
    write_whole(board_folder / "measurements.csv", measurements_csv(rows))
    write_whole(board_folder / "board.yaml", board_yaml(findings, plan, host))
    return rows


def measured_rows(findings: Findings, plan: Plan) -> list[Row]:
    """A row for every cell that any run tried, by architecture and batch."""
    drift = findings.drift
    rows: list[Row] = []
    for cell, found in sorted(findings.by_cell.items()):
        if found.sessions or found.status != "ok":
            rows.append(_row(cell, found, plan, drift))
    return rows


def _row(cell: Cell, found: Found, plan: Plan, drift: float) -> Row:
    row: dict[str, str | int | float | None] = {
        "architecture": cell.architecture,
        "runtime": "eager",
        "precision": plan.precision,
        "batch": cell.batch,
        "origin": "measured",
        "source": MEASURED,
        "reason": _safe(found.reason),
    }
    if found.status != "ok" and len(found.sessions) < LEAST_SESSIONS:
        return {**row, "status": found.status}
    summary = found.summary(drift)
    tails = (None, None) if found.averaged else (summary.p90_ms, summary.p99_ms)
    p90_ms, p99_ms = (None if tail is None else max(tail, summary.median_ms) for tail in tails)
    peak_mb = float(np.median(found.peaks_mb)) if found.peaks_mb else None
    empty_mb = float(np.median(found.empties_mb)) if found.empties_mb else None
    return {
        **row,
        "status": "ok",
        "latency_ms": summary.median_ms,
        "latency_low_ms": summary.low_ms,
        "latency_high_ms": summary.high_ms,
        "latency_p90_ms": p90_ms,
        "latency_p99_ms": p99_ms,
        "memory_mb": peak_mb,
        "memory_above_runtime_mb": (
            max(0.0, peak_mb - empty_mb) if peak_mb is not None and empty_mb is not None else None
        ),
        "sessions": summary.sessions,
        "repeats": summary.repeats,
        "spread_within": summary.spread_within,
        "spread_between": summary.spread_between,
        "verdict": verdict(summary, plan.thoroughness.half_width, drift, found.disturbances),
        **_power(found, plan),
    }


def _power(found: Found, plan: Plan) -> Mapping[str, str | float | None]:
    if plan.declared_power_w is not None:
        return {
            "net_power_w": plan.declared_power_w,
            "net_power_origin": "declared",
            "net_power_source": DECLARED,
        }
    if not found.energies:
        return {}
    powers = [each.net_power_w for each in found.energies]
    # The error that is known of a single window is how far idle moved around it.
    moved = max(abs(each.idle_after_w - each.idle_before_w) / 2 for each in found.energies)
    half = max(moved, float(np.ptp(powers)) / 2)
    middle = float(np.median(powers))
    return {
        "net_power_w": middle,
        "net_power_low_w": max(middle - half, middle / 2),
        "net_power_high_w": middle + half,
    }


def _safe(text: str) -> str:
    """A reason as a table may hold it: printable, and no formula."""
    printable = "".join(each if each.isprintable() else " " for each in text)
    return printable.lstrip("=+-@ ")[:300]


def run_latencies(board_folder: Path) -> dict[str, dict[tuple[str, str, str, int], Estimate]]:
    """The latencies that each run of a board found by itself, by the run's name."""
    found = {}
    for journal in load(board_folder / "runs"):
        findings = Findings([journal])
        precision = journal.header["plan"]["precision"]
        found[journal.run_id] = {
            (cell.architecture, "eager", precision, cell.batch): _estimate(each, findings.drift)
            for cell, each in findings.by_cell.items()
            if each.sessions
        }
    return found


def _estimate(found: Found, drift: float) -> Estimate:
    summary = found.summary(drift)
    return Estimate(summary.median_ms, summary.low_ms, summary.high_ms, "measured", MEASURED)


def board_yaml(findings: Findings, plan: Plan, host: Host) -> str:
    """The board's description."""
    energies = [each for found in findings.by_cell.values() for each in found.energies]
    on_gpu = plan.device != "cpu"
    entries: dict[str, str | Mapping[str, str]] = {
        "title": host.accelerator or host.processor,
        "processor": host.processor,
        "accelerator": host.accelerator,
        "memory": {"value": f"{host.memory_mb:.0f} MB", "shared": "no" if on_gpu else "yes"},
        "memory_scope": (
            "device memory reserved at peak, context included"
            if on_gpu
            else "peak resident set of the process, runtime included"
        ),
        "software": host.software,
        "weights": "paper",
        "cost": "counted",
        "date": host.details["date"],
        "source": MEASURED,
    }
    if energies:
        idle = [each.idle_w for each in energies]
        half = f"{max(float(np.ptp(idle)) / 2, 0.001):.3f} W"
        value = f"{float(np.median(idle)):.3f} W"
        entries["idle_power"] = {
            "value": value,
            "error": half,
            "origin": "measured",
            "source": MEASURED,
        }
        entries["power_meter"] = energies[0].meter
        entries["power_scope"] = energies[0].scope
    elif plan.declared_power_w is not None:
        entries["power_scope"] = "net power as the user declared it"
    entries["details"] = {**host.details, "device": plan.device, "machine": host.fingerprint}
    filled = {key: value for key, value in entries.items() if value}
    return yaml_text(filled, "Written by `advisor measure`; another run writes it again.")


def check_owner(board_folder: Path, details: Mapping[str, str], host: Host) -> None:
    """Refuse a board that was not measured here.

    Args:
        board_folder: the board's folder.
        details: the details of its description.
        host: this machine.

    Raises:
        AdvisorError: the board is another machine's, or was not made by measuring.
    """
    if details.get("machine") != host.fingerprint:
        owner = "another machine" if details.get("machine") else "somebody else"
        raise AdvisorError(
            f"board {board_folder.name} in {board_folder.parent.parent} is {owner}'s",
            "name another --board",
        )


def describe_rows(rows: Sequence[Row]) -> str:
    """How many rows there are, and how they fell."""
    ran = [row for row in rows if row.get("status") == "ok"]
    stable = sum(row.get("verdict") == "stable" for row in ran)
    text = f"{len(ran)} rows, {stable} stable and {len(ran) - stable} noisy"
    return text + (f"; {len(rows) - len(ran)} did not run" if len(rows) > len(ran) else "")
