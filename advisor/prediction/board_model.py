"""A board's fit: its models, what they were fitted to, and what they predict of a run."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.files import shipped_folder
from advisor.catalog.records import Architecture, Board, Cost, Measurements, Metered, Values
from advisor.catalog.run_as import Variant
from advisor.prediction.calibration import Calibration
from advisor.prediction.model import Anchors, FittedModel, first_that_knows
from advisor.prediction.rows import METRICS, fitted_values
from advisor.prediction.terms import COLUMNS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Floats, Integers

    Booleans = NDArray[np.bool_]

TRANSFERRED = "advisor-transfer"
"""The source of what other boards predict."""

_COSTS = attrgetter(*COLUMNS[:-2])


@dataclass(frozen=True)
class Families:
    """Which runs are of networks of whose family a model has seen none.

    Attributes:
        families: that of each run; shape (runs,).
        rows: what the board ran, as runs; shape (rows, len(COLUMNS)).
        families_of_rows: the family of each of these; shape (rows,).
        found: by metric, of which of them it is known; shape (rows,).
    """

    families: NDArray[np.str_]
    rows: Floats
    families_of_rows: NDArray[np.str_]
    found: Mapping[str, Booleans]

    @classmethod
    def of(
        cls,
        board: Board,
        table: Measurements,
        architectures: Mapping[str, Architecture],
        variant: Variant,
        families: Sequence[str],
    ) -> Families:
        """Those of the rows of one variant of a board.

        Args:
            board: the board.
            table: its own rows.
            architectures: every network, by name.
            variant: how they are run.
            families: that of each run.
        """
        rows = table.rows_of(variant)
        names = np.array(
            [architectures[name].family_or_name for name in table.architecture.names] or [""]
        )
        found = {
            metric: ~np.isnan(fitted_values(getattr(table, metric))[rows]) for metric in METRICS
        }
        return cls(
            np.array(families, dtype=np.str_),
            runs_of(board, table, architectures)[rows],
            names[table.architecture.index[rows]],
            found,
        )

    def unseen(self, metric: str, model: FittedModel) -> Booleans:
        """Which runs those are, of the model of a metric."""
        fitted = self.found[metric] & model.knows(self.rows)
        return ~np.isin(self.families, self.families_of_rows[fitted])


@dataclass(frozen=True)
class TransferErrors:
    """How far transfer was off networks that it had not seen.

    Attributes:
        networks: how many were left out in turn.
        mean: mean relative error.
        density: the mean logarithm of the probability density of what was found.
        calibration: how decisions turned out on reference boards; `None` where too few ran networks as this
            one did.
    """

    networks: int
    mean: float
    density: float
    calibration: Calibration | None = None


@dataclass(frozen=True)
class Transfer:
    """Predictions by transfer, and what they rest on.

    Attributes:
        references: by reference board what its rows were, as `digest_of` has it.
        weights: by variant, how much each reference board counts for its latency, the weightiest first.
        likeness: by variant, in what these ran as the board did, in words; "" where somebody named them.
        errors: by variant, then by metric, how far it was off networks held out.
        rows: the predictions, as rows of the board that nobody measured.
    """

    references: Mapping[str, str]
    weights: Mapping[Variant, Mapping[str, float]]
    likeness: Mapping[Variant, str]
    errors: Mapping[Variant, Mapping[str, TransferErrors]]
    rows: Measurements


AUTO = "auto"
"""Stands for the reference boards that ran networks most alike, of all that there are."""


@dataclass(frozen=True)
class Recipe:
    """How a board is fitted, so that it can be fitted again in the same way.

    Attributes:
        like: the reference boards, by names or patterns, or `AUTO` and those that count beside these; none
            for the board's own models alone.
        unlike: boards that `AUTO` is not to take, by names or patterns.
        residuals_from: the board whose residuals stand in where this one has too few networks; "" for
            none.
    """

    like: tuple[str, ...] = ()
    unlike: tuple[str, ...] = ()
    residuals_from: str = ""


@dataclass(frozen=True)
class BoardFit:
    """The models of a board.

    Attributes:
        fingerprint: of the rows and costs to which they were fitted.
        models: by variant, then by metric; several for a metric where some networks are
            less well known than others, the one that needs most first.
        residuals_from: the board whose residuals stand in for its own; "" if they are its own.
        transfer: what other boards predict of networks that this one has not run; goes before the models.
        recipe: how it was fitted.
    """

    fingerprint: str
    models: Mapping[Variant, Mapping[str, tuple[FittedModel, ...]]]
    residuals_from: str = ""
    transfer: Transfer | None = None
    recipe: Recipe = Recipe()

    def predict(
        self,
        variant: Variant,
        metric: str,
        runs: Floats,
        anchors: Anchors | None = None,
        families: Families | None = None,
    ) -> Values:
        """A metric of each run with its 90 % interval; NaN where no model knows enough.

        Args:
            variant: how they are run.
            metric: one of `METRICS`.
            runs: shape (rows, len(COLUMNS)); power needs the latency in it.
            anchors: what is known of the same networks at other batch sizes.
            families: of which families the runs are; `None` where each model has seen theirs.
        """
        anchors = anchors or Anchors.none(runs)
        models = self.models.get(variant, {}).get(metric, ())
        table = np.full((3, len(runs)), np.nan)
        chosen = first_that_knows(models, runs)
        for place, model in enumerate(models):
            rows = chosen == place
            if np.any(rows):
                unseen = families.unseen(metric, model)[rows] if families else None
                table[:, rows] = model.predict(runs[rows], anchors.at(rows), unseen)
        return Values(*table)

    def outside(self, variant: Variant, runs: Floats) -> Booleans:
        """Which columns of each run lie outside what the model of its latency has seen.

        Returns:
            Shape (rows, len(COLUMNS)); nothing of a run that no model knows.
        """
        models = self.models.get(variant, {}).get("latency_ms", ())
        chosen = first_that_knows(models, runs)
        found = np.zeros(runs.shape, dtype=np.bool_)
        for place, model in enumerate(models):
            rows = chosen == place
            found[rows] = model.outside(runs[rows])
        return found


@dataclass(frozen=True)
class HeldOutRun:
    """What a model that had not seen a network said of one of its rows.

    Attributes:
        variant: how it was run.
        metric: one of `METRICS`.
        architecture: the network.
        family: its family; "" where unknown.
        batch: images per forward pass.
        measured: what was found, in the unit of the metric.
        predicted: what the model said.
    """

    variant: Variant
    metric: str
    architecture: str
    family: str
    batch: int
    measured: float
    predicted: float

    @property
    def off(self) -> float:
        """How far the model was off: the logarithm of the factor between the two, 0 or more."""
        return abs(math.log(self.predicted / self.measured))


@dataclass(frozen=True)
class Fitted:
    """A board fitted anew.

    Attributes:
        board: its name.
        fit: its models, and what other boards predict of it.
        warnings: what could not be fitted though the recipe has it.
        file: where the fit was written.
        held_out: what was measured of each network that was held out, and predicted without it, by the first
            model of each metric that knows it; none where too few networks ran, or the residuals are another
            board's.
    """

    board: str
    fit: BoardFit
    warnings: tuple[str, ...]
    file: Path
    held_out: tuple[HeldOutRun, ...] = field(default=(), repr=False)


def describe(cost: Cost | None, batch: float) -> list[float]:
    """A network of that cost at a batch size, as a run whose latency is not known."""
    costs = _COSTS(cost) if cost else (None,) * len(COLUMNS[:-2])
    return [*(math.nan if each is None else each.value for each in costs), batch, math.nan]


def runs_of(board: Board, table: Measurements, architectures: Mapping[str, Architecture]) -> Floats:
    """A board's rows as runs; shape (rows, len(COLUMNS))."""
    costs = [architectures[name].cost(board.cost) for name in table.architecture.names]
    described = np.array([describe(cost, float("nan")) for cost in costs]).reshape(-1, len(COLUMNS))
    runs: Floats = described[table.architecture.index]
    runs[:, COLUMNS.index("batch")] = table.batch
    runs[:, COLUMNS.index("latency_ms")] = table.latency_ms.values.value
    return runs


