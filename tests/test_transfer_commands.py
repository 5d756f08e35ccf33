"""`advisor suggest`, `advisor fit --like` and `advisor predict --all` on boards that someone brought."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import advisor
from advisor.catalog.store import Catalog
from advisor.prediction.board_model import Recipe
from advisor.prediction.fit_store import PREDICTIONS
from advisor.prediction.recipe import UNSAID, recipe_asked
from advisor.prediction.transfer.boards import references_of
from tests.conftest import HEADER, SOURCES, Overlay, Ran, Run
from tests.test_transfer import made_up

if TYPE_CHECKING:
    from advisor.catalog.records import Floats

NETWORKS = 60
WEIGHTS = "architecture,weights,top1_percent,top1_low_percent,top1_high_percent,top5_percent,origin,source"
DESCRIPTION = """\
title: "{name}"
cost: reported
weights: own
power_scope: "{scope}"
memory_scope: "{scope}"
source: my-notes
"""


@pytest.fixture
def boards(tmp_path: Path) -> Overlay:
    """Two boards that have run 60 networks, and a new one that has run none."""
    names, families, costs, logs = made_up(NETWORKS, 11)
    overlay = Overlay(tmp_path / "catalog")
    overlay.write("sources.yaml", SOURCES)
    describe(overlay, names, families, costs)
    for board, log in zip(("first", "second", "new"), logs, strict=True):
        overlay.write(f"boards/{board}/board.yaml", DESCRIPTION.format(name=board, scope="whole"))
        table(
            overlay,
            board,
            {name: float(np.exp(each)) for name, each in zip(names, log, strict=True)},
        )
    return overlay


def describe(
    overlay: Overlay, names: Sequence[str], families: Sequence[str], costs: Floats
) -> None:
    """Write made-up networks, their costs and accuracies into a catalog."""
    entries = [
        f"{name}:\n  family: {family}\n  input: 3x224x224\n  reference: made up\n  reported:\n"
        f"    source: my-notes\n    params: {{value: {1e6 * np.exp(params):.0f}}}\n"
        f"    operations: {{value: {1e9 * np.exp(operations):.0f}}}\n"
        f"    activations: {{value: {1e6 * np.exp(activations):.0f}}}\n"
        for name, family, (operations, activations, params) in zip(
            names, families, costs, strict=True
        )
    ]
    overlay.write("architectures.yaml", "".join(entries))
    tops = [f"{name},own,{60 + row % 30},,,,reported,my-notes" for row, name in enumerate(names)]
    overlay.write("weights.csv", "\n".join([WEIGHTS, *tops]) + "\n")


def table(overlay: Overlay, board: str, times_ms: dict[str, float]) -> None:
    rows = [
        f"{name},eager,fp32,1,{time_ms:.6g},{5 + time_ms / 100:.6g},{300 + 10 * time_ms:.6g},"
        "reported,my-notes"
        for name, time_ms in times_ms.items()
    ]
    overlay.write(f"boards/{board}/measurements.csv", "\n".join([HEADER, *rows]) + "\n")


def truth(overlay: Overlay, board: str = "new") -> dict[str, float]:
    text = (overlay.folder / f"boards/{board}/measurements.csv").read_text()
    return {
        row["architecture"]: float(row["latency_ms"]) for row in csv.DictReader(io.StringIO(text))
    }


def measure(overlay: Overlay, names: list[str]) -> dict[str, float]:
    """Leave only these networks' rows on the new board; what all would take comes back."""
    whole = truth(overlay)
    table(overlay, "new", {name: whole[name] for name in names})
    return whole


def suggested(run: Run, overlay: Overlay, count: int) -> list[str]:
    asked = ("--like", "first", "--like", "second", "--count", count, "--csv")
    ran = run("suggest", *asked, "--catalog", overlay.folder)
    assert (ran.code, ran.err) == (0, "")
    return ran.out.splitlines()


LIKE = ("--like", "first", "--like", "second")


