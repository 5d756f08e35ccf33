"""Predictions, on a terminal and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from advisor.catalog.records import Estimate
from advisor.quantities import rounded
from advisor.report.terminal import Fitted, TextTable, counted, plain_table, significant
from advisor.solve.forecast import Forecast, Predictions

CSV_COLUMNS = (
    "architecture", "input_size", "batch", "time_per_image_ms", "low", "high", "origin",
    "board", "runtime", "precision", "processor", "threads", "rate_fps",
)  # fmt: skip

RATE = "rate\nfps"

COLUMNS: Mapping[str, Callable[[Forecast], str]] = {
    "board": lambda each: each.board,
    "batch": lambda each: str(each.batch),
    "latency\nms": lambda each: _value(each.latency_ms),
    "ms, 90 %\ninterval": lambda each: _interval(each.latency_ms),
    RATE: lambda each: significant(each.rate_fps),
    "energy\nJ": lambda each: _value(each.energy_j),
    "J, 90 %\ninterval": lambda each: _interval(each.energy_j),
    "memory\nMB": lambda each: _value(each.memory_mb),
    "MB, 90 %\ninterval": lambda each: _interval(each.memory_mb),
    "origin": lambda each: each.timed.origin,
}
"""What is said of each forecast, by heading."""

DROPPABLE = (
    RATE,
    "MB, 90 %\ninterval",
    "J, 90 %\ninterval",
    "energy\nJ",
    "origin",
    "memory\nMB",
)
"""What a narrow terminal can do without, the first first."""

MOST_NAMED = 3
"""More boards than these are counted."""


MOST_ROWS = 6
"""So many rows are named at most."""


def predict_text(answer: Predictions) -> RenderableType:
    """A line a network, board and batch size: each figure with its 90 % interval and its origin."""
    forecasts = answer.forecasts
    leading: dict[str, Callable[[Forecast], str]] = {}
    if len({each.architecture for each in forecasts}) > 1:
        leading["network"] = lambda each: each.architecture
    leading["board"] = COLUMNS["board"]
    variants = {(each.board, *each.variant.words) for each in forecasts}
    if len(variants) > len({board for board, *_ in variants}):
        leading["runtime"] = lambda each: " ".join(each.variant.words)
    columns = {**leading, **COLUMNS}

    def table_of(headings: Sequence[str]) -> TextTable:
        table = plain_table(*headings, left=(*leading, "origin"))
        for each in forecasts:
            table.add_row(*(columns[name](each) for name in headings))
        return table

    parts: list[RenderableType] = [Text(_heading(answer), style="bold"), ""]
    untimed = any(each.latency_ms is None for each in forecasts)
    droppable = [name for name in DROPPABLE if not (untimed and name == RATE)]
    table = Fitted(table_of, tuple(columns), droppable, ("ms, 90 %\ninterval",))
    parts += [table, ""] if forecasts else []
    return Group(*parts, *map(Text, [*_notes(forecasts), *answer.notes]))


def _heading(answer: Predictions) -> str:
    """The network with its cost, or how many there are."""
    if answer.network is None:
        return counted(len({each.architecture for each in answer.forecasts}), "network")
    cost = answer.network.counted or answer.network.reported
    figures = {
        "parameters": cost and cost.params,
        "operations": cost and cost.operations,
        "activations": cost and cost.activations,
    }
    known = [
        f"{rounded(each.value, 4)} {what}" for what, each in figures.items() if each and each.value
    ]
    return f"{answer.network.name}: {', '.join(known)}"


def _value(estimate: Estimate | None) -> str:
    if estimate is None:
        return "?"
    mark = "~" if estimate.origin == "predicted" else ""
    return mark + significant(estimate.value)


def _interval(estimate: Estimate | None) -> str:
    if estimate is None or estimate.low is None or estimate.high is None:
        return "?"
    return f"{significant(estimate.low)}-{significant(estimate.high)}"


def _notes(forecasts: Sequence[Forecast]) -> list[str]:
    """What a reader must know of the predictions."""
    notes = []
    predicted = [each for each in forecasts if each.timed.origin == "predicted"]
    if predicted:
        notes.append("~ is predicted (advisor fit says how well).")
    if any(each.timed.low is None for each in predicted):
        notes.append("An unknown interval means that the board has too few networks for one.")
    if boards := sorted({each.board for each in forecasts if each.latency_ms is None}):
        which = ", ".join(boards) if len(boards) <= MOST_NAMED else f"{len(boards)} boards"
        notes.append(f"Only the throughput is reported of {which}, from which no latency follows.")
    outside = sorted({name for each in predicted for name in each.outside})
    if outside:
        names = ", ".join(name.replace("_", " ") for name in outside)
        notes.append(
            f"Outside what the models have seen, by its {names}: the intervals are too narrow there"
            f"{_which_outside(predicted)}."
        )
    return notes


def _which_outside(predicted: Sequence[Forecast]) -> str:
    """Which predictions lie outside what the models have seen, where not all do: by what tells them apart."""
    outside = [each for each in predicted if each.outside]
    if len(outside) == len(predicted):
        return ""
    parts: list[Callable[[Forecast], str]] = [
        lambda each: each.architecture,
        lambda each: each.board,
        lambda each: " ".join(each.variant.words),
        lambda each: f"batch {each.batch}",
    ]
    telling = [part for part in parts if len(set(map(part, predicted))) > 1]
    named = list(dict.fromkeys(" ".join(part(each) for part in telling) for each in outside))
    more = f" and {len(named) - MOST_ROWS} more" if len(named) > MOST_ROWS else ""
    return f" (that is so of {', '.join(named[:MOST_ROWS])}{more})"


def predict_csv(answer: Predictions) -> str:
    """A line a network, board and batch size."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for each in answer.forecasts:
        latency = each.latency_ms
        bounds = (latency.value, latency.low, latency.high) if latency else (None, None, None)
        figures = ["" if value is None else f"{value / each.batch:.6g}" for value in bounds]
        own = (each.architecture, each.input_size or "", each.batch, *figures, each.timed.origin)
        *run_as, threads = each.variant
        writer.writerow([*own, each.board, *run_as, threads or "", f"{each.rate_fps:.6g}"])
    return stream.getvalue()
