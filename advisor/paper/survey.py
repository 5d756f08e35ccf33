"""The paper's findings and laws on many boards: how large each effect is in every variant."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from advisor.architectures.names import device_of
from advisor.arguments import checked
from advisor.catalog.precision import has_float_accuracy
from advisor.catalog.records import Board
from advisor.catalog.run_as import Variant
from advisor.catalog.store import Catalog
from advisor.errors import AdvisorError
from advisor.option_kinds import read_boards
from advisor.paper.board_findings import Findings, findings_on
from advisor.paper.effects import Effect, mean_effect, rank_effect, slope_effect, spread_effect
from advisor.paper.evidence import ABOVE_BOUND, Evidence, held_out_errors
from advisor.paper.four_findings import LEAST_NETWORKS, SHAPES
from advisor.stages import counted_off

if TYPE_CHECKING:
    import pandas as pd

    from advisor.catalog.records import Booleans, Floats

LEAST_SURVEYED = 8
"""Of fewer networks an effect's interval says next to nothing."""


@dataclass(frozen=True)
class Effects:
    """The sizes of the paper's effects; `None` where the rows do not show one.

    Attributes:
        power_spread: relative standard deviation of power over the networks; 0 is the paper's finding.
        power_rank: rank correlation of power and operations; 0 is the paper's finding.
        time_rank: rank correlation of time per image and operations.
        time_exponent: time per image goes with operations to the power of this; 1 is proportional.
        time_error: mean relative error, at networks held out, of the straight line of time in operations.
        hyperbola_gain_points: by how many points of accuracy a hyperbola in time is nearer to the most
            accurate networks than a logarithm is, at networks held out.
        energy_rank: rank correlation of energy per image and operations.
        memory_slope: MB of memory per MB of parameters of 32 bits; 1.30 in the paper.
    """

    power_spread: Effect | None
    power_rank: Effect | None
    time_rank: Effect | None
    time_exponent: Effect | None
    time_error: Effect | None
    hyperbola_gain_points: Effect | None
    energy_rank: Effect | None
    memory_slope: Effect | None


@dataclass(frozen=True)
class SurveyedVariant:
    """One way in which a board ran networks, and what that shows.

    Attributes:
        board: the board's name.
        device: the device that it is.
        runtime, precision, processor, threads: the variant.
        batch: the batch size that most networks ran, of which the figures are.
        networks: how many ran it.
        time: what stands for time per image.
        power: what stands for net power; "" where no power is known.
        effects: how large each effect is.
    """

    board: str
    device: str
    runtime: str
    precision: str
    processor: str
    threads: int
    batch: int
    networks: int
    time: str
    power: str
    effects: Effects

    @property
    def variant(self) -> Variant:
        """How it was run."""
        return Variant(self.runtime, self.precision, self.processor, self.threads)


@dataclass(frozen=True)
class Quantisation:
    """What quantising does to the networks that a board ran both ways, all else alike.

    Attributes:
        board: the board's name.
        device: the device that it is.
        runtime, processor, threads: how they were run.
        floats: the precision of the one way.
        quantised: that of the other.
        networks: how many ran both ways.
        speed_up: how many times as fast, on geometric mean.
        accuracy_loss_points: how many points of accuracy are lost, on average, by the same weights; `None`
            where that is unknown.
        power_ratio: how many times the power, on geometric mean; likewise.
    """

    board: str
    device: str
    runtime: str
    processor: str
    threads: int
    floats: str
    quantised: str
    networks: int
    speed_up: Effect
    accuracy_loss_points: Effect | None
    power_ratio: Effect | None


@dataclass(frozen=True)
class Survey:
    """The paper's effects on many boards.

    Attributes:
        boards: how many boards were asked about.
        variants: every way of running networks that has enough of them, by board.
        quantisations: what quantising does, by board.
        too_few: how many variants have fewer than `LEAST_SURVEYED` networks.
        left_out: what is wrong with boards that cannot be read.
    """

    boards: int
    variants: tuple[SurveyedVariant, ...]
    quantisations: tuple[Quantisation, ...]
    too_few: int
    left_out: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """The variants, a row each; an effect has three columns: "time_rank", and that "_low" and "_high"."""
        return _frame(self.variants, SurveyedVariant)

    def quantisations_frame(self) -> pd.DataFrame:
        """What quantising does, a row each, in columns likewise."""
        return _frame(self.quantisations, Quantisation)


