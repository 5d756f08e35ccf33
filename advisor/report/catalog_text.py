"""What the catalog holds, on a terminal and for programs: boards, networks, the zoo, what was imported."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from advisor.architectures.names import device_of
from advisor.catalog.accuracy import FLOAT, TAKEN_OVER
from advisor.catalog.files import SHIPPED
from advisor.catalog.listing import ListedNetwork
from advisor.catalog.precision import has_float_accuracy
from advisor.catalog.records import (
    MEDIAN,
    Architecture,
    Board,
    Estimate,
    Measurements,
    Metered,
    Source,
    Weights,
    source_keys,
)
from advisor.catalog.run_as import Variant
from advisor.catalog.store import Surveyed
from advisor.catalog.tables import COUNTS
from advisor.documents import document, document_text
from advisor.quality import CLASSIFICATION, IMAGENET
from advisor.quantities import rounded
from advisor.report.terminal import BEST_WEIGHTS, Fitted, counted, plain_table, significant

if TYPE_CHECKING:
    from advisor.catalog.importers.imported import Imported, ImportedBoard, ImportedCosts
    from advisor.catalog.importers.published import ImportedTable
    from advisor.catalog.listing import Boards, KnownBoards, KnownNetwork, ListedBoard
    from advisor.catalog.records import Floats

STATUS_WORDS = {
    "does_not_fit": "does not fit in the board's memory",
    "crashed": "crashed",
    "timed_out": "ran on for ever and was ended",
    "failed": "failed",
}


SCHEMA = "advisor.zoo/1"
"""Name and version of the document's shape."""


@dataclass(frozen=True)
class ZooRow:
    """A network of a library, as programs read it.

    Attributes:
        architecture: its name, `name@size`.
        library: who has it.
        version: which version of the library was counted or listed.
        family: the family that it belongs to.
        size: its input's height and width in pixels.
        params, operations, activations, layers, window_reads, peak_activations: its counts, of one image;
            null where unknown.
        top1_percent: the accuracy of its best published weights.
        weights: the name of these.
        weights_source: who published that accuracy.
        fault: why it cannot be counted; null where it can, or was not tried.
    """

    architecture: str
    library: str
    version: str
    family: str
    size: int
    params: float | None
    operations: float | None
    activations: float | None
    layers: float | None
    window_reads: float | None
    peak_activations: float | None
    top1_percent: float | None
    weights: str | None
    weights_source: str | None
    fault: str | None

    @classmethod
    def of(cls, listed: ListedNetwork) -> ZooRow:
        """The row of a network."""
        network, best = listed.network, listed.best
        counts = {name: network.figures.get(name) for name in COUNTS}
        return cls(
            architecture=network.architecture,
            library=network.library,
            version=network.version,
            family=network.family,
            size=network.input_shape[-1],
            top1_percent=best.accuracy_percent.value if best else None,
            weights=best.name if best else None,
            weights_source=best.accuracy_percent.source if best else None,
            fault=network.fault or None,
            **counts,
        )


@dataclass(frozen=True)
class ZooRows:
    """The networks of torchvision and timm that are as asked for.

    Attributes:
        networks: by name.
    """

    networks: tuple[ZooRow, ...]


_HEADINGS = {
    "family": "family",
    "size": "size",
    "params": "params",
    "operations": "ops",
    "activations": "activations",
    "top1": "top-1\n%",
    "weights": "weights",
}
_DROPPABLE = ("activations", "weights", "size", "family")


MOST_DESCRIBED = 5
"""Of so many boards at most a sentence on each stands below the table."""


