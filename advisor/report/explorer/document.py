"""What the page may choose from, as the page reads it: plain columns and formulas, nothing derived.

Numbers are written as the shortest text that gives them back exactly, unknown is null, and names stand
once, in a list that columns point into.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from advisor.catalog.accuracy import note_at
from advisor.catalog.files import is_hosted, named_catalog, user_folder
from advisor.catalog.records import (
    ORIGINS,
    Architecture,
    Estimate,
    Labels,
    Metered,
    Values,
)
from advisor.documents import document as document_of
from advisor.limits import LEAST_PERCENT, Constraint, natural_sense
from advisor.metrics import (
    BY_NAME,
    EVERY,
    INPUTS,
    METRICS,
    TAILS,
    Input,
    Metric,
    evaluate,
    expression,
)
from advisor.objective import Step, objective_text
from advisor.option_kinds import Counts
from advisor.options import OPTIONS, Requirements, Selection
from advisor.prediction.bound import least_line_above
from advisor.prediction.rows import METRICS as PREDICTED
from advisor.quality import ACCURACY, CLASSIFICATION
from advisor.quantities import COUNT, PERCENT
from advisor.report.candidate_text import NOTE_MARKS, calibration_text, note_mark
from advisor.report.charts.palette import colour, shape
from advisor.report.explorer.choice import ANY_VARIANT, OF_QUALITY, VARIANT, Choice
from advisor.report.pick_text import ALWAYS_SHOWN
from advisor.solve.candidates.candidate import (
    ABOVE_IDLE,
    LESS_WITH_IDLE,
    LIKELY,
    SURE,
    WITH_IDLE,
)
from advisor.solve.candidates.candidates import (
    SCOPED,
    TAILS_OF_LATENCY,
    Candidates,
    cost_of,
    stated_of,
)
from advisor.solve.candidates.margins import calibrations_of
from advisor.solve.candidates.uncertainty import lattice

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Floats, Integers

    Booleans = NDArray[np.bool_]

Json: TypeAlias = dict[str, Any]

_ABSENT = object()

BY_IDLE = {"above": ABOVE_IDLE, "with": WITH_IDLE, "less": LESS_WITH_IDLE}
"""The metrics that are bounds where idle power is one: those of what is above it, that grow, that shrink."""

NAMED = [name for name in VARIANT if name != "threads"]
"""The parts of a variant that have names."""


def _by_board(candidates: Candidates, boards: Integers) -> list[Integers]:
    """For each board, where its place stands in a column of such, ascending; -1 is that of none."""
    order = np.argsort(boards, kind="stable")
    counts = np.bincount(boards + 1, minlength=len(candidates.boards) + 1)
    return np.split(order, np.cumsum(counts)[:-1])[1:]


def document(*choices: Choice, labelled: Iterable[str] = ()) -> Json:
    """Everything that the page knows: what its tasks have in common stands once.

    Args:
        choices: what may be chosen from, by task.
        labelled: the networks whose names its plot writes in any case.
    """
    common, own = _apart([task_document(each) for each in choices])
    names = {"labelled": sorted(labelled)}
    return {"schema": "advisor.explore/4", "common": common, "tasks": own, **names}


def _apart(documents: Sequence[Json]) -> tuple[Json, list[Json]]:
    """What documents have in common, at any depth, and what each has of its own."""
    common: Json = {}
    own: list[Json] = [{} for _ in documents]
    first, *others = documents
    for name in dict.fromkeys(name for each in documents for name in each):
        values = [each.get(name, _ABSENT) for each in documents]
        if all(each.get(name, _ABSENT) == first.get(name, _ABSENT) for each in others):
            common[name] = first[name]
        elif all(isinstance(value, dict) for value in values):
            common[name], parts = _apart(values)
            for each, part in zip(own, parts, strict=True):
                each[name] = part
        elif all(_is_of_dicts(value) and len(value) == len(values[0]) for value in values):
            pairs = [_apart(each) for each in zip(*values, strict=True)]
            common[name] = [shared for shared, _ in pairs]
            for place, each in enumerate(own):
                each[name] = [parts[place] for _, parts in pairs]
        else:
            for each, value in zip(own, values, strict=True):
                if value is not _ABSENT:
                    each[name] = value
    return common, own


def _is_of_dicts(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, dict) for each in value)


def task_document(choice: Choice) -> Json:
    """What the page knows of one task."""
    candidates, asked = choice.candidates, choice.requirements
    return {
        "count": len(candidates),
        "metrics": {
            key: _metric(candidates.quality.worded(key), candidates.absent) for key in EVERY
        },
        "limits": [_limit(metric) for metric in METRICS.values() if metric.option],
        "inputs": {
            name: _figures(candidates, each)
            for name, each in INPUTS.items()
            if each.home != "question" and name in _named(candidates.absent)
        },
        "lattices": _lattices(candidates.absent),
        "shown": ALWAYS_SHOWN,
        "defaults": _defaults(candidates),
        "marks": {"sure": SURE, "likely": LIKELY, "unlikely": 0},
        "origins": ORIGINS,
        "scoped": SCOPED,
        "silent": choice.silent,
        "tails_of_latency": sorted(TAILS_OF_LATENCY),
        "boards": _boards(choice),
        "out_of_memory": _out_of_memory(choice),
        "bound": _bound(candidates, _measured_points(candidates)),
        "architectures": [_architecture(each) for each in candidates.architectures],
        "weights": [each.name for each in candidates.weights],
        "accuracy": {
            "metric": ACCURACY,
            "quality": document_of(candidates.quality),
            "metrics": sorted(OF_QUALITY),
            "in_floats": [
                candidates.float_percents.get(each.name) for each in candidates.architectures
            ],
            "signs": NOTE_MARKS,
            "marks": [note_mark(each.note) for each in candidates.weights],
            "unproven": [each.is_unproven() for each in candidates.weights],
        },
        "rows": _rows(candidates),
        "notes": list(candidates.notes),
        "asked": question(asked),
        "words": _unchanging_words(asked),
    }


def _out_of_memory(choice: Choice) -> list[Json]:
    """What is known not to fit in its board's memory."""
    table, boards = choice.candidates.measurements, choice.candidates.row_board
    return [
        {
            "board": int(boards[row]),
            "batch": int(table.batch[row]),
            **{name: getattr(table, name).names[getattr(table, name).index[row]] for name in NAMED},
            "threads": _threads_text(int(table.threads[row])),
        }
        for row in choice.out_of_memory.tolist()
    ]


