"""Pictures of answers: what they show, and what they refuse."""

from __future__ import annotations

import math
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import advisor
from advisor.errors import AdvisorError
from advisor.paper.board_findings import Findings
from advisor.paper.findings_figures import MOST_ROWS, findings_figure, survey_figure
from advisor.paper.survey import Survey
from advisor.prediction.board_model import Fitted, HeldOutRun
from advisor.report.charts.answer_figures import (
    band_factor,
    comparison_figure,
    fit_figure,
    frontier_figure,
)
from advisor.report.charts.labels import Ball, place
from tests.conftest import Overlay, Run
from tests.pictures import SVG, dots, texts


def test_a_frontier_is_drawn_with_the_names_of_its_points(tmp_path: Path) -> None:
    found = advisor.frontier(board="jetson-tx1")
    said = texts(advisor.draw(found, tmp_path / "f.svg").read_bytes())
    assert "Top-1 accuracy against time per image" in said
    assert {each.architecture for each in found.points} <= set(said)


def test_what_is_said_below_the_title_has_room_where_letters_are_wider_than_those_of_arial(
    tmp_path: Path,
) -> None:
    """In DejaVu Sans, which stands for it on many Linux systems, the whole of it as one line was cut off."""
    picture = advisor.draw(advisor.frontier(board="jetson-tx1"), tmp_path / "f.svg").read_bytes()
    root = ElementTree.fromstring(picture)
    lines = [each.text or "" for each in root.iter(f"{SVG}tspan")]
    assert " · ".join(lines).endswith(" that they beat · ringed: the pick, inception-v4")
    mean_width = 823.1 / 133  # of a letter of this size in that face, in such a line
    room = float(root.attrib["width"]) - 2 * 14
    assert all(len(each) * mean_width < room for each in lines)


def test_of_a_long_frontier_some_points_are_named_the_pick_among_them(tmp_path: Path) -> None:
    found = advisor.frontier(board="rtx-4090", architectures="resnet*,vit_*,convnext*,mobilenet*")
    assert len(found.points) > 20
    said = texts(advisor.draw(found, tmp_path / "f.svg").read_bytes())
    last = found.points[-1].architecture
    named = [each for each in found.points if each.architecture in said]
    assert len(named) <= 22
    assert last in said or "…" in " ".join(said)


def test_what_a_frontier_beats_stands_behind_it_and_its_line_joins_its_points_alone() -> None:
    found = advisor.frontier(board="jetson-tx1")
    assert found.pick is not None and found.pick not in found.points
    (panel,) = frontier_figure(found).panels
    assert len(panel.behind) == len(found.compared) == len(found.points) + 72
    (line,) = panel.lines
    assert line.corners == tuple(
        (each.time_per_image_ms.value, each.accuracy_percent.value)  # type: ignore[union-attr]
        for each in found.points
    )
    (picked,) = (dot for dot in panel.dots if dot.picked)
    assert (picked.name, picked.batch) == (f"inception-v4, batch {found.pick.batch}", 1)


def test_a_third_metric_is_the_area_of_the_points(tmp_path: Path) -> None:
    found = advisor.frontier(board="jetson-tx1", z="energy")
    figure = frontier_figure(found)
    assert figure.area == "energy per image, J"
    assert "area of a point: energy per image, J" in figure.said
    assert not figure.panels[0].lines
    areas = [dot.area for dot in dots(figure) if not dot.picked]
    assert areas == [each.energy_j.value for each in found.points if each.energy_j]
    said = texts(advisor.draw(found, tmp_path / "f.svg").read_bytes())
    assert "energy per image, J" in said  # the key
    said = texts(advisor.draw(found, tmp_path / "g.svg", label="vgg-19,enet").read_bytes())
    assert "vgg-19, beaten" in said and "enet" in said  # there is no line that says so


def test_millions_are_written_with_their_prefix(tmp_path: Path) -> None:
    found = advisor.frontier(board="xeon-2-cores-vm", x="ops", z="params")
    said = texts(advisor.draw(found, tmp_path / "frontier.svg").read_bytes())
    assert {"100M", "1G", "10G", "5M", "50M"} <= set(said)
    assert not any(",000" in each for each in said)


