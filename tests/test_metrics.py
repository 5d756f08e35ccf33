"""The declared metrics: formulas against figures computed by hand, and errors that carry over."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import advisor
from advisor.catalog.records import Values
from advisor.metrics import EVERY, INPUTS, METRICS, evaluate, expression, inputs_of
from advisor.solve.candidates.uncertainty import Uncertain, sampled_interval

LATENCY, POWER, IDLE = (100.0, 90.0, 125.0), (10.0, 9.5, 10.5), (2.0, 1.9, 2.1)
UNKNOWN = (math.nan, math.nan, math.nan)
SELDOM = frozenset({"throughput_fps", "gross_power_w"})
INSTEAD: dict[str, Any] = {
    "latency_ms": LATENCY,
    "throughput_fps": UNKNOWN,
    "net_power_w": POWER,
    "gross_power_w": UNKNOWN,
    "idle_power_w": IDLE,
    "certain_idle_w": IDLE,
    "batch": 4,
    "overhead_ms": 0.0,
    "arrival_fps": math.inf,
    "required_fps": math.nan,
    "battery_j": math.nan,
}


def at_rate(fps: float, **instead: Any) -> dict[str, Any]:
    return {"arrival_fps": fps, "required_fps": fps, **instead}


def interval(key: str, **instead: Any) -> tuple[float, float, float]:
    """A metric with the ends of its interval."""
    given_figures = {**INSTEAD, **instead}

    def figure(name: str) -> Any:
        figures = given_figures[name]
        return Uncertain(*map(np.float64, figures)) if INPUTS[name].uncertain else figures

    found = evaluate(key, figure)
    return float(found.value), float(found.low), float(found.high)


def test_time_and_throughput() -> None:
    assert interval("time_per_image_ms") == pytest.approx((25.0, 22.5, 31.25))
    assert interval("fps") == pytest.approx((40.0, 32.0, 4000 / 90))


def test_a_frame_waits_for_its_batch_to_fill() -> None:
    assert interval("response_ms", **at_rate(20.0, overhead_ms=5.0)) == pytest.approx(
        (255.0, 245.0, 280.0)
    )
    assert interval("response_ms", overhead_ms=5.0) == pytest.approx((105.0, 95.0, 130.0))
    assert interval("response_ms", **at_rate(20.0, batch=1))[0] == 100.0


def test_a_reported_throughput_goes_before_the_latency() -> None:
    """A published pair: 1,329 images per second, 2.94 ms for each; frames overlap."""
    fast = {"throughput_fps": (1329.0, 1300.0, 1360.0), "latency_ms": (2.94, 2.9, 3.0), "batch": 1}
    assert interval("fps", **fast) == pytest.approx((1329.0, 1300.0, 1360.0))
    assert interval("time_per_image_ms", **fast)[0] == pytest.approx(2.94)
    assert interval("energy_j", **fast)[0] == pytest.approx(10 / 1329)
    at_30 = at_rate(30.0, **fast)
    assert interval("average_power_w", **at_30)[0] == pytest.approx(2 + 10 * 30 / 1329)
    alone = {**fast, "latency_ms": UNKNOWN}
    assert interval("energy_j", **alone)[0] == pytest.approx(10 / 1329)
    for key in ("response_ms", "batch_latency_ms", "time_per_image_ms"):
        assert math.isnan(interval(key, **alone)[0])


def test_net_power_is_gross_power_less_idle() -> None:
    gross = {"net_power_w": UNKNOWN, "gross_power_w": (12.0, 11.7, 12.4)}
    value, low, high = interval("net_power_w", **gross)
    assert value == pytest.approx(10.0)
    assert (low, high) == pytest.approx((10 - math.hypot(0.3, 0.1), 10 + math.hypot(0.4, 0.1)))
    assert interval("energy_j", **gross)[0] == pytest.approx(0.25)
    assert interval("gross_energy_j", **gross)[0] == pytest.approx(0.3)
    assert interval("average_power_w", **gross)[0] == pytest.approx(12.0)
    assert interval("average_power_w", **at_rate(20.0, **gross))[0] == pytest.approx(7.0)


def test_of_an_idle_power_known_as_a_bound_nothing_is_taken_off() -> None:
    gross = {"net_power_w": UNKNOWN, "gross_power_w": (12.0, math.nan, math.nan)}
    bound = {"idle_power_w": (2.0, 0.0, 2.0), "certain_idle_w": (0.0, 0.0, 2.0)}
    assert interval("net_power_w", **gross, **bound) == pytest.approx((12.0, 10.0, 12.0))
    # At half the time busy: no more than 12 W x 0.5 + 2 W x 0.5.
    assert interval("average_power_w", **at_rate(20.0, **gross, **bound))[0] == pytest.approx(7.0)


def test_with_idle_unknown_gross_energy_is_no_net_energy() -> None:
    gross = {
        "net_power_w": UNKNOWN,
        "gross_power_w": (12.0, 11.7, 12.4),
        "idle_power_w": UNKNOWN,
        "certain_idle_w": UNKNOWN,
    }
    assert math.isnan(interval("energy_j", **gross)[0])
    assert math.isnan(interval("net_power_w", **gross)[0])
    assert interval("gross_energy_j", **gross)[0] == pytest.approx(0.3)
    assert interval("average_power_w", **gross)[0] == pytest.approx(12.0)
    assert math.isnan(interval("average_power_w", **at_rate(20.0, **gross))[0])


def test_energy_adds_the_errors_of_time_and_power() -> None:
    value, low, high = interval("energy_j")
    assert value == pytest.approx(0.25)
    below = math.hypot(math.log(100 / 90), math.log(10 / 9.5))
    above = math.hypot(math.log(125 / 100), math.log(10.5 / 10))
    assert (low, high) == pytest.approx((0.25 * math.exp(-below), 0.25 * math.exp(above)))


def test_a_part_without_an_interval_counts_as_exact_beside_one_that_has_one() -> None:
    exact = (10.0, math.nan, math.nan)
    energy = interval("energy_j", net_power_w=exact)
    assert energy == pytest.approx((0.25, 0.25 * 0.9, 0.25 * 1.25))
    bare = (100.0, math.nan, math.nan)
    value, low, high = interval("energy_j", net_power_w=exact, latency_ms=bare)
    assert value == pytest.approx(0.25)
    assert math.isnan(low)
    assert math.isnan(high)


def test_average_power_includes_idle_and_the_duty_cycle() -> None:
    assert interval("average_power_w", **at_rate(20.0))[0] == pytest.approx(2 + 10 * (20 * 0.025))
    error = math.hypot(0.5, 0.1)
    assert interval("average_power_w") == pytest.approx((12.0, 12.0 - error, 12.0 + error))


def test_a_board_that_cannot_keep_up_runs_flat_out() -> None:
    assert interval("average_power_w", **at_rate(50.0))[0] == 12.0


def test_average_power_is_unknown_without_idle_power() -> None:
    unknown = (math.nan, math.nan, math.nan)
    assert math.isnan(interval("average_power_w", idle_power_w=unknown)[0])
    exact_idle = (2.0, math.nan, math.nan)
    found = interval("average_power_w", idle_power_w=exact_idle)
    assert found == pytest.approx((12.0, 11.5, 12.5))


def test_a_battery_and_a_frame_pay_for_idling_too() -> None:
    flat_out = interval("average_power_w")
    value, low, high = interval("battery_hours", battery_j=36_000.0)
    assert (value, low, high) == pytest.approx((10 / 12, 10 / flat_out[2], 10 / flat_out[1]))
    assert interval("board_energy_j", **at_rate(8.0))[0] == pytest.approx((2 + 10 * 0.2) / 8)
    assert math.isnan(interval("board_energy_j")[0])
    assert math.isnan(interval("battery_hours")[0])


ERRORS = st.floats(0.005, 0.5)


@given(st.sampled_from(sorted(METRICS)), st.tuples(ERRORS, ERRORS, ERRORS), st.floats(1, 200))
def test_propagated_intervals_are_those_of_joint_samples(
    key: str, errors: tuple[float, float, float], fps: float
) -> None:
    """In sums the errors are normal, in products lognormal: small ones agree to a few per cent."""
    names = [name for name in inputs_of(key, at_rate=True, absent=SELDOM) if INPUTS[name].uncertain]
    if any(expression(key, absent=SELDOM).count[name] > 1 for name in names) or not names:
        return  # then there are joint samples only
    values = {"latency_ms": 100.0, "net_power_w": 10.0, "idle_power_w": 2.0}
    widths = dict(zip(values, errors, strict=True))
    inputs = {
        name: Values(
            *(
                np.array([values.get(name, 50.0) * math.exp(sign * widths.get(name, 0.1))])
                for sign in (0, -1, 1)
            )
        )
        for name in names
    }
    others = {
        **INSTEAD,
        **at_rate(fps, battery_j=36_000.0),
        **dict.fromkeys({*SELDOM, "certain_idle_w"}, math.nan),
    }
    ends = {name: tuple(float(each[0]) for each in found) for name, found in inputs.items()}
    propagated = interval(key, **at_rate(fps, battery_j=36_000.0), **ends)
    sampled = sampled_interval(
        key, inputs, lambda name: inputs[name].value if name in inputs else others[name]
    )
    for one, other in zip(propagated[1:], (sampled.low, sampled.high), strict=True):
        width = abs(math.log(propagated[2] / propagated[1]))
        assert abs(math.log(one / float(other[0]))) < 0.02 + 0.15 * width * max(errors)


def test_what_matters_only_at_a_frame_rate_is_not_in_a_formula_without_one() -> None:
    needed = inputs_of("average_power_w", at_rate=False, absent=SELDOM)
    assert set(needed) == {"idle_power_w", "net_power_w"}
    assert "latency_ms" in inputs_of("average_power_w", at_rate=True)


def test_every_formula_says_what_it_needs() -> None:
    for key, metric in EVERY.items():
        assert metric.key == key
        assert metric.formula.__doc__
        assert set(expression(key).count) <= set(INPUTS)


def test_a_formula_can_be_read_by_other_languages() -> None:
    assert expression("time_per_image_ms").document() == ["/", "latency_ms", "batch"]
    from_latency = ["/", ["*", 1000.0, "batch"], "latency_ms"]
    assert expression("fps").document() == ["else", "throughput_fps", from_latency]
    assert expression("fps", absent=SELDOM).document() == from_latency
    assert expression("gross_energy_j", absent=SELDOM).document() is None


def test_images_per_second_and_watt_count_those_that_are_required() -> None:
    best = advisor.pick(fps=30, where="fps-per-watt >= 2.5", objective="fps-per-watt").best
    assert best is not None
    assert best.fps_per_watt is not None and best.average_power_w is not None
    assert best.fps_per_watt.value == pytest.approx(30 / best.average_power_w.value)
    idle = advisor.pick(objective="fps-per-watt").best
    assert idle is not None
    assert (
        idle.fps_per_watt is not None and idle.fps is not None and idle.average_power_w is not None
    )
    assert idle.fps_per_watt.value == pytest.approx(idle.fps.value / idle.average_power_w.value)


def test_a_metric_in_which_an_input_stands_twice_has_its_interval_from_samples() -> None:
    """A slower run gives fewer images and, resting less, draws more: the errors add up, not in quadrature."""
    without_rate = expression("fps_per_watt", at_rate=False, absent=SELDOM)
    assert without_rate.count["latency_ms"] == 1
    assert expression("fps_per_watt", absent=SELDOM).count["latency_ms"] == 2
    best = advisor.pick(fps=39, objective="fps-per-watt", confidence="none").best
    assert best is not None
    estimate = best.fps_per_watt
    assert estimate is not None and estimate.low is not None and estimate.high is not None
    assert estimate.low < estimate.value < estimate.high


def test_top5_can_be_limited_and_ranked_by_where_it_is_known() -> None:
    found = advisor.pick(board="xeon-2-cores-vm", fps=20, where="top5 >= 90", objective="top5")
    assert found.best is not None
    assert found.best.accuracy_top5_percent is not None
    assert found.best.accuracy_top5_percent.value >= 90
    unknown = advisor.pick(where="top5 >= 80")
    assert unknown.best is None
    assert unknown.rejections[0].unknown == unknown.considered
