"""How the parts of a question are read and written: names, patterns, figures, pairs, flags."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any, Literal, TypeAlias

from advisor.architectures.names import ALL_BOARDS, NAME, NAME_EXPECTED
from advisor.catalog.precision import has_float_accuracy, read_precision
from advisor.errors import AdvisorError, closest, shown
from advisor.limits import LEAST_PERCENT
from advisor.objective import read_objective
from advisor.quality import read_task
from advisor.quantities import PERCENT, Dimension, parse, read_batches, written_as

Written: TypeAlias = str | int | float | bool | list[str] | dict[str, Any] | None
Shape: TypeAlias = Literal["text", "texts", "pairs", "flag"]


@dataclass(frozen=True)
class Kind:
    """How a value is read and written.

    Attributes:
        shape: one text, one or several texts, pairs of a name and a text, or yes and no.
        read: the value, from the option's name and what people write.
        write: what people would write; `None` for what goes without saying.
        joined: whether several texts stand in one option with commas, not in an option each.
        choices: the words that are accepted; empty where any may be.
        one: the JSON Schema of one text, as far as it says more than that.
        named: whether a file may have pairs of a name and a text instead of texts.
    """

    shape: Shape
    read: Callable[[str, Any], Any]
    write: Callable[[Any], Written]
    joined: bool = True
    choices: tuple[str, ...] = ()
    one: Mapping[str, Any] = field(default_factory=lambda: {"type": ["string", "number"]})
    named: bool = False

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of what people write."""
        one = {"enum": [*self.choices]} if self.choices else dict(self.one)
        item = {"type": "integer"} if self is BATCHES else one
        by_shape: Mapping[str, list[dict[str, Any]]] = {
            "text": [one],
            "texts": [one, {"type": "array", "items": item, "minItems": 1}],
            "pairs": [{"type": "object", "additionalProperties": one}],
            "flag": [{"type": "boolean"}],
        }
        named = by_shape["pairs"] if self.named else []
        return {"anyOf": [*by_shape[self.shape], *named, {"type": "null"}]}


def read_boards(what: str, written: object) -> tuple[str, ...] | None:
    """Names of boards or devices, or patterns such as "raspberry*", each once; `None` for "any" or "all".

    Raises:
        AdvisorError: something is not a name.
    """
    words = _words(what, written)
    if len(words) == 1 and words[0] in ALL_BOARDS:
        return None
    for word in words:
        if not NAME.fullmatch(re.sub(r"[*?\[\] ]", "-", word.lstrip("*?[") or "x")):
            raise AdvisorError(f"{what}: {shown(word)} is not a name", f"give {NAME_EXPECTED}")
        if word in ALL_BOARDS:
            raise AdvisorError(
                f"{what}: '{word}' beside other names", f"give names, or '{word}' alone"
            )
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
    return () if empty else tuple(dict.fromkeys(_words(what, written, "give names, or none")))


def _words(what: str, written: object, hint: str = "give names, or 'any'") -> list[str]:
    listed = written.split(",") if isinstance(written, str) else written
    if not isinstance(listed, Iterable) or isinstance(listed, Mapping | bytes):
        raise AdvisorError(f"{what}: {shown(str(written))} is not a name", "give names as text")
    words = list(listed)
    if not all(isinstance(each, str) for each in words):
        raise AdvisorError(f"{what}: {shown(str(written))} is not a name", "give names as text")
    words = [each.strip() for each in words]
    if not words or not all(words):
        raise AdvisorError(f"{what}: an empty name", hint)
    return words


def _read_name(what: str, text: object) -> str:
    if not isinstance(text, str) or not text:
        raise AdvisorError(f"{what}: {shown(str(text))} is not a name", "give a name as text")
    return text


def _read_choice(what: str, text: object, *, known: tuple[str, ...]) -> str:
    if _read_name(what, text) not in known:
        raise AdvisorError(f"{what}: unknown choice {shown(str(text))}", closest(str(text), known))
    return str(text)


def _read_path(what: str, path: object) -> str:
    if not isinstance(path, str | os.PathLike) or not os.fspath(path):
        raise AdvisorError(f"{what}: {shown(str(path))} is not a path", "give the path of a file")
    return str(os.fspath(path))


