"""How the 90 % intervals of what is measured carry over to what is derived from it.

Errors of latency, power and idle power are taken as independent: they add in quadrature, on the logarithm
in a product.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.records import Values
from advisor.solve.metrics import energy_j, running_power_w

if TYPE_CHECKING:
    from advisor.catalog.records import Floats, Integers


def rising(formula: Callable[[Floats], Floats], figure: Values) -> Values:
    """What a formula makes of a figure with which it grows."""
    return Values(*map(formula, figure))


def falling(formula: Callable[[Floats], Floats], figure: Values) -> Values:
    """What a formula makes of a figure with which it falls."""
    return Values(formula(figure.value), formula(figure.high), formula(figure.low))


def energy_interval_j(latency_ms: Values, batch: Integers, net_power_w: Values) -> Values:
    """Energy per image, its relative errors those of latency and power in quadrature."""
    value = energy_j(latency_ms.value, batch, net_power_w.value)
    below = np.hypot(*(np.log(each.value / each.low) for each in (latency_ms, net_power_w)))
    above = np.hypot(*(np.log(each.high / each.value) for each in (latency_ms, net_power_w)))
    return Values(value, value * np.exp(-below), value * np.exp(above))


def average_power_interval_w(
    energy_j: Values, net_power_w: Values, idle_power_w: Values, fps: float | None
) -> Values:
    """Average power, its error those of running and of idling in quadrature."""
    running = Values(
        *(
            running_power_w(energy, power, fps)
            for energy, power in zip(energy_j, net_power_w, strict=True)
        )
    )
    value = idle_power_w.value + running.value
    below = np.hypot(running.value - running.low, idle_power_w.value - idle_power_w.low)
    above = np.hypot(running.high - running.value, idle_power_w.high - idle_power_w.value)
    return Values(value, value - below, value + above)
