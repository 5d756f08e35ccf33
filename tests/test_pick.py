"""The choice: known answers, the meaning of every limit, ties, explanations, and brute force."""

from __future__ import annotations

import csv
import itertools
import json
import math
import random
import shlex
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import advisor
from advisor import AdvisorError, Candidate, Estimate, Recommendation
from advisor.catalog.store import Catalog
from advisor.catalog.zoo import of_floats
from tests.conftest import HEADER, ROWS, SHIPPED, Overlay, Run, examples


def name(candidate: Candidate | None) -> tuple[str, int]:
    assert candidate is not None
    return candidate.architecture, candidate.batch


def value(estimate: Estimate | None) -> float:
    assert estimate is not None
    return estimate.value


def ask(
    limits: dict[str, Any], batch: str = "any", top: int = 14, confidence: float | str = "none"
) -> Recommendation:
    """The question on the shipped TX1."""
    return advisor.pick(**written(limits), batch=batch, top=top, confidence=confidence)


UNITS = {"response": "ms", "energy": "J", "power": "W", "memory": "MB"}


def written(limits: dict[str, Any]) -> dict[str, Any]:
    return {
        key: f"{limit!r} {UNITS[key]}" if key in UNITS and isinstance(limit, float) else limit
        for key, limit in limits.items()
    }


LIMITS = st.fixed_dictionaries(
    {},
    optional={
        "fps": st.floats(1, 150),
        "response": st.floats(10, 2000),
        "energy": st.floats(0.05, 3),
        "power": st.floats(2, 15),
        "memory": st.floats(200, 2000),
        "accuracy": st.floats(50, 81),
    },
)
BATCHES = st.one_of(st.none(), st.sets(st.sampled_from([1, 2, 4, 8, 16]), min_size=1))


# --- known answers


def test_30_fps_and_half_a_joule_is_resnet_18() -> None:
    answer = advisor.pick(board="jetson-tx1", fps=30, energy="0.5 J")
    assert name(answer.best) == ("resnet-18", 1)
    assert [each.architecture for each in answer.alternatives] == [
        "googlenet",
        "enet",
        "bn-nin",
        "bn-alexnet",
    ]
    assert answer.networks_feasible == 6
    assert answer.binding is not None
    assert name(answer.binding.candidate) == ("resnet-34", 64)
    assert [each.name for each in answer.binding.constraints] == ["fps"]


def test_20_fps_and_half_a_joule_is_resnet_34_in_batches_of_4() -> None:
    answer = advisor.pick(fps=20, energy="0.5 J")
    assert name(answer.best) == ("resnet-34", 4)
    assert answer.best is not None
    assert value(answer.best.response_ms) == pytest.approx(3 * 50 + 146.8)


def test_5_fps_is_inception_v4() -> None:
    answer = advisor.pick(fps="5")
    assert name(answer.best) == ("inception-v4", 1)
    assert answer.binding is None


def test_every_metric_of_the_pick_by_hand() -> None:
    best = advisor.pick(fps=30, energy="0.5 J", overhead="5 ms").best
    assert best is not None
    assert (best.weights, best.board, best.runtime, best.precision) == (
        "paper",
        "jetson-tx1",
        "torch7",
        "fp32",
    )
    expected = {
        "accuracy_percent": 69.57,
        "batch_latency_ms": 25.41,
        "time_per_image_ms": 25.41,
        "response_ms": 30.41,
        "fps": 1000 / 25.41,
        "energy_j": 12.32 * 0.02541,
        "net_power_w": 12.32,
        "average_power_w": 1.30 + 12.32 * 30 * 0.02541,
        "memory_mb": 203.3,
        "params": 11.69e6,
        "operations": 3.63e9,
    }
    for key, figure in expected.items():
        estimate = best.metric(key)
        assert estimate is not None
        assert estimate.value == pytest.approx(figure), key
        assert estimate.origin == "reported"
        assert estimate.low is not None
        assert estimate.high is not None
        assert estimate.low < estimate.value < estimate.high
    assert best.energy_j is not None
    assert best.energy_j.source == "canziani-2016-figure-4, canziani-2016-figure-3"


