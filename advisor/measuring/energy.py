"""Energy through zeus: one meter interface over NVML, RAPL, AMD, Apple and Jetson.

A window must last many times the meter's period, idle power is measured before and after, and a meter
that is missing, stuck or wraps gives an unknown, never a zero.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from advisor.errors import first_line
from advisor.measuring.tasks import NoMeter

METER_PERIOD_S = 0.1
"""How often NVML's energy counter moves; the slowest of the meters."""

LEAST_PERIODS = 20
FROM_ONE_DIFFERENCE = math.tan(0.45 * math.pi)
"""Half of a 90 % interval, in standard deviations as one difference shows them: Student's t."""

COOL_DOWN_S = 2.0
"""How long clocks and spinning threads are given to come to rest before idle power is read."""


class Meter(Protocol):
    """Measures the energy that a piece of work took."""

    name: str
    scope: str

    def joules(self, work: Callable[[], None]) -> float | None:
        """Run `work` and return the energy of what the meter covers; `None` if unknown."""
        ...


@dataclass(frozen=True)
class EnergyFound:
    """What one energy child found.

    Attributes:
        gross_j: energy while running, idle included.
        seconds: how long that was.
        runs: batches run in it.
        idle_before_w: power while idle, before.
        idle_after_w: power while idle, after.
        meter: which meter it was.
        scope: what its power covers.
    """

    gross_j: float
    seconds: float
    runs: int
    idle_before_w: float
    idle_after_w: float
    meter: str
    scope: str

    @property
    def idle_w(self) -> float:
        """Idle power, the mean of before and after."""
        return (self.idle_before_w + self.idle_after_w) / 2

    @property
    def gross_power_w(self) -> float:
        """Power while running, idle included."""
        return self.gross_j / self.seconds

    @property
    def net_power_w(self) -> float:
        """Power above idle while running."""
        return self.gross_power_w - self.idle_w

    @property
    def idle_error_w(self) -> float:
        """Half of the 90 % interval of idle power, as this window by itself shows it."""
        return self._error_w(0.5, math.sqrt(0.5) * self.idle_w)

    @property
    def gross_error_w(self) -> float:
        """The same of the power while running."""
        return self._error_w(1.0, self.gross_power_w)

    @property
    def net_error_w(self) -> float:
        """The same of the power above idle."""
        return self._error_w(1.5, math.hypot(self.gross_power_w, math.sqrt(0.5) * self.idle_w))

    def _error_w(self, readings: float, metered_w: float) -> float:
        """How far off a power is.

        What wanders from one reading to the next is seen in the two of idle power, which differ by the
        square root of 2 standard deviations of one; a meter that moves once a period is off by as much
        as one period brings.

        Args:
            readings: the variance of the power, in variances of one reading.
            metered_w: what the meter's periods are taken of.
        """
        one = abs(self.idle_after_w - self.idle_before_w) / math.sqrt(2)
        wandering = FROM_ONE_DIFFERENCE * one * math.sqrt(readings)
        return math.hypot(wandering, metered_w * METER_PERIOD_S / self.seconds)


