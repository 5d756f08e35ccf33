"""Results of MLPerf Inference as boards: which device each is of, what is read of it, what is left out."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import advisor
from advisor import AdvisorError
from advisor.catalog.importers.mlperf import read_model
from advisor.catalog.importers.mlperf_systems import read_system
from advisor.catalog.records import Source
from advisor.catalog.store import Catalog
from tests.conftest import Run

HEAD = (
    "version,division,submitter,system,model,scenario,valid,p90_ms,p50_ms,p99_ms,mean_ms,min_ms,max_ms,"
    "power_w,idle_w,accuracy,accuracy_n,system_name,framework,macs,params,acts,int8,size"
)
COSTS = "300000000,3470000,6680000"


def line(
    system: str = "rpi4-tflite-v2.7.1-ruy",
    model: str = "mobilenet-v2-1.0-224-quantized",
    version: str = "v2.0",
    *,
    p50: str = "40.0",
    power: str = "6.0,2.5",
    accuracy: str = "70.5,50000.0",
    said: str = "Raspberry Pi 4 Model B Rev 1.4 (rpi4),TFLite v2.7.1 (ruy)",
    costs: str = COSTS,
    scenario: str = "singlestream,True",
    division: str = "open,Krai",
    latency: str = "45.0,{p50},60.0,55.0,39.0,90.0",
) -> str:
    """A row of a table; the mean lies above the 90th percentile, as in 500 of the real ones."""
    times = latency.format(p50=p50)
    return f"{version},{division},{system},{model},{scenario},{times},{power},{accuracy},{said},{costs},,"


def table(folder: Path, *rows: str, head: str = HEAD) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "results.csv"
    path.write_text("\n".join([head, *rows]) + "\n")
    return path


def rows_of(catalog: Path, board: str) -> list[dict[str, str]]:
    with (catalog / "boards" / board / "measurements.csv").open() as lines:
        return list(csv.DictReader(lines))


def source_of(catalog: Catalog, key: str) -> Source:
    """A source as the user's own catalog has it, whatever the shipped one says of its own table."""
    return catalog.sources_for(catalog.layers[-1])[key]


def test_a_table_becomes_boards_with_latency_power_and_accuracy(tmp_path: Path, run: Run) -> None:
    path = table(
        tmp_path / "in",
        line(),
        line("rpi4-armnn-v21.11-neon", said="Raspberry Pi 4,ArmNN v21.11 (Neon)", power="5.0,2.4"),
        line(model="mobilenet-v2-1.0-224-non-quantized", accuracy="71.8,50000"),
        line(model="efficientnet-lite1-quantized", costs="620000000,5420000,10140000"),
    )
    own = tmp_path / "own"
    found = advisor.import_boards("mlperf", path, catalog=own)
    assert found.boards == ("raspberry-pi-4.mlperf-v2.0-krai",)
    assert (found.rows, found.networks, found.identified, found.accuracies) == (4, 2, 1, 4)
    rows = rows_of(own, found.boards[0])
    assert rows[0]["architecture"] == "mobilenet_v2@224"
    assert {row["architecture"] for row in rows[1:]} == {
        "mobilenet_v2@224",
        "mlperf:efficientnet-lite1@240",
    }
    first = rows[0]
    assert (first["runtime"], first["precision"], first["processor"]) == ("tflite", "int8", "cpu")
    assert (first["latency_ms"], first["latency_p90_ms"], first["latency_p99_ms"]) == (
        "40",
        "45",
        "60",
    )
    assert (first["latency_min_ms"], first["latency_max_ms"]) == ("39", "90")
    assert first["gross_power_w"] == "6"
    assert rows[1]["runtime"] == "armnn-neon"
    assert rows[2]["precision"] == "fp32"
    catalog = Catalog.open(own)
    board = catalog.board(found.boards[0])
    assert board.idle_is_bound  # the least sample around any run: idle power is not above it
    assert board.idle_power_w is not None
    assert board.idle_power_w.value == 2.4
    assert "not verified by MLCommons" in board.note
    known = catalog.architectures["mlperf:efficientnet-lite1@240"].reported
    assert known is not None
    assert known.operations is not None
    assert known.operations.value == 1.24e9
    source = source_of(catalog, "mlperf-v2.0-krai")
    assert (source.licence, source.version, source.file) == ("Apache-2.0", "v2.0", "open/Krai")
    assert source.accuracy_spread == 0.31
    assert "not verified by MLCommons" in source.read
    assert run("catalog", "check", "--catalog", own).code == 0


