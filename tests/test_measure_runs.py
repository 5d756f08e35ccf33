"""Whole runs with made-up children: what is written, what survives, what is refused."""

from __future__ import annotations

import json
import math
import os
import random
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest

import advisor
from advisor.catalog.check import check
from advisor.catalog.entries import read_board
from advisor.catalog.store import Catalog
from advisor.errors import AdvisorError
from advisor.measuring import board_run
from advisor.measuring.children import Outcome, Sessions
from advisor.measuring.energy import EnergyFound
from advisor.measuring.host import Host
from advisor.measuring.journal import FORMAT, Journal, Now, begin, exclusive, mend, read_runs
from advisor.measuring.publish import publish, run_latencies, usual_between_runs
from advisor.measuring.tasks import Cell, HeatFound, Task
from advisor.report.measuring_text import heat_text
from tests.measuring_children import measure_slowly, started
from tests.measuring_fakes import HOST, PLAN, FakeChildren, StoppingChildren, known, measure, noise

KILLED = Outcome("does_not_fit", None, "killed by the kernel, since memory ran out")


def board(tmp_path: Path) -> Path:
    return tmp_path / "catalog/boards/mine"


def test_a_run_makes_a_board_that_pick_uses_at_once(tmp_path: Path) -> None:
    ended = measure(board(tmp_path), FakeChildren())
    assert ended.finished
    catalog = Catalog.open(tmp_path / "catalog")
    assert check(catalog).faults == ()
    best = advisor.pick(board="mine", fps=55, catalog=tmp_path / "catalog").best
    assert best is not None
    assert best.architecture == "vgg-16"
    latency = best.batch_latency_ms
    assert latency is not None
    assert latency.value == pytest.approx(16, rel=0.02)
    assert (latency.origin, latency.source) == ("measured", "advisor-measure")
    assert best.net_power_w is None
    assert best.params is not None
    assert best.params.source == "advisor-count"
    described = catalog.board("mine")
    assert described.details["machine"] == "this-one"
    assert described.power_meter == "none"
    assert described.note == "Power is unknown: it is made up."
    assert "resident" in described.memory_scope
    assert described.weights == "", "random ones were timed: each network's best count"
    (variant,) = catalog.measurements(described).variants
    assert (variant.processor, variant.threads) == ("cpu", 0)


def test_rows_say_what_ran_them(tmp_path: Path) -> None:
    host = replace(HOST, accelerator="a GPU", details={**HOST.details, "device": "cuda:0"})
    ended = measure(board(tmp_path), FakeChildren(), replace(PLAN, device="cuda:0"), host=host)
    assert {row["processor"] for row in ended.rows} == {"gpu"}
    (runs,) = run_latencies(board(tmp_path)).values()
    assert {variant.processor for _, variant, _ in runs} == {"gpu"}


def test_every_cell_gets_its_sessions_in_shuffled_rounds(tmp_path: Path) -> None:
    children = FakeChildren()
    measure(board(tmp_path), children)
    timed = [each for each in children.asked if each.startswith("time")]
    rounds = [timed[start : start + 6] for start in range(0, 24, 6)]
    assert all(len(set(each)) == 6 for each in rounds)
    assert len({tuple(each) for each in rounds}) > 1


def test_a_cell_that_breaks_is_a_row_and_the_rest_goes_on(tmp_path: Path) -> None:
    ends = {
        "memory vgg-16 at batch 1": KILLED,
        "time bn-nin at batch 2": Outcome("timed_out", None, "not done within 60 s"),
        "time resnet-18 at batch 1": Outcome("crashed", None, "=ended by SIGSEGV"),
    }
    children = FakeChildren(ends)
    rows = {
        (row["architecture"], row["batch"]): row for row in measure(board(tmp_path), children).rows
    }
    assert rows["vgg-16", 1]["status"] == "does_not_fit"
    assert ("vgg-16", 2) not in rows
    assert rows["bn-nin", 2]["status"] == "timed_out"
    assert rows["resnet-18", 1]["status"] == "crashed"
    assert rows["bn-nin", 1]["status"] == "ok"
    assert rows["resnet-18", 2]["status"] == "ok"
    catalog = Catalog.open(tmp_path / "catalog")
    assert check(catalog).faults == ()
    answer = advisor.pick(board="mine", catalog=tmp_path / "catalog")
    assert (answer.considered, answer.out_of_memory, answer.failed) == (2, 1, 2)


