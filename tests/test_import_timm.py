"""timm's benchmark tables as boards: what is read, what is left out, and what a network is then called."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import advisor
from advisor import AdvisorError
from advisor.catalog import csv_table
from advisor.catalog.counting import uncounted_of
from advisor.catalog.csv_table import number_in
from advisor.catalog.importers.timm import AGREEMENT, RATE_DIGIT, Timed, timed_by, variant_of
from advisor.catalog.naming import network_to_build
from advisor.catalog.store import Catalog
from advisor.catalog.tables import ZooNetwork
from advisor.catalog.zoo import installed_version, remember
from advisor.prediction.terms import COLUMNS
from advisor.prediction.training import MOST_HELD_OUT, Data
from tests.conftest import HEADER, Overlay, Ran, Run, value_of

COLUMN_NAMES = (
    "model,infer_img_size,infer_samples_per_sec,infer_step_time,infer_batch_size,param_count,"
    "infer_gmacs,infer_macts"
)
ROWS = (
    "fake_a,64,1000.0,1024.0,1024,5.5,0.51,1.25",
    "fake_a,96,500.0,2048.0,1024,5.5,1.15,2.81",
    "fake_b,64,250.0,1024.0,256,25.5,4.1,11.1",
    "resnet50,224,4000.0,256.0,1024,25.56,4.11,11.11",
)
RESULTS = """\
model,img_size,top1,top1_err,top5,top5_err,param_count,crop_pct,interpolation
fake_a.poor_in1k,64,71.0,29.0,90.0,10.0,5.5,1.000,bicubic
fake_a.good_in1k,64,75.5,24.5,92.5,7.5,5.5,1.000,bicubic
fake_a.good_in1k,96,77.25,22.75,93.5,6.5,5.5,1.000,bicubic
resnet50.a1_in1k,224,80.2,19.8,94.6,5.4,25.56,0.95,bicubic
resnet50.tv_in1k,224,76.1,23.9,92.8,7.2,25.56,0.95,bicubic
"""
FILE = "benchmark-infer-amp-nchw-pt240-cu124-gpu.csv"


class Tables:
    """A catalog folder, and tables in timm's format to import into it."""

    def __init__(self, run: Run, folder: Path) -> None:
        self.run, self.folder, self.catalog = run, folder, folder / "catalog"

    def write(self, *rows: str, name: str = FILE, header: str = COLUMN_NAMES) -> Path:
        path = self.folder / name
        path.write_text("\n".join([header, *rows]) + "\n")
        return path

    def text(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def bring_in(self, file: Path, *options: object, board: str = "gpu") -> Ran:
        asked = ("import", "timm", file, "--board", board, "--catalog", self.catalog)
        return self.run(*asked, *options)

    def ask(self, *question: object) -> Ran:
        return self.run(*question, "--catalog", self.catalog)

    @property
    def opened(self) -> Catalog:
        return Catalog.open(self.catalog)

    def rows(self, board: str = "gpu") -> list[dict[str, str]]:
        with (self.catalog / "boards" / board / "measurements.csv").open() as stream:
            return list(csv.DictReader(stream))


@pytest.fixture
def tables(run: Run, tmp_path: Path) -> Tables:
    return Tables(run, tmp_path)


@pytest.fixture
def imported(tables: Tables) -> Tables:
    """A catalog with one imported board and accuracies of its networks."""
    ran = tables.bring_in(
        tables.write(*ROWS), "--accuracy", tables.text("results-imagenet.csv", RESULTS)
    )
    assert (ran.code, ran.err) == (0, "")
    return tables


# --- what becomes of a table


def test_a_table_becomes_a_board(tables: Tables) -> None:
    ran = tables.bring_in(tables.write(*ROWS))
    assert (ran.code, ran.err) == (0, "")
    assert "4 rows of 4 networks in " in ran.out
    assert ": eager, fp16" in ran.out
    assert "accuracy known of 1 of 4 networks" in ran.out  # ResNet-50's is shipped
    assert tables.ask("catalog", "check").code == 0
    first = tables.rows()[0]
    source = first.pop("source")
    assert first == {
        "architecture": "fake_a@64",
        "runtime": "eager",
        "precision": "fp16",
        "batch": "1024",
        "latency_ms": "1024",
        "net_power_w": "",
        "memory_mb": "",
        "latency_statistic": "mean",
        "origin": "reported",
        "status": "ok",
    }
    assert source.startswith("import-gpu-")
    assert FILE in tables.opened.source(source).citation
    board = tables.opened.board("gpu")
    assert (board.cost, board.source, board.weights) == ("reported", source, "")


def test_what_networks_cost_is_reported_by_the_table(imported: Tables) -> None:
    network = imported.opened.architecture("fake_b@64")
    assert (network.family, network.input_shape) == ("fake", (3, 64, 64))
    assert network.counted is None
    cost = network.cost("reported")
    assert cost is not None
    assert cost.activations is not None
    figures = (cost.params, cost.operations, cost.activations)
    assert [value_of(each) for each in figures] == [25.5e6, 8.2e9, 11.1e6]
    assert {each.origin for each in figures if each} == {"reported"}
    assert cost.layers is None
    assert imported.opened.architecture("resnet50@224").family == "ResNet"


@pytest.mark.parametrize(
    ("name", "runtime", "precision"),
    [
        (FILE, "eager", "fp16"),
        ("benchmark-infer-fp32-nchw-pt240-cpu-i7_12700h-dynamo.csv", "dynamo", "fp32"),
        ("benchmark-infer-amp_bfloat16-nhwc-x.csv", "eager", "bf16"),
        ("table.csv", "eager", "unknown"),
    ],
)
def test_the_files_name_tells_how_networks_ran(name: str, runtime: str, precision: str) -> None:
    variant = variant_of(Path(name), None, None)
    assert (variant.runtime, variant.precision) == (runtime, precision)


def test_what_the_files_name_does_not_tell_is_stated(tables: Tables) -> None:
    unnamed = tables.write(*ROWS, name="table.csv")
    ran = tables.bring_in(unnamed)
    assert ran.code == 0
    assert "does not say the precision: --precision states it" in ran.out
    assert {row["precision"] for row in tables.rows()} == {"unknown"}
    assert tables.bring_in(unnamed, "--precision", "int8", "--runtime", "tensorrt").code == 0
    told = {(row["runtime"], row["precision"]) for row in tables.rows()}
    assert told == {("tensorrt", "int8")}
    assert variant_of(Path(FILE), "compile", "fp16").runtime == "compile"
    with pytest.raises(AdvisorError, match=r"'fp32' is stated, but .* says fp16"):
        variant_of(Path(FILE), None, "fp32")
    with pytest.raises(AdvisorError, match=r"'eager' is stated, but .* says dynamo"):
        variant_of(Path("benchmark-infer-fp32-x-dynamo.csv"), "eager", None)
    with pytest.raises(AdvisorError, match="is not a name"):
        variant_of(Path("table.csv"), None, "a b")


def test_every_row_that_is_left_out_is_counted_by_its_reason(tables: Tables) -> None:
    ran = tables.bring_in(
        tables.write(
            *ROWS,
            ROWS[0],
            "fake_a,64,900.0,1137.8,1024,5.5,0.51,1.25",
            "fake_a,64,1000.0,1024.000,1024,5.5,0.51,1.25",
            "fake_a,64,1000.0,512.0,512,5.5,0.51,1.25",
            "fake_c,64,0,0,1024,5.5,0.51,1.25",
            "fake_c,64,-1,nan,1024,5.5,0.51,1.25",
            "fake_c,64,,,1024,5.5,0.51,1.25",
            "fake_c,64,1000.0,1024.0,0,5.5,0.51,1.25",
            "fake_c,64,1000.0,1024.0,2.5,5.5,0.51,1.25",
            "fake_c,,1000.0,1024.0,1024,5.5,0.51,1.25",
            "b/c,64,1000.0,1024.0,1024,5.5,0.51,1.25",
            "tv:fake_c,64,1000.0,1024.0,1024,5.5,0.51,1.25",
            "mobilenet_v2,224,1000.0,1024.0,1024,5.5,0.51,1.25",
            "fake_c,64",
        )
    )
    assert ran.code == 0, ran.err
    left_out = [line for line in ran.out.splitlines() if line.startswith("left out: ")]
    assert sorted(left_out) == [
        "left out: 1 row of a network that torchvision has and timm has not",
        "left out: 1 row that stood above with other figures",
        "left out: 1 row with too few or too many cells",
        "left out: 1 row without an input size",
        "left out: 2 rows that stood above",
        "left out: 2 rows whose model is no name",
        "left out: 2 rows without a batch size",
        "left out: 3 rows without a time above zero",
    ]
    kept = {(row["architecture"], row["batch"]): row["latency_ms"] for row in tables.rows()}
    assert kept["fake_a@64", "1024"] == "1024"  # the first of several counts
    assert kept["fake_a@64", "512"] == "512"
    assert len(kept) == 5


def test_a_tag_behind_the_name_and_commas_between_thousands_are_read(tables: Tables) -> None:
    row = 'fake_a.good_in1k,64,"1,000.0","1,024.000","1,024","1,005.5","2,000.5","1,250"'
    assert tables.bring_in(tables.write(row)).code == 0
    assert tables.rows()[0]["latency_ms"] == "1024"
    cost = tables.opened.architecture("fake_a@64").reported
    assert cost is not None
    assert (value_of(cost.params), value_of(cost.operations)) == (1005.5e6, 4001e9)


@pytest.mark.parametrize(
    ("cell", "number"),
    [("1,234,567.5", 1234567.5), ("12.5", 12.5), ("1,5", None), ("1.234,5", None), ("x", None)],
)
def test_a_comma_stands_between_thousands_only(cell: str, number: float | None) -> None:
    assert number_in(cell) == number if number is not None else np.isnan(number_in(cell))


def test_a_table_without_costs_still_tells_times(tables: Tables) -> None:
    header = (
        "model,infer_samples_per_sec,infer_step_time,infer_batch_size,infer_img_size,param_count"
    )
    ran = tables.bring_in(tables.write("fake_a,1000,1024,1024,64,5.5", header=header))
    assert ran.code == 0, ran.err
    assert "1 network without parameters or multiply-adds in this file" in ran.out
    cost = tables.opened.architecture("fake_a@64").cost("reported")
    assert cost and cost.params and cost.params.value == 5.5e6
    assert cost.operations is None
    assert tables.ask("pick", "--board", "gpu", "--fps", "500").code == 0
    assert tables.ask("predict", "fake_a@64", "--board", "gpu").code == 0
    assert tables.ask("show", "fake_a@64").code == 0
    assert tables.ask("catalog", "check").code == 0
    assert tables.ask("pick", "--board", "gpu", "--params", "10M").code == 0
    limited = tables.ask("pick", "--board", "gpu", "--ops", "10G")
    assert limited.code == 1
    assert "excluded: operations unknown" in limited.out.replace("\n", " ")
    # Another import says what it costs.
    assert tables.bring_in(tables.write(*ROWS, name="other-fp32.csv"), board="other").code == 0
    cost = tables.opened.architecture("fake_a@64").cost("reported")
    assert cost and cost.operations


# --- the two figures of a run


@given(st.integers(1, 4096), st.floats(0.05, 1e5), st.floats(-0.9, 0.9))
def test_the_step_time_counts_where_the_rate_is_of_the_same_run(
    batch: int, step_ms: float, off: float
) -> None:
    rate = round(1000 * batch / step_ms * (1 + off * AGREEMENT), 2)
    assert timed_by(step_ms, rate, batch) == Timed(step_ms, None)
    if 1000 * batch / step_ms > 10:
        faster = 1000 * batch / step_ms * 1.5
        assert timed_by(step_ms, faster, batch) == Timed(None, faster)


def test_a_rate_that_is_rounded_away_tells_nothing() -> None:
    assert timed_by(21270.331, 0.05, 1) == Timed(21270.331, None)
    assert timed_by(400_000.0, 0.0, 1) == Timed(400_000.0, None)
    assert timed_by(150_000.0, RATE_DIGIT, 1) == Timed(150_000.0, None)
    assert timed_by(float("nan"), 500.0, 16) == Timed(None, 500.0)
    assert timed_by(0.0, 0.0, 16) is None
    assert timed_by(-1.0, float("inf"), 16) is None


def test_no_latency_is_made_of_a_rate(tables: Tables) -> None:
    ran = tables.bring_in(
        tables.write(
            "fake_a,64,1000.0,5000.0,1000,5.5,1,1",
            "fake_b,64,1000.0,,1000,5.5,1,1",
            "fake_c,64,1000.0,1000.0,1000,5.5,1,1",
        )
    )
    assert "2 rows: no step time that agrees with the rate" in ran.out
    said = ("latency_ms", "throughput_fps", "latency_statistic")
    assert [tuple(row[name] for name in said) for row in tables.rows()] == [
        ("", "1000", ""),
        ("", "1000", ""),
        ("1000", "", "mean"),
    ]
    fast = json.loads(tables.ask("pick", "--board", "gpu", "--fps", "900", "--json").out)
    assert fast["networks_feasible"] == 3
    limited = json.loads(tables.ask("pick", "--board", "gpu", "--latency", "2s", "--json").out)
    assert limited["best"]["architecture"] == "fake_c@64"
    (rejection,) = limited["rejections"]
    assert rejection["unknown_since"] == {"only throughput reported": 2}


# --- only some


def test_only_the_networks_that_are_named(tables: Tables) -> None:
    names = tables.text("names.txt", "# mine\n\nfake_a   # all sizes\ntimm:resnet50@224\nfake_a\n")
    ran = tables.bring_in(tables.write(*ROWS), "--only", names)
    assert ran.code == 0, ran.err
    assert "left out: 1 row of networks that are not asked for" in ran.out
    assert [row["architecture"] for row in tables.rows()] == [
        "fake_a@64",
        "fake_a@96",
        "resnet50@224",
    ]


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ("fake_a@65\nfake_q\nfake_b\n", "lacks 2 of 3 networks: fake_a@65, fake_q"),
        ("fake_a@65\nfakke_b\n", "fake_a is there at 64, 96; fakke_b: did you mean 'fake_b'?"),
        ("# nothing\n", "no names"),
        ("fake_a\nb/c\n", "line 2: found 'b/c'"),
        ("tv:resnet50@224\n", "a network of timm's"),
    ],
)
def test_names_that_the_table_lacks_are_all_told(tables: Tables, names: str, told: str) -> None:
    ran = tables.bring_in(tables.write(*ROWS), "--only", tables.text("names.txt", names))
    assert ran.code == 2
    assert told in ran.err
    assert not tables.catalog.exists()


