"""What the catalog holds, as answers: its boards, all of one network, the libraries' networks."""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import translate
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from advisor.architectures.names import device_of, folded
from advisor.arguments import checked
from advisor.catalog.accuracy import Place
from advisor.catalog.counting import Spread, count_each, count_one, found, uncounted_of
from advisor.catalog.precision import has_float_accuracy
from advisor.catalog.records import Architecture, Board, Source, Weights, distinct, source_keys
from advisor.catalog.run_as import Variant
from advisor.catalog.stack import Stack
from advisor.catalog.store import Catalog, Surveyed
from advisor.catalog.tables import ZooNetwork
from advisor.catalog.zoo import LIBRARIES, Zoo
from advisor.errors import AdvisorError, closest, shown
from advisor.quality import read_task
from advisor.quantities import parse_cost

if TYPE_CHECKING:
    from advisor.catalog.records import Cost

ReportProgress = Callable[[str, float], None]
"""Hears what has been done, and about how many seconds the rest takes."""


KNOWLEDGE = ("latency", "throughput", "energy", "memory", "accuracy")
"""What may be known of a board's networks."""


@dataclass(frozen=True)
class ListedBoard:
    """A board that can be asked about.

    Attributes:
        board: what it is.
        networks: of how many networks it has rows.
        batches: the batch sizes of its rows, ascending.
        variants: how its rows were run.
        tasks: what its networks are for, that of most of them first.
        known: of `KNOWLEDGE`, what is known of some of its rows, of accuracy in floats or as it was run.
        makers: who makes the device, and the chips on it that run networks; none where nobody says.
    """

    board: Board
    networks: int
    batches: tuple[int, ...]
    variants: tuple[Variant, ...]
    tasks: tuple[str, ...]
    known: tuple[str, ...]
    makers: tuple[str, ...]

    @property
    def words(self) -> str:
        """What it can be found by, folded."""
        board = self.board
        texts = (board.name, board.title, board.processor, board.accelerator, board.software)
        return folded(" ".join((*texts, board.source, *self.makers)))


@dataclass(frozen=True)
class Boards:
    """The boards that can be asked about.

    Attributes:
        boards: by name, so that those of one device stand together.
        left_out: what is wrong with boards that cannot be read.
        more: the devices of others that have those words, where the boards are those of a name.
    """

    UNDOCUMENTED: ClassVar = ("more",)

    boards: tuple[ListedBoard, ...]
    left_out: tuple[str, ...]
    more: tuple[str, ...] = ()


@checked
def boards(
    words: str | Sequence[str] = (),
    *,
    task: str | None = None,
    known: str | Sequence[str] = (),
    maker: str | None = None,
    catalog: str | os.PathLike[str] | None = None,
) -> Boards:
    """The boards that can be asked about, and what each covers.

    Args:
        words: the name of a board or a device, for it alone; else only those whose name, title, processor,
            software, source or makers have all of these.
        task: only those with networks for it.
        known: only those of which that is known, of `KNOWLEDGE`; a list, or with commas between.
        maker: only those of devices that somebody of that name makes, or a chip on it that runs networks.
        catalog: your own catalog's folder; else that of `ADVISOR_CATALOG`, else the platform's.

    Raises:
        AdvisorError: the folder does not exist, no board can be read, or none is as asked for; the table of
            makers is broken, or has no such one.
    """
    parts = known.split(",") if isinstance(known, str) else known
    asked = [each.strip() for each in parts if each.strip()]
    for each in asked:
        if each not in KNOWLEDGE:
            raise AdvisorError(f"with: unknown {shown(each)}", closest(each, KNOWLEDGE))
    text = words if isinstance(words, str) else " ".join(words)
    opened = Catalog.open(catalog)
    named, wanted = opened.boards_called(text), folded(text).split("-")
    stack, broken = opened.stacked(None)
    listed = _listed(opened, stack)
    if task is not None and not any(read_task(task) in each.tasks for each in listed):
        known_tasks = sorted({each for board in listed for each in board.tasks})
        raise AdvisorError(f"task: unknown {shown(task)}", f"known: {', '.join(known_tasks)}")
    made = None if maker is None else _maker(maker, listed)
    having = [
        each
        for each in listed
        if (each.board.name in named or all(word in each.words for word in wanted))
        and (task is None or read_task(task) in each.tasks)
        and set(asked) <= set(each.known)
        and (made is None or made in each.makers)
    ]
    found = [each for each in having if not named or each.board.name in named]
    if not found:
        raise AdvisorError(
            f"none of {len(listed)} boards is as asked for", "ask for less: advisor boards"
        )
    is_pattern = not {*text}.isdisjoint("*?[")
    others = {
        device_of(each.board.name): None for each in having if each not in found and not is_pattern
    }
    return Boards(tuple(found), tuple(error.message for error in broken), tuple(others))


