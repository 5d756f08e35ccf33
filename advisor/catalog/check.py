"""All faults of all files of a catalog, at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from advisor.catalog.entries import read_architectures, read_board, read_sources
from advisor.catalog.store import SHIPPED, Catalog
from advisor.catalog.tables import read_measurements, read_weights
from advisor.errors import BrokenFileError, Fault

Read = TypeVar("Read")


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


def check(catalog: Catalog) -> Checked:
    """Read every file of every layer, those that another layer replaces included."""
    return _Check(catalog).run()


class _Anything(Collection[str]):
    """Stands for the known names where the file that lists them is itself broken."""

    def __contains__(self, name: object) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class _Check:
    def __init__(self, catalog: Catalog) -> None:
        self.layers = catalog.layers
        self.faults: list[Fault] = []
        self.files = self.boards = self.rows = 0

    def run(self) -> Checked:
        sources = self.names("sources.yaml", read_sources)
        architectures = self.names(
            "architectures.yaml", lambda path: read_architectures(path, sources)
        )
        for path in self.paths("weights.csv"):
            self.attempt(read_weights, path, architectures, sources)
        for layer in self.layers:
            for folder in layer.board_folders():
                self.boards += 1
                self.attempt(read_board, folder, layer.title, sources)
                table = folder / "measurements.csv"
                rows = self.attempt(read_measurements, table, architectures, sources)
                self.rows += 0 if rows is None else len(rows)
        return Checked(tuple(sorted(set(self.faults))), self.files, self.boards, self.rows)

    def paths(self, file: str) -> list[Path]:
        return [
            layer.folder / file
            for layer in self.layers
            if layer.title == SHIPPED or (layer.folder / file).exists()
        ]

    def names(self, file: str, read: Callable[[Path], Collection[str]]) -> Collection[str]:
        """The names that a file lists in all layers together."""
        known: list[str] = []
        whole = True
        for path in self.paths(file):
            entries = self.attempt(read, path)
            whole = whole and entries is not None
            known.extend(entries or ())
        return set(known) if whole else _Anything()

    def attempt(self, read: Callable[..., Read], *arguments: object) -> Read | None:
        self.files += 1
        try:
            return read(*arguments)
        except BrokenFileError as error:
            self.faults.extend(error.faults)
            return None
