"""The shipped boards of published tables: what they answer, checked by hand against the tables."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import advisor
from advisor.architectures.names import device_of
from advisor.catalog.devices import read_device_aliases
from advisor.catalog.listing import Boards
from advisor.catalog.store import Catalog
from advisor.options import read_requirements
from advisor.solve.candidates.gather import gather
from tests.conftest import Run

CATALOG = Path(__file__).resolve().parent.parent / "catalog"


@pytest.fixture(scope="module")
def shipped() -> Boards:
    return advisor.boards()


def test_a_raspberry_pi_4_at_30_frames_and_0_3_joules() -> None:
    """Of the open division's 1,000 rows of it: idle is an upper bound, so that gross energy counts."""
    answer = advisor.pick(board="raspberry-pi-4", fps=30, energy="0.3 J")
    best = answer.candidates[0]
    assert (best.architecture, best.runtime, best.precision) == (
        "mlperf:mobilenet-v3-large-1.0@224",
        "tflite",
        "int8",
    )
    assert best.board == "raspberry-pi-4.mlperf-v2.0-krai"
    assert best.accuracy_percent is not None and best.energy_j is not None and best.fps is not None
    assert best.accuracy_percent.value == pytest.approx(72.91)
    assert best.fps.value == pytest.approx(40.5167, rel=1e-4)
    assert best.energy_j.value == pytest.approx(0.158655, rel=1e-4)
    assert best.energy_j.low == pytest.approx(0.089, rel=0.03)  # less all of the idle power
    assert best.mark == "sure"


def test_the_best_classifier_on_a_raspberry_pi_5_by_ncnn() -> None:
    """Of networks with exactly a known one's counts; ncnn's table has no weights of its own."""
    answer = advisor.pick(board="raspberry-pi-5", fps=20, runtime="ncnn")
    best = answer.candidates[0]
    assert (best.architecture, best.weights) == ("tv:efficientnet_b0@224", "ra4_e3600_r224_in1k")
    assert best.accuracy_percent is not None and best.fps is not None
    assert best.accuracy_percent.value == pytest.approx(78.568)
    assert best.fps.value == pytest.approx(1000 / 12.28, rel=1e-3)
    assert answer.overlooked is not None and answer.overlooked.networks == 9


@pytest.mark.parametrize(
    ("board", "network", "percent", "rate"),
    [
        ("hailo-8", "hailo:vit_base@224", 83.2, 108),
        ("hailo-8l", "hailo:cas_vit_m@384", 80.9, 103),
        ("hailo-10h", "hailo:vit_base@224", 83.5, 191),
        ("hailo-15h", "hailo:vit_base@224", 83.5, 191),
    ],
)
def test_hailos_accelerators_at_100_frames_and_76_percent(
    board: str, network: str, percent: float, rate: float
) -> None:
    """After quantising, as the model zoo measured on the hardware; a rate is no latency."""
    best = advisor.pick(board=board, fps=100, accuracy=76).candidates[0]
    assert best.architecture == network
    assert best.accuracy_percent is not None and best.fps is not None
    assert (best.accuracy_percent.value, best.fps.value) == (percent, rate)
    assert best.mark == "unproven"
    assert best.response_ms is None
    each = advisor.pick(board="hailo-*", fps=100, accuracy=76, by="board").candidates
    assert (network, percent) in {
        (one.architecture, one.accuracy_percent.value)
        for one in each
        if one.accuracy_percent and device_of(one.board) == board
    }


@pytest.mark.parametrize(
    ("board", "network", "runtime", "precision", "percent", "latency"),
    [
        # w8a16 by QNN on 1,000 images: 83.2 of 84.6 %; of all images 84.062 % in floats.
        ("galaxy-s24", "tv:convnext_base@224", "qnn", "w8a16", 84.062 - (84.6 - 83.2), 4.106),
        # w8a8 by TFLite: 80.5 of 80.5 %; of all images 81.198 % in floats.
        ("dragonwing-rb3-gen-2", "tv:resnext50_32x4d@224", "tflite", "w8a8", 81.198, 2.876),
    ],
)
def test_qualcomms_devices_under_5_milliseconds(
    board: str, network: str, runtime: str, precision: str, percent: float, latency: float
) -> None:
    """The tables' files on that network have the figures; the accuracy was found on another phone."""
    best = advisor.pick(board=board, latency="5 ms").candidates[0]
    assert (best.architecture, best.runtime, best.precision) == (network, runtime, precision)
    assert (best.processor, best.mark) == ("npu", "unproven")
    assert best.accuracy_percent is not None and best.response_ms is not None
    assert best.accuracy_percent.value == pytest.approx(percent)
    assert best.response_ms.value == latency


