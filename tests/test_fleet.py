"""Boards elsewhere: real schedulers and workers, whose sessions are made up."""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

import psutil
import pytest
import typer

import advisor
from advisor.cli.fleet import end_fleet
from advisor.cli.progress import PROGRESS
from advisor.errors import AdvisorError
from advisor.measuring import fleet as fleet_module
from advisor.measuring import scheduler as scheduler_module
from advisor.measuring.access import Access
from advisor.measuring.children import BoardLostError
from advisor.measuring.fleet import connected
from advisor.measuring.fleet_run import FleetBoard, measure_on, sound
from advisor.measuring.journal import read_runs
from advisor.measuring.measure import Measured, MeasuredBoard, is_left, measure
from advisor.measuring.tasks import TimingFound
from tests.conftest import Ran, Run
from tests.fleet_processes import (
    JOINED,
    LAPSE,
    ROOT,
    Link,
    Started,
    free_port,
    started_scheduler,
    started_workers,
    wait_for,
)
from tests.measuring_fakes import FakeChildren, StoppingChildren

ASKED: dict[str, Any] = {"batch": "1,2", "quick": True}
NETWORKS = ("bn-nin", "resnet-18")
CELLS, SESSIONS = 4, 10


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    with started_scheduler() as (address, _):
        yield address


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The table of a board of this machine whose sessions are made up in the same way."""
    catalog = tmp_path_factory.mktemp("here")
    measure(NETWORKS, board="here", catalog=catalog, children=FakeChildren(), **ASKED)
    return table(catalog, "here")


def table(catalog: Path, board: str) -> str:
    return (catalog / "boards" / board / "measurements.csv").read_text()


def sessions(catalog: Path, board: str) -> list[list[object]]:
    """The cells of the timing sessions that a board's journals hold, in their order."""
    journals = read_runs(catalog / "boards" / board / "runs")
    return [record["cell"] for each in journals for record in each.records if "values_us" in record]


def test_many_boards_are_measured_as_one_here_is(
    scheduler: str, tmp_path: Path, undisturbed: str, run: Run
) -> None:
    with started_workers(scheduler, "one", "two", log=str(tmp_path / "log")):
        found = advisor.fleet(scheduler)
        assert [(each.board, each.unit, each.doing) for each in found.units] == [
            ("one", "", ""),
            ("two", "", ""),
        ]
        assert not found.unlike and not found.others and not found.clocks_apart
        ran = run("fleet", scheduler)
        assert ran.code == 0
        assert "a processor" in ran.out
        document = json.loads(run("fleet", scheduler, "--json").out)
        assert document["schema"] == "advisor.fleet/1"
        heard: list[str] = []
        ends = measure_on(
            scheduler,
            NETWORKS,
            catalog=tmp_path,
            on_progress=lambda what, _: heard.append(what),
            **ASKED,
        )
    assert [(each.board, each.fault) for each in ends] == [("one", ""), ("two", "")]
    for board in ("one", "two"):
        assert table(tmp_path, board) == undisturbed
        assert len(sessions(tmp_path, board)) == CELLS * SESSIONS
        assert any(each.startswith(f"{board}: timing ") for each in heard)
    asked = (tmp_path / "log").read_text().splitlines()
    assert sum(each.startswith("time ") for each in asked) == 2 * CELLS * SESSIONS
    # Each board has a seed of its own.
    assert sessions(tmp_path, "one") != sessions(tmp_path, "two")


MEASURE = """
import sys
from advisor.measuring.fleet_run import measure_on
measure_on(sys.argv[1], {networks}, catalog=sys.argv[2], **{asked})
"""


def measuring(scheduler: str, catalog: Path) -> subprocess.Popen[bytes]:
    script = MEASURE.format(networks=NETWORKS, asked=ASKED)
    command = [sys.executable, "-c", script, scheduler, str(catalog)]
    return subprocess.Popen(command, cwd=ROOT, env={**os.environ, **LAPSE})


def wait_for_sessions(
    client: subprocess.Popen[bytes], catalog: Path, board: str, count: int
) -> None:
    while (
        not (catalog / "boards" / board / "runs").exists() or len(sessions(catalog, board)) < count
    ):
        assert client.poll() is None, "the client ended before"
        time.sleep(0.05)


def test_a_client_that_is_killed_goes_on(scheduler: str, tmp_path: Path, undisturbed: str) -> None:
    with started_workers(scheduler, "alpha", pause="0.05"):
        for count in (5, 15):
            client = measuring(scheduler, tmp_path)
            wait_for_sessions(client, tmp_path, "alpha", count)
            client.kill()
            client.wait()
            assert count <= len(sessions(tmp_path, "alpha")) < CELLS * SESSIONS
        (end,) = measure_on(scheduler, NETWORKS, boards="alpha", catalog=tmp_path, **ASKED)
    assert end.fault == ""
    assert len(read_runs(tmp_path / "boards" / "alpha" / "runs")) == 1
    assert len(sessions(tmp_path, "alpha")) == CELLS * SESSIONS
    assert table(tmp_path, "alpha") == undisturbed


