"""What the catalog holds, on a terminal and for programs: boards, networks, the zoo, what was imported."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from advisor.architectures.names import device_of
from advisor.catalog.files import SHIPPED
from advisor.catalog.listing import ListedNetwork
from advisor.catalog.records import (
    BetweenRuns,
    Board,
    Source,
)
from advisor.catalog.run_as import Variant
from advisor.catalog.tables import COUNTS
from advisor.documents import document, document_text
from advisor.quality import IMAGENET
from advisor.quantities import rounded
from advisor.report.terminal import BEST_WEIGHTS, Fitted, TextTable, counted, plain_table

if TYPE_CHECKING:
    from advisor.catalog.importers.imported import Imported, ImportedBoard, ImportedCosts
    from advisor.catalog.importers.published import ImportedTable
    from advisor.catalog.listing import Boards, KnownBoards, ListedBoard

SCHEMA = "advisor.zoo/1"
"""Name and version of the document's shape."""


@dataclass(frozen=True)
class ZooRow:
    """A network of a library, as programs read it.

    Attributes:
        architecture: its name, `name@size`.
        library: who has it.
        version: which version of the library was counted or listed.
        family: the family that it belongs to.
        size: its input's height and width in pixels.
        params, operations, activations, layers, window_reads, peak_activations: its counts, of one image;
            null where unknown.
        top1_percent: the accuracy of its best published weights.
        weights: the name of these.
        weights_source: who published that accuracy.
        fault: why it cannot be counted; null where it can, or was not tried.
    """

    architecture: str
    library: str
    version: str
    family: str
    size: int
    params: float | None
    operations: float | None
    activations: float | None
    layers: float | None
    window_reads: float | None
    peak_activations: float | None
    top1_percent: float | None
    weights: str | None
    weights_source: str | None
    fault: str | None

    @classmethod
    def of(cls, listed: ListedNetwork) -> ZooRow:
        """The row of a network."""
        network, best = listed.network, listed.best
        counts = {name: network.figures.get(name) for name in COUNTS}
        return cls(
            architecture=network.architecture,
            library=network.library,
            version=network.version,
            family=network.family,
            size=network.input_shape[-1],
            top1_percent=best.accuracy_percent.value if best else None,
            weights=best.name if best else None,
            weights_source=best.accuracy_percent.source if best else None,
            fault=network.fault or None,
            **counts,
        )


@dataclass(frozen=True)
class ZooRows:
    """The networks of torchvision and timm that are as asked for.

    Attributes:
        networks: by name.
    """

    networks: tuple[ZooRow, ...]


_HEADINGS = {
    "family": "family",
    "size": "size",
    "params": "params",
    "operations": "ops",
    "activations": "activations",
    "top1": "top-1\n%",
    "weights": "weights",
}
_DROPPABLE = ("activations", "weights", "size", "family")


MOST_TASKS = 3
"""So many tasks of a board stand in its line; `advisor show` and `--json` have all."""
MOST_MORE = 10
MOST_DESCRIBED = 5
"""Of so many boards at most a sentence on each stands below the table."""


def boards_text(listed: Boards) -> RenderableType:
    """A table of the boards, a line each; of a few also what their figures cover."""
    columns: Mapping[str, Callable[[ListedBoard], str]] = {
        "board": lambda each: each.board.name,
        "what it is": lambda each: each.board.title,
        "networks": lambda each: str(each.networks),
        "runs": lambda each: _ways(each.variants),
        "tasks": lambda each: _first(each.tasks),
        "known": lambda each: ", ".join(each.known),
        "batches": lambda each: _span(each.batches),
        "date": lambda each: each.board.date or "?",
        "from": lambda each: "shipped" if each.board.layer == SHIPPED else "own",
    }

    def table(headings: Sequence[str]) -> TextTable:
        table = plain_table(*headings, left={*headings} - {"networks", "batches"})
        for each in listed.boards:
            table.add_row(*(columns[heading](each) for heading in headings))
        return table

    droppable = ("from", "batches", "date", "what it is", "runs", "tasks")
    count = len(listed.boards)
    devices = len({device_of(each.board.name) for each in listed.boards})
    notes = [Text(f"{counted(count, 'board')} of {counted(devices, 'device')}.")]
    if listed.more:
        have = "has that word" if len(listed.more) == 1 else "have that word"
        names = ", ".join(listed.more[:MOST_MORE]) + ", ..." * (len(listed.more) > MOST_MORE)
        others = counted(len(listed.more), "more device")
        notes.append(Text(f"{others} {have}, each listed by its name: {names}."))
    if count <= MOST_DESCRIBED:
        notes += [Text(_covers(each.board)) for each in listed.boards]
    return Group(Fitted(table, tuple(columns), droppable), "", *notes)


