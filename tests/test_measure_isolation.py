"""Children that crash, leak, hang, are killed, or lose their parent; and one real network."""

from __future__ import annotations

import multiprocessing.forkserver
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from advisor.measuring import children
from advisor.measuring.children import RealChildren
from advisor.measuring.memory_kills import kills_for_memory
from advisor.measuring.tasks import Cell, MemoryFound, Task, TimingFound
from advisor.measuring.timing import SessionLimits
from tests.measuring_children import (
    LONG_S,
    add,
    all_end,
    be_killed,
    be_killed_once,
    crash,
    fail,
    hang,
    hold_what_takes_time_to_give_back,
    isolation,
    leak,
    leave,
    lose_the_server_once,
    metered_by_rapl,
    much,
    run_out_on_a_gpu,
    start_a_helper,
)


def test_what_a_child_returns_comes_back() -> None:
    outcome = isolation().run(add, 2, 3, limit_s=LONG_S)
    assert (outcome.status, outcome.value, outcome.reason) == ("ok", 5, "")
    assert len(isolation().run(much, limit_s=LONG_S).value) == 5_000_000


@pytest.mark.parametrize(
    ("function", "status", "reason"),
    [
        (crash, "crashed", "ended by SIGSEGV"),
        (leave, "crashed", "ended with exit code 3"),
        (be_killed, "failed", "killed, cause unknown"),
        (leak, "does_not_fit", "MemoryError"),
        (run_out_on_a_gpu, "does_not_fit", "CUDA out of memory"),
        (fail, "failed", "ValueError: what went wrong"),
    ],
)
def test_how_a_child_ends_is_reported(
    function: Callable[[], None], status: str, reason: str
) -> None:
    outcome = isolation().run(function, limit_s=LONG_S)
    assert (outcome.status, outcome.value) == (status, None)
    assert reason in outcome.reason
    assert isolation().run(add, 1, 1, limit_s=LONG_S).value == 2


@pytest.mark.parametrize("accident", [be_killed_once, lose_the_server_once])
def test_an_accident_says_nothing_of_a_task_which_is_tried_again(
    accident: Callable[[str], str], tmp_path: Path
) -> None:
    outcome = isolation().run(accident, str(tmp_path / "once"), limit_s=LONG_S)
    assert (outcome.status, outcome.value, outcome.reason) == ("ok", "done", "")


def test_another_server_is_started_where_the_first_has_ended() -> None:
    assert isolation().run(add, 1, 2, limit_s=LONG_S).value == 3
    server: int = multiprocessing.forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined]
    os.kill(server, signal.SIGKILL)
    assert isolation().run(add, 1, 3, limit_s=LONG_S).value == 4


@pytest.mark.parametrize(
    ("after", "status"), [(4, "does_not_fit"), (3, "failed"), (None, "failed")]
)
def test_the_kernel_says_whether_a_child_was_killed_for_memory(
    after: int | None, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts: Iterator[int | None] = iter([3, after, 3, after])
    monkeypatch.setattr(children, "kills_for_memory", lambda: next(counts))
    assert isolation().run(be_killed, limit_s=LONG_S).status == status


def test_the_count_is_that_of_the_closest_group(tmp_path: Path) -> None:
    def lies(path: str, text: str) -> None:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)

    assert kills_for_memory(tmp_path) is None
    lies("proc/vmstat", "nr_free 5\noom_kill 11\n")
    assert kills_for_memory(tmp_path) == 11
    lies("proc/self/cgroup", "4:cpu,memory:/own\n0::/mine/here\n")
    lies("sys/fs/cgroup/memory/memory.oom_control", "under_oom 0\noom_kill 5\n")
    assert kills_for_memory(tmp_path) == 5
    lies("sys/fs/cgroup/memory/own/memory.oom_control", "under_oom 0\noom_kill 3\n")
    assert kills_for_memory(tmp_path) == 3
    lies("sys/fs/cgroup/mine/here/memory.events", "oom 9\noom_kill 2\noom_group_kill 0\n")
    assert kills_for_memory(tmp_path) in (2, 3)


def test_a_child_that_hangs_is_ended() -> None:
    outcome = isolation().run(hang, limit_s=1)
    assert (outcome.status, outcome.reason) == ("timed_out", "not done within 1 s")


@pytest.mark.parametrize(
    ("then", "status"), [("hang", "timed_out"), ("be killed", "failed"), ("return", "ok")]
)
def test_what_a_child_has_started_ends_with_it(tmp_path: Path, then: str, status: str) -> None:
    path, limit_s = tmp_path / "pid", 1 if then == "hang" else LONG_S
    while True:
        outcome = isolation().run(start_a_helper, str(path), then, limit_s=limit_s)
        if path.exists() and path.read_text().endswith("\n"):
            break
        assert outcome.status == "timed_out", outcome.reason
        limit_s *= 2  # on a busy machine it did not get so far
    assert outcome.status == status
    assert all_end(path)


def test_a_child_gives_back_what_it_holds_before_it_ends(tmp_path: Path) -> None:
    path = tmp_path / "x"
    outcome = isolation().run(hold_what_takes_time_to_give_back, str(path), limit_s=LONG_S)
    assert outcome.status == "ok", outcome.reason
    assert path.exists()


ORPHAN = """
import sys
from advisor.measuring.children import Isolation
from tests.measuring_children import start_a_helper
Isolation([]).run(start_a_helper, sys.argv[1], "hang", limit_s=600)
"""
"""A program without a guard, which children must not run again."""


def test_children_and_what_they_started_die_with_their_parent(tmp_path: Path) -> None:
    script, pid_file = tmp_path / "orphan.py", tmp_path / "pid"
    script.write_text(ORPHAN)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    parent = subprocess.Popen([sys.executable, script, pid_file], env=environment)
    deadline = time.monotonic() + LONG_S
    while not (pid_file.exists() and "\n" in pid_file.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    parent.kill()
    parent.wait()
    assert all_end(pid_file)


def test_a_real_network_is_timed_and_weighed_in_children() -> None:
    limits = SessionLimits(timed_s=0.1, least_values=2)
    task = Task(Cell("bn-nin", 1), (3, 224, 224), "cpu", 1, limits)
    isolation()  # whose server these children share
    children = RealChildren()
    memory = children.memory(task, limit_s=LONG_S)
    assert memory.status == "ok", memory.reason
    assert isinstance(memory.value, MemoryFound)
    assert memory.value.peak_mb > memory.value.empty_mb + 4 * 8.6  # at least its weights
    timed = children.time(task, limit_s=LONG_S)
    assert timed.status == "ok", timed.reason
    assert isinstance(timed.value, TimingFound)
    assert len(timed.value.values_ms) > 1
    assert all(value > 0 for value in timed.value.values_ms)
    nowhere = children.time(replace(task, device="cuda:7"), limit_s=LONG_S)
    assert nowhere.status == "failed"
    assert "CUDA" in nowhere.reason


def test_rapl_is_read_in_a_child_a_stuck_counter_is_unknown_and_no_meter_no_error(
    tmp_path: Path,
) -> None:
    """Over made-up counters."""
    outcome = isolation().run(metered_by_rapl, str(tmp_path / "intel-rapl"), limit_s=LONG_S)
    assert outcome.status == "ok", outcome.reason
    assert outcome.value == (pytest.approx(5.5), None, "CPU package", False)
