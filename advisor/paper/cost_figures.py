"""Figures 1, 2 and 6 to 10: accuracy, memory, time and power against what networks cost."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from advisor.catalog.records import Estimate
from advisor.paper.board_data import BoardData, Run, scaled
from advisor.paper.evidence import published_memory, straight_line
from advisor.prediction.board_model import describe
from advisor.prediction.bound import least_line_above
from advisor.prediction.terms import BYTES, COLUMNS
from advisor.quality import IMAGENET
from advisor.report.charts.figure import Axis, Dot, Figure, Line, Panel, exact, spans_decade
from advisor.solve.recommend.non_dominated import non_dominated

OPERATIONS = Axis("operations per image, G")
PARAMETERS = "parameters, M"

MOST_BARS = 60
"""More bars than these nobody reads."""
BATCHES = (1, 16)
"""The batch sizes that the paper sets side by side: 16 is the largest that all its networks ran.

Of a board that ran neither it is the one that most networks ran.
"""
PAPER = "canziani-2016"
"""How the keys of the sources begin that hold the paper's own figures."""
LEAST_FOR_A_LINE, LEAST_FOR_A_BOUND = 3, 2
CORNERS = 60
"""As so many corners a straight line is drawn, since it is none on a logarithmic axis."""
MANY = 20
"""Of more networks than these only those are named that matter."""
MOST_NAMED = 24
"""Of these again no more than so many, evenly along x."""


def _accuracy(data: BoardData) -> Axis:
    return Axis(f"{data.quality.title}, %", decimals=2)


def _titled(data: BoardData, rest: str) -> str:
    title = data.quality.title
    return title[0].upper() + title[1:] + rest if title.islower() else title + rest


def top1(data: BoardData) -> Figure:
    """Figure 1: top-1 accuracy by network, the most accurate first."""
    dots = [
        network.at(network.top1_percent, exact(0))
        for network in data.networks
        if network.top1_percent
    ]
    images = "ImageNet-1k validation, single central crop"
    on = images if data.quality.data_set == IMAGENET else data.quality.data_set
    clauses = (on, *_which(data, dots, "accuracy"))
    return Figure(
        number=1,
        slug="top1",
        title=_titled(data, " by network"),
        said=data.said(*clauses, _fewer(dots), dots=dots[:MOST_BARS]),
        form="bars",
        x=_accuracy(data),
        y=Axis(""),
        panels=(_panel(dots[:MOST_BARS], data.no_accuracy),),
    )


def top1_against_operations(data: BoardData) -> Figure:
    """Figure 2, the ball chart: top-1 accuracy against operations, area by parameters."""
    dots = [
        network.at(network.operations_g, network.top1_percent, area=network.params_m.value)
        for network in data.networks
        if network.top1_percent and network.operations_g and network.params_m
    ]
    clauses = (f"{data.board.cost} costs, one image", "area of a ball: parameters")
    figure = Figure(
        number=2,
        slug="top1-against-operations",
        title=_titled(data, " against operations"),
        said=data.said(*clauses, *_which(data, dots, "accuracy or cost"), dots=dots),
        form="scatter",
        x=Axis("operations per image, G (multiply and add count as two)"),
        y=_accuracy(data),
        panels=(_panel(dots, data.no_accuracy),),
        area=PARAMETERS,
    )
    return _legible(figure, (-1, 1), "the most accurate for their operations", "x")


def accuracy_per_parameter(data: BoardData) -> Figure:
    """Figure 10: information density, the densest first."""
    dots = [
        network.at(density(network.top1_percent, network.params_m), exact(0))
        for network in data.networks
        if network.top1_percent and network.params_m
    ]
    dots.sort(key=lambda dot: -dot.x.value)
    clauses = (f"{data.board.cost} parameters", *_which(data, dots, "accuracy or cost"))
    return Figure(
        number=10,
        slug="accuracy-per-parameter",
        title="Accuracy per parameter",
        said=data.said(*clauses, _fewer(dots), dots=dots[:MOST_BARS]),
        form="bars",
        x=Axis(f"{data.quality.title} per million parameters, %/M"),
        y=Axis(""),
        panels=(_panel(dots[:MOST_BARS], data.no_accuracy),),
    )


