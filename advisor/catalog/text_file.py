"""Reading text from a file, and the names that may stand in one."""

from __future__ import annotations

import re
import stat
from pathlib import Path

from advisor.errors import BrokenFileError, Fault

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@:+-]{0,99}")
NAME_EXPECTED = "a name of letters, digits and . _ @ : + - that begins with a letter or digit"


def read_text(path: Path, largest: int | None = None) -> str:
    """The file's content, without a byte-order mark.

    Raises:
        BrokenFileError: it is missing, a folder, unreadable, larger than `largest` bytes, or not
            UTF-8.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode) and not path.is_dir():
            raise BrokenFileError([Fault(path, 0, "", "a device or pipe", "a file")])
        with path.open("rb") as stream:
            content = stream.read(-1 if largest is None else largest + 1)
    except IsADirectoryError:
        raise BrokenFileError([Fault(path, 0, "", "a folder", "a file")]) from None
    except FileNotFoundError:
        raise BrokenFileError([Fault(path, 0, "", "nothing", "a file")]) from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise BrokenFileError([Fault(path, 0, "", reason.lower(), "a readable file")]) from None
    if largest is not None and len(content) > largest:
        fault = Fault(path, 0, "", "a larger file", f"at most {largest / 1e6:g} MB")
        raise BrokenFileError([fault])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        found = f"the byte 0x{content[error.start]:02x}"
        raise BrokenFileError([Fault(path, line, "", found, "UTF-8 text")]) from None
