"""Every metric of a candidate, declared once: what it is called, its unit, and the formula it follows.

A formula is a plain function whose parameters name what it needs: inputs, which stand in the catalog or in
the question (`INPUTS`), and other metrics. It is evaluated on columns of figures, on figures with errors, on
samples of them, and on symbols, from which come the metric's column, its interval, its chance of meeting a
limit, where its figures come from, and the same formula on the page.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from advisor.errors import AdvisorError, closest, shown
from advisor.formulas import ABSENT, Expression, endless, leaf, minimum, otherwise
from advisor.quantities import (
    COUNT,
    EFFICIENCY,
    ENERGY,
    HOURS,
    MEMORY,
    PERCENT,
    POWER,
    RATE,
    TIME,
    Dimension,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Result = TypeVar("Result")

JOULES_PER_WATT_HOUR = 3600.0

NEEDS_RATE = "require a frame rate: --fps 30, say"
NEEDS_BATTERY = "give the battery's energy: --battery 10Wh, or battery: 10 Wh in a file"


@dataclass(frozen=True)
class Input:
    """What formulas start from.

    Attributes:
        name: its name, with its unit.
        home: whose figure it is: a row's, a board's, that of weights, an architecture's or the question's.
        uncertain: whether it may have an error.
        needs: of a part of a question, what to say so that it is known.
        seldom: whether few boards report it, so that formulas have another way beside it.
        exact: whether whoever states it knows it exactly, as the size of a file.
    """

    name: str
    home: Literal["row", "board", "weights", "architecture", "question"]
    uncertain: bool = True
    needs: str = ""
    seldom: bool = False
    exact: bool = False


INPUTS: Mapping[str, Input] = {
    each.name: each
    for each in (
        Input("latency_ms", "row"),
        Input("latency_p90_ms", "row", uncertain=False),
        Input("latency_p99_ms", "row", uncertain=False),
        Input("throughput_fps", "row", seldom=True),
        Input("net_power_w", "row"),
        Input("gross_power_w", "row", seldom=True),
        Input("memory_mb", "row"),
        Input("file_size_mb", "row", seldom=True, exact=True),
        Input("batch", "row", uncertain=False),
        Input("idle_power_w", "board"),
        Input("certain_idle_w", "board"),
        Input("accuracy_percent", "weights"),
        Input("top5_percent", "weights"),
        Input("params", "architecture"),
        Input("operations", "architecture"),
        Input("required_fps", "question", uncertain=False, needs=NEEDS_RATE),
        Input("arrival_fps", "question", uncertain=False),
        Input("overhead_ms", "question", uncertain=False),
        Input("battery_j", "question", uncertain=False, needs=NEEDS_BATTERY),
    )
}
"""What formulas may name. `idle_power_w` may be an upper bound, of which `certain_idle_w` is what is drawn at
least, 0; else both are the same. `required_fps` is unknown where no frame rate is required; `arrival_fps`, at
which images arrive, is infinite there: they are all there already."""


SELDOM = tuple(name for name, each in INPUTS.items() if each.seldom)
"""The inputs that few boards report."""


@dataclass(frozen=True)
class Metric:
    """Something that a candidate is judged by.

    Attributes:
        key: its name in Python, JSON and CSV, with its unit; that of its formula.
        name: what people type.
        title: what people read.
        dimension: how its limits are written, and its unit.
        heading: what stands above a column of it.
        formula: how it follows from what its parameters name; its docstring says it in words.
        more_is_better: whether it is to be large.
        synonyms: what people may type, too.
        option: the help of the option that limits it; without one it is limited by a condition.
        option_metavar: what that option takes.
        statistic: "median", or the tail of the metric `name` that it is: "p90" or "p99".
    """

    key: str
    name: str
    title: str
    dimension: Dimension
    heading: str
    formula: Callable[..., Any]
    more_is_better: bool = False
    synonyms: tuple[str, ...] = ()
    option: str = ""
    option_metavar: str = ""
    statistic: str = "median"

    @property
    def unit(self) -> str:
        """Its unit, for people; empty for a count."""
        return self.dimension.unit

    @property
    def argument(self) -> str:
        """Its name as an argument in Python."""
        return self.name.replace("-", "_")

    @cached_property
    def changes_with_rate(self) -> bool:
        """Whether it depends on the required frame rate."""
        return not {"required_fps", "arrival_fps"}.isdisjoint(expression(self.key).count)


METRICS: dict[str, Metric] = {}
"""Every metric by its key, in the order in which tables and documents list them."""

TAILS: dict[str, Metric] = {}
"""Metrics of a tail by their key; a limit such as "33ms@p99" is on one, and no other place lists them."""


PARTS: dict[str, Callable[..., Any]] = {}
"""What several metrics follow from and nobody asks for by itself, as formulas by name."""


def _part(formula: Callable[..., Any]) -> Callable[..., Any]:
    """Declare a part of formulas, which may name it."""
    PARTS[formula.__name__] = formula
    return formula


@_part
def busy_ms(throughput_fps: Floats, latency_ms: Floats, batch: Floats) -> Floats:
    """How long the board is busy per image: 1 / throughput where that is reported, else latency / batch.

    Accelerators that begin the next image before the last one is done take less than a latency for each.
    """
    return otherwise(1000.0 / throughput_fps, latency_ms / batch)


@_part
def above_idle_w(net_power_w: Floats, gross_power_w: Floats, certain_idle_w: Floats) -> Floats:
    """Net power; where only gross power is known, what of it is above idle.

    Of an idle power that is known as an upper bound nothing is taken off: the interval goes down to gross
    power - bound, and a limit is met for certain only if gross power meets it.
    """
    return otherwise(net_power_w, gross_power_w - certain_idle_w)


def _metric(
    name: str, title: str, dimension: Dimension, heading: str, **more: Any
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a metric whose formula is the decorated function, and whose key is that one's name."""

    def declare(formula: Callable[..., Any]) -> Callable[..., Any]:
        metric = Metric(formula.__name__, name, title, dimension, heading, formula, **more)
        (METRICS if metric.statistic == "median" else TAILS)[metric.key] = metric
        return formula

    return declare


