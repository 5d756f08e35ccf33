"""Which columns of a table are ours: as the user says, and as their headings say."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from advisor.catalog.csv_table import Table
from advisor.catalog.importers.columns import (
    COLUMNS,
    Column,
    column_called,
    column_headed,
    folded,
    is_usual_input,
    metric_headed,
    unit_meant,
)
from advisor.catalog.yaml_file import Text, describe, read_yaml
from advisor.errors import AdvisorError, BrokenFileError, Fault, closest, shown, with_all_faults

HINT = "say which columns are which by --map OURS=THEIRS"


@dataclass(frozen=True)
class Mapped:
    """Where one of our columns comes from.

    Attributes:
        heading: the table's column; "" where every row has the same.
        value: what every row has.
        unit: the unit of its numbers; "" where the cells say it.
        words: what words of the table mean, by the word.
    """

    heading: str = ""
    value: str = ""
    unit: str = ""
    words: Mapping[str, str] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """What messages call it."""
        return self.heading or "--map"


ColumnMap = Mapping[str, Mapped]
"""By our column, where it comes from."""


def read_map(pairs: Iterable[str]) -> ColumnMap:
    """What a user says of a table's columns.

    Args:
        pairs: `fps=Frames per second` is a column of theirs, `latency_ms=step_time:s` one with its unit,
            `runtime==tflite` what all rows have, `precision:True=int8` what a word of theirs means; or
            the name of a YAML file of such pairs, as `fps: Frames per second`.

    Raises:
        AdvisorError: a pair cannot be read.
    """
    mapped: dict[str, Mapped] = {}
    for pair in pairs:
        if "=" not in pair and Path(pair).is_file():
            _add_file(mapped, Path(pair))
        else:
            ours, equals, theirs = pair.partition("=")
            if not equals or not theirs:
                raise AdvisorError(
                    f"map: {shown(pair)} is not a pair, and no file",
                    "write OURS=THEIRS, or OURS=THEIRS:UNIT",
                )
            _add(mapped, ours, theirs)
    return mapped


def _add_file(mapped: dict[str, Mapped], path: Path) -> None:
    block = read_yaml(path)
    faults = []
    for ours, node in block.entries.items():
        mark = block.key_marks[ours]
        if not isinstance(node, Text) or not node.text:
            expected = f"a column of the table for {shown(ours)}"
            faults.append(Fault(path, mark.line, str(mark.column), describe(node), expected))
            continue
        try:
            _add(mapped, ours, node.text)
        except AdvisorError as error:
            column = str(mark.column)
            faults.append(Fault(path, mark.line, column, error.message, error.hint, explains=True))
    if faults:
        raise BrokenFileError(faults, "mend the file of --map")


def _add(mapped: dict[str, Mapped], ours: str, theirs: str) -> None:
    name, colon, word = ours.strip().partition(":")
    column = column_called(name)
    if column is None:
        raise AdvisorError(f"map: unknown column {shown(name)}", closest(name, COLUMNS))
    before = mapped.get(column.key, Mapped())
    word, there = word.strip(), before.heading or before.value
    if colon and word in before.words:
        there = before.words[word]
    if there and (not colon or word in before.words):
        raise AdvisorError(
            f"map: {ours.strip()} is stated twice, as {shown(there)} and as {shown(theirs)}",
            "keep one of them",
        )
    if colon:
        mapped[column.key] = replace(before, words={**before.words, word: theirs.strip()})
    elif theirs.startswith("="):
        mapped[column.key] = replace(before, heading="", value=theirs[1:].strip())
    else:
        heading, unit = _with_unit(theirs, column, as_ours=name == column.key)
        mapped[column.key] = replace(before, heading=heading, unit=unit)


def _with_unit(theirs: str, column: Column, *, as_ours: bool) -> tuple[str, str]:
    """A heading and its unit: as stated behind a colon, in the heading, or that of our own name."""
    if column.kind is None:
        return theirs.strip(), ""
    heading, colon, word = theirs.rpartition(":")
    if colon:
        unit = word if word in column.kind.units else unit_meant(word, column.kind)
        if not unit:
            accepted = ", ".join(filter(None, column.kind.units))
            raise AdvisorError(
                f"map: {shown(word)} is not a unit of {column.key}", f"accepted: {accepted}"
            )
        return heading.strip(), unit
    words = theirs.replace("(", " ").replace("[", " ").replace(")", " ").replace("]", " ").split()
    said = unit_meant(words[-1].rpartition("_")[2], column.kind) if words else None
    return theirs.strip(), said or (column.unit if as_ours else "")


@dataclass(frozen=True)
class Bound:
    """A map of a table's columns.

    Attributes:
        columns: by our column, where it comes from.
        unread: headings that are none of ours.
    """

    columns: ColumnMap
    unread: Sequence[str]


def bind(table: Table, stated: ColumnMap) -> Bound:
    """The columns of a table: those that the user states, and those whose headings say what they are.

    Raises:
        BrokenFileError: a column that is stated is not there, or two could be one of ours.
    """
    before = len(table.faults)
    bound = {key: _there(table, each) for key, each in stated.items()}
    taken = {each.heading for each in bound.values()}
    found: dict[str, list[tuple[str, str]]] = {}
    unread = []
    for heading in table.columns:
        headed = column_headed(heading)
        if heading in taken:
            continue
        if headed is None:
            unread.append(heading)
        else:
            found.setdefault(headed[0].key, []).append((heading, headed[1]))
    for key, headings in found.items():
        has = bound.get(key)
        if has is not None and (has.heading or has.value):
            unread += [heading for heading, _ in headings]
            continue
        named = [each for each in headings if not metric_headed(each[0])]
        own = [each for each in headings if each[0] == key] or named or headings
        unread += [heading for heading, unit in headings if (heading, unit) not in own]
        if len(own) > 1:
            names = " and ".join(shown(heading) for heading, _ in own)
            expected = f"one of them as {key}, by --map {key}=..."
            table.faults.append(Fault(table.path, 1, "", f"the columns {names}", expected))
        heading, unit = own[0]
        bound[key] = replace(has or Mapped(), heading=heading, unit=unit)
    if faults := table.faults[before:]:
        raise with_all_faults(faults, HINT)
    sizes = [heading for heading in unread if folded(heading) == "size"]
    if "input" not in bound and len(sizes) == 1 and _are_inputs(table.cells(sizes[0])):
        bound["input"] = Mapped(heading=sizes[0])
        unread.remove(sizes[0])
    reached = bound.get("accuracy_percent", Mapped())
    if metric := metric_headed(reached.heading):
        bound.setdefault("metric", Mapped(value=metric))
    return Bound({key: each for key, each in bound.items() if each.heading or each.value}, unread)


def _are_inputs(cells: Iterable[str]) -> bool:
    """Whether what stands under "size" are inputs of networks, and not megabytes or parameters."""
    said = [cell.strip() for cell in cells if cell.strip()]
    several = re.compile(r"[0-9]+( ?[x*\u00d7] ?[0-9]+)+")
    return bool(said) and all(
        several.fullmatch(cell) or (cell.isdecimal() and is_usual_input(int(cell))) for cell in said
    )


def _there(table: Table, stated: Mapped) -> Mapped:
    """What is stated, by a heading that the table has; a fault where it has none like it."""
    heading = stated.heading
    if not heading or heading in table.columns:
        return stated
    if alike := _alike(heading, table.columns):
        return replace(stated, heading=alike)
    expected = f"the column {heading!r} ({closest(heading, table.columns)})"
    table.faults.append(Fault(table.path, 1, "", "no such column", expected))
    return stated


def _alike(heading: str, columns: Collection[str]) -> str:
    """The one column whose heading differs in case and spaces only; "" where none or several do."""
    plain = " ".join(heading.lower().split())
    alike = [each for each in columns if " ".join(each.lower().split()) == plain]
    return alike[0] if len(alike) == 1 else ""
