"""Figures 3, 4 and 5: time, power and memory against the batch size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from statistics import mean, stdev

from advisor.catalog.records import Estimate
from advisor.paper.board_data import BoardData, Run
from advisor.report.charts.figure import Axis, Figure, Line, Panel, exact

MOST_CURVES = 40
"""More curves than these nobody can follow; the most accurate networks are kept."""
BATCH = Axis("batch size, images", logarithmic=True)


def time_against_batch(data: BoardData) -> Figure:
    """Figure 3: time per image against the batch size, both logarithmic."""
    empty = Figure(
        number=3,
        slug="time-against-batch",
        title="Time per image against batch size",
        said=("latency of a batch / its images",),
        form="curves",
        x=BATCH,
        y=Axis("time per image, ms", logarithmic=True),
        panels=(Panel(words=data.no_time),),
    )
    return _against_batch(data, empty, lambda run: run.time_ms)


def power_against_batch(data: BoardData) -> Figure:
    """Figure 4: net power against the batch size, and its mean."""
    board = data.board
    idle = f"idle: {board.idle_power_w.value:.2f} W" if board.idle_power_w else ""
    empty = Figure(
        number=4,
        slug="power-against-batch",
        title="Net power against batch size",
        said=(board.power_scope and f"power of: {board.power_scope}", idle),
        form="curves",
        x=BATCH,
        y=Axis("net power (idle left out), W"),
        panels=(Panel(words=data.no_power),),
    )
    return _with_mean(_against_batch(data, empty, lambda run: run.net_power_w))


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
    empty = Figure(
        number=5,
        slug="memory-against-batch",
        title="Memory against batch size",
        said=(scope and f"memory: {scope}",),
        form="curves",
        x=BATCH,
        y=Axis("peak memory, MB", logarithmic=True),
        panels=(Panel(words=data.no_memory),),
    )
    return _against_batch(data, empty, lambda run: run.memory_mb)


def _against_batch(data: BoardData, empty: Figure, of: Callable[[Run], Estimate | None]) -> Figure:
    """A figure with a dot for every run of which something is known; as it is where there is none."""
    kept = set(data.networks[:MOST_CURVES])
    dots = tuple(
        run.network.at(exact(run.batch), found, run.batch)
        for run in data.runs
        if run.network in kept and (found := of(run))
    )
    fewer = (
        f"the {MOST_CURVES} most accurate of {len(data.networks)} networks"
        if len(data.networks) > MOST_CURVES
        else ""
    )
    if not dots:
        return replace(empty, said=data.said(*empty.said, fewer))
    ends = "a line ends where a larger batch does not fit or is unknown" if data.ends_early else ""
    said = data.said(*empty.said, ends, fewer, dots=dots)
    return replace(empty, said=said, panels=(Panel(dots=dots),))
