"""Schedulers and workers of a fleet as processes of their own; the workers' boards are made up.

`python -m tests.fleet_processes scheduler PORT`, or `worker ADDRESS NAME [KEY=VALUE]...`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import advisor.measuring.fleet_worker as at_worker
from advisor.errors import AdvisorError
from advisor.measuring.access import OPEN, Access
from advisor.measuring.children import Outcome
from advisor.measuring.fleet import connected
from advisor.measuring.fleet_files import IN_EXPORTS, Sent
from advisor.measuring.fleet_worker import keep_joined, set_description, versions_of
from advisor.measuring.host import Host
from advisor.measuring.tasks import MemoryFound, PreparedFound, Task, TimingFound
from tests.measuring_fakes import QUIET, FakeChildren

ROOT = Path(__file__).resolve().parent.parent
JOINED, LISTENS = "joined", "listens"

LAPSE = {
    "DASK_DISTRIBUTED__SCHEDULER__LOCKS__LEASE_TIMEOUT": "3s",
    "DASK_DISTRIBUTED__SCHEDULER__LOCKS__LEASE_VALIDATION_INTERVAL": "500ms",
}
"""Locks of a client that was killed lapse soon."""


class OddChildren(FakeChildren):
    """Children of a worker that has a fault.

    Attributes:
        how: what is odd about them: "fault" names it, "at" is which session it befalls, "once" a file that
            says that it has befallen one already, "log" a file that hears of each session, "slower" by how
            much this unit is, "prepares" that it writes files where it prepares.
    """

    def __init__(self, how: Mapping[str, str]) -> None:
        super().__init__(pause_s=float(how.get("pause", 0.01)))
        self.how = how

    def ready(self, device: str) -> str:
        if self.how.get("fault") == "no torch":
            raise AdvisorError("measuring needs torch, which is not installed", "install it")
        return super().ready(device)

    def describe(self, device: str, threads: int, libraries: Sequence[str]) -> Host:
        found = super().describe(device, threads, libraries)
        own = {"machine": self.how.get("machine", "this-one"), "torch": self.how.get("torch", "0")}
        return replace(found, details={**found.details, **own})

    def prepare(self, task: Task, limit_s: float) -> Outcome:
        if "prepares" not in self.how:
            return super().prepare(task, limit_s)
        names = [f"{Path(task.made_from).stem}-made.{ending}" for ending in ("bin", "xml")]
        for each in names:
            Sent(IN_EXPORTS, each, "").place().write_text(f"made on {self.how['name']}")
        return self._answer(f"prepare {task.cell}", PreparedFound(names[1], 1e-6, 0.5))

    def _answer(self, what: str, value: object) -> Outcome:
        if log := self.how.get("log"):
            with Path(log).open("a") as stream:
                stream.write(f"{what}\n")
        befalls = len(self.asked) == int(self.how.get("at", 0)) and "fault" in self.how
        if befalls and (once := self.how.get("once")):
            befalls = not Path(once).exists()
            Path(once).touch()
        if isinstance(value, TimingFound) and "slower" in self.how:
            by = float(self.how["slower"])
            value = replace(value, values_ms=[each * by for each in value.values_ms])
        found = super()._answer(what, value)
        return self._odd(found) if befalls else found

    def _odd(self, found: Outcome) -> Outcome:
        fault = self.how["fault"]
        if fault == "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        if fault == "full":
            raise OSError(28, "No space left on device")
        if fault == "hangs":
            Path(self.how["hanging"]).touch()
            while not Path(self.how["release"]).exists():
                time.sleep(0.05)
        if fault == "throttles":
            assert isinstance(found.value, TimingFound)
            return replace(
                found, value=replace(found.value, disturbance=replace(QUIET, throttled=9))
            )
        garbage: dict[str, Any] = {
            "no outcome": 7,
            "no figures": Outcome("ok", "x", ""),
            "not a time": Outcome("ok", TimingFound([float("nan")], 1, True, QUIET), ""),
            "no status": Outcome("splendid", MemoryFound(1.0, 1.0, 1.0), ""),
        }
        return garbage.get(fault, found)  # type: ignore[no-any-return]


def wait_for(path: str) -> str:
    """A task that lasts until there is a file."""
    while not Path(path).exists():
        time.sleep(0.05)
    return "released"


def access_by(tls: str) -> Access:
    """The three files of certificates, with colons between them; "" for none."""
    if not tls:
        return OPEN
    ca_file, cert, key = tls.split(":")
    return Access(ca_file, cert, key)


def worker(address: str, name: str, how: Mapping[str, str]) -> None:
    """Be a made-up board until killed."""
    if "cache" in how:
        os.environ["XDG_CACHE_HOME"] = str(Path(how["cache"]) / name)
    children = OddChildren({**how, "name": name})
    at_worker.children_here = lambda: children
    versions = {**versions_of(("distributed",)), "torch": how.get("torch", "0")}
    versions.update({each: how[each] for each in ("advisor", "python") if each in how})
    itself = {
        "host": "a-host",
        "devices": {"cpu": "a processor"},
        "meters": {},
        "versions": versions,
    }
    set_description(name, itself)
    if "clock" in how:
        ahead, now = float(how["clock"]), time.time
        patch("advisor.measuring.fleet_worker.time.time", lambda: now() + ahead).start()
    access = access_by(how.get("tls", ""))
    at_worker.quieten()
    keep_joined(
        address,
        [name],
        access,
        lambda _: print(JOINED, flush=True),
        lambda why: print("left", why, flush=True),
    )


def scheduler(port: int, tls: str, host: str) -> None:
    """Be a scheduler until killed."""
    from distributed import Scheduler

    access = access_by(tls)

    async def run() -> None:
        place = f"{'tls' if tls else 'tcp'}://{host}:{port}"
        async with Scheduler(host=place, dashboard=False, security=access.security()) as found:
            print(LISTENS, found.address, flush=True)
            await found.finished()

    at_worker.quieten()
    asyncio.run(run())


# --- from a test


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Started:
    """A process of this module."""

    def __init__(self, *arguments: str, within: Sequence[str] = ()) -> None:
        """Start it.

        Args:
            arguments: see above.
            within: the command that runs it where it is to be, as in another network.
        """
        command = [*within, sys.executable, "-m", "tests.fleet_processes", *arguments]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ, **LAPSE}
        )

    def hear(self, word: str) -> str:
        """Wait until it says a line that begins so; the rest of the line."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith(word):
                return line.removeprefix(word).strip()
        raise AssertionError(f"it ended before it said {word!r}")

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()


