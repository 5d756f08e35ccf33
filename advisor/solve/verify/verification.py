"""Closing the loop: what leads is measured, until it is known to lead.

A choice among predictions is a choice of the luckiest of them. So the pick is measured, and it is chosen anew
from all that is known then, until the pick is measured and hardly anything else would take its place. Where
nothing is sure enough to be picked, or something better is unsure, the best of what probably meets every
limit is tried, then the best of what may well do.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, Literal, NamedTuple, Protocol, TypeVar

import numpy as np

from advisor.catalog.records import Measurements
from advisor.catalog.stack import Stack
from advisor.catalog.store import Catalog, Surveyed
from advisor.errors import AdvisorError
from advisor.options import DEFAULT_CONFIDENCE, Requirements
from advisor.quality import ACCURACY
from advisor.solve.candidates.candidate import Candidate, candidate_at, records
from advisor.solve.candidates.candidates import Candidates
from advisor.solve.candidates.completion import runs_of_rows
from advisor.solve.candidates.gather import gather_on
from advisor.solve.verify.benches import AccuracyBench, Attempt, Bench, Key
from advisor.solve.verify.standing import Standing, standing_of

if TYPE_CHECKING:
    from advisor.catalog.records import Booleans, Integers
    from advisor.prediction.board_model import BoardFit

Found = TypeVar("Found")
Found_co = TypeVar("Found_co", covariant=True)

ACCURACIES = {ACCURACY, "accuracy_top5_percent"}
"""What images find out, and no measurement."""

Refit = Callable[[Surveyed], "BoardFit"]
"""Fits a board anew to its rows."""


class World(Protocol[Found_co]):
    """Where candidates stand and can be measured."""

    def standing(self) -> Standing:
        """How all candidates stand, after all that was measured."""
        ...

    def measure(self, place: int) -> Found_co:
        """Measure the candidate at a place of the present standing.

        From then on it counts as measured or, where it did not run, is no candidate or has no chance.
        """
        ...


@dataclass(frozen=True)
class Step(Generic[Found]):
    """One measurement.

    Attributes:
        number: which one it is, counted from 1.
        place: what was measured, as a place in `before`.
        before: how the candidates stood.
        found: what the world says of it.
        after: how the candidates stand since.
    """

    number: int
    place: int
    before: Standing
    found: Found
    after: Standing


@dataclass(frozen=True)
class Ending(Generic[Found]):
    """What the loop came to.

    Attributes:
        steps: the measurements, in order.
        standing: how the candidates stand at the end.
        settled: whether the pick, if there is one, is measured, and nothing that is not measured takes its
            place with a probability above the risk. Else all measurements were spent before that.
    """

    steps: tuple[Step[Found], ...]
    standing: Standing
    settled: bool


def verify(
    world: World[Found],
    most: int,
    risk: float,
    notify: Callable[[Step[Found]], None] = lambda step: None,  # noqa: ARG005
) -> Ending[Found]:
    """Measure what leads, one by one, until the pick is settled or all measurements are spent.

    What does not run counts as a measurement, too.

    Args:
        world: the candidates.
        most: how many measurements may be spent.
        risk: the probability with which something that is not measured may be better than the pick; what is
            less probable is not worth a measurement.
        notify: hears of each measurement when it is done.
    """
    steps: list[Step[Found]] = []
    standing = world.standing()
    while (place := standing.in_time.next_to_measure(risk)) is not None and len(steps) < most:
        found = world.measure(place)
        after = world.standing()
        steps.append(Step(len(steps) + 1, place, standing, found, after))
        notify(steps[-1])
        standing = after
    return Ending(tuple(steps), standing, settled=standing.next_to_measure(risk) is None)


class Checked(NamedTuple):
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
    """The candidates of a question on one board; see `World`.

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
        time_s: float = math.inf,
        clock: Callable[[], float] = time.monotonic,
        accuracy_bench: AccuracyBench | None = None,
    ) -> None:
        """Take up the question.

        Args:
            catalog: everything that is known.
            requirements: the question.
            surveyed: the board that it is asked of, with its rows.
            fit: the board's models, fitted to these.
            bench: what measures.
            refit: fits the models anew.
            time_s: how long measuring may take in all.
            clock: says what time it is, in seconds.
            accuracy_bench: what finds out accuracies that are predicted, too.

        Raises:
            AdvisorError: nothing can be chosen, or nothing of what is not measured can be measured.
        """
        self.catalog, self.requirements = catalog, requirements
        self.surveyed, self.fit = surveyed, fit
        self.bench, self.refit, self.accuracy_bench = bench, refit, accuracy_bench
        self.clock, self.ends = clock, clock() + time_s
        self.tried: set[Key] = set()
        self.out: set[Key] = set()
        self.unseen: set[tuple[str, str, str]] = set()
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
        known = np.array(tried, dtype=np.bool_)
        if self.accuracy_bench is not None:
            known &= ~self.candidates.predicted(ACCURACY)
        standing = standing_of(self.candidates, self.requirements, known)
        return standing if math.isinf(self.ends) else replace(standing, too_long=self._too_long())

    def _too_long(self) -> Booleans:
        """What cannot be measured in the time that is left, as far as predictions show."""
        left = self.ends - self.clock()
        latencies = self.candidates.figure("batch_latency_ms").tolist()
        keys = _keys(self.candidates)
        benches: list[Bench | AccuracyBench] = [self.bench]
        benches += [self.accuracy_bench] if self.accuracy_bench else []
        takes = [
            sum(each.seconds(key, latency_ms) for each in benches)
            for key, latency_ms in zip(keys, latencies, strict=True)
        ]
        return np.array(takes, dtype=np.float64) > left

    def measure(self, place: int) -> Checked:
        """Measure a candidate, and fit the board's models anew to what was found."""
        predicted = candidate_at(self.candidates, place, self.requirements.constraints)
        asked = _keys(self.candidates)[place]
        attempt = self._timed(asked, predicted)
        if attempt.surveyed is not self.surveyed:
            self.surveyed = attempt.surveyed
            self.fit = self.refit(self.surveyed)
        # What did not run is out, and where it ran at another batch size, that is what it stands for.
        (self.tried if asked in self._ran() else self.out).add(asked)
        reason = attempt.reason
        if attempt.key is not None and not reason:
            reason = self._evaluated(attempt.key, predicted)
        self.candidates = self._gathered()
        found = None if reason else self._found(attempt.key, predicted.weights)
        if found is None and attempt.key is not None and not reason:
            reason = (
                f"its weights {predicted.weights} reach less than what is published of others"
                if attempt.key == asked
                else f"it ran at batch {attempt.key.batch}, which may not be chosen"
            )
        return Checked(predicted, found, reason)

    def _timed(self, asked: Key, predicted: Candidate) -> Attempt:
        """Measure a candidate, unless there is nothing to find out but its accuracy."""
        guessed = [
            key for key, each in predicted.metrics.items() if each and each.origin == "predicted"
        ]
        known = asked in self._ran() and not set(guessed) - ACCURACIES
        if self.accuracy_bench is not None and (known or asked in self.tried):
            return Attempt(self.surveyed, asked)
        return self.bench.measure(asked)

    def _evaluated(self, key: Key, predicted: Candidate) -> str:
        """Find out an accuracy that is predicted; what cannot be looked at is out.

        Returns:
            Why it could not be found out; "" where it could, or need not.
        """
        accuracy = predicted.metric(ACCURACY)
        if self.accuracy_bench is None or predicted.weights is None:
            return ""
        if accuracy is None or accuracy.origin != "predicted":
            return ""
        self.catalog, reason = self.accuracy_bench.evaluate(key, predicted.weights)
        if reason:
            self.unseen.add(_run_of(key))
        return reason

    def _gathered(self) -> Candidates:
        """All candidates but those that could not be run, or that this bench does not offer."""
        fits = {self.surveyed.board.name: self.fit}
        stack = Stack.of([self.surveyed.board], [self.surveyed.measurements])
        found = gather_on(self.catalog, self.requirements, stack, fits)
        keys, there = _keys(found), self._rows()
        offered = np.array([each in there or self.bench.offers(each) for each in keys], np.bool_)
        ran = np.array(
            [each not in self.out and _run_of(each) not in self.unseen for each in keys], np.bool_
        )
        self.lacking = len(np.unique(found.architecture_index[~offered]))
        notes = list(found.notes)
        if self.lacking:
            notes.append(f"networks left out: {self.lacking}, {self.bench.lacks}")
        measured = np.array([each in there for each in keys], np.bool_)
        too_large = offered & ~measured & _exceeds_memory(found)
        if count := len(np.unique(found.architecture_index[too_large])):
            notes.append(f"networks left out: {count}, they need more memory than the board has")
        kept = np.flatnonzero(offered & ran & ~too_large)
        return replace(found.take(kept), notes=tuple(notes))

    def _rows(self) -> set[Key]:
        """What the board has rows of."""
        table = self.surveyed.measurements
        return set(_keys_of(table, np.arange(len(table))))

    def _ran(self) -> set[Key]:
        """What the board has rows of that ran."""
        table = self.surveyed.measurements
        ran = table.ran
        return set(_keys_of(table, np.flatnonzero(ran)))

    def _found(self, key: Key | None, weights: str | None) -> Candidate | None:
        """The candidate of that row and those weights; `None` where there is none."""
        places = [place for place, each in enumerate(_keys(self.candidates)) if each == key]
        positions = np.array(places, dtype=np.int64)
        found = records(self.candidates, positions, self.requirements.constraints)
        return next((each for each in found if each.weights == weights), None)