def test_a_worker_that_dies_and_comes_back_goes_on(
    scheduler: str, tmp_path: Path, undisturbed: str
) -> None:
    once = str(tmp_path / "died")
    with (
        started_workers(scheduler, "beta", fault="dies", at="20", once=once) as (worker,),
        started_workers(scheduler, "gamma"),
        Revived(worker, scheduler, "beta") as revived,
    ):
        ends = measure_on(scheduler, NETWORKS, boards="beta,gamma", catalog=tmp_path, **ASKED)
        assert revived.done
    assert [each.fault for each in ends] == ["", ""]
    for board in ("beta", "gamma"):
        assert len(sessions(tmp_path, board)) == CELLS * SESSIONS
        assert table(tmp_path, board) == undisturbed


class Revived:
    """Starts a worker again when it has died, as a board's own system does."""

    def __init__(self, worker: Started, scheduler: str, board: str) -> None:
        self.worker, self.arguments = worker, ("worker", scheduler, board)
        self.again: Started | None = None
        self.thread = threading.Thread(target=self._revive)

    @property
    def done(self) -> bool:
        return self.again is not None

    def __enter__(self) -> Revived:
        self.thread.start()
        return self

    def _revive(self) -> None:
        self.worker.process.wait()
        self.again = Started(*self.arguments)

    def __exit__(self, *_: object) -> None:
        self.worker.process.kill()
        self.thread.join()
        if self.again:
            self.again.kill()


def test_a_board_that_is_lost_holds_up_no_other_and_goes_on_later(
    scheduler: str, tmp_path: Path, undisturbed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleet_module, "LOOK_EVERY_S", 0.2)
    asked = {"boards": "lost,kept", "catalog": tmp_path, "absent_s": 1.0, **ASKED}
    with started_workers(scheduler, "kept"):
        with started_workers(scheduler, "lost", fault="dies", at="20"):
            ends = measure_on(scheduler, NETWORKS, **asked)
        by_board = {each.board: each for each in ends}
        assert by_board["kept"].fault == ""
        assert "board lost is gone" in by_board["lost"].fault
        measured = by_board["lost"].measured
        assert measured is not None
        assert not measured.board.finished
        assert len(sessions(tmp_path, "lost")) < CELLS * SESSIONS
        with started_workers(scheduler, "lost"):
            ends = measure_on(scheduler, NETWORKS, **asked)
    assert [each.fault for each in ends] == ["", ""]
    notes = {each.board: each.note for each in ends}
    assert notes["kept"].startswith("done by run ") and not notes["lost"]
    assert len(sessions(tmp_path, "lost")) == CELLS * SESSIONS
    # What was done before is done; only a call after the last one's end measures once more.
    assert len(sessions(tmp_path, "kept")) == CELLS * SESSIONS
    assert table(tmp_path, "kept") == undisturbed
    with started_workers(scheduler, "kept"):
        ends = measure_on(scheduler, NETWORKS, **{**asked, "boards": "kept"})
    assert len(sessions(tmp_path, "kept")) == 2 * CELLS * SESSIONS
    assert table(tmp_path, "lost") == undisturbed


def test_only_what_asked_for_the_same_is_gone_on_with(tmp_path: Path) -> None:
    asked: dict[str, Any] = {"catalog": tmp_path, **ASKED}
    hot = {**asked, "sustained": "10min"}
    for board, after, its in (("cold", 10, asked), ("hot", 60, hot)):
        children = StoppingChildren(after, KeyboardInterrupt)
        assert not measure(NETWORKS, board=board, children=children, **its).board.finished
    (whole,) = read_runs(tmp_path / "boards" / "hot" / "runs")
    assert whole.finished
    assert is_left(NETWORKS, ["none", "cold"], asked)
    assert is_left(NETWORKS, ["hot"], hot)
    assert not is_left(NETWORKS, ["hot"], asked)
    assert not is_left(NETWORKS, ["hot"], {**hot, "sustained": "20min"})
    assert not is_left(NETWORKS[:1], ["cold"], asked)
    for other in ({"batch": "1"}, {"quick": False}, {"threads": 7}):
        assert not is_left(NETWORKS, ["cold"], {**asked, **other})


