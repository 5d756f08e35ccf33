"""Do the stored intervals of measured latencies hold what a run on another day finds?

    python -m tests.benchmarks.measuring_simulated [--trials 60] [--cells 3,14,46] [--runs 1,2,5]

Simulates whole runs (16 sessions of 2 s of every cell, shuffled in rounds) on machines with eight kinds of
noise, independent from day to day. Prints, for each kind and number of cells, how often the 90 % interval of
one, two and five runs holds the median of another run, and half its width. Cells of one run share its level,
so that the share is known from `trials` draws alone: two standard errors are printed beside.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from advisor.measuring.between_runs import BetweenRuns, RunCentre
from advisor.measuring.publish import usual_between_runs
from advisor.measuring.statistics import centre_error, drift_between, hodges_lehmann

Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator, NDArray[np.intp]], Floats]
"""Noise of the logarithm of each session of a run, from the numbers of their cells."""

SESSION_S, ROUNDS = 2.0, 16
OTHER_NOISE = 0.02
"""What single sessions vary by in every kind but the first."""


def drift(minutes: float, size: float = 0.08) -> Draw:
    """A machine whose speed drifts (an Ornstein-Uhlenbeck process) within so many minutes."""

    def drawn(random: np.random.Generator, cells: NDArray[np.intp]) -> Floats:
        keeps = math.exp(-SESSION_S / (60 * minutes))
        steps = random.normal(0, size * math.sqrt(1 - keeps**2), len(cells))
        found = np.empty(len(cells))
        level = random.normal(0, size)
        for place, step in enumerate(steps):
            level = keeps * level + step
            found[place] = level
        return found

    return drawn


def bursts(random: np.random.Generator, cells: NDArray[np.intp]) -> Floats:
    """Now and then somebody else's program slows a session down."""
    size: Floats = random.exponential(0.4, len(cells)) * (random.random(len(cells)) < 0.15)
    return size


KINDS: Mapping[str, Draw] = {
    "each session by itself, 8 %": lambda random, cells: random.normal(0, 0.08, len(cells)),
    "drift within 1 minute, 8 %": drift(1),
    "drift within 5 minutes, 8 %": drift(5),
    "drift within 30 minutes, 8 %": drift(30),
    "drift within 5 hours, 8 %": drift(300),
    "offset of each run, 5 %": lambda random, cells: np.full(len(cells), random.normal(0, 0.05)),
    "offset of each cell in each run, 5 %": lambda random, cells: random.normal(
        0, 0.05, cells.max() + 1
    )[cells],
    "bursts": bursts,
}

Run = list[Floats]
"""The log medians of the sessions of each cell."""


def simulated(
    random: np.random.Generator, kind: Draw, cells: int
) -> tuple[Run, list[tuple[str, float]]]:
    """One run: the sessions of each cell, and all of them in their order."""
    cell = np.concatenate([random.permutation(cells) for _ in range(ROUNDS)])
    logs = random.normal(0, OTHER_NOISE, len(cell)) + kind(random, cell)
    in_order = [(str(each), math.exp(log)) for each, log in zip(cell, logs, strict=True)]
    return [logs[cell == each] for each in range(cells)], in_order


def together(runs: list[tuple[Run, list[tuple[str, float]]]], usual: float) -> BetweenRuns:
    """What a board's runs say together."""
    centres = [
        RunCentre(str(cell), number, hodges_lehmann(logs), centre_error(logs), len(logs))
        for number, (run, _) in enumerate(runs)
        for cell, logs in enumerate(run)
    ]
    drifts = [each for each in (drift_between(in_order) for _, in_order in runs) if each]
    allowed = max((each[1] for each in drifts), default=0.0)
    return BetweenRuns(centres, math.hypot(usual, allowed))


def held(kind: Draw, cells: int, runs: int, trials: int, usual: float) -> tuple[Floats, float]:
    """The share of the cells whose interval holds, by trial, and half the median width of intervals."""
    random = np.random.default_rng(cells * 1000 + runs)
    shares: list[float] = []
    widths: list[float] = []
    for _ in range(trials):
        said = together([simulated(random, kind, cells) for _ in range(runs)], usual)
        another, _ = simulated(random, kind, cells)
        figures = [said.pooled(str(cell)) for cell in range(cells)]
        found = [math.exp(hodges_lehmann(logs)) for logs in another]
        pairs = zip(figures, found, strict=True)
        shares.append(
            float(np.mean([each.low_ms <= other <= each.high_ms for each, other in pairs]))
        )
        widths.extend(math.log(each.high_ms / each.low_ms) / 2 for each in figures)
    return np.array(shares), float(np.median(widths))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--cells", default="3,14,46")
    parser.add_argument("--runs", default="1,2,5")
    asked = parser.parse_args()
    counts = [int(each) for each in asked.runs.split(",")]
    usual = usual_between_runs()
    print(f"{'':38} cells" + "".join(f"  {count} runs: holds, half width" for count in counts))
    for name, kind in KINDS.items():
        for cells in map(int, asked.cells.split(",")):
            line = f"{name:38} {cells:5d}"
            for count in counts:
                shares, width = held(kind, cells, count, asked.trials, usual)
                error = 2 * float(np.std(shares)) / math.sqrt(len(shares))
                line += f"  {np.mean(shares):7.1%} +-{error:5.1%} {width:9.1%}"
            print(line, flush=True)


if __name__ == "__main__":
    main()