def boards_text(listed: Boards) -> RenderableType:
    """A table of the boards, a line each; of a few also what their figures cover."""
    columns: Mapping[str, Callable[[ListedBoard], str]] = {
        "board": lambda each: each.board.name,
        "what it is": lambda each: each.board.title,
        "networks": lambda each: str(each.networks),
        "runs": lambda each: _ways(each.variants),
        "tasks": lambda each: ", ".join(each.tasks),
        "known": lambda each: ", ".join(each.known),
        "batches": lambda each: _span(each.batches),
        "date": lambda each: each.board.date or "?",
        "from": lambda each: "shipped" if each.board.layer == SHIPPED else "own",
    }

    def table(headings: Sequence[str]) -> Table:
        table = plain_table(*headings)
        for heading, column in zip(headings, table.columns, strict=True):
            if heading not in ("networks", "batches"):
                column.justify = "left"
            column.no_wrap = heading not in ("what it is", "runs")
        for each in listed.boards:
            table.add_row(*(columns[heading](each) for heading in headings))
        return table

    droppable = ("from", "batches", "date", "what it is", "runs", "tasks")
    count = len(listed.boards)
    devices = len({device_of(each.board.name) for each in listed.boards})
    notes = [Text(f"{counted(count, 'board')} of {counted(devices, 'device')}.")]
    if count <= MOST_DESCRIBED:
        notes += [Text(_covers(each.board)) for each in listed.boards]
    return Group(Fitted(table, tuple(columns), droppable), "", *notes)


def known_boards_text(known: KnownBoards) -> RenderableType:
    """What each board is, a line a fact, and the sources."""
    parts: list[RenderableType] = []
    for each in known.boards:
        board = each.board
        memory = f"{board.memory_mb:,.0f} MB" if board.memory_mb else ""
        shared = ", shared" if board.memory_shared else ""
        facts = {
            "processor": board.processor,
            "accelerator": board.accelerator,
            "memory": memory and memory + shared,
            "software": board.software,
            "date": board.date,
            **board.details,
            "runs": _ways(each.variants),
            "batches": _span(each.batches),
            "networks": f"{each.networks}, for {', '.join(each.tasks)}",
            "known": ", ".join(each.known),
            "note": board.note,
            "source": board.source,
        }
        parts.append(Text(board.name, style="bold") + Text(f": {board.title}"))
        parts += [Text(f"  {name}: {fact}") for name, fact in facts.items() if fact]
        parts += [Text(f"  {_covers(board).partition(': ')[2]}"), ""]
    return Group(*parts, *(Text(_source_text(each)) for each in known.sources.values()))


def _source_text(source: Source) -> str:
    """A source with all that it says."""
    read, licence = (
        source.read.rstrip("."),
        f" Licence: {source.licence}." if source.licence else "",
    )
    said = f"{source.key}: {source.citation}. Read: {read}. Error: {source.error}.{licence}"
    if source.reproducibility is None:
        return said
    within = f"{100 * source.reproducibility:.3g} %"
    return f"{said} Another run: within {within} ({source.evidence})."


def _ways(variants: Sequence[Variant]) -> str:
    """How networks were run there, as far as it fits."""
    runtimes = dict.fromkeys(each.runtime for each in variants)
    precisions = dict.fromkeys(each.precision for each in variants)
    processors = dict.fromkeys(each.processor for each in variants if each.processor)
    return "; ".join(" ".join(names) for names in (runtimes, precisions, processors) if names)


def _span(batches: Sequence[int]) -> str:
    return (
        "none" if not batches else f"{batches[0]}-{batches[-1]}" if batches[1:] else str(batches[0])
    )


def _covers(board: Board) -> str:
    idle = board.idle_power_w
    power, memory = board.power_scope or "unknown", board.memory_scope or "unknown"
    weights = f"weights {board.weights}" if board.weights else BEST_WEIGHTS
    origin = "" if board.layer == SHIPPED else f", from {board.layer}"
    drawn = f"; idle {'<= ' * board.idle_is_bound}{idle.value:.2f} W" if idle else ""
    return f"{board.name}{origin}: power covers {power}{drawn}; memory is {memory}; {weights}."


