"""What a user's table calls its accuracies: the metric, shares or percentages, the task that follows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from advisor.architectures.names import NAME
from advisor.catalog.csv_table import Table
from advisor.catalog.importers.cells import Values
from advisor.catalog.importers.column_map import ColumnMap, Mapped
from advisor.errors import shown
from advisor.quality import is_share, read_data_set, read_metric, read_task, task_by_metric
from advisor.quantities import PERCENT

WORDS: Mapping[str, Callable[[str], str]] = {
    "task": read_task,
    "metric": read_metric,
    "data_set": read_data_set,
    "family": str.strip,
}
"""Columns of words that become names in the catalog, and what reads them."""
TOP1 = "top-1"
FIGURES = ("accuracy_percent", "top5_percent")


def settle_accuracies(
    table: Table, columns: ColumnMap, values: Mapping[int, Values], notes: list[str]
) -> None:
    """Bring accuracies to percentages, and say which tasks their metrics are of.

    Args:
        table: the table, which gets the faults.
        columns: where our columns come from.
        values: what each row says, by the row; changed.
        notes: what is assumed, in words; added to.
    """
    for row, said in values.items():
        for key, read in WORDS.items():
            if key in said and not NAME.fullmatch(read(str(said[key]))):
                _refuse_word(table, row, key, columns[key], str(said[key]))
        task = task_by_metric(read_metric(str(said.get("metric", ""))))
        if "task" not in said and "accuracy_percent" in said and task:
            said["task"] = task
    for key in FIGURES:
        if key in columns:
            headed = is_share(columns[key].heading)
            stated = {
                row
                for row, each in values.items()
                if headed or is_share(str(each.get("metric", "")))
            }
            _settle_shares(table, key, columns[key], values, stated, notes)
    for row, said in values.items():
        top1, top5 = (float(said.get(key, 0)) for key in FIGURES)
        if top1 > top5 > 0 and read_metric(str(said.get("metric", TOP1))) == TOP1:
            place = columns["top5_percent"].place
            table.note(
                row, place, shown(f"{top5:g}"), f"{top1:g} or more, as the top-1 accuracy is"
            )


def _refuse_word(table: Table, row: int, key: str, mapped: Mapped, word: str) -> None:
    expected = (
        "a name of letters, digits and . _ @ : + -, without spaces: mend it, or "
        f"--map {key}:'{word}'=NAME says what it means"
    )
    table.note(row, mapped.place, shown(word), expected)


def _settle_shares(
    table: Table,
    key: str,
    mapped: Mapped,
    values: Mapping[int, Values],
    stated: Collection[int],
    notes: list[str],
) -> None:
    """Make percentages of shares of 1: those of which it is said, else where none is above 1."""
    known = {
        row: value for row, each in values.items() if isinstance(value := each.get(key), float)
    }
    shares = [row for row in known if row in stated]
    for row in shares:
        if known[row] > 1:
            expected = "a share of 1, as the heading or the metric says: mend one of them"
            table.note(row, mapped.place, shown(f"{known[row]:g}"), expected)
    others = [row for row in known if row not in shares]
    if others and mapped.unit != PERCENT.unit and max(known[row] for row in others) <= 1:
        shares += others
    if shares:
        notes.append(f"{mapped.place} is read as shares of 1")
    for row in shares:
        values[row][key] = min(100 * known[row], 100.0)
