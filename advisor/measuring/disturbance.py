"""What else the machine does during a session; what it cannot tell is `None`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Disturbance:
    """What else happened on the machine during one session; `None` where it cannot tell.

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
    """Run `work` and tell what else happened meanwhile."""
    before = read()
    work()
    return between(before, read())


def _mhz() -> float | None:
    """The frequency, where the machine tells a changing one."""
    import psutil

    try:
        frequency = psutil.cpu_freq()
    except (OSError, NotImplementedError):
        return None
    told = frequency is not None and frequency.min != frequency.max
    return float(frequency.current) if told else None


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
