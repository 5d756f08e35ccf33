"""What the catalog holds, on a terminal and for programs: boards, networks, the zoo, what was imported."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from advisor.catalog.files import SHIPPED
from advisor.catalog.records import Architecture, Board, Estimate, Measurements, Metered, Weights
from advisor.catalog.store import Catalog, Surveyed
from advisor.catalog.tables import COUNTS, ZooNetwork
from advisor.quantities import rounded
from advisor.report.terminal import BEST_WEIGHTS, Fitted, counted, plain_table, significant

if TYPE_CHECKING:
    from advisor.catalog.importers.accuracies import Accuracies
    from advisor.catalog.importers.timm import Benchmark

STATUS_WORDS = {
    "does_not_fit": "does not fit in the board's memory",
    "crashed": "crashed",
    "timed_out": "ran on for ever and was ended",
    "failed": "failed",
}


SCHEMA = "advisor.zoo/1"
"""Name and version of the document's shape."""

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


def boards_text(boards: Sequence[Surveyed]) -> RenderableType:
    """A table of the boards, then what each of them covers."""
    table = plain_table("board", "what it is", "networks", "batches", "idle W", "from", left=2)
    table.columns[5].justify = "left"
    notes = []
    for each in boards:
        board, rows = each.board, each.measurements
        idle = board.idle_power_w
        table.add_row(
            board.name,
            board.title,
            str(len(np.unique(rows.architecture.index))),
            _span(sorted(set(rows.batch.tolist()))),
            f"{idle.value:.2f}" if idle else "?",
            "shipped" if board.layer == SHIPPED else "own",
        )
        notes.append(Text(_covers(board)))
    return Group(table, "", *notes)


def _span(batches: Sequence[int]) -> str:
    return (
        "none" if not batches else f"{batches[0]}-{batches[-1]}" if batches[1:] else str(batches[0])
    )


def _covers(board: Board) -> str:
    power, memory = board.power_scope or "unknown", board.memory_scope or "unknown"
    weights = f"weights {board.weights}" if board.weights else BEST_WEIGHTS
    origin = "" if board.layer == SHIPPED else f", from {board.layer}"
    return f"{board.name}{origin}: power covers {power}; memory is {memory}; {weights}."


