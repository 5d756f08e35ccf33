from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor import AdvisorError
from advisor.quantities import (
    COUNT,
    ENERGY,
    MEMORY,
    PERCENT,
    POWER,
    RATE,
    TIME,
    Dimension,
    parse,
    rounded,
    written_as,
)

DIMENSIONS = (TIME, ENERGY, POWER, MEMORY, RATE, PERCENT, COUNT)


@pytest.mark.parametrize(
    ("text", "dimension", "expected"),
    [
        ("33ms", TIME, 33.0),
        ("0.033 s", TIME, 33.0),
        ("250 µs", TIME, 0.25),
        ("1 h", TIME, 3.6e6),
        ("0.5J", ENERGY, 0.5),
        ("500 mJ", ENERGY, 0.5),
        ("700mJ", ENERGY, 0.7),
        ("10Wh", ENERGY, 36000.0),
        (" 12 W ", POWER, 12.0),
        ("400MB", MEMORY, 400.0),
        ("400MiB", MEMORY, 419.4304),
        ("2GiB", MEMORY, 2147.483648),
        ("30", RATE, 30.0),
        (30, RATE, 30.0),
        ("30fps", RATE, 30.0),
        ("30 Hz", RATE, 30.0),
        ("70%", PERCENT, 70.0),
        ("25M", COUNT, 25e6),
        ("1e6", COUNT, 1e6),
        (".5G", COUNT, 5e8),
    ],
)
def test_reads(text: object, dimension: Dimension, expected: float) -> None:
    assert parse(text, dimension, "limit") == expected


@pytest.mark.parametrize(
    ("text", "dimension", "said"),
    [
        ("0.5", ENERGY, "has no unit"),
        (0.5, ENERGY, "has no unit"),
        ("33", TIME, "has no unit"),
        ("400mb", MEMORY, "did you mean 'MB'"),
        ("400 mB", MEMORY, "accepted units: B, kB, MB"),
        ("4OOMB", MEMORY, "is no unit"),
        ("OOMB", MEMORY, "is not a memory size"),
        ("30fps", TIME, "accepted units: s, ms"),
        ("30 kfps", RATE, "accepted units: fps, Hz"),
        ("25m", COUNT, "accepted units: k, M, G, T"),
        ("25MB", COUNT, "is no unit"),
        ("0,5 J", ENERGY, "is not an energy"),
        ("1_000 J", ENERGY, "is not an energy"),
        ("\u0661 J", ENERGY, "is not an energy"),
        ("0.5 J J", ENERGY, "is not an energy"),
        ("nan J", ENERGY, "is not an energy"),
        (math.nan, RATE, "is not a frame rate"),
        ("inf", RATE, "is not a frame rate"),
        ("", RATE, "is not a frame rate"),
        (True, RATE, "is not a frame rate"),
        ("-5", RATE, "is negative"),
        ("0", RATE, "is zero"),
        ("1e-500", RATE, "is zero"),
        ("1e-320J", ENERGY, "too small"),
        ("1e300", RATE, "too large"),
        ("101", PERCENT, "too large"),
        ("1e99 J", ENERGY, "at most 1000000000 J"),
    ],
)
def test_refuses_with_the_cause_and_the_mend(text: object, dimension: Dimension, said: str) -> None:
    with pytest.raises(AdvisorError) as refused:
        parse(text, dimension, "limit")
    message = f"{refused.value.message}; {refused.value.hint}"
    assert message.startswith("limit: ")
    assert said in message
    assert refused.value.hint


def test_zero_is_accepted_only_where_it_means_something() -> None:
    assert parse("0 ms", TIME, "overhead", zero_allowed=True) == 0
    with pytest.raises(AdvisorError, match="is zero"):
        parse("0 ms", TIME, "latency")


@given(st.sampled_from(DIMENSIONS), st.floats(min_value=1e-6, allow_infinity=False))
def test_what_is_written_is_read_back_exactly(dimension: Dimension, value: float) -> None:
    if value <= dimension.largest:
        assert parse(written_as(value, dimension), dimension, "limit") == value


@given(st.sampled_from(DIMENSIONS), st.text())
def test_any_text_is_read_or_refused(dimension: Dimension, text: str) -> None:
    try:
        value = parse(text, dimension, "limit")
    except AdvisorError as refused:
        assert refused.hint
        assert "\n" not in refused.message
    else:
        assert 0 < value <= dimension.largest


@given(st.decimals(min_value="0.001", max_value="1000", places=3))
def test_units_are_equivalent(number: object) -> None:
    thousand = f"{number}e3"
    assert parse(f"{number} J", ENERGY, "e") == parse(f"{thousand} mJ", ENERGY, "e")
    assert parse(f"{number} s", TIME, "t") == parse(f"{thousand} ms", TIME, "t")
    assert parse(f"{number} GB", MEMORY, "m") == parse(f"{thousand} MB", MEMORY, "m")
    assert parse(f"{number}G", COUNT, "n") == parse(f"{thousand}M", COUNT, "n")


def test_counts_for_people() -> None:
    assert rounded(60_970_000) == "61.0M"
    assert rounded(31_570_000, digits=4) == "31.57M"


def test_whole_counts_have_no_decimals() -> None:
    assert [rounded(each, 4) for each in (592, 7.0, 0, 1000, 11.69e6)] == [
        "592", "7", "0", "1.000k", "11.69M"]  # fmt: skip
