"""A writer that dies before its n-th file operation, and what it leaves."""

from __future__ import annotations

import gc
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from advisor.catalog.store import Catalog
from advisor.catalog.writers import boards_of, writing

OPERATIONS = (
    *("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.truncate", "os.chmod"),
    *("shutil.copytree", "shutil.copyfile", "shutil.rmtree"),
)
DIED, DONE, FAILED = 77, 0, 78

Tree = dict[str, bytes]
Write = Callable[[Path], object]


def tree(folder: Path) -> Tree:
    """All files of a folder, hidden ones too, but for locks."""
    files = (each for each in sorted(folder.rglob("*")) if each.is_file())
    return {
        str(each.relative_to(folder)): each.read_bytes()
        for each in files
        if not each.name.endswith(".lock")
    }


def dying_before(operation: int, write: Write, catalog: Path) -> int:
    """Run a writer in a forked child that dies before its n-th file operation below the catalog's folder.

    Returns:
        `DIED`, or `DONE` where it has fewer operations.
    """
    child = os.fork()
    if child == 0:
        code = FAILED
        try:
            gc.disable()
            _die(operation, str(catalog.parent))
            write(catalog)
            code = DONE
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _die(operation: int, below: str) -> None:
    count = 0

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal count
        writes = event in OPERATIONS
        if event == "open":
            mode, flags = arguments[1], arguments[2]
            plain = not isinstance(mode, str) or set(mode) & set("wax+")
            writing_flags = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR)
            writes = bool(plain and writing_flags)
        if writes and str(arguments[0]).startswith(below):
            count += 1
            if count == operation:
                os._exit(DIED)

    sys.addaudithook(hook)


def read(catalog: Path) -> None:
    """Read a catalog's own boards; what is broken in them raises."""
    opened = Catalog.open(catalog)
    for folder in boards_of(catalog):
        opened.measurements(opened.board(folder.name))


def check_crash(
    operation: int,
    write: Write,
    before: Path,
    after: Tree,
    place: Path,
    *,
    goes_on: bool,
) -> bool:
    """See that a catalog can be read after a crash, and is as before or after for the next writer.

    Args:
        operation: the one before which the writer dies.
        write: what it does.
        before: the catalog as it is before; there may be none.
        after: the files of the catalog when the writer is done.
        place: an empty folder.
        goes_on: whether the writer is one that goes on where it was killed.

    Returns:
        Whether it died; else it was done before.
    """
    catalog = place / "own"
    if before.exists():
        shutil.copytree(before, catalog, symlinks=True)
    code = dying_before(operation, write, catalog)
    assert code in (DIED, DONE), code
    if catalog.exists():
        read(catalog)
        with writing(catalog):
            pass
    if goes_on:
        # What was found so far is kept, and the same command ends as if it had not been killed.
        ended = any(b'{"end":true}' in each for each in tree(catalog).values())
        if not ended:
            write(catalog)
        rows = "boards/mine/measurements.csv"
        assert tree(catalog)[rows] == after[rows], operation
        return code == DIED
    left = tree(catalog) if catalog.exists() else {}
    old = tree(before) if before.exists() else {}
    assert left in (old, after), (operation, sorted({*left} ^ {*after}), sorted({*left} ^ {*old}))
    assert left == after or code == DIED
    return code == DIED


def crash_everywhere(
    write: Write, before: Path, folder: Path, every: int = 1, *, goes_on: bool = False
) -> int:
    """Let a writer die before each of its file operations, or every few.

    Returns:
        How often it died.
    """
    done = folder / "done" / "own"
    done.parent.mkdir(parents=True)
    if before.exists():
        shutil.copytree(before, done, symlinks=True)
    assert dying_before(0, write, done) == DONE
    after = tree(done)
    operation, died = 1, 0
    while True:
        place = folder / str(operation)
        place.mkdir()
        died_here = check_crash(operation, write, before, after, place, goes_on=goes_on)
        shutil.rmtree(place)
        if not died_here:
            return died
        died += 1
        operation += every
