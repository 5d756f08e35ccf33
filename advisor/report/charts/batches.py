"""Figures 3, 4 and 5: time, power and memory against the batch size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from statistics import mean, stdev

from advisor.catalog.records import Estimate
from advisor.report.charts.board_data import BoardData, Run
from advisor.report.charts.figure import Axis, Dot, Figure, Line, Panel, exact, said_of

MOST_CURVES = 40
"""More curves than these nobody tells apart; the most accurate networks are kept."""
BATCH = Axis("batch size, images", logarithmic=True)


def time_against_batch(data: BoardData) -> Figure:
    """Figure 3: time per image against the batch size, both logarithmic."""
    return _against_batch(
        data,
        Figure(
            number=3,
            slug="time-against-batch",
            title="Time per image against batch size",
            said=(),
            form="curves",
            x=BATCH,
            y=Axis("time per image, ms", logarithmic=True),
            panels=(),
        ),
        lambda run: run.time_ms,
        lacking=data.no_rows,
        clauses=("latency of a batch / its images",),
    )


def power_against_batch(data: BoardData) -> Figure:
    """Figure 4: net power against the batch size."""
    board = data.board
    idle = f"idle: {board.idle_power_w.value:.2f} W" if board.idle_power_w else ""
    figure = _against_batch(
        data,
        Figure(
            number=4,
            slug="power-against-batch",
            title="Net power against batch size",
            said=(),
            form="curves",
            x=BATCH,
            y=Axis("net power (idle left out), W"),
            panels=(),
        ),
        lambda run: run.net_power_w,
        lacking=no_power(data),
        clauses=(board.power_scope and f"power of: {board.power_scope}", idle),
    )
    return _with_mean(figure)


def _with_mean(figure: Figure) -> Figure:
    """The figure with the mean of what is measured, where that is more than one figure."""
    (panel,) = figure.panels
    watts = [dot.y.value for dot in panel.dots if not dot.predicted]
    if len(watts) < 2:
        return figure
    batches = [dot.x.value for dot in panel.dots]
    line = Line(tuple((end, mean(watts)) for end in (min(batches), max(batches))))
    clause = f"dashed: mean {mean(watts):.1f} W, standard deviation {stdev(watts):.1f} W"
    return replace(figure, said=(*figure.said, clause), panels=(replace(panel, lines=(line,)),))


def memory_against_batch(data: BoardData) -> Figure:
    """Figure 5: peak memory against the batch size, both logarithmic."""
    scope = data.board.memory_scope
    return _against_batch(
        data,
        Figure(
            number=5,
            slug="memory-against-batch",
            title="Memory against batch size",
            said=(),
            form="curves",
            x=BATCH,
            y=Axis("peak memory, MB", logarithmic=True),
            panels=(),
        ),
        lambda run: run.memory_mb,
        lacking=no_memory(data),
        clauses=(scope and f"memory: {scope}",),
    )


def no_power(data: BoardData) -> str:
    """What is said of a board without power."""
    why = ": it was measured without a meter" if data.board.power_meter == "none" else ""
    return data.no_rows or f"Board {data.board.name} has no power figures{why}."


def no_memory(data: BoardData) -> str:
    """What is said of a board without memory figures."""
    return data.no_rows or f"Board {data.board.name} has no memory figures."


def _against_batch(
    data: BoardData,
    empty: Figure,
    of: Callable[[Run], Estimate | None],
    *,
    lacking: str,
    clauses: tuple[str, ...],
) -> Figure:
    """A figure with a dot for every run of which something is known."""
    kept = set(data.networks[:MOST_CURVES])
    dots = tuple(
        Dot(run.network, exact(run.batch), found, run.batch)
        for run in data.runs
        if run.network in kept and (found := of(run))
    )
    fewer = (
        f"the {MOST_CURVES} most accurate of {len(data.networks)} networks"
        if len(data.networks) > MOST_CURVES
        else ""
    )
    ends = "a line ends where a larger batch does not fit or is unknown" if data.ends_early else ""
    return replace(
        empty,
        said=said_of(data, *clauses, ends if dots else "", fewer, dots=dots),
        panels=(Panel(dots=dots, words="" if dots else lacking),),
    )
