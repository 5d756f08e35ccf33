"""Where exported networks lie between the child that made one and those that serve it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from platformdirs import user_cache_path


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
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        begun = path.with_name(f"begun-{path.name}")
        make(begun)
        if beside:
            begun.with_suffix(beside).replace(path.with_suffix(beside))
        begun.replace(path)
    return path