def density(top1_percent: Estimate, params_m: Estimate) -> Estimate:
    """Accuracy per million parameters, in %/M, with the interval of both together at worst."""
    bounds = (top1_percent.low, top1_percent.high, params_m.low, params_m.high)
    low = high = None
    if all(bounds):
        low, high = bounds[0] / bounds[3], bounds[1] / bounds[2]  # type: ignore[operator]
    return replace(top1_percent, value=top1_percent.value / params_m.value, low=low, high=high)


def _panel(dots: Sequence[Dot], missing: str, lines: tuple[Line, ...] = ()) -> Panel:
    return Panel(dots=tuple(dots), lines=lines, words="" if dots else missing)


def _which(data: BoardData, dots: Sequence[Dot], needed: str) -> tuple[str, ...]:
    """Whose accuracy is shown, and how many networks are left out since what is needed is unknown."""
    if not dots:
        return ()
    left = len(data.networks) - len(dots)
    left_out = f"{left} of {len(data.networks)} networks left out: {needed} is unknown"
    return data.accuracy_clause, left_out if left else ""


def _fewer(dots: Sequence[Dot]) -> str:
    """What is said where there are too many bars."""
    return f"the first {MOST_BARS} of {len(dots)}" if len(dots) > MOST_BARS else ""


def memory_against_parameters(data: BoardData) -> Figure:
    """Figure 6: memory of small batches against the size of the parameters, with a model of it."""
    batch = min(data.batches, default=1)
    dots = [
        run.network.at(scaled(params_m, BYTES), run.memory_mb, batch)
        for run in data.runs
        if run.batch == batch and run.memory_mb and (params_m := run.network.params_m)
    ]
    lines, clause = _memory_lines(data, dots, batch)
    scope = data.board.memory_scope
    clauses = (f"batch {batch}", scope and f"memory: {scope}", clause)
    figure = Figure(
        number=6,
        slug="memory-against-parameters",
        title="Memory against parameters",
        said=data.said(*clauses, dots=dots),
        form="scatter",
        x=Axis("size of the parameters at 32 bits, MB"),
        y=Axis("peak memory, MB"),
        panels=(_panel(dots, data.no_memory, lines),),
    )
    return _legible(figure, (1, -1), "those of least memory for their parameters")


def _memory_lines(data: BoardData, dots: Sequence[Dot], batch: int) -> tuple[tuple[Line, ...], str]:
    """The paper's law in both readings on its own rows, the board's model on others; and what it is."""
    if not dots:
        return (), ""
    parameters = [dot.x.value for dot in dots]
    sizes = np.geomspace(min(parameters) / 1.05, 1.05 * max(parameters), 200)
    if any(dot.y.source.startswith(PAPER) for dot in dots):
        readings = ("paper: max(200, 1.30 × size)", "paper: 200 + 1.30 × (size − 100)")
        lines = tuple(
            _line(sizes.tolist(), published_memory(sizes, place).tolist(), label)
            for place, label in enumerate(readings, start=1)
        )
        return lines, "lines: the paper's floor of 200 MB and slope of 1.30, in two readings"
    model = data.memory_model
    if model is None:
        return (), "no model of memory (`advisor fit` makes one of enough networks)"
    drawn = {dot.network for dot in dots}
    costs = [network.cost for network in data.networks if network.name in drawn]
    typical = np.full((len(sizes), len(COLUMNS)), np.nan)
    typical[:] = np.median([describe(cost, batch) for cost in costs], axis=0)
    typical[:, COLUMNS.index("params")] = sizes * 1e6 / BYTES
    memory_mb = model(typical)
    if np.any(np.isnan(memory_mb)):
        return (), "the board's model needs more than is known of these networks"
    line = _line(sizes.tolist(), memory_mb.tolist())
    return (line,), "line: the board's model, its other terms at the median of the networks"