def predicted_from(fitted: Ran) -> str:
    """The reference boards that a fit names."""
    assert fitted.code == 0, fitted.err
    return " ".join(fitted.out.split()).partition("predicted from ")[2].partition(" transfer ")[0]


def test_suggested_networks_predict_all_others(run: Run, boards: Overlay) -> None:
    where = ("--catalog", boards.folder)
    names = suggested(run, boards, 12)
    assert len(set(names)) == 12
    whole = measure(boards, names)
    fitted = run("fit", "new", *LIKE, *where)
    assert fitted.code == 0, fitted.err
    assert "48 networks that were not run here, predicted from " in " ".join(fitted.out.split())
    ran = run("predict", "--all", "--board", "new", "--csv", *where)
    assert ran.code == 0
    rows = {row["architecture"]: row for row in csv.DictReader(io.StringIO(ran.out))}
    assert rows.keys() >= whole.keys()
    said = [rows[name] for name in whole if name not in names]
    assert {row["origin"] for row in said} == {"predicted"}
    errors = [abs(float(row["time_per_image_ms"]) / whole[row["architecture"]] - 1) for row in said]
    assert np.mean(errors) < 0.15
    held = [float(row["low"]) <= whole[row["architecture"]] <= float(row["high"]) for row in said]
    assert np.mean(held) > 0.8
    assert all(rows[name]["origin"] == "reported" for name in names)


def test_power_and_memory_are_predicted_where_scopes_agree(run: Run, boards: Overlay) -> None:
    where = ("--catalog", boards.folder)
    measure(boards, suggested(run, boards, 12))
    assert run("fit", "new", *LIKE, *where).code == 0
    lines = (boards.folder / "boards/new" / PREDICTIONS).read_text().splitlines()
    with_power = next(csv.DictReader(lines))
    assert float(with_power["net_power_w"]) > 0
    assert float(with_power["memory_mb"]) > 0
    for other in ("first", "second"):
        text = DESCRIPTION.format(name=other, scope="processor alone")
        boards.write(f"boards/{other}/board.yaml", text)
    assert run("fit", "new", *LIKE, *where).code == 0
    lines = (boards.folder / "boards/new" / PREDICTIONS).read_text().splitlines()
    assert next(csv.DictReader(lines))["net_power_w"] == ""


def test_pick_chooses_among_what_is_predicted(run: Run, boards: Overlay) -> None:
    where = ("--catalog", boards.folder)
    whole = measure(boards, suggested(run, boards, 12))
    run("fit", "new", *LIKE, *where)
    limit = np.median(list(whole.values()))
    asked = ("--board", "new", "--candidates", "all", "--latency", f"{limit}ms", *where)
    ran = run("pick", *asked, "--json")
    assert ran.code == 0
    best = json.loads(ran.out)["best"]
    assert best["batch_latency_ms"]["origin"] in ("predicted", "reported")
    everyone = [best, *json.loads(ran.out)["alternatives"]]
    assert "advisor-transfer" in {each["batch_latency_ms"]["source"] for each in everyone}


def test_a_fit_is_stale_once_a_reference_changed(run: Run, boards: Overlay) -> None:
    where = ("--catalog", boards.folder)
    measure(boards, suggested(run, boards, 12))
    run("fit", "new", *LIKE, *where)
    changed = truth(boards, "first")
    changed[next(iter(changed))] *= 2
    table(boards, "first", changed)
    ran = run("predict", "--all", "--board", "new", *where)
    said = " ".join((ran.out + ran.err).split())
    assert "board first, which the fit of new rests on, changed or went" in said
    assert "advisor fit new" in said
    assert run("fit", "new", *where).code == 0
    assert "rests on" not in run("predict", "--all", "--board", "new", *where).out


