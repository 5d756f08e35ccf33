"""How sure the pick is: chances against a simulation, and what is left out for want of confidence."""

from __future__ import annotations

import json
import math
import re
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import advisor
from advisor import Candidate, Estimate
from advisor.catalog.store import Catalog
from advisor.limits import Constraint
from advisor.metrics import METRICS
from advisor.options import read_requirements
from advisor.report.budget_text import budget_document
from advisor.solve.budget import check
from advisor.solve.candidates.chance import chance, chance_alone
from advisor.solve.candidates.gather import gather
from advisor.solve.candidates.uncertainty import normal_cdf
from tests.conftest import HEADER, SHIPPED, SOURCES, Overlay, Run, examples, proven
from tests.test_pick import LIMITS, ask, name

if TYPE_CHECKING:
    from pathlib import Path

    from advisor.catalog.records import Floats

IDLE_W, Z90 = 2.0, NormalDist().inv_cdf(0.95)
ERRORS = (
    ",latency_low_ms,latency_high_ms,net_power_low_w,net_power_high_w,memory_low_mb,memory_high_mb"
)


def unsure_board(overlay: Overlay) -> None:
    """A board whose figures are known to a tenth or so."""
    overlay.measurements(
        "resnet-18,eager,fp32,1,30,5,300,measured,my-notes,27,34,4.5,5.6,280,320",
        "resnet-18,eager,fp32,4,100,6,500,measured,my-notes,90,112,5.2,7,450,560",
        "resnet-34,eager,fp32,1,50,5,,measured,my-notes,44,57,4.6,5.5,,",
        "vgg-16,eager,fp32,1,200,5,900,measured,my-notes,,,,,,",
        header=HEADER + ERRORS,
    )


def asked(overlay: Overlay, **limits: Any) -> list[Candidate]:
    """Every candidate of the board, good or not, with its chances."""
    _, *rows = (overlay.folder / "boards/small/measurements.csv").read_text().splitlines()
    networks = {row.split(",")[0] for row in rows}
    answer = advisor.pick(board="small", catalog=overlay.folder, explain=sorted(networks), **limits)
    return [each for network in answer.explained for each in network.candidates]


def simulated(candidate: Candidate, fps: float | None, draws: int = 200_000) -> float:
    """The share of draws in which a candidate meets all limits, figure by figure."""
    random = np.random.default_rng(0)

    def drawn(estimate: Estimate | None) -> Floats:
        z = random.normal(size=draws)
        if estimate is None:
            return np.full(draws, np.nan)
        if estimate.low is None or estimate.high is None:
            return np.full(draws, estimate.value)
        ends = estimate.value / estimate.low, estimate.high / estimate.value
        return estimate.value * np.exp(z * np.where(z < 0, *map(math.log, ends)) / Z90)

    latency, power, memory = map(
        drawn, (candidate.batch_latency_ms, candidate.net_power_w, candidate.memory_mb)
    )
    time_s = latency / candidate.batch / 1000
    # Each figure such that less is better, but for the frame rate.
    figures = {
        "fps": -1 / time_s,
        "response": latency + ((candidate.batch - 1) * 1000 / fps if fps else 0),
        "energy": power * time_s,
        "power": IDLE_W + power * np.minimum(1, (fps or math.inf) * time_s),
        "memory": memory,
    }
    met = np.ones(draws, dtype=bool)
    for each in candidate.headroom:
        name, limit = each.constraint.name, each.constraint.limit
        met &= figures[name] <= (-limit if name == "fps" else limit)
    return float(np.mean(met))


@pytest.mark.parametrize(
    "limits",
    [
        {"fps": 30},
        {"fps": 30, "latency": "130 ms"},
        {"fps": 28, "energy": "0.16 J"},
        {"energy": "0.15 J", "latency": "31 ms"},
        {"fps": 20, "power": "5.2 W", "memory": "310 MB"},
        {"fps": 32, "energy": "0.16 J", "power": "7 W", "memory": "305 MB", "latency": "200 ms"},
    ],
)
def test_chances_agree_with_a_simulation(overlay: Overlay, limits: dict[str, Any]) -> None:
    unsure_board(overlay)
    candidates = asked(overlay, **limits)
    assert len(candidates) == 4
    for each in candidates:
        assert each.chance == pytest.approx(simulated(each, limits.get("fps")), abs=0.02)


