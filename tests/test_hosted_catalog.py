"""A catalog that is hosted as files: indexed, fetched once, held against its digests, and only read."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import fsspec
import pytest

import advisor
from advisor.catalog.hosted import _read, write_index
from advisor.errors import AdvisorError
from tests.conftest import Run

BOARD = "boards/mine/board.yaml"


class Hosted:
    """A folder that is served."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.asked = folder, list[str]()
        self.fails_with = 0
        hosted = self

        class Handler(SimpleHTTPRequestHandler):
            def do_GET(self) -> None:
                hosted.asked.append(self.path)
                if hosted.fails_with:
                    self.send_error(hosted.fails_with)
                else:
                    super().do_GET()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        handler = partial(Handler, directory=str(folder))
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def index(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads((self.folder / "index.json").read_text())
        return read

    def write(self, index: object) -> None:
        (self.folder / "index.json").write_text(json.dumps(index))


@pytest.fixture
def hosted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hosted]:
    """A catalog of one board, the shipped TX1 under another name."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    shipped = Path(__file__).resolve().parent.parent / "catalog"
    folder = tmp_path / "hosted"
    for name in ("catalog.yaml", "sources.yaml"):
        if (shipped / name).exists():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes((shipped / name).read_bytes())
    (folder / "boards/mine").mkdir(parents=True)
    for name in ("board.yaml", "measurements.csv"):
        content = (shipped / "boards/jetson-tx1" / name).read_bytes()
        (folder / "boards/mine" / name).write_bytes(content)
    write_index(folder)
    made = Hosted(folder)
    serving = threading.Thread(target=made.server.serve_forever)
    serving.start()
    yield made
    made.server.shutdown()
    serving.join()
    made.server.server_close()


def test_a_hosted_catalog_answers_as_its_folder_does(hosted: Hosted) -> None:
    near, far = (
        advisor.pick(board="mine", fps=20, energy="0.6 J", catalog=catalog)
        for catalog in (hosted.folder, hosted.url)
    )
    assert far.best == near.best
    assert far.alternatives == near.alternatives
    assert far.boards[0].layer == hosted.url


def test_the_question_names_it_by_where_it_is(run: Run, hosted: Hosted) -> None:
    ran = run("pick", "--board", "mine", "--fps", "20", "--catalog", hosted.url, "--json")
    query = json.loads(ran.out)["query"]
    assert query["catalog"] == hosted.url
    assert f"--catalog {hosted.url}" in query["command"]


def test_what_was_fetched_is_not_fetched_again(hosted: Hosted) -> None:
    advisor.boards(catalog=hosted.url)
    files = ["index.json", *hosted.index()["files"]]
    assert sorted(hosted.asked) == sorted(f"/{each}" for each in files)
    hosted.asked.clear()
    advisor.boards(catalog=hosted.url)
    assert hosted.asked == ["/index.json"]


def test_of_a_new_state_only_what_changed_is_fetched(hosted: Hosted) -> None:
    advisor.boards(catalog=hosted.url)
    board = hosted.folder / BOARD
    board.write_text(board.read_text().replace("title: ", "title: Hosted "))
    write_index(hosted.folder)
    hosted.asked.clear()
    (shown,) = advisor.show_boards("mine", catalog=hosted.url).boards
    assert shown.board.title.startswith("Hosted ")
    assert sorted(hosted.asked) == [f"/{BOARD}", "/index.json"]


def test_a_file_that_is_not_what_the_index_says_is_refused(run: Run, hosted: Hosted) -> None:
    board = hosted.folder / BOARD
    board.write_text(board.read_text() + "# changed\n")
    ran = run("boards", "--catalog", hosted.url)
    assert (ran.code, ran.out) == (2, "")
    assert "is not what its index says" in ran.err


@pytest.mark.parametrize(
    "path",
    ["../outside.yaml", "/etc/outside.yaml", "boards/.hidden/a.yaml", "a\\b.yaml", "run.py", ""],
)
def test_an_index_names_files_of_its_own_folder_alone(run: Run, hosted: Hosted, path: str) -> None:
    index = hosted.index()
    index["files"][path] = index["files"][BOARD]
    hosted.write(index)
    ran = run("boards", "--catalog", hosted.url)
    assert ran.code == 2
    assert "which is none" in ran.err


@pytest.mark.parametrize("index", [[], {}, {"format": 1}, {"format": 1, "files": {"a.csv": 3}}, 7])
def test_what_is_no_index_is_refused(run: Run, hosted: Hosted, index: object) -> None:
    hosted.write(index)
    ran = run("boards", "--catalog", hosted.url)
    assert ran.code == 2
    assert "is no index of a catalog" in ran.err


def test_an_index_of_a_later_format_is_refused(run: Run, hosted: Hosted) -> None:
    hosted.write({**hosted.index(), "format": 2})
    ran = run("boards", "--catalog", hosted.url)
    assert ran.code == 2
    assert "is of format '2', and 1 is read here" in ran.err


def test_nothing_is_written_into_it(run: Run, hosted: Hosted, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("architecture,batch,latency_ms\nresnet-18,1,25\n")
    ran = run("import", "csv", table, "--board", "other", "--catalog", hosted.url)
    assert ran.code == 2
    assert "is hosted, and only read" in ran.err


@pytest.mark.parametrize(
    ("url", "said"),
    [("http://127.0.0.1:9/catalog", "cannot be read"), ("nowhere://catalog", "Protocol not known")],
)
def test_a_host_that_is_not_there_is_one_message(run: Run, url: str, said: str) -> None:
    ran = run("pick", "--catalog", url)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


@pytest.mark.parametrize("status", [401, 403, 500, 503])
def test_a_host_that_refuses_is_one_message(run: Run, hosted: Hosted, status: int) -> None:
    hosted.fails_with = status
    ran = run("pick", "--catalog", hosted.url)
    assert (ran.code, ran.out) == (2, "")
    assert "cannot be read" in ran.err
    assert str(status) in ran.err


def test_no_more_is_read_of_a_file_than_the_index_says(hosted: Hosted) -> None:
    board = hosted.folder / BOARD
    board.write_bytes(board.read_bytes() + b"#" * 10_000_000)
    with pytest.raises(AdvisorError, match="is not what its index says"):
        advisor.boards(catalog=hosted.url)
    read = [read_some(hosted, 100), read_some(hosted, 10)]
    assert [len(each) for each in read] == [101, 11]


def read_some(hosted: Hosted, size: int) -> bytes:
    system, _, (path,) = fsspec.get_fs_token_paths([f"{hosted.url}/{BOARD}"], expand=False)
    return _read(system, path, size)


def test_states_that_nobody_opens_any_more_are_removed(hosted: Hosted, tmp_path: Path) -> None:
    advisor.boards(catalog=hosted.url)
    cache = tmp_path / "cache/dnn-advisor/hosted"
    (old,) = (each for each in cache.iterdir() if each.name != "files")
    board = hosted.folder / BOARD
    board.write_text(board.read_text() + "# changed\n")
    write_index(hosted.folder)
    for path in (old, *(cache / "files").iterdir()):
        os.utime(path, (0, 0))
    advisor.boards(catalog=hosted.url)
    states = [each for each in cache.iterdir() if each.name != "files"]
    assert old not in states
    assert len(states) == 1
    kept = {each.name for each in (cache / "files").iterdir()}
    assert kept == {each["sha256"] for each in hosted.index()["files"].values()}


def test_a_catalog_without_an_index_says_how_to_make_one(run: Run, hosted: Hosted) -> None:
    (hosted.folder / "index.json").unlink()
    ran = run("pick", "--catalog", hosted.url)
    assert ran.code == 2
    assert "`advisor catalog index DIR` writes it" in ran.err


def test_the_command_writes_the_index(run: Run, hosted: Hosted) -> None:
    before = hosted.index()
    (hosted.folder / "index.json").unlink()
    (hosted.folder / "notes.py").write_text("")
    ran = run("catalog", "index", hosted.folder)
    assert (ran.code, ran.out) == (
        0,
        f"{hosted.folder / 'index.json'}: {len(before['files'])} files\n",
    )
    assert hosted.index() == before
