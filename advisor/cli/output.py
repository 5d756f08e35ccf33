"""How commands print: whole answers, to a reader that may have left."""

from __future__ import annotations

import io
import logging
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

from advisor.cli.progress import PROGRESS, terminal_width
from advisor.errors import AdvisorError, printable, reason_of
from advisor.stages import LOG

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult


def emit(text: str) -> None:
    """Write what of `text` is printable to standard output; end quietly if its reader left.

    Raises:
        AdvisorError: it cannot be written, since the disk is full, say.
    """
    _write(printable(text))


def _write(text: str) -> None:
    if sys.stdout is None:
        raise AdvisorError("the answer cannot be written: standard output is closed")
    encoding = sys.stdout.encoding or "utf-8"
    try:
        with PROGRESS.aside():
            sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
            sys.stdout.flush()
    except BrokenPipeError:
        discard_output()
    except OSError as error:
        discard_output()
        raise AdvisorError(f"the answer cannot be written: {reason_of(error)}") from None


def discard_output() -> None:
    """Send what is left of the output nowhere; Python flushes it once more on its way out."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def emit_sentences(text: str) -> None:
    """Write lines that people read, each wrapped as tables are."""
    from rich.text import Text

    emit_table(Text(text.rstrip("\n")))


def emit_table(renderable: RenderableType) -> None:
    """Write a table or text, coloured on a terminal only."""
    from rich.console import Console

    # Rendered apart, so that only `emit` meets a closed pipe or a full disk.
    rendered = io.StringIO()
    on_terminal = True if sys.stdout and sys.stdout.isatty() else None
    console = Console(
        file=rendered, force_terminal=on_terminal, highlight=False, markup=False, emoji=False
    )
    console.print(_Printable(renderable), crop=False)
    _write("\n".join(line.rstrip() for line in rendered.getvalue().splitlines()) + "\n")


@dataclass(frozen=True)
class _Printable:
    """Something without characters that are not to be printed; its colours come from rich."""

    of: RenderableType

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield its pieces."""
        from rich.segment import Segment

        for text, style, control in console.render(self.of, options):
            yield Segment(printable(text), style, control)


def warn(notes: Iterable[str]) -> None:
    """Say what could not be done as it was asked, beside an answer."""
    for each in notes:
        note(f"warning: {each}")


def note(message: str) -> None:
    """Write something beside the answer to standard error, unless that is to be quiet."""
    if not PROGRESS.quiet:
        complain(message)


def complain(message: str) -> None:
    """Write a message to standard error, if anyone can hear it; the exit status says it in any case."""
    try:
        with PROGRESS.aside():
            sys.stderr.write(f"{_wrapped(SPEAKER + printable(message), terminal_width())}\n")
            sys.stderr.flush()
    except (AttributeError, OSError):
        sys.stderr = io.StringIO()  # closed or full: let Python's own last words go nowhere, too


SPEAKER = "advisor: "


def _wrapped(message: str, width: int | None) -> str:
    """A message as it is read on a terminal, its lines indented; whole lines where there is none."""
    if width is None:
        return message
    import textwrap

    first, *more = message.split("\n")
    indents = [
        " " * len(SPEAKER),
        *(each[: len(each) - len(each.lstrip())] + "  " for each in more),
    ]
    return "\n".join(
        textwrap.fill(
            line,
            max(width, 2 * len(SPEAKER)),
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for line, indent in zip([first, *more], indents, strict=True)
    )


def be_quiet() -> None:
    """Write nothing to standard error but what is wrong."""
    PROGRESS.quiet = True


def be_verbose() -> None:
    """Write to standard error what is logged, with the seconds that have passed."""
    LOG.addHandler(_LOGGED)
    LOG.setLevel(logging.INFO)


@contextmanager
def speaking() -> Iterator[None]:
    """Say for so long what is under way; how much a command was asked to say ends with it."""
    _LOGGED.began_s = perf_counter()
    try:
        with PROGRESS.shown():
            yield
    finally:
        PROGRESS.quiet = False
        LOG.removeHandler(_LOGGED)
        LOG.setLevel(logging.NOTSET)


class _Log(logging.Handler):
    """Writes what is logged to standard error."""

    began_s = 0.0

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        complain(f"{perf_counter() - self.began_s:.2f} s: {record.getMessage()}")


_LOGGED = _Log()
