"""The rows of a user's table as rows of a board: each cell read, and all that is wrong said at once."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from advisor.catalog.csv_table import Table
from advisor.catalog.files import Content
from advisor.catalog.importers.accuracy_words import settle_accuracies
from advisor.catalog.importers.cells import (
    Numbers,
    Values,
    is_nothing,
    is_out_of_memory,
    needs_mark,
)
from advisor.catalog.importers.column_map import HINT, Bound, ColumnMap, Mapped, bind
from advisor.catalog.importers.columns import COLUMNS, unread_by_reason
from advisor.catalog.importers.count_units import settle_units
from advisor.catalog.importers.foreign_table import NAMES, read_foreign
from advisor.catalog.importers.suspicions import with_suspicions
from advisor.catalog.measurements_table import Row, measurements_csv, read_measurements
from advisor.catalog.precision import UNKNOWN
from advisor.catalog.records import PROCESSORS, Cost
from advisor.errors import AdvisorError, BrokenFileError, Fault, shown, with_all_faults
from advisor.limits import LEAST_PERCENT
from advisor.quantities import Dimension
from advisor.stages import counted_off, counted_rows, stage

DEFAULTS = {"runtime": "unknown", "precision": UNKNOWN, "batch": "1"}
"""What a column that the file lacks stands for."""
TOTALS = re.compile(
    r"(grand |overall )?(totals?|sum|summe|gesamt(summe)?|somme)|overall|all( networks| models)?|std(ev)?"
    r"|(geometric |harmonic )?(mean|average|avg|median|mittel(wert)?|durchschnitt|moyenne|promedio|media)"
    r"|geomean|min(imum)?|max(imum)?",
    re.IGNORECASE,
)
"""What people call the rows of sums and means."""
STATISTICS = {"p50": "median", "avg": "mean", "average": "mean", "min": "minimum"}
ACCELERATORS = {"dla": "npu", "tpu": "npu", "edgetpu": "npu", "hexagon": "dsp"}
MENDING_ALL = "mend the file, or say by --map what it leaves out"
MENDING = "mend the file, or leave such rows out by --skip-bad"


class LackingColumnsError(AdvisorError):
    """A table without networks, or without times: no table of results."""


@dataclass
class TableRows:
    """What a user's table says.

    Attributes:
        rows: rows of a board, in the words of its `measurements.csv`.
        values: all that each of them says, costs and accuracies included.
        lines: where each stands.
        bound: which columns are which.
        assumed: what columns that the table lacks were taken as, by column.
        left_out: how many rows were left out, by why.
        notes: what was assumed beside, in words.
    """

    rows: list[Row] = field(default_factory=list)
    values: list[Values] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    bound: Bound = field(default_factory=lambda: Bound({}, ()))
    assumed: dict[str, str] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)


def read_table(
    path: Path,
    stated: ColumnMap,
    source: str,
    name_of: Callable[[Values], str],
    costs_of: Callable[[Values], Iterable[Cost]] | None = None,
    *,
    is_known: Callable[[str], bool] = lambda _: False,
    skip_bad: bool = False,
    only: Mapping[str, Collection[str]] | None = None,
) -> TableRows:
    """The rows of a user's table.

    Args:
        path: the table.
        stated: what the user says of its columns.
        source: what the rows name as their source.
        name_of: what the catalog calls the network of a row.
        costs_of: the costs that are known of the network that a row names; `None` where costs do not count.
        skip_bad: whether to leave rows out that cannot be read, instead of refusing the table.
        is_known: whether the catalog knows a network by a name; a sum or a mean is none.
        only: what cells of some columns may be; other rows are left out.

    Raises:
        BrokenFileError: with every fault of the file.
        AdvisorError: it lacks a column of `only`.
    """
    table, separator = read_foreign(path)
    notes = [] if separator == "," else [f"cells are taken apart at {NAMES[separator]}"]
    found = TableRows(notes=notes, bound=bind(table, stated))
    _refuse_lacking(table, found.bound.columns)
    wanted = [*_wanted(table, only or {}, found.left_out)]
    wanted = _without_totals(table, wanted, found, is_known)
    values = _values(table, wanted, found, separator)
    if costs_of:
        before = len(table.faults)
        found.notes += settle_units(table, found.bound.columns, values, costs_of)
        if skip_bad and len(table.faults) > before:  # of a column no row can be left out
            raise with_all_faults(table.faults[before:], HINT)
    for row in counted_rows(wanted, len(wanted), f"reading rows of {path.name}"):
        made = _row(table, row, values[row], found.bound.columns, source, name_of)
        found.rows.append(made)
        found.values.append(values[row])
        found.lines.append(table.lines[row])
    with stage(f"checking rows of {path.name}"):
        _hold_against_catalog(table, found)
    bad = {fault.line for fault in table.faults}
    if found.lines and bad.issuperset(found.lines):  # then it is no matter of rows
        raise with_all_faults(table.faults, MENDING_ALL)
    if skip_bad and bad:
        _leave_out(found, bad)
    elif bad:
        raise with_all_faults(table.faults, MENDING)
    if not found.rows:
        raise BrokenFileError([Fault(path, 0, "", "no rows", "a row a result")])
    found.rows = with_suspicions(found.rows, found.lines, found.notes)
    _say_assumed(found)
    return found


def _say_assumed(found: TableRows) -> None:
    """Remember what stands for columns that the table lacks, and which of its columns are not read."""
    columns = found.bound.columns
    found.assumed |= {name: default for name, default in DEFAULTS.items() if name not in columns}
    latency = columns.get("latency_ms")
    says = latency is None or re.search(r"(?i)median|p50|latency_ms", latency.heading)
    if not says and "latency_statistic" not in columns:
        found.assumed["latency_statistic"] = "median"
    for why, headings in unread_by_reason(found.bound.unread).items():
        listed = ", ".join(map(shown, headings))
        found.notes.append(f"not read: {listed}" + (f": {why}" if why else ""))


def _refuse_lacking(table: Table, columns: ColumnMap) -> None:
    """Say which columns a table of results cannot do without."""
    lacking = []
    if "architecture" not in columns:
        lacking.append("of networks (architecture)")
    if not {"latency_ms", "latency_mean_ms", "latency_min_ms", "throughput_fps"} & set(columns):
        lacking.append("of latencies or frame rates (latency_ms, throughput_fps)")
    if lacking:
        has = ", ".join(map(shown, table.columns))
        what = f"{table.path}: no column {', nor one '.join(lacking)}, but {has}"
        raise LackingColumnsError(what, f"{HINT}; OURS: {', '.join(COLUMNS)}")


def _wanted(
    table: Table, only: Mapping[str, Collection[str]], left_out: Counter[str]
) -> Iterator[int]:
    for heading in only:
        if heading not in table.columns:
            raise AdvisorError(
                f"rows: {table.path} has no column {shown(heading)}",
                f"its columns: {', '.join(table.columns)}",
            )
    for row in range(len(table)):
        if all(table.cells(heading)[row].strip() in cells for heading, cells in only.items()):
            yield row
        else:
            left_out["that are not asked for"] += 1


def _without_totals(
    table: Table, rows: list[int], found: TableRows, is_known: Callable[[str], bool]
) -> list[int]:
    """The rows without sums and means, which are those of no network that is known."""
    heading = found.bound.columns["architecture"].heading
    if not heading:
        return rows
    names = [re.sub(r"\(.*\)", "", each).strip(" .:") for each in table.cells(heading)]
    totals = {row for row in rows if TOTALS.fullmatch(names[row]) and not is_known(names[row])}
    if totals:
        found.left_out["of a total or a mean"] += len(totals)
    return [row for row in rows if row not in totals]


def _written(
    table: Table, rows: Sequence[int], found: TableRows, separator: str
) -> dict[str, Numbers]:
    """How the numbers of each column are written."""
    numeric = {key: each for key, each in found.bound.columns.items() if COLUMNS[key].kind}
    cells = {
        key: [table.cells(each.heading)[row] for row in rows]
        for key, each in numeric.items()
        if each.heading
    }
    every = [cell for column in cells.values() for cell in column]
    written = {key: Numbers.of_column(cells.get(key, ()), every, separator) for key in numeric}
    if any("," in cell for key in cells if written[key].mark == "," for cell in cells[key]):
        found.notes.append("a comma is read as the mark before decimals")
    for key, numbers in written.items():
        heading, column = numeric[key].heading, cells.get(key, [])
        if numbers.mark == "," and any("." in cell for cell in column):
            found.notes.append(f"dots in {heading} are read as between thousands")
        elif numbers.mark is None and any("." in each and needs_mark(each) for each in column):
            found.notes.append(f"a dot in {heading} is read as the mark before decimals")
    return written


def _values(
    table: Table, rows: Sequence[int], found: TableRows, separator: str
) -> dict[int, Values]:
    """What each row says, numbers read as the table shows how they are written."""
    with stage(f"finding how numbers of {table.path.name} are written"):
        written = _written(table, rows, found, separator)
    values: dict[int, Values] = {row: {} for row in rows}
    columns = list(found.bound.columns.items())
    for key, each in counted_off(columns, f"reading columns of {table.path.name}"):
        column = table.cells(each.heading) if each.heading else None
        for row in rows:
            cell = each.value if column is None else column[row].strip()
            cell = each.words.get(cell, cell)
            if is_nothing(cell):
                if key == "batch":  # one image is no guess where other rows have more
                    table.note(row, each.place, "nothing", "how many images a batch has")
                continue
            if COLUMNS[key].kind is None:
                values[row][key] = cell
            elif is_out_of_memory(cell) and key in ("latency_ms", "throughput_fps"):
                values[row]["status"] = "does_not_fit"
            else:
                _read_number(table, row, key, each, cell, written[key], values[row])
    settle_accuracies(table, found.bound.columns, values, found.notes)
    return values


def _read_number(
    table: Table, row: int, key: str, each: Mapped, cell: str, numbers: Numbers, values: Values
) -> None:
    kind = COLUMNS[key].kind
    assert kind is not None  # noqa: S101  (only numbers are read here)
    try:
        values[key] = numbers.read(cell, kind, each.unit)
    except AdvisorError as error:
        if not each.unit and _is_read(numbers, cell, kind):
            cure = f"write it like '33 {kind.unit}', or --map {key}={each.heading}:{kind.unit}"
            table.explain(row, each.place, f"{shown(cell)} has no unit", cure)
        elif error.message:
            found = error.message.removeprefix("it: ")
            table.explain(row, each.place, found, error.hint)
        else:
            table.note(row, each.place, shown(cell), error.hint)


def _is_read(numbers: Numbers, cell: str, kind: Dimension) -> bool:
    """Whether a number lacks nothing but its unit."""
    try:
        numbers.read(cell, kind, kind.unit)
    except AdvisorError:
        return False
    return True


def _row(
    table: Table,
    row: int,
    values: Values,
    columns: ColumnMap,
    source: str,
    name_of: Callable[[Values], str],
) -> Row:
    """One row as a board has it; all that is wrong with it is noted."""
    made: dict[str, str | int | float | None] = {"origin": "reported", "source": source}
    made["status"] = str(values.get("status", "ok"))
    if "architecture" in values:
        try:
            made["architecture"] = name_of(values)
        except AdvisorError as error:
            found = f"{shown(str(values['architecture']))}: {error.message}"
            table.explain(row, columns["architecture"].place, found, error.hint)
    else:
        table.note(row, columns["architecture"].place, "nothing", "a network")
    for name in ("runtime", "precision"):
        made[name] = _word(str(values.get(name, ""))) or DEFAULTS[name]
    for name in ("batch", "threads"):
        made[name] = _whole(values.get(name), DEFAULTS.get(name, ""))
    if processor := str(values.get("processor", "")).strip().lower():
        made["processor"] = ACCELERATORS.get(processor, processor)
        if made["processor"] not in PROCESSORS:
            expected = f"one of {', '.join(PROCESSORS)}"
            table.note(row, columns["processor"].place, shown(processor), expected)
            del made["processor"]
    _add_times(table, row, values, columns, made)
    for name in ("throughput_fps", "net_power_w", "gross_power_w", "memory_mb", "file_size_mb"):
        made[name] = _figure(values.get(name))
    accuracy = values.get("accuracy_percent")
    if accuracy is not None and float(accuracy) < LEAST_PERCENT:
        table.note(row, columns["accuracy_percent"].place, shown(f"{accuracy:g}"), "a percentage")
    return made


def _add_times(
    table: Table,
    row: int,
    values: Values,
    columns: ColumnMap,
    made: dict[str, str | int | float | None],
) -> None:
    """The latency and its statistic: a median where there is one, else a mean, else the shortest."""
    statistic = str(values.get("latency_statistic", "")).lower()
    for key, own in (
        ("latency_ms", ""),
        ("latency_mean_ms", "mean"),
        ("latency_min_ms", "minimum"),
    ):
        if key in values:
            made["latency_ms"] = _figure(values[key])
            made["latency_statistic"] = own or STATISTICS.get(statistic, statistic) or None
            break
    for key in ("min", "max", "low", "high", "p90", "p99"):
        made[f"latency_{key}_ms"] = _figure(values.get(f"latency_{key}_ms"))
    if made["status"] == "ok" and made.get("latency_ms") is None and "throughput_fps" not in values:
        places = [columns[key].place for key in ("latency_ms", "throughput_fps") if key in columns]
        noted = any(fault.line == table.lines[row] for fault in table.faults)
        if not noted:
            table.note(row, places[0] if places else "", "nothing", "a latency, or a frame rate")


def _figure(value: str | float | None) -> float | None:
    return None if value is None or not math.isfinite(float(value)) else float(value)


def _whole(value: str | float | None, default: str) -> str | int | None:
    """A count as whole numbers are written; what is none is refused with the rest of the row."""
    if value is None:
        return default or None
    return int(value) if float(value).is_integer() else str(value)


def _word(text: str) -> str:
    """A word of somebody's as a name: "TFLite v2.5 (ruy)" -> "TFLite-v2.5-ruy"."""
    return re.sub(r"[^A-Za-z0-9._@:+-]+", "-", text).strip("-.:+@_")[:100]


