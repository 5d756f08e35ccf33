"""The frontier for programs: one JSON document, or CSV."""

from __future__ import annotations

import shlex

from advisor.report.pick_documents import (
    candidate_document,
    candidates_csv,
    document_text,
    query_document,
)
from advisor.solve.question.metrics import METRICS
from advisor.solve.recommend.frontier import Frontier

SCHEMA = "advisor.frontier/1"
"""Name and version of the document's shape; `frontier.schema.json` beside this file describes it."""


def frontier_json(frontier: Frontier) -> str:
    """The frontier as one JSON document."""
    query = query_document(frontier.requirements)
    return document_text(
        {
            "schema": SCHEMA,
            "query": {**query, "command": frontier_command(frontier)},
            "axes": [METRICS[key].name for key in frontier.axes],
            "status": "ok" if frontier.points else "infeasible",
            "points": [candidate_document(each) for each in frontier.points],
            "considered": frontier.considered,
            "fitting": frontier.fitting,
            "unknown": frontier.unknown,
            "notes": list(frontier.notes),
        }
    )


def frontier_csv(frontier: Frontier) -> str:
    """The frontier as CSV, ordered by x, best first; only the header where it is empty."""
    return candidates_csv(frontier.points)


def frontier_command(frontier: Frontier) -> str:
    """The command line that asks the same again, defaults spelt out."""
    axes = [
        word
        for side, key in zip("xyz", frontier.axes, strict=False)
        for word in (f"--{side}", METRICS[key].name)
    ]
    return shlex.join(["advisor", "frontier", *axes, *frontier.requirements.words()])