class _Cited:
    """Numbers the sources in the order in which they are first met."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def mark(self, sources: str) -> str:
        keys = source_keys(sources)
        return "".join(f"[{self.numbers.setdefault(key, len(self.numbers) + 1)}]" for key in keys)


def architecture_text(known: KnownNetwork) -> RenderableType:
    """What it is, its weights, its rows on each board, and the sources of every figure."""
    cited = _Cited()
    parts: list[RenderableType] = [*_heading(known, cited), ""]
    parts += [*_weights(known.weights, cited), *_taken_over(known), ""]
    for surveyed in known.boards:
        parts += [*_on_board(surveyed, cited), ""]
    for key, number in cited.numbers.items():
        said = _source_text(known.sources[key]).partition(": ")[2]
        parts.append(Text(f"[{number}] {said}"))
    return Group(*parts)


def _task(architecture: Architecture) -> str:
    return "" if architecture.task == CLASSIFICATION else f", for {architecture.task}"


def _heading(known: KnownNetwork, cited: _Cited) -> Iterator[RenderableType]:
    architecture = known.architecture
    shape = "x".join(map(str, architecture.input_shape))
    yield Text(known.identity, style="bold") + Text(
        f": {architecture.family}, input {shape}{_task(architecture)}"
    )
    others = [name for name in known.names if name != known.identity]
    if others:
        yield Text(f"called {', '.join(others)}")
    yield Text(architecture.reference)
    for name in ("params", "operations", "activations"):
        costs = {"reported": architecture.reported, "counted": architecture.counted}
        figures = [
            f"{rounded(estimate.value, 4)} {kind} {cited.mark(estimate.source)}"
            for kind, cost in costs.items()
            if cost and (estimate := getattr(cost, name))
        ]
        yield Text(f"{name}: {', '.join(figures) or 'unknown'}")
    if architecture.note:
        yield Text(architecture.note, style="italic")


def _weights(sets: Sequence[Weights], cited: _Cited) -> Iterator[RenderableType]:
    if not sets:
        yield Text("weights: none known, so the accuracy is unknown")
    for each in sets:
        figure = each.accuracy_percent
        line = f"weights {each.name}: {_as_what(each)} {figure.value:.2f} %"
        if figure.low is not None and figure.high is not None:
            line += f" ({figure.low:.3f} to {figure.high:.3f})"
        if each.top5_percent:
            line += f", top-5 {each.top5_percent.value:.2f} %"
        yield Text(f"{line} {figure.origin} {cited.mark(figure.source)}")


def _taken_over(known: KnownNetwork) -> Iterator[RenderableType]:
    """In which formats of its rows the accuracy is that of 32-bit floats, which nobody found there."""
    found = {name for each in known.boards for name in each.measurements.precision.names}
    own = {FLOAT, *(each.precision for each in known.weights)}
    formats = sorted(name for name in found - own if has_float_accuracy(name))
    if formats and any(each.is_of_floats for each in known.weights):
        yield Text(f"Accuracy at {' and '.join(formats)} is {TAKEN_OVER}{FLOAT}.")


def _as_what(each: Weights) -> str:
    """The metric of an accuracy, the data set where it is not the usual one, and how the network ran."""
    on = "" if each.quality.is_usual else f" on {each.quality.data_set}"
    run_as = " ".join(filter(None, (each.runtime, each.precision, each.processor)))
    where = f" on board {each.board}" if each.board else ""
    return each.quality.metric + on + (f" by {run_as}" if run_as else "") + where


def _on_board(surveyed: Surveyed, cited: _Cited) -> Iterator[RenderableType]:
    board, rows = surveyed.board, surveyed.measurements
    yield Text(board.name, style="bold") + Text(f" ({board.title}, {board.layer})")
    if np.any(rows.ran):
        yield _rows_table(rows.take(rows.ran), cited)
    for row in np.flatnonzero(~rows.ran).tolist():
        status, mark = STATUS_WORDS[rows.status.at(row)], cited.mark(rows.latency_ms.source.at(row))
        yield Text(f"{_run_as(rows, row)}, batch {rows.batch[row]}: {status} {mark}")


def _run_as(rows: Measurements, row: int) -> str:
    word = rows.precision_word.at(row)
    return " ".join(rows.variant(row).words) + (f" ({word})" if word else "")


_LEAST_NEEDED = (
    "per image\nms",
    "least\nms",
    "most\nms",
    "p99\nms",
    "p90\nms",
    "latency\nis",
    "throughput\nfps",
    "gross power\nW",
    "verdict",
)
"""What a narrow table of a board's rows can do without, the first first."""