def test_detectors_on_an_rk3588_with_accuracies_of_ones_own() -> None:
    """YOLOv8: s runs at 38.0 fps, n at 73.5, m at 16.2; its source has no accuracies."""
    stated = {"rknn:yolov8n": 37.3, "rknn:yolov8s": 44.9, "rknn:yolov8m": 50.2}
    asked = {"board": "rk3588-npu", "task": "detection", "fps": 30, "accuracy_of": stated}
    answer = advisor.pick(**asked, quantised_loss=1)
    known = [each for each in answer.candidates if each.accuracy_percent]
    assert [each.architecture for each in known] == ["rknn:yolov8s@640", "rknn:yolov8n@640"]
    best = known[0]
    assert best == answer.best
    assert best.accuracy_percent is not None and best.fps is not None
    assert (best.fps.value, best.mark) == (38.0, "unproven")
    assert best.accuracy_percent.value == pytest.approx(43.9)
    assert best.quality.metric == "mAP50-95"
    # In int8 nothing is known of them without a stated loss, so that a limit on it leaves all out.
    assert advisor.pick(**asked, accuracy=10).best is None


def test_of_detectors_of_unknown_accuracy_the_fastest_goes_first(run: Run) -> None:
    """No response is known there: that of yolov6n goes first with 106 frames a second."""
    answer = advisor.pick(board="rk3588-npu", task="detection", top=99)
    rates = [each.fps.value for each in answer.candidates if each.fps]
    assert len(rates) == len(answer.candidates) > 10
    assert rates == sorted(rates, reverse=True)
    said = " ".join(run("pick", "--board", "rk3588-npu", "--task", "detection").out.split())
    assert "The mAP50-95 of these is unknown, so the higher frame rate decided." in said


def test_boards_without_the_task_are_one_line(run: Run) -> None:
    ran = run("pick", "--board", "rk3588-npu,raspberry-pi-4", "--task", "detection", "--fps", "30")
    (line,) = (each for each in ran.err.splitlines() if "left out" in each)
    assert "6 boards are left out: their rows are for classification, not for detection" in line
    assert line.endswith("raspberry-pi-4.mlperf-v1.1-ctuning, and 3 more boards")


def test_several_boards_say_on_a_narrow_terminal_how_sure_their_picks_are(run: Run) -> None:
    ran = run("pick", "--board", "raspberry-pi-4,jetson-agx-orin", "--fps", "30")
    lines = ran.out.splitlines()
    assert max(map(len, lines)) <= 80
    (heading,) = (each for each in lines if each.startswith("network "))
    assert heading.split()[-3:] == ["%", "fps", "limits"]
    assert len([each for each in lines if each.endswith(" sure")]) == 5


def test_a_frontier_of_several_boards_keeps_both_ends_of_names(
    run: Run,
) -> None:
    ran = run("frontier", "--board", "raspberry-pi-4,jetson-agx-orin", "--fps", "30")
    lines = ran.out.splitlines()
    assert max(map(len, lines)) <= 80
    (heading,) = (each for each in lines if each.startswith("network "))
    assert heading.split() == ["network", "board", "batch", "ms", "%", "fps", "limits"]
    assert any(
        re.match(r"mlperf:mo\.\.\.\S+@128 +jetson-\S+-ctuning +1 +0\.584 ", each) for each in lines
    )


def test_boards_of_many_tasks_stand_in_a_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    (heading, *_) = run("boards", "--maker", "hailo").out.splitlines()
    assert heading.split() == [
        "board",
        "what",
        "it",
        "is",
        "networks",
        "runs",
        "tasks",
        "known",
        "batches",
        "date",
        "from",
    ]


def test_a_network_of_one_board_s_table_is_not_predicted_on_others() -> None:
    """By itself a board is asked for what libraries have; another board beside it changes nothing of that."""
    asked = read_requirements({}, board="jetson-tx1,hailo-8", candidates="all")
    found = gather(Catalog.open(), asked)
    on = {board.name: place for place, board in enumerate(found.boards)}
    names = {
        board: {
            found.architectures[each].name
            for each in found.architecture_index[found.board_index == place]
        }
        for board, place in on.items()
    }
    assert "hailo:vit_base@224" in names["hailo-8.hailo-v2.18.0"]
    assert "tv:efficientnet_b0@224" in names["jetson-tx1"]
    assert not [name for name in names["jetson-tx1"] if name.startswith("hailo:")]


