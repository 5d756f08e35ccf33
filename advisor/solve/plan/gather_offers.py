"""What the workloads of a plan may be: the one place where plans meet what `advisor pick` chooses from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.store import Catalog
from advisor.errors import AdvisorError
from advisor.solve.candidates.candidates import Candidates
from advisor.solve.candidates.gather import gather
from advisor.solve.candidates.spread import spread
from advisor.solve.plan.offers import (
    ACCURACY,
    IDLE_POWER,
    LATENCY,
    MEMORY,
    POWER,
    SHOWN,
    Column,
    Offer,
)
from advisor.solve.plan.plan_answer import Guarantee
from advisor.solve.plan.workloads import PlanRequest, Workload
from advisor.solve.question.limits import Sense

if TYPE_CHECKING:
    from advisor.catalog.records import Floats


def gather_offers(
    catalog: Catalog, request: PlanRequest, memory_mb: float | None
) -> tuple[tuple[Offer, ...], Guarantee]:
    """What every workload may be, and how surely all figures together stay within their bounds.

    Args:
        catalog: everything that is known.
        request: the question.
        memory_mb: how much memory there is for all; `None` for any.

    Raises:
        AdvisorError: the board is unknown, has nothing that a workload asks for, or a file is broken.
    """
    gathered = [_candidates(catalog, request, each) for each in request.workloads]
    limited = [_limited(each, request, memory_mb) for each in request.workloads]
    uncertain = sum(
        _uncertain(candidates, key, sense)
        for candidates, keys in zip(gathered, limited, strict=True)
        for key, sense in keys.items()
    )
    idle = gathered[0].boards[0].idle_power_w
    uncertain += request.power_w is not None and idle is not None and idle.high is not None
    guarantee = Guarantee(request.confidence, uncertain)
    return tuple(
        _offer(workload, candidates, keys, request, guarantee)
        for workload, candidates, keys in zip(request.workloads, gathered, limited, strict=True)
    ), guarantee


def _candidates(catalog: Catalog, request: PlanRequest, workload: Workload) -> Candidates:
    """What the catalog has for a workload, in canonical order."""
    try:
        asked = workload.requirements.called(catalog.plain_name)
        found = gather(catalog, replace(asked, boards=(request.board,)))
    except AdvisorError as error:
        if request.board in catalog.board_layers:
            raise AdvisorError(f"workload {workload.name}: {error.message}", error.hint) from None
        raise
    table = found.measurements
    keys = (
        found.architecture_index,
        found.batch,
        found.weights_index,
        table.runtime.index[found.rows],
        table.precision.index[found.rows],
    )
    return found.take(np.lexsort(keys[::-1]))


def _limited(workload: Workload, request: PlanRequest, memory_mb: float | None) -> dict[str, Sense]:
    """The figures of a workload on which something is limited, and from which side."""
    limited: dict[str, Sense] = {LATENCY: "max"}
    for constraint in workload.requirements.constraints:
        if constraint.name not in ("fps", "latency"):
            limited[constraint.metric] = constraint.sense
    if memory_mb is not None:
        limited[MEMORY] = "max"
    if request.power_w is not None:
        limited[POWER] = "max"
    return limited


def _widths(candidates: Candidates, key: str, sense: Sense) -> tuple[Floats, Floats]:
    """A figure, and its standard deviation (of the logarithm) towards the worse side."""
    value, below, above = spread(candidates, key)
    return value, below if sense == "min" else above


def _uncertain(candidates: Candidates, key: str, sense: Sense) -> bool:
    _, width = _widths(candidates, key, sense)
    return bool(np.any(np.isfinite(width) & (width > 0)))


def _offer(
    workload: Workload,
    candidates: Candidates,
    limited: Mapping[str, Sense],
    request: PlanRequest,
    guarantee: Guarantee,
) -> Offer:
    columns = {key: _column(candidates, key, None, guarantee) for key in SHOWN}
    columns.update(
        {key: _column(candidates, key, sense, guarantee) for key, sense in limited.items()}
    )
    needed = set(limited)
    needed |= {ACCURACY} if request.needs_accuracy else set()
    needed |= {POWER, IDLE_POWER} if request.needs_power else set()
    return Offer(workload, candidates, columns, frozenset(needed))


def _column(candidates: Candidates, key: str, sense: Sense | None, guarantee: Guarantee) -> Column:
    """A figure; `sense` says from which side it is limited, `None` for not at all."""
    if sense is None:
        value = candidates.figure(key)
        return Column(value, value)
    value, width = _widths(candidates, key, sense)
    away = guarantee.deviations * np.where(np.isfinite(width), width, 0.0)
    bound = value * np.exp(-away if sense == "min" else away)
    anything = np.isinf(width) & (guarantee.confidence > 0)
    return Column(value, np.where(anything, np.inf, bound))
