"""Where exported networks lie between the child that made one and those that serve it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from platformdirs import user_cache_path

MOST_BYTES = 4_000_000_000
"""How much is kept from run to run: about twice what the 14 networks come to."""


def export_folder() -> Path:
    """The folder; it may be deleted at any time between runs."""
    return user_cache_path("dnn-advisor") / "exports"


def is_there(name: str) -> bool:
    """Whether a file lies in the folder; what needs no file is always there."""
    return not name or (export_folder() / name).exists()


def kept(
    architecture: str, key: str, ending: str, make: Callable[[Path], None], beside: str = ""
) -> Path:
    """The file of that key in the folder; it is made if it is not there, and never half made.

    Args:
        architecture: for the eye.
        key: tells it from all others.
        ending: what the file's name ends with.
        make: writes it, to the path that it is given.
        beside: the ending of a second file that `make` writes beside it, if it does.
    """
    name = re.sub(r"[^a-z0-9.]+", "-", architecture.lower())[:40]
    path = export_folder() / f"{name}-{key}{ending}"
    if path.exists():
        path.touch()  # what is used stays, see `drop_oldest`
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        begun = path.with_name(f"begun-{path.name}")
        make(begun)
        if beside:
            begun.with_suffix(beside).replace(path.with_suffix(beside))
        begun.replace(path)
    return path


def drop_oldest(most_bytes: int = MOST_BYTES) -> None:
    """Keep what was used last, up to so many bytes together; the rest can be exported again."""
    held: dict[Path, list[Path]] = {}
    with suppress(OSError):  # there is none yet
        for path in export_folder().iterdir():
            held.setdefault(path.with_suffix(""), []).append(
                path
            )  # a model with its weights beside it
    stats = {
        name: [each for path in paths for each in _stats(path)] for name, paths in held.items()
    }
    total = 0
    for name in sorted(held, key=lambda name: max(each[0] for each in stats[name]), reverse=True):
        total += sum(size for _, size in stats[name])
        for path in held[name] if total > most_bytes else ():
            with suppress(OSError):  # another run uses it, or has dropped it
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def _stats(path: Path) -> Iterator[tuple[float, int]]:
    """When a file, or each file of a folder, was last used, and how large it is."""
    for each in (path, *(path.rglob("*") if path.is_dir() else ())):
        with suppress(OSError):
            stat = each.stat()
            yield stat.st_mtime, stat.st_size