# --- what limits mean


def test_latency_limits_the_response_where_a_frame_rate_is_required() -> None:
    assert name(advisor.pick(fps=20, energy="0.5 J", latency="300 ms").best) == ("resnet-34", 4)
    assert name(advisor.pick(fps=20, energy="0.5 J", latency="290 ms").best)[0] == "resnet-18"
    alone = advisor.pick(energy="0.46 J", latency="150 ms").best
    assert name(alone) == ("resnet-34", 4)
    assert (
        name(advisor.pick(energy="0.45 J", latency="150 ms", overhead="4 ms").best)[0]
        != "resnet-34"
    )


def test_power_is_the_average_at_the_required_rate_and_flat_out_without() -> None:
    assert name(advisor.pick(fps=5, power="3 W").best) == ("resnet-18", 1)
    assert advisor.pick(power="3 W").best is None
    flat_out = advisor.pick(power="12 W").best
    assert flat_out is not None
    assert value(flat_out.average_power_w) == pytest.approx(1.30 + value(flat_out.net_power_w))


def test_an_unknown_figure_meets_no_limit_and_is_counted() -> None:
    answer = advisor.pick(memory="4 GB")
    (rejection,) = answer.rejections
    assert (rejection.rejected, rejection.unknown) == (0, 22)
    assert "enet" not in {
        each.architecture for each in advisor.pick(memory="4GB", top=14).candidates
    }


def test_the_tail_is_unknown_on_a_board_that_reports_medians() -> None:
    answer = advisor.pick(latency="1 s@p99")
    assert answer.best is None
    assert answer.rejections[0].unknown == answer.considered == 82
    assert answer.relaxations == ()


def test_the_tail_is_limited_where_it_is_known(overlay: Overlay) -> None:
    overlay.measurements(
        "resnet-18,eager,fp32,1,20,5,300,reported,my-notes,26,45",
        "resnet-50,eager,fp32,1,30,5,300,reported,my-notes,33,34",
        header="architecture,runtime,precision,batch,latency_ms,net_power_w,memory_mb,origin,source,"
        "latency_p90_ms,latency_p99_ms",
    )
    picked = {
        limit: name(advisor.pick(board="small", latency=limit, catalog=overlay.folder).best)[0]
        for limit in ("25ms", "30ms@p90", "40ms@p99")
    }
    assert picked == {"25ms": "resnet-18", "30ms@p90": "resnet-18", "40ms@p99": "resnet-50"}


def test_a_limit_met_exactly_is_met() -> None:
    assert name(advisor.pick(latency="25.41 ms", accuracy="69.57", confidence="none").best) == (
        "resnet-18",
        1,
    )
    assert advisor.pick(latency="25.409 ms", accuracy="69.57", confidence="none").best is None


def test_batches_can_be_chosen() -> None:
    assert name(advisor.pick(fps=20, batch="2,8").best) == ("resnet-34", 2)
    assert name(advisor.pick(fps=20, batch=[8, 4]).best) == ("resnet-34", 4)
    assert name(advisor.pick(batch=16).best) == ("inception-v4", 16)
    with pytest.raises(AdvisorError) as refused:
        advisor.pick(batch=3)
    assert refused.value.hint == "it has: 1, 2, 4, 8, 16, 32, 64"


@pytest.mark.parametrize(
    ("objective", "expected"),
    [
        ("accuracy", ("inception-v4", 1)),
        ("fps", ("alexnet", 64)),
        ("time", ("alexnet", 64)),
        ("latency", ("bn-nin", 1)),
        ("energy", ("bn-alexnet", 64)),  # 66.1815 mJ against 66.1825 of alexnet
        ("memory", ("resnet-18", 1)),
        ("params", ("enet", 1)),
        ("ops", ("bn-alexnet", 1)),
        ("net-power", ("vgg-19", 2)),
    ],
)
def test_the_objective_ranks(objective: str, expected: tuple[str, int]) -> None:
    assert name(advisor.pick(objective=objective).best) == expected


