"""A board as a worker of a Dask scheduler elsewhere: by which right, what it says of itself, what it does.

All that travels, is watched over and comes back does so by `distributed`; here it is only started.
"""

from __future__ import annotations

import logging
import platform
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import Any

from advisor._version import __version__
from advisor.architectures.names import board_fault
from advisor.errors import AdvisorError, first_line, shown
from advisor.measuring.access import OPEN, Access, host_of, is_here
from advisor.measuring.children import Children, Isolation, Outcome, RealChildren
from advisor.measuring.energy import find_meter
from advisor.measuring.host import check_can_measure, describe, name_of
from advisor.measuring.runtimes.runtime import need
from advisor.measuring.runtimes.variants import LIBRARIES
from advisor.measuring.scheduler import ANSWER_S, check_answers, no_scheduler, reason_unreached
from advisor.measuring.tasks import NoMeter

SLOT = "board"
"""The resource of which each worker has one, so that nothing ever runs beside a session."""

REJOIN_S = 2.0
"""How long a worker that lost its scheduler waits before it tries to join again."""


def quieten() -> None:
    """Keep what Dask logs out of what people read; what matters of it is said in our own words.

    Raises:
        AdvisorError: Dask is not installed.
    """
    need("a fleet", ("distributed", "psutil"), "fleet")
    import distributed  # noqa: F401  (it sets its own loggers up)

    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in ("distributed", "tornado"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def worker_name(board: str, unit: str = "") -> str:
    """What a worker is called."""
    return f"{board}/{unit}" if unit else board


def resource_of(name: str) -> str:
    """The resource that a board or a worker alone has; none of another use, whatever it is called."""
    return f"{SLOT} {name}"


def in_words(board: str, unit: str = "") -> str:
    """A worker, in words."""
    return f"board {board}, unit {unit}" if unit else f"board {board}"


def check_name(name: str, what: str) -> None:
    """Refuse what is no name for a board or a unit.

    Raises:
        AdvisorError: it is none.
    """
    if fault := board_fault(name):
        raise AdvisorError(f"{what}: {shown(name)} is not a name", fault)


def describe_worker() -> dict[str, Any]:
    """What this machine is. It touches the devices: call it in a child."""
    import torch

    devices = ["cpu", *(f"cuda:{each}" for each in range(torch.cuda.device_count()))]
    hosts = {device: describe(device, 0, ()) for device in devices}
    meters = {device: find_meter(device) for device in devices}
    return {
        "called": name_of(hosts[devices[-1]]),
        "host": socket.gethostname(),
        "devices": {
            device: hosts[device].accelerator or hosts[device].processor for device in devices
        },
        "meters": {
            device: meter.scope
            for device, meter in meters.items()
            if not isinstance(meter, NoMeter)
        },
        "versions": versions_of(("torch", "torchvision", "timm", "distributed", *LIBRARIES)),
    }


def versions_of(libraries: Sequence[str]) -> dict[str, str]:
    """The versions of advisor, Python (its minor one) and those of the libraries that are installed."""
    from importlib.metadata import PackageNotFoundError, version

    found = {"advisor": __version__, "python": python_minor()}
    for library in libraries:
        with suppress(PackageNotFoundError):
            found[library] = version(library)
    return found


def python_minor() -> str:
    """This Python's version, as far as what travels depends on it."""
    return ".".join(platform.python_version_tuple()[:2])


_DESCRIPTIONS: dict[str, Mapping[str, Any]] = {}
"""What each worker of this process is, by its name; it is found before the worker joins."""


def set_description(name: str, itself: Mapping[str, Any]) -> None:
    """Let a worker of this process answer what it is."""
    _DESCRIPTIONS[name] = itself


def description_now(dask_worker: Any) -> dict[str, Any]:
    """Asked of a worker: what it is, and what its clock says."""
    return {**_DESCRIPTIONS.get(dask_worker.name, {}), "clock": time.time()}


children_here: Callable[[], Children] = cache(RealChildren)
"""What runs the sessions of this process's workers."""


def attempt(function: Callable[..., object], *arguments: Any) -> Outcome:
    """Call a function here.

    Returns:
        What it returned; or why it was refused.
    """
    try:
        found = function(*arguments)
    except AdvisorError as error:
        return Outcome("failed", None, str(error))
    except Exception as error:  # noqa: BLE001  (the board is full, say: whatever it is, it is reported)
        return Outcome("failed", None, first_line(error, with_kind=True))
    return found if isinstance(found, Outcome) else Outcome("ok", found, "")


def call_children(do: str, *arguments: Any) -> object:
    """Have this machine's children do one thing: a method of `Children`, or of `Sessions`."""
    return getattr(children_here(), do)(*arguments)


def in_a_child(function: Callable[..., object], limit_s: float, *arguments: Any) -> Outcome:
    """Call a function in a child of this machine, of libraries that are loaded already."""
    return Isolation(["advisor.measuring.preload"]).run(function, *arguments, limit_s=limit_s)


def serve(
    scheduler: str,
    board: str | None = None,
    unit: str = "",
    access: Access = OPEN,
    on_joined: Callable[[str], None] = lambda name: None,  # noqa: ARG005
    on_left: Callable[[str], None] = lambda why: None,  # noqa: ARG005
) -> None:
    """Be a board of a fleet until somebody ends this process; it joins again whenever it lost its scheduler.

    Args:
        scheduler: its address.
        board: the board's name; `None` for the processor's.
        unit: which physical sample of the board this is, as its label says.
        access: by which right.
        on_joined: hears under which name it has joined, each time.
        on_left: hears why it is out, each time.

    Raises:
        AdvisorError: nothing can be measured here, a name is none, or the scheduler cannot be reached.
    """
    access.check(scheduler)
    for name, what in ((board, "board"), (unit, "unit")):
        if name:
            check_name(name, what)
    quieten()
    check_can_measure()
    check_answers(scheduler, access)
    found = Isolation(None).run(describe_worker, limit_s=300)
    if found.status != "ok":
        raise AdvisorError(f"this machine cannot be described: {found.reason}")
    name = worker_name(board or found.value["called"], unit)
    set_description(name, found.value)
    keep_joined(scheduler, [name], access, on_joined, on_left)


def keep_joined(
    scheduler: str,
    names: Sequence[str],
    access: Access,
    on_joined: Callable[[str], None],
    on_left: Callable[[str], None],
) -> None:
    """Keep workers of these names joined, all of this process."""
    import asyncio

    import dask

    # What Dask samples of a worker's own work would disturb what is timed beside it; so would its looking
    # fifty times a second whether its own loop still turns.
    settings = {
        "distributed.worker.profile.enabled": False,
        "distributed.admin.tick.interval": "1s",
        "distributed.admin.system-monitor.interval": "10s",
        "distributed.worker.daemon": False,
    }

    async def all_of_them() -> None:
        joined = (_joined(scheduler, name, access, on_joined, on_left) for name in names)
        await asyncio.gather(*joined)

    with dask.config.set(settings):
        asyncio.run(all_of_them())


async def _joined(
    scheduler: str,
    name: str,
    access: Access,
    on_joined: Callable[[str], None],
    on_left: Callable[[str], None],
) -> None:
    """One worker: joined, and joined again."""
    import asyncio

    from distributed import Worker

    before = False
    while True:
        try:
            async with Worker(
                scheduler,
                name=name,
                nthreads=1,
                resources=dict.fromkeys(
                    (SLOT, resource_of(name), resource_of(name.partition("/")[0])), 1
                ),
                memory_limit=0,
                # Left to itself it would listen to every network that the machine is in.
                host=host_of(scheduler) if is_here(scheduler) else None,
                dashboard_address="127.0.0.1:0",
                security=access.security(),
                death_timeout=ANSWER_S,
            ) as worker:
                before = True
                on_joined(name)
                await worker.finished()
            on_left("the scheduler is gone")
        except (OSError, TimeoutError, RuntimeError, ValueError) as error:
            if not before:
                raise no_scheduler(scheduler, error, access) from None
            on_left(reason_unreached(error, access)[0])
        await asyncio.sleep(REJOIN_S)
