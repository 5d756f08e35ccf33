"""How good are predictions and decisions on every board of the catalog, each in turn taken as new?

    python -m tests.benchmarks.decisions.every_board [--devices even|odd] [--draws 20] [--strict]
        [--verify 10] [--journal FILE] [--on SCHEDULER]

Each way in which a board ran at least 16 networks is taken as new in turn: some of its networks are
measured, all others are predicted from the boards of other devices and of other chips, and held against what
the board found. At most half of a board's networks are measured. Each query asks for the most accurate
network within a limit on the time per image. With `--strict` no reference runs networks by the new board's
runtime in its class of precision, on its kind of processor. With `--verify` some of the queries go on: what
leads is measured, as `advisor pick --verify` does. With `--on` each way is a task of a Dask scheduler's
workers, started in the repository's root: `dask worker SCHEDULER --nthreads 1 --resources work=1`.

The method and its constants were chosen on devices whose name's SHA-256 begins with an even byte, with
references of such devices alone; those that begin with an odd byte are for the last look, with all others as
references. Both are listed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from advisor.architectures.names import device_of
from advisor.catalog.precision import has_float_accuracy
from advisor.catalog.records import Z90, Board, Values
from advisor.catalog.run_as import Variant
from advisor.catalog.store import Catalog
from advisor.errors import AdvisorError
from advisor.measuring.cluster import cluster
from advisor.prediction.transfer.boards import (
    LIKENESS,
    SAME_WAY,
    Figures,
    Reference,
    alike,
    figures_of,
    likeness,
    without,
)
from advisor.prediction.transfer.networks import designs_of
from advisor.prediction.transfer.pools import LEAST_MEASURED, Pool, Question, common, pool_of
from advisor.prediction.transfer.regression import Measured, Regression
from advisor.prediction.transfer.suggestions import most_informative
from advisor.solve.candidates.uncertainty import chance_below
from advisor.solve.verify.standing import Standing
from advisor.solve.verify.verification import verify
from tests.benchmarks.decisions.queries import EXTREMES, spread_of

if TYPE_CHECKING:
    from advisor.catalog.records import Booleans, Floats

LEAST_NETWORKS = 16
QUERIES = 40
VERIFIED_QUERIES = 5
CONFIDENCE = 0.9
WIDTHS = (13, 7, 7, 7, 12, 7, 12, 9, 6, 16)
HEADINGS = " ".join(
    (
        f"{'kind':28}      measured devices error % in 90 %",
        "5, 50, 95th width % broken (s.e.) overrun %   lost",
        "verified: broken, lost, spent",
    )
)


@dataclass(frozen=True)
class Way:
    """One way in which a board ran networks, latencies per image."""

    board: Board
    variant: Variant
    chips: frozenset[str]
    figures: Figures

    @property
    def device(self) -> str:
        return device_of(self.board.name)

    @property
    def key(self) -> tuple[str, ...]:
        """What names it."""
        return (self.board.name, *self.variant.words)

    @property
    def kind(self) -> str:
        """What its figures are averaged with: what ran it, in which precision, by which runtime."""
        precision = "floats" if has_float_accuracy(self.variant.precision) else "integers"
        processor = self.variant.processor or ("gpu" if self.board.accelerator else "cpu")
        return f"{processor}, {precision}, {self.variant.runtime}"


@dataclass(frozen=True)
class Outcome:
    """What became of one draw of measured networks; shares, points of accuracy, and measurements spent."""

    kind: str
    device: str
    measured: int
    suggested: bool
    error: float
    held: float
    width: float
    broken: float
    overrun: float
    lost: float
    verified_broken: float = np.nan
    verified_lost: float = np.nan
    spent: float = np.nan


def main() -> None:
    """Run it, and print a line for each kind and number of measured networks."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--devices", choices=("even", "odd"), default="even")
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--measured", type=int, nargs="+", default=[5, 8, 10, 20])
    parser.add_argument("--kind", default="", help="only kinds that contain this")
    parser.add_argument("--strict", action="store_true", help="no reference runs in the same way")
    parser.add_argument("--verify", type=int, default=0, help="measurements; 0 for none")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--journal", type=Path, help="keeps what is done, and goes on from it")
    parser.add_argument("--on", help="the scheduler; without it, this process does all")
    asked = parser.parse_args()
    settings = Settings(
        asked.devices, asked.draws, tuple(asked.measured), strict=asked.strict, verify=asked.verify
    )
    ways = every_way()
    for parity in ("even", "odd"):
        devices = sorted({each.device for each in ways if parity_of(each.device) == parity})
        print(f"{len(devices)} {parity} devices: {', '.join(devices)}\n")
    new = [each for each in ways if parity_of(each.device) == asked.devices]
    wanted = [each for each in new if asked.kind in each.kind]
    with spread_on(asked.on) as spread:
        outcomes = list(all_outcomes(asked.journal, settings, wanted, spread))
    for line in lines(outcomes):
        print(line, flush=True)
    if asked.json:
        asked.json.write_text(json.dumps([asdict(each) for each in outcomes], indent=1) + "\n")


