"""Files that travel to a board elsewhere: in parts, under a digest of their content, and kept there.

What a network is made of, its weights, what was prepared of it on another machine, images: each is sent once
to each worker, and looked for before.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib import invalidate_caches
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from advisor.architectures.names import is_own_file
from advisor.architectures.onnx_file import files_of, load_model
from advisor.digests import digest_of
from advisor.errors import AdvisorError, reason_of
from advisor.folders import WRITING, ready_cache
from advisor.measuring.image_data import LabelledImage
from advisor.measuring.runtimes.exports import EXPORTS, drop_oldest, export_folder
from advisor.measuring.tasks import Task

SENT = "fleet"
"""The folder of the cache in which lies what was sent here; it may be deleted between runs."""

PART_BYTES = 4_000_000
"""How much travels at a time: of more in one piece Dask warns."""

MOST_BYTES = 20_000_000_000
"""How much of what was sent is kept, the last used first."""

IN_EXPORTS = ""
"""The folder's name of what was prepared elsewhere, and lies here as if it had been prepared here."""


@dataclass(frozen=True)
class Sent:
    """A file on its way.

    Attributes:
        folder: the folder in which it is to lie, which is named by its content; or `IN_EXPORTS`.
        name: its own name.
        digest: of its content.
    """

    folder: str
    name: str
    digest: str

    def place(self) -> Path:
        """Where it lies on this machine.

        Raises:
            AdvisorError: no folder can be made, or the name is that of a file elsewhere.
        """
        if any(
            each in (".", "..") or each != Path(each).name
            for each in (self.folder, self.name)
            if each
        ):
            raise AdvisorError(f"{self.folder}/{self.name} is no file of a fleet")
        return self._home() / self.name

    def _home(self) -> Path:
        return ready_cache(EXPORTS) if not self.folder else ready_cache(f"{SENT}/{self.folder}")


# --- on the worker


def places(files: Sequence[Sent]) -> list[tuple[str, bool]]:
    """Where files lie here, and whether they do."""
    found = [each.place() for each in files]
    for place in found:
        if place.exists():
            place.parent.touch()  # what is used stays
    return [(str(place), place.exists()) for place in found]


def keep(parts: Sequence[tuple[Sent, int, bytes, bool]]) -> None:
    """Write parts of files: each with where it begins, its bytes, and whether it is the last.

    Raises:
        AdvisorError: a file is not what was sent, once it is whole.
        OSError: the disk is full, say.
    """
    for file, begin, content, is_last in parts:
        begun = file.place().with_name(f"{WRITING}{file.name}")
        with begun.open("r+b" if begin else "wb") as stream:
            stream.seek(begin)
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        if is_last:
            _finish(file, begun)


def _finish(file: Sent, begun: Path) -> None:
    """Let a file that is whole be found.

    Raises:
        AdvisorError: it is not what was sent.
    """
    if digest_of([begun]) != file.digest:
        raise AdvisorError(f"{file.name} came broken")
    begun.replace(file.place())


def digest_of_module(name: str) -> str:
    """The digest of the file of a module of the user's own, which does not travel; "" where there is none."""
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    invalidate_caches()
    try:
        found = find_spec(name)
    except (ImportError, ValueError):  # of the package that it would be in
        return ""
    place = Path(found.origin) if found and found.origin else None
    return digest_of([place]) if place and place.is_file() else ""


def digest_of_export(name: str) -> str:
    """The digest of what was prepared here."""
    return digest_of([Sent(IN_EXPORTS, name, "").place()])


def part_of_export(name: str, begin: int) -> bytes:
    """A part of what was prepared here."""
    with Sent(IN_EXPORTS, name, "").place().open("rb") as stream:
        stream.seek(begin)
        return stream.read(PART_BYTES)


def tidy() -> None:
    """Keep what was sent last."""
    drop_oldest(MOST_BYTES, ready_cache(SENT))


# --- on the client


def receive(file: Sent, parts: Iterable[bytes]) -> None:
    """Write what comes from a worker; others see it whole, or not at all.

    Raises:
        AdvisorError: it is not what was sent, or cannot be written.
    """
    place = file.place()
    begun = place.with_name(f"{WRITING}{os.getpid()}-{os.urandom(4).hex()}")
    try:
        with begun.open("xb") as stream:
            for part in parts:
                stream.write(part)
            stream.flush()
            os.fsync(stream.fileno())
        _finish(file, begun)
    except OSError as error:
        raise AdvisorError(f"{place} cannot be written: {reason_of(error)}") from None
    finally:
        with suppress(OSError):
            begun.unlink(missing_ok=True)


