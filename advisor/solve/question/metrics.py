"""The metrics of a candidate: what they are called, and the formulas that derive one from another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

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
    from advisor.catalog.records import Floats, Integers


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


def time_per_image_ms(latency_ms: Floats, batch: Integers) -> Floats:
    """Latency / batch, in ms."""
    return latency_ms / batch


def throughput_fps(latency_ms: Floats, batch: Integers) -> Floats:
    """Batch / latency, in images per second."""
    return 1000.0 * batch / latency_ms


def response_ms(
    latency_ms: Floats, batch: Integers, fps: Floats | float | None, overhead_ms: float
) -> Floats:
    """How long a frame waits for its answer, in ms: (batch - 1) / fps + latency + overhead.

    The first frame of a batch waits until the others have come. Without a required frame rate the
    frames are taken to be there already.
    """
    fill_ms = 0.0 if fps is None else (batch - 1) * (1000.0 / fps)
    return latency_ms + (fill_ms + overhead_ms)


def energy_j(latency_ms: Floats, batch: Integers, net_power_w: Floats) -> Floats:
    """Net power x time per image, in J; idle power is left out."""
    return net_power_w * (latency_ms / batch / 1000.0)


def running_power_w(energy_j: Floats, net_power_w: Floats, fps: Floats | float | None) -> Floats:
    """What running adds to the idle power on average, in W: net power x (fps x time per image).

    Without a required frame rate the board never rests, nor does one that cannot keep up with it.
    """
    return net_power_w if fps is None else np.minimum(energy_j * fps, net_power_w)


def average_power_w(
    energy_j: Floats, net_power_w: Floats, idle_power_w: Floats, fps: Floats | float | None
) -> Floats:
    """Idle power + net power x (fps x time per image), in W."""
    return idle_power_w + running_power_w(energy_j, net_power_w, fps)


def board_energy_j(average_power_w: Floats, fps: Floats | float | None) -> Floats:
    """What the board spends per frame at the required rate, idle power included, in J.

    Unknown without a required rate, since nobody knows then how long the board idles.
    """
    return average_power_w * (np.nan if fps is None else 1 / fps)


def battery_hours(average_power_w: Floats, battery_j: float | None) -> Floats:
    """How long a battery lasts, in hours; unknown without one."""
    hours = np.nan if battery_j is None else battery_j / JOULES_PER_WATT_HOUR
    return hours / average_power_w
