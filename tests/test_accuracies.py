"""The accuracy of a row is its own: by precision, runtime, board and source, or as the user states it."""

from __future__ import annotations

import json
import math

import pytest

import advisor
from advisor.catalog.accuracy_table import (
    COLUMNS,
    LOSS,
    accuracy_table,
    interval_of_share,
    read_accuracies,
)
from advisor.catalog.tables import quantised_as
from advisor.report.explorer.choice import choice
from advisor.report.explorer.document import task_document
from advisor.solve.question import read_question
from tests.conftest import BOARD, SOURCES, Overlay, Run

SEEN = [each for each in COLUMNS if each not in ("processor", *LOSS)]
ACCURACY = ",".join(SEEN) + "\n"
VARIANTS = (
    ("tflite", "fp32"),
    ("tflite", "int8"),
    ("tflite", "fp16"),
    ("armnn", "int8"),
    ("armnn", "w8a16"),
    ("armnn", "unknown"),
)
LAB = """\
lab:
  citation: "a lab"
  read: "from its table"
  error: "none stated"
  accuracy_spread: 0.31 points
other:
  citation: "another lab"
  read: "from its table"
  error: "none stated"
"""


def rows(
    *networks: str, source: str = "lab", variants: tuple[tuple[str, str], ...] = VARIANTS
) -> str:
    """The text of a board's measurements: every network in every variant."""
    header = "architecture,runtime,precision,batch,latency_ms,net_power_w,memory_mb,origin,source\n"
    return header + "".join(
        f"{name},{runtime},{precision},1,20,,,reported,{source}\n"
        for name in networks
        for runtime, precision in variants
    )


@pytest.fixture
def lab(overlay: Overlay) -> Overlay:
    """Boards `one` and `two` of one lab, and `else` of another, of resnet-18 in six variants."""
    overlay.write("sources.yaml", SOURCES + LAB)
    for name, source in (("one", "lab"), ("two", "lab"), ("else", "other")):
        board = BOARD.replace("source: my-notes\n", f"source: {source}\n").replace(
            f"source: {source}}}", "source: my-notes}"
        )
        overlay.write(f"boards/{name}/board.yaml", board)
        overlay.write(f"boards/{name}/measurements.csv", rows("resnet-18", source=source))
    return overlay


def known(overlay: Overlay, board: str, **question: object) -> dict[tuple[str, str], object]:
    """The accuracy of resnet-18 by runtime and precision on a board."""
    answer = advisor.pick(board=board, catalog=overlay.folder, top=50, all_batches=True, **question)
    return {
        (each.runtime, each.precision): each.accuracy_percent and each.accuracy_percent.value
        for each in answer.candidates
        if each.architecture == "resnet-18"
    }


def test_the_most_specific_accuracy_counts(lab: Overlay) -> None:
    assert known(lab, "one") == {
        ("tflite", "fp32"): 69.57,
        ("tflite", "fp16"): 69.57,
        ("tflite", "int8"): None,
        ("armnn", "int8"): None,
        ("armnn", "w8a16"): None,
        ("armnn", "unknown"): None,
    }
    lab.write(
        "accuracy.csv",
        ACCURACY + "resnet-18,paper,,,,68.1,,,,tflite,INT8,,reported,lab\n"
        "resnet-18,paper,,,,67.9,,,,tflite,i8,one,reported,lab\n"
        "resnet-18,paper,classification,top-1,imagenet-1k,69.4,,,,,fp16,,reported,lab\n"
        "resnet-18,paper,,,,69.2,,,,armnn,,,reported,lab\n",
    )
    found = known(lab, "one")
    assert found["tflite", "int8"] == 67.9
    assert found["tflite", "fp16"] == 69.4
    assert found["tflite", "fp32"] == 69.57
    assert found["armnn", "int8"] is found["armnn", "unknown"] is None
    assert known(lab, "two")["tflite", "int8"] == 68.1


