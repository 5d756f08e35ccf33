"""Fits laws, and finds out how far they are off architectures that they have not seen.

All rows of one architecture leave together: they resemble each other far more than those of another.
Which form a law takes is chosen without the architecture that is held out, so that no residual comes
from a fit, or a choice, that saw it. (The intervals whose coverage is told choose once for all of the rest.)
For networks of families that a board has not run, each is held out a second time, together with its kin,
the form as it was chosen without the architecture alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from advisor.catalog.records import Values
from advisor.prediction.law import (
    LEAST_GROUPS,
    Errors,
    FittedLaw,
    Form,
    HeldOut,
    Law,
    logarithm,
    needs,
)
from advisor.prediction.terms import COLUMNS, column

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Floats

    Names = NDArray[np.str_]

LEAST_ARCHITECTURES = 3
"""Fewer tell nothing of any law."""

FURTHEST = 50.0
"""How far a law may be off, as a logarithm; one that tells nothing of a run is that far."""

MOST_HELD_OUT = 100
"""Of more architectures than these only so many are held out in turn: for an interval that is enough."""


class Estimator(Protocol):
    """One of `advisor.prediction.laws`."""

    law_: Law

    def fit(self, X: Floats, y: Floats) -> Estimator:
        """Fit to runs."""
        ...


Make = Callable[[Form], Estimator]


@dataclass(frozen=True)
class Data:
    """What laws are fitted to.

    Attributes:
        runs: what ran, as `advisor.prediction.terms.COLUMNS`; shape (rows, columns).
        found: what was found of it; shape (rows,).
        architecture: whose rows they are; shape (rows,).
        family: of which family these are; shape (rows,), or `None` where each is its own.
    """

    runs: Floats
    found: Floats
    architecture: Names
    family: Names | None = None

    @property
    def architectures(self) -> list[str]:
        """The architectures, each once."""
        names: list[str] = np.unique(self.architecture).tolist()
        return names

    @property
    def held_out(self) -> list[str]:
        """The architectures that are held out in turn: all, or of very many some, evenly among the names."""
        names = self.architectures
        many = len(names)
        if many <= MOST_HELD_OUT:
            return names
        return [names[place * many // MOST_HELD_OUT] for place in range(MOST_HELD_OUT)]

    def without(self, *names: str) -> Data:
        """All rows but those of some architectures."""
        return self.where(~np.isin(self.architecture, names))

    def kin_of(self, name: str) -> list[str]:
        """The architectures of the family of one, itself among them."""
        if self.family is None:
            return [name]
        own = self.family == self.family[self.architecture == name][0]
        return self.where(own).architectures

    def only(self, name: str) -> Data:
        """The rows of one architecture."""
        return self.where(self.architecture == name)

    def where(self, rows: NDArray[np.bool_]) -> Data:
        """Some of the rows."""
        family = None if self.family is None else self.family[rows]
        return Data(self.runs[rows], self.found[rows], self.architecture[rows], family)

    def knowing(self, columns: Sequence[str]) -> Data:
        """The rows in which all of these columns are known."""
        known = [~np.isnan(column(self.runs, name)) for name in columns]
        return self.where(np.logical_and.reduce([np.ones(len(self.found), np.bool_), *known]))


def fit_law(make: Make, forms: Sequence[Form], data: Data) -> FittedLaw | None:
    """Fit the form that does best on architectures it has not seen.

    Args:
        make: an unfitted estimator of a form.
        forms: what it may be made of; every column that they need is known in all rows.
        data: what to fit.

    Returns:
        The fitted law; `None` where there are too few architectures.
    """
    names = data.architectures
    if len(names) < LEAST_ARCHITECTURES:
        return None
    laws = _Laws(make, data)
    law = laws.without(laws.best(forms))
    folds = {name: _fold(laws, forms, name) for name in data.held_out}
    enough = len(names) >= LEAST_GROUPS
    return FittedLaw(
        law=law,
        held_out=tuple(fold.held_out for fold in folds.values()) if enough else (),
        seen=_seen(law, data),
        errors=_errors(list(folds.values())),
    )


@dataclass(frozen=True)
class _Laws:
    """Laws of all rows but those of some architectures, each fitted once: a pair is left out twice."""

    make: Make
    data: Data
    fitted: dict[tuple[Form, frozenset[str]], Law] = field(default_factory=dict)

    def without(self, form: Form, *names: str) -> Law:
        """The law of a form that has not seen these architectures."""
        key = form, frozenset(names)
        if key not in self.fitted:
            rest = self.data.without(*names)
            self.fitted[key] = self.make(form).fit(rest.runs, rest.found).law_
        return self.fitted[key]

    def ratios(self, form: Form, *names: str) -> Floats:
        """What a form says over what was found, each architecture but these held out; shape (rows left,).

        NaN of those that were not held out.
        """
        rest = self.data.without(*names)
        ratios = np.full(len(rest.found), np.nan)
        for name in rest.held_out:
            rows = rest.architecture == name
            ratios[rows] = self.without(form, *names, name)(rest.runs[rows]) / rest.found[rows]
        return ratios

    def best(self, forms: Sequence[Form], *names: str) -> Form:
        """The form of the least mean relative error on architectures held out in turn, but for these."""
        if len(forms) == 1 or len(self.data.without(*names).architectures) < LEAST_ARCHITECTURES:
            return forms[-1]
        return min(forms, key=lambda form: np.nanmean(np.abs(self.ratios(form, *names) - 1)))


@dataclass(frozen=True)
class _Fold:
    """One architecture held out: what the rest says of it, with an interval where it has one."""

    held_out: HeldOut
    values: Values
    found: Floats


def _fold(laws: _Laws, forms: Sequence[Form], name: str) -> _Fold:
    data = laws.data
    own = data.only(name)
    form = laws.best(forms, name)
    law = laws.without(form, name)
    inner = data.without(name).held_out
    held_out: tuple[HeldOut, ...] = ()
    if len(inner) >= LEAST_GROUPS:
        held_out = tuple(
            _residuals(laws.without(form, name, other), data.only(other), other) for other in inner
        )
    values = FittedLaw(law, held_out, {}, None).predict(own.runs)
    off = replace(_residuals(law, own, name), residuals_unlike=_residuals_unlike(laws, form, name))
    return _Fold(off, values, own.found)


def _residuals_unlike(laws: _Laws, form: Form, name: str) -> Mapping[int, float]:
    """How far a law is off an architecture of whose family it has seen nothing.

    Empty where it has no kin, or too little is left without these.
    """
    data = laws.data
    kin = data.kin_of(name)
    if len(kin) == 1 or len(data.architectures) - len(kin) < LEAST_ARCHITECTURES:
        return {}
    return _residuals(laws.without(form, *kin), data.only(name), name).residuals


def _residuals(law: Law, own: Data, name: str) -> HeldOut:
    """How far a law is off the rows of an architecture, batch size by batch size."""
    off = np.clip(logarithm(own.found) - logarithm(law(own.runs)), -FURTHEST, FURTHEST)
    batches = column(own.runs, "batch").astype(int).tolist()
    return HeldOut(name, law, dict(zip(batches, off.tolist(), strict=True)))


def held_out_error(make: Make, form: Form, data: Data) -> float:
    """Mean relative error of a form on architectures held out in turn."""
    return float(np.nanmean(np.abs(held_out_ratios(make, form, data) - 1)))


def held_out_ratios(make: Make, form: Form, data: Data) -> Floats:
    """What a form says of each row over what was found, its architecture held out; shape (rows,).

    NaN of architectures that were not.
    """
    return _Laws(make, data).ratios(form)


def _seen(law: Law, data: Data) -> Mapping[str, tuple[float, float]]:
    columns = {name: column(data.runs, name) for name in COLUMNS if name in {*law.needs, "batch"}}
    return {name: (float(np.min(each)), float(np.max(each))) for name, each in columns.items()}


def _errors(folds: Sequence[_Fold]) -> Errors:
    found = np.concatenate([fold.found for fold in folds])
    value, low, high = (np.concatenate([fold.values[i] for fold in folds]) for i in range(3))
    off = np.abs(value / found - 1)
    with_interval = not np.any(np.isnan(low))
    shares = [
        np.mean((fold.values.low <= fold.found) & (fold.found <= fold.values.high))
        for fold in folds
    ]
    return Errors(
        architectures=len(folds),
        rows=len(found),
        mean=float(np.mean(off)),
        median=float(np.median(off)),
        within_10=float(np.mean(off <= 0.10)),
        within_25=float(np.mean(off <= 0.25)),
        coverage=float(np.mean(shares)) if with_interval else None,
        width=float(np.median((high - low) / value)) if with_interval else None,
    )


def fit_tiers(
    make: Make, forms: Sequence[Form], data: Data, *, choose: bool
) -> tuple[FittedLaw, ...]:
    """A law for networks of which everything is known, then laws for those that are less well known.

    Args:
        make: as for `fit_law`.
        forms: every form there is, the best first where that is settled.
        data: what to fit; a law takes the rows in which all that it needs is known.
        choose: whether the board's own rows choose among the forms; few architectures always do.
    """
    tiers = sorted({needs(form) for form in forms}, key=len, reverse=True)
    everything = frozenset().union(*tiers)
    fitted: list[FittedLaw] = []
    for tier in dict.fromkeys([everything, *tiers]):
        allowed = [form for form in forms if needs(form) <= tier]
        known = data.knowing(sorted(tier))
        settled = not choose and len(known.architectures) >= LEAST_GROUPS
        law = fit_law(make, allowed[:1] if settled else allowed, known)
        if law is not None and all(law.law.needs != other.law.needs for other in fitted):
            fitted.append(law)
    return tuple(fitted)


def binomial_band(count: int, share: float = 0.9) -> tuple[int, int]:
    """How many of `count` one expects, 95 times of 100, where each has the chance `share`."""
    from scipy.special import bdtr

    chances = [float(bdtr(successes, count, share)) for successes in range(count + 1)]
    low = next(successes for successes, chance in enumerate(chances) if chance > 0.025)
    high = next(successes for successes, chance in enumerate(chances) if chance >= 0.975)
    return low, high
