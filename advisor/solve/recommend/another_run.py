"""What another run of a published pick would give, beside the very run that was published."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from advisor.catalog.records import Estimate
from advisor.catalog.store import Catalog
from advisor.metrics import INPUTS, METRICS, expression
from advisor.options import Requirements
from advisor.solve.candidates.candidate import IDENTITY_FIELDS, Candidate, records
from advisor.solve.candidates.gather import gather
from advisor.solve.recommend.recommendation import AnotherRun


def another_run(catalog: Catalog, asked: Requirements, best: Candidate | None) -> AnotherRun | None:
    """How another run of the pick would stand to the limits.

    Returns:
        `None` where its chance is of any run already, or it has no limited figure that was published with an
        error of its own.
    """
    if best is None or best.chance is None or asked.reproducible:
        return None
    published = list(_published(asked, best))
    keys = dict.fromkeys(key for each in published for key in each.source.split(", "))
    if not keys:
        return None
    silent = tuple(key for key in keys if catalog.source(key).reproducibility is None)
    if silent:
        return AnotherRun(None, silent)
    chosen = replace(
        asked.selection, architectures=(best.architecture,), batches=frozenset((best.batch,))
    )
    again = replace(asked, boards=(best.board,), selection=chosen, reproducible=True)
    found = gather(catalog, again)
    same = (
        each.chance
        for each in records(found, np.arange(len(found)), asked.constraints)
        if all(getattr(each, name) == getattr(best, name) for name in IDENTITY_FIELDS)
    )
    chance = next(same, None)
    return None if chance is None or abs(chance - best.chance) < 1e-9 else AnotherRun(chance, ())


def _published(asked: Requirements, best: Candidate) -> Iterator[Estimate]:
    """The limited figures of runs that were published, with the error of reading them."""
    for key in dict.fromkeys(each.metric for each in asked.constraints):
        estimate = best.metric(key) if key in METRICS else None
        of_runs = {INPUTS[name].home for name in expression(key).count} & {"row", "board"}
        if estimate and of_runs and estimate.origin == "reported" and estimate.low is not None:
            yield estimate
