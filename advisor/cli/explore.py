"""`advisor explore`: a page on which one drags the limits and sees what is left."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import Annotated, Any

import typer

from advisor.cli.options import LabelOption
from advisor.cli.output import emit, warn
from advisor.cli.question import asks


@asks()
def command(
    question: dict[str, Any],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE", help="Where the page goes.")
    ] = Path("explorer.html"),
    label: LabelOption = None,
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Write a page to explore: sliders for every limit, a plot, the pick, and all candidates.

    It is one file that works without a network, and opens with the limits that are asked for here.
    """
    from advisor.report.explorer.page import explore

    written = explore(**question, output=output, label=label)
    warn(written.notes)
    emit(f"{written.path}\n")
    if show:
        webbrowser.open(written.path.resolve().as_uri())