def test_a_scheduler_that_restarts(tmp_path: Path, undisturbed: str) -> None:
    port = free_port()
    with (
        started_scheduler(port) as (address, first),
        started_workers(address, "delta", pause="0.05") as (worker,),
    ):
        client = measuring(address, tmp_path)
        wait_for_sessions(client, tmp_path, "delta", 5)
        first.kill()
        worker.hear("left")
        with started_scheduler(port):
            assert client.wait() == 0
    assert len(sessions(tmp_path, "delta")) == CELLS * SESSIONS
    assert table(tmp_path, "delta") == undisturbed


def test_a_scheduler_that_is_away_for_longer_than_its_client_lasts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    port = free_port()
    with (
        started_scheduler(port) as (address, first),
        started_workers(address, "theta"),
        connected(address, absent_s=120.0) as fleet,
    ):
        monkeypatch.setattr(fleet_module, "ANSWER_S", 2.0)
        monkeypatch.setattr(fleet_module, "LOOK_EVERY_S", 0.0)
        first.kill()
        fleet._client.close()
        assert fleet.addresses() == {}
        fleet.absent_s = 0.0
        with pytest.raises(BoardLostError, match="board theta do not come back"):
            fleet.ask("theta", "adding", sum, [1, 2], limit_s=60.0)
        fleet.absent_s = 120.0
        with started_scheduler(port):
            assert fleet.ask("theta", "adding", sum, [1, 2], limit_s=60.0) == 3


def test_a_client_that_gives_up_while_it_is_asked(
    scheduler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection is seen to be there, and lost for good before the question is on its way."""
    connection = fleet_module.Fleet.connection
    to_lose: list[str] = []

    def there_and_lost(fleet: fleet_module.Fleet) -> Any:
        client = connection(fleet)
        if to_lose:
            to_lose.pop()
            client.close()
        return client

    with started_workers(scheduler, "psi"), connected(scheduler) as fleet:
        monkeypatch.setattr(fleet_module.Fleet, "connection", there_and_lost)
        to_lose += ["asked"]
        assert fleet.ask("psi", "adding", sum, [1, 2], limit_s=60.0) == 3
        monkeypatch.setattr(fleet_module, "LOOK_EVERY_S", 600.0)
        assert "psi" in fleet.addresses()
        to_lose += ["looked at"]
        with pytest.raises(ConnectionError, match="the connection to the scheduler is lost"):
            fleet.check_again("psi")
        fleet.check_again("psi")
        to_lose += ["waited for", "once more"]
        fleet._wait_for_scheduler("psi")
        with pytest.raises(ValueError, match="the worker's own fault"), fleet._asked():
            raise ValueError("the worker's own fault")


def test_what_waits_for_another_task_of_its_worker_is_not_late(
    scheduler: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a board prepares for another, while its own session waits."""
    release = tmp_path / "release"
    with started_workers(scheduler, "iota"), connected(scheduler) as fleet:
        monkeypatch.setattr(fleet_module, "LATE_S", 0.0)
        with ThreadPoolExecutor(2) as pool:
            long = pool.submit(fleet.ask, "iota", "long", wait_for, str(release), limit_s=600.0)
            while not any(each.doing == "long" for each in fleet.units(only="iota")):
                time.sleep(0.05)
            short = pool.submit(fleet.ask, "iota", "short", sum, [1, 2], limit_s=1.0)
            time.sleep(3.0)  # more than the second may take
            assert not short.done()
            release.touch()
            assert long.result() == "released"
            assert short.result() == 3


def test_a_worker_that_hangs_holds_up_no_other(
    scheduler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        started_workers(scheduler, "hung") as (worker,),
        started_workers(scheduler, "well"),
        connected(scheduler) as fleet,
    ):
        monkeypatch.setattr(fleet_module, "ANSWER_S", 2.0)
        worker.process.send_signal(signal.SIGSTOP)
        assert [each.name for each in fleet.units()] == ["well"]
        assert [each.name for each in fleet.units(only="well")] == ["well"]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("no outcome", "its worker answered what is no answer: 7"),
        ("no figures", "its worker answered what is no answer"),
        ("not a time", "its worker answered what is no answer"),
        ("full", "No space left on device"),
    ],
)
def test_a_row_says_what_its_worker_answered(
    scheduler: str, tmp_path: Path, fault: str, said: str
) -> None:
    with started_workers(scheduler, "odd", fault=fault, at="3"):
        (end,) = measure_on(scheduler, NETWORKS, boards="odd", catalog=tmp_path, **ASKED)
    assert end.fault == ""
    assert end.measured is not None
    rows = end.measured.board.rows
    (failed,) = [row for row in rows if row["status"] == "failed"]
    assert said in str(failed["reason"])
    assert sum(row["status"] == "ok" for row in rows) == CELLS - 1


