"""The machine: what it is, and what disturbs it while it measures. What it cannot tell is unknown."""

from __future__ import annotations

import hashlib
import os
import platform
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import psutil
import torch

from advisor._version import __version__

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Host:
    """What a board's description says of the machine.

    Attributes:
        processor: the processor's model and number of cores.
        accelerator: the accelerator's model; "" without one.
        memory_mb: the memory that the networks live in, in MB.
        software: operating system, Python and torch.
        details: further facts by name, as text.
    """

    processor: str
    accelerator: str
    memory_mb: float
    software: str
    details: Mapping[str, str]

    @property
    def fingerprint(self) -> str:
        """Tells one machine and device from another."""
        identity = "\n".join((self.processor, self.accelerator, f"{self.memory_mb:.0f}"))
        return hashlib.sha256(identity.encode()).hexdigest()[:12]


def describe(device: str, threads: int) -> Host:
    """This machine, as seen for a device."""
    accelerator, driver = "", ""
    memory_mb = psutil.virtual_memory().total / 1e6
    if device != "cpu":
        properties = torch.cuda.get_device_properties(device)
        accelerator, memory_mb = properties.name, properties.total_memory / 1e6
        driver = _first_line("/proc/driver/nvidia/version")
    cores = psutil.cpu_count(logical=False) or psutil.cpu_count() or 1
    system = _os_release() or platform.platform()
    details = {
        "threads": str(threads or torch.get_num_threads()),
        "driver": driver or ("none" if device == "cpu" else UNKNOWN),
        "cuda": str(torch.version.cuda) if device != "cpu" else "none",
        "governor": _first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor") or UNKNOWN,
        "power_mode": _power_mode(),
        "virtualisation": _virtualisation(),
        "measured_by": f"advisor {__version__}",
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
    }
    return Host(
        processor=f"{_processor()}, {cores} cores",
        accelerator=accelerator,
        memory_mb=memory_mb,
        software=f"{system}, Python {platform.python_version()}, torch {torch.__version__}",
        details=details,
    )


def _processor() -> str:
    for line in _lines("/proc/cpuinfo"):
        name, _, value = line.partition(":")
        if name.strip() in ("model name", "Model", "Hardware"):
            return re.sub(r"\((?:R|TM)\)|\bCPU\b|@.*", "", value).strip().replace("  ", " ")
    return platform.processor() or platform.machine()


def _os_release() -> str:
    for line in _lines("/etc/os-release"):
        if line.startswith("PRETTY_NAME="):
            return f"{line.partition('=')[2].strip().strip(chr(34))}, Linux {platform.release()}"
    return ""


def _power_mode() -> str:
    """The Jetson's power mode, where the machine is one."""
    return _first_line("/var/lib/nvpmodel/status") or UNKNOWN


def _virtualisation() -> str:
    if any(line.startswith("flags") and " hypervisor" in line for line in _lines("/proc/cpuinfo")):
        vendor = _first_line("/sys/class/dmi/id/sys_vendor")
        return f"virtual machine ({vendor})" if vendor else "virtual machine"
    return UNKNOWN


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _first_line(path: str) -> str:
    return next(iter(_lines(path)), "").strip()


@dataclass(frozen=True)
class Disturbance:
    """What else happened on the machine during one session; `None` where it cannot tell.

    Attributes:
        stolen: share of the machine's processor time that the hypervisor gave to others.
        others: share of the machine's processor time that other processes here used.
        mhz: the processor's frequency at the end.
    """

    stolen: float | None
    others: float | None
    mhz: float | None


class Watch:
    """Reads the machine's counters around a session."""

    def __init__(self, read: Callable[[], Mapping[str, float]] | None = None) -> None:
        """Watch this machine, or what `read` makes up: seconds by kind, as `psutil.cpu_times`."""
        self._read = read or (lambda: psutil.cpu_times()._asdict())
        self._cores = os.cpu_count() or 1

    def begin(self) -> Mapping[str, float]:
        """The counters before the session."""
        return self._read()

    def end(self, before: Mapping[str, float], own_cpu_s: float) -> Disturbance:
        """What happened since.

        Args:
            before: what `begin` returned.
            own_cpu_s: processor time that the session itself used.
        """
        after = self._read()
        spent = {kind: after[kind] - before.get(kind, 0.0) for kind in after}
        total = sum(spent.get(kind, 0.0) for kind in _DISJOINT)
        if total <= 0:
            return Disturbance(None, None, _mhz())
        busy = total - spent.get("idle", 0.0) - spent.get("iowait", 0.0) - spent.get("steal", 0.0)
        stolen = spent["steal"] / total if "steal" in spent else None
        return Disturbance(stolen, max(0.0, busy - own_cpu_s) / total, _mhz())


_DISJOINT = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")


def _mhz() -> float | None:
    """The frequency, where the machine tells a changing one."""
    try:
        frequency = psutil.cpu_freq()
    except (OSError, NotImplementedError):
        return None
    told = frequency is not None and frequency.min != frequency.max
    return float(frequency.current) if told else None
