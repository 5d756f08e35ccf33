"""Pictures of answers: what they show, and what they refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

import advisor
from advisor.errors import AdvisorError
from tests.conftest import Run
from tests.pictures import texts


def test_a_frontier_is_drawn_with_the_names_of_its_points(tmp_path: Path) -> None:
    found = advisor.frontier(board="jetson-tx1")
    said = texts(advisor.draw(found, tmp_path / "f.svg").read_bytes())
    assert "Top-1 accuracy against time per image" in said
    assert {each.architecture for each in found.points} <= set(said)


def test_of_a_long_frontier_some_points_are_named_the_pick_among_them(tmp_path: Path) -> None:
    found = advisor.frontier(board="rtx-4090", architectures="resnet*,vit_*,convnext*,mobilenet*")
    assert len(found.points) > 20
    said = texts(advisor.draw(found, tmp_path / "f.svg").read_bytes())
    last = found.points[-1].architecture
    named = [each for each in found.points if each.architecture in said]
    assert len(named) <= 22
    assert last in said or "…" in " ".join(said)


def test_a_comparison_is_a_bar_for_each_row(tmp_path: Path) -> None:
    found = advisor.compare("jetson-tx1", "xeon-2-cores-vm")
    said = texts(advisor.draw(found, tmp_path / "c.svg").read_bytes())
    assert f"{found.mean_ratio:.3g} on average" in " ".join(said)
    assert len(found.rows) == sum(", batch " in each for each in said)


def test_the_commands_write_the_file_and_print_the_answer(run: Run, tmp_path: Path) -> None:
    for words in (["frontier"], ["compare", "jetson-tx1", "xeon-2-cores-vm"]):
        file = tmp_path / f"{words[0]}.png"
        ran = run(*words, "--plot", file)
        assert (ran.code, ran.out) == (0, run(*words).out)
        assert file.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("file", "said"),
    [("f.pdf", "write .svg or .png"), ("nowhere/f.svg", "nowhere"), ("f", "write .svg or .png")],
)
def test_what_cannot_be_written_is_one_message(
    run: Run, tmp_path: Path, file: str, said: str
) -> None:
    ran = run("frontier", "--plot", tmp_path / file)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_what_has_no_picture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AdvisorError, match="has no picture"):
        advisor.draw(advisor.pick(), tmp_path / "p.svg")
    with pytest.raises(AdvisorError, match="nothing meets every limit"):
        advisor.draw(advisor.frontier(fps=100000), tmp_path / "f.svg")
