"""Two folders that change places at once, where the system can do that: a reader finds one or the other."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_HERE = -100
"""AT_FDCWD: paths are meant as everywhere."""
_EXCHANGE = 2
"""RENAME_EXCHANGE."""


def exchanged(first: Path, second: Path) -> bool:
    """Let two folders of one disk change places.

    Returns:
        Whether they did; else the system, or the disk, cannot do that, and all is as it was.
    """
    if sys.platform != "linux":
        return False
    import ctypes  # `advisor pick` needs it not

    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    if rename is None:
        return False
    arguments = (_HERE, os.fsencode(first), _HERE, os.fsencode(second), ctypes.c_uint(_EXCHANGE))
    return bool(rename(*arguments) == 0)
