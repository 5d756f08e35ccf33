"""The page of a plan: it must add up as `advisor plan` does, and show in a real browser what is chosen."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

import advisor
from advisor import AdvisorError
from advisor.report.explorer.page import script
from advisor.report.explorer.plan_page import plan_document
from advisor.solve.plan.plan import plan
from advisor.solve.plan.workloads import OBJECTIVES
from tests import node
from tests.browser import Opened, barriers, chromium
from tests.conftest import Overlay, Run
from tests.test_plan import ROBOT, Exhaustive, Row, Task, drawn, write_board

ADDED_UP = """
const [plans] = given;
return plans.map(([plan, choices]) => choices.map((places) => [
  [...usesOf(plan, places).filter(({ limit }) => limit !== null).map(({ used, limit }) => used / limit - 1),
   ...responsesOf(plan, places).map(({ total }, which) =>
     total / plan.workloads[which].most_response_ms - 1)],
  achievedBy(plan, places)]));
"""
"""For choices of plans: by how much each limit is exceeded, and the objective's value."""


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_what_is_chosen_there_adds_up_as_the_definitions_do(tmp_path: Path, objective: str) -> None:
    draw = random.Random(1)
    asked, expected = [], []
    for seed in range(25):
        search = Exhaustive(drawn(seed), objective)
        folder = tmp_path / str(seed)
        write_board(folder, search.instance.rows)
        answer = plan(search.instance.request(objective), folder)
        if not answer.chosen:
            continue
        found = plan_document(answer)
        sizes = [len(each["networks"]) for each in found["workloads"]]
        planned = [each["chosen"] for each in found["workloads"]]
        choices = [planned, *([draw.randrange(size) for size in sizes] for _ in range(5))]
        by_key = {(row.network, row.batch): row for row in search.instance.rows}
        asked.append((found, choices))
        for choice in choices:
            networks = [
                each["networks"][place]
                for each, place in zip(found["workloads"], choice, strict=True)
            ]
            outcome = search.outcome([by_key[each["name"], each["batch"]] for each in networks])
            expected.append((outcome, answer if choice is planned else None))
    answered = itertools.chain(*node.answered(tmp_path, script(("plan_uses",)) + ADDED_UP, asked))
    assert len(expected) > 50
    for (outcome, planned_as), (excesses, value) in zip(expected, answered, strict=True):
        assert excesses == pytest.approx(outcome.excesses, rel=1e-9, abs=1e-12)
        assert value == pytest.approx(abs(outcome.value(objective)), rel=1e-9)
        if planned_as is not None and planned_as.fits:
            assert value == pytest.approx(planned_as.objective.value, rel=1e-12)


def test_what_is_offered_is_what_nothing_beats_in_everything(tmp_path: Path) -> None:
    for seed in range(25):
        search = Exhaustive(drawn(seed), "power")
        folder = tmp_path / str(seed)
        write_board(folder, search.instance.rows)
        answer = plan(search.instance.request("power"), folder)
        if not answer.chosen:
            continue
        for shown, task, pool, chosen in zip(
            plan_document(answer)["workloads"],
            search.instance.tasks,
            search.pools,
            answer.chosen,
            strict=True,
        ):
            offered = [(each["name"], each["batch"]) for each in shown["networks"]]
            taken = (chosen.candidate.architecture, chosen.candidate.batch)
            assert set(offered) == {*unbeaten(search, task, pool), taken}
            assert offered[shown["chosen"]] == taken
            accuracies = [each["accuracy"] for each in shown["networks"]]
            assert accuracies == sorted(accuracies, reverse=True)


def unbeaten(search: Exhaustive, task: Task, pool: list[Row]) -> Iterator[tuple[str, int]]:
    costs = {row: costs_of(search, task, row) for row in pool}
    for row, own in costs.items():
        others = (each for each in costs.values() if each != own)
        if not any(all(a <= b for a, b in zip(each, own, strict=True)) for each in others):
            yield row.network, row.batch


def costs_of(search: Exhaustive, task: Task, row: Row) -> tuple[float, ...]:
    share = task.fps * row.latency_ms / row.batch
    own = search.own_ms(task, row)
    assert row.power_w is not None and row.memory_mb is not None
    return (-row.accuracy, share, own, row.latency_ms, share * row.power_w, row.memory_mb)


# --- in a browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


def test_other_networks_are_tried(run: Run, tmp_path: Path, browser: Browser) -> None:
    file = tmp_path / "plan.html"
    assert "A plan with mean accuracy 73.05 %" in run("plan", ROBOT, "--page", file).out
    opened = Opened.at(browser, file)
    look = opened.page
    assert opened.text("#verdict").lower() == "the plan"
    assert opened.text("#value") == "mean accuracy 73.05 %"
    bars = look.locator(".budget .name").all_inner_texts()
    assert [re.sub(r"\s+", " ", each) for each in bars] == [
        "Time 53.7 % used, 59.7 % of 90.0 %",
        "Memory 285 MB used, 28.5 % of 1,000 MB",
        "Power 7.95 W used, 99.4 % of 8.00 W",
    ]
    assert not look.is_visible("#back")
    look.get_by_label("Network for obstacles").select_option(index=0)
    assert opened.text("#verdict").lower() == "does not keep every limit"
    assert "power: " in opened.text("#short") and "response of obstacles: " in opened.text("#short")
    address = look.url
    look.click("#back")
    assert opened.text("#verdict").lower() == "the plan"
    opened.close()
    again = Opened.at(browser, file, address[address.index("#") :])
    assert again.text("#verdict").lower() == "does not keep every limit"
    again.close()
    broken = Opened.at(browser, file, "#7,nothing,99")
    assert broken.text("#verdict").lower() == "the plan"
    broken.close()


