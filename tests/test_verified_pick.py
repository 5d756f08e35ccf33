"""`advisor pick --verify`: on a table that stands in for measuring, and on this machine."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jsonschema
import numpy as np
import pytest

import advisor
from advisor import AdvisorError
from advisor.api import schema as schema_of
from advisor.catalog.importers.results import read_results
from advisor.catalog.records import OWN
from advisor.catalog.run_as import Variant
from advisor.catalog.store import Catalog, Surveyed
from advisor.catalog.tables import ZooNetwork, zoo_table
from advisor.measuring import local_bench
from advisor.measuring.children import BoardLostError, Outcome
from advisor.measuring.local_bench import LocalBench
from advisor.measuring.tasks import REFERENCE
from advisor.prediction.fitting import fit
from advisor.prediction.transfer.networks import Evidence
from advisor.prediction.transfer.suggestions import most_informative
from advisor.solve.verify.benches import Key, TableBench
from advisor.solve.verify.verification import Check
from tests.conftest import BOARD, HEADER, SOURCES, Overlay, Ran, Run
from tests.fleet_processes import started_scheduler, started_workers
from tests.measuring_fakes import PLAN, FakeChildren, StoppingChildren, measure
from tests.test_cli import assert_refused
from tests.test_transfer import made_up

# --- on a board


HARD_FPS = 30.0
"""Of the made-up board several networks must be measured until it is known which is the best at this rate."""


@dataclass(frozen=True)
class Lab:
    """A catalog with a board `new` that has run 12 of 60 networks, and what it takes for all of them."""

    folder: Path
    truth: Path
    accuracy: Mapping[str, float]
    latency_ms: Mapping[str, float]

    def ask(self, *arguments: object) -> tuple[object, ...]:
        return ("pick", "--board", "new", "--catalog", self.folder, *arguments)

    def simulate(
        self, *arguments: object, most: int = 10, table: Path | None = None
    ) -> tuple[object, ...]:
        return self.ask("--verify", most, "--simulate", table or self.truth, *arguments)

    def best(self, fps: float) -> str:
        """The most accurate network that really reaches a frame rate."""
        fast = [name for name, each in self.latency_ms.items() if 1000 / each >= fps]
        return max(fast, key=lambda name: self.accuracy[name])


def made_lab(folder: Path) -> Lab:
    names, families, costs, boards = made_up(60, 4)
    top1 = {
        name: round(70 + 5 * float(cost[0]), 2) for name, cost in zip(names, costs, strict=True)
    }
    described = [
        f"{name}:\n  family: {family}\n  input: 3x224x224\n  reference: made up\n  counted:\n"
        f"    source: my-notes\n    params: {{value: {params:.0f}}}\n"
        f"    operations: {{value: {operations:.0f}}}\n    activations: {{value: {activations:.0f}}}\n"
        for name, family, (operations, activations, params) in zip(
            names, families, np.exp(costs) * [4e9, 1e7, 2e7], strict=True
        )
    ]
    own = Overlay(folder)
    own.write("sources.yaml", SOURCES)
    own.write("architectures.yaml", "".join(described))
    header = "architecture,weights,top1_percent,top1_low_percent,top1_high_percent,top5_percent"
    rows = [f"{name},best,{each},,,,reported,my-notes" for name, each in top1.items()]
    own.write("weights.csv", "\n".join([f"{header},origin,source", *rows]) + "\n")
    times_ms = {
        board: dict(zip(names, (10 * np.exp(logs)).tolist(), strict=True))
        for board, logs in zip(("one", "two", "new"), boards, strict=True)
    }
    some = most_informative(Evidence.of(names, np.array(boards[:2]), costs, families), 12)
    truth = own.write("truth.csv", table_of(times_ms["new"]))
    for board, times in times_ms.items():
        known = some if board == "new" else names
        own.write(f"boards/{board}/board.yaml", BOARD.replace("weights: paper", "weights: best"))
        own.write(
            f"boards/{board}/measurements.csv", table_of({name: times[name] for name in known})
        )
    return Lab(folder, truth, top1, times_ms["new"])


def table_of(times_ms: Mapping[str, float]) -> str:
    rows = [
        f"{name},eager,fp32,1,{each:.6g},,,measured,my-notes" for name, each in times_ms.items()
    ]
    return "\n".join([HEADER, *rows]) + "\n"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    made = made_lab(tmp_path_factory.mktemp("lab"))
    fit("new", like=["one", "two"], catalog=made.folder)
    return made


@pytest.mark.parametrize("fps", [20, 30, 45, 70])
def test_the_pick_is_the_true_best_once_enough_is_measured(lab: Lab, run: Run, fps: float) -> None:
    printed = verified(run(*lab.simulate("--fps", fps, "--confidence", 0.99, "--json", most=40)))
    assert printed["verification"]["ended"] == "settled"
    assert printed["verification"]["pick_is_measured"]
    assert printed["best"]["batch_latency_ms"]["origin"] == "measured"
    assert printed["best"]["architecture"] == lab.best(fps)


def test_each_measurement_is_told_and_the_answer_follows(lab: Lab, run: Run) -> None:
    ran = run(*lab.simulate("--fps", HARD_FPS))
    steps, answer = ran.out.split("\n\n", 1)
    assert steps.startswith("1 of 10: ")
    assert "~" in steps
    assert re.search(r"fps \([\d.]+ to\s[\d.]+\),\sis", steps)
    assert f"{lab.best(HARD_FPS)} at batch 1 (weights best, eager, fp32)\n" in answer
    flat = " ".join(answer.split())
    assert re.search(r"Settled with \d+ measurements? of at most 10: the pick is measured", flat)
    said = f"The measurements are those of {lab.truth}; nothing was written."
    assert "".join(said.split()) in "".join(answer.split())  # a path may be longer than a line
    assert max(map(len, ran.out.splitlines())) <= 80
    assert "60 networks" not in ran.err
    assert "networks left out: 1724, " in ran.err, "the libraries' that are not the paper's, too"


def test_python_hears_of_each_measurement_and_gets_what_the_command_prints(
    lab: Lab, run: Run
) -> None:
    question = {"board": "new", "catalog": lab.folder, "fps": HARD_FPS}
    heard: list[Check] = []
    answer, verification = advisor.verified_pick(
        question, 10, simulate=str(lab.truth), on_check=heard.append
    )
    assert answer.best
    assert answer.best.architecture == lab.best(HARD_FPS)
    assert tuple(heard) == verification.steps
    assert {each.metric for each in heard} == {"fps"}
    printed = verified(run(*lab.simulate("--fps", HARD_FPS, "--json")))["verification"]
    assert len(printed["steps"]) == len(heard)
    assert (verification.ended, verification.chance_better) == ("settled", printed["chance_better"])


def test_a_simulation_writes_nothing(lab: Lab, run: Run) -> None:
    before = contents(lab.folder)
    run(*lab.simulate("--fps", HARD_FPS))
    assert contents(lab.folder) == before


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_document_tells_every_step_and_keeps_to_its_schema(lab: Lab, run: Run) -> None:
    ran = run(*lab.simulate("--fps", HARD_FPS, "--json"))
    printed = verified(ran)
    verification = printed["verification"]
    assert (verification["most"], verification["risk"]) == (10, 0.1)
    assert verification["simulated"] == str(lab.truth)
    steps = verification["steps"]
    assert len(steps) > 1
    assert ran.err.count(" of 10: ") == len(steps)
    for step in steps:
        found, predicted = step["found"], step["predicted"]
        assert predicted["batch_latency_ms"]["origin"] == "predicted"
        assert found["batch_latency_ms"]["value"] == pytest.approx(
            lab.latency_ms[found["architecture"]]
        )
        assert step["holds"] == (found["fps"]["value"] >= HARD_FPS)
    assert steps[-1]["pick"]["architecture"] == printed["best"]["architecture"]
    assert 0 <= verification["chance_better"] <= 0.1
    command = printed["query"]["command"]
    assert "--candidates all" in command
    assert command.endswith(f" --verify 10 --simulate {lab.truth}")
    again = run(*shlex.split(command)[1:], "--json")
    assert verified(again) == printed


def verified(ran: Ran) -> dict[str, Any]:
    """The document on standard output, held against its schema."""
    assert ran.out, ran.err
    printed: dict[str, Any] = json.loads(ran.out)
    schema = json.loads(schema_of("pick"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(printed)
    assert printed["schema"] == "advisor.pick/2"
    return printed


def test_the_csv_stays_a_table(lab: Lab, run: Run) -> None:
    ran = run(*lab.simulate("--fps", HARD_FPS, "--csv"))
    assert next(csv.DictReader(io.StringIO(ran.out)))["architecture"] == lab.best(HARD_FPS)
    assert "1 of 10: " in ran.err
    assert "Settled with " in ran.err


def test_what_is_spent_is_said_with_what_is_left(lab: Lab, run: Run) -> None:
    printed = verified(run(*lab.simulate("--fps", HARD_FPS, "--json", most=1)))["verification"]
    assert (printed["ended"], len(printed["steps"])) == ("spent", 1)
    assert printed["chance_better"] > 0.1
    out = " ".join(run(*lab.simulate("--fps", HARD_FPS, most=1)).out.split())
    assert "The only measurement is spent: the pick is " in out
    assert printed["likeliest_better"]["architecture"] in out


def test_where_nothing_fits_what_might_is_tried_first(lab: Lab, run: Run) -> None:
    fastest = min(lab.latency_ms.values())
    hopeless = run(*lab.simulate("--fps", 20_000))
    assert hopeless.code == 1
    assert "Settled without a measurement: nothing fits" in hopeless.out
    assert "Nothing fits fps >= 20000" in hopeless.out
    just_out = run(*lab.simulate("--fps", 1010 / fastest, "--accuracy", 40))
    assert just_out.code == 1
    assert "1 of 10: " in just_out.out
    assert "fails fps; no pick" in " ".join(just_out.out.split())


def test_without_a_confidence_the_usual_one_decides_what_is_worth_measuring(
    lab: Lab, run: Run
) -> None:
    ran = run(*lab.simulate("--fps", HARD_FPS, "--confidence", "none"))
    assert "what may be better with a probability above 10% is worth" in " ".join(ran.out.split())
    printed = verified(run(*lab.simulate("--fps", HARD_FPS, "--confidence", "none", "--json")))
    assert printed["verification"]["risk"] == 0.1
    assert printed["best"]["architecture"] == lab.best(HARD_FPS)


def test_an_objective_that_is_measured_is_verified_too(lab: Lab, run: Run) -> None:
    least = sorted(lab.accuracy.values())[10]
    printed = verified(
        run(*lab.simulate("--accuracy", least, "--objective", "latency", "--json", most=40))
    )
    good = [name for name, each in lab.accuracy.items() if each >= least]
    assert printed["verification"]["ended"] == "settled"
    assert printed["best"]["architecture"] == min(good, key=lambda name: lab.latency_ms[name])
    predicted = [
        each["predicted"]["batch_latency_ms"]["value"] for each in printed["verification"]["steps"]
    ]
    assert any(each > printed["best"]["batch_latency_ms"]["value"] for each in predicted), (
        "what is predicted to be a little slower may be faster"
    )


def test_a_candidate_that_the_table_lacks_is_spent_and_out(
    lab: Lab, run: Run, tmp_path: Path
) -> None:
    first = verified(run(*lab.simulate("--fps", HARD_FPS, "--json")))["verification"]["steps"][0]
    name = first["predicted"]["architecture"]
    header, *rows = lab.truth.read_text().splitlines()
    elsewhere = [
        row.replace(",1,", f",{batch},", 1) for row in rows for batch in (4, 8) if name in row
    ]
    others = [row for row in rows if name not in row]
    table = tmp_path / "table.csv"
    table.write_text("\n".join([header, *others, *elsewhere]) + "\n")
    printed = verified(run(*lab.simulate("--fps", HARD_FPS, "--json", table=table)))
    step = printed["verification"]["steps"][0]
    assert step["predicted"]["architecture"] == name
    assert (step["found"], step["holds"]) == (None, False)
    assert step["reason"] == "the table has it at batch 4, 8 only"
    asked = [each["predicted"]["architecture"] for each in printed["verification"]["steps"]]
    assert asked.count(name) == 1
    assert name not in [
        each["architecture"] for each in (printed["best"], *printed["alternatives"])
    ]


def test_the_only_row_of_a_network_stands_for_it_at_any_batch_size(
    lab: Lab, run: Run, tmp_path: Path
) -> None:
    first = verified(run(*lab.simulate("--fps", HARD_FPS, "--json")))["verification"]["steps"][0]
    name = first["predicted"]["architecture"]
    text = lab.truth.read_text()
    table = tmp_path / "table.csv"
    row = next(row for row in text.splitlines() if row.startswith(name))
    table.write_text(text.replace(row, f"{name},eager,fp32,4,1,,,reported,my-notes"))
    asked = lab.simulate("--fps", HARD_FPS, "--json", most=1, table=table)
    step = verified(run(*asked))["verification"]["steps"][0]
    assert (step["found"]["batch"], step["found"]["fps"]["value"]) == (4, 4000)
    out = " ".join(run(*lab.simulate("--fps", HARD_FPS, most=1, table=table)).out.split())
    assert "is 4,000 at batch 4: holds" in out
    printed = verified(run(*asked, "--batch", 1))
    reason = printed["verification"]["steps"][0]["reason"]
    assert reason == "it ran at batch 4, which may not be chosen"


def test_a_network_that_does_not_fit_is_out(lab: Lab, run: Run, tmp_path: Path) -> None:
    first = verified(run(*lab.simulate("--fps", HARD_FPS, "--json")))["verification"]["steps"][0]
    name = first["predicted"]["architecture"]
    header, *rows = lab.truth.read_text().splitlines()
    table = tmp_path / "table.csv"
    kept = [f"{row},ok" for row in rows if not row.startswith(name)]
    misfit = f"{name},eager,fp32,1,,,,reported,my-notes,does_not_fit"
    table.write_text("\n".join([f"{header},status", *kept, misfit]) + "\n")
    printed = verified(run(*lab.simulate("--fps", HARD_FPS, "--json", table=table)))
    step = printed["verification"]["steps"][0]
    assert step["reason"] == "does not fit"
    assert step["found"] is None
    assert not step["holds"]
    assert printed["out_of_memory"] == 1
    everyone = [printed["best"], *printed["alternatives"]]
    assert name not in [each["architecture"] for each in everyone]


def test_a_table_as_it_is_imported_serves_as_well(lab: Lab, run: Run, tmp_path: Path) -> None:
    rows = [f"{name},{each:.6g}" for name, each in lab.latency_ms.items()]
    table = tmp_path / "table.csv"
    table.write_text("\n".join(["architecture,latency_ms", *rows, "unheard_of@224,3"]) + "\n")
    printed = verified(run(*lab.simulate("--fps", HARD_FPS, "--json", table=table)))
    usual = verified(run(*lab.simulate("--fps", HARD_FPS, "--json")))
    assert printed["best"]["architecture"] == usual["best"]["architecture"]
    assert printed["best"]["runtime"] == "eager"
    assert len(printed["verification"]["steps"]) == len(usual["verification"]["steps"])


def test_one_of_timms_tables_serves_as_well(lab: Lab, run: Run, tmp_path: Path) -> None:
    header = "model,infer_img_size,infer_samples_per_sec,infer_step_time,infer_batch_size"
    rows = [
        f'{name.removesuffix("@224")},224,"{1000 / each:,.2f}",{each:.3f},1'
        for name, each in lab.latency_ms.items()
    ]
    usual = verified(run(*lab.simulate("--fps", HARD_FPS, "--json")))
    for name in ("benchmark-infer-fp32-nchw-cpu.csv", "benchmark.csv"):
        table = tmp_path / name
        table.write_text("\n".join([header, *rows]) + "\n")
        printed = verified(run(*lab.simulate("--fps", HARD_FPS, "--json", table=table)))
        assert printed["best"]["architecture"] == usual["best"]["architecture"]
        assert len(printed["verification"]["steps"]) == len(usual["verification"]["steps"])
    other = tmp_path / "benchmark-infer-amp-nchw-cpu-dynamo.csv"
    other.write_text(table.read_text())
    refused = run(*lab.simulate("--fps", HARD_FPS, table=other))
    assert (refused.code, refused.out) == (2, "")
    assert "its rows are of dynamo fp16" in refused.err


def test_a_row_with_a_gap_is_measured_where_that_can_be_and_stays_where_not(
    run: Run, tmp_path: Path
) -> None:
    asked = ("pick", "--memory", "900MB", "--fps", 10, "--batch", 1, "--families", "ENet")
    table = tmp_path / "table.csv"
    table.write_text("architecture,latency_ms,memory_mb\nenet,27,300\n")
    printed = verified(run(*asked, "--verify", 2, "--simulate", table, "--json"))
    (step,) = printed["verification"]["steps"]
    origins = [step[each]["memory_mb"]["origin"] for each in ("predicted", "found")]
    assert origins == ["predicted", "measured"]
    assert step["found"]["net_power_w"]["value"] == step["predicted"]["net_power_w"]["value"]
    table.write_text("architecture,latency_ms\nenet,27\n")
    out = " ".join(run(*asked, "--verify", 2, "--simulate", table).out.split())
    assert re.search(
        r"1 of 2: enet at batch 1, .* MB \(.*\), is \d+: holds enet at batch 1 \(", out
    )
    assert (
        "Settled with 1 measurement of at most 2: the pick is measured, but for its memory" in out
    )


FIVE = {"resnet-18": 20, "resnet-34": 35, "resnet-50": 50, "vgg-16": 90, "alexnet": 9}


def test_a_loan_of_residuals_outlasts_a_verification(overlay: Overlay, run: Run) -> None:
    overlay.write("boards/small/measurements.csv", table_of(FIVE))
    lent = fit("small", residuals_from="xeon-2-cores-vm", catalog=overlay.folder).fit
    models = lent.models[Variant("eager", "fp32")]["latency_ms"]
    assert models[0].held_out
    slow = dict.fromkeys(("inception-v3", "inception-v4", "resnet-101", "resnet-152"), 900)
    results = overlay.write("results.csv", table_of(slow))
    asked = ("pick", "--verify", 3, "--simulate", results, "--fps", 8, "--json")
    printed = verified(run(*asked, "--board", "small", "--catalog", overlay.folder))
    steps = printed["verification"]["steps"]
    assert len(steps) > 1
    # What lies outside what the models have seen has no interval.
    assert any(each["predicted"]["batch_latency_ms"]["low"] for each in steps)


def three_networks(overlay: Overlay, run: Run, memory: str) -> Path:
    """A board whose models have too few networks for an interval, and a table of far too slow ones."""
    rows = table_of({"resnet-18": 30, "resnet-50": 70, "inception-v3": 90})
    overlay.write("boards/small/measurements.csv", rows)
    overlay.write("boards/small/board.yaml", BOARD + f"memory: {{value: {memory}}}\n")
    assert run("fit", "small", "--catalog", overlay.folder).code == 0
    slow = {"vit_h_14@518": 9000, "regnet_y_128gf@384": 4000, "resnet-34": 45, "alexnet": 10}
    return overlay.write("results.csv", table_of(slow))


def test_what_misses_a_limit_by_its_own_prediction_is_not_measured(
    overlay: Overlay, run: Run
) -> None:
    results = three_networks(overlay, run, "24 GB")
    asked = ("pick", "--board", "small", "--catalog", overlay.folder, "--fps", 10)
    printed = verified(run(*asked, "--verify", 5, "--simulate", results, "--json"))
    measured = [each["predicted"] for each in printed["verification"]["steps"]]
    for each in measured:
        assert each["fps"]["value"] > 10 / 9, each["architecture"]
        assert each["architecture"] not in ("vit_h_14@518", "regnet_y_128gf@384")
    assert printed["best"]["architecture"] == "inception-v3"


def test_nor_is_what_cannot_fit_in_memory(overlay: Overlay, run: Run) -> None:
    results = three_networks(overlay, run, "1 GB")  # 633 M parameters take 2.5 GB
    asked = ("pick", "--board", "small", "--catalog", overlay.folder, "--where", "params >= 500M")
    ran = run(*asked, "--verify", 5, "--simulate", results)
    assert "they need more memory than the board has" in ran.err
    assert not re.search(r"^1 of 5", ran.out, re.M)


def test_measuring_keeps_to_its_time(lab: Lab, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TableBench, "seconds", lambda *_: 3600.0)
    ran = run(*lab.simulate("--fps", HARD_FPS, "--time", "5min"))
    flat = " ".join(ran.out.split())
    assert "What is left to measure takes longer than the time that is left: the pick is" in flat
    printed = verified(run(*lab.simulate("--fps", HARD_FPS, "--time", "2h", "--json", most=2)))
    assert len(printed["verification"]["steps"]) > 0
    assert printed["verification"]["time_s"] == 7200
    assert_refused(run(*lab.simulate("--time", "5")), "--time")
    assert_refused(run(*lab.ask("--time", "5min")), "--time goes with --verify")


def test_a_new_row_keeps_what_only_the_old_one_knows(overlay: Overlay) -> None:
    catalog = Catalog.open(overlay.folder)
    board = catalog.board("small")
    table = catalog.measurements(board)
    results = overlay.write(
        "results.csv", "\n".join([HEADER, "resnet-18,eager,fp32,4,55,,,measured,my-notes"]) + "\n"
    )
    bench = TableBench(Surveyed(board, table), read_results(results), "results.csv")
    asked = Key("resnet-18", Variant("eager", "fp32"), 4)
    attempt = bench.measure(asked)
    assert (attempt.key, attempt.reason) == (asked, "")
    merged = attempt.surveyed.measurements
    assert len(merged) == len(table)
    row = int(np.flatnonzero(merged.batch == 4)[0])
    printed = [each.estimate(row) for each in (merged.latency_ms, merged.net_power_w)]
    assert [(each.value, each.origin) for each in printed if each] == [
        (55, "measured"),
        (5, "reported"),
    ]
    assert merged.memory_mb.values.value[row] == 500
    assert not bench.offers(Key("resnet-18", Variant("onnxruntime", "fp32"), 4))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--verify", "0"), "--verify"),
        (("--verify", "many"), "--verify"),
        (("--simulate", "t.csv"), "--simulate goes with --verify"),
        (("--device", "cpu"), "--device goes with --verify"),
        (("--verify", 3, "--simulate", "t.csv", "--device", "cpu"), "leave out --device"),
        (("--verify", 3, "--candidates", "board"), "leave out --candidates board"),
        (("--verify", 3, "--no-predictions"), "leave out --no-predictions"),
        (("--verify", 3, "--plot"), "ask again without --verify"),
        (("--verify", 3, "--board", "any"), "name one: --board NAME"),
        (("--verify", 3, "--board", "new,one"), "name one: --board NAME"),
        (("--verify", 3), "board new was not measured by advisor"),
        (("--verify", 3, "--board", "jetson-tx1"), "board jetson-tx1 is a shipped one"),
        (("--verify", 3, "--simulate", "none.csv"), "none.csv: no such file"),
        (("--verify", 3, "--board", "one"), "board one was not measured by advisor"),
    ],
)
def test_what_cannot_be_verified(
    lab: Lab, run: Run, arguments: tuple[object, ...], said: str
) -> None:
    board = () if "--board" in arguments else ("--board", "new")
    ran = run("pick", *board, "--catalog", lab.folder, *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "found nothing; expected a header"),
        ("a,b\n1,2\n", "no column of networks (architecture)"),
        ("architecture,latency\nresnet-18,2\n", "line 2, column latency: '2' has no unit"),
        ("architecture,latency_ms\n", "no rows"),
        ("architecture,latency_ms\nresnet-18,fast\n", "line 2, column latency_ms: found 'fast'"),
        ("architecture,latency_ms\nresnet-18\n", "a row of 1 cells"),
        ("architecture,latency_ms,latency_low_ms\nresnet-18,2,3\n", "an interval around 2"),
        (HEADER + "\nresnet-18,eager,fp32,0,20,,,reported,x\n", "column batch: found '0'"),
        ("\0", "NUL byte"),
    ],
)
def test_a_table_that_is_none(lab: Lab, run: Run, tmp_path: Path, content: str, said: str) -> None:
    table = tmp_path / "table.csv"
    table.write_text(content)
    ran = run(*lab.simulate("--fps", 30, table=table))
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert str(table) in ran.err


def test_a_table_of_other_networks_is_refused(lab: Lab, run: Run, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text(lab.truth.read_text().replace(",eager,", ",openvino,"))
    ran = run(*lab.simulate("--fps", 30, table=table))
    assert ran.code == 2
    assert "none of the networks that new has not run can be measured: " in ran.err
    assert "has no row of them (its rows are of openvino fp32)" in ran.err


def test_a_stale_fit_is_refused(lab: Lab, run: Run, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(lab.folder, copy)
    rows = copy / "boards/new/measurements.csv"
    rows.write_text("\n".join(rows.read_text().splitlines()[:-1]) + "\n")
    ran = run("pick", "--board", "new", "--catalog", copy, "--verify", 3, "--simulate", lab.truth)
    assert ran.code == 2
    assert "the fit of board new is stale; run: advisor fit new" in ran.err


# --- on this machine


MINE = (
    "alexnet",
    "bn-alexnet",
    "bn-nin",
    "enet",
    "googlenet",
    "vgg-16",
    "resnet-18",
    "resnet-34",
    "resnet-50",
    "vgg-19",
    "inception-v3",
)


@pytest.fixture(scope="module")
def own_board(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog with a board of this machine, by made-up children."""
    folder = tmp_path_factory.mktemp("own")
    plan = replace(PLAN, architectures=MINE, batches=(1,))
    measure(folder / "boards/mine", FakeChildren(), plan)
    fit("mine", catalog=folder)
    return folder


