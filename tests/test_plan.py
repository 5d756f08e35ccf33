"""Several networks on one board: against exhaustive search, on the real board, and as people misuse it."""

from __future__ import annotations

import itertools
import json
import math
import random
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import NormalDist
from typing import Any

import jsonschema
import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from advisor import AdvisorError, Plan
from advisor.options import DEFAULT_CONFIDENCE, read_requirements
from advisor.solve.plan.optimum import Programme, best
from advisor.solve.plan.plan import plan
from advisor.solve.plan.plan_answer import Chosen
from advisor.solve.plan.workloads import OBJECTIVES, PlanRequest, Workload
from tests.conftest import BOARD, HEADER, SHIPPED, SOURCES, Overlay, Run, examples
from tests.test_cli import assert_refused, document

ROBOT = SHIPPED / "requirements/plan-robot.yaml"
NETWORKS = ("alexnet", "bn-nin", "enet", "googlenet", "resnet-18", "resnet-34", "vgg-16", "vgg-19")
BATCHES = (1, 2, 4)
IDLE_W, MEMORY_MB = 2.0, 4000.0
Z90 = NormalDist().inv_cdf(0.95)
UP = 1.07
"""The upper end of every latency's interval here, relative to it; no other figure has one."""


def check_shape(answer: dict[str, Any], run: Run) -> None:
    jsonschema.validate(answer, document(run("schema", "plan")))
    jsonschema.validate(answer["query"], document(run("schema", "plan-file")))


# --- against exhaustive search


@dataclass(frozen=True)
class Row:
    """A row of the made-up board."""

    network: str
    batch: int
    latency_ms: float
    power_w: float | None
    memory_mb: float | None
    accuracy: float


@dataclass(frozen=True)
class Task:
    """A workload as the exhaustive search knows it."""

    fps: float
    latency_ms: float
    accuracy: float
    weight: float
    overhead_ms: float
    networks: tuple[str, ...]
    batches: tuple[int, ...]


@dataclass(frozen=True)
class Instance:
    """A whole question with a whole board."""

    rows: tuple[Row, ...]
    tasks: tuple[Task, ...]
    share: float
    memory_mb: float
    power_w: float | None
    floor_mb: float
    confidence: float

    def request(self, objective: str) -> PlanRequest:
        workloads = []
        for place, task in enumerate(self.tasks):
            limits = {
                "fps": f"{task.fps!r}",
                "latency": f"{task.latency_ms!r} ms",
                "accuracy": f"{task.accuracy!r}",
            }
            overhead = f"{task.overhead_ms!r} ms"
            asked = read_requirements(
                limits,
                board="small",
                overhead=overhead,
                batch=task.batches,
                architectures=task.networks,
            )
            workloads.append(Workload(f"w{place}", asked, task.weight))
        return PlanRequest(
            "small", workloads, self.share, self.memory_mb, self.power_w, objective,
            None if self.confidence == DEFAULT_CONFIDENCE else self.confidence, self.floor_mb,
        )  # fmt: skip


def drawn(seed: int) -> Instance:
    """A board of at most six rows a workload, loose or tight."""
    draw = random.Random(seed)
    tightness = draw.choice((0.4, 0.8, 1.0, 1.3, 2.0))
    patience = draw.choice((0.4, 1.0, 3.0, 3.0))
    rows: list[Row] = []
    for network in NETWORKS:
        accuracy = draw.uniform(50, 80)
        base = 5 * 1.08 ** (accuracy - 50) * draw.uniform(0.8, 1.3)
        rows += [
            Row(
                network,
                batch,
                round(base * batch ** draw.uniform(0.6, 1), 3),
                None if draw.random() < 0.1 else round(draw.uniform(4, 14), 3),
                None if draw.random() < 0.1 else round(draw.uniform(200, 900), 1),
                round(accuracy, 2),
            )
            for batch in BATCHES
        ]
    tasks = tuple(
        Task(
            fps=round(draw.uniform(2, 20), 2),
            latency_ms=round(patience * draw.uniform(150, 800), 1),
            accuracy=draw.choice((1.0, 1.0, 55.0, 65.0)),
            weight=draw.choice((1.0, 1.0, 0.3, 5.0)),
            overhead_ms=draw.choice((0.0, 5.0)),
            networks=tuple(draw.sample(NETWORKS, 2 if many_batches else 6)),
            batches=BATCHES if many_batches else (1,),
        )
        for many_batches in draw.choices((True, False), k=draw.randint(1, 4))
    )
    return Instance(
        rows=tuple(rows),
        tasks=tasks,
        share=draw.choice((1.0, 0.8, round(min(1.0, tightness), 2))),
        memory_mb=round(tightness * draw.uniform(800, 2500), 1),
        power_w=draw.choice((None, round(IDLE_W + tightness * draw.uniform(1, 10), 2))),
        floor_mb=draw.choice((0.0, 150.0)),
        confidence=draw.choice((0.0, 0.9)),
    )


def write_board(folder: Path, rows: Sequence[Row]) -> None:
    """A catalog with the board of an instance."""
    board = folder / "boards/small"
    board.mkdir(parents=True, exist_ok=True)
    (folder / "sources.yaml").write_text(SOURCES)
    exact = BOARD.replace(", error: 100 mW", "").replace("weights: paper", "weights: mine")
    (board / "board.yaml").write_text(exact + f"memory: {{value: {MEMORY_MB} MB}}\n")
    lines = [HEADER + ",latency_low_ms,latency_high_ms"]
    for row in rows:
        power = "" if row.power_w is None else row.power_w
        memory = "" if row.memory_mb is None else row.memory_mb
        figures = f"{row.latency_ms},{power},{memory},reported,my-notes"
        ends = f"{row.latency_ms / 1.05!r},{row.latency_ms * UP!r}"
        lines.append(f"{row.network},eager,fp32,{row.batch},{figures},{ends}")
    (board / "measurements.csv").write_text("\n".join(lines) + "\n")
    sets = sorted({(row.network, row.accuracy) for row in rows})
    (folder / "weights.csv").write_text(
        "architecture,weights,top1_percent,top1_low_percent,top1_high_percent,top5_percent,origin,"
        "source\n" + "".join(f"{name},mine,{top1},,,,declared,my-notes\n" for name, top1 in sets)
    )


