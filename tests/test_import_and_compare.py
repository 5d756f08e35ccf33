"""Other tools' results as boards, and boards side by side."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import advisor
from advisor import AdvisorError, Estimate
from advisor.catalog.importers.imported import import_table
from advisor.catalog.listing import boards, show
from advisor.catalog.records import BetweenRuns
from advisor.catalog.run_as import Variant
from advisor.report.comparison import compare, ratio_text
from advisor.solve.latency_ratios import latency_ratios, speedups
from tests.conftest import Run
from tests.measuring_fakes import FakeChildren, measure

MINE = "model,step_time,bs,watts\nresnet-18,0.0205,1,\nvgg-16,0.16,1,11.5\n"
MAP = ("--map", "architecture=model", "--map", "latency_ms=step_time:s", "--map", "batch=bs",
       "--map", "net_power_w=watts")  # fmt: skip


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    path = tmp_path / "mine.csv"
    path.write_text(MINE)
    return path


def test_rows_of_two_boards_are_told_apart_and_as_sure_as_their_sources_repeat_themselves(
    run: Run,
) -> None:
    """ncnn's shortest runs repeat themselves within 11 %, of which there are two in a ratio."""
    asked = "raspberry-pi-5.ncnn", "raspberry-pi-4.ncnn"
    found = compare(*asked)
    (row,) = (
        each
        for each in found.rows
        if (each.architecture, each.variant.precision, each.variant.threads)
        == ("ncnn:squeezenet@227", "int8", 4)
    )
    off = math.sqrt(2) * math.log(1.11)
    assert row.low == pytest.approx(row.ratio * math.exp(-off))
    assert row.high == pytest.approx(row.ratio * math.exp(off))
    lines = run("compare", *asked).out.splitlines()
    alike = [line for line in lines if line.startswith("ncnn:squeezenet@227 ")]
    ran = [re.split(r"\s{2,}", line)[1] for line in alike]
    assert ran == ["float 1 thread", "float 4 threads", "int8 1 thread", "int8 4 threads"]
    mlperf = compare("raspberry-pi-4.mlperf-v2.0-krai", "raspberry-pi-4.mlperf-v2.1-krai").rows[0]
    assert mlperf.high == pytest.approx(mlperf.ratio * math.exp(math.sqrt(2) * math.log(1.071)))


def test_a_csv_in_the_users_own_words_becomes_a_board(run: Run, csv: Path, tmp_path: Path) -> None:
    catalog = tmp_path / "catalog"
    header, *rows = MINE.splitlines()
    csv.write_text("\n".join([f"{header},precision", *(f"{row},FP32" for row in rows)]) + "\n")
    ran = run("import", "csv", csv, "--board", "mine", *MAP, "--catalog", catalog)
    assert (ran.code, ran.err) == (0, "")
    assert run("catalog", "check", "--catalog", catalog).code == 0
    best = advisor.pick(board="mine", weights="paper", catalog=catalog).best
    assert best is not None
    assert best.architecture == "vgg-16"
    assert best.batch_latency_ms is not None
    assert (best.batch_latency_ms.value, best.batch_latency_ms.origin) == (160.0, "reported")
    assert re.fullmatch(r"import-mine-[0-9a-f]{8}", best.batch_latency_ms.source)
    assert best.energy_j is not None
    assert best.energy_j.value == pytest.approx(11.5 * 0.16)
    again = run("import", "csv", csv, "--board", "mine", *MAP, "--catalog", catalog)
    assert again.code == 0
    assert (catalog / "sources.yaml").read_text().count("import-mine-") == 1


def test_a_table_is_imported_and_listed_from_python(csv: Path, tmp_path: Path) -> None:
    catalog = tmp_path / "catalog"
    columns = [each for each in MAP if each != "--map"]
    board = import_table("csv", csv, "mine", columns=columns, catalog=catalog).board
    assert board is not None
    assert (board.rows, board.networks, board.replaced) == (2, 2, 0)
    assert board.folder == catalog / "boards" / "mine"
    assert board.assumed == {"runtime": "unknown", "precision": "unknown"} | {
        "latency_statistic": "median"
    }
    listed = {each.board.name: each for each in boards(catalog=catalog).boards}
    assert (listed["mine"].networks, listed["mine"].batches) == (2, (1,))
    known = show("vgg-16", catalog)
    (mine,) = (each for each in known.boards if each.board.name == "mine")
    assert mine.measurements.latency_ms.values.value.tolist() == [160.0]
    assert set(mine.measurements.latency_ms.source.names) <= known.sources.keys()
    again = import_table("csv", csv, "mine", columns=columns, catalog=catalog).board
    assert again is not None and again.replaced == 2


