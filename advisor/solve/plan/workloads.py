"""What someone asks of one board that runs several networks: workloads, shared budgets, an objective.

It stands in a file that is read strictly: every fault with its line, column and nearest spelling.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from advisor.catalog.store import Catalog
from advisor.catalog.yaml_file import Block, List, Mark, Node, Text
from advisor.documents import Schema, document
from advisor.errors import AdvisorError, closest, shown, with_all_faults
from advisor.limits import Constraint, limits_schema
from advisor.metrics import INPUTS, JOULES_PER_WATT_HOUR, expression
from advisor.option_kinds import CONFIDENCE, SHARE, choice, quantity
from advisor.options import (
    DEFAULT_CONFIDENCE,
    OPTIONS,
    Requirements,
    Selection,
    declared,
    default_board,
    option,
    read_requirements,
    written,
)
from advisor.quantities import ENERGY, HOURS, MEMORY, POWER, Dimension
from advisor.solve.question import QuestionFields, read_whole

WEIGHT = Dimension("a weight", "", {"": Decimal(1)}, "2", 1e6)
FREE = ("runtime_floor_mb",)
"""Figures of a request that may be zero."""

MOST_NAMED = 8
"""So many boards at most are named in a message."""

OBJECTIVES = ("accuracy", "worst-accuracy", "power")
"""The best mean accuracy (by weight), the best accuracy of the worst workload, the least power."""


def check_own(limit: Constraint) -> None:
    """Make sure that a limit can be one of a workload's own.

    Raises:
        AdvisorError: it cannot.
    """
    if "idle_power_w" in expression(limit.metric).count:
        raise AdvisorError(
            f"{limit.name} is no limit of one workload, since the whole board shares it",
            "limit 'power' at the top of the file, or leave it out",
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
            from. A `response` limits it, the wait for another workload included.
        weight: how much its accuracy counts beside that of the others; `None` where that is not said, which
            counts as 1.
    """

    name: str
    requirements: Requirements
    weight: float | None = option(
        quantity(WEIGHT), "How much its accuracy counts beside that of the others.", stated="1"
    )

    def __document__(self) -> dict[str, Any]:
        """The workload as a file has it, defaults spelt out."""
        asked = document(self.requirements)
        shared = {key: asked[key] for key in ("require", "candidates", "overhead")}
        return {**shared, **written(self, declared(Workload).values())}

    @classmethod
    def __document_schema__(cls, schema: Schema) -> dict[str, Any]:
        """The JSON Schema of that."""
        return {
            "type": "object",
            "description": "One of the networks that a board is to run.",
            "properties": {
                "require": limits_schema(),
                "candidates": schema.of(Selection),
                "overhead": OPTIONS["overhead"].schema,
                **{each.key: each.schema for each in declared(cls).values()},
            },
            "required": ["require"],
            "additionalProperties": False,
        }

    def __post_init__(self) -> None:
        if self.requirements.fps is None:
            hint = "give it a limit like fps: '>= 15'"
            raise AdvisorError(f"workload {shown(self.name)} has no frame rate", hint)
        if not self.counts > 0:
            raise AdvisorError(f"workload {shown(self.name)}: the weight is not above zero")
        for limit in self.requirements.constraints:
            check_own(limit)

    @property
    def counts(self) -> float:
        """The weight, stated or not."""
        return 1.0 if self.weight is None else self.weight

    @property
    def least_accuracy(self) -> Constraint | None:
        """The limit of its accuracy, if any."""
        limits = self.requirements.constraints
        return next((each for each in limits if each.name == "accuracy"), None)

    @property
    def fps(self) -> float:
        """How many images a second it is to run."""
        return self.requirements.fps or 0.0

    @property
    def response(self) -> Constraint | None:
        """The limit of its response, if any."""
        limits = self.requirements.constraints
        return next((each for each in limits if each.name == "response"), None)


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
        confidence: the probability with which all budgets and limits are to hold together, below 1; at 0
            figures are taken as they are; `None` for the usual one, at which figures without any error may
            be taken as they stand.
        runtime_floor_mb: what the runtime takes whatever it runs; `None` for what the board's
            fitted model of memory says.
        battery_j: the energy of the battery, where there is one.
        battery_hours: how long it is to last; `None` for any time.
    """

    board: str
    workloads: Sequence[Workload]
    share: float = option(
        SHARE, "How much of the board's time may be used.", default=1.0, stated="100%"
    )
    memory_mb: float | None = option(
        quantity(MEMORY),
        "How much memory may be used.",
        name="memory",
        stated="all that the board has",
    )
    power_w: float | None = option(
        quantity(POWER), "Most average power, idle included.", name="power", stated="any"
    )
    objective: str = option(
        choice(*OBJECTIVES),
        "The best mean accuracy by weight, the best accuracy of the worst workload, or the least average "
        "power.",
        default="accuracy",
        stated="accuracy",
    )
    confidence: float | None = option(
        CONFIDENCE,
        "Probability with which all budgets and limits hold together; none takes figures as they are. One "
        "that is said leaves out figures without any error.",
        stated="0.9",
    )
    runtime_floor_mb: float | None = option(
        quantity(MEMORY, zero_allowed=True),
        "What the runtime takes of the memory by itself.",
        name="runtime_floor",
        stated="what the board's model of memory says",
    )
    battery_j: float | None = option(
        quantity(ENERGY),
        "The battery's energy, such as 10Wh; its life is shown.",
        name="battery",
        stated="none",
    )
    battery_hours: float | None = option(
        quantity(HOURS), "How long the battery is to last.", name="hours", stated="any"
    )

    def __document__(self) -> dict[str, Any]:
        """The question as a file that asks it again, defaults spelt out."""
        return {
            "board": self.board,
            **written(self, declared(PlanRequest).values()),
            "workloads": {each.name: document(each) for each in self.workloads},
        }

    @classmethod
    def __document_schema__(cls, schema: Schema) -> dict[str, Any]:
        """The JSON Schema of such a file."""
        options = {each.key: each.schema for each in declared(cls).values()}
        workload = schema.of(Workload)
        return {
            "type": "object",
            "description": "Several networks that share one board.",
            "properties": {
                "board": {"type": "string", "description": OPTIONS["board"].help},
                **options,
                "workloads": {
                    "type": "object",
                    "description": "By name, what is to run on it.",
                    "minProperties": 1,
                    "additionalProperties": workload,
                },
            },
            "required": ["workloads"],
            "additionalProperties": False,
        }

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
        if not 0 <= self.required_confidence < 1:
            raise AdvisorError(f"confidence: {self.confidence:g} is not a probability below 1")
        for name in ("memory_mb", "power_w", "battery_j", "battery_hours", "runtime_floor_mb"):
            figure = getattr(self, name)
            if figure is not None and not (figure > 0 or (name in FREE and figure == 0)):
                raise AdvisorError(f"{name}: {figure:g} is not above zero")
        if self.battery_hours is not None and self.battery_j is None:
            raise AdvisorError("hours: of which battery?", INPUTS["battery_j"].needs)
        if self.objective not in OBJECTIVES:
            hint = closest(self.objective, OBJECTIVES)
            raise AdvisorError(f"unknown objective {shown(self.objective)}", hint)

    @property
    def required_confidence(self) -> float:
        """The probability with which all limits are to hold, said or not."""
        return DEFAULT_CONFIDENCE if self.confidence is None else self.confidence

    @property
    def proven(self) -> bool:
        """Whether a figure without any error is no proof of a limit: where a confidence was said."""
        return bool(self.confidence)

    @property
    def most_power_w(self) -> float | None:
        """The most average power that the limits of power and of battery life leave; `None` for any."""
        limits = [] if self.power_w is None else [self.power_w]
        if self.battery_j is not None and self.battery_hours is not None:
            limits.append(self.battery_j / JOULES_PER_WATT_HOUR / self.battery_hours)
        return min(limits, default=None)

    @property
    def needs_power(self) -> bool:
        """Whether the average power matters."""
        return self.most_power_w is not None or self.objective == "power"

    @property
    def needs_accuracy(self) -> bool:
        """Whether the accuracy of every workload matters."""
        return self.objective != "power"


def read_plan_file(path: Path, catalog: Catalog) -> PlanRequest:
    """Read what is asked.

    Args:
        path: the file.
        catalog: what boards and networks are known.

    Raises:
        BrokenFileError: with every fault of the file.
    """
    file = QuestionFields(path, read_whole(path))
    request = _request(file, catalog)
    if request is None:
        raise with_all_faults(file.faults)
    return request


def _request(file: QuestionFields, catalog: Catalog) -> PlanRequest | None:
    """The question; `None` where something in the file is at fault."""
    board = _board(file, catalog)
    options = {each.field: file.option(each) for each in declared(PlanRequest).values()}
    inner = file.inner("workloads", required=True)
    workloads = [
        _workload(
            name, QuestionFields(file.path, fields.block, file.faults), board, options["confidence"]
        )
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
        **_read(PlanRequest, options),
    )


def _board(file: QuestionFields, catalog: Catalog) -> str:
    """The one board that is asked about: by its name, or that of a device which is one board alone."""
    name = file.text("board")
    found = catalog.boards_called(name) if name else (default_board(),)
    if not found:
        return file.name("board", catalog.board_layers)  # which says what is wrong
    if len(found) > 1:
        some = ", ".join(found[:MOST_NAMED]) + ", ..." * (len(found) > MOST_NAMED)
        file.note(file.block.entries["board"].mark, shown(name), f"one of its boards: {some}")
    return found[0]


def _read(owner: type, texts: Mapping[str, object]) -> dict[str, Any]:
    """The fields of a class that are options, from what is written for them."""
    return {
        each.field: each.kind.read(each.name, texts[each.field])
        for each in declared(owner).values()
        if texts[each.field] is not None
    }


def _workload(name: str, fields: QuestionFields, board: str, confidence: object) -> Workload | None:
    """One workload; `None` where something in it is at fault."""
    faults = len(fields.faults)
    limits = fields.limits("require", check_own)
    if len(fields.faults) == faults and not any(each.sets_rate for each in limits):
        fields.note(fields.block.mark, f"no frame rate of {name!r}", "require: {fps: '>= 15'}, say")
    own = {each.field: fields.option(each) for each in declared(Workload).values()}
    overhead = fields.option(OPTIONS["overhead"])
    options = fields.candidates()
    fields.leftovers()
    if fields.faults:
        return None
    requirements = read_requirements(
        {},
        beneath=limits,
        board=board,
        overhead=overhead,
        confidence=confidence,
        **options,
    )
    return Workload(name, requirements, **_read(Workload, own))


def read_plan_mapping(asked: Mapping[str, object], catalog: Catalog) -> PlanRequest:
    """Read what is asked in Python, in the words of a file.

    Args:
        asked: what would stand in the file.
        catalog: what boards and networks are known.

    Raises:
        BrokenFileError: with every fault, each at its key.
    """
    keys: list[str] = []
    file = QuestionFields(Path("plan"), _block(asked, "plan", keys))
    request = _request(file, catalog)
    if request is None:
        places = (Path(keys[each.line - 1]) for each in file.faults)
        raise with_all_faults(
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
