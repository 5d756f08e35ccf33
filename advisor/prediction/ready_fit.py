"""The fit of a board from which something is to be predicted, made where nobody has made it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from advisor.catalog.records import Architecture, Board, Measurements
from advisor.catalog.store import Catalog
from advisor.errors import AdvisorError
from advisor.prediction.board_model import BoardFit
from advisor.prediction.fit_store import current_fit, fitted_folder, write_fit


def ready_fit(
    catalog: Catalog, board: Board, table: Measurements, known: Mapping[str, Architecture]
) -> tuple[BoardFit | None, str]:
    """A board's fit; one that was never fitted is fitted now, as `advisor fit` does.

    It is kept as that command keeps it, where that can be written. What is stale stays so: its recipe may
    rest on boards that changed, which is for somebody to see.

    Args:
        catalog: everything that is known.
        board: the board.
        table: its rows.
        known: every network of these.

    Returns:
        The fit, and what is to be said of it, "" where it was there; or `None`, and why.
    """
    fit, why_not = current_fit(board, table, known, catalog.own_folder)
    if fit is not None or fitted_folder(board, catalog.own_folder) is not None:
        return fit, why_not
    from advisor.prediction.fitting import (
        refit,
    )  # scikit-learn, which a fit that is there does without
    from advisor.prediction.recipe import UNSAID

    try:
        made = refit(catalog, board, table, UNSAID).fit
    except AdvisorError as error:
        return None, error.message
    with suppress(AdvisorError):
        write_fit(board, made, catalog.own_folder)
        kept, _ = current_fit(board, table, known, catalog.own_folder)
        made = kept or made  # in as many digits as the next answer will have
    return made, f"it is fitted now for the first time; advisor fit {board.name} shows the models"
