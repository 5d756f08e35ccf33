"""What someone asks for: limits, an objective, and what may be chosen from."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from advisor.errors import AdvisorError, closest, shown
from advisor.quantities import TIME, Dimension, parse, read_batches, written_as
from advisor.solve.metrics import KEYS_BY_NAME, METRICS, TAILS

DEFAULT_BOARD = "jetson-tx1"
LEAST_ACCURACY = 1.0
"""In percent; what is below is a share that was meant as a percentage."""

CANDIDATES = ("board", "all")
DEFAULT_CONFIDENCE = 0.9

Sense: TypeAlias = Literal["min", "max"]

LIMITS: Mapping[str, Sense] = {
    "fps": "min",
    "latency": "max",
    "energy": "max",
    "power": "max",
    "memory": "max",
    "accuracy": "min",
    "params": "max",
    "ops": "max",
}
"""The limits that can be asked for, in the order in which answers list them."""


@dataclass(frozen=True)
class Constraint:
    """One limit.

    Attributes:
        name: what it was asked as, such as "energy".
        metric: key of the metric that it limits.
        sense: whether `limit` is the least ("min") or the most ("max") that is accepted.
        limit: in the unit that the metric's key names.
        statistic: "median", or the tail of the latency that is limited: "p90" or "p99".
    """

    name: str
    metric: str
    sense: Sense
    limit: float
    statistic: str = "median"

    @property
    def dimension(self) -> Dimension:
        """How the limit is written."""
        return METRICS[KEYS_BY_NAME[self.name]].dimension

    @property
    def limit_text(self) -> str:
        """The limit as it can be typed, such as "33 ms@p99"."""
        tail = "" if self.statistic == "median" else f"@{self.statistic}"
        return written_as(self.limit, self.dimension) + tail

    def __str__(self) -> str:
        return f"{self.name} {'>=' if self.sense == 'min' else '<='} {self.limit_text}"


@dataclass(frozen=True)
class Requirements:
    """A whole question.

    Attributes:
        board: the board's name.
        constraints: all limits; a candidate must meet every one.
        objective: name of the metric that ranks what meets them.
        batches: the batch sizes that may be chosen; `None` for any.
        weights: which sets of weights may be chosen: a set's name, "any", or `None` for those that
            the board's source used.
        overhead_ms: time per batch for pre- and post-processing.
        top: how many networks to list.
        all_batches: whether every fitting row of these networks is listed, not only the best.
        catalog: the user's catalog folder, where there is one.
        candidates: "board" for the networks that the board has rows of, "all" for every network, by
            prediction where nothing was measured.
        predictions: whether what is predicted may stand for what was not measured.
        confidence: the probability with which a candidate is to meet all limits together, from 0
            (its figures are to meet them, however unsure they are) to less than 1.
    """

    board: str
    constraints: tuple[Constraint, ...] = ()
    objective: str = "accuracy"
    batches: frozenset[int] | None = None
    weights: str | None = None
    overhead_ms: float = 0.0
    top: int = 5
    all_batches: bool = False
    catalog: str | None = None
    candidates: str = "board"
    predictions: bool = True
    confidence: float = DEFAULT_CONFIDENCE

    @property
    def completes(self) -> bool:
        """Whether predictions complete the board's table."""
        return self.candidates == "all" and self.predictions

    @property
    def fps(self) -> float | None:
        """The required frame rate, if any."""
        return next((each.limit for each in self.constraints if each.name == "fps"), None)

    @property
    def batches_text(self) -> str:
        """The batch sizes as they can be typed."""
        return "any" if self.batches is None else ",".join(map(str, sorted(self.batches)))

    def command(self) -> str:
        """The command line that asks the same again, defaults spelt out."""
        words = ["advisor", "pick"]
        for constraint in self.constraints:
            words += [f"--{constraint.name}", constraint.limit_text.replace(" ", "")]
        words += ["--board", self.board, "--batch", self.batches_text]
        words += ["--weights", self.weights] if self.weights else []
        words += ["--objective", self.objective, "--top", str(self.top)]
        words += ["--overhead", written_as(self.overhead_ms, TIME).replace(" ", "")]
        words += ["--all-batches"] if self.all_batches else []
        words += ["--candidates", self.candidates] if self.candidates != "board" else []
        words += [] if self.predictions else ["--no-predictions"]
        words += ["--confidence", f"{self.confidence:g}"]
        words += ["--catalog", self.catalog] if self.catalog else []
        return shlex.join(words)


