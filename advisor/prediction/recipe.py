"""How a board is to be fitted: as it was before, but for what is asked otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from advisor.catalog.records import Board
from advisor.catalog.store import Catalog
from advisor.errors import AdvisorError
from advisor.prediction.board_model import AUTO, Recipe
from advisor.prediction.fit_store import fitted_folder, read_recipe

NONE = "none"
"""Stands for no board, where a board was named when it was fitted before."""

UNSAID = Recipe(like=(AUTO,))
"""How a board is fitted of which nobody ever said how."""


def recipe_asked(
    catalog: Catalog,
    board: Board,
    like: str | Sequence[str] | None,
    unlike: str | Sequence[str] | None,
    residuals_from: str | None,
) -> tuple[Recipe, tuple[str, ...]]:
    """How a board is to be fitted, and what is to be said of how it was fitted before.

    Args:
        catalog: everything that is known.
        board: the board.
        like: as `advisor.fit` takes it, like all that follow; `None` leaves it as it was.
        unlike: likewise.
        residuals_from: likewise.

    Raises:
        AdvisorError: what is asked contradicts itself, or would do nothing, or leaves out unknown boards.
    """
    recipe, warnings = _recipe_before(catalog, board)
    if like is not None:
        named = _named("like", like)
        recipe = replace(recipe, like=tuple(dict.fromkeys((AUTO, *named))) if named else ())
    if unlike is not None:
        recipe = replace(recipe, unlike=_named("unlike", unlike))
        catalog.boards_meant(recipe.unlike)
        if recipe.unlike and AUTO not in recipe.like:
            fault = f"unlike: board {board.name} is not predicted from boards that are chosen"
            raise AdvisorError(fault, f"let them be chosen, too: --like {AUTO}")
    if residuals_from == board.name:
        fault = f"residuals-from: {board.name} cannot stand in for itself"
        raise AdvisorError(
            fault, f"name another board, or {NONE}: its own residuals count in any case"
        )
    if residuals_from is not None:
        recipe = replace(recipe, residuals_from="" if residuals_from == NONE else residuals_from)
    if None not in (like, unlike, residuals_from):
        warnings = ()  # nothing is left of how it was fitted before
    return recipe, warnings


def _named(option: str, boards: str | Sequence[str]) -> tuple[str, ...]:
    """The boards of an option, each once, as they are typed; none for `NONE`."""
    named = tuple(dict.fromkeys([boards] if isinstance(boards, str) else boards))
    if NONE in named and len(named) > 1:
        raise AdvisorError(f"{option}: {NONE} goes alone", f"leave the other boards out, or {NONE}")
    return () if named == (NONE,) else named


def _recipe_before(catalog: Catalog, board: Board) -> tuple[Recipe, tuple[str, ...]]:
    """How a board was fitted before, without the boards that are gone, and what is to be said of that."""
    folder = fitted_folder(board, catalog.own_folder)
    if folder is None:
        return UNSAID, ()
    before = read_recipe(folder)
    if before is None:
        lost = f"how board {board.name} was fitted before cannot be read: its --like, --unlike and"
        return UNSAID, (f"{lost} --residuals-from are forgotten",)
    lender = [before.residuals_from] if before.residuals_from else []
    gone = {each for each in (*before.like, *before.unlike, *lender) if _is_gone(catalog, each)}
    recipe = Recipe(
        tuple(each for each in before.like if each not in gone),
        tuple(each for each in before.unlike if each not in gone),
        "" if before.residuals_from in gone else before.residuals_from,
    )
    warnings = [f"board {name} is gone: {board.name} is fitted without it" for name in sorted(gone)]
    return recipe, tuple(warnings)


def _is_gone(catalog: Catalog, text: str) -> bool:
    """Whether a name or pattern of a recipe means no board any more."""
    if text == AUTO:
        return False
    try:
        catalog.boards_named(text)
    except AdvisorError:
        return True
    return False
