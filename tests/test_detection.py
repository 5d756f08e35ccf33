"""`advisor evaluate --task detection`: mAP50-95 of detectors on annotated images of the user's own."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from PIL import Image

import advisor
from advisor.catalog.store import Catalog
from advisor.errors import AdvisorError
from advisor.measuring.annotated_images import Box, read_annotated_images, read_mapping
from advisor.measuring.box_decoders import DECODERS, decoder_of, suppressed
from advisor.measuring.detections import on_images, packed, unpacked
from advisor.measuring.evaluation import Evaluated, Evaluation
from advisor.measuring.image_data import ChangedError
from advisor.measuring.mean_precision import HALVES, Precision, halves, mean_precision
from advisor.measuring.measurable import keep_costs
from advisor.measuring.preprocessing import assumed_for_boxes, decoded, placed, stated_for_boxes
from tests.conftest import Run
from tests.shapes import NETWORKS, Drawn, drawn, found_on, plain_precision, write_shapes


@dataclass(frozen=True)
class Case:
    """The shapes, evaluated once in three runtimes; `onnx` is the network as a file."""

    shapes: Drawn
    catalog: Path
    onnx: Path
    found: Evaluation
    plain_percent: float


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    folder = tmp_path_factory.mktemp("shapes")
    shapes = drawn(folder)
    truth = [[(name, (x, y, x + w, y + h)) for name, x, y, w, h in on] for on in shapes.truth]
    found = [found_on(each) for each in sorted((shapes.data / "images").iterdir())]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        patch.chdir(folder)
        evaluated = advisor.evaluate(
            "shapes=shape_net:V8@64",
            shapes.data,
            task="detection",
            runtime="eager,onnxruntime,openvino",
            batch=7,
            catalog=folder / "catalog",
        )
    (exported,) = (folder / "cache/dnn-advisor/exports").glob("shapes-64-*.onnx")
    shutil.copy(exported, folder / "net.onnx")
    plain = 100 * plain_precision(truth, found)
    yield Case(shapes, folder / "catalog", folder / "net.onnx", evaluated, plain)


def percent_of(way: Evaluated) -> float:
    assert way.accuracy_percent is not None, way.reason
    return way.accuracy_percent.value


def test_the_precision_is_that_of_plain_loops_in_every_runtime(case: Case) -> None:
    assert 20 < case.plain_percent < 80
    for way in case.found.ways:
        assert percent_of(way) == pytest.approx(case.plain_percent, abs=0.01), way
    said = (case.found.task, case.found.metric, case.found.decoder, case.found.class_mapping)
    assert said == ("detection", "mAP50-95", "yolo-v8", "order")
    assert (case.found.images, case.found.classes) == (24, 3)


def test_an_interval_is_as_wide_as_few_images_leave_it_and_a_difference_is_paired(
    case: Case,
) -> None:
    accuracy = case.found.ways[0].accuracy_percent
    assert accuracy is not None
    assert accuracy.low is not None
    assert accuracy.high is not None
    assert accuracy.low < accuracy.value < accuracy.high
    assert accuracy.high - accuracy.low > 5
    for way in case.found.ways[1:]:
        assert way.loss_points is not None
        assert (way.loss_points.low, way.loss_points.high) == pytest.approx((0, 0), abs=0.01)


def test_precisions_become_rows_that_pick_takes(case: Case, run: Run, tmp_path: Path) -> None:
    own = tmp_path / "catalog"
    shutil.copytree(case.catalog, own)
    rows = [each for each in Catalog.open(own).accuracies if each.architecture == "shapes@64"]
    assert {(each.runtime, each.precision) for each in rows} == {
        ("", ""), ("onnxruntime", "fp32"), ("openvino", "fp32")
    }  # fmt: skip
    assert {str(each.quality) for each in rows} == {f"mAP50-95 on {case.found.data_set}"}
    assert not advisor.check_catalog(own).faults
    board = own / "boards/dev"
    board.mkdir(parents=True)
    (board / "board.yaml").write_text("title: Mine\nsource: advisor-measure\n")
    (board / "measurements.csv").write_text(
        "architecture,runtime,precision,batch,latency_ms,net_power_w,memory_mb,origin,source\n"
        "shapes@64,onnxruntime,fp32,1,3,,,measured,advisor-measure\n"
    )
    asked: dict[str, Any] = {
        "board": "dev", "task": "detection", "data_set": case.found.data_set, "catalog": own
    }  # fmt: skip
    best = advisor.pick(**asked, accuracy=10, objective="fps").best
    assert best is not None
    accuracy = best.metric("accuracy_percent")
    assert accuracy is not None
    assert accuracy.value == pytest.approx(case.plain_percent, abs=0.01)
    assert advisor.pick(**asked, accuracy=90, objective="fps").best is None
    shown = run("show", "shapes@64", "--catalog", own)
    assert "for detection" in shown.out


def test_measuring_does_not_forget_what_a_network_is_for(case: Case, tmp_path: Path) -> None:
    own = tmp_path / "catalog"
    shutil.copytree(case.catalog, own)
    network = Catalog.open(own).architectures["shapes@64"]
    assert network.task == "detection"
    other = replace(network, name="classes@64", task="classification", reference="own 0123")
    keep_costs(own, [replace(network, task="classification"), other])
    known = Catalog.open(own).architectures
    assert (known["shapes@64"].task, known["classes@64"].task) == ("detection", "classification")


@pytest.mark.parametrize("decoder", NETWORKS)
def test_each_layout_finds_the_same(
    case: Case, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, decoder: str
) -> None:
    monkeypatch.chdir(case.shapes.folder)
    found = advisor.evaluate(
        f"net=shape_net:{NETWORKS[decoder]}@64",
        case.shapes.data,
        task="detection",
        classes="order",
        catalog=tmp_path / "catalog",
    )
    assert found.decoder == decoder
    assert percent_of(found.ways[0]) == pytest.approx(case.plain_percent, abs=0.01)


def test_labels_of_torchvision_s_are_ids_unless_said(
    case: Case, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The ids are 2, 7 and 9, and the labels 1 to 3: what is red is called green's number."""
    monkeypatch.chdir(case.shapes.folder)
    arguments: Any = ("net=shape_net:Listed@64", case.shapes.data)
    more: dict[str, Any] = {"task": "detection", "catalog": tmp_path / "catalog"}
    found = advisor.evaluate(*arguments, **more)
    assert found.class_mapping == "ids"
    assert percent_of(found.ways[0]) < 5
    named = advisor.evaluate(*arguments, **more, classes="red,green,blue")
    assert percent_of(named.ways[0]) == pytest.approx(case.plain_percent, abs=0.01)
    turned = advisor.evaluate(*arguments, **more, classes=["blue", "green", "red"])
    assert percent_of(turned.ways[0]) < case.plain_percent / 2


