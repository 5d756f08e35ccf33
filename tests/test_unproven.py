"""Figures without an error are taken as they stand, and nothing is sure of them."""

from __future__ import annotations

import json
import math
import re
from statistics import NormalDist
from typing import Any

import pytest

import advisor
from advisor import AdvisorError, Recommendation
from advisor.catalog.store import Catalog
from tests.conftest import HEADER, SOURCES, Overlay, Run

ERRORS = ",latency_low_ms,latency_high_ms"
AGREES = '  reproducibility: {within: 10 %, evidence: "the same thing reported twice"}\n'


def asked(overlay: Overlay, **question: Any) -> Recommendation:
    return advisor.pick(board="small", catalog=overlay.folder, **question)


def once(overlay: Overlay, *rows: str) -> None:
    """A board of which each thing was reported once: a network, its latency, and perhaps the ends of it."""
    split = [row.split() for row in rows]
    overlay.measurements(
        *(f"{name},eager,fp32,1,{ms},,,reported,my-notes,{ends}" for name, ms, ends in split),
        header=HEADER + ERRORS,
    )


def test_a_rate_reported_once_is_not_sure_of_itself(overlay: Overlay, run: Run) -> None:
    """21.64 images per second, reported once, asked for 21.64."""
    once(overlay, f"resnet-18 {1000 / 21.64} ,")
    found = asked(overlay, fps=21.64)
    assert found.best and found.best.fps and found.best.fps.value == pytest.approx(21.64)
    assert found.best.mark == "unproven"
    assert found.best.chance is None
    assert [each.chance for each in found.best.headroom] == [None]
    ran = run("pick", "--board", "small", "--fps", "21.64", "--catalog", overlay.folder)
    assert ran.code == 0
    assert "unproven" in ran.out and "sure" not in ran.out
    document = json.loads(
        run("pick", "--board", "small", "--fps", 21.64, "--catalog", overlay.folder, "--json").out
    )
    assert document["best"]["chance"] is None
    assert document["best"]["mark"] == "unproven"


def test_a_confidence_that_is_said_excludes_and_counts_it(overlay: Overlay, run: Run) -> None:
    once(overlay, "resnet-18 20 ,", "resnet-34 25 24,26")
    assert asked(overlay, fps=30, objective="fps").best.architecture == "resnet-18"  # type: ignore[union-attr]
    found = asked(overlay, fps=30, objective="fps", confidence=0.9)
    assert found.best and (found.best.architecture, found.best.mark) == ("resnet-34", "sure")
    assert found.unproven == 1
    words = ("pick", "--board", "small", "--fps", 30, "--catalog", overlay.folder)
    said = " ".join(run(*words, "--confidence", "0.9").out.split())
    assert (
        "1 candidate excluded, since a figure that would meet a limit is stated without any" in said
    )
    once(overlay, "resnet-18 20 ,")
    none = run(*words, "--confidence", "0.9")
    assert none.code == 1 and "1 candidate excluded" in " ".join(none.out.split())
    assert run(*words, "--confidence", "none").code == 0
    assert run(*words).code == 0


def test_a_tie_goes_to_what_is_proven(overlay: Overlay) -> None:
    overlay.measurements(
        "resnet-18,eager,fp32,1,20,,,reported,my-notes,,",
        "resnet-18,tflite,fp32,1,25,,,reported,my-notes,24,26",
        header=HEADER + ERRORS,
    )
    best = asked(overlay, fps=30).best
    assert best and (best.runtime, best.mark) == ("tflite", "sure")
    faster = asked(overlay, fps=30, objective="fps").best
    assert faster and (faster.runtime, faster.mark) == ("eager", "unproven")


def test_what_is_not_limited_needs_no_proof(overlay: Overlay) -> None:
    once(overlay, "resnet-18 20 ,")
    by_size = asked(overlay, params="20M").best
    assert by_size and (by_size.mark, by_size.chance) == ("sure", 1)
    free = asked(overlay).best
    assert free and free.chance == 1