@dataclass(frozen=True)
class Settings:
    """What is asked, beside the way.

    Attributes:
        devices: "even" or "odd", which are taken as new.
        draws: how many for each number of measured networks.
        measured: these numbers.
        strict: whether no reference ran networks in the same way.
        verify: how many measurements may be spent on verifying; 0 for none.
    """

    devices: str
    draws: int
    measured: tuple[int, ...]
    strict: bool = False
    verify: int = 0

    @property
    def words(self) -> list[str | int]:
        """As a journal has them."""
        return [self.devices, self.draws, *self.measured, self.strict, self.verify]


Spread = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
"""As `map` is: calls a function with each of some arguments."""


@contextmanager
def spread_on(scheduler: str | None) -> Iterator[Spread]:
    """Where tasks run: here, or on the workers of a scheduler."""
    if scheduler is None:
        yield map
        return
    with cluster(scheduler) as workers:
        yield workers.map


def all_outcomes(
    journal: Path | None, settings: Settings, ways: Sequence[Way], spread: Spread = map
) -> Iterator[Outcome]:
    """The outcomes of these ways: those of an earlier run that was asked the same, else new ones.

    Args:
        journal: a line of JSON for each way that is done; `None` to keep nothing.
        settings: what was asked, beside the way.
        ways: the ways.
        spread: has what is not kept yet found.
    """
    kept = {}
    for line in journal.read_text().splitlines() if journal and journal.exists() else ():
        done = json.loads(line)
        kept[json.dumps(done["of"])] = [Outcome(**each) for each in done["outcomes"]]
    keys = [json.dumps([*settings.words, *each.key]) for each in ways]
    left = [each.key for each, key in zip(ways, keys, strict=True) if key not in kept]
    found = iter(spread(partial(outcomes_of, settings), left))
    for way, key in zip(ways, keys, strict=True):
        if key not in kept:
            outcome = next(found)
            if isinstance(outcome, AdvisorError):
                raise outcome
            kept[key] = outcome
            if journal:
                outcomes = [asdict(each) for each in kept[key]]
                with journal.open("a") as lines_of_it:
                    line = json.dumps({"of": [*settings.words, *way.key], "outcomes": outcomes})
                    lines_of_it.write(f"{line}\n")
        yield from kept[key]


def outcomes_of(settings: Settings, way: Sequence[str]) -> list[Outcome]:
    """The task: all outcomes of one way, by its key."""
    trial = trial_of(settings)
    (found,) = [each for each in trial.known if list(each.key) == list(way)]
    return list(trial.outcomes(found))