def test_accuracies_hold_in_the_runtime_and_precision_they_were_found_in(tmp_path: Path) -> None:
    neon = "Raspberry Pi 4,ArmNN v21.11 (Neon)"
    path = table(
        tmp_path / "in",
        line(accuracy="70.5,50000"),
        line("rpi4-armnn-v21.11-neon", said=neon, accuracy="69.25,50000"),
    )
    own = tmp_path / "own"
    advisor.import_boards("mlperf", path, catalog=own)
    with (own / "zoo" / "mlperf-accuracy.csv").open() as lines:
        found = {each["runtime"]: each for each in csv.DictReader(lines)}
    assert {runtime: each["value"] for runtime, each in found.items()} == {
        "tflite": "70.5",
        "armnn-neon": "69.25",
    }
    assert {each["images"] for each in found.values()} == {"50000"}
    assert {each["precision"] for each in found.values()} == {"int8"}
    answer = advisor.pick(board="raspberry-pi-4.mlperf-v2.0-krai", fps=20, catalog=own)
    assert answer.best is not None
    assert answer.best.accuracy_percent is not None
    assert answer.best.accuracy_percent.value == 70.5


@pytest.mark.parametrize(
    ("name", "description", "version", "device", "mode"),
    [
        (
            "rpi4coral-fan.off-tflite-v2.5.0-ruy",
            "Raspberry Pi 4",
            "v1.1",
            "raspberry-pi-4",
            "fan-off",
        ),
        # v2.0's files describe it as another device.
        ("odroid-tflite-v2.7.1-ruy", "NVIDIA Jetson AGX Xavier", "v2.0", "odroid-n2-plus", ""),
        ("firefly-tflite-v2.5.0-ruy", "", "v1.1", "firefly-rk3399", ""),
        ("firefly-tflite-v2.7.1-ruy", "", "v2.1", "firefly-rk3588s", ""),
        ("firefly-tflite-v2.7.1-ruy", "Firefly-RK3399 (firefly)", "v2.1", "firefly-rk3399", ""),
        ("xavier-power.2-fan.cool-tflite-v2.5.0-ruy", "", "v1.1", "jetson-agx-xavier", "15w"),
        ("xavier-power.0-fan.cool-armnn-v22.05-neon", "", "v2.1", "jetson-agx-xavier", "maxn"),
        ("Xavier_NX_TRT_MaxQ", "Auvidea JNX30 Xavier NX", "v2.0", "jetson-xavier-nx", "maxq"),
        ("Orin_NX_TRT", "NVIDIA Orin NX (TensorRT)", "v3.0", "jetson-orin-nx", ""),
        ("nvidia_orin-tflite_cpp-cpu", "NVIDIA Jetson AGX Orin", "v3.0", "jetson-agx-orin", ""),
        ("aedk_15w-qaic-v1.4.66-aic100", "AI Development Kit", "v1.1", "cloud-ai-100-kit", "15w"),
        ("x1", "Acme Board 5.1 (rev B)", "v9.0", "acme-board-5-1", ""),
    ],
)
def test_a_system_is_a_device_in_a_power_mode(
    name: str, description: str, version: str, device: str, mode: str
) -> None:
    found = read_system(name, description, version, "")
    assert (found.device, found.mode) == (device, mode)


@pytest.mark.parametrize(
    ("framework", "runtime", "unit"),
    [
        ("TFLite v2.7.1 (ruy)", "tflite", "cpu"),
        ("ArmNN v22.05 (Neon)", "armnn-neon", "cpu"),
        ("ArmNN v22.05 (OpenCL)", "armnn-opencl", "gpu"),
        ("JetPack 5.0, TensorRT 8.4.0, CUDA 11.4", "tensorrt", "gpu"),
        ("Qualcomm Cloud AI SDK v1.7.1", "qaic", "npu"),
        ("Acme 3.1", "acme", ""),
    ],
)
def test_a_framework_is_a_runtime_on_a_processor(framework: str, runtime: str, unit: str) -> None:
    found = read_system("x1", "Board", "v3.0", framework)
    assert (found.runtime, found.unit) == (runtime, unit)


