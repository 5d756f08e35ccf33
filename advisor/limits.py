"""Limits of metrics: what may be limited, and how people write it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, TypeAlias

from advisor.documents import computed
from advisor.errors import AdvisorError, shown
from advisor.metrics import BY_NAME, EVERY, Metric, metric_named, tail_of
from advisor.quantities import PERCENT, Dimension, parse, parse_cost, written_as

LEAST_PERCENT = 1.0
"""What is below is a share that was meant as a percentage."""

Sense: TypeAlias = Literal["min", "max"]

SIGNS: Mapping[Sense, str] = {"min": ">=", "max": "<="}
_SIGNED = re.compile(r"\s*(>=|<=)\s*(.*)", re.DOTALL)
_CONDITION = re.compile(r"\s*([A-Za-z][A-Za-z0-9_-]*)\s*(>=|<=)\s*([^<>=]*)", re.DOTALL)
_OTHER_SIGN = re.compile(r"\s*(=[<>]|[<>=]|==)\s*[^<>=]*")
_SAME_SIGN = str.maketrans(
    {"\N{GREATER-THAN OR EQUAL TO}": ">=", "\N{LESS-THAN OR EQUAL TO}": "<="}
)


USUAL_PREFIXES = {"params": "M", "ops": "G"}
"""The SI prefixes that limits on what a network costs usually have."""


@dataclass(frozen=True)
class Constraint:
    """One limit.

    Attributes:
        name: the metric's name, such as "energy".
        metric: key of the metric that it limits, or of that metric's tail.
        sense: whether `limit` is the least ("min") or the most ("max") that is accepted.
        limit: in the unit that the metric's key names.
        statistic: "median", or the tail of the metric that is limited: "p90" or "p99".
        typed: the name by which people gave it: the metric's, a synonym, or the metric's key.
        doubt: why that limit is hardly meant; "" where nothing says so.
    """

    UNDOCUMENTED: ClassVar = ("typed", "doubt")

    name: str
    metric: str
    sense: Sense
    limit: float
    statistic: str = "median"
    typed: str = field(default="", compare=False, repr=False)
    doubt: str = field(default="", compare=False, repr=False)

    @property
    def dimension(self) -> Dimension:
        """How the limit is written."""
        return EVERY[self.metric].dimension

    @computed
    def key(self) -> str:
        """What distinguishes it from the question's other limits: its name, and "max" or "min" if unusual."""
        return self.name if self.is_natural else f"{self.name}:{self.sense}"

    @property
    def is_natural(self) -> bool:
        """Whether it is the way that this metric usually is limited."""
        return self.sense == natural_sense(EVERY[self.metric])

    @property
    def sets_rate(self) -> bool:
        """Whether it is the required frame rate, at which batches fill and the board rests."""
        return self.name == "fps" and self.sense == "min"

    @computed
    def limit_text(self) -> str:
        """The limit as it can be typed, such as "33 ms@p99"."""
        tail = "" if self.statistic == "median" else f"@{self.statistic}"
        return written_as(self.limit, self.dimension) + tail

    def __str__(self) -> str:
        return f"{self.name} {SIGNS[self.sense]} {self.limit_text}"


def natural_sense(metric: Metric) -> Sense:
    """Which way a metric usually is limited."""
    return "min" if metric.more_is_better else "max"


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
            raise limited_twice(found[key], constraint)
        found[key] = constraint
    return found


def limited_twice(one: Constraint, other: Constraint) -> AdvisorError:
    """What to say of two limits of one metric on the same side, as they were typed."""
    both = ", ".join(f"{each.typed} {SIGNS[each.sense]} {each.limit_text}" for each in (one, other))
    return AdvisorError(f"{one.name} is limited twice: {both}", "keep one of them")


def in_order(limits: Mapping[tuple[str, Sense], Constraint]) -> tuple[Constraint, ...]:
    """The limits in the order in which answers list them.

    Raises:
        AdvisorError: a least and a most exclude each other.
    """
    for (name, sense), least in limits.items():
        most = limits.get((name, "max"))
        if sense == "min" and most and most.metric == least.metric and most.limit < least.limit:
            raise AdvisorError(f"no {name} meets {least} and {most}", "loosen one of them")
    keys = list(EVERY)
    return tuple(sorted(limits.values(), key=lambda each: (keys.index(each.metric), each.sense)))


