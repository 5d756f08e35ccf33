"""Catalogs that were measured apart, in one: runs are taken together, and none counts twice."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from advisor.arguments import checked
from advisor.catalog.accuracy_table import (
    FURTHER,
    REQUIRED,
    accuracy_table,
    key_of,
    read_accuracies,
)
from advisor.catalog.csv_table import csv_text, read_csv
from advisor.catalog.devices import (
    DEVICE_ALIASES_COLUMNS,
    DEVICE_ALIASES_FILE,
    read_device_aliases,
)
from advisor.catalog.entries import read_board, read_sources
from advisor.catalog.files import (
    Content,
    File,
    layers_with,
    shipped_folder,
    target_folder,
    write_whole,
)
from advisor.catalog.identities import ALIASES_COLUMNS, ALIASES_FILE, read_aliases
from advisor.catalog.importers.board_files import as_written
from advisor.catalog.locks import locked
from advisor.catalog.records import Board
from advisor.catalog.store import ACCURACY_FILE, WEIGHTS, Catalog
from advisor.catalog.tables import WEIGHTS_COLUMNS, read_weights
from advisor.catalog.writers import boards_of, made_aside, writing
from advisor.digests import digest_of
from advisor.errors import AdvisorError, BrokenFileError, shown_path
from advisor.measuring.evaluation_plan import FOLDER
from advisor.measuring.host import IDENTITY, UNKNOWN, Host
from advisor.measuring.journal import SESSIONS, Journal, exclusive, read_runs
from advisor.measuring.measurable import keep_costs
from advisor.measuring.publish import publish
from advisor.measuring.runtimes.variants import LIBRARIES
from advisor.stages import counted_off

SOURCES_FILE = "sources.yaml"


@dataclass(frozen=True)
class MergedBoard:
    """What became of one board of a catalog that was merged.

    Attributes:
        board: its name.
        source: the catalog that it came from.
        added: how many runs are new here.
        known: how many runs were here already.
        refused: why it was left out; "" where it was not.
        is_new: whether the catalog had no board of that name.
    """

    board: str
    source: str
    added: int = 0
    known: int = 0
    refused: str = ""
    is_new: bool = False


@dataclass(frozen=True)
class Merged:
    """What became of catalogs that were merged.

    Attributes:
        catalog: where they were merged into.
        boards: what became of each board.
        refused: what was left out beside boards, in words.
        accuracies: how many accuracies are new here.
        weights: how many sets of weights are.
        aliases: how many other names of networks and devices are.
        evaluations: how many runs on images are.
    """

    catalog: Path
    boards: tuple[MergedBoard, ...]
    refused: tuple[str, ...]
    accuracies: int = 0
    weights: int = 0
    aliases: int = 0
    evaluations: int = 0

    @property
    def complete(self) -> bool:
        """Whether nothing was left out."""
        return not self.refused and not any(each.refused for each in self.boards)


@checked
def merge(
    folders: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    catalog: str | os.PathLike[str] | None = None,
) -> Merged:
    """Take catalogs that were measured apart into the user's own.

    A board that both have gets the runs of both, and its rows anew from all of them; a run that is here
    already counts once, and one that went on elsewhere is taken as it ended. What contradicts what is here,
    cannot be read or is busy is left out, and said.

    Args:
        folders: the catalogs.
        catalog: the one that they are merged into; else that of `ADVISOR_CATALOG`, else the platform's.

    Raises:
        AdvisorError: a folder is none, or the catalog cannot be written.
    """
    target = target_folder(catalog)
    sources = [Path(each) for each in _listed(folders)]
    for source in sources:
        if not source.is_dir():
            hint = "name the folder of a catalog"
            raise AdvisorError(f"{shown_path(source)} is not a folder", hint)
        if target.exists() and source.samefile(target):
            hint = "name the others alone"
            raise AdvisorError(f"{shown_path(source)} is what is merged into", hint)
    boards: list[MergedBoard] = []
    refused: list[str] = []
    added: Counter[str] = Counter()
    with writing(target):
        for source in sources:
            opened = Catalog(layers_with(source))
            readable, broken = _readable(opened, source)
            _keep_named(opened, source, target, readable)
            boards += [*broken, *_boards(list(readable), source, target)]
            for kind, more, conflicts in (
                *_tables(source, target),
                ("evaluations", *_evaluations(source, target)),
            ):
                added[kind] += more
                refused += [f"{source}: {each}" for each in conflicts]
    return Merged(target, tuple(boards), tuple(refused), **added)


def _listed(
    folders: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
) -> Sequence[str | os.PathLike[str]]:
    return [folders] if isinstance(folders, str | os.PathLike) else list(folders)


def _readable(
    opened: Catalog, source: Path
) -> tuple[dict[Path, Collection[str]], list[MergedBoard]]:
    """The boards of a catalog, each with the networks that its rows name; and those that are broken."""
    found: dict[Path, Collection[str]] = {}
    broken = []
    for folder in boards_of(source):
        try:
            found[folder] = opened.measurements(opened.board(folder.name)).architecture.names
        except AdvisorError as error:
            broken.append(MergedBoard(folder.name, os.fspath(source), refused=error.message))
    return found, broken


def _keep_named(
    opened: Catalog, source: Path, target: Path, boards: Mapping[Path, Collection[str]]
) -> None:
    """Bring what rows of a catalog name, networks and sources, where it is not known here."""
    named = {name for names in boards.values() for name in names}
    for file, columns, further in (
        (ACCURACY_FILE, REQUIRED, FURTHER),
        (WEIGHTS, WEIGHTS_COLUMNS, ()),
    ):
        with suppress(BrokenFileError):  # of which is said when its rows are to be added
            named |= {each["architecture"] for each in _cells(source / file, columns, further)}
    known = Catalog(layers_with(target)).architectures
    new = sorted(name for name in named if name not in known and name in opened.architectures)
    keep_costs(target, [opened.architectures[name] for name in new])
    with suppress(BrokenFileError):
        _keep_sources(source, target)


def _boards(folders: Sequence[Path], source: Path, target: Path) -> list[MergedBoard]:
    """Merge boards; what is broken, busy or of a later format is left out, and costs nothing but itself."""
    found = []
    for folder in counted_off(folders, f"merging boards of {source}"):
        try:
            found.append(_board(folder, source, target))
        except AdvisorError as error:
            said = MergedBoard(folder.name, os.fspath(source))
            found.append(replace(said, refused=error.message))
    here = Catalog(layers_with(target))
    return [_checked(each, here, target) if each.is_new else each for each in found]


def _keep_sources(source: Path, target: Path) -> None:
    """Add the sources that a catalog describes and the other lacks, as they are written there."""
    theirs, ours = source / SOURCES_FILE, target / SOURCES_FILE
    if not theirs.exists():
        return
    known = {*read_sources(shipped_folder() / SOURCES_FILE)}
    known |= {*read_sources(ours)} if ours.exists() else set()
    new = [key for key in read_sources(theirs) if key not in known]
    if not new:
        return
    text = theirs.read_text(encoding="utf-8")
    blocks = [block for key in new for block in as_written(key).findall(text)]
    before = ours.read_text(encoding="utf-8") if ours.exists() else ""
    parts = [each.rstrip("\n") for each in (before, *blocks) if each]
    write_whole(ours, "\n".join(parts) + "\n")


def _board(folder: Path, source: Path, target: Path) -> MergedBoard:
    """Merge one board."""
    said = MergedBoard(folder.name, os.fspath(source))
    place = target / "boards" / folder.name
    runs = read_runs(folder / "runs")
    if not place.exists():
        return _new(said, folder, target, len(runs))
    theirs, ours = (read_board(each, "own", None) for each in (folder, place))
    here = read_runs(place / "runs")
    if not runs or not here:
        table = "measurements.csv"
        if (folder / table).read_bytes() == (place / table).read_bytes():
            return said
        why = "it was imported, and its rows differ from those here: import one under another name"
        return replace(said, refused=why)
    if unlike := _unlike(theirs, ours):
        return replace(said, refused=f"the board of that name here is another: {unlike}")
    new, known, contradicting = _sorted_out(runs, here)
    if contradicting:
        why = f"run {contradicting[0].run_id} is here with other sessions"
        return replace(said, refused=why)
    if new:
        with exclusive(place), made_aside(place) as aside:
            _add(new, here, aside / "runs")
            publish(aside, _host(ours, [*here, *new]))
    return replace(said, added=len(new), known=known)


def _new(said: MergedBoard, folder: Path, target: Path, runs: int) -> MergedBoard:
    """Copy a board that is new."""
    with made_aside(target / "boards" / folder.name) as aside:
        shutil.copytree(folder, aside, dirs_exist_ok=True, ignore=_links)
    return replace(said, added=runs, is_new=True)


def _checked(said: MergedBoard, here: Catalog, target: Path) -> MergedBoard:
    """What was copied, if it can be read here; else it is taken away again."""
    try:
        here.surveyed(said.board)
    except AdvisorError as error:  # it names what this catalog does not know
        shutil.rmtree(target / "boards" / said.board)
        why = f"import it here instead: {error.message}"
        return MergedBoard(said.board, said.source, refused=why)
    return said


def _links(folder: str, names: list[str]) -> list[str]:
    """What is not copied: links may lead anywhere."""
    return [name for name in names if (Path(folder) / name).is_symlink()]


def _unlike(one: Board, other: Board) -> str:
    """In what two boards are not the same, in words; "" where they are."""
    for name in (*IDENTITY, *LIBRARIES):
        default = "none" if name == "heated" else UNKNOWN
        mine, its = (each.details.get(name, default) for each in (other, one))
        if mine != its and (name in IDENTITY or UNKNOWN not in (mine, its)):
            return f"{name} {mine}, and there {its}"
    return ""


def _sorted_out(
    runs: Sequence[Journal], here: Sequence[Journal]
) -> tuple[list[Journal], int, list[Journal]]:
    """Runs that are new here or went on elsewhere, how many are known, and those that contradict one here."""
    ours = {_asked(each): each for each in here}
    new, known, contradicting = [], 0, []
    for each in runs:
        mine = ours.get(_asked(each))
        if mine is None:
            new.append(each)
        elif mine.records[: len(each.records)] == each.records:
            known += 1
        elif each.records[: len(mine.records)] == mine.records:
            new.append(each)
        else:
            contradicting.append(each)
    return new, known, contradicting


def _asked(run: Journal) -> str:
    """What makes a run the one that it is: its seed, its plan, its machine; not which one here it is."""
    header = {key: value for key, value in run.header.items() if key != "number"}
    return json.dumps(header, sort_keys=True)


def _add(new: Sequence[Journal], here: Sequence[Journal], runs: Path) -> None:
    """Write runs beside those of a board; one that went on elsewhere takes the place of what it was."""
    ours = {_asked(each): each for each in here}
    number = max((each.number for each in here), default=0)
    for each in sorted(new, key=lambda run: (run.run_id, run.number)):
        before = ours.get(_asked(each))
        if before is None:
            number += 1
        header = {**each.header, "number": before.number if before else number}
        place = runs / before.run_id if before else _free(runs, each.run_id)
        lines = (json.dumps(record, separators=(",", ":")) for record in (header, *each.records))
        place.mkdir(parents=True, exist_ok=True)
        write_whole(place / SESSIONS, "".join(f"{line}\n" for line in lines))


def _free(runs: Path, name: str) -> Path:
    """A run's folder that is not there yet: two machines may begin at the same second."""
    return next(each for each in _names(runs, name) if not each.exists())


