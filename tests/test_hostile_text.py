"""What a file's text may do to a terminal, a page, a picture or CSV: nothing."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from advisor.errors import printable
from advisor.report.explorer.page import data_text

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Overlay, Run

HOSTILE = "A \x1b]0;owned\x07\x1b[31mred\x9b5m \u202egpj.exe\u2066 \u200fboard"
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
COMMANDS = (
    ("boards",),
    ("boards", "--json"),
    ("show", "board", "small"),
    ("pick", "--board", "small", "--fps", "10"),
    ("pick", "--board", "small", "--fps", "10", "--json"),
    ("pick", "--board", "small", "--fps", "10", "--csv"),
    ("predict", "resnet-18", "--board", "small"),
    ("compare", "small", "jetson-tx1"),
    ("catalog", "check"),
)


def test_only_line_feeds_and_tabulators_are_kept_of_what_is_not_seen() -> None:
    assert printable("a\tb\nc\r\x1b\x00\x85\u202e\u2069d é 漢 🙂") == "a\tb\ncd é 漢 🙂"


def test_no_command_prints_what_moves_a_cursor_or_turns_letters(overlay: Overlay, run: Run) -> None:
    board = f"title: {json.dumps(HOSTILE)}\nweights: paper\nsource: my-notes\n"
    overlay.write("boards/small/board.yaml", board)
    overlay.write("boards/ba\x1b[31md\u202e/board.yaml", board)
    overlay.write("boards/broken/board.yaml", board + "nothing: here\n")
    for command in COMMANDS:
        ran = run(*command, "--catalog", overlay.folder)
        assert ran.out + ran.err, command
        assert not UNSEEN.search(ran.out + ran.err), (command, ran)
        assert ran.code in (0, 1, 2), (command, ran)


def test_a_page_and_a_picture_hold_none_of_it(overlay: Overlay, run: Run, tmp_path: Path) -> None:
    overlay.write("boards/small/board.yaml", f"title: {json.dumps(HOSTILE)}\nsource: my-notes\n")
    page = tmp_path / "page.html"
    assert run("explore", "--board", "small", "--catalog", overlay.folder, "-o", page).code == 0
    pytest.importorskip("altair")
    pictures = ("figures", "--board", "small", "--format", "svg", "-o", tmp_path / "drawn")
    run(*pictures, "--only", "2", "--catalog", overlay.folder)
    for path in (page, *tmp_path.glob("drawn/*")):
        assert not UNSEEN.search(path.read_text(encoding="utf-8")), path


@pytest.mark.parametrize("name", ["\x1b\\u001b", "\\\x07", "\\\\\b\f\r", '"\u202e</script>'])
def test_a_page_keeps_all_other_characters_of_a_name(name: str) -> None:
    text = data_text({"name": name, "lines": "a\nb\tc"})
    assert json.loads(text) == {"name": printable(name), "lines": "a\nb\tc"}
