"""Typed fields of a YAML mapping, with every fault collected instead of the first one raised."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from advisor.catalog.records import ORIGINS, Estimate
from advisor.catalog.text_file import NAME, NAME_EXPECTED
from advisor.catalog.yaml_file import Block, Mark, Node, Text, describe
from advisor.errors import AdvisorError, BrokenFileError, Fault, closest, shown
from advisor.quantities import Dimension, parse

FLAGS = {"yes": True, "true": True, "no": False, "false": False}


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
        self.faults.append(Fault(self.path, mark.line, str(mark.column), found, expected))

    def finish(self) -> None:
        """Check that no field is left over, and raise `BrokenFileError` if anything was wrong."""
        self.leftovers()
        if self.faults:
            raise BrokenFileError(self.faults)

    def leftovers(self) -> None:
        """Note every field that nothing asked for."""
        for key in self.block.entries:
            if key not in self.asked:
                hint = closest(key, self.asked)
                self.note(
                    self.block.key_marks[key], f"the key {shown(key)}", f"a known key ({hint})"
                )

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

    def inner(self, key: str, *, required: bool = False) -> Fields | None:
        """The fields of a nested mapping; the caller must call its `leftovers`."""
        node = self.node(key, required=required)
        if node is None:
            return None
        if not isinstance(node, Block):
            self.note(node.mark, describe(node), f"a mapping for {key!r}")
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
    sources: Collection[str],
    source: str = "",
    *,
    required: bool = False,
    zero_allowed: bool = False,
) -> Estimate | None:
    """A field of the form `{value: 1.30 W, error: 5 mW, source: ...}`.

    Args:
        fields: the mapping that holds it.
        key: the field's name.
        dimension: what kind of quantity it is.
        sources: the known sources.
        source: the source where the field names none.
        required: whether its absence is a fault.
        zero_allowed: whether zero is a meaningful value.

    Returns:
        The estimate, its interval `value` +- `error`; `None` where the field is absent.
    """
    inner = fields.inner(key, required=required)
    if inner is None:
        return None
    value = inner.quantity("value", dimension, required=True, zero_allowed=zero_allowed)
    error = inner.quantity("error", dimension, zero_allowed=True)
    origin = inner.name("origin", ORIGINS) or "reported"
    own_source = inner.name("source", sources, required=not source)
    inner.leftovers()
    if value is None:
        return None
    low, high = (None, None) if error is None else (value - error, value + error)
    if low is not None and low < 0:
        inner.note(inner.block.entries["error"].mark, f"{error:g}", f"at most the value, {value:g}")
    return Estimate(value, low, high, origin, own_source or source)
