"""Of which state of its repository a published table is."""

from __future__ import annotations

import re
from pathlib import Path

from advisor.catalog.store import Catalog

DEEPEST = 12
"""So many folders above a file are looked through for the clone that it lies in."""
_COMMIT = re.compile(r"[0-9a-f]{40}")


def version_of(path: Path, sha256: str, repository: str, catalog: Catalog) -> str:
    """The version of a table: that of a source of the same content, else the commit of its clone.

    Args:
        path: where the table lies.
        sha256: the digest of its content.
        repository: where its clones come from.
        catalog: it knows sources.

    Returns:
        "" where it is not known.
    """
    return known_version(sha256, catalog) or commit_of(path, repository)


def known_version(sha256: str, catalog: Catalog) -> str:
    """The version that the catalog has of a source of the same content; "" where it has none."""
    sources = catalog.sources_for(catalog.layers[-1]).values()
    return next((each.version for each in sources if each.sha256 == sha256), "")


def commit_of(path: Path, repository: str) -> str:
    """The commit that a clone of a repository is at in which a file lies, in eight digits.

    Returns:
        "" where the file lies in none, or in one of another repository.
    """
    slug = "/".join(repository.rsplit("/", 2)[1:])
    for folder in list(path.resolve().parents)[:DEEPEST]:
        git = folder / ".git"
        try:
            if git.is_dir():
                config = (git / "config").read_text(encoding="utf-8", errors="replace")
                return _head(git) if slug.lower() in config.lower() else ""
        except (OSError, UnicodeDecodeError):
            return ""
    return ""


def _head(git: Path) -> str:
    """The commit that a clone is at."""
    head = (git / "HEAD").read_text(encoding="utf-8", errors="replace").strip()
    reference = head.removeprefix("ref: ")
    if reference != head:
        loose, packed = git / reference, git / "packed-refs"
        if loose.is_file():
            head = loose.read_text(encoding="utf-8", errors="replace").strip()
        elif packed.is_file():
            lines = packed.read_text(encoding="utf-8", errors="replace").splitlines()
            head = next((each.split()[0] for each in lines if each.endswith(f" {reference}")), "")
    return head[:8] if _COMMIT.fullmatch(head) else ""
