"""`advisor schema`: the shapes of the documents that advisor prints and reads."""

from __future__ import annotations

from typing import Annotated

import typer

from advisor.cli.output import emit
from advisor.documents import DOCUMENTS


def command(
    document: Annotated[
        str,
        typer.Argument(
            metavar="[DOCUMENT]",
            help=f"One of {', '.join(DOCUMENTS)}; the last two are files that ask.",
        ),
    ] = "pick",
) -> None:
    """Print the JSON Schema of what `advisor pick --json` prints, say, or of a file that it reads."""
    from advisor.api import schema

    emit(schema(document))
