"""Tables of the user's own as boards: read where that is unambiguous, refused with every fault otherwise."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import advisor
from advisor import AdvisorError
from advisor.catalog.csv_table import Table
from advisor.catalog.entries import read_sources
from advisor.catalog.importers.board_files import read_back
from advisor.catalog.importers.imported import ImportedBoard, import_table
from advisor.catalog.records import Measurements
from advisor.catalog.store import Catalog
from advisor.errors import BrokenFileError
from tests.conftest import Run


def imported(tmp_path: Path, content: str | bytes, *columns: str, **options: Any) -> ImportedBoard:
    """A table as the board `mine`, whose catalog a check then accepts."""
    path = tmp_path / "mine.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    catalog = tmp_path / "catalog"
    board = import_table("csv", path, "mine", columns=columns, catalog=catalog, **options).board
    assert board is not None
    assert not advisor.check_catalog(catalog).faults
    return board


def table_of(tmp_path: Path) -> Measurements:
    catalog = Catalog.open(tmp_path / "catalog")
    return catalog.measurements(catalog.board("mine"))


def faults_of(tmp_path: Path, content: str, *columns: str) -> list[tuple[int, str]]:
    """The line and column of every fault for which a table is refused; nothing is written then."""
    with pytest.raises(BrokenFileError) as refused:
        imported(tmp_path, content, *columns)
    assert not (tmp_path / "catalog").exists()
    return [(fault.line, fault.column) for fault in refused.value.faults]


HEADER = "architecture,batch,latency_ms\n"


@pytest.mark.parametrize(
    ("content", "latencies"),
    [
        ("architecture;batch;latency_ms\nresnet-18;1;5,1\nresnet-50;8;1.030,2\n", [5.1, 1030.2]),
        ("architecture\tbatch\tlatency_ms\nresnet-18\t1\t5.1\n", [5.1]),
        ("sep=;\narchitecture;batch;latency_ms\nresnet-18;1;5,1\n", [5.1]),
        ("# made by bench 1.2\n\n" + HEADER + "resnet-18,1,5.1\n# end\n", [5.1]),
        (HEADER.upper() + "resnet-18,1,5.1\n", [5.1]),
        ((HEADER + "resnet-18,1,5.1\n").encode("utf-16"), [5.1]),
        (HEADER + 'resnet-18,1,"5,1"\nresnet-50,1,"12,25"\n', [5.1, 12.25]),
        (HEADER + 'resnet-18,1,"1,005.5"\nresnet-50,1,"1,205"\n', [1005.5, 1205.0]),
        (HEADER + "resnet-18,1,5.1 ms\nresnet-50,1.0,0.0123s\n", [5.1, 12.3]),
        ("Network,Batch Size,Latency (us)\nresnet-18,1,5100\n", [5.1]),
        (",Model,Median [s],Note\n0,resnet-18,0.0051,x\n", [5.1]),
        (HEADER + "resnet-18,1,5.1\nresnet-50,1,10\nTotal,,15.1\nmean,,7.55\n", [5.1, 10.0]),
        (HEADER.strip() + ",\nresnet-18,1,5.1,\n", [5.1]),
    ],
)
def test_tables_are_read_as_people_and_spreadsheets_write_them(
    tmp_path: Path, content: str | bytes, latencies: list[float]
) -> None:
    imported(tmp_path, content)
    assert table_of(tmp_path).latency_ms.values.value.tolist() == pytest.approx(latencies)


def test_what_is_assumed_is_said(run: Run, tmp_path: Path) -> None:
    board = imported(tmp_path, "model;latency (ms);price\nresnet-18;5,1;9\n")
    assert board.assumed == {
        "runtime": "unknown",
        "precision": "unknown",
        "batch": "1",
        "latency_statistic": "median",
    }
    assert board.notes == (
        "cells are taken apart at semicolons",
        "a comma is read as the mark before decimals",
        "not read: 'price'",
    )
    ran = run(
        *("import", "csv", tmp_path / "mine.csv", "--board", "other"),
        *("--catalog", tmp_path / "catalog"),
    )
    assert "precision taken as unknown" in ran.out
    assert "--map precision==fp32" in ran.out
    assert "not read: 'price'" in ran.out


@pytest.mark.parametrize(
    ("heading", "latency_ms"),
    [("ms", 5.0), ("time (ms)", 5.0), ("latency [ms]", 5.0), ("inference ms", 5.0), ("MS", 5.0)],
)
def test_a_time_in_milliseconds_by_whatever_name_is_a_latency(
    tmp_path: Path, heading: str, latency_ms: float
) -> None:
    imported(tmp_path, f"model,{heading},fps\nresnet-18,5,200\n")
    assert table_of(tmp_path).latency_ms.values.value.tolist() == [latency_ms]


@pytest.mark.parametrize("heading", ["forward ms", "run time", "elapsed (sec)"])
def test_a_time_that_is_not_read_is_said_with_its_cure(tmp_path: Path, heading: str) -> None:
    notes = imported(tmp_path, f"model,{heading},fps\nresnet-18,5,200\n").notes
    assert any(heading in note and "--map latency_ms=" in note for note in notes)


@pytest.mark.parametrize("skip_bad", [False, True])
def test_a_column_without_a_unit_is_cured_by_a_map(tmp_path: Path, skip_bad: bool) -> None:
    content = "model,latency\nresnet-18,12\nresnet-50,30\n"
    with pytest.raises(BrokenFileError, match="--map latency_ms=latency:ms") as refused:
        imported(tmp_path, content, skip_bad=skip_bad)
    assert "--skip-bad" not in str(refused.value)
    imported(tmp_path, content, "latency_ms=latency:ms")
    assert table_of(tmp_path).latency_ms.values.value.tolist() == [12.0, 30.0]


def test_every_fault_is_said_at_once_by_the_line_of_the_file(tmp_path: Path) -> None:
    content = (
        "# a comment\n" + HEADER + "resnet-18,1,5.1\n"
        "resnet-50,1,fast\n"
        "resnet-34,x,-2\n"
        "vgg-16,1,inf\n"
        "\n"
        "vgg-19,1,N/A\n"
        "resnet-18,1,5.3\n"
        "alexnet,1.5,2\n"
        "??,1,2\n"
        "resnet-101,1\n"
    )
    assert faults_of(tmp_path, content) == [
        (4, "latency_ms"),
        (5, "batch"),
        (5, "latency_ms"),
        (6, "latency_ms"),
        (8, "latency_ms"),
        (9, "architecture"),
        (10, "batch"),
        (11, "architecture"),
        (12, ""),
    ]


def test_bad_rows_are_left_out_and_counted_where_that_is_asked(tmp_path: Path) -> None:
    content = HEADER + "resnet-18,1,5.1\nresnet-50,1,fast\nvgg-16,1,\nresnet-18,1,6\n"
    board = imported(tmp_path, content, skip_bad=True)
    assert (board.rows, dict(board.left_out)) == (1, {"that cannot be read": 3})
    assert table_of(tmp_path).latency_ms.values.value.tolist() == [5.1]
    with pytest.raises(AdvisorError, match="found nothing; expected a latency"):
        imported(tmp_path, HEADER + "vgg-16,1,\n", skip_bad=True)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (HEADER + 'resnet-18,1,"1,205"\n', "1205 or 1.205, since nothing in the table shows"),
        (HEADER + 'resnet-18,1,5.25\nresnet-50,1,"5,1"\n', "a number with one kind of decimal"),
        ("model,latency\nresnet-18,5.1\n", "write it like '33 ms'"),
        ("model,latency (ms),median_ms\nresnet-18,5.1,5\n", "one of them as latency_ms"),
        ("model,seconds\nresnet-18,5.1\n", "latencies or frame rates"),
        ("latency_ms\n5.1\n", "no column of networks"),
        ("model,latency_ms,model\nresnet-18,5,x\n", "the column 'model' twice"),
        (HEADER + "resnet-18,1,5.1 A\n", "accepted units"),
        (HEADER + "resnet-18,1,~5\n", "a time like"),
    ],
)
def test_what_could_mean_several_things_is_refused(tmp_path: Path, content: str, said: str) -> None:
    with pytest.raises(AdvisorError) as refused:
        imported(tmp_path, content)
    assert said in str(refused.value)
    assert not (tmp_path / "catalog").exists()


def test_frame_rates_stay_frame_rates(tmp_path: Path) -> None:
    imported(tmp_path, "network,fps,batch\nresnet-18,120,1\nresnet-50,60 FPS,8\n")
    table = table_of(tmp_path)
    assert table.throughput_fps.values.value.tolist() == [120.0, 60.0]
    assert all(map(math.isnan, table.latency_ms.values.value))
    found = advisor.pick(board="mine", catalog=tmp_path / "catalog", fps=100).best
    assert found is not None
    assert (found.architecture, found.batch_latency_ms) == ("resnet-18", None)


def test_statistics_variants_and_powers_are_kept(tmp_path: Path) -> None:
    imported(
        tmp_path,
        "model,framework,dtype,compute unit,threads,mean (ms),min_ms,max_ms,p90_ms,board_power (mW),"
        "net power [W],Memory (GiB),Model size (kB)\n"
        "resnet-18,TFLite v2.5 (ruy),INT8,CPU,4,5.5,5,9,6,4200,2.5,0.5,11800\n"
        "resnet-18,TFLite v2.5 (ruy),,DLA,,5.5,5,9,,,,,\n",
    )
    table = table_of(tmp_path)
    assert [tuple(table.variant(row)) for row in (0, 1)] == [
        ("TFLite-v2.5-ruy", "int8", "cpu", 4),
        ("TFLite-v2.5-ruy", "unknown", "npu", 0),
    ]
    assert table.latency_statistic.at(0) == "mean"
    assert (table.latency_ms.values.value[0], table.latency_min_ms[0]) == (5.5, 5.0)
    assert (table.latency_max_ms[0], table.latency_p90_ms[0]) == (9.0, 6.0)
    assert table.gross_power_w.values.value[0] == 4.2
    assert table.net_power_w.values.value[0] == 2.5
    assert table.memory_mb.values.value[0] == pytest.approx(536.87)
    assert table.file_size_mb.values.value[0] == pytest.approx(11.8)


def test_no_precision_is_unknown_and_has_no_accuracy(tmp_path: Path) -> None:
    imported(
        tmp_path,
        "architecture,precision,latency_ms\nresnet-18,,5\nresnet-34,N/A,6\nresnet-50,FP16,7\n",
    )
    assert table_of(tmp_path).precision.tolist() == ["unknown", "unknown", "fp16"]
    catalog = tmp_path / "catalog"
    answer = advisor.pick(board="mine", catalog=catalog, weights="paper", accuracy=60, top=9)
    assert {each.architecture for each in answer.candidates} == {"resnet-50"}


def test_out_of_memory_is_a_result(tmp_path: Path) -> None:
    imported(tmp_path, HEADER + "resnet-18,1,5.1\nresnet-18,64,OOM\n")
    assert table_of(tmp_path).status.tolist() == ["ok", "does_not_fit"]


def test_a_map_states_columns_words_and_what_all_rows_have(tmp_path: Path) -> None:
    content = "net id,t50,quantised\nresnet-18,0.0051,True\nresnet-18,0.009,False\n"
    said = (
        "network=net id",
        "latency=t50:s",
        "precision=quantised",
        "precision:True=int8",
        "precision:False=fp32",
        "runtime==tflite",
        "processor==cpu",
    )
    imported(tmp_path, content, *said)
    table = table_of(tmp_path)
    variants = [tuple(table.variant(row))[:3] for row in (0, 1)]
    assert variants == [("tflite", "int8", "cpu"), ("tflite", "fp32", "cpu")]
    file = tmp_path / "map.yaml"
    pairs = (pair.replace("=", ": ", 1) for pair in said)
    file.write_text("# of our bench\n" + "\n".join(pairs) + "\n")
    again = imported(tmp_path, content, str(file))
    assert [each[:3] for each in again.variants] == [
        ("tflite", "fp32", "cpu"),
        ("tflite", "int8", "cpu"),
    ]
    file.write_text("latency_ms: t50:fortnights\nprecison: quantised\nbatch: [1]\n")
    with pytest.raises(BrokenFileError) as refused:
        imported(tmp_path, content, str(file))
    assert [fault.line for fault in refused.value.faults] == [1, 2, 3]


def test_some_rows_of_a_table_of_many_boards(tmp_path: Path) -> None:
    content = "system,architecture,latency_ms\na,resnet-18,5\nb,resnet-18,9\n"
    board = imported(tmp_path, content, rows=["system=b"])
    assert dict(board.left_out) == {"that are not asked for": 1}
    assert table_of(tmp_path).latency_ms.values.value.tolist() == [9.0]
    with pytest.raises(AdvisorError, match="no column 'board'"):
        imported(tmp_path, content, rows=["board=b"])


TABLE = (
    "model,params (M),GMACs,input,latency_ms,board_power_w\n"
    "Tiny Net,1.5,0.25,160,5,4\n"
    "half_known,,,,7,\n"
    "resnet50,25.6,4.1,224,9,5\n"
    "resnet-18,3.3,,224,3,5\n"
)


def test_networks_that_are_new_come_with_what_the_table_says(tmp_path: Path) -> None:
    board = imported(tmp_path, TABLE)
    table = table_of(tmp_path)
    assert table.architecture.tolist() == [
        "Tiny-Net@160",
        "half_known@224",
        "tv:resnet50@224",
        "own:resnet-18@224",
    ]
    catalog = Catalog.open(tmp_path / "catalog")
    tiny, half = (catalog.architectures[name] for name in ("Tiny-Net@160", "half_known@224"))
    assert (tiny.input_shape, half.reported) == ((3, 160, 160), None)
    assert tiny.reported is not None
    assert tiny.reported.params is not None and tiny.reported.params.value == 1.5e6
    assert tiny.reported.operations is not None and tiny.reported.operations.value == 0.5e9
    assert tiny.reported.params.origin == "reported"
    other = catalog.architectures["own:resnet-18@224"].reported
    assert other is not None and other.params is not None and other.operations is None
    said = " ".join(board.notes)
    assert (
        "its params are 3.30M, and not 11.7M as resnet-18 has, so it is own:resnet-18@224" in said
    )
    assert "new to the catalog: Tiny-Net@160" in said
    assert "the input of 1 of them taken as 3x224x224" in said
    found = advisor.pick(board="mine", catalog=tmp_path / "catalog", params="5M", fps=100)
    assert {each.architecture for each in found.candidates} == {"Tiny-Net@160", "own:resnet-18@224"}
    again = imported(tmp_path, TABLE)
    assert not any("new to the catalog" in note for note in again.notes)
    assert (tmp_path / "catalog/architectures.yaml").read_text().count("Tiny-Net@160:") == 1


@pytest.mark.parametrize(
    ("cell", "shape"),
    [
        ("160", (3, 160, 160)),
        ("320x640", (3, 320, 640)),
        ("1x3x224x320", (3, 224, 320)),
        ("(1, 96, 96, 1)", (1, 96, 96)),
        ("3 x 299 x 299", (3, 299, 299)),
    ],
)
def test_inputs_are_read_in_every_order(
    tmp_path: Path, cell: str, shape: tuple[int, int, int]
) -> None:
    imported(tmp_path, f'model,input,latency_ms\nmy_net,"{cell}",5\n')
    (name,) = table_of(tmp_path).architecture.names
    assert Catalog.open(tmp_path / "catalog").architectures[name].input_shape == shape


def test_a_known_network_at_another_size_is_another_network(tmp_path: Path) -> None:
    imported(tmp_path, "model,input,latency_ms\nresnet-50.onnx,320,5\nresnet-50,224,3\n")
    assert table_of(tmp_path).architecture.tolist() == ["resnet-50@320", "resnet-50"]
    assert faults_of_input(tmp_path / "x", "resnet50@224,320") == [(2, "model")]


def faults_of_input(tmp_path: Path, row: str) -> list[tuple[int, str]]:
    tmp_path.mkdir()
    return faults_of(tmp_path, f"model,input,latency_ms\n{row},5\n")


def test_what_is_stated_of_a_board_and_edited_by_hand_survives_an_import(
    run: Run, tmp_path: Path
) -> None:
    content = HEADER.replace("\n", ",gross_power_w\n") + "resnet-18,1,5,4.3\n"
    (tmp_path / "mine.csv").write_text(content)
    command = ("import", "csv", tmp_path / "mine.csv", "--board", "mine")
    catalog = ("--catalog", tmp_path / "catalog")
    stated = ("--title", "My board", "--idle-power", "1.3 W", "--memory", "4 GB")
    scopes = ("--memory-scope", "process", "--power-scope", "whole board", "--weights", "paper")
    assert run(*command, *stated, *scopes, *catalog).code == 0
    assert run("catalog", "check", *catalog).code == 0
    known = Catalog.open(tmp_path / "catalog").board("mine")
    assert (known.title, known.memory_mb, known.weights) == ("My board", 4000.0, "paper")
    assert (known.memory_scope, known.power_scope) == ("process", "whole board")
    assert known.idle_power_w is not None and known.idle_power_w.origin == "declared"
    best = advisor.pick(board="mine", catalog=tmp_path / "catalog").best
    assert best is not None and best.net_power_w is not None
    assert best.net_power_w.value == pytest.approx(3.0)
    path = tmp_path / "catalog/boards/mine/board.yaml"
    edited = path.read_text().replace('"My board"', '"Kitchen"') + "# bought in May\ndate: 2025\n"
    path.write_text(edited)
    (tmp_path / "mine.csv").write_text(content + "resnet-50,1,9,5\n")
    assert run(*command, "--idle-power", "<= 2 W", *catalog).code == 0
    assert run("catalog", "check", *catalog).code == 0
    again = Catalog.open(tmp_path / "catalog").board("mine")
    assert (again.title, again.date, again.memory_mb) == ("Kitchen", "2025", 4000.0)
    assert "# bought in May" in path.read_text()
    assert again.idle_is_bound
    assert again.source != known.source
    ran = run(*command, "--memory", "4", *catalog)
    assert ran.code == 2
    assert "has no unit" in ran.err


REACHED = (
    "model,runtime,dtype,latency_ms,top1,accuracy_n,task,metric\n"
    "resnet-18,tflite,fp32,5,70.0,50000,,\n"
    "resnet-18,tflite,int8,3,67.5,50000,,\n"
    "resnet-18,tflite,w8a16,4,,,,\n"
    "mine,tflite,int8,2,60.25,,,\n"
)


def test_accuracies_hold_of_their_own_runtime_and_precision(tmp_path: Path) -> None:
    board = imported(tmp_path, REACHED)
    assert board.assumed["accuracy"] == "top-1 on imagenet-1k"
    answer = advisor.pick(board="mine", catalog=tmp_path / "catalog", top=9, all_batches=True)
    known = {
        (each.architecture, each.precision): each.accuracy_percent for each in answer.candidates
    }
    values = {key: each and (each.value, each.origin) for key, each in known.items()}
    assert values == {
        ("resnet-18", "fp32"): (70.0, "reported"),
        ("resnet-18", "int8"): (67.5, "reported"),
        ("resnet-18", "w8a16"): None,
        ("mine@224", "int8"): (60.25, "reported"),
    }
    of_images = known["resnet-18", "int8"]
    assert of_images is not None and of_images.low is not None
    assert 67.1 < of_images.low < 67.5
    assert Catalog.open(tmp_path / "catalog").board("mine").weights == "mine"
    path = tmp_path / "catalog/accuracy.csv"
    mine = "vgg-16,mine,classification,top-1,imagenet-1k,71,,,,,,,declared,advisor-count\n"
    path.write_text(path.read_text() + mine)
    imported(tmp_path, REACHED.replace("67.5", "66"), weights="of-may")
    assert mine in path.read_text()
    text = (tmp_path / "catalog/accuracy.csv").read_text()
    assert (text.count("resnet-18,of-may"), text.count("67.5")) == (2, 0)


def test_accuracies_as_shares_and_several_of_one_run_are_read_with_care(tmp_path: Path) -> None:
    content = "model,precision,batch,latency_ms,accuracy\nresnet-18,fp32,1,5,0.7\nresnet-18,fp32,8,30,0.69\n"
    board = imported(tmp_path, content)
    assert any("read as shares of 1" in note for note in board.notes)
    assert any("several accuracies" in note for note in board.notes)
    best = advisor.pick(board="mine", catalog=tmp_path / "catalog").best
    assert best is not None and best.accuracy_percent is not None
    assert best.accuracy_percent.value == 69.0


def test_a_table_of_another_task_is_told_in_its_metric(tmp_path: Path) -> None:
    imported(
        tmp_path,
        "model,task,mAP,fps,input,precision\nyolo-mini,object detection,31.5,40,320,int8\n",
        "accuracy=mAP",
    )
    answer = advisor.pick(board="mine", catalog=tmp_path / "catalog")
    assert answer.best is not None and answer.best.accuracy_percent is not None
    assert answer.best.accuracy_percent.value == 31.5
    assert Catalog.open(tmp_path / "catalog").architectures["yolo-mini@320"].task == "detection"


def test_an_empty_batch_is_asked_for_where_others_say_theirs(tmp_path: Path) -> None:
    assert faults_of(tmp_path, HEADER + "vgg-16,8,20\nresnet-18,,5\n") == [(3, "batch")]


@pytest.mark.parametrize(
    ("columns", "known", "new", "said"),
    [
        ("params,macs", "25.56,4.09", "3.5,0.3", "params is read in millions: resnet50 has 25.6M"),
        ("params (M),GMACs", "25.56,4.09", "3.5,0.3", ""),
        ("params,operations", "25557032,8.18e9", "3500000,600000000", ""),
        ("params,MACs", "25.56M,4090", "3.5M,300", "MACs is read in millions: resnet50 has 4.09G"),
    ],
)
def test_counts_without_a_unit_are_in_that_of_the_networks_that_are_known(
    tmp_path: Path, columns: str, known: str, new: str, said: str
) -> None:
    content = f"model,{columns},latency_ms\nresnet50,{known},9\nmine,{new},5\n"
    board = imported(tmp_path, content)
    assert table_of(tmp_path).architecture.tolist() == ["tv:resnet50@224", "mine@224"]
    cost = Catalog.open(tmp_path / "catalog").architectures["mine@224"].reported
    assert cost is not None and cost.params is not None and cost.operations is not None
    assert (cost.params.value, cost.operations.value) == (3.5e6, 0.6e9)
    assert said in " ".join(board.notes)
    assert bool(said) == any("is read in" in note for note in board.notes)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("model,params,latency_ms\nmine,25.56,5\n", "a number like 25.56, and nothing that says"),
        ("model,macs,latency_ms\nmine,300,5\n", "--map macs='macs:M'"),
        ("model,macs,latency_ms\n,300,5\n", "--map macs='macs:M'"),
        ("model,params,latency_ms\nresnet50,25.56,5\nresnet18,11689512,2\n", "several units"),
        (
            "model,params (M),latency_ms\nresnet50,25557032,5\n",
            "no numbers in M: resnet50 has 25.6M",
        ),
    ],
)
def test_counts_that_could_be_in_several_units_are_refused(
    tmp_path: Path, content: str, said: str
) -> None:
    with pytest.raises(BrokenFileError) as refused:
        imported(tmp_path, content)
    assert said in str(refused.value)
    assert not (tmp_path / "catalog").exists()
    with pytest.raises(BrokenFileError):
        imported(tmp_path, content, skip_bad=True)


def test_a_map_says_the_unit_of_counts(tmp_path: Path) -> None:
    imported(tmp_path, "model,size,latency_ms\nmine,25.56,5\n", "params=size:M")
    cost = Catalog.open(tmp_path / "catalog").architectures["mine@224"].reported
    assert cost is not None and cost.params is not None and cost.params.value == 25.56e6


def test_a_heading_says_the_unit_before_what_is_counted(tmp_path: Path) -> None:
    imported(tmp_path, "model,MParams,GFLOPs,latency_ms\nmine,3.5,0.3,5\n", "macs=GFLOPs")
    cost = Catalog.open(tmp_path / "catalog").architectures["mine@224"].reported
    assert cost is not None and cost.params is not None and cost.operations is not None
    assert (cost.params.value, cost.operations.value) == (3.5e6, 0.6e9)


@pytest.mark.parametrize(
    ("columns", "cells", "name"),
    [
        ("params (M)", "25.557", "tv:resnet50@224"),
        ("params (M)", "25.6", "tv:resnet50@224"),
        ("params (M)", "26", "tv:resnet50@224"),
        ("params (M)", "25.9", "own:resnet50@224"),
        ("GMACs", "4.1", "tv:resnet50@224"),
        ("GMACs", "4.25", "own:resnet50@224"),
        ("activations (M)", "11.5", "own:resnet50@224"),
        ("input", "1x1x224x224", "own:resnet50@224"),
    ],
)
def test_other_counts_are_of_another_network(
    tmp_path: Path, columns: str, cells: str, name: str
) -> None:
    board = imported(tmp_path, f"model,{columns},latency_ms\nresnet50,{cells},9\n")
    assert table_of(tmp_path).architecture.tolist() == [name]
    assert ("so it is own:resnet50@224" in " ".join(board.notes)) == (name[:3] == "own")


def test_either_figures_of_a_network_that_was_published_with_others_are_its(tmp_path: Path) -> None:
    content = "model,params,latency_ms\npaper:inception-v4,42.68M,9\npaper:alexnet,60.97M,3\n"
    board = imported(tmp_path, content)
    assert table_of(tmp_path).architecture.tolist() == ["inception-v4", "alexnet"]
    said = "what the table says of 2 networks that the catalog knows agrees with it"
    assert said in " ".join(board.notes)


def test_two_names_of_one_network_are_one_row_twice(tmp_path: Path) -> None:
    content = HEADER + "resnet-18,1,5.1\nresnet-50,1,9\nresnet18,1,5.3\n"
    assert faults_of(tmp_path, content) == [(4, "architecture")]
    imported(tmp_path, HEADER + "resnet-18,1,5.1\nResNet18,8,30\ntv:resnet18@224,16,60\n")
    assert table_of(tmp_path).architecture.tolist() == ["resnet-18"] * 3


def test_a_new_network_is_for_what_the_networks_of_its_name_are_for(tmp_path: Path) -> None:
    rows = "model,latency_ms\nyolov8n,12\nresnet18,8\nmine,9\n"
    notes = imported(tmp_path, rows).notes
    assert "for detection by its name: yolov8n@640 (--map task==... says another)" in notes
    described = Catalog.open(tmp_path / "catalog").architectures
    assert (described["yolov8n@640"].task, described["mine@224"].task) == (
        "detection",
        "classification",
    )


def test_a_detector_has_no_input_that_is_assumed_of_classifiers(tmp_path: Path) -> None:
    rows = "model,latency_ms,task\nyolov8n,12,\nmine,9,\nmy-det@320,7,detection\n"
    notes = imported(tmp_path, rows).notes
    for _ in range(2):
        assert sorted(table_of(tmp_path).architecture.tolist()) == [
            "mine@224",
            "my-det@320",
            "yolov8n@640",
        ]
        imported(tmp_path, rows)
    as_known = "the input of 1 of them taken as 3x640x640, as networks of their names have it"
    assert any(note.startswith(as_known) for note in notes)
    assert any("the input of 1 of them taken as 3x224x224" in note for note in notes)
    for name, said in (
        ("yolov3", "those that are known have 416 and 608"),
        ("det", "no usual one"),
    ):
        with pytest.raises(AdvisorError, match=f"unknown input of '{name}'.*detection: .*{said}"):
            imported(tmp_path, f"model,latency_ms,task\n{name},9,detection\n")


def test_only_classifiers_have_a_usual_input(tmp_path: Path) -> None:
    imported(
        tmp_path, "model,latency_ms,task\nyolov8n-seg,12,segmentation\nmine,3,classification\n"
    )
    assert sorted(table_of(tmp_path).architecture.tolist()) == ["mine@224", "yolov8n-seg@640"]
    for task in ("segmentation", "pose"):
        with pytest.raises(
            AdvisorError, match=f"unknown input of 'mynet'.* for {task}: .*mynet@640"
        ):
            imported(tmp_path, f"model,latency_ms,task\nmynet,9,{task}\n")


def test_two_spellings_of_a_new_network_are_one(tmp_path: Path) -> None:
    content = "model,batch,latency_ms\nMy Net,1,5\nmy_net,1,6\n"
    assert faults_of(tmp_path, content) == [(3, "model")]


def test_one_name_of_unlike_networks_is_refused(tmp_path: Path) -> None:
    content = "model,batch,params (M),latency_ms\nmine,1,3.5,5\nmine,2,3.51,9\nmine,4,2.1,12\n"
    with pytest.raises(BrokenFileError, match=r"its params are 2\.10M, and not 3.50M as mine@224"):
        imported(tmp_path, content)


def test_what_a_new_import_says_of_its_networks_replaces_what_the_last_one_said(
    tmp_path: Path,
) -> None:
    content = "model,params (M),latency_ms\nmine,3.5,5\nhers,,6\nresnet50,21,9\n"
    imported(tmp_path, content)
    path = tmp_path / "catalog/architectures.yaml"
    edited = path.read_text().replace('family: "mine"', 'family: "Tiny"')
    path.write_text(edited + "theirs@224:\n  family: x\n  input: 3x224x224\n  reference: a book\n")
    imported(tmp_path, content.replace("3.5", "3.6").replace("hers,,", "hers,7,"))
    found = Catalog.open(tmp_path / "catalog").described
    assert found["mine@224"].family == "Tiny"
    costs = {name: found[name].reported for name in ("mine@224", "hers@224", "own:resnet50@224")}
    params = [each and each.params and each.params.value for each in costs.values()]
    assert params == [3.6e6, 7e6, 21e6]
    sources = {each and each.params and each.params.source for each in costs.values()}
    assert sources == {Catalog.open(tmp_path / "catalog").board("mine").source}
    assert path.read_text().count("mine@224:") == 1


@pytest.mark.parametrize(
    ("heading", "why"),
    [
        ("power_w", "--map gross_power_w=... or --map net_power_w=..."),
        ("Avg power (mW)", "--map gross_power_w=..."),
        ("energy (mJ)", "the power that they follow from is"),
        ("GFLOPs", "some count a multiply and an add as one"),
    ],
)
def test_what_a_heading_leaves_open_is_left_out_with_what_to_do(
    tmp_path: Path, heading: str, why: str
) -> None:
    board = imported(tmp_path, f"model,latency_ms,{heading},power_mode\nresnet-18,5,4,MAXN\n")
    (said,) = (note for note in board.notes if repr(heading) in note)
    assert why in said
    assert "not read: 'power_mode'" in board.notes


def test_sources_that_nothing_names_any_more_go_with_the_import_that_wrote_them(
    tmp_path: Path,
) -> None:
    content = HEADER.replace("\n", ",params,top1\n") + "mine,1,5,3.5M,60\n"

    def sources() -> list[str]:
        return [*read_sources(path)]

    path = tmp_path / "catalog/sources.yaml"
    imported(tmp_path, content)
    (first,) = sources()
    mine = "# of mine\nimport-mine-00000000:\n  citation: a\n  read: b\n  error: c\n"
    path.write_text(mine + path.read_text())
    (tmp_path / "catalog/weights.csv").write_text(
        "architecture,weights,top1_percent,top1_low_percent,top1_high_percent,top5_percent,origin,source\n"
        f"vgg-16,own,70,,,,declared,{first}\n"
    )
    imported(tmp_path, content.replace("3.5M", "3.6M"))
    assert sources()[:2] == ["import-mine-00000000", first]
    (tmp_path / "catalog/weights.csv").unlink()
    imported(tmp_path, content.replace("3.5M", "3.7M"), idle_power="1 W")
    last = Catalog.open(tmp_path / "catalog").board("mine").source
    assert sources() == ["import-mine-00000000", last]
    assert path.read_text().startswith("# of mine\n")
    imported(tmp_path, content.replace("3.5M", "3.8M"))
    assert len(sources()) == 3, "idle power names the source by which it was stated"


def test_words_for_metrics_are_read_and_fractions_made_percentages(tmp_path: Path) -> None:
    content = (
        "model,input,precision,latency_ms,accuracy,metric\n"
        "net_a,224,int8,5,0.716,top-1 (fraction)\n"
        "net_b,224,int8,6,0.484,Top1 (fraction)\n"
    )
    board = imported(tmp_path, content)
    assert "accuracy is read as shares of 1" in board.notes
    rows = Catalog.open(tmp_path / "catalog").accuracies
    found = {each.architecture: (each.accuracy_percent.value, str(each.quality)) for each in rows}
    assert found["net_a@224"] == (71.6, "top-1 on imagenet-1k")
    assert found["net_b@224"] == (48.4, "top-1 on imagenet-1k")
    best = advisor.pick(board="mine", catalog=tmp_path / "catalog").best
    assert best is not None and best.architecture == "net_a@224"
    (tmp_path / "x").mkdir()
    assert faults_of(tmp_path / "x", content.replace("0.716", "71.6")) == [(2, "accuracy")]


def test_a_heading_says_that_accuracies_are_fractions(tmp_path: Path) -> None:
    content = (
        "model,input,precision,latency_ms,Top-1 accuracy (fraction)\n"
        "net_a,224,int8,5,0.716\n"
        "net_b,224,int8,6,0.484\n"
    )
    board = imported(tmp_path, content)
    assert "Top-1 accuracy (fraction) is read as shares of 1" in board.notes
    rows = Catalog.open(tmp_path / "catalog").accuracies
    found = {each.architecture: each.accuracy_percent.value for each in rows}
    assert (found["net_a@224"], found["net_b@224"]) == (71.6, 48.4)
    (tmp_path / "x").mkdir()
    wrong = content.replace("0.716", "71.6")
    assert faults_of(tmp_path / "x", wrong) == [(2, "Top-1 accuracy (fraction)")]


@pytest.mark.parametrize(
    ("column", "word"),
    [
        ("metric", "F1 score"),
        ("task", "classification(CIFAR-10)"),
        ("data_set", "CIFAR 10 (test)"),
        ("family", "Tiny nets"),
    ],
)
def test_words_that_no_catalog_can_have_are_refused_with_the_row(
    tmp_path: Path, column: str, word: str
) -> None:
    content = f"model,latency_ms,accuracy,{column}\nmine@224,5,70,\nhers@224,5,71,{word}\n"
    assert faults_of(tmp_path, content) == [(3, column)]
    imported(tmp_path, content, f"{column}:{word}=known")


@pytest.mark.parametrize(
    ("heading", "value"),
    [
        ("mAP50-95", 37.3),
        ("AP50-95", 37.3),
        ("mAP@0.5:0.95", 37.3),
        ("mAP@[.5:.95]", 37.3),
        ("mAP50-95 (%)", 37.3),
        ("metrics/mAP50-95(B)", 37.3),
        ("mAP", None),
        ("COCO mAP", None),
        ("mAP50", None),
        ("mAP@0.5", None),
    ],
)
def test_a_mean_average_precision_is_taken_where_its_heading_says_which(
    tmp_path: Path, heading: str, value: float | None
) -> None:
    board = imported(tmp_path, f"model,latency_ms,{heading}\nmine@640,5,37.3\n")
    of_mine = [
        (each.accuracy_percent.value, str(each.quality))
        for each in Catalog.open(tmp_path / "catalog").accuracies
        if each.architecture == "mine@640"
    ]
    assert of_mine == ([] if value is None else [(value, "mAP50-95 on coco")])
    if value is None:
        said = " ".join(board.notes)
        assert f"not read: {heading!r}" in said
        assert "--map accuracy=... with --map metric==mAP50-95" in said
    else:
        assert Catalog.open(tmp_path / "catalog").architectures["mine@640"].task == "detection"


def test_an_accuracy_at_a_small_input_is_not_taken_as_imagenets(tmp_path: Path) -> None:
    content = "model,input,latency_ms,top1\nlenet,32,1,98.2\nmine,224,5,70\n"
    board = imported(tmp_path, content)
    assert any("accuracy of lenet@32 is, is unknown" in note for note in board.notes)
    answer = advisor.pick(board="mine", catalog=tmp_path / "catalog", top=9)
    known = {each.architecture: each.accuracy_percent for each in answer.candidates}
    assert known["lenet@32"] is None
    assert known["mine@224"] is not None and known["mine@224"].value == 70
    imported(tmp_path, content, "data_set==imagenet-1k")
    best = advisor.pick(board="mine", catalog=tmp_path / "catalog").best
    assert best is not None and best.architecture == "lenet@32"


def test_a_top_5_accuracy_is_kept_by_itself_and_beside_a_top_1_accuracy(tmp_path: Path) -> None:
    content = "model,latency_ms,Top-1 Accuracy (%),Top-5 Accuracy (%)\nmine,5,70,89.5\n"
    imported(tmp_path, content)

    def of_mine() -> list[tuple[str, float, float | None]]:
        return [
            (
                each.quality.metric,
                each.accuracy_percent.value,
                each.top5_percent.value if each.top5_percent else None,
            )
            for each in Catalog.open(tmp_path / "catalog").accuracies
            if each.architecture == "mine@224"
        ]

    assert of_mine() == [("top-1", 70.0, 89.5)]
    imported(tmp_path, content.replace("Top-1", "Their"))
    assert of_mine() == [("top-5", 89.5, None)]


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("-2", "column latency_ms: '-2 ms' is negative; give a positive number"),
        ("2e10", "is too large; at most 1000000000 ms is accepted"),
        ("fast", "found 'fast'; expected a time like '33 ms'"),
        ("5 A", "'A' in '5 A' is no unit of a time; accepted units: s, ms"),
    ],
)
def test_what_is_wrong_with_a_cell_reads_as_english(tmp_path: Path, cell: str, said: str) -> None:
    with pytest.raises(BrokenFileError) as refused:
        imported(tmp_path, HEADER + f"resnet-18,1,{cell}\n")
    assert said in str(refused.value)
    assert "mine.csv, line 2" in str(refused.value)


def test_what_the_catalog_could_not_read_is_refused_before_anything_is_written(
    tmp_path: Path,
) -> None:
    content = HEADER.replace("\n", ",top1\n") + "resnet-18,1,5,70\n"
    imported(tmp_path, content)
    board = tmp_path / "catalog/boards/mine/board.yaml"
    board.write_text(board.read_text() + "idle_power: 4\n")
    files = [each for each in (tmp_path / "catalog").rglob("*") if each.is_file()]
    before = [each.read_bytes() for each in files]
    with pytest.raises(AdvisorError, match="expected a mapping for 'idle_power'"):
        imported(tmp_path, content.replace("70", "71"), weights="x")
    assert [each.read_bytes() for each in files] == before
    header = "architecture,weights,task,metric,data_set,value,origin,source\n"
    bad = header + "mine@224,mine,classification,top-1 (fraction),imagenet-1k,70,reported,x\n"
    with pytest.raises(AdvisorError, match=r"metric 'top-1 \(fraction\)' cannot .* nothing was"):
        read_back({tmp_path / "accuracy.csv": bad})


@pytest.mark.parametrize(
    ("content", "latencies"),
    [
        # Another cell of the column has another number of digits behind its dot.
        ("model;latency_ms;params\nmine;12.500;25.557.032\nhers;4.25;11.689.512\n", [12.5, 4.25]),
        ("model;latency_ms;params\nmine;12.500;25.557.032\nhers;0.250;11.689.512\n", [12.5, 0.25]),
        # A cell of the column has two dots.
        ("model;latency_ms\nmine;12.500\nhers;1.250.000\n", [12500, 1250000]),
        # Another column has decimals behind a comma, or behind a dot.
        ("model;latency_ms;gross_power_w\nmine;12.500;5,25\nhers;4.250;5,5\n", [12500, 4250]),
        ("model;latency_ms;gross_power_w\nmine;12.500;5.25\nhers;4.250;5.5\n", [12.5, 4.25]),
        # Commas stand between cells.
        ("model,latency_ms\nmine,12.500\nhers,4.250\n", [12.5, 4.25]),
    ],
)
def test_a_dot_before_three_digits_is_read_as_the_file_shows_it(
    tmp_path: Path, content: str, latencies: list[float]
) -> None:
    board = imported(tmp_path, content)
    assert table_of(tmp_path).latency_ms.values.value.tolist() == latencies
    comma = any(note.startswith("a comma is read") for note in board.notes)
    assert comma == ("5,25" in content)
    assert ("dots in latency_ms are read as between thousands" in board.notes) == (
        latencies[0] > 1000
    )
    params = Catalog.open(tmp_path / "catalog").architectures["mine@224"].reported
    if "params" in content:
        assert params is not None and params.params is not None
        assert params.params.value == 25_557_032


@pytest.mark.parametrize(
    "content",
    [
        "model,latency_ms,params\nmine,12.500,25.557.032\nhers,4.250,11.689.512\n",
        "model;latency_ms\nmine;12.500\nhers;4.250\n",
    ],
)
def test_a_dot_that_could_be_either_is_refused_with_both(tmp_path: Path, content: str) -> None:
    with pytest.raises(BrokenFileError, match=r"expected 12500 or 12\.500, since nothing") as said:
        imported(tmp_path, content)
    assert [fault.line for fault in said.value.faults] == [2, 3]
    assert not (tmp_path / "catalog").exists()


@pytest.mark.parametrize(
    "word", ["Mittelwert", "Gesamt:", "Durchschnitt", "Summe", "median", "Avg.", "ALL", "Sum (ms)"]
)
def test_sums_and_means_are_no_networks(tmp_path: Path, word: str) -> None:
    board = imported(tmp_path, HEADER + f"resnet-18,1,5.1\n{word},,7\nresnet-50,1,9\n{word},,14\n")
    assert table_of(tmp_path).latency_ms.values.value.tolist() == [5.1, 9.0]
    assert dict(board.left_out) == {"of a total or a mean": 2}


def test_either_of_several_cells_of_one_column_will_do(tmp_path: Path) -> None:
    rows = ("a,x,net-a@224,5", "b,x,net-b@224,9", "c,x,net-c@224,2", "b,y,net-d@224,1")
    content = "\n".join(("system,task,model,latency_ms", *rows)) + "\n"
    imported(tmp_path, content, rows=["system=a", "system=b", "task=x"])
    assert table_of(tmp_path).architecture.tolist() == ["net-a@224", "net-b@224"]


@pytest.mark.parametrize(
    "twice",
    [
        ("latency_ms=t1", "latency_ms=t2"),
        ("latency=t1", "latency_ms==5"),
        ("runtime==tflite", "framework==onnx"),
        ("precision:a=int8", "precision:a=fp16"),
    ],
)
def test_what_a_map_says_twice_is_refused(tmp_path: Path, twice: tuple[str, str]) -> None:
    with pytest.raises(AdvisorError, match="is stated twice"):
        imported(tmp_path, "model,t1,t2\nmine,5,6\n", *twice)


@pytest.mark.parametrize(
    ("heading", "cell", "shape"),
    [
        ("size", "192", (3, 192, 192)),
        ("Size", "320x640", (3, 320, 640)),
        ("image size", "160", (3, 160, 160)),
        ("resolution", "160", (3, 160, 160)),
        ("size", "98", (3, 224, 224)),
        ("size", "13.6 MB", (3, 224, 224)),
    ],
)
def test_a_size_is_an_input_where_it_looks_like_one(
    tmp_path: Path, heading: str, cell: str, shape: tuple[int, int, int]
) -> None:
    imported(tmp_path, f"model,{heading},latency_ms\nmy_net,{cell},5\n")
    (name,) = table_of(tmp_path).architecture.names
    assert Catalog.open(tmp_path / "catalog").architectures[name].input_shape == shape


def test_a_size_in_a_name_that_is_not_the_assumed_input_is_asked_about(tmp_path: Path) -> None:
    board = imported(tmp_path, HEADER + "my-net-1.0-192,1,5\nmy-net-1.0-224,1,5\nmy-net-50,1,4\n")
    (said,) = (note for note in board.notes if "its name says" in note)
    assert said.startswith("my-net-1.0-192: its name says 192") and "--map input=..." in said
    many = "".join(f"net-{size},1,5\n" for size in range(256, 400, 16))
    notes = imported(tmp_path, HEADER + many).notes
    assert sum("its name says" in note for note in notes) == 5
    assert "4 more names may say an input likewise" in notes


@pytest.mark.parametrize(
    ("header", "fps", "latency"),
    [
        ("Model name,Images/sec", 120.0, None),
        ("Model name,images per second", 120.0, None),
        ("Model name,Time (ms)", None, 120.0),
    ],
)
def test_usual_headings_are_ours(
    tmp_path: Path, header: str, fps: float | None, latency: float | None
) -> None:
    imported(tmp_path, f"{header}\nresnet-18,120\n")
    table = table_of(tmp_path)
    found = (table.throughput_fps.values.value[0], table.latency_ms.values.value[0])
    assert found == pytest.approx((fps or math.nan, latency or math.nan), nan_ok=True)


def test_a_table_without_our_columns_is_refused_with_their_names(tmp_path: Path) -> None:
    with pytest.raises(AdvisorError, match=r"OURS: architecture, .*latency_ms.*throughput_fps"):
        imported(tmp_path, "model,duration\nresnet-18,5\n")


def test_an_idle_power_above_gross_power_is_refused(tmp_path: Path) -> None:
    content = HEADER.replace("\n", ",gross_power_w\n") + "resnet-18,1,5,10\nresnet-50,1,9,25\n"
    with pytest.raises(BrokenFileError) as refused:
        imported(tmp_path, content, idle_power="20W")
    (fault,) = refused.value.faults
    assert (fault.line, fault.column) == (2, "gross_power_w")
    assert "gross power 10 W is not above the idle power, 20 W; write an idle" in str(refused.value)
    assert not (tmp_path / "catalog").exists()
    imported(tmp_path, content, idle_power="<= 20W")
    imported(tmp_path, content, idle_power="9W")


def test_net_power_is_unknown_where_a_board_is_said_to_draw_more_while_idle(
    tmp_path: Path,
) -> None:
    content = HEADER.replace("\n", ",gross_power_w\n") + "resnet-18,1,5,10\nresnet-50,1,9,25\n"
    imported(tmp_path, content, idle_power="9W")
    path = tmp_path / "catalog/boards/mine/board.yaml"
    path.write_text(path.read_text().replace('"9W"', '"20W"'))
    answer = advisor.pick(board="mine", catalog=tmp_path / "catalog", top=9)
    net = {each.architecture: each.net_power_w for each in answer.candidates}
    assert net["resnet-18"] is None
    assert net["resnet-50"] is not None and net["resnet-50"].value == 5
    (fault,) = advisor.check_catalog(tmp_path / "catalog").faults
    assert "an idle power of 20 W, which the gross power of a row is not above" in str(fault)
    (tmp_path / "mine.csv").write_text(content)
    again = import_table("csv", tmp_path / "mine.csv", "mine", catalog=tmp_path / "catalog").board
    assert again is not None
    assert any("the net power of a row is unknown" in note for note in again.notes)


def test_rates_that_contradict_latencies_are_called_suspicious(tmp_path: Path) -> None:
    content = (
        "model,batch,latency_ms,fps\n"
        "resnet-18,1,12.5,10000\n"
        "resnet-34,1,2.94,1329\n"
        "resnet-50,8,80,100\n"
        "vgg-16,1,10,5\n"
    )
    board = imported(tmp_path, content)
    (said,) = (note for note in board.notes if note.startswith("suspicious"))
    assert "line 2: 10000 fps beside 12.5 ms at batch 1; line 5: 5 fps beside 10 ms" in said
    verdicts = table_of(tmp_path).verdict.tolist()
    assert [each.partition(":")[0] for each in verdicts] == ["suspicious", "", "", "suspicious"]


def test_a_mean_above_the_99th_percentile_is_refused(tmp_path: Path) -> None:
    content = "model,mean_latency_ms,p99_ms\nresnet-18,12,9\nresnet-50,8,9\n"
    assert faults_of(tmp_path, content) == [(2, "p99_ms")]


@pytest.mark.parametrize(
    ("word", "task", "compared"),
    [
        ("mAP", "detection", False),
        ("mAP50", "detection", False),
        ("AP", "detection", False),
        ("AP", "pose", True),
        ("mAP@0.5:0.95", "", True),
        ("AP50-95", "detection", True),
    ],
)
def test_a_metric_that_its_task_does_not_go_by_is_said(
    tmp_path: Path, word: str, task: str, compared: bool
) -> None:
    board = imported(
        tmp_path, f"model,latency_ms,accuracy,metric,task\nmine@640,5,37.3,{word},{task}\n"
    )
    said = [note for note in board.notes if "are not compared" in note]
    assert bool(said) != compared
    if said:
        assert f"metric:{word}=mAP50-95" in said[0]
    best = advisor.pick(board="mine", catalog=tmp_path / "catalog").best
    assert best is not None
    assert (best.accuracy_percent is not None) == compared


def test_a_top_5_accuracy_below_the_top_1_accuracy_is_refused(tmp_path: Path) -> None:
    content = "model,latency_ms,top1,top5\nmine,5,70,60\nhers,5,60,70\n"
    assert faults_of(tmp_path, content) == [(2, "top5")]


def test_the_name_of_accuracies_goes_with_them(tmp_path: Path) -> None:
    imported(tmp_path, "model,precision,latency_ms,accuracy\nresnet-18,fp32,12,61\n")
    description = tmp_path / "catalog/boards/mine/board.yaml"
    assert 'weights: "mine"' in description.read_text()
    second = tmp_path / "second.csv"
    second.write_text("model,precision,latency_ms\nresnet-18,fp32,12\n")
    import_table("csv", second, "mine", catalog=tmp_path / "catalog")
    assert "weights" not in description.read_text()
    assert 'title: "imported from second.csv"' in description.read_text()
    best = advisor.pick(board="mine", catalog=tmp_path / "catalog").best
    assert best is not None
    assert best.accuracy_percent is not None
    assert best.accuracy_percent.value > 65  # that of the paper, and not 61


def test_weights_and_a_title_that_somebody_wrote_stay(tmp_path: Path) -> None:
    imported(tmp_path, "model,latency_ms,accuracy\nresnet-18,12,61\n")
    description = tmp_path / "catalog/boards/mine/board.yaml"
    text = description.read_text().replace('weights: "mine"', "weights: paper")
    description.write_text(text.replace("imported from mine.csv", "imported from the kitchen"))
    imported(tmp_path, "model,latency_ms\nresnet-18,13\n")
    assert "weights: paper" in description.read_text()
    assert "imported from the kitchen" in description.read_text()


def test_a_board_of_unknown_weights_costs_nothing_but_itself(run: Run, tmp_path: Path) -> None:
    imported(tmp_path, "model,precision,latency_ms\nresnet-18,fp32,12\n")
    description = tmp_path / "catalog/boards/mine/board.yaml"
    description.write_text(description.read_text() + "weights: lost\n")
    catalog = ("--catalog", tmp_path / "catalog")
    alone = run("pick", "--board", "mine", *catalog)
    assert alone.code == 2
    assert "unknown weights 'lost'" in alone.err
    assert "remove that line" in alone.err
    assert run("pick", "--board", "mine", "--weights", "any", *catalog).code == 0
    for boards in ("any", "mine,jetson-tx1", "[jm]*"):
        among = run("pick", "--board", boards, *catalog)
        assert among.code == 0
        assert "mine is left out: unknown weights 'lost'" in among.out + among.err
        assert "remove that line" in among.out + among.err


class Counting(np.ndarray[Any, Any]):
    """A column that counts how often its cells are made a list."""

    made = 0

    def tolist(self) -> Any:
        Counting.made += 1
        return super().tolist()


def test_the_cells_of_a_column_are_made_once_however_often_they_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Counting, "made", 0)
    column = np.array(["resnet-18"], dtype=object).view(Counting)
    table = Table(tmp_path / "mine.csv", {"model": column}, [2])
    assert [table.cells("model") for _ in range(3)] == [["resnet-18"]] * 3
    assert Counting.made == 1
