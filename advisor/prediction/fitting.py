"""Fits a board: models of its own rows, and what other boards predict of networks that it has not run."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from advisor.arguments import checked
from advisor.catalog.files import layers_with
from advisor.catalog.hosted import Carried, carried
from advisor.catalog.records import Architecture, Board, Measurements
from advisor.catalog.run_as import Variant
from advisor.catalog.store import Catalog
from advisor.errors import AdvisorError
from advisor.prediction.board_model import (
    AUTO,
    BoardFit,
    Fitted,
    HeldOutRun,
    Recipe,
    Transfer,
    fingerprint,
    runs_of,
)
from advisor.prediction.fit_store import current_fit, write_fit
from advisor.prediction.model import FittedModel, Form, HeldOut
from advisor.prediction.recipe import NONE, recipe_asked
from advisor.prediction.rows import METRICS, fitted_rows, fitted_values
from advisor.prediction.terms import column
from advisor.prediction.training import (
    FURTHEST,
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
from advisor.prediction.transfer.boards import References, alike_named, references_of
from advisor.prediction.transfer.predictions import could_transfer, fit_transfer
from advisor.stages import stage

Spread = Callable[
    [Callable[["Asked"], "Refitted | AdvisorError"], Iterable["Asked"]],
    Iterable["Refitted | AdvisorError"],
]
"""Has each of some boards fitted, here as `map` does or on several machines."""


@checked
def fit(
    board: str,
    *,
    like: str | Sequence[str] | None = None,
    unlike: str | Sequence[str] | None = None,
    residuals_from: str | None = None,
    catalog: str | os.PathLike[str] | None = None,
) -> Fitted:
    """Fit a board's models to its rows, and write them into its folder; see `write_fit`.

    What is left out stays as it was when the board was fitted before.

    Args:
        board: the board.
        like: boards from which all networks are predicted that they have run and this one has not, by names
            or patterns, beside those that ran networks most alike (`AUTO`, which goes without saying where
            a board was never fitted); `NONE` for the board's own models alone.
        unlike: boards that are not to be among those that ran networks most alike, by names or patterns;
            `NONE` for none.
        residuals_from: a board whose residuals stand in where this one has too few networks for
            intervals; `NONE` for none.
        catalog: the catalog folder beside the shipped one, as everywhere.

    Raises:
        AdvisorError: a board is unknown, has too little to be fitted, or cannot lend its residuals; or the
            fit cannot be written.
    """
    (fitted,) = _fitted(Catalog.open(catalog), [board], like, unlike, residuals_from, map)
    if isinstance(fitted, Unfitted):
        raise fitted.error
    return fitted


@dataclass(frozen=True)
class Unfitted:
    """A board that could not be fitted.

    Attributes:
        board: its name.
        error: why, and what to do.
    """

    board: str
    error: AdvisorError


@checked
def fit_each(
    boards: str | Sequence[str],
    *,
    like: str | Sequence[str] | None = None,
    unlike: str | Sequence[str] | None = None,
    residuals_from: str | None = None,
    catalog: str | os.PathLike[str] | None = None,
    spread: Spread = map,
) -> Iterator[Fitted | Unfitted]:
    """Fit several boards, each as `fit` does; one that cannot be fitted holds up no other.

    Args:
        boards: their names, or patterns.
        like: as `fit` has it, as all that follow.
        unlike: likewise.
        residuals_from: likewise; no board that is fitted along with it.
        catalog: likewise.
        spread: has each board fitted; else one after the other, here. On a cluster, the `map` of
            `advisor.measuring.cluster.cluster`: the user's catalog travels there.

    Returns:
        What became of each, in their order, as soon as it is known.

    Raises:
        AdvisorError: a board is unknown, what is asked contradicts itself, or a fit cannot be written; or one
            that borrows residuals is to be fitted elsewhere.
    """
    opened = Catalog.open(catalog)
    names = opened.boards_meant([boards] if isinstance(boards, str) else boards)
    return _fitted(opened, names, like, unlike, residuals_from, spread)


def _fitted(
    opened: Catalog,
    names: Sequence[str],
    like: str | Sequence[str] | None,
    unlike: str | Sequence[str] | None,
    residuals_from: str | None,
    spread: Spread,
) -> Iterator[Fitted | Unfitted]:
    """See `fit_each`."""
    known: Catalog | tuple[Carried, ...] = opened
    if spread is not map:
        known = tuple(carried(each) for each in opened.layers[1:])
    described, said, asked = [], [], []
    for name in names:
        described.append(opened.board(name))
        recipe, warnings = recipe_asked(opened, described[-1], like, unlike, residuals_from)
        if recipe.residuals_from and spread is not map:
            raise AdvisorError(
                f"board {name} borrows residuals from a fit that lies on this machine",
                "fit it by itself, without --on",
            )
        said.append(warnings)
        asked.append(Asked(name, recipe, known))
    for board, warnings, made in zip(described, said, spread(fit_asked, asked), strict=True):
        if isinstance(made, AdvisorError):
            yield Unfitted(board.name, made)
        else:
            file = write_fit(board, made.fit, opened.own_folder)
            rows = opened.surveyed(board.name).measurements
            known_here = opened.architectures_with(rows)
            held_out = tuple(held_out_runs(board, rows, known_here, made.fit))
            yield Fitted(board.name, made.fit, (*warnings, *made.warnings), file, held_out)


def held_out_runs(
    board: Board, table: Measurements, architectures: Mapping[str, Architecture], fit: BoardFit
) -> Iterator[HeldOutRun]:
    """What the models of a board said of networks that they had not seen, beside what was found.

    A row of which a model said nothing, 0 that is, is left out.
    """
    if fit.residuals_from:
        return
    for variant, metrics in fit.models.items():
        for metric, models in metrics.items():
            data = data_of(board, table, architectures, variant, metric)
            batches = column(data.runs, "batch").astype(int).tolist()
            # The first model that knows a network predicts it.
            folds = [fold for model in reversed(models) for fold in model.held_out]
            residuals = {fold.architecture: fold.residuals for fold in folds}
            rows = zip(data.architecture.tolist(), batches, data.found.tolist(), strict=True)
            for name, batch, found in rows:
                off = residuals.get(name, {}).get(batch)
                if off is not None and abs(off) < FURTHEST:
                    predicted = found * math.exp(-off)
                    family = architectures[name].family
                    yield HeldOutRun(variant, metric, name, family, batch, found, predicted)


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
    named = any(each != AUTO for each in recipe.like)
    others = named or (recipe.like and could_transfer(table))
    references = references_of(catalog, board, recipe) if others else None
    known = catalog.architectures_with(table)
    warnings = []
    no_models = no_transfer = None
    try:
        with stage(f"fitting the models of {board.name}"):
            fitted = fit_board(board, table, known)
    except AdvisorError as error:
        no_models = error
        warnings.append(f"no models of its own: {error.message}")
        fitted = BoardFit(fingerprint(board, table, known), {})
    if references:
        try:
            with stage(f"predicting {board.name} from {len(references.boards)} other boards"):
                transfer = _transfer(catalog, board, table, known, references)
            fitted = replace(fitted, transfer=transfer)
        except AdvisorError as error:
            no_transfer = error
            alone = f"{board.name} is predicted by its own models alone"
            warnings += [f"{error.message}: {alone}"] if named else []
    if no_models and not fitted.transfer:
        raise no_transfer if no_transfer and named else no_models
    if recipe.residuals_from:
        fitted = _with_residuals_of(catalog, board, fitted, recipe.residuals_from)
    return Refitted(replace(fitted, recipe=recipe), tuple(warnings))


@dataclass(frozen=True)
class Asked:
    """One board to be fitted, wherever that is done.

    Attributes:
        board: its name.
        recipe: how.
        catalog: everything that is known; or what goes above the shipped catalog of another machine.
    """

    board: str
    recipe: Recipe
    catalog: Catalog | tuple[Carried, ...]

    def __str__(self) -> str:
        return f"board {self.board}"


def fit_asked(asked: Asked) -> Refitted | AdvisorError:
    """Fit one board, and write nothing.

    Returns:
        Its fit; or why it cannot be fitted.
    """
    catalog = asked.catalog
    try:
        opened = catalog if isinstance(catalog, Catalog) else _opened_there(catalog)
        surveyed = opened.surveyed(asked.board)
        return refit(opened, surveyed.board, surveyed.measurements, asked.recipe)
    except AdvisorError as error:
        return error


@lru_cache(maxsize=1)
def _opened_there(own: tuple[Carried, ...]) -> Catalog:
    """The catalog that has come to this machine, opened once for all boards that are fitted from it."""
    return Catalog(own[0].layers() if own else layers_with(None))


def _transfer(
    catalog: Catalog,
    board: Board,
    table: Measurements,
    known: Mapping[str, Architecture],
    references: References,
) -> Transfer:
    """What these boards predict of a board.

    Raises:
        AdvisorError: that is nothing.
    """
    boards = alike_named(catalog.identities, table.architecture.names, references.boards)
    every = {name for each in boards for name in each.measurements.architecture.names}
    known = {**known, **{name: catalog.architectures[name] for name in sorted(every)}}
    designs = {name: catalog.identities.design(name) for name in known}
    return fit_transfer(board, table, known, replace(references, boards=boards), designs)


def _with_residuals_of(
    catalog: Catalog, board: Board, fitted: BoardFit, lender_name: str
) -> BoardFit:
    """The fit with another board's residuals, where its own models have none.

    Raises:
        AdvisorError: there is no such board, or its models cannot be used.
    """
    surveyed = catalog.surveyed(lender_name)
    lender, known = surveyed.board, catalog.architectures
    lent, why_not = current_fit(lender, surveyed.measurements, known, catalog.own_folder)
    if lent is None:
        raise AdvisorError(
            f"{lender_name} cannot lend its residuals: {why_not}",
            f"fit it first, or do without: --residuals-from {NONE}",
        )
    return borrow_residuals(board, fitted, lender, lent, known)


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
    rows = fitted_rows(table, variant)
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
