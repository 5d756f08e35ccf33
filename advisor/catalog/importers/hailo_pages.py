"""The pages of Hailo's model zoo: tables in reStructuredText, one page a device and task."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from advisor.catalog.files import content_of

LARGEST = 5_000_000
NAME = "Network Name"
"""The heading of the first column of tables of networks."""

_UNDERLINE = re.compile(r"([-=^~])\1{2,}")
_FIRST = re.compile(r"\s+\* -\s?(.*)")
_NEXT = re.compile(r"\s+-\s?(.*)")
_COMPILER = re.compile(r"Dataflow Compiler v?(\d+(?:\.\d+)+)")
_MARKS = re.compile(r"\|[^|\s]+\||[^\x20-\x7e]")


@dataclass(frozen=True)
class Page:
    """One page.

    Attributes:
        path: its file.
        version: of the compiler that all on it was compiled with; "" where it does not say.
        lines: the rows of its tables of networks.
    """

    path: Path
    version: str
    lines: Sequence[Line]


@dataclass(frozen=True)
class Line:
    """A row of a table of networks.

    Attributes:
        number: the line on which it begins.
        title: of the page: what the networks are for.
        below: the heading above the table: the data set; "" where there is none.
        columns: the headings of the table's columns.
        cells: what stands in them; as many as the row has.
    """

    number: int
    title: str
    below: str
    columns: Sequence[str]
    cells: Sequence[str]

    @property
    def is_whole(self) -> bool:
        """Whether it has as many cells as its table has columns."""
        return len(self.cells) == len(self.columns)

    def cell(self, beginning: str) -> str:
        """What stands in the first column whose heading begins so, in whatever case; "" where none does."""
        for column, cell in zip(self.columns, self.cells, strict=False):
            if column.lower().startswith(beginning.lower()):
                return cell
        return ""


def read_page(path: Path) -> Page:
    """Read a page.

    Raises:
        BrokenFileError: it cannot be read.
    """
    text = content_of(path, LARGEST).text
    version = _COMPILER.search(text)
    return Page(path, version[1] if version else "", list(_lines(text.splitlines())))


def _lines(written: Sequence[str]) -> Iterator[Line]:
    """The rows of all tables of networks."""
    title = below = ""
    columns: Sequence[str] = ()
    for row in _rows(written):
        if isinstance(row, str):
            # The page's own title is behind "Public Models", and a table's heading behind the legend's.
            if row.startswith("="):
                title, below = row[1:], ""
            elif "legend" not in row.lower():
                below = row[1:]
            columns = ()
        elif row[1][0] == NAME:
            columns = row[1]
        elif columns:
            number, cells = row
            yield Line(number, title, below, columns, [_plain(cells[0]), *cells[1:]])


def _rows(written: Sequence[str]) -> Iterator[str | tuple[int, list[str]]]:
    """Headings, each behind the sign that it is underlined with, and rows of tables."""
    cells: list[str] = []
    began = 0
    for number, line in enumerate(written, 1):
        under = _UNDERLINE.fullmatch(line.strip())
        first, further = _FIRST.fullmatch(line), _NEXT.fullmatch(line)
        if cells and (first or (under and not further)):
            yield began, cells
            cells = []
        if first:
            began, cells = number, [first[1].strip()]
        elif further and cells:
            cells.append(further[1].strip())
        elif under and number > 1 and written[number - 2].strip():
            yield under[1] + written[number - 2].strip()
    if cells:
        yield began, cells


def _plain(name: str) -> str:
    """A network's name without the marks behind it."""
    return _MARKS.sub("", name).strip()
