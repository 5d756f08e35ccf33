"""What there is to draw of a board: its networks, and what each took at each batch size."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from advisor.catalog.records import Board, Cost, Estimate, Measurements, Weights
from advisor.catalog.run_as import Variant
from advisor.catalog.store import Catalog
from advisor.prediction.fit_store import current_fit
from advisor.prediction.model import Model
from advisor.prediction.rows import ends_early, fullest_variant
from advisor.quality import Quality, usual
from advisor.report.charts.figure import Dot, has_interval, shows_intervals
from advisor.report.terminal import BEST_WEIGHTS
from advisor.solve.candidates.completion import completed


@dataclass(frozen=True)
class Network:
    """A network as a board's rows go with it; what is unknown is `None`.

    Attributes:
        name: as in the catalog.
        family: likewise.
        top1_percent: accuracy of the weights that are drawn, in the metric of the board's networks.
        cost: its parameters, operations and what else is known of it.
    """

    name: str
    family: str
    top1_percent: Estimate | None
    cost: Cost | None

    @property
    def params_m(self) -> Estimate | None:
        """Its parameters, in millions."""
        params = self.cost.params if self.cost else None
        return scaled(params, 1e-6) if params else None

    @property
    def operations_g(self) -> Estimate | None:
        """Its operations per image, in G."""
        operations = self.cost.operations if self.cost else None
        return scaled(operations, 1e-9) if operations else None

    def at(
        self, x: Estimate, y: Estimate, batch: int | None = None, area: float | None = None
    ) -> Dot:
        """The network at a place in a figure."""
        return Dot(self.name, self.family, x, y, batch, area)


@dataclass(frozen=True)
class Run:
    """What a network took at a batch size, measured or predicted; what is unknown is `None`.

    Attributes:
        network: the network.
        batch: images per forward pass.
        time_ms: time per image.
        rate_fps: images per second: what the source states, else batch / latency.
        net_power_w: watts above idle.
        memory_mb: peak memory to serve the batch.
    """

    network: Network
    batch: int
    time_ms: Estimate | None
    rate_fps: Estimate
    net_power_w: Estimate | None
    memory_mb: Estimate | None


@dataclass(frozen=True)
class BoardData:
    """What there is to draw of a board.

    Attributes:
        board: the board.
        variant: the one that is drawn: that of most measured rows.
        other_variants: the others that the board has.
        quality: in what accuracy is stated.
        weights: the set of weights whose accuracy is drawn, or in words which of each network.
        networks: those that ran, the most accurate first.
        runs: their rows and what the board's fitted models fill in, by network and batch size.
        knows_gross_power: whether some row of the board has gross power.
        memory_model: the board's fitted model of memory; `None` where there is none.
        ends_early: whether some batch size of a network is known not to fit in memory.
        unpredicted: why the board's models fill nothing in; "" if they do.
    """

    board: Board
    variant: Variant
    other_variants: tuple[Variant, ...]
    quality: Quality
    weights: str
    networks: tuple[Network, ...]
    runs: tuple[Run, ...]
    knows_gross_power: bool
    memory_model: Model | None
    ends_early: bool
    unpredicted: str

    @property
    def no_rows(self) -> str:
        """What is said of a board on which nothing ran; "" of others."""
        return "" if self.runs else f"Board {self.board.name} has no rows that ran."

    @property
    def no_time(self) -> str:
        """What is said of a board without times."""
        return self.no_rows or (
            f"Board {self.board.name} has no latency figures: what is known is its throughput."
        )

    @property
    def no_power(self) -> str:
        """What is said of a board without net power."""
        why = ": it was measured without a meter" if self.board.power_meter == "none" else ""
        why = ": known is its gross power" if self.knows_gross_power else why
        return self.no_rows or f"Board {self.board.name} has no net power figures{why}."

    @property
    def no_memory(self) -> str:
        """What is said of a board without memory figures."""
        return self.no_rows or f"Board {self.board.name} has no memory figures."

    @property
    def no_accuracy(self) -> str:
        """What is said of a board of whose networks no accuracy is known."""
        return self.no_rows or (
            f"Of no network on board {self.board.name} are both cost and accuracy known. "
            "Accuracies stand in weights.csv, and `weights:` in board.yaml names the set."
        )

    @property
    def accuracy_clause(self) -> str:
        """Whose accuracy it is."""
        named = "" if self.board.weights else " (the board names none)"
        return f"weights: {self.weights}{named}"

    def said(self, *clauses: str, dots: Sequence[Dot] = ()) -> tuple[str, ...]:
        """What stands under a figure's title: the board, what of it is drawn, and how."""
        board, variant = self.board, self.variant
        name = board.name if board.title in ("", board.name) else f"{board.title} ({board.name})"
        said = [name, ", ".join(variant.words) or "no rows"]
        if self.other_variants:
            others = ", ".join("+".join(each.words) for each in self.other_variants)
            said[-1] += f" (most rows; not drawn: {others})"
        if any(dot.predicted for dot in dots):
            clauses = (*clauses, "hollow: predicted by the board's models")
        if any(shows_intervals([getattr(dot, axis) for dot in dots]) for axis in ("x", "y")):
            clauses = (*clauses, "bars: 90 % intervals")
        elif any(has_interval(each) for dot in dots for each in (dot.x, dot.y)):
            clauses = (*clauses, "90 % intervals: within the points")
        return (*said, *(clause for clause in clauses if clause))

    @property
    def batches(self) -> tuple[int, ...]:
        """The batch sizes that ran, or are predicted."""
        return tuple(sorted({run.batch for run in self.runs}))


