"""Rows of somebody else's boards: throughput apart from latency, statistics, processors, threads."""

from __future__ import annotations

import csv
import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest

import advisor
from advisor import Recommendation
from advisor.catalog.measurements_table import Row, measurements_csv, read_measurements
from advisor.catalog.records import Estimate, Measurements
from advisor.catalog.run_as import Variant
from advisor.catalog.store import Catalog
from advisor.errors import BrokenFileError
from advisor.prediction.transfer.boards import like_variant
from advisor.solve.latency_ratios import latency_ratios
from tests.conftest import HEADER, Overlay, Run

FURTHER = (
    "processor,threads,throughput_fps,latency_statistic,latency_min_ms,latency_max_ms,gross_power_w"
)
FULL = f"{HEADER},{FURTHER}"


def read(path: Path) -> Measurements:
    return read_measurements(path, None, {"my-notes"})


def test_throughput_statistics_processor_and_threads_are_read(overlay: Overlay) -> None:
    rows = read(
        overlay.measurements(
            "resnet-18,hailort,int8,1,,3.19,,reported,my-notes,npu,,1329,,,,",
            "resnet-18,tflite,fp32,1,20,,,reported,my-notes,cpu,4,,mean,18,31,6.5",
            "resnet-18,tflite,fp32,1,40,,,reported,my-notes,cpu,1,,,,,",
            header=FULL,
        )
    )
    fast, mean, plain = range(3)
    assert rows.latency_ms.estimate(fast) is None
    throughput = rows.throughput_fps.estimate(fast)
    assert throughput and (throughput.value, throughput.source) == (1329, "my-notes")
    assert rows.variant(fast) == Variant("hailort", "int8", "npu")
    assert rows.variant(fast).words == ("hailort", "int8", "npu")
    assert rows.variant(mean).words == ("tflite", "fp32", "cpu", "4 threads")
    assert rows.variant(plain).words == ("tflite", "fp32", "cpu", "1 thread")
    assert rows.latency_statistic.tolist() == ["median", "mean", "median"]
    assert (rows.latency_min_ms[mean], rows.latency_max_ms[mean]) == (18, 31)
    gross = rows.gross_power_w.estimate(mean)
    assert gross and gross.value == 6.5
    assert np.isnan(rows.latency_min_ms[plain]) and rows.gross_power_w.estimate(plain) is None


def test_variants_are_sorted_and_each_row_is_of_one(overlay: Overlay) -> None:
    rows = read(
        overlay.measurements(
            *(
                f"resnet-18,tflite,fp32,{batch},20,,,reported,my-notes,{processor},{threads},,,,,"
                for batch, processor, threads in ((1, "cpu", 10), (1, "cpu", 2), (2, "cpu", 2))
            ),
            "resnet-18,eager,fp32,1,20,,,reported,my-notes,,,,,,,",
            header=FULL,
        )
    )
    assert list(rows.variants) == [
        Variant("eager", "fp32"),
        Variant("tflite", "fp32", "cpu", 2),
        Variant("tflite", "fp32", "cpu", 10),
    ]
    assert [rows.rows_of(each).tolist() for each in rows.variants] == [[3], [1, 2], [0]]
    assert rows.rows_of(Variant("tflite", "fp32")).tolist() == []
    assert [rows.variant(row) for row in range(4)] == [
        rows.variants[place] for place in rows.variant_index.tolist()
    ]


def test_a_table_without_these_columns_reads_as_before(overlay: Overlay) -> None:
    rows = read(overlay.folder / "boards/small/measurements.csv")
    assert list(rows.variants) == [Variant("eager", "fp32")]
    assert rows.variants[0].words == ("eager", "fp32")
    assert set(rows.latency_statistic.tolist()) == {"median"}
    assert np.isnan(rows.throughput_fps.values.value).all()


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("resnet-18,eager,fp32,1,,5,,reported,my-notes,,,,,,,", "latency_ms"),
        ("resnet-18,eager,fp32,1,20,5,,reported,my-notes,tpu,,,,,,", "processor"),
        ("resnet-18,eager,fp32,1,20,5,,reported,my-notes,,1.5,,,,,", "threads"),
        ("resnet-18,eager,fp32,1,20,5,,reported,my-notes,,0,,,,,", "threads"),
        ("resnet-18,eager,fp32,1,20,5,,reported,my-notes,,,,typical,,,", "latency_statistic"),
        ("resnet-18,eager,fp32,1,20,5,,reported,my-notes,,,,,21,30,", "latency_ms"),
        ("resnet-18,eager,fp32,1,20,5,,reported,my-notes,,,,,18,19,", "latency_max_ms"),
    ],
)
def test_what_cannot_be_is_named(overlay: Overlay, row: str, column: str) -> None:
    with pytest.raises(BrokenFileError) as refused:
        read(overlay.measurements(row, header=FULL))
    assert [fault.column for fault in refused.value.faults] == [column]


