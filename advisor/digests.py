"""Digests by which files of the user's are known, whatever they are called."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path

SIZE = 8
"""In bytes: of a billion files hardly two have the same."""
BLOCK = 1 << 20
"""How much of a file is read at once."""


def digest(content: bytes) -> str:
    """The digest of what a file holds."""
    return blake2b(content, digest_size=SIZE).hexdigest()


def digest_of(files: Iterable[Path]) -> str:
    """The digest of what files hold, one after the other.

    Raises:
        OSError: one cannot be read.
    """
    found = blake2b(digest_size=SIZE)
    for path in files:
        with path.open("rb") as stream:
            while block := stream.read(BLOCK):
                found.update(block)
    return found.hexdigest()