@pytest.mark.parametrize(
    ("format_", "board", "options", "message"),
    [
        ("cvs", "mine", {}, "did you mean 'csv'"),
        ("csv", None, {}, "a board needs a name"),
        ("csv", "mine", {"batch": 4}, "batch is not for the format csv (it is for trtexec)"),
        ("accuracies", "mine", {}, "board is not for the format accuracies"),
        ("csv", "mine", {"titel": "Mine"}, "did you mean 'title'"),
        ("csv", "mine", {"columns": "a=b"}, "columns: found 'a=b'; expected a list"),
        ("trtexec", "mine", {"batch": 0}, "batch: 0 is none"),
    ],
)
def test_an_import_of_another_format_says_what_is_not_for_it(
    csv: Path, tmp_path: Path, format_: str, board: str | None, options: Any, message: str
) -> None:
    with pytest.raises(AdvisorError) as refused:
        import_table(format_, csv, board, catalog=tmp_path / "catalog", **options)
    assert message in str(refused.value)
    assert not (tmp_path / "catalog").exists()


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        (MINE, (), "of latencies or frame rates"),
        (MINE, ("--map", "latency_ms"), "is not a pair"),
        (MINE, ("--map", "latencyms=step_time"), "did you mean 'latency_ms'?"),
        (MINE, ("--map", "latency_ms=step_time:fortnights"), "'fortnights' is not a unit"),
        (MINE.replace("resnet-18", "@@"), MAP, "line 2, column model: '@@': '@' is no input"),
        (MINE.replace("0.0205", "fast"), MAP, "line 2, column step_time: found 'fast'"),
        (MINE.replace("0.0205", ""), MAP, "line 2, column step_time: found nothing"),
        (MINE.splitlines()[0] + "\n", MAP, "found no rows"),
        ("", MAP, "expected a header"),
        (MINE + "resnet-18,0.1,1\n", MAP, "a row of 3 cells"),
        (MINE + "resnet-18,0.1,1,\n", MAP, "line 4, column model"),
        (MINE.replace(",1,11.5", ",0,11.5"), MAP, "line 3, column bs: found '0'"),
    ],
)
def test_a_csv_that_cannot_be_read_changes_nothing(
    run: Run, tmp_path: Path, content: str, options: tuple[str, ...], said: str
) -> None:
    path, catalog = tmp_path / "mine.csv", tmp_path / "catalog"
    path.write_text(content)
    ran = run("import", "csv", path, "--board", "mine", *options, "--catalog", catalog)
    assert ran.code == 2
    assert said in ran.err
    assert not catalog.exists()


def test_an_import_replaces_only_what_was_imported(run: Run, csv: Path, tmp_path: Path) -> None:
    catalog = tmp_path / "catalog"
    measure(catalog / "boards/mine", FakeChildren())
    before = (catalog / "boards/mine/board.yaml").read_bytes()
    ran = run("import", "csv", csv, "--board", "mine", *MAP, "--catalog", catalog)
    assert ran.code == 2
    assert "exists and was not imported" in ran.err
    assert (catalog / "boards/mine/board.yaml").read_bytes() == before
    assert run("import", "csv", csv, "--board", "a b", *MAP).code == 2
    assert run("import", "csv", tmp_path / "none.csv", "--board", "x", *MAP).code == 2


def estimate(value: float, error: float | None) -> Estimate:
    if error is None:
        return Estimate(value, None, None, "measured", "x")
    return Estimate(value, value * (1 - error), value * (1 + error), "measured", "x")


def test_only_what_the_intervals_tell_apart_is_significant() -> None:
    def key(name: str) -> tuple[str, Variant, int]:
        return name, Variant("eager", "fp32"), 1

    first = {key(name): estimate(10.0, 0.05) for name in ("clear", "close", "alone")}
    first[key("vague")] = estimate(10.0, None)
    second = {key("clear"): estimate(20.0, 0.05), key("close"): estimate(10.4, 0.05)}
    second[key("vague")] = estimate(20.0, 0.05)
    rows = {row.architecture: row for row in latency_ratios(first, second)}
    assert set(rows) == {"clear", "close", "vague"}
    assert rows["clear"].ratio == 2.0
    both = math.hypot(math.log(1 / 0.95), math.log(1.05))
    assert rows["clear"].low == pytest.approx(2 * math.exp(-both / math.sqrt(2)))
    assert latency_ratios(
        {key("x"): replace(estimate(10.0, 0.05), origin="reported")},
        {key("x"): estimate(20.0, 0.05)},
    )[0].low == pytest.approx(2 * math.exp(-both))
    assert [rows[name].significant for name in ("clear", "close", "vague")] == [True, False, False]


