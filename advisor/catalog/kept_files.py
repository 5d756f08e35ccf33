"""What was read from files, kept in the user's cache, which spares reading them again.

The files stay the truth: what is kept of one counts while it is the very file that was read, and deleting it
costs time alone. What is kept is one file: a line that says how much follows and its checksum, a head in
JSON, and bytes.
"""

from __future__ import annotations

import json
import os
import time
import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from advisor.errors import AdvisorError
from advisor.folders import WRITING, cache_folder, ready_cache

MOST_BYTES = 1_000_000_000
"""Where a folder keeps more than that, half of it goes, what was made first before the rest."""

SETTLED_NS = 2_000_000_000
"""A file that was changed so shortly before it was read may have been changed again at the same time."""

_LONGEST_LINE = 40
"""The first line has two numbers."""


class Kept(NamedTuple):
    """What a file of the cache holds.

    Attributes:
        head: what JSON can say.
        body: the rest.
    """

    head: Mapping[str, Any]
    body: memoryview


def place_of(path: Path, folder: str) -> Path | None:
    """Where a folder of the cache keeps what was read from a path; `None` where the user has no cache."""
    cache = cache_folder()
    if cache is None:
        return None
    return cache / folder / sha256(os.fsencode(path.absolute())).hexdigest()[:32]


def stamp_of(path: Path) -> list[int]:
    """What changes with a file, and when that was seen; nothing where there is none."""
    try:
        found = path.stat()
    except OSError:
        return []
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, time.time_ns()]


def is_settled(stamp: Sequence[int]) -> bool:
    """Whether a file was last changed well before it was read, so that a later change would show."""
    if not stamp:
        return False
    _, modified, changed, _, seen = stamp
    return max(modified, changed) + SETTLED_NS < seen


def is_unchanged(now: Sequence[int], before: Sequence[int]) -> bool:
    """Whether a file is for certain the one that was read."""
    return now[:-1] == before[:-1] and is_settled(before)


def read_kept(file: Path) -> Kept | None:
    """What a file of the cache holds; `None` where it is not whole."""
    try:
        content = file.read_bytes()
        rest = memoryview(content)[content.index(b"\n", 0, _LONGEST_LINE) + 1 :]
        length, checksum = map(int, content[:_LONGEST_LINE].partition(b"\n")[0].split())
        if zlib.crc32(rest) != checksum:
            return None
        return Kept(json.loads(bytes(rest[:length])), rest[length:])
    except (OSError, ValueError):
        return None


def write_kept(file: Path, head: Mapping[str, Any], body: bytes | memoryview = b"") -> bool:
    """Replace a file of the cache whole; whether that could be done."""
    text = json.dumps(head).encode()
    rest = text + body
    begun = file.with_name(f"{WRITING}{os.urandom(8).hex()}")
    try:
        begun.write_bytes(b"%d %d\n" % (len(text), zlib.crc32(rest)) + rest)
        begun.replace(file)
    except OSError:
        with suppress(OSError):
            begun.unlink()
        return False
    return True


def make_room(folder: str) -> bool:
    """Make ready a folder of the cache to write into; whether that could be done.

    Where much is kept, what was made first is removed.
    """
    try:
        found = [(each.stat(), Path(each.path)) for each in os.scandir(ready_cache(folder))]
    except (AdvisorError, OSError):
        return False
    left = sum(stat.st_size for stat, _ in found)
    if left <= MOST_BYTES:
        return True
    for stat, path in sorted(found, key=lambda each: each[0].st_mtime_ns):
        if left <= MOST_BYTES / 2:
            break
        left -= stat.st_size
        with suppress(OSError):
            path.unlink()
    return True
