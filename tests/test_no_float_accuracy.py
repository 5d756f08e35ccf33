"""No row of an unknown or quantised precision carries the accuracy of floats, by whatever road it came."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import advisor
from advisor.catalog.accuracy_table import COLUMNS
from advisor.catalog.importers.imported import import_table
from advisor.catalog.measurements_table import MEASUREMENT_COLUMNS
from advisor.catalog.precision import read_precision
from advisor.catalog.store import Catalog
from advisor.report.explorer.choice import choice
from advisor.report.explorer.document import task_document
from advisor.solve.question import read_question
from tests.conftest import BOARD, SOURCES, examples

FLOATS = (
    "fp32",
    "float32",
    "fp16",
    "half",
    "bf16",
    "bfloat16",
    "tf32",
    "float",
    "amp",
    "amp_bfloat16",
)
OTHERS = ("int8", "i8", "w8a8", "w8a16", "w4a16", "int4", "fp8", "best", "int8-per-channel", "mixed",
          "fp16+int8", "int16", "u8", "float64", "unknown", "fp32i8", "ptq")  # fmt: skip
NETWORKS = ("resnet-18", "resnet-34", "vgg-16", "alexnet@224")
RUNTIMES = ("tflite", "armnn")
SETS = ("paper", "IMAGENET1K_V1", "tuned")
LEAST_FLOAT = 50.0
"""Accuracies in floats are above it, all others below."""


@st.composite
def words(draw: st.DrawFn) -> tuple[str, bool]:
    """A precision as some source spells it, and whether it is of floats."""
    word = draw(st.sampled_from((*FLOATS, *OTHERS)))
    scrambled = "".join(draw(st.sampled_from((each.lower(), each.upper()))) for each in word)
    return scrambled, word in FLOATS


@dataclass(frozen=True)
class Told:
    """A row of an `accuracy.csv`; all but `percent` may be empty."""

    network: str
    name: str
    percent: float
    runtime: str
    precision: str
    board: str
    source: str

    def line(self) -> str:
        cells = {"architecture": self.network, "weights": self.name, "value": f"{self.percent:g}",
                 "runtime": self.runtime, "precision": self.precision, "board": self.board,
                 "origin": "reported", "source": self.source}  # fmt: skip
        return ",".join(cells.get(each, "") for each in COLUMNS)


@st.composite
def told(draw: st.DrawFn) -> Told:
    precision, in_floats = draw(st.one_of(words(), st.just(("", True))))
    whole = draw(st.integers(1, 40))
    return Told(
        draw(st.sampled_from(NETWORKS)),
        draw(st.sampled_from(SETS)),
        (LEAST_FLOAT if in_floats else 5) + whole + 0.25,
        draw(st.sampled_from(("", *RUNTIMES))),
        precision,
        draw(st.sampled_from(("", "lab", "csv", "elsewhere"))),
        draw(st.sampled_from(("my-notes", "others"))),
    )


Row = tuple[str, str, tuple[str, bool]]
ROWS = st.lists(
    st.tuples(st.sampled_from(NETWORKS), st.sampled_from(RUNTIMES), words()),
    min_size=1,
    max_size=12,
)


def unique(rows: list[Row]) -> list[Row]:
    """The rows, each network, runtime and precision once."""
    found: dict[tuple[str, str, str], Row] = {}
    for row in rows:
        found.setdefault((row[0], row[1], read_precision(row[2][0])), row)
    return list(found.values())


def made(folder: Path, rows: list[Row], accuracies: list[Told]) -> Path:
    """A catalog with the rows on a board of its own, and imported as another."""
    catalog = folder / "catalog"
    (catalog / "boards/lab").mkdir(parents=True)
    others = SOURCES.replace("my-notes", "others")
    (catalog / "sources.yaml").write_text(SOURCES + others + "  accuracy_spread: 0.31\n")
    (catalog / "boards/lab/board.yaml").write_text(BOARD.replace("weights: paper\n", ""))
    lines = [
        f"{name},{runtime},{word},1,{10 + place},,,reported,my-notes"
        for place, (name, runtime, (word, _)) in enumerate(rows)
    ]
    header = ",".join(MEASUREMENT_COLUMNS) + ",origin,source"
    (catalog / "boards/lab/measurements.csv").write_text("\n".join([header, *lines]) + "\n")
    table = folder / "mine.csv"
    listed = [
        f"{name},{runtime},{word},{10 + place}"
        for place, (name, runtime, (word, _)) in enumerate(rows)
    ]
    table.write_text("\n".join(["architecture,runtime,precision,latency_ms", *listed]) + "\n")
    (catalog / "accuracy.csv").write_text(",".join(COLUMNS) + "\n")
    import_table("csv", table, "csv", catalog=catalog)
    kept = {(each.network, each.name, each.runtime, _read(each.precision), each.board): each
            for each in accuracies}  # fmt: skip
    text = "\n".join([",".join(COLUMNS), *(each.line() for each in kept.values())])
    (catalog / "accuracy.csv").write_text(text + "\n")
    return catalog


def _read(word: str) -> str:
    return read_precision(word) if word else ""


def of_floats(rows: list[Row]) -> Mapping[str, bool]:
    """By precision, as answers have it, whether it is of floats."""
    return {_read(word): is_float for *_, (word, is_float) in rows}


def carried(catalog: Path, **question: Any) -> list[tuple[str, float | None]]:
    """The precision and the accuracy of every candidate; of the page, too."""
    answer = advisor.pick(catalog=catalog, top=999, all_batches=True, **question)
    found = [
        (each.precision, each.accuracy_percent.value if each.accuracy_percent else None)
        for each in answer.candidates
    ]
    opened, asked = read_question(catalog=catalog, **question)
    page = task_document(choice(opened, asked))
    precision, weights = page["rows"]["precision"], page["rows"]["weights"]
    figures = page["inputs"]["accuracy_percent"]["value"]
    found += [
        (precision["names"][index], figures[place] if place >= 0 else None)
        for index, place in zip(precision["index"], weights, strict=True)
    ]
    return found


ROADS = ("plain", "any", "table", "stated", "predictions")
EVERY_WORD = unique([("resnet-18", "tflite", (word, False)) for word in OTHERS])


@pytest.mark.parametrize("road", ROADS)
@given(
    rows=ROWS.map(unique),
    accuracies=st.lists(told(), max_size=8),
    board=st.sampled_from(("lab", "csv", "lab,csv")),
)
@example(rows=EVERY_WORD, accuracies=[], board="lab,csv")
@examples(8)
def test_no_quantised_row_carries_the_accuracy_of_floats(
    road: str, rows: list[Row], accuracies: list[Told], board: str
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        catalog = made(folder, rows, accuracies)
        question: dict[str, Any] = {"board": board}
        if road == "any":
            question["weights"] = "any"
        elif road == "table":
            table = folder / "table.csv"
            table.write_text(
                "architecture,top1_percent\n" + "".join(f"{each},99\n" for each in NETWORKS)
            )
            question["accuracy_table"] = table
        elif road == "stated":
            question["accuracy_of"] = dict.fromkeys((network for network, *_ in rows), 99)
        elif road == "predictions":
            question["candidates"] = "all"
        floats = of_floats(rows)
        for precision, percent in carried(catalog, **question):
            if not floats[precision]:
                assert percent is None or percent < LEAST_FLOAT, (precision, percent)
                assert percent is None or any(
                    math.isclose(percent, each.percent) and _read(each.precision) == precision
                    for each in accuracies
                )


@pytest.mark.parametrize("weights", [None, "any", "paper"])
def test_no_predicted_row_of_int8_carries_the_accuracy_of_floats(weights: str | None) -> None:
    answer = advisor.pick(
        board="xeon-2-cores-vm", candidates="all", top=9999, all_batches=True, weights=weights,
        precision="int8,fp32",
    )  # fmt: skip
    known = {each.precision: each for each in answer.candidates if each.accuracy_percent}
    assert set(known) == {"fp32"}
    assert Catalog.open().board("xeon-2-cores-vm").weights == "paper"