@dataclass(frozen=True)
class Outcome:
    """What a combination of rows does, by the definitions alone."""

    excesses: tuple[float, ...]
    accuracies: tuple[float, ...]
    mean: float
    power_w: float | None
    own_ms: float

    @property
    def short(self) -> float:
        return sum(each for each in self.excesses if each > 1e-9)

    def value(self, objective: str) -> float:
        if objective == "power":
            return -(self.power_w or math.nan)
        return self.mean if objective == "accuracy" else min(self.accuracies)


class Exhaustive:
    """Every combination of what the workloads could run."""

    def __init__(self, instance: Instance, objective: str) -> None:
        self.instance, self.objective = instance, objective
        tail = (1 - instance.confidence) / len(instance.tasks)
        z = -NormalDist().inv_cdf(tail) if instance.confidence else 0.0
        self.worse = math.exp(z * math.log(UP) / Z90)
        """What every latency is multiplied by: one uncertain figure a workload."""
        self.pools = [self.pool(task) for task in instance.tasks]

    def pool(self, task: Task) -> list[Row]:
        needs_power = self.instance.power_w is not None or self.objective == "power"
        return [
            row
            for row in self.instance.rows
            if row.network in task.networks
            and row.batch in task.batches
            and row.memory_mb is not None
            and (row.power_w is not None or not needs_power)
            and row.accuracy >= task.accuracy
            and 1000 * row.batch / (row.latency_ms * self.worse) >= task.fps
            and self.own_ms(task, row) <= task.latency_ms
        ]

    def own_ms(self, task: Task, row: Row) -> float:
        fill = (row.batch - 1) * 1000 / task.fps
        return fill + row.latency_ms * self.worse + task.overhead_ms

    def outcome(self, rows: Sequence[Row]) -> Outcome:
        asked, pairs = self.instance, list(zip(self.instance.tasks, rows, strict=True))
        shares = [task.fps * row.latency_ms / row.batch / 1000 for task, row in pairs]
        excesses = [sum(shares) * self.worse / asked.share - 1]
        memory = asked.floor_mb + sum((row.memory_mb or 0) - asked.floor_mb for row in rows)
        excesses.append(memory / asked.memory_mb - 1)
        known = all(row.power_w is not None for row in rows)
        drawn_w = [share * (row.power_w or 0) for share, row in zip(shares, rows, strict=True)]
        if asked.power_w is not None:
            excesses.append((IDLE_W + sum(drawn_w) * self.worse) / asked.power_w - 1)
        for task, row in pairs:
            others = [each.latency_ms for each in rows if each is not row]
            others += [row.latency_ms] * (sum(each is row for each in rows) > 1)
            wait = max(others, default=0.0) * self.worse
            excesses.append((self.own_ms(task, row) + wait) / task.latency_ms - 1)
        weights = [task.weight for task, _ in pairs]
        accuracies = tuple(row.accuracy for row in rows)
        mean = sum(a * w for a, w in zip(accuracies, weights, strict=True)) / sum(weights)
        own = sum(self.own_ms(task, row) for task, row in pairs)
        power = IDLE_W + sum(drawn_w) if known else None
        return Outcome(tuple(excesses), accuracies, mean, power, own)

    def outcomes(self) -> Iterator[Outcome]:
        return (self.outcome(rows) for rows in itertools.product(*self.pools))

    def of(self, answer: Plan) -> Outcome:
        by_key = {(row.network, row.batch): row for row in self.instance.rows}
        keys = [(each.candidate.architecture, each.candidate.batch) for each in answer.chosen]
        rows = [by_key[key] for key in keys]
        for row, pool in zip(rows, self.pools, strict=True):
            assert row in pool
        return self.outcome(rows)


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("made-up")


@examples(40)
@given(seed=st.integers(0, 10**9))
def test_the_plan_is_that_of_an_exhaustive_search(made_up: Path, seed: int) -> None:
    instance = drawn(seed)
    write_board(made_up, instance.rows)
    for objective in OBJECTIVES:
        check_plan(plan(instance.request(objective), made_up), Exhaustive(instance, objective))


def check_plan(answer: Plan, search: Exhaustive) -> None:
    """A plan against all that could have been."""
    assert [each.possible_alone for each in answer.considered] == [
        len(pool) for pool in search.pools
    ]
    if not all(search.pools):
        assert (answer.fits, answer.chosen) == (False, ())
        assert answer.impossible
        return
    outcomes = list(search.outcomes())
    found = search.of(answer)
    fitting = [each for each in outcomes if not each.short]
    assert answer.fits == bool(fitting)
    shorts = sum(each.short_by for each in answer.shortfalls)
    assert shorts == pytest.approx(found.short, rel=1e-9, abs=1e-12)
    if fitting:
        check_optimum(answer, search.objective, found, fitting)
    else:
        assert found.short == pytest.approx(min(each.short for each in outcomes), abs=2e-6)
        assert answer.objective.value is None


def check_optimum(answer: Plan, objective: str, found: Outcome, fitting: Sequence[Outcome]) -> None:
    """The objective's value; of those equally good, the highest mean, then the quickest to respond."""
    top = max(each.value(objective) for each in fitting)
    assert abs(answer.objective.value or 0) == pytest.approx(abs(top), rel=1e-9)
    assert found.value(objective) == pytest.approx(top, rel=1e-9)
    assert answer.objective.gap == pytest.approx(0, abs=1e-8)
    equals = [each for each in fitting if each.value(objective) >= top - 1e-9]
    if objective == "worst-accuracy":
        mean = max(each.mean for each in equals)
        equals = [each for each in equals if each.mean >= mean - 1e-9]
        assert found.mean == pytest.approx(mean, rel=1e-9)
    assert found.own_ms == pytest.approx(min(each.own_ms for each in equals), rel=1e-6)