def _names(runs: Path, name: str) -> Iterator[Path]:
    yield runs / name
    count = 1
    while True:
        count += 1
        yield runs / f"{name}-{count}"


def _host(board: Board, runs: Sequence[Journal]) -> Host:
    """The machine, as its board and its last run describe it."""
    software = runs[-1].header.get("software", board.software)
    return Host(
        board.processor, board.accelerator, board.memory_mb or 0.0, software, dict(board.details)
    )


def _evaluations(source: Path, target: Path) -> tuple[int, list[str]]:
    """Add the runs on images of a catalog, and what was quantised for them.

    Returns:
        How many runs are new; and what contradicts what is here.
    """
    added, conflicts = 0, []
    for folder in _with_runs(source / FOLDER):
        name = folder.relative_to(source / FOLDER)
        try:
            more, contradicting = _evaluation(folder, target / FOLDER / name, name)
        except AdvisorError as error:
            more, contradicting = 0, [error.message]
        added += more
        conflicts += contradicting
    return added, conflicts


def _evaluation(folder: Path, place: Path, name: Path) -> tuple[int, list[str]]:
    """Add the runs on images of one network; see `_evaluations`."""
    place.parent.mkdir(parents=True, exist_ok=True)
    busy = f"another evaluation of {name} is at work"
    with locked(place.with_name(f".{place.name}.lock"), busy, "wait for it, or end it"):
        theirs, here = read_runs(folder), read_runs(place)
        new, _, contradicting = _sorted_out(theirs, here)
        _add(new, here, place)
        conflicts = _keep_files(folder, place)
    conflicts += [
        f"run {each.run_id} of evaluation {name} is here with other answers"
        for each in contradicting
    ]
    return len(new), conflicts


