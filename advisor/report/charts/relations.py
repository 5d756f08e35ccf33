"""Figures 6 to 9: memory, time, power and accuracy against what networks cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from advisor.catalog.records import Estimate
from advisor.prediction.board_model import describe
from advisor.prediction.bound import least_line_above
from advisor.prediction.findings import straight_line
from advisor.prediction.terms import BYTES, COLUMNS
from advisor.report.charts.accuracy import PARAMETERS, TOP1
from advisor.report.charts.batches import no_memory, no_power
from advisor.report.charts.board_data import BoardData, Run, scaled
from advisor.report.charts.figure import Axis, Dot, Figure, Line, Panel, accuracy_clause, said_of

BATCHES = (1, 16)
"""The batch sizes that the paper sets side by side: 16 is the largest that all its networks ran."""
PAPER = "canziani-2016"
"""How the keys of the sources begin that hold the paper's own figures."""
OPERATIONS_SHORT = Axis("operations per image, G")
LINE = "line: least squares of time on operations"
BOUND = (
    "line: the least above all that ran, drawn where there are any",
    "shaded: none that ran is so accurate so fast",
)
LEAST_FOR_A_LINE, LEAST_FOR_A_BOUND = 3, 2


def memory_against_parameters(data: BoardData) -> Figure:
    """Figure 6: memory of small batches against the size of the parameters, with a law of it."""
    batch = min(data.batches, default=1)
    dots = tuple(
        Dot(run.network, scaled(params_m, BYTES), run.memory_mb, batch)
        for run in data.runs
        if run.batch == batch and run.memory_mb and (params_m := run.network.params_m)
    )
    lines, told = _memory_lines(data, dots, batch)
    scope = data.board.memory_scope
    return Figure(
        number=6,
        slug="memory-against-parameters",
        title="Memory against parameters",
        said=said_of(data, f"batch {batch}", scope and f"memory: {scope}", told, dots=dots),
        form="scatter",
        x=Axis("size of the parameters at 32 bits, MB"),
        y=Axis("peak memory, MB"),
        panels=(
            Panel(
                dots=dots,
                lines=lines,
                words="" if dots else no_memory(data),
            ),
        ),
    )


def _memory_lines(
    data: BoardData, dots: tuple[Dot, ...], batch: int
) -> tuple[tuple[Line, ...], str]:
    """The paper's law in both readings on its own rows, the board's law on others; and what it is."""
    if not dots:
        return (), ""
    sizes = np.linspace(0, 1.05 * max(dot.x.value for dot in dots), 200)
    if any(dot.y.source.startswith(PAPER) for dot in dots):
        from advisor.prediction.training import published_memory  # imports scikit-learn

        readings = ("paper: max(200, 1.30 × size)", "paper: 200 + 1.30 × (size − 100)")
        lines = tuple(
            _line(sizes.tolist(), published_memory(sizes, place).tolist(), label)
            for place, label in enumerate(readings, start=1)
        )
        return lines, "lines: the paper's floor of 200 MB and slope of 1.30, in two readings"
    law = data.memory_law
    if law is None:
        return (), "no law of memory (`advisor fit` makes one of enough networks)"
    typical = np.full((len(sizes), len(COLUMNS)), np.nan)
    typical[:] = np.median([describe(dot.network.cost, batch) for dot in dots], axis=0)
    typical[:, COLUMNS.index("params")] = sizes * 1e6 / BYTES
    memory_mb = law(typical)
    if np.any(np.isnan(memory_mb)):
        return (), "the board's law needs more than is known of these networks"
    line = _line(sizes.tolist(), memory_mb.tolist())
    return (line,), "line: the board's law, its other terms at the median of the networks"


def _line(x: list[float], y: list[float], label: str = "") -> Line:
    return Line(tuple(zip(x, y, strict=True)), label)


def operations_against_time(data: BoardData) -> Figure:
    """Figure 7: operations against the time per image, with the line of time in operations."""

    def dot(run: Run) -> Dot | None:
        operations, params = run.network.operations_g, run.network.params_m
        if not operations or not params:
            return None
        return Dot(run.network, run.time_ms, operations, run.batch, params.value)

    return _side_by_side(
        data,
        Figure(
            number=7,
            slug="operations-against-time",
            title="Operations against time",
            said=("area of a ball: parameters",),
            form="scatter",
            x=Axis("time per image, ms"),
            y=OPERATIONS_SHORT,
            panels=(),
            area=PARAMETERS,
        ),
        dot,
        _with_line,
        "known operations",
    )