# --- bad input


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "a header"),
        (COLUMN_NAMES + "\n", "no rows"),
        (COLUMN_NAMES.replace("infer_", "train_") + "\n", "did you mean 'train_batch_size'?"),
        ("model;infer_img_size\nfake_a;64\n", "no such column"),
        (COLUMN_NAMES + ",model\n", "the column 'model' twice"),
        (COLUMN_NAMES + "\nfake_a,64,0,0,1,1,1,1\n", "1 without a time above zero"),
        (COLUMN_NAMES + '\n"fake_a,64\n', "a broken row"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "UTF-8 text"),
        (b"model\x00,infer_img_size\n", "a NUL byte"),
        ("m" * 1_000_001, "a line of more than 1,000,000 characters"),
        (RESULTS, "a table like timm's benchmark-infer-*.csv is read"),
    ],
)
def test_a_file_that_is_no_such_table_changes_nothing(
    tables: Tables, content: str | bytes, told: str
) -> None:
    ran = tables.bring_in(tables.text(FILE, content))
    assert ran.code == 2
    assert told in ran.err
    assert not tables.catalog.exists()


def test_files_that_cannot_be_read_and_names_that_are_none(tables: Tables) -> None:
    table = tables.write(*ROWS)
    for file, options, board, told in (
        (tables.folder / "none.csv", (), "gpu", "none.csv: no such file"),
        (tables.folder, (), "gpu", "a folder"),
        (Path("/dev/null"), (), "gpu", "a device or pipe"),
        (table, (), "a b", "is not a name for a board"),
        (table, ("--accuracy", table), "gpu", "did you mean 'infer_img_size'?"),
        (table, ("--accuracy", tables.folder / "none.csv"), "gpu", "none.csv"),
        (table, ("--only", tables.folder / "none.txt"), "gpu", "none.txt"),
        (table, ("--precision", "fp32"), "gpu", "leave out --precision"),
    ):
        ran = tables.bring_in(file, *options, board=board)
        assert ran.code == 2
        assert told in ran.err
        assert not tables.catalog.exists()


