"""The children that a run asks: each task in a process of its own, with a time limit and a known end.

Children are forked from a server that has the libraries loaded already, so a fresh one costs a tenth of a
second. A child that crashes, is killed, runs on for ever or whose parent dies harms nothing else.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.util
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from advisor.errors import AdvisorError
from advisor.measuring import worker
from advisor.measuring.host import Host, check_can_measure, describe, device_named
from advisor.measuring.image_data import LabelledImage
from advisor.measuring.memory_kills import kills_for_memory
from advisor.measuring.preprocessing import Preprocessing
from advisor.measuring.runtimes.exports import drop_oldest, is_there
from advisor.measuring.runtimes.variants import RUNTIMES, check_installed
from advisor.measuring.tasks import Task, Variant
from advisor.measuring.timing import watched

KILLED = "killed, cause unknown"
NO_SERVER = "the server of child processes ended"
ACCIDENTS = (KILLED, NO_SERVER)
"""What a child may come to that says nothing of its task, which is tried once more."""

SERVER_LOST = 255
"""What a child's exit code is taken for when the server that knew it has ended."""

PAUSE_S = 1.0
"""How long a server that was killed may take until the system knows that it is gone."""

MOST_REASON, MOST_OF_OTHERS = 1000, 300
"""So many characters of a child's own message are kept, and of one that a library raises."""

PATIENCE_S = 10
"""How long a child that is ending may take to end."""


@dataclass(frozen=True)
class Outcome:
    """How a child ended.

    Attributes:
        status: "ok", "does_not_fit" (out of memory, or killed for it), "crashed", "timed_out" or "failed"
            (it raised, or was killed and nobody knows why).
        value: what it returned; `None` unless "ok".
        reason: why, in words; "" if "ok".
    """

    status: str
    value: Any
    reason: str


class BoardLostError(AdvisorError):
    """The machine that ran the tasks is gone, or is no longer what it was; what it found is kept."""


class Sessions(Protocol):
    """Runs one task in a child of its own, on one machine."""

    def has(self, prepared: str) -> bool:
        """Whether what was prepared is still there."""
        ...

    def prepare(self, task: Task, limit_s: float) -> Outcome:
        """Prepare a network for its runtime; the value is a `PreparedFound`."""
        ...

    def memory(self, task: Task, limit_s: float) -> Outcome:
        """Find the peak memory; the value is a `MemoryFound`."""
        ...

    def heat(self, task: Task, seconds: float, limit_s: float) -> Outcome:
        """Keep the board busy for a while; the value is a `HeatFound`."""
        ...

    def time(self, task: Task, limit_s: float) -> Outcome:
        """Time one session; the value is a `TimingFound`."""
        ...

    def energy(self, task: Task, limit_s: float) -> Outcome:
        """Meter the energy; the value is an `EnergyFound`, a `NoMeter`, or `None` if unknown."""
        ...

    def answers(
        self,
        function: Callable[..., object],
        task: Task,
        images: Sequence[LabelledImage],
        how: Preprocessing,
        limit_s: float,
    ) -> Outcome:
        """Run images through a network; the value is what `function` makes of them.

        Args:
            function: what does so, as `advisor.measuring.image_answers.answer_images`.
            task: the network, prepared on this machine where it must be.
            images: the images.
            how: how they become what the network takes.
            limit_s: how long it may take.
        """
        ...


class Children(Protocol):
    """Where a board's sessions run."""

    @property
    def units(self) -> Mapping[str, Sessions]:
        """What runs them on each physical sample of the board, by its label; one, "", where nobody said."""
        ...

    def ready(self, device: str) -> str:
        """See that the board can measure on a device; the device's full name.

        Raises:
            AdvisorError: it cannot.
        """
        ...

    def check_installed(self, variants: Sequence[Variant], device: str) -> None:
        """See that all is there that these need.

        Raises:
            AdvisorError: something is not.
        """
        ...

    def describe(self, device: str, threads: int, libraries: Sequence[str]) -> Host:
        """The machine; see `advisor.measuring.host.describe`."""
        ...

    def busy(self, seconds: float) -> float | None:
        """The share of the processors' time that others take meanwhile; `None` where it is unknown."""
        ...

    def end(self) -> None:
        """Hear that a run has come to its end, so that what was prepared need not all be kept."""
        ...


