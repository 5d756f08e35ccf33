"""What runs have found of each cell, read back from their journals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from advisor.measure.disturbance import Disturbance
from advisor.measure.energy import EnergyFound
from advisor.measure.journal import Journal, Record
from advisor.measure.statistics import Summary, drift_between, drift_between_runs, summarise
from advisor.measure.tasks import Cell, LoadFound
from advisor.measure.verdict import verdict


@dataclass
class Found:
    """All that is known of one cell.

    Attributes:
        sessions: the timed values of each session, in ms.
        averaged: whether some value averages several runs, so that the tail is unknown.
        disturbances: what else happened during each session.
        peaks_mb: peak memory of each memory child.
        empties_mb: memory of a child with the runtime alone.
        energies: what each energy child found.
        run_ms: a first guess of the latency.
        status: how the cell ended, where not well: one of the statuses of a measurement.
        reason: why.
    """

    sessions: list[Sequence[float]] = field(default_factory=list)
    averaged: bool = False
    disturbances: list[Disturbance] = field(default_factory=list)
    peaks_mb: list[float] = field(default_factory=list)
    empties_mb: list[float] = field(default_factory=list)
    energies: list[EnergyFound] = field(default_factory=list)
    run_ms: float | None = None
    status: str = "ok"
    reason: str = ""

    def summary(self, drift: float | None = None) -> Summary:
        """The sessions in one figure; needs at least one."""
        return summarise(self.sessions, drift or 0.0)


@dataclass(frozen=True)
class Load:
    """One time that the board was loaded: with what, and what that showed."""

    cell: Cell
    found: LoadFound


class Findings:
    """Everything that one or several runs of a board have found."""

    def __init__(self, journals: Sequence[Journal]) -> None:
        """Read what these runs hold, one at least; more can be added to the last."""
        self.by_cell: dict[Cell, Found] = {}
        self.medians: list[list[tuple[str, float]]] = []
        self.loads: list[Load] = []
        for journal in journals:
            self.medians.append([])
            for record in journal.records:
                self.add(record)

    def of(self, cell: Cell) -> Found:
        """What is known of a cell so far."""
        return self.by_cell.setdefault(cell, Found())

    def add(self, record: Record) -> None:
        """Take in one record of a journal."""
        if "load" in record:
            self.loads.append(Load(Cell(*record["by"]), LoadFound(**record["load"])))
        if "cell" not in record:
            return
        cell = Cell(*record["cell"])
        found = self.of(cell)
        if "values_us" in record:
            values = [value / 1000 for value in record["values_us"]]
            found.sessions.append(values)
            found.status, found.reason = "ok", ""  # an earlier run may have failed here
            found.averaged = found.averaged or record["runs_per_value"] > 1
            found.disturbances.append(Disturbance(**record["disturbance"]))
            self.medians[-1].append((str(cell), float(np.median(values))))
        elif "peak_mb" in record:
            found.peaks_mb.append(record["peak_mb"])
            found.empties_mb.append(record["empty_mb"])
            found.run_ms = record["run_ms"]
        elif "energy" in record:
            if record["energy"]:
                found.energies.append(EnergyFound(**record["energy"]))
        elif "status" in record:
            found.status, found.reason = record["status"], record["reason"]

    def verdict(self, found: Found, wanted_half_width: float) -> str:
        """Whether a cell was measured in peace; see `advisor.measure.verdict`."""
        return verdict(
            found.summary(),
            wanted_half_width,
            self.drift,
            found.disturbances,
            max((abs(load.found.still_changing) for load in self.loads), default=0.0),
        )

    @property
    def drift(self) -> float | None:
        """How much the machine drifts: within its runs, or between them, whichever is more."""
        runs = [medians for medians in self.medians if medians]
        told = [*map(drift_between, runs), drift_between_runs(runs)]
        return max((drift for drift in told if drift is not None), default=None)
