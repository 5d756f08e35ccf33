"""Whether a library is installed, found without loading it."""

from __future__ import annotations

import sys


def is_installed(library: str) -> bool:
    """Whether it could be imported; it is not."""
    from importlib.util import find_spec

    return sys.modules.get(library, library) is not None and find_spec(library) is not None
