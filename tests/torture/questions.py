"""Questions on the shipped TX1, answered once more row by row, straight from the files."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from tests.test_pick import ask, pick_row_by_row

RANGES = {
    "fps": (1.0, 150.0),
    "response": (10.0, 2000.0),
    "energy": (0.05, 3.0),
    "power": (2.0, 15.0),
    "memory": (200.0, 2000.0),
    "accuracy": (50.0, 81.0),
}
BATCHES = (1, 2, 4, 8, 16)


def cases(draw: random.Random, folder: Path) -> Iterator[str]:
    """One question a case."""
    del folder
    while True:
        limits = {name: draw.uniform(*ends) for name, ends in RANGES.items() if draw.random() < 0.5}
        some = set(draw.sample(BATCHES, draw.randint(1, 5))) if draw.random() < 0.5 else None
        best = ask(dict(limits), ",".join(map(str, sorted(some))) if some else "any").best
        answered = (best.architecture, best.batch) if best else None
        expected = pick_row_by_row(limits, some)
        yield "" if answered == expected else f"{limits}, {some}: {answered}, and not {expected}"
