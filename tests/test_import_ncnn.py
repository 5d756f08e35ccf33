"""ncnn's table of benchmarks as boards: which they are, what their rows say, and what is left out."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import advisor
from advisor import AdvisorError
from advisor.catalog.importers.ncnn import device_in
from advisor.catalog.importers.outliers import outliers
from advisor.catalog.importers.published import ImportedTable, import_boards
from advisor.catalog.store import Catalog
from advisor.solve.candidates.candidate import Candidate
from tests.conftest import Run

GPU = "[0 A GPU]  queueC=0[1]  queueT=0[1]\n[0 A GPU]  fp16-p/s/a=1/1/0\n"


def settings(threads: int, powersave: int = 0, gpu: int = -1) -> str:
    return (
        f"loop_count = 8\nnum_threads = {threads}\npowersave = {powersave}\ngpu_device = {gpu}\n"
        "cooling_down = 1\n"
    )


def line(network: str, least: float, most: float, mean: float) -> str:
    return f"{network:>20}  min = {least:7.2f}  max = {most:7.2f}  avg = {mean:7.2f}\n"


TABLE = (
    "benchncnn can be used to test neural network inference performance\n\n"
    "### Raspberry Pi 5 Broadcom BCM2712, Cortex-A76 (ARMv8) (2.4GHz x 4)\n```\n"
    "user@board:~ $ ./benchncnn 10 4 0 -1 -1 >> text.out\n"
    + settings(4)
    + line("squeezenet", 6.74, 8.16, 6.9)
    + line("mobilenet", 9.0, 72.98, 33.9)
    + line("vgg16", 89.5, 92.25, 90.0)
    + line("vgg16_int8", 60.0, 61.0, 60.5)
    + line("yolov4-tiny", 44.45, 60.58, 46.29)
    + line("resnet_next", 1.0, 2.0, 1.5)
    + line("googlenet", 20.0, 22.0, 19.0)
    + line("vgg16", 70.0, 71.0, 70.5)
    + "\nuser@board:~ $ ./benchncnn 10 1 0 -1 -1\n"
    + settings(1)
    + line("vgg16", 188.84, 190.87, 189.63)
    + "```\n### Raspberry Pi 5 Broadcom BCM2712, VideoCore VII Graphics (Vulkan 1.2)\n```\n"
    + GPU
    + settings(4, gpu=0)
    + line("vgg16", 1776.0, 1776.66, 1776.4)
    + line("vgg16_int8", 134.1, 141.76, 136.32)
    + "```\n"
)


class Tables:
    """A catalog folder, and tables in ncnn's format to import into it."""

    def __init__(self, run: Run, folder: Path) -> None:
        self.run, self.folder, self.catalog = run, folder, folder / "catalog"

    def bring_in(self, text: str) -> ImportedTable:
        path = self.folder / "README.md"
        path.write_text(text, encoding="utf-8")
        return import_boards("ncnn", path, catalog=self.catalog)

    def boards(self, text: str) -> tuple[str, ...]:
        return self.bring_in(text).boards

    def rows(self, board: str) -> list[dict[str, str]]:
        with (self.catalog / "boards" / board / "measurements.csv").open() as stream:
            return list(csv.DictReader(stream))

    def row(self, board: str, network: str, **cells: str) -> dict[str, str]:
        (found,) = (
            each
            for each in self.rows(board)
            if each["architecture"] == network and cells.items() <= each.items()
        )
        return found

    def picked(self, board: str = "raspberry-pi-5.ncnn", **asked: object) -> dict[str, Candidate]:
        """What meets the limits, by network."""
        found = advisor.pick(board=board, catalog=self.catalog, **asked)
        return {each.architecture: each for each in (found.best, *found.alternatives) if each}


@pytest.fixture
def tables(run: Run, tmp_path: Path) -> Tables:
    return Tables(run, tmp_path)


def section(heading: str, *runs: str) -> str:
    return f"### {heading}\n```\n" + "\n".join(runs) + "```\n"


def test_a_section_becomes_a_board(tables: Tables) -> None:
    found = tables.bring_in(TABLE)
    assert found.boards == ("raspberry-pi-5.ncnn", "raspberry-pi-5.ncnn-2")
    assert (found.rows, found.networks, found.identified) == (7, 4, 1)
    assert tables.run("catalog", "check", "--catalog", tables.catalog).code == 0
    board = Catalog.open(tables.catalog).board("raspberry-pi-5.ncnn")
    assert board.title == "Raspberry Pi 5 Broadcom BCM2712, Cortex-A76 (ARMv8) (2.4GHz x 4)"
    assert (board.cost, board.weights) == ("reported", "")
    source = Catalog.open(tables.catalog).source(board.source)
    assert (source.repository, source.file) == (
        "https://github.com/Tencent/ncnn",
        "benchmark/README.md",
    )
    assert source.licence == "BSD-3-Clause"
    assert source.sha256.startswith(board.source.removeprefix("ncnn-"))


