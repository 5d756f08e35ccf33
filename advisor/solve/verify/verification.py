"""A pick and how it was verified, as records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from advisor.solve.candidates.candidate import Candidate
from advisor.solve.question.requirements import DEFAULT_CONFIDENCE, Requirements
from advisor.solve.verify.board_world import BoardWorld, Checked
from advisor.solve.verify.verify import Standing, Step, verify


@dataclass(frozen=True)
class Check:
    """One measurement on the way to the pick.

    Attributes:
        number: which one it is, counted from 1.
        predicted: the candidate as it stood before.
        found: as it was measured, at another batch size perhaps; `None` where it did not run.
        reason: why it did not run; "" if it did.
        holds: whether it meets every limit with the asked confidence.
        pick: the pick since; `None` where nothing is sure enough to be one.
    """

    number: int
    predicted: Candidate
    found: Candidate | None
    reason: str
    holds: bool
    pick: Candidate | None


@dataclass(frozen=True)
class Verification:
    """How a pick was verified, and how certain it is.

    Attributes:
        most: how many measurements could be spent.
        risk: the probability with which something that is not measured may be better than the pick.
        simulated: the table that stood in for measuring; `None` where it was done.
        device: what was to be measured on, where that was said.
        checks: the measurements, in order.
        settled: whether the pick, if there is one, is measured, and nothing that is not measured is better
            with a probability above `risk`; else all measurements were spent before that.
        pick_is_measured: whether there is a pick, and it is measured.
        likeliest: what is not measured and most probably better than the pick, or meets every limit where
            there is none; `None` where nothing could be.
        chance: the probability of that.
        expected: how many networks that are not measured are better, on average.
    """

    most: int
    risk: float
    simulated: str | None
    device: str | None
    checks: tuple[Check, ...]
    settled: bool
    pick_is_measured: bool
    likeliest: Candidate | None
    chance: float
    expected: float


def verification(
    world: BoardWorld,
    most: int,
    simulated: str | None = None,
    device: str | None = None,
    tell: Callable[[Check], None] = lambda check: None,  # noqa: ARG005
) -> Verification:
    """Measure what leads on a board until the pick is settled, or all measurements are spent.

    Args:
        world: the board, where the candidates stand at the end as they do in the answer.
        most: how many measurements may be spent.
        simulated: the table that stands in for measuring, if one does.
        device: what is to be measured on, if that was said.
        tell: hears of each measurement when it is done.
    """
    checks: list[Check] = []

    def keep(step: Step[Checked]) -> None:
        checks.append(_check(world, step))
        tell(checks[-1])

    risk = risk_of(world.requirements)
    ending = verify(world, most, risk, keep)
    standing, likeliest = ending.standing, ending.standing.likeliest
    return Verification(
        most=most,
        risk=risk,
        simulated=simulated,
        device=device,
        checks=tuple(checks),
        settled=ending.settled,
        pick_is_measured=standing.pick_is_measured,
        likeliest=None if likeliest is None else _candidate(world, likeliest),
        chance=0.0 if likeliest is None else float(standing.chance[likeliest]),
        expected=_expected(world, standing),
    )


def risk_of(requirements: Requirements) -> float:
    """What the asked confidence leaves to chance; the usual one where figures are taken as they are."""
    return round(1 - (requirements.confidence or DEFAULT_CONFIDENCE), 12)


def _check(world: BoardWorld, step: Step[Checked]) -> Check:
    asked, told = world.requirements, step.found
    pick = step.after.pick
    return Check(
        number=step.number,
        predicted=told.predicted,
        found=told.found,
        reason=told.reason,
        holds=told.found is not None
        and all(each.met for each in told.found.headroom)
        and told.found.chance >= asked.confidence,
        pick=None if pick is None else _candidate(world, pick),
    )


def _candidate(world: BoardWorld, place: int) -> Candidate:
    return world.candidates.candidate(place, world.requirements.constraints)


def _expected(world: BoardWorld, standing: Standing) -> float:
    """The sum over networks of the best chance that any of their batch sizes has."""
    rivals = standing.rivals
    best = np.zeros(world.candidates.networks)
    np.maximum.at(best, world.candidates.network_index[rivals], standing.chance[rivals])
    return float(best.sum())
