"""What someone asks: limits, an objective, and what may be chosen from."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from advisor.catalog.text_file import NAME, NAME_EXPECTED
from advisor.errors import AdvisorError, closest, shown
from advisor.quantities import ENERGY, TIME, parse, read_batches, written_as
from advisor.solve.included import Included, read_included
from advisor.solve.limits import Constraint, in_order, read_limits
from advisor.solve.objective import Objective, Step, objective_text, read_objective

DEFAULT_BOARD = "jetson-tx1"
NETWORKS = ("board", "all")
NEEDS = {
    "hours": "give the battery's energy: --battery 10Wh, or battery: 10 Wh in a file",
    "board-energy": "require a frame rate: --fps 30, say",
}
"""What must be said for a metric to be known that rests on the question."""

DEFAULT_CONFIDENCE = 0.9
DEFAULT_TOP = 5

FLAGS = ("fps", "latency", "energy", "power", "memory", "accuracy", "params", "ops", "hours")
"""The limits that have an option of their own; all others are conditions (`--where`)."""


@dataclass(frozen=True)
class Selection:
    """What may be chosen from.

    Attributes:
        architectures, families, runtimes, precisions: patterns, of which a candidate must match one
            each ("resnet-*"); `None` for any.
        batches: the batch sizes that may be chosen; `None` for any.
        weights: a set of weights, "any", or `None` for those that the board's source used.
        networks: "board" for the networks that the board has rows of, "all" for every network, by
            prediction where nothing was measured.
        predictions: whether what is predicted may stand for what was not measured.
        include: networks of the user's own, which are candidates by prediction.
        accuracy_table: a CSV file of the user's own accuracies, which replace all others.
    """

    architectures: tuple[str, ...] | None = None
    families: tuple[str, ...] | None = None
    runtimes: tuple[str, ...] | None = None
    precisions: tuple[str, ...] | None = None
    batches: frozenset[int] | None = None
    weights: str | None = None
    networks: str = "board"
    predictions: bool = True
    include: tuple[Included, ...] = ()
    accuracy_table: str | None = None

    @property
    def completes(self) -> bool:
        """Whether predictions complete the board's table, or add rows to it."""
        return bool(self.networks == "all" or self.include) and self.predictions

    @property
    def batches_text(self) -> str:
        """The batch sizes as they can be typed."""
        return "any" if self.batches is None else ",".join(map(str, sorted(self.batches)))

    @property
    def patterns(self) -> dict[str, tuple[str, ...]]:
        """The patterns that were given, by the option's name."""
        given = {
            "architectures": self.architectures,
            "families": self.families,
            "runtime": self.runtimes,
            "precision": self.precisions,
        }
        return {name: patterns for name, patterns in given.items() if patterns is not None}

    def words(self) -> list[str]:
        """The options that choose from the same again, but for the batch sizes."""
        words = ["--weights", self.weights] if self.weights else []
        for name, patterns in self.patterns.items():
            words += [f"--{name}", ",".join(patterns)]
        words += ["--candidates", self.networks] if self.networks != "board" else []
        words += [] if self.predictions else ["--no-predictions"]
        for own in self.include:
            words += ["--include", f"{own.name}={own.network}"]
            if own.top1_percent is not None:
                words += ["--accuracy-of", f"{own.name}={own.top1_percent:.12g}"]
        return words + (["--accuracy-table", self.accuracy_table] if self.accuracy_table else [])


