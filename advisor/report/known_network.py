"""All that is known of a network: as text, and as one JSON document, its rows one by one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from advisor.catalog.accuracy import FLOAT, TAKEN_OVER
from advisor.catalog.files import SHIPPED
from advisor.catalog.listing import KnownNetwork
from advisor.catalog.precision import has_float_accuracy
from advisor.catalog.records import (
    MEDIAN,
    Architecture,
    Board,
    Estimate,
    Labels,
    Measurements,
    Metered,
    Weights,
    source_keys,
)
from advisor.catalog.run_as import Variant
from advisor.catalog.store import Surveyed
from advisor.documents import document, document_text, schema_text
from advisor.formulas import otherwise
from advisor.quality import CLASSIFICATION
from advisor.quantities import rounded
from advisor.report.catalog_text import source_text
from advisor.report.terminal import Fitted, TextTable, counted, plain_table, significant

if TYPE_CHECKING:
    from advisor.catalog.records import Floats, Integers

SHOW = "advisor.show/1"
"""Name and version of the document's shape."""


@dataclass(frozen=True)
class KnownRow:
    """A row of a board's; what is unknown is null.

    Attributes:
        architecture: what the board calls the network.
        variant: how it was run.
        precision_word: the source's own word for the number format; null where it is the same.
        batch: images per forward pass.
        status: how the attempt to run it ended; "ok" where it ran.
        latency_ms: of a whole batch.
        latency_statistic: which of the timed runs' latencies that is: median, mean, minimum or unknown.
        latency_min_ms, latency_max_ms: the shortest and the longest of them.
        latency_p90_ms, latency_p99_ms: upper bounds of the tail.
        throughput_fps: images per second, where the source reports them apart from the latency.
        net_power_w: watts above idle while running.
        gross_power_w: watts while running, idle power included.
        memory_mb: peak memory to serve that batch.
        verdict: whether the measuring was quiet, and whether the figure can be relied on.
    """

    architecture: str
    variant: Variant
    precision_word: str | None
    batch: int
    status: str
    latency_ms: Estimate | None
    latency_statistic: str
    latency_min_ms: float | None
    latency_max_ms: float | None
    latency_p90_ms: float | None
    latency_p99_ms: float | None
    throughput_fps: Estimate | None
    net_power_w: Estimate | None
    gross_power_w: Estimate | None
    memory_mb: Estimate | None
    verdict: str | None

    @classmethod
    def of(cls, table: Measurements, row: int) -> KnownRow:
        """One row of a table."""
        columns = {
            each.name: getattr(table, each.name) for each in fields(cls) if each.name != "variant"
        }
        found = {name: _cell(column, row) for name, column in columns.items()}
        return cls(variant=table.variant(row), **found)


def _cell(column: Labels | Metered | Floats | Integers, row: int) -> Any:
    """What stands in a row of a column; `None` where that is nothing."""
    if isinstance(column, Metered):
        return column.estimate(row)
    if isinstance(column, Labels):
        return column.at(row) or None
    value = column[row].item()
    return None if math.isnan(value) else value


@dataclass(frozen=True)
class BoardRows:
    """A board with its rows of one network.

    Attributes:
        board: what it is.
        rows: by variant and batch size.
    """

    board: Board
    rows: tuple[KnownRow, ...]

    @classmethod
    def of(cls, surveyed: Surveyed) -> BoardRows:
        """The same of a board's columns."""
        table = surveyed.measurements
        return cls(surveyed.board, tuple(KnownRow.of(table, row) for row in range(len(table))))


def show_json(known: KnownNetwork) -> str:
    """All that is known of a network as one JSON document."""
    boards = document([BoardRows.of(each) for each in known.boards])
    return document_text({"schema": SHOW, **document(known), "boards": boards})


def show_schema() -> str:
    """The JSON Schema of that document."""
    return schema_text(SHOW, KnownNetwork, boards=tuple[BoardRows, ...])


# --- as text


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
        keys = source_keys(sources)
        return "".join(f"[{self.numbers.setdefault(key, len(self.numbers) + 1)}]" for key in keys)


MOST_BOARDS = 8
"""Of more shipped boards a network has a line each, not a table."""

ALL_ROWS = (
    "The fastest row of each shipped board; --board NAME shows all of them, with their intervals."
)


