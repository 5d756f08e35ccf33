"""The shipped catalog, the user's overlay, and the check of both."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from advisor import AdvisorError, pick
from advisor.catalog.check import check
from advisor.catalog.files import shipped_folder, user_folder
from advisor.catalog.measurements_table import measurements_csv
from advisor.catalog.run_as import Variant
from advisor.catalog.store import Catalog
from advisor.measuring.journal import read_runs
from advisor.measuring.publish import Terms, measured_rows, usual_between_runs
from advisor.measuring.run_findings import Findings
from tests.conftest import BOARD, HEADER, ROWS, Overlay

FOURTEEN = [
    "alexnet",
    "bn-alexnet",
    "bn-nin",
    "enet",
    "googlenet",
    "vgg-16",
    "vgg-19",
    "resnet-18",
    "resnet-34",
    "resnet-50",
    "resnet-101",
    "resnet-152",
    "inception-v3",
    "inception-v4",
]


OWN_BOARDS = ("jetson-tx1", "xeon-2-cores-vm")
"""Those that are no published table of somebody else's."""


def test_the_shipped_catalog_has_no_faults() -> None:
    checked = check(Catalog.open())
    assert checked.faults == ()
    shipped = list((shipped_folder() / "boards").iterdir())
    tables = [(each / "measurements.csv").read_text().splitlines() for each in shipped]
    assert (checked.boards, checked.rows) == (len(shipped), sum(len(each) - 1 for each in tables))


def test_the_boards_of_the_paper_and_of_the_measured_machine_have_all_their_rows() -> None:
    catalog = Catalog.open()
    rows = {name: len(catalog.measurements(catalog.board(name))) for name in OWN_BOARDS}
    assert rows == {"jetson-tx1": 98, "xeon-2-cores-vm": 70 + 32 + 184}


def test_the_fourteen_architectures_have_all_that_is_known_of_them() -> None:
    catalog = Catalog.open()
    assert list(catalog.architectures) == FOURTEEN
    for name, architecture in catalog.architectures.items():
        assert architecture.reference
        assert architecture.reported is not None
        assert architecture.reported.params is not None
        assert architecture.reported.params.source == "canziani-2016-figure-2"
        assert architecture.counted is not None
        assert architecture.counted.params is not None
        assert architecture.counted.params.origin == "measured"
        side = 299 if name.startswith("inception") else 224
        assert architecture.input_shape == (3, side, side)
        assert catalog.weights[name, "paper"].accuracy_percent.origin == "reported"


def test_every_figure_of_the_tx1_is_reported_with_source_and_interval() -> None:
    catalog = Catalog.open()
    rows = catalog.measurements(catalog.board("jetson-tx1"))
    ran = rows.status.index == rows.status.position["ok"]
    assert (len(rows), int(np.count_nonzero(ran))) == (98, 82)
    for column in (rows.latency_ms, rows.net_power_w, rows.memory_mb):
        known = ~np.isnan(column.values.value)
        assert not np.any(known & ~ran)
        assert np.all(column.values.low[known] < column.values.value[known])
        assert np.all(column.values.value[known] < column.values.high[known])
        assert {column.origin.names[index] for index in column.origin.index[known]} == {"reported"}
        for index in column.source.index[known]:
            assert catalog.source(column.source.names[index]).citation
    assert np.count_nonzero(~np.isnan(rows.latency_ms.values.value)) == 82
    assert np.count_nonzero(~np.isnan(rows.net_power_w.values.value)) == 82
    assert np.count_nonzero(~np.isnan(rows.memory_mb.values.value)) == 60


def test_the_tx1_says_what_its_figures_cover() -> None:
    board = Catalog.open().board("jetson-tx1")
    assert board.memory_mb == 4000
    assert board.memory_shared
    assert board.idle_power_w is not None
    assert board.idle_power_w.value == 1.30
    assert "whole board" in board.power_scope
    assert board.memory_scope == "net system memory"
    assert board.weights == "paper"


def test_an_overlay_adds_boards_architectures_weights_and_sources(overlay: Overlay) -> None:
    overlay.write(
        "architectures.yaml",
        "my-net@128:\n  family: Mine\n  input: 3x128x128\n  reference: none yet\n",
    )
    overlay.write(
        "weights.csv",
        "architecture,weights,top1_percent,top1_low_percent,top1_high_percent,top5_percent,"
        "origin,source\nmy-net@128,first,71.5,,,,measured,my-notes\n",
    )
    catalog = Catalog.open(overlay.folder)
    shipped = Catalog.open().board_layers
    assert list(catalog.board_layers) == sorted([*shipped, "small"])
    assert set(OWN_BOARDS) < set(shipped)
    assert catalog.board("small").layer == str(overlay.folder)
    assert catalog.board("jetson-tx1").layer == "shipped"
    assert catalog.weights["my-net@128", "first"].accuracy_percent.low is None
    assert catalog.architecture("my-net@128").cost("counted") is None
    assert catalog.source("my-notes").citation == "my notebook"
    assert len(catalog.architectures) == 15


