"""What a workload of a plan may be, as columns; figures as they are, and as they are counted."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from advisor import quantities
from advisor.catalog.records import Board
from advisor.catalog.run_as import Variant
from advisor.catalog.store import Catalog
from advisor.errors import AdvisorError
from advisor.limits import Sense
from advisor.prediction.fit_store import current_fit
from advisor.prediction.terms import COLUMNS
from advisor.quality import ACCURACY
from advisor.quantities import written_as
from advisor.solve.candidates.candidate import Candidate, candidate_at, records
from advisor.solve.candidates.candidates import Candidates
from advisor.solve.candidates.gather import gather
from advisor.solve.plan.plan_answer import Alternative, Amount, Considered, Guarantee, OwnLimit
from advisor.solve.plan.workloads import PlanRequest, Workload
from advisor.solve.recommend.non_dominated import non_dominated

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Floats, Integers

    Booleans = NDArray[np.bool_]

LATENCY, RATE = "batch_latency_ms", "fps"
POWER, MEMORY = "net_power_w", "memory_mb"
IDLE_POWER, AVERAGE_POWER = "idle_power_w", "average_power_w"
SHOWN = (LATENCY, RATE, POWER, MEMORY, ACCURACY)
"""The figures that an answer has of every choice, whether a limit uses them or not."""


@dataclass(frozen=True)
class Column:
    """A figure of all candidates; NaN where unknown. Arrays of shape (candidates,).

    Attributes:
        value: as it is.
        bound: as budgets and limits count it; infinite where it could be anything.
    """

    value: Floats
    bound: Floats

    def times(self, factor: Floats | float) -> Column:
        """This times a factor known exactly."""
        return Column(self.value * factor, self.bound * factor)

    def by(self, other: Column) -> Column:
        """The product of two figures."""
        return Column(self.value * other.value, self.bound * other.bound)

    def plus(self, term: Floats | float) -> Column:
        """This plus a term known exactly."""
        return Column(self.value + term, self.bound + term)

    def at(self, position: int) -> Amount | None:
        """One candidate's figure; `None` where it is unknown."""
        value, bound = float(self.value[position]), float(self.bound[position])
        return None if math.isnan(value) else Amount(value, bound)