def test_the_instances_are_of_every_kind() -> None:
    """So that the search above means something: some fit, some are short, some are impossible."""
    kinds = {"fits": 0, "short": 0, "impossible": 0}
    contrary = 0
    for seed in range(60):
        search = Exhaustive(drawn(seed), "accuracy")
        fitting = [each for each in search.outcomes() if not each.short]
        kinds["fits" if fitting else "short" if all(search.pools) else "impossible"] += 1
        if fitting:
            best_mean = max(fitting, key=lambda each: each.mean)
            least = max(each.value("worst-accuracy") for each in fitting)
            contrary += min(best_mean.accuracies) < least
    assert min(kinds.values()) >= 5
    assert contrary


@examples(10)
@given(seed=st.integers(0, 10**9), objective=st.sampled_from(OBJECTIVES))
def test_the_order_of_rows_and_workloads_does_not_matter(
    made_up: Path, seed: int, objective: str
) -> None:
    instance = drawn(seed)
    request = instance.request(objective)
    write_board(made_up, instance.rows)
    answer = plan(request, made_up)
    rows = random.Random(seed).sample(instance.rows, len(instance.rows))
    write_board(made_up, rows)
    assert plan(request, made_up).chosen == answer.chosen
    turned = replace(request, workloads=request.workloads[::-1])
    assert plan(turned, made_up).chosen == answer.chosen[::-1]


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_nor_does_it_among_equals(made_up: Path, objective: str) -> None:
    rows = [Row(name, 1, 20.0, 5.0, 300.0, 70.0) for name in NETWORKS]
    limits = read_requirements({"fps": "3"}, board="small")
    request = PlanRequest(
        "small", [Workload(name, limits) for name in ("c", "a", "b")], objective=objective
    )
    answers = set()
    for seed in range(5):
        shuffled = random.Random(seed).sample(rows, len(rows))
        order = random.Random(seed).sample(request.workloads, 3)
        write_board(made_up, shuffled)
        chosen = by_name(plan(replace(request, workloads=order), made_up))
        answers.add(tuple((name, chosen[name].candidate.architecture) for name in sorted(chosen)))
    assert len(answers) == 1


def test_the_best_of_each_group_that_is_accepted() -> None:
    programme = Programme(np.array([0, 0, 1, 1]), np.array([[0.9, 0.1, 0.5, 0.2]]), np.array([1.0]))
    cost = np.array([0.0, 1.0, 0.0, 3.0])
    found = best(programme, cost)
    assert found is not None
    assert found.items.tolist() == [1, 2]
    second = best(programme, cost, lambda items: items.tolist() != [1, 2])
    assert second is not None
    assert second.items.tolist() == [1, 3]
    assert best(programme, cost, lambda _: False) is None
    assert best(programme.with_row(np.ones(4), 1.0), cost) is None


# --- the real board


def by_name(answer: Plan) -> dict[str, Chosen]:
    return {each.workload.name: each for each in answer.chosen}


def test_the_robot(run: Run) -> None:
    ran = run("plan", ROBOT)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("A plan with mean accuracy ")
    answer = plan(ROBOT)
    chosen = by_name(answer)
    assert list(chosen) == ["obstacles", "door-camera", "shelf-labels"]
    shares = {
        name: each.workload.fps
        * each.candidate.batch_latency_ms.value
        / each.candidate.batch
        / 1000
        for name, each in chosen.items()
        if each.candidate.batch_latency_ms
    }
    time, memory, power = answer.budgets
    assert time.used
    assert memory.used
    assert power.used
    assert time.used.value == pytest.approx(sum(shares.values()))
    nets = {name: each.candidate.net_power_w for name, each in chosen.items()}
    drawn_w = sum(shares[name] * net.value for name, net in nets.items() if net)
    assert power.used.value == pytest.approx(1.30 + drawn_w)
    peaks = [each.candidate.memory_mb.value for each in chosen.values() if each.candidate.memory_mb]
    assert answer.runtime_floor_mb == pytest.approx(169.87)
    assert memory.used.value == pytest.approx(sum(peaks) - 2 * 169.87)
    for each in (time, memory, power):
        assert each.used
        assert each.limit
        assert each.used.value < each.used.bound <= each.limit
    obstacles = chosen["obstacles"].response
    assert obstacles.waits_for == "door-camera"
    assert obstacles.total.value == pytest.approx(
        obstacles.fill_ms + obstacles.run_ms.value + 5 + chosen["door-camera"].response.run_ms.value
    )


def test_more_confidence_costs_accuracy_and_none_takes_figures_as_they_are(tmp_path: Path) -> None:
    path, values = tmp_path / "plan.yaml", []
    for confidence in ("none", "0.9", "0.999"):
        text = ROBOT.read_text().replace("confidence: 0.9", f"confidence: {confidence}")
        path.write_text(text)
        answer = plan(path)
        assert answer.objective.value
        values.append(answer.objective.value)
        exact = [each.share.value == each.share.bound for each in answer.chosen]
        assert all(exact) == (confidence == "none")
    assert values == sorted(values, reverse=True)


