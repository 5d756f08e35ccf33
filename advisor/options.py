"""Every part of a question, declared once: its name, type, help, key in files, and default.

From the fields of `Requirements` and `Selection` come the options of the command line, the parameters of
`advisor.pick` and others, the keys of YAML files, the question that an answer repeats, and its schema.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import partial
from typing import Any

from advisor.documents import Schema
from advisor.errors import AdvisorError
from advisor.limits import Constraint, in_order, limits_schema, read_limits
from advisor.metrics import BY_NAME, INPUTS, METRICS, expression
from advisor.objective import Step
from advisor.option_kinds import (
    ACCURACIES,
    BATCHES,
    BOARDS,
    CONFIDENCE,
    COUNT_OF,
    COUNTS,
    EXPLAINED,
    FLAG,
    INCLUDED,
    LOSSES,
    NAMES_LISTED,
    OBJECTIVE,
    PATH,
    PATTERNS,
    TASK,
    TEXT,
    Counts,
    Kind,
    choice,
    quantity,
)
from advisor.quantities import ENERGY, TIME

DEFAULT_BOARD = "jetson-tx1"
DEFAULT_CONFIDENCE = 0.9
NETWORKS = ("board", "all")
BY_NETWORK, BY_BOARD = "network", "board"


@dataclass(frozen=True)
class Option:
    """A part of a question.

    Attributes:
        field: the field of `Requirements` or `Selection` that holds its value.
        block: the block of a file in which it stands; empty at the top.
        given_name: its name in Python, where that is not the field's.
        kind: how it is read and written.
        help: what it does, for every place that lists options.
        metavar: what it takes.
        default: what holds where nothing is said, in words.
        panel: under which heading the command line lists it.
        given_key: its key in a file, where that is not its name.
        listing: whether it only says what an answer lists.
        off: the name of a flag's opposite.
    """

    field: str
    block: str
    given_name: str
    kind: Kind
    help: str
    metavar: str
    default: str
    panel: str
    given_key: str
    listing: bool
    off: str

    @property
    def name(self) -> str:
        """Its name in Python; "--" and the name on the command line, with hyphens."""
        return self.given_name or self.field

    @property
    def key(self) -> str:
        """Its key in a file."""
        return self.given_key or self.name

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of its key in a file."""
        default = f" Default: {self.default}." if self.default else ""
        return {**self.kind.schema, "description": self.help + default}

    @property
    def flag(self) -> str:
        """The option on the command line."""
        return "--" + self.name.replace("_", "-")

    def words(self, value: Any) -> list[str]:
        """The words of a command line that say so; none for what goes without saying."""
        written = self.kind.write(value)
        if written is None or (isinstance(written, list | dict) and not written):
            return []
        if self.kind.shape == "flag":
            said = self.flag if value else f"--{self.off}"
            return [] if said == f"--{self.default}" else [said]
        if isinstance(written, dict):
            return [
                word for name, each in written.items() for word in (self.flag, f"{name}={each}")
            ]
        if isinstance(written, list) and not self.kind.joined:
            return [word for each in written for word in (self.flag, each)]
        joint = ", " if self.name == "objective" else ","
        text = joint.join(written) if isinstance(written, list) else str(written)
        return [self.flag, text.replace(" ", "") if isinstance(value, float) else text]


_FROM, _HOW, _LISTING = "Choosing from", "Choosing by", "Listing"


