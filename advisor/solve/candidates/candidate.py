"""One thing that could be deployed, as a record: every metric with its interval and where it comes from."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from advisor.catalog.accuracy import note_at
from advisor.catalog.records import ORIGINS, Estimate
from advisor.catalog.run_as import Variant
from advisor.documents import Schema, computed, document
from advisor.limits import Constraint
from advisor.metrics import INPUTS, METRICS
from advisor.quality import Quality
from advisor.solve.candidates.candidates import SCOPED, Candidates
from advisor.solve.candidates.chance import chance, chance_alone, chance_unknown

if TYPE_CHECKING:
    from advisor.catalog.records import Integers

ABOVE_IDLE = ("energy_j", "net_power_w")
"""The metrics that follow from net power alone, or from it and the time."""
WITH_IDLE = ("average_power_w", "board_energy_j")
"""The metrics that grow with idle power."""
LESS_WITH_IDLE = ("battery_hours", "fps_per_watt")
"""The metrics that shrink with it."""

SURE, LIKELY = 0.9, 0.5
"""From which probability on a candidate is called sure, or likely, to meet all limits."""

IDENTITY_FIELDS = (
    "architecture",
    "weights",
    "board",
    "runtime",
    "precision",
    "processor",
    "threads",
    "batch",
)
"""What distinguishes candidates."""

ROW_COLUMNS = (
    *IDENTITY_FIELDS,
    *(key + part for key in METRICS for part in ("", "_low", "_high", "_origin")),
    "accuracy_note",
)
"""The columns of `Candidate.row`, in order."""


@dataclass(frozen=True)
class Headroom:
    """How a candidate stands to one limit.

    Attributes:
        constraint: the limit.
        value: the candidate's figure, in the limit's unit; `None` where unknown.
        margin: relative head-room: 0.3 is 30 % within the limit, -0.3 is 30 % beyond it; `None`
            where unknown.
        within_error: whether the limit lies inside the figure's 90 % interval.
        chance: the probability that this limit, by itself, is met; 0 where the figure is unknown; `None`
            where it is taken as it stands, without any error, or could be anything.
        could_be_anything: whether the figure rests on a prediction of which no error is known.
    """

    UNDOCUMENTED: ClassVar = ("could_be_anything",)

    constraint: Constraint
    value: float | None
    margin: float | None
    within_error: bool
    chance: float | None
    could_be_anything: bool = False

    @property
    def met(self) -> bool:
        """Whether the figure is known and within the limit."""
        return self.margin is not None and self.margin >= 0


@dataclass(frozen=True)
class Candidate:
    """Something one could deploy; its metrics are attributes, too: `candidate.energy_j`.

    Attributes:
        architecture: the network.
        weights: its set of weights; `None` where unknown.
        board: the board that it runs on.
        runtime: what runs it.
        precision: its number format.
        processor: what computes: cpu, gpu, npu or dsp; `None` where that goes without saying.
        threads: how many threads; `None` where unknown.
        batch: images per forward pass.
        licence: on what terms the network's code and weights are published; "" where unknown.
        metrics: every metric of `advisor.metrics.METRICS` by its key, an estimate each; `None` where unknown.
        quality: in what its accuracy is stated: the task, its metric, the data set.
        accuracy_note: how its accuracy follows from another one, such as "from BOARD"; "" where it is the one
            of its weights in floats, or was found for this very precision, runtime and board.
        headroom: how it stands to each limit.
        chance: the probability that it meets all limits that were asked for, 1 where there is none; `None`
            where a limited figure was reported or declared without any error, or rests on a prediction of
            which no error is known.
        unlike_scopes: which of its figures, "power" or "memory", cover something else than those of the
            other boards that the question is asked of.
        upper_bounds: which of its metrics are known as upper bounds, since of the board's idle power only an
            upper bound is known: the value lies between both ends of the interval.
        lower_bounds: which of them are known as lower bounds, likewise.
    """

    architecture: str
    weights: str | None
    board: str
    runtime: str
    precision: str
    processor: str | None
    threads: int | None
    batch: int
    licence: str
    metrics: Mapping[str, Estimate | None] = field(hash=False)
    quality: Quality
    accuracy_note: str
    headroom: tuple[Headroom, ...]
    chance: float | None
    unlike_scopes: tuple[str, ...]
    upper_bounds: tuple[str, ...] = ()
    lower_bounds: tuple[str, ...] = ()

    def __getattr__(self, key: str) -> Estimate | None:
        if key not in METRICS:
            raise AttributeError(f"a candidate has no {key!r}")
        return self.metrics[key]

    @computed
    def mark(self) -> str:
        """How probably it meets all limits, in a word: "sure", "likely", "unlikely".

        Else "unknown", where a limited figure is a prediction of which no error is known, or "unproven".
        """
        if self.chance is None:
            anything = any(each.could_be_anything for each in self.headroom)
            return "unknown" if anything else "unproven"
        chance = self.chance + 1e-6  # sums of weights may miss by a rounding error
        return "sure" if chance >= SURE else "likely" if chance >= LIKELY else "unlikely"

    def __document__(self) -> dict[str, Any]:
        """The candidate with its metrics beside what it is."""
        names = [each.name for each in fields(self) if each.name != "metrics"]
        judged = {name: document(getattr(self, name)) for name in [*names, "mark"]}
        return {**judged, **{key: document(each) for key, each in self.metrics.items()}}

    @classmethod
    def __document_schema__(cls, schema: Schema) -> dict[str, Any]:
        """The JSON Schema of that."""
        whole = schema.fields_of(cls)
        whole["properties"].pop("metrics")
        for key, metric in METRICS.items():
            formula = (metric.formula.__doc__ or "").partition("\n")[0]
            said = f"{metric.title.capitalize()}. {formula}"
            whole["properties"][key] = {**schema.of(Estimate | None), "description": said}
        whole["required"] = list(whole["properties"])
        return whole

    @property
    def variant(self) -> Variant:
        """How it is run."""
        return Variant(self.runtime, self.precision, self.processor or "", self.threads or 0)

    def metric(self, key: str) -> Estimate | None:
        """The metric of that key; `None` where it is unknown, and of tails, which are bounds themselves."""
        return self.metrics.get(key)

    def row(self) -> dict[str, str | int | float | None]:
        """The candidate as one flat row: what it is, then each metric with its interval."""
        row: dict[str, str | int | float | None] = {
            name: getattr(self, name) for name in IDENTITY_FIELDS
        }
        for key, estimate in self.metrics.items():
            row[key] = estimate.value if estimate else None
            row[f"{key}_low"] = estimate.low if estimate else None
            row[f"{key}_high"] = estimate.high if estimate else None
            row[f"{key}_origin"] = estimate.origin if estimate else None
        return {**row, "accuracy_note": self.accuracy_note}


def candidate_at(
    candidates: Candidates, position: int, constraints: Sequence[Constraint]
) -> Candidate:
    """One candidate as a record, with its head-room to each of `constraints`."""
    return records(candidates, np.array([position]), constraints)[0]


def records(
    candidates: Candidates, positions: Integers, constraints: Sequence[Constraint]
) -> list[Candidate]:
    """The candidates at these positions as records, with their head-room to the `constraints`."""
    these = candidates.take(positions)
    unlike = [name for name in candidates.unlike_scopes if len(positions)]
    chances = chance(these, constraints).tolist()
    unproven = [these.unproven(each.metric) for each in constraints]
    known = ~np.logical_or.reduce([chance_unknown(these, constraints), *unproven])
    headrooms = [_headrooms(these, each) for each in constraints]
    net, average = these.net_is_bound.tolist(), these.average_is_bound.tolist()
    return [
        _record(
            these,
            place,
            metrics,
            headroom=tuple(each[place] for each in headrooms),
            chance=chances[place] if known[place] else None,
            unlike_scopes=tuple(
                name for name in unlike if not np.isnan(these.figure(SCOPED[name])[place])
            ),
            upper_bounds=ABOVE_IDLE * net[place] + WITH_IDLE * average[place],
            lower_bounds=LESS_WITH_IDLE * average[place],
        )
        for place, metrics in enumerate(_metrics(these))
    ]


def _record(
    these: Candidates, place: int, metrics: Mapping[str, Estimate | None], **judged: Any
) -> Candidate:
    table, row = these.measurements, int(these.rows[place])
    index = int(these.weights_index[place])
    variant = table.variant(row)
    return Candidate(
        architecture=table.architecture.names[table.architecture.index[row]],
        weights=these.weights[index].name if index >= 0 else None,
        board=these.boards[int(these.board_index[place])].name,
        runtime=variant.runtime,
        precision=variant.precision,
        processor=variant.processor or None,
        threads=variant.threads or None,
        batch=int(table.batch[row]),
        licence=these.architectures[int(these.architecture_index[place])].licence,
        metrics=metrics,
        quality=these.quality,
        accuracy_note=note_at(these.weights[index], variant.precision) if index >= 0 else "",
        **judged,
    )


def _metrics(these: Candidates) -> Iterator[dict[str, Estimate | None]]:
    """Every metric of each candidate, with where it comes from."""
    stated = {name: these.stated(name) for name in INPUTS}
    columns = [_estimates(these, key, stated) for key in METRICS]
    return (dict(zip(METRICS, each, strict=True)) for each in zip(*columns, strict=True))


def _estimates(
    these: Candidates, key: str, stated: Mapping[str, Sequence[Estimate | None]]
) -> Iterator[Estimate | None]:
    """One metric of each candidate."""
    rests = [(stated[name], here.tolist()) for name, here in these.rests_on(key).items()]
    columns = (column.tolist() for column in these.values(key))
    for place, (value, low, high) in enumerate(zip(*columns, strict=True)):
        if math.isnan(value):
            yield None
            continue
        parts = [part for each, here in rests if here[place] and (part := each[place]) is not None]
        origin = max((part.origin for part in parts), key=ORIGINS.index)
        source = ", ".join(dict.fromkeys(part.source for part in parts))
        known = not (math.isnan(low) or math.isnan(high))
        yield Estimate(value, low if known else None, high if known else None, origin, source)


def _headrooms(these: Candidates, constraint: Constraint) -> list[Headroom]:
    """How all of these stand to one limit."""
    columns = (
        *these.values(constraint.metric),
        chance_alone(these, constraint),
        these.unproven(constraint.metric),
        these.could_be_anything(constraint.metric),
    )
    return [
        _headroom(constraint, value, low, high, None if bare or anything else chance, anything)
        for value, low, high, chance, bare, anything in zip(
            *(column.tolist() for column in columns), strict=True
        )
    ]


def _headroom(
    constraint: Constraint,
    value: float,
    low: float,
    high: float,
    chance: float | None,
    anything: bool,
) -> Headroom:
    if math.isnan(value):
        return Headroom(constraint, None, None, within_error=False, chance=0.0)
    ratio = value / constraint.limit
    margin = ratio - 1 if constraint.sense == "min" else 1 - ratio
    return Headroom(constraint, value, margin, low < constraint.limit < high, chance, anything)