@pytest.mark.parametrize("together", [False, True])
def test_all_figures_keep_their_bounds_as_often_as_was_asked(together: bool) -> None:
    """Whether errors are independent, or all are large at once."""
    answer = plan(ROBOT)
    random_ = np.random.default_rng(0)
    count = 50_000
    within, common = np.ones(count, dtype=bool), random_.normal(size=count)
    figures = 0
    for each in answer.chosen:
        assert each.memory_mb
        assert each.power_w
        power_bound = each.power_w.bound / each.share.bound
        for estimate, bound in (
            (each.candidate.batch_latency_ms, each.response.run_ms.bound),
            (each.candidate.memory_mb, each.memory_mb.bound + answer.runtime_floor_mb),
            (each.candidate.net_power_w, power_bound),
        ):
            assert estimate
            assert estimate.high
            z = common if together else random_.normal(size=count)
            within &= estimate.value * (estimate.high / estimate.value) ** (z / Z90) <= bound
            figures += 1
    # Beside these there are the accuracies, and the board's idle power.
    assert answer.guarantee.figures == figures + len(answer.chosen) + 1
    assert np.mean(within) >= answer.guarantee.confidence
    assert answer.guarantee.level == pytest.approx(1 - 0.1 / answer.guarantee.figures)


# --- what it must know


def small(overlay: Overlay, text: str) -> Path:
    return overlay.write("plan.yaml", "board: small\n" + text)


TWO = """\
workloads:
  one: {require: {fps: ">= 2"}}
  two: {require: {fps: 'min: 1'}}
""".replace("'min: 1'", "{min: 1}")


def test_the_runtime_is_counted_once(run: Run, overlay: Overlay) -> None:
    overlay.measurements("resnet-18,eager,fp32,1,20,5,300,reported,my-notes")
    path = small(overlay, "runtime_floor: 200 MB\nmemory: 400 MB\n" + TWO)
    answer = plan(path, overlay.folder)
    memory = answer.budgets[1]
    assert answer.fits
    assert memory.used
    assert memory.used.value == 200 + 100 + 100
    path = small(overlay, "memory: 400 MB\n" + TWO)
    ran = run("plan", path, "--catalog", overlay.folder)
    assert ran.code == 1
    assert "the runtime's own memory is counted in each workload, not once: board small" in ran.err
    assert "memory: 600 of 400 MB, short by 50%." in ran.out
    path = small(overlay, "runtime_floor: 301 MB\n" + TWO)
    ran = run("plan", path, "--catalog", overlay.folder)
    assert_refused(ran, "runtime_floor: 301 MB is more than a network takes on small")


def test_several_runtimes_share_nothing(overlay: Overlay) -> None:
    overlay.measurements(
        "resnet-18,eager,fp32,1,20,5,300,reported,my-notes",
        "resnet-18,onnx,fp32,1,20,5,300,reported,my-notes",
    )
    answer = plan(small(overlay, "runtime_floor: 200 MB\nmemory: 1 GB\n" + TWO), overlay.folder)
    assert answer.runtime_floor_mb == 0
    assert any("several (eager, onnx)" in note for note in answer.notes)


def test_what_is_unknown_cannot_be_chosen_and_is_counted(run: Run, overlay: Overlay) -> None:
    ran = run("plan", small(overlay, TWO), "--catalog", overlay.folder)
    assert ran.code == 0
    assert re.search(r"^one +resnet-50 ", ran.out, re.M)
    assert "the memory of small is unknown, so it limits nothing" in ran.err
    ran = run("plan", small(overlay, "memory: 4 GB\n" + TWO), "--catalog", overlay.folder)
    assert re.search(r"^one +resnet-18 ", ran.out, re.M)
    folded = " ".join(ran.out.split())
    assert "one: 1 of 3 candidates excluded: memory unknown." in folded
    board = overlay.folder / "boards/small/board.yaml"
    board.write_text(re.sub(r"idle_power.*\n", "", board.read_text()))
    ran = run("plan", small(overlay, "power: 5 W\n" + TWO), "--catalog", overlay.folder)
    assert ran.code == 1
    assert "two: all 3 candidates excluded: idle power of the board unknown." in " ".join(
        ran.out.split()
    )


def test_unknown_memory_excludes_nothing_where_no_memory_is_limited(
    run: Run, overlay: Overlay
) -> None:
    overlay.measurements(
        "resnet-18,eager,fp32,1,20,5,300,reported,my-notes",
        "resnet-50,eager,fp32,1,50,5,,reported,my-notes",
    )
    board = overlay.folder / "boards/small/board.yaml"
    board.write_text(board.read_text() + "memory: {value: 4 GB}\n")
    ran = run("plan", small(overlay, TWO), "--catalog", overlay.folder)
    assert re.search(r"^one +resnet-50 ", ran.out, re.M)
    folded = " ".join(ran.out.split())
    assert "The memory of one and two is unknown" in folded
    assert "than the 4,000 MB of the board" in folded
    assert (
        "No other choice of the candidates that are known well enough (2 for one and 2 for two)"
        in folded
    )
    ran = run("plan", small(overlay, "memory: 4 GB\n" + TWO), "--catalog", overlay.folder)
    assert re.search(r"^one +resnet-18 ", ran.out, re.M)


def test_a_device_is_asked_by_its_name_where_it_is_one_board(run: Run, tmp_path: Path) -> None:
    asked = tmp_path / "plan.yaml"
    asked.write_text("board: Jetson TX1\nworkloads: {one: {require: {fps: 2}}}\n")
    assert "1 workload on jetson-tx1 " in run("plan", asked).out
    asked.write_text("board: raspberry-pi-5\nworkloads: {one: {require: {fps: 2}}}\n")
    ran = run("plan", asked)
    assert ran.code == 2
    assert "'raspberry-pi-5'; expected one of its boards: raspberry-pi-5" in ran.err


