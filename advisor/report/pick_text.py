"""The recommendation on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from advisor.catalog.layers import SHIPPED
from advisor.catalog.records import Estimate
from advisor.quantities import written_as
from advisor.report.figures import COLUMNS, counted, figure, percent, plain_table, with_unit
from advisor.report.fitted import Fitted
from advisor.solve.candidate import Candidate, Headroom
from advisor.solve.metrics import KEYS_BY_NAME, METRICS
from advisor.solve.recommendation import Binding, Recommendation, Rejection, Relaxation
from advisor.solve.requirements import Constraint

ALWAYS_SHOWN = (
    "accuracy_top1_percent",
    "fps",
    "response_ms",
    "energy_j",
    "average_power_w",
    "memory_mb",
)

VARIANTS = ("weights", "runtime", "precision")
"""What candidates of one network and batch can differ in; a column where they do."""


def pick_text(recommendation: Recommendation) -> RenderableType:
    """The whole answer."""
    best = recommendation.best
    table = _candidates_table(recommendation) if best else _rejections_table(recommendation)
    sentences = _why(recommendation, best) if best else _why_nothing(recommendation)
    return Group(_headline(recommendation), "", table, "", *map(Text, sentences))


def _headline(recommendation: Recommendation) -> Text:
    board, asked, best = recommendation.board, recommendation.requirements, recommendation.best
    if best is None:
        limits = _listed([str(each) for each in asked.constraints])
        answer = Text("Nothing fits ", style="bold red") + Text(limits)
    else:
        answer = Text(_place(best), style="bold green") + Text(f" ({_variant(best)})")
    origin = "" if board.layer == SHIPPED else f", from {board.layer}"
    weights = asked.weights or board.weights or "none"
    choice = f"choosing from weights {weights}, batch {asked.batches_text}"
    return answer + Text(f"\non {board.name} ({board.title}{origin}), {choice}")


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _limits(constraints: Sequence[Constraint]) -> str:
    return _listed([str(each) for each in constraints])


def _place(candidate: Candidate, beside: Candidate | None = None) -> str:
    """A candidate in a sentence; in what else than network and batch it differs from another."""
    place = f"{candidate.architecture} at batch {candidate.batch}"
    alike = beside is None or all(
        getattr(candidate, name) == getattr(beside, name) for name in VARIANTS
    )
    return place if alike else f"{place} ({_variant(candidate)})"


def _variant(candidate: Candidate) -> str:
    weights = f"weights {candidate.weights}" if candidate.weights else "no weights"
    return f"{weights}, {candidate.runtime}, {candidate.precision}"


# --- something fits


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
        figures = [figure(key, _value(candidate, key)) for key in keys]
        cells = (candidate.architecture, *variant, str(candidate.batch), *figures)
        table.add_row(*cells, style="bold green" if picked else None)
        if picked and constraints:
            margins = {each.constraint.metric: _margin(each) for each in candidate.headroom}
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


def _value(candidate: Candidate, key: str) -> float | None:
    """A metric's figure; tails of the response are known from the limit on them."""
    if key in METRICS:
        estimate = candidate.metric(key)
        return estimate.value if estimate else None
    return next(each.value for each in candidate.headroom if each.constraint.metric == key)


def _margin(headroom: Headroom) -> str:
    return "?" if headroom.margin is None else percent(headroom.margin)


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
    close = [each.constraint for each in best.headroom if each.within_error]
    if close:
        yield f"Too close to be sure: {_limits(close)} lies within the error of the pick's figure."
    yield from _fell_out(recommendation)
    listed = {each.architecture for each in recommendation.candidates}
    hidden = recommendation.networks_fitting - len(listed)
    if hidden:
        more = "1 more network meets" if hidden == 1 else f"{hidden} more networks meet"
        yield f"{more} every limit (--top)."


def _binding(binding: Binding, key: str, best: Candidate) -> str:
    nearest = binding.candidate
    lacks = [each for each in nearest.headroom if each.constraint in binding.constraints]
    figure_of = with_unit(key, _value(nearest, key))
    subject = f"{_place(nearest, best)} ({figure_of})"
    unknown = [each.constraint.name for each in lacks if each.value is None]
    if unknown:
        verb = "is" if len(unknown) == 1 else "are"
        return f"{subject} would be better, but its {_listed(unknown)} {verb} unknown."
    has = [f"{with_unit(each.constraint.metric, each.value)} ({_margin(each)})" for each in lacks]
    verb = "is" if len(lacks) == 1 else "are"
    limits = _limits(binding.constraints)
    return f"{limits} {verb} binding: the nearest better candidate, {subject}, has {_listed(has)}."


