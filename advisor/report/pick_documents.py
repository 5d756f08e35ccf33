"""The recommendation for programs: one JSON document, or CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

from advisor.catalog.records import Board, Estimate
from advisor.quantities import TIME, written_as
from advisor.solve.candidate import IDENTITY_FIELDS, ROW_COLUMNS, Candidate
from advisor.solve.metrics import METRICS
from advisor.solve.recommendation import (
    Binding,
    KnownBound,
    Recommendation,
    Rejection,
    Relaxation,
    Unsure,
)
from advisor.solve.requirements import Constraint, Requirements

SCHEMA = "advisor.pick/1"
"""Name and version of the document's shape; `pick.schema.json` beside this file describes it."""


def pick_json(recommendation: Recommendation) -> str:
    """The recommendation as one JSON document."""
    best = recommendation.best
    document = {
        "schema": SCHEMA,
        "query": query_document(recommendation.requirements, recommendation.board),
        "status": "ok" if best else "infeasible",
        "best": candidate_document(best) if best else None,
        "alternatives": [candidate_document(each) for each in recommendation.alternatives],
        "rejected": {
            "considered": recommendation.considered,
            "did_not_fit": recommendation.did_not_fit,
            "did_not_run": recommendation.did_not_run,
            "without_weights": recommendation.without_weights,
            "networks_fitting": recommendation.networks_fitting,
            "by_limit": [_rejection(each) for each in recommendation.rejections],
            "notes": list(recommendation.notes),
            "unsure": _unsure(recommendation.unsure) if recommendation.unsure else None,
            "binding": _binding(recommendation.binding) if recommendation.binding else None,
        },
        "relaxations": [_relaxation(each) for each in recommendation.relaxations],
        "bound": _bound(recommendation.bound) if recommendation.bound else None,
    }
    return document_text(document)


def document_text(document: dict[str, Any]) -> str:
    """A document as it is printed."""
    return json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def query_document(asked: Requirements, board: Board) -> dict[str, Any]:
    """The question, defaults included, as documents tell it."""
    return {
        "board": asked.board,
        "require": {each.name: {each.sense: each.limit_text} for each in asked.constraints},
        "objective": asked.objective,
        "candidates": {
            "batch": asked.batches_text,
            "weights": asked.weights or board.weights,
            "networks": asked.candidates,
            "predictions": asked.predictions,
        },
        "confidence": asked.confidence,
        "overhead": written_as(asked.overhead_ms, TIME),
        "top": asked.top,
        "all_batches": asked.all_batches,
        "catalog": asked.catalog,
        "command": asked.command(),
    }


def candidate_document(candidate: Candidate) -> dict[str, Any]:
    """A candidate as documents tell it."""
    return {
        **{name: getattr(candidate, name) for name in IDENTITY_FIELDS},
        **{key: _estimate(candidate.metric(key)) for key in METRICS},
        "chance": candidate.chance,
        "headroom": {
            each.constraint.name: {
                "value": each.value,
                "limit": each.constraint.limit,
                "margin": each.margin,
                "within_error": each.within_error,
            }
            for each in candidate.headroom
        },
    }


def _estimate(estimate: Estimate | None) -> dict[str, Any]:
    names = ("value", "low", "high", "origin", "source")
    return {name: getattr(estimate, name) if estimate else None for name in names}


def _bound(bound: KnownBound) -> dict[str, Any]:
    least, most = bound.line.range
    return {
        "fps": bound.fps,
        "accuracy_percent": bound.accuracy_percent,
        "intercept_percent": bound.line.intercept,
        "slope_percent_per_fps": bound.line.slope,
        "range_fps": [least, most],
        "networks": bound.networks,
    }


def _limit(constraint: Constraint) -> dict[str, Any]:
    return {
        "name": constraint.name,
        "metric": constraint.metric,
        constraint.sense: constraint.limit_text,
    }


def _rejection(rejection: Rejection) -> dict[str, Any]:
    return {
        **_limit(rejection.constraint),
        "rejected": rejection.rejected,
        "unknown": rejection.unknown,
        "nearest": candidate_document(rejection.nearest) if rejection.nearest else None,
        "also_fails": [each.name for each in rejection.also_fails],
    }


def _unsure(unsure: Unsure) -> dict[str, Any]:
    return {"count": unsure.count, "likeliest": candidate_document(unsure.likeliest)}


def _binding(binding: Binding) -> dict[str, Any]:
    return {
        "limits": [each.name for each in binding.constraints],
        "candidate": candidate_document(binding.candidate),
        "networks": binding.networks,
    }


def _relaxation(relaxation: Relaxation) -> dict[str, Any]:
    return {
        **_limit(relaxation.constraint),
        "to": relaxation.limit,
        "to_text": relaxation.asked.limit_text,
        "candidate": candidate_document(relaxation.candidate),
    }


def pick_csv(recommendation: Recommendation) -> str:
    """The pick and its alternatives as CSV, best first; only the header where nothing fits."""
    return candidates_csv(recommendation.candidates)


def candidates_csv(candidates: Iterable[Candidate]) -> str:
    """A header and a line a candidate."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, ROW_COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(each.row() for each in candidates)
    return stream.getvalue()
