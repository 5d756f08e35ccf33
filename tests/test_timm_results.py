"""A folder of timm's results as boards: which machine a table is of, and which network each name is."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor import AdvisorError
from advisor.catalog.check import check
from advisor.catalog.importers.published import ImportedTable, import_with
from advisor.catalog.importers.timm_results import machine_of, read
from advisor.catalog.store import Catalog
from tests.test_import_timm import COLUMN_NAMES

OLD = "benchmark-infer-amp-nchw-pt240-cu124-rtx4090.csv"
COMPILED = OLD.replace(".csv", "-dynamo.csv")
NEW = "benchmark-infer-amp-nchw-pt291-cu128-4090.csv"
CPU = "benchmark-infer-fp32-nchw-pt240-cpu-i7_12700h-dynamo.csv"
NETS = (
    "fake_a,64,1000.0,1024.0,1024,5.50,0.51,1.25",
    "resnet50,224,4000.0,256.0,1024,25.56,4.11,11.11",
)
BRANCHED = "mobileone_s0,224,8000.0,128.0,1024,5.29,1.09,15.48"
JOINED = "mobileone_s0,224,9000.0,113.8,1024,2.08,0.28,3.79"
HEADER = "model,img_size,top1,top1_err,top5,top5_err,param_count,crop_pct,interpolation"
RESULTS = (
    "fake_a.a1_in1k,64,75.5,24.5,92.5,7.5,5.50,1.000,bicubic",
    "fake_a.b1_in22k,64,79.5,20.5,94.5,5.5,25.50,1.000,bicubic",
    "resnet50.a1_in1k,224,80.2,19.8,94.6,5.4,25.56,0.95,bicubic",
    "mobileone_s0.apple_in1k,224,71.4,28.6,89.8,10.2,5.29,0.9,bilinear",
    "fake_z.a1_in1k,64,70.0,30.0,90.0,10.0,1.00,1.000,bicubic",
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Some of timm's files."""
    tables = {
        OLD: (*NETS, BRANCHED),
        COMPILED: (*NETS, BRANCHED),
        NEW: (*NETS, JOINED),
        CPU: ("fake_a,64,100.0,10.0,1,5.50,0.51,1.25",),
        "benchmark-train-amp-nchw-pt240-cu124-rtx4090.csv": ("no,table,of,these",),
    }
    place = tmp_path / "results"
    place.mkdir()
    for name, rows in tables.items():
        (place / name).write_text("\n".join([COLUMN_NAMES, *rows]) + "\n")
    (place / "results-imagenet.csv").write_text("\n".join([HEADER, *RESULTS]) + "\n")
    return place


def bring_in(folder: Path, catalog: Path) -> ImportedTable:
    return import_with(read, "timm", folder, catalog=catalog)


@pytest.mark.parametrize(
    ("file", "board", "processor"),
    [
        (OLD, "rtx-4090.timm-pytorch-2.4.0", "gpu"),
        (NEW, "rtx-4090.timm-pytorch-2.9.1", "gpu"),
        (CPU, "i7-12700h.timm-pytorch-2.4.0", "cpu"),
        (
            "benchmark-infer-amp-nhwc-pt112-cu113-rtx3090.csv",
            "rtx-3090.nhwc.timm-pytorch-1.12",
            "gpu",
        ),
        (
            "benchmark-infer-amp_bfloat16-nhwc-pt260-cpu-ryzen_9.csv",
            "ryzen-9.nhwc.timm-pytorch-2.6.0",
            "cpu",
        ),
    ],
)
def test_a_tables_name_says_on_what_it_ran(file: str, board: str, processor: str) -> None:
    machine = machine_of(Path(file))
    assert machine is not None
    assert (machine.board, machine.processor) == (board, processor)


@pytest.mark.parametrize(
    "file",
    ["table.csv", "benchmark-infer-amp-nchw-made-up.csv", "benchmark-infer-amp-nchw-pt240.csv"],
)
def test_a_name_that_does_not_say_it_is_of_no_machine(file: str) -> None:
    assert machine_of(Path(file)) is None


def test_a_device_with_one_pytorch_in_one_layout_is_a_board(folder: Path, tmp_path: Path) -> None:
    found = bring_in(folder, tmp_path / "own")
    assert found.boards == (
        "i7-12700h.timm-pytorch-2.4.0",
        "rtx-4090.timm-pytorch-2.4.0",
        "rtx-4090.timm-pytorch-2.9.1",
    )
    assert (found.rows, found.networks) == (1 + 6 + 3, 4)
    catalog = Catalog.open(tmp_path / "own")
    table = catalog.measurements(catalog.board("rtx-4090.timm-pytorch-2.4.0"))
    assert {(each.runtime, each.precision, each.processor) for each in table.variants} == {
        ("eager", "fp16", "gpu"),
        ("dynamo", "fp16", "gpu"),
    }
    # The name that torchvision has, too, is timm's by its prefix.
    assert set(table.architecture.names) == {"fake_a@64", "timm:resnet50@224", "mobileone_s0@224"}
    assert not check(catalog).faults


def test_networks_that_ran_re_parameterised_are_others(folder: Path, tmp_path: Path) -> None:
    """Timm's later tables have MobileOne under its old name with 61 % fewer parameters."""
    bring_in(folder, tmp_path / "own")
    catalog = Catalog.open(tmp_path / "own")
    table = catalog.measurements(catalog.board("rtx-4090.timm-pytorch-2.9.1"))
    assert "mobileone_s0@224" not in table.architecture.names
    params = {}
    for name in ("mobileone_s0@224", "mobileone_s0-reparam@224"):
        cost = catalog.architecture(name).reported
        params[name] = cost and cost.params and cost.params.value
    assert params == {"mobileone_s0@224": 5.29e6, "mobileone_s0-reparam@224": 2.08e6}
    assert catalog.identities.names_of("mobileone_s0@224") == ("mobileone_s0@224",)


def test_accuracies_are_of_the_networks_that_were_timed(folder: Path, tmp_path: Path) -> None:
    """What is published of weights of other parameters, or of no network there, is left out and counted."""
    found = bring_in(folder, tmp_path / "own")
    assert found.accuracies == 3
    sets = {
        (each.architecture, each.name): each.accuracy_percent.value
        for each in Catalog.open(tmp_path / "own").zoo.accuracies
        if each.accuracy_percent.source.startswith("timm-")
        and each.architecture.startswith(("fake", "timm:resnet50@224", "mobileone_s0"))
    }
    assert sets["fake_a@64", "a1_in1k"] == 75.5
    assert ("fake_a@64", "b1_in22k") not in sets
    assert sum(found.left_out.values()) == 2


def test_the_same_folder_again_changes_nothing(folder: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    bring_in(folder, own)
    before = {each: each.read_bytes() for each in own.rglob("*") if each.is_file()}
    bring_in(folder, own)
    assert {each: each.read_bytes() for each in own.rglob("*") if each.is_file()} == before


def test_a_folder_without_such_tables_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AdvisorError, match="no table of timm's that says on what it ran"):
        bring_in(tmp_path, tmp_path / "own")
    assert not (tmp_path / "own" / "boards").exists()
