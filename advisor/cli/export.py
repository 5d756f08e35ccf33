"""`advisor export`: the quantised network that was evaluated, as a file to ship."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from advisor.cli.options import CatalogOption
from advisor.cli.output import emit


def command(
    network: Annotated[
        str, typer.Argument(help="Its name as the evaluation has it, such as net@224.")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The file to write.")
    ],
    runtime: Annotated[
        str, typer.Option(metavar="NAME", help="What it was quantised for.")
    ] = "onnxruntime",
    precision: Annotated[str, typer.Option(metavar="NAME", help="Its number format.")] = "int8",
    catalog: CatalogOption = None,
) -> None:
    """Write the quantised network that `advisor evaluate` measured, byte for byte."""
    from advisor.measuring.quantised_export import export

    found = export(network, output, runtime=runtime, precision=precision, catalog=catalog)
    for each in found.files:
        emit(f"{each}\n")