class ImpatientClock:
    """Jumps far ahead once a session hangs, and lets it go on after it has been looked at a few times."""

    def __init__(self, hanging: Path, release: Path) -> None:
        self.hanging, self.release, self.looks = hanging, release, 0

    def monotonic(self) -> float:
        if not self.hanging.exists():
            return 1.0
        self.looks += 1
        if self.looks > 6:
            self.release.touch()
        return 1e6

    time = staticmethod(time.time)


def test_a_late_answer_is_not_counted(
    scheduler: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, hanging, release = tmp_path / "log", tmp_path / "hanging", tmp_path / "release"
    how = {"log": str(log), "hanging": str(hanging), "release": str(release)}
    with started_workers(scheduler, "late", fault="hangs", at="5", **how):
        monkeypatch.setattr(fleet_module, "time", ImpatientClock(hanging, release))
        (end,) = measure_on(scheduler, NETWORKS, boards="late", catalog=tmp_path, **ASKED)
    assert end.measured is not None
    rows = end.measured.board.rows
    (late,) = [row for row in rows if row["status"] == "timed_out"]
    assert "no answer within" in str(late["reason"])
    assert sum(row["status"] == "ok" for row in rows) == CELLS - 1
    # It was run, and its answer came after all.
    cell = f"time {late['architecture']} at batch {late['batch']}, 4 threads"
    assert cell in log.read_text().splitlines()
    timed = sessions(tmp_path, "late")
    assert [late["architecture"], late["batch"]] not in [each[:2] for each in timed]


def test_a_board_that_throttles_is_noisy(scheduler: str, tmp_path: Path) -> None:
    with started_workers(scheduler, "hot", fault="throttles", at="6"):
        (end,) = measure_on(scheduler, NETWORKS, boards="hot", catalog=tmp_path, **ASKED)
    assert end.measured is not None
    assert any("throttle" in str(row["verdict"]) for row in end.measured.board.rows)


def test_a_worker_that_is_not_heard_of_for_a_while(
    scheduler: str, tmp_path: Path, undisturbed: str
) -> None:
    """As where its network is gone: it neither answers nor ends, then goes on where it was."""
    with started_workers(scheduler, "zeta", pause="0.05") as (worker,):
        client = measuring(scheduler, tmp_path)
        wait_for_sessions(client, tmp_path, "zeta", 5)
        worker.process.send_signal(signal.SIGSTOP)
        time.sleep(3)
        worker.process.send_signal(signal.SIGCONT)
        assert client.wait() == 0
    assert len(sessions(tmp_path, "zeta")) == CELLS * SESSIONS
    assert table(tmp_path, "zeta") == undisturbed


OWN_CODE = "from torch import nn\n\ndef make():\n    return nn.Conv2d(3, {}, 3)\n"


@pytest.mark.parametrize(
    ("there", "said"),
    [
        (4, ""),
        (8, "has another own_code than this machine, and code does not travel"),
        (0, "has no module own_code, and code does not travel"),
    ],
)
def test_code_of_ones_own_is_the_same_there_or_refused(
    scheduler: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: int, said: str
) -> None:
    for folder, channels in (("here", 4), ("board", there)):
        (tmp_path / folder).mkdir()
        if channels:
            (tmp_path / folder / "own_code.py").write_text(OWN_CODE.format(channels))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "board"))
    monkeypatch.syspath_prepend(tmp_path / "here")
    monkeypatch.delitem(sys.modules, "own_code", raising=False)
    with started_workers(scheduler, "coded"):
        (end,) = measure_on(
            scheduler,
            "net=own_code:make@3x8x8",
            batch="1",
            quick=True,
            catalog=tmp_path / "catalog",
        )
    assert said in end.fault
    assert bool(end.fault) == bool(said)
    assert (end.measured is None) == bool(said)


def test_one_unit_is_heated_at_a_time(scheduler: str, tmp_path: Path) -> None:
    with started_workers(scheduler, "warm/1", "warm/2"):
        (end,) = measure_on(scheduler, NETWORKS, sustained="10m", catalog=tmp_path, **ASKED)
    assert end.fault == (
        "--sustained heats one unit, and others would stay cold (name it: --board warm/1)"
    )


@pytest.fixture
def link() -> Iterator[Link]:
    try:
        laid = Link()
    except OSError as error:
        pytest.skip(f"no network of its own can be made here: {error}")
    yield laid
    laid.remove()


