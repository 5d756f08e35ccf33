"""Which accuracy a row has: the most specific that is known of its weights, and none that is another's.

Accuracies of floats hold in all formats that keep them (`advisor.catalog.precision`). In any other format a
network has the accuracy that was found in that format: in the same runtime, and by the same source.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from advisor.catalog.precision import has_float_accuracy
from advisor.catalog.records import Board, Estimate, Measurements, Variant, Weights
from advisor.limits import LEAST_PERCENT

FLOAT = "fp32"
TAKEN_OVER = "taken over from fp32"
LOSS = "less a stated loss of"
FROM = "from "
"""How an accuracy follows from another one."""
DECLARED = "advisor-declared"
"""The source of what the user states."""


@dataclass(frozen=True)
class Place:
    """Where and how some rows of a board ran.

    Attributes:
        board: the board's name.
        sources: the sources of the board and of its rows.
        variant: how they were run.
    """

    board: str
    sources: frozenset[str]
    variant: Variant

    @property
    def in_floats(self) -> bool:
        """Whether networks keep the accuracy of their float weights there."""
        return has_float_accuracy(self.variant.precision)


def sources_of(board: Board, table: Measurements) -> frozenset[str]:
    """The sources of a board and of its rows."""
    joined = (board.source, *table.latency_ms.source.names)
    return frozenset(key for each in joined for key in each.split(", ") if key)


def by_set(accuracies: Iterable[Weights]) -> dict[tuple[str, str], list[Weights]]:
    """Accuracies by (architecture, name of the set)."""
    found: dict[tuple[str, str], list[Weights]] = defaultdict(list)
    for each in accuracies:
        found[each.architecture, each.name].append(each)
    return dict(found)


@dataclass(frozen=True)
class Accuracies:
    """What is known of the accuracy of some sets of weights, all in one quality.

    Attributes:
        known: by (architecture, name of the set), all that is known of it.
        spread: by source, by how many points one accuracy differs between its boards; `None` where unknown.
        processors: by board, runtime and precision, on which processors rows of it ran.
        losses: by precision, what the user says that quantising costs, in points; "" for every precision.
    """

    known: Mapping[tuple[str, str], Sequence[Weights]]
    spread: Callable[[str], float | None]
    processors: Callable[[str, str, str], frozenset[str]]
    losses: Mapping[str, float] = field(default_factory=dict)

    def at(self, key: tuple[str, str], place: Place) -> Weights | None:
        """What is known of a set of weights in some place; `None` where nothing is."""
        found: Weights | None = None
        best: tuple[bool, ...] = ()
        for each in self.known.get(key, ()):
            rank = self._rank(each, place)
            if rank is not None and rank > best:
                found, best = each, rank
        if found is None or found.board in ("", place.board):
            return found
        return self._from_another_board(found)

    def _rank(self, each: Weights, place: Place) -> tuple[bool, ...] | None:
        """How specific an accuracy is to a place, more being more; `None` where it does not hold there."""
        _, precision, processor, _ = place.variant
        same_format = each.precision == precision
        if not same_format and not (place.in_floats and _is_of_floats(each)):
            return None
        if each.runtime not in ("", place.variant.runtime):
            return None
        estimate = each.accuracy_percent
        same_source = bool(place.sources.intersection(estimate.source.split(", ")))
        here = each.board == place.board
        if here or not each.board:
            whose = here or place.in_floats or same_source or estimate.origin == "declared"
            return (here, same_format, bool(each.runtime), True) if whose else None
        if same_format and each.runtime and same_source:
            ran_on = self.processors(each.board, each.runtime, each.precision)
            return (False, True, True, False) if processor in ran_on else None
        return None

    def _from_another_board(self, found: Weights) -> Weights:
        """The accuracy of another board, as far as it is known here."""
        estimate = found.accuracy_percent
        spread = self.spread(estimate.source)
        low, high = estimate.low, estimate.high
        ends: tuple[float | None, float | None] = (None, None)
        if spread is not None:
            low, high = (estimate.value if end is None else end for end in (low, high))
            ends = max(low - spread, LEAST_PERCENT), min(high + spread, 100.0)
        widened = replace(estimate, low=ends[0], high=ends[1])
        return replace(found, accuracy_percent=widened, note=FROM + found.board)

    def less_loss(self, key: tuple[str, str], place: Place) -> Weights | None:
        """The accuracy of the float weights less what the user says that the precision of a place costs.

        Returns:
            `None` where nothing is said of that precision, or the float accuracy is unknown.
        """
        points = self.losses.get(place.variant.precision, self.losses.get(""))
        if points is None or place.in_floats:
            return None
        floats = self.at(key, replace(place, variant=place.variant._replace(precision=FLOAT)))
        if floats is None or floats.accuracy_percent.value - points < LEAST_PERCENT:
            return None
        stated = Estimate(
            round(floats.accuracy_percent.value - points, 9),
            None,
            None,
            "declared",
            ", ".join(dict.fromkeys([floats.accuracy_percent.source, DECLARED])),
        )
        return replace(
            floats,
            accuracy_percent=stated,
            top5_percent=None,
            precision=place.variant.precision,
            note=f"{LOSS} {points:g} points",
        )


def note_at(found: Weights, precision: str) -> str:
    """How the accuracy of a set follows from another one in some format; "" where it is its own."""
    own = found.precision == precision or precision in (FLOAT, "float")
    return found.note or ("" if own else TAKEN_OVER)


def _is_of_floats(each: Weights) -> bool:
    return not each.precision or has_float_accuracy(each.precision)
