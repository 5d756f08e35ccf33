"""The README shows what really happens."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.conftest import Run

README = Path(__file__).resolve().parent.parent / "README.md"
EXAMPLES = re.findall(r"```console\n\$ advisor ([^\n]+)\n(.*?)```", README.read_text(), re.DOTALL)


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 2


@pytest.mark.parametrize(("command", "output"), EXAMPLES, ids=[each[0] for each in EXAMPLES])
def test_an_example_prints_what_the_readme_shows(run: Run, command: str, output: str) -> None:
    assert run(*shlex.split(command)).out == output
