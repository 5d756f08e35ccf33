"""How well a network does on the user's images, on a terminal and as a document."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from advisor.catalog.records import Estimate
from advisor.documents import document, document_text
from advisor.measuring.box_decoders import SUPPRESSION, named_decoder
from advisor.measuring.evaluation import Evaluated, Evaluation
from advisor.measuring.mean_precision import HALVES
from advisor.quality import CLASSIFICATION, DETECTION
from advisor.report.terminal import Fitted, TextTable, counted, plain_table, significant

if TYPE_CHECKING:
    from advisor.measuring.fleet_evaluation import EvaluatedFleet

EVALUATE = "advisor.evaluate/1"
"""The name and version of the document's shape."""
EVALUATE_ON = "advisor.evaluate-on/1"
"""The same of what was found on boards elsewhere."""
USUAL_LIMIT = {CLASSIFICATION: 70, DETECTION: 30}
"""What is asked in the example of a question, in percent."""


def evaluation_json(found: Evaluation) -> str:
    """The evaluation as one JSON document."""
    return document_text({"schema": EVALUATE, **document(found)})


def fleet_evaluation_json(found: EvaluatedFleet) -> str:
    """What was found on boards elsewhere as one JSON document."""
    return document_text({"schema": EVALUATE_ON, **document(found)})


def evaluation_text(found: Evaluation) -> RenderableType:
    """A line a way to run the network: accuracy with its interval, and what it loses against fp32."""
    cells = {key: [cell(way) for way in found.ways] for key, cell in _CELLS.items()}
    known = [key for key in cells if key in _ALWAYS or any(cells[key])]
    keys = known if len(found.ways) > 1 else [key for key in known if key != "best"]
    headings = {"accuracy": found.metric, "loss 90 %": "90 %"}

    def table_of(shown: Sequence[str]) -> TextTable:
        table = plain_table(
            "runtime", "precision", *(headings.get(key, key) for key in shown), left=2
        )
        for place, way in enumerate(found.ways):
            table.add_row(way.runtime, way.precision, *(cells[key][place] for key in shown))
        return table

    needed_least = [key for key in _NEEDED_LEAST if key in keys]
    table = Fitted(table_of, keys, (), needed_least)
    return Group(*map(Text, _head(found)), table, *map(Text, _tail(found)))


def _head(found: Evaluation) -> Iterator[str]:
    if found.board:
        shares = (f"{count} by {unit}" for unit, count in found.units.items())
        units = ", ".join(shares)
        yield f"board {found.board}" + (
            f", images answered, every way counted: {units}" * bool(units)
        )
    of = f" of {found.found}" if found.images != found.found else ""
    yield (
        f"{found.network}, weights {found.weights}, on {found.images}{of} images of {found.data} "
        f"({found.data_set}), {found.classes} classes"
    )
    yield f"images made ready: {found.preprocessing}"
    if found.decoder:
        how = f"; {SUPPRESSION}" if named_decoder(found.decoder).suppresses else ""
        yield f"boxes decoded by {found.decoder}{how}; classes are categories by {found.class_mapping}"
        yield f"intervals: by {HALVES} random halves of the images, the same for all"


def _tail(found: Evaluation) -> Iterator[str]:
    for way in found.ways:
        if way.reason:
            yield f"{way.runtime} {way.precision} was not evaluated: {way.reason}"
        elif way.loss_points is not None:
            yield _loss(way, found.images)
    if found.skipped:
        yield (
            f"{counted(len(found.skipped), 'image')} could not be read, and left out: "
            + "; ".join(found.skipped[:5])
            + ("; ..." if len(found.skipped) > 5 else "")
        )
    if len(found.ways) > 1:
        yield "* no other is at least as good in all that is known of both, and better in something"
    for way in found.ways:
        if way.precision == "int8" and way.file is not None:
            yield f"{way.runtime} {way.precision} was served from {way.file}"
    yield from (f"left out: {each}" for each in found.left_out)
    if found.accuracy_file is not None:
        yield f"its accuracies: {found.accuracy_file}"


def _loss(way: Evaluated, images: int) -> str:
    """What a way loses against fp32, in a sentence."""
    points = way.loss_points
    if points is None or points.low is None or points.high is None:
        return ""
    counts = (
        "" if way.lost is None else f": fp32 alone has {way.lost} right, this alone {way.gained}"
    )
    return (
        f"{way.runtime} {way.precision} loses {points.value:.1f} points, {points.low:.1f} to "
        f"{points.high:.1f}, on {images} images{counts}"
    )


def next_command(found: Evaluation, catalog: str | None) -> str:
    """How to ask for what was found."""
    where = f" --catalog {shlex.quote(catalog)}" if catalog else ""
    task = "" if found.task == CLASSIFICATION else f" --task {found.task}"
    data_set = f"{task} --data-set {found.data_set}"
    board = shlex.quote(found.board) if found.board else "NAME"
    return f"ask it: advisor pick --board {board}{where}{data_set} --accuracy {USUAL_LIMIT[found.task]}\n"


def _figure(value: float | None) -> str:
    return "" if value is None else significant(value)


def _middle(estimate: Estimate | None) -> str:
    return _figure(estimate.value if estimate else None)


def _value(estimate: Estimate | None) -> str:
    return "" if estimate is None else f"{estimate.value:.2f}"


def _ends(estimate: Estimate | None) -> str:
    if estimate is None or estimate.low is None or estimate.high is None:
        return ""
    return f"{estimate.low:.2f} to {estimate.high:.2f}"


_CELLS: Mapping[str, Callable[[Evaluated], str]] = {
    "accuracy": lambda way: _value(way.accuracy_percent),
    "90 %": lambda way: _ends(way.accuracy_percent),
    "top-5": lambda way: _value(way.top5_percent),
    "loses": lambda way: _value(way.loss_points),
    "loss 90 %": lambda way: _ends(way.loss_points),
    "file\nMB": lambda way: _figure(way.file_size_mb),
    "latency\nms": lambda way: _middle(way.latency_ms),
    "memory\nMB": lambda way: _middle(way.memory_mb),
    "best": lambda way: "*" if way.pareto_optimal else "",
}
"""What is said of a way to run the network, by heading."""
_ALWAYS = ("accuracy", "90 %")
_NEEDED_LEAST = ("loss 90 %", "top-5", "loses", "memory\nMB", "file\nMB", "latency\nms")
"""What a narrow terminal can do without, the first first: what is lost is said in a sentence, too."""
