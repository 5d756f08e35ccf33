"""How many simulated boards one client can measure at a time, and what that costs; with kills on the way.

`python -m tests.benchmarks.fleet` (4 processes of 10 boards, 4,800 sessions; `--processes 20 --cells 50` for
100,000, a quarter of an hour without kills and as much with them). A board's sessions sleep and return values
that follow from the board and the cell alone, so that an undisturbed run and one whose client and workers are
killed must end in equal tables. What was found stands in `docs/explanation/fleet-at-scale.md`.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import advisor.measuring.fleet_worker as at_worker
from advisor.measuring.access import OPEN
from advisor.measuring.children import Outcome
from advisor.measuring.fleet_run import measure_on
from advisor.measuring.fleet_worker import keep_joined, set_description, versions_of
from advisor.measuring.journal import SESSIONS
from advisor.measuring.tasks import TimingFound
from tests.fleet_processes import JOINED, ROOT, started_scheduler
from tests.measuring_fakes import FakeChildren, noise

NETWORKS = ("bn-nin", "resnet-18", "resnet-34", "resnet-50", "vgg-16")
LEAST = 10
"""Sessions of each cell: their values agree, so that no more are needed."""

LOOK_EVERY_S = 0.5

SHARES = (0.05, *(tenth / 10 for tenth in range(1, 10)))
"""Of the sessions, at which the client's memory is shown."""


class RecordedChildren(FakeChildren):
    """A board whose speed follows from its name."""

    def _answer(self, what: str, value: object) -> Outcome:
        from distributed import get_worker

        if isinstance(value, TimingFound):
            factor = 1 + 0.2 * noise(str(get_worker().name))
            value = replace(value, values_ms=[each * factor for each in value.values_ms])
        self.asked.clear()
        return super()._answer(what, value)


def worker(address: str, first: int, count: int, pause_s: float) -> None:
    """Several simulated boards in one process."""
    children = RecordedChildren(pause_s=pause_s)
    at_worker.children_here = lambda: children
    names = [f"board-{number:05d}" for number in range(first, first + count)]
    itself = {"host": "simulated", "devices": {"cpu": "simulated"}, "meters": {}}
    for name in names:
        set_description(name, {**itself, "versions": versions_of(("distributed",))})
    at_worker.quieten()
    keep_joined(address, names, OPEN, lambda _: print(JOINED, flush=True), lambda _: None)