def test_processor_and_threads_belong_to_the_key(overlay: Overlay) -> None:
    row = "resnet-18,tflite,fp32,1,20,,,reported,my-notes,cpu,{},,,,,"
    assert len(read(overlay.measurements(row.format(1), row.format(2), header=FULL))) == 2
    with pytest.raises(BrokenFileError, match="line 2 has already"):
        read(overlay.measurements(row.format(1), row.format(1), header=FULL))


def test_a_mean_may_lie_above_the_90th_percentile(overlay: Overlay) -> None:
    row = "resnet-18,tflite,fp32,1,20,,,reported,my-notes,{},19"
    header = f"{HEADER},latency_statistic,latency_p90_ms"
    assert len(read(overlay.measurements(row.format("mean"), header=header))) == 1
    with pytest.raises(BrokenFileError):
        read(overlay.measurements(row.format(""), header=header))


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    written: Row = {
        "architecture": "resnet-18", "runtime": "hailort", "precision": "int8", "batch": 8,
        "processor": "npu", "threads": 2, "throughput_fps": 1329.0, "throughput_low_fps": 1300.0,
        "throughput_high_fps": 1350.0, "gross_power_w": 5.5, "origin": "reported",
        "source": "my-notes",
    }  # fmt: skip
    path = tmp_path / "measurements.csv"
    path.write_text(measurements_csv([written]))
    rows = read(path)
    assert rows.variant(0) == Variant("hailort", "int8", "npu", 2)
    throughput, gross = rows.throughput_fps.estimate(0), rows.gross_power_w.estimate(0)
    assert throughput and (throughput.value, throughput.low, throughput.high) == (1329, 1300, 1350)
    assert gross and gross.value == 5.5


