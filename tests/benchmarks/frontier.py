"""How long the sort behind a frontier takes, and how that grows with the rows.

    python tests/benchmarks/frontier.py [--rows 1000000] [--turns 5]

Rows are drawn with a fixed seed in four shapes: independent columns; correlated ones, of which a few rows
beat all others; opposed ones, whose front is some per cent of the rows; and a sphere, of which no row beats
another. The sort takes turns with a plain reference: of two columns `numpy.lexsort` and a running
minimum, of three `numpy.lexsort` of the columns alone, without which no exact sort of this kind
begins. Each figure is the median of the turns; of two columns both must find the same.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from advisor.solve.recommend.non_dominated import non_dominated

if TYPE_CHECKING:
    from advisor.catalog.records import Floats, Integers

SHAPES = ("independent", "correlated", "opposed", "sphere")


def drawn(rows: int, columns: int, shape: str) -> Floats:
    """Rows of one shape."""
    random = np.random.default_rng(0)
    if shape == "independent":
        return random.random((rows, columns))
    if shape == "correlated":
        return random.random((rows, 1)) + 0.05 * random.random((rows, columns))
    if shape == "opposed":
        shares = random.exponential(1, (rows, columns))
        total = shares.sum(axis=1, keepdims=True) / (1 + 0.05 * random.random((rows, 1)))
        opposed: Floats = shares / total
        return opposed
    points = np.abs(random.normal(size=(rows, columns)))
    away: Floats = 1 - points / np.sqrt((points**2).sum(axis=1, keepdims=True))
    return away


def plain_of_two(figures: Floats) -> Integers:
    """The front of two columns, written straight."""
    order = np.lexsort((figures[:, 1], figures[:, 0]))
    second = figures[order, 1]
    front = np.ones(len(order), dtype=np.bool_)
    front[1:] = second[1:] < np.minimum.accumulate(second)[:-1]
    found: Integers = np.sort(order[front])
    return found


def plain_of_three(figures: Floats) -> Integers:
    """Only the order that a front of three columns starts from."""
    order: Integers = np.lexsort(figures.T[::-1])
    return order


def timed(sort: Callable[[Floats], Integers], figures: Floats) -> tuple[float, Integers]:
    """How long it takes, in s, and what it finds."""
    started = time.perf_counter()
    found = sort(figures)
    return time.perf_counter() - started, found


def main() -> None:
    """Print a line for every size, number of columns and shape."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--turns", type=int, default=5)
    asked = parser.parse_args()
    print("columns  shape             rows      front  frontier s  plain s  ratio")
    for columns, plain in ((2, plain_of_two), (3, plain_of_three)):
        for shape in SHAPES:
            for rows in (asked.rows // 100, asked.rows // 10, asked.rows):
                figures = drawn(rows, columns, shape)
                ours, theirs = [], []
                for _ in range(asked.turns):
                    spent, front = timed(non_dominated, figures)
                    ours.append(spent)
                    spent, reference = timed(plain, figures)
                    theirs.append(spent)
                if columns == 2 and front.tolist() != reference.tolist():
                    raise SystemExit("the sort and its reference do not agree")
                took, bare = statistics.median(ours), statistics.median(theirs)
                print(
                    f"{columns:7}  {shape:11} {rows:10,} {len(front):10,}  {took:10.4f}"
                    f"  {bare:7.4f}  {took / bare:5.2f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