def client(address: str, catalog: str, cells: int) -> None:
    """Measure all boards."""
    batches = -(-cells // len(NETWORKS))
    ends = measure_on(
        address,
        NETWORKS,
        batch=",".join(map(str, range(1, batches + 1))),
        quick=True,
        noisy=True,
        catalog=catalog,
    )
    faults = [each for each in ends if each.fault]
    sys.exit("\n".join(f"{each.board}: {each.fault}" for each in faults) if faults else 0)


@dataclass
class Costs:
    """What processes cost during a run.

    Attributes:
        seconds: how long it took, from the first session on disk to the last.
        sessions: how many ended in that time.
        client_mb: the client's resident memory each time that it was looked at, with the sessions on disk.
        client_cpu_s, scheduler_cpu_s: processor time of the last client, and of the scheduler.
        scheduler_mb: the scheduler's resident memory at the end.
    """

    seconds: float
    sessions: int
    client_mb: list[tuple[int, float]]
    client_cpu_s: float
    scheduler_cpu_s: float
    scheduler_mb: float


def sessions_on_disk(catalog: Path) -> int:
    """How many timing sessions all journals hold."""
    return sum(
        path.read_bytes().count(b'"values_us"')
        for path in catalog.glob(f"boards/*/runs/*/{SESSIONS}")
    )


def resident_mb(pid: int) -> float:
    text = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in text.splitlines() if "VmRSS" in line) / 1e3


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Workers:
    """The processes of simulated boards, each of which can be killed and started again."""

    def __init__(self, address: str, asked: argparse.Namespace) -> None:
        self.address, self.asked = address, asked
        self.processes = [self._started(each) for each in range(asked.processes)]
        for each in self.processes:
            self._hear(each)

    def _started(self, number: int) -> subprocess.Popen[str]:
        first, count = number * self.asked.boards, self.asked.boards
        words = ["worker", self.address, str(first), str(count), str(self.asked.session_s)]
        return subprocess.Popen(_command(words), cwd=ROOT, stdout=subprocess.PIPE, text=True)

    def _hear(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for _ in range(self.asked.boards):
            assert JOINED in process.stdout.readline()

    def kill(self, number: int) -> None:
        """Kill one, and start it again."""
        self.processes[number].kill()
        self.processes[number].wait()
        self.processes[number] = self._started(number)

    def close(self) -> None:
        for each in self.processes:
            each.kill()
            each.wait()


def _command(words: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "tests.benchmarks.fleet", *words]


@contextmanager
def running(workers: Workers, catalog: Path) -> Iterator[subprocess.Popen[bytes]]:
    words = ["client", workers.address, str(catalog), str(workers.asked.cells)]
    process = subprocess.Popen(_command(words), cwd=ROOT)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def run(catalog: Path, asked: argparse.Namespace, *, kills: bool) -> Costs:
    """Measure all boards; with kills, of the client at a third and two thirds, of two workers at half."""
    total = asked.processes * asked.boards * asked.cells * LEAST
    plan = [("client", total // 3), ("worker", total // 2), ("client", 2 * total // 3)]
    due = plan if kills else []
    seen: list[tuple[int, float]] = []
    with started_scheduler() as (address, scheduler):
        workers = Workers(address, asked)
        try:
            begin = last = 0.0
            first = 0
            while True:
                with running(workers, catalog) as process:
                    killed = False
                    while process.poll() is None and not killed:
                        time.sleep(LOOK_EVERY_S)
                        on_disk, now = sessions_on_disk(catalog), time.monotonic()
                        with suppress(OSError, StopIteration):
                            seen.append((on_disk, resident_mb(process.pid)))
                            spent = cpu_s(process.pid)
                        if on_disk and not begin:
                            begin, first = now, on_disk
                        if on_disk > (seen[-2][0] if len(seen) > 1 else 0):
                            last = now
                        if due and on_disk >= due[0][1]:
                            kind, _ = due.pop(0)
                            print(f"kill -9 of {kind} at {on_disk} sessions", flush=True)
                            if kind == "client":
                                process.send_signal(signal.SIGKILL)
                                killed = True
                            else:
                                for number in range(min(2, asked.processes)):
                                    workers.kill(number)
                    if not killed:
                        assert process.wait() == 0
                        pid = scheduler.process.pid
                        costs = resident_mb(pid), cpu_s(pid)
                        found = sessions_on_disk(catalog)
                        assert found == total, f"{found} sessions of {total}"
                        return Costs(last - begin, total - first, seen, spent, costs[1], costs[0])
        finally:
            workers.close()


def tables(catalog: Path) -> dict[str, str]:
    return {
        path.parent.name: path.read_text() for path in catalog.glob("boards/*/measurements.csv")
    }


def show(what: str, costs: Costs) -> None:
    per_s = costs.sessions / costs.seconds
    print(f"{what}: {costs.sessions} sessions in {costs.seconds:.0f} s, {per_s:.0f} a second")
    most = max(count for count, _ in costs.client_mb)
    for share in SHARES:
        mb = next((mb for count, mb in costs.client_mb if count >= share * most), 0.0)
        print(f"  client at {share:.0%} of the sessions: {mb:.0f} MB")
    print(
        f"  client {costs.client_cpu_s:.0f} s of processor time, scheduler {costs.scheduler_cpu_s:.0f} s "
        f"and {costs.scheduler_mb:.0f} MB",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=4, help="worker processes")
    parser.add_argument("--boards", type=int, default=10, help="simulated boards of each")
    parser.add_argument(
        "--cells", type=int, default=12, help="cells of each board, of 10 sessions each"
    )
    parser.add_argument("--session-s", type=float, default=0.05, help="how long a session sleeps")
    parser.add_argument("--no-kills", action="store_true", help="the undisturbed run alone")
    asked = parser.parse_args()
    asked.cells = -(-asked.cells // len(NETWORKS)) * len(NETWORKS)
    with tempfile.TemporaryDirectory() as folder:
        calm, rough = Path(folder) / "undisturbed", Path(folder) / "killed"
        show("undisturbed", run(calm, asked, kills=False))
        if asked.no_kills:
            return
        show("with kills", run(rough, asked, kills=True))
        same = tables(calm) == tables(rough)
        boards = len(tables(calm))
        print(f"tables of {boards} boards are {'equal' if same else 'NOT EQUAL'}")
        sys.exit(0 if same else 1)


if __name__ == "__main__":
    if sys.argv[1:2] == ["worker"]:
        worker(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]))
    elif sys.argv[1:2] == ["client"]:
        client(sys.argv[2], sys.argv[3], int(sys.argv[4]))
    else:
        main()