def test_an_accuracy_of_another_board_counts_within_one_source_alone(lab: Overlay) -> None:
    lab.write(
        "accuracy.csv",
        ACCURACY + "resnet-18,paper,,,,68.0,67.5,68.5,,tflite,int8,one,measured,lab\n",
    )
    assert known(lab, "one")["tflite", "int8"] == known(lab, "two")["tflite", "int8"] == 68.0
    assert known(lab, "two")["armnn", "int8"] is None
    assert known(lab, "else")["tflite", "int8"] is None
    assert known(lab, "else", weights="any").get(("tflite", "int8")) is None
    here, there = (
        advisor.pick(board=board, catalog=lab.folder, precision="int8", runtime="tflite").best
        for board in ("one", "two")
    )
    assert here and there and here.accuracy_percent and there.accuracy_percent
    assert (here.accuracy_note, there.accuracy_note) == ("", "from one")
    assert (here.accuracy_percent.low, here.accuracy_percent.high) == (67.5, 68.5)
    assert (there.accuracy_percent.low, there.accuracy_percent.high) == pytest.approx(
        (67.19, 68.81)
    )


def test_the_weights_that_a_source_found_an_accuracy_of_go_before_better_ones(lab: Overlay) -> None:
    board = lab.folder / "boards/one/board.yaml"
    board.write_text(board.read_text().replace("weights: paper\n", ""))
    assert known(lab, "one")["tflite", "fp32"] == 73.286  # the best published
    lab.write(
        "accuracy.csv",
        ACCURACY + "resnet-18,labs,,,,66.5,,,,tflite,fp32,one,measured,lab\n"
        "resnet-18,better,,,,79.5,,,,,,,reported,other\n",
    )
    assert known(lab, "one")["tflite", "fp32"] == 66.5
    assert known(lab, "one")["tflite", "fp16"] == 66.5  # taken over
    both = advisor.pick(board="one", catalog=lab.folder, weights="any", precision="fp32")
    assert both.best and both.best.weights == "better"


def test_an_accuracy_of_another_board_is_marked(lab: Overlay, run: Run) -> None:
    lab.write(
        "accuracy.csv", ACCURACY + "resnet-18,paper,,,,68.0,,,,tflite,int8,one,measured,lab\n"
    )
    asked = ("pick", "--board", "two", "--catalog", lab.folder, "--precision", "int8")
    answer = run(*asked, "--runtime", "tflite").out
    assert "68.00^" in answer
    assert "^ accuracy was found on another board: one." in answer
    shown = run("show", "resnet-18", "--catalog", lab.folder).out
    assert "weights paper: top-1 by tflite int8 on board one 68.00 % measured" in shown


def test_an_accuracy_of_some_images_has_their_interval(lab: Overlay) -> None:
    lab.write(
        "accuracy.csv", ACCURACY + "resnet-18,paper,,,,70,,,1000,tflite,int8,one,measured,lab\n"
    )
    best = advisor.pick(
        board="one", catalog=lab.folder, precision="int8", runtime="tflite", accuracy=68.5
    )
    assert best.best is None  # 70 % of 1,000 images is 67.6 to 72.3
    (unsure,) = [best.unsure.likeliest] if best.unsure else []
    found = unsure.accuracy_percent
    assert found and found.low and found.high
    assert (found.low, found.high) == interval_of_share(70, 1000)
    assert (found.low, found.high) == pytest.approx((67.57, 72.33), abs=0.01)


@pytest.mark.parametrize(("percent", "images"), [(75.0, 1000), (99.5, 200), (1.0, 50)])
def test_the_ends_of_the_interval_of_a_share_are_shares_of_which_it_is_just_likely_enough(
    percent: float, images: int
) -> None:
    for end in interval_of_share(percent, images):
        off = abs(percent - end) / 100
        assert off == pytest.approx(1.6448536 * math.sqrt(end / 100 * (1 - end / 100) / images))


def test_what_a_user_states_reaches_every_precision(lab: Overlay) -> None:
    found = known(
        lab, "one", accuracy_of={"resnet-18:INT8:armnn": 66, "resnet-18:w8a16": 67, "resnet-18": 72}
    )
    assert found == {
        ("tflite", "fp32"): 72,
        ("tflite", "fp16"): 72,
        ("tflite", "int8"): None,
        ("armnn", "int8"): 66,
        ("armnn", "w8a16"): 67,
        ("armnn", "unknown"): None,
    }
    assert known(lab, "one", accuracy_of={"resnet-18:unknown": 61})["armnn", "unknown"] == 61
    only = known(lab, "one", accuracy_of={"resnet-18:int8": 66})
    assert only["tflite", "fp32"] == 69.57
    assert only["tflite", "int8"] == only["armnn", "int8"] == 66


