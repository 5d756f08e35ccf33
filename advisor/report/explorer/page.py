"""The page as one file that needs no other: text, stylesheet, libraries, scripts and data."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from advisor.errors import AdvisorError
from advisor.report.explorer.document import Json

CHOOSING = ("figures", "confidence", "ranking", "frontier", "choose")
"""Scripts of pure functions, in the order in which they stand: the choice itself."""

SHOWING = (
    *("elements", "words", "settings", "details", "quantity", "controls", "answer"),
    *("axes", "plot_spec", "plot", "table", "explorer"),
)
"""Scripts that need a page."""

_PLACE = re.compile(r"\{\{(\w+)\}\}")


def page(document: Json) -> str:
    """The page that shows a document.

    Raises:
        AdvisorError: the plotting libraries are not installed.
    """
    parts = {
        "style": source("page.css"),
        "libraries": _libraries(),
        "data": data_text(document),
        "script": script((*CHOOSING, *SHOWING)),
    }
    return _PLACE.sub(lambda place: parts[place.group(1)], source("page.html"))


def source(name: str) -> str:
    """One of the files that the page is made of."""
    return files("advisor.report.explorer").joinpath(name).read_text(encoding="utf-8")


def script(names: Sequence[str]) -> str:
    """Scripts one after the other; they share their names, and nothing else sees these."""
    return '"use strict";\n' + "\n".join(source(f"{name}.js") for name in names)


def data_text(document: Json) -> str:
    """A document as JSON that no name in it can end early, whatever stands in the name."""
    text = json.dumps(document, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    for character in "<\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


@cache
def _libraries() -> str:
    """Vega and Vega-Lite, as they stand in a page.

    Raises:
        AdvisorError: they are not installed.
    """
    try:
        import vl_convert
    except ModuleNotFoundError as error:
        if error.name != "vl_convert":
            raise
        raise AdvisorError(
            "the page needs vl_convert, which is not installed",
            "install it: pip install 'dnn-advisor[report]'",
        ) from None
    bundle: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return re.sub(r"<(?=/script|!--)", r"\\x3c", bundle, flags=re.IGNORECASE)
