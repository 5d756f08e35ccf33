"""The words in which answers speak of candidates and limits."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from advisor.architectures.names import device_of
from advisor.catalog.accuracy import CARRIED, FROM, LOSS, TAKEN_OVER
from advisor.catalog.files import SHIPPED
from advisor.catalog.records import Board
from advisor.catalog.tables import QUANTISED
from advisor.limits import Constraint
from advisor.metrics import METRICS
from advisor.options import Requirements
from advisor.prediction.calibration import Calibration
from advisor.quality import ACCURACY, Quality
from advisor.report.terminal import BEST_WEIGHTS, counted, figure, percent, with_unit
from advisor.solve.candidates.candidate import ABOVE_IDLE, Candidate, Headroom
from advisor.solve.candidates.weight_sets import OWN
from advisor.solve.recommend.recommendation import Recommendation, Rejection

LIBRARY_WEIGHTS = "the best published"

MOST_NAMED = 4
"""So many boards at most are named in a sentence."""

VARIANTS = ("board", "weights", "runtime", "precision", "processor", "threads")
"""What candidates of one network and batch can differ in; a column where they do."""

PREDICTED_MARK = "~"
ELSEWHERE_MARK = "^"
"""Marks an accuracy that was found on another board."""
LOSS_MARK = "!"
"""Marks an accuracy that is another one less a loss that the user states."""
UPPER_MARK, LOWER_MARK = "<=", ">="
"""Mark figures that are upper and lower bounds."""
UNLIKE_MARK = "*"
"""Marks a board whose power or memory covers something else than another's."""


