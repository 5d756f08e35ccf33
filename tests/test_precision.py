"""One vocabulary of number formats: what each source calls them, and what keeps a network's accuracy."""

from __future__ import annotations

from pathlib import Path

import pytest

import advisor
from advisor.catalog.precision import has_float_accuracy, least_bytes, read_precision
from tests.conftest import Run

NETWORKS = ("resnet-18", "resnet-34", "resnet-50", "resnet-101", "resnet-152", "vgg-16", "vgg-19")
QUANTISED = ("INT8", "i8", "w8a8", "w4a16", "fp8", "best", "int8-per-channel", "int4", "Int8", "u8")
FLOATS = ("FP32", "half", "bfloat16", "TF32", "amp", "float", "amp_bfloat16")


@pytest.mark.parametrize(
    ("word", "read", "floats"),
    [
        ("INT8", "int8", False),
        ("i8", "int8", False),
        ("int-8", "int-8", False),
        ("w8a16", "w8a16", False),
        ("W8A8_mixed", "w8a8-mixed", False),
        ("FP8", "fp8", False),
        ("best", "best", False),
        ("int8 per channel", "int8-per-channel", False),
        ("FP32+INT8", "fp32-int8", False),
        ("mixed", "mixed", False),
        ("float64", "float64", False),
        ("", "unknown", False),
        ("N/A", "unknown", False),
        ("FP32", "fp32", True),
        ("Float16", "fp16", True),
        ("amp", "amp", True),
        ("amp_bfloat16", "bf16", True),
        ("FP16+FP32", "fp16-fp32", True),
        ("float", "float", True),
    ],
)
def test_every_spelling_is_one_word_that_is_read_as_itself(
    word: str, read: str, floats: bool
) -> None:
    assert read_precision(word) == read
    assert read_precision(read) == read
    assert has_float_accuracy(word) == has_float_accuracy(read) == floats


def imported(run: Run, folder: Path, words: tuple[str, ...]) -> Path:
    """A catalog with a board whose rows are of these words, a network each."""
    table, catalog = folder / "words.csv", folder / "catalog"
    rows = [
        f"{NETWORKS[place % 7]},{runtime},1,{word},5"
        for runtime in ("first", "second")
        for place, word in enumerate(words)
        if (place < 7) == (runtime == "first")
    ]
    table.write_text("\n".join(["architecture,runtime,batch,precision,latency_ms", *rows]) + "\n")
    assert run("import", "csv", table, "--board", "words", "--catalog", catalog).code == 0
    return catalog


def test_no_quantised_word_takes_the_accuracy_of_floats_over(run: Run, tmp_path: Path) -> None:
    catalog = imported(run, tmp_path, (*QUANTISED, ""))
    answer = advisor.pick(board="words", catalog=catalog, top=20, all_batches=True)
    assert len(answer.candidates) == len(QUANTISED) + 1
    assert {each.accuracy_percent for each in answer.candidates} == {None}
    sure = advisor.pick(board="words", catalog=catalog, accuracy=60, fps=30, confidence="none")
    assert sure.best is None
    ran = run(
        "pick", "--board", "words", "--weights", "paper", "--accuracy", "60", "--catalog", catalog
    )
    assert ran.code == 1


def test_every_float_takes_the_accuracy_of_its_weights(run: Run, tmp_path: Path) -> None:
    catalog = imported(run, tmp_path, FLOATS)
    answer = advisor.pick(board="words", weights="paper", catalog=catalog, top=20)
    known = {each.architecture: each.accuracy_percent for each in answer.candidates}
    assert len(known) == len(FLOATS)
    assert all(known.values())
    assert known["resnet-34"] and known["resnet-34"].value == 73.27


def test_a_precision_is_asked_for_in_any_spelling(run: Run, tmp_path: Path) -> None:
    catalog = imported(run, tmp_path, QUANTISED)
    for word in ("INT8", "int8", "I8"):
        answer = advisor.pick(
            board="words", catalog=catalog, precision=word, top=20, all_batches=True
        )
        assert {each.precision for each in answer.candidates} == {"int8"}
        assert len(answer.candidates) == 3
    some = advisor.pick(board="words", catalog=catalog, precision="W4*,INT8-PER*", top=20)
    assert {each.precision for each in some.candidates} == {"w4a16", "int8-per-channel"}


def test_the_word_of_the_source_is_kept_and_shown(run: Run, tmp_path: Path) -> None:
    catalog = imported(run, tmp_path, QUANTISED)
    assert run("catalog", "check", "--catalog", catalog).code == 0
    assert "first int8 (INT8)" in run("show", "resnet-18", "--catalog", catalog).out
    written = (catalog / "boards/words/measurements.csv").read_text()
    assert "resnet-34,first,int8,1,5,,,reported" in written
    rows = catalog / "boards/words/measurements.csv"
    rows.write_text(written.replace(",int8,", ",INT8,").replace(",precision_word", ",reason"))
    assert "first int8 (INT8)" in run("show", "resnet-18", "--catalog", catalog).out


def test_a_parameter_takes_at_least_what_its_format_does() -> None:
    said = {"FP32": 4, "float16": 2, "amp": 2, "bf16-fp32": 2, "INT8": 1, "fp8": 1, "int4": 0.5,
            "w4a16": 0.5, "w8a8": 1, "unknown": 0.5}  # fmt: skip
    assert {word: least_bytes(word) for word in said} == said
