"""Fits a board: models of its own rows, and what other boards predict of networks that it has not run."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from advisor.arguments import checked
from advisor.catalog.files import SHIPPED
from advisor.catalog.records import Architecture, Board, Measurements
from advisor.catalog.run_as import Variant
from advisor.catalog.store import Catalog, Surveyed
from advisor.errors import AdvisorError
from advisor.prediction.board_model import BoardFit, Recipe, fingerprint, runs_of
from advisor.prediction.fit_store import (
    FILE,
    OLD_FILE,
    current_fit,
    fit_folders,
    read_recipe,
    write_fit,
)
from advisor.prediction.model import FittedModel, Form, HeldOut
from advisor.prediction.rows import METRICS, fitted_values
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
from advisor.prediction.transfer.boards import alike_named, named_references
from advisor.prediction.transfer.predictions import fit_transfer

AUTO = "auto"
"""Stands for the reference boards that ran networks most alike, of all that there are."""
NONE = "none"
"""Stands for no board, where a board was named when it was fitted before."""


@dataclass(frozen=True)
class Fitted:
    """A board fitted anew.

    Attributes:
        board: its name.
        fit: its models, and what other boards predict of it.
        warnings: what could not be fitted though the recipe has it.
        file: where the fit was written.
    """

    board: str
    fit: BoardFit
    warnings: tuple[str, ...]
    file: Path


@checked
def fit(
    board: str,
    *,
    like: str | Sequence[str] | None = None,
    residuals_from: str | None = None,
    catalog: str | os.PathLike[str] | None = None,
) -> Fitted:
    """Fit a board's models to its rows, and write them into its folder; see `write_fit`.

    What is left out stays as it was when the board was fitted before.

    Args:
        board: the board.
        like: boards that have run many networks: from a few that both ran, all others are predicted.
            `AUTO` takes those that ran networks most alike, `NONE` takes none.
        residuals_from: a board whose residuals stand in where this one has too few networks for
            intervals; `NONE` for none.
        catalog: the catalog folder beside the shipped one, as everywhere.

    Raises:
        AdvisorError: a board is unknown, has too little to be fitted, or cannot lend its residuals; or the
            fit cannot be written.
    """
    opened = Catalog.open(catalog)
    described = opened.board(board)
    recipe, warnings = _recipe_before(opened, described)
    if like is not None:
        recipe = replace(recipe, like=_named([like] if isinstance(like, str) else like))
    if residuals_from is not None:
        recipe = replace(recipe, residuals_from="" if residuals_from == NONE else residuals_from)
    if like is not None and residuals_from is not None:
        warnings = ()  # nothing is left of how it was fitted before
    refitted = refit(opened, described, opened.measurements(described), recipe)
    file = write_fit(described, refitted.fit, opened.own_folder)
    return Fitted(board, refitted.fit, (*warnings, *refitted.warnings), file)


def _named(like: Sequence[str]) -> tuple[str, ...]:
    """The reference boards of an option, each once."""
    named = tuple(dict.fromkeys(like))
    for word in (AUTO, NONE):
        if word in named and len(named) > 1:
            raise AdvisorError(f"like: {word} goes alone", f"leave the other boards out, or {word}")
    return () if named == (NONE,) else named


def _recipe_before(catalog: Catalog, board: Board) -> tuple[Recipe, tuple[str, ...]]:
    """How a board was fitted before, without the boards that are gone, and what is to be said of that."""
    folders = [
        each
        for each in fit_folders(board, catalog.own_folder)
        if any((each / name).exists() for name in (FILE, OLD_FILE))
    ]
    if not folders:
        return Recipe(), ()
    before = read_recipe(folders[0])
    if before is None:
        lost = f"how board {board.name} was fitted before cannot be read: its --like and --residuals-from"
        return Recipe(), (f"{lost} are forgotten",)
    there = {*catalog.board_layers, AUTO, ""}
    recipe = Recipe(
        tuple(name for name in before.like if name in there),
        before.residuals_from if before.residuals_from in there else "",
    )
    named = dict.fromkeys((*before.like, before.residuals_from))
    gone = [name for name in named if name not in there]
    return recipe, tuple(
        f"board {name} is gone: {board.name} is fitted without it" for name in gone
    )


@dataclass(frozen=True)
class Refitted:
    """A new fit of a board.

    Attributes:
        fit: the fit.
        warnings: what could not be fitted though the recipe has it.
    """

    fit: BoardFit
    warnings: tuple[str, ...] = ()


def refit(catalog: Catalog, board: Board, table: Measurements, recipe: Recipe) -> Refitted:
    """Fit a board's models to rows and, as its recipe has it, what other boards predict and lend.

    Args:
        catalog: everything that is known.
        board: the board.
        table: its rows, which need not stand in the catalog.
        recipe: how it is fitted.

    Raises:
        AdvisorError: a board of the recipe is unknown or has nothing to give, or neither models nor a
            transfer can be fitted.
    """
    references = alike_named(
        catalog.identities, table.architecture.names, _references(catalog, board, recipe.like)
    )
    known = catalog.architectures_with(table)
    warnings = []
    why_no_models = ""
    try:
        fitted = fit_board(board, table, known)
    except AdvisorError as error:
        if not recipe.like:
            raise
        why_no_models = error.message
        warnings.append(f"no models of its own: {why_no_models}")
        fitted = BoardFit(fingerprint(board, table, known), {})
    if recipe.like:
        known |= {
            name: catalog.architectures[name]
            for each in references
            for name in each.measurements.architecture.names
        }
        try:
            designs = {name: catalog.identities.design(name) for name in known}
            transfer = fit_transfer(
                board, table, known, references, designs, choose=AUTO in recipe.like
            )
        except AdvisorError as error:
            if why_no_models:
                raise
            warnings.append(f"{error.message}: {board.name} is predicted by its own models alone")
        else:
            fitted = replace(fitted, transfer=transfer)
    if recipe.residuals_from:
        fitted = _with_residuals_of(catalog, board, fitted, recipe.residuals_from)
    return Refitted(replace(fitted, recipe=recipe), tuple(warnings))


def _with_residuals_of(
    catalog: Catalog, board: Board, fitted: BoardFit, lender_name: str
) -> BoardFit:
    """The fit with another board's residuals, where its own models have none.

    Raises:
        AdvisorError: there is no such board, or its models cannot be used.
    """
    lender = catalog.board(lender_name)
    known = catalog.architectures
    lent, why_not = current_fit(lender, catalog.measurements(lender), known, catalog.own_folder)
    if lent is None:
        raise AdvisorError(
            f"{lender_name} cannot lend its residuals: {why_not}",
            f"fit it first, or do without: --residuals-from {NONE}",
        )
    return borrow_residuals(board, fitted, lender, lent, known)


def _references(catalog: Catalog, board: Board, like: Sequence[str]) -> list[Surveyed]:
    """The reference boards with their rows."""
    if AUTO in like:
        surveyed, _ = catalog.survey()
        return [
            each for each in surveyed if each.board.name != board.name and len(each.measurements)
        ]
    if board.name in like:
        raise AdvisorError(f"like: {board.name} cannot be its own reference", "name other boards")
    found = named_references(catalog, like)
    if board.layer == SHIPPED and any(each.board.layer != SHIPPED for each in found):
        raise AdvisorError(
            f"board {board.name} is a shipped one and cannot rest on boards of your own",
            "copy it into your own catalog",
        )
    return found


MODELS: Mapping[str, tuple[Make, tuple[Form, ...], bool]] = {
    "latency_ms": (LatencyModel, LATENCY_FORMS, False),
    "net_power_w": (PowerModel, POWER_FORMS, True),
    "memory_mb": (MemoryModel, MEMORY_FORMS, True),
}
"""What each metric is predicted by, the forms that it may take, and whether each board chooses its own."""


def fit_board(
    board: Board, table: Measurements, architectures: Mapping[str, Architecture]
) -> BoardFit:
    """Fit all models of a board.

    Raises:
        AdvisorError: too few architectures were measured for any model.
    """
    models = {
        variant: fitted
        for variant in table.variants
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
    variant: Variant,
    metric: str,
) -> Data:
    """What is known of one metric on a board, for one variant."""
    rows = table.rows_of(variant)
    found = fitted_values(getattr(table, metric))[rows]
    known = rows[~np.isnan(found)]
    names = np.array(table.architecture.names)[table.architecture.index[known]]
    families = np.array(
        [architectures[name].family_or_name for name in names.tolist()], dtype=np.str_
    )
    runs = runs_of(board, table, architectures)[known]
    return Data(runs, found[~np.isnan(found)], names, families)


def _fit_variant(
    board: Board,
    table: Measurements,
    architectures: Mapping[str, Architecture],
    variant: Variant,
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
    be; that is an assumption, and the less alike the boards are, the bolder it is. Memory and power of
    another scope are not lent, nor networks of which the lender ran another than is built here.
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
    borrowed = models != fit.models
    return replace(fit, models=models, residuals_from=lender.name if borrowed else "")


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