def _line(x: list[float], y: list[float], label: str = "") -> Line:
    return Line(tuple(zip(x, y, strict=True)), label)


def operations_against_time(data: BoardData) -> Figure:
    """Figure 7: operations against the time per image, with the line of time in operations."""

    def dot(run: Run) -> Dot | None:
        operations, params = run.network.operations_g, run.network.params_m
        if not operations or not params or not run.time_ms:
            return None
        return run.network.at(run.time_ms, operations, run.batch, params.value)

    figure = Figure(
        number=7,
        slug="operations-against-time",
        title="Operations against time",
        said=("area of a ball: parameters",),
        form="scatter",
        x=Axis("time per image, ms"),
        y=OPERATIONS,
        panels=(),
        area=PARAMETERS,
    )
    if not any(run.time_ms for run in data.runs):
        return replace(figure, said=data.said(), panels=(Panel(words=data.no_time),))
    drawn = _side_by_side(data, figure, dot, _with_line, "known time and operations")
    return _legible(drawn, (-1, 1), "those that do most operations in their time")


def _with_line(panel: Panel) -> Panel:
    measured = [dot for dot in panel.dots if not dot.predicted]
    operations = np.array([dot.y.value for dot in measured])
    time_ms = np.array([dot.x.value for dot in measured])
    if min(len(np.unique(operations)), len(np.unique(time_ms))) < LEAST_FOR_A_LINE:
        words = f"Too few networks for a line: it takes {LEAST_FOR_A_LINE} that differ."
        return replace(panel, words=words)
    line = straight_line(operations, time_ms)
    along = np.geomspace(operations.min(), operations.max(), CORNERS)
    estimated_ms = line.intercept + line.slope * along
    possible = estimated_ms > 0
    drawn = _line(estimated_ms[possible].tolist(), along[possible].tolist())
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
        return run.network.at(run.net_power_w, operations, run.batch, params.value)

    figure = Figure(
        number=8,
        slug="operations-against-power",
        title="Operations against power",
        said=("area of a ball: parameters",),
        form="scatter",
        x=Axis("net power (idle left out), W"),
        y=OPERATIONS,
        panels=(),
        area=PARAMETERS,
    )
    if not any(run.net_power_w for run in data.runs):
        return replace(figure, said=data.said(), panels=(Panel(words=data.no_power),))
    drawn = _side_by_side(data, figure, dot, lambda panel: panel, "known power and operations")
    return _legible(drawn, (-1, 1), "those that do most operations at their power")


def top1_against_rate(data: BoardData) -> Figure:
    """Figure 9: accuracy against images per second, below the least line above all."""

    def dot(run: Run) -> Dot | None:
        top1_percent, operations = run.network.top1_percent, run.network.operations_g
        if not top1_percent or not operations:
            return None
        return run.network.at(run.rate_fps, top1_percent, run.batch, operations.value)

    figure = Figure(
        number=9,
        slug="top1-against-rate",
        title=_titled(data, " against images per second"),
        said=(data.accuracy_clause, "area of a ball: operations"),
        form="scatter",
        x=Axis("images per second, 1/s"),
        y=_accuracy(data),
        panels=(),
        area="operations, G",
    )
    finished = partial(_with_bound, metric=data.quality.metric)
    drawn = _side_by_side(data, figure, dot, finished, "known accuracy and operations")
    return _legible(drawn, (1, 1), "those that none is both faster and more accurate than", "x")


