"""This machine as the bench on which candidates of one of its boards are measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from advisor.catalog.layers import SHIPPED
from advisor.catalog.store import Surveyed
from advisor.cli.measurable import keep, measurable
from advisor.cli.this_machine import check_can_measure, device_named
from advisor.errors import AdvisorError
from advisor.solve.verify.benches import Attempt, Key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from advisor.catalog.records import Architecture, Board
    from advisor.catalog.store import Catalog
    from advisor.measuring.campaign import ReportProgress
    from advisor.measuring.tasks import Variant


class LocalBench:
    """Measures quickly, in the way in which the board was measured last, and writes the board's files.

    Attributes:
        stopped: whether the last measurement was interrupted; what it found until then is kept.
        lacks: see `advisor.solve.verify.benches.Bench`.
    """

    lacks = "nothing here builds them, so that they cannot be measured"

    def __init__(
        self, catalog: Catalog, surveyed: Surveyed, device: str | None, tell: ReportProgress
    ) -> None:
        """See that the board is this machine's own.

        Args:
            catalog: everything that is known.
            surveyed: the board with its rows.
            device: what to run on; `None` for what the board was measured on.
            tell: hears of the progress.

        Raises:
            AdvisorError: the board is another machine's, or measuring is not possible here.
        """
        before = _last_plan(surveyed.board)
        check_can_measure()
        from advisor.measuring.board_run import check_owner
        from advisor.measuring.children import RealChildren

        self.catalog, self.surveyed, self.tell = catalog, surveyed, tell
        self.device = device_named(device or str(before["device"]))
        self.threads = int(before["threads"])
        self.declared_power_w: float | None = before["declared_power_w"]
        self.children = RealChildren()
        self.stopped = False
        check_owner(surveyed.board.folder, self.children.describe(self.device, self.threads, ()))

    def offers(self, key: Key) -> bool:
        """Whether the network is one that can be built."""
        from advisor.architectures.builders import BUILDERS
        from advisor.catalog.records import OWN

        known = self.catalog.zoo.networks.get(key.architecture)
        of_a_library = known is not None and known.library != OWN  # else its file would be needed
        return key.architecture in BUILDERS or of_a_library

    def measure(self, key: Key) -> Attempt:
        """Measure one candidate, as `advisor measure --quick` does."""
        from advisor.measuring.board_run import measure_board
        from advisor.measuring.run_plan import QUICK, RunPlan
        from advisor.measuring.runtimes.variants import libraries_of

        try:
            network, variants = self._runnable(key)
        except AdvisorError as error:
            return Attempt(self.surveyed, None, error.message)
        plan = RunPlan(
            architectures=(network.name,),
            batches=(key.batch,),
            device=self.device,
            threads=self.threads,
            variants=variants,
            thoroughness=QUICK,
            declared_power_w=self.declared_power_w,
        )
        board = self.surveyed.board
        keep(_own_folder(self.catalog), [network])
        known = {**self.catalog.architectures, network.name: network}
        host = self.children.describe(self.device, self.threads, libraries_of(variants))
        ended = measure_board(board.folder, plan, host, known, self.children, self.tell)
        self.stopped = not ended.finished
        board = self.catalog.board(board.name)
        self.surveyed = Surveyed(board, self.catalog.measurements(board))
        return self._attempt(key, network.name, ended.rows)

    def _runnable(self, key: Key) -> tuple[Architecture, Sequence[Variant]]:
        """The network, and what runs it.

        Raises:
            AdvisorError: it cannot be built here, or what runs it is not installed.
        """
        from advisor.measuring.runtimes.variants import asked_variants, check_installed

        (network,), _ = measurable(self.catalog, [key.architecture])
        variants, _ = asked_variants([key.runtime], [key.precision], self.device)
        check_installed(variants, self.device)
        return network, variants

    def _attempt(self, key: Key, built: str, rows: Sequence[Mapping[str, object]]) -> Attempt:
        """What became of one, of which the board's files speak under the name that it is built by."""
        sought = key._replace(architecture=built)._asdict().items()
        row = next((each for each in rows if sought <= each.items()), None)
        if row is None:
            return Attempt(self.surveyed, None, "nothing was found out")
        status, reason = str(row["status"]), str(row.get("reason") or "")
        told = ": ".join(filter(None, [status.replace("_", " "), reason]))
        return Attempt(self.surveyed, key, "" if status == "ok" else told)


def _last_plan(board: Board) -> Mapping[str, Any]:
    """How the board was measured last.

    Raises:
        AdvisorError: it was not measured by the user.
    """
    from advisor.measuring.journal import read_runs

    hint = "measure your own (advisor measure --board NAME), or --simulate TABLE"
    if board.layer == SHIPPED:
        raise AdvisorError(f"board {board.name} is a shipped one", hint)
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
