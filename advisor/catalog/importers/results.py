"""A file of results: in the user's own words, with a map of its columns, or in any shape that is imported."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from advisor.catalog.csv_table import Table, read_any_csv
from advisor.catalog.files import Content
from advisor.catalog.importers.timm import NEEDED as TIMMS
from advisor.catalog.importers.timm import read_benchmark, variant_of
from advisor.catalog.measurements_table import (
    MEASUREMENT_COLUMNS,
    Row,
    measurements_csv,
    read_measurements,
)
from advisor.catalog.precision import UNKNOWN as UNKNOWN_PRECISION
from advisor.catalog.records import Labels, Measurements
from advisor.errors import AdvisorError, BrokenFileError, Fault, closest, shown
from advisor.quantities import MEMORY, POWER, TIME, Dimension, parse

UNKNOWN = ""
"""The runtime, or the precision, of a table that does not say it."""

RESULTS = "results"
"""What the rows of a file that is not imported name as their source."""
READ = (
    "read are a board's measurements.csv, what `advisor import csv` reads (architecture, latency_ms, "
    "...), and timm's benchmark-infer-*.csv"
)

FIGURES: Mapping[str, Dimension] = {
    "latency_ms": TIME,
    "latency_low_ms": TIME,
    "latency_high_ms": TIME,
    "latency_p90_ms": TIME,
    "latency_p99_ms": TIME,
    "net_power_w": POWER,
    "memory_mb": MEMORY,
}
NAMES = ("architecture", "runtime", "precision", "batch")
DEFAULTS = {"runtime": "unknown", "precision": UNKNOWN_PRECISION, "batch": "1"}
"""What a column that the file lacks stands for."""


def read_map(pairs: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Pairs such as "latency_ms=step_time:s": our column, theirs, and the unit of theirs.

    Returns:
        For each of our columns, the name of theirs and its unit; our own unit where none is given.

    Raises:
        AdvisorError: a pair cannot be read.
    """
    columns = {}
    for pair in pairs:
        ours, equals, theirs = pair.partition("=")
        if not equals or not theirs:
            raise AdvisorError(
                f"map: {shown(pair)} is not a pair", "write OURS=THEIRS, or OURS=THEIRS:UNIT"
            )
        if ours not in FIGURES and ours not in NAMES:
            raise AdvisorError(
                f"map: unknown column {shown(ours)}", closest(ours, [*FIGURES, *NAMES])
            )
        name, _, unit = theirs.partition(":") if ours in FIGURES else (theirs, "", "")
        if unit and unit not in FIGURES[ours].units:
            accepted = ", ".join(FIGURES[ours].units)
            raise AdvisorError(
                f"map: {shown(unit)} is not a unit of {ours}", f"accepted: {accepted}"
            )
        columns[ours] = name, unit
    return columns


def rows_in(
    table: Table, columns: Mapping[str, tuple[str, str]], known: Collection[str] | None, source: str
) -> list[Row]:
    """The rows of a table as rows of a board.

    Args:
        table: the table.
        columns: what `read_map` returned; a column that it leaves out has our name.
        known: the architectures that the catalog knows; `None` for any.
        source: what the rows name as their source.

    Raises:
        BrokenFileError: with every fault of the file.
    """
    theirs = {ours: columns.get(ours, (ours, "")) for ours in (*NAMES, *FIGURES)}
    for ours, (name, _) in theirs.items():
        wanted = ours in columns or ours in ("architecture", "latency_ms")
        if wanted and name not in table.columns:
            expected = f"the column {name!r} ({closest(name, table.columns)})"
            table.faults.append(Fault(table.path, 1, "", "no such column", expected))
    table.finish("say which columns are which by --map OURS=THEIRS")
    cells = {ours: table.cells(name) for ours, (name, _) in theirs.items()}
    rows = [_row(table, row, cells, theirs, known, source) for row in range(len(table))]
    if not rows and not table.faults:
        raise BrokenFileError([Fault(table.path, 0, "", "no rows", "a row a result")])
    table.finish("mend the file and import it again")
    return rows


def assumed(table: Table, columns: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """What columns that the table lacks stand for, by our name of them."""
    return {
        name: default
        for name, default in DEFAULTS.items()
        if columns.get(name, (name, ""))[0] not in table.columns
    }


def _row(
    table: Table,
    row: int,
    cells: Mapping[str, Sequence[str]],
    theirs: Mapping[str, tuple[str, str]],
    known: Collection[str] | None,
    source: str,
) -> Row:
    made: dict[str, str | int | float | None] = {
        "origin": "reported",
        "source": source,
        "status": "ok",
    }
    for name in NAMES:
        made[name] = cells[name][row].strip() or DEFAULTS.get(name, "")
    if known is not None and made["architecture"] not in known:
        found = str(made["architecture"])
        expected = f"a known architecture ({closest(found, known)})"
        table.note(row, theirs["architecture"][0], shown(found), expected)
    for ours, dimension in FIGURES.items():
        cell = cells[ours][row].strip()
        if cell:
            made[ours] = _figure(table, row, theirs[ours], cell, dimension)
        elif ours == "latency_ms":
            table.note(row, theirs[ours][0], "nothing", "a latency")
    return made


def _figure(
    table: Table, row: int, column: tuple[str, str], cell: str, dimension: Dimension
) -> float | None:
    name, unit = column
    try:
        return parse(f"{cell} {unit or dimension.unit}", dimension, name)
    except AdvisorError as error:
        table.note(
            row, name, shown(cell), f"{dimension.name} in {unit or dimension.unit} ({error.hint})"
        )
        return None


def read_results(path: Path, not_timms: Collection[str] = ()) -> Measurements:
    """Read a file of results: a board's, the user's own in our words, or one of timm's.

    Args:
        path: the file.
        not_timms: names that are another library's alone, which count for nothing in a table of timm's.

    Returns:
        Its rows; a runtime or a precision that it does not say is `UNKNOWN`.

    Raises:
        BrokenFileError: it cannot be read, with every fault.
        AdvisorError: it is no such table.
    """
    foreign = read_any_csv(path)
    columns = foreign.columns
    if set(TIMMS) <= set(columns):
        return _of_timm(path, not_timms)
    first = list(columns)[: len(MEASUREMENT_COLUMNS)]
    if first == list(MEASUREMENT_COLUMNS) and "origin" in columns:
        return read_measurements(path, None, None)
    for name in ("architecture", "latency_ms"):
        if name not in columns:
            raise AdvisorError(f"{path} is no table of results: it has no column {name}", READ)
    table = _as_measurements(path, rows_in(foreign, {}, None, RESULTS))
    unknown = Labels.constant(UNKNOWN, len(table))
    return replace(
        table,
        runtime=table.runtime if "runtime" in columns else unknown,
        precision=table.precision if "precision" in columns else unknown,
    )


def _of_timm(path: Path, not_timms: Collection[str]) -> Measurements:
    """One of timm's benchmark tables; the file's name says the runtime, and the precision perhaps."""
    variant = variant_of(path, None, None)
    read = read_benchmark(path, variant, RESULTS, not_timms=not_timms)
    table = _as_measurements(path, read.rows(RESULTS))
    if variant.precision != UNKNOWN_PRECISION:
        return table
    return replace(table, precision=Labels.constant(UNKNOWN, len(table)))


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
