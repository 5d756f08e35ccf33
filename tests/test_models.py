"""The models: what they are made of, what they reproduce of the paper, and what their intervals cover."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import LeaveOneGroupOut

from advisor.catalog.run_as import Variant
from advisor.catalog.store import Catalog
from advisor.paper.evidence import published_memory
from advisor.prediction.board_model import Families, predicted, runs_of
from advisor.prediction.bound import least_line_above
from advisor.prediction.fit_store import read_fit
from advisor.prediction.fitting import borrow_residuals, data_of, fit_board
from advisor.prediction.model import (
    Anchors,
    FittedModel,
    HeldOut,
    Model,
    jackknife_plus,
    predict_all,
)
from advisor.prediction.terms import COLUMNS, TERMS, column, design
from advisor.prediction.training import (
    CONSTANT,
    FULL,
    KNEE,
    LATENCY_FORMS,
    OPERATIONS,
    POWER_FORMS,
    WITH_ACTIVATIONS,
    Data,
    LatencyModel,
    MemoryModel,
    PowerModel,
    fit_model,
    fit_tiers,
    held_out_error,
    least_squares,
)
from tests.paper_line import OperationsTime

CATALOG = Catalog.open()
TX1, TORCH7 = CATALOG.board("jetson-tx1"), Variant("torch7", "fp32")
TABLE = CATALOG.measurements(TX1)


def of_tx1(metric: str, batch: int | None = None) -> Data:
    data = data_of(TX1, TABLE, CATALOG.architectures, TORCH7, metric)
    return data if batch is None else data.where(column(data.runs, "batch") == batch)


def made_up(
    networks: int, batches: tuple[int, ...] = (1, 4), noise: float = 0.0, seed: int = 0
) -> Data:
    """Networks whose latency follows a model, but for what each one has of its own."""
    random = np.random.default_rng([networks, seed])
    rows, found, names = [], [], []
    for network in range(networks):
        operations, activations = random.uniform(1e9, 4e10), random.uniform(1e6, 3e7)
        own = np.exp(noise * random.normal())
        for batch in batches:
            run = [2e7, operations, activations, 50.0, 2e6, 3e6, batch, np.nan]
            rows.append(run)
            found.append(own * (5 + batch * (3 * operations / 1e9 + 2 * activations / 1e6)))
            names.append(f"net-{network:02}")
    return Data(np.array(rows), np.array(found), np.array(names))


# --- least squares


@pytest.mark.parametrize("relative", [True, False])
def test_coefficients_are_scikit_learns(relative: bool) -> None:
    random = np.random.default_rng(7)
    for _ in range(20):
        X, y = random.uniform(0, 9, (15, 4)), random.uniform(1, 100, 15)
        reference = LinearRegression(fit_intercept=False, positive=True)
        reference.fit(X, y, sample_weight=1 / y**2 if relative else None)
        assert least_squares(X, y, relative=relative) == pytest.approx(reference.coef_, rel=1e-12)


def test_coefficients_are_found_and_never_negative() -> None:
    X = np.array([[1.0, 0.0], [1.0, 2.0], [1.0, 5.0]])
    assert least_squares(X, np.array([3.0, 7.0, 13.0]), relative=True) == pytest.approx([3.0, 2.0])
    falling = least_squares(X, np.array([13.0, 9.0, 3.0]), relative=False)
    assert (falling[1], falling[0]) == (0.0, pytest.approx(25 / 3))


def test_relative_errors_weigh_small_and_large_alike() -> None:
    X = np.ones((2, 1))
    absolute = least_squares(X, np.array([1.0, 100.0]), relative=False)[0]
    relative = least_squares(X, np.array([1.0, 100.0]), relative=True)[0]
    assert absolute == pytest.approx(50.5)
    assert relative < 2


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan])
def test_what_takes_no_time_cannot_be_fitted(bad: float) -> None:
    data = made_up(4)
    found = data.found.copy()
    found[0] = bad
    for estimator in (LatencyModel(OPERATIONS), MemoryModel(KNEE), PowerModel(CONSTANT)):
        with pytest.raises(ValueError, match="above zero"):
            estimator.fit(data.runs, found)


# --- the paper's models


def test_operations_time_reproduces_the_papers_line_at_batch_16() -> None:
    data = of_tx1("latency_ms", 16)
    time_ms = data.found / 16
    model = OperationsTime().fit(data.runs, time_ms)
    says = model.predict(data.runs)
    assert model.score(data.runs, time_ms) == pytest.approx(0.950, abs=0.0005)
    error = dict(zip(data.architecture.tolist(), (says / time_ms - 1).tolist(), strict=True))
    assert np.mean(np.abs(list(error.values()))) == pytest.approx(0.33, abs=0.005)
    assert error["alexnet"] == pytest.approx(1.41, abs=0.005)
    assert error["bn-nin"] == pytest.approx(0.96, abs=0.005)
    relative = OperationsTime(relative=True).fit(data.runs, time_ms)
    assert np.mean(np.abs(relative.predict(data.runs) / time_ms - 1)) < 0.25


def test_net_power_is_the_papers_constant() -> None:
    data = of_tx1("net_power_w")
    model = PowerModel().fit(data.runs, data.found).model_
    assert model.coefficients[0][0] == pytest.approx(11.82, abs=0.005)


def test_both_readings_of_the_papers_memory() -> None:
    data = of_tx1("memory_mb", 1)
    size_mb = design(data.runs, ["size_mb"])[:, 0]
    first, second = (published_memory(size_mb, reading) for reading in (1, 2))
    of = {name: place for place, name in enumerate(data.architecture.tolist())}
    assert first[of["alexnet"]] == pytest.approx(317, abs=0.5)
    assert second[of["resnet-101"]] == pytest.approx(302, abs=0.5)
    assert first[of["vgg-16"]] == pytest.approx(719, abs=1)
    assert first[of["resnet-18"]] == second[of["resnet-18"]] == 200


def test_memory_has_the_papers_knee() -> None:
    """Flat while the static part dominates, then proportional to the batch."""
    data = of_tx1("memory_mb").knowing(["activations"])
    model = MemoryModel(KNEE).fit(data.runs, data.found).model_
    resnet = data.only("resnet-18").runs[:1].repeat(7, axis=0)
    resnet[:, COLUMNS.index("batch")] = (1, 2, 4, 8, 16, 32, 64)
    says = model(resnet)
    assert says[0] == says[1] == says[2]
    assert says[6] / says[5] > 1.7


@pytest.mark.parametrize(("batches", "at_30"), [((1,), 73.9), ((16,), 76.2), (None, 77.1)])
def test_the_accuracy_bound_is_the_papers(batches: tuple[int, ...] | None, at_30: float) -> None:
    data = of_tx1("latency_ms")
    if batches:
        data = data.where(np.isin(column(data.runs, "batch"), batches))
    rate = 1000 * column(data.runs, "batch") / data.found
    top1 = np.array(
        [CATALOG.weights[name, "paper"].accuracy_percent.value for name in data.architecture]
    )
    bound = least_line_above(rate, top1)
    assert bound(np.array(30.0)) == pytest.approx(at_30, abs=0.05)
    assert np.all(bound(rate) >= top1 - 1e-9)
    assert bound.holds_at(30)
    assert not bound.holds_at(1000)


@given(st.lists(st.tuples(st.floats(0.1, 100), st.floats(1, 100)), min_size=1, max_size=12))
def test_the_bound_lies_above_all_points_and_never_rises(points: list[tuple[float, float]]) -> None:
    x, y = np.array(points).T
    bound = least_line_above(x, y)
    assert bound.slope >= 0
    assert np.all(bound(x) >= y - 1e-6 * np.abs(y).max())


def test_the_bound_is_the_least_of_its_kind() -> None:
    from scipy.optimize import linprog

    random = np.random.default_rng(3)
    for _ in range(20):
        x, y = random.uniform(1, 100, 12), random.uniform(40, 80, 12)
        best = linprog(
            [12, -x.sum()],
            A_ub=np.column_stack([-np.ones(12), x]),
            b_ub=-y,
            bounds=[(None, None), (0, None)],
        )
        bound = least_line_above(x, y)
        gap = 12 * bound.intercept - bound.slope * x.sum()
        assert gap == pytest.approx(best.fun, rel=1e-6)


# --- terms and forms


def test_every_term_needs_what_it_says() -> None:
    run = made_up(1, (3,)).runs
    run[:, COLUMNS.index("latency_ms")] = 40.0
    from advisor.prediction.terms import NEEDS

    assert set(NEEDS) == set(TERMS)
    for term in TERMS:
        assert np.isfinite(design(run, [term])).all()
        for name in COLUMNS[:-2]:
            without = run.copy()
            without[:, COLUMNS.index(name)] = np.nan
            assert np.isnan(design(without, [term])[0, 0]) == (name in NEEDS[term])


def test_a_model_of_a_network_that_is_little_known_is_unknown() -> None:
    model = Model(FULL, ((1.0,) * 5,))
    run = made_up(1, (1,)).runs
    run[:, COLUMNS.index("layers")] = np.nan
    assert np.isnan(model(run)[0])


# --- intervals


def test_jackknife_plus_is_mapies() -> None:
    mapie = pytest.importorskip("mapie.regression")
    data = made_up(14, (1,), noise=0.3)
    logs, groups = np.log(data.found), np.arange(14)

    class OnLogs(LatencyModel):
        """The model as MAPIE sees it: it fits and predicts logarithms."""

        def fit(self, X: object, y: object) -> OnLogs:
            super().fit(X, np.exp(np.asarray(y)))
            return self

        def predict(self, X: object) -> np.ndarray:
            return np.log(super().predict(X))

    reference = mapie.CrossConformalRegressor(
        OnLogs(WITH_ACTIVATIONS), confidence_level=0.9, method="plus", cv=LeaveOneGroupOut()
    )
    # NaN stands for columns that are not known, which MAPIE does not take.
    runs = np.nan_to_num(data.runs, nan=1.0)
    reference.fit_conformalize(runs, logs, groups=groups)
    new = np.nan_to_num(made_up(5, (1,)).runs, nan=1.0)
    _, intervals = reference.predict_interval(new)
    fitted = fit_model(LatencyModel, [WITH_ACTIVATIONS], Data(runs, data.found, data.architecture))
    assert fitted is not None
    own = fitted.predict(new)
    assert np.log(own.low) == pytest.approx(intervals[:, 0, 0], rel=1e-9)
    assert np.log(own.high) == pytest.approx(intervals[:, 1, 0], rel=1e-9)


def test_the_interval_is_nearly_the_largest_residual_of_14() -> None:
    centres = np.zeros((14, 1))
    residuals = np.linspace(0.1, 1.4, 14)[:, None]
    low, high = jackknife_plus(centres, residuals)
    assert (low[0], high[0]) == pytest.approx((-1.4, 1.4))
    low, high = jackknife_plus(np.zeros((19, 1)), np.linspace(0.1, 1.9, 19)[:, None])
    assert high[0] == pytest.approx(1.8)  # the 18th of 19


@given(groups=st.integers(1, 40), seed=st.integers(0, 99))
def test_the_ends_of_the_interval_are_the_ranks_of_a_full_sort(groups: int, seed: int) -> None:
    drawn = np.random.default_rng(seed)
    centres, residuals = drawn.normal(size=(groups, 3)), abs(drawn.normal(size=(groups, 3)))
    rank = min(int(np.ceil(0.9 * (groups + 1) - 1e-9)), groups)
    level = rank / (groups + 1)
    low, high = jackknife_plus(centres, residuals, level)
    assert np.array_equal(low, np.sort(centres - residuals, axis=0)[groups - rank])
    assert np.array_equal(high, np.sort(centres + residuals, axis=0)[rank - 1])


def test_models_of_several_forms_say_together_what_each_says_alone() -> None:
    one, two = (("operations",),), (("constant", "operations"), ("params",))
    models = [
        Model(one, ((2.0,),)),
        Model(two, ((1.0, 3.0), (5.0,))),
        Model(one, ((4.0,),)),
        Model(two, ((0.5, 0.1), (9.0,))),
    ]
    runs = made_up(5, (1, 3), noise=0.1).runs.copy()
    runs[2, COLUMNS.index("params")] = np.nan
    together = predict_all(models, runs)
    for model, says in zip(models, together, strict=True):
        terms = [
            design(runs, branch) @ np.array(coefficients)
            for branch, coefficients in zip(model.form, model.coefficients, strict=True)
        ]
        assert says == pytest.approx(np.max(terms, axis=0), nan_ok=True)
        assert np.array_equal(model(runs), predict_all([model], runs)[0], equal_nan=True)
    assert np.isnan(together[1, 2])
    assert not np.isnan(together[0, 2])


def test_intervals_cover_what_they_have_not_seen() -> None:
    covered = trials = 0
    for seed in range(60):
        data = made_up(15 + seed % 3, (1,), noise=0.3, seed=seed)
        own, rest = data.only("net-00"), data.without("net-00")
        fitted = fit_model(LatencyModel, [WITH_ACTIVATIONS], rest)
        assert fitted is not None
        says = fitted.predict(own.runs)
        covered += int(says.low[0] <= own.found[0] <= says.high[0])
        trials += 1
    assert 0.85 <= covered / trials < 1


def test_rows_of_one_network_are_one_witness_not_several() -> None:
    few, many = made_up(14, (1,), noise=0.3), made_up(14, (1, 2, 4, 8, 16), noise=0.3)
    for data in (few, many):
        fitted = fit_model(LatencyModel, [WITH_ACTIVATIONS], data)
        assert fitted is not None
        assert len(fitted.held_out) == 14
        assert fitted.errors is not None
        assert fitted.errors.architectures == 14


def test_no_residual_comes_from_a_fit_that_saw_it() -> None:
    data = made_up(12, (1,), noise=0.2)
    spoiled = data.found.copy()
    spoiled[data.architecture == "net-03"] *= 50
    clean = fit_model(LatencyModel, [WITH_ACTIVATIONS], data)
    dirty = fit_model(LatencyModel, [WITH_ACTIVATIONS], Data(data.runs, spoiled, data.architecture))
    assert clean is not None
    assert dirty is not None
    of = {each.architecture: each for each in clean.held_out}
    again = {each.architecture: each for each in dirty.held_out}
    assert of["net-03"].model == again["net-03"].model
    assert abs(again["net-03"].residuals[1]) > 2


def test_the_residual_is_that_of_the_nearest_batch() -> None:
    held_out = HeldOut("a", Model(OPERATIONS, ((0.0, 0.0, 1.0),)), {1: -0.1, 4: 0.4, 16: 0.2})
    says = [held_out.residual(batch) for batch in (1, 2, 3, 4, 8, 64)]
    assert says == [0.1, 0.4, 0.4, 0.4, 0.4, 0.2]


def test_a_network_of_an_unseen_family_has_the_error_on_families_held_out() -> None:
    """Two families, one of which takes thrice as long as its operations say: only the family shows that."""
    data = made_up(12, (1,), noise=0.05)
    odd = np.isin(data.architecture, data.architectures[:4])
    families = np.where(odd, "odd", data.architecture)
    data = Data(data.runs, np.where(odd, 3, 1) * data.found, data.architecture, families)
    fitted = fit_model(LatencyModel, [WITH_ACTIVATIONS], data)
    assert fitted is not None
    relatives = {each.architecture for each in fitted.held_out if each.residuals_unseen}
    assert relatives == set(data.architectures[:4])
    of = {each.architecture: each for each in fitted.held_out}
    unseen = [of[name].residual(1, unseen=True) for name in sorted(relatives)]
    assert np.mean(unseen) > np.mean([of[name].residual(1) for name in sorted(relatives)])
    for name in of.keys() - relatives:
        assert of[name].residual(1, unseen=True) == of[name].residual(1)
    strange = fitted.predict(data.runs, unseen=np.full(len(data.found), True))
    usual = fitted.predict(data.runs)
    np.testing.assert_array_equal(strange.value, usual.value)
    assert np.median(strange.high / strange.low) > np.median(usual.high / usual.low)
    assert np.all(strange.high >= usual.high) and np.all(strange.low <= usual.low)


def test_a_family_counts_as_seen_by_the_models_that_were_fitted_to_it_alone() -> None:
    """The reported GoogLeNet of the TX1 lacks activations, and no memory of ENet is known."""
    fit = read_fit(TX1.folder)
    assert fit is not None
    seen = Families.of(
        TX1, TABLE, CATALOG.architectures, TORCH7, ["GoogLeNet", "ENet", "ResNet", "Swin"]
    )
    by_metric = {
        metric: [seen.unseen(metric, model).tolist() for model in models]
        for metric, models in fit.models[TORCH7].items()
    }
    assert by_metric["latency_ms"][0] == [True, False, False, True]
    assert by_metric["latency_ms"][-1] == [False, False, False, True]
    assert all(says[1] for says in by_metric["memory_mb"])


@pytest.mark.parametrize("name", ["jetson-tx1", "xeon-2-cores-vm"])
def test_no_interval_is_narrower_for_a_network_of_an_unseen_family(name: str) -> None:
    board = CATALOG.board(name)
    table = CATALOG.measurements(board)
    fit = read_fit(board.folder)
    assert fit is not None
    runs = runs_of(board, table, CATALOG.architectures_with(table))
    seen = Families.of(board, table, CATALOG.architectures_with(table), table.variants[0], [])
    strange = replace(seen, families=np.full(len(runs), "none of these"))
    for variant in fit.models:
        usual, wide = predicted(fit, variant, runs), predicted(fit, variant, runs, families=strange)
        for metric, wider in wide.items():
            known = ~np.isnan(wider.low)
            assert np.all(wider.high[known] >= usual[metric].high[known])
            assert np.all(wider.low[known] <= usual[metric].low[known])


def test_between_two_batches_only_the_change_of_the_residual_counts() -> None:
    held_out = HeldOut("a", Model(OPERATIONS, ((0.0, 0.0, 1.0),)), {1: 0.1, 4: 0.4, 16: 0.25})
    assert held_out.change(1, 2) == pytest.approx(0.3)
    assert held_out.change(1, 4) == pytest.approx(0.3)
    assert held_out.change(4, 8) == pytest.approx(0.15)
    assert held_out.change(4, 2) == pytest.approx(0.3)
    assert held_out.change(1, 16) == pytest.approx(0.3)
    assert held_out.change(16, 64) == pytest.approx(0.15)  # beyond all: the worst there is


def test_a_change_that_was_never_seen_counts_in_full() -> None:
    model = Model(OPERATIONS, ((0.0, 0.0, 1.0),))
    assert HeldOut("a", model, {1: -0.3}).change(1, 8) == 0.3
    assert HeldOut("a", model, {8: 0.2, 16: 0.5}).change(1, 4) == pytest.approx(0.3)


@pytest.mark.parametrize("name", ["jetson-tx1", "xeon-2-cores-vm"])
def test_a_network_that_was_run_is_predicted_better_at_another_batch(name: str) -> None:
    """Each row of batch 4 from that of batch 2 of the same network, neither the model nor the residuals
    having seen the network."""
    board = CATALOG.board(name)
    table = CATALOG.measurements(board)
    variant = table.variants[0]
    data = data_of(board, table, CATALOG.architectures, variant, "latency_ms")
    data = data.knowing(["activations", "layers", "window_reads"])
    both = [
        network
        for network in data.architectures
        if {2, 4} <= set(column(data.only(network).runs, "batch").tolist())
    ]
    assert len(both) == {"jetson-tx1": 11, "xeon-2-cores-vm": 14}[name]
    covered, ratios, widths = 0, [], []
    for network in both:
        fitted = fit_model(LatencyModel, [FULL], data.without(network))
        assert fitted is not None
        own = data.only(network)
        two, four = (own.where(column(own.runs, "batch") == size) for size in (2, 4))
        alone = fitted.predict(four.runs)
        anchored = fitted.predict(
            four.runs, Anchors(two.runs, two.found, np.zeros(1), *np.full((2, 1), np.nan))
        )
        covered += int(anchored.low[0] <= four.found[0] <= anchored.high[0])
        ratios.append(abs(anchored.value[0] / four.found[0] - 1))
        widths.append((anchored.high[0] - anchored.low[0]) / (alone.high[0] - alone.low[0]))
    assert np.mean(ratios) < 0.1
    assert np.median(widths) < 0.9
    assert covered >= len(both) - 2


def test_few_networks_of_which_more_is_known_do_not_stand_for_all() -> None:
    data = made_up(20, noise=0.1)
    runs = data.runs.copy()
    unknown = ~np.isin(data.architecture, data.architectures[:5])
    for name in ("layers", "window_reads"):
        runs[unknown, COLUMNS.index(name)] = np.nan
    partly = Data(runs, data.found, data.architecture)
    first, second = fit_tiers(LatencyModel, LATENCY_FORMS, partly, choose=False)
    assert first == fit_model(LatencyModel, [WITH_ACTIVATIONS], partly)
    assert second == fit_model(LatencyModel, [OPERATIONS], partly)
    assert not np.isnan(first.predict(data.runs).low).any()
    many = [each.model for each in fit_tiers(LatencyModel, LATENCY_FORMS, data, choose=False)]
    assert [each.form for each in many] == [FULL, WITH_ACTIVATIONS, OPERATIONS]


def test_below_nine_networks_there_is_no_interval_unless_it_is_borrowed() -> None:
    small = fit_model(LatencyModel, [WITH_ACTIVATIONS], made_up(8))
    assert small is not None
    assert np.isnan(small.predict(made_up(1).runs).low).all()
    assert fit_model(LatencyModel, [WITH_ACTIVATIONS], made_up(2)) is None
    fit = fit_board(TX1, TABLE, CATALOG.architectures)
    models = {TORCH7: {"latency_ms": (small,)}}
    borrowed = borrow_residuals(TX1, type(fit)("x", models), TX1, fit, CATALOG.architectures)
    values = predicted(borrowed, TORCH7, made_up(1).runs)["latency_ms"]
    assert np.all(values.low < values.value)
    elsewhere = replace(TX1, memory_scope="something else")
    assert borrow_residuals(
        elsewhere,
        type(fit)("x", {TORCH7: {"memory_mb": (small,)}}),
        TX1,
        fit,
        CATALOG.architectures,
    ).models[TORCH7]["memory_mb"] == (small,)


# --- what the models are worth on the shipped boards


def reference_error(data: Data, *, relative: bool) -> float:
    """The operations model, fitted to each batch size, each network held out."""
    batch = column(data.runs, "batch")
    off = []
    for row in range(len(data.found)):
        others = (batch == batch[row]) & (data.architecture != data.architecture[row])
        model = OperationsTime(relative).fit(data.runs[others], data.found[others] / batch[row])
        says = model.predict(data.runs[row : row + 1])[0] * batch[row]
        off.append(abs(says / data.found[row] - 1))
    return float(np.mean(off))


@pytest.mark.parametrize("name", ["jetson-tx1", "xeon-2-cores-vm"])
def test_the_default_model_beats_both_references_on_networks_not_seen(name: str) -> None:
    board = CATALOG.board(name)
    table = CATALOG.measurements(board)
    variant = table.variants[0]
    data = data_of(board, table, CATALOG.architectures, variant, "latency_ms")
    known = data.knowing(["activations", "layers", "window_reads"])
    known = known.where(column(known.runs, "batch") <= 16)
    model = held_out_error(LatencyModel, FULL, known)
    assert model <= 0.5 * reference_error(known, relative=False)
    assert model <= 0.7 * reference_error(known, relative=True)


def test_power_follows_the_load_where_measurements_say_so() -> None:
    random = np.random.default_rng(1)
    data = made_up(12, (1, 8))
    runs = data.runs.copy()
    runs[:, COLUMNS.index("latency_ms")] = random.uniform(10, 200, len(runs))
    rate = design(runs, ["rate"])[:, 0]
    loaded = Data(runs, 40 + 90 * rate, data.architecture)
    fitted = fit_model(PowerModel, POWER_FORMS, loaded)
    assert fitted is not None
    assert fitted.model.coefficients[0] == pytest.approx((40, 90), rel=1e-6)
    constant = fit_model(PowerModel, POWER_FORMS, of_tx1("net_power_w"))
    assert constant is not None
    assert constant.model.form == CONSTANT


def test_what_lies_outside_the_seen_is_named() -> None:
    fitted = FittedModel(
        Model(OPERATIONS, ((1.0, 0.0, 1.0),)), (), {"operations": (1e9, 4e10)}, None
    )
    runs = made_up(1, (1,)).runs.repeat(2, axis=0)
    runs[:, COLUMNS.index("operations")] = (2e9, 9e10)
    outside = fitted.outside(runs)
    assert outside.sum(axis=1).tolist() == [0, 1]
    assert outside[1, COLUMNS.index("operations")]
