"""A catalog that is hosted elsewhere: files beside an index of them, read-only, kept here by their content.

The index, `index.json`, names every file with its size and SHA-256. Whoever opens the catalog reads the index
and the files of which the cache has no copy, holds each against its digest, and lays them out as a folder of
the cache, one for each state of the index: a reader never sees half of two states.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from advisor.catalog.files import (
    MAKING,
    Layer,
    bytes_of,
    entries,
    is_hosted,
    layers,
    layers_with,
    named_catalog,
    write_whole,
)
from advisor.errors import AdvisorError, reason_of, shown
from advisor.folders import ready_cache
from advisor.stages import counted_off

INDEX = "index.json"
FORMAT = 1
SUFFIXES = (".csv", ".json", ".jsonl", ".md", ".txt", ".yaml")
"""What the files of a catalog are; nothing else is indexed, and nothing else is fetched."""
RUNS, EVALUATIONS = "runs", "evaluations"
"""The folder of a board in which its journals lie, and that of a catalog with those of runs on images."""
LARGEST = 1 << 30
"""In bytes; no longer index is read, nor one that names more than so much in all."""
AT_ONCE = 16
"""So many files are fetched together."""
UNUSED_S = 30 * 86_400.0
"""What nobody has opened for so long is removed from the cache."""
PIECE = 1 << 20
"""So many bytes are read at once."""


@dataclass(frozen=True)
class Indexed:
    """One file of an index.

    Attributes:
        path: where it lies in the catalog, with slashes.
        size: in bytes.
        sha256: of its content, in hexadecimal.
    """

    path: str
    size: int
    sha256: str


def layers_of(asked: str | os.PathLike[str] | None = None) -> tuple[Layer, ...]:
    """The shipped catalog and, above it, the user's own, or a hosted one that is fetched first.

    Raises:
        AdvisorError: as `layers` and `fetched` have it.
    """
    named = named_catalog(asked)
    return layers_with(fetched(named), named) if is_hosted(named) else layers(asked)


def write_index(folder: Path) -> tuple[Indexed, ...]:
    """Write the index of a catalog's folder into it, so that it can be hosted as files.

    Args:
        folder: the catalog.

    Returns:
        What is in it.

    Raises:
        AdvisorError: there is no such folder, or it cannot be read or written.
    """
    if not folder.is_dir():
        raise AdvisorError(f"{folder} is not a folder", "name the folder of a catalog")
    found = []
    for path in counted_off(list(_files(folder)), "reading files"):
        content = bytes_of(path)
        name = path.relative_to(folder).as_posix()
        found.append(Indexed(name, len(content), hashlib.sha256(content).hexdigest()))
    files = {each.path: {"bytes": each.size, "sha256": each.sha256} for each in found}
    document = {"format": FORMAT, "files": files}
    write_whole(folder / INDEX, json.dumps(document, indent=1, sort_keys=True) + "\n")
    return tuple(found)


def _files(folder: Path) -> Iterator[Path]:
    """What of a catalog's folder is its files, in order."""
    for name, is_folder in entries(folder).items():
        path = folder / name
        if is_folder:
            if not path.is_symlink():
                yield from _files(path)
        elif name.endswith(SUFFIXES) and name != INDEX and path.is_file():
            yield path


@dataclass(frozen=True)
class Carried:
    """A user's catalog on its way to another machine: the text of its files, without what was timed.

    Attributes:
        title: what answers call it.
        files: the path in the catalog, with slashes, and the content of each.
    """

    title: str
    files: tuple[tuple[str, bytes], ...]

    def layers(self) -> tuple[Layer, ...]:
        """The shipped catalog of the machine that this has come to, and this one above it.

        Raises:
            AdvisorError: it cannot be written there.
        """
        index = [
            Indexed(path, len(content), hashlib.sha256(content).hexdigest())
            for path, content in self.files
        ]
        cache, contents = ready_cache("hosted"), ready_cache("hosted/files")
        state = "\n".join(f"{each.sha256} {each.path}" for each in index)
        place = cache / hashlib.sha256(state.encode()).hexdigest()
        if not place.is_dir():
            for each, (_, content) in zip(index, self.files, strict=True):
                write_whole(contents / each.sha256, content)
            _lay_out(index, contents, place)
        return layers_with(place, self.title)


def carried(layer: Layer) -> Carried:
    """What of a user's catalog decides its answers; its runs have long been written into its tables."""
    files = ((path, path.relative_to(layer.folder)) for path in _files(layer.folder))
    return Carried(
        layer.title,
        tuple(
            (name.as_posix(), bytes_of(path)) for path, name in files if not _is_journal(name.parts)
        ),
    )


def _is_journal(parts: Sequence[str]) -> bool:
    """Whether a file of a catalog is of what was timed, by where it lies."""
    return parts[0] == EVALUATIONS or (parts[0] == "boards" and parts[2:3] == (RUNS,))