def test_a_row_says_the_shortest_run_and_the_longest(tables: Tables) -> None:
    tables.bring_in(TABLE)
    row = tables.row("raspberry-pi-5.ncnn", "ncnn:mobilenet@224")
    assert row["latency_statistic"] == "minimum"
    assert (row["latency_ms"], row["latency_min_ms"], row["latency_max_ms"]) == ("9", "9", "72.98")
    assert (row["runtime"], row["precision"], row["processor"]) == ("ncnn", "float", "cpu")
    assert (row["threads"], row["batch"], row["origin"]) == ("4", "1", "reported")
    # Its longest run takes more than 20 ms, so it is not sure to take less.
    assert "ncnn:mobilenet@224" not in tables.picked(latency="20ms")
    assert "ncnn:squeezenet@227" in tables.picked(latency="20ms")
    assert "ncnn:mobilenet@224" in tables.picked(latency="80ms")


def test_networks_are_the_catalogs_where_their_counts_agree(tables: Tables) -> None:
    tables.bring_in(TABLE)
    threads = {row["threads"] for row in tables.rows("raspberry-pi-5.ncnn") if "vgg16" in str(row)}
    assert threads == {"1", "4"}
    row = tables.row("raspberry-pi-5.ncnn", "tv:vgg16@224", threads="1")
    assert row["latency_ms"] == "188.84"
    opened = Catalog.open(tables.catalog)
    assert opened.identities.identity("ncnn:mobilenet@224") == "timm:mobilenetv1_100@224"
    assert opened.architecture("ncnn:yolov4-tiny@416").task == "detection"
    squeezenet = opened.architecture("ncnn:squeezenet@227").cost("reported")
    assert squeezenet and squeezenet.operations
    assert squeezenet.operations.value == 2 * 418467520


def test_quantised_networks_have_no_accuracy_of_floats(tables: Tables) -> None:
    tables.bring_in(TABLE)
    row = tables.row("raspberry-pi-5.ncnn", "tv:vgg16@224", precision="int8")
    assert row["latency_ms"] == "60"
    found = tables.picked(accuracy=71, objective="latency")
    assert list(found) == ["ncnn:mobilenet@224", "tv:vgg16@224"]
    picked = found["tv:vgg16@224"]
    assert (picked.precision, picked.threads) == ("float", 4)
    assert picked.accuracy_note == "taken over from fp32"


def test_what_is_left_out_is_counted_by_why(tables: Tables) -> None:
    found = tables.bring_in(TABLE + "  alexnet  min = 1.0.0  max = 2  avg = 1.5\n")
    assert found.left_out == {
        "a network that is not known here": 1,
        "min, avg and max contradict each other": 1,
        "a network that its run has already": 1,
        "of 8-bit integers on a GPU, before ncnn ran these there: they ran on the CPU": 1,
        "not a line of benchncnn's, min, max and avg in ms": 1,
    }
    number = TABLE.count("\n") + 1
    assert f"line {number}, column 3: 'alexnet  min = 1.0.0  max = 2  avg = 1.5'" in found.notes
    assert "unknown here: resnet_next, 1 rows" in found.notes


def test_quantised_rows_of_gpus_count_once_ncnn_runs_them_there(tables: Tables) -> None:
    run = GPU + settings(1, gpu=0) + line("vgg16_int8", 5.0, 6.0, 5.5)
    assert tables.boards(section("NVIDIA RTX3090 [2026-06-20]", run)) == ("rtx-3090.ncnn-2026-06",)
    with pytest.raises(AdvisorError, match="no board is left of the table"):
        tables.boards(section("NVIDIA RTX3090 [2026-05-20]", run))


def test_without_a_gpu_the_cpu_ran_whatever_was_asked(tables: Tables) -> None:
    run = settings(2, gpu=0) + line("vgg16", 900.0, 950.0, 930.0)
    (board,) = tables.boards(section("AXERA AX620A (Cortex-A7 1.0GHz * 4)", run))
    assert tables.row(board, "tv:vgg16@224")["processor"] == "cpu"