@cache
def trial_of(settings: Settings) -> Trial:
    """The trial that settings ask for, once in each process."""
    known = [
        each
        for each in every_way()
        if settings.devices == "odd" or parity_of(each.device) == "even"
    ]
    best = {name: each.accuracy_percent.value for name, each in Catalog.open().best_weights.items()}
    return Trial(
        known,
        best,
        settings.draws,
        settings.measured,
        strict=settings.strict,
        verify=settings.verify,
    )


@cache
def every_way() -> list[Way]:
    """All ways of the catalog."""
    return list(ways_of(Catalog.open()))


def parity_of(device: str) -> str:
    """Whether the name's SHA-256 begins with an even byte or an odd one."""
    return "odd" if hashlib.sha256(device.encode()).digest()[0] % 2 else "even"


def ways_of(catalog: Catalog) -> Iterator[Way]:
    """Every way of every board that ran enough networks."""
    readable, _ = catalog.survey()
    for each in readable:
        for variant in each.measurements.variants:
            figures = figures_of(each.board, each.measurements, "latency_ms", variant)
            if len(figures.by_network) >= LEAST_NETWORKS:
                yield Way(each.board, variant, chips_of(each.board), figures)


def chips_of(board: Board) -> frozenset[str]:
    """The names of chips in a board's title, such as "rk3588", whatever letters end them."""
    found = re.findall(r"[a-z]*[ -]?\d{3,}", f"{board.title} {board.processor}".lower())
    return frozenset(re.sub("[ -]", "", each) for each in found if not re.fullmatch(r"\d{4}", each))


@dataclass(frozen=True)
class Drawing:
    """Some networks measured on a board, drawn at random or suggested, and what follows from them."""

    pool: Pool
    count: int
    suggested: bool
    chance: np.random.Generator


@dataclass
class Lookup:
    """Queries whose candidates are measured by looking them up; arrays have the shape (networks,).

    Attributes:
        pool: what the first measurements say.
        truth: the logarithm of the time per image.
        top1: the best accuracy of each network; NaN where that is unknown.
        measured: whether each is measured.
        limit: on the time per image, in ms.
    """

    pool: Pool
    truth: Floats
    top1: Floats
    measured: Booleans
    limit: float = np.nan

    @classmethod
    def of(cls, way: Way, pool: Pool, best: Mapping[str, float]) -> Lookup:
        """Those networks that the new board ran."""
        names = pool.evidence.described.names
        own = way.figures.by_network
        return cls(
            pool=pool,
            truth=np.array(
                [
                    way.figures.near(name, pool.wanted.get(name, max(own[name])))
                    if name in own
                    else np.nan
                    for name in names
                ]
            ),
            top1=np.array([best.get(name, np.nan) if name in own else np.nan for name in names]),
            measured=np.isin(names, list(pool.seen)),
        )

    def standing(self) -> Standing:
        """The networks as they stand now; those of unknown accuracy are no candidates."""
        places = np.flatnonzero(self.measured)
        names = [self.pool.evidence.described.names[place] for place in places]
        measured = Measured(places, self.truth[places], designs_of(names, self.pool.designs))
        mean, deviation = Regression.fit(self.pool.evidence, measured).predict(
            np.arange(len(self.truth))
        )
        mean = np.where(self.measured, self.truth, mean)
        half = np.where(self.measured, 0.0, Z90 * deviation)
        spread = spread_of(Values(np.exp(mean), np.exp(mean - half), np.exp(mean + half)))
        chance = chance_below(spread, np.full(len(mean), self.limit))
        order = np.empty(len(mean), dtype=np.int64)
        order[np.lexsort((mean, -np.nan_to_num(self.top1, nan=-np.inf)))] = np.arange(len(mean))
        chance = np.where(np.isnan(self.top1), 0.0, chance)
        return Standing.of(chance, order, self.measured, CONFIDENCE)

    def measure(self, place: int) -> None:
        """Look one up."""
        self.measured = self.measured | (np.arange(len(self.truth)) == place)


