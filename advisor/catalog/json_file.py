"""JSON read strictly: every fault has its line and column, and nothing in the file can surprise."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from advisor.architectures.names import NAME, NAME_EXPECTED
from advisor.catalog.files import read_text
from advisor.catalog.yaml_file import Block, List, Mark, Node, read_yaml
from advisor.errors import BrokenFileError, Fault, closest, shown

LARGEST = 1e15
"""No number is believed beyond this."""

_NUMBERS = frozenset({int, float})

Place = tuple[str | int, ...]
"""The keys and positions that lead to a value of a document."""


@dataclass
class JsonReading:
    """Reads one document; a fault is noted with its place and reads as a stand-in, until `finish` raises all.

    Attributes:
        path: the file.
        largest_bytes: what is larger is refused.
        faults: what was noted.
        has_doubled_key: whether an object has a key twice.
    """

    path: Path
    largest_bytes: int
    faults: list[tuple[Place, str, str]] = field(default_factory=list)
    has_doubled_key: bool = False

    def document(self) -> dict[str, Any]:
        """The whole document.

        Raises:
            BrokenFileError: it is no JSON object.
        """
        text = read_text(self.path, self.largest_bytes)
        try:
            document = json.loads(text, object_pairs_hook=self._object, parse_constant=self._refuse)
        except json.JSONDecodeError as error:
            fault = (error.lineno, str(error.colno), f"broken JSON ({error.msg})", "whole JSON")
            raise BrokenFileError([Fault(self.path, *fault)]) from None
        except (RecursionError, ValueError) as error:
            reason = "deeper nesting" if isinstance(error, RecursionError) else str(error)
            raise BrokenFileError([Fault(self.path, 0, "", reason, "plain numbers")]) from None
        if not isinstance(document, dict):
            raise BrokenFileError([Fault(self.path, 1, "1", _kind(document), "an object")])
        return document

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            self.has_doubled_key = True
        return found

    @staticmethod
    def _refuse(constant: str) -> NoReturn:
        raise ValueError(f"the number {constant}")

    def note(self, place: Place, found: str, expected: str) -> None:
        """Remember a fault."""
        self.faults.append((place, found, expected))

    def record(
        self, value: object, place: Place, required: Sequence[str], optional: Sequence[str] = ()
    ) -> dict[str, Any]:
        """An object of known keys; an empty one where it is none."""
        found = self.mapping(value, place)
        for key in found:
            if key not in required and key not in optional:
                hint = closest(key, [*required, *optional])
                self.note((*place, key), f"the key {shown(key)}", f"a known key ({hint})")
        for key in required:
            if key not in found:
                self.note(place, "nothing", f"the key {key!r} with a value")
        return found

    def mapping(self, value: object, place: Place) -> dict[str, Any]:
        """An object whose keys are names."""
        if isinstance(value, dict):
            return value
        self.note(place, _kind(value), "an object")
        return {}

    def items(self, value: object, place: Place) -> list[Any]:
        """An array."""
        if isinstance(value, list):
            return value
        self.note(place, _kind(value), "an array")
        return []

    def text(self, value: object, place: Place) -> str:
        """A text."""
        if isinstance(value, str):
            return value
        self.note(place, _kind(value), "a text")
        return ""

    def name(self, value: object, place: Place) -> str:
        """A name as the catalog has them, or ""."""
        text = self.text(value, place)
        if text and not NAME.fullmatch(text):
            self.note(place, shown(text), NAME_EXPECTED)
        return text

    def number(
        self, value: object, place: Place, least: float = 0.0, largest: float = LARGEST
    ) -> float:
        """A number in a range."""
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            if least <= value <= largest:
                return float(value)
            found = str(value)
        else:
            found = _kind(value)
        self.note(place, found, f"a number from {least:g} to {largest:g}")
        return 1.0

    def numbers(
        self, value: object, place: Place, least: float = 0.0, largest: float = LARGEST
    ) -> tuple[float, ...]:
        """An array of numbers in a range."""
        items = self.items(value, place)
        if (  # all at once, as almost always
            items
            and _NUMBERS.issuperset(map(type, items))
            and least <= min(items)
            and max(items) <= largest
        ):
            return tuple(map(float, items))
        return tuple(self.number(each, (*place, i), least, largest) for i, each in enumerate(items))

    def finish(self) -> None:
        """Raise what was noted.

        Raises:
            BrokenFileError: there is something.
        """
        if not self.faults and not self.has_doubled_key:
            return
        root = read_yaml(
            self.path, self.largest_bytes
        )  # JSON is YAML, whose reader knows the places
        faults = []
        for place, found, expected in self.faults:
            mark = _mark(root, place)
            faults.append(Fault(self.path, mark.line, str(mark.column), found, expected))
        raise BrokenFileError(faults)


def _kind(value: object) -> str:
    """What a value is, for messages."""
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, dict):
        return "an object"
    return "an array" if isinstance(value, list) else json.dumps(value)


def _mark(root: Block, place: Place) -> Mark:
    """Where a value stands, or the key of one, or what should hold it."""
    node: Node = root
    mark = root.mark
    for step in place:
        if isinstance(node, Block) and step in node.entries:
            mark, node = node.key_marks[str(step)], node.entries[str(step)]
        elif isinstance(node, List) and isinstance(step, int):
            node = node.items[step]
            mark = node.mark
    return mark