def test_an_overlay_replaces_by_name(overlay: Overlay) -> None:
    overlay.write(
        "architectures.yaml",
        "resnet-18:\n  family: ResNet\n  input: 3x160x160\n  reference: smaller input\n",
    )
    board = overlay.write(
        "boards/jetson-tx1/board.yaml", "title: Mine\nweights: paper\nsource: my-notes\n"
    )
    rows = (overlay.folder / "boards/small/measurements.csv").read_text()
    overlay.write("boards/jetson-tx1/measurements.csv", rows)
    catalog = Catalog.open(overlay.folder)
    assert catalog.architecture("resnet-18").input_shape == (3, 160, 160)
    assert catalog.board("jetson-tx1").folder == board.parent
    assert len(catalog.measurements(catalog.board("jetson-tx1"))) == 3


def test_an_empty_overlay_changes_nothing(tmp_path: Path) -> None:
    assert list(Catalog.open(tmp_path).board_layers) == list(Catalog.open().board_layers)
    assert check(Catalog.open(tmp_path)).faults == ()


def test_where_the_users_catalog_is_sought(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert user_folder() is None
    data = tmp_path / "data"
    monkeypatch.setenv("XDG_DATA_HOME", str(data))
    assert user_folder() is None
    (data / "dnn-advisor/catalog").mkdir(parents=True)
    assert user_folder() == data / "dnn-advisor/catalog"
    named = tmp_path / "named"
    named.mkdir()
    monkeypatch.setenv("ADVISOR_CATALOG", str(named))
    assert user_folder() == named
    assert user_folder(data) == data


def test_a_catalog_asked_for_must_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.touch()
    for bad, said in (
        (tmp_path / "none", "does not exist"),
        (file, "is not a folder"),
        ("", "exist"),
    ):
        with pytest.raises(AdvisorError, match=f"catalog.*{said}"):
            user_folder(bad)
    with pytest.raises(AdvisorError, match="does not exist"):
        user_folder("\0")
    monkeypatch.setenv("ADVISOR_CATALOG", str(tmp_path / "none"))
    with pytest.raises(AdvisorError, match=r"ADVISOR_CATALOG.*does not exist"):
        user_folder()


def test_unknown_names_are_answered_with_the_closest() -> None:
    catalog = Catalog.open()
    with pytest.raises(AdvisorError) as refused:
        catalog.board("jetson-tx")
    assert "did you mean 'jetson-tx1'?" in refused.value.hint
    with pytest.raises(AdvisorError) as refused:
        catalog.architecture("resnett-50")
    assert "did you mean 'resnet-50' (tv:resnet50@224)" in refused.value.hint


def test_a_broken_file_costs_nothing_but_itself(overlay: Overlay) -> None:
    overlay.measurements("resnet-18,eager,fp32,1,20,5")
    catalog = Catalog.open(overlay.folder)
    assert len(catalog.measurements(catalog.board("jetson-tx1"))) == 98


def test_the_check_tells_all_faults_of_all_files(overlay: Overlay) -> None:
    overlay.write("sources.yaml", "my-notes:\n  citation: none\n")
    overlay.measurements("resnet-81,eager,fp32,1,-3,5,300,reported,my-notes")
    overlay.write("boards/empty/board.yaml", "")
    overlay.write("boards/folder/board.yaml/inner", "")
    told = [
        (str(fault.path.relative_to(overlay.folder)), fault.line)
        for fault in check(Catalog.open(overlay.folder)).faults
    ]
    assert told == [
        ("boards/empty/board.yaml", 1),
        ("boards/empty/board.yaml", 1),
        ("boards/empty/measurements.csv", 0),
        ("boards/folder/board.yaml", 0),
        ("boards/folder/measurements.csv", 0),
        ("boards/small/measurements.csv", 2),
        ("boards/small/measurements.csv", 2),
        ("sources.yaml", 2),
        ("sources.yaml", 2),
    ]


def test_the_check_knows_every_set_of_weights_that_a_question_knows(overlay: Overlay) -> None:
    shipped = Catalog.open()
    list(shipped.zoo.networks)  # those of all of the zoo
    sets = {each.name for each in shipped.published} | {"any"}
    assert len(sets) > 100
    for name in sets:
        overlay.write(f"boards/of-{name}/board.yaml", BOARD.replace("paper", name))
        overlay.write(f"boards/of-{name}/measurements.csv", "\n".join([HEADER, *ROWS]) + "\n")
    opened = Catalog.open(overlay.folder)
    assert check(opened).faults == ()
    for name in ("any", "paper"):
        assert pick(board=f"of-{name}", fps=1, catalog=overlay.folder).best
    overlay.write("boards/of-any/board.yaml", BOARD.replace("paper", "nosuch"))
    (fault,) = check(Catalog.open(overlay.folder)).faults
    assert fault.found == "weights 'nosuch'"
    with pytest.raises(AdvisorError, match="unknown weights 'nosuch'"):
        pick(board="of-any", fps=1, catalog=overlay.folder)


def test_the_catalog_of_a_checkout_is_used_where_none_is_packed() -> None:
    assert (shipped_folder() / "architectures.yaml").is_file()


def test_the_shipped_cpu_board_is_what_its_runs_say() -> None:
    catalog = Catalog.open()
    board = catalog.board("xeon-2-cores-vm")
    rows = catalog.measurements(board)
    served: dict[Variant, dict[str, list[int]]] = {}
    for variant in rows.variants:
        batches: dict[str, list[int]] = served.setdefault(variant, {})
        for row in rows.rows_of(variant).tolist():
            name = rows.architecture.names[rows.architecture.index[row]]
            batches.setdefault(name, []).append(int(rows.batch[row]))
    batches = served.pop(Variant("eager", "fp32"))
    library = batches.keys() - set(FOURTEEN)
    assert len(library) == 32 and library <= catalog.zoo.networks.keys()
    assert len({catalog.architectures[name].family for name in library}) == 14
    assert all(sorted(batches[name]) == [1, 2, 4, 8, 16] for name in FOURTEEN)
    assert all(batches[name] == [1] for name in library)
    assert set(served) == set(
        itertools.starmap(Variant, itertools.product(("onnxruntime", "openvino"), ("fp32", "int8")))
    )
    assert all(each == {name: [1] for name in batches} for each in served.values())
    ran = rows.status.index == rows.status.position["ok"]
    assert int(np.count_nonzero(~ran)) == 1, "a network that ONNX Runtime cannot quantise"
    assert rows.latency_ms.origin.names == ("measured",)
    assert np.all(rows.latency_ms.values.low[ran] < rows.latency_ms.values.value[ran])
    assert board.cost == "counted"
    recomputed = measured_rows(
        Findings(read_runs(board.folder / "runs"), usual_between_runs()),
        Terms.of(read_runs(board.folder / "runs")),
    )
    # The shipped table was written before rows named their processor and threads.
    later = ("processor", "threads")
    unnamed = [{key: each for key, each in row.items() if key not in later} for row in recomputed]
    assert {tuple(row[key] for key in later) for row in recomputed} == {("cpu", 2)}
    assert measurements_csv(unnamed) == (board.folder / "measurements.csv").read_text()


def columns_of(table: Any) -> Iterator[tuple[str, Any]]:
    """The columns of a table of rows, and of what these consist of, by name."""
    for each in fields(table) if is_dataclass(table) else ():
        column = getattr(table, each.name)
        inner = [(f"{each.name}.{name}", part) for name, part in columns_of(column)]
        yield from inner or [(each.name, column)]


def test_boards_that_are_read_together_are_as_read_alone(overlay: Overlay) -> None:
    """Of unlike columns; a broken one costs nothing but itself."""
    overlay.write("boards/other/board.yaml", BOARD)
    overlay.write(
        "boards/other/measurements.csv",
        f"{HEADER},threads,latency_p90_ms\nresnet-18,tflite,INT8,2,20,,,reported,my-notes,4,25\n",
    )
    surveyed, broken = Catalog.open(overlay.folder).survey()
    assert broken == []
    alone = Catalog.open(overlay.folder)
    assert [each.board.name for each in surveyed] == list(alone.board_layers)
    for each in surveyed:
        board = alone.board(each.board.name)
        assert each.board == board
        rows = dict(columns_of(alone.measurements(board)))
        for name, column in columns_of(each.measurements):
            np.testing.assert_array_equal(column, rows[name], f"{board.name}: {name}")
    overlay.write("boards/other/measurements.csv", f"{HEADER}\nresnet-18,tflite,int8,2,fast,,,,\n")
    surveyed, (error,) = Catalog.open(overlay.folder).survey()
    assert "other" in error.message and "'fast'" in error.message
    assert "other" not in {each.board.name for each in surveyed}
    assert "small" in {each.board.name for each in surveyed}