def test_a_board_whose_link_is_lost_for_longer_than_a_connection_lasts(
    link: Link, tmp_path: Path, undisturbed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP", "15s")
    asked = {"boards": "far", "catalog": tmp_path, "access": Access(insecure=True), **ASKED}
    with started_scheduler(host=link.here) as (address, _), ThreadPoolExecutor(1) as pool:
        worker = Started("worker", address, "far", "pause=0.05", within=link.within)
        try:
            worker.hear(JOINED)
            measured = pool.submit(measure_on, address, NETWORKS, **asked)
            folder = tmp_path / "boards/far/runs"
            while not folder.exists() or len(sessions(tmp_path, "far")) < 5:
                assert not measured.done()
                time.sleep(0.05)
            link.cut()
            worker.hear("left")
            before = len(sessions(tmp_path, "far"))
            assert before < CELLS * SESSIONS
            link.mend()
            worker.hear(JOINED)
            (end,) = measured.result()
        finally:
            worker.kill()
    assert end.fault == ""
    assert len(sessions(tmp_path, "far")) == CELLS * SESSIONS
    assert table(tmp_path, "far") == undisturbed


def test_two_clients_on_one_board(
    scheduler: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleet_module, "LOCK_S", 0.2)
    with started_workers(scheduler, "busy"), connected(scheduler) as other, other.held("busy"):
        (end,) = measure_on(scheduler, NETWORKS, boards="busy", catalog=tmp_path, **ASKED)
        assert "another client is at work on board busy" in end.fault
        assert end.measured is None
    assert not (tmp_path / "boards" / "busy").exists()


def test_ctrl_c_stops_all_boards_in_order(scheduler: str, tmp_path: Path) -> None:
    def stop(what: str, _: float) -> None:
        if "timing" in what and len(sessions(tmp_path, what.partition(":")[0])) == 7:
            os.kill(os.getpid(), signal.SIGINT)

    with started_workers(scheduler, "epsilon", pause="0.05"):
        asked = {"boards": "epsilon", "catalog": tmp_path, **ASKED}
        (end,) = measure_on(scheduler, NETWORKS, on_progress=stop, **asked)
        assert end.fault == "stopped"
        assert end.stopped
        assert 7 <= len(sessions(tmp_path, "epsilon")) < CELLS * SESSIONS
        (end,) = measure_on(scheduler, NETWORKS, **asked)
    assert end.fault == ""
    assert len(sessions(tmp_path, "epsilon")) == CELLS * SESSIONS


def test_versions_and_clocks_that_differ(scheduler: str, run: Run) -> None:
    with (
        started_workers(scheduler, "old", advisor="0.0.9", torch="2.1"),
        started_workers(scheduler, "new", clock="100"),
        started_workers(scheduler, "other", python="3.99"),
    ):
        found = advisor.fleet(scheduler)
        assert found.unlike["advisor"]["0.0.9"] == ("old",)
        assert found.unlike["torch"] == {"0": ("new", "other"), "2.1": ("old",)}
        (apart,) = found.clocks_apart
        assert apart.startswith("new is ")
        assert apart.endswith(" s ahead")
        out = run("fleet", scheduler).out
        assert "torch differs: 0 on new, other; 2.1 on old" in " ".join(out.split())
        for board, said in (
            ("old", "board old runs advisor 0.0.9; this is advisor"),
            ("other", "board other runs Python 3.99; this is Python"),
        ):
            ran = run("measure", "bn-nin", "--on", scheduler, "--board", board)
            assert ran.code == 2
            assert said in ran.err


def test_what_a_fleet_refuses(scheduler: str, tmp_path: Path, run: Run) -> None:
    measure_there = ("measure", "bn-nin", "--catalog", tmp_path, "--on")
    ran = run(*measure_there, scheduler)
    assert ran.code == 2
    assert "no board is at" in ran.err
    assert run("fleet", scheduler).code == 1
    with (
        started_workers(scheduler, "bare", fault="no torch"),
        started_workers(scheduler, "plain", "second"),
    ):
        ran = run(
            "measure", "bn-nin", "--device", "cuda:7", "--on", scheduler, "--board", "plain,second"
        )
        assert ran.code == 2
        assert ran.err.count("cuda:7") == 1
        assert "boards plain, second: no device 'cuda:7' here" in ran.err
        ran = run(*measure_there, scheduler, "--board", "plane")
        assert ran.code == 2
        assert "no worker is board 'plane'" in ran.err
        assert "did you mean 'plain'?" in ran.err
        ran = run(*measure_there, scheduler, "--board", "bare")
        assert ran.code == 2
        assert "board bare: measuring needs torch, which is not installed" in ran.err
        ran = run(*measure_there, scheduler, "--board", "plain", "--device", "cuda:3")
        assert ran.code == 2
        assert "board plain: no device 'cuda:3' here" in ran.err
    assert not (tmp_path / "boards").exists()


NO_PLAN: Any = None
WITHOUT_FIGURES = MeasuredBoard(Path("odd"), ({"status": "failed"},), (), "run", finished=True)
WITH_FIGURES = replace(WITHOUT_FIGURES, rows=({"status": "ok"},))


@pytest.mark.parametrize(
    ("ends", "code"),
    [
        ([FleetBoard("a", Measured(NO_PLAN, (WITH_FIGURES,)))], 0),
        ([FleetBoard("a", Measured(NO_PLAN, ()))], 0),
        ([FleetBoard("a", Measured(NO_PLAN, (WITHOUT_FIGURES,)))], 1),
        ([FleetBoard("a", Measured(NO_PLAN, (WITH_FIGURES,)), "it is gone")], 1),
        ([FleetBoard("a", None, "no such network")], 2),
        ([FleetBoard("a", None, "no such network"), FleetBoard("b", None, "s", stopped=True)], 130),
    ],
)
def test_the_exit_status_is_that_of_a_board_here(
    run: Run, monkeypatch: pytest.MonkeyPatch, ends: list[FleetBoard], code: int
) -> None:
    monkeypatch.setattr("advisor.measuring.fleet_run.measure_on", lambda *_, **__: ends)
    assert run("measure", "bn-nin", "--on", "tcp://localhost:8786").code == code


@pytest.mark.parametrize(
    "command",
    [("measure", "bn-nin"), ("pick", "--fps", "30"), ("pick", "--fps", "30", "--verify", "1")],
)
def test_a_right_to_reach_nobody_is_refused(run: Run, command: Sequence[str]) -> None:
    for option in (("--insecure",), ("--tls-cert", "me.pem")):
        ran = run(*command, *option)
        assert ran.code == 2
        assert f"{option[0]} goes with --on" in ran.err


def by_unit(catalog: Path, board: str) -> dict[str, int]:
    """How many sessions each unit timed."""
    journals = read_runs(catalog / "boards" / board / "runs")
    units = [
        each["unit"] for journal in journals for each in journal.records if "values_us" in each
    ]
    return dict(Counter(units))


def test_units_share_the_work_and_are_held_against_each_other(
    scheduler: str, tmp_path: Path, run: Run
) -> None:
    with (
        started_workers(scheduler, "orin/B7", slower="1.06", machine="one"),
        started_workers(scheduler, "orin/B9", machine="another"),
    ):
        ran = run("fleet", scheduler)
        assert [line.split()[:2] for line in ran.out.splitlines()[2:4]] == [
            ["orin", "B7"],
            ["orin", "B9"],
        ]
        (end,) = measure_on(scheduler, NETWORKS, catalog=tmp_path, **ASKED)
    assert end.fault == ""
    assert end.measured is not None
    counts = by_unit(tmp_path, "orin")
    assert counts["B7"] == counts["B9"] >= CELLS * SESSIONS / 2
    for row in end.measured.board.rows:
        assert "units differ by 6%: B7 is slow" in str(row["verdict"])
        low, high = float(str(row["latency_low_ms"])), float(str(row["latency_high_ms"]))
        assert high / low > 1.2
    assert 'units: "B7, B9"' in (tmp_path / "boards/orin/board.yaml").read_text().replace("'", '"')
    ran = run("compare", "orin/B9", "orin/B7", "--catalog", tmp_path)
    assert "orin/B7 takes 1.06 times as long" in ran.out


def test_a_unit_that_is_lost_leaves_its_share_to_the_others(
    scheduler: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleet_module, "LOOK_EVERY_S", 0.2)
    with (
        started_workers(scheduler, "nano/1", fault="dies", at="15"),
        started_workers(scheduler, "nano/2"),
    ):
        (end,) = measure_on(scheduler, NETWORKS, catalog=tmp_path, absent_s=1.0, **ASKED)
    assert end.fault == ""
    assert end.measured is not None
    assert "board nano, unit 1 is gone" in end.measured.board.warnings[0]
    assert len(sessions(tmp_path, "nano")) == CELLS * SESSIONS
    counts = by_unit(tmp_path, "nano")
    assert 0 < counts["1"] < counts["2"]
    assert sum(row["status"] == "ok" for row in end.measured.board.rows) == CELLS


def test_units_that_are_unlike_are_no_samples_of_one_board(scheduler: str, tmp_path: Path) -> None:
    with (
        started_workers(scheduler, "mixed/1"),
        started_workers(scheduler, "mixed/2", torch="2.1"),
    ):
        (end,) = measure_on(scheduler, NETWORKS, catalog=tmp_path, **ASKED)
    assert "units 1 and 2 are no samples of one board: torch 0, and torch 2.1" in end.fault


def test_a_pick_is_verified_on_a_board_elsewhere(scheduler: str, tmp_path: Path, run: Run) -> None:
    log = tmp_path / "log"
    asked = ("pick", "--board", "lab", "--fps", "5", "--catalog", tmp_path, "--verify", "1")
    with started_workers(scheduler, "lab"):
        (end,) = measure_on(scheduler, batch="1", quick=True, catalog=tmp_path)
        assert end.fault == ""
    ran = run(*asked, "--on", scheduler)
    assert ran.code == 2
    assert "no worker is board 'lab'" in ran.err
    ran = run("pick", "--board", "lab", "--fps", "5", "--catalog", tmp_path, "--on", scheduler)
    assert ran.code == 2
    assert "--on goes with --verify" in ran.err
    with started_workers(scheduler, "lab", log=str(log)):
        ran = run(*asked, "--on", scheduler)
        assert ran.code == 0, ran.err
    before, verified = read_runs(tmp_path / "boards/lab/runs")
    assert len(before.header["plan"]["architectures"]) == 14
    (network,) = verified.header["plan"]["architectures"]
    assert f"time {network} at batch" in log.read_text()
    assert "1 of 1: " in ran.out


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("8786", "is not the address of a scheduler"),
        ("tcp://localhost:99999", "is not the address of a scheduler"),
        ("tcp://192.0.2.1:8786", "a worker runs whatever code its scheduler sends"),
        ("tls://localhost:8786", "needs --tls-ca-file, --tls-cert, --tls-key"),
    ],
)
@pytest.mark.parametrize(
    "command", [("fleet",), ("worker",), ("measure", "--on")], ids=lambda each: each[0]
)
def test_addresses_that_are_refused(
    run: Run, command: Sequence[str], address: str, said: str
) -> None:
    ran = run(*command, address)
    assert ran.code == 2
    assert said in ran.err


