"""The explorer: it must choose as `advisor pick` does, and show in a real browser what it is given."""

from __future__ import annotations

import itertools
import json
import random
import re
import shlex
import shutil
import webbrowser
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from playwright.sync_api import Browser

import advisor
from advisor.catalog.files import shipped_folder
from advisor.catalog.records import Values
from advisor.catalog.store import Catalog
from advisor.limits import natural_sense
from advisor.metrics import BY_NAME, EVERY, METRICS, Metric, tail_of
from advisor.options import BY_BOARD, LIMITED, NETWORKS, Requirements, read_requirements
from advisor.quantities import RATE
from advisor.report.explorer.choice import choice
from advisor.report.explorer.document import document, question, task_document
from advisor.report.explorer.page import PURE, SHOWING, data_text, page, script, source
from advisor.report.explorer.plan_page import SCRIPTS
from advisor.solve.candidates.candidate import Candidate
from advisor.solve.candidates.gather import gather
from advisor.solve.candidates.uncertainty import chance_below
from advisor.solve.recommend.pick import recommend
from advisor.solve.recommend.recommendation import Recommendation, Relaxation
from tests import node
from tests.browser import Opened, barriers, chromium
from tests.conftest import HEADER, Overlay, Run

BOARDS = ("jetson-tx1", "xeon-2-cores-vm")
EVIL = "</script><script>window.ran = true</script><img src=x onerror='window.ran = true'>"

STEPS = "accuracy within 5 points, energy"
TOP = 30

Json = dict[str, Any]


@pytest.fixture(scope="module", autouse=True)
def two_boards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The shipped catalog with two of its boards, so that a page of any is one of these."""
    folder = tmp_path_factory.mktemp("shipped") / "catalog"
    others = {each.name for each in (shipped_folder() / "boards").iterdir()} - set(BOARDS)
    shutil.copytree(shipped_folder(), folder, ignore=lambda _, names: others & set(names))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("advisor.catalog.files.shipped_folder", lambda: folder)
        yield


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty catalog of the user's, so that the shipped one answers."""
    return tmp_path_factory.mktemp("own")


@pytest.fixture(scope="module")
def shipped(own: Path) -> Catalog:
    return Catalog.open(own)


# --- the choice


class Asking:
    """Made-up questions of any metrics, the more limits the looser, so that about half have an answer."""

    BOARDS: tuple[str, ...] = (*BOARDS, "any")
    """Of which the last one is asked for all that may come up."""
    OBJECTIVES = (
        *METRICS, *["accuracy"] * 10, "accuracy within 1 points, energy", "energy within 20%, accuracy",
        "accuracy within 6, memory within 50 MB, response",
    )  # fmt: skip

    VARIANTS: tuple[Json, ...] = (
        {"runtime": "eager"}, {"runtime": "onnxruntime,openvino", "precision": "int8"},
        {"precision": "fp32", "batch": "1"}, {"runtime": "openvino,torch7"},
    )  # fmt: skip

    def __init__(self, catalog: Catalog, seed: int, **fixed: Any) -> None:
        self.catalog, self.random = catalog, random.Random(seed)
        self.fixed = {"catalog": str(catalog.own_folder), **fixed}
        everywhere: Json = {"board": self.BOARDS[-1], "battery": "36 kJ"}
        asked = read_requirements({"fps": 8}, **everywhere, **self.fixed)
        self.candidates = gather(catalog, asked)
        self.known = [key for key in METRICS if not np.isnan(self.candidates.figure(key)).all()]

    def questions(self, count: int) -> Iterator[Requirements]:
        while count:
            try:
                yield self.one()
            except (
                advisor.AdvisorError
            ):  # the same twice, or a least and a most that exclude each other
                continue
            count -= 1

    def one(self) -> Requirements:
        pick = self.random
        count = pick.choice((0, 1, 2, 2, 3, 3, 4, 5))
        metrics = pick.sample([METRICS[key] for key in self.known], count)
        if count and pick.random() < 0.6:
            metrics[0] = METRICS["fps"]
        objective = pick.choice(self.OBJECTIVES)
        places: Json = {
            "board": pick.choice(self.BOARDS),
            "batch": pick.choice((None, None, "1", "1,4", "2,8,16")),
        }
        variants: Json = {"board": self.BOARDS[-1], **pick.choice(self.VARIANTS)}
        return read_requirements(
            {},
            where=[self.limit(metric, count) for metric in metrics],
            **pick.choice((*[places] * 3, variants)),
            objective=METRICS[objective].name if objective in METRICS else objective,
            overhead=pick.choice((None, None, "5 ms", "0.5 ms")),
            battery=pick.choice(("36 kJ", "12.5 Wh")),
            confidence=pick.choice((None, None, "none", 0.5, 0.99, 0.75)),
            **self.fixed,
        )

    def limit(self, metric: Metric, count: int) -> str:
        share = self.random.betavariate(1 + 0.6 * count, 1.5)  # from tight to loose
        sense = natural_sense(metric)
        if self.random.random() < 0.15:
            sense, share = ("min" if sense == "max" else "max"), share**0.3
        known = self.candidates.figure(metric.key)
        value = np.nanquantile(known, share if sense == "max" else 1 - share)
        tail = "@p90" if tail_of(metric, "p90") and self.random.random() < 0.2 else ""
        sign = ">=" if sense == "min" else "<="
        return f"{metric.name} {sign} {value:.4g} {metric.unit}{tail}"


ANSWER = """
const identity = (table, row) => row === null ? null : [
    table.architectures[table.rows.architecture[row]].name, table.weights[table.rows.weights[row]] ?? null,
    table.boards[table.rows.board[row]].name, named(table.rows.runtime, row),
    named(table.rows.precision, row), table.rows.batch[row]];
const limits = (constraints) => constraints.map(({ metric, sense, limit }) => [metric, sense, limit]);
const answerTo = (table, settings) => {
    const answer = choose(table, settings);
    const { best, feasible, considered, constraints, estimate, provenance } = answer;
    const { chanceOf, isUnknown, unproven } = answer;
    const listed = firstFew([...answer.inTurn()].filter(onceEach(table)), 30);
    const chance = (row) => (unproven(row) || isUnknown(row) ? null : chanceOf(row));
    const binding = best === null ? null : bindingOf(answer);
    const unsure = unsureOf(answer);
    const overlooked = best === null ? null : overlookedOf(answer);
    const figure = (key) => {
        const [value, low, high] = estimate(key, best);
        return [key, { value, low, high, ...provenance(key, best) }];
    };
    return {
        listed: listed.map((row) => [identity(table, row), chance(row)]),
        onBoards: bestOfEachBoard(answer).map((row) => identity(table, row)),
        figures: Object.fromEntries((best === null ? [] : metricsOf(table)).map(figure)
            .filter(([, { value }]) => !Number.isNaN(value))),
        considered: considered.length,
        limits: limits(constraints),
        rejected: rejectionsOf(answer).map((each) =>
            [each.rejected, each.unknown, each.leading, identity(table, each.nearest),
             limits(each.alsoFails)]),
        overlooked: overlooked && [
            overlooked.metric, overlooked.count, overlooked.networks, identity(table, overlooked.row)],
        unsure: unsure && [unsure.count, identity(table, unsure.likeliest), chance(unsure.likeliest)],
        binding: binding && [identity(table, binding.row), limits(binding.constraints)],
        narrowed: narrowingsOf(answer, settings.objective, feasible).map(({ best, left }) => [best, left]),
        command: commandOf(table, settings),
    };
};
"""


