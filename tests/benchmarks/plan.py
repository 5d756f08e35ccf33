"""How long a plan takes: several workloads with many candidates each, to the proven optimum.

    python tests/benchmarks/plan.py [--workloads 5] [--candidates 100] [--instances 20]

Makes a board with as many made-up rows (drawn with fixed seeds) for each instance, plans on it with
every objective, all budgets and response limits in use and so tight that most of the best candidates
do not go together, and prints the time of each plan, reading included.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from advisor.catalog.measurements_table import MEASUREMENT_COLUMNS
from advisor.catalog.tables import WEIGHTS_COLUMNS
from advisor.solve.plan.plan import plan
from advisor.solve.plan.plan_answer import Plan
from advisor.solve.plan.workloads import OBJECTIVES

TARGET_S = 10.0
BATCHES = (1, 2, 4, 8)


def make_catalog(folder: Path, candidates: int, random: np.random.Generator) -> None:
    """Write a catalog with one board of so many rows: better networks take longer, more or less."""
    count = -(-candidates // len(BATCHES))
    names = [f"net-{index:04d}@224" for index in range(count)]
    (folder / "boards/made-up").mkdir(parents=True)
    (folder / "sources.yaml").write_text("made-up: {citation: none, read: drawn, error: none}\n")
    (folder / "architectures.yaml").write_text(
        "".join(f"{name}: {{family: F, input: 3x224x224, reference: none}}\n" for name in names)
    )
    top1 = random.uniform(50, 85, count)
    sets = [
        f"{name},first,{accuracy:.2f},,,,reported,made-up\n"
        for name, accuracy in zip(names, top1, strict=True)
    ]
    (folder / "weights.csv").write_text(",".join(WEIGHTS_COLUMNS) + "\n" + "".join(sets))
    (folder / "boards/made-up/board.yaml").write_text(
        "title: Made up\nweights: first\nsource: made-up\nmemory: {value: 4 GB}\n"
        "idle_power: {value: 1.3 W, error: 50 mW, source: made-up}\n"
    )
    base_ms = 5 * 1.1 ** (top1 - 50) * random.lognormal(0, 0.3, count)
    header = ",".join(MEASUREMENT_COLUMNS) + ",origin,source,latency_low_ms,latency_high_ms\n"
    lines = []
    for place, (name, base) in enumerate(
        zip(names * len(BATCHES), np.tile(base_ms, 4), strict=True)
    ):
        batch = BATCHES[place // count]
        latency = base * batch ** random.uniform(0.7, 1.0)
        power, memory = random.normal(11, 1), 200 + base * batch * random.uniform(0.5, 2)
        lines.append(
            f"{name},eager,fp32,{batch},{latency:.4f},{power:.3f},{memory:.1f},reported,made-up,"
            f"{0.95 * latency:.4f},{1.05 * latency:.4f}\n"
        )
    (folder / "boards/made-up/measurements.csv").write_text(header + "".join(lines[:candidates]))


def question(workloads: int, objective: str, random: np.random.Generator) -> str:
    """A plan file with every budget and limit in use."""
    lines = [
        "board: made-up", "share: 90%", "memory: 1.2 GB", "power: 9 W", "runtime_floor: 150 MB",
        f"objective: {objective}", "workloads:",
    ]  # fmt: skip
    for place in range(workloads):
        fps, limit = random.uniform(4, 30), random.uniform(150, 700)
        lines += [
            f"  workload-{place}:",
            f"    weight: {random.uniform(0.5, 3):.3f}",
            f'    require: {{fps: ">= {fps:.3f}", latency: "<= {limit:.1f} ms", accuracy: ">= 55"}}',
        ]
    return "\n".join(lines) + "\n"


def timed(seed: int, objective: str, workloads: int, candidates: int) -> tuple[float, Plan]:
    """The time of one plan, and the plan."""
    random = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        make_catalog(folder, candidates, random)
        (folder / "question").write_text(question(workloads, objective, random))
        started = time.perf_counter()
        answer = plan(folder / "question", folder)
        return time.perf_counter() - started, answer


def main() -> None:
    """Print a line for every objective."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--workloads", type=int, default=5)
    parser.add_argument("--candidates", type=int, default=100)
    parser.add_argument("--instances", type=int, default=20)
    asked = parser.parse_args()
    timed(0, "accuracy", 2, 8)  # imports
    print(f"{asked.workloads} workloads with {asked.candidates} candidates each")
    print("objective       median s  worst s  fit  largest gap")
    for objective in OBJECTIVES:
        runs = [
            timed(seed, objective, asked.workloads, asked.candidates)
            for seed in range(asked.instances)
        ]
        times = [seconds for seconds, _ in runs]
        gaps = [answer.objective.gap for _, answer in runs if answer.objective.gap is not None]
        print(
            f"{objective:14}  {statistics.median(times):8.3f}  {max(times):7.3f}  {len(gaps):3}"
            f"  {max(gaps, default=0.0):.1e}"
        )
    print(f"target: within {TARGET_S:g} s")


if __name__ == "__main__":
    main()
