"""The choice itself: filter by every limit, rank by the objective, and account for the rest."""

from __future__ import annotations

import numpy as np

from advisor.solve.candidates import Candidates
from advisor.solve.explain import accuracy_bound, binding, rejections, unsure
from advisor.solve.ranking import listed
from advisor.solve.recommendation import Recommendation
from advisor.solve.relax import relaxations
from advisor.solve.requirements import Requirements
from advisor.solve.verdicts import Verdicts


def recommend(candidates: Candidates, requirements: Requirements) -> Recommendation:
    """The best candidate that meets every limit, its alternatives, and what the others lack.

    A candidate whose figure is unknown does not meet a limit on it.
    """
    verdicts = Verdicts.of(
        candidates, requirements.constraints, requirements.objective, requirements.confidence
    )
    fitting = verdicts.fitting
    order = listed(
        candidates,
        requirements.objective,
        fitting,
        requirements.top,
        all_batches=requirements.all_batches,
    )
    records = [candidates.candidate(each, requirements.constraints) for each in order.tolist()]
    return Recommendation(
        requirements=requirements,
        board=candidates.board,
        best=records[0] if records else None,
        alternatives=tuple(records[1:]),
        networks_fitting=len(np.unique(candidates.architecture_index[fitting])),
        considered=len(candidates),
        did_not_fit=candidates.did_not_fit,
        did_not_run=candidates.did_not_run,
        without_weights=candidates.without_weights,
        rejections=rejections(verdicts),
        binding=binding(verdicts, int(order[0])) if records else None,
        relaxations=() if records else relaxations(verdicts),
        unsure=unsure(verdicts),
        bound=accuracy_bound(verdicts),
        notes=candidates.notes,
    )
