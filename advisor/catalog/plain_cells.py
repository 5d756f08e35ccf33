"""The cells of plain CSV, many at once: found by their separators, read as numbers or told apart as texts.

Plain are lines of as many cells as the header has, quotes around whole cells at most. Every number is the
one that `float` reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Booleans, Floats, Integers

PIECE = 1_000_000
"""So many bytes are read at a time, up to the end of a line."""

LONGEST = 300
"""No text of a plain cell is longer, in bytes."""

DIGITS = 15
"""A decimal of so many digits is a whole number and a power of ten, which floats hold exactly both."""
_TENS = 10.0 ** np.arange(DIGITS + 1)
_COMMA, _LINE_END, _POINT, _ZERO, _QUOTE = b',\n.0"'
_WORD = 8


class NotPlain(Exception):  # noqa: N818  (no error: another reader is to look)
    """A table has something in it that only `csv_table` can judge."""


def header_and_lines(content: bytes) -> tuple[tuple[str, ...], bytes]:
    """The columns that a file names, and its other lines, each with its end.

    Raises:
        NotPlain: it has blank lines, or other things that lines of cells have not.
    """
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n")
    if any(each in content for each in (b"\0", b"\r", b"\n\n")):
        raise NotPlain
    header, _, lines = content.partition(b"\n")
    if b'"' in header:
        raise NotPlain
    try:
        columns = tuple(header.decode().split(","))
    except UnicodeDecodeError:
        raise NotPlain from None
    return columns, lines if not lines or lines.endswith(b"\n") else lines + b"\n"


def pieces(lines: bytes, columns: Sequence[str]) -> Iterator[Cells]:
    """Lines as cells, some lines at a time.

    Raises:
        NotPlain: a line has more or fewer cells than there are columns.
    """
    start = 0
    while start < len(lines):
        end = lines.find(b"\n", start + PIECE) + 1 or len(lines)
        yield Cells.of(lines[start:end], columns)
        start = end


@dataclass(frozen=True)
class Cells:
    """The cells of some lines.

    Attributes:
        content: the lines' bytes, and a few that are zero.
        starts: by column, where each cell begins; shape (lines,).
        lengths: by column, of how many bytes each cell is, likewise.
    """

    content: NDArray[np.uint8]
    starts: Mapping[str, Integers]
    lengths: Mapping[str, Integers]

    @classmethod
    def of(cls, lines: bytes, columns: Sequence[str]) -> Cells:
        """Find the cells."""
        content = np.frombuffer(
            bytes(DIGITS + 1) + lines + bytes(LONGEST + _WORD), dtype=np.uint8
        )  # as much before and after them as is looked at of a cell
        is_end = (content == _COMMA) | (content == _LINE_END)
        is_quote = content == _QUOTE if b'"' in lines else None
        if is_quote is not None:
            is_end &= np.cumsum(is_quote) % 2 == 0
        ends = np.flatnonzero(is_end)
        width, count = len(columns), lines.count(b"\n")
        if len(ends) != width * count or (content[ends[width - 1 :: width]] != _LINE_END).any():
            raise NotPlain
        starts = np.concatenate([[DIGITS + 1], ends[:-1] + 1])
        if is_quote is not None:
            quoted = (ends - starts >= 2) & is_quote[starts] & is_quote[ends - 1]
            if np.count_nonzero(is_quote) != 2 * np.count_nonzero(quoted):
                raise NotPlain
            starts, ends = starts + quoted, ends - quoted
        lengths = ends - starts
        return cls(
            content,
            dict(zip(columns, starts.reshape(-1, width).T, strict=True)),
            dict(zip(columns, lengths.reshape(-1, width).T, strict=True)),
        )

    def __len__(self) -> int:
        return len(next(iter(self.starts.values())))

    @cached_property
    def _words(self) -> NDArray[np.uint64]:
        """The eight bytes from each byte on, as a number."""
        count = len(self.content) - _WORD + 1
        found: NDArray[np.uint64]
        found = np.ndarray((count,), dtype="<u8", buffer=self.content, strides=(1,))
        return found

    def _windows(self, width: int) -> NDArray[np.uint8]:
        """So many bytes from each byte on; shape (places, width)."""
        count = len(self.content) - width + 1
        found: NDArray[np.uint8]
        found = np.ndarray((count, width), dtype=np.uint8, buffer=self.content, strides=(1, 1))
        return found

    def texts(self, column: str) -> tuple[list[str], Integers]:
        """The distinct texts of a column, and for each cell which of them it holds; shape (lines,).

        Raises:
            NotPlain: one is too long, or not UTF-8.
        """
        starts, lengths = self.starts[column], self.lengths[column]
        longest = int(lengths.max())
        if longest > LONGEST:
            raise NotPlain
        words = [self._word(starts, lengths, place) for place in range(0, longest, _WORD)]
        key = lengths.astype(np.uint64)
        for word in words:
            key = (key ^ word) * np.uint64(0x9E3779B97F4A7C15)
            key ^= key >> np.uint64(32)
        first, which = _distinct(key)
        for word in words:
            if (
                word != word[first][which]
            ).any():  # two texts with one key, which hardly ever happens
                raise NotPlain
        try:
            return [self._text(int(starts[row]), int(lengths[row])) for row in first], which
        except UnicodeDecodeError:
            raise NotPlain from None

    def _word(self, starts: Integers, lengths: Integers, place: int) -> NDArray[np.uint64]:
        """Eight bytes of each cell from a place on, as a number; what is beyond its end is zero."""
        left = np.clip(lengths - place, 0, _WORD)
        beyond = ((_WORD - left) * 8).astype(np.uint64)
        # Shifted by all of its bits a number would stay as it is.
        kept = np.where(left == 0, np.uint64(0), np.uint64(2**64 - 1) >> (beyond & np.uint64(63)))
        found: NDArray[np.uint64] = np.bitwise_and(
            self._words[np.where(left == 0, 0, starts + place)], kept
        )
        return found

    def _text(self, start: int, length: int) -> str:
        return self.content[start : start + length].tobytes().decode()

    def numbers(self, column: str) -> Floats:
        """A column of numbers, NaN where a cell is empty; shape (lines,).

        Raises:
            NotPlain: one is no number.
        """
        starts, lengths = self.starts[column], self.lengths[column]
        found, is_decimal = self._decimals(starts + lengths, lengths)
        found[lengths == 0] = np.nan
        for row in np.flatnonzero(~is_decimal & (lengths > 0)).tolist():
            found[row] = self._number(int(starts[row]), int(lengths[row]))
        return found

    def _decimals(self, ends: Integers, lengths: Integers) -> tuple[Floats, Booleans]:
        """Cells as numbers where they are a few digits, perhaps with a point; and where that is so."""
        width = min(int(lengths.max()), DIGITS + 1)
        bytes_of = self._windows(width)[ends - width]
        inside = np.arange(width) >= (width - lengths)[:, np.newaxis]
        digits = bytes_of - np.uint8(_ZERO)  # beyond 9 for all else
        is_digit, is_point = (digits <= 9) & inside, (bytes_of == _POINT) & inside
        digits[~is_digit] = 0
        points, count = (np.count_nonzero(each, axis=1) for each in (is_point, is_digit))
        is_decimal = (points <= 1) & (count > 0) & (count <= DIGITS) & (points + count == lengths)
        behind = np.where(points == 1, width - 1 - np.argmax(is_point, axis=1), -1)
        found = np.empty(len(ends))
        for decimals in range(-1, width):
            rows = np.flatnonzero(behind == decimals)
            if len(rows):
                places = np.arange(width - 1, -1, -1)
                weights = _TENS[places - (places > decimals) * (decimals >= 0)]
                whole = digits[rows].astype(np.float64) @ weights
                # Both are exact, so that the quotient is the float that is nearest to the decimal.
                found[rows] = whole / _TENS[max(decimals, 0)]
        return found, is_decimal

    def _number(self, start: int, length: int) -> float:
        """A number that is written otherwise than with digits and a point, or long."""
        try:
            text = self._text(start, length)
            number = float(text)
        except ValueError:
            raise NotPlain from None
        if not text.isascii() or "_" in text or np.isnan(number):
            raise NotPlain
        return number


def _distinct(keys: NDArray[np.uint64]) -> tuple[Integers, Integers]:
    """Where each of some numbers stands first, and for each number which of these it is."""
    if (keys == keys[0]).all():
        return np.zeros(1, dtype=np.int64), np.zeros(len(keys), dtype=np.int64)
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    begins = np.concatenate([[True], ordered[1:] != ordered[:-1]])
    which = np.empty(len(keys), dtype=np.int64)
    which[order] = np.cumsum(begins) - 1
    return order[begins], which
