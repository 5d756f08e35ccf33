"""CSV read strictly, by columns: a million rows load in seconds, a fault still names its cell.

A table of somebody else's can also be read row by row: however large it is, it then takes no more memory than
what is kept of it.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from advisor.architectures.names import NAME, NAME_EXPECTED, SHAPE_EXPECTED, read_shape
from advisor.catalog.files import Content, File, content_of, read_lines
from advisor.catalog.records import Labels
from advisor.errors import BrokenFileError, Fault, closest, shown

if TYPE_CHECKING:
    from numpy.typing import NDArray

MANY = 10_000
"""So many rows are read at a time; copies of texts are looked for in so many."""
FEW = 8
"""A column repeats itself if it has this many times fewer distinct cells than cells."""

MOST_HINTED = 10
"""To so many unknown names of a column the nearest known one is sought, which takes long for each."""
FORMULA_STARTS = "=+-@"
_NUMBER = re.compile(r"\s*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?\s*")
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?")

MOST_KEPT = 100_000
"""How much is kept of one file that is read row by row; timm's tables have some 1,600 rows."""


@dataclass
class Table:
    """The cells of a CSV file, by column, and the faults found in them so far.

    Attributes:
        path: the file.
        columns: the cells of each column, as text.
        lines: the physical line of each row.
        faults: what is wrong; the reader of the columns raises it at the end by `finish`.
    """

    path: Path
    columns: dict[str, NDArray[np.object_]]
    lines: Sequence[int]
    faults: list[Fault] = field(default_factory=list)
    _cells: dict[str, list[str]] = field(default_factory=dict, init=False, repr=False)

    def __len__(self) -> int:
        return len(self.lines)

    def note(self, row: int, column: str, found: str, expected: str) -> None:
        """Remember a fault of one cell."""
        self.faults.append(Fault(self.path, self.lines[row], column, found, expected))

    def explain(self, row: int, column: str, wrong: str, hint: str) -> None:
        """Remember what is wrong with one cell, and what to do about it."""
        fault = Fault(self.path, self.lines[row], column, wrong, hint, explains=True)
        self.faults.append(fault)

    @classmethod
    def joined(cls, tables: Sequence[Table]) -> Table:
        """Tables below one another; what one of them has no column for is empty there.

        A fault that is found in it does not say in which of them, but by its line.
        """
        columns = list(dict.fromkeys(name for each in tables for name in each.columns))
        empty = [np.full(len(each), "", dtype=object) for each in tables]
        return cls(
            tables[0].path,
            {
                name: np.concatenate(
                    [
                        each.columns.get(name, blank)
                        for each, blank in zip(tables, empty, strict=True)
                    ]
                )
                for name in columns
            },
            [line for each in tables for line in each.lines],
            [fault for each in tables for fault in each.faults],
        )

    def finish(self, hint: str = "") -> None:
        """Raise `BrokenFileError`, with a hint where one helps, if anything was wrong."""
        if self.faults:
            raise BrokenFileError(self.faults, hint)

    def has(self, *columns: str) -> bool:
        """Whether the file has any of these columns."""
        return not self.columns.keys().isdisjoint(columns)

    def given(self, column: str) -> NDArray[np.bool_]:
        """Which rows have something in a column; shape (rows,)."""
        return np.fromiter(map(bool, self.cells(column)), dtype=np.bool_, count=len(self))

    def cells(self, column: str) -> Sequence[str]:
        """The column's cells, made once; all empty where the file lacks the column."""
        if column not in self._cells:
            known = column in self.columns
            self._cells[column] = self.columns[column].tolist() if known else [""] * len(self)
        return self._cells[column]

    def labels(
        self, column: str, known: Collection[str] | None = None, *, default: Labels | None = None
    ) -> Labels:
        """A column of names, each one of `known` where given.

        Args:
            column: its name.
            known: the names that are accepted; `None` for any.
            default: what an empty cell stands for; without it an empty cell is a fault.
        """
        if column not in self.columns and default is not None:
            return default
        cells = self.cells(column)
        if default is not None and not any(cells):
            return default
        expected: dict[str, str] = {}
        for name in dict.fromkeys(cells):
            hinted = len(expected) < MOST_HINTED
            fault = name_fault(
                name, column, known, empty_allowed=default is not None, hinted=hinted
            )
            if fault:
                expected[name] = fault
        for row, cell in enumerate(cells) if expected else ():
            if cell in expected:
                self.note(row, column, shown(cell) if cell else "nothing", expected[cell])
        if default is not None:
            cells = [own or other for own, other in zip(cells, default.tolist(), strict=True)]
        return Labels.of(cells)

    def texts(self, column: str) -> Labels:
        """A column of short free texts, such as a reason; empty ones are welcome."""
        if column not in self.columns:
            return Labels.constant("", len(self))
        cells = self.cells(column)
        for row, cell in enumerate(cells):
            if text_fault(cell):
                self.note(row, column, shown(cell), "a line of text that is no formula")
        return Labels.of(cells)

    def numbers(self, column: str, smallest: float, largest: float) -> NDArray[np.float64]:
        """A column of numbers; NaN where a cell is empty.

        Args:
            column: its name.
            smallest: the smallest number that is believed.
            largest: the largest.
        """
        if column not in self.columns:
            return np.full(len(self), np.nan)
        cells = self.cells(column)
        if not any(cells):
            return np.full(len(self), np.nan)
        values = _floats(cells)
        given = self.given(column)
        with np.errstate(invalid="ignore"):
            bad = given & ~((values >= smallest) & (values <= largest))
        for row in np.flatnonzero(bad).tolist():
            expected = f"a number from {smallest:g} to {largest:g}"
            self.note(row, column, shown(cells[row]), expected)
        return values

    def shapes(self, column: str) -> list[tuple[int, int, int]]:
        """A column of input shapes: channels, height, width."""
        cells = self.cells(column)
        known = {cell: read_shape(cell) for cell in set(cells)}
        for row, cell in enumerate(cells):
            if known[cell] is None:
                self.note(row, column, shown(cell), SHAPE_EXPECTED)
        return [known[cell] or (1, 1, 1) for cell in cells]


