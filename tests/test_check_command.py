"""Whether a network keeps a budget: `advisor check`, for people and for pipelines."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import advisor
from advisor.arguments import TRUST
from advisor.errors import AdvisorError
from tests.conftest import Run

BUDGET = "board: jetson-tx1\nrequire: {fps: 20, energy: 0.6 J, accuracy: 65}\n"


@pytest.fixture
def budget(tmp_path: Path) -> Path:
    path = tmp_path / "budget.yaml"
    path.write_text(BUDGET)
    return path


def test_a_network_that_keeps_its_budget_ends_with_0(run: Run, budget: Path) -> None:
    ran = run("check", budget, "resnet-18")
    assert ran.code == 0
    assert ran.out.startswith("resnet-18 keeps the budget at batch 1 on jetson-tx1 (torch7, fp32)")
    assert "fps >= 20 39.4 fps over 99%" in [
        " ".join(line.split()) for line in ran.out.splitlines()
    ]


def test_one_that_does_not_ends_with_1_and_says_what_fails(run: Run, budget: Path) -> None:
    ran = run("check", budget, "resnet-18", "resnet-50")
    assert ran.code == 1
    assert "resnet-50 does not keep the budget at batch 16" in ran.out
    fails = [line.split()[0] for line in ran.out.splitlines() if line.endswith("fails")]
    assert fails == ["fps", "energy", "all"]


def test_another_network_of_that_name_that_ran_there_is_named(run: Run, budget: Path) -> None:
    budget.write_text("board: raspberry-pi-5.ncnn\nrequire: {response: 20 ms}\n")
    ran = run("check", budget, "resnet50")
    assert (ran.code, "50%" in ran.out) == (1, False)
    assert re.search(r"response <= 20 ms +~[\d.]+ ms +unknown +fails", ran.out)
    assert "ncnn:resnet50@224 is another network of that name, and ran there" in ran.err


def test_it_agrees_with_a_pick_among_that_network_alone(budget: Path) -> None:
    for name in ("resnet-34", "alexnet", "vgg-16"):
        picked = advisor.pick(budget, architectures=name)
        (kept,) = advisor.check(budget, name).networks
        assert kept.kept == (picked.best is not None)
        if picked.best and kept.candidate:
            assert kept.candidate.batch == picked.best.batch


def test_a_test_report_has_a_test_for_each_limit(run: Run, budget: Path) -> None:
    ran = run("check", budget, "resnet-18", "resnet-50", "--format", "junit")
    assert ran.code == 1
    suites = ET.fromstring(ran.out).findall("testsuite")
    assert [suite.get("name") for suite in suites] == ["resnet-18", "resnet-50"]
    assert [suite.get("failures") for suite in suites] == ["0", "2"]
    failed = [case.get("name") for case in suites[1] if case.find("failure") is not None]
    limits = ["accuracy >= 65", "fps >= 20", "energy <= 0.6 J"]
    assert [case.get("name") for case in suites[1]] == limits
    assert failed == limits[1:]


def test_a_report_goes_into_a_file_and_text_to_the_terminal(run: Run, budget: Path) -> None:
    report = budget.with_name("report.xml")
    ran = run("check", budget, "resnet-18", "--format", "junit", "-o", report)
    assert ran.out.startswith("resnet-18 keeps the budget")
    assert ET.parse(report).getroot().tag == "testsuites"


def test_annotations_escape_what_would_end_them(run: Run, budget: Path) -> None:
    lines = run("check", budget, "resnet-50", "--format", "github").out.splitlines()
    assert [line.split("::")[1].split(",title=")[1] for line in lines] == [
        "resnet-50%3A fps >= 20",
        "resnet-50%3A energy <= 0.6 J",
    ]
    assert lines[0].endswith("its chance is under 1%25, 90%25 is asked")


def test_its_document_has_the_published_shape(run: Run, budget: Path) -> None:
    answer = json.loads(run("check", budget, "resnet-18", "resnet-50", "--format", "json").out)
    schema = json.loads(advisor.schema("check"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(answer)
    assert answer["schema"] == "advisor.check/1"
    assert answer["kept"] is False
    assert [each["kept"] for each in answer["networks"]] == [True, False]


def test_a_file_is_predicted_and_may_be_named(run: Run, budget: Path) -> None:
    budget.write_text("board: xeon-2-cores-vm\nrequire: {fps: 1000000}\n")
    ran = run("check", budget, f"mine={_network(budget.with_name('net.onnx'))}")
    assert ran.code == 1
    assert ran.out.startswith("mine does not keep the budget")
    assert run("check", budget, budget.with_name("net.onnx")).out.startswith("net does not keep")


def test_a_mark_that_is_not_shown_is_not_explained(run: Run, budget: Path) -> None:
    budget.write_text("board: raspberry-pi-5.ncnn\nrequire: {accuracy: 70}\n")
    assert "~" not in run("check", budget, "resnet-50").out
    budget.write_text("board: raspberry-pi-5.ncnn\nrequire: {accuracy: 70, latency: 90 ms}\n")
    assert "~ is predicted" in run("check", budget, "resnet-50").out


def test_a_budget_is_never_written_over(run: Run, budget: Path) -> None:
    for name in (budget, budget.with_name("x") / ".." / budget.name):
        budget.with_name("x").mkdir(exist_ok=True)
        ran = run("check", budget, "resnet-18", "--format", "junit", "-o", name)
        assert ran.code == 2
        assert "is read, too" in ran.err
        assert budget.read_text() == BUDGET


@pytest.mark.parametrize(
    "words",
    [
        ("plan", "FILE", "--page", "FILE"),
        ("explore", "FILE", "-o", "FILE"),
        ("frontier", "--accuracy-table", "FILE", "--plot", "FILE"),
        ("frontier", "--include", "net=FILE", "--plot", "FILE"),
        ("export", "FILE", "--runtime", "onnxruntime", "-o", "FILE"),
    ],
)
def test_no_command_writes_over_what_it_reads(
    run: Run, tmp_path: Path, words: Sequence[str]
) -> None:
    file = tmp_path / "file.svg"
    file.write_text("mine")
    ran = run(*(word.replace("FILE", str(file)) for word in words))
    assert ran.code == 2
    assert "is read, too" in ran.err
    assert file.read_text() == "mine"


def test_what_is_predicted_is_marked_in_every_format(run: Run, budget: Path) -> None:
    budget.write_text("board: raspberry-pi-5.ncnn\nrequire: {latency: 90 ms, accuracy: 70}\n")
    text = run("check", budget, "resnet-50").out
    assert re.search(r"accuracy >= 70 +[0-9.]+ % ", text)
    assert re.search(r"response <= 90 ms +~[0-9.]+ ms ", text)
    assert "~ is predicted; see advisor predict." in text
    report = run("check", budget, "resnet-50", "--format", "junit").out
    said = [case.findtext("system-out", "") for case in ET.fromstring(report).iter("testcase")]
    assert ["(predicted) at batch 1 on" in each for each in said] == [False, True]
    notice = run("check", budget, "resnet-50", "--format", "github").out
    assert re.search(r" with .* and [0-9.]+ ms \(predicted\); its chance is [0-9]", notice)
    budget.write_text("board: raspberry-pi-5.ncnn\nrequire: {latency: 9 ms}\n")
    error = run("check", budget, "resnet-50", "--format", "github").out
    assert re.search(r"::has [0-9.]+ ms \(predicted\) at batch 1 on", error)
    budget.write_text("board: hailo-8\nrequire: {fps: 100}\n")
    unknown = run("check", budget, "hailo:resnet_v1_50", "--format", "github").out
    assert unknown.endswith(" with 1,372 fps; its chance is unknown\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere.yaml", "resnet-18"], "no such file"),
        (["BUDGET", "no-such-network"], "unknown network 'no-such-network'"),
        (
            ["BUDGET", "yolov8m"],
            "advisor: 'yolov8m' names several\n  name hailo:yolov8m@640 or rknn:",
        ),
        (["nowhere.yaml", "resnet-18"], "name a YAML file that asks, as `require: {fps: 30}`\n"),
        (["BUDGET", "resnet*"], "unknown network 'resnet*'"),
        (["BUDGET", "nowhere.onnx"], "there is no such file"),
        (["BUDGET", "mine=resnet-18"], "has a name"),
        (["BUDGET", "resnet-18", "--format", "xml"], "give one of text, json, junit, github"),
        (["BUDGET", "resnet-18", "-o", "report.xml"], "--output goes with another --format"),
        (["BUDGET", "resnet-18", "--board", "nowhere"], "nowhere"),
    ],
)
def test_bad_input_is_one_message(run: Run, budget: Path, words: Sequence[str], said: str) -> None:
    ran = run("check", *(str(budget) if word == "BUDGET" else word for word in words))
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "{}\n"])
@pytest.mark.parametrize("command", ["pick", "frontier", "check"])
def test_an_empty_file_asks_nothing(run: Run, budget: Path, command: str, text: str) -> None:
    budget.write_text(text)
    ran = run(command, budget, *["resnet-18"] * (command == "check"))
    assert (ran.code, ran.out) == (2, "")
    assert "found nothing; expected a question, as `require: {fps: 30}`" in ran.err


def test_a_check_of_nothing_is_refused(budget: Path) -> None:
    with pytest.raises(AdvisorError, match="check what"):
        advisor.check(budget, [])


def test_a_budget_without_limits_is_refused(run: Run, budget: Path) -> None:
    budget.write_text("board: jetson-tx1\n")
    ran = run("check", budget, "resnet-18")
    assert ran.code == 2
    assert "states no limit" in ran.err


def test_a_budget_that_names_networks_is_refused(run: Run, budget: Path) -> None:
    budget.write_text(BUDGET + "candidates: {architectures: resnet-18}\n")
    ran = run("check", budget, "resnet-18")
    assert ran.code == 2
    assert "a check is about the networks that it names" in ran.err


def test_a_budget_states_accuracies_of_several_files(run: Run, budget: Path) -> None:
    stated = "{accuracy_of: {one: 71.2, other: 60}}"
    budget.write_text(f"{BUDGET}candidates: {stated}\n")
    files = [_network(budget.with_name(f"{name}.onnx")) for name in ("one", "other")]
    lines = run("check", budget, *files, "resnet-18").out.splitlines()
    accuracies = [line.split()[3] for line in lines if line.startswith("accuracy >=")]
    assert accuracies == ["71.20", "60.00", "69.57"]


def test_what_is_unknown_has_no_chance(run: Run, budget: Path) -> None:
    budget.write_text("board: raspberry-pi-4.ncnn\nrequire: {fps: 1, energy: 1 J}\n")
    ran = run("check", budget, "ncnn:squeezenet")
    assert "energy <= 1 J unknown unknown fails" in " ".join(ran.out.split())


@pytest.mark.parametrize("name", ["ResNet18", "resnet50", "mobilenet_v2", "resnet-18"])
def test_a_file_is_never_taken_for_the_network_that_it_is_called_after(
    run: Run, budget: Path, name: str
) -> None:
    file = _network(budget.with_name(f"{name}.onnx"))
    for words in (
        ["check", budget, file],
        ["pick", budget, "--include", f"{name}={file}", "--architectures", name],
    ):
        ran = run(*words)
        assert (ran.code, ran.out) == (2, "")
        assert f"the catalog has a network '{name}'" in ran.err


@pytest.mark.parametrize("trust", [False, True])
def test_trust_is_handed_on(
    run: Run, budget: Path, monkeypatch: pytest.MonkeyPatch, trust: bool
) -> None:
    seen: list[str | None] = []

    def answered(*_: object, **__: object) -> None:
        seen.append(os.environ.get(TRUST))
        raise AdvisorError("that is enough")

    monkeypatch.setattr("advisor.solve.budget.answered", answered)
    run("check", budget, "resnet-18", *["--trust"] * trust)
    assert seen == ["1" if trust else None]


def test_what_is_said_is_of_that_network_alone(run: Run, budget: Path) -> None:
    ran = run("pick", budget, "--architectures", "mobilenet_v2", "--candidates", "all")
    assert "mobilenet_v2@224 lies outside what the models have seen" in ran.err
    assert "more networks" not in ran.err


def _network(path: Path) -> Path:
    """A small classifier as an ONNX file."""
    shape = {"x": [1, 3, 224, 224], "y": None}
    made = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, of) for name, of in shape.items()
    ]
    zeros = {"w": (8, 3, 3, 3), "v": (10, 8)}
    weights = [
        numpy_helper.from_array(np.zeros(of, np.float32), name) for name, of in zeros.items()
    ]
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], strides=[2, 2]),
        helper.make_node("GlobalAveragePool", ["c"], ["p"]),
        helper.make_node("Flatten", ["p"], ["f"]),
        helper.make_node("Gemm", ["f", "v"], ["y"], transB=1),
    ]
    graph = helper.make_graph(nodes, "net", made[:1], made[1:], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), str(path))
    return path