def test_a_source_that_was_reproduced_gives_the_interval(overlay: Overlay) -> None:
    overlay.write("sources.yaml", SOURCES + AGREES)
    once(overlay, "resnet-18 20 ,", "resnet-34 25 24,26")
    rows = Catalog.open(overlay.folder).measurements(Catalog.open(overlay.folder).board("small"))
    value, low, high = (column.tolist() for column in rows.latency_ms.values)
    assert value == [20, 25]
    assert low == pytest.approx([20 / 1.1, 24])
    assert high == pytest.approx([20 * 1.1, 26])
    sure = asked(overlay, fps=30, architectures="resnet-18").best
    assert sure and sure.mark == "sure"
    close = asked(overlay, fps=49.9, confidence=0.9)
    assert close.best is None and close.unsure and close.unproven == 0


def test_another_run_is_said_beside_the_pick(overlay: Overlay, run: Run) -> None:
    once(overlay, "resnet-34 25 24.9,25.1")
    words = ("pick", "--board", "small", "--fps", 38, "--catalog", overlay.folder)
    silent = " ".join(run(*words).out.split())
    assert (
        "The figures are of one published run: my-notes does not say how far a run of your own would be off."
        in silent
    )
    overlay.write("sources.yaml", SOURCES + AGREES)
    found = asked(overlay, fps=38)
    assert found.best and found.best.mark == "sure"
    assert found.another_run and found.another_run.chance
    assert 0.75 < found.another_run.chance < 0.9
    assert (
        "The figures are of one published run; one of your own would meet every limit"
        in " ".join(run(*words).out.split())
    )
    other = asked(overlay, fps=38, reproducible=True, confidence="none")
    assert other.best and other.best.chance == pytest.approx(found.another_run.chance)
    assert other.another_run is None
    assert asked(overlay, fps=38, reproducible=True).best is None


def test_another_run_of_a_silent_source_is_unproven(run: Run) -> None:
    known = run("pick", "--fps", 30, "--energy", "0.5J", "--json")
    assert json.loads(known.out)["best"]["mark"] == "sure"
    again = json.loads(run("pick", "--fps", 30, "--energy", "0.5J", "--reproducible", "--json").out)
    best = again["best"]
    assert (best["architecture"], best["batch"], best["mark"]) == ("resnet-18", 1, "unproven")
    assert "--reproducible" in again["query"]["command"]
    assert again["query"]["reproducible"] is True


RUNS = ",latency_statistic,latency_min_ms,latency_max_ms,latency_p90_ms"


def test_a_source_that_was_reproduced_goes_before_the_ends_of_one_run(overlay: Overlay) -> None:
    row = "resnet-18,eager,fp32,1,20,,,reported,my-notes,mean,19.9,20.2,20.1"
    overlay.measurements(row, header=HEADER + RUNS)

    def interval() -> tuple[float | None, float | None]:
        best = asked(overlay).best
        assert best and best.batch_latency_ms
        return best.batch_latency_ms.low, best.batch_latency_ms.high

    assert interval() == (19.9, 20.1)
    overlay.write("sources.yaml", SOURCES + AGREES)
    assert interval() == pytest.approx((20 / 1.1, 20 * 1.1))
    overlay.write("sources.yaml", SOURCES)
    again = asked(overlay, latency="30ms", reproducible=True).best
    assert again and again.mark == "unproven"  # the ends of one run say nothing of another


@pytest.mark.parametrize("sources", [SOURCES, SOURCES + AGREES])
def test_the_shortest_run_proves_nothing(overlay: Overlay, run: Run, sources: str) -> None:
    overlay.write("sources.yaml", sources)
    overlay.measurements(
        "resnet-18,eager,fp32,1,20,,,reported,my-notes,minimum,20,,", header=HEADER + RUNS
    )
    best = asked(overlay, latency="30ms").best
    assert best and (best.mark, best.chance) == ("unproven", None)
    assert asked(overlay, latency="30ms", confidence=0.9).best is None
    ran = run("pick", "--board", "small", "--latency", "30ms", "--catalog", overlay.folder)
    said = " ".join((ran.out + ran.err).split())
    assert (
        "the latency of 1 candidate is that of its fastest run, and most runs take longer" in said
    )
    overlay.measurements(
        "resnet-18,eager,fp32,1,20,,,reported,my-notes,minimum,20,45,", header=HEADER + RUNS
    )
    known = asked(overlay, latency="46ms").best
    assert known and known.batch_latency_ms and known.mark == "sure"
    interval = known.batch_latency_ms.value, known.batch_latency_ms.low, known.batch_latency_ms.high
    another = math.log(1.1) if sources != SOURCES else 0.0
    half = math.hypot(math.log(45 / 20) / 2, another)
    assert interval == pytest.approx((20, 30 * math.exp(-half), 30 * math.exp(half)))
    assert asked(overlay, latency="30ms").best is None


