"""The candidates and the question as the page reads them: plain columns, nothing derived.

Numbers are written as the shortest text that gives them back exactly, unknown is null, and names stand
once, in a list that columns point into. A figure that stands alone is `[value, low, high, origin, source]`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from advisor.catalog.records import (
    ORIGINS,
    Architecture,
    Board,
    Cost,
    Estimate,
    Labels,
    Metered,
    Weights,
)
from advisor.limits import LEAST_PERCENT, Constraint, natural_sense
from advisor.metrics import BY_NAME, EVERY, INPUTS, METRICS, TAILS, inputs_of
from advisor.objective import Step, objective_text
from advisor.options import LIMITED, Requirements
from advisor.quantities import PERCENT
from advisor.report.charts.palette import colour, shape
from advisor.report.explorer.choice import Choice
from advisor.solve.candidates.candidates import SCOPED, Candidates

if TYPE_CHECKING:
    from advisor.catalog.records import Floats, Integers

Json: TypeAlias = dict[str, Any]

METERED = ("latency_ms", "net_power_w", "memory_mb")
TAIL_COLUMNS = ("latency_p90_ms", "latency_p99_ms")


def document(choice: Choice) -> Json:
    """Everything that the page knows."""
    candidates, asked = choice.candidates, choice.requirements
    return {
        "schema": "advisor.explore/1",
        "metrics": _metrics(),
        "limits": [_limit(name) for name, key in LIMITED.items() if METRICS[key].name == name],
        "tails": {each.statistic: key for key, each in TAILS.items()},
        "origins": ORIGINS,
        "boards": [_board(choice, place) for place in range(len(candidates.boards))],
        "architectures": [_architecture(each) for each in candidates.architectures],
        "weights": [_weights(each) for each in candidates.weights],
        "rows": _rows(candidates),
        "notes": list(candidates.notes),
        "asked": question(asked),
        "words": _unchanging_words(asked),
    }


def _metrics() -> Json:
    """Every metric by its key, in the order in which limits are listed."""
    return {
        key: {
            "name": metric.name,
            "title": metric.title,
            "heading": metric.heading,
            "unit": metric.unit,
            "written": metric.unit if "" not in metric.dimension.units else "",
            "more_is_better": metric.more_is_better,
            "parts": _provenance(key, at_rate=True),
            "rests": _provenance(key, at_rate=True) != _provenance(key, at_rate=False),
        }
        for key, metric in EVERY.items()
    }


def _provenance(key: str, *, at_rate: bool) -> list[str]:
    names = inputs_of(key, at_rate=at_rate)
    return [name for name in names if INPUTS[name].uncertain]


def _limit(name: str) -> Json:
    """A limit that has a control of its own, and between which ends it can be asked."""
    metric = BY_NAME[name]
    least, most = metric.dimension.range
    return {
        "name": name,
        "metric": metric.key,
        "sense": natural_sense(metric),
        "least": LEAST_PERCENT if metric.dimension is PERCENT else least,
        "most": most,
    }


def _board(choice: Choice, place: int) -> Json:
    candidates = choice.candidates
    board: Board = candidates.boards[place]
    rows = candidates.row_board == place
    return {
        "name": board.name,
        "title": board.title,
        "idle_power_w": _estimate(board.idle_power_w),
        "cost": board.cost,
        "scopes": {name: getattr(board, f"{name}_scope") for name in SCOPED},
        "knows": [
            name
            for name, key in SCOPED.items()
            if not np.isnan(getattr(candidates.measurements, key).values.value[rows]).all()
        ],
        "own_batches": list(choice.own_batches[place]),
        "misfits": list(choice.misfits[place]),
    }


def _architecture(architecture: Architecture) -> Json:
    return {
        "name": architecture.name,
        "family": architecture.family,
        "colour": colour(architecture.name, architecture.family),
        "shape": shape(architecture.family),
        "cost": {kind: _cost(architecture.cost(kind)) for kind in ("reported", "counted")},
    }


def _cost(cost: Cost | None) -> Json:
    return {
        "params": _estimate(cost.params if cost else None),
        "operations": _estimate(cost.operations if cost else None),
    }


def _weights(weights: Weights) -> Json:
    return {"name": weights.name, "top1_percent": _estimate(weights.top1_percent)}


def _estimate(estimate: Estimate | None) -> list[float | str | None] | None:
    if estimate is None:
        return None
    return [estimate.value, estimate.low, estimate.high, estimate.origin, estimate.source]


def _rows(candidates: Candidates) -> Json:
    """A column each of what tells candidates apart and of what was measured."""
    table, rows = candidates.measurements, candidates.rows
    return {
        "board": candidates.board_index.tolist(),
        "architecture": candidates.architecture_index.tolist(),
        "weights": candidates.weights_index.tolist(),
        "batch": candidates.batch.tolist(),
        **{
            name: _labels(getattr(table, name), rows)
            for name in ("runtime", "precision", "verdict")
        },
        **{name: _metered(getattr(table, name), rows) for name in METERED},
        **{name: _numbers(getattr(table, name)[rows]) for name in TAIL_COLUMNS},
    }


def _metered(metered: Metered, rows: Integers) -> Json:
    parts = dict(zip(("value", "low", "high"), metered.values, strict=True))
    return {
        **{name: _numbers(column[rows]) for name, column in parts.items()},
        "origin": _labels(metered.origin, rows),
        "source": _labels(metered.source, rows),
    }


def _labels(labels: Labels, rows: Integers) -> Json:
    return {"names": labels.names, "index": labels.index[rows].tolist()}


def _numbers(column: Floats) -> list[float | None]:
    return [None if math.isnan(number) else number for number in column.tolist()]


def question(asked: Requirements) -> Json:
    """A question as the page reads it."""
    flags = [each for each in asked.constraints if each.is_natural and BY_NAME[each.name].option]
    others = [each for each in asked.constraints if each not in flags]
    return {
        "boards": asked.boards,
        "batches": None if asked.selection.batches is None else sorted(asked.selection.batches),
        "limits": {each.name: each.limit for each in flags},
        "statistic": next((each.statistic for each in flags if each.name == "response"), "median"),
        "conditions": [_condition(each) for each in others],
        "objective": {
            "text": objective_text(asked.objective),
            "steps": [_step(each) for each in asked.objective],
        },
        "overhead_ms": asked.overhead_ms,
        "battery_j": asked.battery_j,
        "confidence": asked.confidence,
    }


def _condition(constraint: Constraint) -> Json:
    return {
        "text": str(constraint),
        "name": constraint.name,
        "metric": constraint.metric,
        "sense": constraint.sense,
        "limit": constraint.limit,
    }


def _step(step: Step) -> Json:
    return {
        "text": str(step),
        "metric": step.metric.key,
        "tolerance": step.tolerance,
        "relative": step.relative,
    }


def _unchanging_words(asked: Requirements) -> Sequence[str]:
    """The options of `advisor pick` that nothing on the page changes."""
    fixed = replace(asked.selection, batches=None)
    catalog = ["--catalog", asked.catalog] if asked.catalog else []
    return fixed.words()[2:] + catalog
