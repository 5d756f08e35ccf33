"""The explorer in a real browser: it must choose as `advisor pick` does, and show what it is given."""

from __future__ import annotations

import itertools
import json
import random
import re
import shlex
import sys
import webbrowser
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from playwright.sync_api import Browser

import advisor
from advisor.catalog.store import Catalog
from advisor.documents import document as describe
from advisor.metrics import BY_NAME
from advisor.options import Requirements, read_requirements
from advisor.prediction.bound import least_line_above
from advisor.report.explorer.choice import choice
from advisor.report.explorer.document import document, question
from advisor.report.explorer.page import CHOOSING, SHOWING, data_text, page, script, source
from advisor.solve.candidates.gather import gather
from advisor.solve.recommend.pick import recommend
from tests.browser import Opened, chromium
from tests.conftest import HEADER, Overlay, Run

BOARDS = ("jetson-tx1", "xeon-2-cores-vm")
EVIL = "</script><script>window.ran = true</script><img src=x onerror='window.ran = true'>"
SETS = 200

# --- asking


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty catalog of the user's, so that the shipped one answers."""
    return tmp_path_factory.mktemp("own")


Written = Callable[..., Path]


@pytest.fixture(scope="module")
def written(own: Path, tmp_path_factory: pytest.TempPathFactory) -> Written:
    """Writes the page of a question."""

    def write(limits: dict[str, object] | None = None, **options: Any) -> Path:
        folder = options.pop("catalog", own)
        asked = read_requirements(limits or {}, catalog=str(folder), **options)
        path = tmp_path_factory.mktemp("page") / "explorer.html"
        path.write_text(page(document(choice(Catalog.open(folder), asked))), encoding="utf-8")
        return path

    return write


IDENTITY = """(these, row) => row === null ? null : [
    these.architectures[these.architecture[row]].name,
    these.weights[these.weights_index[row]]?.name ?? null,
    these.boards[these.board[row]].name,
    these.runtime.names[these.runtime.index[row]],
    these.precision.names[these.precision.index[row]],
    these.batch[row]]"""

ANSWERS = f"""(questions) => questions.map((asked) => {{
    const {{ table, askedSettings, choose, commandOf, firstOfEach }} = explorer;
    const identity = ({IDENTITY});
    const answer = choose(table, askedSettings({{ asked }}));
    const binding = answer.best === null ? null : explorer.bindingOf(answer);
    return {{
        best: identity(table, answer.best),
        chance: answer.best === null ? null : answer.chanceOf(answer.best),
        listed: firstOfEach(table, answer.fitting).map((row) => identity(table, row)),
        fitting: answer.fitting.length,
        considered: answer.positions.length,
        limits: answer.constraints.map(({{ name, sense, limit }}) => [name, sense, limit]),
        rejected: explorer.rejectionsOf(answer).map((each) =>
            [each.rejected, each.unknown, identity(table, each.nearest)]),
        unsure: explorer.unsureOf(answer)?.count ?? 0,
        binding: binding && [identity(table, binding.row), binding.constraints.map((each) => each.name)],
        command: commandOf(table, askedSettings({{ asked }})),
    }};
}})"""


def identity(document: dict[str, Any] | None) -> list[object] | None:
    names = ("architecture", "weights", "board", "runtime", "precision", "batch")
    return [document[name] for name in names] if document else None


def echoed(asked: Requirements, candidates: str) -> dict[str, Any]:
    """The query that `advisor pick` echoes if it was asked this."""
    again = replace(asked, selection=replace(asked.selection, networks=candidates), top=999)
    echo: dict[str, Any] = describe(again)
    return echo


# --- the choice


