"""Reading tables in bulk: what it reads is what the strict reader reads, and the rest it leaves to that."""

from __future__ import annotations

import random
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.catalog.files import Content
from advisor.catalog.measurements_table import (
    read_all_measurements,
    read_measurements,
    read_plain,
    read_strictly,
)
from advisor.catalog.plain_cells import Cells, NotPlain
from advisor.catalog.records import Labels, Measurements, Metered
from advisor.errors import BrokenFileError
from tests.conftest import HEADER, ROWS, SHIPPED, examples

TABLES = sorted(SHIPPED.glob("boards/*/measurements.csv"))
FURTHER = HEADER + ",status,verdict,latency_low_ms,latency_high_ms,threads,processor"
LINES = (
    "resnet-18,eager,fp32,1,20,5,300,reported,my-notes,ok,,18,22,4,cpu",
    "resnet-18,eager,fp32,4,6e1,5.0,500,reported,my-notes,,\"noisy: 3, or 4\",,,,",
    "resnet-50,trt,INT8,1,.5,,,measured,my-notes,ok,stable,0.40000,00.60,1,gpu",
    "resnet-50,trt,INT8,2,,,,,,does_not_fit,,,,1,gpu",
)  # fmt: skip


def assert_equal(one: Measurements, other: Measurements) -> None:
    """Every column of two tables is the same, to the last bit."""
    for each in fields(Measurements):
        assert_alike(getattr(one, each.name), getattr(other, each.name))


def assert_alike(one: object, other: object) -> None:
    if isinstance(one, Metered) and isinstance(other, Metered):
        assert_alike(one.origin, other.origin)
        assert_alike(one.source, other.source)
        for mine, its in zip(one.values, other.values, strict=True):
            assert_alike(mine, its)
    elif isinstance(one, Labels) and isinstance(other, Labels):
        assert one.tolist() == other.tolist()
        assert one.used().names == other.used().names
    else:
        assert isinstance(one, np.ndarray)
        assert isinstance(other, np.ndarray)
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


def test_every_shipped_table_is_read_in_bulk_as_it_is_strictly() -> None:
    for path in TABLES:
        plain, _ = read_plain([path], None, None)
        strict, _ = read_strictly([path], None, None)
        assert_equal(plain, strict)


def test_many_tables_of_unlike_columns_are_read_as_one_in_their_order() -> None:
    some = TABLES[::7]
    plain, counts = read_plain(some, None, None)
    strict, expected = read_strictly(some, None, None)
    assert counts.tolist() == expected.tolist()
    assert_equal(plain, strict)


def _content(text: str) -> Content:
    return Content(Path("measurements.csv"), text)


def test_usual_tables_are_read_in_bulk(tmp_path: Path) -> None:
    (plain, _) = read_plain([_content("\n".join([FURTHER, *LINES]))], None, None)
    assert plain.latency_ms.values.value.tolist()[:3] == [20.0, 60.0, 0.5]
    assert plain.verdict.tolist() == ["", "noisy: 3, or 4", "stable", ""]
    assert plain.precision.tolist() == ["fp32", "fp32", "int8", "int8"]
    assert plain.threads.tolist() == [4, 0, 1, 1]
    for ends in ("\r\n", "\n"):
        for after in ("", ends):
            path = tmp_path / "measurements.csv"
            path.write_bytes(("\ufeff" + ends.join([HEADER, *ROWS]) + after).encode())
            plain, _ = read_plain([path], None, None)
            assert_equal(plain, read_strictly([path], None, None)[0])


