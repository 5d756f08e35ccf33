"""The explorer where networks are for several tasks: one page, and of each task what the command answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from advisor.catalog.store import Catalog
from advisor.errors import AdvisorError
from advisor.options import BY_BOARD, Requirements, read_requirements
from advisor.report.explorer.choice import choice, choices
from advisor.report.explorer.document import document, question, task_document
from advisor.report.explorer.page import PURE, page, script
from advisor.solve.candidates.gather import gather
from advisor.solve.recommend.pick import recommend
from tests import node
from tests.browser import Opened, barriers, chromium
from tests.test_explorer import (
    ANSWER,
    RELAXED,
    TOP,
    Asking,
    agrees,
    differences,
    expected,
    identity,
    limits,
    read_command,
    relaxed,
)
from tests.test_own_networks import NODES, WEIGHTS, saved

PHONE, METERED, DETECTING = (
    "galaxy-s24.qualcomm-ai-hub-0.46.1",
    "jetson-xavier-nx.maxq.mlperf-v2.0-nvidia",
    "cloud-ai-100-kit.25w.mlperf-v2.0-krai",
)
EVERYWHERE = f"{PHONE},{METERED},{DETECTING}"
TASKS = ("classification", "detection", "segmentation", "pose")


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return Catalog.open(tmp_path_factory.mktemp("own"))


class AskingForATask(Asking):
    """Made-up questions to boards of which not all have networks for it."""

    BOARDS = (EVERYWHERE,)
    VARIANTS = ({"precision": "int8"}, {"runtime": "tflite", "batch": "1"})

    def questions(self, count: int) -> Iterator[Requirements]:
        """Those that can be asked: batch sizes and ways to run may be of another task alone."""
        while count:
            (found,) = super().questions(1)
            with suppress(AdvisorError):
                gather(self.catalog, found)
                count -= 1
                yield found


@pytest.mark.parametrize("candidates", ["board", "all"])
def test_the_page_chooses_as_the_command_does_for_each_task(
    tmp_path: Path, shipped: Catalog, candidates: str
) -> None:
    """Same pick, order, chances, intervals and offers, of one page for all of its tasks."""
    count = 8 if candidates == "board" else 2
    asked = [
        (task, each)
        for task in TASKS
        for each in AskingForATask(shipped, 22, task=task, candidates=candidates).questions(count)
    ]
    found = choices(
        shipped,
        read_requirements(
            {},
            board=EVERYWHERE,
            candidates=candidates,
            catalog=str(shipped.own_folder),
        ),
    )
    assert [each.candidates.quality.task for each in found] == list(TASKS)
    answers = node.answered(
        tmp_path,
        f"""{script(PURE)}{ANSWER}{RELAXED} const first = readTable(given[0]);
        return given[1].map(([task, asked]) => {{
            const table = {{ ...first.ofTask(task), asked }};
            const settings = askedSettings(table);
            const offers = choose(table, settings).best === null;
            return [answerTo(table, settings), offers ? relaxedBy(table, settings) : null];
        }});""",
        document(*found),
        [[task, question(each)] for task, each in asked],
    )
    feasible = relaxed_ = 0
    for (task, each), (answer, offers) in zip(asked, answers, strict=True):
        right = recommend(gather(shipped, each), replace(each, top=TOP))
        feasible += right.best is not None
        command, on_boards = answer.pop("command"), answer.pop("onBoards")
        read = read_command(command)
        assert gather(shipped, read).quality.task == task, command
        assert replace(read, selection=replace(read.selection, task=task)) == each
        by_board = recommend(gather(shipped, each), replace(each, by=BY_BOARD)).candidates
        assert on_boards == list(map(identity, by_board)), command
        assert list(differences(expected(right), answer)) == [], command
        if right.best is None:
            relaxed_ += bool(right.relaxations)
            offered = {
                "alone": list(map(relaxed, right.relaxations)),
                "together": relaxed(right.together),
                "impossible": list(map(limits, right.impossible)),
                "isInterrupted": True,
            }
            assert list(differences(offered, offers, within=1e-5)) == [], command
    assert 0.2 < feasible / len(asked) < 0.9
    assert relaxed_ > 0


def test_what_tasks_have_in_common_stands_once(shipped: Catalog) -> None:
    """And the page of all boards is hardly larger for it than that of one task."""
    found = choices(shipped, read_requirements({}, board="any", catalog=str(shipped.own_folder)))
    whole, first = document(*found), document(found[0])
    assert [each["accuracy"]["quality"]["metric"] for each in whole["tasks"]] == [
        "top-1", "mAP50-95", "mIoU", "AP"
    ]  # fmt: skip
    assert {"architectures", "lattices", "limits"} <= whole["common"].keys()
    assert len(page(first)) < len(page(whole)) < min(1.3 * len(page(first)), 1_200_000)


def test_other_tasks_are_asked_without_what_is_of_one_alone(
    shipped: Catalog, tmp_path: Path
) -> None:
    def tasks(**asked: object) -> list[tuple[str, list[str]]]:
        said = {"board": EVERYWHERE, "catalog": str(shipped.own_folder), **asked}
        limits = {name: said.pop(name) for name in ("accuracy", "fps") if name in said}
        found = choices(shipped, read_requirements(limits, **said))  # type: ignore[arg-type]
        return [
            (each.candidates.quality.task, [one.name for one in each.requirements.constraints])
            for each in found
        ]

    assert tasks(accuracy=70, fps=5)[:2] == [
        ("classification", ["accuracy", "fps"]),
        ("detection", ["fps"]),
    ]
    assert [task for task, _ in tasks(task="pose")] == [
        "pose", "classification", "detection", "segmentation"
    ]  # fmt: skip
    assert [task for task, _ in tasks(families="ResNet")] == ["classification"]
    assert [task for task, _ in tasks(data_set="imagenet-1k")] == ["classification"]
    assert [task for task, _ in tasks(board=DETECTING)] == ["detection"]
    # Neither a network of one's own nor its accuracy says what it is for: of another task it would be a lie.
    own = {"mine": str(saved(tmp_path / "net.onnx", NODES, WEIGHTS))}
    assert [task for task, _ in tasks(accuracy_of={"resnet50": "75"})] == ["classification"]
    assert [task for task, _ in tasks(board=PHONE, include=own)] == ["classification"]


@pytest.mark.parametrize(
    ("objective", "kept"),
    [("top5", False), ("top5 within 1 points, energy", False), ("accuracy within 5, energy", True)],
)
def test_an_objective_of_one_task_alone_ranks_for_no_other(
    tmp_path: Path, shipped: Catalog, objective: str, kept: bool
) -> None:
    """No detector has a top-5 accuracy: a ranking by that would be one by names."""
    asked = read_requirements(
        {"fps": 5}, board=EVERYWHERE, objective=objective, catalog=str(shipped.own_folder)
    )
    usual = read_requirements({}, catalog=str(shipped.own_folder)).objective
    found = choices(shipped, asked)
    for each in found[1:]:
        assert each.requirements.objective == (asked.objective if kept else usual)
    command, x, y = node.answered(
        tmp_path,
        f"""{script(PURE)} const first = readTable(given[0]), table = first.ofTask("detection");
        const drawn = {{ ...askedSettings(first), y: "accuracy_top5_percent" }};
        const settings = withTask(first, drawn, "detection");
        return [commandOf(table, settings), settings.x, settings.y];""",
        document(*found),
    )
    read = read_command(command)
    assert read.selection.task == "detection" and len(read.constraints) == 1
    assert read.objective == (asked.objective if kept else usual)
    assert (x, y) == ("time_per_image_ms", "accuracy_percent")


def test_a_task_without_words_is_that_of_the_command(tmp_path: Path, shipped: Catalog) -> None:
    """As where none is asked for: classification, else the only one of the boards."""
    asked = read_requirements({}, board=EVERYWHERE, catalog=str(shipped.own_folder))
    boards = [[PHONE], [DETECTING], None]
    usual = node.answered(
        tmp_path,
        f"{script(PURE)} const table = readTable(given[0]);"
        "return given[1].map((boards) => usualTask(table, boards));",
        task_pages := document(*choices(shipped, asked)),
        boards,
    )
    assert usual == ["classification", "detection", "classification"]
    assert len(task_pages["tasks"]) == len(TASKS)
    own = task_document(choice(shipped, replace(asked, boards=(DETECTING,))))
    assert own["accuracy"]["quality"]["task"] == "detection"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


def test_the_task_is_a_choice_on_the_page(
    browser: Browser, shipped: Catalog, tmp_path: Path
) -> None:
    asked = read_requirements(
        {"accuracy": 60, "fps": 5}, board=EVERYWHERE, catalog=str(shipped.own_folder)
    )
    path = tmp_path / "page.html"
    path.write_text(page(document(*choices(shipped, asked))), encoding="utf-8")
    opened = Opened.at(browser, path)
    look = opened.page
    agrees(opened, shipped)
    assert "top-1" in opened.text("#figures") and "for classification" in opened.text("#where")
    look.focus("#task")
    look.select_option("#task", label="detection")
    agrees(opened, shipped)
    assert "--task detection" in opened.text("#command")
    assert "--fps 5" in opened.text("#command")
    assert "accuracy" not in opened.text("#command")  # 60 % of top-1 is no mAP
    assert "mAP50-95" in opened.text("#figures") and "top-1" not in opened.text("#answer")
    asked = read_command(opened.text("#command"))
    overlooked = recommend(gather(shipped, asked), asked).overlooked
    assert overlooked is not None  # since nobody knows the accuracy of some
    said = f"{overlooked.count} candidates of {overlooked.networks} networks might be better"
    assert said in opened.text("#why")
    assert opened.ask("document.activeElement.id") == "task"
    titles = look.locator("#y-axis option").all_inner_texts()
    assert "mAP50-95" in titles and "top-1 accuracy" not in titles
    assert "highest mAP50-95" in look.locator("#objective option").all_inner_texts()
    assert "mAP50-95" in look.locator("#controls label").all_inner_texts()  # with its small letter
    said = opened.ask("explorer.sharedText()")
    assert "for detection" in said and "highest mAP50-95" in said
    look.fill("#accuracy", "75")
    agrees(opened, shipped)
    assert opened.text("#verdict").lower() == "nothing fits"
    look.locator("#offers button").first.click()
    agrees(opened, shipped)
    opened.wait_until("/task=detection.*accuracy=(?!75)/.test(location.hash)")
    before = [opened.text(place) for place in ("#pick", "#command", "#where")]
    look.reload()
    opened.drawn()
    assert [opened.text(place) for place in ("#pick", "#command", "#where")] == before
    opened.follow("#task=pose&fps=5")
    agrees(opened, shipped)
    look.fill("#board", DETECTING)  # which has none
    agrees(opened, shipped)
    assert look.input_value("#board") == DETECTING
    assert look.locator("#task option:checked").inner_text() == "detection"
    opened.follow(f"#task={PHONE}&fps=5")
    assert f"task={PHONE}" in opened.text("#notes")
    look.get_by_role("button", name="Reset to what was asked").click()
    agrees(opened, shipped)
    assert "--accuracy 60" in opened.text("#command")
    opened.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_people_from_using_the_page_of_all_boards(
    browser: Browser, shipped: Catalog, tmp_path: Path, scheme: str
) -> None:
    asked = read_requirements({"fps": 30}, board="any", catalog=str(shipped.own_folder))
    path = tmp_path / "page.html"
    path.write_text(page(document(*choices(shipped, asked))), encoding="utf-8")
    opened = Opened.at(browser, path, color_scheme=scheme)
    assert barriers(opened.page) == []
    opened.close()


def test_a_page_of_one_task_offers_no_other(
    browser: Browser, shipped: Catalog, tmp_path: Path
) -> None:
    for board, heading in ((DETECTING, "for detection"), ("jetson-tx1", "on jetson-tx1 (NVIDIA")):
        asked = read_requirements({"fps": 5}, board=board, catalog=str(shipped.own_folder))
        path = tmp_path / "page.html"
        path.write_text(page(document(*choices(shipped, asked))), encoding="utf-8")
        opened = Opened.at(browser, path)
        assert opened.text("#where").startswith(heading)
        assert opened.page.locator("#task").count() == 0
        agrees(opened, shipped)
        opened.close()
