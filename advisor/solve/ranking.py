"""Which candidate is better: the objective, and the order of ties, the same everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from advisor.solve.candidates import Candidates
from advisor.solve.metrics import KEYS_BY_NAME, METRICS

if TYPE_CHECKING:
    from advisor.catalog.records import Floats, Integers


def badness(candidates: Candidates, objective: str) -> Floats:
    """The objective as a figure of which less is better; unknown is infinitely bad."""
    metric = METRICS[KEYS_BY_NAME[objective]]
    values = candidates.values(metric.key).value
    return np.where(np.isnan(values), np.inf, -values if metric.more_is_better else values)


def in_order(candidates: Candidates, objective: str, positions: Integers) -> Integers:
    """`positions`, best first; unknown figures come last.

    The objective decides, then lower response, energy, memory, batch, and at last the names of the
    architecture, the weights, the runtime and the precision.
    """
    these = candidates.take(positions)
    table = these.measurements
    keys = (
        badness(these, objective),
        these.values("response_ms").value,
        these.values("energy_j").value,
        these.values("memory_mb").value,
        these.batch,
        these.architecture_index,
        these.weights_index,
        table.runtime.index[these.rows],
        table.precision.index[these.rows],
    )
    return positions[np.lexsort(keys[::-1])]


def listed(
    candidates: Candidates, objective: str, fitting: Integers, top: int, *, all_batches: bool
) -> Integers:
    """Those of the fitting candidates that are to be listed, best first.

    Only the candidates of networks that can be among the first `top` are sorted, so that the time
    grows with the number of candidates.

    Args:
        candidates: all candidates.
        objective: what ranks them.
        fitting: positions of those that meet every limit.
        top: how many networks to list.
        all_batches: whether to list every fitting candidate of them, not only the best of each.
    """
    if not len(fitting):
        return fitting
    scores = badness(candidates, objective)[fitting]
    networks = candidates.architecture_index[fitting]
    best_of = np.full(len(candidates.architectures), np.inf)
    np.minimum.at(best_of, networks, scores)
    present = np.unique(networks)
    last = min(top, len(present)) - 1
    cutoff = np.partition(best_of[present], last)[last]
    shortlist = fitting[(best_of[networks] if all_batches else scores) <= cutoff]
    order = in_order(candidates, objective, shortlist)
    _, first = np.unique(candidates.architecture_index[order], return_index=True)
    leading = order[np.sort(first)[:top]]
    if not all_batches:
        return leading
    chosen = candidates.architecture_index[leading]
    return order[np.isin(candidates.architecture_index[order], chosen)]
