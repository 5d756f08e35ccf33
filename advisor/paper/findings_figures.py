"""The paper's findings as figures: on one board, and over many."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from advisor.catalog.records import Estimate
from advisor.catalog.run_as import Variant, telling_apart
from advisor.paper.board_findings import Findings
from advisor.paper.effects import Effect
from advisor.paper.evidence import BY_RATE, PER_IMAGE
from advisor.paper.four_findings import EQUIVALENT, RELATED, Finding
from advisor.paper.survey import Survey, SurveyedVariant
from advisor.report.charts.figure import Axis, Dot, Figure, Line, Panel, exact, spans_decade
from advisor.report.terminal import counted

FEW = 10
"""So few boards are all named."""
MOST_ROWS = 40
"""Up to so many ways of running networks have a row each with their names; of more each board has one."""


@dataclass(frozen=True)
class Claim:
    """How an effect is drawn.

    Attributes:
        title: what it is.
        axis: its name and unit on the axis.
        scale: what its figures are multiplied by.
        paper: what the paper found, in words.
        at: where that is, in the unit of the axis.
        by_ratio: whether equal ratios of it matter, not equal differences.
    """

    title: str
    axis: str
    scale: float
    paper: str
    at: float
    by_ratio: bool = False


CLAIMS: Mapping[str, Claim] = {
    "time_rank": Claim("Operations rank time", "rank correlation", 1, "paper: near 1", 1.0),
    "time_exponent": Claim(
        "Time grows with operations to the power of", "exponent", 1, "paper: 1, proportional", 1.0
    ),
    "time_error": Claim(
        "A line in operations misses the time by",
        "mean error, %",
        100,
        "paper: near 0",
        0.0,
        by_ratio=True,
    ),
    "hyperbola_gain_points": Claim(
        "A hyperbola is nearer to the best accuracies than a logarithm by",
        "points of accuracy",
        1,
        "paper: above 0",
        0.0,
    ),
    "power_spread": Claim(
        "Power differs between networks by",
        "standard deviation, %",
        100,
        "paper: near 0",
        0.0,
        by_ratio=True,
    ),
    "power_rank": Claim("Operations rank power", "rank correlation", 1, "paper: near 0", 0.0),
    "energy_rank": Claim("Operations rank energy", "rank correlation", 1, "paper: near 1", 1.0),
    "memory_slope": Claim("Memory per size of the parameters", "MB per MB", 1, "paper: 1.30", 1.30),
}
"""Each effect of a survey, those that most boards show first."""


def survey_figure(found: Survey) -> Figure:
    """A panel for each of the paper's claims: few variants by name, of many boards one interval each."""
    whole = len(found.variants) <= MOST_ROWS
    variants = list(found.variants) if whole else _one_each(found.variants)
    known = [
        key for key in CLAIMS if any(getattr(each.effects, key) is not None for each in variants)
    ]
    if whole:
        variants.sort(key=lambda each: _order(each, known))
    panels = tuple(_by_name(key, variants) if whole else _by_size(key, variants) for key in known)
    boards = counted(len({each.board for each in variants}), "board")
    rows = (
        f"{counted(len(variants), 'way')} of running networks"
        if whole
        else "of each board the way of running that most networks ran"
    )
    said = [boards, rows, *_timed([each.time for each in variants])]
    said += ["90 % intervals over networks", "dashed: what the paper has"]
    if not whole:
        said += ["sorted by size; named: the least and the greatest", "long intervals are cut off"]
    return Figure(
        number=0,
        slug="findings",
        title="The paper's claims over boards",
        said=tuple(said),
        form="intervals",
        x=Axis(""),
        y=Axis(""),
        panels=panels,
        columns=min(len(panels), 4) if whole else 2,
    )


def _timed(kinds: Sequence[str]) -> list[str]:
    """What is said of time where it is not that per image."""
    if PER_IMAGE not in kinds:
        return [f"time: {BY_RATE}"]
    return [f"time: of some {BY_RATE}"] if BY_RATE in kinds else []


def _order(each: SurveyedVariant, known: Sequence[str]) -> tuple[float, str]:
    effect: Effect | None = getattr(each.effects, known[0])
    return -(effect.value if effect else -np.inf), each.board


def _one_each(variants: Sequence[SurveyedVariant]) -> list[SurveyedVariant]:
    """Of each board the variant that most networks ran, the first of several."""
    found: dict[str, SurveyedVariant] = {}
    for each in variants:
        if each.board not in found or found[each.board].networks < each.networks:
            found[each.board] = each
    return list(found.values())


def _by_name(key: str, variants: Sequence[SurveyedVariant]) -> Panel:
    names = list(_names(variants))
    dots = [
        Dot(name, None, _estimate(effect, CLAIMS[key].scale), exact(place))
        for place, (name, each) in enumerate(zip(names, variants, strict=True))
        if (effect := getattr(each.effects, key))
    ]
    return _panel(key, dots, "")


