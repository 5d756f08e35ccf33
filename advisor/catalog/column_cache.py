"""Tables of measurements as columns in the user's cache, which spares reading them again.

The CSV files stay the truth: what is kept of one counts while it is the very file that was read, and deleting
it costs time alone. A table with faults is not kept. One file a table: a line that says how much follows and
its checksum, a head in JSON, and the bytes of the columns.
"""

from __future__ import annotations

import json
import os
import time
import zlib
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields
from functools import cache
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from advisor._version import __version__
from advisor.catalog.files import WRITING, Raw, raw_of
from advisor.catalog.measurements_table import (
    FURTHER_MEASUREMENT_COLUMNS,
    MEASUREMENT_COLUMNS,
    read_all_measurements,
)
from advisor.catalog.packed_columns import Packed, columns_of, packed, stacked
from advisor.catalog.records import ORIGINS, PROCESSORS, STATISTICS, STATUSES, Measurements
from advisor.errors import AdvisorError
from advisor.folders import cache_folder, ready_cache

if TYPE_CHECKING:
    from advisor.catalog.records import Integers

FORMAT = 1
"""Goes up when the same CSV is to be kept otherwise."""

MOST_BYTES = 1_000_000_000
"""Where more than that is kept, half of it goes, what was made first before the rest."""

SETTLED_NS = 2_000_000_000
"""A file that was changed so shortly before it was read may have been changed again at the same time."""


@cache
def _schema() -> str:
    """What tells from one another what unlike versions keep."""
    columns = [each.name for each in fields(Measurements)]
    words = (ORIGINS, PROCESSORS, STATISTICS, STATUSES)
    headers = (MEASUREMENT_COLUMNS, FURTHER_MEASUREMENT_COLUMNS)
    return sha256(repr((FORMAT, __version__, columns, words, headers)).encode()).hexdigest()[:16]


def measurements_of(
    paths: Sequence[Path], architectures: Collection[str] | None, sources: Collection[str] | None
) -> tuple[Measurements, Integers]:
    """The rows of boards' `measurements.csv` below one another, and how many are of each.

    Args:
        paths: where these lie.
        architectures: those that they may name; `None` for any.
        sources: those that they may name; `None` for any.

    Raises:
        BrokenFileError: as `read_all_measurements` has it.
    """
    kept = {path: found for path in paths if (found := _kept(path)) is not None}
    new = [path for path in paths if path not in kept]
    if new:
        stamps = [_stamp(path) for path in new]
        files = [raw_of(path) for path in new]
        table, counts = read_all_measurements(files, architectures, sources)
        made = _keep(files, stamps, table, counts)
        if len(new) == len(paths):
            return table, counts
        kept.update(zip(new, made, strict=True))
    tables = [kept[path] for path in paths]
    table = stacked(tables)
    if _names_are_known(table, architectures, sources):
        return table, np.array([each.rows for each in tables], dtype=np.int64)
    return read_all_measurements(paths, architectures, sources)


def _names_are_known(
    table: Measurements, architectures: Collection[str] | None, sources: Collection[str] | None
) -> bool:
    """Whether names that were known when a table was read still are."""
    networks = table.architecture.names
    named = set[str]().union(*(each.source.names for each in table.metered)) - {""}
    return (architectures is None or all(each in architectures for each in networks)) and (
        sources is None or all(each in sources for each in named)
    )


def _file_of(path: Path) -> Path | None:
    """Where the columns of a table are kept; `None` where the user has no cache."""
    folder = cache_folder()
    if folder is None:
        return None
    name = sha256(os.fsencode(path.absolute())).hexdigest()[:32]
    return folder / _folder() / name


def _folder() -> str:
    return f"columns-{_schema()}"


def _stamp(path: Path) -> list[int]:
    """What changes with a file, and when that was seen; nothing where there is none."""
    try:
        found = path.stat()
    except OSError:
        return []
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, time.time_ns()]


def _is_settled(stamp: Sequence[int]) -> bool:
    """Whether a file was last changed well before it was read, so that a later change would show."""
    _, modified, changed, _, seen = stamp
    return max(modified, changed) + SETTLED_NS < seen


def _kept(path: Path) -> Packed | None:
    """What is kept of a table; `None` where nothing is, or it is of another state of the file."""
    file = _file_of(path)
    head, found = _read(file) if file else ({}, None)
    if file is None or found is None:
        return None
    now, before = _stamp(path), head["stamp"]
    if now[:-1] == before[:-1] and _is_settled(before):
        return found
    try:
        if head["digest"] != sha256(path.read_bytes()).hexdigest():
            return None
    except OSError:
        return None
    if now and _is_settled(now):  # the same content at another time
        _write(file, {**head, "stamp": now}, found.body)
    return found


def _read(file: Path) -> tuple[dict[str, Any], Packed | None]:
    """The head and the columns in a file of the cache; `None` where it is not whole."""
    try:
        line, _, rest = file.read_bytes().partition(b"\n")
        length, checksum = map(int, line.split())
        if zlib.crc32(rest) != checksum:
            return {}, None
        head = json.loads(rest[:length])
        return head, Packed(head["rows"], head["columns"], rest[length:])
    except (OSError, ValueError):
        return {}, None


def _keep(
    files: Sequence[Raw], stamps: Sequence[Sequence[int]], table: Measurements, counts: Integers
) -> list[Packed]:
    """Keep tables that were read as one, as far as the cache can be written.

    Args:
        files: what was read.
        stamps: that of each before it was read.
        table: the rows of all of them.
        counts: how many are of each.

    Returns:
        What was to be kept.
    """
    columns = columns_of(table)
    ends = np.cumsum(counts).tolist()
    made = [packed(columns, start, end) for start, end in pairwise([0, *ends])]
    try:
        _sweep(ready_cache(_folder()))
    except (AdvisorError, OSError):
        return made
    for raw, stamp, each in zip(files, stamps, made, strict=True):
        file, digest = _file_of(raw.path), sha256(raw.content).hexdigest()
        head = {"stamp": stamp, "digest": digest, "rows": each.rows, "columns": each.columns}
        if file is None or not stamp or not _write(file, head, each.body):
            break
    return made


def _write(file: Path, head: Mapping[str, Any], body: bytes) -> bool:
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


def _sweep(folder: Path) -> None:
    """Remove what was made first, and what writers that were killed left behind, where much is kept."""
    found = [(each.stat(), Path(each.path)) for each in os.scandir(folder)]
    left = sum(stat.st_size for stat, _ in found)
    if left <= MOST_BYTES:
        return
    for stat, path in sorted(found, key=lambda each: each[0].st_mtime_ns):
        if left <= MOST_BYTES / 2:
            break
        left -= stat.st_size
        with suppress(OSError):
            path.unlink()
