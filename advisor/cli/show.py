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
    from advisor.catalog.listing import show
    from advisor.report.catalog_text import architecture_text

    known = show(architecture, catalog)
    emit_table(architecture_text(known))
    if known.note:
        complain(known.note)
    for message in known.left_out:
        complain(f"left out: {message}")
