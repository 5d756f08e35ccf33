"""The recommendation for programs: one JSON document, or CSV."""

from __future__ import annotations

import csv
import io
import json
import math
import shlex
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from advisor.catalog.records import Estimate
from advisor.quantities import ENERGY, TIME, written_as
from advisor.solve.candidates.candidate import IDENTITY_FIELDS, ROW_COLUMNS, Candidate
from advisor.solve.question.limits import Constraint
from advisor.solve.question.metrics import METRICS
from advisor.solve.question.requirements import Requirements, Selection
from advisor.solve.recommend.recommendation import (
    Binding,
    KnownBound,
    Narrowing,
    Recommendation,
    Rejection,
    Relaxation,
    Unsure,
    WhyNot,
)

if TYPE_CHECKING:
    from advisor.solve.verify.verification import Check, Verification

SCHEMA = "advisor.pick/1"
"""Name and version of the document's shape; `pick.schema.json` beside this file describes it."""


def pick_json(recommendation: Recommendation, verified: Verification | None = None) -> str:
    """The recommendation as one JSON document, with how it was verified where it was."""
    best = recommendation.best
    offered = list(recommendation.relaxations)
    offered += [recommendation.together] if recommendation.together else []
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "query": query_document(recommendation.requirements),
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
            "impossible": [[each.key for each in limits] for limits in recommendation.impossible],
            "narrowings": [_narrowing(each) for each in recommendation.narrowings],
            "explained": [_explained(each) for each in recommendation.explained],
            "notes": list(recommendation.notes),
            "unsure": _unsure(recommendation.unsure) if recommendation.unsure else None,
            "binding": _binding(recommendation.binding) if recommendation.binding else None,
        },
        "relaxations": [_relaxation(each) for each in offered],
        "bound": _bound(recommendation.bound) if recommendation.bound else None,
    }
    if verified is not None:
        document["query"]["command"] += f" {shlex.join(verified.options)}"
        document["verification"] = _verification(verified)
    return document_text(document)


def document_text(document: dict[str, Any]) -> str:
    """A document as it is printed."""
    return json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def query_document(asked: Requirements) -> dict[str, Any]:
    """The question, defaults included, as a file of requirements could hold it."""
    require: dict[str, dict[str, str]] = {}
    for each in asked.constraints:
        require.setdefault(each.name, {})[each.sense] = each.limit_text
    steps = [str(step) for step in asked.objective]
    named = list(asked.boards or ["any"])
    battery = {} if asked.battery_j is None else {"battery": written_as(asked.battery_j, ENERGY)}
    return {
        "board": named[0] if len(named) == 1 else named,
        "require": require,
        "objective": steps[0] if len(steps) == 1 else steps,
        "candidates": selection_document(asked.selection),
        "confidence": asked.confidence or "none",
        "overhead": written_as(asked.overhead_ms, TIME),
        **battery,
        **({"explain": list(asked.explain)} if asked.explain else {}),
        "top": asked.top,
        "all_batches": asked.all_batches,
        "catalog": asked.catalog,
        "command": asked.command(),
    }


def selection_document(chosen: Selection) -> dict[str, Any]:
    """What may be chosen from; weights are null where each board's own are taken."""
    return {
        **{name: list(patterns) for name, patterns in chosen.patterns.items()},
        "batch": chosen.batches_text,
        "weights": chosen.weights,
        "networks": chosen.networks,
        "predictions": chosen.predictions,
        **_own(chosen),
    }


def _own(chosen: Selection) -> dict[str, Any]:
    """What the user brings along, as far as there is any."""
    told: dict[str, Any] = {
        "include": {each.name: each.network for each in chosen.brought},
        "accuracy_of": {
            each.name: each.top1_percent for each in chosen.include if each.top1_percent is not None
        },
        "accuracy_table": chosen.accuracy_table,
    }
    return {name: each for name, each in told.items() if each}


def candidate_document(candidate: Candidate) -> dict[str, Any]:
    """A candidate with all that is known of it."""
    return {
        **{name: getattr(candidate, name) for name in IDENTITY_FIELDS},
        **{key: _estimate(candidate.metric(key)) for key in METRICS},
        "chance": candidate.chance,
        "mark": candidate.mark,
        "unlike_scopes": list(candidate.unlike_scopes),
        "headroom": {
            each.constraint.key: {
                "value": each.value,
                "limit": each.constraint.limit,
                "margin": each.margin,
                "within_error": each.within_error,
                "chance": each.chance,
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
        "also_fails": [each.key for each in rejection.also_fails],
    }


def _unsure(unsure: Unsure) -> dict[str, Any]:
    return {"count": unsure.count, "likeliest": candidate_document(unsure.likeliest)}


def _binding(binding: Binding) -> dict[str, Any]:
    return {
        "limits": [each.key for each in binding.constraints],
        "candidate": candidate_document(binding.candidate),
        "networks": binding.networks,
    }


def _relaxation(relaxation: Relaxation) -> dict[str, Any]:
    limits = [
        {**_limit(each.constraint), "to": each.limit, "to_text": each.asked.limit_text}
        for each in relaxation.limits
    ]
    return {
        **(limits[0] if len(limits) == 1 else {}),
        "limits": limits,
        "largest_factor": math.exp(relaxation.change),
        "candidate": candidate_document(relaxation.candidate),
    }


def _narrowing(narrowing: Narrowing) -> dict[str, Any]:
    known = math.isfinite(narrowing.best)
    return {
        "step": str(narrowing.step),
        "best": narrowing.best if known else None,
        "left": narrowing.left,
    }


def _explained(why: WhyNot) -> dict[str, Any]:
    return {
        "architecture": why.architecture,
        "board": why.board,
        "left_out": why.left_out,
        "fits": why.fits,
        "misfits": list(why.misfits),
        "nearest": candidate_document(why.nearest) if why.nearest else None,
        "candidates": [candidate_document(each) for each in why.candidates],
    }


def _verification(verified: Verification) -> dict[str, Any]:
    """Every measurement, and how certain the pick is after them."""
    return {
        "most": verified.most,
        "risk": verified.risk,
        "simulated": verified.simulated,
        "steps": [_step(each) for each in verified.steps],
        "ended": verified.ended,
        "pick_is_measured": verified.pick_is_measured,
        "likeliest_better": _identity(verified.likeliest_better),
        "chance_better": verified.chance_better,
        "expected_better": verified.expected_better,
    }


def _step(check: Check) -> dict[str, Any]:
    return {
        "predicted": candidate_document(check.predicted),
        "found": candidate_document(check.found) if check.found else None,
        "holds": check.holds,
        "reason": check.reason,
        "pick": _identity(check.pick),
    }


def _identity(candidate: Candidate | None) -> dict[str, Any] | None:
    return {name: getattr(candidate, name) for name in IDENTITY_FIELDS} if candidate else None


def pick_csv(recommendation: Recommendation) -> str:
    """The pick and its alternatives as CSV, best first; only the header where nothing fits."""
    return candidates_csv(recommendation.candidates)


def candidates_csv(candidates: Iterable[Candidate]) -> str:
    """Candidates as CSV, a row each; without any, only the header."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, ROW_COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(each.row() for each in candidates)
    return stream.getvalue()