@dataclass(frozen=True)
class Offer:
    """What one workload may be.

    Attributes:
        workload: the workload.
        candidates: in an order that does not depend on that of the rows in files.
        columns: figures by key: those in `SHOWN`, and whatever else its limits use.
        needed: the figures without which a candidate cannot be chosen.
        unproven: of which candidates a limited figure was stated without any error; shape (candidates,).
        proven: whether these cannot be chosen.
    """

    workload: Workload
    candidates: Candidates
    columns: Mapping[str, Column]
    needed: frozenset[str]
    unproven: Booleans
    proven: bool

    def __len__(self) -> int:
        return len(self.candidates)

    @property
    def latency_ms(self) -> Column:
        """How long a batch runs, and so keeps all others waiting."""
        return self.columns[LATENCY]

    @property
    def accuracy(self) -> Column:
        """How well it does its task, in percent."""
        return self.columns[ACCURACY]

    @property
    def fill_ms(self) -> Floats:
        """How long the first image waits for its batch to fill."""
        waited_for = (self.candidates.batch - 1).astype(np.float64)
        return waited_for * (1000.0 / self.workload.fps)

    @property
    def own_ms(self) -> Column:
        """The response if nothing else ran: fill + latency + overhead."""
        return self.latency_ms.plus(self.fill_ms + self.workload.requirements.overhead_ms)

    @property
    def share(self) -> Column:
        """Of the board's time, how much it takes: fps x time per image, or fps / a reported throughput."""
        return Column(*(self.workload.fps / each for each in self._rates))

    @property
    def draw_w(self) -> Column:
        """What it adds to the average power: net power x its share of the time."""
        return self.columns[POWER].by(self.share)

    def beyond_floor_mb(self, floor_mb: float) -> Column:
        """The memory beyond what the runtime takes; a prediction that could be anything, as it is."""
        value, bound = self.columns[MEMORY].value, self.columns[MEMORY].bound
        return Column(value, np.where(np.isinf(bound), value, bound)).plus(-floor_mb)

    def figure(self, name: str, key: str) -> Column:
        """The figure that one of the workload's own limits is on, nothing else running."""
        if name == "fps":
            return Column(*self._rates)
        return self.own_ms if name == "response" else self.columns[key]

    @property
    def _rates(self) -> tuple[Floats, Floats]:
        """Images per second and their bound: as reported, else they err as the latency does."""
        rate, reported = self.columns[RATE], _reports_throughput(self.candidates)
        by_latency = 1000.0 * self.candidates.batch / self.latency_ms.bound
        return rate.value, np.where(reported, rate.bound, by_latency)

    @property
    def unknown(self) -> Mapping[str, Booleans]:
        """By needed figure, which candidates lack it or know it so badly that it could be anything."""
        lacking = {}
        for key in sorted(self.needed):
            if key == IDLE_POWER:
                lacking[key] = np.full(len(self), self.candidates.boards[0].idle_power_w is None)
            else:
                bound = self.columns[key].bound
                lacking[key] = ~np.isfinite(bound) | (bound <= 0)
        return lacking

    @property
    def alone(self) -> Booleans:
        """Which candidates can be chosen: they meet the workload's own limits, and are proven where asked."""
        return self.able & ~self.unproven if self.proven else self.able

    @property
    def able(self) -> Booleans:
        """Which candidates are known well enough, and meet the workload's own limits by themselves."""
        fits: Booleans = ~np.logical_or.reduce(
            [np.zeros(len(self), np.bool_), *self.unknown.values()]
        )
        for constraint in self.workload.requirements.constraints:
            bound = self.figure(constraint.name, constraint.metric).bound
            least = constraint.sense == "min"
            fits &= bound >= constraint.limit if least else bound <= constraint.limit
        return fits

    def alternatives(self, chosen: int, floor_mb: float) -> tuple[Alternative, ...]:
        """What none beats in accuracy, time, response, power and memory, as far as known; and what is chosen.

        Args:
            chosen: the place of what the workload is to run.
            floor_mb: what the runtime takes of the memory.
        """
        memory = self.beyond_floor_mb(floor_mb)
        used = (self.share, self.own_ms, self.latency_ms, self.draw_w, memory)
        costs = np.column_stack([-self.accuracy.value, *(each.bound for each in used)])
        places = np.union1d(_unbeaten(costs), [chosen])
        places = places[np.lexsort((costs[places, 1], costs[places, 0]))]
        own = self.workload.requirements.constraints
        found = records(self.candidates, places, own)
        return tuple(
            Alternative(
                candidate=replace(candidate, chance=None) if self.unproven[place] else candidate,
                chosen=place == chosen,
                accuracy=self.accuracy.at(place),
                fill_ms=float(self.fill_ms[place]),
                latency_ms=needed_amount(self.latency_ms.at(place)),
                share=needed_amount(self.share.at(place)),
                power_w=self.draw_w.at(place),
                memory_mb=memory.at(place),
            )
            for place, candidate in zip(places.tolist(), found, strict=True)
        )

    def take(self, positions: Integers) -> Offer:
        """Only the candidates at these positions."""
        columns = {
            key: Column(each.value[positions], each.bound[positions])
            for key, each in self.columns.items()
        }
        return replace(
            self,
            candidates=self.candidates.take(positions),
            columns=columns,
            unproven=self.unproven[positions],
        )

    def candidate(self, position: int) -> Candidate:
        """One candidate as a record, with its head-room to the workload's own limits."""
        own = self.workload.requirements.constraints
        found = candidate_at(self.candidates, position, own)
        return replace(found, chance=None) if self.unproven[position] else found


def needed_amount(amount: Amount | None) -> Amount:
    """A figure without which a candidate would not be possible."""
    if amount is None:
        raise ValueError("a candidate of unknown latency or rate was chosen")
    return amount


def _unbeaten(costs: Floats) -> Integers:
    """The rows that none beats of those of which the same is known; what is unknown is NaN."""
    unknown, which = np.unique(np.isnan(costs), axis=0, return_inverse=True)
    groups = [np.flatnonzero(which.ravel() == group) for group in range(len(unknown))]
    known = [costs[np.ix_(group, ~lacking)] for group, lacking in zip(groups, unknown, strict=True)]
    return np.concatenate(
        [group[non_dominated(each)] for group, each in zip(groups, known, strict=True)]
    )