def _frame(rows: Sequence[object], kind: type) -> pd.DataFrame:
    import pandas as pd

    frame: pd.DataFrame = pd.DataFrame([dict(_flat(row, kind)) for row in rows])
    return frame


def _flat(row: object, kind: type) -> Iterator[tuple[str, object]]:
    """The fields of a dataclass, those of its effects among them."""
    for field in fields(kind):
        value = getattr(row, field.name)
        if isinstance(value, Effects):
            yield from _flat(value, Effects)
        elif isinstance(value, Effect) or "Effect" in str(field.type):
            yield field.name, value.value if value else np.nan
            yield f"{field.name}_low", value.low if value else np.nan
            yield f"{field.name}_high", value.high if value else np.nan
        else:
            yield field.name, value


@checked
def survey(
    boards: str | Sequence[str] = "any", *, catalog: str | os.PathLike[str] | None = None
) -> Survey:
    """How large the paper's effects are on many boards, in every way that these ran networks.

    Of each way the batch size counts that most networks ran. Intervals are 90 %, over networks.

    Args:
        boards: names of boards or devices, or patterns, as a list or with commas between them; "any" is all.
        catalog: folder of your own catalog, which overlays the shipped one; else that of
            `ADVISOR_CATALOG`, else the user data folder.

    Raises:
        AdvisorError: there is no such board, a file is broken, or none has enough networks.
    """
    return _survey(Catalog.open(catalog), read_boards("board", boards))


def _survey(opened: Catalog, boards: Sequence[str] | None) -> Survey:
    asked, broken = opened.survey_of(boards)
    variants: list[SurveyedVariant] = []
    quantisations: list[Quantisation] = []
    too_few = 0
    for each in counted_off(asked, "surveying boards"):
        ways = Evidence.each(opened, each.board, each.measurements)
        at_batch = [way.at(way.commonest_batch) for way in ways]
        enough = [way for way in at_batch if len(way) >= LEAST_SURVEYED]
        too_few += len(ways) - len(enough)
        variants += map(_surveyed, enough)
        quantisations += _quantisations(each.board, enough)
    if not variants:
        least = f"{LEAST_SURVEYED} networks at one batch size"
        raise AdvisorError(f"no board that was asked for ran {least}", "ask for more: --board any")
    left_out = tuple(error.message for error in broken)
    return Survey(len(asked), tuple(variants), tuple(quantisations), too_few, left_out)


@checked
def findings_or_survey(
    boards: str | None = None, *, catalog: str | os.PathLike[str] | None = None
) -> Findings | Survey:
    """What holds of the paper's findings on a board, or on many how large its effects are.

    Args:
        boards: a board, as `findings` takes it, or words that mean several, as `survey` takes them.
        catalog: as both take it.

    Raises:
        AdvisorError: as both have it.
    """
    opened = Catalog.open(catalog)
    if boards is None:
        return findings_on(opened, None)
    words = read_boards("board", boards)
    if words is None or len(opened.boards_meant(words)) > 1:
        return _survey(opened, words)
    return findings_on(opened, boards)


def _surveyed(way: Evidence) -> SurveyedVariant:
    known = bool((~np.isnan(way.power_w)).any())
    return SurveyedVariant(
        way.board.name,
        device_of(way.board.name),
        *way.variant,
        batch=way.commonest_batch,
        networks=len(way),
        time=way.time_kind,
        power=way.power_kind if known else "",
        effects=effects(way),
    )


