"""The command `advisor`: its subcommands, and what becomes of errors."""

from __future__ import annotations

import gc
import os
import sys
from typing import Annotated

import typer

from advisor._version import __version__
from advisor.cli import (
    boards,
    catalog,
    compare,
    explore,
    figures,
    findings,
    fit,
    frontier,
    import_,
    measure,
    pick,
    plan,
    predict,
    schema,
    show,
    suggest,
    zoo,
)
from advisor.cli.output import complain, discard_output, emit
from advisor.errors import AdvisorError

PATIENCE = 200_000
"""How many objects are made before garbage is looked for. Most commands end before; looking for it while
libraries load took them a tenth of their time."""

app = typer.Typer(
    name="advisor",
    help="Which neural network should I ship on this board, and how sure are you?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(asked: bool) -> None:
    if asked:
        emit(f"advisor {__version__}\n")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Print the version and stop."
        ),
    ] = False,
) -> None:
    pass


app.command("pick")(pick.command)
app.command("frontier")(frontier.command)
app.command("explore")(explore.command)
app.command("plan")(plan.command)
app.command("boards")(boards.command)
app.command("show")(show.command)
app.command("suggest")(suggest.command)
app.command("fit")(fit.command)
app.command("predict")(predict.command)
app.command("findings")(findings.command)
app.command("measure")(measure.command)
app.add_typer(import_.app, name="import")
app.command("compare")(compare.command)
app.command("figures")(figures.command)
app.add_typer(catalog.app, name="catalog")
app.command("zoo")(zoo.command)
app.command("schema")(schema.command)


def main() -> None:
    """Run the command line; the exit status is that of DESIGN's contract.

    0: done, with an answer. 1: done, and nothing fits or a check found faults. 2: bad input or a
    missing part, said in one message.
    """
    gc.set_threshold(PATIENCE)
    if os.environ.get("COLUMNS") == "0":  # what some shells say before they know
        del os.environ["COLUMNS"]
    try:
        app(prog_name="advisor")
    except AdvisorError as error:
        complain(error.message + (f"\n  {error.hint}" if error.hint else ""))
        sys.exit(error.exit_code)
    except OSError as error:  # the help text, which typer writes, meets a full disk
        discard_output()
        complain(f"the answer cannot be written: {error.strerror}")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
