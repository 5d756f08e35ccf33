"""What models are made of: the columns that describe a run, and the terms computed from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from advisor.catalog.records import Floats

COLUMNS = (
    "params",
    "operations",
    "activations",
    "layers",
    "window_reads",
    "peak_activations",
    "batch",
    "latency_ms",
)
"""What describes a run: the cost of its network (for one image, as in `catalog.records.Cost`), its
batch size, and how long it takes, which only power is asked about. The models take them as an array of
shape (rows, 8) in this order; NaN is unknown."""

BYTES = 4
"""Of a number at fp32."""


def column(runs: Floats, name: str) -> Floats:
    """One of `COLUMNS`; shape (rows,)."""
    found: Floats = runs[:, COLUMNS.index(name)]
    return found


def _per_batch(name: str, unit: float) -> Callable[[Floats], Floats]:
    return lambda runs: column(runs, name) * column(runs, "batch") / unit


def _once(name: str, unit: float) -> Callable[[Floats], Floats]:
    return lambda runs: column(runs, name) / unit


def _rate(runs: Floats) -> Floats:
    return column(runs, "operations") * column(runs, "batch") / column(runs, "latency_ms") / 1e9


TERMS: Mapping[str, Callable[[Floats], Floats]] = {
    "constant": lambda runs: np.ones(len(runs)),
    "batch": _once("batch", 1),
    "operations": _per_batch("operations", 1e9),
    "activations": _per_batch("activations", 1e6),
    "params": _once("params", 1e6),
    "layers": _once("layers", 1),
    "layer_runs": _per_batch("layers", 1),
    "window_reads": _per_batch("window_reads", 1e6),
    "size_mb": _once("params", 1e6 / BYTES),
    "activations_mb": _per_batch("activations", 1e6 / BYTES),
    "peak_mb": _per_batch("peak_activations", 1e6 / BYTES),
    "rate": _rate,
}
"""Every term by its name: operations in G, activations, parameters and window reads in M, sizes in MB
of fp32, all of a whole batch, except `params`, `layers` and `size_mb`, which are the network's own.
`rate` is G operations per ms."""

NEEDS: Mapping[str, tuple[str, ...]] = {
    "constant": (),
    "batch": (),
    "operations": ("operations",),
    "activations": ("activations",),
    "params": ("params",),
    "layers": ("layers",),
    "layer_runs": ("layers",),
    "window_reads": ("window_reads",),
    "size_mb": ("params",),
    "activations_mb": ("activations",),
    "peak_mb": ("peak_activations",),
    "rate": ("operations", "latency_ms"),
}
"""Which columns a term is computed from, beside the batch."""


def design(runs: Floats, terms: Sequence[str]) -> Floats:
    """The terms of each run; shape (rows, terms)."""
    return np.column_stack([TERMS[name](runs) for name in terms])
