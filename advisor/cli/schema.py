"""`advisor schema`: the shapes of the JSON documents that advisor prints."""

from __future__ import annotations

from typing import Annotated

import typer

from advisor.cli.output import emit
from advisor.errors import AdvisorError, closest, shown

DOCUMENTS = ("pick", "findings", "frontier", "requirements")


def command(
    document: Annotated[
        str,
        typer.Argument(
            metavar="[pick|findings|frontier|requirements]",
            help="Whose document; `requirements` is the file that asks.",
        ),
    ] = "pick",
) -> None:
    """Print the JSON Schema of what `advisor pick --json` prints, say, or of a file of requirements."""
    from importlib.resources import files

    if document not in DOCUMENTS:
        raise AdvisorError(f"no document {shown(document)}", closest(document, DOCUMENTS))
    schema = files("advisor.report").joinpath(f"{document}.schema.json")
    emit(schema.read_text(encoding="utf-8"))