def _maker(name: str, listed: Sequence[ListedBoard]) -> str:
    """The maker that is meant, as the catalog spells it.

    Raises:
        AdvisorError: nobody of that name makes any of the boards.
    """
    makers = {folded(maker): maker for each in listed for maker in each.makers}
    if folded(name) not in makers:
        known = ", ".join(sorted(makers.values(), key=str.lower)) or "none"
        raise AdvisorError(f"maker: unknown {shown(name)}", f"known: {known}")
    return makers[folded(name)]


def _listed(catalog: Catalog, stack: Stack) -> list[ListedBoard]:
    table, names = stack.table, stack.table.architecture.names
    used = distinct(table.architecture.index).tolist()
    tasks = {each: catalog.architectures[names[each]].task for each in used}
    powers = (table.net_power_w, table.gross_power_w)
    figures = {
        "latency": (table.latency_ms,),
        "throughput": (table.throughput_fps,),
        "energy": powers,
        "memory": (table.memory_mb,),
    }
    rows = {
        what: np.logical_or.reduce([~np.isnan(each.values.value) for each in columns])
        for what, columns in figures.items()
    }
    known = {what: stack.have(each) for what, each in rows.items()}
    known["accuracy"] = _rated(catalog, stack)
    columns = (table.architecture.index, table.batch, table.variant_index)
    lists = zip(*map(stack.distinct, columns), strict=True)
    listed = []
    for place, (networks, batches, variants) in enumerate(lists):
        count = Counter(tasks[each] for each in networks)
        listed.append(
            ListedBoard(
                stack.boards[place],
                len(networks),
                tuple(batches),
                tuple(map(table.variants.__getitem__, variants)),
                tuple(sorted(count, key=lambda each: (-count[each], each))),
                tuple(what for what in KNOWLEDGE if known[what][place]),
                tuple(catalog.makers.get(device_of(stack.boards[place].name), ())),
            )
        )
    return listed


def _rated(catalog: Catalog, stack: Stack) -> list[bool]:
    """For each board, whether the accuracy of any of its networks is known as it ran there."""
    table, names = stack.table, stack.table.architecture.names
    in_best = np.array([name in catalog.best_weights for name in names], dtype=np.bool_)
    in_floats = np.array([has_float_accuracy(each.precision) for each in table.variants], np.bool_)
    rated = stack.have(in_best[table.architecture.index] & in_floats[table.variant_index])
    known = catalog.accuracies_of(each for each in catalog.published if each.quality.is_usual)
    for place, board in enumerate(stack.boards):
        if not rated[place]:
            rows = stack.measurements(place)
            at = map(Place.on(board, rows), rows.variants)
            rated[place] = any(
                known.at((name, of), each) or known.carried_loss((name, of), each)
                for each in at
                for name in rows.take(rows.rows_of(each.variant)).architecture.used().names
                for of in catalog.sets_of.get(name, ())
            )
    return rated


@dataclass(frozen=True)
class KnownNetwork:
    """All that is known of a network, under all of its names.

    Attributes:
        architecture: what it is and costs, under the name of those to whom it belongs.
        identity: its qualified name, prefix:name@size.
        names: what the catalog, and so boards, call it.
        note: which of several networks of the name that was asked for this is; "" where there is one.
        weights: its sets of weights, by name.
        boards: every board that has rows of it, with these rows alone, by variant and batch.
        sources: what its figures name as their sources, by key.
        left_out: what is wrong with boards that cannot be read.
    """

    UNDOCUMENTED: ClassVar = ("boards",)  # their rows are columns, which documents have one by one

    architecture: Architecture
    identity: str
    names: tuple[str, ...]
    note: str
    weights: tuple[Weights, ...]
    boards: tuple[Surveyed, ...]
    sources: Mapping[str, Source]
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class KnownBoards:
    """All that is known of a device's boards, but for their rows.

    Attributes:
        boards: what each is, and what it covers.
        sources: what they name as their sources, by key.
    """

    boards: tuple[ListedBoard, ...]
    sources: Mapping[str, Source]