@pytest.mark.parametrize(("sources", "another"), [(SOURCES, 0.0), (SOURCES + AGREES, 0.1)])
@pytest.mark.parametrize("longest", [20.5, 22, 45])
def test_the_usual_run_lies_between_the_shortest_and_the_longest(
    overlay: Overlay, sources: str, another: float, longest: float
) -> None:
    """As probably in the lower half as in the upper, and beyond both as far as another run may be off."""
    overlay.write("sources.yaml", sources)
    row = f"resnet-18,eager,fp32,1,20,,,reported,my-notes,minimum,20,{longest},"
    overlay.measurements(row, header=HEADER + RUNS)

    def chance(limit: float) -> float:
        best = asked(overlay, latency=f"{limit} ms", confidence="none").best
        assert best and best.chance is not None
        (here,) = (each.chance for each in best.headroom)
        assert here == pytest.approx(best.chance)
        rate = asked(overlay, fps=1000 / limit, confidence="none").best
        assert rate and rate.chance == pytest.approx(best.chance)
        return best.chance

    way = math.log(longest / 20) / 2
    off = NormalDist().inv_cdf(0.95) * way / math.hypot(way, math.log1p(another))
    assert chance(math.sqrt(20 * longest)) == pytest.approx(0.5, abs=1e-3)
    assert chance(20) == pytest.approx(NormalDist().cdf(-off), abs=1e-3)
    assert chance(longest) == pytest.approx(NormalDist().cdf(off), abs=1e-3)
    again = asked(overlay, latency="45ms", reproducible=True, confidence="none").best
    assert again and (again.chance is None) == (not another)


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ("  reproducibility: 10 %\n", "a mapping for 'reproducibility'"),
        ("  reproducibility: {within: 10 %}\n", "evidence"),
        ("  reproducibility: {within: 5 ms, evidence: twice}\n", "a percentage"),
    ],
)
def test_a_reproducibility_needs_its_evidence(overlay: Overlay, block: str, said: str) -> None:
    overlay.write("sources.yaml", SOURCES + block)
    with pytest.raises(AdvisorError, match=said):
        asked(overlay, fps=1)


def test_show_says_how_well_a_source_reproduces(overlay: Overlay, run: Run) -> None:
    overlay.write("sources.yaml", SOURCES + AGREES)
    once(overlay, "resnet-18 20 ,")
    said = " ".join(run("show", "resnet-18", "--catalog", overlay.folder).out.split())
    assert "Another run: within 10 % (the same thing reported twice)." in said


def test_net_power_below_zero_is_unknown(overlay: Overlay, run: Run) -> None:
    """Idle at 2.1 W, 1.9 W in all while it runs: one of both is not what it is said to be."""
    overlay.measurements(
        "resnet-18,eager,fp32,1,20,,,reported,my-notes,1.9",
        "resnet-34,eager,fp32,1,30,,,reported,my-notes,4.1",
        header=HEADER + ",gross_power_w",
    )
    found = asked(overlay, energy="1 J", explain=["resnet-18", "resnet-34"])
    below, above = (each.candidates[0] for each in found.explained)
    for key in ("energy_j", "net_power_w", "average_power_w", "gross_energy_j"):
        assert below.metric(key) is None
    assert above.energy_j and above.energy_j.value == pytest.approx((4.1 - 2) * 0.03)
    assert found.best == above
    words = ("--board", "small", "--catalog", overlay.folder)
    said = "1 row has a gross power no higher than the board's idle power"
    asked_so = ("pick", *words, "--energy", "1 J", "--fps", "40")
    assert said in run(*asked_so).err
    assert said in " ".join(run("predict", "resnet-18", *words).out.split())


def bound_idle_power(overlay: Overlay) -> None:
    """Let at most 2 W be known of the board's idle power."""
    board = (overlay.folder / "boards/small/board.yaml").read_text()
    overlay.write(
        "boards/small/board.yaml", board.replace("{value: 2 W, error: 100 mW,", "{at_most: 2 W,")
    )


