"""The recommendation on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from advisor.catalog.layers import SHIPPED
from advisor.catalog.records import Estimate
from advisor.quantities import written_as
from advisor.report.figures import COLUMNS, figure, plain_table, with_unit
from advisor.report.fitted import Fitted
from advisor.report.nothing_fits_text import rejections_table, why_nothing
from advisor.report.pick_words import (
    PREDICTED_MARK,
    VARIANTS,
    chance_text,
    fell_out,
    figure_of,
    is_predicted,
    limits_text,
    listed,
    margin_text,
    place,
    value_of,
    variant_text,
)
from advisor.solve.candidate import Candidate
from advisor.solve.metrics import KEYS_BY_NAME, METRICS
from advisor.solve.recommendation import Binding, Recommendation
from advisor.solve.requirements import Constraint

ALWAYS_SHOWN = (
    "accuracy_top1_percent",
    "fps",
    "response_ms",
    "energy_j",
    "average_power_w",
    "memory_mb",
)


def pick_text(recommendation: Recommendation) -> RenderableType:
    """The whole answer."""
    best = recommendation.best
    table = _candidates_table(recommendation) if best else rejections_table(recommendation)
    sentences = _why(recommendation, best) if best else why_nothing(recommendation)
    return Group(_headline(recommendation), "", table, "", *map(Text, sentences))


def _headline(recommendation: Recommendation) -> Text:
    board, asked, best = recommendation.board, recommendation.requirements, recommendation.best
    if best is None:
        answer = Text("Nothing fits ", style="bold red") + Text(limits_text(asked.constraints))
    else:
        answer = Text(place(best), style="bold green") + Text(f" ({variant_text(best)})")
    origin = "" if board.layer == SHIPPED else f", from {board.layer}"
    weights = asked.weights or board.weights or "none"
    choice = f"choosing from weights {weights}, batch {asked.batches_text}"
    return answer + Text(f"\non {board.name} ({board.title}{origin}), {choice}")


def _candidates_table(recommendation: Recommendation) -> Fitted:
    keys = _shown_keys(recommendation)
    asked = recommendation.requirements
    needed = {KEYS_BY_NAME[asked.objective], *(each.metric for each in asked.constraints)}
    droppable = [key for key in reversed(keys) if key not in needed]
    return Fitted(lambda keys: _table_of(recommendation, keys), keys, droppable)


def _table_of(recommendation: Recommendation, keys: Sequence[str]) -> Table:
    constraints = recommendation.requirements.constraints
    names = _varying(recommendation.candidates)
    headings = [f"{COLUMNS[key].heading}\n{COLUMNS[key].unit}" for key in keys]
    table = plain_table("network", *names, "batch", *headings, left=1 + len(names))
    blank = [""] * (len(names) + 1)
    if constraints:
        limits = {each.metric: _limit(each) for each in constraints}
        table.add_row("limit", *blank, *(limits.get(key, "") for key in keys), style="dim")
    for candidate in recommendation.candidates:
        picked = candidate is recommendation.best
        variant = [getattr(candidate, name) or "?" for name in names]
        figures = [figure_of(candidate, key) for key in keys]
        cells = (candidate.architecture, *variant, str(candidate.batch), *figures)
        table.add_row(*cells, style="bold green" if picked else None)
        if picked and constraints:
            margins = {each.constraint.metric: margin_text(each) for each in candidate.headroom}
            cells = ("  head-room", *blank, *(margins.get(key, "") for key in keys))
            table.add_row(*cells, style="dim")
    return table


def _varying(candidates: Sequence[Candidate]) -> list[str]:
    return [name for name in VARIANTS if len({getattr(each, name) for each in candidates}) > 1]


def _shown_keys(recommendation: Recommendation) -> list[str]:
    """The metrics worth a column: the usual ones, those limited, and the objective."""
    asked = recommendation.requirements
    wanted = {*ALWAYS_SHOWN, KEYS_BY_NAME[asked.objective]}
    wanted.update(each.metric for each in asked.constraints)
    return [key for key in COLUMNS if key in wanted]


def _limit(constraint: Constraint) -> str:
    sign = ">=" if constraint.sense == "min" else "<="
    exact = written_as(constraint.limit, constraint.dimension).split(" ")[0]
    return f"{sign}{figure(constraint.metric, constraint.limit) if len(exact) > 6 else exact}"


def _why(recommendation: Recommendation, best: Candidate) -> Iterator[str]:
    """The sentences below the table."""
    asked, binding = recommendation.requirements, recommendation.binding
    objective = METRICS[KEYS_BY_NAME[asked.objective]]
    if binding is None:
        better = "higher" if objective.more_is_better else "lower"
        yield f"Nothing is binding: no candidate on this board has a {better} {objective.title}."
    else:
        yield _binding(binding, objective.key, best)
    if best.batch > 1 and best.response_ms:
        yield _waiting(recommendation, best, best.response_ms)
    if best.metric(objective.key) is None:
        yield f"The {objective.title} of these is unknown, so the next criterion decided."
    if best.headroom and best.chance < WORTH_TELLING:
        yield f"It meets {_all_limits(best)} with a probability of {chance_text(best.chance)}."
    if any(is_predicted(each, key) for each in recommendation.candidates for key in METRICS):
        yield f"{PREDICTED_MARK} is predicted by the laws fitted to this board; see advisor predict."
    yield from fell_out(recommendation)
    shown = {each.architecture for each in recommendation.candidates}
    hidden = recommendation.networks_fitting - len(shown)
    if hidden:
        more = "1 more network meets" if hidden == 1 else f"{hidden} more networks meet"
        yield f"{more} every limit (--top)."


WORTH_TELLING = 0.995
"""What is surer goes without saying."""


def _all_limits(best: Candidate) -> str:
    return "the limit" if len(best.headroom) == 1 else "all limits together"


def _binding(binding: Binding, key: str, best: Candidate) -> str:
    nearest = binding.candidate
    lacks = [each for each in nearest.headroom if each.constraint in binding.constraints]
    figure_of = with_unit(key, value_of(nearest, key))
    subject = f"{place(nearest, best)} ({figure_of})"
    if not lacks:
        return (
            f"The confidence is binding: {subject} would be better, and meets every limit by its "
            f"figures, but only with a probability of {chance_text(nearest.chance)}."
        )
    unknown = [each.constraint.name for each in lacks if each.value is None]
    if unknown:
        verb = "is" if len(unknown) == 1 else "are"
        return f"{subject} would be better, but its {listed(unknown)} {verb} unknown."
    has = [
        f"{with_unit(each.constraint.metric, each.value)} ({margin_text(each)})" for each in lacks
    ]
    verb = "is" if len(lacks) == 1 else "are"
    limits = limits_text(binding.constraints)
    return f"{limits} {verb} binding: the nearest better candidate, {subject}, has {listed(has)}."


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