def listed(words: Sequence[str]) -> str:
    """Words as a sentence lists them: "a, b and c"."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def limits_text(constraints: Sequence[Constraint]) -> str:
    """Limits as a sentence lists them."""
    return listed([str(each) for each in constraints])


def unlike(candidate: Candidate, other: Candidate) -> bool:
    """Whether two differ in more than network and batch."""
    return any(getattr(candidate, name) != getattr(other, name) for name in VARIANTS)


def place(candidate: Candidate, beside: Candidate | None = None) -> str:
    """A candidate in a sentence; in what else than network and batch it differs from another."""
    named = f"{candidate.architecture} at batch {candidate.batch}"
    if beside is None or not unlike(candidate, beside):
        return named
    elsewhere = beside.board != candidate.board
    where = f"on {candidate.board}, " if elsewhere else ""
    return f"{named} ({where}{variant_text(candidate)})"


def place_among(candidate: Candidate, recommendation: Recommendation) -> str:
    """A candidate in a sentence: where, and run by what, where a question leaves that open."""
    board = f" on {candidate.board}" if len(recommendation.boards) > 1 else ""
    run_by = f" ({', '.join(candidate.variant.words)})" if recommendation.variants > 1 else ""
    return f"{place(candidate)}{board}{run_by}"


def variant_text(candidate: Candidate) -> str:
    """The weights of a candidate, and how it is run."""
    weights = f"weights {candidate.weights}" if candidate.weights else "no weights"
    licence = [f"licence {candidate.licence}"] if candidate.licence else []
    return ", ".join([weights, *candidate.variant.words, *licence])


def varying(candidates: Sequence[Candidate], boards: int = 1) -> list[str]:
    """In what else than network and batch these differ; in the board where several were asked."""
    return [
        name
        for name in VARIANTS
        if len({getattr(each, name) for each in candidates}) > 1 or (name == "board" and boards > 1)
    ]


def variant_cell(candidate: Candidate, name: str) -> str:
    """What stands in a column in which candidates vary; the board marked where its scopes differ."""
    text = str(getattr(candidate, name) or "?")
    return text + UNLIKE_MARK if name == "board" and candidate.unlike_scopes else text


def boards_text(boards: Sequence[Board]) -> str:
    """The boards with their titles, and where they come from; of many, how many they are."""
    if len(boards) > MOST_NAMED:
        devices = len({device_of(each.name) for each in boards})
        return f"{len(boards)} boards of {counted(devices, 'device')}"
    return listed(
        [
            f"{each.name} ({each.title}{'' if each.layer == SHIPPED else f', from {each.layer}'})"
            for each in boards
        ]
    )


def choice_text(asked: Requirements, boards: Sequence[Board], weights_used: Collection[str]) -> str:
    """What may be chosen from, in a few words.

    Args:
        asked: the question.
        boards: the boards that it was asked of.
        weights_used: those of the candidates; networks of libraries have weights that no board names.
    """
    chosen = asked.selection
    used = dict.fromkeys(each.weights for each in boards if each.weights)
    named = chosen.weights or "/".join(used)
    if chosen.weights:
        own = []
    elif not all(each.weights for each in boards):
        own = [BEST_WEIGHTS]
    else:
        known = {OWN, *used, *(f"{name}-{QUANTISED}" for name in used)}
        own = [LIBRARY_WEIGHTS] if set(weights_used) - known else []
    weights = " or ".join([*([f"weights {named}"] if named else []), *own])
    if chosen.accuracy_table:
        weights = f"the accuracies in {chosen.accuracy_table}"
    return ", ".join([weights, *chosen.patterns_said, f"batch {chosen.batches_text}"])


def unlike_scopes(candidates: Iterable[Candidate], boards: Sequence[Board]) -> Iterator[str]:
    """Sentences on what the figures cover, where that differs between boards."""
    for name in dict.fromkeys(name for each in candidates for name in each.unlike_scopes):
        where: dict[str, list[str]] = {}
        for each in boards:
            where.setdefault(getattr(each, f"{name}_scope") or "unknown", []).append(each.name)
        scopes = [
            f"{scope} ({listed(on) if len(on) <= MOST_NAMED else counted(len(on), 'board')})"
            for scope, on in where.items()
        ]
        yield f"{UNLIKE_MARK} {name} is not the same on all boards: {'; '.join(scopes)}."


def metric_text(constraint: Constraint, quality: Quality) -> str:
    """The limited metric in a sentence: "p99 of the response"."""
    return quality.worded(constraint.metric).title


def need_text(headroom: Headroom) -> str:
    """What a candidate would need to meet a limit that it does not: "0.8 ms per image less"."""
    limit = headroom.constraint
    if headroom.value is None:
        raise ValueError("an unknown figure is not so much off")
    if limit.name == "fps":
        less = "less" if limit.sense == "min" else "more"
        difference_ms = abs(1000 / headroom.value - 1000 / limit.limit)
        return f"{with_unit('time_per_image_ms', difference_ms)} per image {less}"
    more = "more" if limit.sense == "min" else "less"
    difference = with_unit(limit.metric, abs(headroom.value - limit.limit))
    return f"{difference.replace('%', 'points')} {more}"


def needs_text(headrooms: Iterable[Headroom], candidate: Candidate) -> str:
    """What a candidate would need to meet several limits; what follows from the same time is said once."""
    found: dict[str, str] = {}
    for each in headrooms:
        text = need_text(each)
        if each.constraint.metric in (*candidate.upper_bounds, *candidate.lower_bounds):
            text = f"at most {text}"  # how much of it is idle power nobody knows
        alike = text.replace(" per image", "") if candidate.batch == 1 else text
        found.setdefault(alike, text)
    return listed(list(found.values()))


def margin_text(headroom: Headroom) -> str:
    """A head-room as people read it; "?" where unknown."""
    return "?" if headroom.margin is None else percent(headroom.margin)


def value_of(candidate: Candidate, key: str) -> float | None:
    """A metric's figure; tails of the response are known from the limit on them."""
    if key in METRICS:
        estimate = candidate.metric(key)
        return estimate.value if estimate else None
    return next(each.value for each in candidate.headroom if each.constraint.metric == key)


def figure_of(candidate: Candidate, key: str) -> str:
    """A metric's figure in a table, marked as `marked` has it."""
    text = marked(candidate, key, figure(key, value_of(candidate, key)))
    return text + note_mark(candidate.accuracy_note) if key == ACCURACY else text


def marked(candidate: Candidate, key: str, text: str) -> str:
    """A figure in words, marked where it is a bound, or predicted."""
    if key not in METRICS or candidate.metric(key) is None:
        return text
    upper, lower = key in candidate.upper_bounds, key in candidate.lower_bounds
    predicted = is_predicted(candidate, key)
    return f"{UPPER_MARK * upper}{LOWER_MARK * lower}{PREDICTED_MARK * predicted}{text}"


