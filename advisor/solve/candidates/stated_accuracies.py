"""Accuracies that the user states: on the command line, and in a table of their own."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from advisor.catalog.accuracy import DECLARED, LOSS, Accuracies
from advisor.catalog.csv_table import read_csv
from advisor.catalog.precision import (
    PRECISIONS,
    UNKNOWN,
    has_float_accuracy,
    is_known_precision,
    read_precision,
)
from advisor.catalog.records import Estimate, Labels, Measurements, Weights, distinct
from advisor.errors import AdvisorError, BrokenFileError, Fault, closest, shown
from advisor.limits import LEAST_PERCENT
from advisor.options import Selection
from advisor.quality import Quality, read_metric
from advisor.quantities import PERCENT
from advisor.solve.candidates.candidates import Candidates
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


def refuse_unknown_precisions(chosen: Selection, table: Measurements) -> None:
    """Say which precisions of stated losses and accuracies are none, and none that the boards have.

    Raises:
        AdvisorError: there are any.
    """
    named = {"quantised-loss": [each for each in chosen.quantised_loss if each]}
    named["accuracy-of"] = [
        word
        for written in chosen.accuracy_of
        for word in written.split(":")[1:]
        if _LIKE_A_PRECISION.fullmatch(word)
    ]
    if not any(named.values()):
        return
    here = set(table.precision.used().names)
    for what, words in named.items():
        for word in words:
            if not is_known_precision(word) and read_precision(word) not in here:
                hint = closest(read_precision(word), {*here, *PRECISIONS} - {UNKNOWN})
                raise AdvisorError(f"{what}: unknown precision {shown(word)}", hint)


_LIKE_A_PRECISION = re.compile(r"(u?int|i|fp|float|bf)-?[0-9]+", re.IGNORECASE)
"""What stands behind a network's name and cannot be a runtime."""


def unreached(
    found: Candidates,
    accuracies: Accuracies,
    chosen: Selection,
    stated_for: Mapping[str, Sequence[str]],
) -> Iterator[str]:
    """What is to be said of accuracies that the user states, and that no row of their networks has.

    Args:
        found: the candidates.
        accuracies: what is known of them.
        chosen: what may be chosen from.
        stated_for: by what the user states an accuracy of, the names of that network.
    """
    if not chosen.accuracy_of or chosen.accuracy_table is not None:
        return
    used = {
        (each.architecture, "" if each.note else each.precision, each.runtime)
        for each in found.weights
        if each.name == OWN
    }
    table, there = found.measurements, found.measurements.architecture.position
    for names in dict.fromkeys(map(tuple, stated_for.values())):
        here = [name for name in names if name in there]
        known = [each for name in here for each in accuracies.known.get((name, OWN), ())]
        places = [there[name] for name in here]
        rows = found.rows[np.isin(table.architecture.index[found.rows], places)]
        formats = [table.precision.names[each] for each in distinct(table.precision.index[rows])]
        for precision, runtime in dict.fromkeys((each.precision, each.runtime) for each in known):
            if not formats or any((name, precision, runtime) in used for name in here):
                continue
            said = ":".join(filter(None, (here[0], precision, runtime)))
            at = " and ".join(formats)
            yield (
                f"--accuracy-of {said} is that of no candidate: {here[0]} runs here at {at}; write "
                f"--accuracy-of {here[0]}:{formats[0]}=PERCENT"
            )


def unused_losses(found: Candidates, chosen: Selection) -> Iterator[str]:
    """What is to be said of losses that the user states, and that no candidate's accuracy follows from."""
    if not chosen.quantised_loss:
        return
    table = found.measurements
    here = [table.precision.names[each] for each in distinct(table.precision.index[found.rows])]
    sets = [found.weights[each] for each in distinct(found.weights_index[found.weights_index >= 0])]
    used = {each.precision for each in sets if each.note.startswith(LOSS)}
    for precision, points in chosen.quantised_loss.items():
        quantised = [each for each in here if not has_float_accuracy(each)]
        of_it = [each for each in quantised if precision in ("", each)]
        others = set() if precision else {*chosen.quantised_loss}
        if used & ({*of_it} - others):
            continue
        said = f"{precision}={points:g}" if precision else f"{points:g}"
        if not of_it:
            runs = f", but at {' and '.join(here)}" if here else ""
            why = f"no candidate runs at {precision or 'a quantised precision'}{runs}"
        else:
            why = (
                f"what runs at {' and '.join(of_it)} has an accuracy of its own, or none in floats to take "
                "it from (--accuracy-of NAME=PERCENT states that)"
            )
        yield f"--quantised-loss {said} changes nothing: {why}"


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
