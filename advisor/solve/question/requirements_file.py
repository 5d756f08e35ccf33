"""A question from a file: YAML in which every option of `advisor pick` can stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from advisor.catalog.yaml_file import Block, Fields, List, Mark, Node, Text, describe, read_yaml
from advisor.errors import AdvisorError, BrokenFileError, Fault, closest, shown
from advisor.quantities import ENERGY, parse, read_batches
from advisor.solve.question.included import read_included
from advisor.solve.question.limits import Constraint, Sense, check_name, in_order, read_limits
from advisor.solve.question.objective import read_objective
from advisor.solve.question.reading import (
    read_boards,
    read_confidence,
    read_names,
    read_overhead,
    read_patterns,
    read_top,
)
from advisor.solve.question.requirements import NETWORKS

MOST_TOLD = 10
"""So many faults of a file are spelt out beside the first."""


@dataclass(frozen=True)
class Asked:
    """What a file asks for; what it does not say is absent.

    Attributes:
        constraints: its limits.
        options: everything else, as `read_requirements` takes it.
    """

    constraints: tuple[Constraint, ...] = ()
    options: Mapping[str, object] = field(default_factory=dict)


def read_requirements_file(path: Path) -> Asked:
    """What a file asks for.

    Raises:
        BrokenFileError: it cannot be read, or something in it; each fault with its line and column.
    """
    fields = Question(path, read_whole(path))
    constraints = fields.limits("require")
    options = {
        "board": fields.words("board", read_boards),
        "objective": fields.words("objective", read_objective),
        "confidence": fields.option("confidence", read_confidence),
        "overhead": fields.option("overhead", read_overhead),
        "battery": fields.option("battery", lambda text: parse(text, ENERGY, "battery")),
        "explain": fields.words("explain", partial(read_names, "explain")),
        "top": fields.option("top", read_top),
        "all_batches": fields.flag("all_batches"),
        "catalog": fields.word("catalog"),
        **fields.candidates("candidates"),
    }
    fields.text("command")  # an answer's echo of its question brings it along
    fields.leftovers()
    if fields.faults:
        raise all_told(fields.faults)
    return Asked(constraints, {key: each for key, each in options.items() if each is not None})


def read_whole(path: Path) -> Block:
    """A file that asks.

    Raises:
        BrokenFileError: it is no such YAML; it tells every fault.
    """
    try:
        return read_yaml(path)
    except BrokenFileError as error:
        raise all_told(error.faults) from None


def all_told(faults: Sequence[Fault]) -> BrokenFileError:
    """An error that tells every fault, since no other command would."""
    others = [str(fault) for fault in sorted(faults)[1:]][:MOST_TOLD]
    return BrokenFileError(faults, "".join(f"\n  {each}" for each in others))


class Question(Fields):
    """Fields that are written as on the command line; null, as JSON and YAML write it, is absent."""

    def node(self, key: str, *, required: bool) -> Node | None:
        """The field's node; an empty value counts as absent."""
        node = super().node(key, required=required)
        return None if isinstance(node, Text) and node.text in ("null", "~") else node

    def option(self, key: str, read: Callable[[str], object]) -> str | None:
        """The text of a field that `read` accepts; `None` where absent."""
        node = self.node(key, required=False)
        if node is None:
            return None
        if not isinstance(node, Text):
            self.note(node.mark, describe(node), f"one value for {key!r}")
            return None
        text = node.text
        return text if self.accepts(node.mark, lambda: read(text)) else None

    def word(self, key: str) -> str | None:
        """A text; `None` where absent."""
        return self.text(key) or None

    def words(self, key: str, read: Callable[[object], object]) -> object | None:
        """A text or a list of texts that `read` accepts; `None` where absent."""
        node = self.node(key, required=False)
        written = None if node is None else self._written(key, node)
        if node is None or written is None:
            return None
        return written if self.accepts(node.mark, lambda: read(written)) else None

    def _written(self, key: str, node: Node) -> str | list[str] | None:
        if isinstance(node, Text):
            return node.text
        if isinstance(node, List):
            for item in node.items:
                if not isinstance(item, Text):
                    self.note(item.mark, describe(item), f"text in the list {key!r}")
                    return None
            return [item.text for item in node.items if isinstance(item, Text)]
        self.note(node.mark, describe(node), f"text or a list for {key!r}")
        return None

    def limits(
        self, key: str, check: Callable[[Constraint], None] = lambda _: None
    ) -> tuple[Constraint, ...]:
        """The limits of a block such as `{fps: ">= 30", memory: {max: 400 MB}}`.

        Args:
            key: the block's key.
            check: raises an `AdvisorError` for a limit that must not stand here.
        """
        inner = self.inner(key)
        found: dict[tuple[str, Sense], Constraint] = {}
        if inner is None:
            return ()
        for name, node in inner.block.entries.items():
            written = self._limit(name, node)
            named = self.accepts(inner.block.key_marks[name], partial(check_name, name))
            if named and written is not None:
                try:
                    read = read_limits({name: written})
                    for each in read.values():
                        check(each)
                    found |= read
                except AdvisorError as error:
                    self.refuse(node.mark, error)
        try:
            return in_order(found)
        except AdvisorError as error:
            self.refuse(self.block.entries[key].mark, error)
            return ()

    def _limit(self, name: str, node: Node) -> str | dict[str, str] | None:
        """A limit as `read_limits` takes it."""
        if isinstance(node, Text) and node.text.strip():
            return node.text
        if not isinstance(node, Block):
            self.note(
                node.mark, describe(node), f"a limit for {name!r} like {{min: 30}} or '>= 30'"
            )
            return None
        for sense, figure in node.entries.items():
            if not isinstance(figure, Text):
                self.note(figure.mark, describe(figure), f"one figure for {sense!r}")
                return None
        return {sense: each.text for sense, each in node.entries.items() if isinstance(each, Text)}

    def candidates(self, key: str) -> dict[str, object]:
        """What may be chosen from: "board" or "all", or a block that says more."""
        node = self.node(key, required=False)
        if isinstance(node, Text):
            return {"candidates": self.choice(key, NETWORKS)}
        inner = self.inner(key)
        if inner is None:
            return {}
        chosen = Question(self.path, inner.block, self.faults)
        told = {
            **{
                name: chosen.words(name, partial(read_patterns, name))
                for name in ("architectures", "families", "runtime", "precision")
            },
            "batch": chosen.words("batch", read_batches),
            "weights": chosen.word("weights"),
            "candidates": chosen.choice("networks", NETWORKS),
            "predictions": chosen.flag("predictions"),
            "accuracy_table": chosen.word("accuracy_table"),
            **chosen.included(),
        }
        chosen.leftovers()
        return told

    def included(self) -> dict[str, object]:
        """Networks of the user's own by name, and their accuracies."""
        told: dict[str, dict[str, str]] = {}
        for key in ("include", "accuracy_of"):
            inner = self.inner(key)
            if inner is not None:
                told[key] = {name: inner.text(name, required=True) for name in inner.block.entries}
                mark = inner.block.mark
                self.accepts(
                    mark, lambda: read_included(told.get("include"), told.get("accuracy_of"))
                )
        return dict(told)

    def choice(self, key: str, known: Sequence[str]) -> str | None:
        """One of a few words; `None` where absent."""
        text = self.text(key)
        if text and text not in known:
            expected = f"one of {', '.join(known)} ({closest(text, known)})"
            self.note(self.block.entries[key].mark, shown(text), expected)
        return text or None

    def accepts(self, mark: Mark, read: Callable[[], object]) -> bool:
        """Whether `read` succeeds; if not, why is noted."""
        try:
            read()
        except AdvisorError as error:
            self.refuse(mark, error)
            return False
        return True

    def refuse(self, mark: Mark, error: AdvisorError) -> None:
        """Remember a fault that the command line would tell in the same words."""
        self.faults.append(
            Fault(self.path, mark.line, str(mark.column), error.message, error.hint, tells=True)
        )
