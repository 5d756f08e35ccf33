"""What the paper states, held against the shipped catalog."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from advisor.catalog.store import Catalog
from tests.conftest import value_of

Pairs = Mapping[tuple[str, int], float]


class Paper:
    """The catalog's figures by (architecture, batch), in the paper's terms."""

    def __init__(self) -> None:
        catalog = Catalog.open()
        board = catalog.board("jetson-tx1")
        rows = catalog.measurements(board)
        keys = [
            (rows.architecture.names[index], int(batch))
            for index, batch in zip(rows.architecture.index, rows.batch, strict=True)
        ]

        def by_pair(values: np.ndarray) -> Pairs:
            return {key: float(v) for key, v in zip(keys, values, strict=True) if not np.isnan(v)}

        self.time_ms = by_pair(rows.latency_ms.values.value / rows.batch)
        self.power_w = by_pair(rows.net_power_w.values.value)
        self.memory_mb = by_pair(rows.memory_mb.values.value)
        self.missing = {
            key
            for key, index in zip(keys, rows.status.index, strict=True)
            if rows.status.names[index] == "does_not_fit"
        }
        self.idle_w = board.idle_power_w.value if board.idle_power_w else float("nan")
        self.names = list(catalog.architectures)
        self.params = {
            n: value_of(a.reported.params) for n, a in catalog.architectures.items() if a.reported
        }
        self.operations = {
            n: value_of(a.reported.operations)
            for n, a in catalog.architectures.items()
            if a.reported
        }
        self.top1 = {
            name: catalog.weights[name, "paper"].accuracy_percent.value for name in self.names
        }


@pytest.fixture(scope="module")
def paper() -> Paper:
    return Paper()


def test_net_power_is_11_8_w_with_a_standard_deviation_of_0_7_w(paper: Paper) -> None:
    powers = np.array(list(paper.power_w.values()))
    assert len(powers) == 82
    assert powers.mean() == pytest.approx(11.82, abs=0.005)
    assert powers.std(ddof=1) == pytest.approx(0.71, abs=0.005)


def test_idle_power_is_1_30_w(paper: Paper) -> None:
    assert paper.idle_w == 1.30


def test_alexnet_is_3_2_times_faster_at_batch_64(paper: Paper) -> None:
    assert paper.time_ms["alexnet", 1] / paper.time_ms["alexnet", 64] == pytest.approx(
        3.23, abs=0.005
    )


def test_both_alexnets_gain_80_images_a_second_from_batch_1_to_16(paper: Paper) -> None:
    gains = [
        1000 / paper.time_ms[name, 16] - 1000 / paper.time_ms[name, 1]
        for name in ("alexnet", "bn-alexnet")
    ]
    assert gains == pytest.approx([80.0, 79.9], abs=0.05)


def test_vgg_takes_a_fifth_of_a_second(paper: Paper) -> None:
    assert [round(paper.time_ms[name, 1]) for name in ("vgg-16", "vgg-19")] == [161, 190]


def test_time_is_linear_in_operations_by_r2_but_not_by_relative_error(paper: Paper) -> None:
    operations = np.array([paper.operations[name] / 1e9 for name in paper.names])
    time = np.array([paper.time_ms[name, 16] for name in paper.names])
    slope, intercept = np.polyfit(operations, time, 1)
    fitted = slope * operations + intercept
    r2 = 1 - np.sum((time - fitted) ** 2) / np.sum((time - time.mean()) ** 2)
    error = fitted / time - 1
    assert r2 == pytest.approx(0.950, abs=0.0005)
    assert np.mean(np.abs(error)) == pytest.approx(0.33, abs=0.005)
    of = dict(zip(paper.names, error, strict=True))
    assert (of["alexnet"], of["bn-nin"]) == pytest.approx((1.41, 0.96), abs=0.005)


def test_memory_at_small_batches_has_a_floor_of_200_mb(paper: Paper) -> None:
    small = {n: paper.memory_mb[n, 1] for n in paper.names if (n, 1) in paper.memory_mb}
    size_mb = {name: 4 * paper.params[name] / 1e6 for name in small}
    assert all(200 < small[name] < 210 for name in small if size_mb[name] <= 104)
    assert 1.30 * size_mb["alexnet"] == pytest.approx(small["alexnet"], rel=0.005)
    assert 1.30 * size_mb["vgg-16"] == pytest.approx(719, abs=1)
    assert small["vgg-16"] == 846.0
    assert 200 + 1.30 * (size_mb["resnet-101"] - 100) == pytest.approx(302, abs=1)
    assert small["resnet-101"] == 297.5


@pytest.mark.parametrize(("batches", "bound"), [((1,), 73.9), ((16,), 76.2), (None, 77.1)])
def test_the_accuracy_bound_at_30_fps(
    paper: Paper, batches: tuple[int, ...] | None, bound: float
) -> None:
    points = [
        (1000 / ms, paper.top1[name])
        for (name, batch), ms in paper.time_ms.items()
        if batches is None or batch in batches
    ]
    # The least line above all points, at 30 fps: the upper hull's height there.
    heights = [
        y1 + (30 - x1) * (y2 - y1) / (x2 - x1)
        for x1, y1 in points
        for x2, y2 in points
        if x1 <= 30 < x2
    ]
    assert max(heights) == pytest.approx(bound, abs=0.05)


def test_enet_has_13_times_the_accuracy_per_parameter_of_alexnet_and_24_of_vgg_19(
    paper: Paper,
) -> None:
    density = {name: paper.top1[name] / paper.params[name] for name in paper.names}
    assert density["enet"] / density["alexnet"] == pytest.approx(13.03, abs=0.01)
    assert density["enet"] / density["vgg-19"] == pytest.approx(23.7, abs=0.05)


def test_the_slowest_network_is_not_the_one_that_saves_energy(paper: Paper) -> None:
    average = {
        name: paper.idle_w + paper.power_w[name, 1] * 5 * paper.time_ms[name, 1] / 1000
        for name in ("bn-nin", "resnet-18", "inception-v4")
    }
    assert list(average.values()) == pytest.approx([2.2, 2.9, 10.2], abs=0.05)


def test_power_is_low_where_the_forward_pass_is_slow(paper: Paper) -> None:
    assert paper.power_w["alexnet", 1] == 10.18
    assert (paper.power_w["vgg-16", 2], paper.power_w["vgg-19", 2]) == (10.05, 10.04)
    assert paper.time_ms["vgg-16", 2] / paper.time_ms["vgg-16", 1] == pytest.approx(1.20, abs=0.005)


def test_the_newest_networks_lead_by_5_points_not_by_7(paper: Paper) -> None:
    assert paper.top1["resnet-50"] - paper.top1["vgg-19"] == pytest.approx(5.25)


def test_batch_16_is_the_largest_that_all_can_run(paper: Paper) -> None:
    runs_all = [
        b for b in (1, 2, 4, 8, 16, 32, 64) if all((n, b) in paper.time_ms for n in paper.names)
    ]
    assert max(runs_all) == 16
    assert len(paper.missing) == 16
    assert {batch for _, batch in paper.missing} == {32, 64}


def test_memory_against_batch_has_a_knee(paper: Paper) -> None:
    resnet = [paper.memory_mb["resnet-18", batch] for batch in (1, 2, 4, 8, 16, 32, 64)]
    assert max(resnet[:4]) / min(resnet[:4]) < 1.01
    assert resnet[4:] == [256.4, 640.5, 1412.0]
