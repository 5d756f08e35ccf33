"""Whether the machine is quiet enough to be measured, and waiting until it is."""

from __future__ import annotations

import time
from collections.abc import Callable

from advisor.errors import AdvisorError

MOST_BUSY = 0.25
"""Share of the processors' time that others may take: with more, sessions that nobody disturbs are rare."""

LOOK_S, PAUSE_S = 2.0, 10.0


def wait_for_quiet(
    busy: Callable[[float], float | None],
    wait_s: float,
    report_progress: Callable[[str, float], None],
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Return once other programs leave the machine alone, or nothing is known of them.

    Args:
        busy: the share of the processors' time that others take during so many seconds.
        wait_s: for how long to wait; 0 for not at all.
        report_progress: hears of the waiting.
        pause: lets so many seconds pass.

    Raises:
        AdvisorError: they do not.
    """
    left_s = wait_s
    while True:
        others = busy(LOOK_S) or 0.0
        if others <= MOST_BUSY:
            return
        if left_s <= 0:
            waited = f" after {wait_s:.0f} s" if wait_s else ""
            raise AdvisorError(
                f"other programs take {others:.0%} of the processors' time{waited}: "
                "no useful figure can be had",
                "stop them, wait for them (--wait-for-quiet 30min), or measure all the same (--noisy)",
            )
        report_progress(f"waiting for other programs, which take {others:.0%}", left_s)
        pause(PAUSE_S)
        left_s -= PAUSE_S + LOOK_S
