"""`advisor compare`: two boards, or two runs of one, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from advisor.cli.options import CatalogOption
from advisor.cli.output import emit_table
from advisor.errors import AdvisorError, closest, shown

if TYPE_CHECKING:
    from advisor.catalog.records import Estimate
    from advisor.catalog.store import Catalog
    from advisor.solve.compare import Key

HELP = "A board, or one of its runs as BOARD/RUN."


def command(
    first: Annotated[str, typer.Argument(metavar="BOARD", help=HELP)],
    second: Annotated[str, typer.Argument(metavar="BOARD", help=HELP)],
    catalog: CatalogOption = None,
) -> None:
    """The ratio of latencies, with its interval; only what is significant is stressed."""
    from advisor.catalog.store import Catalog
    from advisor.report.compare_text import compare_text
    from advisor.solve.compare import compare

    opened = Catalog.open(catalog)
    sides = _latencies(opened, first), _latencies(opened, second)
    rows, note = compare(*sides), ""
    if not rows:
        rows = compare(*sides, any_runtime=True)
        note = "Unlike runtimes or precisions stand side by side."
    if not rows:
        raise AdvisorError(
            f"{first} and {second} have no network and batch in common", "name others"
        )
    emit_table(compare_text(first, second, rows, note))


def _latencies(catalog: Catalog, name: str) -> dict[Key, Estimate]:
    from advisor.solve.compare import latencies

    board_name, _, run = name.partition("/")
    board = catalog.board(board_name)
    if not run:
        return latencies(catalog.measurements(board))
    try:
        from advisor.measure.publish import run_latencies
    except ModuleNotFoundError as error:
        hint = "install it: pip install 'dnn-advisor[measure]'"
        raise AdvisorError(
            f"reading a run needs {error.name}, which is not installed", hint
        ) from None

    runs = run_latencies(board.folder)
    if run not in runs:
        raise AdvisorError(f"board {board_name} has no run {shown(run)}", closest(run, runs))
    return runs[run]
