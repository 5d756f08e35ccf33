"""The networks that a user wants of a foreign table, by a file of their names."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from advisor.architectures.names import read_name
from advisor.catalog.text_file import read_text
from advisor.errors import AdvisorError, BrokenFileError, Fault, closest, shown

LARGEST_NAMES = 1_000_000
MOST_HINTS = 5
"""For how many networks that are missing the nearest name is sought."""


def read_names(path: Path) -> tuple[str, ...]:
    """Networks, one a line: `name@size`, or a name alone for all its sizes; `timm:` before it says nothing.

    Blank lines, and what follows a `#`, are passed over.

    Returns:
        The names without `timm:`, each once.

    Raises:
        BrokenFileError: the file cannot be read, or a line is no name of timm's.
    """
    faults = []
    names: dict[str, None] = {}
    for number, line in enumerate(read_text(path, LARGEST_NAMES).splitlines(), start=1):
        text = line.partition("#")[0].strip()
        written = read_name(text)
        if text and (written is None or written.library not in ("", "timm")):
            faults.append(Fault(path, number, "", shown(text), "a network of timm's, name@size"))
        elif written:
            names[f"{written.name}@{written.size}" if written.size else written.name] = None
    if not names and not faults:
        faults.append(Fault(path, 0, "", "no names", "a network a line, like resnet50@224"))
    if faults:
        raise BrokenFileError(faults, "one name@size a line")
    return tuple(names)


def refuse_missing(path: Path, only: Sequence[str], known: Collection[str]) -> None:
    """Name all that is asked for and not there; of the first few, what may be meant."""
    missing = [name for name in only if name not in known]
    if missing:
        told = filter(None, (_nearest(name, known) for name in missing[:MOST_HINTS]))
        raise AdvisorError(
            f"only: {path} lacks {len(missing)} of {len(only)} networks: {', '.join(missing)}",
            "; ".join(told) or "leave them out",
        )


def _nearest(name: str, known: Collection[str]) -> str:
    """What may be meant by a name that is not known: another size, or another spelling; else ""."""
    bare, _, size = name.partition("@")
    if size and bare in known:
        sizes = sorted(int(each.partition("@")[2]) for each in known if each.startswith(f"{bare}@"))
        return f"{bare} is there at {', '.join(map(str, sizes))}"
    hint = closest(name, known)
    return f"{name}: {hint}" if hint.startswith("did you mean") else ""