@checked
def show_boards(name: str, catalog: str | os.PathLike[str] | None = None) -> KnownBoards:
    """All that is known of a board, or of all boards of a device, but for the rows; with the sources.

    Args:
        name: a board, a device such as "jetson-tx1", or a pattern.
        catalog: your own catalog's folder; else that of `ADVISOR_CATALOG`, else the platform's.

    Raises:
        AdvisorError: there is no such board, or a file of it is broken.
    """
    opened = Catalog.open(catalog)
    stack, _ = opened.stacked([name])
    joined = {each.source for each in stack.boards}
    keys = sorted(source_keys(*joined.union(stack.table.latency_ms.source.used().names)))
    return KnownBoards(
        tuple(_listed(opened, stack)),
        {key: opened.source(key) for key in keys},
    )


@checked
def show(
    architecture: str,
    catalog: str | os.PathLike[str] | None = None,
    *,
    board: str | None = None,
) -> KnownNetwork:
    """All that is known of a network, by board, with the sources.

    Args:
        architecture: one of its names, such as "resnet-50", "ResNet50" or "tv:resnet50@224".
        board: only what is known of it on that board, on the boards of that device, or on those of a pattern.
        catalog: your own catalog's folder; else that of `ADVISOR_CATALOG`, else the platform's.

    Raises:
        AdvisorError: there is no such network or board, or a file that is needed for it is broken.
    """
    opened = Catalog.open(catalog)
    wanted = opened.board_layers if board is None else opened.boards_named(board)
    (meaning,) = opened.identities.meanings([architecture])
    names = opened.identities.names_of(opened.architecture(meaning.name).name)
    costs = (each for each in names if each in opened.architectures)
    known = _under_one_name([opened.architectures[each] for each in costs])
    of_this = (
        each
        for each in opened.published
        if each.architecture == names[0] and (not each.board or each.board in wanted)
    )
    weights = tuple(
        sorted(of_this, key=lambda each: (each.name, each.quality.data_set, each.scope))
    )
    readable, broken = opened.survey()
    surveyed = tuple(
        _rows_of(each, names)
        for each in readable
        if each.board.name in wanted
        and not each.measurements.architecture.position.keys().isdisjoint(names)
    )
    keys = {*_sources_of(known.reported), *_sources_of(known.counted)}
    keys |= {each.accuracy_percent.source for each in weights}
    for each in surveyed:
        rows = each.measurements
        for column in (
            rows.latency_ms,
            rows.throughput_fps,
            rows.net_power_w,
            rows.gross_power_w,
            rows.memory_mb,
        ):
            keys |= set(column.source.names)
    single = sorted(source_keys(*keys))
    return KnownNetwork(
        known,
        meaning.identity,
        names,
        meaning.note,
        weights,
        surveyed,
        {key: opened.source(key) for key in single},
        tuple(error.message for error in broken),
    )


def _under_one_name(same: Sequence[Architecture]) -> Architecture:
    """A network with the costs that any of its names has, the first one's before the others'."""
    return replace(
        same[0],
        reported=next((each.reported for each in same if each.reported), None),
        counted=next((each.counted for each in same if each.counted), None),
        note=" ".join(dict.fromkeys(each.note for each in same if each.note)),
    )


def _rows_of(surveyed: Surveyed, names: Sequence[str]) -> Surveyed:
    architecture = surveyed.measurements.architecture
    rows = surveyed.measurements.take(
        np.logical_or.reduce([architecture.where(name) for name in names])
    )
    order = np.lexsort((rows.batch, rows.variant_index))
    return replace(surveyed, measurements=rows.take(order))


def _sources_of(cost: Cost | None) -> Iterable[str]:
    figures = () if cost is None else (cost.params, cost.operations, cost.activations)
    return (each.source for each in figures if each)


@dataclass(frozen=True)
class ListedNetwork:
    """A network of a library.

    Attributes:
        network: what it is and costs.
        best: its best published set of weights, where one is known.
    """

    network: ZooNetwork
    best: Weights | None