def _named(absent: frozenset[str]) -> set[str]:
    """The inputs that formulas name where some are absent."""
    return {name for key in EVERY for name in expression(key, absent=absent).count}


def _metric(metric: Metric, absent: frozenset[str]) -> Json:
    dimension = metric.dimension
    return {
        "name": metric.name,
        "names": [metric.name, *metric.synonyms],
        "title": metric.title,
        "heading": metric.heading,
        "unit": metric.unit,
        "typed_unit": metric.unit if "" not in dimension.units else "",
        "kind": "percentage"
        if dimension is PERCENT
        else "count"
        if dimension is COUNT
        else "quantity",
        "more_is_better": metric.more_is_better,
        "statistic": metric.statistic,
        "typed": [LEAST_PERCENT if dimension is PERCENT else dimension.range[0], dimension.largest],
        "changes_with_rate": metric.changes_with_rate,
        "needs_battery": "battery_j" in expression(metric.key).count,
        "by_idle": next((way for way, keys in BY_IDLE.items() if metric.key in keys), None),
        "at_rate": _formula(metric.key, absent, at_rate=True),
        "without_rate": _formula(metric.key, absent, at_rate=False),
        "reciprocals": _reciprocals(metric.key, absent),
    }


def _formula(key: str, absent: frozenset[str], *, at_rate: bool) -> Json:
    """A formula as a tree, its inputs that may have errors, and whether one of these stands in it twice."""
    formula = expression(key, at_rate=at_rate, absent=absent)
    uncertain = [name for name in formula.count if INPUTS[name].uncertain]
    repeats = any(formula.count[name] > 1 for name in uncertain)
    return {"tree": formula.document(), "uncertain": uncertain, "repeats": repeats}