def considered(offer: Offer) -> Considered:
    """What a workload could be chosen from, and why not more of it."""
    limits = []
    for constraint in offer.workload.requirements.constraints:
        figure = offer.figure(constraint.name, constraint.metric).bound
        known = figure[np.isfinite(figure)]
        least = constraint.sense == "min"
        beyond = known < constraint.limit if least else known > constraint.limit
        nearest = (known.max() if least else known.min()) if len(known) else None
        limits.append(
            OwnLimit(
                limit=str(constraint),
                metric=constraint.metric,
                rejected=int(np.count_nonzero(beyond)),
                nearest=None if nearest is None else float(nearest),
            )
        )
    return Considered(
        workload=offer.workload.name,
        quality=offer.candidates.quality,
        candidates=len(offer),
        possible_alone=int(np.count_nonzero(offer.alone)),
        unknown={key: int(np.count_nonzero(each)) for key, each in offer.unknown.items()},
        unproven=int(np.count_nonzero(offer.able & ~offer.alone)),
        limits=tuple(limits),
    )


def gather_offers(
    catalog: Catalog, request: PlanRequest, memory_mb: float | None
) -> tuple[tuple[Offer, ...], Guarantee]:
    """What every workload may be, and how surely all figures together stay within their bounds.

    Args:
        catalog: everything that is known.
        request: the question.
        memory_mb: how much memory there is for all; `None` for any.

    Raises:
        AdvisorError: the board is unknown, has nothing that a workload asks for, or a file is broken.
    """
    gathered = [_candidates(catalog, request, each) for each in request.workloads]
    limited = [
        _limited(workload, candidates, request, memory_mb)
        for workload, candidates in zip(request.workloads, gathered, strict=True)
    ]
    uncertain = sum(
        _uncertain(candidates, key, sense)
        for candidates, keys in zip(gathered, limited, strict=True)
        for key, sense in keys.items()
    )
    idle = gathered[0].boards[0].idle_power_w
    uncertain += request.most_power_w is not None and idle is not None and idle.high is not None
    guarantee = Guarantee(request.required_confidence, uncertain)
    return tuple(
        _offer(workload, candidates, keys, request, guarantee)
        for workload, candidates, keys in zip(request.workloads, gathered, limited, strict=True)
    ), guarantee


def unlike_accuracies(request: PlanRequest, offers: Sequence[Offer]) -> tuple[str, ...]:
    """What is to be said of workloads whose accuracies are not stated alike.

    Raises:
        AdvisorError: the objective puts them together, and nothing says how much each counts.
    """
    if not request.needs_accuracy or len({each.candidates.quality for each in offers}) < 2:
        return ()
    each_as = "; ".join(f"{each.workload.name}: {each.candidates.quality}" for each in offers)
    if request.objective == "worst-accuracy":
        raise AdvisorError(
            f"objective worst-accuracy: the accuracies of these workloads are unlike ({each_as})",
            "take the objective accuracy with a weight for each workload, or power",
        )
    weighed = all(each.weight is not None for each in request.workloads)
    bounded = all(each.least_accuracy for each in request.workloads)
    if not weighed and not bounded:
        raise AdvisorError(
            f"objective accuracy: the accuracies of these workloads are unlike ({each_as})",
            "say how much each counts (weight: 2), or limit each accuracy, or take the objective power",
        )
    return (
        f"the accuracies of these workloads are unlike ({each_as}): their mean counts points alike",
    )


def _candidates(catalog: Catalog, request: PlanRequest, workload: Workload) -> Candidates:
    """What the catalog has for a workload, in canonical order."""
    try:
        found = gather(catalog, replace(workload.requirements, boards=(request.board,)))
    except AdvisorError as error:
        if request.board in catalog.board_layers:
            raise AdvisorError(f"workload {workload.name}: {error.message}", error.hint) from None
        raise
    table = found.measurements
    keys = (
        found.architecture_index,
        found.batch,
        found.weights_index,
        table.variant_index[found.rows],
    )
    return found.take(np.lexsort(keys[::-1]))


def _limited(
    workload: Workload, candidates: Candidates, request: PlanRequest, memory_mb: float | None
) -> dict[str, Sense]:
    """The figures of a workload on which something is limited, and from which side."""
    limited: dict[str, Sense] = {LATENCY: "max"}
    if _reports_throughput(candidates).any():
        limited[RATE] = "min"
    for constraint in workload.requirements.constraints:
        if constraint.name not in ("fps", "response"):
            limited[constraint.metric] = constraint.sense
    if memory_mb is not None:
        limited[MEMORY] = "max"
    if request.most_power_w is not None:
        limited[POWER] = "max"
    return limited


def _reports_throughput(candidates: Candidates) -> Booleans:
    """Where the source reports a throughput, which may be more than batch / latency."""
    if "throughput_fps" in candidates.absent:
        return np.zeros(len(candidates), dtype=np.bool_)
    known: Booleans = ~np.isnan(candidates.input_figure("throughput_fps"))
    return known


