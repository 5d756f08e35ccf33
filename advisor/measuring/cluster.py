"""Large work on a cluster: plain tasks, spread over those workers of a Dask scheduler that are no boards.

A board is left alone: what runs on it beside a session, or before one, would be part of what is measured.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from advisor.errors import AdvisorError, first_line
from advisor.measuring.access import OPEN, Access
from advisor.measuring.fleet import ABSENT_S, OF_THE_WAY, Fleet, connected
from advisor.measuring.fleet_worker import versions_of

WORK = "work"
"""The resource of workers that take such tasks: as many at a time as they have of it."""

AHEAD = 16
"""How many tasks are sent for each that can run, so that a long one keeps no worker waiting."""

LOOK_EVERY_S = 1.0
"""How often it is seen whether workers are left, while an answer is waited for."""

LIBRARIES = ("numpy", "scipy", "scikit-learn", "torch", "torchvision", "timm")
"""What an answer may depend on: of these, a worker has the versions that are installed here."""

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


@dataclass
class _Task(Generic[Asked]):
    """A task on its way.

    Attributes:
        argument: what the function is called with.
        future: what Dask knows of it; `None` until it is sent.
    """

    argument: Asked
    future: Any = None

    @property
    def is_lost(self) -> bool:
        """Whether the scheduler that knew of it is gone, or none has heard of it."""
        return self.future is None or self.future.status in ("cancelled", "lost")


class Cluster:
    """Workers that take tasks of any kind."""

    def __init__(self, fleet: Fleet) -> None:
        """See who is there.

        Args:
            fleet: by which they are reached.

        Raises:
            AdvisorError: nobody is, or somebody has other versions than this machine.
        """
        self._fleet = fleet
        self._seen: tuple[float, dict[str, float]] = (-math.inf, {})
        if not self._slots():
            raise AdvisorError(
                f"no worker at {fleet.scheduler} takes work of this kind; boards are left alone",
                f"start some where there is power to spare: {_start(fleet.scheduler)}",
            )
        self._check_versions()

    def map(
        self, function: Callable[[Asked], Answer], arguments: Iterable[Asked]
    ) -> Iterator[Answer | AdvisorError]:
        """Call a function with each argument, on whichever worker is free; the answers in their order.

        The task of a worker that is lost is done again by another one, and so are the tasks of a scheduler
        that restarts: a lost worker costs what it was at.

        Args:
            function: a module's, which the workers have, too.
            arguments: plain ones.

        Returns:
            The answers; of a task that failed or killed its workers, why.

        Raises:
            AdvisorError: no worker is left.
        """
        waiting: deque[_Task[Asked]] = deque()
        left = iter(arguments)
        try:
            while True:
                room = AHEAD * max(1, self._slots()) - len(waiting)
                for _, argument in zip(range(room), left, strict=False):
                    waiting.append(_Task(argument))
                if not waiting:
                    return
                self._send(function, [each for each in waiting if each.future is None])
                answer = self._answer(function, waiting)
                waiting.popleft()
                yield answer
        finally:
            for each in waiting:
                with suppress(Exception):  # there may be nobody left to hear of it
                    each.future.cancel()

    def _send(self, function: Callable[..., Any], tasks: Iterable[_Task[Any]]) -> None:
        """Send tasks to whoever is free first, if the scheduler is there."""
        with suppress(ConnectionError):
            for each in tasks:
                client = self._fleet.connection()
                each.future = client.submit(
                    function, each.argument, resources={WORK: 1}, pure=False
                )

    def _answer(self, function: Callable[..., Any], waiting: Sequence[_Task[Any]]) -> Any:
        """The answer of the first that is waited for."""
        absent_since = time.monotonic()
        while True:
            first = waiting[0]
            try:
                if first.future is not None:
                    return first.future.result(timeout=LOOK_EVERY_S)
            except (*OF_THE_WAY, Exception) as error:  # noqa: BLE001  (a task's is of any kind)
                status, is_own = first.future.status, not isinstance(error, OF_THE_WAY)
                if status == "error" or (status == "finished" and is_own):
                    return _failed(error, first.argument)
            if self._slots():
                absent_since = time.monotonic()
            elif time.monotonic() - absent_since > self._fleet.absent_s:
                raise AdvisorError(
                    f"no worker at {self._fleet.scheduler} is left since {self._fleet.absent_s:.0f} s",
                    f"start some again: {_start(self._fleet.scheduler)}",
                )
            self._begin_again(function, waiting)

    def _begin_again(self, function: Callable[..., Any], waiting: Sequence[_Task[Any]]) -> None:
        """Send the tasks that a scheduler has forgotten, if it is back."""
        lost = [each for each in waiting if each.is_lost]
        if not lost:
            return
        time.sleep(LOOK_EVERY_S)
        self._send(function, lost)

    def _slots(self) -> int:
        """How many tasks can run at a time; 0 while the scheduler is away."""
        return sum(int(each) for each in self._workers().values())

    def _workers(self) -> dict[str, float]:
        """By the address of each worker that takes such work, how much at a time; asked for now and then."""
        when, found = self._seen
        if time.monotonic() - when > LOOK_EVERY_S:
            workers: Mapping[str, Any] = {}
            with suppress(*OF_THE_WAY):
                workers = self._fleet.connection().scheduler_info().get("workers", {})
            able = {address: each["resources"].get(WORK, 0) for address, each in workers.items()}
            found = {address: count for address, count in able.items() if count >= 1}
            self._seen = time.monotonic(), found
        return found

    def _check_versions(self) -> None:
        """Refuse workers whose answers could be others than this machine's."""
        own = versions_of(LIBRARIES)
        client = self._fleet.connection()
        answers = client.run(
            versions_of, LIBRARIES, workers=list(self._workers()), on_error="return"
        )
        for address, theirs in answers.items():
            if not isinstance(theirs, dict):
                raise AdvisorError(
                    f"worker {address} does not understand this advisor: {first_line(theirs)}",
                    "install the same version on both",
                )
            for what, version in own.items():
                if theirs.get(what) != version:
                    raise AdvisorError(
                        f"worker {address} has {what} {theirs.get(what, 'not')}; this machine has {version}",
                        "install the same version on both",
                    )


def _start(scheduler: str) -> str:
    return f"dask worker {scheduler} --nworkers 4 --nthreads 1 --resources {WORK}=1"


def _failed(error: BaseException, argument: object) -> AdvisorError:
    """Why a task failed."""
    from distributed import KilledWorker

    if isinstance(error, AdvisorError):
        return error
    why = first_line(error, with_kind=True)
    if isinstance(error, KilledWorker):
        why = f"its worker died at it, {error.allowed_failures + 1} times"
    return AdvisorError(f"{str(argument)[:80]}: {why}")


@contextmanager
def cluster(scheduler: str, access: Access = OPEN, absent_s: float = ABSENT_S) -> Iterator[Cluster]:
    """The workers of a scheduler that take large work, as long as they are needed.

    Args:
        scheduler: its address.
        access: by which right it is reached.
        absent_s: how long it, or every worker, may be gone.

    Raises:
        AdvisorError: it cannot be reached, or no worker of the same versions takes such work.
    """
    with connected(scheduler, access, absent_s) as fleet:
        yield Cluster(fleet)
