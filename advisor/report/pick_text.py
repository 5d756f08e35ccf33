"""The recommendation on a terminal: the pick, why nothing fits, why not another network."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from advisor.limits import Constraint
from advisor.metrics import EVERY, METRICS, Metric
from advisor.options import BY_BOARD
from advisor.quality import ACCURACY, Quality
from advisor.quantities import COUNT, written_as
from advisor.report.candidate_text import (
    VARIANTS,
    accuracy_notes,
    boards_text,
    bound_notes,
    calibration_text,
    chance_text,
    choice_text,
    dispensable,
    excluded,
    figure_of,
    limits_text,
    listed,
    margin_text,
    marked,
    metric_text,
    needs_text,
    place,
    place_among,
    prediction_note,
    unlike,
    unlike_scopes,
    value_of,
    variant_cell,
    variant_text,
    varying,
)
from advisor.report.terminal import (
    Fitted,
    TextTable,
    counted,
    figure,
    heading,
    magnitude,
    plain_table,
    with_unit,
)
from advisor.solve.candidates.candidate import Candidate
from advisor.solve.candidates.named_networks import called_alike
from advisor.solve.recommend.recommendation import (
    AnotherRun,
    Binding,
    Narrowing,
    Overlooked,
    Recommendation,
    Rejection,
    Relaxation,
    WhyNot,
)

if TYPE_CHECKING:
    from advisor.solve.verify.verification import Verification

ALWAYS_SHOWN = (
    "accuracy_percent",
    "fps",
    "response_ms",
    "energy_j",
    "average_power_w",
    "memory_mb",
)

MARK = "mark"
"""The column that says how probably a candidate meets all limits, beside those of the metrics."""

ERRORS = {
    "measured": "the measuring error",
    "reported": "the error of the published figure",
    "predicted": "the prediction error",
}
"""What the error of a figure is called, by its origin."""

TIES = {"response_ms": "lower", "fps": "higher", "energy_j": "lower", "memory_mb": "lower"}
"""What decides between candidates whose objective is the same; the rate where the response is unknown."""

MOST_SETS = 3
"""So many sets of limits that nothing meets are named."""

REJECTION_COLUMNS = ("limit", "rejects", "nearest, batch", "has", "short by", "also fails")

WORTH_TELLING = 0.995
"""What is surer goes without saying."""


def pick_text(
    recommendation: Recommendation, verified: Verification | None = None
) -> RenderableType:
    """The whole answer, and how certain it is where it was verified."""
    best = recommendation.best
    if best:
        table = _candidates_table(recommendation)
        sentences = _why(recommendation, best, verified=verified is not None)
    else:
        table, sentences = _rejections_table(recommendation), _why_nothing(recommendation)
    certainty: Iterable[str] = ()
    if verified is not None:
        from advisor.report.verify_text import certainty_text

        certainty = certainty_text(recommendation, verified)
    said = map(Text, (*sentences, *certainty))
    explained = [
        part for each in recommendation.explained for part in _why_not(each, recommendation.best)
    ]
    return Group(_headline(recommendation), "", table, "", *said, *explained)


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
    names = varying(recommendation.candidates, len(recommendation.boards))
    # A narrow table says of the pick alone how it is run, above; `--csv` has everything.
    droppable += [name for name in reversed(names) if name != "board"]
    limited = {each.metric for each in asked.constraints}
    rest = [key for key in reversed(keys) if key in limited and key not in droppable]
    mark = [MARK] if asked.constraints else []
    build = partial(_candidates_of, recommendation)
    return Fitted(build, [*names, *keys, *mark], droppable, [*mark, *rest])


def _candidates_of(recommendation: Recommendation, shown: Sequence[str]) -> TextTable:
    constraints = recommendation.requirements.constraints
    names = [name for name in shown if name in VARIANTS]
    keys = [key for key in shown if key not in VARIANTS]
    headings = [
        "meets\nlimits" if key == MARK else heading(key, recommendation.quality) for key in keys
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
    if any(each.energy_j is None and each.gross_energy_j for each in recommendation.candidates):
        wanted.add("gross_energy_j")
    return [key for key in EVERY if key in wanted]


def _limit(constraint: Constraint) -> str:
    sign = ">=" if constraint.sense == "min" else "<="
    exact = written_as(constraint.limit, constraint.dimension).split(" ")[0]
    return f"{sign}{figure(constraint.metric, constraint.limit) if len(exact) > 6 else exact}"


def _why(recommendation: Recommendation, best: Candidate, *, verified: bool) -> Iterator[str]:
    """The sentences below the table."""
    asked, binding = recommendation.requirements, recommendation.binding
    quality = recommendation.quality
    objective = quality.worded(asked.objective[-1].metric.key)
    yield from (_narrowing(each, quality) for each in recommendation.narrowings)
    if binding is not None:
        yield _binding(binding, [step.metric.key for step in asked.objective], best)
    elif recommendation.narrowings:
        yield "Nothing is binding: no other candidate would be preferred."
    else:
        yield _nothing_binds(recommendation, objective)
    if recommendation.overlooked is not None:
        yield _overlooked(recommendation.overlooked, best)
    if best.batch > 1 and (best.response_ms or asked.fps):
        yield _waiting(recommendation, best)
    if best.metric(objective.key) is None and not recommendation.narrowings:
        needed = asked.needed_for(objective.key)
        unknown = f"unknown ({needed})" if needed else "unknown"
        decided = _deciding(recommendation.candidates)
        yield f"The {objective.title} of these is {unknown}, so {decided} decided."
    yield from _doubts(best, reproducible=asked.reproducible)
    yield from () if verified else _of_predictions(recommendation)
    if recommendation.another_run:
        yield _another_run(recommendation.another_run)
    yield from unlike_scopes(recommendation.candidates, recommendation.boards)
    yield from accuracy_notes(recommendation.candidates)
    named = [*recommendation.candidates, *([binding.candidate] if binding else [])]
    judged = {each.metric for each in asked.constraints} | {objective.key}
    yield from bound_notes(named, _shown_keys(recommendation), judged)
    yield from prediction_note(
        recommendation.candidates, [*named, *_nearest_explained(recommendation)]
    )
    yield from excluded(recommendation)
    if asked.by == BY_BOARD:
        without = len(recommendation.boards) - recommendation.boards_feasible
        yield "Listed is the best of each board" + (
            f"; of {without} none meets every limit." if without else "."
        )
        return
    shown = {(each.architecture, each.board) for each in recommendation.candidates}
    hidden = recommendation.networks_feasible - len(shown)
    if hidden:
        what = "network" if len(recommendation.boards) == 1 else "network on a board"
        more = f"1 more {what} meets" if hidden == 1 else f"{hidden} more {_plural(what)} meet"
        yield f"{more} every limit (--top)."


def _nearest_explained(recommendation: Recommendation) -> Iterator[Candidate]:
    """The candidates by which it is said why networks are not picked."""
    return (each.nearest for each in recommendation.explained if each.nearest)


def _deciding(candidates: Sequence[Candidate]) -> str:
    """What put the first of some before the second, whose objective is the same."""
    if len(candidates) < 2:
        return "what decides between equals (response, energy, memory, batch)"
    one, other = candidates[:2]
    if (one.mark == "unproven") != (other.mark == "unproven"):
        return "what is proven"
    for key, better in TIES.items():
        figures = [each and each.value for each in (one.metric(key), other.metric(key))]
        if figures[0] != figures[1] and not (key == "fps" and one.response_ms):
            return f"the {better} {METRICS[key].title}"
    return "the smaller batch" if one.batch != other.batch else "the name"


def _nothing_binds(recommendation: Recommendation, objective: Metric) -> str:
    better = "a higher" if objective.more_is_better else "a lower"
    better = "fewer" if objective.dimension is COUNT else better
    here = "this board" if len(recommendation.boards) == 1 else "these boards"
    has = "has" if recommendation.all_ranked else "is known to have"
    return f"Nothing is binding: no candidate on {here} {has} {better} {objective.title}."


def _plural(what: str) -> str:
    return what.replace("network", "networks").replace("a board", "their boards")


def _narrowing(narrowing: Narrowing, quality: Quality) -> str:
    metric = quality.worded(narrowing.step.metric.key)
    if math.isinf(narrowing.best):
        return f"The {metric.title} of all that meet the limits is unknown, so it decides nothing."
    best = with_unit(metric.key, narrowing.best)
    within = f"Within {narrowing.step.tolerance_text} of" if narrowing.step.tolerance else "At"
    are = "is 1 candidate that meets" if narrowing.left == 1 else f"are {narrowing.left} that meet"
    return f"{within} the best {metric.title} ({best}) {are} every limit."


def _doubts(best: Candidate, *, reproducible: bool) -> Iterator[str]:
    """How sure it is that the pick meets its limits, where that does not go without saying."""
    for each in best.headroom:
        estimate = best.metric(each.constraint.metric) if each.within_error else None
        if estimate and estimate.low is not None and estimate.high is not None:
            key = each.constraint.metric
            error = ERRORS.get(estimate.origin, "the stated error")
            yield (
                f"The head-room of {each.constraint.name} is within {error}: "
                f"{figure(key, estimate.low)} to {with_unit(key, estimate.high)}."
            )
    if best.chance is None:
        stated = [
            metric_text(each.constraint, best.quality)
            for each in best.headroom
            if each.chance is None and each.could_be_anything == (best.mark == "unknown")
        ]
        are = "is" if len(stated) == 1 else "are"
        if best.mark == "unknown":
            limits = "the limit" if len(best.headroom) == 1 else "all limits"
            yield (
                f"Whether the pick meets {limits} is unknown: "
                f"{listed(stated)} {are} predicted, with an error that nobody knows."
            )
            return
        why = f"{listed(stated)} of the pick {are} stated without any error"
        if reproducible:
            why = f"of {listed(stated)} it is unknown how far another run would be off"
        yield f"Unproven: {why}, so no probability is known (--confidence leaves such out)."
    elif best.headroom and best.chance < WORTH_TELLING:
        limits = "the limit" if len(best.headroom) == 1 else "all limits together"
        yield f"The pick meets {limits} with a probability of {chance_text(best.chance)}: {best.mark}."


def _of_predictions(recommendation: Recommendation) -> Iterator[str]:
    """What the luckiest of many predictions is worth, and how to be sure of it."""
    if said := calibration_text(recommendation.calibrations):
        yield f"{said} --verify 5 measures it before it ships, and what may be better."


def _only_with(candidate: Candidate) -> str:
    """How sure a candidate is of all limits that it meets by its figures."""
    if candidate.mark == "unknown":
        return "one is predicted with an error that nobody knows"
    if candidate.chance is None:
        return "one is stated without any error (unproven)"
    return f"only with a probability of {chance_text(candidate.chance)} ({candidate.mark})"


def _another_run(another: AnotherRun) -> str:
    """What to expect of a run other than the very one that was published."""
    if another.chance is None:
        say = "does not say" if len(another.silent) == 1 else "do not say"
        return (
            f"The figures are of one published run: {listed(another.silent)} {say} how far a run of your own "
            "would be off."
        )
    return (
        f"The figures are of one published run; one of your own would meet every limit with a probability "
        f"of {chance_text(another.chance)} (--reproducible asks for that)."
    )


def _binding(binding: Binding, keys: Sequence[str], best: Candidate) -> str:
    nearest = binding.candidate
    lacks = [each for each in nearest.headroom if each.constraint in binding.constraints]
    figures = ", ".join(
        marked(nearest, key, with_unit(key, value_of(nearest, key))) for key in keys
    )
    subject = f"{place(nearest, best)} ({figures})"
    if not lacks:
        return (
            f"The confidence is binding: {subject} would be better, and meets every limit by its "
            f"figures, but {_only_with(nearest)}."
        )
    unknown = [
        metric_text(each.constraint, nearest.quality) for each in lacks if each.value is None
    ]
    if unknown:
        verb = "is" if len(unknown) == 1 else "are"
        return f"{subject} would be better, but its {listed(unknown)} {verb} unknown."
    has = [
        marked(nearest, key := each.constraint.metric, with_unit(key, each.value))
        + f" ({margin_text(each)})"
        for each in lacks
    ]
    verb = "is" if len(lacks) == 1 else "are"
    limits = limits_text(binding.constraints)
    needs = needs_text(lacks, nearest)
    return (
        f"{limits} {verb} binding: the nearest better candidate, {subject}, has {listed(has)} and "
        f"would need {needs}."
    )


def _overlooked(overlooked: Overlooked, best: Candidate) -> str:
    metric = best.quality.worded(overlooked.metric)
    might = f"might be better than the pick, since {'its' if overlooked.count == 1 else 'their'}"
    candidates = counted(overlooked.count, "candidate")
    of_networks = f" of {overlooked.networks} networks" if overlooked.networks > 1 else ""
    promising = place(overlooked.candidate, best)
    if overlooked.float_percent is not None:
        promising += f", {with_unit(overlooked.metric, overlooked.float_percent)} in floats"
    unknown = [
        metric_text(each.constraint, best.quality)
        for each in overlooked.candidate.headroom
        if each.value is None and each.constraint.metric != overlooked.metric
    ]
    how = ""
    if unknown:
        how = f", whose {listed(unknown)} {'is' if len(unknown) == 1 else 'are'} unknown, too"
    elif metric.key == ACCURACY:
        how = " (--accuracy-of and --quantised-loss state it)"
    return f"{candidates}{of_networks} {might} {metric.title} is unknown: {promising}{how}."


def _waiting(recommendation: Recommendation, best: Candidate) -> str:
    asked = recommendation.requirements
    running = with_unit("batch_latency_ms", value_of(best, "batch_latency_ms"))
    if asked.fps is None:
        return f"The batch runs in {running}; without --fps the wait to fill it is left out."
    fill = with_unit("response_ms", (best.batch - 1) * 1000 / asked.fps)
    if best.response_ms is None:
        return (
            f"At batch {best.batch} the first image waits {fill} for its batch to fill, and then for a "
            "latency that is unknown."
        )
    overhead = f", {with_unit('response_ms', asked.overhead_ms)} overhead"
    total = f"{best.response_ms.value / 1000:.2f} s"
    return (
        f"At batch {best.batch} the first image waits {total} for its answer: "
        f"{fill} for its batch to fill, {running} to run{overhead if asked.overhead_ms else ''}."
    )


def _rejections_table(recommendation: Recommendation) -> Fitted:
    """A line a limit, and one of what meets all by its figures, but is not sure enough."""
    return Fitted(
        lambda headings: _rejections_of(recommendation, headings),
        REJECTION_COLUMNS,
        ("also fails", "short by", "rejects", "nearest, batch"),
    )


def _rejections_of(recommendation: Recommendation, headings: Sequence[str]) -> TextTable:
    table = plain_table(*headings, left=("limit", "nearest, batch", "also fails"))
    lines = [
        (str(each.constraint), str(each.rejected), *_nearest(each, recommendation))
        for each in recommendation.rejections
    ]
    for cells in (*lines, *_not_sure_enough(recommendation)):
        cells_by = dict(zip(REJECTION_COLUMNS, cells, strict=True))
        table.add_row(*(cells_by[heading] for heading in headings))
    return table


def _nearest(rejection: Rejection, recommendation: Recommendation) -> Sequence[str]:
    nearest, constraint = rejection.nearest, rejection.constraint
    if nearest is None:
        return f"{rejection.unknown} unknown" if rejection.unknown else "none", "", "", ""
    of_this = next(each for each in nearest.headroom if each.constraint == constraint)
    return (
        _briefly(nearest, recommendation),
        marked(nearest, constraint.metric, with_unit(constraint.metric, of_this.value)),
        "?" if of_this.margin is None else magnitude(of_this.margin),
        _shortened([each.name for each in rejection.also_fails]),
    )


def _briefly(candidate: Candidate, recommendation: Recommendation) -> str:
    board = f", {candidate.board}" if len(recommendation.boards) > 1 else ""
    if recommendation.variants > 1:
        board += f", {' '.join(candidate.variant.words)}"
    return f"{candidate.architecture}, {candidate.batch}{board}"


def _not_sure_enough(recommendation: Recommendation) -> Iterator[Sequence[str]]:
    """The line of what the confidence alone rejects."""
    unsure, asked = recommendation.unsure, recommendation.requirements.confidence
    count = recommendation.unproven + (unsure.count if unsure else 0)
    if count:
        likeliest = _briefly(unsure.likeliest, recommendation) if unsure else "unproven"
        chance = chance_text(unsure.likeliest.chance) if unsure else ""
        yield f"confidence >= {100 * asked:.12g}%", str(count), likeliest, chance, "", ""


def _shortened(names: Sequence[str]) -> str:
    more = f" +{len(names) - 1} more" if len(names) > 2 else ""
    return (names[0] if more else ", ".join(names)) + more if names else ""


def _why_nothing(recommendation: Recommendation) -> Iterator[str]:
    """The sentences below the table."""
    for board, hours in recommendation.idle_battery_hours.items():
        lasts = with_unit("battery_hours", hours)
        yield f"Doing nothing, {board} empties the battery in {lasts}, sooner than was asked for."
    were = "was" if recommendation.considered == 1 else "were"
    if not recommendation.considered and recommendation.without_weights:
        named = recommendation.requirements.selection.weights
        yield (
            f"No candidate is left, whatever the limits: --weights {named} leaves out all that could be "
            "chosen. Name others, or none."
        )
        yield from excluded(recommendation)
        return
    line = f"{counted(recommendation.considered, 'candidate')} {were} considered"
    left_out = recommendation.out_of_memory
    do = "does" if left_out == 1 else "do"
    yield line + (f"; {left_out} more {do} not fit in the board's memory." if left_out else ".")
    nearest = [each.nearest for each in recommendation.rejections if each.nearest]
    limited = {each.constraint.metric for each in recommendation.rejections}
    yield from bound_notes(nearest, limited)
    yield from prediction_note((), [*nearest, *_nearest_explained(recommendation)])
    yield from excluded(recommendation)
    yield from _tail_unknown(recommendation)
    yield from map(_impossible, recommendation.impossible[:MOST_SETS])
    if len(recommendation.impossible) > MOST_SETS:
        hidden = len(recommendation.impossible) - MOST_SETS
        yield f"{counted(hidden, 'more set')} of limits that none meets: --json lists them."
    yield from _bound(recommendation)
    if not recommendation.relaxations:
        unproven = recommendation.unproven
        which = "its figures" if unproven == 1 else "their figures"
        but = (
            f"; without --confidence {counted(unproven, 'candidate')} {'does' if unproven == 1 else 'do'}, "
            f"{which} taken as they stand"
        )
        yield f"No single limit, changed alone, gives an answer{but if unproven else ''}."
    for rejection in recommendation.rejections:
        if rejection.unknown == recommendation.considered > 0:
            yield _nothing_known(rejection.constraint)
    for each in recommendation.relaxations:
        yield _relaxation(each, recommendation)
    if recommendation.together:
        factor = math.exp(recommendation.together.change)
        offered = _relaxation(recommendation.together, recommendation)
        yield f"{offered} That changes no limit by more than a factor of {factor:.3g}."


def _nothing_known(constraint: Constraint) -> str:
    """What is to be done about a limit of which no candidate has the figure."""
    if constraint.metric != ACCURACY:
        return f"{constraint} can only be left out: no such figure is known here."
    return (
        f"{constraint}: no accuracy of these candidates is known at their precision: "
        "--accuracy-of NAME:PRECISION=PERCENT or --quantised-loss POINTS states it."
    )


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
    relaxed = place_among(relaxation.candidate, recommendation)
    return f"Relaxing to {limits} makes {relaxed} feasible."


def _why_not(why: WhyNot, best: Candidate | None) -> Iterator[RenderableType]:
    """A sentence, and what each batch size of the network has and lacks."""
    yield ""
    name = why.architecture if why.has_rows else why.asked or why.architecture
    if why.asked and not called_alike([why.asked], [name]):
        name = f"{why.asked}, here {name},"
    yield Text(f"{name} on {why.board}: {_reason(why, best)}", style="bold")
    limited = (
        [each.constraint.metric for each in why.candidates[0].headroom] if why.candidates else []
    )
    if limited:
        keys = [key for key in EVERY if key in limited]
        yield ""
        missed = {
            limit.constraint.metric
            for each in why.candidates
            for limit in each.headroom
            if not limit.met
        }
        droppable = [key for key in reversed(keys) if key not in missed]
        yield Fitted(partial(_batches_table, why.candidates), keys, droppable, sorted(missed))
        if notes := list(bound_notes(why.candidates, keys)):
            yield ""
            yield from map(Text, notes)


def _reason(why: WhyNot, best: Candidate | None) -> str:
    nearest = why.nearest
    if nearest is None:
        return _no_candidate(why)
    if nearest == best:
        return "it is the pick."
    lacks = [each for each in nearest.headroom if not each.met]
    other = next((each for each in why.candidates if unlike(each, nearest)), None)
    at = place(nearest, other).removeprefix(f"{why.architecture} ")
    if lacks:
        has = listed(
            [
                "an unknown " + metric_text(each.constraint, nearest.quality)
                if each.value is None
                else f"{marked(nearest, key := each.constraint.metric, with_unit(key, each.value))} "
                f"({margin_text(each)})"
                for each in lacks
            ]
        )
        known = (each for each in lacks if each.value is not None)
        needs = needs_text(known, nearest)
        wanting = f" and would need {needs}" if needs else ""
        return f"nearest {at}, where it has {has}{wanting}."
    if best is None or not why.feasible:
        return f"{at} it meets every limit by its figures, but {_only_with(nearest)}."
    return f"{at} it meets every limit, but {place(best, nearest)} is preferred."


def _no_candidate(why: WhyNot) -> str:
    sizes = listed([str(size) for size in why.out_of_memory]) if why.out_of_memory else ""
    too_large = f"it is out of memory at batch {sizes}"
    if why.left_out:
        more = f" ({too_large})" if sizes else ""
        return f"it is no candidate here: what may be chosen from leaves it out{more}."
    if sizes:
        return f"it is no candidate here; {too_large}."
    return "the board has no rows of it; --candidates all lets predictions be chosen."


def _batches_table(candidates: Sequence[Candidate], keys: Sequence[str]) -> TextTable:
    headings = [heading(key, candidates[0].quality) for key in keys]
    names = [name for name in varying(candidates) if name != "board"]
    table = plain_table(*names, "batch", *headings, "chance", "fails", left=(*names, "fails"))
    for each in candidates:
        fails = ", ".join(limit.constraint.key for limit in each.headroom if not limit.met)
        figures = [figure_of(each, key) for key in keys]
        variant = [variant_cell(each, name) for name in names]
        table.add_row(*variant, str(each.batch), *figures, chance_text(each.chance), fails)
    return table
