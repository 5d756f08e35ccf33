"""What a board's runs say together, on made-up runs whose truth is known."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from advisor.measuring.between_runs import BetweenRuns, RunCentre, allowance
from tests.benchmarks.measuring_simulated import KINDS, held

USUAL = 0.03


def runs(*levels: float, cells: int = 10, error: float = 0.001) -> BetweenRuns:
    """Runs without noise of these levels; cell `n` takes `10 + n` ms."""
    centres = [
        RunCentre(f"cell {cell}", run, math.log(10 + cell) + level, error, 16)
        for run, level in enumerate(levels)
        for cell in range(cells)
    ]
    return BetweenRuns(centres, USUAL)


@pytest.mark.parametrize("kind", KINDS)
def test_the_interval_of_two_runs_holds_what_another_finds(kind: str) -> None:
    shares, _ = held(KINDS[kind], 6, 2, 30, USUAL)
    error = 2 * float(np.std(shares)) / math.sqrt(len(shares))
    assert np.mean(shares) + error > 0.85


def test_without_noise_between_runs_two_of_them_promise_hardly_too_much() -> None:
    shares, two = held(KINDS["each session by itself, 8 %"], 14, 2, 20, USUAL)
    _, five = held(KINDS["each session by itself, 8 %"], 14, 5, 20, USUAL)
    assert np.mean(shares) < 0.99
    assert five < two < 0.08


def test_a_single_run_takes_over_how_much_levels_usually_differ() -> None:
    said = runs(0.0)
    assert said.most_days == 1
    assert said.seen is None
    figure = said.pooled("cell 0")
    assert figure.median_ms == pytest.approx(10)
    half = math.log(figure.high_ms / figure.median_ms)
    assert half == pytest.approx(1.645 * USUAL * math.sqrt(2), rel=0.01)
    assert said.level_within == pytest.approx(math.expm1(half), rel=0.01)


def test_runs_of_one_day_say_nothing_of_another() -> None:
    one_day = BetweenRuns(runs(0.0, 0.001).centres, USUAL, ["2026-01-01", "2026-01-01"])
    two_days = BetweenRuns(runs(0.0, 0.001).centres, USUAL, ["2026-01-01", "2026-01-02"])
    assert (one_day.most_days, two_days.most_days) == (1, 2)
    assert one_day.level_within > 1.645 * USUAL * math.sqrt(1.5)
    assert two_days.level_within < 0.5 * one_day.level_within


def test_a_run_that_timed_nothing_says_nothing_of_another_day() -> None:
    """Stopped before its first session, it stands between others or before them."""
    later = [replace(each, run=2) for each in runs(0.0).centres]
    for centres, days in (
        (runs(0.0).centres, ["2026-01-01", "2026-01-02"]),
        ([replace(each, run=1) for each in runs(0.0).centres], ["2026-01-01", "2026-01-02"]),
    ):
        said = BetweenRuns(centres, USUAL, days)
        assert said.most_days == 1
        assert said.level_within == pytest.approx(runs(0.0).level_within)
    between = BetweenRuns([*runs(0.0).centres, *later], USUAL, ["first", "nothing", "last"])
    assert (between.most_days, between.runs_behind("cell 0")) == (2, [0, 2])


def test_runs_that_agree_narrow_the_interval_and_runs_that_differ_widen_it() -> None:
    def half(*levels: float) -> float:
        figure = runs(*levels).pooled("cell 3")
        return math.log(figure.high_ms / figure.median_ms)

    assert half(0.0, 0.001) < half(0.0) < half(-0.05, 0.05)
    assert half(-0.05, 0.05, -0.04, 0.04) < half(-0.05, 0.05)
    assert runs(-0.05, 0.05).seen == pytest.approx(0.05 * math.sqrt(2))


def test_a_cell_of_a_single_run_is_corrected_for_the_level_of_that_run() -> None:
    slow = runs(0.0, 0.1)
    alone = RunCentre("alone", 1, math.log(20) + 0.1, 0.001, 16)
    said = BetweenRuns([*slow.centres, alone], USUAL)
    assert said.effects == pytest.approx([-0.05, 0.05])
    assert said.runs_behind("alone") == [0, 1]
    assert said.pooled("alone").median_ms == pytest.approx(20 * math.exp(0.05), rel=0.002)


def test_a_level_that_a_single_noisy_cell_shows_moves_hardly_anything() -> None:
    quiet = [RunCentre(f"cell {cell}", 0, math.log(10 + cell), 0.05, 16) for cell in range(10)]
    again = RunCentre("cell 0", 1, math.log(10) + 0.05, 0.05, 16)
    said = BetweenRuns([*quiet, again], USUAL)
    assert said.effects == pytest.approx([-0.025, 0.025])
    assert said.pooled("cell 5").median_ms == pytest.approx(15, rel=0.01)


def test_runs_without_a_cell_in_common_say_nothing_of_each_other() -> None:
    others = [RunCentre("other", 1, math.log(5), 0.001, 16)]
    said = BetweenRuns([*runs(0.3).centres, *others], USUAL)
    assert said.effects == pytest.approx([0.0, 0.0], abs=1e-12)
    assert (said.most_days, said.seen) == (1, None)
    assert said.pooled("other").median_ms == pytest.approx(5)


def test_a_cell_that_deviates_more_than_the_others_has_the_wider_interval() -> None:
    random = np.random.default_rng(3)
    centres = [
        RunCentre(
            f"cell {cell}",
            run,
            math.log(10 + cell) + random.normal(0, 0.2 if cell == 0 else 0.01),
            0.01,
            16,
        )
        for run in range(5)
        for cell in range(10)
    ]
    said = BetweenRuns(centres, USUAL)
    wide, narrow = (said.pooled(f"cell {cell}") for cell in (0, 5))
    assert math.log(wide.high_ms / wide.low_ms) > 2 * math.log(narrow.high_ms / narrow.low_ms)


def test_the_allowance_is_that_of_students_t() -> None:
    assert allowance(2) == pytest.approx(6.314 / 1.645, rel=0.001)
    assert allowance(8) == pytest.approx(1.895 / 1.645, rel=0.001)