@pytest.mark.parametrize("width", [360, 768, 1280, 2560])
def test_it_is_no_wider_than_the_window(tmp_path: Path, browser: Browser, width: int) -> None:
    file = advisor.plan_page(advisor.plan(ROBOT), tmp_path / "plan.html")
    opened = Opened.at(browser, file, viewport={"width": width, "height": 800})
    assert opened.ask("document.documentElement.scrollWidth") <= width
    opened.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_people_from_using_it(tmp_path: Path, browser: Browser, scheme: str) -> None:
    file = advisor.plan_page(advisor.plan(ROBOT), tmp_path / "plan.html")
    opened = Opened.at(browser, file, color_scheme=scheme)
    assert barriers(opened.page) == []
    opened.close()


def test_what_is_unknown_is_said_and_names_are_text(
    overlay: Overlay, tmp_path: Path, browser: Browser
) -> None:
    evil = "</script><img src=x onerror='window.ran = true'>"
    board = overlay.folder / "boards/small/board.yaml"
    board.write_text(re.sub(r"title: .*", f'title: "{evil}"', board.read_text()))
    overlay.measurements("resnet-18,eager,fp32,1,20,,,reported,my-notes")
    asked = {"board": "small", "workloads": {"one": {"require": {"fps": 2}}}}
    file = advisor.plan_page(advisor.plan(asked, overlay.folder), tmp_path / "plan.html")
    opened = Opened.at(browser, file)
    assert opened.ask("window.ran === undefined")
    assert evil in opened.text("#where")
    assert "Power\nunknown, no limit" in opened.text("#budgets")
    opened.close()


def test_what_is_known_of_a_budget_may_be_too_much(
    overlay: Overlay, tmp_path: Path, browser: Browser
) -> None:
    board = overlay.folder / "boards/small/board.yaml"
    board.write_text(board.read_text() + "memory: {value: 1 GB}\n")
    overlay.measurements(
        "resnet-18,eager,fp32,1,10,5,700,reported,my-notes",
        "enet,onnxruntime,fp32,1,9,5,,reported,my-notes",
    )
    of_resnet = {"architectures": "resnet-18"}
    asked = {
        "board": "small",
        "workloads": {
            "one": {"require": {"fps": 2}, "candidates": of_resnet},
            "two": {"require": {"fps": 2}, "candidates": {"architectures": "enet"}},
            "three": {"require": {"fps": 2}, "candidates": of_resnet},
        },
    }
    file = advisor.plan_page(advisor.plan(asked, overlay.folder), tmp_path / "plan.html")
    opened = Opened.at(browser, file)
    assert opened.text("#verdict").lower() == "does not keep every limit"
    assert "memory: at least 1,400 MB of 1,000 MB, short by at least 40.0 %" in opened.text(
        "#short"
    )
    assert "memory of two is unknown" in opened.text("#short")
    opened.close()


def test_figures_have_the_marks_of_the_table(
    overlay: Overlay, tmp_path: Path, browser: Browser
) -> None:
    board = overlay.folder / "boards/small/board.yaml"
    board.write_text(board.read_text().replace("{value: 2 W, error: 100 mW,", "{at_most: 2 W,"))
    asked = {"board": "small", "workloads": {"one": {"require": {"fps": 2}}}}
    answer = advisor.plan(asked, overlay.folder)
    opened = Opened.at(browser, advisor.plan_page(answer, tmp_path / "plan.html"))
    assert "Power\n<=" in opened.text("#budgets")
    assert "<= is an upper bound." in opened.text("#signs")
    opened.close()


def test_a_page_that_cannot_be_written_is_refused_first(run: Run, tmp_path: Path) -> None:
    ran = run("plan", tmp_path / "no-such-plan.yaml", "--page", tmp_path / "nowhere" / "plan.html")
    assert ran.code == 2
    assert "there is no folder" in ran.err


def test_a_page_needs_a_candidate_for_each_workload(run: Run, tmp_path: Path) -> None:
    asked = tmp_path / "impossible.yaml"
    asked.write_text(
        "board: jetson-tx1\nworkloads: {one: {require: {fps: '>= 5000'}}, two: {require: {fps: '>= 1'}}}\n"
    )
    page = tmp_path / "plan.html"
    ran = run("plan", asked, "--page", page)
    assert ran.code == 1
    assert "plan.html was not written: a workload has no candidate" in ran.err
    assert not page.exists()
    with pytest.raises(AdvisorError, match="no page of a plan"):
        advisor.plan_page(advisor.plan(asked), page)