@_metric(
    "accuracy",
    "accuracy",
    PERCENT,
    "accuracy",
    more_is_better=True,
    option="Least accuracy, in the metric of the task; of classification top-1.",
    option_metavar="PERCENT",
)
def accuracy_percent(accuracy_percent: Floats) -> Floats:
    """How well the network does its task, in the metric and on the data set that the answer names."""
    return accuracy_percent


@_metric(
    "fps",
    "frame rate",
    RATE,
    "rate",
    more_is_better=True,
    option="Least throughput, images per second.",
    option_metavar="N",
)
def fps(throughput_fps: Floats, batch: Floats, latency_ms: Floats) -> Floats:
    """Throughput where the source reports it, else batch / latency, in images per second."""
    return otherwise(throughput_fps, 1000.0 * batch / latency_ms)


@_metric("top5", "top-5 accuracy", PERCENT, "top-5", more_is_better=True)
def accuracy_top5_percent(top5_percent: Floats) -> Floats:
    """Share of images whose right answer is among the first five, single central crop."""
    return top5_percent


def _response_ms(
    latency_ms: Floats, batch: Floats, arrival_fps: Floats, overhead_ms: Floats
) -> Floats:
    return latency_ms + ((batch - 1) * (1000.0 / arrival_fps) + overhead_ms)


@_metric(
    "response",
    "response",
    TIME,
    "response",
    synonyms=("latency",),
    option="Longest response, of the median or of the tail. With --fps it includes the wait for the batch "
    "to fill.",
    option_metavar="TIME[@p90|@p99]",
)
def response_ms(
    latency_ms: Floats, batch: Floats, arrival_fps: Floats, overhead_ms: Floats
) -> Floats:
    """How long an image waits for its answer: (batch - 1) / required fps + latency + overhead.

    The first image of a batch waits until the others have come. Without a required frame rate the images
    are taken to be there already.
    """
    return _response_ms(latency_ms, batch, arrival_fps, overhead_ms)


