"""Logs of TensorRT's trtexec as boards: run by run, and nothing that a run does not say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import advisor
from advisor import AdvisorError
from advisor.architectures.names import ALL_BOARDS
from advisor.catalog.importers.imported import Imported, import_table
from advisor.catalog.records import Measurements
from advisor.catalog.store import Catalog
from advisor.errors import BrokenFileError
from tests.conftest import Run

SHAPE = "Input binding for data with dimensions {} is created."


def log(
    *options: str,
    version: int = 8502,
    precision: str = "FP32+FP16",
    batch: str = "Explicit",
    shape: str = SHAPE.format("1x3x224x224"),
    qps: float = 500.0,
    median: float = 2.0,
    further: tuple[str, ...] = (),
    end: str = "PASSED",
) -> str:
    """What trtexec prints of one run, shortened."""
    id_line = f"TensorRT.trtexec [TensorRT v{version}] # trtexec {' '.join(options)}"
    figures = (
        f"min = {median * 0.9:g} ms, max = {median * 2:g} ms, mean = {median * 1.1:g} ms, "
        f"median = {median:g} ms, percentile(90%) = {median * 1.2:g} ms, "
        f"percentile(99%) = {median * 1.5:g} ms"
    )
    told = (
        "=== Build Options ===",
        f"Precision: {precision}",
        "=== Inference Options ===",
        f"Batch: {batch}",
        shape,
        "Timing trace has 1500 queries over 3.0 s",
        f"Throughput: {qps:g} qps",
        "Latency: min = 9 ms, max = 9 ms, mean = 9 ms, median = 9 ms, percentile(99%) = 9 ms",
        f"GPU Compute Time: {figures}",
        "Total GPU Compute Time: 2.9 s",
    )
    lines = [f"[03/02/2025-10:11:12] [I] {line}" for line in told]
    lines += [f"[03/02/2025-10:11:12] [W] {line}" for line in further]
    ends = [f"&&&& {end} {id_line}"] if end else []
    return "\n".join([f"&&&& RUNNING {id_line}", *lines, *ends]) + "\n"


def imported(tmp_path: Path, *contents: str, **stated: Any) -> Imported:
    """Logs with these contents as the board `orin`, which is checked to be one of a catalog."""
    paths = []
    for number, content in enumerate(contents):
        paths.append(tmp_path / f"{number}.log")
        paths[-1].write_text(content)
    found = import_table("trtexec", paths, "orin", catalog=tmp_path / "catalog", **stated)
    assert not advisor.check_catalog(tmp_path / "catalog").faults
    return found


def table_of(tmp_path: Path) -> Measurements:
    catalog = Catalog.open(tmp_path / "catalog")
    return catalog.measurements(catalog.board("orin"))


def rows(tmp_path: Path) -> list[tuple[str, str, int, float, float]]:
    """Network, precision, batch, latency and throughput of each row."""
    table = table_of(tmp_path)
    return [
        (
            table.architecture.at(row),
            table.precision.at(row),
            int(table.batch[row]),
            float(table.latency_ms.values.value[row]),
            float(table.throughput_fps.values.value[row]),
        )
        for row in range(len(table))
    ]


def test_each_run_of_a_log_is_a_row_with_its_own_time(tmp_path: Path) -> None:
    first = log("--onnx=resnet-18.onnx", "--fp16", median=1.0, qps=1000)
    second = log(
        "--onnx=m/resnet-101.onnx",
        "--fp16",
        "--shapes=data:8x3x224x224",
        shape=SHAPE.format("8x3x224x224"),
        median=40.0,
        qps=25,
    )
    imported(tmp_path, first + second)
    assert rows(tmp_path) == [
        ("resnet-18", "fp16", 1, 1.0, 1000.0),
        ("resnet-101", "fp16", 8, 40.0, 200.0),
    ]
    table = table_of(tmp_path)
    assert table.processor.names == ("gpu",)
    assert (table.latency_min_ms[0], table.latency_max_ms[0]) == (0.9, 2.0)
    assert (table.latency_p90_ms[0], table.latency_p99_ms[0]) == (1.2, 1.5)
    values = table.latency_ms.values
    assert (values.low[0], values.high[0]) == (0.9, 1.2), "not up to the slowest of all runs"
    best = advisor.pick(board="orin", catalog=tmp_path / "catalog", latency="3 ms@p99").best
    assert best is not None
    assert best.architecture == "resnet-18"


@pytest.mark.parametrize(
    ("content", "precision"),
    [
        (log("--onnx=resnet-50.onnx", precision="FP32"), "fp32"),
        (log("--onnx=resnet-50.onnx", "--bf16", precision="FP32+BF16"), "bf16"),
        (log("--onnx=resnet-50.onnx", "--int8", precision="FP32+INT8"), "int8"),
        (log("--onnx=resnet-50.onnx", "--int8", "--fp16", precision=""), "fp16-int8"),
        (log("--onnx=resnet-50.onnx", "--best", precision="FP32+FP16+INT8"), "fp16-int8"),
        (log("--onnx=resnet-50.onnx", "--best", precision=""), "best"),
        (log("--onnx=resnet-50.onnx", "--fp8", version=100800, precision="FP32+FP8"), "fp8"),
        (log("--onnx=resnet-50.onnx", precision=""), "unknown"),
        (log("--onnx=resnet-50.onnx", "--stronglyTyped", version=100800), "unknown"),
        (log("--onnx=resnet-50.onnx", version=110100, precision="Strongly Typed"), "unknown"),
        (log("--loadEngine=resnet-50.engine", "--fp16", precision="FP32"), "unknown"),
        (
            "--int8 Enable int8 precision\n--best\n"
            + log("--onnx=resnet-50.onnx", precision="FP32", further=("use --int8 with --calib",)),
            "fp32",
        ),
    ],
)
def test_the_precision_is_what_command_and_settings_say_or_unknown(
    tmp_path: Path, content: str, precision: str
) -> None:
    imported(tmp_path, content)
    ((_, found, *_),) = rows(tmp_path)
    assert found == precision
    if precision == "unknown":
        imported(tmp_path, content, precision="int8")
        assert rows(tmp_path)[0][1] == "int8"


@pytest.mark.parametrize(
    ("content", "batch", "fps"),
    [
        # TensorRT 10 and 8.5, and NHWC.
        (log("--onnx=resnet-50.onnx", shape=SHAPE.format("4x3x224x224")), 4, 2000),
        (
            log(
                "--onnx=resnet-50.onnx",
                shape="Created input binding for x:0 with dimensions 4x3x224x224",
            ),
            4,
            2000,
        ),
        (log("--onnx=resnet-50.onnx", shape=SHAPE.format("2x224x224x3")), 2, 1000),
        # TensorRT 8 says the batch of implicit ones, 1, of explicit ones, too.
        (
            log("--onnx=resnet-50.onnx", batch="1", shape=SHAPE.format("8x3x224x224")),
            8,
            4000,
        ),
        # Of a file of ONNX --batch changes nothing.
        (log("--onnx=resnet-50.onnx", "--batch=8"), 1, 500),
        # TensorRT 7: an implicit batch, whose images trtexec counts as queries.
        (
            log("--deploy=resnet-50.prototxt", "--batch=8", batch="8", shape="", version=7103),
            8,
            500,
        ),
        (
            log("--uff=resnet-50.uff", batch="8", shape=SHAPE.format("3x224x224"), version=8003),
            8,
            500,
        ),
        # Shapes that are asked for, and the profile that counts where none are.
        (log("--onnx=resnet-50.onnx", "--shapes='x:0':8x3x224x224", shape=""), 8, 4000),
        (
            log(
                "--onnx=resnet-50.onnx",
                "--minShapes=x:1x3x224x224",
                "--optShapes=m:4x10,x:4x3x224x224",
                "--maxShapes=x:8x3x224x224",
                shape="",
            ),
            4,
            2000,
        ),
        (log("--onnx=resnet-50.onnx", shape="Input inference shape: x=8x3x224x224"), 8, 4000),
    ],
)
def test_the_batch_is_that_of_the_networks_input(
    tmp_path: Path, content: str, batch: int, fps: float
) -> None:
    imported(tmp_path, content)
    assert rows(tmp_path)[0][2::2] == (batch, fps)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("nothing of the kind", "found no run of trtexec"),
        (log("--onnx=resnet-50.onnx", end="FAILED"), "no run passed: 1 failed"),
        (log("--onnx=resnet-50.onnx", end=""), "no run passed: 1 cut off"),
        (log("--onnx=resnet50x.onnx"), "unknown architecture 'resnet50x'"),
        (log("--onnx=resnet-50.pruned.onnx"), "unknown architecture 'resnet-50.pruned'"),
        (
            log("--onnx=resnet-50.onnx", shape=SHAPE.format("1x3x1x1")),
            "the input is 1x3x1x1, not a batch of resnet-50's 3x224x224",
        ),
        (
            log("--onnx=resnet-50.onnx", "--shapes=x:1x3x640x640", shape=""),
            "the input is 1x3x640x640",
        ),
        (log("--onnx=resnet-50.onnx", shape=""), "does not say the batch size"),
        (
            log("--onnx=resnet-50.onnx").replace("GPU Compute Time: min", "min"),
            "no such summary",
        ),
        (2 * log("--onnx=resnet-50.onnx"), "line 13: resnet-50 fp16 at batch 1 stands in line 1"),
    ],
)
def test_what_is_no_result_of_a_known_network_is_refused(
    tmp_path: Path, content: str, said: str
) -> None:
    with pytest.raises(AdvisorError) as refused:
        imported(tmp_path, content)
    assert said in str(refused.value)
    assert not (tmp_path / "catalog").exists()


def test_all_faults_of_all_logs_are_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(BrokenFileError) as refused:
        imported(
            tmp_path,
            log("--onnx=a.onnx") + log("--onnx=resnet-50.onnx", shape=""),
            log("--onnx=resnet-18.onnx", shape=SHAPE.format("1x3x1x1")),
        )
    assert [fault.line for fault in refused.value.faults] == [1, 13, 1]


def test_runs_that_did_not_pass_are_left_out_and_counted(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "sweep.log"
    path.write_text(
        log("--onnx=vgg-16.onnx", end="FAILED")
        + log("--onnx=vgg-19.onnx", end="")
        + log("--onnx=resnet-50.onnx")
        + log("--onnx=alexnet.onnx", end="")
    )
    ran = run("import", "trtexec", path, "--board", "orin", "--catalog", tmp_path / "catalog")
    assert ran.code == 0
    assert "1 row of 1 network" in ran.out
    assert "left out: 1 row of a run that failed" in ran.out
    assert "left out: 2 rows of a run whose end the log lacks" in ran.out


def test_several_streams_overlap_so_the_throughput_counts(tmp_path: Path) -> None:
    content = log("--onnx=resnet-50.onnx", "--fp16", "--infStreams=4", qps=480, median=8.0)
    found = imported(tmp_path, content).board
    assert found is not None
    assert any("several streams" in note for note in found.notes)
    best = advisor.pick(board="orin", catalog=tmp_path / "catalog").best
    assert best is not None
    assert best.fps is not None and best.fps.value == 480.0
    assert best.batch_latency_ms is not None and best.batch_latency_ms.value == 8.0


def test_runs_of_unlike_numbers_of_streams_are_not_one_row(tmp_path: Path) -> None:
    one = log("--onnx=resnet-50.onnx", "--fp16", qps=125, median=8.0)
    four = log("--onnx=resnet-50.onnx", "--fp16", "--infStreams=4", qps=480, median=8.0)
    with pytest.raises(BrokenFileError) as refused:
        imported(tmp_path, one + four)
    (fault,) = refused.value.faults
    said = "resnet-50 fp16 at batch 1 with 4 streams stands in line 1 with 1 stream, too"
    assert fault.found == said
    assert "each as a board of its own" in fault.expected


def test_two_names_of_one_network_in_logs_are_one(tmp_path: Path) -> None:
    one = log("--onnx=resnet-50.onnx", "--fp16")
    with pytest.raises(BrokenFileError, match="stands in line 1, too"):
        imported(tmp_path, one + log("--onnx=tv:resnet50@224.onnx", "--fp16"))
    imported(tmp_path, one + log("--onnx=resnet50.onnx", "--int8", precision="FP32+INT8"))
    assert [row[:2] for row in rows(tmp_path)] == [("resnet-50", "fp16"), ("resnet-50", "int8")]


def test_a_name_of_several_networks_says_which_it_is(tmp_path: Path) -> None:
    found = imported(tmp_path, log("--onnx=alexnet.onnx"))
    assert found.board is not None
    said = [note for note in found.board.notes if "another network of that name" in note]
    assert len(said) == 1


def test_warnings_of_trtexec_are_kept_with_the_row(tmp_path: Path) -> None:
    content = log(
        "--onnx=resnet-50.onnx",
        "--useDLACore=0",
        qps=310,
        median=0.8,
        further=(
            "* Throughput may be bound by Enqueue Time rather than GPU Compute and the GPU may be ...",
            "* GPU compute time is unstable, with coefficient of variance = 26.4%.",
        ),
    )
    found = imported(tmp_path, content).board
    assert found is not None
    table = table_of(tmp_path)
    assert table.verdict.at(0) == (
        "warned: throughput bound by Enqueue Time; compute time varies by 26.4 %"
    )
    assert table.throughput_fps.values.value[0] == 310.0
    assert table.processor.names == ("npu",)
    assert "1 run on the DLA: processor npu" in found.notes


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_logs_of_windows_are_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.log"
    content = log("--onnx=D:\\my models\\resnet-50.onnx", "--fp16").replace("\n", "\r\n")
    path.write_bytes(content.encode(encoding))
    import_table("trtexec", path, "orin", catalog=tmp_path / "catalog")
    assert rows(tmp_path) == [("resnet-50", "fp16", 1, 2.0, 500.0)]


def test_colours_prefixes_and_the_older_summary_are_read(tmp_path: Path) -> None:
    content = log("--onnx=resnet-50.onnx", "--fp16")
    summary = next(line for line in content.splitlines() if "GPU Compute Time: min" in line)
    older = (
        "GPU Compute",
        "min: 1.8 ms",
        "max: 4 ms",
        "mean: 2.1 ms",
        "median: 2 ms",
        "percentile: 3 ms at 99%",
    )
    content = content.replace(summary, "\n".join(f"[I] {line}" for line in older))
    dressed = "\n".join(f"trt-1  | \x1b[32m{line}\x1b[0m" for line in content.splitlines())
    imported(tmp_path, dressed)
    assert rows(tmp_path) == [("resnet-50", "fp16", 1, 2.0, 500.0)]
    table = table_of(tmp_path)
    assert (table.latency_max_ms[0], table.latency_p99_ms[0]) == (4.0, 3.0)


def test_a_percentile_of_too_few_queries_is_unknown(tmp_path: Path) -> None:
    imported(tmp_path, log("--onnx=resnet-50.onnx").replace("1500 queries", "120 queries"))
    table = table_of(tmp_path)
    assert table.latency_p90_ms[0] == 2.4
    assert not table.latency_p99_ms[0] > 0


def test_what_a_log_does_not_say_is_stated_and_what_it_says_stays(run: Run, tmp_path: Path) -> None:
    stated = ("--arch", "vgg-16", "--batch", "2", "--precision", "int8")
    engine = log("--loadEngine=mine.plan", shape="", precision="FP32")
    (tmp_path / "a.log").write_text(engine + log("--onnx=resnet-50.onnx"))
    catalog = ("--catalog", tmp_path / "catalog")
    ran = run("import", "trtexec", tmp_path / "a.log", "--board", "orin", *stated, *catalog)
    assert ran.code == 0
    assert [row[:3] for row in rows(tmp_path)] == [("vgg-16", "int8", 2), ("resnet-50", "fp16", 1)]
    two = log("--onnx=a.onnx") + log("--onnx=b.onnx", shape=SHAPE.format("2x3x224x224"))
    with pytest.raises(AdvisorError, match="--arch names one network, but here are 'a', 'b'"):
        imported(tmp_path, two, architecture="vgg-16")


@pytest.mark.parametrize("name", ALL_BOARDS)
def test_no_board_is_called_what_asks_all_of_them(run: Run, tmp_path: Path, name: str) -> None:
    (tmp_path / "a.log").write_text("nothing")
    ran = run("import", "trtexec", tmp_path / "a.log", "--board", name)
    assert ran.code == 2
    assert f"{name!r} asks all boards" in ran.err


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ({"precision": "int8"}, "--precision says int8, and the log fp16; leave --precision out"),
        ({"batch": 4}, "--batch says 4, and the log 1"),
        ({"architecture": "vgg-16"}, "--arch says vgg-16, and the log resnet-50"),
    ],
)
def test_what_is_stated_against_the_log_is_refused_with_both(
    tmp_path: Path, stated: dict[str, Any], said: str
) -> None:
    content = log("--onnx=resnet-50.onnx", "--fp16")
    with pytest.raises(BrokenFileError) as refused:
        imported(tmp_path, content, **stated)
    assert said in str(refused.value)
    assert "0.log, line 1" in str(refused.value)
    assert not (tmp_path / "catalog").exists()
    imported(tmp_path, content, architecture="ResNet-50", batch=1, precision="FP16")


def test_a_refused_row_names_its_log_and_line(tmp_path: Path) -> None:
    first = log("--onnx=resnet-18.onnx")
    other = log("--onnx=resnet-50.onnx").replace("max = 4 ms", "max = 0.1 ms")
    with pytest.raises(AdvisorError, match=r"0\.log, line 13, column latency_max_ms"):
        imported(tmp_path, first + other)
