"""At which batch sizes a board's networks are asked about."""

from __future__ import annotations

import numpy as np

from advisor.catalog.records import Measurements
from advisor.prediction.transfer.boards import is_ladder


def has_ladder(table: Measurements) -> bool:
    """Whether networks ran at several batch sizes each, rather than each at one of its own.

    As `advisor.prediction.transfer.boards.is_ladder` has it.
    """
    keys = np.stack([table.architecture.index, table.runtime.index, table.precision.index], axis=1)
    _, counts = np.unique(keys, axis=0, return_counts=True)
    return is_ladder(counts.tolist())


def usual_sizes(table: Measurements) -> list[int]:
    """The batch sizes at which a network that a board has not run is told of.

    All that the board has; but where each of its networks ran at a size of its own, only the commonest, the
    smaller of two.
    """
    sizes, counts = np.unique(table.batch, return_counts=True)
    if has_ladder(table) or not len(sizes):
        found: list[int] = sizes.tolist()
        return found
    return [int(sizes[counts.argmax()])]
