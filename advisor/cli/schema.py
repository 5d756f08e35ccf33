"""`advisor schema`: the shape of the JSON that `advisor pick --json` prints."""

from __future__ import annotations

from advisor.cli.output import emit


def command() -> None:
    """Print the JSON Schema of the document that `advisor pick --json` prints."""
    from importlib.resources import files

    emit(files("advisor.report").joinpath("pick.schema.json").read_text(encoding="utf-8"))
