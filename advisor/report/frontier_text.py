"""The frontier on a terminal: a table, a small scatter plot, and what was left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from advisor.limits import Constraint
from advisor.metrics import METRICS
from advisor.quantities import PERCENT
from advisor.report.candidate_text import (
    MOST_NAMED,
    VARIANTS,
    accuracy_notes,
    boards_text,
    bound_notes,
    choice_text,
    dispensable,
    figure_of,
    limits_text,
    listed,
    place,
    prediction_note,
    unlike_scopes,
    value_of,
    variant_cell,
    varying,
)
from advisor.report.pick_text import ALWAYS_SHOWN, MARK
from advisor.report.scatter_text import Axis, Scatter, Series
from advisor.report.terminal import Fitted, TextTable, counted, heading, plain_table
from advisor.solve.candidates.candidate import Candidate
from advisor.solve.recommend.frontier import FEWEST_AXES, Frontier

if TYPE_CHECKING:
    from advisor.catalog.records import Floats

MOST_LINES = 40
"""Lines of the table; of a longer frontier it shows so many, evenly spread."""

WORTH_A_LOG = 10.0
"""The ratio of the greatest to the least figure from which an axis is logarithmic."""


def frontier_text(frontier: Frontier) -> RenderableType:
    """The whole answer."""
    if not frontier.points:
        return Group(*map(Text, _why_nothing(frontier)))
    return Group(
        _headline(frontier),
        "",
        _points_table(frontier),
        "",
        frontier_scatter(frontier),
        "",
        *map(Text, _sentences(frontier)),
    )


def _headline(frontier: Frontier) -> Text:
    asked = frontier.requirements
    answer = Text(f"Frontier of {_axes_text(frontier)}", style="bold green")
    limits = f" where {limits_text(asked.constraints)}" if asked.constraints else ""
    choice = choice_text(asked, frontier.boards, frontier.weights_used)
    return answer + Text(f"{limits}\non {boards_text(frontier.boards)}, choosing from {choice}")


def _axes_text(frontier: Frontier) -> str:
    return _titles(frontier, frontier.axes)


def _points_table(frontier: Frontier) -> Fitted:
    asked = frontier.requirements
    limited = {each.metric for each in asked.constraints}
    wanted = limited.union(ALWAYS_SHOWN).difference(frontier.axes)
    others = [key for key in METRICS if key in wanted]
    droppable = dispensable(frontier.points, others, limited)
    judged = [MARK] if asked.constraints else []
    names = varying(frontier.points, len(frontier.boards))
    # A narrow table leaves out how each is run before it breaks names; `--csv` has everything.
    droppable += [name for name in reversed(names) if name != "board"]
    keys = [*names, *frontier.axes, *others, *judged]
    needed = [*judged, *(key for key in reversed(others) if key in limited)]
    return Fitted(partial(_table_of, frontier), keys, droppable, needed)


def _table_of(frontier: Frontier, shown: Sequence[str]) -> TextTable:
    names = [name for name in shown if name in VARIANTS]
    keys = [key for key in shown if key not in VARIANTS]
    headings = ["meets\nlimits" if key == MARK else heading(key, frontier.quality) for key in keys]
    table = plain_table("network", *names, "batch", *headings, left=1 + len(names))
    for point in _spread(frontier.points):
        variant = [variant_cell(point, name) for name in names]
        figures = [point.mark if key == MARK else figure_of(point, key) for key in keys]
        style = "bold green" if point == frontier.pick else None
        table.add_row(point.architecture, *variant, str(point.batch), *figures, style=style)
    return table


def _spread(points: Sequence[Candidate]) -> list[Candidate]:
    """All points, or as many as a table may have, the first and the last among them."""
    if len(points) <= MOST_LINES:
        return list(points)
    return [points[place] for place in np.linspace(0, len(points) - 1, MOST_LINES).astype(int)]


def frontier_scatter(frontier: Frontier) -> Scatter:
    """The first two axes drawn: the pick, the frontier, and what it beats."""
    x, y = frontier.axes[:2]
    pick = frontier.pick
    known = pick is not None and None not in (value_of(pick, x), value_of(pick, y))
    picked = [pick] if pick and known else []
    rest = [each for each in frontier.points if each != pick]
    beaten = "beaten" if len(frontier.axes) == 2 else "beaten, the third axis counted"
    return Scatter(
        _axis(frontier, 0),
        _axis(frontier, 1),
        (
            _series("@", "the pick", "bold green", picked, x, y),
            _series("o", "frontier", "cyan", rest, x, y),
            Series(".", beaten, frontier.figures[:, 0], frontier.figures[:, 1]),
        ),
    )


def _axis(frontier: Frontier, side: int) -> Axis:
    metric = frontier.quality.worded(frontier.axes[side])
    figures = frontier.figures[:, side]
    unit = metric.unit
    return Axis(
        f"{metric.title}, {unit}" if unit else metric.title,
        log=metric.dimension is not PERCENT
        and bool(len(figures) and 0 < figures.min() * WORTH_A_LOG <= figures.max()),
    )


def _series(
    mark: str, meaning: str, style: str, points: Sequence[Candidate], x: str, y: str
) -> Series:
    """The points, each network named once."""
    names = [each.architecture for each in points]
    labels = [name if name not in names[:at] else "" for at, name in enumerate(names)]
    return Series(mark, meaning, _figures(points, x), _figures(points, y), labels, style)


def _figures(points: Sequence[Candidate], key: str) -> Floats:
    return np.array([value_of(each, key) for each in points], dtype=np.float64)


def _sentences(frontier: Frontier) -> Iterator[str]:
    """What stands below the plot."""
    points, count = frontier.points, len(frontier.points)
    limited = f", {frontier.feasible} of them within every limit" if _limits(frontier) else ""
    were = "was" if frontier.considered == 1 else "were"
    these = (
        "None is better than this one on any axis."
        if count == 1
        else f"What is better than one of these {count} on one axis is worse on another."
    )
    yield f"{counted(frontier.considered, 'candidate')} {were} considered{limited}. {these}"
    yield from unlike_scopes(_spread(points), frontier.boards)
    yield from accuracy_notes(_spread(points))
    limited_keys = {each.metric for each in frontier.requirements.constraints}
    yield from bound_notes(_spread(points), {*frontier.axes, *limited_keys})
    if frontier.unknown:
        yield f"{counted(frontier.unknown, 'candidate')} excluded: {_any_of_axes(frontier)} unknown."
    if count > MOST_LINES:
        yield f"{MOST_LINES} of {count} are listed, evenly spread; --csv and --json list all."
    if frontier.pick and frontier.pick not in points:
        yield f"The pick, {place(frontier.pick)}, is not among them."
    yield from prediction_note(_spread(points))


def _why_nothing(frontier: Frontier) -> Iterator[str]:
    """What is said where no candidate is left."""
    if not frontier.feasible:
        limits = limits_text(_limits(frontier)) or "the question"
        yield f"Nothing fits {limits} on {_boards(frontier)}, so there is no frontier."
        yield "advisor pick says what would have to give."
    else:
        fit = f"{counted(frontier.feasible, 'candidate')} on {_boards(frontier)} would do, but"
        if not frontier.instead:
            yield f"{fit} of none are {_titles(frontier, frontier.axes)} known together."
            return
        are = "is" if len(frontier.instead) == 1 else "are"
        yield f"{fit} {_titles(frontier, tuple(frontier.instead))} {are} unknown of all of them."
        yield from _what_is_known(frontier)


def _what_is_known(frontier: Frontier) -> Iterator[str]:
    """What could be asked for where no candidate has a figure on an axis."""
    known = [key for axis in frontier.axes if (key := frontier.instead.get(axis, axis))]
    what = _titles(frontier, known)
    if len(known) >= FEWEST_AXES:
        named = zip("xyz"[: len(known)], known, strict=True)
        ask = " ".join(f"--{name} {METRICS[key].name}" for name, key in named)
        yield f"Known of some: {what}; ask with {ask}."
    elif known:
        yield f"Only {what}, and what follows from it, is known of them: nothing can be traded off."


def _titles(frontier: Frontier, keys: Sequence[str]) -> str:
    return listed([frontier.quality.worded(key).title for key in keys])


def _boards(frontier: Frontier) -> str:
    names = [each.name for each in frontier.boards]
    return listed(names) if len(names) <= MOST_NAMED else counted(len(names), "board")


def _limits(frontier: Frontier) -> Sequence[Constraint]:
    return frontier.requirements.constraints


def _any_of_axes(frontier: Frontier) -> str:
    *others, last = [frontier.quality.worded(key).title for key in frontier.axes]
    return f"{', '.join(others)} or {last}"
