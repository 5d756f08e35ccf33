"""What holds on a board of the paper's findings and stated numbers: asked, as text, as JSON."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from advisor.arguments import checked
from advisor.catalog.run_as import Variant
from advisor.catalog.store import Catalog
from advisor.documents import document, document_text
from advisor.options import default_board
from advisor.paper.evidence import Evidence
from advisor.paper.four_findings import HOLDS, NOT, UNDECIDED, Finding, four_findings
from advisor.paper.statements import AGREES, DISAGREES, PARTLY, Statement, statements
from advisor.stages import stage

SCHEMA = "advisor.findings/2"
"""Name and version of the document's shape."""

STYLES: Mapping[str, str] = {
    HOLDS: "green", NOT: "red", UNDECIDED: "yellow",
    AGREES: "green", PARTLY: "yellow", DISAGREES: "red",
}  # fmt: skip


@dataclass(frozen=True)
class Findings:
    """What holds on a board of the paper's findings and stated numbers.

    Attributes:
        board: the board's name.
        title: what the board is.
        runtime: what ran the rows that are tested, the most that the board has.
        precision: at what precision.
        processor: on which processor; "" for the board's own, which nobody names.
        threads: by how many threads; 0 where unknown.
        time: what stands for time per image.
        findings: the paper's four, in its order.
        statements: every number that the paper states on which the board's rows have figures.
    """

    board: str
    title: str
    runtime: str
    precision: str
    processor: str
    threads: int
    time: str
    findings: tuple[Finding, ...]
    statements: tuple[Statement, ...]


@checked
def findings(
    board: str | None = None, *, catalog: str | os.PathLike[str] | None = None
) -> Findings:
    """What holds on a board of the paper's four findings and its stated numbers.

    Args:
        board: the board; else that of `ADVISOR_BOARD`, else `jetson-tx1`.
        catalog: folder of your own catalog, which overlays the shipped one; else that of
            `ADVISOR_CATALOG`, else the user data folder.

    Raises:
        AdvisorError: there is no such board, or a file is broken.
    """
    return findings_on(Catalog.open(catalog), board)


@stage("testing the findings")
def findings_on(catalog: Catalog, board: str | None) -> Findings:
    """The same in a catalog that is open.

    Raises:
        AdvisorError: as `findings` has it.
    """
    evidence = Evidence.of(catalog, board or default_board())
    name, title = evidence.board.name, evidence.board.title
    return Findings(
        name,
        title,
        *evidence.variant,
        evidence.time_kind,
        four_findings(evidence),
        statements(evidence),
    )


def findings_text(found: Findings) -> RenderableType:
    """Each finding with its verdict and what it rests on, then the paper's numbers beside the board's."""
    run_as = Variant(found.runtime, found.precision, found.processor, found.threads)
    variant = " ".join(run_as.words)
    heading = f"The paper's findings on {found.board} ({found.title}, {variant})"
    parts: list[RenderableType] = [Text(heading, style="bold")]
    for each in found.findings:
        parts += ["", *_judged(f"{each.number}. {each.title}", each.verdict, f"{each.said}.")]
    if found.statements:
        parts += ["", Text("What the paper states, and what these rows give", style="bold")]
    for statement in found.statements:
        parts += _judged(statement.paper, statement.verdict, statement.found)
    return Group(*parts)


def _judged(what: str, verdict: str, why: str) -> list[RenderableType]:
    judged = Text(f"{what}: ") + Text(verdict, style=STYLES[verdict])
    return [judged, Padding(Text(why), (0, 0, 0, 3))]


def findings_json(found: Findings) -> str:
    """The same as one JSON document; units stand in the names of the numbers."""
    return document_text({"schema": SCHEMA, **document(found)})
