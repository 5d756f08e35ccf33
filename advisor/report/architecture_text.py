"""All that is known of one architecture, on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from advisor.catalog.measurements_table import estimate_at
from advisor.catalog.records import Architecture, Estimate, Measurements, Metered
from advisor.catalog.store import Catalog, Surveyed
from advisor.quantities import rounded
from advisor.report.figures import plain_table, significant

STATUS_WORDS = {
    "does_not_fit": "does not fit in the board's memory",
    "crashed": "crashed",
    "timed_out": "ran on for ever and was ended",
    "failed": "failed",
}


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
        estimates = [estimate_at(column, row) for _, _, column in columns]
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