class Asking:
    """Made-up questions, the more limits the looser each, so that about half of them have an answer."""

    LIMITS: ClassVar = {
        "fps": (3, 90), "latency": (15, 3000), "energy": (0.1, 2.5), "power": (3, 17),
        "memory": (180, 2500), "accuracy": (54, 81), "params": (1e6, 1.5e8), "ops": (5e8, 4e10),
    }  # fmt: skip
    UNITS: ClassVar = {"latency": " ms", "energy": " J", "power": " W", "memory": " MB"}
    OBJECTIVES = (
        "accuracy", "accuracy", "energy", "fps", "latency", "memory", "power", "params", "board-energy",
        "time", "accuracy within 1 points, energy", "energy within 20%, accuracy",
        "accuracy within 6, memory within 50 MB, latency",
    )  # fmt: skip
    WHERE = (
        "time <= 40 ms", "net-power <= 12 W", "board-energy <= 0.6 J", "fps <= 50", "accuracy <= 76",
        "batch-latency >= 30 ms", "energy >= 0.2 J", "latency >= 20 ms", "memory >= 220 MB",
    )  # fmt: skip

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def one(self, **fixed: Any) -> Requirements:
        pick = self.random
        count = pick.choice((0, 1, 2, 2, 3, 4))
        limits = {name: self.limit(name, count) for name in pick.sample(sorted(self.LIMITS), count)}
        battery = pick.choice((None, None, "36 kJ", "12.5 Wh"))
        if battery and pick.random() < 0.5:
            limits["hours"] = f"{pick.uniform(0.2, 5):.3g}"
        sizes = pick.choice((None, None, "1", "1,4", "2,8,16"))
        return read_requirements(
            limits,
            where=pick.sample(self.WHERE, pick.choice((0, 0, 0, 1, 2))),
            board=pick.choice((*BOARDS, "any")),
            batch=sizes,
            objective=pick.choice(self.OBJECTIVES),
            overhead=pick.choice((None, None, "5 ms", "0.5 ms")),
            battery=battery,
            confidence=pick.choice((None, None, "none", 0.5, 0.99, 0.75)),
            **fixed,
        )

    def limit(self, name: str, count: int) -> str:
        low, high = self.LIMITS[name]
        share = self.random.betavariate(1 + 0.6 * count, 1.5)  # from tight to loose
        if name in ("fps", "accuracy"):
            share = 1 - share
        value = low * (high / low) ** share
        tail = self.random.choice(("", "", "", "@p90")) if name == "latency" else ""
        return f"{value:.4g}{self.UNITS.get(name, '')}{tail}"


@pytest.fixture
def asked(own: Path) -> list[Requirements]:
    asking = Asking(2016)
    found: list[Requirements] = []
    while len(found) < SETS:
        try:
            found.append(asking.one(catalog=str(own)))
        except advisor.AdvisorError:  # a least and a most that exclude each other
            continue
    return found


@pytest.mark.parametrize("candidates", ["board", "all"])
def test_the_page_picks_as_the_command_does(
    browser: Browser, written: Written, asked: list[Requirements], run: Run, candidates: str
) -> None:
    opened = Opened.at(browser, written(board="any", candidates=candidates))
    mine = asked[:: 1 if candidates == "board" else 6]
    answers = opened.ask(ANSWERS, [question(each) for each in mine])
    opened.close()
    fitting = 0
    for each, answer in zip(mine, answers, strict=True):
        words = shlex.split(answer["command"])
        ran = run(*words[1:], "--json", "--top", 999)
        assert ran.code in (0, 1), ran.err
        document = json.loads(ran.out)
        told = document["rejected"]
        assert document["query"] == echoed(each, candidates)
        assert answer["best"] == identity(document["best"]), answer["command"]
        listed = [document["best"], *document["alternatives"]] if document["best"] else []
        assert answer["listed"] == [identity(one) for one in listed]
        assert answer["limits"] == [[one.name, one.sense, one.limit] for one in each.constraints]
        assert answer["considered"] == told["considered"]
        assert answer["rejected"] == [
            [one["rejected"], one["unknown"], identity(one["nearest"])] for one in told["by_limit"]
        ]
        assert answer["unsure"] == (told["unsure"]["count"] if told["unsure"] else 0)
        if document["best"]:
            fitting += 1
            assert answer["chance"] == pytest.approx(document["best"]["chance"], abs=1e-9)
            binding = told["binding"]
            keys = [limit.split(":")[0] for limit in binding["limits"]] if binding else []
            assert answer["binding"] == (
                [identity(binding["candidate"]), keys] if binding else None
            )
    assert 0.25 < fitting / len(mine) < 0.75


