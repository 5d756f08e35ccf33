"""`advisor evaluate` where something goes wrong on the way, or the images and files are odd ones."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import advisor
from advisor.catalog.store import Catalog
from advisor.errors import AdvisorError
from advisor.measuring import evaluation_run
from advisor.measuring.evaluation import Evaluation
from advisor.measuring.image_data import read_image_set
from advisor.measuring.paired_accuracy import loss
from advisor.measuring.runtimes.exports import exported
from advisor.measuring.served_files import kept_beside
from advisor.measuring.tasks import Cell, Task
from advisor.measuring.timing import SessionLimits
from tests.conftest import Run
from tests.digits import OPTIONS, Digits, files_in, made_digits, pixels_of

SAID: dict[str, Any] = {"crop": "1", "mean": "0.5", "std": "0.25"}
PIECE = 90
"""So many images are answered at once here: four times, until all 360 are."""


@dataclass(frozen=True)
class Case:
    """The digits, their network as a file of the ONNX format, and how often it is right, undisturbed."""

    digits: Digits
    onnx: Path
    found: Evaluation

    @property
    def network(self) -> str:
        return f"digits={self.onnx}"

    def copied(self, to: Path) -> Path:
        """The images in a folder in which a test may change them."""
        shutil.copytree(self.digits.data, to)
        return to


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    folder = tmp_path_factory.mktemp("digits")
    digits = made_digits(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        patch.chdir(folder)
        onnx = folder / "net.onnx"
        shutil.copy(_exported(digits), onnx)
        found = advisor.evaluate(f"digits={onnx}", digits.data, catalog=folder / "catalog", **SAID)
    yield Case(digits, onnx, found)


def _exported(digits: Digits) -> Path:
    import torch

    scope: dict[str, Any] = {}
    exec((digits.folder / "digit_net.py").read_text(), scope)  # noqa: S102
    network = scope["make"]().eval()
    network.load_state_dict(torch.load(digits.weights, weights_only=True))
    task = Task(Cell("digits", 1, "onnxruntime"), (1, 16, 16), "cpu", 1, SessionLimits())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter
        return exported(task, network)


@pytest.fixture(autouse=True)
def _in_pieces(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(evaluation_run, "PIECE", PIECE)
    monkeypatch.chdir(tmp_path)


def records_in(catalog: Path) -> list[dict[str, Any]]:
    """What journals of evaluations hold, a line that is just being written left out."""
    lines = [
        line
        for path in catalog.glob("evaluations/*/*/sessions.jsonl")
        for line in path.read_bytes().split(b"\n")[:-1]
    ]
    return [json.loads(line) for line in lines]


def pieces_in(catalog: Path) -> list[int]:
    return [each["piece"] for each in records_in(catalog) if "piece" in each]


KILLED = """\
import advisor
from advisor.measuring import evaluation_run

if __name__ == "__main__":
    evaluation_run.PIECE = {piece}
    advisor.evaluate({network!r}, {data!r}, catalog={catalog!r}, **{said!r})
