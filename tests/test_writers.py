"""Several who write into one catalog: nothing is lost or ever half there, and who waits knows why."""

from __future__ import annotations

import csv
import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from advisor import import_table
from advisor.catalog import column_cache, store
from advisor.catalog.catalog_format import write_format
from advisor.catalog.entries import read_sources
from advisor.catalog.files import remove, write_whole
from advisor.catalog.importers import board_files
from advisor.catalog.locks import PATIENCE_S, locked
from advisor.catalog.store import Catalog
from advisor.catalog.writers import LOCK, made_aside, writing
from advisor.errors import AdvisorError
from advisor.prediction import fit_store
from tests.conftest import ROWS, Overlay, Run
from tests.crashes import tree

NETWORKS = ("alexnet", "resnet-18", "resnet-34", "resnet-50", "vgg-16", "inception-v3")
TABLE = "architecture,runtime,precision,batch,latency_ms\nresnet-18,eager,fp32,1,{}\n"


def table(folder: Path, latency_ms: float = 20) -> Path:
    path = folder / f"took-{latency_ms}.csv"
    path.write_text(TABLE.format(latency_ms))
    return path


def latency_ms(own: Path, board: str) -> float:
    """What the only row of a board says."""
    catalog = Catalog.open(own)
    rows = catalog.measurements(catalog.board(board))
    found = rows.latency_ms.estimate(0)
    assert len(rows) == 1 and found
    return found.value


def visible(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


@contextmanager
def another(lock: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds a lock until it is killed."""
    script = (
        "import sys, time\nfrom pathlib import Path\nfrom advisor.catalog.locks import locked\n"
        "with locked(Path(sys.argv[1]), 'busy', ''):\n    print('locked', flush=True)\n    time.sleep(60)\n"
    )
    command = [sys.executable, "-c", script, str(lock)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stdout.readline() == "locked\n"
        try:
            yield process
        finally:
            process.kill()


class Clock:
    """A time that passes only while someone waits."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


def test_imports_at_once_lose_nothing(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom pathlib import Path\nfrom advisor import import_table\n"
        "folder, who, go = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])\n"
        "import advisor.catalog.importers.imported\n"
        "print('ready', flush=True)\nsys.stdin.readline()\n"
        "for each in range(4):\n"
        "    import_table('csv', go / f'took-{who}{each}.csv', f'board-{who}{each}', catalog=folder)\n"
    )
    names = [f"{who}{each}" for who in range(1, 6) for each in range(4)]
    for name in names:
        table(tmp_path, int(name))
    own = tmp_path / "own"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(own), str(who), str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for who in range(1, 6)
    ]
    for each in processes:
        assert each.stdout and each.stdout.readline() == "ready\n"
    for each in processes:
        assert each.stdin
        each.stdin.write("go\n")
        each.stdin.flush()
    for each in processes:
        each.communicate()
    assert [each.returncode for each in processes] == [0] * 5
    assert len(read_sources(own / "sources.yaml")) == len(names)
    for name in names:
        assert latency_ms(own, f"board-{name}") == int(name)
    assert not [path for path in own.rglob("*") if path.name.startswith(".")]


def test_one_at_a_time(tmp_path: Path) -> None:
    inside: list[int] = []

    def work(number: int) -> int:
        with locked(tmp_path / "new/lock", "busy", "", patience_s=30):
            inside.append(number)
            time.sleep(0.002)
            (only,) = inside
            inside.clear()
        return only

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(40))) == list(range(40))
    assert visible(tmp_path / "new") == []


def test_who_waits_learns_who_is_at_work(tmp_path: Path, run: Run) -> None:
    clock = Clock()
    with another(tmp_path / "own" / LOCK) as other:
        with (
            pytest.raises(
                AdvisorError, match=rf"\(process {other.pid} on .* \(-c .*since 20"
            ) as found,
            writing(tmp_path / "own", patience_s=7, clock=clock, sleep=clock.sleep),
        ):
            pass
        assert f"somebody else is writing into the catalog {tmp_path / 'own'}" in str(found.value)
        assert 7 <= clock.now_s < 7.2
        # Readers wait for nobody.
        assert run("boards", "--catalog", tmp_path / "own").code == 0
    import_table(
        "csv", table(tmp_path), "mine", catalog=tmp_path / "own"
    )  # it is dead, not in the way


