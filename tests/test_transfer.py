"""What a few measurements and other boards say of networks that a board has not run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Kernel

from advisor import Estimate
from advisor.catalog.records import Architecture, Cost
from advisor.catalog.run_as import Variant
from advisor.catalog.store import Catalog
from advisor.prediction.transfer.boards import (
    Figures,
    Reference,
    alike,
    figures_of,
    likeness,
    other_networks,
    without,
)
from advisor.prediction.transfer.networks import Evidence, completed, designs_of
from advisor.prediction.transfer.pools import ENOUGH, LEAST_MEASURED, Question, transferred
from advisor.prediction.transfer.regression import (
    ALIKE,
    SCALES,
    Hypotheses,
    Measured,
    Regression,
    Variances,
    means,
    shares_of,
)
from advisor.prediction.transfer.suggestions import most_informative

if TYPE_CHECKING:
    from advisor.catalog.records import Floats

FAMILIES = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta")


def made_up(count: int, seed: int) -> tuple[list[str], list[str], Floats, list[Floats]]:
    """Networks of six families, and what three boards take: the third treats families in its own way.

    Returns:
        Names, families, the logarithms of costs, and of the time per image of each board.
    """
    random = np.random.default_rng(seed)
    family = random.integers(len(FAMILIES), size=count)
    operations = random.normal(0, 1.2, count)
    activations = operations * 0.8 + random.normal(0, 0.3, count) + 0.3 * (family - 2)
    params = operations * 0.7 + random.normal(0, 0.5, count)
    costs = np.column_stack([operations, activations, params])
    first = 0.6 * operations + 0.4 * activations + random.normal(0, 0.05, count)
    second = first - 0.5 + 0.1 * activations + random.normal(0, 0.05, count)
    own_way = random.normal(0, 0.3, len(FAMILIES))
    third = first + 1.0 + own_way[family] + random.normal(0, 0.05, count)
    names = [f"{FAMILIES[one]}_{place}@224" for place, one in enumerate(family.tolist())]
    return names, [FAMILIES[one] for one in family.tolist()], costs, [first, second, third]


def architectures_of(
    names: Sequence[str], families: Sequence[str], costs: Floats
) -> dict[str, Architecture]:
    def estimate(log: float) -> Estimate:
        value = float(np.exp(log))
        return Estimate(value, value, value, "reported", "")

    found = {}
    for name, family, (operations, activations, params) in zip(names, families, costs, strict=True):
        cost = Cost(estimate(params), estimate(operations), estimate(activations), None, None, None)
        found[name] = Architecture(name, family, (3, 224, 224), "", cost, None, "")
    return found


def figures(board: str, names: Sequence[str], logs: Floats, batch: int = 1) -> Figures:
    return Figures(
        board, {name: {batch: float(log)} for name, log in zip(names, logs, strict=True)}
    )


def few(whole: Figures, names: Sequence[str]) -> Figures:
    return Figures(whole.board, {name: whole.by_network[name] for name in names})


def question(
    measured: int, seed: int = 0, count: int = 120
) -> tuple[Question, Mapping[str, float]]:
    """The third board as the new one, with some networks measured; and the truth of all."""
    names, families, costs, boards = made_up(count, seed)
    known = Evidence.of(names, np.array(boards[:2]), costs, families)
    chosen_ones = most_informative(known, measured)
    whole = figures("third", names, boards[2])
    references = [figures("first", names, boards[0]), figures("second", names, boards[1])]
    asked = Question(
        few(whole, chosen_ones), references, architectures_of(names, families, costs), "reported"
    )
    return asked, dict(zip(names, np.exp(boards[2]).tolist(), strict=True))


class SumOfParts(Kernel):  # type: ignore[misc]
    """The transfer's covariance as scikit-learn takes it: rows are places in a list of networks."""

    def __init__(
        self, evidence: Evidence, variances: Variances, scale: float, reference: int
    ) -> None:
        self.evidence, self.variances = evidence, variances
        self.scale, self.reference = scale, reference

    def __call__(self, X: Floats, Y: Floats | None = None, eval_gradient: bool = False) -> Floats:
        deviations = self.evidence.deviations_from(self.reference)
        rows, columns = X[:, 0].astype(int), (X if Y is None else Y)[:, 0].astype(int)
        first, second = (self.evidence.described.at(each) for each in (rows, columns))
        variances = self.variances
        whole = variances.shared(first, second)
        whole = whole + variances.deviations * deviations[rows] @ deviations[columns].T
        if Y is None:
            whole = whole + np.diag(variances.alone(first))
        covariance: Floats = variances.offset + np.exp(self.scale) * whole
        return covariance

    def diag(self, X: Floats) -> Floats:
        diagonal: Floats = np.diag(self(X))
        return diagonal

    def is_stationary(self) -> bool:
        return False


