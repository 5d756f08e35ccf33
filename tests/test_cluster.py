"""Large work on workers that are no boards: a real scheduler and Dask's own worker processes."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from advisor.catalog import counting
from advisor.catalog.counting import count_each
from advisor.catalog.files import layers, shipped_folder
from advisor.catalog.hosted import carried
from advisor.errors import AdvisorError
from advisor.measuring import cluster as cluster_module
from advisor.measuring import fleet_worker
from advisor.measuring.cluster import WORK, Cluster, cluster
from advisor.measuring.fleet import connected
from tests.benchmarks.decisions.every_board import (
    Outcome,
    Settings,
    all_outcomes,
    every_way,
    parity_of,
)
from tests.conftest import Run
from tests.fleet_processes import (
    free_port,
    started_helpers,
    started_scheduler,
    started_workers,
    wait_for_helpers,
)

HELPERS = 2


@pytest.fixture(scope="module")
def helped() -> Iterator[str]:
    """A scheduler with workers that take large work."""
    with started_scheduler() as (address, _), started_helpers(address, HELPERS):
        wait_for_helpers(address, HELPERS)
        yield address


def negative(number: int) -> tuple[int, int]:
    """A task: it says where it ran, and the first takes longest."""
    time.sleep(0.2 if number == 0 else 0.01)
    return -number, os.getpid()


def refused(number: int) -> int:
    if number == 3:
        raise AdvisorError(f"{number} is refused", "take another")
    return number


def broken(number: int) -> int:
    return 1 // number


def deadly(place: str) -> str:
    """A task that kills its worker the first time, where a file is named."""
    if place and not Path(place).exists():
        Path(place).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return place


def fatal(_: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def slow(number: int) -> int:
    time.sleep(0.1)
    return number


def test_answers_come_in_order_from_several_processes(helped: str) -> None:
    with cluster(helped) as workers:
        answers = list(workers.map(negative, range(40)))
    found = [each for each in answers if not isinstance(each, AdvisorError)]
    assert [each for each, _ in found] == [-each for each in range(40)]
    assert len({process for _, process in found}) == HELPERS
    assert os.getpid() not in {process for _, process in found}


def test_nothing_is_asked_for_nothing(helped: str) -> None:
    with cluster(helped) as workers:
        assert list(workers.map(negative, [])) == []


def test_why_a_task_failed_is_its_answer(helped: str) -> None:
    with cluster(helped) as workers:
        found = list(workers.map(refused, range(6)))
        assert str(found[3]) == "3 is refused (take another)"
        assert [*found[:3], *found[4:]] == [0, 1, 2, 4, 5]
        one, failed, half = workers.map(broken, [1, 0, 2])
    assert (one, half) == (1, 0)
    assert "0: ZeroDivisionError: integer division" in str(failed)


def test_a_scheduler_that_is_away_when_tasks_are_sent(
    helped: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_module, "LOOK_EVERY_S", 0.05)
    with cluster(helped) as workers:
        there, away = workers._fleet.connection, [ConnectionError("away")] * 5

        def now_and_then() -> object:
            if away:
                raise away.pop()
            return there()

        workers._slots()
        monkeypatch.setattr(workers._fleet, "connection", now_and_then)
        assert list(workers.map(slow, range(5))) == list(range(5))
        assert not away


def test_a_worker_that_is_lost_leaves_its_task_to_others(tmp_path: Path) -> None:
    with started_scheduler() as (address, _), started_helpers(address):
        wait_for_helpers(address, HELPERS)
        asked = ["", str(tmp_path / "died"), *[""] * 10]
        with cluster(address) as workers:
            assert list(workers.map(deadly, asked)) == asked
        assert (tmp_path / "died").exists()


def test_a_task_that_kills_every_worker_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES", "0")
    with started_scheduler() as (address, _), started_helpers(address):
        wait_for_helpers(address, HELPERS)
        with (
            cluster(address) as workers,
        ):
            (failed,) = workers.map(fatal, [7])
        assert str(failed) == "7: its worker died at it, 1 times"


def test_where_no_worker_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_module, "LOOK_EVERY_S", 0.1)
    with started_scheduler() as (address, _), started_helpers(address, 1) as (helper,):
        wait_for_helpers(address, 1)
        with cluster(address) as workers:
            answers = workers.map(slow, range(100))
            assert next(answers) == 0
            helper.kill()
            workers._fleet.absent_s = 0.0
            with pytest.raises(AdvisorError, match="is left since") as caught:
                list(answers)
    assert "dask worker" in caught.value.hint


def test_a_scheduler_that_restarts() -> None:
    port = free_port()
    with started_scheduler(port) as (address, first), started_helpers(address):
        wait_for_helpers(address, HELPERS)
        with cluster(address) as workers:
            answers = workers.map(slow, range(50))
            assert next(answers) == 0
            first.kill()
            with started_scheduler(port), started_helpers(address):
                assert list(answers) == list(range(1, 50))


@contextmanager
def boards_alone() -> Iterator[str]:
    with started_scheduler() as (address, _), started_workers(address, "a-board", WORK):
        yield address


def test_boards_are_left_alone(run: Run) -> None:
    with boards_alone() as address:
        ran = run("zoo", "--count", "torchvision", "--on", address)
    assert ran.code == 2
    assert "takes work of this kind; boards are left alone" in ran.err
    assert f"dask worker {address} --nworkers 4 --nthreads 1 --resources work=1" in ran.err


def test_other_versions_are_refused_by_name(helped: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet_worker, "__version__", "9.9")
    with connected(helped) as fleet, pytest.raises(AdvisorError, match=r"has advisor .*has 9\.9"):
        Cluster(fleet)


SMALL = ("squeezenet1_1", "shufflenet_v2_x0_5", "mnasnet0_5")


def test_networks_are_counted_as_here(helped: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "remember", lambda *_: "")
    networks = [
        each for each in counting.listed("torchvision") if each.architecture.startswith(SMALL)
    ]
    here = [step.network for step in count_each("torchvision", networks)]
    with cluster(helped) as workers:
        there = [step.network for step in count_each("torchvision", networks, workers.map)]
    assert there == here
    assert len(here) == len(SMALL)
    assert all(each.counts for each in here)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("zoo", "--on", "tcp://localhost:8786"), "--on goes with --count"),
        (("zoo", "--count", "timm", "--on", "tcp://192.0.2.1:8786"), "whatever code its scheduler"),
        (("zoo", "--count", "timm", "--insecure"), "--insecure goes with --on"),
        (
            ("zoo", "--count", "tv:resnet18", "--on", "tcp://localhost:1"),
            "goes with --count of a whole library",
        ),
    ],
)
def test_what_is_refused(run: Run, asked: tuple[str, ...], said: str) -> None:
    ran = run(*asked)
    assert ran.code == 2
    assert said in ran.err


TABLES = "boards/mine", "boards/yours"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A user's catalog of two boards that measured what the TX1 did, and one that has measured nothing."""
    for each in TABLES:
        folder = tmp_path / "own" / each
        shipped = shipped_folder() / "boards/jetson-tx1"
        shutil.copytree(shipped, folder, ignore=shutil.ignore_patterns("fit.json"))
        journal = folder / "runs/first/sessions.jsonl"
        journal.parent.mkdir(parents=True)
        journal.write_text("{}\n")
    table = tmp_path / "own/boards/yours/measurements.csv"
    lines = table.read_text().splitlines(keepends=True)
    table.write_text("".join(lines[:2]))
    return tmp_path / "own"