def limited_metric(name: str) -> Metric:
    """The metric of that name.

    Raises:
        AdvisorError: nothing of that name can be limited.
    """
    if name == "batch":
        raise AdvisorError("batch is chosen, not limited", "name the sizes: --batch 1,4")
    return metric_named(name, "limit")


def _written(name: str, limit: object) -> list[Constraint]:
    metric = limited_metric(name)
    if isinstance(limit, Mapping):
        unknown = [key for key in limit if key not in SIGNS]
        if unknown or not limit:
            what = f"{shown(str(unknown[0]))} is neither" if unknown else "nothing is limited:"
            raise AdvisorError(f"{name}: {what} min nor max", "write it like {min: 30}")
        return [_read(name, sense, str(limit[sense])) for sense in SIGNS if sense in limit]
    text = str(limit).translate(_SAME_SIGN)
    signed = _SIGNED.fullmatch(text)
    if other := _OTHER_SIGN.fullmatch(text):
        raise AdvisorError(
            f"{name}: {shown(other[1])} in {shown(str(limit))} is no sign of a limit",
            "limits are written with >= and <= only: '>= 30'",
        )
    if signed is None:
        return [_read(name, natural_sense(metric), str(limit))]
    return [_read(name, _sense(signed[1]), signed[2])]


def _condition(text: str) -> Constraint:
    match = _CONDITION.fullmatch(str(text).translate(_SAME_SIGN))
    if match is None:
        raise AdvisorError(
            f"where: {shown(str(text))} is not a condition",
            "write it like 'params <= 25M' or 'fps >= 30', one sign each",
        )
    name, sign, limit = match.groups()
    return _read(name, _sense(sign), limit)


def _sense(sign: str) -> Sense:
    return "min" if sign == ">=" else "max"


def _read(name: str, sense: Sense, limit: str) -> Constraint:
    """A limit from its text, such as "33 ms@p99".

    Raises:
        AdvisorError: the text cannot be read as that.
    """
    metric = limited_metric(name)
    text, at, written = limit.partition("@")
    statistic = written.strip() if at else metric.statistic
    limited = tail_of(metric, statistic) if at else metric
    if limited is None:
        tails = [each.statistic for each in EVERY.values() if each.name == metric.name][1:]
        hint = (
            f"write '33ms' for the median, '33ms@{tails[0]}' or '33ms@{tails[-1]}' for the tail"
            if tails
            else f"{metric.name} has no tails: leave out '@{statistic}'"
        )
        raise AdvisorError(f"{name}: unknown statistic {shown(statistic)}", hint)
    value = parse(text, metric.dimension, name)
    if metric.dimension is PERCENT and value < LEAST_PERCENT:
        percent = written_as(100 * value, metric.dimension)
        hint = f"{name} is in percent: did you mean {percent}?"
        raise AdvisorError(f"{name}: {shown(text)} is less than one percent", hint)
    doubt = ""
    if metric.name in USUAL_PREFIXES:
        try:
            parse_cost(text, name, USUAL_PREFIXES[metric.name])
        except AdvisorError as error:
            doubt = str(error)
    return Constraint(metric.name, limited.key, sense, value, statistic, name, doubt)


def limits_schema() -> dict[str, Any]:
    """The JSON Schema of a block of limits."""
    properties = {}
    for name, metric in BY_NAME.items():
        least, most = metric.dimension.range
        figure = {
            "type": ["string", "number"] if "" in metric.dimension.units else "string",
            "minimum": LEAST_PERCENT if metric.dimension is PERCENT else least,
            "maximum": most,
            "pattern": r"^\s*(>=|<=|\u2265|\u2264)?\s*[+]?([0-9]|\.[0-9])",
        }
        usually = "at least" if metric.more_is_better else "at most"
        sides = {"min": figure, "max": figure}
        block = {"type": "object", "properties": sides, "minProperties": 1}
        properties[name] = {
            "description": f"{metric.title.capitalize()}. Without a sign: {usually}.",
            "examples": [metric.dimension.example],
            "anyOf": [figure, {**block, "additionalProperties": False}],
        }
    return {
        "type": ["object", "null"],
        "description": "Limits by metric; a candidate must meet all.",
        "properties": properties,
        "additionalProperties": False,
    }