def identity(candidate: Candidate | None) -> list[object] | None:
    names = ("architecture", "weights", "board", "runtime", "precision", "batch")
    return [getattr(candidate, name) for name in names] if candidate else None


def limits(constraints: Any) -> list[list[object]]:
    return [[each.metric, each.sense, each.limit] for each in constraints]


def expected(found: Recommendation) -> Json:
    """What the page is to answer."""
    best, unsure, binding, overlooked = (
        found.best,
        found.unsure,
        found.binding,
        found.overlooked,
    )
    known = best.metrics if best else {}
    return {
        "listed": [[identity(each), each.chance] for each in found.candidates],
        "figures": {
            key: {
                "value": each.value,
                "low": each.low,
                "high": each.high,
                "origin": each.origin,
                "sources": each.source.split(", "),
            }
            for key, each in known.items()
            if each
        },
        "considered": found.considered,
        "limits": limits(found.requirements.constraints),
        "rejected": [
            [
                each.rejected,
                each.unknown,
                each.might_lead,
                identity(each.nearest),
                limits(each.also_fails),
            ]
            for each in found.rejections
        ],
        "overlooked": overlooked
        and [
            overlooked.metric,
            overlooked.count,
            overlooked.networks,
            identity(overlooked.candidate),
        ],
        "unsure": unsure and [unsure.count, identity(unsure.likeliest), unsure.likeliest.chance],
        "binding": binding and [identity(binding.candidate), limits(binding.constraints)],
        "narrowed": [
            [each.best if np.isfinite(each.best) else None, each.left] for each in found.narrowings
        ],
    }


def differences(one: Any, other: Any, path: str = "", *, within: float = 1e-9) -> Iterator[str]:
    """Where two documents differ by more than the last digits of their numbers."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        for key in one:
            yield from differences(one[key], other[key], f"{path}.{key}", within=within)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for place, pair in enumerate(zip(one, other, strict=True)):
            yield from differences(*pair, f"{path}[{place}]", within=within)
    elif isinstance(one, float) and isinstance(other, int | float):
        if one != pytest.approx(other, rel=within, abs=2e-9):
            yield f"{path}: {one} is not {other}"
    elif one != other:
        yield f"{path}: {one} is not {other}"


def read_command(command: str) -> Requirements:
    """The question that a command line asks."""
    words = shlex.split(command)
    assert words[:2] == ["advisor", "pick"]
    pairs = list(zip(words[2::2], words[3::2], strict=True))
    said: dict[str, Any] = {
        flag.removeprefix("--").replace("-", "_"): value for flag, value in pairs
    }
    said["where"] = [value for flag, value in pairs if flag == "--where"]
    limits = {name: said.pop(name) for name in LIMITED if name in said}
    return read_requirements(limits, **said)


def made_up(average_power_w: Any, time_per_image_ms: Any) -> Any:
    """Images per joule, idle power included; the latency stands in it twice."""
    return 1000.0 / (average_power_w * time_per_image_ms)


@pytest.mark.parametrize(
    ("candidates", "count"), [("board", 200), ("all", 24), ("with a metric of its own", 24)]
)
def test_the_page_chooses_as_the_command_does(
    tmp_path: Path,
    shipped: Catalog,
    monkeypatch: pytest.MonkeyPatch,
    candidates: str,
    count: int,
) -> None:
    """Same pick, order, binding limits, chances and intervals; a new metric needs no script."""
    if candidates not in NETWORKS:
        metric = Metric(
            "made_up", "made-up", "images per joule", RATE, "made up", made_up, more_is_better=True
        )
        for known, key in ((METRICS, "made_up"), (EVERY, "made_up"), (BY_NAME, "made-up")):
            monkeypatch.setitem(known, key, metric)
        candidates = "board"
    asking = Asking(shipped, 2016, candidates=candidates)
    asked = list(asking.questions(count))
    wide = read_requirements({}, board="any", **asking.fixed)
    answers = node.answered(
        tmp_path,
        f"{script(PURE)}{ANSWER} const table = readTable(given[0]);"
        "return given[1].map((asked) => answerTo(table, askedSettings({ ...table, asked })));",
        document(choice(shipped, wide)),
        list(map(question, asked)),
    )
    feasible = 0
    for each, answer in zip(asked, answers, strict=True):
        found = recommend(gather(shipped, each), replace(each, top=TOP))
        feasible += found.best is not None
        command, on_boards = answer.pop("command"), answer.pop("onBoards")
        assert read_command(command) == each
        by_board = recommend(gather(shipped, each), replace(each, by=BY_BOARD)).candidates
        assert on_boards == list(map(identity, by_board)), command
        assert list(differences(expected(found), answer)) == [], command
    assert 0.25 < feasible / count < 0.75


RELAXED = """
const handled = new Set();
const uncounted = figuresIn;
figuresIn = (...asked) => {
    const found = uncounted(...asked);
    const counting = (name) => (metric, row) => {
        handled.add(row);
        return found[name](metric, row);
    };
    const ofRows = ["figure", "spread", "inputSpread", "isUnproven"];
    return { ...found, ...Object.fromEntries(ofRows.map((name) => [name, counting(name)])) };
};
let mostAtOnce = 0;
const finished = (steps) => {
    for (;;) {
        handled.clear();
        const { done, value } = steps.next();
        mostAtOnce = Math.max(mostAtOnce, handled.size);
        if (done) return value;
    }
};
const offered = (table, relaxation) => relaxation && [
    identity(table, relaxation.row),
    limits(relaxation.limits.map(({ constraint, limit }) => ({ ...constraint, limit }))),
    limits(relaxation.limits.map(({ asked }) => asked))];
