"""The command line as people use it, and misuse it."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import advisor
from advisor.architectures.names import device_of
from advisor.documents import Schema
from advisor.metrics import NAMES
from tests.conftest import HEADER, ROWS, Overlay, Ran, Run

ADVISOR = [sys.executable, "-m", "advisor"]
FIRST_QUESTION = ("pick", "--fps", "30", "--energy", "0.5J")


def assert_refused(ran: Ran, *said: str) -> None:
    """Exit 2, one message without a traceback, nothing on standard output."""
    assert ran.code == 2
    assert ran.out == ""
    assert "Traceback" not in ran.err
    folded = " ".join(ran.err.replace("│", " ").split())
    for words in said:
        assert words in folded


def document(ran: Ran) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(ran.out)
    return read


# --- answers


def test_the_first_question(run: Run) -> None:
    ran = run(*FIRST_QUESTION)
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0] == "resnet-18 at batch 1 (weights paper, torch7, fp32)"
    assert "jetson-tx1 (NVIDIA Jetson TX1)" in lines[1]
    assert any(re.search(r"^resnet-18 +1 +69.57 +39.4 +25.4 +0.313 ", line) for line in lines)
    assert any(re.search(r"^limit +>=30 +<=0.5$", line) for line in lines)
    assert any(re.search(r"^  head-room +\+31% +\+37%$", line) for line in lines)
    assert "fps >= 30 is binding: the nearest better candidate, resnet-34 at batch 64" in ran.out
    assert "1 more network meets every limit (--top)." in ran.out


def test_a_batch_says_how_long_its_first_image_waits(run: Run) -> None:
    ran = run("pick", "--fps", 20, "--energy", "0.5J", "--overhead", "5ms")
    assert ran.out.startswith("resnet-34 at batch 4 ")
    folded = " ".join(ran.out.split())
    assert "the first image waits 0.30 s for its answer: 150 ms for its batch to fill" in folded
    assert "5.00 ms overhead" in folded
    streaming = " ".join(run("pick", "--board", "hailo-8", "--fps", 60, "--batch", 8).out.split())
    assert "the first image waits 117 ms for its batch to fill, and then for a latency" in streaming


def test_nothing_fits_is_exit_1_explained(run: Run) -> None:
    ran = run("pick", "--fps", 60, "--accuracy", 75)
    assert (ran.code, ran.err) == (1, "")
    assert ran.out.startswith("Nothing fits accuracy >= 75 and fps >= 60\n")
    assert "Relaxing to accuracy >= 68.3 makes enet at batch 16 feasible." in ran.out
    assert "Relaxing to fps >= 19.51 makes resnet-50 at batch 16 feasible." in ran.out
    assert "16 more do not fit in the board's memory" in " ".join(ran.out.split())


@pytest.mark.parametrize(
    "question",
    [
        FIRST_QUESTION,
        ("pick", "--fps", "60", "--accuracy", "75"),
        ("pick", "--memory", "210MB", "--weights", "any", "--objective", "energy", "--all-batches"),
        ("pick", "--latency", "33ms@p99"),
        ("pick",),
    ],
)
def test_json_is_one_document_of_the_published_shape(run: Run, question: tuple[str, ...]) -> None:
    schema = document(run("schema"))
    ran = run(*question, "--json")
    answer = document(ran)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(answer)
    assert ran.code == (1 if answer["status"] == "infeasible" else 0)
    assert (answer["best"] is None) == (answer["status"] == "infeasible")
    first = ["schema", "query", "status", "quality", "best", "alternatives"]
    assert list(answer)[: len(first)] == first


def test_json_unknown_is_null_and_the_query_can_be_run_again(run: Run) -> None:
    answer = document(run("pick", "--fps", "30", "--params", "7M", "--json"))
    assert answer["best"]["architecture"] == "googlenet"
    enet = answer["alternatives"][0]
    assert enet["architecture"] == "enet"
    assert enet["memory_mb"] is None
    assert answer["query"]["require"] == {"fps": {"min": "30"}, "params": {"max": "7M"}}
    again = document(run(*answer["query"]["command"].split()[1:], "--json"))
    assert again == answer


def test_csv_lists_the_same(run: Run) -> None:
    rows = list(csv.DictReader(io.StringIO(run(*FIRST_QUESTION, "--csv").out)))
    assert [row["architecture"] for row in rows][:2] == ["resnet-18", "googlenet"]
    assert float(rows[0]["energy_j"]) == pytest.approx(0.3130512)
    assert rows[2]["memory_mb"] == ""
    nothing = run("pick", "--fps", 1000, "--csv")
    assert nothing.code == 1
    assert nothing.out.count("\n") == 1


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_every_line_fits_the_terminal_and_nothing_is_cut(
    run: Run, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    all_limits = shlex.split(
        "--fps 6 --latency 1s --energy 1J --power 13W --memory 2GiB --params 100M --ops 40G "
        "--all-batches --objective time --accuracy"
    )
    for question in (
        FIRST_QUESTION,
        ("pick", *all_limits, "75"),
        ("pick", *all_limits, "90"),
        ("boards",),
        ("show", "inception-v4"),
    ):
        out = run(*question).out
        assert max(map(len, out.splitlines())) <= columns
        assert "…" not in out
        assert "\x1b" not in out


def test_a_narrow_terminal_gets_fewer_columns_not_broken_numbers(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    lines = run(*FIRST_QUESTION).out.splitlines()
    assert any(re.match(r"resnet-18 +1 +69.57 +39.4 +0.313", line) for line in lines)
    monkeypatch.setenv("COLUMNS", "0")
    assert run(*FIRST_QUESTION).out.startswith("resnet-18 at batch 1")


def test_a_tail_that_the_board_does_not_know_is_said(run: Run) -> None:
    folded = " ".join(run("pick", "--latency", "33ms@p99").out.split())
    assert (
        "This board knows no p99 of any latency; response <= 33 ms would limit the median" in folded
    )


def test_the_boards(run: Run, overlay: Overlay) -> None:
    every = run("boards", "--catalog", overlay.folder)
    assert every.code == 0
    row = r"^jetson-tx1 +14 +latency, energy, memory,\n +accuracy$"
    assert re.search(row, every.out, re.MULTILINE)
    assert re.search(r"^small +2 +latency, energy, memory,\n +accuracy$", every.out, re.MULTILINE)
    ran = run("boards", "small", "board", "--catalog", overlay.folder)
    assert re.search(
        r"^small .* 2 +.*classification +latency, energy, memory, accuracy\b", ran.out, re.M
    )
    assert "small, from" in ran.out
    assert "idle 2.00 W" in " ".join(ran.out.split())
    assert str(overlay.folder) in "".join(ran.out.split())


def test_boards_are_found_by_words_task_and_what_is_known(run: Run) -> None:
    assert "xeon" not in run("boards", "Tegra", "jetson").out
    assert run("boards", "nvidia", "--with", "energy", "--task", "classification").code == 0
    nothing = run("boards", "xeon", "--with", "energy")
    assert (nothing.code, "none of" in nothing.err) == (2, True)
    assert "did you mean 'energy'" in run("boards", "--with", "enrgy").err
    detecting = run("boards", "--task", "detection", "rockchip", "--with", "throughput").out
    assert re.search(r"^rk3588-npu\.single-core\.rknn .*throughput$", detecting, re.MULTILINE)
    assert "ncnn" not in detecting
    assert run("boards", "tx1", "--task", "detection").code == 2
    bogus = run("boards", "--task", "bogus")
    assert (bogus.code, "task: unknown 'bogus'" in bogus.err) == (2, True)
    assert "classification, depth-estimation, detection" in bogus.err


def test_the_name_of_a_board_or_a_device_is_no_words_to_find_others_by() -> None:
    def found(*words: str) -> list[str]:
        return [each.board.name for each in advisor.boards(words).boards]

    five = ["raspberry-pi-5.ncnn", "raspberry-pi-5.ncnn-2", "raspberry-pi-5.overclocked.ncnn"]
    assert found("raspberry-pi-5") == found("Raspberry", "Pi", "5") == found("rpi5") == five
    assert found("raspberry-pi-5.*") == five
    assert found("raspberry-pi-5.ncnn") == five[:1]
    assert {*five, "raspberry-pi-zero-2-w.ncnn"} < set(found("raspberry", "pi"))
    assert found("raspberry-pi-5", "ncnn", "overclocked") == five[-1:]


def test_the_boards_of_a_name_are_not_all_that_have_it_as_a_word(run: Run) -> None:
    out = " ".join(run("boards", "rk3588").out.split())
    assert "4 boards of 1 device." in out
    said = re.search(r"(\d+) more devices have that word, each listed by its name: (.*?)\.", out)
    assert said
    others = said[2].split(", ")
    assert len(others) == int(said[1])
    assert {"orange-pi-5", "rk3588-npu"} <= {*others}
    for device in others:
        assert run("boards", device).code == 0
    for words in (["rk3588-npu"], ["rk3588*"], ["rk3588", "rk3588"]):
        assert "each listed by its name" not in run("boards", *words).out


@pytest.mark.parametrize(
    ("limit", "meant"),
    [
        (("--params", "25"), "'25M'"),
        (("--ops", "4"), "'4G'"),
        (("--where", "params <= 25"), "'25M'"),
        (("--where", "ops >= 4"), "'4G'"),
    ],
)
@pytest.mark.parametrize("command", ["pick", "frontier"])
def test_a_limit_whose_prefix_seems_forgotten_is_said(
    run: Run, command: str, limit: tuple[str, str], meant: str
) -> None:
    ran = run(command, *limit)
    assert ran.code in (0, 1)
    assert f"did you mean {meant}?" in " ".join((ran.out + ran.err).split())
    plain = run(command, "--params", "25M", "--ops", "4G")
    assert "did you mean" not in plain.out + plain.err


@pytest.mark.parametrize("command", ["boards", "pick"])
def test_a_folder_that_is_no_catalog_is_doubted(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    doubt = "holds nothing of a catalog"
    assert doubt not in run(command, "--catalog", tmp_path).err
    (tmp_path / "passwd").write_text("root")
    ran = run(command, "--catalog", tmp_path)
    assert (ran.code, doubt in ran.err) == (0, True)
    monkeypatch.setenv("ADVISOR_CATALOG", str(tmp_path))
    assert doubt in run(command).err
    (tmp_path / "boards").mkdir()
    assert doubt not in run(command).err
    missing = run(command, "--catalog", tmp_path / "missing")
    assert (missing.code, "does not exist" in missing.err) == (2, True)


def test_boards_are_found_by_who_makes_them(run: Run, overlay: Overlay) -> None:
    def devices(maker: str) -> set[str]:
        return {device_of(each.board.name) for each in advisor.boards(maker=maker).boards}

    assert devices("samsung") == {"galaxy-s24", "galaxy-s25"}
    assert {"galaxy-s24", "thundercomm-rb6", "snapdragon-888"} <= devices("Qualcomm")
    assert devices("raspberry-pi") == {"raspberry-pi-4", "raspberry-pi-5", "raspberry-pi-zero-2-w"}
    assert devices("Hardkernel") == {"odroid-n2-plus"}  # which its title does not say
    unknown = run("boards", "--maker", "sony")
    assert (unknown.code, unknown.out) == (2, "")
    assert "maker: unknown 'sony'" in unknown.err
    assert "Allwinner, AMD, Amlogic" in unknown.err
    assert "TI, Xilinx" in unknown.err
    overlay.write("makers.csv", "device,maker\nsmall,Acme\nsmall,NVIDIA\n")
    own = run("boards", "--maker", "acme", "--json", "--catalog", overlay.folder)
    (board,) = json.loads(own.out)["boards"]
    assert (board["board"]["name"], board["makers"]) == ("small", ["Acme", "NVIDIA"])
    assert "small" in run("boards", "acme", "--catalog", overlay.folder).out
    assert "  makers: Acme, NVIDIA\n" in run("show", "small", "--catalog", overlay.folder).out
    overlay.write("makers.csv", "device,maker\nsmall,\n")
    broken = run("catalog", "check", "--catalog", overlay.folder)
    assert (
        broken.code,
        "makers.csv,line2,columnmaker" in "".join((broken.out + broken.err).split()),
    ) == (1, True)


def test_a_device_is_all_its_boards(run: Run, tmp_path: Path) -> None:
    shipped = Path(__file__).resolve().parent.parent / "catalog/boards/jetson-tx1"
    for name in ("jetson-nx.10w", "jetson-nx.20w"):
        shutil.copytree(shipped, tmp_path / "boards" / name)
    for asked in ("jetson-nx", "Jetson NX", "jetson-nx*", "jetson-nx.*", "jetson-nx.10w,jetson-nx"):
        ask = ("pick", "--board", asked, "--by", "board", "--json", "--catalog", tmp_path)
        document = json.loads(run(*ask).out)
        picked = [document["best"], *document["alternatives"]]
        assert [each["board"] for each in picked] == ["jetson-nx.10w", "jetson-nx.20w"]
    assert "on jetson-nx.10w" in run("pick", "--board", "jetson-nx.10w", "--catalog", tmp_path).out
    predicted = run("predict", "resnet-18", "--board", "jetson-nx", "--csv", "--catalog", tmp_path)
    boards = [row["board"] for row in csv.DictReader(predicted.out.splitlines())]
    assert list(dict.fromkeys(boards)) == ["jetson-nx.10w", "jetson-nx.20w"]
    several = run("suggest", "--board", "jetson-nx", "--catalog", tmp_path)
    assert (several.code, "2 boards are 'jetson-nx'" in several.err) == (2, True)
    assert "name one of them: jetson-nx.10w, jetson-nx.20w" in several.err
    unknown = run("pick", "--board", "jetson-ny", "--catalog", tmp_path)
    assert (unknown.code, "did you mean 'jetson-nx'" in unknown.err) == (2, True)


def test_show_says_what_a_board_is(run: Run) -> None:
    said = run("show", "jetson-tx1").out
    assert said.startswith("jetson-tx1: NVIDIA Jetson TX1\n")
    assert "  networks: 14, for classification\n" in said
    assert "whole board, no display connected; idle 1.30 W" in said
    assert "canziani-2016-text: A. Canziani" in said
    neither = run("show", "jetson-ty1")
    assert (neither.code, "unknown architecture 'jetson-ty1'" in neither.err) == (2, True)
    known = advisor.show_boards("jetson-t*")
    assert [each.board.name for each in known.boards] == ["jetson-tx1"]


def test_the_best_of_each_board(run: Run, tmp_path: Path) -> None:
    shipped = Path(__file__).resolve().parent.parent / "catalog/boards/jetson-tx1"
    for number in range(6):
        shutil.copytree(shipped, tmp_path / "boards" / f"tx1-{number}")
    ask = (
        "pick",
        "--board",
        "tx1-*,xeon-2-cores-vm",
        "--by",
        "board",
        "--energy",
        "0.5J",
        "--fps",
        "30",
    )
    document = json.loads(run(*ask, "--json", "--catalog", tmp_path).out)
    picked = [document["best"], *document["alternatives"]]
    assert [(each["architecture"], each["board"]) for each in picked] == [
        ("resnet-18", f"tx1-{number}") for number in range(6)
    ]
    assert document["boards_feasible"] == 6
    said = " ".join(run(*ask, "--catalog", tmp_path).out.split())
    assert "of 7 boards of 7 devices" in said
    assert "Listed is the best of each board; of 1 none meets every limit." in said
    assert "net system memory (6 boards)" in said


def test_show_tells_all_with_sources(run: Run) -> None:
    out = run("show", "resnet-50", "--board", "jetson-tx1").out
    assert "params: 25.56M reported [1]" in out
    assert re.search(
        r"^weights paper: top-1 75.99 % \(75.985 to 75.995\) reported \[\d+\]$", out, re.M
    )
    row = r"^torch7 fp32 +4 +52.4 +209 \+-0.5% +11.7 \+-0.3% +305 \+-0.7%$"
    assert re.search(row, out, re.MULTILINE)
    assert re.search(r"^origin +reported +reported +reported$", out, re.MULTILINE)
    assert re.search(
        r"^torch7 fp32, batch 32: does not fit in the board's memory \[\d+\]$", out, re.M
    )
    assert "[5]" in out


def test_show_has_all_rows_on_the_boards_that_are_asked_for(run: Run) -> None:
    """Of more than eight boards there is a summary, but where these are what is asked for."""
    asked = ("show", "resnet-50", "--board", "jetson-agx-*")
    document = json.loads(run(*asked, "--json").out)
    assert len(document["boards"]) > 8
    said = run(*asked).out
    assert "--board NAME shows all of them" not in said
    for each in document["boards"]:
        assert f"\n{each['board']['name']} (" in said
    assert said.count("\nrun as ") == len(document["boards"])


def test_show_says_where_there_are_no_rows(run: Run) -> None:
    none = run("show", "alexnet", "--board", "hailo-8l")
    assert none.code == 0
    assert "No rows of it on hailo-8l; advisor predict may say what it takes." in none.out
    assert "No rows of it" not in run("show", "resnet-18", "--board", "jetson-tx1").out


@pytest.mark.parametrize(
    "asked",
    [
        ("show", "jetson-tx1", "--board", "jetson-tx1"),
        ("predict", "jetson-tx1"),
        ("pick", "--explain", "jetson-tx1"),
    ],
)
def test_a_board_where_a_network_is_asked_for_is_called_one(
    run: Run, asked: tuple[str, ...]
) -> None:
    ran = run(*asked)
    assert ran.code == 2
    assert "jetson-tx1 is a board: name a network, and the board by --board jetson-tx1" in ran.err


def test_show_has_a_line_for_each_of_many_boards(run: Run) -> None:
    shown = run("show", "resnet-50")
    assert shown.code == 0
    flat = " ".join(shown.out.split())
    assert "--board NAME shows all of them" in flat
    assert len(re.findall(r"^jetson-tx1 +torch7 fp32 +16 +51.0", shown.out, re.MULTILINE)) == 1
    assert re.search(r"weights mlperf: top-1 by tflite unknown cpu on 20 boards 76.44 %", flat)
    assert max(map(len, shown.out.splitlines())) <= 80
    several = run("show", "resnet-50", "--board", "raspberry-pi-4").out
    assert "raspberry-pi-4.mlperf-v2.0-krai" in several
    assert "jetson-tx1" not in several
    unknown = run("show", "resnet-50", "--board", "nosuch")
    assert unknown.code == 2
    assert "unknown board 'nosuch'" in unknown.err
    assert run("show", "jetson-tx1", "--board", "jetson-tx1").code == 2


def test_the_catalog_check(run: Run, overlay: Overlay) -> None:
    good = run("catalog", "check")
    assert good.code == 0
    assert re.fullmatch(r"\d+ files, \d+ boards, \d+ measurement rows: no faults\n", good.out)
    overlay.measurements("resnet-81,eager,fp32,1,-3,5,300,reported,my-notes")
    overlay.write("weights.csv", "x")
    bad = run("catalog", "check", "--catalog", overlay.folder)
    assert bad.code == 1
    assert bad.out.count(str(overlay.folder)) == 3
    assert "did you mean 'resnet-18' (tv:resnet18@224)" in bad.out
    assert bad.out.endswith("3 faults\n")


def test_version_and_help(run: Run) -> None:
    assert run("--version").out == f"advisor {advisor.__version__}\n"
    assert "--energy" in run("pick", "--help").out
    assert "pick" in run().out


# --- bad input


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("pick", "--board", "jetson-tx"),
            ("unknown board 'jetson-tx'", "did you mean 'jetson-tx1'?"),
        ),
        (
            ("show", "resnett50"),
            ("unknown architecture 'resnett50'", "'resnet50' (tv:resnet50@224)"),
        ),
        (("pick", "--objective", "acuracy"), ("unknown objective 'acuracy'", "'accuracy'?")),
        (("pick", "--weights", "papre"), ("unknown weights 'papre'", "did you mean 'paper'?")),
        (("pick", "--energy", "0.5"), ("energy: '0.5' has no unit", "'0.5 J'")),
        (("pick", "--energy", "0.5X"), ("energy: 'X' in '0.5X' is no unit", "J, mJ, kJ, Wh, mWh")),
        (("pick", "--memory", "400mb"), ("did you mean 'MB'?",)),
        (("pick", "--fps", "-5"), ("fps: '-5' is negative",)),
        (("pick", "--accuracy", "0.7"), ("less than one percent", "did you mean 70?")),
        (("pick", "--board", ""), ("board: an empty name",)),
        (("pick", "--latency", "33ms@"), ("latency: unknown statistic ''",)),
        (("pick", "--batch", "1,3"), ("has no rows at batch 3",)),
        (("pick", "--fps", "0"), ("fps: '0' is zero",)),
        (("pick", "--fps", "nan"), ("fps: 'nan' is not a frame rate",)),
        (("pick", "--fps", "inf"), ("fps: 'inf' is not a frame rate",)),
        (("pick", "--fps", "1e300"), ("fps: '1e300' is too large",)),
        (("pick", "--fps", ""), ("fps: '' is not a frame rate",)),
        (("pick", "--batch", "3"), ("has no rows at batch 3", "it has: 1, 2, 4, 8, 16, 32, 64")),
        (("pick", "--batch", "a"), ("batch: 'a' is not a batch size",)),
        (("pick", "--top", "0"), ("top: '0' is not a count of networks",)),
        (("pick", "--json", "--csv"), ("exclude each other",)),
        (("pick", "--catalog", "/no/such/folder"), ("'/no/such/folder' does not exist",)),
        (("catalog", "check", "--catalog", "/no/such/folder"), ("does not exist",)),
        (("pick", "--fpss", "3"), ("No such option: --fpss", "--fps")),
        (("pikc",), ("No such command 'pikc'",)),
        (("pick", "extra"), ("no such file 'extra'",)),
        (("show",), ("Missing argument",)),
    ],
)
def test_what_people_mistype(run: Run, arguments: tuple[str, ...], said: tuple[str, ...]) -> None:
    assert_refused(run(*arguments), *said)


BROKEN_BOARDS = {
    "tabs": b"title: x\n\tweights: paper\n",
    "duplicate keys": b"title: x\ntitle: y\n",
    "aliases": b"title: &t x\nweights: *t\n",
    "a Python tag": b"title: !!python/object/apply:os.system ['touch evil']\n",
    "10 MB": b"title: x\n" + b"#" * 10_000_000,
    "not UTF-8": b"title: \xff\n",
}


@pytest.mark.parametrize("content", BROKEN_BOARDS.values(), ids=list(BROKEN_BOARDS))
def test_a_broken_yaml(run: Run, overlay: Overlay, content: bytes) -> None:
    path = overlay.write("boards/small/board.yaml", content)
    before = sorted(overlay.folder.rglob("*"))
    ran = run("pick", "--board", "small", "--catalog", overlay.folder)
    assert_refused(ran, f"advisor: {path}", "expected")
    assert ran.err.count("\n") <= 2
    assert path.read_bytes() == content
    assert sorted(overlay.folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("\n".join(ROWS)[:40], "a header that begins"),
        ("{header}\n" + ROWS[0][:30], "a row of 7 cells; expected 9"),
        ("{header}\n" + ROWS[0].replace("resnet-18", "=HYPERLINK()"), "'=HYPERLINK()'"),
    ],
)
def test_a_broken_csv(run: Run, overlay: Overlay, content: str, said: str) -> None:
    header = (overlay.folder / "boards/small/measurements.csv").read_text().splitlines()[0]
    path = overlay.write("boards/small/measurements.csv", content.replace("{header}", header))
    ran = run("pick", "--board", "small", "--catalog", overlay.folder)
    assert_refused(ran, f"advisor: {path}, line", said)


def test_a_file_that_is_a_folder(run: Run, overlay: Overlay) -> None:
    path = overlay.folder / "boards/small/measurements.csv"
    path.unlink()
    path.mkdir()
    ran = run("pick", "--board", "small", "--catalog", overlay.folder)
    assert_refused(ran, "found a folder; expected a file")
    (overlay.folder / "weights.csv").mkdir()
    assert_refused(run("pick", "--catalog", overlay.folder), "weights.csv: found a folder")


def test_a_broken_board_costs_nothing_but_itself(run: Run, overlay: Overlay) -> None:
    path = overlay.write("boards/small/board.yaml", "title: [\n")
    assert run(*FIRST_QUESTION, "--catalog", overlay.folder).code == 0
    for command in (("boards",), ("show", "resnet-18")):
        ran = run(*command, "--catalog", overlay.folder)
        assert ran.code == 0
        assert "jetson-tx1" in ran.out
        assert f"left out: {path}, line 2" in ran.err


def test_a_byte_order_mark_and_crlf_are_simply_read(run: Run, overlay: Overlay) -> None:
    for file in ("sources.yaml", "boards/small/board.yaml", "boards/small/measurements.csv"):
        path = overlay.folder / file
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    ran = run("pick", "--board", "small", "--catalog", overlay.folder)
    assert ran.code == 0
    assert ran.out.startswith("resnet-50 at batch 1")


def test_a_folder_that_cannot_be_read(
    run: Run, overlay: Overlay, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = os.scandir

    def refuse(folder: Path) -> object:
        if Path(folder) == overlay.folder:
            raise PermissionError(13, "Permission denied")
        return listed(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    for command in (("pick",), ("boards",), ("show", "resnet-18")):
        ran = run(*command, "--catalog", overlay.folder)
        assert_refused(
            ran, f"{overlay.folder}: found permission denied; expected a readable folder"
        )
    checked = run("catalog", "check", "--catalog", overlay.folder)
    assert checked.code == 1
    assert "permission denied" in checked.out


def test_the_home_of_nobody(run: Run) -> None:
    assert_refused(run("pick", "--catalog", "~no-such-user/x"), "does not exist")


def test_what_looks_like_markup_shows_as_text(
    run: Run, overlay: Overlay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    board = overlay.folder / "boards/small/board.yaml"
    board.write_text(board.read_text().replace("A small board", "'a [b]old[/foo] :smile: board'"))
    for command in (("pick", "--board", "small"), ("show", "resnet-18"), ("boards", "foo")):
        ran = run(*command, "--catalog", overlay.folder)
        assert ran.code == 0
        assert "a [b]old[/foo] :smile: board" in " ".join(ran.out.split())


def test_broken_sources_of_an_overlay_cost_only_what_names_them(run: Run, overlay: Overlay) -> None:
    path = overlay.write("sources.yaml", "my-notes: [\n")
    assert run("pick", "--catalog", overlay.folder).code == 0
    boards = run("boards", "--catalog", overlay.folder)
    assert "jetson-tx1" in boards.out
    assert boards.err.count(str(path)) == 1


def test_boards_told_apart_by_runtime_and_weights(run: Run, overlay: Overlay) -> None:
    overlay.measurements(
        "resnet-18,onnx,fp16,1,10,5,300,reported,my-notes",
        "resnet-18,eager,fp32,1,20,5,300,reported,my-notes",
    )
    ask = ("pick", "--board", "small", "--catalog", overlay.folder, "--all-batches")
    lines = run(*ask).out.splitlines()
    assert lines[0] == "resnet-18 at batch 1 (weights paper, onnx, fp16)"
    assert any(re.match(r"resnet-18 +eager +fp32 +1 ", line) for line in lines)


def test_weights_that_a_board_names_must_be_known(run: Run, overlay: Overlay) -> None:
    board = overlay.folder / "boards/small/board.yaml"
    board.write_text(board.read_text().replace("weights: paper", "weights: papre"))
    ran = run("pick", "--board", "small", "--catalog", overlay.folder)
    assert_refused(ran, "unknown weights 'papre' in", "did you mean 'paper'?")
    assert "weights 'papre'" in run("catalog", "check", "--catalog", overlay.folder).out


def test_the_check_finds_files_that_nothing_reads(run: Run, overlay: Overlay) -> None:
    overlay.write("weigths.csv", "")
    overlay.write("README.md", "")
    overlay.write("boards/small/measurement.csv", "")
    overlay.write("boards/two words/board.yaml", "title: x\nsource: my-notes\n")
    overlay.write("boards/two words/measurements.csv", HEADER + "\n")
    ran = run("catalog", "check", "--catalog", overlay.folder)
    assert ran.code == 1
    assert "did you mean 'weights.csv'?" in ran.out
    assert "did you mean 'measurements.csv'?" in ran.out
    assert "two words: found a board of this name" in ran.out
    assert ran.out.endswith("3 faults\n")


def test_the_check_counts_every_bad_cell(run: Run, overlay: Overlay) -> None:
    rows = [f"resnet-18,eager,fp32,{batch},-1,5,,reported,my-notes" for batch in range(1, 251)]
    overlay.measurements(*rows, "resnet-18,eager")
    ran = run("catalog", "check", "--catalog", overlay.folder)
    assert ran.out.endswith("251 faults\n")


def test_the_echoed_query_names_the_catalog_that_was_used(
    run: Run, overlay: Overlay, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(overlay.folder.parent)
    monkeypatch.setenv("ADVISOR_CATALOG", overlay.folder.name)
    monkeypatch.setenv("ADVISOR_BOARD", "small")
    answer = document(run("pick", "--json"))
    assert answer["query"]["catalog"] == str(overlay.folder)
    monkeypatch.delenv("ADVISOR_CATALOG")
    monkeypatch.delenv("ADVISOR_BOARD")
    monkeypatch.chdir(tmp_path)
    again = document(run(*shlex.split(answer["query"]["command"])[1:], "--json"))
    assert again == answer


def test_csv_says_elsewhere_that_nothing_fits(run: Run) -> None:
    ran = run("pick", "--fps", 1000, "--csv")
    assert "nothing fits" in ran.err


def test_the_help_names_every_objective(run: Run) -> None:
    text = " ".join(run("pick", "--help").out.replace("│", " ").split())
    for name in (*NAMES, "latency"):
        assert name in text
        assert name in str(advisor.pick.__doc__)


def test_a_plot_below_the_answer(run: Run) -> None:
    plain = run("pick", "--fps", 20, "--energy", "0.5J")
    drawn = run("pick", "--fps", 20, "--energy", "0.5J", "--plot")
    assert drawn.out.startswith(plain.out)
    plot = drawn.out.removeprefix(plain.out)
    assert "top-1 accuracy, %" in plot
    assert "@ the pick   o frontier   . beaten" in plot
    assert "resnet-34" in plot
    assert max(map(len, drawn.out.splitlines())) <= 80
    nothing = run("pick", "--fps", 60, "--accuracy", 75, "--plot")
    assert (nothing.code, nothing.out) == (1, run("pick", "--fps", 60, "--accuracy", 75).out)
    assert run("pick", "--plot", "--json").code == 2


# --- whole processes


def test_a_closed_pipe_ends_silently() -> None:
    command = f"{sys.executable} -m advisor pick --all-batches --csv --top 14 | head -1"
    ran = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)  # noqa: S602
    assert ran.stdout.startswith("architecture,")
    assert ran.stderr == ""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as closed:
        ended = subprocess.run(
            [*ADVISOR, "pick"], stdout=closed, stderr=subprocess.PIPE, check=False
        )
    assert (ended.returncode, ended.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize(
    ("arguments", "all_threads"),
    [
        (("pick", "--fps", "no number"), False),
        (("pick", "--fps", "no number", "--verify", 3), True),
        (("pick", "--fps", "no number", "--verify=3"), True),
        (("measure", "--quick", "no-such-network"), True),
    ],
)
def test_what_is_measured_has_all_threads(
    run: Run, monkeypatch: pytest.MonkeyPatch, arguments: tuple[object, ...], all_threads: bool
) -> None:
    monkeypatch.delenv("OPENBLAS_NUM_THREADS")
    assert run(*arguments).code == 2
    assert os.environ.get("OPENBLAS_NUM_THREADS") == (None if all_threads else "1")


def test_a_full_disk_is_told() -> None:
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run([*ADVISOR, "pick"], stdout=full, stderr=subprocess.PIPE, check=False)
    assert ran.returncode == 2
    assert b"the answer cannot be written: no space left on device" in ran.stderr
    assert b"Traceback" not in ran.stderr
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run([*ADVISOR, "pick", "--help"], stdout=full, stderr=subprocess.PIPE)  # noqa: PLW1510
    assert ran.returncode == 2
    assert b"Traceback" not in ran.stderr


def test_a_closed_standard_output_is_told() -> None:
    command = f"{sys.executable} -m advisor pick >&-"
    ran = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)  # noqa: S602
    assert ran.returncode == 2
    assert "standard output is closed" in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("stderr", ["2>/dev/full", "2>&-"])
def test_bad_input_is_exit_2_even_if_nobody_hears_it(stderr: str) -> None:
    command = f"{sys.executable} -m advisor pick --fps x {stderr}"
    assert subprocess.run(command, shell=True, check=False).returncode == 2  # noqa: S602


def test_a_terminal_without_unicode_is_served() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    ran = subprocess.run(
        [*ADVISOR, *FIRST_QUESTION], env=environment, capture_output=True, check=True
    )
    assert ran.stdout.decode("ascii").startswith("resnet-18 at batch 1")


def test_choosing_imports_no_heavy_library() -> None:
    script = (
        "import sys\nfrom advisor.cli import main\nsys.argv = ['advisor', *sys.argv[1:]]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'pandas', 'sklearn', 'scipy', 'torch', 'altair', 'quantiphy', 'psutil'}\n"
        "print(sorted(heavy & {name.split('.')[0] for name in sys.modules}))\n"
    )
    for extra in ((), ("--json",), ("--csv",)):
        ran = subprocess.run(
            [sys.executable, "-c", script, *FIRST_QUESTION, *extra],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert ran.stdout.splitlines()[-1] == "[]"


def test_the_commands_load_numpy_only_once_they_run() -> None:
    """Before that it could not be told to do without its idle pool of threads."""
    script = "import sys, advisor.cli\nprint('numpy' in sys.modules)\n"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"


def test_choosing_works_where_only_the_base_is_installed() -> None:
    script = (
        "import sys\nextras = ['psutil', 'torch', 'torchvision', 'timm', 'zeus', 'altair', 'onnx']\n"
        "sys.modules.update(dict.fromkeys(extras))\nfrom advisor.cli import main\n"
        "sys.argv = ['advisor', *sys.argv[1:]]\nmain()\n"
    )
    for arguments in (FIRST_QUESTION, ("boards",), ("--help",), ("measure", "--help")):
        ran = subprocess.run(
            [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False
        )
        assert (ran.returncode, ran.stderr) == (0, "")


def test_importing_advisor_costs_no_more_than_its_parts() -> None:
    script = "import sys, advisor; print('numpy' in sys.modules, 'yaml' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout == "False False\n"


def test_the_completion_of_the_shell() -> None:
    environment = {
        **os.environ,
        "_ADVISOR_COMPLETE": "complete_bash",
        "COMP_WORDS": "advisor pi",
        "COMP_CWORD": "1",
    }
    ran = subprocess.run(ADVISOR, env=environment, capture_output=True, text=True, check=False)
    assert "pick" in ran.stdout.split()


# --- schemas


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("predict", ("predict", "resnet-50")),
        ("predict", ("predict", "--ops", "4G", "--params", "25M", "--board", "all")),
        ("suggest", ("suggest", "--count", "3", "--like", "xeon-2-cores-vm")),
        ("compare", ("compare", "jetson-tx1", "xeon-2-cores-vm")),
        ("compare", ("compare", "xeon-2-cores-vm", "--by", "precision")),
        ("boards", ("boards", "jetson")),
        ("show", ("show", "resnet-50")),
        ("show", ("show", "enet")),
        ("show-boards", ("show", "raspberry-pi-4")),
    ],
)
def test_an_answer_is_one_document_of_its_published_shape(
    run: Run, name: str, asked: tuple[str, ...]
) -> None:
    schema = document(run("schema", name))
    ran = run(*asked, "--json")
    assert ran.code == 0
    answer = document(ran)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(answer)
    assert answer["schema"] == f"advisor.{name}/1"


def test_documents_have_the_figures_and_null_for_what_is_unknown(run: Run) -> None:
    first = document(run("predict", "resnet-50", "--batch", "1", "--json"))["forecasts"][0]
    assert first["latency_ms"]["value"] == pytest.approx(64.1, abs=0.05)
    assert first["rate_fps"] == pytest.approx(1000 / 64.1, abs=0.02)
    unnamed = {"runtime": "torch7", "precision": "fp32", "processor": None, "threads": None}
    assert first["variant"] == unnamed
    shown = document(run("show", "enet", "--json"))
    assert shown["identity"] == "paper:enet@224"
    on_tx1 = next(each for each in shown["boards"] if each["board"]["name"] == "jetson-tx1")
    (row,) = (each for each in on_tx1["rows"] if each["batch"] == 1)
    assert row["variant"] == unnamed
    assert (row["memory_mb"], row["precision_word"]) == (None, None)
    assert row["latency_ms"]["value"] == pytest.approx(26.6, abs=0.05)
    compared = document(run("compare", "jetson-tx1", "xeon-2-cores-vm", "--json"))
    assert compared["mean_ratio"] > 0
    (board,) = document(run("boards", "jetson tx1", "--json"))["boards"]
    assert (board["board"]["name"], board["networks"]) == ("jetson-tx1", 14)
    assert run("predict", "resnet-50", "--json", "--csv").code == 2


def test_two_classes_of_one_name_have_no_common_schema() -> None:
    one = dataclasses.make_dataclass("Twin", [("first", int)])
    other = dataclasses.make_dataclass("Twin", [("second", int)])
    collected = Schema()
    assert collected.of(one) == collected.of(one) == {"$ref": "#/$defs/Twin"}
    with pytest.raises(TypeError, match="two classes of a document are called Twin"):
        collected.of(other)


def test_a_pair_holds_two_and_no_more() -> None:
    schema = Schema().of(tuple[str, int])
    jsonschema.validate(["a", 1], schema)
    for wrong in ([], ["a"], ["a", 1, 2], [1, 1]):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema)


# --- networks that are excluded


def test_nothing_is_left_where_all_is_excluded(run: Run) -> None:
    ran = run("pick", "--exclude", "*")
    assert ran.code == 2
    assert "no row of board jetson-tx1 is left: without *, batch any\n  exclude fewer" in ran.err
    empty = run("pick", "--exclude", "")
    assert empty.code == 2
    assert "exclude: an empty name\n  give names, or none" in empty.err


def test_what_is_not_asked_is_null_in_the_echoed_question(run: Run) -> None:
    query = document(run("pick", "--json"))["query"]
    for key in ("exclude", "architectures", "include", "accuracy_of"):
        assert query["candidates"][key] is None
    assert query["explain"] is None


# --- completion


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("advisor pick --board raspberry-pi-4.n", ["raspberry-pi-4.ncnn"]),
        ("advisor pick --board jetson-tx1,xeon-2", ["jetson-tx1,xeon-2-cores-vm"]),
        ("advisor show resnet-1", ["resnet-101", "resnet-152", "resnet-18"]),
        ("advisor compare xeon-2", ["xeon-2-cores-vm"]),
        ("advisor boards xeon-2", ["xeon-2-cores-vm"]),
        ("advisor predict convnext_tiny@2", ["convnext_tiny@224", "convnext_tiny@288"]),
        ("advisor check budget.yaml resnet-18,hailo:yolov8n@", ["resnet-18,hailo:yolov8n@640"]),
        ("advisor pick --architectures no-such", []),
        ("advisor pick --architectures yolov8n_seg@", []),  # held by two, and refused
        ("advisor pick --architectures hailo:yolov8n_seg@", ["hailo:yolov8n_seg@640"]),
    ],
)
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_boards_and_networks(
    run: Run, monkeypatch: pytest.MonkeyPatch, shell: str, typed: str, found: list[str]
) -> None:
    monkeypatch.setenv("_ADVISOR_COMPLETE", f"complete_{shell}")
    monkeypatch.setenv("COMP_WORDS", typed)
    monkeypatch.setenv("COMP_CWORD", str(len(typed.split()) - 1))
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", typed)
    monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "get-args")
    ran = run()
    out = ran.out.replace("\\\\:", ":")  # as zsh takes names apart at colons
    names = re.findall('"([^"]+)"', out) if shell == "zsh" else out.split()
    assert (names, ran.err) == (found, "")


def test_a_catalog_that_is_not_there_completes_nothing(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADVISOR_CATALOG", "nowhere")
    monkeypatch.setenv("_ADVISOR_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "advisor pick --board j")
    monkeypatch.setenv("COMP_CWORD", "3")
    ran = run()
    assert (ran.out.strip(), ran.err) == ("", "")
