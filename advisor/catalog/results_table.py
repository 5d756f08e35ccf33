"""A file of results in any of the shapes that are read: as a board has them, or as they are imported."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from advisor.catalog.any_name import AnyName
from advisor.catalog.csv_file import read_any_csv
from advisor.catalog.import_csv import read_rows
from advisor.catalog.import_timm import NEEDED as TIMMS
from advisor.catalog.import_timm import read_benchmark
from advisor.catalog.measurements_table import MEASUREMENT_COLUMNS, read_measurements
from advisor.catalog.records import Labels, Measurements
from advisor.catalog.timm_variant import PRECISIONS, variant_of
from advisor.catalog.writing import Row, measurements_csv
from advisor.errors import AdvisorError, BrokenFileError

UNTOLD = ""
"""The runtime, or the precision, of a table that does not tell it."""

SOURCE = "results"
READ = (
    "read are a board's measurements.csv, what `advisor import csv` reads (architecture, latency_ms, "
    "...), and timm's benchmark-infer-*.csv"
)


def read_results(path: Path, not_timms: Collection[str] = ()) -> Measurements:
    """Read a file of results.

    Args:
        path: the file.
        not_timms: names that are another library's alone, which count for nothing in a table of timm's.

    Returns:
        Its rows; a runtime or a precision that it does not tell is `UNTOLD`.

    Raises:
        BrokenFileError: it cannot be read, with every fault.
        AdvisorError: it is no such table.
    """
    columns = read_any_csv(path).columns
    if set(TIMMS) <= set(columns):
        return _of_timm(path, not_timms)
    if (
        list(columns)[: len(MEASUREMENT_COLUMNS)] == list(MEASUREMENT_COLUMNS)
        and "origin" in columns
    ):
        return read_measurements(path, None, AnyName())
    for name in ("architecture", "latency_ms"):
        if name not in columns:
            raise AdvisorError(f"{path} is no table of results: it has no column {name}", READ)
    rows = read_rows(path, {}, AnyName(), SOURCE)
    table = _as_measurements(path, rows)
    return replace(
        table,
        runtime=table.runtime if "runtime" in columns else _untold(table),
        precision=table.precision if "precision" in columns else _untold(table),
    )


def _of_timm(path: Path, not_timms: Collection[str]) -> Measurements:
    """One of timm's benchmark tables; the file's name tells the runtime, and the precision perhaps."""
    variant = variant_of(path, None, None)
    read = read_benchmark(path, variant, SOURCE, not_timms=not_timms)
    table = _as_measurements(path, read.rows(SOURCE))
    told = variant.precision in PRECISIONS.values()
    return table if told else replace(table, precision=_untold(table))


def _untold(table: Measurements) -> Labels:
    return Labels((UNTOLD,), np.zeros(len(table), dtype=np.int64))


def _as_measurements(path: Path, rows: Sequence[Row]) -> Measurements:
    """The rows as a board would have them."""
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "measurements.csv"
        table.write_text(measurements_csv(rows), encoding="utf-8")
        try:
            return read_measurements(table, None, AnyName())
        except BrokenFileError as error:
            fault = error.faults[0]
            raise AdvisorError(
                f"{path}, row {fault.line - 1}, column {fault.column}: found {fault.found}; "
                f"expected {fault.expected}",
                "mend the file",
            ) from None
