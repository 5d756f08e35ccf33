"""Measurements as the bytes of their columns, each as small as it can be, and tables made of these again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from advisor.catalog.records import Labels, Measurements, Metered, Values

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Integers

    Column = NDArray[Any] | Labels

_ALIGNED = 8

_METERED = [each.name for each in fields(Measurements) if each.type == "Metered"]
_ENDS = ("value", "low", "high")
_WHOSE = ("origin", "source")


@dataclass(frozen=True)
class Packed:
    """The columns of some rows.

    Attributes:
        rows: how many rows there are.
        columns: by name, what a column holds: ["same", another column], ["one", a number], ["numbers", type,
            place in `body`], or ["texts", names, type, place].
        body: the bytes of all columns.
    """

    rows: int
    columns: Mapping[str, list[Any]]
    body: bytes

    def numbers(self, name: str) -> NDArray[Any] | float:
        """A column of numbers, or the one number that stands in every row."""
        kind, first, *place = self.columns[name]
        return first if kind == "one" else self._taken(first, *place)

    def texts(self, name: str) -> tuple[list[str], NDArray[Any]]:
        """The names of a column of texts, and which of them each row holds."""
        _, names, kind, place = self.columns[name]
        return names, self._taken(kind, place)

    def _taken(self, kind: str, place: int) -> NDArray[Any]:
        return np.frombuffer(self.body, kind, self.rows, place)


def columns_of(table: Measurements) -> dict[str, Column]:
    """Every column by name, those of estimates apart."""
    found: dict[str, Column] = {}
    for each in fields(table):
        column = getattr(table, each.name)
        if isinstance(column, Metered):
            ends = zip(_ENDS, column.values, strict=True)
            found.update({f"{each.name}.{end}": values for end, values in ends})
            found.update({f"{each.name}.{part}": getattr(column, part) for part in _WHOSE})
        else:
            found[each.name] = column
    return found


def _table(columns: Mapping[str, Any]) -> Measurements:
    """The table of these columns."""
    found: dict[str, Any] = {}
    for each in fields(Measurements):
        name = each.name
        if name in _METERED:
            values = Values(*(columns[f"{name}.{end}"] for end in _ENDS))
            found[name] = Metered(values, *(columns[f"{name}.{part}"] for part in _WHOSE))
        else:
            found[name] = columns[name]
    return Measurements(**found)


def packed(columns: Mapping[str, Column], start: int, end: int) -> Packed:
    """Some of the rows of a table, each column as small as it can be."""
    kinds: dict[str, list[Any]] = {}
    parts: list[bytes] = []
    place = 0

    def put(numbers: NDArray[Any]) -> list[Any]:
        nonlocal place
        content = numbers.tobytes()
        padded = content + bytes(-len(content) % _ALIGNED)
        parts.append(padded)
        place += len(padded)
        return [numbers.dtype.str, place - len(padded)]

    earlier: dict[str, tuple[tuple[str, ...], Integers, str]] = {}
    for name, column in columns.items():
        if isinstance(column, Labels):
            used = Labels(column.names, column.index[start:end]).used()
            kind = name.rpartition(".")[2]
            names, index, other = earlier.setdefault(kind, (used.names, used.index, name))
            if other != name and names == used.names and np.array_equal(index, used.index):
                kinds[name] = ["same", other]
            else:
                small = used.index.astype(np.min_scalar_type(len(used.names)))
                kinds[name] = ["texts", used.names, *put(small)]
            continue
        numbers = column[start:end]
        first = numbers[:1]
        if np.array_equal(numbers, np.broadcast_to(first, numbers.shape), equal_nan=True):
            kinds[name] = ["one", first.item() if len(first) else 0]
        else:
            small = numbers
            if numbers.dtype.kind == "i":
                small = numbers.astype(np.min_scalar_type(int(numbers.max())))
            kinds[name] = ["numbers", *put(small)]
    return Packed(end - start, kinds, b"".join(parts))


def stacked(tables: Sequence[Packed]) -> Measurements:
    """The rows of some tables below one another."""
    ends = np.cumsum([each.rows for each in tables]).tolist()
    parts = list(zip(tables, map(slice, [0, *ends], ends), strict=False))
    columns: dict[str, Any] = {}
    for name, (kind, first, *_) in tables[0].columns.items():
        if kind == "same" and all(each.columns[name] == [kind, first] for each in tables):
            columns[name] = columns[first]
        elif kind in ("same", "texts"):
            columns[name] = _stacked_texts(name, parts)
        else:
            columns[name] = _stacked_numbers(name, parts)
    return _table(columns)


def _stacked_texts(name: str, parts: Sequence[tuple[Packed, slice]]) -> Labels:
    read = []
    for each, _ in parts:
        kind, other, *_rest = each.columns[name]
        read.append(each.texts(other if kind == "same" else name))
    every = tuple(sorted(set().union(*(names for names, _ in read))))
    position = {text: place for place, text in enumerate(every)}
    index = np.empty(parts[-1][1].stop, dtype=np.int64)
    before: list[str] = []
    for (names, own), (_, rows) in zip(read, parts, strict=True):
        if names != before:
            before = names
            places = np.fromiter(map(position.__getitem__, names), np.int64, len(names))
        np.take(places, own, out=index[rows], mode="clip") if len(names) else None
    return Labels(every, index)


def _stacked_numbers(name: str, parts: Sequence[tuple[Packed, slice]]) -> NDArray[Any]:
    whole = name in ("batch", "threads")
    read = [each.numbers(name) for each, _ in parts]
    column = np.empty(parts[-1][1].stop, dtype=np.int64 if whole else np.float64)
    for numbers, (_, rows) in zip(read, parts, strict=True):
        column[rows] = numbers
    return column