@pytest.mark.parametrize("seed", [1, 2])
def test_the_choice_needs_no_page(browser: Browser, own: Path, seed: int) -> None:
    """The scripts that choose run where there is neither document nor window."""
    asked = Asking(seed).one(catalog=str(own))
    told = document(choice(Catalog.open(own), asked))
    code = script(CHOOSING) + (
        "onmessage = ({ data }) => { const table = readTable(data);"
        "const settings = { ...data.asked, overheadMs: data.asked.overhead_ms,"
        "batteryJ: data.asked.battery_j, objective: data.asked.objective.steps };"
        f"const answer = choose(table, settings); postMessage(({IDENTITY})(table, answer.best)); }};"
    )
    blank = browser.new_page()
    best = blank.evaluate(
        "([code, told]) => new Promise((resolve, reject) => {"
        "const worker = new Worker(URL.createObjectURL(new Blob([code])));"
        "worker.onmessage = ({ data }) => resolve(data); worker.onerror = ({ message }) => reject(message);"
        "worker.postMessage(told); })",
        [code, json.loads(data_text(told))],
    )
    blank.close()
    found = recommend(gather(Catalog.open(own), asked), asked).best
    assert best == (identity(vars(found)) if found else None)


@pytest.mark.parametrize(("x", "y"), [("time", "accuracy"), ("fps", "energy"), ("memory", "power")])
def test_the_frontier_is_that_of_the_command(
    browser: Browser, written: Written, own: Path, x: str, y: str
) -> None:
    opened = Opened.at(browser, written({"energy": "1 J", "accuracy": 60}, board=BOARDS[0]))
    points = opened.ask(
        f"""(keys) => {{
        const {{ table, choose, settings, frontierOf }} = explorer;
        const {{ column, fitting }} = choose(table, settings());
        return frontierOf(table, column, keys, fitting).map((row) => ({IDENTITY})(table, row)); }}""",
        [BY_NAME[x], BY_NAME[y]],
    )
    opened.close()
    found = advisor.frontier(x=x, y=y, board=BOARDS[0], energy="1 J", accuracy=60, catalog=str(own))
    assert sorted(points) == sorted(identity(vars(each)) or [] for each in found.points)


def test_the_bound_is_that_of_the_laws(browser: Browser, written: Written) -> None:
    opened = Opened.at(browser, written(board=BOARDS[0]))
    made_up = np.random.default_rng(9)
    for count in (1, 2, 3, 14, 80):
        points = np.round(made_up.normal(40, 12, (count, 2)), 1)
        line = least_line_above(points[:, 0], points[:, 1])
        told = opened.ask("(points) => explorer.leastLineAbove(points)", points.tolist())
        assert told["intercept"] == pytest.approx(line.intercept)
        assert told["slope"] == pytest.approx(line.slope)
        assert told["range"] == list(line.range)
    opened.close()


# --- through the page