def _rows_table(rows: Measurements, cited: _Cited) -> Fitted:
    columns = _metered_columns(rows)
    plain = [(f"{name}\nms", values) for name, values in _plain_columns(rows).items()]
    words = {"latency\nis": rows.latency_statistic.tolist()}
    words["verdict"] = [_verdict(rows, row) for row in range(len(rows))]
    said = {name: cells for name, cells in words.items() if set(cells) - {"", MEDIAN}}
    places = range(len(rows))
    latencies = [rows.latency_ms.estimate(row) for row in places]
    cells = {
        "run as": [_run_as(rows, row) for row in places],
        "batch": [str(size) for size in rows.batch.tolist()],
        "per image\nms": [
            significant(each.value / int(rows.batch[row])) if each else "?"
            for row, each in enumerate(latencies)
        ],
        **{name: [_figure(each.estimate(row)) for row in places] for name, each in columns.items()},
        **{name: [_plain_figure(each) for each in values.tolist()] for name, values in plain},
        **said,
    }
    known = {name: _provenance(column, cited) for name, column in columns.items()}

    def table_of(headings: Sequence[str]) -> Table:
        table = plain_table(*headings)
        table.columns[0].no_wrap = True
        for row in places:
            table.add_row(*(cells[name][row] for name in headings))
        for place, title in enumerate(("origin", "source")):
            said_of = (known[name][place] if name in known else "" for name in headings[1:])
            table.add_row(title, *said_of, style="dim")
        return table

    return Fitted(table_of, tuple(cells), [name for name in _LEAST_NEEDED if name in cells])


def _metered_columns(rows: Measurements) -> dict[str, Metered]:
    """The figures with intervals by heading; those that few boards have only where there are any."""
    usual = {
        "latency\nms": rows.latency_ms,
        "net power\nW": rows.net_power_w,
        "memory\nMB": rows.memory_mb,
    }
    seldom = {"throughput\nfps": rows.throughput_fps, "gross power\nW": rows.gross_power_w}
    there = {name: each for name, each in seldom.items() if not np.isnan(each.values.value).all()}
    return {**usual, **there}


def _plain_columns(rows: Measurements) -> dict[str, Floats]:
    """What is known of the spread of the latency, by name."""
    ends = {
        "least": rows.latency_min_ms,
        "most": rows.latency_max_ms,
        "p90": rows.latency_p90_ms,
        "p99": rows.latency_p99_ms,
    }
    return {name: values for name, values in ends.items() if not np.isnan(values).all()}


def _verdict(rows: Measurements, row: int) -> str:
    """Whether the row was measured in peace, in one word; why not stands in the file."""
    return rows.verdict.at(row).split(" ", maxsplit=1)[0].rstrip(":")


def _plain_figure(value: float) -> str:
    return "?" if np.isnan(value) else significant(value)


def _figure(estimate: Estimate | None) -> str:
    """A figure with the half-width of its interval, or with both where they differ."""
    if estimate is None:
        return "?"
    figure = significant(estimate.value)
    if estimate.low is None or estimate.high is None:
        return figure
    below = 100 * (1 - estimate.low / estimate.value)
    above = 100 * (estimate.high / estimate.value - 1)
    digits = 1 if above < 10 else 0
    if f"{below:.{digits}f}" == f"{above:.{digits}f}":
        return f"{figure} +-{above:.{digits}f}%"
    return f"{figure} -{below:.{digits}f}/+{above:.{digits}f}%"


def _provenance(column: Metered, cited: _Cited) -> tuple[str, str]:
    """The origins of a column's figures, and the marks of their sources."""
    known = column.take(~np.isnan(column.values.value))
    return ", ".join(known.origin.names), cited.mark(", ".join(known.source.names))


def zoo_text(shown: Sequence[ListedNetwork]) -> RenderableType:
    """A table of the networks."""
    return Fitted(lambda keys: _zoo_table(shown, keys), list(_HEADINGS), _DROPPABLE)


def _zoo_table(shown: Sequence[ListedNetwork], keys: Sequence[str]) -> Table:
    table = plain_table("network", *(_HEADINGS[key] for key in keys), left=1 + ("family" in keys))
    for each in shown:
        cells = _zoo_cells(each)
        table.add_row(each.network.architecture, *(cells[key] for key in keys))
    return table


