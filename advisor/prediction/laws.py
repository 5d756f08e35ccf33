"""The laws, as scikit-learn estimators over runs (see `advisor.prediction.terms.COLUMNS`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import LinearRegression
from sklearn.utils.validation import check_is_fitted

from advisor.prediction.bound import least_line_above
from advisor.prediction.law import Form, Law
from advisor.prediction.regression import NonNegativeRegressor, least_squares
from advisor.prediction.terms import column, design

if TYPE_CHECKING:
    from advisor.catalog.records import Floats

FULL: Form = (("operations", "activations", "params", "layers", "window_reads"),)
WITH_ACTIVATIONS: Form = (("constant", "batch", "operations", "activations"),)
OPERATIONS: Form = (("constant", "batch", "operations"),)

LATENCY_FORMS = (FULL, WITH_ACTIVATIONS, OPERATIONS)
"""What `LatencyModel` may be made of: the best for networks of which all is known, of which activations
are, of which only operations are (`tests/benchmarks/laws.py` shows the choice)."""

SUM_OF_PEAK: Form = (("constant", "size_mb", "peak_mb"),)
KNEE: Form = (("constant", "size_mb"), ("size_mb", "activations_mb"))
SUM: Form = (("constant", "size_mb", "activations_mb"),)

MEMORY_FORMS = (SUM_OF_PEAK, KNEE, SUM)
"""What `MemoryLaw` may be made of; boards differ in kind, so each takes what does best on it."""

CONSTANT: Form = (("constant",),)
WITH_RATE: Form = (("constant", "rate"),)

POWER_FORMS = (CONSTANT, WITH_RATE)
"""What `PowerLaw` may be made of, likewise."""


class _LawEstimator(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """An estimator whose fit is a `Law`."""

    law_: Law

    def predict(self, X: Any) -> Floats:
        """What the law says of runs; shape (rows,)."""
        check_is_fitted(self, "law_")
        return self.law_(np.asarray(X, dtype=np.float64))


class OperationsTime(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Time per image = a * operations + b, in ms and G: the paper's fourth finding, and a reference.

    Args:
        relative: least squares of the relative error, non-negative; else ordinary least squares, as
            in the paper's figure 7.
    """

    def __init__(self, relative: bool = False) -> None:
        self.relative = relative

    def fit(self, X: Any, y: Any) -> OperationsTime:
        """Fit to runs of one batch size: X of shape (rows, columns), y the time per image in ms."""
        operations = column(np.asarray(X, dtype=np.float64), "operations") / 1e9
        if self.relative:
            terms = np.column_stack([np.ones(len(operations)), operations])
            constant, slope = NonNegativeRegressor().fit(terms, y).coef_
        else:
            line = LinearRegression().fit(operations[:, None], y)
            constant, slope = line.intercept_, line.coef_[0]
        self.constant_, self.slope_ = float(constant), float(slope)
        return self

    def predict(self, X: Any) -> Floats:
        """Time per image, in ms; shape (rows,)."""
        check_is_fitted(self, "slope_")
        operations = column(np.asarray(X, dtype=np.float64), "operations") / 1e9
        return self.constant_ + self.slope_ * operations


class LatencyModel(_LawEstimator):
    """Latency of a batch, in ms, as a sum of non-negative terms, by least relative error.

    Operations and pooling windows cost time for every image, activations what moving them through
    memory takes; parameters are read, and every layer is launched, once a batch.

    Args:
        form: the terms; one of `LATENCY_FORMS`.
    """

    def __init__(self, form: Form = FULL) -> None:
        self.form = form

    def fit(self, X: Any, y: Any) -> LatencyModel:
        """Fit to runs; y is the latency in ms."""
        X, y = _arrays(X, y)
        self.law_ = Law(self.form, (_coefficients(X, y, self.form[0]),))
        return self


