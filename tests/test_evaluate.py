"""`advisor evaluate`: accuracies on images of the user's own, in each way to run a network."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import comb
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jsonschema
import numpy as np
import pytest
import torch
from PIL import Image

import advisor
from advisor.architectures.libraries import torchvision_models
from advisor.architectures.published_weights import published_set
from advisor.catalog.records import Estimate
from advisor.catalog.store import Catalog
from advisor.errors import AdvisorError
from advisor.measuring import evaluation_run, fleet, fleet_evaluation
from advisor.measuring.evaluation import Evaluated, Evaluation, with_pareto
from advisor.measuring.fleet_files import MOST_BYTES
from advisor.measuring.fleet_run import board_on
from advisor.measuring.image_answers import ranks_of, scores_in
from advisor.measuring.image_data import (
    ChangedError,
    LabelledImage,
    calibrating_images,
    read_image_set,
)
from advisor.measuring.journal import read_runs
from advisor.measuring.paired_accuracy import loss, share
from advisor.measuring.preprocessing import Preprocessing, decoded, stated
from advisor.quality import name_of_own
from tests.conftest import Ran, Run
from tests.digits import HOW, OPTIONS, Digits, made_digits
from tests.fleet_processes import started_scheduler, started_workers
from tests.measuring_fakes import PLAN

SAID: dict[str, Any] = {"crop": "1", "mean": "0.5", "std": "0.25"}


@dataclass(frozen=True)
class Case:
    """The digits, evaluated once in every way; `onnx` is the network as a file."""

    digits: Digits
    catalog: Path
    onnx: Path
    found: Evaluation


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    folder = tmp_path_factory.mktemp("digits")
    digits = made_digits(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        patch.chdir(folder)
        found = advisor.evaluate(
            "digits=digit_net:make@1x16x16",
            digits.data,
            weights=digits.weights,
            runtime="eager,onnxruntime,openvino",
            precision="fp32,int8",
            calibrate=digits.training,
            catalog=folder / "catalog",
            **SAID,
        )
    exports = (folder / "cache/dnn-advisor/exports").glob("digits-16-*.onnx")
    (exported,) = (each for each in exports if "int8" not in each.name)
    shutil.copy(exported, folder / "net.onnx")
    yield Case(digits, folder / "catalog", folder / "net.onnx", found)


def way_of(found: Evaluation, runtime: str, precision: str) -> Evaluated:
    (way,) = (each for each in found.ways if (each.runtime, each.precision) == (runtime, precision))
    return way


def ends(estimate: Estimate | None) -> tuple[float, float]:
    assert estimate is not None
    assert estimate.low is not None
    assert estimate.high is not None
    return estimate.low, estimate.high


def test_fp32_is_right_as_often_as_in_a_plain_loop_in_every_runtime(case: Case) -> None:
    right = 100 * np.mean(case.digits.right)
    assert right > 90
    for runtime in ("eager", "onnxruntime", "openvino"):
        way = way_of(case.found, runtime, "fp32")
        assert way.accuracy_percent is not None
        assert way.accuracy_percent.value == pytest.approx(right)
        assert runtime == "eager" or (way.lost, way.gained) == (0, 0)
    assert (case.found.images, case.found.classes) == (360, 10)


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_what_int8_loses_is_the_difference_on_the_same_images(case: Case, runtime: str) -> None:
    floats, way = way_of(case.found, runtime, "fp32"), way_of(case.found, runtime, "int8")
    assert floats.accuracy_percent is not None
    assert way.accuracy_percent is not None
    assert way.loss_points is not None
    assert way.lost is not None
    assert way.gained is not None
    expected = floats.accuracy_percent.value - way.accuracy_percent.value
    assert way.loss_points.value == pytest.approx(expected)
    assert way.loss_points == loss(way.lost, way.gained, 360)
    assert abs(way.loss_points.value) < 5
    low, high = ends(way.accuracy_percent)
    narrow = ends(way.loss_points)
    assert narrow[1] - narrow[0] < high - low


def test_accuracies_become_rows_of_the_catalog(case: Case) -> None:
    known = [
        each for each in Catalog.open(case.catalog).accuracies if each.architecture == "digits@16"
    ]
    of_floats = [each for each in known if each.is_of_floats]
    assert {(each.runtime, each.precision) for each in known if each not in of_floats} == {
        (runtime, precision)
        for runtime in ("onnxruntime", "openvino")
        for precision in ("fp32", "int8")
    }
    (floats,) = of_floats
    assert (floats.architecture, floats.name, floats.images) == ("digits@16", "digits", 360)
    assert floats.quality.data_set == case.found.data_set
    assert floats.accuracy_percent.origin == "measured"
    assert ends(floats.accuracy_percent) == ends(share(sum(case.digits.right), 360))
    assert floats.top5_percent is not None
    assert not advisor.check_catalog(case.catalog).faults


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_the_quantised_network_is_kept_and_smaller(case: Case, runtime: str) -> None:
    floats, int8 = way_of(case.found, runtime, "fp32"), way_of(case.found, runtime, "int8")
    assert int8.file is not None
    assert int8.file.is_relative_to(case.catalog / "evaluations")
    assert int8.file_size_mb is not None
    assert floats.file_size_mb is not None
    assert int8.file_size_mb > 0.004  # 6,500 parameters


@pytest.mark.parametrize(("runtime", "suffix"), [("onnxruntime", ".onnx"), ("openvino", ".xml")])
def test_what_was_evaluated_is_what_is_exported(
    case: Case, run: Run, tmp_path: Path, runtime: str, suffix: str
) -> None:
    kept = way_of(case.found, runtime, "int8").file
    assert kept is not None
    place = tmp_path / f"net-int8{suffix}"
    arguments = ("export", "digits@16", "--runtime", runtime, "--catalog", case.catalog, "-o")
    ran = run(*arguments, place)
    assert ran.code == 0, ran.err
    assert place.read_bytes() == kept.read_bytes()
    assert suffix == ".onnx" or place.with_suffix(".bin").exists()
    assert run(*arguments, tmp_path / "net.bin").code == 2
    assert run(*arguments, tmp_path / "nowhere" / place.name).code == 2
    unknown = run("export", "net@1", "--catalog", case.catalog, "-o", place)
    assert unknown.code == 2
    assert "known: digits-16-digits" in unknown.err


def test_a_quantised_file_is_evaluated_as_it_is(case: Case, tmp_path: Path) -> None:
    """A QDQ graph: its precision is read from it, and nothing is quantised once more."""
    int8 = way_of(case.found, "onnxruntime", "int8")
    found = advisor.evaluate(
        f"small={int8.file}", case.digits.data, catalog=tmp_path / "catalog", **SAID
    )
    (way,) = found.ways
    assert (way.runtime, way.precision) == ("onnxruntime", "int8")
    assert way.accuracy_percent == int8.accuracy_percent
    assert way.loss_points is None
    (row,) = [
        each
        for each in Catalog.open(tmp_path / "catalog").accuracies
        if each.architecture == found.network
    ]
    assert (row.runtime, row.precision) == ("onnxruntime", "int8")


def test_what_no_other_way_betters_is_pareto_optimal() -> None:
    def known(figure: float | None) -> Estimate | None:
        return None if figure is None else Estimate(figure, None, None, "measured", "x")

    def way(
        percent: float, size: float | None, ms: float | None, mb: float | None = None
    ) -> Evaluated:
        return Evaluated(
            "eager",
            "fp32",
            known(percent),
            file_size_mb=size,
            latency_ms=known(ms),
            memory_mb=known(mb),
        )

    ways = [way(90, 4, 3), way(89, 1, 3), way(89, 1, 4), way(88, None, None), way(90, 4, 3)]
    assert [each.pareto_optimal for each in with_pareto(ways)] == [True, True, False, False, True]
    leaner = [way(90, 4, 3, 200), way(89, 4, 3, 150), way(89, 4, 3, 160)]
    assert [each.pareto_optimal for each in with_pareto(leaner)] == [True, True, False]
    lacking = Evaluated("eager", "int8", None, reason="it cannot")
    assert not with_pareto([lacking])[0].pareto_optimal


def test_no_sample_goes_by_the_name_of_a_published_set(
    case: Case, run: Run, tmp_path: Path
) -> None:
    own = tmp_path / "catalog"
    arguments = ("evaluate", f"digits={case.onnx}", "--data", case.digits.data, *OPTIONS)
    ran = run(*arguments, "--data-set", "ImageNet 1k", "--catalog", own)
    assert (ran.code, ran.out) == (2, "")
    assert "imagenet-1k has 50,000 images, and these are 360" in " ".join(ran.err.split())
    assert not (own / "accuracy.csv").exists()
    assert name_of_own("imagenet", 50_000) == "imagenet-1k"
    ran = run(*arguments, "--data-set", "My digits", "--images", 20, "--catalog", own)
    assert ran.code == 0, ran.err
    (row,) = (each for each in Catalog.open(own).accuracies if each.architecture == "digits@16")
    assert row.quality.data_set == "my-digits"


def test_pick_uses_the_accuracy_of_int8_at_once(case: Case, tmp_path: Path) -> None:
    own = tmp_path / "catalog"
    shutil.copytree(case.catalog, own)
    board = own / "boards/dev"
    board.mkdir(parents=True)
    (board / "board.yaml").write_text("title: Mine\nsource: advisor-measure\n")
    (board / "measurements.csv").write_text(
        "architecture,runtime,precision,batch,latency_ms,net_power_w,memory_mb,origin,source\n"
        "digits@16,eager,fp32,1,9,,180,measured,advisor-measure\n"
        "digits@16,onnxruntime,int8,1,3,,90,measured,advisor-measure\n"
    )
    int8 = way_of(case.found, "onnxruntime", "int8").accuracy_percent
    assert int8 is not None
    found = advisor.pick(
        board="dev", data_set=case.found.data_set, accuracy=80, objective="fps", catalog=own
    )
    assert found.best is not None
    assert found.best.precision == "int8"
    accuracy = found.best.metric("accuracy_percent")
    assert accuracy is not None
    assert accuracy.value == pytest.approx(int8.value, abs=1e-3)


def test_a_document_says_all_of_it(case: Case, run: Run, tmp_path: Path) -> None:
    arguments = ("evaluate", f"digits={case.onnx}", "--data", case.digits.data, *OPTIONS)
    ran = run(*arguments, "--images", 40, "--json", "--catalog", tmp_path / "catalog")
    assert ran.code == 0, ran.err
    content = json.loads(ran.out)
    jsonschema.validate(content, json.loads(advisor.schema("evaluate")))
    assert (content["images"], content["found"]) == (40, 360)
    assert content["ways"][0]["runtime"] == "onnxruntime"
    again = run(*arguments, "--images", 40, "--catalog", tmp_path / "catalog")
    assert "on 40 of 360 images of" in again.out
    assert f"--data-set {content['data_set']}" in again.out


def test_an_evaluation_that_was_stopped_goes_on(
    case: Case, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    heard: list[str] = []

    def stop(what: str, _: float) -> None:
        heard.append(what)
        if what.endswith("256 of 360 images"):
            raise KeyboardInterrupt

    arguments = (f"digits={case.onnx}", case.digits.data)
    more: dict[str, Any] = {**SAID, "catalog": tmp_path / "catalog"}
    stopped = advisor.evaluate(*arguments, on_progress=stop, **more)
    assert not stopped.finished
    assert stopped.ways[0].reason == "stopped before it was done"
    assert stopped.accuracy_file is None
    heard.clear()
    ended = advisor.evaluate(
        *arguments,
        on_progress=lambda what, _: heard.append(what),
        **more,
    )
    assert ended.finished
    assert ended.ways[0].accuracy_percent == way_of(case.found, "eager", "fp32").accuracy_percent
    assert [each for each in heard if "of 360 images" in each] == [
        "onnxruntime fp32: 256 of 360 images"
    ]


def test_images_that_cannot_be_read_are_named_or_left_out(
    case: Case, run: Run, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    for label in range(10):
        shutil.copytree(case.digits.data / str(label), data / str(label))
    first, second = sorted((data / "3").iterdir())[:2]
    first.write_bytes(first.read_bytes()[:60])
    second.write_text("no image")
    arguments = ("evaluate", f"digits={case.onnx}", "--data", data, *OPTIONS)
    ran = run(*arguments, "--catalog", tmp_path / "catalog")
    assert ran.code == 2
    assert f"{first}: " in ran.err
    assert f"{second}: no image" in ran.err
    assert "--skip-bad" in ran.err
    ran = run(*arguments, "--skip-bad", "--catalog", tmp_path / "catalog")
    assert ran.code == 0, ran.err
    assert "on 358 of 360 images" in ran.out
    assert "2 images could not be read, and left out" in ran.out


def test_classes_that_are_not_the_networks_are_refused(
    case: Case, run: Run, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    for label in range(2):
        shutil.copytree(case.digits.data / str(label), data / str(label))
    arguments = ("evaluate", f"digits={case.onnx}", *OPTIONS, "--catalog", tmp_path / "catalog")
    ran = run(*arguments, "--data", data)
    assert ran.code == 2
    assert "has 2 classes, and digits@16 has 10" in ran.err
    image = next((data / "1").iterdir())
    (tmp_path / "images.csv").write_text(f"path,label\n{image},1\n{image},10\n")
    ran = run(*arguments, "--data", tmp_path / "images.csv")
    assert ran.code == 2
    assert "1 labels are out of range, such as 10" in ran.err
    (tmp_path / "images.csv").write_text(f"path,label\n{image},1\n")
    ran = run(*arguments, "--data", tmp_path / "images.csv", "--mean", "40")
    assert ran.code == 0, ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--data", "nowhere"], "nowhere: there is no such folder or file"),
        (["--data", "empty"], "empty: it has no class folders"),
        (["--data", "data", "--crop", "2"], "crop: '2' is no share of an image"),
        (["--data", "data", "--mean", "1,2"], "mean: '1,2' is not 1 numbers"),
        (["--data", "data", "--std", "0"], "std: '0' is not 1 numbers"),
        (["--data", "data", "--interpolation", "x"], "interpolation: unknown 'x'"),
        (
            ["--data", "data", "--precision", "int8"],
            "int8 needs images by which its ranges are set",
        ),
        (["--data", "data", "--calibrate", "empty"], "empty: there is no image in it"),
        (["--data", "data", "--weights", "x.pth"], "net.onnx has its weights in it"),
    ],
)
def test_bad_input_is_said_in_one_message(
    case: Case,
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "data/0").mkdir(parents=True)
    Image.new("L", (16, 16)).save(tmp_path / "data/0/a.png")
    ran = run("evaluate", f"digits={case.onnx}", *arguments, "--catalog", tmp_path / "catalog")
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_a_library_s_network_needs_weights(run: Run, tmp_path: Path) -> None:
    (tmp_path / "0").mkdir()
    Image.new("L", (16, 16)).save(tmp_path / "0/a.png")
    ran = run("evaluate", "torchvision:resnet18", "--data", tmp_path)
    assert ran.code == 2
    assert "--weights FILE" in ran.err
    assert "--download" in ran.err


def test_a_published_set_is_known_by_its_file() -> None:
    found = published_set("tv:resnet18@224", "resnet18-f37072fd.pth")
    assert found is not None
    assert (found[0].name, found[0].resize, found[0].crop, found[1]) == (
        "IMAGENET1K_V1",
        256,
        224,
        True,
    )
    by_default = published_set("tv:resnet50@224", "mine.pth")
    assert by_default is not None
    assert (by_default[0].name, by_default[0].resize, by_default[1]) == (
        "IMAGENET1K_V2",
        232,
        False,
    )
    assert published_set("alexnet-of-mine@224") is None


def test_an_accuracy_near_chance_is_warned_about(case: Case, run: Run, tmp_path: Path) -> None:
    ran = run(
        "evaluate", f"digits={case.onnx}", "--data", case.digits.data, "--mean", "40",
        "--catalog", tmp_path / "catalog",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert "is near chance (10 %)" in ran.err


def test_measuring_takes_the_same_images_to_calibrate(case: Case) -> None:
    images = calibrating_images(case.digits.training)
    assert len(images) == 128
    assert images == calibrating_images(case.digits.training)
    plan = replace(PLAN, variants=(("onnxruntime", "int8"),), calibrating=images)
    known = Catalog.open().architectures
    (cell, *_) = plan.cells()
    calibration = plan.task(cell, known).calibration
    assert calibration is not None
    assert calibration.images == images
    assert calibration.preprocessing.height == known[cell.architecture].input_shape[1]
    assert plan.as_record()["calibrating"] == [each.content for each in images]
    assert "calibrating" not in PLAN.as_record()


# --- images


def test_class_folders_are_read_in_the_order_of_image_folder(tmp_path: Path) -> None:
    for name in ("10", "2", "a/deeper"):
        (tmp_path / name).mkdir(parents=True)
        Image.new("L", (4, 4)).save(tmp_path / name / "x.PNG")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "notes.txt").write_text("no image")
    found = read_image_set(tmp_path)
    assert found.classes == ("10", "2", "a")
    assert [each.label for each in found.images] == [0, 1, 2]
    assert found.notes == (f"{tmp_path}: .hidden is no class",)
    (tmp_path / "b").mkdir()
    with pytest.raises(AdvisorError, match="no image in b"):
        read_image_set(tmp_path)
    assert len(read_image_set(tmp_path, skip_bad=True).classes) == 4


def test_the_name_of_a_data_set_is_that_of_its_content(tmp_path: Path) -> None:
    for folder, file, grey in (("one", "a.png", 1), ("two", "b.png", 1), ("three", "a.png", 2)):
        (tmp_path / folder / "0").mkdir(parents=True)
        Image.new("L", (4, 4), grey).save(tmp_path / folder / "0" / file)
    one, two, three = (read_image_set(tmp_path / each) for each in ("one", "two", "three"))
    assert one.name == two.name != three.name


def test_a_table_s_labels_are_indices_or_names(tmp_path: Path) -> None:
    Image.new("L", (4, 4)).save(tmp_path / "a.png")
    table = tmp_path / "images.csv"
    table.write_text("path,label\na.png,7\na.png,0\n")
    assert [each.label for each in read_image_set(table).images] == [7, 0]
    table.write_text("path,label\na.png,dog\na.png,cat\n")
    found = read_image_set(table)
    assert (found.classes, [each.label for each in found.images]) == (("cat", "dog"), [1, 0])
    table.write_text("path,label\na.png,-1\n")
    with pytest.raises(AdvisorError, match="'-1'; expected an index from 0"):
        read_image_set(table)
    table.write_text("path,label\nb.png,1\n")
    with pytest.raises(AdvisorError, match=r"b\.png: no such file"):
        read_image_set(table)


def test_an_image_that_changes_during_the_run_ends_it(tmp_path: Path) -> None:
    (tmp_path / "0").mkdir()
    Image.new("L", (4, 4)).save(tmp_path / "0/a.png")
    found = read_image_set(tmp_path)
    assert found.images[0].read()
    Image.new("L", (4, 4)).save(tmp_path / "0/b.png")
    with pytest.raises(ChangedError, match="came or went"):
        found.check_listing()
    Image.new("L", (4, 4), 3).save(tmp_path / "0/a.png")
    with pytest.raises(ChangedError, match="has changed since this run began"):
        found.images[0].read()
    with pytest.raises(ChangedError):
        LabelledImage(str(tmp_path / "gone.png"), 0, "x").read()


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P", "CMYK", "1"])
def test_images_are_made_ready_as_torchvision_does(tmp_path: Path, mode: str) -> None:
    torchvision_models()  # which mends its import beside a torch without CUDA
    from torchvision.transforms._presets import ImageClassification

    random = np.random.default_rng(0).integers(0, 256, (37, 53, 3), dtype=np.uint8)
    place = tmp_path / ("x.tif" if mode == "CMYK" else "x.png")
    Image.fromarray(random).convert(mode).save(place)
    how = Preprocessing(20, 20, 3, 24, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    found = decoded(place.read_bytes(), how)
    with Image.open(place) as opened:
        expected = ImageClassification(crop_size=20, resize_size=24)(opened.convert("RGB"))
    assert np.allclose(found, expected.numpy(), atol=1e-6)


def test_sixteen_bits_are_taken_by_their_upper_eight(tmp_path: Path) -> None:
    Image.fromarray(np.full((16, 16), 0x8001, dtype=np.uint16)).save(tmp_path / "x.png")
    found = decoded((tmp_path / "x.png").read_bytes(), HOW)
    assert found.shape == (1, 16, 16)
    assert np.allclose(found, (0x80 / 255 - 0.5) / 0.25, atol=1e-6)


def test_squashing_takes_the_whole_image(tmp_path: Path) -> None:
    half = np.concatenate([np.zeros((16, 48)), np.full((16, 48), 255)], axis=1).astype(np.uint8)
    Image.fromarray(half).save(tmp_path / "x.png")
    how = stated(HOW, "squash", None, None, "nearest")
    found = decoded((tmp_path / "x.png").read_bytes(), how)
    assert np.unique(found[0, :, :8]).tolist() == [-2]
    assert np.unique(found[0, :, 8:]).tolist() == [2]


# --- answers and intervals


def test_of_equal_scores_the_first_class_comes_first() -> None:
    scores = np.array([[1, 3, 3], [0, 0, 0], [5, 4, 3]], dtype=np.float32)
    assert ranks_of(scores, np.array([2, 0, 7])) == ["1", "0", "5"]
    with pytest.raises(AdvisorError, match="a score for each class"):
        scores_in(np.zeros((2, 3, 4, 4), np.float32), 2)
    with pytest.raises(AdvisorError, match="no numbers"):
        scores_in(np.full((2, 3), np.nan, np.float32), 2)


def test_the_interval_of_a_share_is_the_exact_binomial_one() -> None:
    for right, images in ((0, 20), (7, 20), (20, 20)):
        low, high = (each / 100 for each in ends(share(right, images)))
        above = sum(comb(images, k) * low**k * (1 - low) ** (images - k) for k in range(right, 21))
        below = sum(
            comb(images, k) * high**k * (1 - high) ** (images - k) for k in range(right + 1)
        )
        assert right == 0 or above == pytest.approx(0.05, abs=1e-4)
        assert right == 20 or below == pytest.approx(0.05, abs=1e-4)


def test_the_interval_of_a_loss_is_tangos(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Fagerland, Lydersen and Laake (2014) have it of 21 children's airways: -0.517 to -0.026."""
    monkeypatch.setattr("advisor.measuring.paired_accuracy.Z90", 1.959964)
    found = loss(1, 7, 21)
    assert found.value == pytest.approx(-100 * 6 / 21)
    assert ends(found) == pytest.approx((-51.7, -2.6), abs=0.05)
    assert ends(loss(7, 1, 21)) == pytest.approx((2.6, 51.7), abs=0.05)


