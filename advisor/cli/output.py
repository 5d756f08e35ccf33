"""How commands print: whole answers, to a reader that may have left."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING

from advisor.errors import AdvisorError

if TYPE_CHECKING:
    from rich.console import RenderableType


def emit(text: str) -> None:
    """Write `text` to standard output; end quietly if the reader has closed the pipe.

    Raises:
        AdvisorError: it cannot be written, since the disk is full, say.
    """
    encoding = sys.stdout.encoding or "utf-8"
    try:
        sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes once more on its way out, and would complain then.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise AdvisorError(f"the answer cannot be written: {error.strerror}") from None


def emit_table(renderable: RenderableType) -> None:
    """Write a table or text, coloured on a terminal only."""
    from rich.console import Console

    # Rendered apart, so that only `emit` meets a closed pipe or a full disk.
    rendered = io.StringIO()
    on_terminal = sys.stdout.isatty() or None
    Console(file=rendered, force_terminal=on_terminal, highlight=False).print(renderable)
    emit("\n".join(line.rstrip() for line in rendered.getvalue().splitlines()) + "\n")