def test_what_is_known_may_be_too_much_by_itself(run: Run, overlay: Overlay) -> None:
    board = overlay.folder / "boards/small/board.yaml"
    board.write_text(board.read_text() + "memory: {value: 1 GB}\n")
    overlay.measurements(
        "resnet-18,eager,fp32,1,10,5,700,reported,my-notes",
        "googlenet,eager,fp32,1,10,5,700,reported,my-notes",
        "enet,eager,fp32,1,10,5,,reported,my-notes",
    )
    names = ("resnet-18", "googlenet", "enet")
    workloads = [
        f"w{name}: {{require: {{fps: 2}}, candidates: {{architectures: {name}}}}}" for name in names
    ]
    path = small(overlay, "confidence: none\nworkloads:\n  " + "\n  ".join(workloads) + "\n")
    ran = run("plan", path, "--catalog", overlay.folder)
    assert ran.code == 1
    assert ran.out.startswith("No plan keeps every limit")
    assert "memory: at least 1400 of 1000 MB, short by at least 40%." in ran.out.replace("\n", " ")


def test_nothing_beats_what_is_unknown(overlay: Overlay) -> None:
    overlay.measurements(
        "resnet-18,eager,fp32,1,20,9,300,reported,my-notes",
        "resnet-18,onnxruntime,fp32,1,21,,300,reported,my-notes",
        "resnet-18,openvino,fp32,1,22,,300,reported,my-notes",
    )
    (offered,) = plan(
        small(overlay, "workloads: {one: {require: {fps: 2}}}\n"), overlay.folder
    ).alternatives
    assert {each.candidate.runtime for each in offered} == {"eager", "onnxruntime"}


def test_how_all_run_is_said_once(run: Run) -> None:
    assert "on jetson-tx1 (NVIDIA Jetson TX1), torch7, fp32\n" in run("plan", ROBOT).out


def test_a_reported_throughput_is_what_the_board_is_busy_by(overlay: Overlay) -> None:
    header = HEADER.rstrip() + ",throughput_fps\n"
    rows = "resnet-18,eager,fp32,1,20,5,300,reported,my-notes,400\n"
    overlay.write("boards/small/measurements.csv", header + rows)
    asked = "confidence: none\nworkloads:\n  one: {require: {fps: '>= 100'}}\n"
    (one,) = plan(small(overlay, asked), overlay.folder).chosen
    assert one.share.value == pytest.approx(100 / 400)
    assert one.power_w
    assert one.power_w.value == pytest.approx(5 * 100 / 400)
    assert one.response.total.value == pytest.approx(20)


def test_a_battery_that_is_to_last(run: Run, overlay: Overlay) -> None:
    overlay.measurements(
        "resnet-18,eager,fp32,1,20,5,300,reported,my-notes",
        "resnet-50,eager,fp32,1,50,5,300,reported,my-notes",
    )
    board = overlay.folder / "boards/small/board.yaml"
    idle = float(re.search(r"idle_power: {value: ([\d.]+)", board.read_text())[1])  # type: ignore[index]

    def asked(hours: float) -> Path:
        text = f"battery: 10 Wh\nhours: {hours!r}\nconfidence: none\n"
        return small(overlay, text + TWO)

    lasts = plan(small(overlay, "battery: 10 Wh\n" + TWO), overlay.folder).battery_hours
    assert lasts
    # resnet-50 three times a second takes 50 ms x 3 of the time and 5 W above idle.
    assert lasts.value == pytest.approx(10 / (idle + 5 * 0.15))
    between = 10 / (idle + 5 * 0.1)  # one of the two has to be the smaller network
    answer = plan(asked(between), overlay.folder)
    assert answer.fits
    assert {each.candidate.architecture for each in answer.chosen} == {"resnet-18", "resnet-50"}
    ran = run("plan", asked(11 / idle), "--catalog", overlay.folder)
    assert ran.code == 1
    below = " ".join(ran.out.split("workload", 1)[1].split())
    assert f"The idle board alone, {idle:.2f} W, empties the battery in" in below
    ran = run("plan", small(overlay, "hours: 8\n" + TWO), "--catalog", overlay.folder)
    assert_refused(ran, "of which battery?")


def test_a_prediction_without_an_interval_needs_no_confidence(overlay: Overlay) -> None:
    overlay.measurements(
        "resnet-18,eager,fp32,1,20,5,300,measured,my-notes",
        "resnet-50,eager,fp32,1,50,5,300,predicted,my-notes",
    )
    for confidence, network in (("0.9", "resnet-18"), ("none", "resnet-50")):
        path = small(overlay, f"confidence: {confidence}\n" + TWO)
        chosen = plan(path, overlay.folder).chosen
        assert {each.candidate.architecture for each in chosen} == {network}


ERRORS = HEADER + ",latency_low_ms,latency_high_ms"


def test_a_figure_without_an_error_is_taken_as_it_stands_and_called_unproven(
    run: Run, overlay: Overlay
) -> None:
    overlay.measurements(
        "resnet-18,eager,fp32,1,20,,,reported,my-notes,19,21",
        "resnet-50,eager,fp32,1,50,,,reported,my-notes,,",
        header=ERRORS,
    )
    path = small(overlay, TWO)
    answer = plan(path, overlay.folder)
    assert {each.candidate.architecture for each in answer.chosen} == {"resnet-50"}
    assert answer.unproven == ("one", "two")
    ran = run("plan", path, "--catalog", overlay.folder)
    assert ran.code == 0
    assert re.search(r"^one +resnet-50 .* unproven$", ran.out, re.M)
    folded = " ".join(ran.out.split())
    assert "Unproven: a limited figure of one and two is stated without any error" in folded
    assert "all limits together with at least" not in folded
    found = document(run("plan", path, "--catalog", overlay.folder, "--json"))
    check_shape(found, run)
    assert found["unproven"] == ["one", "two"]
    assert found["query"]["confidence"] is None
    assert {each["candidate"]["chance"] for each in found["chosen"]} == {None}
    assert {each["candidate"]["mark"] for each in found["chosen"]} == {"unproven"}


