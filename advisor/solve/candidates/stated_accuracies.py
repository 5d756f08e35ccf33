"""Accuracies that the user states: on the command line, and in a table of their own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from advisor.catalog.accuracy import DECLARED
from advisor.catalog.csv_table import read_csv
from advisor.catalog.precision import read_precision
from advisor.catalog.records import Estimate, Labels, Weights
from advisor.errors import AdvisorError, BrokenFileError, Fault, shown
from advisor.limits import LEAST_PERCENT
from advisor.quality import Quality, read_metric
from advisor.quantities import PERCENT
from advisor.solve.candidates.weight_sets import OWN

FIGURE = ("top1_percent", "accuracy_percent")
"""What the column of the accuracies may be called."""

OWN_DATA = "own"
"""The data set of a table of the user's own accuracies."""


def stated(
    architecture: str, percent: float, quality: Quality, precision: str = "", runtime: str = ""
) -> Weights:
    """What the user says of a network; in all formats that keep the accuracy of floats where none is said."""
    estimate = Estimate(percent, None, None, "declared", DECLARED)
    return Weights(
        architecture, OWN, estimate, None, quality=quality, runtime=runtime, precision=precision
    )


def of_which(
    written: str, names_of: Callable[[str], Sequence[str]]
) -> tuple[Sequence[str], str, str]:
    """The network, the precision and the runtime of NAME[:PRECISION[:RUNTIME]]; "" where not said.

    Args:
        written: what stands before the figure; names of networks may have colons, too.
        names_of: the names under which a network may be chosen; none of one that may not.

    Raises:
        AdvisorError: there is no such network.
    """
    parts = written.split(":")
    for count in range(len(parts), 0, -1):
        names, rest = names_of(":".join(parts[:count])), parts[count:]
        if names and len(rest) <= 2:
            precision, runtime = (*rest, "", "")[:2]
            return names, read_precision(precision) if precision else "", runtime
    raise AdvisorError(
        f"accuracy-of: no network {shown(written)} to choose from",
        "write NAME[:PRECISION[:RUNTIME]]; --candidates all brings in networks without rows",
    )


def read_accuracy_table(path: Path, known: Collection[str], quality: Quality) -> list[Weights]:
    """Read a table of `architecture`, `top1_percent`, and perhaps `precision`, `runtime` and `metric`.

    Args:
        path: the file.
        known: the networks that it may name.
        quality: what its accuracies mean where it has no column `metric`.

    Returns:
        What it says of each network, and of each precision and runtime.

    Raises:
        BrokenFileError: with every fault of the file.
    """
    table = read_csv(path, ("architecture",), (*FIGURE, "precision", "runtime", "metric"))
    given = [name for name in FIGURE if name in table.columns]
    if len(given) != 1:
        expected = "a column top1_percent, or accuracy_percent"
        raise BrokenFileError([Fault(path, 1, "", "two" if given else "none", expected)])
    (column,) = given
    names = table.labels("architecture", known)
    nothing = Labels.constant("", len(table))
    precision, runtime, metric = (
        table.labels(name, default=nothing) for name in ("precision", "runtime", "metric")
    )
    figures = table.numbers(column, *PERCENT.range)
    for row, cell in enumerate(table.cells(column)):
        if not cell:
            table.note(row, column, "nothing", "an accuracy in percent")
        elif figures[row] < LEAST_PERCENT:
            table.note(row, column, shown(cell), "a percentage, such as 71.2")
    metrics = [read_metric(each) or quality.metric for each in metric.tolist()]
    for row, each in enumerate(metrics):
        if each != metrics[0]:
            table.note(row, "metric", shown(each), f"{metrics[0]} as in the first row")
    seen: set[tuple[str, str, str]] = set()
    found = []
    for row in range(len(table)):
        word = precision.at(row)
        key = names.at(row), read_precision(word) if word else "", runtime.at(row)
        if key in seen:
            what = " ".join(filter(None, key))
            table.note(
                row, "architecture", f"{shown(what)} once more", "each network and variant once"
            )
        seen.add(key)
        meant = Quality(quality.task, metrics[row], OWN_DATA)
        found.append(stated(key[0], float(figures[row]), meant, key[1], key[2]))
    if not len(table) and not table.faults:
        raise BrokenFileError([Fault(path, 0, "", "no rows", "a row a network")])
    table.finish("mend the table")
    return found
