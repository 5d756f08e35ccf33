"""What a run will measure, how thoroughly, and about how long that takes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

from advisor.architectures.design import FLOATS
from advisor.catalog.naming import Measurable
from advisor.catalog.records import Architecture
from advisor.errors import AdvisorError
from advisor.measuring.image_data import LabelledImage
from advisor.measuring.preprocessing import assumed_for
from advisor.measuring.runtimes.variants import own_precisions
from advisor.measuring.tasks import REFERENCE, SERVE_ONNX, Calibration, Cell, Task, Variant
from advisor.measuring.timing import SessionLimits


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

CHILD_S = 2.0
"""A memory child, roughly."""

PREPARE_S = 15.0
"""Preparing a network for a runtime and holding its answers against eager's, roughly."""

GUESSED_OPERATIONS_PER_S = 40e9
"""What a present-day processor core does, roughly; only for the plan before anything was measured."""


@dataclass(frozen=True)
class NotServed:
    """Why a cell cannot be served.

    Attributes:
        what: of the cell.
        reason: why not.
        mend: the option with which the network can be.
    """

    what: str
    reason: str
    mend: str


@dataclass(frozen=True)
class RunPlan:
    """All that decides what a run does; two runs with equal plans may go on from one another.

    Attributes:
        architectures: the names to measure.
        batches: batch sizes in rising order; larger ones are left out once one does not fit.
        device: "cpu", or as in "cuda:0".
        threads: numbers of threads of the processor, of which each is measured; 0 where they do not count.
        variants: what runs them: pairs of runtime and precision.
        thoroughness: how much evidence to gather.
        declared_power_w: net power as the user states it, if so.
        sustained_s: for how long the board is heated before anything is timed; 0 for not at all.
        own: those of the architectures that are the user's own.
        as_filed: whether each network is run in the number format of its file alone, others in fp32: where
            nobody asked for any.
        check: whether runtimes' answers are held against the reference's.
        calibrating: real images by which int8 ranges are set; random ones where there are none.
    """

    architectures: Sequence[str]
    batches: Sequence[int]
    device: str
    threads: Sequence[int]
    variants: Sequence[Variant]
    thoroughness: Thoroughness
    declared_power_w: float | None
    sustained_s: float = 0.0
    own: Mapping[str, Measurable] = field(default_factory=dict)
    as_filed: bool = False
    check: bool = True
    calibrating: tuple[LabelledImage, ...] = ()

    def sustained(self, seconds: float) -> RunPlan:
        """The same on a heated board, which every session keeps hot."""
        limits = replace(self.thoroughness.limits, least_warm_up_s=KEEP_HOT_S)
        thoroughness = replace(self.thoroughness, limits=limits)
        return replace(self, thoroughness=thoroughness, sustained_s=seconds)

    def cells(self) -> list[Cell]:
        """Everything to measure that can be, the smallest batches first."""
        cells = [
            Cell(name, batch, *variant, threads)
            for batch in self.batches
            for name in self.architectures
            for variant in self.variants
            for threads in self.threads
        ]
        return [cell for cell in cells if not self.fault(cell)]

    def fault(self, cell: Cell) -> NotServed | None:
        """Why a cell cannot be served, where the network or its file says so."""
        own = self.own.get(cell.architecture)
        if own and own.is_onnx and cell.runtime not in SERVE_ONNX:
            reason = f"{cell.runtime} cannot run an ONNX file; {' and '.join(SERVE_ONNX)} can"
            runtimes = dict.fromkeys([*(each for each, _ in self.variants), SERVE_ONNX[0]])
            return NotServed(cell.runtime, reason, f"--runtime {','.join(runtimes)}")
        filed_in = own.precision if own else REFERENCE[1]
        if cell.precision != filed_in:
            fixed = self.as_filed or filed_in != REFERENCE[1]
            if fixed or cell.precision not in own_precisions(cell.runtime, self.device):
                reason = f"its numbers are {filed_in}"
                return NotServed(" ".join(cell.variant), reason, f"--precision {filed_in}")
        if own and not own.any_batch and cell.batch > 1:
            return NotServed(f"batch {cell.batch}", "its batch is fixed at 1", "--batch 1")
        return None

    def left_out(self) -> list[str]:
        """What of the networks is left out though it was asked for, and why.

        Raises:
            AdvisorError: a network is left out altogether.
        """
        left_out: dict[tuple[str, str], dict[str, None]] = {}
        for name in self.architectures:
            cells = [
                Cell(name, batch, *variant) for batch in self.batches for variant in self.variants
            ]
            faults = [self.fault(cell) for cell in cells]
            if all(faults) and faults[0]:
                first = faults[0]
                raise AdvisorError(
                    f"{name} cannot be measured so: {first.reason}", f"give {first.mend}"
                )
            for fault in faults:
                if fault and not (self.as_filed and "precision" in fault.mend):
                    left_out.setdefault((name, fault.reason), {})[fault.what] = None
        return [
            f"{name} {', '.join(what).replace(', batch', ',')} ({reason})"
            for (name, reason), what in left_out.items()
        ]

    def task(self, cell: Cell, known: Mapping[str, Architecture]) -> Task:
        """How to run a cell."""
        own = self.own.get(cell.architecture)
        shape, form = known[cell.architecture].input_shape, own.image if own else FLOATS
        calibration = None
        if self.calibrating and cell.precision == "int8":
            calibration = Calibration(self.calibrating, assumed_for(shape, form))
        return Task(
            cell,
            shape,
            self.device,
            cell.threads,
            self.thoroughness.limits,
            made_from=own.made_from if own else "",
            content=own.content if own else "",
            image=form,
            filed_in=own.precision if own else REFERENCE[1],
            check=self.check,
            calibration=calibration,
        )

    def as_record(self) -> dict[str, object]:
        """The plan as plain values, for the journal.

        Of the user's own networks it has their content; runs without any, or that do what they always did,
        are recorded as they always were.
        """
        record = asdict(replace(self, own={}, calibrating=()))
        record["calibrating"] = [each.content for each in self.calibrating]
        usual = {"own": {}, "as_filed": False, "check": True, "calibrating": []}
        record = {
            key: each for key, each in record.items() if key not in usual or each != usual[key]
        }
        own = {name: each.content for name, each in self.own.items()}
        return {
            **record,
            "architectures": list(self.architectures),
            "batches": list(self.batches),
            "threads": list(self.threads),
            "variants": [list(variant) for variant in self.variants],
            **({"own": own} if own else {}),
        }

    def least_seconds(self, known: Mapping[str, Architecture]) -> float:
        """How long the least number of sessions takes, and what goes before them, roughly."""
        prepared = sum(variant != REFERENCE for variant in self.variants) * len(self.architectures)
        return PREPARE_S * prepared + sum(
            cell_s(self.thoroughness, self.guessed_run_ms(cell, known)) for cell in self.cells()
        )

    def guessed_run_ms(self, cell: Cell, known: Mapping[str, Architecture]) -> float:
        """How long one run may take, from operations alone."""
        cores = cell.threads or os.cpu_count() or 1
        return 1000 * run_operations(cell, known) / (GUESSED_OPERATIONS_PER_S * cores)


def run_operations(cell: Cell, known: Mapping[str, Architecture]) -> float:
    """Operations of one run of a cell; a guess where they were never counted."""
    cost = known[cell.architecture].cost("counted")
    return cell.batch * (cost.operations.value if cost and cost.operations else 5e9)


def cell_s(wanted: Thoroughness, run_ms: float) -> float:
    """How long the least number of sessions of a cell takes, when a run takes `run_ms`."""
    return CHILD_S + wanted.least_sessions * session_s(wanted.limits, run_ms)


def session_s(limits: SessionLimits, run_ms: float) -> float:
    """How long a timing session takes, when a run takes `run_ms`."""
    run_s = run_ms / 1000
    warm_up_s = max(2.5 * run_s, min(limits.warm_up_s, 5 * run_s), limits.least_warm_up_s)
    return SESSION_OVERHEAD_S + warm_up_s + max(limits.timed_s, limits.least_values * run_s)
