"""A few cases of each way in which `make torture` treats advisor badly."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.torture.__main__ import KINDS, torture

FEW = {
    "kills": 3,
    "command lines": 25,
    "mutated files": 40,
    "mutated networks": 10,
    "questions": 5,
    "six at once": 1,
    "surroundings": 3,
}
"""How many of each; of crashes `test_crashes.py` has some of every writer."""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it cannot fork")


@pytest.mark.parametrize("kind", FEW)
def test_nothing_is_found_in_a_few_cases(kind: str, tmp_path: Path) -> None:
    assert {*FEW, "crash points"} == {*KINDS}
    taken, found = torture(kind, tmp_path / "torture", 7, FEW[kind], 600)
    assert (taken, found) == (FEW[kind], [])
