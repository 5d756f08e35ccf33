"""A fleet: boards elsewhere, each a worker of one Dask scheduler; who is there, and what they are."""

from __future__ import annotations

import asyncio
import concurrent.futures
import math
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from advisor._version import __version__
from advisor.arguments import checked
from advisor.errors import AdvisorError, closest, first_line, shown
from advisor.measuring.access import ALL, OPEN, Access
from advisor.measuring.children import BoardLostError
from advisor.measuring.fleet_worker import (
    SLOT,
    description_now,
    in_words,
    python_minor,
    quieten,
    resource_of,
    worker_name,
)
from advisor.measuring.scheduler import ANSWER_S, NOT_OF_DASK, check_answers, no_scheduler

LOOK_EVERY_S = 5.0
"""How often the scheduler is asked who is there, while an answer is waited for."""

CONNECTED = ("running", "connecting")
"""How a client of Dask is that has not given up."""

PATIENCE = 3.0
"""How many times as long as a scheduler may take a client is waited for."""

ABSENT_S = 300.0
"""How long a worker that is gone is waited for: a board restarts in less."""

LATE_S = 60.0
"""How much longer than its own limit a task may take until its worker is taken to hang."""

LOCK_S = 60.0
"""How long the lock of a board is waited for; that of a client which was killed lapses after 30 s."""

CLOCKS_APART_S = 2.0
"""By how much a board's clock may be off before it is said."""


@dataclass(frozen=True)
class Unit:
    """One physical sample of a board: one worker.

    Attributes:
        board: the board's name.
        unit: which of its samples, as its label says; "" where there is one and nobody said.
        host: the machine's own name.
        devices: its devices, each with its model.
        meters: what meters its power, by device.
        versions: of advisor, Python and the libraries.
        clock_off_s: by how much its clock is ahead at least; 0 where the way there may explain it.
        doing: the session that it is at; "" for none.
    """

    board: str
    unit: str
    host: str
    devices: Mapping[str, str]
    meters: Mapping[str, str]
    versions: Mapping[str, str]
    clock_off_s: float
    doing: str

    @property
    def name(self) -> str:
        """The worker's name."""
        return worker_name(self.board, self.unit)

    def check(self) -> None:
        """Refuse a worker that does not understand this advisor, or that is none of advisor's.

        Raises:
            AdvisorError: it is such.
        """
        for what, own in (("python", python_minor()), ("advisor", __version__)):
            theirs = self.versions.get(what, "unknown")
            if theirs != own:
                word = {"python": "Python"}.get(what, what)
                raise AdvisorError(
                    f"{in_words(self.board, self.unit)} runs {word} {theirs}; this is {word} {own}",
                    "install the same version on both",
                )


@dataclass(frozen=True)
class FleetFound:
    """Who is there.

    Attributes:
        scheduler: its address.
        units: every board's units, by name.
        others: workers that are none of advisor's, or did not answer.
        unlike: the versions in which they differ: what, and who has which.
        clocks_apart: the clocks that disagree with this machine's, in words.
    """

    scheduler: str
    units: tuple[Unit, ...]
    others: tuple[str, ...]
    unlike: Mapping[str, Mapping[str, tuple[str, ...]]]
    clocks_apart: tuple[str, ...]


@checked
def fleet(scheduler: str, access: Access = OPEN) -> FleetFound:
    """Who is there, what they are and do, which versions differ, which clocks disagree.

    Args:
        scheduler: its address, as in "tcp://localhost:8786".
        access: by which right.

    Raises:
        AdvisorError: it cannot be reached, or not so.
    """
    with connected(scheduler, access) as fleet:
        units = fleet.units_there()
        known = {each.name for each in units}
        return FleetFound(
            scheduler=scheduler,
            units=units,
            others=tuple(sorted(set(fleet.addresses()) - known)),
            unlike=_unlike(units),
            clocks_apart=tuple(
                f"{each.name} is {abs(each.clock_off_s):.0f} s "
                + ("ahead" if each.clock_off_s > 0 else "behind")
                for each in units
                if each.clock_off_s
            ),
        )


def _unlike(units: Sequence[Unit]) -> dict[str, dict[str, tuple[str, ...]]]:
    """The versions in which units differ from each other, or from this advisor and Python."""
    here = {"advisor": __version__, "python": python_minor()}
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for what in sorted({name for each in units for name in each.versions}):
        by_version: dict[str, tuple[str, ...]] = {here[what]: ("here",)} if what in here else {}
        for each in units:
            version = each.versions.get(what, "none")
            by_version[version] = (*by_version.get(version, ()), each.name)
        if len(by_version) > 1:
            found[what] = by_version
    return found


