"""A fitted model as plain numbers, and what it says with which certainty. Needs numpy alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.records import Values
from advisor.prediction.terms import COLUMNS, NEEDS, column, design

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Floats

    Booleans = NDArray[np.bool_]

LEVEL = 0.90
LEAST_GROUPS = 9
"""Fewer architectures than these cannot give a 90 % interval: there is no rank for it."""

Branch = tuple[str, ...]
Form = tuple[Branch, ...]
"""The terms of each branch of a model; the model is the largest of its branches."""


@dataclass(frozen=True)
class Model:
    """A sum of terms with their coefficients, or the largest of several such sums.

    Attributes:
        form: the terms of each branch.
        coefficients: one for each term, in the unit of the metric per unit of the term.
    """

    form: Form
    coefficients: tuple[tuple[float, ...], ...]

    def __call__(self, runs: Floats) -> Floats:
        """What the model says of each run; NaN where something that it needs is unknown.

        Args:
            runs: shape (rows, len(COLUMNS)).
        """
        says: Floats = predict_all([self], runs)[0]
        return says

    @property
    def needs(self) -> frozenset[str]:
        """The columns that it needs, beside the batch."""
        return needs(self.form)


def predict_all(models: Sequence[Model], runs: Floats) -> Floats:
    """What each model says of each run; models of one form share what is computed of the runs.

    Returns:
        Shape (models, rows); NaN where something that a model needs is unknown.
    """
    says = np.empty((len(models), len(runs)))
    for form in {model.form for model in models}:
        alike = [place for place, model in enumerate(models) if model.form == form]
        found = _largest_branch([models[place].coefficients for place in alike], form, runs)
        if len(alike) == len(models):
            return found
        says[alike] = found
    return says


def _largest_branch(
    coefficients: Sequence[Sequence[Sequence[float]]], form: Form, runs: Floats
) -> Floats:
    """What models of one form say; shape (models, rows)."""
    found: Floats | None = None
    for branch, terms in enumerate(form):
        sums = np.array([each[branch] for each in coefficients]) @ design(runs, terms).T
        found = sums if found is None else np.maximum(found, sums)
    if found is None:
        raise ValueError("a model has one branch at least")
    return found


def needs(form: Form) -> frozenset[str]:
    """The columns that a form needs, beside the batch."""
    return frozenset(name for terms in form for term in terms for name in NEEDS[term])


@dataclass(frozen=True)
class HeldOut:
    """A model that has not seen one architecture, and how far it was off that one.

    Attributes:
        architecture: the one that was left out.
        model: fitted to all others.
        residuals: by batch size, the logarithm of what was found over what it says.
        residuals_unseen: the same of a model that has not seen its family either; empty where that is the
            same model, or there is none.
    """

    architecture: str
    model: Model
    residuals: Mapping[int, float]
    residuals_unseen: Mapping[int, float] = field(default_factory=dict)

    def residual(self, batch: int, *, unseen: bool = False) -> float:
        """How far it was off at the batch size nearest to `batch`, at worst of two equally near.

        Args:
            batch: the batch size.
            unseen: whether it is to have seen nothing of the family.
        """
        found = [self.residuals]
        if unseen and self.residuals_unseen:  # its family may mislead, too: the worse of both
            found.append(self.residuals_unseen)
        return max(abs(off[each]) for off in found for each in _nearest(off, batch))

    def change(self, known: int, batch: int) -> float:
        """How much that differs between a batch size that is known and another.

        At worst over the batch sizes between the two and the next beyond `batch`, or over all where
        nothing lies beyond. Where that is unknown, all that it was off counts.
        """
        start = min(_nearest(self.residuals, known))
        upwards = batch > known
        ahead = sorted(
            (each for each in self.residuals if (each > known) == upwards and each != start),
            reverse=not upwards,
        )
        within = [each for each in ahead if (each < batch) == upwards]
        beyond = [each for each in ahead if each not in within][:1]
        passed = (
            [*within, *beyond] if beyond else [each for each in self.residuals if each != start]
        )
        if not passed:
            return self.residual(batch)
        return max(abs(self.residuals[each] - self.residuals[start]) for each in passed)


def _nearest(known: Collection[int], batch: int) -> list[int]:
    """The batch sizes that are nearest to one, by their ratio: one, or two equally near."""
    least = min(abs(np.log(each / batch)) for each in known)
    return [each for each in known if abs(np.log(each / batch)) <= least + 1e-9]


@dataclass(frozen=True)
class Errors:
    """How far a model was off architectures that it had not seen.

    Attributes:
        architectures: how many were left out in turn.
        rows: how many rows they have.
        mean: mean relative error.
        median: median relative error.
        within_10, within_25: share of the rows within +-10 % and +-25 %.
        coverage: share of the rows that lie in their 90 % interval, on average over the architectures;
            `None` where there is none.
        width: median relative width of the intervals; `None` likewise.
    """

    architectures: int
    rows: int
    mean: float
    median: float
    within_10: float
    within_25: float
    coverage: float | None = None
    width: float | None = None


@dataclass(frozen=True)
class Anchors:
    """For each run the same network at a batch size of which something is known.

    Attributes:
        runs: the network at that batch size; shape (rows, len(COLUMNS)).
        found: what was found of it; NaN where nothing was; shape (rows,).
        error: half the width of its 90 % interval, as a logarithm; 0 where it is not known.
        least, most: what the nearest smaller and larger batch size took, where more images never take
            less; NaN where nothing was found of any; shape (rows,).
    """

    runs: Floats
    found: Floats
    error: Floats
    least: Floats
    most: Floats

    @classmethod
    def none(cls, runs: Floats) -> Anchors:
        """Nothing is known of any network."""
        unknown = np.full(len(runs), np.nan)
        return cls(runs, unknown, np.zeros(len(runs)), unknown, unknown)

    def at(self, rows: Booleans) -> Anchors:
        """Those of some of the runs."""
        columns = (self.runs, self.found, self.error, self.least, self.most)
        return Anchors(*(each[rows] for each in columns))

    def bracketed(self, values: Floats) -> Floats:
        """Values kept between what smaller and larger batches took."""
        kept: Floats = np.where(
            np.isnan(values), values, np.fmin(np.fmax(values, self.least), self.most)
        )
        return kept


@dataclass(frozen=True)
class FittedModel:
    """A model, how sure it is, and what it has seen.

    Attributes:
        model: fitted to everything.
        held_out: for each architecture the model without it; empty where there are too few.
        seen: the least and greatest value of each column that the model needs.
        errors: how far it was off what it had not seen; `None` where there were too few
            architectures to leave one out.
    """

    model: Model
    held_out: tuple[HeldOut, ...]
    seen: Mapping[str, tuple[float, float]]
    errors: Errors | None

    def predict(
        self, runs: Floats, anchors: Anchors | None = None, unseen: Booleans | None = None
    ) -> Values:
        """What the model says of each run, with its 90 % interval (NaN where there is none).

        The interval is jackknife+ on the logarithm (Barber et al., Annals of Statistics 49, 2021):
        each architecture contributes what the model without it says, give or take what that model was off
        it at the nearest batch size. For a run of a network of a family that was not seen this is widened to
        what a model without its whole family was off it, if that is more (a rule that held what it says where
        it was tried, `tests/benchmarks/families.py`; the guarantee of jackknife+ is for networks like these).

        Args:
            runs: shape (rows, len(COLUMNS)).
            anchors: what was found of the same network at another batch size, where something was. The
                model then only gives the ratio of the two, and the interval how far it is off in that.
            unseen: which runs are of networks of whose family nothing was seen; `None` for none.
        """
        anchors = anchors or Anchors.none(runs)
        unseen = np.zeros(len(runs), np.bool_) if unseen is None else unseen
        anchored = ~np.isnan(anchors.found)
        (value,) = self._scaled([self.model], runs, anchors)
        value = np.where(value > 0, value, np.nan)  # nothing is predicted of such a run
        low, high = np.full(len(runs), np.nan), np.full(len(runs), np.nan)
        if len(self.held_out) >= LEAST_GROUPS:
            centre = logarithm(self._scaled([each.model for each in self.held_out], runs, anchors))
            off = self._residuals(runs, anchors, anchored, unseen)
            lows, highs = jackknife_plus(centre, np.hypot(off, anchors.error))
            # The model itself lies inside but in odd cases; an interval that leaves it out helps nobody.
            low, high = np.minimum(np.exp(lows), value), np.maximum(np.exp(highs), value)
        return Values(*(anchors.bracketed(each) for each in (value, low, high)))

    def _scaled(self, models: Sequence[Model], runs: Floats, anchors: Anchors) -> Floats:
        """What each model says of each run, scaled so that it says what was found of the anchor.

        Returns:
            Shape (models, rows).
        """
        says = predict_all(models, runs)
        known = np.flatnonzero(~np.isnan(anchors.found))
        if len(known):  # hardly any, where a library's thousand networks are predicted
            with np.errstate(divide="ignore", invalid="ignore"):
                at_anchor = predict_all(models, anchors.runs[known])
                scaled = says[:, known] * anchors.found[known] / at_anchor
            says[:, known] = np.where(np.isfinite(scaled), scaled, says[:, known])
        return says

    def _residuals(
        self, runs: Floats, anchors: Anchors, anchored: Booleans, unseen: Booleans
    ) -> Floats:
        """How far each held-out model was off at the batch size of each run, from its anchor's on."""
        batches = column(runs, "batch").astype(np.int64)
        known = np.where(anchored, np.nan_to_num(column(anchors.runs, "batch")), 0).astype(np.int64)
        questions = np.column_stack([known, batches, unseen])
        kinds, place = np.unique(questions, axis=0, return_inverse=True)
        residuals = [
            [
                each.change(anchor, batch)
                if anchor
                else each.residual(batch, unseen=bool(is_unseen))
                for anchor, batch, is_unseen in kinds.tolist()
            ]
            for each in self.held_out
        ]
        return np.array(residuals).reshape(len(self.held_out), -1)[:, place.ravel()]

    def knows(self, runs: Floats) -> Booleans:
        """For which runs all is known that the model and its held-out fits need; shape (rows,)."""
        models = [self.model, *(each.model for each in self.held_out)]
        needed = frozenset[str]().union(*(model.needs for model in models))
        known = [~np.isnan(column(runs, name)) for name in sorted(needed)]
        all_known: Booleans = np.logical_and.reduce([np.ones(len(runs), dtype=np.bool_), *known])
        return all_known

    def outside(self, runs: Floats) -> Booleans:
        """Which columns of each run lie outside what the model has seen; shape (rows, len(COLUMNS))."""
        found = np.zeros(runs.shape, dtype=np.bool_)
        for name, (least, greatest) in self.seen.items():
            values = column(runs, name)
            found[:, COLUMNS.index(name)] = ~((least <= values) & (values <= greatest))
        return found


