"""What a board's runs say together: each cell's centre, and what another run on another day would find.

One run cannot see what changes between runs: the machine's speed as a whole (its level), and each cell's own
time beside it. So the logarithm of what a run finds of a cell is taken as the cell's, plus the run's level,
plus the cell's own deviation in that run: a two-way table of cells and runs.

How much levels differ is one number of which few runs say little, and those of one day nothing of others.
It is given as a distribution: alike probable at every order of magnitude, weighted by how well it explains
the levels that were seen (restricted likelihood: D. A. Harville, Journal of the American Statistical
Association 72, 1977). Own deviations of single cells are drawn towards those of all cells together (partial
pooling).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr, ndtri, stdtrit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Floats, Integers

LEVELS = np.geomspace(0.001, 0.5, 60)
"""The standard deviations of levels that are thought possible, of the logarithm."""

POOLED_DEGREES = 4
"""As how many runs of a cell the pooled deviation of all cells counts."""

LEAST_SPREAD = 1e-9
"""A standard deviation that stands for none."""

LARGEST_INTERVAL = 5.0
"""Half an interval of the logarithm that nothing exceeds: a factor of 150."""


MOST_APART = 0.03
"""By how much units of a board may differ until it is said."""

CLEARLY = 3.0
"""How many standard errors of their difference they must differ by, too."""


@dataclass(frozen=True)
class RunCentre:
    """What one run found of one cell.

    Attributes:
        cell: the cell, in words.
        run: the run's number, from 0.
        log_ms: the logarithm of the centre of its sessions' medians in ms.
        error: the standard error of that.
        sessions: how many sessions.
    """

    cell: str
    run: int
    log_ms: float
    error: float
    sessions: int


@dataclass(frozen=True)
class Pooled:
    """A cell's figure from all runs.

    Attributes:
        median_ms: its latency.
        low_ms: lower end of the 90 % interval of what a run on another day would find.
        high_ms: its upper end.
    """

    median_ms: float
    low_ms: float
    high_ms: float


@dataclass(frozen=True)
class BetweenRuns:
    """The two-way table of a board's cells and runs.

    Attributes:
        centres: what each run found of each cell; a cell stands once in a run.
        usual: standard deviation of levels from day to day where runs of several days have no cell in
            common, of the logarithm.
        days: the day of each run, by its number; without them each run is of a day of its own.
        units: the unit of each run, likewise: what several units did in one run are several runs here. Their
            levels differ, and the figure is of yet another unit; without them all is of one.
    """

    centres: Sequence[RunCentre]
    usual: float
    days: Sequence[str] = ()
    units: Sequence[str] = ()

    @cached_property
    def _runs(self) -> Integers:
        return np.array([each.run for each in self.centres], dtype=np.intp)

    @cached_property
    def _logs(self) -> Floats:
        return np.array([each.log_ms for each in self.centres])

    @cached_property
    def _errors(self) -> Floats:
        return np.array([each.error for each in self.centres])

    @cached_property
    def _cells(self) -> Integers:
        return np.array([self._place[each.cell] for each in self.centres], dtype=np.intp)

    @cached_property
    def _place(self) -> Mapping[str, int]:
        return {
            cell: place for place, cell in enumerate({each.cell: None for each in self.centres})
        }

    @cached_property
    def _table(self) -> NDArray[np.float64]:
        """Shape (runs, cells): 1 where the run has the cell."""
        table = np.zeros((int(self._runs.max()) + 1, len(self._place)))
        table[self._runs, self._cells] = 1.0
        return table

    @cached_property
    def _inverse(self) -> NDArray[np.float64]:
        """The covariance of the runs' effects, shape (runs, runs), for a deviation of 1 of each centre."""
        shared = self._table / self._table.sum(axis=0)
        normal = np.diag(self._table.sum(axis=1)) - shared @ self._table.T
        inverse: NDArray[np.float64] = np.linalg.pinv(normal, hermitian=True)
        return inverse

    @cached_property
    def effects(self) -> Floats:
        """By how much each run's level was above the mean of the runs that it is linked with.

        Runs are linked by cells that both have; of a run that is linked with no other it is 0.
        """
        means = np.bincount(self._cells, weights=self._logs) / np.bincount(self._cells)
        beyond = np.bincount(
            self._runs, weights=self._logs - means[self._cells], minlength=len(self._table)
        )
        effects: Floats = self._inverse @ beyond
        return effects

    @cached_property
    def _noises(self) -> Floats:
        """The variance of each run's effect that deviations of the cells alone would cause."""
        linked = np.bincount(self._linked, minlength=len(self._table))[self._linked]
        variance = float(np.mean(self._errors**2)) + self._own_variance
        noises: Floats = np.diag(self._inverse) * variance * linked / np.maximum(linked - 1, 1)
        return noises

    @cached_property
    def _linked(self) -> Integers:
        """The group of linked runs that each run belongs to."""
        shared = self._table @ self._table.T
        reached = (shared + np.eye(len(shared))) > 0  # a run without sessions is linked with itself
        for _ in range(len(reached).bit_length()):
            reached = (reached.astype(float) @ reached) > 0
        groups: Integers = np.argmax(reached, axis=1)
        return groups

    @cached_property
    def _deviations(self) -> Floats:
        """What the table leaves of each centre."""
        corrected = self._logs - self.effects[self._runs]
        means = np.bincount(self._cells, weights=corrected) / np.bincount(self._cells)
        deviations: Floats = corrected - means[self._cells]
        return deviations

    @cached_property
    def _own_variance(self) -> float:
        """How much cells deviate by themselves from run to run, beyond their sessions' errors."""
        groups = len(np.unique(self._linked[np.unique(self._runs)]))
        free = len(self.centres) - len(self._place) - (len(np.unique(self._runs)) - groups)
        if free <= 0:
            return 0.0
        sampled = float(np.mean(self._errors**2))
        return max(0.0, float(np.sum(self._deviations**2)) / free - sampled)

    @cached_property
    def _unit_of(self) -> Sequence[str]:
        return self.units or [""] * len(self._table)

    @cached_property
    def _alike(self) -> list[Integers]:
        """The runs with sessions that are linked with each other, by unit."""
        ran = np.unique(self._runs)
        keys = [(int(self._linked[run]), self._unit_of[run]) for run in ran]
        return [
            np.array([run for run, its in zip(ran, keys, strict=True) if its == key], dtype=np.intp)
            for key in dict.fromkeys(keys)
        ]

    @cached_property
    def _unit_effects(self) -> Mapping[str, tuple[float, float]]:
        """Each unit's level above the mean of those that are linked with it, and the variance of its noise.

        None where fewer than two units are linked.
        """
        groups: dict[int, list[Integers]] = {}
        for among in self._alike:
            groups.setdefault(int(self._linked[among[0]]), []).append(among)
        most = max(groups.values(), key=len, default=[])
        if len(most) < 2:
            return {}
        levels = np.array([float(np.mean(self.effects[among])) for among in most])
        return {
            self._unit_of[among[0]]: (level, float(np.mean(self._noises[among])) / len(among))
            for among, level in zip(most, (levels - levels.mean()).tolist(), strict=True)
        }

    @property
    def unit_levels(self) -> dict[str, float]:
        """By how much each unit is slower than the mean of all, as a logarithm; none of fewer than two."""
        return {unit: level for unit, (level, _) in self._unit_effects.items()}

    @property
    def units_apart(self) -> str:
        """In words, by how much units differ, and which one is not like the others; "" where none is."""
        levels = self.unit_levels
        if not levels:
            return ""
        low, high = min(levels.values()), max(levels.values())
        noise = math.sqrt(max(noise for _, noise in self._unit_effects.values()))
        apart = math.expm1(high - low)
        if apart <= MOST_APART or high - low <= CLEARLY * math.sqrt(2) * noise:
            return ""
        middle = float(np.median([*levels.values()]))
        slow = high - middle >= middle - low
        odd = next(unit for unit, level in levels.items() if level == (high if slow else low))
        return f"units differ by {apart:.0%}: {odd} is {'slow' if slow else 'fast'}"

    @cached_property
    def _unit_weights(self) -> Floats:
        """How probable each of `LEVELS` is for the levels of units; none where they do not show it."""
        found = [*self._unit_effects.values()]
        if not found:
            return np.array([])
        effects, noises = (np.array(each) for each in zip(*found, strict=True))
        return _weights(_log_likelihood(effects, noises))

    @cached_property
    def level_weights(self) -> Floats:
        """How probable each of `LEVELS` is for the levels of days; none where no run of a unit is linked."""
        several = [among for among in self._alike if len(among) > 1]
        if not several:
            return np.array([])
        return _weights(
            sum(
                (_log_likelihood(self.effects[among], self._noises[among]) for among in several),
                np.zeros(len(LEVELS)),
            )
        )

    @cached_property
    def _levels(self) -> Floats:
        """The runs' effects without what is likely noise: an effect that few cells show counts for less."""
        of_units = np.zeros(len(self.effects))
        for among in self._alike if self._unit_effects else ():
            of_units[among] = np.mean(self.effects[among])
        levels: Floats = _shrunken(of_units, self._unit_weights, self._noises) + _shrunken(
            self.effects - of_units, self.level_weights, self._noises
        )
        return levels

    @property
    def seen(self) -> float | None:
        """The standard deviation of the levels that linked runs of a unit showed; `None` where none are."""
        several = [self.effects[among] for among in self._alike if len(among) > 1]
        if not several:
            return None
        free = sum(len(each) - 1 for each in several)
        apart = sum(float(np.sum((each - each.mean()) ** 2)) for each in several)
        return math.sqrt(apart / free)

    def runs_behind(self, cell: str) -> list[int]:
        """The runs that show the level that a cell's figure stands on."""
        first = self._runs[np.argmax(self._cells == self._place[cell])]
        runs: list[int] = np.flatnonzero(self._linked == self._linked[first]).tolist()
        return runs

    def days_behind(self, cell: str) -> int:
        """On how many days these ran."""
        runs = self.runs_behind(cell)
        return len({self.days[run] for run in runs} if self.days else runs)

    @property
    def most_days(self) -> int:
        """On how many days runs that are linked with each other ran at most."""
        return max(self.days_behind(cell) for cell in self._place)

    @property
    def level_within(self) -> float:
        """Half the 90 % interval of the level on another day, relative: what all cells share."""
        cell = max(self._place, key=self.days_behind)
        return math.expm1(self._half_width(0.0, 1, cell))

    def _half_width(self, own: float, own_runs: int, cell: str) -> float:
        """Half the 90 % interval of the logarithm that a run on another day finds.

        Args:
            own: standard deviation of the cell's own deviation in a run; 0 for that of the level alone.
            own_runs: how many runs have the cell.
            cell: the cell, whose runs show the level.
        """
        levels, weights = LEVELS, self.level_weights
        if not len(weights):
            levels, weights = np.zeros(1), np.ones(1)
        between_days = self.usual if self.days_behind(cell) == 1 else 0.0
        level_share = 1 + 1 / len(self.runs_behind(cell))
        variance = (levels**2 + between_days**2) * level_share + own**2 * (1 + 1 / own_runs)
        if len(self._unit_weights):
            of_units = LEVELS**2 * (1 + 1 / len(self._unit_effects))
            variance = np.add.outer(variance, of_units).ravel()
            weights = np.outer(weights, self._unit_weights).ravel()
        spread = np.sqrt(np.maximum(variance, LEAST_SPREAD**2))
        low, high = 0.0, LARGEST_INTERVAL
        for _ in range(30):
            middle = (low + high) / 2
            holds = float(np.sum(weights * (2 * ndtr(middle / spread) - 1)))
            low, high = (middle, high) if holds < 0.9 else (low, middle)
        return high

    def pooled(self, cell: str) -> Pooled:
        """A cell's figure from all runs that have it, each corrected for its run's level."""
        its = np.flatnonzero(self._cells == self._place[cell])
        centre = float(np.mean(self._logs[its] - self._levels[self._runs[its]]))
        half = self._half_width(self._own(cell, its), len(its), cell)
        return Pooled(math.exp(centre), math.exp(centre - half), math.exp(centre + half))

    def _own(self, cell: str, its: Integers) -> float:
        """The standard deviation of a cell's own deviation in a run, allowing for how few show it."""
        expected = self._own_variance + float(np.mean(self._errors[its] ** 2))
        shown = float(np.sum(self._deviations[its] ** 2))
        variance = (POOLED_DEGREES * expected + shown) / (POOLED_DEGREES + len(its) - 1)
        sessions = sum(each.sessions for each in self.centres if each.cell == cell)
        return math.sqrt(variance) * allowance(sessions - len(its) + 1)