def test_a_table_of_the_users_reaches_every_precision(lab: Overlay, run: Run) -> None:
    table = lab.write(
        "my/table.csv",
        "architecture,accuracy_percent,precision,runtime,metric\n"
        "resnet-18,90,,,F1\nresnet-18,88,i8,,F1\nresnet-18,89,int8,armnn,F1\n",
    )
    assert known(lab, "one", accuracy_table=table) == {
        ("tflite", "fp32"): 90,
        ("tflite", "fp16"): 90,
        ("tflite", "int8"): 88,
        ("armnn", "int8"): 89,
        ("armnn", "w8a16"): None,
        ("armnn", "unknown"): None,
    }
    ran = run("pick", "--board", "one", "--catalog", lab.folder, "--accuracy-table", table)
    assert "has no row of it at w8a16: resnet-18" in ran.err
    assert "has no row of it at int8" not in ran.err
    assert "F1" in ran.out and "top-1" not in ran.out
    table.write_text("architecture,top1_percent,precision\nresnet-18,90,int8\nresnet-18,91,I8\n")
    ran = run("pick", "--board", "one", "--catalog", lab.folder, "--accuracy-table", table)
    assert (ran.code, "'resnet-18 int8' once more" in ran.err) == (2, True)


def test_an_included_network_has_the_accuracy_that_is_stated_by_precision(
    run: Run,
) -> None:
    asked = ("pick", "--board", "xeon-2-cores-vm", "--include", "mine=vgg-16", "--json", "--top", "99",
             "--all-batches", "--architectures", "mine")  # fmt: skip
    stated = ("--accuracy-of", "mine=80", "--accuracy-of", "mine:int8:openvino=78.5")
    answer = json.loads(run(*asked, *stated).out)
    found = {
        (each["runtime"], each["precision"]): each["accuracy_percent"]
        for each in [answer["best"], *answer["alternatives"]]
    }
    assert found["openvino", "int8"]["value"] == 78.5
    assert found["onnxruntime", "int8"] is None
    assert found["openvino", "fp32"]["value"] == 80


def test_a_network_without_rows_is_said_with_another_of_its_name_that_has_some(run: Run) -> None:
    asked = ("pick", "--board", "raspberry-pi-4.ncnn", "--fps", "1")
    said = "resnet-50 has no rows here; ncnn:resnet50@224 is another network"
    assert (
        f"--accuracy-of resnet50 is of no candidate: {said}"
        in run(*asked, "--accuracy-of", "resnet50=80").err
    )
    several = run(*asked, "--architectures", "resnet50,efficientnet_b0")
    assert several.code == 0
    assert f"--architectures resnet50 is of no candidate: {said}" in several.err
    alone = run(*asked, "--architectures", "resnet50")
    assert (alone.code, "did you mean ncnn:resnet50@224?" in alone.err) == (2, True)
    there = run(*asked, "--accuracy-of", "ncnn:resnet50=80", "--architectures", "ncnn:resnet50")
    assert (there.code, "no candidate" in there.err) == (0, False)
    assert " 80.00 " in there.out


def test_a_stated_loss_is_taken_off_what_is_unknown(lab: Overlay, run: Run) -> None:
    lab.write(
        "accuracy.csv", ACCURACY + "resnet-18,paper,,,,68.0,,,,tflite,int8,one,measured,lab\n"
    )
    found = known(lab, "one", quantised_loss="1.5,W8A16=0.3")
    assert found == {
        ("tflite", "fp32"): 69.57,
        ("tflite", "fp16"): 69.57,
        ("tflite", "int8"): 68.0,
        ("armnn", "int8"): 68.07,
        ("armnn", "w8a16"): 69.27,
        ("armnn", "unknown"): 68.07,
    }
    some = known(lab, "one", quantised_loss={"int8": 2})
    assert (some["armnn", "int8"], some["armnn", "w8a16"]) == (67.57, None)
    asked = ("pick", "--board", "one", "--catalog", lab.folder, "--precision", "w8a16")
    ran = run(*asked, "--quantised-loss", "int8=1.5,w8a16=0.3")
    assert "69.27!" in ran.out
    assert "! accuracy is that of float weights less a stated loss of 0.3 points" in ran.out
    best = json.loads(run(*asked, "--quantised-loss", "0.3", "--json").out)["best"]
    assert best["accuracy_percent"]["origin"] == "declared"
    assert best["accuracy_percent"]["low"] is None
    assert best["accuracy_note"] == "less a stated loss of 0.3 points"
    limited = json.loads(run(*asked, "--quantised-loss", "0.3", "--accuracy", "60", "--json").out)
    assert (limited["best"]["mark"], limited["best"]["chance"]) == ("unproven", None)
    said = run(*asked, "--quantised-loss", "0.3", "--accuracy", "60", "--confidence", "0.9")
    assert said.code == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("much", "is not a percentage"),
        ("int8=much", "is not a percentage"),
        ("fp16=1", "keeps the accuracy of floats"),
        ("int8=1,INT8=2", "stands twice"),
        ("-1", "is negative"),
    ],
)
def test_a_loss_that_cannot_be_read_is_refused(run: Run, words: str, said: str) -> None:
    ran = run("pick", "--quantised-loss", words)
    assert ran.code == 2
    assert said in ran.err


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (
            ("--quantised-loss", "int4=1"),
            "int4=1 changes nothing: no candidate runs at int4, but at fp32",
        ),
        (
            ("--quantised-loss", "2"),
            "2 changes nothing: no candidate runs at a quantised precision",
        ),
        (
            ("--quantised-loss", "1", "--board", "rk3588-npu", "--task", "detection"),
            "1 changes nothing: what runs at int8 has an accuracy of its own, or none in floats",
        ),
    ],
)
def test_a_stated_loss_that_changes_nothing_is_said(
    run: Run, asked: tuple[str, ...], why: str
) -> None:
    ran = run("pick", *asked)
    assert (ran.code, f"--quantised-loss {why}" in " ".join(ran.err.split())) == (0, True)
    assert "changes nothing" not in run("pick").err


