"""Which rows may be chosen from: patterns of names, and batch sizes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fnmatch import translate
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.records import Architecture, Board, Labels, Measurements
from advisor.errors import AdvisorError, closest, shown
from advisor.solve.question.requirements import Selection

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Booleans = NDArray[np.bool_]


def selected(
    boards: Sequence[Board],
    table: Measurements,
    architectures: Mapping[str, Architecture],
    selection: Selection,
) -> Booleans:
    """Which rows of a table a selection names; shape (rows,).

    Raises:
        AdvisorError: a pattern or a batch size matches nothing, or all together match no row.
    """
    on = boards_text(boards)
    names = table.architecture.names
    families = Labels(tuple(architectures[name].family for name in names), table.architecture.index)
    known_families = {each.family for each in architectures.values()}
    asked: Booleans = np.ones(len(table), dtype=np.bool_)
    for what, patterns, labels, known in (
        ("architectures", selection.architectures, table.architecture, architectures),
        ("families", selection.families, families, known_families),
        ("runtime", selection.runtimes, table.runtime, table.runtime.names),
        ("precision", selection.precisions, table.precision, table.precision.names),
    ):
        if patterns is not None:
            _check(what, patterns, [name for name in known if name])
            asked &= np.isin(labels.index, _matching(patterns, labels.names))
    if selection.batches is not None:
        sizes = np.unique(table.batch).tolist()
        missing = sorted(selection.batches.difference(sizes))
        if missing:
            raise AdvisorError(
                f"{on} has no rows at batch {', '.join(map(str, missing))}",
                f"it has: {', '.join(map(str, sizes)) or 'none at all'}",
            )
        asked &= np.isin(table.batch, sorted(selection.batches))
    if len(table) and not asked.any():
        told = "; ".join(f"{name} {','.join(of)}" for name, of in selection.patterns.items())
        raise AdvisorError(
            f"nothing to choose from: no row of {on} has {told}; batch {selection.batches_text}",
            "ask for fewer of these at once",
        )
    return asked


def boards_text(boards: Sequence[Board]) -> str:
    """The boards, for messages."""
    return ("board " if len(boards) == 1 else "boards ") + ", ".join(each.name for each in boards)


def _check(what: str, patterns: Sequence[str], known: Sequence[str]) -> None:
    for pattern in patterns:
        if not len(_matching([pattern], known)):
            raise AdvisorError(
                f"{what}: {shown(pattern)} matches nothing", closest(pattern, set(known))
            )


def _matching(patterns: Sequence[str], names: Sequence[str]) -> list[int]:
    """The places of the names that match any of the patterns, whatever their case."""
    compiled = re.compile("|".join(map(translate, patterns)), re.IGNORECASE)
    return [place for place, name in enumerate(names) if compiled.match(name)]
