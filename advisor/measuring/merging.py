"""Catalogs that were measured apart, in one: runs are taken together, and none counts twice."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from advisor.arguments import checked
from advisor.catalog.accuracy_table import accuracy_table, key_of, read_accuracies
from advisor.catalog.entries import read_board, read_sources
from advisor.catalog.files import layers_with, shipped_folder, target_folder, write_whole
from advisor.catalog.importers.board_files import as_written
from advisor.catalog.records import Board
from advisor.catalog.store import ACCURACY_FILE, Catalog
from advisor.catalog.writers import boards_of, made_aside, writing
from advisor.errors import AdvisorError, BrokenFileError, shown_path
from advisor.measuring.host import IDENTITY, UNKNOWN, Host
from advisor.measuring.journal import SESSIONS, Journal, exclusive, read_runs
from advisor.measuring.measurable import keep_costs
from advisor.measuring.publish import publish
from advisor.measuring.runtimes.variants import LIBRARIES

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
    """

    board: str
    source: str
    added: int = 0
    known: int = 0
    refused: str = ""


@dataclass(frozen=True)
class Merged:
    """What became of catalogs that were merged.

    Attributes:
        catalog: where they were merged into.
        boards: what became of each board.
        accuracies: how many accuracies are new here.
        refused: what was left out beside boards, in words.
    """

    catalog: Path
    boards: tuple[MergedBoard, ...]
    accuracies: int
    refused: tuple[str, ...]

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
    already counts once, and one that went on elsewhere is taken as it ended. What contradicts what is here
    is left out, and said.

    Args:
        folders: the catalogs.
        catalog: the one that they are merged into; else that of `ADVISOR_CATALOG`, else the platform's.

    Raises:
        AdvisorError: a folder is none, a file of it is broken, or the catalog cannot be written.
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
    accuracies = 0
    with writing(target):
        for source in sources:
            opened = Catalog(layers_with(source))
            boards += [_merged(opened, folder, source, target) for folder in boards_of(source)]
            try:
                more, conflicts = _accuracies(opened, source, target)
            except BrokenFileError as error:
                more, conflicts = 0, [error.message]
            accuracies += more
            refused += conflicts
    return Merged(target, tuple(boards), accuracies, tuple(refused))


def _listed(
    folders: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
) -> Sequence[str | os.PathLike[str]]:
    return [folders] if isinstance(folders, str | os.PathLike) else list(folders)


def _merged(opened: Catalog, folder: Path, source: Path, target: Path) -> MergedBoard:
    """Merge one board; what is broken is left out, and costs nothing but itself."""
    try:
        named = opened.measurements(opened.board(folder.name)).architecture.names
        known = Catalog(layers_with(target)).architectures
        keep_costs(target, [opened.architectures[name] for name in named if name not in known])
        _keep_sources(source, target)
        return _board(folder, source, target)
    except BrokenFileError as error:
        return MergedBoard(folder.name, os.fspath(source), refused=error.message)


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
        return _of(said, refused=why)
    if unlike := _unlike(theirs, ours):
        return _of(said, refused=f"the board of that name here is another: {unlike}")
    new, known, contradicting = _sorted_out(runs, here)
    if contradicting:
        why = f"run {contradicting[0].run_id} is here with other sessions"
        return _of(said, refused=why)
    if new:
        with exclusive(place), made_aside(place) as aside:
            _add(new, here, aside / "runs")
            publish(aside, _host(ours, [*here, *new]))
    return _of(said, added=len(new), known=known)


def _new(said: MergedBoard, folder: Path, target: Path, runs: int) -> MergedBoard:
    """Copy a board that is new, if it can be read here."""
    place = target / "boards" / folder.name
    with made_aside(place) as aside:
        shutil.copytree(folder, aside, dirs_exist_ok=True, ignore=_links)
    try:
        Catalog(layers_with(target)).surveyed(folder.name)
    except BrokenFileError as error:  # it names what this catalog does not know
        shutil.rmtree(place)
        return _of(said, refused=f"import it here instead: {error.message}")
    return _of(said, added=runs)


def _links(folder: str, names: list[str]) -> list[str]:
    """What is not copied: links may lead anywhere."""
    return [name for name in names if (Path(folder) / name).is_symlink()]


def _of(said: MergedBoard, *, added: int = 0, known: int = 0, refused: str = "") -> MergedBoard:
    return MergedBoard(said.board, said.source, added, known, refused)


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
    number = max(each.number for each in here)
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


def _accuracies(opened: Catalog, source: Path, target: Path) -> tuple[int, list[str]]:
    """Add the accuracies of a catalog; how many are new, and which are here with another figure."""
    path = source / ACCURACY_FILE
    if not path.exists():
        return 0, []
    known = {**opened.architectures, **Catalog(layers_with(target)).architectures}
    read = [
        read_accuracies(each, known, None, lambda name: known[name].task) if each.exists() else []
        for each in (path, target / ACCURACY_FILE)
    ]
    theirs, ours = ({key_of(row): row for row in rows} for rows in read)
    differing = [key for key, row in theirs.items() if key in ours and ours[key] != row]
    new = [row for key, row in theirs.items() if key not in ours]
    if new:
        write_whole(target / ACCURACY_FILE, accuracy_table([*ours.values(), *new]))
    return len(new), [
        f"{source}: accuracy of {key[0]} ({key[1]}) is here with another figure"
        for key in differing
    ]
