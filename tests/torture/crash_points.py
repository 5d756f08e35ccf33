"""Every writer, killed before each of its file operations in turn."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

from tests.crashes import DONE, check_crash, dying_before, tree
from tests.crashing_writers import GOES_ON, writers


def cases(draw: random.Random, folder: Path) -> Iterator[str]:
    """One crash a case; each writer from its first operation to its last, again and again."""
    del draw
    inputs = folder / "inputs"
    inputs.mkdir()
    for what, (before, write) in writers(inputs).items():
        catalog, done = folder / what / "before" / "own", folder / what / "done" / "own"
        catalog.parent.mkdir(parents=True)
        if before:
            before(catalog)
            shutil.copytree(catalog, done, symlinks=True)
        else:
            done.parent.mkdir(parents=True)
        if dying_before(0, write, done) != DONE:
            yield f"{what}: it fails without being killed"
            continue
        after, operation, goes_on = tree(done), 1, True
        while goes_on:
            place = folder / what / str(operation)
            place.mkdir()
            try:
                goes_on = check_crash(
                    operation, write, catalog, after, place, goes_on=what == GOES_ON
                )
                yield ""
            except Exception as error:  # noqa: BLE001  (whatever a crash led to is what is sought)
                yield f"{what}, operation {operation}: {type(error).__name__}: {error}"
            shutil.rmtree(place, ignore_errors=True)
            operation += 1
