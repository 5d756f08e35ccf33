"""How commands print: whole answers, to a reader that may have left."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from advisor.errors import AdvisorError, reason_of

if TYPE_CHECKING:
    from rich.console import RenderableType


def emit(text: str) -> None:
    """Write `text` to standard output; end quietly if the reader has closed the pipe.

    Raises:
        AdvisorError: it cannot be written, since the disk is full, say.
    """
    if sys.stdout is None:
        raise AdvisorError("the answer cannot be written: standard output is closed")
    encoding = sys.stdout.encoding or "utf-8"
    try:
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


def emit_table(renderable: RenderableType) -> None:
    """Write a table or text, coloured on a terminal only."""
    from rich.console import Console

    # Rendered apart, so that only `emit` meets a closed pipe or a full disk.
    rendered = io.StringIO()
    on_terminal = True if sys.stdout and sys.stdout.isatty() else None
    console = Console(
        file=rendered, force_terminal=on_terminal, highlight=False, markup=False, emoji=False
    )
    console.print(renderable)
    emit("\n".join(line.rstrip() for line in rendered.getvalue().splitlines()) + "\n")


def warn(notes: Iterable[str]) -> None:
    """Say what could not be done as it was asked, beside an answer."""
    for note in notes:
        complain(f"warning: {note}")


def complain(message: str) -> None:
    """Write a message to standard error, if anyone can hear it; the exit status says it in any case."""
    try:
        sys.stderr.write(f"advisor: {message}\n")
        sys.stderr.flush()
    except (AttributeError, OSError):
        sys.stderr = io.StringIO()  # closed or full: let Python's own last words go nowhere, too