def _read_flag(what: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise AdvisorError(f"{what}: {shown(str(value))} is neither true nor false", "give a bool")
    return value


def _read_count(what: str, count: object) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,5}", str(count)):
        hint = "give a whole number from 1 to 999999"
        raise AdvisorError(f"{what}: {shown(str(count))} is not a count of networks", hint)
    return int(str(count))


def read_confidence(what: str, confidence: object) -> float:
    """A probability between 0 and 1, as 0.9 or "90%"; "none", which is 0, takes figures as they are.

    Raises:
        AdvisorError: it is not such a probability.
    """
    text = str(confidence).strip()
    if text == "none":
        return 0.0
    match = re.fullmatch(r"([0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]{1,3})?)\s*(%?)", text)
    value = float(Decimal(match[1]) / (100 if match[2] else 1)) if match else -1.0
    if not 0 < value < 1:
        raise AdvisorError(
            f"{what}: {shown(text)} is not a probability between 0 and 1",
            "write it like 0.9 or 90%, or 'none' to take figures as they are",
        )
    return value


def _read_pairs(what: str, written: object, *, example: str) -> dict[str, str]:
    if isinstance(written, Mapping):
        return {str(name): str(value) for name, value in written.items()}
    listed = [written] if isinstance(written, str) else written
    hint = f"write it like {example}"
    if not isinstance(listed, Iterable):
        raise AdvisorError(f"{what}: {shown(str(written))} is not a NAME=VALUE pair", hint)
    pairs: dict[str, str] = {}
    for each in map(str, listed):
        name, equals, value = (part.strip() for part in each.partition("="))
        if not (name and equals and value):
            raise AdvisorError(f"{what}: {shown(each)} is not a NAME=VALUE pair", hint)
        if name in pairs:
            raise AdvisorError(f"{what}: {shown(name)} stands twice", "give it once")
        pairs[name] = value
    return pairs


def _read_included(what: str, written: object) -> dict[str, str]:
    networks = _read_pairs(what, written, example="my_model=net.onnx")
    for name in networks:
        if not NAME.fullmatch(name):
            raise AdvisorError(f"{what}: {shown(name)} is not a name", f"give {NAME_EXPECTED}")
    return networks


def _read_accuracies(what: str, written: object) -> dict[str, float]:
    return {
        name: _read_accuracy(f"{what.replace('_', '-')} {name}", text)
        for name, text in _read_pairs(what, written, example="my_model=71.2").items()
    }


def _read_accuracy(what: str, written: str) -> float:
    percent = parse(written, PERCENT, what)
    if percent < LEAST_PERCENT:
        raise AdvisorError(
            f"{what}: {shown(written)} is under 1 %", "give a percentage, such as 71.2"
        )
    return percent


def _read_losses(what: str, written: object) -> dict[str, float]:
    """Points of accuracy by precision, from "1.5" or "int8=1.5,w8a16=0.3"; "" is for every precision."""
    what = what.replace("_", "-")
    if isinstance(written, Mapping):
        words = [f"{name}={points}" if name else str(points) for name, points in written.items()]
    else:
        words = [str(written)] if isinstance(written, int | float) else _words(what, written)
    losses: dict[str, float] = {}
    for word in words:
        named, equals, points = word.rpartition("=")
        precision = read_precision(named) if equals else ""
        if precision in losses:
            raise AdvisorError(f"{what}: {shown(named or word)} stands twice", "give it once")
        if precision and has_float_accuracy(precision):
            hint = "name a precision that is none, such as int8"
            raise AdvisorError(f"{what}: {shown(named)} keeps the accuracy of floats", hint)
        points = points.removesuffix("points").strip()
        losses[precision] = parse(points, PERCENT, f"{what} {named}".strip(), zero_allowed=True)
    return losses


def _write_losses(losses: Mapping[str, float]) -> list[str]:
    return [
        f"{name}={points:.12g}" if name else f"{points:.12g}" for name, points in losses.items()
    ]