def test_the_mend_of_a_stale_fit_keeps_how_it_was_fitted(run: Run, boards: Overlay) -> None:
    where = ("--catalog", boards.folder)
    whole = measure(boards, suggested(run, boards, 12))
    run("fit", "new", *LIKE, *where)
    kept = truth(boards)
    more = next(name for name in whole if name not in kept)
    table(boards, "new", {**kept, more: whole[more]})
    said = run("predict", "--all", "--board", "new", *where).out
    assert "stale; run: advisor fit new" in " ".join(said.split())
    (boards.folder / "boards/new" / PREDICTIONS).write_text("nothing\n")
    said = run("predict", "--all", "--board", "new", *where).out
    assert "run: advisor fit new" in " ".join(said.split())
    again = run("fit", "new", *where)
    assert (again.code, again.err) == (0, "")
    assert {"first", "second"} <= set(predicted_from(again).split())


def test_a_board_that_is_gone_is_left_out_and_named(run: Run, boards: Overlay) -> None:
    where = ("--catalog", boards.folder)
    measure(boards, suggested(run, boards, 12))
    assert run("fit", "new", *LIKE, *where).code == 0
    shutil.rmtree(boards.folder / "boards/first")
    again = run("fit", "new", *where)
    assert again.code == 0
    assert "warning: board first is gone: new is fitted without it" in again.err
    assert "predicted from second" in again.out


def test_auto_is_kept_as_the_boards_that_it_chose(run: Run, boards: Overlay) -> None:
    where = ("--catalog", boards.folder)
    measure(boards, suggested(run, boards, 15))
    chosen = predicted_from(run("fit", "new", "--like", "auto", *where))
    assert predicted_from(run("fit", "new", *where)) == chosen


def test_boards_alike_predict_a_board_that_nobody_said_anything_of(
    run: Run, boards: Overlay
) -> None:
    where = ("--catalog", boards.folder)
    measure(boards, suggested(run, boards, 12))
    plain = run("fit", "new", *where)
    said = predicted_from(plain)
    assert "first (" in said
    assert "second (" in said
    assert "run on the same processor, precision and runtime" in said
    assert run("fit", "new", "--like", "auto", *where).out == plain.out


def test_what_is_unknown_of_boards_is_not_called_the_same(run: Run, boards: Overlay) -> None:
    where = ("--catalog", boards.folder)
    measure(boards, suggested(run, boards, 12))
    unknown = predicted_from(run("fit", "new", *where))
    same = "run on the same processor, precision and runtime"
    assert f"{same}, as far as known: of some the processor is unknown" in unknown
    predicted = run("predict", "--all", "--board", "new", "--csv", *where).out
    for name in ("first", "second", "new"):
        text = DESCRIPTION.format(name=name, scope="whole") + "processor: one core\n"
        boards.write(f"boards/{name}/board.yaml", text)
    assert "as far as known" not in predicted_from(run("fit", "new", *where))
    assert run("predict", "--all", "--board", "new", "--csv", *where).out == predicted
    for name in ("first", "second", "new"):
        path = boards.folder / f"boards/{name}/measurements.csv"
        path.write_text(path.read_text().replace(",fp32,", ",unknown,"))
    assert "of some the precision is unknown" in predicted_from(run("fit", "new", *where))


def test_what_is_left_out_stays_out_until_none_lets_it_in(run: Run, boards: Overlay) -> None:
    where = ("--catalog", boards.folder)
    measure(boards, suggested(run, boards, 12))
    for text in ("first", "fi*"):
        said = predicted_from(run("fit", "new", "--unlike", text, *where))
        assert said.startswith("second (")
        assert "first" not in said
        assert "first" not in predicted_from(run("fit", "new", *where))
    assert "first (" in predicted_from(run("fit", "new", "--like", "first", *where))
    assert "first" not in predicted_from(run("fit", "new", "--like", "auto", *where))
    assert "first (" in predicted_from(run("fit", "new", "--unlike", "none", *where))
    assert "first (" in predicted_from(run("fit", "new", *where))