NOBODY = "tcp://127.0.0.1:1"
"""At which nothing listens: what says so has asked a scheduler."""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nonet",), "nonet"),
        (("bn-nin", "--precision", "fp7"), "fp7"),
        (("bn-nin", "--runtime", "none"), "unknown runtime 'none'"),
        (("bn-nin", "--runtime", "openvino", "--device", "cuda:0"), "cannot be measured on cuda"),
        (("bn-nin", "--batch", "0"), "batch"),
        (("bn-nin", "--threads", "x"), "threads"),
        (("bn-nin", "--device", "gpu"), "unknown device 'gpu'"),
        (("bn-nin", "--power", "5"), "5"),
        (("bn-nin", "--sustained", "long"), "long"),
        (("bn-nin", "--wait-for-quiet", "never"), "never"),
        (("bn-nin", "--calibrate", "nowhere"), "nowhere"),
        (("--again", "--board", "strange"), "strange"),
        (("--prepare-on", "x", "nonet"), "nonet"),
    ],
)
def test_what_needs_no_board_is_refused_before_any_is_asked(
    run: Run, tmp_path: Path, arguments: Sequence[str], said: str
) -> None:
    ran = run("measure", *arguments, "--on", NOBODY, "--catalog", tmp_path)
    assert ran.code == 2
    assert said in ran.err
    assert "no scheduler answers" not in ran.err
    assert ran.err.count("advisor: ") == 1


