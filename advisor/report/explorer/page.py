"""The page to explore, as one file that needs no other: text, stylesheet, scripts and data."""

from __future__ import annotations

import base64
import gzip
import json
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from advisor.arguments import checked
from advisor.catalog.files import check_folder_of, write_whole
from advisor.errors import printable
from advisor.option_kinds import read_names
from advisor.report.charts.answer_figures import asked_names
from advisor.report.explorer.choice import choices
from advisor.report.explorer.document import Json, document
from advisor.solve.question import asking, read_question
from advisor.stages import stage

PURE = ("formulas", "figures", "chance", "ranking", "choose", "relaxation", "words", "settings")
"""Scripts that need no page, in the order in which they stand: the choice, and how settings are written."""

SHOWING = (
    *("elements", "details", "quantity", "controls", "answer", "axes"),
    *("drawing", "plot", "table", "comparison", "offers", "precisions", "explorer"),
)
"""Scripts that need a page."""

LEVEL = 6
"""Of gzip: the highest takes twice as long, and saves half a percent."""
_ESCAPE = re.compile(r"\\(?:u[0-9a-f]{4}|.)")
"""What JSON writes for a character: a control character, or a quote, a backslash, the end of a line."""
_KEPT = ('\\"', "\\\\", "\\n", "\\t")
_PLACE = re.compile(r"\{\{(\w+)\}\}")


@dataclass(frozen=True)
class Explorer:
    """A page to explore that was written.

    Attributes:
        path: where it is.
        notes: what could not be done as it was asked, in words.
    """

    path: Path
    notes: tuple[str, ...]


@asking
@checked
def explore(
    requirements: str | os.PathLike[str] | None = None,
    *,
    output: str | os.PathLike[str] = "explorer.html",
    label: str | Iterable[str] | None = None,
    **question: object,
) -> Explorer:
    """Write a page to explore: sliders for every limit, a plot, the pick, and all candidates.

    It is one file that works without a network, and opens with what is asked here.

    Args:
        requirements: a YAML file that asks; what is said here overrides it.
        output: where the page goes.
        label: networks whose names the plot writes in any case, as a list or with commas between them.
        **question: the parts of a question, as `pick` takes them.

    Raises:
        AdvisorError: something asked for cannot be read or is not known, a file is broken, or the page cannot
            be written.
    """
    path = Path(output)
    check_folder_of(path)  # before what takes its time
    catalog, asked = read_question(requirements, **question)  # type: ignore[arg-type]
    chosen = choices(catalog, asked)
    here = {each.name for choice in chosen for each in choice.candidates.architectures}
    labelled = asked_names(read_names("label", label), here, catalog.identities)
    with stage("writing the page"):
        write_whole(path, page(document(*chosen, labelled=labelled)))
    return Explorer(path, chosen[0].candidates.notes)


def page(document: Json) -> str:
    """The page that shows a document."""
    return assembled("advisor explorer", "page.html", ("page.css",), (*PURE, *SHOWING), document)


def assembled(
    title: str, body: str, styles: Sequence[str], scripts: Sequence[str], document: Json
) -> str:
    """A page of a body, stylesheets and scripts, with the data that it shows."""
    parts = {
        "title": title,
        "body": source(body),
        "style": "\n".join(map(source, styles)),
        "data": packed(data_text(document)),
        "script": script(scripts),
    }
    return _PLACE.sub(lambda place: parts[place.group(1)], source("frame.html"))


def source(name: str) -> str:
    """One of the files that the page is made of."""
    return files("advisor.report.explorer").joinpath(name).read_text(encoding="utf-8")


def script(names: Sequence[str]) -> str:
    """Scripts one after the other; they share their names, and nothing else sees these."""
    return '"use strict";\n' + "\n".join(source(f"{name}.js") for name in names)


def data_text(document: Json) -> str:
    """A document as JSON that no name in it can end early, whatever stands in the name."""
    text = json.dumps(document, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    text = printable(_ESCAPE.sub(lambda each: each[0] if each[0] in _KEPT else "", text))
    for character in "<\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def packed(text: str) -> str:
    """A text compressed by gzip, in base64, as the page unpacks it: a sixth of the data of many boards."""
    return base64.b64encode(gzip.compress(text.encode(), LEVEL, mtime=0)).decode()