@dataclass(frozen=True)
class ListedZoo:
    """The networks of torchvision and timm.

    Attributes:
        networks: those that are as asked for.
        notes: what is not known of the others, and what could not be counted or kept.
    """

    networks: tuple[ListedNetwork, ...]
    notes: tuple[str, ...]


@checked
def zoo(
    family: str | Sequence[str] | None = None,
    *,
    library: str | None = None,
    max_params: str | float | None = None,
    max_ops: str | float | None = None,
    count: str | None = None,
    catalog: str | os.PathLike[str] | None = None,
    on_progress: ReportProgress | None = None,
    spread: Spread = map,
) -> ListedZoo:
    """The networks of torchvision and timm: what they cost, and the best published accuracy.

    Args:
        family: only of these families, or patterns, as a list or with commas between them; "any" is all.
        library: only of this one, "torchvision" or "timm".
        max_params: only with at most so many parameters, 25000000 or "25M".
        max_ops: only with at most so many operations.
        count: a library whose networks, or one network that, is to be counted first; needs torch. What was
            counted before is not counted again, so it can be interrupted.
        catalog: your own catalog's folder; else that of `ADVISOR_CATALOG`, else the platform's.
        on_progress: hears of each network that is counted.
        spread: has a library's networks counted; else one after the other, here. On a cluster, the `map` of
            `advisor.measuring.cluster.cluster`.

    Raises:
        AdvisorError: a library, a family or a network is unknown, a limit cannot be read, or the one network
            cannot be counted.
    """
    if library is not None and library not in LIBRARIES:
        raise AdvisorError(f"unknown library {shown(library)}", closest(library, LIBRARIES))
    most = {
        "params": None if max_params is None else parse_cost(max_params, "max-params", "M"),
        "operations": None if max_ops is None else parse_cost(max_ops, "max-ops", "G"),
    }
    opened = Catalog.open(catalog)
    known = opened.zoo
    notes = list(known.notes)
    if count is not None:
        notes += _count(known, count, on_progress, spread)
        library = library or (count if count in LIBRARIES else None)
        opened = Catalog.open(catalog)
        known = opened.zoo
    wanted = [each for each in known.obtainable.values() if library in (None, each.library)]
    networks = tuple(
        ListedNetwork(each, opened.best_weights.get(each.architecture))
        for each in _of_families(wanted, family)
        if _keeps(each, most)
    )
    return ListedZoo(networks, (*notes, *known.uncounted()))


def _of_families(
    networks: Sequence[ZooNetwork], family: str | Sequence[str] | None
) -> Sequence[ZooNetwork]:
    """Those of the families named, whatever their case."""
    if family is None:
        return networks
    listed = family.split(",") if isinstance(family, str) else family
    patterns = [each.strip() for each in listed]
    if not all(patterns):
        raise AdvisorError("family: an empty name", "give names of families, or patterns")
    if "any" in patterns:
        return networks
    known = {each.family for each in networks}
    for pattern in patterns:
        if not any(re.match(translate(pattern), name, re.IGNORECASE) for name in known):
            raise AdvisorError(f"family: {shown(pattern)} matches nothing", closest(pattern, known))
    joined = re.compile("|".join(map(translate, patterns)), re.IGNORECASE)
    return [each for each in networks if joined.match(each.family)]


def _keeps(network: ZooNetwork, most: Mapping[str, float | None]) -> bool:
    """Whether a network keeps the limits; of what is not known nobody knows."""
    figures = network.figures
    return all(
        limit is None or (name in figures and figures[name] <= limit)
        for name, limit in most.items()
    )


def _count(known: Zoo, what: str, on_progress: ReportProgress | None, spread: Spread) -> list[str]:
    """Count what is named.

    Returns:
        What could not be counted or kept.
    """
    if what not in LIBRARIES:
        network, note = count_one(known, found(what))
        if network.known is None:
            raise AdvisorError(f"{network.architecture} cannot be counted: {network.fault}")
        return [note] if note else []
    started = time.monotonic()
    notes, failed = [], 0
    for place, step in enumerate(count_each(what, uncounted_of(known, what), spread), start=1):
        failed += bool(step.network.fault)
        notes += [step.note] if step.note else []
        if on_progress:
            left_s = (time.monotonic() - started) / place * step.left
            on_progress(f"counted {step.network.architecture}", left_s)
    return notes + ([f"{failed} of them cannot be counted; --json says why"] if failed else [])