def effects(way: Evidence) -> Effects:
    """The effects in rows of one batch size, a row a network."""
    powered = _known(way, way.power_w)
    counted = _known(way, way.operations)
    both = _known(counted, counted.power_w)
    sized = _known(way, way.memory_mb, way.params)
    logs = np.log(counted.operations), np.log(counted.time_ms)
    return Effects(
        power_spread=_power_spread(powered) if _enough(powered.power_w) else None,
        power_rank=_related(rank_effect, both.operations, both.power_w),
        time_rank=_related(rank_effect, *logs),
        time_exponent=_related(slope_effect, *logs),
        time_error=_time_error(counted) if _enough(*logs) else None,
        hyperbola_gain_points=_hyperbola_gain(way),
        energy_rank=_related(rank_effect, both.operations, both.energy_j),
        memory_slope=_related(slope_effect, sized.params * 4 / 1e6, sized.memory_mb),
    )


def _related(effect: Callable[[Floats, Floats], Effect], x: Floats, y: Floats) -> Effect | None:
    """How one column goes with another, where enough networks differ in both."""
    return effect(x, y) if _enough(x, y) else None


def _known(way: Evidence, *columns: Floats) -> Evidence:
    """The rows in which all columns are known."""
    known: Booleans = np.logical_and.reduce([~np.isnan(column) for column in columns])
    return way.where(known)


def _enough(*columns: Floats) -> bool:
    """Whether so many networks differ in each column that it can be related to others."""
    return all(len(np.unique(column)) >= LEAST_NETWORKS for column in columns) and (
        len(columns[0]) >= LEAST_SURVEYED
    )


def _power_spread(way: Evidence) -> Effect:
    """The spread of power; where idle power is a bound only, from gross power's least to net power's most."""
    found = spread_effect(way.power_w)
    idle = way.board.idle_power_w
    if way.power_kind != ABOVE_BOUND or idle is None:
        return found
    return Effect(found.value, spread_effect(way.power_w + idle.value).low, found.high)


def _time_error(way: Evidence) -> Effect:
    return mean_effect(np.abs(held_out_errors(way.operations, way.time_ms)) / way.time_ms)


def _hyperbola_gain(way: Evidence) -> Effect | None:
    best = way.frontier()
    if len(best) < LEAST_NETWORKS:
        return None
    hyperbola, logarithm = (
        np.abs(held_out_errors(SHAPES[shape](best.time_ms), best.top1))
        for shape in ("hyperbolic", "logarithmic")
    )
    return mean_effect(logarithm - hyperbola)


def _quantisations(board: Board, ways: Sequence[Evidence]) -> Iterator[Quantisation]:
    """Each quantised way beside each way in floats that is like it in all else."""
    for one, other in product(ways, ways):
        if not has_float_accuracy(one.variant.precision):
            continue
        if has_float_accuracy(other.variant.precision):
            continue
        if one.variant._replace(precision="") != other.variant._replace(precision=""):
            continue
        found = _quantisation(board, one, other)
        if found is not None:
            yield found


def _loss(floats: Evidence, quantised: Evidence, name: str) -> float:
    """By how many points a network is less accurate quantised, on average of sets known both ways."""
    before, after = floats.reached[name], quantised.reached[name]
    return float(
        np.mean([before[each] - after[each] for each in before if each in after] or np.nan)
    )


def _quantisation(board: Board, floats: Evidence, quantised: Evidence) -> Quantisation | None:
    shared, first, second = np.intersect1d(floats.names, quantised.names, return_indices=True)
    if len(shared) < LEAST_SURVEYED or floats.commonest_batch != quantised.commonest_batch:
        return None

    def mean(values: Floats) -> Effect | None:
        known = values[~np.isnan(values)]
        return mean_effect(known) if len(known) >= LEAST_NETWORKS else None

    faster = mean_effect(np.log(floats.time_ms[first] / quantised.time_ms[second]))
    power = mean(np.log(quantised.power_w[second] / floats.power_w[first]))
    return Quantisation(
        board.name,
        device_of(board.name),
        floats.variant.runtime,
        floats.variant.processor,
        floats.variant.threads,
        floats=floats.variant.precision,
        quantised=quantised.variant.precision,
        networks=len(shared),
        speed_up=faster.map(np.exp),
        accuracy_loss_points=mean(
            np.array([_loss(floats, quantised, name) for name in shared.tolist()])
        ),
        power_ratio=power.map(np.exp) if power else None,
    )
