"""Fits laws, and finds out how far they are off architectures that they have not seen.

All rows of one architecture leave together: they resemble each other far more than those of another.
Which form a law takes is chosen without the architecture that is held out, so that no residual comes
from a fit, or a choice, that saw it. (The intervals whose coverage is told choose once for all of the rest.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from advisor.catalog.records import Values
from advisor.predict.law import (
    LEAST_GROUPS,
    Errors,
    FittedLaw,
    Form,
    HeldOut,
    Law,
    logarithm,
    needs,
)
from advisor.predict.terms import COLUMNS, column

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Floats

    Names = NDArray[np.str_]

LEAST_ARCHITECTURES = 3
"""Fewer tell nothing of any law."""

MOST_HELD_OUT = 100
"""Of more architectures than these only so many are held out in turn: for an interval that is enough."""


class Estimator(Protocol):
    """One of `advisor.predict.laws`."""

    law_: Law

    def fit(self, X: Floats, y: Floats) -> Estimator:
        """Fit to runs."""
        ...


Make = Callable[[Form], Estimator]


@dataclass(frozen=True)
class Data:
    """What laws are fitted to.

    Attributes:
        runs: what ran, as `advisor.predict.terms.COLUMNS`; shape (rows, columns).
        found: what was found of it; shape (rows,).
        architecture: whose rows they are; shape (rows,).
    """

    runs: Floats
    found: Floats
    architecture: Names

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

    def without(self, name: str) -> Data:
        """All rows but those of one architecture."""
        return self.where(self.architecture != name)

    def only(self, name: str) -> Data:
        """The rows of one architecture."""
        return self.where(self.architecture == name)

    def where(self, rows: NDArray[np.bool_]) -> Data:
        """Some of the rows."""
        return Data(self.runs[rows], self.found[rows], self.architecture[rows])

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
    best = _best(make, forms, data)
    law = make(best).fit(data.runs, data.found).law_
    folds = {name: _fold(make, forms, data, name) for name in data.held_out}
    enough = len(names) >= LEAST_GROUPS
    return FittedLaw(
        law=law,
        held_out=tuple(fold.held_out for fold in folds.values()) if enough else (),
        seen=_seen(law, data),
        errors=_errors(list(folds.values())),
    )


@dataclass(frozen=True)
class _Fold:
    """One architecture held out: what the rest says of it, with an interval where it has one."""

    held_out: HeldOut
    values: Values
    found: Floats


def _fold(make: Make, forms: Sequence[Form], data: Data, name: str) -> _Fold:
    rest, own = data.without(name), data.only(name)
    form = _best(make, forms, rest)
    law = make(form).fit(rest.runs, rest.found).law_
    inner = rest.held_out
    held_out: tuple[HeldOut, ...] = ()
    if len(inner) >= LEAST_GROUPS:
        held_out = tuple(_held_out(make, form, rest, other) for other in inner)
    values = FittedLaw(law, held_out, {}, None).predict(own.runs)
    return _Fold(_residuals(law, own, name), values, own.found)


def _held_out(make: Make, form: Form, data: Data, name: str) -> HeldOut:
    rest = data.without(name)
    return _residuals(make(form).fit(rest.runs, rest.found).law_, data.only(name), name)


def _residuals(law: Law, own: Data, name: str) -> HeldOut:
    """How far a law is off the rows of an architecture, batch size by batch size."""
    off = logarithm(own.found) - logarithm(law(own.runs))
    batches = column(own.runs, "batch").astype(int).tolist()
    return HeldOut(name, law, dict(zip(batches, off.tolist(), strict=True)))


def _best(make: Make, forms: Sequence[Form], data: Data) -> Form:
    """The form of the least mean relative error on architectures held out in turn."""
    if len(forms) == 1 or len(data.architectures) < LEAST_ARCHITECTURES:
        return forms[-1]
    return min(forms, key=lambda form: held_out_error(make, form, data))


def held_out_error(make: Make, form: Form, data: Data) -> float:
    """Mean relative error of a form on architectures held out in turn."""
    return float(np.nanmean(np.abs(held_out_ratios(make, form, data) - 1)))


def held_out_ratios(make: Make, form: Form, data: Data) -> Floats:
    """What a form says of each row over what was found, its architecture held out; shape (rows,).

    NaN of architectures that were not.
    """
    ratios = np.full(len(data.found), np.nan)
    for name in data.held_out:
        rest, rows = data.without(name), data.architecture == name
        law = make(form).fit(rest.runs, rest.found).law_
        ratios[rows] = law(data.runs[rows]) / data.found[rows]
    return ratios


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