def _names(variants: Sequence[SurveyedVariant]) -> Iterator[str]:
    """Boards, and in what the ways of running differ."""
    boards = [each.board for each in variants]
    words = telling_apart([each.variant for each in variants])
    for each in variants:
        apart = words[each.variant] if boards.count(each.board) > 1 else ""
        yield f"{each.board}, {apart}" if apart else each.board


def _by_size(key: str, variants: Sequence[SurveyedVariant]) -> Panel:
    having = [(effect, each.board) for each in variants if (effect := getattr(each.effects, key))]
    having.sort(key=lambda pair: (-pair[0].value, pair[1]))
    last = len(having) - 1
    dots = [
        Dot(
            board,
            None,
            _estimate(effect, CLAIMS[key].scale),
            exact(place if last < 1 else place * (len(variants) - 1) / last),
            named=place in (0, last) or last < FEW,
        )
        for place, (effect, board) in enumerate(having)
    ]
    median = float(np.median([dot.x.value for dot in dots]))
    return _panel(key, dots, f"{counted(len(dots), 'board')}, median {median:.3g}; ")


def _panel(key: str, dots: Sequence[Dot], said: str) -> Panel:
    claim = CLAIMS[key]
    values = [dot.x.value for dot in dots]
    # Zero, and what lies below it, have no place on a logarithmic axis.
    logarithmic = claim.by_ratio and spans_decade(values)
    marked = claim.at > 0 or not logarithmic
    lines = (Line(((claim.at, 0.0), (claim.at, 1.0))),) if marked else ()
    axis = Axis(claim.axis, logarithmic=logarithmic)
    words = f"{said}{claim.paper}"
    return Panel(title=claim.title, dots=tuple(dots), lines=lines, x=axis, words=words)


def _estimate(effect: Effect, scale: float) -> Estimate:
    value, low, high = (scale * each for each in (effect.value, effect.low, effect.high))
    return Estimate(value, min(low, value), max(high, value), "measured", "")


PARTS: Mapping[int, tuple[tuple[str, str], ...]] = {
    1: (
        ("spread_of_networks", "between networks"),
        ("farthest_batch_size", "of the furthest batch size"),
        ("spread_with_operations", "that goes with operations"),
    ),
    2: (
        ("gain_over_logarithmic_percent_points", "nearer than a logarithm"),
        ("gain_over_linear_percent_points", "nearer than a line"),
    ),
    3: (
        ("accuracy_rank_correlation", "energy and accuracy"),
        ("rank_correlation", "energy and operations"),
    ),
    4: (("rank_correlation", "time and operations"),),
}
"""The effects on which the verdict of each finding rests, by their names in its numbers."""

ABOVE = "it holds where all intervals lie above, and does not where one lies well below"
AXES: Mapping[int, tuple[str, float, float, str]] = {
    1: (
        "difference of power, %",
        100,
        100 * EQUIVALENT,
        "dashed: as good as equal below; it holds, of net power at several batch sizes, where all intervals "
        "lie below, and does not where one lies well above",
    ),
    2: ("points of accuracy", 1, 0.0, f"dashed: as near as that; {ABOVE}"),
    3: ("rank correlation", 1, RELATED, f"dashed: too weak below; {ABOVE}"),
    4: ("rank correlation", 1, RELATED, f"dashed: too weak below; {ABOVE}"),
}
"""What is on the axis of each, its scale, where the verdict turns, and that in words."""


def findings_figure(found: Findings) -> Figure:
    """A panel a finding: the sizes of its effects, and the verdict."""
    variant = Variant(found.runtime, found.precision, found.processor, found.threads)
    name = found.board if found.title in ("", found.board) else f"{found.title} ({found.board})"
    return Figure(
        number=0,
        slug="findings",
        title="The paper's findings",
        said=(name, ", ".join(variant.words), *_timed([found.time]), "90 % intervals"),
        form="intervals",
        x=Axis(""),
        y=Axis(""),
        panels=tuple(_of_finding(each) for each in found.findings),
    )


def _of_finding(each: Finding) -> Panel:
    title = f"{each.number}. {each.title[0].upper()}{each.title[1:]}: {each.verdict}"
    axis, scale, turn, words = AXES[each.number]
    numbers = each.numbers
    shown = [
        (said, Effect(numbers[key], numbers[f"{key}_low"], numbers[f"{key}_high"]))
        for key, said in PARTS[each.number]
        if f"{key}_low" in numbers
    ]
    if not shown:
        return Panel(title=title, words=f"{each.said[0].upper()}{each.said[1:]}.")
    dots = tuple(
        Dot(said, None, _estimate(effect, scale), exact(place))
        for place, (said, effect) in enumerate(shown)
    )
    line = Line(((turn, 0.0), (turn, 1.0)))
    return Panel(title=title, dots=dots, lines=(line,), x=Axis(axis, decimals=2), words=words)
