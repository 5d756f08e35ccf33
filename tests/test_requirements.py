"""Questions as people write them, and as they are echoed."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor import AdvisorError
from advisor.metrics import BY_NAME, METRICS, NAMES
from advisor.options import LIMITED, read_requirements

GOOD = {
    "fps": "30",
    "latency": "33 ms",
    "energy": "0.5 J",
    "power": "12 W",
    "memory": "400 MB",
    "accuracy": "70",
    "params": "25M",
    "ops": "10G",
}


def test_every_limit_is_read_and_echoed_as_it_can_be_typed() -> None:
    asked = read_requirements(GOOD)
    read = {each.name: each.limit_text for each in asked.constraints}
    assert read == {BY_NAME[name].name: text for name, text in GOOD.items()}
    assert list(read) == [name for name in NAMES if name in read]
    assert "fps >= 30" in map(str, asked.constraints)
    assert asked.fps == 30


def test_the_tail_of_the_latency() -> None:
    (constraint,) = read_requirements({"latency": "33ms@p99"}).constraints
    assert (constraint.metric, constraint.limit) == ("response_p99_ms", 33)
    assert constraint.limit_text == "33 ms@p99"
    with pytest.raises(AdvisorError) as refused:
        read_requirements({"latency": "33ms@p95"})
    assert "'33ms@p99'" in refused.value.hint


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"objective": "acuracy"}, "did you mean 'accuracy'?"),
        ({"objective": "zzz"}, "known: accuracy, batch-latency"),
        ({"top": 0}, "a whole number from 1"),
        ({"batch": "a"}, "write 'any', or sizes like '1,4'"),
        ({"batch": "0"}, "write 'any'"),
        ({"batch": "-1"}, "write 'any'"),
        ({"batch": "1,,2"}, "write 'any'"),
        ({"batch": "1.5"}, "write 'any'"),
        ({"batch": ""}, "write 'any'"),
        ({"batch": []}, "write 'any'"),
        ({"overhead": "5"}, "write it like '33 ms'"),
        ({"overhead": "-5 ms"}, "give a positive number"),
    ],
)
def test_bad_options_are_refused_with_the_mend(options: dict[str, object], said: str) -> None:
    with pytest.raises(AdvisorError) as refused:
        read_requirements({}, **options)  # type: ignore[arg-type]
    assert said in refused.value.hint


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "fps": st.floats(0.001, 1e6),
            "latency": st.floats(0.001, 1e6).map(lambda ms: f"{ms!r} ms@p90"),
            "energy": st.floats(1e-6, 1e6).map(lambda joules: f"{joules!r} J"),
            "memory": st.integers(1, 10**6).map(lambda size: f"{size} MiB"),
            "ops": st.integers(1, 10**14),
        },
    ),
    st.one_of(st.just("any"), st.sets(st.integers(1, 999), min_size=1)),
)
def test_the_echoed_command_asks_the_same_again(limits: dict[str, object], batch: set[int]) -> None:
    asked = read_requirements(limits, batch=batch, overhead="5 ms", objective="energy", top=3)
    words = shlex.split(asked.command())
    assert words[:2] == ["advisor", "pick"]
    options = dict(zip(words[2::2], words[3::2], strict=True))
    again = read_requirements(
        {name: options.get(f"--{name}") for name in LIMITED},
        board=options["--board"],
        objective=options["--objective"],
        batch=options["--batch"],
        overhead=options["--overhead"],
        top=int(options["--top"]),
    )
    assert again == asked


def test_a_metric_may_be_named_by_its_key() -> None:
    by_name = read_requirements({"energy": "0.5 J"}, objective="fps-per-watt within 1 fps/W, time")
    by_key = read_requirements(
        {"energy_j": "0.5 J"}, objective="fps_per_watt within 1 fps/W, time_per_image_ms"
    )
    assert by_key == by_name
    where = ["fps_per_watt >= 3 fps/W", "batch_latency_ms <= 30 ms"]
    assert [each.key for each in read_requirements({}, where=where).constraints] == [
        "batch-latency",
        "fps-per-watt",
    ]
    assert set(METRICS) <= set(BY_NAME)


@pytest.mark.parametrize(
    ("limits", "where", "both"),
    [
        ({"latency": "33ms", "response": "20ms"}, (), "latency <= 33 ms, response <= 20 ms"),
        (
            {"latency": "33ms@p99", "response_ms": "20ms"},
            (),
            "latency <= 33 ms@p99, response_ms <= 20 ms",
        ),
        ({"energy": "1J"}, ("energy_j <= 2 J",), "energy <= 1 J, energy_j <= 2 J"),
    ],
)
def test_what_is_limited_twice_is_named_as_it_was_typed(
    limits: dict[str, object], where: tuple[str, ...], both: str
) -> None:
    with pytest.raises(AdvisorError, match="is limited twice") as refused:
        read_requirements(limits, where=where)
    assert refused.value.message.partition(": ")[2] == both