def test_a_confidence_that_is_said_leaves_unproven_choices_out(run: Run, overlay: Overlay) -> None:
    overlay.measurements(
        "resnet-18,eager,fp32,1,20,,,reported,my-notes,19,21",
        "resnet-50,eager,fp32,1,50,,,reported,my-notes,,",
        header=ERRORS,
    )
    path = small(overlay, "confidence: 0.9\n" + TWO)
    ran = run("plan", path, "--catalog", overlay.folder)
    assert ran.code == 0
    assert re.search(r"^one +resnet-18 ", ran.out, re.M)
    assert "unproven" not in ran.out.split("one responds")[0]
    folded = " ".join(ran.out.split())
    assert "one: 1 candidate excluded, since a figure that would keep a limit is stated" in folded
    found = document(run("plan", path, "--catalog", overlay.folder, "--json"))
    assert [each["unproven"] for each in found["considered"]] == [1, 1]
    assert found["chosen"][0]["candidate"]["chance"] == pytest.approx(1, abs=1e-6)
    overlay.measurements("resnet-50,eager,fp32,1,50,,,reported,my-notes,,", header=ERRORS)
    none = run("plan", path, "--catalog", overlay.folder)
    assert none.code == 1
    assert "two: 1 candidate excluded, since a figure" in " ".join(none.out.split())


def test_a_tie_goes_to_the_proven_choice(overlay: Overlay) -> None:
    overlay.measurements(
        "resnet-18,eager,fp32,1,20,,,reported,my-notes,,",
        "resnet-18,tflite,fp32,1,25,,,reported,my-notes,24,26",
        header=ERRORS,
    )
    answer = plan(small(overlay, TWO), overlay.folder)
    assert [each.candidate.runtime for each in answer.chosen] == ["tflite", "tflite"]
    assert answer.unproven == ()


def test_a_workload_that_nothing_can_serve(run: Run, overlay: Overlay) -> None:
    asked = 'workloads:\n  eye:\n    require: {fps: ">= 2", accuracy: ">= 90", params: "<= 60M"}\n'
    path = small(overlay, asked + '  ear: {require: {fps: ">= 1"}}\n')
    ran = run("plan", path, "--catalog", overlay.folder)
    assert ran.code == 1
    folded = " ".join(ran.out.split())
    assert (
        "eye: no candidate that is known well enough meets accuracy >= 90, fps >= 2 and params"
        in folded
    )
    assert "accuracy >= 90 rejects 3; the best has 75.99 %." in folded
    assert "ear:" not in folded
    answer = document(run("plan", path, "--catalog", overlay.folder, "--json"))
    check_shape(answer, run)
    assert (answer["status"], answer["chosen"], answer["budgets"]) == ("infeasible", [], [])


def test_what_is_short_and_by_how_much(run: Run, overlay: Overlay) -> None:
    overlay.measurements("resnet-18,eager,fp32,1,100,5,300,reported,my-notes")
    asked = (
        'confidence: none\nworkloads:\n  one: {require: {fps: ">= 8", latency: "<= 150 ms"}}\n'
        '  two: {require: {fps: ">= 4.5"}, overhead: 3 ms}\n'
    )
    path = small(overlay, asked)
    ran = run("plan", path, "--catalog", overlay.folder)
    assert ran.code == 1
    assert ran.out.startswith("No plan keeps every limit\n2 workloads on small (A small board")
    assert "time: 1.25 of 1.00, short by 25%; batches queue up without end." in ran.out
    assert "response of one: 200 of 150 ms, short by 33%." in ran.out
    answer = document(run("plan", path, "--catalog", overlay.folder, "--json"))
    check_shape(answer, run)
    shorts = [(each["budget"], each["workload"]) for each in answer["shortfalls"]]
    assert shorts == [("time", None), ("response", "one")]
    assert answer["shortfalls"][0]["short_by"] == pytest.approx(0.25)
    assert answer["objective"]["value"] is None


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_json_asks_the_same_again(run: Run, tmp_path: Path, objective: str) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(ROBOT.read_text().replace("objective: accuracy", f"objective: {objective}"))
    jsonschema.validate(yaml.safe_load(path.read_text()), document(run("schema", "plan-file")))
    answer = document(run("plan", path, "--json"))
    check_shape(answer, run)
    assert answer["objective"]["name"] == objective
    again = tmp_path / "again.yaml"
    again.write_text(json.dumps(answer["query"]))
    assert document(run("plan", again, "--json")) == answer