def _exceeds_memory(candidates: Candidates) -> Booleans:
    """What needs more memory than its board has, even at the lower end of what is known of it."""
    has = np.array([each.memory_mb or np.inf for each in candidates.boards])[candidates.board_index]
    memory = candidates.values("memory_mb")
    least = np.where(np.isnan(memory.low), memory.value, memory.low)
    exceeds: Booleans = np.fmax(least, candidates.weights_mb) > has
    return exceeds


@dataclass(frozen=True)
class Check:
    """One measurement on the way to the pick.

    Attributes:
        number: which one it is, counted from 1.
        predicted: the candidate as it stood before.
        found: the candidate as it was measured, at another batch size perhaps; `None` where it did not run.
        reason: why it did not run; "" if it did.
        metric: the predicted metric that decides about it: of those limited the least sure, else the
            objective's.
        holds: whether it meets every limit with the asked confidence.
        pick: the pick since; `None` where nothing is sure enough to be one.
    """

    number: int
    predicted: Candidate
    found: Candidate | None
    reason: str
    metric: str
    holds: bool
    pick: Candidate | None


@dataclass(frozen=True)
class Images:
    """The images of the user's own on which accuracies were found out.

    Attributes:
        data: where they lie.
        images: how many were to be taken; `None` for all.
        calibrate: where those lie by which int8 ranges were set; `None` for none.
        download: whether libraries might fetch their own weights.
    """

    data: str
    images: int | None
    calibrate: str | None
    download: bool

    @property
    def options(self) -> tuple[str, ...]:
        """The words of the command line that ask for the same."""
        images = () if self.images is None else ("--images", str(self.images))
        calibrate = () if self.calibrate is None else ("--calibrate", self.calibrate)
        return ("--data", self.data, *images, *calibrate, *(["--download"] * self.download))


