"""`advisor show ARCHITECTURE`: all that is known of one network."""

from __future__ import annotations

from typing import Annotated

import typer

from advisor.cli.options import CatalogOption
from advisor.cli.output import complain, emit_table


def command(
    architecture: Annotated[str, typer.Argument(help="Its name, such as resnet-50.")],
    catalog: CatalogOption = None,
) -> None:
    """All that is known of an architecture, by board, with sources."""
    from advisor.catalog.store import Catalog
    from advisor.report.catalog_text import architecture_text

    opened = Catalog.open(catalog)
    known = opened.architecture(architecture)
    readable, broken = opened.survey()
    emit_table(architecture_text(opened, known, readable))
    for error in broken:
        complain(f"left out: {error.message}")
