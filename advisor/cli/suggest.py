"""`advisor suggest`: which networks to measure on a new board."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from advisor.cli.options import CatalogOption
from advisor.cli.output import emit, emit_table
from advisor.errors import AdvisorError

if TYPE_CHECKING:
    from advisor.catalog.records import Board, Measurements
    from advisor.catalog.store import Catalog


def command(
    count: Annotated[int, typer.Option(min=1, metavar="N", help="How many networks.")] = 20,
    like: Annotated[
        list[str] | None,
        typer.Option(
            metavar="BOARD",
            help="A board that has run them, which the new one will be told from. May be repeated.",
            show_default="the boards of most networks",
        ),
    ] = None,
    board: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="The new board, if it has rows already: these are not named again."
        ),
    ] = None,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print the names alone, one a line.")
    ] = False,
    catalog: CatalogOption = None,
) -> None:
    """Which networks to measure on a new board, so that `fit --like` tells the most of all others.

    They differ from each other in what boards make of them; of those worth nearly as much, the cheapest.
    """
    from advisor.catalog.store import Catalog
    from advisor.prediction.transfer.suggestions import networks_in_common, suggest
    from advisor.report.suggest_text import suggest_text

    opened = Catalog.open(catalog)
    references = _references(opened, like or [], board)
    known = {
        name: opened.architectures[name]
        for _, table in references
        for name in table.architecture.names
    }
    networks = networks_in_common(references, known)
    measured = _measured(opened, board)
    names = suggest(networks, count, measured)
    if not names:
        raise AdvisorError("every network that these boards know is measured already")
    if as_csv:
        emit("".join(f"{name}\n" for name in names))
        return
    emit_table(suggest_text(names, [each.name for each, _ in references], len(networks), known))


def _references(
    catalog: Catalog, like: list[str], board: str | None
) -> list[tuple[Board, Measurements]]:
    from advisor.prediction.fitting import named_references
    from advisor.prediction.transfer.suggestions import alike

    if like:
        return named_references(catalog, like)
    surveyed, _ = catalog.survey()
    every = [(each.board, each.measurements) for each in surveyed if len(each.measurements)]
    found = alike(every, [board] if board else [])
    if not found:
        raise AdvisorError("there is no board to learn from", "import one, or measure one")
    return found


def _measured(catalog: Catalog, board: str | None) -> tuple[str, ...]:
    return () if board is None else catalog.measurements(catalog.board(board)).architecture.names