def _widths(candidates: Candidates, key: str, sense: Sense) -> tuple[Floats, Floats]:
    """A figure, and its standard deviation (of the logarithm) towards the worse side."""
    value, below, above = candidates.spread(key)
    return value, below if sense == "min" else above


def _uncertain(candidates: Candidates, key: str, sense: Sense) -> bool:
    _, width = _widths(candidates, key, sense)
    return bool(np.any(np.isfinite(width) & (width > 0)))


def _offer(
    workload: Workload,
    candidates: Candidates,
    limited: Mapping[str, Sense],
    request: PlanRequest,
    guarantee: Guarantee,
) -> Offer:
    columns = {key: _column(candidates, key, None, guarantee) for key in SHOWN}
    columns.update(
        {key: _column(candidates, key, sense, guarantee) for key, sense in limited.items()}
    )
    needed = set(limited)
    if MEMORY not in {each.metric for each in workload.requirements.constraints}:
        needed -= set() if request.memory_mb is not None else {MEMORY}
    proof = needed | ({AVERAGE_POWER} if request.most_power_w is not None else set())
    unproven = np.logical_or.reduce([candidates.unproven(key) for key in sorted(proof)])
    needed |= {ACCURACY} if request.needs_accuracy else set()
    needed |= {POWER, IDLE_POWER} if request.needs_power else set()
    return Offer(workload, candidates, columns, frozenset(needed), unproven, request.proven)


def _column(candidates: Candidates, key: str, sense: Sense | None, guarantee: Guarantee) -> Column:
    """A figure; `sense` says from which side it is limited, `None` for not at all."""
    if sense is None or not guarantee.confidence:
        value = candidates.figure(key)
        return Column(value, value)
    value, width = _widths(candidates, key, sense)
    away = guarantee.deviations * np.where(np.isfinite(width), width, 0.0)
    bound = value * np.exp(-away if sense == "min" else away)
    anything = np.isinf(width) & (guarantee.confidence > 0)
    return Column(value, np.where(anything, np.inf, bound))


IN_EACH = "the runtime's own memory is counted in each workload, not once"
WITHOUT_RUNTIME = "device"
"""A scope of memory with this word in it covers what a device's allocator gave out, not the runtime."""


def runtime_floor(
    catalog: Catalog, board: Board, offers: Sequence[Offer], asked_mb: float | None
) -> tuple[float, tuple[str, ...]]:
    """What workloads that share one runtime need of the memory only once.

    Args:
        catalog: everything that is known.
        board: the board.
        offers: what the workloads may be.
        asked_mb: the floor that the question states, if it does.

    Returns:
        The floor in MB: as stated; else what the board's fitted model of memory says of a network without
        parameters and activations, though never more than the least memory of the board's rows; else
        0, as where the board's memory figures leave the runtime out. And notes: why it is 0.

    Raises:
        AdvisorError: the stated one is more than a row of the board takes in all.
    """
    if WITHOUT_RUNTIME in board.memory_scope.lower():
        return 0.0, ()
    table = catalog.measurements(board)
    known = table.memory_mb.values.value[~np.isnan(table.memory_mb.values.value)]
    if not len(known) or not all(len(each) for each in offers):
        return 0.0, ()
    least = float(known.min())
    if asked_mb is not None and asked_mb > least:
        raise AdvisorError(
            f"runtime_floor: {written_as(asked_mb, quantities.MEMORY)} is more than a network takes on "
            f"{board.name} in all ({written_as(least, quantities.MEMORY)})",
            "give what the runtime takes before any network is loaded",
        )
    variants = _variants(offers)
    runtimes = sorted({each.runtime for each in variants})
    if len(runtimes) > 1:
        return 0.0, (f"{IN_EACH}: the candidates use several ({', '.join(runtimes)})",)
    if asked_mb is not None:
        return asked_mb, ()
    fit, why_not = current_fit(board, table, catalog.architectures, catalog.own_folder)
    models = [fit.models.get(each, {}).get("memory_mb", ()) if fit else () for each in variants]
    if not all(models):
        return 0.0, (f"{IN_EACH}: {why_not or 'there is no fitted model of memory'}",)
    nothing = np.zeros((1, len(COLUMNS)))
    return min(least, *(float(each[0].model(nothing)[0]) for each in models)), ()


def _variants(offers: Sequence[Offer]) -> set[Variant]:
    """Every variant that some workload may use."""
    found = set()
    for offer in offers:
        table, rows = offer.candidates.measurements, offer.candidates.rows
        found |= {table.variants[place] for place in np.unique(table.variant_index[rows]).tolist()}
    return found
