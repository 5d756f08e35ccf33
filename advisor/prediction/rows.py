"""What of a board's rows models may be fitted to, and which of them belong together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.records import OUTLIER
from advisor.catalog.run_as import Variant

if TYPE_CHECKING:
    from advisor.catalog.records import Floats, Integers, Measurements, Metered

METRICS = ("latency_ms", "net_power_w", "memory_mb")
"""What is predicted, in that order: power may follow the latency."""

LEAST_LADDER = 5
"""So many networks at several batch sizes each are no chance."""


def fitted_values(metered: Metered) -> Floats:
    """The values of a column that models may be fitted to; NaN where a model predicted them."""
    predicted = metered.origin.where("predicted")
    values: Floats = np.where(predicted, np.nan, metered.values.value)
    return values


def fitted_rows(table: Measurements, variant: Variant) -> Integers:
    """The rows of a variant that models may be fitted to: not those of which others say something else."""
    rows = table.rows_of(variant)
    is_off = np.array([each.startswith(OUTLIER) for each in table.verdict.names], dtype=np.bool_)
    kept: Integers = rows[~is_off[table.verdict.index[rows]]]
    return kept


NOTHING_RAN = Variant("", "")
"""Stands for the variant of a board without rows."""


def fullest_variant(table: Measurements) -> tuple[Variant, Integers]:
    """The variant of most measured rows, and those rows; `NOTHING_RAN` where there is none.

    Those of known latency are counted, or where no row has one, those of known throughput.
    """
    timed = fitted_values(table.latency_ms)
    if np.isnan(timed).all():
        timed = fitted_values(table.throughput_fps)
    ran = {each: table.rows_of(each) for each in table.variants}
    ran = {each: rows[~np.isnan(timed[rows])] for each, rows in ran.items()}
    variant = max(ran, key=lambda each: len(ran[each]), default=NOTHING_RAN)
    return variant, ran.get(variant, np.zeros(0, dtype=np.int64))


def ends_early(table: Measurements, variant: Variant) -> bool:
    """Whether some batch size of a network is known not to fit in memory."""
    return bool(table.out_of_memory[table.rows_of(variant)].any())


def is_ladder(sizes: Sequence[int]) -> bool:
    """Whether networks ran at several batch sizes each; one that was run again by chance makes none.

    Args:
        sizes: at how many batch sizes each network ran.
    """
    several = sum(each > 1 for each in sizes)
    return several > 0 and (several >= LEAST_LADDER or 2 * several >= len(sizes))