def test_processors_of_one_section_are_variants_of_one_board(tables: Tables) -> None:
    runs = (
        settings(1) + line("vgg16", 10.0, 11.0, 10.5),
        GPU + settings(1, gpu=0) + line("vgg16", 5.0, 6.0, 5.5),
    )
    (board,) = tables.boards(section("NVIDIA Jetson Orin Nano", *runs))
    assert board == "jetson-orin-nano.ncnn"
    assert {row["processor"]: row["latency_ms"] for row in tables.rows(board)} == {
        "cpu": "10",
        "gpu": "5",
    }
    assert Catalog.open(tables.catalog).board(board).accelerator == "A GPU"


def test_cores_are_a_mode_where_there_are_several_kinds(tables: Tables) -> None:
    runs = [settings(4, powersave) + line("vgg16", 9.0, 9.5, 9.1) for powersave in (0, 1, 2)]
    several = section("Rockchip RK3588 (Cortex-A76 2.4GHz x 4 + Cortex-A55 1.8GHz x 4)", *runs)
    assert tables.boards(several) == (
        "rk3588.ncnn",
        "rk3588.little-cores.ncnn",
        "rk3588.big-cores.ncnn",
    )
    # Of one kind, the same was run three times, each a board of its own.
    again = [
        settings(4, powersave)
        + "".join(line(each, least, 10.0, 9.95) for each in ("alexnet", "vgg16"))
        for powersave, least in ((0, 9.0), (1, 9.9), (2, 9.0))
    ]
    alike = section("Loongson 3A4000 (GS464V 1.8GHz * 4 with MSA128)", *again)
    assert tables.boards(alike) == (
        "loongson-3a4000.ncnn",
        "loongson-3a4000.ncnn-2",
        "loongson-3a4000.ncnn-3",
    )
    # Four pairs are too few to say how far another run is off; twelve are not.
    opened = Catalog.open(tables.catalog)
    assert opened.source(opened.board("loongson-3a4000.ncnn").source).reproducibility is None
    tables.bring_in(
        alike.replace("Loongson 3A4000", "One") + alike + alike.replace("3A4000", "3A5000")
    )
    opened = Catalog.open(tables.catalog)
    source = opened.source(opened.board("loongson-3a4000.ncnn").source)
    assert source.reproducibility == pytest.approx(0.1)
    assert "12 pairs in this table" in source.evidence


def test_the_section_and_its_date_are_part_of_a_boards_name(tables: Tables) -> None:
    run = settings(1) + line("vgg16", 9.0, 9.5, 9.1)
    azure = (
        "### Microsoft Azure Standard D64s v6 Instance\n\n- OS: Debian 12\n"
        "- ncnn version tag: 20260113\n\n**Results (With AVX512)**\n" + run + "\n"
        "**Results (Without AVX512)**\n" + run
    )
    assert tables.boards(azure) == (
        "azure-d64s-v6.with-avx512.ncnn-2026-01",
        "azure-d64s-v6.without-avx512.ncnn-2026-01",
    )
    board = Catalog.open(tables.catalog).board("azure-d64s-v6.with-avx512.ncnn-2026-01")
    assert (board.date, board.software) == ("2026-01", "OS: Debian 12")
    overclocked = "Raspberry Pi 5 Broadcom BCM2712 Overclock to 2.9Ghz, VideoCore VII (Vulkan 1.2)"
    assert tables.boards(section(overclocked, run)) == ("raspberry-pi-5.overclocked.ncnn",)
    gpus = "[0 One]  fp16\n[1 Other]  fp16\n"
    two = (gpus + settings(1, gpu=gpu) + line("vgg16", 9.0, 9.5, 9.1) for gpu in (0, 1))
    assert tables.boards(section("MacBook Pro (15-inch, 2019) - 2.6GHz", *two)) == (
        "macbook-pro-15-2019.ncnn",
        "macbook-pro-15-2019.gpu-1.ncnn",
    )


@pytest.mark.parametrize(
    ("heading", "device"),
    [
        (
            "Raspberry Pi 3 Model B+ Broadcom BCM2837B0, Cortex-A53 (1.4GHz x 4)",
            "raspberry-pi-3-model-b",
        ),
        ("Raspberry Pi 500, Cortex-A76 (2.4GHz x 4)", "raspberry-pi-500"),
        ("Qualcomm SM8750-AB Snapdragon 8 Elite (4.3 GHz x 2)", "snapdragon-8-elite"),
        ("NVIDIA GeForce RTX 4060 of Desktop[2024-10-12]", "geforce-rtx-4060"),
        ("Khadas VIM3, Amlogic A311D (Cortex-A73 2.2GHz x 4)", "khadas-vim3"),
        ("Intel(R) Core(TM) Ultra 7 155H", "core-ultra-7-155h"),
        ("(2.4GHz x 4)", "unknown"),
    ],
)
def test_a_device_that_is_not_known_is_called_after_its_heading(
    tables: Tables, heading: str, device: str
) -> None:
    assert device_in(heading) == device
    found = tables.bring_in(section(heading, settings(1) + line("vgg16", 9.0, 9.5, 9.1)))
    assert [each.split(".")[0] for each in found.boards] == [device]
    assert any(f"called {device}" in note for note in found.notes)


