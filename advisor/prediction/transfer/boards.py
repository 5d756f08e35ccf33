"""One metric of a board's networks, ready to be held against another board's."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from advisor.architectures.names import device_of
from advisor.catalog.files import SHIPPED
from advisor.catalog.identities import Identities
from advisor.catalog.precision import UNKNOWN, has_float_accuracy
from advisor.catalog.records import Architecture, Board, Measurements
from advisor.catalog.run_as import Variant
from advisor.catalog.store import Catalog, Surveyed
from advisor.errors import AdvisorError
from advisor.prediction.board_model import AUTO, Recipe
from advisor.prediction.rows import fitted_rows, fitted_values, fullest_variant, is_ladder

SCOPES = {"net_power_w": "power_scope", "memory_mb": "memory_scope"}
"""What two boards must agree in for a metric of one to say something of the other."""

ALIKE = 0.02
"""By how much the operations of a network may differ between two boards for it to be the same one."""


@dataclass(frozen=True)
class Figures:
    """One metric of a board, of one variant.

    Attributes:
        board: the board's name.
        by_network: for each network and batch size the logarithm of the figure: of the time per image,
            of the power, of the memory.
    """

    board: str
    by_network: Mapping[str, Mapping[int, float]]

    @property
    def has_ladder(self) -> bool:
        """Whether networks ran at several batch sizes each, rather than each at one of its own."""
        return is_ladder([len(batches) for batches in self.by_network.values()])

    @property
    def batches(self) -> list[int]:
        """All batch sizes, in rising order."""
        return sorted({batch for batches in self.by_network.values() for batch in batches})

    def nearest_batch(self, network: str, batch: int) -> int:
        """Of the batch sizes of a network that is known here, the nearest to one, the smaller of two."""
        return min(self.by_network[network], key=lambda each: (abs(np.log(each / batch)), each))

    def near(self, network: str, batch: int) -> float:
        """The figure of a network that is known here at the batch size nearest to one."""
        return self.by_network[network][self.nearest_batch(network, batch)]


def figures_of(board: Board, table: Measurements, metric: str, variant: Variant) -> Figures:
    """What was found of a metric on a board, by one variant."""
    rows = fitted_rows(table, variant)
    values = fitted_values(getattr(table, metric))[rows]
    batches = table.batch[rows]
    per_image = values / batches if metric == "latency_ms" else values
    by_network: dict[str, dict[int, float]] = {}
    for row, batch, value in zip(rows.tolist(), batches.tolist(), per_image.tolist(), strict=True):
        if value > 0:
            name = table.architecture.at(row)
            by_network.setdefault(name, {})[batch] = float(np.log(value))
    return Figures(board.name, by_network)


def like_variant(table: Measurements, variant: Variant) -> Variant:
    """The variant of a board that is most like another.

    The same; else the fullest of the same runtime and precision, whatever the processor and threads, which
    many a source does not name; else the fullest.
    """
    if variant in table.variants:
        return variant
    alike = [each for each in table.variants if each[:2] == variant[:2]]
    if alike:
        return max(alike, key=lambda each: len(table.rows_of(each)))
    return fullest_variant(table)[0]


SAME_WAY = "the same processor, precision and runtime"

LIKENESS = (
    "the same board",
    SAME_WAY,
    "the same processor and precision",
    "the same processor",
    "any other",
)
"""How alike two ways of running networks are, the most alike first; of precisions, floats or integers."""

LEAST_DEVICES = 3
"""From fewer devices that are as alike, less alike ones are taken, too."""


def likeness(board: Board, variant: Variant, reference: Board, other: Variant) -> int:
    """How alike a variant of one board is to one of another, as a place in `LIKENESS`."""
    if board.name == reference.name:
        return 0
    if _processor(board, variant) != _processor(reference, other):
        return 4
    if has_float_accuracy(variant.precision) != has_float_accuracy(other.precision):
        return 3
    return 2 if variant.runtime != other.runtime else 1


def _processor(board: Board, variant: Variant) -> str:
    """What runs it; where the rows do not say, a board's accelerator, if it has one."""
    return variant.processor or ("gpu" if board.accelerator else "cpu")


def unknown_of(board: Board, variant: Variant) -> frozenset[str]:
    """What nobody says of a way of running networks, of the words of `LIKENESS`."""
    processor = variant.processor or board.accelerator or board.processor
    said = {"processor": processor, "precision": variant.precision, "runtime": variant.runtime}
    return frozenset(word for word, name in said.items() if name in ("", UNKNOWN))


@dataclass(frozen=True)
class Reference:
    """One way in which a reference board ran networks.

    Attributes:
        figures: what it found.
        likeness: how alike that is to the new board, as a place in `LIKENESS`.
        named: whether it counts in any case.
        unknown: what nobody says of how either board ran them, of the words of `LIKENESS`.
    """

    figures: Figures
    likeness: int
    named: bool = False
    unknown: frozenset[str] = frozenset()


def likeness_text(references: Sequence[Reference]) -> str:
    """In what some references ran networks as the new board did, the least alike of them; "" for none.

    What is unknown may not be alike, so that it is said to be unknown.
    """
    if not references:
        return ""
    said = LIKENESS[max(each.likeness for each in references)]
    unknown = frozenset[str]().union(*(each.unknown for each in references))
    words = [
        each for each in ("processor", "precision", "runtime") if each in said and each in unknown
    ]
    if not words:
        return said
    are = "is" if len(words) == 1 else "are"
    return f"{said}, as far as known: of some the {' and '.join(words)} {are} unknown"


