"""How often the kernel ended a process since memory ran out: what tells such a kill from any other."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

ROOT = Path("/")
_COUNT = re.compile(r"^oom_kill ([0-9]+)$", re.MULTILINE)


def kills_for_memory(root: Path = ROOT) -> int | None:
    """The kernel's own count: that of this process's cgroup, else of the whole machine.

    Args:
        root: where the kernel's files lie.

    Returns:
        The count; `None` where none can be read.
    """
    for path in _counters(root):
        with suppress(OSError, UnicodeDecodeError):
            if found := _COUNT.search(path.read_text()):
                return int(found[1])
    return None


def _counters(root: Path) -> list[Path]:
    """The files that may hold it, the closest to this process first."""
    groups, paths = root / "sys/fs/cgroup", []
    with suppress(OSError, UnicodeDecodeError):
        for line in (root / "proc/self/cgroup").read_text().splitlines():
            _, controllers, group = (*line.split(":", 2), "", "")[:3]
            place = group.strip("/")
            if not controllers:
                paths.append(groups / place / "memory.events")
            elif "memory" in controllers.split(","):
                paths.append(groups / "memory" / place / "memory.oom_control")
    # In a container the group's path is that outside of it.
    inside = [groups / "memory.events", groups / "memory" / "memory.oom_control"]
    return [*paths, *inside, root / "proc/vmstat"]
