"""Which rows of a board belong together, and what of them models may be fitted to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from advisor.catalog.records import Floats, Integers, Measurements, Metered

METRICS = ("latency_ms", "net_power_w", "memory_mb")
"""What is predicted, in that order: power may follow the latency."""


def fitted_values(metered: Metered) -> Floats:
    """The values of a column that models may be fitted to; NaN where a model predicted them."""
    predicted = metered.origin.where("predicted")
    values: Floats = np.where(predicted, np.nan, metered.values.value)
    return values


def fullest_variant(table: Measurements) -> tuple[tuple[str, str], Integers]:
    """The (runtime, precision) of most measured rows, and those rows; ("", "") where there is none."""
    latency = fitted_values(table.latency_ms)
    ran = {each: table.rows_of(each) for each in table.variants}
    ran = {each: rows[~np.isnan(latency[rows])] for each, rows in ran.items()}
    variant = max(ran, key=lambda each: len(ran[each]), default=("", ""))
    return variant, ran.get(variant, np.zeros(0, dtype=np.int64))


def ends_early(table: Measurements, variant: tuple[str, str]) -> bool:
    """Whether some batch size of a network is known not to fit in memory."""
    return bool(table.out_of_memory[table.rows_of(variant)].any())