@pytest.mark.parametrize(
    ("model", "word", "size", "precision"),
    [
        ("mobilenet-v1-0.25-128-non-quantized", "mobilenet-v1-0.25", 128, "fp32"),
        ("mobilenet-v2-1.0-96-quantized", "mobilenet-v2-1.0", 96, "int8"),
        ("mobilenet-v3-large_224_1.0_uint8", "mobilenet-v3-large-1.0", 224, "int8"),
        ("efficientnet-lite4-quantized", "efficientnet-lite4", 300, "int8"),
        ("resnet50", "resnet50", 224, ""),
        ("bert-99", "bert-99", None, ""),
    ],
)
def test_a_model_s_name_says_its_size_and_precision(
    model: str, word: str, size: int | None, precision: str
) -> None:
    assert read_model(model) == (word, size, precision)


def test_what_is_left_out_is_counted_by_why(tmp_path: Path) -> None:
    path = table(
        tmp_path / "in",
        line(),
        line(),
        line(scenario="offline,True"),
        line(scenario="multistream,True"),
        line(scenario="singlestream,False"),
        line(model="bert-99", costs=",,"),
        line(p50="", version="v2.1", latency="45.0,,60.0,55.0,39.0,90.0"),
    )
    found = advisor.import_boards("mlperf", path, dry_run=True, catalog=tmp_path / "own")
    assert found.rows == 1
    assert found.left_out == {
        "a second result of the same network on the same system": 1,
        "scenario offline": 1,
        "scenario multistream": 1,
        "not valid by MLPerf's rules": 1,
        "bert-99: not a network on images of one known size": 1,
        "without a median latency": 1,
    }
    assert not (tmp_path / "own").exists()


def test_a_board_of_which_no_accuracy_is_known_names_no_weights(tmp_path: Path, run: Run) -> None:
    path = table(tmp_path / "in", line(model="ssd-mobilenet", costs=",,", accuracy=","))
    own = tmp_path / "own"
    found = advisor.import_boards("mlperf", path, catalog=own)
    assert Catalog.open(own).board(found.boards[0]).weights == ""
    assert run("catalog", "check", "--catalog", own).code == 0
    said = run("pick", "--board", found.boards[0], "--fps", "20", "--catalog", own)
    assert "unknown weights" not in said.err


def test_versions_and_submitters_are_boards_of_their_own(tmp_path: Path) -> None:
    path = table(
        tmp_path / "in",
        line(),
        line(version="v2.1"),
        line(division="open,cTuning"),
        line("rpi4-tflite", "resnet50", division="closed,Krai", costs=",,", accuracy="76.4,50000"),
        line("rpi4-tflite", "ssd-mobilenet", division="closed,Krai", costs=",,", accuracy=","),
    )
    own = tmp_path / "own"
    found = advisor.import_boards("mlperf", path, catalog=own)
    assert sorted(found.boards) == [
        "raspberry-pi-4.mlperf-v2.0-ctuning",
        "raspberry-pi-4.mlperf-v2.0-krai",
        "raspberry-pi-4.mlperf-v2.1-krai",
    ]
    rows = rows_of(own, "raspberry-pi-4.mlperf-v2.0-krai")
    assert [(row["architecture"], row["precision"]) for row in rows] == [
        ("mobilenet_v2@224", "int8"),
        ("tv:resnet50@224", "unknown"),  # the closed division's table does not say
        ("mlperf:ssd-mobilenet@300", "unknown"),
    ]
    catalog = Catalog.open(own)
    assert catalog.architectures["mlperf:ssd-mobilenet@300"].task == "detection"
    assert source_of(catalog, "mlperf-v2.0-krai").file == "closed/Krai, open/Krai"


