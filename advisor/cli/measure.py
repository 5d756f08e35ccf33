"""`advisor measure`: a board entry for this machine, from its own measurements."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from advisor.cli.options import CatalogOption
from advisor.cli.output import complain, emit, emit_table
from advisor.cli.progress import Progress
from advisor.cli.this_machine import check_can_measure, device_named
from advisor.errors import AdvisorError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from advisor.measure.board_run import Ended
    from advisor.measure.host import Host
    from advisor.measure.plan import Plan
    from advisor.measure.tasks import Variant

CPU_BATCHES = (1, 2, 4, 8, 16)
GPU_BATCHES = (1, 2, 4, 8, 16, 32, 64)


def command(
    architectures: Annotated[
        list[str] | None, typer.Argument(metavar="[ARCH]...", help="Default: all 14.")
    ] = None,
    board: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="What to call the board.", show_default="the processor"),
    ] = None,
    batch: Annotated[
        str | None,
        typer.Option(
            metavar="1,4",
            help="Batch sizes; larger ones are left out once one does not fit.",
            show_default="1 to 16 on a CPU, 1 to 64 on an accelerator",
        ),
    ] = None,
    device: Annotated[str, typer.Option(metavar="cpu|cuda:0", help="What to run on.")] = "cpu",
    threads: Annotated[
        int, typer.Option(metavar="N", help="Threads on a CPU; 0 is the runtime's own choice.")
    ] = 0,
    runtime: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME,...",
            help="What runs them: eager, compile, onnxruntime, openvino.",
            show_default="eager",
        ),
    ] = None,
    precision: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME,...",
            help="Number formats: fp32, bf16, fp16, int8.",
            show_default="fp32",
        ),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Within +-6 % instead of +-3 %, in far less time.")
    ] = False,
    sustained: Annotated[
        str | None,
        typer.Option(
            metavar="10m",
            help="Then heat it for so long and measure it hot, as board NAME-sustained.",
        ),
    ] = None,
    power: Annotated[
        str | None, typer.Option(metavar="POWER", help="Net power, if you know it; rows say so.")
    ] = None,
    fresh: Annotated[
        bool,
        typer.Option("--fresh/--resume", help="Begin a new run, or go on with an unfinished one."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would run, and stop.")
    ] = False,
    catalog: CatalogOption = None,
) -> None:
    """Measure networks on this machine; the board's entry is ready for `advisor pick` at once.

    Every finished session is kept: after an interruption, the same command goes on.
    """
    check_can_measure()
    from advisor.catalog.layers import layers_with, target_folder
    from advisor.catalog.store import Catalog
    from advisor.cli.measurable import keep, measurable
    from advisor.measure.children import RealChildren
    from advisor.measure.runtimes.registry import libraries_of
    from advisor.measure.sustained import measure_cold_and_hot
    from advisor.quantities import DURATION, parse
    from advisor.report.measuring_plan_text import plan_text

    device = device_named(device)
    variants, left_out = _variants(runtime, precision, device)
    own = target_folder(catalog)
    opened = Catalog(layers_with(own))
    networks = measurable(opened, architectures or [])
    plan = _plan([each.name for each in networks], batch, device, threads, variants, power, quick)
    sustained_s = parse(sustained, DURATION, "sustained") if sustained is not None else 0.0
    known = {**opened.architectures, **{each.name: each for each in networks}}
    children = RealChildren()
    host = children.describe(plan.device, plan.threads, libraries_of(variants))
    name = _board_name(board, host)
    machine = host.accelerator or host.processor
    emit(plan_text(plan, sustained_s, machine, name, known, left_out))
    if dry_run:
        return
    keep(own, networks)
    fits = False
    with Progress() as progress:
        for folder, ended in measure_cold_and_hot(
            own / "boards",
            name,
            plan,
            sustained_s,
            host,
            known,
            children,
            progress.tell,
            fresh=fresh,
        ):
            progress.clear()
            _tell(ended, folder)
            fits = any(row.get("status") == "ok" for row in ended.rows)
            if ended.finished:
                _fit(folder.name, catalog)
    if sustained_s:
        _tell_sustained(name, catalog)
    where = f" --catalog {catalog}" if catalog else ""
    emit(f"ask it: advisor pick --board {name}{where} --fps 30\n")
    if not fits:
        raise typer.Exit(1)


def _tell(ended: Ended, folder: Path) -> None:
    from advisor.measure.publish import describe_rows
    from advisor.report.measured_text import heat_text, measured_text

    emit_table(measured_text(ended.rows))
    for heat in ended.heats:
        emit("\n")
        emit_table(heat_text(heat))
    emit(f"\nboard {folder.name} in {folder}: {describe_rows(ended.rows)}\n")
    if not ended.finished:
        complain(f"stopped; run {ended.run_id} goes on when the same command is run again")
        raise typer.Exit(130)


def _fit(board: str, catalog: str | None) -> None:
    """Fit the board's laws, so that what was not measured can be predicted."""
    from advisor.catalog.store import Catalog
    from advisor.predict.fit_file import references_before, write_fit
    from advisor.predict.refit import refit

    opened = Catalog.open(catalog)
    described = opened.board(board)
    try:
        like = [each for each in references_before(described.folder) if each in opened.board_layers]
        done = refit(opened, described, like)
    except AdvisorError as error:
        emit(f"no laws are fitted: {error.message}\n")
        return
    if done.why_no_transfer:
        complain(f"warning: other boards tell nothing any more: {done.why_no_transfer}")
    place = write_fit(described.folder, done.fit)
    emit(f"its laws, for what was not measured: {place} (advisor fit {board} shows them)\n")


