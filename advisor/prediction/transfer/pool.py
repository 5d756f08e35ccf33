"""The networks that may be suggested for measuring: those that all reference boards know."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from advisor.catalog.records import Architecture, Board, Measurements
from advisor.errors import AdvisorError
from advisor.prediction.measured_rows import fullest_variant
from advisor.prediction.transfer.evidence import Evidence
from advisor.prediction.transfer.figures import figures_of
from advisor.prediction.transfer.groups import family_of
from advisor.prediction.transfer.networks import Networks, costs_of

LIKE_ENOUGH = 0.5
"""Boards are suggested from together if each knows this share of the networks of the largest."""


def networks_in_common(
    references: Sequence[tuple[Board, Measurements]], architectures: Mapping[str, Architecture]
) -> Networks:
    """The networks that all of these boards know, described by them.

    Those of unknown cost are left out, unless most are.

    Raises:
        AdvisorError: there is none.
    """
    figures = [
        figures_of(board, table, "latency_ms", fullest_variant(table)[0])
        for board, table in references
    ]
    names = sorted(set.intersection(*(set(each.by_network) for each in figures)))
    if not names:
        boards = ", ".join(each.board for each in figures)
        raise AdvisorError(f"no network ran on all of {boards}", "name fewer boards by --like")
    costs = costs_of(names, architectures, references[0][0].cost)
    costed = np.logical_not(np.isnan(costs).any(axis=1))
    if 2 * np.count_nonzero(costed) >= len(names):
        names = np.array(names)[costed].tolist()
        costs = costs[costed]
    batch = {name: max(figures[0].by_network[name]) for name in names}
    return Evidence(
        names=names,
        references=[np.array([each.near(name, batch[name]) for name in names]) for each in figures],
        costs=costs if costed.sum() == len(names) else None,
        families=[family_of(architectures, name) for name in names],
    ).described


def alike(
    surveyed: Sequence[tuple[Board, Measurements]], without: Collection[str] = ()
) -> list[tuple[Board, Measurements]]:
    """Of all boards those that share most networks with the one that has run most.

    Args:
        surveyed: the boards with their rows.
        without: boards that are left out.
    """
    rest = [each for each in surveyed if each[0].name not in without]
    if not rest:
        return []
    networks = {board.name: set(table.architecture.names) for board, table in rest}
    largest = max(networks.values(), key=len)
    enough = LIKE_ENOUGH * len(largest)
    return [each for each in rest if len(networks[each[0].name] & largest) >= enough]
