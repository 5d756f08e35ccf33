"""Boards elsewhere, many at a time: each runs the same images through the same network."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Any

from advisor.arguments import AnyPath, checked, trusting
from advisor.errors import AdvisorError
from advisor.measuring.access import ALL, OPEN, Access
from advisor.measuring.campaign import ReportProgress
from advisor.measuring.children import Outcome, RealChildren
from advisor.measuring.evaluation import Evaluation, published
from advisor.measuring.evaluation_plan import EvaluationPlan, plan_evaluation
from advisor.measuring.evaluation_run import EvaluationRun, run_evaluation
from advisor.measuring.fleet import Fleet, Unit, connected
from advisor.measuring.fleet_run import Preparer, RemoteBoard, one_at_a_time, side_by_side
from advisor.measuring.fleet_worker import in_words
from advisor.measuring.tasks import Task


@dataclass(frozen=True)
class EvaluatedBoard:
    """How evaluating a network on one board of a fleet ended.

    Attributes:
        board: its name.
        evaluation: what was found; `None` where the run did not even begin, or its accuracies cannot be kept.
        fault: why it did not come to its end; "" where it did.
        note: what went otherwise than asked.
        stopped: whether it was stopped by Ctrl-C.
    """

    board: str
    evaluation: Evaluation | None
    fault: str = ""
    note: str = ""
    stopped: bool = False

    @property
    def refused(self) -> bool:
        """Whether it has no evaluation: something is missing or wrong, or another client has the board."""
        return self.evaluation is None and not self.stopped

    @property
    def nothing_ran(self) -> bool:
        """Whether no way to run the network has an accuracy."""
        found = self.evaluation
        return found is not None and not any(each.accuracy_percent for each in found.ways)


@dataclass(frozen=True)
class EvaluatedFleet:
    """What a network reaches on boards elsewhere.

    Attributes:
        scheduler: the address of their scheduler.
        boards: how each ended, by name; one that is lost, or cannot run the network, holds up no other.
    """

    scheduler: str
    boards: tuple[EvaluatedBoard, ...]


@trusting
@checked
def evaluate_on(
    scheduler: str,
    network: str,
    data: AnyPath,
    *,
    boards: str = ALL,
    access: Access = OPEN,
    fresh: bool = False,
    skip_bad: bool = False,
    absent_s: float | None = None,
    on_progress: ReportProgress = lambda what, remaining_s: None,  # noqa: ARG005
    trust: bool = False,  # noqa: ARG001  (it acts by being given)
    **asked: Any,
) -> EvaluatedFleet:
    """How well a network does on your images on boards elsewhere, side by side, each as `evaluate` finds it.

    The network is prepared on this machine, once for all of them, and travels with the images. The units of a
    board share its images; which unit answered which is kept. Accuracies in fp32 hold wherever the network
    runs in floats, all others are those of the board.

    Args:
        scheduler: the address of the Dask scheduler that the boards' workers have joined.
        network: as `evaluate` takes it.
        data: the images, as `evaluate` takes them.
        boards: their names with commas between them, each perhaps with one of its units as "board/unit";
            "all" for all that are there.
        access: by which right the scheduler is reached.
        fresh: begin anew even if an evaluation could go on.
        skip_bad: whether images that cannot be read are left out.
        absent_s: for how long a board that is gone is waited for; `None` for 5 minutes.
        on_progress: hears what happens next on a board, and about how many seconds it has left.
        trust: whether a .pt2 file is read though that could run code which it holds.
        asked: what else `evaluate` takes.

    Raises:
        AdvisorError: what is asked for cannot be read; or the scheduler cannot be reached, or a board is not
            there.
    """
    access.check(scheduler)
    progress = one_at_a_time(on_progress)
    plan = plan_evaluation(
        network,
        data,
        **asked,
        skip_bad=skip_bad,
        elsewhere=True,
        on_progress=progress,
    )
    waiting = {} if absent_s is None else {"absent_s": absent_s}
    with connected(scheduler, access, **waiting) as fleet:
        found = fleet.boards(boards)
        here = Preparer(RealChildren())  # which makes each file once, whichever board asks first

        def prepare(task: Task, limit_s: float) -> Outcome:
            return here.prepare(task, limit_s) or Outcome("failed", None, here.why_lost)

        def evaluated(board: str) -> EvaluationRun | EvaluatedBoard:
            def of_board(what: str, remaining_s: float) -> None:
                progress(f"{board}: {what}", remaining_s)

            how = {"fresh": fresh, "skip_bad": skip_bad, "report_progress": of_board}
            return _evaluated(fleet, found[board], plan, {**how, "prepare": prepare})

        ends = side_by_side(fleet, sorted(found), evaluated)
    return EvaluatedFleet(scheduler, tuple(_with_accuracies(ends)))


def _evaluated(
    fleet: Fleet,
    units: Sequence[Unit],
    plan: EvaluationPlan,
    how: dict[str, Any],
) -> EvaluationRun | EvaluatedBoard:
    """One board's run, which has ended; or why it did not begin."""
    board = units[0].board
    try:
        with ExitStack() as held:
            for each in units:
                held.enter_context(fleet.held(each.name))
            there = RemoteBoard(fleet, units)
            there.check_code(plan.run.own.values())
            run = run_evaluation(plan, there, board=board, **how)
            if run.finished:
                with suppress(KeyboardInterrupt):  # which leaves what is there to the next run
                    there.end()
            return run
    except AdvisorError as error:
        return EvaluatedBoard(board, None, str(error).removeprefix(f"{in_words(board)}: "))
    except KeyboardInterrupt:
        return EvaluatedBoard(board, None, "stopped before its run began", stopped=True)


def _with_accuracies(ends: Sequence[EvaluationRun | EvaluatedBoard]) -> list[EvaluatedBoard]:
    """How each board ended, its accuracies in the catalog; those of floats are of the first that has them."""
    boards: list[EvaluatedBoard] = []
    has_floats = False
    for end in ends:
        if isinstance(end, EvaluatedBoard):
            boards.append(end)
            continue
        try:
            found = published(end, first=not has_floats)
        except AdvisorError as error:
            boards.append(EvaluatedBoard(end.plan.board, None, str(error)))
            continue
        has_floats = has_floats or found.ways[0].accuracy_percent is not None
        fault = "" if end.finished else end.why_stopped or "stopped"
        stopped = not end.finished and not end.why_stopped
        boards.append(EvaluatedBoard(found.board, found, fault, stopped=stopped))
    return boards
