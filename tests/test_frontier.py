"""The frontier: the sort against brute force, on the real board, as documents and on a terminal."""

from __future__ import annotations

import csv
import io
import itertools
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import jsonschema
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import advisor
from advisor import AdvisorError, Candidate, Frontier
from advisor.metrics import BY_NAME, METRICS, NAMES
from advisor.report.frontier_text import MOST_LINES
from advisor.solve.recommend.non_dominated import SAMPLE, non_dominated
from tests.conftest import HEADER, Overlay, Run, examples, proven

if TYPE_CHECKING:
    from advisor.catalog.records import Floats

# --- the sort


def brute_force(rows: Floats) -> list[int]:
    """As `non_dominated`, pair by pair."""
    known = [place for place, row in enumerate(rows) if not np.isnan(row).any()]
    return [
        place
        for place in known
        if not any(
            (rows[other] <= rows[place]).all() and (rows[other] < rows[place]).any()
            for other in known
        )
    ]


@st.composite
def tables(draw: st.DrawFn) -> Floats:
    """Few distinct figures make ties and equal rows, and some are infinite or unknown."""
    columns, rows = draw(st.integers(1, 5)), draw(st.integers(0, 40))
    coarse = st.sampled_from([0.0, -0.0, 1.0, 2.0, 3.0, -np.inf, np.inf, np.nan])
    known = st.integers(0, draw(st.integers(1, 50))).map(float)
    figure = draw(st.sampled_from([coarse, known, st.floats(width=32)]))
    row = st.lists(figure, min_size=columns, max_size=columns)
    table = draw(st.lists(row, min_size=rows, max_size=rows))
    return np.array(table, dtype=np.float64).reshape(rows, columns)


@examples(250)
@given(tables())
def test_the_sort_equals_a_comparison_of_all_pairs(table: Floats) -> None:
    found = non_dominated(table)
    assert found.tolist() == brute_force(table)


def made_up(rows: int, columns: int, shape: str) -> Floats:
    random = np.random.default_rng(rows + columns)
    if shape == "coarse":
        return random.integers(0, 9, (rows, columns)).astype(np.float64)
    if shape == "correlated":
        return random.random((rows, 1)) + 0.1 * random.random((rows, columns))
    if shape == "all on the front":
        point = np.abs(random.normal(size=(rows, columns)))
        on_a_sphere: Floats = 1 - point / np.sqrt((point**2).sum(axis=1, keepdims=True))
        return on_a_sphere
    return random.random((rows, columns))


