"""Which accuracy a row has: the most specific that is known of its weights, and none that is another's.

Accuracies of floats hold in all formats that keep them (`advisor.catalog.precision`). In any other format a
network has the accuracy that was found in that format: in the same runtime, and by the same source. One that
does not name its runtime is that of the only one in which its precision ran on a board, and else of none.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import NamedTuple

from advisor.catalog.accuracy_table import interval_of_share
from advisor.catalog.precision import has_float_accuracy
from advisor.catalog.records import Board, Estimate, Measurements, Weights, source_keys
from advisor.catalog.run_as import Variant
from advisor.limits import LEAST_PERCENT
from advisor.quality import CLASSIFICATION, Quality, usual

FLOAT = "fp32"
TAKEN_OVER = "taken over from "
LOSS = "less a stated loss of"
FROM = "from "
CARRIED = "published "
"""How an accuracy follows from another one."""
DECLARED = "advisor-declared"
"""The source of what the user states."""


class Way(NamedTuple):
    """What an accuracy may depend on of how a network is run."""

    runtime: str
    precision: str
    processor: str


@dataclass(frozen=True)
class Place:
    """Where and how some rows of a board ran.

    Attributes:
        board: the board's name.
        sources: the sources of the board and of its rows.
        ways: in which ways any rows of the board ran.
        variant: how these were run.
    """

    board: str
    sources: frozenset[str]
    ways: frozenset[Way]
    variant: Variant

    @classmethod
    def on(cls, board: Board, table: Measurements) -> Callable[[Variant], Place]:
        """The places on a board with these rows, by variant."""
        return cls.among(board, table.latency_ms.source.names, table.variants)

    @classmethod
    def among(
        cls, board: Board, sources: Iterable[str], variants: Iterable[Variant]
    ) -> Callable[[Variant], Place]:
        """The same, by the sources and the variants of the board's rows."""
        keys = frozenset(source_keys(board.source, *sources))
        return partial(cls, board.name, keys, _ways(variants))

    @cached_property
    def in_floats(self) -> bool:
        """Whether networks keep the accuracy of their float weights there."""
        return has_float_accuracy(self.variant.precision)


def ways_of(table: Measurements) -> frozenset[Way]:
    """In which ways some rows ran."""
    return _ways(table.variants)


def _ways(variants: Iterable[Variant]) -> frozenset[Way]:
    return frozenset(Way(*each[:3]) for each in variants)