def test_an_option_is_never_sent_where_it_is_refused(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    for option, beside in (
        ("board: jetson-tx1", False),
        ("overhead: 1 ms", True),
        ("fps: 2", True),
    ):
        path.write_text(f"workloads: {{a: {{require: {{fps: 1}}, candidates: {{{option}}}}}}}\n")
        ran = run("plan", path)
        assert ran.code == 2
        assert ("beside 'candidates'" in ran.err) == beside


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_every_line_fits_the_terminal(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    short = tmp_path / "short.yaml"
    short.write_text(ROBOT.read_text().replace("power: 8 W", "power: 4 W"))
    for path in (ROBOT, short):
        out = run("plan", path).out
        assert max(map(len, out.splitlines())) <= columns
        assert "…" not in out
        assert "\x1b" not in out


def test_a_search_that_takes_too_long(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("advisor.solve.plan.optimum.TIME_LIMIT_S", 0.0)
    assert_refused(run("plan", ROBOT), "no plan was found within 0 s", "name fewer candidates")


def test_the_board_of_the_environment(
    run: Run, overlay: Overlay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADVISOR_BOARD", "small")
    ran = run("plan", overlay.write("plan.yaml", TWO), "--catalog", overlay.folder, "--json")
    assert document(ran)["query"]["board"] == "small"


def test_picking_needs_no_solver() -> None:
    script = (
        "import sys, advisor\nadvisor.pick(fps=30)\n"
        "print([name for name in sys.modules if name in ('scipy', 'advisor.solve.plan.optimum')])"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


# --- bad input

GOOD = 'workloads: {a: {require: {fps: ">= 2"}}}\n'
REQUIRE = "workloads: {{a: {{require: {{fps: '>= 2', {}}}}}}}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ("found nothing; expected the key 'workloads'",)),
        ("workloads:\n", ("expected the key 'workloads' with a value",)),
        ("workloads: {}\n", ("line 1, column 12: found no workloads; expected at least one",)),
        ("task: pose\n", ("'task'; expected it in the block 'candidates' of a workload",)),
        ("workloads: [a, b]\n", ("found a list; expected a mapping for 'workloads'",)),
        ("workloads: {a: 3}\n", ("found '3'; expected a mapping for 'a'",)),
        ("workloads: {a b: {}}\n", ("found the key 'a b'",)),
        ("workloads: {a: {}}\n", ("found no frame rate of 'a'",)),
        ("workloads: {a: {require: {latency: '<= 3 ms'}}}\n", ("expected require: {fps: '>= 15'}",)),
        ("workloads: {a: {require: {fps: '<= 15'}}}\n", ("a plan does not limit fps from this side",)),
        ("workloads: {a: {require: {fps: ['>= 2']}}}\n", ("found a list; expected a limit for 'fps'",)),
        ("workloads: {a: {require: {fps: '>= -2'}}}\n", ("give a positive number",)),
        ("workloads: {a: {require: {fps: {min: 3, max: 2}}}}\n", ("a plan does not limit fps",)),
        ("workloads: {a: {require: {fps: {mim: 3}}}}\n", ("'mim' is neither min nor max",)),
        (REQUIRE.format("accuracy: {min: 70, max: 60}"), ("does not limit accuracy from this side",)),
        (REQUIRE.format("accuracy: '>= 0.7'"), ("did you mean 70?",)),
        (REQUIRE.format("latency: '<= 3'"), ("'3' has no unit; write it like '33 ms'",)),
        (REQUIRE.format("latency: '<= 3 ms@p99'"), ("a plan limits the median",)),
        (REQUIRE.format("power: '<= 3 W'"), ("the whole board shares it", "at the top of the file")),
        (REQUIRE.format("latancy: '<= 3 ms'"), ("unknown limit 'latancy'", "did you mean 'latency'?")),
        (GOOD + "share: 120%\n", ("line 2, column 8: share: '120%' is not a share",)),
        (GOOD + "share: 0\n", ("'0' is not a share",)),
        (GOOD + "share: 1.5\n", ("'1.5' is not a share",)),
        (GOOD + "share: [0.5]\n", ("found a list; expected one value for 'share'",)),
        (GOOD + "confidence: 1\n", ("'1' is not a probability between 0 and 1",)),
        (GOOD + "confidence: -0.1\n", ("'-0.1' is not a probability",)),
        (GOOD + "confidence: sure\n", ("'sure' is not a probability",)),
        (GOOD + "board: jetson-tx\n", ("'jetson-tx'; expected a known board", "'jetson-tx1'?")),
        (GOOD + "objective: acuracy\n", ("did you mean 'accuracy'?",)),
        (GOOD + "memory: 3\n", ("'3' has no unit; write it like '400 MB'",)),
        (GOOD + "power: {max: 3 W}\n", ("found a mapping; expected one value for 'power'",)),
        (GOOD + "poewr: 3 W\n", ("the key 'poewr'", "did you mean 'power'?")),
        (GOOD + GOOD, ("the key 'workloads' a second time (first in line 1)",)),
        ("workloads: &a {b: {}}\n", ("an anchor",)),
        ("workloads: [\n", ("broken YAML",)),
    ],
)  # fmt: skip
def test_a_file_that_asks_badly(run: Run, tmp_path: Path, text: str, said: tuple[str, ...]) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(text)
    assert_refused(run("plan", path), f"advisor: {path}, line", *said)


@pytest.mark.parametrize(
    ("workload", "said"),
    [
        ("weight: 0", ("weight: '0' is zero; give a number above zero",)),
        ("weight: -1", ("'-1' is negative",)),
        ("weight: [1, 2]", ("found a list; expected one value for 'weight'",)),
        ("overhead: 5", ("'5' has no unit; write it like '33 ms'",)),
        ("wieght: 2", ("did you mean 'weight'?",)),
        ("candidates: [resnet-18]", ("found a list; expected a mapping for 'candidates'",)),
        ("candidates: {batch: 0}", ("'0' is not a batch size",)),
        ("candidates: {batch: []}", ("'' is not a batch size",)),
        ("candidates: {batch: [[1]]}", ("found a list; expected text in the list 'batch'",)),
        ("candidates: {architecture: resnet-18}", ("did you mean 'architectures'?",)),
    ],
)
def test_a_workload_that_asks_badly(
    run: Run, tmp_path: Path, workload: str, said: tuple[str, ...]
) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(f"workloads:\n  a:\n    require: {{fps: '>= 2'}}\n    {workload}\n")
    assert_refused(run("plan", path), f"advisor: {path}, line 4, column", *said)


def test_all_faults_are_told(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(GOOD + "share: 2\npower: 3\nmemory: 3\n")
    ran = run("plan", path)
    assert_refused(ran, "line 2", "2 more faults", "line 3", "line 4")
    assert "catalog check" not in ran.err


def test_files_that_are_none(run: Run, tmp_path: Path) -> None:
    assert_refused(run("plan", tmp_path / "none.yaml"), "none.yaml: no such file")
    assert_refused(run("plan", tmp_path), "found a folder; expected a file")
    assert_refused(run("plan"), "Missing argument")
    large = tmp_path / "large.yaml"
    large.write_text("# " + "x" * 10_000_000 + "\n" + GOOD)
    assert_refused(run("plan", large), "found a larger file; expected at most 1 MB")


def test_what_only_the_board_can_refuse(run: Run, overlay: Overlay) -> None:
    def asked(candidates: str) -> Path:
        workload = f"  a: {{require: {{fps: '>= 2'}}, candidates: {candidates}}}\n"
        return small(overlay, "workloads:\n" + workload)

    ran = run("plan", asked("{batch: 3}"), "--catalog", overlay.folder)
    assert_refused(ran, "workload a: board small has no rows at batch 3", "it has: 1, 4")
    ran = run("plan", asked("{architectures: vgg-*}"), "--catalog", overlay.folder)
    assert_refused(ran, "workload a: nothing to choose from: no row of board small")
    ran = run("plan", asked("{architectures: rasnet-5*}"), "--catalog", overlay.folder)
    assert_refused(ran, "workload a: architectures: 'rasnet-5*' matches nothing", "'resnet-5")
    ran = run("plan", asked("{weights: papre}"), "--catalog", overlay.folder)
    assert_refused(ran, "workload a: unknown weights 'papre'", "did you mean 'paper'?")


def test_a_mapping_asks_like_the_file_that_says_the_same() -> None:
    asked = yaml.safe_load(ROBOT.read_text())
    assert plan(asked) == plan(ROBOT)
    asked["workloads"]["obstacles"]["candidates"] = {"batch": [1, 2], "predictions": False}
    asked["confidence"] = 0.9
    assert {each.candidate.batch for each in plan(asked).chosen} <= {1, 2}


def test_faults_of_a_mapping_stand_at_their_keys() -> None:
    asked = {"workloads": {"a": {"require": {"fps": ">= quick"}}, "b": {"weight": 0}}, "pwer": 3}
    with pytest.raises(AdvisorError) as refused:
        plan(asked)
    said = str(refused.value)
    assert "plan: workloads: a: require: fps: fps: 'quick' is not a frame rate" in said
    assert "plan: workloads: b: weight: weight: '0' is zero; give a number above zero" in said
    assert "plan: workloads: b: found no frame rate of 'b'" in said
    assert "plan: pwer: found the key 'pwer'; expected a known key (did you mean 'power'?)" in said


def test_requests_from_python_are_checked_too() -> None:
    fps = read_requirements({"fps": "2"})
    with pytest.raises(AdvisorError, match="no frame rate"):
        Workload("a", read_requirements({}))
    with pytest.raises(AdvisorError, match="weight"):
        Workload("a", fps, weight=0)
    with pytest.raises(AdvisorError, match="no workloads"):
        PlanRequest("jetson-tx1", ())
    one = Workload("a", fps)
    with pytest.raises(AdvisorError, match="same name"):
        PlanRequest("jetson-tx1", (one, one))
    with pytest.raises(AdvisorError, match="not a share"):
        PlanRequest("jetson-tx1", (one,), share=1.2)
    with pytest.raises(AdvisorError, match="unknown objective"):
        PlanRequest("jetson-tx1", (one,), objective="speed")
    with pytest.raises(AdvisorError, match="request: found 3"):
        plan(3)  # type: ignore[arg-type]
    with pytest.raises(AdvisorError, match="unknown board"):
        plan(PlanRequest("nowhere", (one,)))


def test_equals_fall_to_energy_memory_batch_and_name(overlay: Overlay) -> None:
    overlay.measurements(
        "resnet-18,aaa,fp32,1,20,9,300,reported,my-notes",
        "resnet-18,bbb,fp32,1,20,1,100,reported,my-notes",
        "resnet-18,ccc,fp32,1,20,1,90,reported,my-notes",
    )
    answer = plan(small(overlay, TWO), overlay.folder)
    assert {each.candidate.runtime for each in answer.chosen} == {"ccc"}


def test_a_workload_with_nothing_to_choose_from(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(
        "workloads: {a: {require: {fps: '>= 2'}, candidates: {architectures: vgg-*, batch: 64}}}\n"
    )
    ran = run("plan", path)
    assert ran.code == 1
    assert "a: there is nothing to choose from" in ran.out
    check_shape(document(run("plan", path, "--json")), run)


def test_a_budget_that_is_short_by_a_rounding_error_is_kept(overlay: Overlay) -> None:
    overlay.measurements("resnet-18,eager,fp32,1,20,5,300,reported,my-notes")
    asked = "workloads: {one: {require: {fps: '>= 2'}}}\nconfidence: none\n"
    for share, fits in (("0.04", True), ("0.039999999998", True), ("0.0399", False)):
        assert plan(small(overlay, f"share: {share}\n" + asked), overlay.folder).fits is fits


def test_memory_of_a_device_leaves_the_runtime_out(overlay: Overlay) -> None:
    board = overlay.folder / "boards/small/board.yaml"
    text = board.read_text()
    for scope, floor in (("device reserved", 0.0), ("net system memory", 250.0)):
        board.write_text(text + f"memory_scope: {scope}\nmemory: {{value: 4 GB}}\n")
        answer = plan(small(overlay, "runtime_floor: 250 MB\n" + TWO), overlay.folder)
        assert answer.runtime_floor_mb == floor


@pytest.mark.parametrize(
    "wrong", [{"confidence": 1.0}, {"power_w": 0.0}, {"memory_mb": -1.0}, {"workloads": [5]}]
)
def test_a_wrong_request_is_refused_in_words(wrong: dict[str, Any]) -> None:
    workloads = [Workload("a", read_requirements({"fps": "2"}))]
    with pytest.raises(AdvisorError):
        PlanRequest(**{"board": "jetson-tx1", "workloads": workloads, **wrong})


@pytest.mark.parametrize("limit", ["power <= 3 W", "latency >= 1 ms", "latency <= 9 ms@p99"])
def test_a_workload_that_limits_what_it_cannot_is_refused(limit: str) -> None:
    with pytest.raises(AdvisorError):
        Workload("a", read_requirements({"fps": "2"}, where=[limit]))
