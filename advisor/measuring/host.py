"""The machine: whether it can measure, and what a board's description says of it. Unknown stays unknown."""

from __future__ import annotations

import hashlib
import platform
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

from advisor._version import __version__
from advisor.architectures.libraries import is_installed
from advisor.errors import AdvisorError, shown
from advisor.folders import check_temporary
from advisor.measuring.runtimes.variants import LIBRARIES

UNKNOWN = "unknown"
IDENTITY = (
    "machine",
    "device",
    "accelerator",
    "power_mode",
    "torch",
    "heated",
)
"""The details that make a board: runs that differ in one of them are not of the same board."""


@dataclass(frozen=True)
class Host:
    """What a board's description says of the machine.

    Attributes:
        processor: the processor's model and number of cores.
        accelerator: the accelerator's model; "" without one.
        memory_mb: the memory that the networks live in, in MB.
        software: operating system, Python and torch.
        details: further facts by name, as text; those of `IDENTITY` among them.
    """

    processor: str
    accelerator: str
    memory_mb: float
    software: str
    details: Mapping[str, str]

    @property
    def identity(self) -> dict[str, str]:
        """What makes this machine, run in this way, the board that it is."""
        return {name: self.details.get(name, UNKNOWN) for name in IDENTITY}

    @property
    def runtimes(self) -> dict[str, str]:
        """The versions of the runtimes that it runs, beside torch: rows of unlike ones do not mix."""
        return {name: self.details[name] for name in LIBRARIES if name in self.details}

    def heated(self, seconds: float) -> Host:
        """The same machine kept hot after that long a load, which is another board."""
        return replace(self, details={**self.details, "heated": f"{seconds:g} s"})


def default_threads(host: Host) -> tuple[int, ...]:
    """How many threads runtimes are given where nobody says; 0 on an accelerator, where they do not count."""
    on_cpu = host.details.get("device", "cpu") == "cpu"
    return (int(host.details["threads"]) if on_cpu else 0,)


def name_of(host: Host) -> str:
    """What a board is called unless its user says so: after its processor."""
    what = host.accelerator or f"{host.processor} {host.details['threads']} threads"
    return re.sub(r"[^a-z0-9]+", "-", what.lower()).strip("-")[:60]


def check_can_measure() -> None:
    """See that measuring is possible here, and that all is installed that it needs.

    Raises:
        AdvisorError: it is not.
    """
    if sys.platform != "linux":
        name = {"win32": "Windows", "darwin": "macOS"}.get(sys.platform, sys.platform)
        hint = "WSL will do" if sys.platform == "win32" else "a container will do for trying it"
        raise AdvisorError(f"measuring needs Linux, and this is {name}", hint)
    for library in ("torch", "torchvision", "timm", "psutil"):
        if not is_installed(library):
            hint = "install it: pip install 'dnn-advisor[measure]'"
            raise AdvisorError(f"measuring needs {library}, which is not installed", hint)
    check_temporary()  # children are reached through a socket there


def device_called(device: str) -> str:
    """A device's full name, whether or not a machine has it.

    Raises:
        AdvisorError: it is none.
    """
    match = re.fullmatch(r"cpu|cuda(?::(\d{1,3}))?", device)
    if match is None:
        raise AdvisorError(f"unknown device {shown(device)}", "known: cpu, cuda:0, cuda:1, ...")
    return device if device == "cpu" else f"cuda:{int(match.group(1) or 0)}"


def device_named(device: str) -> str:
    """The full name of a device of this machine.

    Raises:
        AdvisorError: it is none, or is not there.
    """
    called = device_called(device)
    if called == "cpu":
        return called
    import torch

    count = torch.cuda.device_count()
    if int(called.partition(":")[2]) >= count:
        found = f"{count} found" if count else "this torch or this machine has no CUDA"
        raise AdvisorError(f"no device {device!r} here ({found})", "--device cpu always works")
    return called


def describe(device: str, threads: int, libraries: Sequence[str]) -> Host:
    """This machine, as seen for a device. It touches the device: call it in a child.

    Args:
        device: "cpu", or as in "cuda:0".
        threads: threads a CPU may use; 0 for the library's own choice.
        libraries: those of the runtimes that are measured, some of `LIBRARIES`.
    """
    import psutil
    import torch

    accelerator, driver, cuda = "", "none", "none"
    memory_mb = psutil.virtual_memory().total / 1e6
    if device != "cpu":
        properties = torch.cuda.get_device_properties(device)
        accelerator, memory_mb = properties.name, properties.total_memory / 1e6
        driver = _first_line("/proc/driver/nvidia/version") or UNKNOWN
        cuda = str(torch.version.cuda)
    cores = psutil.cpu_count(logical=False) or psutil.cpu_count() or 1
    processor = f"{_processor()}, {cores} cores"
    system = _os_release() or platform.system()
    details = {
        "machine": _machine(processor),
        "device": device,
        "accelerator": accelerator or "none",
        "threads": str(threads or torch.get_num_threads()),
        "power_mode": _power_mode(),
        "heated": "none",
        "torch": torch.__version__,
        **{library: version(library) for library in libraries},
        "driver": driver,
        "cuda": cuda,
        "governor": _first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor") or UNKNOWN,
        "virtualisation": _virtualisation(),
        "measured_by": f"advisor {__version__}",
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
    }
    return Host(
        processor=processor,
        accelerator=accelerator,
        memory_mb=memory_mb,
        software=f"{system}, Python {platform.python_version()}, torch {torch.__version__}",
        details=details,
    )


def _machine(processor: str) -> str:
    """Distinguishes one machine from another without naming it."""
    name = _first_line("/etc/machine-id") or platform.node()
    return hashlib.sha256(f"{name}\n{processor}".encode()).hexdigest()[:12]


def _processor() -> str:
    for line in _lines("/proc/cpuinfo"):
        name, _, value = line.partition(":")
        if name.strip() in ("model name", "Model", "Hardware"):
            return re.sub(r"\((?:R|TM)\)|\bCPU\b|@.*", "", value).strip().replace("  ", " ")
    return platform.processor() or platform.machine()


def _os_release() -> str:
    for line in _lines("/etc/os-release"):
        if line.startswith("PRETTY_NAME="):
            kernel = re.match(r"[0-9.]*", platform.release())
            name = line.partition("=")[2].strip().strip('"')
            return f"{name}, Linux {kernel.group().strip('.') if kernel else UNKNOWN}"
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