def test_a_file_with_more_than_any_table_of_timms_is_given_up(
    tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_table, "MOST_KEPT", 3)
    ran = tables.bring_in(tables.write(*ROWS))
    assert ran.code == 2
    assert "more than 3 networks" in ran.err
    many = tables.text("results.csv", RESULTS)
    assert "more than 3 sets of weights" in tables.ask("import", "accuracies", many).err


# --- again


def test_an_import_replaces_an_imported_board_only(tables: Tables, overlay: Overlay) -> None:
    assert tables.bring_in(tables.write(*ROWS)).code == 0
    shorter = tables.write("fake_a,64,1000.0,1024.0,1024,6.5,0.61,1.25")
    assert tables.bring_in(shorter).code == 0
    assert len(tables.rows()) == 1
    cost = tables.opened.architecture("fake_a@64").reported
    assert cost is not None
    assert value_of(cost.params) == 6.5e6  # the same board again: its figures are new
    assert tables.ask("catalog", "check").code == 0
    shipped = tables.bring_in(shorter, board="jetson-tx1")
    assert "jetson-tx1 now means these rows" in shipped.err
    tables.catalog = overlay.folder
    refused = tables.bring_in(shorter, board="small")
    assert refused.code == 2
    assert "exists and was not imported" in refused.err
    assert not (overlay.folder / "zoo").exists()