class MemoryLaw(_LawEstimator):
    """Peak memory, in MB: a static part, and one that follows what is alive at once.

    With two branches it has the paper's knee (figure 5): flat while the static part dominates, then
    proportional to the batch.

    Args:
        form: one of `MEMORY_FORMS`.
    """

    def __init__(self, form: Form = KNEE) -> None:
        self.form = form

    def fit(self, X: Any, y: Any) -> MemoryLaw:
        """Fit to runs; y is the memory in MB."""
        X, y = _arrays(X, y)
        if len(self.form) == 1:
            self.law_ = Law(self.form, (_coefficients(X, y, self.form[0]),))
        else:
            self.law_ = _fit_knee(self.form, X, y)
        return self


class PowerLaw(_LawEstimator):
    """Net power, in W: constant (the paper's first finding), or rising with the rate of operations.

    Args:
        form: one of `POWER_FORMS`.
    """

    def __init__(self, form: Form = CONSTANT) -> None:
        self.form = form

    def fit(self, X: Any, y: Any) -> PowerLaw:
        """Fit to runs; y is the net power in W."""
        X, y = _arrays(X, y)
        self.law_ = Law(self.form, (_coefficients(X, y, self.form[0], relative=False),))
        return self


class AccuracyBound(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Accuracy <= a - b * images/s: the least line above all known networks; b is not negative.

    As a fit to known networks it tells what none of them reaches, not what none can (the paper's
    figure 9). Valid within `range_`.
    """

    def fit(self, X: Any, y: Any) -> AccuracyBound:
        """Fit to runs: X the images per second, shape (rows, 1); y the top-1 accuracy in percent."""
        rate = np.asarray(X, dtype=np.float64)[:, 0]
        self.bound_ = least_line_above(rate, np.asarray(y, dtype=np.float64))
        self.range_ = self.bound_.range
        return self

    def predict(self, X: Any) -> Floats:
        """The bound at each rate, in percent; shape (rows,)."""
        check_is_fitted(self, "bound_")
        return self.bound_(np.asarray(X, dtype=np.float64)[:, 0])


def _arrays(X: Any, y: Any) -> tuple[Floats, Floats]:
    """Runs and what was found of them, as numbers above zero.

    Raises:
        ValueError: something that was found is no number above zero.
    """
    runs, found = np.asarray(X, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if not np.all(found > 0):
        raise ValueError("what was found must be numbers above zero")
    return runs, found


def published_memory(size_mb: Floats, reading: int) -> Floats:
    """The paper's memory at small batches, in MB, in either reading of its sentence.

    A floor of 200 MB for networks below 100 MB, then linear in the size with slope 1.30: reading 1 is
    max(200, 1.30 * size), reading 2 is 200 + 1.30 * (size - 100).

    Args:
        size_mb: size of the parameters in MB.
        reading: 1 or 2.
    """
    grown = 1.30 * size_mb if reading == 1 else 200 + 1.30 * (size_mb - 100)
    return np.maximum(200.0, grown)


def _coefficients(
    runs: Floats, y: Floats, terms: tuple[str, ...], *, relative: bool = True
) -> tuple[float, ...]:
    return tuple(least_squares(design(runs, terms), y, relative=relative).tolist())


STARTS = (0.3, 0.5, 0.7, 0.9)
"""From which shares of the runs, the lightest first, the static branch is fitted at first."""
MOST_STEPS = 30


def _fit_knee(form: Form, runs: Floats, y: Floats) -> Law:
    """The larger of two branches: fit each to the runs where it is the larger, until that is so.

    Which runs those are depends on the fit, so the search begins from several guesses and keeps the
    best of the fits, that of the first branch to everything among them.
    """
    designs = [design(runs, terms) for terms in form]
    weight = designs[1].sum(axis=1)
    best = least_squares(designs[0], y, relative=True), np.zeros(len(form[1]))
    least = _squared_error(designs, best, y)
    tried: set[bytes] = set()  # where a guess comes to what was tried, so does all that follows
    for start in STARTS:
        upper = weight > np.quantile(weight, start)
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
    return Law(form, (tuple(best[0].tolist()), tuple(best[1].tolist())))


def _squared_error(designs: Sequence[Floats], parts: tuple[Floats, Floats], y: Floats) -> float:
    """The mean squared relative error of the larger of two branches."""
    static, dynamic = (each @ part for each, part in zip(designs, parts, strict=True))
    return float(np.mean((np.maximum(static, dynamic) / y - 1) ** 2))