def _reciprocals(key: str, absent: frozenset[str]) -> Json:
    """The metrics that multiply with this one to the same number for whatever candidate, and that number."""
    made_up = dict(
        zip(INPUTS, np.random.default_rng(0).uniform(1, 2, (len(INPUTS), 3)), strict=True)
    )
    made_up |= dict.fromkeys(absent, np.full(3, np.nan))
    figures = evaluate(key, made_up.__getitem__)
    products = {other: figures * evaluate(other, made_up.__getitem__) for other in METRICS}
    return {
        other: float(f"{product[0]:.12g}")
        for other, product in products.items()
        if np.allclose(product, product[0], rtol=1e-12, atol=0)
    }


def _limit(metric: Metric) -> Json:
    """A limit that has a control of its own, and between which ends it can be asked."""
    least, most = metric.dimension.range
    return {
        "name": metric.name,
        "metric": metric.key,
        "sense": natural_sense(metric),
        "least": LEAST_PERCENT if metric.dimension is PERCENT else least,
        "most": most,
        "tails": {each.statistic: each.key for each in TAILS.values() if each.name == metric.name},
        "group": _group(metric),
    }


def _group(metric: Metric) -> str:
    """Under which heading its control stands."""
    needed = expression(metric.key).count
    if "battery_j" in needed:
        return "Battery and overhead"
    of_network = all(INPUTS[name].home == "architecture" for name in needed)
    return "Size of the network" if of_network else "Limits"


def _lattices(absent: frozenset[str]) -> list[list[list[float]]]:
    """The joint quantiles of one, two, ... normal distributions, up to as many as limits can share."""
    uncertain = [
        {name for name in expression(key, absent=absent).count if INPUTS[name].uncertain}
        for key in EVERY
    ]
    most = len(set().union(*(names for names in uncertain if len(names) > 1)))
    return [lattice(count).round(9).tolist() for count in range(1, most + 1)]


def _defaults(candidates: Candidates) -> Json:
    """What goes without saying."""
    plain, time = Requirements(), BY_NAME["time"].key
    timed = not np.isnan(candidates.figure(time)).all()
    return {
        "task": CLASSIFICATION,
        "objective": objective_text(plain.objective),
        "confidence": plain.stated_confidence,
        "usual_confidence": plain.confidence,
        "x": time if timed else BY_NAME["fps"].key,
        "y": BY_NAME["accuracy"].key,
    }


def _boards(choice: Choice) -> list[Json]:
    candidates = choice.candidates
    measured, table = _measured_points(candidates), candidates.measurements
    points = _by_board(candidates, np.where(measured, candidates.board_index, -1))
    known = {
        name: [
            len(rows) > 0
            for rows in _by_board(
                candidates,
                np.where(np.isnan(getattr(table, key).values.value), -1, candidates.row_board),
            )
        ]
        for name, key in SCOPED.items()
    }
    return [
        {
            "name": board.name,
            "title": board.title,
            "cost": _costs(candidates).index(board.cost),
            "idle_is_bound": board.idle_is_bound,
            "scopes": {name: getattr(board, f"{name}_scope") for name in SCOPED},
            "knows": [name for name in SCOPED if known[name][place]],
            "own_batches": list(choice.own_batches[place]),
            "tasks": list(choice.tasks[place]),
            "bound": _bound(candidates, points[place]),
        }
        for place, board in enumerate(candidates.boards)
    ]


def _measured_points(candidates: Candidates) -> Booleans:
    """Which candidates have an accuracy and a frame rate that nobody predicted."""
    rate, accuracy = candidates.figure("fps"), candidates.figure(BY_NAME["accuracy"].key)
    return ~np.isnan(rate) & ~np.isnan(accuracy) & ~candidates.predicted("fps")


def _bound(candidates: Candidates, points: Booleans | Integers) -> Json | None:
    """What no measured network exceeds in accuracy at its frame rate, among these candidates."""
    rate = candidates.figure("fps")[points]
    if not len(rate):
        return None
    bound = least_line_above(rate, candidates.figure(BY_NAME["accuracy"].key)[points])
    return {"intercept": bound.intercept, "slope": bound.slope, "range": bound.range}