def test_costs_of_several_tables_are_kept_together(imported: Tables) -> None:
    other = imported.write(
        "fake_a,64,100.0,10.0,1,5.5,0.51,1.25",
        "fake_b,64,100.0,10.0,1,99,9,9",
        "fake_c,64,100.0,10.0,1,1,1,1",
        "fake_c,64,100.0,20.0,2,2,1,1",
        name="other-fp32.csv",
    )
    ran = imported.bring_in(other, board="cpu")
    assert "1 network with another cost in an earlier import: that one stays" in ran.out
    assert "1 network with several costs in this file: the first counts" in ran.out
    known = imported.opened
    costs = {name: known.architecture(name).reported for name in ("fake_b@64", "fake_c@64")}
    assert [each and value_of(each.params) for each in costs.values()] == [25.5e6, 1e6]
    imports = [each for each in known.zoo.reported.values() if each.source.startswith("import-")]
    assert len(imports) == 5
    for board in ("gpu", "cpu"):
        said = " ".join(imported.ask("show", board).out.split())
        assert "each network's best published weights" in said


def test_networks_that_ran_re_parameterised_are_others(tables: Tables) -> None:
    """timm's later tables have MobileOne under its old name with 61 % fewer parameters."""
    assert (
        tables.bring_in(
            tables.write(*ROWS, "mobileone_s0,224,8000.0,128.0,1024,5.29,1.09,15.48")
        ).code
        == 0
    )
    later = tables.write(
        "fake_a,64,1000.0,1024.0,1024,5.5,0.50,1.25",  # counted anew, and rounded
        "mobileone_s0,224,9000.0,113.8,1024,2.08,0.28,3.79",
        name="benchmark-infer-amp-nchw-pt291-cu128-gpu.csv",
    )
    for _ in range(2):
        assert tables.bring_in(later, board="later").code == 0
        names = [row["architecture"] for row in tables.rows("later")]
        assert names == ["fake_a@64", "mobileone_s0-reparam@224"]
    known = tables.opened
    params = {}
    for name in ("mobileone_s0@224", "mobileone_s0-reparam@224"):
        cost = known.architecture(name).reported
        params[name] = cost and value_of(cost.params)
    assert params == {"mobileone_s0@224": 5.29e6, "mobileone_s0-reparam@224": 2.08e6}
    assert known.identities.names_of("mobileone_s0@224") == ("mobileone_s0@224",)
    assert tables.ask("catalog", "check").code == 0