def _zoo_cells(each: ListedNetwork) -> dict[str, str]:
    figures = each.network.figures
    counts = {
        name: rounded(figures[name]) if name in figures else "?"
        for name in ("params", "operations", "activations")
    }
    return {
        "family": each.network.family,
        "size": str(each.network.input_shape[-1]),
        **counts,
        "top1": f"{each.best.accuracy_percent.value:.2f}" if each.best else "?",
        "weights": each.best.name if each.best else "",
    }


def zoo_csv(shown: Sequence[ListedNetwork]) -> str:
    """The networks as CSV; unknown is empty."""
    stream = io.StringIO()
    columns = [each.name for each in fields(ZooRow)]
    writer = csv.DictWriter(stream, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(ZooRow.of(each)) for each in shown)
    return stream.getvalue()


def zoo_json(shown: Sequence[ListedNetwork]) -> str:
    """The networks as one JSON document; unknown is null."""
    rows = ZooRows(tuple(map(ZooRow.of, shown)))
    return document_text({"schema": SCHEMA, **document(rows)})


def imported_lines(imported: Imported) -> Iterator[str]:
    """What an import brought, where it lies, and what was left out."""
    board, accuracies = imported.board, imported.accuracies
    if accuracies:
        yield (
            f"{counted(accuracies.sets, 'set')} of weights of {counted(accuracies.networks, 'network')} "
            f"(name and size) in {accuracies.file}"
        )
        if accuracies.data_set != IMAGENET:
            yield f"they are of {accuracies.data_set} and count where it is asked for: --data-set"
        yield from _left_out(accuracies.left_out)
        if accuracies.uncounted and not board:
            yield (
                f"{counted(accuracies.uncounted, 'network')} of them cannot be chosen before they are "
                "counted: advisor zoo --count timm"
            )
    if board:
        variants = "; ".join(", ".join(each.words) for each in board.variants)
        yield (
            f"{counted(board.rows, 'row')} of {counted(board.networks, 'network')} in {board.folder}: "
            f"{variants}"
        )
        yield from _left_out(board.left_out)
        if board.costs:
            yield from _timm_lines(board, board.costs)
        if board.assumed:
            taken = ", ".join(f"{name} taken as {value}" for name, value in board.assumed.items())
            yield f"{taken}: the file has no such column"
        yield from board.notes


def _left_out(left_out: Mapping[str, int]) -> Iterator[str]:
    for why, count in left_out.items():
        yield f"left out: {counted(count, 'row')} {why}"


def published_lines(found: ImportedTable) -> Iterator[str]:
    """What a published table brought, for people."""
    would = "would make" if found.dry_run else "made"
    yield (
        f"{would} {counted(len(found.boards), 'board')} of {counted(found.rows, 'row')}, "
        f"{counted(found.networks, 'network')} ({found.identified} of them known to the catalog), "
        f"accuracies: {found.accuracies}"
    )
    for name in found.boards:
        yield f"  {name}"
    for why, count in found.left_out.items():
        yield f"left out: {counted(count, 'row')}: {why}"
    for note in found.notes:
        yield f"note: {note}"


def _timm_lines(board: ImportedBoard, costs: ImportedCosts) -> Iterator[str]:
    if any(each.precision == "unknown" for each in board.variants):
        yield "the file's name does not say the precision: --precision states it"
    if costs.by_rate:
        rows = counted(costs.by_rate, "row")
        yield f"{rows}: no step time that agrees with the rate: only the rate counts, and no latency is known"
    if costs.several:
        yield f"{counted(costs.several, 'network')} with several costs in this file: the first counts"
    if costs.kept:
        yield f"{counted(costs.kept, 'network')} with another cost in an earlier import: that one stays"
    if costs.missing:
        yield f"{counted(costs.missing, 'network')} without parameters or multiply-adds in this file"
    hint = "" if costs.with_accuracy else " (--accuracy results-imagenet.csv brings it)"
    yield f"accuracy known of {costs.with_accuracy} of {counted(board.networks, 'network')}{hint}"


def imported_warnings(imported: Imported) -> Iterator[str]:
    """What an import put out of sight."""
    board = imported.board
    if board and board.replaced:
        yield f"the {counted(board.replaced, 'row')} that {board.name} had are replaced"
    if board and board.hides_shipped:
        yield f"with this catalog, {board.name} now means these rows, not the shipped board"