@_metric("response", "p90 of the response", TIME, "p90 resp.", statistic="p90")
def response_p90_ms(
    latency_p90_ms: Floats, batch: Floats, arrival_fps: Floats, overhead_ms: Floats
) -> Floats:
    """The response by the latency's 90th percentile."""
    return _response_ms(latency_p90_ms, batch, arrival_fps, overhead_ms)


@_metric("response", "p99 of the response", TIME, "p99 resp.", statistic="p99")
def response_p99_ms(
    latency_p99_ms: Floats, batch: Floats, arrival_fps: Floats, overhead_ms: Floats
) -> Floats:
    """The response by the latency's 99th percentile."""
    return _response_ms(latency_p99_ms, batch, arrival_fps, overhead_ms)


@_metric("batch-latency", "latency of the batch", TIME, "latency")
def batch_latency_ms(latency_ms: Floats) -> Floats:
    """Latency of a whole batch: the median, unless its row says otherwise."""
    return latency_ms


@_metric("time", "time per image", TIME, "time")
def time_per_image_ms(latency_ms: Floats, batch: Floats) -> Floats:
    """Latency / batch."""
    return latency_ms / batch


@_metric(
    "energy",
    "energy per image",
    ENERGY,
    "energy",
    option="Most energy per image, idle power left out.",
    option_metavar="ENERGY",
)
def energy_j(above_idle_w: Floats, busy_ms: Floats) -> Floats:
    """Net power x time per image (1 / throughput where that is reported); idle power is left out."""
    return above_idle_w * (busy_ms / 1000.0)


@_metric("gross-energy", "gross energy per image", ENERGY, "gross energy")
def gross_energy_j(gross_power_w: Floats, busy_ms: Floats) -> Floats:
    """Gross power x time per image (1 / throughput where that is reported); idle power is in it.

    Nothing to hold against the net energy of others: it is what there is where idle power is unknown.
    """
    return gross_power_w * (busy_ms / 1000.0)


@_metric("net-power", "net power", POWER, "net power")
def net_power_w(above_idle_w: Floats) -> Floats:
    """Watts above idle while running; where the source has gross power, that less idle power."""
    return above_idle_w


@_metric(
    "power",
    "average power",
    POWER,
    "power",
    option="Most average power, idle included: at --fps, else running flat out.",
    option_metavar="POWER",
)
def average_power_w(
    idle_power_w: Floats,
    net_power_w: Floats,
    gross_power_w: Floats,
    arrival_fps: Floats,
    busy_ms: Floats,
) -> Floats:
    """Idle power + net power x the share of time that the board runs, required fps / throughput.

    Where only gross power is known, net power is what of it is not idle power. Without a required frame rate
    the board never rests, nor does one that cannot keep up with it.
    """
    if endless(arrival_fps):
        return otherwise(idle_power_w + net_power_w, gross_power_w)
    busy = minimum(arrival_fps * (busy_ms / 1000.0), 1.0)
    return idle_power_w + otherwise(net_power_w, gross_power_w - idle_power_w) * busy


@_metric("board-energy", "board's energy per frame", ENERGY, "board energy")
def board_energy_j(average_power_w: Floats, required_fps: Floats) -> Floats:
    """What the board spends per frame at the required rate, idle power included.

    Unknown without a required rate, since nobody knows then how long the board idles.
    """
    return average_power_w / required_fps


@_metric(
    "hours",
    "battery life",
    HOURS,
    "battery",
    more_is_better=True,
    option="How long the battery is to last.",
    option_metavar="HOURS",
)
def battery_hours(battery_j: Floats, average_power_w: Floats) -> Floats:
    """The battery's energy / average power; unknown without a battery."""
    return (battery_j / JOULES_PER_WATT_HOUR) / average_power_w


@_metric("fps-per-watt", "frame rate per watt", EFFICIENCY, "fps per watt", more_is_better=True)
def fps_per_watt(fps: Floats, arrival_fps: Floats, average_power_w: Floats) -> Floats:
    """Images per second, no more than are required, and watt of average power."""
    return minimum(fps, arrival_fps) / average_power_w