def _waiting(recommendation: Recommendation, best: Candidate, response: Estimate) -> str:
    asked = recommendation.requirements
    running = with_unit("latency_ms", _value(best, "latency_ms"))
    if asked.fps is None:
        return f"The batch runs in {running}; without --fps the wait to fill it is left out."
    fill = with_unit("response_ms", (best.batch - 1) * 1000 / asked.fps)
    overhead = f", {with_unit('response_ms', asked.overhead_ms)} overhead"
    total = f"{response.value / 1000:.2f} s"
    return (
        f"At batch {best.batch} the first image waits {total} for its answer: "
        f"{fill} for its batch to fill, {running} to run{overhead if asked.overhead_ms else ''}."
    )


def _fell_out(recommendation: Recommendation) -> Iterator[str]:
    if recommendation.did_not_run:
        pairs = counted(recommendation.did_not_run, "pair")
        yield f"{pairs} (network and batch) failed when measured and cannot be chosen."
    if recommendation.without_weights:
        networks = counted(recommendation.without_weights, "network")
        yield f"{networks} fell out for want of weights {recommendation.requirements.weights}."
    for rejection in recommendation.rejections:
        if rejection.unknown:
            constraint = rejection.constraint
            tail = "" if constraint.statistic == "median" else f"{constraint.statistic} "
            yield (
                f"{rejection.unknown} of {recommendation.considered} candidates fell out because "
                f"their {tail}{METRICS[KEYS_BY_NAME[constraint.name]].title} is unknown."
            )


# --- nothing fits


REJECTION_COLUMNS = ("limit", "rejects", "nearest, batch", "has", "short by", "also fails")


def _rejections_table(recommendation: Recommendation) -> Fitted:
    return Fitted(
        lambda headings: _rejections_of(recommendation, headings),
        REJECTION_COLUMNS,
        ("also fails", "short by", "rejects", "nearest, batch"),
    )


def _rejections_of(recommendation: Recommendation, headings: Sequence[str]) -> Table:
    table = plain_table(*headings)
    for column in table.columns:
        if column.header in ("nearest, batch", "also fails"):
            column.justify = "left"
    for rejection in recommendation.rejections:
        cells = str(rejection.constraint), str(rejection.rejected), *_nearest(rejection)
        told = dict(zip(REJECTION_COLUMNS, cells, strict=True))
        table.add_row(*(told[heading] for heading in headings))
    return table


def _nearest(rejection: Rejection) -> Sequence[str]:
    nearest, constraint = rejection.nearest, rejection.constraint
    if nearest is None:
        return "none", "", "", ""
    of_this = next(each for each in nearest.headroom if each.constraint == constraint)
    return (
        f"{nearest.architecture}, {nearest.batch}",
        with_unit(constraint.metric, of_this.value),
        _margin(of_this).replace("-", "").replace(">0.1%", "<0.1%").replace("<999%", ">999%"),
        _shortened([each.name for each in rejection.also_fails]),
    )


def _shortened(names: Sequence[str]) -> str:
    more = f" +{len(names) - 1} more" if len(names) > 2 else ""
    return (names[0] if more else ", ".join(names)) + more if names else ""


def _why_nothing(recommendation: Recommendation) -> Iterator[str]:
    were = "was" if recommendation.considered == 1 else "were"
    line = f"{counted(recommendation.considered, 'candidate')} {were} considered"
    left_out = recommendation.did_not_fit
    do = "does" if left_out == 1 else "do"
    yield line + (f"; {left_out} more {do} not fit in the board's memory." if left_out else ".")
    yield from _fell_out(recommendation)
    yield from _tail_unknown(recommendation)
    if not recommendation.relaxations:
        yield "No single limit, changed alone, gives an answer."
    yield from map(_relaxation, recommendation.relaxations)


def _tail_unknown(recommendation: Recommendation) -> Iterator[str]:
    for rejection in recommendation.rejections:
        constraint = rejection.constraint
        if constraint.statistic != "median" and rejection.unknown == recommendation.considered:
            median = replace(constraint, statistic="median")
            yield (
                f"This board knows no {constraint.statistic} of any latency; {median} would limit "
                f"the median instead."
            )


def _relaxation(relaxation: Relaxation) -> str:
    return f"{relaxation.asked} instead would give {_place(relaxation.candidate)}."
