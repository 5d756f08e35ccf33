"""Whether what a runtime needs is installed, told before anything runs."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from advisor.errors import AdvisorError


def is_installed(library: str) -> bool:
    """Whether it could be imported; it is not."""
    from importlib.util import find_spec

    return sys.modules.get(library, library) is not None and find_spec(library) is not None


def need(what: str, libraries: Sequence[str]) -> None:
    """Refuse what cannot work, in one message for all that is missing.

    Raises:
        AdvisorError: a library is missing, and which extra has it.
    """
    missing = [library for library in libraries if not is_installed(library)]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise AdvisorError(
            f"{what} needs {', '.join(missing)}, which {verb} not installed",
            "install them: pip install 'dnn-advisor[runtimes]'",
        )