def test_a_board_of_another_kind_counts_where_it_is_named(run: Run, boards: Overlay) -> None:
    where = ("--catalog", boards.folder)
    for name, times in (("third", truth(boards, "first")), ("far", truth(boards))):
        boards.write(f"boards/{name}/board.yaml", DESCRIPTION.format(name=name, scope="whole"))
        table(boards, name, times)
    path = boards.folder / "boards/far/measurements.csv"
    path.write_text(path.read_text().replace(",fp32,", ",int8,"))
    measure(boards, suggested(run, boards, 12))
    assert "far (" not in predicted_from(run("fit", "new", *where))
    named = predicted_from(run("fit", "new", "--like", "far", *where))
    assert named.startswith("far (")
    assert "run on the same processor, precision and runtime" in named
    assert predicted_from(run("fit", "new", *where)) == named


def test_a_board_that_nobody_fitted_is_fitted_where_it_is_predicted(
    run: Run, boards: Overlay
) -> None:
    where = ("--catalog", boards.folder)
    names = suggested(run, boards, 12)
    whole = measure(boards, names)
    asked = ("pick", "--board", "new", "--candidates", "all", "--top", "9999", "--csv", *where)
    first = run(*asked)
    assert first.code == 0
    assert "new: it is fitted now for the first time; advisor fit new shows" in first.err
    assert {row["architecture"] for row in csv.DictReader(io.StringIO(first.out))} >= whole.keys()
    again = run(*asked)
    assert again.out == first.out
    assert "fitted now" not in again.err
    (boards.folder / "boards/new/fit.json").unlink()
    assert run("predict", names[0], "--board", "new", *where).code == 0
    assert not (boards.folder / "boards/new/fit.json").exists()
    other = next(each for each in whole if each not in names)
    said = " ".join(run("predict", other, "--board", "new", *where).out.split())
    assert "new: it is fitted now for the first time" in said
    assert (boards.folder / "boards/new/fit.json").exists()


def test_what_a_board_ran_otherwise_predicts_it_too(run: Run, boards: Overlay) -> None:
    where = ("--catalog", boards.folder)
    names = suggested(run, boards, 12)
    whole = truth(boards)
    path = boards.folder / "boards/new/measurements.csv"
    header, *rows = path.read_text().splitlines()
    halves = [f"{name},eager,int8,1,{whole[name] / 2:.6g},,,reported,my-notes" for name in names]
    path.write_text("\n".join([header, *rows, *halves]) + "\n")
    said = predicted_from(run("fit", "new", *where))
    assert said.startswith("what new ran otherwise (")
    ran = run("predict", "--all", "--board", "new", "--csv", *where)
    found = [row for row in csv.DictReader(io.StringIO(ran.out)) if row["precision"] == "int8"]
    off = [
        float(row["time_per_image_ms"]) / whole[row["architecture"]] * 2 - 1
        for row in found
        if row["origin"] == "predicted" and row["architecture"] in whole
    ]
    assert len(off) == NETWORKS - 12
    assert np.mean(np.abs(off)) < 0.05
    alone = run("fit", "new", "--unlike", "first", "--unlike", "second", *where)
    assert predicted_from(alone).startswith("what new ran otherwise (")
    assert run("predict", names[0], "--board", "new", *where).code == 0


def test_a_figure_that_others_contradict_is_neither_fitted_to_nor_a_reference(
    run: Run, boards: Overlay
) -> None:
    where = ("--catalog", boards.folder)
    names = suggested(run, boards, 12)
    whole = measure(boards, names)
    wrong = next(name for name in whole if name not in names)
    for board, name in (("first", wrong), ("second", wrong), ("new", names[0])):
        path = boards.folder / f"boards/{board}/measurements.csv"
        header, *rows = path.read_text().splitlines()
        rows = [f"{row}," for row in rows if not row.startswith(f"{name},")]
        taken = f"{name},eager,fp32,1,{whole[name] * 50:.6g},,,reported,my-notes"
        rows.append(f"{taken},outlier: 50 times what it takes in like ways")
        path.write_text("\n".join([f"{header},verdict", *rows]) + "\n")
    assert run("fit", "new", *where).code == 0
    text = (boards.folder / "boards/new" / PREDICTIONS).read_text()
    said = {row["architecture"]: row for row in csv.DictReader(io.StringIO(text))}
    assert wrong not in said
    others = [name for name in said if name != names[0]]
    off = [float(said[name]["latency_ms"]) / whole[name] - 1 for name in others]
    assert len(off) == NETWORKS - 13
    assert np.mean(np.abs(off)) < 0.15