def test_energy_above_an_upper_bound_of_idle_power_is_shown_as_one(
    overlay: Overlay, run: Run
) -> None:
    """4.1 W in all, of which at most 2 W are idle: 0.082 J of resnet-18 are 0.042 J at least."""
    bound_idle_power(overlay)
    overlay.measurements(
        "resnet-18,eager,fp32,1,20,,,reported,my-notes,4.1",
        "resnet-34,eager,fp32,1,30,,,reported,my-notes,4.1",
        header=HEADER + ",gross_power_w",
    )
    words = ("pick", "--board", "small", "--catalog", overlay.folder, "--energy")
    said = " ".join(run(*words, "0.1 J").out.split())
    assert "<=0.0820" in said
    assert "<=0.123 J (-23%) and would need at most 0.0230 J less" in said
    assert "energy per image of resnet-18 at batch 1 lies between 0.0420 and 0.0820 J" in said
    nothing = " ".join(run(*words, "0.05 J").out.split())
    assert "<=0.0820 J" in nothing and "lies between 0.0420 and 0.0820 J" in nothing
    document = json.loads(run(*words, "0.1 J", "--json").out)
    assert document["best"]["upper_bounds"] == ["energy_j", "net_power_w"]
    assert json.loads(run("pick", "--json").out)["best"]["upper_bounds"] == []


def test_average_power_with_a_bound_of_idle_power_is_shown_as_a_bound(
    overlay: Overlay, run: Run
) -> None:
    """At 10 fps resnet-18 is busy for 0.2 s in a second, of 4.1 W, and idle the rest of it, of 0 to 2 W."""
    bound_idle_power(overlay)
    overlay.measurements(
        "resnet-18,eager,fp32,1,20,,,reported,my-notes,4.1", header=HEADER + ",gross_power_w"
    )
    words = ("pick", "--board", "small", "--catalog", overlay.folder)
    at_rate = (*words, "--fps", "10", "--power", "3W", "--battery", "10Wh", "--hours", "3")
    said = " ".join(run(*at_rate).out.split())
    assert "<=2.42" in said and ">=4.13" in said
    assert "<= is an upper bound and >= is a lower bound" in said
    assert "average power of resnet-18 at batch 1 lies between 0.820 and 2.42 W" in said
    best = json.loads(run(*at_rate, "--json").out)["best"]
    assert {"average_power_w", "board_energy_j"} <= set(best["upper_bounds"])
    assert best["lower_bounds"] == ["battery_hours", "fps_per_watt"]
    front = " ".join(run("frontier", *words[1:], "--fps", "10", "--x", "power").out.split())
    assert "<=2.42" in front and "average power of resnet-18 at batch 1 lies between" in front
    explained = run(*words, "--fps", "10", "--power", "2W", "--explain", "resnet-18").out
    folded = " ".join(explained.partition("resnet-18 on small:")[2].split())
    assert "where it has <=2.42 W (-21%) and would need at most 0.420 W less" in folded
    assert "average power of resnet-18 at batch 1 lies between" in folded
    # Without a rate it never rests, and what it draws is known.
    flat_out = json.loads(run(*words, "--power", "5W", "--json").out)["best"]
    assert flat_out["average_power_w"]["value"] == 4.1
    assert (flat_out["upper_bounds"], flat_out["lower_bounds"]) == (["energy_j", "net_power_w"], [])
    plan = overlay.write("plan.yaml", "board: small\nworkloads: {eye: {require: {fps: '>= 10'}}}\n")
    planned = run("plan", plan, "--catalog", overlay.folder).out
    assert re.search(r"^eye .* <=0\.820", planned, re.M)
    assert re.search(r"^board itself .* <=2\.00", planned, re.M)
    assert re.search(r"^together .* <=2\.82", planned, re.M)
    assert "<= is an upper bound" in planned


def test_a_frontier_says_of_each_point_how_sure_it_is_of_the_limits(
    overlay: Overlay, run: Run
) -> None:
    once(overlay, "resnet-18 20 ,", "resnet-34 25 24,26")
    words = ("frontier", "--board", "small", "--catalog", overlay.folder)
    rows = {
        line.split()[0]: line.split()[-1]
        for line in run(*words, "--fps", 30).out.splitlines()
        if line.startswith("resnet")
    }
    assert rows == {"resnet-18": "unproven", "resnet-34": "sure"}
    assert "limits" not in run(*words).out.partition("top-1 accuracy, %")[0]
