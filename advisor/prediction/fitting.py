"""Fits a board: models of its own rows, and what other boards predict of networks that it has not run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from advisor.catalog.layers import SHIPPED
from advisor.catalog.records import Architecture, Board, Measurements
from advisor.catalog.store import Catalog
from advisor.errors import AdvisorError
from advisor.prediction.board_model import BoardFit, fingerprint, runs_of
from advisor.prediction.fit_store import current_fit
from advisor.prediction.model import FittedModel, Form, HeldOut
from advisor.prediction.rows import METRICS, fitted_values, rows_of, variants
from advisor.prediction.training import (
    LATENCY_FORMS,
    LEAST_ARCHITECTURES,
    MEMORY_FORMS,
    POWER_FORMS,
    Data,
    LatencyModel,
    Make,
    MemoryModel,
    PowerModel,
    fit_tiers,
)
from advisor.prediction.transfer.predictions import Surveyed, fit_transfer

MODELS: Mapping[str, tuple[Make, tuple[Form, ...], bool]] = {
    "latency_ms": (LatencyModel, LATENCY_FORMS, False),
    "net_power_w": (PowerModel, POWER_FORMS, True),
    "memory_mb": (MemoryModel, MEMORY_FORMS, True),
}
"""How each metric is told, the forms that its model may take, and whether each board chooses its own."""


def fit_board(
    board: Board, table: Measurements, architectures: Mapping[str, Architecture]
) -> BoardFit:
    """Fit all models of a board.

    Raises:
        AdvisorError: too few architectures were measured for any model.
    """
    models = {
        variant: fitted
        for variant in variants(table)
        if (fitted := _fit_variant(board, table, architectures, variant))
    }
    if not models:
        names = np.array(table.architecture.names, dtype=np.str_)
        measured = set(names[table.architecture.index[~np.isnan(fitted_values(table.latency_ms))]])
        known = [name for name in measured if architectures[name].cost(board.cost)]
        raise AdvisorError(
            f"board {board.name} has too few measured networks of known cost in any one runtime and "
            f"precision: {len(known)}, and a model needs {LEAST_ARCHITECTURES}",
            "measure or import more",
        )
    return BoardFit(fingerprint(board, table, architectures), models)


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
) -> dict[str, tuple[FittedModel, ...]]:
    fitted = {}
    for metric in METRICS:
        make, forms, choose = MODELS[metric]
        data = data_of(board, table, architectures, variant, metric)
        if models := fit_tiers(make, forms, data, choose=choose):
            fitted[metric] = models
    return fitted


def borrow_residuals(
    board: Board,
    fit: BoardFit,
    lender: Board,
    lent: BoardFit,
    architectures: Mapping[str, Architecture],
) -> BoardFit:
    """The models of a board with too few architectures, with the residuals of another board's models.

    What another board's model was off architectures that it had not seen stands for what this one's may
    be; that is an assumption, and the more unlike the boards are, the bolder it is. Memory and power of
    unlike scope are not lent, nor networks of which the lender ran another than is built here.
    """
    alike = {
        "latency_ms": True,
        "net_power_w": board.power_scope == lender.power_scope,
        "memory_mb": board.memory_scope == lender.memory_scope,
    }
    theirs = {metric: models for each in lent.models.values() for metric, models in each.items()}
    held_out = (each for models in theirs.values() for model in models for each in model.held_out)
    own = {
        name
        for name in {each.architecture for each in held_out}
        if name in architectures
        and (cost := architectures[name].cost(lender.cost))
        and cost.activations
    }
    models = {
        variant: {
            metric: tuple(
                _borrow(model, theirs.get(metric, ()) if alike[metric] else (), own)
                for model in models
            )
            for metric, models in each.items()
        }
        for variant, each in fit.models.items()
    }
    return replace(fit, models=models, residuals_from=lender.name)


def _borrow(model: FittedModel, theirs: tuple[FittedModel, ...], own: set[str]) -> FittedModel:
    """The residuals of the reference's model that needs no more than this one, if this one has none."""
    alike = [each for each in theirs if each.model.needs <= model.model.needs and each.held_out]
    if model.held_out or not alike:
        return model
    residuals = tuple(
        HeldOut(each.architecture, model.model, each.residuals, each.residuals_unseen)
        for each in alike[0].held_out
        if each.architecture in own
    )
    return replace(model, held_out=residuals)


AUTO = "auto"
"""Stands for the boards that tell the most, of all that there are."""