class TaskError(Exception):
    """A task that could not be done on its worker.

    Attributes:
        status: as `advisor.measuring.children.Outcome` has it.
        reason: why, in words.
    """

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


class _TaskHangsError(Exception):
    """A task that takes longer than its worker should ever let it."""


class _TaskLostError(Exception):
    """A task of which the scheduler knows nothing any more."""


OF_THE_WAY = (
    OSError,
    asyncio.TimeoutError,
    asyncio.CancelledError,
    concurrent.futures.CancelledError,
)
"""What is raised where an answer was lost on its way, rather than by the task."""


def _failed(error: BaseException) -> TaskError:
    """Why a task failed."""
    from distributed import KilledWorker

    if isinstance(error, KilledWorker):
        return TaskError("crashed", f"its worker died at it, {error.allowed_failures + 1} times")
    return TaskError("failed", first_line(error, with_kind=True))


class Fleet:
    """A connection to a scheduler, that is made again when it breaks; several threads may use it."""

    def __init__(self, scheduler: str, access: Access, absent_s: float = ABSENT_S) -> None:
        """Connect.

        Args:
            scheduler: its address.
            access: by which right.
            absent_s: how long a worker, or the scheduler itself, may be gone.

        Raises:
            AdvisorError: nobody answers, or not so.
        """
        self.scheduler, self.absent_s = scheduler, absent_s
        self.stopping = threading.Event()
        self._access, self._security = access, access.security()
        self._making, self._looking = threading.Lock(), threading.Lock()
        self._seen: tuple[float, dict[str, str]] = (-math.inf, {})
        self._held: set[str] = set()
        self._turns: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._client = self._connect()

    def close(self) -> None:
        """Leave; what runs for this client is given up."""
        with suppress(*OF_THE_WAY):
            self._client.close(timeout=ANSWER_S)

    def _connect(self) -> Any:
        """A client; waited for from outside, since one that meets another program's port waits for ever."""
        made: list[Any] = []
        making = threading.Thread(target=lambda: made.append(self._made()), daemon=True)
        making.start()
        making.join(PATIENCE * ANSWER_S)
        if not made:
            made.append(no_scheduler(self.scheduler, TimeoutError(), self._access))
        if isinstance(made[0], AdvisorError):
            raise made[0]
        return made[0]

    def _made(self) -> Any:
        """A client, or why there is none."""
        from distributed import Client

        try:
            return Client(
                self.scheduler,
                timeout=ANSWER_S,
                set_as_default=False,
                security=self._security,
                name="advisor",
            )
        except (*OF_THE_WAY, RuntimeError, *NOT_OF_DASK) as error:
            return no_scheduler(self.scheduler, error, self._access)

    def connection(self) -> Any:
        """The client; another one where the last gave up.

        Raises:
            ConnectionError: the scheduler is not there for now.
        """
        with self._making:
            if self._client.status not in CONNECTED:
                try:
                    self._client = self._connect()
                except AdvisorError as error:
                    raise ConnectionError(error.message) from None
            return self._client

    @contextmanager
    def _asked(self) -> Iterator[Any]:
        """The client, while it is asked for something.

        Raises:
            ConnectionError: the scheduler is not there for now, or the client gives up meanwhile: what Dask
                then raises differs with where it was.
        """
        from distributed.client import ClosedClientError

        client = self.connection()
        try:
            yield client
        except (AttributeError, ValueError, RuntimeError, ClosedClientError) as error:
            if client.status in CONNECTED:
                raise
            raise ConnectionError("the connection to the scheduler is lost") from error

    def addresses(self) -> dict[str, str]:
        """The address of each worker by its name; asked of the scheduler now and then.

        While the scheduler is away, no worker is there.
        """
        with self._looking:
            when, seen = self._seen
            if time.monotonic() - when > LOOK_EVERY_S:
                workers: Mapping[str, Any] = {}
                # Whoever waits for a worker gives up after a while.
                with suppress(*OF_THE_WAY), self._asked() as client:
                    workers = client.scheduler_info().get("workers", {})
                seen = {str(each["name"]): address for address, each in workers.items()}
                self._seen = time.monotonic(), seen
        return seen

    def units(self, only: str = "") -> Iterator[Unit]:
        """Those of advisor's boards that answer, by name.

        Args:
            only: the one worker that is asked; "" for all.

        Raises:
            ConnectionError: the scheduler is not there for now.
        """
        before = time.time()
        at = {name: where for name, where in self.addresses().items() if only in ("", name)}
        with self._asked() as client:
            doing = {address: keys for address, keys in client.processing().items() if keys}
            answers = client.sync(_answers, client, list(at.values()))
        after = time.time()
        for name, address in sorted(at.items()):
            answer = answers.get(address)
            if isinstance(answer, dict) and answer.get("versions"):
                board, _, unit = name.partition("/")
                yield _unit(board, unit, answer, doing.get(address, ()), (before, after))

    def units_there(self) -> tuple[Unit, ...]:
        """All units that answer, by name.

        Raises:
            AdvisorError: the scheduler has just gone.
        """
        try:
            return tuple(self.units())
        except OF_THE_WAY as error:
            raise no_scheduler(self.scheduler, error, self._access) from None

    def boards(self, names: str) -> dict[str, list[Unit]]:
        """The units of the boards that are asked for.

        Args:
            names: the boards' names with commas between them, each perhaps with one of its units as
                "board/unit"; "all" for every one.

        Raises:
            AdvisorError: a board is not there, or does not understand this advisor; or the scheduler has
                just gone.
        """
        units = self.units_there()
        found: dict[str, list[Unit]] = {}
        wanted = {each.board for each in units} if names == ALL else dict.fromkeys(names.split(","))
        for name in map(str.strip, sorted(wanted)):
            its = [each for each in units if name in (each.board, each.name)]
            if not its:
                known = sorted({each.board for each in units})
                hint = (
                    closest(name, known)
                    if known
                    else f"start it there: advisor worker {self.scheduler}"
                )
                raise AdvisorError(f"no worker is board {shown(name)}", hint)
            for each in its:
                each.check()
                found.setdefault(each.board, []).append(each)
        if not found:
            raise AdvisorError(
                f"no board is at {self.scheduler}",
                f"start one there: advisor worker {self.scheduler}",
            )
        return found

    @contextmanager
    def held(self, name: str) -> Iterator[None]:
        """Keep every other client off a worker; the lock of one that was killed lapses by itself.

        Where this client keeps others off it already, it goes on doing so.

        Raises:
            AdvisorError: another client is at work on it, or the scheduler has just gone.
        """
        from distributed import Lock

        if name in self._held:
            yield
            return
        try:
            with self._asked() as client, client.as_current():
                lock = Lock(f"advisor {name}")
                taken = lock.acquire(timeout=LOCK_S)
        except OF_THE_WAY as error:
            raise no_scheduler(self.scheduler, error, self._access) from None
        if not taken:
            raise AdvisorError(
                f"another client is at work on {in_words(*name.split('/'))}",
                "wait for it, or end it",
            )
        self._held.add(name)
        try:
            yield
        finally:
            self._held.discard(name)
            with suppress(Exception):  # a scheduler that was lost has let go of it already
                lock.release()

    def ask(
        self, name: str, what: str, function: Callable[..., Any], *arguments: Any, limit_s: float
    ) -> Any:
        """Have a worker do one thing, alone on its machine, and wait for the answer.

        A worker that dies at it is waited for and does it again; so is a scheduler. What comes back after it
        was given up belongs to no task that anybody knows, and is dropped.

        Args:
            name: the worker's.
            what: in words, for those who look at what the fleet does.
            function: a module's.
            arguments: plain ones.
            limit_s: how long it may take there, once the worker is free of what this client has it do.

        Raises:
            TaskError: it cannot be done there.
            BoardLostError: the worker, or the scheduler, is gone for too long.
            KeyboardInterrupt: the whole run is being stopped.
        """
        with self._turn(name):
            while not self.stopping.is_set():
                try:
                    with self._asked() as client:
                        future = _begun(client, name, what, function, *arguments)
                        return self._answer(future, name, limit_s)
                except _TaskHangsError:
                    self._wait_for_worker(name)  # else what follows would wait behind this one
                    reason = f"no answer within {limit_s + LATE_S:.0f} s"
                    raise TaskError("timed_out", reason) from None
                except (_TaskLostError, *OF_THE_WAY):
                    self._wait_for_scheduler(name)  # which has forgotten the task
        raise KeyboardInterrupt

    @contextmanager
    def _turn(self, name: str) -> Iterator[None]:
        """Wait here rather than at the worker, where time that is waited would count as the task's.

        Raises:
            KeyboardInterrupt: the whole run is being stopped.
        """
        turn = self._turns[name]
        while not turn.acquire(timeout=1.0):
            if self.stopping.is_set():
                raise KeyboardInterrupt
        try:
            yield
        finally:
            turn.release()

    def _wait_for_worker(self, name: str) -> None:
        """Return once a worker is free again of a task that was given up.

        Raises:
            BoardLostError: it hangs.
        """
        try:
            with self._asked() as client:
                self._answer(_begun(client, name, "waiting", bool), name, self.absent_s - LATE_S)
        except (TaskError, _TaskLostError, _TaskHangsError, *OF_THE_WAY):
            raise BoardLostError(f"{in_words(*name.split('/'))} hangs") from None

    def _answer(self, future: Any, name: str, limit_s: float) -> Any:
        """The answer of one task, which nobody asks for any more afterwards."""
        began, gone_since, ended = time.monotonic(), 0.0, threading.Event()
        future.add_done_callback(lambda _: ended.set())
        try:
            while not ended.wait(1.0):
                if self.stopping.is_set():
                    raise KeyboardInterrupt
                now = time.monotonic()
                if name in self.addresses():
                    if gone_since:
                        self.check_again(name)
                        began, gone_since = now, 0.0
                    if now - began > limit_s + LATE_S:
                        raise _TaskHangsError
                else:
                    gone_since = gone_since or now
                    if now - gone_since > self.absent_s:
                        raise BoardLostError(
                            f"{in_words(*name.split('/'))} is gone since {self.absent_s:.0f} s"
                        )
            if future.status == "error":
                raise _failed(future.exception())
            try:
                return future.result(timeout=ANSWER_S)
            except Exception as error:  # noqa: BLE001  (whatever comes out of what it sent)
                if future.status == "finished" and not isinstance(error, OF_THE_WAY):
                    raise TaskError("failed", first_line(error, with_kind=True)) from None
                raise _TaskLostError from None  # the scheduler has lost it, or the worker its answer
        finally:
            with suppress(Exception):  # there may be nobody left to tell
                future.cancel() if future.status == "pending" else future.release()

    def check_again(self, name: str) -> None:
        """See that a worker which has come back is one that can go on.

        Raises:
            BoardLostError: it is another version's now.
        """
        for each in self.units(only=name):
            try:
                each.check()
            except AdvisorError as error:
                raise BoardLostError(error.message, error.hint) from None

    def _wait_for_scheduler(self, name: str) -> None:
        """Return once the scheduler is there again, and the worker with it."""
        since = time.monotonic()
        while time.monotonic() - since < self.absent_s:
            if self.stopping.wait(1.0):
                raise KeyboardInterrupt
            with suppress(*OF_THE_WAY):
                self._seen = (-math.inf, {})
                if name in self.addresses():
                    self.check_again(name)
                    return
        raise BoardLostError(f"{self.scheduler} and {in_words(*name.split('/'))} do not come back")