def test_where_no_board_ran_the_same_a_fit_says_so(run: Run, boards: Overlay) -> None:
    measure(boards, suggested(run, boards, 12))
    for board in ("first", "second"):
        shutil.rmtree(boards.folder / "boards" / board)
    ran = run("fit", "new", "--catalog", boards.folder)
    assert (ran.code, ran.err) == (0, "")
    assert "Nothing is predicted from other boards: none ran enough" in " ".join(ran.out.split())


def test_a_shipped_board_is_predicted_from_shipped_boards_alone(boards: Overlay) -> None:
    catalog = Catalog.open(boards.folder)
    shipped = catalog.board("raspberry-pi-4.ncnn")
    found = {each.board.name for each in references_of(catalog, shipped, UNSAID).boards}
    assert "raspberry-pi-5.ncnn" in found
    assert not found & {"first", "second", "raspberry-pi-4.ncnn"}
    mine = catalog.board("first")
    found = {each.board.name for each in references_of(catalog, mine, UNSAID).boards}
    assert {"second", "raspberry-pi-4.ncnn"} <= found


@pytest.mark.parametrize("board", ["jetson-tx1", "xeon-2-cores-vm"])
def test_a_fit_that_is_shipped_keeps_its_recipe(board: str) -> None:
    catalog = Catalog.open()
    recipe, warnings = recipe_asked(catalog, catalog.board(board), None, None, None)
    assert (recipe, warnings) == (Recipe(), ())


def test_predictions_of_another_fit_are_refused(run: Run, boards: Overlay) -> None:
    where = ("--catalog", boards.folder)
    measure(boards, suggested(run, boards, 12))
    run("fit", "new", *LIKE, *where)
    path = boards.folder / "boards/new" / PREDICTIONS
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    said = " ".join(run("predict", "--all", "--board", "new", *where).out.split())
    assert "predictions of another fit" in said


def test_one_network_is_predicted_as_among_all(run: Run, boards: Overlay) -> None:
    where = ("--catalog", boards.folder)
    names = suggested(run, boards, 12)
    whole = measure(boards, names)
    run("fit", "new", *LIKE, *where)
    every = run("predict", "--all", "--board", "new", "--csv", *where).out
    for name in (next(each for each in whole if each not in names), names[0]):
        ran = run("predict", name, "--board", "new", "--csv", *where)
        assert ran.code == 0
        assert ran.out.splitlines()[1] in every.splitlines()
    assert run("predict", "--ops", "4G", "--params", "25M", "--board", "new", *where).code in (0, 1)
    assert run("predict", "resnet-50", "--board", "all", *where).code == 0


def test_what_did_not_fit_is_not_predicted_to_fit(run: Run, boards: Overlay) -> None:
    where = ("--catalog", boards.folder)
    names = suggested(run, boards, 12)
    whole = measure(boards, names)
    too_large = next(name for name in whole if name not in names)
    path = boards.folder / "boards/new/measurements.csv"
    header, *rows = path.read_text().splitlines()
    rows = [f"{row},ok" for row in rows]
    rows.append(f"{too_large},eager,fp32,1,,,,reported,my-notes,does_not_fit")
    path.write_text("\n".join([f"{header},status", *rows]) + "\n")
    assert run("fit", "new", *LIKE, *where).code == 0
    ran = run("predict", "--all", "--board", "new", "--csv", *where)
    assert too_large not in ran.out
    asked = ("--board", "new", "--candidates", "all", "--top", "9999", "--csv")
    picked = run("pick", *asked, *where)
    assert too_large not in picked.out
    assert names[0] in picked.out


