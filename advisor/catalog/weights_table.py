"""The catalog's `weights.csv`."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np

from advisor.catalog.csv_file import read_csv
from advisor.catalog.measurements_table import (
    estimate_at,
    metered,
    provenance,
    refuse_less,
    refuse_missing,
    refuse_repeats,
)
from advisor.catalog.records import Estimate, Weights
from advisor.errors import shown
from advisor.quantities import PERCENT

WEIGHTS_COLUMNS = (
    "architecture",
    "weights",
    "top1_percent",
    "top1_low_percent",
    "top1_high_percent",
    "top5_percent",
    "origin",
    "source",
)

LEAST_TOP1_PERCENT = 1.0
"""What is below is a share that was meant as a percentage."""


def read_weights(
    path: Path, architectures: Collection[str] | None, sources: Collection[str]
) -> dict[tuple[str, str], Weights]:
    """Read `weights.csv`.

    Args:
        path: the file.
        architectures: the names that are accepted; `None` for any.
        sources: the known sources.

    Returns:
        The sets of weights by (architecture, name), in the order of the file.

    Raises:
        BrokenFileError: with every fault of the file.
    """
    table = read_csv(path, WEIGHTS_COLUMNS)
    architecture = table.labels("architecture", architectures)
    name = table.labels("weights")
    top1 = metered(table, "top1", PERCENT, provenance(table, sources))
    top5 = table.numbers("top5_percent", *PERCENT.range)
    refuse_missing(table, "top1_percent", top1.values.value)
    refuse_less(table, "top5_percent", top5, "top1_percent", top1.values.value)
    for row in np.flatnonzero(top1.values.value < LEAST_TOP1_PERCENT).tolist():
        table.note(row, "top1_percent", shown(table.cells("top1_percent")[row]), "a percentage")
    for row in np.flatnonzero(name.index == name.position.get("any", -1)).tolist():
        table.note(row, "weights", "'any'", "another name, since that one stands for all")
    refuse_repeats(table, (architecture.index, name.index), "an (architecture, weights) pair")
    table.finish()
    sets = {}
    for row in range(len(table)):
        key = architecture.names[architecture.index[row]], name.names[name.index[row]]
        top1_percent = estimate_at(top1, row)
        assert top1_percent is not None  # noqa: S101  (a missing one was refused above)
        top5_percent = (
            Estimate(float(top5[row]), None, None, top1_percent.origin, top1_percent.source)
            if not math.isnan(top5[row])
            else None
        )
        sets[key] = Weights(*key, top1_percent, top5_percent)
    return sets


def best_of_each(sets: Mapping[tuple[str, str], Weights]) -> dict[str, Weights]:
    """By network, its set of the highest top-1 accuracy; the first of those that are equal.

    Args:
        sets: by (network, name).
    """
    best: dict[str, Weights] = {}
    for (architecture, _), each in sets.items():
        other = best.get(architecture)
        if other is None or each.top1_percent.value > other.top1_percent.value:
            best[architecture] = each
    return best
