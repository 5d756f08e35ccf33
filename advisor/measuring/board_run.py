"""Taking up a board, cold or kept hot: whose it is, which of its runs goes on, what is written at the end."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from advisor._version import __version__
from advisor.catalog.entries import read_board
from advisor.catalog.files import shipped_folder
from advisor.catalog.measurements_table import Row
from advisor.catalog.records import Architecture
from advisor.catalog.writers import catalog_of, made_aside, writing
from advisor.errors import AdvisorError
from advisor.measuring.campaign import Campaign, ReportProgress
from advisor.measuring.children import BoardLostError, Children
from advisor.measuring.host import Host
from advisor.measuring.journal import (
    FORMAT,
    Journal,
    Now,
    begin,
    exclusive,
    mend,
    read_runs,
    utc_now,
)
from advisor.measuring.publish import publish
from advisor.measuring.run_findings import Findings, Heat
from advisor.measuring.run_plan import RunPlan

REFERENCES = 5
"""How many networks show a board's speed once more: the level of that many is known to a third of a cell's
own deviation, and they take a few minutes."""

SUSTAINED = "-sustained"
"""What the name of a board ends with that is kept hot."""


@dataclass(frozen=True)
class Ended:
    """How a run ended.

    Attributes:
        rows: the board's rows, of all its runs.
        run_id: the run.
        finished: whether it came to its end, rather than being stopped.
        heats: what heating the board showed, where that was asked for.
        why_no_power: why no power is known, where a meter was sought; "" where it is.
        why_stopped: why it did not come to its end; "" where it did, or was stopped by Ctrl-C.
        lost_units: why units of the board took no part until the end, by their labels.
        was_done: whether it had come to its end before, and nothing was measured.
    """

    rows: list[Row]
    run_id: str
    finished: bool
    heats: Sequence[Heat] = ()
    why_no_power: str = ""
    why_stopped: str = ""
    lost_units: Mapping[str, str] = field(default_factory=dict)
    was_done: bool = False


def measure_board(
    board_folder: Path,
    plan: RunPlan,
    host: Host,
    known: Mapping[str, Architecture],
    children: Children,
    report_progress: ReportProgress,
    now: Now = utc_now,
    *,
    fresh: bool = False,
    go_on: bool = False,
    follows: str = "",
) -> Ended:
    """Measure a board and write its files; go on with its last run if that was not finished.

    Ctrl-C ends the run in order: what was found so far is written.

    Args:
        board_folder: where the board's files and runs lie.
        plan: what to measure.
        host: this machine.
        known: the architectures by name.
        children: what runs the tasks.
        report_progress: hears of the progress.
        now: the time of day.
        fresh: begin a new run even if one could go on.
        go_on: begin none where the last one, of this very plan, has come to its end, unless `fresh`.
        follows: of a board that is kept hot, the run of the cold one that a new run belongs to.

    Raises:
        AdvisorError: the board is somebody else's, another run is at work on it, or a file cannot be
            written.
    """
    catalog = catalog_of(board_folder)
    check_owner(board_folder, host)
    with exclusive(board_folder):
        with writing(catalog):
            check_owner(board_folder, host)  # once more: now nobody else can take the name
            journal = _taken_up(
                board_folder, plan, host, now, fresh=fresh, go_on=go_on, follows=follows
            )
        was_finished = journal.finished
        if was_finished:
            report_progress(f"done by run {journal.run_id}", 0.0)
        elif journal.records:
            report_progress(
                f"run {journal.run_id} goes on, {len(journal.records)} results kept", 0.0
            )
        finished, why_stopped = True, ""
        campaign = Campaign(plan, known, journal, children, report_progress, now)
        try:
            if not was_finished:
                campaign.run()
        except KeyboardInterrupt:
            finished = False
        except BoardLostError as error:
            finished, why_stopped = False, str(error)
        with writing(catalog):
            rows = publish(board_folder, host)
        if finished and not was_finished:
            journal.append({"end": True})
            children.end()
    found = campaign.findings
    return Ended(
        rows,
        journal.run_id,
        finished,
        found.heats,
        found.why_no_power,
        why_stopped,
        campaign.lost,
        was_done=was_finished,
    )


def measure_cold_and_hot(
    folder: Path,
    plan: RunPlan,
    sustained_s: float,
    host: Host,
    known: Mapping[str, Architecture],
    children: Children,
    report_progress: ReportProgress,
    now: Now,
    *,
    fresh: bool = False,
    go_on: bool = False,
) -> Iterator[tuple[Path, Ended]]:
    """Measure a board, and where asked the same kept hot, as a board of its own.

    A candidate has no thermal state: hot rows under the cold board's name would never be asked for,
    or hide the cold ones. A cold half that is done already is not done again, unless `fresh`.

    Args:
        folder: where the board's files and runs lie.
        plan: what to measure.
        sustained_s: for how long the board is heated; 0 for the ordinary measuring alone.
        host: this machine.
        known: the architectures by name.
        children: what runs the tasks.
        report_progress: hears of the progress.
        now: the time of day.
        fresh: begin new runs even if some could go on.
        go_on: begin none where the last ones, of this very plan, have come to their end.

    Yields:
        Each board's folder and how its run ended; nothing follows a run that was stopped.

    Raises:
        AdvisorError: as `measure_board` has it, for either board, before anything is measured.
    """
    parts = [(folder, plan, host)]
    if sustained_s:
        hot_folder = folder.with_name(folder.name + SUSTAINED)
        hot = (hot_folder, plan.sustained(sustained_s), host.heated(sustained_s))
        for its_folder, _, its_host in (*parts, hot):
            check_owner(its_folder, its_host)
        done = not fresh and _cold_half_is_done(folder, plan, hot_folder)
        parts = [hot] if done else [*parts, hot]
    cold = read_runs(folder / "runs") if len(parts) == 1 and sustained_s else []
    follows = cold[-1].run_id if cold else ""
    for its_folder, its_plan, its_host in parts:
        run = (its_folder, its_plan, its_host, known, children, report_progress, now)
        ended = measure_board(*run, fresh=fresh, go_on=go_on, follows=follows)
        follows = ended.run_id
        yield its_folder, ended
        if not ended.finished:
            return


def _cold_half_is_done(cold: Path, plan: RunPlan, hot: Path) -> bool:
    """Whether the cold board's last run is whole, of this plan, and not followed by a whole hot one."""
    cold_runs, hot_runs = read_runs(cold / "runs"), read_runs(hot / "runs")
    if not cold_runs or unfinished(cold_runs, plan) or not cold_runs[-1].finished:
        return False
    last = cold_runs[-1].run_id
    if last in (run.header.get("follows") for run in hot_runs if run.finished):
        return False
    # Runs from before that was written are told by the clock.
    whole = [run.run_id for run in hot_runs if run.finished and "follows" not in run.header]
    same = cold_runs[-1].header["plan"] == plan.as_record()
    return same and (not whole or whole[-1] < last)