def default_board() -> str:
    """The board that is asked where none is named."""
    return os.environ.get("ADVISOR_BOARD") or DEFAULT_BOARD


def read_requirements(
    limits: Mapping[str, object],
    *,
    board: object = None,
    objective: object = "accuracy",
    batch: str | int | Iterable[int] = "any",
    weights: object = None,
    overhead: object = None,
    top: int | str = 5,
    all_batches: bool = False,
    catalog: str | os.PathLike[str] | None = None,
    candidates: object = "board",
    predictions: bool = True,
    confidence: object = DEFAULT_CONFIDENCE,
) -> Requirements:
    """Requirements from what people write.

    Args:
        limits: text (or a bare number, where that is meaningful) by name; `None` for no limit.
        board: the board's name; else that of `ADVISOR_BOARD`, else `jetson-tx1`.
        objective: name of the metric to rank by.
        batch: "any", one size, or several ("1,4").
        weights: a set's name, "any", or `None`.
        overhead: time per batch, such as "5 ms".
        top: how many networks to list.
        all_batches: whether to list every fitting row of them.
        catalog: the user's catalog folder.
        candidates: "board" or "all".
        predictions: whether what is predicted may stand for what was not measured.
        confidence: a probability, as 0.9 or "90%".

    Raises:
        AdvisorError: something cannot be read; the message names it.
    """
    board, weights = _name("board", board), _name("weights", weights)
    objective = _name("objective", objective) or ""
    candidates = _name("candidates", candidates) or ""
    if candidates not in CANDIDATES:
        raise AdvisorError(
            f"unknown candidates {shown(candidates)}", closest(candidates, CANDIDATES)
        )
    if objective not in KEYS_BY_NAME:
        hint = closest(objective, KEYS_BY_NAME)
        raise AdvisorError(f"unknown objective {shown(objective)}", hint)
    return Requirements(
        board=board or default_board(),
        constraints=tuple(
            _constraint(name, limits[name]) for name in LIMITS if limits.get(name) is not None
        ),
        objective=objective,
        batches=read_batches(batch),
        weights=weights,
        overhead_ms=(
            0.0 if overhead is None else parse(overhead, TIME, "overhead", zero_allowed=True)
        ),
        top=_top(top),
        all_batches=all_batches,
        catalog=None if catalog is None else os.fspath(catalog),
        candidates=candidates,
        predictions=predictions,
        confidence=_confidence(confidence),
    )


def _constraint(name: str, limit: object) -> Constraint:
    metric = METRICS[KEYS_BY_NAME[name]]
    text, at, tail = str(limit).partition("@") if name == "latency" else (str(limit), "", "")
    key, statistic = metric.key, "median"
    if at:
        statistic = tail.strip()
        if statistic not in TAILS:
            raise AdvisorError(
                f"{name}: unknown statistic {shown(statistic)}",
                "write '33ms' for the median, '33ms@p90' or '33ms@p99' for the tail",
            )
        key = TAILS[statistic]
    value = parse(text, metric.dimension, name)
    if name == "accuracy" and value < LEAST_ACCURACY:
        percent = written_as(100 * value, metric.dimension)
        hint = f"accuracies are in percent: did you mean {percent}?"
        raise AdvisorError(f"accuracy: {shown(text)} is less than one percent", hint)
    return Constraint(name, key, LIMITS[name], value, statistic)


def _name(what: str, text: object) -> str | None:
    if text is not None and (not isinstance(text, str) or not text):
        raise AdvisorError(f"{what}: {shown(str(text))} is not a name", "give a name as text")
    return text


def _top(top: int | str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,5}", str(top)):
        hint = "give a whole number from 1 to 999999"
        raise AdvisorError(f"top: {shown(str(top))} is not a count of networks", hint)
    return int(top)


def _confidence(confidence: object) -> float:
    text = str(confidence).strip()
    match = re.fullmatch(r"([0-9]*\.?[0-9]+)\s*(%?)", text)
    value = float(match.group(1)) / (100 if match.group(2) else 1) if match else -1.0
    if not 0 <= value < 1:
        raise AdvisorError(
            f"confidence: {shown(text)} is no probability below 1", "write it like 0.9 or 90%"
        )
    return value