class Trial:
    """Each board in turn as new."""

    def __init__(
        self,
        known: Sequence[Way],
        best: dict[str, float],
        draws: int,
        measured: Sequence[int],
        *,
        strict: bool = False,
        verify: int = 0,
    ) -> None:
        self.known, self.best, self.draws, self.measured = known, best, draws, measured
        self.strict, self.verify = strict, verify
        self.catalog = Catalog.open()

    def outcomes(self, way: Way) -> Iterator[Outcome]:
        """All draws of one way."""
        for each in self.drawings(way):
            yield self.judged(way, each)

    def drawings(self, way: Way) -> Iterator[Drawing]:
        """Some of its networks measured, all others predicted."""
        own = way.figures
        references = [
            Reference(each.figures, likeness(way.board, way.variant, each.board, each.variant))
            for each in self.known
            if each.device != way.device
            and not each.chips & way.chips
            and common(own, each.figures) >= LEAST_MEASURED
        ]
        if self.strict:
            references = [each for each in references if each.likeness > LIKENESS.index(SAME_WAY)]
        lacking = {name for each in references for name in each.figures.by_network} - set(
            own.by_network
        )
        taken = alike(references)
        figures = [without(each.figures, lacking) for each in taken]
        architectures = {
            name: self.catalog.architectures[name] for f in (own, *figures) for name in f.by_network
        }
        like = [each.likeness == LIKENESS.index(SAME_WAY) for each in taken]
        question = Question(own, figures, architectures, way.board.cost, like=like)
        names = sorted(
            name for name in own.by_network if any(name in f.by_network for f in figures)
        )
        for count in self.measured:
            if len(names) < 2 * count:
                continue
            whole = pool_of(question, {name: max(own.by_network[name]) for name in names})
            if whole is None:
                return
            for draw in range(self.draws):
                for suggested in (False, True):
                    chance = np.random.default_rng(draw)
                    drawn = (
                        most_informative(whole.evidence, count, chance=chance)
                        if suggested
                        else chance.choice(names, count, replace=False).tolist()
                    )
                    pool = pool_of(question, {name: max(own.by_network[name]) for name in drawn})
                    if pool is not None:
                        yield Drawing(pool, count, suggested, chance)

    def judged(self, way: Way, drawing: Drawing) -> Outcome:
        """How far it was off, and what was picked."""
        own, pool = way.figures.by_network, drawing.pool
        wanted = [name for name in pool.wanted if name in own]
        places = pool.evidence.described.places(wanted)
        mean, deviation = pool.regression.predict(places)
        truth = np.array([way.figures.near(name, pool.wanted[name]) for name in wanted])
        off = np.abs(truth - mean)
        names = [*wanted, *pool.seen]
        middle = np.concatenate([mean, pool.found])
        half = np.concatenate([Z90 * deviation, np.zeros(len(pool.found))])
        broken, overrun, lost = self.picked(
            names, np.concatenate([truth, pool.found]), middle, half, drawing.chance
        )
        return Outcome(
            way.kind,
            way.device,
            drawing.count,
            drawing.suggested,
            float(np.mean(np.abs(np.exp(mean - truth) - 1))),
            float(np.mean(off <= Z90 * deviation)),
            float(np.median(2 * np.sinh(Z90 * deviation))),
            broken,
            overrun,
            lost,
            *self.verified(way, drawing),
        )

    def verified(self, way: Way, drawing: Drawing) -> tuple[float, float, float]:
        """The share of picks that break the limit once they are verified, points lost, measurements spent."""
        world = Lookup.of(way, drawing.pool, self.best)
        rated = np.flatnonzero(~np.isnan(world.top1))
        if not self.verify or len(rated) < LEAST_NETWORKS // 2:
            return np.nan, np.nan, np.nan
        low, high = np.quantile(world.truth[rated], EXTREMES).tolist()
        broken, lost, spent = [], [], []
        for limit in np.exp(drawing.chance.uniform(low, high, VERIFIED_QUERIES)).tolist():
            ending = verify(replace(world, limit=limit), self.verify, 1 - CONFIDENCE)
            spent.append(float(len(ending.steps)))
            if ending.standing.pick is None:
                continue
            kept = np.exp(world.truth) <= limit * (1 + 1e-9)
            broken.append(float(not kept[ending.standing.pick]))
            if not broken[-1]:
                lost.append(float(np.nanmax(world.top1[kept]) - world.top1[ending.standing.pick]))
        return _mean(broken), _mean(lost), _mean(spent)

    def picked(
        self,
        names: Sequence[str],
        truth: Floats,
        mean: Floats,
        half: Floats,
        chance: np.random.Generator,
    ) -> tuple[float, float, float]:
        """The share of picks that break the limit, by how much, and the points of accuracy that are lost."""
        top1 = np.array([self.best.get(name, np.nan) for name in names])
        rated = np.flatnonzero(~np.isnan(top1))
        if len(rated) < LEAST_NETWORKS // 2:
            return np.nan, np.nan, np.nan
        order = rated[np.argsort(-top1[rated])]
        spread = spread_of(Values(np.exp(mean), np.exp(mean - half), np.exp(mean + half)))
        some = Values(*(column[order] for column in spread))
        low, high = np.quantile(truth[rated], EXTREMES).tolist()
        limits = np.exp(chance.uniform(low, high, QUERIES))
        took: list[float] = []
        overrun: list[float] = []
        lost: list[float] = []
        for limit in limits.tolist():
            sure = chance_below(some, np.full(len(order), limit)) >= CONFIDENCE
            if not sure.any():
                continue
            pick = order[np.argmax(sure)]
            time = float(np.exp(truth[pick]))
            took.append(time > limit * (1 + 1e-9))
            if took[-1]:
                overrun.append(time / limit - 1)
            else:
                able = order[np.exp(truth[order]) <= limit * (1 + 1e-9)]
                lost.append(float(top1[able].max() - top1[pick]))
        return _mean(took), _mean(overrun), _mean(lost)


