"""How far a long command is: a line that renews itself on a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import Condition, Thread

from advisor.errors import printable
from advisor.stages import listening

PLAIN_LINE_EVERY_S = 10.0
SHOWN_AFTER_S = 1.0
"""What takes no longer shows no line."""
RENEWED_AFTER_S = 0.1
ERASE = "\r\x1b[K"


class Progress:
    """Says on standard error what is under way.

    Attributes:
        quiet: whether nothing is said.
    """

    def __init__(self) -> None:
        self.quiet = False
        self._stage, self._said, self._drawn = "", "", ""
        self._changed, self._over = Condition(), False
        self._last_s = -PLAIN_LINE_EVERY_S

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show for so long on a terminal what is under way: all stages, and what is said besides."""
        with ExitStack() as ended:
            if on_terminal():
                self._over = False
                ended.callback(self._end)
                ended.enter_context(listening(self._hear))
                Thread(target=self._draw_changes, daemon=True).start()
            yield

    @contextmanager
    def said(self) -> Iterator[Callable[[str, float], None]]:
        """Hand out what says what happens next, and about how many seconds are left.

        Off a terminal that is a line now and then.
        """
        try:
            yield self._say
        finally:
            with self._changed:
                self._said = ""
                self._changed.notify()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Keep the line away while something else is written."""
        with self._changed:
            self._draw("")
            yield
            self._changed.notify()

    def _say(self, what: str, remaining_s: float) -> None:
        from advisor.report.terminal import duration_text  # whose rich no other command waits for

        line = f"{what}; about {duration_text(remaining_s)} left" if remaining_s else what
        if on_terminal():
            with self._changed:
                self._said = line
                self._changed.notify()
        elif not self.quiet and time.monotonic() - self._last_s >= PLAIN_LINE_EVERY_S:
            self._last_s = time.monotonic()
            sys.stderr.write(printable(line) + "\n")
            sys.stderr.flush()

    def _hear(self, stage: str) -> None:
        with self._changed:
            self._stage = stage
            self._changed.notify()

    def _draw_changes(self) -> None:
        """Draw the line in a thread of its own: what takes long does not ask for it."""
        wait_s = SHOWN_AFTER_S
        with self._changed:
            while not self._changed.wait_for(lambda: self._over, wait_s):
                self._draw(self._line)
                self._changed.wait_for(lambda: self._over or self._drawn != self._line)
                wait_s = RENEWED_AFTER_S

    @property
    def _line(self) -> str:
        return "" if self.quiet else self._stage or self._said

    def _draw(self, line: str) -> None:
        """Put a line in the place of what is drawn; the caller holds the lock."""
        if line or self._drawn:
            sys.stderr.write(ERASE + printable(line)[: (terminal_width() or 80) - 1])
            sys.stderr.flush()
        self._drawn = line

    def _end(self) -> None:
        with self._changed:
            self._over = True
            self._draw("")
            self._changed.notify()


PROGRESS = Progress()
"""That of this process."""


def on_terminal() -> bool:
    """Whether standard error is a terminal on which a line can be renewed."""
    return terminal_width() is not None and os.environ.get("TERM") != "dumb"


def terminal_width() -> int | None:
    """How wide the terminal behind standard error is; `None` where there is none."""
    try:
        if not sys.stderr.isatty():
            return None
        columns = os.environ.get("COLUMNS", "")
        return int(columns) if columns.isdigit() else os.get_terminal_size(sys.stderr.fileno())[0]
    except (AttributeError, OSError, ValueError):
        return None