def _log_likelihood(effects: Floats, noises: Floats) -> Floats:
    """How well each of `LEVELS` explains the effects of runs that are linked, whatever their mean is."""
    variance = LEVELS[:, None] ** 2 + noises
    mean = (effects / variance).sum(axis=1) / (1 / variance).sum(axis=1)
    apart = (effects - mean[:, None]) ** 2
    found: Floats = -0.5 * (
        np.log(variance).sum(axis=1)
        + np.log((1 / variance).sum(axis=1))
        + (apart / variance).sum(axis=1)
    )
    return found


def _weights(log_likelihood: Floats) -> Floats:
    weights = np.exp(log_likelihood - log_likelihood.max())
    probable: Floats = weights / weights.sum()
    return probable


def _shrunken(effects: Floats, weights: Floats, noises: Floats) -> Floats:
    """Effects, each the less the likelier it is to be noise; as they are where nothing is known of them."""
    if not len(weights):
        return effects
    squares = LEVELS[:, None] ** 2
    shares: Floats = weights @ (squares / (squares + np.maximum(noises, LEAST_SPREAD**2)))
    return effects * shares


def allowance(values: int) -> float:
    """By what a standard deviation of that many values is to be larger, since it is itself unsure.

    As Student's t is against the normal distribution, for a 90 % interval.
    """
    return float(stdtrit(max(values - 1, 1), 0.95)) / float(ndtri(0.95))
