"""All that is known of one architecture, on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from advisor.catalog.records import Architecture, Estimate, Metered
from advisor.catalog.store import Catalog
from advisor.catalog.tables import estimate_at
from advisor.quantities import rounded
from advisor.report.boards_text import Surveyed
from advisor.report.figures import plain_table, significant


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
        source = catalog.sources[key]
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
    sets = [each for key, each in sorted(catalog.weights.items()) if key[0] == architecture.name]
    if not sets:
        yield Text("weights: none known, so the accuracy is unknown")
    for each in sets:
        top1 = each.top1_percent
        line = f"weights {each.name}: top-1 {top1.value:.2f} %"
        if each.top5_percent:
            line += f", top-5 {each.top5_percent.value:.2f} %"
        yield Text(f"{line} {top1.origin} {cited.mark(top1.source)}")


def _on_board(surveyed: Surveyed, name: str, cited: _Cited) -> Iterator[RenderableType]:
    board, rows = surveyed.board, surveyed.measurements
    own = np.flatnonzero(rows.architecture.index == rows.architecture.position[name])
    own = own[np.argsort(rows.batch[own], kind="stable")]
    ran = rows.status.index[own] == rows.status.position.get("ok", -1)
    yield Text(f"{board.name}", style="bold") + Text(f" ({board.title}, {board.layer})")
    yield _rows_table(surveyed, own[ran].tolist(), cited)
    missing = ", ".join(str(rows.batch[row]) for row in own[~ran].tolist())
    if missing:
        yield Text(f"did not fit in the board's memory: batch {missing}")


def _rows_table(surveyed: Surveyed, own: Sequence[int], cited: _Cited) -> Table:
    rows = surveyed.measurements
    columns = (
        ("latency", "ms", rows.latency_ms),
        ("net power", "W", rows.net_power_w),
        ("memory", "MB", rows.memory_mb),
    )
    headings = [f"{title}\n{unit}" for title, unit, _ in columns]
    table = plain_table("batch", "runtime", "precision", *headings, "time/im.\nms", left=3)
    for row in own:
        estimates = [estimate_at(column, row) for _, _, column in columns]
        latency = estimates[0]
        per_image = significant(latency.value / int(rows.batch[row])) if latency else "?"
        table.add_row(
            str(rows.batch[row]),
            rows.runtime.names[rows.runtime.index[row]],
            rows.precision.names[rows.precision.index[row]],
            *(_figure(estimate) for estimate in estimates),
            per_image,
        )
    marks = [cited.mark(_sources(column, own)) for _, _, column in columns]
    table.add_row("source", "", "", *marks, "", style="dim")
    return table


def _figure(estimate: Estimate | None) -> str:
    if estimate is None:
        return "?"
    if estimate.low is None or estimate.high is None:
        return significant(estimate.value)
    half = 100 * (estimate.high - estimate.low) / 2 / estimate.value
    return f"{significant(estimate.value)} +-{half:.1f}%"


def _sources(column: Metered, own: Sequence[int]) -> str:
    known = {column.source.names[column.source.index[row]] for row in own}
    return ", ".join(sorted(known - {""}))
