"""How far a long command is: a line that renews itself on a terminal, plain lines elsewhere."""

from __future__ import annotations

import shutil
import sys
import time

from advisor.errors import printable

PLAIN_LINE_EVERY_S = 10.0


class Progress:
    """Says what happens next, and about how long the rest takes, on standard error."""

    def __init__(self) -> None:
        self.last_s = -PLAIN_LINE_EVERY_S
        self.on_terminal = sys.stderr.isatty()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self.clear()

    def clear(self) -> None:
        """Take the line away, so that something else can be printed."""
        if self.on_terminal:
            sys.stderr.write("\r\x1b[K")

    def show(self, what: str, remaining_s: float) -> None:
        """Say what happens next; off a terminal only now and then."""
        from advisor.report.terminal import duration_text  # whose numpy no other command waits for

        what = printable(what)
        line = f"{what}; about {duration_text(remaining_s)} left" if remaining_s else what
        if self.on_terminal:
            width = shutil.get_terminal_size().columns - 1
            sys.stderr.write(f"\r\x1b[K{line[:width]}")
        elif time.monotonic() - self.last_s >= PLAIN_LINE_EVERY_S:
            self.last_s = time.monotonic()
            sys.stderr.write(line + "\n")
        sys.stderr.flush()