def fetched(url: str) -> Path:
    """The folder in which a hosted catalog lies here, after whatever of it is new has been fetched.

    Args:
        url: where it is hosted, as fsspec reads it: https://..., s3://..., without its `index.json`.

    Raises:
        AdvisorError: it cannot be reached, is no catalog's index, or has other content than its index says.
    """
    base = url.rstrip("/")
    written = _fetch(base, [Indexed(INDEX, LARGEST, "")])[0]
    files = _read_index(f"{base}/{INDEX}", written)
    cache, contents = ready_cache("hosted"), ready_cache("hosted/files")
    _drop_unused(cache, contents)
    place = cache / hashlib.sha256(written).hexdigest()
    if place.is_dir():
        os.utime(place)  # it is in use
        return place
    new = {each.sha256: each for each in files if not (contents / each.sha256).is_file()}
    for some in counted_off(list(_portions(list(new.values()))), f"fetching files of {url}"):
        for each, content in zip(some, _fetch(base, some), strict=True):
            digest = hashlib.sha256(content).hexdigest()
            if len(content) != each.size or digest != each.sha256:
                raise AdvisorError(
                    f"{base}/{shown(each.path)} is not what its index says",
                    "it may be changing right now: try again, or `advisor catalog index` it anew",
                )
            write_whole(contents / digest, content)
    _lay_out(files, contents, place)
    return place


def _lay_out(files: Iterable[Indexed], contents: Path, place: Path) -> None:
    """Make a folder of a catalog's files; who makes the same at the same time makes it equal."""
    making = place.with_name(f"{MAKING}{place.name}-{os.getpid()}")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir()
    for each in files:
        path = making / each.path
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(contents / each.sha256, path)  # whoever writes here replaces files
        except OSError:
            shutil.copyfile(contents / each.sha256, path)
    with suppress(OSError):  # another process was first
        making.rename(place)
    shutil.rmtree(making, ignore_errors=True)


def _drop_unused(cache: Path, contents: Path) -> None:
    """Remove states that nobody has opened for long, what killed processes left, and files of no state."""
    long_ago = time.time() - UNUSED_S
    for folder in cache.iterdir():
        if folder != contents and folder.stat().st_mtime < long_ago:
            shutil.rmtree(folder, ignore_errors=True)
    for file in contents.iterdir():
        with suppress(OSError):  # another process was first
            found = file.stat()
            if found.st_nlink == 1 and found.st_mtime < long_ago:
                file.unlink()


def _portions(files: Sequence[Indexed]) -> Iterator[Sequence[Indexed]]:
    for start in range(0, len(files), AT_ONCE):
        yield files[start : start + AT_ONCE]


def _fetch(base: str, files: Sequence[Indexed]) -> list[bytes]:
    """What files of a hosted catalog hold, in order; of one that is longer than it should be, a byte more.

    Raises:
        AdvisorError: one cannot be read.
    """
    try:
        import fsspec
    except ImportError:
        hint = "pip install 'dnn-advisor[hosted]'"
        raise AdvisorError("reading a hosted catalog needs fsspec", hint) from None
    names = [each.path for each in files]
    hint = f"is there an {INDEX}? `advisor catalog index DIR` writes it" if INDEX in names else ""
    hint = hint or "try again: what was fetched is kept"
    try:
        system, _, found = fsspec.get_fs_token_paths(
            [f"{base}/{name}" for name in names], expand=False
        )
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(partial(_read, system), found, [each.size for each in files]))
    except Exception as error:  # noqa: BLE001  (each kind of host has errors of its own)
        reason = _reason(error)
        raise AdvisorError(
            f"catalog: {shown(base)} cannot be read: {shown(reason)}", hint
        ) from None


def _reason(error: BaseException) -> str:
    """Why a host was not read; of what is said to be missing, what came before that."""
    if isinstance(error, FileNotFoundError):
        before = error.__cause__ or error.__context__
        return _reason(before) if before else "it is not there"
    return reason_of(error) if isinstance(error, OSError) else str(error) or repr(error)


def _read(system: Any, path: str, size: int) -> bytes:
    """A file's content, as far as one byte beyond its size."""
    streamed = {"block_size": 0} if "http" in system.protocol else {}
    read = bytearray()
    with system.open(path, "rb", **streamed) as stream:
        while len(read) <= size and (piece := stream.read(min(PIECE, size + 1 - len(read)))):
            read += piece
    return bytes(read)


def _read_index(name: str, content: bytes) -> list[Indexed]:
    """What an index names.

    Raises:
        AdvisorError: it is no index of this format, or names what is no file of a catalog.
    """
    try:
        document: Any = json.loads(content)
        if document["format"] != FORMAT:
            raise AdvisorError(
                f"{shown(name)} is of format {shown(str(document['format']))}, and {FORMAT} is read here",
                "install a later advisor",
            )
        files = [
            Indexed(str(path), int(each["bytes"]), str(each["sha256"]))
            for path, each in document["files"].items()
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        hint = "`advisor catalog index DIR` writes one"
        raise AdvisorError(f"{shown(name)} is no index of a catalog", hint) from None
    if sum(each.size for each in files) > LARGEST:
        raise AdvisorError(f"{shown(name)} names more than {LARGEST} bytes", "host fewer boards")
    for each in files:
        if not _is_plain(each):
            hint = "an index names files below its own folder"
            raise AdvisorError(f"{shown(name)} names {shown(each.path)}, which is none", hint)
    return files


def _is_plain(file: Indexed) -> bool:
    """Whether it lies below the catalog's folder, is a catalog's file, and has a digest for a name."""
    path = PurePosixPath(file.path)
    hexadecimal = len(file.sha256) == 64 and set(file.sha256) <= set("0123456789abcdef")
    below = not path.is_absolute() and bool(path.parts) and "\\" not in file.path
    named = all(part.isprintable() and ":" not in part and part[0] != "." for part in path.parts)
    return hexadecimal and below and named and file.path.endswith(SUFFIXES) and file.size >= 0
