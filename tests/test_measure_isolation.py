"""Children that crash, leak, hang, are killed, or lose their parent; and one real network."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from advisor.measuring.children import Isolation, RealChildren
from advisor.measuring.energy import find_meter
from advisor.measuring.tasks import Cell, MemoryFound, Task, TimingFound
from advisor.measuring.timing import SessionLimits

TASK = Task(Cell("bn-nin", 1), (3, 224, 224), "cpu", 1, SessionLimits(timed_s=0.1))


@pytest.fixture(scope="module")
def isolation() -> Isolation:
    return Isolation([])


def add(first: int, second: int) -> int:
    return first + second


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def leave() -> None:
    os._exit(3)


def be_killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def leak() -> None:
    raise MemoryError


def run_out_on_a_gpu() -> None:
    raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")


def fail() -> None:
    raise ValueError("what went wrong\nand more")


def hang() -> None:
    time.sleep(60)


def much() -> bytes:
    return b"x" * 5_000_000


def test_what_a_child_returns_comes_back(isolation: Isolation) -> None:
    outcome = isolation.run(add, 2, 3, limit_s=60)
    assert (outcome.status, outcome.value, outcome.reason) == ("ok", 5, "")
    assert len(isolation.run(much, limit_s=60).value) == 5_000_000


@pytest.mark.parametrize(
    ("function", "status", "reason"),
    [
        (crash, "crashed", "ended by SIGSEGV"),
        (leave, "crashed", "ended with exit code 3"),
        (be_killed, "does_not_fit", "killed, most likely for memory"),
        (leak, "does_not_fit", "MemoryError"),
        (run_out_on_a_gpu, "does_not_fit", "CUDA out of memory"),
        (fail, "failed", "ValueError: what went wrong"),
    ],
)
def test_how_a_child_ends_is_told(
    isolation: Isolation, function: object, status: str, reason: str
) -> None:
    assert callable(function)
    outcome = isolation.run(function, limit_s=60)
    assert (outcome.status, outcome.value) == (status, None)
    assert reason in outcome.reason
    assert isolation.run(add, 1, 1, limit_s=60).value == 2


def test_a_child_that_hangs_is_ended(isolation: Isolation) -> None:
    began = time.monotonic()
    outcome = isolation.run(hang, limit_s=1)
    assert (outcome.status, outcome.reason) == ("timed_out", "not done within 1 s")
    assert time.monotonic() - began < 30


def start_a_helper(path: str, then: str) -> None:
    """Start a process that would go on for ever, as a meter does, and say which it is."""
    helper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    Path(path).write_text(f"{os.getpid()} {helper.pid}\n")
    if then != "return":
        {"hang": hang, "be killed": be_killed}[then]()


@pytest.mark.parametrize(
    ("then", "status"), [("hang", "timed_out"), ("be killed", "does_not_fit"), ("return", "ok")]
)
def test_what_a_child_has_started_ends_with_it(
    isolation: Isolation, tmp_path: Path, then: str, status: str
) -> None:
    limit_s = 60 if then != "hang" else 5
    outcome = isolation.run(start_a_helper, str(tmp_path / "pid"), then, limit_s=limit_s)
    assert outcome.status == status
    assert all_end(tmp_path / "pid")


def give_back(path: str) -> None:
    time.sleep(0.5)
    Path(path).touch()


def hold_what_takes_time_to_give_back(path: str) -> None:
    """As libraries hold semaphores, which outlive a process that does not give them back."""
    import multiprocessing.util

    multiprocessing.util.Finalize(None, give_back, (path,), exitpriority=1)


def test_a_child_gives_back_what_it_holds_before_it_ends(
    isolation: Isolation, tmp_path: Path
) -> None:
    outcome = isolation.run(hold_what_takes_time_to_give_back, str(tmp_path / "x"), limit_s=60)
    assert outcome.status == "ok", outcome.reason
    assert (tmp_path / "x").exists()


ORPHAN = """
import sys
from advisor.measuring.energy import find_meter
from advisor.measuring.children import Isolation
from tests.test_measure_isolation import start_a_helper
if __name__ == "__main__":
    Isolation([]).run(start_a_helper, sys.argv[1], "hang", limit_s=60)
"""


def test_children_and_what_they_started_die_with_their_parent(tmp_path: Path) -> None:
    script, pid_file = tmp_path / "orphan.py", tmp_path / "pid"
    script.write_text(ORPHAN)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    parent = subprocess.Popen([sys.executable, script, pid_file], env=environment)
    deadline = time.monotonic() + 60
    while not (pid_file.exists() and "\n" in pid_file.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    parent.kill()
    parent.wait()
    assert all_end(pid_file)


def all_end(pids: Path) -> bool:
    """Whether all processes that a file tells have ended, or do so soon."""
    left, deadline = [int(each) for each in pids.read_text().split()], time.monotonic() + 30
    while left and time.monotonic() < deadline:
        left = [each for each in left if alive(each)]
        time.sleep(0.05)
    return not left


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_a_real_network_is_timed_and_weighed_in_children() -> None:
    children = RealChildren()
    memory = children.memory(TASK, limit_s=120)
    assert memory.status == "ok", memory.reason
    assert isinstance(memory.value, MemoryFound)
    assert memory.value.peak_mb > memory.value.empty_mb + 4 * 8.6  # at least its weights
    timed = children.time(TASK, limit_s=120)
    assert timed.status == "ok", timed.reason
    assert isinstance(timed.value, TimingFound)
    assert len(timed.value.values_ms) > 1
    assert all(value > 0 for value in timed.value.values_ms)
    nowhere = children.time(replace(TASK, device="cuda:7"), limit_s=120)
    assert nowhere.status == "failed"
    assert "CUDA" in nowhere.reason


# --- a meter inside a child, over made-up counters


class Counter:
    """A folder as the kernel shows RAPL's counters."""

    def __init__(self, folder: Path) -> None:
        zone = folder / "intel-rapl:0"
        zone.mkdir(parents=True)
        (zone / "name").write_text("package-0\n")
        (zone / "max_energy_range_uj").write_text("262143328850\n")
        self.path = zone / "energy_uj"
        self.path.write_text("1000000\n")

    def add(self, joules: float) -> None:
        self.path.write_text(f"{int(self.path.read_text()) + round(joules * 1e6)}\n")


def metered_by_rapl(folder: str) -> tuple[float | None, float | None, str]:
    from zeus.device.cpu import rapl

    rapl.RAPL_DIR = folder
    counter = Counter(Path(folder))
    meter = find_meter("cpu")
    assert meter is not None
    return meter.joules(lambda: counter.add(5.5)), meter.joules(lambda: None), meter.scope


def test_rapl_is_read_in_a_child_and_a_stuck_counter_is_unknown(
    isolation: Isolation, tmp_path: Path
) -> None:
    outcome = isolation.run(metered_by_rapl, str(tmp_path / "intel-rapl"), limit_s=120)
    assert outcome.status == "ok", outcome.reason
    assert outcome.value == (pytest.approx(5.5), None, "CPU package")


def what_meters_there_are(device: str) -> bool:
    return find_meter(device) is not None


def test_no_meter_is_none_not_an_error(isolation: Isolation) -> None:
    outcome = isolation.run(what_meters_there_are, "cuda:3", limit_s=120)
    assert (outcome.status, outcome.value) == ("ok", False), outcome.reason