def test_how_far_another_run_is_off_is_computed_from_what_stands_twice(tmp_path: Path) -> None:
    widths = ("0.25", "0.5", "0.75", "1.0")
    models = [
        f"mobilenet-v1-{width}-{size}-quantized" for width in widths for size in (128, 160, 192)
    ]
    rows = [line(model=each, p50="40.0", costs=",,") for each in models]
    rows += [
        line(model=each, version="v2.1", p50=str(40 + 0.25 * number), costs=",,")
        for number, each in enumerate(models)
    ]
    few = line(division="open,Other", costs=",,")
    own = tmp_path / "own"
    advisor.import_boards("mlperf", table(tmp_path / "in", *rows, few), catalog=own)
    catalog = Catalog.open(own)
    source = source_of(catalog, "mlperf-v2.1-krai")
    # Of twelve pairs, 0 to 6.9 % off, in eleven or twelve of thirteen another one is within the twelfth.
    assert source.reproducibility == pytest.approx(0.069)
    assert source.evidence.endswith("12 pairs in this table")
    assert catalog.source("mlperf-v2.0-other").reproducibility is None


def test_a_network_that_contradicts_its_alias_stays_the_source_s_own(tmp_path: Path) -> None:
    path = table(tmp_path / "in", line(costs="300000000,4470000,6680000"))
    found = advisor.import_boards("mlperf", path, dry_run=True, catalog=tmp_path / "own")
    assert (found.networks, found.identified) == (1, 0)
    assert found.notes == (
        "mobilenet-v2-1.0 is not mobilenet_v2@224: its params are others, "
        "so it is mlperf:mobilenet-v2-1.0@224",
    )


def test_only_the_boards_that_are_wanted_come_in_and_the_rest_stays_as_it_is(
    tmp_path: Path,
) -> None:
    path = table(tmp_path / "in", line(version="v2.1"), line())
    own = tmp_path / "own"
    found = advisor.import_boards("mlperf", path, only=["*v2.1*"], catalog=own)
    assert "mlperf-v2.0-krai" not in (own / "sources.yaml").read_text()
    assert found.boards == ("raspberry-pi-4.mlperf-v2.1-krai",)
    assert found.accuracies == 1
    description = own / "boards" / found.boards[0] / "board.yaml"
    text = description.read_text()
    description.write_text(text.replace("Raspberry Pi 4 (MLPerf v2.1, Krai)", "The one in the lab"))
    advisor.import_boards("mlperf", path.parent, catalog=own)
    assert Catalog.open(own).board(found.boards[0]).title == "The one in the lab"


def test_another_import_of_the_same_changes_nothing(tmp_path: Path) -> None:
    smaller = line(model="mobilenet-v2-1.0-128-quantized", costs="98000000,3470000,2180000")
    path = table(tmp_path / "in", line(), smaller)
    own = tmp_path / "own"

    def imported() -> dict[Path, str]:
        advisor.import_boards("mlperf", path, catalog=own)
        return {each: each.read_text() for each in own.rglob("*.*") if each.is_file()}

    first = imported()
    rows = rows_of(own, "raspberry-pi-4.mlperf-v2.0-krai")
    assert [row["architecture"] for row in rows] == [
        "mobilenet_v2@224",
        "mlperf:mobilenet-v2-1.0@128",  # the catalog does not have it at that size
    ]
    assert imported() == first


@pytest.mark.parametrize(
    ("head", "row", "said"),
    [
        (HEAD.replace("p50_ms", "median"), line(), "line 1, column p50_ms"),
        (HEAD, line(p50="fast"), "line 2, column p50_ms"),
        (HEAD, line(power="-3,2"), "line 2, column power_w"),
        (HEAD, line() + ",1,2", "line 2"),
    ],
)
def test_a_table_of_another_kind_is_refused_with_the_place(
    tmp_path: Path, head: str, row: str, said: str
) -> None:
    path = table(tmp_path / "in", row, head=head)
    with pytest.raises(AdvisorError) as error:
        advisor.import_boards("mlperf", path, dry_run=True, catalog=tmp_path / "own")
    assert said in error.value.message


def test_a_folder_without_results_is_refused(tmp_path: Path) -> None:
    table(tmp_path / "in", "1,2", head="a,b")
    with pytest.raises(AdvisorError, match="holds no results of MLPerf Inference"):
        advisor.import_boards("mlperf", tmp_path / "in", catalog=tmp_path / "own")
    with pytest.raises(AdvisorError, match="no such file"):
        advisor.import_boards("mlperf", tmp_path / "missing", catalog=tmp_path / "own")


