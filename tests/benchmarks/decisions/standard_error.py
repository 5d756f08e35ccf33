"""How sure a share is that was found over seeds and networks, which do not err by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from advisor.catalog.records import Floats


def clustered(hits: Floats, families: NDArray[np.str_]) -> float:
    """The standard error of the mean of `hits`, clustered by seed and by family.

    Networks of one family err together, and so do all that one seed's measurements show; the variance is
    that of both clusterings less that of their cells (Cameron, Gelbach and Miller, Journal of Business &
    Economic Statistics 29, 2011).

    Args:
        hits: shape (seeds, networks); NaN does not count.
        families: of each network.
    """
    known = ~np.isnan(hits)
    off = np.where(known, hits - np.nanmean(hits), 0.0)
    _, family = np.unique(families, return_inverse=True)
    cells = np.zeros((len(hits), family.max() + 1))
    np.add.at(cells.T, family, off.T)
    variance = sum(np.square(each).sum() for each in (cells.sum(axis=0), cells.sum(axis=1)))
    variance -= np.square(cells).sum()
    return float(np.sqrt(max(0.0, variance)) / known.sum())
