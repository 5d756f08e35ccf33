"""What tests run in child processes, and one server of such processes for all of them.

The server loads torch once, and this module, so that a child of a test begins in a tenth of a second.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from multiprocessing.forkserver import ensure_running
from pathlib import Path
from typing import Any
from unittest.mock import patch

from advisor.architectures.own_network import OwnNetwork
from advisor.errors import AdvisorError
from advisor.measuring.answers import compared_images, fault, rounding_of
from advisor.measuring.children import Isolation
from advisor.measuring.energy import find_meter
from advisor.measuring.runtimes.exports import calibration_images
from advisor.measuring.runtimes.onnxruntime import _quantise
from advisor.measuring.runtimes.originals import TorchOriginal
from advisor.measuring.tasks import Cell, MemoryFound, NoMeter, PreparedFound, Task, TimingFound
from advisor.measuring.timing import SessionLimits
from advisor.measuring.worker import memory_task, prepare_task, time_task
from tests.measuring_fakes import FakeChildren, measure

LONG_S = 600
"""A limit that no child reaches, however busy the machine is."""

LIMITS = SessionLimits(timed_s=0.02, least_warm_up_s=0.0, warm_up_s=0.02)


@cache
def isolation() -> Isolation:
    """Where children of tests run; all others that are started afterwards come from its server, too."""
    made = Isolation(["advisor.measuring.preload", __name__])
    with patch.dict(
        os.environ, OMP_NUM_THREADS="1"
    ):  # threads that wait for busy cores take longer
        ensure_running()
    return made


def started(function: Callable[..., object], *arguments: object) -> Any:
    """A process of that server that runs by itself."""
    isolation()
    process = multiprocessing.get_context("forkserver").Process(target=function, args=arguments)
    process.start()
    return process


# --- children that end in all kinds of ways


def add(first: int, second: int) -> int:
    return first + second


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def leave() -> None:
    os._exit(3)


def be_killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def be_killed_once(path: str) -> str:
    if not Path(path).exists():
        Path(path).touch()
        be_killed()
    return "done"


def lose_the_server_once(path: str) -> str:
    """End the process that this one was forked from, and wait for what comes of it."""
    if not Path(path).exists():
        Path(path).touch()
        os.kill(os.getppid(), signal.SIGKILL)
        hang()
    return "done"


def leak() -> None:
    raise MemoryError


def run_out_on_a_gpu() -> None:
    raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")


def fail() -> None:
    raise ValueError("what went wrong\nand more")


def hang() -> None:
    time.sleep(LONG_S)


def much() -> bytes:
    return b"x" * 5_000_000


def start_a_helper(path: str, then: str) -> None:
    """Start a process that would go on for ever, as a meter does, and say which it is."""
    helper = subprocess.Popen([sys.executable, "-c", f"import time; time.sleep({LONG_S})"])
    Path(path).write_text(f"{os.getpid()} {helper.pid}\n")
    if then != "return":
        {"hang": hang, "be killed": be_killed}[then]()


def all_end(pids: Path) -> bool:
    """Whether all processes that a file names have ended, or do so soon."""
    left, deadline = [int(each) for each in pids.read_text().split()], time.monotonic() + LONG_S
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


def give_back(path: str) -> None:
    time.sleep(0.5)
    Path(path).touch()


def hold_what_takes_time_to_give_back(path: str) -> None:
    """As libraries hold semaphores, which outlive a process that does not give them back."""
    multiprocessing.util.Finalize(None, give_back, (path,), exitpriority=1)


# --- a run that is killed


def measure_slowly(folder: str) -> None:
    measure(Path(folder), FakeChildren(pause_s=0.01))


# --- meters


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


def metered_by_rapl(folder: str) -> tuple[float | None, float | None, str, bool]:
    """What a counter that moves gives, then one that is stuck; its scope; whether a GPU has a meter."""
    from zeus.device.cpu import rapl

    rapl.RAPL_DIR = folder
    counter = Counter(Path(folder))
    meter = find_meter("cpu")
    assert not isinstance(meter, NoMeter)
    moved, stuck = meter.joules(lambda: counter.add(5.5)), meter.joules(lambda: None)
    return moved, stuck, meter.scope, not isinstance(find_meter("cuda:3"), NoMeter)


# --- real runtimes


def tiny(runtime: str, precision: str, batch: int = 1) -> Task:
    return Task(Cell("tiny", batch, runtime, precision), (3, 16, 16), "cpu", 1, LIMITS)


def know_a_tiny_network() -> None:
    """Have this child build a tiny network by its name."""
    from torch import nn

    from advisor.architectures import builders

    def straight() -> nn.Module:
        layers = [nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(2)]
        return nn.Sequential(*layers, nn.Flatten(), nn.Linear(32, 4))

    builders.BUILDERS = {"tiny": straight}


def serve_all(
    cache: str, folder: str, variants: Sequence[tuple[str, str]], own: Sequence[Task]
) -> tuple[dict[str, tuple[PreparedFound, TimingFound]], dict[tuple[str, str, str], object]]:
    """Prepare the tiny network, then each of the user's own, for its runtimes, and serve it.

    The tiny one and those that can be are served at batch 3, too. All in one child, since the libraries take
    long to load.
    """
    os.environ["XDG_CACHE_HOME"] = cache
    os.chdir(folder)
    know_a_tiny_network()
    served = {}
    for runtime, precision in variants:
        prepared = prepare_task(tiny(runtime, precision))
        task = replace(tiny(runtime, precision, batch=3), prepared=prepared.prepared)
        served[f"{runtime} {precision}"] = prepared, time_task(task)
    return served, {
        (Path(task.made_from).name, *task.cell.variant): _own_served(task) for task in own
    }


def own_task(made_from: str, own: OwnNetwork, runtime: str, precision: str) -> Task:
    """How to run a network of the user's own at batch 1."""
    cell = Cell("own@8", 1, runtime, precision)
    return Task(
        cell,
        own.input_shape,
        "cpu",
        1,
        LIMITS,
        made_from=made_from,
        content=own.content,
        image=own.image,
        filed_in=own.precision,
    )