def test_the_controls_ask(browser: Browser, written: Written, run: Run) -> None:
    opened = Opened.at(browser, written({"fps": 30, "energy": "0.5 J"}, board=",".join(BOARDS)))
    look = opened.page

    def agrees() -> None:
        opened.drawn()
        document = json.loads(run(*shlex.split(opened.text("#command"))[1:], "--json").out)
        best = document["best"]
        expected = f"{best['architecture']} at batch {best['batch']}" if best else None
        assert (opened.text("#verdict").lower() == "ship this") == bool(best)
        assert best is None or opened.text("#pick") == expected

    agrees()
    assert look.input_value("#fps") == "30"
    look.select_option("#board", label="jetson-tx1 (NVIDIA Jetson TX1)")
    agrees()
    assert opened.text("#pick") == "resnet-18 at batch 1"
    look.focus("#fps-slider")
    for key in ("ArrowLeft", "ArrowLeft", "PageUp", "ArrowRight", "Home"):
        look.keyboard.press(key)
        agrees()
    assert look.input_value("#fps") == ""  # the loose end is no limit
    assert "--fps" not in opened.text("#command")
    look.fill("#memory", "205.5")
    agrees()
    assert "--memory 205.5MB" in opened.text("#command")
    look.fill("#memory", "-3")
    opened.drawn()
    assert look.get_attribute("#memory", "aria-invalid") == "true"
    assert "--memory 205.5MB" in opened.text("#command")
    look.fill("#memory", "")
    look.fill("#params", "12.5")
    agrees()
    assert "--params 12.5M" in opened.text("#command")
    look.select_option("#objective", label="lowest energy per image")
    look.fill("#accuracy", "60")
    look.fill("#confidence", "99")
    look.get_by_role("checkbox", name="4", exact=True).check(force=True)
    agrees()
    look.fill("#battery", "10")
    look.fill("#hours", "3")
    agrees()
    assert "--hours 3 " in opened.text("#command")
    look.fill("#accuracy", "99")
    agrees()
    assert opened.text("#verdict").lower() == "nothing fits"
    assert look.locator("#rejections tbody tr").count() == 4
    opened.close()


def test_what_is_typed_on_the_way_to_something_else(browser: Browser, written: Written) -> None:
    opened = Opened.at(browser, written({"fps": 2}, board=BOARDS[0], confidence=0.99))
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
    opened.close()


def test_an_objective_in_steps_holds_until_it_is_changed(
    browser: Browser, written: Written, run: Run
) -> None:
    steps = "accuracy within 5 points, energy"
    asked = written({"fps": 10}, where=["time <= 90 ms"], objective=steps, board=BOARDS[0])
    opened = Opened.at(browser, asked)
    command = opened.text("#command")
    assert f"--objective '{steps}' " in command + " " and "--where 'time <= 90 ms'" in command
    best = json.loads(run(*shlex.split(command)[1:], "--json").out)["best"]
    assert opened.text("#pick") == f"{best['architecture']} at batch {best['batch']}"
    assert "Within 5 points of the best top-1 accuracy" in opened.text("#why")
    opened.page.select_option("#objective", label="highest top-1 accuracy")
    opened.page.get_by_label("time ≤ 90 ms").uncheck()
    opened.drawn()
    assert "--objective" not in opened.text("#command")
    assert "--where" not in opened.text("#command")
    opened.page.get_by_role("button", name="Reset to what was asked").click()
    opened.drawn()
    assert opened.text("#command") == command
    opened.close()


def test_a_batch_size_that_only_predictions_have(
    browser: Browser, written: Written, run: Run
) -> None:
    opened = Opened.at(
        browser, written({"fps": 2}, board="any", candidates="all", batch="3", objective="latency")
    )
    for board, fewest in ((None, 20), (BOARDS[1], 10)):
        if board:
            opened.ask("(name) => explorer.change((now) => ({...now, boards: [name]}))", board)
            opened.drawn()
        answer = json.loads(run(*shlex.split(opened.text("#command"))[1:], "--json").out)
        assert opened.text("#pick") == f"{answer['best']['architecture']} at batch 3"
        considered = opened.ask(
            "() => explorer.choose(explorer.table, explorer.settings()).positions.length"
        )
        assert considered == answer["rejected"]["considered"] > fewest
    opened.close()


