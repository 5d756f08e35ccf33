"""What someone asks of one board that runs several networks: workloads, shared budgets, an objective.

It stands in a file that is read strictly: every fault with its line, column and nearest spelling.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from advisor.catalog.store import Catalog
from advisor.catalog.yaml_file import Block, List, Mark, Node, Text
from advisor.errors import AdvisorError, closest, shown
from advisor.quantities import MEMORY, POWER, Dimension
from advisor.solve.question.limits import Constraint
from advisor.solve.question.reading import (
    default_board,
    read_confidence,
    read_overhead,
    read_requirements,
)
from advisor.solve.question.requirements import DEFAULT_CONFIDENCE, Requirements
from advisor.solve.question.requirements_file import Question, all_told, read_whole

SHARED = ("power", "hours", "board-energy")
"""Limits of `pick` that a workload cannot have of its own."""

FREE = ("runtime_floor_mb",)
"""Figures of a request that may be zero."""

OBJECTIVES = ("accuracy", "worst-accuracy", "power")
"""The best mean accuracy (by weight), the best accuracy of the worst workload, the least power."""


def check_own(limit: Constraint) -> None:
    """Make sure that a limit can be one of a workload's own.

    Raises:
        AdvisorError: it cannot.
    """
    if limit.name in SHARED:
        raise AdvisorError(
            f"{limit.name} is not a limit of one workload: the whole board shares it",
            "limit 'power' at the top of the file",
        )
    if not limit.is_natural:
        raise AdvisorError(f"a plan does not limit {limit.name} from this side", "leave it out")
    if limit.statistic != "median":
        raise AdvisorError("a plan limits the median; it knows no tails", "leave out the '@'")


@dataclass(frozen=True)
class Workload:
    """One of the networks that a board is to run.

    Attributes:
        name: what its owner calls it.
        requirements: its own limits, a frame rate among them, its overhead, and what it may be chosen
            from. A `latency` limits the response, the wait for another workload included.
        weight: how much its accuracy counts beside that of the others.
    """

    name: str
    requirements: Requirements
    weight: float = 1.0

    def __post_init__(self) -> None:
        if self.requirements.fps is None:
            hint = "give it a limit like fps: '>= 15'"
            raise AdvisorError(f"workload {shown(self.name)} has no frame rate", hint)
        if not self.weight > 0:
            raise AdvisorError(f"workload {shown(self.name)}: the weight is not above zero")
        for limit in self.requirements.constraints:
            check_own(limit)

    @property
    def fps(self) -> float:
        """How many images a second it is to run."""
        return self.requirements.fps or 0.0

    @property
    def latency(self) -> Constraint | None:
        """The limit of its response, if any."""
        limits = self.requirements.constraints
        return next((each for each in limits if each.name == "latency"), None)


@dataclass(frozen=True)
class PlanRequest:
    """A whole question.

    Attributes:
        board: the board's name.
        workloads: what is to run on it, in the order of the file.
        share: of the board's time, how much may be used; above 0, at most 1.
        memory_mb: how much memory may be used; `None` for all that the board is known to have.
        power_w: the most average power, idle included; `None` for any.
        objective: one of `OBJECTIVES`.
        confidence: the probability with which all budgets and limits are to hold together, below 1;
            at 0 figures are taken as they are.
        runtime_floor_mb: what the runtime takes whatever it runs; `None` for what the board's
            fitted model of memory says.
    """

    board: str
    workloads: Sequence[Workload]
    share: float = 1.0
    memory_mb: float | None = None
    power_w: float | None = None
    objective: str = "accuracy"
    confidence: float = DEFAULT_CONFIDENCE
    runtime_floor_mb: float | None = None

    def __post_init__(self) -> None:
        if not all(isinstance(each, Workload) for each in self.workloads):
            raise AdvisorError("workloads: not all are a Workload", "make each by Workload(...)")
        if not self.workloads:
            raise AdvisorError("the plan has no workloads", "name at least one")
        names = [each.name for each in self.workloads]
        if len(set(names)) < len(names):
            raise AdvisorError("two workloads have the same name", "name each differently")
        if not 0 < self.share <= 1:
            hint = "give more than 0, at most 1"
            raise AdvisorError(f"share: {self.share:g} is not a share of the board's time", hint)
        if not 0 <= self.confidence < 1:
            raise AdvisorError(f"confidence: {self.confidence:g} is not a probability below 1")
        for name in ("memory_mb", "power_w", "runtime_floor_mb"):
            figure = getattr(self, name)
            if figure is not None and not (figure > 0 or (name in FREE and figure == 0)):
                raise AdvisorError(f"{name}: {figure:g} is not above zero")
        if self.objective not in OBJECTIVES:
            hint = closest(self.objective, OBJECTIVES)
            raise AdvisorError(f"unknown objective {shown(self.objective)}", hint)

    @property
    def needs_power(self) -> bool:
        """Whether the average power matters."""
        return self.power_w is not None or self.objective == "power"

    @property
    def needs_accuracy(self) -> bool:
        """Whether the accuracy of every workload matters."""
        return self.objective != "power"


WEIGHT = Dimension("a weight", "", {"": Decimal(1)}, "2", 1e6)


def read_plan_file(path: Path, catalog: Catalog) -> PlanRequest:
    """Read what is asked.

    Args:
        path: the file.
        catalog: what boards and networks are known.

    Raises:
        BrokenFileError: with every fault of the file.
    """
    file = Question(path, read_whole(path))
    request = _request(file, catalog)
    if request is None:
        raise all_told(file.faults)
    return request


def _request(file: Question, catalog: Catalog) -> PlanRequest | None:
    """The question; `None` where something in the file is at fault."""
    board = file.name("board", catalog.board_layers) or default_board()
    share = _share(file)
    memory_mb = file.quantity("memory", MEMORY)
    power_w = file.quantity("power", POWER)
    objective = file.name("objective", OBJECTIVES) or "accuracy"
    confidence = file.option("confidence", read_confidence)
    floor_mb = file.quantity("runtime_floor", MEMORY, zero_allowed=True)
    inner = file.inner("workloads", required=True)
    workloads = [
        _workload(name, Question(file.path, fields.block, file.faults), board, confidence)
        for name, fields in (inner.blocks() if inner else ())
    ]
    if inner and not inner.block.entries:
        inner.note(inner.block.mark, "no workloads", "at least one")
    file.leftovers()
    if file.faults:
        return None
    return PlanRequest(
        board=board,
        workloads=tuple(each for each in workloads if each is not None),
        share=share,
        memory_mb=memory_mb,
        power_w=power_w,
        objective=objective,
        confidence=DEFAULT_CONFIDENCE if confidence is None else read_confidence(confidence),
        runtime_floor_mb=floor_mb,
    )


def _workload(name: str, fields: Question, board: str, confidence: str | None) -> Workload | None:
    """One workload; `None` where something in it is at fault."""
    faults = len(fields.faults)
    limits = fields.limits("require", check_own)
    if len(fields.faults) == faults and not any(each.sets_rate for each in limits):
        fields.note(fields.block.mark, f"no frame rate of {name!r}", "require: {fps: '>= 15'}, say")
    weight = fields.quantity("weight", WEIGHT)
    overhead = fields.option("overhead", read_overhead)
    options = fields.candidates("candidates")
    fields.leftovers()
    if fields.faults:
        return None
    requirements = read_requirements(
        {},
        beneath=limits,
        board=board,
        overhead=overhead,
        confidence=confidence,
        **options,  # type: ignore[arg-type]
    )
    return Workload(name, requirements, 1.0 if weight is None else weight)


def _share(fields: Question) -> float:
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


def read_plan_mapping(asked: Mapping[str, object], catalog: Catalog) -> PlanRequest:
    """Read what is asked in Python, in the words of a file.

    Args:
        asked: what would stand in the file.
        catalog: what boards and networks are known.

    Raises:
        BrokenFileError: with every fault, each at its key.
    """
    keys: list[str] = []
    file = Question(Path("plan"), _block(asked, "plan", keys))
    request = _request(file, catalog)
    if request is None:
        places = (Path(keys[each.line - 1]) for each in file.faults)
        raise all_told(
            [
                replace(each, path=place, line=0, column="")
                for each, place in zip(file.faults, places, strict=True)
            ]
        )
    return request


def _block(mapping: Mapping[str, object], key: str, keys: list[str]) -> Block:
    """A mapping as it would be read from a file in which each value had a line; `keys` names the lines."""
    keys.append(key)
    mark = Mark(len(keys), 1)
    entries = {str(name): _node(each, f"{key}: {name}", keys) for name, each in mapping.items()}
    return Block(mark, entries, {name: each.mark for name, each in entries.items()})


def _node(value: object, key: str, keys: list[str]) -> Node:
    if isinstance(value, Mapping):
        return _block(value, key, keys)
    keys.append(key)
    mark = Mark(len(keys), 1)
    if isinstance(value, list | tuple):
        return List(mark, [_node(each, key, keys) for each in value])
    if isinstance(value, bool):
        return Text(mark, str(value).lower())
    return Text(mark, "" if value is None else str(value))
