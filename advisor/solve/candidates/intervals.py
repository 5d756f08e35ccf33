"""How the 90 % intervals of what is measured carry over to what is derived from it.

Errors of latency, power and idle power are taken as independent: they add in quadrature, on the logarithm
in a product. A part without an interval counts as exact beside one that has one; without any there is no
interval.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.records import Values
from advisor.solve.question.metrics import energy_j, running_power_w

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
    parts = (latency_ms, net_power_w)
    below = _quadrature([np.log(each.value / each.low) for each in parts])
    above = _quadrature([np.log(each.high / each.value) for each in parts])
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
    parts = (running, idle_power_w)
    below = _quadrature([each.value - each.low for each in parts])
    above = _quadrature([each.high - each.value for each in parts])
    return Values(value, value - below, value + above)


def _quadrature(errors: Sequence[Floats]) -> Floats:
    """Independent errors added up; NaN where none is known."""
    known = [~np.isnan(each) for each in errors]
    total = np.sqrt(
        sum(
            np.where(is_known, each, 0.0) ** 2 for is_known, each in zip(known, errors, strict=True)
        )
    )
    return np.where(np.logical_or.reduce(known), total, np.nan)