def known_boards_text(known: KnownBoards) -> RenderableType:
    """What each board is, a line a fact, and the sources."""
    parts: list[RenderableType] = []
    for each in known.boards:
        board = each.board
        memory = f"{board.memory_mb:,.0f} MB" if board.memory_mb else ""
        shared = ", shared" if board.memory_shared else ""
        facts = {
            "makers": ", ".join(each.makers),
            "processor": board.processor,
            "accelerator": board.accelerator,
            "memory": memory and memory + shared,
            "software": board.software,
            "date": board.date,
            **board.details,
            "runs": _ways(each.variants),
            "batches": _span(each.batches),
            "networks": f"{each.networks}, for {', '.join(each.tasks)}",
            "known": ", ".join(each.known),
            "note": board.note,
            "source": board.source,
        }
        parts.append(Text(board.name, style="bold") + Text(f": {board.title}"))
        parts += [Text(f"  {name}: {fact}") for name, fact in facts.items() if fact]
        parts += [Text(f"  {_covers(board).partition(': ')[2]}"), ""]
    return Group(*parts, *(Text(source_text(each)) for each in known.sources.values()))


def source_text(source: Source) -> str:
    """A source with all that it says."""
    read, licence = (
        source.read.rstrip("."),
        f" Licence: {source.licence}." if source.licence else "",
    )
    said = f"{source.key}: {source.citation}. Read: {read}. Error: {source.error}.{licence}"
    if source.reproducibility is None:
        return said
    within = f"{100 * source.reproducibility:.3g} %"
    return f"{said} Another run: within {within} ({source.evidence})."


def _first(tasks: Sequence[str]) -> str:
    """The tasks of most networks, and how many more there are."""
    more = len(tasks) - MOST_TASKS
    return ", ".join(tasks[:MOST_TASKS]) + (f" +{more}" if more > 0 else "")


def _ways(variants: Sequence[Variant]) -> str:
    """How networks were run there, as far as it fits."""
    runtimes = dict.fromkeys(each.runtime for each in variants)
    precisions = dict.fromkeys(each.precision for each in variants)
    processors = dict.fromkeys(each.processor for each in variants if each.processor)
    return "; ".join(" ".join(names) for names in (runtimes, precisions, processors) if names)


def _span(batches: Sequence[int]) -> str:
    return (
        "none" if not batches else f"{batches[0]}-{batches[-1]}" if batches[1:] else str(batches[0])
    )


def _covers(board: Board) -> str:
    idle = board.idle_power_w
    power, memory = board.power_scope or "unknown", board.memory_scope or "unknown"
    weights = f"weights {board.weights}" if board.weights else BEST_WEIGHTS
    origin = "" if board.layer == SHIPPED else f", from {board.layer}"
    drawn = f"; idle {'<= ' * board.idle_is_bound}{idle.value:.2f} W" if idle else ""
    runs = f"; {between_runs_text(board.between_runs)}" if board.between_runs else ""
    return (
        f"{board.name}{origin}: power covers {power}{drawn}; memory is {memory}; {weights}{runs}."
    )


def between_runs_text(between: BetweenRuns) -> str:
    """What intervals of a measured board allow for from one day to another."""
    share = f"+-{between.within:.1%}"
    if between.days > 1:
        return f"intervals hold another day's run, which differs by {share} as {between.days} days show"
    return (
        f"one day: intervals hold another's by what runs usually differ by, {share} "
        "(advisor measure --again, on another day, shows it)"
    )


def zoo_text(shown: Sequence[ListedNetwork]) -> RenderableType:
    """A table of the networks."""
    return Fitted(lambda keys: _zoo_table(shown, keys), list(_HEADINGS), _DROPPABLE)


def _zoo_table(shown: Sequence[ListedNetwork], keys: Sequence[str]) -> TextTable:
    table = plain_table("network", *(_HEADINGS[key] for key in keys), left=1 + ("family" in keys))
    for each in shown:
        cells = _zoo_cells(each)
        table.add_row(each.network.architecture, *(cells[key] for key in keys))
    return table


