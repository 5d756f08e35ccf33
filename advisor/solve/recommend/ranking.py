"""Which candidate is better: the objective, and the order of ties, the same everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.records import distinct
from advisor.objective import Objective, Step
from advisor.solve.candidates.candidates import Candidates
from advisor.solve.recommend.recommendation import Narrowing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Floats, Integers

    Booleans = NDArray[np.bool_]


@dataclass(frozen=True)
class Group:
    """Candidates that one step of the objective orders.

    Attributes:
        step: the step that ranks them.
        positions: which they are.
    """

    step: Step
    positions: Integers


def badness(candidates: Candidates, step: Step) -> Floats:
    """A step's metric as a figure of which less is better; unknown is infinitely bad."""
    values = candidates.figure(step.metric.key)
    return np.where(np.isnan(values), np.inf, -values if step.metric.more_is_better else values)


def groups(candidates: Candidates, objective: Objective, positions: Integers) -> list[Group]:
    """`positions` in groups, the better group first.

    The first group came through every step but the last, which ranks it; each of the others fell out at
    a step, which ranks it, and the later it fell the better it is.
    """
    fallen: list[Group] = []
    for step in objective[:-1]:
        scores = badness(candidates, step)[positions]
        kept = scores <= step.worst_accepted(scores.min(initial=np.inf))
        fallen.append(Group(step, positions[~kept]))
        positions = positions[kept]
    return [Group(objective[-1], positions), *reversed(fallen)]


def in_order(candidates: Candidates, objective: Objective, positions: Integers) -> Integers:
    """`positions`, best first; unknown figures come last.

    The objective decides, then what is proven, lower response (of those whose response is unknown the higher
    rate), energy, memory, batch, and at last the names of the architecture, the weights, the variant and the
    board.
    """
    found = groups(candidates, objective, positions)
    return np.concatenate([_sorted(candidates, objective, group) for group in found])


def _sorted(candidates: Candidates, objective: Objective, group: Group) -> Integers:
    these = candidates.take(group.positions)
    table = these.measurements
    response = these.figure("response_ms")
    keys = (
        badness(these, group.step),
        *(badness(these, step) for step in objective if step != group.step),
        these.is_unproven,
        response,
        np.where(np.isnan(response), -these.figure("fps"), 0.0),
        these.figure("energy_j"),
        these.figure("memory_mb"),
        these.batch,
        these.architecture_index,
        these.weights_index,
        table.variant_index[these.rows],
        these.board_index,
    )
    order: Integers = group.positions[np.lexsort(keys[::-1])]
    return order


def preferred(
    candidates: Candidates, objective: Objective, feasible: Integers, pick: int
) -> Integers:
    """The candidates that would take the pick's place if they, too, met every limit.

    Args:
        candidates: all candidates.
        objective: what ranks them.
        feasible: positions of those that meet every limit.
        pick: the position of the best of these.
    """
    ousting, level = contenders(candidates, objective, feasible, pick)
    scores = badness(candidates, objective[-1])
    return np.flatnonzero(ousting | (level & (scores < scores[pick])))


def contenders(
    candidates: Candidates, objective: Objective, feasible: Integers, pick: int
) -> tuple[Booleans, Booleans]:
    """What could take the pick's place, by all steps of the objective but the last.

    Returns:
        Those beside which the pick would fall out at such a step; and those that come through all of them
        beside the pick, among which the last step decides. Shape (candidates,) each.
    """
    level: Booleans = np.ones(len(candidates), dtype=np.bool_)
    ousting: Booleans = np.zeros(len(candidates), dtype=np.bool_)
    for step in objective[:-1]:
        scores = badness(candidates, step)
        ousting |= level & (step.worst_accepted(scores) < scores[pick])
        worst = step.worst_accepted(scores[feasible].min())
        level &= scores <= worst
        feasible = feasible[scores[feasible] <= worst]
    return ousting, level


def listed(
    candidates: Candidates,
    objective: Objective,
    feasible: Integers,
    kind: Integers,
    top: int,
    *,
    every: bool = False,
) -> Integers:
    """Those of the feasible candidates that are to be listed, best first.

    Candidates of one kind count once. Only those that can be among the first `top` are sorted, so that the
    time grows with the number of candidates.

    Args:
        candidates: all candidates.
        objective: what ranks them.
        feasible: positions of those that meet every limit.
        kind: for each candidate, a number that those share of which the best alone is listed: that of its
            network and board, or of its board.
        top: how many kinds to list.
        every: whether to list every feasible candidate of them, not only the best of each.
    """
    leading: Integers = feasible[:0]
    found = groups(candidates, objective, feasible)
    for group in found:
        rest = group.positions[~np.isin(kind[group.positions], kind[leading])]
        wanted = top - len(leading)
        if wanted and len(rest):
            first = _best_of_each(candidates, objective, Group(group.step, rest), kind, wanted)
            leading = np.concatenate([leading, first])
    if not every:
        return leading
    chosen = np.isin(kind, kind[leading])
    of_these = [Group(each.step, each.positions[chosen[each.positions]]) for each in found]
    return np.concatenate([_sorted(candidates, objective, group) for group in of_these])


def _best_of_each(
    candidates: Candidates, objective: Objective, group: Group, kind: Integers, wanted: int
) -> Integers:
    """The best candidate of each of the `wanted` best kinds of a group, best first."""
    scores = badness(candidates, group.step)[group.positions]
    kinds = kind[group.positions]
    best_of = np.full(int(kinds.max()) + 1, np.inf)
    np.minimum.at(best_of, kinds, scores)
    present = distinct(kinds)
    last = min(wanted, len(present)) - 1
    cutoff = np.partition(best_of[present], last)[last]
    shortlist = group.positions[scores <= cutoff]
    order = _sorted(candidates, objective, Group(group.step, shortlist))
    _, first = np.unique(kind[order], return_index=True)
    found: Integers = order[np.sort(first)[:wanted]]
    return found


def narrowings(
    candidates: Candidates, objective: Objective, positions: Integers
) -> tuple[Narrowing, ...]:
    """How each step of the objective but the last narrowed the choice."""
    found = []
    for step in objective[:-1] if len(positions) else ():
        scores = badness(candidates, step)[positions]
        best = float(scores.min())
        positions = positions[scores <= step.worst_accepted(best)]
        found.append(Narrowing(step, -best if step.metric.more_is_better else best, len(positions)))
    return tuple(found)
