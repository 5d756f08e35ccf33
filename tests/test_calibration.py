"""What is sure is calibrated on decisions: how often picks by predictions break limits on other boards."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import advisor
from advisor.catalog.store import Catalog
from advisor.options import Requirements, read_requirements
from advisor.prediction.board_model import TRANSFERRED
from advisor.prediction.calibration import Calibration
from advisor.prediction.fit_store import FILE
from advisor.prediction.transfer.networks import Evidence
from advisor.prediction.transfer.regression import Measured
from advisor.prediction.transfer.trials import MOST_BROKEN, calibrated
from advisor.report.explorer.choice import choice
from advisor.report.explorer.document import document, question
from advisor.report.explorer.page import PURE, script
from advisor.solve.candidates.candidate import Candidate
from advisor.solve.candidates.gather import gather
from advisor.solve.recommend.pick import recommend
from tests import node
from tests.conftest import SOURCES, Overlay, Run
from tests.test_explorer import ANSWER, TOP, differences, expected
from tests.test_transfer import made_up
from tests.test_transfer_commands import DESCRIPTION, WEIGHTS, describe, table

if TYPE_CHECKING:
    from advisor.catalog.records import Floats

NETWORKS = 60
DEVICES = ("first", "second", "third", "fourth")
MEASURED = 12


def evidence(boards: int, surprises: float = 0.0) -> tuple[Evidence, Measured]:
    """Boards that ran 60 networks each, and the first 12 of them measured on a new one.

    Args:
        boards: how many.
        surprises: by how much some networks are slower on one board alone, whichever that is.
    """
    names, families, costs, (first, second, _) = made_up(NETWORKS, 4)
    random = np.random.default_rng(9)
    logs = []
    for place in range(boards + 1):
        noise = random.normal(0, 0.03, NETWORKS)
        slow = surprises * (np.arange(NETWORKS) >= MEASURED) * (random.random(NETWORKS) < 0.4)
        logs.append(first + place * (second - first) / 2 + noise + slow)
    places = np.arange(MEASURED)
    measured = Measured(places, logs[-1][places], np.array(names)[places])
    return Evidence.of(names, np.array(logs[:-1]), costs, families), measured


def test_where_predictions_are_as_good_as_they_say_errors_count_as_they_are() -> None:
    known, measured = evidence(4)
    found = calibrated(known, measured, DEVICES, range(4))
    assert found is not None
    assert (found.margin, found.boards) == (1.0, 4)
    assert found.broken <= MOST_BROKEN
    assert 100 < found.decisions <= 4 * 40


def test_where_networks_surprise_that_were_not_measured_errors_count_more() -> None:
    known, measured = evidence(4, surprises=0.25)
    found = calibrated(known, measured, DEVICES, range(4))
    assert found is not None
    assert found.margin > 1.2
    assert found.broken <= MOST_BROKEN


def test_it_takes_three_other_devices_that_ran_networks_so() -> None:
    known, measured = evidence(4)
    assert calibrated(known, measured, DEVICES, range(2)) is None
    assert calibrated(known, measured, ("first", "first", "second", "second"), range(4)) is None
    assert calibrated(known, measured, DEVICES, (0, 2, 3)) is not None


def test_boards_of_one_device_do_not_predict_each_other() -> None:
    """A copy of a board would be predicted from it exactly."""
    known, measured = evidence(4, surprises=0.25)
    twice = replace(
        known,
        references=np.concatenate([known.references, known.references]),
        known=np.concatenate([known.known, known.known]),
    )
    as_copies = calibrated(twice, measured, (*DEVICES, *DEVICES), range(8))
    as_devices = calibrated(twice, measured, [f"device-{place}" for place in range(8)], range(8))
    assert as_copies is not None
    assert as_devices is not None
    assert as_copies.margin > as_devices.margin


# --- what a person sees of it


@pytest.fixture(scope="module")
def boards(tmp_path_factory: pytest.TempPathFactory) -> Overlay:
    """A new board of which 12 networks are measured, and four boards that have run 60."""
    overlay = Overlay(tmp_path_factory.mktemp("calibrated") / "catalog")
    names, families, costs, (first, second, _) = made_up(NETWORKS, 4)
    overlay.write("sources.yaml", SOURCES)
    describe(overlay, names, families, costs)
    random = np.random.default_rng(9)
    for place, board in enumerate((*DEVICES, "new", "lonely")):
        log: Floats = first + place * (second - first) / 2 + random.normal(0, 0.03, NETWORKS)
        overlay.write(f"boards/{board}/board.yaml", DESCRIPTION.format(name=board, scope="whole"))
        times_ms = dict(zip(names, (30 * np.exp(log)).tolist(), strict=True))
        some = names if board in DEVICES else names[:MEASURED]
        table(overlay, board, {name: times_ms[name] for name in some})
    advisor.fit("new", unlike="lonely", catalog=overlay.folder)
    advisor.fit("lonely", unlike=("new", *DEVICES[2:]), catalog=overlay.folder)
    return overlay


def asked(overlay: Overlay, board: str = "new", **limits: str) -> dict[str, Any]:
    given = limits or {"where": "time <= 22 ms"}
    return {"board": board, "catalog": overlay.folder, "candidates": "all", **given}


def words(overlay: Overlay, board: str = "new") -> tuple[str | Path, ...]:
    where = ("--board", board, "--catalog", overlay.folder, "--candidates", "all")
    return ("pick", *where, "--where", "time <= 22 ms")


def with_margin(overlay: Overlay, margin: float) -> None:
    """Write another margin into the fit of the new board."""
    file = overlay.folder / "boards/new" / FILE
    fit = json.loads(file.read_text())
    for metrics in fit["transfer"]["errors"].values():
        metrics["latency_ms"]["calibration"]["margin"] = margin
    file.write_text(json.dumps(fit))


def test_a_predicted_pick_says_on_how_many_decisions_it_is_calibrated(
    run: Run, boards: Overlay
) -> None:
    found = advisor.pick(**asked(boards))
    (calibration,) = found.calibrations.values()
    assert isinstance(calibration, Calibration)
    assert (calibration.boards, calibration.margin) == (4, 1.0)
    said = " ".join(run(*words(boards)).out.split())
    told = f"of {calibration.decisions} such picks on 4 other devices, each taken as new, "
    assert f"Predicted, and calibrated on decisions: {told}" in said
    assert f"{100 * calibration.broken:.1f} % broke their limit." in said
    assert "--verify 5 measures it before it ships" in said
    answer = json.loads(run(*words(boards), "--json").out)
    assert answer["calibrations"] == {
        "latency_ms": {
            name: pytest.approx(getattr(calibration, name), rel=1e-5)
            for name in ("margin", "decisions", "boards", "broken")
        }
    }


def test_where_too_few_boards_ran_networks_so_it_says_that_nothing_is_calibrated(
    run: Run, boards: Overlay
) -> None:
    found = advisor.pick(**asked(boards, "lonely"))
    assert found.calibrations == {"latency_ms": None}
    said = " ".join(run(*words(boards, "lonely")).out.split())
    assert (
        "Predicted: how often the best of many such predictions turns out wrong is unknown" in said
    )
    assert "--verify 5 measures it before it ships" in said


def test_what_was_measured_needs_no_calibration(run: Run, boards: Overlay) -> None:
    found = advisor.pick(**{**asked(boards), "candidates": "board"})
    assert found.calibrations == {}
    measured = run("pick", "--board", "first", "--catalog", boards.folder, "--latency", "50ms")
    assert "Predicted" not in measured.out
    assert "--verify" not in measured.out
    unlimited = advisor.pick(board="new", catalog=boards.folder, candidates="all")
    assert unlimited.calibrations == {}


def by_name(overlay: Overlay) -> dict[str, Candidate]:
    found = advisor.pick(**asked(overlay), confidence="none", top=NETWORKS)
    return {each.architecture: each for each in found.candidates}


def test_a_margin_widens_errors_in_decisions_and_no_interval(boards: Overlay) -> None:
    narrow = by_name(boards)
    with_margin(boards, 2.0)
    try:
        wide = by_name(boards)
        surely = advisor.pick(**asked(boards))
    finally:
        with_margin(boards, 1.0)
    assert narrow.keys() == wide.keys()
    moved = 0
    for name, each in wide.items():
        time, before = each.time_per_image_ms, narrow[name].time_per_image_ms
        assert time is not None
        assert time == before
        chance, surer = each.chance, narrow[name].chance
        assert chance is not None
        assert surer is not None
        if time.source != TRANSFERRED:
            assert chance == surer
            continue
        assert time.high is not None
        spread = 2 * np.log(time.high / time.value) / 1.6448536269514722
        z = np.log(22 / time.value) / spread
        assert chance == pytest.approx(_below(z), abs=1e-6)
        moved += surer - chance > 1e-3
    assert moved >= 3
    assert surely.best is not None
    (calibration,) = surely.calibrations.values()
    assert calibration is not None
    assert calibration.margin == 2.0


def _below(z: float) -> float:
    from scipy.stats import norm

    return float(norm.cdf(z))


@pytest.mark.parametrize("margin", [1.0, 1.75])
def test_the_page_knows_margins(tmp_path: Path, boards: Overlay, margin: float) -> None:
    given: list[Requirements] = [
        read_requirements(
            {}, **{**asked(boards), "catalog": str(boards.folder), "where": [limit], **more}
        )
        for limit, more in (
            ("time <= 22 ms", {}),
            ("time <= 12 ms", {"confidence": 0.6}),
            ("energy <= 0.2 J", {"objective": "accuracy within 5 points, fps"}),
        )
    ]
    with_margin(boards, margin)
    try:
        catalog = Catalog.open(boards.folder)
        answers = node.answered(
            tmp_path,
            f"{script(PURE)}{ANSWER} const table = readTable(given[0]);"
            "return given[1].map((asked) => answerTo(table, askedSettings({ ...table, asked })));",
            document(choice(catalog, given[0])),
            list(map(question, given)),
        )
        for each, answer in zip(given, answers, strict=True):
            found = recommend(gather(catalog, each), replace(each, top=TOP))
            answer.pop("command"), answer.pop("onBoards")
            assert list(differences(expected(found), answer)) == []
    finally:
        with_margin(boards, 1.0)


@pytest.mark.parametrize("board", ["new", "lonely", "first"])
def test_the_page_says_what_the_command_says(
    tmp_path: Path, run: Run, boards: Overlay, board: str
) -> None:
    given: dict[str, Any] = {**asked(boards, board), "catalog": str(boards.folder)}
    limits = {"where": [given.pop("where")]}
    said = node.answered(
        tmp_path,
        f"{script((*PURE, 'details', 'answer'))} const table = readTable(given[0]);"
        "const answer = choose(table, askedSettings(table));"
        "return doubtsOf({ ...answer, unlike: [] });",
        document(choice(Catalog.open(boards.folder), read_requirements({}, **given, **limits))),
    )
    of_predictions = [each for each in said if each.startswith("Predicted")]
    told = " ".join(run(*words(boards, board)).out.split())
    assert len(of_predictions) == (board != "first")
    assert all(each in told for each in of_predictions)


def test_a_margin_below_one_is_refused(run: Run, boards: Overlay) -> None:
    with_margin(boards, 0.5)
    try:
        ran = run(*words(boards))
    finally:
        with_margin(boards, 1.0)
    assert "found 0.5; expected a number from 1" in " ".join((ran.out + ran.err).split())


# --- figures that were found, with errors that are known


@pytest.mark.parametrize("count", [14, 400])
def test_of_figures_with_known_errors_the_luckiest_breaks_its_limit_seldom(
    overlay: Overlay, count: int
) -> None:
    """With the error of the least reproducible source, however many there are to choose from."""
    within = 0.11
    random = np.random.default_rng(count)
    logs = random.uniform(0, np.log(100), count)
    top1 = np.round(60 + 6 * logs + random.normal(0, 4, count), 2)
    names = [f"net_{place}@224" for place in range(count)]
    entries = [
        f"{name}:\n  family: net\n  input: 3x224x224\n  reference: made up\n" for name in names
    ]
    overlay.write("architectures.yaml", "".join(entries))
    known = '  reproducibility: {within: 11 %, evidence: "made up"}\n'
    overlay.write("sources.yaml", SOURCES + known)
    tops = [f"{name},own,{top},,,,reported,my-notes" for name, top in zip(names, top1, strict=True)]
    overlay.write("weights.csv", "\n".join([WEIGHTS, *tops]) + "\n")
    overlay.write("boards/many/board.yaml", DESCRIPTION.format(name="many", scope="whole"))
    broken = []
    least, most = np.quantile(logs, (0.05, 0.95)).tolist()

    def within_time(time_ms: float) -> Requirements:
        asked_for: dict[str, Any] = {"where": [f"time <= {time_ms:.6g} ms"]}
        return read_requirements({}, board="many", catalog=str(overlay.folder), **asked_for)

    for _ in range(5):
        found = logs + random.normal(0, np.log1p(within) / 1.6448536269514722, count)
        table(overlay, "many", dict(zip(names, np.exp(found).tolist(), strict=True)))
        candidates = gather(Catalog.open(overlay.folder), within_time(10))
        for limit in random.uniform(least, most, 40).tolist():
            best = recommend(candidates, within_time(float(np.exp(limit)))).best
            if best is not None:
                assert best.mark == "sure"
                broken.append(logs[names.index(best.architecture)] > limit)
    assert len(broken) > 100
    assert 0 <= np.mean(broken) <= MOST_BROKEN / 2