def test_one_figure_without_an_error_leaves_that_of_the_other(overlay: Overlay) -> None:
    """The energy errs as the latency does, and no pick hides behind an interval that is missing."""
    overlay.measurements(
        "resnet-18,eager,fp32,1,30,5,300,measured,my-notes,20,45,,,,", header=HEADER + ERRORS
    )
    alone = proven(asked(overlay, energy="0.16 J")[0].chance)
    assert 0.5 < alone < 0.7
    answer = advisor.pick(
        board="small", energy="0.16 J", where=["time <= 1 s"], catalog=overlay.folder
    )
    assert answer.best is None
    assert answer.unsure is not None
    assert answer.unsure.likeliest.chance == pytest.approx(alone, abs=0.02)


def test_the_error_of_the_idle_power_counts_beside_other_limits(overlay: Overlay) -> None:
    unsure_board(overlay)
    board = overlay.folder / "boards/small/board.yaml"
    board.write_text(board.read_text().replace("error: 100 mW", "error: 1 W"))
    alone = proven(asked(overlay, power="7.3 W")[0].chance)
    assert 0.5 < alone < 0.8
    both = asked(overlay, power="7.3 W", where="time <= 1 s")[0]
    assert alone in [each.chance for each in both.headroom]
    assert both.chance == pytest.approx(alone, abs=0.04)


@examples(30)
@given(LIMITS)
def test_all_limits_are_never_surer_than_one(limits: dict[str, float]) -> None:
    answer = ask(dict(limits), confidence="none")
    for each in answer.candidates:
        alone = min((proven(limit.chance) for limit in each.headroom), default=1.0)
        assert proven(each.chance) <= alone + 1e-12


QUESTIONS, AT_ONCE = 160, 60


@pytest.mark.parametrize("board", ["jetson-tx1", "xeon-2-cores-vm"])
def test_no_made_up_question_is_met_surer_than_one_of_its_limits(board: str) -> None:
    """With predicted networks, whose errors are wide; limits of any metrics, near the figures."""
    random, catalog = np.random.default_rng(11), Catalog.open()
    pools = []
    for fps in (2, 30):
        asked = read_requirements({"fps": fps}, board=board, candidates="all", battery="36 kJ")
        pools.append(gather(catalog, asked))
    shared = surest = 0.0
    for number in range(QUESTIONS):
        pool = pools[number % len(pools)]
        few = pool.take(random.choice(len(pool), AT_ONCE, replace=False))
        known = [key for key in METRICS if not np.isnan(few.figure(key)).all()]
        limits = [
            Constraint(
                METRICS[key].name,
                key,
                "min" if METRICS[key].more_is_better else "max",
                float(np.nanquantile(few.figure(key), random.uniform(0.05, 0.95))),
            )
            for key in random.choice(known, random.integers(2, 5), replace=False)
        ]
        alone = np.array([chance_alone(few, each) for each in limits])
        together = chance(few, limits)
        assert (together <= alone.min(axis=0) + 1e-12).all(), limits
        # Nor more rarely than if no two were missed together.
        assert (together >= 1 - (1 - alone).sum(axis=0) - 1e-9).all(), limits
        shared += float(np.count_nonzero((together > 0.02) & (together < 0.98)))
        surest = max(surest, float(together[together < 1].max()))
    assert shared > 100  # enough of them hang on their errors
    assert surest > 0.9


def test_limits_on_the_latency_are_not_multiplied(overlay: Overlay) -> None:
    """At batch 1 a frame rate and the latency that it amounts to are one limit asked twice."""
    unsure_board(overlay)
    once, twice = asked(overlay, fps=31)[0], asked(overlay, fps=31, latency=f"{1000 / 31} ms")[0]
    assert 0.3 < proven(once.chance) < 0.9
    assert len(twice.headroom) == 2
    assert twice.chance == pytest.approx(once.chance, abs=0.02)


def test_a_figure_without_an_error_meets_its_limit_or_not(overlay: Overlay) -> None:
    unsure_board(overlay)
    assert asked(overlay, fps=5)[3].chance == 1
    assert asked(overlay, fps=5.01)[3].chance == 0


