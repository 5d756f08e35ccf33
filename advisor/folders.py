"""Where the system keeps what is a user's: their data, a cache, and what is temporary."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_cache_path, user_data_path

from advisor.errors import AdvisorError, reason_of

if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "dnn-advisor"

WRITING = ".writing-"
"""What the name of a file begins with that is being written and will take another's place."""
ABANDONED_S = 60.0
"""What somebody began to write so long ago, nobody writes any more: it takes a second at most."""


def data_folder() -> Path | None:
    """Where the user's own data lie; `None` where the user has no home."""
    return _known(user_data_path)


def cache_folder() -> Path | None:
    """Where lies what can be made again; `None` where the user has no home."""
    return _known(user_cache_path)


def _known(path: Callable[[str], Path]) -> Path | None:
    try:
        found = path(NAME)
    except RuntimeError:  # neither HOME nor the list of users names a home
        return None
    return found if found.is_absolute() else None  # older platformdirs leave the "~" where it is


def no_home() -> str:
    """Why a folder of the user's is unknown, in words."""
    if sys.platform == "win32":
        return "the user has no folder for data"
    return f"HOME is not set, and the system knows no user {os.getuid()}"


def ready_cache(part: str) -> Path:
    """A folder of the cache to write into, made where it is missing; what killed writers left is removed.

    Raises:
        AdvisorError: the user has no home, or the folder cannot be made or written.
    """
    cache = cache_folder()
    hint = "set XDG_CACHE_HOME to a folder that can be written"
    if cache is None:
        raise AdvisorError(f"no folder for the cache is known: {no_home()}", hint)
    folder = cache / part
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = reason_of(error)
        raise AdvisorError(f"the cache folder {folder} cannot be made: {reason}", hint) from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise AdvisorError(f"the cache folder {folder} cannot be written", hint)
    _sweep(folder)
    return folder


def _sweep(folder: Path) -> None:
    """Remove what writers left behind that were killed."""
    with suppress(OSError), os.scandir(folder) as found:
        begun = [Path(each.path) for each in found if each.name.startswith(WRITING)]
        for path in begun:
            with suppress(OSError):  # its writer has ended meanwhile
                if path.stat().st_mtime + ABANDONED_S < time.time():
                    path.unlink()


def check_temporary() -> None:
    """See that there is a folder for temporary files.

    Raises:
        AdvisorError: none can be written.
    """
    import tempfile  # `advisor pick` needs none

    try:
        tempfile.gettempdir()
    except OSError as error:
        raise _no_temporary(error) from None


def temporary_folder_that_stays() -> Path:
    """A folder for what the user is to find later; nobody else may look into it.

    Raises:
        AdvisorError: none can be made.
    """
    import tempfile

    try:
        return Path(tempfile.mkdtemp(prefix="advisor-"))
    except OSError as error:
        raise _no_temporary(error) from None


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder that is gone afterwards.

    Raises:
        AdvisorError: none can be made.
    """
    import tempfile

    try:
        made = tempfile.TemporaryDirectory(prefix="advisor-", ignore_cleanup_errors=True)
    except OSError as error:
        raise _no_temporary(error) from None
    with made as folder:
        yield Path(folder)


def _no_temporary(error: OSError) -> AdvisorError:
    reason = reason_of(error)
    place = f" in {Path(error.filename).parent}" if error.filename else ""
    return AdvisorError(
        f"no temporary folder can be made{place}: {reason}",
        "set TMPDIR to a folder that can be written",
    )
