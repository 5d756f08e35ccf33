"""`advisor compare`: two boards, or two runs of one, side by side; or one board's runtimes."""

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
    second: Annotated[
        str | None, typer.Argument(metavar="[BOARD]", help="Likewise.", show_default=False)
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            metavar="runtime|precision",
            help="What each runtime, or precision, of one board gains over eager fp32.",
        ),
    ] = None,
    catalog: CatalogOption = None,
) -> None:
    """The ratio of latencies, with its interval; only what is significant is stressed."""
    from advisor.catalog.store import Catalog

    opened = Catalog.open(catalog)
    if by is not None:
        _compare_with_eager(opened, first, second, by)
    elif second is None:
        raise AdvisorError("name two boards", "or say --by runtime, to compare those of one")
    else:
        _compare_two(opened, first, second)


def _compare_with_eager(opened: Catalog, board: str, second: str | None, by: str) -> None:
    from advisor.report.gains_text import gains_text
    from advisor.solve.gains import BASE, WAYS, gains, gains_by

    if by not in WAYS:
        raise AdvisorError(f"by: unknown {shown(by)}", f"known: {', '.join(WAYS)}")
    if second is not None:
        raise AdvisorError("--by compares what one board ran", "name one board")
    known = _latencies(opened, board)
    if not any(key[1:3] == BASE for key in known):
        raise AdvisorError(
            f"{board} has no row of {' '.join(BASE)}, which the others are held against",
            "measure some: advisor measure --runtime eager,onnxruntime --precision fp32,int8",
        )
    every = gains(known)
    found = gains_by(by, every)
    if not found:
        other = next((way for way in WAYS if gains_by(way, every)), None)
        raise AdvisorError(
            f"{board} has no second {by} beside eager fp32 for any network and batch",
            f"it has something to tell --by {other}"
            if other
            else "measure some: advisor measure --runtime eager,onnxruntime --precision fp32,int8",
        )
    emit_table(gains_text(board, found))


def _compare_two(opened: Catalog, first: str, second: str) -> None:
    from advisor.report.compare_text import compare_text
    from advisor.solve.compare import compare

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
        from advisor.measuring.publish import run_latencies
    except ModuleNotFoundError as error:
        hint = "install it: pip install 'dnn-advisor[measure]'"
        raise AdvisorError(
            f"reading a run needs {error.name}, which is not installed", hint
        ) from None

    runs = run_latencies(board.folder)
    if run not in runs:
        raise AdvisorError(f"board {board_name} has no run {shown(run)}", closest(run, runs))
    return runs[run]