def _tell_sustained(name: str, catalog: str | None) -> None:
    from advisor.catalog.store import Catalog
    from advisor.measure.sustained import SUFFIX
    from advisor.report.compare_text import compare_text
    from advisor.solve.compare import compare, latencies

    opened = Catalog.open(catalog)
    both = (name, name + SUFFIX)
    cold, hot = (latencies(opened.measurements(opened.board(each))) for each in both)
    if rows := compare(cold, hot):
        emit_table(compare_text(*both, rows))
        emit("\n")


def _variants(
    runtimes: list[str] | None, precisions: list[str] | None, device: str
) -> tuple[Sequence[Variant], Sequence[str]]:
    """What is to run them, and what was left out of that; all that it needs is installed."""
    from advisor.measure.runtimes.registry import asked_variants, check_installed

    names, formats = _names(runtimes, "eager"), _names(precisions, "fp32")
    variants, left_out = asked_variants(names, formats, device)
    check_installed(variants, device)
    return variants, left_out


def _names(given: list[str] | None, default: str) -> list[str]:
    """Names given one by one, or several with commas between them."""
    return [name.strip() for text in given or [default] for name in text.split(",")]


def _plan(
    architectures: list[str],
    batch: str | None,
    device: str,
    threads: int,
    variants: Sequence[Variant],
    power: str | None,
    quick: bool,
) -> Plan:
    from advisor.architectures.registry import BUILDERS
    from advisor.measure.plan import FULL, QUICK, Plan
    from advisor.quantities import POWER, parse, read_batches

    if threads < 0 or threads > 1024:
        raise AdvisorError(f"threads: {threads} is not a count of threads", "give 0 to 1024")
    batches = read_batches(batch) if batch is not None else None
    default = CPU_BATCHES if device == "cpu" else GPU_BATCHES
    return Plan(
        architectures=tuple(dict.fromkeys(architectures)) or tuple(BUILDERS),
        batches=tuple(sorted(batches)) if batches else default,
        device=device,
        threads=threads,
        variants=variants,
        thoroughness=QUICK if quick else FULL,
        declared_power_w=None if power is None else parse(power, POWER, "power"),
    )


def _board_name(asked: str | None, host: Host) -> str:
    from advisor.catalog.text_file import NAME, NAME_EXPECTED
    from advisor.errors import shown

    if asked is None:
        what = host.accelerator or f"{host.processor} {host.details['threads']} threads"
        return re.sub(r"[^a-z0-9]+", "-", what.lower()).strip("-")[:60]
    if not NAME.fullmatch(asked):
        raise AdvisorError(f"board: {shown(asked)} is no name for a board", NAME_EXPECTED)
    return asked
