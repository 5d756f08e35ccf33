"""What the rows of a table are of, whatever their batch size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.records import Measurements

if TYPE_CHECKING:
    from advisor.catalog.records import Integers

Run = tuple[str, str, str]
"""A network, a runtime, a precision."""


def runs_of_rows(table: Measurements, rows: Integers | None = None) -> list[Run]:
    """What each of some rows is of; of all rows where none are named."""
    chosen = np.arange(len(table)) if rows is None else rows
    columns = (
        [labels.names[place] for place in labels.index[chosen].tolist()]
        for labels in (table.architecture, table.runtime, table.precision)
    )
    return list(zip(*columns, strict=True))


def least_misfits(table: Measurements) -> dict[Run, int]:
    """The smallest batch size at which each is known not to fit."""
    misfits = np.flatnonzero(table.status.index == table.status.position.get("does_not_fit", -1))
    least: dict[Run, int] = {}
    batches = table.batch[misfits].tolist()
    for run, batch in zip(runs_of_rows(table, misfits), batches, strict=True):
        least[run] = min(batch, least.get(run, batch))
    return least