def test_a_stated_loss_that_is_used_is_not_doubted(run: Run) -> None:
    """By ncnn it runs at 8 bits, for which nobody has accuracies."""
    asked = ("pick", "--board", "raspberry-pi-5", "--precision", "int8", "--json")
    ran = run(*asked, "--quantised-loss", "int8=1")
    assert "changes nothing" not in ran.err
    assert json.loads(ran.out)["best"]["accuracy_percent"]["origin"] == "declared"


def test_the_answer_says_whether_an_unknown_accuracy_could_have_been_better(
    lab: Overlay, run: Run
) -> None:
    quantised = rows("vgg-16", "resnet-152", variants=(("tflite", "i8"), ("armnn", "i8")))
    text = rows("resnet-18") + quantised.partition("\n")[2]
    lab.write("boards/one/measurements.csv", text)
    answer = advisor.pick(board="one", catalog=lab.folder, precision="fp32,int8")
    assert answer.best and answer.best.architecture == "resnet-18"
    assert answer.overlooked is not None
    assert (answer.overlooked.metric, answer.overlooked.networks) == ("accuracy_percent", 2)
    assert answer.overlooked.candidate.architecture == "resnet-152"
    assert answer.overlooked.float_percent == 77.84
    ran = run("pick", "--board", "one", "--catalog", lab.folder, "--precision", "fp32,int8")
    said = " ".join(ran.out.split())
    assert "is known to have a higher top-1 accuracy" in said
    assert "4 candidates of 2 networks might be better than the pick" in said
    worse = advisor.pick(board="one", catalog=lab.folder, architectures="resnet-18")
    assert worse.overlooked is None  # its own float accuracy is the pick's


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("resnet-18,paper,,,,0.7,,,,,,,reported,lab", "found '0.7'; expected a percentage"),
        ("resnet-18,paper,,,,,,,,,,,reported,lab", "column value: found nothing"),
        ("resnet-18,paper,,,,70,71,,,,,,reported,lab", "both ends of an interval around the value"),
        ("resnet-18,paper,,,,70,,,,,,,reported,", "the source of the accuracy"),
        ("resnet-18,any,,,,70,,,,,,,reported,lab", "another name, since that one stands for all"),
        ("resnet-19,paper,,,,70,,,,,,,reported,lab", "a known architecture"),
        (
            "resnet-18,paper,,top1,ImageNet,70,,,,t,INT8,,reported,lab\n"
            "resnet-18,paper,,,,71,,,,t,i8,,reported,lab",
            "each key once",
        ),
    ],
)
def test_a_broken_accuracy_is_found(lab: Overlay, run: Run, row: str, said: str) -> None:
    path = lab.write("accuracy.csv", ACCURACY + row + "\n")
    ran = run("catalog", "check", "--catalog", lab.folder)
    assert ran.code == 1
    assert f"{path}, line" in ran.out + ran.err
    assert said in ran.out + ran.err