def test_the_interval_of_a_loss_has_no_end_beyond_what_can_be() -> None:
    assert ends(loss(0, 0, 100))[0] == -ends(loss(0, 0, 100))[1]
    assert ends(loss(5, 0, 5))[1] == 100
    assert ends(loss(0, 5, 5))[0] == -100


# --- weights


def test_weights_are_read_as_data(tmp_path: Path) -> None:
    from advisor.architectures.trained import read_state

    torch.save({"state_dict": {"module.a": torch.ones(1)}}, tmp_path / "a.pth")
    assert list(read_state(tmp_path / "a.pth")) == ["a"]
    torch.save({"a": Path}, tmp_path / "code.pth")
    with pytest.raises(AdvisorError, match="no file of weights alone"):
        read_state(tmp_path / "code.pth")
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(AdvisorError, match="holds a list, and no weights by name"):
        read_state(tmp_path / "list.pth")


def test_on_a_board_elsewhere_answers_are_the_same(case: Case, tmp_path: Path, run: Run) -> None:
    broken = tmp_path / "images" / "0" / "broken.png"
    shutil.copytree(case.digits.data, tmp_path / "images")
    broken.write_bytes(b"no image")
    cache, catalog = tmp_path / "cache-of-boards", tmp_path / "catalog"
    of_long_ago = cache / "other/dnn-advisor/fleet/of-long-ago"
    of_long_ago.mkdir(parents=True)
    with (of_long_ago / "image.png").open("wb") as stream:
        stream.truncate(MOST_BYTES)  # a hole, which takes no room
    os.utime(of_long_ago, (0, 0))
    with (
        started_scheduler() as (scheduler, _),
        started_workers(scheduler, "other", "there/1", "there/2", cache=str(cache)),
    ):
        found = advisor.evaluate_on(
            scheduler,
            f"digits={case.onnx}",
            tmp_path / "images",
            precision="fp32,int8",
            calibrate=case.digits.training,
            skip_bad=True,
            catalog=catalog,
            **SAID,
        )
        asked = ("evaluate", case.onnx, "--data", tmp_path / "images", "--on", scheduler)
        ran = run(*asked, "--board", "elsewhere", "--catalog", catalog)
        assert ran.code == 2
        assert "no worker is board 'elsewhere'" in ran.err
        with board_on(scheduler, "other") as other:
            again = advisor.evaluate(
                f"digits={case.onnx}",
                tmp_path / "images",
                precision="fp32,int8",
                calibrate=case.digits.training,
                skip_bad=True,
                catalog=catalog,
                board="other",
                children=other,
                **SAID,
            )
    assert again == found.boards[0].evaluation
    assert [(each.board, each.fault, each.stopped) for each in found.boards] == [
        ("other", "", False),
        ("there", "", False),
    ]
    here = way_of(case.found, "onnxruntime", "fp32").accuracy_percent
    for end in found.boards:
        assert end.evaluation is not None
        assert way_of(end.evaluation, "onnxruntime", "fp32").accuracy_percent == here
        assert way_of(end.evaluation, "onnxruntime", "int8").accuracy_percent is not None
        (skipped,) = end.evaluation.skipped
        assert skipped.startswith(f"{broken}: ")
    units = found.boards[1].evaluation.units if found.boards[1].evaluation else {}
    assert units.keys() == {"1", "2"}
    assert sum(units.values()) == 2 * 361
    for board in ("other", "there"):
        (journal,) = read_runs(catalog / f"evaluations/digits-16-trained/boards/{board}")
        pieces = [(each["of"], each["piece"]) for each in journal.records if "ranks" in each]
        assert len(pieces) == len(set(pieces)) == 4
    rows = Catalog.open(catalog).accuracies
    assert sorted(each.scope for each in rows if each.architecture == "digits@16") == [
        ("", "", "", ""),
        ("onnxruntime", "int8", "", "other"),
        ("onnxruntime", "int8", "", "there"),
    ]
    sent = [*(cache / "other/dnn-advisor/fleet").glob("*/*.png")]
    assert len(sent) == 361
    assert not of_long_ago.exists()
    assert [*(cache / "other/dnn-advisor/exports").glob("*.int8.onnx")]


