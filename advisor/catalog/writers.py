"""What every writer of a catalog keeps to: one at a time, and nothing of it is ever half there."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from advisor.catalog.catalog_format import read_format, write_format
from advisor.catalog.files import KEEPER, MAKING, REPLACED
from advisor.catalog.locks import PATIENCE_S, locked
from advisor.catalog.undo import Undo
from advisor.errors import AdvisorError, reason_of
from advisor.folders import WRITING

LOCK = ".lock"

_HERE = -100
"""AT_FDCWD: paths are meant as everywhere."""
_EXCHANGE = 2
"""RENAME_EXCHANGE."""


def boards_of(catalog: Path) -> list[Path]:
    """The folders of a catalog's boards, sorted by name."""
    found = _beginning_with(catalog / "boards", "")
    return sorted(each for each in found if each.is_dir() and not each.name.startswith("."))


def catalog_of(board_folder: Path) -> Path:
    """The catalog in which a board's folder lies."""
    return board_folder.parent.parent


@contextmanager
def writing(
    catalog: Path,
    *,
    patience_s: float = PATIENCE_S,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[None]:
    """Write into a catalog while nobody else does: all of it, or nothing.

    Where it fails, all that was changed is put back; so is what a writer left that was killed. A catalog
    that is new is made, and marked with its format; one that nothing was written into is gone again
    afterwards.

    Args:
        catalog: its folder.
        patience_s: how long to wait for any one other writer.
        clock: a time in seconds.
        sleep: waits so many seconds.

    Raises:
        AdvisorError: another writer does not come to its end, the folder cannot be written, or the
            catalog is of a later format.
    """
    # os.path.exists, unlike pathlib's, does not raise where a parent is unreadable.
    missing = [each for each in (catalog, *catalog.parents) if not os.path.exists(each)]  # noqa: PTH110
    busy = f"somebody else is writing into the catalog {catalog}"
    hint = "wait until it has ended, or end it if it hangs; then run this again"
    try:
        with (
            locked(catalog / LOCK, busy, hint, patience_s=patience_s, clock=clock, sleep=sleep),
            _undone_if_it_fails(catalog),
        ):
            _sweep(catalog)
            read_format(catalog)
            was_new = _is_new(catalog)
            yield
            if was_new and not _is_new(catalog):
                write_format(catalog)
    finally:
        for folder in missing:
            with suppress(OSError):  # it holds something now
                folder.rmdir()


@contextmanager
def _undone_if_it_fails(catalog: Path) -> Iterator[None]:
    undo = Undo(catalog)
    with _naming(catalog):
        undo.back()  # what a writer changed that was killed
    before = KEEPER.set(undo)
    try:
        yield
    except BaseException:
        with suppress(OSError):  # else the next writer does
            undo.back()
        raise
    finally:
        KEEPER.reset(before)
    with _naming(catalog):
        undo.done()


def _is_new(catalog: Path) -> bool:
    """Whether it holds nothing yet, but a folder in which boards will be."""
    visible = {each.name for each in catalog.iterdir() if not each.name.startswith(".")}
    return visible <= {"boards"} and not boards_of(catalog)


def _sweep(catalog: Path) -> None:
    """Remove what writers left that were killed, and put back what one of them was replacing."""
    boards = catalog / "boards"
    for path in _beginning_with(boards, REPLACED):
        place = boards / path.name.removeprefix(REPLACED)
        if not place.exists():
            with suppress(OSError):
                path.rename(place)
    for path in (*_beginning_with(boards, REPLACED), *_beginning_with(boards, MAKING)):
        shutil.rmtree(path, ignore_errors=True)
    for folder in (catalog, catalog / "zoo", *boards_of(catalog)):
        for path in _beginning_with(folder, WRITING):
            with suppress(OSError):
                path.unlink()


def _beginning_with(folder: Path, start: str) -> list[Path]:
    """What a folder holds whose name begins so; nothing where there is no such folder."""
    with suppress(OSError), os.scandir(folder) as found:
        return [Path(each.path) for each in found if each.name.startswith(start)]
    return []


@contextmanager
def made_aside(folder: Path) -> Iterator[Path]:
    """A folder to write into, which takes the place of another one in the end, all at once.

    It begins as a copy of what is there. Only who holds the catalog's lock may make one.

    Args:
        folder: the place that it is to take.

    Yields:
        Where it lies until then.

    Raises:
        AdvisorError: it cannot be made, or cannot take its place; then nothing was changed.
    """
    place = folder.resolve()
    aside = place.with_name(MAKING + place.name)
    before = place.with_name(REPLACED + place.name)
    keeper = KEEPER.get()
    try:
        with _naming(folder):
            if keeper:
                keeper.folder(place)
            if place.exists():
                shutil.copytree(place, aside, symlinks=True)
            else:
                aside.mkdir(parents=True)
        yield aside
        with _naming(folder):
            if not place.exists():
                aside.rename(place)
            elif (
                before.exists()
            ):  # the second time in one go: what is replaced now, nobody needs back
                _replace(place, aside, place.with_name(f"{MAKING}{place.name}-former"))
            else:
                _replace(place, aside, before)
    finally:
        for each in (aside, place.with_name(f"{MAKING}{place.name}-former")):
            shutil.rmtree(each, ignore_errors=True)
        if place.exists() and not keeper:
            shutil.rmtree(before, ignore_errors=True)


def _replace(place: Path, aside: Path, before: Path) -> None:
    """Put a folder in another's place, which goes to a third; at once where the system can do that."""
    if _exchanged(aside, place):
        aside.rename(before)
        return
    place.rename(before)
    try:
        aside.rename(place)
    except OSError:
        before.rename(place)
        raise


@contextmanager
def _naming(folder: Path) -> Iterator[None]:
    """Say which folder it is that cannot be written."""
    try:
        yield
    except OSError as error:
        reason = reason_of(error)
        raise AdvisorError(f"{folder} cannot be written: {reason}", "nothing was changed") from None


def _exchanged(first: Path, second: Path) -> bool:
    """Let two folders of one disk change places at once: a reader finds one or the other.

    Returns:
        Whether they did; else the system, or the disk, cannot do that, and all is as it was.
    """
    if sys.platform != "linux":
        return False
    import ctypes  # `advisor pick` needs it not

    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    if rename is None:
        return False
    arguments = (_HERE, os.fsencode(first), _HERE, os.fsencode(second), ctypes.c_uint(_EXCHANGE))
    return bool(rename(*arguments) == 0)
