"""The file that asks for a plan: strict, every fault with its line, column and nearest spelling."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from fnmatch import fnmatchcase
from pathlib import Path

from advisor.catalog.fields import Fields
from advisor.catalog.store import Catalog
from advisor.catalog.yaml_file import Block, List, Node, Text, describe, read_yaml
from advisor.errors import AdvisorError, BrokenFileError, closest, shown
from advisor.quantities import MEMORY, POWER, TIME, Dimension, read_batches
from advisor.solve.metrics import KEYS_BY_NAME, METRICS
from advisor.solve.requirements import (
    DEFAULT_CONFIDENCE,
    LIMITS,
    Requirements,
    default_board,
    read_requirements,
)
from advisor.solve.workloads import OBJECTIVES, PlanRequest, Workload

SIGNS = {"min": ">=", "max": "<="}
SHARED = "power"
"""The limit of `pick` that a workload cannot have of its own."""

ANY = "any"
WEIGHT = Dimension("a weight", "", {"": Decimal(1)}, "2", 1e6)
MOST_FAULTS_TOLD = 5


def read_plan_file(path: Path, catalog: Catalog) -> PlanRequest:
    """Read what is asked.

    Args:
        path: the file.
        catalog: what boards and networks are known.

    Raises:
        BrokenFileError: with every fault of the file.
    """
    try:
        return _request(Fields(path, read_yaml(path)), catalog)
    except BrokenFileError as error:
        others = [str(fault) for fault in error.faults[1 : MOST_FAULTS_TOLD + 1]]
        raise BrokenFileError(error.faults, "\n  ".join(["", *others])) from None


def _request(file: Fields, catalog: Catalog) -> PlanRequest:
    board = file.name("board", catalog.board_layers) or default_board()
    share = _share(file)
    memory_mb = file.quantity("memory", MEMORY)
    power_w = file.quantity("power", POWER)
    objective = file.name("objective", OBJECTIVES) or "accuracy"
    confidence = _confidence(file)
    floor_mb = file.quantity("runtime_floor", MEMORY, zero_allowed=True)
    workloads = []
    inner = file.inner("workloads", required=True)
    for name, fields in inner.blocks() if inner else ():
        workloads.append((name, _workload(fields, board, confidence, catalog)))
        fields.leftovers()
    if inner and not inner.block.entries:
        inner.note(inner.block.mark, "no workloads", "at least one")
    file.finish()
    return PlanRequest(
        board=board,
        workloads=tuple(Workload(name, *parts) for name, parts in workloads),
        share=share,
        memory_mb=memory_mb,
        power_w=power_w,
        objective=objective,
        confidence=confidence,
        runtime_floor_mb=floor_mb,
    )


def _workload(
    fields: Fields, board: str, confidence: float, catalog: Catalog
) -> tuple[Requirements, float, tuple[str, ...]]:
    """A workload's requirements, its weight, and the patterns of its networks."""
    limits = _limits(fields)
    weight = fields.quantity("weight", WEIGHT)
    fields.quantity("overhead", TIME, zero_allowed=True)
    batch, weights, architectures = _candidates(fields, catalog)
    requirements = read_requirements(
        limits,
        board=board,
        batch=batch,
        weights=weights,
        overhead=None if fields.faults else fields.text("overhead") or None,
        confidence=confidence,
    )
    return requirements, 1.0 if weight is None else weight, architectures


def _limits(fields: Fields) -> dict[str, str]:
    """A workload's own limits, as `read_requirements` takes them."""
    inner = fields.inner("require", required=True)
    if inner is None:
        return {}
    if inner.node(SHARED, required=False):
        expected = f"{SHARED!r} at the top of the file, since the whole board shares it"
        inner.note(inner.block.key_marks[SHARED], f"the key {SHARED!r}", expected)
    limits = {name: _limit(inner, name) for name in LIMITS if name != SHARED}
    inner.leftovers()
    return {name: text for name, text in limits.items() if text is not None}


