"""Rockchip's table of frame rates as boards: chips, precisions in cells, and what is no rate."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import advisor
from advisor import AdvisorError
from advisor.catalog.importers.published import ImportedTable, import_boards
from advisor.catalog.store import Catalog
from tests.conftest import Run

TABLE = """\
# Model zoo

| demo | support |
| ---- | ------- |
| yolov8 | all |

## Model performance benchmark(FPS)

|demo|model_name|inputs_shape&nbsp;&nbsp;|dtype|RK3566<br />RK3568|RK3588<br />@single_core|RV1109|
|---|---|---|---|---|---|---|
|resnet|resnet50-v2-7|[1, 3, 224, 224]|INT8|37.9|110.1|24.4|
|yolov8|yolov8n|[1, 3, 640, 640]|INT8|34.0|73.5|/|
||yolov8s|[1, 3, 640, 640]|INT8|15.1|38.0|8.9|
|yolo_world|clip_text|[1, 20]|FP16|29.8|95.8|/|
|clip|clip_text|[1, 20]|FP16|29.7|96.0|/|
|deeplabv3|deeplab-v3|[1, 513, 513, 1]|INT8|10.9|34.0|10.1|
|LPRNet|lprnet|[1, 3, 24, 94]|FP16|143.2|1,586.4|30.6(INT8)|
|wav2vec2|wav2vec2_base|20s audio|FP16|RTF <br>0.817|RTF <br>0.133|/|
|lite|lite-encoder|embedding-256, token-16|FP16|337.5|867.6|22.7|
|new_demo|new_net|[1, 3, 32, 32]|INT8|soon|5.0|/|
|short|new_net|[1, 3, 32, 32]|

- `/` means currently not support.
"""


class Tables:
    """A catalog folder, and tables in Rockchip's format to import into it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.catalog = folder, folder / "catalog"

    def bring_in(self, text: str = TABLE) -> ImportedTable:
        path = self.folder / "README.md"
        path.write_text(text, encoding="utf-8")
        return import_boards("rknn", path, catalog=self.catalog)

    def rows(self, board: str) -> dict[str, dict[str, str]]:
        with (self.catalog / "boards" / board / "measurements.csv").open() as stream:
            return {row["architecture"]: row for row in csv.DictReader(stream)}


@pytest.fixture
def tables(tmp_path: Path) -> Tables:
    return Tables(tmp_path)


def test_columns_become_boards_and_one_of_two_chips_two(tables: Tables, run: Run) -> None:
    found = tables.bring_in()
    assert found.boards == (
        "rk3566-npu.rknn",
        "rk3568-npu.rknn",
        "rk3588-npu.single-core.rknn",
        "rv1109-npu.rknn",
    )
    assert (found.rows, found.networks, found.identified) == (23, 7, 0)
    assert run("catalog", "check", "--catalog", tables.catalog).code == 0
    assert tables.rows("rk3566-npu.rknn") == tables.rows("rk3568-npu.rknn")
    opened = Catalog.open(tables.catalog)
    board = opened.board("rk3568-npu")
    assert board.note.endswith("One column is of RK3566 and RK3568; it does not say which ran.")
    assert opened.board("rk3588-npu").title == "Rockchip RK3588, NPU, single core"
    assert opened.source(board.source).licence == "Apache-2.0"


def test_rates_are_no_latencies_and_precisions_stand_in_cells(tables: Tables) -> None:
    tables.bring_in()
    row = tables.rows("rk3588-npu.single-core.rknn")["rknn:lprnet@24x94"]
    assert (row["throughput_fps"], row["latency_ms"], row["precision"]) == ("1586.4", "", "fp16")
    assert (row["runtime"], row["processor"], row["batch"]) == ("rknn", "npu", "1")
    row = tables.rows("rv1109-npu.rknn")["rknn:lprnet@24x94"]
    assert (row["throughput_fps"], row["precision"]) == ("30.6", "int8")


def test_networks_have_the_task_of_their_demonstration(tables: Tables) -> None:
    tables.bring_in()
    known = Catalog.open(tables.catalog).architecture
    assert known("rknn:resnet50-v2-7@224").task == "classification"
    assert known("rknn:yolov8s@640").task == "detection"
    assert known("rknn:yolov8s@640").family == "YOLO"
    assert known("rknn:clip_text@1x20").task == "text-image-retrieval"
    assert known("rknn:deeplab-v3@513").task == "segmentation"
    assert known("rknn:deeplab-v3@513").input_shape == (1, 513, 513)
    assert known("rknn:new_net@32").task == "unknown"


def test_what_is_left_out_is_counted_by_why(tables: Tables) -> None:
    found = tables.bring_in()
    assert found.left_out == {
        "another number of cells than the table has columns": 1,
        "real-time factors of sound, not rates": 2,
        "a network whose input is no shape": 3,
        "a network that the chip has already": 2,
        "a cell that cannot be read": 1,
        "not supported on the chip": 5,
    }
    line = TABLE[: TABLE.index("|new_demo")].count("\n") + 1
    assert f"line {line}, column RK3566 RK3568: 'soon'" in found.notes
    assert f"line {line + 1}: 3 cells, not 7" in found.notes


def test_detectors_are_chosen_by_what_the_user_states_of_them(tables: Tables) -> None:
    tables.bring_in()
    asked = {"board": "rk3588-npu", "task": "detection", "fps": 30, "catalog": tables.catalog}
    assert (best := advisor.pick(**asked).best) and best.accuracy_percent is None
    figures = {"rknn:yolov8n": 37.3, "rknn:yolov8s": 44.9}
    found = advisor.pick(**asked, accuracy_of=figures, quantised_loss=1.5).best
    assert found is not None
    assert found.architecture == "rknn:yolov8s@640"
    assert found.accuracy_percent is not None
    assert found.accuracy_percent.value == pytest.approx(43.4)
    assert found.mark == "unproven"


@pytest.mark.parametrize("text", ["", TABLE.replace("model_name", "name")])
def test_a_file_without_the_table_is_refused(tables: Tables, text: str) -> None:
    with pytest.raises(
        AdvisorError, match=r"line 1, column 1.*no table of frame rates.*model_name"
    ):
        tables.bring_in(text)
