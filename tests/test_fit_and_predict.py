"""`advisor fit`, `advisor predict`, and `pick` over what was not measured."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

import advisor
from advisor.architectures.design import Complexity
from advisor.architectures.user_module import identified
from advisor.catalog.store import Catalog
from advisor.errors import AdvisorError, BrokenFileError
from advisor.prediction.fit_store import FILE, current_fit, read_fit, write_fit
from advisor.prediction.fitting import MODELS, data_of, fit, fit_board
from advisor.prediction.model import Model
from advisor.solve.forecast import predict
from tests.conftest import SHIPPED, Overlay, Run

VM = "xeon-2-cores-vm"
BOARDS = ("jetson-tx1", VM)


def catalog_of(folder: Path) -> Path:
    """A catalog of the user's with a copy of the TX1 that measured less."""
    board = folder / "boards/mine"
    shutil.copytree(SHIPPED / "boards/jetson-tx1", board)
    (board / FILE).unlink()
    table = (board / "measurements.csv").read_text().splitlines(keepends=True)
    kept = [line for line in table if not line.startswith(("resnet-50,", "vgg-16,"))]
    (board / "measurements.csv").write_text("".join(kept))
    return folder


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return catalog_of(tmp_path / "catalog")


@pytest.fixture(scope="module")
def fitted_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = catalog_of(tmp_path_factory.mktemp("fitted") / "catalog")
    fit("mine", like="none", catalog=folder)
    return folder


@pytest.fixture
def fitted(fitted_once: Path, tmp_path: Path) -> Path:
    """The same, the board fitted."""
    return Path(shutil.copytree(fitted_once, tmp_path / "catalog"))


# --- fit.json


@pytest.mark.parametrize("name", BOARDS)
def test_the_shipped_fits_are_of_the_shipped_rows(name: str) -> None:
    catalog = Catalog.open()
    board = catalog.board(name)
    table = catalog.measurements(board)
    fit, why_not = current_fit(board, table, catalog.architectures)
    assert why_not == ""
    assert fit is not None
    for variant, metrics in fit.models.items():
        for metric, fitted in metrics.items():
            make, _, _ = MODELS[metric]
            data = data_of(board, table, catalog.architectures, variant, metric)
            for stored in fitted:
                rows = data.knowing(sorted(stored.model.needs))
                again = make(stored.model.form).fit(rows.runs, rows.found)
                assert_alike(stored.model, again.model_)


@pytest.mark.parametrize("name", ["jetson-tx1", pytest.param(VM, marks=pytest.mark.slow)])
def test_the_shipped_fits_are_those_that_would_be_made(name: str) -> None:
    catalog = Catalog.open()
    board = catalog.board(name)
    table = catalog.measurements(board)
    fit, _ = current_fit(board, table, catalog.architectures)
    assert fit is not None
    again = fit_board(board, table, catalog.architectures)
    for variant, metrics in again.models.items():
        for metric, fitted in metrics.items():
            for one, stored in zip(fitted, fit.models[variant][metric], strict=True):
                assert_alike(stored.model, one.model)


def assert_alike(one: Model, other: Model) -> None:
    assert one.form == other.form
    for branch, of_other in zip(one.coefficients, other.coefficients, strict=True):
        assert branch == pytest.approx(of_other, rel=1e-4, abs=1e-8)


def test_a_fit_is_read_as_it_was_written(tmp_path: Path) -> None:
    catalog = Catalog.open()
    board = catalog.board("jetson-tx1")
    fit = fit_board(board, catalog.measurements(board), catalog.architectures)
    own = replace(board, folder=tmp_path, layer="mine")
    write_fit(own, fit)
    text = (tmp_path / FILE).read_text()
    once = read_fit(tmp_path)
    assert once is not None
    write_fit(own, once)
    assert (tmp_path / FILE).read_text() == text
    assert once.fingerprint == fit.fingerprint


