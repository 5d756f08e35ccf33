"""Locks that processes hold on folders, one at a time; the system lets go of them when a process ends.

What lies in a lock's file only says who holds it: a file that a dead process left holds nobody up.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from advisor.errors import AdvisorError, reason_of

PATIENCE_S = 30.0
"""How long a writer waits for any one other, which seldom takes a second."""
PAUSE_S, LONGEST_PAUSE_S = 0.05, 0.4
"""How long to wait before a lock is tried again, at first and at last: hundreds may wait for one."""

_LONGEST_COMMAND = 100
_BEYOND_THE_TEXT = 1 << 30
"""The byte that is locked on Windows, where nobody else may read a locked one."""


@dataclass(frozen=True)
class Holder:
    """Who holds a lock.

    Attributes:
        pid: the process.
        host: the machine on which it runs.
        command: how it was called.
        since: since when, in UTC.
    """

    pid: int
    host: str
    command: str
    since: str

    @classmethod
    def this(cls) -> Holder:
        """This process, from now on."""
        import socket  # only who writes needs it, and `advisor pick` does not

        program, *words = sys.argv or [""]
        command = " ".join([Path(program).name, *words])
        now = datetime.now(timezone.utc)
        return cls(os.getpid(), socket.gethostname(), command, now.isoformat(" ", "milliseconds"))

    def __str__(self) -> str:
        command = "".join(each if each.isprintable() else " " for each in self.command)
        short = command[:_LONGEST_COMMAND] + ("..." if len(command) > _LONGEST_COMMAND else "")
        since = self.since.partition(".")[0]
        return f"process {self.pid} on {self.host} ({short}), since {since} UTC"


@contextmanager
def locked(
    path: Path,
    busy: str,
    hint: str,
    *,
    patience_s: float = 0.0,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[None]:
    """Hold a lock, once nobody else does.

    Args:
        path: the lock's file; its folder is made where it is missing, the file is gone afterwards.
        busy: what it means that another holds the lock, in words.
        hint: what to do about it.
        patience_s: how long to wait for any one holder. While they change, all get their turn.
        clock: a time in seconds.
        sleep: waits so many seconds.

    Raises:
        AdvisorError: another held the lock for so long, or the file cannot be written.
    """
    holder, since, pause_s = "", clock(), PAUSE_S
    while (descriptor := _opened(path)) is None:
        if (found := _holder(path)) != holder:
            holder, since = found, clock()
        if clock() - since >= patience_s:
            raise AdvisorError(f"{busy} ({holder})", hint)
        sleep(pause_s)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
    try:
        with suppress(OSError):  # it is for the others' message only
            os.ftruncate(descriptor, 0)
            os.write(descriptor, json.dumps(asdict(Holder.this())).encode())
        yield
    finally:
        with suppress(OSError):  # Windows keeps the file of a lock that is held
            path.unlink()
        _let_go(descriptor)
        os.close(descriptor)


def _opened(path: Path) -> int | None:
    """The lock's file, open and locked; `None` while another holds it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        reason = reason_of(error)
        raise AdvisorError(
            f"{path.parent} cannot be written: {reason}", "nothing was changed"
        ) from None
    taken = False
    try:
        # Who held it before may have removed the file that was opened here: then it locks nothing.
        taken = _take(descriptor) and os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        taken = False
    except OSError as error:
        reason = reason_of(error)
        hint = "name a folder on a disk of this machine"
        raise AdvisorError(f"{path} cannot be locked: {reason}", hint) from None
    finally:
        if not taken:
            os.close(descriptor)
    return descriptor if taken else None


def _take(descriptor: int) -> bool:
    """Lock an open file, unless another process has."""
    try:
        import fcntl
    except ImportError:
        return _take_on_windows(descriptor)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _take_on_windows(descriptor: int) -> bool:
    msvcrt = _msvcrt()
    if msvcrt is None:
        return True
    os.lseek(descriptor, _BEYOND_THE_TEXT, os.SEEK_SET)
    try:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    except PermissionError:
        return False
    finally:
        os.lseek(descriptor, 0, os.SEEK_SET)
    return True


def _let_go(descriptor: int) -> None:
    """Unlock it, though a process that was forked meanwhile may hold the file open."""
    with suppress(OSError):
        try:
            import fcntl
        except ImportError:
            if msvcrt := _msvcrt():
                os.lseek(descriptor, _BEYOND_THE_TEXT, os.SEEK_SET)
                msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_UN)


def _msvcrt() -> Any:
    """What locks files on Windows; `None` on a system of one process, such as a browser's."""
    try:
        return importlib.import_module("msvcrt")
    except ImportError:
        return None


def _holder(path: Path) -> str:
    """Who holds the lock, in words."""
    try:
        return str(Holder(**json.loads(path.read_bytes())))
    except (OSError, ValueError, TypeError):  # it is about to be written, or removed
        return "an unknown process"
