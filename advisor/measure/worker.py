"""What runs inside a child: build the network, then time it or watch its memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import torch

from advisor.architectures.quick_build import quick_build
from advisor.errors import AdvisorError
from advisor.measure.disturbance import watched
from advisor.measure.energy import EnergyFound, find_meter, meter_energy
from advisor.measure.tasks import NO_METER, HeatFound, MemoryFound, Task, TimingFound
from advisor.measure.timing import Timed, run_for, time_session

MB = 1e6


def time_task(task: Task) -> TimingFound:
    """One timing session: synchronised wall time, the input already on the device."""
    found: list[Timed] = []
    with torch.inference_mode():
        run = runner(task)
        disturbance = watched(
            lambda: found.append(time_session(run, time.perf_counter_ns, task.limits))
        )
    timed = found[0]
    return TimingFound(timed.values_ms, timed.runs_per_value, timed.settled, disturbance)


def heat_task(task: Task, seconds: float) -> HeatFound:
    """Run a cell back to back for a while, so that the board gets as hot as it does in use."""
    with torch.inference_mode():
        return HeatFound(seconds, run_for(runner(task), time.perf_counter_ns, seconds))


def memory_task(task: Task) -> MemoryFound:
    """The peak memory of building and running a cell, in a child that has run nothing else."""
    on_gpu = task.device != "cpu"
    _load_runtime(task)
    empty_mb = _reserved_mb(task.device) if on_gpu else _resident_peak_mb(reset=True)
    with torch.inference_mode():
        run = runner(task)
        run()
        began = time.perf_counter()
        run()
        run_ms = 1000 * (time.perf_counter() - began)
    peak_mb = _reserved_mb(task.device) if on_gpu else _resident_peak_mb()
    return MemoryFound(peak_mb, empty_mb, run_ms)


def energy_task(task: Task) -> EnergyFound | str | None:
    """The energy of running a cell back to back.

    Returns:
        What was found; `NO_METER`; or `None` where the meter gave no usable window.
    """
    meter = find_meter(task.device)
    if meter is None:
        return NO_METER
    with torch.inference_mode():
        run = runner(task)
        for _ in range(3):
            run()
        return meter_energy(meter, run, task.limits.energy_s)


def runner(task: Task) -> Callable[[], object]:
    """A function that runs the cell once and returns when the device is done.

    Raises:
        AdvisorError: the device is not there.
    """
    _prepare(task)
    device = torch.device(task.device)
    module = quick_build(task.cell.architecture).to(device)
    images = torch.randn((task.cell.batch, *task.input_shape), device=device)
    if device.type != "cuda":
        return lambda: module(images)

    def run() -> None:
        module(images)
        torch.cuda.synchronize(device)

    return run


def _prepare(task: Task) -> None:
    if task.threads:
        torch.set_num_threads(task.threads)
    # fp32 means fp32: convolutions would otherwise run as TensorFloat-32 on recent GPUs.
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    if task.device != "cpu" and not torch.cuda.is_available():
        raise AdvisorError(f"no device {task.device!r}: CUDA is not available")


def _load_runtime(task: Task) -> None:
    """Run something tiny, so that the libraries' own memory is there before the network's."""
    _prepare(task)
    with torch.inference_mode():
        layer = torch.nn.Conv2d(3, 8, 3).to(task.device)
        layer(torch.zeros((1, 3, 32, 32), device=task.device))


def _reserved_mb(device: str) -> float:
    """What the process takes of the device's memory: the allocator's peak, and the context.

    The context is what the driver counts as used beyond all that allocators have reserved; other
    processes on the device would be counted, too.
    """
    free, total = torch.cuda.mem_get_info(device)
    context = total - free - torch.cuda.memory_reserved(device)
    return (torch.cuda.max_memory_reserved(device) + context) / MB


def _resident_peak_mb(*, reset: bool = False) -> float:
    """The process's peak resident set; the peak is the present one after a reset.

    Raises:
        AdvisorError: the operating system does not tell.
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
    raise AdvisorError("the operating system does not tell a process's peak memory")


def _rusage_peak_mb() -> float:
    import resource
    import sys

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024) / MB
