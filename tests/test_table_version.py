"""Of which state of its repository a published table is."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.catalog.importers.table_version import commit_of, known_version, version_of
from advisor.catalog.store import Catalog

REPOSITORY = "https://github.com/Tencent/ncnn"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def clone(folder: Path, head: str, url: str = "git@github.com:tencent/ncnn.git") -> Path:
    """A clone with that HEAD, and a table in it."""
    git = folder / ".git"
    (git / "refs/heads").mkdir(parents=True)
    (git / "config").write_text(f'[remote "origin"]\n\turl = {url}\n')
    (git / "HEAD").write_text(head + "\n")
    table = folder / "benchmark" / "README.md"
    table.parent.mkdir()
    table.write_text("a table\n")
    return table


@pytest.mark.parametrize("head", [COMMIT, "ref: refs/heads/master", "ref: refs/heads/packed"])
def test_the_commit_of_the_clone_that_a_table_lies_in(tmp_path: Path, head: str) -> None:
    table = clone(tmp_path, head)
    (tmp_path / ".git/refs/heads/master").write_text(COMMIT + "\n")
    (tmp_path / ".git/packed-refs").write_text(f"# pack-refs\n{COMMIT} refs/heads/packed\n")
    assert commit_of(table, REPOSITORY) == "01234567"


@pytest.mark.parametrize(
    ("head", "url"),
    [
        (COMMIT, "https://github.com/me/my-boards.git"),
        ("ref: refs/heads/gone", REPOSITORY),
        ("no commit", REPOSITORY),
    ],
)
def test_what_is_no_such_clone_says_nothing(tmp_path: Path, head: str, url: str) -> None:
    assert commit_of(clone(tmp_path, head, url), REPOSITORY) == ""


def test_content_that_the_catalog_knows_has_its_version(tmp_path: Path) -> None:
    catalog = Catalog.open()
    digest = catalog.source("ncnn-a4d2ea1d").sha256
    assert known_version(digest, catalog) == "a4d2ea1d"
    table = clone(tmp_path, COMMIT)
    assert version_of(table, digest, REPOSITORY, catalog) == "a4d2ea1d"
    assert version_of(table, "0" * 64, REPOSITORY, catalog) == "01234567"
    assert version_of(tmp_path / "README.md", "0" * 64, "https://github.com/x/y", catalog) == ""