def board_data(catalog: Catalog, board_name: str) -> BoardData:
    """Read what there is to draw of a board.

    Raises:
        AdvisorError: there is no such board, or a file is broken.
    """
    surveyed = catalog.surveyed(board_name)
    board, table = surveyed.board, surveyed.measurements
    task, of_task = catalog.of_one_task(table)
    variant, rows = fullest_variant(of_task)
    ran = {of_task.architecture.at(row) for row in rows.tolist()}
    trained = catalog.trained_on(board, catalog.accuracies_in(board, of_task, variant, task, ran))
    networks = {name: _network(catalog, name, board, trained.get(name)) for name in sorted(ran)}
    known = {name: catalog.architectures[name] for name in table.architecture.names}
    fit, why_not = current_fit(board, table, known, catalog.own_folder)
    models = fit.models.get(variant, {}).get("memory_mb", ()) if fit else ()
    whole = completed(board, table, known, fit, ()) if fit else table
    return BoardData(
        board=board,
        variant=variant,
        other_variants=tuple(each for each in table.variants if each != variant),
        quality=usual(task),
        weights=_weights_text(board.weights, trained.values()),
        networks=tuple(sorted(networks.values(), key=_by_accuracy)),
        runs=tuple(_runs(whole, variant, networks)),
        knows_gross_power=not np.isnan(table.gross_power_w.values.value).all(),
        memory_model=models[0].model if models else None,
        ends_early=ends_early(table, variant),
        unpredicted=why_not,
    )


def _weights_text(weights: str, drawn: Iterable[Weights]) -> str:
    """Which sets of weights are drawn, in words."""
    if not weights:
        return BEST_WEIGHTS
    others = any(each.name != weights for each in drawn)
    if not others:
        return weights
    return f"{weights}, else {BEST_WEIGHTS}"


def _network(catalog: Catalog, name: str, board: Board, trained: Weights | None) -> Network:
    architecture = catalog.architectures[name]
    return Network(
        name=architecture.name,
        family=architecture.family,
        top1_percent=trained.accuracy_percent if trained else None,
        cost=architecture.cost(board.cost),
    )


def _by_accuracy(network: Network) -> tuple[float, str]:
    """The most accurate first, those of unknown accuracy last."""
    return -(network.top1_percent.value if network.top1_percent else -1.0), network.name


def _runs(table: Measurements, variant: Variant, networks: Mapping[str, Network]) -> list[Run]:
    """The rows of a variant that ran, or are predicted to."""
    found = []
    for row in table.rows_of(variant).tolist():
        network = networks.get(table.architecture.at(row))
        latency = table.latency_ms.estimate(row)
        batch = int(table.batch[row])
        time_ms = scaled(latency, 1 / batch) if latency else None
        rate = table.rate_fps.estimate(row)
        if network is None or rate is None:
            continue
        power, memory = table.net_power_w.estimate(row), table.memory_mb.estimate(row)
        found.append(Run(network, batch, time_ms, rate, power, memory))
    return sorted(found, key=lambda run: (run.network.name, run.batch))


def scaled(estimate: Estimate, factor: float) -> Estimate:
    """An estimate in another unit, or of a part."""
    return replace(
        estimate,
        value=estimate.value * factor,
        low=None if estimate.low is None else estimate.low * factor,
        high=None if estimate.high is None else estimate.high * factor,
    )