def option(
    kind: Kind,
    help_text: str,
    metavar: str = "",
    *,
    default: Any = None,
    stated: str = "",
    name: str = "",
    key: str = "",
    panel: str = _FROM,
    off: str = "",
) -> Any:
    """A field that is an option: how it is read, its help, what it takes, and its default.

    Args:
        kind: how it is read and written.
        help_text: what it does.
        metavar: what it takes.
        default: what the field holds where nothing is said; an empty mapping for pairs.
        stated: the default in words.
        name: the option's name, where it is not the field's.
        key: its key in a file, where that is not its name.
        panel: under which heading the command line lists it.
        off: the name of a flag's opposite.
    """
    metadata = {
        "option": partial(
            Option,
            given_name=name,
            kind=kind,
            help=help_text,
            metavar=metavar,
            default=stated,
            panel=panel,
            given_key=key,
            listing=panel == _LISTING,
            off=off,
        )
    }
    if default == {} or kind.shape == "pairs":
        return field(default_factory=dict, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Selection:
    """What may be chosen from; `None` is any.

    Attributes:
        batches: the batch sizes.
        weights: a set of weights, "any", or `None` for those that the board's source used; where it names
            none, each network's most accurate ones.
        architectures, families, licences, runtimes, precisions, processors: patterns, of which a candidate
            must match one each.
        threads: the numbers of threads; what does not name its own is left out.
        exclude: names or patterns of networks that are never picked.
        networks: "board" for the networks that the board has rows of, "all" for every network, by
            prediction where nothing was measured.
        predictions: whether what is predicted may stand for what was not measured.
        include: networks of the user's own by name: a file, `module:factory` or `module:factory@160`.
        accuracy_of: accuracies that the user states, in percent, by network, or by
            NAME:PRECISION or NAME:PRECISION:RUNTIME.
        accuracy_table: a CSV file of the user's own accuracies, which replace all others.
        quantised_loss: what the user says that quantising costs, in points, by precision; "" is for all.
        task: what the networks are to be for; `None` for classification, or the only task of a board.
        data_set: the data set whose accuracies count; `None` for the one that the task usually goes by.
    """

    batches: frozenset[int] | None = option(
        BATCHES, "Batch sizes to choose from.", "1,4|any", name="batch", stated="any"
    )
    weights: str | None = option(
        TEXT,
        "Sets of weights to choose from.",
        "NAME|any",
        stated="those of the board's source",
    )
    architectures: tuple[str, ...] | None = option(
        PATTERNS, "Networks, or patterns like 'resnet-*'.", "NAME,...", stated="any"
    )
    exclude: tuple[str, ...] = option(
        NAMES_LISTED, "Networks never to pick, or patterns.", "NAME,...", default=()
    )
    families: tuple[str, ...] | None = option(
        PATTERNS, "Families of networks, or patterns.", "NAME,...", stated="any"
    )
    licences: tuple[str, ...] | None = option(
        PATTERNS,
        "Licences of code and weights, or patterns; 'permissive' are Apache, MIT, BSD, ISC and the like. "
        "Networks of unknown licence are left out.",
        "NAME,...",
        name="licence",
        stated="any",
    )
    runtimes: tuple[str, ...] | None = option(
        PATTERNS, "Runtimes, or patterns.", "NAME,...", name="runtime", stated="any"
    )
    precisions: tuple[str, ...] | None = option(
        PATTERNS, "Precisions, or patterns.", "NAME,...", name="precision", stated="any"
    )
    processors: tuple[str, ...] | None = option(
        PATTERNS,
        "Processors of the board: cpu, gpu, npu, dsp.",
        "NAME,...",
        name="processor",
        stated="any",
    )
    threads: Counts | None = option(
        COUNTS,
        "Numbers of threads, such as '<= 2' to leave cores for all else.",
        "N,...|CONDITION",
        stated="any",
    )
    networks: str = option(
        choice(*NETWORKS),
        "Networks that the board has rows of, or every one, predicted where not measured.",
        "board|all",
        name="candidates",
        key="networks",
        default="board",
        stated="board",
    )
    predictions: bool = option(
        FLAG,
        "Whether predictions may be chosen.",
        default=True,
        stated="predictions",
        off="no-predictions",
    )
    include: Mapping[str, str] = option(
        INCLUDED,
        "A network of your own as a candidate, by prediction: NAME=net.onnx, NAME=net.pt2 or "
        "NAME=MODULE:FACTORY[@SIZE]; can be repeated.",
        "NAME=NETWORK",
    )
    accuracy_of: Mapping[str, float] = option(
        ACCURACIES,
        "Its accuracy, or that of another network (resnet50=71.2), in floats or at a precision of its own "
        "(net@224:int8=69.9); can be repeated.",
        "NAME[:PRECISION[:RUNTIME]]=PERCENT",
    )
    accuracy_table: str | None = option(
        PATH,
        "CSV of your own task's accuracies, which replace all others; its columns are architecture and "
        "top1_percent (or accuracy_percent), and perhaps precision, runtime and metric.",
        "FILE",
    )
    quantised_loss: Mapping[str, float] = option(
        LOSSES,
        "What quantising costs in points of accuracy, where that is unknown: for all precisions, or by each.",
        "POINTS|PRECISION=POINTS,...",
        default={},
    )
    task: str | None = option(
        TASK,
        "What the networks are for: classification, detection, segmentation, pose, or another that the board "
        "has.",
        "TASK",
        stated="classification, or the only one of the board",
    )
    data_set: str | None = option(
        TEXT,
        "The data set whose accuracies count.",
        "NAME",
        stated="the one that the task usually goes by",
    )

    def __post_init__(self) -> None:
        if self.include and not self.predictions:
            raise AdvisorError("include: such a network is predicted", "leave out --no-predictions")
        if self.accuracy_table is not None and self.weights is not None:
            hint = "leave out one of them"
            raise AdvisorError("accuracy-table: it replaces all weights, also those named", hint)

    @property
    def completes(self) -> bool:
        """Whether predictions complete the board's table, or add rows to it."""
        return bool(self.networks == "all" or self.include) and self.predictions

    @property
    def batches_text(self) -> str:
        """The batch sizes as they can be typed."""
        return str(BATCHES.write(self.batches))

    @property
    def patterns(self) -> dict[str, tuple[str, ...]]:
        """The patterns that were given, and the numbers of threads, by the option's name."""
        named = {
            each.name: getattr(self, each.field)
            for each in OPTIONS.values()
            if each.kind in (PATTERNS, NAMES_LISTED) and getattr(self, each.field)
        }
        return {**named, **({"threads": (str(self.threads),)} if self.threads else {})}

    @property
    def patterns_said(self) -> list[str]:
        """The patterns that were given, in words."""
        return [
            f"{'without' if name == 'exclude' else name} {','.join(each)}"
            for name, each in self.patterns.items()
        ]

    def words(self) -> list[str]:
        """The options that choose from the same again."""
        return _said(self, (each for each in OPTIONS.values() if each.block))

    def __document__(self) -> dict[str, Any]:
        """The block of a file that says so."""
        return written(self, (each for each in OPTIONS.values() if each.block))

    @classmethod
    def __document_schema__(cls, _: Schema) -> dict[str, Any]:
        """The JSON Schema of that block."""
        block = {each.key: each.schema for each in OPTIONS.values() if each.block}
        return {
            "description": "What may be chosen from.",
            "anyOf": [
                OPTIONS["candidates"].kind.schema,
                {"type": "object", "properties": block, "additionalProperties": False},
            ],
        }


@dataclass(frozen=True)
class Requirements:
    """A whole question.

    Attributes:
        constraints: all limits; a candidate must meet every one.
        boards: names of boards or devices, and patterns; `None` for every board.
        selection: what may be chosen from.
        objective: what ranks those that meet all limits.
        overhead_ms: time per batch for pre- and post-processing.
        battery_j: the energy of the battery, where there is one.
        stated_confidence: the probability with which a candidate is to meet all limits together, below 1; at
            0 its figures are to meet them, however unsure they are. `None` where nothing was said.
        reproducible: whether chances are those of another run of what was published.
        explain: networks of which to say why they are not the pick.
        top: how many networks to list.
        by: whether the best networks are listed, or the best of each board.
        all_batches: whether every feasible row of these networks is listed, not only the best.
        catalog: the user's catalog folder, where there is one.
    """

    constraints: tuple[Constraint, ...] = ()
    boards: tuple[str, ...] | None = option(
        BOARDS,
        "The board, or several; a device's name is all its boards, as are patterns like 'raspberry*'.",
        "NAME,...|any",
        name="board",
        default=(DEFAULT_BOARD,),
        stated="$ADVISOR_BOARD or jetson-tx1",
    )
    selection: Selection = field(default_factory=Selection)
    objective: tuple[Step, ...] = option(
        OBJECTIVE,
        f"What to rank by: {', '.join(each.name for each in METRICS.values())}; or several with "
        "tolerances: 'accuracy within 0.5, energy'.",
        "METRIC,...",
        default=(Step("accuracy"),),
        stated="accuracy",
        panel=_HOW,
    )
    overhead_ms: float = option(
        quantity(TIME, zero_allowed=True),
        "Pre- and post-processing per batch, added to the response.",
        "TIME",
        name="overhead",
        default=0.0,
        panel=_HOW,
    )
    battery_j: float | None = option(
        quantity(ENERGY),
        "The battery's energy, such as 10Wh; its life is shown.",
        "ENERGY",
        name="battery",
        panel=_HOW,
    )
    stated_confidence: float | None = option(
        CONFIDENCE,
        "Probability of meeting all limits together; figures are to meet them in any case, and 'none' "
        "asks for no more. Said, it leaves out what is stated without any error.",
        "P",
        name="confidence",
        stated="0.9",
        panel=_HOW,
    )
    reproducible: bool = option(
        FLAG,
        "Whether to meet the limits in another run of what was published, or in that very run.",
        default=False,
        stated="this-run",
        panel=_HOW,
        off="this-run",
    )
    explain: tuple[str, ...] = option(
        EXPLAINED,
        "Say why this network is not the pick; can be repeated.",
        "NETWORK",
        default=(),
        panel=_LISTING,
    )
    top: int = option(
        COUNT_OF, "How many networks to list.", "N", default=5, stated="5", panel=_LISTING
    )
    by: str = option(
        choice(BY_NETWORK, BY_BOARD),
        "List the best networks, or the best of each board.",
        f"{BY_NETWORK}|{BY_BOARD}",
        default=BY_NETWORK,
        stated=BY_NETWORK,
        panel=_LISTING,
    )
    all_batches: bool = option(
        FLAG,
        "List every feasible batch size, or only the best.",
        default=False,
        stated="best-batch",
        panel=_LISTING,
        off="best-batch",
    )
    catalog: str | None = option(
        PATH,
        "Your own catalog folder, which overlays the shipped one. "
        "Default: $ADVISOR_CATALOG, else the user data folder.",
        "DIR",
        panel="",
    )

    def __post_init__(self) -> None:
        for each in self.constraints:
            if self.battery_j is None and "battery_j" in expression(each.metric).count:
                raise AdvisorError(f"{each.name}: of which battery?", INPUTS["battery_j"].needs)

    def needed_for(self, key: str) -> str:
        """What must be said besides, so that a metric can be known; empty where nothing is missing."""
        given = {"required_fps": self.fps, "battery_j": self.battery_j}
        missing = (name for name in expression(key).count if given.get(name, 1) is None)
        return next((INPUTS[name].needs for name in missing), "")

    @property
    def fps(self) -> float | None:
        """The required frame rate, if any."""
        return next((each.limit for each in self.constraints if each.sets_rate), None)

    @property
    def confidence(self) -> float:
        """The probability with which a candidate is to meet all limits together, as said or by default."""
        return DEFAULT_CONFIDENCE if self.stated_confidence is None else self.stated_confidence

    @property
    def proven(self) -> bool:
        """Whether a figure without any error is no proof that a limit is met: where a confidence was said."""
        return bool(self.stated_confidence)

    @property
    def boards_text(self) -> str:
        """The boards as they can be typed."""
        return "any" if self.boards is None else ",".join(self.boards)

    def words(self, *, listing: bool = False) -> list[str]:
        """The options of a command line that ask the same again, defaults spelt out.

        Args:
            listing: with those that only say what an answer lists.
        """
        words: list[str] = []
        for each in self.constraints:
            flag = each.is_natural and METRICS.get(each.metric, _TAILED).option
            limit = each.limit_text.replace(" ", "")
            words += [f"--{each.name}", limit] if flag else ["--where", str(each)]
        asked = [each for each in OPTIONS.values() if listing or not each.listing]
        top = _said(self, (each for each in asked if not each.block))
        return [*words, *top, *self.selection.words()]

    def command(self) -> str:
        """The command line that asks the same again, defaults spelt out."""
        return shlex.join(["advisor", "pick", *self.words(listing=True)])

    def __document__(self) -> dict[str, Any]:
        """The question, defaults included, as a file could hold it."""
        require: dict[str, dict[str, str]] = {}
        for each in self.constraints:
            require.setdefault(each.name, {})[each.sense] = each.limit_text
        top = written(self, (each for each in OPTIONS.values() if not each.block))
        selection = self.selection.__document__()
        return {**top, "require": require, "candidates": selection, "command": self.command()}

    @classmethod
    def __document_schema__(cls, schema: Schema) -> dict[str, Any]:
        """The JSON Schema of such a file."""
        top = {each.key: each.schema for each in OPTIONS.values() if not each.block}
        command = "The command line that asks the same; not read."
        return {
            "type": "object",
            "description": "A question, as a file of requirements holds it.",
            "properties": {
                **top,
                "require": limits_schema(),
                "candidates": schema.of(Selection),
                "command": {"type": "string", "description": command},
            },
            "additionalProperties": False,
        }


_TAILED = METRICS["response_ms"]


def _said(asked: Requirements | Selection, options: Iterable[Option]) -> list[str]:
    return [word for each in options for word in each.words(getattr(asked, each.field))]


def written(asked: object, options: Iterable[Option]) -> dict[str, Any]:
    """What stands in a file for some options of a question, by key; what goes without saying is null."""
    values = {each.key: each.kind.write(getattr(asked, each.field)) for each in options}
    return {
        key: None
        if each in ([], {})
        else each[0]
        if isinstance(each, list) and len(each) == 1
        else each
        for key, each in values.items()
    }


def declared(owner: Any, block: str = "") -> dict[str, Option]:
    """The options among a dataclass's fields, by name."""
    made = [each.metadata["option"](each.name, block) for each in fields(owner) if each.metadata]
    return {option.name: option for option in made}


OPTIONS: Mapping[str, Option] = {
    **declared(Requirements),
    **declared(Selection, "candidates"),
}
"""Every part of a question beside its limits, by name."""

LIMITED: Mapping[str, str] = {
    metric.argument if name == metric.name else name: metric.key
    for name, metric in BY_NAME.items()
    if metric.option
}
"""Which metric each option limits, synonyms and keys included; all other limits are conditions (`where`)."""


WHERE = (
    "A limit of any metric, such as 'time <= 20 ms' or 'fps_per_watt >= 3 fps/W'; can be repeated."
)
"""The help of the conditions of a question."""


def default_board() -> str:
    """The board that is asked where none is named."""
    return os.environ.get("ADVISOR_BOARD") or DEFAULT_BOARD


def read_requirements(
    limits: Mapping[str, object],
    *,
    where: Iterable[str] = (),
    beneath: Iterable[Constraint] = (),
    **said: object,
) -> Requirements:
    """Requirements from what people write.

    Args:
        limits: by the metric's name, as `limits.read_limits` reads them.
        where: conditions such as "params <= 25M".
        beneath: limits that hold where neither of these says otherwise.
        **said: options by name (`OPTIONS`); what is `None` is left to its default.

    Raises:
        AdvisorError: something cannot be read; the message names it.
    """
    constraints = in_order(
        {(each.name, each.sense): each for each in beneath} | read_limits(limits, where)
    )
    said = {name: written for name, written in said.items() if written is not None}
    said.setdefault("board", default_board())
    top: dict[str, Any] = {}
    chosen: dict[str, Any] = {}
    for name, written in said.items():
        option = OPTIONS[name]
        (chosen if option.block else top)[option.field] = option.kind.read(name, written)
    return Requirements(constraints, selection=Selection(**chosen), **top)
