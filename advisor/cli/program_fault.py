"""A fault of the program itself, in one message: what happened, where to report it, where more stands."""

from __future__ import annotations

import os
import platform
import re
import sys
import traceback
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

import advisor
from advisor.errors import AdvisorError, first_line
from advisor.folders import ready_cache, temporary_folder_that_stays

EXIT_CODE = 70
"""`EX_SOFTWARE` of sysexits.h; 1 would say that nothing fits, and 2 that the user is at fault."""


def fault_message(error: BaseException) -> str:
    """What is said of a fault; its traceback goes into a file, or else into the message."""
    what = "".join(
        each if each.isprintable() else " " for each in first_line(error, with_kind=True)
    )
    place = place_of(error)
    said = f"this is a fault of advisor itself: {what}" + (f" ({place})" if place else "")
    text = _report(error)
    report = f"please report it {where_to_report()}"
    file = _kept(text)
    if file is None:
        return f"{said}\n  {report}, with what follows (no file can be written for it)\n{text}"
    return f"{said}\n  {report}, with the file {file}, which holds the traceback"


def where_to_report() -> str:
    """At an address that the installed package names, best one for faults; else to whom one has it from."""
    from importlib.metadata import PackageNotFoundError, metadata  # costs more than a start may

    try:
        lines = metadata("dnn-advisor").get_all("Project-URL") or []
    except PackageNotFoundError:
        lines = []
    addresses = [tuple(map(str.strip, line.partition(",")[::2])) for line in lines]
    fitting = [each for each in addresses if re.search("(?i)issue|bug|track", each[0])]
    for _, address in (*fitting, *addresses):
        return f"at {address}"
    return "to whoever gave you advisor"


def place_of(error: BaseException) -> str:
    """Where in this program it happened, as "solve/question.py, line 12"; "" where no command ran."""
    home = Path(advisor.__file__).parent
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_relative_to(home) and path != home / "cli/app.py":
            return f"{path.relative_to(home).as_posix()}, line {frame.lineno}"
    return ""


def _report(error: BaseException) -> str:
    """What whoever mends it needs to know."""
    head = (
        f"advisor {advisor.__version__}, Python {platform.python_version()}, {platform.platform()}",
        f"command: {sys.argv!r}",
        f"at: {datetime.now(timezone.utc):%Y-%m-%d %H:%M:%S} UTC",
    )
    return "\n".join([*head, "", *map(str.rstrip, traceback.format_exception(error)), ""])


def _kept(text: str) -> Path | None:
    """The file that holds the text now; `None` where none can be written."""
    name = f"{datetime.now(timezone.utc):%Y-%m-%dT%H-%M-%S}-{os.getpid()}.txt"
    for folder in (partial(ready_cache, "faults"), temporary_folder_that_stays):
        try:
            path = folder() / name
            path.write_text(text, encoding="utf-8", errors="replace")
        except (AdvisorError, OSError):
            continue
        return path
    return None
