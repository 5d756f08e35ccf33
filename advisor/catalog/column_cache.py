"""Tables of measurements as columns in the user's cache, one file a table; one with faults is not kept."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import fields
from functools import cache
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from advisor._version import __version__
from advisor.catalog.files import Raw, raw_of
from advisor.catalog.kept_files import (
    is_settled,
    is_unchanged,
    make_room,
    place_of,
    read_kept,
    stamp_of,
    write_kept,
)
from advisor.catalog.measurements_table import (
    FURTHER_MEASUREMENT_COLUMNS,
    MEASUREMENT_COLUMNS,
    read_all_measurements,
)
from advisor.catalog.packed_columns import Packed, columns_of, packed, stacked
from advisor.catalog.records import ORIGINS, PROCESSORS, STATISTICS, STATUSES, Measurements
from advisor.stages import LOG

if TYPE_CHECKING:
    from advisor.catalog.records import Integers

FORMAT = 2
"""Goes up when the same CSV is to be kept otherwise."""


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
    where = paths[0].parent.name if len(paths) == 1 else f"{len(paths)} boards"
    LOG.info("rows of %s: %d from the cache, %d from files", where, len(kept), len(new))
    if new:
        stamps = [stamp_of(path) for path in new]
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


def _folder() -> str:
    return f"columns-{_schema()}"


def _kept(path: Path) -> Packed | None:
    """What is kept of a table; `None` where nothing is, or it is of another state of the file."""
    file = place_of(path, _folder())
    kept = read_kept(file) if file else None
    if file is None or kept is None:
        return None
    head, body = kept
    found = Packed(head["rows"], head["columns"], body)
    now = stamp_of(path)
    if is_unchanged(now, head["stamp"]):
        return found
    try:
        if head["digest"] != sha256(path.read_bytes()).hexdigest():
            return None
    except OSError:
        return None
    if is_settled(now):  # the same content at another time
        write_kept(file, {**head, "stamp": now}, body)
    return found


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
    if not make_room(_folder()):
        return made
    for raw, stamp, each in zip(files, stamps, made, strict=True):
        file, digest = place_of(raw.path, _folder()), sha256(raw.content).hexdigest()
        head = {"stamp": stamp, "digest": digest, "rows": each.rows, "columns": each.columns}
        if file is None or not stamp or not write_kept(file, head, each.body):
            break
    return made