def _hold_against_catalog(table: Table, found: TableRows) -> None:
    """Note what a board's file would refuse, where it stands in the table."""
    place = {line: row for row, line in enumerate(table.lines)}
    noted = {fault.line for fault in table.faults}
    good = [index for index, line in enumerate(found.lines) if line not in noted]
    content = Content(table.path, measurements_csv(found.rows[index] for index in good))
    try:
        read_measurements(content, None, None)
    except BrokenFileError as error:
        for fault in error.faults:
            row = place[found.lines[good[fault.line - 2]]]
            column = found.bound.columns.get(fault.column)
            said = _with_own_lines(fault.found, [found.lines[index] for index in good])
            table.note(row, column.place if column else fault.column, said, fault.expected)


def _with_own_lines(text: str, lines: Sequence[int]) -> str:
    """A message whose lines are those of the table."""
    return re.sub(r"\bline ([0-9]+)", lambda match: f"line {lines[int(match[1]) - 2]}", text)


def _leave_out(found: TableRows, bad: set[int]) -> None:
    kept = [index for index, line in enumerate(found.lines) if line not in bad]
    found.left_out["that cannot be read"] += len(bad)
    found.rows = [found.rows[index] for index in kept]
    found.values = [found.values[index] for index in kept]
    found.lines = [found.lines[index] for index in kept]
