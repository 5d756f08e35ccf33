"""`advisor measure` as its users type it; the children are made up."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

import pytest
from rich.console import Console

from advisor.measuring import children
from advisor.report.measured_text import measured_text
from tests.conftest import Run
from tests.measuring_fakes import PLAN, FakeChildren, StoppingChildren, measure


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("resnet50",), "did you mean 'resnet-50'?"),
        (("--batch", "0"), "batch: '0' is not a batch size"),
        (("--batch", "a"), "batch: 'a' is not a batch size"),
        (("--device", "cuda"), "no device 'cuda' here"),
        (("--device", "tpu"), "unknown device 'tpu'"),
        (("--precision", "int4"), "precision 'int4' cannot be measured"),
        (("--threads", "-1"), "threads: -1 is not a count"),
        (("--power", "11.8"), "power: '11.8' has no unit"),
        (("--board", "a b"), "is no name for a board"),
        (("--sustained", "10"), "sustained: '10' has no unit"),
        (("--sustained", "0m"), "sustained: '0m' is zero"),
    ],
)
def test_what_cannot_be_measured(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    ran = run("measure", *arguments, "--catalog", tmp_path / "catalog")
    assert ran.code == 2
    assert said in ran.err
    assert not (tmp_path / "catalog").exists()


def test_a_dry_run_says_what_would_run_and_writes_nothing(run: Run, tmp_path: Path) -> None:
    ran = run("measure", "--quick", "--dry-run", "--catalog", tmp_path / "catalog")
    assert ran.code == 0
    assert "14 networks at batch 1, 2, 4, 8, 16: 10 to 16 sessions each" in ran.out
    assert "about" in ran.out
    assert not (tmp_path / "catalog").exists()


def test_without_torch_the_extra_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    ran = run("measure", "--dry-run")
    assert ran.code == 2
    assert "pip install 'dnn-advisor[measure]'" in ran.err


def test_without_zeus_it_says_what_energy_needs(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "RealChildren", FakeChildren)
    monkeypatch.setitem(sys.modules, "zeus", None)
    asked = ("measure", "bn-nin", "--dry-run", "--catalog", tmp_path)
    told = "left out: energy (zeus is not installed: pip install 'dnn-advisor[energy]')"
    assert told in run(*asked).out
    assert told not in run(*asked, "--power", "5W").out
    monkeypatch.delitem(sys.modules, "zeus")
    assert "zeus" not in run(*asked).out


def test_the_plan_of_the_tests_is_small() -> None:
    assert len(PLAN.cells()) == 6


def test_what_was_measured_is_shown_with_its_verdicts(run: Run, tmp_path: Path) -> None:
    rows = measure(tmp_path / "catalog/boards/mine", FakeChildren()).rows
    console = Console(file=io.StringIO(), width=80)
    console.print(measured_text(rows))
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert re.search(r"^vgg-16 +2 +31.9 +0% +200 +stable", shown, re.MULTILINE)
    out = run("show", "vgg-16", "--catalog", tmp_path / "catalog").out
    assert re.search(r"^eager fp32 +1 +16.0 .* stable$", out, re.MULTILINE)
    assert re.search(r"^origin +reported +reported +reported$", out, re.MULTILINE)


MEASURE = ("measure", "bn-nin", "resnet-18", "--batch", "1,2", "--board", "mine", "--quick")


def test_sustained_measures_cold_then_hot_and_sets_them_side_by_side(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "RealChildren", FakeChildren)
    where = ("--catalog", tmp_path / "catalog")
    planned = run(*MEASURE, "--sustained", "10m", "--dry-run", *where)
    assert "then hot, as board mine-sustained, after 10 min of heating" in planned.out
    ran = run(*MEASURE, "--sustained", "10m", *where)
    assert ran.code == 0
    assert "board mine in " in ran.out
    assert "Heated with resnet-18 at batch 2 for 10.0 min: 10 ms, steady." in ran.out
    assert "board mine-sustained in " in ran.out
    assert "mine-sustained takes 1.00 times as long" in ran.out
    assert run("pick", "--board", "mine-sustained", *where).code == 0
    assert run("catalog", "check", *where).code == 0


def test_a_sustained_run_that_was_stopped_goes_on_without_the_cold_half(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = (*MEASURE, "--sustained", "10m", "--catalog", tmp_path / "catalog")
    monkeypatch.setattr(children, "RealChildren", lambda: StoppingChildren(60, KeyboardInterrupt))
    ran = run(*arguments)
    assert ran.code == 130
    assert "goes on when the same command is run again" in ran.err
    assert "board mine in " in ran.out
    monkeypatch.setattr(children, "RealChildren", FakeChildren)
    again = run(*arguments)
    assert again.code == 0
    assert "board mine in " not in again.out
    assert "mine-sustained takes" in again.out