def test_a_network_is_named_that_is_asked_for_however_it_is_spelt(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "f.svg"
    ran = run("frontier", "--plot", file, "--label", "VGG19,ResNet-101")
    assert ran.code == 0
    assert {"vgg-19", "resnet-101"} <= set(texts(file.read_bytes()))
    found = advisor.frontier(board="jetson-tx1")
    beaten = {dot.network: dot for dot in dots(frontier_figure(found, ["vgg-19"])) if dot.asked}
    own = [
        row[0]
        for name, row in zip(found.compared, found.figures.tolist(), strict=True)
        if name == "vgg-19"
    ]
    assert beaten["vgg-19"].x.value == min(own)


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("resnet-19", "did you mean 'resnet-18'?"),
        ("efficientnet_b0", "is not drawn here"),
        ("", "an empty name"),
    ],
)
def test_a_name_that_cannot_be_written_is_refused(
    run: Run, tmp_path: Path, label: str, said: str
) -> None:
    ran = run("frontier", "--plot", tmp_path / "f.svg", "--label", label)
    assert (ran.code, ran.out) == (2, "")
    assert "label" in ran.err and said in ran.err
    assert not list(tmp_path.iterdir())


def test_names_without_a_picture_are_refused(run: Run) -> None:
    ran = run("frontier", "--label", "resnet-18")
    assert ran.code == 2
    assert "--plot FILE" in ran.err


def test_a_comparison_is_an_interval_for_each_row(tmp_path: Path) -> None:
    found = advisor.compare("jetson-tx1", "xeon-2-cores-vm")
    said = texts(advisor.draw(found, tmp_path / "c.svg").read_bytes())
    assert f"{found.mean_ratio:.3g} on geometric mean" in " ".join(said)
    assert len(found.rows) == sum(", batch " in each for each in said)
    for row in found.rows:
        assert any(each.startswith(f"{row.ratio:.2f} (") for each in said)


def test_runtimes_are_compared_by_how_many_times_as_fast_they_are() -> None:
    found = advisor.compare("xeon-2-cores-vm", by="runtime")
    figure = comparison_figure(found)
    assert figure.x.title == "speed-up"
    fastest = min(found.rows, key=lambda row: row.ratio)
    first = dots(figure)[0]
    assert first.network.startswith(fastest.architecture)
    assert first.x.value == pytest.approx(1 / fastest.ratio)
    assert fastest.high is not None and first.x.low == pytest.approx(1 / fastest.high)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    return advisor.fit("jetson-tx1", like="none", catalog=tmp_path_factory.mktemp("own"))


def test_a_fit_says_what_it_predicted_of_networks_held_out(fitted: Fitted) -> None:
    ((_, metrics),) = fitted.fit.models.items()
    for metric, models in metrics.items():
        runs = [each for each in fitted.held_out if each.metric == metric]
        first = {each.architecture for each in models[0].held_out}
        off = [
            abs(each.predicted / each.measured - 1) for each in runs if each.architecture in first
        ]
        assert models[0].errors is not None
        assert len(off) == models[0].errors.rows
        assert np.mean(off) == pytest.approx(models[0].errors.mean)


def test_a_fit_is_drawn_predicted_against_measured(fitted: Fitted, tmp_path: Path) -> None:
    figure = fit_figure(fitted, ["alexnet"])
    assert [panel.x.title for panel in figure.panels if panel.x] == [
        "measured latency of a batch, ms",
        "measured net power, W",
        "measured memory, MB",
    ]
    assert len(dots(figure)) == len(fitted.held_out)
    for panel in figure.panels:
        (diagonal,) = panel.lines
        assert all(x == y for x, y in diagonal.corners)
        assert panel.band is not None
        (_, low), (_, high) = (line.corners[0] for line in panel.band)
        within = {dot.network for dot in panel.dots}
        within -= {
            dot.network
            for dot in panel.dots
            if not low / high < (dot.y.value / dot.x.value) ** 2 < high / low
        }
        assert len(within) >= 0.9 * len({dot.network for dot in panel.dots}) - 1
    said = texts(advisor.draw(fitted, tmp_path / "fit.svg", label="AlexNet").read_bytes())
    # Once a panel that has it, at the smallest batch.
    asked = [[dot for dot in panel.dots if dot.asked] for panel in figure.panels]
    assert [len(each) for each in asked] == [1, 1, 0]
    assert all(dot.batch == 1 for each in asked for dot in each)
    assert said.count("alexnet, batch 1") == 2


