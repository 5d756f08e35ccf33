"""YAML read strictly: every value keeps its place, every fault is collected, nothing can surprise.

The reader works on PyYAML's parsing events, so that it sees what a loader hides: duplicate keys,
anchors, aliases and tags are faults. Scalars stay text; whoever knows a field's type reads it from
there, hence no "no" becomes False and no version 1.10 becomes 1.1.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import yaml

from advisor.architectures.names import NAME, NAME_EXPECTED
from advisor.catalog.files import File, content_of
from advisor.catalog.records import ORIGINS, Estimate
from advisor.errors import AdvisorError, BrokenFileError, Fault, closest, shown
from advisor.quantities import Dimension, parse

LARGEST_BYTES = 1_000_000
LONGEST_INLINE = 110
"""Longer mappings are written with a line for each entry."""
_CONTROL = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
DEEPEST_NESTING = 20
FLAGS = {"yes": True, "true": True, "no": False, "false": False}


@dataclass(frozen=True)
class Mark:
    """A place in a file: 1-based line and character."""

    line: int
    column: int

    def fault(self, path: Path, found: str, expected: str, *, explains: bool = False) -> Fault:
        """What is wrong there, in that file."""
        return Fault(path, self.line, str(self.column), found, expected, explains)


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


def read_yaml(file: File, largest_bytes: int = LARGEST_BYTES) -> Block:
    """The file's one document, a mapping; an empty file is an empty mapping.

    Args:
        file: where it lies, or what it holds.
        largest_bytes: what is larger is refused: nobody writes that much by hand.

    Raises:
        BrokenFileError: the file cannot be read, is no YAML, or uses what is refused here.
    """
    content = content_of(file, largest_bytes)
    path, text = content.path, content.text
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
        whole = text.splitlines()[line - 1] if 0 < line <= len(text.splitlines()) else ""
        expected = "well-formed YAML"
        if folded := re.search(r"([\w-]+):\s*[<>]", whole):
            expected = f"a limit in quotes, with >= or <=: {folded[1]}: '>= 10'"
        fault = Fault(path, line, column, found, expected)
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
        self.faults.append(mark.fault(self.path, found, expected))


def _mark(event: yaml.Event) -> Mark:
    start = event.start_mark
    return Mark(start.line + 1, start.column + 1) if start else Mark(1, 1)


def describe(node: Node) -> str:
    """What a node is, for messages."""
    if isinstance(node, Text):
        return shown(node.text) if node.text else "nothing"
    return "a list" if isinstance(node, List) else "a mapping"


class Fields:
    """Reads the fields of one mapping, and remembers which were asked for.

    A faulty field is noted in `faults` and reads as a stand-in; `finish` raises if there were any,
    so no stand-in leaves the file's reader.
    """

    def __init__(self, path: Path, block: Block, faults: list[Fault] | None = None) -> None:
        self.path = path
        self.block = block
        self.faults: list[Fault] = [] if faults is None else faults
        self.asked: set[str] = set()

    def note(self, mark: Mark, found: str, expected: str) -> None:
        """Remember a fault."""
        self.faults.append(mark.fault(self.path, found, expected))

    def finish(self) -> None:
        """Check that no field is left over, and raise `BrokenFileError` if anything was wrong."""
        self.leftovers()
        if self.faults:
            raise BrokenFileError(self.faults)

    def leftovers(self) -> None:
        """Note every field that nothing asked for."""
        for key in self.block.entries:
            if key not in self.asked:
                expected = self.belongs(key) or f"a known key ({closest(key, self.asked)})"
                self.note(self.block.key_marks[key], f"the key {shown(key)}", expected)

    def belongs(self, key: str) -> str:  # noqa: ARG002  (files of several blocks use it)
        """Where a field that nothing asked for belongs, in words; "" where that is nowhere."""
        return ""

    def node(self, key: str, *, required: bool) -> Node | None:
        """The field's node; an empty value counts as absent."""
        self.asked.add(key)
        node = self.block.entries.get(key)
        if node is None or (isinstance(node, Text) and not node.text.strip()):
            if required:
                mark = self.block.key_marks.get(key, self.block.mark)
                self.note(mark, "nothing", f"the key {key!r} with a value")
            return None
        return node

    def text(self, key: str, *, required: bool = False) -> str:
        """A line of text, "" where absent."""
        node = self.node(key, required=required)
        if node is None:
            return ""
        if not isinstance(node, Text):
            self.note(node.mark, describe(node), f"text for {key!r}")
            return ""
        return " ".join(node.text.split())

    def name(
        self, key: str, known: Collection[str] | None = None, *, required: bool = False
    ) -> str:
        """A name; one of `known`, where given. "" where absent."""
        text = self.text(key, required=required)
        if text and not NAME.fullmatch(text):
            self.note(self.block.entries[key].mark, shown(text), NAME_EXPECTED)
        elif text and known is not None and text not in known:
            expected = f"a known {key} ({closest(text, known)})"
            self.note(self.block.entries[key].mark, shown(text), expected)
        return text

    def flag(self, key: str) -> bool | None:
        """Yes or no; `None` where absent."""
        text = self.text(key).lower()
        if text and text not in FLAGS:
            self.note(self.block.entries[key].mark, shown(text), "yes or no")
        return FLAGS.get(text)

    def quantity(
        self, key: str, dimension: Dimension, *, required: bool = False, zero_allowed: bool = False
    ) -> float | None:
        """A number with its unit, in the dimension's unit; `None` where absent."""
        node = self.node(key, required=required)
        if node is None:
            return None
        if not isinstance(node, Text):
            self.note(node.mark, describe(node), f"{dimension.name} like {dimension.example!r}")
            return None
        try:
            return parse(node.text, dimension, key, zero_allowed=zero_allowed)
        except AdvisorError as error:
            expected = f"{dimension.name} like {dimension.example!r}"
            if error.hint and "like" not in error.hint:
                expected += f" ({error.hint})"
            self.note(node.mark, shown(node.text), expected)
            return None

    def inner(self, key: str, *, required: bool = False, example: str = "") -> Fields | None:
        """The fields of a nested mapping, such as `example`; the caller must call its `leftovers`."""
        node = self.node(key, required=required)
        if node is None:
            return None
        if not isinstance(node, Block):
            like = f", like {example}" if example else ""
            self.note(node.mark, describe(node), f"a mapping for {key!r}{like}")
            return None
        return Fields(self.path, node, self.faults)

    def blocks(self) -> Iterator[tuple[str, Fields]]:
        """Each key with its mapping, for files whose keys are names."""
        for key, node in self.block.entries.items():
            self.asked.add(key)
            if not NAME.fullmatch(key):
                self.note(self.block.key_marks[key], f"the key {shown(key)}", NAME_EXPECTED)
            elif not isinstance(node, Block):
                self.note(node.mark, describe(node), f"a mapping for {key!r}")
            else:
                yield key, Fields(self.path, node, self.faults)


