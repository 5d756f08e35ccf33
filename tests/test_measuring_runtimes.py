"""Runs that measure several runtimes and precisions, with made-up children."""

from __future__ import annotations

import io
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

import advisor
from advisor.catalog.check import check
from advisor.catalog.records import Estimate
from advisor.catalog.store import Catalog
from advisor.errors import AdvisorError
from advisor.measuring.children import Outcome
from advisor.measuring.journal import read_runs
from advisor.measuring.publish import run_latencies
from advisor.measuring.runtimes.exports import export_folder
from advisor.measuring.tasks import REFERENCE, Cell, PreparedFound, Task
from advisor.report.measuring_text import describe_rows, measured_text
from tests.conftest import Overlay, Run
from tests.measuring_fakes import HOST, PLAN, FakeChildren, StoppingChildren, measure

ORT, ORT_INT8, BF16 = ("onnxruntime", "fp32"), ("onnxruntime", "int8"), ("eager", "bf16")
SEVERAL = replace(PLAN, variants=(REFERENCE, ORT, ORT_INT8, BF16))
WITH_ORT = replace(HOST, details={**HOST.details, "onnxruntime": "1.0"})


def board(tmp_path: Path) -> Path:
    return tmp_path / "catalog/boards/mine"


class StoppedError(Exception):
    """Stands for anything that ends a run in the middle."""


def test_a_cell_is_a_network_with_its_runtime_precision_and_batch(tmp_path: Path) -> None:
    made = FakeChildren()
    rows = measure(board(tmp_path), made, SEVERAL).rows
    assert len(rows) == 24
    assert {(row["runtime"], row["precision"]) for row in rows} == set(SEVERAL.variants)
    prepared = [each for each in made.asked if each.startswith("prepare")]
    assert len(prepared) == len(set(prepared)) == 9  # once for all batches, never for the reference
    assert made.asked.index("prepare bn-nin at batch 1, onnxruntime int8") < made.asked.index(
        "memory bn-nin at batch 1, onnxruntime int8"
    )
    timed = [each for each in made.asked if each.startswith("time")]
    assert all(len(set(timed[start : start + 24])) == 24 for start in range(0, 96, 24))
    assert check(Catalog.open(tmp_path / "catalog")).faults == ()


def test_rows_of_the_reference_are_kept_as_they_always_were(tmp_path: Path) -> None:
    assert Cell("bn-nin", 2).as_list() == ["bn-nin", 2]
    assert str(Cell("bn-nin", 2)) == "bn-nin at batch 2"
    other = Cell("bn-nin", 2, *ORT)
    assert Cell(*other.as_list()) == other  # type: ignore[arg-type]
    alone = measure(tmp_path / "alone", FakeChildren()).rows
    among = measure(board(tmp_path), FakeChildren(), SEVERAL).rows
    figures = [
        [(row["architecture"], row["batch"], row["latency_ms"], row["memory_mb"]) for row in rows]
        for rows in (alone, [row for row in among if row["runtime"] == "eager"])
    ]
    assert figures[0] == [each for each in figures[1] if each in figures[0]]


@pytest.mark.parametrize("after", [0, 2, 9, 33, 60])
def test_a_run_of_several_goes_on_where_it_stood(tmp_path: Path, after: int) -> None:
    whole = FakeChildren()
    rows = measure(tmp_path / "whole", whole, SEVERAL).rows
    with pytest.raises(StoppedError):
        measure(board(tmp_path), StoppingChildren(after, StoppedError), SEVERAL)
    rest = FakeChildren()
    assert measure(board(tmp_path), rest, SEVERAL).rows == rows
    assert len(rest.asked) == len(whole.asked) - after


class ExportingChildren(StoppingChildren):
    """What they prepare is a file, without which nothing runs."""

    def __init__(self, after: int = 1000) -> None:
        super().__init__(after, StoppedError)

    def prepare(self, task: Task, limit_s: float) -> Outcome:
        name = f"{task.cell.architecture}.onnx"
        export_folder().mkdir(parents=True, exist_ok=True)
        (export_folder() / name).touch()
        return self._answer(f"prepare {task.cell}", PreparedFound(name, 1e-6, 0.5))

    def time(self, task: Task, limit_s: float) -> Outcome:
        assert (export_folder() / task.prepared).exists()
        return super().time(task, limit_s)