def alike(references: Sequence[Reference]) -> list[Reference]:
    """The most alike of some references: from the fewest steps down `LIKENESS` that give three devices.

    Where there are no three devices, all. What is named is among them. The board itself, in other ways, is no
    device: to that of other boards its own word is worth adding, and seldom enough (leaving out one way at a
    time, errors of 5 and 10 measured networks were 0 to 45 % lower with both than with other boards alone).
    """
    for most in range(len(LIKENESS)):
        near = [each for each in references if 0 < each.likeness <= most]
        if len({device_of(each.figures.board) for each in near}) >= LEAST_DEVICES:
            return [each for each in references if each.named or each.likeness <= most]
    return list(references)


def in_scope(board: Board, reference: Board, metric: str) -> bool:
    """Whether a metric covers the same on two boards."""
    scope = SCOPES.get(metric)
    return scope is None or (getattr(board, scope) == getattr(reference, scope) != "")


def other_networks(
    board: Board,
    reference: Board,
    names: Collection[str],
    architectures: Mapping[str, Architecture],
) -> frozenset[str]:
    """Of which of these names two boards ran networks that are not the same.

    The paper's authors ran another Inception-v4, GoogLeNet and AlexNet than those that are built here.
    """
    if board.cost == reference.cost:
        return (
            frozenset()
        )  # one description, one network: those that differ have names of their own
    found = set()
    for name in names:
        costs = architectures[name].cost(board.cost), architectures[name].cost(reference.cost)
        mine, theirs = (each.operations if each else None for each in costs)
        known = mine and theirs and mine.value and theirs.value
        if mine and theirs and known and abs(np.log(mine.value / theirs.value)) > ALIKE:
            found.add(name)
    return frozenset(found)


def without(figures: Figures, names: Collection[str]) -> Figures:
    """A board's figures without those of some networks."""
    kept = {name: at for name, at in figures.by_network.items() if name not in names}
    return Figures(figures.board, kept)


def alike_named(
    identities: Identities, names: Sequence[str], references: Sequence[Surveyed]
) -> list[Surveyed]:
    """Reference boards whose rows call every network as a new board does, or else as one of them does.

    Args:
        identities: which names are of one network.
        names: those of the new board.
        references: the boards, which may call the same networks otherwise.
    """
    theirs = [name for each in references for name in each.measurements.architecture.names]
    others = identities.repeated([*names, *theirs])
    return [replace(each, measurements=each.measurements.renamed(others)) for each in references]


@dataclass(frozen=True)
class References:
    """The boards from which one is predicted.

    Attributes:
        boards: the boards with their rows, each once.
        named: the names of those that count in any case, each as it ran most like the new board.
        choose: whether those count beside these that are most alike, in every way that they ran.
    """

    boards: Sequence[Surveyed]
    named: frozenset[str]
    choose: bool

    def variants(self, reference: Surveyed, variant: Variant) -> Iterator[tuple[Variant, bool]]:
        """The ways in which a reference ran networks that may count, and whether they do in any case.

        Args:
            reference: one of the boards.
            variant: that of the new board.
        """
        table = reference.measurements
        most_like = like_variant(table, variant) if reference.board.name in self.named else None
        for each in table.variants:
            if self.choose or each == most_like:
                yield each, each == most_like


def named_references(catalog: Catalog, like: Sequence[str]) -> list[Surveyed]:
    """The boards that these names or patterns mean, with their rows, each once.

    By their names, so that the answer does not depend on which was typed first.

    Raises:
        AdvisorError: a board is unknown or has no rows, or its file is broken.
    """
    found, _ = catalog.survey_of(like) if like else ([], [])
    for each in found:
        if not len(each.measurements):
            raise AdvisorError(f"like: board {each.board.name} has no rows", "name another board")
    return found


def references_of(catalog: Catalog, board: Board, recipe: Recipe) -> References:
    """The boards from which one is predicted, as its recipe has them.

    A shipped board rests on shipped ones alone, so that its fit is of the same for everybody.

    Raises:
        AdvisorError: a board is unknown or has no rows, or is itself, or a shipped board is to rest on
            another.
    """
    if board.name in recipe.like:
        raise AdvisorError(f"like: {board.name} cannot be its own reference", "name other boards")
    unlike = {board.name, *catalog.boards_meant(recipe.unlike)}
    texts = [each for each in recipe.like if each != AUTO]
    named = [each for each in named_references(catalog, texts) if each.board.name != board.name]
    if board.layer == SHIPPED and any(each.board.layer != SHIPPED for each in named):
        raise AdvisorError(
            f"board {board.name} is a shipped one and cannot rest on boards of your own",
            "copy it into your own catalog",
        )
    names = frozenset(each.board.name for each in named)
    if AUTO not in recipe.like:
        return References(named, names, choose=False)
    surveyed, _ = catalog.survey()
    others = [
        each
        for each in surveyed
        if each.board.name in names
        or (
            each.board.name not in unlike
            and len(each.measurements)
            and (board.layer != SHIPPED or each.board.layer == SHIPPED)
        )
    ]
    return References(others, names, choose=True)
