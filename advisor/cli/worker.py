"""`advisor worker`: this machine as a board of a fleet."""

from __future__ import annotations

from typing import Annotated

import typer

from advisor.cli.options import InsecureOption, TlsCaOption, TlsCertOption, TlsKeyOption
from advisor.cli.output import complain, note

Scheduler = Annotated[
    str,
    typer.Argument(metavar="tcp://HOST:8786", help="The address of the Dask scheduler."),
]
Board = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="The board's name.", show_default="the processor"),
]
UnitId = Annotated[
    str,
    typer.Option(
        "--unit-id",
        metavar="SERIAL",
        help="Which physical sample of the board this is, where there are several.",
        show_default=False,
    ),
]


def command(
    scheduler: Scheduler,
    board: Board = None,
    unit_id: UnitId = "",
    tls_ca_file: TlsCaOption = None,
    tls_cert: TlsCertOption = None,
    tls_key: TlsKeyOption = None,
    insecure: InsecureOption = False,
) -> None:
    """Be measured from elsewhere, until Ctrl-C. This machine then runs any code that its scheduler sends."""
    from advisor.measuring.access import Access
    from advisor.measuring.fleet_worker import in_words, serve

    serve(
        scheduler,
        board,
        unit_id,
        Access.given(scheduler, tls_ca_file, tls_cert, tls_key, insecure),
        on_joined=lambda name: note(f"{in_words(*name.split('/'))} is at {scheduler}"),
        on_left=lambda why: complain(f"not at {scheduler} ({why}); it is tried again"),
    )
