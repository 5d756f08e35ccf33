"""A writer that is killed before any of its file operations leaves a catalog as it was, or as it is to be.

`make torture` takes every operation; here it is some of them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.crashes import crash_everywhere
from tests.crashing_writers import GOES_ON, writers

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it cannot fork")


@pytest.mark.parametrize("what", ["a new board", "a board once more", GOES_ON])
def test_every_crash_leaves_the_catalog_as_before_or_after(what: str, tmp_path: Path) -> None:
    before, write = writers(tmp_path)[what]
    catalog = tmp_path / "before" / "own"
    if before:
        before(catalog)
    assert (
        crash_everywhere(write, catalog, tmp_path / "crashes", every=9, goes_on=what == GOES_ON)
        >= 3
    )