def _architecture(architecture: Architecture) -> Json:
    return {
        "name": architecture.name,
        "colour": colour(architecture.name, architecture.family),
        "shape": shape(architecture.family),
    }


def _figures(candidates: Candidates, each: Input) -> Json:
    """An input of formulas as columns, and what has a place in them: a row, board, set of weights or cost.

    With the origins whose figures prove nothing where they have no error.
    """
    stated = {"at": each.home, "stated": stated_of(each.name)}
    if each.home == "row":
        return {**stated, **_measured(candidates, each.name)}
    if each.home == "architecture":
        estimates = [
            cost_of(architecture, kind, each.name)
            for kind in _costs(candidates)
            for architecture in candidates.architectures
        ]
        return {**stated, "at": "cost", **_estimates(estimates)}
    owners = candidates.boards if each.home == "board" else candidates.weights
    return {**stated, **_estimates([getattr(owner, each.name) for owner in owners])}


def _measured(candidates: Candidates, name: str) -> Json:
    column, rows = getattr(candidates.measurements, name), candidates.rows
    if not isinstance(column, Metered):
        return {"value": _numbers(column[rows])}
    usual = candidates.measurements.usual_latency_ms if name == "latency_ms" else None
    found = {
        **_with_ends(column.values.take(rows)),
        **({} if usual is None else {"usual": _numbers(usual[rows])}),
        **{part: _labels(getattr(column, part), rows) for part in ("origin", "source")},
    }
    if candidates.decided is not None:
        decided: Metered = getattr(candidates.decided, name)
        found["decided"] = _with_ends(decided.values.take(rows))
    return found


def _with_ends(figures: Values) -> Json:
    """Figures with the ends of their intervals.

    Where both are as far off on the logarithm, as they are by a source's reproducibility, their ratio to the
    figure stands for them: few digits, and hardly any different ones.
    """
    value, low, high = figures
    with np.errstate(invalid="ignore", divide="ignore"):
        ratios, which = np.unique(high / value, return_inverse=True)
        ratio = np.array([float(f"{each:.12g}") for each in ratios.tolist()])[which]
        alike = np.isclose(value / ratio, low, rtol=1e-11, atol=0)
        alike &= np.isclose(value * ratio, high, rtol=1e-11, atol=0)
    ends = {"low": np.where(alike, np.nan, low), "high": np.where(alike, np.nan, high)}
    columns = {"value": value, **ends, "ratio": np.where(alike, ratio, np.nan)}
    return {name: _numbers(each) for name, each in columns.items()}


def _estimates(estimates: Sequence[Estimate | None]) -> Json:
    def part(name: str) -> list[Any]:
        return [getattr(each, name) if each else None for each in estimates]

    def labels(name: str) -> Json:
        names = list(dict.fromkeys(part(name)))
        return {"names": names, "index": list(map(names.index, part(name)))}

    return {
        **{name: part(name) for name in ("value", "low", "high")},
        **{name: labels(name) for name in ("origin", "source")},
    }


def _costs(candidates: Candidates) -> list[str]:
    """The kinds of cost that the boards' rows go with."""
    return sorted({board.cost for board in candidates.boards})


def _rows(candidates: Candidates) -> Json:
    """A column each of what distinguishes candidates."""
    table, rows = candidates.measurements, candidates.rows
    return {
        "board": candidates.board_index.tolist(),
        "architecture": candidates.architecture_index.tolist(),
        "weights": candidates.weights_index.tolist(),
        **{
            name: _labels(getattr(table, name), rows)
            for name in ("runtime", "precision", "processor", "verdict")
        },
        "threads": _threads(table.threads[rows]),
        "accuracy_note": _accuracy_notes(candidates),
        "calibration": _calibrations(candidates),
    }


