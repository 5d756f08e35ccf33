"""Published tables of many boards: what a reader finds in one, and how it becomes part of a catalog.

A reader is a module of its own, which makes a `Published` of a file or folder. Its boards, what its networks
cost and what accuracy they reach become files of a catalog here, alike for all formats.
"""

from __future__ import annotations

import math
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from importlib import import_module
from pathlib import Path

from advisor.architectures.names import (
    TABLES,
    board_fault,
    family_of,
    folded,
    size_of,
    sized,
    split_prefix,
)
from advisor.arguments import checked
from advisor.catalog.accuracy_table import accuracy_table, key_of, read_accuracies
from advisor.catalog.files import layers_with, read_text, target_folder, write_whole
from advisor.catalog.identities import difference
from advisor.catalog.importers.board_files import (
    MARK,
    Drafts,
    check_rows,
    read_back,
    text_of,
    with_entries,
    write_drafts,
)
from advisor.catalog.measurements_table import Row, measurements_csv
from advisor.catalog.records import Architecture, Weights
from advisor.catalog.store import Catalog
from advisor.catalog.tables import Reported, read_reported, reported_table
from advisor.catalog.writers import made_aside, writing
from advisor.catalog.yaml_file import yaml_text
from advisor.catalog.zoo import ACCURACY_END, FOLDER, REPORTED_END
from advisor.errors import AdvisorError, closest, shown
from advisor.quality import CLASSIFICATION
from advisor.stages import stage

Shape = tuple[int, int, int]


@dataclass(frozen=True)
class PublishedBoard:
    """A machine in one power mode as one table has it.

    Attributes:
        name: `device[.mode][.source-date]`; the device's name alone is that of all its boards.
        entries: of its `board.yaml`: title, source, and what else is known.
        rows: its rows.
    """

    name: str
    entries: Mapping[str, str | Mapping[str, str]]
    rows: Sequence[Row]


@dataclass
class Published:
    """What a reader finds in a published table.

    Attributes:
        boards: the boards.
        sources: by key, what `sources.yaml` says of a source: citation, read, error, repository, file,
            version, licence, sha256; and where it is known, how far it repeats itself.
        networks: its networks, with their reported costs; rows name those of the catalog as that does.
        accuracies: what networks reach, by runtime, precision and board.
        left_out: how many rows were left out, by why.
        notes: what else a reader must know, in words.
    """

    boards: list[PublishedBoard] = field(default_factory=list)
    sources: dict[str, Mapping[str, str | Mapping[str, str]]] = field(default_factory=dict)
    networks: list[Reported] = field(default_factory=list)
    accuracies: list[Weights] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class ImportedTable:
    """What became of a published table.

    Attributes:
        boards: the names of its boards.
        rows: how many rows these have.
        networks: how many networks are in them.
        identified: how many of these are networks that the catalog knows.
        accuracies: how many accuracies it brought.
        left_out: how many rows were left out, by why.
        notes: what else a reader must know, in words.
        dry_run: whether nothing was written.
    """

    boards: tuple[str, ...]
    rows: int
    networks: int
    identified: int
    accuracies: int
    left_out: Mapping[str, int]
    notes: tuple[str, ...]
    dry_run: bool


Reader = Callable[[Path, Catalog], Published]
"""Makes it of a file or folder, with a catalog that knows networks.

Raises an `AdvisorError` that names the place where the table is not what it should be.
"""

FORMATS: Mapping[str, str] = {
    "hailo": "Hailo's model zoo, docs/public_models: frame rates, and accuracy in floats and as compiled.",
    "mlperf": "Results of MLPerf Inference on edge devices: latency, power, accuracy as run.",
    "ncnn": "ncnn's benchmark/README.md: latency on boards, phones, PCs, by processor and threads.",
    "qualcomm": "Qualcomm AI Hub's models on phones, laptops and kits: latency, memory, accuracy as run.",
    "rknn": "README.md of Rockchip's RKNN model zoo: frame rates on the NPUs of its chips.",
}
"""The published tables that are read, each by the module of its name; and what each is."""