@dataclass(frozen=True)
class OwnImages:
    """Images of the user's own, on which it is to be found out what sets of weights reach.

    Attributes:
        data_set: what they are called.
        images: how many there are.
        quantised: the runtimes and precisions of which it can be found out, too.
    """

    data_set: str
    images: int
    quantised: tuple[tuple[str, str], ...] = ()

    def supposed(self, known: Sequence[Weights]) -> Iterator[Weights]:
        """What classifiers are taken to reach there until that is found out; of one key the last counts.

        In floats what was published, with the interval of a share of so many images, as if these were drawn
        like the others; quantised as much as in floats, which could be anything.
        """
        published = usual(CLASSIFICATION)
        here = replace(published, data_set=self.data_set)
        rows = [self._supposed(each, here) for each in known if each.quality == published]
        yield from rows
        for each in (*rows, *(each for each in known if each.quality == here)):
            for runtime, precision in self.quantised if each.is_of_floats else ():
                figure = replace(each.accuracy_percent, low=None, high=None, origin="predicted")
                yield replace(
                    each,
                    accuracy_percent=figure,
                    top5_percent=None,
                    runtime=runtime,
                    precision=precision,
                    images=None,
                    note=TAKEN_OVER + FLOAT,
                )

    def _supposed(self, published: Weights, here: Quality) -> Weights:
        figure = published.accuracy_percent
        low, high = interval_of_share(figure.value, self.images)
        return replace(
            published,
            accuracy_percent=replace(figure, low=low, high=high, origin="predicted"),
            top5_percent=None,
            quality=here,
            images=None,
        )


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
        ways: by board, in which ways its rows ran.
        losses: by precision, what the user says that quantising costs, in points; "" for every precision.
        measured_losses: by (architecture, name of the set), what is known below fp32 on the same images,
            whichever these are.
    """

    known: Mapping[tuple[str, str], Sequence[Weights]]
    spread: Callable[[str], float | None]
    ways: Callable[[str], frozenset[Way]]
    losses: Mapping[str, float] = field(default_factory=dict)
    measured_losses: Mapping[tuple[str, str], Sequence[Weights]] = field(default_factory=dict)

    def at(self, key: tuple[str, str], place: Place) -> Weights | None:
        """What is known of a set of weights in some place; `None` where nothing is. Looked for once."""
        of_format = FLOAT if place.in_floats else place.variant.precision
        by_board = self._by_format.get((key, of_format))
        if by_board is None:
            return None
        # Boards of which nothing is known are alike where the same sources ran it in the same ways.
        board = place.board if place.board in by_board else ""
        asked: tuple[object, ...] = key, place.variant, place.sources, place.ways, board
        if place.in_floats and by_board.keys() == {""}:
            asked = key, place.variant  # then it matters neither who ran it, nor what else they ran
        if asked not in self._found:
            self._found[asked] = self._at(by_board, place)
        return self._found[asked]

    def kind_of(self, place: Place) -> tuple[object, ...]:
        """What those places have in common in which every set of weights reaches the same."""
        board = place.board if place.board in self._boards else ""
        return place.variant, place.sources, place.ways, board

    @cached_property
    def scoped(self) -> frozenset[str]:
        """The networks of whose sets something is known in floats that does not hold everywhere."""
        return frozenset(
            network
            for (network, _), known in self.known.items()
            if any(each.in_floats and not each.is_of_floats for each in known)
        )

    @cached_property
    def found_on_boards(self) -> frozenset[str]:
        """The networks of whose sets something is known by a board itself."""
        every = self.known.items()
        return frozenset(
            network for (network, _), known in every if any(each.board for each in known)
        )

    @cached_property
    def _boards(self) -> frozenset[str]:
        """The boards of which something is known by themselves."""
        every = (*self.known.values(), *self.measured_losses.values())
        return frozenset(each.board for known in every for each in known)

    def _at(self, by_board: Mapping[str, Sequence[Weights]], place: Place) -> Weights | None:
        found = self._best(by_board.get(place.board, ()), place)
        if found is None:
            elsewhere = (
                each for board, some in by_board.items() for each in some if board != place.board
            )
            found = self._best(elsewhere, place)
        if found is None or found.board in ("", place.board):
            return found
        return self._from_another_board(found)

    @cached_property
    def _found(self) -> dict[tuple[object, ...], Weights | None]:
        return {}

    @cached_property
    def _by_format(self) -> Mapping[tuple[tuple[str, str], str], Mapping[str, Sequence[Weights]]]:
        """What is known by set and format, all that keep the accuracy of floats as one; then by board."""
        found: dict[tuple[tuple[str, str], str], dict[str, list[Weights]]] = {}
        for key, known in self.known.items():
            for each in known:
                of_format = FLOAT if each.in_floats else each.precision
                found.setdefault((key, of_format), {}).setdefault(each.board, []).append(each)
        return found

    def _best(self, known: Iterable[Weights], place: Place) -> Weights | None:
        """The most specific to a place; the first of those that are equally so."""
        found: Weights | None = None
        best: tuple[bool, ...] = ()
        for each in known:
            rank = self._rank(each, place)
            if rank is not None and rank > best:
                found, best = each, rank
        return found

    def _rank(self, each: Weights, place: Place) -> tuple[bool, ...] | None:
        """How specific an accuracy is to a place, more being more; `None` where it does not hold there."""
        runtime, precision, processor, _ = place.variant
        same_format = each.precision == precision
        if not same_format and not (place.in_floats and each.in_floats):
            return None
        if each.runtime not in ("", runtime) or each.processor not in ("", processor):
            return None
        estimate = each.accuracy_percent
        same_source = bool(place.sources.intersection(source_keys(estimate.source)))
        here = each.board == place.board
        named = bool(each.runtime), bool(each.processor)
        if here or not each.board:
            said = estimate.origin in ("declared", "predicted")
            if not (place.in_floats or said):
                ran = {way.runtime for way in _meant(each, place.ways)}
                if not (here or same_source) or ran != {runtime}:
                    return None
            return here, same_format, *named, True
        here_as = Way(runtime, precision, processor)
        if same_format and same_source and _meant(each, self.ways(each.board)) == {here_as}:
            return (False, True, *named, False)
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

    def carried_loss(self, key: tuple[str, str], place: Place) -> Weights | None:
        """The accuracy of the float weights less the loss that was measured in a place on other images.

        Both errors are taken to be independent: their distances to the ends of the intervals add in squares
        (R. G. Newcombe: Interval estimation for the difference between independent proportions, 1998).

        Returns:
            `None` where no loss was measured in that runtime and precision, or the float accuracy is unknown.
        """
        measured = [
            (rank, each.images or 0, each)
            for each in self.measured_losses.get(key, ())
            if not place.in_floats and (rank := self._rank(each, place)) is not None
        ]
        floats = self.at(key, replace(place, variant=place.variant._replace(precision=FLOAT)))
        if not measured or floats is None:
            return None
        *_, best = max(measured, key=lambda each: each[:2])
        points, figure = best.loss_points, floats.accuracy_percent
        if points is None or figure.value - points.value < LEAST_PERCENT:
            return None
        value = round(figure.value - points.value, 9)
        ends: tuple[float | None, float | None] = (None, None)
        if None not in (figure.low, figure.high, points.low, points.high):
            down = _reach(figure.value, figure.low), _reach(points.value, points.high)
            up = _reach(figure.value, figure.high), _reach(points.value, points.low)
            ends = (
                max(value - math.hypot(*down), LEAST_PERCENT),
                min(value + math.hypot(*up), 100.0),
            )
        sources = ", ".join(dict.fromkeys([figure.source, points.source]))
        sign = "-" if points.value >= 0 else "+"
        return replace(
            floats,
            accuracy_percent=Estimate(value, *ends, figure.origin, sources),
            top5_percent=None,
            runtime=place.variant.runtime,
            precision=place.variant.precision,
            note=f"{CARRIED}{figure.value:.1f} {sign} {abs(points.value):.1f}, "
            f"as measured on {best.quality.data_set}",
        )


def _reach(value: float, end: float | None) -> float:
    return value if end is None else value - end


def note_at(found: Weights, precision: str) -> str:
    """How the accuracy of a set follows from another one in some format; "" where it is its own."""
    of_it = found.precision or FLOAT
    return found.note or ("" if of_it == precision else TAKEN_OVER + of_it)


def _meant(each: Weights, ways: frozenset[Way]) -> set[Way]:
    """Of the ways in which rows ran those that an accuracy may be of."""
    own = (each.runtime, each.precision, each.processor)
    return {way for way in ways if all(map(_agrees, own, way))}


def _agrees(word: str, other: str) -> bool:
    return word in ("", other)