@pytest.mark.parametrize(
    "line",
    [
        "resnet-18,eager,fp32,1,20,5,300,reported",
        "resnet-18,eager,fp32,1,20,5,300,reported,my-notes,",
        "resnet-18,eager,fp32,1,twenty,5,300,reported,my-notes",
        "resnet-18,eager,fp32,1,nan,5,300,reported,my-notes",
        "resnet-18,eager,fp32,1,2_0,5,300,reported,my-notes",
        "resnet-18,eager,fp32,1,٣,5,300,reported,my-notes",
        "resnet-18,eager,fp32,1,-20,5,300,reported,my-notes",
        "resnet-18,eager,fp32,1,1e99,5,300,reported,my-notes",
        "resnet-18,eager,fp32,1.5,20,5,300,reported,my-notes",
        "resnet-18,eager,fp32,,20,5,300,reported,my-notes",
        "resnet-18,eager,fp32,1,,5,300,reported,my-notes",
        "resnet 18,eager,fp32,1,20,5,300,reported,my-notes",
        ",eager,fp32,1,20,5,300,reported,my-notes",
        "resnet-18,eager,fp32,1,20,5,300,guessed,my-notes",
        "resnet-18,eager,fp32,1,20,5,300,,my-notes",
        "resnet-50,eager,fp32,1,20,5,300,reported,my-notes",
        '"resnet-18,eager,fp32,1,20,5,300,reported,my-notes',
        'resnet"18",eager,fp32,1,20,5,300,reported,my-notes',
        "resnet-18,eager,fp32,1,20,5,300,reported,my-notes\0",
    ],
)
def test_what_has_a_fault_is_left_to_the_strict_reader(line: str) -> None:
    file = _content("\n".join([HEADER, *ROWS[1:], line]))
    with pytest.raises(NotPlain):
        read_plain([file], None, None)
    with pytest.raises(BrokenFileError):
        read_measurements(file, None, None)


def test_an_unknown_name_is_left_to_the_strict_reader() -> None:
    file = _content("\n".join([HEADER, *ROWS]))
    for known in ({"resnet-18"}, None), (None, {"other"}):
        with pytest.raises(NotPlain):
            read_plain([file], *known)
        with pytest.raises(BrokenFileError, match=r"line 2|line 4"):
            read_all_measurements([file], *known)


def _mutated(drawn: random.Random, text: str) -> str:
    """The text with a few cells, characters or lines changed."""
    for _ in range(drawn.randint(1, 4)):
        place = drawn.randrange(len(text) + 1)
        put = drawn.choice(
            [",", "\n", '"', "\r\n", "0", "9", ".", "-", "e", " ", "", "ß", "é,", "1e3"]
        )
        text = text[:place] + put + text[place + drawn.randrange(3) :]
    return text


@examples(300)
@given(st.integers(0, 2**32))
def test_a_mutated_table_is_read_alike_or_left_to_the_strict_reader(seed: int) -> None:
    drawn = random.Random(seed)
    file = _content(_mutated(drawn, "\n".join([FURTHER, *LINES])))
    try:
        plain, _ = read_plain([file], None, None)
    except NotPlain:
        return
    assert_equal(plain, read_strictly([file], None, None)[0])


@examples(300)
@given(
    st.lists(
        st.one_of(
            st.floats(1e-8, 1e9).map(repr),
            st.decimals(0, 10**9, places=7).map(str),
            st.integers(0, 10**20).map(str),
            st.text("0123456789.", min_size=1, max_size=20),
            st.text("0123456789.eE+- ", min_size=1, max_size=6),
        ),
        min_size=1,
        max_size=40,
    )
)
def test_every_number_is_read_as_python_reads_it(cells: list[str]) -> None:
    lines = "".join(f"x,{cell}\n" for cell in cells).encode()
    try:
        expected = [float(cell) for cell in cells]
    except ValueError:
        with pytest.raises(NotPlain):
            Cells.of(lines, ("name", "number")).numbers("number")
        return
    assert Cells.of(lines, ("name", "number")).numbers("number").tolist() == expected


def test_texts_are_told_apart_whatever_their_length() -> None:
    texts = ["", "a", "ab", "a" * 8, "a" * 9, "a" * 8 + "b", "é" * 20, "b" * 299, "b" * 300] * 2
    lines = "".join(f"{text},1\n" for text in texts).encode()
    distinct, which = Cells.of(lines, ("text", "number")).texts("text")
    assert [distinct[place] for place in which] == texts
    assert len(distinct) == len(texts) // 2
