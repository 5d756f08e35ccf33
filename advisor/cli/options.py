"""Options that several commands share."""

from __future__ import annotations

import inspect
from typing import Annotated

import typer


def parameter(name: str, annotation: object, default: object = None) -> inspect.Parameter:
    """A parameter of a command whose signature is put together from declarations."""
    keyword = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(name, keyword, default=default, annotation=annotation)


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