def test_no_digit_of_a_comparison_is_cut_off_at_80_columns(run: Run) -> None:
    lines = run("compare", "xeon-2-cores-vm", "--by", "runtime").out.splitlines()
    rows = [line for line in lines if "onnxruntime fp32" in line and "@" in line]
    assert len(rows) == 32
    assert all(len(line) <= 80 for line in lines)
    assert all(
        re.fullmatch(r"\S+@\d+ .* \d+\.\d\d +\d+\.\d\d to \d+\.\d\d( +(faster|slower))? *", row)
        for row in rows
    )


def test_boards_and_runs_are_compared(run: Run, tmp_path: Path) -> None:
    catalog = tmp_path / "catalog"
    for _ in range(2):
        measure(catalog / "boards/mine", FakeChildren(), fresh=True)
    ran = run("compare", "jetson-tx1", "mine", "--catalog", catalog)
    assert ran.code == 0
    assert re.search(r"^vgg-16 +1 +161 +16.0 +0.10 .* faster$", ran.out, re.MULTILINE)
    assert "significantly faster in 4, significantly slower in 2" in " ".join(ran.out.split())
    first, second = sorted(path.name for path in (catalog / "boards/mine/runs").iterdir())
    same = run("compare", f"mine/{first}", f"mine/{second}", "--catalog", catalog)
    assert same.code == 0
    assert "significantly faster in 0, significantly slower in 0" in " ".join(same.out.split())
    unknown = run("compare", "mine", "mine/never", "--catalog", catalog)
    assert unknown.code == 2
    assert "has no run 'never'" in unknown.err


def test_a_board_that_joins_those_of_a_device_says_so(run: Run, csv: Path, tmp_path: Path) -> None:
    catalog = ("--catalog", tmp_path / "catalog")
    joined = run("import", "csv", csv, "--board", "raspberry-pi-5", *MAP, *catalog)
    assert joined.code == 0
    said = " ".join(joined.err.split())
    others = "raspberry-pi-5.ncnn, raspberry-pi-5.ncnn-2, raspberry-pi-5.overclocked.ncnn"
    assert f"--board raspberry-pi-5 now asks this board and {others}" in said
    own = run("import", "csv", csv, "--board", "my-board", *MAP, *catalog)
    assert "now asks this board" not in own.err


def test_boards_without_common_rows(run: Run, csv: Path, tmp_path: Path) -> None:
    catalog = tmp_path / "catalog"
    csv.write_text(MINE.replace(",1,", ",3,"))
    run("import", "csv", csv, "--board", "mine", *MAP, "--catalog", catalog)
    ran = run("compare", "jetson-tx1", "mine", "--catalog", catalog)
    assert ran.code == 2
    assert "no network and batch in common" in ran.err


def test_boards_that_ran_the_same_networks_otherwise(run: Run) -> None:
    ran = run("compare", "raspberry-pi-5.ncnn", "raspberry-pi-5.ncnn-2")
    said = " ".join(ran.err.split())
    assert ran.code == 2
    assert re.search(r"have \d+ pairs of network and batch in common, and ran none alike", said)
    assert re.search(r"ncnn as ncnn float cpu.*; raspberry-pi-5.ncnn-2 as ncnn float gpu", said)


def test_no_ratio_is_rounded_to_nothing() -> None:
    assert [ratio_text(each) for each in (0.00199, 0.5, 1.234, 502.6)] == [
        "0.00199",
        "0.50",
        "1.23",
        "503",
    ]


def test_what_all_rows_of_a_board_share_cancels_out_of_their_ratios() -> None:
    level, own = math.log(1.07), math.log(1.02)
    half = math.hypot(level, own)
    known = {
        ("net", Variant(runtime, "fp32"), 1): Estimate(
            value, value * math.exp(-half), value * math.exp(half), "measured", "us"
        )
        for runtime, value in (("eager", 10.0), ("openvino", 9.5))
    }
    (((apart,),),) = ((each.rows for each in speedups(known)),)
    (((paired,),),) = ((each.rows for each in speedups(known, BetweenRuns(0.07, 2))),)
    assert apart.ratio == paired.ratio == pytest.approx(0.95)
    assert not apart.significant
    assert paired.faster
    assert paired.high is not None
    assert math.log(paired.high / paired.ratio) == pytest.approx(own)


def test_comparing_from_python() -> None:
    found = compare("xeon-2-cores-vm", by="precision")
    assert (found.other, found.by, found.like_variants) == (None, "precision", False)
    assert found.rows == tuple(row for each in found.speedups for row in each.rows)
    assert {each.variant.precision for each in found.speedups} == {"int8"}
    both = compare("jetson-tx1", "xeon-2-cores-vm")
    assert both.rows and not both.speedups and not both.like_variants
    with pytest.raises(AdvisorError, match="name two boards"):
        compare("jetson-tx1")