def test_an_unknown_figure_has_no_chance(overlay: Overlay) -> None:
    unsure_board(overlay)
    unknown = asked(overlay, memory="1 GB", fps=10)[2]
    assert (unknown.memory_mb, unknown.chance) == (None, 0)


def test_the_distribution_function() -> None:
    from scipy.special import ndtr

    z = np.linspace(-8, 8, 2001)
    assert np.abs(normal_cdf(z) - ndtr(z)).max() < 2e-7
    assert normal_cdf(np.array([-np.inf, np.inf])).tolist() == [0, 1]


def test_what_is_not_sure_enough_is_told_and_can_be_had(overlay: Overlay, run: Run) -> None:
    unsure_board(overlay)
    where = ("pick", "--board", "small", "--fps", "31", "--batch", "1", "--catalog", overlay.folder)
    ran = run(*where)
    assert ran.code == 1
    told = "1 candidate meets every limit by the figures, but not with 90% confidence"
    assert told in " ".join(ran.out.split())
    (line,) = re.findall(r"^confidence >= 90% +1 .*$", ran.out, re.MULTILINE)
    assert re.search(r"resnet-18, 1 +\d\d%$", line.strip())
    document = json.loads(run(*where, "--json").out)
    assert document["query"]["confidence"] is None
    assert document["best"] is None
    unsure = document["unsure"]
    assert 0.5 < unsure["likeliest"]["chance"] < 0.9
    bold = run(*where, "--confidence", "0.5")
    assert bold.code == 0
    assert "with a probability of" in bold.out
    surer = json.loads(run(*where, "--confidence", "none", "--json").out)
    assert surer["best"]["architecture"] == "resnet-18"
    assert surer["unsure"] is None


def test_the_confidence_can_be_what_keeps_the_pick_from_being_better() -> None:
    answer = advisor.pick(energy="0.45 J", latency="150 ms")
    assert name(answer.best) == ("resnet-18", 1)
    assert answer.binding is not None
    assert answer.binding.constraints == ()
    assert name(answer.binding.candidate) == ("resnet-34", 4)
    assert 0.5 < proven(answer.binding.candidate.chance) < 0.9


@examples(15)
@given(LIMITS)
def test_more_confidence_never_gives_a_better_pick(limits: dict[str, float]) -> None:
    picks = [ask(dict(limits), confidence=each).best for each in ("none", 0.5, 0.9, 0.99)]
    accuracies = [
        -math.inf if each is None or not each.accuracy_percent else each.accuracy_percent.value
        for each in picks
    ]
    assert accuracies == sorted(accuracies, reverse=True)
    for each, confidence in zip(picks, (0.0, 0.5, 0.9, 0.99), strict=True):
        assert each is None or proven(each.chance) >= confidence - 2e-3


@examples(25)
@given(LIMITS)
def test_a_relaxation_is_met_with_the_asked_confidence(limits: dict[str, float]) -> None:
    answer = ask(dict(limits), confidence=0.9)
    for each in answer.relaxations:
        (loosened,) = each.limits
        for limit in (loosened.limit, loosened.asked.limit):
            again = ask({**limits, loosened.constraint.name: limit}, confidence=0.9).best
            assert again is not None
            assert proven(again.chance) >= 0.9 - 2e-3  # what the pieces of the distribution leave
        assert name(again) == name(each.candidate)


@pytest.mark.parametrize("wrong", ["0", "1", "1.5", "-0.1", "high", "90", "100%"])
def test_what_is_no_confidence(run: Run, wrong: str) -> None:
    ran = run("pick", "--fps", "30", "--confidence", wrong)
    assert ran.code == 2
    assert "is not a probability between 0 and 1" in ran.err
    assert "write it like 0.9 or 90%" in ran.err


def test_a_confidence_in_percent() -> None:
    asked_for = advisor.pick(confidence="95%").requirements
    assert asked_for.confidence == 0.95
    assert "--confidence 0.95" in asked_for.command()


FEW = ("alexnet", "resnet-18", "resnet-34", "googlenet", "vgg-19")
"""Models of so few networks have no intervals."""


