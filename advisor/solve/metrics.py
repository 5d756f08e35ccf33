"""The metrics of a candidate: what they are called, and the formulas that derive one from another.

Formulas work on columns (`Values`) and carry the 90 % intervals along. Errors of latency, power and
idle power are taken as independent: they add in quadrature, on the logarithm in a product.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.records import Values
from advisor.quantities import (
    COUNT,
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
    from numpy.typing import NDArray

    from advisor.catalog.records import Integers

    Exact = NDArray[np.floating] | float


@dataclass(frozen=True)
class Metric:
    """Something that a candidate is judged by.

    Attributes:
        key: its name in Python, JSON and CSV, with its unit.
        name: what people type.
        title: what people read.
        dimension: how its limits are written.
        more_is_better: whether it is to be large.
    """

    key: str
    name: str
    title: str
    dimension: Dimension
    more_is_better: bool = False


_ALL = (
    Metric("accuracy_top1_percent", "accuracy", "top-1 accuracy", PERCENT, more_is_better=True),
    Metric("latency_ms", "batch-latency", "latency of the batch", TIME),
    Metric("time_per_image_ms", "time", "time per image", TIME),
    Metric("response_ms", "latency", "response", TIME),
    Metric("fps", "fps", "frame rate", RATE, more_is_better=True),
    Metric("energy_j", "energy", "energy per image", ENERGY),
    Metric("net_power_w", "net-power", "net power", POWER),
    Metric("average_power_w", "power", "average power", POWER),
    Metric("board_energy_j", "board-energy", "board's energy per frame", ENERGY),
    Metric("battery_hours", "hours", "battery life", HOURS, more_is_better=True),
    Metric("memory_mb", "memory", "memory", MEMORY),
    Metric("params", "params", "parameters", COUNT),
    Metric("operations", "ops", "operations", COUNT),
)

METRICS = {metric.key: metric for metric in _ALL}
"""Every metric by its key, in the order in which documents list them."""

KEYS_BY_NAME = {metric.name: metric.key for metric in _ALL}
"""The key of each metric by the name that people type."""

TAILS = {"p90": "response_p90_ms", "p99": "response_p99_ms"}
"""Metrics of the response's tail, which `latency` can limit instead of the median."""


JOULES_PER_WATT_HOUR = 3600.0


def scaled(values: Values, factor: Exact) -> Values:
    """`values` times a factor known exactly."""
    return Values(*(column * factor for column in values))


def shifted(values: Values, offset: Exact) -> Values:
    """`values` plus a term known exactly."""
    return Values(*(column + offset for column in values))


def product(first: Values, second: Values) -> Values:
    """The product of two columns whose errors are independent."""
    value = first.value * second.value
    below = np.hypot(np.log(first.value / first.low), np.log(second.value / second.low))
    above = np.hypot(np.log(first.high / first.value), np.log(second.high / second.value))
    return Values(value, value * np.exp(-below), value * np.exp(above))


def time_per_image_ms(latency_ms: Values, batch: Integers) -> Values:
    """Latency / batch, in ms."""
    return scaled(latency_ms, 1 / batch)


def throughput_fps(latency_ms: Values, batch: Integers) -> Values:
    """Batch / latency, in images per second."""
    images = 1000.0 * batch
    return Values(images / latency_ms.value, images / latency_ms.high, images / latency_ms.low)


def response_ms(
    latency_ms: Values, batch: Integers, fps: float | None, overhead_ms: float
) -> Values:
    """How long a frame waits for its answer, in ms: (batch - 1) / fps + latency + overhead.

    The first frame of a batch waits until the others have come. Without a required frame rate the
    frames are taken to be there already.
    """
    fill_ms = 0.0 if fps is None else (batch - 1) * (1000.0 / fps)
    return shifted(latency_ms, fill_ms + overhead_ms)


def energy_j(latency_ms: Values, batch: Integers, net_power_w: Values) -> Values:
    """Net power x time per image, in J; idle power is left out."""
    return product(net_power_w, scaled(time_per_image_ms(latency_ms, batch), 1e-3))


def average_power_w(
    energy_j: Values, net_power_w: Values, idle_power_w: Values, fps: float | None
) -> Values:
    """Idle power + net power x (fps x time per image), in W; without fps, the board never rests.

    A board that cannot keep up with the frame rate does not rest, either.
    """
    running = net_power_w
    if fps is not None:
        at_rate = scaled(energy_j, fps)
        running = Values(*map(np.minimum, at_rate, net_power_w))
    value = running.value + idle_power_w.value
    below = np.hypot(running.value - running.low, idle_power_w.value - idle_power_w.low)
    above = np.hypot(running.high - running.value, idle_power_w.high - idle_power_w.value)
    return Values(value, value - below, value + above)


def board_energy_j(average_power_w: Values, fps: float | None) -> Values:
    """What the board spends per frame at the required rate, idle power included, in J.

    Unknown without a required rate, since nobody knows then how long the board idles.
    """
    return scaled(average_power_w, np.nan if fps is None else 1 / fps)


def battery_hours(average_power_w: Values, battery_j: float | None) -> Values:
    """How long a battery lasts, in hours; unknown without one."""
    hours = np.nan if battery_j is None else battery_j / JOULES_PER_WATT_HOUR
    power = average_power_w
    return Values(hours / power.value, hours / power.high, hours / power.low)