def test_each_hypothesis_is_scikit_learns_process_with_the_same_covariance() -> None:
    known, found = evidence(60, 1)
    seen, new = np.arange(0, 60, 4), np.setdiff1d(np.arange(60), np.arange(0, 60, 4))
    measured = Measured(seen, found[seen], np.array(known.names)[seen])
    described = known.described
    for mean in means(known, measured):
        near = mean.deviations[seen]
        among = ALIKE.shared(described.at(seen), described.at(seen))
        covariance = among + np.diag(ALIKE.alone(described.at(seen)))
        mine = Hypotheses.of(mean, ALIKE, near, covariance)
        shared = ALIKE.shared(described.at(new), described.at(seen))
        whole = ALIKE.whole(described.at(new))
        means_of, variances = mine.predict(mean.deviations[new], shared, whole)
        for scale in (0, 3, 6):
            assert mean.reference is not None
            kernel = SumOfParts(known, ALIKE, float(SCALES[scale]), mean.reference)
            reference = GaussianProcessRegressor(kernel, alpha=1e-12, optimizer=None)
            reference.fit(seen[:, np.newaxis].astype(float), mean.off)
            expected, spread = reference.predict(new[:, np.newaxis].astype(float), return_std=True)
            np.testing.assert_allclose(means_of[scale], expected, rtol=1e-6)
            np.testing.assert_allclose(np.sqrt(variances[scale]), spread, rtol=1e-6)
            weighed = reference.log_marginal_likelihood_value_ - (SCALES[scale] / 1.5) ** 2 / 2
            constant = len(seen) * np.log(2 * np.pi) / 2
            assert mine.logs[scale] == pytest.approx(weighed + constant)


def evidence(count: int, seed: int) -> tuple[Evidence, Floats]:
    """What two boards say of networks, and what the third finds."""
    names, families, costs, boards = made_up(count, seed)
    return Evidence.of(names, np.array(boards[:2]), costs, families), boards[2]


def test_leaving_a_group_out_is_predicting_it_without_it() -> None:
    known, found = evidence(40, 2)
    places = np.arange(8)
    groups = np.array(["a", "a", *map(str, range(6))])
    off, expected = Regression.fit(known, Measured(places, found[places], groups)).held_out()
    rest = Measured(places[2:], found[2:8], groups[2:])
    mean, deviation = Regression.fit(known, rest).predict(places[:2])
    np.testing.assert_allclose(off[:2], found[:2] - mean)
    np.testing.assert_allclose(expected[:2], deviation)


def test_shares_of_references_and_costs_are_found_again() -> None:
    known, _ = evidence(60, 4)
    both = np.arange(2)
    found = np.log(known.terms(both) @ np.array([0.2, 0.5, 0.0, 0.1, 0.0, 2.0]))
    measured = Measured(np.arange(20), found[:20], np.array(known.names)[:20])
    shares = shares_of(known, measured, both)
    np.testing.assert_allclose(shares.logs, found, rtol=1e-6, atol=1e-6)
    mean, _ = Regression.fit(known, measured).predict(np.arange(20, 60))
    np.testing.assert_allclose(mean, found[20:], atol=0.02)


