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
_CODES: Any = np.int32
"""Of places among names: half of the memory that the usual whole numbers take."""
_BETWEEN = "\0"
"""What stands between names; no file of ours has it in a text."""

_METERED = [each.name for each in fields(Measurements) if each.type == "Metered"]
_ENDS = ("value", "low", "high")
_WHOSE = ("origin", "source")


@dataclass(frozen=True)
class Packed:
    """The columns of some rows.

    Attributes:
        rows: how many rows there are.
        columns: by name, what a column holds: ["same", another column], ["one", a number], ["numbers", type,
            place in `body`], or ["texts", place and length of the names, type, place]; the type is "" where
            there is one name at most.
        body: the bytes of all columns.
    """

    rows: int
    columns: Mapping[str, list[Any]]
    body: bytes | memoryview

    def numbers(self, name: str) -> NDArray[Any] | float:
        """A column of numbers, or the one number that stands in every row."""
        kind, first, *place = self.columns[name]
        return first if kind == "one" else self._taken(first, *place)

    def texts(self, name: str) -> tuple[bytes, NDArray[Any] | None]:
        """The names of a column of texts as one text, and which each row holds; `None` for the only one."""
        kind, first, *rest = self.columns[name]
        if kind == "same":
            return self.texts(first)
        length, number_type, place = rest
        names = bytes(self.body[first : first + length])
        return names, self._taken(number_type, place) if number_type else None

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

    def put(content: bytes) -> int:
        nonlocal place
        padded = content + bytes(-len(content) % _ALIGNED)
        parts.append(padded)
        place += len(padded)
        return place - len(padded)

    earlier: dict[str, tuple[tuple[str, ...], Integers, str]] = {}
    for name, column in columns.items():
        if isinstance(column, Labels):
            used = Labels(column.names, column.index[start:end]).used()
            kind = name.rpartition(".")[2]
            names, index, other = earlier.setdefault(kind, (used.names, used.index, name))
            if other != name and names == used.names and np.array_equal(index, used.index):
                kinds[name] = ["same", other]
            else:
                joined = _BETWEEN.join(used.names).encode()
                kinds[name] = ["texts", put(joined), len(joined), "", 0]
                if len(used.names) > 1:
                    small = used.index.astype(np.min_scalar_type(len(used.names)))
                    kinds[name][-2:] = [small.dtype.str, put(small.tobytes())]
            continue
        numbers = column[start:end]
        first = numbers[:1]
        if np.array_equal(numbers, np.broadcast_to(first, numbers.shape), equal_nan=True):
            kinds[name] = ["one", first.item() if len(first) else 0]
        else:
            small = numbers
            if numbers.dtype.kind == "i":
                small = numbers.astype(np.min_scalar_type(int(numbers.max())))
            kinds[name] = ["numbers", small.dtype.str, put(small.tobytes())]
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
    read = [(*each.texts(name), rows) for each, rows in parts if each.rows]
    # Boards mostly have the same names, which are looked at once.
    names_of = {joined: joined.decode().split(_BETWEEN) for joined in {each[0] for each in read}}
    every = tuple(sorted(set().union(*names_of.values())))
    position = {text: place for place, text in enumerate(every)}
    places = {
        joined: np.array([position[each] for each in names], dtype=_CODES)
        for joined, names in names_of.items()
    }
    index: Integers = np.empty(parts[-1][1].stop, _CODES)
    for joined, own, rows in read:
        if own is None:
            index[rows] = places[joined][0]
        else:
            np.take(places[joined], own, out=index[rows], mode="clip")
    return Labels(every, index)


def _stacked_numbers(name: str, parts: Sequence[tuple[Packed, slice]]) -> NDArray[Any]:
    whole = name in ("batch", "threads")
    column = np.empty(parts[-1][1].stop, dtype=np.int64 if whole else np.float64)
    for each, rows in parts:
        column[rows] = each.numbers(name)
    return column
