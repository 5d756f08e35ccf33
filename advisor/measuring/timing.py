"""One session: warm up until the times settle, take values for a while, and watch what else the machine does.

What runs, the clock and the machine's counters are handed in, so that a test can fake them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

Clock = Callable[[], int]
"""The time in nanoseconds; only differences mean anything."""

SETTLED = 0.10
"""Runs agree whose times lie within this share of the least of them."""

PATIENCE = 3
"""Warm-up ends after so many times its usual length, settled or not."""


@dataclass(frozen=True)
class SessionLimits:
    """How long a session may take.

    Attributes:
        timed_s: how long values are taken.
        least_values: how many are taken at least, however long that takes.
        least_warm_up_s: how long warming up takes at least: clocks rise slower than three quick runs
            take.
        warm_up_s: after how long two runs that agree end the warm-up.
        value_s: how long each value lasts at least; shorter runs are timed several at once.
        energy_s: how long an energy window lasts.
    """

    timed_s: float = 0.8
    least_values: int = 1
    least_warm_up_s: float = 0.1
    warm_up_s: float = 0.4
    value_s: float = 0.0005
    energy_s: float = 3.0


@dataclass(frozen=True)
class Timed:
    """What a session found.

    Attributes:
        values_ms: time of one run, for each value taken.
        runs_per_value: how many runs each value averages.
        warm_up_runs: how many runs went before.
        settled: whether the warm-up's times settled within its limit.
    """

    values_ms: Sequence[float]
    runs_per_value: int
    warm_up_runs: int
    settled: bool


def time_session(run: Callable[[], object], clock: Clock, limits: SessionLimits) -> Timed:
    """Warm up, then time `run` again and again.

    Args:
        run: does the work and returns when the device has done it.
        clock: the time.
        limits: how long to go on.
    """
    warm_up, settled = _warm_up(run, clock, limits)
    runs_per_value = max(1, round(limits.value_s * 1e9 / max(min(warm_up[-3:]), 1)))
    values: list[float] = []
    began = clock()
    while len(values) < limits.least_values or clock() - began < limits.timed_s * 1e9:
        values.append(_duration(run, clock, runs_per_value) / runs_per_value / 1e6)
    return Timed(values, runs_per_value, len(warm_up), settled)


def run_for(
    run: Callable[[], object], clock: Clock, seconds: float, windows: int = 40
) -> list[float]:
    """Run back to back for a while, and see how the time of a run changes meanwhile.

    Args:
        run: as for `time_session`.
        clock: the time.
        seconds: how long.
        windows: into how many pieces of equal length the runs are divided.

    Returns:
        The median time of a run, in ms, for each window in which one ended.
    """
    medians = []
    began = clock()
    for window in range(1, windows + 1):
        durations = []
        while clock() - began < window * seconds * 1e9 / windows:
            durations.append(_duration(run, clock))
        if durations:
            medians.append(median(durations) / 1e6)
    return medians


def _warm_up(
    run: Callable[[], object], clock: Clock, limits: SessionLimits
) -> tuple[list[int], bool]:
    """Run until the last three runs agree; of runs so long that three take too long, the last two.

    The first run pays for pages and plans, the second for what it left cold. Where the machine never
    comes to rest, warming up ends all the same.
    """
    durations: list[int] = []
    began = clock()
    while True:
        durations.append(_duration(run, clock))
        elapsed_s = (clock() - began) / 1e9
        if elapsed_s < limits.least_warm_up_s:
            continue
        if _agree(durations[-3:], 3) or (
            elapsed_s >= limits.warm_up_s and _agree(durations[-2:], 2)
        ):
            return durations, True
        if len(durations) > 2 and elapsed_s >= PATIENCE * limits.warm_up_s:
            return durations, False


def _agree(durations: Sequence[int], count: int) -> bool:
    least = min(durations)
    return len(durations) == count and max(durations) - least <= SETTLED * least


def _duration(run: Callable[[], object], clock: Clock, times: int = 1) -> int:
    began = clock()
    for _ in range(times):
        run()
    return clock() - began


@dataclass(frozen=True)
class Disturbance:
    """What else happened on the machine during one session; `None` where that is unknown.

    Attributes:
        stolen: share of the machine's processor time that the hypervisor gave to others.
        others: share of the machine's processor time that other processes here used.
        mhz: the processor's frequency while timing.
        throttled: how often the processor slowed itself down for heat.
    """

    stolen: float | None = None
    others: float | None = None
    mhz: float | None = None
    throttled: int | None = None


@dataclass(frozen=True)
class Counters:
    """The machine's counters at one moment.

    Attributes:
        cpu_s: processor time of the whole machine by kind, in seconds.
        own_cpu_s: processor time of this process.
        throttled: thermal events so far.
        mhz: the frequency at this moment.
    """

    cpu_s: Mapping[str, float]
    own_cpu_s: float
    throttled: int | None
    mhz: float | None


def read_counters() -> Counters:
    """The counters of this machine, now."""
    import psutil

    own = psutil.Process().cpu_times()
    return Counters(psutil.cpu_times()._asdict(), own.user + own.system, _throttled(), _mhz())


_DISJOINT = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")


def between(before: Counters, after: Counters) -> Disturbance:
    """What happened from one moment to another."""
    spent = {kind: after.cpu_s[kind] - before.cpu_s.get(kind, 0.0) for kind in after.cpu_s}
    total = sum(spent.get(kind, 0.0) for kind in _DISJOINT)
    throttled = None
    if before.throttled is not None and after.throttled is not None:
        throttled = after.throttled - before.throttled
    if total <= 0:
        return Disturbance(None, None, after.mhz, throttled)
    unused = sum(spent.get(kind, 0.0) for kind in ("idle", "iowait", "steal"))
    others = max(0.0, total - unused - (after.own_cpu_s - before.own_cpu_s)) / total
    stolen = spent["steal"] / total if "steal" in spent else None
    return Disturbance(stolen, others, after.mhz, throttled)


def watched(work: Callable[[], None], read: Callable[[], Counters] = read_counters) -> Disturbance:
    """Run `work` and say what else happened meanwhile."""
    before = read()
    work()
    return between(before, read())


def _mhz() -> float | None:
    """The frequency, where the machine shows a changing one."""
    import psutil

    try:
        frequency = psutil.cpu_freq()
    except (OSError, NotImplementedError):
        return None
    changes = frequency is not None and frequency.min != frequency.max
    return float(frequency.current) if changes else None


def _throttled() -> int | None:
    counts = []
    for path in Path("/sys/devices/system/cpu").glob(
        "cpu[0-9]*/thermal_throttle/core_throttle_count"
    ):
        try:
            counts.append(int(path.read_text()))
        except (OSError, ValueError):
            return None
    return sum(counts) if counts else None
