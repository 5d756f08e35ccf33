"""What nothing beats: the candidates for which every other one is worse somewhere."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from advisor.catalog.records import Board
from advisor.documents import computed
from advisor.errors import AdvisorError
from advisor.metrics import METRICS, Metric, expression, metric_named
from advisor.options import Requirements
from advisor.quality import Quality
from advisor.solve.candidates.candidate import ROW_COLUMNS, Candidate, records
from advisor.solve.candidates.candidates import Candidates
from advisor.solve.candidates.gather import gather
from advisor.solve.question import asking, read_question
from advisor.solve.recommend.non_dominated import non_dominated
from advisor.solve.recommend.ranking import in_order, listed
from advisor.solve.recommend.verdicts import Verdicts

if TYPE_CHECKING:
    import pandas as pd

    from advisor.catalog.records import Floats, Integers

FEWEST_AXES, MOST_AXES = 2, 3


@dataclass(frozen=True)
class Frontier:
    """The candidates that meet every limit and that no other such one beats.

    One beats another if it is nowhere worse and somewhere better, on these axes.

    Attributes:
        requirements: the question, defaults included.
        boards: the boards that it was asked of.
        quality: in what accuracy is stated: the task, its metric, the data set.
        axes: keys of the metrics that are traded against each other, x first.
        points: the frontier, ordered by x, best first, then by the next axes. Of candidates whose
            figures are equal on all axes, only the one that `ranking.in_order` puts first.
        pick: of those that meet every limit the one that the objective prefers, on the frontier or
            not; `None` where nothing fits.
        considered: how many candidates there were.
        feasible: how many of them meet every limit with the asked confidence.
        unknown: how many of those are left out because a figure on an axis is unknown.
        figures: the figures on the axes of all that were compared; shape (feasible - unknown, axes).
        compared: the network of each of those rows.
        families: the family of each of those networks.
        notes: what could not be done as it was asked, in words.
        weights_used: the names of the sets of weights that the candidates have.
        instead: by axis of which no candidate that meets every limit has a figure, the axis nearest in
            meaning of which some have; "" where there is none, or it can be left out. Empty where something
            could be compared.
    """

    UNDOCUMENTED: ClassVar = (
        "requirements",
        "boards",
        "figures",
        "compared",
        "families",
        "weights_used",
        "instead",
    )

    requirements: Requirements
    boards: tuple[Board, ...]
    quality: Quality
    axes: tuple[str, ...]
    points: tuple[Candidate, ...]
    pick: Candidate | None
    considered: int
    feasible: int
    unknown: int
    figures: Floats = field(repr=False, compare=False)
    compared: tuple[str, ...] = field(default=(), repr=False, compare=False)
    families: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    notes: tuple[str, ...] = ()
    weights_used: frozenset[str] = frozenset()
    instead: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    @computed
    def status(self) -> Literal["ok", "infeasible"]:
        """Whether something meets all limits."""
        return "ok" if self.points else "infeasible"

    def __repr__(self) -> str:
        return f"<Frontier {self}>"  # its parts would fill pages

    def __str__(self) -> str:
        axes = " x ".join(METRICS[key].name for key in self.axes)
        return f"{self.requirements.boards_text}, {axes}: {len(self.points)} candidates"

    def to_frame(self) -> pd.DataFrame:
        """The points as a table, ordered by x; the columns are those of `Recommendation.to_frame`."""
        import pandas as pd

        frame: pd.DataFrame = pd.DataFrame(
            [each.row() for each in self.points], columns=ROW_COLUMNS
        )
        return frame


def read_axes(names: Sequence[object]) -> tuple[Metric, ...]:
    """The metrics that people name as axes.

    Raises:
        AdvisorError: a name is unknown or stands twice, or there are too few or too many.
    """
    metrics = tuple(metric_named(name, "axis") for name in names)
    for place, metric in enumerate(metrics):
        if metric in metrics[:place]:
            others = ", ".join(each.name for each in METRICS.values() if each not in metrics)
            raise AdvisorError(f"{metric.name} stands on two axes", f"choose another of: {others}")
    if not FEWEST_AXES <= len(names) <= MOST_AXES:
        raise AdvisorError(f"a frontier has two or three axes, not {len(names)}", "name them")
    return metrics


@asking
def frontier(
    requirements: str | os.PathLike[str] | None = None,
    *,
    x: str = "time",
    y: str = "accuracy",
    z: str | None = None,
    **question: object,
) -> Frontier:
    """The candidates that meet every limit and that no other one beats on two or three metrics.

    Args:
        requirements: a YAML file that asks; what is said here overrides it.
        x: the first metric, by the name that limits have.
        y: the second.
        z: a third, or `None`.
        **question: the parts of a question, as `pick` takes them.

    Raises:
        AdvisorError: something asked for cannot be read or is not known, or a file is broken.
    """
    axes = (x, y) if z is None else (x, y, z)
    metrics = read_axes(axes)
    opened, asked = read_question(requirements, **question)  # type: ignore[arg-type]
    for metric in metrics:
        if needed := asked.needed_for(metric.key):
            raise AdvisorError(f"{metric.name}: nothing is known of it", needed)
    return frontier_of(gather(opened, asked), asked, axes)


def frontier_of(
    candidates: Candidates, requirements: Requirements, axes: Sequence[str]
) -> Frontier:
    """The frontier of the candidates that meet every limit.

    Args:
        candidates: what may be chosen from.
        requirements: the limits, the confidence, and the objective, which orders what is equal.
        axes: names of two or three metrics, such as ("time", "accuracy").

    Raises:
        AdvisorError: as `read_axes` has it.
    """
    metrics = read_axes(axes)
    objective, limits = requirements.objective, requirements.constraints
    verdicts = Verdicts.of(
        candidates, limits, objective, requirements.confidence, proven=requirements.proven
    )
    feasible = verdicts.feasible
    figures = np.stack([candidates.figure(metric.key) for metric in metrics], axis=1)
    badness = figures * [-1.0 if metric.more_is_better else 1.0 for metric in metrics]
    best = feasible[non_dominated(badness[feasible])]
    order = _along_axes(badness, in_order(candidates, objective, best))
    first = listed(candidates, objective, feasible, candidates.network_index, 1)
    points, pick = (tuple(records(candidates, positions, limits)) for positions in (order, first))
    compared = feasible[~np.isnan(figures[feasible]).any(axis=1)]
    networks = [candidates.architectures[at] for at in candidates.architecture_index[compared]]
    return Frontier(
        requirements=requirements,
        boards=candidates.boards,
        quality=candidates.quality,
        axes=tuple(metric.key for metric in metrics),
        points=points,
        pick=pick[0] if pick else None,
        considered=len(candidates),
        feasible=len(feasible),
        unknown=len(feasible) - len(compared),
        figures=figures[compared],
        compared=tuple(each.name for each in networks),
        families={each.name: each.family for each in networks},
        notes=candidates.notes,
        weights_used=candidates.weights_used,
        instead={} if len(compared) else _instead(candidates, feasible, metrics),
    )


def _instead(
    candidates: Candidates, feasible: Integers, metrics: Sequence[Metric]
) -> Mapping[str, str]:
    """By axis of which no figure is known, the nearest in meaning that is known together with the others.

    None that stands for another axis is meant: a frame rate says nothing new beside a time. One that has
    nothing in common with the axis stands for it only where there would be no two axes otherwise.
    """
    known = {key: ~np.isnan(candidates.figure(key)[feasible]) for key in METRICS}
    found = {metric.key: "" for metric in metrics if not known[metric.key].any()}
    axes = [metric.key for metric in metrics if metric.key not in found]
    for alike, lacking in product((True, False), found):
        if found[lacking] or (len(axes) >= FEWEST_AXES and not alike):
            continue
        together = np.logical_and.reduce([known[key] for key in axes], initial=True)
        others = [key for key in METRICS if (known[key] & together).any() and _is_new(key, axes)]
        nearest = max(others, key=lambda key: _likeness(key, lacking), default=lacking)
        if nearest != lacking and (_likeness(nearest, lacking) > 0 or not alike):
            found[lacking] = nearest
            axes.append(nearest)
    return found


def _likeness(one: str, other: str) -> float:
    """How near two metrics are in meaning: the share of what either follows from that both do."""
    own, others = (set(expression(key).count) for key in (one, other))
    return len(own & others) / len(own | others)


def _is_new(key: str, axes: Sequence[str]) -> bool:
    """Whether a metric is more than one of these axes in other figures."""
    own = set(expression(key).count)
    theirs = [set(expression(axis).count) for axis in axes]
    return not any(own <= each or each <= own for each in theirs)


def _along_axes(badness: Floats, positions: Integers) -> Integers:
    """`positions` by the first axis, then the next ones; of those equal on all, the first given."""
    order = positions[np.lexsort(badness[positions].T[::-1])]
    rows = badness[order]
    first = np.ones(len(order), dtype=np.bool_)
    first[1:] = (rows[1:] != rows[:-1]).any(axis=1)
    return order[first]
