"""`advisor fleet`: which boards are at a scheduler."""

from __future__ import annotations

from typing import Annotated

import typer

from advisor.cli.options import InsecureOption, TlsCaOption, TlsCertOption, TlsKeyOption
from advisor.cli.output import complain, emit, emit_table
from advisor.cli.worker import Scheduler


def command(
    scheduler: Scheduler,
    tls_ca_file: TlsCaOption = None,
    tls_cert: TlsCertOption = None,
    tls_key: TlsKeyOption = None,
    insecure: InsecureOption = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
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
