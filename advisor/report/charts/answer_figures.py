"""What answers show as figures: a frontier, a comparison, a fit."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from advisor.catalog.files import check_folder_of
from advisor.catalog.identities import Identities
from advisor.catalog.records import Estimate
from advisor.catalog.run_as import Variant
from advisor.errors import AdvisorError, closest, shown, shown_path
from advisor.prediction.board_model import Fitted, HeldOutRun
from advisor.prediction.model import LEAST_GROUPS
from advisor.quantities import PERCENT
from advisor.report.candidate_text import boards_text, limits_text
from advisor.report.charts.figure import Axis, Dot, Figure, Line, Panel, exact, spans_decade
from advisor.report.charts.labels import LONGEST, shortened
from advisor.report.charts.palette import SHAPES
from advisor.report.comparison import BASE_NAME, Comparison
from advisor.report.terminal import counted, significant
from advisor.solve.candidates.candidate import Candidate
from advisor.solve.recommend.frontier import Frontier

FORMATS = ("svg", "png")
MOST_NAMED = 20
"""Of a longer frontier no more points are named."""
MOST_ROWS = 60
"""More rows than these nobody reads: the middle ones are left out."""
FITTED = {
    "latency_ms": "latency of a batch, ms",
    "net_power_w": "net power, W",
    "memory_mb": "memory, MB",
}
"""What models predict, with its unit, by its key."""
MOST_OUTSIDE = 8
"""So many networks at most are named for lying outside the band."""


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


def kind_of(file: Path) -> str:
    """Which of `FORMATS` a picture is to be: asked before what takes its time is done for it.

    Raises:
        AdvisorError: its ending is another, it has no folder, or the plotting libraries are not installed.
    """
    kind = file.suffix.removeprefix(".").lower()
    if kind not in FORMATS:
        raise AdvisorError(f"{shown_path(file)}: no picture ends so", "write .svg or .png")
    check_folder_of(file)
    drawing()
    return kind


def asked_names(
    label: Sequence[str], here: Collection[str], identities: Identities
) -> frozenset[str]:
    """The networks of a picture whose names somebody asks for, as the picture has them.

    Args:
        label: their names, however they are spelt.
        here: the names that the picture has.
        identities: what names mean.

    Raises:
        AdvisorError: one is not in the picture.
    """
    found = set()
    written = {name.lower(): name for name in sorted(here)}
    for text in label:
        meaning = identities.find_among(text, here)
        name = written.get(text.lower(), text)
        if name not in here and meaning:
            name = identities.called(meaning.name, here)
        if name not in here:
            known = "not drawn here" if meaning else "unknown"
            raise AdvisorError(f"label: network {shown(text)} is {known}", closest(text, here))
        found.add(name)
    return frozenset(found)


def one_look(dots: Sequence[Dot]) -> tuple[Dot, ...]:
    """Dots that look alike where they are of more families than can be distinguished."""
    alike = len({dot.family for dot in dots}) > len(SHAPES)
    return tuple(replace(dot, family=None) for dot in dots) if alike else tuple(dots)


def _with_batch(name: str, batch: int) -> str:
    """What is written for a network at a batch size, the latter in full."""
    said = f", batch {batch}"
    return shortened(name, LONGEST - len(said)) + said


def frontier_figure(found: Frontier, asked: Collection[str] = ()) -> Figure:
    """Two axes of a frontier, its points joined, before what they beat; a third as the area of the points.

    Args:
        found: the frontier.
        asked: networks whose names are written in any case.

    Raises:
        AdvisorError: it has no points.
    """
    if not found.points:
        raise AdvisorError("nothing meets every limit, and nothing can be drawn", "relax a limit")
    third = found.axes[2] if len(found.axes) > 2 else None
    on_it = list(_on_frontier(found, asked))
    dots = one_look([*on_it, *_beaten(found, asked, {dot.network for dot in on_it})])
    line = Line(tuple((dot.x.value, dot.y.value) for dot in on_it if not dot.label))
    axes = [_axis(found, key, found.figures[:, at].tolist()) for at, key in enumerate(found.axes)]
    title = " against ".join(each.title.partition(",")[0] for each in reversed(axes[:2]))
    return Figure(
        number=0,
        slug="frontier",
        title=f"{title[0].upper()}{title[1:]}",
        said=tuple(_said_of(found, axes, dots)),
        form="scatter",
        x=axes[0],
        y=axes[1],
        panels=(
            Panel(
                dots=dots,
                # In two of three directions the points lie anywhere.
                lines=() if third else (line,),
                behind=tuple(map(tuple, found.figures[:, :2].tolist())),
            ),
        ),
        area=axes[2].title if third else "",
    )


def _said_of(found: Frontier, axes: Sequence[Axis], dots: Sequence[Dot]) -> Iterator[str]:
    yield boards_text(found.boards)
    if found.requirements.constraints:
        yield limits_text(found.requirements.constraints)
    third = f", {axes[2].title.partition(',')[0]} counted" if len(axes) > 2 else ""
    yield f"no other candidate beats these{third}"
    beaten = len(found.compared) - len(found.points)
    if beaten:
        yield f"grey: {beaten:,} candidate{'s' * (beaten > 1)} that they beat"
    if len(axes) > 2:
        yield f"area of a point: {axes[2].title}"
    if found.pick and any(dot.picked for dot in dots):
        where = f" on {found.pick.board}" if len(found.boards) > 1 else ""
        yield f"ringed: the pick, {found.pick.architecture}{where}"
    named = len({dot.network for dot in dots if dot.named})
    networks = len({each.architecture for each in found.points})
    if named < networks:
        yield f"{named} of {networks} networks named"


def _on_frontier(found: Frontier, asked: Collection[str]) -> Iterator[Dot]:
    """The points, each network named once: those asked for, the pick, the ends, others as there is room."""
    step = math.ceil(len(found.points) / MOST_NAMED)
    # The pick's name stands where the pick does, though its network may be on the frontier elsewhere, too.
    seen = {each.architecture for each in found.points if each == found.pick}
    for place, each in enumerate(found.points):
        name = each.architecture
        wanted = name in asked
        named = place % step == 0 or each == found.pick or place == len(found.points) - 1 or wanted
        first = each == found.pick or name not in seen
        dot = _dot(found, each, named=named and first, asked=wanted and first)
        if dot:
            seen |= {name} if named else set()
            yield dot
    if found.pick and found.pick not in found.points:
        dot = _dot(found, found.pick, named=True)
        if dot:
            name = found.pick.architecture
            label = _with_batch(name, found.pick.batch) if name in seen else name
            yield replace(dot, label=label)


def _dot(found: Frontier, each: Candidate, *, named: bool, asked: bool = False) -> Dot | None:
    """A candidate in the picture; `None` where a figure on an axis is unknown."""
    x, y, *rest = (each.metric(key) for key in found.axes)
    if x is None or y is None or None in rest:
        return None
    return Dot(
        each.architecture,
        found.families.get(each.architecture, ""),
        x,
        y,
        each.batch,
        area=rest[0].value if rest and rest[0] else None,
        named=named,
        asked=asked,
        picked=each == found.pick,
    )


def _beaten(found: Frontier, asked: Collection[str], drawn: Collection[str]) -> Iterator[Dot]:
    """Of each network that is asked for and beaten, the candidate that is best across."""
    names = np.array(found.compared)
    for name in sorted(set(asked) - set(drawn)):
        own = found.figures[names == name]
        best = np.argmax if found.quality.worded(found.axes[0]).more_is_better else np.argmin
        x, y, *rest = own[best(own[:, 0])].tolist()
        area = rest[0] if rest else None
        label = f"{name}, beaten" if rest else ""  # of three metrics no line says which are not
        yield Dot(
            name, found.families[name], exact(x), exact(y), area=area, asked=True, label=label
        )


def _axis(found: Frontier, key: str, values: Sequence[float]) -> Axis:
    metric = found.quality.worded(key)
    title = f"{metric.title}, {metric.unit}" if metric.unit else metric.title
    return Axis(title, logarithmic=metric.dimension is not PERCENT and spans_decade(values))


def comparison_figure(found: Comparison) -> Figure:
    """An interval for each row: how many times as fast, or as long, the fastest first."""
    rows = sorted(found.rows, key=lambda row: (row.ratio, row.architecture, row.batch))
    half = MOST_ROWS // 2
    kept = rows if len(rows) <= MOST_ROWS else [*rows[:half], *rows[-half:]]
    several_batches = len({row.batch for row in rows}) > 1
    several_variants = len({row.variant for row in rows}) > 1
    dots = []
    for at, row in enumerate(kept):
        words = [row.architecture]
        words += [" ".join(row.variant.words)] if several_variants else []
        words += [f"batch {row.batch}"] if several_batches else []
        ratio = Estimate(row.ratio, row.low, row.high, "measured", "")
        shown_as = ratio if found.other else _inverse(ratio)
        place = at + (len(kept) < len(rows) and at >= half)  # a gap where rows are left out
        dots.append(Dot(", ".join(words), None, shown_as, exact(place), row.batch))
    if found.other:
        title = f"{found.other} against {found.board}"
        said = [f"latency of {found.other} over that of {found.board}"]
        said += [f"{significant(found.mean_ratio)} on geometric mean", "dashed: equally fast"]
        axis = "ratio of latencies"
    else:
        title = f"{found.board}, by {found.by}"
        said = [f"how many times as fast as {BASE_NAME}"]
        said += [f"{significant(1 / found.mean_ratio)} on geometric mean", "dashed: equally fast"]
        axis = "speed-up"
    if not several_variants and rows and not found.other:
        said.append(" ".join(rows[0].variant.words))
    if any(row.low is not None for row in rows):
        said.append("90 % intervals")
    if len(kept) < len(rows):
        said.append(f"{len(rows) - len(kept)} of {len(rows)} rows, the middle ones, left out")
    values = [dot.x.value for dot in dots]
    return Figure(
        number=0,
        slug="comparison",
        title=title,
        said=tuple(said),
        form="intervals",
        x=Axis(axis, logarithmic=spans_decade([*values, 1.0]), decimals=2),
        y=Axis(""),
        panels=(Panel(dots=tuple(dots), lines=(Line(((1.0, 0.0), (1.0, 1.0))),)),),
    )


def _inverse(ratio: Estimate) -> Estimate:
    low, high = ratio.low, ratio.high
    return replace(
        ratio,
        value=1 / ratio.value,
        low=1 / high if high else None,
        high=1 / low if low else None,
    )


def fit_figure(found: Fitted, asked: Collection[str] = ()) -> Figure:
    """What a board's models predict of networks held out, against what was measured; a panel a metric.

    Args:
        found: the fit.
        asked: networks whose names are written in any case.

    Raises:
        AdvisorError: no network was held out.
    """
    if not found.held_out:
        why = f"intervals take {LEAST_GROUPS} networks whose cost and figures are known"
        what = "its own models held out no network"
        raise AdvisorError(f"{found.board}: {what}, and nothing can be drawn", why)
    ran = Counter(each.variant for each in found.held_out)
    variant = max(ran, key=lambda each: ran[each])
    runs = [each for each in found.held_out if each.variant == variant]
    panels = [
        _agreement(metric, of_metric, asked)
        for metric in FITTED
        if (of_metric := [each for each in runs if each.metric == metric])
    ]
    said = [found.board, _most_of(variant, ran), "each network drawn was held out"]
    said += ["line: predicted as measured", "shaded: where 90 % of networks lie"]
    if any(dot.named for panel in panels for dot in panel.dots):
        said.append("named: the furthest outside")
    return Figure(
        number=0,
        slug="fit",
        title="Predicted against measured",
        said=tuple(said),
        form="scatter",
        x=Axis("measured", logarithmic=True),
        y=Axis("predicted", logarithmic=True),
        panels=tuple(panels),
        columns=min(len(panels), 2),
    )


def _most_of(variant: Variant, ran: Counter[Variant]) -> str:
    others = len(ran) - 1
    left = f" (of most rows; {counted(others, 'other variant')} not drawn)" if others else ""
    return ", ".join(variant.words) + left


def _agreement(metric: str, runs: Sequence[HeldOutRun], asked: Collection[str]) -> Panel:
    title = FITTED[metric].partition(",")[0]
    factor = band_factor(runs)
    furthest = _furthest(runs, factor)
    wanted = _smallest_batches(runs, asked)
    batches = Counter(each.architecture for each in runs)
    dots = [
        Dot(
            each.architecture,
            each.family,
            exact(each.measured),
            exact(each.predicted),
            each.batch,
            named=at in furthest,
            asked=at in wanted,
            label=_with_batch(each.architecture, each.batch)
            if batches[each.architecture] > 1
            else "",
        )
        for at, each in enumerate(runs)
    ]
    figures = [figure for each in runs for figure in (each.measured, each.predicted)]
    ends = min(figures), max(figures)
    spare = 1.02 * (ends[1] / ends[0]) ** 0.05
    ends = ends[0] / spare, ends[1] * spare
    networks = counted(len({each.architecture for each in runs}), "network")
    within = f", 90 % within a factor of {factor:.2f}" if factor else ""
    return Panel(
        title=f"{title[0].upper()}{title[1:]}: {networks}{within}",
        dots=one_look(dots),
        lines=(Line(tuple((end, end) for end in ends)),),
        band=tuple(  # type: ignore[arg-type]  # two of them
            Line(tuple((end, end * by) for end in ends)) for by in (1 / factor, factor)
        )
        if factor
        else None,
        x=Axis(f"measured {FITTED[metric]}", logarithmic=True),
        y=Axis(f"predicted {FITTED[metric]}", logarithmic=True),
    )


def band_factor(runs: Sequence[HeldOutRun]) -> float | None:
    """Within which factor of what was measured 90 % of networks are predicted; `None` of too few.

    A network counts by the row that is furthest off. Of n networks it is the ceil(0.9 (n + 1))-th smallest
    factor, as for the intervals, so that the next network lies within it in 90 % of cases.
    """
    off: dict[str, float] = {}
    for each in runs:
        off[each.architecture] = max(off.get(each.architecture, 0.0), each.off)
    if len(off) < LEAST_GROUPS:
        return None
    rank = math.ceil(0.9 * (len(off) + 1) - 1e-9)
    return math.exp(sorted(off.values())[rank - 1])


def _smallest_batches(runs: Sequence[HeldOutRun], asked: Collection[str]) -> set[int]:
    """The place of each network's run of its smallest batch, of those that are asked for."""
    found: dict[str, int] = {}
    for at in sorted(range(len(runs)), key=lambda at: runs[at].batch):
        if runs[at].architecture in asked:
            found.setdefault(runs[at].architecture, at)
    return set(found.values())


def _furthest(runs: Sequence[HeldOutRun], factor: float | None) -> set[int]:
    """The places of the worst rows of the networks that lie furthest outside the band."""
    if factor is None:
        return set()
    worst: dict[str, int] = {}
    for at in sorted(range(len(runs)), key=lambda at: -runs[at].off):
        if runs[at].off > math.log(factor) * (1 + 1e-9):
            worst.setdefault(runs[at].architecture, at)
    return set(list(worst.values())[:MOST_OUTSIDE])