def _own_served(task: Task) -> tuple[str, PreparedFound | None]:
    """What is wrong with it, "" for nothing; and what preparing it found."""
    try:
        prepared = prepare_task(task)
        task = replace(task, prepared=prepared.prepared)
        time_task(task)
        if "one" not in task.made_from:
            time_task(replace(task, cell=replace(task.cell, batch=3)))
    except AdvisorError as error:
        return str(error), None
    return fault(task.cell.precision, prepared), prepared


def quantise_without_shapes(net: str, input_shape: tuple[int, int, int], to: str) -> None:
    """Quantise a network whose shapes cannot be inferred."""
    from onnxruntime.quantization import shape_inference

    as_it_is = shape_inference.quant_pre_process

    def broken(path: str, to: str, *, skip_symbolic_shape: bool = False) -> None:
        if not skip_symbolic_shape:
            raise TypeError("object of type 'NoneType' has no len()")
        as_it_is(path, to, skip_symbolic_shape=True)

    shape_inference.quant_pre_process = broken
    task = Task(Cell("tiny", 1, "onnxruntime", "int8"), input_shape, "cpu", 1, LIMITS)
    _quantise(Path(net), calibration_images(task), Path(to))


def rounding_of_eager(architecture: str, input_shape: tuple[int, int, int]) -> float:
    """How far a network's answers are off those in double precision."""
    original = TorchOriginal(Task(Cell(architecture, 1), input_shape, "cpu", 0, LIMITS))
    images = compared_images(input_shape, 2)
    return rounding_of(original.answers(images), original.exact_answers(images))


def memory_without_torch(cache: str, task: Task) -> tuple[MemoryFound, bool]:
    os.environ["XDG_CACHE_HOME"] = cache
    return memory_task(task), "torch" in sys.modules