def test_whoever_waits_gets_a_turn_while_others_come_and_go(tmp_path: Path) -> None:
    clock = Clock()
    lock = tmp_path / "lock"
    holders = iter("abcdefgh")

    def sleep(_: float) -> None:
        clock.sleep(3.0)
        if (name := next(holders, "")) and lock.exists():
            holder = f'{{"pid": 1, "host": "here", "command": "{name}", "since": "2026-01-01 00:00:00.0"}}'
            lock.write_text(holder)

    with locked(lock, "busy", ""):
        with (
            pytest.raises(AdvisorError, match=r"^busy \(process 1 on here \(h\)"),
            locked(lock, "busy", "", patience_s=5, clock=clock, sleep=sleep),
        ):
            pass
        assert clock.now_s > 24


@pytest.fixture(params=["windows", "neither"])
def without_fcntl(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A system that has no `fcntl`: Windows, or one of a single process."""
    import fcntl

    def locking(descriptor: int, mode: int, count: int) -> None:
        assert count == 1
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB if mode else fcntl.LOCK_UN)
        except BlockingIOError:
            raise PermissionError(13, "Permission denied") from None

    msvcrt = SimpleNamespace(LK_NBLCK=2, LK_UNLCK=0, locking=locking)
    monkeypatch.setitem(sys.modules, "fcntl", None)
    monkeypatch.setitem(sys.modules, "msvcrt", msvcrt if request.param == "windows" else None)
    return str(request.param)


def test_without_fcntl(without_fcntl: str, tmp_path: Path, run: Run) -> None:
    own = tmp_path / "own"
    assert run("import", "csv", table(tmp_path), "--board", "mine", "--catalog", own).code == 0
    assert run("pick", "--board", "mine", "--catalog", own).code == 0
    if without_fcntl == "windows":
        with (
            locked(tmp_path / "lock", "busy", ""),
            pytest.raises(AdvisorError, match=r"^busy"),
            locked(tmp_path / "lock", "busy", ""),
        ):
            pass
        with locked(tmp_path / "lock", "busy", ""):
            pass


def test_a_refused_import_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(AdvisorError):
        import_table("csv", tmp_path / "none.csv", "mine", catalog=tmp_path / "new/own")
    assert visible(tmp_path) == []


def test_a_catalog_in_a_folder_that_cannot_be_entered_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    def refuse(path: object, *_: object, **__: object) -> int:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "open", refuse)
    ran = run("import", "csv", table(tmp_path), "--board", "mine", "--catalog", tmp_path / "own")
    monkeypatch.undo()
    assert ran.code == 2 and f"{tmp_path / 'own'} cannot be written: permission denied" in ran.err
    assert not (tmp_path / "own").exists()


def test_a_fit_waits_for_other_writers(
    overlay: Overlay, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(fit_store, "writing", partial(writing, clock=clock, sleep=clock.sleep))
    rows = (
        f"{name},eager,fp32,1,{20 + each},5,300,reported,my-notes"
        for each, name in enumerate(NETWORKS)
    )
    overlay.measurements(*rows)
    with locked(overlay.folder / LOCK, "busy", ""):
        ran = run("fit", "small", "--catalog", overlay.folder)
    assert ran.code == 2 and "somebody else is writing into the catalog" in ran.err
    assert clock.now_s >= PATIENCE_S and not (overlay.folder / "boards/small/fit.json").exists()


def test_a_board_is_there_as_a_whole_or_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own"
    import_table("csv", table(tmp_path), "mine", catalog=own)
    (own / "boards/mine/notes.txt").write_text("kept")
    before = {path: path.read_bytes() for path in (own / "boards").rglob("*") if path.is_file()}
    write = write_whole

    def full(path: Path, content: str, **how: bool) -> None:
        if path.name == "board.yaml":
            raise AdvisorError(f"{path} cannot be written: no space left on device")
        write(path, content, **how)

    monkeypatch.setattr(board_files, "write_whole", full)
    for board in ("mine", "other"):
        with pytest.raises(AdvisorError, match="no space left"):
            import_table("csv", table(tmp_path, 30), board, catalog=own)
    assert {
        path: path.read_bytes() for path in (own / "boards").rglob("*") if path.is_file()
    } == before
    monkeypatch.setattr(board_files, "write_whole", write)
    import_table("csv", table(tmp_path, 30), "mine", catalog=own)
    assert latency_ms(own, "mine") == 30
    assert visible(own / "boards/mine") == ["board.yaml", "measurements.csv", "notes.txt"]


def test_who_has_read_a_part_reads_what_is_written_meanwhile(tmp_path: Path) -> None:
    own = tmp_path / "own"
    import_table("csv", table(tmp_path, 10), "mine", catalog=own)
    opened = Catalog.open(own)
    board = opened.board("mine")
    import_table("csv", table(tmp_path, 30), "mine", catalog=own)
    import_table("csv", table(tmp_path, 40), "other", catalog=own)
    found = opened.measurements(board).latency_ms.estimate(0)
    assert found and found.value == 30
    assert opened.board("mine").source != board.source
    assert opened.board("other").name == "other"


@pytest.mark.parametrize("read", ["survey_of", "surveyed"])
def test_a_board_that_is_written_while_it_is_read_is_never_half_of_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: str
) -> None:
    own = tmp_path / "own"
    import_table("csv", table(tmp_path, 10), "mine", catalog=own)
    before = Catalog.open(own).board("mine").source
    rows_of = column_cache.measurements_of

    def written_meanwhile(*asked: Any) -> Any:
        monkeypatch.setattr(store, "measurements_of", rows_of)
        import_table("csv", table(tmp_path, 30), "mine", catalog=own)
        return rows_of(*asked)

    monkeypatch.setattr(store, "measurements_of", written_meanwhile)
    opened = Catalog.open(own)
    found = opened.surveyed("mine") if read == "surveyed" else opened.survey_of(["mine"])[0][0]
    latency = found.measurements.latency_ms.estimate(0)
    assert latency and latency.value == 30
    assert found.board.source != before


def test_no_board_is_no_answer(overlay: Overlay) -> None:
    with pytest.raises(AdvisorError, match="no board is named"):
        Catalog.open(overlay.folder).stacked([])


def test_what_a_killed_writer_left_is_removed_or_put_back(overlay: Overlay, tmp_path: Path) -> None:
    boards = overlay.folder / "boards"
    before = visible(overlay.folder)
    overlay.write("boards/.making-new/measurements.csv", "half")
    overlay.write("boards/.replaced-small/board.yaml", "title: older\n")
    overlay.write("boards/small/.writing-abc", "half")
    overlay.write(".writing-def", "half")
    overlay.write(LOCK, '{"pid": 1}')
    (boards / "small").rename(boards / ".replaced-other")
    import_table("csv", table(tmp_path), "mine", catalog=overlay.folder)
    assert (boards / "small/board.yaml").read_text() == "title: older\n"
    assert Catalog.open(overlay.folder).board("other").title == "A small board"
    made = ["boards/mine", "boards/mine/board.yaml", "boards/mine/measurements.csv"]
    other = ["boards/other", "boards/other/board.yaml", "boards/other/measurements.csv"]
    gone = {"boards/small/measurements.csv"}
    assert visible(overlay.folder) == sorted([*(set(before) - gone), *made, *other])


# --- formats of a catalog


def test_a_catalog_of_a_later_format_is_refused(overlay: Overlay, run: Run, tmp_path: Path) -> None:
    overlay.write("catalog.yaml", "format: 3\n")
    for words in (
        ("pick", "--board", "small"),
        ("boards",),
        ("catalog", "check"),
        ("import", "csv", table(tmp_path), "--board", "mine"),
    ):
        ran = run(*words, "--catalog", overlay.folder)
        assert ran.code == 2, words
        assert (
            "catalog.yaml: a catalog of format 3, and this advisor reads formats 1 to 2" in ran.err
        )
        assert "install a newer dnn-advisor" in ran.err
    assert run("catalog", "migrate", overlay.folder).code == 2
    assert not (overlay.folder / "boards/mine").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("format: two\n", "line 1, column 9: found 'two'; expected a format, 1 to 2"),
        ("format: 0\n", "found '0'"),
        ("formats: 2\n", "the key 'format' with a value"),
        ("", "format"),
    ],
)
def test_a_broken_format_is_named(overlay: Overlay, run: Run, text: str, said: str) -> None:
    overlay.write("catalog.yaml", text)
    ran = run("pick", "--board", "small", "--catalog", overlay.folder)
    assert ran.code == 2 and "catalog.yaml" in ran.err and said in ran.err
    overlay.write("boards/small/board.yaml", "titel: x\n")
    checked = run("catalog", "check", "--catalog", overlay.folder)
    assert checked.code == 1 and said in checked.out and "titel" in checked.out


def test_a_new_catalog_has_the_present_format(tmp_path: Path) -> None:
    import_table("csv", table(tmp_path), "mine", catalog=tmp_path / "own")
    assert (tmp_path / "own/catalog.yaml").read_text() == "format: 2\n"


def test_a_catalog_of_the_first_format_is_migrated_on_request(
    overlay: Overlay, run: Run, tmp_path: Path
) -> None:
    overlay.write("boards/small/fit.yaml", "format: 1\n")
    overlay.measurements(ROWS[0], ROWS[1].replace("fp32", "FP16"))
    assert run("pick", "--board", "small", "--catalog", overlay.folder).code == 0
    import_table("csv", table(tmp_path), "mine", catalog=overlay.folder)
    assert not (overlay.folder / "catalog.yaml").exists()  # a writer does not migrate
    before = {path: path.read_bytes() for path in overlay.folder.rglob("*") if path.is_file()}
    ran = run("catalog", "migrate", overlay.folder)
    backup = overlay.folder.with_name("own-catalog.format-1")
    assert ran.code == 0, ran.err
    assert ran.out.splitlines() == [
        str(overlay.folder / "boards/small/fit.yaml"),
        str(overlay.folder / "boards/small/measurements.csv"),
        str(overlay.folder / "catalog.yaml"),
        f"{overlay.folder} was of format 1 and is of format 2 now; as it was: {backup}",
    ]
    for path, content in before.items():
        assert (backup / path.relative_to(overlay.folder)).read_bytes() == content
    assert not (overlay.folder / "boards/small/fit.yaml").exists()
    text = (overlay.folder / "boards/small/measurements.csv").read_text()
    rows = csv.DictReader(text.splitlines())
    assert [(row["precision"], row["precision_word"], row["latency_ms"]) for row in rows] == [
        ("fp32", "", "20"),
        ("fp16", "FP16", "60"),
    ]
    assert run("pick", "--board", "small", "--catalog", overlay.folder).code == 0
    again = run("catalog", "migrate", overlay.folder)
    assert (again.code, again.out) == (
        0,
        f"{overlay.folder} is of format 2 already: nothing was changed\n",
    )
    assert sorted(path.name for path in overlay.folder.parent.iterdir() if path.is_dir()) == [
        "own-catalog",
        "own-catalog.format-1",
    ]


def test_what_cannot_be_migrated_is_left_alone(overlay: Overlay, run: Run, tmp_path: Path) -> None:
    overlay.measurements("resnet-18,eager,fp32,1,-20,5,300,reported,my-notes")
    before = visible(tmp_path)
    ran = run("catalog", "migrate", overlay.folder)
    assert ran.code == 2 and "measurements.csv, line 2" in ran.err and "mend it first" in ran.err
    (tmp_path / "photos").mkdir()
    assert "no catalog" in run("catalog", "migrate", tmp_path / "photos").err
    assert "does not exist" in run("catalog", "migrate", tmp_path / "none").err
    assert visible(tmp_path) == sorted([*before, "photos"])


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_who_may_read_a_file_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "board.yaml"
    before = os.umask(0o027)
    try:
        write_whole(path, "new")
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        for mode in (0o600, 0o664, 0o444):
            path.chmod(mode)
            write_whole(path, "again")
            assert stat.S_IMODE(path.stat().st_mode) == mode
    finally:
        os.umask(before)
    assert path.read_text() == "again"


@pytest.mark.parametrize("failure", [AdvisorError("no"), KeyboardInterrupt(), OSError(28, "full")])
def test_a_writer_that_fails_has_changed_nothing(overlay: Overlay, failure: BaseException) -> None:
    own = overlay.folder
    write_format(own)
    before = tree(own)
    with pytest.raises(type(failure)), writing(own):
        write_whole(own / "sources.yaml", "")
        write_whole(own / "zoo" / "new.csv", "", make_folder=True)
        for _ in range(2):
            with made_aside(own / "boards" / "small") as aside:
                write_whole(aside / "board.yaml", "title: another\n")
        write_whole(own / "boards" / "small" / "board.yaml", "title: a third\n")
        with made_aside(own / "boards" / "new") as aside:
            write_whole(aside / "board.yaml", "title: new\n")
        remove(own / "boards" / "small" / "measurements.csv")
        raise failure
    assert tree(own) == before
    assert not (own / "zoo").exists() and not (own / "boards" / "new").exists()


def test_what_several_steps_of_a_writer_changed_is_there_in_the_end(overlay: Overlay) -> None:
    own = overlay.folder
    with writing(own):
        for title in ("first", "second"):
            with made_aside(own / "boards" / "small") as aside:
                write_whole(aside / "board.yaml", f"title: {title}\n")
    assert (own / "boards" / "small" / "board.yaml").read_text() == "title: second\n"
    assert sorted(each.name for each in (own / "boards").iterdir()) == ["small"]
    assert not (own / ".undo").exists()
