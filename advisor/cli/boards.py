"""`advisor boards`: the boards that can be asked about."""

from __future__ import annotations

from advisor.cli.options import CatalogOption
from advisor.cli.output import complain, emit_table


def command(catalog: CatalogOption = None) -> None:
    """The boards that can be asked about, and where each comes from."""
    from advisor.catalog.store import Catalog
    from advisor.report.catalog_text import boards_text

    readable, broken = Catalog.open(catalog).survey()
    emit_table(boards_text(readable))
    for error in broken:
        complain(f"left out: {error.message}")
