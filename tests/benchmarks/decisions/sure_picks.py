"""How often do picks that are called sure break their limit, before and after they are calibrated?

    python -m tests.benchmarks.decisions.sure_picks [--devices even|odd] [--draws 4]

Each way in which a board ran networks is taken as new, as `every_board` does, and the networks that `suggest`
names are measured. Picks are among the predicted ones alone, for 40 limits: the largest network, and, where
eight accuracies are known, the most accurate. Beside what became of them stands what the references had let
expect, each of which is taken as new itself.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.store import Catalog
from tests.benchmarks.decisions.every_board import Drawing, Trial, Way, parity_of, ways_of

if TYPE_CHECKING:
    from advisor.catalog.records import Floats, Integers

LIMITS = 40
EXTREMES = (0.05, 0.95)
SURE_FROM = 1.2815515655446004
LEAST_RATED = 8
NOTHING = (np.nan, np.nan)
HEADINGS = " ".join(
    (
        f"{'kind':43} measured devices margin expected  largest: broken",
        "most accurate: broken    points lost",
    )
)


@dataclass(frozen=True)
class Judged:
    """What became of one drawing; shares, and points of accuracy; NaN where there is nothing of it.

    Attributes:
        kind: what its figures are averaged with.
        device: the device.
        count: how many networks were measured.
        figures: how many times as wide errors count; the share of the references' picks that broke their
            limit so; the share of the picks that do without and with that margin, of the largest, then of
            the most accurate; and by how many points the latter are short of the best that keeps it.
    """

    kind: str
    device: str
    count: int
    figures: Sequence[float]


def main() -> None:
    """Run it, and print a line for each kind and number of measured networks."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--devices", choices=("even", "odd"), default="even")
    parser.add_argument("--draws", type=int, default=4)
    parser.add_argument("--measured", type=int, nargs="+", default=[5, 10, 20])
    asked = parser.parse_args()
    catalog = Catalog.open()
    ways = list(ways_of(catalog))
    known = [each for each in ways if asked.devices == "odd" or parity_of(each.device) == "even"]
    new = [each for each in known if parity_of(each.device) == asked.devices]
    best = {name: each.accuracy_percent.value for name, each in catalog.best_weights.items()}
    trial = Trial(known, best, asked.draws, asked.measured)
    judged = [
        judge(way, drawing, best)
        for way in new
        for drawing in trial.drawings(way)
        if drawing.suggested
    ]
    for line in lines(judged):
        print(line, flush=True)


def judge(way: Way, drawing: Drawing, best: dict[str, float]) -> Judged:
    """Pick, without and with the margin, and hold the picks against the truth."""
    pool = drawing.pool
    wanted = [name for name in pool.wanted if name in way.figures.by_network]
    places = pool.evidence.described.places(wanted)
    mean, deviation = pool.regression.predict(places)
    truth = np.array([way.figures.near(name, pool.wanted[name]) for name in wanted])
    top1 = np.array([best.get(name, np.nan) for name in wanted])
    calibration = pool.calibration
    by_size = np.argsort(-pool.evidence.described.size[places], kind="stable")
    rated = np.flatnonzero(~np.isnan(top1))
    by_accuracy = rated[np.argsort(-top1[rated], kind="stable")]
    largest, most = (
        [
            picked(order, mean, margin * deviation, truth, top1)
            for margin in (1.0, calibration.margin if calibration else 1.0)
        ]
        for order in (by_size, by_accuracy if len(rated) >= LEAST_RATED else rated[:0])
    )
    figures = (
        calibration.margin if calibration else np.nan,
        calibration.broken if calibration else np.nan,
        *(broken for broken, _ in (*largest, *most)),
        *(lost for _, lost in most),
    )
    kind = way.kind if calibration else f"{way.kind}, not calibrated"
    return Judged(kind, way.device, drawing.count, figures)


def picked(
    order: Integers, mean: Floats, deviation: Floats, truth: Floats, top1: Floats
) -> tuple[float, float]:
    """The share of sure picks that break their limit, and the points that the others lose."""
    if not len(order):
        return NOTHING
    mean, deviation, truth, top1 = (each[order] for each in (mean, deviation, truth, top1))
    low, high = np.quantile(truth, EXTREMES).tolist()
    limits = np.linspace(low, high, LIMITS)
    sure = mean + SURE_FROM * deviation <= limits[:, np.newaxis]
    answered = sure.any(axis=1)
    limits, pick = limits[answered], sure[answered].argmax(axis=1)
    if not len(pick):
        return NOTHING
    broken = truth[pick] > limits
    able = np.where(truth <= limits[:, np.newaxis], top1, -np.inf).max(axis=1)
    lost = (able - top1[pick])[~broken]
    return float(broken.mean()), float(lost.mean()) if len(lost) else np.nan


def lines(judged: Sequence[Judged]) -> Iterator[str]:
    """A line for each kind, calibrated or not, and number of measured networks."""
    groups: dict[tuple[str, int], list[Judged]] = defaultdict(list)
    for each in judged:
        groups[each.kind, each.count].append(each)
    yield HEADINGS
    for (kind, count), group in sorted(groups.items()):
        devices = len({each.device for each in group})
        table = np.array([each.figures for each in group])
        known = ~np.isnan(table)
        counts = np.where(known.any(axis=0), known.sum(axis=0), np.nan)
        margin, *shares = (np.where(known, table, 0.0).sum(axis=0) / counts).tolist()
        expected, *broken = (f"{100 * each:.1f}" for each in shares[:5])
        lost = [f"{each:.2f}" for each in shares[5:]]
        yield (
            f"{kind:43} {count:8} {devices:7} {margin:6.2f} {expected:>8} "
            f"{' -> '.join(broken[:2]):>16} {' -> '.join(broken[2:]):>21} {' -> '.join(lost):>14}"
        )


if __name__ == "__main__":
    main()