const relaxedBy = (table, settings) => {
    const answer = choose(table, settings);
    mostAtOnce = 0;
    const { alone, together } = finished(relaxationsOf(answer));
    return {
        isInterrupted: mostAtOnce <= ROWS_BETWEEN + 1,
        alone: alone.map((each) => offered(table, each)),
        together: offered(table, together),
        impossible: finished(impossibleLimits(answer)).map(limits),
    };
};
"""
"""What is offered, and whether it takes a look at few rows at once: what comes between them can be drawn."""


def relaxed(relaxation: Relaxation | None) -> list[object] | None:
    """What the page is to offer."""
    if relaxation is None:
        return None
    exact = [replace(each.constraint, limit=each.limit) for each in relaxation.limits]
    typed = [each.asked for each in relaxation.limits]
    return [identity(relaxation.candidate), limits(exact), limits(typed)]


@pytest.mark.parametrize(("candidates", "count"), [("board", 100), ("all", 8)])
def test_the_page_offers_what_the_command_offers(
    tmp_path: Path, shipped: Catalog, candidates: str, count: int
) -> None:
    """Where nothing fits: which limits to relax, alone and together, and which nothing can meet."""
    asking = Asking(shipped, 22, candidates=candidates)
    found: list[tuple[Requirements, Recommendation]] = []
    while len(found) < count:
        (each,) = asking.questions(1)
        answer = recommend(gather(shipped, each), each)
        offers = answer.relaxations or answer.together or len(found) % 4 == 0
        found += [(each, answer)] if answer.best is None and offers else []
    wide = read_requirements({}, board="any", **asking.fixed)
    answers = node.answered(
        tmp_path,
        f"{script(PURE)}{ANSWER}{RELAXED} const table = readTable(given[0]);"
        "return given[1].map((asked) => relaxedBy(table, askedSettings({ ...table, asked })));",
        document(choice(shipped, wide)),
        [question(each) for each, _ in found],
    )
    together = 0
    for (each, answer), shown in zip(found, answers, strict=True):
        together += answer.together is not None
        offered = {
            "alone": list(map(relaxed, answer.relaxations)),
            "together": relaxed(answer.together),
            "impossible": list(map(limits, answer.impossible)),
            "isInterrupted": True,
        }
        assert list(differences(offered, shown, within=1e-5)) == [], each
    assert together > count / 8


def test_precisions_are_compared_within_one_set_of_weights(
    tmp_path: Path, overlay: Overlay
) -> None:
    """As fast as those of any other set, and beside a row that is not the fastest of its own precision."""
    overlay.write(
        "accuracy.csv",
        "architecture,weights,task,metric,data_set,value,precision,origin,source\n"
        "resnet-18,paper,,,,66.6,int8,reported,my-notes\n",
    )
    overlay.measurements(
        "resnet-18,tflite,int8,1,10,,300,reported,my-notes",
        "resnet-18,tflite,fp32,1,20,,300,reported,my-notes",
        "resnet-18,eager,fp32,1,25,,200,reported,my-notes",
    )
    asked = read_requirements({}, board="small", weights="any", catalog=str(overlay.folder))
    found = node.answered(
        tmp_path,
        f"""{script((*PURE, "precisions"))}{ANSWER} const table = readTable(given[0]);
        const answer = choose(table, askedSettings(table));
        return [...Array(table.count).keys()].map((row) => {{
            const {{ base, rows }} = precisionsOf(answer, row);
            const points = base === null ? null : againstBase(answer, row, base).points;
            const shown = (each) => identity(table, each);
            return [shown(row), rows.map(shown), points];
        }});""",
        document(choice(Catalog.open(overlay.folder), asked)),
    )
    fast, slow, small = (
        ["resnet-18", "paper", "small", *run, 1]
        for run in (("tflite", "fp32"), ("eager", "fp32"), ("tflite", "int8"))
    )
    of_paper = {tuple(row): (rows, points) for row, rows, points in found if row[1] == "paper"}
    assert of_paper == {
        tuple(fast): ([fast, small], 0),
        tuple(slow): ([fast, small, slow], 0),
        tuple(small): ([fast, small], pytest.approx(66.6 - 69.57)),
    }
    others = [rows for row, rows, _ in found if row[1] != "paper"]
    assert len(others) > 10 and not any(others)  # which have one precision


def test_a_figure_that_could_be_anything_has_the_chance_that_the_command_gives_it(
    tmp_path: Path,
) -> None:
    """To the last digit: at a confidence of one half that decides whether it may be picked."""
    limits = (1.0, 6.5, 6.75, 40.0)
    found = node.answered(
        tmp_path,
        f"{script(PURE)} const anything = {{ value: 6.5, below: Infinity, above: Infinity }};"
        "return given[0].map((limit) => chanceBelow(anything, limit));",
        limits,
    )
    anything = Values(*(np.full(len(limits), each) for each in (6.5, np.inf, np.inf)))
    assert found == chance_below(anything, np.array(limits)).tolist()


def test_what_is_picked_in_passing_is_the_pick(tmp_path: Path, shipped: Catalog) -> None:
    """While a slider moves, the pick and the best are found without a look at all others."""
    asking = Asking(shipped, 17, candidates="all")
    asked = list(asking.questions(200))
    wide = read_requirements({}, board="any", **asking.fixed)
    answers = node.answered(
        tmp_path,
        f"""{script(PURE)} const table = readTable(given[0]);
        return given[1].map((asked) => {{
            const settings = askedSettings({{ ...table, asked }});
            const [all, some] = [false, true].map((inPassing) =>
                [...choose(table, settings, {{ inPassing }}).inTurn()]);
            return [all.length, some.length, some.every((row, place) => row === all[place])];
        }});""",
        document(choice(shipped, wide)),
        list(map(question, asked)),
    )
    assert any(some < all_ for all_, some, _ in answers)
    for all_, some, same in answers:
        assert same and min(all_, 1) <= some <= all_


@pytest.mark.parametrize(
    ("board", "more", "says"),
    [
        ("jetson-tx1", {}, True),
        ("jetson-tx1", {"reproducible": True}, False),
        ("xeon-2-cores-vm", {}, False),
    ],
)
def test_the_page_says_that_it_is_about_the_very_run_that_was_published(
    tmp_path: Path, shipped: Catalog, board: str, more: dict[str, Any], says: bool
) -> None:
    """As the command does, where the source does not say how far another run would be off."""
    asked = {"board": board, "fps": 5, "energy": "2 J", "catalog": str(shipped.own_folder), **more}
    limits = {name: asked.pop(name) for name in ("fps", "energy")}
    read = read_requirements(limits, **asked)
    (said,) = node.answered(
        tmp_path,
        f"{script((*PURE, 'details', 'answer'))} const table = readTable(given[0]);"
        "const answer = choose(table, askedSettings(table));"
        "return [doubtsOf({ ...answer, unlike: [] })];",
        document(choice(shipped, read)),
    )
    found = advisor.pick(**asked, **limits)
    published = [each for each in said if each.startswith("The figures are of one published run: ")]
    assert bool(published) == says == (found.another_run is not None)
    if found.another_run:
        assert published[0].endswith(" do not say how far a run of your own would be off.")
        assert all(source in published[0] for source in found.another_run.silent)


@pytest.mark.parametrize(
    ("loss", "signs"), [(None, []), ("1.5", ["! accuracy is another one less what"])]
)
def test_the_page_says_what_signs_mean_and_leaves_out_what_is_unknown(
    tmp_path: Path, shipped: Catalog, loss: str | None, signs: list[str]
) -> None:
    asked: Json = {"board": BOARDS[1], "quantised_loss": loss, "catalog": str(shipped.own_folder)}
    said, name = node.answered(
        tmp_path,
        f"{script((*PURE, 'details', 'answer', 'table'))} const table = readTable(given[0]);"
        "const answer = choose(table, askedSettings(table));"
        "table.rows.processor.names = table.rows.processor.names.map(() => '');"
        "return [doubtsOf({ ...answer, unlike: [] }), nameAmong({ ...answer, best: null }, answer.best)];",
        document(choice(shipped, read_requirements({}, **asked))),
    )
    found = [each for each in said if each[0] in "^!"]
    assert [each[: len(sign)] for each, sign in zip(found, signs, strict=True)] == signs
    assert " with " in name and "?" not in name and not name.endswith(", ")


def test_of_what_has_no_time_the_frame_rate_is_drawn(
    overlay: Overlay, monkeypatch: pytest.MonkeyPatch
) -> None:
    overlay.write("boards/fast/board.yaml", "title: fast\nweights: paper\nsource: my-notes\n")
    header, _, *streaming = FAST.splitlines()
    overlay.write("boards/fast/measurements.csv", "\n".join([header, *streaming[:2]]) + "\n")
    asked = read_requirements({}, board="fast", catalog=str(overlay.folder))
    shown = task_document(choice(Catalog.open(overlay.folder), asked))
    assert shown["defaults"]["x"] == "fps"
    assert shown["words"][-2:] == ["--catalog", str(overlay.folder)]
    monkeypatch.setenv("ADVISOR_CATALOG", str(overlay.folder))
    assert "--catalog" not in task_document(choice(Catalog.open(), asked))["words"]


FAST = """\
architecture,runtime,precision,batch,latency_ms,net_power_w,memory_mb,origin,source,processor,threads,\
throughput_fps,throughput_low_fps,throughput_high_fps,gross_power_w,latency_min_ms,latency_max_ms,latency_statistic
resnet-50,hailort,fp16,1,2.94,,,reported,my-notes,npu,,1329,1300,1350,3.19,2.9,3.1,median
resnet-18,hailort,fp16,1,,,,reported,my-notes,npu,,2500,2450,2560,2.9,,,median
resnet-34,hailort,fp16,8,,1.5,,reported,my-notes,npu,,1500,1400,1600,,,,median
resnet-101,tflite,fp32,1,200,,300,reported,my-notes,cpu,4,,,,6.5,150,280,median
resnet-101,tflite,fp32,1,600,2.5,250,reported,my-notes,cpu,1,,,,,550,700,median
resnet-152,ncnn,fp32,1,210,2.5,250,reported,my-notes,cpu,4,,,,,210,310,minimum
"""
FAST_ASKED = (
    {"fps": 30},
    {"fps": 4, "latency": "250 ms"},
    {"fps": 2, "energy": "2 J"},
    {"fps": 40, "power": "3.5 W"},
    {"power": "6.6 W"},
    {"accuracy": 70, "where": ["gross-energy <= 0.1 J"], "objective": "fps"},
    {"fps": 3, "latency": "300 ms", "power": "7 W", "confidence": 0.6},
    {"fps": 4, "latency": "280 ms", "power": "7 W", "confidence": 0.5},
    {"accuracy": 78, "latency": "290 ms", "energy": "0.8 J", "confidence": "none"},
    {"objective": "energy"},
)


@pytest.mark.parametrize("idle", ["{value: 0.5 W, error: 50 mW", "{at_most: 500 mW", ""])
def test_the_page_follows_throughput_and_gross_power(
    tmp_path: Path, overlay: Overlay, idle: str
) -> None:
    described = "title: fast\nweights: paper\nsource: my-notes\n"
    described += f"idle_power: {idle}, source: my-notes}}\n" if idle else ""
    overlay.write("boards/fast/board.yaml", described)
    overlay.write("boards/fast/measurements.csv", FAST)
    catalog = Catalog.open(overlay.folder)
    asked = [
        read_requirements(
            {name: each for name, each in said.items() if name in LIMITED},
            board="fast",
            catalog=str(overlay.folder),
            **{name: each for name, each in said.items() if name not in LIMITED},  # type: ignore[arg-type]
        )
        for said in FAST_ASKED
    ]
    answers = node.answered(
        tmp_path,
        f"{script(PURE)}{ANSWER} const table = readTable(given[0]);"
        "return given[1].map((asked) => answerTo(table, askedSettings({ ...table, asked })));",
        document(choice(catalog, asked[-1])),
        list(map(question, asked)),
    )
    for each, answer in zip(asked, answers, strict=True):
        found = recommend(gather(catalog, each), replace(each, top=TOP))
        del answer["command"], answer["onBoards"]
        assert list(differences(expected(found), answer)) == []


BOUND, KNOWN = "{at_most: 500 mW", "{value: 0.5 W, error: 50 mW"


@pytest.mark.parametrize(
    ("idle", "words", "marks", "more"),
    [
        (BOUND, ("--fps", 30, "--energy", "1 J"), "≤", ""),
        (BOUND, ("--fps", 30, "--battery", "36 kJ", "--hours", 1), "≥", ""),
        (BOUND, ("--fps", 30, "--power", "0.1 W"), "≤", ""),  # which nothing meets
        (BOUND, ("--power", "7 W", "--objective", "energy"), "≤", "average power is unknown, too."),
        (BOUND, ("--accuracy", 69, "--runtime", "ncnn", "--power", "9 W"), "≤", ""),
        (BOUND, ("--fps", 1600, "--energy", "1 J"), "≤", "energy per image is unknown, too."),
        (KNOWN, ("--fps", 1600), "", "73.27 % in floats (--accuracy-of and --quantised-loss state it)."),
        (KNOWN, ("--fps", 30, "--energy", "1 J"), "", ""),
    ],
)  # fmt: skip
def test_the_page_says_of_bounds_and_of_what_is_unknown_what_the_command_says(
    run: Run, tmp_path: Path, overlay: Overlay, idle: str, words: tuple[str, ...], marks: str, more: str
) -> None:  # fmt: skip
    """In its own signs, where a terminal has two characters for each."""
    described = (
        f"title: fast\nweights: paper\nsource: my-notes\nidle_power: {idle}, source: my-notes}}\n"
    )
    overlay.write("boards/fast/board.yaml", described)
    quantised = "resnet-34,hailort,int8,1,,,,reported,my-notes,npu,,2000,1900,2100,,,,median\n"
    overlay.write("boards/fast/measurements.csv", FAST + quantised)
    printed = run("pick", "--board", "fast", *words, "--catalog", overlay.folder).out
    command = " ".join(printed.replace("<=", "≤").replace(">=", "≥").split())
    said = dict(zip((each.removeprefix("--") for each in words[::2]), words[1::2], strict=True))
    limits: Json = {name: said.pop(name) for name in LIMITED if name in said}
    asked = read_requirements(limits, board="fast", catalog=str(overlay.folder), **said)  # type: ignore[arg-type]
    marked, sentences = node.answered(
        tmp_path,
        f"""{script((*PURE, "details", "answer"))} const table = readTable(given[0]);
        const answer = {{ ...choose(table, askedSettings(table)), unlike: [] }};
        const {{ best, constraints }} = answer;
        const shown = best !== null ? constraints.map(({{ metric }}) => [metric, best])
            : rejectionsOf(answer).map(({{ constraint, nearest }}) => [constraint.metric, nearest]);
        return [
            shown.filter(([, row]) => row !== null).map((each) => markedText(answer, ...each)),
            [best === null ? "" : overlookedText(answer), ...doubtsOf(answer)],
        ];""",
        document(choice(Catalog.open(overlay.folder), asked)),
    )
    assert {each[0] for each in marked if not each[0].isdigit()} == set(marks)
    assert all(each in command for each in marked)
    bounds = [each for each in sentences if "bound: " in each]
    assert len(bounds) == len(marks) == command.count("bound: ")
    assert all(each in command for each in bounds)
    assert ("might be better" in sentences[0]) == ("might be better" in command) == bool(more)
    assert sentences[0].partition(" is unknown: ")[0] in command
    assert sentences[0].endswith(more) and more in command


def test_a_batch_size_that_only_predictions_have(tmp_path: Path, shipped: Catalog) -> None:
    asked = [
        read_requirements(
            {"fps": 2},
            board=board,
            candidates="all",
            batch="3",
            objective="response",
            catalog=str(shipped.own_folder),
        )
        for board in ("any", BOARDS[1])
    ]
    answers = node.answered(
        tmp_path,
        f"{script(PURE)}{ANSWER} const table = readTable(given[0]);"
        "return given[1].map((asked) => answerTo(table, askedSettings({ ...table, asked })));",
        document(choice(shipped, asked[0])),
        list(map(question, asked)),
    )
    for each, answer, fewest in zip(asked, answers, (20, 10), strict=True):
        found = recommend(gather(shipped, each), replace(each, top=TOP))
        del answer["command"], answer["onBoards"]
        assert list(differences(expected(found), answer)) == []
        assert answer["listed"][0][0][-1] == 3
        assert answer["considered"] > fewest


@pytest.mark.parametrize(("x", "y"), [("time", "accuracy"), ("fps", "energy"), ("memory", "power")])
def test_the_frontier_is_that_of_the_command(
    tmp_path: Path, shipped: Catalog, x: str, y: str
) -> None:
    limits = {"energy": "1 J", "accuracy": 60}
    folder = str(shipped.own_folder)
    asked = read_requirements(limits, board=BOARDS[0], catalog=folder)
    points = node.answered(
        tmp_path,
        f"{script(PURE)}{ANSWER} const table = readTable(given[0]);"
        "const answer = choose(table, askedSettings(table));"
        "return frontierOf(answer, given[1], [...answer.inTurn()]).map((row) => identity(table, row));",
        document(choice(shipped, asked)),
        [BY_NAME[x].key, BY_NAME[y].key],
    )
    found = advisor.frontier(x=x, y=y, board=BOARDS[0], catalog=folder, **limits)
    assert sorted(points) == sorted(identity(each) or [] for each in found.points)


def test_the_bound_is_that_of_the_command(shipped: Catalog) -> None:
    limits = {"fps": 30, "accuracy": 99}
    folder = str(shipped.own_folder)
    shown = task_document(choice(shipped, read_requirements({}, board="any", catalog=folder)))
    bounds = {each["name"]: each["bound"] for each in shown["boards"]} | {"any": shown["bound"]}
    assert set(bounds) == {*BOARDS, "any"}
    for board, bound in bounds.items():
        asked = read_requirements(limits, board=board, catalog=folder)
        found = recommend(gather(shipped, asked), asked).bound
        assert found is not None
        line = {"intercept": found.line.intercept, "slope": found.line.slope}
        assert bound == {**line, "range": found.line.range}


def test_any_settings_survive_the_address(tmp_path: Path, shipped: Catalog) -> None:
    asking = Asking(shipped, 40)
    same = node.answered(
        tmp_path,
        f"""{script(PURE)}
        const shown = readTable(given[0]);
        return given[1].map((asked) => {{
            const table = {{ ...shown, asked }};
            const settings = askedSettings(table);
            const {{ settings: back, refused }} = settingsOfHash(table, hashOf(table, settings));
            return [refused, settings, back];
        }});""",
        document(choice(shipped, read_requirements({}, board="any", **asking.fixed))),
        list(map(question, asking.questions(40))),
    )
    for refused, settings, back in same:
        assert refused == []
        assert back == settings


REFUSED = (
    "precision=int3", "runtime=", "processor=__proto__",
    "board=nowhere", "fps=-3", "fps=many", "accuracy=0.5", "batch=1,7", "x=__proto__", "hours=3",
    "toString=1", "objective=luck", "confidence=1", "where=fps <= 3", "rows=all", f"board={EVIL}",
)  # fmt: skip


def test_an_address_that_asks_for_what_is_not_there(tmp_path: Path, shipped: Catalog) -> None:
    asked = read_requirements({}, board=BOARDS[0], catalog=str(shipped.own_folder))
    shown = document(choice(shipped, asked))
    address = (
        f"{script(PURE)} return given[1].map((hash) => settingsOfHash(readTable(given[0]), hash));"
    )
    answers = node.answered(tmp_path, address, shown, [f"#{each}" for each in REFUSED])
    for word, answer in zip(REFUSED, answers, strict=True):
        (refused,) = answer["refused"]
        assert refused.removesuffix(" without a battery") == word
        assert answer["settings"]["limits"] == {}
    asked = read_requirements({"fps": 30}, board=BOARDS[0], catalog=str(shipped.own_folder))
    (broken,) = node.answered(
        tmp_path, address, document(choice(shipped, asked)), ["#a-broken-link"]
    )
    assert broken["settings"]["limits"] == {"fps": 30}  # as it was asked
    old = "#latency=20&objective=latency&x=latency"  # what the response was called
    (renamed,) = node.answered(tmp_path, address, shown, [old])
    assert renamed["refused"] == []
    assert renamed["settings"]["limits"] == {"response": 20}
    assert (
        renamed["settings"]["x"] == renamed["settings"]["objective"][0]["metric"] == "response_ms"
    )


# --- through the page


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def shown(browser: Browser, shipped: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Opened:
    """One page for all of these tests."""
    asked = read_requirements(
        {"fps": 10},
        where=["time <= 90 ms"],
        board=",".join(BOARDS),
        objective=STEPS,
        catalog=str(shipped.own_folder),
    )
    path = tmp_path_factory.mktemp("page") / "explorer.html"
    path.write_text(page(document(choice(shipped, asked))), encoding="utf-8")
    return Opened.at(browser, path)


@pytest.fixture
def opened(shown: Opened) -> Iterator[Opened]:
    """The page as it opens, asked on both boards for 30 fps and 0.5 J."""
    shown.follow(f"#board={','.join(BOARDS)}&fps=30&energy=0.5")
    shown.page.evaluate("() => { document.activeElement.blur(); scrollTo(0, 0); }")
    yield shown
    shown.check()


TX1 = f"#board={BOARDS[0]}"


def agrees(opened: Opened, catalog: Catalog) -> None:
    """Whether the page picks as the command that it names."""
    opened.drawn()
    asked = read_command(opened.text("#command"))
    best = recommend(gather(catalog, asked), asked).best
    assert (opened.text("#verdict").lower() == "ship this") == bool(best)
    assert best is None or opened.text("#pick") == f"{best.architecture} at batch {best.batch}"


def test_the_browser_chooses_as_the_command_does(opened: Opened, shipped: Catalog) -> None:
    for asked in Asking(shipped, 7).questions(10):
        opened.ask(
            "(asked) => explorer.change(() => explorer.askedSettings({ ...explorer.table, asked }))",
            question(replace(asked, boards=asked.boards or BOARDS)),
        )
        agrees(opened, shipped)


def test_the_controls_ask(opened: Opened, shipped: Catalog) -> None:
    look = opened.page
    agrees(opened, shipped)
    assert look.input_value("#fps") == "30"
    look.fill("#board", "jetson-tx1")
    agrees(opened, shipped)
    assert opened.text("#pick") == "resnet-18 at batch 1"
    look.focus("#fps-slider")
    for key in ("ArrowLeft", "PageUp", "ArrowRight", "Home"):
        look.keyboard.press(key)
        agrees(opened, shipped)
    assert look.input_value("#fps") == ""  # the loose end is no limit
    assert "--fps" not in opened.text("#command")
    look.fill("#memory", "205.5")
    agrees(opened, shipped)
    assert "--memory 205.5MB" in opened.text("#command")
    look.fill("#memory", "-3")
    opened.drawn()
    assert look.get_attribute("#memory", "aria-invalid") == "true"
    assert "--memory 205.5MB" in opened.text("#command")
    look.fill("#memory", "")
    look.fill("#params", "12.5")
    agrees(opened, shipped)
    assert "--params 12.5M" in opened.text("#command")
    look.select_option("#objective", label="lowest energy per image")
    look.fill("#accuracy", "60")
    look.fill("#confidence", "99")
    look.get_by_role("checkbox", name="4", exact=True).check(force=True)
    agrees(opened, shipped)
    look.fill("#battery", "10")
    look.fill("#hours", "3")
    agrees(opened, shipped)
    assert "--hours 3 " in opened.text("#command")
    look.fill("#accuracy", "99")
    agrees(opened, shipped)
    assert opened.text("#verdict").lower() == "nothing fits"
    assert look.locator("#rejections tbody tr").count() == 4


def test_what_is_typed_on_the_way_to_something_else(opened: Opened) -> None:
    opened.follow(f"{TX1}&fps=2&confidence=0.99")
    look = opened.page
    look.fill("#battery", "10")
    look.fill("#hours", "3")
    opened.drawn()
    assert "--hours 3 " in opened.text("#command")
    look.fill("#battery", "")
    opened.drawn()
    assert "--hours" not in opened.text("#command")
    look.fill("#battery", "12")
    opened.drawn()
    assert "--hours 3 " in opened.text("#command")
    look.click("#confidence")
    look.keyboard.press("Control+A")
    look.keyboard.type("150", delay=60)  # of which 1 and 15 could be applied
    opened.drawn()
    assert look.get_attribute("#confidence", "aria-invalid") == "true"
    assert look.input_value("#confidence") == "150"
    assert "--confidence 0.99" in opened.text("#command")


def test_boards_are_found_by_typing(opened: Opened, shipped: Catalog) -> None:
    look = opened.page
    for typed, found in (
        ("jetson-tx1", BOARDS[:1]),
        ("XEON", BOARDS[1:]),
        ("nvidia", BOARDS[:1]),  # of its title
        ("tx1, xeon 2", BOARDS),
        ("", BOARDS),
    ):
        look.fill("#board", typed)
        agrees(opened, shipped)
        assert f"--board {','.join(found)} " in opened.text("#command") + " "
    look.fill("#board", "nowhere")
    assert look.get_attribute("#board", "aria-invalid") == "true"
    assert "no board" in opened.text("#board-hint")


def test_what_would_have_to_give_is_given(opened: Opened, shipped: Catalog) -> None:
    look = opened.page
    opened.follow(f"{TX1}&fps=60&energy=0.1&accuracy=70")
    agrees(opened, shipped)
    asked = read_command(opened.text("#command"))
    found = recommend(gather(shipped, asked), asked)
    shown = look.locator("#offers li").all_inner_texts()
    assert (
        len(shown) == len(found.relaxations) + len(found.impossible) + 1
    )  # one for several together
    for each in found.relaxations:
        assert any(str(each.limits[0].asked.limit) in line for line in shown)
    look.locator("#offers button").last.click()
    agrees(opened, shipped)
    assert found.together is not None
    assert opened.text("#pick").startswith(found.together.candidate.architecture)
    assert not look.is_visible("#offers")


def test_nobody_waits_for_offers_that_are_no_longer_looked_for(
    opened: Opened, shipped: Catalog
) -> None:
    """Those of an answer that another one, where something fits or not, has come upon."""
    nothing = "limits: { fps: 60, energy: 0.1, accuracy: 70 }"
    for then, count in (("limits: {}", 0), (nothing, 1)):
        opened.follow(f"{TX1}&fps=30")
        waited = opened.ask(
            f"""async () => {{
            const later = window.setTimeout;
            window.setTimeout = (what, ms) => later(what, ms + 1000); // so that it is come upon
            const ask = (limits) => explorer.change((now) => ({{ ...now, ...limits }}));
            const looked = new Promise((resolve) => new MutationObserver(resolve)
                .observe(document.getElementById("offers"), {{ attributeFilter: ["aria-busy"] }}));
            ask({{ {nothing} }});
            const waiting = explorer.drawn().then(() => "until drawn");
            await looked;
            ask({{ {then} }});
            const waited = await Promise.race([
                waiting, new Promise((resolve) => later(resolve, 20000, "in vain"))]);
            window.setTimeout = later;
            return waited; }}"""
        )
        assert waited == "until drawn"
        assert opened.page.get_attribute("#offers", "aria-busy") == "false"
        agrees(opened, shipped)
        assert opened.page.locator("#offers button:visible").count() >= count


def test_what_each_precision_costs(opened: Opened, shipped: Catalog) -> None:
    """Of the pick's network the fastest row of each precision, held against the floats."""
    opened.follow(f"#board={BOARDS[1]}&fps=30")
    agrees(opened, shipped)
    asked = read_command(opened.text("#command"))
    candidates = gather(shipped, asked)
    best = recommend(candidates, asked).best
    assert best is not None
    table = candidates.measurements
    same = np.array([candidates.architectures[each].name for each in candidates.architecture_index])
    same = (same == best.architecture) & (table.batch[candidates.rows] == best.batch)
    time_ms = candidates.figure("time_per_image_ms")
    precision = np.array(table.precision.names)[table.precision.index[candidates.rows]]
    fastest = {
        each: np.nanmin(time_ms[same & (precision == each)]) for each in set(precision[same])
    }
    lines = opened.page.locator("#precisions-table tbody tr").all_inner_texts()
    assert len(lines) == len(fastest) > 1
    assert lines[0].startswith("fp32")
    for line in lines[1:]:
        assert f"{fastest['fp32'] / fastest[line.split()[0]]:.3g}\u00d7" in line
    opened.follow(f"{TX1}&fps=30")  # which has one precision
    assert not opened.page.is_visible("#precisions")


