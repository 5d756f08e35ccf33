"""Which networks to measure on a new board, so that all that a question could pick are predicted best."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from advisor.arguments import checked
from advisor.catalog.predicted_rows import predicted_rows
from advisor.catalog.records import Z90, Labels, Measurements, Values
from advisor.catalog.stack import Stack
from advisor.catalog.store import Catalog, Surveyed
from advisor.errors import AdvisorError
from advisor.options import Requirements, default_board
from advisor.prediction.board_model import TRANSFERRED
from advisor.prediction.fit_store import current_fit
from advisor.prediction.rows import fullest_variant
from advisor.prediction.transfer.networks import Evidence
from advisor.prediction.transfer.suggestions import (
    VARIANCES,
    Suggestions,
    evidence_in_common,
    most_informative,
    suggested_from,
)
from advisor.quality import task_of
from advisor.solve.candidates.candidates import Candidates
from advisor.solve.candidates.chance import chance, meets
from advisor.solve.candidates.gather import gather_on
from advisor.solve.question import asking, read_question
from advisor.stages import LOG, stage

if TYPE_CHECKING:
    from advisor.catalog.records import Floats

LEAST_DOUBT = 0.02
"""What meets all limits, or misses one, with no more than this chance is not near a limit."""

MEASURED = {"latency_ms", "throughput_fps", "net_power_w", "gross_power_w", "memory_mb"}
"""What measuring finds out; accuracy, parameters and operations are known without."""

ANSWERED = ("board", "catalog")
"""Parts of a question that say nothing of what could be picked."""


@asking
@checked
def suggest(
    count: int = 20,
    *,
    like: str | Sequence[str] = (),
    requirements: str | os.PathLike[str] | None = None,
    **question: object,
) -> Suggestions:
    """Which networks to measure on a new board, so that from them all others are predicted best.

    They differ from each other in what boards make of them; of those worth nearly as much, the cheapest.
    Networks of known accuracy count; with a question those that it lets be picked, most of all such as may
    meet its limits and may miss them.

    Args:
        count: how many.
        like: the boards that have run many; else those of most networks.
        requirements: a YAML file that asks; what is said here overrides it.
        **question: limits, and what may be chosen from; `board` is the new one, if it has rows already,
            which are not named again.

    Raises:
        AdvisorError: something asked for cannot be read or is not known, a board has no rows, no network
            ran on all of them, or every one that did is measured already.
    """
    if count < 1:
        raise AdvisorError(f"count: {count} networks", "ask for 1 at least")
    catalog, asked = read_question(requirements, **question)  # type: ignore[arg-type]
    has_rows = question.get("board") or (requirements and asked.boards != (default_board(),))
    new = _new_board(catalog, asked) if has_rows else None
    measured = new.measurements.architecture.names if new else ()
    named = [like] if isinstance(like, str) else like
    references = suggested_from(catalog, named, new.board.name if new else None, measured)
    ran = {name for each in references for name in each.measurements.architecture.names}
    tasks = {catalog.architectures[name].task for name in ran}
    task = task_of(asked.selection.task, tasks)
    if task is None and asked.selection.task is not None:
        hint = f"they ran networks for {', '.join(sorted(tasks))}"
        raise AdvisorError(f"these boards ran no network for {asked.selection.task}", hint)
    known = {
        name: each
        for name in sorted(ran)
        if (each := catalog.architectures[name]).task == task or task is None
    }
    LOG.info("learnt from: %s", ", ".join(each.board.name for each in references))
    with stage(f"comparing {len(known)} networks"):
        evidence = evidence_in_common(references, known)
    limited = requirements is not None or any(
        value not in (None, ()) for name, value in question.items() if name not in ANSWERED
    )
    if limited:
        worth, notes = _worth(catalog, asked, new, references[0], evidence)
    else:
        rated = catalog.best_weights
        worth, notes = np.array([float(name in rated) for name in evidence.names]), ()
    with stage(f"choosing {count} networks"):
        names = most_informative(evidence, count, measured, worth=worth if worth.any() else None)
    if not names:
        raise AdvisorError("every network that these boards know is measured already")
    return Suggestions(
        tuple(known[name] for name in names),
        tuple(map(catalog.identities.written, names)),
        tuple(each.board.name for each in references),
        len(evidence.names),
        new.board.name if new else None,
        notes,
    )


def _new_board(catalog: Catalog, asked: Requirements) -> Surveyed:
    """The new board with its rows.

    Raises:
        AdvisorError: several boards are named, or none is known by that name.
    """
    if asked.boards is None or len(asked.boards) > 1:
        raise AdvisorError("networks are suggested for one board", "name one: --board NAME")
    return catalog.surveyed(asked.boards[0])


def _worth(
    catalog: Catalog,
    asked: Requirements,
    new: Surveyed | None,
    reference: Surveyed,
    evidence: Evidence,
) -> tuple[Floats, tuple[str, ...]]:
    """How much it matters what each network takes, and what could not be taken into account.

    What is known of the new board decides what is near a limit: its models and rows, else what the references
    take on average, give or take what boards differ by.

    Args:
        catalog: everything that is known.
        asked: the question.
        new: the new board, if it has rows.
        reference: one of those to learn from.
        evidence: the networks that may be measured.

    Returns:
        0 for what cannot be picked; shape (networks,).
    """
    fit = None
    if new and len(new.measurements):
        known = catalog.architectures_with(new.measurements)
        fit, _ = current_fit(new.board, new.measurements, known, catalog.own_folder)
    if new and fit:
        every = replace(asked, selection=replace(asked.selection, networks="all"))
        stack = Stack.of([new.board], [new.measurements])
        found = gather_on(catalog, every, stack, {new.board.name: fit})
    else:
        supposed = replace(reference.board, weights="")
        stack = Stack.of([supposed], [_supposed(reference, evidence)])
        here = replace(asked, selection=replace(asked.selection, networks="board"))
        found = gather_on(catalog, here, stack)
    decided = [each for each in asked.constraints if not np.isnan(found.figure(each.metric)).all()]
    unknown = [each.name for each in asked.constraints if each not in decided]
    notes = [f"nothing is known yet of what is limited: {', '.join(unknown)}"] if unknown else []
    fixed = [each for each in decided if not MEASURED & set(found.uncertain_inputs(each.metric))]
    allowed = ~np.isnan(found.figure("accuracy_percent"))
    for each in fixed:
        allowed &= meets(each, found.figure(each.metric))
    met = chance(found, [each for each in decided if each not in fixed])
    near = allowed & (met >= LEAST_DOUBT) & (met <= 1 - LEAST_DOUBT)
    worth = np.where(near, 4 * met * (1 - met), 0.0) if near.any() else allowed.astype(np.float64)
    by_network = _best_of_each(catalog, found, worth)
    key = catalog.identities.key
    return np.array([by_network.get(key(each) or each, 0.0) for each in evidence.names]), (*notes,)


def _supposed(reference: Surveyed, evidence: Evidence) -> Measurements:
    """What the networks take on average on the references, as rows of a board that ran none."""
    variant, _ = fullest_variant(reference.measurements)
    size = evidence.described.size
    half = Z90 * np.sqrt(VARIANCES.offset)
    ends = Values(np.exp(size), np.exp(size - half), np.exp(size + half))
    count = len(size)
    return predicted_rows(
        Labels.of(list(evidence.names)),
        [variant] * count,
        np.ones(count, dtype=np.int64),
        {"latency_ms": ends},
        TRANSFERRED,
    )


def _best_of_each(catalog: Catalog, found: Candidates, worth: Floats) -> dict[str, float]:
    """By network, what that of its candidates is worth that is worth the most."""
    best: dict[str, float] = {}
    for place, value in zip(found.network_index.tolist(), worth.tolist(), strict=True):
        name = found.architectures[place].name
        name = catalog.identities.key(name) or name
        best[name] = max(value, best.get(name, 0.0))
    return best