def _floats(cells: Sequence[str]) -> NDArray[np.float64]:
    """The cells as numbers, NaN for what is not a number; all at once where every cell is ordinary."""
    plain = "".join(cells)
    if plain.isascii() and "_" not in plain:
        try:
            return np.array([cell or "nan" for cell in cells], dtype=np.float64)
        except ValueError:
            pass  # some cell is no number; read one by one to find out which
    numbers = (float(cell) if _NUMBER.fullmatch(cell) else np.nan for cell in cells)
    return np.fromiter(numbers, dtype=np.float64, count=len(cells))


def name_fault(
    name: str, column: str, known: Collection[str] | None, *, empty_allowed: bool, hinted: bool
) -> str:
    """What was expected instead of `name`; "" where it is well.

    Args:
        name: what stands there.
        column: in which column.
        known: the names that are accepted; `None` for any.
        empty_allowed: whether nothing may stand there.
        hinted: whether to name the nearest one that is known, which takes long.
    """
    if not name:
        return "" if empty_allowed else f"a name for {column!r}"
    if not NAME.fullmatch(name):
        return NAME_EXPECTED
    if known is not None and name not in known:
        hint = f" ({closest(name, known)})" if hinted else ""
        return f"a known {column.removesuffix('_source')}{hint}"
    return ""


def text_fault(text: str) -> bool:
    """Whether a text may not stand in a table: it is long, a formula, or not for printing."""
    return bool(text) and (text[0] in FORMULA_STARTS or not text.isprintable() or len(text) > 300)


def read_csv(file: File, required: Sequence[str], optional: Collection[str] = ()) -> Table:
    """The file's cells, its header checked; rows of a wrong length are noted and left out.

    A byte-order mark and CRLF line ends are read as if they were not there; blank lines are passed
    over.

    Args:
        file: where it lies, or what it holds.
        required: the columns with which the header must begin, in this order.
        optional: further columns that it may have, in any order.

    Raises:
        BrokenFileError: the file cannot be read, or its header is another.
    """
    content = content_of(file)
    path, rows = content.path, _rows(content)
    line, header = next(rows, (1, []))
    faults = _header_faults(path, line, header, "a header, " + ",".join(required))
    if header and header[: len(required)] != list(required):
        found = shown(",".join(header))
        faults.append(Fault(path, line, "", found, "a header that begins " + ",".join(required)))
    else:
        for name in header[len(required) :]:
            if name not in optional:
                expected = f"a known column ({closest(name, optional)})"
                faults.append(Fault(path, line, name, f"the column {shown(name)}", expected))
    if faults:
        raise BrokenFileError(faults)
    return _table(path, header, rows)


