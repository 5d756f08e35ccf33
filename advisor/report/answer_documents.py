"""Answers for programs: one JSON document each, its JSON Schema, and CSV."""

from __future__ import annotations

import csv
import io
import shlex
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from advisor.documents import document, document_text
from advisor.metrics import METRICS
from advisor.solve.candidates.candidate import ROW_COLUMNS, Candidate

if TYPE_CHECKING:
    from advisor.catalog.listing import Boards, KnownBoards
    from advisor.prediction.transfer.suggestions import Suggestions
    from advisor.report.comparison import Comparison
    from advisor.solve.forecast import Predictions
    from advisor.solve.plan.plan_answer import Plan
    from advisor.solve.recommend.frontier import Frontier
    from advisor.solve.recommend.recommendation import Recommendation
    from advisor.solve.verify.verification import Verification

PICK, FRONTIER, PLAN = "advisor.pick/2", "advisor.frontier/2", "advisor.plan/2"
PREDICT, SUGGEST, COMPARE = "advisor.predict/1", "advisor.suggest/1", "advisor.compare/1"
BOARDS, SHOW_BOARDS = "advisor.boards/1", "advisor.show-boards/1"
"""Names and versions of the documents' shapes."""


def pick_json(recommendation: Recommendation, verified: Verification | None = None) -> str:
    """The recommendation as one JSON document, with how it was verified where it was."""
    query = document(recommendation.requirements)
    content = _content(PICK, query, recommendation)
    if verified is not None:
        query["command"] += " " + shlex.join(verified.options)
        content["verification"] = document(verified)
    return document_text(content)


def frontier_json(frontier: Frontier) -> str:
    """The frontier as one JSON document."""
    query = {**document(frontier.requirements), "command": frontier_command(frontier)}
    return document_text(_content(FRONTIER, query, frontier))


def plan_json(plan: Plan) -> str:
    """The plan as one JSON document."""
    return document_text(_content(PLAN, document(plan.request), plan))


def answer_json(
    schema: str, answer: Predictions | Suggestions | Comparison | Boards | KnownBoards
) -> str:
    """An answer that is its own document, under the name and version of its shape."""
    return document_text({"schema": schema, **document(answer)})


def _content(
    schema: str, query: dict[str, Any], answer: Recommendation | Frontier | Plan
) -> dict[str, Any]:
    return {"schema": schema, "query": query, "status": answer.status, **document(answer)}


def frontier_command(frontier: Frontier) -> str:
    """The command line that asks the same again, defaults spelt out."""
    axes = [
        word
        for side, key in zip("xyz", frontier.axes, strict=False)
        for word in (f"--{side}", METRICS[key].name)
    ]
    return shlex.join(["advisor", "frontier", *axes, *frontier.requirements.words()])


def candidates_csv(candidates: Iterable[Candidate]) -> str:
    """Candidates as CSV, a row each, in their order; without any, only the header."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, ROW_COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(each.row() for each in candidates)
    return stream.getvalue()
