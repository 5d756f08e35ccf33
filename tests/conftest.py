"""What many tests share: no settings of the user, a catalog to break, a command to run."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

from advisor.catalog.measurements_table import MEASUREMENT_COLUMNS
from advisor.catalog.records import Estimate
from advisor.cli import main

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell has it for what runs behind it
    signal.signal(signal.SIGINT, signal.default_int_handler)

SHIPPED = Path(__file__).resolve().parent.parent / "catalog"
BOARD = """\
title: A small board
idle_power: {value: 2 W, error: 100 mW, source: my-notes}
weights: paper
source: my-notes
"""
SOURCES = """\
my-notes:
  citation: "my notebook"
  read: "by eye"
  error: "a few percent"
"""
HEADER = ",".join(MEASUREMENT_COLUMNS) + ",origin,source"
ROWS = (
    "resnet-18,eager,fp32,1,20,5,300,reported,my-notes",
    "resnet-18,eager,fp32,4,60,5,500,reported,my-notes",
    "resnet-50,eager,fp32,1,50,5,,reported,my-notes",
)

settings.register_profile("short", deadline=None)
settings.register_profile("long", deadline=None, max_examples=1000)
settings.load_profile("short")


def value_of(estimate: Estimate | None) -> float:
    """The value of an estimate that a test knows to be there."""
    assert estimate is not None
    return estimate.value


def examples(percent: int) -> settings:
    """So many of the usual 100 examples: few where each takes long."""
    return settings(max_examples=settings().max_examples * percent // 100)


@pytest.fixture(autouse=True)
def _no_settings_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("ADVISOR_BOARD", "ADVISOR_CATALOG", "FORCE_COLOR", "NO_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "no-user-data"))
    # Beside the test's folder, since some see that nothing but their own is written into that.
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path.with_name(f"{tmp_path.name}-cache")))
    # The command sets it for itself; a test must not leave it behind.
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", os.environ.get("OPENBLAS_NUM_THREADS", "1"))


@dataclass(frozen=True)
class Overlay:
    """A user's catalog folder with one good board, `small`, in which a test may break things."""

    folder: Path

    def write(self, file: str, content: str | bytes) -> Path:
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def measurements(self, *rows: str, header: str = HEADER) -> Path:
        return self.write("boards/small/measurements.csv", "\n".join([header, *rows]) + "\n")


@pytest.fixture
def overlay(tmp_path: Path) -> Overlay:
    made = Overlay(tmp_path / "own-catalog")
    made.write("sources.yaml", SOURCES)
    made.write("boards/small/board.yaml", BOARD)
    made.measurements(*ROWS)
    return made


def proven(chance: float | None) -> float:
    """A chance that is known."""
    assert chance is not None
    return chance


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `advisor ...` in this process."""

    def run_(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["advisor", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return run_
