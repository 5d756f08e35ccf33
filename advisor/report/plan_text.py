"""What a run of `advisor measure` will do, in words."""

from __future__ import annotations

from collections.abc import Mapping

from advisor.catalog.records import Architecture
from advisor.measure.plan import Plan, session_s

CHILD_S = 2.0
"""A memory child, roughly."""


def plan_text(
    plan: Plan, sustained_s: float, machine: str, board: str, known: Mapping[str, Architecture]
) -> str:
    """The board, the networks, how thoroughly, and about how long that takes.

    Args:
        plan: the run.
        sustained_s: how long the board is loaded before a second such run; 0 for none.
        machine: what is measured.
        board: what it will be called.
        known: the architectures by name.
    """
    wanted = plan.thoroughness
    seconds = sum(
        CHILD_S + wanted.least_sessions * session_s(wanted.limits, plan.guessed_run_ms(cell, known))
        for cell in plan.cells()
    )
    lines = [
        f"board {board}: {machine}, {plan.device}, {plan.precision}",
        f"{len(plan.architectures)} networks at batch {', '.join(map(str, plan.batches))}: "
        f"{wanted.least_sessions} to {wanted.most_sessions} sessions each, until known to "
        f"+-{wanted.half_width:.0%}",
    ]
    if sustained_s:
        lines.append(
            f"then again as board {board}-sustained, after {duration_text(sustained_s)} of load"
        )
        seconds = 2 * seconds + sustained_s
    return "\n".join([*lines, f"about {duration_text(seconds)} or more\n"])


def duration_text(seconds: float) -> str:
    """Seconds where there are few, else minutes."""
    minutes = seconds / 60
    return f"{seconds:.0f} s" if minutes < 2 else f"{minutes:.0f} min"
