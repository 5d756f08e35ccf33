"""The paper's own estimate of time, which the fitted models must beat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import LinearRegression

from advisor.prediction.terms import column
from advisor.prediction.training import least_squares

if TYPE_CHECKING:
    from advisor.catalog.records import Floats


class OperationsTime(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Time per image = a * operations + b, in ms and G: the paper's fourth finding.

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
            constant, slope = least_squares(terms, np.asarray(y), relative=True)
        else:
            line = LinearRegression().fit(operations[:, None], y)
            constant, slope = line.intercept_, line.coef_[0]
        self.constant_, self.slope_ = float(constant), float(slope)
        return self

    def predict(self, X: Any) -> Floats:
        """Time per image, in ms; shape (rows,)."""
        operations = column(np.asarray(X, dtype=np.float64), "operations") / 1e9
        return self.constant_ + self.slope_ * operations