@pytest.mark.parametrize("columns", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("shape", ["random", "coarse", "correlated", "all on the front"])
def test_the_sort_of_many_rows_leaves_out_what_is_dominated_and_nothing_else(
    columns: int, shape: str
) -> None:
    table = made_up(SAMPLE + 1500, columns, shape)
    found = non_dominated(table)
    assert (np.diff(found) > 0).all()
    front = table[found]
    dominated = np.zeros(len(table), dtype=np.bool_)
    for row in front:
        dominated |= (row <= table).all(axis=1) & (row < table).any(axis=1)
    # Nothing on the front is dominated, and all the rest is, by something on the front.
    assert np.flatnonzero(~dominated).tolist() == found.tolist()


@examples(50)
@given(tables(), st.randoms(use_true_random=False))
def test_the_order_of_rows_and_columns_does_not_matter(table: Floats, random: Any) -> None:
    rows, columns = list(range(table.shape[0])), list(range(table.shape[1]))
    random.shuffle(rows)
    random.shuffle(columns)
    shuffled = table[rows][:, columns]
    assert sorted(rows[place] for place in non_dominated(shuffled)) == brute_force(table)


def test_what_is_no_table_is_refused() -> None:
    for shape in ((3,), (3, 0), (2, 2, 2)):
        with pytest.raises(ValueError, match="a table with a column"):
            non_dominated(np.zeros(shape))


# --- the frontier of a board


TIME_AND_ACCURACY = ("time", "accuracy")


def ask(
    limits: dict[str, Any] | None = None,
    axes: tuple[str, ...] = TIME_AND_ACCURACY,
    **question: Any,
) -> Frontier:
    return advisor.frontier(**(limits or {}), **question, **dict(zip("xyz", axes, strict=False)))


def identity(candidate: Candidate) -> tuple[str, int]:
    return candidate.architecture, candidate.batch


def figure(candidate: Candidate, key: str) -> float | None:
    estimate = candidate.metric(key)
    return estimate.value if estimate else None


def pair_by_pair(limits: dict[str, Any], axes: tuple[str, ...]) -> set[tuple[float, ...]]:
    """The figures on the frontier, from the candidates that a pick lists, pair by pair."""
    fitting = advisor.pick(**limits, top=99, all_batches=True).candidates
    metrics = [BY_NAME[name] for name in axes]
    told = []
    for candidate in fitting:
        figures = [figure(candidate, metric.key) for metric in metrics]
        if None not in figures:
            told.append(tuple(float(each) for each in figures if each is not None))

    def beats(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
        signs = [-1 if metric.more_is_better else 1 for metric in metrics]
        gains = [sign * (b - a) for sign, a, b in zip(signs, one, other, strict=True)]
        return min(gains) >= 0 and max(gains) > 0

    return {each for each in told if not any(beats(other, each) for other in told)}


AXES = st.lists(st.sampled_from(sorted(NAMES)), min_size=2, max_size=3, unique=True)
LIMITS = st.fixed_dictionaries(
    {},
    optional={
        "fps": st.floats(1, 150),
        "response": st.floats(10, 2000).map(lambda ms: f"{ms!r} ms"),
        "energy": st.floats(0.05, 3).map(lambda j: f"{j!r} J"),
        "memory": st.floats(200, 2000).map(lambda mb: f"{mb!r} MB"),
        "accuracy": st.floats(50, 81),
    },
)


@pytest.mark.parametrize("axes", [TIME_AND_ACCURACY, ("time", "accuracy", "energy")])
def test_on_the_tx1_it_is_what_comparing_all_candidates_gives(axes: tuple[str, ...]) -> None:
    frontier = ask({}, axes)
    keys = [BY_NAME[name].key for name in axes]
    assert [identity(each) for each in frontier.points] == [
        ("alexnet", 64),
        ("bn-alexnet", 64),
        ("bn-nin", 64),
        ("enet", 16),
        ("googlenet", 64),
        ("resnet-18", 64),
        ("resnet-34", 64),
        ("resnet-50", 16),
        ("inception-v3", 16),
        ("inception-v4", 16),
    ]
    found = {tuple(figure(each, key) for key in keys) for each in frontier.points}
    assert found == pair_by_pair({}, axes)
    assert (frontier.considered, frontier.feasible, frontier.unknown) == (82, 82, 0)


@examples(25)
@example(
    {"fps": 130.25, "response": "236.0 ms", "accuracy": 50.0, "energy": "1.0 J"},
    ["accuracy", "batch-latency"],
)
@given(LIMITS, AXES)
def test_under_any_limits_it_is_what_comparing_all_candidates_gives(
    limits: dict[str, Any], axes: list[str]
) -> None:
    limits["battery"] = "10 Wh"
    if "board-energy" in axes:  # which is that of a frame
        limits.setdefault("fps", 1.0)
    frontier = ask(limits, tuple(axes))
    keys = [BY_NAME[name].key for name in axes]
    found = [tuple(figure(each, key) for key in keys) for each in frontier.points]
    assert set(found) == pair_by_pair(limits, tuple(axes))
    assert len(set(found)) == len(found)
    sign = -1 if METRICS[keys[0]].more_is_better else 1
    along_x = [sign * (figure(each, keys[0]) or 0) for each in frontier.points]
    assert along_x == sorted(along_x)
    best = advisor.pick(**limits).best
    assert (frontier.pick is None) == (best is None)
    if frontier.pick and best:  # the last digit of a chance depends on what it is computed beside
        assert frontier.pick.chance == pytest.approx(best.chance, rel=1e-12)
        assert replace(frontier.pick, chance=best.chance) == best
    assert len(frontier.figures) == frontier.feasible - frontier.unknown


def test_a_figure_that_is_unknown_leaves_a_candidate_out() -> None:
    frontier = ask({}, ("memory", "accuracy"))
    assert (frontier.feasible, frontier.unknown) == (82, 22)
    assert [identity(each) for each in frontier.points] == [("resnet-18", 1), ("inception-v3", 1)]
    nothing = ask({}, ("energy", "accuracy"), board="xeon-2-cores-vm")
    assert (nothing.points, nothing.feasible, nothing.unknown) == ((), 285, 285)


def test_of_those_alike_on_all_axes_the_one_that_ties_prefer_is_listed() -> None:
    points = ask({}, ("params", "accuracy")).points
    assert {each.batch for each in points} == {1}  # of lower response than larger batches
    points = ask({}, ("params", "accuracy"), objective="time").points
    assert identity(points[0]) == ("enet", 16)


def test_limits_and_confidence_decide_who_takes_part() -> None:
    limits: dict[str, object] = {"fps": "20", "energy": "0.45 J"}
    sure = ask(limits, batch="4", confidence="0.9")
    as_read = ask(limits, batch="4", confidence="none")
    assert sure.feasible < as_read.feasible
    assert all(proven(each.chance) >= 0.9 for each in sure.points)
    assert any(proven(each.chance) < 0.9 for each in as_read.points)


def test_the_order_of_rows_in_the_file_does_not_matter(overlay: Overlay) -> None:
    rows = (
        "resnet-18,eager,fp32,1,20,5,300,reported,my-notes",
        "resnet-18,graph,fp32,1,20,5,300,reported,my-notes",
        "resnet-50,eager,fp32,1,50,5,300,reported,my-notes",
        "resnet-34,eager,fp32,1,55,5,300,reported,my-notes",
    )
    answers = []
    for order in itertools.permutations(rows):
        overlay.measurements(*order, header=HEADER)
        found = ask(board="small", catalog=overlay.folder)
        answers.append([(each.architecture, each.runtime) for each in found.points])
    assert answers == [[("resnet-18", "eager"), ("resnet-50", "eager")]] * len(answers)


@pytest.mark.parametrize(
    ("axes", "message", "hint"),
    [
        (("tmie", "accuracy"), "unknown axis 'tmie'", "did you mean 'time'?"),
        (("time", "time"), "time stands on two axes", "choose another of: accuracy, "),
    ],
)
def test_axes_that_make_no_sense_are_refused(
    axes: tuple[str, ...], message: str, hint: str
) -> None:
    with pytest.raises(AdvisorError) as refused:
        ask({}, axes)
    assert message in refused.value.message
    assert refused.value.hint.startswith(hint)


# --- documents


def document(run: Run, *question: object) -> dict[str, Any]:
    """The JSON document, held against its schema."""
    read: dict[str, Any] = json.loads(run("frontier", *question, "--json").out)
    schema = schema_of(run, "frontier")
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(read)
    return read


def schema_of(run: Run, name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(run("schema", name).out)
    return read


def test_the_json_document_tells_all_and_keeps_to_its_schema(run: Run) -> None:
    frontier = ask({"fps": "20"}, ("energy", "accuracy", "memory"))
    told = document(run, "--fps", 20, "--x", "energy", "--y", "accuracy", "--z", "memory")
    assert (told["schema"], told["status"]) == ("advisor.frontier/2", "ok")
    assert told["axes"] == ["energy_j", "accuracy_percent", "memory_mb"]
    assert [(each["architecture"], each["batch"]) for each in told["points"]] == [
        identity(each) for each in frontier.points
    ]
    assert told["considered"] == 82
    assert (told["feasible"], told["unknown"]) == (frontier.feasible, frontier.unknown)
    assert told["query"]["require"] == {"fps": {"min": "20"}}
    assert told["query"]["command"].startswith(
        "advisor frontier --x energy --y accuracy --z memory --fps 20 --board jetson-tx1"
    )


def test_a_frontier_of_nothing_is_infeasible(run: Run) -> None:
    impossible = ("--fps", 60, "--accuracy", 75)
    told = document(run, *impossible)
    assert (told["status"], told["points"], told["feasible"]) == ("infeasible", [], 0)
    ran = run("frontier", *impossible, "--csv")
    assert (ran.code, ran.out.splitlines()) == (1, [",".join(ask().to_frame().columns)])


def test_the_schemas_agree_on_what_they_share(run: Run) -> None:
    pick, frontier = schema_of(run, "pick"), schema_of(run, "frontier")
    shared = pick["$defs"].keys() & frontier["$defs"].keys()
    assert {"Candidate", "Estimate", "Requirements"} <= shared
    assert all(frontier["$defs"][name] == pick["$defs"][name] for name in shared)


def test_the_csv_has_a_line_a_point(run: Run) -> None:
    frontier = ask()
    lines = list(csv.DictReader(io.StringIO(run("frontier", "--csv").out)))
    assert [(each["architecture"], int(each["batch"])) for each in lines] == [
        identity(each) for each in frontier.points
    ]
    assert list(lines[0]) == list(frontier.to_frame().columns)


# --- the terminal


@pytest.mark.parametrize("width", [40, 60, 80, 200])
@pytest.mark.parametrize("axes", [TIME_AND_ACCURACY, ("energy", "latency", "memory")])
def test_the_text_fits_its_width_in_plain_characters(
    run: Run, monkeypatch: pytest.MonkeyPatch, width: int, axes: tuple[str, ...]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    options = itertools.chain.from_iterable(zip(("--x", "--y", "--z"), axes, strict=False))
    text = run("frontier", "--fps", 5, *options).out
    assert max(map(len, text.splitlines())) <= width
    assert text.isascii()
    assert "\x1b" not in text


def test_the_text_names_every_point_and_what_was_left_out(run: Run) -> None:
    text = run("frontier", "--fps", 5, "--x", "memory").out
    assert "Frontier of memory and top-1 accuracy where fps >= 5" in text
    assert "resnet-18" in text
    assert "candidates excluded: memory or top-1 accuracy unknown." in text
    assert "The pick, inception-v4 at batch 1, is not among them." in text
    assert "o frontier" in text


def test_the_text_says_why_there_is_no_frontier(run: Run) -> None:
    none_fits = run("frontier", "--fps", 60, "--accuracy", 75).out
    assert none_fits.startswith("Nothing fits accuracy >= 75 and fps >= 60 on jetson-tx1")
    unknown = run("frontier", "--x", "energy", "--board", "xeon-2-cores-vm").out
    said = "285 candidates on xeon-2-cores-vm would do, but energy per image is unknown of all of them."
    assert " ".join(unknown.split()).startswith(said)
    assert run("frontier", "--board", "hailo-8", "--x", "fps").code == 0


@pytest.mark.parametrize(
    ("board", "axes", "unknown", "advice"),
    [
        ("hailo-8", "--x time", "time per image is", "--x fps --y accuracy"),
        (
            "hailo-8",
            "--x latency --y energy",
            "response and energy per image are",
            "--x fps --y accuracy",
        ),
        # One that nothing stands for is left out where two are left.
        (
            "hailo-8",
            "--z energy",
            "time per image and energy per image are",
            "--x fps --y accuracy",
        ),
        ("xeon-2-cores-vm", "--x energy --y memory", "energy per image is", "--x fps --y memory"),
        ("raspberry-pi-5.ncnn", "--y energy", "energy per image is", "--x time --y accuracy"),
    ],
)
def test_where_an_axis_is_unknown_the_nearest_that_is_known_is_offered(
    run: Run, board: str, axes: str, unknown: str, advice: str
) -> None:
    ran = run("frontier", "--board", board, *axes.split())
    said = " ".join(ran.out.split())
    assert ran.code == 1
    assert f"would do, but {unknown} unknown of all of them." in said
    assert f"; ask with {advice}." in said
    assert run("frontier", "--board", board, *advice.split()).code == 0


@pytest.mark.parametrize(
    ("board", "known"), [("am62", "time per image"), ("rk3588-npu", "frame rate")]
)
def test_where_nothing_can_be_traded_off_it_is_said(run: Run, board: str, known: str) -> None:
    said = " ".join(run("frontier", "--board", board).out.split())
    assert f"Only {known}, and what follows from it, is known of them: nothing can be" in said
    assert "ask with" not in said


def test_a_single_point_is_the_best_there_is(run: Run) -> None:
    text = run("frontier", "--accuracy", 80, "--batch", 1).out
    assert "None is better than this one on any axis." in " ".join(text.split())
    assert "80.10" in text


def test_a_long_frontier_is_listed_in_part(run: Run, overlay: Overlay) -> None:
    count = MOST_LINES + 7
    rows = [
        f"resnet-18,eager,fp32,{batch},{batch * (10 + 1 / batch)},5,{200 + batch},reported,my-notes"
        for batch in range(1, count + 1)
    ]
    overlay.measurements(*rows)
    where = ("--board", "small", "--catalog", overlay.folder)
    text = run("frontier", "--y", "memory", *where).out
    assert f"{MOST_LINES} of {count} are listed" in text
    listed = [line.split()[1] for line in text.splitlines() if line.startswith("resnet-18")]
    assert len(listed) == MOST_LINES
    assert {listed[0], listed[-1]} == {"1", str(count)}


def test_colours_only_where_the_console_has_them(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b" not in run("frontier").out
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[1;32m@" in run("frontier").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[32m" not in run("frontier").out