def test_what_a_reference_lacks_follows_from_its_likes() -> None:
    random = np.random.default_rng(3)
    network, way = random.normal(0, 1, 30), random.normal(0, 0.3, 30)
    table = np.array(
        [network + shift + share * way for shift, share in ((0, 1), (1, 1), (2, -1), (3, 0.9))]
    )
    holed = table.copy()
    holed[1, :5] = np.nan
    whole = completed(holed)
    assert np.array_equal(whole[~np.isnan(holed)], table[~np.isnan(holed)])
    assert np.abs(whole - table).max() < 0.2
    assert np.array_equal(completed(table), table)


@pytest.mark.parametrize("measured", [5, 9, 20])
def test_it_is_nearer_than_the_references_and_its_intervals_hold(measured: int) -> None:
    errors, by_offset, held = [], [], []
    for seed in range(12):
        asked, truth = question(measured, seed)
        predicted = transferred(asked)
        assert set(predicted.names) == truth.keys() - asked.own.by_network.keys()
        actual = np.array([truth[name] for name in predicted.names])
        errors.append(np.mean(np.abs(predicted.values.value / actual - 1)))
        held.append(np.mean((predicted.values.low <= actual) & (actual <= predicted.values.high)))
        base = np.array([asked.references[0].near(name, 1) for name in predicted.names])
        seen = [
            (asked.own.near(n, 1), asked.references[0].near(n, 1)) for n in asked.own.by_network
        ]
        offset = np.mean([mine - theirs for mine, theirs in seen])
        by_offset.append(np.mean(np.abs(np.exp(base + offset) / actual - 1)))
    assert np.mean(errors) < np.mean(by_offset)
    assert np.mean(held) > 0.85


def test_too_few_measurements_predict_nothing() -> None:
    asked, _ = question(LEAST_MEASURED - 1)
    nothing = transferred(asked)
    assert nothing.names == ()
    assert nothing.errors is None


def test_one_reference_is_enough_for_an_interval() -> None:
    asked, _ = question(LEAST_MEASURED)
    alone = transferred(replace(asked, references=asked.references[:1]))
    assert len(alone.names)
    assert not np.isnan(alone.values.low).any()


def test_the_reference_that_is_alike_counts_and_noise_does_not() -> None:
    asked, _ = question(15)
    names, _, _, boards = made_up(120, 0)
    random = np.random.default_rng(5)
    near = figures("alike", names, boards[2] + random.normal(0, 0.03, 120))
    noise = figures("noise", names, random.normal(0, 1, 120))
    weights = transferred(replace(asked, references=[noise, *asked.references, near])).weights
    assert next(iter(weights)) == "alike"
    assert weights["noise"] < 0.01


def test_a_reference_that_knows_few_of_the_measured_networks_says_nothing() -> None:
    asked, truth = question(20)
    few_names = sorted(asked.own.by_network)[: LEAST_MEASURED - 1]
    narrow = few(replace(asked.own, board="narrow"), few_names)
    predicted = transferred(replace(asked, references=[narrow, *asked.references]))
    assert "narrow" not in predicted.weights
    assert len(predicted.names) == len(truth) - 20


def test_the_most_alike_count_from_three_devices_on() -> None:
    nothing = Figures("", {})

    def reference(board: str, likeness: int) -> Reference:
        return Reference(replace(nothing, board=board), likeness)

    same = [reference(f"{name}.2024", 1) for name in ("a", "b", "c")]
    other = [reference("d", 2), reference("e", 4)]
    assert alike([*same, *other]) == same
    twins = [reference("a.maxn", 1), reference("a.30w", 1), *other]
    assert alike([*twins, reference("f", 4)]) == [*twins, reference("f", 4)]
    assert alike([*twins[:2], reference("d", 2), reference("e", 2), reference("f", 4)]) == [
        *twins[:2],
        reference("d", 2),
        reference("e", 2),
    ]
    itself = reference("mine", 0)
    assert alike([itself, *same, *other]) == [itself, *same]
    assert alike([itself, *same[:2], *other[:1]]) == [itself, *same[:2], *other[:1]]