def test_the_address_keeps_the_settings(browser: Browser, written: Written) -> None:
    path = written(
        {"fps": 30}, where=["time <= 90 ms"], board="any", objective="energy within 9%, fps"
    )
    opened = Opened.at(browser, path)
    changed = """() => explorer.change((now) => ({...now, boards: ["jetson-tx1"], batches: [1, 16],
        limits: {latency: 950.5, params: 6e7, hours: 0.5}, conditions: [], overheadMs: 2.5, batteryJ: 36000,
        confidence: 0, x: "fps", y: "energy_j", everyBatch: true}))"""
    opened.ask(changed)
    opened.drawn()
    opened.page.wait_for_function("location.hash.includes('rows=every-batch')")
    settings = (
        "JSON.stringify(explorer.settings(), (_, value) => value === null ? undefined : value)"
    )
    shown = ("#pick", "#command", "#table", "#listing")
    before = [opened.ask(settings), *(opened.text(each) for each in shown)]
    hash_ = opened.ask("location.hash")
    opened.close()
    again = Opened.at(browser, path, hash_)
    assert again.ask("location.hash") == hash_
    after = [again.ask(settings), *(again.text(each) for each in shown)]
    assert json.loads(after[0]) == json.loads(before[0])
    assert after[1:] == before[1:]
    again.close()


def test_any_settings_survive_the_address(browser: Browser, written: Written) -> None:
    asked = [Asking(seed).one() for seed in range(40)]
    opened = Opened.at(browser, written(board="any"))
    same = opened.ask(
        """(questions) => questions.map((asked) => {
        const { askedSettings, hashOf, settingsOfHash } = explorer;
        const table = {...explorer.table, asked};
        const settings = askedSettings(table);
        const { settings: back, refused } = settingsOfHash(table, hashOf(table, settings));
        return [refused, settings, back]; })""",
        [question(each) for each in asked],
    )
    opened.close()
    for refused, settings, back in same:
        assert refused == []
        assert back == settings


REFUSED = (
    "board=nowhere", "fps=-3", "fps=many", "accuracy=0.5", "batch=1,7", "x=__proto__", "hours=3",
    "toString=1", "objective=luck", "confidence=1", "where=fps <= 3", "rows=all", f"board={EVIL}",
)  # fmt: skip


def test_an_address_that_asks_for_what_is_not_there(browser: Browser, written: Written) -> None:
    path = written(board=BOARDS[0])
    opened = Opened.at(browser, path, f"#{REFUSED[0]}")
    for word in REFUSED:
        opened.ask("(word) => { location.hash = word; }", word)
        opened.page.wait_for_function(
            "(name) => document.getElementById('notes').innerText.includes(` ${name}=`)",
            arg=word.partition("=")[0],
        )
        opened.drawn()
        assert opened.text("#pick") == "inception-v4 at batch 1"
    assert opened.ask("window.ran") is None
    opened.close()


def test_following_another_address(browser: Browser, written: Written) -> None:
    opened = Opened.at(browser, written(board=BOARDS[0]))
    opened.ask("location.hash = '#board=jetson-tx1&fps=30'")
    opened.page.wait_for_function(
        "document.getElementById('pick').textContent.includes('resnet-18')"
    )
    assert opened.page.input_value("#fps") == "30"
    opened.close()


def test_hovering_tells_all_that_is_known(browser: Browser, written: Written) -> None:
    opened = Opened.at(browser, written({"fps": 30}, board=BOARDS[0]))
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
    opened.close()


def test_the_table_lists_what_fits_first(browser: Browser, written: Written, run: Run) -> None:
    opened = Opened.at(browser, written({"fps": 30}, board=BOARDS[0]))
    document = json.loads(run("pick", "--fps", 30, "--json", "--top", 99, "--all-batches").out)
    expected = [
        f"{each['architecture']} {each['batch']}"
        for each in [document["best"], *document["alternatives"]]
    ]
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
    opened.close()


