"""How a catalog was before a writer began: kept beside it until the writer ends, so that it can be so again.

A writer changes several files that go together. Before each first change, what was there is kept in a
hidden folder, and a line says so; when all is written the lines are removed, at once. A writer that fails, or
the next one after one that was killed, finds the lines and puts everything back.
"""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

from advisor.catalog.files import MAKING, REPLACED

FOLDER = ".undo"
LINES = "lines.jsonl"


class Undo:
    """What one writer has changed of a catalog so far."""

    def __init__(self, catalog: Path) -> None:
        """Begin with nothing changed.

        Args:
            catalog: the catalog, whose lock is held.
        """
        self._catalog = catalog.resolve()
        self._folder = self._catalog / FOLDER
        self._lines = self._folder / LINES
        self._kept: dict[str, None] = {}

    def file(self, path: Path) -> None:
        """Keep a file as it is, or that there is none, before it is written or removed for the first time."""
        if any(part.startswith(MAKING) for part in path.parts) or self._name(path) in self._kept:
            return
        copy = ""
        if path.exists():
            self._folder.mkdir(exist_ok=True)
            copy = f"{len(self._kept)}"
            kept = self._folder / copy
            with suppress(OSError):
                kept.unlink()
            try:
                os.link(path, kept)  # whoever writes it replaces it
            except OSError:
                shutil.copy2(path, kept)
        self._note(path, {"copy": copy})

    def folder(self, place: Path) -> None:
        """Remember which folder lies in a place, before another one takes it."""
        if self._name(place) not in self._kept:
            self._note(place, {"inode": place.stat().st_ino if place.exists() else None})

    def done(self) -> None:
        """All is as it should be: forget how it was."""
        with suppress(FileNotFoundError):
            self._lines.unlink()
        for name in self._kept:
            place = self._path(name)
            shutil.rmtree(place.with_name(REPLACED + place.name), ignore_errors=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    def back(self) -> None:
        """Put everything back as it was, also what a writer changed that was killed.

        Raises:
            OSError: something cannot be put back; the next writer tries again.
        """
        entries = self._read()
        for entry in reversed(entries):
            if "inode" in entry:
                self._folder_back(self._path(entry["name"]), entry["inode"])
            else:
                self._file_back(self._path(entry["name"]), entry["copy"])
        for entry in entries:
            for name in entry["missing"]:  # the innermost first
                with suppress(OSError):  # it holds something else now
                    self._path(name).rmdir()
        self.done()

    def _note(self, path: Path, entry: dict[str, object]) -> None:
        self._folder.mkdir(exist_ok=True)
        name = self._name(path)
        missing = [self._name(each) for each in path.parents if not each.exists()]
        line = json.dumps({"name": name, "missing": missing, **entry}).encode() + b"\n"
        with self._lines.open("ab", buffering=0) as stream:
            stream.write(line)
            os.fsync(stream.fileno())
        self._kept[name] = None

    def _read(self) -> list[dict[str, Any]]:
        """The lines; one that was not finished is of a change that was not begun."""
        with suppress(FileNotFoundError):
            content = self._lines.read_bytes()
            lines = content[: content.rfind(b"\n") + 1].splitlines()
            entries = [json.loads(line) for line in lines]
            self._kept = dict.fromkeys(entry["name"] for entry in entries)
            return entries
        return []

    def _file_back(self, path: Path, copy: object) -> None:
        kept = self._folder / str(copy)
        if not copy:
            with suppress(FileNotFoundError, NotADirectoryError):
                path.unlink()
        elif kept.exists():
            kept.replace(path)

    def _folder_back(self, place: Path, inode: object) -> None:
        aside, before = (place.with_name(start + place.name) for start in (MAKING, REPLACED))
        if inode is None:
            shutil.rmtree(place, ignore_errors=True)
            return
        there = [each for each in (place, before, aside) if each.exists()]
        old = next((each for each in there if each.stat().st_ino == inode), place)
        if old == place:
            return
        gone = place.with_name(f"{MAKING}{place.name}-undone")
        if place.exists():
            shutil.rmtree(gone, ignore_errors=True)
            place.rename(gone)
        old.rename(place)
        shutil.rmtree(gone, ignore_errors=True)

    def _name(self, path: Path) -> str:
        """A path as a line has it: within the catalog, so that the catalog can be moved."""
        if path.is_relative_to(self._catalog):
            return path.relative_to(self._catalog).as_posix()
        return str(path)

    def _path(self, name: object) -> Path:
        return self._catalog / str(name)
