"""How a pick was verified, for programs."""

from __future__ import annotations

import shlex
from typing import Any

from advisor.report.pick_documents import candidate_document
from advisor.solve.candidates.candidate import IDENTITY_FIELDS, Candidate
from advisor.solve.question.requirements import Requirements
from advisor.solve.verify.verification import Check, Verification


def asked_again(asked: Requirements, verified: Verification) -> str:
    """The command line that asks and verifies the same again."""
    words = ["--verify", str(verified.most)]
    words += ["--simulate", verified.simulated] if verified.simulated is not None else []
    words += ["--device", verified.device] if verified.device is not None else []
    return f"{asked.command()} {shlex.join(words)}"


def verification_document(verified: Verification) -> dict[str, Any]:
    """Every measurement, and how certain the pick is after them."""
    likeliest = verified.likeliest
    return {
        "most": verified.most,
        "risk": verified.risk,
        "simulated": verified.simulated,
        "steps": [_step(each) for each in verified.checks],
        "ended": "settled" if verified.settled else "spent",
        "pick_is_measured": verified.pick_is_measured,
        "likeliest_better": _named(likeliest) if likeliest else None,
        "chance_better": verified.chance,
        "expected_better": verified.expected,
    }


def _step(check: Check) -> dict[str, Any]:
    return {
        "predicted": candidate_document(check.predicted),
        "found": candidate_document(check.found) if check.found else None,
        "holds": check.holds,
        "reason": check.reason,
        "pick": _named(check.pick) if check.pick else None,
    }


def _named(candidate: Candidate) -> dict[str, Any]:
    return {name: getattr(candidate, name) for name in IDENTITY_FIELDS}