def _with_bound(panel: Panel, metric: str) -> Panel:
    measured = [dot for dot in panel.dots if not dot.predicted]
    if len({dot.network for dot in measured}) < LEAST_FOR_A_BOUND:
        words = f"Too few networks for a bound: it takes {LEAST_FOR_A_BOUND}."
        return replace(panel, words=words)
    rate = np.array([dot.x.value for dot in measured])
    bound = least_line_above(rate, np.array([dot.y.value for dot in measured]))
    along = np.geomspace(*bound.range, CORNERS)
    drawn = _line(along.tolist(), bound(along).tolist())
    equation = f"{metric} ≤ {bound.intercept:.1f} − {bound.slope:.3g} × images/s"
    return replace(panel, title=f"{panel.title}: {equation}", bound=drawn)


def _legible(figure: Figure, better: tuple[int, int], named: str, ratios: str = "xy") -> Figure:
    """A figure in which many networks can be read, too.

    Args:
        figure: with linear axes and all networks named.
        better: 1 or -1 along x and y: of many networks those are named that none exceeds in both directions.
        named: these in words.
        ratios: the axes that are logarithmic where their figures differ by more than a decade.
    """
    along = {axis: [getattr(dot, axis).value for dot in figure.dots] for axis in "xy"}
    axes = {
        axis: replace(getattr(figure, axis), logarithmic=spans_decade(along[axis]))
        for axis in ratios
    }
    panels, thinned = [], False
    for panel in figure.panels:
        named_here, fewer = _that_matter(panel.dots, better)
        dots = [replace(dot, named=at in named_here) for at, dot in enumerate(panel.dots)]
        panels.append(replace(panel, dots=tuple(dots)))
        thinned |= fewer
    drawn = replace(figure, panels=tuple(panels), **axes)
    if all(dot.named for dot in drawn.dots):
        return drawn
    clause = f"named: {'some of ' if thinned else ''}{named}, and the extremes"
    return replace(drawn, said=(*figure.said, clause))


def _that_matter(dots: Sequence[Dot], better: tuple[int, int]) -> tuple[set[int], bool]:
    """Which dots are named: all of few, else the extremes and those that none exceeds in both directions.

    Returns:
        Their places, and whether there are so many of the latter that some of these are left out.
    """
    if len(dots) <= MANY:
        return set(range(len(dots))), False
    x, y = (np.array([getattr(dot, axis).value for dot in dots]) for axis in "xy")
    best = non_dominated(np.stack([-better[0] * x, -better[1] * y], axis=1))
    step = math.ceil(len(best) / MOST_NAMED)
    extremes = {int(find(each)) for each in (x, y) for find in (np.argmin, np.argmax)}
    return extremes.union(best[np.argsort(x[best])][::step].tolist()), step > 1


def _side_by_side(
    data: BoardData,
    empty: Figure,
    dot: Callable[[Run], Dot | None],
    finished: Callable[[Panel], Panel],
    needed: str,
) -> Figure:
    """A figure with one panel for each batch size; `needed` is what its networks must have."""
    if data.no_rows:
        return replace(empty, said=data.said(), panels=(Panel(words=data.no_rows),))
    panels = []
    for batch in _batches(data):
        found = [dot(run) for run in data.runs if run.batch == batch]
        dots = tuple(each for each in found if each)
        title = f"batch {batch}"
        if dots:
            panels.append(finished(Panel(title=title, dots=dots)))
        else:
            what = f"network of {needed}" if found else "rows"
            words = f"Board {data.board.name} has no {what} at batch {batch}."
            panels.append(Panel(title=title, words=words))
    clauses = list(empty.said)
    if any(panel.lines for panel in panels):
        clauses.append("line: least squares of time on operations")
    if any(panel.bound for panel in panels):
        clauses.append("line: the least above all that ran, drawn where there are any")
        clauses.append("shaded: none that ran is so accurate so fast")
    shown = [each for panel in panels for each in panel.dots]
    return replace(empty, said=data.said(*clauses, dots=shown), panels=tuple(panels))


def _batches(data: BoardData) -> tuple[int, ...]:
    ran = Counter(run.batch for run in data.runs)
    if any(batch in ran for batch in BATCHES):
        return BATCHES
    return (min(ran, key=lambda batch: (-ran[batch], batch)),)