class _Cited:
    """Numbers the sources in the order in which they are first met."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def mark(self, sources: str) -> str:
        keys = [key for key in sources.split(", ") if key]
        return "".join(f"[{self.numbers.setdefault(key, len(self.numbers) + 1)}]" for key in keys)


def architecture_text(
    catalog: Catalog, architecture: Architecture, boards: Sequence[Surveyed]
) -> RenderableType:
    """What it is, its weights, its rows on each board, and the sources of every figure."""
    cited = _Cited()
    parts: list[RenderableType] = [*_heading(architecture, cited), ""]
    parts += [*_weights(catalog, architecture, cited), ""]
    for surveyed in boards:
        if architecture.name in surveyed.measurements.architecture.position:
            parts += [*_on_board(surveyed, architecture.name, cited), ""]
    for key, number in cited.numbers.items():
        source = catalog.source(key)
        read = source.read.rstrip(".")
        parts.append(Text(f"[{number}] {source.citation}. Read: {read}. Error: {source.error}."))
    return Group(*parts)


def _heading(architecture: Architecture, cited: _Cited) -> Iterator[RenderableType]:
    shape = "x".join(map(str, architecture.input_shape))
    yield Text(architecture.name, style="bold") + Text(f": {architecture.family}, input {shape}")
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


def _weights(
    catalog: Catalog, architecture: Architecture, cited: _Cited
) -> Iterator[RenderableType]:
    known = dict(catalog.weights)
    if architecture.name not in dict(catalog.architectures):
        known.update(catalog.zoo.weights)
    sets = [each for key, each in sorted(known.items()) if key[0] == architecture.name]
    if not sets:
        yield Text("weights: none known, so the accuracy is unknown")
    for each in sets:
        top1 = each.top1_percent
        line = f"weights {each.name}: top-1 {top1.value:.2f} %"
        if top1.low is not None and top1.high is not None:
            line += f" ({top1.low:.3f} to {top1.high:.3f})"
        if each.top5_percent:
            line += f", top-5 {each.top5_percent.value:.2f} %"
        yield Text(f"{line} {top1.origin} {cited.mark(top1.source)}")


def _on_board(surveyed: Surveyed, name: str, cited: _Cited) -> Iterator[RenderableType]:
    board, rows = surveyed.board, surveyed.measurements
    own = np.flatnonzero(rows.architecture.index == rows.architecture.position[name])
    own = own[np.lexsort((rows.batch[own], rows.precision.index[own], rows.runtime.index[own]))]
    ran = rows.status.index[own] == rows.status.position.get("ok", -1)
    yield Text(board.name, style="bold") + Text(f" ({board.title}, {board.layer})")
    if np.any(ran):
        yield _rows_table(rows, own[ran].tolist(), cited)
    for row in own[~ran].tolist():
        status = STATUS_WORDS[rows.status.names[rows.status.index[row]]]
        mark = cited.mark(rows.latency_ms.source.names[rows.latency_ms.source.index[row]])
        yield Text(f"{_variant(rows, row)}, batch {rows.batch[row]}: {status} {mark}")


def _variant(rows: Measurements, row: int) -> str:
    runtime = rows.runtime.names[rows.runtime.index[row]]
    return f"{runtime} {rows.precision.names[rows.precision.index[row]]}"


def _rows_table(rows: Measurements, own: Sequence[int], cited: _Cited) -> Table:
    columns = (
        ("latency", "ms", rows.latency_ms),
        ("net power", "W", rows.net_power_w),
        ("memory", "MB", rows.memory_mb),
    )
    tails = [
        (name, values)
        for name, values in (("p90", rows.latency_p90_ms), ("p99", rows.latency_p99_ms))
        if not np.all(np.isnan(values[own]))
    ]
    headings = [f"{title}\n{unit}" for title, unit, _ in columns]
    headings += [f"{name}\nms" for name, _ in tails]
    judged = any(_verdict(rows, row) for row in own)
    headings += ["verdict"] if judged else []
    table = plain_table("run as", "batch", "per image\nms", *headings)
    table.columns[0].no_wrap = True
    for row in own:
        estimates = [column.estimate(row) for _, _, column in columns]
        latency = estimates[0]
        table.add_row(
            _variant(rows, row),
            str(rows.batch[row]),
            significant(latency.value / int(rows.batch[row])) if latency else "?",
            *(_figure(estimate) for estimate in estimates),
            *(_tail(values[row]) for _, values in tails),
            *([_verdict(rows, row)] if judged else []),
        )
    known = [_provenance(column, own, cited) for _, _, column in columns]
    for title, cells in zip(("origin", "source"), zip(*known, strict=True), strict=True):
        table.add_row(title, "", "", *cells, style="dim")
    return table


def _verdict(rows: Measurements, row: int) -> str:
    """Whether the row was measured in peace, in one word; why not stands in the file."""
    text: str = rows.verdict.names[rows.verdict.index[row]]
    return text.split(" ", maxsplit=1)[0].rstrip(":")


def _tail(value: float) -> str:
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


def _provenance(column: Metered, own: Sequence[int], cited: _Cited) -> tuple[str, str]:
    """The origins of a column's figures in these rows, and the marks of their sources."""
    known = [row for row in own if not np.isnan(column.values.value[row])]
    origins = sorted({column.origin.names[column.origin.index[row]] for row in known})
    sources = sorted({column.source.names[column.source.index[row]] for row in known})
    return ", ".join(origins), cited.mark(", ".join(sources))


@dataclass(frozen=True)
class Shown:
    """A network of the zoo and its best published set of weights, where one is known."""

    network: ZooNetwork
    best: Weights | None


def zoo_text(shown: Sequence[Shown]) -> RenderableType:
    """A table of the networks."""
    return Fitted(lambda keys: _zoo_table(shown, keys), list(_HEADINGS), _DROPPABLE)


