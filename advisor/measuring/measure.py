"""A board entry for this machine, from its own measurements: from what people ask for to what was found."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.architectures.libraries import is_installed
from advisor.architectures.names import board_fault, is_onnx
from advisor.arguments import AnyPath, checked, trusting
from advisor.catalog.entries import read_board
from advisor.catalog.files import layers_with, target_folder
from advisor.catalog.measurements_table import Row
from advisor.catalog.precision import read_precision
from advisor.catalog.records import Architecture, BetweenRuns
from advisor.catalog.store import Catalog
from advisor.errors import AdvisorError, shown
from advisor.folders import ready_cache
from advisor.measuring import quiet
from advisor.measuring.board_run import (
    SUSTAINED,
    Ended,
    check_owner,
    measure_cold_and_hot,
    reference_cells,
)
from advisor.measuring.campaign import ReportProgress
from advisor.measuring.children import Children, RealChildren
from advisor.measuring.host import Host, default_threads, name_of
from advisor.measuring.image_data import calibrating_images
from advisor.measuring.journal import read_runs, utc_now
from advisor.measuring.measurable import called_as_on, keep_costs, measurable
from advisor.measuring.run_findings import Heat
from advisor.measuring.run_plan import FULL, QUICK, RunPlan
from advisor.measuring.runtimes.exports import EXPORTS
from advisor.measuring.runtimes.runtime import need
from advisor.measuring.runtimes.variants import (
    PRECISIONS,
    libraries_of,
    names_in,
    requested_variants,
)
from advisor.measuring.tasks import REFERENCE, Variant
from advisor.quantities import DURATION, POWER, parse, read_batches

if TYPE_CHECKING:
    from advisor.prediction.board_model import BoardFit

CPU_BATCHES = (1, 2, 4, 8, 16)
GPU_BATCHES = (1, 2, 4, 8, 16, 32, 64)
MOST_THREADS = 1024


@dataclass(frozen=True)
class MeasuringPlan:
    """What measuring will do, before anything has run.

    Attributes:
        board: what the board will be called.
        catalog: the catalog folder in which its entry will lie.
        run: the networks, batch sizes and runtimes, and how thoroughly they are measured.
        sustained_s: for how long the board is then heated, and measured hot; 0 for not at all.
        host: this machine.
        networks: what will be measured.
        known: every architecture by name.
        left_out: what is not measured though it was asked for, and why.
        notes: what is to be said of the tables of counts, and of more threads than processors.
    """

    board: str
    catalog: Path
    run: RunPlan
    sustained_s: float
    host: Host
    networks: tuple[Architecture, ...]
    known: Mapping[str, Architecture]
    left_out: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def seconds(self) -> float:
        """About how long it takes at least."""
        seconds = self.run.least_seconds(self.known)
        if self.sustained_s:
            hot = self.run.sustained(self.sustained_s)
            seconds += hot.least_seconds(self.known) + self.sustained_s
        return seconds


@dataclass(frozen=True)
class MeasuredBoard:
    """One board that was measured.

    Attributes:
        folder: where its files lie; the folder's name is the board's.
        rows: its rows, of all its runs, as its file has them.
        heats: what heating the board showed, where that was asked for.
        run_id: the run.
        finished: whether the run came to its end, rather than being stopped by Ctrl-C; another goes on.
        between_runs: how much the board's speed changes from run to run.
        fit: its models, for what was not measured; `None` where none were fitted.
        fit_file: where they are written.
        why_no_fit: why none were fitted; "" if they were.
        warnings: which units were lost on the way, and what could not be fitted as it was before.
        why_no_power: why no power is known, where a meter was sought; "" where it is.
        why_stopped: why the run did not come to its end; "" where it did, or was stopped by Ctrl-C.
    """

    folder: Path
    rows: tuple[Row, ...]
    heats: tuple[Heat, ...]
    run_id: str
    finished: bool
    between_runs: BetweenRuns | None = None
    fit: BoardFit | None = None
    fit_file: Path | None = None
    why_no_fit: str = ""
    warnings: tuple[str, ...] = ()
    why_no_power: str = ""
    why_stopped: str = ""

    @property
    def anything_ran(self) -> bool:
        """Whether any row has figures."""
        return any(row.get("status") == "ok" for row in self.rows)


@dataclass(frozen=True)
class Measured:
    """What measuring came to.

    Attributes:
        plan: what was to be measured.
        boards: the board and, where it was kept hot, too, the board of that; none follows one that was
            stopped, and a cold half that an earlier run has done is not done again. None after a dry run.
    """

    plan: MeasuringPlan
    boards: tuple[MeasuredBoard, ...]

    @property
    def board(self) -> MeasuredBoard:
        """The board that was measured last, usually the only one."""
        return self.boards[-1]


@trusting
@checked
def measure(
    architectures: str | Sequence[str] = (),
    *,
    board: str | None = None,
    batch: str | int | Sequence[int] | None = None,
    device: str = "cpu",
    threads: str | int | Sequence[int] | None = None,
    runtime: str | Sequence[str] | None = None,
    precision: str | Sequence[str] | None = None,
    quick: bool = False,
    sustained: str | None = None,
    power: str | None = None,
    check: bool = True,
    calibrate: AnyPath | None = None,
    again: bool = False,
    fresh: bool = False,
    noisy: bool = False,
    wait_for_quiet: str | None = None,
    dry_run: bool = False,
    trust: bool = False,  # noqa: ARG001  (it acts by being given)
    fit: bool = True,
    catalog: str | os.PathLike[str] | None = None,
    on_plan: Callable[[MeasuringPlan], None] = lambda plan: None,  # noqa: ARG005
    on_progress: ReportProgress = lambda what, remaining_s: None,  # noqa: ARG005
    on_board: Callable[[MeasuredBoard], None] = lambda board: None,  # noqa: ARG005
    children: Children | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> Measured:
    """Measure networks on this machine; the board's entry is ready for `advisor.pick` at once.

    Every finished session is kept: after an interruption, the same call goes on. Ctrl-C ends a run in order;
    what it found until then is written and returned.

    Args:
        architectures: as `plan_measuring` takes it; so are the others up to `catalog`.
        board: what to call the board.
        batch: batch sizes.
        device: what to run on.
        threads: numbers of threads of the processor; `None` for as many as PyTorch takes.
        runtime: what runs them.
        precision: number formats.
        quick: within 6 % instead of 3 %, in far less time.
        sustained: for how long to heat the board, and then to measure it hot.
        power: net power, if it is known.
        check: whether to hold runtimes' answers against the reference's.
        calibrate: a folder of images by which int8 ranges are set.
        again: measure a handful of what the board has already once more, which another day shows how much
            its speed changes from day to day.
        fresh: begin a new run even if one could go on.
        noisy: measure even while other programs keep the processors busy.
        wait_for_quiet: for how long to wait for them to end, as in "30min".
        dry_run: only plan; then nothing is measured or written.
        trust: whether a .pt2 file is read though that could run code which it holds.
        fit: whether to fit the board's models at once, rather than when something is to be predicted of it.
        catalog: the catalog folder to write into.
        on_plan: hears what will be done, before it is.
        on_progress: hears what happens next, and about how many seconds are left.
        on_board: hears of each board when its run has ended.
        children: what runs each task; processes of this machine unless given.
        clock: the time of day, by which runs are named.

    Raises:
        AdvisorError: something cannot be measured, a board is another machine's, another run is at work on
            it, the machine is not quiet, or a file cannot be written.
    """
    wait_s = 0.0 if wait_for_quiet is None else parse(wait_for_quiet, DURATION, "wait_for_quiet")
    plan = plan_measuring(
        architectures,
        board=board,
        batch=batch,
        device=device,
        threads=threads,
        runtime=runtime,
        precision=precision,
        quick=quick,
        sustained=sustained,
        power=power,
        check=check,
        calibrate=calibrate,
        again=again,
        catalog=catalog,
        children=children,
    )
    on_plan(plan)
    boards: list[MeasuredBoard] = []
    if not dry_run:
        if not noisy:
            quiet.wait_for_quiet(_children(children).busy, wait_s, on_progress)
        for measured in measured_boards(plan, on_progress, children, clock, fresh=fresh, fit=fit):
            on_board(measured)
            boards.append(measured)
    return Measured(plan, tuple(boards))


@checked
def plan_measuring(
    architectures: str | Sequence[str] = (),
    *,
    board: str | None = None,
    batch: str | int | Sequence[int] | None = None,
    device: str = "cpu",
    threads: str | int | Sequence[int] | None = None,
    runtime: str | Sequence[str] | None = None,
    precision: str | Sequence[str] | None = None,
    quick: bool = False,
    sustained: str | None = None,
    power: str | None = None,
    check: bool = True,
    calibrate: AnyPath | None = None,
    again: bool = False,
    catalog: str | os.PathLike[str] | None = None,
    children: Children | None = None,
) -> MeasuringPlan:
    """What `measure` would do; nothing is measured or written.

    Args:
        architectures: a network's name, or several; the user's own as "net.onnx", "net.pt2" or
            "module:factory@size", after "NAME=" to call it so. None for the paper's 14.
        board: what to call the board; `None` for the processor's name.
        batch: batch sizes, as in "1,4"; `None` for 1 to 16 on a CPU, 1 to 64 on an accelerator. Larger ones
            are left out once one does not fit.
        device: "cpu", or as in "cuda:0".
        threads: numbers of threads of the processor, as in "1,2,4", of which each is measured; every runtime
            is given the same. `None` for as many as PyTorch takes, which minds OMP_NUM_THREADS and the cores
            that this process may use.
        runtime: names, one by one or with commas between them; `None` for eager, or onnxruntime where all
            networks are files of the ONNX format.
        precision: number formats, likewise; `None` for that of each file of the ONNX format, and for fp32.
        quick: within 6 % instead of 3 %, in far less time.
        sustained: for how long to heat the board, as in "10m", and then to measure it hot, as a board of
            its own; `None` for not at all.
        power: net power, as in "5W", which the rows then carry as declared; `None` for what a meter finds.
        check: whether to hold runtimes' answers against the reference's; a network without trained weights
            may answer nothing that could be compared.
        calibrate: a folder of images by which int8 ranges are set, 128 of them by a fixed seed; `None` for
            random ones, which are as good for the speed.
        again: of the board's own networks a handful, as its last run measured them; `board` names it, and
            nothing else is to be said.
        catalog: the catalog folder to write into; else that of `ADVISOR_CATALOG`, else the platform's.
        children: what describes the machine; a process of it unless given.

    Raises:
        AdvisorError: something is unknown, cannot be read, or cannot be measured here; or the board is
            another machine's, or its description cannot be read.
    """
    where = _children(children)
    folder = target_folder(catalog)
    if again:
        if board is None:
            raise AdvisorError("--again needs the board", "name it: --board NAME")
        once = reference_cells(read_runs(folder / "boards" / board / "runs"), board)
        architectures, batch, device = once.architectures, once.batch, once.device
        threads, runtime, precision = once.threads, once.runtime, once.precision
        quick = True
    device = where.ready(device)
    names = [architectures] if isinstance(architectures, str) else architectures
    runtimes = _runtimes(names, runtime)
    counts = _threads(threads, device)
    # What cannot be is refused before anything is counted.
    pairs, _ = _variants(runtimes, precision or REFERENCE[1], device, PRECISIONS)
    where.check_installed(pairs, device)
    opened = Catalog(layers_with(folder))
    networks = measurable(opened, names or _the_papers(opened), trained=check)
    filed = [each.precision for each in networks.own.values() if each.is_onnx]
    variants, left_out = _variants(runtimes, precision, device, filed)
    where.check_installed(variants, device)
    run = RunPlan(
        architectures=networks.names,
        batches=_batches(batch, device),
        device=device,
        threads=counts,
        variants=variants,
        thoroughness=QUICK if quick else FULL,
        declared_power_w=None if power is None else parse(power, POWER, "power"),
        own=networks.own,
        as_filed=precision is None and not {*filed} <= {REFERENCE[1]},
        check=check,
        calibrating=() if calibrate is None else calibrating_images(Path(calibrate)),
    )
    no_meter = _energy_left_out(power) if children is None else ()
    left_out = (*left_out, *run.left_out(), *no_meter)
    sustained_s = 0.0 if sustained is None else parse(sustained, DURATION, "sustained")
    if board is not None:
        _check_name(board)
    host = where.describe(device, max(counts, default=0), libraries_of(variants))
    run = replace(run, threads=counts or default_threads(host))
    called = board or name_of(host)
    networks = called_as_on(opened, called, networks)
    run = replace(run, architectures=networks.names)
    check_owner(folder / "boards" / called, host)
    if sustained_s:
        _check_name(called + SUSTAINED)
        check_owner(folder / "boards" / (called + SUSTAINED), host.heated(sustained_s))
    return MeasuringPlan(
        board=called,
        catalog=folder,
        run=run,
        sustained_s=sustained_s,
        host=host,
        networks=networks.named,
        known={**opened.architectures, **{each.name: each for each in networks.named}},
        left_out=left_out,
        notes=(*networks.notes, *(_too_many(counts) if children is None else ())),
    )


def measured_boards(
    plan: MeasuringPlan,
    on_progress: ReportProgress,
    children: Children | None = None,
    clock: Callable[[], datetime] = utc_now,
    *,
    fresh: bool = False,
    fit: bool = True,
) -> Iterator[MeasuredBoard]:
    """Do what was planned.

    Args:
        plan: what to measure.
        on_progress: hears what happens next, and about how many seconds are left.
        children: what runs each task; processes of this machine unless given.
        clock: the time of day, by which runs are named.
        fresh: begin new runs even if some could go on.
        fit: whether to fit each board at once.

    Yields:
        Each board once its run has ended, and it is fitted; nothing follows a run that was stopped.

    Raises:
        AdvisorError: as for `measure`.
    """
    if any(variant[0] != REFERENCE[0] for variant in plan.run.variants):
        ready_cache(EXPORTS)  # without it no network is prepared: better said once, and now
    keep_costs(plan.catalog, plan.networks)
    for folder, ended in measure_cold_and_hot(
        plan.catalog / "boards" / plan.board,
        plan.run,
        plan.sustained_s,
        plan.host,
        plan.known,
        _children(children),
        on_progress,
        clock,
        fresh=fresh,
    ):
        yield _fitted(plan.catalog, folder, ended, fit=fit)


def _fitted(catalog: Path, folder: Path, ended: Ended, *, fit: bool) -> MeasuredBoard:
    """The board, fitted to what is known of it now if its run has come to its end."""
    measured = MeasuredBoard(
        folder,
        tuple(ended.rows),
        tuple(ended.heats),
        ended.run_id,
        ended.finished,
        between_runs=read_board(folder, "own", None).between_runs,
        why_no_power=ended.why_no_power,
        why_stopped=ended.why_stopped,
        warnings=tuple(ended.lost_units.values()) if ended.finished else (),
    )
    if not ended.finished:
        return measured
    if not fit:
        return replace(measured, why_no_fit="that is done when something is to be predicted of it")
    # scikit-learn is loaded after measuring, whose children may need the memory.
    from advisor.prediction.fitting import fit as fit_board

    try:
        fitted = fit_board(folder.name, catalog=catalog)
    except AdvisorError as error:
        return replace(measured, why_no_fit=error.message)
    return replace(
        measured,
        fit=fitted.fit,
        fit_file=fitted.file,
        warnings=(*measured.warnings, *fitted.warnings),
    )


def _children(given: Children | None) -> Children:
    return RealChildren() if given is None else given


def _the_papers(catalog: Catalog) -> tuple[str, ...]:
    from advisor.architectures.builders import BUILDERS

    return tuple(map(catalog.identities.written, BUILDERS))


def _runtimes(networks: Sequence[str], runtimes: str | Sequence[str] | None) -> list[str]:
    """What is to run the networks.

    Raises:
        AdvisorError: what files of the ONNX format need is not installed.
    """
    from_onnx = [each for each in networks if is_onnx(each)]
    if from_onnx:  # whose answers are held against those of ONNX Runtime
        need("measuring ONNX files", ("onnx", "onnxruntime"))
    default = "onnxruntime" if networks and from_onnx == list(networks) else "eager"
    return names_in(runtimes or default)


def _variants(
    runtimes: Sequence[str],
    precisions: str | Sequence[str] | None,
    device: str,
    filed: Sequence[str],
) -> tuple[tuple[Variant, ...], tuple[str, ...]]:
    """What is to run the networks, and in words what was left out of that.

    Args:
        runtimes: their names.
        precisions: number formats; `None` for those of the files, and for fp32.
        device: what to run on.
        filed: the number formats of files of the ONNX format.

    Raises:
        AdvisorError: there is no such thing.
    """
    wanted = (
        [REFERENCE[1], *filed]
        if precisions is None
        else list(map(read_precision, names_in(precisions)))
    )
    pairs, left_out = requested_variants(runtimes, wanted, device, filed)
    return pairs, left_out if precisions else ()


def _batches(batch: str | int | Sequence[int] | None, device: str) -> tuple[int, ...]:
    read = None if batch is None else read_batches(batch)
    return tuple(sorted(read)) if read else CPU_BATCHES if device == "cpu" else GPU_BATCHES


def _threads(threads: str | int | Sequence[int] | None, device: str) -> tuple[int, ...]:
    """The numbers of threads that are asked for, ascending; none for the machine's own.

    Raises:
        AdvisorError: something is no number of threads, or the device has none.
    """
    if threads is None:
        return ()
    words = threads.split(",") if isinstance(threads, str) else threads
    counts = [str(each).strip() for each in ([words] if isinstance(words, int) else words)]
    for each in counts:
        if not (each.isascii() and each.isdecimal() and 1 <= int(each) <= MOST_THREADS):
            raise AdvisorError(
                f"threads: {shown(each)} is not a count of threads",
                f"give 1 to {MOST_THREADS}, several as in 1,2,4; PyTorch's own choice without --threads",
            )
    if device != "cpu":
        raise AdvisorError("threads are those of a processor", "leave out --threads, or --device")
    return tuple(sorted({*map(int, counts)}))


def _too_many(threads: Sequence[int]) -> tuple[str, ...]:
    """What is to be said of more threads than can run at once."""
    most, asked = len(os.sched_getaffinity(0)), max(threads, default=0)
    if asked <= most:
        return ()
    processors = f"{most} processor{'s' * (most > 1)}"
    return (f"{asked} threads take turns on the {processors} that this process may use",)


def _energy_left_out(power: str | None) -> tuple[str, ...]:
    """What to install for energy, where that is missing and the power is not stated."""
    if power is not None or is_installed("zeus"):
        return ()
    return ("energy (zeus is not installed: pip install 'dnn-advisor[energy]')",)


def _check_name(name: str) -> None:
    if fault := board_fault(name):
        raise AdvisorError(f"board: {shown(name)} is not a name for a board", fault)