def estimate(
    fields: Fields,
    key: str,
    dimension: Dimension,
    sources: Collection[str] | None,
    source: str = "",
    *,
    required: bool = False,
    zero_allowed: bool = False,
    bound_allowed: bool = False,
) -> Estimate | None:
    """A field of the form `{value: 1.30 W, error: 5 mW, source: ...}`.

    Args:
        fields: the mapping that holds it.
        key: the field's name.
        dimension: what kind of quantity it is.
        sources: the known sources; `None` for any.
        source: the source where the field names none.
        required: whether its absence is a fault.
        zero_allowed: whether zero is a meaningful value.
        bound_allowed: whether `at_most: 2 W` may stand for a value and its error.

    Returns:
        The estimate, its interval `value` +- `error`, from 0 to a bound; `None` where the field is absent.
    """
    inner = fields.inner(key, required=required)
    if inner is None:
        return None
    bound = inner.quantity("at_most", dimension) if bound_allowed else None
    value = inner.quantity("value", dimension, required=bound is None, zero_allowed=zero_allowed)
    error = inner.quantity("error", dimension, zero_allowed=True)
    if bound is not None and (value, error) != (None, None):
        inner.note(inner.block.entries["at_most"].mark, "a bound beside a value", "one of them")
    origin = inner.name("origin", ORIGINS) or "reported"
    own_source = inner.name("source", sources, required=not source)
    inner.leftovers()
    if bound is not None:
        return Estimate(bound, 0.0, bound, origin, own_source or source)
    if value is None:
        return None
    low, high = (None, None) if error is None else (value - error, value + error)
    if low is not None and low < 0:
        inner.note(inner.block.entries["error"].mark, f"{error:g}", f"at most the value, {value:g}")
    return Estimate(value, low, high, origin, own_source or source)


Entries: TypeAlias = Mapping[str, "str | Entries"]
"""Texts by name, and mappings of such."""


def yaml_text(entries: Entries, comment: str = "") -> str:
    """A mapping of texts, and of mappings of such, as YAML; a long one has a line for each of its entries."""
    lines = [f"# {comment}"] if comment else []
    for key, value in entries.items():
        line = f"{key}: {_inline(value)}"
        if isinstance(value, str) or len(line) <= LONGEST_INLINE:
            lines.append(line)
        else:
            inner = (f"  {name}: {_inline(each)}" for name, each in value.items())
            lines += [f"{key}:", *inner]
    return "\n".join(lines) + "\n"


def _inline(value: str | Entries) -> str:
    if isinstance(value, str):
        return scalar(value)
    return "{" + ", ".join(f"{name}: {_inline(each)}" for name, each in value.items()) + "}"


def scalar(text: str) -> str:
    """A text as a value of YAML."""
    return json.dumps(text, ensure_ascii=False)  # a JSON string is a YAML one
