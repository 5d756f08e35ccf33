"""Whether what a runtime needs is installed, told before anything runs."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.architectures.installed import is_installed
from advisor.errors import AdvisorError


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