class PublishedNetworks:
    """What a published table calls networks, and what the catalog calls them.

    A name is that of a network of the catalog where the table of aliases says so (`hailo:resnet_v1_18` is
    `tv:resnet18`) and the counts do not contradict it; else it is a network of its own.
    """

    def __init__(self, catalog: Catalog, origin: str, source: str) -> None:
        """Begin with none.

        Args:
            catalog: it knows networks.
            origin: the prefix of the networks' names, one of `advisor.architectures.names.ORIGINS`.
            source: what reported costs name as their source.
        """
        self._catalog, self._origin, self.source = catalog, origin, source
        self._named: dict[tuple[str, Shape], str] = {}
        self.reported: dict[str, Reported] = {}
        self.notes: list[str] = []

    def name_of(
        self,
        word: str,
        shape: Shape,
        *,
        task: str = CLASSIFICATION,
        params: float | None = None,
        operations: float | None = None,
        activations: float | None = None,
        family: str = "",
        licence: str = "",
    ) -> str:
        """What the catalog is to call a network of the table.

        Args:
            word: what the table calls it.
            shape: its input: channels, height, width.
            task: what it is for.
            params: its parameters, as reported or as counted from the source's own files.
            operations: its operations, likewise; a multiply and an add are two.
            activations: its activations, likewise.
            family: the family that it belongs to, where that is known.
            licence: of its code and weights.
        """
        key = word, shape
        if key not in self._named:
            name = sized(folded_name(word), size_of(shape))
            own = Reported(
                architecture=f"{self._origin}:{name}",
                family=family or family_of(folded(word).replace("-", "_")),
                input_shape=shape,
                params=_whole(params),
                operations=_whole(operations),
                activations=_whole(activations),
                source=self.source,
                task=task,
                licence=licence,
            )
            own = self._with_known_cost(own)
            self.reported[own.architecture] = own
            self._named[key] = self._identified(word, own) or own.architecture
        return self._named[key]

    def _with_known_cost(self, own: Reported) -> Reported:
        """A network with the costs that another table reported of it, where this one says none."""
        known = self._catalog.zoo.networks.get(own.architecture)
        if known is None or known.reported is None or any(own.figures):
            return own
        params, operations, activations = known.reported.figures
        return replace(
            own,
            params=params,
            operations=operations,
            activations=activations,
            source=known.reported.source,
        )

    def _is_reported_alone(self, name: str) -> bool:
        """Whether a network is known from a published table alone: boards name it as their source does."""
        listed = self._catalog.zoo.networks.get(name)
        return listed is not None and listed.counts is None and listed.reported is not None

    def _identified(self, word: str, own: Reported) -> str:
        """The network of the catalog that it is; "" where it is none of those."""
        meaning = self._catalog.identities.find(
            f"{self._origin}:{folded_name(word)}", size_of(own.input_shape)
        )
        if meaning is None or split_prefix(meaning.name)[0] in TABLES:
            return ""
        if meaning.name not in self._catalog.architectures or self._is_reported_alone(meaning.name):
            return ""
        known = self._catalog.architectures[meaning.name]
        if known.task != own.task:
            return ""
        here = Architecture(own.architecture, "", own.input_shape, "", own.cost, None, "", own.task)
        if which := difference(known, here):
            self.notes.append(
                f"{word} is not {meaning.name}: its {which} are others, so it is {own.architecture}"
            )
            return ""
        return meaning.name


def _whole(figure: float | None) -> int | None:
    return None if figure is None else round(figure)


def folded_name(word: str) -> str:
    """A source's word for a network as it can stand in a name."""
    return re.sub(r"[^A-Za-z0-9._+-]", "-", word).strip("-._+")


LEAST_REPEATS = 9
"""Of fewer things that a table has twice, nothing is said of how far another run is off."""


