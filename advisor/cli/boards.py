"""`advisor boards`: the boards that can be asked about."""

from __future__ import annotations

from advisor.cli.options import CatalogOption
from advisor.cli.output import complain, emit_table


def command(catalog: CatalogOption = None) -> None:
    """The boards that can be asked about, and where each comes from."""
    from advisor.catalog.listing import boards
    from advisor.report.catalog_text import boards_text

    found = boards(catalog)
    emit_table(boards_text(found))
    for message in found.left_out:
        complain(f"left out: {message}")