def test_what_was_prepared_and_dropped_is_prepared_again(tmp_path: Path) -> None:
    plan = replace(PLAN, variants=(ORT,))
    whole = measure(tmp_path / "whole", ExportingChildren(), plan)
    for after in (5, 12):  # while memory is found, and while the cells are timed
        shutil.rmtree(export_folder())
        with pytest.raises(StoppedError):
            measure(tmp_path / str(after), ExportingChildren(after), plan)
        shutil.rmtree(export_folder())
        again = ExportingChildren()
        assert measure(tmp_path / str(after), again, plan).rows == whole.rows
        prepared = [each for each in again.asked if each.startswith("prepare")]
        if after == 12:  # before the first session, not between two
            assert again.asked[: len(prepared)] == prepared
        assert len(prepared) == len(PLAN.architectures)


def test_a_row_has_the_size_of_the_file_it_was_served_from(tmp_path: Path) -> None:
    export_folder().mkdir(parents=True)
    (export_folder() / "x.onnx").touch()
    ends = {
        f"prepare {name} at batch 1, onnxruntime fp32": Outcome(
            "ok", PreparedFound("x.onnx", 1e-6, 0.5, file_size_mb=47.5), ""
        )
        for name in PLAN.architectures
    }
    plan = replace(PLAN, variants=(REFERENCE, ORT, ORT_INT8))
    rows = measure(board(tmp_path), FakeChildren(ends), plan).rows
    sizes = {(each["runtime"], each["precision"]): each.get("file_size_mb") for each in rows}
    assert sizes == {REFERENCE: None, ORT: 47.5, ORT_INT8: None}
    opened = Catalog.open(tmp_path / "catalog")
    table = opened.measurements(opened.board("mine"))
    (size,) = {
        table.file_size_mb.estimate(row)
        for row in np.flatnonzero(table.runtime.where(ORT[0])).tolist()
    } - {None}
    assert size == Estimate(47.5, None, None, "measured", "advisor-measure")


def test_a_finished_run_leaves_the_exports_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dropped: list[None] = []
    monkeypatch.setattr(FakeChildren, "end", lambda _: dropped.append(None))
    with pytest.raises(StoppedError):
        measure(board(tmp_path), StoppingChildren(5, StoppedError), SEVERAL)
    assert not dropped
    measure(board(tmp_path), FakeChildren(), SEVERAL)
    assert len(dropped) == 1


UNEXPORTABLE = Outcome("failed", None, "does not export to ONNX: a branch on data")


def test_a_network_that_does_not_export_leaves_the_other_runtimes(tmp_path: Path) -> None:
    ends = {
        f"prepare vgg-16 at batch 1, {' '.join(each)}": UNEXPORTABLE for each in (ORT, ORT_INT8)
    }
    rows = measure(board(tmp_path), FakeChildren(ends), SEVERAL).rows
    own = {
        (row["runtime"], row["precision"], row["batch"]): row
        for row in rows
        if row["architecture"] == "vgg-16"
    }
    assert own["onnxruntime", "fp32", 1]["status"] == "failed"
    assert own["onnxruntime", "fp32", 1]["reason"] == UNEXPORTABLE.reason
    assert ("onnxruntime", "fp32", 2) not in own
    assert own["eager", "fp32", 2]["status"] == own["eager", "bf16", 2]["status"] == "ok"
    assert "onnxruntime" in {row["runtime"] for row in rows if row["status"] == "ok"}
    assert "2 did not run" in describe_rows(rows)


