"""A foreign CSV file row by row: however large it is, it takes no more memory than what is kept of it."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from advisor.catalog.csv_file import repeated_columns
from advisor.catalog.text_file import read_lines
from advisor.errors import BrokenFileError, Fault, closest

_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?")

Row = tuple[str, ...]

MOST_KEPT = 100_000
"""How much is kept of one file; timm's tables have some 1,600 rows."""


def stream_csv(
    path: Path, needed: Sequence[str], optional: Sequence[str] = (), hint: str = ""
) -> Iterator[Row | None]:
    """The cells of some columns of a file, whatever else it has.

    A byte-order mark is read as if it were not there; blank lines are passed over.

    Args:
        path: the file.
        needed: the columns that it must have.
        optional: further columns; their cells are empty where the file lacks them.
        hint: what kind of table is read, for the message where it is another.

    Yields:
        For each row the cells of `needed` and `optional`, in this order and stripped; `None` for a row of
        too few or too many cells.

    Raises:
        BrokenFileError: the file cannot be read, is no CSV, or lacks a column.
    """
    reader = csv.reader(read_lines(path), strict=True)
    try:
        header = [name.strip() for name in next((row for row in reader if row), [])]
        _check_header(path, reader.line_num, header, needed, hint)
        places = [header.index(name) if name in header else -1 for name in (*needed, *optional)]
        width = len(header)
        for row in reader:
            if len(row) == width:
                yield tuple([row[place].strip() if place >= 0 else "" for place in places])
            elif row:
                yield None
    except csv.Error as error:
        fault = Fault(path, reader.line_num, "", f"a broken row ({error})", "CSV")
        raise BrokenFileError([fault], hint) from None


def _check_header(
    path: Path, line: int, header: Sequence[str], needed: Sequence[str], hint: str
) -> None:
    if not header:
        fault = Fault(path, 1, "", "nothing", "a header, " + ",".join(needed))
        raise BrokenFileError([fault], hint)
    faults = repeated_columns(path, line, header)
    faults += [
        Fault(path, line, "", "no such column", f"the column {name!r} ({closest(name, header)})")
        for name in needed
        if name not in header
    ]
    if faults:
        raise BrokenFileError(faults, hint)


def refuse_more(path: Path, count: int, of_what: str) -> None:
    """Give a file up of which more would be kept than any table of timm's could have.

    Raises:
        BrokenFileError: it is so.
    """
    if count > MOST_KEPT:
        found = f"more than {MOST_KEPT:,} {of_what}"
        raise BrokenFileError([Fault(path, 0, "", found, "some thousands, as timm's tables have")])


def number_in(cell: str) -> float:
    """A number, perhaps with commas between its thousands; NaN if it is none."""
    if "," in cell:
        return float(cell.replace(",", "")) if _GROUPED.fullmatch(cell) else math.nan
    try:
        return float(cell)
    except ValueError:
        return math.nan


def size_in(cell: str) -> int | None:
    """The height and width of an input in pixels; `None` if it is none."""
    pixels = number_in(cell)
    return int(pixels) if 1 <= pixels < 1e5 and pixels == int(pixels) else None
