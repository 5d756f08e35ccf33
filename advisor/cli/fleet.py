"""`advisor fleet`: which boards are at a scheduler."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from advisor.cli.options import InsecureOption, JsonOption, TlsCaOption, TlsCertOption, TlsKeyOption
from advisor.cli.output import complain, emit, emit_table, note
from advisor.cli.worker import Scheduler

if TYPE_CHECKING:
    from advisor.measuring.fleet_evaluation import EvaluatedBoard
    from advisor.measuring.fleet_run import FleetBoard


def command(
    scheduler: Scheduler,
    tls_ca_file: TlsCaOption = None,
    tls_cert: TlsCertOption = None,
    tls_key: TlsKeyOption = None,
    insecure: InsecureOption = False,
    as_json: JsonOption = False,
) -> None:
    """The boards at a scheduler, what they are and do, and where versions or clocks differ."""
    from advisor.measuring.access import Access
    from advisor.measuring.fleet import fleet
    from advisor.report.fleet_text import fleet_json, fleet_text

    found = fleet(scheduler, Access.given(scheduler, tls_ca_file, tls_cert, tls_key, insecure))
    if as_json:
        emit(fleet_json(found))
    else:
        emit_table(fleet_text(found))
    if not found.units:
        complain(f"no board is at {scheduler}; start one there: advisor worker {scheduler}")
        raise typer.Exit(1)


def end_fleet(ends: Sequence[FleetBoard | EvaluatedBoard]) -> None:
    """How each board of a fleet ended; the exit status where one did not come to its end."""
    faults: dict[str, list[str]] = {}
    for each in ends:
        if each.note:
            note(f"board {each.board}: {each.note}")
        if each.fault:
            faults.setdefault(each.fault, []).append(each.board)
    for fault, boards in faults.items():
        complain(f"board{'s' * (len(boards) > 1)} {', '.join(boards)}: {fault}")
    if any(each.fault and not each.refused for each in ends):
        complain("runs go on when the same command is run again")
    if any(each.stopped for each in ends):
        raise typer.Exit(130)
    if any(each.refused for each in ends):
        raise typer.Exit(2)
    if any(each.fault or each.nothing_ran for each in ends):
        raise typer.Exit(1)
