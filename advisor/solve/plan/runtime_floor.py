"""What a board's runtime takes of the memory, whatever it runs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from advisor.catalog.records import Board
from advisor.catalog.store import Catalog
from advisor.errors import AdvisorError
from advisor.prediction.fit_file import current_fit
from advisor.prediction.terms import COLUMNS
from advisor.quantities import MEMORY, written_as
from advisor.solve.plan.offers import Offer

IN_EACH = "the runtime's own memory is counted in each workload, not once"
WITHOUT_RUNTIME = "device"
"""A scope of memory with this word in it covers what a device's allocator gave out, not the runtime."""


def runtime_floor(
    catalog: Catalog, board: Board, offers: Sequence[Offer], asked_mb: float | None
) -> tuple[float, tuple[str, ...]]:
    """What workloads that share one runtime need of the memory only once.

    Args:
        catalog: everything that is known.
        board: the board.
        offers: what the workloads may be.
        asked_mb: the floor that the question states, if it does.

    Returns:
        The floor in MB: as stated; else what the board's law of memory says of a network without
        parameters and activations, though never more than the least memory of the board's rows; else
        0, as where the board's memory figures leave the runtime out. And notes: why it is 0.

    Raises:
        AdvisorError: the stated one is more than a row of the board takes in all.
    """
    if WITHOUT_RUNTIME in board.memory_scope.lower():
        return 0.0, ()
    table = catalog.measurements(board)
    known = table.memory_mb.values.value[~np.isnan(table.memory_mb.values.value)]
    if not len(known) or not all(len(each) for each in offers):
        return 0.0, ()
    least = float(known.min())
    if asked_mb is not None and asked_mb > least:
        raise AdvisorError(
            f"runtime_floor: {written_as(asked_mb, MEMORY)} is more than a network takes on "
            f"{board.name} in all ({written_as(least, MEMORY)})",
            "give what the runtime takes before any network is loaded",
        )
    variants = _variants(offers)
    runtimes = sorted({runtime for runtime, _ in variants})
    if len(runtimes) > 1:
        return 0.0, (f"{IN_EACH}: the candidates use several ({', '.join(runtimes)})",)
    if asked_mb is not None:
        return asked_mb, ()
    fit, why_not = current_fit(board, table, catalog.architectures)
    laws = [fit.laws.get(each, {}).get("memory_mb", ()) if fit else () for each in variants]
    if not all(laws):
        return 0.0, (f"{IN_EACH}: {why_not or 'no law of the memory is known'}",)
    nothing = np.zeros((1, len(COLUMNS)))
    return min(least, *(float(law[0].law(nothing)[0]) for law in laws)), ()


def _variants(offers: Sequence[Offer]) -> set[tuple[str, str]]:
    """Every (runtime, precision) that some workload may use."""
    found = set()
    for offer in offers:
        table, rows = offer.candidates.measurements, offer.candidates.rows
        for row in rows.tolist():
            runtime, precision = table.runtime.index[row], table.precision.index[row]
            found.add((table.runtime.names[runtime], table.precision.names[precision]))
    return found
