"""A board entry for this machine, from its own measurements: from what people ask for to what was found."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.architectures.libraries import is_installed
from advisor.arguments import AnyPath, checked, trusting
from advisor.catalog.entries import read_board
from advisor.catalog.files import target_folder
from advisor.catalog.measurements_table import Row
from advisor.catalog.naming import Measurable
from advisor.catalog.records import Architecture, BetweenRuns
from advisor.errors import AdvisorError
from advisor.folders import ready_cache
from advisor.measuring import quiet
from advisor.measuring.board_run import (
    SUSTAINED,
    Ended,
    check_owner,
    measure_cold_and_hot,
)
from advisor.measuring.campaign import ReportProgress
from advisor.measuring.children import Children, RealChildren
from advisor.measuring.host import Host, default_threads, name_of
from advisor.measuring.journal import Journal, read_runs, utc_now
from advisor.measuring.measurable import called_as_on, keep_costs
from advisor.measuring.request import check_board_name, read_request
from advisor.measuring.run_findings import Heat
from advisor.measuring.run_plan import RunPlan
from advisor.measuring.runtimes.exports import EXPORTS
from advisor.measuring.runtimes.variants import (
    libraries_of,
)
from advisor.measuring.tasks import REFERENCE, Variant
from advisor.quantities import DURATION, parse

if TYPE_CHECKING:
    from advisor.prediction.board_model import BoardFit


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
        was_done: whether the run had come to its end before, and nothing was measured.
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
    was_done: bool = False

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
    go_on: bool = False,
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
        architectures: as `read_request` takes it; so are the others up to `catalog`.
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
        go_on: begin none where the last one, of the same networks and settings, has come to its end, unless
            `fresh`.
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
        for measured in measured_boards(
            plan, on_progress, children, clock, fresh=fresh, go_on=go_on, fit=fit
        ):
            on_board(measured)
            boards.append(measured)
    return Measured(plan, tuple(boards))


def plan_measuring(
    architectures: str | Sequence[str] = (),
    *,
    board: str | None = None,
    children: Children | None = None,
    **asked: Any,
) -> MeasuringPlan:
    """What `measure` would do; nothing is measured or written.

    Args:
        architectures: as `read_request` takes it.
        board: what to call the board; `None` for the processor's name.
        children: what describes the machine; a process of it unless given.
        asked: what else `read_request` takes.

    Raises:
        AdvisorError: something is unknown, cannot be read, or cannot be measured here; or the board is
            another machine's, or its description cannot be read.
    """
    where = _children(children)

    def check_board(variants: Sequence[Variant], device: str) -> None:
        where.ready(device)
        where.check_installed(variants, device)

    request = read_request(architectures, board=board, check_board=check_board, **asked)
    run, folder, opened = request.run, request.catalog, request.opened
    where.check_installed(run.variants, run.device)
    power = run.declared_power_w
    no_meter = _energy_left_out(power) if children is None else ()
    host = where.describe(run.device, max(run.threads, default=0), libraries_of(run.variants))
    called = board or name_of(host)
    networks = called_as_on(opened, called, request.networks)
    check_owner(folder / "boards" / called, host)
    if request.sustained_s:
        check_board_name(called + SUSTAINED)
        hot = host.heated(request.sustained_s)
        check_owner(folder / "boards" / (called + SUSTAINED), hot)
    return MeasuringPlan(
        board=called,
        catalog=folder,
        run=replace(
            run, threads=run.threads or default_threads(host), architectures=networks.names
        ),
        sustained_s=request.sustained_s,
        host=host,
        networks=networks.named,
        known={**opened.architectures, **{each.name: each for each in networks.named}},
        left_out=(*request.left_out, *no_meter),
        notes=(*networks.notes, *(_too_many(run.threads) if children is None else ())),
    )


def check_asked(
    architectures: str | Sequence[str], boards: Sequence[str], asked: Mapping[str, Any]
) -> tuple[Measurable, ...]:
    """See that what is asked of boards can be read, before any of them is asked.

    Args:
        architectures: as `measure` takes it.
        boards: those that are named; none for whichever there are.
        asked: what else `measure` takes.

    Returns:
        Those of the networks that are the user's own.

    Raises:
        AdvisorError: it cannot.
    """
    signature(measure).bind(architectures, **asked)
    if (wait := asked.get("wait_for_quiet")) is not None:
        parse(wait, DURATION, "wait_for_quiet")
    common = _of_request(asked)
    if not asked.get("again"):  # which differs from board to board
        return tuple(read_request(architectures, **common).networks.own.values())
    for board in boards:
        read_request(architectures, **common, board=board)
    return ()


def _of_request(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What `read_request` takes of what `measure` does."""
    known = signature(read_request).parameters
    return {name: each for name, each in asked.items() if name in known}


def is_left(
    architectures: str | Sequence[str], boards: Iterable[str], asked: Mapping[str, Any]
) -> bool:
    """Whether an earlier call that asked for the same did not come to its end on one of these boards.

    Then another goes on with it, and boards on which it did come to its end are done; else each kill of a
    client would have those that were done before it measured once more.

    Args:
        architectures: as `measure` takes it.
        boards: their names.
        asked: what else `measure` takes.
    """
    folder = target_folder(asked.get("catalog")) / "boards"
    for board in boards:
        with suppress(AdvisorError):  # that board says so itself, and no other
            cold, hot = (read_runs(folder / name / "runs") for name in (board, board + SUSTAINED))
            if not any(runs and not runs[-1].finished for runs in (cold, hot)):
                continue
            request = read_request(architectures, **_of_request(asked), board=board)
            names = called_as_on(request.opened, board, request.networks).names
            plan = replace(request.run, architectures=names)
            if _is_unfinished(cold, plan):
                return True
            if request.sustained_s and _is_unfinished(hot, plan.sustained(request.sustained_s)):
                return True
    return False


def _is_unfinished(runs: Sequence[Journal], plan: RunPlan) -> bool:
    """Whether the last run has no end, and is of this plan, whose threads may be the board's choice."""
    if not runs:
        return False
    theirs, ours = runs[-1].header["plan"], plan.as_record()
    if not plan.threads:
        ours["threads"] = theirs.get("threads")
    return theirs == ours and not runs[-1].finished


def measured_boards(
    plan: MeasuringPlan,
    on_progress: ReportProgress,
    children: Children | None = None,
    clock: Callable[[], datetime] = utc_now,
    *,
    fresh: bool = False,
    go_on: bool = False,
    fit: bool = True,
) -> Iterator[MeasuredBoard]:
    """Do what was planned.

    Args:
        plan: what to measure.
        on_progress: hears what happens next, and about how many seconds are left.
        children: what runs each task; processes of this machine unless given.
        clock: the time of day, by which runs are named.
        fresh: begin new runs even if some could go on.
        go_on: begin none where the last ones, of this very plan, have come to their end, unless `fresh`.
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
        go_on=go_on,
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
        was_done=ended.was_done,
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


def _too_many(threads: Sequence[int]) -> tuple[str, ...]:
    """What is to be said of more threads than can run at once."""
    most, asked = len(os.sched_getaffinity(0)), max(threads, default=0)
    if asked <= most:
        return ()
    processors = f"{most} processor{'s' * (most > 1)}"
    return (f"{asked} threads take turns on the {processors} that this process may use",)


def _energy_left_out(power: float | None) -> tuple[str, ...]:
    """What to install for energy, where that is missing and the power is not stated."""
    if power is not None or is_installed("zeus"):
        return ()
    return ("energy (zeus is not installed: pip install 'dnn-advisor[energy]')",)
