"""Fitting a board anew from what the catalog holds: its laws, and what other boards tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from advisor.catalog.layers import SHIPPED
from advisor.catalog.records import Architecture, Board, Measurements
from advisor.catalog.store import Catalog
from advisor.errors import AdvisorError
from advisor.prediction.board_fit import BoardFit, fingerprint
from advisor.prediction.fit_board import borrow_residuals, fit_board
from advisor.prediction.fit_file import current_fit
from advisor.prediction.transfer.fit_transfer import Surveyed, fit_transfer

AUTO = "auto"
"""Stands for the boards that tell the most, of all that there are."""


@dataclass(frozen=True)
class Refitted:
    """A new fit of a board.

    Attributes:
        fit: the fit.
        why_no_laws: why the board's own rows make no laws; "" if they do.
        why_no_transfer: why other boards tell nothing; "" if they do, or were not asked.
    """

    fit: BoardFit
    why_no_laws: str = ""
    why_no_transfer: str = ""


def refit(catalog: Catalog, board: Board, like: Sequence[str] = ()) -> Refitted:
    """Fit a board's laws and, where reference boards are named, a transfer from them.

    Args:
        catalog: everything that is known.
        board: the board.
        like: the reference boards; `AUTO` chooses among all; none for the laws alone.

    Raises:
        AdvisorError: a reference is unknown or the board itself, or neither laws nor a transfer can be
            fitted.
    """
    table = catalog.measurements(board)
    return refit_rows(catalog, board, table, like)


def refit_rows(
    catalog: Catalog, board: Board, table: Measurements, like: Sequence[str] = ()
) -> Refitted:
    """The same for rows that need not stand in the catalog."""
    known = catalog.architectures_with(table)
    fit, why_no_laws = _laws(board, table, known)
    if not like:
        if why_no_laws:
            raise AdvisorError(why_no_laws, "measure or import more")
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
        if why_no_laws:
            raise
        return Refitted(fit, why_no_transfer=error.message)
    return Refitted(replace(fit, transfer=transfer), why_no_laws)


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
    """The fit with another board's residuals, where its own laws have none.

    Args:
        catalog: everything that is known.
        board: the board.
        fit: its fit.
        lender_name: the other board; "" for none.

    Raises:
        AdvisorError: there is no such board, or its laws cannot be used.
    """
    if not lender_name:
        return fit
    known = catalog.architectures
    lender = catalog.board(lender_name)
    lent, why_not = current_fit(lender, catalog.measurements(lender), known)
    if lent is None:
        raise AdvisorError(f"{lender_name} cannot lend its residuals: {why_not}")
    return borrow_residuals(board, fit, lender, lent, known)


def _laws(
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