def test_ties_fall_to_response_energy_memory_batch_and_name(overlay: Overlay) -> None:
    def row(network: str, batch: int, latency: float, power: float, memory: float) -> str:
        return f"{network},eager,fp32,{batch},{latency},{power},{memory},reported,my-notes"

    overlay.write(
        "weights.csv",
        "architecture,weights,top1_percent,top1_low_percent,top1_high_percent,top5_percent,"
        "origin,source\n"
        + "".join(
            f"{each},paper,70,,,,reported,my-notes\n" for each in ("vgg-16", "vgg-19", "enet")
        ),
    )
    slow = row("vgg-16", 1, 21, 5, 300)
    hungry = row("vgg-16", 2, 20, 11, 300)
    large = row("vgg-16", 4, 20, 20, 301)
    later_name = row("vgg-19", 4, 20, 20, 300)
    best = row("enet", 4, 20, 20, 300)
    worse_each_time = [slow, hungry, large, later_name, best]
    for count in range(2, 6):
        rows = worse_each_time[-count:]
        random.Random(count).shuffle(rows)
        overlay.measurements(*rows)
        answer = advisor.pick(board="small", catalog=overlay.folder, all_batches=True)
        assert answer.best is not None
        assert name(answer.best) == ("enet", 4)
        assert name(answer.candidates[-1])[1] == int(worse_each_time[-count].split(",")[3])


def test_the_order_of_rows_in_the_file_does_not_matter(overlay: Overlay) -> None:
    answers = []
    for rows in itertools.permutations(ROWS):
        overlay.measurements(*rows)
        answer = advisor.pick(board="small", catalog=overlay.folder, all_batches=True)
        answers.append(answer.candidates)
    assert all(each == answers[0] for each in answers)


def test_one_line_a_network_unless_all_batches_are_asked_for() -> None:
    short = advisor.pick(fps=20, energy="0.5J", top=2)
    assert [name(each) for each in short.candidates] == [("resnet-34", 4), ("resnet-18", 1)]
    long = advisor.pick(fps=20, energy="0.5J", top=2, all_batches=True)
    assert [name(each) for each in long.candidates] == [
        *(("resnet-34", batch) for batch in (4, 8, 16, 32, 64)),
        *(("resnet-18", batch) for batch in (1, 2, 4, 8, 16, 32, 64)),
    ]


# --- weights, boards, overlays


def test_other_weights_come_in_only_when_asked(overlay: Overlay) -> None:
    overlay.write(
        "weights.csv",
        "architecture,weights,top1_percent,top1_low_percent,top1_high_percent,top5_percent,"
        "origin,source\nresnet-18,better,75,,,,reported,my-notes\n",
    )
    opened = Catalog.open(overlay.folder)
    default = advisor.pick(fps=30, catalog=overlay.folder).best
    assert default is not None
    assert (default.architecture, default.weights) == ("resnet-18", "paper")
    any_weights = advisor.pick(fps=30, weights="any", catalog=overlay.folder, all_batches=True)
    # Of each row all sets of its network; of eight of the paper's networks torchvision has some, too.
    sets = Counter(name for name, _ in of_floats(opened.published))
    rows = opened.measurements(opened.board("jetson-tx1"))
    ran = rows.architecture.take(rows.ran).tolist()
    assert any_weights.considered == sum(sets[name] for name in ran) > 82 + 7
    assert any_weights.best is not None
    assert (any_weights.best.weights, value(any_weights.best.accuracy_percent)) == (
        "better",
        75,
    )
    assert {each.weights for each in any_weights.candidates} >= {"better", "paper"}
    named = advisor.pick(weights="better", objective="energy", catalog=overlay.folder)
    assert {each.architecture for each in named.candidates} == {"resnet-18"}
    assert (named.considered, named.without_weights) == (7, 13)
    with pytest.raises(AdvisorError, match="unknown weights 'papre'"):
        advisor.pick(weights="papre")