def quantity(dimension: Dimension, *, zero_allowed: bool = False) -> Kind:
    """A figure with its unit."""

    def read(what: str, written: object) -> float:
        return parse(written, dimension, what, zero_allowed=zero_allowed)

    return Kind("text", read, lambda value: None if value is None else written_as(value, dimension))


def _read_share(what: str, written: object) -> float:
    match = re.fullmatch(r"([0-9]*\.?[0-9]+)\s*(%?)", str(written))
    share = float(match[1]) / (100 if match[2] else 1) if match else 0.0
    if not 0 < share <= 1:
        hint = "give a share of the board's time like '80%', above 0 and at most 100%"
        raise AdvisorError(f"{what}: {shown(str(written))} is not a share", hint)
    return share


@dataclass(frozen=True)
class Counts:
    """Which whole numbers may be chosen.

    Attributes:
        numbers: those that were listed; empty where only the ends say.
        least, most: the ends, both included.
    """

    numbers: tuple[int, ...] = ()
    least: int = 1
    most: float = math.inf

    def __contains__(self, number: int) -> bool:
        return number in self.numbers if self.numbers else self.least <= number <= self.most

    def __str__(self) -> str:
        if self.numbers:
            return ",".join(map(str, self.numbers))
        return f">= {self.least}" if self.most == math.inf else f"<= {self.most:.0f}"


def read_counts(what: str, written: object) -> Counts | None:
    """Whole numbers, as a list or with commas between them, or a condition like "<= 2"; `None` for "any".

    Raises:
        AdvisorError: it is neither.
    """
    listed = isinstance(written, Iterable) and not isinstance(written, str | bytes | Mapping)
    words = list(map(str, written)) if listed else str(written).split(",")  # type: ignore[call-overload]
    words = [each.strip() for each in words]
    if words == ["any"]:
        return None
    condition = re.fullmatch(r"(<=|>=)\s*([1-9][0-9]{0,3})", words[0])
    if condition and len(words) == 1:
        end = int(condition[2])
        return Counts(least=end) if condition[1] == ">=" else Counts(most=end)
    for each in words:
        if not re.fullmatch(r"[1-9][0-9]{0,3}", each):
            hint = "write numbers like '1,4', a condition like '<= 2', or 'any'"
            raise AdvisorError(f"{what}: {shown(each)} is not a whole number", hint)
    return Counts(tuple(sorted(set(map(int, words)))))


def _listed(names: tuple[str, ...] | None) -> Written:
    return None if names is None else list(names)


BOARDS = Kind("texts", read_boards, lambda names: list(names or ("any",)))
PATTERNS = Kind("texts", read_patterns, _listed)
NAMES_LISTED = Kind("texts", read_names, _listed)
EXPLAINED = Kind("texts", read_names, _listed, joined=False)
BATCHES = Kind(
    "texts",
    lambda _, written: read_batches(written),
    lambda sizes: "any" if sizes is None else ",".join(map(str, sorted(sizes))),
)
COUNTS = Kind("texts", read_counts, lambda counts: None if counts is None else str(counts))
TEXT = Kind("text", _read_name, lambda text: text)
PATH = Kind("text", _read_path, lambda path: path)
COUNT_OF = Kind("text", _read_count, lambda count: count)
CONFIDENCE = Kind(
    "text",
    read_confidence,
    lambda confidence: None if confidence is None else confidence or "none",
    one={"type": ["string", "number"], "exclusiveMinimum": 0, "exclusiveMaximum": 1},
)
SHARE = Kind("text", _read_share, lambda share: share)
FLAG = Kind("flag", _read_flag, lambda value: value)
OBJECTIVE = Kind(
    "texts", lambda _, written: read_objective(written), lambda steps: list(map(str, steps))
)
INCLUDED = Kind("pairs", _read_included, dict)
LOSSES = Kind("texts", _read_losses, _write_losses, named=True)
TASK = Kind("text", lambda what, text: read_task(_read_name(what, text)), lambda task: task)
ACCURACIES = Kind(
    "pairs",
    _read_accuracies,
    lambda known: {name: f"{percent:.12g}" for name, percent in known.items()},
)


def choice(*known: str) -> Kind:
    """One of a few words."""
    return Kind("text", partial(_read_choice, known=known), lambda text: text, choices=known)
