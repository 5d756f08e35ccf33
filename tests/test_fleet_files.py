"""Files on their way to a board elsewhere: sent once, whole, and as they were."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from advisor.digests import digest
from advisor.errors import AdvisorError
from advisor.measuring import fleet_files, fleet_run
from advisor.measuring.children import BoardLostError, Outcome
from advisor.measuring.fleet_files import IN_EXPORTS, Files, Sent, keep, places, receive
from advisor.measuring.image_data import LabelledImage
from advisor.measuring.journal import read_runs
from advisor.measuring.runtimes.exports import export_folder
from advisor.measuring.tasks import Cell, PreparedFound, Task
from advisor.measuring.timing import SessionLimits
from tests.fleet_processes import started_scheduler, started_workers
from tests.measuring_fakes import FakeChildren
from tests.test_own_networks import NODES, WEIGHTS, saved, without_data


class Elsewhere:
    """A worker's end of it in this process, with a cache of its own."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache
        self.asked: list[str] = []

    def __call__(self, function: Callable[..., Any], *arguments: Any) -> Any:
        self.asked.append(function.__name__)
        before = os.environ["XDG_CACHE_HOME"]
        os.environ["XDG_CACHE_HOME"] = str(self.cache)
        try:
            return function(*arguments)
        finally:
            os.environ["XDG_CACHE_HOME"] = before


@pytest.fixture
def elsewhere(tmp_path: Path) -> Elsewhere:
    return Elsewhere(tmp_path / "elsewhere")


def test_files_are_sent_once(
    tmp_path: Path, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleet_files, "PART_BYTES", 1000)
    paths = []
    for name, size in (("none", 0), ("small", 10), ("exact", 1000), ("large", 2500)):
        paths.append(tmp_path / name)
        paths[-1].write_bytes(os.urandom(size))
    files = Files(elsewhere)
    there = files.send(paths)
    for path, place in zip(paths, there, strict=True):
        assert place.startswith(str(elsewhere.cache))
        assert Path(place).name == path.name
        assert Path(place).read_bytes() == path.read_bytes()
    assert elsewhere.asked == ["places", "keep", "keep", "keep", "keep"]
    elsewhere.asked.clear()
    assert files.send(paths) == there
    assert elsewhere.asked == []
    Path(there[1]).unlink()  # the cache may be emptied between runs
    files.forget()
    assert files.send(paths) == there
    assert elsewhere.asked == ["places", "keep"]
    assert Path(there[1]).read_bytes() == paths[1].read_bytes()


def test_a_network_travels_with_what_lies_beside_it(tmp_path: Path, elsewhere: Elsewhere) -> None:
    net = without_data(tmp_path / "net.onnx")
    data = tmp_path / "w.bin"
    data.write_bytes(os.urandom(100_000))
    task = Task(Cell("net", 1), (3, 8, 8), "cpu", 1, SessionLimits(), made_from=str(net))
    there = Path(Files(elsewhere).task(task).made_from)
    assert there != net
    assert there.read_bytes() == net.read_bytes()
    assert there.with_name("w.bin").read_bytes() == data.read_bytes()


def test_images_keep_their_labels(tmp_path: Path, elsewhere: Elsewhere) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.png").write_bytes(name.encode())
    images = [
        LabelledImage(str(tmp_path / each / "1.png"), place) for place, each in enumerate("ab")
    ]
    there = Files(elsewhere).images(images)
    assert [each.label for each in there] == [0, 1]
    assert [Path(each.path).read_bytes() for each in there] == [b"a", b"b"]


def test_what_comes_broken_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    file = Sent("abc", "net.onnx", "another")
    with pytest.raises(AdvisorError, match=r"net\.onnx came broken"):
        keep([(file, 0, b"x", True)])
    assert places([file]) == [(str(file.place()), False)]


def test_what_was_prepared_elsewhere_comes_whole_or_not_at_all() -> None:
    content = os.urandom(3000)
    file = Sent(IN_EXPORTS, "net.onnx", digest(content))
    with pytest.raises(AdvisorError, match=r"net\.onnx came broken"):
        receive(file, [content[:1000]])
    assert list(export_folder().iterdir()) == []
    receive(file, [content[:1000], content[1000:]])
    (path,) = export_folder().iterdir()
    assert path.name == "net.onnx"
    assert path.read_bytes() == content