def test_the_command_says_what_each_board_found(case: Case, tmp_path: Path, run: Run) -> None:
    def asked(scheduler: str, *more: object) -> Ran:
        where = ("--on", scheduler, "--catalog", tmp_path / "catalog", *OPTIONS)
        return run("evaluate", case.onnx, "--data", case.digits.data, *where, *more)

    with (
        started_scheduler() as (scheduler, _),
        started_workers(scheduler, "one", "two", cache=str(tmp_path / "cache")),
        started_workers(scheduler, "bare", fault="no torch"),
    ):
        ran = asked(scheduler, "--board", "one,two")
        assert ran.code == 0, ran.err
        for board in ("one", "two"):
            assert f"board {board}\n" in ran.out
            assert f"advisor pick --board {board} " in ran.out
        ran = asked(scheduler, "--json")
        assert ran.code == 2
        assert "board bare: measuring needs torch" in ran.err
        document = json.loads(ran.out)
        assert document["schema"] == "advisor.evaluate-on/1"
        jsonschema.validate(document, json.loads(advisor.schema("evaluate-on")))
        assert [(each["board"], bool(each["evaluation"])) for each in document["boards"]] == [
            ("bare", False),
            ("one", True),
            ("two", True),
        ]


def test_what_needs_no_board_is_refused_before_one_is_asked(case: Case, run: Run) -> None:
    for arguments, said in (
        (("nonet", "--data", case.digits.data), "nonet"),
        ((case.onnx, "--data", "nowhere"), "nowhere: there is no such folder or file"),
        ((case.onnx, "--data", case.digits.data, "--precision", "fp7"), "fp7"),
        ((case.onnx, "--data", case.digits.data, "--device", "gpu"), "unknown device 'gpu'"),
        ((case.onnx, "--data", case.digits.data, "--precision", "int8"), "int8 needs images"),
        ((case.onnx, "--data", case.digits.folder), "digit"),
    ):
        ran = run("evaluate", *arguments, "--on", "tcp://127.0.0.1:1")
        assert ran.code == 2
        assert said in ran.err
        assert "no scheduler answers" not in ran.err


