"""Tasks: networks for unlike ones are never chosen from together, and each is told in its own metric."""

from __future__ import annotations

import json
import re

import pytest
from jsonschema import Draft202012Validator

import advisor
from advisor.catalog.accuracy_table import COLUMNS, LOSS
from advisor.report.explorer.choice import choice
from advisor.report.explorer.document import task_document
from advisor.solve.question import read_question
from tests.conftest import Overlay, Run

DETECTORS = {"yolo-n@640": 37.3, "yolo-s@640": 44.9, "ssd@300": 25.1}
POSE = {"pose-a@256": 70.4}
ACCURACY = ",".join(each for each in COLUMNS if each not in {"processor", *LOSS})


def described(name: str, task: str, params: float) -> str:
    size = name.partition("@")[2]
    return f"""\
{name}:
  family: Own
  input: 3x{size}x{size}
  task: {task}
  reference: "made up"
  counted:
    source: my-notes
    params: {{value: {params}M}}
    operations: {{value: {3 * params}G}}
"""


@pytest.fixture
def cameras(overlay: Overlay) -> Overlay:
    """Boards of detectors alone (`det`), of detectors and a pose network, and of all sorts (`small`)."""
    networks = [
        *(described(name, "object_detection", 3 + place) for place, name in enumerate(DETECTORS)),
        *(described(name, "pose", 5) for name in POSE),
    ]
    overlay.write("architectures.yaml", "".join(networks))
    accuracies = [f"{name},coco-set,detection,,,{value},,,,,,,reported,my-notes" for name, value in
                  DETECTORS.items()]  # fmt: skip
    accuracies += [f"{name},coco-set,,,,{value},,,,,,,reported,my-notes" for name, value in
                   POSE.items()]  # fmt: skip
    overlay.write("accuracy.csv", "\n".join([ACCURACY, *accuracies]) + "\n")
    board = "title: A camera\nsource: my-notes\nidle_power: {value: 2 W, source: my-notes}\n"
    rows = [f"{name},eager,fp32,1,{10 * place},5,300,reported,my-notes" for place, name in
            enumerate([*DETECTORS, *POSE], start=1)]  # fmt: skip
    header = (overlay.folder / "boards/small/measurements.csv").read_text().splitlines()[0]
    for name, count in (("det", 3), ("both", 4)):
        overlay.write(f"boards/{name}/board.yaml", board)
        overlay.write(f"boards/{name}/measurements.csv", "\n".join([header, *rows[:count]]) + "\n")
    overlay.measurements("resnet-18,eager,fp32,1,20,5,300,reported,my-notes", *rows)
    return overlay


def test_a_catalog_with_tasks_has_no_faults(cameras: Overlay, run: Run) -> None:
    assert run("catalog", "check", "--catalog", cameras.folder).code == 0
    shown = run("show", "yolo-s@640", "--catalog", cameras.folder).out
    assert "input 3x640x640, for detection" in shown
    assert "weights coco-set: mAP50-95 44.90 % reported" in shown


def test_the_only_task_of_a_board_is_taken_and_said(cameras: Overlay, run: Run) -> None:
    ran = run("pick", "--board", "det", "--catalog", cameras.folder, "--accuracy", "30")
    assert ran.code == 0
    assert ran.out.startswith("yolo-s@640 at batch 1")
    assert "mAP50-95" in ran.out
    assert "top-1" not in ran.out
    assert "the task is detection, the only one of these rows" in ran.err


def test_classification_is_taken_where_a_board_has_several(cameras: Overlay) -> None:
    answer = advisor.pick(board="small", catalog=cameras.folder, top=20)
    assert {each.architecture for each in answer.candidates} == {"resnet-18"}
    assert answer.quality.metric == "top-1"
    found = advisor.pick(board="small", catalog=cameras.folder, task="detection", top=20)
    assert {each.architecture for each in found.candidates} == set(DETECTORS)
    assert {str(each.quality) for each in found.candidates} == {"mAP50-95 on coco"}
    assert found.best and found.best.architecture == "yolo-s@640"


def test_a_task_of_which_a_board_has_no_rows_is_refused_with_its_tasks(
    cameras: Overlay, run: Run
) -> None:
    ran = run("pick", "--board", "both", "--catalog", cameras.folder)
    assert ran.code == 2
    assert "has no rows of a network for classification" in ran.err
    assert "its tasks: detection, pose" in ran.err
    ran = run("pick", "--board", "det", "--task", "pose", "--catalog", cameras.folder)
    assert (ran.code, "its tasks: detection" in ran.err) == (2, True)
    assert run("pick", "--task", "detection").code == 2


