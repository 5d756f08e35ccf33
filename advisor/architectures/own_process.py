"""The process in which the user's own code runs: it has a time limit, and ends with the one that began it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

from advisor.errors import AdvisorError, reason_of


def run_program(program: str, printed: Path, limit_s: float) -> int | None:
    """Run a program of Python, and end all that it has started.

    It should call `end_with_parent` first.

    Args:
        program: its text.
        printed: the file that takes what it prints.
        limit_s: how long it may take.

    Returns:
        Its exit code, or less than 0 for a signal; `None` where it was not done in time.

    Raises:
        AdvisorError: the system begins no more processes.
    """
    with printed.open("wb") as stream:  # a pipe would stay open as long as what the code starts
        try:
            process = subprocess.Popen(  # noqa: S603  (this very interpreter, and code that the user names)
                [sys.executable, "-c", program],
                stdin=subprocess.PIPE,
                stdout=stream,
                stderr=stream,
                start_new_session=True,
            )
        except OSError as error:
            refused = f"no process can be begun: {reason_of(error)}"
            raise AdvisorError(refused, "end some, or allow more (ulimit -u)") from None
    try:
        return process.wait(limit_s)
    except subprocess.TimeoutExpired:
        return None
    finally:
        _end_group(process.pid)
        process.kill()
        process.wait()
        if process.stdin is not None:
            process.stdin.close()


def end_with_parent() -> None:
    """End this process, and all of its group, when the one that runs it is gone, however that ended.

    The other holds the writing end of standard input, which the system closes for it. Who waits for that is
    a process of its own where there are such, since this one may be too busy to notice.
    """
    held = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    if sys.platform == "win32":
        threading.Thread(target=_end_at_close, args=(held,), daemon=True).start()
        return
    try:
        child = os.fork()
    except OSError as error:
        sys.exit(f"it is not run, since nothing could end it: {reason_of(error)}")
    if child:
        os.close(held)
        _, status = os.waitpid(child, 0)
        if status:
            sys.exit("it is not run, since nothing could end it: there may be no more processes")
        return
    with suppress(OSError):
        if os.fork() == 0:  # nobody's child, so that the code waits for none but its own
            _end_at_close(held)
        os._exit(0)
    os._exit(1)


def _end_at_close(held: int) -> None:
    """Wait until a pipe is closed, and end all of this process's group."""
    while os.read(held, 1):
        pass
    _end_group(0)
    os._exit(1)


def _end_group(group: int) -> None:
    """End all processes of a group; 0 is this process's own."""
    if sys.platform != "win32":
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