def test_a_scheduler_that_goes_before_it_is_asked_for_boards(
    monkeypatch: pytest.MonkeyPatch, run: Run, tmp_path: Path
) -> None:
    monkeypatch.setattr(fleet_module, "ANSWER_S", 2.0)
    connect = fleet_module.Fleet._connect
    with started_scheduler() as (address, scheduler):

        def connect_and_lose(fleet: fleet_module.Fleet) -> Any:
            client = connect(fleet)
            scheduler.kill()
            return client

        monkeypatch.setattr(fleet_module.Fleet, "_connect", connect_and_lose)
        ran = run("measure", "bn-nin", "--on", address, "--catalog", tmp_path)
    assert ran.code == 2
    assert f"no scheduler answers at {address}: " in ran.err
    assert "object at" not in ran.err


@pytest.mark.parametrize("command", [("fleet",), ("worker",), ("measure", "bn-nin", "--on")])
@pytest.mark.parametrize(
    ("address", "said"),
    [
        (NOBODY, "nothing listens there"),
        ("tcp://nosuch.invalid:8786", "no machine of that name is known"),
    ],
)
def test_an_address_at_which_no_scheduler_is(
    run: Run, command: Sequence[str], address: str, said: str
) -> None:
    ran = run(*command, address, "--insecure")
    assert ran.code == 2
    assert f"no scheduler answers at {address}: {said}\n" in ran.err
    assert ran.err.count("advisor: ") == 1


