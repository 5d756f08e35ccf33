"""Figures of a published table that are far from those of the same network in like settings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from advisor.catalog.records import Floats

OFF_BY = 2.0
"""By how many times a figure is off that is no good."""
LIKE = 8
"""With how many settings each is compared: those that its networks take alike in."""
FEWEST = 3
"""With fewer nothing is said."""
IN_COMMON = 5
"""So many networks two settings have to share at least."""

Cell: TypeAlias = tuple[Hashable, Hashable, str, float]
"""A figure: its kind, its setting, the network, what it takes. Only cells of a kind are compared."""


def outliers(cells: Sequence[Cell]) -> dict[int, float]:
    """Which figures are off by more than `OFF_BY` times, and how many times each is what is expected.

    What is expected of a network in a setting is the median of what the settings say in which the others
    take the most alike, each scaled by how much faster or slower it is.
    """
    of_kind: dict[Hashable, list[int]] = defaultdict(list)
    for place, cell in enumerate(cells):
        of_kind[cell[0]].append(place)
    found: dict[int, float] = {}
    for places in of_kind.values():
        settings = {cells[place][1]: 0 for place in places}
        networks = {cells[place][2]: 0 for place in places}
        row = {each: index for index, each in enumerate(settings)}
        column = {each: index for index, each in enumerate(networks)}
        logs = np.full((len(row), len(column)), np.nan)
        for place in places:
            _, setting, network, figure = cells[place]
            logs[row[setting], column[network]] = np.log(figure)
        ratios = _ratios(logs)
        for place in places:
            ratio = ratios[row[cells[place][1]], column[cells[place][2]]]
            if abs(np.log(ratio)) > np.log(OFF_BY):
                found[place] = float(ratio)
    return found


def _ratios(logs: Floats) -> Floats:
    """How many times each figure is what is expected; NaN where nothing can be.

    Args:
        logs: the logarithms of the figures; shape (settings, networks), NaN for what is unknown.
    """
    found = np.full_like(logs, np.nan)
    for setting, own in enumerate(logs):
        others = logs - own
        shared = np.count_nonzero(~np.isnan(others), axis=1)
        others = others - _medians(others)[:, None]
        unlike = _medians(np.abs(others))
        unlike[(shared < IN_COMMON) | np.isnan(unlike)] = np.inf
        unlike[setting] = np.inf
        near = np.argsort(unlike, kind="stable")[:LIKE]
        near = near[np.isfinite(unlike[near])]
        if len(near) < FEWEST:
            continue
        enough = np.count_nonzero(~np.isnan(others[near]), axis=0) >= FEWEST
        found[setting] = np.where(enough, np.exp(-_medians(others[near].T)), np.nan)
    return found


def _medians(table: Floats) -> Floats:
    """The median of each row, NaN left out; many times as fast as `numpy.nanmedian` on small tables."""
    ordered = np.sort(table, axis=1)
    known = np.count_nonzero(~np.isnan(table), axis=1)
    rows = np.arange(len(table))
    low, high = np.maximum(known - 1, 0) // 2, np.minimum(known // 2, table.shape[1] - 1)
    medians: Floats = (ordered[rows, low] + ordered[rows, high]) / 2
    return medians