Ask = Callable[..., Any]
"""Has a worker call a function; what it returns."""


class Files:
    """What one worker has of the files of this machine.

    Threads may share it.
    """

    def __init__(self, ask: Ask) -> None:
        """Know of none.

        Args:
            ask: has the worker call a function with arguments, and gives what it returns; raises
                `AdvisorError` where it cannot.
        """
        self._ask, self._sending = ask, threading.Lock()
        self._there: dict[Sent, str] = {}
        self._known: dict[tuple[str, float], Sent] = {}

    def forget(self) -> None:
        """Look for all of them again: it is another worker now."""
        self._there.clear()

    def task(self, task: Task) -> Task:
        """A task with the worker's paths.

        Raises:
            AdvisorError: a file cannot be read, or not be sent.
        """
        made_from, weights = task.made_from, task.weights
        calibration = None if task.prepared else task.calibration  # it is quantised already
        if is_own_file(made_from):
            made_from = self._network(Path(made_from))
        if weights:
            weights = self.send([Path(weights)])[0]
        if calibration is not None:
            calibration = replace(calibration, images=tuple(self.images(calibration.images)))
        return replace(task, made_from=made_from, weights=weights, calibration=calibration)

    def images(self, images: Sequence[LabelledImage]) -> list[LabelledImage]:
        """Images with the worker's paths."""
        paths = self.send([Path(each.path) for each in images])
        return [replace(each, path=path) for each, path in zip(images, paths, strict=True)]

    def _network(self, path: Path) -> str:
        """A network's file with those beside it that hold its weights."""
        if path.suffix.lower() != ".onnx":
            return self.send([path])[0]
        files = files_of(path, load_model(path))
        if any(each.parent != path.parent for each in files):
            raise AdvisorError(
                f"{path}: its external data lie in folders, which do not travel",
                "put them beside it, or export with external_data=False",
            )
        return self.send(files, together=True)[0]

    def export(self, name: str) -> None:
        """What was prepared, from this machine's folder of exports into the worker's."""
        path = export_folder() / name
        beside = [path.with_suffix(".bin")] if path.suffix == ".xml" else []
        self.send([*beside, path], folder=IN_EXPORTS)

    def send(
        self, paths: Sequence[Path], *, together: bool = False, folder: str | None = None
    ) -> list[str]:
        """Send what the worker lacks; the paths of all there.

        Args:
            paths: the files.
            together: whether they are to lie in one folder, by which they find each other.
            folder: the folder; by their content unless given.
        """
        try:
            shared = digest_of(paths) if together else folder
            files = [self._file(path, shared) for path in paths]
        except OSError as error:
            raise AdvisorError(f"{error.filename}: {reason_of(error)}") from None
        with self._sending:
            unknown = [each for each in dict.fromkeys(files) if each not in self._there]
            if unknown:
                here = dict(zip(files, paths, strict=True))
                found = dict(zip(unknown, self._ask(places, unknown), strict=True))
                lacks = {each: here[each] for each, (_, is_there) in found.items() if not is_there}
                for parcel in _parcels(lacks):
                    self._ask(keep, parcel)
                self._there.update({each: place for each, (place, _) in found.items()})
        return [self._there[each] for each in files]

    def _file(self, path: Path, folder: str | None) -> Sent:
        key = str(path), path.stat().st_mtime
        found = self._known.get(key)
        if found is None:
            digest = digest_of([path])
            found = self._known[key] = Sent(digest, path.name, digest)
        return found if folder is None else replace(found, folder=folder)


def _parcels(files: Mapping[Sent, Path]) -> Iterator[list[tuple[Sent, int, bytes, bool]]]:
    """The files in parts, several small ones in one parcel."""
    parcel: list[tuple[Sent, int, bytes, bool]] = []
    size = 0
    for file, path in files.items():
        with path.open("rb") as stream:
            begin, content = 0, stream.read(PART_BYTES)
            while True:
                following = stream.read(PART_BYTES)
                parcel.append((file, begin, content, not following))
                size += len(content)
                if size >= PART_BYTES:
                    yield parcel
                    parcel, size = [], 0
                if not following:
                    break
                begin, content = begin + len(content), following
    if parcel:
        yield parcel
