"""Do the stored intervals hold, and is measuring in many short sessions worth its time?

    python tests/benchmarks/measuring.py [--runs 6] [--networks all|bn-nin,resnet-18] [--keep DIR]

Alternates our `--quick` runs at batch 1 with the common way (one process, 10 warm-ups, then the mean of
back-to-back runs) at equal time spent on every network. Prints, per network: how often the interval
stored by one run covers the median of another, its mean width, and the run-to-run coefficient of
variation of the reported figure, ours and theirs. Then the share of the timed region that reading the
clock takes. Meant for an otherwise idle machine; six runs of all 14 networks take about an hour.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from advisor.architectures.builders import BUILDERS
from advisor.catalog.measurements_table import Row
from advisor.catalog.store import Catalog
from advisor.measuring.board_run import measure_board
from advisor.measuring.children import RealChildren
from advisor.measuring.run_plan import QUICK, RunPlan
from advisor.measuring.tasks import REFERENCE
from advisor.measuring.timing import SessionLimits, time_session

COMMON_WAY = """
import json, sys, time
import torch
from advisor.architectures import build
name, side, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
module, images = build(name), torch.randn(1, 3, side, side)
with torch.inference_mode():
    for _ in range(10):
        module(images)
    durations, began = [], time.perf_counter()
    while len(durations) < 40 or time.perf_counter() - began < seconds:
        start = time.perf_counter()
        module(images)
        durations.append(time.perf_counter() - start)
print(json.dumps(1000 * sum(durations) / len(durations)))
"""


def our_run(plan: RunPlan, folder: Path, children: RealChildren) -> tuple[dict[str, Row], float]:
    """One quick run in an empty catalog: its rows by network, and how long it took."""
    catalog = Catalog.open()
    began = time.perf_counter()
    ended = measure_board(
        folder,
        plan,
        children.describe("cpu", 0, ()),
        catalog.architectures,
        children,
        lambda *_: None,
        fresh=True,
    )
    return {str(row["architecture"]): row for row in ended.rows}, time.perf_counter() - began


def common_run(name: str, seconds: float) -> float:
    """The common way's figure for one network, in ms."""
    side = str(Catalog.open().architectures[name].input_shape[-1])
    command = [sys.executable, "-c", COMMON_WAY, name, side, str(seconds)]
    ran = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(json.loads(ran.stdout))


def clock_share() -> float:
    """Share of the timed region that reading the clock takes, for the shortest run that is timed once."""
    limits = SessionLimits(timed_s=0.5)
    timed = time_session(lambda: None, time.perf_counter_ns, replace(limits, value_s=0.0))
    return float(np.median(timed.values_ms)) / (1000 * limits.value_s)


def coverage(rows: list[Row]) -> tuple[int, int]:
    """How many ordered pairs of runs there are, and in how many the first covers the second."""
    pairs = list(itertools.permutations(rows, 2))
    held = sum(
        _number(a, "latency_low_ms") <= _number(b, "latency_ms") <= _number(a, "latency_high_ms")
        for a, b in pairs
    )
    return held, len(pairs)


def _number(row: Row, column: str) -> float:
    """A figure of a row; NaN where it has none."""
    value = row.get(column)
    return float(value) if isinstance(value, float | int) else float("nan")


def variation(values: list[float]) -> float:
    """Coefficient of variation."""
    return float(np.std(values, ddof=1) / np.mean(values))


def main() -> None:
    """Run both in turn and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=6)
    parser.add_argument("--networks", default="all")
    parser.add_argument("--keep", type=Path, help="where to leave the runs")
    asked = parser.parse_args()
    names = tuple(BUILDERS) if asked.networks == "all" else tuple(asked.networks.split(","))
    plan = RunPlan(names, (1,), "cpu", (0,), (REFERENCE,), QUICK, None)
    children = RealChildren()
    ours: list[dict[str, Row]] = []
    theirs: list[dict[str, float]] = []
    took_s: list[float] = []
    with tempfile.TemporaryDirectory() as temporary:
        place = asked.keep or Path(temporary)
        for run in range(asked.runs):
            rows, seconds = our_run(plan, place / f"run-{run}/boards/bench", children)
            ours.append(rows)
            took_s.append(seconds)
            theirs.append({name: common_run(name, seconds / len(names)) for name in names})
            print(f"run {run + 1}: {seconds:.0f} s", flush=True)
    measured = [name for name in names if all(run[name]["status"] == "ok" for run in ours)]
    for name in set(names) - set(measured):
        print(f"{name}: failed in some run and is left out")
    report(measured, ours, theirs)
    longest = max(took_s)
    print(f"longest run: {longest / 60:.1f} min ({met(longest <= 480, 'at most 8 min')})")
    share = clock_share()
    print(f"reading the clock: {share:.3%} of a timed value ({met(share < 0.01, 'below 1 %')})")


def report(names: list[str], ours: list[dict[str, Row]], theirs: list[dict[str, float]]) -> None:
    """Print the table, and what it says of the targets."""
    print("network        held  width   CV ours  CV theirs")
    held = pairs = 0
    variations, widths = [], []
    for name in names:
        rows_of = [run[name] for run in ours]
        own_held, own_pairs = coverage(rows_of)
        held, pairs = held + own_held, pairs + own_pairs
        width = np.mean([_width(row) for row in rows_of])
        own = variation([_number(row, "latency_ms") for row in rows_of])
        common = variation([run[name] for run in theirs])
        variations.append((own, common))
        widths.append(width)
        print(f"{name:13} {own_held:3}/{own_pairs} {width:6.1%}  {own:7.1%}  {common:9.1%}")
    own, common = np.mean(variations, axis=0)
    covered = met(held / pairs >= 0.85, "at least 85 %")
    print(f"intervals held in {held} of {pairs} pairs, {held / pairs:.0%} ({covered})")
    print(f"mean width of the intervals: {np.mean(widths):.0%}")
    print(f"mean CV: ours {own:.1%}, theirs {common:.1%} ({met(own < common, 'ours the smaller')})")


def met(is_met: bool, target: str) -> str:
    """How a figure stands to its target."""
    return f"target: {target}; {'met' if is_met else 'MISSED'}"


def _width(row: Row) -> float:
    """Relative width of a row's interval."""
    high, low = _number(row, "latency_high_ms"), _number(row, "latency_low_ms")
    return (high - low) / _number(row, "latency_ms")


if __name__ == "__main__":
    main()
