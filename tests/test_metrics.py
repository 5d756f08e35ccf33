"""The formulas, against figures computed by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from advisor.catalog.records import Values
from advisor.solve.metrics import (
    average_power_w,
    battery_hours,
    board_energy_j,
    energy_j,
    product,
    response_ms,
    throughput_fps,
    time_per_image_ms,
)

BATCH = np.array([4])
LATENCY = Values(np.array([100.0]), np.array([90.0]), np.array([125.0]))
POWER = Values(np.array([10.0]), np.array([9.5]), np.array([10.5]))
IDLE = Values(np.array([2.0]), np.array([1.9]), np.array([2.1]))
UNKNOWN = Values(*(np.array([math.nan]) for _ in range(3)))


def only(values: Values) -> tuple[float, float, float]:
    value, low, high = (float(column[0]) for column in values)
    return value, low, high


def test_time_and_throughput() -> None:
    assert only(time_per_image_ms(LATENCY, BATCH)) == (25.0, 22.5, 31.25)
    assert only(throughput_fps(LATENCY, BATCH)) == pytest.approx((40.0, 32.0, 4000 / 90))


def test_a_frame_waits_for_its_batch_to_fill() -> None:
    assert only(response_ms(LATENCY, BATCH, 20.0, 5.0)) == pytest.approx((255.0, 245.0, 280.0))
    assert only(response_ms(LATENCY, BATCH, None, 5.0)) == (105.0, 95.0, 130.0)
    assert only(response_ms(LATENCY, np.array([1]), 20.0, 0.0))[0] == 100.0


def test_energy_adds_the_errors_of_time_and_power() -> None:
    value, low, high = only(energy_j(LATENCY, BATCH, POWER))
    assert value == pytest.approx(0.25)
    below = math.hypot(math.log(100 / 90), math.log(10 / 9.5))
    above = math.hypot(math.log(125 / 100), math.log(10.5 / 10))
    assert (low, high) == pytest.approx((0.25 * math.exp(-below), 0.25 * math.exp(above)))


def test_a_product_with_an_unknown_interval_has_none() -> None:
    exact = Values(POWER.value, UNKNOWN.low, UNKNOWN.high)
    value, low, high = only(product(LATENCY, exact))
    assert value == 1000.0
    assert math.isnan(low)
    assert math.isnan(high)


def test_average_power_includes_idle_and_the_duty_cycle() -> None:
    energy = energy_j(LATENCY, BATCH, POWER)
    at_20_fps = average_power_w(energy, POWER, IDLE, 20.0)
    assert only(at_20_fps)[0] == pytest.approx(2.0 + 10.0 * (20 * 0.025))
    value, low, high = only(average_power_w(energy, POWER, IDLE, None))
    error = math.hypot(0.5, 0.1)
    assert (value, low, high) == pytest.approx((12.0, 12.0 - error, 12.0 + error))


def test_a_board_that_cannot_keep_up_runs_flat_out() -> None:
    energy = energy_j(LATENCY, BATCH, POWER)
    assert only(average_power_w(energy, POWER, IDLE, 50.0))[0] == 12.0


def test_average_power_is_unknown_without_idle_power() -> None:
    energy = energy_j(LATENCY, BATCH, POWER)
    assert all(math.isnan(each) for each in only(average_power_w(energy, POWER, UNKNOWN, 20.0)))
    exact_idle = Values(IDLE.value, UNKNOWN.low, UNKNOWN.high)
    value, low, _ = only(average_power_w(energy, POWER, exact_idle, None))
    assert value == 12.0
    assert math.isnan(low)


def test_a_battery_and_a_frame_pay_for_idling_too() -> None:
    power = Values(np.array([4.0]), np.array([2.0]), np.array([5.0]))
    assert only(board_energy_j(power, 8.0)) == (0.5, 0.25, 0.625)
    assert math.isnan(only(board_energy_j(power, None))[0])
    assert only(battery_hours(power, 36_000.0)) == (2.5, 2.0, 5.0)
    assert math.isnan(only(battery_hours(power, None))[0])
