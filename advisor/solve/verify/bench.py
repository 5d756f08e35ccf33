"""What measures candidates for a question, one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from advisor.catalog.store import Surveyed


class Key(NamedTuple):
    """What a row of a board is of."""

    architecture: str
    runtime: str
    precision: str
    batch: int

    def __str__(self) -> str:
        return f"{self.architecture} at batch {self.batch}, {self.runtime} {self.precision}"


@dataclass(frozen=True)
class Attempt:
    """What came of measuring.

    Attributes:
        surveyed: the board with its rows, the new one among them.
        key: what the new row is of; `None` where there is none, since nothing could be run.
        reason: why it did not run; "" if it did.
    """

    surveyed: Surveyed
    key: Key | None
    reason: str = ""


class Bench(Protocol):
    """Where candidates are measured.

    Attributes:
        stopped: whether the user broke off the last measurement.
        lacks: what is to be said of what it does not offer, in words.
    """

    stopped: bool
    lacks: str

    def offers(self, key: Key) -> bool:
        """Whether there is any sense in asking for it."""
        ...

    def measure(self, key: Key) -> Attempt:
        """Measure one; that it does not run is an answer, too."""
        ...
