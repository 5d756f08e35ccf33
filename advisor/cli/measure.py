"""`advisor measure`: a board entry for this machine, from its own measurements."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from advisor.cli.options import CatalogOption
from advisor.cli.output import complain, emit, emit_table
from advisor.cli.progress import Progress
from advisor.cli.this_machine import check_can_measure, device_named
from advisor.errors import AdvisorError

if TYPE_CHECKING:
    from advisor.measuring.board_run import Ended


def command(
    architectures: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ARCH]...",
            help="Networks by name; your own as net.onnx, net.pt2 or MODULE:FACTORY[@SIZE], after NAME= "
            "to call it so. Default: all 14.",
        ),
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
            show_default="eager; onnxruntime for ONNX files",
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
    from advisor.cli import measuring_options as asked
    from advisor.cli.measurable import keep, measurable
    from advisor.measuring.board_run import measure_cold_and_hot
    from advisor.measuring.children import RealChildren
    from advisor.measuring.runtimes.variants import libraries_of
    from advisor.quantities import DURATION, parse
    from advisor.report.measuring_plan_text import plan_text

    device = device_named(device)
    variants, left_out = asked.variants(runtime, precision, device, architectures or [])
    own = target_folder(catalog)
    opened = Catalog(layers_with(own))
    networks, brought = measurable(opened, architectures or [])
    names = [each.name for each in networks]
    plan = asked.plan(names, brought, batch, device, threads, variants, power, quick=quick)
    left_out = [*left_out, *plan.left_out(), *asked.without_energy(power)]
    sustained_s = parse(sustained, DURATION, "sustained") if sustained is not None else 0.0
    known = {**opened.architectures, **{each.name: each for each in networks}}
    children = RealChildren()
    host = children.describe(plan.device, plan.threads, libraries_of(variants))
    name = asked.board_name(board, host)
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
    from advisor.measuring.publish import describe_rows
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
    from advisor.prediction.fit_store import references_before, write_fit
    from advisor.prediction.fitting import refit

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
    from advisor.measuring.board_run import SUFFIX
    from advisor.report.comparison import Comparison, comparison_text
    from advisor.solve.latency_ratios import latencies, latency_ratios

    opened = Catalog.open(catalog)
    both = (name, name + SUFFIX)
    cold, hot = (latencies(opened.measurements(opened.board(each))) for each in both)
    if rows := latency_ratios(cold, hot):
        emit_table(comparison_text(Comparison(*both, None, tuple(rows))))
        emit("\n")
