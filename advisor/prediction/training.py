"""Fits models to a board's rows, and finds out how far they are off networks that they have not seen.

All rows of one architecture leave together: they resemble each other far more than those of another.
Which form a model takes is chosen without the architecture that is held out, so that no residual comes
from a fit, or a choice, that saw it. (The intervals whose coverage is reported choose once for all of the
rest.)
For networks of families that a board has not run, each is held out a second time, together with its family,
the form as it was chosen without the architecture alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from scipy.optimize import nnls
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from advisor.catalog.records import Values
from advisor.prediction.model import (
    LEAST_GROUPS,
    Errors,
    FittedModel,
    Form,
    HeldOut,
    Model,
    logarithm,
    needs,
)
from advisor.prediction.terms import COLUMNS, column, design

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Floats

    Names = NDArray[np.str_]

FULL: Form = (("operations", "activations", "params", "layers", "window_reads"),)
WITH_ACTIVATIONS: Form = (("constant", "batch", "operations", "activations"),)
OPERATIONS: Form = (("constant", "batch", "operations"),)

LATENCY_FORMS = (FULL, WITH_ACTIVATIONS, OPERATIONS)
"""What `LatencyModel` may be made of: the best for networks of which all is known, of which activations
are, of which only operations are (`tests/benchmarks/models.py` shows the choice)."""

SUM_OF_PEAK: Form = (("constant", "size_mb", "peak_mb"),)
KNEE: Form = (("constant", "size_mb"), ("size_mb", "activations_mb"))
SUM: Form = (("constant", "size_mb", "activations_mb"),)

MEMORY_FORMS = (SUM_OF_PEAK, KNEE, SUM)
"""What `MemoryModel` may be made of; boards differ in kind, so each takes what does best on it."""

CONSTANT: Form = (("constant",),)
WITH_RATE: Form = (("constant", "rate"),)

POWER_FORMS = (CONSTANT, WITH_RATE)
"""What `PowerModel` may be made of, likewise."""


class _ModelEstimator(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """An estimator of non-negative terms whose fit is a `Model`.

    Attributes:
        form: the terms.
        model_: the fit.
    """

    form: Form
    model_: Model
    relative = True
    """Whether the relative errors are least, or the absolute ones."""

    def fit(self, X: Any, y: Any) -> _ModelEstimator:
        """Fit to runs.

        Args:
            X: the runs; shape (rows, len(COLUMNS)).
            y: what was found of them; shape (rows,).

        Raises:
            ValueError: something that was found is no number above zero.
        """
        runs, found = np.asarray(X, dtype=np.float64), np.asarray(y, dtype=np.float64)
        if not np.all(found > 0):
            raise ValueError("what was found must be numbers above zero")
        if len(self.form) == 1:
            terms = design(runs, self.form[0])
            coefficients = least_squares(terms, found, relative=self.relative)
            self.model_ = Model(self.form, (tuple(coefficients.tolist()),))
        else:
            self.model_ = _fit_knee(self.form, runs, found)
        return self

    def predict(self, X: Any) -> Floats:
        """What the model says of runs; shape (rows,)."""
        check_is_fitted(self, "model_")
        return self.model_(np.asarray(X, dtype=np.float64))


class LatencyModel(_ModelEstimator):
    """Latency of a batch, in ms, as a sum of non-negative terms, by least relative error.

    Operations and pooling windows cost time for every image, activations what moving them through
    memory takes; parameters are read, and every layer is launched, once a batch.

    Args:
        form: the terms; one of `LATENCY_FORMS`.
    """

    def __init__(self, form: Form = FULL) -> None:
        self.form = form


class MemoryModel(_ModelEstimator):
    """Peak memory, in MB: a static part, and one that follows what is alive at once.

    With two branches it has the paper's knee (figure 5): flat while the static part dominates, then
    proportional to the batch.

    Args:
        form: one of `MEMORY_FORMS`.
    """

    def __init__(self, form: Form = KNEE) -> None:
        self.form = form


class PowerModel(_ModelEstimator):
    """Net power, in W: constant (the paper's first finding), or rising with the rate of operations.

    Args:
        form: one of `POWER_FORMS`.
    """

    relative = False

    def __init__(self, form: Form = CONSTANT) -> None:
        self.form = form


STARTS = (0.3, 0.5, 0.7, 0.9)
"""From which shares of the runs, the lightest first, the static branch is fitted at first."""
MOST_STEPS = 30


def _fit_knee(form: Form, runs: Floats, y: Floats) -> Model:
    """The larger of two branches: fit each to the runs where it is the larger, until that is so.

    Which runs those are depends on the fit, so the search begins from several guesses and keeps the
    best of the fits, that of the first branch to everything among them.
    """
    designs = [design(runs, terms) for terms in form]
    weight = designs[1].sum(axis=1)
    best = least_squares(designs[0], y, relative=True), np.zeros(len(form[1]))
    least = _squared_error(designs, best, y)
    tried: set[bytes] = set()  # where a guess comes to what was tried, so does all that follows
    for start in np.quantile(weight, STARTS).tolist():
        upper = weight > start
        for _ in range(MOST_STEPS):
            few = min(upper.sum(), (~upper).sum()) <= max(map(len, form))
            if few or upper.tobytes() in tried:
                break
            tried.add(upper.tobytes())
            static, dynamic = (
                least_squares(each[rows], y[rows], relative=True)
                for each, rows in zip(designs, (~upper, upper), strict=True)
            )
            error = _squared_error(designs, (static, dynamic), y)
            if error < least:
                best, least = (static, dynamic), error
            upper = designs[1] @ dynamic > designs[0] @ static
    return Model(form, (tuple(best[0].tolist()), tuple(best[1].tolist())))


def _squared_error(designs: Sequence[Floats], parts: tuple[Floats, Floats], y: Floats) -> float:
    """The mean squared relative error of the larger of two branches."""
    static, dynamic = (each @ part for each, part in zip(designs, parts, strict=True))
    return float(np.mean((np.maximum(static, dynamic) / y - 1) ** 2))


def least_squares(X: Floats, y: Floats, *, relative: bool) -> Floats:
    """The coefficients w >= 0 of y = X w: more work never takes less time.

    As scikit-learn's `LinearRegression(positive=True, fit_intercept=False)`, which takes twelve times as
    long; a board is fitted thousands of times, each network held out.

    Args:
        X: what time is spent on, nowhere negative; shape (rows, columns).
        y: what was found; shape (rows,).
        relative: whether errors are divided by y, which then must be above zero: a millisecond is much
            of a fast network's time and nothing of a slow one's.
    """
    scale = 1 / y if relative else np.ones(len(y))
    scaled = X * scale[:, None]
    # Columns of like size, whatever their units, keep the solver well conditioned.
    size = np.linalg.norm(scaled, axis=0)
    size[size == 0] = 1.0
    solution, _ = nnls(scaled / size, y * scale, maxiter=100 * X.shape[1])
    coefficients: Floats = solution / size
    return coefficients


LEAST_ARCHITECTURES = 3
"""Fewer make no model."""

FURTHEST = 50.0
"""How far a model may be off, as a logarithm; one that gives zero for a run is that far."""

MOST_HELD_OUT = 100
"""Of more architectures than these only so many are held out in turn: for an interval that is enough."""


class Estimator(Protocol):
    """One of `advisor.prediction.training`."""

    model_: Model

    def fit(self, X: Floats, y: Floats) -> Estimator:
        """Fit to runs."""
        ...


Make = Callable[[Form], Estimator]


@dataclass(frozen=True)
class Data:
    """What models are fitted to.

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

    def family_of(self, name: str) -> list[str]:
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


def fit_model(make: Make, forms: Sequence[Form], data: Data) -> FittedModel | None:
    """Fit the form that does best on architectures it has not seen.

    Args:
        make: an unfitted estimator of a form.
        forms: what it may be made of; every column that they need is known in all rows.
        data: what to fit.

    Returns:
        The fitted model; `None` where there are too few architectures.
    """
    names = data.architectures
    if len(names) < LEAST_ARCHITECTURES:
        return None
    models = _Models(make, data)
    model = models.without(models.best(forms))
    folds = {name: _fold(models, forms, name) for name in data.held_out}
    enough = len(names) >= LEAST_GROUPS
    return FittedModel(
        model=model,
        held_out=tuple(fold.held_out for fold in folds.values()) if enough else (),
        seen=_seen(model, data),
        errors=_errors(list(folds.values())),
    )


@dataclass(frozen=True)
class _Models:
    """Models of all rows but those of some architectures, each fitted once: a pair is left out twice."""

    make: Make
    data: Data
    fitted: dict[tuple[Form, frozenset[str]], Model] = field(default_factory=dict)

    def without(self, form: Form, *names: str) -> Model:
        """The model of a form that has not seen these architectures."""
        key = form, frozenset(names)
        if key not in self.fitted:
            rest = self.data.without(*names)
            self.fitted[key] = self.make(form).fit(rest.runs, rest.found).model_
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


def _fold(models: _Models, forms: Sequence[Form], name: str) -> _Fold:
    data = models.data
    own = data.only(name)
    form = models.best(forms, name)
    model = models.without(form, name)
    inner = data.without(name).held_out
    held_out: tuple[HeldOut, ...] = ()
    if len(inner) >= LEAST_GROUPS:
        held_out = tuple(
            _residuals(models.without(form, name, other), data.only(other), other)
            for other in inner
        )
    values = FittedModel(model, held_out, {}, None).predict(own.runs)
    off = replace(
        _residuals(model, own, name), residuals_unseen=_residuals_unseen(models, form, name)
    )
    return _Fold(off, values, own.found)


def _residuals_unseen(models: _Models, form: Form, name: str) -> Mapping[int, float]:
    """How far a model is off an architecture of whose family it has seen nothing.

    Empty where it has no relatives, or too little is left without these.
    """
    data = models.data
    relatives = data.family_of(name)
    if len(relatives) == 1 or len(data.architectures) - len(relatives) < LEAST_ARCHITECTURES:
        return {}
    return _residuals(models.without(form, *relatives), data.only(name), name).residuals


def _residuals(model: Model, own: Data, name: str) -> HeldOut:
    """How far a model is off the rows of an architecture, batch size by batch size."""
    off = np.clip(logarithm(own.found) - logarithm(model(own.runs)), -FURTHEST, FURTHEST)
    batches = column(own.runs, "batch").astype(int).tolist()
    return HeldOut(name, model, dict(zip(batches, off.tolist(), strict=True)))


def held_out_error(make: Make, form: Form, data: Data) -> float:
    """Mean relative error of a form on architectures held out in turn."""
    return float(np.nanmean(np.abs(held_out_ratios(make, form, data) - 1)))


def held_out_ratios(make: Make, form: Form, data: Data) -> Floats:
    """What a form says of each row over what was found, its architecture held out; shape (rows,).

    NaN of architectures that were not.
    """
    return _Models(make, data).ratios(form)


def _seen(model: Model, data: Data) -> Mapping[str, tuple[float, float]]:
    columns = {name: column(data.runs, name) for name in COLUMNS if name in {*model.needs, "batch"}}
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
) -> tuple[FittedModel, ...]:
    """A model for networks of which everything is known, then models for those that are less well known.

    Too few architectures of which more is known make no model of their own beside one of more architectures:
    they would stand for all of which as much is known, without an interval.

    Args:
        make: as for `fit_model`.
        forms: every form there is, the best first where that is settled.
        data: what to fit; a model takes the rows in which all that it needs is known.
        choose: whether the board's own rows choose among the forms; few architectures always do.
    """
    tiers = sorted({needs(form) for form in forms}, key=len, reverse=True)
    everything = frozenset().union(*tiers)
    known = {tier: data.knowing(sorted(tier)) for tier in dict.fromkeys([everything, *tiers])}
    most = max(len(each.architectures) for each in known.values())
    fitted: dict[frozenset[str], FittedModel] = {}
    for tier, rows in known.items():
        count = len(rows.architectures)
        if count < min(LEAST_GROUPS, most):
            continue
        allowed = [form for form in forms if needs(form) <= tier]
        settled = not choose and count >= LEAST_GROUPS
        model = fit_model(make, allowed[:1] if settled else allowed, rows)
        if model is not None:
            fitted[model.model.needs] = (
                model  # of all that know as much, rather than of those that know more
            )
    return tuple(fitted.values())


def binomial_band(count: int, share: float = 0.9) -> tuple[int, int]:
    """How many of `count` one expects, 95 times of 100, where each has the chance `share`."""
    from scipy.special import bdtr

    chances = [float(bdtr(successes, count, share)) for successes in range(count + 1)]
    low = next(successes for successes, chance in enumerate(chances) if chance > 0.025)
    high = next(successes for successes, chance in enumerate(chances) if chance >= 0.975)
    return low, high