@pytest.mark.parametrize(
    ("network", "ids", "classes", "said"),
    [
        ("EndToEnd", (2, 7), None, "finds class 2, and by order classes 0 to 1"),
        ("EndToEnd", (2, 7, 9), "red,green", "finds class 2, and by names classes 0 to 1"),
        ("Listed", (2, 7), "order", "finds class 3, and by order classes 1 to 2"),
        ("Listed", (1, 2), None, "finds class 3, and by ids classes 0 to 2"),
        ("Listed", (1, 2), "ids", ""),
    ],
)  # fmt: skip
def test_a_class_beyond_the_categories_is_refused(
    case: Case, tmp_path: Path, ids: tuple[int, ...], network: str, classes: str | None, said: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Neither layout says of how many classes its boxes are, which are of three here."""
    monkeypatch.chdir(case.shapes.folder)
    data = tmp_path / "data"
    shutil.copytree(case.shapes.data, data)
    file = data / "annotations/shapes.json"
    content = json.loads(file.read_text())
    renamed = dict(zip((2, 7, 9), ids, strict=False))
    for each in content["annotations"]:
        each["category_id"] = renamed.get(each["category_id"])
    content["annotations"] = [each for each in content["annotations"] if each["category_id"]]
    content["categories"] = [
        {**each, "id": renamed[each["id"]]}
        for each in content["categories"]
        if each["id"] in renamed
    ]
    file.write_text(json.dumps(content))
    arguments: Any = (f"net=shape_net:{network}@64", data)
    more: dict[str, Any] = {"task": "detection", "catalog": tmp_path / "catalog"}
    if said:
        with pytest.raises(AdvisorError, match=said):
            advisor.evaluate(*arguments, **more, classes=classes)
        assert not (tmp_path / "catalog/accuracy.csv").exists()
    found = advisor.evaluate(*arguments, **more, classes="ids")
    assert found.finished
    if said:  # now of answers that are kept
        with pytest.raises(AdvisorError, match=said):
            advisor.evaluate(*arguments, **more, classes=classes)


def test_a_layout_that_is_none_is_named_with_its_shapes(
    case: Case, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(case.shapes.folder)
    arguments = (
        "evaluate",
        "odd=shape_net:Odd@64",
        "--data",
        case.shapes.data,
        "--task",
        "detection",
    )
    ran = run(*arguments, "--catalog", tmp_path / "catalog")
    assert (ran.code, ran.out) == (2, "")
    assert "'output' [32, 84, 3] for 64 x 64 pixels, which by its shape is no layout" in ran.err
    for name in DECODERS:
        assert name in ran.err
    ran = run(*arguments, "--decoder", "yolo-v5", "--catalog", tmp_path / "catalog")
    assert ran.code == 2
    assert "yolo-v5 decodes [batch, N, 5 + classes]" in ran.err


def test_a_document_says_all_of_it(case: Case, run: Run, tmp_path: Path) -> None:
    arguments = ("evaluate", f"shapes={case.onnx}", "--data", case.shapes.data, "--task", "detection",
                 "--images", 12, "--catalog", tmp_path / "catalog")  # fmt: skip
    ran = run(*arguments, "--json")
    assert ran.code == 0, ran.err
    content = json.loads(ran.out)
    jsonschema.validate(content, json.loads(advisor.schema("evaluate")))
    assert (content["images"], content["found"], content["metric"]) == (12, 24, "mAP50-95")
    shown = " ".join(run(*arguments).out.split())
    assert "boxes decoded by yolo-v8; scores from 0.001" in shown
    assert f"--task detection --data-set {content['data_set']}" in shown


def test_an_evaluation_that_was_stopped_goes_on(
    case: Case, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("advisor.measuring.evaluation_run.PIECE", 10)
    heard: list[str] = []

    def stop(what: str, _: float) -> None:
        if what.endswith("20 of 24 images"):
            raise KeyboardInterrupt

    arguments: Any = (f"shapes={case.onnx}", case.shapes.data)
    more: dict[str, Any] = {"task": "detection", "catalog": tmp_path / "catalog"}
    stopped = advisor.evaluate(*arguments, on_progress=stop, **more)
    assert not stopped.finished
    assert stopped.ways[0].accuracy_percent is None
    ended = advisor.evaluate(*arguments, on_progress=lambda what, _: heard.append(what), **more)
    assert [each for each in heard if "of 24 images" in each] == [
        "onnxruntime fp32: 20 of 24 images"
    ]
    assert percent_of(ended.ways[0]) == pytest.approx(case.plain_percent, abs=0.01)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--task", "pose"), "task: 'pose' is not evaluated"),
        (("--classes", "ids"), "a decoder and classes are for --task detection"),
        (("--task", "detection", "--decoder", "ssd"), "decoder: unknown 'ssd'"),
        (("--task", "detection", "--crop", "0.875"), "would cut off what is to be found"),
        (("--task", "detection", "--classes", "cat,dog"), "none of 'cat', 'dog' is a category"),
        (("--task", "detection", "--classes", "red,blue"), "2 names, and shapes@64 has 3 classes"),
        (("--task", "detection", "--classes", "red,red"), "a name stands twice"),
    ],
)  # fmt: skip
def test_bad_options_are_said_in_one_message(
    case: Case, run: Run, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    given = ("evaluate", f"shapes={case.onnx}", "--data", case.shapes.data, *arguments)
    ran = run(*given, "--catalog", tmp_path / "catalog")
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_a_library_s_classifier_is_no_detector(run: Run, case: Case) -> None:
    ran = run("evaluate", "tv:resnet18", "--data", case.shapes.data, "--task", "detection")
    assert ran.code == 2
    assert "tv:resnet18@224 is for classification, not for detection" in ran.err


def test_pycocotools_is_asked_for_where_it_is_missing(
    case: Case, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("advisor.measuring.mean_precision.is_installed", lambda _: False)
    ran = run("evaluate", f"shapes={case.onnx}", "--data", case.shapes.data, "--task", "detection")
    assert (ran.code, ran.out) == (2, "")
    assert "pip install 'dnn-advisor[detection]'" in ran.err


# --- annotations


def shapes_file(folder: Path, **changed: Any) -> Path:
    """Two images with their annotations, some of these replaced."""
    write_shapes(folder, [[("red", 0, 0, 32, 32)], [("blue", 32, 0, 16, 16)]])
    file = folder / "annotations/shapes.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changed}))
    return file


def test_annotations_are_found_with_their_images(tmp_path: Path) -> None:
    file = shapes_file(tmp_path / "data")
    by_folder, by_file = read_annotated_images(tmp_path / "data"), read_annotated_images(file)
    assert by_folder.name == by_file.name
    assert [each.label for each in by_folder.images] == [100, 101]
    assert list(by_folder.categories.items()) == [(2, "red"), (7, "green"), (9, "blue")]
    assert by_folder.boxes[1] == Box(101, 9, (32, 0), (16, 16))
    (tmp_path / "data/other.json").write_text("{}")
    with pytest.raises(AdvisorError, match="several files of annotations"):
        read_annotated_images(tmp_path / "data")
    with pytest.raises(AdvisorError, match="no file of annotations"):
        read_annotated_images(tmp_path / "data/images")


def test_the_name_of_a_data_set_is_that_of_images_and_boxes(tmp_path: Path) -> None:
    content = read_annotated_images(shapes_file(tmp_path / "one"))
    moved = json.loads((tmp_path / "one/annotations/shapes.json").read_text())["annotations"]
    moved[0]["bbox"][0] = 1
    other = read_annotated_images(shapes_file(tmp_path / "two", annotations=moved))
    assert content.name != other.name
    (tmp_path / "two/annotations/shapes.json").write_text("{}")
    with pytest.raises(AdvisorError, match="has changed since this run began"):
        other.check_listing()
    assert replace(content, place=tmp_path / "elsewhere").name == content.name


def test_annotations_that_change_while_images_are_read_are_noticed(
    tmp_path: Path,
) -> None:
    file = shapes_file(tmp_path / "data")

    def change(what: str, _: float) -> None:
        assert what == "reading 2 images"
        file.write_text(file.read_text() + "\n")

    found = read_annotated_images(file, on_progress=change)
    with pytest.raises(AdvisorError, match="has changed since this run began"):
        found.check_listing()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"images": 3}, "it has no list 'images'"),
        ({"images": [{"id": "a", "file_name": "x"}]}, "images[0] is no object with a whole number"),
        ({"images": [{"id": 1, "file_name": "/etc/x.png"}]}, "'/etc/x.png' leads out of the folder"),
        ({"images": [{"id": 1, "file_name": ""}]}, "images[0].file_name is '', and no file"),
        ({"categories": [{"id": 2}]}, "categories[0].name is 'None', and no text"),
        ({"categories": [{"id": 2, "name": "a"}, {"id": 2, "name": "b"}]}, "categories[1].id is 2"),
        ({"annotations": [{"image_id": 7, "category_id": 2, "bbox": [1, 1, 2, 2]}]},
         "annotations[0].image_id is '7', which no image has"),
        ({"annotations": [{"image_id": 100, "category_id": 1, "bbox": [1, 1, 2, 2]}]},
         "annotations[0].category_id is '1', which no category has"),
        ({"annotations": [{"image_id": 100, "category_id": 2, "bbox": [1, 1, -2, 2]}]},
         "annotations[0].bbox is '[1, 1, -2, 2]', and not x, y, width, height"),
        ({"annotations": [{"image_id": 100, "category_id": 2, "bbox": [1, 1, 10**400, 2]}]},
         "and not x, y, width, height"),
        ({"annotations": []}, "there is no box on its 2 images"),
    ],
)  # fmt: skip
def test_a_broken_file_of_annotations_names_the_place(
    tmp_path: Path, changed: dict[str, Any], said: str
) -> None:
    file = shapes_file(tmp_path / "data", **changed)
    with pytest.raises(AdvisorError) as caught:
        read_annotated_images(file)
    assert str(file) in str(caught.value)
    assert said in str(caught.value)


def test_a_file_that_is_no_json_names_the_line(case: Case, run: Run, tmp_path: Path) -> None:
    file = shapes_file(tmp_path / "data")
    file.write_text('{"images": [],\n "annotations": [}')
    given = ("evaluate", f"shapes={case.onnx}", "--task", "detection", "--data", file)
    ran = run(*given, "--catalog", tmp_path / "catalog")
    assert (ran.code, ran.out) == (2, "")
    assert f"{file}, line 2, column 18" in ran.err
    file.write_text('{"images": NaN}')
    assert "NaN is no number" in run(*given, "--catalog", tmp_path / "catalog").err


def test_an_image_that_is_missing_is_named_or_left_out(tmp_path: Path) -> None:
    file = shapes_file(tmp_path / "data")
    (tmp_path / "data/images/001.png").unlink()
    with pytest.raises(AdvisorError, match=r"its image '001\.png' is nowhere in"):
        read_annotated_images(file)
    found = read_annotated_images(file, skip_bad=True)
    assert ([each.label for each in found.images], len(found.unreadable)) == ([100], 1)
    for name in ("a", "b"):
        (tmp_path / "data" / name).mkdir()
        shutil.copy(tmp_path / "data/images/000.png", tmp_path / "data" / name / "001.png")
    with pytest.raises(AdvisorError, match=r"is in .*a/001\.png, .*b/001\.png"):
        read_annotated_images(file)


def test_an_image_of_another_size_than_annotated_is_refused(tmp_path: Path) -> None:
    file = shapes_file(tmp_path / "data")
    Image.new("RGB", (32, 64)).save(tmp_path / "data/images/001.png")
    with pytest.raises(AdvisorError, match="has 32 x 64 pixels, and its annotations say 64 x 64"):
        read_annotated_images(file)
    found = read_annotated_images(file, skip_bad=True)
    Image.new("RGB", (64, 64), 9).save(tmp_path / "data/images/000.png")
    with pytest.raises(ChangedError):
        found.images[0].read()


def test_a_name_of_two_categories_names_neither() -> None:
    categories = {2: "red", 7: "green", 9: "red"}
    with pytest.raises(AdvisorError, match="2 categories are called 'red'"):
        read_mapping("green,red", categories)
    assert read_mapping("green,blue", categories)[0] == ("green", "blue")
    assert read_mapping("order", categories) == ("order", ())


def test_names_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("blue\nred\nyellow\n")
    names, notes = read_mapping(str(tmp_path / "names.txt"), {2: "red", 7: "green", 9: "blue"})
    assert names == ("blue", "red", "yellow")
    assert notes == ("the network has no class for green, which it cannot find",)


# --- decoding


def test_boxes_are_mapped_back_from_a_letterbox(tmp_path: Path) -> None:
    how = assumed_for_boxes((3, 64, 64))
    assert placed((200, 100), how) == (64 / 200, 32 / 100, 0, 16)
    pixels = np.full((100, 200, 3), 255, np.uint8)
    Image.fromarray(pixels).save(tmp_path / "x.png")
    made = decoded((tmp_path / "x.png").read_bytes(), how)
    assert np.allclose(made[:, 16:48], 1)
    assert np.allclose(made[:, :16], 114 / 255)
    assert np.allclose(made[:, 48:], 114 / 255)
    boxes = np.array([[16, 24, 32, 60, 0.5, 1]], np.float32)
    (found,) = on_images([boxes], [(200, 100)], how)
    assert found.tolist() == [[50, 25, 100, 100, 0.5, 1]]
    squashed = stated_for_boxes(how, "squash", None, None, None)
    (found,) = on_images([boxes], [(200, 100)], squashed)
    assert found.tolist() == [[50, 37.5, 100, 93.75, 0.5, 1]]


def test_shapes_that_could_be_several_are_to_be_named() -> None:
    outputs = {
        "output0": np.zeros((1, 252, 6), np.float32)
    }  # 3 x 84 cells of one class, or 252 boxes
    with pytest.raises(AdvisorError, match="is no layout of boxes for sure"):
        decoder_of(outputs, 1, (64, 64))
    assert decoder_of(outputs, 1, (64, 64), "yolo-v5").name == "yolo-v5"
    assert decoder_of({"x": np.zeros((1, 300, 6))}, 1, (640, 640)).name == "yolo-end-to-end"
    assert decoder_of({"x": np.zeros((1, 84, 8400))}, 1, (640, 640)).name == "yolo-v8"
    assert decoder_of({"x": np.zeros((1, 25200, 85))}, 1, (640, 640)).name == "yolo-v5"
    assert decoder_of({"x": np.zeros((1, 8400, 85))}, 1, (640, 640)).name == "yolo-v5"
    single = {"boxes": np.zeros((5, 4)), "labels": np.zeros(5), "scores": np.zeros(5)}
    assert decoder_of(single, 1, (640, 640)).name == "torchvision"
    logits = {"logits": np.zeros((1, 300, 91)), "boxes": np.zeros((1, 300, 4))}
    with pytest.raises(
        AdvisorError, match=r"'boxes' \[1, 300, 4\] for 640 x 640 pixels, which by its shape is no"
    ):
        decoder_of(logits, 1, (640, 640))


def test_of_boxes_of_a_class_that_overlap_the_best_stays() -> None:
    boxes = [
        [0, 0, 10, 10, 0.5, 0],
        [0, 0, 10, 9, 0.9, 0],  # nine tenths of the first
        [0, 0, 10, 10, 0.4, 1],  # another class
        [0, 0, 10, 6, 0.3, 0],  # two thirds of the second
    ]
    kept = suppressed(np.array(boxes, np.float32))
    assert kept[:, 4].tolist() == pytest.approx([0.9, 0.4, 0.3])


@pytest.mark.parametrize(
    ("name", "rows", "said"),
    [
        ("yolo-end-to-end", [[0, 0, 1, 1, 0.5, 0.5]], "no whole numbers"),
        ("yolo-end-to-end", [[0, 0, 1, np.nan, 0.5, 0]], "no numbers"),
        ("yolo-v5", [[0, 0, 1, 1, np.inf, 0]], "no numbers"),
    ],
)
def test_numbers_that_are_no_boxes_are_refused(name: str, rows: Any, said: str) -> None:
    with pytest.raises(AdvisorError, match=said):
        DECODERS[name].decode({"x": np.array([rows], np.float32)}, 1)


def test_boxes_are_kept_as_they_are() -> None:
    boxes = [np.arange(12, dtype=np.float32).reshape(2, 6), np.zeros((0, 6), np.float32)]
    found = unpacked({"boxes": packed(boxes), "counts": [2, 0]})
    assert [each.tolist() for each in found] == [each.tolist() for each in boxes]
    with pytest.raises(AdvisorError, match="what an evaluation kept is broken"):
        unpacked({"boxes": packed(boxes), "counts": [1, 0]})


# --- precision


def test_a_precision_by_hand() -> None:
    """Two boxes of one category: one found just so, after a false one; the other missed.

    At every threshold the precision is 0 of 1, then 1 of 2 at half of the recall: 1/2 at the 51 recalls up to
    it, of 101. With one box found at an overlap of 0.8 it counts at 7 of 10 thresholds.
    """
    truth = [Box(1, 5, (0, 0), (10, 10)), Box(2, 5, (0, 0), (10, 10))]
    wrong = [[50, 50, 60, 60, 0.9, 0]]
    exact = {1: np.array([*wrong, [0, 0, 10, 10, 0.8, 0]], np.float32)}
    found = mean_precision([1, 2], truth, exact, {0: 5}.get)
    assert found.value == pytest.approx(0.5 * 51 / 101)
    near = {1: np.array([*wrong, [0, 0, 10, 8, 0.8, 0]], np.float32)}
    assert mean_precision([1, 2], truth, near, {0: 5}.get).value == pytest.approx(
        0.7 * 0.5 * 51 / 101
    )
    assert mean_precision([1, 2], truth, {}, {0: 5}.get).value == 0
    assert mean_precision([1, 2], truth, exact, {0: 6}.get).value == 0
    assert found.estimate().low is None  # of two images
    with pytest.raises(AdvisorError, match="no box"):
        mean_precision([3], truth, exact, {0: 5}.get)


def test_a_crowd_is_neither_right_nor_wrong() -> None:
    truth = [Box(1, 5, (0, 0), (10, 10)), Box(1, 5, (20, 20), (50, 50), crowd=True)]
    boxes = [[22, 22, 30, 30, 0.9, 0], [0, 0, 10, 10, 0.8, 0]]
    found = mean_precision([1], truth, {1: np.array(boxes, np.float32)}, {0: 5}.get)
    assert found.value == pytest.approx(1)


def random_boxes(images: int) -> tuple[list[Box], dict[int, Any]]:
    """Boxes of three categories, and what is found of them: some missed, some off, some false.

    Scores are equal on several images, never on one: of these the order would be anybody's.
    """
    random = np.random.default_rng(1)
    truth, found = [], {}
    for image in range(images):
        rows: list[list[float]] = []
        for _ in range(int(random.integers(0, 5))):
            category, crowd = int(random.integers(0, 3)), bool(random.random() < 0.1)
            x, y, width, height = random.uniform(5, 30, 4)
            truth.append(Box(image, category, (x, y), (width, height), crowd))
            if random.random() < 0.8:
                off = random.normal(0, 1.5, 4)
                corners = np.array([x, y, x + width, y + height]) + off
                rows.append(
                    [*corners, round(random.uniform(0.3, 1), 1) + len(rows) / 1000, category]
                )
            if random.random() < 0.5:
                score = round(random.uniform(0, 0.8), 1) + len(rows) / 1000
                rows.append([1, 1, 20, 20, score, category])
        found[image] = np.array(rows, np.float32).reshape(-1, 6)
    return truth, found


def test_a_draw_is_what_pycocotools_finds_of_half_the_images() -> None:
    images = 30
    truth, found = random_boxes(images)
    identity = {each: each for each in range(3)}.get
    draws = mean_precision(range(images), truth, found, identity).draws
    assert draws.shape == (HALVES,)
    drawn_images = halves(images)
    assert set(drawn_images.sum(axis=1)) == {15}
    for draw in range(5):
        chosen = np.flatnonzero(drawn_images[draw]).tolist()
        again = mean_precision(chosen, truth, {each: found[each] for each in chosen}, identity)
        assert draws[draw] == pytest.approx(again.value, abs=1e-12)


def test_what_halves_are_higher_lowers_the_lower_end() -> None:
    """Halves are 0.02 higher than the whole, which is then 0.02 / (sqrt(2) - 1) too high."""
    spread = np.linspace(-0.1, 0.1, 201)
    even, high = (Precision(0.5, 0.5 + off + spread, 40).estimate() for off in (0.0, 0.02))
    assert (even.low, even.high) == pytest.approx((41, 59))
    assert (high.low, high.high) == pytest.approx((41 - 2 / 0.41421356, 59))
    none = Precision(0.01, np.full(201, 0.2), 40).estimate()
    assert (none.low, none.high) == (0, 1)


def test_the_same_halves_make_a_difference_paired() -> None:
    truth, found = random_boxes(40)
    identity = {each: each for each in range(3)}.get
    whole = mean_precision(range(40), truth, found, identity)
    less = {image: boxes[1:] if image % 4 == 0 else boxes for image, boxes in found.items()}
    lost = mean_precision(range(40), truth, less, identity).loss(whole)
    estimate = whole.estimate()
    assert lost.low is not None
    assert lost.high is not None
    assert estimate.low is not None
    assert estimate.high is not None
    assert lost.low <= lost.value <= lost.high
    assert lost.high - lost.low < estimate.high - estimate.low
    assert whole.loss(whole).high == 0
