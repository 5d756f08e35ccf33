"""The units of counts where neither heading nor cells say them: 25.56 parameters are millions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from advisor.catalog.csv_table import Table
from advisor.catalog.importers.cells import Values
from advisor.catalog.importers.column_map import ColumnMap, Mapped
from advisor.catalog.records import Cost
from advisor.errors import Fault
from advisor.quantities import COUNT, rounded

LEAST: Mapping[str, float] = {"params": 1e3, "operations": 1e5, "macs": 1e5, "activations": 1e3}
"""Below which counts of any network there is are no plain numbers. MLPerf's smallest has 24 k parameters."""
PREFIXES = {10.0**power: unit for power, unit in ((0, ""), (3, "k"), (6, "M"), (9, "G"))}
IN_WORDS = {"k": "thousands", "M": "millions", "G": "billions"}
NEAR = 3.0
"""By which factor a count may be off that of the network of its name; units are 1,000 apart."""

UNITS = ", ".join(filter(None, COUNT.units))


def settle_units(
    table: Table,
    columns: ColumnMap,
    values: Mapping[int, Values],
    costs_of: Callable[[Values], Iterable[Cost]],
) -> list[str]:
    """Bring counts to plain numbers where neither a heading nor a cell says their unit.

    What networks are known to have shows the unit of the whole column. Without any such network whole
    numbers of a size that networks have are taken as they stand, and all else is a fault of the table.

    Args:
        table: the table, which gets the faults.
        columns: where our columns come from.
        values: what each row says, by the row; changed where a unit is found.
        costs_of: the costs that are known of the network that a row names.

    Returns:
        What was assumed, in words.
    """
    said = []
    for key in LEAST:
        if (mapped := columns.get(key)) is None:
            continue
        bare = [row for row in values if _is_bare(table, row, mapped) and values[row].get(key)]
        shown_by = _shown(key, (values[row] for row in bare), costs_of)
        if mapped.unit:
            units = {factor for factor in shown_by if factor != 1}
            if units and 1 not in shown_by:
                _refuse(table, key, mapped, f"no numbers in {mapped.unit}: {shown_by[min(units)]}")
        elif len(shown_by) == 1:
            ((factor, example),) = shown_by.items()
            for row in bare:
                values[row][key] = float(values[row][key]) * factor
            if factor != 1:
                words = IN_WORDS.get(PREFIXES.get(factor, ""), f"units of {factor:g}")
                said.append(f"{mapped.place} is read in {words}: {example}")
        elif shown_by:
            _refuse(table, key, mapped, "numbers of several units: " + "; ".join(shown_by.values()))
        elif small := _too_small([float(values[row][key]) for row in bare], LEAST[key]):
            _refuse(table, key, mapped, f"a number like {small:g}, and nothing that says its unit")
    return said


def _is_bare(table: Table, row: int, mapped: Mapped) -> bool:
    """Whether a cell is a number without a unit."""
    cell = table.cells(mapped.heading)[row] if mapped.heading else mapped.value
    return not re.search(r"[^\W\d_]", re.sub(r"[eE][+-]?\d", "", cell))


def _shown(
    key: str, rows: Iterable[Values], costs_of: Callable[[Values], Iterable[Cost]]
) -> dict[float, str]:
    """By which power of 1,000 counts are off what is known of their networks, each with an example."""
    shown_by: dict[float, str] = {}
    for values in rows:
        here = float(values[key])
        for known in _known(key, costs_of(values)):
            for factor in (10.0**power for power in range(-9, 10, 3)):
                if known / NEAR < here * factor < known * NEAR:
                    name = str(values.get("architecture", ""))
                    example = f"{name} has {rounded(known)}, where {here:g} stands"
                    shown_by.setdefault(factor, example)
    return shown_by


def _known(key: str, costs: Iterable[Cost]) -> Sequence[float]:
    """What is known of a count; a multiply and an add are two operations."""
    name, share = ("operations", 0.5) if key == "macs" else (key, 1.0)
    return [each.value * share for cost in costs if (each := getattr(cost, name))]


def _too_small(numbers: Sequence[float], least: float) -> float | None:
    """A number that is no plain count of a network; `None` where none of them is."""
    return next((each for each in numbers if each < least or not each.is_integer()), None)


def _refuse(table: Table, key: str, mapped: Mapped, found: str) -> None:
    """Say what to write instead."""
    heading = mapped.heading or "THEIRS"
    expected = f"a unit, as --map {key}='{heading}:M', or cells like 25.6M ({UNITS})"
    table.faults.append(Fault(table.path, 1, mapped.place, found, expected))
