"""Rows that nobody measured, as a board's other rows are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.records import MEDIAN, Labels, Measurements, Metered, Values
from advisor.catalog.run_as import Variant

if TYPE_CHECKING:
    from advisor.catalog.records import Integers


def predicted_rows(
    architecture: Labels,
    variants: Sequence[Variant],
    batch: Integers,
    figures: Mapping[str, Values],
    source: str,
) -> Measurements:
    """Rows that nobody measured.

    Args:
        architecture: the network of each row.
        variants: how each is run.
        batch: images per forward pass, likewise.
        figures: what is predicted, by column; what is not there is unknown.
        source: who predicts.
    """
    count = len(batch)
    blank = np.full(count, np.nan)
    runtime, precision, processor, threads = zip(*variants, strict=True) if count else [()] * 4

    def metered(name: str) -> Metered:
        values = figures.get(name, Values(blank, blank, blank))
        return Metered(values, Labels.constant("predicted", count), Labels.constant(source, count))

    return Measurements(
        architecture=architecture,
        runtime=Labels.of(runtime),
        precision=Labels.of(precision),
        precision_word=Labels.constant("", count),
        processor=Labels.of(processor),
        threads=np.array(threads, dtype=np.int64),
        batch=batch,
        status=Labels.constant("ok", count),
        latency_ms=metered("latency_ms"),
        latency_statistic=Labels.constant(MEDIAN, count),
        latency_min_ms=blank,
        latency_max_ms=blank,
        latency_p90_ms=blank,
        latency_p99_ms=blank,
        throughput_fps=metered("throughput_fps"),
        net_power_w=metered("net_power_w"),
        gross_power_w=metered("gross_power_w"),
        memory_mb=metered("memory_mb"),
        file_size_mb=metered("file_size_mb"),
        verdict=Labels.constant("", count),
    )
