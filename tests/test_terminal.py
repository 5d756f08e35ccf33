"""What is printed fits the terminal, and what is said beside it."""

from __future__ import annotations

import io
import logging
import re
import shlex
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console, RenderableType

import advisor
from advisor import stages
from advisor.catalog.records import Estimate
from advisor.cli.output import complain
from advisor.cli.progress import ERASE, Progress
from advisor.measuring.evaluation import Evaluated, Evaluation
from advisor.measuring.fleet import FleetFound, Unit
from advisor.measuring.preprocessing import Preprocessing
from advisor.report.evaluation_text import evaluation_text
from advisor.report.fleet_text import fleet_text
from advisor.report.measuring_text import Row, measured_text
from advisor.report.terminal import ELLIPSIS, LONG_NAME, NARROWEST, Fitted, TextTable, plain_table
from advisor.stages import counted_off, listening, stage
from tests.conftest import Overlay, Run, examples

WIDTHS = (60, 80, 120, 200)
WIDE = 2000
"""Where nothing is left out, wrapped or shortened."""
COMMANDS = (
    "pick --fps 30 --energy 0.5J",
    "pick --fps 1000 --accuracy 90",
    "pick --fps 30 --energy 0.5J --explain inception-v4",
    "pick --fps 6 --latency 1s --energy 1J --power 13W --memory 2GiB --params 100M --ops 40G",
    "frontier --fps 5",
    "predict --all",
    "predict resnet-50",
    "show resnet-50 --board jetson-tx1",
    "show jetson-tx1",
    "boards",
    "zoo --family resnet",
    "findings",
    "plan catalog/requirements/plan-robot.yaml",
    "check catalog/requirements/drone.yaml resnet-18 inception-v4",
)
LONG_NAMED = (
    "compare xeon-2-cores-vm --by runtime",
    "pick --board any --fps 30",
    "pick --board any --fps 50000 --accuracy 90",
    "frontier --board any --z energy",
    "predict resnet-50 --board all",
    "suggest",
    "show resnet-50",
    "findings --board raspberry-pi-4",
    "compare raspberry-pi-4.ncnn raspberry-pi-5.ncnn",
)
FIGURE = re.compile(r"[~<>=+-]*\d[\d.,]*[%kMG]?")


def figures(text: str) -> set[str]:
    """All that reads as a figure."""
    return {word for word in text.split() if FIGURE.fullmatch(word)}