def test_what_is_shared_asks_the_same(opened: Opened) -> None:
    opened.follow(f"{TX1}&fps=30&energy=0.5")
    question, answer, address = opened.ask("explorer.sharedText()").split("\n")
    assert "NVIDIA Jetson TX1" in question and "fps \u2265 30 and energy \u2264 0.5 J" in question
    assert answer.endswith("resnet-18 at batch 1")
    assert address.startswith("file:") and "fps=30" in address


def test_boards_are_compared(opened: Opened, shipped: Catalog) -> None:
    look = opened.page
    opened.follow(f"{TX1}&fps=30")
    assert not look.is_visible("#comparison")
    look.fill("#another-board", "nowhere")
    look.keyboard.press("Enter")
    assert look.get_attribute("#another-board", "aria-invalid") == "true"
    look.fill("#another-board", "xeon")
    look.keyboard.press("Enter")
    agrees(opened, shipped)
    asked = replace(read_command(opened.text("#command")), by=BY_BOARD)
    best = recommend(gather(shipped, asked), asked).candidates
    shown = look.locator("#boards-table tbody tr").all_inner_texts()
    assert len(best) == len(shown) == len(BOARDS)
    for candidate, line in zip(best, shown, strict=True):
        assert line.startswith(candidate.board) and candidate.architecture in line
    look.get_by_role("button", name="Leave out jetson-tx1").click()
    agrees(opened, shipped)
    assert f"--board {BOARDS[1]}" in opened.text("#command")
    opened.follow(f"#board={','.join(BOARDS)}&fps=35")
    look.locator("#boards-table tbody button").last.click()
    agrees(opened, shipped)
    assert not look.is_visible("#comparison")


