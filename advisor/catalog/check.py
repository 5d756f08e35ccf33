"""All faults of all files of a catalog, at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from advisor.architectures.names import board_fault, identity_of_plain
from advisor.catalog.accuracy_table import ANY_SET, read_accuracies
from advisor.catalog.catalog_format import FILE as FORMAT_FILE
from advisor.catalog.catalog_format import read_format
from advisor.catalog.column_cache import measurements_of
from advisor.catalog.csv_table import read_csv
from advisor.catalog.devices import (
    DEVICE_ALIASES_FILE,
    MAKERS_FILE,
    read_device_aliases,
    read_makers,
)
from advisor.catalog.entries import read_architectures, read_board, read_sources
from advisor.catalog.files import Layer, entries
from advisor.catalog.identities import ALIASES_FILE, read_aliases
from advisor.catalog.measurements_table import (
    FURTHER_MEASUREMENT_COLUMNS,
    MEASUREMENT_COLUMNS,
)
from advisor.catalog.records import Board, Measurements
from advisor.catalog.store import ACCURACY_FILE, Catalog
from advisor.catalog.tables import read_reported, read_weights, read_zoo_table
from advisor.catalog.zoo import ACCURACY_END, FOLDER, REPORTED_END, WEIGHTS_END, zoo_files
from advisor.errors import BrokenFileError, Fault, closest, shown
from advisor.stages import counted_off

Read = TypeVar("Read")
Names = Collection[str] | None
"""The names that a file may use; `None` for any, where the file that lists them is itself broken."""

CATALOG_FILES = (
    FORMAT_FILE,
    ALIASES_FILE,
    MAKERS_FILE,
    DEVICE_ALIASES_FILE,
    "architectures.yaml",
    "sources.yaml",
    "weights.csv",
    ACCURACY_FILE,
)
BOARD_FILES = ("board.yaml", "measurements.csv", "fit.yaml", "transferred.csv")
"""`fit.yaml` is what fits were called before; nothing reads it, and fitting removes it."""


@dataclass(frozen=True)
class Checked:
    """What a check of the catalog found.

    Attributes:
        faults: everything that is wrong, by file and line.
        files: how many files were read.
        boards: how many boards there are.
        rows: how many measurement rows could be read.
    """

    faults: tuple[Fault, ...]
    files: int
    boards: int
    rows: int


def check(catalog: Catalog, read_fit: Callable[[Path], object] | None = None) -> Checked:
    """Read every file of every layer, those that another layer replaces included.

    Args:
        catalog: the catalog.
        read_fit: reads the fit in a board's folder, where those are to be checked, too.
    """
    return _Check(catalog, read_fit).run()


class _Check:
    def __init__(self, catalog: Catalog, read_fit: Callable[[Path], object] | None) -> None:
        self.catalog, self.layers, self.read_fit = catalog, catalog.layers, read_fit
        self.faults: list[Fault] = []
        self.files = self.boards = self.rows = 0
        self.sets_in_zoo: Names = set()

    def run(self) -> Checked:
        sources = self.sources()
        architectures = self.names("architectures.yaml", read_architectures, sources)

        def weights_of(path: Path, known: Names) -> Collection[str]:
            return {name for _, name in read_weights(path, architectures, known)}

        def accuracies_of(path: Path, known: Names) -> Collection[str]:
            return {each.name for each in read_accuracies(path, architectures, known)}

        for layer in self.layers:
            architectures = self.zoo(layer, sources[layer], architectures)
        if architectures is not None:
            architectures = self.attempt(lambda: self.catalog.architectures)  # with all their names
        weights = self.names("weights.csv", weights_of, sources)
        named = self.names("accuracy.csv", accuracies_of, sources)
        every = ({ANY_SET}, weights, named, self.sets_in_zoo)
        weights = None if None in every else {name for each in every if each for name in each}
        for layer in self.layers:
            if FORMAT_FILE in (self.attempt(entries, layer.folder) or {}):
                self.files += 1
                self.attempt(read_format, layer.folder)
            self.aliases(layer)
            self.devices(layer)
            self.strays(layer.folder, (*CATALOG_FILES, "boards"))
            for folder in counted_off(self.attempt(layer.board_folders) or (), "checking boards"):
                self.board(folder, layer, sources[layer], architectures, weights)
        return Checked(tuple(sorted(set(self.faults))), self.files, self.boards, self.rows)

    def devices(self, layer: Layer) -> None:
        """Read what a layer says of devices."""
        readers = {MAKERS_FILE: read_makers, DEVICE_ALIASES_FILE: read_device_aliases}
        for name, read in readers.items():
            if path := self.file(layer, name):
                self.files += 1
                self.attempt(read, path)

    def aliases(self, layer: Layer) -> None:
        """Hold a layer's table of aliases against the counts of the networks that it names."""
        path = self.file(layer, ALIASES_FILE)
        if not path:
            return
        self.files += 1
        aliases = self.attempt(read_aliases, path) or {}
        with suppress(BrokenFileError):  # of another file, which is noted where that is read
            for line, column, found, expected in self.catalog.identities.faults(aliases.values()):
                self.faults.append(Fault(path, line, column, found, expected))

    def zoo(self, layer: Layer, sources: Names, known: Names) -> Names:
        """The architectures that are known with those of a layer's zoo."""
        for name in self.attempt(zoo_files, layer) or ():
            self.files += 1
            path = layer.folder / FOLDER / name
            if name.endswith(WEIGHTS_END):
                sets = self.attempt(read_weights, path, None, sources)
                self.add_sets(None if sets is None else {of for _, of in sets})
            elif name.endswith(ACCURACY_END):
                rows = self.attempt(read_accuracies, path, None, sources)
                self.add_sets(None if rows is None else {each.name for each in rows})
            else:
                found = self.networks(path, sources)
                known = None if found is None or known is None else {*known, *found}
        return known

    def add_sets(self, names: Names) -> None:
        """Remember sets of weights that a table of the zoo names; `None` if it is broken."""
        known = self.sets_in_zoo
        self.sets_in_zoo = None if names is None or known is None else {*known, *names}

    def networks(self, path: Path, sources: Names) -> Names:
        """The names of a table's networks, the libraries' own included; `None` if it is broken."""
        if not path.name.endswith(REPORTED_END):
            return self.attempt(read_zoo_table, path)
        found = self.attempt(read_reported, path, sources)
        return None if found is None else {*found, *map(identity_of_plain, found)}

    def board(
        self,
        folder: Path,
        layer: Layer,
        sources: Names,
        architectures: Names,
        weights: Names,
    ) -> None:
        self.boards += 1
        self.files += 2
        self.strays(folder, BOARD_FILES)
        if expected := board_fault(folder.name):
            self.faults.append(Fault(folder, 0, "", "a board of this name", expected))
        board = self.attempt(read_board, folder, layer.title, sources)
        if board and board.weights and weights is not None and board.weights not in weights:
            expected = f"weights that the catalog knows ({closest(board.weights, weights)})"
            self.faults.append(
                Fault(folder / "board.yaml", 0, "", f"weights {shown(board.weights)}", expected)
            )
        path = folder / "measurements.csv"
        read = self.attempt(measurements_of, [path], architectures, sources)
        rows = read[0] if read else None
        self.rows += 0 if rows is None else len(rows)
        self.faults += _below_idle(folder, board, rows)
        with suppress(BrokenFileError):  # of another file, as above
            self.faults += _rows_of_one_network(path, rows, self.catalog)
        if self.read_fit and "fit.json" in (self.attempt(entries, folder) or {}):
            self.files += 1
            self.attempt(self.read_fit, folder)

    def sources(self) -> dict[Layer, Names]:
        """The sources that each layer's files may name: its own, and those of the layers below."""
        named: dict[Layer, Names] = {}
        known: Names = set()
        for layer in self.layers:
            path = self.file(layer, "sources.yaml")
            if path:
                self.files += 1
                own = self.attempt(read_sources, path)
                known = None if own is None or known is None else {*known, *own}
            named[layer] = known
        return named

    def names(
        self,
        file: str,
        read: Callable[[Path, Names], Collection[str]],
        sources: Mapping[Layer, Names],
    ) -> Names:
        """The names that a file lists in all layers together."""
        known: list[str] = []
        whole = True
        for layer in self.layers:
            path = self.file(layer, file)
            if path:
                self.files += 1
                found = self.attempt(read, path, sources[layer])
                whole = whole and found is not None
                known.extend(found or ())
        return set(known) if whole else None

    def file(self, layer: Layer, name: str) -> Path | None:
        if name == ACCURACY_FILE and not self.attempt(layer.has, name):
            return None
        return self.attempt(layer.file, name)

    def strays(self, folder: Path, known: Collection[str]) -> None:
        """Note tables and descriptions that nothing reads, since their names are misspelt."""
        for name, is_folder in (self.attempt(entries, folder) or {}).items():
            if name == "boards" and not is_folder:
                self.faults.append(Fault(folder / name, 0, "", "a file", "a folder of boards"))
            elif name not in known and name.endswith((".yaml", ".yml", ".csv")):
                expected = f"a file that the catalog knows ({closest(name, known)})"
                self.faults.append(Fault(folder / name, 0, "", "a file of this name", expected))

    def attempt(self, read: Callable[..., Read], *arguments: object) -> Read | None:
        try:
            return read(*arguments)
        except BrokenFileError as error:
            self.faults.extend(error.faults)
            return None