@dataclass(frozen=True)
class ReferenceCells:
    """A handful of what a board has, which measured again shows how much its speed changes.

    Attributes:
        architectures: the networks, from the fastest to the slowest.
        batch: the batch size of all of them.
        runtime: what runs them.
        precision: their number format.
        threads: threads of the processor; `None` where they do not count.
        device: "cpu", or as in "cuda:0".
    """

    architectures: tuple[str, ...]
    batch: int
    runtime: str
    precision: str
    threads: int | None
    device: str


def reference_cells(journals: Sequence[Journal], board: str) -> ReferenceCells:
    """What of a board's finished runs to measure again: networks of all speeds, run as most of them were.

    Raises:
        AdvisorError: there is no finished run of networks that can be built by name.
    """
    whole = [journal for journal in journals if journal.finished]
    own = {name for journal in whole for name in journal.header["plan"].get("own", {})}
    by_way: dict[tuple[int, str, str, int], list[tuple[float, str]]] = {}
    for cell, found in Findings(whole).by_cell.items() if whole else ():
        if found.sessions and found.status == "ok" and cell.architecture not in own:
            way = (cell.batch, cell.runtime, cell.precision, cell.threads)
            by_way.setdefault(way, []).append((found.summary.median_ms, cell.architecture))
    if not by_way:
        raise AdvisorError(
            f"board {board} has no finished run of networks that can be built by their names",
            "measure it first, without --again",
        )
    (batch, runtime, precision, threads), rows = max(
        by_way.items(), key=lambda each: (len(each[1]), -each[0][0])
    )
    rows.sort()
    count = min(len(rows), REFERENCES)
    places = [round(each * (len(rows) - 1) / max(count - 1, 1)) for each in range(count)]
    device = whole[-1].header["plan"]["device"]
    names = tuple(rows[place][1] for place in places)
    return ReferenceCells(names, batch, runtime, precision, threads or None, device)


