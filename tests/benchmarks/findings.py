"""How often `advisor findings` says wrongly that a finding holds, or does not, in made-up worlds.

    python -m tests.benchmarks.findings [WORLDS]

A line a world and number of networks: in which share of WORLDS (1,000; some eight minutes) a verdict is
given. Where the finding is so, "does not hold" is wrong; where it is not, "holds". Either is to be at most
5 %; the others show how much the tests see.
"""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from advisor.catalog.store import Catalog
from advisor.paper.evidence import Evidence
from advisor.paper.four_findings import (
    HOLDS,
    NOT,
    SHAPES,
    UNDECIDED,
    Finding,
    accuracy_is_hyperbolic,
    energy_bounds,
    operations_estimate_time,
    power_is_constant,
)

if TYPE_CHECKING:
    from advisor.catalog.records import Floats

NETWORKS = (5, 14, 46)
SIZES = 2 ** np.arange(7)
FASTEST_MS, SLOWEST_MS = 5.0, 200.0
LEAST_RELATED = 2 * math.sin(math.pi / 12)
"""The correlation of normal variables whose ranks correlate to 0.5, the least that counts as a relation."""

Random = np.random.Generator


@dataclass(frozen=True)
class World:
    """What a finding is tested on.

    Attributes:
        name: what is so in it.
        judged: the test of the finding.
        is_so: whether the finding is so in it.
        made: rows of so many networks, by chance.
    """

    name: str
    judged: Callable[[Evidence], Finding]
    is_so: bool
    made: Callable[[Random, int], Evidence]

    @property
    def wrong(self) -> str:
        """The verdict that would be wrong."""
        return NOT if self.is_so else HOLDS

    def shares(self, networks: int, worlds: int, seed: int = 0) -> Mapping[str, float]:
        """How often each verdict is given on that many networks."""
        random = np.random.default_rng([seed, networks])
        verdicts = Counter(self.judged(self.made(random, networks)).verdict for _ in range(worlds))
        return {verdict: count / worlds for verdict, count in verdicts.items()}


BASE = Evidence.of(Catalog.open(), "jetson-tx1")


def rows(count: int, **columns: Any) -> Evidence:
    """One row a network, at batch 1; what is not given is like in all."""
    plain = {
        "names": np.array([f"network-{place}" for place in range(count)]),
        "batch": np.ones(count, dtype=np.int64),
        **{
            name: np.full(count, 10.0)
            for name in ("time_ms", "power_w", "memory_mb", "top1", "params", "operations")
        },
    }
    both = {**plain, **columns}
    return replace(BASE, **both, rate_fps=1000 / both["time_ms"])


def powers(
    noise: float, networks: float = 0.0, one_batch: float = 0.0, following: float = 0.0
) -> Callable[[Random, int], Evidence]:
    """Powers of networks at seven batch sizes, an eighth of the rows missing, as relative deviations.

    Args:
        noise: of each row.
        networks: of the networks.
        one_batch: by how much one batch size is off the mean of all.
        following: of the networks, as their operations go.
    """

    def made(random: Random, count: int) -> Evidence:
        place, batch = (each.ravel() for each in np.indices((count, len(SIZES))))
        kept = random.random(len(place)) < 7 / 8
        place, batch = place[kept], batch[kept]
        size = random.normal(size=count)
        of_network = networks * random.normal(size=count) + following * size
        of_batch = np.full(len(SIZES), -math.log1p(one_batch) / (len(SIZES) - 1))
        of_batch[3] = math.log1p(one_batch)
        off = of_network[place] + of_batch[batch] + noise * random.normal(size=len(place))
        return rows(
            len(place),
            names=np.array([f"network-{each}" for each in place]),
            batch=SIZES[batch],
            power_w=11.8 * np.exp(off),
            operations=1e9 * np.exp(size)[place],
        )

    return made


def powers_of_one_batch(**deviations: float) -> Callable[[Random, int], Evidence]:
    """The same where each network ran one batch size."""
    every = powers(**deviations)

    def made(random: Random, count: int) -> Evidence:
        evidence = every(random, 2 * count)
        evidence = evidence.at(4)
        return evidence.where(np.arange(len(evidence)) < count)

    return made


def accuracies(shape: str, noise: float, wasted: float = 0.0) -> Callable[[Random, int], Evidence]:
    """Accuracies from 57 to 79 % that go with time; some networks waste theirs."""

    def made(random: Random, count: int) -> Evidence:
        time_ms = np.exp(random.uniform(math.log(FASTEST_MS), math.log(SLOWEST_MS), count))
        share = np.full(count, 0.5)
        if shape in SHAPES:
            first, last = (SHAPES[shape](np.array(end)) for end in (FASTEST_MS, SLOWEST_MS))
            share = (SHAPES[shape](time_ms) - first) / (last - first)
        off = noise * random.normal(size=count) - wasted * random.exponential(size=count)
        return rows(count, time_ms=time_ms, top1=57 + 22 * share + off)

    return made