@dataclass(frozen=True)
class Requirements:
    """A whole question.

    Attributes:
        boards: the boards' names; `None` for every board.
        constraints: all limits; a candidate must meet every one.
        objective: what ranks those that meet them.
        selection: what may be chosen from.
        overhead_ms: time per batch for pre- and post-processing.
        battery_j: the energy of the battery, where there is one.
        confidence: the probability with which a candidate is to meet all limits together, below 1; at 0
            its figures are to meet them, however unsure they are.
        explain: networks of which to tell why they are not the pick.
        top: how many networks to list.
        all_batches: whether every fitting row of these networks is listed, not only the best.
        catalog: the user's catalog folder, where there is one.
    """

    boards: tuple[str, ...] | None = (DEFAULT_BOARD,)
    constraints: tuple[Constraint, ...] = ()
    objective: Objective = (Step("accuracy"),)
    selection: Selection = field(default_factory=Selection)
    overhead_ms: float = 0.0
    battery_j: float | None = None
    confidence: float = DEFAULT_CONFIDENCE
    explain: tuple[str, ...] = ()
    top: int = DEFAULT_TOP
    all_batches: bool = False
    catalog: str | None = None

    @property
    def fps(self) -> float | None:
        """The required frame rate, if any."""
        return next((each.limit for each in self.constraints if each.sets_rate), None)

    @property
    def boards_text(self) -> str:
        """The boards as they can be typed."""
        return "any" if self.boards is None else ",".join(self.boards)

    def words(self) -> list[str]:
        """The options that ask the same again, but for how much is listed; defaults spelt out."""
        words: list[str] = []
        for each in self.constraints:
            flag = each.is_natural and each.name in FLAGS
            limit = each.limit_text.replace(" ", "")
            words += [f"--{each.name}", limit] if flag else ["--where", str(each)]
        words += ["--board", self.boards_text, "--batch", self.selection.batches_text]
        words += self.selection.words()
        words += ["--objective", objective_text(self.objective)]
        words += ["--overhead", written_as(self.overhead_ms, TIME).replace(" ", "")]
        if self.battery_j is not None:
            words += ["--battery", written_as(self.battery_j, ENERGY).replace(" ", "")]
        words += ["--confidence", confidence_text(self.confidence)]
        words += ["--catalog", self.catalog] if self.catalog else []
        return words

    def command(self) -> str:
        """The command line that asks the same again, defaults spelt out."""
        listed = [word for name in self.explain for word in ("--explain", name)]
        listed += ["--top", str(self.top), *(["--all-batches"] if self.all_batches else [])]
        return shlex.join(["advisor", "pick", *self.words(), *listed])


def default_board() -> str:
    """The board that is asked where none is named."""
    return os.environ.get("ADVISOR_BOARD") or DEFAULT_BOARD


def read_requirements(
    limits: Mapping[str, object],
    *,
    where: Iterable[str] = (),
    beneath: Iterable[Constraint] = (),
    board: object = None,
    objective: object = None,
    batch: str | int | Iterable[int] | None = None,
    weights: object = None,
    architectures: object = None,
    families: object = None,
    runtime: object = None,
    precision: object = None,
    candidates: object = None,
    predictions: bool | None = None,
    include: object = None,
    accuracy_of: object = None,
    accuracy_table: str | os.PathLike[str] | None = None,
    overhead: object = None,
    battery: object = None,
    confidence: object = None,
    explain: object = None,
    top: int | str | None = None,
    all_batches: bool | None = None,
    catalog: str | os.PathLike[str] | None = None,
) -> Requirements:
    """Requirements from what people write; what is `None` is left to its default.

    Args:
        limits: by the metric's name, as `limits.read_limits` reads them.
        where: conditions such as "params <= 25M".
        beneath: limits that hold where neither of these says otherwise.
        board: a name, several (as a list or with commas), or "any"; else that of `ADVISOR_BOARD`, else
            `jetson-tx1`.
        objective: what to rank by, as `objective.read_objective` reads it.
        batch: "any", one size, or several ("1,4").
        weights: a set's name, or "any".
        architectures: patterns, as a list or with commas, or "any".
        families: likewise.
        runtime: likewise.
        precision: likewise.
        candidates: "board" or "all".
        predictions: whether what is predicted may stand for what was not measured.
        include: networks of the user's own, as `included.read_included` reads them.
        accuracy_of: their accuracies, likewise.
        accuracy_table: a CSV file of the user's own accuracies.
        overhead: time per batch, such as "5 ms".
        battery: an energy, such as "10 Wh".
        confidence: a probability, as 0.9 or "90%"; "none" takes figures as they are.
        explain: networks of which to tell why they are not the pick, as a list or with commas.
        top: how many networks to list.
        all_batches: whether to list every fitting row of them.
        catalog: the user's catalog folder.

    Raises:
        AdvisorError: something cannot be read; the message names it.
    """
    networks = _name("candidates", candidates) or "board"
    if networks not in NETWORKS:
        raise AdvisorError(f"unknown candidates {shown(networks)}", closest(networks, NETWORKS))
    constraints = in_order(
        {(each.name, each.sense): each for each in beneath} | read_limits(limits, where)
    )
    if battery is None and any(each.name == "hours" for each in constraints):
        raise AdvisorError("hours: of which battery?", NEEDS["hours"])
    own = read_included(include, accuracy_of)
    if own and predictions is False:
        raise AdvisorError("include: such a network is predicted", "leave out --no-predictions")
    if accuracy_table is not None and weights is not None:
        hint = "leave out one of them"
        raise AdvisorError("accuracy-table: it replaces all weights, also those named", hint)
    return Requirements(
        boards=read_boards(default_board() if board is None else board),
        constraints=constraints,
        objective=read_objective("accuracy" if objective is None else objective),
        selection=Selection(
            architectures=read_patterns("architectures", architectures),
            families=read_patterns("families", families),
            runtimes=read_patterns("runtime", runtime),
            precisions=read_patterns("precision", precision),
            batches=None if batch is None else read_batches(batch),
            weights=_name("weights", weights),
            networks=networks,
            predictions=_flag("predictions", predictions) is not False,
            include=own,
            accuracy_table=_path("accuracy-table", accuracy_table),
        ),
        overhead_ms=(
            0.0 if overhead is None else parse(overhead, TIME, "overhead", zero_allowed=True)
        ),
        battery_j=None if battery is None else parse(battery, ENERGY, "battery"),
        confidence=DEFAULT_CONFIDENCE if confidence is None else read_confidence(confidence),
        explain=read_names("explain", explain),
        top=DEFAULT_TOP if top is None else read_top(top),
        all_batches=bool(_flag("all_batches", all_batches)),
        catalog=None if catalog is None else os.fspath(catalog),
    )