def test_declared_power_says_so(tmp_path: Path) -> None:
    measure(board(tmp_path), FakeChildren(), replace(PLAN, declared_power_w=11.8))
    best = advisor.pick(board="mine", catalog=tmp_path / "catalog").best
    assert best is not None
    assert best.net_power_w is not None
    assert (best.net_power_w.value, best.net_power_w.origin) == (11.8, "declared")
    assert best.energy_j is not None
    assert best.energy_j.origin == "declared"


def test_a_second_run_is_pooled_not_picked(tmp_path: Path) -> None:
    first = measure(board(tmp_path), FakeChildren())
    second = measure(board(tmp_path), FakeChildren(), fresh=True)
    assert len(read_runs(board(tmp_path) / "runs")) == 2
    sessions = [[row["sessions"] for row in ended.rows] for ended in (first, second)]
    assert [2 * count for count in sessions[0] if isinstance(count, int)] == sessions[1]


class StoppedError(Exception):
    """Stands for anything that ends a run in the middle."""


@pytest.mark.parametrize("after", [0, 3, 6, 9, 20, 30])
def test_a_run_that_was_cut_off_goes_on_where_it_stood(tmp_path: Path, after: int) -> None:
    whole = measure(tmp_path / "whole", FakeChildren())
    with pytest.raises(StoppedError):
        measure(board(tmp_path), StoppingChildren(after, StoppedError))
    children = FakeChildren()
    resumed = measure(board(tmp_path), children)
    assert len(read_runs(board(tmp_path) / "runs")) == 1
    assert resumed.rows == whole.rows
    assert len(children.asked) == 6 + 24 + 1 - after  # memory, timing, and one look for a meter


def test_ctrl_c_ends_in_order_and_keeps_all(tmp_path: Path) -> None:
    ended = measure(board(tmp_path), StoppingChildren(20, KeyboardInterrupt))
    assert not ended.finished
    assert 0 < len(ended.rows) <= 6
    assert check(Catalog.open(tmp_path / "catalog")).faults == ()
    assert measure(board(tmp_path), FakeChildren()).finished


def test_a_fresh_run_leaves_the_unfinished_one_alone(tmp_path: Path) -> None:
    measure(board(tmp_path), StoppingChildren(10, KeyboardInterrupt))
    measure(board(tmp_path), FakeChildren(), fresh=True)
    finished = [journal.finished for journal in read_runs(board(tmp_path) / "runs")]
    assert sorted(finished) == [False, True]


def test_what_is_done_is_left_alone_unless_it_is_to_be_fresh(tmp_path: Path) -> None:
    first = measure(board(tmp_path), FakeChildren())
    heard: list[str] = []
    how = (board(tmp_path), PLAN, HOST, known(), FakeChildren(), lambda what, _: heard.append(what))
    again = board_run.measure_board(*how, go_on=True)
    assert (again.run_id, again.was_done, heard) == (
        first.run_id,
        True,
        [f"done by run {first.run_id}"],
    )
    fresh = board_run.measure_board(*how, go_on=True, fresh=True)
    assert fresh.run_id != first.run_id
    assert not fresh.was_done


def test_another_plan_does_not_go_on_from_this_one(tmp_path: Path) -> None:
    measure(board(tmp_path), StoppingChildren(10, KeyboardInterrupt))
    measure(board(tmp_path), FakeChildren(), replace(PLAN, batches=(1,)))
    assert len(read_runs(board(tmp_path) / "runs")) == 2


def test_a_journal_says_its_format_and_a_later_one_is_refused(tmp_path: Path) -> None:
    measure(board(tmp_path), FakeChildren())
    (journal,) = read_runs(board(tmp_path) / "runs")
    assert journal.header["format"] == FORMAT
    text = journal.path.read_text()
    journal.path.write_text(text.replace(f'"format":{FORMAT},', "", 1))  # as before there was one
    (old,) = read_runs(board(tmp_path) / "runs")
    assert old.records == journal.records
    journal.path.write_text(text.replace(f'"format":{FORMAT},', '"format":1,', 1))
    assert read_runs(board(tmp_path) / "runs")[0].records == journal.records
    for later in ("99", '"new"'):
        journal.path.write_text(text.replace(f'"format":{FORMAT},', f'"format":{later},', 1))
        with pytest.raises(AdvisorError, match=r"format (99|new), .*install a newer"):
            read_runs(board(tmp_path) / "runs")


