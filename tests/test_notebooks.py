"""What the notebooks keep: their outputs, and nothing of the machine that made them.

That they run is tested by nbmake (see the Makefile).
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

NOTEBOOKS = sorted((Path(__file__).resolve().parent.parent / "notebooks").glob("*.ipynb"))
MACHINE = re.compile(r"(?<![\w.])/(?:home|root|tmp|usr|work|Users|opt|mnt)/\S+|[A-Z]:\\\\")


def read(path: Path) -> dict[str, Any]:
    notebook: dict[str, Any] = json.loads(path.read_text())
    return notebook


def test_there_are_six() -> None:
    assert [path.stem for path in NOTEBOOKS] == [
        "01-the-paper",
        "02-a-new-board",
        "03-choosing",
        "04-from-other-boards",
        "05-the-paper-today",
        "06-int8",
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_outputs_are_kept_and_no_errors_among_them(path: Path) -> None:
    cells = [each for each in read(path)["cells"] if each["cell_type"] == "code"]
    assert [each["execution_count"] for each in cells] == list(range(1, len(cells) + 1))
    outputs = [output for each in cells for output in each["outputs"]]
    assert len(outputs) >= 5
    assert all(each["output_type"] != "error" for each in outputs)
    assert not any(each.get("name") == "stderr" for each in outputs)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_nothing_of_a_machine_is_in_them(path: Path) -> None:
    text = path.read_text()
    assert MACHINE.findall(re.sub(r'"image/png": "[^"]*"', "", text)) == []
    notebook = read(path)
    assert set(notebook["metadata"]) == {"kernelspec", "language_info"}
    assert all(each["metadata"] == {} for each in notebook["cells"])
    assert len(text) < 1_000_000


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_text_stands_between_the_cells(path: Path) -> None:
    kinds = [each["cell_type"] for each in read(path)["cells"]]
    assert kinds[0] == "markdown"
    assert kinds.count("markdown") * 2 >= kinds.count("code")
