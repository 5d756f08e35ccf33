"""What a run will measure, how thoroughly, and about how long that takes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from advisor.catalog.records import Architecture
from advisor.measure.tasks import Cell, Task, Variant
from advisor.measure.timing import SessionLimits


@dataclass(frozen=True)
class Thoroughness:
    """How much evidence a run gathers.

    Attributes:
        least_sessions: timing sessions of every cell.
        most_sessions: where a cell that is still too uncertain stops.
        half_width: relative half-width of the 95 % interval of the centre that is enough.
        limits: how long a session may take.
    """

    least_sessions: int
    most_sessions: int
    half_width: float
    limits: SessionLimits


QUICK = Thoroughness(10, 16, 0.06, SessionLimits())
FULL = Thoroughness(16, 60, 0.03, SessionLimits())

SESSION_OVERHEAD_S = 0.6
"""Starting a child and building the network, roughly."""

KEEP_HOT_S = 5.0
"""How long each session runs before it times on a heated board: the board is busy nine tenths of the time."""

GUESSED_OPERATIONS_PER_S = 40e9
"""What a present-day processor core does, roughly; only for the plan before anything was measured."""


@dataclass(frozen=True)
class Plan:
    """All that decides what a run does; two runs with equal plans may go on from one another.

    Attributes:
        architectures: the names to measure.
        batches: batch sizes in rising order; larger ones are left out once one does not fit.
        device: "cpu", or as in "cuda:0".
        threads: threads a CPU may use; 0 for the library's own choice.
        variants: what runs them: pairs of runtime and precision.
        thoroughness: how much evidence to gather.
        declared_power_w: net power as the user states it, if so.
        sustained_s: for how long the board is heated before anything is timed; 0 for not at all.
    """

    architectures: Sequence[str]
    batches: Sequence[int]
    device: str
    threads: int
    variants: Sequence[Variant]
    thoroughness: Thoroughness
    declared_power_w: float | None
    sustained_s: float = 0.0

    def sustained(self, seconds: float) -> Plan:
        """The same on a heated board, which every session keeps hot."""
        limits = replace(self.thoroughness.limits, least_warm_up_s=KEEP_HOT_S)
        thoroughness = replace(self.thoroughness, limits=limits)
        return replace(self, thoroughness=thoroughness, sustained_s=seconds)

    def cells(self) -> list[Cell]:
        """Everything to measure, the smallest batches first."""
        return [
            Cell(name, batch, *variant)
            for batch in self.batches
            for name in self.architectures
            for variant in self.variants
        ]

    def task(self, cell: Cell, known: Mapping[str, Architecture]) -> Task:
        """How to run a cell."""
        return Task(
            cell,
            known[cell.architecture].input_shape,
            self.device,
            self.threads,
            self.thoroughness.limits,
        )

    def as_record(self) -> dict[str, object]:
        """The plan as plain values, for the journal."""
        record = asdict(self)
        return {
            **record,
            "architectures": list(self.architectures),
            "batches": list(self.batches),
            "variants": [list(variant) for variant in self.variants],
        }

    def guessed_run_ms(self, cell: Cell, known: Mapping[str, Architecture]) -> float:
        """How long one run may take, from operations alone."""
        cores = self.threads or os.cpu_count() or 1
        return 1000 * run_operations(cell, known) / (GUESSED_OPERATIONS_PER_S * cores)


def run_operations(cell: Cell, known: Mapping[str, Architecture]) -> float:
    """Operations of one run of a cell; a guess where they were never counted."""
    cost = known[cell.architecture].cost("counted")
    return cell.batch * (cost.operations.value if cost else 5e9)


def session_s(limits: SessionLimits, run_ms: float) -> float:
    """How long a timing session takes, when a run takes `run_ms`."""
    run_s = run_ms / 1000
    warm_up_s = max(2.5 * run_s, min(limits.warm_up_s, 5 * run_s), limits.least_warm_up_s)
    return SESSION_OVERHEAD_S + warm_up_s + max(limits.timed_s, limits.least_values * run_s)