def test_the_page_knows_no_float_accuracy_of_a_quantised_row(lab: Overlay) -> None:
    lab.write(
        "accuracy.csv", ACCURACY + "resnet-18,paper,,,,68.0,,,,tflite,int8,one,measured,lab\n"
    )
    opened, asked = read_question(board="two", catalog=lab.folder)
    page = task_document(choice(opened, asked))
    weights, figures = page["rows"]["weights"], page["inputs"]["accuracy_percent"]["value"]
    precisions = page["rows"]["precision"]
    found = {
        (page["rows"]["runtime"]["names"][r], precisions["names"][p]): None if w < 0 else figures[w]
        for r, p, w in zip(
            page["rows"]["runtime"]["index"], precisions["index"], weights, strict=True
        )
    }
    assert found["tflite", "int8"] == 68.0
    assert found["armnn", "int8"] is found["armnn", "w8a16"] is found["armnn", "unknown"] is None
    notes = page["rows"]["accuracy_note"]["names"]
    assert "from one" in notes
    assert page["metrics"]["accuracy_percent"]["heading"] == "top-1"


def test_a_sets_name_says_of_which_quantised_precision_it_is() -> None:
    said = {
        "paper-int8": "int8", "vendor_w8a8": "w8a8", "best-I8": "int8", "fp8": "fp8",
        "IMAGENET1K_V2": "", "paper": "", "my-fp16": "", "v8": "", "best": "",
    }  # fmt: skip
    assert {name: quantised_as(name) for name in said} == said


def test_a_quantised_accuracy_that_names_no_runtime_is_that_of_the_only_one(lab: Overlay) -> None:
    lab.write(
        "accuracy.csv",
        ACCURACY + "resnet-18,paper,,,,68.1,,,,,int8,,reported,lab\n"
        "resnet-18,paper,,,,68.2,,,,,w8a16,,reported,lab\n"
        "resnet-18,paper,,,,68.3,,,,,int8,two,reported,lab\n",
    )
    found = known(lab, "one")
    assert found["tflite", "int8"] is found["armnn", "int8"] is None  # of which is not said
    assert found["armnn", "w8a16"] == 68.2
    assert known(lab, "two")["tflite", "int8"] is None
    assert known(lab, "else")["armnn", "w8a16"] is None  # another source's
    lab.write("boards/one/measurements.csv", rows("resnet-18", variants=(("tflite", "i8"),)))
    assert known(lab, "one") == {("tflite", "int8"): 68.1}
    lab.write("boards/two/measurements.csv", rows("resnet-18", variants=(("tflite", "i8"),)))
    assert known(lab, "two") == {("tflite", "int8"): 68.3}


def test_quantised_sets_of_weights_count_in_the_only_runtime_of_their_source(lab: Overlay) -> None:
    lab.write(
        "weights.csv",
        "architecture,weights,top1_percent,top1_low_percent,top1_high_percent,top5_percent,origin,source\n"
        "resnet-18,paper-int8,66.6,,,,reported,lab\n",
    )
    found = known(lab, "one")
    assert found["tflite", "int8"] is found["armnn", "int8"] is None
    lab.write("boards/one/measurements.csv", rows("resnet-18", variants=(("armnn", "i8"),)))
    assert known(lab, "one") == {("armnn", "int8"): 66.6}


def on_processors(
    overlay: Overlay, board: str, *processors: str
) -> dict[str | None, tuple[object, str]]:
    """The accuracy of resnet-18 by processor, and how it follows; of int8 by tflite alone."""
    header = "architecture,runtime,precision,batch,latency_ms,net_power_w,memory_mb,processor,origin,source"
    lines = [f"resnet-18,tflite,int8,1,20,,,{each},reported,lab" for each in processors]
    overlay.write(f"boards/{board}/measurements.csv", "\n".join([header, *lines]) + "\n")
    answer = advisor.pick(board=board, catalog=overlay.folder, top=50, all_batches=True)
    return {
        each.processor: (
            each.accuracy_percent.value if each.accuracy_percent else None,
            each.accuracy_note,
        )
        for each in answer.candidates
    }


