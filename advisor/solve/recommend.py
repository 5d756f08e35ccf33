"""The choice itself: filter by every limit, rank by the objective, and account for the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from advisor.solve.candidates import Candidates
from advisor.solve.explain import Verdicts, binding, rejections, relaxations
from advisor.solve.metrics import KEYS_BY_NAME, METRICS
from advisor.solve.recommendation import Recommendation
from advisor.solve.requirements import Requirements

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Integers

    Floats = NDArray[np.float64]


def recommend(candidates: Candidates, requirements: Requirements) -> Recommendation:
    """The best candidate that meets every limit, its alternatives, and what the others lack.

    A candidate whose figure is unknown does not meet a limit on it. Time grows with the number of
    candidates: only those that can be listed are sorted.
    """
    verdicts = Verdicts.of(candidates, requirements.constraints)
    fitting = np.flatnonzero(verdicts.fits)
    order = ranked(candidates, requirements, fitting)
    records = [candidates.candidate(each, requirements.constraints) for each in order.tolist()]
    scores = badness(candidates, requirements.objective)
    best = int(order[0]) if len(order) else None
    return Recommendation(
        requirements=requirements,
        board=candidates.board,
        best=records[0] if records else None,
        alternatives=tuple(records[1:]),
        networks_fitting=len(np.unique(candidates.architecture_index[fitting])),
        considered=len(candidates),
        did_not_fit=candidates.did_not_fit,
        rejections=rejections(verdicts),
        binding=None if best is None else binding(verdicts, scores < scores[best]),
        relaxations=relaxations(verdicts) if best is None else (),
    )


def badness(candidates: Candidates, objective: str) -> Floats:
    """The objective as a figure of which less is better; unknown is infinitely bad."""
    metric = METRICS[KEYS_BY_NAME[objective]]
    values = candidates.values(metric.key).value
    return np.where(np.isnan(values), np.inf, -values if metric.more_is_better else values)


def ranked(candidates: Candidates, requirements: Requirements, fitting: Integers) -> Integers:
    """Those of the fitting candidates that are to be listed, best first.

    The objective decides, then lower response, energy, memory, batch, and at last the name.
    """
    if not len(fitting):
        return fitting
    scores = badness(candidates, requirements.objective)[fitting]
    networks = candidates.architecture_index[fitting]
    best_of = np.full(len(candidates.architectures), np.inf)
    np.minimum.at(best_of, networks, scores)
    present = np.unique(networks)
    last = min(requirements.top, len(present)) - 1
    cutoff = np.partition(best_of[present], last)[last]
    shortlist = fitting[(best_of[networks] if requirements.all_batches else scores) <= cutoff]
    order = in_order(candidates, requirements.objective, shortlist)
    _, first = np.unique(candidates.architecture_index[order], return_index=True)
    leading = order[np.sort(first)[: requirements.top]]
    if not requirements.all_batches:
        return leading
    listed = candidates.architecture_index[leading]
    return order[np.isin(candidates.architecture_index[order], listed)]


def in_order(candidates: Candidates, objective: str, positions: Integers) -> Integers:
    """`positions` sorted by the objective and the order of ties; unknown figures come last."""
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