def prediction_note(
    candidates: Iterable[Candidate],
    nearest: Iterable[Candidate] = (),
    figures: Iterable[tuple[Candidate, str]] = (),
) -> Iterator[str]:
    """What the mark of predicted figures means, where any is.

    Args:
        candidates: those of which any metric may be shown.
        nearest: those of which only that is said which meets no limit.
        figures: others, each with the one metric that is shown.
    """
    shown = [(each, key) for each in candidates for key in METRICS]
    shown += [
        (each, of.constraint.metric) for each in nearest for of in each.headroom if not of.met
    ]
    shown += figures
    if any(is_predicted(each, key) for each, key in shown):
        yield f"{PREDICTED_MARK} is predicted; see advisor predict."


def between_text(candidate: Candidate, key: str) -> str:
    """Between what a figure lies of which a bound is known: "0 and 0.241 J"."""
    estimate = candidate.metric(key)
    if estimate is None:
        raise ValueError("nothing is known of an unknown figure")
    least = 0.0 if estimate.low is None else max(estimate.low, 0.0)
    most = estimate.value if estimate.high is None else estimate.high
    return f"{figure(key, least) if least else '0'} and {with_unit(key, most)}"


def bound_notes(
    candidates: Iterable[Candidate], keys: Collection[str], judged: Collection[str] = ()
) -> Iterator[str]:
    """A sentence on figures that are bounds, and between what the first of each lies.

    Args:
        candidates: those that are shown.
        keys: the metrics that are shown.
        judged: those of them that matter most; where some are bounds, only these are said.
    """
    found: dict[str, Candidate] = {}
    lower: set[str] = set()
    for each in candidates:
        for key in (*each.upper_bounds, *each.lower_bounds):
            if key in keys and each.metric(key) is not None:
                found.setdefault(key, each)
        lower |= found.keys() & {*each.lower_bounds}
    if not found:
        return
    marks = [f"{UPPER_MARK} is an upper bound"] if found.keys() - lower else []
    marks += [f"{LOWER_MARK} is a lower bound"] if lower else []
    by_gross = any(key in each.upper_bounds for each in found.values() for key in ABOVE_IDLE)
    why = "the published power includes idle power, of which only a bound is known"
    lies = [
        f"{METRICS[key].title} of {place(each)} lies between {between_text(each, key)}"
        for key, each in found.items()
        if key in judged or found.keys().isdisjoint(judged)
    ]
    yield (
        f"{listed(marks)}: {why if by_gross else 'of idle power only a bound is known'}; "
        f"the {listed(lies)}."
    )


NOTE_MARKS = {
    ELSEWHERE_MARK: "accuracy was found on another board",
    LOSS_MARK: "accuracy is another one less what its precision loses",
}
"""What the marks of accuracies say."""


def note_mark(note: str) -> str:
    """What marks an accuracy that was found elsewhere, or that the user made up of another one."""
    if note.startswith(FROM):
        return ELSEWHERE_MARK
    return LOSS_MARK if note.startswith((LOSS, CARRIED)) else ""


def accuracy_notes(candidates: Iterable[Candidate]) -> Iterator[str]:
    """Sentences on accuracies that are not those of the very rows."""
    shown = [each for each in candidates if value_of(each, ACCURACY) is not None]
    notes = dict.fromkeys(each.accuracy_note for each in shown)
    if elsewhere := [note for note in notes if note.startswith(FROM)]:
        boards = listed([note.removeprefix(FROM) for note in elsewhere])
        yield f"{ELSEWHERE_MARK} accuracy was found on another board: {boards}."
    for note in notes:
        if note.startswith(LOSS):
            yield f"{LOSS_MARK} accuracy is that of float weights {note}, so that it is never sure."
    for note in notes:
        if note.startswith(CARRIED):
            yield f"{LOSS_MARK} accuracy is {note}."
    for note in notes:
        if note.startswith(TAKEN_OVER):
            formats = dict.fromkeys(each.precision for each in shown if each.accuracy_note == note)
            yield f"Accuracy at {listed(list(formats))} is {note}."


