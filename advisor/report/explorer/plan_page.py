"""The page of a plan, as one file: what each network uses of the board, and others to try instead."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from advisor.arguments import checked
from advisor.catalog.files import check_folder_of, write_whole
from advisor.catalog.run_as import telling_apart
from advisor.errors import AdvisorError
from advisor.report.candidate_text import UPPER_MARK, note_mark
from advisor.report.explorer.document import Json
from advisor.report.explorer.page import assembled
from advisor.report.plan_text import RESTS_ON, marks, sentences
from advisor.solve.plan.plan_answer import Alternative, Amount, Chosen, Plan

SCRIPTS = ("words", "elements", "plan_uses", "plan")
"""In the order in which they stand; the first and the third need no page."""


@checked
def plan_page(plan: Plan, output: str | os.PathLike[str]) -> Path:
    """Write the page of a plan: a bar for each budget that its workloads share, and other choices to try.

    It is one file that works without a network. A workload may be given any of its candidates that no other
    one of them beats in accuracy, time, power, memory and response at once.

    Args:
        plan: the answer of `advisor.plan`.
        output: where the page goes.

    Returns:
        The file.

    Raises:
        AdvisorError: a workload of the plan has no candidate, or the page cannot be written.
    """
    if not plan.chosen:
        raise AdvisorError(
            "there is no page of a plan of which a workload has no candidate", "loosen its limits"
        )
    path = Path(output)
    check_folder_of(path)
    styles = ("page.css", "plan.css")
    write_whole(path, assembled("advisor plan", "plan.html", styles, SCRIPTS, plan_document(plan)))
    return path


def plan_document(plan: Plan) -> Json:
    """Everything that the page knows: amounts are bounds, as limits count them; unknown is null."""
    return {
        "schema": "advisor.plan-page/1",
        "title": plan.board.title,
        "objective": plan.objective.name,
        "budgets": [
            {"budget": each.budget, "limit": each.limit, "unit": each.unit} for each in plan.budgets
        ],
        "anyway": {
            "time": 0.0,
            "memory": plan.runtime_floor_mb,
            "power": None if plan.idle_power_w is None else plan.idle_power_w.bound,
        },
        "idle_mark": UPPER_MARK if plan.board.idle_is_bound else "",
        "idle_power_w": None if plan.idle_power_w is None else plan.idle_power_w.value,
        "workloads": [
            _workload(chosen, alternatives)
            for chosen, alternatives in zip(plan.chosen, plan.alternatives, strict=True)
        ],
        "notes": [*plan.notes, *sentences(plan)],
    }


def _workload(chosen: Chosen, alternatives: Sequence[Alternative]) -> Json:
    """A workload, and what it may run."""
    workload = chosen.workload
    limit = workload.response
    apart = telling_apart(sorted({each.candidate.variant for each in alternatives}))
    return {
        "name": workload.name,
        "metric": chosen.candidate.quality.metric,
        "weight": workload.counts,
        "fps": workload.fps,
        "overhead_ms": workload.requirements.overhead_ms,
        "most_response_ms": limit.limit if limit else None,
        "chosen": next(place for place, each in enumerate(alternatives) if each.chosen),
        "networks": [
            {**_network(each), "variant": apart[each.candidate.variant]} for each in alternatives
        ],
    }


def _network(alternative: Alternative) -> Json:
    """What a workload may run, and what that uses; marks as the terminal's table has them."""
    candidate = alternative.candidate
    accuracy, power = alternative.accuracy, alternative.power_w
    place = [f"weights {candidate.weights}" if candidate.weights else "", *candidate.variant.words]
    return {
        "name": candidate.architecture,
        "batch": candidate.batch,
        "how": ", ".join(filter(None, place)),
        "unproven": candidate.mark == "unproven",
        "accuracy": accuracy.value if accuracy else None,
        "accuracy_mark": note_mark(candidate.accuracy_note),
        "fill_ms": alternative.fill_ms,
        "latency_ms": alternative.latency_ms.bound,
        "time": alternative.share.bound,
        "memory": _bound(alternative.memory_mb),
        "power": _bound(power),
        "power_as_it_is": power.value if power else None,
        "marks": {use: marks(candidate, use) for use in RESTS_ON},
    }


def _bound(amount: Amount | None) -> float | None:
    return amount.bound if amount else None
