"""Pages of Hailo's model zoo as boards: rates without latencies, accuracy in floats and as compiled."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import advisor
from advisor import AdvisorError
from advisor.catalog.importers.published import ImportedTable, import_boards
from advisor.catalog.store import Catalog
from tests.conftest import Run

COLUMNS = (
    "Network Name",
    "float {}",
    "Hardware {}",
    "FPS (Batch Size=1)",
    "FPS (Batch Size=8)",
    "Links",
    "Input Resolution (HxWxC)",
    "Params (M)",
    "OPS (G)",
)
LEGEND = """\
Link Legend
-----------

.. list-table::
   :widths: 25 75
   :header-rows: 1

   * - **Key / Icon**
     - **Description**
   * - **S**
     - Source
   * - **HEF, NV12, RGBX**
     - Compiled Models:
       - **HEF:** RGB format

|

"""


def table(data_set: str, columns: tuple[str, ...], *rows: str) -> str:
    """A table of networks as the pages have it, its rows with | between the cells."""
    lines = [
        data_set,
        "-" * max(4, len(data_set)),
        "",
        "|",
        "",
        ".. list-table::",
        "   :header-rows: 1",
        "",
    ]
    for row in ("|".join(columns), *rows):
        cells = row.split("|")
        lines += ["   ", f"   * - {cells[0]}", *(f"     - {each}" for each in cells[1:])]
    return "\n".join(lines) + "\n\n"


def page(title: str, *tables: str, version: str = "2.18.0") -> str:
    compiled = f"All models were compiled using Hailo Dataflow Compiler v{version}.\n"
    heads = f"Public Models\n=============\n\n{compiled}\n|\n\n{title}\n{'=' * len(title)}\n\n"
    return heads + LEGEND + "".join(tables)


def columns(metric: str) -> tuple[str, ...]:
    return tuple(each.format(metric).strip() for each in COLUMNS)


LINKS = "`S <https://github.com/x/y>`_ `HEF <https://z/hailo8/n.hef>`_\n         `PR <https://z/n.html>`_"
CLASSIFICATION = page(
    "Classification",
    table(
        "Imagenet",
        columns("Accuracy (top1)"),
        f"resnet_v1_18|71.3|71.1|2718|2718|{LINKS}|224x224x3|11.68|3.64",
        f"resnet_v1_50⭐|75.2|74.6|1329|1371|{LINKS}|224x224x3|25.53|6.98",
        f"swin_small|83.1|N/A|0||{LINKS}|224x224x3|49.6|17.5",
    ),
)
DETECTION = page(
    "Object Detection",
    table(
        "Coco",
        columns("mAP"),
        f"yolov8n|37.0|36.4|1036|1036|{LINKS}|640x640x3|3.2|8.74",
        f"yolov5m_wide|45|44.1|45.6|91|{LINKS}|368x1232x3, 368x1232x3|3.2|8.74",
    ),
)
POSE = page(
    "Single Person Pose Estimation",
    table("Coco", columns("AP"), f"vit_pose|72.0|70.2|100|200|{LINKS}|256x192x3|24.3|17.1"),
)
DEPTH = page(
    "Depth Estimation",
    table("Nyu", columns("RMSE"), f"scdepthv3|0.48|0.51|778|778|{LINKS}|256x320x3|14.8|10.7"),
)


class Pages:
    """A catalog folder, and pages to import into it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.catalog = folder / "public_models", folder / "catalog"

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def bring_in(self) -> ImportedTable:
        self.found = import_boards("hailo", self.folder, catalog=self.catalog)
        return self.found

    def rows(self, board: str) -> dict[tuple[str, str], dict[str, str]]:
        """The rows of a board by network and batch."""
        with (self.catalog / "boards" / board / "measurements.csv").open() as stream:
            return {(row["architecture"], row["batch"]): row for row in csv.DictReader(stream)}

    @property
    def accuracies(self) -> dict[tuple[str, str, str], tuple[str, str, float]]:
        """Of its boards, by network, precision and board: metric, data set and what it reaches."""
        own = {"", *(each.name for each in (self.catalog / "boards").iterdir())}
        return {
            (each.architecture, each.precision, each.board): (
                each.quality.metric,
                each.quality.data_set,
                each.accuracy_percent.value,
            )
            for each in Catalog.open(self.catalog).zoo.accuracies
            if each.name == "hailo" and each.board in own
        }


@pytest.fixture
def pages(tmp_path: Path) -> Pages:
    return Pages(tmp_path)


