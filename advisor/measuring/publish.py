"""From a board's runs to its catalog files: rows that pool all runs, none picked."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import stdtrit

from advisor.catalog.entries import read_sources
from advisor.catalog.files import shipped_folder, write_whole
from advisor.catalog.measurements_table import Row, measurements_csv
from advisor.catalog.records import Z90, Estimate
from advisor.catalog.run_as import Variant
from advisor.catalog.yaml_file import yaml_text
from advisor.measuring.answers import WRONG
from advisor.measuring.journal import Journal, read_runs
from advisor.measuring.run_findings import Findings, Found
from advisor.measuring.runtimes.variants import LIBRARIES, prepared_as
from advisor.measuring.tasks import Cell

if TYPE_CHECKING:
    from advisor.measuring.host import Host

MEASURED, DECLARED = "advisor-measure", "advisor-declared"
LEAST_SESSIONS = 3
"""A cell that broke off later than this keeps its figures."""

Value = str | int | float | None


@dataclass(frozen=True)
class Terms:
    """What all runs of a board were asked for, taken together.

    Attributes:
        half_width: the strictest that any run was asked for; pooled rows are judged by it.
        declared_power_w: net power as the user stated it last, if ever.
    """

    half_width: float
    declared_power_w: float | None

    @classmethod
    def of(cls, journals: Sequence[Journal]) -> Terms:
        """The terms of these runs; at least one."""
        plans = [journal.header["plan"] for journal in journals]
        declared = [plan["declared_power_w"] for plan in plans if plan["declared_power_w"]]
        return cls(
            min(plan["thoroughness"]["half_width"] for plan in plans),
            declared[-1] if declared else None,
        )


def publish(board_folder: Path, host: Host) -> list[Row]:
    """Write `board.yaml` and `measurements.csv` from all runs of the board; there must be one.

    Only who holds the catalog's lock may.

    Returns:
        The rows.

    Raises:
        AdvisorError: a file cannot be written, or a journal is broken.
    """
    journals = read_runs(board_folder / "runs")
    findings, terms = Findings(journals, usual_between_runs()), Terms.of(journals)
    host = with_runtimes(host, journals)
    rows = measured_rows(findings, terms)
    write_whole(board_folder / "board.yaml", board_yaml(findings, terms, host))
    write_whole(board_folder / "measurements.csv", measurements_csv(rows))
    return rows


def usual_between_runs() -> float:
    """By how much the level of a board's runs differs from day to day where one day is all there is.

    A standard deviation of the logarithm, from what the shipped sources say of this tool's figures: how far
    90 % of pairs of runs differ.
    """
    within = read_sources(shipped_folder() / "sources.yaml")[MEASURED].reproducibility
    return 0.0 if within is None else math.log1p(within) / Z90 / math.sqrt(2)


def with_runtimes(host: Host, journals: Sequence[Journal]) -> Host:
    """The machine with the versions of all runtimes that any of these runs used."""
    used = {
        name: its_version
        for journal in journals
        for name, its_version in journal.header.get("host", {}).items()
        if name in LIBRARIES
    }
    software = [
        host.software,
        *(f"{name} {its_version}" for name, its_version in sorted(used.items())),
    ]
    return replace(host, software=", ".join(software), details={**host.details, **used})


def measured_rows(findings: Findings, terms: Terms) -> list[Row]:
    """A row for every cell that any run tried, by architecture, batch, runtime and precision."""
    return [
        _row(cell, found, findings, terms)
        for cell, found in sorted(findings.by_cell.items())
        if found.sessions or found.status != "ok"
    ]


def _row(cell: Cell, found: Found, findings: Findings, terms: Terms) -> Row:
    row: dict[str, Value] = {
        "architecture": cell.architecture,
        "runtime": cell.runtime,
        "precision": cell.precision,
        "processor": findings.processor,
        "batch": cell.batch,
        "threads": cell.threads or None,
        "origin": "measured",
        "source": MEASURED,
        "reason": _safe(found.reason),
    }
    if found.status != "ok" and len(found.sessions) < LEAST_SESSIONS:
        word, _, reason = found.reason.partition(": ")
        verdict = {"verdict": WRONG, "reason": _safe(reason)} if word == WRONG else {}
        return {**row, **verdict, "status": found.status}
    return {
        **row,
        "status": "ok",
        **_unchecked(cell, findings),
        **_latency(cell, found, findings, terms),
        **_memory(found),
        **_file_size(cell, findings),
        **_power(found, terms),
    }


def _unchecked(cell: Cell, findings: Findings) -> dict[str, Value]:
    """That a row's answers were held against nothing, where that is so."""
    shared = prepared_as(cell)
    prepared = findings.prepared.get(shared) if shared else None
    return {} if prepared is None or prepared.checked else {"reason": "answers not checked"}


