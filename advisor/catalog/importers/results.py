"""A file of results in any shape that is imported, read without a catalog."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from advisor.catalog.files import Content
from advisor.catalog.importers.foreign_table import read_foreign
from advisor.catalog.importers.table_rows import LackingColumnsError, read_table
from advisor.catalog.importers.timm import NEEDED as TIMMS
from advisor.catalog.importers.timm import read_benchmark, variant_of
from advisor.catalog.measurements_table import (
    MEASUREMENT_COLUMNS,
    Row,
    measurements_csv,
    read_measurements,
)
from advisor.catalog.precision import UNKNOWN
from advisor.catalog.records import Labels, Measurements
from advisor.errors import AdvisorError, BrokenFileError

NOT_SAID = ""
"""The runtime, or the precision, of a table that does not say it."""

RESULTS = "results"
"""What the rows of a file that is not imported name as their source."""
READ = (
    "read are a board's measurements.csv, what `advisor import csv` reads (architecture, latency_ms, "
    "...), and timm's benchmark-infer-*.csv"
)


def read_results(path: Path, not_timms: Collection[str] = ()) -> Measurements:
    """Read a file of results: a board's, the user's own in our words, or one of timm's.

    Args:
        path: the file.
        not_timms: names that are another library's alone, which count for nothing in a table of timm's.

    Returns:
        Its rows; a runtime or a precision that it does not say is `NOT_SAID`.

    Raises:
        BrokenFileError: it cannot be read, with every fault.
        AdvisorError: it is no such table.
    """
    foreign, _ = read_foreign(path)
    columns = foreign.columns
    if set(TIMMS) <= set(columns):
        return _of_timm(path, not_timms)
    first = list(columns)[: len(MEASUREMENT_COLUMNS)]
    if first == list(MEASUREMENT_COLUMNS) and "origin" in columns:
        return read_measurements(path, None, None)
    try:
        read = read_table(path, {}, RESULTS, lambda values: str(values["architecture"]))
    except LackingColumnsError as error:
        raise AdvisorError(error.message, READ) from None
    table = _as_measurements(path, read.rows)
    unknown = Labels.constant(NOT_SAID, len(table))
    return replace(
        table,
        runtime=table.runtime if "runtime" in read.bound.columns else unknown,
        precision=table.precision if "precision" in read.bound.columns else unknown,
    )


def _of_timm(path: Path, not_timms: Collection[str]) -> Measurements:
    """One of timm's benchmark tables; the file's name says the runtime, and the precision perhaps."""
    variant = variant_of(path, None, None)
    read = read_benchmark(path, variant, RESULTS, not_timms=not_timms)
    table = _as_measurements(path, read.rows(RESULTS))
    if variant.precision != UNKNOWN:
        return table
    return replace(table, precision=Labels.constant(NOT_SAID, len(table)))


def _as_measurements(path: Path, rows: Sequence[Row]) -> Measurements:
    """The rows as a board would have them."""
    try:
        return read_measurements(Content(path, measurements_csv(rows)), None, None)
    except BrokenFileError as error:
        fault = error.faults[0]
        raise AdvisorError(
            f"{path}, row {fault.line - 1}, column {fault.column}: found {fault.found}; "
            f"expected {fault.expected}",
            "mend the file",
        ) from None