def jackknife_plus(
    centres: Floats, residuals: Floats, level: float = LEVEL
) -> tuple[Floats, Floats]:
    """The jackknife+ interval.

    Args:
        centres: what each held-out fit says of each new row; shape (groups, rows).
        residuals: how far each was off its own group; the same shape.
        level: the coverage that is wanted.

    Returns:
        The lower and upper ends; shape (rows,).
    """
    groups = len(centres)
    rank = int(np.ceil(level * (groups + 1) - 1e-9))
    low = _smallest(centres - residuals, groups - rank)
    high = _smallest(centres + residuals, rank - 1)
    return low, high


def _smallest(values: Floats, rank: int) -> Floats:
    """In each column the smallest value but `rank`; shape (columns,). Few groups rank at an end."""
    found: Floats
    if rank == 0:
        found = values.min(axis=0)
    elif rank == len(values) - 1:
        found = values.max(axis=0)
    else:
        found = np.partition(values, rank, axis=0)[rank]
    return found


def logarithm(values: Floats) -> Floats:
    """The logarithm, for models that may give zero for a run: that is taken as next to nothing."""
    logs: Floats = np.log(np.maximum(values, np.finfo(np.float64).tiny))
    return logs


def first_that_knows(models: Sequence[FittedModel], runs: Floats) -> NDArray[np.int64]:
    """For each run, the first of `models` that has all it needs, or -1; shape (rows,)."""
    chosen = np.full(len(runs), -1)
    for place, model in reversed(list(enumerate(models))):
        chosen[model.knows(runs)] = place
    return chosen
