"""Taking up a board: whose it is, which of its runs goes on, and what is written at the end."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from advisor._version import __version__
from advisor.catalog.entries import read_board
from advisor.catalog.records import Architecture
from advisor.catalog.writing import Row
from advisor.errors import AdvisorError
from advisor.measure.campaign import Campaign, Children, Tell
from advisor.measure.host import Host, Watch
from advisor.measure.journal import Journal, begin, exclusive, load
from advisor.measure.plan import Plan
from advisor.measure.publish import check_owner, publish

SOURCES = ("advisor-measure", "advisor-declared")


@dataclass(frozen=True)
class Ended:
    """How a run ended.

    Attributes:
        rows: the board's rows, of all its runs.
        run_id: the run.
        finished: whether it came to its end, rather than being stopped.
    """

    rows: list[Row]
    run_id: str
    finished: bool


def measure_board(
    board_folder: Path,
    plan: Plan,
    host: Host,
    known: Mapping[str, Architecture],
    children: Children,
    tell: Tell,
    *,
    fresh: bool = False,
    watch: Watch | None = None,
) -> Ended:
    """Measure a board and write its files; go on with its last run if that was not finished.

    Ctrl-C ends the run in order: what was found so far is written.

    Args:
        board_folder: where the board's files and runs lie.
        plan: what to measure.
        host: this machine.
        known: the architectures by name.
        children: what runs the tasks.
        tell: hears of the progress.
        fresh: begin a new run even if one could go on.
        watch: reads what else the machine does.

    Raises:
        AdvisorError: the board is somebody else's, another run is at work on it, or a file cannot be
            written.
    """
    _check_board(board_folder, host)
    try:
        board_folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AdvisorError(f"{board_folder}: {(error.strerror or str(error)).lower()}") from None
    with exclusive(board_folder):
        journal = _journal(board_folder / "runs", plan, host, fresh=fresh)
        campaign = Campaign(plan, known, journal, children, tell, watch or Watch())
        finished = True
        try:
            campaign.run()
        except KeyboardInterrupt:
            finished = False
        rows = publish(board_folder, plan, host)
    return Ended(rows, journal.run_id, finished)


def _check_board(board_folder: Path, host: Host) -> None:
    if (board_folder / "board.yaml").exists():
        board = read_board(board_folder, "own", _AnySource())
        check_owner(board_folder, board.details, host)
    elif (board_folder / "measurements.csv").exists():
        check_owner(board_folder, {}, host)


class _AnySource(frozenset[str]):
    """Whether a board's sources are known is for others to check."""

    def __contains__(self, name: object) -> bool:
        return True


def _journal(runs: Path, plan: Plan, host: Host, *, fresh: bool) -> Journal:
    """The run to go on with, or a new one."""
    record = plan.as_record()
    for journal in reversed([] if fresh else load(runs)):
        same = journal.header.get("plan") == record
        if same and journal.header.get("machine") == host.fingerprint and not journal.finished:
            return journal
    header = {
        "advisor": __version__,
        "seed": random.SystemRandom().randrange(1 << 31),
        "machine": host.fingerprint,
        "host": {"processor": host.processor, "accelerator": host.accelerator, **host.details},
        "software": host.software,
        "plan": record,
    }
    return begin(runs, header)
