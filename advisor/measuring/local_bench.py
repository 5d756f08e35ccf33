"""This machine, or one elsewhere, as the bench on which single candidates of its board are measured."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from advisor.catalog.files import SHIPPED, refuse_hosted
from advisor.catalog.records import OWN, Architecture, Board
from advisor.catalog.store import Catalog, Surveyed
from advisor.errors import AdvisorError
from advisor.measuring.board_run import check_owner, measure_board
from advisor.measuring.campaign import ReportProgress
from advisor.measuring.children import BoardLostError, Children, RealChildren
from advisor.measuring.host import default_threads
from advisor.measuring.journal import read_runs
from advisor.measuring.measurable import keep_costs, measurable
from advisor.measuring.run_plan import PREPARE_S, QUICK, RunPlan, cell_s
from advisor.measuring.runtimes.variants import libraries_of, requested_variants
from advisor.measuring.tasks import REFERENCE, Cell, Variant

GUESSED_RUN_MS = 100.0
"""Of one image, where no prediction is known."""


@dataclass(frozen=True)
class Tried:
    """What came of measuring one cell.

    Attributes:
        surveyed: the board with its rows, the new one among them.
        has_row: whether there is a row of it now; else nothing could be run.
        reason: why it did not run; "" if it did.
        threads: with how many threads it was run; 0 where they do not count.
        processor: what ran it.
    """

    surveyed: Surveyed
    has_row: bool
    reason: str = ""
    threads: int = 0
    processor: str = ""


class LocalBench:
    """Measures quickly, in the way in which the board was measured last, and writes the board's files.

    Attributes:
        stopped: whether the last measurement was interrupted; what it found until then is kept.
        lacks: what is to be said of the networks that it does not offer, in words.
    """

    lacks = "nothing here builds them, so that they cannot be measured"

    def __init__(
        self,
        catalog: Catalog,
        surveyed: Surveyed,
        device: str | None,
        report_progress: ReportProgress,
        children: Children | None = None,
    ) -> None:
        """See that the board is this machine's own.

        Args:
            catalog: everything that is known.
            surveyed: the board with its rows.
            device: what to run on; `None` for what the board was measured on.
            report_progress: hears of the progress.
            children: what runs each task; processes of this machine unless given.

        Raises:
            AdvisorError: the board is another machine's, or measuring is not possible here.
        """
        before = _last_plan(surveyed.board)
        self.children = RealChildren() if children is None else children
        self.catalog, self.surveyed, self.report_progress = catalog, surveyed, report_progress
        self.device = self.children.ready(device or str(before["device"]))
        self.declared_power_w: float | None = before["declared_power_w"]
        self.stopped = False
        host = self.children.describe(self.device, 0, ())
        check_owner(surveyed.board.folder, host)
        asked = before["threads"]
        self.threads = max([asked] if isinstance(asked, int) else asked) or default_threads(host)[0]

    def offers(self, architecture: str) -> bool:
        """Whether the network is one that can be built."""
        from advisor.architectures.builders import BUILDERS

        known = self.catalog.zoo.networks.get(architecture)
        of_a_library = known is not None and known.library != OWN  # else its file would be needed
        return architecture in BUILDERS or of_a_library

    def seconds(self, cell: Cell, latency_ms: float) -> float:
        """How long measuring it takes, roughly, where a batch takes so long; a guess if unknown."""
        run_ms = GUESSED_RUN_MS * cell.batch if math.isnan(latency_ms) else latency_ms
        return cell_s(QUICK, run_ms) + (0.0 if cell.variant == REFERENCE else PREPARE_S)

    def measure(self, cell: Cell) -> Tried:
        """Measure one candidate, as `advisor measure --quick` does.

        One whose number of threads nobody knows is run with as many as the board was measured with last.

        Raises:
            BoardLostError: the board is gone; what it found until then is kept.
        """
        cell = replace(cell, threads=cell.threads or self.threads)
        try:
            network, variants = self._runnable(cell)
        except AdvisorError as error:
            return Tried(self.surveyed, has_row=False, reason=error.message)
        plan = RunPlan(
            architectures=(network.name,),
            batches=(cell.batch,),
            device=self.device,
            threads=(cell.threads,),
            variants=variants,
            thoroughness=QUICK,
            declared_power_w=self.declared_power_w,
        )
        board = self.surveyed.board
        keep_costs(_own_folder(self.catalog), [network])
        known = {**self.catalog.architectures, network.name: network}
        host = self.children.describe(self.device, cell.threads, libraries_of(variants))
        ended = measure_board(board.folder, plan, host, known, self.children, self.report_progress)
        if ended.why_stopped:
            raise BoardLostError(
                ended.why_stopped, "what was found is kept: once it is back, ask again"
            )
        self.stopped = not ended.finished
        self.surveyed = self.catalog.surveyed(board.name)
        return self._tried(cell, network.name, ended.rows)

    def _runnable(self, cell: Cell) -> tuple[Architecture, Sequence[Variant]]:
        """The network, and what runs it.

        Raises:
            AdvisorError: it cannot be built here, or what runs it is not installed.
        """
        name = self.catalog.identities.written(cell.architecture)
        (network,) = measurable(self.catalog, [name]).named
        variants, _ = requested_variants([cell.runtime], [cell.precision], self.device)
        self.children.check_installed(variants, self.device)
        return network, variants

    def _tried(self, cell: Cell, built: str, rows: Sequence[Mapping[str, object]]) -> Tried:
        """What became of a cell, which the board's files call by the name that it is built by."""
        sought = {**vars(cell), "architecture": built, "threads": cell.threads or None}.items()
        row = next((each for each in rows if sought <= each.items()), None)
        if row is None:
            return Tried(self.surveyed, has_row=False, reason="nothing was found out")
        status, reason = str(row["status"]), str(row.get("reason") or "")
        why = ": ".join(filter(None, [status.replace("_", " "), reason]))
        reason = "" if status == "ok" else why
        ran_on = str(row["processor"] or "")
        return Tried(self.surveyed, True, reason, threads=cell.threads, processor=ran_on)


def _last_plan(board: Board) -> Mapping[str, Any]:
    """How the board was measured last.

    Raises:
        AdvisorError: it was not measured by the user.
    """
    hint = "measure your own (advisor measure --board NAME), or --simulate TABLE"
    if board.layer == SHIPPED:
        raise AdvisorError(f"board {board.name} is a shipped one", hint)
    refuse_hosted(board.layer)
    runs = read_runs(board.folder / "runs")
    if not runs:
        raise AdvisorError(f"board {board.name} was not measured by advisor", hint)
    plan: Mapping[str, Any] = runs[-1].header["plan"]
    return plan


def _own_folder(catalog: Catalog) -> Path:
    folder = catalog.own_folder
    if folder is None:
        raise ValueError("a board of the user's own lies in a folder of theirs")
    return folder