@_metric("memory", "memory", MEMORY, "memory", option="Most memory.", option_metavar="SIZE")
def memory_mb(memory_mb: Floats) -> Floats:
    """Peak memory needed to serve the batch, MB = 1e6 bytes."""
    return memory_mb


@_metric(
    "file-size",
    "file size",
    MEMORY,
    "file",
    synonyms=("file_size",),
    option="Largest file, or files, that the network is served from.",
    option_metavar="SIZE",
)
def file_size_mb(file_size_mb: Floats) -> Floats:
    """Size on disk of what the network is served from, weights beside it included, MB = 1e6 bytes."""
    return file_size_mb


@_metric("params", "parameters", COUNT, "params", option="Most parameters.", option_metavar="COUNT")
def params(params: Floats) -> Floats:
    """Trainable numbers of the network."""
    return params


@_metric(
    "ops",
    "operations",
    COUNT,
    "ops",
    option="Most operations per image; a multiply and an add are two.",
    option_metavar="COUNT",
)
def operations(operations: Floats) -> Floats:
    """Floating-point operations of one image's forward pass, a multiply and an add counted as two."""
    return operations


EVERY: Mapping[str, Metric] = {**METRICS, **TAILS}
"""Every metric by its key, tails included."""

_SPELT = {
    **{metric.name: metric for metric in METRICS.values()},
    **{name: metric for metric in METRICS.values() for name in metric.synonyms},
}

BY_NAME: Mapping[str, Metric] = {**_SPELT, **METRICS}
"""Every metric by what people may type: its name, synonyms behind the names, keys behind these."""

NAMES = tuple(metric.name for metric in METRICS.values())
"""What people type for each metric, synonyms left out."""


def metric_named(name: object, what: str) -> Metric:
    """The metric that people mean by its name, a synonym or its key.

    Args:
        name: what they typed.
        what: what it was to be, such as "limit".

    Raises:
        AdvisorError: there is none.
    """
    if not isinstance(name, str) or name not in BY_NAME:
        raise AdvisorError(f"unknown {what} {shown(str(name))}", closest(str(name), _SPELT))
    return BY_NAME[name]


def tail_of(metric: Metric, statistic: str) -> Metric | None:
    """The tail of a metric, such as "p99"; `None` where it has none such."""
    tails = (each for each in TAILS.values() if each.name == metric.name)
    return next((each for each in tails if each.statistic == statistic), None)


def formula_of(name: str) -> Callable[..., Any]:
    """The formula of a metric or a part."""
    return PARTS.get(name) or EVERY[name].formula


@cache
def parameters_of(name: str) -> tuple[str, ...]:
    """What the formula of a metric or a part names: inputs, metrics and parts."""
    return tuple(inspect.signature(formula_of(name)).parameters)


def evaluate(key: str, figure_of: Callable[[str], Any]) -> Any:
    """A metric by its formula.

    Args:
        key: the metric's key.
        figure_of: the figure of an input, as whatever the formula is to be evaluated on.

    Returns:
        NaN where it follows from what is `ABSENT`.
    """
    known: dict[str, Any] = {}

    def resolved(name: str) -> Any:
        if name not in known:
            known[name] = figure_of(name) if name in INPUTS else computed(name)
        return known[name]

    def computed(name: str) -> Any:
        return formula_of(name)(*map(resolved, parameters_of(name)))

    found = computed(key)
    return math.nan if found is ABSENT else found


@cache
def expression(
    key: str, *, at_rate: bool = True, absent: frozenset[str] = frozenset()
) -> Expression:
    """A metric's formula in terms of inputs alone.

    Args:
        key: the metric's key.
        at_rate: whether a frame rate is required; without one, what only matters then is not in it.
        absent: inputs of which nobody has a figure; formulas go the other way, where they have one.
    """

    def symbol(name: str) -> Any:
        if name in absent:
            return ABSENT
        return leaf(math.inf if name == "arrival_fps" and not at_rate else name)

    found: Any = evaluate(key, symbol)
    return leaf(found)


@cache
def inputs_of(key: str, *, at_rate: bool, absent: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """The inputs that a metric follows from; see `expression`."""
    return tuple(expression(key, at_rate=at_rate, absent=absent).count)