def _with_runs(evaluations: Path) -> list[Path]:
    """The folders in which runs on images lie: of a network, and of it on a board elsewhere."""
    places = (*evaluations.glob("*"), *evaluations.glob("*/boards/*"))
    return sorted(
        each
        for each in places
        if each.is_dir() and not each.is_symlink() and not each.name.startswith(".")
    )


def _keep_files(folder: Path, place: Path) -> list[str]:
    """Copy networks that were quantised; which of them are here with another content."""
    conflicts = []
    for file in sorted(folder.iterdir()):
        if not file.is_file() or file.is_symlink() or file.name.startswith("."):
            continue
        there = place / file.name
        if not there.exists():
            place.mkdir(parents=True, exist_ok=True)
            write_whole(there, file.read_bytes())
        elif digest_of([there]) != digest_of([file]):
            conflicts.append(
                f"{file.name} of evaluation {folder.name} is here with another content"
            )
    return conflicts


def _tables(source: Path, target: Path) -> Iterator[tuple[str, int, list[str]]]:
    """Add the rows of a catalog's tables: of what kind, how many are new, and which contradict those here."""
    here = Catalog(layers_with(target))
    work: dict[str, Callable[[], tuple[int, list[str]]]] = {
        "accuracies": partial(_accuracies, here, source, target),
        "weights": partial(_rows_of, WEIGHTS, partial(_read_weights, here), source, target),
        "aliases": partial(_rows_of, ALIASES_FILE, read_aliases, source, target),
        "devices": partial(_rows_of, DEVICE_ALIASES_FILE, read_device_aliases, source, target),
    }
    for kind, add in work.items():
        try:
            more, conflicts = add()
        except AdvisorError as error:
            more, conflicts = 0, [error.message]
        yield kind.replace("devices", "aliases"), more, conflicts


