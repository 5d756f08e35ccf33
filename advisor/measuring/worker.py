"""What runs inside a child: prepare a network for its runtime, time it, or watch its memory.

Nothing here loads torch: a runtime that serves without it must not pay for it.
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from advisor.errors import AdvisorError
from advisor.measuring.answers import (
    compare_answers,
    compared_images,
    fault,
    in_batches,
    rounding_of,
)
from advisor.measuring.energy import EnergyFound, find_meter, meter_energy
from advisor.measuring.runtimes.exports import file_size_mb
from advisor.measuring.runtimes.originals import original_of
from advisor.measuring.runtimes.runtime import Serving
from advisor.measuring.runtimes.variants import RUNTIMES
from advisor.measuring.tasks import (
    HeatFound,
    MemoryFound,
    NoMeter,
    PreparedFound,
    Task,
    TimingFound,
)
from advisor.measuring.timing import Timed, run_for, time_session, watched

MB = 1e6


def prepare_task(task: Task) -> PreparedFound:
    """Make what the runtime serves the network from, and hold its answers against the reference's, if asked.

    Raises:
        AdvisorError: the runtime cannot have this network.
    """
    _hush()
    original = original_of(task)
    if not task.check:
        prepared, serving = RUNTIMES[task.cell.runtime].prepare(task, original)
        serving.close()
        size = file_size_mb(prepared)
        return PreparedFound(
            prepared, None, 0.0, original.reference, checked=False, file_size_mb=size
        )
    images = compared_images(task.input_shape, task.cell.batch)
    expected = in_batches(original.answers, images, task.cell.batch)
    prepared, serving = RUNTIMES[task.cell.runtime].prepare(task, original)
    found = in_batches(serving.answers, images, task.cell.batch)
    serving.close()
    outcome = PreparedFound(
        prepared,
        *compare_answers(expected, found),
        original.reference,
        file_size_mb=file_size_mb(prepared),
    )
    # Else nobody needs it, and it takes twice the memory.
    if outcome.difference is not None and fault(task.cell.precision, outcome):
        exact = in_batches(original.exact_answers, images, task.cell.batch)
        outcome = replace(outcome, rounding=rounding_of(expected, exact))
    return outcome


def time_task(task: Task) -> TimingFound:
    """One timing session: synchronised wall time, the input already on the device."""
    found: list[Timed] = []
    with served(task) as serving:
        disturbance = watched(
            lambda: found.append(time_session(serving.run, time.perf_counter_ns, task.limits))
        )
    timed = found[0]
    return TimingFound(timed.values_ms, timed.runs_per_value, timed.settled, disturbance)


def heat_task(task: Task, seconds: float) -> HeatFound:
    """Run a cell back to back for a while, so that the board gets as hot as it does in use."""
    with served(task) as serving:
        return HeatFound(seconds, run_for(serving.run, time.perf_counter_ns, seconds))


def memory_task(task: Task) -> MemoryFound:
    """The peak memory of building and running a cell, in a child that has run nothing else."""
    on_gpu = task.device != "cpu"
    RUNTIMES[task.cell.runtime].warm_up(task)
    empty_mb = _reserved_mb(task.device) if on_gpu else _resident_peak_mb(reset=True)
    with served(task) as serving:
        serving.run()
        began = time.perf_counter()
        serving.run()
        run_ms = 1000 * (time.perf_counter() - began)
        peak_mb = _reserved_mb(task.device) if on_gpu else _resident_peak_mb()
    return MemoryFound(peak_mb, empty_mb, run_ms)


def energy_task(task: Task) -> EnergyFound | NoMeter | None:
    """The energy of running a cell back to back.

    Returns:
        What was found; why there is no meter; or `None` where the meter gave no usable window.
    """
    meter = find_meter(task.device)
    if isinstance(meter, NoMeter):
        return meter
    with served(task) as serving:
        for _ in range(3):
            serving.run()
        return meter_energy(meter, serving.run, task.limits.energy_s)


@contextmanager
def served(task: Task) -> Iterator[Serving]:
    """The cell's network, served by its runtime.

    Raises:
        AdvisorError: the device is not there, or the runtime cannot compute so.
    """
    if task.made_from:
        _hush()  # the user's code may print whenever it is run
    serving = RUNTIMES[task.cell.runtime].load(task)
    try:
        yield serving
    finally:
        serving.close()


def _hush() -> None:
    """Let exporters, and the user's code, keep what they print to themselves; what they raise is reported."""
    warnings.simplefilter("ignore")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)


def _reserved_mb(device: str) -> float:
    """What the process takes of the device's memory: the allocator's peak, and the context.

    The context is what the driver counts as used beyond all that allocators have reserved; other
    processes on the device would be counted, too.
    """
    import torch

    free, total = torch.cuda.mem_get_info(device)
    context = total - free - torch.cuda.memory_reserved(device)
    return (torch.cuda.max_memory_reserved(device) + context) / MB


def _resident_peak_mb(*, reset: bool = False) -> float:
    """The process's peak resident set; the peak is the present one after a reset.

    Raises:
        AdvisorError: the operating system does not say.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return _rusage_peak_mb()
    if reset:
        with suppress(OSError):  # where that is forbidden: a forked child's peak begins at its fork
            Path("/proc/self/clear_refs").write_text("5")
    for line in status.read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / MB
    raise AdvisorError("the operating system does not say a process's peak memory")


def _rusage_peak_mb() -> float:
    import resource
    import sys

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024) / MB