def test_an_accuracy_of_another_board_counts_on_the_same_processor_alone(lab: Overlay) -> None:
    told = "resnet-18,paper,,,,68.0,,,,tflite,int8,one,measured,lab"
    lab.write("accuracy.csv", ACCURACY + told + "\n")
    assert on_processors(lab, "one", "cpu", "npu") == {"cpu": (68.0, ""), "npu": (68.0, "")}
    # on which of the two it was found is not said
    assert on_processors(lab, "two", "cpu", "npu") == {"cpu": (None, ""), "npu": (None, "")}
    lab.write(
        "accuracy.csv",
        f"{ACCURACY.strip()},processor\n{told},npu\n{told.replace('68.0', '69.0')},cpu\n",
    )
    assert on_processors(lab, "one", "cpu", "npu") == {"cpu": (69.0, ""), "npu": (68.0, "")}
    there = {"cpu": (69.0, "from one"), "npu": (68.0, "from one"), "gpu": (None, "")}
    assert on_processors(lab, "two", "cpu", "npu", "gpu") == there
    lab.write("accuracy.csv", ACCURACY + told + "\n")
    on_processors(lab, "one", "npu")
    assert on_processors(lab, "two", "cpu", "npu") == {"cpu": (None, ""), "npu": (68.0, "from one")}


def test_formats_that_take_the_float_accuracy_over_say_so(lab: Overlay, run: Run) -> None:
    lab.write(
        "boards/one/measurements.csv",
        rows("resnet-18", variants=(("tflite", "fp32"), ("tflite", "fp16"), ("armnn", "float"))),
    )
    answer = advisor.pick(board="one", catalog=lab.folder, top=9, all_batches=True)
    assert {each.precision: each.accuracy_note for each in answer.candidates} == {
        "fp32": "",
        "fp16": "taken over from fp32",
        "float": "taken over from fp32",
    }
    ran = run("pick", "--board", "one", "--catalog", lab.folder, "--all-batches")
    assert " ".join(ran.out.split()).count("is taken over from fp32.") == 1
    shown = run("show", "resnet-18", "--catalog", lab.folder).out
    assert "Accuracy at float and fp16 is taken over from fp32." in shown
    opened, asked = read_question(board="one", catalog=lab.folder)
    page = task_document(choice(opened, asked))
    precision, note = (page["rows"][name] for name in ("precision", "accuracy_note"))
    assert {
        (precision["names"][at], note["names"][said])
        for at, said in zip(precision["index"], note["index"], strict=True)
    } == {("fp32", ""), ("fp16", "taken over from fp32"), ("float", "taken over from fp32")}


def test_an_accuracy_without_error_is_no_proof(lab: Overlay) -> None:
    lab.write(
        "accuracy.csv",
        ACCURACY + "resnet-18,published,,,,70,,,,,,,reported,lab\n"
        "resnet-18,stated,,,,70,,,,,,,declared,lab\n"
        "resnet-18,elsewhere,,,birds,70,,,,,,,reported,lab\n"
        "resnet-18,ran,,,,70,,,,tflite,int8,one,reported,lab\n",
    )

    def best(weights: str, accuracy: float, **more: object) -> advisor.Candidate | None:
        question = {"board": "one", "catalog": lab.folder, "runtime": "tflite", **more}
        return advisor.pick(accuracy=accuracy, weights=weights, **question).best

    published = best("published", 69, precision="fp32")
    assert published and published.accuracy_percent and published.mark == "sure"
    ends = published.accuracy_percent.low, published.accuracy_percent.high
    assert ends == interval_of_share(70, 50_000)
    assert ends == pytest.approx((69.66, 70.34), abs=0.005)
    assert best("published", 69.9, precision="fp32") is None  # not with 90 %
    for weights, more in (
        ("stated", {"precision": "fp32"}),
        ("elsewhere", {"precision": "fp32", "data_set": "birds"}),
        ("ran", {"precision": "int8"}),  # of how many images is not said
    ):
        found = best(weights, 69, **more)
        assert found and (found.mark, found.chance) == ("unproven", None)
        assert best(weights, 69, confidence=0.9, **more) is None
    said = advisor.pick(board="one", catalog=lab.folder, accuracy_of={"resnet-18": 71}, accuracy=70)
    assert said.best and said.best.mark == "unproven"
    free = advisor.pick(
        board="one", catalog=lab.folder, accuracy_of={"resnet-18": 71}, params="20M"
    )
    assert free.best and free.best.mark == "sure"


def test_a_stated_float_accuracy_leaves_quantised_ones(lab: Overlay) -> None:
    lab.write(
        "accuracy.csv", ACCURACY + "resnet-18,paper,,,,68.0,,,,tflite,int8,one,measured,lab\n"
    )
    found = known(lab, "one", accuracy_of={"resnet-18": 72})
    assert (found["tflite", "fp32"], found["tflite", "int8"]) == (72, 68.0)