def test_axes_can_be_switched_and_say_what_is_unknown(browser: Browser, written: Written) -> None:
    opened = Opened.at(browser, written(board=",".join(BOARDS)))
    look = opened.page
    for x, y in (
        ("fps", "accuracy_top1_percent"),
        ("params", "operations"),
        ("memory_mb", "energy_j"),
    ):
        look.select_option("#x-axis", x)
        look.select_option("#y-axis", y)
        opened.drawn()
        assert look.locator("#plot canvas").is_visible()
    assert "energy per image unknown" in opened.text("#plot-note")
    look.select_option("#board", index=1)  # no meter there
    opened.drawn()
    assert not look.locator("#plot canvas").is_visible()
    assert "energy per image of every candidate here is unknown" in opened.text("#plot-note")
    opened.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 800, 1400])
def test_it_fits_every_screen(browser: Browser, written: Written, width: int, scheme: str) -> None:
    screen: dict[str, Any] = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
    opened = Opened.at(browser, written({"fps": 30}, board=BOARDS[0]), **screen)
    assert opened.ask("document.documentElement.scrollWidth") == width
    box = opened.page.locator("#plot canvas").bounding_box()
    assert box is not None and 240 <= box["width"] <= width
    opened.page.emulate_media(color_scheme="light" if scheme == "dark" else "dark")
    opened.page.set_viewport_size({"width": 700, "height": 800})
    opened.page.wait_for_function("document.querySelector('#plot canvas').clientWidth > 500")
    opened.close()


def test_everything_has_a_name_and_the_keyboard_reaches_it(
    browser: Browser, written: Written
) -> None:
    opened = Opened.at(browser, written({"fps": 30}, board=",".join(BOARDS)))
    nameless = opened.ask(
        """() => [...document.querySelectorAll('input, select, button')].filter((each) =>
        !each.labels?.length && !each.getAttribute('aria-label') && !each.textContent.trim())
        .map((each) => each.outerHTML)"""
    )
    assert nameless == []
    assert opened.ask("document.documentElement.lang") == "en"
    assert opened.page.title().startswith("tv:efficientnet_b2@288 at batch 1")
    opened.page.focus("#copy")
    reached = set()
    for _ in range(60):
        opened.page.keyboard.press("Tab")
        reached.add(opened.ask("document.activeElement.id || document.activeElement.tagName"))
        outline = opened.ask(
            "getComputedStyle(document.activeElement.closest('.chip')?.querySelector('span') "
            "?? document.activeElement).outlineStyle"
        )
        assert outline == "solid" or opened.ask("document.activeElement === document.body")
    assert {"board", "fps", "fps-slider", "confidence", "objective", "x-axis", "y-axis"} <= reached
    assert {"every-batch", "BUTTON"} <= reached
    opened.close()


# --- what is written


def test_names_show_as_text(browser: Browser, written: Written, overlay: Overlay) -> None:
    overlay.write(
        "boards/small/board.yaml",
        f"title: {json.dumps(EVIL)}\nweights: paper\nsource: my-notes\n",
    )
    overlay.measurements(
        f'resnet-18,eager,fp32,1,20,5,300,reported,my-notes,"{EVIL}"', header=HEADER + ",verdict"
    )
    opened = Opened.at(browser, written(board="small", catalog=overlay.folder))
    assert EVIL in opened.text("#where")
    opened.page.locator("#table tbody button").first.click()
    assert EVIL in opened.page.locator("tr.detail").inner_text()
    assert opened.ask("window.ran") is None
    opened.close()


