"""All laws of one board: which there are, what they were fitted to, what they say of a run."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.records import Architecture, Board, Cost, Measurements, Metered, Values
from advisor.predict.law import Anchors, FittedLaw, first_that_knows
from advisor.predict.terms import COLUMNS

if TYPE_CHECKING:
    from advisor.catalog.records import Floats, Integers
    from advisor.predict.transfer.transfer import Transfer

METRICS = ("latency_ms", "net_power_w", "memory_mb")
"""What laws tell, in the order in which it is to be predicted: power may follow the latency."""


@dataclass(frozen=True)
class BoardFit:
    """The laws of a board.

    Attributes:
        fingerprint: of the rows and costs to which they were fitted.
        laws: by (runtime, precision), then by metric; several for a metric where some networks are
            less well known than others, the one that needs most first.
        residuals_from: the board whose residuals stand in for its own; "" if they are its own.
        transfer: what other boards tell of networks that this one has not run; goes before the laws.
    """

    fingerprint: str
    laws: Mapping[tuple[str, str], Mapping[str, tuple[FittedLaw, ...]]]
    residuals_from: str = ""
    transfer: Transfer | None = None

    def predict(
        self, variant: tuple[str, str], metric: str, runs: Floats, anchors: Anchors | None = None
    ) -> Values:
        """A metric of each run with its 90 % interval; NaN where no law knows enough.

        Args:
            variant: runtime and precision.
            metric: one of `METRICS`.
            runs: shape (rows, len(COLUMNS)); power needs the latency in it.
            anchors: what is known of the same networks at other batch sizes.
        """
        anchors = anchors or Anchors.none(runs)
        laws = self.laws.get(variant, {}).get(metric, ())
        table = np.full((3, len(runs)), np.nan)
        chosen = first_that_knows(laws, runs)
        for place, law in enumerate(laws):
            rows = chosen == place
            if np.any(rows):
                table[:, rows] = law.predict(runs[rows], anchors.at(rows))
        return Values(*table)


def describe(cost: Cost | None, batch: float) -> list[float]:
    """A network of that cost at a batch size, as a run whose latency is not known."""
    told = [getattr(cost, name) if cost else None for name in COLUMNS[:-2]]
    return [*(float("nan") if each is None else each.value for each in told), batch, float("nan")]


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
    """What changes whenever something does that the laws are fitted to."""
    digest = hashlib.sha256()
    names = "\n".join(_names(table))
    digest.update(names.encode())
    digest.update(np.ascontiguousarray(runs_of(board, table, architectures)).tobytes())
    for metric in METRICS:
        digest.update(fitted_values(getattr(table, metric)).tobytes())
    return digest.hexdigest()[:16]


def fitted_values(metered: Metered) -> Floats:
    """The values of a column that laws may be fitted to: what a law predicted is none."""
    predicted = metered.origin.index == metered.origin.position.get("predicted", -1)
    values: Floats = np.where(predicted, np.nan, metered.values.value)
    return values


def variants(table: Measurements) -> list[tuple[str, str]]:
    """Every (runtime, precision) of a board's rows."""
    pairs = zip(table.runtime.index.tolist(), table.precision.index.tolist(), strict=True)
    return sorted(
        {(table.runtime.names[first], table.precision.names[second]) for first, second in pairs}
    )


def rows_of(table: Measurements, variant: tuple[str, str]) -> Integers:
    """The rows of a (runtime, precision)."""
    runtime, precision = variant
    found: Integers = np.flatnonzero(
        (table.runtime.index == table.runtime.position.get(runtime, -1))
        & (table.precision.index == table.precision.position.get(precision, -1))
    )
    return found


def _names(table: Measurements) -> Sequence[str]:
    return [
        f"{table.architecture.names[a]} {table.runtime.names[r]} {table.precision.names[p]}"
        for a, r, p in zip(
            table.architecture.index.tolist(),
            table.runtime.index.tolist(),
            table.precision.index.tolist(),
            strict=True,
        )
    ]


def predicted(
    fit: BoardFit,
    variant: tuple[str, str],
    runs: Floats,
    anchors: Mapping[str, Anchors] | None = None,
) -> dict[str, Values]:
    """Every metric of each run; power may follow from the latency that is predicted here.

    Args:
        fit: the board's laws.
        variant: runtime and precision.
        runs: shape (rows, len(COLUMNS)).
        anchors: by metric, what is known of the same networks at other batch sizes.
    """
    runs = runs.copy()
    found: dict[str, Values] = {}
    for metric in METRICS:
        found[metric] = fit.predict(variant, metric, runs, (anchors or {}).get(metric))
        if metric == "latency_ms":
            known = ~np.isnan(runs[:, -1])
            runs[:, -1] = np.where(known, runs[:, -1], found[metric].value)
    return found


def anchors_of(
    board: Board,
    table: Measurements,
    architectures: Mapping[str, Architecture],
    variant: tuple[str, str],
    pairs: Sequence[tuple[str, int]],
) -> dict[str, Anchors]:
    """By metric, for each (network, batch size) the row of that network at the nearest batch size."""
    rows, runs = rows_of(table, variant), runs_of(board, table, architectures)
    found: dict[str, Anchors] = {}
    for metric in METRICS:
        values = fitted_values(getattr(table, metric))
        known: dict[str, list[int]] = {}
        for row in rows[~np.isnan(values[rows])].tolist():
            known.setdefault(table.architecture.names[table.architecture.index[row]], []).append(
                row
            )
        nearest = [
            _nearest_row(table, known[name], batch) if name in known else -1
            for name, batch in pairs
        ]
        chosen = np.array(nearest, dtype=np.int64)
        told = np.where(chosen >= 0, np.append(values, np.nan)[chosen], np.nan)
        unknown = np.full((1, len(COLUMNS)), np.nan)
        error = np.where(
            chosen >= 0, np.append(_half_widths(getattr(table, metric)), 0)[chosen], 0.0
        )
        least, most = _neighbours(table, values, known, pairs, rises=metric != "net_power_w")
        found[metric] = Anchors(np.concatenate([runs, unknown])[chosen], told, error, least, most)
    return found


def _neighbours(
    table: Measurements,
    values: Floats,
    known: Mapping[str, Sequence[int]],
    pairs: Sequence[tuple[str, int]],
    *,
    rises: bool,
) -> tuple[Floats, Floats]:
    """What the next smaller and the next larger batch size of each network took."""
    least, most = np.full(len(pairs), np.nan), np.full(len(pairs), np.nan)
    for place, (name, batch) in enumerate(pairs):
        if not rises or name not in known:
            continue
        rows = {int(table.batch[row]): row for row in known[name]}
        smaller = max((size for size in rows if size <= batch), default=None)
        larger = min((size for size in rows if size >= batch), default=None)
        least[place] = np.nan if smaller is None else values[rows[smaller]]
        most[place] = np.nan if larger is None else values[rows[larger]]
    return least, np.where(np.isnan(most), np.nan, np.fmax(least, most))


def _half_widths(metered: Metered) -> Floats:
    """Half the width of each 90 % interval, as a logarithm; 0 where there is none."""
    value, low, high = metered.values
    with np.errstate(divide="ignore", invalid="ignore"):
        wider = np.fmax(np.log(high / value), np.log(value / low))
    return np.nan_to_num(wider, nan=0.0, posinf=0.0)


def _nearest_row(table: Measurements, rows: Sequence[int], batch: int) -> int:
    """Of a network's rows the one of the nearest batch size, the smaller of two."""
    return min(rows, key=lambda row: (abs(np.log(table.batch[row] / batch)), row))