@dataclass(frozen=True)
class Verification:
    """How a pick was verified, and how certain it is.

    Attributes:
        most: how many measurements could be spent.
        risk: what is better than the pick with a probability above this is worth a measurement.
        simulated: the table that stood in for measuring; `None` where it was done.
        device: what was to be measured on, where that was said.
        time_s: how long measuring was to take at most; `None` for as long as it takes.
        steps: the measurements, in order.
        ended: "settled" where the pick, if there is one, is measured, and nothing that is not is better with
            a probability above the risk; "spent" where all measurements were done before that; "out of
            time" where none of those that matter could be done in the time that was left.
        pick_is_measured: whether there is a pick, and it is measured.
        likeliest_better: what is not measured and most probably better than the pick or, without one, meets
            every limit; `None` where nothing could be.
        chance_better: the probability of that.
        expected_better: how many networks that are not measured are so, on average.
        evaluated: on which images accuracies were found out; `None` where they stay as they are known.
        on: the scheduler of the fleet that the board was measured in; `None` for this machine.
    """

    most: int
    risk: float
    simulated: str | None
    device: str | None
    time_s: float | None
    steps: tuple[Check, ...]
    ended: Literal["settled", "spent", "out of time"]
    pick_is_measured: bool
    likeliest_better: Candidate | None
    chance_better: float
    expected_better: float
    evaluated: Images | None = None
    on: str | None = None

    @property
    def options(self) -> tuple[str, ...]:
        """The words of the command line that ask for the same verification."""
        on = () if self.on is None else ("--on", self.on)
        simulate = () if self.simulated is None else ("--simulate", self.simulated)
        device = () if self.device is None else ("--device", self.device)
        within = () if self.time_s is None else ("--time", f"{self.time_s:g}s")
        images = self.evaluated.options if self.evaluated else ()
        return ("--verify", str(self.most), *within, *simulate, *device, *on, *images)