def _read_weights(here: Catalog, file: File) -> object:
    return read_weights(file, here.architectures, here.sources_for(here.layers[-1]))


TABLES: Mapping[str, tuple[Sequence[str], Sequence[str], int, str]] = {
    WEIGHTS: (WEIGHTS_COLUMNS, (), 2, "with other figures"),
    ALIASES_FILE: (ALIASES_COLUMNS, ("note",), 1, "for another network"),
    DEVICE_ALIASES_FILE: (DEVICE_ALIASES_COLUMNS, (), 1, "for another device"),
}
"""The columns that a table has and may have, how many of them say what a row is of, and how rows of the same
contradict each other, in words."""


def _rows_of(
    name: str, read: Callable[[File], object], source: Path, target: Path
) -> tuple[int, list[str]]:
    """Add the rows of one table, as they are written; how many are new, and which are here otherwise.

    Raises:
        BrokenFileError: one of the tables, or what they come to together, cannot be read.
    """
    columns, further, of, otherwise = TABLES[name]
    paths = [folder / name for folder in (source, target)]
    theirs, ours = (
        {tuple(row.values())[:of]: row for row in _cells(path, columns, further)} for path in paths
    )
    new = [row for key, row in theirs.items() if key not in ours]
    differing = [
        key
        for key, row in theirs.items()
        if key in ours and any(row[each] != ours[key][each] for each in columns)
    ]
    if new:
        header = list(dict.fromkeys(column for row in (*ours.values(), *new) for column in row))
        rows = ([row.get(each, "") for each in header] for row in (*ours.values(), *new))
        text = csv_text(header, rows)
        read(Content(paths[1], text))
        write_whole(paths[1], text)
    return len(new), [f"{' '.join(key)} is in {name} here {otherwise}" for key in differing]


def _cells(path: Path, columns: Sequence[str], further: Sequence[str]) -> list[dict[str, str]]:
    """The rows of a table as they are written; none where there is no such file."""
    if not path.exists():
        return []
    table = read_csv(path, columns, further)
    table.finish()
    names = list(table.columns)
    cells = (table.columns[name].tolist() for name in names)
    return [dict(zip(names, row, strict=True)) for row in zip(*cells, strict=True)]


def _accuracies(here: Catalog, source: Path, target: Path) -> tuple[int, list[str]]:
    """Add the accuracies of a catalog; how many are new, and which are here with another figure."""
    known = here.architectures
    theirs, ours = (
        {key_of(row): row for row in read_accuracies(path, known, None, lambda n: known[n].task)}
        if path.exists()
        else {}
        for path in (source / ACCURACY_FILE, target / ACCURACY_FILE)
    )
    differing = [key for key, row in theirs.items() if key in ours and ours[key] != row]
    new = [row for key, row in theirs.items() if key not in ours]
    if new:
        write_whole(target / ACCURACY_FILE, accuracy_table([*ours.values(), *new]))
    return len(new), [
        f"accuracy of {key[0]} ({key[1]}) is here with another figure" for key in differing
    ]