def test_show_has_a_column_for_what_is_known(
    overlay: Overlay, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    overlay.measurements(
        "resnet-18,tflite,fp32,1,20,,,reported,my-notes,cpu,4,,mean,18,31,6.5",
        "resnet-18,hailort,int8,1,,,,reported,my-notes,npu,,1329,,,,",
        header=FULL,
    )
    everywhere = run("show", "resnet-18", "--catalog", overlay.folder).out
    shown = everywhere.partition("\nsmall (")[2].partition("\n\n")[0]
    lines = {line.split("  ")[0]: line.split() for line in shown.splitlines() if "flite" in line}
    assert list(lines) == ["tflite fp32 cpu 4 threads"]
    assert {"20.0", "18.0", "31.0", "6.50", "mean"} <= set(next(iter(lines.values())))
    assert any("hailort int8 npu" in line and "1,329" in line for line in shown.splitlines())


def test_no_latency_is_predicted_from_a_throughput(overlay: Overlay, run: Run) -> None:
    overlay.measurements("resnet-18,hailort,int8,1,,,,reported,my-notes,npu,,1329,,,,", header=FULL)
    asked = ("predict", "resnet-18", "--board", "small", "--catalog", overlay.folder)
    said = run(*asked)
    assert said.code == 0
    assert re.search(r"^small +1 +\? +\? +1,329 .* reported$", said.out, re.MULTILINE)
    assert "Only the throughput is reported of small" in " ".join(said.out.split())
    (row,) = csv.DictReader(run(*asked, "--csv").out.splitlines())
    assert (row["time_per_image_ms"], row["rate_fps"], row["origin"]) == ("", "1329", "reported")


BOARD = """\
title: somebody's
weights: paper
source: my-notes
power_scope: module
"""
RATED = (
    "resnet-50,hailort,fp16,1,2.94,,,reported,my-notes,npu,,1329,,,,3.19",
    "resnet-18,hailort,fp16,1,,,,reported,my-notes,npu,,2500,,,,2.9",
    "resnet-101,tflite,fp32,1,200,,300,reported,my-notes,cpu,4,,,150,280,6.5",
    "resnet-101,tflite,fp32,1,600,2.5,250,reported,my-notes,cpu,1,,,,,",
)


@pytest.fixture
def rated(overlay: Overlay) -> Overlay:
    """A board of which throughput is reported, some latencies, and gross power."""
    overlay.write("boards/small/board.yaml", BOARD)
    overlay.measurements(*RATED, header=FULL)
    return overlay


def asked(rated: Overlay, **question: object) -> Recommendation:
    return advisor.pick(board="small", catalog=rated.folder, **question)


def test_throughput_meets_a_frame_rate_and_no_latency_follows_from_it(rated: Overlay) -> None:
    fast = asked(rated, fps=1000, objective="fps").best
    assert fast and fast.architecture == "resnet-18"
    assert fast.fps and fast.fps.value == 2500
    assert fast.response_ms is None and fast.time_per_image_ms is None
    found = asked(rated, fps=1000, latency="10 ms")
    assert found.best and found.best.architecture == "resnet-50"
    assert found.best.response_ms and found.best.response_ms.value == 2.94
    (rejection,) = (each for each in found.rejections if each.constraint.name == "response")
    assert (rejection.unknown, rejection.unknown_since) == (1, {"only throughput reported": 1})


def test_the_answer_says_why_a_latency_is_unknown(rated: Overlay, run: Run) -> None:
    said = run(
        "pick", "--board", "small", "--catalog", rated.folder, "--latency", "10ms", "--fps", 1000
    )
    text = " ".join(said.out.split())
    assert "1 of 4 candidates excluded: response unknown (only throughput reported); " in text


def test_where_a_throughput_is_reported_no_rate_follows_from_the_latency(rated: Overlay) -> None:
    """2.94 ms would be 340 images per second."""
    found = asked(rated, fps=400, architectures="resnet-50").best
    assert found and found.fps and (found.fps.value, found.fps.origin) == (1329, "reported")


def test_gross_energy_is_not_net_energy_while_idle_is_unknown(rated: Overlay, run: Run) -> None:
    found = asked(rated, energy="1 J")
    assert found.best is None
    (rejection,) = found.rejections
    why = "only gross power reported, and idle power unknown"
    assert rejection.unknown_since == {why: 3}
    assert rejection.unknown == 3
    free = asked(rated, objective="fps").best
    assert free and free.energy_j is None
    assert free.gross_energy_j and free.gross_energy_j.value == pytest.approx(2.9 / 2500)
    assert free.average_power_w and free.average_power_w.value == 2.9
    shown = run("pick", "--board", "small", "--catalog", rated.folder, "--objective", "fps").out
    assert "gross energy" in " ".join(shown.split()) or "gross" in shown


def test_net_power_is_gross_power_less_idle(rated: Overlay) -> None:
    idle = "idle_power: {value: 0.5 W, error: 10 mW, source: my-notes}\n"
    rated.write("boards/small/board.yaml", BOARD + idle)
    best = asked(rated, energy="0.0025 J", objective="fps").best
    assert best and best.net_power_w and best.net_power_w.value == pytest.approx(2.4)
    assert best.energy_j and best.energy_j.value == pytest.approx(2.4 / 2500)
    at_rate = asked(rated, fps=100, objective="power").best
    assert at_rate and at_rate.average_power_w
    assert at_rate.average_power_w.value == pytest.approx(0.5 + 2.4 * 100 / 2500)


def test_a_bound_of_idle_power_makes_no_limit_sure_that_gross_power_misses(rated: Overlay) -> None:
    rated.write(
        "boards/small/board.yaml", BOARD + "idle_power: {at_most: 0.5 W, source: my-notes}\n"
    )
    net = asked(rated, architectures="resnet-18").best
    assert net and net.net_power_w
    bounds = net.net_power_w.value, net.net_power_w.low, net.net_power_w.high
    assert bounds == pytest.approx((2.9, 2.4, 2.9))
    assert asked(rated, where="net-power <= 2.91 W", objective="fps").best
    assert asked(rated, where="net-power <= 2.6 W", architectures="resnet-18").best is None
    power = asked(rated, fps=1250, objective="fps").best
    assert power and power.average_power_w
    assert power.average_power_w.value == pytest.approx(2.9 / 2 + 0.5 / 2)


def test_the_shortest_and_the_longest_run_are_an_interval(rated: Overlay) -> None:
    found = asked(rated, architectures="resnet-101", objective="latency").best
    assert found and found.batch_latency_ms
    assert (found.batch_latency_ms.low, found.batch_latency_ms.high) == (150, 280)
    assert asked(rated, latency="205 ms", architectures="resnet-101").best is None


def test_an_answer_names_processor_and_threads(rated: Overlay, run: Run) -> None:
    found = asked(rated, architectures="resnet-101", objective="latency")
    assert found.best
    assert (found.best.processor, found.best.threads) == ("cpu", 4)
    said = run("pick", "--board", "small", "--catalog", rated.folder, "--fps", 4).out
    assert "(weights paper, tflite, fp32, cpu, 4 threads)" in " ".join(said.split())


def test_processors_and_threads_are_chosen(rated: Overlay) -> None:
    npu = asked(rated, processor="npu", objective="fps")
    assert [each.architecture for each in npu.candidates] == ["resnet-18", "resnet-50"]
    one = asked(rated, threads="<= 2")
    assert one.best and one.best.threads == 1 and one.considered == 1
    assert one.notes == ("of unknown threads, and left out: 2 rows",)
    assert asked(rated, threads=[1, 4]).considered == asked(rated, threads="1,4").considered == 2
    four = asked(rated, threads=">= 2", processor="cpu,npu").best
    assert four and (four.threads, four.processor) == (4, "cpu")


def test_a_choice_of_processor_and_threads_is_echoed(rated: Overlay, run: Run) -> None:
    words = ("--board", "small", "--catalog", rated.folder, "--processor", "cpu")
    answer = json.loads(run("pick", *words, "--threads", "<= 2", "--json").out)
    assert answer["best"]["processor"] == "cpu" and answer["best"]["threads"] == 1
    chosen = answer["query"]["candidates"]
    assert (chosen["processor"], chosen["threads"]) == ("cpu", "<= 2")
    again = shlex.split(answer["query"]["command"])
    assert again[again.index("--threads") + 1] == "<= 2"
    assert json.loads(run(*again[1:], "--json").out) == answer
    file = rated.write("ask.yaml", "candidates:\n  processor: cpu\n  threads: '<= 2'\n")
    from_file = json.loads(run("pick", file, *words[:4], "--json").out)
    assert from_file["best"] == answer["best"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--threads", "0"), "'0' is not a whole number"),
        (("--threads", "few"), "'few' is not a whole number"),
        (("--threads", "<= 2, 3"), "'<= 2' is not a whole number"),
        (("--threads", "8"), "it has: 1, 4"),
        (("--processor", "tpu"), "'tpu' matches nothing"),
    ],
)
def test_a_choice_that_cannot_be(
    rated: Overlay, run: Run, words: tuple[str, ...], said: str
) -> None:
    refused = run("pick", "--board", "small", "--catalog", rated.folder, *words)
    assert refused.code == 2
    assert said in refused.err


