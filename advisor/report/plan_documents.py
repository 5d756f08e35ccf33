"""The plan for programs: one JSON document."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from advisor.quantities import MEMORY, POWER, TIME, written_as
from advisor.report.pick_documents import document_text, selection_document
from advisor.solve.plan.plan_answer import Amount, Chosen, Considered, Plan, Use
from advisor.solve.plan.workloads import Workload
from advisor.solve.question.requirements import confidence_text

SCHEMA = "advisor.plan/1"
"""Name and version of the document's shape; `plan.schema.json` beside this file describes it."""


def plan_json(plan: Plan) -> str:
    """The plan as one JSON document."""
    objective, sure = plan.objective, plan.guarantee
    document = {
        "schema": SCHEMA,
        "query": _query(plan),
        "catalog": plan.catalog,
        "status": "ok" if plan.fits else "infeasible",
        "objective": {
            "name": objective.name,
            "value": objective.value,
            "unit": objective.unit,
            "gap": objective.gap,
        },
        "workloads": [_chosen(each) for each in plan.chosen],
        "budgets": {each.budget: _use(each) for each in plan.budgets},
        "shortfalls": [_shortfall(each) for each in plan.shortfalls],
        "considered": [_considered(each) for each in plan.considered],
        "guarantee": {
            "confidence": sure.confidence,
            "figures": sure.figures,
            "level": sure.level,
        },
        "runtime_floor_mb": plan.runtime_floor_mb,
        "idle_power_w": _amount(plan.idle_power_w),
        "notes": list(plan.notes),
    }
    return document_text(document)


def _query(plan: Plan) -> dict[str, Any]:
    """The question as a file that asks it again, defaults spelt out."""
    asked = plan.request
    query = {
        "board": asked.board,
        "share": _digits(asked.share),
        "objective": asked.objective,
        "confidence": confidence_text(asked.confidence),
        "workloads": {each.name: _workload(each) for each in asked.workloads},
    }
    if asked.memory_mb is not None:
        query["memory"] = written_as(asked.memory_mb, MEMORY)
    if asked.power_w is not None:
        query["power"] = written_as(asked.power_w, POWER)
    if asked.runtime_floor_mb is not None:
        query["runtime_floor"] = written_as(asked.runtime_floor_mb, MEMORY)
    return query


def _digits(number: float) -> str:
    """A share or probability without an exponent, to the last digit."""
    return format(Decimal(repr(number)), "f")


def _workload(workload: Workload) -> dict[str, Any]:
    asked = workload.requirements
    return {
        "require": {each.name: {each.sense: each.limit_text} for each in asked.constraints},
        "weight": workload.weight,
        "overhead": written_as(asked.overhead_ms, TIME),
        "candidates": selection_document(asked.selection),
    }


def _chosen(chosen: Chosen) -> dict[str, Any]:
    candidate, response = chosen.candidate, chosen.response
    return {
        "name": chosen.workload.name,
        "architecture": candidate.architecture,
        "weights": candidate.weights,
        "runtime": candidate.runtime,
        "precision": candidate.precision,
        "batch": candidate.batch,
        "fps": chosen.workload.fps,
        "accuracy_top1_percent": _amount(chosen.accuracy),
        "response_ms": {
            **_use(chosen.response_use),
            "fill": response.fill_ms,
            "wait": _amount(response.wait_ms),
            "waits_for": response.waits_for,
            "run": _amount(response.run_ms),
            "overhead": response.overhead_ms,
        },
        "time_share": _amount(chosen.share),
        "power_w": _amount(chosen.power_w),
        "memory_beyond_floor_mb": _amount(chosen.memory_mb),
    }


def _amount(amount: Amount | None) -> dict[str, float] | None:
    return None if amount is None else {"value": amount.value, "bound": amount.bound}


def _use(use: Use) -> dict[str, Any]:
    return {
        "used": _amount(use.used),
        "limit": use.limit,
        "ratio": use.ratio,
        "unit": use.unit,
    }


def _shortfall(use: Use) -> dict[str, Any]:
    return {
        "budget": use.budget,
        "workload": use.workload,
        **_use(use),
        "short_by": use.short_by,
    }


def _considered(considered: Considered) -> dict[str, Any]:
    return {
        "workload": considered.workload,
        "candidates": considered.candidates,
        "possible_alone": considered.possible_alone,
        "unknown": dict(considered.unknown),
        "limits": [
            {"limit": each.limit, "rejected": each.rejected, "nearest": each.nearest}
            for each in considered.limits
        ],
    }