# --- accuracy


def test_a_board_that_names_no_weights_takes_each_networks_best(imported: Tables) -> None:
    answer = advisor.pick(board="gpu", fps=900, catalog=imported.catalog)
    assert answer.best is not None
    # The best that is published of it, which is not among those of the table.
    best = ("resnet50@224", "fb_swsl_ig1b_ft_in1k")
    assert (answer.best.architecture, answer.best.weights) == best
    (second,) = answer.alternatives
    assert (second.architecture, second.weights) == ("fake_a@64", "good_in1k")
    text = imported.ask("pick", "--board", "gpu", "--fps", "900").out
    assert "choosing from each network's best published weights" in " ".join(text.split())
    every = advisor.pick(
        board="gpu", weights="any", all_batches=True, top=99, catalog=imported.catalog
    )
    sets = [(each.architecture, str(each.weights)) for each in every.candidates]
    of_resnet = {name for network, name in sets if network == "resnet50@224"}
    assert {"a1_in1k", "IMAGENET1K_V2", "IMAGENET1K_V1", "paper"} < of_resnet, "under all its names"
    assert [name for network, name in sets if network.startswith("fake_a")] == [
        "good_in1k",
        "good_in1k",
        "poor_in1k",
    ]
    named = advisor.pick(board="gpu", weights="tv_in1k", catalog=imported.catalog)
    assert named.best is not None
    assert named.best.weights == "tv_in1k"


