"""The formulas, against figures computed by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from advisor.catalog.records import Values
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
    assert only(rising(lambda ms: time_per_image_ms(ms, BATCH), LATENCY)) == (25.0, 22.5, 31.25)
    assert only(falling(lambda ms: throughput_fps(ms, BATCH), LATENCY)) == pytest.approx(
        (40.0, 32.0, 4000 / 90)
    )


def test_a_frame_waits_for_its_batch_to_fill() -> None:
    def response(batch: int, fps: float | None, overhead_ms: float) -> tuple[float, float, float]:
        size = np.array([batch])
        return only(rising(lambda ms: response_ms(ms, size, fps, overhead_ms), LATENCY))

    assert response(4, 20.0, 5.0) == pytest.approx((255.0, 245.0, 280.0))
    assert response(4, None, 5.0) == (105.0, 95.0, 130.0)
    assert response(1, 20.0, 0.0)[0] == 100.0


def test_energy_adds_the_errors_of_time_and_power() -> None:
    value, low, high = only(energy_interval_j(LATENCY, BATCH, POWER))
    assert value == pytest.approx(0.25)
    below = math.hypot(math.log(100 / 90), math.log(10 / 9.5))
    above = math.hypot(math.log(125 / 100), math.log(10.5 / 10))
    assert (low, high) == pytest.approx((0.25 * math.exp(-below), 0.25 * math.exp(above)))


def test_a_part_without_an_interval_counts_as_exact_beside_one_that_has_one() -> None:
    exact = Values(POWER.value, UNKNOWN.low, UNKNOWN.high)
    energy = only(energy_interval_j(LATENCY, BATCH, exact))
    assert energy == pytest.approx((0.25, 0.25 * 0.9, 0.25 * 1.25))
    bare = Values(LATENCY.value, UNKNOWN.low, UNKNOWN.high)
    value, low, high = only(energy_interval_j(bare, BATCH, exact))
    assert value == pytest.approx(0.25)
    assert math.isnan(low)
    assert math.isnan(high)


def test_figures_alone_are_those_of_the_intervals() -> None:
    energy = energy_interval_j(LATENCY, BATCH, POWER)
    assert energy_j(LATENCY.value, BATCH, POWER.value) == energy.value
    for fps in (None, 20.0, 50.0):
        figure = average_power_w(energy.value, POWER.value, IDLE.value, fps)
        assert figure == average_power_interval_w(energy, POWER, IDLE, fps).value


def test_average_power_includes_idle_and_the_duty_cycle() -> None:
    energy = energy_interval_j(LATENCY, BATCH, POWER)
    at_20_fps = average_power_interval_w(energy, POWER, IDLE, 20.0)
    assert only(at_20_fps)[0] == pytest.approx(2.0 + 10.0 * (20 * 0.025))
    value, low, high = only(average_power_interval_w(energy, POWER, IDLE, None))
    error = math.hypot(0.5, 0.1)
    assert (value, low, high) == pytest.approx((12.0, 12.0 - error, 12.0 + error))


def test_a_board_that_cannot_keep_up_runs_flat_out() -> None:
    energy = energy_interval_j(LATENCY, BATCH, POWER)
    assert only(average_power_interval_w(energy, POWER, IDLE, 50.0))[0] == 12.0


def test_average_power_is_unknown_without_idle_power() -> None:
    energy = energy_interval_j(LATENCY, BATCH, POWER)
    assert all(
        math.isnan(each) for each in only(average_power_interval_w(energy, POWER, UNKNOWN, 20.0))
    )
    exact_idle = Values(IDLE.value, UNKNOWN.low, UNKNOWN.high)
    figures = only(average_power_interval_w(energy, POWER, exact_idle, None))
    assert figures == (12.0, 11.5, 12.5)


def test_a_battery_and_a_frame_pay_for_idling_too() -> None:
    power = Values(np.array([4.0]), np.array([2.0]), np.array([5.0]))
    assert only(rising(lambda watts: board_energy_j(watts, 8.0), power)) == (0.5, 0.25, 0.625)
    assert np.isnan(board_energy_j(power.value, None)).all()
    assert only(falling(lambda watts: battery_hours(watts, 36_000.0), power)) == (2.5, 2.0, 5.0)
    assert np.isnan(battery_hours(power.value, None)).all()