def test_the_board_is_that_asked_for_else_the_environments(
    overlay: Overlay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADVISOR_CATALOG", str(overlay.folder))
    assert advisor.pick().board.name == "jetson-tx1"
    monkeypatch.setenv("ADVISOR_BOARD", "small")
    assert advisor.pick().board.name == "small"
    assert advisor.pick(board="jetson-tx1").board.name == "jetson-tx1"
    assert name(advisor.pick(fps=30).best) == ("resnet-18", 1)


def test_pairs_known_not_to_fit_are_no_candidates() -> None:
    answer = advisor.pick(batch="64", top=14)
    assert answer.out_of_memory == 8
    assert {each.architecture for each in answer.candidates} == {
        "alexnet",
        "bn-alexnet",
        "bn-nin",
        "googlenet",
        "resnet-18",
        "resnet-34",
    }


def test_a_board_without_accuracies_ranks_by_the_next_criterion(overlay: Overlay) -> None:
    board = overlay.folder / "boards/small/board.yaml"
    board.write_text(board.read_text().replace("weights: paper\n", ""))
    known = advisor.pick(board="small", catalog=overlay.folder).best
    assert known is not None
    assert (known.architecture, known.weights) == ("resnet-50", "fb_swsl_ig1b_ft_in1k")  # its best
    rows = overlay.folder / "boards/small/measurements.csv"
    rows.write_text(rows.read_text().replace(",fp32,", ",int8,"))
    answer = advisor.pick(board="small", catalog=overlay.folder)
    assert name(answer.best) == ("resnet-18", 1)
    assert answer.best is not None
    assert answer.best.accuracy_percent is None
    assert answer.best.weights is None


# --- why, and why not


def test_what_each_limit_rejects_and_what_comes_nearest() -> None:
    answer = advisor.pick(fps=60, accuracy=75)
    assert answer.best is None
    assert answer.candidates == ()
    accuracy, fps = answer.rejections
    assert (fps.rejected, accuracy.rejected) == (62, 57)
    assert fps.nearest is not None
    assert name(fps.nearest) == ("resnet-50", 16)
    assert accuracy.nearest is not None
    assert name(accuracy.nearest) == ("enet", 16)


def test_a_relaxed_frame_rate_lengthens_the_fill_and_rests_the_board() -> None:
    impatient = ask({"fps": 108.479, "response": 1179.009, "accuracy": 77.349})
    (fps,) = [each for each in impatient.relaxations if each.limits[0].constraint.name == "fps"]
    assert name(fps.candidate) == ("inception-v3", 8)
    assert fps.limits[0].limit == pytest.approx(1000 / 60.91)
    frugal = ask({"fps": 60, "accuracy": 75, "power": "5 W"})
    (fps,) = frugal.relaxations
    assert name(fps.candidate) == ("resnet-50", 16)
    assert fps.limits[0].limit == pytest.approx((5 - 1.30) / (11.73 * 0.05105))


@examples(40)
@given(LIMITS, st.floats(0.02, 0.98))
def test_a_relaxation_gives_its_candidate_and_nothing_smaller_does(
    limits: dict[str, float], share: float
) -> None:
    answer = ask(dict(limits))
    if answer.best is not None:
        assert answer.relaxations == ()
        return
    offered = {each.limits[0].constraint.name: each for each in answer.relaxations}
    for key, asked in limits.items():
        found = offered.get(key)
        if found is None:
            # No change of this limit alone helps, however large.
            downwards = key in ("fps", "accuracy")
            relaxed = asked * (1 - 0.999 * share if downwards else 1 + 1000 * share)
            assert ask({**limits, key: relaxed}).best is None
            continue
        (loosened,) = found.limits
        for limit in (loosened.limit, loosened.asked.limit):
            assert name(ask({**limits, key: limit}).best) == name(found.candidate)
        smaller = asked + (loosened.limit - asked) * share
        assert ask({**limits, key: smaller}).best is None


def test_the_bound_of_what_is_known_stands_beside_the_asked_accuracy() -> None:
    at = {
        batch: advisor.pick(fps=30, accuracy=79, batch=batch).bound for batch in ("1", "16", "any")
    }
    told = [each.accuracy_percent for each in at.values() if each is not None]
    assert told == pytest.approx([73.9, 76.2, 77.1], abs=0.05)
    assert at["1"] is not None
    assert at["1"].networks == 14
    beyond = advisor.pick(fps=900, accuracy=70).bound
    assert beyond is not None
    assert beyond.accuracy_percent is None
    assert advisor.pick(fps=30).bound is None
    # A fit to known networks rejects nothing.
    assert advisor.pick(fps=30, accuracy=69).best is not None


def test_no_relaxation_is_offered_where_none_alone_helps() -> None:
    answer = advisor.pick(fps=200, accuracy=75, energy="0.05 J")
    assert answer.best is None
    assert answer.relaxations == ()


def test_head_room_within_the_reading_error_is_told() -> None:
    close = advisor.pick(fps=20, energy="0.45 J", confidence="none").best
    assert close is not None
    assert [(each.constraint.name, each.within_error) for each in close.headroom] == [
        ("fps", False),
        ("energy", True),
    ]
    assert close.headroom[1].margin == pytest.approx(1 - 0.449575 / 0.45)


# --- from Python


def test_the_answer_as_a_frame() -> None:
    frame = advisor.pick(fps=30, energy="0.5 J").to_frame()
    assert list(frame["architecture"][:2]) == ["resnet-18", "googlenet"]
    assert frame["energy_j"][0] == pytest.approx(0.3130512)
    assert (frame["energy_j_low"] < frame["energy_j"]).all()
    empty = advisor.pick(fps=1000).to_frame()
    assert len(empty) == 0
    assert list(empty.columns) == list(frame.columns)


def test_notebooks_show_the_answer_with_its_text_escaped() -> None:
    answer = advisor.pick(fps=30)
    page = answer._repr_html_()
    assert "<b>resnet-18 at batch 1</b>" in page
    assert "fps &gt;= 30" in page
    assert answer.best is not None
    evil = replace(answer, best=replace(answer.best, architecture="<script>x</script>"))
    assert "<script>" not in evil._repr_html_()
    assert "Nothing fits" in advisor.pick(fps=60, accuracy=75)._repr_html_()


# --- brute force: the same question answered row by row, straight from the files


def pick_row_by_row(limits: dict[str, float], batches: set[int] | None) -> tuple[str, int] | None:
    with (SHIPPED / "weights.csv").open() as stream:
        top1 = {row["architecture"]: float(row["top1_percent"]) for row in csv.DictReader(stream)}
    fitting = []
    with (SHIPPED / "boards/jetson-tx1/measurements.csv").open() as stream:
        for row in csv.DictReader(stream):
            if row["status"] != "ok" or (batches and int(row["batch"]) not in batches):
                continue
            batch, latency = int(row["batch"]), float(row["latency_ms"])
            power = float(row["net_power_w"])
            memory = float(row["memory_mb"]) if row["memory_mb"] else math.nan
            seconds = latency / batch / 1000
            fps = limits.get("fps")
            response = latency + ((batch - 1) * 1000 / fps if fps else 0)
            average = 1.30 + power * (fps * seconds if fps else 1)
            good = (
                batch / latency * 1000 >= limits.get("fps", 0)
                and response <= limits.get("response", math.inf)
                and power * seconds <= limits.get("energy", math.inf)
                and average <= limits.get("power", math.inf)
                and ("memory" not in limits or memory <= limits["memory"])
                and top1[row["architecture"]] >= limits.get("accuracy", 0)
            )
            if good:
                fitting.append((-top1[row["architecture"]], response, row["architecture"], batch))
    return min(fitting)[2:] if fitting else None


@examples(100)
@given(LIMITS, BATCHES)
def test_the_pick_is_that_of_brute_force(
    limits: dict[str, float], batches: set[int] | None
) -> None:
    answer = ask(dict(limits), ",".join(map(str, batches)) if batches else "any")
    assert (name(answer.best) if answer.best else None) == pick_row_by_row(limits, batches)


@examples(60)
@given(LIMITS, st.data())
def test_loosening_a_limit_never_worsens_the_pick(
    limits: dict[str, float], data: st.DataObject
) -> None:
    if not limits:
        return
    key = data.draw(st.sampled_from(sorted(limits)))
    # A lower frame rate lengthens the fill and so the response: it loosens nothing but itself.
    if key == "fps" and ("response" in limits or "power" in limits):
        return
    factor = 0.7 if key in ("fps", "accuracy") else 1.5
    tight, loose = ask(dict(limits)), ask({**limits, key: limits[key] * factor})
    if tight.best is not None:
        assert loose.best is not None
        assert value(loose.best.accuracy_percent) >= value(tight.best.accuracy_percent)


@examples(30)
@given(LIMITS)
def test_the_counts_add_up(limits: dict[str, float]) -> None:
    answer = ask(dict(limits))
    for rejection in answer.rejections:
        assert rejection.rejected + rejection.unknown <= answer.considered == 82
        assert (rejection.nearest is None) == (rejection.rejected == 0)
    listed = {each.architecture for each in answer.candidates}
    assert len(listed) == answer.networks_feasible
    for candidate in answer.candidates:
        assert all(each.margin is not None and each.margin >= 0 for each in candidate.headroom)


# --- mixed boards


def test_candidates_of_several_runtimes_are_told_apart_and_ties_fall_to_their_names(
    overlay: Overlay,
) -> None:
    overlay.measurements(
        "resnet-18,onnx,fp16,1,20,5,300,reported,my-notes",
        "resnet-18,eager,fp32,1,20,5,300,reported,my-notes",
        "resnet-18,eager,fp16,1,20,5,300,reported,my-notes",
    )
    answer = advisor.pick(board="small", catalog=overlay.folder, all_batches=True)
    assert [(each.runtime, each.precision) for each in answer.candidates] == [
        ("eager", "fp16"),
        ("eager", "fp32"),
        ("onnx", "fp16"),
    ]
    nothing = advisor.pick(board="small", catalog=overlay.folder, accuracy=90)
    assert nothing.relaxations[0].candidate.precision == "fp16"


def test_a_batch_that_nothing_fits_at_is_an_answer(overlay: Overlay) -> None:
    overlay.measurements(
        "resnet-18,eager,fp32,1,20,5,300,reported,my-notes,ok",
        "resnet-18,eager,fp32,64,,,,reported,my-notes,does_not_fit",
        header=HEADER + ",status",
    )
    answer = advisor.pick(board="small", batch=64, fps=1, catalog=overlay.folder)
    assert answer.best is None
    assert (answer.considered, answer.out_of_memory) == (0, 1)


def test_a_better_candidate_of_unknown_figure_is_not_denied() -> None:
    answer = advisor.pick(memory="3 GB")
    assert name(answer.best) == ("inception-v3", 1)
    assert answer.binding is not None
    assert name(answer.binding.candidate) == ("inception-v4", 1)
    assert answer.binding.candidate.memory_mb is None


def test_the_sources_of_average_power_are_those_that_made_it() -> None:
    flat_out, at_rate = advisor.pick().best, advisor.pick(fps=5).best
    assert flat_out is not None
    assert at_rate is not None
    assert flat_out.average_power_w is not None
    assert at_rate.average_power_w is not None
    assert "figure-3" not in flat_out.average_power_w.source
    assert "figure-3" in at_rate.average_power_w.source


@pytest.mark.parametrize(
    "odd",
    [{"top": "x"}, {"top": 2.5}, {"objective": []}, {"board": 5}, {"fps": True}, {"energy": 0.5},
     {"latency": "33ms@"}, {"batch": [1, 3]}, {"batch": 2.5}, {"accuracy": None, "fps": "fast"}],
)  # fmt: skip
def test_odd_arguments_are_refused_in_words(odd: dict[str, Any]) -> None:
    with pytest.raises(AdvisorError):
        advisor.pick(**odd)


# --- what is never picked


def test_networks_can_be_excluded_everywhere(run: Run, tmp_path: Path) -> None:
    usual = advisor.pick(fps=30)
    assert usual.best is not None
    assert usual.best.architecture.startswith("resnet-")
    without = advisor.pick(fps=30, exclude="resnet-*")
    assert without.best is not None
    assert not any(each.architecture.startswith("resnet-") for each in without.candidates)
    file = tmp_path / "ask.yaml"
    file.write_text("require: {fps: 30}\ncandidates: {exclude: [resnet-*]}\n")
    ran = run("pick", file, "--json")
    answer = json.loads(ran.out)
    assert answer["best"]["architecture"] == without.best.architecture
    assert answer["query"]["candidates"]["exclude"] == "resnet-*"
    again = run(*shlex.split(answer["query"]["command"])[1:], "--json")
    assert json.loads(again.out) == answer
    assert "without resnet-*" in " ".join(run("frontier", file).out.split())


def test_a_list_can_be_given_in_one_option_or_in_several(run: Run) -> None:
    asked = ("pick", "--fps", "20", "--energy", "0.5J", "--json")
    joined = run(*asked, "--exclude", "resnet-18,resnet-34", "--batch", "1,4")
    apart = run(
        *asked,
        *("--exclude", "resnet-18", "--exclude", "resnet-34"),
        *("--batch", "1", "--batch", "4"),
    )
    assert json.loads(apart.out) == json.loads(joined.out)
    assert json.loads(apart.out)["best"]["architecture"] not in ("resnet-18", "resnet-34")


def test_what_is_excluded_must_be_known(run: Run) -> None:
    ran = run("pick", "--exclude", "resnet-19")
    assert ran.code == 2
    assert "exclude: unknown architecture 'resnet-19'" in ran.err
    assert "'resnet-18'" in ran.err or "'resnet-1" in ran.err


def test_the_size_of_the_file_is_limited_and_minimised_like_any_metric(
    overlay: Overlay, run: Run
) -> None:
    overlay.measurements(
        "resnet-18,onnxruntime,fp32,1,20,5,300,reported,my-notes,46.8",
        "resnet-18,onnxruntime,fp16,1,15,5,200,reported,my-notes,23.4",
        "resnet-50,onnxruntime,fp32,1,50,5,,reported,my-notes,102.5",
        "resnet-34,eager,fp32,1,10,5,,reported,my-notes,",
        header=f"{HEADER},file_size_mb",
    )
    asked = {"board": "small", "catalog": overlay.folder}
    found = advisor.pick(**asked, file_size="50 MB")
    assert found.best is not None
    assert (found.best.architecture, value(found.best.file_size_mb)) == ("resnet-18", 23.4)
    assert found.best.mark == "sure"  # a file is as large as it is
    assert name(advisor.pick(**asked, file_size="110 MB").best) == ("resnet-50", 1)
    assert found.rejections[0].constraint.metric == "file_size_mb"
    smallest = advisor.pick(**asked, objective="file-size").best
    assert smallest is not None
    assert value(smallest.file_size_mb) == 23.4
    overlay.write("ask.yaml", "board: small\nrequire: {file_size: 50 MB}\n")
    ran = run("pick", overlay.folder / "ask.yaml", "--catalog", overlay.folder)
    assert ran.code == 0, ran.err
    assert "file-size <= 50 MB" in ran.out
    assert "23.4" in ran.out
    assert (
        run("pick", "--board", "small", "--file-size", "20MB", "--catalog", overlay.folder).code
        == 1
    )
    shown = run("show", "resnet-18", "--board", "small", "--catalog", overlay.folder)
    assert "46.8" in shown.out
    assert (
        run("pick", "--board", "small", "--file-size", "20", "--catalog", overlay.folder).code == 2
    )
