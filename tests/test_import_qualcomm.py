"""Qualcomm AI Hub's tables as boards: variants, accuracies as run, and what cannot be taken from them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import advisor
from advisor import AdvisorError
from advisor.catalog.importers.qualcomm import device_of
from advisor.catalog.store import Catalog
from tests.conftest import Run

PHONE, OTHER, KIT = "Samsung Galaxy S25", "Samsung Galaxy S24", "Snapdragon X Elite CRD"
INFO = """\
name: {model}
use_case: {use}
technical_details:
  Input resolution: {size}
  Number of parameters: {params}
license_type: {licence}
"""


def timed(
    ms: float, memory: tuple[int, int] = (0, 52), unit: str = "NPU", status: str = "Passed"
) -> str:
    """A run; a minimum of 0 MB is what the tables write for an unknown one."""
    return (
        f"{{job_status: {status}, inference_time_milliseconds: {ms}, "
        f"estimated_peak_memory_range_mb: {{min: {memory[0]}, max: {memory[1]}}}, "
        f"primary_compute_unit: {unit}, tool_versions: {{qairt: 2.42.0}}}}"
    )


def model(
    folder: Path,
    name: str,
    runs: dict[str, dict[str, dict[str, str]]],
    *,
    use: str = "Image Classification",
    size: str = "224x224",
    params: str = "25.5M",
    licence: str = "bsd-3-clause",
    components: tuple[str, ...] = ("Net",),
    numerics: str = "",
) -> None:
    """Write a model's files: runs by precision, device and runtime."""
    place = folder / name
    place.mkdir(parents=True)
    lines = ["precisions:"]
    for precision, devices in runs.items():
        lines += [f"  {precision}:", "    components:"]
        for component in components:
            lines += [f"      {component}:", "        performance_metrics:"]
            for device, runtimes in devices.items():
                lines += [f"          {device}:"]
                lines += [f"            {runtime}: {run}" for runtime, run in runtimes.items()]
    (place / "perf.yaml").write_text("\n".join(lines) + "\n")
    info = INFO.format(model=name, use=use, size=size, params=params, licence=licence)
    (place / "info.yaml").write_text(info)
    if numerics:
        (place / "numerics.yaml").write_text(numerics)


def scored(
    in_float: float,
    figures: str,
    *,
    images: int = 1000,
    unit: str = "'%'",
    data_set: str = "imagenet",
) -> str:
    """A `numerics.yaml`: figures are `precision: {runtime: {partial_metric: 1.0}}`."""
    return (
        f"metrics:\n- dataset_name: {data_set}\n  metric_name: Some\n  metric_unit: {unit}\n"
        f"  num_partial_samples: {images}\n  partial_torch_metric: {in_float}\n"
        f"  device_metric:\n    {PHONE}: {figures}\n"
    )


def rows_of(catalog: Path, board: str) -> list[dict[str, str]]:
    (folder,) = (catalog / "boards").glob(f"{board}.*")
    with (folder / "measurements.csv").open() as lines:
        return list(csv.DictReader(lines))


