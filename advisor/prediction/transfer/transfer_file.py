"""How a transfer is kept: its predictions as a table beside `fit.yaml`, what they rest on within it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from advisor.catalog.fields import Fields
from advisor.catalog.measurements_table import read_measurements
from advisor.catalog.records import Measurements, Metered
from advisor.catalog.writing import Row, measurements_csv, write_whole
from advisor.errors import BrokenFileError, Fault, shown
from advisor.prediction.transfer.held_out import HeldOutErrors
from advisor.prediction.transfer.transfer import SOURCE, Transfer
from advisor.quantities import Dimension

FILE = "transferred.csv"
NUMBER = Dimension("a number", "", {"": Decimal(1)}, "0.5", 1e9)
COLUMNS = {
    "latency_ms": ("latency_ms", "latency_low_ms", "latency_high_ms"),
    "net_power_w": ("net_power_w", "net_power_low_w", "net_power_high_w"),
    "memory_mb": ("memory_mb", "memory_low_mb", "memory_high_mb"),
}


def write_rows(folder: Path, rows: Measurements) -> str:
    """Write the predictions into a board's folder.

    Returns:
        What tells their content.

    Raises:
        AdvisorError: the file cannot be written.
    """
    text = measurements_csv(_rows(rows))
    write_whole(folder / FILE, text)
    return _digest(text)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def forget_rows(folder: Path) -> None:
    """Drop the predictions of an earlier fit, if there are any."""
    (folder / FILE).unlink(missing_ok=True)


def _rows(rows: Measurements) -> Iterator[Row]:
    for row in range(len(rows)):
        written: dict[str, str | int | float | None] = {
            name: labels.names[int(labels.index[row])]
            for name, labels in (
                ("architecture", rows.architecture),
                ("runtime", rows.runtime),
                ("precision", rows.precision),
            )
        }
        written |= {"batch": int(rows.batch[row]), "origin": "predicted", "source": SOURCE}
        for metric, names in COLUMNS.items():
            metered: Metered = getattr(rows, metric)
            for name, column in zip(names, metered.values, strict=True):
                value = float(column[row])
                written[name] = None if math.isnan(value) else value
        yield written


def transfer_lines(transfer: Transfer, table: str) -> list[str]:
    """What a transfer rests on, as lines of a board's `fit.yaml`.

    Args:
        transfer: the transfer.
        table: what `write_rows` returned, so that the predictions and these lines go together.
    """
    lines = ["transfer:", f'  table: "{table}"', "  references:"]
    lines += [f'    {name}: "{digest}"' for name, digest in transfer.references.items()]
    lines.append("  errors:")
    for (runtime, precision), metrics in transfer.errors.items():
        lines.append(f"    {runtime}+{precision}:")
        for metric, each in metrics.items():
            told = f"networks: {each.networks}, mean: {each.mean:.6g}, density: {each.density:.6g}"
            lines.append(f"      {metric}: {{{told}}}")
    return lines


def read_transfer(fields: Fields, folder: Path) -> Transfer | None:
    """A board's transfer; `None` where its `fit.yaml` names none.

    Faults of `fit.yaml` are noted in `fields`.

    Raises:
        BrokenFileError: the table of predictions is broken.
    """
    inner = fields.inner("transfer")
    if inner is None:
        return None
    written_with = inner.text("table", required=True)
    named = inner.inner("references", required=True)
    references = {name: named.text(name) for name in named.block.entries} if named else {}
    errors: dict[tuple[str, str], dict[str, HeldOutErrors]] = {}
    variants = inner.inner("errors")
    for name, each in variants.blocks() if variants else ():
        runtime, plus, precision = name.rpartition("+")
        if not plus:
            fields.note(each.block.mark, shown(name), "RUNTIME+PRECISION")
        errors[runtime, precision] = {
            metric: _errors(told) for metric in COLUMNS if (told := each.inner(metric))
        }
        each.leftovers()
    if named:
        named.leftovers()
    inner.leftovers()
    path = folder / FILE
    rows = read_measurements(path, None, {SOURCE})
    if _digest(path.read_text(encoding="utf-8")) != written_with:
        found = "predictions of another fit"
        raise BrokenFileError([Fault(path, 0, "", found, "those that fit.yaml was written with")])
    return Transfer(references, errors, rows)


def _errors(fields: Fields) -> HeldOutErrors:
    networks = fields.quantity("networks", NUMBER, required=True)
    mean = fields.quantity("mean", NUMBER, required=True, zero_allowed=True)
    text = fields.text("density", required=True)
    try:
        density = float(text)
    except ValueError:
        density = math.nan
    if not math.isfinite(density):
        fields.note(fields.block.mark, shown(text), "a number for 'density'")
    fields.leftovers()
    return HeldOutErrors(int(networks or 0), mean or 0.0, density)