def test_kill_9_at_random_moments_loses_nothing_finished(tmp_path: Path) -> None:
    whole = measure(tmp_path / "whole", FakeChildren())
    random.seed(7)
    folder = board(tmp_path)
    kept = 0
    while kept < 24:  # of 32 records
        process = started(measure_slowly, str(folder))
        while count_records(folder) == kept:
            assert process.is_alive()
            time.sleep(0.002)
        time.sleep(random.uniform(0.0, 0.04))
        seen = count_records(folder)
        process.kill()
        process.join()
        assert seen > kept
        kept = count_records(folder)
        assert kept >= seen
    resumed = measure(folder, FakeChildren())
    assert resumed.rows == whole.rows
    assert (folder / "measurements.csv").read_bytes() == (
        tmp_path / "whole/measurements.csv"
    ).read_bytes()


def count_records(folder: Path) -> int:
    return sum(len(journal.records) for journal in load_copy(folder))


def load_copy(folder: Path) -> list[Journal]:
    """The journals as they stand, read without mending a line that is just being written."""
    journals = []
    for path in folder.glob("runs/*/*.jsonl"):
        lines = path.read_bytes().split(b"\n")[:-1]
        records = [json.loads(line) for line in lines]
        journals.append(Journal(path, records[0] if records else {}, records[1:]))
    return journals


HEADER = {"seed": 1, "plan": {"device": "cpu", "threads": 1}}


def test_a_torn_last_line_is_dropped_and_a_broken_one_is_reported(tmp_path: Path) -> None:
    journal = begin(tmp_path, HEADER)
    journal.append({"a": 1})
    with journal.path.open("ab") as stream:
        stream.write(b'{"b": 2')
    (again,) = read_runs(tmp_path)
    assert (again.header, again.records) == ({**HEADER, "number": 1}, [{"a": 1}])
    mend(again)
    again.append({"c": 3})
    assert read_runs(tmp_path)[0].records == [{"a": 1}, {"c": 3}]
    content = journal.path.read_text().replace('{"a":1}', '{"a":')
    journal.path.write_text(content)
    with pytest.raises(AdvisorError, match="line 2: found a broken line"):
        read_runs(tmp_path)
    for text in ("[]\n", '{"seed": 1}\n'):
        journal.path.write_text(text)
        with pytest.raises(AdvisorError, match="line 1: found a broken line"):
            read_runs(tmp_path)


@pytest.mark.parametrize(
    "line",
    [
        '{"cell":5,"status":"failed","reason":""}',
        '{"cell":["resnet-18"],"status":"failed","reason":""}',
        '{"cell":["resnet-18","1"],"peak_mb":1,"empty_mb":1,"run_ms":1}',
        '{"cell":["resnet-18",1],"peak_mb":"1","empty_mb":1,"run_ms":1}',
        '{"cell":["resnet-18",1],"peak_mb":NaN,"empty_mb":1,"run_ms":1}',
        '{"cell":["resnet-18",1],"peak_mb":1}',
        '{"cell":["resnet-18",1],"values_us":["1"],"settled":true,"disturbance":{}}',
        '{"cell":["resnet-18",1],"values_us":[1],"settled":true,"disturbance":{"nobody":1}}',
        '{"cell":["resnet-18",1],"energy":[1]}',
        '{"cell":["resnet-18",1],"status":5,"reason":""}',
        '{"by":["resnet-18",1],"heat":{},"when":"before"}',
        '{"no_meter":1}',
        "[" * 100_000,
    ],
)
def test_a_line_of_the_wrong_type_is_a_broken_line(tmp_path: Path, line: str) -> None:
    measure(board(tmp_path), StoppingChildren(3, KeyboardInterrupt))
    (journal,) = read_runs(board(tmp_path) / "runs")
    lines = journal.path.read_text().splitlines()
    lines[1] = line
    journal.path.write_text("\n".join(lines) + "\n")
    with pytest.raises(AdvisorError, match=r"sessions.jsonl, line 2: found a broken line"):
        measure(board(tmp_path), FakeChildren())


