"""`advisor pick --verify`: measures what leads, on this machine or in a table, and picks again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.cli.output import complain, emit, emit_table
from advisor.cli.progress import Progress
from advisor.cli.verifying import Verifying
from advisor.errors import AdvisorError

if TYPE_CHECKING:
    from collections.abc import Callable

    from advisor.catalog.store import Catalog, Surveyed
    from advisor.measuring.local_bench import LocalBench
    from advisor.prediction.board_model import BoardFit
    from advisor.solve.question.requirements import Requirements
    from advisor.solve.recommend.recommendation import Recommendation
    from advisor.solve.verify.benches import Attempt, Key, TableBench
    from advisor.solve.verify.verification import Check, Verification


def verified_pick(
    question: dict[str, Any], verifying: Verifying, *, aside: bool
) -> tuple[Recommendation, Verification]:
    """The answer to a question, and how it was verified.

    Args:
        question: as `advisor.pick` takes it.
        verifying: how to verify it.
        aside: whether each measurement is told on standard error.

    Raises:
        AdvisorError: the question cannot be read, its board cannot be measured or predicted, or the table
            is none.
    """
    from advisor.report.verify_text import check_text
    from advisor.solve.question.question import read_question
    from advisor.solve.recommend.recommend import recommend
    from advisor.solve.verify.verification import BoardWorld, verification

    most, simulate = verifying.most or 0, verifying.simulate
    catalog, asked = read_question(**{**question, "candidates": "all"})
    surveyed = _surveyed(catalog, asked)
    fit = _fit(catalog, surveyed)
    with Progress() as progress:
        bench = _bench(catalog, surveyed, verifying, progress)
        refit = _refit(catalog, fit, keep=simulate is None)
        world = BoardWorld(catalog, asked, surveyed, fit, bench, refit)
        recommend(world.candidates, asked)  # what is wrong with the question costs no measurement

        def told(check: Check) -> None:
            progress.clear()
            _tell(check_text(check, asked, most), aside=aside)
            if bench.stopped:
                complain("stopped; what was found is kept")
                raise KeyboardInterrupt

        verified = verification(world, most, simulate, verifying.device, told)
    if verified.steps and not aside:
        emit("\n")
    return recommend(world.candidates, asked), verified


def _tell(line: str, *, aside: bool) -> None:
    from rich.text import Text

    if aside:
        complain(line)
    else:
        emit_table(Text(line))


def _bench(
    catalog: Catalog, surveyed: Surveyed, verifying: Verifying, progress: Progress
) -> TableBench | _ThisMachine:
    """What measures: a table, or this machine."""
    if verifying.simulate is not None:
        from advisor.catalog.measurements_table import called
        from advisor.catalog.results_table import read_results
        from advisor.solve.verify.benches import TableBench

        results = read_results(Path(verifying.simulate), catalog.zoo.not_timms)
        names = {name: catalog.plain_name(name) for name in results.architecture.names}
        return TableBench(surveyed, called(results, names), verifying.simulate)
    from advisor.measuring.local_bench import LocalBench

    return _ThisMachine(LocalBench(catalog, surveyed, verifying.device, progress.show))


class _ThisMachine:
    """This machine as a bench of `advisor.solve.verify`."""

    def __init__(self, bench: LocalBench) -> None:
        self.bench, self.lacks, self.stopped = bench, bench.lacks, False

    def offers(self, key: Key) -> bool:
        return self.bench.offers(key.architecture)

    def measure(self, key: Key) -> Attempt:
        from advisor.measuring.tasks import Cell
        from advisor.solve.verify.benches import Attempt

        tried = self.bench.measure(Cell(key.architecture, key.batch, key.runtime, key.precision))
        self.stopped = self.bench.stopped
        return Attempt(tried.surveyed, key if tried.has_row else None, tried.reason)


def _surveyed(catalog: Catalog, asked: Requirements) -> Surveyed:
    """The board of the question with its rows.

    Raises:
        AdvisorError: it is not one, or nothing may be predicted.
    """
    from advisor.catalog.store import Surveyed

    if asked.boards is None or len(asked.boards) > 1:
        raise AdvisorError("--verify measures on one board", "name one: --board NAME")
    if not asked.selection.predictions:
        raise AdvisorError("--verify chooses among predictions", "leave out --no-predictions")
    board = catalog.board(asked.boards[0])
    return Surveyed(board, catalog.measurements(board))


def _fit(catalog: Catalog, surveyed: Surveyed) -> BoardFit:
    """The board's models, and what other boards predict of it.

    Raises:
        AdvisorError: there are none for its present rows.
    """
    from advisor.prediction.fit_store import current_fit

    board, table = surveyed.board, surveyed.measurements
    fit, why_not = current_fit(board, table, catalog.architectures_with(table))
    if fit is None:
        hint = f"with few rows, other boards tell the rest: advisor fit {board.name} --like auto"
        raise AdvisorError(f"nothing is predicted: {why_not}", hint)
    return fit


def _refit(catalog: Catalog, before: BoardFit, *, keep: bool) -> Callable[[Surveyed], BoardFit]:
    """Fits the board anew in the way in which it is fitted; what is to be kept goes into its folder."""

    def again(surveyed: Surveyed) -> BoardFit:
        from advisor.prediction.fit_store import write_fit
        from advisor.prediction.fitting import refit

        board, table = surveyed.board, surveyed.measurements
        fit = refit(catalog, board, table, before.recipe).fit
        if keep:
            write_fit(surveyed.board.folder, fit)
        return fit

    return again
