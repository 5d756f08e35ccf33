"""Closing the loop: what is measured next, and when the pick is settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.catalog.store import Catalog
from advisor.options import read_requirements
from advisor.solve.candidates.candidate import candidate_at, records
from advisor.solve.candidates.chance import chance
from advisor.solve.candidates.gather import gather
from advisor.solve.recommend.pick import recommend
from advisor.solve.recommend.ranking import preferred
from advisor.solve.recommend.verdicts import Verdicts
from advisor.solve.verify.standing import Standing, standing_of
from advisor.solve.verify.verification import Ending, Step, verify
from tests.conftest import examples
from tests.test_choosing import OBJECTIVES, candidates_for
from tests.test_pick import LIMITS

if TYPE_CHECKING:
    from advisor.catalog.records import Floats


@dataclass
class MadeUp:
    """Candidates whose places are their order of preference; what is measured holds, fails or breaks."""

    chances: Sequence[float]
    holds: Sequence[bool]
    breaks: frozenset[int] = frozenset()
    known: frozenset[int] = frozenset()
    confidence: float = 0.9
    asked: list[int] = field(default_factory=list)
    too_long: frozenset[int] | None = None

    def standing(self) -> Standing:
        places = np.arange(len(self.chances))
        standing = Standing.of(self.now(), places, self.measured(), self.confidence)
        if self.too_long is None:
            return standing
        return replace(standing, too_long=np.isin(places, [*self.too_long]))

    def now(self) -> Floats:
        chances = np.array(self.chances, dtype=np.float64)
        for place in self.known | set(self.asked):
            chances[place] = float(self.holds[place] and place not in self.breaks)
        return chances

    def measured(self) -> np.typing.NDArray[np.bool_]:
        return np.isin(np.arange(len(self.chances)), [*self.known, *self.asked])

    def measure(self, place: int) -> bool:
        self.asked.append(place)
        return place not in self.breaks


def ended(world: MadeUp, most: int = 100, risk: float = 0.1) -> Ending[bool]:
    return verify(world, most, risk)


PROBABILITIES = st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0]))


@st.composite
def worlds(draw: st.DrawFn) -> MadeUp:
    count = draw(st.integers(0, 12))
    places = st.sets(st.integers(0, max(0, count - 1)), max_size=count)
    return MadeUp(
        chances=draw(st.lists(PROBABILITIES, min_size=count, max_size=count)),
        holds=draw(st.lists(st.booleans(), min_size=count, max_size=count)),
        breaks=frozenset(draw(places)),
        known=frozenset(draw(places)),
        confidence=draw(st.sampled_from([0.3, 0.5, 0.9, 0.99])),
    )


@given(worlds(), st.integers(0, 15), st.sampled_from([0.01, 0.1, 0.5, 0.7]))
def test_it_measures_nothing_twice_and_no_more_than_it_may(
    world: MadeUp, most: int, risk: float
) -> None:
    told: list[Step[bool]] = []
    ending = verify(world, most, risk, told.append)
    assert len(world.asked) == len(set(world.asked)) <= most
    assert not world.known & set(world.asked)
    assert [each.place for each in ending.steps] == world.asked
    assert tuple(told) == ending.steps
    assert [each.number for each in told] == [*range(1, len(told) + 1)]
    assert [each.found for each in told] == [place not in world.breaks for place in world.asked]


@given(worlds(), st.integers(0, 15), st.sampled_from([0.01, 0.1, 0.5, 0.7]))
def test_it_is_settled_just_where_nothing_is_left_that_matters(
    world: MadeUp, most: int, risk: float
) -> None:
    ending = ended(world, most, risk)
    now, measured = world.now(), world.measured()
    picks = np.flatnonzero(now >= world.confidence)
    pick = int(picks[0]) if len(picks) else len(now)
    better = ~measured & (now > risk) & (np.arange(len(now)) < pick)
    left = better.any() or (pick < len(now) and not measured[pick])
    assert ending.settled == (not left)
    assert ending.settled or len(ending.steps) == most
    assert ending.standing.pick == (pick if len(picks) else None)
    assert ending.standing.pick_is_measured or pick == len(now) or left


@given(worlds())
def test_with_enough_measurements_it_ends_with_the_true_best_of_what_might_hold(
    world: MadeUp,
) -> None:
    ending = ended(world, most=len(world.chances), risk=0.0)
    possible = np.array(world.chances) > 0
    true = [
        place
        for place, holds in enumerate(world.holds)
        if holds and place not in world.breaks and (possible[place] or place in world.known)
    ]
    assert ending.settled
    assert ending.standing.pick == (true[0] if true else None)


@given(worlds(), st.sets(st.integers(0, 11)), st.sampled_from([0.01, 0.1, 0.5]))
def test_what_takes_too_long_is_not_measured_and_settles_nothing(
    world: MadeUp, too_long: set[int], risk: float
) -> None:
    world.too_long = frozenset(too_long)
    ending = ended(world, risk=risk)
    assert too_long.isdisjoint(world.asked)
    assert ending.settled == (ending.standing.next_to_measure(risk) is None)
    assert ending.standing.in_time.next_to_measure(risk) is None


def test_the_pick_is_measured_first_and_then_what_would_be_better() -> None:
    world = MadeUp([0.05, 0.3, 0.6, 0.95, 1.0], [False, True, False, True, True])
    ending = ended(world)
    assert world.asked == [3, 2, 1], "the pick, the probable one, then what may well hold"
    assert ending.settled
    assert ending.standing.pick == 1
    assert ending.standing.likeliest == 0
    assert ending.standing.chance[0] == pytest.approx(0.05)


def test_a_pick_that_fails_gives_way_to_the_next() -> None:
    world = MadeUp([0.95, 0.92, 0.91], [False, False, True])
    assert ended(world).standing.pick == 2
    assert world.asked == [0, 1, 2]


def test_a_candidate_that_breaks_is_spent_and_out() -> None:
    world = MadeUp([0.95, 0.95], [True, True], breaks=frozenset([0]))
    ending = ended(world, most=2)
    assert [each.found for each in ending.steps] == [False, True]
    assert ending.standing.pick == 1


def test_where_nothing_is_sure_the_best_of_the_probable_is_tried_first() -> None:
    world = MadeUp([0.2, 0.55, 0.8], [False, False, False])
    ending = ended(world)
    assert world.asked == [1, 2, 0]
    assert ending.settled
    assert ending.standing.pick is None
    assert ending.standing.likeliest is None


def test_spent_before_it_is_settled_it_says_what_is_left() -> None:
    world = MadeUp([0.4, 0.95, 1.0], [True, True, True])
    ending = ended(world, most=1)
    assert not ending.settled
    assert ending.standing.pick == 1
    assert ending.standing.pick_is_measured
    assert ending.standing.likeliest == 0
    nothing = ended(MadeUp([0.95], [True]), most=0)
    assert not nothing.settled
    assert not nothing.standing.pick_is_measured


# --- how the candidates of a question stand


@examples(15)
@given(LIMITS, OBJECTIVES)
def test_the_pick_is_the_answers_and_ahead_of_it_stands_what_is_preferred(
    limits: dict[str, float], objective: str
) -> None:
    candidates, requirements = candidates_for(limits, objective=objective)
    asked = replace(requirements, stated_confidence=0.9)
    standing = standing_of(candidates, asked, np.zeros(len(candidates), dtype=np.bool_))
    best = recommend(candidates, asked).best
    assert sorted(standing.order.tolist()) == list(range(len(candidates)))
    assert ((standing.chance >= 0) & (standing.chance <= 1)).all()
    alone = chance(candidates, asked.constraints)
    if standing.pick is None:
        assert best is None
        np.testing.assert_allclose(standing.chance, alone)
        return
    pick = candidate_at(candidates, standing.pick, ())
    assert best is not None
    assert (pick.architecture, pick.batch) == (best.architecture, best.batch)
    fitting = Verdicts.of(candidates, asked.constraints, asked.objective, 0.9).feasible
    better = preferred(candidates, asked.objective, fitting, standing.pick)
    ahead = np.flatnonzero(standing.order < standing.order[standing.pick])
    np.testing.assert_array_equal(ahead, np.sort(better))
    assert standing.chance[standing.pick] == 0
    assert (standing.chance <= alone + 1e-6).all()
    if objective.endswith("accuracy"):
        np.testing.assert_array_equal(
            np.flatnonzero(standing.chance > 0), better[alone[better] > 0]
        )


def test_what_is_reported_is_measured_and_what_a_law_tells_is_not() -> None:
    catalog = Catalog.open()
    asked = read_requirements({"memory": "900 MB", "fps": "10"}, candidates="all", batch=1)
    candidates = gather(catalog, asked)
    nobody = np.zeros(len(candidates), dtype=np.bool_)
    standing = standing_of(candidates, asked, nobody)
    told = {
        each.architecture: measured
        for each, measured in zip(
            records(candidates, np.arange(len(candidates)), ()), standing.measured, strict=True
        )
    }
    assert told["resnet-18"]
    assert not told["mobilenet_v2@224"]
    assert not told["enet"], "its memory is predicted, and limited"
    everybody = standing_of(candidates, asked, ~nobody)
    assert everybody.measured.all()
