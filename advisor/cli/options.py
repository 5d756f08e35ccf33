"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

CatalogOption = Annotated[
    str | None,
    typer.Option(
        "--catalog",
        metavar="DIR",
        help="Your own catalog folder, which overlays the shipped one. "
        "Default: $ADVISOR_CATALOG, else the user data folder.",
        show_default=False,
    ),
]
