"""How each metric of the candidates follows from what stands in the catalog."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from advisor.catalog.records import Values
from advisor.solve.candidates.candidates import Candidates
from advisor.solve.candidates.intervals import (
    average_power_interval_w,
    energy_interval_j,
    falling,
    rising,
)
from advisor.solve.question.metrics import (
    average_power_w,
    battery_hours,
    board_energy_j,
    energy_j,
    throughput_fps,
    time_per_image_ms,
)

if TYPE_CHECKING:
    from advisor.catalog.records import Floats

    Formula: TypeAlias = Callable[[Candidates, Floats], Floats]

RESTING = ("average_power_w", "battery_hours")
"""Metrics in which the latency only matters where a required frame rate lets the board rest."""

_DUTY = ("latency_ms", "net_power_w", "idle_power_w")


@dataclass(frozen=True)
class Derivation:
    """How a metric is computed.

    Attributes:
        figure: its figures for all candidates.
        values: the same with their intervals.
        parts: what it is computed from, for its origin and sources.
    """

    figure: Callable[[Candidates], Floats]
    values: Callable[[Candidates], Values]
    parts: tuple[str, ...]


def _measured(column: str) -> Derivation:
    """What stands in a column of the measurements."""
    return Derivation(
        lambda these: these.measured_figure(column), lambda these: these.measured(column), (column,)
    )


def _looked_up(look_up: Callable[[Candidates], Values], part: str) -> Derivation:
    """What stands in the catalog beside the measurements."""
    return Derivation(lambda these: look_up(these).value, look_up, (part,))


def _rises(formula: Formula) -> Derivation:
    """What grows with the latency."""
    return Derivation(
        lambda these: formula(these, these.figure("latency_ms")),
        lambda these: rising(lambda each: formula(these, each), these.measured("latency_ms")),
        ("latency_ms",),
    )


def _falls(formula: Formula) -> Derivation:
    """What falls with the latency."""
    return Derivation(
        lambda these: formula(these, these.figure("latency_ms")),
        lambda these: falling(lambda each: formula(these, each), these.measured("latency_ms")),
        ("latency_ms",),
    )


def _tail(column: str) -> Derivation:
    """A response of the latency's tail, whose own error is unknown."""

    def figure(these: Candidates) -> Floats:
        return these.response_ms(getattr(these.measurements, column)[these.rows])

    def values(these: Candidates) -> Values:
        unknown = np.full(len(these), np.nan)
        return Values(figure(these), unknown, unknown)

    return Derivation(figure, values, ("latency_ms",))


def _energy(these: Candidates) -> Floats:
    latency_ms, power_w = map(these.figure, ("latency_ms", "net_power_w"))
    return energy_j(latency_ms, these.batch, power_w)


def _energy_values(these: Candidates) -> Values:
    latency_ms, power_w = map(these.measured, ("latency_ms", "net_power_w"))
    return energy_interval_j(latency_ms, these.batch, power_w)


def _average_power(these: Candidates) -> Floats:
    power_w, idle_w = these.figure("net_power_w"), these.idle_figure_w()
    return average_power_w(these.figure("energy_j"), power_w, idle_w, these.fps)


def _average_power_values(these: Candidates) -> Values:
    power_w, idle_w = these.measured("net_power_w"), these.idle_power_w()
    return average_power_interval_w(these.values("energy_j"), power_w, idle_w, these.fps)


DERIVATIONS: Mapping[str, Derivation] = {
    "accuracy_top1_percent": _looked_up(Candidates.accuracy, "top1_percent"),
    "latency_ms": _measured("latency_ms"),
    "time_per_image_ms": _rises(lambda these, ms: time_per_image_ms(ms, these.batch)),
    "response_ms": _rises(lambda these, ms: these.response_ms(ms)),
    "response_p90_ms": _tail("latency_p90_ms"),
    "response_p99_ms": _tail("latency_p99_ms"),
    "fps": _falls(lambda these, ms: throughput_fps(ms, these.batch)),
    "energy_j": Derivation(_energy, _energy_values, ("latency_ms", "net_power_w")),
    "net_power_w": _measured("net_power_w"),
    "average_power_w": Derivation(_average_power, _average_power_values, _DUTY),
    "board_energy_j": Derivation(
        lambda these: board_energy_j(these.figure("average_power_w"), these.fps),
        lambda these: rising(
            lambda watts: board_energy_j(watts, these.fps), these.values("average_power_w")
        ),
        _DUTY,
    ),
    "battery_hours": Derivation(
        lambda these: battery_hours(these.figure("average_power_w"), these.battery_j),
        lambda these: falling(
            lambda watts: battery_hours(watts, these.battery_j), these.values("average_power_w")
        ),
        _DUTY,
    ),
    "memory_mb": _measured("memory_mb"),
    "params": _looked_up(lambda these: these.complexity("params"), "params"),
    "operations": _looked_up(lambda these: these.complexity("operations"), "operations"),
}
"""Every metric by its key, the tails of the response included."""