def unfinished(journals: Sequence[Journal], plan: RunPlan) -> Journal | None:
    """The last run, where it is of this plan and did not come to its end."""
    last = journals[-1] if journals else None
    same = last is not None and last.header.get("plan") == plan.as_record() and not last.finished
    return last if same else None


def check_contents(journals: Sequence[Journal], plan: RunPlan) -> None:
    """Refuse to take rows of unlike networks together.

    Raises:
        AdvisorError: an earlier run had another network of the user's own under the same name.
    """
    for journal in journals:
        for name, content in journal.header["plan"].get("own", {}).items():
            if name in plan.own and plan.own[name].content != content:
                raise AdvisorError(
                    f"run {journal.run_id} of this board measured another network as {name}",
                    f"call this one otherwise (NAME={plan.own[name].made_from}), or name another --board",
                )


def check_owner(board_folder: Path, host: Host) -> None:
    """Refuse a board that these measurements do not belong to.

    Raises:
        AdvisorError: it is shipped, somebody else's, or of another machine or setting.
    """
    name = board_folder.name
    shipped = shipped_folder() / "boards" / name
    if shipped.exists() and shipped.resolve() != board_folder.resolve():
        raise AdvisorError(f"board {name} is a shipped one", "name another --board")
    if not (board_folder / "board.yaml").exists():
        if (board_folder / "measurements.csv").exists():
            raise AdvisorError(f"board {name} is somebody else's", "name another --board")
        return
    details = read_board(board_folder, "own", None).details
    for what, own in host.identity.items():
        theirs = details.get(what, "none" if what == "heated" else None)
        if theirs is None:
            raise AdvisorError(f"board {name} was not measured by advisor", "name another --board")
        if theirs != own:
            raise _unlike(name, what, theirs, own)
    for what, own in host.runtimes.items():
        if details.get(what, own) != own:
            raise _unlike(name, what, details[what], own)


def _unlike(board: str, what: str, theirs: str, own: str) -> AdvisorError:
    return AdvisorError(
        f"board {board} is of {what} {theirs}; this is {what} {own}", "name another --board"
    )


def _taken_up(
    board_folder: Path,
    plan: RunPlan,
    host: Host,
    now: Now,
    *,
    fresh: bool,
    go_on: bool,
    follows: str,
) -> Journal:
    """The last run, where it can go on, or a new one; the board is whole, and ours, from then on."""
    journals = read_runs(board_folder / "runs")
    check_contents(journals, plan)
    last = None if fresh else unfinished(journals, plan)
    if go_on and not fresh and journals and journals[-1].header.get("plan") == plan.as_record():
        last = journals[-1]
    if last is not None:
        mend(last)
    if board_folder.exists():
        journal = last or _begun(board_folder, plan, host, now, follows)
        publish(board_folder, host)
        return journal
    with made_aside(board_folder) as aside:
        journal = _begun(aside, plan, host, now, follows)
        publish(aside, host)
    return replace(journal, path=board_folder / journal.path.relative_to(aside))


def _begun(board_folder: Path, plan: RunPlan, host: Host, now: Now, follows: str) -> Journal:
    """A new run."""
    header = {
        "format": FORMAT,
        "advisor": __version__,
        "seed": random.SystemRandom().randrange(1 << 31),
        "software": host.software,
        "host": dict(host.details),
        "plan": plan.as_record(),
    }
    if follows:
        header["follows"] = follows
    return begin(board_folder / "runs", header, now)