def _zoo_table(shown: Sequence[Shown], keys: Sequence[str]) -> Table:
    table = plain_table("network", *(_HEADINGS[key] for key in keys), left=1 + ("family" in keys))
    for each in shown:
        cells = _zoo_cells(each)
        table.add_row(each.network.architecture, *(cells[key] for key in keys))
    return table


def _zoo_cells(each: Shown) -> dict[str, str]:
    figures = each.network.figures
    counts = {
        name: rounded(figures[name]) if name in figures else "?"
        for name in ("params", "operations", "activations")
    }
    return {
        "family": each.network.family,
        "size": str(each.network.input_shape[-1]),
        **counts,
        "top1": f"{each.best.top1_percent.value:.2f}" if each.best else "?",
        "weights": each.best.name if each.best else "",
    }


def _zoo_row(each: Shown) -> dict[str, str | int | float | None]:
    network, best = each.network, each.best
    return {
        "architecture": network.architecture,
        "library": network.library,
        "version": network.version,
        "family": network.family,
        "size": network.input_shape[-1],
        **{name: network.figures.get(name) for name in COUNTS},
        "top1_percent": best.top1_percent.value if best else None,
        "weights": best.name if best else None,
        "weights_source": best.top1_percent.source if best else None,
        "fault": network.fault or None,
    }


def zoo_csv(shown: Sequence[Shown]) -> str:
    """The networks as CSV; unknown is empty."""
    stream = io.StringIO()
    columns = list(_zoo_row(Shown(ZooNetwork("", "", "", "", (1, 1, 1), None), None)))
    writer = csv.DictWriter(stream, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(map(_zoo_row, shown))
    return stream.getvalue()


def zoo_json(shown: Sequence[Shown]) -> str:
    """The networks as one JSON document; unknown is null."""
    document = {"schema": SCHEMA, "networks": [_zoo_row(each) for each in shown]}
    return json.dumps(document, indent=2, allow_nan=False) + "\n"


def dropped_lines(dropped: Mapping[str, int]) -> Iterator[str]:
    """How many rows of a table were left out, and why."""
    for why, count in dropped.items():
        yield f"left out: {counted(count, 'row')} {why}"


def accuracies_lines(read: Accuracies, place: Path) -> Iterator[str]:
    """What a table of accuracies held, and where it went."""
    yield (
        f"{counted(len(read.rows), 'set')} of weights of {counted(read.networks, 'network')} "
        f"(name and size) in {place}"
    )
    yield from dropped_lines(read.dropped)


def benchmark_lines(
    read: Benchmark, place: Path, kept: int, with_accuracy: Collection[str]
) -> Iterator[str]:
    """What a table of timm's held, and where it went.

    Args:
        read: the table.
        place: the board's folder.
        kept: of how many networks the cost of an earlier import stays, though another.
        with_accuracy: the networks of which an accuracy is known.
    """
    networks, variant = read.networks, read.variant
    yield (
        f"{counted(len(read.times_ms), 'row')} of {counted(len(networks), 'network')} in {place}: "
        f"{variant.runtime}, {variant.precision}"
    )
    yield from dropped_lines(read.dropped)
    if variant.precision == "unknown":
        yield "the file's name does not say the precision: --precision states it"
    if read.by_rate:
        rows = counted(read.by_rate, "row")
        yield f"{rows}: no step time that agrees with the rate, so the time follows from the rate"
    if read.unlike:
        yield f"{counted(read.unlike, 'network')} with several costs in this file: the first counts"
    if kept:
        yield f"{counted(kept, 'network')} with another cost in an earlier import: that one stays"
    if bare := sum(1 for each in networks.values() if not each.has_cost):
        yield f"{counted(bare, 'network')} without parameters or multiply-adds in this file"
    known = sum(1 for name in networks if name in with_accuracy)
    hint = "" if known else " (--accuracy results-imagenet.csv brings it)"
    yield f"accuracy known of {known} of {counted(len(networks), 'network')}{hint}"
