"""The choice itself: filter by every limit, rank by the objective, and account for the rest."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from advisor.solve.candidates import Candidates
from advisor.solve.conflicts import impossible
from advisor.solve.explain import accuracy_bound, binding, rejections, unsure
from advisor.solve.ranking import listed, narrowings
from advisor.solve.recommendation import Recommendation
from advisor.solve.relax import relaxations
from advisor.solve.relax_together import relax_together
from advisor.solve.requirements import Requirements
from advisor.solve.verdicts import Verdicts
from advisor.solve.why_not import why_not


def recommend(
    candidates: Candidates, requirements: Requirements, explain: Iterable[str] = ()
) -> Recommendation:
    """The best candidate that meets every limit, its alternatives, and what the others lack.

    A candidate whose figure is unknown does not meet a limit on it.

    Args:
        candidates: what may be chosen from.
        requirements: the question.
        explain: networks of which to tell why they are not the pick.

    Raises:
        AdvisorError: a network to explain is unknown.
    """
    objective = requirements.objective
    verdicts = Verdicts.of(candidates, requirements.constraints, objective, requirements.confidence)
    fitting = verdicts.fitting
    order = listed(
        candidates, objective, fitting, requirements.top, all_batches=requirements.all_batches
    )
    records = candidates.records(order, requirements.constraints)
    alone = () if records else relaxations(verdicts)
    return Recommendation(
        requirements=requirements,
        boards=candidates.boards,
        best=records[0] if records else None,
        alternatives=tuple(records[1:]),
        networks_fitting=len(np.unique(candidates.network_index[fitting])),
        considered=len(candidates),
        did_not_fit=candidates.did_not_fit,
        did_not_run=candidates.did_not_run,
        without_weights=candidates.without_weights,
        rejections=rejections(verdicts),
        binding=binding(verdicts, int(order[0])) if records else None,
        narrowings=narrowings(candidates, objective, fitting),
        relaxations=alone,
        together=None if records else relax_together(verdicts, alone),
        impossible=() if records else impossible(verdicts),
        unsure=unsure(verdicts),
        bound=accuracy_bound(verdicts),
        explained=tuple(each for name in explain for each in why_not(verdicts, name)),
        notes=candidates.notes,
    )
