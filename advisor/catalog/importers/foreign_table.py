"""Tables that people and spreadsheets wrote: whatever separates their cells, with comments and totals."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from advisor.catalog.csv_table import Table
from advisor.catalog.files import content_of
from advisor.errors import BrokenFileError, Fault, shown
from advisor.stages import counted_rows

SEPARATORS = (",", ";", "\t", "|")
NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
LARGEST = 500_000_000


def read_foreign(path: Path) -> tuple[Table, str]:
    """The cells of somebody's table, by the headings of its columns.

    The separator is the one that the heading has most; Excel's line `sep=;` states it. Blank lines and
    lines that begin with # are passed over, so are columns without heading or content.

    Returns:
        The table, whose faults are rows of another length; and what separates its cells.

    Raises:
        BrokenFileError: the file cannot be read, or has no heading or the same twice.
    """
    text = content_of(path, LARGEST).text
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise BrokenFileError([Fault(path, line, "", "a NUL byte", "text, UTF-16 with its mark")])
    separator = _separator(text)
    rows = _rows(path, text, separator)
    first, header = next(rows, (1, []))
    header = [name.strip() for name in header]
    while header and not header[-1]:
        header.pop()
    faults = _header_faults(path, first, header)
    if faults:
        raise BrokenFileError(faults)
    good, lines = [], []
    for line, row in counted_rows(rows, text.count("\n"), f"reading lines of {path.name}"):
        while len(row) > len(header) and not row[-1].strip():
            row.pop()
        if len(row) == len(header):
            good.append(row)
            lines.append(line)
        else:
            expected = f"{len(header)}, as the heading has"
            faults.append(Fault(path, line, "", f"a row of {len(row)} cells", expected))
    cells = np.array(good, dtype=object).reshape(-1, len(header))
    columns = {name: column for name, column in zip(header, cells.T, strict=True) if name}
    return Table(path, columns, lines, faults), separator


def _separator(text: str) -> str:
    for line in text.splitlines():
        plain = line.strip()
        if plain.lower().startswith("sep=") and len(plain) == len("sep=;"):
            return plain[-1]
        if plain and not plain.startswith("#"):
            unquoted = "".join(line.split('"')[::2])
            return max(SEPARATORS, key=unquoted.count)
    return ","


def _rows(path: Path, text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that say something, each with its line."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    begins = 1
    try:
        for row in reader:
            line, begins = begins, reader.line_num + 1
            said = [cell for cell in row if cell.strip()]
            stated = len(said) == 1 and said[0].lower().startswith("sep=")
            if said and not row[0].lstrip().startswith("#") and not (stated and line == 1):
                yield line, row
    except csv.Error as error:
        fault = Fault(path, reader.line_num, "", f"a broken row ({error})", "CSV")
        raise BrokenFileError([fault]) from None


def _header_faults(path: Path, line: int, header: list[str]) -> list[Fault]:
    if not header:
        return [Fault(path, 1, "", "nothing", "a header")]
    return [
        Fault(path, line, name, f"the column {shown(name)} twice", "each column once")
        for name in sorted({name for name in header if name and header.count(name) > 1})
    ]