def test_how_networks_are_run_is_chosen(opened: Opened, shipped: Catalog) -> None:
    look = opened.page
    opened.follow(f"{TX1}&fps=10")
    assert not look.is_visible("text=How it runs")  # one runtime, one precision
    opened.follow(f"#board={BOARDS[1]}&fps=10")
    look.get_by_role("checkbox", name="int8", exact=True).check(force=True)
    agrees(opened, shipped)
    assert "--precision int8" in opened.text("#command")
    look.fill("#board", BOARDS[0])  # which has no int8
    agrees(opened, shipped)
    assert "--precision" not in opened.text("#command")


def test_boards_are_asked_as_on_the_command_line(tmp_path: Path, overlay: Overlay) -> None:
    """A device's name is all its boards, a pattern all that it matches."""
    for board in ("pi-4.fan", "pi-4", "pi_5"):
        overlay.write(f"boards/{board}/board.yaml", "title: Pi\nweights: paper\nsource: my-notes\n")
        overlay.write(
            f"boards/{board}/measurements.csv",
            f"{HEADER}\nresnet-18,eager,fp32,1,20,5,300,reported,my-notes\n",
        )
    catalog = Catalog.open(overlay.folder)
    words = ("pi-4", "PI 5", "pi*", "*tx1", "pi-?", "pi-4.*", "any")
    wide = document(
        choice(catalog, read_requirements({}, board="any", catalog=str(overlay.folder)))
    )
    found = node.answered(
        tmp_path,
        f"{script(PURE)} const table = readTable(given[0]); return given[1].map((text) =>"
        "boardsIn(table, { boards: boardsAsked(table, text) }).map(({ name }) => name));",
        wide,
        words,
    )
    expected = [catalog.boards_named(each) for each in words[:-1]]
    assert [tuple(each) for each in found] == [*expected, tuple(catalog.board_layers)]
    asked = read_requirements({}, board="pi-4", catalog=str(overlay.folder))
    (considered,) = node.answered(
        tmp_path,
        f"{script(PURE)}{ANSWER} const table = readTable(given[0]);"
        "return [answerTo(table, askedSettings(table)).considered];",
        document(choice(catalog, asked)),
    )
    assert considered == len(gather(catalog, asked)) == 2