def read_boards(written: object) -> tuple[str, ...] | None:
    """Names of boards, each once; `None` for "any".

    Raises:
        AdvisorError: something is no name.
    """
    words = _words("board", written)
    if words == ["any"]:
        return None
    for word in words:
        if not NAME.fullmatch(word):
            raise AdvisorError(f"board: {shown(word)} is not a name", f"give {NAME_EXPECTED}")
        if word == "any":
            raise AdvisorError("board: 'any' beside other names", "give names, or 'any' alone")
    return tuple(dict.fromkeys(words))


def read_patterns(what: str, written: object) -> tuple[str, ...] | None:
    """Patterns such as "resnet-*", as a list or with commas between them; `None` for "any".

    Raises:
        AdvisorError: one is empty.
    """
    words = None if written is None else _words(what, written)
    return None if words is None or "any" in words else tuple(dict.fromkeys(words))


def read_names(what: str, written: object) -> tuple[str, ...]:
    """Names, each once, as a list or with commas between them; none for `None`.

    Raises:
        AdvisorError: one is empty.
    """
    empty = written is None or written in ((), [])
    return () if empty else tuple(dict.fromkeys(_words(what, written)))


def _flag(what: str, value: object) -> bool | None:
    if value is not None and not isinstance(value, bool):
        raise AdvisorError(f"{what}: {shown(str(value))} is neither true nor false", "give a bool")
    return value


def _words(what: str, written: object) -> list[str]:
    listed = written.split(",") if isinstance(written, str) else written
    if not isinstance(listed, Iterable) or isinstance(listed, Mapping | bytes):
        raise AdvisorError(f"{what}: {shown(str(written))} is not a name", "give names as text")
    words = list(listed)
    if not all(isinstance(each, str) for each in words):
        raise AdvisorError(f"{what}: {shown(str(written))} is not a name", "give names as text")
    words = [each.strip() for each in words]
    if not words or not all(words):
        raise AdvisorError(f"{what}: an empty name", "give names, or 'any'")
    return words


def _name(what: str, text: object) -> str | None:
    if text is not None and (not isinstance(text, str) or not text):
        raise AdvisorError(f"{what}: {shown(str(text))} is not a name", "give a name as text")
    return text


def _path(what: str, path: object) -> str | None:
    if path is not None and (not isinstance(path, str | os.PathLike) or not os.fspath(path)):
        raise AdvisorError(f"{what}: {shown(str(path))} is not a path", "give the path of a file")
    return None if path is None else str(os.fspath(path))


def read_top(top: int | str) -> int:
    """A count of networks.

    Raises:
        AdvisorError: it is none.
    """
    if not re.fullmatch(r"[1-9][0-9]{0,5}", str(top)):
        hint = "give a whole number from 1 to 999999"
        raise AdvisorError(f"top: {shown(str(top))} is not a count of networks", hint)
    return int(top)


def read_confidence(confidence: object) -> float:
    """A probability between 0 and 1, as 0.9 or "90%"; "none", which is 0, takes figures as they are.

    Raises:
        AdvisorError: it is no such probability.
    """
    text = str(confidence).strip()
    if text == "none":
        return 0.0
    match = re.fullmatch(r"([0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]{1,3})?)\s*(%?)", text)
    value = float(Decimal(match[1]) / (100 if match[2] else 1)) if match else -1.0
    if not 0 < value < 1:
        raise AdvisorError(
            f"confidence: {shown(text)} is no probability between 0 and 1",
            "write it like 0.9 or 90%, or 'none' to take figures as they are",
        )
    return value


def confidence_text(confidence: float) -> str:
    """A confidence as it can be typed."""
    return format(Decimal(repr(confidence)), "f") if confidence else "none"
