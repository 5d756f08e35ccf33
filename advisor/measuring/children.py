"""The children that a run asks: each task in a process of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from advisor.errors import AdvisorError
from advisor.measuring.host import Host, describe
from advisor.measuring.isolation import Isolation, Outcome
from advisor.measuring.runtimes.registry import RUNTIMES
from advisor.measuring.tasks import Task


class Children(Protocol):
    """Runs one task in a child of its own."""

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
        """Meter the energy; the value is an `EnergyFound`, `NO_METER`, or `None` if it cannot tell."""
        ...


class RealChildren:
    """Children of this machine."""

    def __init__(self) -> None:
        from advisor.measuring import worker

        self._worker = worker
        self._isolation = Isolation(["advisor.measuring.preload"])
        self._without_torch = Isolation(None)

    def describe(self, device: str, threads: int, libraries: Sequence[str]) -> Host:
        """This machine; told by a child, since describing touches the device.

        Raises:
            AdvisorError: the child failed.
        """
        outcome = self._isolation.run(describe, device, threads, libraries, limit_s=300)
        if outcome.status != "ok":
            raise AdvisorError(f"{device} cannot be described: {outcome.reason}")
        host: Host = outcome.value
        return host

    def prepare(self, task: Task, limit_s: float) -> Outcome:
        """See `advisor.measuring.worker.prepare_task`."""
        return self._isolation.run(self._worker.prepare_task, task, limit_s=limit_s)

    def memory(self, task: Task, limit_s: float) -> Outcome:
        """See `advisor.measuring.worker.memory_task`."""
        in_torch = RUNTIMES[task.cell.runtime].runs_in_torch
        isolation = self._isolation if in_torch else self._without_torch
        return isolation.run(self._worker.memory_task, task, limit_s=limit_s)

    def heat(self, task: Task, seconds: float, limit_s: float) -> Outcome:
        """See `advisor.measuring.worker.heat_task`."""
        return self._isolation.run(self._worker.heat_task, task, seconds, limit_s=limit_s)

    def time(self, task: Task, limit_s: float) -> Outcome:
        """See `advisor.measuring.worker.time_task`."""
        return self._isolation.run(self._worker.time_task, task, limit_s=limit_s)

    def energy(self, task: Task, limit_s: float) -> Outcome:
        """See `advisor.measuring.worker.energy_task`."""
        return self._isolation.run(self._worker.energy_task, task, limit_s=limit_s)
