"""A few hundred questions are answered as they were before the code was rearranged.

Picks, their order, exit codes and measured figures are the same; chances within 0.01, the ends of
intervals within 0.1 %; relaxed limits, at which a chance reaches the
confidence, within 2 %. See `tests.golden.questions`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.golden.questions import ANSWERS, answer, make_catalog, questions

CHANCE, INTERVAL, RELAXED = 0.01, 1e-3, 0.02

PARTS = 6
"""The questions are asked in so many tests, so that they run side by side."""


def differences(now: Any, then: Any, path: str = "") -> Iterator[str]:
    """Where two answers differ by more than they may."""
    if isinstance(then, dict) and isinstance(now, dict) and now.keys() == then.keys():
        for key in then:
            yield from differences(now[key], then[key], f"{path}.{key}")
    elif isinstance(then, list) and isinstance(now, list) and len(now) == len(then):
        for place, (one, other) in enumerate(zip(now, then, strict=True)):
            yield from differences(one, other, f"{path}[{place}]")
    elif isinstance(then, float) and isinstance(now, int | float):
        if not _alike(now, then, path):
            yield f"{path}: {then} became {now}"
    elif now != then:
        yield f"{path}: {then} became {now}"


def _alike(now: float, then: float, path: str) -> bool:
    if path.endswith(".chance"):
        return abs(now - then) <= CHANCE
    ends = ".metrics." in path and path.endswith(("[1]", "[2]"))
    tolerance = RELAXED if ".to." in path else INTERVAL if ends else 1e-6
    return math.isclose(now, then, rel_tol=tolerance)


def test_the_questions_are_those_that_were_answered() -> None:
    kept = [json.loads(line)["question"] for line in ANSWERS.read_text().splitlines()]
    assert kept == json.loads(json.dumps(questions()))


@pytest.mark.parametrize("part", range(PARTS))
def test_every_question_is_answered_as_it_was(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: int
) -> None:
    monkeypatch.chdir(Path(__file__).parent.parent)
    catalog = make_catalog(tmp_path)
    found = []
    for line in ANSWERS.read_text().splitlines()[part::PARTS]:
        kept = json.loads(line)
        now = json.loads(
            json.dumps(answer(kept["question"], catalog, lambda words: run(*words).code))
        )
        found += [f"{kept['question']}{each}" for each in differences(now, kept["answer"])]
    assert not found, "\n".join(found[:40])
