"""Which network to ship: every limit filters, the objective ranks, and the rest is accounted for."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from advisor.catalog.records import Estimate, distinct, source_keys
from advisor.catalog.store import Catalog
from advisor.metrics import INPUTS, METRICS, expression
from advisor.options import BY_BOARD, Requirements
from advisor.prediction.calibration import Calibration
from advisor.solve.candidates.candidate import IDENTITY_FIELDS, Candidate, records
from advisor.solve.candidates.candidates import Candidates
from advisor.solve.candidates.gather import gathered
from advisor.solve.candidates.named_networks import as_called, names_here
from advisor.solve.candidates.network_pool import NetworkPool
from advisor.solve.question import asking, read_question
from advisor.solve.recommend.explain import (
    accuracy_bound,
    binding,
    impossible,
    overlooked,
    rejections,
    unsure,
    why_not,
)
from advisor.solve.recommend.ranking import listed, narrowings
from advisor.solve.recommend.recommendation import AnotherRun, Recommendation, WhyNot
from advisor.solve.recommend.verdicts import Verdicts
from advisor.stages import stage


@asking
def pick(requirements: str | os.PathLike[str] | None = None, **question: object) -> Recommendation:
    """Which network to ship on a board.

    Limits are text with a unit ("0.5 J", ">= 400 MB") or a mapping ({"min": "1 W", "max": "2 W"}); bare
    numbers are for `fps`, `accuracy` in percent, `params`, `ops` (also "25M") and `hours`. A text without
    a sign is a least fps, accuracy or hours, and a most of everything else.

    Args:
        requirements: a YAML file that asks; what is said here overrides it.
        **question: limits, and what may be chosen from.

    Returns:
        The recommendation; its `best` is `None` where nothing meets all limits.

    Raises:
        AdvisorError: something asked for cannot be read or is not known, or a file is broken.
    """
    return answered(*read_question(requirements, **question))  # type: ignore[arg-type]


def answered(opened: Catalog, asked: Requirements) -> Recommendation:
    """The same of a question that has been read.

    Raises:
        AdvisorError: as `pick` has it.
    """
    candidates, pool = gathered(opened, asked)
    called = as_called(opened, asked, candidates)
    found = recommend(candidates, called)
    explained = tuple(_as_asked(opened, asked, candidates, found.explained))
    found = replace(found, explained=explained)
    return replace(found, another_run=_another_run(opened, called, pool, found.best))


@stage("choosing")
def recommend(candidates: Candidates, requirements: Requirements) -> Recommendation:
    """The best candidate that meets every limit, its alternatives, and what the others lack.

    A candidate whose figure is unknown does not meet a limit on it.

    Raises:
        AdvisorError: a network to explain is unknown.
    """
    objective = requirements.objective
    verdicts = Verdicts.of(
        candidates,
        requirements.constraints,
        objective,
        requirements.confidence,
        proven=requirements.proven,
    )
    feasible = verdicts.feasible
    by_board = requirements.by == BY_BOARD
    order = listed(
        candidates,
        objective,
        feasible,
        candidates.board_index if by_board else candidates.network_index,
        len(candidates.boards) if by_board else requirements.top,
        every=requirements.all_batches,
    )
    found = records(candidates, order, requirements.constraints)
    answer = Recommendation(
        requirements=requirements,
        boards=candidates.boards,
        quality=candidates.quality,
        best=found[0] if found else None,
        alternatives=tuple(found[1:]),
        networks_feasible=len(distinct(candidates.network_index[feasible])),
        boards_feasible=len(distinct(candidates.board_index[feasible])),
        considered=len(candidates),
        out_of_memory=candidates.out_of_memory,
        failed=candidates.failed,
        without_weights=candidates.without_weights,
        rejections=rejections(verdicts, int(order[0]) if found else None),
        binding=binding(verdicts, int(order[0])) if found else None,
        overlooked=overlooked(verdicts, int(order[0])) if found else None,
        narrowings=narrowings(candidates, objective, feasible),
        unsure=unsure(verdicts),
        unproven=len(verdicts.unproven),
        calibrations=_calibrations(candidates, requirements, int(order[0])) if found else {},
        bound=accuracy_bound(verdicts),
        explained=_explained(verdicts, requirements.explain),
        notes=candidates.notes,
        variants=candidates.variants,
        weights_used=candidates.weights_used,
        all_ranked=not np.isnan(candidates.figure(objective[-1].metric.key)).any(),
    )
    return answer if found else _what_would_have_to_give(answer, verdicts)


def _calibrations(
    candidates: Candidates, requirements: Requirements, pick: int
) -> Mapping[str, Calibration | None]:
    if not requirements.selection.completes:
        return {}
    from advisor.solve.candidates.margins import calibrations_of  # starts faster without

    best = candidates.take(np.array([pick]))
    rests = [best.rests_on(each.metric).items() for each in requirements.constraints]
    names = {name for each in rests for name, here in each if here[0]}
    return calibrations_of(candidates, pick, names)


def _explained(verdicts: Verdicts, networks: Iterable[str]) -> tuple[WhyNot, ...]:
    return tuple(each for name in networks for each in why_not(verdicts, name))


def _as_asked(
    catalog: Catalog, asked: Requirements, candidates: Candidates, explained: Sequence[WhyNot]
) -> Iterator[WhyNot]:
    """Each network once a board: by the name that the board has it by, with the one that it was asked by."""
    here = candidates.measurements.architecture.position
    names_of = {each: tuple(names_here(catalog, each, here) or (each,)) for each in asked.explain}
    first = {names: each for each, names in reversed(names_of.items())}
    for names, name in reversed(first.items()):
        by_board: dict[str, list[WhyNot]] = {}
        for each in explained:
            if each.architecture in names:
                by_board.setdefault(each.board, []).append(replace(each, asked=name))
        for on_it in by_board.values():
            yield from [each for each in on_it if each.has_rows] or on_it[:1]


def _what_would_have_to_give(answer: Recommendation, verdicts: Verdicts) -> Recommendation:
    # Most questions have an answer, and start faster without these.
    from advisor.solve.recommend.relaxation import relax_together, relaxations

    alone = relaxations(verdicts)
    return replace(
        answer,
        relaxations=alone,
        together=relax_together(verdicts, alone),
        impossible=impossible(verdicts),
    )


def _another_run(
    catalog: Catalog, asked: Requirements, pool: NetworkPool, best: Candidate | None
) -> AnotherRun | None:
    """How another run of the pick would stand to the limits.

    Returns:
        `None` where its chance is of any run already, or it has no limited figure that was published with an
        error of its own.
    """
    if best is None or best.chance is None or asked.reproducible:
        return None
    published = list(_published(asked, best))
    keys = source_keys(*(each.source for each in published))
    if not keys:
        return None
    silent = tuple(key for key in keys if catalog.source(key).reproducibility is None)
    if silent:
        return AnotherRun(None, silent)
    chosen = replace(
        asked.selection, architectures=(best.architecture,), batches=frozenset((best.batch,))
    )
    again = replace(asked, boards=(best.board,), selection=chosen, reproducible=True)
    found, _ = gathered(catalog, again, pool)
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