def test_an_unfinished_run_goes_on_whatever_the_clock_says(tmp_path: Path) -> None:
    def at(hour: int) -> Now:
        return lambda: datetime(2026, 11, 30, hour, tzinfo=timezone.utc)

    assert measure(board(tmp_path), FakeChildren(), now=at(9)).finished
    stopping = StoppingChildren(10, KeyboardInterrupt)
    cut = measure(board(tmp_path), stopping, fresh=True, now=at(5))
    assert cut.run_id == "2026-11-30T05-00-00"
    assert measure(board(tmp_path), FakeChildren(), now=at(3)).run_id == cut.run_id
    assert [each.number for each in read_runs(board(tmp_path) / "runs")] == [1, 2]


def test_a_tenth_run_of_a_second_is_the_last(tmp_path: Path) -> None:
    def now() -> datetime:
        return datetime(2026, 11, 30, tzinfo=timezone.utc)

    names = [begin(tmp_path, HEADER, now).run_id for _ in range(11)]
    assert [each.run_id for each in read_runs(tmp_path)] == names
    for path in tmp_path.glob("*/sessions.jsonl"):  # as before runs were counted
        path.write_text(json.dumps(HEADER) + "\n")
    assert [each.run_id for each in read_runs(tmp_path)] == names


def test_a_full_disk_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = begin(tmp_path, HEADER)
    journal.append({"a": 1})
    before = journal.path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(AdvisorError, match="no space left on device"):
        journal.append({"b": 2})
    assert journal.path.read_bytes() == before
    with pytest.raises(AdvisorError, match=r"measurements.csv cannot be written: no space left"):
        measure_table(tmp_path)
    assert not list(tmp_path.glob(".writing-*"))


def measure_table(folder: Path) -> None:
    from advisor.catalog.files import write_whole

    write_whole(folder / "measurements.csv", "text")


