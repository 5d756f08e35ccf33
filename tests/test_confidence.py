"""How sure the pick is: chances against a simulation, and what is left out for want of confidence."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import advisor
from advisor.catalog.records import Z90
from advisor.catalog.store import Catalog, Surveyed
from advisor.options import Requirements, read_requirements
from advisor.solve.candidates.candidates import Candidates
from advisor.solve.candidates.chance import chance, chance_alone
from advisor.solve.candidates.gather import gather
from advisor.solve.candidates.uncertainty import normal_cdf
from tests.conftest import HEADER, Overlay, Run, examples
from tests.test_pick import LIMITS, ask, name

ERRORS = (
    ",latency_low_ms,latency_high_ms,net_power_low_w,net_power_high_w,memory_low_mb,memory_high_mb"
)


def unsure_board(overlay: Overlay) -> None:
    """A board whose figures are known to a tenth or so."""
    overlay.measurements(
        "resnet-18,eager,fp32,1,30,5,300,reported,my-notes,27,34,4.5,5.6,280,320",
        "resnet-18,eager,fp32,4,100,6,500,reported,my-notes,90,112,5.2,7,450,560",
        "resnet-34,eager,fp32,1,50,5,,reported,my-notes,44,57,4.6,5.5,,",
        "vgg-16,eager,fp32,1,200,5,900,reported,my-notes,,,,,,",
        header=HEADER + ERRORS,
    )


def asked(overlay: Overlay, **limits: object) -> tuple[Candidates, Requirements]:
    requirements = read_requirements(limits, board="small", catalog=str(overlay.folder))
    return gather(Catalog.open(overlay.folder), requirements), requirements


def simulated(
    candidates: Candidates, requirements: Requirements, draws: int = 200_000
) -> list[float]:
    """The share of draws in which each candidate meets all limits, figure by figure."""
    random = np.random.default_rng(0)
    idle = candidates.boards[0].idle_power_w
    assert idle is not None

    def drawn(key: str, position: int) -> np.ndarray:
        value, low, high = (float(column[position]) for column in candidates.input_values(key))
        z = random.normal(size=draws)
        if math.isnan(low):
            return np.full(draws, value)
        width = np.where(z < 0, math.log(value / low), math.log(high / value)) / Z90
        return value * np.exp(z * width)

    fps, shares = requirements.fps, []
    for position in range(len(candidates)):
        batch = int(candidates.batch[position])
        keys = ("latency_ms", "net_power_w", "memory_mb")
        latency, power, memory = (drawn(key, position) for key in keys)
        time_s = latency / batch / 1000
        # Each figure such that less is better, but for the frame rate.
        figures = {
            "fps": -1 / time_s,
            "response": latency + ((batch - 1) * 1000 / fps if fps else 0),
            "energy": power * time_s,
            "power": idle.value + power * np.minimum(1, (fps or math.inf) * time_s),
            "memory": memory,
        }
        met = np.ones(draws, dtype=bool)
        for each in requirements.constraints:
            limit = -each.limit if each.name == "fps" else each.limit
            met &= figures[each.name] <= limit
        shares.append(float(np.mean(met)))
    return shares


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
def test_chances_agree_with_a_simulation(overlay: Overlay, limits: dict[str, object]) -> None:
    unsure_board(overlay)
    candidates, requirements = asked(overlay, **limits)
    told = chance(candidates, requirements.constraints)
    for mine, theirs in zip(told.tolist(), simulated(candidates, requirements), strict=True):
        assert mine == pytest.approx(theirs, abs=0.02)


def test_one_figure_without_an_error_leaves_that_of_the_other(overlay: Overlay) -> None:
    """The energy errs as the latency does, and no pick hides behind an interval that is missing."""
    overlay.measurements(
        "resnet-18,eager,fp32,1,30,5,300,reported,my-notes,20,45,,,,", header=HEADER + ERRORS
    )
    candidates, requirements = asked(overlay, energy="0.16 J")
    alone = chance_alone(candidates, requirements.constraints[0])[0]
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
    one, requirements = asked(overlay, power="7.3 W")
    alone = chance_alone(one, requirements.constraints[0])[0]
    assert 0.5 < alone < 0.8
    both = read_requirements({"power": "7.3 W", "time": "1 s"}).constraints
    assert chance(one, both)[0] == pytest.approx(alone, abs=0.04)


@examples(30)
@given(LIMITS)
def test_all_limits_are_never_surer_than_one(limits: dict[str, float]) -> None:
    answer = ask(dict(limits), confidence="none")
    for each in answer.candidates:
        alone = min((limit.chance for limit in each.headroom), default=1.0)
        assert each.chance <= alone + 0.03  # one integrates, the other adds in quadrature


def test_limits_on_the_latency_are_not_multiplied(overlay: Overlay) -> None:
    """At batch 1 a frame rate and the latency that it amounts to are one limit asked twice."""
    unsure_board(overlay)
    once, requirements = asked(overlay, fps=31)
    twice, both = asked(overlay, fps=31, latency=f"{1000 / 31} ms")
    alone = chance(once, requirements.constraints)[0]
    assert 0.3 < alone < 0.9
    assert chance(twice, both.constraints)[0] == pytest.approx(alone, abs=0.02)


def test_a_figure_without_an_error_meets_its_limit_or_not(overlay: Overlay) -> None:
    unsure_board(overlay)
    exact, requirements = asked(overlay, fps=5)
    assert chance_alone(exact, requirements.constraints[0])[3] == 1
    beyond, requirements = asked(overlay, fps=5.01)
    assert chance_alone(beyond, requirements.constraints[0])[3] == 0


def test_an_unknown_figure_has_no_chance(overlay: Overlay) -> None:
    unsure_board(overlay)
    candidates, requirements = asked(overlay, memory="1 GB", fps=10)
    assert chance(candidates, requirements.constraints)[2] == 0


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
    document = json.loads(run(*where, "--json").out)
    assert document["query"]["confidence"] == 0.9
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
    assert 0.5 < answer.binding.candidate.chance < 0.9


@examples(15)
@given(LIMITS)
def test_more_confidence_never_gives_a_better_pick(limits: dict[str, float]) -> None:
    picks = [ask(dict(limits), confidence=each).best for each in ("none", 0.5, 0.9, 0.99)]
    accuracies = [
        -math.inf
        if each is None or not each.accuracy_top1_percent
        else each.accuracy_top1_percent.value
        for each in picks
    ]
    assert accuracies == sorted(accuracies, reverse=True)
    for each, confidence in zip(picks, (0.0, 0.5, 0.9, 0.99), strict=True):
        assert each is None or each.chance >= confidence - 2e-3


@examples(25)
@given(LIMITS)
def test_a_relaxation_is_met_with_the_asked_confidence(limits: dict[str, float]) -> None:
    answer = ask(dict(limits), confidence=0.9)
    for each in answer.relaxations:
        (loosened,) = each.limits
        for limit in (loosened.limit, loosened.asked.limit):
            again = ask({**limits, loosened.constraint.name: limit}, confidence=0.9).best
            assert again is not None
            assert again.chance >= 0.9 - 2e-3  # what the pieces of the distribution leave
        assert name(again) == name(each.candidate)


@pytest.mark.parametrize("wrong", ["0", "1", "1.5", "-0.1", "high", "90", "100%"])
def test_what_is_no_confidence(run: Run, wrong: str) -> None:
    ran = run("pick", "--fps", "30", "--confidence", wrong)
    assert ran.code == 2
    assert "is not a probability between 0 and 1" in ran.err
    assert "write it like 0.9 or 90%" in ran.err


def test_a_confidence_in_percent() -> None:
    assert read_requirements({}, confidence="95%").confidence == 0.95
    assert "--confidence 0.95" in read_requirements({}, confidence="95%").command()


def test_predictions_without_an_interval_are_no_better_than_a_coin() -> None:
    candidates, requirements = gather_predicted()
    places = candidates.measurements.latency_ms.origin
    predicted = places.index[candidates.rows] == places.position["predicted"]
    latency = candidates.input_values("latency_ms")
    assert np.isnan(latency.low[predicted]).all()
    chances = chance(candidates, requirements.constraints)[predicted]
    assert chances == pytest.approx(np.full(len(chances), 0.5))


def test_chances_without_intervals_stay_chances() -> None:
    candidates, _ = gather_predicted()
    for limits in (
        {"fps": "30", "energy": "0.5 J"},
        {"power": "9 W", "energy": "0.5 J", "fps": "5"},
    ):
        constraints = read_requirements(limits).constraints
        chances = chance(replace(candidates, fps=constraints[0].limit), constraints)
        assert np.all((chances >= 0) & (chances <= 1))


def test_an_unknown_accuracy_has_no_chance(overlay: Overlay) -> None:
    unsure_board(overlay)
    overlay.measurements("vgg-16,eager,fp32,1,200,5,900,reported,my-notes")
    candidates, requirements = asked(overlay, accuracy=50)
    bare = replace(candidates, weights_index=np.full(len(candidates), -1))
    assert chance_alone(bare, requirements.constraints[0]).tolist() == [0.0]


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


def gather_predicted() -> tuple[Candidates, Requirements]:
    """The TX1 completed by models without intervals."""
    from advisor.prediction.fit_store import read_fit
    from advisor.solve.candidates.completion import completed
    from advisor.solve.candidates.gather import candidates_on

    catalog = Catalog.open()
    board = catalog.board("jetson-tx1")
    fit = read_fit(board.folder)
    assert fit is not None
    bare = {
        variant: {
            metric: tuple(replace(model, held_out=()) for model in models)
            for metric, models in metrics.items()
        }
        for variant, metrics in fit.models.items()
    }
    table = completed(
        board, catalog.measurements(board), catalog.architectures, replace(fit, models=bare), {3}
    )
    requirements = read_requirements({"fps": 1}, batch="3")
    surveyed = [Surveyed(board, table)]
    found = candidates_on(surveyed, catalog.architectures, catalog.weights, requirements)
    return found, requirements
