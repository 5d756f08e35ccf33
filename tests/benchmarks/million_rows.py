"""How long choosing takes on a large catalog, after loading, and how that grows with the rows.

    python tests/benchmarks/million_rows.py [--rows 1000000]

Makes boards of 10,000 to a million rows (1,000 made-up networks, drawn with a fixed seed), loads each from
its files, and times a pick under five limits with its explanation, once where something fits and once where
nothing does (what would have to give, alone and together), and a frontier of three metrics under the same
limits. Filter and rank alone are held against the same in plain numpy, alternating, as a ratio of medians.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from advisor.catalog.measurements_table import MEASUREMENT_COLUMNS
from advisor.catalog.stack import Stack
from advisor.catalog.store import Catalog
from advisor.catalog.tables import WEIGHTS_COLUMNS
from advisor.options import Requirements, Selection, read_requirements
from advisor.quality import CLASSIFICATION
from advisor.solve.candidates.candidates import Candidates
from advisor.solve.candidates.gather import candidates_on
from advisor.solve.candidates.network_pool import network_pool
from advisor.solve.recommend.frontier import frontier_of
from advisor.solve.recommend.pick import recommend
from advisor.solve.recommend.ranking import in_order
from advisor.solve.recommend.verdicts import Verdicts

NETWORKS = 1000
LIMITS = {"fps": "30", "latency": "500 ms", "energy": "0.5 J", "power": "12 W", "memory": "900 MB"}
TARGET_S, TARGET_RATIO, TARGET_MB = 3.0, 3.0, 1500


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
        self.weights = catalog.weights
        self.stack = Stack.of([self.board], [self.table])
        self.pool = network_pool(catalog, Selection(), self.stack, CLASSIFICATION)

    def candidates(self, requirements: Requirements) -> Candidates:
        """What may be chosen from, no metric computed yet."""
        return candidates_on(self.stack, self.pool, requirements)

    def ask(self, requirements: Requirements) -> tuple[float, bool]:
        """Time to filter, join, rank and explain, and whether anything fits."""
        started = time.perf_counter()
        answer = recommend(self.candidates(requirements), requirements)
        return time.perf_counter() - started, answer.best is not None

    def frontier(self, requirements: Requirements) -> float:
        """Time of a frontier of three metrics under the limits."""
        started = time.perf_counter()
        frontier_of(self.candidates(requirements), requirements, ("time", "accuracy", "energy"))
        return time.perf_counter() - started

    def filter_and_rank(self, requirements: Requirements) -> float:
        """Time to hold every candidate against every limit and rank what meets them."""
        started = time.perf_counter()
        candidates = self.candidates(requirements)
        verdicts = Verdicts.of(
            candidates, requirements.constraints, requirements.objective, requirements.confidence
        )
        in_order(candidates, requirements.objective, verdicts.nominal)
        return time.perf_counter() - started

    def plain_numpy(self) -> float:
        """Time of the same filter and the same order of the same rows, as one would write it by hand."""
        table = self.table
        started = time.perf_counter()
        top1 = np.array(
            [
                self.weights[name, "paper"].accuracy_percent.value
                for name in table.architecture.names
            ]
        )
        latency, power = table.latency_ms.values.value, table.net_power_w.values.value
        memory, batch = table.memory_mb.values.value, table.batch
        per_image = latency / batch
        energy = power * per_image / 1000
        response = (batch - 1) * 1000 / 30 + latency
        average = 1 + np.minimum(30 * energy, power)
        fits = (1000 / per_image >= 30) & (response <= 500) & (energy <= 0.5)
        fits &= (average <= 12) & (memory <= 900)
        found = np.flatnonzero(fits)
        network = table.architecture.index
        keys = (network, batch, memory, energy, response, -top1[network])
        found[np.lexsort([key[found] for key in keys])]
        return time.perf_counter() - started


def main() -> None:
    """Print a line for every size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=1_000_000)
    most = parser.parse_args().rows
    asked = read_requirements(LIMITS, board="large", explain="net-0500@224")
    as_read = replace(asked, stated_confidence=0.0)
    hard = read_requirements(
        {**LIMITS, "accuracy": "84.9", "fps": "900"}, board="large", explain="net-0500@224"
    )
    print("seconds     rows  load   pick  none fits  frontier  filter and rank / plain numpy")
    for rows in sorted({max(most // 100, NETWORKS), max(most // 10, NETWORKS), most}):
        with tempfile.TemporaryDirectory() as folder:
            make_catalog(Path(folder), rows)
            started = time.perf_counter()
            loaded = Loaded(Catalog.open(folder))
            loading = time.perf_counter() - started
        answer, fits = loaded.ask(asked)
        no_answer, hard_fits = loaded.ask(hard)
        if hard_fits or not fits:
            raise SystemExit("the questions no longer do what they are meant to")
        frontier = loaded.frontier(asked)
        pairs = [(loaded.filter_and_rank(as_read), loaded.plain_numpy()) for _ in range(7)]
        ours, bare = (statistics.median(each) for each in zip(*pairs, strict=True))
        print(
            f"      {rows:10,}  {loading:4.1f}  {answer:5.2f}  {no_answer:9.2f}  {frontier:8.2f}  "
            f"{ours / bare:5.2f} ({ours:.3f} / {bare:.3f})"
        )
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    print(
        f"targets at 1,000,000 rows: pick and frontier together {TARGET_S} s, ratio {TARGET_RATIO}, "
        f"memory {TARGET_MB:,} MB; peak memory was {peak_mb:,.0f} MB"
    )


if __name__ == "__main__":
    main()