def verification(
    world: BoardWorld,
    most: int,
    simulated: str | None = None,
    device: str | None = None,
    time_s: float | None = None,
    notify: Callable[[Check], None] = lambda check: None,  # noqa: ARG005
) -> Verification:
    """Measure what leads on a board until the pick is settled, or all measurements are spent.

    Args:
        world: the board, where the candidates stand at the end as they do in the answer.
        most: how many measurements may be spent.
        simulated: the table that stands in for measuring, if one does.
        device: what is to be measured on, if that was said.
        time_s: how long measuring may take at most, if that was said.
        notify: hears of each measurement when it is done.
    """
    checks: list[Check] = []

    def keep(step: Step[Checked]) -> None:
        checks.append(_check(world, step))
        notify(checks[-1])

    risk = risk_of(world.requirements)
    ending = verify(world, most, risk, keep)
    standing, likeliest = ending.standing, ending.standing.likeliest
    return Verification(
        most=most,
        risk=risk,
        simulated=simulated,
        device=device,
        time_s=time_s,
        steps=tuple(checks),
        ended="settled" if ending.settled else "spent" if len(checks) == most else "out of time",
        pick_is_measured=standing.pick_is_measured,
        likeliest_better=None if likeliest is None else _candidate(world, likeliest),
        chance_better=0.0 if likeliest is None else float(standing.chance[likeliest]),
        expected_better=_expected(world, standing),
    )


def risk_of(requirements: Requirements) -> float:
    """What the asked confidence leaves to chance; the usual one where figures are taken as they are."""
    return round(1 - (requirements.confidence or DEFAULT_CONFIDENCE), 12)


def _check(world: BoardWorld, step: Step[Checked]) -> Check:
    predicted, found, reason = step.found
    pick = step.after.pick
    return Check(
        number=step.number,
        predicted=predicted,
        found=found,
        reason=reason,
        metric=_decisive(predicted, world.requirements),
        holds=found is not None
        and all(each.met for each in found.headroom)
        and (found.mark == "unproven" or (found.chance or 0.0) >= world.requirements.confidence),
        pick=None if pick is None else _candidate(world, pick),
    )


def _decisive(candidate: Candidate, requirements: Requirements) -> str:
    """The key of the predicted metric that decides about a candidate."""
    limited = sorted(
        candidate.headroom,
        key=lambda each: (not each.could_be_anything, 1.0 if each.chance is None else each.chance),
    )
    keys = [each.constraint.metric for each in limited]
    keys += [step.metric.key for step in requirements.objective]
    estimates = {key: candidate.metric(key) for key in keys}
    predicted = (key for key, each in estimates.items() if each and each.origin == "predicted")
    return next(predicted, "batch_latency_ms")


def _candidate(world: BoardWorld, place: int) -> Candidate:
    return candidate_at(world.candidates, place, world.requirements.constraints)


def _expected(world: BoardWorld, standing: Standing) -> float:
    """The sum over networks of the best chance that any of their batch sizes has."""
    rivals = standing.rivals
    best = np.zeros(world.candidates.networks)
    np.maximum.at(best, world.candidates.network_index[rivals], standing.chance[rivals])
    return float(best.sum())


def _keys(candidates: Candidates) -> list[Key]:
    """What each candidate's row is of."""
    return _keys_of(candidates.measurements, candidates.rows)


def _run_of(key: Key) -> tuple[str, str, str]:
    """What a candidate's accuracy is of: the network, the runtime and the precision."""
    return key.architecture, key.variant.runtime, key.variant.precision


def _keys_of(table: Measurements, rows: Integers) -> list[Key]:
    batches = table.batch[rows].tolist()
    return [Key(*run, batch) for run, batch in zip(runs_of_rows(table, rows), batches, strict=True)]
