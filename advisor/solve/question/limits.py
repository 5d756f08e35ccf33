"""Limits: what may be limited, and how people write it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from advisor.errors import AdvisorError, closest, shown
from advisor.quantities import Dimension, parse, written_as
from advisor.solve.question.metrics import KEYS_BY_NAME, METRICS, TAILS

LEAST_ACCURACY = 1.0
"""In percent; what is below is a share that was meant as a percentage."""

Sense: TypeAlias = Literal["min", "max"]

_ORDER = ("fps", "latency", "energy", "power", "memory", "accuracy", "params", "ops", "hours")

NATURAL: Mapping[str, Sense] = {
    name: "min" if METRICS[KEYS_BY_NAME[name]].more_is_better else "max"
    for name in (*_ORDER, *(name for name in KEYS_BY_NAME if name not in _ORDER))
}
"""What can be limited, in the order in which answers list it, and which way it usually is."""

SIGNS: Mapping[Sense, str] = {"min": ">=", "max": "<="}
_SIGNED = re.compile(r"\s*(>=|<=)\s*(.*)", re.DOTALL)
_CONDITION = re.compile(r"\s*([A-Za-z][A-Za-z0-9_-]*)\s*(>=|<=)\s*([^<>=]*)", re.DOTALL)


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
    def key(self) -> str:
        """What tells it from the question's other limits: its name, and "max" or "min" if unusual."""
        return self.name if self.is_natural else f"{self.name}:{self.sense}"

    @property
    def is_natural(self) -> bool:
        """Whether it is the way that this metric usually is limited."""
        return self.sense == NATURAL[self.name]

    @property
    def sets_rate(self) -> bool:
        """Whether it is the required frame rate, at which batches fill and the board rests."""
        return self.name == "fps" and self.sense == "min"

    @property
    def limit_text(self) -> str:
        """The limit as it can be typed, such as "33 ms@p99"."""
        tail = "" if self.statistic == "median" else f"@{self.statistic}"
        return written_as(self.limit, self.dimension) + tail

    def __str__(self) -> str:
        return f"{self.name} {SIGNS[self.sense]} {self.limit_text}"


def read_limits(
    limits: Mapping[str, object], where: Iterable[str] = ()
) -> dict[tuple[str, Sense], Constraint]:
    """Limits by name and sense.

    Args:
        limits: by the metric's name: a figure with its unit ("33 ms", limited as is usual), one with a
            sign (">= 30"), or a mapping of "min" and "max" to figures; `None` for no limit.
        where: conditions such as "params <= 25M".

    Raises:
        AdvisorError: something cannot be read, or is limited twice.
    """
    written = [
        one for name in limits if limits[name] is not None for one in _written(name, limits[name])
    ]
    found: dict[tuple[str, Sense], Constraint] = {}
    for constraint in [*written, *map(_condition, where)]:
        key = (constraint.name, constraint.sense)
        if key in found:
            raise AdvisorError(
                f"{constraint.name} is limited twice: {found[key]}, {constraint}",
                "keep one of them",
            )
        found[key] = constraint
    return found


def in_order(limits: Mapping[tuple[str, Sense], Constraint]) -> tuple[Constraint, ...]:
    """The limits in the order in which answers list them.

    Raises:
        AdvisorError: a least and a most exclude each other.
    """
    for (name, sense), least in limits.items():
        most = limits.get((name, "max"))
        if sense == "min" and most and most.metric == least.metric and most.limit < least.limit:
            raise AdvisorError(f"no {name} meets {least} and {most}", "loosen one of them")
    names = list(NATURAL)
    return tuple(sorted(limits.values(), key=lambda each: (names.index(each.name), each.sense)))


def check_name(name: str) -> None:
    """Make sure that something can be limited.

    Raises:
        AdvisorError: it cannot.
    """
    if name == "batch":
        raise AdvisorError("batch is chosen, not limited", "name the sizes: --batch 1,4")
    if name not in NATURAL:
        raise AdvisorError(f"unknown limit {shown(name)}", closest(name, NATURAL))


def _written(name: str, limit: object) -> list[Constraint]:
    check_name(name)
    if isinstance(limit, Mapping):
        unknown = [key for key in limit if key not in SIGNS]
        if unknown or not limit:
            what = f"{shown(str(unknown[0]))} is neither" if unknown else "nothing is limited:"
            raise AdvisorError(f"{name}: {what} min nor max", "write it like {min: 30}")
        return [constraint(name, sense, str(limit[sense])) for sense in SIGNS if sense in limit]
    signed = _SIGNED.fullmatch(str(limit))
    if signed is None:
        return [constraint(name, NATURAL[name], str(limit))]
    sign, text = signed.groups()
    return [constraint(name, _sense(sign), text)]


def _condition(text: str) -> Constraint:
    match = _CONDITION.fullmatch(str(text))
    if match is None:
        raise AdvisorError(
            f"where: {shown(str(text))} is no condition",
            "write it like 'params <= 25M' or 'fps >= 30', one sign each",
        )
    name, sign, limit = match.groups()
    check_name(name)
    return constraint(name, _sense(sign), limit)


def _sense(sign: str) -> Sense:
    return "min" if sign == ">=" else "max"


def constraint(name: str, sense: Sense, limit: str) -> Constraint:
    """A limit from its text, such as "33 ms@p99".

    Raises:
        AdvisorError: the text cannot be read as that.
    """
    metric = METRICS[KEYS_BY_NAME[name]]
    text, at, tail = limit.partition("@") if name == "latency" else (limit, "", "")
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
    return Constraint(name, key, sense, value, statistic)