def test_candidates_all_and_every_board_go_with_the_best_there_too(imported: Tables) -> None:
    for asked in ({"board": "gpu", "candidates": "all"}, {"board": "gpu,jetson-tx1"}):
        answer = advisor.pick(catalog=imported.catalog, top=5000, **asked)
        weights = {
            each.architecture: each.weights for each in (answer.best, *answer.alternatives) if each
        }
        assert weights["resnet50@224"] == "fb_swsl_ig1b_ft_in1k"
        assert weights["fake_a@64"] == "good_in1k"


def test_shipped_boards_answer_as_before(imported: Tables) -> None:
    ours = ("pick", "--fps", "30", "--json")
    assert (
        json.loads(imported.ask(*ours).out)["best"] == json.loads(imported.run(*ours).out)["best"]
    )


def test_findings_and_figures_know_the_accuracy(imported: Tables, tmp_path: Path) -> None:
    drawn = imported.ask("figures", "--board", "gpu", "--only", "2", "-o", tmp_path / "figures")
    assert "are both cost and accuracy known" not in drawn.err
    assert imported.ask("findings", "--board", "gpu").code == 0


# --- what a network is called

TIMMS = "timm:resnet50@224"


def counted(name: str, size: int = 224) -> ZooNetwork:
    version = installed_version("timm") or ""
    counts = (25_557_032, 8_178_000_000, 11_110_000, 54, 0, 1_600_000)
    return ZooNetwork(name, "timm", version, "ResNet", (3, size, size), counts)