class Lost(FakeChildren):
    """A machine that is gone when it is to prepare."""

    def prepare(self, task: Task, limit_s: float) -> Outcome:
        raise BoardLostError("board strong is gone")


def test_a_machine_that_prepares_and_is_lost_costs_no_board(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleet_run, "RealChildren", Lost)
    net = saved(tmp_path / "net.onnx", NODES, WEIGHTS)
    with (
        started_scheduler() as (scheduler, _),
        started_workers(scheduler, "weak", cache=str(tmp_path / "cache"), prepares="yes"),
    ):
        (end,) = fleet_run.measure_on(
            scheduler,
            [f"net={net}"],
            runtime="openvino",
            batch="1",
            quick=True,
            catalog=tmp_path / "catalog",
            prepare_on="here",
        )
    assert end.fault == ""
    assert "board strong is gone" in end.note
    assert end.measured is not None
    assert [row["status"] for row in end.measured.board.rows] == ["ok"]


@pytest.mark.parametrize(
    ("folder", "name"), [("..", "x"), ("a", "../x"), ("a/b", "x"), ("a", "/x")]
)
def test_nothing_is_written_elsewhere(
    tmp_path: Path, folder: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(AdvisorError, match="no file of a fleet"):
        Sent(folder, name, "").place()


def test_a_file_that_is_gone_is_said(tmp_path: Path, elsewhere: Elsewhere) -> None:
    with pytest.raises(AdvisorError, match=r"net\.pt2: no such file"):
        Files(elsewhere).send([tmp_path / "net.pt2"])


class Preparing(FakeChildren):
    """Prepares by writing a file, and counts how often."""

    prepared = 0

    def prepare(self, task: Task, limit_s: float) -> Outcome:
        type(self).prepared += 1
        name = f"{Path(task.made_from).stem}-made.xml"
        for each in (name, name.replace(".xml", ".bin")):
            Sent(IN_EXPORTS, each, "").place().write_text(f"content of {each}")
        return Outcome("ok", PreparedFound(name, 1e-6, 0.5), "")


def test_prepared_once_for_all_boards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet_run, "RealChildren", Preparing)
    net = saved(tmp_path / "net.onnx", NODES, WEIGHTS)
    cache = tmp_path / "cache-of-boards"
    with (
        started_scheduler() as (scheduler, _),
        started_workers(scheduler, "one", "two", cache=str(cache)),
    ):
        ends = fleet_run.measure_on(
            scheduler,
            [f"net={net}"],
            runtime="openvino",
            batch="1,2",
            quick=True,
            catalog=tmp_path / "catalog",
            prepare_on="here",
        )
    assert [each.fault for each in ends] == ["", ""]
    assert Preparing.prepared == 1
    for board in ("one", "two"):
        (journal,) = read_runs(tmp_path / "catalog/boards" / board / "runs")
        assert sum("holds_for" in each for each in journal.records) == 1
        exports = cache / board / "dnn-advisor" / "exports"
        assert sorted(each.name for each in exports.iterdir()) == ["net-made.bin", "net-made.xml"]
        for each in exports.iterdir():
            assert each.read_text() == (export_folder() / each.name).read_text()
        (sent,) = (cache / board / "dnn-advisor" / "fleet").glob("*/net.onnx")
        assert sent.read_bytes() == net.read_bytes()


@pytest.mark.parametrize("boards", [("weak",), ("strong", "weak")])
def test_prepared_on_another_board(tmp_path: Path, boards: tuple[str, ...]) -> None:
    net = saved(tmp_path / "net.onnx", NODES, WEIGHTS)
    cache = tmp_path / "cache-of-boards"
    with (
        started_scheduler() as (scheduler, _),
        started_workers(scheduler, "strong", "weak", cache=str(cache), prepares="yes"),
    ):
        ends = fleet_run.measure_on(
            scheduler,
            [f"net={net}"],
            boards=",".join(boards),
            runtime="openvino",
            batch="1",
            quick=True,
            catalog=tmp_path / "catalog",
            prepare_on="strong",
        )
    assert [(each.board, each.fault, each.note) for each in ends] == [
        (each, "", "") for each in boards
    ]
    for board in ("strong", "weak"):
        exports = cache / board / "dnn-advisor" / "exports"
        assert (exports / "net-made.xml").read_text() == "made on strong"