@contextmanager
def speaking(said: bytes) -> Iterator[str]:
    """The address of a program that says this to whoever comes."""

    class Says(StreamRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                self.wfile.write(said)
                self.rfile.read()

    with ThreadPoolExecutor(1) as pool, ThreadingTCPServer(("127.0.0.1", 0), Says) as server:
        pool.submit(server.serve_forever)
        yield f"tcp://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_ports_of_other_programs(scheduler: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler_module, "ANSWER_S", 1.0)
    pages = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    with ThreadPoolExecutor(1) as pool, pages:
        pool.submit(pages.serve_forever)
        ran = run("fleet", f"tcp://127.0.0.1:{pages.server_port}")
        pages.shutdown()
    assert ran.code == 2
    assert "what listens there, if anything, says nothing" in ran.err
    for said in (b"SSH-2.0-OpenSSH_9.6\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n"):
        with speaking(said) as address:
            ran = run("fleet", address)
        assert ran.code == 2
        assert "what listens there is another program, or a scheduler of an unlike ver" in ran.err
    with started_workers(scheduler, "one"), connected(scheduler) as fleet:
        address = fleet.addresses()["one"]
        ran = run("fleet", address)
    assert ran.code == 2
    assert f"no scheduler answers at {address}: that is the port of a worker" in ran.err
    assert "usually 8786" in ran.err


def test_what_is_no_fault_of_a_board_is_not_said_when_quiet(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ends = [FleetBoard("one", None, "no torch", "prepared on the board itself")]
    for quiet, said in (
        (False, ["prepared on the board itself", "no torch"]),
        (True, ["no torch"]),
    ):
        monkeypatch.setattr(PROGRESS, "quiet", quiet)
        with pytest.raises(typer.Exit):
            end_fleet(ends)
        assert [line.partition(": ")[2] for line in capsys.readouterr().err.splitlines()] == [
            f"board one: {each}" for each in said
        ]


def certificates(folder: Path, name: str) -> Path:
    """An authority that signs itself, as its one machine's certificate, too: FILE.crt and FILE.key."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "2",
         "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.crt"],
        check=True, capture_output=True,
    )  # fmt: skip
    return folder / name


def test_certificates(tmp_path: Path, run: Run) -> None:
    ours, theirs = certificates(tmp_path, "ours"), certificates(tmp_path, "theirs")
    tls = f"{ours}.crt:{ours}.crt:{ours}.key"

    def asked(address: str, authority: Path, own: Path, key: str = "") -> Ran:
        files = ("--tls-ca-file", f"{authority}.crt", "--tls-cert", f"{own}.crt")
        return run("fleet", address, *files, "--tls-key", key or f"{own}.key")

    with (
        started_scheduler(tls=tls) as (address, _),
        started_workers(address, "safe", tls=tls),
        started_scheduler() as (plain, _),
    ):
        assert "safe" in asked(address, ours, ours).out
        for ran, said in (
            (asked(address, ours, ours, f"{theirs}.key"), "the TLS files cannot be used"),
            (asked(address, ours, ours, "none"), "none: no such file (--tls-key)"),
            (asked(address, theirs, theirs), f"its certificate is not of {theirs}.crt"),
            (asked(address, ours, theirs), "it refuses this machine's certificate"),
            (asked(plain.replace("tcp:", "tls:"), ours, ours), "has no certificates"),
            (run("fleet", address.replace("tls:", "tcp:")), "what listens there hangs up"),
        ):
            assert ran.code == 2
            assert said in ran.err
            assert ran.err.count("advisor: ") == 1
            assert "object at" not in ran.err
    with (
        warnings.catch_warnings()
    ):  # Dask leaves the socket of a handshake that fails to the collector
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def test_certificates_come_together(tmp_path: Path) -> None:
    (tmp_path / "ca").touch()
    with pytest.raises(AdvisorError, match="certificates without --tls-cert"):
        Access(tls_ca_file=str(tmp_path / "ca")).check("tls://somewhere:8786")


def test_what_is_no_answer() -> None:
    assert sound(None, TimingFound).reason.startswith("its worker answered")
    assert BoardLostError("gone").exit_code == 2


def test_a_worker_of_this_very_machine(scheduler: str, tmp_path: Path, run: Run) -> None:
    """The command, which finds out by itself what the machine is."""
    command = [sys.executable, "-c", "from advisor.cli import main; main()", "worker", scheduler]
    worker = subprocess.Popen(
        [*command, "--board", "real", "--unit-id", "B7"],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert worker.stderr is not None
        assert worker.stderr.readline() == f"advisor: board real, unit B7 is at {scheduler}\n"
        (unit,) = advisor.fleet(scheduler).units
        assert (unit.board, unit.unit) == ("real", "B7")
        assert "torch" in unit.versions
        listens = [
            each.laddr.ip
            for each in psutil.Process(worker.pid).net_connections()
            if each.status == psutil.CONN_LISTEN
        ]
        assert set(listens) == {"127.0.0.1"}
        ran = run(
            "measure", "bn-nin", "--quick", "--dry-run", "--on", scheduler, "--catalog", tmp_path
        )
        assert ran.code == 0
        assert "board real: " in ran.out
    finally:
        worker.send_signal(signal.SIGINT)
        try:
            worker.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.communicate()
            raise