def test_processors_precisions_and_runtimes_say_how_alike_ways_of_running_are() -> None:
    catalog = Catalog.open()
    pi, tx1 = catalog.board("raspberry-pi-4.mlperf-v2.0-krai"), catalog.board("jetson-tx1")
    mine = Variant("tflite", "fp32", "cpu")
    other = replace(pi, name="another")
    assert likeness(pi, mine, pi, mine._replace(threads=4)) == 0
    assert likeness(pi, mine, other, mine._replace(threads=4)) == 1
    assert likeness(pi, mine, other, mine._replace(runtime="ncnn", precision="float")) == 2
    assert likeness(pi, mine, other, mine._replace(precision="int8")) == 3
    assert likeness(pi, mine, tx1, Variant("torch7", "fp32")) == 4  # on its graphics processor


def test_a_network_that_one_reference_lacks_is_predicted_by_the_other() -> None:
    asked, truth = question(20)
    unmeasured = sorted(truth.keys() - asked.own.by_network.keys())
    lacking = unmeasured[:10]
    second = asked.references[1]
    poorer = Figures(
        "second", {name: at for name, at in second.by_network.items() if name not in lacking}
    )
    predicted = transferred(replace(asked, references=[asked.references[0], poorer]))
    assert sorted(predicted.names) == unmeasured
    place = {name: row for row, name in enumerate(predicted.names)}
    for name in lacking:
        assert predicted.values.value[place[name]] == pytest.approx(truth[name], rel=0.6)


def test_networks_of_unknown_cost_are_predicted_too() -> None:
    asked, truth = question(20)
    unknown = sorted(truth.keys() - asked.own.by_network.keys())[:5]
    known = {name: each for name, each in asked.architectures.items() if name not in unknown}
    predicted = transferred(replace(asked, architectures=known))
    assert set(unknown) <= set(predicted.names)


def test_each_batch_size_of_a_ladder_is_predicted_by_itself() -> None:
    asked, _ = question(10)
    ladder = Figures(
        "third",
        {
            name: {1: at[1], 8: at[1] - 0.5, **({64: at[1] - 0.7} if row < 4 else {})}
            for row, (name, at) in enumerate(asked.own.by_network.items())
        },
    )
    predicted = transferred(replace(asked, own=ladder))
    assert set(predicted.batch) == {1, 8}, "four networks at batch 64 are too few"
    at = {
        (name, batch): value
        for name, batch, value in zip(
            predicted.names, predicted.batch, predicted.values.value, strict=True
        )
    }
    for name in set(predicted.names):
        assert at[name, 8] == pytest.approx(at[name, 1] * np.exp(-0.5), rel=0.02)


def test_where_each_network_has_its_own_batch_size_the_references_size_is_predicted() -> None:
    asked, truth = question(12)
    sizes = {name: (64 if row % 2 else 256) for row, name in enumerate(sorted(truth))}
    references = [
        Figures(each.board, {name: {sizes[name]: at[1]} for name, at in each.by_network.items()})
        for each in asked.references
    ]
    mixed = Figures(
        "third", {name: {sizes[name]: at[1]} for name, at in asked.own.by_network.items()}
    )
    predicted = transferred(replace(asked, own=mixed, references=references))
    assert dict(zip(predicted.names, predicted.batch, strict=True)) == {
        name: sizes[name] for name in predicted.names
    }


def test_of_references_at_unlike_batch_sizes_the_nearest_is_predicted_whatever_their_order() -> (
    None
):
    asked, truth = question(12)
    sizes = {name: (64 if row % 2 else 256) for row, name in enumerate(sorted(truth))}
    large, single = (
        Figures(each.board, {name: {size[name]: at[1]} for name, at in each.by_network.items()})
        for each, size in zip(asked.references, (sizes, dict.fromkeys(truth, 1)), strict=True)
    )
    mixed = Figures(
        "third", {name: {sizes[name]: at[1]} for name, at in asked.own.by_network.items()}
    )
    for references in ([large, single], [single, large]):
        predicted = transferred(replace(asked, own=mixed, references=references))
        assert dict(zip(predicted.names, predicted.batch, strict=True)) == {
            name: sizes[name] for name in predicted.names
        }