def held_out(architecture: str, predicted: float) -> HeldOutRun:
    variant = advisor.frontier(board="jetson-tx1").points[0].variant
    return HeldOutRun(variant, "latency_ms", architecture, "", 1, 1.0, predicted)


def test_the_band_holds_nine_of_ten_networks_each_by_its_worst_row() -> None:
    runs = [held_out(str(n), math.exp(0.01 * n)) for n in range(1, 20)]
    assert band_factor(runs) == pytest.approx(math.exp(0.18))  # the 18th of 19
    assert band_factor([*runs, held_out("1", math.exp(-1.0))]) == pytest.approx(math.exp(0.19))
    assert band_factor(runs[:8]) is None
    assert band_factor(runs[:9]) == pytest.approx(math.exp(0.09))


def test_a_fit_without_networks_held_out_has_no_picture(overlay: Overlay, tmp_path: Path) -> None:
    rows = (f"resnet-{n},eager,fp32,1,{n},,,reported,my-notes" for n in (18, 34, 50, 101))
    overlay.measurements(*rows)
    found = advisor.fit("small", like="none", catalog=overlay.folder)
    with pytest.raises(AdvisorError, match="small: its own models held out no network"):
        advisor.draw(found, tmp_path / "fit.svg")


def test_findings_are_drawn_with_their_verdicts(tmp_path: Path) -> None:
    for board in ("jetson-tx1", "xeon-2-cores-vm"):
        found = advisor.findings(board)
        figure = findings_figure(found)
        for finding, panel in zip(found.findings, figure.panels, strict=True):
            assert panel.title.endswith(f": {finding.verdict}")
            for dot in panel.dots:
                scale = 100 if finding.number == 1 else 1
                assert any(
                    dot.x.value == pytest.approx(scale * value)
                    for value in finding.numbers.values()
                )
        said = texts(advisor.draw(found, tmp_path / f"{board}.svg").read_bytes())
        assert any("Operations estimate the time per image" in each for each in said)


def test_few_boards_have_a_named_row_for_each_way_of_running(tmp_path: Path) -> None:
    found = advisor.survey("raspberry-pi-4,jetson-tx1")
    assert len(found.variants) <= MOST_ROWS
    figure = survey_figure(found)
    (first, *_) = figure.panels
    assert len(first.dots) == len(found.variants) == len({dot.network for dot in first.dots})
    values = [dot.x.value for dot in first.dots]
    assert values == sorted(values, reverse=True)
    said = texts(advisor.draw(found, tmp_path / "s.svg").read_bytes())
    assert "jetson-tx1" in said


@pytest.fixture(scope="module")
def everything() -> Survey:
    return advisor.survey()


def test_of_many_boards_each_has_one_interval_a_claim_sorted(
    everything: Survey, tmp_path: Path
) -> None:
    figure = survey_figure(everything)
    assert len(figure.panels) == 8
    for panel in figure.panels:
        boards = [dot.network for dot in panel.dots]
        assert len(boards) == len(set(boards))
        values = [dot.x.value for dot in panel.dots]
        assert values == sorted(values, reverse=True)
        assert panel.dots[0].named and panel.dots[-1].named
    assert len(figure.panels[0].dots) > 100
    said = texts(advisor.draw(everything, tmp_path / "s.svg").read_bytes())
    for panel in figure.panels:
        median = np.median([dot.x.value for dot in panel.dots])
        start = f"{len(panel.dots)} boards, median {median:.3g}; "
        assert any(each.startswith(start) for each in said)
    ran = {each.board for each in everything.variants if each.effects.time_rank}
    assert {dot.network for dot in figure.panels[0].dots} == ran