def test_what_was_counted_is_the_same_network(imported: Tables) -> None:
    assert remember("timm", [counted(TIMMS), counted("timm:resnet50@288", 288)]) == ""
    known = imported.opened
    network = known.architecture("resnet50@224")
    assert known.architecture(TIMMS) is network
    assert network.reported is not None
    assert network.counted is not None
    assert TIMMS not in known.zoo.architectures
    assert "timm:resnet50@288" in known.zoo.architectures  # of that size no table tells
    assert TIMMS in Catalog.open().zoo.architectures  # nor of any without the import
    listed = [row["architecture"] for row in csv.DictReader(_zoo(imported).out.splitlines())]
    assert listed.count("resnet50@224") == 1
    assert TIMMS not in listed
    asked = {"board": "gpu", "candidates": "all", "architectures": "*resnet50@224"}
    answer = advisor.pick(catalog=imported.catalog, top=5000, **asked)
    names = {each.architecture for each in (answer.best, *answer.alternatives) if each}
    assert "resnet50@224" in names
    assert TIMMS not in names


def _zoo(imported: Tables) -> Ran:
    return imported.ask("zoo", "--csv")


@pytest.mark.parametrize("name", ["resnet50@224", TIMMS, "resnet50", "timm:resnet50"])
def test_every_name_of_it_finds_it(imported: Tables, name: str) -> None:
    predicted = imported.ask("predict", name, "--board", "gpu", "--csv")
    assert predicted.code == 0, predicted.err
    (row,) = csv.DictReader(predicted.out.splitlines())
    assert (row["architecture"], row["batch"]) == ("resnet50@224", "1024")


def test_of_several_sizes_a_bare_name_means_the_usual(imported: Tables) -> None:
    table = imported.write(
        "resnet50,160,1.0,1000.0,1,25.56,2.1,5.6",
        "resnet50,224,1.0,1000.0,1,25.56,4.11,11.11",
        "resnet50,288,1.0,1000.0,1,25.56,6.8,18.4",
        name="sizes-fp32.csv",
    )
    assert imported.bring_in(table, board="sizes").code == 0
    assert "resnet50@224:" in imported.ask("predict", "resnet50", "--board", "sizes").out


def test_without_an_import_the_name_is_torchvisions(run: Run) -> None:
    named = [run("predict", name, "--csv").out for name in ("resnet50@224", "tv:resnet50")]
    assert named[0] == named[1] != ""


@pytest.mark.parametrize("name", ["resnet50@224", TIMMS])
def test_an_accuracy_that_is_stated_replaces_the_best(imported: Tables, name: str) -> None:
    asked = ("pick", "--board", "gpu", "--json", "--architectures", "resnet50@224")
    ran = imported.ask(*asked, "--accuracy-of", f"{name}=55.5")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["best"]["accuracy_percent"]["value"] == 55.5


def test_questions_name_it_either_way(imported: Tables) -> None:
    asked = ("pick", "--board", "gpu", "--json", "--architectures", TIMMS, "--explain", TIMMS)
    document = json.loads(imported.ask(*asked).out)
    assert document["best"]["architecture"] == "resnet50@224"
    assert document["explained"][0]["architecture"] == "resnet50@224"
    included = imported.ask("pick", "--include", "mine=resnet50@224", "--accuracy-of", "mine=99")
    assert included.code == 0, included.err
    assert "mine" in included.out
    assert imported.ask("show", TIMMS).out == imported.ask("show", "resnet50@224").out
    own = imported.text("mine.csv", f"architecture,top1_percent\n{TIMMS},55.5\n")
    best = json.loads(
        imported.ask("pick", "--board", "gpu", "--json", "--accuracy-table", own).out
    )["best"]
    assert (best["architecture"], best["accuracy_percent"]["value"]) == ("resnet50@224", 55.5)