def test_the_document_says_as_what_accuracy_is_told(cameras: Overlay, run: Run) -> None:
    asked = ("--board", "both", "--task", "pose", "--catalog", cameras.folder)
    answer = json.loads(run("pick", *asked, "--json").out)
    quality = {"task": "pose", "metric": "AP", "data_set": "coco"}
    assert answer["quality"] == answer["best"]["quality"] == quality
    assert answer["best"]["accuracy_percent"]["value"] == 70.4
    assert answer["query"]["candidates"]["task"] == "pose"
    assert "--task pose" in answer["query"]["command"]
    Draft202012Validator(json.loads(run("schema").out)).validate(answer)
    front = run("frontier", *asked)
    assert "Frontier of time per image and AP" in front.out


def test_a_frontier_is_of_one_task(cameras: Overlay) -> None:
    found = advisor.frontier(board="small", catalog=cameras.folder, task="detection")
    assert {each.architecture for each in found.points} == {"yolo-n@640", "yolo-s@640"}
    assert found.considered == 3


def test_the_page_is_of_one_task_in_its_metric(cameras: Overlay) -> None:
    opened, asked = read_question(board="small", catalog=cameras.folder, task="detection")
    page = task_document(choice(opened, asked))
    assert page["metrics"]["accuracy_percent"]["heading"] == "mAP50-95"
    assert page["metrics"]["accuracy_percent"]["title"] == "mAP50-95"
    names = [page["architectures"][place]["name"] for place in page["rows"]["architecture"]]
    assert set(names) == set(DETECTORS)
    assert page["accuracy"]["quality"]["task"] == "detection"


def test_own_networks_are_for_the_task_that_is_asked(cameras: Overlay, run: Run) -> None:
    ran = run("pick", "--board", "det", "--include", "mine=vgg-16", "--accuracy-of", "mine=60",
              "--catalog", cameras.folder, "--json")  # fmt: skip
    assert ran.code == 0
    assert {each["quality"]["task"] for each in json.loads(ran.out)["alternatives"]} <= {
        "detection"
    }


PLAN = """\
board: small
{objective}workloads:
  watch:
    require: {{fps: '>= 5'{accuracy}}}
    candidates: {{task: detection}}
{weight}  name:
    require: {{fps: '>= 5'{accuracy}}}
{weight}"""


@pytest.mark.parametrize(
    ("objective", "weight", "accuracy", "said"),
    [
        ("", "", "", "say how much each counts"),
        ("objective: worst-accuracy\n", "    weight: 2\n", "", "objective worst-accuracy"),
        ("", "    weight: 2\n", "", ""),
        ("", "", ", accuracy: '>= 30'", ""),
        ("objective: power\n", "", "", ""),
    ],
)
def test_a_plan_of_unlike_tasks_needs_weights_or_least_accuracies(
    cameras: Overlay, run: Run, objective: str, weight: str, accuracy: str, said: str
) -> None:
    file = cameras.write(
        "ask/plan.yaml", PLAN.format(objective=objective, weight=weight, accuracy=accuracy)
    )
    ran = run("plan", file, "--catalog", cameras.folder)
    if said:
        assert ran.code == 2
        assert said in ran.err
        assert "watch: mAP50-95 on coco; name: top-1 on imagenet-1k" in ran.err
        return
    assert ran.code == 0, ran.err
    assert re.search(r"^watch +yolo-s@6", ran.out, re.MULTILINE) or "power" in objective
    assert "top-1" not in ran.out.partition("together")[0]


def test_the_figures_and_findings_of_a_board_are_of_one_task(cameras: Overlay, run: Run) -> None:
    out = cameras.folder / "figures"
    ran = run("figures", "--board", "det", "-o", out, "--catalog", cameras.folder)
    assert ran.code == 0, ran.err
    drawn = "".join(path.read_text() for path in sorted(out.glob("*.svg")))
    assert "mAP50-95" in drawn
    assert "top-1" not in drawn


def test_a_board_whose_rows_are_of_another_task_is_named(cameras: Overlay, run: Run) -> None:
    ran = run("pick", "--board", "small,det", "--catalog", cameras.folder, "--fps", "1")
    assert ran.code == 0
    assert "det is left out: its rows are for detection, not for classification" in ran.err
    both = run("pick", "--board", "small,det", "--task", "detection", "--catalog", cameras.folder)
    assert "left out" not in both.err