@pytest.mark.parametrize("command", COMMANDS)
def test_no_figure_is_cut_and_no_line_is_too_long(
    run: Run, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("COLUMNS", str(WIDE))
    whole = figures(run(*shlex.split(command)).out)
    assert whole
    for width in WIDTHS:
        monkeypatch.setenv("COLUMNS", str(width))
        out = run(*shlex.split(command)).out
        assert figures(out) <= whole
        assert max(map(len, out.splitlines())) <= width
        assert "\x1b" not in out


@pytest.mark.parametrize("command", LONG_NAMED)
def test_no_line_is_too_long_where_names_are(
    run: Run, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    for width in (60, 80):
        monkeypatch.setenv("COLUMNS", str(width))
        assert max(map(len, run(*shlex.split(command)).out.splitlines())) <= width


def test_a_fit_fits(run: Run, monkeypatch: pytest.MonkeyPatch, overlay: Overlay) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    out = run("fit", "jetson-tx1", "--catalog", overlay.folder).out
    *answer, _ = out.splitlines()  # the last names a file
    assert max(map(len, answer)) <= 60
    assert re.search(r"^net power +14( +\d+%){4}$", out, re.MULTILINE)


NAMES = st.text("abcdefgh-.", min_size=1, max_size=50)
NUMBERS = st.integers(0, 10**9).map(lambda number: f"{number:,}")


@given(st.lists(st.tuples(NAMES, NAMES, NUMBERS, NUMBERS), min_size=1), st.integers(20, 120))
@examples(50)
def test_figures_are_whole_at_any_width(rows: list[tuple[str, str, str, str]], width: int) -> None:
    table = plain_table("network", "board", "fps", "ms", left=2)
    for row in rows:
        table.add_row(*row)
    head, _, *lines = printed(table, width)
    assert head.split() == ["network", "board", "fps", "ms"]
    found = [pair for line in lines if len(pair := re.findall(r"\d[\d,]*", line)) == 2]
    assert found == [[*row[2:]] for row in rows]
    of_figures = [max(3, *(len(row[place]) for row in rows)) for place in (2, 3)]
    least = sum(of_figures) + len("network") + NARROWEST + 3 * 2
    assert max(map(len, lines)) <= max(width, least)


def printed(table: TextTable | Fitted, width: int) -> list[str]:
    stream = io.StringIO()
    Console(file=stream, width=width).print(table, crop=False)
    return [line.rstrip() for line in stream.getvalue().splitlines()]


NAME = "jetson-agx-orin.mlperf-v3.0-ctuning"


def test_a_long_name_shows_both_ends_before_a_column_is_left_out() -> None:
    def of(keys: Sequence[str]) -> TextTable:
        table = plain_table("board", *keys)
        table.add_row(NAME, *("12.34" for _ in keys))
        return table

    def at(width: int) -> str:
        return printed(Fitted(of, ("fps", "ms", "W"), ("W",), ("ms",)), width)[-1]

    assert at(60) == f"{NAME}  12.34  12.34  12.34"
    shortened, *found = at(LONG_NAME + 3 * 7).split()
    assert len(shortened) == LONG_NAME
    assert NAME.startswith(shortened.partition(ELLIPSIS)[0])
    assert NAME.endswith(shortened.partition(ELLIPSIS)[2])
    assert found == ["12.34"] * 3
    assert at(LONG_NAME + 3 * 7 - 1).split()[1:] == ["12.34"] * 2
    assert at(20).split()[-1] != "12.34"  # the rest of the name


def test_a_name_in_two_lines_is_folded_between_its_parts() -> None:
    table = plain_table("network", "run as", "ms", left=2)
    table.add_row("tv:resnet50@224", "armnn-neon fp32 v1.15-b.ncnn", "12.34")
    lines = [line.split("  ") for line in printed(table, 32)]
    found = [[cell.strip() for cell in line if cell.strip()] for line in lines[2:]]
    assert found == [["tv:resnet50", "armnn-neon", "12.34"], ["@224", "fp32"], ["v1.15-b.ncnn"]]


@given(st.lists(NAMES, min_size=1, unique=True), st.integers(10, 40))
@examples(50)
def test_names_look_alike_at_no_width(names: list[str], width: int) -> None:
    table = plain_table("board", "ms")
    for number, name in enumerate(names):
        table.add_row(name, str(10 + number))
    shown: list[str] = []
    for line in printed(table, width)[2:]:
        *words, last = line.split()
        if last.isdecimal():
            shown.append("")
        shown[-1] += "".join(words if last.isdecimal() else [*words, last])
    assert len(set(shown)) == len(names)


class Terminal(io.StringIO):
    """A terminal that only its tests see."""

    def isatty(self) -> bool:
        return True


def a_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Standard error as a terminal; pytest has its own between fixtures and tests."""
    made = Terminal()
    monkeypatch.setattr(sys, "stderr", made)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "40")
    return made


MESSAGE = "board nosuch is unknown, and nothing else is called like it\n  known: " + ", ".join(
    f"board-{number}" for number in range(20)
)


def test_messages_are_wrapped_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = a_terminal(monkeypatch)
    complain(MESSAGE)
    first, second, *more = terminal.getvalue().splitlines()
    assert max(map(len, (first, second, *more))) <= 40
    assert first.startswith("advisor: board nosuch")
    assert second.startswith(" " * len("advisor: "))
    assert " ".join(terminal.getvalue().split()) == "advisor: " + " ".join(MESSAGE.split())


def test_messages_elsewhere_are_whole(capsys: pytest.CaptureFixture[str]) -> None:
    complain(MESSAGE)
    assert capsys.readouterr().err == f"advisor: {MESSAGE}\n"


def test_what_is_under_way_is_shown_on_a_terminal_and_gone_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = a_terminal(monkeypatch)
    monkeypatch.setattr("advisor.cli.progress.SHOWN_AFTER_S", 0.0)
    progress = Progress()
    with progress.shown(), stage("reading 204 boards"):
        wait_for(lambda: terminal.getvalue() == f"{ERASE}reading 204 boards")
        for _ in counted_off(["a"], "surveying"):
            wait_for(lambda: terminal.getvalue().endswith(f"{ERASE}surveying, 1 of 1"))
        wait_for(lambda: terminal.getvalue().endswith(f"{ERASE}reading 204 boards"))
    assert terminal.getvalue().endswith(ERASE)


def wait_for(done: Callable[[], bool]) -> None:
    """Wait until something is so, however busy the machine is."""
    end = time.monotonic() + 120
    while not done():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_dumb_terminal_has_nothing_that_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = a_terminal(monkeypatch)
    monkeypatch.setenv("TERM", "dumb")

    def begun(**_: object) -> None:
        pytest.fail("something is there to draw")

    monkeypatch.setattr("advisor.cli.progress.Thread", begun)
    with Progress().shown(), stage("reading 204 boards"):
        assert terminal.getvalue() == ""
    assert terminal.getvalue() == ""


def test_a_quiet_command_shows_no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = a_terminal(monkeypatch)
    monkeypatch.setattr("advisor.cli.progress.SHOWN_AFTER_S", 0.0)
    progress = Progress()
    progress.quiet = True
    drawn, draw = list[str](), progress._draw

    def draw_noted(line: str) -> None:
        draw(line)
        drawn.append(line)

    with ExitStack() as under_way:
        with progress.aside():  # nothing is drawn before there is something to say
            under_way.enter_context(progress.shown())
            under_way.enter_context(stage("reading 204 boards"))
            monkeypatch.setattr(progress, "_draw", draw_noted)
        wait_for(lambda: bool(drawn))
    assert set(drawn) == {""}
    assert terminal.getvalue() == ""


def test_the_rows_of_a_large_table_are_counted_off(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(stages, "SAID_EVERY", 2)
    path = tmp_path / "big.csv"
    path.write_text("model,latency_ms\n" + "".join(f"net-{row},{row}\n" for row in range(1, 6)))
    heard = list[str]()
    with listening(heard.append):
        advisor.import_table("csv", path, "mine", catalog=tmp_path / "catalog")
    assert [each for each in heard if each.startswith("reading rows")] == [
        f"reading rows of big.csv, {done} of 5" for done in (0, 2, 4)
    ]
    for said in ("reading lines of big.csv, 4 of", "reading columns of big.csv, 2 of 2"):
        assert any(each.startswith(said) for each in heard)


def test_a_stage_may_end_while_another_thread_ends_one(monkeypatch: pytest.MonkeyPatch) -> None:
    class Shared(list[str]):
        """Another thread takes its own out as soon as this one has seen that there is something."""

        def __bool__(self) -> bool:
            there = len(self) > 0
            self.clear()
            return there

    heard = list[str]()
    monkeypatch.setattr(stages, "_under_way", Shared(["reading a.yaml"]))
    with listening(heard.append), stage("fitting"):
        pass
    assert heard == ["fitting", "reading a.yaml"]


def test_what_is_under_way_is_said_in_letters_alone(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[str] = []
    with caplog.at_level(logging.INFO, logger="advisor"), listening(heard.append):
        with stage("importing \udcff\x1b[2J.csv"):
            pass
        assert list(counted_off([1], "reading \udcff")) == [1]
    assert all(each.isprintable() for each in (*heard, *caplog.messages))
    assert "importing " in caplog.text


def test_quiet_prints_the_answer_alone(run: Run) -> None:
    noted = ("frontier", "--board", "raspberry-pi-4.ncnn")
    loud = run(*noted)
    assert loud.err.startswith("advisor: warning: ")
    for quiet in (run(*noted, "--quiet"), run("-q", *noted)):
        assert (quiet.code, quiet.out, quiet.err) == (0, loud.out, "")
    assert run(*noted).err == loud.err
    assert "unknown board" in run("frontier", "--board", "nosuch", "-q").err


def test_verbose_says_what_is_read_and_how_long_it_takes(run: Run) -> None:
    plain = run("pick", "--fps", "30")
    verbose = run("pick", "--fps", "30", "--verbose")
    assert verbose.out == plain.out
    assert plain.err == ""
    lines = verbose.err.splitlines()
    assert all(re.match(r"advisor: \d+\.\d\d s: ", line) for line in lines)
    assert re.search(r"catalog: .*catalog, shipped$", verbose.err, re.MULTILINE)
    assert re.search(r"gathering candidates: \d+\.\d\d s$", verbose.err, re.MULTILINE)
    assert run("-v", "pick", "--fps", "30").err.count("\n") == len(lines)
    assert run("pick", "--fps", "30").err == ""


def test_every_command_takes_them(run: Run) -> None:
    for words in ("pick", "catalog check", "import csv", "schema", "worker", "fleet", "export"):
        told = run(*words.split(), "--help").out
        assert "--quiet" in told
        assert "--verbose" in told


def test_the_same_is_logged_for_python(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "advisor"):
        advisor.pick(fps=30)
    assert any(each.startswith("rows of jetson-tx1: ") for each in caplog.messages)


def reading(value: float, low: float | None = None, high: float | None = None) -> Estimate:
    return Estimate(value, low, high, "measured", "own")


WAYS = tuple(
    Evaluated(
        runtime,
        precision,
        reading(100, 99.01, 100),
        top5_percent=reading(90.12),
        loss_points=None if precision == "fp32" else reading(-1.11, -10.12, 12.34),
        file_size_mb=25.7,
        latency_ms=reading(1234.5),
        memory_mb=reading(1383.4),
        pareto_optimal=True,
    )
    for runtime, precision in (
        ("eager", "fp32"),
        ("onnxruntime", "int8"),
        ("torch.compile", "bf16"),
    )
)
EVALUATION = Evaluation(
    network="resnet-50",
    weights="own",
    data="photos",
    data_set="own-1a2b3c",
    images=1000,
    found=1000,
    classes=1000,
    preprocessing=Preprocessing(224, 224, 3, 256, (0.5,), (0.5,)),
    skipped=(),
    finished=True,
    ways=WAYS,
    accuracy_file=None,
)
MEASURED: list[Row] = [
    {
        "architecture": name,
        "batch": 16,
        "runtime": runtime,
        "precision": precision,
        "processor": "cpu",
        "threads": threads,
        "status": "ok",
        "verdict": verdict,
        "source": "own",
        "latency_ms": 12345.6,
        "latency_low_ms": 11000.0,
        "latency_high_ms": 13000.0,
        "memory_mb": 1383.4,
        "net_power_w": 12.31,
    }
    for name, runtime, precision, threads, verdict in (
        ("mobilenet_v3_large_100", "onnxruntime", "int8", 16, "stable"),
        ("vgg-16", "eager", "fp32", 2, "noisy: drift of 12%; another process ran (unknown: clock)"),
        ("inception-resnet-v2", "torch.compile", "bf16", 16, "noisy: drift of 30%"),
    )
]
UNIT = Unit(
    board="jetson-agx-orin",
    unit="nr-1",
    host="rack-17-left.lab.example.org",
    devices={"cuda:0": "NVIDIA Jetson AGX Orin 64GB", "cpu": "Cortex-A78AE"},
    meters={"cuda:0": "zeus"},
    versions={},
    clock_off_s=0.0,
    doing="timing resnet-50 at batch 16",
)


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize(
    ("answer", "needed"),
    [
        (evaluation_text(EVALUATION), ["100.00", "99.01 to 100.00"]),
        (evaluation_text(replace(EVALUATION, ways=WAYS[:1])), ["100.00", "1,234", "25.7"]),
        (measured_text(MEASURED), ["12,346"]),
        (fleet_text(FleetFound("tcp://lab:8786", (UNIT,), (), {}, ())), ["nr-1"]),
    ],
)
def test_what_is_evaluated_measured_and_there_fits(
    answer: RenderableType, needed: Sequence[str], width: int
) -> None:
    def at(columns: int) -> list[str]:
        console = Console(file=io.StringIO(), width=columns, highlight=False)
        console.print(answer, crop=False)
        assert isinstance(console.file, io.StringIO)
        return [line.rstrip() for line in console.file.getvalue().splitlines()]

    lines = at(width)
    assert max(map(len, lines)) <= width
    assert all(each in "\n".join(lines) for each in needed)
    assert figures("\n".join(lines)) <= figures("\n".join(at(WIDE)))