def meter_energy(
    meter: Meter,
    run: Callable[[], object],
    window_s: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> EnergyFound | None:
    """Idle, run back to back, idle again, each for a window of many meter periods.

    Returns:
        What was found; `None` where the meter gave nothing, or what cannot be: no energy, or
        less than idle.
    """
    window_s = max(window_s, LEAST_PERIODS * METER_PERIOD_S)
    sleep(COOL_DOWN_S)
    before_j = meter.joules(lambda: sleep(window_s))
    runs = 0
    seconds = 0.0

    def work() -> None:
        nonlocal runs, seconds
        began = clock()
        while seconds < window_s:
            run()
            runs += 1
            seconds = clock() - began

    gross_j = meter.joules(work)
    sleep(COOL_DOWN_S)
    after_j = meter.joules(lambda: sleep(window_s))
    known = [each for each in (before_j, gross_j, after_j) if each is not None and each > 0]
    if len(known) < 3 or not runs:
        return None
    found = EnergyFound(
        known[1], seconds, runs, known[0] / window_s, known[2] / window_s, meter.name, meter.scope
    )
    return found if found.net_power_w > 0 else None


class ZeusMeter:
    """A meter over a zeus monitor."""

    def __init__(self, monitor: Any, kind: str, index: int) -> None:
        """Watch one device.

        Args:
            monitor: a `zeus.monitor.ZeusMonitor`, or one that replays.
            kind: "gpu", "cpu" or "soc".
            index: which of that kind.
        """
        self.monitor, self.kind, self.index = monitor, kind, index
        self.name = {"gpu": "zeus, GPU counter", "cpu": "zeus, RAPL", "soc": "zeus, SoC"}[kind]
        packages = len(monitor.cpu_indices) if kind == "cpu" else 0
        processor = "CPU package" if packages < 2 else f"{packages} CPU packages"
        self.scope = {"gpu": "GPU only", "cpu": processor, "soc": "SoC"}[kind]

    def joules(self, work: Callable[[], None]) -> float | None:
        """See `Meter`."""
        self.monitor.begin_window("work", sync_execution=False)
        work()
        found = self.monitor.end_window("work", sync_execution=False)
        # Never zeus's own sum, which is 0.0 where there is no device.
        if self.kind == "gpu":
            joules = (found.gpu_energy or {}).get(self.index)
        elif self.kind == "cpu":  # every package: a network's threads run on all of them
            joules = sum(found.cpu_energy.values()) if found.cpu_energy else None
        else:
            joules = _soc_joules(found.soc_energy)
        return float(joules) if joules is not None and joules > 0 else None


def _soc_joules(soc: Any) -> float | None:
    """The board's total on a Jetson, or the sum of an Apple chip's disjoint parts, in J."""
    if soc is None:
        return None
    total = getattr(soc, "total_energy_mj", None) or getattr(soc, "pom_5v_in_mj", None)
    if total is None:
        parts = ("cpu_total_mj", "gpu_mj", "dram_mj", "ane_mj")
        known = [value for part in parts if (value := getattr(soc, part, None)) is not None]
        total = sum(known) if known else None
    return None if total is None else total / 1000


def find_meter(device: str) -> Meter | NoMeter:
    """The meter of a device, or why none can be read."""
    try:
        from zeus.monitor import ZeusMonitor
    except ImportError:
        return NoMeter("zeus is not installed")
    on_gpu = device != "cpu"
    index = int(device.partition(":")[2] or 0) if on_gpu else 0
    soc = _monitor(ZeusMonitor, gpu_indices=[], cpu_indices=[])
    if not isinstance(soc, NoMeter) and soc.soc_is_present:
        return ZeusMeter(soc, "soc", 0)  # a Jetson's GPU has no counter of its own
    if on_gpu:
        gpu = _monitor(ZeusMonitor, gpu_indices=[index], cpu_indices=[])
        return gpu if isinstance(gpu, NoMeter) else ZeusMeter(gpu, "gpu", index)
    cpu = _monitor(ZeusMonitor, gpu_indices=[], cpu_indices=None)
    if isinstance(cpu, NoMeter):
        return cpu
    return ZeusMeter(cpu, "cpu", 0) if cpu.cpu_indices else NoMeter(_why_no_counter())


def _monitor(make: Any, **devices: list[int] | None) -> Any:
    """A monitor of these devices (`None` for all), or why there is none to be had, as `NoMeter`."""
    try:
        return make(**devices)
    except PermissionError as error:
        return NoMeter(_unreadable(str(error.filename or "the energy counter")))
    except Exception as error:  # noqa: BLE001  (no driver, no counter: zeus's errors have no common kind)
        return NoMeter(first_line(error, with_kind=True))


def _why_no_counter() -> str:
    """Why the processor's energy counter is not among what zeus finds, which keeps that to itself."""
    folder = "/sys/class/powercap"
    with suppress(ImportError):
        from zeus.device.cpu import rapl

        folder = rapl.RAPL_DIR
    counters = sorted(Path(folder).glob("intel-rapl:*/energy_uj"))
    unreadable = [str(each) for each in counters if not os.access(each, os.R_OK)]
    return _unreadable(unreadable[0]) if unreadable else "the processor has no energy counter here"


def _unreadable(path: str) -> str:
    return f"{path} cannot be read without more rights (sudo chmod a+r {path})"