def test_the_command_says_what_it_brings(tmp_path: Path, run: Run) -> None:
    path = table(tmp_path / "in", line(), line(scenario="offline,True"))
    said = run("import", "mlperf", path, "--dry-run", "--catalog", tmp_path / "own")
    assert said.code == 0
    assert "1 board of 1 row" in said.out
    assert "left out: 1 row: scenario offline" in said.out


SUMMARY = """\
================================================
MLPerf Results Summary
================================================
SUT name : TFLite_SUT
Scenario : SingleStream
Mode     : PerformanceOnly
90th percentile latency (ns) : 45000000
Result is : {result}
  Min duration satisfied : Yes

Min latency (ns)                : 39000000
Max latency (ns)                : 90000000
Mean latency (ns)               : 55000000
50.00 percentile latency (ns)   : 40000000
90.00 percentile latency (ns)   : 45000000
99.00 percentile latency (ns)   : 60000000
"""
EVENT = (
    ':::MLLOG {{"key": "{key}", "value": "{value}", "time_ms": 0.05, "metadata": {{"pid": 1}}}}\n'
)


def submitted(
    root: Path,
    model: str = "mobilenet-v2-1.0-224-quantized",
    *,
    scenario: str = "singlestream",
    result: str = "VALID",
    metered_at: int = 14,
    minutes: int = 12,
    loadgen: str = "2.0 @ ee487389aa",
) -> Path:
    """Write what is submitted of a run from 14:01:00 to 14:11:00, metered from that hour on once a second.

    The meter shows 3 W before and after the run, 2.5 W once, and 6 W or 7 W during it.
    """
    submitter = root / "open" / "Krai"
    place = submitter / "results" / "odroid-tflite-v2.7.1-ruy" / model / scenario
    run = place / "performance" / "run_1"
    run.mkdir(parents=True)
    (place / "accuracy").mkdir()
    (place / "accuracy" / "accuracy.txt").write_text("accuracy=71.190%, good=35595, total=50000\n")
    (run / "mlperf_log_summary.txt").write_text(SUMMARY.format(result=result))
    events = {
        "loadgen_version": loadgen,
        "power_begin": "02-17-2022 14:01:00.000",
        "power_end": "02-17-2022 14:11:00.000",
    }
    text = "".join(EVENT.format(key=key, value=value) for key, value in events.items())
    (run / "mlperf_log_detail.txt").write_text(text)
    samples = []
    for second in range(minutes * 60):
        minute = second // 60
        watts = 6 + second % 2 if 60 <= second < 660 else 2.5 if second == 5 else 3
        hour, minute = metered_at + minute // 60, minute % 60
        stamp = f"02-17-2022 {hour:02}:{minute:02}:{second % 60:02}.500"
        samples.append(f"Time,{stamp},Watts,{watts},Volts,230.1,Mark,testing")
    (run / "spl.txt").write_text("\n".join(samples) + "\n")
    systems = submitter / "systems"
    systems.mkdir(exist_ok=True)
    (systems / "odroid-tflite-v2.7.1-ruy.json").write_text(
        '{"system_name": "NVIDIA Jetson AGX Xavier", "framework": "TFLite v2.7.1 (ruy)"}'
    )
    return root


@pytest.mark.parametrize("metered_at", [14, 11, 22])
def test_submitted_results_give_latency_power_and_accuracy(tmp_path: Path, metered_at: int) -> None:
    own = tmp_path / "own"
    root = submitted(tmp_path / "in", metered_at=metered_at)
    found = advisor.import_boards("mlperf", root, catalog=own)
    assert found.boards == ("odroid-n2-plus.mlperf-v2.0-krai",)  # whatever its file describes
    assert (found.rows, found.accuracies, found.notes) == (1, 1, ())
    (row,) = rows_of(own, found.boards[0])
    assert (row["latency_ms"], row["latency_p90_ms"], row["latency_p99_ms"]) == ("40", "45", "60")
    assert (row["latency_min_ms"], row["latency_max_ms"]) == ("39", "90")
    assert (row["runtime"], row["precision"], row["gross_power_w"]) == ("tflite", "int8", "6.5")
    idle = Catalog.open(own).board(found.boards[0]).idle_power_w
    assert idle is not None
    assert (idle.value, idle.low) == (2.5, 0)
    with (own / "zoo" / "mlperf-accuracy.csv").open() as lines:
        (accuracy,) = csv.DictReader(lines)
    assert (accuracy["value"], accuracy["images"]) == ("71.19", "50000")