@pytest.fixture
def bare(overlay: Overlay, run: Run) -> Overlay:
    """The board `small` with the TX1's rows of a few networks, and models of them."""
    lines = (SHIPPED / "boards/jetson-tx1/measurements.csv").read_text().splitlines()
    rows = [line for line in lines if line.startswith(tuple(f"{name}," for name in FEW))]
    overlay.measurements(*rows, header=lines[0])
    overlay.write("sources.yaml", (SHIPPED / "sources.yaml").read_text() + SOURCES)
    assert run("fit", "small", "--catalog", overlay.folder).code == 0
    return overlay


def predicted(overlay: Overlay, **limits: Any) -> list[Candidate]:
    answer = advisor.pick(
        board="small",
        catalog=overlay.folder,
        candidates="all",
        batch="3",
        explain=("resnet-50", "inception-v3"),
        **limits,
    )
    return [each for network in answer.explained for each in network.candidates]


@pytest.mark.parametrize("fps", [1, 100_000])
def test_the_chance_of_predictions_without_an_interval_is_unknown(bare: Overlay, fps: int) -> None:
    candidates = predicted(bare, fps=fps)
    assert len(candidates) == 2
    for each in candidates:
        latency = each.batch_latency_ms
        assert latency is not None
        assert (latency.origin, latency.low) == ("predicted", None)
        assert (each.chance, each.mark) == (None, "unknown")
        assert [limit.chance for limit in each.headroom] == [None]


def test_a_budget_says_that_such_a_chance_is_unknown(bare: Overlay, tmp_path: Path) -> None:
    budget = tmp_path / "budget.yaml"
    for fps in (1, 100_000):
        budget.write_text(f"board: small\nrequire: {{fps: {fps}}}\ncandidates: {{batch: 3}}\n")
        found = check(budget, "inception-v3", catalog=bare.folder)
        assert not found.kept
        for form in ("junit", "github"):
            said = budget_document(found, form, str(budget))
            assert "its chance is unknown" in said
            assert "50" not in said.partition("chance is")[2].partition(",")[0]


def test_what_misses_another_limit_for_certain_has_no_unknown_chance(bare: Overlay) -> None:
    for each in predicted(bare, fps=1, accuracy=99):
        assert (each.chance, each.mark) == (0, "unlikely")


def test_chances_without_intervals_stay_chances(bare: Overlay) -> None:
    for limits in (
        {"fps": "30", "energy": "0.5 J"},
        {"power": "9 W", "energy": "0.5 J", "fps": "5"},
    ):
        candidates = predicted(bare, **limits)
        assert len(candidates) == 2
        assert all(each.chance is None or 0 <= each.chance <= 1 for each in candidates)


def test_an_unknown_accuracy_has_no_chance(overlay: Overlay) -> None:
    overlay.measurements("resnet-18,eager,int8,1,20,5,300,reported,my-notes")
    unknown = asked(overlay, accuracy=50)[0]
    assert (unknown.accuracy_percent, unknown.chance) == (None, 0)


@pytest.mark.parametrize("wanted", [0.2, 0.4, 0.5, 0.55])
def test_a_relaxation_is_found_at_any_confidence(overlay: Overlay, wanted: float) -> None:
    overlay.measurements(
        "resnet-18,eager,fp32,1,30,5,300,reported,my-notes,20,45,,,200,450", header=HEADER + ERRORS
    )
    answer = advisor.pick(
        board="small",
        latency="33 ms",
        memory="290 MB",
        confidence=wanted,
        catalog=overlay.folder,
    )
    offered = {each.limits[0].constraint.name for each in answer.relaxations}
    assert "memory" in offered


@examples(25)
@given(LIMITS, st.floats(0.05, 0.95))
def test_nothing_smaller_than_a_relaxation_gives_an_answer(
    limits: dict[str, float], share: float
) -> None:
    answer = ask(dict(limits), confidence=0.9)
    for each in answer.relaxations:
        (loosened,) = each.limits
        key, asked_for = loosened.constraint.name, loosened.constraint.limit
        if key != "fps":
            smaller = asked_for + (loosened.limit - asked_for) * share
            if abs(smaller / loosened.limit - 1) > 1e-5:
                assert ask({**limits, key: smaller}, confidence=0.9).best is None
