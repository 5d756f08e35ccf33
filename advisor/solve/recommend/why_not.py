"""Why a network that someone asks about is not the pick."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from advisor.errors import AdvisorError, closest, shown
from advisor.solve.candidates.candidate import Candidate
from advisor.solve.candidates.confidence import chance
from advisor.solve.recommend.explain import nearest
from advisor.solve.recommend.recommendation import WhyNot
from advisor.solve.recommend.verdicts import Verdicts

if TYPE_CHECKING:
    from advisor.catalog.records import Integers


def why_not(verdicts: Verdicts, name: str) -> tuple[WhyNot, ...]:
    """Why a network is not the pick, board by board.

    Raises:
        AdvisorError: none of the boards has heard of it.
    """
    candidates = verdicts.candidates
    place = candidates.measurements.architecture.position.get(name)
    if place is None:
        known = candidates.measurements.architecture.names
        raise AdvisorError(
            f"explain: {shown(name)} is no network that could be chosen here",
            f"{closest(name, known)} (--candidates all brings in those without rows)",
        )
    return tuple(_on(verdicts, name, place, board) for board in range(len(candidates.boards)))


def _on(verdicts: Verdicts, name: str, place: int, board: int) -> WhyNot:
    candidates = verdicts.candidates
    positions = np.flatnonzero(
        (candidates.architecture_index == place) & (candidates.board_index == board)
    )
    order = positions[np.argsort(candidates.batch[positions], kind="stable")]
    table = candidates.measurements
    rows = (table.architecture.index == place) & (candidates.row_board == board)
    ran = table.ran
    misfits = rows & table.out_of_memory
    fitting = np.intersect1d(positions, verdicts.fitting)
    return WhyNot(
        architecture=name,
        board=candidates.boards[board].name,
        candidates=tuple(candidates.records(order, verdicts.constraints)),
        nearest=_nearest(verdicts, positions),
        fits=bool(len(fitting)),
        misfits=tuple(np.unique(table.batch[misfits]).tolist()),
        left_out=bool((rows & ran).any()) and not len(positions),
    )


def _nearest(verdicts: Verdicts, positions: Integers) -> Candidate | None:
    """Of these, the best that meets every limit; else the one that is closest to it."""
    if not len(positions):
        return None
    fitting = np.intersect1d(positions, verdicts.fitting)
    unsure = np.intersect1d(positions, verdicts.within)
    if len(fitting):
        position = verdicts.least(fitting)
    elif len(unsure):
        likelihood = chance(verdicts.candidates.take(unsure), verdicts.constraints)
        position = int(unsure[np.argmax(likelihood)])
    else:
        position = nearest(verdicts, positions)
    return verdicts.candidates.candidate(position, verdicts.constraints)
