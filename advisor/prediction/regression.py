"""Least squares with coefficients that are not negative: more work never takes less time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import nnls
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, check_non_negative, validate_data

if TYPE_CHECKING:
    from advisor.catalog.records import Floats


def least_squares(X: Floats, y: Floats, *, relative: bool) -> Floats:
    """The coefficients w >= 0 of y = X w; see `NonNegativeRegressor`, which checks what it is given."""
    scale = 1 / y if relative else np.ones(len(y))
    scaled = X * scale[:, None]
    # Columns of like size, whatever their units, keep the solver well conditioned.
    size = np.linalg.norm(scaled, axis=0)
    size[size == 0] = 1.0
    solution, _ = nnls(scaled / size, y * scale, maxiter=100 * X.shape[1])
    coefficients: Floats = solution / size
    return coefficients


class NonNegativeRegressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """y = X w with w >= 0, by least squares of the relative or of the absolute error.

    Args:
        relative: whether errors are divided by y, which then must be above zero: a millisecond is
            much of a fast network's time and nothing of a slow one's.

    Attributes:
        coef_: the coefficients, shape (columns,).
        n_features_in_: how many columns there are.
    """

    coef_: Floats
    n_features_in_: int

    def __init__(self, relative: bool = True) -> None:
        self.relative = relative

    def fit(self, X: Any, y: Any) -> NonNegativeRegressor:
        """Fit the coefficients.

        Args:
            X: what time is spent on, nowhere negative; shape (rows, columns).
            y: what was found; shape (rows,).

        Returns:
            This regressor.

        Raises:
            ValueError: X holds something negative, or y something that is not above zero where
                errors are relative, or either something that is no number.
        """
        X, y = validate_data(self, X, y, y_numeric=True, dtype=np.float64)
        check_non_negative(X, type(self).__name__)
        if self.relative and np.any(y <= 0):
            raise ValueError("relative errors need targets above zero")
        self.coef_ = least_squares(X, y, relative=self.relative)
        return self

    def predict(self, X: Any) -> Floats:
        """X w; shape (rows,)."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=np.float64)
        check_non_negative(X, type(self).__name__)
        predicted: Floats = X @ self.coef_
        return predicted

    def __sklearn_tags__(self) -> Any:
        """Says what it takes."""
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        tags.target_tags.positive_only = self.relative
        tags.regressor_tags.poor_score = True
        return tags