@pytest.mark.parametrize("difference", [0.02, None])
def test_wrong_answers_are_said_and_never_ranked(tmp_path: Path, difference: float | None) -> None:
    wrong = Outcome("ok", PreparedFound("", difference, 0.5), "")
    made = FakeChildren({"prepare vgg-16 at batch 1, onnxruntime fp32": wrong})
    rows = measure(board(tmp_path), made, replace(PLAN, variants=(ORT,))).rows
    (row,) = [row for row in rows if row["architecture"] == "vgg-16"]
    assert (row["status"], row["verdict"]) == ("failed", "wrong answers")
    assert "latency_ms" not in row
    assert "time vgg-16 at batch 1, onnxruntime fp32" not in made.asked
    assert "1 with wrong answers left out of every choice" in describe_rows(rows)
    assert re.search(r"vgg-16 +1 .*wrong answers: ", shown(rows))
    catalog = Catalog.open(tmp_path / "catalog")
    assert check(catalog).faults == ()
    answer = advisor.pick(board="mine", catalog=tmp_path / "catalog", top=10)
    assert answer.best is not None
    assert answer.best.architecture != "vgg-16"
    (journal,) = read_runs(board(tmp_path) / "runs")
    kept = [each for each in journal.records if each.get("cell") == ["vgg-16", 1, *ORT]]
    assert [each["difference"] for each in kept] == [difference]


def test_the_difference_of_int8_is_kept_but_not_judged(tmp_path: Path) -> None:
    far = Outcome("ok", PreparedFound("", 0.4, 0.5), "")
    ends = {f"prepare {name} at batch 1, onnxruntime int8": far for name in PLAN.architectures}
    rows = measure(board(tmp_path), FakeChildren(ends), replace(PLAN, variants=(ORT_INT8,))).rows
    assert all(row["status"] == "ok" for row in rows)
    (journal,) = read_runs(board(tmp_path) / "runs")
    assert {each["difference"] for each in journal.records if "difference" in each} == {0.4}


def shown(rows: object) -> str:
    console = Console(file=io.StringIO(), width=100)
    console.print(measured_text(rows))  # type: ignore[arg-type]
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_table_names_what_varies_and_what_is_slower_than_eager(tmp_path: Path) -> None:
    text = shown(measure(board(tmp_path), FakeChildren(), SEVERAL).rows)
    assert re.search(r"^bn-nin +1 +onnxruntime +int8 +3\.9", text, re.MULTILINE)
    said = " ".join(text.split())
    assert "eager bf16 cpu is slower than eager fp32 everywhere: 2.5 times as long for" in said
    assert "onnxruntime fp32 cpu is slower" not in said
    alone = shown(measure(tmp_path / "alone", FakeChildren()).rows)
    assert "eager" not in alone


def test_a_quantised_network_has_no_accuracy_unless_it_is_given_one(overlay: Overlay) -> None:
    measure(overlay.folder / "boards/mine", FakeChildren(), SEVERAL)

    def accuracies(precision: str, weights: str | None = None) -> set[object]:
        answer = advisor.pick(
            board="mine",
            catalog=overlay.folder,
            precision=precision,
            objective="fps",
            top=50,
            weights=weights,
        )
        found = [answer.best, *answer.alternatives]
        return {
            each.accuracy_percent and each.accuracy_percent.value
            for each in found
            if each is not None and each.architecture == "resnet-18"
        }

    assert accuracies("int8") == {None}
    assert accuracies("bf16") == accuracies("fp32") == {73.286}
    overlay.write(
        "weights.csv",
        "architecture,weights,top1_percent,top1_low_percent,top1_high_percent,top5_percent,origin,source\n"
        "resnet-18,paper-int8,68.1,,,,declared,my-notes\n",
    )
    assert accuracies("int8") == accuracies("int8", weights="any") == {68.1}
    assert accuracies("int8", weights="paper-int8") == {68.1}
    assert accuracies("fp32") == {73.286}
    assert 68.1 not in accuracies("fp32", weights="any")


def test_rows_of_unlike_versions_of_a_runtime_do_not_mix(tmp_path: Path) -> None:
    plan = replace(PLAN, variants=(REFERENCE, ORT))
    measure(board(tmp_path), FakeChildren(), plan, host=WITH_ORT)
    measure(board(tmp_path), FakeChildren(), host=HOST)  # eager alone: the other rows stay
    described = Catalog.open(tmp_path / "catalog").board("mine")
    assert described.details["onnxruntime"] == "1.0"
    assert described.software == "some system, torch 0, onnxruntime 1.0"
    newer = replace(HOST, details={**HOST.details, "onnxruntime": "2.0"})
    with pytest.raises(AdvisorError, match=r"is of onnxruntime 1.0; this is onnxruntime 2.0"):
        measure(board(tmp_path), FakeChildren(), plan, host=newer)
    runs = run_latencies(board(tmp_path))
    assert {variant[:2] for found in runs.values() for _, variant, _ in found} == {REFERENCE, ORT}