@pytest.fixture
def imported(pages: Pages) -> Pages:
    pages.write("HAILO8/HAILO8_classification.rst", CLASSIFICATION)
    pages.write("HAILO8/HAILO8_object_detection.rst", DETECTION)
    pages.write("HAILO8/HAILO8_single_person_pose_estimation.rst", POSE)
    pages.write("HAILO8/HAILO8_depth_estimation.rst", DEPTH)
    pages.write("HAILO8/HAILO8_notes_of_mine.txt", "no page")
    pages.bring_in()
    return pages


BOARD = "hailo-8.hailo-v2.18.0"


def test_pages_of_a_device_become_a_board(imported: Pages, run: Run) -> None:
    found = imported.found
    assert found.boards == (BOARD,)
    assert (found.rows, found.networks, found.identified) == (12, 6, 1)
    assert run("catalog", "check", "--catalog", imported.catalog).code == 0
    opened = Catalog.open(imported.catalog)
    board = opened.board("hailo-8")
    assert (board.name, board.weights, board.cost) == (BOARD, "hailo", "reported")
    assert board.title == "Hailo-8 (Hailo Dataflow Compiler v2.18.0)"
    source = opened.source(board.source)
    assert (source.version, source.licence) == ("v2.18.0", "MIT")
    assert source.sha256.startswith(source.key.removeprefix("hailo-"))


def test_a_rate_is_no_latency(imported: Pages) -> None:
    row = imported.rows(BOARD)["hailo:resnet_v1_50@224", "8"]
    assert (row["throughput_fps"], row["latency_ms"]) == ("1371", "")
    assert (row["runtime"], row["precision"], row["processor"]) == ("hailort", "int8-mixed", "npu")
    asked = advisor.pick(board=BOARD, fps=1000, catalog=imported.catalog)
    assert asked.best is not None
    assert (asked.best.architecture, asked.best.mark) == ("hailo:resnet_v1_50@224", "unproven")
    assert advisor.pick(board=BOARD, latency="1s", catalog=imported.catalog).best is None


def test_networks_are_the_catalogs_where_the_counts_agree(imported: Pages) -> None:
    rows = imported.rows(BOARD)
    assert ("tv:resnet18@224", "1") in rows
    known = Catalog.open(imported.catalog).architecture("hailo:resnet_v1_50@224")
    cost = known.cost("reported")
    assert cost and cost.params and cost.operations
    assert (cost.params.value, cost.operations.value) == (25.53e6, 6.98e9)
    # Of several inputs the first; height before width.
    network = Catalog.open(imported.catalog).architecture("hailo:yolov5m_wide@368x1232")
    assert network.input_shape == (3, 368, 1232)
    assert "hailo:vit_pose@256x192" in {name for name, _ in rows}


def test_accuracies_are_in_floats_and_as_compiled(imported: Pages) -> None:
    known = imported.accuracies
    assert known["tv:resnet18@224", "", ""] == ("top-1", "imagenet-1k", 71.3)
    assert known["tv:resnet18@224", "int8-mixed", BOARD] == ("top-1", "imagenet-1k", 71.1)
    assert known["hailo:yolov8n@640", "int8-mixed", BOARD] == ("mAP50-95", "coco", 36.4)
    assert known["hailo:vit_pose@256x192", "int8-mixed", BOARD] == ("AP", "coco", 70.2)
    # On the device it is the compiled network's, never that of floats.
    picked = advisor.pick(board=BOARD, accuracy=74, fps=1000, catalog=imported.catalog).best
    assert picked is not None
    assert picked.accuracy_percent is not None
    assert picked.accuracy_percent.value == 74.6
    assert advisor.pick(board=BOARD, accuracy=75, fps=1000, catalog=imported.catalog).best is None


def test_tasks_have_their_own_metric(imported: Pages) -> None:
    picked = advisor.pick(board=BOARD, task="detection", accuracy=30, catalog=imported.catalog).best
    assert picked is not None
    assert (picked.architecture, picked.quality.metric) == (
        "hailo:yolov5m_wide@368x1232",
        "mAP50-95",
    )
    opened = Catalog.open(imported.catalog)
    assert opened.architecture("hailo:vit_pose@256x192").task == "single-person-pose-estimation"
    assert opened.architecture("hailo:scdepthv3@256x320").task == "depth-estimation"


def test_what_is_left_out_is_counted_by_why(imported: Pages) -> None:
    found = imported.found
    assert found.left_out == {
        "no rate, or a rate of 0": 2,
        "accuracies in RMSE, of which less is better, or which is no percentage": 2,
    }


