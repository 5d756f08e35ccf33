"""`advisor measure` as its users type it, and as they call it; the children are made up."""

from __future__ import annotations

import io
import json
import re
import sys
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

import advisor
from advisor.catalog.check import check
from advisor.catalog.store import Catalog
from advisor.errors import AdvisorError
from advisor.measuring.children import Outcome
from advisor.measuring.measure import Measured, plan_measuring
from advisor.measuring.measure import measure as measure_here
from advisor.measuring.publish import publish
from advisor.measuring.quiet import wait_for_quiet
from advisor.measuring.request import _threads
from advisor.measuring.tasks import Task
from advisor.report.measuring_text import measured_text
from tests.conftest import Run
from tests.measuring_children import isolation
from tests.measuring_fakes import HOST, PLAN, FakeChildren, StoppingChildren, measure


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("resnet5O",), "did you mean 'resnet50'"),
        (("--batch", "0"), "batch: '0' is not a batch size"),
        (("--batch", "a"), "batch: 'a' is not a batch size"),
        (("--device", "cuda"), "no device 'cuda:0' here"),
        (("--device", "tpu"), "unknown device 'tpu'"),
        (("--precision", "int4"), "precision 'int4' cannot be measured"),
        (("--threads", "-1"), "threads: '-1' is not a count"),
        (("--threads", "0"), "threads: '0' is not a count"),
        (("--power", "11.8"), "power: '11.8' has no unit"),
        (("--board", "a b"), "is not a name for a board"),
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