def fingerprint(
    board: Board, table: Measurements, architectures: Mapping[str, Architecture]
) -> str:
    """What changes whenever something does that the models are fitted to."""
    digest = hashlib.sha256()
    run_as = [" ".join(variant.words) for variant in table.variants]
    named = zip(table.architecture.tolist(), table.variant_index.tolist(), strict=True)
    digest.update("\n".join(f"{name} {run_as[place]}" for name, place in named).encode())
    digest.update(
        "\n".join(architectures[name].family_or_name for name in table.architecture.names).encode()
    )
    digest.update(np.ascontiguousarray(runs_of(board, table, architectures)).tobytes())
    for metric in METRICS:
        digest.update(fitted_values(getattr(table, metric)).tobytes())
    return digest.hexdigest()[:16]


def digest_of(boards: Path, name: str) -> str:
    """What changes whenever a board's rows or its description do; "" where there is no such board.

    Args:
        boards: the folder of the boards beside which it is sought; else it is the shipped one.
        name: the board.
    """
    for folder in (boards / name, shipped_folder() / "boards" / name):
        files = (folder / "board.yaml", folder / "measurements.csv")
        if all(each.is_file() for each in files):
            digest = hashlib.sha256()
            for each in files:
                digest.update(each.read_bytes())
            return digest.hexdigest()[:16]
    return ""


