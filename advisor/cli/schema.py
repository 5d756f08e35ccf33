"""`advisor schema`: the shapes of the documents that advisor prints and reads."""

from __future__ import annotations

from typing import Annotated

import typer

from advisor.cli.output import emit
from advisor.errors import AdvisorError, closest, shown

DOCUMENTS = ("pick", "plan", "plan-file", "findings")


def command(
    document: Annotated[
        str, typer.Argument(metavar="[pick|plan|plan-file|findings]", help="Whose document.")
    ] = "pick",
) -> None:
    """Print the JSON Schema of what `advisor pick --json`, say, prints, or of a file that it reads."""
    from importlib.resources import files

    if document not in DOCUMENTS:
        raise AdvisorError(f"no document {shown(document)}", closest(document, DOCUMENTS))
    schema = files("advisor.report").joinpath(f"{document}.schema.json")
    emit(schema.read_text(encoding="utf-8"))