def _calibrations(candidates: Candidates) -> Json:
    """What is known of decisions by predictions such as each candidate's, as names."""
    table, rows = candidates.measurements, candidates.rows
    columns = [table.variant_index[rows], candidates.board_index]
    for name in PREDICTED:
        metered: Metered = getattr(table, name)
        columns += [metered.origin.index[rows], metered.source.index[rows]]
    _, first, index = np.unique(np.stack(columns), axis=1, return_index=True, return_inverse=True)
    said = [calibration_text(calibrations_of(candidates, each)) for each in first.tolist()]
    return _labels(Labels.of(said), index.ravel())


def _accuracy_notes(candidates: Candidates) -> Json:
    """How the accuracy of each candidate follows from another one, as names."""
    precision = candidates.measurements.precision
    count = len(precision.names)
    pairs = candidates.weights_index * count + precision.index[candidates.rows]
    known, index = np.unique(pairs, return_inverse=True)
    notes = [
        note_at(candidates.weights[pair // count], precision.names[pair % count])
        if pair >= 0
        else ""
        for pair in known.tolist()
    ]
    return _labels(Labels.of(notes), index)


def _threads(counts: Integers) -> Json:
    """Numbers of threads as names, in the order of the numbers; 0, which is unknown, as nothing."""
    known, index = np.unique(counts, return_inverse=True)
    return {
        "names": list(map(_threads_text, known.tolist())),
        "index": index.tolist(),
    }


def _threads_text(count: int) -> str:
    return str(count) if count else ""


def _labels(labels: Labels, rows: Integers) -> Json:
    return {"names": labels.names, "index": labels.index[rows].tolist()}


def _numbers(column: Floats | Integers) -> list[float | None] | None:
    """A column of numbers; nothing where none is known."""
    unknown = np.isnan(column)
    if unknown.all():
        return None
    found: NDArray[np.object_] = column.astype(object)
    found[unknown] = None
    numbers: list[float | None] = found.tolist()
    return numbers


def question(asked: Requirements) -> Json:
    """A question as the settings of the page."""
    flags = [each for each in asked.constraints if each.is_natural and BY_NAME[each.name].option]
    others = [each for each in asked.constraints if each not in flags]
    return {
        "boards": asked.boards,
        "batches": None if asked.selection.batches is None else sorted(asked.selection.batches),
        "variant": {name: _variants(asked.selection, name) for name in VARIANT},
        "limits": {each.name: each.limit for each in flags},
        "statistic": next((each.statistic for each in flags if each.name == "response"), "median"),
        "conditions": [_condition(each) for each in others],
        "objective": [_step(each) for each in asked.objective],
        "overhead_ms": asked.overhead_ms,
        "battery_j": asked.battery_j,
        "confidence": asked.stated_confidence,
    }


def _variants(selection: Selection, name: str) -> list[str] | None:
    """What is asked for of one part of how a network is run; nothing for any."""
    asked: Counts | tuple[str, ...] | None = getattr(selection, VARIANT[name])
    if asked is None:
        return None
    return list(map(str, asked.numbers if isinstance(asked, Counts) else asked))


def _condition(constraint: Constraint) -> Json:
    return {
        "text": str(constraint),
        "name": constraint.name,
        "metric": constraint.metric,
        "sense": constraint.sense,
        "limit": constraint.limit,
    }


def _step(step: Step) -> Json:
    return {
        "text": str(step),
        "metric": step.metric.key,
        "tolerance": step.tolerance,
        "relative": step.relative,
    }


def _unchanging_words(asked: Requirements) -> Sequence[str]:
    """The options of `advisor pick` that nothing on the page changes, defaults left out."""
    fixed, plain = replace(asked.selection, task=None, batches=None, **ANY_VARIANT), Selection()
    # Where a user's catalog lies by itself is for nobody else, who gets the page.
    named = named_catalog(None)
    usual = named if is_hosted(named) else os.fspath(user_folder() or "")
    catalog = ["--catalog", asked.catalog] if asked.catalog not in (None, usual) else []
    run = ["--reproducible"] if asked.reproducible else []
    said = [
        option.words(getattr(fixed, option.field))
        for option in OPTIONS.values()
        if option.block and getattr(fixed, option.field) != getattr(plain, option.field)
    ]
    return [word for words in said for word in words] + run + catalog
