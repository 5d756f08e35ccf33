"""Treat advisor badly for so many minutes: `python -m tests.torture [--minutes 20] [--seed N] [KIND ...]`.

Exits with 1 where something was found, all of which is printed as it is found.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.torture import (
    command_lines,
    crash_points,
    kills,
    mutated_files,
    mutated_networks,
    questions,
    six_at_once,
    surroundings,
)

Cases = Callable[[random.Random, Path], Iterator[str]]
KINDS: dict[str, tuple[Cases, int, float]] = {
    "crash points": (crash_points.cases, 1_000, 0.2),
    "kills": (kills.cases, 400, 0.15),
    "command lines": (command_lines.cases, 10_000, 0.2),
    "mutated files": (mutated_files.cases, 5_000, 0.15),
    "mutated networks": (mutated_networks.cases, 1_000, 0.1),
    "questions": (questions.cases, 2_000, 0.1),
    "six at once": (six_at_once.cases, 100, 0.1),
    "surroundings": (surroundings.cases, 200, 0.1),
}
"""By what is done: its cases, how many are enough, and its share of the time."""


def torture(kind: str, folder: Path, seed: int, most: int, seconds: float) -> tuple[int, list[str]]:
    """Take cases of a kind until there are enough, or the time is over.

    Returns:
        How many were taken, and what was found.
    """
    found, taken, until = [], 0, time.monotonic() + seconds
    folder.mkdir(parents=True)
    for said in KINDS[kind][0](random.Random(seed), folder):
        taken += 1
        found += [said] if said else []
        if taken >= most or time.monotonic() > until:
            break
    return taken, found


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("kinds", nargs="*", default=list(KINDS))
    asked = parser.parse_args()
    every: list[str] = []
    share = sum(KINDS[kind][2] for kind in asked.kinds)
    folder = Path(tempfile.mkdtemp(prefix="torture-"))
    for kind in asked.kinds:
        seconds = 60 * asked.minutes * KINDS[kind][2] / share
        place = folder / kind.replace(" ", "-")
        taken, found = torture(kind, place, asked.seed, KINDS[kind][1], seconds)
        print(f"{kind}: {taken} cases, {len(found)} faults (seed {asked.seed})", flush=True)
        for each in found[:20]:
            print(f"  {each}", flush=True)
        every += found
    if not every:  # else what was found lies there
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if every else 0


if __name__ == "__main__":
    sys.exit(main())
