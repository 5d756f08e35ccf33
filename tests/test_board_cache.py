"""The cache of boards' descriptions: what it gives is what their files say, whatever happens to either."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from advisor.catalog import board_cache, kept_files
from advisor.catalog.board_cache import boards_of
from advisor.catalog.entries import read_board
from advisor.catalog.records import Board
from advisor.errors import BrokenFileError
from advisor.folders import WRITING
from tests.conftest import SHIPPED
from tests.test_column_cache import kept

SOURCES = {"my-notes"}
DESCRIPTION = """title: My board
weights: paper
source: my-notes
memory: {value: 4 GB, shared: yes}
idle_power: {value: 1.5 W, error: 100 mW, source: my-notes}
between_runs: {within: 3 %, days: 2}
details: {kernel: 5.10, "a colon": "x: y"}
"""


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    """As many boards as are kept, and one more."""
    made = [tmp_path / "boards" / f"b{number}" for number in range(board_cache.FEW + 1)]
    for folder in made:
        folder.mkdir(parents=True)
        (folder / "board.yaml").write_text(DESCRIPTION)
    return made


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files count as old from the beginning."""
    monkeypatch.setattr(kept_files, "SETTLED_NS", 0)


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From when it is called on, no description may be read."""

    def refused(*_: object) -> None:
        raise AssertionError("a description was read")

    return lambda: monkeypatch.setattr(board_cache, "read_board", refused)


def read(folders: list[Path]) -> list[Board]:
    return [read_board(each, "own", None) for each in folders]


@pytest.mark.usefixtures("settled")
def test_descriptions_are_kept_as_they_are_read(
    folders: list[Path], unread: Callable[[], None]
) -> None:
    shipped = sorted(SHIPPED.glob("boards/*"))
    expected = read(shipped), read(folders)
    assert [boards_of(each, "own", None) for each in (shipped, folders)] == [*expected]
    unread()
    assert [boards_of(each, "own", None) for each in (shipped, folders)] == [*expected]
    assert len(kept()) == 2


@pytest.mark.usefixtures("settled")
def test_an_edit_counts_at_once_even_of_the_same_size_and_time(folders: list[Path]) -> None:
    boards_of(folders, "own", SOURCES)
    path = folders[3] / "board.yaml"
    before = path.stat()
    path.write_text(DESCRIPTION.replace("My board", "My other"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    titles = [each.title for each in boards_of(folders, "own", SOURCES)]
    assert titles == ["My other" if each == folders[3] else "My board" for each in folders]


def test_an_edit_right_after_reading_counts(folders: list[Path]) -> None:
    for number in range(10, 20):
        (folders[0] / "board.yaml").write_text(DESCRIPTION.replace("My board", f"board {number}"))
        assert boards_of(folders, "own", SOURCES)[0].title == f"board {number}"


@pytest.mark.usefixtures("settled")
def test_what_is_broken_in_the_cache_is_made_again(folders: list[Path]) -> None:
    expected = boards_of(folders, "own", SOURCES)
    (file,) = kept()
    whole, before = file.read_bytes(), described(file)
    for broken in (
        whole[:40],
        whole[:-1],
        b"",
        b"\0" * len(whole),
        whole.replace(b"My board", b"My bored"),
    ):
        file.write_bytes(broken)
        assert boards_of(folders, "own", SOURCES) == expected
        assert described(file) == before
    assert kept() == [file]


def described(file: Path) -> list[object]:
    """What a kept file has of the boards, beside the times at which they were written and read."""
    boards = json.loads(file.read_bytes().partition(b"\n")[2])
    return [each[1] for each in boards.values()]


@pytest.mark.usefixtures("settled")
def test_a_source_that_is_no_longer_known_is_a_fault_with_its_line(folders: list[Path]) -> None:
    boards_of(folders, "own", SOURCES)
    with pytest.raises(BrokenFileError, match=r"line 3, column 9: found 'my-notes'"):
        boards_of(folders, "own", {"others"})


@pytest.mark.usefixtures("settled")
def test_a_description_with_faults_is_not_kept_and_one_that_is_gone_is_a_fault(
    folders: list[Path],
) -> None:
    path = folders[0] / "board.yaml"
    path.write_text(DESCRIPTION + "colour: green\n")
    for _ in range(2):
        with pytest.raises(BrokenFileError, match="the key 'colour'"):
            boards_of(folders, "own", SOURCES)
    assert kept() == []
    path.write_text(DESCRIPTION)
    boards_of(folders, "own", SOURCES)
    path.unlink()
    with pytest.raises(BrokenFileError, match="no such file"):
        boards_of(folders, "own", SOURCES)


@pytest.mark.usefixtures("settled")
def test_what_a_killed_writer_left_is_swept_by_the_next(folders: list[Path]) -> None:
    boards_of(folders, "own", SOURCES)
    (file,) = kept()
    left, begun = (file.with_name(f"{WRITING}{name}") for name in ("left", "begun"))
    for each in (left, begun):
        each.write_bytes(b"half")
    os.utime(left, (0, 0))
    (folders[0] / "board.yaml").write_text(DESCRIPTION.replace("My board", "Another"))
    boards_of(folders, "own", SOURCES)
    assert kept() == sorted([begun, file])
