"""Which networks to measure on a new board, so that a transfer fitted to them becomes best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.records import Architecture
from advisor.catalog.store import Catalog, Surveyed
from advisor.errors import AdvisorError
from advisor.prediction.rows import fullest_variant
from advisor.prediction.transfer.boards import Figures, alike_named, figures_of, named_references
from advisor.prediction.transfer.networks import Evidence, costs_of, family_of
from advisor.prediction.transfer.regression import UNLIKE

if TYPE_CHECKING:
    from advisor.catalog.records import Floats

VARIANCES = replace(UNLIKE, offset=0.3)
"""Those of the transfer between boards of unlike kinds, but for the offset: any network shows that, and in a
larger one all else that networks may show would be lost."""

LIKE_ENOUGH = 0.5
"""Boards are suggested from together if each knows this share of the networks of the largest."""


JOINED_LATER = frozenset(("MobileOne", "RepVGG", "repvit", "fastvit"))
"""Families that are trained with branches which are joined for inference: one may have measured either."""

NEARLY = 0.8
"""A network of this share of the best one's worth is worth as much if it is cheaper."""

TIED = 3
"""Among how many of the cheapest of these chance decides, where it is asked to."""


@dataclass(frozen=True)
class Suggestions:
    """Networks to measure on a new board.

    Attributes:
        networks: the networks, those that show the most of all others first.
        names: how each is named to measure it.
        references: the boards that have run them.
        known: how many networks all of these boards know.
        board: the new board, if it has rows already.
        notes: what could not be done as it was asked, in words.
    """

    networks: tuple[Architecture, ...]
    names: tuple[str, ...]
    references: tuple[str, ...]
    known: int
    board: str | None = None
    notes: tuple[str, ...] = ()


def suggested_from(
    catalog: Catalog, like: Sequence[str], new: str | None, measured: Sequence[str]
) -> list[Surveyed]:
    """The boards from which networks are suggested, which call these as the new board does.

    Args:
        catalog: everything that is known.
        like: their names or patterns; none for the boards of most networks.
        new: the new board, where it has rows.
        measured: the networks of these.

    Raises:
        AdvisorError: a board is unknown or has no rows, or there is no other board with latencies.
    """
    found = named_references(catalog, like) if like else _of_most_networks(catalog, new)
    return alike_named(catalog.identities, measured, found)


def _of_most_networks(catalog: Catalog, new: str | None) -> list[Surveyed]:
    """Of all boards those that share most networks with the one that has run most with a known latency.

    Raises:
        AdvisorError: there is no board with latencies beside the new one.
    """
    surveyed, _ = catalog.survey()
    surveyed = alike_named(catalog.identities, (), surveyed)
    ran = {
        each.board.name: set(_latencies(each).by_network)
        for each in surveyed
        if each.board.name != new and not each.measurements.latency_ms.is_unknown
    }
    if not ran:
        raise AdvisorError("there is no board to learn from", "import one, or measure one")
    largest = max(ran.values(), key=len)
    enough = LIKE_ENOUGH * len(largest)
    return [each for each in surveyed if len(ran.get(each.board.name, set()) & largest) >= enough]


def _latencies(surveyed: Surveyed) -> Figures:
    """The latencies of a board's networks, as most of them were run."""
    table = surveyed.measurements
    return figures_of(surveyed.board, table, "latency_ms", fullest_variant(table)[0])


def evidence_in_common(
    references: Sequence[Surveyed], architectures: Mapping[str, Architecture]
) -> Evidence:
    """Those of some networks that all of these boards know, and what they say of them.

    Those of unknown cost are left out, unless most are, and those of `JOINED_LATER`.

    Raises:
        AdvisorError: there is none.
    """
    figures = [_latencies(each) for each in references]
    shared = set.intersection(*(set(each.by_network) for each in figures))
    of_use = [name for name in shared if name in architectures]
    names = sorted(name for name in of_use if architectures[name].family not in JOINED_LATER)
    if not names:
        boards = ", ".join(each.board for each in figures)
        raise AdvisorError(f"no network ran on all of {boards}", "name fewer boards by --like")
    costs = costs_of(names, architectures, references[0].board.cost)
    costed = np.logical_not(np.isnan(costs).any(axis=1))
    if 2 * np.count_nonzero(costed) >= len(names):
        names = np.array(names)[costed].tolist()
        costs = costs[costed]
    batch = {name: max(figures[0].by_network[name]) for name in names}
    return Evidence.of(
        names,
        np.array([[each.near(name, batch[name]) for name in names] for each in figures]),
        costs if costed.sum() == len(names) else None,
        [family_of(architectures, name) for name in names],
    )


def most_informative(
    evidence: Evidence,
    count: int,
    measured: Sequence[str] = (),
    chance: np.random.Generator | None = None,
    worth: Floats | None = None,
) -> list[str]:
    """The networks whose measuring leaves the least variance over all others, one after another.

    The covariance is that of the transfer between boards of unlike kinds, about the mean of the references,
    so nothing needs to be measured yet; each choice takes the earlier ones into account. Of those that are
    worth nearly as much, the cheapest on the references is taken.

    Args:
        evidence: those that may be measured, and what references say of them.
        count: how many to name, at most.
        measured: those that were measured already; others are not looked up.
        chance: where given, it decides among the cheapest few, so that suggestions differ.
        worth: how much the variance of each counts; what counts nothing is named after all else. Alike where
            it is not given; shape (networks,).

    Returns:
        Their names, those that show the most first.
    """
    networks, deviations = evidence.described, evidence.deviations_from(None)
    covariance = VARIANCES.shared(networks, networks) + VARIANCES.offset
    covariance += VARIANCES.deviations * deviations @ deviations.T
    alone = VARIANCES.alone(networks)
    worth = np.ones(len(networks)) if worth is None else worth
    left = np.ones(len(networks), dtype=np.bool_)
    for place in np.flatnonzero(np.isin(networks.names, list(measured))).tolist():
        _know(covariance, alone, place)
        left[place] = False
    names: list[str] = []
    for _ in range(min(count, int(left.sum()))):
        may = left & (worth > 0)
        if not may.any():
            may, worth = left, np.ones(len(networks))
        shown = np.einsum("ij,ij,i->j", covariance, covariance, worth)
        shown = np.where(may, shown / (np.diag(covariance) + alone), -np.inf)
        good = np.flatnonzero(shown >= NEARLY * shown.max())
        cheapest = good[np.lexsort((networks.names[good], networks.size[good]))][:TIED]
        place = int(cheapest[0] if chance is None else chance.choice(cheapest))
        _know(covariance, alone, place)
        left[place] = False
        names.append(str(networks.names[place]))
    return names


def _know(covariance: Floats, alone: Floats, place: int) -> None:
    """Leave what covariance remains once one network was measured."""
    column = covariance[:, place].copy()
    covariance -= np.outer(column, column / (column[place] + alone[place]))