def test_what_needs_more_memory_than_there_is_does_not_fit(run: Run, boards: Overlay) -> None:
    where = ("--catalog", boards.folder)
    names = suggested(run, boards, 12)
    whole = measure(boards, names)
    text = DESCRIPTION.format(name="new", scope="whole") + "memory: {value: 312 MB}\n"
    boards.write("boards/new/board.yaml", text)
    assert run("fit", "new", *LIKE, *where).code == 0
    ran = run("pick", "--board", "new", "--candidates", "all", "--top", "99", "--csv", *where)
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    said = [row for row in rows if row["architecture"] in whole.keys() - set(names)]
    assert 0 < len(said) < len(whole) - len(names)
    assert all(float(row["memory_mb"]) <= 312 for row in said)


def test_the_order_of_references_changes_nothing(run: Run, boards: Overlay) -> None:
    where = ("--catalog", boards.folder)
    asked = ("suggest", "--count", "12", "--csv", *where)
    turned = ("--like", "second", "--like", "first")
    assert run(*asked, *LIKE).out == run(*asked, *turned).out
    measure(boards, suggested(run, boards, 12))
    assert run("fit", "new", *LIKE, *where).out == run("fit", "new", *turned, *where).out


def test_a_board_without_rows_is_no_reference(run: Run, boards: Overlay) -> None:
    where = ("--catalog", boards.folder)
    boards.write("boards/bare/board.yaml", DESCRIPTION.format(name="bare", scope="whole"))
    table(boards, "bare", {})
    measure(boards, suggested(run, boards, 12))
    assert run("fit", "new", "--like", "auto", *where).code == 0
    for command in (("fit", "new", "--like", "bare"), ("suggest", "--like", "bare")):
        ran = run(*command, *where)
        assert ran.code == 2
        assert "board bare has no rows" in ran.err


def test_where_all_was_run_there_is_nothing_left_to_predict(run: Run, boards: Overlay) -> None:
    names = list(truth(boards))[:12]
    for board in ("first", "second", "new"):
        table(boards, board, {name: truth(boards, board)[name] for name in names})
    ran = run("fit", "new", *LIKE, "--catalog", boards.folder)
    assert "it has run all that they know" in " ".join(ran.err.split())


def test_none_drops_the_boards_that_a_board_was_fitted_like(run: Run, boards: Overlay) -> None:
    where = ("--catalog", boards.folder)
    measure(boards, suggested(run, boards, 12))
    run("fit", "new", *LIKE, *where)
    assert (boards.folder / "boards/new" / PREDICTIONS).exists()
    assert run("fit", "new", *where).code == 0
    assert (boards.folder / "boards/new" / PREDICTIONS).exists()
    assert run("fit", "new", "--like", "none", *where).code == 0
    assert not (boards.folder / "boards/new" / PREDICTIONS).exists()
    assert run("fit", "new", *where).code == 0
    assert not (boards.folder / "boards/new" / PREDICTIONS).exists()


def test_auto_gives_least_weight_to_what_predicts_nothing(run: Run, boards: Overlay) -> None:
    where = ("--catalog", boards.folder)
    names = list(truth(boards))
    random = np.random.default_rng(1)
    boards.write("boards/noise/board.yaml", DESCRIPTION.format(name="noise", scope="whole"))
    table(boards, "noise", dict(zip(names, np.exp(random.normal(0, 1, NETWORKS)), strict=True)))
    measure(boards, suggested(run, boards, 15))
    ran = run("fit", "new", "--like", "auto", *where)
    assert ran.code == 0
    said = predicted_from(ran)
    assert re.match(
        r"(first|second) \(\d+%\), (first|second) \(\d+%\) and noise \(\d+%\), run on the", said
    )
    assert "run on the same processor, precision and runtime" in said