def dispensable(
    candidates: Sequence[Candidate], keys: Sequence[str], needed: Collection[str]
) -> list[str]:
    """Metrics that a narrow table does without: first those of which nothing is known, then the last."""
    unknown = [key for key in keys if all(value_of(each, key) is None for each in candidates)]
    ordered = dict.fromkeys([*unknown, *reversed(keys)])
    return [key for key in ordered if key not in needed]


def is_predicted(candidate: Candidate, key: str) -> bool:
    """Whether a metric's figure is predicted."""
    estimate = candidate.metric(key) if key in METRICS else None
    return estimate is not None and estimate.origin == "predicted"


def chance_text(chance: float | None) -> str:
    """A probability as people read it, never rounded up to certainty."""
    if chance is None:
        return "unknown"
    whole = math.floor(100 * chance + 1e-6)
    return "over 99%" if chance > 0.99 else "under 1%" if chance < 0.01 else f"{whole}%"


def calibration_text(calibrations: Mapping[str, Calibration | None]) -> str:
    """What is known of decisions by such predictions as the pick's limits rest on; "" where by none."""
    known = [each for each in calibrations.values() if each]
    if not calibrations:
        return ""
    if len(known) < len(calibrations):
        return (
            "Predicted: how often the best of many such predictions turns out wrong is unknown, since fewer "
            "than three other devices ran networks in this way."
        )
    worst = max(known, key=lambda each: each.broken)
    margin = max(each.margin for each in known)
    wider = f", where errors count {margin:.3g} times as wide" if margin > 1 else ""
    return (
        f"Predicted, and calibrated on decisions: of {worst.decisions} such picks on {worst.boards} other "
        f"devices, each taken as new, {100 * worst.broken:.1f} % broke their limit{wider}."
    )


def excluded(recommendation: Recommendation) -> Iterator[str]:
    """Sentences on what was left out, and why."""
    if recommendation.failed:
        pairs = counted(recommendation.failed, "pair")
        yield f"{pairs} (network and batch) failed when measured and cannot be chosen."
    if recommendation.without_weights:
        networks = counted(recommendation.without_weights, "network")
        named = recommendation.requirements.selection.weights
        weights = "no weights" if named == "any" else f"no weights {named}"
        yield f"{networks} excluded, at least in part: {weights} of known accuracy at their precision."
    if recommendation.unsure:
        unsure, asked = recommendation.unsure, recommendation.requirements.confidence
        meet = "candidate meets" if unsure.count == 1 else "candidates meet"
        more = " more" if recommendation.best else ""
        likeliest = place_among(unsure.likeliest, recommendation)
        chance = (
            f"the likeliest, {likeliest}, with {chance_text(unsure.likeliest.chance)}"
            if unsure.likeliest.chance is not None
            else f"one is {likeliest}, whose probability is unknown"
        )
        yield (
            f"{unsure.count}{more} {meet} every limit by the figures, but not with "
            f"{100 * asked:.12g}% confidence; {chance} (--confidence)."
        )
    if recommendation.unproven:
        pairs = counted(recommendation.unproven, "candidate")
        yield (
            f"{pairs} excluded, since a figure that would meet a limit is stated without any error: "
            "unproven (leave out --confidence to take such figures as they stand)."
        )
    for rejection in recommendation.rejections:
        if rejection.unknown:
            constraint = rejection.constraint
            needed = recommendation.requirements.needed_for(constraint.metric)
            why = needed or listed(list(_reasons(rejection)))
            what = metric_text(constraint, recommendation.quality)
            yield (
                f"{rejection.unknown} of {recommendation.considered} candidates excluded: "
                f"{what} unknown{f' ({why})' if why else ''}"
                f"{'' if needed else _might_lead(rejection, recommendation)}."
            )


def _might_lead(rejection: Rejection, recommendation: Recommendation) -> str:
    """Whether some of what is excluded could have been the answer."""
    could_have = "been better than the pick" if recommendation.best else "met every limit"
    some = f"{rejection.might_lead} of them" if rejection.might_lead else "none of them"
    return f"; {some} could have {could_have}"


def _reasons(rejection: Rejection) -> Iterator[str]:
    """Why figures are unknown; of how many, where that is not so of all."""
    for why, count in rejection.unknown_since.items():
        yield why if count == rejection.unknown else f"of {count}: {why}"
