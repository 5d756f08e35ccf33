"""The choice itself: filter by every limit, rank by the objective, and account for the rest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from advisor.solve.candidates.candidates import Candidates
from advisor.solve.question.requirements import Requirements
from advisor.solve.recommend.explain import accuracy_bound, binding, rejections, unsure
from advisor.solve.recommend.ranking import listed, narrowings
from advisor.solve.recommend.recommendation import Recommendation, WhyNot
from advisor.solve.recommend.verdicts import Verdicts


def recommend(candidates: Candidates, requirements: Requirements) -> Recommendation:
    """The best candidate that meets every limit, its alternatives, and what the others lack.

    A candidate whose figure is unknown does not meet a limit on it.

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
    answer = Recommendation(
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
        unsure=unsure(verdicts),
        bound=accuracy_bound(verdicts),
        explained=_explained(verdicts, requirements.explain),
        notes=candidates.notes,
        variants=candidates.variants,
        weights_used=candidates.weights_used,
    )
    return answer if records else _what_would_have_to_give(answer, verdicts)


def _explained(verdicts: Verdicts, networks: Iterable[str]) -> tuple[WhyNot, ...]:
    from advisor.solve.recommend.why_not import why_not  # which only those need who ask

    return tuple(each for name in networks for each in why_not(verdicts, name))


def _what_would_have_to_give(answer: Recommendation, verdicts: Verdicts) -> Recommendation:
    # Most questions have an answer, and start faster without these.
    from advisor.solve.recommend.conflicts import impossible
    from advisor.solve.recommend.relax import relaxations
    from advisor.solve.recommend.relax_together import relax_together

    alone = relaxations(verdicts)
    return replace(
        answer,
        relaxations=alone,
        together=relax_together(verdicts, alone),
        impossible=impossible(verdicts),
    )
