"""What sessions say together, on made-up noise whose truth is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.measuring.statistics import (
    Conditions,
    drift_between,
    hodges_lehmann,
    summarise,
    tail_bound,
    verdict,
)
from advisor.measuring.timing import Counters, Disturbance, between

QUIET = [Disturbance(0.0, 0.0, 2000.0, 0)]


def sessions(
    random: np.random.Generator,
    count: int,
    between: float,
    within: float = 0.02,
    shift: float = 0.0,
) -> list[list[float]]:
    centres = 20 * np.exp(random.normal(shift, between, count))
    return [(centre * np.exp(random.normal(0, within, 15))).tolist() for centre in centres]


def test_one_disturbed_session_hardly_moves_the_centre() -> None:
    random = np.random.default_rng(2)
    calm = sessions(random, 12, 0.02)
    disturbed = [*calm[:-1], [5 * value for value in calm[-1]]]
    assert summarise(disturbed).median_ms == pytest.approx(summarise(calm).median_ms, rel=0.02)
    assert summarise(disturbed).spread_between > 0.1


def test_few_sessions_promise_nothing() -> None:
    one = summarise([[20.0, 21.0]])
    assert one.median_ms == pytest.approx(20.5)
    assert one.half_width_95 == math.inf
    assert (one.sessions, one.repeats) == (1, 2)


def test_more_sessions_narrow_the_interval() -> None:
    random = np.random.default_rng(3)
    few, many = (summarise(sessions(random, count, 0.1)) for count in (6, 60))
    assert many.half_width_95 < few.half_width_95 / 2


@pytest.mark.parametrize(("count", "quantile"), [(29, 0.90), (299, 0.99)])
def test_a_tail_needs_so_many_values_and_no_fewer(count: int, quantile: float) -> None:
    values = np.arange(float(count))
    assert tail_bound(values, quantile) == count - 1
    assert tail_bound(values[:-1], quantile) is None


def test_the_tail_bound_holds_as_often_as_it_says() -> None:
    random = np.random.default_rng(4)
    above = 0
    for _ in range(1000):
        bound = tail_bound(random.exponential(1.0, 100), 0.9)
        assert bound is not None
        above += bound >= math.log(10)  # the exponential's 90th percentile
    assert above / 1000 >= 0.94


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=12))
def test_the_centre_is_that_of_all_pairs(values: list[float]) -> None:
    pairs = [(a + b) / 2 for place, a in enumerate(values) for b in values[place:]]
    assert hodges_lehmann(np.array(values)) == pytest.approx(float(np.median(pairs)))


def test_drift_is_seen_and_noise_is_not_taken_for_it() -> None:
    random = np.random.default_rng(5)
    cells = [f"cell {index % 14}" for index in range(168)]
    noise = np.exp(random.normal(0, 0.1, 168))
    slow = np.exp(0.15 * np.sin(np.linspace(0, 6, 168)))
    calm = drift_between(list(zip(cells, noise, strict=True)))
    drifting = drift_between(list(zip(cells, noise * slow, strict=True)))
    assert calm is not None
    assert drifting is not None
    assert calm[0] < 0.03
    assert 0.07 < drifting[0] < 0.16
    assert all(may_be > seen for seen, may_be in (calm, drifting))
    assert drift_between([("a", 1.0), ("b", 2.0)]) is None


def test_verdicts_name_every_reason() -> None:
    random = np.random.default_rng(6)
    calm, wild = summarise(sessions(random, 16, 0.01)), summarise(sessions(random, 16, 0.3))
    assert verdict(calm, 0.03, 0.0, Conditions(QUIET)) == "stable"
    blind = verdict(calm, 0.03, None, Conditions([Disturbance()]))
    assert blind == "stable (unknown: drift, stolen time, frequency, throttling)"
    on_gpu = verdict(calm, 0.03, 0.0, Conditions(QUIET, on_gpu=True))
    assert on_gpu == "stable (unknown: the accelerator's clock, throttling and other load)"
    assert "only 2 sessions" in verdict(
        summarise(sessions(random, 2, 0.01)), 0.03, 0.0, Conditions(QUIET)
    )
    disturbed = [Disturbance(0.05, 0.2, 1000.0, 0), Disturbance(0.05, 0.2, 2000.0, 3)]
    said = verdict(wild, 0.03, 0.1, Conditions(disturbed, unsettled=8, unsteady=0.2))
    for reason in (
        "noisy: sessions spread by",
        "instead of 3%",
        "machine drifted by 10%",
        "5% of processor time stolen",
        "other load of 20%",
        "frequency from 1100 to 1900 MHz",
        "processor throttled",
        "the heated board still changed by 20%",
        "8 of 16 sessions not warmed up",
    ):
        assert reason in said


def test_stolen_time_and_other_load_come_from_the_counters() -> None:
    before = Counters(
        {"user": 10.0, "system": 1.0, "idle": 100.0, "steal": 0.0, "guest": 5.0}, 2.0, 4, None
    )
    after = Counters(
        {"user": 11.5, "system": 1.0, "idle": 100.4, "steal": 0.1, "guest": 9.0}, 3.0, 5, 900.0
    )
    found = between(before, after)
    assert found.stolen == pytest.approx(0.05)
    assert found.others == pytest.approx(0.25)
    assert (found.mhz, found.throttled) == (900.0, 1)
    nothing = between(
        Counters({"user": 1.0}, 0.0, None, None), Counters({"user": 1.0}, 0.0, 3, None)
    )
    assert nothing == Disturbance()
