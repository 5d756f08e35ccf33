"""What goes wrong, in words for people: one exception family, one shape of a fault in a file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable


class AdvisorError(Exception):
    """Bad input or a missing part, said in one message.

    Attributes:
        message: what is wrong, and where.
        hint: what to do about it; empty where the message says it all.
        exit_code: the exit status of a command that ends so.
    """

    exit_code = 2

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


@dataclass(frozen=True, order=True)
class Fault:
    """One thing that is wrong in one file.

    Attributes:
        path: the file.
        line: 1-based line, or 0 where the whole file is meant.
        column: 1-based character of the line (YAML), or the column's name (CSV), or "".
        found: what stands there, or what is wrong with it.
        expected: what should stand there; where `found` says what is wrong, what to do.
        explains: whether `found` says what is wrong, instead of what stands there.
    """

    path: Path
    line: int
    column: str
    found: str
    expected: str
    explains: bool = False

    def __str__(self) -> str:
        place = str(self.path)
        if self.line:
            place += f", line {self.line}"
        if self.column:
            place += f", column {self.column}"
        if self.explains:
            return f"{place}: {self.found}" + (f"; {self.expected}" if self.expected else "")
        return f"{place}: found {self.found}; expected {self.expected}"


class BrokenFileError(AdvisorError):
    """A file that cannot be read as what it should be.

    Attributes:
        faults: all that is wrong in it, in the order of its lines.
    """

    def __init__(self, faults: Iterable[Fault], hint: str = "") -> None:
        self.faults: Sequence[Fault] = sorted(faults)
        more = len(self.faults) - 1
        if more:
            faults_word = "fault" if more == 1 else "faults"
            hint = f"{more} more {faults_word}: " + (hint or "`advisor catalog check` lists all")
        super().__init__(str(self.faults[0]), hint)


MOST_SHOWN = 20


def with_all_faults(faults: Iterable[Fault], hint: str = "") -> BrokenFileError:
    """An error that names every fault, since no other command would; and what to do about them."""
    every = sorted(faults)
    lines = [f"\n  {fault}" for fault in every[1 : MOST_SHOWN + 1]]
    lines += ["\n  ..."] if len(every) > MOST_SHOWN + 1 else []
    lines += [f"\n  {hint}"] if hint and lines else []
    return BrokenFileError(every, "".join(lines) or hint)


def shown(text: str) -> str:
    """`text` in quotes, control characters escaped and cut to a length that fits a message."""
    return repr(cut(text))


def shown_path(path: str | os.PathLike[str]) -> str:
    """`path` in quotes, control characters escaped, and whole: its end says which file is meant."""
    return repr(cut(os.fspath(path), 1000))


_UNSEEN = [*range(0x20), *range(0x7F, 0xA0), 0x61C, 0x200E, 0x200F, 0x2028, 0x2029, 0xFFFE, 0xFFFF]
_TURNING = [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]
_NOT_PRINTED: dict[int, str | None] = {
    **dict.fromkeys({*_UNSEEN, *_TURNING} - {ord("\n"), ord("\t")}),
    **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),  # of names of files that are no UTF-8
}


def printable(text: str) -> str:
    """`text` without what moves a cursor, ends a line unasked, or turns the order of letters.

    That is all control and bidirectional characters but line feeds and tabulators; what is no character
    becomes a question mark. Text from files goes through here on its way to a terminal, a page, a picture
    or CSV.
    """
    return text if text.isprintable() else text.translate(_NOT_PRINTED)


def cut(text: str, longest: int = 60) -> str:
    """`text`, no longer than fits a message."""
    return text if len(text) <= longest else text[: longest - 3] + "..."


@runtime_checkable
class Hinting(Protocol):
    """Names that say themselves what may be meant by another."""

    def hint(self, name: str) -> str:
        """What may be meant by a name that is none of these."""


def closest(name: str, known: Iterable[str]) -> str:
    """A hint that offers the known spelling nearest to `name`, or else lists what is known."""
    if isinstance(known, Hinting):
        return known.hint(name)
    from difflib import get_close_matches  # costs more to import than most commands need

    names = sorted(known)
    by_folded = {known_name.lower(): known_name for known_name in names}
    near = get_close_matches(name.lower(), by_folded, n=1, cutoff=0.6)
    if near:
        return f"did you mean {by_folded[near[0]]!r}?"
    if not names:
        return "none is known"
    listed = ", ".join(names[:20])
    return f"known: {listed}" + (", ..." if len(names) > 20 else "")


def reason_of(error: OSError) -> str:
    """What the system says is wrong, as it stands behind a colon."""
    said = error.strerror or str(error) or type(error).__name__
    return said[:1].lower() + said[1:]


def first_line(error: BaseException, longest: int = 160, *, with_kind: bool = False) -> str:
    """What another program's error says, in one line; its kind where it says nothing.

    Args:
        error: the error.
        longest: how many characters of the line are kept.
        with_kind: whether to put the error's kind before it.
    """
    kind = type(error).__name__
    lines = str(error).strip().splitlines()
    if not lines:
        return kind
    return f"{kind}: {lines[0][:longest]}" if with_kind else lines[0][:longest]