@dataclass(frozen=True)
class Mine:
    """A copy of that catalog, and a question whose pick has not run on it."""

    folder: Path
    run: Run

    def pick(self, *arguments: object, weights: str = "paper") -> Ran:
        more = ("resnet-101", "resnet-152", "paper:inception-v4", "mobilenet_v2@224")
        names = ",".join((*MINE, *more))
        asked = ("--board", "mine", "--catalog", self.folder, "--architectures", names)
        return self.run("pick", *asked, "--weights", weights, *arguments)

    @property
    def rows(self) -> list[str]:
        return (self.folder / "boards/mine/measurements.csv").read_text().splitlines()[1:]

    def row(self, name: str) -> str:
        return next(row for row in self.rows if row.startswith(name + ","))


@pytest.fixture
def mine(run: Run, own_board: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mine:
    folder = tmp_path / "catalog"
    shutil.copytree(own_board, folder)
    monkeypatch.setattr(local_bench, "RealChildren", FakeChildren)
    return Mine(folder, run)


def test_a_pick_is_measured_on_this_machine_and_kept(mine: Mine) -> None:
    before = len(mine.rows)
    printed = verified(mine.pick("--fps", 30, "--verify", 4, "--json"))
    verification = printed["verification"]
    assert verification["simulated"] is None
    (step,) = verification["steps"]
    assert step["predicted"]["architecture"] == "inception-v4"
    assert step["predicted"]["batch_latency_ms"]["origin"] == "predicted"
    assert (step["found"]["batch_latency_ms"]["origin"], step["holds"]) == ("measured", True)
    assert step["found"]["memory_mb"]["value"] == 100, "the whole row counts"
    assert printed["best"]["architecture"] == "inception-v4"
    assert (verification["ended"], verification["pick_is_measured"]) == ("settled", True)
    assert len(mine.rows) == before + 1
    assert ",ok," in mine.row("inception-v4")
    later = mine.pick("--fps", 30, "--candidates", "all")
    assert "inception-v4 at batch 1" in later.out
    assert "stale" not in later.err, "the models are fitted anew"
    again = verified(mine.pick("--fps", 30, "--verify", 4, "--json"))
    assert again["verification"]["steps"] == []
    assert mine.run("catalog", "check", "--catalog", mine.folder).code == 0


def test_a_librarys_network_is_measured_with_its_cost_kept(mine: Mine) -> None:
    asked = ("--fps", 30, "--verify", 1, "--json", "--families", "MobileNet", "--device", "cpu")
    printed = verified(mine.pick(*asked, weights="IMAGENET1K_V2"))
    assert printed["best"]["architecture"] == "mobilenet_v2@224"
    assert printed["best"]["batch_latency_ms"]["origin"] == "measured"
    assert printed["query"]["command"].endswith("--verify 1 --device cpu")
    assert "mobilenet_v2@224" in (mine.folder / "zoo/measured.csv").read_text()


def test_a_network_of_ones_own_is_not_offered_without_its_file(mine: Mine) -> None:
    own = ZooNetwork("net@8", OWN, "0" * 16, OWN, (3, 8, 8), (1, 1, 1, 1, 1, 1))
    (mine.folder / "zoo").mkdir()
    (mine.folder / "zoo/measured.csv").write_text(zoo_table([own]))
    catalog = Catalog.open(mine.folder)
    board = catalog.board("mine")
    bench = LocalBench(catalog, Surveyed(board, catalog.measurements(board)), None, print)
    assert not bench.offers("net@8")
    assert bench.offers("mobilenet_v2@224")


def test_a_network_that_crashes_is_spent_and_out(
    mine: Mine, monkeypatch: pytest.MonkeyPatch
) -> None:
    crash = Outcome("crashed", None, "killed by signal 11")
    broken = FakeChildren({"memory inception-v4 at batch 1, 4 threads": crash})
    monkeypatch.setattr(local_bench, "RealChildren", lambda: broken)
    ran = mine.pick("--fps", 30, "--verify", 3)
    assert re.search(
        r"1 of 3: inception-v4 at batch 1, .*: crashed: killed by signal 11; pick ",
        " ".join(ran.out.split()),
    )
    assert "inception-v4" not in ran.out.split("\n\n", 1)[1].split("\n\n")[1]
    assert ",crashed," in mine.row("inception-v4")
    assert "1 pair (network and batch) failed when measured" in " ".join(ran.out.split())


def test_what_runs_it_may_be_missing(mine: Mine, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> None:
        raise AdvisorError("torch has gone", "find it")

    monkeypatch.setattr(FakeChildren, "check_installed", missing)
    printed = verified(mine.pick("--fps", 30, "--verify", 1, "--json"))
    (step,) = printed["verification"]["steps"]
    assert (step["found"], step["reason"]) == (None, "torch has gone")


def test_a_board_that_is_lost_is_said_and_what_was_found_is_kept(
    mine: Mine, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = StoppingChildren(5, BoardLostError("board mine is gone since 300 s"))
    monkeypatch.setattr(local_bench, "RealChildren", lambda: lost)
    ran = mine.pick("--fps", 30, "--verify", 3, "--json")
    assert ran.code == 2
    assert ran.out == ""
    assert "board mine is gone since 300 s" in ran.err
    assert mine.row("inception-v4")


def test_stopped_it_keeps_what_was_found_and_fits_again(
    mine: Mine, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopping = StoppingChildren(5, KeyboardInterrupt)
    monkeypatch.setattr(local_bench, "RealChildren", lambda: stopping)
    ran = mine.pick("--fps", 30, "--verify", 3, "--json")
    assert ran.code == 130
    assert ran.out == ""
    assert "stopped; what was found is kept" in ran.err
    assert mine.row("inception-v4")
    assert "stale" not in mine.pick("--fps", 30, "--candidates", "all").err


@pytest.mark.parametrize(
    ("found", "there", "said"),
    [
        ('"this-one"', '"another"', "board mine is of machine another; this is machine this-one"),
        ('torch: "0"', 'torch: "9"', "board mine is of torch 9; this is torch 0"),
    ],
)
def test_a_board_of_another_machine_is_refused(
    mine: Mine, found: str, there: str, said: str
) -> None:
    path = mine.folder / "boards/mine/board.yaml"
    text = path.read_text()
    assert found in text
    path.write_text(text.replace(found, there))
    ran = mine.pick("--fps", 30, "--verify", 3)
    assert ran.code == 2
    assert said in ran.err


def test_a_device_that_is_not_there_is_refused(mine: Mine) -> None:
    ran = mine.pick("--fps", 30, "--verify", 3, "--device", "tpu")
    assert ran.code == 2
    assert "unknown device 'tpu'" in ran.err


def test_measuring_needs_torch(mine: Mine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    ran = mine.pick("--fps", 30, "--verify", 3)
    assert ran.code == 2
    assert "pip install 'dnn-advisor[measure]'" in ran.err


# --- on images of one's own


@dataclass
class MadeUpImages:
    """Stands for `advisor.evaluate`: what networks reach, by network; another is refused."""

    reach: Mapping[str, float]
    asked: list[tuple[str, ...]] = field(default_factory=list)
    devices: set[str] = field(default_factory=set)
    boards: set[str] = field(default_factory=set)

    def __call__(self, network: str, data: str, **how: Any) -> SimpleNamespace:
        name = network.removeprefix("paper:")
        if "board" in how:
            assert how["children"].ready(how["device"]) == how["device"]
            self.boards.add(how["board"])
        self.devices.add(how["device"])
        self.asked.append((name, data, how["runtime"], how["precision"], how["download"]))
        if name not in self.reach:
            raise AdvisorError(f"{name} has no weights here", "give them")
        table = how["catalog"] / "accuracy.csv"
        if not table.exists():
            header = "architecture,weights,task,metric,data_set,value,images,runtime,precision"
            header += ",origin,source"
            table.write_text(f"{header}\n")
        with table.open("a") as lines:
            run_as = (how["runtime"], how["precision"]) if how["precision"] != "fp32" else ("", "")
            row = f"{network},{how['download']},classification,top-1,{how['data_set']}"
            row = f"{row},{self.reach[name]},200,{','.join(run_as)}"
            lines.write(f"{row},measured,advisor-measure\n")
        accuracy = SimpleNamespace(value=self.reach[name])
        ways = [SimpleNamespace(reason="", accuracy_percent=accuracy)]
        return SimpleNamespace(finished=True, ways=ways)


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Two hundred files, of which only the number counts here."""
    folder = tmp_path / "images"
    (folder / "0").mkdir(parents=True)
    for count in range(200):
        (folder / f"0/{count:03}.png").write_text(str(count))
    return folder


def looked_at(monkeypatch: pytest.MonkeyPatch, reach: Mapping[str, float]) -> MadeUpImages:
    made = MadeUpImages(reach)
    monkeypatch.setattr("advisor.measuring.evaluation.evaluate", made)
    return made


def pick_of_few(mine: Mine, *arguments: object) -> Ran:
    """A question about networks that the board has run, so that only their accuracy is to be found out."""
    names = "resnet-18,resnet-34,resnet-50,vgg-19"
    asked = ("--board", "mine", "--catalog", mine.folder, "--architectures", names)
    return mine.run("pick", *asked, "--weights", "paper", "--fps", 1, *arguments)


def test_an_accuracy_is_verified_as_a_latency_is(
    mine: Mine, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Published are 76.0, 73.3, 71.3 and 69.6 % of ResNet-50 and 34, VGG-19, ResNet-18."""
    reach = {"resnet-50": 62.0, "resnet-34": 71.5, "vgg-19": 64.0, "resnet-18": 75.0}
    made = looked_at(monkeypatch, reach)
    rows = mine.rows
    asked = ("--accuracy", 65, "--data", images, "--download", "--verify", 6)
    printed = verified(pick_of_few(mine, *asked, "--json"))
    steps = printed["verification"]["steps"]
    assert [each["predicted"]["architecture"] for each in steps][:2] == ["resnet-50", "resnet-34"]
    supposed = steps[0]["predicted"]["accuracy_percent"]
    assert supposed["origin"] == "predicted"
    assert supposed["low"] < supposed["value"] < supposed["high"]
    assert (steps[0]["metric"], steps[0]["holds"]) == ("accuracy_percent", False)
    found = steps[0]["found"]["accuracy_percent"]
    assert (found["value"], found["origin"]) == (62.0, "measured")
    assert printed["best"]["architecture"] in ("resnet-34", "resnet-18")
    assert printed["best"]["accuracy_percent"]["origin"] == "measured"
    assert printed["best"]["quality"]["data_set"].startswith("images-")
    assert printed["verification"]["pick_is_measured"]
    assert {each[1:] for each in made.asked} == {(str(images), "eager", "fp32", "paper")}
    assert len(made.asked) == len({each[0] for each in made.asked}) == len(steps)
    assert mine.rows == rows, "what has run is not timed again"
    assert f"--data {images} --download" in printed["query"]["command"]
    again = verified(pick_of_few(mine, *asked, "--json"))
    assert again["best"] == printed["best"]
    assert not again["verification"]["steps"], "what was found is kept, and nothing is asked twice"
    check = mine.run("catalog", "check", "--catalog", mine.folder)
    assert check.code == 0, check.out


@pytest.mark.parametrize("given", [(), ("--device", "cuda:0")])
def test_accuracies_are_of_the_device_that_is_measured(
    mine: Mine, images: Path, monkeypatch: pytest.MonkeyPatch, given: tuple[str, ...]
) -> None:
    class Accelerated(FakeChildren):
        def ready(self, device: str) -> str:
            return device

    monkeypatch.setattr(local_bench, "RealChildren", Accelerated)
    made = looked_at(monkeypatch, {"resnet-50": 74.0})
    asked = ("--accuracy", 65, "--data", images, "--download", "--verify", 1, *given)
    ran = pick_of_few(mine, *asked)
    assert ran.code == 0, ran.err
    assert made.devices == {given[-1] if given else "cpu"}


def test_accuracies_are_found_out_on_the_board_elsewhere(
    mine: Mine, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = looked_at(monkeypatch, {"resnet-50": 74.0})
    asked = ("--accuracy", 65, "--data", images, "--download", "--verify", 1)
    with started_scheduler() as (scheduler, _), started_workers(scheduler, "mine"):
        ran = pick_of_few(mine, *asked, "--on", scheduler)
    assert ran.code == 0, ran.err
    assert made.boards == {"mine"}


def test_what_cannot_be_looked_at_is_spent_and_out(
    mine: Mine, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at(monkeypatch, {"resnet-34": 72.5})
    ran = pick_of_few(mine, "--accuracy", 60, "--data", images, "--download", "--verify", 3)
    assert ran.code == 0, ran.err
    said = " ".join(ran.out.split())
    assert "1 of 3: resnet-50 at batch 1" in said
    assert "resnet-50 has no weights here" in said
    assert ", is 72.50" in said
    assert "resnet-34 at batch 1 (weights paper" in said
    assert "~69.57" in said, "what nobody has looked at is marked as predicted"


def test_no_pick_rests_on_a_published_accuracy_that_nobody_looked_at(
    mine: Mine, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at(monkeypatch, {})
    asked = ("--accuracy", 30, "--data", images, "--verify", 1, "--json")
    printed = json.loads(pick_of_few(mine, *asked).out)
    (step,) = printed["verification"]["steps"]
    assert step["found"] is None
    assert not printed["verification"]["pick_is_measured"]
    assert printed["verification"]["ended"] == "spent"


def test_what_int8_costs_is_found_out_where_it_can_be_calibrated(
    images: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fastest way is quantised, and its accuracy unknown: until somebody looks, nothing rests on it."""
    folder = tmp_path / "catalog"
    int8 = ("onnxruntime", "int8")
    plan = replace(PLAN, architectures=MINE, batches=(1,), variants=(REFERENCE, int8))
    measure(folder / "boards/mine", FakeChildren(), plan)
    fit("mine", like="none", catalog=folder)
    monkeypatch.setattr(local_bench, "RealChildren", FakeChildren)
    mine = Mine(folder, run)
    reach = {"resnet-50": 74.0, "resnet-34": 60.0, "resnet-18": 55.0, "vgg-19": 50.0}
    made = looked_at(monkeypatch, reach)
    asked = ("--accuracy", 65, "--objective", "response")
    more = ("--data", images, "--download", "--verify", 8, "--json")
    floats = verified(pick_of_few(mine, *asked, *more))
    assert floats["best"]["precision"] == "fp32"
    assert {each[3] for each in made.asked} == {"fp32"}
    (folder / "accuracy.csv").unlink()
    printed = verified(pick_of_few(mine, *asked, *more, "--calibrate", images))
    assert printed["best"]["architecture"] == "resnet-50"
    assert (printed["best"]["runtime"], printed["best"]["precision"]) == int8
    assert printed["best"]["accuracy_percent"]["origin"] == "measured"
    assert f"--calibrate {images}" in printed["query"]["command"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--data", "images"), "--data goes with --verify"),
        (("--verify", 1, "--download"), "--download goes with --data"),
        (("--verify", 1, "--images", 3), "--images goes with --data"),
        (("--verify", 1, "--data", "nowhere"), "nowhere: there is no such folder or file"),
        (("--verify", 1, "--data", "images", "--simulate", "x"), "--simulate looks at no images"),
    ],
)
def test_images_are_asked_for_as_they_can_be(
    mine: Mine,
    images: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[object, ...],
    said: str,
) -> None:
    monkeypatch.chdir(images.parent)
    ran = mine.pick(*arguments)
    assert ran.code == 2
    assert said in ran.err
