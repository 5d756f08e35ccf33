"""A whole question, from a file, the command line or Python."""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial, wraps
from pathlib import Path
from typing import Any, TypeVar

from advisor.arguments import check_argument, checked, trusted
from advisor.catalog.store import Catalog
from advisor.catalog.yaml_file import Block, Fields, List, Mark, Node, Text, describe, read_yaml
from advisor.errors import (
    AdvisorError,
    BrokenFileError,
    closest,
    shown,
    shown_path,
    with_all_faults,
)
from advisor.limits import Constraint, Sense, in_order, limited_metric, limited_twice, read_limits
from advisor.metrics import METRICS
from advisor.option_kinds import read_names
from advisor.options import (
    LIMITED,
    NETWORKS,
    OPTIONS,
    WHERE,
    Option,
    Requirements,
    read_requirements,
)

Answer = TypeVar("Answer")


@checked
def read_question(
    requirements: str | os.PathLike[str] | None = None,
    *,
    where: str | Iterable[str] = (),
    catalog: str | os.PathLike[str] | None = None,
    **said: object,
) -> tuple[Catalog, Requirements]:
    """The catalog and the question that is asked of it.

    Args:
        requirements: a YAML file that asks; what is said here overrides it.
        where: conditions.
        catalog: the user's catalog folder.
        **said: limits and options by name (`LIMITED`, `OPTIONS`); `None` where nothing is said.

    Raises:
        AdvisorError: something cannot be read; the message says where.
    """
    known = {*OPTIONS, *LIMITED}
    for name in said:
        if name not in known:
            raise AdvisorError(f"unknown option {shown(name)}", closest(name, known))
    file = Asked() if requirements is None else _existing(Path(requirements))
    limits = {name: said.pop(name) for name in LIMITED if name in said}
    options = {**file.options, **{key: each for key, each in said.items() if each is not None}}
    folder = options.pop("catalog", None)
    opened = Catalog.open(str(folder) if catalog is None and folder else catalog)
    asked = read_requirements(
        limits,
        where=read_names("where", [where] if isinstance(where, str) else where),
        beneath=file.constraints,
        **{**options, "catalog": opened.own_name},
    )
    return opened, asked


def asking(function: Callable[..., Answer]) -> Callable[..., Answer]:
    """Give a function that answers a question the parameters and the help of every part of one, and `trust`.

    It takes them in `**question`, as `read_question` does; its docstring says so in one line, which they
    replace.
    """
    own = inspect.signature(function)
    named = {name: METRICS[key] for name, key in LIMITED.items()}
    parts = {
        name: metric.option
        for name, metric in named.items()
        if name == metric.argument or name != metric.key
    }
    parts["where"] = WHERE
    parts |= {name: option.help for name, option in OPTIONS.items()}
    parts["trust"] = "whether a .pt2 file is read though that could run code which it holds."
    keyword = inspect.Parameter.KEYWORD_ONLY
    first = [each for each in own.parameters.values() if each.name != "question"]
    asked = [inspect.Parameter(name, keyword, default=None) for name in parts]

    @wraps(function)
    def answering(*args: Any, trust: bool | None = None, **said: Any) -> Answer:
        check_argument("trust", trust, bool | None)
        with trusted(said=bool(trust)):
            return function(*args, **said)

    answering.__signature__ = own.replace(parameters=[*first, *asked])  # type: ignore[attr-defined]
    said = "".join(f"        {name}: {text}\n" for name, text in parts.items())
    line = re.compile(r"        \*\*question: .*\n")
    answering.__doc__ = line.sub(lambda _: said, function.__doc__ or "")
    return answering


@dataclass(frozen=True)
class Asked:
    """What a file asks for; what it does not say is absent.

    Attributes:
        constraints: its limits.
        options: everything else, as `read_requirements` takes it.
    """

    constraints: tuple[Constraint, ...] = ()
    options: Mapping[str, object] = field(default_factory=dict)


def _existing(path: Path) -> Asked:
    if not path.exists():
        raise AdvisorError(
            f"requirements: no such file {shown_path(path)}",
            "name a YAML file that asks, as `require: {fps: 30}`",
        )
    return read_requirements_file(path)


def read_requirements_file(path: Path) -> Asked:
    """What a file asks for.

    Raises:
        BrokenFileError: it cannot be read, or something in it; each fault with its line and column.
    """
    fields = QuestionFields(path, read_whole(path))
    if not fields.block.entries:
        nothing = fields.block.mark.fault(path, "nothing", "a question, as `require: {fps: 30}`")
        raise with_all_faults([nothing])
    constraints = fields.limits("require")
    options = {**fields.options(""), **fields.candidates()}
    fields.text("command")  # an answer's echo of its question brings it along
    fields.leftovers()
    if fields.faults:
        raise with_all_faults(fields.faults)
    return Asked(constraints, options)


def read_whole(path: Path) -> Block:
    """A file that asks.

    Raises:
        BrokenFileError: it is no such YAML; it names every fault.
    """
    try:
        return read_yaml(path)
    except BrokenFileError as error:
        raise with_all_faults(error.faults) from None