def _zoo_cells(each: ListedNetwork) -> dict[str, str]:
    figures = each.network.figures
    counts = {
        name: rounded(figures[name]) if name in figures else "?"
        for name in ("params", "operations", "activations")
    }
    return {
        "family": each.network.family,
        "size": str(each.network.input_shape[-1]),
        **counts,
        "top1": f"{each.best.accuracy_percent.value:.2f}" if each.best else "?",
        "weights": each.best.name if each.best else "",
    }


def zoo_csv(shown: Sequence[ListedNetwork]) -> str:
    """The networks as CSV; unknown is empty."""
    stream = io.StringIO()
    columns = [each.name for each in fields(ZooRow)]
    writer = csv.DictWriter(stream, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(ZooRow.of(each)) for each in shown)
    return stream.getvalue()


def zoo_json(shown: Sequence[ListedNetwork]) -> str:
    """The networks as one JSON document; unknown is null."""
    rows = ZooRows(tuple(map(ZooRow.of, shown)))
    return document_text({"schema": SCHEMA, **document(rows)})


def imported_lines(imported: Imported) -> Iterator[str]:
    """What an import brought, where it lies, and what was left out."""
    board, accuracies = imported.board, imported.accuracies
    if accuracies:
        yield (
            f"{counted(accuracies.sets, 'set')} of weights of {counted(accuracies.networks, 'network')} "
            f"(name and size) in {accuracies.file}"
        )
        if accuracies.data_set != IMAGENET:
            yield f"they are of {accuracies.data_set} and count where it is asked for: --data-set"
        yield from _left_out(accuracies.left_out)
        if accuracies.uncounted and not board:
            yield (
                f"{counted(accuracies.uncounted, 'network')} of them cannot be chosen before they are "
                "counted: advisor zoo --count timm"
            )
    if board:
        variants = "; ".join(", ".join(each.words) for each in board.variants)
        yield (
            f"{counted(board.rows, 'row')} of {counted(board.networks, 'network')} in {board.folder}: "
            f"{variants}"
        )
        yield from _left_out(board.left_out)
        if board.costs:
            yield from _timm_lines(board, board.costs)
        if board.assumed:
            taken = ", ".join(f"{name} taken as {value}" for name, value in board.assumed.items())
            hint = " (--map precision==fp32, say)" if "precision" in board.assumed else ""
            yield f"{taken}: the file has no such column{hint}"
        yield from board.notes


def _left_out(left_out: Mapping[str, int]) -> Iterator[str]:
    for why, count in left_out.items():
        yield f"left out: {counted(count, 'row')} {why}"


def published_lines(found: ImportedTable) -> Iterator[str]:
    """What a published table brought, for people."""
    would = "would make" if found.dry_run else "made"
    yield (
        f"{would} {counted(len(found.boards), 'board')} of {counted(found.rows, 'row')}, "
        f"{counted(found.networks, 'network')} ({found.identified} of them known to the catalog), "
        f"accuracies: {found.accuracies}"
    )
    for name in found.boards:
        yield f"  {name}"
    for why, count in found.left_out.items():
        yield f"left out: {counted(count, 'row')}: {why}"
    for note in found.notes:
        yield f"note: {note}"


def _timm_lines(board: ImportedBoard, costs: ImportedCosts) -> Iterator[str]:
    if any(each.precision == "unknown" for each in board.variants):
        yield "the file's name does not say the precision: --precision states it"
    if costs.by_rate:
        rows = counted(costs.by_rate, "row")
        yield f"{rows}: no step time that agrees with the rate: only the rate counts, and no latency is known"
    if costs.several:
        yield f"{counted(costs.several, 'network')} with several costs in this file: the first counts"
    if costs.kept:
        yield f"{counted(costs.kept, 'network')} with another cost in an earlier import: that one stays"
    if costs.missing:
        yield f"{counted(costs.missing, 'network')} without parameters or multiply-adds in this file"
    hint = "" if costs.with_accuracy else " (--accuracy results-imagenet.csv brings it)"
    yield f"accuracy known of {costs.with_accuracy} of {counted(board.networks, 'network')}{hint}"


def imported_warnings(imported: Imported) -> Iterator[str]:
    """What an import put out of sight."""
    board = imported.board
    if board and board.replaced:
        are = "is" if board.replaced == 1 else "are"
        yield f"the {counted(board.replaced, 'row')} that {board.name} had {are} replaced"
    if board and board.joins:
        device, others = device_of(board.name), ", ".join(board.joins)
        yield (
            f"--board {device} now asks this board and {others}; where it is another device, "
            "import it under another name"
        )
    if board and board.hides_shipped:
        yield f"with this catalog, {board.name} now means these rows, not the shipped board"