def test_an_objective_in_steps_holds_until_it_is_changed(opened: Opened, shipped: Catalog) -> None:
    reset = opened.page.get_by_role("button", name="Reset to what was asked")
    reset.click()
    agrees(opened, shipped)
    command = opened.text("#command")
    assert f"--objective '{STEPS}' " in command + " " and "--where 'time <= 90 ms'" in command
    assert "Within 5 points of the best top-1 accuracy" in opened.text("#why")
    opened.page.select_option("#objective", label="highest top-1 accuracy")
    opened.page.get_by_label("time ≤ 90 ms").uncheck()
    opened.drawn()
    assert "--objective" not in opened.text("#command")
    assert "--where" not in opened.text("#command")
    reset.click()
    opened.drawn()
    assert opened.text("#command") == command


def test_the_address_keeps_the_settings(opened: Opened) -> None:
    opened.ask(
        """() => explorer.change((now) => ({...now, boards: ["jetson-tx1"], batches: [1, 16],
        limits: {response: 950.5, params: 6e7, hours: 0.5}, conditions: [], overhead_ms: 2.5,
        battery_j: 36000, confidence: 0, x: "fps", y: "energy_j", every_batch: true}))"""
    )
    opened.drawn()
    opened.wait_until("location.hash.includes('rows=every-batch')")

    def seen() -> list[Any]:
        settings = opened.ask("explorer.settings()")
        return [settings, *map(opened.text, ("#pick", "#command", "#table", "#listing"))]

    before, address = seen(), opened.ask("location.hash")
    opened.page.reload()
    opened.drawn()
    assert opened.ask("location.hash") == address
    assert seen() == before