class QuestionFields(Fields):
    """Fields that are written as on the command line; null, as JSON and YAML write it, is absent.

    Attributes:
        beside: of the block of candidates, the keys that are accepted beside it.
    """

    beside: Collection[str] = ()

    def node(self, key: str, *, required: bool) -> Node | None:
        """The field's node; an empty value counts as absent."""
        node = super().node(key, required=required)
        return None if isinstance(node, Text) and node.text in ("null", "~") else node

    def options(self, block: str) -> dict[str, Any]:
        """The options of a block that are there, by name, as `read_requirements` takes them."""
        read = {
            name: self.option(option) for name, option in OPTIONS.items() if option.block == block
        }
        return {name: written for name, written in read.items() if written is not None}

    def option(self, option: Option) -> object | None:
        """What is written for an option; `None` where absent or at fault."""
        if option.kind.shape == "flag":
            return self.flag(option.key)
        if option.kind.shape == "pairs":
            return self._pairs(option)
        node = self.node(option.key, required=False)
        if node is None:
            return None
        if option.kind.named and isinstance(node, Block):
            return self._pairs(option)
        texts = option.kind.shape == "texts"
        written: str | list[str] | None
        written = self._texts(option.key, node) if texts else self._text(option.key, node)
        if written is None:
            return None
        read = partial(option.kind.read, option.name, written)
        return written if self.accepts(node.mark, read) else None

    def _pairs(self, option: Option) -> dict[str, str] | None:
        inner = self.inner(option.key, example=f"{{{option.metavar.replace('=', ': ')}}}")
        if inner is None:
            return None
        before = len(self.faults)
        pairs = {name: inner.text(name, required=True) for name in inner.block.entries}
        if len(self.faults) > before:
            return None
        for name, text in pairs.items():
            read = partial(option.kind.read, option.name, {name: text})
            if not self.accepts(inner.block.entries[name].mark, read):
                return None
        read = partial(option.kind.read, option.name, pairs)
        return pairs if self.accepts(inner.block.mark, read) else None

    def _text(self, key: str, node: Node) -> str | None:
        if not isinstance(node, Text):
            self.note(node.mark, describe(node), f"one value for {key!r}")
            return None
        return node.text

    def _texts(self, key: str, node: Node) -> str | list[str] | None:
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

    def candidates(self) -> dict[str, Any]:
        """What may be chosen from: "board" or "all", or a block that says more."""
        node = self.node("candidates", required=False)
        if isinstance(node, Text) and node.text in NETWORKS:
            return {"candidates": node.text}
        inner = self.inner("candidates", example="{architectures: [resnet-18]}, or board, or all")
        if inner is None:
            return {}
        chosen = QuestionFields(self.path, inner.block, self.faults)
        chosen.beside = self.asked  # whoever asks for the candidates has asked for all else
        options = chosen.options("candidates")
        self.accepts(inner.block.mark, lambda: read_requirements({}, **options))
        chosen.leftovers()
        return options

    def limits(
        self, key: str, check: Callable[[Constraint], None] = lambda _: None
    ) -> tuple[Constraint, ...]:
        """The limits of a block such as `{fps: ">= 30", memory: {max: 400 MB}}`.

        Args:
            key: the block's key.
            check: raises an `AdvisorError` for a limit that must not stand here.
        """
        inner = self.inner(key, example="{fps: 30}")
        found: dict[tuple[str, Sense], Constraint] = {}
        if inner is None:
            return ()
        for name, node in inner.block.entries.items():
            written = self._limit(name, node)
            named = self.accepts(inner.block.key_marks[name], partial(limited_metric, name))
            if named and written is not None:
                self.accepts(node.mark, partial(self._add_limits, found, name, written, check))
        try:
            return in_order(found)
        except AdvisorError as error:
            self.refuse(self.block.entries[key].mark, error)
            return ()

    @staticmethod
    def _add_limits(
        found: dict[tuple[str, Sense], Constraint],
        name: str,
        written: str | dict[str, str],
        check: Callable[[Constraint], None],
    ) -> None:
        for key, each in read_limits({name: written}).items():
            check(each)
            if key in found:
                raise limited_twice(found[key], each)
            found[key] = each

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

    def belongs(self, key: str) -> str:
        """Where a limit or an option belongs that stands in another block."""
        blocks = {each.key: each.block for each in OPTIONS.values()}
        block = "require" if key in LIMITED else blocks.get(key)
        if block is None:
            return "it in a file for advisor plan" if key == "workloads" else ""
        if block in self.asked:
            return f"it in the block {block!r}, like {block}: {{{key}: ...}}"
        if block and "workloads" in self.asked:
            return f"it in the block {block!r} of a workload, like {block}: {{{key}: ...}}"
        if (block or key) not in self.beside:
            return ""
        return "it beside 'candidates', not in it" + (f": {block}: {{{key}: ...}}" if block else "")

    def accepts(self, mark: Mark, read: Callable[[], Any]) -> bool:
        """Whether `read` succeeds; if not, why is noted."""
        try:
            read()
        except AdvisorError as error:
            self.refuse(mark, error)
            return False
        return True

    def refuse(self, mark: Mark, error: AdvisorError) -> None:
        """Remember a fault that the command line would report in the same words."""
        self.faults.append(mark.fault(self.path, error.message, error.hint, explains=True))