@dataclass(frozen=True)
class Refitted:
    """A new fit of a board.

    Attributes:
        fit: the fit.
        why_no_models: why the board's own rows make no models; "" if they do.
        why_no_transfer: why other boards tell nothing; "" if they do, or were not asked.
    """

    fit: BoardFit
    why_no_models: str = ""
    why_no_transfer: str = ""


def refit(catalog: Catalog, board: Board, like: Sequence[str] = ()) -> Refitted:
    """Fit a board's models and, where reference boards are named, a transfer from them.

    Args:
        catalog: everything that is known.
        board: the board.
        like: the reference boards; `AUTO` chooses among all; none for the models alone.

    Raises:
        AdvisorError: a reference is unknown or the board itself, or neither models nor a transfer can be
            fitted.
    """
    table = catalog.measurements(board)
    return refit_rows(catalog, board, table, like)


def refit_rows(
    catalog: Catalog, board: Board, table: Measurements, like: Sequence[str] = ()
) -> Refitted:
    """The same for rows that need not stand in the catalog."""
    known = catalog.architectures_with(table)
    fit, why_no_models = _models(board, table, known)
    if not like:
        if why_no_models:
            raise AdvisorError(why_no_models, "measure or import more")
        return Refitted(fit)
    references = _references(catalog, board, like)
    known |= {
        name: catalog.architectures[name]
        for _, rows in references
        for name in rows.architecture.names
    }
    try:
        transfer = fit_transfer(board, table, known, references, choose=AUTO in like)
    except AdvisorError as error:
        if why_no_models:
            raise
        return Refitted(fit, why_no_transfer=error.message)
    return Refitted(replace(fit, transfer=transfer), why_no_models)


def refit_as_before(
    catalog: Catalog, board: Board, table: Measurements, before: BoardFit
) -> BoardFit:
    """Fit a board to other rows in the way in which it is fitted: like the same boards, on the same loan.

    Raises:
        AdvisorError: as `refit` and `with_residuals_of` have it.
    """
    like = tuple(before.transfer.references) if before.transfer else ()
    fit = refit_rows(catalog, board, table, like).fit
    return with_residuals_of(catalog, board, fit, before.residuals_from)


def with_residuals_of(catalog: Catalog, board: Board, fit: BoardFit, lender_name: str) -> BoardFit:
    """The fit with another board's residuals, where its own models have none.

    Args:
        catalog: everything that is known.
        board: the board.
        fit: its fit.
        lender_name: the other board; "" for none.

    Raises:
        AdvisorError: there is no such board, or its models cannot be used.
    """
    if not lender_name:
        return fit
    known = catalog.architectures
    lender = catalog.board(lender_name)
    lent, why_not = current_fit(lender, catalog.measurements(lender), known)
    if lent is None:
        raise AdvisorError(f"{lender_name} cannot lend its residuals: {why_not}")
    return borrow_residuals(board, fit, lender, lent, known)


def _models(
    board: Board, table: Measurements, known: dict[str, Architecture]
) -> tuple[BoardFit, str]:
    try:
        return fit_board(board, table, known), ""
    except AdvisorError as error:
        return BoardFit(fingerprint(board, table, known), {}), error.message


def _references(catalog: Catalog, board: Board, like: Sequence[str]) -> list[Surveyed]:
    """The reference boards with their rows; a board that is named twice, once."""
    if AUTO in like:
        if len(set(like)) > 1:
            raise AdvisorError(
                f"like: {AUTO} chooses by itself", f"leave the other boards out, or {AUTO}"
            )
        surveyed, _ = catalog.survey()
        return [
            (each.board, each.measurements)
            for each in surveyed
            if each.board.name != board.name and len(each.measurements)
        ]
    if board.name in like:
        raise AdvisorError(f"like: {board.name} cannot be its own reference", "name other boards")
    found = named_references(catalog, like)
    if board.layer == SHIPPED and any(each.layer != SHIPPED for each, _ in found):
        raise AdvisorError(
            f"board {board.name} is a shipped one and cannot rest on boards of your own",
            "copy it into your own catalog",
        )
    return found


def named_references(catalog: Catalog, like: Sequence[str]) -> list[Surveyed]:
    """The boards of these names with their rows, each once.

    By their names, so that the answer does not depend on which was typed first.

    Raises:
        AdvisorError: a board is unknown or has no rows, or its file is broken.
    """
    boards = [catalog.board(name) for name in sorted(set(like))]
    found = [(each, catalog.measurements(each)) for each in boards]
    for each, rows in found:
        if not len(rows):
            raise AdvisorError(f"like: board {each.name} has no rows", "name another board")
    return found