def _header_faults(path: Path, line: int, header: Sequence[str], expected: str) -> list[Fault]:
    """What is wrong with any header: there is none, or it has a column twice."""
    if not header:
        return [Fault(path, 1, "", "nothing", expected)]
    return [
        Fault(path, line, name, f"the column {shown(name)} twice", "each column once")
        for name in sorted({name for name in header if header.count(name) > 1})
    ]


def _table(path: Path, header: list[str], rows: Iterator[tuple[int, list[str]]]) -> Table:
    faults: list[Fault] = []
    pieces = [np.empty((0, len(header)), dtype=object)]
    lines: list[int] = []
    shared: dict[str, str] = {}
    # Piece by piece into arrays: the garbage collector would search a million lists over and over.
    while piece := list(islice(rows, MANY)):
        faults += [
            Fault(path, line, "", f"a row of {len(row)} cells", f"{len(header)}, as the header has")
            for line, row in piece
            if len(row) != len(header)
        ]
        good = [(line, row) for line, row in piece if len(row) == len(header)]
        cells = np.array([row for _, row in good], dtype=object).reshape(-1, len(header))
        _share_equal_cells(cells, shared)
        pieces.append(cells)
        lines.extend(line for line, _ in good)
    columns = np.concatenate(pieces).T
    return Table(path, dict(zip(header, columns, strict=True)), lines, faults)


def _share_equal_cells(cells: NDArray[np.object_], shared: dict[str, str]) -> None:
    """Keep one copy of each text in columns of few distinct ones; half of a large file is names."""
    for column in cells.T if len(cells) >= MANY else ():
        texts = column.tolist()
        if len(set(texts)) * FEW <= len(texts):
            column[:] = [shared.setdefault(text, text) for text in texts]


def _rows(content: Content) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not blank, each with its physical line."""
    path, text = content.path, content.text
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise BrokenFileError([Fault(path, line, "", "a NUL byte", "text")])
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for row in reader:
            if row:
                yield reader.line_num, row
    except csv.Error as error:
        fault = Fault(path, reader.line_num, "", f"a broken row ({error})", "CSV")
        raise BrokenFileError([fault]) from None


Row = tuple[str, ...]


def stream_csv(
    path: Path, needed: Sequence[str], optional: Sequence[str] = (), hint: str = ""
) -> Iterator[Row | None]:
    """The cells of some columns of somebody else's file, row by row, whatever else it has.

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
        line = reader.line_num
        faults = _header_faults(path, line, header, "a header, " + ",".join(needed))
        for name in needed if header else ():
            if name not in header:
                expected = f"the column {name!r} ({closest(name, header)})"
                faults.append(Fault(path, line, "", "no such column", expected))
        if faults:
            raise BrokenFileError(faults, hint)
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


def refuse_more(path: Path, count: int, of_what: str) -> None:
    """Give a file up of which more would be kept than any table of timm's could have.

    Raises:
        BrokenFileError: it is so.
    """
    if count > MOST_KEPT:
        found = f"more than {MOST_KEPT:,} {of_what}"
        raise BrokenFileError([Fault(path, 0, "", found, "some thousands, as timm's tables have")])


def number_in(cell: str) -> float:
    """A number, perhaps with commas between its thousands; NaN if it is not one."""
    if "," in cell:
        return float(cell.replace(",", "")) if _GROUPED.fullmatch(cell) else math.nan
    try:
        return float(cell)
    except ValueError:
        return math.nan


def size_in(cell: str) -> int | None:
    """The height and width of an input in pixels; `None` if it is not one."""
    pixels = number_in(cell)
    return int(pixels) if 1 <= pixels < 1e5 and pixels == int(pixels) else None


def csv_text(header: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    """The text of a CSV file; `None` is an empty cell."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return stream.getvalue()
