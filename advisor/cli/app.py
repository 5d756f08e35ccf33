"""The command `advisor`: its subcommands, and what becomes of errors."""

from __future__ import annotations

import errno
import gc
import keyword
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from advisor._version import __version__
from advisor.cli.options import said_beside
from advisor.cli.output import complain, discard_output, emit, speaking, warn
from advisor.cli.program_fault import EXIT_CODE, fault_message, place_of
from advisor.errors import AdvisorError, reason_of
from advisor.folders import check_temporary

COMMANDS = (
    "pick",
    "frontier",
    "explore",
    "plan",
    "check",
    "boards",
    "show",
    "suggest",
    "fit",
    "predict",
    "findings",
    "measure",
    "worker",
    "fleet",
    "evaluate",
    "export",
    "compare",
    "figures",
    "zoo",
    "schema",
    "import",
    "catalog",
)
"""The subcommands in the order of the help; each is a module of this folder."""

PATIENCE = 200_000
"""How many objects are made before garbage is looked for. Most commands end before; looking for it while
libraries load took them a tenth of their time."""

OF_THE_SYSTEM = (errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM)
"""Errors that name no file, and are still not the program's."""


class _ProcessEndedError(Exception):
    """A pipe to another process broke inside a command; Typer would take it for one behind the answer."""


class _Subcommands(Mapping[str, Any]):
    """The subcommands, each built when it is asked for: all of them take as long as a pick's own work."""

    def __getitem__(self, name: str) -> Any:
        if name not in COMMANDS:
            raise KeyError(name)
        return _subcommand(name)

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


@cache
def _subcommand(name: str) -> Any:
    """A subcommand as Typer runs it, of the `app` or the `command` of its module."""
    module = import_module(f"advisor.cli.{name}{'_' * keyword.iskeyword(name)}")
    app = getattr(module, "app", None)
    if app is None:
        app = typer.Typer(add_completion=False)
        app.command(name)(module.command)
    found = typer.main.get_command(app)
    found.name = name
    _say_as_asked(found)
    _check_places(found)
    return found


def _say_as_asked(command: Any) -> None:
    """Give a command, and those below it, the options of how much is said beside an answer."""
    command.params += said_beside()
    for each in getattr(command, "commands", {}).values():
        _say_as_asked(each)


OUTPUTS = ("output", "page", "plot")
"""What the options of files that commands write are called."""


def _check_places(command: Any) -> None:
    """Let a command, and those below it, look at the files and folders that are named before it begins.

    It refuses to write the very file that it is to read, and doubts a catalog that is none.
    """
    run = command.invoke

    def invoke(context: Any) -> Any:
        said = context.params
        if "catalog" in said:
            from advisor.catalog.files import not_a_catalog

            warn(filter(None, [not_a_catalog(said["catalog"])]))
        outputs = [Path(each) for name in OUTPUTS if isinstance(each := said.get(name), str | Path)]
        if outputs:
            from advisor.catalog.files import refuse_overwriting

            read = [*_files_in(each for name, each in said.items() if name not in OUTPUTS)]
            for each in outputs:
                refuse_overwriting(each, read)
        return run(context)

    command.invoke = invoke
    for each in getattr(command, "commands", {}).values():
        _check_places(each)


def _files_in(values: Iterable[Any]) -> Iterator[str]:
    """Whatever may name files in what was said: also behind NAME=, and between commas."""
    for value in values:
        if isinstance(value, list | tuple):
            yield from _files_in(value)
        elif isinstance(value, str | Path):
            text = str(value)
            yield text
            for part in text.split(",") if isinstance(value, str) else ():
                yield part
                yield part.partition("=")[2]


MEASURING = {"measure", "evaluate", "worker"}
"""Commands that measure in any case; others do with `VERIFY`."""
VERIFY = "--verify"


class _Commands(TyperGroup):
    """The subcommands, none of which ends with Typer's own exit 1."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.params += said_beside()
        self.commands: Any = _Subcommands()

    def invoke(self, ctx: Any) -> Any:
        """Run a subcommand."""
        try:
            return super().invoke(ctx)
        except (EOFError, BrokenPipeError) as error:
            if not place_of(error):  # Typer writes help, to a reader that may have left
                raise
            raise _ProcessEndedError from error


app = typer.Typer(
    name="advisor",
    cls=_Commands,
    help="Which neural network should I ship on this board, and how sure are you?",
    epilog="Exit codes: 0 answered, 1 nothing fits or a check found faults, 2 bad input or something "
    "missing, 70 a fault of advisor itself.",
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


def main() -> None:
    """Run the command line; the exit status says how it ended.

    0: done, with an answer. 1: done, and nothing fits or a check found faults. 2: bad input or a
    missing part, said in one message. 70: a fault of the program itself. Ctrl-C is left to who calls.
    """
    gc.set_threshold(PATIENCE)
    if not _measures(sys.argv[1:]):
        # Nothing large is multiplied; numpy's idle pool of threads would double the start.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if os.environ.get("COLUMNS") == "0":  # what some shells say before they know
        del os.environ["COLUMNS"]
    try:
        with speaking():
            app(prog_name="advisor")
    except AdvisorError as error:
        complain(error.message + (f"\n  {error.hint}" if error.hint else ""))
        sys.exit(error.exit_code)
    except Exception as error:  # noqa: BLE001  (whatever it is, it is said in one message)
        said = _from_outside(error)
        ended = isinstance(error, _ProcessEndedError)
        complain(said or fault_message(error.__cause__ or error if ended else error))
        sys.exit(2 if said else EXIT_CODE)


def _measures(arguments: Sequence[str]) -> bool:
    """Whether it is measured, in processes that have as many threads as they take."""
    return bool({*arguments[:1]} & MEASURING) or any(
        each.partition("=")[0] == VERIFY for each in arguments
    )


def _from_outside(error: Exception) -> str:
    """What is missing or in the way, where that is no fault of the program; else ""."""
    if isinstance(error, ModuleNotFoundError):
        name = (error.name or "").partition(".")[0]
        if name in ("", "advisor"):
            return ""
        return f"{name} is needed and not installed\n  install it, or dnn-advisor anew"
    if isinstance(error, MemoryError):
        return "the memory of this machine does not suffice"
    return _refused(error) if isinstance(error, OSError) else ""


def _refused(error: OSError) -> str:
    """What the system refuses; "" where it is the program that asks for what cannot be."""
    reason = reason_of(error)
    if not place_of(error):  # nothing of ours ran: Typer's help meets a full disk
        discard_output()
        return f"the answer cannot be written: {reason}"
    try:
        check_temporary()
    except AdvisorError as unusable:
        return f"{unusable.message}\n  {unusable.hint}"
    if error.filename is not None:
        return f"{error.filename}: {reason}"
    return f"the system refuses: {reason}" if error.errno in OF_THE_SYSTEM else ""