def _with_line(panel: Panel) -> Panel:
    measured = [dot for dot in panel.dots if not dot.predicted]
    operations = np.array([dot.y.value for dot in measured])
    time_ms = np.array([dot.x.value for dot in measured])
    if min(len(np.unique(operations)), len(np.unique(time_ms))) < LEAST_FOR_A_LINE:
        words = f"Too few networks for a line: it takes {LEAST_FOR_A_LINE} that differ."
        return replace(panel, words=words)
    line = straight_line(operations, time_ms)
    ends = np.array([operations.min(), operations.max()])
    drawn = _line((line.intercept + line.slope * ends).tolist(), ends.tolist())
    sign = "−" if line.intercept < 0 else "+"
    equation = f"time = {line.slope:.3g} ms/G × operations {sign} {abs(line.intercept):.3g} ms"
    fit = f"R² {line.r2:.2f}, off by {line.mean_error:.0%} on average"
    return replace(panel, title=f"{panel.title}: {equation}; {fit}", lines=(drawn,))


def operations_against_power(data: BoardData) -> Figure:
    """Figure 8: operations against net power."""

    def dot(run: Run) -> Dot | None:
        operations, params = run.network.operations_g, run.network.params_m
        if not operations or not params or not run.net_power_w:
            return None
        return Dot(run.network, run.net_power_w, operations, run.batch, params.value)

    figure = Figure(
        number=8,
        slug="operations-against-power",
        title="Operations against power",
        said=("area of a ball: parameters",),
        form="scatter",
        x=Axis("net power (idle left out), W"),
        y=OPERATIONS_SHORT,
        panels=(),
        area=PARAMETERS,
    )
    if not any(run.net_power_w for run in data.runs):
        return replace(figure, said=said_of(data), panels=(Panel(words=no_power(data)),))
    return _side_by_side(data, figure, dot, lambda panel: panel, "known power and operations")


def top1_against_rate(data: BoardData) -> Figure:
    """Figure 9: accuracy against images per second, below the least line above all."""

    def dot(run: Run) -> Dot | None:
        top1_percent, operations = run.network.top1_percent, run.network.operations_g
        if not top1_percent or not operations:
            return None
        return Dot(run.network, rate_fps(run.time_ms), top1_percent, run.batch, operations.value)

    figure = Figure(
        number=9,
        slug="top1-against-rate",
        title="Top-1 accuracy against images per second",
        said=(accuracy_clause(data), "area of a ball: operations"),
        form="scatter",
        x=Axis("images per second, 1/s"),
        y=TOP1,
        panels=(),
        area="operations, G",
    )
    return _side_by_side(data, figure, dot, _with_bound, "known accuracy and operations")


def rate_fps(time_ms: Estimate) -> Estimate:
    """Images per second from the time per image."""
    return replace(
        time_ms,
        value=1000 / time_ms.value,
        low=1000 / time_ms.high if time_ms.high else None,
        high=1000 / time_ms.low if time_ms.low else None,
    )


def _with_bound(panel: Panel) -> Panel:
    measured = [dot for dot in panel.dots if not dot.predicted]
    if len({dot.network.name for dot in measured}) < LEAST_FOR_A_BOUND:
        words = f"Too few networks for a bound: it takes {LEAST_FOR_A_BOUND}."
        return replace(panel, words=words)
    rate = np.array([dot.x.value for dot in measured])
    bound = least_line_above(rate, np.array([dot.y.value for dot in measured]))
    ends = np.array(bound.range)
    drawn = _line(ends.tolist(), bound(ends).tolist())
    equation = f"top-1 ≤ {bound.intercept:.1f} − {bound.slope:.3g} × images/s"
    return replace(panel, title=f"{panel.title}: {equation}", bound=drawn)


def _side_by_side(
    data: BoardData,
    empty: Figure,
    dot: Callable[[Run], Dot | None],
    finished: Callable[[Panel], Panel],
    needed: str,
) -> Figure:
    """A figure with one panel for each of `BATCHES`; `needed` is what its networks must have."""
    if data.no_rows:
        return replace(empty, said=said_of(data), panels=(Panel(words=data.no_rows),))
    panels = []
    for batch in BATCHES:
        found = [dot(run) for run in data.runs if run.batch == batch]
        dots = tuple(each for each in found if each)
        title = f"batch {batch}"
        if dots:
            panels.append(finished(Panel(title=title, dots=dots)))
        else:
            what = f"network of {needed}" if found else "rows"
            words = f"Board {data.board.name} has no {what} at batch {batch}."
            panels.append(Panel(title=title, words=words))
    shown = [each for panel in panels for each in panel.dots]
    laws = [LINE] if any(panel.lines for panel in panels) else []
    laws += BOUND if any(panel.bound for panel in panels) else []
    return replace(empty, said=said_of(data, *empty.said, *laws, dots=shown), panels=tuple(panels))
