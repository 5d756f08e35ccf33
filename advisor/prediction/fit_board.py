"""Fits every law of a board."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from advisor.catalog.records import Architecture, Board, Measurements
from advisor.errors import AdvisorError
from advisor.prediction.board_fit import (
    METRICS,
    BoardFit,
    fingerprint,
    fitted_values,
    rows_of,
    runs_of,
    variants,
)
from advisor.prediction.fitting import LEAST_ARCHITECTURES, Data, Make, fit_tiers
from advisor.prediction.law import FittedLaw, Form, HeldOut
from advisor.prediction.laws import (
    LATENCY_FORMS,
    MEMORY_FORMS,
    POWER_FORMS,
    LatencyModel,
    MemoryLaw,
    PowerLaw,
)

LAWS: Mapping[str, tuple[Make, tuple[Form, ...], bool]] = {
    "latency_ms": (LatencyModel, LATENCY_FORMS, False),
    "net_power_w": (PowerLaw, POWER_FORMS, True),
    "memory_mb": (MemoryLaw, MEMORY_FORMS, True),
}
"""How each metric is told, the forms that its law may take, and whether each board chooses its own."""


def fit_board(
    board: Board, table: Measurements, architectures: Mapping[str, Architecture]
) -> BoardFit:
    """Fit all laws of a board.

    Raises:
        AdvisorError: too few architectures were measured for any law.
    """
    laws = {
        variant: fitted
        for variant in variants(table)
        if (fitted := _fit_variant(board, table, architectures, variant))
    }
    if not laws:
        names = np.array(table.architecture.names, dtype=np.str_)
        measured = set(names[table.architecture.index[~np.isnan(fitted_values(table.latency_ms))]])
        known = [name for name in measured if architectures[name].cost(board.cost)]
        raise AdvisorError(
            f"board {board.name} has too few measured networks of known cost in any one runtime and "
            f"precision: {len(known)}, and a law needs {LEAST_ARCHITECTURES}",
            "measure or import more",
        )
    return BoardFit(fingerprint(board, table, architectures), laws)


def data_of(
    board: Board,
    table: Measurements,
    architectures: Mapping[str, Architecture],
    variant: tuple[str, str],
    metric: str,
) -> Data:
    """What is known of one metric on a board, for one (runtime, precision)."""
    rows = rows_of(table, variant)
    found = fitted_values(getattr(table, metric))[rows]
    known = rows[~np.isnan(found)]
    names = np.array(table.architecture.names)[table.architecture.index[known]]
    families = np.array([architectures[name].kin for name in names.tolist()], dtype=np.str_)
    runs = runs_of(board, table, architectures)[known]
    return Data(runs, found[~np.isnan(found)], names, families)


def _fit_variant(
    board: Board,
    table: Measurements,
    architectures: Mapping[str, Architecture],
    variant: tuple[str, str],
) -> dict[str, tuple[FittedLaw, ...]]:
    fitted = {}
    for metric in METRICS:
        make, forms, choose = LAWS[metric]
        data = data_of(board, table, architectures, variant, metric)
        if laws := fit_tiers(make, forms, data, choose=choose):
            fitted[metric] = laws
    return fitted


def borrow_residuals(
    board: Board,
    fit: BoardFit,
    lender: Board,
    lent: BoardFit,
    architectures: Mapping[str, Architecture],
) -> BoardFit:
    """The laws of a board with too few architectures, with the residuals of another board's laws.

    What another board's law was off architectures that it had not seen stands for what this one's may
    be; that is an assumption, and the more unlike the boards are, the bolder it is. Memory and power of
    unlike scope are not lent, nor networks of which the lender ran another than is built here.
    """
    alike = {
        "latency_ms": True,
        "net_power_w": board.power_scope == lender.power_scope,
        "memory_mb": board.memory_scope == lender.memory_scope,
    }
    theirs = {metric: laws for each in lent.laws.values() for metric, laws in each.items()}
    held_out = (each for laws in theirs.values() for law in laws for each in law.held_out)
    own = {
        name
        for name in {each.architecture for each in held_out}
        if name in architectures
        and (cost := architectures[name].cost(lender.cost))
        and cost.activations
    }
    laws = {
        variant: {
            metric: tuple(
                _borrow(law, theirs.get(metric, ()) if alike[metric] else (), own) for law in laws
            )
            for metric, laws in each.items()
        }
        for variant, each in fit.laws.items()
    }
    return replace(fit, laws=laws, residuals_from=lender.name)


def _borrow(law: FittedLaw, theirs: tuple[FittedLaw, ...], own: set[str]) -> FittedLaw:
    """The residuals of the reference's law that needs no more than this one, if this one has none."""
    alike = [each for each in theirs if each.law.needs <= law.law.needs and each.held_out]
    if law.held_out or not alike:
        return law
    residuals = tuple(
        HeldOut(each.architecture, law.law, each.residuals, each.residuals_unlike)
        for each in alike[0].held_out
        if each.architecture in own
    )
    return replace(law, held_out=residuals)
