"""Tables without faults, read in bulk: a column becomes numbers, or codes of its few texts, as it is read.

Whatever is out of the ordinary, `csv_table` judges, which keeps every cell: slower, it knows their places.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from advisor.catalog.csv_table import Table, name_fault, text_fault
from advisor.catalog.plain_cells import NotPlain, header_and_lines, pieces
from advisor.catalog.records import Labels

if TYPE_CHECKING:
    from advisor.catalog.records import Booleans, Floats, Integers


class PlainTable(Table):
    """The columns of one or more files below one another; where it would note a fault, it gives up."""

    def __init__(self, counts: Sequence[int]) -> None:
        """Begin without columns.

        Args:
            counts: how many rows are of each file.
        """
        super().__init__(Path(), {}, range(sum(counts)))
        self.counts = counts
        self._numbers: dict[str, Floats] = {}
        self._texts: dict[str, Labels] = {}
        self._codes: dict[str, dict[str, int]] = {}
        self._index: dict[str, Integers] = {}

    @classmethod
    def read(
        cls,
        files: Sequence[bytes],
        required: Sequence[str],
        optional: Collection[str],
        numeric: Collection[str],
    ) -> PlainTable:
        """Read files that have the same kinds of columns.

        Args:
            files: what they hold.
            required: the columns with which each header begins, in this order.
            optional: further columns that one may have, in any order.
            numeric: those of all these that are numbers.

        Raises:
            NotPlain: there is anything unusual in one of them.
        """
        read = [header_and_lines(each) for each in files]
        table = cls([lines.count(b"\n") for _, lines in read])
        starts = (np.cumsum(table.counts) - table.counts).tolist()
        alike: dict[tuple[str, ...], list[int]] = {}
        for place, (header, _) in enumerate(read):
            alike.setdefault(header, []).append(place)
        for header, places in alike.items():
            if header[: len(required)] != tuple(required) or len(set(header)) < len(header):
                raise NotPlain
            if not set(header[len(required) :]) <= set(optional):
                raise NotPlain
            rows = [np.arange(starts[at], starts[at] + table.counts[at]) for at in places]
            lines = b"".join(read[at][1] for at in places)
            table._take_in(lines, header, np.concatenate(rows), numeric)
        table._sort_texts()
        return table

    def _take_in(
        self, lines: bytes, header: Sequence[str], rows: Integers, numeric: Collection[str]
    ) -> None:
        """Put the cells of lines into rows of the columns."""
        start = 0
        for cells in pieces(lines, header):
            here = rows[start : start + len(cells)]
            start += len(cells)
            for name in header:
                if not cells.lengths[name].any():
                    continue
                if name in numeric:
                    if name not in self._numbers:
                        self._numbers[name] = np.full(len(self), np.nan)
                    self._numbers[name][here] = cells.numbers(name)
                else:
                    self._put_texts(name, here, *cells.texts(name))

    def _put_texts(self, name: str, rows: Integers, texts: Sequence[str], which: Integers) -> None:
        codes = self._codes.setdefault(name, {"": 0})
        if name not in self._index:
            self._index[name] = np.zeros(len(self), dtype=np.int64)
        numbers = [codes.setdefault(text, len(codes)) for text in texts]
        self._index[name][rows] = np.array(numbers, dtype=np.int64)[which]

    def _sort_texts(self) -> None:
        """Number the texts of every column in their order."""
        for name, codes in self._codes.items():
            names = tuple(sorted(codes))
            place = np.empty(len(names), dtype=np.int64)
            place[[codes[each] for each in names]] = np.arange(len(names))
            self._texts[name] = Labels(names, place[self._index.pop(name)]).used()

    def note(self, *_: object) -> NoReturn:
        """Give up."""
        raise NotPlain

    def explain(self, *_: object) -> NoReturn:
        """Give up."""
        raise NotPlain

    def cells(self, _: str) -> NoReturn:
        """Give up: only who looks for a fault asks for texts."""
        raise NotPlain

    def has(self, *columns: str) -> bool:
        """Whether a file has any of these columns, with something in it."""
        return any(name in self._numbers or name in self._texts for name in columns)

    def given(self, column: str) -> Booleans:
        """Which rows have a number in a column; shape (rows,)."""
        numbers = self._numbers.get(column)
        return np.zeros(len(self), np.bool_) if numbers is None else ~np.isnan(numbers)

    def labels(
        self, column: str, known: Collection[str] | None = None, *, default: Labels | None = None
    ) -> Labels:
        """A column of names, each one of `known` where given; see `Table.labels`."""
        own = self._texts.get(column)
        if own is None:
            if default is None and len(self):
                raise NotPlain
            return Labels.of([]) if default is None else default
        for name in own.names:
            empty_allowed = default is not None
            if name_fault(name, column, known, empty_allowed=empty_allowed, hinted=False):
                raise NotPlain
        if default is None or own.names[0]:
            return own
        both = Labels.joined([own, default])
        of_own, of_default = both.index[: len(self)], both.index[len(self) :]
        empty = of_own == both.position[""]
        return Labels(both.names, np.where(empty, of_default, of_own)).used()

    def texts(self, column: str) -> Labels:
        """A column of short free texts; see `Table.texts`."""
        own = self._texts.get(column)
        if own is None:
            return Labels.constant("", len(self)) if len(self) else Labels.of([])
        if any(map(text_fault, own.names)):
            raise NotPlain
        return own

    def numbers(self, column: str, smallest: float, largest: float) -> Floats:
        """A column of numbers; NaN where a cell is empty; see `Table.numbers`."""
        numbers = self._numbers.get(column)
        if numbers is None:
            return np.full(len(self), np.nan)
        if not (smallest <= np.fmin.reduce(numbers) and np.fmax.reduce(numbers) <= largest):
            raise NotPlain
        return numbers
