"""The user's own accuracies, of the task that they have, in place of those on ImageNet."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np

from advisor.catalog.csv_table import read_csv
from advisor.catalog.records import Estimate, Weights
from advisor.catalog.tables import LEAST_TOP1_PERCENT
from advisor.errors import BrokenFileError, Fault, shown
from advisor.quantities import PERCENT

COLUMNS = ("architecture", "top1_percent")
OWN = "own"
"""What a set of weights is called of which only the user knows the accuracy."""


def declared(architecture: str, top1_percent: float) -> Weights:
    """Weights of the user's own."""
    stated = Estimate(top1_percent, None, None, "declared", "advisor-declared")
    return Weights(architecture, OWN, stated, None)


def read_accuracy_table(path: Path, known: Collection[str]) -> dict[tuple[str, str], Weights]:
    """Read a table of the columns `architecture` and `top1_percent`.

    Args:
        path: the file.
        known: the networks that it may name.

    Returns:
        A set of weights for every network in it, by (network, name of the set).

    Raises:
        BrokenFileError: with every fault of the file.
    """
    table = read_csv(path, COLUMNS)
    names = table.labels("architecture", known)
    top1 = table.numbers("top1_percent", *PERCENT.range)
    for row, cell in enumerate(table.cells("top1_percent")):
        if not cell:
            table.note(row, "top1_percent", "nothing", "an accuracy in percent")
        elif top1[row] < LEAST_TOP1_PERCENT:
            table.note(row, "top1_percent", shown(cell), "a percentage, such as 71.2")
    first = {int(row) for row in np.unique(names.index, return_index=True)[1]}
    for row in set(range(len(table))) - first:
        name = names.at(row)
        table.note(row, "architecture", f"{shown(name)} once more", "each network once")
    if not len(table) and not table.faults:
        raise BrokenFileError([Fault(path, 0, "", "no rows", "a row a network")])
    table.finish("mend the table")
    return {
        (name, OWN): declared(name, float(top1[row]))
        for row, name in enumerate(names.names[index] for index in names.index.tolist())
    }