def repeated_within(pairs: Sequence[tuple[float, float]], what: str) -> Mapping[str, str]:
    """How far another run is off with 90 % probability, as a source says it: `{within: 7 %, evidence: ...}`.

    Args:
        pairs: figures of the same thing, reported twice.
        what: what they are of, in words.

    Returns:
        Nothing where there are too few.
    """
    if len(pairs) < LEAST_REPEATS:
        return {}
    off = sorted(abs(math.log(other / one)) for one, other in pairs)
    within = math.expm1(off[math.ceil(0.9 * (len(off) + 1)) - 1])
    return {
        "within": f"{100 * within:.2g} %",
        "evidence": f"{what}, reported twice: {len(pairs)} pairs in this table",
    }


@checked
def import_boards(
    format: str,
    path: str | os.PathLike[str],
    *,
    only: Sequence[str] = (),
    dry_run: bool = False,
    catalog: str | os.PathLike[str] | None = None,
) -> ImportedTable:
    """Make the boards of a published table part of your own catalog, in place of an earlier import's.

    Args:
        format: whose table it is, one of `FORMATS`.
        path: your copy of the table: a file, or the folder of its files.
        only: patterns of the boards that are wanted, such as "raspberry*"; all without.
        dry_run: whether to read and say what it brings, and write nothing.
        catalog: your own catalog's folder; else that of `ADVISOR_CATALOG`, else the platform's.

    Raises:
        AdvisorError: the table cannot be read, a pattern matches no board, or a board of that name exists
            and was not imported. Then nothing was written.
    """
    if format not in FORMATS:
        raise AdvisorError(f"unknown format {shown(format)}", closest(format, FORMATS))
    read: Reader = import_module(f"advisor.catalog.importers.{format}").read
    return import_with(read, format, path, only=only, dry_run=dry_run, catalog=catalog)


def import_with(
    read: Reader,
    format: str,
    path: str | os.PathLike[str],
    *,
    only: Sequence[str] = (),
    dry_run: bool = False,
    catalog: str | os.PathLike[str] | None = None,
) -> ImportedTable:
    """Make the boards of a table part of a catalog that a reader of one's own reads.

    Args:
        read: the reader.
        format: how the files begin that hold what networks cost and reach: letters and digits.
        path: what it is to read.
        only: as of `import_boards`, and so all that follows.
        dry_run: likewise.
        catalog: likewise.

    Raises:
        AdvisorError: as of `import_boards`.
    """
    folder = target_folder(catalog)
    if dry_run:
        found = _checked(folder, read, Path(path), only)
        _drafts(folder, format, found)
        return brought(found, dry_run=True)
    with writing(folder):
        found = _checked(folder, read, Path(path), only)
        with stage(f"writing {len(found.boards)} boards"):
            write_published(folder, format, found)
    return brought(found, dry_run=False)


def _checked(folder: Path, read: Reader, path: Path, only: Sequence[str]) -> Published:
    """What is wanted of a table, as far as a catalog can take it."""
    with stage(f"reading {path}"):
        found = _wanted(read(path, Catalog(layers_with(folder))), only)
    for board in found.boards:
        description = folder / "boards" / board.name / "board.yaml"
        if description.exists() and MARK not in read_text(description):
            raise AdvisorError(
                f"board {board.name} in {folder} exists and was not imported", "rename it first"
            )
        if fault := board_fault(board.name):
            raise AdvisorError(f"a board cannot be called {shown(board.name)}", fault)
        places = [f"board {board.name}, row {row}" for row in range(1, len(board.rows) + 1)]
        check_rows(board.rows, set(found.sources), places)
    return found


def brought(found: Published, *, dry_run: bool) -> ImportedTable:
    """What a published table brings, in figures."""
    used = {str(row["architecture"]) for board in found.boards for row in board.rows}
    own = {each.architecture for each in found.networks}
    return ImportedTable(
        boards=tuple(board.name for board in found.boards),
        rows=sum(len(board.rows) for board in found.boards),
        networks=len(used),
        identified=sum(name not in own and split_prefix(name)[0] not in TABLES for name in used),
        accuracies=len(found.accuracies),
        left_out=dict(found.left_out),
        notes=tuple(found.notes),
        dry_run=dry_run,
    )


