"""What a run of `advisor measure` will do, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from advisor.catalog.records import Architecture
from advisor.measuring.run_plan import RunPlan, session_s
from advisor.measuring.tasks import REFERENCE
from advisor.report.terminal import counted, duration_text

CHILD_S = 2.0
"""A memory child, roughly."""

PREPARE_S = 15.0
"""Preparing a network for a runtime and holding its answers against eager's, roughly."""


def plan_text(
    plan: RunPlan,
    sustained_s: float,
    machine: str,
    board: str,
    known: Mapping[str, Architecture],
    left_out: Sequence[str] = (),
) -> str:
    """The board, the networks, how thoroughly, and about how long that takes.

    Args:
        plan: the run.
        sustained_s: how long the board is heated before a second such run; 0 for none.
        machine: what is measured.
        board: what it will be called.
        known: the architectures by name.
        left_out: the pairs of runtime and precision that there are none of, in words.
    """
    wanted = plan.thoroughness
    seconds = _sessions_s(plan, known)
    lines = [
        f"board {board}: {machine}, {plan.device}, {', '.join(map(' '.join, plan.variants))}",
        f"{counted(len(plan.architectures), 'network')} at batch {', '.join(map(str, plan.batches))}: "
        f"{wanted.least_sessions} to {wanted.most_sessions} sessions each, until known to "
        f"+-{wanted.half_width:.0%}",
    ]
    lines += [f"left out: {each}" for each in left_out]
    if sustained_s:
        hot = plan.sustained(sustained_s)
        lines.append(
            f"then hot, as board {board}-sustained, after {duration_text(sustained_s)} of heating"
        )
        seconds += _sessions_s(hot, known) + sustained_s
    return "\n".join([*lines, f"about {duration_text(seconds)} or more\n"])


def _sessions_s(plan: RunPlan, known: Mapping[str, Architecture]) -> float:
    """How long the least number of sessions takes, and what goes before them."""
    wanted = plan.thoroughness
    prepared = sum(variant != REFERENCE for variant in plan.variants) * len(plan.architectures)
    return PREPARE_S * prepared + sum(
        CHILD_S + wanted.least_sessions * session_s(wanted.limits, plan.guessed_run_ms(cell, known))
        for cell in plan.cells()
    )