def test_networks_that_no_reference_knows_fall_back_to_the_boards_models(
    run: Run, boards: Overlay
) -> None:
    where = ("--catalog", boards.folder)
    names = suggested(run, boards, 12)
    whole = measure(boards, names)
    unknown = next(name for name in whole if name not in names)
    for board in ("first", "second"):
        table(boards, board, {n: t for n, t in truth(boards, board).items() if n != unknown})
    run("fit", "new", *LIKE, *where)
    ran = run("predict", "--all", "--board", "new", "--csv", *where)
    rows = {row["architecture"]: row for row in csv.DictReader(io.StringIO(ran.out))}
    assert rows[unknown]["origin"] == "predicted"
    assert unknown not in (boards.folder / "boards/new" / PREDICTIONS).read_text()


@pytest.mark.parametrize(
    ("measured", "said"),
    [(4, "only 4 of the networks that board new has run"), (0, "none of the networks")],
)
def test_with_too_little_in_common_it_says_so_and_falls_back(
    run: Run, boards: Overlay, measured: int, said: str
) -> None:
    where = ("--catalog", boards.folder)
    names = list(truth(boards))[:12]
    measure(boards, names)
    for board in ("first", "second"):
        kept = {n: t for n, t in truth(boards, board).items() if n not in names[measured:]}
        table(boards, board, kept)
    ran = run("fit", "new", *LIKE, *where)
    assert ran.code == 0
    assert said in ran.err
    assert "predicted by its own models alone" in ran.err


def test_too_few_measurements_for_anything_are_an_error(run: Run, boards: Overlay) -> None:
    measure(boards, list(truth(boards))[:2])
    ran = run("fit", "new", *LIKE, "--catalog", boards.folder)
    assert ran.code == 2
    assert "a transfer needs 5" in ran.err
    assert "advisor suggest" in ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("fit", "new", "--like", "new"), "new cannot be its own reference"),
        (("fit", "new", "--unlike", "frist"), "unknown board 'frist'"),
        (("fit", "new", "--unlike", "none", "--unlike", "first"), "unlike: none goes alone"),
        (
            ("fit", "new", "--like", "none", "--unlike", "first"),
            "unlike: board new is not predicted",
        ),
        (("fit", "new", "--like", "frist"), "unknown board 'frist'"),
        (("fit", "new", "--like", "none", "--like", "first"), "none goes alone"),
        (("suggest", "--like", "frist"), "unknown board 'frist'"),
        (("suggest", "--count", "0"), "count"),
        (("suggest", "--like", "first", "--like", "jetson-tx1"), "no network ran on all of"),
    ],
)
def test_bad_requests_are_refused(
    run: Run, boards: Overlay, arguments: tuple[str, ...], said: str
) -> None:
    ran = run(*arguments, "--catalog", boards.folder)
    assert ran.code == 2
    assert said in ran.err


def test_the_same_board_twice_is_taken_once(run: Run, boards: Overlay) -> None:
    where = ("--catalog", boards.folder)
    measure(boards, suggested(run, boards, 12))
    twice = run("fit", "new", *LIKE, "--like", "first", *where)
    assert twice.out == run("fit", "new", *LIKE, *where).out


def test_suggestions_without_boards_named_take_those_of_most_networks(
    run: Run, boards: Overlay
) -> None:
    where = ("--catalog", boards.folder)
    ran = run("suggest", "--count", "5", *where)
    assert ran.code == 0
    assert "first" in ran.out
    assert "jetson-tx1" not in ran.out
    assert ran.out.endswith("advisor fit NEW\n")


def test_suggestions_go_on_from_what_a_board_has_measured(run: Run, boards: Overlay) -> None:
    names = suggested(run, boards, 6)
    measure(boards, names[:4])
    asked = ("suggest", *LIKE, "--board", "new", "--count", "2", "--csv")
    ran = run(*asked, "--catalog", boards.folder)
    assert ran.out.splitlines() == names[4:]