def _wanted(found: Published, only: Sequence[str]) -> Published:
    """The boards that are wanted, and what belongs to these.

    Raises:
        AdvisorError: a pattern matches none, or there is none.
    """
    names = [board.name for board in found.boards]
    for pattern in only:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise AdvisorError(f"only: {shown(pattern)} matches no board", closest(pattern, names))
    boards = [
        board
        for board in found.boards
        if not only or any(fnmatchcase(board.name, pattern) for pattern in only)
    ]
    if not boards:
        why = "; ".join(f"{count} rows: {reason}" for reason, count in found.left_out.items())
        raise AdvisorError("no board is left of the table", why or "it has none")
    used = {str(row["architecture"]) for board in boards for row in board.rows}
    kept = {board.name for board in boards}
    of_used = [each for each in found.accuracies if each.architecture in used]
    accuracies = [each for each in of_used if each.board in ("", *kept)]
    elsewhere = sorted({each.board for each in of_used} - {"", *kept})
    notes = list(found.notes)
    if not accuracies and elsewhere:
        notes.append(
            "the accuracies of these networks were found on other boards, which have to come in, too: "
            + ", ".join(elsewhere)
        )
    networks = [each for each in found.networks if each.architecture in used]
    named = {str(each) for board in boards for each in _sources_in(board)}
    named |= {each.source for each in networks}
    named |= {each.accuracy_percent.source for each in accuracies}
    return replace(
        found,
        boards=boards,
        sources={key: each for key, each in found.sources.items() if key in named},
        networks=networks,
        accuracies=accuracies,
        notes=notes,
    )


def _sources_in(board: PublishedBoard) -> Iterator[object]:
    """What a board and its rows name as their sources."""
    yield board.entries["source"]
    for row in board.rows:
        yield from (cell for column, cell in row.items() if column.endswith("source"))


def write_published(folder: Path, format: str, found: Published) -> None:
    """Write what a reader found into a catalog. Only who holds the catalog's lock may."""
    tables, described = _drafts(folder, format, found)
    write_drafts(tables)
    # Last, since their rows name what stands in the other files.
    for board in found.boards:
        place = folder / "boards" / board.name
        with made_aside(place) as aside:
            write_whole(aside / "measurements.csv", measurements_csv(board.rows))
            write_whole(aside / "board.yaml", described[place / "board.yaml"])


def _drafts(folder: Path, format: str, found: Published) -> tuple[Drafts, Drafts]:
    """What is to be written of a table but for the rows, by file: the catalog's tables, and the boards.

    Raises:
        AdvisorError: some of it could not be read again.
    """
    sources = folder / "sources.yaml"
    networks = folder / FOLDER / f"{format}{REPORTED_END}"
    accuracies = folder / FOLDER / f"{format}{ACCURACY_END}"
    tables = {
        sources: with_entries(text_of(sources), found.sources),
        networks: _with_networks(networks, found),
        accuracies: _with_accuracies(accuracies, found),
    }
    described = {
        folder / "boards" / board.name / "board.yaml": _description(folder, board)
        for board in found.boards
    }
    read_back({**tables, **described})
    return tables, described


def _description(folder: Path, board: PublishedBoard) -> str:
    """A board's `board.yaml`; of one that is there all but its source stays."""
    before = text_of(folder / "boards" / board.name / "board.yaml")
    if before:
        return with_entries(before, {"source": board.entries["source"]})
    return MARK + "\n" + yaml_text(board.entries)


def _with_networks(path: Path, found: Published) -> str:
    before = read_reported(path, None) if path.exists() else {}
    networks = {**before, **{each.architecture: each for each in found.networks}}
    return reported_table(networks.values()) if networks else ""


def _with_accuracies(path: Path, found: Published) -> str:
    """Those of other boards stay; what was said of these, and of any board, is replaced."""
    before: list[Weights] = []
    if path.exists():
        before = read_accuracies(path, None, None)
    boards = {board.name for board in found.boards}
    new = {key_of(each): each for each in found.accuracies}
    known = {key_of(each): each for each in before}
    kept = {key: each for key, each in known.items() if each.board not in boards or key in new}
    every = {**kept, **new}  # each where it stood, so that the same import again changes nothing
    return accuracy_table(every.values()) if every else ""
