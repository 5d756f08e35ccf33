"""Where the catalog lies, and how the user's own folder overlays the shipped one."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from platformdirs import user_data_path

from advisor.catalog.entries import read_architectures, read_board, read_sources
from advisor.catalog.records import Architecture, Board, Measurements, Source, Weights
from advisor.catalog.tables import read_measurements, read_weights
from advisor.errors import AdvisorError, closest, shown

SHIPPED = "shipped"
Entry = TypeVar("Entry")
Key = TypeVar("Key")


@dataclass(frozen=True)
class Layer:
    """One catalog folder.

    Attributes:
        title: what answers call it: "shipped", or the user's path.
        folder: where it lies.
    """

    title: str
    folder: Path

    def board_folders(self) -> list[Path]:
        """The folders of its boards, sorted by name."""
        boards = self.folder / "boards"
        if not boards.is_dir():
            return []
        return sorted(
            folder
            for folder in boards.iterdir()
            if folder.is_dir() and not folder.name.startswith(".")
        )


def shipped_folder() -> Path:
    """The catalog inside the installed package, or else that of the checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_catalog"
    return installed if installed.is_dir() else package.parent / "catalog"


def user_folder(asked: str | os.PathLike[str] | None = None) -> Path | None:
    """The user's own catalog folder: as asked for, else `ADVISOR_CATALOG`, else the platform's.

    Returns:
        The folder; `None` where none was asked for and the platform's does not exist.

    Raises:
        AdvisorError: the one asked for does not exist or is no folder.
    """
    named = str(asked) if asked is not None else os.environ.get("ADVISOR_CATALOG", "")
    if asked is None and not named:
        folder = user_data_path("dnn-advisor") / "catalog"
        return folder if folder.is_dir() else None
    origin = "--catalog" if asked is not None else "ADVISOR_CATALOG"
    folder = Path(named).expanduser()
    try:
        exists = bool(named) and folder.exists()
    except (OSError, ValueError):
        exists = False
    if not exists:
        raise AdvisorError(f"{origin}: the folder {shown(named)} does not exist", "name a folder")
    if not folder.is_dir():
        raise AdvisorError(f"{origin}: {shown(named)} is not a folder", "name a folder")
    return folder


@dataclass(frozen=True)
class Catalog:
    """All that is known, read when it is asked for.

    Only the files that a question needs are read, so a broken file costs nothing but itself.

    Attributes:
        layers: the catalog folders; a later one adds to and replaces entries of an earlier one.
    """

    layers: tuple[Layer, ...]

    @classmethod
    def open(cls, folder: str | os.PathLike[str] | None = None) -> Catalog:
        """The shipped catalog, overlaid by the user's own.

        Args:
            folder: the user's catalog folder; see `user_folder` for where it is sought otherwise.

        Raises:
            AdvisorError: the folder does not exist.
        """
        layers = [Layer(SHIPPED, shipped_folder())]
        own = user_folder(folder)
        if own is not None and own.resolve() != layers[0].folder.resolve():
            layers.append(Layer(str(own), own))
        return cls(tuple(layers))

    def _merged(self, file: str, read: Callable[[Path], Mapping[Key, Entry]]) -> dict[Key, Entry]:
        merged: dict[Key, Entry] = {}
        for layer in self.layers:
            path = layer.folder / file
            if path.exists() or layer.title == SHIPPED:
                merged.update(read(path))
        return merged

    @cached_property
    def sources(self) -> Mapping[str, Source]:
        """Every source by its key."""
        return self._merged("sources.yaml", read_sources)

    @cached_property
    def architectures(self) -> Mapping[str, Architecture]:
        """Every architecture by its name."""
        return self._merged(
            "architectures.yaml", lambda path: read_architectures(path, self.sources)
        )

    @cached_property
    def weights(self) -> Mapping[tuple[str, str], Weights]:
        """Every set of weights by (architecture, name)."""
        return self._merged(
            "weights.csv", lambda path: read_weights(path, self.architectures, self.sources)
        )

    @cached_property
    def board_folders(self) -> Mapping[str, tuple[Path, str]]:
        """The folder of each board and the layer that it comes from, by the board's name."""
        return {
            folder.name: (folder, layer.title)
            for layer in self.layers
            for folder in layer.board_folders()
        }

    def board(self, name: str) -> Board:
        """The board of that name.

        Raises:
            AdvisorError: there is none, or its file is broken.
        """
        if name not in self.board_folders:
            raise AdvisorError(
                f"unknown board {shown(name)}",
                f"{closest(name, self.board_folders)} (`advisor boards` lists them)",
            )
        folder, layer = self.board_folders[name]
        return read_board(folder, layer, self.sources)

    def measurements(self, board: Board) -> Measurements:
        """The rows of a board.

        Raises:
            AdvisorError: its file is broken.
        """
        path = board.folder / "measurements.csv"
        return read_measurements(path, self.architectures, self.sources)

    def architecture(self, name: str) -> Architecture:
        """The architecture of that name.

        Raises:
            AdvisorError: there is none.
        """
        if name not in self.architectures:
            hint = closest(name, self.architectures)
            raise AdvisorError(f"unknown architecture {shown(name)}", hint)
        return self.architectures[name]