def test_versions_are_boards_and_wrong_pages_have_no_accuracies(pages: Pages) -> None:
    pages.write("v2/HAILO8L_object_detection.rst", DETECTION)
    newer = DETECTION.replace("v2.18.0", "v5.2.0")
    pages.write("v5/HAILO8L_object_detection.rst", newer)
    pages.write("v5/HAILO10H_object_detection.rst", newer.replace("36.4", "36.9"))
    found = pages.bring_in()
    older, wrong, other = (
        "hailo-8l.hailo-v2.18.0",
        "hailo-8l.hailo-v5.2.0",
        "hailo-10h.hailo-v5.2.0",
    )
    assert sorted(found.boards) == sorted([older, wrong, other])
    reason = "accuracies of a page that is known to have those of other networks"
    assert found.left_out == {reason: 4}
    boards = {board for _, _, board in pages.accuracies}
    assert boards == {"", older, other}
    assert pages.rows(wrong)["hailo:yolov8n@640", "1"]["throughput_fps"] == "1036"
    assert pages.accuracies["hailo:yolov8n@640", "int8-mixed", other][2] == 36.9


def test_other_columns_are_read_by_their_headings(pages: Pages) -> None:
    """A page of an older form: a column says a loss, and a table has fewer columns."""
    older = (
        "Public Pre-Trained Models\n=========================\n\n"
        "* All models were compiled using Hailo Dataflow Compiler v3.33.0\n\n"
        ".. _Object Detection 3D:\n\n-----------------------\n\nnuScenes 2019\n^^^^^^^^^^^^^\n\n"
        ".. list-table::\n   :header-rows: 1\n\n   * - Network Name\n     - float mAP\n"
        "     - Hardware Degradation\n     - FPS (Batch Size=1)\n     - Input Resolution (HxWxC)\n"
        "   * - petr |star|\n     - 25.9\n     - 2.3\n     - 12\n     - 12x250x1280\n"
        "   * - short\n     - 25.9\n"
    )
    path = pages.write("HAILO8L_object_detection_3d.rst", older)
    found = import_boards("hailo", path, catalog=pages.catalog)
    assert found.boards == ("hailo-8l.hailo-v3.33.0",)
    assert found.left_out == {
        "accuracies on hardware of which the column says a loss": 1,
        "another number of cells than its table has columns": 1,
    }
    assert found.notes == (
        "HAILO8L_object_detection_3d.rst, line 26: 'short' has 2 cells, its table 5 columns",
    )
    rows = pages.rows("hailo-8l.hailo-v3.33.0")
    assert [(name, row["throughput_fps"]) for (name, _), row in rows.items()] == [
        ("hailo:petr@12x250", "12")
    ]


def test_figures_that_no_catalog_can_have_are_refused_before_anything_is_written(
    pages: Pages,
) -> None:
    pages.write("HAILO8_object_detection.rst", DETECTION.replace("- 8.74", "- 8.74e8"))
    refused = r"operations '8740000.*' cannot become part of .*zoo.hailo-reported.csv"
    for dry_run in (True, False):
        with pytest.raises(AdvisorError, match=refused):
            import_boards("hailo", pages.folder, dry_run=dry_run, catalog=pages.catalog)
    assert not list(pages.catalog.rglob("*.csv"))
    pages.write("HAILO8_object_detection.rst", DETECTION.replace("1036", "1e999"))
    assert pages.bring_in().left_out == {"no rate, or a rate of 0": 2}


def test_what_is_no_page_is_refused(pages: Pages) -> None:
    path = pages.write("HAILO8_pose_estimation.rst", "Public Models\n=============\n")
    with pytest.raises(AdvisorError, match=r"line 1, column 1: found no networks .* Network Name"):
        pages.bring_in()
    path.rename(pages.folder / "index.rst")
    with pytest.raises(AdvisorError, match="no page of a device of Hailo's"):
        pages.bring_in()
    with pytest.raises(AdvisorError, match="the name of a page begins with its device"):
        import_boards("hailo", pages.folder / "index.rst", catalog=pages.catalog)


def test_the_same_pages_again_change_nothing(imported: Pages) -> None:
    """Accuracies in floats and on the chip had changed places."""
    before = {each: each.read_bytes() for each in imported.catalog.rglob("*") if each.is_file()}
    imported.bring_in()
    after = {each: each.read_bytes() for each in imported.catalog.rglob("*") if each.is_file()}
    assert after == before
