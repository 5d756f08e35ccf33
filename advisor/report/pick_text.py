"""The recommendation on a terminal."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from advisor.catalog.records import Estimate
from advisor.quantities import written_as
from advisor.report.figures import COLUMNS, figure, plain_table, with_unit
from advisor.report.fitted import Fitted
from advisor.report.pick_words import (
    PREDICTED_MARK,
    boards_text,
    chance_text,
    choice_text,
    dispensable,
    fell_out,
    figure_of,
    is_predicted,
    limits_text,
    listed,
    margin_text,
    metric_text,
    need_text,
    place,
    unlike_scopes,
    value_of,
    variant_cell,
    variant_text,
    varying,
)
from advisor.solve.candidates.candidate import Candidate
from advisor.solve.question.limits import Constraint
from advisor.solve.question.metrics import METRICS
from advisor.solve.question.requirements import NEEDS
from advisor.solve.recommend.recommendation import Binding, Narrowing, Recommendation

if TYPE_CHECKING:
    from advisor.solve.verify.verification import Verification

ALWAYS_SHOWN = (
    "accuracy_top1_percent",
    "fps",
    "response_ms",
    "energy_j",
    "average_power_w",
    "memory_mb",
)

MARK = "mark"
"""The column that says how probably a candidate meets all limits, beside those of the metrics."""

ERRORS = {"measured": "measuring", "reported": "reading", "predicted": "prediction"}
"""What the error of a figure is called, by its origin."""

WORTH_TELLING = 0.995
"""What is surer goes without saying."""


def pick_text(
    recommendation: Recommendation, verified: Verification | None = None
) -> RenderableType:
    """The whole answer, and how certain it is where it was verified."""
    best = recommendation.best
    if best:
        table, sentences = _candidates_table(recommendation), _why(recommendation, best)
    else:
        from advisor.report.nothing_fits_text import rejections_table, why_nothing

        table, sentences = rejections_table(recommendation), why_nothing(recommendation)
    certainty: Iterable[str] = ()
    if verified is not None:
        from advisor.report.verify_text import certainty_text

        certainty = certainty_text(recommendation, verified)
    explained = _explained(recommendation)
    told = map(Text, (*sentences, *certainty))
    return Group(_headline(recommendation), "", table, "", *told, *explained)


def _explained(recommendation: Recommendation) -> Iterator[RenderableType]:
    for each in recommendation.explained:
        from advisor.report.why_not_text import why_not_text  # which only those need who ask

        yield from why_not_text(each, recommendation.best)


def _headline(recommendation: Recommendation) -> Text:
    asked, best = recommendation.requirements, recommendation.best
    if best is None:
        answer = Text("Nothing fits ", style="bold red") + Text(limits_text(asked.constraints))
    else:
        answer = Text(place(best), style="bold green") + Text(f" ({variant_text(best)})")
    boards = boards_text(recommendation.boards)
    if best is None or len(recommendation.boards) == 1:
        where = f"on {boards}"
    else:
        where = f"on {best.board}, of {boards}"
    choice = choice_text(asked, recommendation.boards, recommendation.weights_used)
    return answer + Text(f"\n{where}, choosing from {choice}")


def _candidates_table(recommendation: Recommendation) -> Fitted:
    keys = _shown_keys(recommendation)
    asked = recommendation.requirements
    needed = {
        *(step.metric.key for step in asked.objective),
        *(each.metric for each in asked.constraints),
    }
    droppable = dispensable(recommendation.candidates, keys, needed)
    if asked.constraints:
        keys, droppable = [*keys, MARK], [*droppable, MARK]
    return Fitted(lambda keys: _table_of(recommendation, keys), keys, droppable)


def _table_of(recommendation: Recommendation, keys: Sequence[str]) -> Table:
    constraints = recommendation.requirements.constraints
    names = varying(recommendation.candidates, len(recommendation.boards))
    headings = [
        "meets\nlimits" if key == MARK else f"{COLUMNS[key].heading}\n{COLUMNS[key].unit}"
        for key in keys
    ]
    table = plain_table("network", *names, "batch", *headings, left=1 + len(names))
    blank = [""] * (len(names) + 1)
    if constraints:
        limits = {
            key: "\n".join(_limit(each) for each in constraints if each.metric == key)
            for key in keys
        }
        table.add_row("limit", *blank, *(limits.get(key, "") for key in keys), style="dim")
    for candidate in recommendation.candidates:
        picked = candidate is recommendation.best
        variant = [variant_cell(candidate, name) for name in names]
        figures = [candidate.mark if key == MARK else figure_of(candidate, key) for key in keys]
        cells = (candidate.architecture, *variant, str(candidate.batch), *figures)
        table.add_row(*cells, style="bold green" if picked else None)
        if picked and constraints:
            margins = [
                "\n".join(
                    margin_text(each)
                    for each in candidate.headroom
                    if each.constraint.metric == key
                )
                for key in keys
            ]
            cells = ("  head-room", *blank, *margins)
            table.add_row(*cells, style="dim")
    return table


def _shown_keys(recommendation: Recommendation) -> list[str]:
    """The metrics worth a column: the usual ones, those limited, and the objective."""
    asked = recommendation.requirements
    wanted = {*ALWAYS_SHOWN, *(step.metric.key for step in asked.objective)}
    wanted |= {"battery_hours"} if asked.battery_j else set()
    wanted.update(each.metric for each in asked.constraints)
    return [key for key in COLUMNS if key in wanted]


def _limit(constraint: Constraint) -> str:
    sign = ">=" if constraint.sense == "min" else "<="
    exact = written_as(constraint.limit, constraint.dimension).split(" ")[0]
    return f"{sign}{figure(constraint.metric, constraint.limit) if len(exact) > 6 else exact}"


def _why(recommendation: Recommendation, best: Candidate) -> Iterator[str]:
    """The sentences below the table."""
    asked, binding = recommendation.requirements, recommendation.binding
    objective = asked.objective[-1].metric
    yield from map(_narrowing, recommendation.narrowings)
    if binding is not None:
        yield _binding(binding, [step.metric.key for step in asked.objective], best)
    elif recommendation.narrowings:
        yield "Nothing is binding: no other candidate would be preferred."
    else:
        better = "higher" if objective.more_is_better else "lower"
        here = "this board" if len(recommendation.boards) == 1 else "these boards"
        yield f"Nothing is binding: no candidate on {here} has a {better} {objective.title}."
    if best.batch > 1 and best.response_ms:
        yield _waiting(recommendation, best, best.response_ms)
    if best.metric(objective.key) is None and not recommendation.narrowings:
        needs = f" ({NEEDS[objective.name]})" if objective.name in NEEDS else ""
        yield f"The {objective.title} of these is unknown{needs}, so the next criterion decided."
    yield from _doubts(best)
    yield from unlike_scopes(recommendation.candidates, recommendation.boards)
    if any(is_predicted(each, key) for each in recommendation.candidates for key in METRICS):
        yield f"{PREDICTED_MARK} is predicted; see advisor predict."
    yield from fell_out(recommendation)
    shown = {(each.architecture, each.board) for each in recommendation.candidates}
    hidden = recommendation.networks_fitting - len(shown)
    if hidden:
        what = "network" if len(recommendation.boards) == 1 else "network on a board"
        more = f"1 more {what} meets" if hidden == 1 else f"{hidden} more {_plural(what)} meet"
        yield f"{more} every limit (--top)."


def _plural(what: str) -> str:
    return what.replace("network", "networks").replace("a board", "their boards")


def _narrowing(narrowing: Narrowing) -> str:
    metric = narrowing.step.metric
    if math.isinf(narrowing.best):
        return f"The {metric.title} of all that meet the limits is unknown, so it decides nothing."
    best = with_unit(metric.key, narrowing.best)
    within = f"Within {narrowing.step.tolerance_text} of" if narrowing.step.tolerance else "At"
    are = "is 1 candidate that meets" if narrowing.left == 1 else f"are {narrowing.left} that meet"
    return f"{within} the best {metric.title} ({best}) {are} every limit."


def _doubts(best: Candidate) -> Iterator[str]:
    """How sure it is that the pick meets its limits, where that does not go without saying."""
    for each in best.headroom:
        estimate = best.metric(each.constraint.metric) if each.within_error else None
        if estimate and estimate.low is not None and estimate.high is not None:
            key = each.constraint.metric
            error = ERRORS.get(estimate.origin, "stated")
            yield (
                f"The head-room of {each.constraint.name} is within the {error} error: "
                f"{figure(key, estimate.low)} to {with_unit(key, estimate.high)}."
            )
    if best.headroom and best.chance < WORTH_TELLING:
        limits = "the limit" if len(best.headroom) == 1 else "all limits together"
        yield f"The pick meets {limits} with a probability of {chance_text(best.chance)}: {best.mark}."


def _binding(binding: Binding, keys: Sequence[str], best: Candidate) -> str:
    nearest = binding.candidate
    lacks = [each for each in nearest.headroom if each.constraint in binding.constraints]
    figures = ", ".join(with_unit(key, value_of(nearest, key)) for key in keys)
    subject = f"{place(nearest, best)} ({figures})"
    if not lacks:
        return (
            f"The confidence is binding: {subject} would be better, and meets every limit by its "
            f"figures, but only with a probability of {chance_text(nearest.chance)} ({nearest.mark})."
        )
    unknown = [metric_text(each.constraint) for each in lacks if each.value is None]
    if unknown:
        verb = "is" if len(unknown) == 1 else "are"
        return f"{subject} would be better, but its {listed(unknown)} {verb} unknown."
    has = [
        f"{with_unit(each.constraint.metric, each.value)} ({margin_text(each)})" for each in lacks
    ]
    verb = "is" if len(lacks) == 1 else "are"
    limits = limits_text(binding.constraints)
    needs = listed([need_text(each) for each in lacks])
    return (
        f"{limits} {verb} binding: the nearest better candidate, {subject}, has {listed(has)} and "
        f"would need {needs}."
    )


def _waiting(recommendation: Recommendation, best: Candidate, response: Estimate) -> str:
    asked = recommendation.requirements
    running = with_unit("latency_ms", value_of(best, "latency_ms"))
    if asked.fps is None:
        return f"The batch runs in {running}; without --fps the wait to fill it is left out."
    fill = with_unit("response_ms", (best.batch - 1) * 1000 / asked.fps)
    overhead = f", {with_unit('response_ms', asked.overhead_ms)} overhead"
    total = f"{response.value / 1000:.2f} s"
    return (
        f"At batch {best.batch} the first image waits {total} for its answer: "
        f"{fill} for its batch to fill, {running} to run{overhead if asked.overhead_ms else ''}."
    )