def test_a_unit_that_is_lost_leaves_its_images_to_the_others(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleet, "LOOK_EVERY_S", 0.2)
    monkeypatch.setattr(evaluation_run, "PIECE", 40)
    with (
        started_scheduler() as (scheduler, _),
        started_workers(scheduler, "nano/1", cache=str(tmp_path / "cache")) as (doomed,),
        started_workers(scheduler, "nano/2", cache=str(tmp_path / "cache")),
    ):

        def kill(what: str, _: float) -> None:
            if "80 of 360" in what:
                doomed.process.kill()

        (end,) = advisor.evaluate_on(
            scheduler,
            f"digits={case.onnx}",
            case.digits.data,
            catalog=tmp_path / "catalog",
            absent_s=1.0,
            on_progress=kill,
            **SAID,
        ).boards
    assert end.fault == ""
    assert end.evaluation is not None
    assert any("board nano, unit 1 is gone" in each for each in end.evaluation.notes)
    found, here = (
        way_of(each, "onnxruntime", "fp32").accuracy_percent
        for each in (end.evaluation, case.found)
    )
    assert found == here
    assert sum(end.evaluation.units.values()) == 360


def test_a_board_is_one_elsewhere(case: Case, run: Run) -> None:
    ran = run("evaluate", case.onnx, "--data", case.digits.data, "--board", "mine")
    assert ran.code == 2
    assert "--board goes with --on" in ran.err
    with pytest.raises(AdvisorError, match=r"runs on this machine, .* board 'mine'.*evaluate_on"):
        advisor.evaluate(f"digits={case.onnx}", case.digits.data, board="mine")


def test_accuracies_that_cannot_be_kept_are_the_fault_of_one_board(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    def publish(run: Any, *, first: bool) -> Evaluation:
        if run.plan.board == "full":
            raise AdvisorError("accuracy.csv cannot be written", "make room")
        return replace(case.found, board=run.plan.board, notes=(str(first),))

    monkeypatch.setattr(fleet_evaluation, "published", publish)
    ends: list[Any] = [
        SimpleNamespace(plan=SimpleNamespace(board=board), finished=True, why_stopped="")
        for board in ("full", "one", "two")
    ]
    full, *others = fleet_evaluation._with_accuracies(ends)
    assert (full.board, full.refused) == ("full", True)
    assert full.fault == "accuracy.csv cannot be written (make room)"
    assert [(each.board, each.fault) for each in others] == [("one", ""), ("two", "")]
    # Accuracies of floats are those of the first board that has them.
    assert [each.evaluation and each.evaluation.notes for each in others] == [("True",), ("False",)]
