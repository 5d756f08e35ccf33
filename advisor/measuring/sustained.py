"""The steady state beside the cold figures: one board measured twice, the second time kept hot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from advisor.catalog.records import Architecture
from advisor.catalog.text_file import NAME, NAME_EXPECTED
from advisor.errors import AdvisorError, shown
from advisor.measuring.board_run import Ended, check_owner, measure_board, unfinished
from advisor.measuring.campaign import Tell
from advisor.measuring.children import Children
from advisor.measuring.host import Host
from advisor.measuring.journal import read_runs
from advisor.measuring.plan import Plan

SUFFIX = "-sustained"


def measure_cold_and_hot(
    boards: Path,
    name: str,
    plan: Plan,
    sustained_s: float,
    host: Host,
    known: Mapping[str, Architecture],
    children: Children,
    tell: Tell,
    *,
    fresh: bool = False,
) -> Iterator[tuple[Path, Ended]]:
    """Measure a board, and where asked the same kept hot, as a board of its own.

    A candidate has no thermal state: hot rows under the cold board's name would never be asked for,
    or hide the cold ones. A cold half that is done already is not done again, unless `fresh`.

    Args:
        boards: the folder of all boards.
        name: the board's name.
        plan: what to measure.
        sustained_s: for how long the board is heated; 0 for the ordinary measuring alone.
        host: this machine.
        known: the architectures by name.
        children: what runs the tasks.
        tell: hears of the progress.
        fresh: begin new runs even if some could go on.

    Yields:
        Each board's folder and how its run ended; nothing follows a run that was stopped.

    Raises:
        AdvisorError: as `measure_board` has it, for either board, before anything is measured.
    """
    parts = [(boards / name, plan, host)]
    if sustained_s:
        hot = (boards / (name + SUFFIX), plan.sustained(sustained_s), host.heated(sustained_s))
        if not NAME.fullmatch(name + SUFFIX):
            raise AdvisorError(f"board: {shown(name + SUFFIX)} is no name", NAME_EXPECTED)
        for folder, _, its_host in (*parts, hot):
            check_owner(folder, its_host)
        done = not fresh and _cold_half_is_done(parts[0][0], plan, hot[0])
        parts = [hot] if done else [*parts, hot]
    for folder, its_plan, its_host in parts:
        ended = measure_board(folder, its_plan, its_host, known, children, tell, fresh=fresh)
        yield folder, ended
        if not ended.finished:
            return


def _cold_half_is_done(cold: Path, plan: Plan, hot: Path) -> bool:
    """Whether the cold board's last run is whole, of this plan, and not followed by a whole hot one."""
    cold_runs, hot_runs = read_runs(cold / "runs"), read_runs(hot / "runs")
    if not cold_runs or unfinished(cold_runs, plan) or not cold_runs[-1].finished:
        return False
    whole = [run.run_id for run in hot_runs if run.finished]
    same = cold_runs[-1].header["plan"] == plan.as_record()
    return same and (not whole or whole[-1] < cold_runs[-1].run_id)