def related(random: Random, count: int, correlation: float, times: int) -> tuple[Floats, ...]:
    """A column of normal variables, and so many that correlate with it."""
    first = random.normal(size=count)
    rest = math.sqrt(1 - correlation**2) * random.normal(size=(times, count))
    return first, *(correlation * first + rest)


def energies(
    correlation: float, of_accuracy: float | None = None
) -> Callable[[Random, int], Evidence]:
    """Energies that correlate so with operations, and so or otherwise with accuracy."""

    def made(random: Random, count: int) -> Evidence:
        energy, operations, _ = related(random, count, correlation, 2)
        other = correlation if of_accuracy is None else of_accuracy
        rest = math.sqrt(1 - other**2) * random.normal(size=count)
        return rows(
            count,
            power_w=np.exp(energy),
            operations=1e9 * np.exp(operations),
            top1=70 + 4 * (other * energy + rest),
        )

    return made


def times(correlation: float) -> Callable[[Random, int], Evidence]:
    """Times per image that correlate so with operations."""

    def made(random: Random, count: int) -> Evidence:
        time, operations = related(random, count, correlation, 1)
        return rows(count, time_ms=10 * np.exp(time), operations=1e9 * np.exp(operations))

    return made


def worlds() -> Iterator[World]:
    """Every world, those on the edge of what is tested among them."""
    for noise in (0.05, 0.1, 0.2):
        yield World(f"power constant, {noise:.0%} noise", power_is_constant, True, powers(noise))
    for deviations in ({"networks": 0.05}, {"one_batch": 0.05}):
        yield World(f"power: {deviations}", power_is_constant, True, powers(0.1, **deviations))
    for noise in (0.01, 0.1):
        for deviations in (
            {"networks": 0.1}, {"networks": 0.2}, {"one_batch": 0.1}, {"one_batch": 0.3},
            {"following": 0.3},
        ):  # fmt: skip
            name = f"power: {deviations}, {noise:.0%} noise"
            yield World(name, power_is_constant, False, powers(noise, **deviations))
    for noise in (0.1, 0.3):
        name = f"power constant, {noise:.0%} noise, one batch size"
        yield World(name, power_is_constant, True, powers_of_one_batch(noise=noise))
    name = "power follows operations by 30%, one batch size"
    yield World(name, power_is_constant, False, powers_of_one_batch(noise=0.1, following=0.3))
    for shape in (*SHAPES, "unrelated"):
        for noise, wasted in ((0.3, 0.0), (1.0, 0.0), (3.0, 0.0), (0.3, 3.0)):
            yield World(
                f"accuracy {shape}, noise {noise} and {wasted} points",
                accuracy_is_hyperbolic,
                shape == "hyperbolic",
                accuracies(shape, noise, wasted),
            )
    # On the edge either verdict is wrong.
    for correlation, is_so, edge in (
        (LEAST_RELATED, True, ", just enough"),
        (LEAST_RELATED, False, ", just too little"),
        (0.9, True, ""),
    ):
        name = f"energy correlates to {correlation:.2f}{edge}"
        yield World(name, energy_bounds, is_so, energies(correlation))
        name = f"time correlates to {correlation:.2f}{edge}"
        yield World(name, operations_estimate_time, is_so, times(correlation))
    yield World("energy independent", energy_bounds, False, energies(0.0))
    yield World("energy correlates with operations alone", energy_bounds, False, energies(0.9, 0.0))
    yield World("time independent", operations_estimate_time, False, times(0.0))


def main() -> None:
    """Print the shares."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    heading = "".join(f"{verdict:>16}" for verdict in (HOLDS, NOT, UNDECIDED))
    print(f"{'':<62}{'networks':>9}{heading}{'wrong':>8}")
    most = 0.0
    for world in worlds():
        for networks in NETWORKS:
            shares = world.shares(networks, count)
            wrong = shares.get(world.wrong, 0.0)
            most = max(most, wrong)
            cells = "".join(f"{shares.get(each, 0.0):>16.1%}" for each in (HOLDS, NOT, UNDECIDED))
            print(f"{world.name:<62}{networks:>9}{cells}{wrong:>8.1%}", flush=True)
    error = math.sqrt(0.05 * 0.95 / count)
    print(f"\nmost wrong {most:.1%}; wanted at most 5%, of which {count} worlds know {error:.1%}")


if __name__ == "__main__":
    main()