def predicted(
    fit: BoardFit,
    variant: Variant,
    runs: Floats,
    anchors: Mapping[str, Anchors] | None = None,
    families: Families | None = None,
) -> dict[str, Values]:
    """Every metric of each run; power may follow from the latency that is predicted here.

    Args:
        fit: the board's models.
        variant: how they are run.
        runs: shape (rows, len(COLUMNS)).
        anchors: by metric, what is known of the same networks at other batch sizes.
        families: of which families the runs are; `None` where each model has seen theirs.
    """
    runs = runs.copy()
    found: dict[str, Values] = {}
    for metric in METRICS:
        found[metric] = fit.predict(variant, metric, runs, (anchors or {}).get(metric), families)
        if metric == "latency_ms":
            known = ~np.isnan(runs[:, -1])
            runs[:, -1] = np.where(known, runs[:, -1], found[metric].value)
    return found


def anchors_of(
    board: Board,
    table: Measurements,
    architectures: Mapping[str, Architecture],
    variant: Variant,
    wanted: tuple[Sequence[str], Integers, Integers],
) -> dict[str, Anchors]:
    """By metric, for each run the row of that network at the nearest batch size.

    Args:
        board: the board.
        table: its rows.
        architectures: every network, by name.
        variant: how they are run.
        wanted: of the runs the networks' names, each run's place in these, and its batch size.
    """
    names, network, batches = wanted
    rows, runs = table.rows_of(variant), runs_of(board, table, architectures)
    found: dict[str, Anchors] = {}
    for metric in METRICS:
        values = fitted_values(getattr(table, metric))
        known: dict[str, list[int]] = {}
        for row in rows[~np.isnan(values[rows])].tolist():
            known.setdefault(table.architecture.at(row), []).append(row)
        chosen = np.full(len(batches), -1)
        least, most = np.full(len(batches), np.nan), np.full(len(batches), np.nan)
        for place in [place for place, name in enumerate(names) if name in known]:
            theirs = known[names[place]]
            for run in np.flatnonzero(network == place).tolist():
                chosen[run] = _nearest_row(table, theirs, int(batches[run]))
                if metric != "net_power_w":
                    least[run], most[run] = _neighbours(table, values, theirs, int(batches[run]))
        at_anchor = np.where(chosen >= 0, np.append(values, np.nan)[chosen], np.nan)
        unknown = np.full((1, len(COLUMNS)), np.nan)
        error = np.where(
            chosen >= 0, np.append(_half_widths(getattr(table, metric)), 0)[chosen], 0.0
        )
        found[metric] = Anchors(
            np.concatenate([runs, unknown])[chosen], at_anchor, error, least, most
        )
    return found


def _neighbours(
    table: Measurements, values: Floats, rows: Sequence[int], batch: int
) -> tuple[float, float]:
    """What the next smaller and the next larger batch size of a network took; NaN for nothing.

    Args:
        table: a board's rows.
        values: what each of them took.
        rows: those of the network.
        batch: the batch size between the two.
    """
    found = {int(table.batch[row]): float(values[row]) for row in rows}
    smaller = max((size for size in found if size <= batch), default=None)
    larger = min((size for size in found if size >= batch), default=None)
    least = math.nan if smaller is None else found[smaller]
    most = math.nan if larger is None else float(np.fmax(least, found[larger]))
    return least, most


def _half_widths(metered: Metered) -> Floats:
    """Half the width of each 90 % interval, as a logarithm; 0 where there is none."""
    value, low, high = metered.values
    with np.errstate(divide="ignore", invalid="ignore"):
        wider = np.fmax(np.log(high / value), np.log(value / low))
    return np.nan_to_num(wider, nan=0.0, posinf=0.0)


def _nearest_row(table: Measurements, rows: Sequence[int], batch: int) -> int:
    """Of a network's rows the one of the nearest batch size, the smaller of two."""
    return min(rows, key=lambda row: (abs(np.log(table.batch[row] / batch)), row))
