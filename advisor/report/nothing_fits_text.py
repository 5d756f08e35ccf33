"""The answer on a terminal where nothing fits: what rejects what, and how little would do."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from rich.table import Table

from advisor.report.figures import counted, magnitude, plain_table, with_unit
from advisor.report.fitted import Fitted
from advisor.report.pick_words import fell_out, limits_text, place_among
from advisor.solve.question.limits import Constraint
from advisor.solve.recommend.recommendation import Recommendation, Rejection, Relaxation

MOST_SETS = 3
"""So many sets of limits that nothing meets are named."""

REJECTION_COLUMNS = ("limit", "rejects", "nearest, batch", "has", "short by", "also fails")


def rejections_table(recommendation: Recommendation) -> Fitted:
    """A line a limit."""
    return Fitted(
        lambda headings: _rejections_of(recommendation, headings),
        REJECTION_COLUMNS,
        ("also fails", "short by", "rejects", "nearest, batch"),
    )


def _rejections_of(recommendation: Recommendation, headings: Sequence[str]) -> Table:
    table = plain_table(*headings)
    for column in table.columns:
        if column.header in ("nearest, batch", "also fails"):
            column.justify, column.no_wrap = "left", False
    for rejection in recommendation.rejections:
        cells = (
            str(rejection.constraint),
            str(rejection.rejected),
            *_nearest(rejection, recommendation),
        )
        told = dict(zip(REJECTION_COLUMNS, cells, strict=True))
        table.add_row(*(told[heading] for heading in headings))
    return table


def _nearest(rejection: Rejection, recommendation: Recommendation) -> Sequence[str]:
    nearest, constraint = rejection.nearest, rejection.constraint
    if nearest is None:
        return f"{rejection.unknown} unknown" if rejection.unknown else "none", "", "", ""
    board = f", {nearest.board}" if len(recommendation.boards) > 1 else ""
    if recommendation.variants > 1:
        board += f", {nearest.runtime} {nearest.precision}"
    of_this = next(each for each in nearest.headroom if each.constraint == constraint)
    return (
        f"{nearest.architecture}, {nearest.batch}{board}",
        with_unit(constraint.metric, of_this.value),
        "?" if of_this.margin is None else magnitude(of_this.margin),
        _shortened([each.name for each in rejection.also_fails]),
    )


def _shortened(names: Sequence[str]) -> str:
    more = f" +{len(names) - 1} more" if len(names) > 2 else ""
    return (names[0] if more else ", ".join(names)) + more if names else ""


def why_nothing(recommendation: Recommendation) -> Iterator[str]:
    """The sentences below the table."""
    were = "was" if recommendation.considered == 1 else "were"
    line = f"{counted(recommendation.considered, 'candidate')} {were} considered"
    left_out = recommendation.did_not_fit
    do = "does" if left_out == 1 else "do"
    yield line + (f"; {left_out} more {do} not fit in the board's memory." if left_out else ".")
    yield from fell_out(recommendation)
    yield from _tail_unknown(recommendation)
    yield from map(_impossible, recommendation.impossible[:MOST_SETS])
    if len(recommendation.impossible) > MOST_SETS:
        hidden = len(recommendation.impossible) - MOST_SETS
        yield f"{counted(hidden, 'more set')} of limits that none meets: --json tells."
    yield from _bound(recommendation)
    if not recommendation.relaxations:
        yield "No single limit, changed alone, gives an answer."
    for rejection in recommendation.rejections:
        if rejection.unknown == recommendation.considered:
            yield f"{rejection.constraint} can only be left out: no such figure is known here."
    for each in recommendation.relaxations:
        yield _relaxation(each, recommendation)
    if recommendation.together:
        factor = math.exp(recommendation.together.change)
        offered = _relaxation(recommendation.together, recommendation)
        yield f"{offered} That changes no limit by more than a factor of {factor:.3g}."


def _impossible(limits: Sequence[Constraint]) -> str:
    alone = len(limits) == 1
    return f"No candidate meets {limits_text(limits)}{'' if alone else ' together'}."


def _bound(recommendation: Recommendation) -> Iterator[str]:
    bound = recommendation.bound
    asked = {each.name: each for each in recommendation.requirements.constraints}
    lies_below = (
        bound is not None
        and bound.accuracy_percent is not None
        and bound.accuracy_percent < asked["accuracy"].limit
    )
    if bound and lies_below:
        yield (
            f"None of the {counted(bound.networks, 'network')} known here lies above "
            f"{bound.accuracy_percent:.1f} % at {asked['fps'].limit_text} fps; "
            f"{asked['accuracy'].limit_text} % is asked for."
        )


def _tail_unknown(recommendation: Recommendation) -> Iterator[str]:
    for rejection in recommendation.rejections:
        constraint = rejection.constraint
        if constraint.statistic != "median" and rejection.unknown == recommendation.considered:
            median = replace(constraint, statistic="median")
            yield (
                f"This board knows no {constraint.statistic} of any latency; {median} would limit "
                f"the median instead."
            )


def _relaxation(relaxation: Relaxation, recommendation: Recommendation) -> str:
    limits = limits_text([each.asked for each in relaxation.limits])
    return f"{limits} instead would give {place_among(relaxation.candidate, recommendation)}."