def lines(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """A line for each kind, number of measured networks, and way of drawing them."""
    groups: dict[tuple[str, int, bool], list[Outcome]] = defaultdict(list)
    for each in outcomes:
        groups[each.kind, each.measured, each.suggested].append(each)
    yield HEADINGS
    for (kind, measured, suggested), group in sorted(groups.items()):
        devices = sorted({each.device for each in group})
        by_device = [[each.broken for each in group if each.device == device] for device in devices]
        broken = np.array([np.nanmean(each) for each in by_device if not np.isnan(each).all()])
        error = broken.std(ddof=1) / np.sqrt(len(broken)) if len(broken) > 1 else np.nan
        held = np.array([each.held for each in group])
        cells = (
            f"{measured} {'suggested' if suggested else 'at random'}",
            str(len(devices)),
            f"{100 * _mean([each.error for each in group]):.1f}",
            f"{100 * held.mean():.1f}",
            " ".join(f"{100 * each:.0f}" for each in np.quantile(held, (0.05, 0.5, 0.95))),
            f"{100 * np.median([each.width for each in group]):.0f}",
            f"{100 * _mean([each.broken for each in group]):.1f} ({100 * error:.1f})",
            f"{100 * _mean([each.overrun for each in group]):.1f}",
            f"{_mean([each.lost for each in group]):.2f}",
            f"{100 * _mean([each.verified_broken for each in group]):.1f} "
            f"{_mean([each.verified_lost for each in group]):.2f} "
            f"{_mean([each.spent for each in group]):.1f}",
        )
        yield f"{kind:28} " + " ".join(
            f"{cell:>{width}}" for cell, width in zip(cells, WIDTHS, strict=True)
        )


def _mean(values: Sequence[float]) -> float:
    """The mean of what is known; NaN where nothing is."""
    known = [each for each in values if not np.isnan(each)]
    return float(np.mean(known)) if known else np.nan


if __name__ == "__main__":
    main()