def test_following_another_address(opened: Opened) -> None:
    opened.follow(f"#board={EVIL}")
    assert EVIL in opened.text("#notes")
    assert opened.ask("window.ran") is None
    opened.follow(f"{TX1}&fps=30")
    assert opened.text("#pick") == "resnet-18 at batch 1"
    assert opened.page.input_value("#fps") == "30"
    assert not opened.page.is_visible("#notes")


def test_hovering_shows_all_that_is_known(opened: Opened) -> None:
    opened.follow(f"{TX1}&fps=30")
    tooltip, plot = opened.page.locator("#tooltip"), opened.page.locator("#plot canvas")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    places = itertools.product(np.linspace(0.1, 0.98, 45), (0.3, 0.34, 0.38, 0.42))
    found = ""
    while not found:  # the points are where the drawing puts them
        across, down = next(places)
        opened.page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"])
        found = tooltip.inner_text() if tooltip.is_visible() else ""
    assert "at batch" in found and "reported" in found and "canziani-2016" in found
    opened.page.keyboard.press("Escape")
    assert not tooltip.is_visible()


def test_the_table_lists_what_fits_first(opened: Opened, shipped: Catalog) -> None:
    opened.follow(f"{TX1}&fps=30")
    asked = replace(read_command(opened.text("#command")), top=99, all_batches=True)
    fitting = recommend(gather(shipped, asked), asked).candidates
    expected = [f"{each.architecture} {each.batch}" for each in fitting]
    look = opened.page
    look.get_by_label("every batch size").check()
    opened.drawn()
    assert look.locator("#table tbody tr").count() == 30
    look.get_by_role("button", name="Show more").click()
    rows = look.locator("#table tbody tr").all_inner_texts()
    assert len(rows) == 82
    cells = [re.sub(r"\s*pick\b", "", row).split("\t") for row in rows]
    assert [f"{row[0].strip()} {row[2]}" for row in cells][: len(expected)] == expected
    assert all("fails fps" in row for row in rows[len(expected) :])
    first = look.locator("#table tbody button").first
    first.focus()
    look.keyboard.press("Enter")
    assert first.get_attribute("aria-expanded") == "true"
    assert "canziani-2016-figure-3" in look.locator("tr.detail").inner_text()
    look.keyboard.press("Enter")
    assert look.locator("tr.detail").count() == 0


def test_axes_can_be_switched_and_say_what_is_unknown(opened: Opened) -> None:
    look = opened.page
    for x, y in (
        ("fps", "accuracy_percent"),
        ("params", "operations"),
        ("memory_mb", "energy_j"),
    ):
        look.select_option("#x-axis", x)
        look.select_option("#y-axis", y)
        opened.drawn()
        assert look.locator("#plot canvas").is_visible()
    assert "not drawn, since" in opened.text("#plot-note")
    assert "energy per image is unknown" in opened.text("#plot-note")
    look.fill("#board", BOARDS[1])  # no meter there
    opened.drawn()
    assert not look.locator("#plot canvas").is_visible()
    assert "energy per image of every candidate here is unknown" in opened.text("#plot-note")


def test_it_fits_every_screen(opened: Opened) -> None:
    look = opened.page
    opened.follow(f"{TX1}&fps=30")
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for width, scheme in itertools.product((360, 800, 1280), schemes):
        look.emulate_media(color_scheme=scheme)
        look.set_viewport_size({"width": width, "height": 800})
        room = "document.getElementById('plot').clientWidth"
        opened.wait_until(f"document.querySelector('#plot canvas').clientWidth === {room}")
        assert opened.ask("document.documentElement.scrollWidth") == width
        assert 240 <= opened.ask(room) <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_people_from_using_it(
    opened: Opened, scheme: Literal["light", "dark"]
) -> None:
    opened.page.emulate_media(color_scheme=scheme)
    for asked in ("fps=30", "fps=60&energy=0.1&accuracy=70"):  # which nothing fits
        opened.follow(f"{TX1}&{asked}")
        assert barriers(opened.page) == []
    opened.follow(f"#board={','.join(BOARDS)}&fps=30")
    opened.page.locator("#table tbody button").first.click()
    assert barriers(opened.page) == []


