"""What a run of `advisor measure` will do, in words."""

from __future__ import annotations

from collections.abc import Mapping

from advisor.catalog.records import Architecture
from advisor.measure.plan import Plan, session_s
from advisor.report.figures import counted, duration_text

CHILD_S = 2.0
"""A memory child, roughly."""


def plan_text(
    plan: Plan, sustained_s: float, machine: str, board: str, known: Mapping[str, Architecture]
) -> str:
    """The board, the networks, how thoroughly, and about how long that takes.

    Args:
        plan: the run.
        sustained_s: how long the board is heated before a second such run; 0 for none.
        machine: what is measured.
        board: what it will be called.
        known: the architectures by name.
    """
    wanted = plan.thoroughness
    seconds = _sessions_s(plan, known)
    lines = [
        f"board {board}: {machine}, {plan.device}, {plan.precision}",
        f"{counted(len(plan.architectures), 'network')} at batch {', '.join(map(str, plan.batches))}: "
        f"{wanted.least_sessions} to {wanted.most_sessions} sessions each, until known to "
        f"+-{wanted.half_width:.0%}",
    ]
    if sustained_s:
        hot = plan.sustained(sustained_s)
        lines.append(
            f"then hot, as board {board}-sustained, after {duration_text(sustained_s)} of heating"
        )
        seconds += _sessions_s(hot, known) + sustained_s
    return "\n".join([*lines, f"about {duration_text(seconds)} or more\n"])


def _sessions_s(plan: Plan, known: Mapping[str, Architecture]) -> float:
    """How long the least number of sessions takes."""
    wanted = plan.thoroughness
    return sum(
        CHILD_S + wanted.least_sessions * session_s(wanted.limits, plan.guessed_run_ms(cell, known))
        for cell in plan.cells()
    )
