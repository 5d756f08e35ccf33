"""How long a pick takes on a large catalog, after loading, and how that grows with the rows.

    python tests/benchmarks/million_rows.py [--rows 1000000]

Makes boards of 10,000 to a million rows (1,000 made-up networks, drawn with a fixed seed), loads
each from its files, and times filter, rank and explanation: once where something fits, once where
nothing does. The plain-numpy column is a bare filter and sort of the same rows.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from advisor.catalog.measurements_table import MEASUREMENT_COLUMNS
from advisor.catalog.store import Catalog, Surveyed
from advisor.catalog.weights_table import WEIGHTS_COLUMNS
from advisor.solve.gather import candidates_on
from advisor.solve.recommend import recommend
from advisor.solve.requirements import Requirements, read_requirements

NETWORKS = 1000
LIMITS = {"fps": "30", "latency": "500 ms", "energy": "0.5 J", "power": "12 W", "memory": "900 MB"}
TARGET_S = 2.0


def make_catalog(folder: Path, rows: int) -> None:
    """Write a catalog with one board of so many rows."""
    random = np.random.default_rng(0)
    names = [f"net-{index:04d}@224" for index in range(NETWORKS)]
    (folder / "boards/large").mkdir(parents=True)
    (folder / "sources.yaml").write_text("made-up: {citation: none, read: drawn, error: none}\n")
    (folder / "architectures.yaml").write_text(
        "".join(f"{name}: {{family: F, input: 3x224x224, reference: none}}\n" for name in names)
    )
    top1 = random.uniform(50, 85, NETWORKS)
    (folder / "weights.csv").write_text(
        ",".join(WEIGHTS_COLUMNS)
        + "\n"
        + "".join(
            f"{name},paper,{accuracy:.2f},,,,reported,made-up\n"
            for name, accuracy in zip(names, top1, strict=True)
        )
    )
    (folder / "boards/large/board.yaml").write_text(
        "title: Made up\nweights: paper\nsource: made-up\n"
        "idle_power: {value: 1 W, source: made-up}\n"
    )
    batches = np.arange(rows) // NETWORKS + 1
    latency = (5 + 3 * (top1[np.arange(rows) % NETWORKS] - 49)) * batches**0.95
    latency *= random.lognormal(0, 0.2, rows)
    power, memory = random.normal(11.8, 0.7, rows).clip(5), 200 + 2 * batches
    with (folder / "boards/large/measurements.csv").open("w") as stream:
        errors = "latency_low_ms,latency_high_ms,net_power_low_w,net_power_high_w"
        stream.write(",".join(MEASUREMENT_COLUMNS) + f",origin,source,{errors}\n")
        stream.writelines(
            f"{names[row % NETWORKS]},eager,fp32,{batches[row]},{latency[row]:.4f},"
            f"{power[row]:.3f},{memory[row]},reported,made-up,"
            f"{0.9 * latency[row]:.4f},{1.1 * latency[row]:.4f},"
            f"{0.95 * power[row]:.3f},{1.05 * power[row]:.3f}\n"
            for row in range(rows)
        )


class Loaded:
    """A board's files, read."""

    def __init__(self, catalog: Catalog) -> None:
        self.board = catalog.board("large")
        self.table = catalog.measurements(self.board)
        self.architectures, self.weights = catalog.architectures, catalog.weights

    def ask(self, requirements: Requirements) -> tuple[float, bool]:
        """Time to filter, join, rank and explain, and whether anything fits."""
        started = time.perf_counter()
        surveyed = [Surveyed(self.board, self.table)]
        candidates = candidates_on(surveyed, self.architectures, self.weights, requirements)
        answer = recommend(candidates, requirements)
        return time.perf_counter() - started, answer.best is not None

    def plain_numpy(self) -> float:
        """Time of a bare filter and sort of the same rows."""
        table = self.table
        latency, power = table.latency_ms.values.value, table.net_power_w.values.value
        started = time.perf_counter()
        per_image = latency / table.batch
        fits = (per_image <= 1000 / 30) & (power * per_image <= 500) & (latency <= 500)
        fits &= table.memory_mb.values.value <= 900
        found = np.flatnonzero(fits)
        found[np.lexsort((latency[found], table.architecture.index[found]))]
        return time.perf_counter() - started


def main() -> None:
    """Print a line for every size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=1_000_000)
    most = parser.parse_args().rows
    print("     rows  load s  answer s  none fits s  plain numpy s")
    for rows in sorted({max(most // 100, NETWORKS), max(most // 10, NETWORKS), most}):
        with tempfile.TemporaryDirectory() as folder:
            make_catalog(Path(folder), rows)
            started = time.perf_counter()
            loaded = Loaded(Catalog.open(folder))
            loading = time.perf_counter() - started
        answer, fits = loaded.ask(read_requirements(LIMITS, board="large"))
        hard = read_requirements({**LIMITS, "accuracy": "84.9", "fps": "900"}, board="large")
        no_answer, hard_fits = loaded.ask(hard)
        if hard_fits or not fits:
            raise SystemExit("the questions no longer do what they are meant to")
        bare = loaded.plain_numpy()
        print(f"{rows:9,}  {loading:6.2f}  {answer:8.3f}  {no_answer:11.3f}  {bare:13.3f}")
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    print(f"target: answer within {TARGET_S} s at 1,000,000 rows; peak memory {peak_mb:,.0f} MB")


if __name__ == "__main__":
    main()