def test_a_network_that_a_reference_calls_otherwise_is_not_predicted_again(
    run: Run, boards: Overlay
) -> None:
    names = suggested(run, boards, 12)
    whole = measure(boards, names)
    architectures = boards.folder / "architectures.yaml"
    described = architectures.read_text().split("\n" + names[0] + ":\n")[-1].partition("\n0")[0]
    entry = described[: described.index("activations")].rstrip() + "\n"
    architectures.write_text(architectures.read_text() + f"mine@224:\n  {entry.strip()}\n")
    bare = names[0].partition("@")[0]
    boards.write("aliases.csv", f"name,network,note\nown:mine,own:{bare},mine\n")
    table(boards, "new", {name: whole[name] for name in names[1:]} | {"mine@224": whole[names[0]]})
    where = ("--catalog", boards.folder)
    fitted = run("fit", "new", *LIKE, *where)
    assert "48 networks that were not run here" in " ".join(fitted.out.split())
    ran = run("predict", "--all", "--board", "new", "--csv", *where)
    rows = {row["architecture"]: row for row in csv.DictReader(io.StringIO(ran.out))}
    assert names[0] not in rows
    assert rows["mine@224"]["origin"] == "reported"
    again = run("suggest", *LIKE, "--board", "new", "--count", 100, "--csv", *where)
    assert len(again.out.splitlines()) == 48


def test_networks_of_known_accuracy_are_suggested_first(run: Run, boards: Overlay) -> None:
    where = ("--catalog", boards.folder)
    path = boards.folder / "weights.csv"
    header, *lines = path.read_text().splitlines()
    rated = [line.partition(",")[0] for line in lines[:15]]
    path.write_text("\n".join([header, *lines[:15]]) + "\n")
    ran = run("suggest", *LIKE, "--count", 20, "--csv", *where)
    assert set(ran.out.splitlines()[:15]) == set(rated)
    assert len(set(ran.out.splitlines())) == 20


def test_what_could_be_picked_is_suggested(run: Run, boards: Overlay) -> None:
    asked = ("suggest", *LIKE, "--csv", "--catalog", boards.folder)
    only = run(*asked, "--count", 5, "--families", "alpha").out.splitlines()
    assert {name.partition("_")[0] for name in only} == {"alpha"}
    accurate = run(*asked, "--count", 5, "--accuracy", "80").out.splitlines()
    top = [60 + row % 30 for row in range(NETWORKS)]
    names = list(truth(boards))
    assert all(top[names.index(name)] >= 80 for name in accurate)
    left_out = run(*asked, "--count", 60, "--exclude", only[0]).out.splitlines()
    assert left_out[-1] == only[0]


def test_networks_near_a_limit_are_suggested(run: Run, boards: Overlay) -> None:
    where = ("--catalog", boards.folder)
    whole = measure(boards, suggested(run, boards, 12))
    assert run("fit", "new", *where).code == 0
    asked = ("suggest", *LIKE, "--board", "new", "--count", 6, "--csv", *where)
    limit = float(np.quantile(list(whole.values()), 0.9))
    plain, near = (
        np.mean([abs(np.log(whole[name] / limit)) for name in ran.out.splitlines()])
        for ran in (run(*asked), run(*asked, "--latency", f"{limit:.3f}ms"))
    )
    assert near < plain / 3


def test_limits_on_what_nobody_knows_yet_are_named(run: Run, boards: Overlay) -> None:
    ran = run(
        "suggest", *LIKE, "--fps", 30, "--memory", "500MB", "--csv", "--catalog", boards.folder
    )
    assert ran.code == 0
    assert "nothing is known yet of what is limited: memory" in ran.err
    refused = run("suggest", *LIKE, "--board", "new,first", "--catalog", boards.folder)
    assert (refused.code, "name one: --board NAME" in refused.err) == (2, True)


@pytest.mark.parametrize("task", ["classification", "detection"])
def test_what_is_suggested_is_for_the_task(task: str) -> None:
    asked = {} if task == "classification" else {"task": task}
    found = advisor.suggest(5, like="raspberry-pi-4.ncnn", fps=30, **asked)
    assert found.networks
    assert {each.task for each in found.networks} == {task}


def test_a_task_that_the_references_do_not_have_is_refused(run: Run) -> None:
    ran = run("suggest", "--like", "xeon-2-cores-vm", "--task", "detection")
    assert ran.code == 2
    assert "ran no network for detection" in ran.err