def test_a_network_is_explained_by_the_name_that_a_board_has_it_by(run: Run) -> None:
    """MLPerf's MobileNet v1 is ncnn's; of those boards with neither there is a line, too."""
    asked = ("pick", "--board", "raspberry-pi-4", "--fps", "20", "--explain", "ncnn:mobilenet")
    document = json.loads(run(*asked, "--json").out)
    explained = {each["board"]: each["architecture"] for each in document["explained"]}
    assert len(explained) == len(document["explained"]) == 7
    assert explained["raspberry-pi-4.ncnn"] == "ncnn:mobilenet@224"
    assert explained["raspberry-pi-4.mlperf-v2.0-krai"] == "mlperf:mobilenet-v1-1.0@224"
    assert {each["asked"] for each in document["explained"]} == {"ncnn:mobilenet"}
    said = " ".join(run(*asked).out.split())
    renamed = (
        "ncnn:mobilenet, here mlperf:mobilenet-v1-1.0@224, on raspberry-pi-4.mlperf-v2.0-krai: at"
    )
    assert renamed in said
    assert "ncnn:mobilenet@224 on raspberry-pi-4.ncnn: " in said
    assert "ncnn:mobilenet on raspberry-pi-4.mlperf-v1.1-ctuning: the board has no rows" in said


TYPED = """
    raspberry-pi-4 raspberry-pi-5 jetson-agx-orin jetson-orin-nano jetson-nano jetson-agx-xavier galaxy-s24
    snapdragon-x-elite hailo-8 rk3588-npu rtx-4090 rtx-3090 i7-12700h
"""


@pytest.mark.parametrize("device", TYPED.split())
def test_the_names_that_people_type(device: str) -> None:
    best = advisor.pick(board=device, fps=5).best
    assert best is not None
    assert device_of(best.board) == device
    assert best.fps is not None
    assert best.fps.value >= 5


@pytest.mark.parametrize(
    ("typed", "device"),
    [
        ("rpi4", "raspberry-pi-4"),
        ("RPi 5", "raspberry-pi-5"),
        ("orin-nano", "jetson-orin-nano"),
        ("S24", "galaxy-s24"),
        ("hailo8l", "hailo-8l"),
    ],
)
def test_other_names_that_people_type(typed: str, device: str) -> None:
    boards = advisor.show_boards(typed).boards
    assert {device_of(each.board.name) for each in boards} == {device}


def test_every_other_name_is_that_of_a_device_that_is_there(shipped: Boards) -> None:
    devices = {device_of(each.board.name) for each in shipped.boards}
    aliases = read_device_aliases(CATALOG / "device-aliases.csv")
    assert set(aliases.values()) <= devices
    assert devices.isdisjoint(aliases)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [("rb3", "'dragonwing-rb3-gen-2'"), ("3090", "'rtx-3090'"), ("ax630c-np", "'ax630c-npu'")],
)
def test_devices_are_offered_that_are_called_alike(run: Run, typed: str, offered: str) -> None:
    ran = run("pick", "--board", typed)
    assert (ran.code, f"did you mean {offered}?" in ran.err) == (2, True)


def test_the_paper_s_board_is_what_it_was() -> None:
    assert advisor.pick(fps=30, energy="0.5 J").candidates[0].architecture == "resnet-18"


def test_what_is_shipped(shipped: Boards) -> None:
    devices = {device_of(each.board.name) for each in shipped.boards}
    assert len(shipped.boards) >= 110
    assert len(devices) >= 100
    asked = "raspberry-pi-4 raspberry-pi-5 jetson-agx-orin jetson-orin-nano hailo-8 rk3588-npu"
    assert {*asked.split(), "snapdragon-x-elite"} <= devices
    tasks = {task for each in shipped.boards for task in each.tasks}
    assert {"classification", "detection", "segmentation", "pose"} <= tasks
    with_energy = {device_of(each.board.name) for each in shipped.boards if "energy" in each.known}
    assert len(with_energy) >= 6
    assert not shipped.left_out
    assert all(each.makers for each in shipped.boards)


def test_every_source_of_a_published_table_says_whose_it_is() -> None:
    for device in ("raspberry-pi-4", "hailo-8", "rk3588-npu"):
        for source in advisor.show_boards(device).sources.values():
            assert source.repository.startswith("https://github.com/")
            assert source.licence in ("Apache-2.0", "BSD-3-Clause", "MIT")
            assert len(source.sha256) == 64
    notice = (CATALOG / "LICENSES/NOTICE.md").read_text(encoding="utf-8")
    assert "result not verified by MLCommons Association" in notice


@pytest.mark.parametrize("limit", ["30ms@p90", "5ms@p99", "1us@p99"])
def test_tails_are_limited_in_words_as_in_documents(run: Run, limit: str) -> None:
    asked = ("pick", "--board", "raspberry-pi-4,jetson-agx-orin", "--latency", limit)
    said, document = run(*asked), run(*asked, "--json")
    assert said.code == document.code in (0, 1)
    assert f"response {limit[-3:]}" in said.out or limit[-3:] in said.out


def test_a_chips_npu_is_a_device_of_its_own_and_said_to_be() -> None:
    said = "not asked: rk3588-npu, a device of its own in that chip (--board rk3588-npu)"
    assert said in advisor.pick(board="rk3588", fps=30).notes
    for board in ("rk3588*", "rk3588-npu", "raspberry-pi-4"):
        assert not [each for each in advisor.pick(board=board).notes if "not asked" in each]
