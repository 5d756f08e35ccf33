"""`advisor measure`: a board entry for this machine, from its own measurements."""

from __future__ import annotations

import re
import shutil
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from advisor.cli.options import CatalogOption
from advisor.cli.output import complain, emit, emit_table
from advisor.errors import AdvisorError

if TYPE_CHECKING:
    from advisor.catalog.records import Architecture
    from advisor.measure.host import Host
    from advisor.measure.plan import Plan

CPU_BATCHES = (1, 2, 4, 8, 16)
GPU_BATCHES = (1, 2, 4, 8, 16, 32, 64)
PLAIN_LINE_EVERY_S = 10.0


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
        int, typer.Option(metavar="N", help="Threads on a CPU; 0 is torch's own choice.")
    ] = 0,
    precision: Annotated[str, typer.Option(metavar="fp32", help="Number format.")] = "fp32",
    quick: Annotated[
        bool, typer.Option("--quick", help="Within +-6 % instead of +-3 %, in far less time.")
    ] = False,
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
    _check_installed()
    from advisor.catalog.layers import layers_with, target_folder
    from advisor.catalog.store import Catalog
    from advisor.measure.board_run import measure_board
    from advisor.measure.campaign import RealChildren
    from advisor.measure.publish import describe_rows
    from advisor.report.measured_text import measured_text

    plan = _plan(architectures or [], batch, device, threads, precision, power, quick)
    own = target_folder(catalog)
    known = Catalog(layers_with(own)).architectures
    children = RealChildren()
    host = children.describe(plan.device, plan.threads, plan.precision)
    name = _board_name(board, host)
    emit(_describe_plan(plan, host, name, known))
    if dry_run:
        return
    folder = own / "boards" / name
    with _Progress() as progress:
        ended = measure_board(folder, plan, host, known, children, progress.tell, fresh=fresh)
    emit_table(measured_text(ended.rows))
    emit(f"\nboard {name} in {folder}: {describe_rows(ended.rows)}\n")
    if not ended.finished:
        complain(f"stopped; run {ended.run_id} goes on when the same command is run again")
        raise typer.Exit(130)
    where = f" --catalog {catalog}" if catalog else ""
    emit(f"ask it: advisor pick --board {name}{where} --fps 30\n")
    if not any(row.get("status") == "ok" for row in ended.rows):
        raise typer.Exit(1)


def _check_installed() -> None:
    from importlib.util import find_spec

    for library in ("torch", "torchvision", "timm", "psutil"):
        if sys.modules.get(library, library) is None or find_spec(library) is None:
            hint = "install it: pip install 'dnn-advisor[measure]'"
            raise AdvisorError(f"measuring needs {library}, which is not installed", hint)


def _plan(
    architectures: list[str],
    batch: str | None,
    device: str,
    threads: int,
    precision: str,
    power: str | None,
    quick: bool,
) -> Plan:
    from advisor.architectures.registry import BUILDERS
    from advisor.errors import closest, shown
    from advisor.measure.plan import FULL, QUICK, Plan
    from advisor.quantities import POWER, parse, read_batches

    for name in architectures:
        if name not in BUILDERS:
            raise AdvisorError(f"unknown architecture {shown(name)}", closest(name, BUILDERS))
    if precision != "fp32":
        raise AdvisorError(f"precision {shown(precision)} cannot be measured", "fp32 is what can")
    if threads < 0 or threads > 1024:
        raise AdvisorError(f"threads: {threads} is not a count of threads", "give 0 to 1024")
    device = _device(device)
    batches = read_batches(batch) if batch is not None else None
    default = CPU_BATCHES if device == "cpu" else GPU_BATCHES
    return Plan(
        architectures=tuple(dict.fromkeys(architectures)) or tuple(BUILDERS),
        batches=tuple(sorted(batches)) if batches else default,
        device=device,
        threads=threads,
        precision=precision,
        thoroughness=QUICK if quick else FULL,
        declared_power_w=None if power is None else parse(power, POWER, "power"),
    )


def _device(device: str) -> str:
    """The device's full name.

    Raises:
        AdvisorError: it is none, or is not there.
    """
    import torch

    from advisor.errors import shown

    if device == "cpu":
        return device
    match = re.fullmatch(r"cuda(?::(\d{1,3}))?", device)
    if match is None:
        raise AdvisorError(f"unknown device {shown(device)}", "known: cpu, cuda:0, cuda:1, ...")
    count = torch.cuda.device_count()
    index = int(match.group(1) or 0)
    if index >= count:
        found = f"{count} found" if count else "this torch or this machine has no CUDA"
        raise AdvisorError(f"no device {device!r} here ({found})", "--device cpu always works")
    return f"cuda:{index}"


def _board_name(asked: str | None, host: Host) -> str:
    from advisor.catalog.text_file import NAME, NAME_EXPECTED
    from advisor.errors import shown

    if asked is None:
        what = host.accelerator or f"{host.processor} {host.details['threads']} threads"
        return re.sub(r"[^a-z0-9]+", "-", what.lower()).strip("-")[:60]
    if not NAME.fullmatch(asked):
        raise AdvisorError(f"board: {shown(asked)} is no name for a board", NAME_EXPECTED)
    return asked


def _describe_plan(plan: Plan, host: Host, board: str, known: Mapping[str, Architecture]) -> str:
    from advisor.measure.plan import session_s

    wanted = plan.thoroughness
    seconds = 0.0
    for cell in plan.cells():
        run_ms = plan.guessed_run_ms(cell, known)
        seconds += 2 + wanted.least_sessions * session_s(wanted.limits, run_ms)
    batches = ", ".join(map(str, plan.batches))
    return (
        f"board {board}: {host.accelerator or host.processor}, {plan.device}, {plan.precision}\n"
        f"{len(plan.architectures)} networks at batch {batches}: {wanted.least_sessions} to "
        f"{wanted.most_sessions} sessions each, until known to +-{wanted.half_width:.0%}\n"
        f"about {_duration(seconds)} or more\n"
    )


def _duration(seconds: float) -> str:
    minutes = seconds / 60
    return f"{seconds:.0f} s" if minutes < 2 else f"{minutes:.0f} min"


class _Progress:
    """A line that renews itself on a terminal; now and then a plain line elsewhere."""

    def __init__(self) -> None:
        self.last_s = -PLAIN_LINE_EVERY_S
        self.on_terminal = sys.stderr.isatty()

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self.on_terminal:
            sys.stderr.write("\r\x1b[K")

    def tell(self, what: str, remaining_s: float) -> None:
        line = (
            f"{what}; about {_duration(remaining_s)} left"
            if remaining_s
            else f"{what}; nearly done"
        )
        if self.on_terminal:
            width = shutil.get_terminal_size().columns - 1
            sys.stderr.write(f"\r\x1b[K{line[:width]}")
        elif time.monotonic() - self.last_s >= PLAIN_LINE_EVERY_S:
            self.last_s = time.monotonic()
            sys.stderr.write(line + "\n")
        sys.stderr.flush()
