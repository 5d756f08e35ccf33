"""What runs have found of each cell, read back from their journals."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

import numpy as np

from advisor.measuring.answers import fault
from advisor.measuring.between_runs import BetweenRuns, Pooled, RunCentre
from advisor.measuring.energy import EnergyFound
from advisor.measuring.journal import Journal, Record, broken_line
from advisor.measuring.statistics import (
    LEAST_SESSIONS,
    Conditions,
    Summary,
    centre_error,
    drift_between,
    half_width_95,
    hodges_lehmann,
    summarise,
    verdict,
)
from advisor.measuring.tasks import Cell, HeatFound, PreparedFound
from advisor.measuring.timing import Disturbance

MOST_OTHERS_IN_SESSION = 0.05
"""Share of the processor time that others may take in a session that counts."""

PREPARED = fields(PreparedFound)


@dataclass(frozen=True)
class Session:
    """One timing session.

    Attributes:
        values_ms: what was timed.
        settled: whether the warm-up had settled.
        disturbance: what else happened meanwhile.
    """

    values_ms: Sequence[float]
    settled: bool
    disturbance: Disturbance

    @cached_property
    def median_ms(self) -> float:
        """The middle of what was timed."""
        return float(np.median(self.values_ms))

    @property
    def undisturbed(self) -> bool:
        """Whether the network had the machine to itself, as far as is known."""
        return (self.disturbance.others or 0.0) <= MOST_OTHERS_IN_SESSION


def that_count(sessions: Sequence[Session]) -> list[Session]:
    """The undisturbed sessions, where they are the greater part; else all of them.

    A session during which somebody else used the machine is one of two programs, not of one. On a
    machine that is never left alone there is nothing else to go by.
    """
    undisturbed = [each for each in sessions if each.undisturbed]
    return undisturbed if 2 * len(undisturbed) > len(sessions) else list(sessions)


@dataclass
class Found:
    """All that is known of one cell.

    Attributes:
        sessions: every timing session.
        averaged: whether some value averages several runs, so that the tail is unknown.
        peaks_mb: peak memory of each memory child.
        empties_mb: memory of a child with the runtime alone.
        energies: what each energy child found.
        run_ms: a first guess of the latency.
        status: how the cell ended, where not well: one of the statuses of a measurement.
        reason: why.
    """

    sessions: list[Session] = field(default_factory=list)
    averaged: bool = False
    peaks_mb: list[float] = field(default_factory=list)
    empties_mb: list[float] = field(default_factory=list)
    energies: list[EnergyFound] = field(default_factory=list)
    run_ms: float | None = None
    status: str = "ok"
    reason: str = ""
    _half_width: float = math.inf
    _half_width_of: int = 0

    @property
    def summary(self) -> Summary:
        """The sessions that count, taken together; needs at least one."""
        return summarise([each.values_ms for each in that_count(self.sessions)])

    @property
    def half_width_95(self) -> float:
        """How far the centre is known, as `summary` has it but at once."""
        if self._half_width_of != len(self.sessions):
            self._half_width = half_width_95([each.median_ms for each in that_count(self.sessions)])
            self._half_width_of = len(self.sessions)
        return self._half_width


@dataclass(frozen=True)
class Heat:
    """One time that the board was heated: with what, what that showed, and "before" or "after" timing."""

    cell: Cell
    found: HeatFound
    when: str


class Findings:
    """Everything that one or several runs of a board have found."""

    def __init__(self, journals: Sequence[Journal], usual_between_runs: float = 0.0) -> None:
        """Read what these runs hold, one at least; more can be added to the last.

        Args:
            journals: the runs.
            usual_between_runs: by how much runs of a board are taken to differ where it has those of one day,
                as a standard deviation of the logarithm.

        Raises:
            BrokenFileError: a line is no record of what can be found.
        """
        self.usual_between_runs = usual_between_runs
        self.by_cell: dict[Cell, Found] = {}
        self.prepared: dict[Cell, PreparedFound] = {}
        self.runs: list[list[tuple[Cell, Session]]] = []  # a unit's share of one is one of its own
        self.heats: list[Heat] = []
        self.unsteady = 0.0
        self.no_power = ""
        self._between_runs: BetweenRuns | None = None
        self._drift_seen: tuple[float | None] | None = None
        self.on_gpu = any(each.header["plan"]["device"] != "cpu" for each in journals)
        self._threads = 0
        self._days: list[str] = []
        self._units: list[str] = []
        for journal in journals:
            self._begin_run(journal.day)
            self._threads = _threads_of(journal)
            for number, record in enumerate(journal.records, start=2):
                try:
                    self.add(record)
                except (TypeError, KeyError, ValueError):
                    raise broken_line(journal.path, number) from None

    @property
    def processor(self) -> str:
        """What ran all of it; runs on unlike devices are of unlike boards."""
        return "gpu" if self.on_gpu else "cpu"

    def of(self, cell: Cell) -> Found:
        """What is known of a cell so far."""
        return self.by_cell.setdefault(cell, Found())

    def add(self, record: Record) -> None:
        """Take in one record of a journal."""
        self._between_runs = self._drift_seen = None
        if "heat" in record:
            self._add_heat(
                Heat(self._cell(record["by"]), HeatFound(**record["heat"]), record["when"])
            )
        self.no_power = record.get("no_meter", self.no_power)
        if "cell" not in record:
            return
        cell = self._cell(record["cell"])
        found = self.of(cell)
        if "values_us" in record:
            session = Session(
                array("d", [value / 1000 for value in record["values_us"]]),
                record["settled"],
                Disturbance(**record["disturbance"]),
            )
            found.sessions.append(session)
            found.status, found.reason = "ok", ""  # an earlier run may have failed here
            found.averaged = found.averaged or record["runs_per_value"] > 1
            self._run_of(record.get("unit", "")).append((cell, session))
        elif "image_effect" in record:
            known = {each.name: record[each.name] for each in PREPARED if each.name in record}
            prepared = PreparedFound(**known)
            self.prepared[Cell(*record["holds_for"])] = prepared
            if reason := fault(cell.precision, prepared):
                found.status, found.reason = "failed", reason
        elif "peak_mb" in record:
            found.peaks_mb.append(record["peak_mb"])
            found.empties_mb.append(record["empty_mb"])
            found.run_ms = record["run_ms"]
        elif "energy" in record:
            if record["energy"]:
                found.energies.append(EnergyFound(**record["energy"]))
            else:
                self.no_power = record.get("reason", "")
        elif "status" in record:
            found.status, found.reason = record["status"], record["reason"]

    def _begin_run(self, day: str) -> None:
        self._day = day
        self._its_units: dict[str, list[tuple[Cell, Session]]] = {}

    def _run_of(self, unit: str) -> list[tuple[Cell, Session]]:
        """What a unit has timed in the last run."""
        if unit not in self._its_units:
            self._its_units[unit] = []
            self.runs.append(self._its_units[unit])
            self._days.append(self._day)
            self._units.append(unit)
        return self._its_units[unit]

    @property
    def units(self) -> list[str]:
        """The physical samples of the board that were timed, by their labels; none where nobody said."""
        return sorted({*self._units} - {""})

    def _cell(self, written: Sequence[Any]) -> Cell:
        """A cell as a journal has it."""
        cell = Cell(*written)
        for each, kind in zip(written, (str, int, str, str, int), strict=False):
            if not isinstance(each, kind):
                raise TypeError(each)
        return cell if cell.threads else replace(cell, threads=self._threads)

    def verdict(self, found: Found, wanted_half_width: float) -> str:
        """Whether a cell was measured in peace; see `advisor.measuring.statistics`."""
        counted = that_count(found.sessions)
        conditions = Conditions(
            disturbances=[each.disturbance for each in counted],
            set_aside=len(found.sessions) - len(counted),
            unsettled=sum(not each.settled for each in counted),
            unsteady=self.unsteady,
            on_gpu=self.on_gpu,
            units_apart=self.between_runs.units_apart if len(self.units) > 1 else "",
        )
        return verdict(found.summary, wanted_half_width, self.drift_seen, conditions)

    def _add_heat(self, heat: Heat) -> None:
        """A heated board is steady if its pace neither changed at the end nor while it was timed."""
        self.heats.append(heat)
        before = [each for each in self.heats if each.when == "before" and each.cell == heat.cell]
        change = heat.found.still_changing
        if heat.when == "after" and before:
            change = heat.found.median_ms(0.0, 0.25) / before[-1].found.pace_ms - 1
        self.unsteady = max(self.unsteady, abs(change))

    @property
    def why_no_power(self) -> str:
        """Why no power is known of any cell; "" where it is of some, or was not sought."""
        return "" if any(each.energies for each in self.by_cell.values()) else self.no_power

    @property
    def drift_seen(self) -> float | None:
        """How much the machine's speed changed, within its runs or between them, whichever is more.

        A relative standard deviation; `None` where runs were too few and too short to show it.
        """
        if self._drift_seen is None:
            within, between = [each[0] for each in self._drifts()], self.between_runs.seen
            self._drift_seen = (max([*within, between or 0.0]) if within or between else None,)
        return self._drift_seen[0]

    def _drifts(self) -> list[tuple[float, float]]:
        """What each run that is long enough shows of its own drift; see `drift_between`."""
        found = [drift_between(_medians(run)) for run in self.runs if run]
        return [each for each in found if each is not None]

    @property
    def between_runs(self) -> BetweenRuns:
        """What the runs say together."""
        if self._between_runs is None:
            centres = [each for run, its in enumerate(self.runs) for each in _centres(run, its)]
            # What drifts within a run differs between days, too: all that is known of them from one day.
            allowed = max((each[1] for each in self._drifts()), default=0.0)
            usual = math.hypot(self.usual_between_runs, allowed)
            self._between_runs = BetweenRuns(centres, usual, self._days, self._units)
        return self._between_runs

    def pooled(self, cell: Cell) -> Pooled | None:
        """A cell's figure from all runs; `None` where it has too few sessions for an interval."""
        few = len(that_count(self.of(cell).sessions)) < LEAST_SESSIONS
        return None if few else self.between_runs.pooled(str(cell))


def _threads_of(journal: Journal) -> int:
    """The number of threads of all cells of a run from before cells had their own; 0 of any other."""
    plan, host = journal.header["plan"], journal.header.get("host", {})
    alone = isinstance(plan["threads"], int) and plan["device"] == "cpu"
    return int(plan["threads"] or host.get("threads", 0)) if alone else 0


def _centres(run: int, its: Sequence[tuple[Cell, Session]]) -> Iterator[RunCentre]:
    """What one run found of each of its cells."""
    by_cell: dict[Cell, list[Session]] = {}
    for cell, session in its:
        by_cell.setdefault(cell, []).append(session)
    for cell, sessions in by_cell.items():
        logs = np.log([each.median_ms for each in that_count(sessions)])
        yield RunCentre(str(cell), run, hodges_lehmann(logs), centre_error(logs), len(logs))


def _medians(run: Sequence[tuple[Cell, Session]]) -> list[tuple[str, float]]:
    """The sessions of a run that count, in their order: the cell, and the median in ms."""
    counted = {id(each) for each in that_count([session for _, session in run])}
    return [(str(cell), session.median_ms) for cell, session in run if id(session) in counted]
