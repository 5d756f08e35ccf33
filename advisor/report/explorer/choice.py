"""What the page may choose from: more than the question, since boards and batches can be changed there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.store import Catalog
from advisor.options import Requirements
from advisor.solve.candidates.candidates import Candidates
from advisor.solve.candidates.gather import boards_asked, gather, selected

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Booleans = NDArray[np.bool_]


@dataclass(frozen=True)
class Choice:
    """What the page may choose from.

    Attributes:
        requirements: the question with which it opens.
        candidates: the candidates at every batch size.
        own_batches: for each board, the batch sizes that `--batch any` means there: those of its rows.
            Where predictions complete the boards, the candidates may have further sizes, which are
            chosen only if they are named.
        misfits: for each board, the batch size of every pair that is known not to fit in its memory.
    """

    requirements: Requirements
    candidates: Candidates
    own_batches: Sequence[Sequence[int]]
    misfits: Sequence[Sequence[int]]


def choice(catalog: Catalog, requirements: Requirements) -> Choice:
    """All that a page which opens with this question may choose from.

    Raises:
        AdvisorError: the question cannot be asked; see `gather`.
    """
    gather(catalog, requirements)  # what it refuses is refused here
    surveyed, _ = boards_asked(catalog, requirements)
    own = [np.unique(each.measurements.batch).tolist() for each in surveyed]
    chosen = requirements.selection
    everywhere = None
    if chosen.completes:
        # A prediction that is made for one board's batch sizes can be asked of every other board.
        everywhere = frozenset(size for sizes in own for size in sizes) | (
            chosen.batches or frozenset()
        )
    wide = replace(requirements, selection=replace(chosen, batches=everywhere))
    candidates = gather(catalog, wide)
    known = {**catalog.architectures, **{each.name: each for each in candidates.architectures}}
    asked = selected(candidates.boards, candidates.measurements, known, wide.selection)
    return Choice(requirements, candidates, own, _misfits(candidates, asked))


def _misfits(candidates: Candidates, asked: Booleans) -> list[list[int]]:
    """For each board, the batch size of each of these rows that is known not to fit."""
    misfit = asked & candidates.measurements.out_of_memory
    return [
        candidates.measurements.batch[misfit & (candidates.row_board == place)].tolist()
        for place in range(len(candidates.boards))
    ]