# --- boards that do not name their threads beside boards that do


def test_what_one_side_does_not_name_may_be_that_of_the_other() -> None:
    figure = Estimate(10.0, None, None, "measured", "")
    plain, two = Variant("eager", "fp32"), Variant("eager", "fp32", threads=2)
    four, served = Variant("eager", "fp32", threads=4), Variant("onnxruntime", "fp32", threads=2)
    unnamed = {("net", plain, 1): figure}
    assert len(latency_ratios(unnamed, {("net", two, 1): figure, ("net", served, 1): figure})) == 1
    assert latency_ratios({("net", four, 1): figure}, {("net", two, 1): figure}) == []
    both = {("net", two, 1): figure, ("net", four, 1): figure}
    assert latency_ratios(unnamed, both) == []  # which of the two, nobody knows
    assert [each.variant for each in latency_ratios(both, both)] == [two, four]


def test_a_board_is_like_the_rows_of_the_same_runtime_whatever_their_threads() -> None:
    catalog = Catalog.open()
    table = catalog.measurements(catalog.board("xeon-2-cores-vm"))
    for runtime, precision in (("onnxruntime", "int8"), ("eager", "fp32")):
        found = like_variant(table, Variant(runtime, precision, threads=8))
        assert found == Variant(runtime, precision)


def test_a_forecast_has_the_reported_throughput_and_its_energy(rated: Overlay) -> None:
    rated.write(
        "boards/small/board.yaml",
        BOARD + "idle_power: {value: 0.5 W, error: 10 mW, source: my-notes}\n",
    )
    (found,) = advisor.predict("resnet-50", board="small", catalog=rated.folder).forecasts
    assert found.throughput_fps and found.throughput_fps.value == 1329
    assert found.energy_j and found.energy_j.value == pytest.approx(2.69 / 1329)
    assert found.energy_j.origin == "reported"


def test_figures_of_a_networks_rows_are_whole_on_a_narrow_terminal(run: Run) -> None:
    lines = run("show", "resnet-50", "--board", "xeon-2-cores-vm").out.splitlines()
    rows = [each for each in lines if each.startswith(("eager", "onnxruntime", "openvino"))]
    assert rows
    for row in rows:
        assert len(row) <= 80
        assert not any(word.endswith((".", "/", "+")) for word in row.split())
    assert all("noisy" in row or "stable" in row for row in rows)


def test_what_two_boards_have_and_cannot_be_compared_is_counted(run: Run) -> None:
    """At batch 1 the machine ran several runtimes, and none is that of the other board."""
    compared = advisor.compare("jetson-tx1", "xeon-2-cores-vm")
    assert {each.batch for each in compared.rows}.isdisjoint({1})
    assert compared.left_out == 14
    said = " ".join(run("compare", "jetson-tx1", "xeon-2-cores-vm").out.split())
    assert "Left out: 14 pairs of a network and batch that both boards have" in said
