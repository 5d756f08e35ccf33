"""Catalogs that were measured apart, in one."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest

import advisor
from advisor.catalog.check import check
from advisor.catalog.locks import locked
from advisor.catalog.store import Catalog
from advisor.errors import AdvisorError
from advisor.measuring import merging
from advisor.measuring.journal import FORMAT, Journal, begin, exclusive, read_runs
from tests.conftest import Run
from tests.measuring_fakes import HOST, PLAN, FakeChildren, measure


def catalog_of(folder: Path, day: int, board: str = "mine", machine: str = "this-one") -> Path:
    """A catalog of one board that was measured on one day."""
    host = replace(HOST, details={**HOST.details, "machine": machine})
    began = datetime(2026, 1, day, tzinfo=timezone.utc)
    measure(folder / "boards" / board, FakeChildren(), PLAN, host=host, now=lambda: began)
    return folder


def sessions(run: Journal) -> list[object]:
    return [each.get("values_us") for each in run.records]


def test_runs_of_two_catalogs_are_those_of_one_board(tmp_path: Path) -> None:
    one, other = (catalog_of(tmp_path / name, day) for name, day in (("one", 2), ("other", 3)))
    before = {name: read_runs(tmp_path / name / "boards/mine/runs")[0] for name in ("one", "other")}
    merged = advisor.merge(other, catalog=one)
    assert [(each.board, each.added, each.known) for each in merged.boards] == [("mine", 1, 0)]
    runs = read_runs(one / "boards/mine/runs")
    assert [run.number for run in runs] == [1, 2]
    assert list(map(sessions, runs)) == [sessions(before["one"]), sessions(before["other"])]
    assert check(Catalog.open(one)).faults == ()
    both = catalog_of(tmp_path / "both", 2)
    catalog_of(both, 3)
    names = [
        [table.architecture.at(row) for row in range(len(table))]
        for table in (
            Catalog.open(each).measurements(Catalog.open(each).board("mine"))
            for each in (one, both)
        )
    ]
    assert names[0] == names[1]


def test_merged_again_nothing_is_added(tmp_path: Path) -> None:
    one, other = (catalog_of(tmp_path / name, day) for name, day in (("one", 2), ("other", 3)))
    advisor.merge([other], catalog=one)
    rows = (one / "boards/mine/measurements.csv").read_bytes()
    again = advisor.merge([other, other], catalog=one)
    assert [(each.added, each.known) for each in again.boards] == [(0, 1), (0, 1)]
    assert (one / "boards/mine/measurements.csv").read_bytes() == rows


def test_a_board_that_is_new_comes_as_it_is(tmp_path: Path) -> None:
    other = catalog_of(tmp_path / "other", 2, "theirs")
    merged = advisor.merge(other, catalog=tmp_path / "mine")
    assert [(each.board, each.added) for each in merged.boards] == [("theirs", 1)]
    near, far = (
        advisor.pick(board="theirs", fps=55, catalog=each).best
        for each in (tmp_path / "mine", other)
    )
    assert near == far


def test_runs_that_began_at_the_same_second_are_two(tmp_path: Path) -> None:
    one, other = (catalog_of(tmp_path / name, 2) for name in ("one", "other"))
    advisor.merge(other, catalog=one)
    assert len(read_runs(one / "boards/mine/runs")) == 2


def test_a_run_that_went_on_elsewhere_is_taken_as_it_ended(tmp_path: Path) -> None:
    other = catalog_of(tmp_path / "other", 2)
    one = tmp_path / "one"
    shutil.copytree(other, one)
    (journal,) = (one / "boards/mine/runs").glob("*/sessions.jsonl")
    whole = journal.read_bytes()
    journal.write_bytes(b"".join(whole.splitlines(keepends=True)[:-6]))
    merged = advisor.merge(other, catalog=one)
    assert [(each.added, each.known) for each in merged.boards] == [(1, 0)]
    (run,) = read_runs(one / "boards/mine/runs")
    assert run.finished
    back = advisor.merge(one, catalog=other)
    assert [(each.added, each.known) for each in back.boards] == [(0, 1)]


def test_a_run_with_other_sessions_is_refused(run: Run, tmp_path: Path) -> None:
    other = catalog_of(tmp_path / "other", 2)
    one = tmp_path / "one"
    shutil.copytree(other, one)
    (journal,) = (one / "boards/mine/runs").glob("*/sessions.jsonl")
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join([*lines[:2], *lines[3:]]))
    rows = (one / "boards/mine/measurements.csv").read_bytes()
    ran = run("catalog", "merge", other, "--catalog", one)
    assert ran.code == 1
    assert "is here with other sessions" in ran.out
    assert (one / "boards/mine/measurements.csv").read_bytes() == rows


def test_another_machine_of_the_same_name_is_refused(run: Run, tmp_path: Path) -> None:
    one = catalog_of(tmp_path / "one", 2)
    other = catalog_of(tmp_path / "other", 3, machine="another")
    ran = run("catalog", "merge", other, "--catalog", one)
    assert ran.code == 1
    assert "the board of that name here is another: machine this-one, and there another" in ran.out
    assert len(read_runs(one / "boards/mine/runs")) == 1


def test_accuracies_come_along_and_contradictions_are_named(run: Run, tmp_path: Path) -> None:
    header = "architecture,weights,task,metric,data_set,value,images,origin,source\n"
    row = "resnet-18,mine,classification,top-1,images-1a2b,{},1000,measured,advisor-measure\n"
    one, other = (catalog_of(tmp_path / name, day) for name, day in (("one", 2), ("other", 3)))
    (other / "accuracy.csv").write_text(header + row.format("70.0"))
    ran = run("catalog", "merge", other, "--catalog", one)
    assert (ran.code, ran.err) == (0, "")
    assert "1 new row of accuracies" in ran.out
    assert "images-1a2b" in (one / "accuracy.csv").read_text()
    kept = (one / "accuracy.csv").read_bytes()
    (other / "accuracy.csv").write_text(header + row.format("71.0"))
    ran = run("catalog", "merge", other, "--catalog", one)
    assert ran.code == 1
    assert "accuracy of resnet-18 (mine) is here with another figure" in ran.out
    assert (one / "accuracy.csv").read_bytes() == kept


WEIGHTS = "architecture,weights,top1_percent,top1_low_percent,top1_high_percent,top5_percent"
WEIGHTS += ",origin,source\nresnet-18,mine,{},,,,reported,advisor-measure\n"


def test_weights_and_names_come_along_and_contradictions_are_named(
    run: Run, tmp_path: Path
) -> None:
    one, other = (catalog_of(tmp_path / name, day) for name, day in (("one", 2), ("other", 3)))
    (other / "weights.csv").write_text(WEIGHTS.format(70))
    (other / "aliases.csv").write_text("name,network,note\nfirst,tv:resnet18,ours\n")
    (other / "device-aliases.csv").write_text("name,device\nbench,raspberry-pi-4\n")
    (one / "aliases.csv").write_text("name,network\nours,tv:resnet34\n")
    ran = run("catalog", "merge", other, "--catalog", one)
    assert (ran.code, ran.err) == (0, "")
    assert "1 new set of weights\n2 new names of networks or devices\n" in ran.out
    merged = Catalog.open(one)
    assert merged.identities.find("first") == merged.identities.find("tv:resnet18")
    assert merged.identities.find("ours") == merged.identities.find("tv:resnet34")
    assert check(merged).faults == ()
    kept = {each: (one / each).read_bytes() for each in ("weights.csv", "aliases.csv")}
    (other / "weights.csv").write_text(WEIGHTS.format(71))
    (other / "aliases.csv").write_text("name,network\nfirst,tv:resnet50\n")
    ran = run("catalog", "merge", other, other, "--catalog", one)
    assert ran.code == 1
    assert f"{other}: resnet-18 mine is in weights.csv here with other figures" in ran.out
    assert f"{other}: first is in aliases.csv here for another network" in ran.out
    assert {each: (one / each).read_bytes() for each in kept} == kept


def test_names_that_differ_in_their_notes_alone_do_not_contradict(tmp_path: Path) -> None:
    one, other = (catalog_of(tmp_path / name, day) for name, day in (("one", 2), ("other", 3)))
    (one / "aliases.csv").write_text("name,network\nfirst,tv:resnet18\n")
    (other / "aliases.csv").write_text("name,network,note\nfirst,tv:resnet18,ours\n")
    merged = advisor.merge(other, catalog=one)
    assert merged.complete and merged.aliases == 0


def test_a_broken_table_costs_nothing_but_itself(run: Run, tmp_path: Path) -> None:
    one, other = (catalog_of(tmp_path / name, day) for name, day in (("one", 2), ("other", 3)))
    (other / "weights.csv").write_text(WEIGHTS.format("many"))
    (other / "aliases.csv").write_text("name,network\nfirst,tv:resnet18\n")
    ran = run("catalog", "merge", other, "--catalog", one)
    assert ran.code == 1
    assert "mine: 1 new run" in ran.out
    assert "1 new name" in ran.out
    assert "weights.csv" in ran.out
    assert not (one / "weights.csv").exists()


def evaluated(folder: Path, day: int, ranks: str, place: str = "net-mine") -> Path:
    """A catalog with a run on images, and the network that was quantised for it."""
    runs = folder / "evaluations" / place
    plan = {"device": "cpu", "threads": [0], "network": "net", "images": [len(ranks), "1a2b"]}
    journal = begin(
        runs,
        {"format": FORMAT, "advisor": "0", "seed": 0, "plan": plan},
        lambda: datetime(2026, 1, day, tzinfo=timezone.utc),
    )
    journal.append({"of": "eager fp32", "piece": 0, "ranks": ranks, "outputs": 10})
    (runs / "onnxruntime-int8.onnx").write_bytes(b"quantised")
    return folder


def test_evaluations_come_along_and_none_counts_twice(run: Run, tmp_path: Path) -> None:
    one = evaluated(catalog_of(tmp_path / "one", 2), 2, "0011")
    other = evaluated(catalog_of(tmp_path / "other", 3), 2, "0011")
    evaluated(other, 3, "00", "net-mine/boards/lab")
    for count in (1, 0):
        merged = advisor.merge(other, catalog=one)
        assert merged.complete
        assert merged.evaluations == count
    (run_here,) = read_runs(one / "evaluations/net-mine")
    (there,) = read_runs(one / "evaluations/net-mine/boards/lab")
    assert run_here.records == read_runs(other / "evaluations/net-mine")[0].records
    assert there.records == read_runs(other / "evaluations/net-mine/boards/lab")[0].records
    third = evaluated(catalog_of(tmp_path / "third", 4), 4, "0012")
    (third / "evaluations/net-mine/onnxruntime-int8.onnx").write_bytes(b"otherwise")
    ran = run("catalog", "merge", third, "--catalog", one)
    assert ran.code == 1
    assert "of evaluation net-mine is here with other answers" in ran.out
    assert "onnxruntime-int8.onnx of evaluation net-mine is here with another content" in ran.out
    assert len(read_runs(one / "evaluations/net-mine")) == 1


def test_the_catalog_that_is_merged_into_is_read_a_fixed_number_of_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[object] = []

    class Counted(Catalog):
        def __post_init__(self) -> None:
            opened.append(self.layers)

    monkeypatch.setattr(merging, "Catalog", Counted)
    counts = []
    for boards in (1, 3):
        folder = tmp_path / f"of-{boards}"
        for number in range(boards):
            catalog_of(folder, 2, f"board-{number}")
        opened.clear()
        assert len(advisor.merge(folder, catalog=tmp_path / f"into-{boards}").boards) == boards
        counts.append(len(opened))
    assert counts[0] == counts[1]


def test_an_imported_board_comes_with_its_sources(run: Run, tmp_path: Path) -> None:
    other, one = catalog_of(tmp_path / "other", 2), tmp_path / "one"
    table = tmp_path / "table.csv"
    table.write_text("architecture,batch,latency_ms\nresnet-18,1,25\nvgg-16,1,90\n")
    imported = run("import", "csv", table, "--board", "imported", "--catalog", other)
    assert imported.code == 0
    ran = run("catalog", "merge", other, "--catalog", one)
    assert (ran.code, ran.err) == (0, "")
    assert check(Catalog.open(one)).faults == ()
    near, far = (advisor.pick(board="imported", fps=20, catalog=each).best for each in (one, other))
    assert near == far
    sources = (one / "sources.yaml").read_bytes()
    run("catalog", "merge", other, "--catalog", one)
    assert (one / "sources.yaml").read_bytes() == sources


def test_a_board_that_names_what_nobody_describes_is_refused(run: Run, tmp_path: Path) -> None:
    other = catalog_of(tmp_path / "other", 2)
    board = other / "boards/mine/board.yaml"
    board.write_text(board.read_text().replace("advisor-measure", "nobody"))
    ran = run("catalog", "merge", other, "--catalog", tmp_path / "one")
    assert ran.code == 1
    assert "expected a known source" in ran.out
    assert not (tmp_path / "one").exists()


def test_a_broken_board_costs_nothing_but_itself(run: Run, tmp_path: Path) -> None:
    other = catalog_of(tmp_path / "other", 2)
    catalog_of(other, 2, "sound")
    (other / "boards/mine/board.yaml").write_text("title: [")
    ran = run("catalog", "merge", other, "--catalog", tmp_path / "one")
    assert ran.code == 1
    assert "sound: 1 new run, 0 known" in ran.out
    assert "expected well-formed YAML" in ran.out
    assert [each.name for each in (tmp_path / "one/boards").iterdir() if each.is_dir()] == ["sound"]


def of_a_later_format(runs: Path) -> None:
    (journal,) = runs.glob("*/sessions.jsonl")
    text = journal.read_text()
    journal.write_text(text.replace(f'"format":{FORMAT}', f'"format":{FORMAT + 1}'))
    assert journal.read_text() != text


def test_a_journal_of_a_later_format_costs_nothing_but_itself(run: Run, tmp_path: Path) -> None:
    one, other = (catalog_of(tmp_path / name, day) for name, day in (("one", 2), ("other", 3)))
    catalog_of(other, 3, "sound")
    for place in ("late", "sound"):
        evaluated(other, 3, "00", place)
    of_a_later_format(other / "boards/mine/runs")
    of_a_later_format(other / "evaluations/late")
    ran = run("catalog", "merge", other, "--catalog", one)
    assert ran.code == 1
    assert "sound: 1 new run" in ran.out
    said = f"a journal of format {FORMAT + 1}, and this advisor reads"
    assert ran.out.count(said) == 2
    assert len(read_runs(one / "boards/mine/runs")) == 1
    assert len(read_runs(one / "evaluations/sound")) == 1


def test_what_is_busy_costs_nothing_but_itself(run: Run, tmp_path: Path) -> None:
    one, other = (catalog_of(tmp_path / name, day) for name, day in (("one", 2), ("other", 3)))
    catalog_of(other, 3, "sound")
    for place in ("busy", "sound"):
        evaluated(other, 3, "00", place)
    lock = one / "evaluations/.busy.lock"
    with exclusive(one / "boards/mine"), locked(lock, "busy", ""):
        ran = run("catalog", "merge", other, "--catalog", one)
    assert ran.code == 1
    assert "another run is at work on board mine" in ran.out
    assert "another evaluation of busy is at work" in ran.out
    assert "sound: 1 new run" in ran.out
    assert len(read_runs(one / "evaluations/sound")) == 1
    assert advisor.merge(other, catalog=one).complete


def test_bad_input_is_one_message(run: Run, tmp_path: Path) -> None:
    one = catalog_of(tmp_path / "one", 2)
    ran = run("catalog", "merge", tmp_path / "nowhere", "--catalog", one)
    assert (ran.code, ran.out) == (2, "")
    assert "is not a folder" in ran.err
    with pytest.raises(AdvisorError, match="is what is merged into"):
        advisor.merge(one, catalog=one)