def _limit(fields: Fields, name: str) -> str | None:
    """A limit without its sign: from the short form ">= 15", or the long one {min: 15}."""
    node = fields.node(name, required=name == "fps")
    sense = LIMITS[name]
    if isinstance(node, Block):
        inner = Fields(fields.path, node, fields.faults)
        for other in SIGNS:
            if other != sense and inner.node(other, required=False):
                inner.note(
                    node.key_marks[other], f"{other!r}", f"{sense!r}, which {name} has alone"
                )
        text = inner.text(sense, required=True)
        inner.leftovers()
        return _readable(fields, name, node, text)
    if isinstance(node, List):
        fields.note(node.mark, "a list", f"one limit like {_example(name)!r}")
    elif isinstance(node, Text):
        sign, text = SIGNS[sense], node.text.strip()
        if text.startswith(sign):
            return _readable(fields, name, node, text[len(sign) :].strip())
        fields.note(node.mark, shown(text), f"a limit like {_example(name)!r}")
    return None


def _readable(fields: Fields, name: str, node: Node, text: str) -> str | None:
    if not text:
        return None
    if "@" in text:
        fields.note(node.mark, shown(text), "a limit of the median; a plan knows no tails")
        return None
    try:
        read_requirements({name: text})
    except AdvisorError as error:
        fields.note(node.mark, shown(text), f"a limit like {_example(name)!r} ({error.hint})")
        return None
    return text


def _example(name: str) -> str:
    return f"{SIGNS[LIMITS[name]]} {METRICS[KEYS_BY_NAME[name]].dimension.example}"


def _candidates(fields: Fields, catalog: Catalog) -> tuple[str, str | None, tuple[str, ...]]:
    """What a workload may be chosen from: batch sizes, a set of weights, patterns of networks."""
    inner = fields.inner("candidates")
    if inner is None:
        return ANY, None, ()
    batch = _batch(inner)
    sets = {name for _, name in catalog.weights} | {ANY}
    weights = inner.name("weights", sets) or None
    patterns = _texts(inner, "architectures")
    for pattern in patterns:
        if pattern.text != ANY and not _matches(pattern.text, catalog.architectures):
            expected = (
                f"a known network or pattern ({closest(pattern.text, catalog.architectures)})"
            )
            inner.note(pattern.mark, shown(pattern.text), expected)
    inner.leftovers()
    asked = tuple(each.text for each in patterns)
    return batch, weights, () if ANY in asked else asked


def _matches(pattern: str, names: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for name in names)


def _batch(fields: Fields) -> str:
    sizes = _texts(fields, "batch")
    text = ",".join(each.text for each in sizes) or ANY
    try:
        read_batches(text)
    except AdvisorError as error:
        fields.note(sizes[0].mark, shown(text), f"batch sizes ({error.hint})")
        return ANY
    return text


def _texts(fields: Fields, key: str) -> list[Text]:
    """A value, or a list of them."""
    node = fields.node(key, required=False)
    if node is None:
        return []
    items = node.items if isinstance(node, List) else [node]
    if not items:
        fields.note(node.mark, "an empty list", f"something for {key!r}, or no such key")
    for item in items:
        if not isinstance(item, Text) or not item.text.strip():
            fields.note(item.mark, describe(item), f"text for {key!r}")
    return [each for each in items if isinstance(each, Text) and each.text.strip()]


def _share(fields: Fields) -> float:
    """The share of the board's time, "80%" or "0.8"."""
    text = fields.text("share")
    if not text:
        return 1.0
    match = re.fullmatch(r"([0-9]*\.?[0-9]+)\s*(%?)", text)
    share = float(match[1]) / (100 if match[2] else 1) if match else 0.0
    if not 0 < share <= 1:
        expected = "a share of the board's time like '80%', above 0 and at most 100%"
        fields.note(fields.block.entries["share"].mark, shown(text), expected)
        return 1.0
    return share


def _confidence(fields: Fields) -> float:
    text = fields.text("confidence")
    if not text:
        return DEFAULT_CONFIDENCE
    try:
        return read_requirements({}, confidence=text).confidence
    except AdvisorError as error:
        mark = fields.block.entries["confidence"].mark
        fields.note(mark, shown(text), f"a probability below 1 ({error.hint})")
        return DEFAULT_CONFIDENCE
