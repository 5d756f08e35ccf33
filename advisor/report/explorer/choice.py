"""What the page may choose from: the candidates of every question that it can be changed to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from advisor.catalog.records import Labels, Metered, distinct, source_keys
from advisor.catalog.stack import Stack
from advisor.catalog.store import Catalog
from advisor.errors import AdvisorError
from advisor.metrics import EVERY, INPUTS, expression
from advisor.option_kinds import Counts
from advisor.options import Requirements, Selection
from advisor.quality import ACCURACY, TASKS
from advisor.solve.candidates.candidates import Candidates
from advisor.solve.candidates.gather import boards_asked, gather_on, selected
from advisor.solve.candidates.named_networks import chosen_here

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Integers

    Booleans = NDArray[np.bool_]

VARIANT = {
    "runtime": "runtimes",
    "precision": "precisions",
    "processor": "processors",
    "threads": "threads",
}
"""How a network is run: the names of its parts, and the fields of a selection that name some of them."""

OF_QUALITY = frozenset(
    key for key in EVERY if any(INPUTS[name].home == "weights" for name in expression(key).count)
)
"""The metrics that say how good a network is for its task: no limit on one holds for another task.

Of these the accuracy alone can rank the networks of each.
"""

ANY_VARIANT: dict[str, Any] = dict.fromkeys(VARIANT.values())


@dataclass(frozen=True)
class Choice:
    """What the page may choose from: more than the question, since much of it can be changed there.

    Attributes:
        requirements: the question with which it opens, its variants by their names.
        candidates: the candidates at every batch size and of every variant.
        own_batches: for each board, the batch sizes that `--batch any` means there: those of its rows.
            Where predictions complete the boards, the candidates may have further sizes, which are
            chosen only if they are named.
        out_of_memory: the rows of the candidates' measurements that are known not to fit in their board's
            memory.
        silent: the sources of rows and boards that do not say how far another run would be off.
        tasks: for each board, what its networks are for.
    """

    requirements: Requirements
    candidates: Candidates
    own_batches: Sequence[Sequence[int]]
    out_of_memory: Integers
    silent: Sequence[str]
    tasks: Sequence[Sequence[str]]


def choices(catalog: Catalog, requirements: Requirements) -> list[Choice]:
    """All that a page which opens with this question may choose from, by task: that of the question first.

    The others are those that usually go by a metric of their own, on the boards that are asked.

    Raises:
        AdvisorError: the question cannot be asked; see `gather`.
    """
    stack, notes = boards_asked(catalog, requirements)
    asked = _choice(catalog, requirements, stack, notes)
    found = [asked]
    chosen = requirements.selection
    if chosen.data_set or chosen.accuracy_table or chosen.accuracy_of or chosen.include:
        return found  # which are those of one task
    here = {task for tasks in asked.tasks for task in tasks}
    free = tuple(each for each in requirements.constraints if each.metric not in OF_QUALITY)
    ranked = {step.metric.key for step in requirements.objective}
    of_one = ranked & OF_QUALITY - {ACCURACY}
    objective = Requirements().objective if of_one else requirements.objective
    for task in TASKS:
        if task not in here or task == asked.candidates.quality.task:
            continue
        other = replace(
            requirements,
            selection=replace(chosen, task=task),
            constraints=free,
            objective=objective,
        )
        # Where what else is asked for leaves nothing of a task, the page does not offer it.
        with suppress(AdvisorError):
            found.append(_choice(catalog, other, stack, notes))
    return [asked, *(each for each in found[1:] if len(each.candidates))]


def choice(catalog: Catalog, requirements: Requirements) -> Choice:
    """The same of the task of the question alone.

    Raises:
        AdvisorError: the question cannot be asked; see `gather`.
    """
    return _choice(catalog, requirements, *boards_asked(catalog, requirements))


def _choice(
    catalog: Catalog, requirements: Requirements, stack: Stack, notes: Sequence[str]
) -> Choice:
    own = stack.distinct(stack.table.batch)
    chosen = requirements.selection
    everywhere = None
    if chosen.completes:
        # A prediction that is made for one board's batch sizes can be asked of every other board.
        everywhere = frozenset(size for sizes in own for size in sizes) | (
            chosen.batches or frozenset()
        )
    wide = replace(requirements, selection=replace(chosen, batches=everywhere, **ANY_VARIANT))
    try:
        found = gather_on(catalog, wide, stack)
    except AdvisorError:
        gather_on(catalog, requirements, stack)  # refused in the words of what was asked
        raise
    candidates = replace(found, notes=(*notes, *found.notes))
    known = {**catalog.architectures, **{each.name: each for each in candidates.architectures}}

    def asked(selection: Selection) -> Booleans:
        return selected(
            candidates.boards,
            candidates.measurements,
            known,
            chosen_here(catalog, selection, known),
            candidates.quality.task,
        )

    asked(chosen)  # there are such rows
    named: dict[str, Any] = {
        field: _names(name, candidates, asked(Selection(**{field: getattr(chosen, field)})))
        for name, field in VARIANT.items()
        if getattr(chosen, field) is not None
    }
    too_large = np.flatnonzero(asked(wide.selection) & candidates.measurements.out_of_memory)
    return Choice(
        replace(requirements, selection=replace(chosen, **named)),
        candidates,
        own,
        too_large,
        list(_silent(catalog, candidates)),
        _tasks(catalog, stack),
    )


def _tasks(catalog: Catalog, stack: Stack) -> list[list[str]]:
    """For each board, what its networks are for."""
    names = stack.table.architecture.names
    return [
        sorted({catalog.architectures[names[place]].task for place in networks})
        for networks in stack.distinct(stack.table.architecture.index)
    ]


def _names(name: str, candidates: Candidates, rows: Booleans) -> tuple[str, ...] | Counts | None:
    """What a part of the variant is called in these rows; nothing where they are all."""
    if rows.all():
        return None
    table = candidates.measurements
    if name == "threads":
        return Counts(tuple(distinct(table.threads[rows]).tolist()))
    labels: Labels = getattr(table, name)
    return tuple(labels.names[place] for place in distinct(labels.index[rows]).tolist())


def _silent(catalog: Catalog, candidates: Candidates) -> Iterator[str]:
    """The sources of rows and boards that do not say how far another run would be off."""
    table = candidates.measurements
    columns = [getattr(table, name) for name, each in INPUTS.items() if each.home == "row"]
    named = [each.source.names for each in columns if isinstance(each, Metered)]
    idle = [each.idle_power_w.source for each in candidates.boards if each.idle_power_w]
    keys = source_keys(*idle, *(name for names in named for name in names))
    known = {key for layer in catalog.layers for key in catalog.sources_for(layer)}
    yield from sorted(
        key for key in known.intersection(keys) if catalog.source(key).reproducibility is None
    )
