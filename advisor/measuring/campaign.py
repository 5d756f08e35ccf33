"""A whole run: memory first, then timing in shuffled rounds, then energy, every step kept at once."""

from __future__ import annotations

import math
import random
import threading
from collections.abc import Callable, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from statistics import median

from advisor.catalog.records import Architecture
from advisor.errors import AdvisorError
from advisor.measuring.children import BoardLostError, Children, Outcome
from advisor.measuring.journal import Journal, Now, Record, utc_now
from advisor.measuring.run_findings import Findings, Found
from advisor.measuring.run_plan import RunPlan, run_operations, session_s
from advisor.measuring.runtimes.variants import prepared_as
from advisor.measuring.tasks import Cell, NoMeter, Task, TimingFound

CHECK_SHARE = 0.1
"""How much of the heating is done again at the end, to see whether the board stayed hot."""

PREPARE_LIMIT_S = 900
"""How long exporting, quantising or compiling may take, and what was prepared to answer."""

ReportProgress = Callable[[str, float], None]
"""Hears what happens next, and about how many seconds are left."""


class Campaign:
    """One run of a plan, from wherever its journal stands."""

    def __init__(
        self,
        plan: RunPlan,
        known: Mapping[str, Architecture],
        journal: Journal,
        children: Children,
        report_progress: ReportProgress,
        now: Now = utc_now,
    ) -> None:
        """Take up the run.

        Args:
            plan: what to measure.
            known: the architectures by name.
            journal: where everything is kept; what it holds already is not done again.
            children: what runs the tasks; of several units, each runs its share of the sessions.
            report_progress: hears of the progress.
            now: the time of day.
        """
        self.plan, self.known, self.journal = plan, known, journal
        self.report_progress, self.now = report_progress, now
        self.units = dict(children.units)
        self.lost: dict[str, str] = {}
        self._keeping = threading.RLock()
        # Of a session its median alone: whether more are needed hangs on no more, and the file has the rest.
        medians = [_by_its_median(each) for each in journal.records]
        self.findings = Findings([replace(journal, records=medians)])
        journal.forget_sessions()
        self.seed = int(journal.header["seed"])
        self.goal: dict[Cell, int] = {}
        self._meterless: set[str] = set()

    def run(self) -> None:
        """Do all that is left of the plan; the run ends once its board is written, too."""
        self.measure_memory()
        self.prepare_again()
        self.heat("before", self.plan.sustained_s)
        self.time_until_sure()
        self.time_the_noisy_again()
        self.heat("after", self.plan.sustained_s * CHECK_SHARE)
        self.meter_energy()

    def measure_memory(self) -> None:
        """A fresh child a cell, batches rising, until one does not fit.

        What a runtime must prepare first is prepared in a child of its own, so that it does not count.
        """
        for batch in self.plan.batches:
            cells = [
                cell
                for cell in self.plan.cells()
                if cell.batch == batch
                and self._fitted_so_far(cell)
                and not self._memory_known(cell)
            ]
            self._on_units(self._shuffled(cells, f"memory {batch}"), self._measure_memory)

    def _measure_memory(self, cell: Cell, unit: str) -> None:
        if self._is_prepared(cell, unit):
            self._report(f"memory of {cell}")
            limit_s = 120 + 10 * self._expected_run_ms(cell) / 1000
            self._keep(cell, unit, self.units[unit].memory(self._task(cell), limit_s), asdict)

    def _on_units(
        self,
        cells: Sequence[Cell],
        work: Callable[[Cell, str], None],
        unable: Set[str] = frozenset(),
    ) -> None:
        """Do something for each cell, each unit of the board at one cell at a time.

        A unit that is lost, or turns out to be unable, leaves its cells to the others.

        Args:
            cells: in their order.
            work: does it for one cell on one unit.
            unable: the units that cannot; where all are, the cells are left as they are.

        Raises:
            BoardLostError: no unit is left.
        """
        left = list(cells)
        while left and (units := sorted(self.units.keys() - unable)):
            shares = self._shares(left, units)
            if len(shares) == 1:
                ((unit, share),) = shares.items()
                self._work_off(unit, share, left, work, unable)
                continue
            with ThreadPoolExecutor(len(shares), "unit") as pool:
                ends = [
                    pool.submit(self._work_off, unit, share, left, work, unable)
                    for unit, share in shares.items()
                ]
            for end in ends:
                end.result()

    def _shares(self, cells: Sequence[Cell], units: Sequence[str]) -> dict[str, list[Cell]]:
        """Which unit has which cells next, in their order: each cell goes round all of them."""
        if len(units) == 1:
            return {units[0]: list(cells)}
        rank = {cell: place for place, cell in enumerate(sorted(self.plan.cells()))}
        shares: dict[str, list[Cell]] = {}
        for cell in cells:
            turn = rank[cell] + len(self.findings.of(cell).sessions)
            shares.setdefault(units[turn % len(units)], []).append(cell)
        return shares

    def _work_off(
        self,
        unit: str,
        share: Sequence[Cell],
        left: list[Cell],
        work: Callable[[Cell, str], None],
        unable: Set[str],
    ) -> None:
        """One unit's share; what is done is taken from what is left."""
        for cell in share:
            try:
                work(cell, unit)
            except BoardLostError as error:
                with self._keeping:
                    self.lost[unit] = str(error)
                    del self.units[unit]
                    if not self.units:
                        raise
                    self.journal.append({"unit": unit, "lost": str(error)})
                return
            if unit in unable:
                return
            with self._keeping:
                left.remove(cell)

    def _fitted_so_far(self, cell: Cell) -> bool:
        return all(
            self.findings.of(replace(cell, batch=smaller)).status == "ok"
            for smaller in self.plan.batches
            if smaller < cell.batch
        )

    def _is_prepared(self, cell: Cell, unit: str) -> bool:
        """Prepare a cell, unless that is done, or was done for another batch size."""
        shared = prepared_as(cell)
        if shared is None:
            return True
        before = self.findings.prepared.get(shared)
        if before is None or not self.units[unit].has(before.prepared):
            self._report(f"preparing {cell}")
            limit_s = PREPARE_LIMIT_S + 20 * self._expected_run_ms(cell) / 1000
            outcome = self.units[unit].prepare(self._task(cell), limit_s)
            self._keep(
                cell, unit, outcome, lambda found: {"holds_for": shared.as_list(), **asdict(found)}
            )
        return self.findings.of(cell).status == "ok"

    def _expected_run_ms(self, cell: Cell) -> float:
        """How long a run takes at most, from operations and from what smaller batches took."""
        smaller = [
            run_ms * cell.batch / batch
            for batch in self.plan.batches
            if batch < cell.batch
            and (run_ms := self.findings.of(replace(cell, batch=batch)).run_ms)
        ]
        return max(self.plan.guessed_run_ms(cell, self.known), *smaller, 0.0)

    def _memory_known(self, cell: Cell) -> bool:
        found = self.findings.of(cell)
        return bool(found.peaks_mb) or found.status != "ok"

    def prepare_again(self) -> None:
        """Prepare what was dropped since: no session follows an export, and no heated board waits for one."""
        wanted = self.plan.thoroughness.least_sessions
        cells = [cell for cell, found in self._live() if len(found.sessions) < wanted]
        self._on_units(cells, self._prepare)

    def _prepare(self, cell: Cell, unit: str) -> None:
        self._is_prepared(cell, unit)

    def heat(self, when: str, seconds: float) -> None:
        """Keep the board busy with its heaviest cell, so that it is as hot as it gets; or still is.

        A run that goes on heats again, since the board has cooled in the meantime.

        Args:
            when: "before" timing, or "after" it, to see whether the board stayed hot.
            seconds: how long; 0 for not at all.

        Raises:
            AdvisorError: no cell can heat the board.
        """
        live = [cell for cell, _ in self._live()]
        live.sort(key=lambda each: (run_operations(each, self.known), each.threads), reverse=True)
        reason, (unit, *_) = "", self.units
        for cell in live if seconds else []:
            if not self._is_prepared(cell, unit):
                continue
            self.report_progress(f"heating the board with {cell}", seconds + self._remaining_s())
            limit_s = seconds + 120 + 20 * self._run_ms(cell) / 1000
            outcome = self.units[unit].heat(self._task(cell), seconds, limit_s)
            if outcome.status == "ok":
                record = {"heat": asdict(outcome.value), "by": cell.as_list(), "when": when}
                self._add(record)
                return
            reason = f"{cell}: {outcome.reason}"
        if reason:
            raise AdvisorError(
                f"the board cannot be heated ({reason})", "measure without --sustained"
            )

    def time_until_sure(self) -> None:
        """Rounds over all cells in random order, so that heat and drift hit all alike."""
        wanted = self.plan.thoroughness
        for count in range(wanted.most_sessions):
            cells = [
                cell
                for cell, found in self._live()
                if len(found.sessions) <= count
                and (count < wanted.least_sessions or not self._sure(found))
            ]
            self._on_units(self._shuffled(cells, f"time {count}"), self._time)

    def _sure(self, found: Found) -> bool:
        return found.half_width_95 <= self.plan.thoroughness.half_width

    def time_the_noisy_again(self) -> None:
        """More sessions for the cells whose verdict is noisy, once."""
        wanted = self.plan.thoroughness
        targets = next((each["again"] for each in self.journal.records if "again" in each), None)
        if targets is None:
            more = wanted.least_sessions // 2
            targets = [
                [*cell.as_list(), len(found.sessions) + more]
                for cell, found in self._live()
                if self.findings.verdict(found, wanted.half_width).startswith("noisy")
            ]
            self.journal.append({"again": targets})
        self.goal = {Cell(*cell): count for *cell, count in targets}
        while cells := [
            cell for cell, found in self._live() if len(found.sessions) < self.goal.get(cell, 0)
        ]:
            left = sum(self.goal[cell] - len(self.findings.of(cell).sessions) for cell in cells)
            self._on_units(self._shuffled(cells, f"again {left}"), self._time)

    def _time(self, cell: Cell, unit: str) -> None:
        if self._is_prepared(cell, unit):  # again, where what was prepared has been dropped since
            self._report(f"timing {cell}")
            limit_s = 60 + 20 * session_s(self.plan.thoroughness.limits, self._run_ms(cell))
            outcome = self.units[unit].time(self._task(cell), limit_s)
            self._keep(cell, unit, outcome, _timing_record)

    def meter_energy(self) -> None:
        """One energy child a cell, on a unit that has a meter, unless the user declared the power."""
        if self.plan.declared_power_w is not None:
            return
        done = {Cell(*each["cell"]) for each in self.journal.records if "energy" in each}
        cells = [cell for cell, _ in self._live() if cell not in done]
        self._on_units(self._shuffled(cells, "energy"), self._meter_energy, self._meterless)

    def _meter_energy(self, cell: Cell, unit: str) -> None:
        if not self._is_prepared(cell, unit):
            return
        self._report(f"energy of {cell}")
        outcome = self.units[unit].energy(self._task(cell), 180 + self._run_ms(cell) / 10)
        record: dict[str, object]
        if isinstance(outcome.value, NoMeter):
            self._meterless.add(unit)
            record = {"no_meter": outcome.value.reason, **_of(unit)}
        else:
            # A failure here leaves the cell's latency as it is; the journal says what it was.
            record = {"cell": cell.as_list(), **_of(unit), "energy": None}
            if outcome.value:
                record["energy"] = asdict(outcome.value)
            else:
                record["reason"] = outcome.reason or "the meter gave no usable window"
        self._add(record)

    def _keep(
        self,
        cell: Cell,
        unit: str,
        outcome: Outcome,
        to_record: Callable[..., Mapping[str, object]],
    ) -> None:
        """Put an outcome on disk and take it into account."""
        ended = self.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        record: dict[str, object] = {"cell": cell.as_list(), **_of(unit), "at": ended}
        if outcome.status == "ok":
            record.update(to_record(outcome.value))
        else:
            record.update(status=outcome.status, reason=outcome.reason)
        self._add(record)

    def _add(self, record: Mapping[str, object]) -> None:
        with self._keeping:
            self.journal.append(record)
            self.findings.add(_by_its_median(record))

    def _report(self, what: str) -> None:
        with self._keeping:
            self.report_progress(what, self._remaining_s())

    def _live(self) -> list[tuple[Cell, Found]]:
        """The cells that run, with what is known of them."""
        cells = [(cell, self.findings.of(cell)) for cell in self.plan.cells()]
        return [(cell, found) for cell, found in cells if found.peaks_mb and found.status == "ok"]

    def _task(self, cell: Cell) -> Task:
        """How to run a cell, from what was prepared for it, if that is done."""
        shared = prepared_as(cell)
        found = None if shared is None else self.findings.prepared.get(shared)
        return replace(self.plan.task(cell, self.known), prepared=found.prepared if found else "")

    def _run_ms(self, cell: Cell) -> float:
        return self.findings.of(cell).run_ms or self.plan.guessed_run_ms(cell, self.known)

    def _shuffled(self, cells: list[Cell], purpose: str) -> list[Cell]:
        """The cells in the order that the run's seed gives for a purpose."""
        return random.Random(f"{self.seed} {purpose}").sample(sorted(cells), len(cells))  # noqa: S311

    def _remaining_s(self) -> float:
        """About how long the sessions that are still needed take, as far as is known."""
        wanted = self.plan.thoroughness
        left = 0.0
        for cell in self.plan.cells():
            found = self.findings.of(cell)
            if found.status == "ok":
                needed = max(self._sessions_needed(found), self.goal.get(cell, 0))
                missing = max(0, needed - len(found.sessions))
                left += missing * session_s(wanted.limits, self._run_ms(cell))
                left += 0 if found.peaks_mb else 2 + 2 * self._run_ms(cell) / 1000
        return left

    def _sessions_needed(self, found: Found) -> int:
        """How many sessions make a cell sure; the interval narrows with the root of their number."""
        wanted = self.plan.thoroughness
        count = len(found.sessions)
        if count < wanted.least_sessions:
            return wanted.least_sessions
        needed = count * (found.half_width_95 / wanted.half_width) ** 2
        return min(math.ceil(needed), wanted.most_sessions)


def _of(unit: str) -> dict[str, str]:
    """What a record says of the unit, where the board has any."""
    return {"unit": unit} if unit else {}


def _by_its_median(record: Record) -> Record:
    """A record, of a timing session with the median of what was timed instead of all values."""
    values = record.get("values_us")
    return {**record, "values_us": [median(values)]} if values else record


def _timing_record(found: TimingFound) -> dict[str, object]:
    return {
        "values_us": [round(1000 * each) for each in found.values_ms],
        "runs_per_value": found.runs_per_value,
        "settled": found.settled,
        "disturbance": asdict(found.disturbance),
    }