@pytest.mark.parametrize(
    ("metered_at", "minutes"),
    [
        pytest.param(14, 5, id="the meter stopped too early"),
        pytest.param(12, 150, id="more than one hour would do"),
    ],
)
def test_power_is_unknown_where_the_meter_s_clock_cannot_be_told(
    tmp_path: Path, metered_at: int, minutes: int
) -> None:
    own = tmp_path / "own"
    root = submitted(tmp_path / "in", metered_at=metered_at, minutes=minutes)
    found = advisor.import_boards("mlperf", root, catalog=own)
    (row,) = rows_of(own, found.boards[0])
    assert row.get("gross_power_w", "") == ""
    (note,) = found.notes
    assert "its power is unknown" in note
    assert Catalog.open(own).board(found.boards[0]).idle_power_w is None


def test_submitted_results_of_other_scenarios_are_left_out(tmp_path: Path) -> None:
    root = submitted(tmp_path / "in")
    submitted(root, "resnet50", scenario="offline")
    submitted(root, "mobilenet-v1-1.0-224-quantized", result="INVALID")
    found = advisor.import_boards("mlperf", root, dry_run=True, catalog=tmp_path / "own")
    assert found.rows == 1
    assert found.left_out == {"scenario offline": 1, "not valid by MLPerf's rules": 1}


def test_the_version_is_loadgens_or_the_folder_s(tmp_path: Path) -> None:
    root = submitted(tmp_path / "inference_results_v2.1", loadgen="none")
    found = advisor.import_boards("mlperf", root, dry_run=True, catalog=tmp_path / "own")
    assert found.boards == ("odroid-n2-plus.mlperf-v2.1-krai",)
    unknown = submitted(tmp_path / "in", loadgen="none")
    with pytest.raises(AdvisorError, match="no version of MLPerf"):
        advisor.import_boards("mlperf", unknown, dry_run=True, catalog=tmp_path / "own")


def test_logs_of_another_kind_are_refused_with_the_place(tmp_path: Path) -> None:
    root = submitted(tmp_path / "in")
    (meter,) = root.rglob("spl.txt")
    meter.write_text("Time,2022-02-17 14:00:00,Watts,2.5\n")
    with pytest.raises(AdvisorError, match=r"spl\.txt, line 1"):
        advisor.import_boards("mlperf", root, dry_run=True, catalog=tmp_path / "own")
    meter.write_text("Time,02-17-2022 14:00:00.500,Watts,2.5.0,Volts,230\n")
    with pytest.raises(AdvisorError, match=r"spl\.txt, line 1, column Watts"):
        advisor.import_boards("mlperf", root, dry_run=True, catalog=tmp_path / "own")
    (summary,) = root.rglob("mlperf_log_summary.txt")
    summary.write_text("nothing\n")
    with pytest.raises(AdvisorError, match=r"mlperf_log_summary\.txt, line 1"):
        advisor.import_boards("mlperf", root, dry_run=True, catalog=tmp_path / "own")


def test_a_table_and_the_logs_that_it_was_made_of_are_one_result(tmp_path: Path) -> None:
    root = submitted(tmp_path / "in")
    said = "NVIDIA Jetson AGX Xavier,TFLite v2.7.1 (ruy)"
    table(root, line("odroid-tflite-v2.7.1-ruy", said=said, power="6.5,2.5"))
    found = advisor.import_boards("mlperf", root, dry_run=True, catalog=tmp_path / "own")
    assert found.rows == 1
    assert found.left_out == {"a second result of the same network on the same system": 1}


def test_costs_that_a_table_said_stay_where_the_logs_say_none(tmp_path: Path) -> None:
    own = tmp_path / "own"
    lite = "efficientnet-lite0-quantized"
    path = table(tmp_path / "table", line(model=lite, costs="400000000,4650000,6740000"))
    advisor.import_boards("mlperf", path, catalog=own)
    advisor.import_boards("mlperf", submitted(tmp_path / "in", lite), catalog=own)
    reported = Catalog.open(own).architectures["mlperf:efficientnet-lite0@224"].reported
    assert reported is not None
    assert reported.operations is not None
    assert reported.operations.value == 8e8
