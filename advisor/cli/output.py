"""How commands print: whole answers, to a reader that may have left."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from advisor.errors import AdvisorError, printable, reason_of

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
    console.print(_Printable(renderable))
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
    for note in notes:
        complain(f"warning: {note}")


def complain(message: str) -> None:
    """Write a message to standard error, if anyone can hear it; the exit status says it in any case."""
    try:
        sys.stderr.write(f"advisor: {printable(message)}\n")
        sys.stderr.flush()
    except (AttributeError, OSError):
        sys.stderr = io.StringIO()  # closed or full: let Python's own last words go nowhere, too
