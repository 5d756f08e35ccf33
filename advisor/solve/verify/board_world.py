"""A board on which candidates are measured one by one, and chosen from anew after each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.records import Measurements
from advisor.catalog.store import Catalog, Surveyed
from advisor.errors import AdvisorError
from advisor.solve.candidates.candidate import Candidate
from advisor.solve.candidates.candidates import Candidates
from advisor.solve.candidates.gather import gather_on
from advisor.solve.candidates.runs import runs_of_rows
from advisor.solve.question.requirements import Requirements
from advisor.solve.verify.bench import Bench, Key
from advisor.solve.verify.standing import standing_of
from advisor.solve.verify.verify import Standing

if TYPE_CHECKING:
    from advisor.catalog.records import Integers
    from advisor.prediction.board_fit import BoardFit

Refit = Callable[[Surveyed], "BoardFit"]
"""Fits a board anew to its rows."""


@dataclass(frozen=True)
class Checked:
    """One candidate, as it was predicted and as it was found.

    Attributes:
        predicted: as it stood before.
        found: as it was measured, at another batch size perhaps; `None` where it did not run.
        reason: why it did not run; "" if it did.
    """

    predicted: Candidate
    found: Candidate | None
    reason: str


class BoardWorld:
    """The candidates of a question on one board; see `advisor.solve.verify.verify.World`.

    Attributes:
        candidates: what may be chosen from now.
        lacking: how many networks are left out, since the bench does not offer them.
    """

    def __init__(
        self,
        catalog: Catalog,
        requirements: Requirements,
        surveyed: Surveyed,
        fit: BoardFit,
        bench: Bench,
        refit: Refit,
    ) -> None:
        """Take up the question.

        Args:
            catalog: everything that is known.
            requirements: the question.
            surveyed: the board that it is asked of, with its rows.
            fit: the board's laws, fitted to these.
            bench: what measures.
            refit: fits the laws anew.

        Raises:
            AdvisorError: nothing can be chosen, or nothing of what is not measured can be measured.
        """
        self.catalog, self.requirements = catalog, requirements
        self.surveyed, self.fit = surveyed, fit
        self.bench, self.refit = bench, refit
        self.tried: set[Key] = set()
        self.out: set[Key] = set()
        self.lacking = 0
        self.candidates = self._gathered()
        if self.lacking and self.standing().measured.all():
            board = surveyed.board.name
            raise AdvisorError(
                f"none of the networks that {board} has not run can be measured: {bench.lacks}"
            )

    def standing(self) -> Standing:
        """How the candidates stand; what has run and cannot be measured again is as it is."""
        tried = [
            each in self.tried or not self.bench.offers(each) for each in _keys(self.candidates)
        ]
        return standing_of(self.candidates, self.requirements, np.array(tried, dtype=np.bool_))

    def measure(self, place: int) -> Checked:
        """Measure a candidate, and fit the board's laws anew to what was found."""
        predicted = self.candidates.candidate(place, self.requirements.constraints)
        asked = _keys(self.candidates)[place]
        attempt = self.bench.measure(asked)
        if attempt.surveyed is not self.surveyed:
            self.surveyed = attempt.surveyed
            self.fit = self.refit(self.surveyed)
        # What did not run is out, and where it ran at another batch size, that is what it stands for.
        (self.tried if asked in self._ran() else self.out).add(asked)
        self.candidates = self._gathered()
        found, reason = self._found(attempt.key, predicted.weights), attempt.reason
        if found is None and attempt.key is not None and not reason:
            reason = f"it ran at batch {attempt.key.batch}, which may not be chosen"
        return Checked(predicted, found, reason)

    def _gathered(self) -> Candidates:
        """All candidates but those that could not be run, or that this bench does not offer."""
        fits = {self.surveyed.board.name: self.fit}
        found = gather_on(self.catalog, self.requirements, [self.surveyed], fits)
        keys, there = _keys(found), self._rows()
        offered = np.array([each in there or self.bench.offers(each) for each in keys], np.bool_)
        ran = np.array([each not in self.out for each in keys], np.bool_)
        self.lacking = len(np.unique(found.architecture_index[~offered]))
        left_out = f"networks left out: {self.lacking}, {self.bench.lacks}"
        notes = (*found.notes, left_out) if self.lacking else found.notes
        return replace(found.take(np.flatnonzero(offered & ran)), notes=notes)

    def _rows(self) -> set[Key]:
        """What the board has rows of."""
        table = self.surveyed.measurements
        return set(_keys_of(table, np.arange(len(table))))

    def _ran(self) -> set[Key]:
        """What the board has rows of that ran."""
        table = self.surveyed.measurements
        ran = table.status.index == table.status.position.get("ok", -1)
        return set(_keys_of(table, np.flatnonzero(ran)))

    def _found(self, key: Key | None, weights: str | None) -> Candidate | None:
        """The candidate of that row and those weights; `None` where there is none."""
        places = [place for place, each in enumerate(_keys(self.candidates)) if each == key]
        found = self.candidates.records(
            np.array(places, dtype=np.int64), self.requirements.constraints
        )
        return next((each for each in found if each.weights == weights), None)


def _keys(candidates: Candidates) -> list[Key]:
    """What each candidate's row is of."""
    return _keys_of(candidates.measurements, candidates.rows)


def _keys_of(table: Measurements, rows: Integers) -> list[Key]:
    batches = table.batch[rows].tolist()
    return [Key(*run, batch) for run, batch in zip(runs_of_rows(table, rows), batches, strict=True)]