def test_two_runs_on_one_board_exclude_each_other(tmp_path: Path) -> None:
    script = (
        "import sys, time\nfrom pathlib import Path\nfrom advisor.measuring.journal import exclusive\n"
        "with exclusive(Path(sys.argv[1])):\n    print('locked', flush=True)\n    time.sleep(60)\n"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    with other.stdout:
        assert other.stdout.readline() == "locked\n"
        with (
            pytest.raises(AdvisorError, match=rf"another run is at work .*process {other.pid}"),
            exclusive(tmp_path),
        ):
            pass
        other.kill()
        other.wait()
    with exclusive(tmp_path):
        pass


@pytest.mark.parametrize(
    ("details", "said"),
    [
        ("", "was not measured by advisor"),
        (
            'details: {machine: "somewhere-else"}\n',
            "is of machine somewhere-else; this is machine this-one",
        ),
        (
            'details: {machine: "this-one", device: "cuda:0"}\n',
            "is of device cuda:0; this is device cpu",
        ),
    ],
)
def test_a_board_that_is_someone_elses_is_refused(tmp_path: Path, details: str, said: str) -> None:
    folder = board(tmp_path)
    folder.mkdir(parents=True)
    text = f"title: theirs\nsource: their-notes\n{details}"
    (folder / "board.yaml").write_text(text)
    with pytest.raises(AdvisorError, match=f"board mine {said}"):
        measure(folder, FakeChildren())
    assert (folder / "board.yaml").read_text() == text
    assert not (folder / "runs").exists()


def test_unlike_settings_are_unlike_boards(tmp_path: Path) -> None:
    measure(board(tmp_path), FakeChildren())
    for name, value in (
        ("torch", "1"),
        ("power_mode", "15W"),
    ):
        other = replace(HOST, details={**HOST.details, name: value})
        with pytest.raises(AdvisorError, match=f"is of {name} "):
            measure(board(tmp_path), FakeChildren(), host=other)


def test_a_shipped_board_is_not_shadowed(tmp_path: Path) -> None:
    with pytest.raises(AdvisorError, match="board jetson-tx1 is a shipped one"):
        measure(tmp_path / "catalog/boards/jetson-tx1", FakeChildren())


def test_the_board_is_whole_from_the_first_moment(tmp_path: Path) -> None:
    with pytest.raises(StoppedError):
        measure(board(tmp_path), StoppingChildren(0, StoppedError))
    assert check(Catalog.open(tmp_path / "catalog")).faults == ()
    assert measure(board(tmp_path), FakeChildren()).finished


def test_a_run_cut_off_before_its_end_was_written_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = measure(tmp_path / "whole", FakeChildren())
    writing = publish
    calls = iter([writing, None])

    def interrupted(folder: Path, host: Host) -> object:
        write = next(calls)
        if write is None:
            raise StoppedError
        return write(folder, host)

    monkeypatch.setattr(board_run, "publish", interrupted)
    with pytest.raises(StoppedError):
        measure(board(tmp_path), FakeChildren())
    monkeypatch.undo()
    again = FakeChildren()
    assert measure(board(tmp_path), again).rows == whole.rows
    assert len(read_runs(board(tmp_path) / "runs")) == 1
    assert [each for each in again.asked if not each.startswith("energy")] == []


def test_what_a_run_was_asked_for_is_its_own(tmp_path: Path) -> None:
    """A later plan neither relabels an earlier run's rows nor loses what was declared for them."""
    strict = replace(PLAN, thoroughness=replace(PLAN.thoroughness, half_width=1e-9))
    measure(board(tmp_path), FakeChildren(), replace(strict, declared_power_w=7.0))
    rows = measure(board(tmp_path), FakeChildren(), PLAN).rows
    assert {row["net_power_w"] for row in rows} == {7.0}
    assert not any("instead of 6%" in str(row["verdict"]) for row in rows)


def test_a_later_run_mends_what_an_earlier_one_could_not(tmp_path: Path) -> None:
    ends = {"time bn-nin at batch 2": Outcome("crashed", None, "ended by SIGSEGV")}
    measure(board(tmp_path), FakeChildren(ends))
    rows = measure(board(tmp_path), FakeChildren(), fresh=True).rows
    assert all(row["status"] == "ok" and not row["reason"] for row in rows)


class MeteredChildren(FakeChildren):
    """Children with a meter that fails on some cells."""

    def energy(self, task: Task, limit_s: float) -> Outcome:
        self.asked.append(f"energy {task.cell}")
        if task.cell.architecture == "vgg-16":
            return Outcome("ok", None, "")
        if task.cell == Cell("bn-nin", 1):
            return Outcome("crashed", None, "ended by SIGSEGV")
        return Outcome("ok", EnergyFound(60.0, 4.0, 8, 2.0, 3.0, "recorded", "GPU only"), "")


def test_measured_energy_stands_where_there_is_a_meter_and_costs_nothing_else(
    tmp_path: Path,
) -> None:
    children = MeteredChildren()
    rows = {
        (row["architecture"], row["batch"]): row for row in measure(board(tmp_path), children).rows
    }
    assert len([each for each in children.asked if each.startswith("energy")]) == 6
    assert (rows["resnet-18", 1]["net_power_w"], rows["resnet-18", 1]["gross_power_w"]) == (
        12.5,
        15.0,
    )
    window = EnergyFound(60.0, 4.0, 8, 2.0, 3.0, "recorded", "GPU only")
    for key, error in (("net_power", window.net_error_w), ("gross_power", window.gross_error_w)):
        value, low, high = (rows["resnet-18", 1][f"{key}{end}_w"] for end in ("", "_low", "_high"))
        assert isinstance(value, float)
        assert (low, high) == pytest.approx(
            (value * math.exp(-error / value), value * math.exp(error / value))
        )
    for cell in (("vgg-16", 1), ("bn-nin", 1)):
        assert rows[cell]["status"] == "ok"
        assert rows[cell].get("net_power_w") is None
    catalog = Catalog.open(tmp_path / "catalog")
    assert check(catalog).faults == ()
    described = catalog.board("mine")
    assert described.idle_power_w is not None
    assert described.idle_power_w.value == 2.5
    assert (described.power_scope, described.power_meter) == ("GPU only", "recorded")
    best = advisor.pick(board="mine", energy="1 J", catalog=tmp_path / "catalog").best
    assert best is not None
    assert best.energy_j is not None
    assert best.energy_j.origin == "measured"


def test_a_place_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(AdvisorError, match="file"):
        measure(tmp_path / "file/boards/mine", FakeChildren())


# --- the steady state under load

SUSTAINED = PLAN.sustained(600.0)
HOT = HOST.heated(600.0)


def test_a_sustained_run_heats_the_board_before_it_times_and_looks_again_after(
    tmp_path: Path,
) -> None:
    children = FakeChildren()
    ended = measure(board(tmp_path), children, SUSTAINED, host=HOT)
    kinds = [each.split()[0] for each in children.asked]
    assert kinds == ["memory"] * 6 + ["heat"] + ["time"] * 24 + ["heat", "energy"]
    assert "heat vgg-16 at batch 2" in children.asked  # the heaviest there is
    assert "10 ms, steady" in str(heat_text(ended.heats[0]))
    assert [heat.when for heat in ended.heats] == ["before", "after"]
    assert all(str(row["verdict"]).startswith("stable") for row in ended.rows)
    title = Catalog.open(tmp_path / "catalog").board("mine").title
    assert title == "a processor, 4 cores, heated for 600 s"


def test_every_session_of_a_sustained_run_keeps_the_board_hot() -> None:
    (cell, *_) = SUSTAINED.cells()
    assert SUSTAINED.task(cell, known()).limits.least_warm_up_s == 5.0
    assert PLAN.task(cell, known()).limits.least_warm_up_s < 1


def test_a_sustained_run_that_goes_on_heats_again(tmp_path: Path) -> None:
    with pytest.raises(StoppedError):
        measure(board(tmp_path), StoppingChildren(15, StoppedError), SUSTAINED, host=HOT)
    children = FakeChildren()
    ended = measure(board(tmp_path), children, SUSTAINED, host=HOT)
    assert children.asked[0].startswith("heat")
    assert [heat.when for heat in ended.heats] == ["before", "before", "after"]


def test_where_the_heaviest_cell_cannot_heat_the_next_one_does(tmp_path: Path) -> None:
    broken = Outcome("crashed", None, "ended by SIGSEGV")
    children = FakeChildren({"heat vgg-16 at batch 2": broken})
    ended = measure(board(tmp_path), children, SUSTAINED, host=HOT)
    assert ended.heats[0].cell == Cell("vgg-16", 1)
    cells = [Cell(name, batch) for name in PLAN.architectures for batch in PLAN.batches]
    children = FakeChildren({f"heat {cell}": broken for cell in cells})
    with pytest.raises(AdvisorError, match=r"cannot be heated \(.*ended by SIGSEGV"):
        measure(board(tmp_path), children, SUSTAINED, host=HOT, fresh=True)
    assert not [each for each in children.asked if each.startswith("time")]


def test_a_board_that_still_gets_slower_says_so_in_every_row(tmp_path: Path) -> None:
    rising = HeatFound(600.0, [10.0 + index for index in range(20)])
    children = FakeChildren({"heat vgg-16 at batch 2": Outcome("ok", rising, "")})
    ended = measure(board(tmp_path), children, SUSTAINED, host=HOT)
    assert all("heated board still changed by" in str(row["verdict"]) for row in ended.rows)
    assert "+23% in the last quarter alone" in str(heat_text(ended.heats[0]))


class CoolingChildren(FakeChildren):
    """The board cools while it is timed, so that it is fast again at the end."""

    def heat(self, task: Task, seconds: float, limit_s: float) -> Outcome:
        pace_ms = 10.0 if seconds > 100 else 8.0
        return self._answer("heat", HeatFound(seconds, [pace_ms] * 20))


def test_a_board_that_cooled_while_it_was_timed_says_so(tmp_path: Path) -> None:
    ended = measure(board(tmp_path), CoolingChildren(), SUSTAINED, host=HOT)
    assert all("heated board still changed by 20%" in str(row["verdict"]) for row in ended.rows)


def test_hot_and_cold_are_unlike_boards(tmp_path: Path) -> None:
    measure(board(tmp_path), FakeChildren())
    with pytest.raises(AdvisorError, match="is of heated none; this is heated 600 s"):
        measure(board(tmp_path), FakeChildren(), SUSTAINED, host=HOT)


def test_a_board_of_before_there_was_heating_is_a_cold_one(tmp_path: Path) -> None:
    measure(board(tmp_path), FakeChildren())
    path = board(tmp_path) / "board.yaml"
    path.write_text(path.read_text().replace(', heated: "none"', ""))
    assert measure(board(tmp_path), FakeChildren(), fresh=True).finished


# --- what few sessions or few runs show


def test_few_sessions_do_not_make_a_narrow_interval(tmp_path: Path) -> None:
    """Where one run is all there is, what runs usually differ by stands for it."""
    rows = measure(board(tmp_path), FakeChildren(), replace(PLAN, batches=(1,))).rows
    assert all("unknown: drift" in str(row["verdict"]) for row in rows)
    half = 1.64 * math.sqrt(2) * usual_between_runs()
    for row in rows:
        assert math.log(row["latency_high_ms"] / row["latency_ms"]) >= half  # type: ignore[operator]


class DriftingChildren(FakeChildren):
    """A machine that is 4 % slower in this run than in the others."""

    def time(self, task: Task, limit_s: float) -> Outcome:
        outcome = super().time(task, limit_s)
        slower = [1.04 * value for value in outcome.value.values_ms]
        return replace(outcome, value=replace(outcome.value, values_ms=slower))


def test_the_drift_that_is_reported_is_the_drift_that_was_seen(tmp_path: Path) -> None:
    measure(board(tmp_path), FakeChildren())
    rows = measure(board(tmp_path), DriftingChildren(), fresh=True).rows
    assert not any("drifted" in str(row["verdict"]) for row in rows)  # 2.8 %, not 2.7 times that
    wide = [row["latency_high_ms"] / row["latency_ms"] for row in rows]  # type: ignore[operator]
    assert min(wide) > 1.1


class BusyMachine(FakeChildren):
    """Somebody else uses the machine now and then, and what runs then takes twice as long."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share, self.timed = share, 0

    def time(self, task: Task, limit_s: float) -> Outcome:
        outcome = super().time(task, limit_s)
        self.timed += 1
        if noise(f"busy {self.timed}") / 2 + 0.5 > self.share:
            return outcome
        slower = [2 * value for value in outcome.value.values_ms]
        busy = replace(outcome.value.disturbance, others=0.4)
        return replace(outcome, value=replace(outcome.value, values_ms=slower, disturbance=busy))


def test_sessions_in_which_others_used_the_machine_are_set_aside(tmp_path: Path) -> None:
    thorough = replace(PLAN, thoroughness=replace(PLAN.thoroughness, least_sessions=20))
    alone = measure(tmp_path / "alone", FakeChildren(), thorough).rows
    shared = measure(board(tmp_path), BusyMachine(0.15), thorough).rows
    for mine, theirs in zip(alone, shared, strict=True):
        assert theirs["latency_ms"] == pytest.approx(mine["latency_ms"])
    assert sum(int(str(row["sessions"])) for row in shared) < 6 * 20


def test_a_machine_that_is_never_left_alone_is_shown_as_it_is(tmp_path: Path) -> None:
    rows = measure(board(tmp_path), BusyMachine(1.0)).rows
    assert all("other load of 40%" in str(row["verdict"]) for row in rows)
    assert rows[0]["latency_ms"] == pytest.approx(2 * 16, rel=0.01)


def test_a_board_that_differs_by_more_than_itself_can_still_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("advisor.measuring.between_runs.BetweenRuns.level_within", 1.3)
    folder = tmp_path / "boards" / "wild"
    measure(folder, FakeChildren())
    between = read_board(folder, "own", None).between_runs
    assert between is not None
    assert between.within == 0.99


class Metered(FakeChildren):
    """Meters energy."""

    def energy(self, task: Task, limit_s: float) -> Outcome:
        found = EnergyFound(12.0, 1.0, 100, 2.0, 2.0, "a meter", "its processor")
        return self._answer(f"energy {task.cell}", found)


class TwoUnits(FakeChildren):
    """A board of which one sample has no meter."""

    def __init__(self) -> None:
        super().__init__()
        self.bare, self.metered = FakeChildren(), Metered()

    @property
    def units(self) -> Mapping[str, Sessions]:
        return {"B7": self.bare, "B9": self.metered}


def test_a_unit_without_a_meter_leaves_energy_to_those_that_have_one(tmp_path: Path) -> None:
    children = TwoUnits()
    measure(board(tmp_path), children)
    (journal,) = read_runs(board(tmp_path) / "runs")
    metered = {str(each["cell"]) for each in journal.records if "energy" in each}
    assert metered == {str(each["cell"]) for each in journal.records if "peak_mb" in each}
    assert {each["unit"] for each in journal.records if "energy" in each} == {"B9"}
    (lacks,) = [each for each in journal.records if "no_meter" in each]
    assert lacks == {"no_meter": "it is made up", "unit": "B7"}
