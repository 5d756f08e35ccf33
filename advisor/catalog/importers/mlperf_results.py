"""Results of MLPerf Inference, one network on one system each, from a table of parsed ones."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advisor.catalog.csv_table import Table
from advisor.catalog.importers.foreign_table import read_foreign
from advisor.errors import BrokenFileError, Fault, closest
from advisor.quantities import COUNT, PERCENT, POWER, TIME, Dimension

NEEDED = ("version", "division", "submitter", "system", "model", "scenario", "p50_ms")
SINGLE_STREAM = "singlestream"


@dataclass(frozen=True)
class Result:
    """One network on one system, one image after the other; what is unknown is "" or `None`.

    Attributes:
        version, division, submitter: whose result it is: "v2.1", "open", "Krai".
        system: what the submitter calls the system.
        model: and the network.
        p50_ms, p90_ms, p99_ms, min_ms, max_ms: of the latencies of single images.
        power_w: the mean of what the machine drew during the run.
        idle_w: the least that it drew around the run.
        accuracy: top-1 accuracy in percent, in that runtime and precision.
        images: on how many images.
        description: the submitter's `system_name`.
        framework: what ran the network.
        macs, params, activations: what the network costs.
        size: of its input.
    """

    version: str
    division: str
    submitter: str
    system: str
    model: str
    p50_ms: float
    p90_ms: float | None = None
    p99_ms: float | None = None
    min_ms: float | None = None
    max_ms: float | None = None
    power_w: float | None = None
    idle_w: float | None = None
    accuracy: float | None = None
    images: int | None = None
    description: str = ""
    framework: str = ""
    macs: float | None = None
    params: float | None = None
    activations: float | None = None
    size: int | None = None


_COLUMNS: tuple[tuple[str, str, Dimension], ...] = (
    ("p50_ms", "p50_ms", TIME),
    ("p90_ms", "p90_ms", TIME),
    ("p99_ms", "p99_ms", TIME),
    ("min_ms", "min_ms", TIME),
    ("max_ms", "max_ms", TIME),
    ("power_w", "power_w", POWER),
    ("idle_w", "idle_w", POWER),
    ("accuracy", "accuracy", PERCENT),
    ("images", "accuracy_n", COUNT),
    ("macs", "macs", COUNT),
    ("params", "params", COUNT),
    ("activations", "acts", COUNT),
    ("size", "size", COUNT),
)
_WHOLE = ("images", "size")
_TEXTS = {
    **{name: name for name in ("version", "division", "submitter", "system", "model", "framework")},
    "description": "system_name",
}


def read_table(path: Path, left_out: Counter[str]) -> list[Result]:
    """The single-stream results of a table, one a row, its columns in any order.

    Args:
        path: a CSV file with the columns of `NEEDED`.
        left_out: where rows that are left out are counted, by why.

    Raises:
        BrokenFileError: it cannot be read, lacks a column, or has a cell that is no number where one belongs.
    """
    table, _ = read_foreign(path)
    missing = [name for name in NEEDED if name not in table.columns]
    if missing:
        expected = f"the column {missing[0]!r} ({closest(missing[0], table.columns)})"
        raise BrokenFileError([Fault(path, 1, missing[0], "no such column", expected)])
    found = list(_results(table, left_out))
    table.finish("results of MLPerf Inference")
    return found


def is_table(path: Path) -> bool:
    """Whether a CSV file's heading is that of such a table."""
    with path.open(encoding="utf-8-sig", errors="replace") as lines:
        return set(NEEDED) <= set(lines.readline().strip().split(","))


def _results(table: Table, left_out: Counter[str]) -> Iterator[Result]:
    texts = {name: table.cells(column) for name, column in _TEXTS.items()}
    numbers = {name: table.numbers(column, *kind.range).tolist() for name, column, kind in _COLUMNS}
    scenario, valid = table.cells("scenario"), table.cells("valid")
    for row in range(len(table)):
        if re.sub(r"[^a-z]", "", scenario[row].lower()) != SINGLE_STREAM:
            left_out[f"scenario {scenario[row] or 'unknown'}"] += 1
        elif valid[row].strip().lower() not in ("", "true", "valid", "yes", "1"):
            left_out["not valid by MLPerf's rules"] += 1
        elif math.isnan(numbers["p50_ms"][row]):
            left_out["without a median latency"] += 1
        else:
            known: dict[str, Any] = {
                name: int(each) if name in _WHOLE else each
                for name, column in numbers.items()
                if not math.isnan(each := column[row])
            }
            known |= {name: texts[name][row].strip() for name in texts}
            yield Result(**known)