def _latency(cell: Cell, found: Found, findings: Findings, terms: Terms) -> dict[str, Value]:
    summary, latency = found.summary, _estimate(cell, found, findings)
    tails = (None, None) if found.averaged else (summary.p90_ms, summary.p99_ms)
    # The centre is a mean of session medians, which a lucky tail may undercut; a bound may not.
    p90_ms, p99_ms = (None if tail is None else max(tail, latency.value) for tail in tails)
    return {
        "latency_ms": latency.value,
        "latency_low_ms": latency.low,
        "latency_high_ms": latency.high,
        "latency_p90_ms": p90_ms,
        "latency_p99_ms": p99_ms,
        "sessions": summary.sessions,
        "repeats": summary.repeats,
        "spread_within": summary.spread_within,
        "spread_between": summary.spread_between,
        "verdict": findings.verdict(found, terms.half_width),
    }


def _memory(found: Found) -> dict[str, Value]:
    if not found.peaks_mb:
        return {}
    peak_mb, empty_mb = float(np.median(found.peaks_mb)), float(np.median(found.empties_mb))
    return {"memory_mb": peak_mb, "memory_above_runtime_mb": max(0.0, peak_mb - empty_mb)}


def _file_size(cell: Cell, findings: Findings) -> dict[str, Value]:
    """How large the file is that a cell was served from, where there is one."""
    shared = prepared_as(cell)
    prepared = findings.prepared.get(shared) if shared else None
    return {"file_size_mb": prepared.file_size_mb if prepared else None}


def _power(found: Found, terms: Terms) -> dict[str, Value]:
    """Net power: measured where there is a meter, else as declared."""
    if found.energies:
        net = _interval([(each.net_power_w, each.net_error_w) for each in found.energies])
        gross = _interval([(each.gross_power_w, each.gross_error_w) for each in found.energies])
        return {
            "net_power_w": net.value,
            "net_power_low_w": net.low,
            "net_power_high_w": net.high,
            "gross_power_w": gross.value,
            "gross_power_low_w": gross.low,
            "gross_power_high_w": gross.high,
        }
    if terms.declared_power_w is None:
        return {}
    return {
        "net_power_w": terms.declared_power_w,
        "net_power_origin": "declared",
        "net_power_source": DECLARED,
    }


def _interval(windows: Sequence[tuple[float, float]]) -> Estimate:
    """The geometric mean of figures, each with the error that its window shows, and the 90 % interval.

    How several differ says how far off they are; of a single one, its window does.
    """
    values, count = [value for value, _ in windows], len(windows)
    if count < 2:
        value, error = windows[0]
        factor = math.exp(error / value)
    else:
        value = statistics.geometric_mean(values)
        spread = float(np.std(np.log(values), ddof=1))
        factor = math.exp(float(stdtrit(count - 1, 0.95)) * spread / math.sqrt(count))
    return Estimate(value, value / factor, value * factor, "measured", MEASURED)


def _safe(text: str) -> str:
    """A reason as a table may hold it: printable, and no formula."""
    printable = "".join(each if each.isprintable() else " " for each in text)
    return printable.lstrip("=+-@ ")[:300]


