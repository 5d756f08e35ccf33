"""Where candidates are measured for a question, one by one; and a table of results that stands in for it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from itertools import product
from typing import Any, NamedTuple, Protocol

import numpy as np

from advisor.catalog.importers.results import NOT_SAID
from advisor.catalog.records import Labels, Measurements, Metered
from advisor.catalog.run_as import Variant
from advisor.catalog.store import Catalog, Surveyed
from advisor.solve.candidates.completion import runs_of_rows


class Key(NamedTuple):
    """What a row of a board is of."""

    architecture: str
    variant: Variant
    batch: int

    def __str__(self) -> str:
        return f"{self.architecture} at batch {self.batch}, {' '.join(self.variant.words)}"


@dataclass(frozen=True)
class Attempt:
    """What came of measuring.

    Attributes:
        surveyed: the board with its rows, the new one among them.
        key: what the new row is of; `None` where there is none, since nothing could be run.
        reason: why it did not run; "" if it did.
    """

    surveyed: Surveyed
    key: Key | None
    reason: str = ""


class Bench(Protocol):
    """Where candidates are measured.

    Attributes:
        stopped: whether the user broke off the last measurement.
        lacks: what is to be said of what it does not offer, in words.
    """

    stopped: bool
    lacks: str

    def offers(self, key: Key) -> bool:
        """Whether there is any sense in asking for it."""
        ...

    def seconds(self, key: Key, latency_ms: float) -> float:
        """How long measuring it takes, roughly, where a batch takes so long."""
        ...

    def measure(self, key: Key) -> Attempt:
        """Measure one; that it does not run is an answer, too."""
        ...


class AccuracyBench(Protocol):
    """Where it is found out what candidates reach on images of the user's own."""

    def seconds(self, key: Key, latency_ms: float) -> float:
        """How long that takes, roughly, where a batch takes so long."""
        ...

    def evaluate(self, key: Key, weights: str) -> Evaluated:
        """Look at one with a set of weights; that it cannot be run is an answer, too."""
        ...


class Evaluated(NamedTuple):
    """What came of that.

    Attributes:
        catalog: everything that is known since.
        reason: why it could not be found out; "" if it could.
    """

    catalog: Catalog
    reason: str = ""


class TableBench:
    """Looks results up; what it finds becomes a row of the board in memory.

    Attributes:
        stopped, lacks: see `Bench`.
    """

    stopped = False

    def __init__(self, surveyed: Surveyed, results: Measurements, name: str) -> None:
        """Lay out the table.

        Args:
            surveyed: the board with its rows.
            results: what measuring would find; what it does not name of how it was run is that of whatever is
                sought.
            name: what the table is called.
        """
        self.surveyed, self.results = surveyed, _measured(results)
        self.networks = frozenset(runs_of_rows(results))
        named = [" ".join(each.words) for each in results.variants]
        of = f" (its rows are of {', '.join(named)})" if any(named) else ""
        self.lacks = f"{name} has no row of them{of}"

    def offers(self, key: Key) -> bool:
        """Whether the table has this network, at any batch size."""
        runtime, precision, processor, threads = key.variant
        named = product((runtime, NOT_SAID), (precision, NOT_SAID), (processor, ""), (threads, 0))
        return any((key.architecture, Variant(*each)) in self.networks for each in named)

    def seconds(self, key: Key, latency_ms: float) -> float:  # noqa: ARG002
        """None at all."""
        return 0.0

    def measure(self, key: Key) -> Attempt:
        """The row of that network at that batch size, or the only one that there is of it."""
        rows = self._rows(key)
        sizes = self.results.batch[rows]
        if len(rows) > 1:
            rows = rows[sizes == key.batch]
        if not len(rows):
            there = ", ".join(map(str, sorted(sizes.tolist())))
            reason = f"the table has it at batch {there} only" if there else "not in the table"
            return Attempt(self.surveyed, None, reason)
        row = replace(
            self.results.take(rows[:1]),
            architecture=Labels.constant(key.architecture, 1),
            runtime=Labels.constant(key.variant.runtime, 1),
            precision=Labels.constant(key.variant.precision, 1),
            processor=Labels.constant(key.variant.processor, 1),
            threads=np.array([key.variant.threads]),
        )
        batch = int(row.batch[0])
        table = with_row(self.surveyed.measurements, row)
        self.surveyed = Surveyed(self.surveyed.board, table)
        status = row.status.at(0)
        reason = "" if status == "ok" else status.replace("_", " ")
        return Attempt(self.surveyed, key._replace(batch=batch), reason)

    def _rows(self, key: Key) -> np.typing.NDArray[np.int64]:
        results = self.results
        found = results.architecture.where(key.architecture)
        runtime, precision, processor, threads = key.variant
        for labels, name in ((results.runtime, runtime), (results.precision, precision)):
            found &= labels.where(name) | labels.where(NOT_SAID)
        found &= results.processor.where(processor) | results.processor.where("")
        found &= (results.threads == threads) | (results.threads == 0)
        return np.flatnonzero(found)


def _measured(results: Measurements) -> Measurements:
    """The results as if they had been measured here, since they stand in for that."""
    columns = {each.name: getattr(results, each.name) for each in fields(results)}
    measured: dict[str, Any] = {
        name: replace(each, origin=each.origin.renamed({"reported": "measured"}))
        for name, each in columns.items()
        if isinstance(each, Metered)
    }
    return replace(results, **measured)


def with_row(table: Measurements, row: Measurements) -> Measurements:
    """A board's table with one more row, in place of that of the same key, if there is one.

    Where it ran, but the new row lacks a figure that the old one has, this one stays.
    """
    same = table.architecture.where(row.architecture.at(0)) & (table.batch == row.batch[0])
    there = np.zeros(len(table), dtype=np.bool_)
    there[table.rows_of(row.variant(0))] = True
    same &= there
    if same.any() and row.status.at(0) == "ok":
        old = table.take(same)
        timed = not np.isnan(
            row.latency_ms.values.value[0]
        )  # a rate of another run is not this one's
        row = replace(
            row,
            latency_ms=_either(row.latency_ms, old.latency_ms),
            throughput_fps=row.throughput_fps
            if timed
            else _either(row.throughput_fps, old.throughput_fps),
            net_power_w=_either(row.net_power_w, old.net_power_w),
            gross_power_w=_either(row.gross_power_w, old.gross_power_w),
            memory_mb=_either(row.memory_mb, old.memory_mb),
            file_size_mb=_either(row.file_size_mb, old.file_size_mb),
        )
    return Measurements.stacked([table.take(~same), row])


def _either(new: Metered, old: Metered) -> Metered:
    return old if np.isnan(new.values.value[0]) else new