def test_an_answer_says_what_it_might_have_been_if_more_were_known(lab: Overlay, run: Run) -> None:
    text = rows("resnet-18", "resnet-34", "resnet-50", variants=(("tflite", "fp32"),))
    # of resnet-18 the memory is known, of the two that are more accurate it is not; resnet-50 is too slow
    text = text.replace("resnet-18,tflite,fp32,1,20,,,", "resnet-18,tflite,fp32,1,20,,300,")
    text = text.replace("resnet-50,tflite,fp32,1,20,", "resnet-50,tflite,fp32,1,90,")
    text += rows("alexnet", variants=(("tflite", "fp32"),)).partition("\n")[
        2
    ]  # worse than the pick
    lab.write("boards/one/measurements.csv", text)
    answer = advisor.pick(board="one", catalog=lab.folder, fps=30, memory="1GB")
    assert answer.best and answer.best.architecture == "resnet-18"
    by_limit = {each.constraint.name: each for each in answer.rejections}
    assert (by_limit["memory"].unknown, by_limit["memory"].might_lead) == (3, 1)  # resnet-34
    assert (by_limit["fps"].unknown, by_limit["fps"].might_lead) == (0, 0)
    asked = ("pick", "--board", "one", "--catalog", lab.folder, "--fps", "30", "--memory")
    said = " ".join(run(*asked, "1GB").out.split())
    assert "memory unknown; 1 of them could have been better than the pick." in said
    nothing = run(*asked, "100MB")
    said = " ".join(nothing.out.split())
    assert nothing.code == 1
    assert "memory unknown; 2 of them could have met every limit." in said


def test_weights_that_are_asked_for_and_unknown_at_some_precision_are_said(
    lab: Overlay, run: Run
) -> None:
    asked = ("pick", "--board", "one", "--catalog", lab.folder, "--weights")
    said = " ".join(run(*asked, "any").out.split())
    assert "1 network excluded, at least in part: no weights of known accuracy at their" in said
    said = " ".join(run(*asked, "paper").out.split())
    assert "1 network excluded, at least in part: no weights paper of known accuracy" in said


def test_a_choice_that_leaves_nothing_is_named(lab: Overlay, run: Run) -> None:
    lab.write("boards/one/measurements.csv", rows("vgg-16", variants=(("tflite", "int8"),)))
    on_it = ("pick", "--board", "one", "--catalog", lab.folder, "--fps", "1")
    nothing = run(*on_it, "--weights", "paper")
    said = " ".join(nothing.out.split())
    assert nothing.code == 1
    assert "--weights paper leaves out all that could be chosen" in said
    assert "fps >= 1 can only be left out" not in said
    unknown = run(*on_it, "--accuracy", "50")
    assert unknown.code == 1
    assert "--accuracy-of NAME:PRECISION=PERCENT or --quantised-loss POINTS states it" in " ".join(
        unknown.out.split()
    )
    floats = run(*on_it, "--accuracy-of", "vgg-16=72")
    assert "write --accuracy-of vgg-16:int8=PERCENT" in floats.err
    stated = run(*on_it, "--accuracy-of", "vgg-16:int8=72", "--accuracy", "50")
    assert (stated.code, "accuracy-of" in stated.err) == (0, False)


def test_the_accuracy_of_floats_is_none_that_a_quantised_board_has(lab: Overlay) -> None:
    def known() -> tuple[str, ...]:
        (board,) = advisor.boards("one", catalog=lab.folder).boards
        return board.known

    assert known() == ("latency", "accuracy")
    for precision in ("int8", "unknown"):
        lab.write(
            "boards/one/measurements.csv", rows("resnet-18", variants=(("armnn", precision),))
        )
        assert known() == ("latency",)
    lab.write("accuracy.csv", ACCURACY + "resnet-18,paper,,,,68,,,,armnn,unknown,,reported,lab\n")
    assert known() == ("latency", "accuracy")


def test_an_accuracy_that_one_name_of_a_network_has_is_missed_of_no_other(run: Run) -> None:
    asked = ("pick", "--board", "xeon-2-cores-vm,rtx-3090", "--accuracy-of")
    stated = run(*asked, "tv:convnext_tiny:int8=99")
    assert (stated.code, "is that of no candidate" in stated.err) == (0, False)
    assert stated.out.startswith("tv:convnext_tiny@224 at batch 1")
    missed = run(*asked, "timm:convnext_tiny:int4=99").err
    assert missed.count("is that of no candidate") == 1


