"""What this machine can measure on, checked before anything runs."""

from __future__ import annotations

import re
import sys

from advisor.errors import AdvisorError, shown


def check_can_measure() -> None:
    """See that measuring is possible here, and that all is installed that it needs.

    Raises:
        AdvisorError: it is not.
    """
    from advisor.architectures.libraries import is_installed

    if sys.platform == "win32":
        raise AdvisorError("measuring needs Linux or macOS", "WSL will do")
    for library in ("torch", "torchvision", "timm", "psutil"):
        if not is_installed(library):
            hint = "install it: pip install 'dnn-advisor[measure]'"
            raise AdvisorError(f"measuring needs {library}, which is not installed", hint)


def device_named(device: str) -> str:
    """The device's full name.

    Raises:
        AdvisorError: it is none, or is not there.
    """
    import torch

    if device == "cpu":
        return device
    match = re.fullmatch(r"cuda(?::(\d{1,3}))?", device)
    if match is None:
        raise AdvisorError(f"unknown device {shown(device)}", "known: cpu, cuda:0, cuda:1, ...")
    count = torch.cuda.device_count()
    index = int(match.group(1) or 0)
    if index >= count:
        found = f"{count} found" if count else "this torch or this machine has no CUDA"
        raise AdvisorError(f"no device {device!r} here ({found})", "--device cpu always works")
    return f"cuda:{index}"
