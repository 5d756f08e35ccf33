"""Pictures of answers: a frontier, and a comparison."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from advisor.arguments import checked
from advisor.catalog.files import check_folder_of, write_whole
from advisor.catalog.records import Estimate
from advisor.errors import AdvisorError, shown_path
from advisor.report.candidate_text import boards_text, limits_text
from advisor.report.charts.figure import Axis, Dot, Figure, Form, Line, Panel, exact, spans_decade
from advisor.report.comparison import Comparison
from advisor.solve.recommend.frontier import Frontier

FORMATS = ("svg", "png")
MOST_NAMED = 20
"""Of a longer frontier no more points are named."""
MOST_BARS = 60
"""More bars than these nobody reads: the middle ones are left out."""


@checked
def draw(answer: object, path: str | os.PathLike[str]) -> Path:
    """Draw an answer, and write the picture.

    Args:
        answer: what `frontier` or `compare` gives.
        path: the file, whose ending says what kind: .svg or .png.

    Returns:
        The file.

    Raises:
        AdvisorError: there is nothing to draw, the ending is another, the file cannot be written, or the
            plotting libraries are not installed.
    """
    file = Path(path)
    kind = file.suffix.removeprefix(".").lower()
    if kind not in FORMATS:
        raise AdvisorError(f"{shown_path(file)}: no picture ends so", "write .svg or .png")
    check_folder_of(file)
    if isinstance(answer, Frontier):
        figure = _frontier(answer)
    elif isinstance(answer, Comparison):
        figure = _comparison(answer)
    else:
        raise AdvisorError(
            f"a {type(answer).__name__} has no picture", "draw a frontier or a comparison"
        )
    write_whole(file, drawing()(figure, kind))
    return file


def drawing() -> Callable[[Figure, str], bytes]:
    """What draws; only here are the plotting libraries imported.

    Raises:
        AdvisorError: they are not installed.
    """
    try:
        import vl_convert  # noqa: F401  # altair would miss it only when it saves

        from advisor.report.charts.drawing import picture
    except ModuleNotFoundError as error:
        if error.name not in ("altair", "vl_convert"):
            raise
        hint = "install it: pip install 'dnn-advisor[report]'"
        raise AdvisorError(f"drawing needs {error.name}, which is not installed", hint) from None
    return picture


def _frontier(found: Frontier) -> Figure:
    """Two axes of a frontier, its points joined, the pick named among them."""
    if not found.points:
        raise AdvisorError("nothing meets every limit, and nothing can be drawn", "relax a limit")
    across, upwards = found.axes[:2]
    dots = tuple(_dots(found, across, upwards))
    line = Line(tuple((dot.x.value, dot.y.value) for dot in dots))
    axes = [
        _axis(found, key, [getattr(dot, side).value for dot in dots])
        for key, side in zip(found.axes, "xy", strict=False)
    ]
    title = " against ".join(each.title.partition(",")[0] for each in reversed(axes))
    limits = [limits_text(found.requirements.constraints)] if found.requirements.constraints else []
    return Figure(
        number=0,
        slug="frontier",
        title=f"{title[0].upper()}{title[1:]}",
        said=(boards_text(found.boards), *limits, "no other candidate beats these"),
        form="scatter",
        x=axes[0],
        y=axes[1],
        panels=(Panel(dots=dots, lines=(line,)),),
    )


def _dots(found: Frontier, across: str, upwards: str) -> Iterator[Dot]:
    """The points, as many of them named, evenly, as have room."""
    step = math.ceil(len(found.points) / MOST_NAMED)
    for place, each in enumerate(found.points):
        x, y = each.metric(across), each.metric(upwards)
        if x is not None and y is not None:
            named = place % step == 0 or each == found.pick or place == len(found.points) - 1
            yield Dot(each.architecture, each.board, x, y, each.batch, named=named)


def _axis(found: Frontier, key: str, values: list[float]) -> Axis:
    metric = found.quality.worded(key)
    title = f"{metric.title}, {metric.unit}" if metric.unit else metric.title
    return Axis(title, logarithmic=spans_decade(values))


def _comparison(found: Comparison) -> Figure:
    """A bar for each row: the ratio of the latencies, with its interval, the fastest first."""
    rows = sorted(found.rows, key=lambda row: (row.ratio, row.architecture, row.batch))
    shown_rows = (
        rows if len(rows) <= MOST_BARS else [*rows[: MOST_BARS // 2], *rows[-MOST_BARS // 2 :]]
    )
    several_batches = len({row.batch for row in rows}) > 1
    with_variant = found.other is None
    dots = []
    for row in shown_rows:
        words = [row.architecture]
        words += list(row.variant.words) if with_variant else []
        words += [f"batch {row.batch}"] if several_batches else []
        ratio = Estimate(row.ratio, row.low, row.high, "measured", "")
        dots.append(Dot(", ".join(words), "", ratio, exact(0), row.batch))
    of, over = (found.other, found.board) if found.other else (f"other {found.by}s", "eager fp32")
    said = [f"latency of {of} over that of {over}", f"{found.mean_ratio:.3g} on average"]
    if len(shown_rows) < len(rows):
        said.append(f"{len(rows) - len(shown_rows)} of {len(rows)} rows, the middle ones, left out")
    form: Form = "bars"
    return Figure(
        number=0,
        slug="comparison",
        title=f"{found.board} and {found.other}"
        if found.other
        else f"{found.board}, by {found.by}",
        said=tuple(said),
        form=form,
        x=Axis("ratio of latencies"),
        y=Axis(""),
        panels=(Panel(dots=tuple(dots)),),
    )