def accuracies_of(catalog: Path) -> list[dict[str, str]]:
    with (catalog / "zoo" / "qualcomm-accuracy.csv").open() as lines:
        return list(csv.DictReader(lines))


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A catalog with resnet50 on three devices."""
    runs = {
        "float": {PHONE: {"tflite": timed(1.5)}, OTHER: {"tflite": timed(2.0)}},
        "w8a8": {
            PHONE: {"tflite": timed(0.6), "qnn_dlc": timed(0.5, (1, 3))},
            OTHER: {"tflite": timed(0.8), "qnn_dlc": timed(0.7)},
            KIT: {"onnx": timed(9.0, unit="CPU")},
        },
    }
    figures = "{float: {tflite: {partial_metric: 75.7}}, w8a8: {tflite: {partial_metric: 75.2}}}"
    model(tmp_path / "in", "resnet50", runs, numerics=scored(75.7, figures))
    advisor.import_boards("qualcomm", tmp_path / "in", catalog=tmp_path / "own")
    return tmp_path / "own"


def test_devices_become_boards_of_variants(own: Path, run: Run) -> None:
    rows = rows_of(own, "galaxy-s25")
    assert {row["architecture"] for row in rows} == {"tv:resnet50@224"}
    assert [
        (row["runtime"], row["precision"], row["processor"], row["latency_ms"]) for row in rows
    ] == [
        ("tflite", "float", "npu", "1.5"),
        ("tflite", "w8a8", "npu", "0.6"),
        ("qnn", "w8a8", "npu", "0.5"),
    ]
    assert {row["latency_statistic"] for row in rows} == {"unknown"}
    assert [row["memory_mb"] for row in rows] == ["52", "52", "3"]
    (on_kit,) = rows_of(own, "snapdragon-x-elite")
    assert (on_kit["runtime"], on_kit["processor"]) == ("onnx", "cpu")
    assert run("catalog", "check", "--catalog", own).code == 0


def test_a_quantised_accuracy_is_the_published_one_less_the_loss_on_the_same_images(
    own: Path,
) -> None:
    (each,) = accuracies_of(own)  # in float it is the published one, which is known better
    assert (each["weights"], each["precision"], each["runtime"], each["processor"]) == (
        "IMAGENET1K_V1",
        "w8a8",
        "tflite",
        "npu",
    )
    assert each["images"] == "1000"
    catalog = Catalog.open(own)
    published = catalog.zoo.weights["tv:resnet50@224", "IMAGENET1K_V1"].accuracy_percent.value
    assert float(each["value"]) == pytest.approx(published - 0.5)


def test_the_weights_that_the_source_ran_count_not_the_best_published(own: Path) -> None:
    def picked(device: str, precision: str) -> advisor.Recommendation:
        (board,) = (each.name for each in (own / "boards").glob(device))
        return advisor.pick(board=board, latency="1s", precision=precision, catalog=own)

    in_float = picked("galaxy-s25*", "float").best
    assert in_float is not None
    assert in_float.weights == "IMAGENET1K_V1"  # V2 is 4.7 points better, and was not run
    quantised = picked("galaxy-s25*", "w8a8").best
    assert quantised is not None
    assert quantised.accuracy_percent is not None
    assert quantised.accuracy_percent.low is not None  # that of a thousand images
    assert quantised.accuracy_percent.value - quantised.accuracy_percent.low > 2
    elsewhere = picked("galaxy-s24*", "w8a8").best
    assert elsewhere is not None
    assert elsewhere.accuracy_percent is not None
    assert elsewhere.accuracy_percent.low is None  # nobody knows how far phones differ
    assert elsewhere.runtime == "tflite"  # of the other runtime no accuracy is known


def test_without_published_weights_an_accuracy_is_that_of_its_images(tmp_path: Path) -> None:
    figures = "{w8a16: {qnn_dlc: {partial_metric: 71.4}}, float: {qnn_dlc: {partial_metric: 73.9}}}"
    runs = {each: {PHONE: {"qnn_dlc": timed(1)}} for each in ("float", "w8a16")}
    model(tmp_path / "in", "levit", runs, params="7.82M", numerics=scored(73.7, figures))
    found = advisor.import_boards("qualcomm", tmp_path / "in", catalog=tmp_path / "own")
    assert found.identified == 0  # timm's, which are not counted here
    assert {
        (each["architecture"], each["weights"], each["precision"], each["value"])
        for each in accuracies_of(tmp_path / "own")
    } == {
        ("qualcomm:levit@224", "qualcomm", "w8a16", "71.4"),
        ("qualcomm:levit@224", "qualcomm", "float", "73.9"),
    }


def test_tasks_have_their_metrics_and_data_sets(tmp_path: Path) -> None:
    ways = {"float": {PHONE: {"tflite": timed(5)}}}
    found_in = {
        "yolox": ("mAP@0.5:0.95", "coco91class", 300, 38.2),
        "hrnet_pose": ("mAP", "cocobody", 1000, 81.3),
        "ffnet_40s": ("mIOU", "cityscapes", 50, 76.8),
        "esrgan": ("dB", "bsd300", 100, 27.1),
    }
    for name, (unit, data_set, images, value) in found_in.items():
        figures = f"{{float: {{tflite: {{partial_metric: {value}}}}}}}"
        text = scored(value, figures, images=images, unit=f"'{unit}'", data_set=data_set)
        model(tmp_path / "in", name, ways, licence="apache-2.0", numerics=text)
    found = advisor.import_boards("qualcomm", tmp_path / "in", catalog=tmp_path / "own")
    assert found.left_out == {"an accuracy that is no percentage": 1}
    assert {
        (each["architecture"], each["task"], each["metric"], each["data_set"])
        for each in accuracies_of(tmp_path / "own")
    } == {
        ("qualcomm:yolox@640", "detection", "mAP50-95", "coco"),
        ("qualcomm:hrnet_pose@256x192", "pose", "AP", "coco"),
        ("qualcomm:ffnet_40s@1024x2048", "segmentation", "mIoU", "cityscapes"),
    }
    catalog = Catalog.open(tmp_path / "own")
    assert catalog.architectures["qualcomm:esrgan@128"].task == "super-resolution"
    assert catalog.zoo.networks["qualcomm:yolox@640"].reported is not None
    assert catalog.zoo.networks["qualcomm:yolox@640"].reported.licence == "apache-2.0"


def test_sizes_are_those_that_are_really_run(tmp_path: Path) -> None:
    ways = {"float": {PHONE: {"tflite": timed(5)}}}
    model(tmp_path / "in", "efficientnet_b4", ways, size="380x380", params="19.3M")
    model(tmp_path / "in", "a_new_one", ways, size="96x160", params="1.5M")
    own = tmp_path / "own"
    found = advisor.import_boards("qualcomm", tmp_path / "in", catalog=own)
    assert {row["architecture"] for row in rows_of(own, "galaxy-s25")} == {
        "qualcomm:efficientnet_b4@224",
        "qualcomm:a_new_one@96x160",
    }
    assert found.notes == ("a_new_one: the size of its input is as its info.yaml has it",)


def test_what_is_left_out_is_counted_by_why(tmp_path: Path) -> None:
    passed = {"float": {PHONE: {"tflite": timed(5)}}}
    folder = tmp_path / "in"
    model(folder, "resnet18", passed, params="11.7M")
    failed = {"float": {PHONE: {"tflite": timed(5, status="Failed"), "onnx": timed(0)}}}
    model(folder, "resnet50", failed)
    model(folder, "a_pair", passed, components=("Encoder", "Decoder"))
    model(folder, "a_clip", passed, use="Video Classification", size="112x112")
    found = advisor.import_boards("qualcomm", folder, dry_run=True, catalog=tmp_path / "own")
    assert found.rows == 1
    assert found.left_out == {
        "a job that ended Failed": 1,
        "without an inference time": 1,
        "one of several components of a model, each timed alone": 2,
        "a_clip: not a network on one image of known size": 1,
    }


def test_a_device_that_stands_in_for_another_says_so(tmp_path: Path) -> None:
    model(tmp_path / "in", "resnet50", {"float": {"QCS8550 (Proxy)": {"tflite": timed(5, (0, 0))}}})
    own = tmp_path / "own"
    found = advisor.import_boards("qualcomm", tmp_path / "in", catalog=own)
    (name,) = found.boards
    assert name.startswith("qcs8550-proxy.")
    assert "stands in for one with QCS8550" in Catalog.open(own).board(name).note
    assert rows_of(own, "qcs8550-proxy")[0]["memory_mb"] == ""  # 0 is unknown


def test_a_memory_below_that_of_the_weights_is_marked(tmp_path: Path, run: Run) -> None:
    """25.5 million parameters take 25.5 MB at 8 bits, twice that at 16."""
    runs = {
        "w8a8": {PHONE: {"tflite": timed(1.0, (0, 25)), "onnx": timed(1.1, (0, 26))}},
        "float": {PHONE: {"tflite": timed(2.0, (0, 50)), "onnx": timed(2.1, (0, 0))}},
    }
    model(tmp_path / "in", "resnet50", runs)
    own = tmp_path / "own"
    advisor.import_boards("qualcomm", tmp_path / "in", catalog=own)
    (table,) = own.glob("boards/galaxy-s25*/measurements.csv")
    with table.open() as file:
        marked = {
            (row["runtime"], row["precision"]): row["verdict"] for row in csv.DictReader(file)
        }
    assert marked["tflite", "w8a8"] == "suspicious: less memory than the weights take, 25.5 MB"
    assert marked["tflite", "float"] == "suspicious: less memory than the weights take, 51 MB"
    assert marked["onnx", "w8a8"] == marked["onnx", "float"] == ""
    asked = ("pick", "--board", table.parent.name, "--catalog", own)
    said = " ".join(run(*asked, "--memory", "40MB").err.split())
    assert "the memory of 2 candidates is less than what the weights alone take" in said
    assert "weights alone" not in run(*asked).err


@pytest.mark.parametrize(
    ("name", "device"),
    [
        ("Samsung Galaxy S24", "galaxy-s24"),
        ("Samsung Galaxy S24+", "galaxy-s24-plus"),
        ("Snapdragon X Elite CRD", "snapdragon-x-elite"),
        ("Snapdragon 8 Elite Gen 5 QRD", "snapdragon-8-elite-gen-5"),
        ("Dragonwing RB3 Gen 2 Vision Kit", "dragonwing-rb3-gen-2"),
        ("Dragonwing IQ-9075 EVK", "dragonwing-iq-9075"),
        ("SA8775P ADP", "sa8775p"),
        ("QCS8275 (Proxy)", "qcs8275-proxy"),
        ("Xiaomi 12 Pro", "xiaomi-12-pro"),
    ],
)
def test_a_device_s_name_without_its_maker_and_kit(name: str, device: str) -> None:
    assert device_of(name) == device


def test_the_release_is_that_of_the_repository(tmp_path: Path) -> None:
    models = tmp_path / "qai_hub_models" / "models"
    model(models, "resnet50", {"float": {PHONE: {"tflite": timed(5)}}})
    (models.parent / "_version.py").write_text('__version__ = "0.50.2"\n')
    own = tmp_path / "own"
    found = advisor.import_boards("qualcomm", models, catalog=own)
    assert found.boards == ("galaxy-s25.qualcomm-ai-hub-0.50.2",)
    source = Catalog.open(own).source("qualcomm-ai-hub-0.50.2")
    assert (source.version, source.licence) == ("0.50.2", "BSD-3-Clause")
    assert len(source.sha256) == 64


def test_boards_alone_say_where_their_accuracies_were_found(tmp_path: Path, own: Path) -> None:
    del own  # the tables that it was made of are there
    found = advisor.import_boards(
        "qualcomm", tmp_path / "in", only=["galaxy-s24*"], dry_run=True, catalog=tmp_path / "new"
    )
    assert found.accuracies == 0
    assert len(found.notes) == 1
    assert "found on other boards" in found.notes[0]
    assert "galaxy-s25" in found.notes[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("models:\n- name: ResNet50\n", "the key 'precisions'"),
        ("precisions:\n  float:\n    components: 3\n", "line 3"),
        (
            "precisions:\n  float:\n    components:\n      Net:\n        performance_metrics:\n"
            "          Galaxy:\n            tflite: {inference_time_milliseconds: fast}\n",
            "line 7",
        ),
    ],
)
def test_files_of_another_format_are_refused_with_the_place(
    tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "in" / "resnet50").mkdir(parents=True)
    (tmp_path / "in" / "resnet50" / "perf.yaml").write_text(text)
    with pytest.raises(AdvisorError) as error:
        advisor.import_boards("qualcomm", tmp_path / "in", catalog=tmp_path / "own")
    assert said in str(error.value)


def test_a_folder_without_tables_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AdvisorError, match="holds no tables of Qualcomm AI Hub"):
        advisor.import_boards("qualcomm", tmp_path, catalog=tmp_path / "own")