def test_everything_has_a_name_and_the_keyboard_reaches_it(opened: Opened) -> None:
    nameless = opened.ask(
        """() => [...document.querySelectorAll('input, select, button')].filter((each) =>
        !each.labels?.length && !each.getAttribute('aria-label') && !each.textContent.trim())
        .map((each) => each.outerHTML)"""
    )
    assert nameless == []
    assert opened.ask("document.documentElement.lang") == "en"
    assert opened.page.title().startswith("resnet-18 at batch 1")
    opened.page.focus("#copy")
    reached = set()
    for _ in range(60):
        opened.page.keyboard.press("Tab")
        place, outline = opened.ask(
            """() => {
            const here = document.activeElement;
            const drawn = here.closest('.chip')?.querySelector('span') ?? here;
            return [here.id || here.tagName, getComputedStyle(drawn).outlineStyle]; }"""
        )
        reached.add(place)
        assert outline == "solid" or place == "BODY"
    assert {"board", "fps", "fps-slider", "confidence", "objective", "x-axis", "y-axis"} <= reached
    assert {"every-batch", "BUTTON"} <= reached


# --- what is written


def test_names_show_as_text(browser: Browser, overlay: Overlay, tmp_path: Path) -> None:
    """Those that a catalog lets in, and those that none would."""
    overlay.write(
        "boards/small/board.yaml",
        f"title: {json.dumps(EVIL)}\nweights: paper\nsource: my-notes\n",
    )
    overlay.measurements(
        f'resnet-18,eager,fp32,1,20,5,300,reported,my-notes,"{EVIL}"', header=HEADER + ",verdict"
    )
    asked = read_requirements({}, board="small", catalog=str(overlay.folder))
    written = document(choice(Catalog.open(overlay.folder), asked))
    common = written["common"]
    for each in [*common["architectures"], *common["boards"]]:
        each["name"] += EVIL
    common["weights"] = [name + EVIL for name in common["weights"]]
    common["rows"]["runtime"]["names"] = [EVIL]
    common["asked"]["boards"] = [common["boards"][0]["name"]]
    common["notes"] = [EVIL]
    path = tmp_path / "page.html"
    path.write_text(page(written), encoding="utf-8")
    opened = Opened.at(browser, path)
    opened.page.locator("#table tbody button").first.click()
    for place in (
        "#where",
        "#pick",
        "#pick-detail",
        "#notes",
        "#legend",
        "#board-hint",
        "tr.detail",
    ):
        assert EVIL in opened.text(place)
    assert opened.page.input_value("#board") == "small" + EVIL
    assert opened.page.title().startswith(f"resnet-18{EVIL}")
    words = shlex.split(opened.text("#command"))
    assert words[words.index("--board") + 1] == "small" + EVIL
    assert opened.ask("window.ran") is None
    opened.close()


def test_data_cannot_end_its_script() -> None:
    evil = {"name": EVIL + "<!--\u2028\u2029"}
    text = data_text(evil)
    assert not set("<\u2028\u2029") & set(text)
    assert json.loads(text) == {"name": EVIL + "<!--"}  # what ends lines is not printed


def test_control_characters_are_left_out_and_backslashes_stay() -> None:
    names = ["\\f", "\\\\u001b", '\\"\x1b[31m\\', "a\fb\rc\bd", "line\n\tend", "\u202e\x7f\u00a0"]
    kept = ["\\f", "\\\\u001b", '\\"[31m\\', "abcd", "line\n\tend", "\u00a0"]
    assert json.loads(data_text({"names": names})) == {"names": kept}


def test_numbers_are_written_exactly(shipped: Catalog) -> None:
    asked = read_requirements({}, board="any", candidates="all", catalog=str(shipped.own_folder))
    wide = choice(shipped, asked)
    written = json.loads(data_text(task_document(wide)))["inputs"]["latency_ms"]["value"]
    assert np.array_equal(written, wide.candidates.figure("batch_latency_ms"))


def test_the_page_needs_no_other_file(shown: Opened) -> None:
    path = Path(shown.ask("decodeURIComponent(location.pathname)"))
    text = path.read_text(encoding="utf-8")
    own_parts = source("frame.html") + source("page.html") + source("page.css")
    assert not re.search(r"(?:src|href)=\"(?!data:)|@import|url\(", own_parts)
    assert text.count("<script") == text.count("</script") == 2


def test_no_name_of_the_scripts_stands_for_two_things() -> None:
    pages = ((*PURE, *SHOWING), SCRIPTS)
    for scripts in pages:
        named = r"^(?:async )?(?:function\*?|const|let|class) +(\w+)"
        names = re.findall(named, script(scripts), re.MULTILINE)
        assert len(names) == len(set(names)) > 20
    there = {each.name for each in files("advisor.report.explorer").iterdir()}
    assert {name for name in there if name.endswith(".js")} == {
        f"{name}.js" for scripts in pages for name in scripts
    }


# --- the command


WRITTEN = """async () => {
    const written = [];
    const write = CanvasRenderingContext2D.prototype.fillText;
    CanvasRenderingContext2D.prototype.fillText = function (text, ...where) {
        written.push(text);
        return write.call(this, text, ...where);
    };
    explorer.change(() => ({ ...explorer.settings(), confidence: 0.8 }));
    await explorer.drawn();
    CanvasRenderingContext2D.prototype.fillText = write;
    return written;
}"""
"""What the plot writes when it is drawn once more."""


def test_names_that_are_asked_for_are_written_in_the_plot_though_they_do_not_fit(
    browser: Browser, run: Run, tmp_path: Path
) -> None:
    asked = ("explore", "--board", BOARDS[0], "--fps", 30, "--energy", "0.5J")
    for label, times in ((), 0), (("--label", "VGG19"), 1):
        page = tmp_path / "page.html"
        assert run(*asked, *label, "-o", page).code == 0
        opened = Opened.at(browser, page)
        written = opened.ask(WRITTEN)
        assert "resnet-18" in written
        assert written.count("vgg-19") == times
        opened.check()
        opened.close()
    refused = run(*asked, "--label", "nosuch", "-o", tmp_path / "page.html")
    assert refused.code == 2
    assert "label: network 'nosuch' is unknown" in refused.err


def test_the_command_writes_the_page(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.setattr(webbrowser, "open", shown.append)
    target = tmp_path / "page.html"
    ran = run("explore", "--fps", 500, "-o", target, "--open")
    assert (ran.code, ran.out) == (0, f"{target}\n")  # a page, though nothing fits
    assert shown == [target.as_uri()]
    assert target.read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--board", "nowhere"), "unknown board 'nowhere'"),
        (("--fps", "4OO"), "fps: 'OO' in '4OO'"),
        (("--batch", "7"), "no rows at batch 7"),
        (("--weights", "none-such"), "unknown weights"),
        (("--catalog", "no/such/folder"), "no/such/folder"),
        (("no-such.yaml",), "no such file 'no-such.yaml'"),
    ],
)
def test_bad_input(run: Run, tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    target = tmp_path / "page.html"
    ran = run("explore", *words, "-o", target)
    assert ran.code == 2 and message in ran.err and ran.out == ""
    assert not target.exists()


def test_a_target_that_cannot_be_written(run: Run, tmp_path: Path) -> None:
    for target in (tmp_path, Path("/proc/none/page.html")):
        ran = run("explore", "-o", target)
        assert ran.code == 2 and "cannot be written" in ran.err and ran.out == ""
    assert list(tmp_path.iterdir()) == []