def test_measuring_it_builds_timms_and_its_rows_are_the_same_networks(
    imported: Tables, overlay: Overlay
) -> None:
    assert remember("timm", [counted(TIMMS)]) == ""
    built, _ = network_to_build(imported.opened, "resnet50@224")
    assert (built.name, built.reported) == (TIMMS, None)
    assert built.counted is not None
    # So a measured board's rows name it as timm does, from before and after the import.
    for file in ("boards/small/board.yaml", "sources.yaml"):
        path = imported.catalog / file
        text = path.read_text() if path.exists() else ""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + (overlay.folder / file).read_text())
    row = f"{TIMMS},eager,fp32,1,20,5,300,reported,my-notes"
    (imported.catalog / "boards/small/measurements.csv").write_text(f"{HEADER}\n{row}\n")
    (imported.catalog / "weights.csv").write_text(
        "architecture,weights,top1_percent,top1_low_percent,top1_high_percent,top5_percent,origin,"
        f"source\n{TIMMS},mine,99.5,,,,declared,my-notes\n"
    )
    (imported.catalog / "boards/small/board.yaml").write_text(
        "title: A board\nweights: mine\nsource: my-notes\n"
    )
    assert imported.ask("catalog", "check").code == 0
    known = imported.opened
    assert known.measurements(known.board("small")).architecture.names == ("resnet50@224",)
    assert known.weights["resnet50@224", "mine"].architecture == "resnet50@224"
    best = advisor.pick(board="small", catalog=imported.catalog).best
    assert best is not None
    assert (best.architecture, best.weights) == ("resnet50@224", "mine")
    shown = advisor.show("resnet50@224", imported.catalog)
    assert {each.board.name for each in shown.boards} >= {"gpu", "small", "jetson-tx1"}


def test_counting_timms_networks_does_not_mind_the_import(
    imported: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    from advisor.catalog import counting

    listed = [
        ZooNetwork(name, "timm", installed_version("timm") or "", "F", (3, size, size), None)
        for name, size in (("fake_a@64", 64), (TIMMS, 224))
    ]
    monkeypatch.setattr(counting, "listed", lambda _: listed)
    monkeypatch.setattr(counting, "found", _must_not_be_asked)
    named = [each.architecture for each in uncounted_of(imported.opened.zoo, "timm")]
    assert sorted(named) == ["fake_a@64", TIMMS]
    remember("timm", [counted(TIMMS), counted("fake_a@64", 64), counted("fake_a@96", 96)])
    assert uncounted_of(imported.opened.zoo, "timm") == []


def _must_not_be_asked(name: str) -> ZooNetwork:
    raise AssertionError(name)


# --- models of so many networks


def _data(names: Sequence[str]) -> Data:
    return Data(np.ones((len(names), len(COLUMNS))), np.ones(len(names)), np.array(names))


def test_of_very_many_networks_only_some_are_held_out() -> None:
    few = [f"n{place:04}" for place in range(MOST_HELD_OUT)]
    many = [f"n{place:04}" for place in range(1440)]
    assert _data(few).held_out == few
    held_out = _data(many).held_out
    assert len(set(held_out)) == MOST_HELD_OUT
    assert held_out == sorted(held_out)
    assert (held_out[0], held_out[-1]) == ("n0000", "n1425")


def test_an_imported_board_gets_laws(tables: Tables) -> None:
    random = np.random.default_rng(1)
    macs = random.lognormal(0.5, 1.0, 120)
    rows = [
        f"made_up_{place},224,0,{5 + 10 * each * off:.3f},8,{each:.2f},{each:.2f},{2 * each:.2f}"
        for place, (each, off) in enumerate(zip(macs, random.lognormal(0, 0.05, 120), strict=True))
    ]
    assert tables.bring_in(tables.write(*rows)).code == 0
    fitted = tables.ask("fit", "gpu")
    assert fitted.code == 0, fitted.err
    assert " 100 " in fitted.out
    predicted = tables.ask("predict", "alexnet", "--board", "gpu", "--batch", "8", "--csv")
    assert predicted.code == 0, predicted.err
    (row,) = csv.DictReader(predicted.out.splitlines())
    assert row["architecture"] == "alexnet@224"