# --- as people type it


MEASURE = ("measure", "bn-nin", "resnet-18", "--batch", "1", "--board", "mine", "--quick")


def test_runtimes_are_measured_and_compared(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("advisor.measuring.measure.RealChildren", FakeChildren)
    where = ("--catalog", tmp_path / "catalog")
    which = ("--runtime", "eager,onnxruntime", "--precision", "fp32", "--precision", "int8,bf16")
    planned = run(*MEASURE, *which, "--dry-run", *where)
    assert planned.code == 0
    said = " ".join(planned.out.split())
    assert "eager fp32, eager bf16, onnxruntime fp32, onnxruntime int8" in said
    assert "left out: eager int8 (eager has fp32, bf16, fp16 on cpu)" in planned.out
    assert run(*MEASURE, *which, *where).code == 0
    by_runtime = run("compare", "mine", "--by", "runtime", *where)
    assert by_runtime.code == 0
    assert re.search(r"^bn-nin +1 +onnxruntime +fp32 .* 2\.0\d .* faster$", by_runtime.out, re.M)
    assert (
        "onnxruntime fp32 cpu 4 threads is 1.99 times as fast on geometric mean of 2 rows"
        in " ".join(by_runtime.out.split())
    )
    assert "int8" not in by_runtime.out
    by_precision = " ".join(run("compare", "mine", "--by", "precision", *where).out.split())
    assert "onnxruntime int8 cpu 4 threads is 4.00 times as fast on geometric mean" in by_precision
    assert (
        "eager bf16 cpu 4 threads is 0.40 times as fast on geometric mean of 2 rows" in by_precision
    )
    assert "significantly slower in 2." in by_precision


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("jetson-tx1",), "name two boards"),
        (("jetson-tx1", "--by", "colour"), "by: unknown 'colour'"),
        (("jetson-tx1", "jetson-tx1", "--by", "runtime"), "compares what one board ran"),
        (("jetson-tx1", "--by", "runtime"), "advisor measure --runtime eager,onnxruntime"),
    ],
)
def test_what_cannot_be_compared(run: Run, arguments: tuple[str, ...], said: str) -> None:
    ran = run("compare", *arguments)
    assert ran.code == 2
    assert said in ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--runtime", "tensorrt"), "unknown runtime 'tensorrt'"),
        (("--runtime", "eager,"), "unknown runtime ''"),
        (("--precision", "int8"), "eager has no int8 on cpu"),
        (("--runtime", "compile", "--precision", "int8"), "it has fp32, bf16, fp16"),
    ],
)
def test_what_cannot_be_measured(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    ran = run("measure", *arguments, "--catalog", tmp_path / "catalog")
    assert ran.code == 2
    assert said in ran.err
    assert not (tmp_path / "catalog").exists()


def test_no_compiler_is_reported_before_anything_runs(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_: None)
    ran = run("measure", "--runtime", "compile", "--catalog", tmp_path / "catalog")
    assert ran.code == 2
    assert "install g++ or clang++" in ran.err


def test_predictions_name_the_runtime_where_a_board_has_several(run: Run, tmp_path: Path) -> None:
    names = ("alexnet", "bn-nin", "enet", "resnet-18", "vgg-16")
    measure(board(tmp_path), FakeChildren(), replace(SEVERAL, architectures=names))
    where = ("--board", "mine", "--catalog", tmp_path / "catalog")
    assert run("fit", "mine", "--catalog", tmp_path / "catalog").code == 0
    ran = run("predict", "resnet-50", "--batch", "1", *where)
    assert len(re.findall(r"^mine +(?:eager|onnxruntime) [bfi]\S+ cpu +1 +~", ran.out, re.M)) == 4