@pytest.mark.parametrize("width", [60, 80])
def test_a_dry_run_says_what_would_run_and_writes_nothing(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    isolation()  # whose server describes the machine
    monkeypatch.setenv("COLUMNS", str(width))
    ran = run("measure", "--quick", "--dry-run", "--catalog", tmp_path / "catalog")
    assert ran.code == 0
    said = " ".join(ran.out.split())
    assert "14 networks at batch 1, 2, 4, 8, 16: 10 to 16 sessions each" in said
    assert max(map(len, ran.out.splitlines())) <= width
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
    monkeypatch.setattr("advisor.measuring.measure.RealChildren", FakeChildren)
    monkeypatch.setitem(sys.modules, "zeus", None)
    asked = ("measure", "bn-nin", "--dry-run", "--catalog", tmp_path)
    said = "left out: energy (zeus is not installed: pip install 'dnn-advisor[energy]')"
    assert said in run(*asked).out
    assert said not in run(*asked, "--power", "5W").out
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
    assert re.search(r"^vgg-16 +2 +31.9 +7% +200 +stable", shown, re.MULTILINE)
    out = run("show", "vgg-16", "--catalog", tmp_path / "catalog").out
    assert re.search(r"^eager fp32 cpu +1 +16.0 .* stable$", out, re.MULTILINE)
    assert re.search(r"^origin +measured", out, re.MULTILINE)


MEASURE = ("measure", "bn-nin", "resnet-18", "--batch", "1,2", "--board", "mine", "--quick")


def test_sustained_measures_cold_then_hot_and_sets_them_side_by_side(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("advisor.measuring.measure.RealChildren", FakeChildren)
    where = ("--catalog", tmp_path / "catalog")
    planned = run(*MEASURE, "--sustained", "10m", "--dry-run", *where)
    assert "then hot, as board mine-sustained, after 10 min of heating" in planned.out
    ran = run(*MEASURE, "--sustained", "10m", *where)
    assert ran.code == 0
    assert "board mine in " in ran.out
    assert "Heated with resnet-18 at batch 2, 4 threads for 10.0 min: 10 ms, steady." in ran.out
    assert "board mine-sustained in " in ran.out
    assert "mine-sustained takes 1.00 times as long" in ran.out
    assert run("pick", "--board", "mine-sustained", *where).code == 0
    assert run("catalog", "check", *where).code == 0


def test_a_sustained_run_that_was_stopped_goes_on_without_the_cold_half(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = (*MEASURE, "--sustained", "10m", "--catalog", tmp_path / "catalog")
    monkeypatch.setattr(
        "advisor.measuring.measure.RealChildren", lambda: StoppingChildren(60, KeyboardInterrupt)
    )
    ran = run(*arguments)
    assert ran.code == 130
    assert "goes on when the same command is run again" in ran.err
    assert "board mine in " in ran.out
    monkeypatch.setattr("advisor.measuring.measure.RealChildren", FakeChildren)
    again = run(*arguments)
    assert again.code == 0
    assert "board mine in " not in again.out
    assert "mine-sustained takes" in again.out


# --- on another day, on a quiet machine

NETWORKS = ("alexnet", "bn-nin", "enet", "resnet-18", "resnet-34", "vgg-16", "vgg-19")


def test_again_measures_a_handful_once_more_and_says_how_runs_differ(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("advisor.measuring.measure.RealChildren", FakeChildren)
    where = ("--board", "mine", "--catalog", tmp_path / "catalog")
    missing = run("measure", "--again", *where)
    assert (missing.code, "has no finished run" in missing.err) == (2, True)
    unnamed = run("measure", "--again")
    assert (unnamed.code, "--again needs the board" in unnamed.err) == (2, True)
    first = run("measure", *NETWORKS, "--batch", "1,2", "--quick", *where)
    assert "one day: intervals hold another's by what runs usually differ by, +-7.1%" in first.out
    before = _half_widths(tmp_path / "catalog")
    again = run("measure", "--again", *where)
    assert again.code == 0
    assert "5 networks at batch 1:" in again.out
    assert "one day: intervals hold another's" in again.out
    tomorrow = datetime(2099, 1, 2, 12, tzinfo=timezone.utc)
    measure_here(
        board="mine",
        again=True,
        catalog=tmp_path / "catalog",
        children=FakeChildren(),
        clock=lambda: tomorrow,
    )
    after = _half_widths(tmp_path / "catalog")
    assert len(after) == len(before) == 14
    assert max(after) < min(before)  # the made-up machine is the same every day
    assert "as 2 days show" in run("boards", *where[2:]).out + run("show", "mine", *where[2:]).out


def _half_widths(catalog: Path) -> list[float]:
    opened = Catalog.open(catalog)
    _, low, high = opened.measurements(opened.board("mine")).latency_ms.values
    return [float(each) for each in np.log(high / low) / 2]


class BusyChildren(FakeChildren):
    """A machine that others keep busy for the first looks at it."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self.looks = looks

    def busy(self, seconds: float) -> float | None:
        self.looks -= 1
        return 0.46 if self.looks >= 0 else 0.01


def test_a_busy_machine_is_named_early_waited_for_or_measured_all_the_same(tmp_path: Path) -> None:
    with pytest.raises(
        AdvisorError, match=r"other programs take 46% .* no useful figure"
    ) as refused:
        measure_here(ASKED, board="mine", catalog=tmp_path, batch=1, children=BusyChildren(1))
    assert "--wait-for-quiet" in refused.value.hint
    assert not (tmp_path / "boards").exists()
    done = measure_here(
        ASKED, board="mine", catalog=tmp_path, batch=1, noisy=True, children=BusyChildren(1)
    )
    assert done.board.finished


def test_waiting_for_quiet_ends_when_it_is_quiet_or_the_time_is_over() -> None:
    pauses: list[float] = []
    children = BusyChildren(3)
    wait_for_quiet(children.busy, 60, lambda *_: None, pauses.append)
    assert len(pauses) == 3
    with pytest.raises(AdvisorError, match="46% of the processors' time after 20 s"):
        wait_for_quiet(BusyChildren(9).busy, 20, lambda *_: None, pauses.append)
    wait_for_quiet(lambda _: None, 0, lambda *_: None, pauses.append)


# --- the same from Python

ASKED = ("bn-nin", "resnet-18")


def test_python_gets_what_was_found_and_what_was_fitted(tmp_path: Path) -> None:
    heard: list[str] = []
    noon = datetime(2026, 1, 2, 12, tzinfo=timezone.utc)
    done = measure_here(
        ASKED,
        board="mine",
        batch="1,2",
        quick=True,
        catalog=tmp_path,
        on_progress=lambda what, _: heard.append(what),
        children=FakeChildren(),
        clock=lambda: noon,
    )
    (board,) = done.boards
    assert board is done.board
    assert (board.folder, board.run_id) == (tmp_path / "boards/mine", "2026-01-02T12-00-00")
    assert (board.finished, board.anything_ran, board.heats) == (True, True, ())
    assert [(row["architecture"], row["batch"]) for row in board.rows] == [
        (name, batch) for name in ASKED for batch in (1, 2)
    ]
    assert (board.fit, board.fit_file) == (None, None)
    assert "too few measured networks" in board.why_no_fit
    assert "memory of bn-nin at batch 1, 4 threads" in heard
    best = advisor.pick(board="mine", catalog=tmp_path).best
    assert best is not None
    assert best.batch_latency_ms is not None
    assert best.batch_latency_ms.origin == "measured"


def test_enough_networks_are_fitted_at_once(tmp_path: Path) -> None:
    names = ("alexnet", "bn-nin", "enet", "resnet-18", "vgg-16")
    board = measure_here(names, board="mine", catalog=tmp_path, batch=1, children=FakeChildren())
    assert board.board.fit is not None
    assert board.board.fit_file is not None
    assert board.board.fit_file.exists()
    assert board.board.why_no_fit == ""


def test_one_network_is_named_without_a_list(tmp_path: Path) -> None:
    done = measure_here("bn-nin", batch=1, catalog=tmp_path, children=FakeChildren())
    assert [row["architecture"] for row in done.board.rows] == ["bn-nin"]


def test_a_run_that_is_stopped_says_so_and_the_next_goes_on(tmp_path: Path) -> None:
    def run_(children: FakeChildren) -> Measured:
        return measure_here(ASKED, board="mine", batch=1, catalog=tmp_path, children=children)

    stopped = run_(StoppingChildren(8, KeyboardInterrupt)).board
    assert not stopped.finished
    assert (stopped.fit, stopped.why_no_fit) == (None, "")
    again = run_(FakeChildren()).board
    assert (again.finished, again.run_id) == (True, stopped.run_id)


def test_each_board_is_heard_of_when_it_is_done_and_a_dry_run_only_plans(tmp_path: Path) -> None:
    heard: list[object] = []
    where = tmp_path / "catalog"

    def measured(*, dry_run: bool) -> Measured:
        children = FakeChildren()
        return measure_here(
            ASKED[:1],
            batch=1,
            quick=True,
            power="5W",
            catalog=where,
            dry_run=dry_run,
            on_plan=heard.append,
            on_board=heard.append,
            children=children,
        )

    planned = measured(dry_run=True)
    assert planned.boards == ()
    assert heard == [planned.plan]
    assert not where.exists()
    done = measured(dry_run=False)
    assert heard[1:] == [done.plan, *done.boards]
    assert done.board.finished


def test_a_plan_measures_nothing(tmp_path: Path) -> None:
    children = FakeChildren()
    plan = plan_measuring(
        ASKED,
        batch=[4, 1],
        runtime=["eager", "onnxruntime"],
        precision="FP32,i8",
        sustained="10 min",
        power="5W",
        catalog=tmp_path / "catalog",
        children=children,
    )
    assert plan.board == "a-processor-4-cores-4-threads"
    assert [each.name for each in plan.networks] == [*ASKED]
    assert plan.run.batches == (1, 4)
    assert (plan.run.declared_power_w, plan.sustained_s) == (5.0, 600.0)
    assert plan.left_out == ("eager int8 (eager has fp32, bf16, fp16 on cpu)",)
    assert plan.seconds > 600
    assert children.asked == []
    assert not (tmp_path / "catalog").exists()


@pytest.mark.parametrize(
    ("place", "description", "said"),
    [
        ("mine", b"title: caf\xe9\nsource: x\n", r"board.yaml, line 1: found the byte 0xe9"),
        ("mine-sustained", b"title: caf\xe9\n", r"board.yaml, line 1: found the byte 0xe9"),
        ("mine", b"title: a\nsource: x\n", "board mine was not measured by advisor"),
    ],
)
def test_a_plan_for_a_board_that_cannot_be_measured_is_none(
    tmp_path: Path, place: str, description: bytes, said: str
) -> None:
    folder = tmp_path / "boards" / place
    folder.mkdir(parents=True)
    (folder / "board.yaml").write_bytes(description)
    with pytest.raises(AdvisorError, match=said):
        plan_measuring(
            ASKED, board="mine", sustained="1m", catalog=tmp_path, children=FakeChildren()
        )


def test_rows_of_a_network_join_those_that_the_board_has_of_it(tmp_path: Path) -> None:
    def measured(networks: list[str], batch: int) -> Measured:
        children = FakeChildren()
        return measure_here(
            networks, board="mine", batch=batch, catalog=tmp_path, children=children
        )

    measured(["resnet-50"], 1)
    again = measured(["tv:resnet50@224", "ResNet50", "vgg16"], 2)
    rows = {(row["architecture"], row["batch"]) for row in again.board.rows}
    assert rows == {("resnet-50", 1), ("resnet-50", 2), ("tv:vgg16@224", 2)}
    said = "tv:resnet50@224 is measured as resnet-50, the same network"
    assert said in again.plan.notes
    rest = measured(["vgg-16"], 1).board.rows
    assert {row["architecture"] for row in rest} == {"resnet-50", "tv:vgg16@224"}


# --- threads


def test_a_ladder_of_threads_is_measured_and_chosen_from(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, int, int]] = []

    class Noting(FakeChildren):
        def time(self, task: Task, limit_s: float) -> Outcome:
            asked.append((str(task.cell.runtime), task.cell.threads, task.threads))
            found = super().time(task, limit_s)
            slower = [value * 4 / task.threads for value in found.value.values_ms]
            return replace(found, value=replace(found.value, values_ms=slower))

    monkeypatch.setattr("advisor.measuring.measure.RealChildren", Noting)
    where = ("--catalog", tmp_path / "catalog")
    ladder = ("--threads", "1,4,2", "--runtime", "eager,onnxruntime")
    planned = run(*MEASURE, *ladder, "--dry-run", *where)
    assert "cpu, 1 and 2 and 4 threads, eager fp32" in planned.out
    assert run(*MEASURE, *ladder, *where).code == 0
    assert {each[1:] for each in asked} == {(1, 1), (2, 2), (4, 4)}
    catalog = Catalog.open(where[1])
    assert check(catalog).faults == ()
    table = catalog.measurements(catalog.board("mine"))
    assert set(table.threads.tolist()) == {1, 2, 4}
    assert catalog.board("mine").details["threads"] == "1, 2, 4"
    best = ("pick", "--board", "mine", "--objective", "fps", "--json", *where)
    assert json.loads(run(*best).out)["best"]["threads"] == 4
    assert json.loads(run(*best, "--threads", "<= 2").out)["best"]["threads"] == 2


def test_one_number_of_threads_is_settled_for_every_runtime(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, int] = {}

    class Noting(FakeChildren):
        def memory(self, task: Task, limit_s: float) -> Outcome:
            asked[task.cell.runtime] = task.threads
            return super().memory(task, limit_s)

    monkeypatch.setattr("advisor.measuring.measure.RealChildren", Noting)
    where = ("--catalog", tmp_path / "catalog")
    assert run(*MEASURE, "--runtime", "eager,compile,onnxruntime,openvino", *where).code == 0
    assert asked == dict.fromkeys(("eager", "compile", "onnxruntime", "openvino"), 4)
    board = Catalog.open(where[1]).board("mine")
    assert board.details["threads"] == "4"


def test_threads_are_those_of_a_processor() -> None:
    with pytest.raises(AdvisorError, match="threads are those of a processor"):
        _threads("2", "cuda:0")
    assert _threads([4, 1, 4], "cpu") == (1, 4)
    assert _threads(None, "cuda:0") == ()


def test_more_threads_than_processors_are_warned_of(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1}, raising=False)
    monkeypatch.setattr("advisor.measuring.measure.RealChildren", FakeChildren)
    asked = (*MEASURE, "--dry-run", "--catalog", tmp_path / "catalog")
    assert "999 threads take turns on the 2 processors" in run(*asked, "--threads", "1,999").err
    assert run(*asked, "--threads", "1,2").err == ""


def test_rows_from_before_threads_were_counted_have_those_of_their_run(tmp_path: Path) -> None:
    """Such a run's plan has one number, 0 for the machine's own, and its cells none."""
    measure(tmp_path / "old", FakeChildren())
    (file,) = (tmp_path / "old" / "runs").glob("*/sessions.jsonl")
    head, *rest = file.read_text().splitlines()
    header = json.loads(head)
    header["plan"]["threads"] = 0
    file.write_text("\n".join([json.dumps(header), *rest]) + "\n")
    rows = publish(tmp_path / "old", HOST)
    assert {row["threads"] for row in rows} == {4}
