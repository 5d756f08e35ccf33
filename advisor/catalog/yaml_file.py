"""YAML read strictly: every value keeps its place, and nothing in the file can surprise.

The reader works on PyYAML's parsing events, so that it sees what a loader hides: duplicate keys,
anchors, aliases and tags are faults. Scalars stay text; whoever knows a field's type reads it from
there, hence no "no" becomes False and no version 1.10 becomes 1.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import yaml

from advisor.catalog.text_file import read_text
from advisor.errors import BrokenFileError, Fault, shown

LARGEST_BYTES = 1_000_000
_CONTROL = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
DEEPEST_NESTING = 20


@dataclass(frozen=True)
class Mark:
    """A place in a file: 1-based line and character."""

    line: int
    column: int


@dataclass(frozen=True)
class Text:
    """A scalar, as written."""

    mark: Mark
    text: str


@dataclass(frozen=True)
class List:
    """A sequence of nodes."""

    mark: Mark
    items: Sequence[Node]


@dataclass(frozen=True)
class Block:
    """A mapping; `key_marks` says where each key stands."""

    mark: Mark
    entries: Mapping[str, Node]
    key_marks: Mapping[str, Mark]


Node: TypeAlias = Text | List | Block


def read_yaml(path: Path, largest_bytes: int = LARGEST_BYTES) -> Block:
    """The file's one document, a mapping; an empty file is an empty mapping.

    Args:
        path: the file.
        largest_bytes: what is larger is refused: nobody writes that much by hand.

    Raises:
        BrokenFileError: the file cannot be read, is no YAML, or uses what is refused here.
    """
    text = read_text(path, largest_bytes)
    if control := _CONTROL.search(text):
        line = text.count("\n", 0, control.start()) + 1
        found = f"the control character U+{ord(control.group()):04X}"
        raise BrokenFileError([Fault(path, line, "", found, "printable text")])
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    reader = _Reader(path, yaml.parse(text, Loader=loader))
    try:
        document = reader.document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, str(mark.column + 1)) if mark else (0, "")
        found = f"broken YAML ({error.problem})"
        fault = Fault(path, line, column, found, "well-formed YAML")
        raise BrokenFileError([*reader.faults, fault]) from None
    if reader.faults:
        raise BrokenFileError(reader.faults)
    return document


class _Reader:
    """Builds nodes from parsing events, and notes what the catalog does not use."""

    def __init__(self, path: Path, events: Iterator[yaml.Event]) -> None:
        self.path = path
        self.events = events
        self.faults: list[Fault] = []

    def document(self) -> Block:
        root: Node = Text(Mark(1, 1), "")
        documents = 0
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self.note(_mark(event), "a second document", "one document")
                    break
                root = self.node(next(self.events), depth=0)
        if isinstance(root, Block):
            return root
        if not isinstance(root, Text) or root.text:
            self.note(root.mark, describe(root), "a mapping (key: value)")
        return Block(root.mark, {}, {})

    def node(self, event: yaml.Event, depth: int) -> Node:
        mark = _mark(event)
        if isinstance(event, yaml.AliasEvent):
            self.note(mark, "an alias", "the value itself")
            return Text(mark, "")
        if getattr(event, "anchor", None) is not None:
            self.note(mark, "an anchor", "a plain value")
        tag = getattr(event, "tag", None)
        if tag is not None:
            self.note(mark, f"the tag {shown(str(tag))}", "a value without a tag")
        if depth > DEEPEST_NESTING:
            fault = Fault(self.path, mark.line, str(mark.column), "deeper nesting", "a flat file")
            raise BrokenFileError([*self.faults, fault])
        if isinstance(event, yaml.SequenceStartEvent):
            return List(mark, self.items(depth))
        if isinstance(event, yaml.MappingStartEvent):
            return self.block(mark, depth)
        return Text(mark, getattr(event, "value", ""))

    def items(self, depth: int) -> list[Node]:
        items: list[Node] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self.node(event, depth + 1))
        return items

    def block(self, mark: Mark, depth: int) -> Block:
        entries: dict[str, Node] = {}
        key_marks: dict[str, Mark] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self.node(event, depth + 1)
            value = self.node(next(self.events), depth + 1)
            if not isinstance(key, Text):
                self.note(key.mark, describe(key) + " as a key", "a name")
            elif key.text in entries:
                first = key_marks[key.text].line
                found = f"the key {shown(key.text)} a second time (first in line {first})"
                self.note(key.mark, found, "each key once")
            else:
                entries[key.text] = value
                key_marks[key.text] = key.mark
        return Block(mark, entries, key_marks)

    def note(self, mark: Mark, found: str, expected: str) -> None:
        self.faults.append(Fault(self.path, mark.line, str(mark.column), found, expected))


def _mark(event: yaml.Event) -> Mark:
    start = event.start_mark
    return Mark(start.line + 1, start.column + 1) if start else Mark(1, 1)


def describe(node: Node) -> str:
    """What a node is, for messages."""
    if isinstance(node, Text):
        return shown(node.text) if node.text else "nothing"
    return "a list" if isinstance(node, List) else "a mapping"