def test_only_some_boards_and_a_dry_run(tables: Tables) -> None:
    path = tables.folder / "README.md"
    path.write_text(TABLE)
    asked = ("import", "ncnn", path, "--catalog", tables.catalog)
    dry = tables.run(*asked, "--dry-run")
    assert (dry.code, dry.err) == (0, "")
    assert "would make 2 boards of 7 rows, 4 networks (1 of them known to the catalog)" in dry.out
    assert "left out: 1 row: a network that is not known here" in dry.out
    assert not tables.catalog.exists()
    ran = tables.run(*asked, "--only", "*-2")
    assert ran.code == 0, ran.err
    assert [each.name for each in (tables.catalog / "boards").iterdir()] == [
        "raspberry-pi-5.ncnn-2"
    ]
    assert tables.run(*asked, "--only", "jetson*").code == 2


@pytest.mark.parametrize("text", ["", "# benchmark\n", "### A board\nmin and avg below\n"])
def test_a_file_without_results_is_refused(tables: Tables, text: str) -> None:
    with pytest.raises(AdvisorError, match=r"README.md, line 1.*no results.*min = ... max"):
        tables.bring_in(text)


def test_a_run_that_does_not_say_its_threads_is_left_out(tables: Tables) -> None:
    runs = ("loop_count = 8\ngpu_device = -1\n", settings(0), settings(2))
    text = section("A board", *(run + line("vgg16", 9.0, 9.5, 9.1) for run in runs))
    found = tables.bring_in(text + section("None", settings(1)))
    assert (found.boards, found.rows) == (("a-board.ncnn",), 1)
    assert found.left_out == {"no number of threads and no processor said": 2}


def test_a_board_needs_a_name_that_a_catalog_can_have(tables: Tables) -> None:
    run = settings(1) + line("vgg16", 9.0, 9.5, 9.1)
    with pytest.raises(AdvisorError, match="a board cannot be called"):
        tables.bring_in(section("Board " + 100 * "x", run))
    assert not (tables.catalog / "boards").exists()


# --- figures that are far from the like

NETWORKS = ("alexnet", "googlenet", "resnet18", "resnet50", "shufflenet", "squeezenet", "vgg16")


def test_figures_far_from_those_of_like_settings_stand_out() -> None:
    cells = [
        ("cpu", setting, network, (1 + setting) * (2.0 + place) ** (1 + 0.02 * setting))
        for setting in range(9)
        for place, network in enumerate(NETWORKS)
    ]
    assert outliers(cells) == {}
    spoilt = list(cells)
    spoilt[10] = (*cells[10][:3], 3 * cells[10][3])
    spoilt[20] = (*cells[20][:3], cells[20][3] / 4)
    assert outliers(spoilt) == {10: pytest.approx(3.0, rel=0.1), 20: pytest.approx(0.25, rel=0.1)}
    # Too few settings to say anything, and others of another kind.
    assert outliers(spoilt[:21]) == {}


def test_rows_that_stand_out_are_marked_and_never_sure(tables: Tables) -> None:
    text = ""
    for board in range(9):
        figures = [
            (network, (1 + board) * (10.0 + 5 * place)) for place, network in enumerate(NETWORKS)
        ]
        figures[-1] = ("vgg16", figures[-1][1] / (3 if board == 4 else 1))
        lines = (line(network, least, 1.1 * least, least) for network, least in figures)
        text += section(f"Board {board}", settings(1) + "".join(lines))
    found = tables.bring_in(text)
    assert any(note.startswith("1 rows are off by more than 2 times") for note in found.notes)
    row = tables.row("board-4.ncnn", "tv:vgg16@224")
    assert row["verdict"] == "outlier: 0.33 times what it takes in like ways"
    assert {each.get("verdict", "") for each in tables.rows("board-3.ncnn")} == {""}
    for name, mark in (("board-4.ncnn", "unproven"), ("board-3.ncnn", "sure")):
        assert tables.picked(name, accuracy=71, latency="900ms")["tv:vgg16@224"].mark == mark