def test_an_accuracy_that_would_not_settle_it_is_not_asked_for_alone(
    lab: Overlay, run: Run
) -> None:
    text = (
        rows("resnet-18").replace(",20,,,", ",20,3,,")
        + rows("resnet-152", variants=(("tflite", "i8"),)).partition("\n")[2]
    )
    lab.write("boards/one/measurements.csv", text)
    asked = ("pick", "--board", "one", "--catalog", lab.folder)
    alone = " ".join(run(*asked, "--fps", "5").out.split())
    assert "(--accuracy-of and --quantised-loss state it)." in alone
    both = " ".join(run(*asked, "--power", "9W").out.split())
    assert "77.84 % in floats, whose average power is unknown, too." in both
    assert "--accuracy-of" not in both


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (("--quantised-loss", "foo=1"), "quantised-loss: unknown precision 'foo'"),
        (("--quantised-loss", "int9=1"), "did you mean 'int8'?"),
        (("--accuracy-of", "resnet-50:int9=50"), "accuracy-of: unknown precision 'int9'"),
    ],
)
def test_a_precision_that_is_none_is_refused(run: Run, option: tuple[str, str], said: str) -> None:
    ran = run("pick", *option)
    assert ran.code == 2
    assert said in ran.err


def test_precisions_of_sources_are_none_to_refuse(run: Run) -> None:
    assert run("pick", "--quantised-loss", "i8=1,w8a16=0.3").code == 0


def test_networks_that_might_be_better_are_counted_by_name(lab: Overlay, run: Run) -> None:
    text = rows("resnet-18") + rows("resnet-152", variants=(("tflite", "i8"),)).partition("\n")[2]
    for board in ("one", "two"):
        lab.write(f"boards/{board}/measurements.csv", text)
    ran = run("pick", "--board", "one,two", "--catalog", lab.folder)
    assert "2 candidates might be better than the pick" in " ".join(ran.out.split())


LOST = ",".join([*SEEN, *LOSS]) + "\n"
MINE = "resnet-18,paper,,,images-1,80,,,1000,tflite,int8,,measured,lab"


def test_a_loss_on_other_images_is_carried_to_the_published_accuracy(
    lab: Overlay, run: Run
) -> None:
    lab.write("accuracy.csv", LOST + MINE + ",0.6,0.2,1.1\n")
    (found,) = advisor.pick(
        board="one", catalog=lab.folder, precision="int8", runtime="tflite", accuracy=50
    ).candidates
    published = advisor.pick(
        board="one", catalog=lab.folder, precision="fp32", runtime="tflite", accuracy=50
    ).best
    assert published is not None
    before, after = published.accuracy_percent, found.accuracy_percent
    assert before is not None
    assert after is not None
    assert after.value == pytest.approx(before.value - 0.6)
    assert before.low is not None
    assert after.low is not None
    expected = math.hypot(before.value - before.low, 1.1 - 0.6)
    assert after.value - after.low == pytest.approx(expected)
    assert found.accuracy_note == f"published {before.value:.1f} - 0.6, as measured on images-1"
    text = run(
        "pick", "--board", "one", "--precision", "int8", "--accuracy", 50, "--catalog", lab.folder
    ).out
    assert f"! accuracy is published {before.value:.1f} - 0.6, as measured on images-1." in text


def test_a_loss_holds_of_no_other_runtime_or_precision(lab: Overlay) -> None:
    lab.write("accuracy.csv", LOST + MINE + ",0.6,0.2,1.1\n")
    assert known(lab, "one")["armnn", "int8"] is None
    assert known(lab, "one")["armnn", "w8a16"] is None
    assert known(lab, "else")["tflite", "int8"] is None  # another source's rows


def test_losses_are_read_and_written_as_they_are(lab: Overlay) -> None:
    for points in (-0.6, 0.0):
        path = lab.write("accuracy.csv", LOST + MINE + f",{points},-1.1,0.2\n")
        (found,) = read_accuracies(path, None, None)
        assert found.loss_points is not None
        assert (found.loss_points.value, found.loss_points.low) == (points, -1.1)
        path.write_text(accuracy_table([found]))
        assert read_accuracies(path, None, None) == [found]
    path = lab.write("accuracy.csv", LOST + MINE + ",0.6,0.7,1.1\n")
    with pytest.raises(advisor.AdvisorError, match="an interval around the loss"):
        read_accuracies(path, None, None)
