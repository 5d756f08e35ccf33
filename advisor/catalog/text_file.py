"""Reading text from a file, and the names that may stand in one."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from advisor.errors import BrokenFileError, Fault

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@:+-]{0,99}")
NAME_EXPECTED = "a name of letters, digits and . _ @ : + - that begins with a letter or digit"


LONGEST_LINE = 1_000_000


def read_text(path: Path, largest: int | None = None) -> str:
    """The file's content, without a byte-order mark.

    Raises:
        BrokenFileError: it is missing, a folder, unreadable, larger than `largest` bytes, or not
            UTF-8.
    """
    with readable(path), path.open("rb") as stream:
        content = stream.read(-1 if largest is None else largest + 1)
    if largest is not None and len(content) > largest:
        fault = Fault(path, 0, "", "a larger file", f"at most {largest / 1e6:g} MB")
        raise BrokenFileError([fault])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BrokenFileError([_no_text(path, line, error)]) from None


def read_lines(path: Path) -> Iterator[str]:
    """The file's lines, with their ends and without a byte-order mark, one after the other.

    Raises:
        BrokenFileError: it is missing, a folder, unreadable, not UTF-8, or has a NUL byte or a line of more
            than `LONGEST_LINE` characters.
    """
    number = 0
    with readable(path), path.open(encoding="utf-8-sig", newline="") as stream:
        try:
            while line := stream.readline(LONGEST_LINE):
                number += 1
                if len(line) == LONGEST_LINE:
                    found = f"a line of more than {LONGEST_LINE:,} characters"
                    raise BrokenFileError([Fault(path, number, "", found, "a table")])
                if "\0" in line:
                    raise BrokenFileError([Fault(path, number, "", "a NUL byte", "text")])
                yield line
        except UnicodeDecodeError as error:  # read ahead of the lines, so which one is not known
            raise BrokenFileError([_no_text(path, 0, error)]) from None


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Say in our words why a file cannot be read.

    Raises:
        BrokenFileError: it is a device or a pipe, or opening or reading it fails.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode) and not path.is_dir():
            raise BrokenFileError([Fault(path, 0, "", "a device or pipe", "a file")])
        yield
    except IsADirectoryError:
        raise BrokenFileError([Fault(path, 0, "", "a folder", "a file")]) from None
    except FileNotFoundError:
        raise BrokenFileError([Fault(path, 0, "", "nothing", "a file")]) from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise BrokenFileError([Fault(path, 0, "", reason.lower(), "a readable file")]) from None


def _no_text(path: Path, line: int, error: UnicodeDecodeError) -> Fault:
    found = f"the byte 0x{error.object[error.start]:02x}"
    return Fault(path, line, "", found, "UTF-8 text")
