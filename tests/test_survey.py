"""`advisor findings` on many boards: effect sizes, by hand from the boards' own tables."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pytest
from scipy import stats

import advisor
from advisor.catalog.files import shipped_folder
from advisor.catalog.store import Catalog
from advisor.errors import AdvisorError
from advisor.paper.board_data import board_data
from advisor.paper.effects import Effect, mean_effect, rank_effect, slope_effect, spread_effect
from advisor.paper.evidence import ABOVE_BOUND, BY_RATE, PER_IMAGE, Evidence, held_out_errors
from advisor.paper.survey import Survey, SurveyedVariant
from advisor.paper.ten_figures import FIGURES
from tests.conftest import Run

PI = "raspberry-pi-4.mlperf-v2.0-krai"
RANDOM = np.random.default_rng(7)


@pytest.fixture(scope="module")
def raspberries() -> Survey:
    return advisor.survey("raspberry-pi-4")


def rows(board: str, **of: object) -> pd.DataFrame:
    """The shipped rows of a board as pandas reads them."""
    table = pd.read_csv(shipped_folder() / "boards" / board / "measurements.csv")
    for column, value in of.items():
        table = table[table[column] == value]
    return table


def variant(found: Survey, board: str, runtime: str, precision: str) -> SurveyedVariant:
    (only,) = (
        each
        for each in found.variants
        if (each.board, each.runtime, each.precision) == (board, runtime, precision)
    )
    return only


def test_the_spread_of_power_is_that_of_the_table(raspberries: Survey) -> None:
    found = variant(raspberries, PI, "tflite", "fp32")
    gross = rows(PI, runtime="tflite", precision="fp32").gross_power_w.dropna()
    above = np.log(gross - 2.769)  # the least power that the logs of this board have
    assert found.power == ABOVE_BOUND
    assert found.networks == len(gross) == 49
    spread = found.effects.power_spread
    assert spread is not None
    assert spread.value == pytest.approx(above.std(ddof=1))
    assert spread.low < np.log(gross).std(ddof=1) < spread.value < spread.high
    assert spread.value < 0.08  # TFLite saturates the cores, whatever the network


def test_power_depends_on_the_network_where_cores_are_left_idle() -> None:
    found = variant(
        advisor.survey("firefly-rk3588s"), "firefly-rk3588s.mlperf-v2.1-krai", "armnn-neon", "fp32"
    )
    assert found.effects.power_spread is not None
    assert found.effects.power_spread.value > 0.4
    assert found.effects.power_rank is not None
    assert found.effects.power_rank.low > 0.5


def test_time_and_operations_rank_as_scipy_has_it(raspberries: Survey) -> None:
    found = variant(raspberries, PI, "tflite", "int8")
    ran = rows(PI, runtime="tflite", precision="int8")
    known = Catalog.open().architectures
    costs = [known[name].cost("reported") for name in ran.architecture]
    pairs = [
        (cost.operations.value, latency)
        for cost, latency in zip(costs, ran.latency_ms, strict=True)
        if cost and cost.operations
    ]
    assert len(pairs) >= 40
    expected = stats.spearmanr(pairs).statistic
    assert found.effects.time_rank is not None
    assert found.effects.time_rank.value == pytest.approx(expected)
    line = stats.linregress(*np.log(pairs).T)
    assert found.effects.time_exponent is not None
    assert found.effects.time_exponent.value == pytest.approx(line.slope)


def test_what_quantising_costs_is_what_the_table_says(raspberries: Survey) -> None:
    (found,) = (
        each for each in raspberries.quantisations if (each.board, each.runtime) == (PI, "tflite")
    )
    floats, quantised = (
        rows(PI, runtime="tflite", precision=each).set_index("architecture")
        for each in ("fp32", "int8")
    )
    ratio = np.log(floats.latency_ms / quantised.latency_ms).dropna()
    assert found.networks == len(ratio)
    assert found.speed_up.value == pytest.approx(np.exp(ratio.mean()))
    assert found.speed_up.low < found.speed_up.value < found.speed_up.high
    assert found.accuracy_loss_points is not None
    assert found.accuracy_loss_points.value == pytest.approx(2.2, abs=0.1)
    assert found.power_ratio is not None


def test_accelerators_that_report_a_rate_are_timed_by_it(run: Run) -> None:
    (found,) = (each for each in advisor.survey("hailo-8").variants if each.device == "hailo-8")
    assert found.effects.time_rank is not None
    assert 0.3 < found.effects.time_rank.value < 1
    assert found.time == BY_RATE
    said = " ".join(run("findings", "--board", "hailo-*").out.split())
    assert f"Time is {BY_RATE}: hailo-10h.hailo-v5.2.0, hailo-15h.hailo-v5.2.0, " in said
    assert "and 1 more board." in said
    # Where a source states both, the time per image is the latency's.
    both = Evidence.of(Catalog.open(), "jetson-nano.torch2trt")
    table = Catalog.open().measurements(both.board)
    assert both.time_kind == PER_IMAGE
    assert not np.isnan(table.throughput_fps.values.value).all()
    assert set(both.time_ms) <= set(table.latency_ms.values.value / table.batch)
    assert both.value("rate_fps", ("alexnet@224", 1)) == 46.4  # published beside 22.1 ms
    # So the highest accuracy is that of the paper's figure 9.
    drawn = board_data(Catalog.open(), "jetson-nano.torch2trt")
    panel, *_ = FIGURES[9](drawn).panels
    line = both.accuracy_bound()
    assert line is not None
    assert f"{line.intercept:.1f} − {line.slope:.3g} × images/s" in panel.title
    assert line(np.array([30.0])) == pytest.approx(74.85, abs=0.01)
    one = " ".join(run("findings", "--board", "hailo-8").out.split())
    assert f"time is {BY_RATE}: time and operations have the rank correlation" in one
    assert "VGG takes a fifth of a second" not in one
    assert "points more than a logarithmic one and 0.5" in one  # not "-0.2 points less"


def test_networks_have_the_accuracy_that_the_boards_source_found() -> None:
    catalog, name = Catalog.open(), "firefly-rk3588s.mlperf-v2.1-krai"
    tested = Evidence.of(catalog, name)
    network = "mlperf:efficientnet-lite0@224"
    # Known of the source's own set is what it reached there, not in floats anywhere.
    assert tested.board.weights == "mlperf"
    assert tested.value("top1", (network, 1)) == tested.reached[network]["mlperf"] == 75.068
    assert catalog.best_weights[network].name != "mlperf"
    (drawn,) = (each for each in board_data(catalog, name).networks if each.name == network)
    assert drawn.top1_percent is not None and drawn.top1_percent.value == 75.068


def test_the_papers_own_board_has_its_laws() -> None:
    (found,) = advisor.survey("jetson-tx1").variants
    assert found.batch == 16
    effects = found.effects
    assert effects.power_spread is not None and 0.03 < effects.power_spread.value < 0.07
    assert effects.time_rank is not None and effects.time_rank.value > 0.95
    assert effects.hyperbola_gain_points is not None and effects.hyperbola_gain_points.value > 0
    assert found.power == "net power"


def test_frames_have_three_columns_an_effect(raspberries: Survey) -> None:
    frame = raspberries.to_frame()
    assert len(frame) == len(raspberries.variants)
    assert {"board", "runtime", "time_rank", "time_rank_low", "time_rank_high"} <= set(frame)
    assert frame.power_spread.isna().any()  # some boards have no power
    pairs = raspberries.quantisations_frame()
    assert (pairs.speed_up_low <= pairs.speed_up).all()


def test_a_mean_and_a_slope_have_the_intervals_of_students_t() -> None:
    x, noise = RANDOM.uniform(0, 10, 12), RANDOM.normal(0, 1, 12)
    found = mean_effect(noise)
    low, high = stats.t.interval(0.9, 11, loc=noise.mean(), scale=stats.sem(noise))
    assert (found.value, found.low, found.high) == pytest.approx((noise.mean(), low, high))
    line = stats.linregress(x, 3 * x + noise)
    half = stats.t.ppf(0.95, 10) * line.stderr
    slope = slope_effect(x, 3 * x + noise)
    assert (slope.value, slope.low, slope.high) == pytest.approx(
        (line.slope, line.slope - half, line.slope + half)
    )


@pytest.mark.parametrize("networks", [8, 15, 50])
def test_spreads_and_ranks_lie_in_their_intervals_nine_times_in_ten(networks: int) -> None:
    truth = 6 / np.pi * np.arcsin(0.7 / 2)  # Spearman's of two normals correlated by 0.7
    in_spread = in_rank = 0
    for _ in range(400):
        x, other = RANDOM.normal(size=(2, networks))
        spread, rank = spread_effect(np.exp(0.2 * x)), rank_effect(x, 0.7 * x + 0.51**0.5 * other)
        in_spread += spread.low <= 0.2 <= spread.high
        in_rank += rank.low <= truth <= rank.high
    assert 0.86 <= in_spread / 400 <= 0.94
    assert 0.85 <= in_rank / 400 <= 0.95


def test_ranks_that_agree_everywhere_are_not_certain_to() -> None:
    x = np.arange(8.0)
    found = rank_effect(x, x)
    assert found.value == found.high == 1
    assert 0.8 < found.low < 1


def test_errors_held_out_are_those_of_lines_through_the_others() -> None:
    x, y = RANDOM.uniform(0, 5, (2, 9))
    expected = []
    for place in range(9):
        others = np.arange(9) != place
        slope, intercept = np.polyfit(x[others], y[others], 1)
        expected.append(intercept + slope * x[place] - y[place])
    assert held_out_errors(x, y) == pytest.approx(np.array(expected))


def test_an_effect_in_other_terms() -> None:
    assert Effect(0.0, -1.0, 1.0).map(np.exp) == Effect(1.0, np.exp(-1.0), np.exp(1.0))


def test_rows_of_every_variant_are_evidence() -> None:
    catalog = Catalog.open()
    board = catalog.board(PI)
    ways = Evidence.each(catalog, board, catalog.measurements(board))
    assert len(ways) >= 4
    assert len(Evidence.of(catalog, PI)) == max(map(len, ways))
    assert not np.isnan(ways[0].top1).all()  # accuracies by runtime and precision are found


def test_the_command_surveys_several_boards_and_tests_one(run: Run) -> None:
    several = run("findings", "--board", "raspberry-pi-4", "--json")
    assert several.code == 0
    document = json.loads(several.out)
    assert document["schema"] == "advisor.survey/1"
    jsonschema.validate(document, json.loads(run("schema", "survey").out))
    assert len(document["variants"]) == len(advisor.survey("raspberry-pi-4").variants)
    one = run("findings", "--board", PI)
    assert one.code == 0
    assert "1. power does not depend on the network" in one.out
    assert "gross power less an upper bound of idle power: " in one.out
    assert "idle power 1.30 W" not in one.out  # of which a bound says little


def test_the_text_fits_and_says_what_stands_behind_it(run: Run) -> None:
    found = run("findings", "--board", "raspberry*,firefly*")
    assert found.code == 0
    assert max(map(len, found.out.splitlines())) <= 80
    assert (
        "From fp32 to int8, in the median of 13 variants: 1.98 times as fast"
        in found.out.replace("\n", " ")
    )
    assert "90 % intervals over networks" in found.out
    assert "Left out: " in found.out


def test_wrong_boards_are_refused(run: Run, tmp_path: Path) -> None:
    unknown = run("findings", "--board", "raspberry-pi-4,nosuch")
    assert unknown.code == 2
    assert "unknown board 'nosuch'" in unknown.err
    with pytest.raises(AdvisorError, match="ran 8 networks at one batch size"):
        advisor.survey("rk356*")
    with pytest.raises(AdvisorError, match="does not exist"):
        advisor.survey(catalog=tmp_path / "none")
