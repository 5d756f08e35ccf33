"""The paper's findings on a board: for people, and as one JSON document."""

from __future__ import annotations

import json
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from advisor.prediction.findings import HOLDS, IN_PART, NOT, UNTOLD, Finding
from advisor.prediction.measured_rows import MeasuredRows
from advisor.prediction.statements import AGREES, DISAGREES, PARTLY, Statement

SCHEMA = "advisor.findings/1"
STYLES = {
    HOLDS: "green", IN_PART: "yellow", NOT: "red", UNTOLD: "dim",
    AGREES: "green", PARTLY: "yellow", DISAGREES: "red",
}  # fmt: skip


def findings_text(
    evidence: MeasuredRows, findings: Sequence[Finding], statements: Sequence[Statement]
) -> RenderableType:
    """Each finding with its verdict and what it rests on, then the paper's figures beside the board's."""
    board = evidence.board
    parts: list[RenderableType] = [
        Text(
            f"The paper's findings on {board.name} ({board.title}, {' '.join(evidence.variant)})",
            style="bold",
        )
    ]
    for each in findings:
        verdict = Text(each.verdict, style=STYLES[each.verdict])
        parts += [
            "",
            Text(f"{each.number}. {each.title}: ") + verdict,
            Padding(Text(f"{each.said}."), (0, 0, 0, 3)),
        ]
    if statements:
        parts += ["", Text("What the paper states, and what these rows give", style="bold")]
    for statement in statements:
        verdict = Text(statement.verdict, style=STYLES[statement.verdict])
        parts += [
            Text(f"{statement.paper}: ") + verdict,
            Padding(Text(statement.found), (0, 0, 0, 3)),
        ]
    return Group(*parts)


def findings_json(
    evidence: MeasuredRows, findings: Sequence[Finding], statements: Sequence[Statement]
) -> str:
    """The same as one JSON document; units stand in the names of the numbers."""
    runtime, precision = evidence.variant
    document = {
        "schema": SCHEMA,
        "board": evidence.board.name,
        "runtime": runtime,
        "precision": precision,
        "findings": [
            {
                "number": each.number,
                "title": each.title,
                "verdict": each.verdict,
                "said": each.said,
                "numbers": dict(each.numbers),
            }
            for each in findings
        ],
        "statements": [
            {"paper": each.paper, "found": each.found, "verdict": each.verdict}
            for each in statements
        ],
    }
    return json.dumps(document, indent=2, allow_nan=False) + "\n"
