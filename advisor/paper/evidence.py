"""What the paper is tested on: a board's measured rows, one figure a network and batch size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.records import Board
from advisor.catalog.run_as import Variant
from advisor.catalog.store import Catalog
from advisor.prediction.bound import Bound, least_line_above
from advisor.prediction.rows import NOTHING_RAN, ends_early, fitted_values

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Floats, Integers, Measurements

Pair = tuple[str, int]

NET = "net power"
ABOVE_BOUND = "gross power less an upper bound of idle power"
GROSS = "gross power"
POWERS = (NET, ABOVE_BOUND, GROSS)
"""What may stand for net power: the second is at most that, the third more."""

PER_IMAGE = "time per image"
BY_RATE = "1 / throughput, since latency is unknown"
TIMES = (PER_IMAGE, BY_RATE)
"""What may stand for time: the second is shorter where a board works on several frames at once."""


@dataclass(frozen=True)
class Evidence:
    """The measured rows of one variant of a board; what is unknown is NaN.

    Attributes:
        board: the board.
        variant: how they were run.
        names: the network of each row; shape (rows,), like all that follow.
        batch: images per forward pass.
        time_ms: time per image, or what comes nearest to it.
        time_kind: which of `TIMES` that is.
        rate_fps: images per second: what the source states, else batch / latency.
        power_w: net power, or what comes nearest to it.
        power_kind: which of `POWERS` that is.
        memory_mb: peak memory.
        top1: accuracy of the weights that networks have on the board, run as this, in percent; of those of
            which it is known, the best set, where it is not known of these.
        reached: by network, what each of its sets of weights reaches, run as this.
        params: as the board's rows go with.
        operations: likewise.
        ends_early: whether some batch size of a network is known not to fit in memory.
    """

    board: Board
    variant: Variant
    names: NDArray[np.str_]
    batch: Integers
    time_ms: Floats
    time_kind: str
    rate_fps: Floats
    power_w: Floats
    power_kind: str
    memory_mb: Floats
    top1: Floats
    reached: Mapping[str, Mapping[str, float]]
    params: Floats
    operations: Floats
    ends_early: bool

    @classmethod
    def of(cls, catalog: Catalog, board_name: str) -> Evidence:
        """The rows of that variant of a board which has most of them.

        Raises:
            AdvisorError: there is no such board, or a file is broken.
        """
        surveyed = catalog.surveyed(board_name)
        return max(cls.each(catalog, surveyed.board, surveyed.measurements), key=len)

    @classmethod
    def each(cls, catalog: Catalog, board: Board, table: Measurements) -> tuple[Evidence, ...]:
        """The rows of every variant of a board, all for the task of most of its networks; never none.

        Args:
            catalog: everything that is known.
            board: the board.
            table: its rows.
        """
        task, table = catalog.of_one_task(table)
        per_image_ms = fitted_values(table.latency_ms) / table.batch
        by_rate_ms = 1000 / fitted_values(table.throughput_fps)
        rate_fps = fitted_values(table.rate_fps)
        power_w, power_kind = _power(board, table)
        memory_mb = fitted_values(table.memory_mb)
        index, every = table.architecture.index, table.architecture.names
        costs = [catalog.architectures[name].cost(board.cost) for name in every]

        def of_cost(figure: str) -> Floats:
            known = (getattr(cost, figure, None) for cost in costs)
            return np.array([each.value if each else np.nan for each in known], dtype=np.float64)

        params, operations = of_cost("params"), of_cost("operations")

        def of_variant(variant: Variant) -> Evidence:
            rows = table.rows_of(variant)
            timed = not np.isnan(per_image_ms[rows]).all() or np.isnan(by_rate_ms[rows]).all()
            time_ms = per_image_ms if timed else by_rate_ms
            rows = rows[~np.isnan(time_ms[rows])]
            ran = [every[place] for place in np.unique(index[rows]).tolist()]
            reached = catalog.accuracies_in(board, table, variant, task, ran)
            trained = catalog.trained_on(board, reached)
            top1 = np.array(
                [
                    trained[name].accuracy_percent.value if name in trained else np.nan
                    for name in every
                ]
            )
            return cls(
                board=board,
                variant=variant,
                names=np.array(every, dtype=np.str_)[index[rows]],
                batch=table.batch[rows],
                time_ms=time_ms[rows],
                time_kind=PER_IMAGE if timed else BY_RATE,
                rate_fps=rate_fps[rows],
                power_w=power_w[rows],
                power_kind=power_kind,
                memory_mb=memory_mb[rows],
                top1=top1[index[rows]],
                reached={
                    name: {of: each.accuracy_percent.value for of, each in known.items()}
                    for name, known in reached.items()
                },
                params=params[index[rows]],
                operations=operations[index[rows]],
                ends_early=ends_early(table, variant),
            )

        return tuple(map(of_variant, table.variants or (NOTHING_RAN,)))

    @property
    def per_image_ms(self) -> Floats:
        """Time per image; NaN where something else stands for it."""
        return self.time_ms if self.time_kind == PER_IMAGE else np.full(len(self), np.nan)

    @property
    def energy_j(self) -> Floats:
        """Net energy per image: an image takes the board 1 / rate, which may be less than its latency."""
        return self.power_w / self.rate_fps

    @property
    def shared_batch(self) -> int:
        """The largest batch size that every network of the board ran; 0 if there is none."""
        batch = self.commonest_batch
        everyone = len(set(self.names.tolist()))
        return batch if self._networks_by_batch.get(batch) == everyone else 0

    @property
    def commonest_batch(self) -> int:
        """The batch size that most networks of the board ran, the largest of several; 0 without rows."""
        networks = self._networks_by_batch
        return max(networks, key=lambda size: (networks[size], size), default=0)

    @property
    def _networks_by_batch(self) -> Mapping[int, int]:
        """How many networks ran each batch size."""
        return {
            size: len(set(self.names[self.batch == size].tolist()))
            for size in np.unique(self.batch).tolist()
        }

    def at(self, batch: int) -> Evidence:
        """The rows of one batch size."""
        return self.where(self.batch == batch)

    def where(self, rows: NDArray[np.bool_]) -> Evidence:
        """Some of the rows."""
        columns = (
            "names",
            "batch",
            "time_ms",
            "rate_fps",
            "power_w",
            "memory_mb",
            "top1",
            "params",
            "operations",
        )
        return replace(self, **{name: getattr(self, name)[rows] for name in columns})

    def frontier(self) -> Evidence:
        """The networks that no network as fast equals in accuracy."""
        known = self.where(~np.isnan(self.top1))
        beaten = []
        for time, top1 in zip(known.time_ms.tolist(), known.top1.tolist(), strict=True):
            as_good = (known.time_ms <= time) & (known.top1 >= top1)
            differs = (known.time_ms < time) | (known.top1 > top1)
            beaten.append(bool(np.any(as_good & differs)))
        return known.where(~np.array(beaten, dtype=np.bool_))

    def accuracy_bound(self) -> Bound | None:
        """The least line above all (images/s, top-1); `None` where no accuracy is known."""
        known = self.where(~np.isnan(self.top1))
        return least_line_above(known.rate_fps, known.top1) if len(known) else None

    def time_in_operations(self) -> StraightLine:
        """The line of time per image, in ms, in operations; all must be known."""
        return straight_line(self.operations, self.time_ms)

    def value(self, column: str, pair: Pair) -> float:
        """One figure; NaN where it is not known."""
        rows = (self.names == pair[0]) & (self.batch == pair[1])
        found: Floats = getattr(self, column)[rows]
        return float(found[0]) if len(found) else float("nan")

    def __len__(self) -> int:
        return len(self.names)


def _power(board: Board, table: Measurements) -> tuple[Floats, str]:
    """What comes nearest to net power in each row, and what it is."""
    net, gross = fitted_values(table.net_power_w), fitted_values(table.gross_power_w)
    if not np.isnan(net).all() or np.isnan(gross).all():
        return net, NET
    if board.idle_power_w is None:
        return gross, GROSS
    above = gross - board.idle_power_w.value
    return np.where(above > 0, above, np.nan), ABOVE_BOUND if board.idle_is_bound else NET


@dataclass(frozen=True)
class StraightLine:
    """y = intercept + slope * x by ordinary least squares.

    Attributes:
        intercept: in the unit of y.
        slope: unit of y per unit of x.
        r2: the share of the variance that it explains.
        errors: how far it is off each point, relative to it; shape (points,).
    """

    intercept: float
    slope: float
    r2: float
    errors: Floats

    @property
    def mean_error(self) -> float:
        """The mean size of the relative errors."""
        return float(np.mean(np.abs(self.errors)))


def straight_line(x: Floats, y: Floats) -> StraightLine:
    """The line of least squared distance in y; the x must differ, and so must the y."""
    slope, intercept = np.polyfit(x, y, 1)
    fitted = intercept + slope * x
    total = np.sum((y - np.mean(y)) ** 2)
    r2 = 1 - float(np.sum((y - fitted) ** 2) / total)
    return StraightLine(float(intercept), float(slope), r2, fitted / y - 1)


def held_out_errors(x: Floats, y: Floats) -> Floats:
    """How far the line through all other points is off each point, in the unit of y; the x must differ."""
    slope, intercept = np.polyfit(x, y, 1)
    from_mean = (x - np.mean(x)) ** 2
    leverage = 1 / len(x) + from_mean / np.sum(from_mean)
    errors: Floats = (intercept + slope * x - y) / (1 - leverage)
    return errors


def explained(values: Floats, labels: NDArray[np.generic]) -> float:
    """The share of the variance that lies between groups (eta squared)."""
    groups = [values[labels == label] for label in np.unique(labels)]
    mean = float(np.mean(values))
    between = sum(len(group) * (float(np.mean(group)) - mean) ** 2 for group in groups)
    total = float(np.sum((values - mean) ** 2))
    return between / total if total else 0.0


def rank_correlation(x: Floats, y: Floats) -> float:
    """Spearman's; equal values share their mean rank."""
    return float(np.corrcoef(_ranks(x), _ranks(y))[0, 1])


def _ranks(values: Floats) -> Floats:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: Floats = (last - (counts - 1) / 2)[inverse]
    return ranks


def published_memory(size_mb: Floats, reading: int) -> Floats:
    """The paper's memory at small batches, in MB, in either reading of its sentence.

    A floor of 200 MB for networks below 100 MB, then linear in the size with slope 1.30: reading 1 is
    max(200, 1.30 * size), reading 2 is 200 + 1.30 * (size - 100).

    Args:
        size_mb: size of the parameters in MB.
        reading: 1 or 2.
    """
    grown = 1.30 * size_mb if reading == 1 else 200 + 1.30 * (size_mb - 100)
    return np.maximum(200.0, grown)