def test_the_fit_of_a_shipped_board_goes_into_the_users_catalog(
    run: Run, overlay: Overlay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    shipped = Catalog.open().board("jetson-tx1").folder
    before = {each.name: each.read_bytes() for each in shipped.iterdir()}
    asked = ("fit", "jetson-tx1", "--residuals-from", "xeon-2-cores-vm")
    assert run(*asked, "--catalog", overlay.folder).code == 0
    assert {each.name: each.read_bytes() for each in shipped.iterdir()} == before
    assert not [*(tmp_path / "cache").rglob("fit.json")]
    opened = Catalog.open(overlay.folder)
    assert (overlay.folder / "fits" / "jetson-tx1" / FILE).exists()
    board = opened.board("jetson-tx1")
    rows = opened.measurements(board)
    fit, _ = current_fit(board, rows, opened.architectures, opened.own_folder)
    assert fit is not None and fit.recipe.residuals_from == "xeon-2-cores-vm"
    elsewhere, _ = current_fit(board, rows, opened.architectures)
    assert elsewhere is not None and elsewhere.recipe.residuals_from != "xeon-2-cores-vm"
    assert run("catalog", "check", "--catalog", overlay.folder).code == 0


def test_the_fit_of_a_shipped_board_goes_into_the_cache(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = Catalog.open().board("jetson-tx1").folder
    before = {each.name: each.read_bytes() for each in shipped.iterdir()}
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    fitted = run("fit", "jetson-tx1", "--residuals-from", "xeon-2-cores-vm")
    assert fitted.code == 0
    assert {each.name: each.read_bytes() for each in shipped.iterdir()} == before
    (kept,) = tmp_path.rglob("fit.json")
    assert kept.parent.name == "jetson-tx1"
    opened = Catalog.open()
    board = opened.board("jetson-tx1")
    fit, _ = current_fit(board, opened.measurements(board), opened.architectures)
    assert fit is not None and fit.recipe.residuals_from == "xeon-2-cores-vm"
    kept.write_text(
        kept.read_text().replace(fit.fingerprint, "0" * 16)
    )  # of other rows: the shipped one counts
    fit, _ = current_fit(board, opened.measurements(board), opened.architectures)
    assert fit is not None and not fit.recipe.residuals_from


def test_pick_predicts_without_scikit_learn() -> None:
    script = (
        "import sys\nfrom advisor.cli import main\nsys.argv = ['advisor', *sys.argv[1:]]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(sorted({'sklearn', 'scipy', 'pandas', 'torch'} & set(sys.modules)))\n"
    )
    command = [sys.executable, "-c", script, "pick", "--candidates", "all", "--memory", "450MB"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "[]"
    assert "~" in ran.stdout


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('[["operations"', '[["operatoins"', "did you mean 'operations'?"),
        ('"mean": 0', '"mean": "zero", "no": 0', "found 'zero'; expected a number from 0"),
        ('"mean": 0', '"mean": true, "no": 0', "found true; expected a number from 0"),
        ('"residuals": [', '"residuals": [1, ', "one for each of 7 batches"),
        ('"residuals": [', '"residuals": ["a", 0, 0, 0, 0, 0, 0], "no": [', "a number from -100"),
        ('"residuals": [', '"residuals": [1e9, 0, 0, 0, 0, 0, 0], "no": [', "found 1000000000.0"),
        ('"residuals": [', '"residuals": 3, "no": [', "found 3; expected an array"),
        ('"residuals": [', '"residuals": [[], 0, 0, 0, 0, 0, 0], "no": [', "found an array"),
        ('"residuals": [', '"residuals": [], "no": [', "no residuals"),
        ('"fingerprint":', '"fingerprnit":', "'fingerprint' with a value"),
        ('"fingerprint":', '"format": 3, "fingerprint":', "a second time"),
        ('"held_out":', '"held_in":', "the key 'held_in'"),
        ('"torch7+fp32":', '"torch7":', "RUNTIME+PRECISION"),
        ('"coefficients": [[', '"coefficients": [[0], [', "one for each term of the form"),
        ('"form": [["constant"]]', '"form": [[]]', "no terms"),
        ('"coefficients": [[11.8', '"coefficients": [[0], [', "not as many as there are terms"),
        ('"batch": [1, 64]', '"batch": [1]', "the least and the greatest"),
        ('"recipe": {', '"recipe": ["', "broken JSON"),
        ('"like": []', '"like": [3]', "expected a text"),
        ('"format": 3', '"format": 4', "found the format 4; expected 3"),
        ('"format": 3,', "", "found the format null"),
    ],
)
def test_a_fit_edited_to_nonsense_is_reported_by_line(
    run: Run, fitted: Path, old: str, new: str, said: str
) -> None:
    path = fitted / "boards/mine" / FILE
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(BrokenFileError, match=r"fit\.json, line \d+") as raised:
        read_fit(path.parent)
    assert said in " ".join(map(str, raised.value.faults))
    ran = run("pick", "--board", "mine", "--candidates", "all", "--catalog", fitted)
    assert ran.code == 0
    assert "run: advisor fit mine" in ran.err
    checked = run("catalog", "check", "--catalog", fitted)
    assert (checked.code, said in checked.out) == (1, True)


def test_a_fit_of_another_runtime_predicts_nothing(run: Run, fitted: Path) -> None:
    path = fitted / "boards/mine" / FILE
    path.write_text(path.read_text().replace("torch7+fp32", "torch8+fp32"))
    for asked in (("pick", "--candidates", "all"), ("predict", "resnet-50")):
        ran = run(*asked, "--board", "mine", "--catalog", fitted)
        assert "is of runtimes that it has no rows of" in " ".join((ran.out + ran.err).split())
        assert "Traceback" not in ran.err


def test_a_missing_fit_is_made_and_a_stale_one_predicts_nothing(run: Run, own: Path) -> None:
    asked = ("pick", "--board", "mine", "--candidates", "all", "--catalog", own)
    without = run(*asked)
    assert without.code == 0
    assert "warning: mine: it is fitted now for the first time" in without.err
    assert "nothing is predicted" not in run(*asked).err
    table = own / "boards/mine/measurements.csv"
    table.write_text(table.read_text().replace("18.61,", "18.62,", 1))
    assert "the fit of board mine is stale; run: advisor fit mine" in run(*asked).err


def test_a_board_with_too_few_networks_says_what_is_missing(run: Run, own: Path) -> None:
    table = own / "boards/mine/measurements.csv"
    lines = table.read_text().splitlines(keepends=True)
    table.write_text("".join([lines[0], *(line for line in lines if line.startswith("alexnet,"))]))
    ran = run("fit", "mine", "--catalog", own)
    assert ran.code == 2
    assert "too few measured networks of known cost" in ran.err
    assert "precision: 1, and a model needs 3\n  measure or import more" in ran.err


def test_few_networks_give_no_interval_and_can_borrow_one(run: Run, own: Path) -> None:
    table = own / "boards/mine/measurements.csv"
    lines = table.read_text().splitlines(keepends=True)
    few = ("alexnet,", "resnet-18,", "resnet-34,", "googlenet,", "vgg-19,")
    table.write_text("".join([lines[0], *(line for line in lines if line.startswith(few))]))
    where = ("--catalog", own)
    ran = run("fit", "mine", *where)
    assert ran.code == 0
    assert "Below 9 networks the board's own models have no intervals" in " ".join(ran.out.split())
    alone = run("predict", "resnet-50", "--board", "mine", "--batch", "1", *where).out
    assert "An unknown interval means" in alone
    assert run("fit", "mine", "--residuals-from", "jetson-tx1", *where).code == 0
    borrowed = run("predict", "resnet-50", "--board", "mine", "--batch", "1", *where).out
    assert re.search(r"~\d+ +\d+-\d+", borrowed)
    assert "made of the residuals of jetson-tx1" in " ".join(borrowed.split())
    assert '"residuals_from": "jetson-tx1"' in (own / "boards/mine" / FILE).read_text()
    picked = run("pick", "--board", "mine", "--candidates", "all", *where)
    assert "made of the residuals of jetson-tx1" in picked.err
    stored = read_fit(own / "boards/mine")
    assert stored is not None
    lent = {
        each.architecture
        for metrics in stored.models.values()
        for model in metrics["latency_ms"]
        for each in model.held_out
    }
    assert not {"inception-v4", "alexnet", "googlenet"} & lent


# --- how a board was fitted


@pytest.fixture
def small(own: Path) -> Path:
    """A catalog with a board of too few networks for intervals of its own."""
    table = own / "boards/mine/measurements.csv"
    lines = table.read_text().splitlines(keepends=True)
    few = ("alexnet,", "resnet-18,", "resnet-34,", "googlenet,", "vgg-19,")
    (own / "boards/small").mkdir()
    shutil.copy(own / "boards/mine/board.yaml", own / "boards/small")
    kept = [lines[0], *(line for line in lines if line.startswith(few))]
    (own / "boards/small/measurements.csv").write_text("".join(kept))
    return own


def interval(run: Run, catalog: Path) -> bool:
    """Whether a prediction for the small board has an interval."""
    asked = ("resnet-50", "--board", "small", "--batch", "1", "--csv", "--catalog", catalog)
    (row,) = csv.DictReader(io.StringIO(run("predict", *asked).out))
    assert row["origin"] == "predicted"
    return bool(row["low"])


def test_borrowed_residuals_are_kept_when_a_row_is_added(run: Run, small: Path) -> None:
    where = ("--catalog", small)
    assert run("fit", "small", "--residuals-from", "jetson-tx1", *where).code == 0
    assert interval(run, small)
    table = small / "boards/small/measurements.csv"
    more = (small / "boards/mine/measurements.csv").read_text().splitlines(keepends=True)
    row = next(line for line in more if line.startswith("bn-alexnet,"))
    table.write_text(table.read_text() + row)
    said = run("predict", "resnet-50", "--board", "small", *where).out
    assert "the fit of board small is stale; run: advisor fit small." in " ".join(said.split())
    assert run("fit", "small", *where).code == 0
    assert interval(run, small)
    assert run("fit", "small", "--residuals-from", "none", *where).code == 0
    assert not interval(run, small)
    assert run("fit", "small", *where).code == 0
    assert not interval(run, small)


def test_a_lender_that_cannot_lend_any_more_is_an_error(run: Run, small: Path) -> None:
    where = ("--catalog", small)
    assert run("fit", "mine", *where).code == 0
    assert run("fit", "small", "--residuals-from", "mine", *where).code == 0
    (small / "boards/mine" / FILE).unlink()
    again = run("fit", "small", *where)
    assert again.code == 2
    assert "mine cannot lend its residuals: board mine has no fit" in again.err
    assert "--residuals-from none" in again.err
    shutil.rmtree(small / "boards/mine")
    again = run("fit", "small", *where)
    assert again.code == 0
    assert "warning: board mine is gone: small is fitted without it" in again.err


def test_a_fit_that_cannot_be_read_has_forgotten_how_it_was_made(run: Run, small: Path) -> None:
    where = ("--catalog", small)
    assert run("fit", "small", "--residuals-from", "jetson-tx1", *where).code == 0
    path = small / "boards/small" / FILE
    path.write_text(path.read_text()[:100])
    ran = run("fit", "small", *where)
    assert ran.code == 0
    assert "--like, --unlike and --residuals-from are forgotten" in ran.err
    assert run("fit", "small", *where).err == ""


def test_a_fit_of_an_older_version_is_made_again(run: Run, small: Path) -> None:
    where = ("--catalog", small)
    old = small / "boards/small/fit.yaml"
    old.write_text('fingerprint: "0000000000000000"\nlaws: {}\n')
    ran = run("pick", "--board", "small", "--candidates", "all", *where)
    assert ran.code == 0
    assert "the fit of board small (fit.yaml) is of an older version" in ran.err
    assert "run: advisor fit small, with the --like and --residuals-from of then" in ran.err
    assert run("catalog", "check", *where).code == 0
    assert "are forgotten" in run("fit", "small", *where).err
    assert not old.exists()
    asked = ("pick", "--board", "small", "--candidates", "all", *where)
    assert "nothing is predicted" not in run(*asked).err


# --- pick


def test_pick_completes_the_table_and_marks_what_is_predicted(run: Run) -> None:
    asked = ("--fps", "30", "--memory", "450MB", "--candidates", "all", "--weights", "paper")
    ran = run("pick", *asked, "--json")
    document = json.loads(ran.out)
    assert document["query"]["candidates"]["networks"] == "all"
    assert "--candidates all" in document["query"]["command"]
    assert document["best"]["architecture"] == "resnet-18"
    enet = next(each for each in document["alternatives"] if each["architecture"] == "enet")
    memory = enet["memory_mb"]
    assert (memory["origin"], memory["source"]) == ("predicted", "advisor-fit")
    assert memory["low"] < memory["value"] < memory["high"]
    assert enet["batch_latency_ms"]["origin"] == "reported"
    plain = run("pick", *asked).out
    assert re.search(r"^enet .* ~\d+ +\w+$", plain, re.MULTILINE)
    assert "~ is predicted" in plain


def test_networks_that_a_board_has_not_run_are_predicted(run: Run, fitted: Path) -> None:
    where = ("--board", "mine", "--catalog", fitted)
    asked = {"board": "mine", "catalog": fitted, "accuracy": 75.5, "ops": "10G"}
    assert advisor.pick(**asked).best is None
    best = advisor.pick(candidates="all", weights="paper", **asked).best
    assert best is not None
    assert best.architecture == "tv:resnet50@224", "no row calls it otherwise"
    assert best.batch_latency_ms is not None
    assert best.batch_latency_ms.origin == "predicted"
    refused = run("pick", "--accuracy", "75.5", "--ops", "10G", "--candidates", "all",
                  "--no-predictions", *where)  # fmt: skip
    assert refused.code == 1


def test_a_pair_that_is_known_not_to_fit_stays_out() -> None:
    def pairs(**asked: object) -> set[tuple[str, int]]:
        answer = advisor.pick(top=99_999, all_batches=True, **asked)
        return {(each.architecture, each.batch) for each in answer.candidates}

    known = pairs()
    everything = pairs(candidates="all")
    assert known <= everything
    catalog = Catalog.open()
    table = catalog.measurements(catalog.board("jetson-tx1"))
    out = {
        (table.architecture.names[table.architecture.index[row]], int(table.batch[row]))
        for row in range(len(table))
        if table.status.names[table.status.index[row]] == "does_not_fit"
    }
    assert len(out) == 16
    assert not everything & out


def test_the_boards_memory_is_a_limit_of_its_own() -> None:
    answer = advisor.pick(candidates="all", batch="1,256", top=99, all_batches=True)
    at_256 = {each.architecture for each in answer.candidates if each.batch == 256}
    assert "resnet-152" not in at_256
    assert answer.out_of_memory > 0
    for each in answer.candidates:
        assert each.memory_mb is None or each.memory_mb.value <= 4000


def test_the_default_candidates_are_what_they_were() -> None:
    assert advisor.pick(fps=30).considered == 82
    assert advisor.pick(fps=30, candidates="all", predictions=False).considered == 82
    with pytest.raises(advisor.AdvisorError, match="unknown choice 'al'"):
        advisor.pick(candidates="al")


# --- predict


def test_predict_marks_measured_from_predicted(run: Run) -> None:
    ask = ("predict", "resnet-50", "--batch", "1,3", "--board")
    out = run(*ask, "jetson-tx1").out
    assert re.search(r"^jetson-tx1 +1 +64.1 +63.8-64.4 .* reported$", out, re.MULTILINE)
    assert re.search(r"^jetson-tx1 +3 +~\d+ +\d+-\d+ .* predicted$", out, re.MULTILINE)
    out = run(*ask, "xeon-2-cores-vm").out
    assert re.search(r"^xeon-2-cores-vm +eager fp32 +1 .* measured$", out, re.MULTILINE)


def test_a_prediction_on_all_boards_says_once_that_most_have_no_fit(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")  # names of boards are whole there
    said = " ".join(run("predict", "resnet-50", "--board", "all", "--batch", "1").out.split())
    assert "raspberry-pi-4" in said
    known = predict("resnet-50", board="all", batch=1).forecasts
    without = len(advisor.boards().boards) - len({each.board for each in known})
    assert said.count("Nothing is predicted") == 1
    assert f"Nothing is predicted of {without} boards without a fit; run: advisor fit NAME." in said


def test_another_network_of_that_name_that_ran_there_is_named() -> None:
    said = "ncnn:resnet18@224 is another network of that name, and ran there"
    for asked, is_said in (("resnet18", True), ("ncnn:resnet18", False)):
        notes = predict(asked, board="raspberry-pi-5.ncnn").notes
        assert any(said in each for each in notes) == is_said


def test_a_prediction_asks_all_boards_of_a_device_and_each_that_is_named() -> None:
    raspberry = predict("resnet-18", board="Raspberry Pi 5", batch=1)
    assert {each.board for each in raspberry.forecasts} == {
        "raspberry-pi-5.ncnn",
        "raspberry-pi-5.ncnn-2",
        "raspberry-pi-5.overclocked.ncnn",
    }
    two = predict("resnet-18", board=["jetson-tx1", "xeon-2-cores-vm"], batch=1)
    alone = [
        predict("resnet-18", board=name, batch=1) for name in ("jetson-tx1", "xeon-2-cores-vm")
    ]
    assert two.forecasts == alone[0].forecasts + alone[1].forecasts
    with pytest.raises(AdvisorError, match="an empty name"):
        predict("resnet-18", board="")


def test_a_network_described_by_its_cost_needs_no_torch(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    ran = run("predict", "--ops", "4.1G", "--params", "25.6M", "--batch", "1")
    assert (ran.code, ran.err) == (0, "")
    assert "network: 25.60M parameters, 4.100G operations" in ran.out
    assert re.search(r"~\d+(\.\d+)? +\d+(\.\d+)?-\d+", ran.out)
    beyond = run("predict", "--ops", "400G", "--params", "25.6M", "--batch", "1")
    assert "Outside what the models have seen, by its operations" in " ".join(beyond.out.split())


@pytest.mark.parametrize(
    ("costs", "said"),
    [
        (("4.1", "25.6M"), ("ops: '4.1' is hardly", "did you mean '4.1G'?", "'0.0041k'")),
        (("4.1G", "25.6"), ("params: '25.6' is hardly", "did you mean '25.6M'?")),
        (("4.1G", "25.6M", "11"), ("activations: '11' is hardly", "did you mean '11M'?")),
    ],
)
def test_a_forgotten_prefix_is_asked_for(
    run: Run, costs: tuple[str, ...], said: tuple[str, ...]
) -> None:
    flags = ("--ops", "--params", "--activations")
    asked = [word for pair in zip(flags, costs, strict=False) for word in pair]
    ran = run("predict", *asked)
    assert (ran.code, ran.out) == (2, "")
    assert all(words in ran.err for words in said)
    few = advisor.predict(ops="0.9k", params=10_000, board="jetson-tx1", batch=1)
    assert few.forecasts


def test_no_fit_is_missed_where_everything_asked_for_was_measured(
    run: Run, overlay: Overlay
) -> None:
    where = ("--board", "small", "--catalog", overlay.folder)
    for batch in ("any", "1"):
        ran = run("predict", "resnet-18", "--batch", batch, *where)
        assert ran.code == 0
        assert "reported" in ran.out
        assert "advisor fit" not in ran.out
    assert "Nothing is predicted: board small" in run("predict", "vgg-16", *where).out
    on_all = advisor.predict("resnet-18", board="all", catalog=overlay.folder)
    assert not any("small" in note for note in on_all.notes)


def test_a_board_stands_in_for_no_residuals_of_its_own(run: Run) -> None:
    ran = run("fit", "jetson-tx1", "--residuals-from", "jetson-tx1")
    assert (ran.code, ran.out) == (2, "")
    assert "residuals-from: jetson-tx1 cannot stand in for itself" in ran.err


MODULE = """
from torch import nn

def net():
    return nn.Sequential(nn.Conv2d(3, 64, 3, 2, 1), nn.ReLU(), nn.Conv2d(64, 64, 3, 2, 1),
                         nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))

def raises():
    raise RuntimeError("no such file\\nand more")

def needs(width):
    return net()

def returns_text():
    return "net"

class Odd(nn.Module):
    def forward(self, x):
        import torch
        return torch.fft.fft(x).real

def odd():
    return Odd()
"""


def test_the_users_own_module(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_net.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    ran = run("predict", "own_net:net", "--input", "3x64x64", "--batch", "1")
    assert ran.code == 0
    assert "own_net:net: 39.37k parameters" in ran.out
    assert "predicted" in ran.out
    ran = run("predict", "own_net:raises")
    assert (ran.code, "raises: RuntimeError: no such file" in ran.err) == (2, True)
    # What follows needs no process of its own, which takes seconds.

    def read_here(name: str, input_shape: Sequence[int]) -> tuple[Complexity, str, str]:
        found = identified(name, input_shape)
        return found.counts, found.content, found.fault

    monkeypatch.setattr("advisor.architectures.own_network.read_code", read_here)
    for factory, said in {
        "raises": "own_net:raises raises: RuntimeError: no such file",
        "needs": "name a function that takes no arguments",
        "returns_text": "returns a str, not a torch.nn.Module",
        "nothing": "has no function 'nothing'",
    }.items():
        ran = run("predict", f"own_net:{factory}")
        assert (ran.code, said in ran.err, "Traceback" in ran.err) == (2, True, False), ran.err
    ran = run("predict", "own_net:odd")  # which may run, though nobody knows what it costs
    assert (ran.code, "the cost of the operator aten::" in " ".join(ran.out.split())) == (1, True)
    ran = run("predict", "own_net:net", "--input", "1x64x64")
    assert ran.code == 2
    assert "own_net:net fails at input 1x64x64" in ran.err
    assert run("predict", "no_such_module:net").code == 2
    assert run("predict", "own_net:net", "--input", "224").code == 2
    del sys.modules["own_net"]


def test_what_can_be_predicted_is_asked_for_in_one_way(run: Run) -> None:
    assert run("predict").code == 2
    assert run("predict", "resnet-50", "--all").code == 2
    assert run("predict", "--ops", "1G").code == 2
    assert "did you mean 'resnet50' (tv:resnet50@224)" in run("predict", "resnet5O").err
    assert run("predict", "resnet-50", "--board", "nosuch").code == 2


def test_every_network_as_csv(run: Run) -> None:
    out = run("predict", "--all", "--board", "jetson-tx1", "--csv").out
    rows = list(csv.DictReader(io.StringIO(out)))
    assert len({row["architecture"] for row in rows}) == 14
    (row,) = (each for each in rows if (each["architecture"], each["batch"]) == ("vgg-16", "4"))
    assert row["input_size"] == "224"
    assert float(row["low"]) <= float(row["time_per_image_ms"]) <= float(row["high"])
    assert {each["origin"] for each in rows} <= {"reported", "predicted"}


def test_a_forecast_knows_nothing_beyond_the_boards_memory() -> None:
    answer = predict("vgg-16", board="jetson-tx1", batch="1,512")
    assert answer.notes == (
        "vgg-16 at batch 512 on jetson-tx1: does not fit in the board's memory.",
    )
    assert [each.batch for each in answer.forecasts] == [1]


def test_no_batch_is_predicted_above_one_that_does_not_fit(run: Run) -> None:
    """ENet and Inception-v4 do not fit at batch 32, whatever the model of the memory says."""
    for name in ("enet", "inception-v4"):
        ran = run("predict", name, "--batch", "48,128")
        assert ran.code == 1
        assert "does not fit in the board's memory" in " ".join(ran.out.split())
    assert run("predict", "enet", "--batch", "24").code == 0


def test_a_network_of_which_no_model_knows_enough_is_unknown(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_nothing.py").write_text(
        "from torch import nn\n\ndef net():\n    return nn.Flatten()\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    ran = run("predict", "own_nothing:net", "--batch", "1")
    assert ran.code == 1
    assert "no model knows enough of it" in " ".join(ran.out.split())


def test_what_was_seen_is_not_called_outside(run: Run, own: Path) -> None:
    assert run("fit", "mine", "--like", "none", "--catalog", own).code == 0
    ran = run("predict", "--all", "--board", "mine", "--batch", "3", "--catalog", own)
    assert "resnet-152" in ran.out
    outside = " ".join(ran.out.split()).partition("Outside what the models have seen, by its ")[2]
    # VGG-16 and ResNet-50 are within the range of the others, too.
    assert outside == ""


def test_options_that_would_do_nothing_are_refused(run: Run) -> None:
    assert "own input" in run("predict", "resnet-50", "--input", "3x160x160").err
    assert "goes with --ops" in run("predict", "resnet-50", "--activations", "1M").err


def test_batches_beyond_what_the_models_have_seen_are_reported(run: Run) -> None:
    ran = run("pick", "--candidates", "all", "--batch", "96")
    assert "batch 96 lies outside what the models have seen" in ran.err
    document = json.loads(run("pick", "--candidates", "all", "--batch", "96", "--json").out)
    assert "batch 96 lies outside" in document["notes"][0]


def test_nothing_is_sure_at_a_batch_that_the_models_have_not_seen(run: Run) -> None:
    asked = ("pick", "--candidates", "all", "--fps", "1", "--batch")
    assert json.loads(run(*asked, "64", "--json").out)["best"]["chance"] >= 0.9
    assert run(*asked, "96").code == 1
    ran = run(*asked, "96", "--confidence", "none", "--json")
    answer = json.loads(ran.out)
    assert all(each["chance"] is None for each in [answer["best"], *answer["alternatives"]])
    assert answer["best"]["mark"] == "unknown"


def test_more_images_never_take_less_memory_or_time() -> None:
    found = predict(board="jetson-tx1", every=True, batch=[1, 2, 3, 4, 6, 8, 12, 16]).forecasts
    for name in {each.architecture for each in found}:
        own = [each for each in found if each.architecture == name]
        for key in ("latency_ms", "memory_mb"):
            values = [getattr(each, key).value for each in own if getattr(each, key)]
            assert values == sorted(values), (name, key)
    (vgg,) = (each for each in found if (each.architecture, each.batch) == ("vgg-16", 3))
    assert vgg.memory_mb is not None
    assert 847 <= vgg.memory_mb.value <= 848


def test_memory_that_no_model_knows_is_no_promise_of_a_larger_batch() -> None:
    """GoogLeNet and AlexNet of the TX1 are known by too little for the model of the memory."""
    for name in ("googlenet", "alexnet"):
        answer = predict(name, board="jetson-tx1", batch="48,1000")
        assert [each.batch for each in answer.forecasts] == [48]
        assert answer.notes
    (alone,) = predict("inception-v4", board="jetson-tx1", batch=3).forecasts
    assert alone.memory_mb is None