"""


def test_killed_it_goes_on_and_answers_no_image_twice(case: Case, tmp_path: Path) -> None:
    catalog = tmp_path / "catalog"
    script = tmp_path / "evaluating.py"
    script.write_text(
        KILLED.format(
            piece=PIECE,
            network=case.network,
            data=str(case.digits.data),
            catalog=str(catalog),
            said=SAID,
        )
    )
    process = subprocess.Popen([sys.executable, script], stderr=subprocess.PIPE)
    while len(pieces_in(catalog)) < 2:
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    before = pieces_in(catalog)
    ended = advisor.evaluate(case.network, case.digits.data, catalog=catalog, **SAID)
    assert ended.finished
    assert ended.ways[0].accuracy_percent == case.found.ways[0].accuracy_percent
    assert pieces_in(catalog) == [0, 1, 2, 3]
    assert before == [0, 1, 2, 3][: len(before)]
    assert sum(len(each.get("ranks", "")) for each in records_in(catalog)) == 360


@pytest.mark.parametrize(("room_for", "kept"), [(0, 0), (1, 0), (3, 1), (6, 4)])
def test_a_full_disk_costs_nothing_that_was_finished(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room_for: int, kept: int
) -> None:
    """The catalog's mark and the journal's head come before the first piece, and its accuracies last."""
    catalog = tmp_path / "catalog"
    left = [room_for]
    as_it_is = os.fsync

    def fsync(file: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        as_it_is(file)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        with pytest.raises(AdvisorError, match=r"(?i)no space left"):
            advisor.evaluate(case.network, case.digits.data, catalog=catalog, **SAID)
    before = pieces_in(catalog)
    ended = advisor.evaluate(case.network, case.digits.data, catalog=catalog, **SAID)
    assert ended.ways[0].accuracy_percent == case.found.ways[0].accuracy_percent
    assert pieces_in(catalog) == [0, 1, 2, 3]
    assert before == [0, 1, 2, 3][:kept]
    assert not advisor.check_catalog(catalog).faults


def test_a_quantised_copy_for_which_there_is_no_room_is_not_left_in_part(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def copyfile(_: Path, to: Path) -> None:
        Path(to).write_bytes(b"some of it")
        raise OSError(errno.ENOSPC, "No space left on device")

    folder = tmp_path / "kept"
    folder.mkdir()
    cell = Cell("digits@16", 1, "onnxruntime", "int8")
    kept = kept_beside(folder, cell, case.onnx)
    assert kept.read_bytes() == case.onnx.read_bytes()
    monkeypatch.setattr(shutil, "copyfile", copyfile)
    with pytest.raises(AdvisorError, match=r"(?i)no space left"):
        kept_beside(folder, cell, case.digits.weights.with_suffix(".onnx"))
    assert list(folder.iterdir()) == [kept], "the earlier one stays whole"
    assert kept.read_bytes() == case.onnx.read_bytes()


def test_images_that_change_or_come_during_the_run_end_it(case: Case, tmp_path: Path) -> None:
    data = case.copied(tmp_path / "data")
    last = sorted((data / "9").iterdir())[-1]
    content = last.read_bytes()

    def disturb(what: str, _: float) -> None:
        if what.endswith(f"{PIECE} of 360 images"):
            Image.new("L", (16, 16)).save(last)

    more: dict[str, Any] = {**SAID, "catalog": tmp_path / "catalog"}
    with pytest.raises(AdvisorError, match="has changed since this run began"):
        advisor.evaluate(case.network, data, on_progress=disturb, **more)
    last.write_bytes(content)

    def add(what: str, _: float) -> None:
        if what.endswith(f"{3 * PIECE} of 360 images"):
            shutil.copy(last, last.with_name("another.png"))

    with pytest.raises(AdvisorError, match="images came or went"):
        advisor.evaluate(case.network, data, on_progress=add, **more)
    assert not (tmp_path / "catalog/accuracy.csv").exists(), "of neither anything is known"
    last.with_name("another.png").unlink()
    ended = advisor.evaluate(case.network, data, **more)
    assert ended.ways[0].accuracy_percent == case.found.ways[0].accuracy_percent
    assert pieces_in(tmp_path / "catalog") == [0, 1, 2, 3]


def test_what_is_no_folder_of_images_is_refused(case: Case, run: Run, tmp_path: Path) -> None:
    arguments = ("evaluate", case.network, *OPTIONS, "--catalog", tmp_path / "catalog", "--data")
    picture = sorted((case.digits.data / "0").iterdir())[0]
    for file in (picture, case.onnx):
        ran = run(*arguments, file)
        assert (ran.code, ran.out) == (2, "")
        assert str(file) in ran.err
    data = case.copied(tmp_path / "data")
    shutil.rmtree(data / "9")
    (data / "9").write_text("a file in place of a folder")
    ran = run(*arguments, data)
    assert ran.code == 2
    assert "has 9 classes, and digits@16 has 10" in " ".join(ran.err.split())
    ran = run("evaluate", case.network, *OPTIONS, "--catalog", picture, "--data", case.digits.data)
    assert ran.code == 2
    assert str(picture) in ran.err


def test_images_that_may_not_be_read_are_named(
    case: Case, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forbidden = sorted((case.digits.data / "3").iterdir())[0]
    as_it_is = Path.read_bytes

    def read_bytes(path: Path) -> bytes:
        if path == forbidden:
            raise PermissionError(errno.EACCES, "Permission denied")
        return as_it_is(path)

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    arguments = ("evaluate", case.network, *OPTIONS, "--data", case.digits.data)
    ran = run(*arguments, "--catalog", tmp_path / "catalog")
    assert ran.code == 2
    assert f"{forbidden}: permission denied" in ran.err
    assert "--skip-bad" in ran.err
    ran = run(*arguments, "--catalog", tmp_path / "catalog", "--skip-bad")
    assert ran.code == 0, ran.err
    assert "on 359 of 360 images" in ran.out


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_named(case: Case, run: Run, tmp_path: Path) -> None:
    data = case.copied(tmp_path / "data")
    (data / "3").chmod(0)
    ran = run("evaluate", case.network, "--data", data, "--catalog", tmp_path / "catalog")
    (data / "3").chmod(0o700)
    assert ran.code == 2
    assert f"{data / '3'}: permission denied" in ran.err


def test_four_channels_and_sixteen_bits_are_the_same_images(case: Case, tmp_path: Path) -> None:
    data = case.copied(tmp_path / "data")
    for count, (file, _) in enumerate(files_in(data)):
        with Image.open(file) as opened:
            grey = np.asarray(opened.convert("L"))
        if count % 3 == 0:
            opaque = Image.fromarray(np.dstack([grey] * 3 + [np.full_like(grey, 77)]))
            assert opaque.mode == "RGBA"
            opaque.save(file)
        elif count % 3 == 1:
            Image.fromarray(grey.astype(np.uint16) << 8 | grey).save(file)
    found = advisor.evaluate(case.network, data, catalog=tmp_path / "catalog", **SAID)
    assert found.ways[0].accuracy_percent == case.found.ways[0].accuracy_percent
    assert found.data_set != case.found.data_set


def test_operators_that_are_quantised_run_as_they_are(case: Case, tmp_path: Path) -> None:
    """QLinear operators: the precision is read from the graph, in evaluating as in measuring."""
    import onnx
    import onnxruntime
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_static

    name = onnx.load(str(case.onnx)).graph.input[0].name
    images = pixels_of(files_in(case.digits.training)[:64]).numpy()

    class Real(CalibrationDataReader):  # type: ignore[misc]  # it has no types
        def __init__(self) -> None:
            self.left = iter(images)

        def get_next(self) -> dict[str, Any] | None:
            one = next(self.left, None)
            return None if one is None else {name: one[None]}

    quantised = tmp_path / "quantised.onnx"
    quantize_static(str(case.onnx), str(quantised), Real(), quant_format=QuantFormat.QOperator)
    operators = {node.op_type for node in onnx.load(str(quantised)).graph.node}
    assert "QLinearConv" in operators
    found = advisor.evaluate(
        f"small={quantised}", case.digits.data, catalog=tmp_path / "catalog", **SAID
    )
    (way,) = found.ways
    assert (way.runtime, way.precision) == ("onnxruntime", "int8")
    session = onnxruntime.InferenceSession(str(quantised), providers=["CPUExecutionProvider"])
    files = files_in(case.digits.data)
    answers = [session.run(None, {name: one[None]})[0] for one in pixels_of(files).numpy()]
    right = [int(np.argmax(one)) == label for one, (_, label) in zip(answers, files, strict=True)]
    assert way.accuracy_percent is not None
    assert way.accuracy_percent.value == pytest.approx(100 * np.mean(right))
    (row,) = (
        each
        for each in Catalog.open(tmp_path / "catalog").accuracies
        if each.architecture == found.network
    )
    assert (row.runtime, row.precision) == ("onnxruntime", "int8")
    planned = advisor.measure(
        f"small={quantised}",
        board="mine",
        runtime="onnxruntime",
        dry_run=True,
        catalog=tmp_path / "catalog",
    )
    assert {each.variant for each in planned.plan.run.cells()} == {("onnxruntime", "int8")}


def test_the_loss_on_all_images_lies_within_that_of_a_sample() -> None:
    """In 90 of 100 samples, and a few more, since a sample is a part of what there is."""
    random = np.random.default_rng(0)
    before = random.random(4000) < 0.9
    after = np.where(random.random(4000) < 0.04, ~before, before)
    on_all = 100 * (before.mean() - after.mean())
    held = 0
    for _ in range(400):
        chosen = random.choice(4000, 400, replace=False)
        one, other = before[chosen], after[chosen]
        found = loss(int((one & ~other).sum()), int((other & ~one).sum()), 400)
        assert found.low is not None
        assert found.high is not None
        held += found.low <= on_all <= found.high
    assert held >= 0.88 * 400


def test_int8_loses_on_a_sample_what_it_loses_on_all(case: Case, tmp_path: Path) -> None:
    ways: dict[str, Any] = {
        **SAID,
        "precision": "fp32,int8",
        "calibrate": case.digits.training,
        "catalog": tmp_path / "catalog",
    }
    on_all = advisor.evaluate(case.network, case.digits.data, **ways).ways[1].loss_points
    sample = advisor.evaluate(case.network, case.digits.data, images=120, **ways)
    found = sample.ways[1].loss_points
    assert on_all is not None
    assert found is not None
    assert found.low is not None
    assert found.high is not None
    assert found.low <= on_all.value <= found.high
    assert sample.images == 120
    assert len(read_image_set(case.digits.data, 120).images) == 120