def _begun(client: Any, name: str, what: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """A task on its way to a worker."""
    return client.submit(
        function,
        *arguments,
        key=f"{what}-{uuid4().hex}",
        resources={SLOT: 1, resource_of(name): 1},
        pure=False,
    )


@contextmanager
def connected(scheduler: str, access: Access = OPEN, absent_s: float = ABSENT_S) -> Iterator[Fleet]:
    """A scheduler's fleet, as long as it is needed.

    Raises:
        AdvisorError: it cannot be reached, or not so.
    """
    access.check(scheduler)
    quieten()
    check_answers(scheduler, access)
    found = Fleet(scheduler, access, absent_s)
    try:
        yield found
    finally:
        found.close()


async def _answers(client: Any, addresses: Sequence[str]) -> dict[str, object]:
    """What each worker says of itself; of one that hangs nothing, and it holds up no other."""

    async def asked(address: str) -> object:
        asking = client.run(description_now, workers=[address], on_error="return")
        found = await asyncio.wait_for(asking, ANSWER_S)
        return found.get(address)

    found = await asyncio.gather(*map(asked, addresses), return_exceptions=True)
    return dict(zip(addresses, found, strict=True))


def _unit(
    board: str,
    unit: str,
    answer: Mapping[str, Any],
    keys: Sequence[str],
    asked: tuple[float, float],
) -> Unit:
    """What a worker's answer says of it."""
    before, after = asked
    clock = float(answer["clock"])
    off = clock - after if clock > after else min(clock - before, 0.0)
    return Unit(
        board=board,
        unit=unit,
        host=str(answer.get("host", "")),
        devices=dict(answer.get("devices", {})),
        meters=dict(answer.get("meters", {})),
        versions=dict(answer["versions"]),
        clock_off_s=off if abs(off) > CLOCKS_APART_S else 0.0,
        doing=", ".join(str(each).rpartition("-")[0] for each in keys),
    )