@contextmanager
def started_scheduler(
    port: int = 0, tls: str = "", host: str = "127.0.0.1"
) -> Iterator[tuple[str, Started]]:
    found = Started("scheduler", str(port or free_port()), tls, host)
    try:
        yield found.hear(LISTENS), found
    finally:
        found.kill()


@contextmanager
def started_helpers(address: str, count: int = 2) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Workers that are no boards, as Dask's own command starts them; they may still be on their way."""
    command = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--no-dashboard"]
    options = ["--nthreads", "1", "--no-nanny", "--resources", "work=1"]
    found = [
        subprocess.Popen(
            [*command, *options, "--name", f"helper-{each}"], cwd=ROOT, stderr=subprocess.DEVNULL
        )
        for each in range(count)
    ]
    try:
        yield found
    finally:
        for each in found:
            each.kill()
            each.wait()


def wait_for_helpers(address: str, count: int) -> None:
    """Return once so many workers have joined."""
    with connected(address) as fleet:
        while len(fleet.connection().scheduler_info()["workers"]) < count:
            time.sleep(0.05)


@contextmanager
def started_workers(address: str, *boards: str, **how: str) -> Iterator[list[Started]]:
    """Boards of these names, all with the same fault."""
    settings = [f"{key}={value}" for key, value in how.items()]
    found = [Started("worker", address, board, *settings) for board in boards]
    try:
        for each in found:
            each.hear(JOINED)
        yield found
    finally:
        for each in found:
            each.kill()


class Link:
    """A network of its own, as a board has it, and the one wire that leads there.

    Attributes:
        here: this machine's address on the wire.
        within: what runs a command there.
    """

    def __init__(self) -> None:
        """Lay it.

        Raises:
            OSError: this machine does not allow it, or has not what it takes; it says why.
        """
        self._name, number = f"advisor-{os.getpid()}", os.getpid()
        self._wire = f"adv{number % 10**8}"
        network = f"10.{number // 256 % 256}.{number % 256}"
        self.here = f"{network}.1"
        self.within = ("ip", "netns", "exec", self._name)
        self._ip("netns", "add", self._name)
        there = ("peer", "name", "board", "netns", self._name)
        try:
            self._ip("link", "add", self._wire, "type", "veth", *there)
            self._ip("address", "add", f"{self.here}/30", "dev", self._wire)
            self._ip("link", "set", self._wire, "up")
            for arguments in (
                ("address", "add", f"{network}.2/30", "dev", "board"),
                ("link", "set", "board", "up"),
                ("link", "set", "lo", "up"),
            ):
                self._ip("-netns", self._name, *arguments)
        except OSError:
            self.remove()
            raise

    def _ip(self, *arguments: str) -> None:
        done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
        if done.returncode:
            raise OSError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")

    def cut(self) -> None:
        """Nothing gets through from now on, and nobody hears of that."""
        self._ip("-netns", self._name, "link", "set", "board", "down")

    def mend(self) -> None:
        self._ip("-netns", self._name, "link", "set", "board", "up")

    def remove(self) -> None:
        with suppress(OSError):
            self._ip("link", "delete", self._wire)
        with suppress(OSError):
            self._ip("netns", "delete", self._name)


if __name__ == "__main__":
    if sys.argv[1] == "scheduler":
        scheduler(int(sys.argv[2]), *sys.argv[3:])
    else:
        worker(sys.argv[2], sys.argv[3], dict(each.split("=", 1) for each in sys.argv[4:]))