def test_boards_are_fitted_as_here(helped: str, own: Path, run: Run) -> None:
    asked = ("fit", "mine", "yours", "--catalog", own)
    here = run(*asked)
    fits = {path: path.read_bytes() for path in own.rglob("fit.json")}
    assert [path.parent.name for path in fits] == ["mine"]
    for path in fits:
        path.unlink()
    there = run(*asked, "--on", helped)
    assert (there.code, there.out) == (here.code, here.out) and here.code == 1
    assert there.err == here.err
    assert "board yours is not fitted: board yours has too few measured networks" in there.err
    assert {path: path.read_bytes() for path in own.rglob("fit.json")} == fits


def test_what_travels_of_a_catalog(own: Path) -> None:
    (own / "boards/mine").rename(own / "boards/runs")
    evaluated = own / "evaluations/net/first/sessions.jsonl"
    evaluated.parent.mkdir(parents=True)
    evaluated.write_text("{}\n")
    layer = layers(own)[-1]
    came = carried(layer)
    names = [path for path, _ in came.files]
    assert "boards/runs/measurements.csv" in names
    assert not [path for path in names if path.endswith(".jsonl")]
    shipped, there = came.layers()
    assert (shipped.title, there.title) == ("shipped", layer.title)
    assert there.folder != own
    files = {
        path.relative_to(there.folder).as_posix(): path.read_bytes()
        for path in there.folder.rglob("*.*")
    }
    assert files == dict(came.files)


def test_borrowed_residuals_stay_here(helped: str, own: Path, run: Run) -> None:
    asked = ("fit", "mine", "--residuals-from", "jetson-tx1", "--catalog", own, "--on", helped)
    ran = run(*asked)
    assert ran.code == 2
    assert "board mine borrows residuals from a fit that lies on this machine" in ran.err


def test_decisions_turn_out_as_here(helped: str, tmp_path: Path) -> None:
    settings = Settings("even", 1, (5,))
    ways = [each for each in every_way() if parity_of(each.device) == "even"][:3]
    here = list(all_outcomes(None, settings, ways))
    journal = tmp_path / "journal"
    with cluster(helped) as workers:
        there = list(all_outcomes(journal, settings, ways, workers.map))
    assert here
    assert repr(there) == repr(here)  # some figures are NaN, which equals nothing

    def not_again(_: object, left: Iterable[object]) -> list[list[Outcome]]:
        assert not list(left)
        return []

    assert repr(list(all_outcomes(journal, settings, ways, not_again))) == repr(here)