def test_the_commands_write_the_file_and_print_the_answer(run: Run, tmp_path: Path) -> None:
    for words in (["frontier"], ["compare", "jetson-tx1", "xeon-2-cores-vm"], ["findings"]):
        file = tmp_path / f"{words[0]}.png"
        ran = run(*words, "--plot", file)
        assert (ran.code, ran.out) == (0, run(*words).out)
        assert file.read_bytes().startswith(b"\x89PNG")


def test_a_fit_is_drawn_by_its_command(run: Run, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    file = tmp_path / "fit.svg"
    ran = run("fit", "jetson-tx1", "--like", "none", "--plot", file, "--catalog", tmp_path / "own")
    assert ran.code == 0
    assert "Predicted against measured" in texts(file.read_bytes())


@pytest.mark.parametrize(
    ("file", "said"),
    [("f.pdf", "write .svg or .png"), ("nowhere/f.svg", "nowhere"), ("f", "write .svg or .png")],
)
@pytest.mark.parametrize(
    ("command", "home"),
    [
        ("frontier", "solve.recommend.frontier.frontier"),
        ("compare jetson-tx1 xeon-2-cores-vm", "report.comparison.compare"),
        ("findings", "paper.survey.findings_or_survey"),
        ("fit jetson-tx1", "prediction.fitting.fit_each"),
    ],
)
def test_what_cannot_be_written_is_one_message_before_anything_is_done(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    command: str,
    home: str,
    file: str,
    said: str,
) -> None:
    def nothing_else(*_: object, **__: object) -> None:
        pytest.fail("begun though the picture cannot be written")

    monkeypatch.setattr(f"advisor.{home}", nothing_else)
    own = tmp_path / "own"
    own.mkdir()
    ran = run(*command.split(), "--plot", tmp_path / file, "--catalog", own)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert not any(own.iterdir())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("jetson-tx1", "--label", "resnet-18"), "say which: --plot FILE"),
        (("rasp*", "--plot"), "a picture shows the fit of one board"),
        (("jetson-tx1", "jetson-nano*", "--plot"), "a picture shows the fit of one board"),
        (("jetson-tx1", "--label", "nosuch", "--plot"), "network 'nosuch' is unknown"),
        (("jetson-tx1", "--label", "vit_b_16", "--plot"), "is not drawn here"),
    ],
)
def test_what_no_fit_could_be_drawn_as_is_refused_before_anything_is_fitted(
    run: Run, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    picture = [tmp_path / "f.svg"] if words[-1] == "--plot" else []
    ran = run("fit", *words, *picture, "--catalog", own)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert not any(tmp_path.rglob("*.*"))


def test_what_has_no_picture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AdvisorError, match="has no picture"):
        advisor.draw(advisor.pick(), tmp_path / "p.svg")
    with pytest.raises(AdvisorError, match="nothing meets every limit"):
        advisor.draw(advisor.frontier(fps=100000), tmp_path / "f.svg")
    found: Findings = advisor.findings()
    with pytest.raises(AdvisorError, match="label: this picture"):
        advisor.draw(found, tmp_path / "n.svg", label="resnet-18")


def test_a_name_near_another_point_than_its_own_is_led_to_its_own() -> None:
    """Even if that other point has no name."""
    own, other = Ball(100, 100, 6, "own"), Ball(113, 100, 6, "nameless")
    crowd = [Ball(100 + 13 * step, 100 + 13 * up, 6, "x") for step in (-1, 0, 1) for up in (-1, 1)]
    (alone,) = place([own], (300, 200), 12)
    assert alone is not None and alone.leader is None
    (found,) = place([own], (300, 200), 12, others=[other, Ball(87, 100, 6, "nameless"), *crowd])
    assert found is not None and found.leader is not None


def test_a_name_that_is_asked_for_is_written_without_room() -> None:
    crowd = [Ball(10 * x, 10 * y, 8, "x") for x in range(11) for y in range(7)]
    long = "a name that is wider than the picture"
    assert place([Ball(50, 30, 5, long)], (100, 60), 12, others=crowd) == [None]
    (found,) = place([Ball(50, 30, 5, long, asked=True)], (100, 60), 12, others=crowd)
    assert found is not None