def test_a_row_at_another_batch_size_makes_no_ladder() -> None:
    asked, _ = question(12)
    name = next(iter(asked.own.by_network))
    again = Figures("third", {**asked.own.by_network, name: {1: asked.own.near(name, 1), 8: 0.1}})
    assert not again.has_ladder
    assert set(transferred(replace(asked, own=again)).batch) <= {1, 8}


def test_of_very_many_measured_networks_some_say_enough() -> None:
    asked, truth = question(ENOUGH + 20, count=ENOUGH + 60)
    found = transferred(asked)
    assert found.errors is not None
    assert found.errors.networks == ENOUGH
    assert not set(found.names) & set(asked.own.by_network)
    off = [
        value / truth[name] - 1 for name, value in zip(found.names, found.values.value, strict=True)
    ]
    assert len(off) == 40
    assert np.mean(np.abs(off)) < 0.08


def test_the_papers_inception_v4_is_no_reference_for_another_board() -> None:
    catalog = Catalog.open()
    tx1, xeon = catalog.board("jetson-tx1"), catalog.board("xeon-2-cores-vm")
    others = other_networks(xeon, tx1, catalog.described, catalog.architectures)
    assert {"inception-v4", "alexnet"} <= others
    assert "resnet-50" not in others
    assert not other_networks(xeon, xeon, catalog.described, catalog.architectures)
    table = catalog.measurements(tx1)
    predicted = without(figures_of(tx1, table, "latency_ms", Variant("eager", "fp32")), others)
    assert "inception-v4" not in predicted.by_network


def test_suggestions_are_distinct_repeatable_and_leave_out_what_is_measured() -> None:
    names, families, costs, boards = made_up(80, 6)
    known = Evidence.of(names, np.array(boards[:2]), costs, families)
    first = most_informative(known, 12)
    assert first == most_informative(known, 12)
    assert len(set(first)) == 12
    assert first[:5] == most_informative(known, 5), "a longer list begins with the shorter one"
    rest = most_informative(known, 200, measured=first)
    assert set(rest) == set(names) - set(first)
    by_chance = [
        tuple(most_informative(known, 12, chance=np.random.default_rng(s))) for s in range(4)
    ]
    assert len(set(by_chance)) > 1


def test_suggestions_are_cheaper_than_networks_on_average() -> None:
    names, families, costs, boards = made_up(200, 7)
    known = Evidence.of(names, np.array(boards[:2]), costs, families)
    networks = known.described
    taken = networks.places(most_informative(known, 20))
    assert np.mean(np.exp(networks.size[taken])) < np.mean(np.exp(networks.size))


def test_measuring_what_is_suggested_beats_measuring_at_random() -> None:
    suggested: list[float] = []
    random_choice: list[float] = []
    for seed in range(15):
        asked, truth = question(12, seed)
        names = sorted(truth)
        drawn = np.random.default_rng(seed).choice(names, 12, replace=False).tolist()
        by_chance = replace(
            asked, own=Figures("third", {name: {1: float(np.log(truth[name]))} for name in drawn})
        )
        for each, kept in ((asked, suggested), (by_chance, random_choice)):
            predicted = transferred(each)
            actual = np.array([truth[name] for name in predicted.names])
            kept.append(float(np.mean(np.abs(predicted.values.value / actual - 1))))
    assert np.mean(suggested) < np.mean(random_choice)


def test_one_architecture_at_two_sizes_is_one_group() -> None:
    assert designs_of(["a@224", "a@288", "b@224"]).tolist() == ["a", "a", "b"]
    known = {"resnet-50": "tv:resnet50", "tv:resnet50@160": "tv:resnet50"}
    assert designs_of([*known, "b@224"], known).tolist() == ["tv:resnet50", "tv:resnet50", "b"]


def test_a_single_network_is_described_without_dividing_by_nothing() -> None:
    alone = Evidence.of(["a@224"], np.array([[1.0]]), None, ["a"]).described
    assert np.isfinite(alone.features).all()
    assert alone.smallness.tolist() == [1.0]
