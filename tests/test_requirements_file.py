"""Questions from files: the same grammar as the command line, and faults with their place."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import advisor
from advisor import AdvisorError, Recommendation
from advisor.limits import natural_sense
from advisor.metrics import BY_NAME
from advisor.options import Requirements
from advisor.solve.question import read_question
from tests.conftest import SHIPPED, Overlay, Run, examples

WORKED = sorted((SHIPPED / "requirements").glob("*.yaml"))
PICKS = {"doorbell": ("inception-v3", 1), "drone": ("enet", 2), "server": ("resnet-34", 16)}


def asked(path: Path, **options: Any) -> Requirements:
    return read_question(path, **options)[1]


def write(folder: Path, text: str) -> Path:
    path = folder / "camera.yaml"
    path.write_text(text)
    return path


def schema(run: Run) -> Any:
    return json.loads(run("schema", "requirements").out)


# --- the worked files


def questions() -> list[Path]:
    return [path for path in WORKED if not path.name.startswith("plan-")]


@pytest.mark.parametrize("path", questions(), ids=lambda path: path.stem)
def test_a_worked_file_is_answered(run: Run, path: Path) -> None:
    ran = run("pick", path, "--json")
    assert ran.code == 0
    best = json.loads(ran.out)["best"]
    assert (best["architecture"], best["batch"]) == PICKS[path.stem]
    assert run("pick", "--constraints", path, "--json").out == ran.out
    jsonschema.validate(yaml.safe_load(path.read_text()), schema(run))


def test_every_worked_file_is_tested() -> None:
    assert {path.stem for path in questions()} == set(PICKS)


def test_an_answer_echoes_a_question_that_can_be_asked_again(run: Run, tmp_path: Path) -> None:
    for path in questions():
        first = json.loads(run("pick", path, "--json").out)
        jsonschema.validate(first["query"], schema(run))
        echoed = tmp_path / f"{path.stem}.json"
        echoed.write_text(json.dumps(first["query"]))
        assert json.loads(run("pick", echoed, "--json").out) == first


def test_the_echo_keeps_weights_explanations_and_small_confidences(
    run: Run, tmp_path: Path, overlay: Overlay
) -> None:
    overlay.write(
        "weights.csv",
        "architecture,weights,top1_percent,top1_low_percent,top1_high_percent,top5_percent,"
        "origin,source\nresnet-18,mine,70,,,,reported,my-notes\n",
    )
    board = overlay.folder / "boards/small/board.yaml"
    board.write_text(board.read_text().replace("weights: paper", "weights: mine"))
    asked = ("--board", "small", "--objective", "time", "--explain", "resnet-50")
    catalog = ("--catalog", overlay.folder)
    first = json.loads(run("pick", *asked, "--confidence", "0.00001", *catalog, "--json").out)
    assert first["considered"] == 3
    assert first["explained"][0]["architecture"] == "resnet-50"
    echoed = tmp_path / "echoed.json"
    echoed.write_text(json.dumps(first["query"]))
    assert json.loads(run("pick", echoed, *catalog, "--json").out) == first
    words = shlex.split(first["query"]["command"])[1:]
    assert json.loads(run(*words, "--json").out) == first


# --- what a file can say


def test_everything_that_a_file_can_say(tmp_path: Path, overlay: Overlay) -> None:
    path = write(
        tmp_path,
        """
        board: [jetson-tx1, small]
        objective: [accuracy within 0.5 points, energy within 10%, memory]
        require:
          fps: {min: 5, max: 60 fps}
          latency: "<= 1 s@p90"
          time: "<= 150 ms"
          accuracy: 60
          net-power: {max: 20 W}
        candidates:
          architectures: ["resnet-*", googlenet]
          families: any
          batch: [1, 4]
          runtime: "torch7, eager"
          precision: fp*
          weights: any
          networks: all
          predictions: no
        confidence: 95%
        overhead: 5 ms
        battery: 10 Wh
        top: 3
        all_batches: yes
        """,
    )
    question = asked(path, catalog=overlay.folder)
    assert question.boards == ("jetson-tx1", "small")
    assert [str(each) for each in question.constraints] == [
        "accuracy >= 60",
        "fps <= 60",
        "fps >= 5",
        "time <= 150 ms",
        "net-power <= 20 W",
        "response <= 1000 ms@p90",
    ]
    assert list(map(str, question.objective)) == [
        "accuracy within 0.5 points",
        "energy within 10%",
        "memory",
    ]
    chosen = question.selection
    assert chosen.architectures == ("resnet-*", "googlenet")
    assert chosen.families is None
    assert chosen.runtimes == ("torch7", "eager")
    assert chosen.precisions == ("fp*",)
    assert chosen.batches == frozenset((1, 4))
    assert (chosen.weights, chosen.networks, chosen.predictions) == ("any", "all", False)
    assert (question.confidence, question.overhead_ms, question.battery_j) == (0.95, 5, 36_000)
    assert (question.top, question.all_batches) == (3, True)


def test_options_override_the_file_limit_by_limit(tmp_path: Path) -> None:
    path = write(tmp_path, "require: {fps: {min: 5, max: 60}, energy: 1 J}\ntop: 3\n")
    question = asked(path, fps="20", energy={"min": "0.1 J"}, top=2)
    assert [str(each) for each in question.constraints] == [
        "fps <= 60",
        "fps >= 20",
        "energy <= 1 J",
        "energy >= 0.1 J",
    ]
    assert question.top == 2


def test_a_file_of_empty_blocks_asks_the_default_question(tmp_path: Path) -> None:
    assert asked(write(tmp_path, "require:\ncandidates:\n")) == Requirements()


LIMITS = st.fixed_dictionaries(
    {},
    optional={
        "fps": st.floats(1, 150).map(lambda value: f"{value!r}"),
        "latency": st.floats(10, 2000).map(lambda value: f"{value!r} ms"),
        "energy": st.floats(0.05, 3).map(lambda value: f"{value!r} J"),
        "power": st.floats(2, 15).map(lambda value: f"{value!r} W"),
        "memory": st.floats(200, 2000).map(lambda value: f"{value!r} MB"),
        "accuracy": st.floats(50, 81).map(lambda value: f"{value!r}"),
        "params": st.floats(1, 150).map(lambda value: f"{value!r}M"),
    },
)


@examples(40)
@given(LIMITS, st.sampled_from(["any", "1", "1,4,16"]), st.sampled_from(["energy", "accuracy"]))
def test_a_file_options_and_conditions_ask_the_same(
    tmp_path_factory: pytest.TempPathFactory, limits: dict[str, str], batch: str, objective: str
) -> None:
    signs = {"min": ">=", "max": "<="}
    folder = tmp_path_factory.mktemp("file")
    rest = {"objective": objective, "candidates": {"batch": batch}}
    short = {
        name: f"{signs[natural_sense(BY_NAME[name])]} {limit}" for name, limit in limits.items()
    }
    long = {name: {natural_sense(BY_NAME[name]): limit} for name, limit in limits.items()}
    questions = [
        asked(write(folder, yaml.safe_dump({"require": require, **rest})))
        for require in (short, long, limits)
    ]
    questions.append(read_question(**limits, batch=batch, objective=objective)[1])
    where = [f"{name} {limit}" for name, limit in short.items()]
    questions.append(read_question(where=where, batch=batch, objective=objective)[1])
    assert all(each == questions[0] for each in questions)


def test_nor_do_their_answers_differ(tmp_path: Path) -> None:
    path = write(tmp_path, "require: {fps: 60, accuracy: 75, energy: 0.5 J}\n")
    typed = advisor.pick(fps=60, accuracy=75, energy="0.5 J")
    assert typed.relaxations or typed.together
    assert advisor.pick(path) == typed
    assert advisor.pick(where=["energy <= 0.5 J", "fps >= 60", "accuracy >= 75"]) == typed


def test_units_are_equivalent() -> None:
    pairs: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"energy": "0.5 J"}, {"energy": "500 mJ"}),
        ({"latency": "0.1 s"}, {"latency": "100 ms"}),
        ({"memory": "1 MiB"}, {"memory": "1048576 B"}),
        ({"power": "5 W"}, {"power": "5000 mW"}),
        ({"battery": "10 Wh", "hours": "1 d"}, {"battery": "36 kJ", "hours": 24}),
    ]
    for one, other in pairs:
        first, second = advisor.pick(fps=20, **one), advisor.pick(fps=20, **other)
        assert without_question(first) == without_question(second)


def without_question(answer: Recommendation) -> tuple[object, ...]:
    return answer.best, answer.alternatives, answer.relaxations, answer.together


# --- what a file must not say


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fps: 30\n", ["line 1, column 1", "the key 'fps'; expected it in the block 'require'"]),
        ("task: pose\n", ["the key 'task'; expected it in the block 'candidates', like candidates: {task:"]),
        ("quantised_loss: 1\n", ["the key 'quantised_loss'; expected it in the block 'candidates'"]),
        ("workloads: {}\n", ["the key 'workloads'; expected it in a file for advisor plan"]),
        ("candidates: {fps: 1}\n", ["'fps'; expected it beside 'candidates', not in it: require: {fps:"]),
        ("candidates: {board: x}\n", ["'board'; expected it beside 'candidates', not in it"]),
        ("candidates: {accuracy_of: 75}\n", ["a mapping for 'accuracy_of', like {NAME", ": PERCENT}"]),
        ("candidates: {quantised_loss: {int8: x}}\n", ["quantised-loss int8: 'x' is not a percentage"]),
        (
            "candidates: {quantised_loss: {int8: x}}\n",
            ["line 1, column 37: quantised-loss int8: 'x'", "is not a percentage"],
        ),
        ("candidates: {quantised_loss: {int8: [1]}}\n", ["line 1, column 37: found a list"]),
        ("require: {fsp: 30}\n", ["line 1, column 11", "unknown limit 'fsp'", "did you mean 'fps'"]),
        ("require:\n  fps: 3O\n", ["line 2, column 8", "'O' in '3O' is no unit of a frame rate"]),
        ("require:\n  energy: 0.5\n", ["line 2, column 11", "has no unit", "'0.5 J'"]),
        ("require:\n  fps: [30]\n", ["line 2, column 8", "found a list", "'>= 30'"]),
        ("require:\n  fps: {min: [30]}\n", ["line 2, column 14", "found a list"]),
        ("require:\n  fps: {least: 30}\n", ["line 2, column 8", "'least' is neither min nor max"]),
        ("require:\n  fps: {min: 40, max: 30}\n", ["line 2", "fps >= 40 and fps <= 30"]),
        ("require:\n  batch: 4\n", ["line 2, column 3", "--batch 1,4"]),
        ("require: 30\n", ["line 1, column 10", "a mapping for 'require', like {fps: 30}"]),
        ("require: {hours: 8}\n", ["of which battery", "--battery 10Wh"]),
        ("board: {name: x}\n", ["line 1, column 8", "text or a list for 'board'"]),
        ("board: [a, [b]]\n", ["line 1, column 12", "a list"]),
        ("board: []\n", ["line 1, column 8", "an empty name"]),
        ("board: jetson-tx2\n", ["unknown board 'jetson-tx2'", "did you mean 'jetson-tx1'"]),
        ("objective: acuracy\n", ["line 1, column 12", "did you mean 'accuracy'"]),
        ("objective: [accuracy within 1 J, energy]\n", ["line 1, column 12", "tolerance of accuracy"]),
        ("objective: accuracy within 1\n", ["line 1, column 12", "nothing follows"]),
        ("objective: [energy, energy]\n", ["line 1, column 12", "energy stands in it twice"]),
        ("confidence: 1.5\n", ["line 1, column 13", "not a probability between 0 and 1"]),
        ("confidence: 0\n", ["line 1, column 13", "not a probability between 0 and 1"]),
        ("confidence: [0.9]\n", ["line 1, column 13", "one value for 'confidence'"]),
        ("top: 0\n", ["line 1, column 6", "a whole number from 1"]),
        ("overhead: 5\n", ["line 1, column 11", "has no unit"]),
        ("battery: 10 W\n", ["line 1, column 10", "no unit of an energy"]),
        ("candidates: everything\n", ["line 1, column 13", "a mapping", "or board, or all"]),
        ("candidates: {arch: x}\n", ["line 1, column 14", "the key 'arch'"]),
        ("candidates: {batch: [1, x]}\n", ["line 1, column 21", "'x' is not a batch size"]),
        ("candidates: {architectures: resnt-18}\n", ["unknown architecture 'resnt-18'", "'resnet-18'"]),
        ("candidates: {precision: int8}\n", ["precision: 'int8' matches nothing", "fp32"]),
        ("candidates: {families: ResNet, architectures: alexnet}\n", ["nothing to choose from"]),
        ("top: 3\ntop: 4\n", ["line 2, column 1", "a second time"]),
        ("top: &a 3\n", ["line 1", "an anchor"]),
        ("a: [\n", ["broken YAML"]),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_place_and_mend(
    run: Run, tmp_path: Path, text: str, said: list[str]
) -> None:
    ran = run("pick", write(tmp_path, text))
    assert ran.code == 2
    assert not ran.out
    for words in said:
        assert words in ran.err


def test_a_loss_by_precision_is_a_mapping_or_text(run: Run, tmp_path: Path) -> None:
    texts = ("{int8: 1.5, w8a16: 0.3}", "'int8=1.5,w8a16=0.3'", "[int8=1.5, w8a16=0.3]")
    for text in texts:
        path = write(tmp_path, f"candidates: {{quantised_loss: {text}}}\n")
        assert asked(path).selection.quantised_loss == {"int8": 1.5, "w8a16": 0.3}
        jsonschema.validate(yaml.safe_load(path.read_text()), schema(run))


def test_every_fault_is_told_at_once(run: Run, tmp_path: Path) -> None:
    ran = run("pick", write(tmp_path, "top: x\nrequire:\n  fps: y\n  energie: 1 J\n"))
    assert ran.code == 2
    assert "2 more faults" in ran.err
    assert all(f"line {line}" in ran.err for line in (1, 3, 4))


def test_a_large_file_is_not_read(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    path.write_bytes(b"# " + b"x" * 10_000_000)
    ran = run("pick", path)
    assert ran.code == 2
    assert "at most 1 MB" in ran.err


def test_a_file_that_is_none(run: Run, tmp_path: Path) -> None:
    assert "no such file" in run("pick", tmp_path / "nowhere.yaml").err
    assert "a folder" in run("pick", tmp_path).err
    both = run("pick", tmp_path / "a.yaml", "--constraints", tmp_path / "b.yaml")
    assert both.code == 2
    assert "two files" in both.err
    assert run("pick", "").code == 2


def test_a_key_in_a_file_is_as_good_as_a_name(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "ask.yaml"
    file.write_text("require: {energy_j: 0.5 J, fps: 30}\nobjective: accuracy_percent\n")
    answer = json.loads(run("pick", file, "--json").out)
    assert answer["best"]["architecture"] == "resnet-18"
    assert answer["query"]["require"] == {"fps": {"min": "30"}, "energy": {"max": "0.5 J"}}
    typed = json.loads(run("pick", "--fps", 30, "--energy_j", "0.5J", "--json").out)
    assert typed["best"] == answer["best"]
    file.write_text("require: {latency: 30 ms, response: 20 ms}\n")
    assert "latency <= 30 ms, response <= 20 ms" in run("pick", file).err


@pytest.mark.parametrize(
    ("conditions", "said"),
    [
        (["params < 25M"], "write it like 'params <= 25M'"),
        (["paramz <= 25M"], "did you mean 'params'"),
        (["batch <= 4"], "--batch"),
        (["fps >= 10", "fps >= 20"], "fps is limited twice"),
        (["fps >= 40", "fps <= 30"], "no fps meets"),
        (["energy <= 5"], "has no unit"),
    ],
)
def test_what_is_no_condition(conditions: list[str], said: str) -> None:
    with pytest.raises(AdvisorError) as refused:
        advisor.pick(where=conditions)
    assert said in str(refused.value)


def test_the_schema_refuses_what_the_reader_refuses(run: Run) -> None:
    published = schema(run)
    validator = jsonschema.Draft202012Validator(published)
    assert set(published["properties"]["require"]["properties"]) == set(BY_NAME)
    wrongs: tuple[dict[str, object], ...] = (
        {"fps": 30},
        {"require": {"fsp": 30}},
        {"require": {"fps": [30]}},
        {"require": {"energy": 0.5}},
        {"candidates": {"arch": "x"}},
        {"candidates": "everything"},
        {"board": []},
        {"confidence": 0},
        {"confidence": 90},
        {"require": {"accuracy": 101}},
        {"require": {"fps": "=> 30"}},
        {"candidates": {"batch": [1, "any"]}},
    )
    for wrong in wrongs:
        assert list(validator.iter_errors(wrong)), wrong


@pytest.mark.parametrize("written", ["> 10", ">=\n    10"])
def test_a_folded_sign_is_to_be_quoted(run: Run, tmp_path: Path, written: str) -> None:
    file = tmp_path / "ask.yaml"
    file.write_text(f"require:\n  fps: {written}\n")
    ran = run("pick", file)
    assert ran.code == 2
    assert "expected a limit in quotes, with >= or <=: fps: '>= 10'" in ran.err


def test_only_two_signs_are_limits(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "ask.yaml"
    file.write_text("require:\n  fps: '\u2265 30'\n  energy: '\u2264 0.5 J'\n", encoding="utf-8")
    best = advisor.pick(file).best
    assert best and (best.architecture, best.batch) == ("resnet-18", 1)
    for sign in (">", "<", "=", "=>"):
        ran = run("pick", "--fps", f"{sign} 30")
        assert ran.code == 2
        assert "limits are written with >= and <= only" in ran.err