class RealChildren:
    """Children of this machine; see `Children` and `Sessions`."""

    def __init__(self) -> None:
        self._isolation = Isolation(["advisor.measuring.preload"])
        self._without_torch = Isolation(None)

    @property
    def units(self) -> Mapping[str, Sessions]:
        """See `Children`."""
        return {"": self}

    def ready(self, device: str) -> str:
        """See `Children`."""
        check_can_measure()
        return device_named(device)

    def check_installed(self, variants: Sequence[Variant], device: str) -> None:
        """See `Children`."""
        check_installed(variants, device)

    def describe(self, device: str, threads: int, libraries: Sequence[str]) -> Host:
        """This machine; described in a child, since that touches the device.

        Raises:
            AdvisorError: the child failed.
        """
        outcome = self._isolation.run(describe, device, threads, libraries, limit_s=300)
        if outcome.status != "ok":
            raise AdvisorError(f"{device} cannot be described: {outcome.reason}")
        host: Host = outcome.value
        return host

    def busy(self, seconds: float) -> float | None:
        """See `Children`."""
        return watched(lambda: time.sleep(seconds)).others

    def prepare(self, task: Task, limit_s: float) -> Outcome:
        """See `advisor.measuring.worker.prepare_task`."""
        return self._isolation.run(worker.prepare_task, task, limit_s=limit_s)

    def has(self, prepared: str) -> bool:
        """See `Sessions`."""
        return is_there(prepared)

    def end(self) -> None:
        """See `Children`."""
        drop_oldest()

    def memory(self, task: Task, limit_s: float) -> Outcome:
        """See `advisor.measuring.worker.memory_task`."""
        in_torch = RUNTIMES[task.cell.runtime].runs_in_torch
        isolation = self._isolation if in_torch else self._without_torch
        return isolation.run(worker.memory_task, task, limit_s=limit_s)

    def heat(self, task: Task, seconds: float, limit_s: float) -> Outcome:
        """See `advisor.measuring.worker.heat_task`."""
        return self._isolation.run(worker.heat_task, task, seconds, limit_s=limit_s)

    def time(self, task: Task, limit_s: float) -> Outcome:
        """See `advisor.measuring.worker.time_task`."""
        return self._isolation.run(worker.time_task, task, limit_s=limit_s)

    def energy(self, task: Task, limit_s: float) -> Outcome:
        """See `advisor.measuring.worker.energy_task`."""
        return self._isolation.run(worker.energy_task, task, limit_s=limit_s)

    def answers(
        self,
        function: Callable[..., object],
        task: Task,
        images: Sequence[LabelledImage],
        how: Preprocessing,
        limit_s: float,
    ) -> Outcome:
        """See `Sessions`."""
        return self._isolation.run(function, task, images, how, limit_s=limit_s)


class Isolation:
    """Runs functions in fresh child processes, one at a time."""

    def __init__(self, preload: Sequence[str] | None) -> None:
        """Prepare the server.

        Args:
            preload: modules that the server imports once for all children; `None` for children
                without a server, each of which begins with nothing and takes its time to load.
        """
        self._context: Any = multiprocessing.get_context(
            "spawn" if preload is None else "forkserver"
        )
        if preload is not None:
            self._context.set_forkserver_preload(list(preload))

    def run(self, function: Callable[..., object], *arguments: object, limit_s: float) -> Outcome:
        """Call `function(*arguments)` in a child and wait for what becomes of it.

        It is called once more, in another child, where the first was killed and not for memory, or where
        the server that it came from ended.

        Args:
            function: importable by name; what it returns and takes can be pickled.
            arguments: what it is called with.
            limit_s: how long it may take; then it is killed.
        """
        outcome = self._once(function, arguments, limit_s)
        if outcome.reason in ACCIDENTS:
            time.sleep(PAUSE_S)
            outcome = self._once(function, arguments, limit_s)
        return outcome

    def _once(
        self, function: Callable[..., object], arguments: tuple[object, ...], limit_s: float
    ) -> Outcome:
        kills = kills_for_memory()
        receiver, sender = self._context.Pipe(duplex=False)
        child = self._context.Process(
            target=_serve, args=(sender, dict(os.environ), function, arguments), daemon=False
        )
        try:
            try:
                with _main_hidden():
                    child.start()
            except (EOFError, ConnectionError):  # the next start makes another server
                return Outcome("crashed", None, NO_SERVER)
            sender.close()
            outcome = _await(child, receiver, limit_s, kills)
            if outcome.status != "timed_out":
                child.join(timeout=PATIENCE_S)  # it gives back what it holds beside its memory
            return outcome
        finally:
            if child.pid is not None:
                _end(child)
            sender.close()
            receiver.close()