def architecture_text(known: KnownNetwork, board: str | None = None) -> RenderableType:
    """What it is, its weights, its rows on each board, and the sources of every figure.

    Args:
        known: what is known.
        board: what was asked of it alone; then all of its rows are shown, on however many boards.
    """
    cited = _Cited()
    parts: list[RenderableType] = [*_heading(known, cited), ""]
    parts += [*_weights(known.weights, cited), *_taken_over(known), ""]
    shipped = [each for each in known.boards if each.board.layer == SHIPPED]
    brief = shipped if board is None and len(shipped) > MOST_BOARDS else []
    if not known.boards:
        where = "Nobody ran it on any board" if board is None else f"No rows of it on {board}"
        parts += [Text(f"{where}; advisor predict may say what it takes."), ""]
    for surveyed in known.boards:
        if all(surveyed is not each for each in brief):
            parts += [*_on_board(surveyed, cited), ""]
    if brief:
        parts += [_fastest(brief, cited), "", Text(ALL_ROWS), ""]
    for key, number in cited.numbers.items():
        said = source_text(known.sources[key]).partition(": ")[2]
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
    alike: dict[tuple[object, ...], list[Weights]] = {}
    for each in sets:
        run_as = (each.runtime, each.precision, each.processor)
        alike.setdefault((each.name, each.quality, *run_as, bool(each.board)), []).append(each)
    for found in alike.values():
        if len(found) > 1:
            yield _weights_on_boards(found, cited)
            continue
        (each,) = found
        figure = each.accuracy_percent
        line = f"weights {each.name}: {_as_what(each)} {figure.value:.2f} %"
        if figure.low is not None and figure.high is not None:
            line += f" ({figure.low:.3f} to {figure.high:.3f})"
        if each.top5_percent:
            line += f", top-5 {each.top5_percent.value:.2f} %"
        yield Text(f"{line} {figure.origin} {cited.mark(figure.source)}")


def _weights_on_boards(found: Sequence[Weights], cited: _Cited) -> Text:
    """What one set reaches on several boards where it ran alike."""
    figures = [each.accuracy_percent for each in found]
    values = [each.value for each in figures]
    least, most = f"{min(values):.2f}", f"{max(values):.2f}"
    span = least if least == most else f"{least} to {most}"
    what = _as_what(replace(found[0], board=""))
    marks = cited.mark(", ".join(each.source for each in figures))
    boards = counted(len(found), "board")
    return Text(f"weights {found[0].name}: {what} on {boards} {span} % {figures[0].origin} {marks}")


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


def _fastest(boards: Sequence[Surveyed], cited: _Cited) -> Fitted:
    """Of each board the row of least time per image, and how many rows it has."""
    headings = (
        "board",
        "run as",
        "batch",
        "per image\nms",
        "net power\nW",
        "memory\nMB",
        "rows",
        "source",
    )
    lines: list[tuple[float, tuple[str, ...]]] = []
    for surveyed in boards:
        rows = surveyed.measurements
        time_ms = otherwise(
            1000.0 / rows.throughput_fps.values.value, rows.latency_ms.values.value / rows.batch
        )
        if np.isnan(time_ms).all():
            continue
        row = int(np.nanargmin(time_ms))
        cells = (
            surveyed.board.name,
            _run_as(rows, row),
            str(rows.batch[row]),
            significant(time_ms[row]),
            _plain_figure(rows.net_power_w.values.value[row]),
            _plain_figure(rows.memory_mb.values.value[row]),
            str(len(rows)),
            cited.mark(rows.latency_ms.source.at(row) or rows.throughput_fps.source.at(row)),
        )
        lines.append((float(time_ms[row]), cells))

    def table_of(keys: Sequence[str]) -> TextTable:
        table = plain_table(*keys, left=2)
        for _, cells in sorted(lines):
            table.add_row(*(cells[headings.index(key)] for key in keys))
        return table

    return Fitted(table_of, headings, ("memory\nMB", "net power\nW", "source", "rows"))


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
    "file\nMB",
    "verdict",
    "net power\nW",
    "memory\nMB",
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

    def table_of(headings: Sequence[str]) -> TextTable:
        table = plain_table(*headings)
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
    seldom = {
        "throughput\nfps": rows.throughput_fps,
        "gross power\nW": rows.gross_power_w,
        "file\nMB": rows.file_size_mb,
    }
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
