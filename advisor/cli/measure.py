"""`advisor measure`: a board entry for this machine, from its own measurements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from advisor.cli.fleet import end_fleet
from advisor.cli.options import (
    CalibrateOption,
    CatalogOption,
    DeviceOption,
    InsecureOption,
    RuntimesOption,
    TlsCaOption,
    TlsCertOption,
    TlsKeyOption,
    TrustOption,
)
from advisor.cli.output import complain, emit, emit_sentences, emit_table, note, warn
from advisor.cli.progress import PROGRESS
from advisor.errors import AdvisorError

if TYPE_CHECKING:
    from advisor.measuring.measure import Measured, MeasuredBoard, MeasuringPlan


Networks = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[ARCH]...",
        help="Networks by name; your own as net.onnx, net.pt2 or MODULE:FACTORY[@SIZE], after NAME= "
        "to call it so. Default: all 14.",
    ),
]
Board = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="What to call the board; with --on, which of them, as NAME,...",
        show_default="the processor; with --on all",
    ),
]
On = Annotated[
    str | None,
    typer.Option(
        "--on", metavar="tcp://HOST:8786", help="Measure boards elsewhere, by their Dask scheduler."
    ),
]
PrepareOn = Annotated[
    str | None,
    typer.Option(
        "--prepare-on",
        metavar="NAME|here",
        help="With --on: which machine exports and quantises, once for all boards.",
        show_default="each board itself",
    ),
]
Batch = Annotated[
    str | None,
    typer.Option(
        metavar="1,4",
        help="Batch sizes; larger ones are left out once one does not fit.",
        show_default="1 to 16 on a CPU, 1 to 64 on an accelerator",
    ),
]
Threads = Annotated[
    str | None,
    typer.Option(
        metavar="1,2,4",
        help="Threads of the processor, the same for every runtime; of several, each is measured.",
        show_default="as many as PyTorch takes",
    ),
]
Precisions = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME,...",
        help="Number formats: fp32, bf16, fp16, int8.",
        show_default="fp32",
    ),
]
Quick = Annotated[
    bool, typer.Option("--quick", help="Within +-6 % instead of +-3 %, in far less time.")
]
Sustained = Annotated[
    str | None,
    typer.Option(
        metavar="10m",
        help="Then heat it for so long and measure it hot, as board NAME-sustained.",
    ),
]
Power = Annotated[
    str | None, typer.Option(metavar="POWER", help="Net power, if you know it; rows say so.")
]
Check = Annotated[
    bool,
    typer.Option("--check/--no-check", help="Hold each runtime's answers against the reference's."),
]
Fresh = Annotated[
    bool,
    typer.Option("--fresh/--resume", help="Begin a new run, or go on with an unfinished one."),
]
Again = Annotated[
    bool,
    typer.Option(
        "--again",
        help="Measure five of the board's networks once more: another day, it shows how much the machine "
        "changes from day to day, and narrows the intervals.",
    ),
]
Noisy = Annotated[
    bool, typer.Option("--noisy", help="Measure even while other programs keep it busy.")
]
WaitForQuiet = Annotated[
    str | None,
    typer.Option(metavar="30min", help="Wait for so long until other programs leave it alone."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would run, and stop.")]


def command(
    architectures: Networks = None,
    board: Board = None,
    batch: Batch = None,
    device: DeviceOption = "cpu",
    threads: Threads = None,
    runtime: RuntimesOption = None,
    precision: Precisions = None,
    quick: Quick = False,
    sustained: Sustained = None,
    power: Power = None,
    check: Check = True,
    calibrate: CalibrateOption = None,
    again: Again = False,
    fresh: Fresh = False,
    noisy: Noisy = False,
    wait_for_quiet: WaitForQuiet = None,
    dry_run: DryRun = False,
    on: On = None,
    prepare_on: PrepareOn = None,
    tls_ca_file: TlsCaOption = None,
    tls_cert: TlsCertOption = None,
    tls_key: TlsKeyOption = None,
    insecure: InsecureOption = False,
    trust: TrustOption = False,
    catalog: CatalogOption = None,
) -> None:
    """Measure networks on this machine, or elsewhere; the board's entry is ready for `advisor pick` at once.

    Every finished session is kept: after an interruption, the same command goes on.
    """
    with PROGRESS.said() as say:
        asked: dict[str, Any] = {
            "batch": batch,
            "device": device,
            "threads": threads,
            "runtime": runtime,
            "precision": precision,
            "quick": quick,
            "sustained": sustained,
            "power": power,
            "check": check,
            "calibrate": calibrate,
            "again": again,
            "fresh": fresh,
            "noisy": noisy,
            "wait_for_quiet": wait_for_quiet,
            "dry_run": dry_run,
            "trust": trust,
            "catalog": catalog,
            "on_plan": _emit_plan,
            "on_progress": say,
            "on_board": _emit_board,
        }
        from advisor.measuring.access import Access

        access = Access.given(on, tls_ca_file, tls_cert, tls_key, insecure)
        if prepare_on is not None and on is None:
            raise AdvisorError(
                "--prepare-on goes with --on", "name the scheduler: --on tcp://HOST:8786"
            )
        if on is None:
            from advisor.measuring.measure import measure

            measured = measure(architectures or (), board=board, **asked)
        else:
            from advisor.measuring.fleet_run import measure_on

            asked["prepare_on"] = prepare_on
            ends = measure_on(
                on, architectures or (), boards=board or "all", access=access, **asked
            )
    if on is not None:
        end_fleet(ends)
    elif not dry_run:
        _end(measured, catalog)


def _end(measured: Measured, catalog: str | None) -> None:
    """What is to be said once measuring has ended; its exit status where it is not 0."""
    last, plan = measured.board, measured.plan
    if not last.finished:
        complain(f"stopped; run {last.run_id} goes on when the same command is run again")
        raise typer.Exit(130)
    if plan.sustained_s:
        _emit_sustained(plan)
    where = f" --catalog {catalog}" if catalog else ""
    emit(f"ask it: advisor pick --board {plan.board}{where} --fps 30\n")
    if not last.anything_ran:
        raise typer.Exit(1)


def _emit_plan(plan: MeasuringPlan) -> None:
    from advisor.report.measuring_text import plan_text

    warn(plan.notes)
    emit_sentences(plan_text(plan))


def _emit_board(measured: MeasuredBoard) -> None:
    """What was measured, and what was fitted to it."""
    from advisor.report.catalog_text import between_runs_text
    from advisor.report.measuring_text import describe_rows, heat_text, measured_text

    board = measured.folder.name
    emit_table(measured_text(measured.rows, measured.between_runs))
    for heat in measured.heats:
        emit("\n")
        emit_table(heat_text(heat))
    emit(f"\nboard {board} in {measured.folder}: {describe_rows(measured.rows)}\n")
    if measured.between_runs:
        emit_sentences(between_runs_text(measured.between_runs))
    if measured.why_no_power:
        emit_sentences(f"power is unknown: {measured.why_no_power}")
    if not measured.finished:
        return
    warn(measured.warnings)
    if measured.fit is None:
        emit_sentences(f"no models are fitted: {measured.why_no_fit}")
    else:
        where = measured.fit_file
        emit(f"its models, for what was not measured: {where} (advisor fit {board} shows them)\n")


def _emit_sustained(plan: MeasuringPlan) -> None:
    """The hot board beside the cold one."""
    from advisor.measuring.board_run import SUSTAINED
    from advisor.report.comparison import compare, comparison_text

    try:
        found = compare(plan.board, plan.board + SUSTAINED, catalog=plan.catalog)
    except AdvisorError as error:
        note(f"hot and cold are not compared: {error.message}")
        return
    emit_table(comparison_text(found))
    emit("\n")