def board_yaml(findings: Findings, terms: Terms, host: Host) -> str:
    """The board's description."""
    energies = [each for found in findings.by_cell.values() for each in found.energies]
    on_gpu = host.details.get("device", "cpu") != "cpu"
    entries: dict[str, str | Mapping[str, str]] = {
        "title": _title(host),
        "processor": host.processor,
        "accelerator": host.accelerator,
        "memory": {"value": f"{host.memory_mb:.0f} MB", "shared": "no" if on_gpu else "yes"},
        "memory_scope": (
            "device memory at peak: reserved by the allocator, and all else in use on the device"
            if on_gpu
            else "peak resident set of a process that has the runtime loaded"
        ),
        "software": host.software,
        "cost": "counted",
        "date": host.details["date"],
        "source": MEASURED,
        "power_meter": energies[0].meter if energies else "none",
        "power_scope": _power_scope(energies[0].scope if energies else "", terms),
    }
    if findings.between_runs.centres:
        entries["between_runs"] = {
            # A machine that is never left alone may differ by more than a share can say.
            "within": f"{min(100 * findings.between_runs.level_within, 99):.2g} %",
            "days": str(findings.between_runs.most_days),
        }
    if energies:
        idle = [each.idle_w for each in energies]
        middle = float(np.median(idle))
        # A single window shows its own error; one as large as the figure would make an upper bound of it.
        error = float(np.ptp(idle)) / 2 if len(idle) > 1 else energies[0].idle_error_w
        entries["idle_power"] = {
            "value": f"{middle:.3f} W",
            "error": f"{min(max(error, 0.001), 0.9 * middle):.3f} W",
            "origin": "measured",
            "source": MEASURED,
        }
    elif findings.why_no_power and terms.declared_power_w is None:
        entries["note"] = f"Power is unknown: {_safe(findings.why_no_power)}."
    counts = sorted({cell.threads for cell in findings.by_cell if cell.threads})
    threads = {"threads": ", ".join(map(str, counts))} if counts else {}
    units = {"units": ", ".join(findings.units)} if findings.units else {}
    entries["details"] = {**host.details, **threads, **units}
    filled = {key: value for key, value in entries.items() if value}
    return yaml_text(filled, "Written by `advisor measure`; another run writes it again.")


def _title(host: Host) -> str:
    heated = host.details.get("heated", "none")
    return (host.accelerator or host.processor) + (
        "" if heated == "none" else f", heated for {heated}"
    )


def _power_scope(metered: str, terms: Terms) -> str:
    return metered or ("as the user declared it" if terms.declared_power_w else "")


def run_latencies(board_folder: Path) -> dict[str, dict[tuple[str, Variant, int], Estimate]]:
    """The latencies that each run of a board found by itself, by the run's name."""
    journals = read_runs(board_folder / "runs")
    return {journal.run_id: _latencies(Findings([journal])) for journal in journals}


def unit_latencies(board_folder: Path) -> dict[str, dict[tuple[str, Variant, int], Estimate]]:
    """The latencies that each unit of a board showed in all runs, by the unit's label."""
    journals = read_runs(board_folder / "runs")
    return {
        unit: _latencies(Findings([each.of_unit(unit) for each in journals]))
        for unit in Findings(journals).units
    }


def _latencies(findings: Findings) -> dict[tuple[str, Variant, int], Estimate]:
    return {
        (cell.architecture, _run_as(cell, findings), cell.batch): _estimate(cell, each, findings)
        for cell, each in findings.by_cell.items()
        if each.sessions
    }


def _run_as(cell: Cell, findings: Findings) -> Variant:
    return Variant(cell.runtime, cell.precision, findings.processor, cell.threads)


def _estimate(cell: Cell, found: Found, findings: Findings) -> Estimate:
    pooled = findings.pooled(cell)
    if pooled is None:
        return Estimate(found.summary.median_ms, None, None, "measured", MEASURED)
    return Estimate(pooled.median_ms, pooled.low_ms, pooled.high_ms, "measured", MEASURED)
