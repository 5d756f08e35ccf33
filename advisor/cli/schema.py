"""`advisor schema`: the shapes of the documents that advisor prints and reads."""

from __future__ import annotations

from typing import Annotated

import typer

from advisor.cli.output import emit
from advisor.errors import AdvisorError, closest, shown

DOCUMENTS = ("pick", "frontier", "plan", "findings", "requirements", "plan-file")


def command(
    document: Annotated[
        str,
        typer.Argument(
            metavar="[" + "|".join(DOCUMENTS) + "]",
            help="Whose document; `requirements` and `plan-file` are the files that ask.",
        ),
    ] = "pick",
) -> None:
    """Print the JSON Schema of what `advisor pick --json` prints, say, or of a file that it reads."""
    from importlib.resources import files

    if document not in DOCUMENTS:
        raise AdvisorError(f"no document {shown(document)}", closest(document, DOCUMENTS))
    schema = files("advisor.report").joinpath(f"{document}.schema.json")
    emit(schema.read_text(encoding="utf-8"))
