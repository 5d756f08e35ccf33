"""Names of files that are no text, and folders and other alphabets where a file of text is expected."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.conftest import BOARD, Overlay, Run

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="names are text elsewhere")

NO_TEXT = os.fsdecode(b"b\xffd")
LATIN = "title: B\xf6ard\nsource: my-notes\n".encode("latin-1")
TABLE = "architecture,runtime,precision,batch,latency_ms\nresnet-18,eager,fp32,1,20\n"


def asks(board: str) -> tuple[tuple[str, ...], ...]:
    return (
        ("pick", "--board", board, "--fps", "3"),
        ("frontier", "--board", board),
        ("predict", "resnet-18", "--board", board),
        ("fit", board),
        ("compare", board, "jetson-tx1"),
        ("show", board),
        ("figures", "--board", board),
    )


@pytest.mark.parametrize("what", ["a folder", "another alphabet", "a folder of rows"])
def test_a_board_that_is_no_text_gets_one_message(what: str, overlay: Overlay, run: Run) -> None:
    board = overlay.folder / "boards" / "small"
    file = board / ("measurements.csv" if what == "a folder of rows" else "board.yaml")
    file.unlink()
    if what == "another alphabet":
        file.write_bytes(LATIN)
    else:
        file.mkdir()
    for command in asks("small"):
        ran = run(*command, "--catalog", overlay.folder)
        assert ran.code == 2, (command, ran)
        said = "UTF-8 text" if what == "another alphabet" else "found a folder"
        if command[0] != "show":
            assert said in ran.err and file.name in ran.err, (command, ran)
        assert "fault of advisor" not in ran.err
    assert run("catalog", "check", "--catalog", overlay.folder).code == 1
    assert run("pick", "--fps", "3", "--catalog", overlay.folder).code == 0


def test_a_board_whose_folder_is_no_text(
    overlay: Overlay, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # where pictures are written
    shutil.copytree(overlay.folder / "boards" / "small", overlay.folder / "boards" / NO_TEXT)
    for command in asks(NO_TEXT):
        ran = run(*command, "--catalog", overlay.folder)
        assert ran.code in (0, 1, 2) and "fault of advisor" not in ran.err, (command, ran)
    checked = run("catalog", "check", "--catalog", overlay.folder)
    assert checked.code == 1 and "a board of this name" in checked.out
    page = tmp_path / "page.html"
    asked = ("explore", "--board", f"small,{NO_TEXT}", "--catalog", overlay.folder, "-o", page)
    assert run(*asked).code in (0, 2)


@pytest.mark.parametrize(
    "command",
    [
        ("predict", "{}.onnx"),
        ("predict", "{}.pt2"),
        ("pick", "{}.yaml"),
        ("import", "csv", "{}.csv", "--board", "lab"),
        ("boards", "{}"),
        ("show", "{}"),
        ("pick", "--board", "{}", "--fps", "1"),
        ("pick", "--fps", "1", "--catalog", "{}"),
    ],
)
def test_a_name_that_is_no_text_gets_one_message(command: tuple[str, ...], run: Run) -> None:
    ran = run(*(each.format(NO_TEXT) for each in command))
    assert ran.code in (1, 2) and "fault of advisor" not in ran.err, ran


def test_a_table_whose_name_is_no_text_is_imported(tmp_path: Path, run: Run) -> None:
    table, own = tmp_path / f"{NO_TEXT}.csv", tmp_path / "own"
    table.write_text(TABLE)
    assert run("import", "csv", table, "--board", "lab", "--catalog", own).code == 0
    assert run("catalog", "check", "--catalog", own).code == 0


@pytest.mark.parametrize("content", [None, b"\xff\xfe\xff", LATIN])
def test_sources_that_are_no_text_are_named_when_importing(
    content: bytes | None, tmp_path: Path, run: Run
) -> None:
    table, own = tmp_path / "table.csv", tmp_path / "own"
    table.write_text(TABLE)
    own.mkdir()
    if content is None:
        (own / "sources.yaml").mkdir()
    else:
        (own / "sources.yaml").write_bytes(content)
    ran = run("import", "csv", table, "--board", "lab", "--catalog", own)
    assert ran.code == 2 and "sources.yaml" in ran.err and "fault of advisor" not in ran.err
    assert not (own / "boards").exists()


def test_the_check_knows_every_set_of_weights_that_a_pick_knows(overlay: Overlay, run: Run) -> None:
    for weights in ("IMAGENET1K_V1", "paper", "tv_in1k"):
        overlay.write("boards/small/board.yaml", BOARD.replace("paper", weights))
        picked = run("pick", "--board", "small", "--fps", "3", "--catalog", overlay.folder)
        checked = run("catalog", "check", "--catalog", overlay.folder)
        assert ("unknown weights" in picked.err) == (checked.code == 1), (weights, picked, checked)