@contextmanager
def _main_hidden() -> Iterator[None]:
    """Keep children from importing the program that measures: it would run again where it has no guard."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _end(child: Any) -> None:
    """End a child with all that it has started, such as a meter's own process."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.kill()
    child.join(timeout=PATIENCE_S)  # a child stuck in a driver is left to the system


def _await(child: Any, receiver: Connection, limit_s: float, kills: int | None) -> Outcome:
    ready = wait([receiver, child.sentinel], timeout=limit_s)
    if not ready:
        return Outcome("timed_out", None, f"not done within {limit_s:.0f} s")
    if receiver in ready or receiver.poll():
        try:
            outcome: Outcome = receiver.recv()
        except (EOFError, OSError):
            child.join(timeout=PATIENCE_S)  # the pipe closed; the exit code comes a moment later
        else:
            return outcome
    child.join(timeout=PATIENCE_S)
    return _ended(child.exitcode, kills)


def _ended(code: int | None, kills: int | None) -> Outcome:
    """How a child ended that said nothing; `kills` is the count of kills for memory before it began."""
    if code == -signal.SIGKILL:
        now = kills_for_memory()
        for_memory = kills is not None and now is not None and now > kills
        if for_memory:
            return Outcome("does_not_fit", None, "killed by the kernel, since memory ran out")
        return Outcome("failed", None, KILLED)
    if code == SERVER_LOST:
        return Outcome("crashed", None, NO_SERVER)
    if code is not None and code < 0:
        return Outcome("crashed", None, f"ended by {signal.Signals(-code).name}")
    return Outcome("crashed", None, f"ended with exit code {code}")


def _serve(
    sender: Connection,
    environment: Mapping[str, str],
    function: Callable[..., object],
    arguments: tuple[object, ...],
) -> None:
    """The child's whole life."""
    os.setpgid(0, 0)  # what it starts ends with it
    os.environ.clear()  # which is the one that the server began with
    os.environ.update(environment)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to stop
    _die_with_parent()
    _die_before_parent()
    try:
        outcome = Outcome("ok", function(*arguments), "")
    except Exception as error:  # noqa: BLE001  (whatever it is, it is reported)
        ours = isinstance(error, AdvisorError)
        kind, longest = ("", MOST_REASON) if ours else (f"{type(error).__name__}: ", MOST_OF_OTHERS)
        reason = f"{kind}{error}".splitlines()[0][:longest]
        full = isinstance(error, MemoryError) or "out of memory" in str(error).lower()
        full = full or "can't allocate memory" in str(error)
        outcome = Outcome("does_not_fit" if full else "failed", None, reason)
    sender.send(outcome)
    sender.close()
    sys.stdout.flush()
    for helper in multiprocessing.active_children():  # such as a meter's own process
        helper.terminate()
    # As at an ordinary exit: libraries' semaphores are given back.
    multiprocessing.util._run_finalizers(0)  # type: ignore[attr-defined]
    os._exit(0)  # torch's threads need not be waited for


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os.killpg(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


def _die_before_parent() -> None:
    """Let the kernel end this process first, should memory run out."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
