"""How long commands take, and how much memory, as a catalog grows; whole processes.

    python -m tests.benchmarks.scale [--boards 10,30,100,300,1000] [--rows 1000] [--runs 3] [--command pick]

Makes catalogs of so many boards of so many rows each (500 made-up networks, drawn with a fixed seed), lets
each command run once, so that what it reads is kept in a cache of its own, and then some times more: medians
of the seconds that one waits, of the CPU time and of the most memory. How long the first run took is beside
them. A catalog lies over the shipped one, whose boards are asked, too.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from advisor.catalog.measurements_table import MEASUREMENT_COLUMNS
from advisor.catalog.tables import WEIGHTS_COLUMNS

NETWORKS = 500
ADVISOR = [sys.executable, "-m", "advisor"]
COMMANDS = {
    "pick any": ["pick", "--board", "any", "--fps", "30", "--energy", "0.5 J"],
    "pick one": ["pick", "--board", "board-0", "--fps", "30", "--energy", "0.5 J"],
    "boards": ["boards"],
    "check": ["catalog", "check"],
    "explore": ["explore", "--board", "any", "--fps", "30"],
}


class Spent(NamedTuple):
    """What a run of a command took."""

    waited_s: float
    cpu_s: float
    memory_mb: float


def make_catalog(folder: Path, boards: int, rows: int) -> None:
    """Write a catalog of so many boards, each of so many rows."""
    random = np.random.default_rng(0)
    networks = min(NETWORKS, rows)
    names = [f"net-{index:04d}@224" for index in range(networks)]
    top1 = random.uniform(50, 85, networks)
    (folder / "sources.yaml").write_text("made-up: {citation: none, read: drawn, error: none}\n")
    (folder / "architectures.yaml").write_text(
        "".join(f"{name}: {{family: F, input: 3x224x224, reference: none}}\n" for name in names)
    )
    sets = zip(names, top1, strict=True)
    lines = [f"{name},paper,{accuracy:.2f},,,,reported,made-up\n" for name, accuracy in sets]
    (folder / "weights.csv").write_text("".join([",".join(WEIGHTS_COLUMNS) + "\n", *lines]))
    header = ",".join(MEASUREMENT_COLUMNS) + ",origin,source,latency_low_ms,latency_high_ms\n"
    network, batch = np.arange(rows) % networks, np.arange(rows) // networks + 1
    for number in range(boards):
        own = folder / "boards" / f"board-{number}"
        own.mkdir(parents=True)
        (own / "board.yaml").write_text(
            f"title: Made up {number}\nweights: paper\nsource: made-up\n"
            "idle_power: {value: 1 W, source: made-up}\n"
        )
        latency = (5 + 3 * (top1[network] - 49)) * batch**0.95 * random.lognormal(0, 0.5)
        latency *= random.lognormal(0, 0.2, rows)
        power = random.normal(11.8, 0.7, rows).clip(5)
        (own / "measurements.csv").write_text(
            header
            + "".join(
                f"{names[network[row]]},eager,fp32,{batch[row]},{latency[row]:.4f},{power[row]:.3f},"
                f"{200 + 2 * batch[row]},reported,made-up,{0.9 * latency[row]:.4f},{1.1 * latency[row]:.4f}\n"
                for row in range(rows)
            )
        )


def spent(command: Sequence[str], catalog: Path) -> Spent:
    """What one run of a command takes."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [*ADVISOR, *command, "--catalog", str(catalog)],
        cwd=catalog,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command} ended with {process.returncode}")
    waited = time.perf_counter() - started
    return Spent(waited, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6)


def main() -> None:
    """Print a line for every size of a catalog and every command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--boards", default="10,30,100,300,1000")
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--command", default="", help="only those whose name begins so")
    asked = parser.parse_args()
    root = Path(__file__).resolve().parent.parent.parent
    os.environ["PYTHONPATH"] = os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    print("boards x rows  command    first s     s   CPU s     MB")
    for boards in map(int, asked.boards.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            catalog = Path(folder) / "catalog"
            catalog.mkdir()
            os.environ["XDG_CACHE_HOME"] = folder
            make_catalog(catalog, boards, asked.rows)
            for name, command in COMMANDS.items():
                if name.startswith(asked.command):
                    first = spent(command, catalog)
                    runs = [spent(command, catalog) for _ in range(asked.runs)]
                    waited, cpu, memory = map(statistics.median, zip(*runs, strict=True))
                    print(
                        f"{boards:6} x {asked.rows:4}  {name:9} {first.waited_s:8.2f}  {waited:4.2f}  "
                        f"{cpu:6.2f} {memory:6.0f}",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