def test_names_that_no_catalog_would_let_in_show_as_text(
    browser: Browser, own: Path, tmp_path: Path
) -> None:
    asked = read_requirements({"fps": 30}, board=BOARDS[0], catalog=str(own))
    told = document(choice(Catalog.open(own), asked))
    for each in [*told["architectures"], *told["boards"], *told["weights"]]:
        each["name"] += EVIL
    told["rows"]["runtime"]["names"] = [EVIL]
    told["asked"]["boards"] = [told["boards"][0]["name"]]
    told["notes"] = [EVIL]
    path = tmp_path / "page.html"
    path.write_text(page(told), encoding="utf-8")
    opened = Opened.at(browser, path)
    for place in ("#pick", "#pick-detail", "#notes", "#legend", "#board", "#table"):
        assert EVIL in opened.text(place)
    assert opened.page.title().startswith(f"resnet-18{EVIL}")
    words = shlex.split(opened.text("#command"))
    assert words[words.index("--board") + 1] == BOARDS[0] + EVIL
    assert opened.ask("window.ran") is None
    opened.close()


def test_data_cannot_end_its_script() -> None:
    evil = {"name": EVIL + "<!--\u2028\u2029"}
    text = data_text(evil)
    assert not set("<\u2028\u2029") & set(text)
    assert json.loads(text) == evil


def test_numbers_are_written_exactly(own: Path) -> None:
    asked = read_requirements({}, board="any", candidates="all", catalog=str(own))
    wide = choice(Catalog.open(own), asked)
    told = json.loads(data_text(document(wide)))["rows"]["latency_ms"]["value"]
    assert np.array_equal(told, wide.candidates.input_values("latency_ms").value)


def test_the_page_needs_no_other_file(written: Written) -> None:
    text = written(board=BOARDS[0]).read_text(encoding="utf-8")
    own_parts = source("page.html") + source("page.css")
    assert not re.search(r"(?:src|href)=\"(?!data:)|@import|url\(", own_parts)
    assert text.count("<script") == text.count("</script") == 3


def test_no_name_of_the_scripts_stands_for_two_things() -> None:
    text = script((*CHOOSING, *SHOWING))
    names = re.findall(r"^(?:async )?(?:function|const|let|class) +(\w+)", text, re.MULTILINE)
    assert len(names) == len(set(names)) > 100
    there = {each.name for each in files("advisor.report.explorer").iterdir()}
    assert {name for name in there if name.endswith(".js")} == {
        f"{name}.js" for name in (*CHOOSING, *SHOWING)
    }


# --- the command


def test_the_command_writes_the_page(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.setattr(webbrowser, "open", shown.append)
    target = tmp_path / "new" / "page.html"
    ran = run("explore", "--fps", 500, "-o", target, "--open")
    assert (ran.code, ran.out) == (0, f"{target}\n")  # a page, though nothing fits
    assert shown == [target.as_uri()]
    assert target.read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--board", "nowhere"), "unknown board 'nowhere'"),
        (("--fps", "4OO"), "fps: 'OO' in '4OO'"),
        (("--batch", "7"), "no rows at batch 7"),
        (("--weights", "none-such"), "unknown weights"),
        (("--catalog", "no/such/folder"), "no/such/folder"),
        (("no-such.yaml",), "no file 'no-such.yaml'"),
    ],
)
def test_bad_input(run: Run, tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    target = tmp_path / "page.html"
    ran = run("explore", *words, "-o", target)
    assert ran.code == 2 and told in ran.err and ran.out == ""
    assert not target.exists()


def test_a_target_that_cannot_be_written(run: Run, tmp_path: Path) -> None:
    for target in (tmp_path, Path("/proc/none/page.html")):
        ran = run("explore", "-o", target)
        assert ran.code == 2 and "cannot be written" in ran.err and ran.out == ""
    assert list(tmp_path.iterdir()) == []


def test_the_libraries_are_missing(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from advisor.report.explorer import page as page_module

    page_module._libraries.cache_clear()
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    ran = run("explore", "-o", tmp_path / "page.html")
    assert ran.code == 2 and "pip install 'dnn-advisor[report]'" in ran.err
    assert list(tmp_path.iterdir()) == []