def _below_idle(folder: Path, board: Board | None, rows: Measurements | None) -> Iterator[Fault]:
    """Gross power of rows that is below what the board is said to draw while idle."""
    idle = board.certain_idle_w if board else None
    if rows is None or idle is None:
        return
    low = np.flatnonzero(rows.gross_power_w.values.value <= idle.value)
    if not len(low):
        return
    lines = read_csv(
        folder / "measurements.csv", MEASUREMENT_COLUMNS, FURTHER_MEASUREMENT_COLUMNS
    ).lines
    few = ", ".join(str(lines[row]) for row in low[:5].tolist())
    which = f"{len(low)} rows" if len(low) > 1 else "a row"
    found = f"an idle power of {idle.value:g} W, which the gross power of {which} is not above"
    expected = f"one below it, in the same scope (measurements.csv, line {few}): their net power is unknown"
    yield Fault(folder / "board.yaml", 0, "idle_power", found, expected)


def _rows_of_one_network(
    path: Path, rows: Measurements | None, catalog: Catalog
) -> Iterator[Fault]:
    """Rows that are one row twice, since two names in them are of one network."""
    names = () if rows is None else rows.architecture.names
    others = catalog.identities.repeated(names) if names else {}
    if rows is None or not others:
        return
    lines = read_csv(path, MEASUREMENT_COLUMNS, FURTHER_MEASUREMENT_COLUMNS).lines
    for row, earlier in rows.renamed(others).repeats.items():
        here, there = rows.architecture.at(row), rows.architecture.at(earlier)
        found = f"{here}, which is {there}: a key that line {lines[earlier]} has already"
        yield Fault(path, lines[row], "architecture", found, "each key once")
