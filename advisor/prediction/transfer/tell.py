"""What references and a few measurements tell of all networks that the references know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from advisor.catalog.records import Values
from advisor.prediction.transfer.figures import Figures
from advisor.prediction.transfer.groups import Group, Question, groups_of
from advisor.prediction.transfer.held_out import HeldOutErrors


@dataclass(frozen=True)
class Told:
    """One metric of networks that were not measured.

    Attributes:
        names, batch: what is told of; shape (networks,).
        values: time per image in ms, or power in W, or memory in MB, with 90 % intervals; NaN where
            there are too few measurements for one.
        errors: of the largest group of networks that share what is known of them; `None` if nothing
            is told.
    """

    names: tuple[str, ...]
    batch: tuple[int, ...]
    values: Values
    errors: HeldOutErrors | None


def tell(question: Question) -> Told:
    """Predict a metric of every network that a reference knows and the new board has not run.

    Where the new board ran networks at several batch sizes each, every batch size is told by itself. Else
    each network is told at the one that all ran at, or at the reference's own.
    """
    groups = [group for group in _all_groups(question) if group.wanted]
    columns = [group.intervals() for group in groups] or [Values(*[np.zeros(0)] * 3)]
    return Told(
        names=tuple(name for group in groups for name in group.wanted),
        batch=tuple(batch for group in groups for batch in group.wanted.values()),
        values=Values(*map(np.concatenate, zip(*columns, strict=True))),
        errors=_of_most(groups),
    )


def held_out_errors(question: Question) -> HeldOutErrors | None:
    """How far transfer is off the new board's own networks, each held out; `None` if it tells nothing.

    Of networks that every reference knows.
    """
    every = set(range(len(question.references)))
    return _of_most([group for group in _all_groups(question) if set(group.known) == every])


def _of_most(groups: Sequence[Group]) -> HeldOutErrors | None:
    """The errors of the group that has seen most networks."""
    return max((group.errors for group in groups), key=lambda each: each.networks, default=None)


def _all_groups(question: Question) -> list[Group]:
    return [group for pool in _pools(question.own) for group in groups_of(question, pool)]


def _pools(own: Figures) -> list[dict[str, int]]:
    """The measured networks with their batch sizes, in portions that are told one by one."""
    if not own.has_ladder:
        return [{name: max(at) for name, at in own.by_network.items()}]
    return [
        {name: batch for name, at in own.by_network.items() if batch in at} for batch in own.batches
    ]
